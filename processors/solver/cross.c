/* SPDX-License-Identifier: Apache-2.0
 * A child of two plans.
 */
#include "processors/solver/population.h"

#include <stdlib.h>

/* The routes of both parents, while a child is made. */
struct mating {
    const struct individual *a, *b;
    struct loose *l;
    int32_t *route_a; /* [tasks] the parent's run */
    uint8_t *leaves;  /* [runs] run of a that gives way */
    uint8_t *comes;   /* [runs] run of b that comes in */
    uint8_t *freed;   /* [tasks] was in a run that gives way */
    uint8_t *brought; /* [tasks] is in a run that comes in */
    uint8_t *taken;   /* [tasks] is in the child already */
    uint8_t *changed; /* [runs] of the child */
    int32_t moved;    /* how many runs */
};

static int32_t used_runs(const struct loose *l, const struct individual *x)
{
    int32_t n = 0;
    for (int32_t r = 0; r < l->runs; r++) n += x->first[r] != HAUL_VRP_NONE;
    return n;
}

/* The runs of a that serve what is nearest to a task. */
static void choose_leaving(struct mating *g, int32_t centre)
{
    const struct model *m = g->l->m;
    int32_t left = g->moved;
    for (int32_t k = -1; k < m->near_n[centre] && left > 0; k++) {
        const int32_t r = g->route_a[k < 0 ? centre : m->near_way[(int64_t)centre * m->near + k]];
        if (g->leaves[r]) continue;
        g->leaves[r] = 1, left--;
    }
    g->moved -= left;
    for (int32_t r = 0; r < g->l->runs; r++)
        for (int32_t i = g->a->first[r]; g->leaves[r] && i != HAUL_VRP_NONE; i = g->a->next[i]) g->freed[i] = 1;
}

/* As many runs of b, those whose tasks are most of all among the freed. */
static void choose_coming(struct mating *g)
{
    const struct loose *l = g->l;
    int32_t *score = l->list; /* [stops] is more than [runs] */
    for (int32_t r = 0; r < l->runs; r++) {
        score[r] = 0;
        for (int32_t i = g->b->first[r]; i != HAUL_VRP_NONE; i = g->b->next[i]) score[r] += g->freed[i] ? 1 : -1;
    }
    for (int32_t k = 0; k < g->moved; k++) {
        int32_t best = HAUL_VRP_NONE;
        for (int32_t r = 0; r < l->runs; r++)
            if (g->b->first[r] != HAUL_VRP_NONE && !g->comes[r] && (best == HAUL_VRP_NONE || score[r] > score[best]))
                best = r;
        if (best == HAUL_VRP_NONE) return;
        g->comes[best] = 1;
        for (int32_t i = g->b->first[best]; i != HAUL_VRP_NONE; i = g->b->next[i]) g->brought[i] = 1;
    }
}

/* A run of the child for one of b's that is free: the same, one like it, or any. */
static int32_t slot_for(const struct loose *l, int32_t r)
{
    int32_t any = HAUL_VRP_NONE, like = HAUL_VRP_NONE;
    if (l->run[r].n == 0) return r;
    for (int32_t k = 0; k < l->runs; k++) {
        if (l->run[k].n > 0) continue;
        any = k;
        if (l->run[k].type == l->run[r].type && like == HAUL_VRP_NONE) like = k;
    }
    return like != HAUL_VRP_NONE ? like : any;
}

static void put_run(struct mating *g, int32_t to, const struct individual *from, int32_t r, const uint8_t *without)
{
    struct loose *l = g->l;
    int32_t last = first_of(l, to);
    for (int32_t i = from->first[r]; i != HAUL_VRP_NONE; i = from->next[i]) {
        if ((without != NULL && without[i]) || !type_of_run(l, to)->fits[i]) {
            g->changed[to] = 1;
            continue;
        }
        loose_put(l, last, i);
        last = i;
    }
    loose_update(l, to);
}

static void insert_rest(struct mating *g)
{
    struct loose *l = g->l;
    int32_t n = 0;
    for (int32_t i = 0; i < l->m->tasks; i++)
        if (l->at[i].route == HAUL_VRP_NONE) l->other[n++] = i;
    for (int32_t i = n - 1; i > 0; i--) {
        const int32_t k = (int32_t)haul_rng_below(l->rng, (uint64_t)i + 1), was = l->other[i];
        l->other[i] = l->other[k], l->other[k] = was;
    }
    loose_insert(l, l->other, n);
    for (int32_t i = 0; i < n; i++) g->changed[l->at[l->other[i]].route] = 1;
}

/* Of two kinds of children: a keeps its other routes whole, or those of b stay whole. What it costs. */
static int64_t build(struct mating *g, bool b_whole)
{
    struct loose *l = g->l;
    loose_clear(l);
    l->moves += 2;
    memset(g->changed, 0, (size_t)l->runs);
    for (int32_t r = 0; r < l->runs; r++)
        if (!g->leaves[r]) put_run(g, r, g->a, r, b_whole ? g->brought : NULL);
    /* who is served already is not brought again */
    for (int32_t i = 0; i < l->m->tasks; i++) g->taken[i] = l->at[i].route != HAUL_VRP_NONE;
    for (int32_t r = 0; r < l->runs; r++) {
        if (!g->comes[r]) continue;
        const int32_t to = slot_for(l, r);
        if (to == HAUL_VRP_NONE) continue;
        g->changed[to] = 1;
        put_run(g, to, g->b, r, g->taken);
    }
    insert_rest(g);
    for (int32_t r = 0; r < l->runs; r++) l->run[r].changed = g->changed[r] || g->leaves[r] ? l->moves : l->moves - 1;
    for (int32_t i = 0; i < l->m->tasks; i++) l->tested[i] = l->moves - 1;
    const struct loose_sum sum = loose_sum(l);
    return sum.cost + penalty_of(l, sum.broken);
}

void population_cross(const struct population *p, const struct individual *a, const struct individual *b,
                      struct loose *l)
{
    const size_t tasks = (size_t)l->m->tasks, runs = (size_t)l->runs;
    struct mating g = {.a = a, .b = b, .l = l};
    g.route_a = calloc(tasks, sizeof *g.route_a);
    g.freed = calloc(3 * tasks + 3 * runs, 1);
    assert(p->l == l && g.route_a != NULL && g.freed != NULL);
    g.brought = g.freed + tasks;
    g.taken = g.brought + tasks;
    g.leaves = g.taken + tasks;
    g.comes = g.leaves + runs;
    g.changed = g.comes + runs;
    for (int32_t r = 0; r < l->runs; r++)
        for (int32_t i = a->first[r]; i != HAUL_VRP_NONE; i = a->next[i]) g.route_a[i] = r;
    const int32_t ours = used_runs(l, a), theirs = used_runs(l, b), fewer = ours < theirs ? ours : theirs;
    g.moved = 1 + (int32_t)haul_rng_below(l->rng, (uint64_t)(fewer > 2 ? fewer - 1 : 1));
    choose_leaving(&g, (int32_t)haul_rng_below(l->rng, tasks));
    choose_coming(&g);
    struct haul_rng same = *l->rng;
    const int64_t one = build(&g, false), other = build(&g, true);
    if (one < other) {
        *l->rng = same;
        build(&g, false);
    }
    free(g.route_a);
    free(g.freed);
}
