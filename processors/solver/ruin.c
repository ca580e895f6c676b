/* SPDX-License-Identifier: Apache-2.0
 * Tearing out: one string of stops from each of a few routes that lie near each other.
 */
#include "processors/solver/search.h"

enum { STRING_MAX = 10 };
static const double split_share = 0.5, split_more = 0.01; /* alpha and beta of the paper */

/* The tasks of a string of `cut` in route r that holds c, of which `spare` in the middle stay; gives how many are torn.
 */
static int32_t pick_string(struct search *x, int32_t r, int32_t c, int32_t cut, int32_t spare)
{
    const struct state *s = x->s;
    const int32_t first_pos = s->route[r].frozen + 1, last_pos = s->route[r].n, all = cut + spare, pos = s->at[c].pos;
    int32_t low = pos - all + 1, high = pos;
    if (low < first_pos) low = first_pos;
    if (high > last_pos - all + 1) high = last_pos - all + 1;
    const int32_t from = low + (int32_t)haul_rng_below(&x->rng, (uint64_t)(high - low + 1));
    const int32_t keep_from = spare == 0 ? all : (int32_t)haul_rng_below(&x->rng, (uint64_t)(cut + 1));
    int32_t i = c, n = 0;
    for (int32_t k = pos; k > from; k--) i = s->at[i].prev;
    for (int32_t k = 0; k < all; k++, i = s->at[i].next)
        if (k < keep_from || k >= keep_from + spare) x->torn[n++] = i;
    return n;
}

static bool tear(struct search *x, int32_t n, int32_t r)
{
    struct state *s = x->s;
    for (int32_t k = 0; k < n; k++) {
        const int32_t task = x->torn[k], mate = x->m->nodes[task].mate;
        if (s->at[task].route == HAUL_VRP_NONE) continue; /* went with its mate */
        if (mate != HAUL_VRP_NONE && s->at[mate].pos <= s->route[r].frozen)
            continue; /* half a shipment is on its way */
        state_cut_request(s, task);
    }
    return state_mend(s, r);
}

static bool ruin_route(struct search *x, int32_t r, int32_t c, int32_t longest)
{
    const struct state *s = x->s;
    const int32_t free_n = s->route[r].n - s->route[r].frozen;
    int32_t most = free_n < longest ? free_n : longest;
    const int32_t cut = 1 + (int32_t)haul_rng_below(&x->rng, (uint64_t)most);
    int32_t spare = 0;
    if (cut > 1 && cut < free_n && haul_rng_f64(&x->rng) < split_share) {
        spare = 1;
        while (cut + spare < free_n && haul_rng_f64(&x->rng) < split_more) spare++;
    }
    return tear(x, pick_string(x, r, c, cut, spare), r);
}

bool ruin_near(struct search *x, int32_t seed, int32_t mean_cut)
{
    struct state *s = x->s;
    const struct model *m = x->m;
    if (s->used_n == 0) return true;
    const double mean = (double)(m->tasks - s->absent_n) / s->used_n;
    const double longest = mean < STRING_MAX ? mean : STRING_MAX;
    const double routes_most = 4.0 * mean_cut / (1 + longest) - 1;
    const int32_t routes = (int32_t)(1 + haul_rng_f64(&x->rng) * (routes_most < 1 ? 1 : routes_most));
    const int32_t *list = m->near_way + (int64_t)seed * m->near;
    int32_t done = 0;
    for (int32_t k = -1; k < m->near_n[seed] && done < routes; k++) {
        const int32_t c = k < 0 ? seed : list[k], r = s->at[c].route;
        if (r == HAUL_VRP_NONE || s->route[r].saved == s->step || s->at[c].pos <= s->route[r].frozen) continue;
        if (x->find.only != NULL && !x->find.only[r]) continue;
        state_touch(s, r);
        if (!ruin_route(x, r, c, longest < 1 ? 1 : (int32_t)longest)) return false;
        done++;
    }
    return true;
}
