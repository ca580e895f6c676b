/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/engine/privacy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct haul_record position(const char *plate, const char *driver)
{
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_VEHICLE_POSITION, HAUL_STR("V1"), (struct haul_time){0});
    haul_set_s(&r, HAUL_F_VP_PLATE, haul_str_of(plate));
    haul_set_s(&r, HAUL_F_VP_DRIVER, haul_str_of(driver));
    return r;
}

static struct privacy settings(int32_t drivers, int32_t plates, const char *epoch, const char *key)
{
    struct haul_engine_options o = {.ingest_drivers = drivers, .ingest_plates = plates};
    struct privacy p;
    snprintf(o.ingest_driver_key_epoch, sizeof o.ingest_driver_key_epoch, "%s", epoch);
    privacy_settings(&o, haul_str_of(key), &p);
    return p;
}

static bool apply(const struct privacy *p, struct haul_record *r, struct haul_arena *a, uint64_t *hidden)
{
    struct privacy_fields *plan = privacy_plan();
    const bool changed = privacy_apply(p, &plan[r->kind], r, a, hidden);
    free(plan);
    return changed;
}

static void plates(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"赣A12345", "赣***45"}, {"赣AD12345", "赣***45"}, {"B-MW 123", "B***23"}, {"赣***45", "赣***45"}, {"", ""},
        {"A1", "***"},           {"赣5", "***"},
    };
    const struct privacy p = settings(HAUL_DRIVERS_KEEP, HAUL_PLATES_MASK, "1", "");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_arena a;
        uint64_t hidden = 0;
        haul_arena_init(&a, 4096);
        struct haul_record r = position(rows[i][0], "d");
        apply(&p, &r, &a, &hidden);
        const struct haul_str s = r.v[HAUL_F_VP_PLATE].s;
        if (!haul_str_eq(s, haul_str_of(rows[i][1]))) fail_msg("%s: %.*s", rows[i][0], (int)s.n, s.p);
        assert_true(haul_str_eq(r.v[HAUL_F_VP_DRIVER].s, HAUL_STR("d")));
        haul_arena_free(&a);
    }
}

static void drivers(void **state)
{
    (void)state;
    struct haul_arena a;
    uint64_t hidden = 0;
    haul_arena_init(&a, 65536);
    const struct privacy one = settings(HAUL_DRIVERS_HASH, HAUL_PLATES_KEEP, "2026w4", "sixteen bytes or more");
    const struct privacy next = settings(HAUL_DRIVERS_HASH, HAUL_PLATES_KEEP, "2026w5", "sixteen bytes or more");
    struct haul_record r = position("p", "li"), same = position("p", "li"), later = position("p", "li");
    assert_true(apply(&one, &r, &a, &hidden));
    apply(&one, &same, &a, &hidden);
    apply(&next, &later, &a, &hidden);
    const struct haul_str id = r.v[HAUL_F_VP_DRIVER].s;
    assert_int_equal(id.n, 7 + 32);
    assert_memory_equal(id.p, "2026w4:", 7);
    assert_true(haul_str_eq(id, same.v[HAUL_F_VP_DRIVER].s));
    assert_memory_not_equal(id.p + 7, later.v[HAUL_F_VP_DRIVER].s.p + 7, 32);
    assert_true(haul_str_eq(r.v[HAUL_F_VP_PLATE].s, HAUL_STR("p")));
    assert_int_equal(hidden, 0);

    const struct privacy keyless = settings(HAUL_DRIVERS_HASH, HAUL_PLATES_KEEP, "1", "");
    const struct privacy drop = settings(HAUL_DRIVERS_DROP, HAUL_PLATES_KEEP, "1", "sixteen bytes or more");
    r = position("p", "li"), same = position("p", "li");
    assert_true(apply(&keyless, &r, &a, &hidden));
    assert_false(haul_has(&r, HAUL_F_VP_DRIVER));
    assert_int_equal(hidden, 1);
    assert_true(apply(&drop, &same, &a, &hidden));
    assert_false(haul_has(&same, HAUL_F_VP_DRIVER));
    assert_int_equal(hidden, 1);
    haul_arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(plates), cmocka_unit_test(drivers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
