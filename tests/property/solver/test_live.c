/* SPDX-License-Identifier: Apache-2.0
 * A live plan under a storm of events: after each one every rule holds, every task is either served or told as
 * unserved, what was frozen stands where it stood, what is on board stays there, and the same storm gives the same
 * plan. Improvement, wherever it is stopped, never makes the plan dearer, and saves more than the stops that it moves
 * cost.
 */
#include "haul/solver_live.h"
#include "tests/unit/solver/support_problem.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SEED = 77, EVENTS = 120, TASKS = 40, VEHICLES = 6, SPARE = 60 };

static const struct haul_vrp_live_options options = {
    .seed = 5, .spare = SPARE, .price_of_move = 5, .moves_max = 4, .steps = 20};

struct storm {
    struct haul_vrp_live *l;
    struct haul_rng rng;
    int32_t alive[TASKS + SPARE], alive_n;
    int32_t locations;
    int32_t frozen[VEHICLES][TASKS + SPARE], frozen_n[VEHICLES];
    bool from_start[TASKS + SPARE];  /* a job whose goods are loaded where the vehicle starts */
    int32_t on_board[TASKS + SPARE]; /* the vehicle that has left with them, or HAUL_VRP_NONE */
    bool withdrawn[VEHICLES];
    int64_t clock;
};

/* Where every task stands. */
struct standing {
    int32_t vehicle[TASKS + SPARE], prev[TASKS + SPARE]; /* HAUL_VRP_NONE: it is not served; it is the first */
    bool unserved[TASKS + SPARE];
};

static int64_t draw(struct storm *s, int64_t n)
{
    return (int64_t)haul_rng_below(&s->rng, (uint64_t)n);
}

static void order(struct storm *s, struct haul_vrp_change *c, struct haul_error *e)
{
    struct haul_vrp_task t = haul_vrp_task_default(), to = haul_vrp_task_default();
    const struct haul_window w = {s->clock + draw(s, 500), s->clock + 600 + draw(s, 4000)};
    t.id = 1000 + draw(s, 1000000);
    t.location = (int32_t)draw(s, s->locations), to.location = (int32_t)draw(s, s->locations);
    t.service = draw(s, 40);
    if (draw(s, 2) == 0) t.windows = &w, t.windows_n = 1;
    t.pickup[0] = draw(s, 3);
    int32_t index;
    if (draw(s, 3) == 0) {
        if (haul_vrp_live_add_shipment(s->l, &t, &to, &index, c, e) == HAUL_OK) s->alive[s->alive_n++] = index;
    } else if (haul_vrp_live_add_job(s->l, &t, &index, c, e) == HAUL_OK) {
        s->alive[s->alive_n++] = index;
    }
}

static void cancel(struct storm *s, struct haul_vrp_change *c, struct haul_error *e)
{
    if (s->alive_n == 0) return;
    const int32_t k = (int32_t)draw(s, s->alive_n);
    if (haul_vrp_live_cancel(s->l, s->alive[k], c, e) != HAUL_OK) return;
    s->from_start[s->alive[k]] = false; /* its number may come again */
    s->on_board[s->alive[k]] = HAUL_VRP_NONE;
    s->alive[k] = s->alive[--s->alive_n];
}

static void progress(struct storm *s, struct haul_vrp_change *c, struct haul_error *e)
{
    const int32_t v = (int32_t)draw(s, VEHICLES);
    int32_t tasks[TASKS + SPARE];
    int64_t begins[TASKS + SPARE];
    const int32_t n = haul_vrp_live_stops(s->l, v, tasks, TASKS + SPARE);
    haul_vrp_live_times(s->l, v, begins, TASKS + SPARE);
    const int32_t stops = s->frozen_n[v] + (int32_t)draw(s, 3);
    if (stops > n) return;
    const int64_t leaves = stops == 0 ? s->clock : begins[stops - 1] + draw(s, 700);
    assert_int_equal(haul_vrp_live_progress(s->l, v, stops, leaves, c, e), HAUL_OK);
    for (int32_t i = 0; stops > 0 && i < n; i++)
        if (s->from_start[tasks[i]]) s->on_board[tasks[i]] = v;
    memcpy(s->frozen[v], tasks, sizeof tasks);
    s->frozen_n[v] = stops;
}

static void withdraw(struct storm *s, struct haul_vrp_change *c, struct haul_error *e)
{
    const int32_t v = (int32_t)draw(s, 4 * VEHICLES);
    if (v >= VEHICLES / 2) return; /* seldom, and never all */
    assert_int_equal(haul_vrp_live_withdraw(s->l, v, c, e), HAUL_OK);
    s->withdrawn[v] = true;
}

static void ways(struct storm *s, struct haul_vrp_change *c, struct haul_error *e)
{
    struct haul_way w[10];
    for (int k = 0; k < 10; k++) {
        const int32_t time = (int32_t)draw(s, 900);
        w[k] = (struct haul_way){0, (int32_t)draw(s, s->locations), (int32_t)draw(s, s->locations), time, time};
    }
    assert_int_equal(haul_vrp_live_ways(s->l, w, 10, c, e), HAUL_OK);
}

static void place(struct storm *s, struct haul_error *e)
{
    int32_t there[256], back[256], index;
    for (int32_t i = 0; i < s->locations; i++) there[i] = (int32_t)draw(s, 900), back[i] = (int32_t)draw(s, 900);
    if (haul_vrp_live_add_location(s->l, there, back, there, back, &index, e) == HAUL_OK) s->locations = index + 1;
}

/* ---- improvement ---- */

static void stand(const struct storm *s, struct standing *at)
{
    int32_t tasks[TASKS + SPARE];
    *at = (struct standing){.unserved = {false}};
    for (int32_t i = 0; i < TASKS + SPARE; i++) at->vehicle[i] = at->prev[i] = HAUL_VRP_NONE;
    for (int32_t v = 0; v < VEHICLES; v++) {
        const int32_t n = haul_vrp_live_stops(s->l, v, tasks, TASKS + SPARE);
        for (int32_t i = 0; i < n; i++)
            at->vehicle[tasks[i]] = v, at->prev[tasks[i]] = i > 0 ? tasks[i - 1] : HAUL_VRP_NONE;
    }
    const int32_t n = haul_vrp_live_unserved(s->l, tasks, TASKS + SPARE);
    for (int32_t i = 0; i < n; i++) at->unserved[tasks[i]] = true;
}

static int32_t moves_between(const struct standing *a, const struct standing *b)
{
    int32_t n = 0;
    for (int32_t i = 0; i < TASKS + SPARE; i++) {
        if (a->vehicle[i] == HAUL_VRP_NONE) continue;
        int32_t prev = b->prev[i];
        while (prev != HAUL_VRP_NONE && a->vehicle[prev] == HAUL_VRP_NONE) prev = b->prev[prev]; /* is new there */
        n += b->vehicle[i] != a->vehicle[i] || prev != a->prev[i];
    }
    return n;
}

static void improve(const struct storm *s, int64_t steps, const atomic_bool *stop)
{
    struct standing before, after;
    struct haul_vrp_change c;
    struct haul_error e;
    stand(s, &before);
    const int64_t cost = haul_vrp_live_cost(s->l);
    assert_int_equal(haul_vrp_live_improve(s->l, steps, stop, &c, &e), HAUL_OK);
    stand(s, &after);
    assert_int_equal(c.cost_before, cost);
    assert_int_equal(c.cost_after, haul_vrp_live_cost(s->l));
    assert_int_equal(c.moved, moves_between(&before, &after));
    if (memcmp(before.unserved, after.unserved, sizeof before.unserved) != 0)
        return; /* what that is worth is not told */
    assert_true(c.cost_after <= c.cost_before - options.price_of_move * c.moved);
}

/* ---- what always holds ---- */

static void loads_stay(const struct storm *s, int32_t v, const int32_t *tasks, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        const int32_t on = s->on_board[tasks[i]];
        assert_true(on == HAUL_VRP_NONE || on == v);
        assert_true(on == v || !s->from_start[tasks[i]] || s->frozen_n[v] == 0); /* it has left without them */
        assert_true(on == v || !s->withdrawn[v] || i < s->frozen_n[v] || tasks[i] >= TASKS || !s->from_start[tasks[i]]);
    }
}

static void holds(const struct storm *s, int event)
{
    struct haul_error e;
    if (haul_vrp_live_check(s->l, &e) != HAUL_OK) fail_msg("seed %d, event %d: %s", SEED, event, e.text);
    bool seen[TASKS + SPARE] = {false};
    int32_t tasks[TASKS + SPARE];
    for (int32_t v = 0; v < VEHICLES; v++) {
        const int32_t n = haul_vrp_live_stops(s->l, v, tasks, TASKS + SPARE);
        assert_true(n >= s->frozen_n[v]);
        for (int32_t i = 0; i < s->frozen_n[v]; i++) assert_int_equal(tasks[i], s->frozen[v][i]);
        loads_stay(s, v, tasks, n);
        for (int32_t i = 0; i < n; i++) {
            assert_false(seen[tasks[i]]);
            seen[tasks[i]] = true;
        }
    }
    const int32_t n = haul_vrp_live_unserved(s->l, tasks, TASKS + SPARE);
    for (int32_t i = 0; i < n; i++) {
        assert_false(seen[tasks[i]]);
        seen[tasks[i]] = true;
    }
    for (int32_t i = 0; i < s->alive_n; i++) assert_true(seen[s->alive[i]]);
}

static void begin(struct storm *s, struct haul_problem **p, uint32_t rules, uint64_t seed)
{
    *s = (struct storm){.locations = TASKS + 3};
    haul_rng_seed(&s->rng, seed);
    *p = random_problem(&s->rng, rules, TASKS, VEHICLES);
    const struct haul_problem_view v = haul_problem_view(*p);
    struct haul_error e;
    if (haul_vrp_live_open(*p, NULL, &options, &s->l, &e) != HAUL_OK) fail_msg("%s", e.text);
    for (int32_t i = 0; i < TASKS + SPARE; i++) s->on_board[i] = HAUL_VRP_NONE;
    for (int32_t i = 0; i < v.tasks_n; i++) {
        if (v.tasks[i].kind != HAUL_VRP_DELIVERY) s->alive[s->alive_n++] = i;
        for (int32_t d = 0; v.tasks[i].kind == HAUL_VRP_JOB && d < v.dims; d++)
            s->from_start[i] |= v.tasks[i].delivery[d] > 0;
    }
    for (int32_t k = 0; k < v.vehicles_n; k++) /* who can reload may serve anything */
        for (int32_t i = 0; v.vehicles[k].reloads_max > 0 && i < v.tasks_n; i++) s->from_start[i] = false;
    holds(s, -1);
}

static void happen(struct storm *s)
{
    struct haul_error e;
    struct haul_vrp_change c;
    switch (draw(s, 9)) {
    case 0:
    case 1:
        order(s, &c, &e);
        break;
    case 2:
        cancel(s, &c, &e);
        break;
    case 3:
    case 4:
        progress(s, &c, &e);
        break;
    case 5:
        ways(s, &c, &e);
        break;
    case 6:
        place(s, &e);
        break;
    case 7:
        withdraw(s, &c, &e);
        break;
    default: /* from one step to some regions, and on with the one that is left open */
        improve(s, draw(s, 2) == 0 ? 1 + draw(s, 40) : 1 + draw(s, 800), NULL);
        break;
    }
}

static int64_t rage(uint32_t rules, uint64_t seed)
{
    struct storm s;
    struct haul_problem *p;
    begin(&s, &p, rules, seed);
    for (int k = 0; k < EVENTS; k++) {
        s.clock = 20 * k;
        happen(&s);
        holds(&s, k);
    }
    const int64_t cost = haul_vrp_live_cost(s.l);
    haul_vrp_live_close(s.l);
    haul_problem_free(p);
    return cost;
}

static void plain(void **state)
{
    (void)state;
    for (uint64_t k = 0; k < 3; k++) rage(RULE_SHIPMENTS | RULE_WINDOWS, SEED + k);
}

static void with_rules(void **state)
{
    (void)state;
    for (uint64_t k = 0; k < 3; k++)
        rage(RULE_SHIPMENTS | RULE_WINDOWS | RULE_LIMITS | RULE_SKILLS | RULE_MIXED_FLEET | RULE_MIXED_LOADS |
                 RULE_PAID_DURATION,
             SEED + k);
}

static void with_all_rules(void **state)
{
    (void)state;
    for (uint64_t k = 0; k < 3; k++) rage(RULE_ALL, SEED + k);
    rage(RULE_ALL, SEED + 9); /* goods that may not be cooled for long are late */
}

static void with_docks(void **state)
{
    (void)state;
    for (uint64_t k = 0; k < 3; k++)
        rage(RULE_WINDOWS | RULE_DOCKS | RULE_MIXED_LOADS | RULE_PRIZES | RULE_SHIPMENTS, SEED + k);
}

static void same_storm_same_plan(void **state)
{
    (void)state;
    assert_int_equal(rage(RULE_WINDOWS, SEED), rage(RULE_WINDOWS, SEED));
    const uint32_t rules = RULE_SHIPMENTS | RULE_WINDOWS | RULE_LIMITS | RULE_MIXED_FLEET | RULE_MIXED_LOADS;
    assert_int_equal(rage(rules, SEED + 1), rage(rules, SEED + 1));
}

static void a_late_vehicle_gives_stops_away(void **state)
{
    (void)state;
    static const int32_t at[] = {0, 10, 20};
    struct haul_problem *p = line_problem(at, 3, 1);
    line_job(p, 1, 1, 0, 0, 50, 1);
    line_job(p, 2, 2, 0, 0, 50, 1);
    const struct haul_vrp_vehicle a = line_vehicle(1, 5);
    struct haul_vrp_vehicle b = line_vehicle(2, 5);
    b.cost_fixed = 1000;
    add_vehicle(p, &a);
    add_vehicle(p, &b);
    struct haul_vrp_live *l;
    struct haul_vrp_change c;
    struct haul_error e;
    int32_t tasks[4];
    assert_int_equal(haul_vrp_live_open(p, NULL, &options, &l, &e), HAUL_OK);
    assert_int_equal(haul_vrp_live_stops(l, 0, tasks, 4), 2);
    assert_int_equal(haul_vrp_live_progress(l, 0, 0, 45, &c, &e), HAUL_OK); /* leaves at 45: too late for both */
    assert_int_equal(haul_vrp_live_stops(l, 0, tasks, 4), 0);
    assert_int_equal(haul_vrp_live_stops(l, 1, tasks, 4), 2);
    assert_int_equal(c.moved, 2);
    assert_int_equal(c.unserved, 0);
    assert_int_equal(haul_vrp_live_withdraw(l, 1, &c, &e), HAUL_OK);
    assert_int_equal(c.unserved, 2);
    haul_vrp_live_close(l);
    haul_problem_free(p);
}

/* A stop that may not leave comes so late that the break falls before it, with the goods on board that forbid it. */
static void a_break_gives_way(void **state)
{
    (void)state;
    static const int32_t at[] = {0, 10};
    struct haul_problem *p = line_problem(at, 2, 1);
    line_job(p, 1, 1, 0, 0, 0, 5);
    const struct haul_window when = {0, 15};
    const struct haul_break pause = {
        .id = 1, .windows = &when, .windows_n = 1, .duration = 5, .load_limited = true, .load_max = {0}};
    struct haul_vrp_vehicle v = line_vehicle(1, 5);
    v.breaks = &pause, v.breaks_n = 1;
    add_vehicle(p, &v);
    struct haul_vrp_live *l;
    struct haul_vrp_change c;
    struct haul_error e;
    int32_t tasks[1];
    const struct haul_way longer = {0, 0, 1, 30, 30};
    assert_int_equal(haul_vrp_live_open(p, NULL, &options, &l, &e), HAUL_OK);
    assert_int_equal(haul_vrp_live_progress(l, 0, 1, 10, &c, &e), HAUL_OK);
    assert_int_equal(c.late, 0);
    assert_int_equal(haul_vrp_live_ways(l, &longer, 1, &c, &e), HAUL_OK);
    assert_true(c.late > 0);
    assert_int_equal(haul_vrp_live_stops(l, 0, tasks, 1), 1);
    assert_int_equal(haul_vrp_live_check(l, &e), HAUL_OK);
    const struct haul_problem_view view = haul_problem_view(p); /* the caller's limits are as they were */
    assert_int_equal(view.vehicles[0].breaks[0].windows[0].close, 15);
    assert_int_equal(view.vehicles[0].breaks[0].load_max[0], 0);
    haul_vrp_live_close(l);
    haul_problem_free(p);
}

static void stopped_at_once(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, 3);
    struct haul_problem *p = random_problem(&rng, RULE_WINDOWS, TASKS, VEHICLES);
    struct haul_vrp_live *l;
    struct haul_vrp_change c;
    struct haul_error e;
    atomic_bool stop = true;
    assert_int_equal(haul_vrp_live_open(p, NULL, &options, &l, &e), HAUL_OK);
    assert_int_equal(haul_vrp_live_improve(l, INT64_MAX, &stop, &c, &e), HAUL_OK);
    assert_int_equal(c.cost_after, c.cost_before);
    assert_int_equal(haul_vrp_live_improve(l, 2000, NULL, &c, &e), HAUL_OK);
    assert_true(c.cost_after < c.cost_before);
    haul_vrp_live_close(l);
    haul_problem_free(p);
}

/* Every route has begun; what is behind the first stops is improved all the same, unless moves cost too much. */
static void frozen_heads_leave_the_rest(void **state)
{
    (void)state;
    const int64_t prices[2] = {0, INT64_C(1) << 32};
    for (int k = 0; k < 2; k++) {
        struct haul_rng rng;
        haul_rng_seed(&rng, SEED);
        struct haul_problem *p = random_problem(&rng, RULE_WINDOWS | RULE_SHIPMENTS, TASKS, VEHICLES);
        struct haul_vrp_live_options o = options;
        o.steps = 0;
        o.price_of_move = prices[k];
        struct haul_vrp_live *l;
        struct haul_vrp_change c;
        struct haul_error e;
        int32_t tasks[TASKS];
        int64_t begins[TASKS];
        assert_int_equal(haul_vrp_live_open(p, NULL, &o, &l, &e), HAUL_OK);
        for (int32_t v = 0; v < VEHICLES; v++) {
            if (haul_vrp_live_times(l, v, begins, TASKS) == 0) continue;
            assert_int_equal(haul_vrp_live_progress(l, v, 1, begins[0] + 60, &c, &e), HAUL_OK);
        }
        assert_true(haul_vrp_live_stops(l, 0, tasks, TASKS) > 1);
        assert_int_equal(haul_vrp_live_improve(l, 5000, NULL, &c, &e), HAUL_OK);
        assert_int_equal(haul_vrp_live_check(l, &e), HAUL_OK);
        if (k == 0) assert_true(c.cost_after < c.cost_before);
        if (k == 0) assert_true(c.moved > 0);
        if (k == 1) assert_int_equal(c.moved, 0);
        haul_vrp_live_close(l);
        haul_problem_free(p);
    }
}

struct stopper {
    atomic_bool stop;
    int64_t turns;
};

static void *stop_after_turns(void *arg)
{
    struct stopper *k = arg;
    for (int64_t i = 0; i < k->turns; i++) sched_yield();
    atomic_store(&k->stop, true);
    return NULL;
}

/* Wherever it is: by another thread, after so many turns of its own. */
static void stopped_in_the_middle(void **state)
{
    (void)state;
    struct storm s;
    struct haul_problem *p;
    begin(&s, &p, RULE_SHIPMENTS | RULE_WINDOWS | RULE_MIXED_LOADS, SEED);
    for (int k = 0; k < 24; k++) {
        s.clock = 100 * k;
        struct stopper one = {.turns = draw(&s, 1 << (k % 12))};
        pthread_t other;
        atomic_init(&one.stop, false);
        assert_int_equal(pthread_create(&other, NULL, stop_after_turns, &one), 0);
        improve(&s, INT64_MAX, &one.stop);
        pthread_join(other, NULL);
        holds(&s, k);
        happen(&s);
        holds(&s, k);
    }
    haul_vrp_live_close(s.l);
    haul_problem_free(p);
}

int main(void)
{
    printf("# seed %d\n", SEED);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),
        cmocka_unit_test(with_rules),
        cmocka_unit_test(with_all_rules),
        cmocka_unit_test(with_docks),
        cmocka_unit_test(same_storm_same_plan),
        cmocka_unit_test(a_late_vehicle_gives_stops_away),
        cmocka_unit_test(a_break_gives_way),
        cmocka_unit_test(stopped_at_once),
        cmocka_unit_test(frozen_heads_leave_the_rest),
        cmocka_unit_test(stopped_in_the_middle),
    };
    return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
