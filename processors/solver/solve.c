/* SPDX-License-Identifier: Apache-2.0
 * A solve from end to end: the first plan, one or two searches side by side, the answer.
 *
 * Two searches run in rounds: between rounds both stand still, and the one that is behind goes on from the other's
 * best. So nothing is shared while they run, and with a limit of iterations the answer does not depend on how fast
 * either is.
 */
#include "haul/solver.h"

#include "haul/hash.h"
#include "haul/time.h"
#include "processors/solver/decompose.h"
#include "processors/solver/eject.h"
#include "processors/solver/genetic.h"
#include "processors/solver/herd.h"
#include "processors/solver/plan.h"

#include <pthread.h>
#include <stdlib.h>

enum { ROUNDS = 20, ISLANDS_MAX = 2, FIRST_TRIES = 4, TRIES = 10, SMALL_FLEET = 150 };
static const double fewest_share = 0.2; /* of the time goes to fewer vehicles, where they count first */

struct solve {
    const struct model *m;
    const struct haul_solve_options *o;
    struct search island[ISLANDS_MAX];
    struct genetic *genetic[ISLANDS_MAX]; /* where it fits */
    struct parts *parts[ISLANDS_MAX];     /* what is large; NULL: the plan is searched as a whole */
    struct herd *herd[ISLANDS_MAX];       /* for the fewest vehicles; none of the three: ruin and recreate alone */
    int32_t islands;
    int64_t begun_ns;
    double until; /* share of the whole at which the round ends */
};

struct runner {
    struct solve *solve;
    int32_t island;
};

static int64_t now_ns(const struct haul_solve_options *o)
{
    return o->now_ns != NULL ? o->now_ns() : haul_mono_now().ns;
}

static double share_done(const struct solve *v, const struct search *x)
{
    const struct haul_solve_options *o = v->o;
    double share = 0;
    if (o->iterations > 0) share = (double)x->iterations / (double)o->iterations;
    if (o->time_ms > 0) {
        const double t = (double)(now_ns(o) - v->begun_ns) / ((double)o->time_ms * 1e6);
        if (t > share) share = t;
    }
    return share;
}

static bool stopped(const struct solve *v)
{
    return v->o->stop != NULL && atomic_load(v->o->stop);
}

static void tell(const struct solve *v, const struct search *x)
{
    if (v->o->progress == NULL) return;
    const struct haul_progress now = {.iterations = x->iterations,
                                      .share = x->share > 1 ? 1 : x->share,
                                      .cost = x->best.cost,
                                      .routes = x->best.used_n,
                                      .unserved = x->best.absent_n};
    v->o->progress(v->o->progress_arg, &now);
}

/* Steps between two looks at the clock. */
static int64_t clock_every(const struct solve *v, int32_t island)
{
    const struct parts *q = v->parts[island];
    if (v->island[island].dropping || v->genetic[island] != NULL || (q != NULL && parts_breed(q))) return 1;
    return q != NULL || v->m->tasks < 500 ? 32 : 8;
}

/* A part that is open when a round ends is finished first, unless it is the last round. */
static bool over(const struct solve *v, double share, const struct parts *q)
{
    if (share < v->until) return false;
    return v->until >= 1 || share >= 1 || q == NULL || parts_closed(q);
}

/* Few vehicles are sought first; then plans with as few are improved in parts, or bred. */
static void work_fewest(struct solve *v, int32_t k)
{
    struct search *x = &v->island[k];
    if (x->dropping && x->share < fewest_share) {
        fewer_step(x);
        return;
    }
    if (x->dropping) fewer_end(x);
    if (v->parts[k] != NULL) {
        parts_step(v->parts[k]);
        return;
    }
    if (v->herd[k] == NULL) v->herd[k] = herd_new(x);
    herd_step(v->herd[k]);
}

static void work(struct solve *v, int32_t k)
{
    if (v->o->fewest_vehicles)
        work_fewest(v, k);
    else if (v->genetic[k] != NULL)
        genetic_step(v->genetic[k]);
    else if (v->parts[k] != NULL)
        parts_step(v->parts[k]);
    else
        search_step(&v->island[k]);
}

static void *run_round(void *arg)
{
    const struct runner *r = arg;
    struct solve *v = r->solve;
    struct search *x = &v->island[r->island];
    struct parts *q = v->parts[r->island];
    for (int64_t k = 0;; k++) {
        if (k % clock_every(v, r->island) == 0 || v->o->time_ms == 0) {
            x->share = share_done(v, x);
            if (over(v, x->share, q) || stopped(v)) break;
            if (r->island == 0 && k % 4096 == 0) tell(v, x);
        }
        work(v, r->island);
    }
    if (q != NULL) parts_close(q);
    return NULL;
}

/* The island that is behind goes on from the other's best. */
static void exchange(struct solve *v)
{
    struct search *a = &v->island[0], *b = &v->island[1];
    if (a->dropping || b->dropping) return;
    const bool fewer = v->o->fewest_vehicles && a->best.used_n != b->best.used_n;
    if (!fewer && a->best.cost == b->best.cost) return;
    const bool a_behind = fewer ? a->best.used_n > b->best.used_n : a->best.cost > b->best.cost;
    struct search *behind = a_behind ? a : b, *ahead = a_behind ? b : a;
    kept_copy(&behind->best, &ahead->best, v->m);
    behind->find.routes_max = ahead->find.routes_max;
    search_settle(behind);
}

static void run_all(struct solve *v)
{
    const int32_t rounds = v->islands == 1 ? 1 : ROUNDS;
    for (int32_t k = 1; k <= rounds && !stopped(v); k++) {
        v->until = (double)k / rounds;
        struct runner runners[ISLANDS_MAX] = {{v, 0}, {v, 1}};
        pthread_t other;
        const bool two = v->islands == 2 && pthread_create(&other, NULL, run_round, &runners[1]) == 0;
        run_round(&runners[0]);
        if (v->islands == 2 && !two) run_round(&runners[1]); /* no thread to be had: one after the other */
        if (two) pthread_join(other, NULL);
        if (v->islands == 2) exchange(v);
    }
}

/* Greedy insertion of everything that is absent; of a few orders the best. */
static void first_plan(struct search *x)
{
    const struct model *m = x->m;
    const bool joins = m->types == 1 && !m->mixed_load && !m->type[0].exact && !m->docks && x->s->used_n == 0;
    const int32_t tries = m->tasks <= 1000 ? FIRST_TRIES : 1;
    x->find.near = x->m->tasks <= 20000 ? 0 : 40;
    x->best.cost = INT64_MAX;
    for (int32_t k = 0; k < tries; k++) {
        state_begin(x->s);
        if (joins && k == 0) savings_start(x);
        search_fill(x);
        if (m->docks) docks_mend(x->s);
        if (x->s->cost < x->best.cost) kept_take(&x->best, x->s);
        state_back(x->s);
        kept_forget(x->s); /* what is kept is not what stands here */
    }
}

/* `steps`: about so many there is time for. With few a task there is none to cool down from where all is shuffled. */
static void tune(struct search *x, int64_t steps)
{
    enum { FEW_A_TASK = 400 };
    const double mean = (double)x->m->cost_mean;
    x->hot = mean * (x->m->timed ? 1.5 : 3);
    if (steps / (x->m->tasks + 1) < FEW_A_TASK && x->m->tasks > SMALL_FLEET) x->hot /= 3;
    x->cold = mean * 0.05;
    x->find.blinks = true;
    x->tries = TRIES;
    x->find.near = x->m->mixed_fleet && x->m->tasks <= SMALL_FLEET ? 0 : 40;
    finder_remember(&x->find);
}

/* How many steps there is time for, about; the same on every machine. */
static int64_t steps_of(const struct haul_solve_options *o)
{
    enum { STEPS_A_MS = 120 };
    const int64_t by_time = o->time_ms > 0 ? o->time_ms * STEPS_A_MS : INT64_MAX;
    return o->iterations > 0 && o->iterations < by_time ? o->iterations : by_time;
}

static enum haul_err begin_island(struct solve *v, int32_t k, struct haul_error *e)
{
    struct search *x = &v->island[k];
    struct state *s = state_new(v->m);
    state_begin(s);
    search_init(x, s, haul_mix(v->o->seed, (uint64_t)k));
    const enum haul_err bad = plan_first_steps(s, e);
    if (bad != HAUL_OK) return bad;
    first_plan(x);
    search_settle(x);
    const int64_t steps = steps_of(v->o);
    tune(x, steps);
    if (v->o->fewest_vehicles)
        fewer_begin(x);
    else if (genetic_fits(x, steps))
        v->genetic[k] = genetic_new(x, true);
    const struct parts_plan plan = parts_plan_for(x, steps);
    if (v->genetic[k] == NULL && parts_fit(x, &plan)) v->parts[k] = parts_new(x, &plan);
    return HAUL_OK;
}

static enum haul_err good_options(const struct haul_solve_options *o, struct haul_error *e)
{
    if (o->threads < 1 || o->threads > ISLANDS_MAX)
        return haul_fail(e, HAUL_E_RANGE, "threads: %d, not 1..%d", o->threads, ISLANDS_MAX);
    if (o->time_ms < 0 || o->iterations < 0) return haul_fail(e, HAUL_E_RANGE, "time, iterations: negative");
    if (o->time_ms == 0 && o->iterations == 0 && o->stop == NULL)
        return haul_fail(e, HAUL_E_CONFLICT, "neither a time nor a number of iterations nor a way to stop");
    return HAUL_OK;
}

enum haul_err haul_solve(const struct haul_problem *p, const struct haul_solve_options *o, struct haul_vrp_plan *out,
                         struct haul_error *e)
{
    *out = (struct haul_vrp_plan){0};
    enum haul_err bad = good_options(o, e);
    if (bad == HAUL_OK) bad = haul_problem_check(p, e);
    if (bad != HAUL_OK) return bad;
    struct solve v = {.o = o, .islands = o->threads, .begun_ns = now_ns(o)};
    struct model *m;
    if ((bad = model_new(p, 0, &m, e)) != HAUL_OK) return bad;
    v.m = m;
    int32_t begun = 0;
    for (; bad == HAUL_OK && begun < v.islands; begun++) bad = begin_island(&v, begun, e);
    if (bad == HAUL_OK && m->tasks > 0) run_all(&v);
    if (bad == HAUL_OK) {
        fewer_end(&v.island[0]);
        bad = plan_from(v.island[0].s, out, e);
        for (int32_t k = 0; k < begun; k++) out->iterations += v.island[k].iterations;
    }
    for (int32_t k = 0; k < begun; k++) {
        genetic_free(v.genetic[k]);
        parts_free(v.parts[k]);
        herd_free(v.herd[k]);
        state_free(v.island[k].s);
        search_free(&v.island[k]);
    }
    model_free(m);
    return bad;
}
