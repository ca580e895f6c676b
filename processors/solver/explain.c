/* SPDX-License-Identifier: Apache-2.0
 * Reasons. For each task that is left out, every place of every route is timed with the rules bent rather than kept,
 * and the place that bends them least is told; then the limits are moved by just that much and the route is timed
 * again, strictly.
 */
#include "processors/solver/bend.h"
#include "processors/solver/search.h"

#include <stdlib.h>

static const struct {
    const char *name, *unit, *sentence;
} fault_texts[] = {
#define HAUL_FAULT(name, unit, sentence) {#name, unit, sentence},
#include "haul/solver_faults.def"
#undef HAUL_FAULT
};

const char *haul_fault_name(enum haul_fault_kind kind)
{
    return fault_texts[kind].name;
}
const char *haul_fault_unit(enum haul_fault_kind kind)
{
    return fault_texts[kind].unit;
}
const char *haul_fault_sentence(enum haul_fault_kind kind)
{
    return fault_texts[kind].sentence;
}

enum {
    BEST = 6,        /* places that are tried strictly before giving up */
    NEAR_ROUTES = 40 /* routes that are looked at */
};

struct candidate {
    struct haul_vrp_reason reason;
    int64_t score;
};

struct explain {
    struct model *m;
    struct state *s;
    int32_t *sequence;
    struct candidate best[BEST];
    int32_t best_n;
};

/* ---- how much is bent ---- */

static int64_t share(int64_t amount, int64_t of)
{
    return of <= 0 ? 1000 * amount : amount * 1000 / of + 1;
}

static int64_t score_of(const struct explain *x, const struct vtype *t, const struct haul_fault *f)
{
    const int64_t hour = 3600 * x->m->p->scales.time;
    switch (f->kind) {
    case HAUL_FAULT_LOAD:
        return share(f->amount, t->capacity[f->dim]);
    case HAUL_FAULT_TOO_LATE:
    case HAUL_FAULT_SHIFT_END:
    case HAUL_FAULT_DURATION:
    case HAUL_FAULT_TRAVEL:
    case HAUL_FAULT_BREAK:
    case HAUL_FAULT_DRIVING_DAY:
    case HAUL_FAULT_EXPOSURE:
        return share(f->amount, hour);
    case HAUL_FAULT_DISTANCE:
        return share(f->amount, t->v->distance_max);
    case HAUL_FAULT_ENERGY:
        return share(f->amount, t->v->energy_max);
    case HAUL_FAULT_BREAK_LOAD:
        return share(f->amount, t->capacity[f->dim]);
    case HAUL_FAULT_TASKS:
        return 1000 * f->amount;
    case HAUL_FAULT_SKILLS:
        return 100000 * f->amount;
    case HAUL_FAULT_FROZEN:
        return 50000;
    }
    return 0;
}

static void keep(struct explain *x, const struct candidate *one)
{
    int32_t i = x->best_n < BEST ? x->best_n++ : BEST - 1;
    if (x->best_n == BEST && i == BEST - 1 && x->best[i].score <= one->score &&
        x->best[i].reason.task == one->reason.task)
        return;
    for (; i > 0 && one->score < x->best[i - 1].score; i--) x->best[i] = x->best[i - 1];
    x->best[i] = *one;
}

static int32_t missing_skills(const struct haul_vrp_vehicle *v, const struct haul_vrp_task *t)
{
    int32_t n = 0;
    for (int32_t w = 0; w < HAUL_SKILL_WORDS; w++) n += __builtin_popcountll(t->skills[w] & ~v->skills[w]);
    return n;
}

/* Amounts of the same limit are one: the largest. */
static void add_fault(struct candidate *c, const struct haul_fault *f)
{
    for (int32_t i = 0; i < c->reason.faults_n; i++) {
        struct haul_fault *g = &c->reason.faults[i];
        const bool place = f->kind == HAUL_FAULT_TOO_LATE || f->kind == HAUL_FAULT_EXPOSURE;
        if (g->kind != f->kind || g->dim != f->dim || (place && g->task != f->task)) continue;
        if (f->amount > g->amount) g->amount = f->amount;
        return;
    }
    if (c->reason.faults_n < HAUL_FAULTS_MAX) c->reason.faults[c->reason.faults_n++] = *f;
}

/* The route with the task at the spot, rules bent. */
static void consider(struct explain *x, int32_t r, int32_t task, int32_t after, int32_t after_second)
{
    const struct state *s = x->s;
    const struct model *m = x->m;
    const struct vtype *t = &m->type[s->route[r].type];
    const struct spot spot = {0, HAUL_VRP_NONE, after, after_second};
    const int32_t n = with_spot(s, task, &spot, x->sequence);
    struct faults faults = {.n = 0};
    struct timing timing;
    schedule(m, t, x->sequence, n, INT64_MIN, &timing, &faults, NULL);
    if (faults.more || faults.n > HAUL_FAULTS_MAX - 1) return;
    struct candidate c = {.reason = {.task = task, .vehicle = r, .extra_cost = timing.cost - s->route[r].cost}};
    c.reason.after = is_task(m, after) ? after : HAUL_VRP_NONE;
    c.reason.delivery_after = after_second;
    const int32_t skills = missing_skills(t->v, &m->p->tasks[task]);
    if (skills > 0) add_fault(&c, &(struct haul_fault){HAUL_FAULT_SKILLS, r, task, 0, skills});
    for (int32_t i = 0; i < faults.n; i++) {
        faults.list[i].vehicle = r;
        add_fault(&c, &faults.list[i]);
    }
    for (int32_t i = 0; i < c.reason.faults_n; i++) c.score += 1000000 + score_of(x, t, &c.reason.faults[i]);
    keep(x, &c);
}

static void consider_route(struct explain *x, int32_t r, int32_t task)
{
    const struct state *s = x->s;
    const bool pair = x->m->nodes[task].mate != HAUL_VRP_NONE;
    for (int32_t i = start_of(x->m, r); i != end_of(x->m, r); i = s->at[i].next) {
        if (s->at[i].pos < s->route[r].frozen) continue;
        consider(x, r, task, i, pair ? task : HAUL_VRP_NONE);
        for (int32_t k = s->at[i].next; pair && is_task(x->m, k); k = s->at[k].next) consider(x, r, task, i, k);
    }
}

/* ---- the strict test ---- */

struct bent {
    struct vtype t;
    struct haul_vrp_vehicle v;
};

static void bend(struct model *m, struct bent *b, const struct haul_fault *f, int64_t by)
{
    if (f->kind == HAUL_FAULT_LOAD)
        b->t.capacity[f->dim] += by;
    else
        bend_limit(m, &b->v, f, by);
}

static bool holds(struct explain *x, struct haul_vrp_reason *reason)
{
    struct model *m = x->m;
    const int32_t r = reason->vehicle;
    struct bent b = {.t = m->type[x->s->route[r].type], .v = *m->type[x->s->route[r].type].v};
    const struct spot spot = {0, HAUL_VRP_NONE, reason->after == HAUL_VRP_NONE ? start_of(m, r) : reason->after,
                              reason->delivery_after};
    const int32_t n = with_spot(x->s, reason->task, &spot, x->sequence);
    bend_own_breaks(&b.v);
    b.t.v = &b.v;
    for (int32_t i = 0; i < reason->faults_n; i++) bend(m, &b, &reason->faults[i], reason->faults[i].amount);
    struct timing timing;
    const bool good = schedule(m, &b.t, x->sequence, n, INT64_MIN, &timing, NULL, NULL);
    for (int32_t i = 0; i < reason->faults_n; i++) bend(m, &b, &reason->faults[i], -reason->faults[i].amount);
    bend_free_breaks(&b.v);
    return good;
}

/* ---- all of it ---- */

/* The routes that come nearest to it, the nearest first. */
static int32_t near_routes(const struct explain *x, int32_t task, int32_t *out)
{
    const struct state *s = x->s;
    int64_t key[NEAR_ROUTES];
    int32_t n = 0;
    for (int32_t k = 0; k < s->used_n; k++) {
        const int32_t r = s->used[k];
        const struct vtype *t = &x->m->type[s->route[r].type];
        int64_t least = INT64_MAX;
        for (int32_t i = s->at[start_of(x->m, r)].next; is_task(x->m, i); i = s->at[i].next) {
            const int64_t there = t->time[cell(x->m, s->at[i].loc, x->m->nodes[task].loc)];
            if (there < least) least = there;
        }
        if (n == NEAR_ROUTES && least >= key[n - 1]) continue;
        int32_t i = n < NEAR_ROUTES ? n++ : n - 1;
        for (; i > 0 && least < key[i - 1]; i--) key[i] = key[i - 1], out[i] = out[i - 1];
        key[i] = least, out[i] = r;
    }
    return n;
}

static void explain_one(struct explain *x, int32_t task, struct haul_vrp_reason *out)
{
    const struct state *s = x->s;
    x->best_n = 0;
    int32_t near[NEAR_ROUTES];
    const int32_t n = near_routes(x, task, near);
    for (int32_t k = 0; k < n; k++) consider_route(x, near[k], task);
    for (int32_t t = 0; t < x->m->types; t++) {
        const int32_t r = idle_route(s, t);
        if (r != HAUL_VRP_NONE) consider_route(x, r, task);
    }
    *out = (struct haul_vrp_reason){
        .task = task, .vehicle = HAUL_VRP_NONE, .after = HAUL_VRP_NONE, .delivery_after = HAUL_VRP_NONE};
    for (int32_t i = 0; i < x->best_n; i++)
        if (holds(x, &x->best[i].reason)) {
            *out = x->best[i].reason;
            return;
        }
}

static enum haul_err load_plan(struct state *s, const struct haul_vrp_plan *plan, struct haul_error *e)
{
    state_begin(s);
    for (int32_t i = 0; i < plan->routes_n; i++) {
        const struct haul_vrp_route *r = &plan->routes[i];
        const int32_t frozen = s->m->p->vehicles[r->vehicle].steps_frozen;
        int32_t last = start_of(s->m, r->vehicle);
        for (int32_t k = 0; k < r->steps_n; k++) {
            if (r->steps[k].kind != HAUL_STEP_TASK) continue;
            if (s->at[r->steps[k].index].route != HAUL_VRP_NONE)
                return haul_fail(e, HAUL_E_CONFLICT, "the plan serves a task twice");
            state_put(s, last, r->steps[k].index);
            last = r->steps[k].index;
        }
        s->route[r->vehicle].frozen = frozen;
        if (!state_update(s, r->vehicle)) return haul_fail(e, HAUL_E_CONFLICT, "the plan breaks a rule");
    }
    return HAUL_OK;
}

enum haul_err haul_explain(const struct haul_problem *p, const struct haul_vrp_plan *plan, struct haul_vrp_reason **out,
                           int32_t *n, struct haul_error *e)
{
    *out = NULL;
    *n = 0;
    struct explain x = {0};
    enum haul_err bad = model_new_plain(p, &x.m, e);
    if (bad != HAUL_OK) return bad;
    x.s = state_new(x.m);
    x.sequence = calloc((size_t)x.m->tasks_cap + 2, sizeof *x.sequence);
    struct haul_vrp_reason *reasons = calloc((size_t)plan->unserved_n + 1, sizeof *reasons);
    if (x.sequence == NULL || reasons == NULL) bad = haul_fail(e, HAUL_E_NOMEM, "no memory for reasons");
    if (bad == HAUL_OK) bad = load_plan(x.s, plan, e);
    for (int32_t i = 0; bad == HAUL_OK && i < plan->unserved_n; i++) {
        const int32_t task = plan->unserved[i];
        if (p->tasks[task].kind == HAUL_VRP_DELIVERY && p->tasks[task].mate != HAUL_VRP_NONE) continue;
        explain_one(&x, task, &reasons[(*n)++]);
    }
    free(x.sequence);
    state_free(x.s);
    model_free(x.m);
    if (bad == HAUL_OK)
        *out = reasons;
    else
        free(reasons);
    return bad;
}
