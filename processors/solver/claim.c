/* SPDX-License-Identifier: Apache-2.0
 * What a plan claims: taken from a plan, or read back from a file.
 */
#include "processors/solver/read_json.h"

#include <stdlib.h>

enum { SOL_STOPS_MAX = 1000000 };

void haul_claim_free(struct haul_claim *c)
{
    for (int32_t i = 0; i < c->routes_n; i++) free(c->routes[i].stops);
    free(c->routes);
    *c = (struct haul_claim){0};
}

static bool claim_room(struct haul_claim *c)
{
    struct haul_claim_route *routes = solver_room(c->routes, (size_t)c->routes_n, sizeof *routes);
    if (routes == NULL) return false;
    c->routes = routes;
    c->routes[c->routes_n++] = (struct haul_claim_route){.vehicle = HAUL_VRP_NONE};
    return true;
}

static bool add_stop(struct haul_claim_route *r, struct haul_claim_stop stop)
{
    struct haul_claim_stop *stops = solver_room(r->stops, (size_t)r->stops_n, sizeof *stops);
    if (stops == NULL) return false;
    r->stops = stops;
    r->stops[r->stops_n++] = stop;
    return true;
}

enum haul_err haul_claim_of(const struct haul_vrp_plan *plan, struct haul_claim *out, struct haul_error *e)
{
    *out = (struct haul_claim){.cost = plan->cost, .timed = true};
    bool good = true;
    for (int32_t i = 0; good && i < plan->routes_n; i++) {
        const struct haul_vrp_route *from = &plan->routes[i];
        good = claim_room(out);
        if (!good) break;
        struct haul_claim_route *r = &out->routes[i];
        r->vehicle = from->vehicle;
        for (int32_t k = 0; good && k < from->steps_n; k++) {
            const struct haul_step *s = &from->steps[k];
            const bool task = s->kind == HAUL_STEP_TASK;
            good = add_stop(r, (struct haul_claim_stop){s->kind, task ? s->index : HAUL_VRP_NONE,
                                                        task ? HAUL_VRP_NONE : s->index, s->arrival, s->waiting,
                                                        s->setup, s->service});
        }
    }
    if (good) return HAUL_OK;
    haul_claim_free(out);
    return haul_fail(e, HAUL_E_NOMEM, "no memory for the claim");
}

/* ---- ids to indices ---- */

struct id {
    int32_t kind;
    int64_t id;
    int32_t index;
};

struct ids {
    struct id *p;
    int32_t n;
};

enum { ID_VEHICLE = 100 };

static int by_id(const void *a, const void *b)
{
    const struct id *x = a, *y = b;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static bool list_ids(const struct haul_problem *p, struct ids *ids)
{
    const struct haul_problem_view v = haul_problem_view(p);
    ids->n = v.tasks_n + v.vehicles_n;
    ids->p = calloc((size_t)ids->n + 1, sizeof *ids->p);
    if (ids->p == NULL) return false;
    for (int32_t i = 0; i < v.tasks_n; i++) ids->p[i] = (struct id){(int32_t)v.tasks[i].kind, v.tasks[i].id, i};
    for (int32_t i = 0; i < v.vehicles_n; i++) ids->p[v.tasks_n + i] = (struct id){ID_VEHICLE, v.vehicles[i].id, i};
    qsort(ids->p, (size_t)ids->n, sizeof *ids->p, by_id);
    return true;
}

static int32_t index_of(const struct ids *ids, int32_t kind, int64_t id)
{
    const struct id key = {kind, id, 0};
    const struct id *found = bsearch(&key, ids->p, (size_t)ids->n, sizeof key, by_id);
    return found == NULL ? HAUL_VRP_NONE : found->index;
}

/* ---- JSON ---- */

struct claim_reader {
    struct reader r;
    struct haul_problem_view v;
    const struct ids *ids;
    struct haul_claim *out;
};

static bool stop_kind(struct claim_reader *c, const struct path *at, const json_t *o, struct haul_claim_stop *s,
                      int32_t *kind)
{
    static const struct {
        const char *name;
        enum haul_step_kind kind;
        int32_t task;
    } kinds[] = {{"start", HAUL_STEP_START, -1},
                 {"end", HAUL_STEP_END, -1},
                 {"break", HAUL_STEP_BREAK, -1},
                 {"rest", HAUL_STEP_REST, -1},
                 {"reload", HAUL_STEP_RELOAD, -1},
                 {"job", HAUL_STEP_TASK, HAUL_VRP_JOB},
                 {"pickup", HAUL_STEP_TASK, HAUL_VRP_PICKUP},
                 {"delivery", HAUL_STEP_TASK, HAUL_VRP_DELIVERY}};
    const struct haul_str type = json_text(&c->r, at, o, "type");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (haul_str_eq(type, haul_str_of(kinds[i].name))) {
            s->kind = kinds[i].kind;
            *kind = kinds[i].task;
            return true;
        }
    json_wrong(&c->r, HAUL_E_UNKNOWN, at, "type", "no kind of step");
    return false;
}

static int32_t break_index(const struct haul_vrp_vehicle *v, int64_t id)
{
    for (int32_t i = 0; i < v->breaks_n; i++)
        if (v->breaks[i].id == id) return i;
    return HAUL_VRP_NONE;
}

static void read_stop(struct claim_reader *c, const struct path *at, const json_t *o, struct haul_claim_route *r)
{
    struct haul_claim_stop s = {.task = HAUL_VRP_NONE, .index = HAUL_VRP_NONE};
    int32_t kind;
    if (!stop_kind(c, at, o, &s, &kind)) return;
    const int64_t scale = c->v.scales.time, id = json_whole(&c->r, at, o, "id", 0, INT64_MIN, INT64_MAX);
    if (s.kind == HAUL_STEP_TASK && (s.task = index_of(c->ids, kind, id)) == HAUL_VRP_NONE)
        json_wrong(&c->r, HAUL_E_NOT_FOUND, at, "id", "no such task");
    if (s.kind == HAUL_STEP_BREAK) s.index = break_index(&c->v.vehicles[r->vehicle], id);
    if (s.kind == HAUL_STEP_RELOAD) s.index = (int32_t)json_whole(&c->r, at, o, "reload", 0, 0, 1000);
    s.arrival = json_scaled(&c->r, at, o, "arrival", scale, 0, -1e12, 1e12);
    s.waiting = json_scaled(&c->r, at, o, "waiting_time", scale, 0, 0, 1e12);
    s.setup = json_scaled(&c->r, at, o, "setup", scale, 0, 0, 1e12);
    s.service = json_scaled(&c->r, at, o, "service", scale, 0, 0, 1e12);
    if (c->r.bad == HAUL_OK && !add_stop(r, s)) json_wrong(&c->r, HAUL_E_NOMEM, at, NULL, "no memory");
}

static void read_route(struct claim_reader *c, const struct path *at, const json_t *o)
{
    if (!claim_room(c->out)) {
        json_wrong(&c->r, HAUL_E_NOMEM, at, NULL, "no memory");
        return;
    }
    struct haul_claim_route *r = &c->out->routes[c->out->routes_n - 1];
    r->vehicle = index_of(c->ids, ID_VEHICLE, json_whole(&c->r, at, o, "vehicle", -1, 0, INT64_MAX));
    if (r->vehicle == HAUL_VRP_NONE) {
        json_wrong(&c->r, HAUL_E_NOT_FOUND, at, "vehicle", "no such vehicle");
        return;
    }
    const struct haul_vrp_vehicle *v = &c->v.vehicles[r->vehicle];
    const json_t *steps = json_array_of(&c->r, at, o, "steps");
    const struct path in = {at, "steps", 0};
    for (size_t i = 0; c->r.bad == HAUL_OK && i < json_array_size(steps); i++) {
        const struct path one = {&in, NULL, i};
        read_stop(c, &one, json_array_get(steps, i), r);
    }
    if (c->r.bad != HAUL_OK) return;
    /* open routes may be written without a start or an end */
    const bool starts = r->stops_n > 0 && r->stops[0].kind == HAUL_STEP_START;
    const bool ends = r->stops_n > 0 && r->stops[r->stops_n - 1].kind == HAUL_STEP_END;
    if ((!starts && v->start != HAUL_VRP_NONE) || (!ends && v->end != HAUL_VRP_NONE))
        json_wrong(&c->r, HAUL_E_INVALID, at, "steps", "do not go from a start to an end");
}

/* An open route's missing ends are put in, where its first and last stops are. */
static bool complete_ends(struct haul_claim_route *r)
{
    if (r->stops_n == 0) return true;
    const struct haul_claim_stop first = r->stops[0], last = r->stops[r->stops_n - 1];
    if (last.kind != HAUL_STEP_END &&
        !add_stop(r, (struct haul_claim_stop){HAUL_STEP_END, HAUL_VRP_NONE, HAUL_VRP_NONE,
                                              last.arrival + last.waiting + last.setup + last.service, 0, 0, 0}))
        return false;
    if (first.kind == HAUL_STEP_START) return true;
    if (!add_stop(r, first)) return false;
    memmove(r->stops + 1, r->stops, (size_t)(r->stops_n - 1) * sizeof *r->stops);
    r->stops[0] = (struct haul_claim_stop){HAUL_STEP_START, HAUL_VRP_NONE, HAUL_VRP_NONE, first.arrival, 0, 0, 0};
    return true;
}

static enum haul_err claim_json(const struct haul_problem *p, const struct ids *ids, struct haul_str bytes,
                                struct haul_claim *out, struct haul_error *e)
{
    json_error_t where;
    json_t *root = json_loadb(bytes.p, bytes.n, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL)
        return haul_fail(e, HAUL_E_INVALID, "line %d, column %d: %s", where.line, where.column, where.text);
    struct claim_reader c = {.r = {.e = e}, .v = haul_problem_view(p), .ids = ids, .out = out};
    const struct path at = {NULL, "routes", 0};
    const json_t *routes = json_array_of(&c.r, NULL, root, "routes");
    if (routes == NULL) json_wrong(&c.r, HAUL_E_INVALID, NULL, "routes", "is missing");
    for (size_t i = 0; c.r.bad == HAUL_OK && i < json_array_size(routes); i++) {
        const struct path one = {&at, NULL, i};
        read_route(&c, &one, json_array_get(routes, i));
    }
    for (int32_t i = 0; c.r.bad == HAUL_OK && i < out->routes_n; i++)
        if (!complete_ends(&out->routes[i])) json_wrong(&c.r, HAUL_E_NOMEM, NULL, NULL, "no memory");
    const json_t *summary = json_object_of(&c.r, NULL, root, "summary");
    const struct path in = {NULL, "summary", 0};
    out->cost = HAUL_VRP_NONE;
    if (json_object_get(summary, "cost_units") != NULL)
        out->cost = json_whole(&c.r, &in, summary, "cost_units", HAUL_VRP_NONE, 0, INT64_MAX);
    out->timed = true;
    json_decref(root);
    return c.r.bad;
}

/* ---- .sol ---- */

static enum haul_err sol_route(const struct ids *ids, struct text *t, struct haul_claim *out, struct haul_error *e)
{
    if (!claim_room(out)) return haul_fail(e, HAUL_E_NOMEM, "no memory for the routes");
    struct haul_claim_route *r = &out->routes[out->routes_n - 1];
    r->vehicle = out->routes_n - 1;
    bool good =
        add_stop(r, (struct haul_claim_stop){.kind = HAUL_STEP_START, .task = HAUL_VRP_NONE, .index = HAUL_VRP_NONE});
    struct text line = text_of(text_line(t));
    line.line = t->line;
    while (good && !text_end(&line)) {
        int64_t id;
        const enum haul_err bad = text_int(&line, "customer", 0, INT32_MAX, &id, e);
        if (bad != HAUL_OK) return bad;
        int32_t task = HAUL_VRP_NONE;
        for (int32_t k = HAUL_VRP_JOB; k <= HAUL_VRP_DELIVERY && task == HAUL_VRP_NONE; k++)
            task = index_of(ids, k, id);
        if (task == HAUL_VRP_NONE)
            return haul_fail(e, HAUL_E_NOT_FOUND, "line %d: no customer %lld", t->line, (long long)id);
        if (r->stops_n > SOL_STOPS_MAX) return haul_fail(e, HAUL_E_LIMIT, "line %d: too many stops", t->line);
        good = add_stop(r, (struct haul_claim_stop){.kind = HAUL_STEP_TASK, .task = task, .index = HAUL_VRP_NONE});
    }
    good = good &&
           add_stop(r, (struct haul_claim_stop){.kind = HAUL_STEP_END, .task = HAUL_VRP_NONE, .index = HAUL_VRP_NONE});
    return good ? HAUL_OK : haul_fail(e, HAUL_E_NOMEM, "no memory for the routes");
}

static enum haul_err claim_sol(const struct haul_problem *p, const struct ids *ids, struct haul_str bytes,
                               struct haul_claim *out, struct haul_error *e)
{
    struct text t = text_of(bytes);
    out->cost = HAUL_VRP_NONE;
    out->timed = false;
    while (!text_end(&t)) {
        const struct haul_str word = text_word(&t);
        enum haul_err bad = HAUL_OK;
        if (haul_str_eq(word, HAUL_STR("Cost"))) {
            double cost;
            bad = text_number(&t, "cost", 0, 1e12, &cost, e);
            if (bad == HAUL_OK) out->cost = (int64_t)(cost * (double)haul_problem_view(p).scales.cost + 0.5);
        } else if (haul_str_eq(word, HAUL_STR("Route"))) {
            text_word(&t); /* #1: */
            bad = sol_route(ids, &t, out, e);
        } else {
            bad = haul_fail(e, HAUL_E_INVALID, "line %d: 'Route #1: ...' or 'Cost ...' is wanted", t.line);
        }
        if (bad != HAUL_OK) return bad;
    }
    return HAUL_OK;
}

enum haul_err haul_claim_read(const struct haul_problem *p, struct haul_str bytes, struct haul_claim *out,
                              struct haul_error *e)
{
    *out = (struct haul_claim){.cost = HAUL_VRP_NONE};
    if (bytes.n > HAUL_PROBLEM_BYTES_MAX) return haul_fail(e, HAUL_E_LIMIT, "more than 1 GiB");
    struct ids ids;
    if (!list_ids(p, &ids)) return haul_fail(e, HAUL_E_NOMEM, "no memory for the ids");
    struct text t = text_of(bytes);
    const bool json = !text_end(&t) && *t.p == '{';
    const enum haul_err bad = json ? claim_json(p, &ids, bytes, out, e) : claim_sol(p, &ids, bytes, out, e);
    free(ids.p);
    if (bad != HAUL_OK) haul_claim_free(out);
    return bad;
}
