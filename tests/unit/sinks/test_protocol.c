/* SPDX-License-Identifier: Apache-2.0
 * The store at named points of failure, over the model of Redis. What random faults find is in
 * tests/property/sinks/test_store.c.
 */
#include "haul/redis_store.h"
#include "haul/topics.h"

#include "tests/sim/model_redis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define TASK       ((struct haul_task_name){HAUL_MAILBOX_FLEET, 0})
#define OTHER      ((struct haul_task_name){HAUL_MAILBOX_FLEET, 1})
#define TIMEOUT_MS 200

static const struct haul_redis_options options = {.connect_timeout = 100, .timeout = TIMEOUT_MS};
static const struct haul_control genesis = {.incarnation = 1, .last_offset = -1, .silent_until = -1};

struct bed {
    int64_t clock_ns;
    struct model_redis *model;
    struct haul_store *store;
    struct haul_control control;
    struct haul_ops ops;
    struct haul_commit part;
};

static struct haul_store *open_store(struct bed *b)
{
    return haul_redis_store_open_transport(model_redis_transport(b->model), &options, "");
}

static enum haul_err claim(struct haul_store *s, struct haul_task_name task, struct haul_control *out)
{
    struct haul_error e;
    bool fresh;
    return s->ops->claim(s, task, &genesis, out, &fresh, &e);
}

static int open_bed(void **state)
{
    struct bed *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->model = model_redis_new(&b->clock_ns, 1);
    b->store = open_store(b);
    assert_int_equal(claim(b->store, TASK, &b->control), HAUL_OK);
    haul_ops_init(&b->ops, 0, 4096);
    haul_ops_add(&b->ops, &(struct haul_op_view){.op = HAUL_OP_PUT, .key = HAUL_STR("vehicle:A"), .a = HAUL_STR("1")});
    haul_ops_add(&b->ops, &(struct haul_op_view){.op = HAUL_OP_XADD,
                                                 .key = HAUL_STR("live:fleet:0"),
                                                 .a = HAUL_STR("v"),
                                                 .b = HAUL_STR("j"),
                                                 .x = 1,
                                                 .y = 1});
    *state = b;
    return 0;
}

static int close_bed(void **state)
{
    struct bed *b = *state;
    b->store->ops->close(b->store);
    model_redis_free(b->model);
    haul_ops_free(&b->ops);
    free(b);
    return 0;
}

static void start(struct bed *b)
{
    b->part = (struct haul_commit){.task = TASK, .control = b->control, .ops = &b->ops};
    b->part.control.commit++;
    b->store->ops->commit(b->store, &b->part, 1);
}

static enum haul_err poll(struct bed *b, int timeout_ms)
{
    struct haul_error e;
    return b->store->ops->poll(b->store, timeout_ms, &e);
}

static void settle(struct bed *b, enum haul_outcome want)
{
    for (int i = 0; i < 50; i++) {
        if (poll(b, 100) != HAUL_OK) continue;
        assert_int_equal(b->part.outcome, want);
        if (want == HAUL_OUTCOME_APPLIED) b->control = b->part.control;
        return;
    }
    fail_msg("the commit does not settle");
}

static uint64_t count(const struct bed *b)
{
    const struct haul_str s = model_redis_hget(b->model, "haul:control:fleet:0", "commit");
    return s.p == NULL ? UINT64_MAX : strtoull(s.p, NULL, 10);
}

static struct haul_redis_stats stats(const struct bed *b)
{
    struct haul_redis_stats s;
    haul_redis_store_stats(b->store, &s);
    return s;
}

static void a_commit_in_calm_is_one_exchange(void **state)
{
    struct bed *b = *state;
    for (int i = 0; i < 3; i++) {
        start(b);
        settle(b, HAUL_OUTCOME_APPLIED);
    }
    assert_int_equal(count(b), 3);
    assert_int_equal(stats(b).sent, 3);
    assert_int_equal(stats(b).connects, 1);
    assert_int_equal(stats(b).duplicates, 2); /* the same stream entry, three times */
}

static void a_poll_without_time_takes_none(void **state)
{
    struct bed *b = *state;
    model_redis_freeze(b->model, true);
    start(b);
    const int64_t before = b->clock_ns;
    for (int i = 0; i < 100; i++) assert_int_equal(poll(b, 0), HAUL_E_AGAIN);
    assert_int_equal(b->clock_ns, before);
    model_redis_freeze(b->model, false);
    settle(b, HAUL_OUTCOME_APPLIED);
}

static void a_transaction_whose_answer_is_lost_is_found_and_confirmed(void **state)
{
    struct bed *b = *state;
    model_redis_cut_exec(b->model, 1, true);
    start(b);
    settle(b, HAUL_OUTCOME_APPLIED);
    assert_int_equal(count(b), 1);
    assert_int_equal(stats(b).unknown, 1);
    assert_int_equal(stats(b).sent, 2);       /* from end to end, for its answer */
    assert_int_equal(stats(b).duplicates, 1); /* which changed nothing */
}

static void a_transaction_that_did_not_arrive_is_sent_again(void **state)
{
    struct bed *b = *state;
    model_redis_cut_exec(b->model, 1, false);
    start(b);
    settle(b, HAUL_OUTCOME_APPLIED);
    assert_int_equal(count(b), 1);
    assert_int_equal(stats(b).sent, 2);
    assert_int_equal(stats(b).duplicates, 0);
}

/* The server freezes with a transaction before it; the connection is given up; the server reads on, late. */
static void what_an_old_connection_still_carries_counts_once(void **state)
{
    struct bed *b = *state;
    start(b);
    model_redis_freeze(b->model, true);
    for (int i = 0; i < 30; i++) poll(b, 50);
    assert_true(stats(b).unknown >= 1);
    model_redis_freeze(b->model, false);
    model_redis_settle(b->model);
    settle(b, HAUL_OUTCOME_APPLIED);
    assert_int_equal(count(b), 1);
    start(b);
    settle(b, HAUL_OUTCOME_APPLIED);
    assert_int_equal(count(b), 2);
}

static void a_frozen_server_costs_the_timeout(void **state)
{
    struct bed *b = *state;
    struct haul_error e;
    struct haul_control c;
    bool exists;
    model_redis_freeze(b->model, true);
    const int64_t before = b->clock_ns;
    assert_int_equal(b->store->ops->peek(b->store, TASK, &c, &exists, &e), HAUL_E_TIMEOUT);
    assert_true(b->clock_ns - before <= (int64_t)(TIMEOUT_MS + 1) * 1000000);
    assert_int_equal(claim(b->store, TASK, &c), HAUL_E_TIMEOUT);
    assert_true(b->clock_ns - before <= (int64_t)(2 * TIMEOUT_MS + 102) * 1000000);
    model_redis_freeze(b->model, false);
    assert_int_equal(claim(b->store, TASK, &b->control), HAUL_OK);
}

/* A byte now and then is progress, but not enough: the deadline stands from the beginning. */
static void a_server_that_dribbles_costs_the_timeout(void **state)
{
    struct bed *b = *state;
    struct haul_error e;
    struct haul_control c;
    bool exists;
    model_redis_set_faults(b->model, &(struct model_redis_faults){.stall = 1000, .stall_ms_max = 90, .short_io = 1000});
    const int64_t before = b->clock_ns;
    const enum haul_err err = b->store->ops->peek(b->store, TASK, &c, &exists, &e);
    assert_true(err == HAUL_OK || err == HAUL_E_TIMEOUT);
    assert_true(b->clock_ns - before <= (int64_t)(TIMEOUT_MS + 1) * 1000000);
}

static void a_replica_decides_nothing(void **state)
{
    struct bed *b = *state;
    struct haul_error e;
    struct haul_control c;
    bool exists;
    model_redis_replica(b->model, true); /* an empty one */
    start(b);
    for (int i = 0; i < 20; i++) assert_int_equal(poll(b, 50), HAUL_E_UNAVAILABLE);
    assert_int_equal(b->part.outcome, HAUL_OUTCOME_NONE);
    model_redis_replica(b->model, false);
    settle(b, HAUL_OUTCOME_APPLIED);
    model_redis_replica(b->model, true);
    assert_int_equal(b->store->ops->peek(b->store, TASK, &c, &exists, &e), HAUL_E_UNAVAILABLE);
    assert_non_null(strstr(e.text, "replica"));
}

static void a_lost_tail_is_told_with_what_was_found(void **state)
{
    struct bed *b = *state;
    b->control.position.offset = 41;
    start(b);
    settle(b, HAUL_OUTCOME_APPLIED);
    model_redis_replicate(b->model);
    b->control.position.offset = 42;
    start(b);
    settle(b, HAUL_OUTCOME_APPLIED);
    model_redis_fail_over(b->model, true);
    start(b);
    settle(b, HAUL_OUTCOME_REWOUND);
    assert_int_equal(b->part.found.commit, 1);
    assert_int_equal(b->part.found.position.offset, 41);
    assert_int_equal(claim(b->store, TASK, &b->control), HAUL_OK);
    assert_int_equal(b->control.commit, 1);
    model_redis_flush(b->model);
    start(b);
    settle(b, HAUL_OUTCOME_WIPED);
}

static void the_last_claim_owns(void **state)
{
    struct bed *b = *state;
    struct haul_store *second = open_store(b);
    struct haul_control c;
    start(b);
    settle(b, HAUL_OUTCOME_APPLIED);
    assert_int_equal(claim(second, TASK, &c), HAUL_OK);
    assert_int_equal(c.commit, 1);
    start(b);
    settle(b, HAUL_OUTCOME_FENCED);
    assert_int_equal(count(b), 1);
    assert_int_equal(stats(b).nil, 1);
    assert_int_equal(claim(b->store, TASK, &b->control), HAUL_OK);
    start(b);
    settle(b, HAUL_OUTCOME_APPLIED);
    second->ops->close(second);
}

static void a_claim_does_not_disturb_what_is_in_flight(void **state)
{
    struct bed *b = *state;
    struct haul_control c;
    start(b);
    assert_int_equal(claim(b->store, OTHER, &c), HAUL_OK);
    assert_int_equal(poll(b, 0), HAUL_OK);
    assert_int_equal(b->part.outcome, HAUL_OUTCOME_APPLIED);
    b->control = b->part.control;
    start(b);
    b->store->ops->release(b->store, TASK);
    settle(b, HAUL_OUTCOME_APPLIED);
    start(b); /* not held any more */
    settle(b, HAUL_OUTCOME_FENCED);
}

static void every_refusal_is_waited_out(void **state)
{
    struct bed *b = *state;
    static const char *const errors[] = {"OOM x",        "MISCONF x", "LOADING x", "READONLY x",
                                         "NOREPLICAS x", "BUSY x",    "NEW x"};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        model_redis_refuse(b->model, errors[i]);
        start(b);
        struct haul_error e = {.text = ""};
        for (int n = 0; n < 10; n++) assert_int_not_equal(b->store->ops->poll(b->store, 100, &e), HAUL_OK);
        if (strstr(e.text, errors[i]) == NULL) fail_msg("%s: %s", errors[i], e.text);
        assert_int_equal(count(b), i);
        model_redis_refuse(b->model, NULL);
        settle(b, HAUL_OUTCOME_APPLIED);
        assert_int_equal(count(b), i + 1);
        assert_string_equal(stats(b).trouble, "");
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bed, close_bed)
    const struct CMUnitTest tests[] = {
        TEST(a_commit_in_calm_is_one_exchange),
        TEST(a_poll_without_time_takes_none),
        TEST(a_transaction_whose_answer_is_lost_is_found_and_confirmed),
        TEST(a_transaction_that_did_not_arrive_is_sent_again),
        TEST(what_an_old_connection_still_carries_counts_once),
        TEST(a_frozen_server_costs_the_timeout),
        TEST(a_server_that_dribbles_costs_the_timeout),
        TEST(a_replica_decides_nothing),
        TEST(a_lost_tail_is_told_with_what_was_found),
        TEST(the_last_claim_owns),
        TEST(a_claim_does_not_disturb_what_is_in_flight),
        TEST(every_refusal_is_waited_out),
    };
    return cmocka_run_group_tests_name("protocol", tests, NULL, NULL);
}
