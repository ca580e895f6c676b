/* SPDX-License-Identifier: Apache-2.0
 * The routing graph: roads and what may not follow what.
 *
 * Forbidden sequences of road arcs are words over the alphabet of arcs; a route that contains none of them is a path in
 * the product of the road graph with the automaton that looks for them all at once (Aho and Corasick, "Efficient string
 * matching", 1975). A state is the longest end of the route so far that begins a forbidden sequence; the state "nothing
 * begun" is the junction itself, every other is one more node at the junction where its last arc ends. So a junction is
 * there more than once only where memory matters, and sequences of any length, overlapping or not, need no case of
 * their own.
 */
#include "haul/math.h"
#include "processors/geo/build_internal.h"

#include <stdlib.h>
#include <string.h>

#define ROOT 0u

struct state {
    uint32_t parent, arc, fail, node; /* node: HAUL_NONE while it has none of its own */
    uint32_t child, sibling;
    uint8_t mask; /* for whom a sequence ends here, or in a shorter end of it */
    bool inner;   /* something goes on from here, or every arc is to be remembered */
};

struct automaton {
    struct state *state;
    uint32_t n;
    size_t cap;
    uint32_t *root_child; /* by road arc: the root has too many children for a list */
};

static uint32_t child_of(const struct automaton *a, uint32_t s, uint32_t arc)
{
    if (s == ROOT) return a->root_child[arc];
    for (uint32_t c = a->state[s].child; c != HAUL_NONE; c = a->state[c].sibling)
        if (a->state[c].arc == arc) return c;
    return HAUL_NONE;
}

static uint32_t add_state(struct automaton *a, uint32_t parent, uint32_t arc)
{
    const uint32_t had = parent == HAUL_NONE ? HAUL_NONE : child_of(a, parent, arc);
    if (had != HAUL_NONE) return had;
    void *p = a->state;
    if (!grow_array(&p, &a->cap, a->n + (size_t)1, sizeof *a->state)) return HAUL_NONE;
    a->state = p;
    const uint32_t s = a->n++;
    a->state[s] = (struct state){parent, arc, ROOT, HAUL_NONE, HAUL_NONE, HAUL_NONE, 0, false};
    if (parent == ROOT) {
        a->root_child[arc] = s;
    } else if (parent != HAUL_NONE) {
        a->state[s].sibling = a->state[parent].child;
        a->state[parent].child = s;
    }
    if (parent != HAUL_NONE) a->state[parent].inner = true;
    return s;
}

/* Where the automaton is after `arc`. */
static uint32_t next_state(const struct automaton *a, uint32_t s, uint32_t arc)
{
    for (;;) {
        const uint32_t c = child_of(a, s, arc);
        if (c != HAUL_NONE) return c;
        if (s == ROOT) return ROOT;
        s = a->state[s].fail;
    }
}

static bool add_sequences(struct automaton *a, const struct haul_builder *b, bool all_turns)
{
    if (add_state(a, HAUL_NONE, HAUL_NONE) == HAUL_NONE) return false;
    for (uint32_t arc = 0; all_turns && arc < 2 * b->edge_count; arc++) {
        if (!arc_usable(b, arc)) continue;
        const uint32_t s = add_state(a, ROOT, arc);
        if (s == HAUL_NONE) return false;
        a->state[s].inner = true;
    }
    for (uint32_t i = 0; i < b->ban_count; i++) {
        uint32_t s = ROOT;
        for (uint32_t k = 0; k < b->bans[i].n; k++) {
            s = add_state(a, s, b->ban_arc[b->bans[i].first + k]);
            if (s == HAUL_NONE) return false;
        }
        a->state[s].mask |= b->bans[i].mask;
    }
    return true;
}

/* Failure links by breadth: a state's link is shorter than itself, so it is finished before. */
static bool link_states(struct automaton *a)
{
    uint32_t *queue = malloc((a->n + (size_t)1) * sizeof *queue), n = 0;
    if (queue == NULL) return false;
    for (uint32_t s = 1; s < a->n; s++)
        if (a->state[s].parent == ROOT) queue[n++] = s;
    for (uint32_t i = 0; i < n; i++) {
        struct state *s = &a->state[queue[i]];
        if (s->parent != ROOT) s->fail = next_state(a, a->state[s->parent].fail, s->arc);
        s->mask |= a->state[s->fail].mask;
        for (uint32_t c = s->child; c != HAUL_NONE; c = a->state[c].sibling) queue[n++] = c;
    }
    free(queue);
    return true;
}

/* The state that must be remembered: one from which nothing goes on is as good as its longest end from which something
 * does. */
static uint32_t remembered(const struct automaton *a, uint32_t s)
{
    while (s != ROOT && !a->state[s].inner) s = a->state[s].fail;
    return s;
}

/* ---- turns
 * ----------------------------------------------------------------------------------------------------------------- */

static double bearing_at_end(const struct haul_builder *b, const int32_t *junction_lon, const int32_t *junction_lat,
                             uint32_t arc, bool end)
{
    const struct edge *e = &b->edges[arc / 2];
    /* the junction, and the point of the shape next to it, seen in driving direction */
    const bool at_to = (arc & 1) != end;
    const uint32_t j = at_to ? e->to : e->from, other = at_to ? e->from : e->to;
    const size_t beside = (size_t)e->shape + (at_to && e->shapes > 0 ? e->shapes - 1 : 0);
    const int32_t *shape = e->shapes > 0 ? &b->shape[2 * beside] : NULL;
    const double near_lon = junction_lon[j] * 1e-7, near_lat = junction_lat[j] * 1e-7;
    const double far_lon = (e->shapes > 0 ? shape[0] : junction_lon[other]) * 1e-7;
    const double far_lat = (e->shapes > 0 ? shape[1] : junction_lat[other]) * 1e-7;
    return end ? haul_bearing_deg(far_lon, far_lat, near_lon, near_lat)
               : haul_bearing_deg(near_lon, near_lat, far_lon, far_lat);
}

struct turn_costs {
    const struct haul_builder *b;
    const int32_t *lon, *lat; /* junctions */
    const uint32_t *degree;   /* junctions: edges that meet */
};

/* Tenths of a second: nothing straight on, 7.5 s for the sharpest turn, 20 s for a U-turn where there is another way.
 */
static uint16_t turn_ds(const struct turn_costs *t, uint32_t from, uint32_t to)
{
    const uint32_t j = from & 1 ? t->b->edges[from / 2].from : t->b->edges[from / 2].to;
    if ((from ^ 1) == to) return t->degree[j] > 1 ? 200 : 100;
    if (t->degree[j] <= 2) return 0;
    const double in = bearing_at_end(t->b, t->lon, t->lat, from, true),
                 out = bearing_at_end(t->b, t->lon, t->lat, to, false);
    const double angle = haul_angle_between_deg(in, out) / 180;
    return (uint16_t)haul_round_i64(75 * angle * angle);
}

/* ---- the product
 * ------------------------------------------------------------------------------------------------------------- */

static bool push_arc(struct routing *r, uint32_t tail, uint32_t head, uint32_t road, uint16_t turn, uint8_t deny)
{
    void *t = r->tail, *h = r->head, *d = r->road, *u = r->turn_ds, *y = r->deny;
    const size_t n = r->arcs + (size_t)1;
    const bool good =
        r->arcs < INT32_MAX / 4 && grow_array(&t, &r->tail_cap, n, sizeof *r->tail) &&
        grow_array(&h, &r->head_cap, n, sizeof *r->head) && grow_array(&d, &r->road_cap, n, sizeof *r->road) &&
        grow_array(&u, &r->turn_cap, n, sizeof *r->turn_ds) && grow_array(&y, &r->deny_cap, n, sizeof *r->deny);
    r->tail = t, r->head = h, r->road = d, r->turn_ds = u, r->deny = y;
    if (!good) return false;
    r->tail[r->arcs] = tail, r->head[r->arcs] = head, r->road[r->arcs] = road;
    r->turn_ds[r->arcs] = turn, r->deny[r->arcs] = deny;
    r->arcs++;
    return true;
}

struct product {
    const struct haul_builder *b;
    struct automaton a;
    uint32_t *out_first, *out; /* usable road arcs by the junction where they begin */
    bool all_turns;
    struct turn_costs costs;
};

static bool push_node(const struct product *p, struct routing *r, uint32_t node, uint32_t s)
{
    const uint32_t j = r->node_junction[node];
    for (uint32_t i = p->out_first[j]; i < p->out_first[j + 1]; i++) {
        const uint32_t arc = p->out[i], next = next_state(&p->a, s, arc), keep = remembered(&p->a, next);
        const uint8_t deny = p->a.state[next].mask, access = p->b->kinds[p->b->edges[arc / 2].kind].access[arc & 1];
        if ((access & ~deny) == 0) continue; /* nobody may */
        const uint32_t end = arc & 1 ? p->b->edges[arc / 2].from : p->b->edges[arc / 2].to;
        const uint32_t head = keep == ROOT ? end : p->a.state[keep].node;
        const uint16_t turn = p->all_turns && s != ROOT ? turn_ds(&p->costs, p->a.state[s].arc, arc) : 0;
        if (!push_arc(r, node, head, arc, turn, deny)) return false;
    }
    return true;
}

/* Nodes: junctions, then states that must be remembered. */
static bool number_nodes(struct product *p, struct routing *r)
{
    uint32_t states = 0;
    for (uint32_t s = 1; s < p->a.n; s++) states += p->a.state[s].inner;
    r->nodes = p->b->junctions + states;
    r->node_junction = malloc((r->nodes + (size_t)1) * sizeof *r->node_junction);
    if (r->node_junction == NULL) return false;
    for (uint32_t j = 0; j < p->b->junctions; j++) r->node_junction[j] = j;
    uint32_t at = p->b->junctions;
    for (uint32_t s = 1; s < p->a.n; s++) {
        if (!p->a.state[s].inner) continue;
        const uint32_t arc = p->a.state[s].arc;
        p->a.state[s].node = at;
        r->node_junction[at++] = arc & 1 ? p->b->edges[arc / 2].from : p->b->edges[arc / 2].to;
    }
    return true;
}

static bool list_out(struct product *p, struct pool *pool)
{
    const struct haul_builder *b = p->b;
    p->out_first = POOL_ZEROED(pool, uint32_t, b->junctions + (size_t)2);
    p->out = POOL_ARRAY(pool, uint32_t, 2 * (size_t)b->edge_count);
    p->a.root_child = POOL_ARRAY(pool, uint32_t, 2 * (size_t)b->edge_count);
    int32_t *lon = POOL_ARRAY(pool, int32_t, b->junctions), *lat = POOL_ARRAY(pool, int32_t, b->junctions);
    uint32_t *degree = POOL_ZEROED(pool, uint32_t, b->junctions);
    if (pool->failed) return false;
    for (uint32_t v = 0; v < b->points; v++)
        if (b->junction_of[v] != HAUL_NONE) lon[b->junction_of[v]] = b->lon[v], lat[b->junction_of[v]] = b->lat[v];
    for (uint32_t e = 0; e < b->edge_count; e++) degree[b->edges[e].from]++, degree[b->edges[e].to]++;
    p->costs = (struct turn_costs){b, lon, lat, degree};
    uint32_t *first = p->out_first + 1;
    for (int fill = 0; fill <= 1; fill++) {
        for (uint32_t a = 0; a < 2 * b->edge_count; a++) {
            p->a.root_child[a] = HAUL_NONE;
            const uint32_t from = a & 1 ? b->edges[a / 2].to : b->edges[a / 2].from;
            if (!arc_usable(b, a)) continue;
            if (fill) p->out[first[from]] = a;
            first[from]++;
        }
        for (uint32_t j = 0, sum = 0; !fill && j < b->junctions; j++) {
            const uint32_t count = first[j];
            first[j] = sum;
            sum += count;
        }
    }
    return true;
}

/* Routing arcs of each road arc. Arcs of junctions come before those of states, so the one without memory is the first.
 */
static bool list_by_road(const struct haul_builder *b, struct routing *r)
{
    const size_t roads = 2 * (size_t)b->edge_count;
    r->road_first = POOL_ZEROED(&r->pool, uint32_t, roads + 2);
    r->road_arcs = POOL_ARRAY(&r->pool, uint32_t, r->arcs);
    if (r->pool.failed) return false;
    uint32_t *first = r->road_first + 1;
    for (uint32_t i = 0; i < r->arcs; i++) first[r->road[i]]++;
    uint32_t sum = 0;
    for (size_t k = 0; k < roads; k++) {
        const uint32_t count = first[k];
        first[k] = sum;
        sum += count;
    }
    for (uint32_t i = 0; i < r->arcs; i++) r->road_arcs[first[r->road[i]]++] = i;
    return true;
}

bool build_routing(const struct haul_builder *b, bool all_turns, struct routing *r)
{
    struct pool pool = {0};
    struct product p = {.b = b, .all_turns = all_turns};
    bool good = list_out(&p, &pool) && add_sequences(&p.a, b, all_turns) && link_states(&p.a) && number_nodes(&p, r);
    for (uint32_t j = 0; good && j < b->junctions; j++) good = push_node(&p, r, j, ROOT);
    for (uint32_t s = 1; good && s < p.a.n; s++)
        if (p.a.state[s].inner) good = push_node(&p, r, p.a.state[s].node, s);
    good = good && list_by_road(b, r);
    free(p.a.state);
    pool_free(&pool);
    return good;
}

void routing_free(struct routing *r)
{
    free(r->node_junction);
    free(r->tail), free(r->head), free(r->road), free(r->turn_ds), free(r->deny);
    pool_free(&r->pool);
}
