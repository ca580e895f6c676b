/* SPDX-License-Identifier: Apache-2.0
 * The hot decoder: one pass over a record's msgpack in place, driven by the tables of records.def. Every read is
 * bounded by the message; every declared count is held against the bytes that are left, cumulatively, before anything
 * is done about it; nothing is allocated and nothing but the kind's own fields is written.
 *
 * msgpack: https://github.com/msgpack/msgpack/blob/master/spec.md. Stricter than it: maps do not repeat a field.
 * More generous: an integer is a number, and a number without a fraction is an integer, because that is what languages
 * without the difference send.
 *
 * The oracle is msgpack-c with the checks written a second time: tests/fuzz/engine/fuzz_record.c.
 */
#include "processors/engine/record_tables.h"

#include <stdarg.h>
#include <stdio.h>

struct reader {
    const uint8_t *p, *end;
    const uint8_t *start;    /* of the record: offsets are told from here */
    uint64_t owed;           /* elements of the record that must still come behind the value that is read now */
    const struct plan *plan; /* NULL until the kind is known */
    unsigned seen;           /* bit k: key k of the envelope was there */
    struct haul_arena *scratch;
    struct haul_refusal *why;
};

#define COLD __attribute__((cold, noinline))
#define RARE __attribute__((noinline)) /* good input comes here too: not to be laid out with the refusals */

/* ---- refusals --------------------------------------------------------------------------------------------------- */
/* "speed_kmh at byte 31: 612.5 is out of range; expected 0 to 400 km/h". `at` NULL: the record as a whole. */
COLD __attribute__((format(printf, 5, 6))) static bool
refuse(const struct reader *r, const uint8_t *at, enum haul_reason reason, const char *field, const char *format, ...)
{
    struct haul_refusal *why = r->why;
    why->reason = reason;
    snprintf(why->field, sizeof why->field, "%s", field);
    int n = snprintf(why->text, sizeof why->text, "%s", *field != '\0' ? field : "record");
    if (at != NULL) n += snprintf(why->text + n, sizeof why->text - (size_t)n, " at byte %zu", (size_t)(at - r->start));
    n += snprintf(why->text + n, sizeof why->text - (size_t)n, ": ");
    va_list args;
    va_start(args, format);
    vsnprintf(why->text + n, sizeof why->text - (size_t)n, format, args);
    va_end(args);
    return false;
}

COLD static bool refuse_short(const struct reader *r, const uint8_t *at, const char *field)
{
    return refuse(r, at, HAUL_REASON_TRUNCATED, field, "the message ends inside it");
}

/* What a first byte announces, for people. */
static const char *form_name(uint8_t byte)
{
    if (byte < 0x80 || byte >= 0xe0 || (byte >= 0xcc && byte <= 0xd3)) return "an integer";
    if (byte <= 0x8f || byte >= 0xde) return "a map";
    if (byte <= 0x9f || byte >= 0xdc) return "an array";
    if (byte <= 0xbf || byte >= 0xd9) return "a string";
    if (byte == 0xc0) return "nil";
    if (byte == 0xc1) return "the byte 0xc1, which msgpack does not use";
    if (byte <= 0xc3) return "a boolean";
    if (byte <= 0xc6) return "a binary string";
    if (byte == 0xca || byte == 0xcb) return "a floating-point number";
    return "an extension";
}

/* The value at r->p is not of the form that was expected, or is not there. */
COLD static bool refuse_form(const struct reader *r, const char *field, const char *expected)
{
    if (r->p >= r->end) return refuse_short(r, r->p, field);
    if (*r->p == 0xc1) return refuse(r, r->p, HAUL_REASON_NOT_MSGPACK, field, "0xc1 is not msgpack");
    return refuse(r, r->p, HAUL_REASON_TYPE, field, "found %s; expected %s", form_name(*r->p), expected);
}

COLD static bool refuse_real(const struct reader *r, const uint8_t *at, const char *field, double v, double low,
                             double high)
{
    if (!__builtin_isfinite(v))
        return refuse(r, at, HAUL_REASON_NOT_FINITE, field, "%s is not a finite number; expected %.15g to %.15g",
                      __builtin_isnan(v) ? "NaN"
                      : v > 0            ? "infinity"
                                         : "minus infinity",
                      low, high);
    return refuse(r, at, HAUL_REASON_OUT_OF_RANGE, field, "%.15g is out of range; expected %.15g to %.15g", v, low,
                  high);
}

/* ---- msgpack: what stands behind a first byte -------------------------------------------------------------------- */
static inline uint64_t big_endian(const uint8_t *p, unsigned n)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < n; i++) v = v << 8 | p[i];
    return v;
}

static inline uint16_t be16(const uint8_t *p)
{
    uint16_t v;
    memcpy(&v, p, 2);
    return __builtin_bswap16(v);
}

static inline uint32_t be32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return __builtin_bswap32(v);
}

static inline uint64_t be64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return __builtin_bswap64(v);
}

static inline double be_double(const uint8_t *p)
{
    const uint64_t bits = be64(p);
    double v;
    memcpy(&v, &bits, 8);
    return v;
}

static inline double be_float(const uint8_t *p)
{
    const uint32_t bits = be32(p);
    float v;
    memcpy(&v, &bits, 4);
    return (double)v;
}

/* Any value's head: the bytes that belong to it alone, and the values that follow inside it. */
struct head {
    uint64_t bytes;    /* from the first byte on; the caller has checked only the head itself */
    uint64_t children; /* a map's keys and values both */
    bool container;
};

/* 0xc0 to 0xdf: bytes of a length field, bytes that are always there, bytes or children for each of the length. */
static const struct {
    uint8_t length, fixed, each, children;
} forms[32] = {
    {0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0},                /* nil, unused, booleans */
    {1, 0, 1, 0}, {2, 0, 1, 0}, {4, 0, 1, 0},                              /* bin */
    {1, 1, 1, 0}, {2, 1, 1, 0}, {4, 1, 1, 0},                              /* ext */
    {0, 4, 0, 0}, {0, 8, 0, 0},                                            /* float */
    {0, 1, 0, 0}, {0, 2, 0, 0}, {0, 4, 0, 0}, {0, 8, 0, 0},                /* uint */
    {0, 1, 0, 0}, {0, 2, 0, 0}, {0, 4, 0, 0}, {0, 8, 0, 0},                /* int */
    {0, 2, 0, 0}, {0, 3, 0, 0}, {0, 5, 0, 0}, {0, 9, 0, 0}, {0, 17, 0, 0}, /* fixext */
    {1, 0, 1, 0}, {2, 0, 1, 0}, {4, 0, 1, 0},                              /* str */
    {2, 0, 0, 1}, {4, 0, 0, 1}, {2, 0, 0, 2}, {4, 0, 0, 2},                /* array, map */
};

/* HAUL_REASON_NONE, TRUNCATED or NOT_MSGPACK. On NONE the value's own bytes all lie before end. */
static enum haul_reason read_head(const uint8_t *p, const uint8_t *end, struct head *h)
{
    *h = (struct head){.bytes = 1};
    if (p >= end) return HAUL_REASON_TRUNCATED;
    if (*p < 0x80 || *p >= 0xe0) return HAUL_REASON_NONE;
    if (*p < 0xa0) {
        h->container = true;
        h->children = (*p & 0x0fu) * (*p < 0x90 ? 2u : 1u);
        return HAUL_REASON_NONE;
    }
    if (*p < 0xc0) {
        h->bytes += *p & 0x1fu;
    } else if (*p == 0xc1) {
        return HAUL_REASON_NOT_MSGPACK;
    } else {
        const unsigned f = *p - 0xc0u, length = forms[f].length;
        if ((size_t)(end - p) < 1 + length) return HAUL_REASON_TRUNCATED;
        const uint64_t n = big_endian(p + 1, length);
        h->bytes += length + forms[f].fixed + n * forms[f].each;
        h->container = forms[f].children != 0;
        h->children = n * forms[f].children;
    }
    return h->bytes <= (uint64_t)(end - p) ? HAUL_REASON_NONE : HAUL_REASON_TRUNCATED;
}

COLD static bool refuse_count(const struct reader *r, const uint8_t *at, const char *field, uint64_t declared)
{
    return refuse(r, at, HAUL_REASON_TRUNCATED, field, "declares %llu values, but only %zu bytes follow",
                  (unsigned long long)declared, (size_t)(r->end - r->p));
}

/* Passes over one value inside the record's map: bounded by its bytes, HAUL_DEPTH_MAX deep with the record itself as
 * the first level. */
static bool skip_value(struct reader *r, const char *field)
{
    uint64_t left[HAUL_DEPTH_MAX] = {1}, pending = 1;
    unsigned level = 0;
    for (;;) {
        while (left[level] == 0) {
            if (level == 0) return true;
            level--;
        }
        struct head h;
        const enum haul_reason bad = read_head(r->p, r->end, &h);
        if (bad == HAUL_REASON_TRUNCATED) return refuse_short(r, r->p, field);
        if (bad != HAUL_REASON_NONE) return refuse_form(r, field, "a value");
        const uint8_t *const at = r->p;
        r->p += h.bytes;
        left[level]--;
        pending += h.children;
        pending--;
        if (pending + r->owed > (uint64_t)(r->end - r->p)) return refuse_count(r, at, field, h.children);
        if (!h.container) continue;
        if (level + 1 == HAUL_DEPTH_MAX)
            return refuse(r, at, HAUL_REASON_TOO_DEEP, field, "nested more than %d deep", HAUL_DEPTH_MAX);
        left[++level] = h.children;
    }
}

/* Where the value at p ends, however deep it is: a count of what is pending needs no stack. NULL when it does not end
 * before `end` or is not msgpack. */
static const uint8_t *extent(const uint8_t *p, const uint8_t *end)
{
    for (uint64_t pending = 1; pending > 0; pending--) {
        struct head h;
        if (read_head(p, end, &h) != HAUL_REASON_NONE) return NULL;
        p += h.bytes;
        pending += h.children;
        if (pending - 1 > (uint64_t)(end - p)) return NULL;
    }
    return p;
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */
struct number {
    enum { NUMBER_INT, NUMBER_BEYOND, NUMBER_REAL } form; /* BEYOND: a uint64 above INT64_MAX, in f */
    int64_t i;
    double f;
};

static void take_u64(struct number *n, uint64_t v)
{
    if (v <= INT64_MAX)
        *n = (struct number){NUMBER_INT, (int64_t)v, 0};
    else
        *n = (struct number){NUMBER_BEYOND, 0, (double)v};
}

/* Any msgpack number that is wholly there; the reader is moved behind it. */
static bool read_number(struct reader *r, const char *field, const char *expected, struct number *n)
{
    const uint8_t *const p = r->p;
    struct head h;
    const enum haul_reason bad = read_head(p, r->end, &h);
    if (bad == HAUL_REASON_TRUNCATED) return refuse_short(r, p, field);
    *n = (struct number){0};
    if (bad != HAUL_REASON_NONE) return refuse_form(r, field, expected);
    switch (*p) {
    case 0xca:
        n->form = NUMBER_REAL, n->f = be_float(p + 1);
        break;
    case 0xcb:
        n->form = NUMBER_REAL, n->f = be_double(p + 1);
        break;
    case 0xcc:
        n->i = p[1];
        break;
    case 0xcd:
        n->i = be16(p + 1);
        break;
    case 0xce:
        n->i = be32(p + 1);
        break;
    case 0xcf:
        take_u64(n, be64(p + 1));
        break;
    case 0xd0:
        n->i = (int8_t)p[1];
        break;
    case 0xd1:
        n->i = (int16_t)be16(p + 1);
        break;
    case 0xd2:
        n->i = (int32_t)be32(p + 1);
        break;
    case 0xd3:
        n->i = (int64_t)be64(p + 1);
        break;
    default:
        if (*p >= 0x80 && *p < 0xe0) return refuse_form(r, field, expected);
        n->i = (int8_t)*p;
    }
    r->p += h.bytes;
    return true;
}

RARE static bool any_real(struct reader *r, const char *field, double *out)
{
    struct number n;
    if (!read_number(r, field, "a number", &n)) return false;
    *out = n.form == NUMBER_INT ? (double)n.i : n.f;
    return true;
}

static inline bool read_real(struct reader *r, double low, double high, const char *field, double *out)
{
    const uint8_t *const p = r->p;
    double v;
    if (r->end - p >= 9 && *p == 0xcb)
        v = be_double(p + 1), r->p += 9;
    else if (r->end > p && *p < 0x80)
        v = (double)*p, r->p++;
    else if (r->end - p >= 5 && *p == 0xca)
        v = be_float(p + 1), r->p += 5;
    else if (!any_real(r, field, &v))
        return false;
    if (!(v >= low && v <= high)) return refuse_real(r, p, field, v, low, high);
    *out = v;
    return true;
}

RARE static bool any_integer(struct reader *r, const char *field, const char *expected, int64_t *out)
{
    const uint8_t *const p = r->p;
    struct number n;
    if (!read_number(r, field, expected, &n)) return false;
    if (n.form == NUMBER_BEYOND || (n.form == NUMBER_REAL && (n.f >= 0x1p63 || n.f < -0x1p63)))
        return __builtin_isfinite(n.f)
                   ? refuse(r, p, HAUL_REASON_OUT_OF_RANGE, field, "%.15g does not fit a signed integer of 64 bits",
                            n.f)
                   : refuse(r, p, HAUL_REASON_NOT_FINITE, field, "an infinity; expected %s", expected);
    if (n.form == NUMBER_REAL) {
        if (__builtin_isnan(n.f)) return refuse(r, p, HAUL_REASON_NOT_FINITE, field, "NaN; expected %s", expected);
        n.i = (int64_t)n.f;
        if ((double)n.i != n.f)
            return refuse(r, p, HAUL_REASON_TYPE, field, "%.15g has a fraction; expected %s", n.f, expected);
    }
    *out = n.i;
    return true;
}

static inline bool read_integer(struct reader *r, int64_t low, int64_t high, const char *field, int64_t *out)
{
    const uint8_t *const p = r->p;
    int64_t v;
    if (r->end > p && *p < 0x80)
        v = *p, r->p++;
    else if (r->end - p >= 5 && *p == 0xce)
        v = be32(p + 1), r->p += 5;
    else if (r->end - p >= 3 && *p == 0xcd)
        v = be16(p + 1), r->p += 3;
    else if (r->end - p >= 2 && *p == 0xcc)
        v = p[1], r->p += 2;
    else if (!any_integer(r, field, "an integer", &v))
        return false;
    if (v < low || v > high)
        return refuse(r, p, HAUL_REASON_OUT_OF_RANGE, field, "%lld is out of range; expected %lld to %lld",
                      (long long)v, (long long)low, (long long)high);
    *out = v;
    return true;
}

/* ---- strings ----------------------------------------------------------------------------------------------------- */
/* A string whose length field is `bytes` wide at p + 1. */
static bool long_string(struct reader *r, unsigned bytes, const char *field, struct haul_str *out)
{
    const uint8_t *const p = r->p;
    if ((size_t)(r->end - p) < 1 + bytes) return refuse_short(r, p, field);
    const uint64_t n = big_endian(p + 1, bytes);
    if (n > (uint64_t)(r->end - p) - 1 - bytes) return refuse_short(r, p, field);
    *out = (struct haul_str){(const char *)p + 1 + bytes, (size_t)n};
    r->p += 1 + bytes + n;
    return true;
}

static inline bool read_string(struct reader *r, const char *field, struct haul_str *out)
{
    const uint8_t *const p = r->p;
    if (p >= r->end) return refuse_short(r, p, field);
    if ((*p & 0xe0) == 0xa0) {
        const size_t n = *p & 0x1fu;
        if ((size_t)(r->end - p) <= n) return refuse_short(r, p, field);
        *out = (struct haul_str){(const char *)p + 1, n};
        r->p += 1 + n;
        return true;
    }
    if (*p < 0xd9 || *p > 0xdb) return refuse_form(r, field, "a string");
    return long_string(r, 1u << (*p - 0xd9), field, out);
}

static bool read_binary(struct reader *r, const char *field, struct haul_str *out)
{
    if (r->p >= r->end || *r->p < 0xc4 || *r->p > 0xc6) return refuse_form(r, field, "a binary string");
    return long_string(r, 1u << (*r->p - 0xc4), field, out);
}

COLD static bool refuse_length(const struct reader *r, const uint8_t *at, const char *field, size_t n, int64_t low,
                               int64_t high)
{
    return refuse(r, at, HAUL_REASON_OUT_OF_RANGE, field, "%zu bytes long; expected %lld to %lld bytes", n,
                  (long long)low, (long long)high);
}

#define EACH(byte) (0x0101010101010101u * (byte))

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
    return (high & EACH(0x80)) == 0;
}

static inline bool read_text(struct reader *r, int64_t low, int64_t high, const char *field, struct haul_str *out)
{
    const uint8_t *const at = r->p;
    struct haul_str s;
    if (!read_string(r, field, &s)) return false;
    if ((int64_t)s.n < low || (int64_t)s.n > high) return refuse_length(r, at, field, s.n, low, high);
    if (!all_ascii(s) && !haul_utf8_valid(s)) return refuse(r, at, HAUL_REASON_UTF8, field, "not valid UTF-8");
    *out = s;
    return true;
}

/* 0x20 to 0x7e only; false sends the id to the full check. */
static inline bool plain_id(struct haul_str s)
{
    unsigned odd = 0;
    for (size_t i = 0; i < s.n; i++) odd |= (uint8_t)(s.p[i] - 0x20) >= 0x5f;
    return odd == 0;
}

static inline bool read_id(struct reader *r, struct haul_str *out)
{
    const uint8_t *const at = r->p;
    struct haul_str s;
    if (!read_string(r, "id", &s)) return false;
    if (s.n < 1 || s.n > HAUL_ID_MAX) return refuse_length(r, at, "id", s.n, 1, HAUL_ID_MAX);
    if (!plain_id(s) && !haul_id_valid(s))
        return haul_utf8_valid(s) ? refuse(r, at, HAUL_REASON_OUT_OF_RANGE, "id", "has a control character")
                                  : refuse(r, at, HAUL_REASON_UTF8, "id", "not valid UTF-8");
    *out = s;
    return true;
}

/* ---- the envelope -------------------------------------------------------------------------------------------------
 */
COLD static bool refuse_time(const struct reader *r, const uint8_t *at)
{
    return refuse(r, at, HAUL_REASON_OUT_OF_RANGE, "time", "outside the years 0000 to 9999");
}

/* Extension -1: 4, 8 or 12 bytes. */
static bool read_timestamp(struct reader *r, struct haul_time *out)
{
    static const char expected[] = "milliseconds since 1970, or a timestamp";
    const uint8_t *const p = r->p;
    struct head h;
    const enum haul_reason bad = read_head(p, r->end, &h);
    if (bad == HAUL_REASON_TRUNCATED) return refuse_short(r, p, "time");
    if (bad != HAUL_REASON_NONE) return refuse_form(r, "time", expected);
    const unsigned length = forms[*p - 0xc0u].length;
    const uint8_t *const data = p + 1 + length + 1; /* behind the type */
    const size_t n = (size_t)(p + h.bytes - data);
    if (data[-1] != 0xff || (n != 4 && n != 8 && n != 12))
        return refuse(r, p, HAUL_REASON_TYPE, "time", "extension %d of %zu bytes; expected %s", (int8_t)data[-1], n,
                      expected);
    const int64_t second = n == 4   ? (int64_t)be32(data)
                           : n == 8 ? (int64_t)(be64(data) & 0x3ffffffffu)
                                    : (int64_t)be64(data + 4);
    const uint32_t nano = n == 4 ? 0 : n == 8 ? (uint32_t)(be64(data) >> 34) : be32(data);
    if (nano > 999999999)
        return refuse(r, p, HAUL_REASON_OUT_OF_RANGE, "time", "%u nanoseconds; expected at most 999999999", nano);
    if (second < TIME_LOW_MS / 1000 || second > TIME_HIGH_MS / 1000) return refuse_time(r, p);
    out->ms = second * 1000 + nano / 1000000;
    r->p += h.bytes;
    return true;
}

static inline bool read_time(struct reader *r, struct haul_time *out)
{
    const uint8_t *const p = r->p;
    int64_t ms;
    if (r->end - p >= 9 && *p == 0xcf && p[1] < 0x80)
        ms = (int64_t)be64(p + 1), r->p += 9;
    else if (r->end > p && ((*p >= 0xc7 && *p <= 0xc9) || (*p >= 0xd4 && *p <= 0xd8)))
        return read_timestamp(r, out);
    else if (!any_integer(r, "time", "milliseconds since 1970, or a timestamp", &ms))
        return false;
    if (ms < TIME_LOW_MS || ms > TIME_HIGH_MS) return refuse_time(r, p);
    out->ms = ms;
    return true;
}

static bool read_kind(struct reader *r, struct haul_record *out)
{
    const uint8_t *const p = r->p;
    int64_t kind = 0;
    if (p < r->end && ((*p & 0xe0) == 0xa0 || (*p >= 0xd9 && *p <= 0xdb))) {
        struct haul_str name;
        if (!read_string(r, "kind", &name)) return false;
        kind = haul_kind_find(name);
    } else if (!any_integer(r, "kind", "the number or the name of a kind", &kind)) {
        return false;
    }
    const struct plan *const plan = kind < 0 || kind >= HAUL_KIND_MAX ? NULL : haul_plan((unsigned)kind);
    if (plan == NULL)
        return refuse(r, p, HAUL_REASON_KIND, "kind", "not a kind that haul knows (haul schema lists them)");
    if (r->plan == NULL) memcpy(out->v, plan->fallbacks, plan->fallbacks_len * sizeof out->v[0]);
    r->plan = plan;
    out->kind = (uint16_t)kind;
    return true;
}

static bool read_version(struct reader *r, struct haul_record *out)
{
    const uint8_t *const p = r->p;
    int64_t v;
    if (!read_integer(r, INT64_MIN, INT64_MAX, "v", &v)) return false;
    if (v < 1) return refuse(r, p, HAUL_REASON_VERSION, "v", "%lld; versions begin at 1", (long long)v);
    out->version = v > UINT8_MAX ? UINT8_MAX : (uint8_t)v;
    return true;
}

static bool read_crs(struct reader *r, struct haul_record *out)
{
    const uint8_t *const p = r->p;
    int64_t v;
    if (!read_integer(r, INT64_MIN, INT64_MAX, "crs", &v)) return false;
    if (v < 0 || v > CRS_HIGH)
        return refuse(r, p, HAUL_REASON_CRS, "crs", "%lld is not a coordinate system; expected 0 to %d", (long long)v,
                      CRS_HIGH);
    out->crs = (uint8_t)v;
    return true;
}

COLD static bool refuse_duplicate(const struct reader *r, const uint8_t *at, unsigned key)
{
    return refuse(r, at, HAUL_REASON_DUPLICATE, haul_key_name(r->plan, key), "given twice");
}

static inline bool read_envelope(struct reader *r, const uint8_t *at, unsigned key, struct haul_record *out)
{
    if (r->seen >> key & 1) return refuse_duplicate(r, at, key);
    r->seen |= 1u << key;
    switch ((enum envelope)key) {
    case ENV_VERSION:
        return read_version(r, out);
    case ENV_KIND:
        return read_kind(r, out);
    case ENV_ID:
        return read_id(r, &out->id);
    case ENV_TIME:
        return read_time(r, &out->time);
    case ENV_SOURCE:
        return read_text(r, 0, SOURCE_MAX, "source", &out->source);
    case ENV_LON:
        return read_real(r, -180, 180, "lon", &out->lon_deg);
    case ENV_LAT:
        return read_real(r, -90, 90, "lat", &out->lat_deg);
    case ENV_CRS:
        return read_crs(r, out);
    case ENV_COUNT:
    case KEY_UNKNOWN:
        break;
    }
    assert(false);
    return false;
}

/* ---- fields -------------------------------------------------------------------------------------------------------
 */
static bool read_bool(struct reader *r, const char *field, int64_t *out)
{
    if (r->p >= r->end || (*r->p & 0xfe) != 0xc2) return refuse_form(r, field, "true or false");
    *out = *r->p++ & 1;
    return true;
}

static bool read_bytes(struct reader *r, const struct slot *s, struct haul_str *out)
{
    const uint8_t *const at = r->p;
    if (!read_binary(r, s->name, out)) return false;
    return ((int64_t)out->n >= s->low.i && (int64_t)out->n <= s->high.i) ||
           refuse_length(r, at, s->name, out->n, s->low.i, s->high.i);
}

static bool read_reals(struct reader *r, const struct slot *s, union haul_value *out)
{
    const uint8_t *const at = r->p;
    struct head h;
    const enum haul_reason bad = read_head(at, r->end, &h);
    if (bad == HAUL_REASON_TRUNCATED) return refuse_short(r, at, s->name);
    if (bad != HAUL_REASON_NONE || !h.container || *at < 0x90 || *at > 0xdd)
        return refuse_form(r, s->name, "an array of numbers");
    r->p += h.bytes;
    if (h.children + r->owed > (uint64_t)(r->end - r->p)) return refuse_count(r, at, s->name, h.children);
    if (h.children > HAUL_REALS_MAX)
        return refuse(r, at, HAUL_REASON_TOO_MANY, s->name, "%u numbers; expected at most %d", (unsigned)h.children,
                      HAUL_REALS_MAX);
    double *const to = haul_arena_take(r->scratch, (size_t)h.children * sizeof *to);
    assert(to != NULL);
    for (size_t i = 0; i < h.children; i++)
        if (!read_real(r, s->low.f, s->high.f, s->name, to + i)) return false;
    out->reals.p = to;
    out->reals.n = (size_t)h.children;
    return true;
}

static inline bool read_field(struct reader *r, const uint8_t *at, unsigned f, struct haul_record *out)
{
    const struct slot *const s = r->plan->slots + f;
    union haul_value *const v = out->v + f;
    if (out->present >> f & 1) return refuse_duplicate(r, at, f + HAUL_FIELD_BASE);
    out->present |= 1ull << f;
    switch ((enum haul_type)s->type) {
    case HAUL_BOOL:
        return read_bool(r, s->name, &v->i);
    case HAUL_INT:
        return read_integer(r, s->low.i, s->high.i, s->name, &v->i);
    case HAUL_REAL:
        return read_real(r, s->low.f, s->high.f, s->name, &v->f);
    case HAUL_TEXT:
        return read_text(r, s->low.i, s->high.i, s->name, &v->s);
    case HAUL_BYTES:
        return read_bytes(r, s, &v->s);
    case HAUL_REALS:
        return read_reals(r, s, v);
    }
    assert(false);
    return false;
}

/* ---- the map ------------------------------------------------------------------------------------------------------
 */
/* A number as it stands; a name as its number, or, while the kind is not known, KEY_NAMED when it is not the
 * envelope's. Numbers that no field can have become KEY_UNKNOWN. */
#define KEY_NAMED 254

RARE static bool other_key(struct reader *r, unsigned *key)
{
    const uint8_t *const p = r->p;
    if (p < r->end && ((*p & 0xe0) == 0xa0 || (*p >= 0xd9 && *p <= 0xdb))) {
        struct haul_str name;
        if (!read_string(r, "", &name)) return false;
        *key = haul_key_find(r->plan, name);
        if (*key == KEY_UNKNOWN && r->plan == NULL) *key = KEY_NAMED;
        return true;
    }
    int64_t v;
    if (p >= r->end) return refuse_short(r, p, "");
    if (*p == 0xc1) return refuse_form(r, "", "a key");
    if (!(*p < 0x80 || *p >= 0xe0 || (*p >= 0xcc && *p <= 0xd3)))
        return refuse(r, p, HAUL_REASON_KEY, "", "a key is %s; expected a number or a name", form_name(*p));
    struct number n;
    if (!read_number(r, "", "a key", &n)) return false;
    v = n.form == NUMBER_BEYOND ? INT64_MAX : n.i;
    if (v < 0) return refuse(r, p, HAUL_REASON_KEY, "", "a key is %lld; expected 0 or more", (long long)v);
    *key = v >= HAUL_FIELD_BASE + HAUL_FIELDS_MAX ? (unsigned)KEY_UNKNOWN : (unsigned)v;
    return true;
}

static inline bool read_key(struct reader *r, unsigned *key)
{
    if (r->p < r->end && *r->p < HAUL_FIELD_BASE + HAUL_FIELDS_MAX) {
        *key = *r->p++;
        return true;
    }
    return other_key(r, key);
}

/* A field came before the kind that says what it is: looks the kind up among the pairs that follow. The reader is at
 * the field's value, with `pairs` more behind it; it stays there. */
RARE static bool find_kind(struct reader *r, uint64_t pairs, struct haul_record *out)
{
    struct reader ahead = *r;
    for (; skip_value(&ahead, ""); pairs--) {
        if (pairs == 0) return refuse(r, NULL, HAUL_REASON_MISSING, "kind", "missing");
        unsigned key;
        ahead.owed = 2 * pairs - 1;
        if (!read_key(&ahead, &key)) return false;
        ahead.owed--;
        if (key != ENV_KIND) continue;
        if (!read_kind(&ahead, out)) return false;
        r->plan = ahead.plan;
        return true;
    }
    return false;
}

/* Key and value; `pairs` more follow. */
static inline bool read_pair(struct reader *r, uint64_t pairs, struct haul_record *out)
{
    const uint8_t *const at = r->p;
    unsigned key;
    r->owed = 2 * pairs + 1;
    if (!read_key(r, &key)) return false;
    r->owed--;
    if (key < ENV_COUNT) return read_envelope(r, at, key, out);
    if (r->plan == NULL && key >= HAUL_FIELD_BASE && key != KEY_UNKNOWN) {
        const uint8_t *const value = r->p;
        if (!find_kind(r, pairs, out)) return false;
        if (key == KEY_NAMED) {
            r->p = at;
            if (!read_key(r, &key)) return false;
            assert(r->p == value);
        }
    }
    const unsigned f = key - HAUL_FIELD_BASE;
    if (f < HAUL_FIELDS_MAX && (r->plan->known >> f & 1)) return read_field(r, at, f, out);
    out->unknown++;
    return skip_value(r, "");
}

COLD static bool refuse_missing(const struct reader *r, const char *field)
{
    return refuse(r, NULL, HAUL_REASON_MISSING, field, "missing; a %s has it", r->plan->row->name);
}

static inline bool complete(const struct reader *r, struct haul_record *out)
{
    const unsigned position = r->seen & (1u << ENV_LON | 1u << ENV_LAT);
    const unsigned needed = 1u << ENV_ID | 1u << ENV_TIME;
    if (r->plan == NULL) return refuse(r, NULL, HAUL_REASON_MISSING, "kind", "missing");
    if ((r->seen & needed) != needed) return refuse_missing(r, r->seen >> ENV_ID & 1 ? "time" : "id");
    out->positioned = position == (1u << ENV_LON | 1u << ENV_LAT);
    if (!out->positioned && (position != 0 || r->plan->row->positioned))
        return refuse_missing(r, r->seen >> ENV_LON & 1 ? "lat" : "lon");
    const uint64_t missing = r->plan->required & ~out->present;
    if (missing != 0) return refuse_missing(r, r->plan->slots[__builtin_ctzll(missing)].name);
    return true;
}

static bool read_map_head(struct reader *r, uint64_t *pairs)
{
    const uint8_t *const at = r->p;
    struct head h;
    const enum haul_reason bad = read_head(at, r->end, &h);
    if (bad == HAUL_REASON_TRUNCATED) return refuse_short(r, at, "");
    if (bad == HAUL_REASON_NOT_MSGPACK) return refuse_form(r, "", "a map");
    if ((*at & 0xf0) != 0x80 && *at != 0xde && *at != 0xdf)
        return refuse(r, at, HAUL_REASON_NOT_A_MAP, "", "found %s; expected a map", form_name(*at));
    r->p += h.bytes;
    if (h.children > (uint64_t)(r->end - r->p)) return refuse_count(r, at, "", h.children);
    *pairs = h.children / 2;
    return true;
}

static bool read_record(struct reader *r, struct haul_record *out)
{
    uint64_t pairs;
    if (!read_map_head(r, &pairs)) return false;
    while (pairs > 0)
        if (!read_pair(r, --pairs, out)) return false;
    return complete(r, out);
}

/* ---- public -------------------------------------------------------------------------------------------------------
 */
bool haul_message_open(struct haul_message_cursor *c, struct haul_str message, struct haul_refusal *why)
{
    static const uint8_t nothing[1];
    const uint8_t *const p = message.n == 0 ? nothing : (const uint8_t *)message.p; /* a tombstone has no pointer */
    const struct reader r = {.p = p, .end = p + message.n, .start = p, .why = why};
    *c = (struct haul_message_cursor){.p = p, .end = p + message.n, .left = 1, .count = 1};
    if (message.n == 0) return refuse(&r, NULL, HAUL_REASON_EMPTY, "", "the message has no bytes");
    if (message.n > HAUL_RECORD_MAX)
        return refuse(&r, NULL, HAUL_REASON_TOO_LARGE, "", "%zu bytes; expected at most %d", message.n,
                      HAUL_RECORD_MAX);
    struct head h;
    const enum haul_reason bad = read_head(p, c->end, &h);
    if (bad == HAUL_REASON_NOT_MSGPACK) return refuse_form(&r, "", "a map or an array of maps");
    if ((*p & 0xf0) == 0x80 || *p == 0xde || *p == 0xdf) return true;
    if ((*p & 0xf0) != 0x90 && *p != 0xdc && *p != 0xdd)
        return refuse(&r, p, HAUL_REASON_NOT_A_MAP, "", "found %s; expected a map or an array of maps", form_name(*p));
    if (bad != HAUL_REASON_NONE) return refuse_short(&r, p, "");
    if (h.children == 0) return refuse(&r, p, HAUL_REASON_EMPTY, "", "the message is an array without a record");
    if (h.children > HAUL_MESSAGE_MAX)
        return refuse(&r, p, HAUL_REASON_TOO_MANY, "", "an array of %llu; expected at most %d records",
                      (unsigned long long)h.children, HAUL_MESSAGE_MAX);
    c->p += h.bytes;
    if (h.children > (uint64_t)(c->end - c->p)) return refuse_count(&r, p, "", h.children);
    c->left = c->count = (uint32_t)h.children;
    return true;
}

/* Behind the last record: is there anything more? */
static void step(struct haul_message_cursor *c, const uint8_t *behind)
{
    c->p = behind;
    c->left--;
    if (c->left > 0 || c->p == c->end || c->rest) return;
    c->rest = true;
    c->left = 1;
    c->count++;
}

bool haul_record_decode(struct haul_message_cursor *c, struct haul_record *out, struct haul_arena *scratch,
                        struct haul_refusal *why)
{
    assert(c->left > 0);
    struct reader r = {.p = c->p, .end = c->end, .start = c->p, .scratch = scratch, .why = why};
    out->kind = HAUL_KIND_NONE;
    out->version = HAUL_SCHEMA;
    out->crs = 0;
    out->positioned = false;
    out->id = out->source = (struct haul_str){"", 0};
    out->time = HAUL_TIME_NONE;
    out->lon_deg = out->lat_deg = 0;
    out->present = 0;
    out->unknown = 0;
    const bool good = c->rest ? refuse(&r, r.p, HAUL_REASON_TOO_MANY, "", "%zu bytes follow the message's last record",
                                       (size_t)(r.end - r.p))
                              : read_record(&r, out);
    const uint8_t *const behind = good ? r.p : c->rest ? NULL : extent(r.start, r.end);
    out->raw.p = (const char *)r.start;
    out->raw.n = (size_t)((behind == NULL ? c->end : behind) - r.start);
    if (behind != NULL)
        step(c, behind);
    else
        c->p = c->end, c->left = 0;
    return good;
}
