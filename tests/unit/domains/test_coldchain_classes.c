/* SPDX-License-Identifier: Apache-2.0
 * The files of product classes in config/domains: the standards' are what is built in; an operator's own can be read.
 */
#include "processors/coldchain/coldchain.h"
#include "tests/unit/domains/support_coldchain.h"

static struct cold_options *classes_of(const char *path)
{
    static const struct haul_option_set *const sets[] = {&cold_option_set};
    struct cold_options *o = malloc(sizeof *o);
    struct haul_config *config;
    struct haul_buf errors;
    unsigned count;
    assert_non_null(o);
    haul_buf_init(&errors, 0, 65536);
    if (haul_config_read(path, sets, 1, &config, &errors, &count) != HAUL_OK)
        fail_msg("%.*s", (int)errors.n, (const char *)errors.p);
    memcpy(o, haul_config_section(config, "coldchain"), sizeof *o);
    haul_config_free(config);
    haul_buf_free(&errors);
    return o;
}

static void same_limits(const struct cold_class *a, const struct cold_class *b)
{
    for (unsigned i = 0; i < COLD_BOUNDS; i++) {
        const struct cold_limit *x = &a->bound[i], *y = &b->bound[i];
        if (haul_abs(x->at_c - y->at_c) > 1e-9 || x->beyond != y->beyond || x->single_ms != y->single_ms ||
            x->total_ms != y->total_ms)
            fail_msg("%s: limit %u differs", a->name, i);
    }
}

static void the_standards_file_is_what_is_built_in(void **state)
{
    (void)state;
    struct cold_options *o = classes_of("config/domains/coldchain-standards.yaml");
    assert_int_equal(o->classes.len, cold_presets_len);
    for (size_t i = 0; i < cold_presets_len; i++) {
        const struct cold_class *preset = &cold_presets[i], *own = cold_class_find(o, haul_str_of(preset->name));
        assert_non_null(own);
        assert_true(own != preset); /* found among the file's */
        same_limits(preset, own);
        assert_int_equal(own->mkt_window_ms, preset->mkt_window_ms);
        if (preset->mkt_window_ms > 0) assert_float_equal(own->mkt_c, preset->mkt_c, 0);
        assert_int_equal(own->life_ms, preset->life_ms);
        if (preset->life_ms > 0) {
            assert_float_equal(own->life_c, preset->life_c, 0);
            assert_float_equal(own->ea_kjmol, preset->ea_kjmol, 0);
            assert_int_equal(own->model, preset->model);
        }
        assert_int_equal(own->refresh_ms, preset->refresh_ms);
        assert_int_equal(own->transport_ms, preset->transport_ms);
        assert_int_equal(own->store_ms, preset->store_ms);
        assert_int_equal(own->outside_ms, preset->outside_ms);
    }
    free(o);
}

static void own_classes_stand_beside_the_presets(void **state)
{
    (void)state;
    struct cold_options *o = classes_of("config/domains/coldchain-own-classes.yaml");
    const struct cold_class *ice = cold_class_find(o, HAUL_STR("ice_cream"));
    assert_true(cold_breaks(ice, COLD_HOT, -15, -15) && !cold_breaks(ice, COLD_HOT, -15.1, -15.1));
    assert_int_equal(cold_class_find(o, HAUL_STR("banana"))->model, COLD_ARRHENIUS);
    assert_true(cold_class_find(o, HAUL_STR("gsp_drug")) == &cold_presets[0]);
    assert_string_equal(cold_class_find(o, HAUL_STR("nothing known"))->name, "chilled_meat");
    free(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_standards_file_is_what_is_built_in),
        cmocka_unit_test(own_classes_stand_beside_the_presets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
