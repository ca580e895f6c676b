/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * A plan that may break load, time and length at a price: what the genetic search improves. Every task is in a route.
 *
 * A stop is a task, or one of the two ends of a route: first_of(l, r), last_of(l, r). A route is one vehicle of the
 * model. Lateness is a time warp: who comes after the close goes back to it, and pays for the way back (Nagata 2010).
 * Waiting is free here, so to leave at once is never worse, and two numbers a stop on either side of a change tell its
 * warp: when it is left and the warp up to it; the latest time without more warp behind it and the warp that is there
 * anyway. One thread.
 */
#ifndef HAUL_SOLVER_LOOSE_H
#define HAUL_SOLVER_LOOSE_H

#include "haul/rng.h"
#include "processors/solver/search.h"

#define PRICE_SHIFT 10 /* prices are in 1/1024 of cost */
#define PENALTY_MAX (INT64_C(1) << 56)

struct visit { /* what does not change of a stop */
    int64_t open, close, service;
};

struct stop {
    int32_t prev, next, route, pos; /* pos: 0 at the start */
    int64_t leave, warp_to;         /* when it is left, and the warp up to here */
    int64_t late, warp_from;        /* reached later than `late`: that much more warp; the warp from here on */
    int64_t way;                    /* cost of the way here */
    int32_t loc;                    /* never changes */
};

/* A sum of each kind of rule that is broken. */
struct broken {
    int64_t load, warp, span;
};

static inline bool breaks_nothing(const struct broken *b)
{
    return b->load == 0 && b->warp == 0 && b->span == 0;
}

struct run { /* a route */
    int32_t vehicle, type, n;
    int64_t changed; /* number of the move that changed it last */
    int64_t load[HAUL_DIMS];
    int64_t cost, span; /* span: what the type's one limit is about */
    struct broken broken;
    int64_t penalty;
};

/* The one limit of a type of vehicle: of the sum of `table` over the ways, with the services where they count. */
struct limit {
    const int32_t *table; /* NULL: no limit */
    int64_t most;
    bool services;
};

enum { GAPS = 3 };
struct gaps {
    int64_t cost[GAPS];
    int32_t behind[GAPS];
};

struct loose {
    const struct model *m;
    struct haul_rng *rng;
    struct broken price;
    struct visit *visit; /* [stops] */
    struct stop *at;     /* [stops] */
    struct run *run;     /* [runs] */
    int32_t runs, near;
    struct limit *limit; /* [types] */
    uint8_t *kin;        /* [types][types] ways, ends and hours are the same: tails can be exchanged in constant time */
    int64_t *need;       /* [tasks][dims] */
    int64_t *load_to;    /* [stops][dims] the load up to the stop */
    int64_t *span_to;    /* [stops] */
    int64_t moves;       /* done so far */
    int64_t *tested;     /* [tasks] the number of moves when its neighbours were tried last */
    int64_t *pair_tested;  /* [runs][runs] of routes as wholes; NULL where there are too many. Above the diagonal for
                              vehicles, below for SWAP* */
    struct gaps *gaps;     /* [tasks] the best ones in another route */
    int64_t *gain;         /* [tasks] what the ways save without it */
    int32_t *order;        /* [tasks] */
    int32_t *list, *other; /* [stops] */
};

/* Can the model be searched so? Jobs alone, one window each, and no rule that two numbers a stop do not tell. */
bool loose_fits(const struct model *m);

/* `slots`: how many vehicles of each type [types]. NULL: no memory. */
struct loose *loose_new(const struct model *m, const int32_t *slots, struct haul_rng *rng);
void loose_free(struct loose *l);

/* Takes all tasks out. */
void loose_clear(struct loose *l);
/* The same, for a plan in which nothing was tried yet. */
void loose_begin(struct loose *l);
/* An empty route of a type of vehicle; HAUL_VRP_NONE: there is none. */
int32_t loose_free_run(const struct loose *l, int32_t type);
/* Puts a task behind a stop, without an update. */
void loose_put(struct loose *l, int32_t behind, int32_t task);
/* Takes a task out of its route, likewise. */
void loose_take(struct loose *l, int32_t task);
/* What a task costs behind a stop, penalties included. */
int64_t loose_insert_cost(const struct loose *l, int32_t behind, int32_t task);
/* What is known of a route, made anew after it was changed. */
void loose_update(struct loose *l, int32_t r);
/* After other prices. */
void loose_reprice(struct loose *l);

/* Puts the tasks where they cost least, penalties included; routes are updated. */
void loose_insert(struct loose *l, const int32_t *tasks, int32_t n);

/* Local search until no move costs less. */
void loose_descend(struct loose *l);

/* Exchanges of one task of either of two routes, each to its best place in the other (SWAP*: Vidal 2022). True: one
 * was done. */
bool loose_swap_stars(struct loose *l);

struct loose_sum {
    int64_t cost; /* of the ways and vehicles */
    struct broken broken;
};
struct loose_sum loose_sum(const struct loose *l);

static inline int32_t first_of(const struct loose *l, int32_t r)
{
    return l->m->tasks + 2 * r;
}
static inline int32_t last_of(const struct loose *l, int32_t r)
{
    return l->m->tasks + 2 * r + 1;
}
static inline bool is_visit(const struct loose *l, int32_t stop)
{
    return stop < l->m->tasks;
}
static inline const struct vtype *type_of_run(const struct loose *l, int32_t r)
{
    return &l->m->type[l->run[r].type];
}
static inline int64_t link_cell(const struct loose *l, int32_t a, int32_t b)
{
    return cell(l->m, l->at[a].loc, l->at[b].loc);
}
static inline int64_t link_cost(const struct loose *l, const struct vtype *t, int32_t a, int32_t b)
{
    return way_cost(t, link_cell(l, a, b));
}
/* The same, read in the row of b where it can be. */
static inline int64_t link_cost_to(const struct loose *l, const struct vtype *t, int32_t a, int32_t b)
{
    return way_cost(t, cell_to(l->m, t, l->at[a].loc, l->at[b].loc));
}

/* What the ways of an updated route save without a task. */
static inline int64_t saved_without(const struct loose *l, const struct vtype *t, int32_t task)
{
    const struct stop *s = &l->at[task];
    return s->way + l->at[s->next].way - link_cost(l, t, s->prev, s->next);
}

/* A route driven up to somewhere. */
struct drive {
    int64_t leave, warp;
};

static inline void drive_to(const struct loose *l, const struct vtype *t, struct drive *d, int32_t from, int32_t to)
{
    const struct visit *v = &l->visit[to];
    int64_t at = d->leave + t->time[link_cell(l, from, to)];
    if (at > v->close) d->warp += at - v->close, at = v->close;
    if (at < v->open) at = v->open;
    d->leave = at + v->service;
}
/* The warp of the whole when it goes on with `to` and what is behind it. */
static inline int64_t drive_on(const struct loose *l, const struct vtype *t, const struct drive *d, int32_t from,
                               int32_t to)
{
    const int64_t after = d->leave + t->time[link_cell(l, from, to)] - l->at[to].late;
    return d->warp + l->at[to].warp_from + (after > 0 ? after : 0);
}
/* What is beyond all reason costs no more than PENALTY_MAX, so that sums of penalties stay whole. */
static inline int64_t priced(int64_t amount, int64_t price)
{
    if (amount == 0) return 0;
    const __int128 penalty = ((__int128)amount * price) >> PRICE_SHIFT;
    return penalty > PENALTY_MAX ? PENALTY_MAX : (int64_t)penalty;
}
static inline int64_t penalty_of(const struct loose *l, struct broken b)
{
    return priced(b.load, l->price.load) + priced(b.warp, l->price.warp) + priced(b.span, l->price.span);
}

#endif
