/* SPDX-License-Identifier: Apache-2.0
 * Records as JSON, for people and for tools: names instead of numbers, time as text, bytes as base64.
 */
#include "processors/engine/record_tables.h"

#include "haul/base64.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- writing ------------------------------------------------------------------------------------------------------
 */
/* The fewest digits that read back as the same value. */
static void write_real(struct haul_json *j, double v)
{
    char text[32];
    if (!__builtin_isfinite(v)) {
        haul_json_null(j);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v) break;
    }
    /* "-0" would be read as an integer, which has no such value */
    haul_json_raw(j, v == 0 && __builtin_signbit(v) ? HAUL_STR("-0.0") : haul_str_of(text));
}

static void write_bytes(struct haul_json *j, struct haul_str bytes)
{
    haul_json_raw(j, HAUL_STR("\""));
    haul_base64_encode(bytes, j->out);
    haul_buf_byte(j->out, '"');
}

static void write_value(struct haul_json *j, enum haul_type type, const union haul_value *v)
{
    switch (type) {
    case HAUL_BOOL:
        haul_json_bool(j, v->i != 0);
        return;
    case HAUL_INT:
        haul_json_i64(j, v->i);
        return;
    case HAUL_REAL:
        write_real(j, v->f);
        return;
    case HAUL_TEXT:
        haul_json_str(j, v->s);
        return;
    case HAUL_BYTES:
        write_bytes(j, v->s);
        return;
    case HAUL_REALS:
        haul_json_open(j, '[');
        for (size_t i = 0; i < v->reals.n; i++) write_real(j, v->reals.p[i]);
        haul_json_close(j, ']');
        return;
    }
    assert(false);
}

void haul_record_to_json(const struct haul_record *r, struct haul_json *j)
{
    const struct plan *const plan = haul_plan(r->kind);
    assert(plan != NULL);
    haul_json_open(j, '{');
    if (r->version != HAUL_SCHEMA) haul_json_ki64(j, "v", r->version);
    haul_json_kstr(j, "kind", haul_str_of(plan->row->name));
    haul_json_kstr(j, "id", r->id);
    haul_json_ktime(j, "time", r->time);
    if (r->source.n > 0) haul_json_kstr(j, "source", r->source);
    if (r->positioned) {
        haul_json_name(j, "lon"), write_real(j, r->lon_deg);
        haul_json_name(j, "lat"), write_real(j, r->lat_deg);
    }
    if (r->crs != 0) haul_json_ki64(j, "crs", r->crs);
    for (uint64_t left = r->present; left != 0; left &= left - 1) {
        const int f = __builtin_ctzll(left);
        haul_json_name(j, plan->slots[f].name);
        write_value(j, (enum haul_type)plan->slots[f].type, r->v + f);
    }
    haul_json_close(j, '}');
}

/* ---- reading ------------------------------------------------------------------------------------------------------
 */
struct input {
    struct haul_record *out;
    const struct plan *plan;
    struct haul_arena *scratch;
    struct haul_error *e;
    bool lon, lat;
};

static enum haul_err wrong_type(const struct input *in, const char *field, const char *expected, const json_t *v)
{
    static const char *const found[] = {"an object", "an array", "a string", "an integer",
                                        "a number",  "true",     "false",    "null"};
    return haul_fail(in->e, HAUL_E_INVALID, "%s: found %s; expected %s", field, found[json_typeof(v)], expected);
}

static enum haul_err full(const struct input *in, const char *field)
{
    return haul_fail(in->e, HAUL_E_LIMIT, "%s: more than a record can hold", field);
}

static enum haul_err read_real(const struct input *in, const char *field, const json_t *v, double *out)
{
    if (!json_is_number(v)) return wrong_type(in, field, "a number", v);
    *out = json_number_value(v);
    return HAUL_OK;
}

static enum haul_err read_integer(const struct input *in, const char *field, const json_t *v, int64_t *out)
{
    const double real = json_real_value(v); /* 0 when it is not one */
    if (json_is_integer(v)) {
        *out = json_integer_value(v);
        return HAUL_OK;
    }
    if (!json_is_real(v)) return wrong_type(in, field, "an integer", v);
    if (!(real >= -0x1p63 && real < 0x1p63))
        return haul_fail(in->e, HAUL_E_RANGE, "%s: %.15g does not fit 64 bits", field, real);
    *out = (int64_t)real;
    if ((double)*out != real)
        return haul_fail(in->e, HAUL_E_INVALID, "%s: %.15g has a fraction; expected an integer", field, real);
    return HAUL_OK;
}

static enum haul_err read_text(const struct input *in, const char *field, const json_t *v, struct haul_str *out)
{
    if (!json_is_string(v)) return wrong_type(in, field, "a string", v);
    const size_t n = json_string_length(v);
    char *const copy = haul_arena_take(in->scratch, n);
    if (copy == NULL) return full(in, field);
    if (n > 0) memcpy(copy, json_string_value(v), n);
    *out = (struct haul_str){copy, n};
    return HAUL_OK;
}

static enum haul_err read_bytes(const struct input *in, const char *field, const json_t *v, struct haul_str *out)
{
    if (!json_is_string(v)) return wrong_type(in, field, "a string of base64", v);
    const struct haul_str text = {json_string_value(v), json_string_length(v)};
    uint8_t *const to = haul_arena_take(in->scratch, text.n / 4 * 3);
    size_t n;
    if (to == NULL) return full(in, field);
    if (!haul_base64_decode(text, to, &n)) return haul_fail(in->e, HAUL_E_INVALID, "%s: not base64", field);
    *out = (struct haul_str){(const char *)to, n};
    return HAUL_OK;
}

static enum haul_err read_reals(const struct input *in, const char *field, const json_t *v, union haul_value *out)
{
    if (!json_is_array(v)) return wrong_type(in, field, "an array of numbers", v);
    const size_t n = json_array_size(v);
    if (n > HAUL_REALS_MAX)
        return haul_fail(in->e, HAUL_E_RANGE, "%s: %zu numbers; expected at most %d", field, n, HAUL_REALS_MAX);
    double *const to = haul_arena_take(in->scratch, n * sizeof *to);
    if (to == NULL) return full(in, field);
    for (size_t i = 0; i < n; i++) {
        const enum haul_err err = read_real(in, field, json_array_get(v, i), to + i);
        if (err != HAUL_OK) return err;
    }
    out->reals.p = to, out->reals.n = n;
    return HAUL_OK;
}

static enum haul_err read_field(struct input *in, unsigned f, const json_t *v)
{
    const struct slot *const s = in->plan->slots + f;
    union haul_value *const to = in->out->v + f;
    in->out->present |= 1ull << f;
    switch ((enum haul_type)s->type) {
    case HAUL_BOOL:
        to->i = json_is_true(v);
        return json_is_boolean(v) ? HAUL_OK : wrong_type(in, s->name, "true or false", v);
    case HAUL_INT:
        return read_integer(in, s->name, v, &to->i);
    case HAUL_REAL:
        return read_real(in, s->name, v, &to->f);
    case HAUL_TEXT:
        return read_text(in, s->name, v, &to->s);
    case HAUL_BYTES:
        return read_bytes(in, s->name, v, &to->s);
    case HAUL_REALS:
        return read_reals(in, s->name, v, to);
    }
    assert(false);
    return HAUL_E_INVALID;
}

static enum haul_err read_small(const struct input *in, const char *field, const json_t *v, uint8_t *out)
{
    int64_t n = 0;
    const enum haul_err err = read_integer(in, field, v, &n);
    if (err != HAUL_OK) return err;
    if (n < 0) return haul_fail(in->e, HAUL_E_RANGE, "%s: %lld is below 0", field, (long long)n);
    *out = n > UINT8_MAX ? UINT8_MAX : (uint8_t)n;
    return HAUL_OK;
}

static enum haul_err read_time(const struct input *in, const json_t *v)
{
    struct haul_error why;
    if (!json_is_string(v)) return read_integer(in, "time", v, &in->out->time.ms);
    if (haul_time_parse(json_string_value(v), json_string_length(v), &in->out->time, &why) == HAUL_OK) return HAUL_OK;
    return haul_fail(in->e, HAUL_E_INVALID, "time: %s", why.text);
}

static enum haul_err read_envelope(struct input *in, unsigned key, const json_t *v)
{
    switch ((enum envelope)key) {
    case ENV_VERSION:
        return read_small(in, "v", v, &in->out->version);
    case ENV_KIND:
        return HAUL_OK;
    case ENV_ID:
        return read_text(in, "id", v, &in->out->id);
    case ENV_TIME:
        return read_time(in, v);
    case ENV_SOURCE:
        return read_text(in, "source", v, &in->out->source);
    case ENV_LON:
        in->lon = true;
        return read_real(in, "lon", v, &in->out->lon_deg);
    case ENV_LAT:
        in->lat = true;
        return read_real(in, "lat", v, &in->out->lat_deg);
    case ENV_CRS:
        return read_small(in, "crs", v, &in->out->crs);
    case ENV_COUNT:
    case KEY_UNKNOWN:
        break;
    }
    assert(false);
    return HAUL_E_INVALID;
}

static enum haul_err read_kind(struct input *in, const json_t *object)
{
    const json_t *const v = json_object_get(object, "kind");
    int64_t n = 0;
    if (v == NULL || json_is_null(v)) return haul_fail(in->e, HAUL_E_INVALID, "kind: missing");
    if (json_is_string(v)) {
        n = haul_kind_find((struct haul_str){json_string_value(v), json_string_length(v)});
    } else {
        const enum haul_err err = read_integer(in, "kind", v, &n);
        if (err != HAUL_OK) return err;
    }
    in->plan = n < 0 || n >= HAUL_KIND_MAX ? NULL : haul_plan((unsigned)n);
    if (in->plan == NULL && json_is_string(v))
        return haul_fail(in->e, HAUL_E_UNKNOWN, "kind: '%.40s' is not a kind that haul knows", json_string_value(v));
    if (in->plan == NULL)
        return haul_fail(in->e, HAUL_E_UNKNOWN, "kind: %lld is not a kind that haul knows", (long long)n);
    haul_record_init(in->out, (enum haul_kind)n, (struct haul_str){"", 0}, HAUL_TIME_NONE);
    return HAUL_OK;
}

static enum haul_err read_object(struct input *in, json_t *object)
{
    const char *name;
    json_t *v;
    enum haul_err err = read_kind(in, object);
    if (err != HAUL_OK) return err;
    json_object_foreach(object, name, v)
    {
        const unsigned key = haul_key_find(in->plan, haul_str_of(name));
        if (json_is_null(v)) continue;
        if (key == KEY_UNKNOWN)
            in->out->unknown++;
        else
            err = key < ENV_COUNT ? read_envelope(in, key, v) : read_field(in, key - HAUL_FIELD_BASE, v);
        if (err != HAUL_OK) return err;
    }
    if (in->lon != in->lat)
        return haul_fail(in->e, HAUL_E_INVALID, "%s: missing; a position has both", in->lon ? "lat" : "lon");
    in->out->positioned = in->lon;
    struct haul_refusal why;
    if (haul_record_check(in->out, &why)) return HAUL_OK;
    return haul_fail(in->e, why.reason == HAUL_REASON_MISSING ? HAUL_E_INVALID : HAUL_E_RANGE, "%s", why.text);
}

enum haul_err haul_record_from_json(struct haul_str json, struct haul_record *out, struct haul_arena *scratch,
                                    struct haul_error *e)
{
    if (json.n > HAUL_JSON_RECORD_MAX)
        return haul_fail(e, HAUL_E_LIMIT, "%zu bytes of JSON; expected at most %d", json.n, HAUL_JSON_RECORD_MAX);
    json_error_t at;
    json_t *const object = json_loadb(json.n == 0 ? "" : json.p, json.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &at);
    if (object == NULL)
        return haul_fail(e, json_error_code(&at) == json_error_duplicate_key ? HAUL_E_DUPLICATE : HAUL_E_INVALID,
                         "byte %d: %s", at.position, at.text);
    struct input in = {.out = out, .scratch = scratch, .e = e};
    const enum haul_err err = json_is_object(object) ? read_object(&in, object)
                                                     : haul_fail(e, HAUL_E_INVALID, "the record is not a JSON object");
    json_decref(object);
    return err;
}
