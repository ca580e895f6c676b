/* SPDX-License-Identifier: Apache-2.0
 * The Kafka source on a real broker: KAFKA_BROKERS names it (tests/integration/test_kafka starts one).
 */
#include "haul/kafka_reader.h"
#include "haul/kafka_source.h"
#include "haul/rng.h"
#include "haul/topics.h"
#include "tests/unit/ingest/support_kafka.h"

#include <stdio.h>
#include <stdlib.h>

enum { PARTS = 4, PATIENCE_MS = 60000 };

struct world {
    struct haul_kafka_options options;
    char instance[64], topic[HAUL_KAFKA_TOPIC_BYTES];
    struct kafka_bench *bench;
};

static const char *const append_time[] = {"message.timestamp.type", "LogAppendTime", NULL};
static const uint16_t fleet[] = {HAUL_MAILBOX_FLEET};

static void begin(struct world *w)
{
    const char *brokers = kafka_brokers();
    kafka_defaults(&w->options, brokers);
    kafka_instance(w->instance);
    assert_true(haul_kafka_topic(&w->options, w->instance, "fleet", w->topic));
    w->bench = kafka_bench_open(brokers, NULL);
    kafka_create(w->bench, w->topic, PARTS, append_time);
}
#define BEGIN(w)                                                                                                       \
    struct world w;                                                                                                    \
    (void)state;                                                                                                       \
    begin(&w)

static void property(struct world *w, const char *name, const char *value)
{
    const uint32_t i = w->options.properties.len++;
    snprintf(w->options.properties.item[i].key, 64, "%s", name);
    snprintf(w->options.properties.item[i].value, 64, "%s", value);
}

static struct haul_source *open_source(struct world *w)
{
    struct haul_source *s;
    struct haul_error e;
    if (haul_kafka_source_open(&w->options, w->instance, fleet, 1, 0, NULL, &s, &e) != HAUL_OK) fail_msg("%s", e.text);
    return s;
}

static void poll_ok(struct haul_source *s, int timeout_ms, struct haul_source_event *ev)
{
    struct haul_error e;
    if (s->ops->poll(s, timeout_ms, ev, &e) != HAUL_OK) fail_msg("poll: %s", e.text);
}

/* The next event of a type, others passed over; fails when it does not come. */
static void wait_for(struct haul_source *s, enum haul_source_event_type type, struct haul_source_event *ev)
{
    const int64_t until = haul_mono_now().ns + PATIENCE_MS * 1000000ll;
    do {
        poll_ok(s, 100, ev);
        if (ev->type == type) return;
    } while (haul_mono_now().ns < until);
    fail_msg("event %d did not come", (int)type);
}

static void take_assignment(struct haul_source *s, size_t n)
{
    struct haul_source_event ev;
    for (size_t i = 0; i < n; i++) wait_for(s, HAUL_SOURCE_ASSIGN, &ev);
}

static struct haul_task_name part(int partition)
{
    return (struct haul_task_name){HAUL_MAILBOX_FLEET, (uint16_t)partition};
}

static void start(struct haul_source *s, int partition, int64_t offset)
{
    struct haul_error e;
    if (s->ops->start(s, part(partition), offset, &e) != HAUL_OK) fail_msg("start: %s", e.text);
}

static void check_message(const struct haul_message *m, int64_t expected)
{
    char text[16];
    const int n = snprintf(text, sizeof text, "k%lld", (long long)m->offset);
    assert_int_equal(m->offset, expected);
    if (!haul_str_eq(m->key, (struct haul_str){text, (size_t)n}))
        fail_msg("key %.*s at %lld", (int)m->key.n, m->key.p, (long long)m->offset);
    assert_true(m->value.n >= (size_t)n - 1 && memcmp(m->value.p, text + 1, (size_t)n - 1) == 0);
    assert_true(m->append_time);
}

/* Reads one partition from `next` to its END at `high`. */
static void read_to_end(struct haul_source *s, int partition, int64_t next, int64_t high)
{
    struct haul_source_event ev;
    const int64_t until = haul_mono_now().ns + PATIENCE_MS * 1000000ll;
    while (haul_mono_now().ns < until) {
        poll_ok(s, 100, &ev);
        if (ev.type == HAUL_SOURCE_NONE || ev.task.partition != partition) continue;
        if (ev.type == HAUL_SOURCE_END) {
            assert_int_equal(ev.offset, high);
            if (next == high) return;
            fail_msg("END at %lld before message %lld", (long long)high, (long long)next);
        }
        assert_int_equal(ev.type, HAUL_SOURCE_MESSAGE);
        check_message(&ev.message, next++);
    }
    fail_msg("the end did not come");
}

static void starts_exactly_there(void **state)
{
    BEGIN(w);
    for (int p = 0; p < PARTS; p++) kafka_fill(w.bench, w.topic, p, 0, 1000, 100);
    struct haul_source *s = open_source(&w);
    take_assignment(s, PARTS);
    start(s, 0, 0);
    read_to_end(s, 0, 0, 1000);
    start(s, 1, 777);
    read_to_end(s, 1, 777, 1000);
    start(s, 2, 1000);
    read_to_end(s, 2, 1000, 1000);
    start(s, 0, 500); /* back, while the others run */
    read_to_end(s, 0, 500, 1000);
    s->ops->stop(s, part(1));
    kafka_fill(w.bench, w.topic, 1, 1000, 10, 0);
    kafka_fill(w.bench, w.topic, 0, 1000, 10, 0);
    read_to_end(s, 0, 1000, 1010);
    start(s, 1, 999);
    read_to_end(s, 1, 999, 1010);
    struct haul_kafka_source_stats stats;
    haul_kafka_source_stats(s, &stats);
    if (stats.holes + stats.rereads + stats.gaps > 0 || stats.rebalances != 1)
        fail_msg("%d holes, %d read again, %d gaps, %d rebalances", (int)stats.holes, (int)stats.rereads,
                 (int)stats.gaps, (int)stats.rebalances);
    s->ops->close(s);
    kafka_bench_close(w.bench);
}

/* Random starts, stops, pauses and resumes: what is started and not paused comes in order, the rest does not come. */
static void any_order_of_calls(void **state)
{
    enum { EACH = 5000, OPS = 300 };
    BEGIN(w);
    property(&w, "fetch.wait.max.ms", "5");
    const uint64_t seed = (uint64_t)haul_wall_now().ms;
    struct haul_rng rng;
    haul_rng_seed(&rng, seed);
    print_message("# seed %llu\n", (unsigned long long)seed);
    for (int p = 0; p < PARTS; p++) kafka_fill(w.bench, w.topic, p, 0, EACH, 20);
    struct haul_source *s = open_source(&w);
    take_assignment(s, PARTS);
    int64_t next[PARTS];
    bool paused[PARTS] = {false}, started[PARTS] = {false};
    uint64_t seen = 0;
    for (int op = 0; op < OPS; op++) {
        const int p = (int)haul_rng_below(&rng, PARTS);
        switch (haul_rng_below(&rng, 6)) {
        case 0:
            next[p] = (int64_t)haul_rng_below(&rng, EACH);
            start(s, p, next[p]);
            started[p] = true, paused[p] = false;
            break;
        case 1:
            s->ops->stop(s, part(p)), started[p] = false;
            break;
        case 2:
        case 3:
            s->ops->pause(s, part(p)), paused[p] = started[p];
            break;
        default:
            s->ops->resume(s, part(p)), paused[p] = false;
            break;
        }
        for (uint64_t polls = haul_rng_below(&rng, 400), idle = 0; polls > 0 && idle < 10; polls--) {
            struct haul_source_event ev;
            poll_ok(s, 1, &ev);
            idle += ev.type == HAUL_SOURCE_NONE;
            if (ev.type == HAUL_SOURCE_NONE) continue;
            assert_true(started[ev.task.partition] && !paused[ev.task.partition]);
            if (ev.type == HAUL_SOURCE_END) {
                assert_int_equal(next[ev.task.partition], EACH);
                continue;
            }
            assert_int_equal(ev.type, HAUL_SOURCE_MESSAGE);
            check_message(&ev.message, next[ev.task.partition]++);
            seen++;
        }
    }
    assert_true(seen > 1000);
    for (int p = 0; p < PARTS; p++) s->ops->stop(s, part(p));
    for (int p = 0; p < PARTS; p++) {
        if (!started[p]) continue;
        start(s, p, next[p]);
        read_to_end(s, p, next[p], EACH);
        s->ops->stop(s, part(p));
    }
    s->ops->close(s);
    kafka_bench_close(w.bench);
}

static void sender_header(void **state)
{
    BEGIN(w);
    kafka_send(w.bench, w.topic, 0, "k0", "0", "haul", "traffic/3:7:4000000000000:17");
    kafka_send(w.bench, w.topic, 0, "k1", "1", "haul", "no/3:7:4:0");
    kafka_send(w.bench, w.topic, 0, "k2", "2", "other", "traffic/3:7:4:0");
    kafka_flush(w.bench);
    struct haul_source *s = open_source(&w);
    struct haul_source_event ev;
    take_assignment(s, PARTS);
    start(s, 0, 0);
    wait_for(s, HAUL_SOURCE_MESSAGE, &ev);
    assert_int_equal(ev.message.sender.mailbox, HAUL_MAILBOX_TRAFFIC);
    assert_int_equal(ev.message.sender.partition, 3);
    assert_true(ev.message.sender.incarnation == 7 && ev.message.sender.sequence == 4000000000000 &&
                ev.message.sender.acked == 17);
    wait_for(s, HAUL_SOURCE_MESSAGE, &ev);
    assert_int_equal(ev.message.sender.mailbox, HAUL_MAILBOX_NONE);
    wait_for(s, HAUL_SOURCE_MESSAGE, &ev);
    assert_int_equal(ev.message.sender.mailbox, HAUL_MAILBOX_NONE);
    s->ops->close(s);
    kafka_bench_close(w.bench);
}

/* Markers and aborted records are holes of the log: passed over, counted, no gap. */
static void holes_of_transactions(void **state)
{
    BEGIN(w);
    char id[80];
    snprintf(id, sizeof id, "%stx", w.instance);
    struct kafka_bench *tx = kafka_bench_open(kafka_brokers(), id);
    int64_t expected[64];
    size_t n = 0;
    int64_t offset = 0;
    for (int round = 0; round < 8; round++) {
        kafka_begin(tx);
        kafka_fill(tx, w.topic, 0, (int)offset, 5, 0);
        const bool commit = round != 1 && round != 6;
        kafka_end(tx, commit);
        for (int i = 0; i < 5 && commit; i++) expected[n++] = offset + i;
        offset += 6; /* and the marker */
    }
    struct haul_source *s = open_source(&w);
    struct haul_source_event ev;
    take_assignment(s, PARTS);
    start(s, 0, 0);
    for (size_t i = 0; i < n; i++) {
        wait_for(s, HAUL_SOURCE_MESSAGE, &ev);
        check_message(&ev.message, expected[i]);
    }
    wait_for(s, HAUL_SOURCE_END, &ev);
    assert_int_equal(ev.offset, offset);
    struct haul_kafka_source_stats stats;
    haul_kafka_source_stats(s, &stats);
    if (stats.holes != 6 || stats.rereads != 4 || stats.gaps != 0)
        fail_msg("%d holes, %d read again, %d gaps", (int)stats.holes, (int)stats.rereads, (int)stats.gaps);
    s->ops->close(s);
    kafka_bench_close(tx);
    kafka_bench_close(w.bench);
}

static void gap_with_bounds(void **state)
{
    BEGIN(w);
    kafka_fill(w.bench, w.topic, 0, 0, 1000, 10);
    kafka_fill(w.bench, w.topic, 1, 0, 1000, 10);
    kafka_delete_before(w.bench, w.topic, 0, 500);
    struct haul_source *s = open_source(&w);
    struct haul_source_event ev;
    take_assignment(s, PARTS);
    start(s, 0, 100);
    start(s, 1, 2000); /* beyond the end: truncated or made anew */
    for (int i = 0; i < 2; i++) {
        wait_for(s, HAUL_SOURCE_GAP, &ev);
        assert_int_equal(ev.offset, ev.task.partition == 0 ? 100 : 2000);
        assert_int_equal(ev.low, ev.task.partition == 0 ? 500 : 0);
        assert_int_equal(ev.high, 1000);
    }
    start(s, 0, ev.low == 500 ? ev.low : 500);
    read_to_end(s, 0, 500, 1000);
    s->ops->close(s);
    kafka_bench_close(w.bench);
}

static void bounds_times_and_memory(void **state)
{
    BEGIN(w);
    kafka_fill(w.bench, w.topic, 2, 0, 10, 10);
    struct haul_source *s = open_source(&w);
    struct haul_error e;
    struct haul_source_event ev;
    int64_t low, high, offset;
    uint32_t count;
    char metadata[64];
    take_assignment(s, PARTS);
    assert_int_equal(s->ops->bounds(s, part(2), &low, &high, &e), HAUL_OK);
    assert_true(low == 0 && high == 10);
    assert_int_equal(s->ops->partitions(s, HAUL_MAILBOX_FLEET, &count, &e), HAUL_OK);
    assert_int_equal(count, PARTS);
    assert_int_equal(s->ops->offset_at(s, part(2), (struct haul_time){0}, &offset, &e), HAUL_OK);
    assert_int_equal(offset, 0);
    assert_int_equal(s->ops->offset_at(s, part(2), (struct haul_time){haul_wall_now().ms + 3600000}, &offset, &e),
                     HAUL_OK);
    assert_int_equal(offset, 10);
    assert_int_equal(s->ops->recall(s, part(2), &offset, metadata, sizeof metadata, &e), HAUL_OK);
    assert_true(offset == -1 && metadata[0] == '\0');
    s->ops->remember(s, part(2), 7, "incarnation 3");
    for (const int64_t until = haul_mono_now().ns + PATIENCE_MS * 1000000ll; offset != 7;) {
        assert_true(haul_mono_now().ns < until);
        poll_ok(s, 10, &ev);
        assert_int_equal(s->ops->recall(s, part(2), &offset, metadata, sizeof metadata, &e), HAUL_OK);
    }
    assert_string_equal(metadata, "incarnation 3");
    start(s, 2, 0); /* what the group remembers is not where we start */
    read_to_end(s, 2, 0, 10);
    s->ops->close(s);
    kafka_bench_close(w.bench);
}

/* ---- groups -------------------------------------------------------------------------------------------------------
 */
struct member {
    struct haul_source *s;
    bool has[PARTS];
    int64_t end[PARTS]; /* behind the last message that it read */
    int count, assigns, revokes, losts;
};

/* Does as a worker does: starts what it is given, stops what is taken back. */
static void answer(struct member *m, const struct haul_source_event *ev)
{
    if (ev->type == HAUL_SOURCE_ASSIGN) {
        m->assigns++, m->count++;
        m->has[ev->task.partition] = true;
        start(m->s, ev->task.partition, 0);
    } else if (ev->type == HAUL_SOURCE_REVOKE || ev->type == HAUL_SOURCE_LOST) {
        m->revokes += ev->type == HAUL_SOURCE_REVOKE;
        m->losts += ev->type == HAUL_SOURCE_LOST;
        m->count--;
        m->has[ev->task.partition] = false;
        m->s->ops->stop(m->s, ev->task);
    } else if (ev->type == HAUL_SOURCE_MESSAGE) {
        m->end[ev->task.partition] = ev->offset + 1;
    }
}

static bool all_read(const struct member *a, const struct member *b, int64_t end)
{
    for (int p = 0; p < PARTS; p++)
        if ((a->has[p] ? a : b)->end[p] != end) return false;
    return true;
}

static void serve(struct member *m)
{
    struct haul_source_event ev;
    poll_ok(m->s, 5, &ev);
    answer(m, &ev);
}

static void until_shared(struct member *a, struct member *b, int na, int nb)
{
    const int64_t until = haul_mono_now().ns + PATIENCE_MS * 1000000ll;
    while (a->count != na || b->count != nb) {
        if (haul_mono_now().ns > until) fail_msg("shared %d and %d, not %d and %d", a->count, b->count, na, nb);
        if (a->s != NULL) serve(a);
        if (b->s != NULL) serve(b);
    }
    for (int p = 0; p < PARTS; p++) assert_true(a->has[p] != b->has[p]);
}

static void rebalance_between_two(void **state)
{
    BEGIN(w);
    struct member a = {.s = open_source(&w)}, b = {0};
    until_shared(&a, &b, PARTS, 0);
    b.s = open_source(&w);
    until_shared(&a, &b, PARTS / 2, PARTS / 2);
    assert_int_equal(a.revokes, PARTS);
    b.s->ops->close(b.s);
    b = (struct member){0};
    until_shared(&a, &b, PARTS, 0);
    assert_int_equal(a.losts, 0);
    a.s->ops->close(a.s);
    kafka_bench_close(w.bench);
}

static void static_member_restarts(void **state)
{
    BEGIN(w);
    w.options.session_timeout_ms = 30000;
    snprintf(w.options.group_instance_id, sizeof w.options.group_instance_id, "one");
    struct member a = {.s = open_source(&w)}, b = {0};
    until_shared(&a, &b, PARTS, 0);
    snprintf(w.options.group_instance_id, sizeof w.options.group_instance_id, "two");
    b.s = open_source(&w);
    until_shared(&a, &b, PARTS / 2, PARTS / 2);
    const int revokes = a.revokes;
    b.s->ops->close(b.s);
    b = (struct member){.s = open_source(&w)};
    until_shared(&a, &b, PARTS / 2, PARTS / 2);
    assert_int_equal(a.revokes, revokes); /* it never noticed */
    a.s->ops->close(a.s);
    b.s->ops->close(b.s);
    kafka_bench_close(w.bench);
}

/* Whose name another takes has lost everything, is told so once, and comes back without the name: both go on. */
static void name_taken_by_another(void **state)
{
    BEGIN(w);
    snprintf(w.options.group_instance_id, sizeof w.options.group_instance_id, "one");
    struct member a = {.s = open_source(&w)}, b = {0};
    until_shared(&a, &b, PARTS, 0);
    b.s = open_source(&w);
    int fenced = 0;
    const int64_t until = haul_mono_now().ns + PATIENCE_MS * 1000000ll;
    while (fenced == 0 || a.count != PARTS / 2 || b.count != PARTS / 2) {
        struct haul_source_event ev;
        struct haul_error e;
        if (haul_mono_now().ns > until) fail_msg("fenced %d times, shared %d and %d", fenced, a.count, b.count);
        const enum haul_err err = a.s->ops->poll(a.s, 5, &ev, &e);
        if (err != HAUL_OK && err != HAUL_E_FENCED) fail_msg("poll: %s", e.text);
        fenced += err == HAUL_E_FENCED;
        if (err == HAUL_OK) answer(&a, &ev);
        serve(&b);
    }
    assert_int_equal(fenced, 1);
    assert_int_equal(a.losts, PARTS);
    for (int p = 0; p < PARTS; p++) kafka_fill(w.bench, w.topic, p, 0, 10, 10);
    const int64_t read_by = haul_mono_now().ns + PATIENCE_MS * 1000000ll;
    while (!all_read(&a, &b, 10)) {
        if (haul_mono_now().ns > read_by) fail_msg("not all messages came");
        serve(&a);
        serve(&b);
    }
    a.s->ops->close(a.s);
    b.s->ops->close(b.s);
    kafka_bench_close(w.bench);
}

/* A member that does not poll in time has lost its partitions, and is told so when it polls again. */
static void lost_when_silent(void **state)
{
    BEGIN(w);
    w.options.session_timeout_ms = 1500;
    property(&w, "max.poll.interval.ms", "1500");
    struct member a = {.s = open_source(&w)}, b = {.s = open_source(&w)}, none = {0};
    until_shared(&a, &b, PARTS / 2, PARTS / 2);
    until_shared(&b, &none, PARTS, 0); /* a is not polled */
    const int64_t until = haul_mono_now().ns + PATIENCE_MS * 1000000ll;
    while (a.losts < PARTS / 2) {
        struct haul_source_event ev;
        struct haul_error e;
        if (haul_mono_now().ns > until) fail_msg("%d lost", a.losts);
        if (a.s->ops->poll(a.s, 5, &ev, &e) != HAUL_OK) continue; /* it says that its interval has passed */
        if (ev.type != HAUL_SOURCE_LOST) continue;
        a.losts++;
        a.s->ops->stop(a.s, ev.task);
    }
    a.s->ops->close(a.s);
    b.s->ops->close(b.s);
    kafka_bench_close(w.bench);
}

/* What a worker does: starts at its own position, stops what is taken back, checks that nothing is missing. */
struct reader {
    struct haul_source *s;
    int64_t next[PARTS];
    bool has[PARTS];
    unsigned down;
};

static void work(struct reader *r)
{
    struct haul_source_event ev;
    struct haul_error e;
    const enum haul_err err = r->s->ops->poll(r->s, 5, &ev, &e);
    if (err == HAUL_E_UNAVAILABLE) r->down++;
    if (err != HAUL_OK && err != HAUL_E_UNAVAILABLE) fail_msg("poll: %s", e.text);
    if (err != HAUL_OK) return;
    const int p = ev.task.partition;
    if (ev.type == HAUL_SOURCE_ASSIGN) {
        r->has[p] = true;
        start(r->s, p, r->next[p]);
    } else if (ev.type == HAUL_SOURCE_REVOKE || ev.type == HAUL_SOURCE_LOST) {
        r->has[p] = false;
        r->s->ops->stop(r->s, ev.task);
    } else if (ev.type == HAUL_SOURCE_MESSAGE) {
        assert_true(r->has[p]);
        check_message(&ev.message, r->next[p]++);
    } else if (ev.type == HAUL_SOURCE_GAP) {
        fail_msg("gap at %lld of partition %d", (long long)ev.offset, p);
    }
}

static void work_until(struct reader *r, int64_t high)
{
    const int64_t until = haul_mono_now().ns + PATIENCE_MS * 1000000ll;
    for (int p = 0; p < PARTS;) {
        if (haul_mono_now().ns > until)
            fail_msg("partition %d is at %lld, not at %lld", p, (long long)r->next[p], (long long)high);
        work(r);
        while (p < PARTS && r->next[p] == high) p++;
    }
}

/* A pause in the client outlives the assignment; what starts again is not paused. */
static void a_pause_ends_with_its_assignment(void **state)
{
    BEGIN(w);
    for (int p = 0; p < PARTS; p++) kafka_fill(w.bench, w.topic, p, 0, 100, 10);
    struct reader a = {.s = open_source(&w)}, b = {0};
    work_until(&a, 100);
    for (int p = 0; p < PARTS; p++) a.s->ops->pause(a.s, part(p));
    const int64_t until = haul_mono_now().ns + PATIENCE_MS * 1000000ll;
    b.s = open_source(&w);
    while (!(b.has[0] || b.has[1])) {
        if (haul_mono_now().ns > until) fail_msg("the second member got nothing");
        work(&a);
        work(&b);
    }
    b.s->ops->close(b.s);
    for (int p = 0; p < PARTS; p++) kafka_fill(w.bench, w.topic, p, 100, 100, 10);
    work_until(&a, 200);
    a.s->ops->close(a.s);
    kafka_bench_close(w.bench);
}

/* The broker goes and comes back with its log: one word about it, and not a message lost. */
static void broker_restarts(void **state)
{
    BEGIN(w);
    char command[300];
    const char *dir = getenv("KAFKA_DIR");
    for (int p = 0; p < PARTS; p++) kafka_fill(w.bench, w.topic, p, 0, 1000, 50);
    struct reader r = {.s = open_source(&w)};
    work_until(&r, 1000);
    if (dir != NULL) {
        snprintf(command, sizeof command, "deploy/local/kafka stop --dir %s >&2", dir);
        assert_int_equal(system(command), 0);
        const int64_t until = haul_mono_now().ns + PATIENCE_MS * 1000000ll;
        while (r.down == 0 && haul_mono_now().ns < until) work(&r);
        assert_int_equal(r.down, 1);
        snprintf(command, sizeof command, "deploy/local/kafka start --dir %s >&2", dir);
        assert_int_equal(system(command), 0);
    }
    for (int p = 0; p < PARTS; p++) kafka_fill(w.bench, w.topic, p, 1000, 1000, 50);
    work_until(&r, 2000);
    r.s->ops->close(r.s);
    kafka_bench_close(w.bench);
}

enum { MEMBERS = 3 };

/* One turn of every member that is there. A part that is not with a member starts where any has come to: the store
 * knows. Returns the least position. */
static int64_t turn(struct reader r[MEMBERS])
{
    int64_t least = INT64_MAX;
    for (int p = 0; p < PARTS; p++) {
        int64_t far = 0;
        for (int i = 0; i < MEMBERS; i++) far = r[i].next[p] > far ? r[i].next[p] : far;
        for (int i = 0; i < MEMBERS; i++)
            if (!r[i].has[p]) r[i].next[p] = far;
        least = far < least ? far : least;
    }
    for (int i = 0; i < MEMBERS; i++)
        if (r[i].s != NULL) work(&r[i]);
    return least;
}

/* Members come and go while messages come: between them everything is read, each part in order. */
static void members_come_and_go(void **state)
{
    enum { ROUNDS = 5, EACH = 200 }; /* there are then 1, 2, 3, 2, 1 */
    BEGIN(w);
    struct reader r[MEMBERS] = {{0}};
    for (int round = 0; round < ROUNDS; round++) {
        struct reader *change = &r[round % MEMBERS];
        if (change->s == NULL) {
            change->s = open_source(&w);
        } else {
            change->s->ops->close(change->s);
            change->s = NULL;
            memset(change->has, 0, sizeof change->has);
        }
        for (int p = 0; p < PARTS; p++) kafka_fill(w.bench, w.topic, p, round * EACH, EACH, 20);
        const int64_t until = haul_mono_now().ns + PATIENCE_MS * 1000000ll;
        while (turn(r) < (round + 1) * EACH)
            if (haul_mono_now().ns > until) fail_msg("round %d is not read", round);
    }
    for (int i = 0; i < MEMBERS; i++)
        if (r[i].s != NULL) r[i].s->ops->close(r[i].s);
    kafka_bench_close(w.bench);
}

/* What is deleted while a partition is paused is a gap when it goes on. */
static void deleted_while_paused(void **state)
{
    BEGIN(w);
    struct haul_source_event ev;
    kafka_fill(w.bench, w.topic, 0, 0, 100, 10);
    struct haul_source *s = open_source(&w);
    take_assignment(s, PARTS);
    start(s, 0, 0);
    read_to_end(s, 0, 0, 100);
    s->ops->pause(s, part(0));
    kafka_fill(w.bench, w.topic, 0, 100, 100, 10);
    kafka_delete_before(w.bench, w.topic, 0, 150);
    s->ops->resume(s, part(0));
    wait_for(s, HAUL_SOURCE_GAP, &ev);
    assert_true(ev.offset == 100 && ev.low == 150 && ev.high == 200);
    start(s, 0, 150);
    read_to_end(s, 0, 150, 200);
    s->ops->close(s);
    kafka_bench_close(w.bench);
}

/* A reader gives every message of every partition, in its order and merged by time. */
static void read_whole_merged_by_time(void **state)
{
    enum { EACH = 3000 };
    BEGIN(w);
    struct haul_kafka_reader *r;
    struct haul_recorded m;
    struct haul_error e;
    int64_t next[PARTS] = {0}, late = 0, last_ms = 0;
    for (int i = 0; i < EACH; i += 100)
        for (int p = 0; p < PARTS - 1; p++) kafka_fill(w.bench, w.topic, p, i, 100, 400);
    kafka_send(w.bench, w.topic, PARTS - 1, "k0", "0", "name", "value");
    kafka_flush(w.bench);
    const char *topics[] = {w.topic};
    const struct haul_reader_spec spec = {
        .topics = topics, .topics_len = 1, .from = HAUL_FROM_EARLIEST, .until_end = true};
    if (haul_kafka_reader_open(&w.options, &spec, &r, &e) != HAUL_OK) fail_msg("%s", e.text);
    enum haul_err err;
    while ((err = haul_kafka_reader_next(r, 10000, &m, &e)) == HAUL_OK) {
        assert_true(m.partition < PARTS && m.partitions == PARTS && m.stamp == HAUL_STAMP_APPEND);
        assert_int_equal(m.offset, next[m.partition]++);
        late += m.time.ms < last_ms;
        last_ms = m.time.ms;
        if (m.partition != PARTS - 1) continue;
        assert_int_equal(m.headers_len, 1);
        assert_string_equal(m.headers[0].name, "name");
        assert_true(haul_str_eq(m.headers[0].value, HAUL_STR("value")));
    }
    if (err != HAUL_E_END) fail_msg("%s", e.text);
    assert_true(next[0] == EACH && next[1] == EACH && next[2] == EACH && next[3] == 1 && late == 0);
    haul_kafka_reader_close(r);
    kafka_bench_close(w.bench);
}

/* A backlog in many partitions, more than the client may hold: none waits until another has been read to its end. */
static void a_backlog_is_read_everywhere(void **state)
{
    enum { MANY = 24, ROUNDS = 40, AT_ONCE = 12 };
    BEGIN(w);
    struct haul_source_event ev;
    char topic[sizeof w.topic];
    bool seen[MANY] = {false};
    int parts = 0;
    w.instance[0] = 'm';
    assert_true(haul_kafka_topic(&w.options, w.instance, "fleet", topic));
    kafka_create(w.bench, topic, MANY, append_time);
    for (int i = 0; i < ROUNDS; i++) /* small batches */
        for (int p = 0; p < MANY; p++) kafka_fill(w.bench, topic, p, i * AT_ONCE, AT_ONCE, 1000);
    w.options.fetch_bytes = w.options.queue_bytes = 4 << 20;
    struct haul_source *s = open_source(&w);
    take_assignment(s, MANY);
    for (int p = 0; p < MANY; p++) start(s, p, 0);
    for (wait_for(s, HAUL_SOURCE_MESSAGE, &ev); ev.type != HAUL_SOURCE_END; poll_ok(s, 100, &ev)) {
        if (ev.type != HAUL_SOURCE_MESSAGE || seen[ev.task.partition]) continue;
        seen[ev.task.partition] = true;
        parts++;
    }
    if (parts != MANY)
        fail_msg("partition %d is at its end, and of %d nothing has come", ev.task.partition, MANY - parts);
    s->ops->close(s);
    kafka_bench_close(w.bench);
}

static void missing_topic_is_named(void **state)
{
    BEGIN(w);
    struct haul_error e = {0};
    struct haul_source_event ev;
    snprintf(w.instance, sizeof w.instance, "nothing-has-this-name.");
    struct haul_source *s = open_source(&w);
    const int64_t until = haul_mono_now().ns + PATIENCE_MS * 1000000ll;
    while (s->ops->poll(s, 100, &ev, &e) == HAUL_OK) assert_true(haul_mono_now().ns < until);
    assert_int_equal(e.code, HAUL_E_NOT_FOUND);
    assert_non_null(strstr(e.text, "nothing-has-this-name.haul.fleet"));
    s->ops->close(s);
    kafka_bench_close(w.bench);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_whole_merged_by_time), cmocka_unit_test(starts_exactly_there),
        cmocka_unit_test(any_order_of_calls),        cmocka_unit_test(sender_header),
        cmocka_unit_test(holes_of_transactions),     cmocka_unit_test(gap_with_bounds),
        cmocka_unit_test(bounds_times_and_memory),   cmocka_unit_test(rebalance_between_two),
        cmocka_unit_test(static_member_restarts),    cmocka_unit_test(lost_when_silent),
        cmocka_unit_test(members_come_and_go),       cmocka_unit_test(deleted_while_paused),
        cmocka_unit_test(broker_restarts),           cmocka_unit_test(a_backlog_is_read_everywhere),
        cmocka_unit_test(missing_topic_is_named),    cmocka_unit_test(a_pause_ends_with_its_assignment),
        cmocka_unit_test(name_taken_by_another),
    };
    if (kafka_brokers() == NULL) {
        printf("1..1\nok 1 - kafka_source # SKIP KAFKA_BROKERS is not set\n");
        return 0;
    }
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests_name("kafka_source", tests, NULL, NULL);
}
