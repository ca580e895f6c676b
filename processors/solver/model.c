/* SPDX-License-Identifier: Apache-2.0
 * Makes a problem ready for the search.
 */
#include "processors/solver/model.h"

#include <stdlib.h>

enum { MANY = 3000 }; /* tasks: beyond, lists are shorter */

static void *own(struct model *m, void *memory)
{
    assert(memory != NULL && m->owned_n < m->owned_cap);
    m->owned[m->owned_n++] = memory;
    return memory;
}

/* ---- tasks ---- */

static void set_window(struct model *m, struct node *n, const struct haul_vrp_task *t, int32_t window)
{
    n->win = window;
    n->win_n = t->windows_n;
    n->open = t->windows_n == 0 ? -HAUL_FOREVER : t->windows[0].open;
    n->close = t->windows_n == 0 ? HAUL_FOREVER : t->windows[t->windows_n - 1].close;
    for (int32_t w = 0; w < t->windows_n; w++) m->windows[window + w] = t->windows[w];
}

void model_set_task(struct model *m, int32_t i, const struct haul_vrp_task *t, int32_t window)
{
    struct node *n = &m->nodes[i];
    *n = (struct node){.loc = t->location,
                       .mate = t->mate,
                       .setup = t->setup,
                       .service = t->service_of_class != NULL ? t->service_of_class[0] : t->service,
                       .exposure_max = t->exposure_max,
                       .kind = t->kind,
                       .vehicle = HAUL_VRP_NONE};
    set_window(m, n, t, window);
    int64_t *amount = m->amounts + (int64_t)i * 2 * m->dims;
    for (int32_t d = 0; d < m->dims; d++) amount[d] = t->delivery[d], amount[m->dims + d] = t->pickup[d];
    n->size = m->dims > 0 ? amount[0] + amount[m->dims] : 0;
    for (int32_t c = 0; m->services != NULL && c < m->classes; c++)
        m->services[(int64_t)i * m->classes + c] = t->service_of_class != NULL ? t->service_of_class[c] : t->service;
    m->setups |= t->setup > 0;
    m->pairs |= t->mate != HAUL_VRP_NONE;
    m->jobs |= t->mate == HAUL_VRP_NONE;
    m->timed |= t->windows_n > 0;
    n->must = t->prize == HAUL_VRP_NONE && (t->kind != HAUL_VRP_DELIVERY || t->mate == HAUL_VRP_NONE);
    n->penalty = t->kind == HAUL_VRP_DELIVERY ? 0
                 : t->prize != HAUL_VRP_NONE  ? t->prize
                                              : 4 * m->penalty_unit * (1 + t->priority);
}

bool model_mixes_loads(const struct model *m)
{
    bool falls = false, rises = false;
    for (int32_t i = 0; i < m->tasks; i++) {
        if (m->nodes[i].mate != HAUL_VRP_NONE) return true;
        for (int32_t d = 0; d < m->dims; d++) falls |= delivery_of(m, i)[d] > 0, rises |= pickup_of(m, i)[d] > 0;
    }
    return falls && rises;
}

static enum haul_err set_tasks(struct model *m, int32_t spare, struct haul_error *e)
{
    const struct haul_problem *p = m->p;
    int64_t windows = 0;
    for (int32_t i = 0; i < p->tasks_n; i++) windows += p->tasks[i].windows_n;
    const size_t cap = (size_t)m->tasks_cap;
    m->nodes = calloc(cap + 1, sizeof *m->nodes);
    m->amounts = calloc((cap + 1) * 2 * (size_t)(m->dims + 1), sizeof *m->amounts);
    m->windows = calloc((size_t)(windows + 8 * spare + 1), sizeof *m->windows);
    m->services = m->classes > 1 ? calloc((cap + 1) * (size_t)m->classes, sizeof *m->services) : NULL;
    if (m->nodes == NULL || m->amounts == NULL || m->windows == NULL || (m->classes > 1 && m->services == NULL))
        return haul_fail(e, HAUL_E_NOMEM, "no memory for %d tasks", p->tasks_n);
    int32_t used = 0;
    for (int32_t i = 0; i < p->tasks_n; used += p->tasks[i++].windows_n) model_set_task(m, i, &p->tasks[i], used);
    m->mixed_load = model_mixes_loads(m);
    m->jobs |= spare > 0;
    return HAUL_OK;
}

/* ---- travel tables ---- */

static int32_t scaled(int32_t time, int32_t speed_permille)
{
    const int64_t t = ((int64_t)time * 1000 + speed_permille / 2) / speed_permille;
    return t > INT32_MAX ? INT32_MAX : (int32_t)t;
}

/* A table with `stride` columns; the last row and column, where there are any beyond the problem's, are no way at all.
 */
static const int32_t *table_of(struct model *m, const int32_t *from, int32_t speed_permille)
{
    const int32_t n = m->p->locations_n;
    if (m->stride == n && speed_permille == 1000) return from;
    int32_t *copy = own(m, calloc((size_t)m->stride * (size_t)m->stride, sizeof *copy));
    for (int32_t i = 0; i < n; i++) {
        int32_t *row = copy + cell(m, i, 0);
        memcpy(row, from + (int64_t)i * n, (size_t)n * sizeof *row);
        for (int32_t k = 0; speed_permille != 1000 && k < n; k++) row[k] = scaled(row[k], speed_permille);
    }
    return copy;
}

static bool symmetric(const struct model *m, const int32_t *table)
{
    enum { TILE = 64 };
    if (table == NULL) return true;
    const int32_t n = m->p->locations_n;
    for (int32_t a = 0; a < n; a += TILE)
        for (int32_t b = 0; b <= a; b += TILE)
            for (int32_t i = a; i < a + TILE && i < n; i++)
                for (int32_t k = b; k < b + TILE && k < i; k++)
                    if (table[cell(m, i, k)] != table[cell(m, k, i)]) return false;
    return true;
}

/* What tells two vehicles' tables apart: profiles' tables and speed. A table made once is used by all types that want
 * it. */
static void set_tables(struct model *m, struct vtype *t)
{
    const struct haul_vrp_vehicle *v = t->v;
    const struct table *from = &m->p->tables[v->profile];
    for (const struct vtype *u = m->type; u < t && t->distance == NULL; u++) {
        if (u->v->profile != v->profile) continue;
        t->distance = u->distance;
    }
    for (const struct vtype *u = m->type; u < t && t->time == NULL; u++)
        if (u->v->profile == v->profile && u->v->speed_permille == v->speed_permille)
            t->time = u->time, t->symmetric = u->symmetric;
    const bool known = t->time != NULL;
    if (t->distance == NULL) t->distance = table_of(m, from->distance, 1000);
    if (t->time == NULL)
        t->time = from->time == from->distance && v->speed_permille == 1000
                      ? t->distance
                      : table_of(m, from->time, v->speed_permille);
    if (!known) t->symmetric = symmetric(m, t->time) && (t->distance == t->time || symmetric(m, t->distance));
}

static void set_costing(struct vtype *t)
{
    const struct haul_vrp_vehicle *v = t->v;
    t->m1 = t->distance, t->c1 = v->cost_per_distance;
    if (v->cost_per_time == 0) return;
    if (t->time == t->distance)
        t->c1 += v->cost_per_time;
    else if (v->cost_per_distance == 0)
        t->m1 = t->time, t->c1 = v->cost_per_time;
    else
        t->m2 = t->time, t->c2 = v->cost_per_time;
}

/* ---- vehicles ---- */

static bool same_pauses(const struct haul_vrp_vehicle *a, const struct haul_vrp_vehicle *b)
{
    if (a->breaks_n != 0 || b->breaks_n != 0) return false; /* breaks have names of their own: every one a type */
    if (a->reloads_n != b->reloads_n || a->reloads_max != b->reloads_max) return false;
    for (int32_t i = 0; i < a->reloads_n; i++)
        if (a->reloads[i].location != b->reloads[i].location || a->reloads[i].duration != b->reloads[i].duration ||
            a->reloads[i].load != b->reloads[i].load || a->reloads[i].energy != b->reloads[i].energy)
            return false;
    const struct haul_driving_rule *r = &a->rule, *s = &b->rule;
    return r->drive_max == s->drive_max && r->rest == s->rest && r->split_first == s->split_first &&
           r->split_second == s->split_second && r->drive_day_max == s->drive_day_max &&
           r->service_rests == s->service_rests;
}

static bool alike(const struct haul_vrp_vehicle *a, const struct haul_vrp_vehicle *b)
{
    return a->profile == b->profile && a->service_class == b->service_class && a->start == b->start &&
           a->end == b->end && memcmp(a->capacity, b->capacity, sizeof a->capacity) == 0 &&
           memcmp(a->skills, b->skills, sizeof a->skills) == 0 && a->shift.open == b->shift.open &&
           a->shift.close == b->shift.close && a->cost_fixed == b->cost_fixed &&
           a->cost_per_distance == b->cost_per_distance && a->cost_per_time == b->cost_per_time &&
           a->cost_per_service == b->cost_per_service && a->cost_per_duration == b->cost_per_duration &&
           a->speed_permille == b->speed_permille && a->distance_max == b->distance_max &&
           a->travel_max == b->travel_max && a->duration_max == b->duration_max && a->tasks_max == b->tasks_max &&
           a->energy_max == b->energy_max && a->energy_per_distance == b->energy_per_distance &&
           a->energy_per_load == b->energy_per_load && a->exposure_drive_permille == b->exposure_drive_permille &&
           a->exposure_stop_permille == b->exposure_stop_permille && a->dock == b->dock &&
           a->dock_time == b->dock_time && same_pauses(a, b);
}

/* Could the vehicle serve this task if it had nothing else to do, as far as skills, size and shift say? */
bool model_fits_alone(const struct model *m, const struct vtype *t, int32_t task, const uint64_t *skills)
{
    const struct node *n = &m->nodes[task];
    for (int32_t w = 0; w < HAUL_SKILL_WORDS; w++)
        if ((skills[w] & ~t->v->skills[w]) != 0) return false;
    for (int32_t d = 0; d < m->dims; d++)
        if (delivery_of(m, task)[d] > t->capacity[d] || pickup_of(m, task)[d] > t->capacity[d]) return false;
    const int64_t begin = begin_at(m, n, t->v->shift.open + t->time[cell(m, t->start, n->loc)]);
    if (begin == INT64_MAX) return false;
    return begin + service_of(m, t, task) + t->time[cell(m, n->loc, t->end)] <= t->v->shift.close;
}

static bool exposure_matters(const struct model *m, const struct haul_vrp_vehicle *v)
{
    if (v->exposure_drive_permille == 0 && v->exposure_stop_permille == 0) return false;
    for (int32_t i = 0; i < m->tasks; i++)
        if (m->nodes[i].exposure_max != HAUL_VRP_NONE) return true;
    return false;
}

static void set_type(struct model *m, struct vtype *t, const struct haul_vrp_vehicle *v)
{
    *t = (struct vtype){.v = v, .class = v->service_class, .ready = INT64_MIN};
    t->start = v->start == HAUL_VRP_NONE ? m->nowhere : v->start;
    t->end = v->end == HAUL_VRP_NONE ? m->nowhere : v->end;
    memcpy(t->capacity, v->capacity, sizeof t->capacity);
    const struct haul_speeds *speeds = &m->p->speeds[v->profile];
    t->speeds = speeds->steps_n > 0 ? speeds : NULL;
    set_tables(m, t);
    set_costing(t);
    for (int32_t i = 0; i < v->reloads_n; i++) t->reloads |= v->reloads_max > 0 && v->reloads[i].load;
    t->exact = v->breaks_n > 0 || (v->reloads_n > 0 && v->reloads_max > 0) || v->rule.drive_max > 0 ||
               v->energy_max != HAUL_VRP_NONE || v->cost_per_duration > 0 || t->speeds != NULL ||
               exposure_matters(m, v) || (v->duration_max != HAUL_VRP_NONE && m->timed) ||
               (v->cost_per_service > 0 && m->setups);
    t->limited = v->distance_max != HAUL_VRP_NONE || v->travel_max != HAUL_VRP_NONE ||
                 v->duration_max != HAUL_VRP_NONE || v->tasks_max != HAUL_VRP_NONE;
    uint8_t *fits = own(m, calloc((size_t)m->tasks_cap + 1, 1));
    for (int32_t i = 0; i < m->tasks; i++) fits[i] = model_fits_alone(m, t, i, m->p->tasks[i].skills);
    t->fits = fits;
}

static int32_t type_like(const struct model *m, const struct haul_vrp_vehicle *v)
{
    for (int32_t t = m->types - 1; t >= 0; t--)
        if (alike(m->type[t].v, v)) return t;
    return HAUL_VRP_NONE;
}

static enum haul_err set_vehicles(struct model *m, struct haul_error *e)
{
    const struct haul_problem *p = m->p;
    m->type = calloc((size_t)m->vehicles, sizeof *m->type);
    m->type_of = calloc((size_t)m->vehicles, sizeof *m->type_of);
    m->owned_cap = 3 * m->vehicles + 8;
    m->owned = calloc((size_t)m->owned_cap, sizeof *m->owned);
    if (m->type == NULL || m->type_of == NULL || m->owned == NULL)
        return haul_fail(e, HAUL_E_NOMEM, "no memory for %d vehicles", m->vehicles);
    for (int32_t v = 0; v < m->vehicles; v++) {
        const struct haul_vrp_vehicle *from = &p->vehicles[v];
        m->timed |= from->shift.close < HAUL_FOREVER;
        m->docks |= from->dock != HAUL_VRP_NONE && from->dock_time > 0;
    }
    for (int32_t v = 0; v < m->vehicles; v++) {
        int32_t t = m->tasks_cap > m->tasks ? HAUL_VRP_NONE
                                            : type_like(m, &p->vehicles[v]); /* a live vehicle is like no other */
        if (t == HAUL_VRP_NONE) {
            t = m->types;
            set_type(m, &m->type[t], &p->vehicles[v]);
            m->types++;
        }
        m->type_of[v] = t;
    }
    return HAUL_OK;
}

static bool like_sisters(const struct vtype *a, const struct vtype *b)
{
    if (a == b || a->exact || b->exact || a->limited || b->limited) return false;
    return a->start == b->start && a->end == b->end && a->time == b->time && a->distance == b->distance &&
           a->class == b->class && a->v->shift.open == b->v->shift.open && a->v->shift.close == b->v->shift.close &&
           a->v->dock == b->v->dock;
}

static void set_sisters(struct model *m)
{
    if (m->types > 64) return;
    m->sisters = own(m, calloc((size_t)(m->types * m->types), 1));
    for (int32_t a = 0; a < m->types; a++)
        for (int32_t b = 0; b < m->types; b++) {
            m->sisters[a * m->types + b] = like_sisters(&m->type[a], &m->type[b]);
            m->mixed_fleet |= m->sisters[a * m->types + b];
        }
}

static bool all_plain(const struct model *m)
{
    if (m->types != 1 || m->dims > 1 || m->mixed_load || m->type[0].reloads || m->type[0].v->tasks_max != HAUL_VRP_NONE)
        return false;
    for (int32_t i = 0; i < m->tasks; i++)
        if (!m->type[0].fits[i]) return false;
    return true;
}

static void set_cell(const int32_t *table, int64_t k, int32_t value)
{
    ((int32_t *)(uintptr_t)table)[k] = value;
}

void model_set_ways(struct model *m, const struct haul_way *ways, int32_t n)
{
    assert(m->stride > m->p->locations_n);
    for (int32_t k = 0; k < m->types; k++) {
        struct vtype *t = &m->type[k];
        for (int32_t i = 0; i < n; i++) {
            if (ways[i].profile != t->v->profile) continue;
            const int64_t there = cell(m, ways[i].from, ways[i].to);
            set_cell(t->distance, there, ways[i].distance);
            set_cell(t->time, there, scaled(ways[i].time, t->v->speed_permille));
        }
        for (int32_t i = 0; t->symmetric && i < n; i++) {
            const int64_t there = cell(m, ways[i].from, ways[i].to), back = cell(m, ways[i].to, ways[i].from);
            if (ways[i].profile == t->v->profile)
                t->symmetric = t->time[there] == t->time[back] && t->distance[there] == t->distance[back];
        }
    }
}

/* Leaving out a task that must be served costs more than any way of serving it. */
static void set_penalties(struct model *m)
{
    int64_t most = 1;
    for (int32_t t = 0; t < m->types; t++) {
        const struct vtype *ty = &m->type[t];
        int64_t way = 0;
        for (int32_t i = 0; i < m->tasks; i++) {
            const int32_t loc = m->nodes[i].loc;
            const int64_t there = way_cost(ty, cell(m, ty->start, loc)) + way_cost(ty, cell(m, loc, ty->end));
            if (there > way) way = there;
        }
        const int64_t hours =
            ty->v->cost_per_duration == 0 ? 0 : ty->v->cost_per_duration * (INT64_C(100000) * m->p->scales.time);
        const int64_t all = ty->v->cost_fixed + 2 * way + hours;
        if (all > most) most = all;
    }
    if (most > HAUL_FOREVER / 1024) most = HAUL_FOREVER / 1024;
    m->penalty_unit = most;
    for (int32_t i = 0; i < m->tasks; i++) {
        const struct haul_vrp_task *t = &m->p->tasks[i];
        m->nodes[i].penalty = t->kind == HAUL_VRP_DELIVERY ? 0
                              : t->prize != HAUL_VRP_NONE  ? t->prize
                                                           : 4 * most * (1 + t->priority);
    }
}

/* ---- near tasks ---- */

struct near {
    int64_t key;
    int32_t task;
};

static bool nearer(struct near a, struct near b)
{
    return a.key < b.key || (a.key == b.key && a.task < b.task);
}

/* heap[0] is the farthest. */
static void sift(struct near *heap, int32_t n, int32_t i)
{
    for (;;) {
        int32_t far = i;
        for (int32_t c = 2 * i + 1; c <= 2 * i + 2 && c < n; c++)
            if (nearer(heap[far], heap[c])) far = c;
        if (far == i) return;
        const struct near swap = heap[i];
        heap[i] = heap[far], heap[far] = swap;
        i = far;
    }
}

static void keep_near(struct near *heap, int32_t *n, int32_t cap, struct near one)
{
    if (*n == cap) {
        if (!nearer(one, heap[0])) return;
        heap[0] = one;
        sift(heap, cap, 0);
        return;
    }
    heap[(*n)++] = one;
    for (int32_t i = *n - 1; i > 0 && nearer(heap[(i - 1) / 2], heap[i]); i = (i - 1) / 2) {
        const struct near swap = heap[i];
        heap[i] = heap[(i - 1) / 2], heap[(i - 1) / 2] = swap;
    }
}

static void near_sorted(struct near *heap, int32_t n, int32_t *out)
{
    while (n > 0) {
        out[n - 1] = heap[0].task;
        heap[0] = heap[--n];
        sift(heap, n, 0);
    }
}

/* Proximity of a before b, whose way is cell k (Vidal, Crainic, Gendreau and Prins 2013): the way, a share of the wait
 * that cannot be helped, and the lateness that cannot. */
static int64_t proximity(const struct model *m, const struct vtype *t, int32_t a, int32_t b, int64_t k)
{
    const struct node *x = &m->nodes[a], *y = &m->nodes[b];
    int64_t key = way_cost(t, k);
    if (!m->timed) return key;
    const int64_t per_time = t->time[k] > 0 ? key / t->time[k] : 1;
    const int64_t gone = service_of(m, t, a) + t->time[k];
    const int64_t wait = y->open - (x->close + gone), late = x->open + gone - y->close;
    const int64_t cap = INT64_C(1) << 40;
    if (wait > 0 && x->close < HAUL_FOREVER) key += (per_time < 1 ? 1 : per_time) * (wait < cap ? wait : cap) / 5;
    if (late > 0 && y->close < HAUL_FOREVER) key += (per_time < 1 ? 1 : per_time) * (late < cap ? late : cap);
    return key;
}

static int64_t way_between(const struct model *m, const struct vtype *t, int32_t a, int32_t b)
{
    const int64_t there = way_cost(t, cell(m, m->nodes[a].loc, m->nodes[b].loc));
    return t->symmetric ? 2 * there : there + way_cost(t, cell(m, m->nodes[b].loc, m->nodes[a].loc));
}

/* Of the nearest by way, those that are nearest in time too. */
static void near_in_time(struct model *m, int32_t i, const struct near *way, int32_t ways)
{
    const struct vtype *t = &m->type[0];
    struct near put[NEAR_MAX];
    int32_t puts = 0;
    for (int32_t k = 0; k < ways; k++) {
        const int32_t j = way[k].task;
        const int64_t out = cell(m, m->nodes[i].loc, m->nodes[j].loc);
        const int64_t in =
            t->symmetric ? out : cell(m, m->nodes[j].loc, m->nodes[i].loc); /* along the row is quicker */
        const int64_t before = proximity(m, t, j, i, in), after = proximity(m, t, i, j, out);
        keep_near(put, &puts, m->near, (struct near){before < after ? before : after, way[k].task});
    }
    near_sorted(put, puts, m->near_put + (int64_t)i * m->near);
}

/* With windows four times as many are looked at as are kept: a neighbour at the wrong hour is none. */
static void near_of(struct model *m, int32_t i)
{
    const struct vtype *t = &m->type[0];
    const int32_t most = m->near_put != m->near_way ? 4 * m->near : m->near;
    struct near way[4 * NEAR_MAX];
    int32_t ways = 0;
    for (int32_t k = 0; k < m->tasks; k++) {
        if (k == i) continue;
        const int64_t d = way_between(m, t, i, k);
        if (ways < most || d <= way[0].key) keep_near(way, &ways, most, (struct near){d, k});
    }
    if (m->near_put != m->near_way) near_in_time(m, i, way, ways);
    int32_t *to = m->near_way + (int64_t)i * m->near, sorted[4 * NEAR_MAX];
    near_sorted(way, ways, sorted);
    m->near_n[i] = ways < m->near ? ways : m->near;
    memcpy(to, sorted, (size_t)m->near_n[i] * sizeof *to);
}

static int64_t near_key(const struct model *m, int32_t a, int32_t b, bool put)
{
    const struct vtype *t = &m->type[0];
    if (!put) return way_between(m, t, a, b);
    const int64_t before = proximity(m, t, b, a, cell(m, m->nodes[b].loc, m->nodes[a].loc));
    const int64_t after = proximity(m, t, a, b, cell(m, m->nodes[a].loc, m->nodes[b].loc));
    return before < after ? before : after;
}

/* Sets i into the sorted list of k, when it is nearer than the last of a full one and does not stand there. */
static void set_into(struct model *m, int32_t *list, int32_t *n, int32_t k, int32_t i, bool put)
{
    for (int32_t j = 0; j < *n; j++)
        if (list[j] == i) return;
    const int64_t key = near_key(m, k, i, put);
    const bool full = *n == m->near;
    if (full && near_key(m, k, list[*n - 1], put) <= key) return;
    int32_t to = full ? *n - 1 : (*n)++;
    for (; to > 0 && near_key(m, k, list[to - 1], put) > key; to--) list[to] = list[to - 1];
    list[to] = i;
}

void model_set_near(struct model *m, int32_t i)
{
    near_of(m, i);
    for (int32_t j = 0; j < m->near_n[i]; j++) {
        const int32_t k = m->near_way[(int64_t)i * m->near + j], q = m->near_put[(int64_t)i * m->near + j];
        int32_t n = m->near_n[k], also = n, theirs = m->near_n[q];
        set_into(m, m->near_way + (int64_t)k * m->near, &n, k, i, false);
        if (m->near_put != m->near_way) {
            set_into(m, m->near_put + (int64_t)k * m->near, &also, k, i, true);
            if (theirs == m->near) set_into(m, m->near_put + (int64_t)q * m->near, &theirs, q, i, true);
            if (also < n) n = also; /* both lists have as many */
        }
        m->near_n[k] = n;
    }
}

static enum haul_err set_near(struct model *m, struct haul_error *e)
{
    const int32_t most = m->tasks_cap > MANY ? NEAR_MAX / 2 : NEAR_MAX;
    m->near = m->tasks_cap - 1 < most ? m->tasks_cap - 1 : most;
    if (m->near < 1) m->near = 1;
    const size_t all = (size_t)(m->tasks_cap + 1) * (size_t)m->near;
    m->near_way = calloc(all, sizeof *m->near_way);
    m->near_put = m->timed ? calloc(all, sizeof *m->near_put) : m->near_way;
    m->near_n = calloc((size_t)m->tasks_cap + 1, sizeof *m->near_n);
    if (m->near_way == NULL || m->near_put == NULL || m->near_n == NULL)
        return haul_fail(e, HAUL_E_NOMEM, "no memory for lists of near tasks");
    int64_t sum = 0;
    for (int32_t i = 0; i < m->tasks; i++) {
        near_of(m, i);
        const int32_t few = m->near_n[i] < 5 ? m->near_n[i] : 5;
        for (int32_t k = 0; k < few; k++) sum += way_between(m, &m->type[0], i, m->near_way[(int64_t)i * m->near + k]);
    }
    m->cost_mean = m->tasks == 0 ? 1 : sum / (10 * (int64_t)m->tasks) + 1;
    return HAUL_OK;
}

static enum haul_err build(const struct haul_problem *p, int32_t spare, bool lists, struct model **out,
                           struct haul_error *e)
{
    *out = NULL;
    struct model *m = calloc(1, sizeof *m);
    if (m == NULL) return haul_fail(e, HAUL_E_NOMEM, "no memory for the model");
    m->p = p;
    m->tasks = p->tasks_n;
    m->tasks_cap = p->tasks_n + spare;
    m->vehicles = p->vehicles_n;
    m->dims = p->dims;
    m->classes = p->classes;
    bool open = spare > 0;
    for (int32_t v = 0; v < p->vehicles_n; v++)
        open |= p->vehicles[v].start == HAUL_VRP_NONE || p->vehicles[v].end == HAUL_VRP_NONE;
    m->stride = p->locations_n + spare + (open ? 1 : 0);
    m->nowhere = m->stride - 1;
    enum haul_err bad = set_tasks(m, spare, e);
    if (bad == HAUL_OK) bad = set_vehicles(m, e);
    if (bad == HAUL_OK) set_penalties(m);
    if (bad == HAUL_OK) set_sisters(m), m->plain = all_plain(m);
    if (bad == HAUL_OK && lists) bad = set_near(m, e);
    if (bad != HAUL_OK) {
        model_free(m);
        return bad;
    }
    *out = m;
    return HAUL_OK;
}

enum haul_err model_new(const struct haul_problem *p, int32_t spare, struct model **out, struct haul_error *e)
{
    return build(p, spare, true, out, e);
}

enum haul_err model_new_plain(const struct haul_problem *p, struct model **out, struct haul_error *e)
{
    return build(p, 0, false, out, e);
}

void model_free(struct model *m)
{
    if (m == NULL) return;
    for (int32_t i = 0; i < m->owned_n; i++) free(m->owned[i]);
    free(m->owned);
    free(m->nodes);
    free(m->amounts);
    free(m->services);
    free(m->windows);
    free(m->type);
    free(m->type_of);
    if (m->near_put != m->near_way) free(m->near_put);
    free(m->near_way);
    free(m->near_n);
    free(m->hold);
    free(m);
}
