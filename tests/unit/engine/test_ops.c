/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/json.h"
#include "haul/ops.h"
#include "haul/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void same(const struct haul_op_view *got, const struct haul_op_view *want)
{
    assert_int_equal(got->op, want->op);
    assert_int_equal(got->aux, want->aux);
    assert_true(haul_str_eq(got->key, want->key) && haul_str_eq(got->a, want->a) && haul_str_eq(got->b, want->b));
    assert_true(got->x == want->x && got->y == want->y);
}

static void what_is_added_comes_back_in_order(void **state)
{
    (void)state;
    static const struct haul_op_view list[] = {
        {.op = HAUL_OP_PUT, .key = {"vehicle:A1", 10}, .a = {"{}", 2}},
        {.op = HAUL_OP_ERASE, .key = {"vehicle:A2", 10}},
        {.op = HAUL_OP_ZADD, .key = {"alerts:open", 11}, .a = {"m", 1}, .x = (uint64_t)-5},
        {.op = HAUL_OP_ZREM, .key = {"alerts:open", 11}, .a = {"m", 1}},
        {.op = HAUL_OP_XADD, .key = {"alerts", 6}, .a = {"\0\1", 2}, .b = {"j", 1}, .x = 1ull << 48, .y = 7, .aux = 9},
        {.op = HAUL_OP_BLOCK, .a = {"block", 5}, .x = UINT64_MAX, .y = 3},
        {.op = HAUL_OP_BLOCK_DROP, .x = 1, .y = 2},
    };
    struct haul_ops ops;
    haul_ops_init(&ops, 0, 1 << 16);
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) haul_ops_add(&ops, &list[i]);
    assert_int_equal(ops.count, sizeof list / sizeof list[0]);
    assert_int_equal(ops.puts, 1);
    size_t at = 0, n = 0;
    struct haul_op_view v;
    for (; haul_ops_next(&ops, &at, &v); n++) same(&v, &list[n]);
    assert_int_equal(n, sizeof list / sizeof list[0]);
    haul_ops_clear(&ops);
    at = 0;
    assert_false(haul_ops_next(&ops, &at, &v));
    haul_ops_free(&ops);
}

static void a_document_is_written_in_place(void **state)
{
    (void)state;
    struct haul_ops ops;
    haul_ops_init(&ops, 16, 1 << 20);
    for (int i = 0; i < 1000; i++) {
        struct haul_json j;
        haul_ops_put_begin(&ops, HAUL_STR("vehicle"), haul_str_of("赣A12345"), &j);
        haul_json_open(&j, '{');
        haul_json_ki64(&j, "n", i);
        haul_json_close(&j, '}');
        haul_ops_put_end(&ops);
    }
    assert_int_equal(ops.count, 1000);
    assert_int_equal(ops.puts, 1000);
    size_t at = 0;
    struct haul_op_view v;
    for (int i = 0; haul_ops_next(&ops, &at, &v); i++) {
        struct haul_buf want;
        haul_buf_init(&want, 64, 64);
        haul_buf_printf(&want, "{\"n\":%d}", i);
        const struct haul_op_view expected = {
            .op = HAUL_OP_PUT, .key = haul_str_of("vehicle:赣A12345"), .a = {(const char *)want.p, want.n}};
        same(&v, &expected);
        haul_buf_free(&want);
    }
    haul_ops_free(&ops);
}

/* At any maximum: what is in the list is whole, what did not fit is absent, and the list says so. */
static void an_overflow_leaves_whole_operations(void **state)
{
    (void)state;
    for (size_t max = 1; max < 400; max++) {
        struct haul_ops ops;
        haul_ops_init(&ops, 0, max);
        for (int i = 0; i < 6; i++) {
            struct haul_json j;
            if (i % 2 == 0) {
                haul_ops_add(&ops, &(struct haul_op_view){.op = HAUL_OP_ERASE, .key = HAUL_STR("hub:1")});
                continue;
            }
            haul_ops_put_begin(&ops, HAUL_STR("hub"), HAUL_STR("1"), &j);
            haul_json_str(&j, HAUL_STR("a document of some length"));
            haul_ops_put_end(&ops);
        }
        size_t at = 0, n = 0;
        struct haul_op_view v;
        for (; haul_ops_next(&ops, &at, &v); n++) assert_true(haul_str_eq(v.key, HAUL_STR("hub:1")));
        assert_int_equal(n, ops.count);
        assert_true(ops.buf.overflow == (ops.count < 6));
        haul_ops_free(&ops);
    }
}

static void random_lists_round_trip(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, 11);
    static char bytes[4096];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)haul_rng_u64(&rng);
    for (int round = 0; round < 200; round++) {
        struct haul_op_view list[50];
        struct haul_ops ops;
        haul_ops_init(&ops, 0, 1 << 20);
        for (size_t i = 0; i < 50; i++) {
            list[i] = (struct haul_op_view){.op = (enum haul_op)haul_rng_below(&rng, HAUL_OP_BLOCK_DROP + 1),
                                            .aux = (uint32_t)haul_rng_u64(&rng),
                                            .key = {bytes, haul_rng_below(&rng, 100)},
                                            .a = {bytes + 7, haul_rng_below(&rng, 4000)},
                                            .b = {bytes + 3, haul_rng_below(&rng, 20)},
                                            .x = haul_rng_u64(&rng),
                                            .y = haul_rng_u64(&rng)};
            haul_ops_add(&ops, &list[i]);
        }
        size_t at = 0, n = 0;
        struct haul_op_view v;
        for (; haul_ops_next(&ops, &at, &v); n++) same(&v, &list[n]);
        assert_int_equal(n, 50);
        haul_ops_free(&ops);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_added_comes_back_in_order),
        cmocka_unit_test(a_document_is_written_in_place),
        cmocka_unit_test(an_overflow_leaves_whole_operations),
        cmocka_unit_test(random_lists_round_trip),
    };
    return cmocka_run_group_tests_name("ops", tests, NULL, NULL);
}
