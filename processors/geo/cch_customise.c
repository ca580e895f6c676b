/* SPDX-License-Identifier: Apache-2.0
 * Customisation: every CCH arc gets the length of a shortest path over nodes of lower rank.
 *
 * Ranks are taken upwards. The arcs of y are spread into two dense arrays by the depth of their heads; each lower
 * neighbour x of y then offers its own arcs above y as detours y -> x -> z. They stand at the end of x's list, and
 * every z is a head of y, so the inner loop needs no search and no test.
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
    w->arc = POOL_ARRAY(&w->pool, int32_t, c->arcs);
    w->sums = POOL_ARRAY(&w->pool, pair, c->height);
    w->before = POOL_ARRAY(&w->pool, pair, c->height);
    w->changed = POOL_ARRAY(&w->pool, uint32_t, c->height);
    w->dirty = POOL_ZEROED(&w->pool, uint64_t, c->n / 64 + 1);
    w->dirty_words = POOL_ZEROED(&w->pool, uint64_t, c->n / 4096 + 1);
    w->marked = POOL_ZEROED(&w->pool, uint8_t, c->m);
    w->touched = POOL_ARRAY(&w->pool, uint32_t, touched_cap(c));
    w->touched_all = true;
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
    memcpy(to->arc, from->arc, from->cch->arcs * sizeof *to->arc);
    to->touched_all = true;
}

int32_t haul_weights_arc(const struct haul_weights *w, uint32_t arc)
{
    return w->arc[arc];
}

/* The graph's own weights; of parallel arcs the least. */
static void spread_inputs(struct haul_weights *w)
{
    const struct haul_cch *c = w->cch;
    for (size_t s = 0; s <= 2 * (size_t)c->m; s++) w->side[s] = HAUL_FAR;
    for (uint32_t i = 0; i < c->arcs; i++) {
        int32_t *at = &w->side[c->side_of[i]];
        *at = least(*at, w->arc[i]);
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

static void customise(struct haul_weights *w)
{
    spread_inputs(w);
    relax_all(w);
    w->touched_all = true;
}

void haul_weights_customise(struct haul_weights *w, const int32_t *arc_weight)
{
    for (uint32_t i = 0; i < w->cch->arcs; i++) w->arc[i] = clamp_weight(arc_weight[i]);
    customise(w);
}

/* ---- in part
 * ------------------------------------------------------------------------------------------------------------ */

uint32_t cch_first_extra(const struct haul_cch *c, uint32_t side)
{
    uint32_t low = 0, high = c->extras;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (c->extra[middle].side < side)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The side's weight by the graph's own arcs alone. */
static int32_t own_weight(const struct haul_weights *w, uint32_t side)
{
    const struct haul_cch *c = w->cch;
    if (c->input[side] == HAUL_NONE) return HAUL_FAR;
    int32_t weight = w->arc[c->input[side]];
    if (!(c->has_extra[side / 128] >> (side / 2 % 64) & 1)) return weight;
    for (uint32_t i = cch_first_extra(c, side); i < c->extras && c->extra[i].side == side; i++)
        weight = least(weight, w->arc[c->extra[i].arc]);
    return weight;
}

static void mark(struct haul_weights *w, uint32_t arc)
{
    const uint32_t rank = w->cch->tail[arc];
    w->marked[arc] = 1;
    w->dirty[rank / 64] |= 1ull << (rank % 64);
    w->dirty_words[rank / 4096] |= 1ull << (rank / 64 % 64);
}

/* The lowest dirty rank at or above `from`, HAUL_NONE when there is none. */
static uint32_t next_dirty(const struct haul_weights *w, uint32_t from)
{
    const uint32_t words = w->cch->n / 4096 + 1;
    for (uint32_t i = from / 4096; i < words; i++) {
        if (w->dirty_words[i] == 0) continue;
        const uint32_t word = i * 64 + (uint32_t)__builtin_ctzll(w->dirty_words[i]);
        return word * 64 + (uint32_t)__builtin_ctzll(w->dirty[word]);
    }
    return HAUL_NONE;
}

static void clear_dirty(struct haul_weights *w, uint32_t rank)
{
    w->dirty[rank / 64] &= ~(1ull << (rank % 64));
    if (w->dirty[rank / 64] == 0) w->dirty_words[rank / 4096] &= ~(1ull << (rank / 64 % 64));
}

static bool any_below(pair a, pair b)
{
    const pair below = a < b;
    return (below[0] | below[1]) != 0;
}

static pair swapped(pair p)
{
    return (pair){p[1], p[0]};
}

/* Both sides of an arc y - z from the graph's own arcs and all lower triangles; *steps counts the work. */
static pair work_out(const struct haul_weights *w, uint32_t arc, uint64_t *steps)
{
    const struct haul_cch *c = w->cch;
    const uint32_t end = c->low_first[arc + 1];
    pair best = {own_weight(w, 2 * arc), own_weight(w, 2 * arc + 1)};
    *steps += end - c->low_first[arc];
    for (uint32_t i = c->low_first[arc]; i < end; i++) {
        const uint32_t a = c->low_arc[i], k = a + c->low_skip[i];
        best = least_pair(best, swapped(load_pair(w->side, a)) + load_pair(w->side, k));
    }
    return best;
}

/* Marks the arc l - h when a detour over y that was `old` and is `now` may change it. */
static void mark_detour(struct haul_weights *w, uint32_t arc, pair old, pair now)
{
    if (w->marked[arc]) return;
    const pair is = load_pair(w->side, arc), gave = (old == is) & (now > old);
    if (any_below(now, is) || (gave[0] | gave[1]) != 0) mark(w, arc);
}

/* The arcs between the heads of y whose detour over y is another than before. before[i]: the i-th arc of y as it was;
 * changed: the arcs of y that are different now, in order. */
static void mark_above(struct haul_weights *w, uint32_t y, const uint32_t *changed, uint32_t n, uint64_t *steps)
{
    const struct haul_cch *c = w->cch;
    const uint32_t low = c->first[y], high = c->first[y + 1];
    for (uint32_t i = low, next = 0; next < n; i++) {
        const uint32_t own = c->first[c->head[i]];
        const size_t row = slot_row(c, y, i) - i - 1; /* may wrap, row + k does not */
        const pair old = swapped(w->before[i - low]), now = swapped(load_pair(w->side, i));
        if (changed[next] == i) { /* all that stand behind it */
            next++;
            for (uint32_t k = i + 1; k < high; k++)
                mark_detour(w, own + c->slot[row + k], old + w->before[k - low], now + load_pair(w->side, k));
            *steps += high - i;
        } else { /* those behind it that changed */
            for (uint32_t j = next; j < n; j++)
                mark_detour(w, own + c->slot[row + changed[j]], old + w->before[changed[j] - low],
                            now + load_pair(w->side, changed[j]));
            *steps += n - next;
        }
    }
}

static void touch(struct haul_weights *w, uint32_t arc)
{
    if (w->touches == touched_cap(w->cch)) w->touched_all = true;
    if (!w->touched_all) w->touched[w->touches++] = arc;
}

static void update_rank(struct haul_weights *w, uint32_t y, uint64_t *steps)
{
    const struct haul_cch *c = w->cch;
    const uint32_t low = c->first[y], high = c->first[y + 1];
    uint32_t n = 0;
    for (uint32_t e = low; e < high; e++) {
        const pair old = load_pair(w->side, e);
        w->before[e - low] = old;
        if (!w->marked[e]) continue;
        w->marked[e] = 0;
        const pair now = work_out(w, e, steps);
        if (old[0] == now[0] && old[1] == now[1]) continue;
        store_pair(w->side, e, now);
        touch(w, e);
        w->changed[n++] = e;
    }
    mark_above(w, y, w->changed, n, steps);
    clear_dirty(w, y);
}

/* Leaves nothing marked behind. */
static void give_up(struct haul_weights *w, uint32_t from)
{
    for (uint32_t y = from; (y = next_dirty(w, y)) != HAUL_NONE;) {
        for (uint32_t e = w->cch->first[y]; e < w->cch->first[y + 1]; e++) w->marked[e] = 0;
        clear_dirty(w, y);
    }
    customise(w);
}

bool haul_weights_update(struct haul_weights *w, const struct haul_change *change, size_t n)
{
    const struct haul_cch *c = w->cch;
    /* a step of an update costs several of the whole, which has its arcs in a row; what was spent in vain is at most as
     * much */
    const uint64_t budget = (c->triangles + 2 * (uint64_t)c->m) / 4;
    uint64_t steps = n > c->arcs / 256 + 16 ? budget : 0;
    w->touched_all = false;
    w->touches = 0;
    for (size_t i = 0; i < n; i++) {
        const int32_t weight = clamp_weight(change[i].weight);
        const uint32_t side = c->side_of[change[i].arc];
        const bool moved = w->arc[change[i].arc] != weight;
        w->arc[change[i].arc] = weight;
        if (moved && side < 2 * c->m) mark(w, side / 2);
    }
    uint32_t y = 0;
    while ((y = next_dirty(w, y)) != HAUL_NONE && steps < budget) update_rank(w, y, &steps);
    if (y == HAUL_NONE) return false;
    give_up(w, y);
    return true;
}

void cch_follow(struct haul_weights *to, const struct haul_weights *from)
{
    if (from->touched_all) {
        memcpy(to->side, from->side, 2 * (size_t)from->cch->m * sizeof *to->side);
        return;
    }
    for (size_t i = 0; i < from->touches; i++)
        store_pair(to->side, from->touched[i], load_pair(from->side, from->touched[i]));
}
