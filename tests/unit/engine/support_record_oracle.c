/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/engine/support_record_oracle.h"

#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- structure, by recursion ---------------------------------------------------------------------------------------
 */
struct walk {
    unsigned deepest;
    bool empty_ext;
};

static uint64_t number_at(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    while (n-- > 0) v = v * 256 + *p++;
    return v;
}

static const uint8_t *walk(struct walk *w, const uint8_t *p, const uint8_t *end, unsigned depth);

static const uint8_t *walk_all(struct walk *w, const uint8_t *p, const uint8_t *end, unsigned depth, uint64_t n)
{
    if (depth > w->deepest) w->deepest = depth;
    if (depth > 1000) return NULL; /* the recursion's own end; the extent of such a thing is not compared */
    for (uint64_t i = 0; i < n && p != NULL; i++) p = walk(w, p, end, depth);
    return p;
}

static const uint8_t *jump(const uint8_t *p, const uint8_t *end, uint64_t n)
{
    return p == NULL || n > (uint64_t)(end - p) ? NULL : p + n;
}

static const uint8_t *sized(struct walk *w, const uint8_t *p, const uint8_t *end, size_t length, size_t extra, bool ext)
{
    if ((size_t)(end - p) < length) return NULL;
    const uint64_t n = number_at(p, length);
    if (ext && n == 0) w->empty_ext = true;
    return jump(p + length, end, n + extra);
}

static const uint8_t *container(struct walk *w, const uint8_t *p, const uint8_t *end, unsigned depth, size_t length,
                                unsigned each)
{
    if ((size_t)(end - p) < length) return NULL;
    return walk_all(w, p + length, end, depth + 1, number_at(p, length) * each);
}

static const uint8_t *walk(struct walk *w, const uint8_t *p, const uint8_t *end, unsigned depth)
{
    if (p >= end) return NULL;
    const uint8_t b = *p++;
    if (b <= 0x7f || b >= 0xe0) return p;
    if (b <= 0x8f) return walk_all(w, p, end, depth + 1, 2u * (b & 15u));
    if (b <= 0x9f) return walk_all(w, p, end, depth + 1, b & 15u);
    if (b <= 0xbf) return jump(p, end, b & 31u);
    switch (b) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
        return p;
    case 0xc4:
        return sized(w, p, end, 1, 0, false);
    case 0xc5:
        return sized(w, p, end, 2, 0, false);
    case 0xc6:
        return sized(w, p, end, 4, 0, false);
    case 0xc7:
        return sized(w, p, end, 1, 1, true);
    case 0xc8:
        return sized(w, p, end, 2, 1, true);
    case 0xc9:
        return sized(w, p, end, 4, 1, true);
    case 0xcc:
    case 0xd0:
        return jump(p, end, 1);
    case 0xcd:
    case 0xd1:
    case 0xd4:
        return jump(p, end, 2);
    case 0xd5:
        return jump(p, end, 3);
    case 0xca:
    case 0xce:
    case 0xd2:
        return jump(p, end, 4);
    case 0xd6:
        return jump(p, end, 5);
    case 0xcb:
    case 0xcf:
    case 0xd3:
        return jump(p, end, 8);
    case 0xd7:
        return jump(p, end, 9);
    case 0xd8:
        return jump(p, end, 17);
    case 0xd9:
        return sized(w, p, end, 1, 0, false);
    case 0xda:
        return sized(w, p, end, 2, 0, false);
    case 0xdb:
        return sized(w, p, end, 4, 0, false);
    case 0xdc:
        return container(w, p, end, depth, 2, 1);
    case 0xdd:
        return container(w, p, end, depth, 4, 1);
    case 0xde:
        return container(w, p, end, depth, 2, 2);
    case 0xdf:
        return container(w, p, end, depth, 4, 2);
    default:
        return NULL;
    }
}

/* ---- values --------------------------------------------------------------------------------------------------------
 */
static struct haul_str str_of(const msgpack_object *o)
{
    return o->type == MSGPACK_OBJECT_BIN ? (struct haul_str){o->via.bin.ptr, o->via.bin.size}
                                         : (struct haul_str){o->via.str.ptr, o->via.str.size};
}

static bool real_of(const msgpack_object *o, double low, double high, double *out)
{
    if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
        *out = (double)o->via.u64;
    else if (o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
        *out = (double)o->via.i64;
    else if (o->type == MSGPACK_OBJECT_FLOAT32 || o->type == MSGPACK_OBJECT_FLOAT64)
        *out = o->via.f64;
    else
        return false;
    return *out >= low && *out <= high;
}

static bool integer_of(const msgpack_object *o, int64_t *out)
{
    if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
        *out = (int64_t)o->via.u64;
        return o->via.u64 <= INT64_MAX;
    }
    if (o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER) {
        *out = o->via.i64;
        return true;
    }
    if (o->type != MSGPACK_OBJECT_FLOAT32 && o->type != MSGPACK_OBJECT_FLOAT64) return false;
    const double v = o->via.f64;
    if (!(v >= -9223372036854775808.0 && v < 9223372036854775808.0) || __builtin_floor(v) != v) return false;
    *out = (int64_t)v;
    return true;
}

/* Code points by arithmetic, then the rules about them. */
static bool utf8(struct haul_str s, bool no_control)
{
    const uint8_t *p = (const uint8_t *)s.p;
    for (size_t i = 0; i < s.n;) {
        const size_t n = p[i] < 0x80 ? 1 : p[i] >> 5 == 6 ? 2 : p[i] >> 4 == 14 ? 3 : p[i] >> 3 == 30 ? 4 : 0;
        static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
        if (n == 0 || n > s.n - i) return false;
        uint32_t c = n == 1 ? p[i] : p[i] & (0x7fu >> n);
        for (size_t k = 1; k < n; k++) {
            if (p[i + k] >> 6 != 2) return false;
            c = c << 6 | (p[i + k] & 0x3fu);
        }
        if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return false;
        if (no_control && (c < 32 || (c >= 127 && c < 160))) return false;
        i += n;
    }
    return true;
}

static bool text_of(const msgpack_object *o, double low, double high, struct haul_str *out)
{
    if (o->type != MSGPACK_OBJECT_STR) return false;
    *out = str_of(o);
    return (double)out->n >= low && (double)out->n <= high && utf8(*out, false);
}

static bool time_of(const msgpack_object *o, struct haul_time *out)
{
    const int64_t low = -62167219200, high = 253402300799; /* seconds */
    msgpack_timestamp ts;
    if (o->type == MSGPACK_OBJECT_EXT) {
        if (!msgpack_object_to_timestamp(o, &ts) || ts.tv_nsec >= 1000000000) return false;
        if (ts.tv_sec < low || ts.tv_sec > high) return false;
        out->ms = ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
        return true;
    }
    return integer_of(o, &out->ms) && out->ms >= low * 1000 && out->ms <= high * 1000 + 999;
}

static bool value_of(const msgpack_object *o, const struct haul_field_row *row, union haul_value *v, double *reals)
{
    switch ((enum haul_type)row->type) {
    case HAUL_BOOL:
        if (o->type != MSGPACK_OBJECT_BOOLEAN) return false;
        v->i = o->via.boolean ? 1 : 0;
        return true;
    case HAUL_INT: {
        if (!integer_of(o, &v->i)) return false;
        const bool no_low = row->low < -9.2e18 && v->i > INT64_MIN, no_high = row->high > 9.2e18;
        return (no_low || (double)v->i >= row->low) && (no_high || (double)v->i <= row->high) && v->i != INT64_MIN;
    }
    case HAUL_REAL:
        return real_of(o, row->low, row->high, &v->f);
    case HAUL_TEXT:
        return text_of(o, row->low, row->high, &v->s);
    case HAUL_BYTES:
        if (o->type != MSGPACK_OBJECT_BIN) return false;
        v->s = str_of(o);
        return (double)v->s.n >= row->low && (double)v->s.n <= row->high;
    case HAUL_REALS:
        if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size > HAUL_REALS_MAX) return false;
        for (uint32_t i = 0; i < o->via.array.size; i++)
            if (!real_of(o->via.array.ptr + i, row->low, row->high, reals + i)) return false;
        v->reals.p = reals, v->reals.n = o->via.array.size;
        return true;
    }
    return false;
}

/* ---- the record ----------------------------------------------------------------------------------------------------
 */
static const char *const envelope[] = {"v", "kind", "id", "time", "source", "lon", "lat", "crs"};

/* -1: not a key; -2: nobody's. */
static int key_of(const msgpack_object *o, const struct haul_kind_row *kind)
{
    if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
        if (o->via.u64 < 8) return (int)o->via.u64;
        for (size_t i = 0; i < kind->fields_len; i++)
            if (kind->fields[i].number == o->via.u64) return (int)o->via.u64;
        return -2;
    }
    if (o->type != MSGPACK_OBJECT_STR) return -1;
    for (int i = 0; i < 8; i++)
        if (haul_str_eq(str_of(o), haul_str_of(envelope[i]))) return i;
    for (size_t i = 0; i < kind->fields_len; i++)
        if (haul_str_eq(str_of(o), haul_str_of(kind->fields[i].name))) return kind->fields[i].number;
    return -2;
}

static bool kind_of(const msgpack_object_map *m, struct haul_record *out)
{
    static const struct haul_kind_row none;
    for (uint32_t i = 0; i < m->size; i++) {
        if (key_of(&m->ptr[i].key, &none) != 1) continue;
        const msgpack_object *const v = &m->ptr[i].val;
        int64_t n = -1;
        if (v->type == MSGPACK_OBJECT_STR) {
            for (unsigned k = 1; k < HAUL_KIND_MAX; k++)
                if (haul_kind_row(k) != NULL && haul_str_eq(str_of(v), haul_str_of(haul_kind_row(k)->name))) n = k;
        } else if (!integer_of(v, &n)) {
            return false;
        }
        if (n < 1 || n >= HAUL_KIND_MAX || haul_kind_row((unsigned)n) == NULL) return false;
        out->kind = (uint16_t)n;
        return true;
    }
    return false;
}

static bool envelope_of(int key, const msgpack_object *o, struct haul_record *out)
{
    int64_t n = 0;
    switch (key) {
    case 0:
        if (!integer_of(o, &n) || n < 1 || n > 4294967295) return false;
        out->version = n > 255 ? 255 : (uint8_t)n;
        return true;
    case 1:
        return true;
    case 2:
        return text_of(o, 1, 64, &out->id) && utf8(out->id, true);
    case 3:
        return time_of(o, &out->time);
    case 4:
        return text_of(o, 0, 64, &out->source);
    case 5:
        return real_of(o, -180, 180, &out->lon_deg);
    case 6:
        return real_of(o, -90, 90, &out->lat_deg);
    default:
        if (!integer_of(o, &n) || n < 0 || n > 4) return false;
        out->crs = (uint8_t)n;
        return true;
    }
}

static void fall_back(const struct haul_kind_row *kind, struct haul_record *out)
{
    for (size_t i = 0; i < kind->fields_len; i++) {
        const struct haul_field_row *const row = kind->fields + i;
        union haul_value *const v = out->v + row->number - HAUL_FIELD_BASE;
        memset(v, 0, sizeof *v);
        if (row->type == HAUL_REAL) v->f = row->fallback;
        if (row->type == HAUL_INT || row->type == HAUL_BOOL) v->i = (int64_t)row->fallback;
    }
}

static bool judge(const msgpack_object_map *m, struct haul_record *out, struct oracle_reals *reals)
{
    unsigned seen[80] = {0};
    if (!kind_of(m, out)) return false;
    const struct haul_kind_row *const kind = haul_kind_row(out->kind);
    fall_back(kind, out);
    for (uint32_t i = 0; i < m->size; i++) {
        const int key = key_of(&m->ptr[i].key, kind);
        const msgpack_object *const v = &m->ptr[i].val;
        if (key == -1) return false;
        if (key == -2) {
            out->unknown++;
            continue;
        }
        if (seen[key]++ > 0) return false;
        if (key < 8) {
            if (!envelope_of(key, v, out)) return false;
            continue;
        }
        const unsigned f = (unsigned)key - HAUL_FIELD_BASE;
        const struct haul_field_row *row = kind->fields;
        while (row->number != key) row++;
        if (!value_of(v, row, out->v + f, reals->v[f])) return false;
        out->present |= 1ull << f;
    }
    for (size_t i = 0; i < kind->fields_len; i++)
        if (kind->fields[i].required && seen[kind->fields[i].number] == 0) return false;
    out->positioned = seen[5] == 1 && seen[6] == 1;
    if (!out->positioned && (kind->positioned || seen[5] != seen[6])) return false;
    return seen[2] == 1 && seen[3] == 1;
}

enum opinion oracle_record(struct haul_str bytes, struct haul_record *out, struct oracle_reals *reals, size_t *extent)
{
    struct walk w = {0, false};
    const uint8_t *const p = (const uint8_t *)bytes.p, *behind = walk(&w, p, p + bytes.n, 0);
    *extent = behind == NULL ? 0 : (size_t)(behind - p);
    if (behind == NULL || w.deepest > HAUL_DEPTH_MAX) return OPINION_REFUSE;
    if (w.empty_ext) return OPINION_NONE;
    msgpack_unpacked u;
    msgpack_unpacked_init(&u);
    size_t at = 0;
    const msgpack_unpack_return got = msgpack_unpack_next(&u, bytes.p, bytes.n, &at);
    if (got != MSGPACK_UNPACK_SUCCESS || at != *extent) abort(); /* msgpack-c and the walk must agree */
    *out = (struct haul_record){.version = 1, .id = {"", 0}, .source = {"", 0}, .time = HAUL_TIME_NONE};
    const bool good = u.data.type == MSGPACK_OBJECT_MAP && judge(&u.data.via.map, out, reals);
    msgpack_unpacked_destroy(&u);
    return good ? OPINION_ACCEPT : OPINION_REFUSE;
}

bool oracle_frame(struct haul_str message, uint32_t *count)
{
    const uint8_t *const p = (const uint8_t *)message.p;
    *count = 1;
    if (message.n == 0 || message.n > 65536) return false;
    if (*p >> 4 == 8 || *p == 0xde || *p == 0xdf) return true;
    const size_t length = *p == 0xdc ? 2 : *p == 0xdd ? 4 : 0;
    if (*p >> 4 != 9 && length == 0) return false;
    if (message.n < 1 + length) return false;
    const uint64_t n = length == 0 ? *p & 15u : number_at(p + 1, length);
    *count = (uint32_t)n;
    return n >= 1 && n <= 256 && n <= message.n - 1 - length;
}

/* ---- comparing -----------------------------------------------------------------------------------------------------
 */
static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static bool same_value(enum haul_type type, const union haul_value *a, const union haul_value *b)
{
    switch (type) {
    case HAUL_BOOL:
    case HAUL_INT:
        return a->i == b->i;
    case HAUL_REAL:
        return same_bits(a->f, b->f);
    case HAUL_TEXT:
    case HAUL_BYTES:
        return haul_str_eq(a->s, b->s);
    case HAUL_REALS:
        if (a->reals.n != b->reals.n) return false;
        for (size_t i = 0; i < a->reals.n; i++)
            if (!same_bits(a->reals.p[i], b->reals.p[i])) return false;
        return true;
    }
    return false;
}

const char *oracle_difference(const struct haul_record *a, const struct haul_record *b)
{
    if (a->kind != b->kind) return "kind";
    if (a->version != b->version) return "v";
    if (a->crs != b->crs) return "crs";
    if (a->positioned != b->positioned) return "positioned";
    if (!haul_str_eq(a->id, b->id)) return "id";
    if (!haul_str_eq(a->source, b->source)) return "source";
    if (a->time.ms != b->time.ms) return "time";
    if (a->positioned && !same_bits(a->lon_deg, b->lon_deg)) return "lon";
    if (a->positioned && !same_bits(a->lat_deg, b->lat_deg)) return "lat";
    if (a->present != b->present) return "present";
    const struct haul_kind_row *const kind = haul_kind_row(a->kind);
    for (size_t i = 0; i < kind->fields_len; i++) {
        const unsigned f = kind->fields[i].number - HAUL_FIELD_BASE;
        if (!same_value((enum haul_type)kind->fields[i].type, a->v + f, b->v + f)) return kind->fields[i].name;
    }
    return NULL;
}

static const char *back_through_the_packer(const struct haul_record *r, struct haul_arena *scratch,
                                           struct haul_buf *again)
{
    static struct haul_record back;
    struct haul_message_cursor c;
    struct haul_refusal why;
    haul_buf_clear(again);
    haul_record_pack(r, again);
    if (again->overflow) return "packing needs more than twice the room";
    if (!haul_message_open(&c, (struct haul_str){(const char *)again->p, again->n}, &why)) {
        /* what came as short floats is packed as long ones and may pass the limit */
        return why.reason == HAUL_REASON_TOO_LARGE ? NULL : "what was packed does not open";
    }
    if (!haul_record_decode(&c, &back, scratch, &why)) return "what was packed is refused";
    if (c.left != 0 || back.unknown != 0) return "what was packed has more in it";
    return oracle_difference(r, &back);
}

const char *oracle_message(struct haul_str message, struct haul_arena *scratch, struct haul_buf *again)
{
    static struct haul_record mine, theirs;
    static struct oracle_reals reals;
    struct haul_message_cursor c;
    struct haul_refusal why;
    uint32_t count;
    const bool opens = oracle_frame(message, &count);
    if (haul_message_open(&c, message, &why) != opens) return "the frame";
    if (!opens) return NULL;
    if (c.count != count || c.left != count) return "the count";
    while (c.left > 0) {
        const bool rest = c.rest;
        const struct haul_str bytes = {(const char *)c.p, (size_t)(c.end - c.p)};
        size_t extent;
        const enum opinion opinion = oracle_record(bytes, &theirs, &reals, &extent);
        haul_arena_reset(scratch);
        why = (struct haul_refusal){.reason = HAUL_REASON_NONE};
        const bool good = haul_record_decode(&c, &mine, scratch, &why);
        if (mine.raw.p != bytes.p) return "raw does not begin at the record";
        if (rest) return good || c.left != 0 || mine.raw.n != bytes.n ? "the rest" : NULL;
        if (good != (why.reason == HAUL_REASON_NONE) || (!good && why.text[0] == '\0')) return "the reason";
        if (opinion != OPINION_NONE && good != (opinion == OPINION_ACCEPT)) return "the verdict";
        if (extent != 0 && mine.raw.n != extent) return "the extent";
        if (extent == 0 && good) return "the extent of what does not end";
        if (opinion != OPINION_ACCEPT) continue;
        if (mine.unknown != theirs.unknown) return "unknown";
        const char *const field = oracle_difference(&mine, &theirs);
        if (field != NULL) return field;
        const char *const packed = back_through_the_packer(&mine, scratch, again);
        if (packed != NULL) return packed;
    }
    return NULL;
}
