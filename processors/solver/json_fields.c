/* SPDX-License-Identifier: Apache-2.0
 * Fields of JSON objects.
 */
#include "processors/solver/read_json.h"

#include "haul/math.h"

#include <stdio.h>

static size_t put_path(char *to, size_t cap, const struct path *at)
{
    if (at == NULL) return 0;
    size_t n = put_path(to, cap, at->up);
    if (n >= cap) return n;
    const int more = at->name == NULL ? snprintf(to + n, cap - n, "[%zu]", at->index)
                                      : snprintf(to + n, cap - n, "%s%s", n == 0 ? "" : ".", at->name);
    return n + (size_t)(more < 0 ? 0 : more);
}

enum haul_err json_wrong(struct reader *r, enum haul_err code, const struct path *at, const char *field,
                         const char *format, ...)
{
    if (r->bad != HAUL_OK) return r->bad;
    char where[256], what[512];
    where[0] = 0;
    put_path(where, sizeof where, at);
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    const char *dot = where[0] != 0 && field != NULL ? "." : "";
    return r->bad = haul_fail(r->e, code, "%s%s%s: %s", where, dot, field == NULL ? "" : field, what);
}

const json_t *json_array_of(struct reader *r, const struct path *at, const json_t *o, const char *field)
{
    const json_t *v = json_object_get(o, field);
    if (v == NULL || r->bad != HAUL_OK) return NULL;
    if (json_is_array(v)) return v;
    json_wrong(r, HAUL_E_INVALID, at, field, "an array is wanted");
    return NULL;
}

const json_t *json_object_of(struct reader *r, const struct path *at, const json_t *o, const char *field)
{
    const json_t *v = json_object_get(o, field);
    if (v == NULL || r->bad != HAUL_OK) return NULL;
    if (json_is_object(v)) return v;
    json_wrong(r, HAUL_E_INVALID, at, field, "an object is wanted");
    return NULL;
}

int64_t json_scaled(struct reader *r, const struct path *at, const json_t *o, const char *field, int64_t scale,
                    int64_t usual, double low, double high)
{
    const json_t *v = json_object_get(o, field);
    if (v == NULL || r->bad != HAUL_OK) return usual;
    if (!json_is_number(v)) {
        json_wrong(r, HAUL_E_INVALID, at, field, "a number is wanted");
        return usual;
    }
    const double value = json_number_value(v);
    if (!(value >= low && value <= high)) {
        json_wrong(r, HAUL_E_RANGE, at, field, "%.15g, not %.15g..%.15g", value, low, high);
        return usual;
    }
    return json_is_integer(v) ? (int64_t)json_integer_value(v) * scale : haul_round_i64(value * (double)scale);
}

int64_t json_whole(struct reader *r, const struct path *at, const json_t *o, const char *field, int64_t usual,
                   int64_t low, int64_t high)
{
    const json_t *v = json_object_get(o, field);
    if (v == NULL || r->bad != HAUL_OK) return usual;
    if (!json_is_integer(v)) {
        json_wrong(r, HAUL_E_INVALID, at, field, "a whole number is wanted");
        return usual;
    }
    const int64_t value = (int64_t)json_integer_value(v);
    if (value >= low && value <= high) return value;
    json_wrong(r, HAUL_E_RANGE, at, field, "%lld, not %lld..%lld", (long long)value, (long long)low, (long long)high);
    return usual;
}

bool json_flag(struct reader *r, const struct path *at, const json_t *o, const char *field, bool usual)
{
    const json_t *v = json_object_get(o, field);
    if (v == NULL || r->bad != HAUL_OK) return usual;
    if (!json_is_boolean(v)) json_wrong(r, HAUL_E_INVALID, at, field, "true or false is wanted");
    return json_is_true(v);
}

struct haul_str json_text(struct reader *r, const struct path *at, const json_t *o, const char *field)
{
    const json_t *v = json_object_get(o, field);
    if (v == NULL || r->bad != HAUL_OK) return (struct haul_str){NULL, 0};
    if (json_is_string(v)) return (struct haul_str){json_string_value(v), json_string_length(v)};
    json_wrong(r, HAUL_E_INVALID, at, field, "a text is wanted");
    return (struct haul_str){NULL, 0};
}
