/* SPDX-License-Identifier: Apache-2.0
 * Customisation: every CCH arc gets the length of a shortest path over nodes of lower rank.
 *
 * Ranks are taken upwards. The arcs of y are spread into two dense arrays by the depth of their heads; each lower neighbour x
 * of y then offers its own arcs above y as detours y -> x -> z. They stand at the end of x's list, and every z is a head of y,
 * so the inner loop needs no search and no test.
 */
#include "processors/geo/cch_internal.h"

#include <stdlib.h>
#include <string.h>

struct haul_weights *haul_weights_new(const struct haul_cch *c)
{
    struct haul_weights *w = calloc(1, sizeof *w);
    if (w == NULL) return NULL;
    w->cch = c;
    w->side = POOL_ARRAY(&w->pool, int32_t, 2 * (size_t)c->m + 1);
    w->sums = POOL_ARRAY(&w->pool, pair, c->height);
    if (!w->pool.failed) return w;
    haul_weights_free(w);
    return NULL;
}

void haul_weights_free(struct haul_weights *w)
{
    if (w == NULL) return;
    pool_free(&w->pool);
    free(w);
}

void haul_weights_copy(struct haul_weights *to, const struct haul_weights *from)
{
    memcpy(to->side, from->side, 2 * (size_t)from->cch->m * sizeof *to->side);
}

/* The graph's own weights; of parallel arcs the least. */
static void spread_inputs(struct haul_weights *w, const int32_t *arc_weight)
{
    const struct haul_cch *c = w->cch;
    for (size_t s = 0; s <= 2 * (size_t)c->m; s++) w->side[s] = HAUL_FAR;
    for (uint32_t i = 0; i < c->arcs; i++) {
        int32_t *at = &w->side[c->side_of[i]];
        *at = least(*at, clamp_weight(arc_weight[i]));
    }
}

static void relax_all(struct haul_weights *w)
{
    const struct haul_cch *c = w->cch;
    const uint32_t *const first = c->first, *const head_depth = c->head_depth;
    int32_t *const side = w->side;
    pair *const sums = w->sums;
    for (uint32_t y = 0; y < c->n; y++) {
        const struct down *down = c->down + c->down_first[y], *const last = c->down + c->down_first[y + 1];
        if (down == last) continue;
        for (uint32_t e = first[y]; e < first[y + 1]; e++) sums[head_depth[e]] = load_pair(side, e);
        for (; down < last; down++) {
            /* y -> x -> z and z -> x -> y: what leads upwards from y begins downwards to x */
            const int32_t *at = side + 2 * (size_t)down->arc;
            const pair via_x = {at[1], at[0]};
            for (uint32_t k = down->arc + 1; k < down->end; k++) {
                pair *sum = &sums[head_depth[k]];
                *sum = least_pair(*sum, via_x + load_pair(side, k));
            }
        }
        for (uint32_t e = first[y]; e < first[y + 1]; e++) store_pair(side, e, sums[head_depth[e]]);
    }
}

void haul_weights_customise(struct haul_weights *w, const int32_t *arc_weight)
{
    spread_inputs(w, arc_weight);
    relax_all(w);
}
