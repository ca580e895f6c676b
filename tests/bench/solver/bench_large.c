/* SPDX-License-Identifier: Apache-2.0
 * Many stops: how long until a plan stands that keeps every rule, how much memory it takes at most, and what more time
 * makes of it. Each case in a process of its own, so that its memory is its own.
 *   bench_large [--stops N] [--seconds S] [--seed N] [--only TEXT]
 * One thread, CPU time; every plan is verified.
 */
#include "haul/rng.h"
#include "haul/solver.h"
#include "haul/solver_verify.h"
#include "haul/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AREA_M = 100000, TOWNS = 60, TOWN_M = 4000, SHIFT_S = 36000, SPEED_DM_S = 140 };

struct shape {
    const char *name;
    bool windows, towns;
    int32_t capacity; /* of a vehicle; a stop wants 1..9 */
};

static const struct shape shapes[] = {
    {"plain_short", false, false, 60},
    {"plain_long", false, true, 600},
    {"windows_short", true, true, 100},
    {"windows_long", true, false, 1000},
};

struct args {
    int32_t stops;
    double seconds;
    uint64_t seed;
    const char *only;
};

struct place {
    int32_t x, y;
};

static void must(enum haul_err bad, const struct haul_error *e)
{
    if (bad == HAUL_OK) return;
    fprintf(stderr, "bench_large: %s\n", e->text);
    exit(1);
}

static int32_t root(int64_t square)
{
    int64_t d = 0;
    for (int64_t bit = INT64_C(1) << 17; bit > 0; bit >>= 1)
        if ((d + bit) * (d + bit) <= square) d += bit;
    return (int32_t)d;
}

/* ---- the problem ---- */

static void draw_places(const struct shape *shape, struct haul_rng *rng, struct place *at, int32_t n)
{
    struct place town[TOWNS];
    for (int32_t k = 0; k < TOWNS; k++)
        town[k] = (struct place){(int32_t)haul_rng_below(rng, AREA_M), (int32_t)haul_rng_below(rng, AREA_M)};
    at[0] = (struct place){AREA_M / 2, AREA_M / 2};
    for (int32_t i = 1; i < n; i++) {
        if (!shape->towns || haul_rng_below(rng, 3) == 0) {
            at[i] = (struct place){(int32_t)haul_rng_below(rng, AREA_M), (int32_t)haul_rng_below(rng, AREA_M)};
            continue;
        }
        const struct place *c = &town[haul_rng_below(rng, TOWNS)];
        at[i].x = c->x + (int32_t)haul_rng_below(rng, TOWN_M) - (int32_t)haul_rng_below(rng, TOWN_M);
        at[i].y = c->y + (int32_t)haul_rng_below(rng, TOWN_M) - (int32_t)haul_rng_below(rng, TOWN_M);
    }
}

/* Ways in decimetres as the crow flies, times in tenths of a second at 14 m/s: two tables, as roads would give. */
static void set_tables(struct haul_problem *p, const struct place *at, int32_t n)
{
    struct haul_error e;
    int32_t profile;
    const size_t cells = (size_t)n * (size_t)n;
    int32_t *time = malloc(cells * sizeof *time), *distance = malloc(cells * sizeof *distance);
    if (time == NULL || distance == NULL) exit(1);
    for (int32_t i = 0; i < n; i++)
        for (int32_t k = 0; k <= i; k++) {
            const int64_t dx = at[i].x - at[k].x, dy = at[i].y - at[k].y;
            const int32_t way = root(dx * dx + dy * dy);
            const size_t there = (size_t)i * (size_t)n + (size_t)k, back = (size_t)k * (size_t)n + (size_t)i;
            distance[there] = distance[back] = 10 * way;
            time[there] = time[back] = 100 * way / SPEED_DM_S;
        }
    must(haul_problem_add_profile(p, &profile, &e), &e);
    must(haul_problem_set_table(p, profile, time, distance, &e), &e);
}

static void add_stop(struct haul_problem *p, const struct shape *shape, struct haul_rng *rng, int32_t location)
{
    struct haul_vrp_task t = haul_vrp_task_default();
    struct haul_window window;
    struct haul_error e;
    int32_t index;
    t.id = t.location = location;
    t.delivery[0] = 1 + (int64_t)haul_rng_below(rng, 9);
    if (shape->windows) {
        const int64_t width = 10 * (1800 + (int64_t)haul_rng_below(rng, 9000));
        const int64_t first = 10 * AREA_M / 14; /* nobody is farther from the depot */
        window.open = first + (int64_t)haul_rng_below(rng, (uint64_t)(10 * SHIFT_S - 2 * first));
        window.close = window.open + width;
        t.windows = &window;
        t.windows_n = 1;
        t.service = 1200;
    }
    must(haul_problem_add_job(p, &t, &index, &e), &e);
}

static struct haul_problem *draw_problem(const struct args *a, const struct shape *shape)
{
    struct haul_rng rng;
    struct haul_problem *p;
    struct haul_error e;
    const int32_t n = a->stops + 1;
    struct place *at = calloc((size_t)n, sizeof *at);
    if (at == NULL) exit(1);
    haul_rng_seed(&rng, a->seed);
    must(haul_problem_new(n, 1, &p, &e), &e);
    draw_places(shape, &rng, at, n);
    set_tables(p, at, n);
    for (int32_t i = 1; i < n; i++) add_stop(p, shape, &rng, i);
    free(at);
    for (int32_t v = 0; v < a->stops / 2; v++) {
        struct haul_vrp_vehicle one = haul_vrp_vehicle_default();
        int32_t index;
        one.id = v + 1;
        one.start = one.end = 0;
        one.capacity[0] = shape->capacity;
        one.cost_per_distance = 1;
        if (shape->windows) one.shift = (struct haul_window){0, 20 * SHIFT_S};
        must(haul_problem_add_vehicle(p, &one, &index, &e), &e);
    }
    return p;
}

/* ---- one case ---- */

static const char *judged(const struct haul_problem *p, const struct haul_vrp_plan *plan)
{
    struct haul_error e;
    struct haul_claim claim;
    if (haul_claim_of(plan, &claim, &e) != HAUL_OK) return "NOT GOOD";
    const enum haul_err bad = haul_verify(p, &claim, &e);
    haul_claim_free(&claim);
    if (bad != HAUL_OK) fprintf(stderr, "not verified: %s\n", e.text);
    return bad == HAUL_OK && plan->unserved_n == 0 ? "" : "NOT GOOD";
}

static void solve(const struct args *a, const struct shape *shape, const struct haul_problem *p, double seconds)
{
    struct haul_vrp_plan plan;
    struct haul_error e;
    const struct haul_solve_options o = {
        .seed = a->seed, .time_ms = (int64_t)(1000 * seconds), .threads = 1, .now_ns = haul_cpu_ns};
    const int64_t from = haul_cpu_ns();
    must(haul_solve(p, &o, &plan, &e), &e);
    const double took = (double)(haul_cpu_ns() - from) / 1e9;
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    printf(
        "%-14s %6d stops: asked %6.1f s, took %6.2f CPU-s, peak %5.0f MiB, cost %12lld, routes %4d, unserved %d %s\n",
        shape->name, a->stops, seconds, took, (double)used.ru_maxrss / 1024, (long long)plan.cost, plan.routes_n,
        plan.unserved_n, judged(p, &plan));
    fflush(stdout);
    haul_vrp_plan_free(&plan);
}

static void run(const struct args *a, const struct shape *shape)
{
    const pid_t child = fork();
    int status;
    if (child < 0) exit(1);
    if (child > 0) {
        if (waitpid(child, &status, 0) != child || status != 0) exit(1);
        return;
    }
    struct haul_problem *p = draw_problem(a, shape);
    solve(a, shape, p, 0.001); /* the first plan */
    solve(a, shape, p, 2);
    if (a->seconds > 2) solve(a, shape, p, a->seconds);
    haul_problem_free(p);
    exit(0);
}

int main(int argc, char **argv)
{
    struct args a = {.stops = 10000, .seed = 1};
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--stops") == 0)
            a.stops = (int32_t)strtol(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--seconds") == 0)
            a.seconds = strtod(argv[i + 1], NULL);
        else if (strcmp(argv[i], "--seed") == 0)
            a.seed = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--only") == 0)
            a.only = argv[i + 1];
        else
            argc = 0;
    }
    if (argc % 2 == 0 || a.stops < 10) {
        fprintf(stderr, "usage: bench_large [--stops N] [--seconds S] [--seed N] [--only TEXT]\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        if (a.only == NULL || strstr(shapes[i].name, a.only) != NULL) run(&a, &shapes[i]);
    return 0;
}
