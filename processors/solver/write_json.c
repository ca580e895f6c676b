/* SPDX-License-Identifier: Apache-2.0
 * Plans as VROOM writes them: seconds and metres, with haul's own fields beside (costs by cause, rests, reloads,
 * reasons).
 */
#include "haul/json.h"
#include "processors/solver/problem.h"
#include "processors/solver/text.h"

struct writer {
    struct haul_json j;
    const struct haul_problem *p;
    double time, distance, cost; /* units in one of what is written */
};

static void put_time(struct writer *w, const char *name, int64_t v)
{
    haul_json_kf64(&w->j, name, (double)v / w->time, 3);
}
static void put_distance(struct writer *w, const char *name, int64_t v)
{
    haul_json_kf64(&w->j, name, (double)v / w->distance, 3);
}
static void put_cost(struct writer *w, const char *name, int64_t v)
{
    haul_json_kf64(&w->j, name, (double)v / w->cost, 3);
}

static void put_amounts(struct writer *w, const char *name, const int64_t *a)
{
    haul_json_name(&w->j, name);
    haul_json_open(&w->j, '[');
    for (int32_t d = 0; d < w->p->dims; d++) haul_json_i64(&w->j, a[d]);
    haul_json_close(&w->j, ']');
}

static void put_text(struct writer *w, const char *name, const char *text)
{
    haul_json_kstr(&w->j, name, haul_str_of(text));
}

static const char *task_type(const struct haul_vrp_task *t)
{
    switch (t->kind) {
    case HAUL_VRP_JOB:
        return "job";
    case HAUL_VRP_PICKUP:
        return "pickup";
    case HAUL_VRP_DELIVERY:
        return "delivery";
    }
    return "job";
}

static const char *step_type(const struct writer *w, const struct haul_step *s)
{
    switch (s->kind) {
    case HAUL_STEP_START:
        return "start";
    case HAUL_STEP_TASK:
        return task_type(&w->p->tasks[s->index]);
    case HAUL_STEP_BREAK:
        return "break";
    case HAUL_STEP_REST:
        return "rest";
    case HAUL_STEP_RELOAD:
        return "reload";
    case HAUL_STEP_END:
        return "end";
    }
    return "end";
}

static void put_description(struct writer *w, struct haul_str s)
{
    if (s.n > 0) haul_json_kstr(&w->j, "description", s);
}

static void put_place(struct writer *w, int32_t location)
{
    if (location == HAUL_VRP_NONE) return;
    if (w->p->lon_deg != NULL) {
        haul_json_name(&w->j, "location");
        haul_json_open(&w->j, '[');
        haul_json_f64(&w->j, w->p->lon_deg[location], 7);
        haul_json_f64(&w->j, w->p->lat_deg[location], 7);
        haul_json_close(&w->j, ']');
        return;
    }
    haul_json_ki64(&w->j, "location_index", location);
}

static void put_step(struct writer *w, const struct haul_vrp_vehicle *v, const struct haul_step *s)
{
    haul_json_open(&w->j, '{');
    put_text(w, "type", step_type(w, s));
    if (s->kind == HAUL_STEP_TASK) {
        haul_json_ki64(&w->j, "id", w->p->tasks[s->index].id);
        put_description(w, w->p->tasks[s->index].description);
    } else if (s->kind == HAUL_STEP_BREAK) {
        haul_json_ki64(&w->j, "id", v->breaks[s->index].id);
        put_description(w, v->breaks[s->index].description);
    } else if (s->kind == HAUL_STEP_RELOAD) {
        haul_json_ki64(&w->j, "reload", s->index);
    }
    put_place(w, s->location);
    put_time(w, "setup", s->setup);
    put_time(w, "service", s->service);
    put_time(w, "waiting_time", s->waiting);
    put_time(w, "arrival", s->arrival);
    put_time(w, "duration", s->travel);
    put_distance(w, "distance", s->distance);
    put_amounts(w, "load", s->load);
    haul_json_name(&w->j, "violations");
    haul_json_open(&w->j, '[');
    haul_json_close(&w->j, ']');
    haul_json_close(&w->j, '}');
}

struct sums {
    int64_t setup, service, waiting, travel, distance, priority, pauses;
    int64_t delivery[HAUL_DIMS], pickup[HAUL_DIMS];
};

static void sum_route(const struct haul_problem *p, const struct haul_vrp_route *r, struct sums *to)
{
    for (int32_t i = 0; i < r->steps_n; i++) {
        const struct haul_step *s = &r->steps[i];
        if (s->kind != HAUL_STEP_START) to->waiting += s->waiting;
        if (s->kind != HAUL_STEP_TASK) {
            to->pauses += s->service;
            continue;
        }
        const struct haul_vrp_task *t = &p->tasks[s->index];
        to->setup += s->setup;
        to->service += s->service;
        to->priority += t->kind == HAUL_VRP_DELIVERY ? 0 : t->priority;
        for (int32_t d = 0; d < p->dims; d++) to->delivery[d] += t->delivery[d], to->pickup[d] += t->pickup[d];
    }
    to->travel += r->travel;
    to->distance += r->distance;
}

static void put_sums(struct writer *w, const struct sums *s)
{
    put_amounts(w, "delivery", s->delivery);
    put_amounts(w, "amount", s->delivery);
    put_amounts(w, "pickup", s->pickup);
    put_time(w, "setup", s->setup);
    put_time(w, "service", s->service);
    put_time(w, "pauses", s->pauses);
    put_time(w, "duration", s->travel);
    put_time(w, "waiting_time", s->waiting);
    put_distance(w, "distance", s->distance);
    haul_json_ki64(&w->j, "priority", s->priority);
    haul_json_name(&w->j, "violations");
    haul_json_open(&w->j, '[');
    haul_json_close(&w->j, ']');
}

static int64_t cost_of(const struct haul_cost_split *c)
{
    return c->fixed + c->distance + c->time + c->service + c->duration;
}

static void put_split(struct writer *w, const struct haul_cost_split *c)
{
    haul_json_name(&w->j, "costs");
    haul_json_open(&w->j, '{');
    put_cost(w, "fixed", c->fixed);
    put_cost(w, "distance", c->distance);
    put_cost(w, "travel", c->time);
    put_cost(w, "task", c->service);
    put_cost(w, "shift", c->duration);
    haul_json_close(&w->j, '}');
}

static void put_route(struct writer *w, const struct haul_vrp_route *r)
{
    const struct haul_vrp_vehicle *v = &w->p->vehicles[r->vehicle];
    struct sums sums = {0};
    sum_route(w->p, r, &sums);
    haul_json_open(&w->j, '{');
    haul_json_ki64(&w->j, "vehicle", v->id);
    put_description(w, v->description);
    put_cost(w, "cost", cost_of(&r->cost));
    put_split(w, &r->cost);
    put_sums(w, &sums);
    haul_json_name(&w->j, "steps");
    haul_json_open(&w->j, '[');
    for (int32_t i = 0; i < r->steps_n; i++) {
        const bool nowhere = (i == 0 && v->start == HAUL_VRP_NONE) || (i == r->steps_n - 1 && v->end == HAUL_VRP_NONE);
        if (!nowhere) put_step(w, v, &r->steps[i]);
    }
    haul_json_close(&w->j, ']');
    haul_json_close(&w->j, '}');
}

/* ---- reasons ---- */

static double unit_of(const struct writer *w, enum haul_fault_kind kind)
{
    const char *unit = haul_fault_unit(kind);
    if (strcmp(unit, "time") == 0) return w->time;
    if (strcmp(unit, "distance") == 0) return w->distance;
    return strcmp(unit, "energy") == 0 ? 1000 : 1;
}

static void put_fault(struct writer *w, const struct haul_fault *f)
{
    haul_json_open(&w->j, '{');
    put_text(w, "limit", haul_fault_name(f->kind));
    put_text(w, "sentence", haul_fault_sentence(f->kind));
    haul_json_kf64(&w->j, "by", (double)f->amount / unit_of(w, f->kind), 3);
    put_text(w, "unit", haul_fault_unit(f->kind));
    if (f->task != HAUL_VRP_NONE) {
        put_text(w, "at_type", task_type(&w->p->tasks[f->task]));
        haul_json_ki64(&w->j, "at_id", w->p->tasks[f->task].id);
    }
    if (f->kind == HAUL_FAULT_LOAD || f->kind == HAUL_FAULT_BREAK_LOAD) haul_json_ki64(&w->j, "part", f->dim);
    haul_json_close(&w->j, '}');
}

static void put_reason(struct writer *w, const struct haul_vrp_reason *r)
{
    haul_json_name(&w->j, "why");
    haul_json_open(&w->j, '{');
    if (r->vehicle != HAUL_VRP_NONE) {
        haul_json_ki64(&w->j, "nearest_vehicle", w->p->vehicles[r->vehicle].id);
        if (r->after != HAUL_VRP_NONE) haul_json_ki64(&w->j, "after_id", w->p->tasks[r->after].id);
        put_cost(w, "extra_cost", r->extra_cost);
    }
    haul_json_name(&w->j, "limits");
    haul_json_open(&w->j, '[');
    for (int32_t i = 0; i < r->faults_n; i++) put_fault(w, &r->faults[i]);
    haul_json_close(&w->j, ']');
    haul_json_close(&w->j, '}');
}

static void put_unserved(struct writer *w, const struct haul_vrp_plan *plan, const struct haul_vrp_reason *reasons,
                         int32_t n)
{
    haul_json_name(&w->j, "unassigned");
    haul_json_open(&w->j, '[');
    for (int32_t i = 0; i < plan->unserved_n; i++) {
        const struct haul_vrp_task *t = &w->p->tasks[plan->unserved[i]];
        haul_json_open(&w->j, '{');
        haul_json_ki64(&w->j, "id", t->id);
        put_text(w, "type", task_type(t));
        put_place(w, t->location);
        put_description(w, t->description);
        for (int32_t k = 0; reasons != NULL && k < n; k++)
            if (reasons[k].task == plan->unserved[i]) put_reason(w, &reasons[k]);
        haul_json_close(&w->j, '}');
    }
    haul_json_close(&w->j, ']');
}

static void put_summary(struct writer *w, const struct haul_vrp_plan *plan)
{
    struct sums sums = {0};
    for (int32_t i = 0; i < plan->routes_n; i++) sum_route(w->p, &plan->routes[i], &sums);
    haul_json_name(&w->j, "summary");
    haul_json_open(&w->j, '{');
    put_cost(w, "cost", plan->cost);
    haul_json_ki64(&w->j, "cost_units", plan->cost);
    put_cost(w, "prizes_left", plan->prizes);
    haul_json_ki64(&w->j, "routes", plan->routes_n);
    haul_json_ki64(&w->j, "unassigned", plan->unserved_n);
    haul_json_ki64(&w->j, "iterations", plan->iterations);
    put_sums(w, &sums);
    haul_json_close(&w->j, '}');
}

void haul_vrp_plan_write(const struct haul_problem *p, const struct haul_vrp_plan *plan,
                         const struct haul_vrp_reason *reasons, int32_t reasons_n, struct haul_buf *out)
{
    struct writer w = {
        .p = p, .time = (double)p->scales.time, .distance = (double)p->scales.distance, .cost = (double)p->scales.cost};
    haul_json_begin(&w.j, out);
    haul_json_open(&w.j, '{');
    haul_json_ki64(&w.j, "code", 0);
    put_summary(&w, plan);
    put_unserved(&w, plan, reasons, reasons_n);
    haul_json_name(&w.j, "routes");
    haul_json_open(&w.j, '[');
    for (int32_t i = 0; i < plan->routes_n; i++) put_route(&w, &plan->routes[i]);
    haul_json_close(&w.j, ']');
    haul_json_close(&w.j, '}');
}
