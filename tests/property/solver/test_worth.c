/* SPDX-License-Identifier: Apache-2.0
 * What tasks are worth. Where every route serves neighbours on a line, the linear relaxation has whole solutions, and a
 * walk along the line knows the best: the prices must add up to it.
 */
#include "haul/rng.h"
#include "processors/solver/worth.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { SEED = 20261128, TASKS_MAX = 120, COLUMNS_MAX = 4000, LINES = 60 };

struct line {
    int32_t tasks, n;
    double cost[COLUMNS_MAX];
    int32_t first[COLUMNS_MAX], len[COLUMNS_MAX];
    int32_t task[TASKS_MAX];
};

static struct column column_of(const void *arg, int32_t k)
{
    const struct line *l = arg;
    return (struct column){l->cost[k], l->task + l->first[k], l->len[k]};
}

/* Columns of up to `longest` more; the first serve one task each. */
static void draw(struct line *l, struct haul_rng *rng, int32_t longest, int32_t n)
{
    for (int32_t end = l->n + n; l->n < end; l->n++) {
        const int32_t k = l->n;
        l->len[k] = k < l->tasks ? 1 : 1 + (int32_t)haul_rng_below(rng, (uint64_t)longest);
        l->first[k] = k < l->tasks ? k : (int32_t)haul_rng_below(rng, (uint64_t)(l->tasks - l->len[k] + 1));
        l->cost[k] = 1000 + 300 * l->len[k] + (double)haul_rng_below(rng, 1500);
    }
}

static void make(struct line *l, int32_t tasks)
{
    l->tasks = tasks;
    l->n = 0;
    for (int32_t i = 0; i < tasks; i++) l->task[i] = i;
}

/* What the cheapest plan costs. */
static double walk(const struct line *l)
{
    double least[TASKS_MAX + 1] = {0};
    for (int32_t i = 1; i <= l->tasks; i++) {
        least[i] = DBL_MAX;
        for (int32_t k = 0; k < l->n; k++)
            if (l->first[k] + l->len[k] == i) least[i] = fmin(least[i], least[l->first[k]] + l->cost[k]);
    }
    return least[l->tasks];
}

static double sum_of(const struct line *l, const double *price)
{
    double sum = 0;
    for (int32_t i = 0; i < l->tasks; i++) sum += price[i];
    return sum;
}

static double least_beyond(const struct line *l, const double *price)
{
    double least = DBL_MAX;
    for (int32_t k = 0; k < l->n; k++) {
        double beyond = l->cost[k];
        for (int32_t i = 0; i < l->len[k]; i++) beyond -= price[l->first[k] + i];
        least = fmin(least, beyond);
    }
    return least;
}

static void check_prices(const struct line *l, const struct worth *w)
{
    const double *price = worth_prices(w), best = walk(l), sum = sum_of(l, price), beyond = least_beyond(l, price);
    if (beyond < -0.011) fail_msg("a column of %d costs %f less than its tasks are worth", (int)l->n, -beyond);
    if (fabs(sum - best) > 1e-3 * best)
        fail_msg("%d tasks: worth %f, the best plan costs %f", (int)l->tasks, sum, best);
}

/* From a guess, and again after more columns have come. */
static void add_up_to_the_best_plan(void **state)
{
    (void)state;
    static struct line l;
    struct haul_rng rng;
    haul_rng_seed(&rng, SEED);
    for (int32_t k = 0; k < LINES; k++) {
        double guess[TASKS_MAX];
        const int32_t tasks = 2 + (int32_t)haul_rng_below(&rng, TASKS_MAX - 1);
        const int32_t longest = 1 + (int32_t)haul_rng_below(&rng, (uint64_t)tasks);
        for (int32_t i = 0; i < tasks; i++) guess[i] = (double)haul_rng_below(&rng, 2000);
        struct worth *w = worth_new(tasks, guess);
        make(&l, tasks);
        for (int32_t again = 0; again < 3; again++) {
            draw(&l, &rng, longest < 20 ? longest : 20, tasks + (int32_t)haul_rng_below(&rng, 1200));
            int64_t looks = 0;
            const double bound = worth_solve(w, l.n, column_of, &l, &looks);
            assert_true(looks > 0);
            check_prices(&l, w);
            assert_true(bound <= walk(&l) + 0.01);
        }
        worth_free(w);
    }
}

/* What no column serves gets dearer and dearer, and that comes to an end. */
static void nobody_serves_one(void **state)
{
    (void)state;
    static struct line l;
    struct haul_rng rng;
    haul_rng_seed(&rng, SEED);
    make(&l, 40);
    draw(&l, &rng, 8, 600);
    const double best = walk(&l);
    for (int32_t k = 0; k < l.n; k++)
        if (l.first[k] <= 17 && 17 < l.first[k] + l.len[k]) l.first[k] = 20, l.len[k] = 1;
    const double guess[40] = {0};
    struct worth *w = worth_new(40, guess);
    int64_t looks = 0;
    assert_true(worth_solve(w, l.n, column_of, &l, &looks) > 2 * best);
    assert_true(sum_of(&l, worth_prices(w)) > 2 * best);
    assert_true(least_beyond(&l, worth_prices(w)) > -0.011);
    worth_free(w);
}

int main(void)
{
    printf("seed %d\n", SEED);
    const struct CMUnitTest tests[] = {cmocka_unit_test(add_up_to_the_best_plan), cmocka_unit_test(nobody_serves_one)};
    return cmocka_run_group_tests_name("worth", tests, NULL, NULL);
}
