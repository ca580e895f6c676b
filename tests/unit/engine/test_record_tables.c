/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/engine/record_tables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void every_name_is_found(void **state)
{
    (void)state;
    unsigned kinds = 0;
    for (unsigned k = 0; k < HAUL_KIND_MAX; k++) {
        const struct haul_kind_row *const kind = haul_kind_row(k);
        if (kind == NULL) continue;
        kinds++;
        assert_int_equal(haul_kind_find(haul_str_of(kind->name)), k);
        for (size_t i = 0; i < kind->fields_len; i++) {
            const struct haul_field_row *const f = kind->fields + i;
            assert_ptr_equal(haul_field_find(k, haul_str_of(f->name)), f);
            assert_int_equal(haul_key_find(haul_plan(k), haul_str_of(f->name)), f->number);
            assert_string_equal(haul_key_name(haul_plan(k), f->number), f->name);
        }
    }
    assert_true(kinds > 5);
}

static void other_names_are_not(void **state)
{
    (void)state;
    static const char *const nobody[] = {"",
                                         "x",
                                         "Kind",
                                         "speed",
                                         "speed_kmh ",
                                         "speed_km",
                                         "vehicle_positions",
                                         "a name that is longer than any that a field can have"};
    for (size_t i = 0; i < sizeof nobody / sizeof nobody[0]; i++) {
        const struct haul_str name = haul_str_of(nobody[i]);
        assert_int_equal(haul_kind_find(name), HAUL_KIND_NONE);
        assert_null(haul_field_find(HAUL_KIND_VEHICLE_POSITION, name));
        assert_int_equal(haul_key_find(haul_plan(HAUL_KIND_VEHICLE_POSITION), name), KEY_UNKNOWN);
        assert_int_equal(haul_key_find(NULL, name), KEY_UNKNOWN);
    }
    assert_null(haul_field_find(HAUL_KIND_TICK, HAUL_STR("speed_kmh")));
    assert_null(haul_field_find(HAUL_KIND_NONE, HAUL_STR("speed_kmh")));
    assert_null(haul_field_find(70000, HAUL_STR("speed_kmh")));
    assert_null(haul_field_find(HAUL_KIND_TICK, HAUL_STR("id"))); /* the envelope's is not a field */
    assert_null(haul_kind_row(0));
    assert_null(haul_kind_row(HAUL_KIND_MAX));
}

/* What the rest of the code and the readers of the tables may rely on. */
static void rows_are_sound(void **state)
{
    (void)state;
    for (unsigned k = 1; k < HAUL_KIND_MAX; k++) {
        const struct haul_kind_row *const kind = haul_kind_row(k);
        for (size_t i = 0; kind != NULL && i < kind->fields_len; i++) {
            const struct haul_field_row *const f = kind->fields + i;
            const bool text = f->type == HAUL_TEXT || f->type == HAUL_BYTES;
            if (i > 0 && f->number <= f[-1].number) fail_msg("%s.%s: numbers do not rise", kind->name, f->name);
            if (strlen(f->name) == 0 || strlen(f->name) > 31) fail_msg("%s.%s: the name's length", kind->name, f->name);
            if (haul_key_find(NULL, haul_str_of(f->name)) != KEY_UNKNOWN)
                fail_msg("%s.%s: the envelope has that name", kind->name, f->name);
            if (!(f->low <= f->high) || (text && (f->low < 0 || f->high > HAUL_RECORD_MAX)))
                fail_msg("%s.%s: the range", kind->name, f->name);
            if (f->type == HAUL_INT && f->low > -9.2e18 && f->high < 9.2e18 && (f->low < -0x1p53 || f->high > 0x1p53))
                fail_msg("%s.%s: a bound that a double cannot hold", kind->name, f->name);
            if (strlen(f->sentence) == 0) fail_msg("%s.%s: no sentence", kind->name, f->name);
        }
        if (kind != NULL && strlen(kind->sentence) == 0) fail_msg("%s: no sentence", kind->name);
    }
}

static void reasons_have_names_of_their_own(void **state)
{
    (void)state;
    for (int a = 0; a < HAUL_REASON_COUNT; a++)
        for (int b = 0; b < a; b++)
            assert_string_not_equal(haul_reason_name((enum haul_reason)a), haul_reason_name((enum haul_reason)b));
    assert_string_equal(haul_reason_name(HAUL_REASON_NOT_FINITE), "not_finite");
}

static void fallbacks_are_set(void **state)
{
    (void)state;
    static struct haul_record r;
    memset(&r, 0xee, sizeof r);
    haul_record_init(&r, HAUL_KIND_VEHICLE_POSITION, HAUL_STR("A"), (struct haul_time){5});
    assert_true(r.present == 0 && !r.positioned && r.crs == 0 && r.version == HAUL_SCHEMA && r.source.n == 0);
    assert_true(r.v[HAUL_F_VP_SPEED].f == -1 && r.v[HAUL_F_VP_ALTITUDE].f == 0);
    assert_true(r.v[HAUL_F_VP_SATELLITES].i == -1 && r.v[HAUL_F_VP_STATUS].i == 0);
    assert_true(r.v[HAUL_F_VP_PLATE].s.n == 0 && r.v[HAUL_F_VP_PLATE].s.p != NULL);
    assert_false(haul_has(&r, HAUL_F_VP_SPEED));
    haul_set_f(&r, HAUL_F_VP_SPEED, 3);
    assert_true(haul_has(&r, HAUL_F_VP_SPEED));
}

static void ids(void **state)
{
    (void)state;
    static const struct {
        struct haul_str id;
        bool good;
    } cases[] = {
        {HAUL_STR("A"), true},
        {HAUL_STR(" "), true},
        {HAUL_STR("~"), true},
        {HAUL_STR("\xc2\xa0"), true}, /* no-break space: the first behind the controls */
        {HAUL_STR("\xe8\xb5\xa3\x41"), true},
        {HAUL_STR(""), false},
        {HAUL_STR("\x1f"), false},
        {HAUL_STR("\x7f"), false},
        {HAUL_STR("\xc2\x80"), false},
        {HAUL_STR("\xc2\x9f"), false},
        {HAUL_STR("\xc2"), false},
        {HAUL_STR("A\0"), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (haul_id_valid(cases[i].id) != cases[i].good) fail_msg("case %zu", i);
    char text[HAUL_ID_MAX + 1];
    memset(text, 'x', sizeof text);
    assert_true(haul_id_valid((struct haul_str){text, HAUL_ID_MAX}));
    assert_false(haul_id_valid((struct haul_str){text, HAUL_ID_MAX + 1}));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_is_found), cmocka_unit_test(other_names_are_not),
        cmocka_unit_test(rows_are_sound),      cmocka_unit_test(reasons_have_names_of_their_own),
        cmocka_unit_test(fallbacks_are_set),   cmocka_unit_test(ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
