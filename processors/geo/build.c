/* SPDX-License-Identifier: Apache-2.0
 * The builder: takes points, ways and restrictions, drives the steps, lays the file out.
 */
#include "processors/geo/build_internal.h"
#include "processors/geo/roads_format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct haul_builder *haul_builder_new(void)
{
    struct haul_builder *b = calloc(1, sizeof *b);
    if (b == NULL) return NULL;
    haul_buf_init(&b->names, 256, INT32_MAX / 2);
    haul_buf_byte(&b->names, 0); /* the empty name is at 0 */
    return b;
}

void haul_builder_free(struct haul_builder *b)
{
    if (b == NULL) return;
    void *owned[] = {b->lon,     b->lat,          b->delay,      b->flags,        b->ways,           b->way_point,
                     b->kinds,   b->pieces,       b->kind_table, b->name_table,   b->name_at,        b->edges,
                     b->shape,   b->restrictions, b->bans,       b->arc_of_piece, b->incident_first, b->incident,
                     b->ban_arc, b->junction_of,  b->gates};
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) free(owned[i]);
    haul_buf_free(&b->names);
    free(b);
}

/* ---- taking in
 * ------------------------------------------------------------------------------------------------------------ */

uint32_t haul_builder_point(struct haul_builder *b, int32_t lon_e7, int32_t lat_e7)
{
    void *lon = b->lon, *lat = b->lat, *delay = b->delay, *flags = b->flags;
    const size_t n = b->points + (size_t)1;
    const bool good = b->points < INT32_MAX / 4 && grow_array(&lon, &b->lon_cap, n, sizeof *b->lon) &&
                      grow_array(&lat, &b->lat_cap, n, sizeof *b->lat) &&
                      grow_array(&delay, &b->delay_cap, n, sizeof *b->delay) &&
                      grow_array(&flags, &b->flags_cap, n, sizeof *b->flags);
    b->lon = lon, b->lat = lat, b->delay = delay, b->flags = flags;
    if (!good) {
        b->failed = true;
        return HAUL_NONE;
    }
    b->lon[b->points] = lon_e7, b->lat[b->points] = lat_e7;
    b->delay[b->points] = 0, b->flags[b->points] = 0;
    return b->points++;
}

void haul_builder_delay(struct haul_builder *b, uint32_t point, uint16_t delay_ds)
{
    if (point < b->points) b->delay[point] = delay_ds;
}

void haul_builder_block(struct haul_builder *b, uint32_t point)
{
    if (point < b->points) b->flags[point] |= POINT_BLOCKED;
}

void haul_builder_keep(struct haul_builder *b, uint32_t point)
{
    if (point < b->points) b->flags[point] |= POINT_KEPT;
}

/* Open addressing over indices: doubles when it is half full. `hash_of` gives an entry's hash. */
static bool table_grow(uint32_t **table, size_t *slots, size_t entries,
                       uint64_t (*hash_of)(const struct haul_builder *, uint32_t), const struct haul_builder *b)
{
    if (*slots >= 2 * (entries + 1)) return true;
    const size_t bigger = *slots == 0 ? 64 : *slots * 2;
    uint32_t *t = calloc(bigger, sizeof *t);
    if (t == NULL) return false;
    for (uint32_t i = 0; i < entries; i++) {
        size_t at = hash_of(b, i) & (bigger - 1);
        while (t[at] != 0) at = (at + 1) & (bigger - 1);
        t[at] = i + 1;
    }
    free(*table);
    *table = t, *slots = bigger;
    return true;
}

static uint64_t kind_hash(const struct haul_builder *b, uint32_t i)
{
    return haul_xxh3(&b->kinds[i], sizeof b->kinds[i]);
}

static uint64_t name_hash(const struct haul_builder *b, uint32_t i)
{
    const char *name = (const char *)b->names.p + b->name_at[i];
    return haul_xxh3(name, strlen(name));
}

static uint32_t intern_kind(struct haul_builder *b, const struct haul_road_kind *kind)
{
    void *p = b->kinds;
    if (!table_grow(&b->kind_table, &b->kind_slots, b->kind_count, kind_hash, b) ||
        !grow_array(&p, &b->kinds_cap, b->kind_count + (size_t)1, sizeof *b->kinds)) {
        b->failed = true;
        return 0;
    }
    b->kinds = p;
    size_t at = haul_xxh3(kind, sizeof *kind) & (b->kind_slots - 1);
    for (; b->kind_table[at] != 0; at = (at + 1) & (b->kind_slots - 1))
        if (memcmp(&b->kinds[b->kind_table[at] - 1], kind, sizeof *kind) == 0) return b->kind_table[at] - 1;
    b->kinds[b->kind_count] = *kind;
    b->kind_table[at] = ++b->kind_count;
    return b->kind_count - 1;
}

uint32_t build_flipped_kind(struct haul_builder *b, uint32_t kind)
{
    struct haul_road_kind k = b->kinds[kind];
    k.access[0] = b->kinds[kind].access[1], k.access[1] = b->kinds[kind].access[0];
    k.speed_cmps[0] = b->kinds[kind].speed_cmps[1], k.speed_cmps[1] = b->kinds[kind].speed_cmps[0];
    k.limit_kmh[0] = b->kinds[kind].limit_kmh[1], k.limit_kmh[1] = b->kinds[kind].limit_kmh[0];
    return intern_kind(b, &k);
}

/* Where the name stands in `names`. A NUL in it ends it. */
static uint32_t intern_name(struct haul_builder *b, struct haul_str name)
{
    const char *nul = name.n > 0 ? memchr(name.p, 0, name.n) : NULL;
    if (nul != NULL) name.n = (size_t)(nul - name.p);
    if (name.n == 0) return 0;
    void *p = b->name_at;
    if (!table_grow(&b->name_table, &b->name_slots, b->names_count, name_hash, b) ||
        !grow_array(&p, &b->name_at_cap, b->names_count + (size_t)1, sizeof *b->name_at)) {
        b->failed = true;
        return 0;
    }
    b->name_at = p;
    size_t at = haul_xxh3(name.p, name.n) & (b->name_slots - 1);
    for (; b->name_table[at] != 0; at = (at + 1) & (b->name_slots - 1)) {
        const uint32_t there = b->name_at[b->name_table[at] - 1];
        if (haul_str_eq(haul_str_of((const char *)b->names.p + there), name)) return there;
    }
    b->name_at[b->names_count] = (uint32_t)b->names.n;
    b->name_table[at] = ++b->names_count;
    haul_buf_str(&b->names, name);
    haul_buf_byte(&b->names, 0);
    return b->name_at[b->names_count - 1];
}

void build_plain_way(struct haul_builder *b, int64_t id, struct haul_str name, const struct haul_road_kind *kind,
                     const uint32_t *points, size_t n)
{
    void *p = b->ways, *q = b->way_point;
    const bool good = n < INT32_MAX / 4 && b->way_points + n < INT32_MAX / 2 &&
                      grow_array(&p, &b->ways_cap, b->way_count + (size_t)1, sizeof *b->ways);
    b->ways = p;
    if (!good || !grow_array(&q, &b->way_point_cap, b->way_points + n, sizeof *b->way_point)) {
        b->failed = true;
        return;
    }
    b->way_point = q;
    struct way w = {.id = id, .first = b->way_points};
    for (size_t i = 0; i < n; i++) {
        if (points[i] >= b->points || (w.n > 0 && b->way_point[w.first + w.n - 1] == points[i])) continue;
        b->way_point[w.first + w.n++] = points[i];
    }
    if (w.n < 2) return;
    w.kind = intern_kind(b, kind);
    w.name = intern_name(b, name);
    b->way_points += w.n;
    b->ways[b->way_count++] = w;
}

void haul_builder_way(struct haul_builder *b, int64_t id, struct haul_str name, const struct haul_road_kind *kind,
                      const uint32_t *points, size_t n)
{
    if (build_has_gate(b, points, n))
        build_gated_way(b, id, name, kind, points, n);
    else
        build_plain_way(b, id, name, kind, points, n);
}

void haul_builder_restrict(struct haul_builder *b, const struct haul_restriction *r)
{
    void *p = b->restrictions;
    if (!grow_array(&p, &b->restrictions_cap, b->restriction_count + (size_t)1, sizeof *b->restrictions))
        b->failed = true;
    b->restrictions = p;
    if (!b->failed) b->restrictions[b->restriction_count++] = *r;
}

/* ---- the file
 * --------------------------------------------------------------------------------------------------------------- */

static void pad(struct haul_buf *out)
{
    while (out->n % 64 != 0 && !out->overflow) haul_buf_byte(out, 0);
}

/* One column of the edges at a time: COLUMN is an expression over `edge`. */
#define PUT_EDGES(out, type, COLUMN)                                                                                   \
    for (uint32_t i_ = 0; i_ < b->edge_count; i_++) {                                                                  \
        const struct edge *edge = &b->edges[i_];                                                                       \
        const type value_ = (COLUMN);                                                                                  \
        haul_buf_put(out, &value_, sizeof value_);                                                                     \
    }

static void put_junctions(const struct haul_builder *b, struct haul_buf *out, const int32_t *coordinate)
{
    const size_t bytes = b->junctions * sizeof *coordinate;
    uint8_t *to = haul_buf_reserve(out, bytes);
    if (to == NULL) return;
    for (uint32_t v = 0; v < b->points; v++)
        if (b->junction_of[v] != HAUL_NONE)
            memcpy(to + b->junction_of[v] * sizeof *coordinate, &coordinate[v], sizeof *coordinate);
    out->n += bytes;
}

/* Shapes in the order of the edges; edges that were dropped leave theirs behind. Returns the points. */
static uint32_t put_shapes(const struct haul_builder *b, struct haul_buf *out, bool firsts)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < b->edge_count; i++) {
        const struct edge *e = &b->edges[i];
        if (firsts)
            haul_buf_put(out, &at, sizeof at);
        else if (e->shapes > 0)
            haul_buf_put(out, b->shape + 2 * (size_t)e->shape, 2 * sizeof *b->shape * e->shapes);
        at += e->shapes;
    }
    if (firsts) haul_buf_put(out, &at, sizeof at);
    return at;
}

static void put_bans(const struct haul_builder *b, struct haul_buf *out)
{
    for (uint32_t i = 0; i < b->ban_count; i++) haul_buf_put(out, &b->bans[i].first, sizeof b->bans[i].first);
    haul_buf_put(out, &b->ban_arcs, sizeof b->ban_arcs);
}

static void put_section(const struct haul_builder *b, const struct routing *r, enum roads_section s,
                        struct haul_buf *out)
{
    const size_t roads = 2 * (size_t)b->edge_count;
    switch (s) {
    case SECTION_LON:
        put_junctions(b, out, b->lon);
        break;
    case SECTION_LAT:
        put_junctions(b, out, b->lat);
        break;
    case SECTION_EDGE_FROM:
        PUT_EDGES(out, uint32_t, edge->from) break;
    case SECTION_EDGE_TO:
        PUT_EDGES(out, uint32_t, edge->to) break;
    case SECTION_EDGE_LENGTH:
        PUT_EDGES(out, uint32_t, edge->length_cm) break;
    case SECTION_EDGE_KIND:
        PUT_EDGES(out, uint32_t, edge->kind) break;
    case SECTION_EDGE_NAME:
        PUT_EDGES(out, uint32_t, edge->name) break;
    case SECTION_EDGE_WAY:
        PUT_EDGES(out, int64_t, edge->way) break;
    case SECTION_DELAY:
        for (uint32_t i = 0; i < b->edge_count; i++)
            haul_buf_put(out, b->edges[i].delay_ds, sizeof b->edges[i].delay_ds);
        break;
    case SECTION_SHAPE_FIRST:
        put_shapes(b, out, true);
        break;
    case SECTION_SHAPE:
        put_shapes(b, out, false);
        break;
    case SECTION_KIND:
        haul_buf_put(out, b->kinds, b->kind_count * sizeof *b->kinds);
        break;
    case SECTION_NAMES:
        haul_buf_put(out, b->names.p, b->names.n);
        break;
    case SECTION_NODE_JUNCTION:
        haul_buf_put(out, r->node_junction, r->nodes * sizeof *r->node_junction);
        break;
    case SECTION_ARC_TAIL:
        haul_buf_put(out, r->tail, r->arcs * sizeof *r->tail);
        break;
    case SECTION_ARC_HEAD:
        haul_buf_put(out, r->head, r->arcs * sizeof *r->head);
        break;
    case SECTION_ARC_ROAD:
        haul_buf_put(out, r->road, r->arcs * sizeof *r->road);
        break;
    case SECTION_ARC_TURN:
        haul_buf_put(out, r->turn_ds, r->arcs * sizeof *r->turn_ds);
        break;
    case SECTION_ARC_DENY:
        haul_buf_put(out, r->deny, r->arcs * sizeof *r->deny);
        break;
    case SECTION_ORDER:
        haul_buf_put(out, r->order, r->nodes * sizeof *r->order);
        break;
    case SECTION_BAN_FIRST:
        put_bans(b, out);
        break;
    case SECTION_BAN_ARC:
        haul_buf_put(out, b->ban_arc, b->ban_arcs * sizeof *b->ban_arc);
        break;
    case SECTION_BAN_MASK:
        for (uint32_t i = 0; i < b->ban_count; i++) haul_buf_byte(out, b->bans[i].mask);
        break;
    case SECTION_ROAD_FIRST:
        haul_buf_put(out, r->road_first, (roads + 1) * sizeof *r->road_first);
        break;
    case SECTION_ROAD_ARCS:
        haul_buf_put(out, r->road_arcs, r->arcs * sizeof *r->road_arcs);
        break;
    case SECTION_COUNT:
        break;
    }
}

static void put_file(const struct haul_builder *b, const struct routing *r, const char *source, struct haul_buf *out)
{
    struct roads_header h = {.magic = ROADS_MAGIC, .version = ROADS_VERSION, .endian = ROADS_ENDIAN};
    haul_buf_put(out, &h, sizeof h);
    for (int s = 0; s < SECTION_COUNT; s++) {
        pad(out);
        h.offset[s] = out->n;
        put_section(b, r, (enum roads_section)s, out);
    }
    if (out->overflow) return;
    uint32_t shapes = 0;
    for (uint32_t i = 0; i < b->edge_count; i++) shapes += b->edges[i].shapes;
    h.counts = (struct roads_counts){b->junctions, b->edge_count, b->kind_count, r->nodes,  r->arcs,
                                     b->ban_count, b->ban_arcs,   shapes,        b->names.n};
    snprintf(h.source, sizeof h.source, "%s", source == NULL ? "" : source);
    h.file_bytes = out->n;
    const struct haul_hash128 hash = haul_xxh3_128(out->p + sizeof h, out->n - sizeof h);
    h.hash_hi = hash.hi, h.hash_lo = hash.lo;
    h.header_hash = haul_xxh3(&h, offsetof(struct roads_header, header_hash));
    memcpy(out->p, &h, sizeof h);
}

/* ---- the whole
 * ----------------------------------------------------------------------------------------------------------------- */

static enum haul_err order_routing(const struct haul_builder *b, struct routing *r,
                                   const struct haul_build_options *options, struct haul_error *e)
{
    struct pool pool = {0};
    int32_t *lon = POOL_ARRAY(&pool, int32_t, r->nodes), *lat = POOL_ARRAY(&pool, int32_t, r->nodes);
    int32_t *at = POOL_ARRAY(&pool, int32_t, 2 * (size_t)b->junctions);
    r->order = POOL_ARRAY(&r->pool, uint32_t, r->nodes);
    enum haul_err err = HAUL_E_NOMEM;
    if (!pool.failed && !r->pool.failed) {
        for (uint32_t v = 0; v < b->points; v++)
            if (b->junction_of[v] != HAUL_NONE)
                at[2 * b->junction_of[v]] = b->lon[v], at[2 * b->junction_of[v] + 1] = b->lat[v];
        for (uint32_t n = 0; n < r->nodes; n++)
            lon[n] = at[2 * r->node_junction[n]], lat[n] = at[2 * r->node_junction[n] + 1];
        const struct haul_arcs g = {r->nodes, r->arcs, r->tail, r->head};
        err = haul_order_compute(&g, lon, lat, r->order, options->progress, options->user, e);
    }
    pool_free(&pool);
    return err;
}

static void say(const struct haul_build_options *o, const char *stage)
{
    if (o->progress != NULL) o->progress(o->user, stage, 0, 0);
}

static enum haul_err build_steps(struct haul_builder *b, const struct haul_build_options *options, struct routing *r,
                                 struct haul_build_report *report, struct haul_error *e)
{
    report->points = b->points, report->ways = b->way_count, report->restrictions = b->restriction_count;
    say(options, "cut ways into edges");
    if (b->failed || !build_pieces(b)) return HAUL_E_NOMEM;
    report->pieces = b->piece_count;
    build_bans(b, report);
    if (b->failed || !build_edges(b)) return HAUL_E_NOMEM;
    say(options, "keep the connected part");
    if (!build_keep_largest(b, options->keep_all, report)) return HAUL_E_NOMEM;
    if (b->edge_count == 0)
        return haul_fail(e, HAUL_E_INVALID, "there is no road on which one can drive there and back");
    say(options, "unfold turn restrictions");
    if (!build_routing(b, options->all_turns, r)) return HAUL_E_NOMEM;
    report->edges = b->edge_count, report->junctions = b->junctions, report->kinds = b->kind_count;
    report->bans = b->ban_count, report->nodes = r->nodes, report->arcs = r->arcs;
    return order_routing(b, r, options, e);
}

enum haul_err haul_builder_finish(struct haul_builder *b, const struct haul_build_options *options,
                                  struct haul_buf *image, struct haul_build_report *report, struct haul_error *e)
{
    struct routing r = {0};
    *report = (struct haul_build_report){0};
    haul_buf_init(image, 1 << 16, SIZE_MAX / 4);
    if (e != NULL) *e = (struct haul_error){0};
    enum haul_err err = build_steps(b, options, &r, report, e);
    if (err == HAUL_OK) {
        say(options, "lay out the file");
        put_file(b, &r, options->source, image);
        if (image->overflow || b->names.overflow) err = HAUL_E_NOMEM;
    }
    routing_free(&r);
    if (err == HAUL_OK) return HAUL_OK;
    haul_buf_free(image);
    if (err == HAUL_E_NOMEM) return haul_fail(e, err, "no memory to build a network of %u ways", b->way_count);
    return err;
}

static bool write_all(int fd, const uint8_t *p, size_t n)
{
    while (n > 0) {
        const ssize_t put = write(fd, p, n);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return false;
        p += put, n -= (size_t)put;
    }
    return true;
}

enum haul_err haul_file_replace(const char *path, const void *bytes, size_t n, struct haul_error *e)
{
    char beside[4096];
    if (snprintf(beside, sizeof beside, "%s.%ld.part", path, (long)getpid()) >= (int)sizeof beside)
        return haul_fail(e, HAUL_E_LIMIT, "the path is too long");
    const int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) return haul_fail(e, HAUL_E_IO, "%s: %s", beside, strerror(errno));
    const bool wrote = write_all(fd, bytes, n) && fsync(fd) == 0;
    const int why = errno;
    close(fd);
    if (wrote && rename(beside, path) == 0) return HAUL_OK;
    const int reason = wrote ? errno : why;
    unlink(beside);
    return haul_fail(e, HAUL_E_IO, "%s: %s", path, strerror(reason));
}
