/* SPDX-License-Identifier: Apache-2.0
 * What a set of fences costs: to prepare, in bytes, to check when it arrives, and for each point. Points are drawn over
 * the whole area (most meet no fence) and inside the boxes of fences (each meets one or more). CPU time.
 */
#include "haul/fence.h"
#include "haul/hash.h"
#include "haul/math.h"
#include "haul/rng.h"
#include "haul/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define CORNERS 16
#define POINTS  2000000
#define ROUNDS  5

struct point {
    int32_t lon, lat;
};

/* Star-shaped 16-gons of 200 to 1000 m over 6 by 5 degrees. */
static void write_set(struct haul_buf *b, uint32_t n, struct haul_rng *rng)
{
    haul_buf_printf(b, "{\"type\":\"FeatureCollection\",\"features\":[");
    for (uint32_t i = 0; i < n; i++) {
        const double lon = 113 + 6 * haul_rng_f64(rng), lat = 24.5 + 5 * haul_rng_f64(rng);
        const double size = 200 + 800 * haul_rng_f64(rng);
        haul_buf_printf(b,
                        "%s{\"type\":\"Feature\",\"id\":\"F%06u\",\"properties\":{},\"geometry\":{\"type\":\"Polygon\","
                        "\"coordinates\":[[",
                        i == 0 ? "" : ",", i);
        double first[2] = {0, 0};
        for (int k = 0; k <= CORNERS; k++) {
            const double a = 2 * HAUL_PI * k / CORNERS, r = size * (0.6 + 0.4 * haul_rng_f64(rng)) / 111195;
            const double x = lon + r * haul_cos(a) / 0.89, y = lat + r * haul_sin(a);
            if (k == 0) first[0] = x, first[1] = y;
            haul_buf_printf(b, "%s[%.7f,%.7f]", k == 0 ? "" : ",", k == CORNERS ? first[0] : x,
                            k == CORNERS ? first[1] : y);
        }
        haul_buf_printf(b, "]]}}");
    }
    haul_buf_printf(b, "]}");
}

/* As the engine keeps content: in large pages where the system gives them. */
static const void *keep(const struct haul_buf *blob)
{
    const size_t page = (size_t)2 << 20, room = (blob->n + page - 1) / page * page;
    void *p = aligned_alloc(page, room);
    assert(p != NULL);
    madvise(p, room, MADV_HUGEPAGE);
    return memcpy(p, blob->p, blob->n);
}

static int by_number(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double rate(const struct haul_fences *f, const struct point *p, uint64_t *inside, uint64_t *candidates)
{
    double per[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
        uint32_t near[64];
        *inside = *candidates = 0;
        const int64_t start = haul_cpu_ns();
        for (size_t i = 0; i < POINTS; i++) {
            const size_t n =
                haul_fences_near(f, (struct haul_fence_box){p[i].lon, p[i].lat, p[i].lon, p[i].lat}, near, 64);
            const struct haul_fence_point at = {p[i].lon, p[i].lat, 0, 0}; /* polygons need no more */
            for (size_t k = 0; k < n && k < 64; k++)
                *inside += haul_fence_where(f, haul_fences_at(f, near[k]), &at) != HAUL_FENCE_OUTSIDE;
            *candidates += n;
        }
        per[r] = (double)(haul_cpu_ns() - start) / POINTS;
    }
    qsort(per, ROUNDS, sizeof per[0], by_number);
    return per[ROUNDS / 2];
}

static void tell(const char *what, uint32_t n, double ns, uint64_t inside, uint64_t candidates)
{
    printf("%7u fences, %-22s %7.1f ns/point %7.2f M points/s/core  (%.2f boxes, %.2f fences a point)\n", n, what, ns,
           1e3 / ns, (double)candidates / POINTS, (double)inside / POINTS);
}

static void bench(uint32_t n)
{
    struct haul_rng rng;
    struct haul_buf text, blob;
    struct haul_error e;
    struct haul_fence_counts counts;
    haul_rng_seed(&rng, n);
    haul_buf_init(&text, 1 << 20, (size_t)1 << 30);
    haul_buf_init(&blob, 1 << 20, (size_t)1 << 30);
    write_set(&text, n, &rng);
    int64_t start = haul_cpu_ns();
    if (haul_fences_prepare((struct haul_str){(const char *)text.p, text.n}, &blob, NULL, NULL, &counts, &e) !=
        HAUL_OK) {
        fprintf(stderr, "%s\n", e.text);
        exit(1);
    }
    const double prepare_ms = (double)(haul_cpu_ns() - start) / 1e6;
    const void *kept = keep(&blob);
    start = haul_cpu_ns();
    const enum haul_err err = haul_fences_check(kept, blob.n, &e);
    const double check_ms = (double)(haul_cpu_ns() - start) / 1e6;
    printf("%7u fences, %zu corners: GeoJSON %.1f MB, prepared in %.0f ms, blob %.1f MB (%.0f B a fence), checked in "
           "%.1f ms%s\n",
           n, counts.corners, (double)text.n / 1e6, prepare_ms, (double)blob.n / 1e6, (double)blob.n / n, check_ms,
           err == HAUL_OK ? "" : ": WRONG");
    const struct haul_fences *f = haul_fences_of(kept);
    struct point *p = malloc(POINTS * sizeof *p);
    uint64_t inside, candidates;
    for (size_t i = 0; i < POINTS; i++)
        p[i] = (struct point){1130000000 + (int32_t)haul_rng_below(&rng, 60000000),
                              245000000 + (int32_t)haul_rng_below(&rng, 50000000)};
    double ns = rate(f, p, &inside, &candidates);
    tell("points anywhere", n, ns, inside, candidates);
    for (size_t i = 0; i < POINTS; i++) {
        const struct haul_fence_box b = haul_fences_at(f, haul_rng_below(&rng, n))->box;
        p[i] = (struct point){b.min_lon + (int32_t)haul_rng_below(&rng, (uint64_t)(b.max_lon - b.min_lon)),
                              b.min_lat + (int32_t)haul_rng_below(&rng, (uint64_t)(b.max_lat - b.min_lat))};
    }
    ns = rate(f, p, &inside, &candidates);
    tell("points at fences", n, ns, inside, candidates);
    free(p);
    haul_buf_free(&text);
    haul_buf_free(&blob);
}

int main(void)
{
    bench(1000);
    bench(100000);
    return 0;
}
