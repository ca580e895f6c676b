/* SPDX-License-Identifier: Apache-2.0
 * Plans: the steps of every route with their times, the cost by cause, what is left out.
 */
#include "processors/solver/plan.h"

#include <stdlib.h>

static void set_route(struct haul_vrp_route *to, int32_t r, const struct timing *timing, const struct step_list *steps,
                      int32_t from)
{
    *to = (struct haul_vrp_route){.vehicle = r,
                                  .steps_n = steps->n - from,
                                  .cost = timing->split,
                                  .travel = timing->travel,
                                  .distance = timing->distance,
                                  .waiting = timing->waiting,
                                  .service = timing->service};
}

static enum haul_err time_route(const struct state *s, int32_t r, int64_t ready, struct timing *timing,
                                struct step_list *steps, struct haul_error *e)
{
    const struct model *m = s->m;
    const struct vtype *t = &m->type[s->route[r].type];
    const int32_t n = state_tasks(s, r, s->scratch);
    struct vtype own = *t;
    own.v = &m->p->vehicles[r];
    if (schedule(m, &own, s->scratch, n, ready, timing, NULL, steps)) return HAUL_OK;
    struct faults faults = {.n = 0};
    schedule(m, &own, s->scratch, n, ready, timing, &faults, NULL);
    const enum haul_fault_kind kind = faults.n > 0 ? faults.list[0].kind : HAUL_FAULT_LOAD;
    return haul_fail(e, HAUL_E_CONFLICT, "vehicle %lld: %s by %lld", (long long)m->p->vehicles[r].id,
                     haul_fault_sentence(kind), (long long)(faults.n > 0 ? faults.list[0].amount : 0));
}

/* At a dock the start is where it loads: it arrives there, loads, and may have to wait until it leaves. */
static void set_loading(const struct model *m, int32_t r, int64_t ready, struct haul_step *start)
{
    const struct haul_vrp_vehicle *v = &m->p->vehicles[r];
    if (v->dock == HAUL_VRP_NONE || v->dock_time == 0) return;
    start->waiting = start->arrival - ready;
    start->service = v->dock_time;
    start->arrival = ready - v->dock_time;
}

static int by_index(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return x < y ? -1 : x > y;
}

static void set_unserved(const struct state *s, struct haul_vrp_plan *out)
{
    out->unserved_n = s->absent_n;
    memcpy(out->unserved, s->absent, (size_t)s->absent_n * sizeof *s->absent);
    qsort(out->unserved, (size_t)s->absent_n, sizeof *out->unserved, by_index);
    for (int32_t i = 0; i < out->unserved_n; i++) {
        const struct haul_vrp_task *t = &s->m->p->tasks[out->unserved[i]];
        if (t->prize != HAUL_VRP_NONE && t->kind != HAUL_VRP_DELIVERY) out->prizes += t->prize;
    }
}

enum haul_err plan_from(const struct state *s, struct haul_vrp_plan *out, struct haul_error *e)
{
    const struct model *m = s->m;
    *out = (struct haul_vrp_plan){.routes = calloc((size_t)s->used_n + 1, sizeof *out->routes),
                                  .unserved = calloc((size_t)s->absent_n + 1, sizeof *out->unserved)};
    int64_t *ready = malloc((size_t)m->vehicles * sizeof *ready);
    if (out->routes == NULL || out->unserved == NULL || ready == NULL) {
        free(ready);
        haul_vrp_plan_free(out);
        return haul_fail(e, HAUL_E_NOMEM, "no memory for the plan");
    }
    for (int32_t v = 0; v < m->vehicles; v++) ready[v] = INT64_MIN;
    if (m->docks) docks_turns(s, ready);
    struct step_list steps = {0};
    enum haul_err bad = HAUL_OK;
    for (int32_t r = 0; bad == HAUL_OK && r < m->vehicles; r++) {
        if (s->route[r].n == 0) continue;
        struct timing timing;
        const int32_t from = steps.n;
        bad = time_route(s, r, ready[r], &timing, &steps, e);
        if (bad != HAUL_OK) break;
        set_loading(m, r, ready[r], &steps.p[from]);
        out->cost += timing.cost;
        set_route(&out->routes[out->routes_n++], r, &timing, &steps, from);
    }
    free(ready);
    out->memory = steps.p;
    for (int32_t i = 0, at = 0; i < out->routes_n; at += out->routes[i++].steps_n) out->routes[i].steps = steps.p + at;
    if (bad != HAUL_OK) {
        haul_vrp_plan_free(out);
        return bad;
    }
    set_unserved(s, out);
    return HAUL_OK;
}

void haul_vrp_plan_free(struct haul_vrp_plan *plan)
{
    free(plan->routes);
    free(plan->unserved);
    free(plan->memory);
    *plan = (struct haul_vrp_plan){0};
}

/* ---- from stops to a state ---- */

static enum haul_err first_steps_of(struct state *s, int32_t v, struct haul_error *e)
{
    const struct haul_vrp_vehicle *from = &s->m->p->vehicles[v];
    int32_t last = start_of(s->m, v);
    for (int32_t i = 0; i < from->steps_n; i++) {
        const int32_t task = from->steps[i], mate = s->m->nodes[task].mate;
        const bool frozen = i < from->steps_frozen;
        if (mate != HAUL_VRP_NONE && s->m->nodes[task].kind == HAUL_VRP_DELIVERY && s->at[mate].route != v) continue;
        state_put(s, last, task);
        last = task;
        s->route[v].frozen += frozen;
    }
    const bool good = state_update(s, v);
    if (!good) state_mend(s, v);
    /* a shipment whose delivery is missing from the steps cannot stand alone */
    for (int32_t i = 0; i < from->steps_n; i++) {
        const int32_t task = from->steps[i], mate = s->m->nodes[task].mate;
        if (mate == HAUL_VRP_NONE || s->at[task].route == HAUL_VRP_NONE || s->at[mate].route != HAUL_VRP_NONE) continue;
        if (i < from->steps_frozen)
            return haul_fail(e, HAUL_E_CONFLICT, "vehicle %lld: steps: shipment %lld is picked up but not delivered",
                             (long long)from->id, (long long)s->m->p->tasks[task].id);
        state_cut(s, task);
    }
    if (!state_update(s, v))
        return haul_fail(e, HAUL_E_CONFLICT, "vehicle %lld: steps: the frozen ones break a rule", (long long)from->id);
    return HAUL_OK;
}

enum haul_err plan_first_steps(struct state *s, struct haul_error *e)
{
    for (int32_t v = 0; v < s->m->vehicles; v++) {
        if (s->m->p->vehicles[v].steps_n == 0) continue;
        const enum haul_err bad = first_steps_of(s, v, e);
        if (bad != HAUL_OK) return bad;
    }
    return HAUL_OK;
}

static enum haul_err good_stops(const struct haul_problem *p, const struct haul_stops *routes, int32_t n, bool *served,
                                bool *driven, struct haul_error *e)
{
    for (int32_t i = 0; i < n; i++) {
        const int32_t v = routes[i].vehicle;
        if (v < 0 || v >= p->vehicles_n) return haul_fail(e, HAUL_E_RANGE, "routes[%d].vehicle: no such vehicle", i);
        if (driven[v]) return haul_fail(e, HAUL_E_DUPLICATE, "routes[%d].vehicle: it has a route already", i);
        driven[v] = true;
        for (int32_t k = 0; k < routes[i].tasks_n; k++) {
            const int32_t task = routes[i].tasks[k];
            if (task < 0 || task >= p->tasks_n)
                return haul_fail(e, HAUL_E_RANGE, "routes[%d].tasks[%d]: no such task", i, k);
            if (served[task]) return haul_fail(e, HAUL_E_DUPLICATE, "routes[%d].tasks[%d]: served twice", i, k);
            served[task] = true;
        }
    }
    return HAUL_OK;
}

static bool skills_fit(const struct haul_problem *p, const struct haul_vrp_vehicle *v, int32_t task)
{
    for (int32_t w = 0; w < HAUL_SKILL_WORDS; w++)
        if ((p->tasks[task].skills[w] & ~v->skills[w]) != 0) return false;
    return true;
}

static enum haul_err put_stops(struct state *s, const struct haul_stops *route, struct haul_error *e)
{
    const struct haul_problem *p = s->m->p;
    int32_t last = start_of(s->m, route->vehicle);
    for (int32_t k = 0; k < route->tasks_n; k++) {
        const int32_t task = route->tasks[k], mate = p->tasks[task].mate;
        if (!skills_fit(p, &p->vehicles[route->vehicle], task))
            return haul_fail(e, HAUL_E_CONFLICT, "vehicle %lld lacks a skill of task %lld",
                             (long long)p->vehicles[route->vehicle].id, (long long)p->tasks[task].id);
        if (p->tasks[task].kind == HAUL_VRP_DELIVERY && s->at[mate].route != route->vehicle)
            return haul_fail(e, HAUL_E_CONFLICT, "delivery %lld does not stand behind its pickup",
                             (long long)p->tasks[task].id);
        state_put(s, last, task);
        last = task;
    }
    for (int32_t k = 0; k < route->tasks_n; k++) {
        const int32_t mate = p->tasks[route->tasks[k]].mate;
        if (mate != HAUL_VRP_NONE && s->at[mate].route != route->vehicle)
            return haul_fail(e, HAUL_E_CONFLICT, "shipment %lld is picked up but not delivered",
                             (long long)p->tasks[route->tasks[k]].id);
    }
    state_update(s, route->vehicle);
    return HAUL_OK;
}

enum haul_err haul_vrp_plan_of(const struct haul_problem *p, const struct haul_stops *routes, int32_t routes_n,
                               struct haul_vrp_plan *out, struct haul_error *e)
{
    *out = (struct haul_vrp_plan){0};
    enum haul_err bad = haul_problem_check(p, e);
    if (bad != HAUL_OK) return bad;
    bool *served = calloc((size_t)p->tasks_n + 1, sizeof *served),
         *driven = calloc((size_t)p->vehicles_n, sizeof *driven);
    bad = served == NULL || driven == NULL ? haul_fail(e, HAUL_E_NOMEM, "no memory for the plan")
                                           : good_stops(p, routes, routes_n, served, driven, e);
    free(served);
    free(driven);
    struct model *m = NULL;
    if (bad == HAUL_OK) bad = model_new_plain(p, &m, e);
    if (bad != HAUL_OK) return bad;
    struct state *s = state_new(m);
    state_begin(s);
    for (int32_t i = 0; bad == HAUL_OK && i < routes_n; i++) bad = put_stops(s, &routes[i], e);
    if (bad == HAUL_OK) bad = plan_from(s, out, e);
    state_free(s);
    model_free(m);
    return bad;
}
