/* SPDX-License-Identifier: Apache-2.0
 * What happens to a task beside its records: a checkpoint of an older state version, another answer version, repaint, a
 * silent upstream, a condemned record, a condemned timer.
 */
#include "processors/engine/checkpoint.h"
#include "processors/engine/contents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define T0 1800000000000

/* ---- a processor, and the same one later: a wider state, a timer and a rule more ---- */
struct old_state {
    int64_t readings;
};
struct new_state {
    double share;
    char pad[24];
    int64_t readings;
};

static enum haul_verdict old_process(struct haul_task *t, struct haul_entity *e, const struct haul_record *r, bool late)
{
    struct old_state *s = haul_entity_state(e);
    (void)late;
    s->readings++;
    haul_task_timer_set(t, e, 0, (struct haul_time){r->time.ms + 60000});
    if (s->readings == 3) haul_task_raise(t, e, &(struct haul_raise){.rule = 0, .score = 0.5, .since = HAUL_TIME_NONE});
    if (r->v[HAUL_F_TR_VALUE].f > 0) haul_task_paint(t, e);
    return HAUL_DONE;
}
static enum haul_verdict new_process(struct haul_task *t, struct haul_entity *e, const struct haul_record *r, bool late)
{
    (void)t, (void)r, (void)late;
    ((struct new_state *)haul_entity_state(e))->readings++;
    return HAUL_DONE;
}
static void timer(struct haul_task *t, struct haul_entity *e, unsigned id)
{
    assert_int_equal(id, 0);
    haul_task_remove(t, e);
}
static void view(const struct haul_task *t, const struct haul_entity *e, struct haul_json *j)
{
    (void)t;
    haul_json_ki64(j, "readings", ((const struct old_state *)haul_entity_state_const(e))->readings);
}
static bool upgrade(uint32_t version, unsigned kind, const void *old, size_t old_bytes, void *state)
{
    struct old_state from;
    struct new_state *to = state;
    if (version != 1 || kind != 0 || old_bytes < sizeof from) return false;
    memcpy(&from, old, sizeof from);
    to->readings = from.readings;
    to->share = 0.25;
    return true;
}

static const struct haul_takes takes[] = {{HAUL_KIND_TEMPLATE_READING, 0}};
static const struct haul_rule rules[] = {{"third", 3, "", "{entity}", "{entity}", "look", "看"},
                                         {"other", 3, "", "{entity}", "{entity}", "look", "看"}};
static const struct haul_processor before = {.mailbox = HAUL_MAILBOX_TEMPLATE,
                                             .state_version = 1,
                                             .takes = takes,
                                             .takes_len = 1,
                                             .entities = {{"thing", sizeof(struct old_state)}},
                                             .timers = 1,
                                             .rules = rules,
                                             .rules_len = 1,
                                             .process = old_process,
                                             .timer = timer,
                                             .view = view};
static const struct haul_processor after = {.mailbox = HAUL_MAILBOX_TEMPLATE,
                                            .state_version = 2,
                                            .takes = takes,
                                            .takes_len = 1,
                                            .entities = {{"thing", sizeof(struct new_state)}},
                                            .timers = 2,
                                            .rules = rules,
                                            .rules_len = 2,
                                            .process = new_process,
                                            .timer = timer,
                                            .upgrade = upgrade};
static const struct haul_processor after_without = {.mailbox = HAUL_MAILBOX_TEMPLATE,
                                                    .state_version = 2,
                                                    .takes = takes,
                                                    .takes_len = 1,
                                                    .entities = {{"thing", sizeof(struct new_state)}},
                                                    .timers = 2,
                                                    .rules = rules,
                                                    .rules_len = 2,
                                                    .process = new_process,
                                                    .timer = timer};
static const struct haul_processor board = {.mailbox = HAUL_MAILBOX_DESK,
                                            .state_version = 1,
                                            .takes = takes,
                                            .takes_len = 1,
                                            .entities = {{"thing", sizeof(struct old_state)}},
                                            .timers = 1,
                                            .process = new_process,
                                            .timer = timer};

/* ---- the world around a task ---- */
#define BLOCKS 64
static struct {
    struct haul_store store;
    uint8_t *p[BLOCKS];
    size_t n[BLOCKS];
} kept;

static enum haul_err load(struct haul_store *s, struct haul_task_name task, const struct haul_block_ref *refs, size_t n,
                          haul_block_place *place, haul_block_fn *fn, void *arg, struct haul_error *e)
{
    (void)s, (void)task, (void)place;
    enum haul_err err = HAUL_OK;
    for (size_t i = 0; i < n && err == HAUL_OK; i++)
        err = fn(arg, refs[i].index, kept.p[refs[i].index], kept.n[refs[i].index], e);
    return err;
}
static const struct haul_store_ops store_ops = {.name = "kept", .load = load};

static void keep(const struct haul_ops *ops)
{
    size_t at = 0;
    struct haul_op_view v;
    while (haul_ops_next(ops, &at, &v)) {
        if (v.op != HAUL_OP_BLOCK) continue;
        assert_true(v.y < BLOCKS);
        kept.p[v.y] = realloc(kept.p[v.y], v.a.n);
        memcpy(kept.p[v.y], v.a.p, v.a.n);
        kept.n[v.y] = v.a.n;
    }
}

static struct {
    struct haul_contents *contents;
    struct haul_ops ops;
    int64_t offset;
    struct haul_buf packed;
} w;

static struct haul_task *opened(const struct haul_processor *p)
{
    struct haul_error e = {0};
    struct task_topology topology = {0};
    char hash[33];
    topology.partitions[HAUL_MAILBOX_TEMPLATE] = topology.partitions[HAUL_MAILBOX_DESK] = 1;
    assert_int_equal(
        haul_contents_add(w.contents, p, HAUL_STR("engine: {lateness: 1s, entities_max: 5000}\n"), hash, &e), HAUL_OK);
    struct haul_task *t = task_open(p, (struct haul_task_name){(uint16_t)p->mailbox, 0}, &topology,
                                    contents_find(w.contents, p, hash), 4 << 20, &e);
    assert_non_null(t);
    t->ops = &w.ops;
    return t;
}

static int setup(void **state)
{
    (void)state;
    memset(&w, 0, sizeof w);
    w.contents = haul_contents_open();
    haul_ops_init(&w.ops, 4096, 64 << 20);
    haul_buf_init(&w.packed, 4096, 1 << 20);
    kept.store.ops = &store_ops;
    return 0;
}
static int teardown(void **state)
{
    (void)state;
    haul_contents_close(w.contents);
    haul_ops_free(&w.ops);
    haul_buf_free(&w.packed);
    for (int i = 0; i < BLOCKS; i++) free(kept.p[i]);
    memset(&kept, 0, sizeof kept);
    return 0;
}

static void pack(unsigned kind, const char *id, int64_t ms, unsigned field, int64_t value)
{
    struct haul_record r;
    haul_record_init(&r, (uint16_t)kind, haul_str_of(id), (struct haul_time){ms});
    if (kind == HAUL_KIND_TEMPLATE_READING)
        haul_set_f(&r, HAUL_F_TR_VALUE, (double)value);
    else if (value >= 0)
        haul_set_i(&r, field, value);
    if (kind == HAUL_KIND_CLOCK) haul_set_i(&r, HAUL_F_CLOCK_THROUGH, 0);
    haul_record_pack(&r, &w.packed);
}

/* What is packed becomes the next message. */
static enum task_stop take(struct haul_task *t, int64_t append_ms, struct haul_sender sender)
{
    const struct haul_message head = {.task = t->name,
                                      .offset = w.offset++,
                                      .append = {append_ms},
                                      .append_time = true,
                                      .value = {(const char *)w.packed.p, w.packed.n},
                                      .sender = sender};
    task_offer(t, &head);
    haul_buf_clear(&w.packed);
    return task_run(t);
}
static enum task_stop reading(struct haul_task *t, const char *id, int64_t ms, double value)
{
    pack(HAUL_KIND_TEMPLATE_READING, id, ms, 0, (int64_t)value);
    return take(t, ms, (struct haul_sender){0});
}

/* ---- what was sent ---- */
struct sent {
    struct haul_sink base;
    struct {
        char action[8], id[32], rule[64], entity[64];
        int64_t since_ms;
    } alert[8];
    size_t n;
};
static enum haul_err take_sent(struct haul_sink *s, const struct haul_outgoing *m, struct haul_error *e)
{
    struct sent *x = (struct sent *)s;
    struct haul_message_cursor c;
    struct haul_refusal why;
    struct haul_record r;
    struct haul_arena a;
    (void)e;
    haul_arena_init(&a, 65536);
    assert_true(haul_message_open(&c, m->value, &why));
    while (c.left > 0 && haul_record_decode(&c, &r, &a, &why)) {
        if (r.kind != HAUL_KIND_ALERT) continue;
        assert_true(x->n < 8);
        const struct haul_str action = r.v[HAUL_F_ALERT_ACTION].s, rule = r.v[HAUL_F_ALERT_RULE].s;
        const struct haul_str entity = r.v[HAUL_F_ALERT_ENTITY].s;
        snprintf(x->alert[x->n].action, 8, "%.*s", (int)action.n, action.p);
        snprintf(x->alert[x->n].id, 32, "%.*s", (int)r.id.n, r.id.p);
        snprintf(x->alert[x->n].rule, 64, "%.*s", (int)rule.n, rule.p);
        snprintf(x->alert[x->n].entity, 64, "%.*s", (int)entity.n, entity.p);
        x->alert[x->n++].since_ms = r.v[HAUL_F_ALERT_SINCE].i;
    }
    haul_arena_free(&a);
    return HAUL_OK;
}
static void collect(struct haul_task *t, struct sent *x)
{
    static const struct haul_sink_ops ops = {.name = "sent", .send = take_sent};
    struct haul_error e = {0};
    x->base.ops = &ops;
    t->outbox.committed_step = t->core->position.step;
    assert_true(outbox_send(&t->outbox, &x->base, t->name, 1, 0, &e));
}

/* ---- tests ---- */
static void fill(struct haul_task *t)
{
    for (int i = 0; i < 3000; i++) {
        char id[16];
        snprintf(id, sizeof id, "t%d", i % 1100);
        assert_int_equal(reading(t, id, T0 + i, 1), TASK_IDLE);
        haul_ops_clear(&w.ops);
    }
}
static void save(struct checkpoint *c, struct haul_task *t, struct haul_control *control)
{
    checkpoint_begin(c, t, ++control->commit);
    while (!c->written) checkpoint_write(c, &w.ops, 1 << 20, control->commit);
    checkpoint_flip(c, control, &w.ops);
    checkpoint_flipped(c);
    keep(&w.ops);
    haul_ops_clear(&w.ops);
}

static void old_state_loads(void **state)
{
    (void)state;
    struct haul_error e = {0};
    struct checkpoint c = {0}, loaded = {0}, again = {0}, none = {0};
    struct haul_control control = {0};
    struct haul_task *t = opened(&before);
    fill(t);
    save(&c, t, &control);
    struct haul_task *u = opened(&after);
    assert_int_equal(checkpoint_load(&loaded, u, &kept.store, &control, &e), HAUL_OK);
    assert_int_equal(u->slots.used, t->slots.used);
    for (uint32_t i = 0; i < t->slots.high; i++) {
        struct haul_entity *x = slots_at(&t->slots, i), *y = slots_find(&u->slots, 0, haul_entity_id(x));
        assert_non_null(y);
        const struct new_state *s = haul_entity_state(y);
        assert_int_equal(s->readings, ((struct old_state *)haul_entity_state(x))->readings);
        assert_true(s->share == 0.25);
        assert_int_equal(y->due[0], x->due[0]);
        assert_true(y->due[1] == INT64_MAX);
        assert_int_equal(y->due[2], x->due[1]); /* the engine's own is the last */
        assert_int_equal(y->painted_ms, x->painted_ms);
        assert_int_equal(y->raised, x->raised);
        if (haul_entity_raised(x, 0)) assert_int_equal(slots_alert(y, 0)->id, slots_alert(x, 0)->id);
    }
    /* it goes on, and its next checkpoint is whole */
    w.offset = 5000;
    assert_int_equal(reading(u, "t5", T0 + 4000, 1), TASK_IDLE);
    save(&loaded, u, &control);
    struct haul_task *v = opened(&after);
    assert_int_equal(checkpoint_load(&again, v, &kept.store, &control, &e), HAUL_OK);
    assert_int_equal(task_bytes(v), task_bytes(u));
    assert_memory_equal(v->map, u->map, task_bytes(u));
    /* the first version cannot read the second, nor one without upgrade() the first */
    struct haul_task *x = opened(&before);
    assert_int_equal(checkpoint_load(&none, x, &kept.store, &control, &e), HAUL_E_VERSION);
    memset(t->dirty, 1, t->dirty_len); /* the store kept the other's blocks since */
    save(&c, t, &control);
    struct haul_task *y = opened(&after_without);
    assert_int_equal(checkpoint_load(&none, y, &kept.store, &control, &e), HAUL_E_VERSION);
    struct haul_task *all[] = {t, u, v, x, y};
    for (int i = 0; i < 5; i++) task_close(all[i]);
    checkpoint_close(&c), checkpoint_close(&loaded), checkpoint_close(&again), checkpoint_close(&none);
}

static void another_answer_drains(void **state)
{
    (void)state;
    struct haul_task *t = opened(&before);
    assert_int_equal(reading(t, "a", T0, 1), TASK_IDLE);
    pack(HAUL_KIND_ANSWER, "answer", T0, HAUL_F_ANSWER_VERSION, 999);
    assert_int_equal(take(t, T0 + 1, (struct haul_sender){0}), TASK_DRAINED);
    assert_int_equal(t->core->position.step, 2);
    assert_int_equal(t->core->position.offset, 2);
    assert_int_equal(task_run(t), TASK_DRAINED);
    assert_int_equal(t->core->position.step, 2);
    task_close(t);
    /* a rebuild answers its past anew */
    t = opened(&before);
    t->core->silent_until = 100;
    pack(HAUL_KIND_ANSWER, "answer", T0, HAUL_F_ANSWER_VERSION, 999);
    assert_int_equal(take(t, T0 + 1, (struct haul_sender){0}), TASK_IDLE);
    task_close(t);
}

static void repaint_paints_what_was_painted(void **state)
{
    (void)state;
    struct haul_task *t = opened(&before);
    struct haul_op_view v;
    struct haul_buf first;
    size_t at = 0;
    haul_buf_init(&first, 64, 4096);
    reading(t, "shown", T0, 1);
    reading(t, "hidden", T0 + 10, 0);
    while (haul_ops_next(&w.ops, &at, &v)) haul_buf_str(&first, v.a);
    assert_int_equal(w.ops.puts, 1);
    haul_ops_clear(&w.ops);
    reading(t, "later", T0 + 20000, 0); /* the watermark passes */
    pack(HAUL_KIND_REPAINT, "repaint", T0, 0, -1);
    assert_int_equal(take(t, T0 + 20001, (struct haul_sender){0}), TASK_IDLE);
    assert_int_equal(w.ops.puts, 1);
    at = 0;
    struct haul_buf second;
    haul_buf_init(&second, 64, 4096);
    while (haul_ops_next(&w.ops, &at, &v)) haul_buf_str(&second, v.a);
    assert_int_equal(first.n, second.n);
    assert_memory_equal(first.p, second.p, first.n);
    haul_buf_free(&first), haul_buf_free(&second);
    task_close(t);
}

static void clock_of(struct haul_task *t, uint16_t partition, int64_t append_ms)
{
    pack(HAUL_KIND_CLOCK, "clock", append_ms, HAUL_F_CLOCK_WATERMARK, append_ms - 1000);
    assert_int_equal(take(t, append_ms, (struct haul_sender){HAUL_MAILBOX_FLEET, partition, 1, 0, 0, 0}), TASK_IDLE);
}

static void a_silent_upstream_is_told_and_cleared(void **state)
{
    (void)state;
    struct sent x = {.n = 0};
    struct haul_task *t = opened(&board);
    clock_of(t, 7, T0);
    for (int s = 0; s <= 70; s += 10) clock_of(t, 8, T0 + s * 1000);
    collect(t, &x);
    assert_int_equal(x.n, 1);
    assert_string_equal(x.alert[0].action, "open");
    assert_string_equal(x.alert[0].rule, "engine.upstream_stalled");
    assert_string_equal(x.alert[0].entity, "task:fleet/7");
    assert_int_equal(x.alert[0].since_ms, T0);
    assert_int_equal(t->core->watermark_ms, T0 + 69000);
    for (int s = 80; s <= 100; s += 10) clock_of(t, 8, T0 + s * 1000); /* once */
    clock_of(t, 7, T0 + 101000);
    collect(t, &x);
    assert_int_equal(x.n, 2);
    assert_string_equal(x.alert[1].action, "clear");
    assert_string_equal(x.alert[1].id, x.alert[0].id);
    assert_true(task_accounts_balance(t));
    task_close(t);
}

static void a_condemned_record_is_buried(void **state)
{
    (void)state;
    for (int unreadable = 0; unreadable <= 1; unreadable++) {
        struct haul_error e = {0};
        w.offset = 0;
        haul_ops_clear(&w.ops);
        const struct haul_condemned x = {HAUL_MAILBOX_TEMPLATE, 0, 1, unreadable, unreadable, 0};
        assert_int_equal(haul_contents_condemn(w.contents, &x, &e), HAUL_OK);
        assert_int_equal(haul_contents_condemn(w.contents, &x, &e), HAUL_OK); /* twice is once */
        struct haul_task *t = opened(&before);
        t->find_condemned = contents_condemned;
        t->find_arg = w.contents;
        w.offset = unreadable;
        haul_buf_byte(&w.packed, 0x93); /* an array of three records */
        pack(HAUL_KIND_TEMPLATE_READING, "a", T0, 0, 1);
        pack(HAUL_KIND_TEMPLATE_READING, "b", T0, 0, 1);
        pack(HAUL_KIND_TEMPLATE_READING, "c", T0, 0, 1);
        assert_int_equal(take(t, T0, (struct haul_sender){0}), TASK_IDLE);
        assert_int_equal(t->core->position.offset, unreadable + 1);
        assert_int_equal(t->core->count[COUNT_QUARANTINED], 1);
        assert_int_equal(t->core->refused[HAUL_REASON_CONDEMNED], 1);
        assert_int_equal(t->core->count[COUNT_PROCESSED], unreadable ? 1 : 2); /* what it cannot read it gives up */
        assert_null(slots_find(&t->slots, 0, HAUL_STR("b")));
        assert_int_equal(haul_crumb.at, HAUL_CRUMB_OUTSIDE);
        assert_true(task_accounts_balance(t));
        task_close(t);
    }
}

/* The fourth step fires the timer of "a": condemned, it is over without effect; the one behind it fires. */
static void a_condemned_timer_has_no_effect(void **state)
{
    (void)state;
    struct haul_error e = {0};
    for (int judged = 0; judged <= 1; judged++) {
        const struct haul_condemned x = {HAUL_MAILBOX_TEMPLATE, 0, 0, 3, 0, 4};
        w.offset = 0;
        haul_ops_clear(&w.ops);
        if (judged) assert_int_equal(haul_contents_condemn(w.contents, &x, &e), HAUL_OK);
        assert_int_equal(
            haul_contents_condemned_timer(w.contents, (struct haul_task_name){HAUL_MAILBOX_TEMPLATE, 0}, 3, 4),
            judged != 0);
        assert_null(haul_contents_condemned(w.contents, (struct haul_task_name){HAUL_MAILBOX_TEMPLATE, 0}, 3, 0));
        struct haul_task *t = opened(&before);
        t->find_condemned = contents_condemned;
        t->find_timer = contents_condemned_timer;
        t->find_arg = w.contents;
        pack(HAUL_KIND_TEMPLATE_READING, "a", T0, 0, 1);
        assert_int_equal(take(t, T0, (struct haul_sender){0}), TASK_IDLE);
        pack(HAUL_KIND_TEMPLATE_READING, "b", T0 + 1000, 0, 1);
        assert_int_equal(take(t, T0 + 1000, (struct haul_sender){0}), TASK_IDLE);
        pack(HAUL_KIND_TEMPLATE_READING, "c", T0 + 3600000, 0, 1);
        assert_int_equal(take(t, T0 + 3600000, (struct haul_sender){0}), TASK_IDLE);
        assert_int_equal(t->core->position.step, 5);
        assert_int_equal(t->core->count[COUNT_TIMERS], 2);
        assert_int_equal(slots_find(&t->slots, 0, HAUL_STR("a")) != NULL, judged != 0); /* the timer removes it */
        assert_null(slots_find(&t->slots, 0, HAUL_STR("b")));
        assert_int_equal(haul_crumb.at, HAUL_CRUMB_OUTSIDE);
        task_close(t);
    }
}

static bool shown(const struct haul_entity *e, struct haul_live *out)
{
    (void)e;
    *out = (struct haul_live){.lon_deg = 115, .lat_deg = 28};
    return true;
}

/* Ids that come and go within one second of event time: the list of what moved keeps to the entities that there are. */
static void the_live_list_is_bounded(void **state)
{
    (void)state;
    struct haul_processor moving = before;
    moving.live = shown;
    struct haul_task *t = opened(&moving);
    char id[16];
    for (int i = 0; i < 40000; i++) {
        snprintf(id, sizeof id, "n%d", i);
        assert_int_equal(reading(t, id, T0, 1), TASK_IDLE);
        if (i % 1000 == 0) haul_ops_clear(&w.ops);
    }
    assert_int_equal(t->slots.used, 5000);
    assert_in_range(t->live_room, 5000, 16384);
    haul_ops_clear(&w.ops);
    assert_int_equal(reading(t, "next", T0 + 1000, 1), TASK_IDLE); /* the second is over */
    size_t at = 0, entries = 0;
    struct haul_op_view v;
    while (haul_ops_next(&w.ops, &at, &v)) entries += v.op == HAUL_OP_XADD && v.a.n > 4999 * 18;
    assert_int_equal(entries, 1);
    assert_int_equal(t->live_len, 0);
    task_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(old_state_loads, setup, teardown),
        cmocka_unit_test_setup_teardown(another_answer_drains, setup, teardown),
        cmocka_unit_test_setup_teardown(repaint_paints_what_was_painted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_silent_upstream_is_told_and_cleared, setup, teardown),
        cmocka_unit_test_setup_teardown(a_condemned_record_is_buried, setup, teardown),
        cmocka_unit_test_setup_teardown(a_condemned_timer_has_no_effect, setup, teardown),
        cmocka_unit_test_setup_teardown(the_live_list_is_bounded, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
