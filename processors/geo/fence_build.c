/* SPDX-License-Identifier: Apache-2.0
 * Lays a set of fences out as a blob. The tree is packed from the top by overlap-minimising tiles (T. Lee and S. Lee,
 * OMT, 2003): entries are cut by longitude into slices and these by latitude into tiles, each a full subtree, so that
 * every node but the last ones is full and children need no pointers.
 */
#include "haul/hash.h"
#include "haul/math.h"
#include "processors/geo/fence_internal.h"

#include <stdlib.h>

#define EDGES_A_SLAB 16
#define HALF_TURN_E7 1800000000ll

struct edge {
    int32_t lon0, lat0, lon1, lat1; /* lat0 <= lat1 */
};
struct entry { /* of the tree: a fence's box, grown by its reach */
    struct haul_fence_box box;
    uint32_t number;
};
struct build {
    struct fence_drafts *d;
    struct edge *edge; /* of the fence at hand */
    size_t edges, edge_room;
    struct fence_edges *block; /* of all */
    size_t blocks, block_room;
    uint32_t *slab;
    size_t slabs, slab_room;
    struct haul_buf text;
    struct entry *entry;
};

static void *room_for(void *p, size_t *room, size_t need, size_t size)
{
    if (need <= *room) return p;
    *room = *room * 2 > need ? *room * 2 : need + 64;
    p = realloc(p, *room * size);
    assert(p != NULL);
    return p;
}

/* ---- edges ---------------------------------------------------------------------------------------------------------
 */
static void add_edge(struct build *b, struct fence_corner p, struct fence_corner q)
{
    b->edge = room_for(b->edge, &b->edge_room, b->edges + 1, sizeof *b->edge);
    if (p.lat > q.lat) {
        const struct fence_corner swap = p;
        p = q, q = swap;
    }
    b->edge[b->edges++] = (struct edge){p.lon, p.lat, q.lon, q.lat};
}

static void gather(struct build *b, const struct fence_draft *f)
{
    b->edges = 0;
    for (size_t i = f->first_line; i < (size_t)f->first_line + f->lines; i++) {
        const struct fence_line *l = &b->d->line[i];
        for (uint32_t k = 0; k + 1 < l->len; k++)
            add_edge(b, b->d->corner[l->first + k], b->d->corner[l->first + k + 1]);
        b->d->counts.corners += l->len;
    }
}

/* Places that the edges take when the fence has so many slabs. */
static size_t places(const struct build *b, const struct haul_fence *x)
{
    size_t n = 0;
    for (size_t i = 0; i < b->edges; i++) n += fence_slab(x, b->edge[i].lat1) - fence_slab(x, b->edge[i].lat0) + 1;
    return n;
}

/* As many slabs as leave about EDGES_A_SLAB edges to each, but no more than treble the edges. */
static void choose_slabs(const struct build *b, struct haul_fence *x)
{
    const size_t want = b->edges / EDGES_A_SLAB;
    x->slabs = want < 1 ? 1 : want > FENCE_SLABS_MAX ? FENCE_SLABS_MAX : (uint32_t)want;
    while (x->slabs > 1 && places(b, x) > 3 * b->edges) x->slabs /= 2;
}

static void block_put(struct fence_edges *blocks, uint32_t at, const struct edge *e)
{
    struct fence_edges *to = &blocks[at / 4];
    to->lon0[at % 4] = e->lon0, to->lat0[at % 4] = e->lat0;
    to->lon1[at % 4] = e->lon1, to->lat1[at % 4] = e->lat1;
}

static void clear_blocks(struct fence_edges *blocks, size_t n)
{
    for (size_t k = 0; k < n; k++)
        for (int i = 0; i < 4; i++) {
            blocks[k].lon0[i] = blocks[k].lon1[i] = 0;
            blocks[k].lat0[i] = INT32_MAX, blocks[k].lat1[i] = INT32_MIN;
        }
}

/* Deals the edges out to slabs, each of which begins with a block of its own. */
static void deal(struct build *b, struct haul_fence *x)
{
    uint32_t *count = calloc(x->slabs, sizeof *count);
    assert(count != NULL);
    for (size_t i = 0; i < b->edges; i++)
        for (uint32_t s = fence_slab(x, b->edge[i].lat0); s <= fence_slab(x, b->edge[i].lat1); s++) count[s]++;
    x->slab_at = (uint32_t)b->slabs, x->edge_at = (uint32_t)b->blocks;
    b->slab = room_for(b->slab, &b->slab_room, b->slabs + x->slabs + 1, sizeof *b->slab);
    uint32_t blocks = 0;
    for (uint32_t s = 0; s < x->slabs; s++) {
        b->slab[b->slabs + s] = blocks;
        blocks += (count[s] + 3) / 4;
        count[s] = 0;
    }
    b->slab[b->slabs + x->slabs] = x->edge_len = blocks;
    b->block = room_for(b->block, &b->block_room, b->blocks + blocks, sizeof *b->block);
    struct fence_edges *to = b->block + b->blocks;
    clear_blocks(to, blocks);
    for (size_t i = 0; i < b->edges; i++)
        for (uint32_t s = fence_slab(x, b->edge[i].lat0); s <= fence_slab(x, b->edge[i].lat1); s++)
            block_put(to, 4 * b->slab[b->slabs + s] + count[s]++, &b->edge[i]);
    b->slabs += x->slabs + (size_t)1;
    b->blocks += blocks;
    free(count);
}

static void put_text(struct build *b, struct fence_draft *f)
{
    f->x.text_at = (uint32_t)b->text.n;
    f->x.name_len = (uint32_t)strlen(f->name);
    haul_buf_put(&b->text, f->name, f->x.name_len);
    for (unsigned i = 0; i < f->x.groups; i++) {
        const size_t n = strlen(f->group[i]);
        haul_buf_byte(&b->text, (uint8_t)n);
        haul_buf_put(&b->text, f->group[i], n);
    }
}

/* ---- tree ----------------------------------------------------------------------------------------------------------
 */
static int32_t held(int64_t v, int64_t limit)
{
    return (int32_t)(v < -limit ? -limit : v > limit ? limit : v);
}

/* The box of all points that a hysteresis or an approach may be about. */
static struct haul_fence_box reach_of(const struct haul_fence *x)
{
    const uint32_t mm = x->hysteresis_mm > x->approach_mm ? x->hysteresis_mm : x->approach_mm;
    const double m = mm * 1e-3;
    const int64_t dlat = (int64_t)(m / FENCE_M_PER_E7) + 1;
    const int64_t low = x->box.min_lat - dlat, high = x->box.max_lat + dlat, far = -low > high ? -low : high;
    const double c = far >= 899000000 ? 1e-3 : haul_cos((double)far * 1e-7 * HAUL_RAD_PER_DEG);
    const int64_t dlon = (int64_t)(m / (FENCE_M_PER_E7 * c)) + 1;
    return (struct haul_fence_box){held(x->box.min_lon - dlon, HALF_TURN_E7), held(low, HALF_TURN_E7 / 2),
                                   held(x->box.max_lon + dlon, HALF_TURN_E7), held(high, HALF_TURN_E7 / 2)};
}

static int by_lon(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    const int64_t p = (int64_t)x->box.min_lon + x->box.max_lon, q = (int64_t)y->box.min_lon + y->box.max_lon;
    if (p != q) return p < q ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static int by_lat(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    const int64_t p = (int64_t)x->box.min_lat + x->box.max_lat, q = (int64_t)y->box.min_lat + y->box.max_lat;
    if (p != q) return p < q ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static size_t up(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

/* Orders n entries below a node of a level: its children hold 16^level entries each. */
static void tile(struct entry *entry, size_t n, unsigned level)
{
    if (level == 0 || n <= 1) return;
    size_t child = 1;
    for (unsigned i = 0; i < level; i++) child *= FENCE_FAN;
    const size_t children = up(n, child);
    size_t slices = 1;
    while (slices * slices < children) slices++;
    const size_t slice = up(children, slices) * child;
    qsort(entry, n, sizeof *entry, by_lon);
    for (size_t at = 0; at < n; at += slice) {
        const size_t len = n - at < slice ? n - at : slice;
        qsort(entry + at, len, sizeof *entry, by_lat);
        for (size_t k = 0; k < len; k += child) tile(entry + at + k, len - k < child ? len - k : child, level - 1);
    }
}

static void node_put(struct fence_node *n, unsigned i, const struct haul_fence_box *b)
{
    n->min_lon[i] = b->min_lon, n->min_lat[i] = b->min_lat;
    n->max_lon[i] = b->max_lon, n->max_lat[i] = b->max_lat;
}

static struct haul_fence_box node_box(const struct fence_node *n)
{
    struct haul_fence_box b = {INT32_MAX, INT32_MAX, INT32_MIN, INT32_MIN};
    for (unsigned i = 0; i < FENCE_FAN; i++) {
        if (n->min_lon[i] < b.min_lon) b.min_lon = n->min_lon[i];
        if (n->min_lat[i] < b.min_lat) b.min_lat = n->min_lat[i];
        if (n->max_lon[i] > b.max_lon) b.max_lon = n->max_lon[i];
        if (n->max_lat[i] > b.max_lat) b.max_lat = n->max_lat[i];
    }
    return b;
}

static void fill_tree(const struct haul_fences *head, const struct entry *entry, uint32_t *order,
                      struct fence_node *nodes)
{
    const struct haul_fence_box empty = {INT32_MAX, INT32_MAX, INT32_MIN, INT32_MIN};
    for (uint32_t i = 0; i < head->order_len; i++) {
        order[i] = i < head->count ? entry[i].number : FENCE_NONE;
        node_put(&nodes[i / FENCE_FAN], i % FENCE_FAN, i < head->count ? &entry[i].box : &empty);
    }
    struct fence_node *below = nodes;
    for (uint32_t level = 1; level < head->levels; level++) {
        struct fence_node *here = below + head->level_nodes[level - 1];
        for (uint32_t i = 0; i < head->level_nodes[level] * FENCE_FAN; i++) {
            const struct haul_fence_box b = i < head->level_nodes[level - 1] ? node_box(&below[i]) : empty;
            node_put(&here[i / FENCE_FAN], i % FENCE_FAN, &b);
        }
        below = here;
    }
}

static void plan_tree(struct haul_fences *h)
{
    for (size_t below = h->count; h->count > 0 && (h->levels == 0 || below > 1);) {
        below = up(below, FENCE_FAN);
        h->level_nodes[h->levels++] = (uint32_t)below;
        h->nodes_len += (uint32_t)below;
    }
    h->order_len = h->levels == 0 ? 0 : h->level_nodes[0] * FENCE_FAN;
}

/* ---- the blob ------------------------------------------------------------------------------------------------------
 */
static uint64_t section(uint64_t *at, uint64_t bytes)
{
    const uint64_t here = *at;
    *at = (here + bytes + 63) & ~(uint64_t)63;
    return here;
}

static void plan_sections(const struct build *b, struct haul_fences *h)
{
    uint64_t at = sizeof *h;
    h->slabs_len = (uint32_t)b->slabs, h->edges_len = (uint32_t)b->blocks, h->text_len = (uint32_t)b->text.n;
    h->fences_at = section(&at, (uint64_t)h->count * sizeof(struct haul_fence));
    h->order_at = section(&at, (uint64_t)h->order_len * 4);
    h->nodes_at = section(&at, (uint64_t)h->nodes_len * sizeof(struct fence_node));
    h->slabs_at = section(&at, (uint64_t)h->slabs_len * 4);
    h->edges_at = section(&at, (uint64_t)h->edges_len * sizeof(struct fence_edges));
    h->text_at = section(&at, h->text_len);
    h->bytes = at;
}

static void copy(uint8_t *to, const void *from, size_t n)
{
    if (n > 0) memcpy(to, from, n);
}

static void write_blob(const struct build *b, struct haul_fences *h, uint8_t *to)
{
    memset(to, 0, h->bytes);
    for (uint32_t i = 0; i < h->count; i++)
        memcpy(to + h->fences_at + i * sizeof(struct haul_fence), &b->d->draft[i].x, sizeof(struct haul_fence));
    fill_tree(h, b->entry, (uint32_t *)(void *)(to + h->order_at), (struct fence_node *)(void *)(to + h->nodes_at));
    copy(to + h->slabs_at, b->slab, b->slabs * sizeof *b->slab);
    copy(to + h->edges_at, b->block, b->blocks * sizeof *b->block);
    copy(to + h->text_at, b->text.p, b->text.n);
    h->hash = haul_xxh3(to + sizeof *h, h->bytes - sizeof *h);
    memcpy(to, h, sizeof *h);
}

static int by_id(const void *a, const void *b)
{
    const struct fence_draft *x = a, *y = b;
    const int order = haul_str_cmp(haul_fence_id(&x->x), haul_fence_id(&y->x));
    if (order != 0) return order;
    return x->feature < y->feature ? -1 : x->feature > y->feature;
}

static void refuse_twins(struct fence_drafts *d)
{
    if (d->len > 1) qsort(d->draft, d->len, sizeof *d->draft, by_id);
    size_t kept = 0;
    for (size_t i = 0; i < d->len; i++) {
        if (kept > 0 && strcmp(d->draft[kept - 1].id, d->draft[i].id) == 0)
            fence_note(d, HAUL_FENCE_REFUSED, d->draft[i].feature, d->draft[i].id, "feature %zu has the same id",
                       d->draft[kept - 1].feature);
        else
            d->draft[kept++] = d->draft[i];
    }
    d->len = kept;
}

static void free_build(struct build *b)
{
    free(b->edge);
    free(b->block);
    free(b->slab);
    free(b->entry);
    haul_buf_free(&b->text);
}

enum haul_err fence_build(struct fence_drafts *d, struct haul_buf *blob, struct haul_error *e)
{
    struct build b = {.d = d, .entry = calloc(d->len + 1, sizeof(struct entry))};
    struct haul_fences head = {.magic = FENCE_MAGIC, .version = FENCE_VERSION, .count = (uint32_t)d->len};
    assert(b.entry != NULL);
    haul_buf_init(&b.text, 4096, (size_t)HAUL_FENCES_MAX * 512);
    for (size_t i = 0; i < d->len; i++) {
        struct fence_draft *f = &d->draft[i];
        put_text(&b, f);
        b.entry[i] = (struct entry){reach_of(&f->x), (uint32_t)i};
        if (f->x.shape == HAUL_FENCE_CIRCLE) continue;
        gather(&b, f);
        choose_slabs(&b, &f->x);
        deal(&b, &f->x);
    }
    plan_tree(&head);
    if (head.levels > 0) tile(b.entry, d->len, head.levels - 1);
    plan_sections(&b, &head);
    uint8_t *to = b.blocks > FENCE_EDGES_MAX ? NULL : haul_buf_reserve(blob, head.bytes);
    if (to != NULL) {
        write_blob(&b, &head, to);
        blob->n += head.bytes;
    }
    free_build(&b);
    return to != NULL ? HAUL_OK
                      : haul_fail(e, HAUL_E_LIMIT, "a set of %llu bytes is too large", (unsigned long long)head.bytes);
}

/* ---- from text to blob ---------------------------------------------------------------------------------------------
 */
static enum haul_err mend_all(struct fence_drafts *d, struct haul_error *e)
{
    void *context;
    if (!fence_mend_begin(&context, e)) return HAUL_E_NOMEM;
    size_t kept = 0;
    for (size_t i = 0; i < d->len; i++)
        if (fence_mend(context, d, i)) d->draft[kept++] = d->draft[i];
    fence_mend_end(context);
    d->len = kept;
    return HAUL_OK;
}

enum haul_err haul_fences_prepare(struct haul_str geojson, struct haul_buf *blob, haul_fence_note_fn *note, void *arg,
                                  struct haul_fence_counts *counts, struct haul_error *e)
{
    struct fence_drafts d = {.note = note, .arg = arg};
    assert(blob->n == 0);
    enum haul_err err = fence_read(&d, geojson, e);
    if (err == HAUL_OK) err = mend_all(&d, e);
    if (err == HAUL_OK) refuse_twins(&d);
    if (err == HAUL_OK && d.counts.refused > 0)
        err = haul_fail(e, HAUL_E_INVALID, "%zu of %zu fences %s refused", d.counts.refused, d.counts.features,
                        d.counts.refused == 1 ? "is" : "are");
    if (err == HAUL_OK) err = fence_build(&d, blob, e);
    d.counts.fences = err == HAUL_OK ? d.len : 0;
    if (counts != NULL) *counts = d.counts;
    free(d.draft);
    free(d.line);
    free(d.polygon);
    free(d.corner);
    return err;
}
