/* SPDX-License-Identifier: Apache-2.0
 * A live plan of 1,000 stops and 100 vehicles under random events: how long each takes (CPU), how many stops it moves,
 * what the search between events takes, and how the plan stands against a search from scratch of the same orders,
 * delays and ways: after the last event and, where seconds are given for it, after each quarter of them. How near it
 * comes is a matter of the time between events: 100,000 steps take about a second. bench_live
 * [EVENTS [STEPS_BETWEEN [SCRATCH_SECONDS [QUARTER_SECONDS [PRICE_OF_MOVE [SEED]]]]]]
 */
#include "haul/rng.h"
#include "haul/solver_live.h"
#include "haul/time.h"

#include <stdio.h>
#include <stdlib.h>

enum { STOPS = 1000, VEHICLES = 100, SPARE = 600, LOCATIONS = STOPS + 1, EVENTS_MAX = 100000 };

static int32_t xs[LOCATIONS + SPARE], ys[LOCATIONS + SPARE], locations = LOCATIONS;
static int32_t alive[STOPS + SPARE], alive_n;
static struct haul_vrp_task orders[STOPS + SPARE];
static struct haul_window order_window[STOPS + SPARE];
static int32_t delay_ms[VEHICLES];
static bool slower[LOCATIONS][LOCATIONS]; /* ways that take a fifth longer now */
static double took_ms[EVENTS_MAX], share_moved[EVENTS_MAX];

static int32_t way_m(int32_t a, int32_t b)
{
    const int64_t dx = xs[a] - xs[b], dy = ys[a] - ys[b];
    const int64_t d2 = dx * dx + dy * dy;
    int64_t d = 0;
    for (int64_t bit = 1 << 20; bit > 0; bit >>= 1)
        if ((d + bit) * (d + bit) <= d2) d += bit;
    return (int32_t)d;
}

static int32_t way_ms(int32_t a, int32_t b)
{
    const int32_t ms = way_m(a, b) * 72; /* 50 km/h */
    return slower[a][b] ? ms / 5 * 6 : ms;
}

static void must(enum haul_err bad, const struct haul_error *e)
{
    if (bad == HAUL_OK) return;
    fprintf(stderr, "bench_live: %s\n", e->text);
    exit(1);
}

static void draw_order(struct haul_rng *rng, int32_t slot, int32_t location, int64_t id)
{
    const int64_t hour = 3600000, open = (int64_t)haul_rng_below(rng, 6) * hour;
    order_window[slot] = (struct haul_window){open, open + (2 + (int64_t)haul_rng_below(rng, 3)) * hour};
    orders[slot] = haul_vrp_task_default();
    orders[slot].id = id;
    orders[slot].location = location;
    orders[slot].service = 300000;
    orders[slot].windows = &order_window[slot];
    orders[slot].windows_n = 1;
    orders[slot].pickup[0] = 1 + (int64_t)haul_rng_below(rng, 5);
}

static struct haul_problem *empty_problem(int32_t places)
{
    struct haul_problem *p;
    struct haul_error e;
    int32_t profile;
    must(haul_problem_new(places, 1, &p, &e), &e);
    must(haul_problem_add_profile(p, &profile, &e), &e);
    const size_t n = (size_t)places;
    int32_t *time = malloc(n * n * sizeof *time), *distance = malloc(n * n * sizeof *distance);
    if (time == NULL || distance == NULL) exit(1);
    for (int32_t i = 0; i < places; i++)
        for (int32_t k = 0; k < places; k++)
            time[i * places + k] = way_ms(i, k), distance[i * places + k] = way_m(i, k);
    must(haul_problem_set_table(p, profile, time, distance, &e), &e);
    return p;
}

static void add_fleet(struct haul_problem *p, bool late)
{
    for (int32_t v = 0; v < VEHICLES; v++) {
        struct haul_vrp_vehicle one = haul_vrp_vehicle_default();
        struct haul_error e;
        int32_t index;
        one.id = v + 1;
        one.start = one.end = 0;
        one.capacity[0] = 60;
        one.shift = (struct haul_window){late ? delay_ms[v] : 0, INT64_C(9) * 3600000};
        one.cost_per_distance = 1;
        must(haul_problem_add_vehicle(p, &one, &index, &e), &e);
    }
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void new_order(struct haul_vrp_live *l, struct haul_rng *rng, int64_t id, struct haul_vrp_change *c,
                      struct haul_error *e)
{
    int32_t index, at = (int32_t)haul_rng_below(rng, (uint64_t)locations);
    struct haul_vrp_task t;
    draw_order(rng, STOPS + SPARE - 1, at, id);
    t = orders[STOPS + SPARE - 1];
    if (haul_vrp_live_add_job(l, &t, &index, c, e) != HAUL_OK) return;
    orders[index] = t;
    order_window[index] = order_window[STOPS + SPARE - 1];
    orders[index].windows = &order_window[index];
    alive[alive_n++] = index;
}

/* Fifty ways take a fifth longer, or their old time again. */
static void new_ways(struct haul_vrp_live *l, struct haul_rng *rng, struct haul_vrp_change *c, struct haul_error *e)
{
    struct haul_way ways[50];
    const bool slow = haul_rng_below(rng, 2) == 0;
    for (int32_t k = 0; k < 50; k++) {
        const int32_t a = (int32_t)haul_rng_below(rng, LOCATIONS), b = (int32_t)haul_rng_below(rng, LOCATIONS);
        slower[a][b] = slow;
        ways[k] = (struct haul_way){0, a, b, way_ms(a, b), way_m(a, b)};
    }
    must(haul_vrp_live_ways(l, ways, 50, c, e), e);
}

static void event(struct haul_vrp_live *l, struct haul_rng *rng, int64_t id, struct haul_vrp_change *c)
{
    struct haul_error e;
    switch (haul_rng_below(rng, 4)) {
    case 0:
        new_order(l, rng, id, c, &e);
        break;
    case 1: {
        const int32_t k = (int32_t)haul_rng_below(rng, (uint64_t)alive_n);
        must(haul_vrp_live_cancel(l, alive[k], c, &e), &e);
        alive[k] = alive[--alive_n];
        break;
    }
    case 2: {
        const int32_t v = (int32_t)haul_rng_below(rng, VEHICLES);
        delay_ms[v] = delay_ms[v] == 0 ? 1200000 : 0; /* twenty minutes late, or on time again */
        must(haul_vrp_live_progress(l, v, 0, delay_ms[v], c, &e), &e);
        break;
    }
    default:
        new_ways(l, rng, c, &e);
        break;
    }
}

static void report(int32_t events, int32_t unserved)
{
    qsort(took_ms, (size_t)events, sizeof took_ms[0], by_value);
    qsort(share_moved, (size_t)events, sizeof share_moved[0], by_value);
    printf("events %d: CPU ms median %.2f p99 %.2f worst %.2f (goal p99 20); stops moved %% median %.2f p99 %.2f worst "
           "%.2f (goal 3); "
           "unserved %d of %d\n",
           events, took_ms[events / 2], took_ms[events * 99 / 100], took_ms[events - 1], share_moved[events / 2],
           share_moved[events * 99 / 100], share_moved[events - 1], unserved, alive_n);
}

/* The orders, delays and ways of now, solved from nothing. */
static void from_scratch(struct haul_vrp_live *l, double seconds, int32_t events)
{
    struct haul_problem *q = empty_problem(LOCATIONS);
    struct haul_error e;
    for (int32_t i = 0; i < alive_n; i++) {
        int32_t index;
        must(haul_problem_add_job(q, &orders[alive[i]], &index, &e), &e);
    }
    add_fleet(q, true);
    struct haul_vrp_plan scratch;
    const struct haul_solve_options again = {
        .seed = 3, .time_ms = (int64_t)(1000 * seconds), .threads = 1, .now_ns = haul_cpu_ns};
    must(haul_solve(q, &again, &scratch, &e), &e);
    const int64_t cost = haul_vrp_live_cost(l);
    printf("after %d events: cost %lld; from scratch in %.0f s: %lld (live is %.2f %% above; goal 1), unserved %d\n",
           events, (long long)cost, seconds, (long long)scratch.cost, 100.0 * ((double)cost / (double)scratch.cost - 1),
           scratch.unserved_n);
    fflush(stdout);
    haul_vrp_plan_free(&scratch);
    haul_problem_free(q);
}

struct sums { /* of the search between events */
    int64_t ns, moved, saved;
    double cost; /* of the plan after it */
};

static void between_events(struct haul_vrp_live *l, int64_t steps, struct sums *sums)
{
    struct haul_vrp_change c;
    struct haul_error e;
    const int64_t from = haul_cpu_ns();
    must(haul_vrp_live_improve(l, steps, NULL, &c, &e), &e);
    sums->ns += haul_cpu_ns() - from;
    sums->moved += c.moved;
    sums->saved += c.cost_before - c.cost_after;
    sums->cost += (double)c.cost_after;
    must(haul_vrp_live_check(l, &e), &e);
}

static struct haul_problem *first_problem(struct haul_rng *rng)
{
    for (int32_t i = 0; i < LOCATIONS; i++)
        xs[i] = (int32_t)haul_rng_below(rng, 40000), ys[i] = (int32_t)haul_rng_below(rng, 40000);
    struct haul_problem *p = empty_problem(LOCATIONS);
    for (int32_t i = 0; i < STOPS; i++) {
        struct haul_error e;
        int32_t index;
        draw_order(rng, i, i + 1, i + 1);
        must(haul_problem_add_job(p, &orders[i], &index, &e), &e);
        alive[alive_n++] = i;
    }
    add_fleet(p, false);
    return p;
}

static struct haul_vrp_live *first_plan(const struct haul_problem *p, int64_t price, uint64_t seed)
{
    struct haul_vrp_plan first;
    struct haul_vrp_live *l;
    struct haul_error e;
    const struct haul_solve_options begin = {.seed = 1, .iterations = 2000000, .threads = 1};
    must(haul_solve(p, &begin, &first, &e), &e);
    const struct haul_vrp_live_options o = {
        .seed = seed, .spare = SPARE, .price_of_move = price, .moves_max = 10, .steps = 100};
    must(haul_vrp_live_open(p, &first, &o, &l, &e), &e);
    printf("begins: cost %lld, unserved %d\n", (long long)haul_vrp_live_cost(l), first.unserved_n);
    haul_vrp_plan_free(&first);
    return l;
}

static double number(int argc, char **argv, int k, double other)
{
    return argc > k ? strtod(argv[k], NULL) : other;
}

int main(int argc, char **argv)
{
    const double asked = number(argc, argv, 1, 1000);
    const int32_t events = asked < EVENTS_MAX ? (int32_t)asked : EVENTS_MAX;
    const int64_t between = (int64_t)number(argc, argv, 2, 2000), price = (int64_t)number(argc, argv, 5, 50);
    const double scratch_s = number(argc, argv, 3, 60), quarter_s = number(argc, argv, 4, 0);
    struct haul_rng rng;
    haul_rng_seed(&rng, 11);
    struct haul_problem *p = first_problem(&rng);
    struct haul_vrp_live *l = first_plan(p, price, (uint64_t)number(argc, argv, 6, 2));
    struct sums sums = {0};
    if (quarter_s > 0) from_scratch(l, quarter_s, 0);
    for (int32_t k = 0; k < events; k++) {
        struct haul_vrp_change c = {0};
        struct haul_error e;
        const int64_t from = haul_cpu_ns();
        event(l, &rng, 10000 + k, &c);
        took_ms[k] = (double)(haul_cpu_ns() - from) / 1e6;
        share_moved[k] = 100.0 * c.moved / alive_n;
        must(haul_vrp_live_check(l, &e), &e);
        between_events(l, between, &sums);
        if (4 * (k + 1) % events != 0) continue;
        printf("after %d events: cost %lld\n", k + 1, (long long)haul_vrp_live_cost(l));
        if (quarter_s > 0 && k + 1 < events) from_scratch(l, quarter_s, k + 1);
    }
    report(events, haul_vrp_live_unserved(l, NULL, 0));
    printf(
        "between events, %lld steps: CPU ms mean %.2f; stops moved %% mean %.2f; saved in all %lld; mean cost %.0f\n",
        (long long)between, (double)sums.ns / 1e6 / events, 100.0 * (double)sums.moved / events / alive_n,
        (long long)sums.saved, sums.cost / events);
    if (scratch_s > 0) from_scratch(l, scratch_s, events);
    haul_vrp_live_close(l);
    haul_problem_free(p);
    return 0;
}
