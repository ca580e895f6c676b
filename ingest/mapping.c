/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/mapping.h"

#include "haul/base64.h"
#include "haul/crs.h"
#include "ingest/units.h"
#include "ingest/zone.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* What a column or a constant fills. */
enum place { AT_ID, AT_TIME, AT_SOURCE, AT_LON, AT_LAT, AT_CRS, AT_FIELD };

static const struct {
    const char *name, *unit;
} places[] = {{"id", ""}, {"time", "ms"}, {"source", ""}, {"lon", "deg"}, {"lat", "deg"}, {"crs", ""}};

struct target {
    enum place place;
    const struct haul_field_row *row; /* AT_FIELD */
    const char *name, *unit;
};

struct column {
    struct target target;
    size_t index;
    bool numeric_time; /* the column's time has a unit, so it is a number */
    struct conversion conversion;
};

#define TARGETS_MAX (HAUL_FIELDS_MAX + AT_FIELD)

struct haul_mapping {
    enum haul_kind kind;
    struct zone zone;
    size_t columns_len, header_len;
    struct column columns[TARGETS_MAX];
    char (*names)[64];           /* of the header's columns, for messages; [header_len] */
    struct haul_record base;     /* kind and constants */
    struct haul_arena constants; /* what base points to */
};

/* ---- values --------------------------------------------------------------------------------------------------------
 */
static enum haul_err read_real(struct haul_str cell, struct conversion c, double *out, struct haul_error *e)
{
    if (!decimal_read(cell, out))
        return haul_fail(e, HAUL_E_INVALID, "'%.*s' is not a number", cell.n > 40 ? 40 : (int)cell.n, cell.p);
    *out = convert(c, *out);
    return __builtin_isfinite(*out) ? HAUL_OK : haul_fail(e, HAUL_E_RANGE, "%.*s is too large", (int)cell.n, cell.p);
}

/* Digits alone are exact to 64 bits; anything else goes through a double and must come out whole. */
static enum haul_err read_integer(struct haul_str cell, struct conversion c, int64_t *out, struct haul_error *e)
{
    const bool plain = c.num == 1 && c.den == 1 && c.before == 0 && c.after == 0;
    const bool minus = cell.n > 0 && cell.p[0] == '-';
    int64_t v = 0;
    size_t i = minus;
    for (; plain && i < cell.n && cell.p[i] >= '0' && cell.p[i] <= '9'; i++)
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, cell.p[i] - '0', &v)) break;
    if (plain && i == cell.n && i > minus && (minus || v != INT64_MIN)) {
        *out = minus ? v : -v;
        return HAUL_OK;
    }
    double real;
    const enum haul_err err = read_real(cell, c, &real, e);
    if (err != HAUL_OK) return err;
    if (!(real > -0x1p62 && real < 0x1p62)) return haul_fail(e, HAUL_E_RANGE, "%.15g is out of range", real);
    *out = (int64_t)__builtin_floor(real + 0.5);
    const double off = real - (double)*out;
    if (off > 1e-6 || off < -1e-6)
        return haul_fail(e, HAUL_E_INVALID, "%.15g has a fraction; expected an integer", real);
    return HAUL_OK;
}

static enum haul_err read_bool(struct haul_str cell, int64_t *out, struct haul_error *e)
{
    *out = haul_str_eq(cell, HAUL_STR("true")) || haul_str_eq(cell, HAUL_STR("1"));
    if (*out || haul_str_eq(cell, HAUL_STR("false")) || haul_str_eq(cell, HAUL_STR("0"))) return HAUL_OK;
    return haul_fail(e, HAUL_E_INVALID, "'%.*s' is neither true, 1, false nor 0", cell.n > 40 ? 40 : (int)cell.n,
                     cell.p);
}

static enum haul_err read_bytes(struct haul_str cell, struct haul_arena *scratch, struct haul_str *out,
                                struct haul_error *e)
{
    uint8_t *const to = haul_arena_take(scratch, cell.n / 4 * 3);
    size_t n;
    if (to == NULL) return haul_fail(e, HAUL_E_LIMIT, "no room for %zu bytes", cell.n);
    if (!haul_base64_decode(cell, to, &n)) return haul_fail(e, HAUL_E_INVALID, "not base64");
    *out = (struct haul_str){(const char *)to, n};
    return HAUL_OK;
}

/* Numbers with blanks or semicolons between them. */
static enum haul_err read_reals(struct haul_str cell, struct conversion c, struct haul_arena *scratch,
                                union haul_value *out, struct haul_error *e)
{
    double *const to = haul_arena_take(scratch, HAUL_REALS_MAX * sizeof *to);
    if (to == NULL) return haul_fail(e, HAUL_E_LIMIT, "no room for %d numbers", HAUL_REALS_MAX);
    size_t n = 0;
    for (size_t i = 0; i < cell.n;) {
        size_t len = 0;
        while (i + len < cell.n && cell.p[i + len] != ' ' && cell.p[i + len] != ';') len++;
        if (len > 0 && n == HAUL_REALS_MAX) return haul_fail(e, HAUL_E_RANGE, "more than %d numbers", HAUL_REALS_MAX);
        if (len > 0) {
            const enum haul_err err = read_real((struct haul_str){cell.p + i, len}, c, to + n++, e);
            if (err != HAUL_OK) return err;
        }
        i += len + 1;
    }
    out->reals.p = to, out->reals.n = n;
    return HAUL_OK;
}

static bool has_zone(struct haul_str t)
{
    for (size_t i = 10; i < t.n; i++) /* behind the date */
        if (memchr("Zz+-", t.p[i], 4) != NULL) return true;
    return false;
}

static bool all_digits(struct haul_str t)
{
    for (size_t i = 0; i < t.n; i++)
        if (t.p[i] < '0' || t.p[i] > '9') return false;
    return true;
}

static enum haul_err read_time(const struct haul_mapping *m, const struct column *c, struct haul_str cell,
                               struct haul_time *out, struct haul_error *e)
{
    if (c->numeric_time) {
        double ms;
        const enum haul_err err = read_real(cell, c->conversion, &ms, e);
        if (err != HAUL_OK) return err;
        if (!(ms > -1e15 && ms < 1e15)) return haul_fail(e, HAUL_E_RANGE, "%.15g ms is no time", ms);
        out->ms = (int64_t)__builtin_floor(ms);
        return HAUL_OK;
    }
    const enum haul_err err = haul_time_parse(cell.p, cell.n, out, e);
    if (err == HAUL_OK && !all_digits(cell) && !has_zone(cell)) *out = zone_to_utc(&m->zone, *out);
    return err;
}

static enum haul_err read_crs(struct haul_str cell, uint8_t *out, struct haul_error *e)
{
    enum haul_crs crs;
    int64_t n;
    if (haul_crs_of_name(cell.p, cell.n, &crs)) {
        *out = (uint8_t)crs;
        return HAUL_OK;
    }
    if (read_integer(cell, CONVERSION_NONE, &n, NULL) != HAUL_OK || n < 0 || n >= HAUL_CRS_COUNT)
        return haul_fail(e, HAUL_E_INVALID,
                         "'%.*s' is not a coordinate system: wgs84, gcj02, bd09, cgcs2000, local or 0 to 4",
                         cell.n > 40 ? 40 : (int)cell.n, cell.p);
    *out = (uint8_t)n;
    return HAUL_OK;
}

static enum haul_err read_field(const struct column *c, struct haul_str cell, struct haul_record *out,
                                struct haul_arena *scratch, struct haul_error *e)
{
    const unsigned f = c->target.row->number - HAUL_FIELD_BASE;
    union haul_value *const v = out->v + f;
    out->present |= 1ull << f;
    switch ((enum haul_type)c->target.row->type) {
    case HAUL_BOOL:
        return read_bool(cell, &v->i, e);
    case HAUL_INT:
        return read_integer(cell, c->conversion, &v->i, e);
    case HAUL_REAL:
        return read_real(cell, c->conversion, &v->f, e);
    case HAUL_TEXT:
        v->s = cell;
        return HAUL_OK;
    case HAUL_BYTES:
        return read_bytes(cell, scratch, &v->s, e);
    case HAUL_REALS:
        return read_reals(cell, c->conversion, scratch, v, e);
    }
    assert(false);
    return HAUL_E_INVALID;
}

static enum haul_err read_value(const struct haul_mapping *m, const struct column *c, struct haul_str cell,
                                struct haul_record *out, struct haul_arena *scratch, struct haul_error *e)
{
    switch (c->target.place) {
    case AT_ID:
        out->id = cell;
        return HAUL_OK;
    case AT_TIME:
        return read_time(m, c, cell, &out->time, e);
    case AT_SOURCE:
        out->source = cell;
        return HAUL_OK;
    case AT_LON:
        return read_real(cell, c->conversion, &out->lon_deg, e);
    case AT_LAT:
        return read_real(cell, c->conversion, &out->lat_deg, e);
    case AT_CRS:
        return read_crs(cell, &out->crs, e);
    case AT_FIELD:
        return read_field(c, cell, out, scratch, e);
    }
    assert(false);
    return HAUL_E_INVALID;
}

/* ---- the specification ---------------------------------------------------------------------------------------------
 */
/* One "name=value" of a list; quoted: the value stood in quotes. */
struct entry {
    struct haul_str name, value, unit;
    bool quoted, has_unit;
};

static enum haul_err take_quoted(struct haul_str *list, struct entry *out, struct haul_error *e)
{
    const char *const close = memchr(list->p + 1, '"', list->n - 1);
    if (close == NULL) return haul_fail(e, HAUL_E_INVALID, "a quote does not close: %.*s", (int)list->n, list->p);
    out->value = (struct haul_str){list->p + 1, (size_t)(close - list->p) - 1};
    out->quoted = true;
    *list = (struct haul_str){close + 1, list->n - out->value.n - 2};
    return HAUL_OK;
}

static void take_until(struct haul_str *list, const char *stops, struct haul_str *out)
{
    size_t n = 0;
    while (n < list->n && strchr(stops, list->p[n]) == NULL) n++;
    *out = (struct haul_str){list->p, n};
    *list = (struct haul_str){list->p + n, list->n - n};
}

/* name=value[unit] and the comma behind it. */
static enum haul_err take_entry(struct haul_str *list, bool units, struct entry *out, struct haul_error *e)
{
    *out = (struct entry){0};
    const struct haul_str whole = *list;
    take_until(list, "=", &out->name);
    if (list->n == 0 || out->name.n == 0)
        return haul_fail(e, HAUL_E_INVALID, "'%.*s' is not field=%s", (int)whole.n, whole.p,
                         units ? "column" : "value");
    list->p++, list->n--;
    if (list->n > 0 && list->p[0] == '"') {
        const enum haul_err err = take_quoted(list, out, e);
        if (err != HAUL_OK) return err;
    } else {
        take_until(list, units ? ",[" : ",", &out->value);
    }
    if (units && list->n > 0 && list->p[0] == '[') {
        list->p++, list->n--;
        take_until(list, "]", &out->unit);
        if (list->n == 0)
            return haul_fail(e, HAUL_E_INVALID, "a bracket does not close: [%.*s", (int)out->unit.n, out->unit.p);
        list->p++, list->n--;
        out->has_unit = true;
    }
    if (list->n == 0) return HAUL_OK;
    if (list->p[0] != ',' || list->n == 1)
        return haul_fail(e, HAUL_E_INVALID, "expected a comma and another field before '%.*s'", (int)list->n, list->p);
    list->p++, list->n--;
    return HAUL_OK;
}

static enum haul_err unknown_field(const struct haul_mapping *m, struct haul_str name, struct haul_error *e)
{
    const struct haul_kind_row *const kind = haul_kind_row(m->kind);
    char list[800];
    size_t n = 0;
    for (size_t i = 0; i < kind->fields_len && n < sizeof list; i++)
        n += (size_t)snprintf(list + n, sizeof list - n, ", %s", kind->fields[i].name);
    return haul_fail(e, HAUL_E_UNKNOWN, "%s has no field '%.*s'; it has id, time, source, lon, lat, crs%.*s",
                     kind->name, name.n > 40 ? 40 : (int)name.n, name.p,
                     n < sizeof list ? (int)n : (int)sizeof list - 1, list);
}

static bool find_target(const struct haul_mapping *m, struct haul_str name, struct target *out)
{
    for (unsigned i = 0; i < AT_FIELD; i++)
        if (haul_str_eq(name, haul_str_of(places[i].name))) {
            *out = (struct target){(enum place)i, NULL, places[i].name, places[i].unit};
            return true;
        }
    const struct haul_field_row *const row = haul_field_find(m->kind, name);
    if (row == NULL) return false;
    *out = (struct target){AT_FIELD, row, row->name, row->unit};
    return true;
}

static bool same_target(const struct target *a, const struct target *b)
{
    return a->place == b->place && a->row == b->row;
}

static bool filled(const struct haul_mapping *m, const struct target *t)
{
    for (size_t i = 0; i < m->columns_len; i++)
        if (same_target(&m->columns[i].target, t)) return true;
    switch (t->place) {
    case AT_ID:
        return m->base.id.n > 0;
    case AT_TIME:
        return m->base.time.ms != HAUL_TIME_NONE.ms;
    case AT_SOURCE:
        return m->base.source.n > 0;
    case AT_LON:
        return __builtin_isfinite(m->base.lon_deg);
    case AT_LAT:
        return __builtin_isfinite(m->base.lat_deg);
    case AT_CRS:
        return m->base.crs != 0;
    case AT_FIELD:
        return (m->base.present >> (t->row->number - HAUL_FIELD_BASE) & 1) != 0;
    }
    assert(false);
    return false;
}

static enum haul_err find_column(const struct haul_csv_row *header, struct haul_str name, size_t *out,
                                 struct haul_error *e)
{
    size_t found = 0;
    for (size_t i = 0; i < header->n; i++)
        if (haul_str_eq(header->cells[i].text, name)) *out = i, found++;
    if (found == 1) return HAUL_OK;
    if (found > 1) return haul_fail(e, HAUL_E_DUPLICATE, "%zu columns are named '%.*s'", found, (int)name.n, name.p);
    char list[800];
    size_t n = 0;
    for (size_t i = 0; i < header->n && n < sizeof list; i++) {
        const struct haul_str text = header->cells[i].text;
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%.*s", i == 0 ? "" : ", ", text.n > 60 ? 60 : (int)text.n,
                              text.p);
    }
    return haul_fail(e, HAUL_E_NOT_FOUND, "no column is named '%.*s'; there are %.*s", name.n > 60 ? 60 : (int)name.n,
                     name.p, n < sizeof list ? (int)n : (int)sizeof list - 1, list);
}

static enum haul_err set_unit(struct column *c, const struct entry *entry, struct haul_error *e)
{
    char list[200];
    const bool numeric =
        c->target.place == AT_TIME || c->target.place == AT_LON || c->target.place == AT_LAT ||
        (c->target.place == AT_FIELD &&
         (c->target.row->type == HAUL_INT || c->target.row->type == HAUL_REAL || c->target.row->type == HAUL_REALS));
    c->conversion = CONVERSION_NONE;
    if (!entry->has_unit) return HAUL_OK;
    if (!numeric) return haul_fail(e, HAUL_E_INVALID, "%s takes no unit", c->target.name);
    if (!conversion_find(entry->unit, c->target.unit, &c->conversion)) {
        conversion_list(c->target.unit, list, sizeof list);
        return haul_fail(e, HAUL_E_UNKNOWN, "%s: '%.*s' is not a unit that it can come in; expected %s", c->target.name,
                         entry->unit.n > 40 ? 40 : (int)entry->unit.n, entry->unit.p, list);
    }
    c->numeric_time = c->target.place == AT_TIME;
    return HAUL_OK;
}

static enum haul_err add_column(struct haul_mapping *m, const struct haul_csv_row *header, const struct entry *entry,
                                struct haul_error *e)
{
    struct column c = {.index = 0};
    if (!find_target(m, entry->name, &c.target)) return unknown_field(m, entry->name, e);
    if (filled(m, &c.target)) return haul_fail(e, HAUL_E_DUPLICATE, "%s is given twice", c.target.name);
    enum haul_err err = find_column(header, entry->value, &c.index, e);
    if (err == HAUL_OK) err = set_unit(&c, entry, e);
    if (err != HAUL_OK) return err;
    assert(m->columns_len < TARGETS_MAX);
    m->columns[m->columns_len++] = c;
    return HAUL_OK;
}

/* The same value in every record; its text is kept by the mapping. */
static enum haul_err add_constant(struct haul_mapping *m, const struct entry *entry, struct haul_error *e)
{
    struct column c = {.conversion = CONVERSION_NONE};
    struct haul_error why;
    if (!find_target(m, entry->name, &c.target)) return unknown_field(m, entry->name, e);
    if (filled(m, &c.target)) return haul_fail(e, HAUL_E_DUPLICATE, "%s is given twice", c.target.name);
    if (entry->value.n == 0) return haul_fail(e, HAUL_E_INVALID, "%s is set to nothing", c.target.name);
    char *const copy = haul_arena_take(&m->constants, entry->value.n);
    if (copy == NULL) return haul_fail(e, HAUL_E_LIMIT, "%s: the value is too long", c.target.name);
    memcpy(copy, entry->value.p, entry->value.n);
    const enum haul_err err = read_value(m, &c, (struct haul_str){copy, entry->value.n}, &m->base, &m->constants, &why);
    return err == HAUL_OK ? HAUL_OK : haul_fail(e, err, "%s: %s", c.target.name, why.text);
}

static enum haul_err read_lists(struct haul_mapping *m, const struct haul_mapping_spec *spec,
                                const struct haul_csv_row *header, struct haul_error *e)
{
    struct entry entry;
    enum haul_err err = HAUL_OK;
    for (struct haul_str list = spec->map; list.n > 0;) {
        if ((err = take_entry(&list, true, &entry, e)) != HAUL_OK) return err;
        if ((err = add_column(m, header, &entry, e)) != HAUL_OK) return err;
    }
    for (struct haul_str list = spec->set; list.n > 0;) {
        if ((err = take_entry(&list, false, &entry, e)) != HAUL_OK) return err;
        if ((err = add_constant(m, &entry, e)) != HAUL_OK) return err;
    }
    struct target target;
    for (size_t i = 0; spec->map.n == 0 && i < header->n; i++) {
        entry = (struct entry){.name = header->cells[i].text, .value = header->cells[i].text};
        if (!find_target(m, entry.name, &target) || filled(m, &target)) continue;
        if ((err = add_column(m, header, &entry, e)) != HAUL_OK) return err;
    }
    return HAUL_OK;
}

static enum haul_err all_required(const struct haul_mapping *m, struct haul_error *e)
{
    const struct haul_kind_row *const kind = haul_kind_row(m->kind);
    const bool some = filled(m, &(struct target){.place = AT_LON}) || filled(m, &(struct target){.place = AT_LAT});
    for (unsigned i = 0; i < AT_FIELD; i++) {
        const bool position = i == AT_LON || i == AT_LAT;
        const bool needed = i == AT_ID || i == AT_TIME || (position && (kind->positioned || some));
        if (needed && !filled(m, &(struct target){.place = (enum place)i}))
            return haul_fail(e, HAUL_E_INVALID, "%s needs %s: no column and no value is given for it", kind->name,
                             places[i].name);
    }
    for (size_t i = 0; i < kind->fields_len; i++)
        if (kind->fields[i].required && !filled(m, &(struct target){.place = AT_FIELD, .row = kind->fields + i}))
            return haul_fail(e, HAUL_E_INVALID, "%s needs %s: no column and no value is given for it", kind->name,
                             kind->fields[i].name);
    return HAUL_OK;
}

static enum haul_err read_kind(struct haul_str text, enum haul_kind *out, struct haul_error *e)
{
    int64_t n;
    *out = haul_kind_find(text);
    if (*out == HAUL_KIND_NONE && read_integer(text, CONVERSION_NONE, &n, NULL) == HAUL_OK && n > 0 &&
        n < HAUL_KIND_MAX && haul_kind_row((unsigned)n) != NULL)
        *out = (enum haul_kind)n;
    if (*out != HAUL_KIND_NONE) return HAUL_OK;
    return haul_fail(e, HAUL_E_UNKNOWN, "'%.*s' is not a kind of record; haul schema lists them",
                     text.n > 40 ? 40 : (int)text.n, text.p);
}

static enum haul_err keep_names(struct haul_mapping *m, const struct haul_csv_row *header, struct haul_error *e)
{
    m->header_len = header->n;
    m->names = calloc(header->n + 1, sizeof m->names[0]);
    if (m->names == NULL) return haul_fail(e, HAUL_E_NOMEM, "no memory for %zu columns", header->n);
    for (size_t i = 0; i < header->n; i++)
        snprintf(m->names[i], sizeof m->names[i], "%.*s", (int)header->cells[i].text.n, header->cells[i].text.p);
    return HAUL_OK;
}

enum haul_err haul_mapping_open(const struct haul_mapping_spec *spec, const struct haul_csv_row *header,
                                struct haul_mapping **out, struct haul_error *e)
{
    enum haul_kind kind;
    enum haul_err err = read_kind(spec->kind, &kind, e);
    if (err != HAUL_OK) return err;
    struct haul_mapping *const m = calloc(1, sizeof *m);
    if (m == NULL) return haul_fail(e, HAUL_E_NOMEM, "no memory for a mapping");
    m->kind = kind;
    haul_arena_init(&m->constants, 2 * HAUL_RECORD_MAX);
    haul_record_init(&m->base, kind, (struct haul_str){"", 0}, HAUL_TIME_NONE);
    m->base.lon_deg = m->base.lat_deg = __builtin_nan(""); /* not given */
    err = zone_open(spec->zone, &m->zone, e);
    if (err == HAUL_OK) err = keep_names(m, header, e);
    if (err == HAUL_OK) err = read_lists(m, spec, header, e);
    if (err == HAUL_OK) err = all_required(m, e);
    if (err == HAUL_OK)
        *out = m;
    else
        haul_mapping_close(m);
    return err;
}

void haul_mapping_close(struct haul_mapping *m)
{
    if (m == NULL) return;
    haul_arena_free(&m->constants);
    zone_close(&m->zone);
    free(m->names);
    free(m);
}

/* ---- rows ----------------------------------------------------------------------------------------------------------
 */
/* "line 3, column 51 (latitude): " and what is said, which names the field. */
__attribute__((format(printf, 6, 7))) static enum haul_err bad_cell(const struct haul_mapping *m,
                                                                    const struct haul_csv_row *row,
                                                                    const struct column *c, enum haul_err code,
                                                                    struct haul_error *e, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (c == NULL) return haul_fail(e, code, "line %llu: %s", (unsigned long long)row->line, text);
    const struct haul_csv_cell *const cell = row->cells + c->index;
    return haul_fail(e, code, "line %llu, column %u (%s): %s", (unsigned long long)cell->line, cell->column,
                     m->names[c->index], text);
}

static const struct column *column_of(const struct haul_mapping *m, const char *field)
{
    for (size_t i = 0; i < m->columns_len; i++)
        if (strcmp(m->columns[i].target.name, field) == 0) return m->columns + i;
    return NULL;
}

enum haul_err haul_mapping_record(const struct haul_mapping *m, const struct haul_csv_row *row, struct haul_record *out,
                                  struct haul_arena *scratch, struct haul_error *e)
{
    assert(row->n == m->header_len);
    struct haul_refusal why;
    struct haul_error at;
    *out = m->base;
    for (size_t i = 0; i < m->columns_len; i++) {
        const struct column *const c = m->columns + i;
        const struct haul_str cell = row->cells[c->index].text;
        if (cell.n == 0) continue;
        const enum haul_err err = read_value(m, c, cell, out, scratch, &at);
        if (err != HAUL_OK) return bad_cell(m, row, c, err, e, "%s: %s", c->target.name, at.text);
    }
    const bool lon = __builtin_isfinite(out->lon_deg), lat = __builtin_isfinite(out->lat_deg);
    if (lon != lat)
        return bad_cell(m, row, column_of(m, lon ? "lat" : "lon"), HAUL_E_INVALID, e,
                        "%s: missing; a position has both", lon ? "lat" : "lon");
    out->positioned = lon;
    if (!lon) out->lon_deg = out->lat_deg = 0;
    if (haul_record_check(out, &why)) return HAUL_OK;
    return bad_cell(m, row, column_of(m, why.field), why.reason == HAUL_REASON_MISSING ? HAUL_E_INVALID : HAUL_E_RANGE,
                    e, "%s", why.text);
}
