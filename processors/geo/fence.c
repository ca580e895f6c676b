/* SPDX-License-Identifier: Apache-2.0
 * The hot test. A point finds the fences whose boxes hold it in the packed tree, then the slab of each that its
 * latitude lies in, and counts the edges to its east: four edges are looked at at once, and only those that span its
 * latitude are multiplied out.
 */
#include "processors/geo/fence_internal.h"

#include "haul/math.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define DAY_MIN    1440
#define MIN_MS     60000
#define STACK      (FENCE_FAN * FENCE_LEVELS)
#define QUARTER_E7 900000000

/* ---- the set ----------------------------------------------------------------------------------------------------- */
const struct haul_fences *haul_fences_of(const void *bytes)
{
    return bytes;
}

size_t haul_fences_count(const struct haul_fences *f)
{
    return f->count;
}

const struct haul_fence *haul_fences_at(const struct haul_fences *f, size_t i)
{
    assert(i < f->count);
    return (const struct haul_fence *)fence_section(f, f->fences_at) + i;
}

bool haul_fences_find(const struct haul_fences *f, struct haul_str id, uint32_t *out)
{
    uint32_t low = 0, high = f->count;
    while (low < high) {
        const uint32_t mid = low + (high - low) / 2;
        const int order = haul_str_cmp(haul_fence_id(haul_fences_at(f, mid)), id);
        if (order == 0) {
            *out = mid;
            return true;
        }
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return false;
}

struct haul_str haul_fence_name(const struct haul_fences *f, const struct haul_fence *x)
{
    return (struct haul_str){(const char *)fence_section(f, f->text_at) + x->text_at, x->name_len};
}

struct haul_str haul_fence_group(const struct haul_fences *f, const struct haul_fence *x, unsigned i)
{
    assert(i < x->groups);
    const uint8_t *p = (const uint8_t *)fence_section(f, f->text_at) + x->text_at + x->name_len;
    while (i-- > 0) p += 1 + *p;
    return (struct haul_str){(const char *)p + 1, *p};
}

/* ---- whom and when ------------------------------------------------------------------------------------------------
 */
static bool of_group(const struct haul_fences *f, const struct haul_fence *x, struct haul_str group)
{
    for (unsigned i = 0; i < x->groups; i++)
        if (haul_str_eq(haul_fence_group(f, x, i), group)) return true;
    return x->groups == 0;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

/* The first time after `tod` at which the local clock shows `minute`, both within a day, ms. */
static int64_t next_ms(int64_t tod, int64_t minute)
{
    const int64_t at = minute * MIN_MS;
    return at > tod ? at : at + (int64_t)DAY_MIN * MIN_MS;
}

static bool in_window(const struct haul_fence_window *w, int64_t day, int64_t tod)
{
    const int64_t weekday = ((day + 3) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
    const bool today = (w->days >> weekday & 1) != 0, yesterday = (w->days >> (weekday + 6) % 7 & 1) != 0;
    const int64_t from = (int64_t)w->from_min * MIN_MS, to = (int64_t)w->to_min * MIN_MS;
    if (from < to) return today && tod >= from && tod < to;
    return (today && tod >= from) || (yesterday && tod < to);
}

bool haul_fence_holds(const struct haul_fences *f, const struct haul_fence *x, struct haul_str group, int64_t ms,
                      int64_t *until)
{
    *until = INT64_MAX;
    if (!of_group(f, x, group)) return false;
    if (x->windows == 0) return true;
    const int64_t day_ms = (int64_t)DAY_MIN * MIN_MS, local = ms + (int64_t)x->zone_min * MIN_MS;
    const int64_t day = floor_div(local, day_ms), tod = local - day * day_ms;
    bool holds = false;
    int64_t after = INT64_MAX;
    for (unsigned i = 0; i < x->windows; i++) {
        const int64_t from = next_ms(tod, x->window[i].from_min), to = next_ms(tod, x->window[i].to_min);
        holds = holds || in_window(&x->window[i], day, tod);
        after = from < after ? from : after;
        after = to < after ? to : after;
    }
    *until = ms - tod + after;
    return holds;
}

/* ---- near ---------------------------------------------------------------------------------------------------------
 */
/* A bit a child whose box meets the box. */
static unsigned meets(const struct fence_node *n, const struct haul_fence_box *b)
{
    unsigned bits = 0;
#if defined(__SSE2__)
    const __m128i min_lon = _mm_set1_epi32(b->min_lon), max_lon = _mm_set1_epi32(b->max_lon);
    const __m128i min_lat = _mm_set1_epi32(b->min_lat), max_lat = _mm_set1_epi32(b->max_lat);
    for (int i = 0; i < FENCE_FAN; i += 4) {
        const __m128i west = _mm_load_si128((const __m128i *)(const void *)&n->min_lon[i]);
        const __m128i east = _mm_load_si128((const __m128i *)(const void *)&n->max_lon[i]);
        const __m128i south = _mm_load_si128((const __m128i *)(const void *)&n->min_lat[i]);
        const __m128i north = _mm_load_si128((const __m128i *)(const void *)&n->max_lat[i]);
        const __m128i beside = _mm_or_si128(_mm_cmpgt_epi32(west, max_lon), _mm_cmpgt_epi32(min_lon, east));
        const __m128i above = _mm_or_si128(_mm_cmpgt_epi32(south, max_lat), _mm_cmpgt_epi32(min_lat, north));
        bits |= (unsigned)(~_mm_movemask_ps(_mm_castsi128_ps(_mm_or_si128(beside, above))) & 15) << i;
    }
#else
    for (int i = 0; i < FENCE_FAN; i++)
        bits |= (unsigned)(n->min_lon[i] <= b->max_lon && n->max_lon[i] >= b->min_lon && n->min_lat[i] <= b->max_lat &&
                           n->max_lat[i] >= b->min_lat)
                << i;
#endif
    return bits;
}

static void put_sorted(uint32_t *out, size_t n, uint32_t v)
{
    while (n > 0 && out[n - 1] > v) {
        out[n] = out[n - 1];
        n--;
    }
    out[n] = v;
}

size_t haul_fences_near(const struct haul_fences *f, struct haul_fence_box box, uint32_t *out, size_t max)
{
    struct {
        uint32_t level, node;
    } stack[STACK] __attribute__((uninitialized)); /* zeroing it costs more than the search */
    size_t depth = 0, found = 0;
    uint32_t base[FENCE_LEVELS];
    const struct fence_node *nodes = fence_section(f, f->nodes_at);
    const uint32_t *order = fence_section(f, f->order_at);
    if (f->levels == 0) return 0;
    for (uint32_t i = 0, at = 0; i < f->levels; i++) {
        base[i] = at;
        at += f->level_nodes[i];
    }
    stack[depth].level = f->levels - 1, stack[depth++].node = 0;
    while (depth > 0) {
        const uint32_t level = stack[--depth].level, node = stack[depth].node;
        for (unsigned bits = meets(&nodes[base[level] + node], &box); bits != 0; bits &= bits - 1) {
            const uint32_t child = node * FENCE_FAN + (uint32_t)__builtin_ctz(bits);
            if (level > 0) {
                stack[depth].level = level - 1, stack[depth++].node = child;
            } else {
                if (found < max) put_sorted(out, found, order[child]);
                found++;
            }
        }
    }
    return found;
}

/* ---- points and distances ------------------------------------------------------------------------------------------
 */
struct haul_fence_point haul_fence_point_at(int32_t lon_e7, int32_t lat_e7)
{
    const double c = haul_cos(lat_e7 * 1e-7 * HAUL_RAD_PER_DEG);
    return (struct haul_fence_point){lon_e7, lat_e7, c, FENCE_M_PER_E7 * c};
}

static double square(double x)
{
    return x * x;
}

/* The haversine of the angle between the point and the circle's middle. */
static double chord_to(const struct haul_fence *x, const struct haul_fence_point *p)
{
    const double half = 0.5e-7 * HAUL_RAD_PER_DEG;
    const double dlat = haul_sin(((double)p->lat - x->lat) * half), dlon = haul_sin(((double)p->lon - x->lon) * half);
    return dlat * dlat + p->cos_lat * x->cos_lat * dlon * dlon;
}

static double chord_m(double chord)
{
    return 2 * HAUL_EARTH_M * haul_asin(haul_sqrt(chord < 1 ? chord : 1));
}

struct xy {
    double x, y;
};

static struct xy xy_of(const struct haul_fence_point *p, int32_t lon, int32_t lat)
{
    return (struct xy){((double)lon - p->lon) * p->m_per_lon, ((double)lat - p->lat) * FENCE_M_PER_E7};
}

/* Square of the distance from a point to the line from a to b. */
static double to_segment2(struct xy at, struct xy a, struct xy b)
{
    const double dx = b.x - a.x, dy = b.y - a.y, len2 = dx * dx + dy * dy;
    double t = len2 > 0 ? ((at.x - a.x) * dx + (at.y - a.y) * dy) / len2 : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return square(a.x + t * dx - at.x) + square(a.y + t * dy - at.y);
}

/* The blocks of edges of the slabs that a band of latitudes meets. */
struct blocks {
    const struct fence_edges *at, *end;
};

static struct blocks blocks_between(const struct haul_fences *f, const struct haul_fence *x, int64_t low, int64_t high)
{
    if (low < x->box.min_lat) low = x->box.min_lat;
    if (high > x->box.max_lat) high = x->box.max_lat;
    if (low > high) return (struct blocks){NULL, NULL};
    const struct fence_edges *edges = (const struct fence_edges *)fence_section(f, f->edges_at) + x->edge_at;
    if (x->slabs == 1) return (struct blocks){edges, edges + x->edge_len};
    const uint32_t *start = (const uint32_t *)fence_section(f, f->slabs_at) + x->slab_at;
    return (struct blocks){edges + start[fence_slab(x, (int32_t)low)], edges + start[fence_slab(x, (int32_t)high) + 1]};
}

/* Square of the distance from the point to the nearest edge within the band of m metres; infinity: none there. */
static double to_edges2(const struct haul_fences *f, const struct haul_fence *x, const struct haul_fence_point *p,
                        double m)
{
    const int64_t band = (int64_t)(m / FENCE_M_PER_E7) + 1;
    const struct blocks b = blocks_between(f, x, p->lat - band, p->lat + band);
    double best = __builtin_inf();
    for (const struct fence_edges *e = b.at; e < b.end; e++)
        for (int i = 0; i < 4 && e->lat0[i] <= e->lat1[i]; i++) {
            const double d =
                to_segment2((struct xy){0, 0}, xy_of(p, e->lon0[i], e->lat0[i]), xy_of(p, e->lon1[i], e->lat1[i]));
            if (d < best) best = d;
        }
    return best;
}

double haul_fence_distance_m(const struct haul_fences *f, const struct haul_fence *x, const struct haul_fence_point *p,
                             double within_m)
{
    const double half = x->half_mm * 1e-3;
    double m;
    switch ((enum haul_fence_shape)x->shape) {
    case HAUL_FENCE_CIRCLE:
        m = haul_abs(chord_m(chord_to(x, p)) - half);
        return m <= within_m ? m : __builtin_inf();
    case HAUL_FENCE_CORRIDOR:
        m = haul_abs(haul_sqrt(to_edges2(f, x, p, half + within_m)) - half);
        return m <= within_m ? m : __builtin_inf();
    case HAUL_FENCE_POLYGON:
        m = haul_sqrt(to_edges2(f, x, p, within_m));
        return m <= within_m ? m : __builtin_inf();
    }
    return __builtin_inf();
}

/* ---- where ---------------------------------------------------------------------------------------------------------
 */
static bool in_box(const struct haul_fence_box *b, const struct haul_fence_point *p)
{
    return p->lon >= b->min_lon && p->lon <= b->max_lon && p->lat >= b->min_lat && p->lat <= b->max_lat;
}

/* A bit an edge that spans the latitude, both ends counted. */
static unsigned spans(const struct fence_edges *e, int32_t lat)
{
#if defined(__SSE2__)
    const __m128i at = _mm_set1_epi32(lat);
    const __m128i low = _mm_cmpgt_epi32(_mm_load_si128((const __m128i *)(const void *)e->lat0), at);
    const __m128i high = _mm_cmpgt_epi32(at, _mm_load_si128((const __m128i *)(const void *)e->lat1));
    return (unsigned)~_mm_movemask_ps(_mm_castsi128_ps(_mm_or_si128(low, high))) & 15;
#else
    unsigned bits = 0;
    for (int i = 0; i < 4; i++) bits |= (unsigned)(e->lat0[i] <= lat && lat <= e->lat1[i]) << i;
    return bits;
#endif
}

/* Of an edge that spans the point's latitude:
 *   1  the point lies on it                                             the boundary
 *   2  it ends at the point's latitude: the edge above it counts        nothing
 *   3  the point lies to its west                                       the ray to the east meets it
 *   4  to its east                                                      nothing
 */
static enum haul_fence_where in_polygon(const struct haul_fences *f, const struct haul_fence *x,
                                        const struct haul_fence_point *p)
{
    unsigned odd = 0;
    const struct blocks b = blocks_between(f, x, p->lat, p->lat);
    for (const struct fence_edges *e = b.at; e < b.end; e++)
        for (unsigned bits = spans(e, p->lat); bits != 0; bits &= bits - 1) {
            const int i = __builtin_ctz(bits);
            const int64_t lon0 = e->lon0[i], lon1 = e->lon1[i], lat0 = e->lat0[i], lat1 = e->lat1[i];
            const int64_t side = (lon1 - lon0) * (p->lat - lat0) - (lat1 - lat0) * (p->lon - lon0);
            if (side == 0 &&
                (lat0 != lat1 || (p->lon >= (lon0 < lon1 ? lon0 : lon1) && p->lon <= (lon0 < lon1 ? lon1 : lon0))))
                return HAUL_FENCE_ON_BOUNDARY;
            odd ^= side > 0 && p->lat < lat1;
        }
    return odd ? HAUL_FENCE_INSIDE : HAUL_FENCE_OUTSIDE;
}

enum haul_fence_where haul_fence_where(const struct haul_fences *f, const struct haul_fence *x,
                                       const struct haul_fence_point *p)
{
    if (!in_box(&x->box, p)) return HAUL_FENCE_OUTSIDE;
    bool inside = false;
    switch ((enum haul_fence_shape)x->shape) {
    case HAUL_FENCE_POLYGON:
        return in_polygon(f, x, p);
    case HAUL_FENCE_CIRCLE:
        inside = chord_to(x, p) <= x->chord;
        break;
    case HAUL_FENCE_CORRIDOR:
        inside = to_edges2(f, x, p, x->half_mm * 1e-3) <= square(x->half_mm * 1e-3);
        break;
    }
    return inside ? HAUL_FENCE_INSIDE : HAUL_FENCE_OUTSIDE;
}

/* ---- crossed -------------------------------------------------------------------------------------------------------
 */
struct way {
    const struct haul_fence_point *from, *to;
    struct haul_fence_box box;
};

/* The sign of the side of c, seen from a to b. The ends of a way may lie far from the fence: 128 bits. */
static int side_of(int64_t a_lon, int64_t a_lat, int64_t b_lon, int64_t b_lat, int64_t c_lon, int64_t c_lat)
{
    const __int128 s = (__int128)(b_lon - a_lon) * (c_lat - a_lat) - (__int128)(b_lat - a_lat) * (c_lon - a_lon);
    return (s > 0) - (s < 0);
}

static bool meets_edge(const struct way *w, const struct fence_edges *e, int i)
{
    const int32_t west = e->lon0[i] < e->lon1[i] ? e->lon0[i] : e->lon1[i];
    const int32_t east = e->lon0[i] < e->lon1[i] ? e->lon1[i] : e->lon0[i];
    if (west > w->box.max_lon || east < w->box.min_lon || e->lat0[i] > w->box.max_lat || e->lat1[i] < w->box.min_lat)
        return false;
    const struct haul_fence_point *a = w->from, *b = w->to;
    const int c = side_of(a->lon, a->lat, b->lon, b->lat, e->lon0[i], e->lat0[i]);
    const int d = side_of(a->lon, a->lat, b->lon, b->lat, e->lon1[i], e->lat1[i]);
    const int g = side_of(e->lon0[i], e->lat0[i], e->lon1[i], e->lat1[i], a->lon, a->lat);
    const int h = side_of(e->lon0[i], e->lat0[i], e->lon1[i], e->lat1[i], b->lon, b->lat);
    return c * d <= 0 && g * h <= 0;
}

/* Whether the way comes within half_m of the edge, which it does not meet: then one of the four ends is nearest. */
static bool near_edge(const struct way *w, const struct fence_edges *e, int i, double half_m)
{
    const struct xy a = xy_of(w->to, w->from->lon, w->from->lat), b = {0, 0};
    const struct xy c = xy_of(w->to, e->lon0[i], e->lat0[i]), d = xy_of(w->to, e->lon1[i], e->lat1[i]);
    const double limit = square(half_m);
    return to_segment2(a, c, d) <= limit || to_segment2(b, c, d) <= limit || to_segment2(c, a, b) <= limit ||
           to_segment2(d, a, b) <= limit;
}

static bool crosses_edges(const struct haul_fences *f, const struct haul_fence *x, const struct way *w)
{
    const bool corridor = x->shape == HAUL_FENCE_CORRIDOR;
    const double half_m = corridor ? x->half_mm * 1e-3 : 0;
    const int64_t band = (int64_t)(half_m / FENCE_M_PER_E7) + 1;
    const struct blocks b = blocks_between(f, x, w->box.min_lat - band, w->box.max_lat + band);
    for (const struct fence_edges *e = b.at; e < b.end; e++)
        for (int i = 0; i < 4 && e->lat0[i] <= e->lat1[i]; i++)
            if (meets_edge(w, e, i) || (corridor && near_edge(w, e, i, half_m))) return true;
    return false;
}

static bool crosses_circle(const struct haul_fence *x, const struct way *w)
{
    const struct haul_fence_point middle = {x->lon, x->lat, x->cos_lat, FENCE_M_PER_E7 * x->cos_lat};
    const struct xy a = xy_of(&middle, w->from->lon, w->from->lat), b = xy_of(&middle, w->to->lon, w->to->lat);
    return to_segment2((struct xy){0, 0}, a, b) <= square(x->half_mm * 1e-3);
}

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t most(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

bool haul_fence_crossed(const struct haul_fences *f, const struct haul_fence *x, const struct haul_fence_point *from,
                        const struct haul_fence_point *to)
{
    const struct way w = {
        from,
        to,
        {least(from->lon, to->lon), least(from->lat, to->lat), most(from->lon, to->lon), most(from->lat, to->lat)}};
    if ((int64_t)w.box.max_lon - w.box.min_lon > QUARTER_E7) return false; /* no way that was driven */
    if (w.box.min_lon > x->box.max_lon || w.box.max_lon < x->box.min_lon || w.box.min_lat > x->box.max_lat ||
        w.box.max_lat < x->box.min_lat)
        return false;
    if (haul_fence_where(f, x, from) != HAUL_FENCE_OUTSIDE || haul_fence_where(f, x, to) != HAUL_FENCE_OUTSIDE)
        return true;
    return x->shape == HAUL_FENCE_CIRCLE ? crosses_circle(x, &w) : crosses_edges(f, x, &w);
}
