/* SPDX-License-Identifier: Apache-2.0
 * Half-space trees. Block: for each tree its nodes in breadth-first order, so that the children of i are 2i + 1 and 2i
 * + 2.
 */
#include "haul/detect_trees.h"
#include "haul/math.h"
#include "haul/rng.h"

#include <string.h>

struct node {
    float split;
    uint16_t mass[2]; /* mass[seen windows & 1] is being counted, the other is the reference */
    uint8_t dim;
};

static uint32_t nodes_of(const struct haul_trees_config *c)
{
    return HAUL_TREES_NODES(c->depth);
}

size_t haul_trees_bytes(const struct haul_trees_config *c)
{
    return sizeof(struct node) * c->trees * nodes_of(c);
}

enum haul_err haul_trees_init(struct haul_trees *s, void *block, const struct haul_trees_config *c,
                              struct haul_error *e)
{
    if (c->trees < 1 || c->trees > HAUL_TREES_MAX || c->depth < 1 || c->depth > HAUL_TREES_DEPTH_MAX || c->dims < 1 ||
        c->dims > HAUL_TREES_DIMS_MAX)
        return haul_fail(e, HAUL_E_RANGE, "half-space trees: 1 to %d trees, depth 1 to %d, 1 to %d variables",
                         HAUL_TREES_MAX, HAUL_TREES_DEPTH_MAX, HAUL_TREES_DIMS_MAX);
    if (c->window < 2 || c->window > UINT16_MAX || !haul_detect_positive(c->threshold))
        return haul_fail(e, HAUL_E_RANGE, "half-space trees: window 2 to %d, threshold %g above 0", UINT16_MAX,
                         c->threshold);
    haul_trees_reset(s, block, c);
    return HAUL_OK;
}

/* Halves the ranges on the way down; recursion is bounded by the depth. */
static void split(struct node *tree, uint32_t at, uint32_t count, double *low, double *high, unsigned dims,
                  struct haul_rng *rng)
{
    const unsigned dim = (unsigned)haul_rng_below(rng, dims);
    const double a = low[dim], b = high[dim], middle = 0.5 * (a + b);
    tree[at] = (struct node){.split = (float)middle, .dim = (uint8_t)dim};
    if (2 * at + 2 >= count) return;
    high[dim] = middle;
    split(tree, 2 * at + 1, count, low, high, dims, rng);
    high[dim] = b, low[dim] = middle;
    split(tree, 2 * at + 2, count, low, high, dims, rng);
    low[dim] = a;
}

void haul_trees_reset(struct haul_trees *s, void *block, const struct haul_trees_config *c)
{
    struct haul_rng rng;
    haul_rng_seed(&rng, c->seed);
    *s = (struct haul_trees){0};
    memset(block, 0, haul_trees_bytes(c));
    for (unsigned t = 0; t < c->trees; t++) {
        double low[HAUL_TREES_DIMS_MAX], high[HAUL_TREES_DIMS_MAX];
        for (unsigned d = 0; d < c->dims; d++) {
            const double q = haul_rng_f64(&rng), reach = 2 * (q > 1 - q ? q : 1 - q);
            low[d] = q - reach, high[d] = q + reach;
        }
        split((struct node *)block + (size_t)t * nodes_of(c), 0, nodes_of(c), low, high, c->dims, &rng);
    }
}

/* Counts the value in one tree, and returns the reference mass where its walk ends, scaled by 2^depth. */
static double walk(struct node *tree, uint32_t count, const struct haul_trees_config *c, const double *values,
                   int counted)
{
    double mass = -1, scale = 1;
    for (uint32_t at = 0; at < count; scale *= 2) {
        struct node *n = &tree[at];
        const uint16_t reference = n->mass[1 - counted];
        if (n->mass[counted] < UINT16_MAX) n->mass[counted]++;
        const uint32_t next = 2 * at + (values[n->dim] < (double)n->split ? 1 : 2);
        if (mass < 0 && (reference <= c->leaf_mass || next >= count)) mass = reference * scale;
        at = next;
    }
    return mass;
}

static void next_window(struct haul_trees *s, void *block, const struct haul_trees_config *c)
{
    s->windows++;
    struct node *nodes = block;
    const size_t all = (size_t)c->trees * nodes_of(c);
    for (size_t i = 0; i < all; i++) nodes[i].mass[s->windows & 1] = 0;
}

struct haul_score haul_trees_update(struct haul_trees *s, void *block, const struct haul_trees_config *c,
                                    const double *values, struct haul_time at)
{
    (void)at;
    double held[HAUL_TREES_DIMS_MAX];
    for (unsigned d = 0; d < c->dims; d++) {
        if (!haul_finite(values[d])) return haul_score_invalid(HAUL_METHOD_TREES, values[d]);
        held[d] = values[d] < 0 ? 0 : values[d] > 1 ? 1 : values[d];
    }
    const bool ready = s->windows > 0;
    double mass = 0;
    for (unsigned t = 0; t < c->trees; t++)
        mass += walk((struct node *)block + (size_t)t * nodes_of(c), nodes_of(c), c, held, s->windows & 1);
    mass /= c->trees;
    const double usual = s->mean > 1 ? s->mean : 1, met = mass > 0.5 ? mass : 0.5;
    const double rare = ready && met < usual ? haul_log(usual / met) / 0.69314718055994530942 : 0;
    struct haul_score out = haul_score_make(HAUL_METHOD_TREES, mass, rare, c->threshold, ready && s->mean > 0);
    out.expected = s->mean, out.learned = (int64_t)s->seen;
    if (ready)
        s->mean += (mass - s->mean) / (s->seen - c->window + 1 < 1000 ? (double)(s->seen - c->window + 1) : 1000);
    s->seen++;
    if (s->seen % c->window == 0) next_window(s, block, c);
    return out;
}
