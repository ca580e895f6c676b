/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/engine/support_any.h"
#include "tests/unit/engine/support_record_oracle.h"

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

/* Every kind, every field at its bounds and between, with and without each optional one. */
static void every_kind_comes_back(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, 3);
    for (unsigned k = 1; k < HAUL_KIND_MAX; k++)
        for (int round = 0; haul_kind_row(k) != NULL && round < 60; round++) {
            any_record(&rng, k, round == 0, &in);
            haul_buf_clear(&out);
            haul_record_pack(&in, &out);
            assert_false(out.overflow);
            decode_again();
            const char *const difference = oracle_difference(&in, &back);
            if (difference != NULL) fail_msg("%s: %s is not what it was", haul_kind_row(k)->name, difference);
        }
}

/* What packs is never too large for a message, whatever is in it. */
static void the_largest_of_each_kind_fits(void **state)
{
    (void)state;
    for (unsigned k = 1; k < HAUL_KIND_MAX; k++) {
        const struct haul_kind_row *const kind = haul_kind_row(k);
        double most = 64 + 2 * (HAUL_ID_MAX + 3) + 30;
        for (size_t i = 0; kind != NULL && i < kind->fields_len; i++) {
            const struct haul_field_row *const f = kind->fields + i;
            const bool text = f->type == HAUL_TEXT || f->type == HAUL_BYTES;
            most += 1 + (text ? f->high + 5 : f->type == HAUL_REALS ? 3 + 9 * HAUL_REALS_MAX : 9);
        }
        if (most > HAUL_RECORD_MAX) fail_msg("%s: up to %.0f bytes", kind->name, most);
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
        cmocka_unit_test(every_kind_comes_back), cmocka_unit_test(the_largest_of_each_kind_fits),
        cmocka_unit_test(fields_go_in_order),    cmocka_unit_test(several_in_one_message),
        cmocka_unit_test(a_full_buffer_says_so),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
