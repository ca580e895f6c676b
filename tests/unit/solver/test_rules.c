/* SPDX-License-Identifier: Apache-2.0
 * Each rule on a line: location k at kilometre at[k], one unit of time and of distance a kilometre. Times are worked
 * out by hand.
 */
#include "haul/solver_verify.h"
#include "tests/unit/solver/support_problem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const int32_t at[] = {0, 10, 20, 40, 100};
enum { LOCATIONS = 5 };

static struct haul_vrp_plan plan;
static struct haul_error e;

/* The tasks 0..n-1 in order on vehicle 0. */
static enum haul_err drive(const struct haul_problem *p, int32_t n)
{
    static const int32_t tasks[] = {0, 1, 2, 3, 4, 5};
    const struct haul_stops stops = {0, n, tasks};
    const enum haul_err bad = haul_vrp_plan_of(p, &stops, 1, &plan, &e);
    if (bad != HAUL_OK) return bad;
    struct haul_claim claim;
    assert_int_equal(haul_claim_of(&plan, &claim, &e), HAUL_OK);
    if (haul_verify(p, &claim, &e) != HAUL_OK) fail_msg("the verifier: %s", e.text);
    haul_claim_free(&claim);
    return HAUL_OK;
}

static const struct haul_step *step(enum haul_step_kind kind, int32_t nth)
{
    const struct haul_vrp_route *r = &plan.routes[0];
    for (int32_t i = 0; i < r->steps_n; i++)
        if (r->steps[i].kind == kind && nth-- == 0) return &r->steps[i];
    fail_msg("there is no such step");
    return NULL;
}

static int64_t begins(int32_t nth)
{
    const struct haul_step *s = step(HAUL_STEP_TASK, nth);
    return s->arrival + s->waiting;
}

static void done(struct haul_problem *p)
{
    haul_vrp_plan_free(&plan);
    haul_problem_free(p);
}

static void windows_and_late_start(void **state)
{
    (void)state;
    struct haul_problem *p = line_problem(at, LOCATIONS, 1);
    line_job(p, 1, 1, 5, 100, 120, 1);
    line_job(p, 2, 3, 5, 0, 200, 1);
    const struct haul_vrp_vehicle v = line_vehicle(1, 10);
    add_vehicle(p, &v);
    assert_int_equal(drive(p, 2), HAUL_OK);
    /* leaves at 90 instead of waiting until 100: 10 there, 5 of service, 30 on, 5, 40 back */
    assert_int_equal(step(HAUL_STEP_START, 0)->arrival, 90);
    assert_int_equal(begins(0), 100);
    assert_int_equal(begins(1), 135);
    assert_int_equal(step(HAUL_STEP_END, 0)->arrival, 180);
    assert_int_equal(plan.cost, 80);
    done(p);
}

static void later_window(void **state)
{
    (void)state;
    struct haul_problem *p = line_problem(at, LOCATIONS, 1);
    struct haul_vrp_task t = haul_vrp_task_default();
    const struct haul_window two[] = {{0, 5}, {50, 60}};
    int32_t index;
    t.id = 1, t.location = 1, t.windows = two, t.windows_n = 2;
    assert_int_equal(haul_problem_add_job(p, &t, &index, &e), HAUL_OK);
    const struct haul_vrp_vehicle v = line_vehicle(1, 10);
    add_vehicle(p, &v);
    assert_int_equal(drive(p, 1), HAUL_OK);
    assert_int_equal(begins(0), 50);
    done(p);
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        int64_t close, capacity, shift, distance, travel, duration;
        int32_t tasks;
        const char *says;
    } cases[] = {
        {5, 10, 1000, -1, -1, -1, -1, "time window has closed by 5"},
        {0, 1, 1000, -1, -1, -1, -1, "overloaded by 1"},
        {0, 10, 90, -1, -1, -1, -1, "shift has ended by 10"},
        {0, 10, 1000, 79, -1, -1, -1, "longer than the vehicle may go by 1"},
        {0, 10, 1000, -1, 70, -1, -1, "longer than it may by 10"},
        {0, 10, 1000, -1, -1, 99, -1, "last longer than it may by 1"},
        {0, 10, 1000, -1, -1, -1, 1, "more stops than it may by 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct haul_problem *p = line_problem(at, LOCATIONS, 1);
        line_job(p, 1, 1, 10, 0, cases[i].close, 1);
        line_job(p, 2, 3, 10, 0, 0, 1);
        struct haul_vrp_vehicle v = line_vehicle(1, cases[i].capacity);
        v.shift.close = cases[i].shift;
        v.distance_max = cases[i].distance, v.travel_max = cases[i].travel, v.duration_max = cases[i].duration;
        v.tasks_max = cases[i].tasks;
        add_vehicle(p, &v);
        assert_int_equal(drive(p, 2), HAUL_E_CONFLICT);
        if (strstr(e.text, cases[i].says) == NULL)
            fail_msg("case %zu: '%s' does not say '%s'", i, e.text, cases[i].says);
        done(p);
    }
}

static void break_in_the_wait(void **state)
{
    (void)state;
    struct haul_problem *p = line_problem(at, LOCATIONS, 1);
    line_job(p, 1, 1, 0, 0, 0, 1);
    line_job(p, 2, 2, 0, 100, 200, 1);
    const struct haul_window noon = {40, 150};
    const struct haul_break pause = {.id = 3, .windows = &noon, .windows_n = 1, .duration = 30};
    struct haul_vrp_vehicle v = line_vehicle(1, 10);
    v.breaks = &pause, v.breaks_n = 1;
    v.duration_max = 1000;
    add_vehicle(p, &v);
    assert_int_equal(drive(p, 2), HAUL_OK);
    assert_int_equal(begins(1), 100); /* the break costs nothing: it lies in the wait */
    const struct haul_step *b = step(HAUL_STEP_BREAK, 0);
    assert_true(b->arrival + b->waiting >= 40 && b->arrival + b->waiting + 30 <= 100);
    done(p);
}

static void break_on_the_way(void **state)
{
    (void)state;
    struct haul_problem *p = line_problem(at, LOCATIONS, 1);
    line_job(p, 1, 4, 10, 0, 0, 1);
    const struct haul_window noon = {30, 50};
    const struct haul_break pause = {.id = 3, .windows = &noon, .windows_n = 1, .duration = 20};
    struct haul_vrp_vehicle v = line_vehicle(1, 10);
    v.breaks = &pause, v.breaks_n = 1;
    add_vehicle(p, &v);
    assert_int_equal(drive(p, 1), HAUL_OK);
    assert_int_equal(begins(0), 120);
    assert_int_equal(step(HAUL_STEP_BREAK, 0)->location, HAUL_VRP_NONE);
    done(p);
}

static void driving_time(void **state)
{
    (void)state;
    struct haul_problem *p = line_problem(at, LOCATIONS, 1);
    line_job(p, 1, 4, 10, 0, 0, 1);
    struct haul_vrp_vehicle v = line_vehicle(1, 10);
    v.rule = (struct haul_driving_rule){.drive_max = 80, .rest = 15};
    add_vehicle(p, &v);
    assert_int_equal(drive(p, 1), HAUL_OK);
    /* 200 of driving: rests after 80 and 160; the service of 10 is no rest */
    assert_int_equal(step(HAUL_STEP_REST, 0)->arrival, 80);
    assert_int_equal(begins(0), 115);
    assert_int_equal(step(HAUL_STEP_REST, 1)->arrival, 115 + 10 + 60);
    assert_int_equal(step(HAUL_STEP_END, 0)->arrival, 200 + 30 + 10);
    done(p);
}

static void split_rest(void **state)
{
    (void)state;
    struct haul_problem *p = line_problem(at, LOCATIONS, 1);
    line_job(p, 1, 3, 0, 60, 1000, 1); /* reached at 40: waits 20, a first part */
    line_job(p, 2, 4, 0, 0, 0, 1);
    struct haul_vrp_vehicle v = line_vehicle(1, 10);
    v.shift.open = 0;
    v.rule = (struct haul_driving_rule){.drive_max = 90, .rest = 45, .split_first = 15, .split_second = 30};
    const struct haul_window now = {0, 0};
    const struct haul_break stay = {
        .id = 1, .windows = &now, .windows_n = 1, .duration = 0}; /* it must leave at once */
    v.breaks = &stay, v.breaks_n = 1;
    add_vehicle(p, &v);
    assert_int_equal(drive(p, 2), HAUL_OK);
    /* 40 + 50 driven, then the second part of 30 */
    assert_int_equal(step(HAUL_STEP_REST, 0)->service, 30);
    done(p);
}

static void named_rules(void **state)
{
    (void)state;
    struct haul_driving_rule r;
    assert_true(haul_driving_rule_named("cn", 1, &r));
    assert_true(r.drive_max == 4 * 3600 && r.rest == 20 * 60);
    assert_true(haul_driving_rule_named("eu561", 1000, &r));
    assert_true(r.drive_max == 16200000 && r.rest == 45 * 60000 && r.split_first == 15 * 60000 &&
                r.drive_day_max == 9 * 3600000);
    assert_false(haul_driving_rule_named("moon", 1, &r));
}

static void slow_hours(void **state)
{
    (void)state;
    struct haul_problem *p = line_problem(at, LOCATIONS, 1);
    const int32_t half[] = {500};
    const struct haul_speeds s = {.from = 20, .step = 40, .speed_permille = half, .steps_n = 1};
    assert_int_equal(haul_problem_set_speeds(p, 0, &s, &e), HAUL_OK);
    line_job(p, 1, 4, 0, 0, 0, 1);
    const struct haul_vrp_vehicle v = line_vehicle(1, 10);
    add_vehicle(p, &v);
    assert_int_equal(drive(p, 1), HAUL_OK);
    /* 20 at full speed, 40 at half are 20, 60 more at full: 120 */
    assert_int_equal(begins(0), 120);
    done(p);
}

static void reloads(void **state)
{
    (void)state;
    struct haul_problem *p = line_problem(at, LOCATIONS, 1);
    line_job(p, 1, 1, 0, 0, 0, 2);
    line_job(p, 2, 2, 0, 0, 0, 2);
    const struct haul_reload depot = {.location = 0, .duration = 7, .load = true};
    struct haul_vrp_vehicle v = line_vehicle(1, 2);
    v.reloads = &depot, v.reloads_n = 1, v.reloads_max = 1;
    add_vehicle(p, &v);
    assert_int_equal(drive(p, 2), HAUL_OK);
    assert_int_equal(step(HAUL_STEP_RELOAD, 0)->arrival, 20);
    assert_int_equal(step(HAUL_STEP_RELOAD, 0)->load[0], 2);
    assert_int_equal(begins(1), 20 + 7 + 20);
    assert_int_equal(plan.cost, 20 + 40);
    done(p);
}

static void energy(void **state)
{
    (void)state;
    struct haul_problem *p = line_problem(at, LOCATIONS, 1);
    line_job(p, 1, 4, 0, 0, 0, 1);
    const struct haul_reload charger = {.location = 3, .duration = 25, .energy = true};
    struct haul_vrp_vehicle v = line_vehicle(1, 2);
    v.energy_max = 150, v.energy_per_distance = 1000000;
    v.reloads = &charger, v.reloads_n = 1, v.reloads_max = 2;
    add_vehicle(p, &v);
    assert_int_equal(drive(p, 1), HAUL_OK);
    /* 100 there leave 50: not enough for the 60 to the charger, so it charges on the way out, and again on the way home
     */
    assert_int_equal(begins(0), 125);
    done(p);
    p = line_problem(at, LOCATIONS, 1);
    line_job(p, 1, 4, 0, 0, 0, 1);
    v.reloads_n = 0;
    add_vehicle(p, &v);
    assert_int_equal(drive(p, 1), HAUL_E_CONFLICT);
    assert_non_null(strstr(e.text, "energy would not last to the next place to charge or to the end by 50"));
    done(p);
}

static void exposure(void **state)
{
    (void)state;
    for (int64_t most = 44; most <= 45; most++) {
        struct haul_problem *p = line_problem(at, LOCATIONS, 1);
        struct haul_vrp_task from = haul_vrp_task_default(), to = haul_vrp_task_default();
        int32_t index;
        from.id = to.id = 1, from.location = 1, to.location = 3, from.pickup[0] = 1, from.exposure_max = most;
        from.service = 100;
        line_job(p, 9, 2, 30, 0, 0, 0); /* between the two: doors open for 30 */
        assert_int_equal(haul_problem_add_shipment(p, &from, &to, &index, &e), HAUL_OK);
        struct haul_vrp_vehicle v = line_vehicle(1, 2);
        v.exposure_drive_permille = 500, v.exposure_stop_permille = 1000;
        add_vehicle(p, &v);
        const int32_t order[] = {1, 0, 2};
        const struct haul_stops stops = {0, 3, order};
        /* half of 10 and 20 of way, and the 30 of the stop */
        assert_int_equal(haul_vrp_plan_of(p, &stops, 1, &plan, &e), most == 45 ? HAUL_OK : HAUL_E_CONFLICT);
        done(p);
    }
}

static void docks(void **state)
{
    (void)state;
    struct haul_problem *p = line_problem(at, LOCATIONS, 1);
    int32_t dock;
    assert_int_equal(haul_problem_add_dock(p, 1, &dock, &e), HAUL_OK);
    line_job(p, 1, 1, 0, 0, 35, 1);
    line_job(p, 2, 2, 0, 0, 70, 1);
    struct haul_vrp_vehicle v = line_vehicle(1, 1);
    v.dock = dock, v.dock_time = 20;
    add_vehicle(p, &v);
    v.id = 2;
    add_vehicle(p, &v);
    const int32_t first = 0, second = 1;
    const struct haul_stops both[] = {{0, 1, &first}, {1, 1, &second}};
    assert_int_equal(haul_vrp_plan_of(p, both, 2, &plan, &e), HAUL_OK);
    /* the one that must leave by 25 loads first, the other behind it */
    assert_int_equal(plan.routes[0].steps[0].arrival, 0);
    assert_int_equal(plan.routes[1].steps[0].arrival, 20);
    assert_int_equal(plan.routes[1].steps[1].arrival, 60);
    done(p);
}

/* What the search may not do, the verifier must not let pass. */
static void verifier_sees(void **state)
{
    (void)state;
    struct haul_problem *p = line_problem(at, LOCATIONS, 1);
    line_job(p, 1, 1, 5, 100, 120, 1);
    line_job(p, 2, 3, 5, 0, 200, 1);
    const struct haul_vrp_vehicle v = line_vehicle(1, 2);
    add_vehicle(p, &v);
    assert_int_equal(drive(p, 2), HAUL_OK);
    struct haul_claim c;
    assert_int_equal(haul_claim_of(&plan, &c, &e), HAUL_OK);
    struct haul_claim_stop *s = c.routes[0].stops;
    const struct {
        int64_t *field, add;
        const char *says;
    } lies[] = {
        {&s[1].arrival, -1, "too early"},         {&s[1].waiting, 30, "closed"}, {&s[2].service, -1, "too shortly"},
        {&s[2].arrival, -3, "before it has"},     {&c.cost, 2, "cost"},          {&s[3].arrival, -50, "before it has"},
        {&s[0].arrival, -200, "before its shift"}};
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        *lies[i].field += lies[i].add;
        assert_int_equal(haul_verify(p, &c, &e), HAUL_E_CONFLICT);
        if (strstr(e.text, lies[i].says) == NULL && strstr(e.text, "too early") == NULL)
            fail_msg("lie %zu: '%s'", i, e.text);
        *lies[i].field -= lies[i].add;
    }
    assert_int_equal(haul_verify(p, &c, &e), HAUL_OK);
    s[2].task = s[1].task;
    assert_int_equal(haul_verify(p, &c, &e), HAUL_E_CONFLICT);
    haul_claim_free(&c);
    done(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_and_late_start),
        cmocka_unit_test(later_window),
        cmocka_unit_test(refusals),
        cmocka_unit_test(break_in_the_wait),
        cmocka_unit_test(break_on_the_way),
        cmocka_unit_test(driving_time),
        cmocka_unit_test(split_rest),
        cmocka_unit_test(named_rules),
        cmocka_unit_test(slow_hours),
        cmocka_unit_test(reloads),
        cmocka_unit_test(energy),
        cmocka_unit_test(exposure),
        cmocka_unit_test(docks),
        cmocka_unit_test(verifier_sees),
    };
    return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
