/* SPDX-License-Identifier: Apache-2.0
 * OpenStreetMap by libreadosm, which reads the file from its beginning to its end and calls back. First pass: ways that
 * may be driven and turn restrictions, and so the nodes that matter. Second pass: those nodes.
 */
#include "haul/import.h"

#include "haul/math.h"
#include "processors/geo/osm_tags.h"
#include "processors/geo/pool.h"

#include <readosm.h>
#include <stdlib.h>
#include <string.h>

struct osm_way {
    int64_t id;
    size_t first; /* into refs */
    uint32_t n, name, duration_s;
    struct haul_road_kind kind;
};

struct osm_import {
    struct haul_builder *b;
    const struct haul_import_options *options;
    struct haul_import_report *report;
    struct osm_way *ways;
    size_t way_count, ways_cap;
    int64_t *refs;
    size_t ref_count, refs_cap;
    struct haul_buf names;
    struct haul_restriction *restrictions; /* via_point: index into via_nodes until the points are known */
    size_t restriction_count, restrictions_cap;
    int64_t *via_nodes;
    size_t via_count, via_cap;
    int64_t *ids; /* sorted, each once */
    uint32_t *points;
    int32_t *at; /* lon, lat of each */
    size_t id_count;
    bool no_memory;
};

#define NAME_MAX_BYTES 200u

static struct osm_tags tags_of(const readosm_tag *tags, int n)
{
    _Static_assert(sizeof(struct osm_tag) == sizeof(readosm_tag), "read in place");
    return (struct osm_tags){(const struct osm_tag *)(const void *)tags, tags == NULL || n < 0 ? 0 : (size_t)n};
}

static void progress(const struct osm_import *o, const char *stage, uint64_t done)
{
    if (o->options->progress != NULL && done % 100000 == 0) o->options->progress(o->options->user, stage, done, 0);
}

/* ---- first pass
 * ------------------------------------------------------------------------------------------------------------------ */

/* "ref name", each where there is one. Returns where it stands in `names`. */
static uint32_t keep_name(struct osm_import *o, struct osm_tags t)
{
    const char *ref = osm_get(t, "ref"), *name = osm_get(t, "name");
    const uint32_t at = (uint32_t)o->names.n;
    if (ref != NULL) haul_buf_put(&o->names, ref, strnlen(ref, NAME_MAX_BYTES));
    if (ref != NULL && name != NULL) haul_buf_byte(&o->names, ' ');
    if (name != NULL) haul_buf_put(&o->names, name, strnlen(name, NAME_MAX_BYTES));
    haul_buf_byte(&o->names, 0);
    return at;
}

static int take_way(const void *user, const readosm_way *w)
{
    struct osm_import *o;
    memcpy(&o, user, sizeof o);
    progress(o, "ways", ++o->report->ways);
    struct osm_road road;
    const struct osm_tags t = tags_of(w->tags, w->tag_count);
    if (w->node_refs == NULL || w->node_ref_count < 2 || !osm_road_of(t, o->options->country, &road)) return READOSM_OK;
    void *ways = o->ways, *refs = o->refs;
    const size_t n = (size_t)w->node_ref_count;
    const bool good = grow_array(&ways, &o->ways_cap, o->way_count + 1, sizeof *o->ways);
    o->ways = ways;
    const bool both = grow_array(&refs, &o->refs_cap, o->ref_count + n, sizeof *o->refs);
    o->refs = refs;
    if (!good || !both) {
        o->no_memory = true;
        return READOSM_ABORT;
    }
    o->report->highways++;
    o->report->limits += road.limited;
    o->report->conditional_tags += road.conditional;
    o->ways[o->way_count++] =
        (struct osm_way){w->id, o->ref_count, (uint32_t)n, keep_name(o, t), road.duration_s, road.kind};
    for (size_t i = 0; i < n; i++) o->refs[o->ref_count++] = w->node_refs[i];
    return READOSM_OK;
}

static bool add_restriction(struct osm_import *o, const struct haul_restriction *r)
{
    void *p = o->restrictions;
    const bool good = grow_array(&p, &o->restrictions_cap, o->restriction_count + 1, sizeof *o->restrictions);
    o->restrictions = p;
    if (good) o->restrictions[o->restriction_count++] = *r;
    return good;
}

/* Fills the via members; false when they make no sense. */
static bool take_vias(struct osm_import *o, const readosm_relation *rel, struct haul_restriction *r)
{
    r->via_point = HAUL_NONE;
    for (int i = 0; i < rel->member_count; i++) {
        const readosm_member *m = &rel->members[i];
        if (m->role == NULL || strcmp(m->role, "via") != 0) continue;
        if (m->member_type == READOSM_MEMBER_NODE && r->via_point == HAUL_NONE) {
            void *p = o->via_nodes;
            const bool good = grow_array(&p, &o->via_cap, o->via_count + 1, sizeof *o->via_nodes);
            o->via_nodes = p;
            if (!good) return false;
            r->via_point = (uint32_t)o->via_count;
            o->via_nodes[o->via_count++] = m->id;
        } else if (m->member_type == READOSM_MEMBER_WAY && r->via_ways < HAUL_VIA_MAX) {
            r->via_way[r->via_ways++] = m->id;
        } else {
            return false;
        }
    }
    return (r->via_point == HAUL_NONE) == (r->via_ways > 0);
}

static bool is_way(const readosm_member *m, const char *role)
{
    return m->member_type == READOSM_MEMBER_WAY && m->role != NULL && strcmp(m->role, role) == 0;
}

/* no_entry has several `from`, no_exit several `to`: every pair. */
static uint32_t take_pairs(struct osm_import *o, const readosm_relation *rel, struct haul_restriction *r)
{
    uint32_t pairs = 0;
    for (int i = 0; i < rel->member_count; i++)
        for (int k = 0; is_way(&rel->members[i], "from") && k < rel->member_count && pairs < 64; k++) {
            if (!is_way(&rel->members[k], "to")) continue;
            r->from = rel->members[i].id, r->to = rel->members[k].id;
            if (!add_restriction(o, r)) return 0;
            pairs++;
        }
    return pairs;
}

static int take_relation(const void *user, const readosm_relation *rel)
{
    struct osm_import *o;
    memcpy(&o, user, sizeof o);
    progress(o, "relations", ++o->report->relations);
    struct haul_restriction r = {0};
    const enum osm_turn turn = osm_turn_of(tags_of(rel->tags, rel->tag_count), &r.mask);
    if (turn == OSM_TURN_CONDITIONAL) o->report->conditional++;
    if (turn != OSM_TURN_NO && turn != OSM_TURN_ONLY) return READOSM_OK;
    r.only = turn == OSM_TURN_ONLY;
    if (rel->members != NULL && take_vias(o, rel, &r) && take_pairs(o, rel, &r) > 0)
        o->report->restrictions++;
    else
        o->report->broken++;
    return READOSM_OK;
}

/* ---- second pass
 * ------------------------------------------------------------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool list_ids(struct osm_import *o)
{
    o->ids = malloc((o->ref_count + 1) * sizeof *o->ids);
    o->points = malloc((o->ref_count + 1) * sizeof *o->points);
    o->at = malloc((2 * o->ref_count + 1) * sizeof *o->at);
    if (o->ids == NULL || o->points == NULL || o->at == NULL) return false;
    if (o->ref_count > 0) memcpy(o->ids, o->refs, o->ref_count * sizeof *o->ids);
    qsort(o->ids, o->ref_count, sizeof *o->ids, by_value);
    for (size_t i = 0; i < o->ref_count; i++)
        if (o->id_count == 0 || o->ids[o->id_count - 1] != o->ids[i]) o->ids[o->id_count++] = o->ids[i];
    for (size_t i = 0; i < o->id_count; i++) o->points[i] = HAUL_NONE;
    return true;
}

static size_t find_id(const struct osm_import *o, int64_t id)
{
    const int64_t *at = bsearch(&id, o->ids, o->id_count, sizeof id, by_value);
    return at == NULL ? SIZE_MAX : (size_t)(at - o->ids);
}

static int take_node(const void *user, const readosm_node *n)
{
    struct osm_import *o;
    memcpy(&o, user, sizeof o);
    progress(o, "nodes", ++o->report->nodes);
    const size_t i = find_id(o, n->id);
    if (i == SIZE_MAX || o->points[i] != HAUL_NONE) return READOSM_OK;
    const bool on_earth = n->longitude >= -180 && n->longitude <= 180 && n->latitude >= -90 && n->latitude <= 90;
    if (!on_earth) { /* NaN too */
        o->report->broken++;
        return READOSM_OK;
    }
    o->at[2 * i] = (int32_t)haul_round_i64(n->longitude * 1e7);
    o->at[2 * i + 1] = (int32_t)haul_round_i64(n->latitude * 1e7);
    o->points[i] = haul_builder_point(o->b, o->at[2 * i], o->at[2 * i + 1]);
    struct osm_point point;
    if (!osm_point_of(tags_of(n->tags, n->tag_count), &point)) return READOSM_OK;
    haul_builder_delay(o->b, o->points[i], point.delay_ds);
    if (point.blocked) haul_builder_block(o->b, o->points[i]);
    if (point.gated) haul_builder_gate(o->b, o->points[i], &point.limits);
    o->report->gates += point.gated;
    return READOSM_OK;
}

/* ---- from both to the builder
 * ------------------------------------------------------------------------------------------------------- */

static double length_m(const struct osm_import *o, const struct osm_way *w)
{
    double m = 0;
    const int32_t *last = NULL;
    for (uint32_t k = 0; k < w->n; k++) {
        const size_t i = find_id(o, o->refs[w->first + k]);
        if (o->points[i] == HAUL_NONE) continue;
        const int32_t *at = o->at + 2 * i;
        if (last != NULL) m += haul_haversine_m(last[0] * 1e-7, last[1] * 1e-7, at[0] * 1e-7, at[1] * 1e-7);
        last = at;
    }
    return m;
}

/* A ferry with a timetable is as fast as that. */
static struct haul_road_kind kind_of(const struct osm_import *o, const struct osm_way *w)
{
    struct haul_road_kind k = w->kind;
    if (w->duration_s == 0) return k;
    const double cmps = length_m(o, w) * 100 / w->duration_s;
    k.speed_cmps[0] = k.speed_cmps[1] = (uint16_t)(cmps < 20 ? 20 : cmps > 3000 ? 3000 : cmps + 0.5);
    return k;
}

/* One run of nodes that are all there. */
static void give_run(struct osm_import *o, const struct osm_way *w, const struct haul_road_kind *kind,
                     const uint32_t *points, size_t n)
{
    const char *name = (const char *)o->names.p + w->name;
    if (n >= 2) haul_builder_way(o->b, w->id, haul_str_of(name), kind, points, n);
}

static bool give_ways(struct osm_import *o)
{
    size_t longest = 0;
    for (size_t i = 0; i < o->way_count; i++) longest = o->ways[i].n > longest ? o->ways[i].n : longest;
    uint32_t *points = malloc((longest + 1) * sizeof *points);
    if (points == NULL) return false;
    for (size_t i = 0; i < o->way_count; i++) {
        const struct osm_way *w = &o->ways[i];
        const struct haul_road_kind kind = kind_of(o, w);
        size_t n = 0;
        for (uint32_t k = 0; k < w->n; k++) {
            const uint32_t point = o->points[find_id(o, o->refs[w->first + k])];
            if (point != HAUL_NONE) {
                points[n++] = point;
                continue;
            }
            o->report->missing_nodes++;
            give_run(o, w, &kind, points, n);
            n = 0;
        }
        give_run(o, w, &kind, points, n);
    }
    free(points);
    return true;
}

static void give_restrictions(struct osm_import *o)
{
    for (size_t i = 0; i < o->restriction_count; i++) {
        struct haul_restriction *r = &o->restrictions[i];
        if (r->via_point != HAUL_NONE) {
            const size_t id = find_id(o, o->via_nodes[r->via_point]);
            r->via_point = id == SIZE_MAX ? HAUL_NONE : o->points[id];
            if (r->via_point == HAUL_NONE) continue; /* no road leads over it */
        }
        haul_builder_restrict(o->b, r);
    }
}

static enum haul_err parse(const char *path, struct osm_import *o, readosm_node_callback node, readosm_way_callback way,
                           readosm_relation_callback relation, struct haul_error *e)
{
    const void *handle = NULL;
    int code = readosm_open(path, &handle);
    if (code == READOSM_OK) code = readosm_parse(handle, &o, node, way, relation);
    if (handle != NULL) readosm_close(handle);
    if (o->no_memory || code == READOSM_INSUFFICIENT_MEMORY)
        return haul_fail(e, HAUL_E_NOMEM, "no memory to read %s", path);
    if (code == READOSM_FILE_NOT_FOUND) return haul_fail(e, HAUL_E_NOT_FOUND, "%s cannot be read", path);
    if (code == READOSM_INVALID_SUFFIX) return haul_fail(e, HAUL_E_INVALID, "%s is neither .osm nor .osm.pbf", path);
    if (code != READOSM_OK)
        return haul_fail(e, HAUL_E_CORRUPT, "%s is damaged or cut short (libreadosm says %d)", path, code);
    return HAUL_OK;
}

enum haul_err haul_import_osm(const char *path, const struct haul_import_options *options, struct haul_builder *b,
                              struct haul_import_report *report, struct haul_error *e)
{
    *report = (struct haul_import_report){0};
    struct osm_import o = {.b = b, .options = options, .report = report};
    haul_buf_init(&o.names, 1 << 12, INT32_MAX / 2);
    enum haul_err err = parse(path, &o, NULL, take_way, take_relation, e);
    if (err == HAUL_OK && !list_ids(&o)) err = haul_fail(e, HAUL_E_NOMEM, "no memory for %zu nodes", o.ref_count);
    if (err == HAUL_OK) err = parse(path, &o, take_node, NULL, NULL, e);
    if (err == HAUL_OK && report->nodes == 0 && report->highways > 0) /* libreadosm passes over plain ones */
        err = haul_fail(e, HAUL_E_UNSUPPORTED, "%s has ways but no nodes that can be read: a .pbf must have DenseNodes",
                        path);
    if (err == HAUL_OK && !give_ways(&o)) err = haul_fail(e, HAUL_E_NOMEM, "no memory for the ways");
    if (err == HAUL_OK) give_restrictions(&o);
    free(o.ways), free(o.refs), free(o.restrictions), free(o.via_nodes), free(o.ids), free(o.points), free(o.at);
    haul_buf_free(&o.names);
    return err;
}
