/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/solver/support_problem.h"

#include <stdlib.h>

static void must(enum haul_err bad, const struct haul_error *e)
{
    (void)e; /* for a debugger */
    assert(bad == HAUL_OK && "a problem of a test is not accepted");
}

struct haul_problem *line_problem(const int32_t *at, int32_t locations, int32_t dims)
{
    struct haul_problem *p;
    struct haul_error e;
    int32_t profile;
    must(haul_problem_new(locations, dims, &p, &e), &e);
    must(haul_problem_add_profile(p, &profile, &e), &e);
    const size_t n = (size_t)locations;
    int32_t *table = malloc(n * n * sizeof *table);
    assert(table != NULL);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) table[i * n + k] = abs(at[i] - at[k]);
    must(haul_problem_set_table(p, profile, table, table, &e), &e);
    haul_problem_scales(p, (struct haul_scales){1, 1, 1});
    return p;
}

int32_t line_job(struct haul_problem *p, int64_t id, int32_t location, int64_t service, int64_t open, int64_t close,
                 int64_t delivery)
{
    struct haul_vrp_task t = haul_vrp_task_default();
    const struct haul_window w = {open, close};
    t.id = id;
    t.location = location;
    t.service = service;
    t.windows = &w;
    t.windows_n = close > 0 ? 1 : 0;
    t.delivery[0] = delivery;
    int32_t index = HAUL_VRP_NONE;
    struct haul_error e;
    must(haul_problem_add_job(p, &t, &index, &e), &e);
    return index;
}

struct haul_vrp_vehicle line_vehicle(int64_t id, int64_t capacity)
{
    struct haul_vrp_vehicle v = haul_vrp_vehicle_default();
    v.id = id;
    v.start = v.end = 0;
    v.capacity[0] = capacity;
    v.cost_per_distance = 1;
    return v;
}

int32_t add_vehicle(struct haul_problem *p, const struct haul_vrp_vehicle *v)
{
    int32_t index = HAUL_VRP_NONE;
    struct haul_error e;
    must(haul_problem_add_vehicle(p, v, &index, &e), &e);
    return index;
}

/* ---- random ---- */

static int64_t between(struct haul_rng *rng, int64_t low, int64_t high)
{
    return low + (int64_t)haul_rng_below(rng, (uint64_t)(high - low + 1));
}

static bool chance(struct haul_rng *rng, uint32_t rules, uint32_t rule, int percent)
{
    return (rules & rule) != 0 && haul_rng_below(rng, 100) < (uint64_t)percent;
}

static void tables(struct haul_problem *p, struct haul_rng *rng, uint32_t rules, int32_t locations)
{
    const size_t n = (size_t)locations;
    int64_t x[256], y[256];
    struct haul_error e;
    int32_t profile;
    must(haul_problem_add_profile(p, &profile, &e), &e);
    for (size_t i = 0; i < n; i++) x[i] = between(rng, 0, 1000), y[i] = between(rng, 0, 1000);
    int32_t *time = malloc(n * n * sizeof *time), *distance = malloc(n * n * sizeof *distance);
    assert(time != NULL && distance != NULL);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            const int64_t d = llabs(x[i] - x[k]) + llabs(y[i] - y[k]);
            const int64_t bend = (rules & RULE_ASYMMETRIC) != 0 && i != k ? between(rng, 0, 60) : 0;
            distance[i * n + k] = (int32_t)d;
            time[i * n + k] = (int32_t)(d + bend);
        }
    must(haul_problem_set_table(p, profile, time, distance, &e), &e);
    if ((rules & RULE_SPEEDS) == 0) return;
    const int32_t permille[] = {1000, 500, 800, 1000, 600, 900};
    const struct haul_speeds s = {.from = 500, .step = 900, .speed_permille = permille, .steps_n = 6};
    must(haul_problem_set_speeds(p, profile, &s, &e), &e);
}

struct drawn {
    struct haul_vrp_task t;
    struct haul_window w[2];
    int64_t by_class[2];
};

static void draw_task(struct haul_rng *rng, uint32_t rules, int64_t id, int32_t locations, struct drawn *d)
{
    *d = (struct drawn){.t = haul_vrp_task_default()};
    struct haul_vrp_task *t = &d->t;
    t->id = id;
    t->location = (int32_t)between(rng, 1, locations - 1);
    t->service = between(rng, 0, 60);
    if (chance(rng, rules, RULE_SETUPS, 50)) t->setup = between(rng, 1, 50);
    if (chance(rng, rules, RULE_WINDOWS, 60)) {
        const int64_t open = between(rng, 0, 4000);
        d->w[0] = (struct haul_window){open, open + between(rng, 100, 1500)};
        d->w[1] = (struct haul_window){d->w[0].close + 300, d->w[0].close + 900};
        t->windows = d->w;
        t->windows_n = chance(rng, rules, RULE_WINDOWS, 30) ? 2 : 1;
    }
    if (chance(rng, rules, RULE_SKILLS, 30)) t->skills[0] = (uint64_t)between(rng, 1, 3);
    if (chance(rng, rules, RULE_PRIZES, 30)) t->prize = between(rng, 0, 1500);
    if (chance(rng, rules, RULE_EXPOSURE, 40)) t->exposure_max = between(rng, 300, 2000);
    t->priority = (int32_t)between(rng, 0, 3);
    if ((rules & RULE_CLASSES) == 0) return;
    d->by_class[0] = t->service, d->by_class[1] = between(rng, 0, 90);
    t->service_of_class = d->by_class;
}

static int32_t draw_tasks(struct haul_problem *p, struct haul_rng *rng, uint32_t rules, int32_t tasks,
                          int32_t locations)
{
    int32_t n = 0;
    for (int64_t id = 1; n < tasks; id++) {
        struct drawn one, other;
        struct haul_error e;
        int32_t index;
        draw_task(rng, rules, id, locations, &one);
        if (n + 1 < tasks && chance(rng, rules, RULE_SHIPMENTS, 50)) {
            draw_task(rng, rules, id, locations, &other);
            one.t.pickup[0] = between(rng, 1, 4);
            must(haul_problem_add_shipment(p, &one.t, &other.t, &index, &e), &e);
            n += 2;
            continue;
        }
        if (chance(rng, rules, RULE_MIXED_LOADS, 40))
            one.t.pickup[0] = between(rng, 0, 4);
        else
            one.t.delivery[0] = between(rng, 0, 4);
        one.t.delivery[1] = between(rng, 0, 2);
        must(haul_problem_add_job(p, &one.t, &index, &e), &e);
        n++;
    }
    return n;
}

static void draw_rules(struct haul_rng *rng, uint32_t rules, struct haul_vrp_vehicle *v)
{
    if (chance(rng, rules, RULE_DRIVING, 60))
        v->rule = (struct haul_driving_rule){.drive_max = between(rng, 700, 1500),
                                             .rest = 90,
                                             .split_first = 30,
                                             .split_second = 60,
                                             .drive_day_max = between(rng, 2500, 6000),
                                             .service_rests = chance(rng, rules, RULE_DRIVING, 30)};
    if (chance(rng, rules, RULE_LIMITS, 50)) v->distance_max = between(rng, 2000, 5000);
    if (chance(rng, rules, RULE_LIMITS, 50)) v->travel_max = between(rng, 2000, 5000);
    if (chance(rng, rules, RULE_LIMITS, 50)) v->duration_max = between(rng, 2500, 6000);
    if (chance(rng, rules, RULE_LIMITS, 50)) v->tasks_max = (int32_t)between(rng, 3, 12);
    if (chance(rng, rules, RULE_ENERGY, 60)) {
        v->energy_max = between(rng, 3000, 6000);
        v->energy_per_distance = 1000000;
        v->energy_per_load = between(rng, 0, 50000);
    }
    if (chance(rng, rules, RULE_EXPOSURE, 70))
        v->exposure_drive_permille = (int32_t)between(rng, 100, 1000), v->exposure_stop_permille = 1000;
    if (chance(rng, rules, RULE_PAID_DURATION, 50)) v->cost_per_duration = between(rng, 1, 3);
    if (chance(rng, rules, RULE_OPEN, 40)) v->end = HAUL_VRP_NONE;
    if (chance(rng, rules, RULE_OPEN, 20) && v->end != HAUL_VRP_NONE) v->start = HAUL_VRP_NONE;
    if (chance(rng, rules, RULE_MIXED_FLEET, 50)) v->cost_fixed = between(rng, 0, 900), v->cost_per_time = 1;
    if (chance(rng, rules, RULE_MIXED_FLEET, 30)) v->speed_permille = (int32_t)between(rng, 700, 1500);
    if (chance(rng, rules, RULE_CLASSES, 50)) v->service_class = 1;
    if (chance(rng, rules, RULE_SKILLS, 60)) v->skills[0] = 3;
}

static void draw_vehicle(struct haul_problem *p, struct haul_rng *rng, uint32_t rules, int64_t id, int32_t locations)
{
    const struct haul_window lunch[2] = {{1500, 2200}, {2600, 3000}};
    struct haul_vrp_vehicle v = haul_vrp_vehicle_default();
    v.id = id;
    v.start = v.end = (rules & RULE_MIXED_FLEET) != 0 ? (int32_t)between(rng, 0, 2) : 0;
    v.capacity[0] = between(rng, 8, 20);
    v.capacity[1] = 12;
    v.shift = (struct haul_window){between(rng, 0, 300), between(rng, 4000, 9000)};
    v.cost_per_distance = 1;
    const struct haul_break pause = {.id = 7,
                                     .windows = lunch,
                                     .windows_n = (int32_t)between(rng, 1, 2),
                                     .duration = between(rng, 30, 120),
                                     .load_limited = chance(rng, rules, RULE_BREAKS, 20),
                                     .load_max = {15, 15}};
    if (chance(rng, rules, RULE_BREAKS, 60)) v.breaks = &pause, v.breaks_n = 1;
    const struct haul_reload reloads[2] = {{0, 40, true, (rules & RULE_ENERGY) != 0},
                                           {(int32_t)between(rng, 1, locations - 1), 60, false, true}};
    if (chance(rng, rules, RULE_RELOADS, 60))
        v.reloads = reloads, v.reloads_n = (rules & RULE_ENERGY) != 0 ? 2 : 1, v.reloads_max = 3;
    draw_rules(rng, rules, &v);
    if (chance(rng, rules, RULE_DOCKS, 100)) v.dock = 0, v.dock_time = 150;
    add_vehicle(p, &v);
}

struct haul_problem *random_problem(struct haul_rng *rng, uint32_t rules, int32_t tasks, int32_t vehicles)
{
    struct haul_problem *p;
    struct haul_error e;
    int32_t dock;
    const int32_t locations = tasks + 3 < 256 ? tasks + 3 : 256;
    must(haul_problem_new(locations, 2, &p, &e), &e);
    haul_problem_scales(p, (struct haul_scales){1, 1, 1});
    if ((rules & RULE_CLASSES) != 0) must(haul_problem_set_classes(p, 2, &e), &e);
    if ((rules & RULE_DOCKS) != 0) must(haul_problem_add_dock(p, 2, &dock, &e), &e);
    tables(p, rng, rules, locations);
    draw_tasks(p, rng, rules, tasks, locations);
    for (int32_t i = 0; i < vehicles; i++) draw_vehicle(p, rng, rules, i + 1, locations);
    return p;
}
