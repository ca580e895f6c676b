/* SPDX-License-Identifier: Apache-2.0
 * records.def as tables. Numbers index directly; names go through one open-addressed hash of (kind, name), built once.
 */
#include "processors/engine/record_tables.h"

#include "haul/hash.h"

#include <pthread.h>

/* Every field of every kind in the order of records.def; ROW_* is its index there. */
enum {
#define HAUL_RECORD(number, NAME, name, positioned, sentence, standard) FIRST_##NAME, BEFORE_##NAME = FIRST_##NAME - 1,
#define HAUL_FIELD(number, NAME, ...)                                   ROW_##NAME,
#define HAUL_RECORD_END(NAME)                                           LAST_##NAME, THROUGH_##NAME = LAST_##NAME - 1,
#include "haul/records.def"
    ROWS
};

static const struct haul_field_row rows[] = {
#define HAUL_RECORD(number, NAME, name, positioned, sentence, standard)
#define HAUL_FIELD(number, NAME, name, TYPE, unit, low, high, required, fallback, sentence, standard)                  \
    {(number), HAUL_##TYPE, (required) != 0, name, unit, sentence, standard, (double)(low), (double)(high), fallback},
#define HAUL_RECORD_END(NAME)
#include "haul/records.def"
};

static const struct haul_kind_row kinds[HAUL_KIND_MAX] = {
#define HAUL_RECORD(number, NAME, name, positioned, sentence, standard)                                                \
    [number] = {name, sentence, standard, (positioned) != 0, rows + FIRST_##NAME, LAST_##NAME - FIRST_##NAME},
#define HAUL_FIELD(...)
#define HAUL_RECORD_END(NAME)
#include "haul/records.def"
};

/* Bounds of 64-bit integers are written as such; HAUL_TIME_NONE (the least) is nobody's value. */
#define WHOLE(x) ((double)(x) >= 9.2e18 ? INT64_MAX : (double)(x) <= -9.2e18 ? -INT64_MAX : (int64_t)(x))
#define BOUND_BOOL(x)                                                                                                  \
    {                                                                                                                  \
        .i = WHOLE(x)                                                                                                  \
    }
#define BOUND_INT   BOUND_BOOL
#define BOUND_TEXT  BOUND_BOOL
#define BOUND_BYTES BOUND_BOOL
#define BOUND_REAL(x)                                                                                                  \
    {                                                                                                                  \
        .f = (x)                                                                                                       \
    }
#define BOUND_REALS BOUND_REAL

#define HAUL_RECORD(number, NAME, name, positioned, sentence, standard)                                                \
    static const struct slot slots_##NAME[HAUL_FIELDS_MAX] = {
#define HAUL_FIELD(number, NAME, name, TYPE, unit, low, high, required, fallback, sentence, standard)                  \
    [(number)-HAUL_FIELD_BASE] = {BOUND_##TYPE(low), BOUND_##TYPE(high), name, HAUL_##TYPE},
#define HAUL_RECORD_END(NAME)                                                                                          \
    }                                                                                                                  \
    ;
#include "haul/records.def"

#define VALUE_BOOL BOUND_BOOL
#define VALUE_INT  BOUND_BOOL
#define VALUE_REAL BOUND_REAL
#define VALUE_TEXT(x)                                                                                                  \
    {                                                                                                                  \
        .s = { "", 0 }                                                                                                 \
    }
#define VALUE_BYTES VALUE_TEXT
#define VALUE_REALS(x)                                                                                                 \
    {                                                                                                                  \
        .reals = { NULL, 0 }                                                                                           \
    }

#define HAUL_RECORD(number, NAME, name, positioned, sentence, standard)                                                \
    static const union haul_value fallbacks_##NAME[] = {
#define HAUL_FIELD(number, NAME, name, TYPE, unit, low, high, required, fallback, sentence, standard)                  \
    [(number)-HAUL_FIELD_BASE] = VALUE_##TYPE(fallback),
#define HAUL_RECORD_END(NAME)                                                                                          \
    }                                                                                                                  \
    ;
#include "haul/records.def"

#define HAUL_RECORD(number, NAME, name, positioned, sentence, standard) static const uint64_t known_##NAME = 0
#define HAUL_FIELD(number, ...)                                         | 1ull << ((number)-HAUL_FIELD_BASE)
#define HAUL_RECORD_END(NAME)                                           ;
#include "haul/records.def"

#define HAUL_RECORD(number, NAME, name, positioned, sentence, standard) static const uint64_t required_##NAME = 0
#define HAUL_FIELD(number, NAME, name, TYPE, unit, low, high, required, fallback, sentence, standard)                  \
    | ((required) ? 1ull << ((number)-HAUL_FIELD_BASE) : 0)
#define HAUL_RECORD_END(NAME) ;
#include "haul/records.def"

static const struct plan plans[HAUL_KIND_MAX] = {
#define HAUL_RECORD(number, NAME, name, positioned, sentence, standard)                                                \
    [number] = {slots_##NAME, fallbacks_##NAME, sizeof fallbacks_##NAME / sizeof(union haul_value),                    \
                known_##NAME, required_##NAME,  kinds + (number)},
#define HAUL_FIELD(...)
#define HAUL_RECORD_END(NAME)
#include "haul/records.def"
};

static const char *const envelope_names[ENV_COUNT] = {"v", "kind", "id", "time", "source", "lon", "lat", "crs"};

static const char *const reason_names[HAUL_REASON_COUNT] = {"none",
#define X(NAME, name) name,
                                                            HAUL_REASONS(X)
#undef X
};

/* ---- names ---- */
/* Kind 0 holds the envelope, kind KIND_NAMES the names of the kinds themselves. Not above half full. */
#define NAMES_MAX  4096
#define KIND_NAMES HAUL_KIND_MAX
_Static_assert(ROWS + HAUL_KIND_MAX + ENV_COUNT <= NAMES_MAX / 2, "the table of names is to be larger");

static struct entry {
    const char *name;
    uint16_t kind, key;
} names[NAMES_MAX];
static pthread_once_t names_once = PTHREAD_ONCE_INIT;

static inline size_t first_probe(uint64_t hash, unsigned kind)
{
    return (hash ^ kind * 0x9e3779b97f4a7c15u) >> 20 & (NAMES_MAX - 1);
}

static void add_name(unsigned kind, const char *name, unsigned key)
{
    size_t i = first_probe(haul_xxh3(name, strlen(name)), kind);
    while (names[i].name != NULL) {
        assert(names[i].kind != kind || strcmp(names[i].name, name) != 0);
        i = (i + 1) & (NAMES_MAX - 1);
    }
    names[i] = (struct entry){name, (uint16_t)kind, (uint16_t)key};
}

static void build_names(void)
{
    for (unsigned k = 0; k < ENV_COUNT; k++) add_name(0, envelope_names[k], k);
    for (unsigned k = 1; k < HAUL_KIND_MAX; k++) {
        if (kinds[k].name == NULL) continue;
        add_name(KIND_NAMES, kinds[k].name, k);
        for (size_t i = 0; i < kinds[k].fields_len; i++)
            add_name(k, kinds[k].fields[i].name, kinds[k].fields[i].number);
    }
}

static const struct entry *probe(uint64_t hash, unsigned kind, struct haul_str name)
{
    for (size_t i = first_probe(hash, kind); names[i].name != NULL; i = (i + 1) & (NAMES_MAX - 1))
        if (names[i].kind == kind && strlen(names[i].name) == name.n && memcmp(names[i].name, name.p, name.n) == 0)
            return names + i;
    return NULL;
}

unsigned haul_key_find(const struct plan *plan, struct haul_str name)
{
    pthread_once(&names_once, build_names);
    if (name.n == 0 || name.n > 31) return KEY_UNKNOWN;
    const uint64_t hash = haul_xxh3(name.p, name.n);
    const struct entry *e = plan == NULL ? NULL : probe(hash, (unsigned)(plan - plans), name);
    if (e == NULL) e = probe(hash, 0, name);
    return e == NULL ? KEY_UNKNOWN : e->key;
}

const char *haul_key_name(const struct plan *plan, unsigned key)
{
    if (key < ENV_COUNT) return envelope_names[key];
    assert(key >= HAUL_FIELD_BASE && key < HAUL_FIELD_BASE + HAUL_FIELDS_MAX);
    return plan->slots[key - HAUL_FIELD_BASE].name;
}

/* ---- look-ups ---- */
const struct plan *haul_plan(unsigned kind)
{
    return kind < HAUL_KIND_MAX && plans[kind].row != NULL ? plans + kind : NULL;
}

const struct haul_kind_row *haul_kind_row(unsigned kind)
{
    return kind < HAUL_KIND_MAX && kinds[kind].name != NULL ? kinds + kind : NULL;
}

enum haul_kind haul_kind_find(struct haul_str name)
{
    pthread_once(&names_once, build_names);
    const struct entry *e = name.n == 0 ? NULL : probe(haul_xxh3(name.p, name.n), KIND_NAMES, name);
    return e == NULL ? HAUL_KIND_NONE : (enum haul_kind)e->key;
}

const struct haul_field_row *haul_field_find(unsigned kind, struct haul_str name)
{
    const struct plan *plan = haul_plan(kind);
    const unsigned key = plan == NULL ? KEY_UNKNOWN : haul_key_find(plan, name);
    if (key < HAUL_FIELD_BASE || key == KEY_UNKNOWN) return NULL;
    const struct haul_field_row *row = plan->row->fields;
    while (row->number != key) row++;
    return row;
}

const char *haul_reason_name(enum haul_reason r)
{
    assert(r < HAUL_REASON_COUNT);
    return reason_names[r];
}

bool haul_id_valid(struct haul_str id)
{
    if (id.n == 0 || id.n > HAUL_ID_MAX) return false;
    const uint8_t *p = (const uint8_t *)id.p, *end = p + id.n;
    while (p < end) {
        const size_t n = haul_utf8_len(p, end);
        if (n == 0 || *p < 0x20 || *p == 0x7f) return false;
        if (*p == 0xc2 && p[1] < 0xa0) return false;
        p += n;
    }
    return true;
}
