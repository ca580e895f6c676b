/* SPDX-License-Identifier: Apache-2.0
 * The outbox: what goes into one message, and that a record alone goes whatever its size.
 */
#include "processors/engine/outbox.h"

#include "haul/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SENT_MAX = 64 };

struct keeping_sink {
    struct haul_sink base;
    uint64_t cookie[SENT_MAX];
    size_t bytes[SENT_MAX], n;
    char last; /* byte of the last message */
};

static enum haul_err keep(struct haul_sink *base, const struct haul_outgoing *m, struct haul_error *e)
{
    struct keeping_sink *s = (struct keeping_sink *)base;
    (void)e;
    assert_true(s->n < SENT_MAX);
    s->cookie[s->n] = m->cookie;
    s->bytes[s->n++] = m->value.n;
    s->last = m->value.n > 0 ? m->value.p[m->value.n - 1] : '\0';
    return HAUL_OK;
}

static const struct haul_sink_ops ops = {.name = "keeping", .send = keep};

static void put(struct outbox *o, uint64_t sequence, size_t n, char byte)
{
    char *record = malloc(n);
    assert_non_null(record);
    memset(record, byte, n);
    outbox_put(o, 0, sequence, sequence, HAUL_STR("key"), (struct haul_str){record, n}, (struct haul_str){NULL, 0}, 0);
    free(record);
}

static void send_all(struct outbox *o, struct keeping_sink *s)
{
    struct haul_error e;
    const struct haul_task_name from = {1, 0};
    for (int turn = 0; turn < 3; turn++) assert_true(outbox_send(o, &s->base, from, 1, 1, &e));
}

static void one_larger_than_a_record_goes_alone_and_once(void **state)
{
    (void)state;
    struct outbox o;
    struct keeping_sink s = {.base = {&ops}};
    outbox_open(&o, (size_t)4 << 20, 1);
    put(&o, 1, 100, 'a');
    put(&o, 2, HAUL_RECORD_MAX + 1, 'b');
    put(&o, 3, (size_t)1 << 20, 'c');
    put(&o, 4, 100, 'd');
    o.committed_step = 4;
    send_all(&o, &s);
    assert_int_equal(s.n, 4);
    assert_int_equal(s.bytes[1], HAUL_RECORD_MAX + 1);
    assert_int_equal(s.bytes[2], (size_t)1 << 20);
    assert_int_equal(s.last, 'd');
    for (size_t i = 0; i < s.n; i++) assert_true(outbox_receipt(&o, s.cookie[i], true));
    assert_true(outbox_idle(&o));
    outbox_close(&o);
}

static void small_ones_share_a_message(void **state)
{
    (void)state;
    struct outbox o;
    struct keeping_sink s = {.base = {&ops}};
    outbox_open(&o, (size_t)4 << 20, 1);
    for (uint64_t i = 1; i <= 10; i++) put(&o, i, 100, 'x');
    put(&o, 11, 100, 'y'); /* not committed */
    o.committed_step = 10;
    send_all(&o, &s);
    assert_int_equal(s.n, 1);
    assert_true(s.bytes[0] > 1000 && s.bytes[0] < 1010);
    assert_true(outbox_receipt(&o, s.cookie[0], true));
    assert_false(outbox_idle(&o));
    assert_int_equal(outbox_acked_step(&o), 10);
    outbox_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_larger_than_a_record_goes_alone_and_once),
        cmocka_unit_test(small_ones_share_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
