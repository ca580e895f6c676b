/* SPDX-License-Identifier: Apache-2.0
 * The bridge from EPCIS 2.0 in JSON-LD: documents, query results, lists of events and bare events become scans, counts
 * and docks of hubs, samples and loads of the cold chain. Vocabulary in any of its forms (bare words, URNs of CBV 1.2,
 * web URIs); identifiers as URNs or GS1 Digital Links.
 */
#include "ingest/epcis.h"

#include <stdio.h>

#define EVENTS_MAX 1024 /* of one document */

static const char *const units[] = {"object", "place", "device", NULL};

#define ROW(member) offsetof(struct epcis_options, member)
static const struct haul_option rows[] = {
    {.name = "source",
     .type = HAUL_O_TEXT,
     .offset = ROW(source),
     .size = EPCIS_SOURCE_MAX,
     .low = 0,
     .high = 64,
     .fallback = "epcis",
     .answer = true,
     .en = "Source that the records name: the repository whose events these are.",
     .zh = "记录中标明的来源：这些事件所属的存储库。"},
    {.name = "hubs",
     .type = HAUL_O_PAIRS,
     .offset = ROW(hubs),
     .size = EPCIS_HUB_MAX,
     .max = EPCIS_HUBS_MAX,
     .fallback = "",
     .answer = true,
     .en =
         "Hubs by location: its URI as it stands, or its site (0614141.07346 of an SGLN, the GLN of a Digital Link); a "
         "site that is not named is a hub of its own.",
     .zh = "按地点确定分拨中心：URI 原文或其场所（SGLN 的 0614141.07346、Digital Link 的 "
           "GLN）；未列出的场所即为独立中心。"},
    {.name = "cold.unit",
     .type = HAUL_O_CHOICE,
     .offset = ROW(unit),
     .choices = units,
     .fallback = "object",
     .answer = true,
     .en =
         "The load unit that a sensor element is about: the event's object (parentID, else its first EPC), its place, "
         "or the device.",
     .zh = "传感器数据所属的载货单元：事件对象（parentID 或首个 EPC）、地点，或设备。"},
    {.name = "cold.probes",
     .type = HAUL_O_PAIRS,
     .offset = ROW(probes),
     .size = 4,
     .max = EPCIS_PROBES_MAX,
     .fallback = "",
     .answer = true,
     .en = "Numbers of probes (0 to 7) by deviceID; others are numbered as the event names them.",
     .zh = "按 deviceID 指定探头序号（0 至 7）；其余按事件中出现的次序编号。"},
    {.name = "cold.loads",
     .type = HAUL_O_BOOL,
     .offset = ROW(loads),
     .fallback = "false",
     .answer = true,
     .en =
         "Whether aggregations that load or unload (ADD at loading, DELETE at unloading) put the children as shipments "
         "into the parent as a load unit of the cold chain.",
     .zh = "装货、卸货的聚合事件（loading 时 ADD、unloading 时 DELETE）是否把子件作为货物装入父件（冷链载货单元）。"},
};

static void check(const void *options, struct haul_option_report *r)
{
    const struct epcis_options *o = options;
    for (uint32_t i = 0; i < o->probes.len; i++) {
        const char *v = o->probes.item[i].value;
        if (v[0] < '0' || v[0] > '7' || v[1] != '\0')
            haul_option_complain(r, "cold.probes", "%.64s: '%s' is no number from 0 to 7", o->probes.item[i].key, v);
    }
}

static const struct haul_option_set option_set = {
    .section = "bridge_epcis",
    .en = "The bridge from EPCIS 2.0: events to scans of hubs and samples of the cold chain.",
    .zh = "EPCIS 2.0 桥接：事件转为分拨中心扫描与冷链样本。",
    .rows = rows,
    .rows_len = sizeof rows / sizeof rows[0],
    .bytes = sizeof(struct epcis_options),
    .check = check,
};

static const struct haul_counter counters[EPCIS_COUNTERS] = {
    [EPCIS_OTHER] = {"other", "documents without events: master data, empty query results"},
    [EPCIS_DECLARED_WRONG] = {"declared_wrong", "events that an error declaration takes back: not used"},
    [EPCIS_NO_ITEMS] = {"no_items", "events that name nothing that is scanned, counted or measured"},
    [EPCIS_REPORTS_UNUSED] = {"reports_unused",
                              "sensor reports that no sample holds: other quantities, texts, errors of the sensor"},
    [EPCIS_EXTREMES_UNUSED] = {"extremes_unused", "least and greatest values over a time: only the mean is used"},
};

/* ---- where and when ---- */
/* {"id": URI}, or the URI itself as older documents have it. */
static struct haul_str location(const json_t *event, const char *name)
{
    const json_t *v = json_object_get(event, name);
    return json_is_object(v) ? member_text(v, "id") : member_text(event, name);
}

static const char *hub_named(const struct epcis_options *o, struct haul_str name)
{
    for (uint32_t i = 0; i < o->hubs.len && name.n > 0; i++)
        if (haul_str_eq(name, haul_str_of(o->hubs.item[i].key))) return o->hubs.item[i].value;
    return NULL;
}

static void copy(char *to, size_t cap, struct haul_str text)
{
    snprintf(to, cap, "%.*s", (int)text.n, text.p);
}

/* The hub is the site of the business location, else of the read point; the spot is the read point's. */
static void find_place(struct epcis_event *e)
{
    const struct haul_str point = location(e->json, "readPoint"), business = location(e->json, "bizLocation");
    const struct haul_str of_hub = business.n > 0 ? business : point;
    struct haul_str site, spot, at_site = {"", 0}, at_spot = {"", 0};
    e->place = of_hub.n > 0;
    if (!e->place) return;
    epcis_place(of_hub, &site, &spot);
    epcis_place(point.n > 0 ? point : business, &at_site, &at_spot);
    const char *named = hub_named(e->o, of_hub);
    if (named == NULL) named = hub_named(e->o, site);
    copy(e->hub, sizeof e->hub, named != NULL ? haul_str_of(named) : site);
    copy(e->at, sizeof e->at, at_spot.n > 0 ? at_spot : at_site);
}

static bool is_offset(struct haul_str s)
{
    static const char form[] = "+00:00";
    if (s.n != sizeof form - 1 || (s.p[0] != '+' && s.p[0] != '-')) return false;
    for (size_t i = 1; i < s.n; i++)
        if (form[i] == ':' ? s.p[i] != ':' : s.p[i] < '0' || s.p[i] > '9') return false;
    return true;
}

static bool find_time(struct epcis_event *e)
{
    const struct haul_str text = member_text(e->json, "eventTime"),
                          offset = member_text(e->json, "eventTimeZoneOffset");
    struct haul_error error;
    if (text.n == 0) {
        EPCIS_NOTE(e, HAUL_REASON_MISSING, "eventTime", "eventTime is missing, or no text");
        return false;
    }
    if (haul_time_parse(text.p, text.n, &e->time, &error) != HAUL_OK) {
        EPCIS_NOTE(e, HAUL_REASON_TYPE, "eventTime", "eventTime: %s", error.text);
        return false;
    }
    if (offset.n > 0 && !is_offset(offset)) {
        EPCIS_NOTE(e, HAUL_REASON_TYPE, "eventTimeZoneOffset", "eventTimeZoneOffset is not of the form +01:00");
        return false;
    }
    return true;
}

/* ---- records ---- */
static void emit(struct epcis_event *e, enum haul_mailbox to, const struct haul_record *r)
{
    struct haul_refusal why;
    if (!haul_bridge_emit(e->d->task, to, r, &why)) EPCIS_NOTE(e, why.reason, why.field, "%s", why.text);
}

static bool begin(struct epcis_event *e, enum haul_kind kind, enum haul_field at, struct haul_record *r)
{
    if (!e->place) {
        EPCIS_NOTE(e, HAUL_REASON_MISSING, "readPoint",
                   "it names things but no place: neither readPoint nor bizLocation");
        return false;
    }
    haul_record_init(r, kind, haul_str_of(e->hub), e->time);
    r->source = haul_str_of(e->o->source);
    haul_set_s(r, at, haul_str_of(e->at));
    return true;
}

/* Where it is going to, when that is a spot: a chute, a dock. */
static struct haul_str destination(const json_t *event)
{
    const json_t *list = json_object_get(event, "destinationList");
    const size_t n = json_is_array(list) ? json_array_size(list) : 1;
    for (size_t i = 0; i < n; i++) {
        const json_t *d = json_is_array(list) ? json_array_get(list, i) : list;
        struct haul_str site, spot;
        if (!haul_str_eq(last_word(member_text(d, "type"), "SDT"), HAUL_STR("location"))) continue;
        epcis_place(member_text(d, "destination"), &site, &spot);
        if (spot.n > 0) return spot;
    }
    return (struct haul_str){"", 0};
}

static void scan(struct epcis_event *e, struct haul_str uri, struct haul_str step, int64_t quantity)
{
    struct haul_record r;
    char room[EPCIS_ITEM_MAX];
    const struct haul_str to = destination(e->json);
    if (!begin(e, HAUL_KIND_HUB_SCAN, HAUL_F_HS_AT, &r)) return;
    haul_set_s(&r, HAUL_F_HS_ITEM, epcis_item(uri, room));
    if (step.n > 0) haul_set_s(&r, HAUL_F_HS_STEP, step);
    if (to.n > 0 && to.n < 32) haul_set_s(&r, HAUL_F_HS_TO, to);
    if (quantity > 1) haul_set_i(&r, HAUL_F_HS_QUANTITY, quantity);
    emit(e, HAUL_MAILBOX_WAREHOUSE, &r);
}

static bool is_step(const struct epcis_event *e, const char *step)
{
    return haul_str_eq(e->step, haul_str_of(step));
}

/* A truck, by its asset number, comes to the site or leaves it. */
static bool dock(struct epcis_event *e, struct haul_str uri)
{
    const struct haul_str scheme = epcis_scheme(uri);
    const bool in = is_step(e, "arriving"), out = is_step(e, "departing");
    struct haul_record r;
    char room[EPCIS_ITEM_MAX];
    if (!haul_str_eq(scheme, HAUL_STR("giai")) || (!in && !out)) return false;
    if (!begin(e, HAUL_KIND_HUB_DOCK, HAUL_F_HD_AT, &r)) return true;
    haul_set_s(&r, HAUL_F_HD_WHAT, in ? HAUL_STR("gate_in") : HAUL_STR("gate_out"));
    haul_set_s(&r, HAUL_F_HD_TRUCK, epcis_item(uri, room));
    emit(e, HAUL_MAILBOX_WAREHOUSE, &r);
    return true;
}

static struct haul_str text_at(const json_t *list, size_t i)
{
    const json_t *v = json_array_get(list, i);
    return json_is_string(v) ? (struct haul_str){json_string_value(v), json_string_length(v)}
                             : (struct haul_str){"", 0};
}

static void each_epc(struct epcis_event *e, const char *name, struct haul_str step)
{
    const json_t *list = json_object_get(e->json, name);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const struct haul_str epc = text_at(list, i);
        if (epc.n == 0)
            EPCIS_NOTE(e, HAUL_REASON_TYPE, name, "%s has an element that is no identifier", name);
        else if (!dock(e, epc))
            scan(e, epc, step, 1);
    }
}

/* Pieces of a class: those that are counted in pieces. */
static void each_class(struct epcis_event *e, const char *name, struct haul_str step)
{
    const json_t *list = json_object_get(e->json, name);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *q = json_array_get(list, i);
        double n = 1;
        const bool measured = member_text(q, "uom").n > 0 && !haul_str_eq(member_text(q, "uom"), HAUL_STR("EA"));
        member_number(q, "quantity", &n);
        if (!(n >= 1 && n <= 1e6) || measured) n = 1;
        if (member_text(q, "epcClass").n > 0) scan(e, member_text(q, "epcClass"), step, (int64_t)n);
    }
}

/* A stock count: what is there, by class and by piece. */
static void count(struct epcis_event *e)
{
    const json_t *classes = json_object_get(e->json, "quantityList");
    double pieces = (double)json_array_size(json_object_get(e->json, "epcList"));
    struct haul_record r;
    for (size_t i = 0; i < json_array_size(classes); i++) {
        double n = 0;
        member_number(json_array_get(classes, i), "quantity", &n);
        pieces += n;
    }
    if (!begin(e, HAUL_KIND_HUB_COUNT, HAUL_F_HN_AT, &r)) return;
    haul_set_i(&r, HAUL_F_HN_COUNTED, pieces >= 0 && pieces <= 1e9 ? (int64_t)pieces : -1);
    if (is_step(e, "stock_taking")) haul_set_i(&r, HAUL_F_HN_ACCEPTED, 1);
    emit(e, HAUL_MAILBOX_WAREHOUSE, &r);
}

/* The children are shipments that are put into the parent, or taken out. */
static void load(struct epcis_event *e)
{
    const struct haul_str action = member_text(e->json, "action"), parent = member_text(e->json, "parentID");
    const json_t *children = json_object_get(e->json, "childEPCs");
    const bool in = is_step(e, "loading") && haul_str_eq(action, HAUL_STR("ADD"));
    const bool out = is_step(e, "unloading") && haul_str_eq(action, HAUL_STR("DELETE"));
    char unit[EPCIS_ITEM_MAX], shipment[EPCIS_ITEM_MAX];
    if (!e->o->loads || (!in && !out) || parent.n == 0) return;
    for (size_t i = 0; i < json_array_size(children); i++) {
        struct haul_record r;
        haul_record_init(&r, HAUL_KIND_COLD_EVENT, epcis_item(parent, unit), e->time);
        r.source = haul_str_of(e->o->source);
        haul_set_s(&r, HAUL_F_CE_WHAT, in ? HAUL_STR("loaded") : HAUL_STR("unloaded"));
        haul_set_s(&r, HAUL_F_CE_SHIPMENT, epcis_item(text_at(children, i), shipment));
        emit(e, HAUL_MAILBOX_COLDCHAIN, &r);
    }
}

/* ---- events ---- */
static void take_object(struct epcis_event *e)
{
    if (is_step(e, "cycle_counting") || is_step(e, "stock_taking")) {
        count(e);
        return;
    }
    each_epc(e, "epcList", e->step);
    each_class(e, "quantityList", e->step);
}

/* The parent and what is in it are at one place. */
static void take_aggregation(struct epcis_event *e)
{
    const struct haul_str parent = member_text(e->json, "parentID");
    if (parent.n > 0 && !dock(e, parent)) scan(e, parent, e->step, 1);
    each_epc(e, "childEPCs", e->step);
    each_class(e, "childQuantityList", e->step);
    load(e);
}

static void take_transaction(struct epcis_event *e)
{
    const struct haul_str parent = member_text(e->json, "parentID");
    if (parent.n > 0) scan(e, parent, e->step, 1);
    each_epc(e, "epcList", e->step);
    each_class(e, "quantityList", e->step);
}

/* What goes in is there no more, what comes out was not there before. */
static void take_transformation(struct epcis_event *e)
{
    each_epc(e, "inputEPCList", HAUL_STR("departing"));
    each_epc(e, "outputEPCList", HAUL_STR("accepting"));
}

static const struct {
    const char *type;
    void (*take)(struct epcis_event *e);
} types[] = {
    {"ObjectEvent", take_object},
    {"AggregationEvent", take_aggregation},
    {"AssociationEvent", take_aggregation},
    {"TransactionEvent", take_transaction},
    {"TransformationEvent", take_transformation},
};
#define TYPES (sizeof types / sizeof types[0])

static struct haul_str type_of(const json_t *o)
{
    const struct haul_str type = member_text(o, "type"), is_a = member_text(o, "isA"), at = member_text(o, "@type");
    return last_word(type.n > 0 ? type : is_a.n > 0 ? is_a : at, "");
}

static bool is_action(struct epcis_event *e)
{
    static const char *const actions[] = {"ADD", "OBSERVE", "DELETE"};
    const struct haul_str action = member_text(e->json, "action");
    if (haul_str_eq(e->type, HAUL_STR("TransformationEvent"))) return true; /* it has none */
    for (size_t i = 0; i < 3; i++)
        if (haul_str_eq(action, haul_str_of(actions[i]))) return true;
    EPCIS_NOTE(e, action.n == 0 ? HAUL_REASON_MISSING : HAUL_REASON_OUT_OF_RANGE, "action",
               "action is %s; expected ADD, OBSERVE or DELETE", action.n == 0 ? "missing" : "another word");
    return false;
}

/*  1  it is none of the five events, or lacks what every event has    refused
 *  2  an error declaration takes it back                              counted
 *  3  its sensors                                                     samples
 *  4  a report of sensors, and nothing else                           done
 *  5  else                                                            what its type says
 */
static void take_event(struct document *d, const struct epcis_options *o, const json_t *json)
{
    struct epcis_event e = {.d = d, .o = o, .json = json, .type = type_of(json)};
    size_t which = 0;
    const uint32_t before = haul_bridge_taken(d->task);
    const unsigned refused = d->refused;
    d->number++;
    while (which < TYPES && !haul_str_eq(e.type, haul_str_of(types[which].type))) which++;
    if (which == TYPES) {
        EPCIS_NOTE(&e, e.type.n == 0 ? HAUL_REASON_MISSING : HAUL_REASON_UNSUPPORTED, "type",
                   "type %.*s is none of the five events", (int)(e.type.n < 40 ? e.type.n : 40), e.type.p);
        return;
    }
    if (!find_time(&e) || !is_action(&e)) return;
    if (json_object_get(json, "errorDeclaration") != NULL) {
        haul_bridge_ignore(d->task, EPCIS_DECLARED_WRONG);
        return;
    }
    e.step = last_word(member_text(json, "bizStep"), "BizStep");
    find_place(&e);
    epcis_sensors(&e);
    if (!is_step(&e, "sensor_reporting")) types[which].take(&e);
    if (haul_bridge_taken(d->task) == before && d->refused == refused) haul_bridge_ignore(d->task, EPCIS_NO_ITEMS);
}

static void take_list(struct document *d, const struct epcis_options *o, const json_t *list)
{
    if (json_array_size(list) > EVENTS_MAX) {
        document_note(d, "", HAUL_REASON_TOO_MANY, "eventList", "the document has more than %d events", EVENTS_MAX);
        return;
    }
    for (size_t i = 0; i < json_array_size(list); i++) take_event(d, o, json_array_get(list, i));
}

/* ---- documents ---- */
/* Where the events stand: in a document's body, in a query's results, in the root. */
static void take_document(struct document *d, const struct epcis_options *o)
{
    const json_t *body = json_object_get(d->root, "epcisBody"), *results = json_object_get(body, "queryResults");
    const json_t *in = results != NULL ? json_object_get(results, "resultsBody") : body != NULL ? body : d->root;
    const json_t *list = json_object_get(in, "eventList"), *event = json_object_get(in, "event");
    if (json_is_array(d->root))
        take_list(d, o, d->root);
    else if (!json_is_object(d->root))
        document_note(d, "", HAUL_REASON_TYPE, "", "the document is neither an object nor a list");
    else if (list != NULL && !json_is_array(list))
        document_note(d, "", HAUL_REASON_TYPE, "eventList", "eventList is no list");
    else if (list != NULL)
        take_list(d, o, list);
    else if (event != NULL)
        take_event(d, o, event);
    else if (body == NULL)
        take_event(d, o, d->root);
}

static void message(struct haul_task *t, struct haul_str key, struct haul_str part, size_t at)
{
    (void)key;
    (void)at;
    struct document d;
    if (!document_open(&d, t, part)) return;
    take_document(&d, haul_task_options(t));
    document_close(&d, EPCIS_OTHER);
}

static const uint8_t gives[] = {HAUL_MAILBOX_WAREHOUSE, HAUL_MAILBOX_COLDCHAIN, 0};

const struct haul_processor haul_bridge_epcis = {
    .mailbox = HAUL_MAILBOX_BRIDGE_EPCIS,
    .summary_en = "translates EPCIS 2.0 events into scans of hubs and samples of the cold chain",
    .summary_zh = "把 EPCIS 2.0 事件翻译为分拨中心扫描与冷链样本",
    .state_version = 1,
    .gives = gives,
    .entities = {{"epcis", 0}},
    .options = &option_set,
    .counters = counters,
    .counters_len = EPCIS_COUNTERS,
    .message = message,
};
