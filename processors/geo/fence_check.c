/* SPDX-License-Identifier: Apache-2.0
 * A blob comes over the network: before any of it is read, every number in it that another one trusts is checked.
 */
#include "haul/hash.h"
#include "haul/math.h"
#include "processors/geo/fence_internal.h"

#define HALF_TURN_E7 1800000000ll

static enum haul_err corrupt(struct haul_error *e, const char *what)
{
    return haul_fail(e, HAUL_E_CORRUPT, "a set of fences whose %s are not what they should be", what);
}

static uint64_t aligned(uint64_t n)
{
    return (n + 63) & ~(uint64_t)63;
}

/* The sections follow each other in order, and end where the blob ends. */
static bool sections_fit(const struct haul_fences *f, size_t n)
{
    const uint64_t size[] = {(uint64_t)f->count * sizeof(struct haul_fence),      (uint64_t)f->order_len * 4,
                             (uint64_t)f->nodes_len * sizeof(struct fence_node),  (uint64_t)f->slabs_len * 4,
                             (uint64_t)f->edges_len * sizeof(struct fence_edges), f->text_len};
    const uint64_t at[] = {f->fences_at, f->order_at, f->nodes_at, f->slabs_at, f->edges_at, f->text_at};
    uint64_t next = sizeof *f;
    for (size_t i = 0; i < 6; i++) {
        if (at[i] != next) return false;
        next = aligned(next + size[i]);
    }
    return next == n && f->bytes == n;
}

static bool tree_fits(const struct haul_fences *f)
{
    uint64_t nodes = 0, below = f->count;
    if (f->levels > FENCE_LEVELS || (f->count == 0) != (f->levels == 0)) return false;
    for (uint32_t i = 0; i < f->levels; i++) {
        below = (below + FENCE_FAN - 1) / FENCE_FAN;
        if (f->level_nodes[i] != below) return false;
        nodes += below;
    }
    if (f->levels > 0 && below != 1) return false;
    return nodes == f->nodes_len && f->order_len == (f->levels == 0 ? 0 : (uint64_t)f->level_nodes[0] * FENCE_FAN);
}

/* A place of the order that holds no fence must have an empty box; an inner node's child likewise. */
static bool leads_nowhere(const struct fence_node *n, unsigned i)
{
    return n->min_lon[i] > n->max_lon[i];
}

static bool children_fit(const struct haul_fences *f)
{
    const struct fence_node *node = fence_section(f, f->nodes_at);
    const uint32_t *order = fence_section(f, f->order_at);
    for (uint32_t level = 0; level < f->levels; level++) {
        const uint64_t below = level == 0 ? f->order_len : f->level_nodes[level - 1];
        for (uint32_t k = 0; k < f->level_nodes[level]; k++, node++)
            for (unsigned i = 0; i < FENCE_FAN; i++) {
                const uint64_t child = (uint64_t)k * FENCE_FAN + i;
                const bool there = child < below && (level > 0 || order[child] < f->count);
                if (!there && !leads_nowhere(node, i)) return false;
            }
    }
    return true;
}

static bool box_fits(const struct haul_fence_box *b)
{
    return b->min_lon <= b->max_lon && b->min_lat <= b->max_lat && b->min_lon >= -HALF_TURN_E7 &&
           b->max_lon <= HALF_TURN_E7 && b->min_lat >= -HALF_TURN_E7 / 2 && b->max_lat <= HALF_TURN_E7 / 2 &&
           (int64_t)b->max_lon - b->min_lon <= HALF_TURN_E7;
}

static bool point_in(const struct haul_fence_box *b, int32_t lon, int32_t lat)
{
    return lon >= b->min_lon && lon <= b->max_lon && lat >= b->min_lat && lat <= b->max_lat;
}

static bool edges_fit(const struct haul_fences *f, const struct haul_fence *x)
{
    if (x->slabs == 0 || x->slabs > FENCE_SLABS_MAX) return false;
    if ((uint64_t)x->slab_at + x->slabs + 1 > f->slabs_len || (uint64_t)x->edge_at + x->edge_len > f->edges_len)
        return false;
    const uint32_t *start = (const uint32_t *)fence_section(f, f->slabs_at) + x->slab_at;
    if (start[0] != 0 || start[x->slabs] != x->edge_len) return false;
    for (uint32_t i = 0; i < x->slabs; i++)
        if (start[i] > start[i + 1]) return false;
    const struct fence_edges *e = (const struct fence_edges *)fence_section(f, f->edges_at) + x->edge_at;
    for (uint32_t k = 0; k < x->edge_len; k++)
        for (int i = 0; i < 4; i++)
            if (e[k].lat0[i] <= e[k].lat1[i] &&
                (!point_in(&x->box, e[k].lon0[i], e[k].lat0[i]) || !point_in(&x->box, e[k].lon1[i], e[k].lat1[i])))
                return false;
    return true;
}

static bool text_fits(const struct haul_fences *f, const struct haul_fence *x)
{
    const uint8_t *text = fence_section(f, f->text_at);
    uint64_t at = (uint64_t)x->text_at + x->name_len;
    if (x->name_len > HAUL_FENCE_NAME_MAX || x->groups > HAUL_FENCE_GROUPS_MAX || at > f->text_len) return false;
    for (unsigned i = 0; i < x->groups; i++) {
        if (at >= f->text_len) return false;
        at += 1u + text[at];
    }
    return at <= f->text_len;
}

static bool windows_fit(const struct haul_fence *x)
{
    if (x->windows > HAUL_FENCE_WINDOWS_MAX || x->zone_min < -14 * 60 || x->zone_min > 14 * 60) return false;
    for (unsigned i = 0; i < x->windows; i++) {
        const struct haul_fence_window *w = &x->window[i];
        if (w->from_min < 0 || w->from_min > 1440 || w->to_min < 0 || w->to_min > 1440) return false;
    }
    return true;
}

static bool measures_fit(const struct haul_fence *x)
{
    const uint32_t most = HAUL_FENCE_REACH_MAX_M * 1000u;
    return x->hysteresis_mm <= most && x->approach_mm <= most && x->half_mm <= most && x->dwell_ms >= 0 &&
           haul_finite(x->cos_lat) && haul_finite(x->chord);
}

static const char *fence_wrong(const struct haul_fences *f, const struct haul_fence *x)
{
    if (x->id_len == 0 || x->id_len > HAUL_FENCE_ID_MAX) return "ids";
    if (x->kind > HAUL_FENCE_EXCLUSIVE || x->shape > HAUL_FENCE_CORRIDOR) return "kinds";
    if (!box_fits(&x->box)) return "boxes";
    if (x->shape != HAUL_FENCE_CIRCLE && !edges_fit(f, x)) return "edges";
    if (!text_fits(f, x)) return "texts";
    if (!windows_fit(x) || !measures_fit(x)) return "properties";
    return NULL;
}

enum haul_err haul_fences_check(const void *bytes, size_t n, struct haul_error *e)
{
    const struct haul_fences *f = bytes;
    assert((uintptr_t)bytes % 16 == 0);
    if (n < sizeof *f || f->magic != FENCE_MAGIC) return haul_fail(e, HAUL_E_CORRUPT, "this is not a set of fences");
    if (f->version != FENCE_VERSION)
        return haul_fail(e, HAUL_E_VERSION, "a set of fences of layout %u; this haul reads %d", f->version,
                         FENCE_VERSION);
    if (f->count > HAUL_FENCES_MAX || !sections_fit(f, n)) return corrupt(e, "sections");
    if (haul_xxh3(f + 1, n - sizeof *f) != f->hash) return corrupt(e, "checksum");
    if (!tree_fits(f) || !children_fit(f)) return corrupt(e, "tree");
    for (uint32_t i = 0; i < f->count; i++) {
        const char *wrong = fence_wrong(f, haul_fences_at(f, i));
        if (wrong == NULL && i > 0 &&
            haul_str_cmp(haul_fence_id(haul_fences_at(f, i - 1)), haul_fence_id(haul_fences_at(f, i))) >= 0)
            wrong = "order";
        if (wrong != NULL) return corrupt(e, wrong);
    }
    return HAUL_OK;
}
