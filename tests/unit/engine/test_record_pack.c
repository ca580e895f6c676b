/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/record.h"
#include "haul/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct haul_arena scratch;
static struct haul_buf out;
static struct haul_record in, back;

static int begin(void **state)
{
    (void)state;
    haul_arena_init(&scratch, HAUL_RECORD_SCRATCH);
    haul_buf_init(&out, 1024, 1 << 20);
    return 0;
}

static int end(void **state)
{
    (void)state;
    haul_arena_free(&scratch);
    haul_buf_free(&out);
    return 0;
}

static void decode_again(void)
{
    struct haul_refusal why;
    struct haul_message_cursor c;
    haul_arena_reset(&scratch);
    assert_true(haul_message_open(&c, (struct haul_str){(char *)out.p, out.n}, &why));
    if (!haul_record_decode(&c, &back, &scratch, &why)) fail_msg("%s: %s", haul_reason_name(why.reason), why.text);
    assert_int_equal(c.left, 0);
    assert_int_equal(back.raw.n, out.n);
}

static bool same_value(enum haul_type type, const union haul_value *a, const union haul_value *b)
{
    switch (type) {
    case HAUL_BOOL:
    case HAUL_INT:
        return a->i == b->i;
    case HAUL_REAL:
        return memcmp(&a->f, &b->f, sizeof a->f) == 0;
    case HAUL_TEXT:
    case HAUL_BYTES:
        return haul_str_eq(a->s, b->s);
    case HAUL_REALS:
        return a->reals.n == b->reals.n &&
               (a->reals.n == 0 || memcmp(a->reals.p, b->reals.p, a->reals.n * sizeof(double)) == 0);
    }
    return false;
}

static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0123456789";

/* A valid value of a field, at its bounds as often as between them. */
static void set_any(const struct haul_field_row *row, struct haul_rng *rng)
{
    static double reals[HAUL_REALS_MAX];
    static char text[HAUL_RECORD_MAX];
    const enum haul_field f = (enum haul_field)(row->number - HAUL_FIELD_BASE);
    const uint64_t choice = haul_rng_below(rng, 4);
    const double share = choice == 0 ? 0 : choice == 1 ? 1 : haul_rng_f64(rng);
    switch ((enum haul_type)row->type) {
    case HAUL_BOOL:
        haul_set_i(&in, f, choice & 1);
        return;
    case HAUL_INT:
        haul_set_i(&in, f,
                   row->low < -9e18 ? (int64_t)haul_rng_u64(rng) / 2
                                    : (int64_t)(row->low + share * (row->high < 9e18 ? row->high - row->low : 9e18)));
        return;
    case HAUL_REAL:
        haul_set_f(&in, f, row->low + share * (row->high - row->low));
        return;
    case HAUL_TEXT:
    case HAUL_BYTES: {
        const size_t n = (size_t)(row->low + share * (row->high - row->low));
        for (size_t i = 0; i < n; i++) text[i] = letters[(i + choice) % 64];
        haul_set_s(&in, f, (struct haul_str){text, n});
        return;
    }
    case HAUL_REALS:
        for (size_t i = 0; i < HAUL_REALS_MAX; i++) reals[i] = row->low + haul_rng_f64(rng) * (row->high - row->low);
        in.v[f].reals.p = reals, in.v[f].reals.n = haul_rng_below(rng, HAUL_REALS_MAX + 1);
        in.present |= 1ull << f;
    }
}

static void compare(const struct haul_kind_row *kind)
{
    assert_int_equal(back.kind, in.kind);
    assert_int_equal(back.version, in.version);
    assert_int_equal(back.crs, in.crs);
    assert_int_equal(back.positioned, in.positioned);
    assert_true(haul_str_eq(back.id, in.id) && haul_str_eq(back.source, in.source));
    assert_int_equal(back.time.ms, in.time.ms);
    assert_true(!in.positioned || (back.lon_deg == in.lon_deg && back.lat_deg == in.lat_deg));
    assert_true(back.present == in.present);
    assert_int_equal(back.unknown, 0);
    for (size_t i = 0; i < kind->fields_len; i++) {
        const unsigned f = kind->fields[i].number - HAUL_FIELD_BASE;
        if (!same_value((enum haul_type)kind->fields[i].type, in.v + f, back.v + f))
            fail_msg("%s.%s is not what it was", kind->name, kind->fields[i].name);
    }
}

/* Every kind, every field at its bounds and between, with and without each optional one. */
static void every_kind_comes_back(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, 3);
    for (unsigned k = 1; k < HAUL_KIND_MAX; k++) {
        const struct haul_kind_row *kind = haul_kind_row(k);
        if (kind == NULL) continue;
        for (int round = 0; round < 60; round++) {
            haul_record_init(&in, (enum haul_kind)k, (struct haul_str){letters, 1 + haul_rng_below(&rng, HAUL_ID_MAX)},
                             (struct haul_time){(int64_t)haul_rng_below(&rng, 4000000000000) - 1000000000});
            if (round & 1) in.source = HAUL_STR("gw-1");
            in.positioned = kind->positioned || (round & 2) != 0;
            in.lon_deg = 360 * haul_rng_f64(&rng) - 180, in.lat_deg = 180 * haul_rng_f64(&rng) - 90;
            in.crs = (uint8_t)haul_rng_below(&rng, 5);
            for (size_t i = 0; i < kind->fields_len; i++)
                if (kind->fields[i].required || round == 0 || haul_rng_below(&rng, 2) == 1)
                    set_any(kind->fields + i, &rng);
            haul_buf_clear(&out);
            haul_record_pack(&in, &out);
            assert_false(out.overflow);
            decode_again();
            compare(kind);
        }
    }
}

static void fields_go_in_order(void **state)
{
    (void)state;
    static const uint8_t want[] = {0x86, 0,    1, 1, 16, 2, 0xa1, 'a', 3,  0x05, 16, 0xcb,
                                   0x40, 0x45, 0, 0, 0,  0, 0,    0,   25, 0xa1, 'P'};
    haul_record_init(&in, HAUL_KIND_VEHICLE_POSITION, HAUL_STR("a"), (struct haul_time){5});
    haul_set_s(&in, HAUL_F_VP_PLATE, HAUL_STR("P"));
    haul_set_f(&in, HAUL_F_VP_SPEED, 42);
    haul_buf_clear(&out);
    haul_record_pack(&in, &out);
    assert_int_equal(out.n, sizeof want);
    assert_memory_equal(out.p, want, sizeof want);
}

static void several_in_one_message(void **state)
{
    (void)state;
    haul_buf_clear(&out);
    haul_message_pack_header(HAUL_MESSAGE_MAX, &out);
    for (int i = 0; i < HAUL_MESSAGE_MAX; i++) {
        haul_record_init(&in, HAUL_KIND_TICK, HAUL_STR("t"), (struct haul_time){i});
        haul_record_pack(&in, &out);
    }
    struct haul_refusal why;
    struct haul_message_cursor c;
    assert_true(haul_message_open(&c, (struct haul_str){(char *)out.p, out.n}, &why));
    assert_int_equal(c.count, HAUL_MESSAGE_MAX);
    for (int i = 0; i < HAUL_MESSAGE_MAX; i++) {
        assert_int_equal(c.left, HAUL_MESSAGE_MAX - i);
        assert_true(haul_record_decode(&c, &back, &scratch, &why));
        assert_int_equal(back.time.ms, i);
    }
    assert_int_equal(c.left, 0);
}

static void a_full_buffer_says_so(void **state)
{
    (void)state;
    struct haul_buf small;
    haul_buf_init(&small, 8, 16);
    haul_record_init(&in, HAUL_KIND_TICK, HAUL_STR("a thing with a long name"), (struct haul_time){1});
    haul_record_pack(&in, &small);
    assert_true(small.overflow);
    haul_buf_free(&small);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_comes_back),
        cmocka_unit_test(fields_go_in_order),
        cmocka_unit_test(several_in_one_message),
        cmocka_unit_test(a_full_buffer_says_so),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
