/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * Records: the decoded form, the hot decoder, the packer, the tables generated from records.def.
 */
#ifndef HAUL_RECORD_H
#define HAUL_RECORD_H

#include "haul/buf.h"
#include "haul/err.h"
#include "haul/json.h"
#include "haul/time.h"

enum haul_kind {
    HAUL_KIND_NONE = 0,
#define HAUL_RECORD(number, NAME, name, positioned, sentence, standard) HAUL_KIND_##NAME = number,
#define HAUL_FIELD(...)
#define HAUL_RECORD_END(NAME)
#include "haul/records.def"
};

#define HAUL_KIND_MAX   256
#define HAUL_FIELD_BASE 16

/* Index of a field in haul_record.v: its number less 16. */
enum haul_field {
#define HAUL_RECORD(number, NAME, name, positioned, sentence, standard)
#define HAUL_FIELD(number, NAME, ...) HAUL_F_##NAME = (number)-HAUL_FIELD_BASE,
#define HAUL_RECORD_END(NAME)
#include "haul/records.def"
};

#define HAUL_FIELDS_MAX  64
#define HAUL_ID_MAX      64          /* bytes of an entity id */
#define HAUL_RECORD_MAX  (64 * 1024) /* bytes of one record, and of one message */
#define HAUL_DEPTH_MAX   8
#define HAUL_MESSAGE_MAX 256 /* records in one message */
#define HAUL_REALS_MAX   64
#define HAUL_SCHEMA      1

enum haul_type { HAUL_BOOL, HAUL_INT, HAUL_REAL, HAUL_TEXT, HAUL_BYTES, HAUL_REALS };

union haul_value {
    int64_t i;         /* BOOL, INT */
    double f;          /* REAL */
    struct haul_str s; /* TEXT, BYTES: into the message */
    struct {
        const double *p; /* into the decoder's scratch: valid until the next decode */
        size_t n;
    } reals;
};

struct haul_record {
    uint16_t kind;
    uint8_t version, crs;
    bool positioned; /* lon and lat are given, finite, in range, WGS-84 once the ingest gate has passed them */
    struct haul_str id, source;
    struct haul_time time;
    double lon_deg, lat_deg;
    uint64_t present; /* bit i: v[i] was in the record; otherwise v[i] is the fallback */
    union haul_value v[HAUL_FIELDS_MAX];
    struct haul_str raw; /* the record's own bytes in the message */
    unsigned unknown;    /* fields that this version does not know: ignored */
};

static inline bool haul_has(const struct haul_record *r, enum haul_field f)
{
    return (r->present >> f & 1) != 0;
}

/* ---- tables ---------------------------------------------------------------------------------------------------------
 */
struct haul_field_row {
    uint8_t number, type;
    bool required;
    const char *name, *unit, *sentence, *standard;
    double low, high, fallback;
};
struct haul_kind_row {
    const char *name, *sentence, *standard;
    bool positioned;
    const struct haul_field_row *fields;
    size_t fields_len;
};
const struct haul_kind_row *haul_kind_row(unsigned kind);                          /* NULL when not used */
enum haul_kind haul_kind_find(struct haul_str name);                               /* HAUL_KIND_NONE when not known */
const struct haul_field_row *haul_field_find(unsigned kind, struct haul_str name); /* NULL when not known */

/* ---- refusal --------------------------------------------------------------------------------------------------------
 */
/* Why a record cannot be used: a reason for counters and dead letters, and a sentence that names the field. */
#define HAUL_REASONS(X)                                                                                                \
    X(EMPTY, "empty")                                                                                                  \
    X(TOO_LARGE, "too_large")                                                                                          \
    X(NOT_MSGPACK, "not_msgpack")                                                                                      \
    X(TRUNCATED, "truncated")                                                                                          \
    X(TOO_DEEP, "too_deep")                                                                                            \
    X(TOO_MANY, "too_many")                                                                                            \
    X(NOT_A_MAP, "not_a_map")                                                                                          \
    X(KEY, "bad_key")                                                                                                  \
    X(DUPLICATE, "duplicate_field")                                                                                    \
    X(TYPE, "wrong_type")                                                                                              \
    X(MISSING, "missing_field")                                                                                        \
    X(OUT_OF_RANGE, "out_of_range")                                                                                    \
    X(NOT_FINITE, "not_finite")                                                                                        \
    X(UTF8, "invalid_utf8")                                                                                            \
    X(KIND, "unknown_kind")                                                                                            \
    X(UNEXPECTED_KIND, "unexpected_kind")                                                                              \
    X(VERSION, "unknown_version")                                                                                      \
    X(TIME_FUTURE, "time_in_future")                                                                                   \
    X(TIME_PAST, "time_in_past")                                                                                       \
    X(CRS, "bad_crs")                                                                                                  \
    X(NO_APPEND_TIME, "no_append_time")                                                                                \
    X(PROCESSOR, "refused_by_processor")                                                                               \
    X(CONDEMNED, "condemned")                                                                                          \
    X(FRAME, "bad_frame")                                                                                              \
    X(CHECKSUM, "bad_checksum")                                                                                        \
    X(SPLIT, "incomplete_split")                                                                                       \
    X(UNSUPPORTED, "unsupported")                                                                                      \
    X(NOT_JSON, "not_json")
enum haul_reason {
    HAUL_REASON_NONE,
#define X(NAME, name) HAUL_REASON_##NAME,
    HAUL_REASONS(X)
#undef X
        HAUL_REASON_COUNT
};
const char *haul_reason_name(enum haul_reason r);
struct haul_refusal {
    enum haul_reason reason;
    char field[32]; /* the field's name, or "" */
    char text[200]; /* one sentence: what, where (byte), what was expected */
};

/* ---- decoding -------------------------------------------------------------------------------------------------------
 */
/* A message is one record (a map) or an array of up to 256 records. Cursor over it; nothing is copied. Bytes behind the
 * last record are one more, which is refused (TOO_MANY): nothing that was sent is passed over in silence. */
struct haul_message_cursor {
    const uint8_t *p, *end;
    uint32_t left, count;
    bool rest; /* what is left is not a record but the bytes behind the last */
};
/* Checks the message's frame: size, and that it is a map or an array of at most 256. False: *why is filled. */
bool haul_message_open(struct haul_message_cursor *c, struct haul_str message, struct haul_refusal *why);
/* Decodes the next record in place, every bound checked in the one pass. The caller has checked c->left > 0. On refusal
 * the cursor stands behind the record when its extent could be found (out->raw is set), else c->left is 0 and out->raw
 * is the rest. `scratch` gives room for REALS (HAUL_RECORD_SCRATCH bytes suffice; less is a bug); reset it between
 * records. One thread a cursor and a scratch. */
#define HAUL_RECORD_SCRATCH (HAUL_FIELDS_MAX * HAUL_REALS_MAX * sizeof(double))
bool haul_record_decode(struct haul_message_cursor *c, struct haul_record *out, struct haul_arena *scratch,
                        struct haul_refusal *why);

/* ---- packing --------------------------------------------------------------------------------------------------------
 */
/* Starts a record of a kind with fallbacks set and nothing present. */
void haul_record_init(struct haul_record *r, enum haul_kind kind, struct haul_str id, struct haul_time time);
static inline void haul_set_i(struct haul_record *r, enum haul_field f, int64_t v)
{
    r->v[f].i = v, r->present |= 1ull << f;
}
static inline void haul_set_f(struct haul_record *r, enum haul_field f, double v)
{
    r->v[f].f = v, r->present |= 1ull << f;
}
static inline void haul_set_s(struct haul_record *r, enum haul_field f, struct haul_str v)
{
    r->v[f].s = v, r->present |= 1ull << f;
}
/* Checks a record that was put together, not decoded: true when the decoder would take what it packs to. *why names the
 * field. */
bool haul_record_check(const struct haul_record *r, struct haul_refusal *why);
/* Appends the record's msgpack (numbers as keys, fields in order of number) to out. Deterministic. */
void haul_record_pack(const struct haul_record *r, struct haul_buf *out);
/* Appends the header of an array of n records. */
void haul_message_pack_header(uint32_t n, struct haul_buf *out);

/* ---- JSON form: for produce, tail, schema ---- */
/* {"kind":"vehicle_position","id":…,"time":"2026-…Z",…}; BYTES as base64. */
void haul_record_to_json(const struct haul_record *r, struct haul_json *j);
/* Reads that form (time also as ms, kind also as a number; null is as if it were not there; unknown names are ignored
 * and counted) and checks it. Texts and numbers are copied into scratch, for which 2 * HAUL_RECORD_MAX suffices. Errors
 * name the field; INVALID, RANGE, UNKNOWN, DUPLICATE, or LIMIT when the text is longer than HAUL_JSON_RECORD_MAX or
 * scratch too small. Allocates (jansson): for tools, not for the hot path. */
#define HAUL_JSON_RECORD_MAX (8 * HAUL_RECORD_MAX)
enum haul_err haul_record_from_json(struct haul_str json, struct haul_record *out, struct haul_arena *scratch,
                                    struct haul_error *e);

#endif
