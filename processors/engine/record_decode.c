/* SPDX-License-Identifier: Apache-2.0
 * The hot decoder: one pass over a record's msgpack in place, driven by the tables of records.def. Every read is
 * bounded by the message; every declared count is held against the bytes that are left, cumulatively, before anything
 * is done about it; nothing is allocated and nothing but the kind's own fields is written.
 *
 * Stricter than msgpack: a map does not repeat a field. More generous: an integer is a number, and a number without a
 * fraction is an integer, because that is what languages without the difference send.
 *
 * The oracle is msgpack-c with the rules written a second time: tests/unit/engine/support_record_oracle.c.
 */
#include "processors/engine/msgpack.h"
#include "processors/engine/record_tables.h"

#include <stdarg.h>
#include <stdio.h>

/* A record that is being read. The place in it is not kept here but handed on: a function takes where a value begins
 * and returns where it ends, or NULL when it has refused it. So the place stays in a register. */
struct reader {
    const uint8_t *start, *end; /* of the record, of the message */
    const struct plan *plan;    /* NULL until the kind is known */
    unsigned seen;              /* bit k: key k of the envelope was there */
    struct haul_record *out;
    struct haul_arena *scratch;
    struct haul_refusal *why;
};

#define COLD __attribute__((cold, noinline))
#define RARE __attribute__((noinline)) /* good input comes here too: not to be laid out with the refusals */

static inline size_t left(const struct reader *r, const uint8_t *p)
{
    return (size_t)(r->end - p);
}

/* ---- refusals --------------------------------------------------------------------------------------------------- */
/* "speed_kmh at byte 31: 612.5 is out of range; expected 0 to 400". `at` NULL: the record as a whole. Returns NULL. */
COLD __attribute__((format(printf, 5, 6))) static const uint8_t *
refuse(const struct reader *r, const uint8_t *at, enum haul_reason reason, const char *field, const char *format, ...)
{
    struct haul_refusal *const why = r->why;
    why->reason = reason;
    snprintf(why->field, sizeof why->field, "%s", field);
    int n = snprintf(why->text, sizeof why->text, "%s", *field != '\0' ? field : "record");
    if (at != NULL) n += snprintf(why->text + n, sizeof why->text - (size_t)n, " at byte %zu", (size_t)(at - r->start));
    n += snprintf(why->text + n, sizeof why->text - (size_t)n, ": ");
    va_list args;
    va_start(args, format);
    vsnprintf(why->text + n, sizeof why->text - (size_t)n, format, args);
    va_end(args);
    return NULL;
}

COLD static const uint8_t *refuse_short(const struct reader *r, const uint8_t *at, const char *field)
{
    return refuse(r, at, HAUL_REASON_TRUNCATED, field, "the message ends inside it");
}

/* The value at p is not of the form that was expected, or is not there. */
COLD static const uint8_t *refuse_form(const struct reader *r, const uint8_t *p, const char *field,
                                       const char *expected)
{
    if (p >= r->end) return refuse_short(r, p, field);
    if (*p == MP_UNUSED) return refuse(r, p, HAUL_REASON_NOT_MSGPACK, field, "0xc1 is not msgpack");
    return refuse(r, p, HAUL_REASON_TYPE, field, "found %s; expected %s", mp_form_name(*p), expected);
}

COLD static const uint8_t *refuse_count(const struct reader *r, const uint8_t *at, const char *field,
                                        const struct mp_head *h)
{
    return refuse(r, at, HAUL_REASON_TRUNCATED, field, "declares %llu values, but only %zu bytes follow",
                  (unsigned long long)h->children, (size_t)(r->end - at) - (size_t)h->bytes);
}

COLD static const uint8_t *refuse_real(const struct reader *r, const uint8_t *at, const char *field, double v,
                                       double low, double high)
{
    if (__builtin_isfinite(v))
        return refuse(r, at, HAUL_REASON_OUT_OF_RANGE, field, "%.15g is out of range; expected %.15g to %.15g", v, low,
                      high);
    const char *const found = __builtin_isnan(v) ? "NaN" : v > 0 ? "infinity" : "minus infinity";
    return refuse(r, at, HAUL_REASON_NOT_FINITE, field, "%s is not a finite number; expected %.15g to %.15g", found,
                  low, high);
}

COLD static const uint8_t *refuse_integer(const struct reader *r, const uint8_t *at, const char *field, int64_t v,
                                          int64_t low, int64_t high)
{
    return refuse(r, at, HAUL_REASON_OUT_OF_RANGE, field, "%lld is out of range; expected %lld to %lld", (long long)v,
                  (long long)low, (long long)high);
}

COLD static const uint8_t *refuse_length(const struct reader *r, const uint8_t *at, const char *field, size_t n,
                                         int64_t low, int64_t high)
{
    return refuse(r, at, HAUL_REASON_OUT_OF_RANGE, field, "%zu bytes long; expected %lld to %lld bytes", n,
                  (long long)low, (long long)high);
}

COLD static const uint8_t *refuse_missing(const struct reader *r, const char *field)
{
    if (r->plan == NULL) return refuse(r, NULL, HAUL_REASON_MISSING, field, "missing");
    return refuse(r, NULL, HAUL_REASON_MISSING, field, "missing; a %s has it", r->plan->row->name);
}

/* ---- values that nobody asked for ---------------------------------------------------------------------------------
 */
/* Passes over one value inside the record's map: HAUL_DEPTH_MAX deep with the record itself as the first level.
 * `owed`: the values of the record that must still come behind it. */
static const uint8_t *skip_value(const struct reader *r, const uint8_t *p, uint64_t owed)
{
    uint64_t remaining[HAUL_DEPTH_MAX] = {1}, pending = owed + 1;
    unsigned level = 0;
    for (;;) {
        while (remaining[level] == 0) {
            if (level == 0) return p;
            level--;
        }
        struct mp_head h;
        const enum mp_found found = mp_read_head(p, r->end, &h);
        if (found == MP_SHORT) return refuse_short(r, p, "");
        if (found == MP_INVALID) return refuse_form(r, p, "", "a value");
        const uint8_t *const at = p;
        p += h.bytes;
        remaining[level]--;
        pending += h.children;
        pending--;
        if (pending > left(r, p)) return refuse_count(r, at, "", &h);
        if (!h.container) continue;
        if (level + 1 == HAUL_DEPTH_MAX)
            return refuse(r, at, HAUL_REASON_TOO_DEEP, "", "nested more than %d deep", HAUL_DEPTH_MAX);
        remaining[++level] = h.children;
    }
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */
struct number {
    enum { NUMBER_INT, NUMBER_BEYOND, NUMBER_REAL } form; /* BEYOND: a uint64 above INT64_MAX, in f */
    int64_t i;
    double f;
};

static struct number number_of_u64(uint64_t v)
{
    return v <= INT64_MAX ? (struct number){NUMBER_INT, (int64_t)v, 0} : (struct number){NUMBER_BEYOND, 0, (double)v};
}

/* A number in any of its forms. */
static const uint8_t *read_number(const struct reader *r, const uint8_t *p, const char *field, const char *expected,
                                  struct number *n)
{
    struct mp_head h;
    const enum mp_found found = mp_read_head(p, r->end, &h);
    if (found == MP_SHORT) return refuse_short(r, p, field);
    if (found == MP_INVALID) return refuse_form(r, p, field, expected);
    *n = (struct number){0};
    switch (*p) {
    case MP_FLOAT32:
        n->form = NUMBER_REAL, n->f = mp_f32(p + 1);
        break;
    case MP_FLOAT64:
        n->form = NUMBER_REAL, n->f = mp_f64(p + 1);
        break;
    case MP_UINT8:
        n->i = p[1];
        break;
    case MP_UINT16:
        n->i = mp_u16(p + 1);
        break;
    case MP_UINT32:
        n->i = mp_u32(p + 1);
        break;
    case MP_UINT64:
        *n = number_of_u64(mp_u64(p + 1));
        break;
    case MP_INT8:
        n->i = (int8_t)p[1];
        break;
    case MP_INT16:
        n->i = (int16_t)mp_u16(p + 1);
        break;
    case MP_INT32:
        n->i = (int32_t)mp_u32(p + 1);
        break;
    case MP_INT64:
        n->i = (int64_t)mp_u64(p + 1);
        break;
    default:
        if (!mp_is_integer(*p)) return refuse_form(r, p, field, expected);
        n->i = (int8_t)*p;
    }
    return p + h.bytes;
}

RARE static const uint8_t *any_real(const struct reader *r, const uint8_t *p, const char *field, double *out)
{
    struct number n;
    const uint8_t *const behind = read_number(r, p, field, "a number", &n);
    if (behind != NULL) *out = n.form == NUMBER_INT ? (double)n.i : n.f;
    return behind;
}

static inline const uint8_t *read_real(const struct reader *r, const uint8_t *p, double low, double high,
                                       const char *field, double *out)
{
    const uint8_t *const at = p;
    double v;
    if (left(r, p) >= 9 && *p == MP_FLOAT64)
        v = mp_f64(p + 1), p += 9;
    else if (p < r->end && *p < MP_FIXMAP)
        v = *p, p++;
    else if (left(r, p) >= 5 && *p == MP_FLOAT32)
        v = mp_f32(p + 1), p += 5;
    else if ((p = any_real(r, p, field, &v)) == NULL)
        return NULL;
    if (!(v >= low && v <= high)) return refuse_real(r, at, field, v, low, high);
    *out = v;
    return p;
}

/* A float that stands where an integer is meant. */
static const uint8_t *whole(const struct reader *r, const uint8_t *at, const char *field, const char *expected,
                            double v, int64_t *out)
{
    if (!__builtin_isfinite(v))
        return refuse(r, at, HAUL_REASON_NOT_FINITE, field, "not a finite number; expected %s", expected);
    if (v >= 0x1p63 || v < -0x1p63)
        return refuse(r, at, HAUL_REASON_OUT_OF_RANGE, field, "%.15g does not fit a signed integer of 64 bits", v);
    *out = (int64_t)v;
    if ((double)*out == v) return at;
    return refuse(r, at, HAUL_REASON_TYPE, field, "%.15g has a fraction; expected %s", v, expected);
}

RARE static const uint8_t *any_integer(const struct reader *r, const uint8_t *p, const char *field,
                                       const char *expected, int64_t *out)
{
    struct number n;
    const uint8_t *const behind = read_number(r, p, field, expected, &n);
    if (behind == NULL) return NULL;
    *out = n.i;
    if (n.form != NUMBER_INT && whole(r, p, field, expected, n.f, out) == NULL) return NULL;
    return behind;
}

static inline const uint8_t *read_integer(const struct reader *r, const uint8_t *p, int64_t low, int64_t high,
                                          const char *field, int64_t *out)
{
    const uint8_t *const at = p;
    int64_t v = 0;
    if (p < r->end && *p < MP_FIXMAP)
        v = *p, p++;
    else if (left(r, p) >= 5 && *p == MP_UINT32)
        v = mp_u32(p + 1), p += 5;
    else if (left(r, p) >= 3 && *p == MP_UINT16)
        v = mp_u16(p + 1), p += 3;
    else if (left(r, p) >= 2 && *p == MP_UINT8)
        v = p[1], p += 2;
    else if ((p = any_integer(r, p, field, "an integer", &v)) == NULL)
        return NULL;
    if (v < low || v > high) return refuse_integer(r, at, field, v, low, high);
    *out = v;
    return p;
}

/* ---- strings ----------------------------------------------------------------------------------------------------- */
/* A string or bytes whose length stands in `bytes` bytes behind the first. */
static const uint8_t *long_string(const struct reader *r, const uint8_t *p, unsigned bytes, const char *field,
                                  struct haul_str *out)
{
    if (left(r, p) < 1 + bytes) return refuse_short(r, p, field);
    const size_t n = mp_length(p + 1, bytes);
    if (n > left(r, p) - 1 - bytes) return refuse_short(r, p, field);
    p += 1 + bytes;
    *out = (struct haul_str){(const char *)p, n};
    return p + n;
}

static inline const uint8_t *read_string(const struct reader *r, const uint8_t *p, const char *field,
                                         struct haul_str *out)
{
    if (p < r->end && (*p & 0xe0) == MP_FIXSTR) {
        const size_t n = *p & 0x1fu;
        if (left(r, p) <= n) return refuse_short(r, p, field);
        *out = (struct haul_str){(const char *)p + 1, n};
        return p + 1 + n;
    }
    if (p >= r->end || *p < MP_STR8 || *p > MP_STR32) return refuse_form(r, p, field, "a string");
    return long_string(r, p, 1u << (*p - MP_STR8), field, out);
}

/* Eight bytes at a time: nothing above 0x7f. Strings in telemetry are short and ASCII. */
static inline bool all_ascii(struct haul_str s)
{
    uint64_t high = 0, word;
    size_t i = 0;
    for (; i + 8 <= s.n; i += 8) {
        memcpy(&word, s.p + i, 8);
        high |= word;
    }
    for (; i < s.n; i++) high |= (uint8_t)s.p[i];
    return (high & 0x8080808080808080u) == 0;
}

static inline const uint8_t *read_text(const struct reader *r, const uint8_t *p, int64_t low, int64_t high,
                                       const char *field, struct haul_str *out)
{
    const uint8_t *const at = p;
    struct haul_str s;
    if ((p = read_string(r, p, field, &s)) == NULL) return NULL;
    if ((int64_t)s.n < low || (int64_t)s.n > high) return refuse_length(r, at, field, s.n, low, high);
    if (!all_ascii(s) && !haul_utf8_valid(s)) return refuse(r, at, HAUL_REASON_UTF8, field, "not valid UTF-8");
    *out = s;
    return p;
}

#define EACH(byte) (0x0101010101010101u * (byte))

/* Not zero when a byte of the word is below 0x20, 0x7f or above (Mycroft's trick for bytes below a bound). */
static inline uint64_t odd_in(uint64_t word)
{
    const uint64_t below = (word - EACH(0x20)) & ~word, delete = (word ^ EACH(0x7f)) - EACH(1);
    return (word | below | delete) & EACH(0x80);
}

/* 0x20 to 0x7e only; anything else sends the id to the full check. */
static inline bool plain_id(struct haul_str s)
{
    uint64_t word, odd = 0;
    if (s.n < 8) {
        for (size_t i = 0; i < s.n; i++) odd |= (uint8_t)(s.p[i] - 0x20) >= 0x5f;
        return odd == 0;
    }
    for (size_t i = 0; i + 8 <= s.n; i += 8) {
        memcpy(&word, s.p + i, 8);
        odd |= odd_in(word);
    }
    memcpy(&word, s.p + s.n - 8, 8); /* the rest, and some bytes again */
    return (odd | odd_in(word)) == 0;
}

static inline const uint8_t *read_id(const struct reader *r, const uint8_t *p, struct haul_str *out)
{
    const uint8_t *const at = p;
    struct haul_str s;
    if ((p = read_string(r, p, "id", &s)) == NULL) return NULL;
    if (s.n < 1 || s.n > HAUL_ID_MAX) return refuse_length(r, at, "id", s.n, 1, HAUL_ID_MAX);
    *out = s;
    if (plain_id(s) || haul_id_valid(s)) return p;
    if (!haul_utf8_valid(s)) return refuse(r, at, HAUL_REASON_UTF8, "id", "not valid UTF-8");
    return refuse(r, at, HAUL_REASON_OUT_OF_RANGE, "id", "has a control character");
}

/* ---- the envelope -------------------------------------------------------------------------------------------------
 */
static const char time_expected[] = "milliseconds since 1970, or a timestamp";

COLD static const uint8_t *refuse_time(const struct reader *r, const uint8_t *at)
{
    return refuse(r, at, HAUL_REASON_OUT_OF_RANGE, "time", "outside the years 0000 to 9999");
}

/* Extension -1 of 4 bytes (seconds), 8 (30 bits of nanoseconds, 34 of seconds) or 12 (32 and 64). msgpack-c checks
 * neither the nanoseconds nor the range. */
RARE static const uint8_t *read_timestamp(const struct reader *r, const uint8_t *p, struct haul_time *out)
{
    struct mp_head h;
    if (mp_read_head(p, r->end, &h) != MP_GOOD) return refuse_short(r, p, "time");
    const uint8_t *const data = p + 1 + mp_length_bytes(*p) + 1; /* behind the type */
    const size_t n = (size_t)(p + h.bytes - data);
    if (data[-1] != 0xff || (n != 4 && n != 8 && n != 12))
        return refuse(r, p, HAUL_REASON_TYPE, "time", "found extension %d of %zu bytes; expected %s", (int8_t)data[-1],
                      n, time_expected);
    const int64_t second = n == 4   ? (int64_t)mp_u32(data)
                           : n == 8 ? (int64_t)(mp_u64(data) & 0x3ffffffffu)
                                    : (int64_t)mp_u64(data + 4);
    const uint32_t nano = n == 4 ? 0 : n == 8 ? (uint32_t)(mp_u64(data) >> 34) : mp_u32(data);
    if (nano > 999999999)
        return refuse(r, p, HAUL_REASON_OUT_OF_RANGE, "time", "%u nanoseconds; expected at most 999999999", nano);
    if (second < TIME_LOW_MS / 1000 || second > TIME_HIGH_MS / 1000) return refuse_time(r, p);
    out->ms = second * 1000 + nano / 1000000;
    return p + h.bytes;
}

static inline const uint8_t *read_time(const struct reader *r, const uint8_t *p, struct haul_time *out)
{
    const uint8_t *const at = p;
    int64_t ms;
    if (left(r, p) >= 9 && *p == MP_UINT64 && p[1] < 0x80)
        ms = (int64_t)mp_u64(p + 1), p += 9;
    else if (p < r->end && mp_is_extension(*p))
        return read_timestamp(r, p, out);
    else if ((p = any_integer(r, p, "time", time_expected, &ms)) == NULL)
        return NULL;
    if (ms < TIME_LOW_MS || ms > TIME_HIGH_MS) return refuse_time(r, at);
    out->ms = ms;
    return p;
}

COLD static const uint8_t *refuse_kind(const struct reader *r, const uint8_t *at)
{
    return refuse(r, at, HAUL_REASON_KIND, "kind", "not a kind that haul knows (haul schema lists them)");
}

static inline const uint8_t *read_kind(struct reader *r, const uint8_t *p)
{
    const uint8_t *const at = p;
    int64_t kind = 0;
    if (p < r->end && mp_is_string(*p)) {
        struct haul_str name;
        if ((p = read_string(r, p, "kind", &name)) == NULL) return NULL;
        kind = haul_kind_find(name);
    } else if (p < r->end && *p < MP_FIXMAP) {
        kind = *p++;
    } else if ((p = any_integer(r, p, "kind", "the number or the name of a kind", &kind)) == NULL) {
        return NULL;
    }
    const struct plan *const plan = kind < 0 || kind >= HAUL_KIND_MAX ? NULL : haul_plan((unsigned)kind);
    if (plan == NULL) return refuse_kind(r, at);
    if (r->plan == NULL) memcpy(r->out->v, plan->fallbacks, plan->fallbacks_len * sizeof r->out->v[0]);
    r->plan = plan;
    r->out->kind = (uint16_t)kind;
    return p;
}

static inline const uint8_t *read_version(const struct reader *r, const uint8_t *p, uint8_t *out)
{
    const uint8_t *const at = p;
    int64_t v = 0;
    if ((p = read_integer(r, p, INT64_MIN, UINT32_MAX, "v", &v)) == NULL) return NULL;
    if (v < 1) return refuse(r, at, HAUL_REASON_VERSION, "v", "%lld; versions begin at 1", (long long)v);
    *out = v > UINT8_MAX ? UINT8_MAX : (uint8_t)v;
    return p;
}

static const uint8_t *read_crs(const struct reader *r, const uint8_t *p, uint8_t *out)
{
    const uint8_t *const at = p;
    int64_t v = 0;
    if ((p = read_integer(r, p, INT64_MIN, INT64_MAX, "crs", &v)) == NULL) return NULL;
    if (v < 0 || v > CRS_HIGH)
        return refuse(r, at, HAUL_REASON_CRS, "crs", "%lld is not a coordinate system; expected 0 to %d", (long long)v,
                      CRS_HIGH);
    *out = (uint8_t)v;
    return p;
}

COLD static const uint8_t *refuse_duplicate(const struct reader *r, const uint8_t *at, unsigned key)
{
    return refuse(r, at, HAUL_REASON_DUPLICATE, haul_key_name(r->plan, key), "given twice");
}

/* `at`: the key, for a refusal. */
static inline const uint8_t *read_envelope(struct reader *r, const uint8_t *at, const uint8_t *p, unsigned key)
{
    struct haul_record *const out = r->out;
    if (r->seen >> key & 1) return refuse_duplicate(r, at, key);
    r->seen |= 1u << key;
    switch ((enum envelope)key) {
    case ENV_VERSION:
        return read_version(r, p, &out->version);
    case ENV_KIND:
        return read_kind(r, p);
    case ENV_ID:
        return read_id(r, p, &out->id);
    case ENV_TIME:
        return read_time(r, p, &out->time);
    case ENV_SOURCE:
        return read_text(r, p, 0, SOURCE_MAX, "source", &out->source);
    case ENV_LON:
        return read_real(r, p, -180, 180, "lon", &out->lon_deg);
    case ENV_LAT:
        return read_real(r, p, -90, 90, "lat", &out->lat_deg);
    case ENV_CRS:
        return read_crs(r, p, &out->crs);
    case ENV_COUNT:
    case KEY_UNKNOWN:
        break;
    }
    assert(false);
    return NULL;
}

/* ---- fields -------------------------------------------------------------------------------------------------------
 */
static const uint8_t *read_bool(const struct reader *r, const uint8_t *p, const char *field, int64_t *out)
{
    if (p >= r->end || (*p != MP_FALSE && *p != MP_TRUE)) return refuse_form(r, p, field, "true or false");
    *out = *p == MP_TRUE;
    return p + 1;
}

static const uint8_t *read_bytes(const struct reader *r, const uint8_t *p, const struct slot *s, struct haul_str *out)
{
    const uint8_t *const at = p;
    if (p >= r->end || *p < MP_BIN8 || *p > MP_BIN32) return refuse_form(r, p, s->name, "a binary string");
    if ((p = long_string(r, p, 1u << (*p - MP_BIN8), s->name, out)) == NULL) return NULL;
    if ((int64_t)out->n < s->low.i || (int64_t)out->n > s->high.i)
        return refuse_length(r, at, s->name, out->n, s->low.i, s->high.i);
    return p;
}

static const uint8_t *read_reals(const struct reader *r, const uint8_t *p, uint64_t owed, const struct slot *s,
                                 union haul_value *out)
{
    const uint8_t *const at = p;
    struct mp_head h;
    if (p >= r->end || !mp_is_array(*p)) return refuse_form(r, p, s->name, "an array of numbers");
    if (mp_read_head(p, r->end, &h) != MP_GOOD) return refuse_short(r, p, s->name);
    p += h.bytes;
    if (h.children + owed > left(r, p)) return refuse_count(r, at, s->name, &h);
    if (h.children > HAUL_REALS_MAX)
        return refuse(r, at, HAUL_REASON_TOO_MANY, s->name, "%u numbers; expected at most %d", (unsigned)h.children,
                      HAUL_REALS_MAX);
    double *const to = haul_arena_take(r->scratch, (size_t)h.children * sizeof *to);
    assert(to != NULL);
    for (size_t i = 0; i < h.children; i++)
        if ((p = read_real(r, p, s->low.f, s->high.f, s->name, to + i)) == NULL) return NULL;
    out->reals.p = to;
    out->reals.n = (size_t)h.children;
    return p;
}

static inline const uint8_t *read_field(const struct reader *r, const uint8_t *at, const uint8_t *p, unsigned f,
                                        uint64_t owed)
{
    const struct slot *const s = r->plan->slots + f;
    union haul_value *const v = r->out->v + f;
    if (r->out->present >> f & 1) return refuse_duplicate(r, at, f + HAUL_FIELD_BASE);
    r->out->present |= 1ull << f;
    switch ((enum haul_type)s->type) {
    case HAUL_BOOL:
        return read_bool(r, p, s->name, &v->i);
    case HAUL_INT:
        return read_integer(r, p, s->low.i, s->high.i, s->name, &v->i);
    case HAUL_REAL:
        return read_real(r, p, s->low.f, s->high.f, s->name, &v->f);
    case HAUL_TEXT:
        return read_text(r, p, s->low.i, s->high.i, s->name, &v->s);
    case HAUL_BYTES:
        return read_bytes(r, p, s, &v->s);
    case HAUL_REALS:
        return read_reals(r, p, owed, s, v);
    }
    assert(false);
    return NULL;
}

/* ---- the map ------------------------------------------------------------------------------------------------------
 */
/* A key becomes its number; a name becomes its number too, or KEY_NAMED while the kind that would know it is not read
 * yet. What no field can have becomes KEY_UNKNOWN. */
#define KEY_NAMED 254
#define KEY_END   (HAUL_FIELD_BASE + HAUL_FIELDS_MAX)

RARE static const uint8_t *other_key(const struct reader *r, const uint8_t *p, unsigned *key)
{
    const uint8_t *const at = p;
    struct number n;
    if (p < r->end && mp_is_string(*p)) {
        struct haul_str name;
        if ((p = read_string(r, p, "", &name)) == NULL) return NULL;
        *key = haul_key_find(r->plan, name);
        if (*key == KEY_UNKNOWN && r->plan == NULL) *key = KEY_NAMED;
        return p;
    }
    if (p < r->end && *p != MP_UNUSED && !mp_is_integer(*p))
        return refuse(r, p, HAUL_REASON_KEY, "", "a key is %s; expected a number or a name", mp_form_name(*p));
    if ((p = read_number(r, p, "", "a key", &n)) == NULL) return NULL;
    if (n.i < 0) return refuse(r, at, HAUL_REASON_KEY, "", "a key is %lld; expected 0 or more", (long long)n.i);
    *key = n.form == NUMBER_BEYOND || n.i >= KEY_END ? (unsigned)KEY_UNKNOWN : (unsigned)n.i;
    return p;
}

static inline const uint8_t *read_key(const struct reader *r, const uint8_t *p, unsigned *key)
{
    if (p >= r->end || *p >= KEY_END) return other_key(r, p, key);
    *key = *p;
    return p + 1;
}

/* A field came before the kind that says what it is: looks the kind up among the `pairs` that follow the value at p.
 * Returns p. */
RARE static const uint8_t *find_kind(struct reader *r, const uint8_t *p, uint64_t pairs)
{
    const uint8_t *ahead = skip_value(r, p, 2 * pairs);
    while (ahead != NULL && pairs > 0) {
        unsigned key;
        pairs--;
        if ((ahead = read_key(r, ahead, &key)) == NULL) return NULL;
        if (key == ENV_KIND) return read_kind(r, ahead) == NULL ? NULL : p;
        ahead = skip_value(r, ahead, 2 * pairs);
    }
    return ahead == NULL ? NULL : refuse_missing(r, "kind");
}

/* A key and its value; `pairs` more follow. */
static inline const uint8_t *read_pair(struct reader *r, const uint8_t *p, uint64_t pairs)
{
    const uint8_t *const at = p;
    unsigned key;
    if ((p = read_key(r, p, &key)) == NULL) return NULL;
    if (key < ENV_COUNT) return read_envelope(r, at, p, key);
    if (r->plan == NULL && key >= HAUL_FIELD_BASE && key != KEY_UNKNOWN) {
        if (find_kind(r, p, pairs) == NULL) return NULL;
        if (key == KEY_NAMED && read_key(r, at, &key) == NULL) return NULL;
    }
    const unsigned f = key - HAUL_FIELD_BASE;
    if (f < HAUL_FIELDS_MAX && (r->plan->known >> f & 1)) return read_field(r, at, p, f, 2 * pairs);
    r->out->unknown++;
    return skip_value(r, p, 2 * pairs);
}

/* Everything that must be there is there. */
static inline bool complete(const struct reader *r)
{
    const unsigned needed = 1u << ENV_ID | 1u << ENV_TIME, position = 1u << ENV_LON | 1u << ENV_LAT;
    if (r->plan == NULL) return refuse_missing(r, "kind");
    if ((r->seen & needed) != needed) return refuse_missing(r, r->seen >> ENV_ID & 1 ? "time" : "id");
    r->out->positioned = (r->seen & position) == position;
    if (!r->out->positioned && ((r->seen & position) != 0 || r->plan->row->positioned))
        return refuse_missing(r, r->seen >> ENV_LON & 1 ? "lat" : "lon");
    const uint64_t missing = r->plan->required & ~r->out->present;
    return missing == 0 || refuse_missing(r, r->plan->slots[__builtin_ctzll(missing)].name);
}

static const uint8_t *read_map_head(const struct reader *r, const uint8_t *p, uint64_t *pairs)
{
    struct mp_head h;
    const enum mp_found found = mp_read_head(p, r->end, &h);
    if (found == MP_SHORT) return refuse_short(r, p, "");
    if (found == MP_INVALID) return refuse_form(r, p, "", "a map");
    if (!mp_is_map(*p)) return refuse(r, p, HAUL_REASON_NOT_A_MAP, "", "found %s; expected a map", mp_form_name(*p));
    if (h.children > left(r, p + h.bytes)) return refuse_count(r, p, "", &h);
    *pairs = h.children / 2;
    return p + h.bytes;
}

static const uint8_t *read_record(struct reader *r)
{
    uint64_t pairs = 0;
    const uint8_t *p = read_map_head(r, r->start, &pairs);
    while (p != NULL && pairs > 0) p = read_pair(r, p, --pairs);
    return p != NULL && complete(r) ? p : NULL;
}

/* ---- public -------------------------------------------------------------------------------------------------------
 */
bool haul_message_open(struct haul_message_cursor *c, struct haul_str message, struct haul_refusal *why)
{
    static const uint8_t nothing[1];
    const uint8_t *const p = message.n == 0 ? nothing : (const uint8_t *)message.p; /* a tombstone has no pointer */
    const struct reader r = {.start = p, .end = p + message.n, .why = why};
    *c = (struct haul_message_cursor){.p = p, .end = p + message.n, .left = 1, .count = 1};
    if (message.n == 0) return refuse(&r, NULL, HAUL_REASON_EMPTY, "", "the message has no bytes");
    if (message.n > HAUL_RECORD_MAX)
        return refuse(&r, NULL, HAUL_REASON_TOO_LARGE, "", "%zu bytes; expected at most %d", message.n,
                      HAUL_RECORD_MAX);
    if (mp_is_map(*p)) return true;
    if (*p == MP_UNUSED) return refuse_form(&r, p, "", "a map or an array of maps");
    if (!mp_is_array(*p))
        return refuse(&r, p, HAUL_REASON_NOT_A_MAP, "", "found %s; expected a map or an array of maps",
                      mp_form_name(*p));
    struct mp_head h;
    if (mp_read_head(p, c->end, &h) != MP_GOOD) return refuse_short(&r, p, "");
    if (h.children == 0) return refuse(&r, p, HAUL_REASON_EMPTY, "", "the message is an array without a record");
    if (h.children > HAUL_MESSAGE_MAX)
        return refuse(&r, p, HAUL_REASON_TOO_MANY, "", "an array of %llu; expected at most %d records",
                      (unsigned long long)h.children, HAUL_MESSAGE_MAX);
    c->p += h.bytes;
    if (h.children > left(&r, c->p)) return refuse_count(&r, p, "", &h);
    c->left = c->count = (uint32_t)h.children;
    return true;
}

/* The cursor goes behind a record; what lies behind the last is one more, marked as the rest. */
static inline void step(struct haul_message_cursor *c, const uint8_t *behind)
{
    c->p = behind;
    c->left--;
    if (c->left > 0 || c->p == c->end) return;
    c->rest = true;
    c->left = 1;
    c->count++;
}

static inline void clear(struct haul_record *out)
{
    out->kind = HAUL_KIND_NONE;
    out->version = HAUL_SCHEMA;
    out->crs = 0;
    out->positioned = false;
    out->id = out->source = (struct haul_str){"", 0};
    out->time = HAUL_TIME_NONE;
    out->lon_deg = out->lat_deg = 0;
    out->present = 0;
    out->unknown = 0;
}

/* What was refused: to the end of it, when that can be found, else the message ends here. */
COLD static bool give_up(struct haul_message_cursor *c, struct haul_record *out)
{
    const uint8_t *const behind = c->rest ? NULL : mp_extent(c->p, c->end);
    out->raw = (struct haul_str){(const char *)c->p, (size_t)((behind == NULL ? c->end : behind) - c->p)};
    if (behind != NULL)
        step(c, behind);
    else
        c->p = c->end, c->left = 0;
    return false;
}

bool haul_record_decode(struct haul_message_cursor *c, struct haul_record *out, struct haul_arena *scratch,
                        struct haul_refusal *why)
{
    assert(c->left > 0);
    struct reader r = {.start = c->p, .end = c->end, .out = out, .scratch = scratch, .why = why};
    clear(out);
    const uint8_t *const behind = c->rest ? refuse(&r, c->p, HAUL_REASON_TOO_MANY, "",
                                                   "%zu bytes follow the message's last record", left(&r, c->p))
                                          : read_record(&r);
    if (behind == NULL) return give_up(c, out);
    out->raw = (struct haul_str){(const char *)r.start, (size_t)(behind - r.start)};
    step(c, behind);
    return true;
}
