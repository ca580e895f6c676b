/* SPDX-License-Identifier: Apache-2.0
 * The bridge from JSON documents of others: each map of the options says which documents it is for, which field of a
 * record is found where in them, and in which unit. A map is read by haul/mapping.h, with paths in the place of
 * columns.
 *
 * A path is names and indices with dots between: vehicle.pos.0. It begins at the record, or at the document when it
 * begins with "$.".
 */
#include "haul/mapping.h"
#include "haul/processor.h"

#include "ingest/bridges.h"
#include "ingest/documents.h"

#include <stdio.h>
#include <stdlib.h>

#define MAPS_MAX    16
#define FIELDS_MAX  48
#define CONDITIONS  4
#define RECORDS_MAX 1024 /* of one document */
#define PATH_MAX    128
#define CELLS_MAX   FIELDS_MAX
#define CELL_MAX    1024 /* an array of numbers as text */
#define SCRATCH     (64 * 1024)

static const char *const mailboxes[] = {"fleet",    "traffic",  "warehouse", "coldchain", "unmanned",
                                        "waterway", "dispatch", "network",   "template",  NULL};
static const uint8_t gives[] = {
    HAUL_MAILBOX_FLEET,    HAUL_MAILBOX_TRAFFIC,  HAUL_MAILBOX_WAREHOUSE, HAUL_MAILBOX_COLDCHAIN, HAUL_MAILBOX_UNMANNED,
    HAUL_MAILBOX_WATERWAY, HAUL_MAILBOX_DISPATCH, HAUL_MAILBOX_NETWORK,   HAUL_MAILBOX_TEMPLATE,  0};

HAUL_PAIRS(json_fields, FIELDS_MAX, PATH_MAX);
HAUL_PAIRS(json_conditions, CONDITIONS, PATH_MAX);

struct map_row {
    char name[64];
    int32_t to, crs;
    char kind[32], records[PATH_MAX], zone[64];
    struct json_conditions when;
    struct json_fields fields, set;
};

struct options {
    struct {
        uint32_t len;
        struct map_row item[MAPS_MAX];
    } maps;
};

/* ---- options ------------------------------------------------------------------------------------------------------
 */
#define ROW(member) offsetof(struct map_row, member)

static const struct haul_option map_rows[] = {
    {.name = "to",
     .type = HAUL_O_CHOICE,
     .offset = ROW(to),
     .choices = mailboxes,
     .fallback = "fleet",
     .answer = true,
     .en = "Mailbox that the records go to.",
     .zh = "记录送往的信箱。"},
    {.name = "kind",
     .type = HAUL_O_TEXT,
     .offset = ROW(kind),
     .size = sizeof((struct map_row *)0)->kind,
     .low = 1,
     .answer = true,
     .en = "Kind of the records: one of those that `haul schema` lists.",
     .zh = "记录的种类：`haul schema` 所列之一。"},
    {.name = "when",
     .type = HAUL_O_PAIRS,
     .offset = ROW(when),
     .size = PATH_MAX,
     .max = CONDITIONS,
     .fallback = "",
     .answer = true,
     .en =
         "Paths and the values that must stand there for a record to be of this map; the first map that fits takes it.",
     .zh = "路径及其必须的值，满足者才归此映射；由首个满足的映射处理。"},
    {.name = "records",
     .type = HAUL_O_TEXT,
     .offset = ROW(records),
     .size = PATH_MAX,
     .fallback = "",
     .answer = true,
     .en = "Path of an array whose elements are the records; empty when the document is one.",
     .zh = "元素即为记录的数组的路径；文档本身为一条记录时留空。"},
    {.name = "fields",
     .type = HAUL_O_PAIRS,
     .offset = ROW(fields),
     .size = PATH_MAX,
     .max = FIELDS_MAX,
     .fallback = "",
     .answer = true,
     .en = "Fields of the record and where they are found, with the unit there in brackets: speed_kmh: motion.v[m/s].",
     .zh = "记录的字段及其所在路径，方括号内为其单位，如 speed_kmh: motion.v[m/s]。"},
    {.name = "set",
     .type = HAUL_O_PAIRS,
     .offset = ROW(set),
     .size = PATH_MAX,
     .max = FIELDS_MAX,
     .fallback = "",
     .answer = true,
     .en = "Fields that have the same value in every record.",
     .zh = "每条记录中取值相同的字段。"},
    {.name = "zone",
     .type = HAUL_O_TEXT,
     .offset = ROW(zone),
     .size = sizeof((struct map_row *)0)->zone,
     .fallback = "",
     .answer = true,
     .en = "Zone of times that name none, such as +08:00 or Asia/Shanghai; UTC when empty.",
     .zh = "未注明时区的时间所属时区，如 +08:00 或 Asia/Shanghai；留空为 UTC。"},
    {.name = "crs",
     .type = HAUL_O_CHOICE,
     .offset = ROW(crs),
     .choices = bridge_crs_names,
     .fallback = "wgs84",
     .answer = true,
     .en = "Coordinate system of the positions, when no field says it; the gate turns them into WGS-84.",
     .zh = "位置所用坐标系（无字段说明时）；入口处转换为 WGS-84。"},
};

static const struct haul_option rows[] = {
    {.name = "maps",
     .type = HAUL_O_TABLE,
     .offset = offsetof(struct options, maps),
     .size = sizeof(struct map_row),
     .max = MAPS_MAX,
     .fallback = "",
     .rows = map_rows,
     .rows_len = sizeof map_rows / sizeof map_rows[0],
     .answer = true,
     .en = "What the documents mean, by a name of your own.",
     .zh = "文档的含义，名称自定。"},
};

/* ---- maps ---------------------------------------------------------------------------------------------------------
 */
struct map {
    const struct map_row *row;
    struct haul_mapping *mapping;
    struct haul_csv_cell cell[CELLS_MAX]; /* the paths, as a table's head */
    size_t cells;
};

struct maps {
    size_t len;
    struct map map[MAPS_MAX];
};

/* "motion.v[m/s]": the path, and the bracket with what is in it. */
static void split_unit(const char *text, struct haul_str *path, struct haul_str *unit)
{
    const size_t n = strlen(text);
    const char *bracket = n > 0 && text[n - 1] == ']' ? strrchr(text, '[') : NULL;
    *path = (struct haul_str){text, bracket == NULL ? n : (size_t)(bracket - text)};
    *unit = bracket == NULL ? (struct haul_str){"", 0} : (struct haul_str){bracket, n - path->n};
}

static void add_path(struct map *m, struct haul_str path)
{
    for (size_t i = 0; i < m->cells; i++)
        if (haul_str_eq(m->cell[i].text, path)) return;
    m->cell[m->cells++] = (struct haul_csv_cell){.text = path};
}

static enum haul_err map_open(const struct map_row *row, struct map *m, struct haul_error *e)
{
    struct haul_buf map, set;
    haul_buf_init(&map, 1024, 65536);
    haul_buf_init(&set, 1024, 65536);
    m->row = row;
    bool crs = row->crs != 0;
    for (uint32_t i = 0; i < row->fields.len; i++) {
        struct haul_str path, unit;
        split_unit(row->fields.item[i].value, &path, &unit);
        add_path(m, path);
        crs = crs && strcmp(row->fields.item[i].key, "crs") != 0;
        haul_buf_printf(&map, "%s%s=\"%.*s\"%.*s", i == 0 ? "" : ",", row->fields.item[i].key, (int)path.n, path.p,
                        (int)unit.n, unit.p);
    }
    for (uint32_t i = 0; i < row->set.len; i++) {
        crs = crs && strcmp(row->set.item[i].key, "crs") != 0;
        haul_buf_printf(&set, "%s%s=\"%s\"", i == 0 ? "" : ",", row->set.item[i].key, row->set.item[i].value);
    }
    if (crs) haul_buf_printf(&set, "%scrs=%s", set.n == 0 ? "" : ",", bridge_crs_names[row->crs]);
    const struct haul_csv_row head = {m->cell, m->cells, 1};
    const struct haul_mapping_spec spec = {.kind = haul_str_of(row->kind),
                                           .map = {(const char *)map.p, map.n},
                                           .set = {(const char *)set.p, set.n},
                                           .zone = haul_str_of(row->zone)};
    const enum haul_err err = row->fields.len == 0 ? haul_fail(e, HAUL_E_INVALID, "it has no fields")
                                                   : haul_mapping_open(&spec, &head, &m->mapping, e);
    haul_buf_free(&map);
    haul_buf_free(&set);
    return err;
}

static void check(const void *options, struct haul_option_report *r)
{
    const struct options *o = options;
    for (uint32_t i = 0; i < o->maps.len; i++) {
        struct map m = {0};
        struct haul_error e = {0};
        char path[80];
        snprintf(path, sizeof path, "maps.%s", o->maps.item[i].name);
        if (map_open(&o->maps.item[i], &m, &e) != HAUL_OK) haul_option_complain(r, path, "%s", e.text);
        haul_mapping_close(m.mapping);
    }
}

static void discard(void *prepared)
{
    struct maps *maps = prepared;
    for (size_t i = 0; i < maps->len; i++) haul_mapping_close(maps->map[i].mapping);
    free(maps);
}

static enum haul_err prepare(const void *options, void **out, struct haul_error *e)
{
    const struct options *o = options;
    struct maps *maps = calloc(1, sizeof *maps);
    assert(maps != NULL);
    enum haul_err err = HAUL_OK;
    for (uint32_t i = 0; i < o->maps.len && err == HAUL_OK; i++)
        err = map_open(&o->maps.item[i], &maps->map[maps->len++], e);
    if (err == HAUL_OK)
        *out = maps;
    else
        discard(maps);
    return err;
}

static const struct haul_option_set option_set = {
    .section = "bridge_json",
    .en = "The bridge from JSON: what the documents of others mean.",
    .zh = "JSON 桥接：外部文档的含义。",
    .rows = rows,
    .rows_len = sizeof rows / sizeof rows[0],
    .bytes = sizeof(struct options),
    .check = check,
};

/* ---- documents ----------------------------------------------------------------------------------------------------
 */
enum { UNMATCHED };
static const struct haul_counter counters[] = {
    [UNMATCHED] = {"unmatched", "records that no map is for: not used"},
};

static const json_t *step_into(const json_t *at, struct haul_str name)
{
    char text[PATH_MAX];
    assert(name.n < sizeof text);
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    if (json_is_object(at)) return json_object_get(at, text);
    if (!json_is_array(at) || name.n == 0 || strspn(text, "0123456789") != name.n || name.n > 9) return NULL;
    return json_array_get(at, (size_t)strtoul(text, NULL, 10));
}

static const json_t *find(const json_t *document, const json_t *record, struct haul_str path)
{
    const json_t *at = record;
    if (path.n > 1 && path.p[0] == '$' && path.p[1] == '.') {
        at = document;
        path.p += 2, path.n -= 2;
    }
    while (path.n > 0 && at != NULL) {
        const char *dot = memchr(path.p, '.', path.n);
        const size_t n = dot == NULL ? path.n : (size_t)(dot - path.p);
        at = step_into(at, (struct haul_str){path.p, n});
        path.p += n + (dot != NULL), path.n -= n + (dot != NULL);
    }
    return at;
}

static size_t number_text(const json_t *v, char *to, size_t cap)
{
    const int n = json_is_integer(v) ? snprintf(to, cap, "%lld", (long long)json_integer_value(v))
                                     : snprintf(to, cap, "%.17g", json_real_value(v));
    return (size_t)n < cap ? (size_t)n : cap;
}

/* The value as a table's cell would have it; false: it is an object, or an array of other things than numbers. */
static bool cell_of(const json_t *v, char room[CELL_MAX], struct haul_str *out)
{
    *out = (struct haul_str){"", 0};
    if (v == NULL || json_is_null(v)) return true;
    if (json_is_string(v))
        *out = (struct haul_str){json_string_value(v), json_string_length(v)};
    else if (json_is_boolean(v))
        *out = json_is_true(v) ? HAUL_STR("true") : HAUL_STR("false");
    else if (json_is_number(v))
        *out = (struct haul_str){room, number_text(v, room, CELL_MAX)};
    else if (!json_is_array(v))
        return false;
    size_t n = 0;
    for (size_t i = 0; json_is_array(v) && i < json_array_size(v); i++) {
        if (!json_is_number(json_array_get(v, i)) || n + 32 > CELL_MAX) return false;
        n += number_text(json_array_get(v, i), room + n, CELL_MAX - n);
        room[n++] = ' ';
        *out = (struct haul_str){room, n};
    }
    return true;
}

static bool fits(const struct map *m, const json_t *document, const json_t *record)
{
    for (uint32_t i = 0; i < m->row->when.len; i++) {
        char room[CELL_MAX];
        struct haul_str value;
        const json_t *v = find(document, record, haul_str_of(m->row->when.item[i].key));
        if (!cell_of(v, room, &value) || !haul_str_eq(value, haul_str_of(m->row->when.item[i].value))) return false;
    }
    return true;
}

/* One document being taken. */
struct taking {
    struct document d;
    struct haul_arena scratch;
};

static void note(struct taking *x, enum haul_reason reason, const char *text)
{
    document_note(&x->d, "record", reason, "", "%s", text);
}

static void take_record(struct taking *x, const struct map *m, const json_t *record)
{
    static const enum haul_mailbox to[] = {HAUL_MAILBOX_FLEET,     HAUL_MAILBOX_TRAFFIC,  HAUL_MAILBOX_WAREHOUSE,
                                           HAUL_MAILBOX_COLDCHAIN, HAUL_MAILBOX_UNMANNED, HAUL_MAILBOX_WATERWAY,
                                           HAUL_MAILBOX_DISPATCH,  HAUL_MAILBOX_NETWORK,  HAUL_MAILBOX_TEMPLATE};
    struct haul_csv_cell cell[CELLS_MAX];
    struct haul_record r;
    struct haul_error e = {0};
    struct haul_refusal why;
    haul_arena_reset(&x->scratch);
    for (size_t i = 0; i < m->cells; i++) {
        char room[CELL_MAX];
        cell[i] = (struct haul_csv_cell){.line = x->d.number, .column = (uint32_t)i + 1};
        bool good = cell_of(find(x->d.root, record, m->cell[i].text), room, &cell[i].text);
        if (good && cell[i].text.p == room) {
            char *keep = haul_arena_take(&x->scratch, cell[i].text.n);
            good = keep != NULL;
            if (good) cell[i].text.p = memcpy(keep, room, cell[i].text.n);
        }
        if (!good) {
            char text[200];
            snprintf(text, sizeof text, "%.*s is an object, or an array that is not of numbers", (int)m->cell[i].text.n,
                     m->cell[i].text.p);
            note(x, HAUL_REASON_TYPE, text);
            return;
        }
    }
    const struct haul_csv_row row = {cell, m->cells, x->d.number};
    if (haul_mapping_record(m->mapping, &row, &r, &x->scratch, &e) != HAUL_OK)
        note(x, e.code == HAUL_E_RANGE ? HAUL_REASON_OUT_OF_RANGE : HAUL_REASON_TYPE, e.text);
    else if (!haul_bridge_emit(x->d.task, to[m->row->to], &r, &why))
        note(x, why.reason, why.text);
}

/* The records of the document for a map: itself, or the elements of an array. */
static void take_map(struct taking *x, const struct map *m)
{
    const json_t *list = m->row->records[0] == '\0' ? NULL : find(x->d.root, x->d.root, haul_str_of(m->row->records));
    const size_t n = m->row->records[0] == '\0' ? 1 : json_array_size(list);
    if (n > RECORDS_MAX) {
        note(x, HAUL_REASON_TOO_MANY, "the document holds more than 1024 records");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *record = list == NULL ? x->d.root : json_array_get(list, i);
        x->d.number = (unsigned)i + 1;
        if (fits(m, x->d.root, record)) take_record(x, m, record);
    }
}

static void message(struct haul_task *t, struct haul_str key, struct haul_str part, size_t at)
{
    (void)key;
    (void)at;
    const struct maps *maps = haul_task_prepared(t);
    struct taking x = {.scratch = {haul_task_scratch(t, SCRATCH), 0, SCRATCH}};
    assert(x.scratch.base != NULL);
    if (!document_open(&x.d, t, part)) return;
    for (size_t i = 0; i < maps->len && document_untouched(&x.d); i++) take_map(&x, &maps->map[i]);
    document_close(&x.d, UNMATCHED);
}

const struct haul_processor haul_bridge_json = {
    .mailbox = HAUL_MAILBOX_BRIDGE_JSON,
    .summary_en = "translates the JSON documents of others into records",
    .summary_zh = "把外部的 JSON 文档翻译为记录",
    .state_version = 1,
    .gives = gives,
    .entities = {{"json", 0}},
    .options = &option_set,
    .counters = counters,
    .counters_len = sizeof counters / sizeof counters[0],
    .message = message,
    .prepare = prepare,
    .discard = discard,
};
