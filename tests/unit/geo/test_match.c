/* SPDX-License-Identifier: Apache-2.0
 * A car drives through the town: north along x1, east along y5, south along x6.
 */
#include "haul/match.h"
#include "haul/math.h"
#include "haul/rng.h"
#include "tests/unit/geo/support_town.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FIXES_MAX 4000

struct drive {
    struct haul_fix fix[FIXES_MAX];
    size_t n;
};

static const double corners[][2] = {{1, 0.3}, {1, 5}, {6, 5}, {6, 1.6}};

/* 10 m/s with a fix each `every` seconds, sigma_m of noise. */
static void make_drive(struct drive *d, double every_s, double sigma_m, uint64_t seed)
{
    struct haul_rng rng;
    haul_rng_seed(&rng, seed);
    d->n = 0;
    double along_m = 0;
    for (size_t leg = 0; leg + 1 < sizeof corners / sizeof corners[0]; leg++) {
        const double lon0 = town_lon(corners[leg][0]), lat0 = town_lat(corners[leg][1]);
        const double lon1 = town_lon(corners[leg + 1][0]), lat1 = town_lat(corners[leg + 1][1]);
        const double length_m = haul_haversine_m(lon0, lat0, lon1, lat1);
        for (; along_m < length_m && d->n < FIXES_MAX; along_m += 10 * every_s) {
            const double t = along_m / length_m;
            d->fix[d->n] = (struct haul_fix){{1700000000000 + (int64_t)((double)d->n * every_s * 1000)},
                                             lon0 + t * (lon1 - lon0) + haul_rng_normal(&rng) * sigma_m / 97700,
                                             lat0 + t * (lat1 - lat0) + haul_rng_normal(&rng) * sigma_m / 111195,
                                             -1,
                                             -1};
            d->n++;
        }
        along_m -= length_m;
    }
}

struct result {
    struct haul_traversal traversal[1000];
    struct haul_matched point[FIXES_MAX];
    size_t traversals, points;
    size_t status[6];
};

static void take(struct result *r, const struct haul_match_output *out)
{
    assert_true(r->traversals + out->traversals <= 1000 && r->points + out->points <= FIXES_MAX);
    memcpy(r->traversal + r->traversals, out->traversal, out->traversals * sizeof *out->traversal);
    memcpy(r->point + r->points, out->point, out->points * sizeof *out->point);
    r->traversals += out->traversals, r->points += out->points;
}

static void match(const struct town *t, const struct drive *d, size_t bytes, struct result *r)
{
    struct haul_matcher *m;
    struct haul_error e;
    struct haul_match_output out;
    const struct haul_match_options o = haul_match_defaults();
    assert_int_equal(haul_matcher_new(t->map, &o, &m, &e), HAUL_OK);
    void *track = aligned_alloc(64, bytes);
    memset(r, 0, sizeof *r);
    haul_track_init(track, bytes);
    for (size_t i = 0; i < d->n; i++) {
        r->status[haul_match_fix(m, track, &d->fix[i], &out)]++;
        take(r, &out);
    }
    haul_match_flush(m, track, &out);
    take(r, &out);
    free(track);
    haul_matcher_free(m);
}

/* Consecutive, in time, and over the streets of the drive with the right corners. */
static void check_route(const struct town *t, const struct result *r)
{
    const struct haul_roads_view *v = haul_roads_view(t->roads);
    static const char *const streets[] = {"x1", "y5", "x6"};
    size_t street = 0;
    double length_m = 0;
    for (size_t i = 0; i < r->traversals; i++) {
        const struct haul_traversal *x = &r->traversal[i];
        const struct haul_str name = haul_roads_name(t->roads, x->arc / 2);
        if (!haul_str_eq(name, haul_str_of(streets[street])) && street < 2) street++;
        if (!haul_str_eq(name, haul_str_of(streets[street])))
            fail_msg("traversal %zu is on %.*s, not on %s", i, (int)name.n, name.p, streets[street]);
        assert_true(x->enter.ms <= x->leave.ms && x->from_cm <= x->to_cm);
        assert_int_equal(x->first, i == 0);
        if (i > 0) {
            assert_int_equal(haul_arc_from(v, x->arc), haul_arc_to(v, r->traversal[i - 1].arc));
            assert_int_equal(x->enter.ms, r->traversal[i - 1].leave.ms);
        }
        length_m += (x->to_cm - x->from_cm) * 0.01;
    }
    assert_int_equal(street, 2);
    if (!(length_m > 2560 && length_m < 2850))
        fail_msg("%.1f m driven, of 2778", length_m); /* the last fix may be 200 m earlier */
}

static struct result result, other;
static struct drive drive;

static void dense_and_sparse(void **state)
{
    (void)state;
    struct town t;
    town_build(&t);
    static const struct {
        double every_s, sigma_m;
    } cases[] = {{1, 0}, {1, 3}, {1, 5}, {5, 5}, {10, 5}, {15, 5}, {20, 4}, {25, 3}};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++)
        for (uint64_t seed = 0; seed < 10; seed++) {
            make_drive(&drive, cases[k].every_s, cases[k].sigma_m, seed);
            match(&t, &drive, HAUL_TRACK_BYTES, &result);
            check_route(&t, &result);
            assert_true(result.points > 0 && result.status[HAUL_MATCH_BROKEN] == 0);
            for (size_t i = 0; i < result.points; i++)
                assert_true(result.point[i].confidence > 0 && result.point[i].confidence <= 1.0001f);
        }
    town_free(&t);
}

/* The state is bytes: it can be copied at any fix to another matcher with an empty cache and goes on to the same
 * output. */
static void a_track_is_plain_bytes(void **state)
{
    (void)state;
    struct town t;
    struct haul_matcher *m[2];
    struct haul_error e;
    struct haul_match_output out;
    const struct haul_match_options o = haul_match_defaults();
    uint64_t one[HAUL_TRACK_BYTES / 8], two[HAUL_TRACK_BYTES / 8];
    town_build(&t);
    make_drive(&drive, 1, 9, 5);
    match(&t, &drive, HAUL_TRACK_BYTES, &result);
    memset(&other, 0, sizeof other);
    haul_track_init(one, sizeof one);
    for (size_t i = 0; i < drive.n; i++) {
        assert_int_equal(haul_matcher_new(t.map, &o, &m[0], &e), HAUL_OK);
        haul_match_fix(m[0], one, &drive.fix[i], &out);
        take(&other, &out);
        haul_matcher_free(m[0]);
        memcpy(two, one, sizeof two);
        memset(one, 0xa5, sizeof one);
        memcpy(one, two, sizeof one);
    }
    assert_int_equal(haul_matcher_new(t.map, &o, &m[0], &e), HAUL_OK);
    haul_match_flush(m[0], one, &out);
    take(&other, &out);
    haul_matcher_free(m[0]);
    assert_int_equal(other.points, result.points);
    assert_int_equal(other.traversals, result.traversals);
    for (size_t i = 0; i < result.traversals; i++) {
        assert_int_equal(other.traversal[i].arc, result.traversal[i].arc);
        assert_int_equal(other.traversal[i].enter.ms, result.traversal[i].enter.ms);
    }
    town_free(&t);
}

/* Standing for an hour with jitter adds no way. */
static void standing_still(void **state)
{
    (void)state;
    struct town t;
    struct haul_rng rng;
    haul_rng_seed(&rng, 12);
    town_build(&t);
    make_drive(&drive, 1, 3, 1);
    const struct haul_fix last = drive.fix[drive.n - 1];
    for (int i = 0; i < 3600; i++) {
        if (drive.n == FIXES_MAX) break;
        struct haul_fix f = last;
        f.time.ms += 1000 * (i + 1);
        f.lon_deg += haul_rng_normal(&rng) * 4 / 97700;
        f.lat_deg += haul_rng_normal(&rng) * 4 / 111195;
        drive.fix[drive.n++] = f;
    }
    match(&t, &drive, HAUL_TRACK_BYTES, &result);
    check_route(&t, &result);
    assert_true(result.status[HAUL_MATCH_STANDS] > 2000);
    town_free(&t);
}

static void bad_fixes(void **state)
{
    (void)state;
    struct town t;
    town_build(&t);
    make_drive(&drive, 1, 3, 2);
    for (size_t i = 10; i < drive.n; i += 10) {
        struct haul_fix *f = &drive.fix[i];
        switch (i / 10 % 6) {
        case 0:
            f->lon_deg = NAN;
            break;
        case 1:
            f->lat_deg = 91;
            break;
        case 2:
            f->time.ms -= 5000;
            break; /* back in time */
        case 3:
            f->lon_deg += 0.02;
            break; /* 2 km off: in the fields, or a street far away */
        case 4:
            f->lat_deg = -f->lat_deg;
            break; /* another hemisphere */
        default:
            f->lon_deg = INFINITY;
            break;
        }
    }
    match(&t, &drive, HAUL_TRACK_BYTES, &result);
    check_route(&t, &result);
    assert_true(result.status[HAUL_MATCH_INVALID] > 10 &&
                result.status[HAUL_MATCH_OFF_ROAD] + result.status[HAUL_MATCH_OUTLIER] > 5);
    town_free(&t);
}

static void a_silence_ends_the_trip(void **state)
{
    (void)state;
    struct town t;
    town_build(&t);
    make_drive(&drive, 1, 3, 3);
    for (size_t i = drive.n / 2; i < drive.n; i++) drive.fix[i].time.ms += 3600000;
    match(&t, &drive, HAUL_TRACK_BYTES, &result);
    size_t firsts = 0;
    for (size_t i = 0; i < result.traversals; i++) firsts += result.traversal[i].first;
    assert_int_equal(firsts, 2);
    assert_int_equal(result.status[HAUL_MATCH_BROKEN], 1);
    town_free(&t);
}

static void nothing_gives_nothing(void **state)
{
    (void)state;
    struct town t;
    town_build(&t);
    drive.n = 0;
    match(&t, &drive, HAUL_TRACK_BYTES, &result);
    assert_int_equal(result.traversals + result.points, 0);
    drive.n = 3;
    for (size_t i = 0; i < 3; i++) drive.fix[i] = (struct haul_fix){{1000 * (int64_t)i}, 10, 10, -1, -1}; /* the sea */
    match(&t, &drive, HAUL_TRACK_BYTES, &result);
    assert_int_equal(result.traversals + result.points, 0);
    assert_int_equal(result.status[HAUL_MATCH_OFF_ROAD], 3);
    town_free(&t);
}

/* In one kilobyte as with memory for the whole trip. */
static void bounded_memory_changes_little(void **state)
{
    (void)state;
    struct town t;
    town_build(&t);
    for (uint64_t seed = 0; seed < 10; seed++) {
        make_drive(&drive, 1, 12, seed);
        match(&t, &drive, HAUL_TRACK_BYTES, &result);
        match(&t, &drive, 1 << 20, &other);
        size_t same = 0;
        for (size_t i = 0; i < result.traversals && i < other.traversals; i++)
            same += result.traversal[i].arc == other.traversal[i].arc;
        assert_true(same * 10 >= other.traversals * 9);
    }
    town_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dense_and_sparse),
        cmocka_unit_test(a_track_is_plain_bytes),
        cmocka_unit_test(standing_still),
        cmocka_unit_test(bad_fixes),
        cmocka_unit_test(a_silence_ends_the_trip),
        cmocka_unit_test(nothing_gives_nothing),
        cmocka_unit_test(bounded_memory_changes_little),
    };
    return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
