/* SPDX-License-Identifier: Apache-2.0
 * A grid of square cells (in degrees of latitude; a cell is narrower in longitude terms of metres, which only costs a
 * few more). Each cell lists the pieces of shape ("segments") that touch it, with their ends copied beside each other
 * so that eight are measured at once.
 *
 * Distances are taken in a plane round the position asked for: differences of coordinates are exact integers, then
 * floats in metres. Up to 2 km the plane is within a millimetre of the sphere.
 */
#include "haul/map.h"

#include "haul/crs.h"
#include "haul/math.h"
#include "processors/geo/clones.h"
#include "processors/geo/pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LANES      8u
#define RADIUS_MAX 2000.0
#define CELLS_MAX  (1u << 24)

typedef int32_t ints __attribute__((vector_size(4 * LANES)));
typedef float floats __attribute__((vector_size(4 * LANES)));
typedef int32_t ints_anywhere __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

struct segment {
    uint32_t edge, along_cm, length_cm;
};

struct haul_map {
    const struct haul_roads *roads;
    const struct haul_roads_view *view;
    struct segment *segment;
    uint32_t segments;
    uint32_t *edge_segment; /* edges + 1: its first segment */
    int32_t west_e7, south_e7, cell_e7;
    uint32_t columns, rows;
    uint32_t *cell_first; /* cells + 1 */
    uint32_t *item;       /* segment of an item; LANES more than there are, so that whole lanes may be read */
    int32_t *lon0, *lat0, *lon1, *lat1;
    uint32_t *out_first, *out; /* arcs by junction */
    struct pool pool;
};

/* ---- building
 * ----------------------------------------------------------------------------------------------------------------------
 */

static void shape_point(const struct haul_roads_view *v, uint32_t edge, uint32_t i, uint32_t n, int32_t at[2])
{
    if (i == 0 || i == n - 1) {
        const uint32_t j = i == 0 ? v->edge_from[edge] : v->edge_to[edge];
        at[0] = v->lon_e7[j], at[1] = v->lat_e7[j];
        return;
    }
    memcpy(at, v->shape + 2 * ((size_t)v->shape_first[edge] + i - 1), 2 * sizeof *at);
}

/* Lengths along an edge add up to the edge's own length. */
static void measure_edges(struct haul_map *m)
{
    const struct haul_roads_view *v = m->view;
    uint32_t s = 0;
    for (uint32_t e = 0; e < v->edges; e++) {
        const uint32_t n = haul_arc_points(v, 2 * e), total = v->edge_length_cm[e];
        m->edge_segment[e] = s;
        double sum_m = 0;
        uint32_t before = 0;
        for (uint32_t i = 1; i < n; i++) {
            int32_t a[2], b[2];
            shape_point(v, e, i - 1, n, a);
            shape_point(v, e, i, n, b);
            sum_m += haul_haversine_m(a[0] * 1e-7, a[1] * 1e-7, b[0] * 1e-7, b[1] * 1e-7);
            uint32_t end = i == n - 1 ? total : (uint32_t)haul_round_i64(sum_m * 100);
            if (end > total) end = total;
            if (end < before) end = before;
            m->segment[s++] = (struct segment){e, before, end - before};
            before = end;
        }
    }
    m->edge_segment[v->edges] = s;
}

static void segment_ends(const struct haul_map *m, uint32_t s, int32_t a[2], int32_t b[2])
{
    const uint32_t e = m->segment[s].edge, n = haul_arc_points(m->view, 2 * e), i = s - m->edge_segment[e];
    shape_point(m->view, e, i, n, a);
    shape_point(m->view, e, i + 1, n, b);
}

/* A cell of about 200 m, larger where the network is so wide that there would be too many. */
static void lay_grid(struct haul_map *m)
{
    const struct haul_roads_view *v = m->view;
    int64_t low[2] = {INT32_MAX, INT32_MAX}, high[2] = {INT32_MIN, INT32_MIN};
    for (uint32_t s = 0; s < m->segments; s++) {
        int32_t end[2][2];
        segment_ends(m, s, end[0], end[1]);
        for (int k = 0; k < 4; k++) {
            const int64_t c = end[k / 2][k % 2];
            if (c < low[k % 2]) low[k % 2] = c;
            if (c > high[k % 2]) high[k % 2] = c;
        }
    }
    if (v->edges == 0) low[0] = low[1] = high[0] = high[1] = 0;
    int64_t cell = 20000;
    while (((high[0] - low[0]) / cell + 1) * ((high[1] - low[1]) / cell + 1) > CELLS_MAX) cell *= 2;
    m->west_e7 = (int32_t)low[0], m->south_e7 = (int32_t)low[1], m->cell_e7 = (int32_t)cell;
    m->columns = (uint32_t)((high[0] - low[0]) / cell + 1), m->rows = (uint32_t)((high[1] - low[1]) / cell + 1);
}

static int64_t cell_of(int64_t c, int64_t origin, int64_t cell)
{
    return c < origin ? -1 : (c - origin) / cell;
}

/* The part of a segment between two heights, as a range of longitudes. */
static void clip_row(const int32_t a[2], const int32_t b[2], int64_t south, int64_t north, int64_t range[2])
{
    const int32_t *low = a[1] <= b[1] ? a : b, *high = a[1] <= b[1] ? b : a;
    const double rise = (double)high[1] - low[1], run = (double)high[0] - low[0];
    double x[2] = {low[0], high[0]};
    if (rise > 0 && low[1] < south) x[0] = low[0] + run * ((double)(south - low[1]) / rise);
    if (rise > 0 && high[1] > north) x[1] = low[0] + run * ((double)(north - low[1]) / rise);
    range[0] = (int64_t)haul_floor(x[0] < x[1] ? x[0] : x[1]) - 1;
    range[1] = (int64_t)haul_floor(x[0] < x[1] ? x[1] : x[0]) + 2;
}

/* Enters a segment in each cell that it touches; with `fill` unset it only counts. */
static void enter(struct haul_map *m, uint32_t s, bool fill)
{
    int32_t a[2], b[2];
    segment_ends(m, s, a, b);
    const int32_t low = a[1] < b[1] ? a[1] : b[1], high = a[1] < b[1] ? b[1] : a[1];
    const int64_t first = cell_of(low, m->south_e7, m->cell_e7), last = cell_of(high, m->south_e7, m->cell_e7);
    for (int64_t row = first; row <= last; row++) {
        const int64_t south = m->south_e7 + row * m->cell_e7;
        int64_t range[2];
        clip_row(a, b, south, south + m->cell_e7, range);
        int64_t column = cell_of(range[0], m->west_e7, m->cell_e7), end = cell_of(range[1], m->west_e7, m->cell_e7);
        if (column < 0) column = 0;
        if (end >= m->columns) end = m->columns - 1;
        for (; column <= end; column++) {
            const uint32_t at = m->cell_first[row * m->columns + column]++;
            if (!fill) continue;
            m->item[at] = s;
            m->lon0[at] = a[0], m->lat0[at] = a[1], m->lon1[at] = b[0], m->lat1[at] = b[1];
        }
    }
}

static bool fill_cells(struct haul_map *m)
{
    const size_t cells = (size_t)m->columns * m->rows;
    m->cell_first = POOL_ZEROED(&m->pool, uint32_t, cells + 1);
    if (m->pool.failed) return false;
    for (uint32_t s = 0; s < m->segments; s++) enter(m, s, false);
    uint64_t sum = 0;
    for (size_t c = 0; c <= cells; c++) {
        const uint32_t count = m->cell_first[c];
        m->cell_first[c] = (uint32_t)sum;
        sum += count;
    }
    if (sum > UINT32_MAX - LANES) return false;
    const size_t n = sum + LANES;
    m->item = POOL_ZEROED(&m->pool, uint32_t, n);
    m->lon0 = POOL_ZEROED(&m->pool, int32_t, n), m->lat0 = POOL_ZEROED(&m->pool, int32_t, n);
    m->lon1 = POOL_ZEROED(&m->pool, int32_t, n), m->lat1 = POOL_ZEROED(&m->pool, int32_t, n);
    if (m->pool.failed) return false;
    for (uint32_t s = 0; s < m->segments; s++) enter(m, s, true);
    memmove(m->cell_first + 1, m->cell_first, cells * sizeof *m->cell_first);
    m->cell_first[0] = 0;
    return true;
}

static bool usable(const struct haul_roads_view *v, uint32_t arc)
{
    return haul_arc_kind(v, arc)->access[arc & 1] != 0;
}

static bool list_out(struct haul_map *m)
{
    const struct haul_roads_view *v = m->view;
    m->out_first = POOL_ZEROED(&m->pool, uint32_t, (size_t)v->junctions + 2);
    m->out = POOL_ARRAY(&m->pool, uint32_t, 2 * (size_t)v->edges);
    if (m->pool.failed) return false;
    uint32_t *first = m->out_first + 1, sum = 0;
    for (uint32_t a = 0; a < 2 * v->edges; a++) first[haul_arc_from(v, a)] += usable(v, a);
    for (uint32_t j = 0; j < v->junctions; j++) {
        const uint32_t count = first[j];
        first[j] = sum;
        sum += count;
    }
    for (uint32_t a = 0; a < 2 * v->edges; a++)
        if (usable(v, a)) m->out[first[haul_arc_from(v, a)]++] = a;
    return true;
}

enum haul_err haul_map_new(const struct haul_roads *r, struct haul_map **out, struct haul_error *e)
{
    *out = NULL;
    struct haul_map *m = calloc(1, sizeof *m);
    if (m == NULL) return haul_fail(e, HAUL_E_NOMEM, "no memory for a map");
    const struct haul_roads_view *v = haul_roads_view(r);
    m->roads = r, m->view = v;
    m->segments = v->edges + v->shape_first[v->edges];
    m->segment = POOL_ARRAY(&m->pool, struct segment, m->segments);
    m->edge_segment = POOL_ARRAY(&m->pool, uint32_t, v->edges + (size_t)1);
    bool good = !m->pool.failed;
    if (good) {
        measure_edges(m);
        lay_grid(m);
        good = fill_cells(m) && list_out(m);
    }
    if (!good) {
        haul_map_free(m);
        return haul_fail(e, HAUL_E_NOMEM, "no memory for a map of %u edges", v->edges);
    }
    *out = m;
    return HAUL_OK;
}

void haul_map_free(struct haul_map *m)
{
    if (m == NULL) return;
    pool_free(&m->pool);
    free(m);
}

const struct haul_roads *haul_map_roads(const struct haul_map *m)
{
    return m->roads;
}
const uint32_t *haul_map_out(const struct haul_map *m, uint32_t junction, uint32_t *n)
{
    *n = m->out_first[junction + 1] - m->out_first[junction];
    return m->out + m->out_first[junction];
}

/* ---- asking
 * -----------------------------------------------------------------------------------------------------------------------------
 */

struct hit {
    uint32_t segment;
    float t, square_m2;
};

#define HITS_MAX 256u

struct search {
    const struct haul_map *m;
    int32_t lon_e7, lat_e7;
    float m_per_lon, m_per_lat; /* metres a unit */
    float radius2;
    uint8_t use;
    struct hit hit[HITS_MAX]; /* the best of each edge */
    uint32_t hits;
};

static bool may_use(const struct search *s, uint32_t edge)
{
    if (s->use == 0) return true;
    const struct haul_road_kind *k = haul_arc_kind(s->m->view, 2 * edge);
    return ((k->access[0] | k->access[1]) & s->use) != 0;
}

static void take_hit(struct search *s, uint32_t segment, float t, float square)
{
    const struct segment *all = s->m->segment;
    const uint32_t edge = all[segment].edge;
    uint32_t i = 0;
    while (i < s->hits && all[s->hit[i].segment].edge != edge) i++;
    if (i == s->hits) {
        if (s->hits == HITS_MAX || !may_use(s, edge)) return;
        s->hit[s->hits++] = (struct hit){segment, t, square};
        return;
    }
    const bool better = square < s->hit[i].square_m2 || (square == s->hit[i].square_m2 && segment < s->hit[i].segment);
    if (better) s->hit[i] = (struct hit){segment, t, square};
}

/* As macros: a vector that is wider than the machine's may not pass a function's border. */
#define LOAD(p)            (*(const ints_anywhere *)(const void *)(p))
#define CHOOSE(mask, a, b) ((floats)(((ints)(a) & (mask)) | ((ints)(b) & ~(mask))))

/* Eight segments at a time: the foot of the perpendicular, held to the segment, and the square of the distance to it.
 */
CLONES static void search_cell(struct search *s, uint32_t first, uint32_t end)
{
    const struct haul_map *m = s->m;
    const floats zero = {0}, one = zero + 1;
    for (uint32_t i = first; i < end; i += LANES) {
        const floats x0 = __builtin_convertvector(LOAD(m->lon0 + i) - s->lon_e7, floats) * s->m_per_lon;
        const floats y0 = __builtin_convertvector(LOAD(m->lat0 + i) - s->lat_e7, floats) * s->m_per_lat;
        const floats dx = __builtin_convertvector(LOAD(m->lon1 + i) - s->lon_e7, floats) * s->m_per_lon - x0;
        const floats dy = __builtin_convertvector(LOAD(m->lat1 + i) - s->lat_e7, floats) * s->m_per_lat - y0;
        const floats length2 = dx * dx + dy * dy, dot = -(x0 * dx + y0 * dy);
        floats t = dot / CHOOSE(length2 > zero, length2, one);
        t = CHOOSE(t > zero, t, zero);
        t = CHOOSE(t < one, t, one);
        const floats fx = x0 + t * dx, fy = y0 + t * dy, square = fx * fx + fy * fy;
        for (uint32_t k = 0; k < LANES && i + k < end; k++)
            if (square[k] <= s->radius2) take_hit(s, m->item[i + k], t[k], square[k]);
    }
}

static struct haul_near near_of(const struct search *s, const struct hit *h)
{
    const struct haul_map *m = s->m;
    const struct segment *g = &m->segment[h->segment];
    int32_t a[2], b[2];
    segment_ends(m, h->segment, a, b);
    struct haul_near n = {.edge = g->edge, .distance_m = __builtin_sqrtf(h->square_m2)};
    n.along_cm = g->along_cm + (uint32_t)haul_round_i64((double)h->t * g->length_cm);
    n.lon_deg = (a[0] + (double)h->t * ((double)b[0] - a[0])) * 1e-7;
    n.lat_deg = (a[1] + (double)h->t * ((double)b[1] - a[1])) * 1e-7;
    const double dx = ((double)b[0] - a[0]) * (double)s->m_per_lon, dy = ((double)b[1] - a[1]) * (double)s->m_per_lat;
    const double bearing = haul_atan2(dx, dy) / HAUL_RAD_PER_DEG;
    n.bearing_deg = (float)(bearing < 0 ? bearing + 360 : bearing);
    return n;
}

static bool nearer(const struct search *s, const struct hit *a, const struct hit *b)
{
    if (a->square_m2 != b->square_m2) return a->square_m2 < b->square_m2;
    return s->m->segment[a->segment].edge < s->m->segment[b->segment].edge;
}

/* The n best to the front, in order. */
static void sort_best(struct search *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t best = i;
        for (size_t k = i + 1; k < s->hits; k++)
            if (nearer(s, &s->hit[k], &s->hit[best])) best = k;
        const struct hit h = s->hit[i];
        s->hit[i] = s->hit[best];
        s->hit[best] = h;
    }
}

size_t haul_map_near(const struct haul_map *m, double lon_deg, double lat_deg, double radius_m, uint8_t use,
                     struct haul_near *out, size_t cap)
{
    if (!haul_lonlat_valid(lon_deg, lat_deg) || !(radius_m > 0)) return 0;
    if (radius_m > RADIUS_MAX) radius_m = RADIUS_MAX;
    const struct haul_frame f = haul_frame_at(lon_deg, lat_deg);
    struct search s = {.m = m, .use = use};
    s.lon_e7 = (int32_t)haul_round_i64(lon_deg * 1e7), s.lat_e7 = (int32_t)haul_round_i64(lat_deg * 1e7);
    s.m_per_lon = (float)(f.m_per_deg_lon * 1e-7), s.m_per_lat = (float)(f.m_per_deg_lat * 1e-7);
    s.radius2 = (float)(radius_m * radius_m);
    const int64_t dx = (int64_t)(radius_m / (double)s.m_per_lon) + 2,
                  dy = (int64_t)(radius_m / (double)s.m_per_lat) + 2;
    int64_t row = cell_of(s.lat_e7 - dy, m->south_e7, m->cell_e7),
            last_row = cell_of(s.lat_e7 + dy, m->south_e7, m->cell_e7);
    int64_t column = cell_of(s.lon_e7 - dx, m->west_e7, m->cell_e7),
            last = cell_of(s.lon_e7 + dx, m->west_e7, m->cell_e7);
    if (row < 0) row = 0;
    if (column < 0) column = 0;
    if (last_row >= m->rows) last_row = m->rows - 1;
    if (last >= m->columns) last = m->columns - 1;
    for (; row <= last_row && column <= last; row++) /* cells of a row stand beside each other: one range */
        search_cell(&s, m->cell_first[row * m->columns + column], m->cell_first[row * m->columns + last + 1]);
    const size_t n = s.hits < cap ? s.hits : cap;
    sort_best(&s, n);
    for (size_t i = 0; i < n; i++) out[i] = near_of(&s, &s.hit[i]);
    return n;
}

void haul_map_place(const struct haul_map *m, uint32_t arc, uint32_t along_cm, double *lon_deg, double *lat_deg,
                    float *bearing_deg)
{
    const uint32_t edge = arc / 2, total = m->view->edge_length_cm[edge];
    if (along_cm > total) along_cm = total;
    const uint32_t at = arc & 1 ? total - along_cm : along_cm;
    uint32_t low = m->edge_segment[edge], high = m->edge_segment[edge + 1];
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        if (m->segment[middle].along_cm <= at)
            low = middle;
        else
            high = middle;
    }
    const struct segment *g = &m->segment[low];
    int32_t a[2], b[2];
    segment_ends(m, low, a, b);
    double t = g->length_cm > 0 ? (double)(at - g->along_cm) / g->length_cm : 0;
    if (t > 1) t = 1;
    *lon_deg = (a[0] + t * ((double)b[0] - a[0])) * 1e-7;
    *lat_deg = (a[1] + t * ((double)b[1] - a[1])) * 1e-7;
    if (bearing_deg == NULL) return;
    const double along = haul_bearing_deg(a[0] * 1e-7, a[1] * 1e-7, b[0] * 1e-7, b[1] * 1e-7);
    *bearing_deg = (float)(arc & 1 ? (along >= 180 ? along - 180 : along + 180) : along);
}
