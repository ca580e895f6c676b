/* SPDX-License-Identifier: Apache-2.0
 * Opening a network: map, compare the hash, then check that every index stays in its array, so that nothing that reads
 * the file needs to.
 */
#include "haul/roads.h"

#include "processors/geo/roads_format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct haul_roads {
    const uint8_t *bytes;
    size_t n;
    bool mapped;
    const struct roads_header *header;
    const char *names;
    struct haul_roads_view view;
};

static const char *const class_names[] = {
#define X(NAME, name, kmh) name,
    HAUL_ROAD_CLASSES(X)
#undef X
};

const char *haul_road_class_name(enum haul_road_class c)
{
    return (unsigned)c < HAUL_ROAD_CLASS_COUNT ? class_names[c] : "invalid";
}

void roads_section_bytes(const struct roads_counts *c, uint64_t bytes[SECTION_COUNT])
{
    const uint64_t junctions = c->junctions, edges = c->edges, kinds = c->kinds, nodes = c->nodes, arcs = c->arcs,
                   bans = c->bans, ban_arcs = c->ban_arcs, shape_points = c->shape_points, name_bytes = c->name_bytes;
#define X(NAME, type, items) bytes[SECTION_##NAME] = sizeof(type) * (items);
    ROADS_SECTIONS(X)
#undef X
}

/* ---- checks
 * ------------------------------------------------------------------------------------------------------------ */

static enum haul_err check_header(const uint8_t *bytes, size_t n, struct haul_error *e)
{
    const struct roads_header *h = (const struct roads_header *)(const void *)bytes;
    if (n < sizeof *h || memcmp(h->magic, ROADS_MAGIC, sizeof h->magic) != 0)
        return haul_fail(e, HAUL_E_CORRUPT, "this is not a road network");
    if (h->version != ROADS_VERSION || h->endian != ROADS_ENDIAN)
        return haul_fail(e, HAUL_E_VERSION,
                         "road network of version %u; this program reads version %u: import it again", h->version,
                         ROADS_VERSION);
    if (h->file_bytes != n)
        return haul_fail(e, HAUL_E_CORRUPT, "the file has %zu bytes, but %llu were written", n,
                         (unsigned long long)h->file_bytes);
    const struct haul_hash128 hash = haul_xxh3_128(bytes + sizeof *h, n - sizeof *h);
    if (hash.hi != h->hash_hi || hash.lo != h->hash_lo)
        return haul_fail(e, HAUL_E_CORRUPT, "the contents do not match their checksum");
    if (haul_xxh3(h, offsetof(struct roads_header, header_hash)) != h->header_hash)
        return haul_fail(e, HAUL_E_CORRUPT, "the header does not match its checksum");
    if (memchr(h->source, 0, sizeof h->source) == NULL) return haul_fail(e, HAUL_E_CORRUPT, "the header has no end");
    return HAUL_OK;
}

/* Sections lie in the file, behind the header, aligned. Counts are bounded first, so that no product overflows. */
static enum haul_err check_sections(const struct roads_header *h, struct haul_error *e)
{
    const struct roads_counts *c = &h->counts;
    const uint64_t counts[] = {c->junctions, c->edges,    c->kinds,        c->nodes,     c->arcs,
                               c->bans,      c->ban_arcs, c->shape_points, c->name_bytes};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (counts[i] > INT32_MAX / 2)
            return haul_fail(e, HAUL_E_CORRUPT, "a count of %llu", (unsigned long long)counts[i]);
    uint64_t bytes[SECTION_COUNT];
    roads_section_bytes(c, bytes);
    for (int i = 0; i < SECTION_COUNT; i++) {
        const uint64_t at = h->offset[i];
        if (at % 64 != 0 || at < sizeof *h || at > h->file_bytes || bytes[i] > h->file_bytes - at)
            return haul_fail(e, HAUL_E_CORRUPT, "section %d lies outside the file", i);
    }
    return HAUL_OK;
}

static bool all_below(const uint32_t *v, size_t n, uint32_t bound)
{
    for (size_t i = 0; i < n; i++)
        if (v[i] >= bound) return false;
    return true;
}

/* 0 = v[0] <= v[1] <= … <= v[n] = end */
static bool rises(const uint32_t *v, size_t n, uint64_t end)
{
    if (v[0] != 0 || v[n] != end) return false;
    for (size_t i = 0; i < n; i++)
        if (v[i] > v[i + 1]) return false;
    return true;
}

static bool positions_valid(const int32_t *lon, const int32_t *lat, size_t n, size_t step)
{
    for (size_t i = 0; i < n * step; i += step)
        if (lon[i] < -1800000000 || lon[i] > 1800000000 || lat[i] < -900000000 || lat[i] > 900000000) return false;
    return true;
}

static bool kinds_valid(const struct haul_roads_view *v)
{
    for (uint32_t i = 0; i < v->kinds; i++)
        if (v->kind[i].road_class >= HAUL_ROAD_CLASS_COUNT) return false;
    return true;
}

static bool lengths_valid(const struct haul_roads_view *v)
{
    for (uint32_t i = 0; i < v->edges; i++)
        if (v->edge_length_cm[i] >= HAUL_FAR) return false;
    return true;
}

/* Every arc joins nodes that stand for the ends of its road arc; the list of a road arc holds its arcs. */
static bool graph_valid(const struct haul_roads_view *v)
{
    for (uint32_t i = 0; i < v->arcs; i++) {
        if (v->node_junction[v->arc_tail[i]] != haul_arc_from(v, v->arc_road[i])) return false;
        if (v->node_junction[v->arc_head[i]] != haul_arc_to(v, v->arc_road[i])) return false;
    }
    for (uint32_t r = 0; r < 2 * v->edges; r++)
        for (uint32_t i = v->road_first[r]; i < v->road_first[r + 1]; i++)
            if (v->arc_road[v->road_arcs[i]] != r) return false;
    return true;
}

static const char *what_is_wrong(const struct haul_roads_view *v, const struct roads_counts *c, const char *names)
{
    const uint32_t arcs = 2 * v->edges;
    if (c->name_bytes == 0 || names[c->name_bytes - 1] != 0) return "names do not end";
    if (!positions_valid(v->lon_e7, v->lat_e7, v->junctions, 1)) return "a junction is outside the world";
    if (!positions_valid(v->shape, v->shape + 1, c->shape_points, 2)) return "a shape is outside the world";
    if (!all_below(v->edge_from, v->edges, v->junctions) || !all_below(v->edge_to, v->edges, v->junctions))
        return "an edge joins junctions that are not there";
    if (!all_below(v->edge_kind, v->edges, v->kinds) || !kinds_valid(v)) return "an edge has a kind that is not there";
    if (!all_below(v->edge_name, v->edges, (uint32_t)c->name_bytes)) return "an edge has a name that is not there";
    if (!lengths_valid(v)) return "an edge is too long";
    if (!rises(v->shape_first, v->edges, c->shape_points)) return "shapes overlap";
    if (!all_below(v->node_junction, v->nodes, v->junctions)) return "a node stands for no junction";
    if (!all_below(v->arc_tail, v->arcs, v->nodes) || !all_below(v->arc_head, v->arcs, v->nodes) ||
        !all_below(v->arc_road, v->arcs, arcs))
        return "an arc joins nodes that are not there";
    if (!rises(v->ban_first, v->bans, c->ban_arcs) || !all_below(v->ban_arc, c->ban_arcs, arcs))
        return "a ban is broken";
    if (!rises(v->road_first, arcs, v->arcs) || !all_below(v->road_arcs, v->arcs, v->arcs))
        return "lists of arcs are broken";
    if (!all_below(v->order, v->nodes, v->nodes)) return "the order is broken";
    return graph_valid(v) ? NULL : "the routing graph does not follow the roads";
}

/* ---- opening
 * ------------------------------------------------------------------------------------------------------------- */

static void fill_view(struct haul_roads *r)
{
    const struct roads_header *h = r->header;
    const void *at[SECTION_COUNT];
    for (int i = 0; i < SECTION_COUNT; i++) at[i] = r->bytes + h->offset[i];
    r->names = at[SECTION_NAMES];
    r->view = (struct haul_roads_view){
        .junctions = (uint32_t)h->counts.junctions,
        .edges = (uint32_t)h->counts.edges,
        .kinds = (uint32_t)h->counts.kinds,
        .nodes = (uint32_t)h->counts.nodes,
        .arcs = (uint32_t)h->counts.arcs,
        .bans = (uint32_t)h->counts.bans,
        .lon_e7 = at[SECTION_LON],
        .lat_e7 = at[SECTION_LAT],
        .edge_from = at[SECTION_EDGE_FROM],
        .edge_to = at[SECTION_EDGE_TO],
        .edge_length_cm = at[SECTION_EDGE_LENGTH],
        .edge_kind = at[SECTION_EDGE_KIND],
        .edge_name = at[SECTION_EDGE_NAME],
        .edge_way = at[SECTION_EDGE_WAY],
        .delay_ds = at[SECTION_DELAY],
        .shape_first = at[SECTION_SHAPE_FIRST],
        .shape = at[SECTION_SHAPE],
        .kind = at[SECTION_KIND],
        .node_junction = at[SECTION_NODE_JUNCTION],
        .arc_tail = at[SECTION_ARC_TAIL],
        .arc_head = at[SECTION_ARC_HEAD],
        .arc_road = at[SECTION_ARC_ROAD],
        .arc_turn_ds = at[SECTION_ARC_TURN],
        .arc_deny = at[SECTION_ARC_DENY],
        .order = at[SECTION_ORDER],
        .ban_first = at[SECTION_BAN_FIRST],
        .ban_arc = at[SECTION_BAN_ARC],
        .ban_mask = at[SECTION_BAN_MASK],
        .road_first = at[SECTION_ROAD_FIRST],
        .road_arcs = at[SECTION_ROAD_ARCS],
    };
}

enum haul_err haul_roads_of_bytes(const void *bytes, size_t n, struct haul_roads **out, struct haul_error *e)
{
    *out = NULL;
    enum haul_err err = check_header(bytes, n, e);
    if (err == HAUL_OK) err = check_sections((const struct roads_header *)bytes, e);
    if (err != HAUL_OK) return err;
    struct haul_roads *r = calloc(1, sizeof *r);
    if (r == NULL) return haul_fail(e, HAUL_E_NOMEM, "no memory for a road network");
    r->bytes = bytes, r->n = n, r->header = bytes;
    fill_view(r);
    const char *wrong = what_is_wrong(&r->view, &r->header->counts, r->names);
    if (wrong != NULL) {
        free(r);
        return haul_fail(e, HAUL_E_CORRUPT, "the road network contradicts itself: %s", wrong);
    }
    *out = r;
    return HAUL_OK;
}

enum haul_err haul_roads_open(const char *path, struct haul_roads **out, struct haul_error *e)
{
    *out = NULL;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return haul_fail(e, HAUL_E_NOT_FOUND, "%s: %s", path, strerror(errno));
    struct stat st;
    void *bytes = MAP_FAILED;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
        bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED) return haul_fail(e, HAUL_E_IO, "%s cannot be mapped", path);
    struct haul_error inner;
    const enum haul_err err = haul_roads_of_bytes(bytes, (size_t)st.st_size, out, &inner);
    if (err != HAUL_OK) {
        munmap(bytes, (size_t)st.st_size);
        return haul_fail(e, err, "%s: %s", path, inner.text);
    }
    (*out)->mapped = true;
    return HAUL_OK;
}

void haul_roads_close(struct haul_roads *r)
{
    if (r == NULL) return;
    if (r->mapped) {
        void *p;
        memcpy(&p, &r->bytes, sizeof p); /* munmap takes no const */
        munmap(p, r->n);
    }
    free(r);
}

const struct haul_roads_view *haul_roads_view(const struct haul_roads *r)
{
    return &r->view;
}

struct haul_str haul_roads_source(const struct haul_roads *r)
{
    return haul_str_of(r->header->source);
}

struct haul_str haul_roads_name(const struct haul_roads *r, uint32_t edge)
{
    return haul_str_of(r->names + r->view.edge_name[edge]);
}

struct haul_arcs haul_roads_graph(const struct haul_roads *r)
{
    return (struct haul_arcs){r->view.nodes, r->view.arcs, r->view.arc_tail, r->view.arc_head};
}

enum haul_err haul_roads_cch(const struct haul_roads *r, struct haul_cch **out, struct haul_error *e)
{
    const struct haul_arcs g = haul_roads_graph(r);
    return haul_cch_build(&g, r->view.order, out, e);
}

uint32_t haul_arc_points(const struct haul_roads_view *v, uint32_t arc)
{
    return v->shape_first[arc / 2 + 1] - v->shape_first[arc / 2] + 2;
}

void haul_arc_point(const struct haul_roads_view *v, uint32_t arc, uint32_t i, double *lon_deg, double *lat_deg)
{
    const uint32_t edge = arc / 2, n = haul_arc_points(v, arc), at = arc & 1 ? n - 1 - i : i;
    if (at == 0 || at == n - 1) {
        const uint32_t j = at == 0 ? v->edge_from[edge] : v->edge_to[edge];
        *lon_deg = v->lon_e7[j] * 1e-7, *lat_deg = v->lat_e7[j] * 1e-7;
        return;
    }
    const int32_t *p = v->shape + 2 * ((size_t)v->shape_first[edge] + at - 1);
    *lon_deg = p[0] * 1e-7, *lat_deg = p[1] * 1e-7;
}
