/* SPDX-License-Identifier: Apache-2.0
 * Local search over plans that may break rules at a price: one to three stops elsewhere, or against others; a part of a
 * route turned round; tails of two routes exchanged; whole routes on other vehicles. Only between near tasks (Toth and
 * Vigo 2003), and only where a route has changed since they were tried last (as Vidal's HGS-CVRP, 2022, does).
 *
 * A move is asked for the ways first: most end there. Then come load, time and length.
 */
#include "processors/solver/loose.h"

enum { LONGEST = 3, TURN_FROM = 2, STARS_SELDOM = 7 };

/* n stops in a row; with n = 0 the gap between `before` and `behind`. */
struct cut {
    int32_t before, first, last, behind, n;
};

static inline struct cut gap_behind(const struct loose *l, int32_t stop)
{
    return (struct cut){stop, HAUL_VRP_NONE, HAUL_VRP_NONE, l->at[stop].next, 0};
}

/* False: the route ends before. */
static inline bool cut_at(const struct loose *l, int32_t first, int32_t n, struct cut *out)
{
    int32_t last = first;
    for (int32_t k = 1; k < n; k++) {
        last = l->at[last].next;
        if (!is_visit(l, last)) return false;
    }
    *out = (struct cut){l->at[first].prev, first, last, l->at[last].next, n};
    return true;
}

/* ---- what the ways cost ---- */

__attribute__((always_inline)) static inline int64_t outer(const struct loose *l, const struct vtype *t, int32_t a,
                                                           const struct cut *c, bool turned, int32_t b)
{
    if (c->n == 0) return link_cost(l, t, a, b);
    return turned ? link_cost(l, t, a, c->last) + link_cost(l, t, c->first, b)
                  : link_cost(l, t, a, c->first) + link_cost(l, t, c->last, b);
}

static int64_t inner(const struct loose *l, const struct vtype *t, const struct cut *c, bool turned)
{
    int64_t cost = 0;
    if (c->n < 2) return 0;
    for (int32_t i = c->first; i != c->last; i = l->at[i].next) {
        const int32_t k = l->at[i].next;
        cost += turned ? link_cost(l, t, k, i) : link_cost(l, t, i, k);
    }
    return cost;
}

/* The inner ways are the same after a move, unless another type of vehicle drives them or in the other direction. */
static inline int64_t inner_change(const struct loose *l, const struct vtype *from, const struct vtype *to,
                                   const struct cut *c, bool turned)
{
    if (from == to && (!turned || from->symmetric)) return 0;
    return inner(l, to, c, turned) - inner(l, from, c, false);
}

/* ---- doing ---- */

static int32_t add_cut(const struct loose *l, const struct cut *c, bool turned, int32_t *list, int32_t n)
{
    if (c->n == 0) return n;
    if (turned)
        for (int32_t i = c->last;; i = l->at[i].prev) {
            list[n++] = i;
            if (i == c->first) return n;
        }
    for (int32_t i = c->first;; i = l->at[i].next) {
        list[n++] = i;
        if (i == c->last) return n;
    }
}

static void relink(struct loose *l, int32_t a, const int32_t *list, int32_t n, int32_t b)
{
    for (int32_t i = 0; i < n; i++) {
        l->at[a].next = list[i];
        l->at[list[i]].prev = a;
        a = list[i];
    }
    l->at[a].next = b;
    l->at[b].prev = a;
}

static void done(struct loose *l, int32_t r, int32_t q)
{
    l->moves++;
    loose_update(l, r);
    if (q != r) loose_update(l, q);
}

/* ---- within one route ---- */

/* The stops of `list` between a and b instead of those that are there; the ways change by `delta`. Done if it costs
 * less. */
static bool settle_section(struct loose *l, int32_t a, int32_t n, int32_t b, int64_t delta)
{
    const int32_t r = l->at[a].route;
    const struct run *run = &l->run[r];
    const struct vtype *t = type_of_run(l, r);
    const struct limit *limit = &l->limit[run->type];
    struct broken now = run->broken;
    struct drive d = {l->at[a].leave, l->at[a].warp_to};
    int64_t span = l->span_to[a];
    int32_t from = a;
    for (int32_t i = 0; (l->m->timed || limit->table != NULL) && i < n; i++) {
        const int32_t to = l->list[i];
        if (l->m->timed) drive_to(l, t, &d, from, to);
        if (limit->table != NULL)
            span += limit->table[link_cell(l, from, to)] + (limit->services ? l->visit[to].service : 0);
        from = to;
    }
    if (l->m->timed) now.warp = drive_on(l, t, &d, from, b);
    if (limit->table != NULL) {
        span += limit->table[link_cell(l, from, b)] + (limit->services ? l->visit[b].service : 0);
        span += run->span - l->span_to[b];
        now.span = span > limit->most ? span - limit->most : 0;
    }
    if (delta + penalty_of(l, now) >= run->penalty) return false;
    relink(l, a, l->list, n, b);
    done(l, r, r);
    return true;
}

static int64_t within_delta(const struct loose *l, const struct vtype *t, const struct cut *u, const struct cut *v,
                            bool turned)
{
    const int64_t in = inner_change(l, t, t, u, turned);
    if (v->n > 0 && u->behind == v->first) {
        const int32_t head = turned ? u->last : u->first, tail = turned ? u->first : u->last;
        return in + link_cost(l, t, u->before, v->first) + link_cost(l, t, v->last, head) +
               link_cost(l, t, tail, v->behind) - link_cost(l, t, u->before, u->first) -
               link_cost(l, t, u->last, v->first) - link_cost(l, t, v->last, v->behind);
    }
    if (v->n > 0 && v->behind == u->first) {
        const int32_t head = turned ? u->last : u->first, tail = turned ? u->first : u->last;
        return in + link_cost(l, t, v->before, head) + link_cost(l, t, tail, v->first) +
               link_cost(l, t, v->last, u->behind) - link_cost(l, t, v->before, v->first) -
               link_cost(l, t, v->last, u->first) - link_cost(l, t, u->last, u->behind);
    }
    return in + outer(l, t, u->before, v, false, u->behind) + outer(l, t, v->before, u, turned, v->behind) -
           outer(l, t, u->before, u, false, u->behind) - outer(l, t, v->before, v, false, v->behind);
}

static bool apart(const struct loose *l, const struct cut *u, const struct cut *v)
{
    const int32_t from = l->at[u->first].pos, to = l->at[u->last].pos;
    if (v->n == 0) return l->at[v->before].pos < from - 1 || l->at[v->before].pos > to;
    return l->at[v->last].pos < from || l->at[v->first].pos > to;
}

static bool exchange_within(struct loose *l, const struct cut *u, const struct cut *v, bool turned)
{
    if (!apart(l, u, v)) return false;
    const int32_t r = l->at[u->first].route;
    const int64_t delta = within_delta(l, type_of_run(l, r), u, v, turned);
    if (delta >= l->run[r].penalty) return false;
    const bool u_first = l->at[u->first].pos < l->at[v->before].pos + (v->n > 0);
    const struct cut *one = u_first ? u : v, *two = u_first ? v : u;
    int32_t n = add_cut(l, two, !u_first && turned, l->list, 0);
    const int32_t until = two->n > 0 ? two->first : two->behind;
    for (int32_t i = one->behind; i != until; i = l->at[i].next) l->list[n++] = i;
    n = add_cut(l, one, u_first && turned, l->list, n);
    return settle_section(l, one->before, n, two->behind, delta);
}

/* The part from behind u to v the other way round. */
static bool turn(struct loose *l, int32_t u, int32_t v)
{
    struct cut c = {u, l->at[u].next, v, l->at[v].next, 2};
    if (l->at[v].pos <= l->at[u].pos + 1) return false;
    const int32_t r = l->at[u].route;
    const struct vtype *t = type_of_run(l, r);
    const int64_t delta =
        outer(l, t, u, &c, true, c.behind) - outer(l, t, u, &c, false, c.behind) + inner_change(l, t, t, &c, true);
    if (delta >= l->run[r].penalty) return false;
    const int32_t n = add_cut(l, &c, true, l->list, 0);
    return settle_section(l, u, n, c.behind, delta);
}

/* ---- between two routes ---- */

static int64_t overload(const struct loose *l, int32_t r, const struct cut *out, const struct cut *in)
{
    const struct run *run = &l->run[r];
    const struct vtype *t = type_of_run(l, r);
    const int32_t dims = l->m->dims;
    int64_t over = 0;
    for (int32_t k = 0; k < dims; k++) {
        int64_t load = run->load[k] - t->capacity[k];
        for (int32_t i = out->first, j = 0; j < out->n; j++, i = l->at[i].next) load -= l->need[i * dims + k];
        for (int32_t i = in->first, j = 0; j < in->n; j++, i = l->at[i].next) load += l->need[i * dims + k];
        if (load > 0) over += load;
    }
    return over;
}

static int64_t warp_with(const struct loose *l, int32_t r, int32_t a, const struct cut *c, bool turned, int32_t b)
{
    const struct vtype *t = type_of_run(l, r);
    struct drive d = {l->at[a].leave, l->at[a].warp_to};
    int32_t i = turned ? c->last : c->first;
    for (int32_t k = 0; k < c->n; k++, i = turned ? l->at[i].prev : l->at[i].next) {
        drive_to(l, t, &d, a, i);
        a = i;
    }
    return drive_on(l, t, &d, a, b);
}

static int64_t span_of(const struct loose *l, const struct limit *limit, int32_t a, const struct cut *c, bool turned,
                       int32_t b)
{
    int64_t span = 0;
    int32_t i = turned ? c->last : c->first;
    for (int32_t k = 0; k < c->n; k++, i = turned ? l->at[i].prev : l->at[i].next) {
        span += limit->table[link_cell(l, a, i)] + (limit->services ? l->visit[i].service : 0);
        a = i;
    }
    return span + limit->table[link_cell(l, a, b)];
}

static int64_t overspan(const struct loose *l, int32_t r, const struct cut *out, const struct cut *in, bool turned)
{
    const struct limit *limit = &l->limit[l->run[r].type];
    if (limit->table == NULL) return 0;
    const int64_t span = l->run[r].span - span_of(l, limit, out->before, out, false, out->behind) +
                         span_of(l, limit, out->before, in, turned, out->behind);
    return span > limit->most ? span - limit->most : 0;
}

/* An empty route costs nothing: neither its vehicle nor its way. */
static int64_t opening(const struct loose *l, int32_t r)
{
    const struct vtype *t = type_of_run(l, r);
    return t->v->cost_fixed + link_cost(l, t, first_of(l, r), last_of(l, r));
}

static bool all_fit(const struct loose *l, const struct vtype *t, const struct cut *c)
{
    for (int32_t i = c->first, k = 0; k < c->n; k++, i = l->at[i].next)
        if (!t->fits[i]) return false;
    return true;
}

/* The penalties of both routes after the move; gives up with INT64_MAX where they reach `most`. */
static int64_t penalties_after(const struct loose *l, const struct cut *u, const struct cut *v, bool turned,
                               int64_t most)
{
    const int32_t r = l->at[u->first].route, q = l->at[v->before].route;
    const bool emptied = v->n == 0 && l->run[r].n == u->n;
    int64_t sum = priced(overload(l, q, v, u), l->price.load);
    if (v->n > 0 || l->run[r].broken.load > 0) sum += priced(overload(l, r, u, v), l->price.load);
    if (sum >= most) return INT64_MAX;
    if (l->m->timed) {
        sum += priced(warp_with(l, q, v->before, u, turned, v->behind), l->price.warp);
        if (sum >= most) return INT64_MAX;
        if (!emptied) sum += priced(warp_with(l, r, u->before, v, false, u->behind), l->price.warp);
    }
    sum += priced(overspan(l, q, v, u, turned), l->price.span);
    if (!emptied) sum += priced(overspan(l, r, u, v, false), l->price.span);
    return sum;
}

static void exchange_cuts(struct loose *l, const struct cut *u, const struct cut *v, bool turned)
{
    const int32_t r = l->at[u->first].route, q = l->at[v->before].route;
    int32_t mine[LONGEST], theirs[LONGEST];
    const int32_t n = add_cut(l, u, turned, mine, 0), k = add_cut(l, v, false, theirs, 0);
    relink(l, u->before, theirs, k, u->behind);
    relink(l, v->before, mine, n, v->behind);
    done(l, r, q);
}

static bool exchange_between(struct loose *l, const struct cut *u, const struct cut *v, bool turned)
{
    const int32_t r = l->at[u->first].route, q = l->at[v->before].route;
    const struct vtype *t = type_of_run(l, r), *w = type_of_run(l, q);
    int64_t delta = outer(l, t, u->before, v, false, u->behind) + outer(l, w, v->before, u, turned, v->behind) -
                    outer(l, t, u->before, u, false, u->behind) - outer(l, w, v->before, v, false, v->behind) +
                    inner_change(l, t, w, u, turned) + inner_change(l, w, t, v, false);
    if (l->run[q].n == 0) delta += opening(l, q);
    if (v->n == 0 && l->run[r].n == u->n) delta -= opening(l, r);
    const int64_t slack = l->run[r].penalty + l->run[q].penalty - delta;
    if (slack <= 0) return false;
    if (t != w && (!all_fit(l, w, u) || !all_fit(l, t, v))) return false;
    if (penalties_after(l, u, v, turned, slack) >= slack) return false;
    exchange_cuts(l, u, v, turned);
    return true;
}

static inline bool exchange(struct loose *l, const struct cut *u, const struct cut *v, bool turned)
{
    return l->at[u->first].route == l->at[v->before].route ? exchange_within(l, u, v, turned)
                                                           : exchange_between(l, u, v, turned);
}

/* ---- tails ---- */

/* The route from its start to `head` and on with `rest`, as a vehicle of run r would drive it: ways and penalties. */
static int64_t cost_walked(const struct loose *l, int32_t r, int32_t head, int32_t rest)
{
    const struct vtype *t = type_of_run(l, r);
    const struct limit *limit = &l->limit[l->run[r].type];
    const int32_t dims = l->m->dims;
    int64_t load[HAUL_DIMS] = {0}, cost = t->v->cost_fixed, span = 0;
    struct drive d = {l->visit[first_of(l, r)].open, 0};
    int32_t n = 0, a = first_of(l, r);
    int32_t b = is_visit(l, head) ? l->at[first_of(l, l->at[head].route)].next : rest;
    for (bool more = true; more; n++) {
        if (!is_visit(l, b)) b = last_of(l, r), more = false;
        if (more && !t->fits[b]) return INT64_MAX / 4;
        const int64_t way = link_cell(l, a, b);
        cost += way_cost(t, way);
        if (l->m->timed) drive_to(l, t, &d, a, b);
        if (limit->table != NULL) span += limit->table[way] + (limit->services ? l->visit[b].service : 0);
        for (int32_t k = 0; more && k < dims; k++) load[k] += l->need[b * dims + k];
        a = b;
        b = b == head ? rest : l->at[b].next;
    }
    if (n == 1) return 0;
    struct broken broken = {0, d.warp, limit->table != NULL && span > limit->most ? span - limit->most : 0};
    for (int32_t k = 0; k < dims; k++)
        if (load[k] > t->capacity[k]) broken.load += load[k] - t->capacity[k];
    return cost + penalty_of(l, broken);
}

/* Exchanges what is behind u with what is behind v. */
static void exchange_tails(struct loose *l, int32_t u, int32_t v)
{
    const int32_t r = l->at[u].route, q = l->at[v].route, x = l->at[u].next, y = l->at[v].next;
    const int32_t mine = l->at[last_of(l, r)].prev, theirs = l->at[last_of(l, q)].prev;
    relink(l, u, NULL, 0, is_visit(l, y) ? y : last_of(l, r));
    relink(l, v, NULL, 0, is_visit(l, x) ? x : last_of(l, q));
    if (is_visit(l, y)) relink(l, theirs, NULL, 0, last_of(l, r));
    if (is_visit(l, x)) relink(l, mine, NULL, 0, last_of(l, q));
    done(l, r, q);
}

static bool tails_walked(struct loose *l, int32_t u, int32_t v)
{
    const int32_t r = l->at[u].route, q = l->at[v].route;
    const int64_t was = l->run[r].cost + l->run[r].penalty + l->run[q].cost + l->run[q].penalty;
    const int64_t one = cost_walked(l, r, u, l->at[v].next);
    if (one >= was || one + cost_walked(l, q, v, l->at[u].next) >= was) return false;
    exchange_tails(l, u, v);
    return true;
}

/* Where kin drive both, the tail's own end stands for the other's. */
static int64_t tail_penalty(const struct loose *l, int32_t head, int32_t rest)
{
    const int32_t r = l->at[head].route, q = l->at[rest].route, dims = l->m->dims;
    const struct vtype *t = type_of_run(l, r);
    const struct limit *limit = &l->limit[l->run[r].type];
    const int32_t left = l->at[rest].prev;
    struct broken now = {0};
    for (int32_t k = 0; k < dims; k++) {
        const int64_t load =
            l->load_to[head * dims + k] + l->run[q].load[k] - l->load_to[left * dims + k] - t->capacity[k];
        if (load > 0) now.load += load;
    }
    if (l->m->timed) {
        const struct drive d = {l->at[head].leave, l->at[head].warp_to};
        now.warp = drive_on(l, t, &d, head, rest);
    }
    if (limit->table != NULL) {
        const int64_t span = l->span_to[head] + limit->table[link_cell(l, head, rest)] + l->run[q].span -
                             l->span_to[left] - limit->table[link_cell(l, left, rest)];
        now.span = span > limit->most ? span - limit->most : 0;
    }
    return penalty_of(l, now);
}

static bool tails(struct loose *l, int32_t u, int32_t v)
{
    const int32_t r = l->at[u].route, q = l->at[v].route, x = l->at[u].next, y = l->at[v].next;
    if (!l->kin[l->run[r].type * l->m->types + l->run[q].type]) return tails_walked(l, u, v);
    const struct vtype *t = type_of_run(l, r), *w = type_of_run(l, q);
    if (!is_visit(l, x) && !is_visit(l, y)) return false;
    int64_t delta = link_cost(l, t, u, y) + link_cost_to(l, w, v, x) - l->at[x].way - l->at[y].way;
    const bool mine_empty = !is_visit(l, u) && !is_visit(l, y), theirs_empty = !is_visit(l, v) && !is_visit(l, x);
    if (l->run[r].n == 0) delta += opening(l, r);
    if (l->run[q].n == 0) delta += opening(l, q);
    if (mine_empty) delta -= opening(l, r);
    if (theirs_empty) delta -= opening(l, q);
    const int64_t slack = l->run[r].penalty + l->run[q].penalty - delta;
    if (slack <= 0) return false;
    if (t != w) return tails_walked(l, u, v); /* skills and sizes may differ */
    int64_t after = mine_empty ? 0 : tail_penalty(l, u, y);
    if (after >= slack) return false;
    after += theirs_empty ? 0 : tail_penalty(l, v, x);
    if (after >= slack) return false;
    exchange_tails(l, u, v);
    return true;
}

/* ---- a pair of near tasks ---- */

/* A task and what can be moved with it, while its neighbours are tried. Made anew after every move. */
struct mover {
    int32_t u, route;
    int32_t n; /* cuts of 1..n stops begin at u */
    struct cut cut[LONGEST];
    int64_t gain[LONGEST]; /* of the ways when the cut is taken out */
    int64_t hold[LONGEST]; /* cost of the ways to its first and from its last */
};

static void set_mover(const struct loose *l, int32_t u, struct mover *w)
{
    const struct vtype *t = type_of_run(l, l->at[u].route);
    w->u = u;
    w->route = l->at[u].route;
    for (w->n = 0; w->n < LONGEST && cut_at(l, u, w->n + 1, &w->cut[w->n]); w->n++) {
        const struct cut *c = &w->cut[w->n];
        w->hold[w->n] = l->at[u].way + l->at[c->behind].way;
        w->gain[w->n] = w->hold[w->n] - link_cost(l, t, c->before, c->behind);
    }
}

/* What a move must save in ways to be worth a closer look: nothing, less what both routes pay for broken rules. */
static inline int64_t slack_of(const struct loose *l, const struct mover *w, int32_t q)
{
    return l->run[w->route].penalty + (q == w->route ? 0 : l->run[q].penalty);
}

/* One to three stops from u on behind a stop. */
static bool try_moves_to(struct loose *l, const struct mover *w, int32_t behind)
{
    const struct cut gap = gap_behind(l, behind);
    const int32_t q = l->at[behind].route;
    const struct vtype *t = type_of_run(l, q);
    const bool quick = l->run[q].type == l->run[w->route].type && l->run[q].n > 0;
    const int64_t slack = slack_of(l, w, q), in = link_cost_to(l, t, behind, w->u);
    for (int32_t n = 0; n < w->n; n++) {
        const struct cut *c = &w->cut[n];
        const int64_t limit =
            slack + w->gain[n] + l->at[gap.behind].way + (l->run[w->route].n == c->n ? opening(l, w->route) : 0);
        if (!quick || in + link_cost(l, t, c->last, gap.behind) < limit)
            if (exchange(l, c, &gap, false)) return true;
        if (n + 1 != TURN_FROM) continue;
        if (!quick || !t->symmetric || link_cost_to(l, t, behind, c->last) + link_cost(l, t, w->u, gap.behind) < limit)
            if (exchange(l, c, &gap, true)) return true;
    }
    return false;
}

/* `n` stops from u on against `k` from v on. */
static inline bool try_swap(struct loose *l, const struct mover *w, int32_t n, int32_t v, int32_t k)
{
    const struct cut *c = &w->cut[n - 1];
    struct cut d;
    if (!cut_at(l, v, k, &d)) return false;
    const int32_t q = l->at[v].route;
    if (l->run[q].type == l->run[w->route].type && c->behind != v && d.behind != w->u) {
        const struct vtype *t = type_of_run(l, q);
        const int64_t was = w->hold[n - 1] + l->at[v].way + l->at[d.behind].way + slack_of(l, w, q);
        const int64_t now = link_cost(l, t, c->before, v) + link_cost_to(l, t, d.last, c->behind);
        if (now >= was || now + link_cost_to(l, t, d.before, w->u) + link_cost(l, t, c->last, d.behind) >= was)
            return false;
    }
    return exchange(l, c, &d, false);
}

static bool try_swaps(struct loose *l, const struct mover *w, int32_t v)
{
    if (w->u < v && try_swap(l, w, 1, v, 1)) return true;
    if (w->n < 2) return false;
    return try_swap(l, w, 2, v, 1) || (w->u < v && try_swap(l, w, 2, v, 2));
}

static bool try_pair(struct loose *l, const struct mover *w, int32_t v)
{
    if (try_moves_to(l, w, v) || try_swaps(l, w, v)) return true;
    const int32_t before = l->at[v].prev;
    if (w->route == l->at[v].route) return turn(l, w->u, v);
    if (tails(l, w->u, before)) return true;
    return !is_visit(l, before) && try_moves_to(l, w, before);
}

static bool try_near(struct loose *l, int32_t u)
{
    const struct model *m = l->m;
    const int32_t *list = m->near_put + (int64_t)u * m->near;
    const int32_t n = m->near_n[u] < l->near ? m->near_n[u] : l->near;
    const int64_t last = l->tested[u];
    bool any = false;
    struct mover w;
    l->tested[u] = l->moves;
    set_mover(l, u, &w);
    for (int32_t k = 0; k < n; k++) {
        if (l->run[w.route].changed <= last && l->run[l->at[list[k]].route].changed <= last) continue;
        if (!try_pair(l, &w, list[k])) continue;
        any = true;
        set_mover(l, u, &w);
    }
    return any;
}

/* ---- empty routes, other vehicles ---- */

static bool try_one_empty(struct loose *l, int32_t u, int32_t r)
{
    struct mover w;
    set_mover(l, u, &w);
    return try_moves_to(l, &w, first_of(l, r)) || tails(l, first_of(l, r), l->at[u].prev);
}

/* The task, or it and all behind it, in an empty route of each type. */
static bool try_empties(struct loose *l, int32_t u)
{
    uint64_t seen = 0;
    for (int32_t r = 0; r < l->runs; r++) {
        const uint64_t bit = UINT64_C(1) << l->run[r].type;
        if (l->run[r].n > 0 || (seen & bit) != 0) continue;
        seen |= bit;
        if (try_one_empty(l, u, r)) return true;
    }
    return false;
}

static bool pair_is_new(struct loose *l, int32_t r, int32_t q)
{
    if (l->pair_tested == NULL) return true;
    int64_t *last = &l->pair_tested[(int64_t)r * l->runs + q];
    const bool is = l->run[r].changed > *last || l->run[q].changed > *last;
    *last = l->moves;
    return is;
}

static bool exchange_vehicles(struct loose *l)
{
    bool any = false;
    for (int32_t r = 0; r < l->runs; r++)
        for (int32_t q = r + 1; q < l->runs; q++) {
            if (l->run[r].type == l->run[q].type || (l->run[r].n == 0 && l->run[q].n == 0)) continue;
            if (pair_is_new(l, r, q)) any |= tails_walked(l, first_of(l, r), first_of(l, q));
        }
    return any;
}

/* ---- all of it ---- */

static void shuffle(struct loose *l)
{
    for (int32_t i = l->m->tasks - 1; i > 0; i--) {
        const int32_t k = (int32_t)haul_rng_below(l->rng, (uint64_t)i + 1), was = l->order[i];
        l->order[i] = l->order[k], l->order[k] = was;
    }
}

static bool pass(struct loose *l, bool empties)
{
    bool any = false;
    for (int32_t i = 0; i < l->m->tasks; i++) {
        const int32_t u = l->order[i];
        const int64_t last = l->tested[u];
        any |= try_near(l, u);
        if (empties && l->run[l->at[u].route].changed > last) any |= try_empties(l, u);
    }
    if (l->m->types > 1) any |= exchange_vehicles(l);
    return any;
}

void loose_descend(struct loose *l)
{
    /* with windows SWAP* finds less for its time: then in one descent of a few, as Kool et al. do */
    const bool stars = !l->m->timed || haul_rng_below(l->rng, STARS_SELDOM) == 0;
    shuffle(l);
    pass(l, false);
    while (pass(l, true) || (stars && loose_swap_stars(l))) continue;
}
