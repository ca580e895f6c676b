/* SPDX-License-Identifier: Apache-2.0
 * Docks: vehicles of a group load before they leave, no more at a time than there are places. They take their turns in
 * the order in which they must have left (earliest deadline first), each as early as it can.
 */
#include "processors/solver/search.h"

#include <stdlib.h>

struct turn {
    int32_t route, dock;
    int64_t by;
};

static int by_turn(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;
    if (x->dock != y->dock) return x->dock < y->dock ? -1 : 1;
    if (x->by != y->by) return x->by < y->by ? -1 : 1;
    return x->route < y->route ? -1 : x->route > y->route;
}

/* Could it still keep every rule if it left no earlier than `ready`? */
static bool leaves_in_time(const struct state *s, const struct turn *turn, int64_t ready)
{
    if (ready > turn->by) return false;
    const struct vtype *t = &s->m->type[s->route[turn->route].type];
    if (!t->exact) return true;
    struct timing timing;
    return schedule(s->m, t, s->scratch, state_tasks(s, turn->route, s->scratch), ready, &timing, NULL, NULL);
}

/* The turns of one group. The first route that would leave too late, or HAUL_VRP_NONE. */
static int32_t load_in_turn(const struct state *s, const struct turn *turns, int32_t n, int64_t *ready)
{
    const int32_t places = s->m->p->docks[turns[0].dock], slots = places < n ? places : n;
    int64_t *free_at = malloc((size_t)slots * sizeof *free_at);
    assert(free_at != NULL);
    for (int32_t k = 0; k < slots; k++) free_at[k] = INT64_MIN;
    int32_t late = HAUL_VRP_NONE;
    for (int32_t i = 0; i < n; i++) {
        const struct haul_vrp_vehicle *v = &s->m->p->vehicles[turns[i].route];
        int32_t best = 0;
        for (int32_t k = 1; k < slots; k++)
            if (free_at[k] < free_at[best]) best = k;
        const int64_t begin = free_at[best] > v->shift.open ? free_at[best] : v->shift.open;
        free_at[best] = begin + v->dock_time;
        if (ready != NULL) ready[turns[i].route] = free_at[best];
        if (late == HAUL_VRP_NONE && !leaves_in_time(s, &turns[i], free_at[best])) late = turns[i].route;
    }
    free(free_at);
    return late;
}

int32_t docks_turns(const struct state *s, int64_t *ready)
{
    const struct model *m = s->m;
    struct turn *turns = calloc((size_t)s->used_n + 1, sizeof *turns);
    assert(turns != NULL);
    int32_t n = 0, late = HAUL_VRP_NONE;
    for (int32_t k = 0; k < s->used_n; k++) {
        const int32_t r = s->used[k];
        const struct haul_vrp_vehicle *v = &m->p->vehicles[r];
        if (v->dock == HAUL_VRP_NONE || v->dock_time == 0 || m->type[m->type_of[r]].started) continue;
        turns[n++] = (struct turn){r, v->dock, m->timed ? s->at[start_of(m, r)].late : HAUL_FOREVER};
    }
    qsort(turns, (size_t)n, sizeof *turns, by_turn);
    for (int32_t i = 0, k; i < n && (late == HAUL_VRP_NONE || ready != NULL); i = k) {
        for (k = i; k < n && turns[k].dock == turns[i].dock; k++) continue;
        const int32_t first = load_in_turn(s, turns + i, k - i, ready);
        if (late == HAUL_VRP_NONE) late = first;
    }
    free(turns);
    return late;
}

void docks_mend(struct state *s)
{
    for (int32_t r; (r = docks_turns(s, NULL)) != HAUL_VRP_NONE;) {
        const int32_t n = s->route[r].n;
        for (int32_t i = s->at[end_of(s->m, r)].prev, before; is_task(s->m, i); i = before) {
            const int32_t mate = s->m->nodes[i].mate;
            before = s->at[i].prev;
            if (!state_may_leave(s, r, i)) continue;
            if (before == mate) before = s->at[mate].prev;
            state_cut_request(s, i);
        }
        state_update(s, r);
        if (s->route[r].n == n) return; /* all of it is frozen or on board: it is late and stays so */
    }
}
