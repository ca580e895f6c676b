/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/engine/support_any.h"

static char texts[HAUL_FIELDS_MAX][HAUL_RECORD_MAX];
static double reals[HAUL_FIELDS_MAX][HAUL_REALS_MAX];
static char id[HAUL_ID_MAX];

static size_t any_text(struct haul_rng *rng, char *to, size_t n)
{
    static const char *const letters[] = {
        "a", "Z", "0", "-", " ", "\"", "\\", "/", "\xc3\xa9", "\xe8\xb5\xa3", "\xf0\x9f\x9a\x9a"};
    size_t used = 0;
    while (used < n) {
        const char *const letter = letters[haul_rng_below(rng, sizeof letters / sizeof letters[0])];
        const size_t len = strlen(letter);
        if (len > n - used) {
            to[used++] = 'x';
            continue;
        }
        memcpy(to + used, letter, len);
        used += len;
    }
    return used;
}

static double any_share(struct haul_rng *rng)
{
    const uint64_t choice = haul_rng_below(rng, 4);
    return choice == 0 ? 0 : choice == 1 ? 1 : haul_rng_f64(rng);
}

static double any_real(struct haul_rng *rng, const struct haul_field_row *row)
{
    const double share = any_share(rng);
    return share == 1 ? row->high : row->low + share * (row->high - row->low);
}

static int64_t any_integer(struct haul_rng *rng, const struct haul_field_row *row)
{
    const double share = any_share(rng);
    const int64_t low = row->low < -9.2e18 ? -INT64_MAX : (int64_t)row->low;
    const int64_t high = row->high > 9.2e18 ? INT64_MAX : (int64_t)row->high;
    const uint64_t span = (uint64_t)high - (uint64_t)low;
    if (share == 0 || share == 1) return share == 0 ? low : high;
    return (int64_t)((uint64_t)low + (span == UINT64_MAX ? haul_rng_u64(rng) : haul_rng_below(rng, span + 1)));
}

static void set_any(struct haul_rng *rng, const struct haul_field_row *row, struct haul_record *r)
{
    const unsigned f = row->number - HAUL_FIELD_BASE;
    union haul_value *const v = r->v + f;
    r->present |= 1ull << f;
    switch ((enum haul_type)row->type) {
    case HAUL_BOOL:
        v->i = (int64_t)haul_rng_below(rng, 2);
        return;
    case HAUL_INT:
        v->i = any_integer(rng, row);
        return;
    case HAUL_REAL:
        v->f = any_real(rng, row);
        return;
    case HAUL_TEXT:
        v->s = (struct haul_str){texts[f], any_text(rng, texts[f], (size_t)any_real(rng, row))};
        return;
    case HAUL_BYTES:
        v->s = (struct haul_str){texts[f], (size_t)any_real(rng, row)};
        for (size_t i = 0; i < v->s.n; i++) texts[f][i] = (char)haul_rng_u64(rng);
        return;
    case HAUL_REALS:
        v->reals.n = haul_rng_below(rng, HAUL_REALS_MAX + 1), v->reals.p = reals[f];
        for (size_t i = 0; i < v->reals.n; i++) reals[f][i] = any_real(rng, row);
    }
}

void any_record(struct haul_rng *rng, unsigned kind, bool full, struct haul_record *r)
{
    const struct haul_kind_row *const row = haul_kind_row(kind);
    haul_record_init(r, (enum haul_kind)kind,
                     (struct haul_str){id, any_text(rng, id, 1 + haul_rng_below(rng, HAUL_ID_MAX))},
                     (struct haul_time){(int64_t)haul_rng_below(rng, 4000000000000) - 1000000000});
    if (full || haul_rng_below(rng, 2) == 0) r->source = HAUL_STR("gw-1");
    r->positioned = full || row->positioned || haul_rng_below(rng, 2) == 0;
    if (r->positioned) r->lon_deg = 360 * any_share(rng) - 180, r->lat_deg = 180 * any_share(rng) - 90;
    r->crs = (uint8_t)haul_rng_below(rng, 5);
    r->version = haul_rng_below(rng, 8) == 0 ? 200 : HAUL_SCHEMA;
    for (size_t i = 0; i < row->fields_len; i++)
        if (full || row->fields[i].required || haul_rng_below(rng, 2) == 0) set_any(rng, row->fields + i, r);
}
