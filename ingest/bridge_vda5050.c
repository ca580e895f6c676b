/* SPDX-License-Identifier: Apache-2.0
 * The bridge from VDA 5050 (2.x): the state and connection messages of automated guided vehicles, one JSON document a
 * message as MQTT carried it, become hub_agv. Other topics of the vehicle (visualization, factsheet, orders) are
 * counted. An entity is a vehicle whose hub was told by its map: a connection message names none.
 *
 * Source: VDA 5050, "Interface for the communication between automated guided vehicles (AGV) and a master control",
 * 2.0.0 and 2.1.0, chapters 6.10 (state), 6.14 (connection) and their JSON schemas. A document that lacks what the
 * schema requires is used where haul does not need it.
 */
#include "haul/math.h"
#include "haul/processor.h"

#include "ingest/documents.h"

#include <stdio.h>

#define HUBS_MAX   32
#define HUB_MAX    32 /* bytes, with the NUL: a hub's id is part of others */
#define NAME_MAX   80
#define SOURCE_MAX 65

HAUL_PAIRS(vda_hubs, HUBS_MAX, HUB_MAX);

enum agv_form { AGV_SERIAL, AGV_BOTH };
static const char *const agv_forms[] = {"serial", "manufacturer_serial", NULL};

struct options {
    char source[SOURCE_MAX], hub[HUB_MAX];
    int32_t agv;
    struct vda_hubs hubs;
};

static const struct haul_option rows[] = {
    {.name = "source",
     .type = HAUL_O_TEXT,
     .offset = offsetof(struct options, source),
     .size = SOURCE_MAX,
     .low = 0,
     .high = 64,
     .fallback = "vda5050",
     .answer = true,
     .en = "Source that the records name: the gateway whose messages these are.",
     .zh = "记录中标明的来源：这些消息所属的网关。"},
    {.name = "hub",
     .type = HAUL_O_TEXT,
     .offset = offsetof(struct options, hub),
     .size = HUB_MAX,
     .fallback = "",
     .answer = true,
     .en = "The hub of vehicles that `hubs` does not name; empty: they are refused.",
     .zh = "`hubs` 未列出的车辆所属的分拨中心；留空则拒收。"},
    {.name = "hubs",
     .type = HAUL_O_PAIRS,
     .offset = offsetof(struct options, hubs),
     .size = HUB_MAX,
     .max = HUBS_MAX,
     .fallback = "",
     .answer = true,
     .en = "Hubs by the vehicle's map (mapId), else by manufacturer/serialNumber, else by manufacturer.",
     .zh = "按车辆地图（mapId）、其次按 manufacturer/serialNumber、再次按 manufacturer 确定分拨中心。"},
    {.name = "agv",
     .type = HAUL_O_CHOICE,
     .offset = offsetof(struct options, agv),
     .choices = agv_forms,
     .fallback = "serial",
     .answer = true,
     .en = "What a vehicle is known by in its hub: its serial number, or that behind its manufacturer and a hyphen.",
     .zh = "车辆在中心内以何标识：序列号，或制造商加连字符加序列号。"},
};

static const struct haul_option_set option_set = {
    .section = "bridge_vda5050",
    .en = "The bridge from VDA 5050 (2.x): state and connection of guided vehicles.",
    .zh = "VDA 5050（2.x）桥接：导引车的状态与连接。",
    .rows = rows,
    .rows_len = sizeof rows / sizeof rows[0],
    .bytes = sizeof(struct options),
};

enum { OTHER, ONLINE };
static const struct haul_counter counters[] = {
    [OTHER] = {"other", "messages that are neither a state nor a connection: visualizations, factsheets, orders"},
    [ONLINE] = {"online", "connections that were made: the state tells the rest"},
};

struct seen {
    char hub[HUB_MAX];
};

/* A vehicle's message being taken. */
struct taking {
    struct document d;
    const struct options *o;
    char hub[HUB_MAX], agv[NAME_MAX];
};

static bool missing(struct taking *x, const char *field, const char *expected)
{
    const json_t *v = json_object_get(x->d.root, field);
    document_note(&x->d, "", v == NULL ? HAUL_REASON_MISSING : HAUL_REASON_TYPE, field, "%s %s; expected %s", field,
                  v == NULL ? "is missing" : "is of another type", expected);
    return false;
}

/* ---- who ---- */
static const char *hub_of(const struct options *o, struct haul_str name)
{
    for (uint32_t i = 0; i < o->hubs.len && name.n > 0; i++)
        if (haul_str_eq(name, haul_str_of(o->hubs.item[i].key))) return o->hubs.item[i].value;
    return NULL;
}

/* The hub of the vehicle's map; of a message without a map, where it was last. NULL: nowhere. */
static const char *hub_of_map(struct taking *x, struct haul_str vehicle)
{
    const json_t *position = json_object_get(x->d.root, "agvPosition");
    const char *hub = hub_of(x->o, member_text(position, "mapId"));
    if (vehicle.n == 0 || vehicle.n > HAUL_ID_MAX) return hub;
    struct haul_entity *e = haul_task_entity(x->d.task, 0, vehicle, hub != NULL);
    if (e == NULL) return hub;
    struct seen *s = haul_entity_state(e);
    if (hub != NULL)
        snprintf(s->hub, sizeof s->hub, "%s", hub);
    else if (position != NULL) /* on another map now */
        haul_task_remove(x->d.task, e);
    else
        hub = s->hub;
    return hub;
}

static bool identify(struct taking *x)
{
    const struct haul_str maker = member_text(x->d.root, "manufacturer"),
                          serial = member_text(x->d.root, "serialNumber");
    char text[NAME_MAX * 2];
    if (serial.n == 0) return missing(x, "serialNumber", "a text");
    const int n = snprintf(text, sizeof text, "%.*s/%.*s", (int)maker.n, maker.p, (int)serial.n, serial.p);
    const struct haul_str both = {text, n > 0 && (size_t)n < sizeof text ? (size_t)n : 0};
    const char *hub = hub_of_map(x, both);
    if (hub == NULL) hub = hub_of(x->o, both);
    if (hub == NULL) hub = hub_of(x->o, maker);
    if (hub == NULL) hub = x->o->hub;
    snprintf(x->hub, sizeof x->hub, "%s", hub);
    if (x->hub[0] == '\0') {
        document_note(&x->d, "", HAUL_REASON_MISSING, "id", "no hub is known for %.100s: see bridge_vda5050.hubs",
                      text);
        return false;
    }
    const bool named = x->o->agv == AGV_BOTH && maker.n > 0;
    snprintf(x->agv, sizeof x->agv, "%.*s%s%.*s", named ? (int)maker.n : 0, maker.p, named ? "-" : "", (int)serial.n,
             serial.p);
    return true;
}

static bool begin(struct taking *x, struct haul_record *r)
{
    const struct haul_str text = member_text(x->d.root, "timestamp");
    struct haul_time time;
    struct haul_error e;
    if (text.n == 0) return missing(x, "timestamp", "an ISO 8601 time");
    if (haul_time_parse(text.p, text.n, &time, &e) != HAUL_OK) {
        document_note(&x->d, "", HAUL_REASON_TYPE, "timestamp", "timestamp: %s", e.text);
        return false;
    }
    haul_record_init(r, HAUL_KIND_HUB_AGV, haul_str_of(x->hub), time);
    r->source = haul_str_of(x->o->source);
    haul_set_s(r, HAUL_F_HA_AGV, haul_str_of(x->agv));
    return true;
}

static void send(struct taking *x, const struct haul_record *r)
{
    struct haul_refusal why;
    if (!haul_bridge_emit(x->d.task, HAUL_MAILBOX_WAREHOUSE, r, &why))
        document_note(&x->d, "", why.reason, why.field, "%s", why.text);
}

/* ---- state ---- */
static void set_text(struct haul_record *r, enum haul_field f, struct haul_str text, size_t most)
{
    if (text.n > 0 && text.n <= most) haul_set_s(r, f, text);
}

static void set_bool(struct haul_record *r, enum haul_field f, const json_t *o, const char *name)
{
    const json_t *v = json_object_get(o, name);
    if (json_is_boolean(v)) haul_set_i(r, f, json_is_true(v));
}

static void set_position(const json_t *root, struct haul_record *r)
{
    static const struct {
        const char *name;
        enum haul_field field;
    } reals[] = {{"x", HAUL_F_HA_X},
                 {"y", HAUL_F_HA_Y},
                 {"theta", HAUL_F_HA_THETA},
                 {"localizationScore", HAUL_F_HA_LOCALIZATION}};
    const json_t *at = json_object_get(root, "agvPosition"), *known = json_object_get(at, "positionInitialized");
    if (json_is_boolean(known) && json_is_false(known)) {
        haul_set_f(r, HAUL_F_HA_LOCALIZATION, 0); /* it does not know where it is */
        return;
    }
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) {
        double v;
        if (member_number(at, reals[i].name, &v)) haul_set_f(r, reals[i].field, v);
    }
    set_text(r, HAUL_F_HA_MAP, member_text(at, "mapId"), 24);
}

static void set_speed(const json_t *root, struct haul_record *r)
{
    const json_t *v = json_object_get(root, "velocity");
    double vx = 0, vy = 0;
    const bool x = member_number(v, "vx", &vx), y = member_number(v, "vy", &vy);
    if (x || y)
        haul_set_f(r, HAUL_F_HA_SPEED, haul_sqrt(vx * vx + vy * vy)); /* exact in IEEE 754: the same everywhere */
}

static void set_errors(const json_t *root, struct haul_record *r)
{
    const json_t *errors = json_object_get(root, "errors"), *safety = json_object_get(root, "safetyState");
    const struct haul_str stop = member_text(safety, "eStop");
    bool fatal = false;
    size_t i;
    json_t *error;
    json_array_foreach((json_t *)(uintptr_t)errors, i, error) fatal |=
        haul_str_eq(member_text(error, "errorLevel"), HAUL_STR("FATAL"));
    if (json_is_array(errors)) haul_set_i(r, HAUL_F_HA_ERRORS, (int64_t)json_array_size(errors));
    haul_set_i(r, HAUL_F_HA_FATAL, fatal);
    haul_set_i(r, HAUL_F_HA_ESTOP,
               (stop.n > 0 && !haul_str_eq(stop, HAUL_STR("NONE"))) ||
                   json_is_true(json_object_get(safety, "fieldViolation")));
}

static void take_state(struct taking *x)
{
    const json_t *root = x->d.root, *battery = json_object_get(root, "batteryState");
    struct haul_record r;
    double charge;
    if (!begin(x, &r)) return;
    if (!json_is_boolean(json_object_get(root, "driving"))) {
        missing(x, "driving", "true or false");
        return;
    }
    set_bool(&r, HAUL_F_HA_DRIVING, root, "driving");
    set_bool(&r, HAUL_F_HA_PAUSED, root, "paused");
    set_text(&r, HAUL_F_HA_ORDER, member_text(root, "orderId"), 64);
    const struct haul_str mode = member_text(root, "operatingMode");
    if (mode.n > 0) haul_set_s(&r, HAUL_F_HA_MODE, mode);
    set_position(root, &r);
    set_speed(root, &r);
    if (member_number(battery, "batteryCharge", &charge)) haul_set_f(&r, HAUL_F_HA_BATTERY, charge);
    set_bool(&r, HAUL_F_HA_CHARGING, battery, "charging");
    set_errors(root, &r);
    send(x, &r);
}

/* ---- connection ---- */
/*  1  ONLINE              the state that follows says more                   counted
 *  2  OFFLINE             switched off in order: nobody waits for it         a state of that mode
 *  3  CONNECTIONBROKEN    its last will: it is cut off                       a state of that mode
 *  4  else                                                                   refused
 */
static void take_connection(struct taking *x)
{
    const struct haul_str is = member_text(x->d.root, "connectionState");
    struct haul_record r;
    if (haul_str_eq(is, HAUL_STR("ONLINE"))) {
        haul_bridge_ignore(x->d.task, ONLINE);
        return;
    }
    if (!haul_str_eq(is, HAUL_STR("OFFLINE")) && !haul_str_eq(is, HAUL_STR("CONNECTIONBROKEN"))) {
        document_note(&x->d, "", HAUL_REASON_OUT_OF_RANGE, "connectionState",
                      "connectionState is none of ONLINE, OFFLINE, CONNECTIONBROKEN");
        return;
    }
    if (!begin(x, &r)) return;
    haul_set_i(&r, HAUL_F_HA_DRIVING, 0);
    haul_set_s(&r, HAUL_F_HA_MODE, is);
    send(x, &r);
}

static bool is_supported(struct taking *x)
{
    const struct haul_str version = member_text(x->d.root, "version");
    if (version.n == 0 || (version.p[0] == '2' && (version.n == 1 || version.p[1] == '.'))) return true;
    document_note(&x->d, "", HAUL_REASON_UNSUPPORTED, "version", "version %.*s; 2.x is translated",
                  (int)(version.n < 20 ? version.n : 20), version.p);
    return false;
}

static void message(struct haul_task *t, struct haul_str key, struct haul_str part, size_t at)
{
    (void)key; /* the document names its vehicle */
    (void)at;
    struct taking x = {.o = haul_task_options(t)};
    if (!document_open(&x.d, t, part)) return;
    const bool state =
        json_object_get(x.d.root, "operatingMode") != NULL || json_object_get(x.d.root, "driving") != NULL;
    const bool connection = json_object_get(x.d.root, "connectionState") != NULL;
    if (!json_is_object(x.d.root))
        document_note(&x.d, "", HAUL_REASON_TYPE, "", "the document is not an object");
    else if ((state || connection) && is_supported(&x) && identify(&x)) {
        if (state)
            take_state(&x);
        else
            take_connection(&x);
    }
    document_close(&x.d, OTHER);
}

static void dump(const void *state, unsigned entity_kind, struct haul_json *j)
{
    const struct seen *s = state;
    (void)entity_kind;
    haul_json_kstr(j, "hub", haul_str_of(s->hub));
}

static const uint8_t gives[] = {HAUL_MAILBOX_WAREHOUSE, 0};

const struct haul_processor haul_bridge_vda5050 = {
    .mailbox = HAUL_MAILBOX_BRIDGE_VDA5050,
    .summary_en = "translates VDA 5050 state and connection messages into states of guided vehicles",
    .summary_zh = "把 VDA 5050 状态与连接消息翻译为导引车状态",
    .state_version = 1,
    .gives = gives,
    .entities = {{"vda5050", sizeof(struct seen)}},
    .options = &option_set,
    .counters = counters,
    .counters_len = sizeof counters / sizeof counters[0],
    .message = message,
    .dump = dump,
};
