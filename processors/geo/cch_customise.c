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
    w->up = POOL_ARRAY(&w->pool, int32_t, c->m);
    w->down = POOL_ARRAY(&w->pool, int32_t, c->m);
    w->acc_up = POOL_ARRAY(&w->pool, int32_t, c->height);
    w->acc_down = POOL_ARRAY(&w->pool, int32_t, c->height);
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
    const struct haul_cch *c = from->cch;
    memcpy(to->up, from->up, c->m * sizeof *to->up);
    memcpy(to->down, from->down, c->m * sizeof *to->down);
}

/* The graph's own weights. */
static void spread_inputs(struct haul_weights *w, const int32_t *arc_weight)
{
    const struct haul_cch *c = w->cch;
    for (uint32_t e = 0; e < c->m; e++) {
        const uint32_t up = c->input_up[e], down = c->input_down[e];
        w->up[e] = up < c->arcs ? clamp_weight(arc_weight[up]) : HAUL_FAR;
        w->down[e] = down < c->arcs ? clamp_weight(arc_weight[down]) : HAUL_FAR;
    }
    for (uint32_t i = 0; i < c->extras; i++) {
        int32_t *side = c->extra[i].cch & 1 ? w->down : w->up;
        int32_t *at = &side[c->extra[i].cch >> 1];
        *at = least(*at, clamp_weight(arc_weight[c->extra[i].arc]));
    }
}

__attribute__((noinline)) static void relax_all(struct haul_weights *w)
{
    const struct haul_cch *c = w->cch;
    const uint32_t *const first = c->first, *const head_depth = c->head_depth;
    int32_t *const up = w->up, *const down = w->down, *const acc_up = w->acc_up, *const acc_down = w->acc_down;
    for (uint32_t y = 0; y < c->n; y++) {
        const uint32_t low = first[y], high = first[y + 1];
        for (uint32_t e = low; e < high; e++) {
            acc_up[head_depth[e]] = up[e];
            acc_down[head_depth[e]] = down[e];
        }
        for (uint32_t i = c->down_first[y]; i < c->down_first[y + 1]; i++) {
            const uint32_t a = c->down[i].arc, end = c->down[i].end;
            const int32_t to_x = down[a], from_x = up[a]; /* y -> x and x -> y */
            for (uint32_t k = a + 1; k < end; k++) {
                const uint32_t z = head_depth[k];
                acc_up[z] = least(acc_up[z], to_x + up[k]);
                acc_down[z] = least(acc_down[z], from_x + down[k]);
            }
        }
        for (uint32_t e = low; e < high; e++) {
            up[e] = acc_up[head_depth[e]];
            down[e] = acc_down[head_depth[e]];
        }
    }
}

void haul_weights_customise(struct haul_weights *w, const int32_t *arc_weight)
{
    spread_inputs(w, arc_weight);
    relax_all(w);
}
