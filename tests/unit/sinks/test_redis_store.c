/* SPDX-License-Identifier: Apache-2.0
 * The store against a real Redis.
 */
#include "haul/json.h"
#include "haul/redis_store.h"
#include "haul/topics.h"

#include "tests/unit/sinks/support_server.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct server server;
static bool have_server;

#define FLEET(partition) ((struct haul_task_name){HAUL_MAILBOX_FLEET, (partition)})

static const struct haul_control genesis = {.incarnation = 1,
                                            .position = {.offset = 100},
                                            .last_offset = -1,
                                            .genesis_offset = 100,
                                            .partitions = 32,
                                            .answer_version = 1,
                                            .options_version = 1,
                                            .options_hash = "00112233445566778899aabbccddeeff"};

static struct haul_store *open_store(void)
{
    struct haul_error e;
    struct haul_store *s;
    if (haul_redis_store_open(&server.options, "t:", &s, &e) != HAUL_OK) fail_msg("%s", e.text);
    return s;
}

static struct haul_control claim(struct haul_store *s, struct haul_task_name task, bool fresh_expected)
{
    struct haul_error e;
    struct haul_control c;
    bool fresh;
    if (s->ops->claim(s, task, &genesis, &c, &fresh, &e) != HAUL_OK) fail_msg("claim: %s", e.text);
    assert_int_equal(fresh, fresh_expected);
    return c;
}

static enum haul_err finish(struct haul_store *s)
{
    struct haul_error e = {.text = ""};
    for (int i = 0; i < 100; i++) {
        const enum haul_err err = s->ops->poll(s, 1000, &e);
        if (err == HAUL_OK) return err;
        if (err != HAUL_E_AGAIN && err != HAUL_E_UNAVAILABLE) fail_msg("poll: %s", e.text);
    }
    fail_msg("the commit does not settle: %s", e.text);
    return HAUL_E_TIMEOUT;
}

static struct haul_commit part_of(struct haul_task_name task, struct haul_control c, const struct haul_ops *ops)
{
    c.commit++;
    c.position.offset++;
    c.position.step++;
    c.last_offset = c.position.offset - 1;
    return (struct haul_commit){.task = task, .control = c, .ops = ops};
}

static enum haul_outcome commit(struct haul_store *s, struct haul_task_name task, struct haul_control *c,
                                const struct haul_ops *ops)
{
    struct haul_commit part = part_of(task, *c, ops);
    s->ops->commit(s, &part, 1);
    finish(s);
    if (part.outcome == HAUL_OUTCOME_APPLIED) *c = part.control;
    if (part.outcome == HAUL_OUTCOME_REWOUND) *c = part.found;
    return part.outcome;
}

static void put(struct haul_ops *ops, const char *id, int value)
{
    struct haul_json j;
    haul_ops_put_begin(ops, HAUL_STR("vehicle"), haul_str_of(id), &j);
    haul_json_i64(&j, value);
    haul_ops_put_end(ops);
}

static int each_test(void **state)
{
    (void)state;
    if (have_server) server_call(&server, "FLUSHALL");
    return 0;
}

#define NEED_SERVER()                                                                                                  \
    if (!have_server) skip()

static void a_task_is_claimed_written_and_claimed_again(void **state)
{
    (void)state;
    NEED_SERVER();
    struct haul_store *s = open_store();
    struct haul_ops ops;
    haul_ops_init(&ops, 0, 1 << 20);
    struct haul_control c = claim(s, FLEET(3), true);
    assert_memory_equal(&c, &genesis, sizeof c);
    assert_string_equal(server_text(&server, "HMGET t:haul:control:fleet:3 offset commit partitions"), "[100,0,32]");
    put(&ops, "A1", 1);
    put(&ops, "A2", 2);
    haul_ops_add(&ops, &(struct haul_op_view){.op = HAUL_OP_ZADD, .key = HAUL_STR("z"), .a = HAUL_STR("m"), .x = 7});
    haul_ops_add(&ops, &(struct haul_op_view){.op = HAUL_OP_XADD,
                                              .key = HAUL_STR("live:fleet:3"),
                                              .a = HAUL_STR("v"),
                                              .b = HAUL_STR("j"),
                                              .x = 1ull << 48,
                                              .y = 2,
                                              .aux = 10});
    c.acked_len = 3;
    c.acked[0] = 5, c.acked[2] = UINT64_MAX;
    assert_int_equal(commit(s, FLEET(3), &c, &ops), HAUL_OUTCOME_APPLIED);
    assert_string_equal(server_text(&server, "MGET t:haul:vehicle:A1 t:haul:vehicle:A2"), "[1,2]");
    assert_string_equal(server_text(&server, "ZRANGE t:haul:z 0 -1 WITHSCORES"), "[m,7]");
    assert_string_equal(server_text(&server, "XRANGE t:haul:live:fleet:3 - +"), "[[281474976710656-2,[j,v]]]");
    assert_string_equal(server_text(&server, "HMGET t:haul:control:fleet:3 commit offset acked"),
                        "[1,101,5,0,18446744073709551615]");
    const struct haul_control again = claim(s, FLEET(3), false);
    assert_memory_equal(&again, &c, sizeof c);
    haul_ops_clear(&ops);
    haul_ops_add(&ops, &(struct haul_op_view){.op = HAUL_OP_ERASE, .key = HAUL_STR("vehicle:A1")});
    haul_ops_add(&ops, &(struct haul_op_view){.op = HAUL_OP_ZREM, .key = HAUL_STR("z"), .a = HAUL_STR("m")});
    put(&ops, "A2", 22);
    assert_int_equal(commit(s, FLEET(3), &c, &ops), HAUL_OUTCOME_APPLIED);
    assert_string_equal(server_text(&server, "MGET t:haul:vehicle:A1 t:haul:vehicle:A2"), "[(nil),22]");
    assert_string_equal(server_text(&server, "EXISTS t:haul:z"), "0");
    haul_ops_free(&ops);
    s->ops->close(s);
}

/* What remains of a key is what its last operation says, whatever stood between. */
static void operations_of_a_task_keep_their_order(void **state)
{
    (void)state;
    NEED_SERVER();
    struct haul_store *s = open_store();
    struct haul_ops ops;
    haul_ops_init(&ops, 0, 1 << 20);
    struct haul_control c = claim(s, FLEET(0), true);
    put(&ops, "A", 1);
    put(&ops, "B", 1);
    haul_ops_add(&ops, &(struct haul_op_view){.op = HAUL_OP_ERASE, .key = HAUL_STR("vehicle:A")});
    haul_ops_add(&ops, &(struct haul_op_view){.op = HAUL_OP_ERASE, .key = HAUL_STR("vehicle:B")});
    haul_ops_add(&ops, &(struct haul_op_view){.op = HAUL_OP_ERASE, .key = HAUL_STR("vehicle:C")});
    put(&ops, "B", 2);
    put(&ops, "C", 3);
    put(&ops, "C", 4);
    assert_int_equal(commit(s, FLEET(0), &c, &ops), HAUL_OUTCOME_APPLIED);
    assert_string_equal(server_text(&server, "MGET t:haul:vehicle:A t:haul:vehicle:B t:haul:vehicle:C"), "[(nil),2,4]");
    haul_ops_free(&ops);
    s->ops->close(s);
}

static void one_that_is_fenced_leaves_and_the_others_are_written(void **state)
{
    (void)state;
    NEED_SERVER();
    struct haul_store *a = open_store(), *b = open_store();
    struct haul_ops ops[3];
    struct haul_commit parts[3];
    for (uint16_t i = 0; i < 3; i++) {
        char id[2] = {(char)('a' + i), '\0'};
        haul_ops_init(&ops[i], 0, 1 << 16);
        put(&ops[i], id, i);
        parts[i] = part_of(FLEET(i), claim(a, FLEET(i), true), &ops[i]);
    }
    claim(b, FLEET(1), false);
    a->ops->commit(a, parts, 3);
    finish(a);
    assert_int_equal(parts[0].outcome, HAUL_OUTCOME_APPLIED);
    assert_int_equal(parts[1].outcome, HAUL_OUTCOME_FENCED);
    assert_int_equal(parts[2].outcome, HAUL_OUTCOME_APPLIED);
    assert_string_equal(server_text(&server, "MGET t:haul:vehicle:a t:haul:vehicle:b t:haul:vehicle:c"), "[0,(nil),2]");
    a->ops->release(a, FLEET(1));
    server_call(&server, "DEL t:haul:control:fleet:0");
    for (uint16_t i = 0; i < 3; i++) parts[i] = part_of(FLEET(i), parts[i].control, &ops[i]);
    a->ops->commit(a, parts, 3);
    finish(a);
    assert_int_equal(parts[0].outcome, HAUL_OUTCOME_WIPED);
    assert_int_equal(parts[1].outcome, HAUL_OUTCOME_FENCED);
    assert_int_equal(parts[2].outcome, HAUL_OUTCOME_APPLIED);
    struct haul_redis_stats stats;
    haul_redis_store_stats(a, &stats);
    assert_int_equal(stats.nil, 2);
    assert_int_equal(stats.persistence, HAUL_REDIS_PERSISTENCE_NONE);
    for (size_t i = 0; i < 3; i++) haul_ops_free(&ops[i]);
    a->ops->close(a);
    b->ops->close(b);
}

static void a_server_that_comes_back_with_an_older_state_is_noticed(void **state)
{
    (void)state;
    NEED_SERVER();
    struct haul_store *s = open_store();
    struct haul_ops ops;
    haul_ops_init(&ops, 0, 1 << 16);
    struct haul_control c = claim(s, FLEET(5), true);
    put(&ops, "A", 1);
    assert_int_equal(commit(s, FLEET(5), &c, &ops), HAUL_OUTCOME_APPLIED);
    server_call(&server, "SAVE");
    /* the saved state is the one before the commit in flight: sent again */
    server_kill(&server);
    server_restart(&server, NULL);
    assert_int_equal(commit(s, FLEET(5), &c, &ops), HAUL_OUTCOME_APPLIED);
    assert_int_equal(commit(s, FLEET(5), &c, &ops), HAUL_OUTCOME_APPLIED);
    /* now it is two behind */
    server_kill(&server);
    server_restart(&server, NULL);
    assert_int_equal(commit(s, FLEET(5), &c, &ops), HAUL_OUTCOME_REWOUND);
    assert_int_equal(c.commit, 1);
    assert_int_equal(c.position.offset, 101);
    c = claim(s, FLEET(5), false);
    assert_int_equal(commit(s, FLEET(5), &c, &ops), HAUL_OUTCOME_APPLIED);
    server_call(&server, "FLUSHALL");
    assert_int_equal(commit(s, FLEET(5), &c, &ops), HAUL_OUTCOME_WIPED);
    haul_ops_free(&ops);
    s->ops->close(s);
}

struct blocks {
    uint32_t n;
    uint64_t sum;
};
static uint8_t *place_block(void *arg, uint32_t index, size_t n)
{
    static uint8_t block[1 << 20];
    (void)arg, (void)index;
    return n <= sizeof block ? block : NULL;
}

static enum haul_err take_block(void *arg, uint32_t index, const uint8_t *bytes, size_t n, struct haul_error *e)
{
    (void)e;
    struct blocks *b = arg;
    assert_int_equal(index, b->n++);
    assert_int_equal(n, 1000 + index);
    for (size_t i = 0; i < n; i++) b->sum += bytes[i];
    return HAUL_OK;
}

static void add_blocks(struct haul_ops *ops, uint64_t generation, uint32_t from, uint32_t to)
{
    static char bytes[2000];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i % 100);
    for (uint32_t i = from; i < to; i++)
        haul_ops_add(ops, &(struct haul_op_view){.op = HAUL_OP_BLOCK, .a = {bytes, 1000 + i}, .x = generation, .y = i});
}

/* Blocks of two generations in one checkpoint, as one that did not change keeps its own. */
static void blocks_come_back_in_the_order_asked_for(void **state)
{
    (void)state;
    NEED_SERVER();
    struct haul_store *s = open_store(), *other = open_store();
    struct haul_error e;
    struct haul_ops ops;
    haul_ops_init(&ops, 0, 1 << 20);
    struct haul_control c = claim(s, FLEET(7), true);
    add_blocks(&ops, 1, 0, 20);
    assert_int_equal(commit(s, FLEET(7), &c, &ops), HAUL_OUTCOME_APPLIED);
    haul_ops_clear(&ops);
    add_blocks(&ops, 2, 20, 40);
    for (uint32_t i = 0; i < 10; i++)
        haul_ops_add(&ops, &(struct haul_op_view){.op = HAUL_OP_BLOCK_DROP, .x = 1, .y = i});
    c.checkpoint_writing = 2, c.checkpoint_writing_blocks = 40;
    assert_int_equal(commit(s, FLEET(7), &c, &ops), HAUL_OUTCOME_APPLIED);
    assert_string_equal(server_text(&server, "DBSIZE"), "31");
    c = claim(other, FLEET(7), false);
    assert_int_equal(c.checkpoint_writing, 2);
    assert_int_equal(c.checkpoint_writing_blocks, 40);
    struct haul_block_ref refs[30];
    for (uint32_t i = 0; i < 30; i++) refs[i] = (struct haul_block_ref){i < 10 ? 1 : 2, 10 + i};
    struct blocks got = {.n = 10};
    assert_int_equal(other->ops->load(other, FLEET(7), refs, 30, place_block, take_block, &got, &e), HAUL_OK);
    assert_int_equal(got.n, 40);
    refs[17].generation = 1;
    got = (struct blocks){.n = 10};
    assert_int_equal(other->ops->load(other, FLEET(7), refs, 30, place_block, take_block, &got, &e), HAUL_E_CORRUPT);
    assert_string_equal(e.text, "block 27 of checkpoint 1 is missing");
    haul_ops_free(&ops);
    s->ops->close(s);
    other->ops->close(other);
}

static void preconditions_are_checked(void **state)
{
    (void)state;
    NEED_SERVER();
    struct haul_store *s = open_store();
    struct haul_error e;
    struct haul_control c;
    bool fresh;
    server_call(&server, "CONFIG SET maxmemory-policy allkeys-lru");
    assert_int_equal(s->ops->claim(s, FLEET(0), &genesis, &c, &fresh, &e), HAUL_E_CONFLICT);
    assert_non_null(strstr(e.text, "noeviction, it is allkeys-lru"));
    server_call(&server, "CONFIG SET maxmemory-policy noeviction");
    server_call(&server, "SET t:haul:live:fleet:0 x");
    assert_int_equal(s->ops->claim(s, FLEET(0), &genesis, &c, &fresh, &e), HAUL_E_CONFLICT);
    assert_non_null(strstr(e.text, "live:fleet:0 should be a stream and is a string"));
    server_call(&server, "DEL t:haul:live:fleet:0");
    server_call(&server, "SET t:haul:control:fleet:0 x");
    assert_int_equal(s->ops->claim(s, FLEET(0), &genesis, &c, &fresh, &e), HAUL_E_CONFLICT);
    server_call(&server, "DEL t:haul:control:fleet:0");
    server_call(&server, "HSET t:haul:control:fleet:0 format 2");
    assert_int_equal(s->ops->claim(s, FLEET(0), &genesis, &c, &fresh, &e), HAUL_E_CORRUPT);
    server_call(&server, "HSET t:haul:control:fleet:0 format 3");
    assert_int_equal(s->ops->claim(s, FLEET(0), &genesis, &c, &fresh, &e), HAUL_E_VERSION);
    assert_string_equal(server_text(&server, "HGETALL t:haul:control:fleet:0"), "[format,3]");
    bool exists;
    server_call(&server, "DEL t:haul:control:fleet:0");
    assert_int_equal(s->ops->peek(s, FLEET(0), &c, &exists, &e), HAUL_OK);
    assert_false(exists);
    claim(s, FLEET(0), true);
    assert_int_equal(s->ops->peek(s, FLEET(0), &c, &exists, &e), HAUL_OK);
    assert_true(exists);
    s->ops->close(s);
}

static void a_refusal_is_held_and_tried_again(void **state)
{
    (void)state;
    NEED_SERVER();
    struct haul_store *s = open_store();
    struct haul_error e;
    struct haul_ops ops;
    haul_ops_init(&ops, 0, 1 << 16);
    struct haul_control c = claim(s, FLEET(0), true);
    put(&ops, "A", 1);
    haul_ops_add(&ops, &(struct haul_op_view){.op = HAUL_OP_XADD,
                                              .key = HAUL_STR("live:fleet:0"),
                                              .a = HAUL_STR("v"),
                                              .b = HAUL_STR("j"),
                                              .x = 1,
                                              .y = 2});
    static const char *const spoil[] = {"CONFIG SET maxmemory 1", "SET t:haul:live:fleet:0 x", "REPLICAOF 127.0.0.1 1",
                                        "CONFIG SET min-replicas-to-write 1"};
    static const char *const mend[] = {"CONFIG SET maxmemory 0", "DEL t:haul:live:fleet:0", "REPLICAOF NO ONE",
                                       "CONFIG SET min-replicas-to-write 0"};
    static const char *const said[] = {"OOM", "WRONGTYPE", "READONLY", "NOREPLICAS"};
    for (size_t i = 0; i < sizeof spoil / sizeof spoil[0]; i++) {
        server_call(&server, "DEL t:haul:live:fleet:0");
        server_call(&server, "%s", spoil[i]);
        struct haul_commit part = part_of(FLEET(0), c, &ops);
        s->ops->commit(s, &part, 1);
        enum haul_err err;
        do err = s->ops->poll(s, 10, &e);
        while (err == HAUL_E_AGAIN);
        assert_int_equal(err, HAUL_E_UNAVAILABLE);
        if (strstr(e.text, said[i]) == NULL) fail_msg("%s: %s", said[i], e.text);
        server_call(&server, "%s", mend[i]);
        finish(s);
        assert_int_equal(part.outcome, HAUL_OUTCOME_APPLIED);
        assert_string_equal(server_text(&server, "XLEN t:haul:live:fleet:0"), "1");
        c = part.control;
    }
    haul_ops_free(&ops);
    s->ops->close(s);
}

static void no_server_is_said_and_waited_for(void **state)
{
    (void)state;
    NEED_SERVER();
    struct haul_store *s = open_store();
    struct haul_error e;
    struct haul_ops ops;
    haul_ops_init(&ops, 0, 1 << 16);
    struct haul_control c = claim(s, FLEET(0), true);
    put(&ops, "A", 1);
    server_call(&server, "SAVE");
    server_kill(&server);
    struct haul_control peeked;
    bool exists;
    assert_int_equal(s->ops->peek(s, FLEET(0), &peeked, &exists, &e), HAUL_E_UNAVAILABLE);
    struct haul_commit part = part_of(FLEET(0), c, &ops);
    s->ops->commit(s, &part, 1);
    for (int i = 0; i < 5; i++) assert_int_equal(s->ops->poll(s, 1, &e), HAUL_E_UNAVAILABLE);
    server_restart(&server, NULL);
    finish(s);
    assert_int_equal(part.outcome, HAUL_OUTCOME_APPLIED);
    haul_ops_free(&ops);
    s->ops->close(s);
}

/* ---- access ---- */

static void make_user(const char *name, const struct haul_buf *rules)
{
    assert_string_equal(
        server_text(&server, "ACL SETUSER %s reset on >secret %.*s", name, (int)rules->n, (const char *)rules->p),
        "OK");
}

static struct haul_redis_options options_of(const char *user)
{
    struct haul_redis_options o = server.options;
    snprintf(o.user, sizeof o.user, "%s", user);
    snprintf(o.password_file, sizeof o.password_file, "%s/password", server.dir);
    FILE *f = fopen(o.password_file, "w");
    assert_non_null(f);
    fputs("secret\n", f);
    fclose(f);
    return o;
}

/* Everything that a haul process asks of Redis, on a clean server; true when all of it is allowed. */
static bool a_whole_life(const struct haul_redis_options *o, struct haul_error *e)
{
    struct haul_store *s;
    struct haul_control c;
    bool fresh = false, exists = false, good;
    struct haul_ops ops;
    server_call(&server, "SELECT 1");
    server_call(&server, "FLUSHALL");
    haul_ops_init(&ops, 0, 1 << 16);
    put(&ops, "A", 1);
    haul_ops_add(&ops, &(struct haul_op_view){.op = HAUL_OP_ERASE, .key = HAUL_STR("vehicle:B")});
    haul_ops_add(&ops, &(struct haul_op_view){.op = HAUL_OP_ZADD, .key = HAUL_STR("z"), .a = HAUL_STR("m")});
    haul_ops_add(&ops, &(struct haul_op_view){.op = HAUL_OP_ZREM, .key = HAUL_STR("z"), .a = HAUL_STR("m")});
    haul_ops_add(&ops, &(struct haul_op_view){.op = HAUL_OP_XADD,
                                              .key = HAUL_STR("live:fleet:0"),
                                              .a = HAUL_STR("v"),
                                              .b = HAUL_STR("j"),
                                              .x = 1,
                                              .y = 2,
                                              .aux = 3});
    add_blocks(&ops, 1, 0, 1);
    assert_int_equal(haul_redis_store_open(o, "t:", &s, e), HAUL_OK);
    good = s->ops->peek(s, FLEET(0), &c, &exists, e) == HAUL_OK &&
           s->ops->claim(s, FLEET(0), &genesis, &c, &fresh, e) == HAUL_OK;
    if (good) {
        struct haul_commit part = part_of(FLEET(0), c, &ops);
        s->ops->commit(s, &part, 1);
        enum haul_err err;
        do err = s->ops->poll(s, 5, e);
        while (err == HAUL_E_AGAIN);
        good = err == HAUL_OK && part.outcome == HAUL_OUTCOME_APPLIED;
    }
    struct blocks got = {0};
    const struct haul_block_ref ref = {1, 0};
    good = good && s->ops->load(s, FLEET(0), &ref, 1, place_block, take_block, &got, e) == HAUL_OK;
    server_call(&server, "CLIENT KILL TYPE normal SKIPME yes"); /* UNWATCH, when it asks again */
    if (good) {
        c.commit++;
        struct haul_commit part = part_of(FLEET(0), c, &ops);
        s->ops->commit(s, &part, 1);
        enum haul_err err;
        do err = s->ops->poll(s, 5, e);
        while (err == HAUL_E_AGAIN);
        good = err == HAUL_OK && part.outcome == HAUL_OUTCOME_APPLIED;
    }
    s->ops->close(s);
    haul_ops_free(&ops);
    return good;
}

/* All rights of the role are enough, and without any one of them something is refused. */
static void the_rights_of_haul_suffice_and_none_is_spare(void **state)
{
    (void)state;
    NEED_SERVER();
    struct haul_buf rules, fewer;
    struct haul_error e = {.text = ""};
    struct haul_redis_options o = options_of("h");
    o.db = 1;
    haul_buf_init(&rules, 0, 4096);
    haul_buf_init(&fewer, 0, 4096);
    haul_redis_acl(HAUL_REDIS_ROLE_HAUL, "t:", &rules);
    haul_buf_byte(&rules, '\0');
    rules.n--;
    make_user("h", &rules);
    if (!a_whole_life(&o, &e)) fail_msg("%s", e.text);
    for (const char *right = strchr((const char *)rules.p, '+'); right != NULL; right = strchr(right + 1, '+')) {
        const size_t n = strcspn(right, " ");
        haul_buf_clear(&fewer);
        haul_buf_printf(&fewer, "%s -%.*s", (const char *)rules.p, (int)n - 1, right + 1);
        make_user("h", &fewer);
        if (a_whole_life(&o, &e)) fail_msg("%.*s is not needed", (int)n, right);
        if (strstr(e.text, "NOPERM") == NULL) fail_msg("%.*s: %s", (int)n, right, e.text);
    }
    server_call(&server, "SELECT 0");
    server_call(&server, "ACL DELUSER h");
    haul_buf_free(&rules);
    haul_buf_free(&fewer);
}

static bool may(struct haul_redis_client *c, const char *a, const char *b, const char *d)
{
    const struct haul_str words[] = {haul_str_of(a), haul_str_of(b), haul_str_of(d == NULL ? "" : d)};
    const struct haul_redis_value *v;
    struct haul_error e;
    const enum haul_err err = haul_redis_client_call(c, words, d == NULL ? 2 : 3, &v, &e);
    if (err != HAUL_OK && strstr(e.text, "NOPERM") == NULL) fail_msg("%s %s: %s", a, b, e.text);
    return err == HAUL_OK;
}

static void readers_and_operators_see_and_do_not_write(void **state)
{
    (void)state;
    NEED_SERVER();
    static const enum haul_redis_role roles[] = {HAUL_REDIS_ROLE_READER, HAUL_REDIS_ROLE_OPERATOR};
    for (size_t i = 0; i < 2; i++) {
        const bool is_operator = roles[i] == HAUL_REDIS_ROLE_OPERATOR;
        struct haul_buf rules;
        struct haul_error e;
        haul_buf_init(&rules, 0, 4096);
        haul_redis_acl(roles[i], "t:", &rules);
        make_user("r", &rules);
        struct haul_redis_client *c;
        const struct haul_redis_options o = options_of("r");
        assert_int_equal(haul_redis_client_open(&o, &c, &e), HAUL_OK);
        assert_true(may(c, "GET", "t:haul:vehicle:A", NULL) && may(c, "XLEN", "t:haul:alerts", NULL) &&
                    may(c, "ZCARD", "t:haul:alerts:open", NULL) && may(c, "XLEN", "t:haul:live:fleet:0", NULL));
        assert_true(may(c, "HGETALL", "t:haul:control:fleet:0", NULL) == is_operator);
        assert_true(may(c, "GET", "t:haul:checkpoint:fleet:0:1:0", NULL) == is_operator);
        assert_true(may(c, "SCAN", "0", NULL) == is_operator && may(c, "INFO", "memory", NULL) == is_operator);
        assert_false(may(c, "SET", "t:haul:vehicle:A", "x") || may(c, "DEL", "t:haul:vehicle:A", NULL) ||
                     may(c, "GET", "other", NULL) || may(c, "KEYS", "*", NULL) || may(c, "CONFIG", "GET", "save"));
        haul_redis_client_close(c);
        haul_buf_free(&rules);
    }
    server_call(&server, "ACL DELUSER r");
}

static void a_wrong_password_is_said(void **state)
{
    (void)state;
    NEED_SERVER();
    const struct haul_redis_options o = options_of("nobody");
    struct haul_redis_client *c;
    struct haul_error e;
    const struct haul_redis_value *v;
    const struct haul_str ping = HAUL_STR("PING");
    assert_int_equal(haul_redis_client_open(&o, &c, &e), HAUL_OK);
    assert_int_equal(haul_redis_client_call(c, &ping, 1, &v, &e), HAUL_E_UNAVAILABLE);
    assert_non_null(strstr(e.text, "see redis.user and redis.password_file"));
    assert_null(strstr(e.text, "secret"));
    haul_redis_client_close(c);
    struct haul_redis_options missing = o;
    snprintf(missing.password_file, sizeof missing.password_file, "%s/nothing", server.dir);
    assert_int_equal(haul_redis_client_open(&missing, &c, &e), HAUL_E_IO);
}

/* A port that is free now. */
static int free_port(void)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    assert_true(bind(fd, (struct sockaddr *)&a, n) == 0 && getsockname(fd, (struct sockaddr *)&a, &n) == 0);
    close(fd);
    return ntohs(a.sin_port);
}

static void the_same_over_tcp(void **state)
{
    (void)state;
    NEED_SERVER();
    struct server tcp;
    char port[16];
    snprintf(port, sizeof port, "%d", free_port());
    const char *const more[] = {"--port", port, "--bind", "127.0.0.1", NULL};
    assert_true(server_start(&tcp, more));
    struct haul_redis_options o = tcp.options;
    o.socket[0] = '\0';
    snprintf(o.address, sizeof o.address, "127.0.0.1:%s", port);
    struct haul_error e;
    struct haul_store *s;
    assert_int_equal(haul_redis_store_open(&o, "", &s, &e), HAUL_OK);
    struct haul_ops ops;
    haul_ops_init(&ops, 0, 1 << 20);
    for (int i = 0; i < 5000; i++) put(&ops, "a vehicle", i);
    struct haul_control c = claim(s, FLEET(0), true);
    for (int i = 0; i < 5; i++) assert_int_equal(commit(s, FLEET(0), &c, &ops), HAUL_OUTCOME_APPLIED);
    server_call(&tcp, "CLIENT KILL TYPE normal SKIPME yes");
    assert_int_equal(commit(s, FLEET(0), &c, &ops), HAUL_OUTCOME_APPLIED);
    assert_string_equal(server_text(&tcp, "HGET haul:control:fleet:0 commit"), "6");
    s->ops->close(s);
    haul_ops_free(&ops);
    server_stop(&tcp);
}

static void addresses(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool good;
    } cases[] = {{"127.0.0.1:6379", true}, {"redis.example:1", true}, {"[::1]:6379", true}, {"::1:6379", false},
                 {"host", false},          {":6379", false},          {"host:", false},     {"host:0", false},
                 {"host:65536", false},    {"host:+1", false},        {"host:1x", false},   {"[]:1", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct haul_redis_options o = {.timeout = 100, .connect_timeout = 100};
        struct haul_store *s;
        struct haul_error e;
        snprintf(o.address, sizeof o.address, "%s", cases[i].address);
        const enum haul_err err = haul_redis_store_open(&o, "", &s, &e);
        if ((err == HAUL_OK) != cases[i].good) fail_msg("%s", cases[i].address);
        if (err == HAUL_OK) s->ops->close(s);
    }
}

static enum haul_err count_key(void *arg, struct haul_str key, struct haul_error *e)
{
    (void)key, (void)e;
    ++*(unsigned *)arg;
    return HAUL_OK;
}

static void a_scan_finds_every_key(void **state)
{
    (void)state;
    NEED_SERVER();
    for (int i = 0; i < 3000; i++) server_call(&server, "SET t:haul:vehicle:%d x", i);
    server_call(&server, "SET other x");
    unsigned n = 0;
    struct haul_error e;
    assert_int_equal(haul_redis_client_scan(server.client, HAUL_STR("t:haul:vehicle:*"), count_key, &n, &e), HAUL_OK);
    assert_int_equal(n, 3000);
}

static int open_server(void **state)
{
    (void)state;
    have_server = server_start(&server, NULL);
    return 0;
}

static int close_server(void **state)
{
    (void)state;
    if (have_server) server_stop(&server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_task_is_claimed_written_and_claimed_again, each_test),
        cmocka_unit_test_setup(operations_of_a_task_keep_their_order, each_test),
        cmocka_unit_test_setup(one_that_is_fenced_leaves_and_the_others_are_written, each_test),
        cmocka_unit_test_setup(a_server_that_comes_back_with_an_older_state_is_noticed, each_test),
        cmocka_unit_test_setup(blocks_come_back_in_the_order_asked_for, each_test),
        cmocka_unit_test_setup(preconditions_are_checked, each_test),
        cmocka_unit_test_setup(a_refusal_is_held_and_tried_again, each_test),
        cmocka_unit_test_setup(no_server_is_said_and_waited_for, each_test),
        cmocka_unit_test_setup(the_rights_of_haul_suffice_and_none_is_spare, each_test),
        cmocka_unit_test_setup(readers_and_operators_see_and_do_not_write, each_test),
        cmocka_unit_test_setup(a_wrong_password_is_said, each_test),
        cmocka_unit_test(the_same_over_tcp),
        cmocka_unit_test(addresses),
        cmocka_unit_test_setup(a_scan_finds_every_key, each_test),
    };
    return cmocka_run_group_tests_name("redis_store", tests, open_server, close_server);
}
