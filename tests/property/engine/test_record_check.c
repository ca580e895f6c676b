/* SPDX-License-Identifier: Apache-2.0
 * haul_record_check says of a record what the decoder says of its packed form: one value of a good record is changed to
 * anything, and both judge.
 */
#include "tests/unit/engine/support_any.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static double wild_real(struct haul_rng *rng)
{
    static const double wild[] = {0, -0.0, 1, -1, 90.0000001, 180, -180.5, 1e300, -1e300, 401, 4294967296.0};
    const uint64_t n = haul_rng_below(rng, sizeof wild / sizeof wild[0] + 3);
    return n < sizeof wild / sizeof wild[0] ? wild[n]
           : n % 3 == 0                     ? __builtin_nan("")
           : n % 3 == 1                     ? __builtin_inf()
                                            : -__builtin_inf();
}

static struct haul_str wild_text(struct haul_rng *rng)
{
    static char text[70000];
    static const size_t lengths[] = {0, 1, 2, 3, 16, 24, 25, 32, 33, 64, 65, 80, 96, 97, 200, 400, 401, 4096, 8193};
    const size_t n = lengths[haul_rng_below(rng, sizeof lengths / sizeof lengths[0])];
    memset(text, 'a', n);
    if (n > 0 && haul_rng_below(rng, 2) == 0) text[haul_rng_below(rng, n)] = (char)haul_rng_u64(rng);
    return (struct haul_str){text, n};
}

static void spoil_field(struct haul_rng *rng, struct haul_record *r)
{
    static double reals[HAUL_REALS_MAX];
    const struct haul_kind_row *const kind = haul_kind_row(r->kind);
    if (kind->fields_len == 0) return;
    const struct haul_field_row *const row = kind->fields + haul_rng_below(rng, kind->fields_len);
    const unsigned f = row->number - HAUL_FIELD_BASE;
    r->present ^= 1ull << f;
    if ((r->present >> f & 1) == 0) return;
    switch ((enum haul_type)row->type) {
    case HAUL_BOOL:
        r->v[f].i = (int64_t)haul_rng_below(rng, 2);
        return;
    case HAUL_INT:
        r->v[f].i = (int64_t)haul_rng_u64(rng) >> haul_rng_below(rng, 64);
        return;
    case HAUL_REAL:
        r->v[f].f = wild_real(rng);
        return;
    case HAUL_TEXT:
    case HAUL_BYTES:
        r->v[f].s = wild_text(rng);
        return;
    case HAUL_REALS:
        r->v[f].reals.n = haul_rng_below(rng, HAUL_REALS_MAX + 1), r->v[f].reals.p = reals;
        for (size_t i = 0; i < r->v[f].reals.n; i++) reals[i] = row->low;
        if (r->v[f].reals.n > 0) reals[haul_rng_below(rng, r->v[f].reals.n)] = wild_real(rng);
    }
}

static void spoil(struct haul_rng *rng, struct haul_record *r)
{
    switch (haul_rng_below(rng, 8)) {
    case 0:
        r->time.ms = (int64_t)haul_rng_u64(rng) >> haul_rng_below(rng, 64);
        return;
    case 1:
        r->source = wild_text(rng);
        return;
    case 2:
        r->lon_deg = wild_real(rng);
        return;
    case 3:
        r->lat_deg = wild_real(rng);
        return;
    case 4:
        r->positioned = !r->positioned;
        return;
    case 5:
        r->crs = (uint8_t)haul_rng_below(rng, 7);
        return;
    case 6:
        r->id = wild_text(rng);
        if (r->id.n == 0 || r->id.n > HAUL_ID_MAX) r->id.n = 1; /* the packer asserts */
        return;
    default:
        spoil_field(rng, r);
    }
}

static void both_judge_alike(void **state)
{
    (void)state;
    static struct haul_record r, back;
    struct haul_rng rng;
    struct haul_buf out;
    struct haul_arena scratch;
    unsigned refused = 0, accepted = 0;
    haul_rng_seed(&rng, 17);
    haul_buf_init(&out, 1024, 1 << 20);
    haul_arena_init(&scratch, HAUL_RECORD_SCRATCH);
    for (unsigned round = 0; round < 40000; round++) {
        unsigned kind = 0;
        while (haul_kind_row(kind) == NULL) kind = (unsigned)haul_rng_below(&rng, HAUL_KIND_MAX);
        any_record(&rng, kind, false, &r);
        spoil(&rng, &r);
        struct haul_refusal mine = {.reason = HAUL_REASON_NONE}, theirs = {.reason = HAUL_REASON_NONE};
        const bool checks = haul_record_check(&r, &mine);
        struct haul_message_cursor c;
        haul_buf_clear(&out);
        haul_record_pack(&r, &out);
        if (out.n > HAUL_RECORD_MAX) continue; /* the decoder refuses its size before it looks inside */
        haul_arena_reset(&scratch);
        const bool decodes = haul_message_open(&c, (struct haul_str){(char *)out.p, out.n}, &theirs) &&
                             haul_record_decode(&c, &back, &scratch, &theirs);
        if (checks != decodes || mine.reason != theirs.reason || strcmp(mine.field, theirs.field) != 0)
            fail_msg("seed 17, round %u: %s '%s', decoder %s '%s'", round, haul_reason_name(mine.reason), mine.text,
                     haul_reason_name(theirs.reason), theirs.text);
        checks ? accepted++ : refused++;
    }
    assert_true(refused > 5000 && accepted > 5000);
    haul_buf_free(&out);
    haul_arena_free(&scratch);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(both_judge_alike)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
