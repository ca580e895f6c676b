/* SPDX-License-Identifier: Apache-2.0
 * Mistakes that people make in a configuration. Each must be found alone, at its line and column (in characters), and
 * at least nine in ten with the right suggestion.
 */
#include "haul/engine_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/engine/sample_options.h"

static const struct haul_option_set *const sets[] = {&haul_engine_option_set, &sample_fleet_set, &sample_redis_set};

#define REDIS   "redis: {url: x}\n"
#define MEAN(x) "did you mean `" x "`?"

struct mistake {
    const char *yaml; /* without the redis section, which is put behind it unless it has one */
    unsigned line, column;
    const char *right; /* what the message must suggest, or say was expected where no one value is right */
};

static const struct mistake mistakes[] = {
    /* names */
    {"fleet:\n  speeding:\n    rais: 80km/h\n", 3, 5, MEAN("speeding.raise")},
    {"fleet:\n  speeding:\n    riase: 80km/h\n", 3, 5, MEAN("speeding.raise")},
    {"fleet:\n  speding:\n    raise: 80km/h\n", 2, 3, MEAN("speeding")},
    {"fleet:\n  raise: 80km/h\n", 2, 3, MEAN("speeding.raise")},
    {"fleet:\n  vehicle_max: 100\n", 2, 3, MEAN("vehicles_max")},
    {"fleet:\n  max_vehicles: 100\n", 2, 3, MEAN("vehicles_max")},
    {"fleet:\n  vehicles-max: 100\n", 2, 3, MEAN("vehicles_max")},
    {"fleet:\n  Enabled: true\n", 2, 3, MEAN("enabled")},
    {"fleet:\n  fuel: {drop: 8L, ration: 5%}\n", 2, 20, MEAN("fuel.ratio")},
    {"fleet:\n  workers: 4\n", 2, 3, MEAN("engine.workers")},
    {"fleet:\n  view:\n    interval: 2s\n", 2, 3, MEAN("engine.view")},
    {"engine:\n  timeout: 3s\n", 2, 3, MEAN("redis.timeout")},
    {"engine:\n  view_interval: 2s\n", 2, 3, MEAN("view.interval")},
    {"engine:\n  checkpoint:\n    intervall: 30s\n", 3, 5, MEAN("checkpoint.interval")},
    {"flet:\n  enabled: true\n", 1, 1, MEAN("fleet")},
    {"workers: 4\n", 1, 1, MEAN("engine.workers")},
    {"fleet:\n  zones:\n    depot: {raduis: 50m}\n", 3, 13, MEAN("radius")},
    {"redis:\n  url: x\n  password: hunter2\n", 3, 3, MEAN("password_file: PATH")},
    /* duplicates */
    {"fleet:\n  enabled: true\n  gain: 2\n  enabled: false\n", 4, 3, "the first is in line 2"},
    {"fleet:\n  speeding: {raise: 90km/h}\n  speeding.raise: 90km/h\n", 3, 3, "the first is in line 2"},
    {"fleet:\n  enabled: true\nengine:\n  workers: 1\nfleet:\n  gain: 1\n", 5, 1, "the first is in line 1"},
    {"fleet:\n  zones:\n    a: {radius: 50m}\n    a: {radius: 60m}\n", 4, 5, "the first is in line 3"},
    {"fleet:\n  kinds: [van, truck, van]\n", 2, 23, "`van` stands in the list twice"},
    /* units */
    {"fleet:\n  speeding:\n    raise: 90\n", 3, 12, MEAN("90km/h")},
    {"fleet:\n  speeding:\n    raise: 60 mph\n", 3, 12, MEAN("96.56km/h")},
    {"fleet:\n  speeding:\n    raise: 90kmh\n", 3, 12, MEAN("90km/h")},
    {"fleet:\n  speeding:\n    raise: 90KM/H\n", 3, 12, MEAN("90km/h")},
    {"fleet:\n  speeding:\n    raise: 90公里/小时\n", 3, 12, MEAN("90km/h")},
    {"fleet: {speeding: {persist: 5m}}\n", 1, 29, MEAN("5min")},
    {"fleet: {speeding: {persist: 45}}\n", 1, 29, MEAN("45s")},
    {"fleet: {speeding: {persist: 10 seconds}}\n", 1, 29, MEAN("10s")},
    {"fleet:\n  memory_max: 64MB\n", 2, 15, MEAN("64MiB")},
    {"fleet:\n  memory_max: 67108864\n", 2, 15, "has no unit; expected a size in GiB, MiB, KiB or B"},
    {"fleet:\n  stop:\n    radius: 300ft\n", 3, 13, MEAN("91.44m")},
    {"fleet:\n  cold:\n    high: 8C\n", 3, 11, MEAN("8degC")},
    {"fleet:\n  cold:\n    high: 46F\n", 3, 11, MEAN("7.778degC")},
    {"fleet:\n  cold:\n    step: 2degC\n", 3, 11, MEAN("2K")},
    {"fleet:\n  brake: 0.4g\n", 2, 10, MEAN("3.923m/s2")},
    {"fleet:\n  turn: 45°\n", 2, 9, MEAN("45deg")},
    {"fleet:\n  fuel:\n    drop: 8升\n", 3, 11, MEAN("8L")},
    {"fleet:\n  stop:\n    duration: 500km\n", 3, 15, "a duration in d, h, min, s or ms"},
    /* ranges */
    {"fleet:\n  fuel:\n    ratio: 5\n", 3, 12, MEAN("5%")},
    {"fleet:\n  speeding:\n    raise: 900km/h\n", 3, 12,
     "is too large; expected a speed in km/h, m/s or kn, 10km/h to 200km/h"},
    {"fleet:\n  vehicles_max: 0\n", 2, 17, "is too small; expected a whole number, 1 to 1000000"},
    {"fleet:\n  night: {from: 25:00}\n", 2, 17, "expected a time of day, 00:00 to 23:59"},
    {"fleet:\n  title: 一二三四五六七八九十\n", 2, 10, "is longer than 23 bytes"},
    {"fleet:\n  title: |\n    a\n    b\n", 2, 8, "goes on over lines"},
    {"fleet:\n  groups: [a, b, c, d, e]\n", 2, 24, "expected at most 4"},
    /* types */
    {"fleet:\n  enabled: yes\n", 2, 12, MEAN("true")},
    {"fleet:\n  enabled: flase\n", 2, 12, MEAN("false")},
    {"fleet:\n  vehicles_max: \"100\"\n", 2, 17, MEAN("100")},
    {"fleet:\n  vehicles_max: 5,000\n", 2, 17, MEAN("5000")},
    {"fleet:\n  vehicles_max: many\n", 2, 17, "expected a whole number, 1 to 1000000"},
    {"fleet:\n  mode: automatc\n", 2, 9, MEAN("automatic")},
    {"fleet:\n  kinds: [coach, trukc]\n", 2, 18, MEAN("truck")},
    {"fleet:\n  kinds: coach\n", 2, 10, MEAN("[coach]")},
    {"fleet:\n  gain: [3]\n", 2, 9, MEAN("3")},
    {"fleet:\n  night:\n    from: 2:00\n", 3, 11, MEAN("02:00")},
    {"fleet:\n  night:\n    from: 2am\n", 3, 11, MEAN("02:00")},
    {"fleet:\n  gain:\n", 2, 7, MEAN("3.5")},
    {"fleet:\n  speeding: 80km/h\n", 2, 13, "expected a map of options"},
    {"redis:\n  timeout: 1s\n", 1, 1, "redis.url: missing; expected a text"},
    /* contradictions */
    {"fleet:\n  speeding:\n    raise: 70km/h\n", 2, 3, "must be below speeding.raise"},
    {"fleet:\n  speeding:\n    raise: 70km/h\n    clear: 72km/h\n", 4, 12, "must be below speeding.raise"},
    {"fleet:\n  zones:\n    depot:\n      dwell: 1h\n", 4, 14, "must not be above stop.duration"},
    {"engine:\n  start: time\n", 2, 10, "start_time"},
    {"engine:\n  start_time: 2026-01-26T08:00:00Z\n", 2, 15, MEAN("start: time")},
    /* not YAML */
    {"fleet:\n\tenabled: true\n", 2, 1, "use spaces"},
    {"fleet:\n  speeding\n    raise: 90km/h\n", 2, 3, MEAN("speeding:")},
    {"fleet:\n  enabled true\n  gain: 2\n", 2, 3, MEAN("enabled: true")},
    {"fleet:\n  gain: 2\n  enabled:true\n", 3, 3, MEAN("enabled: true")},
    {"fleet:\n  gain = 2\n  enabled: true\n", 2, 3, MEAN("gain: 2")},
    {"fleet:\n  gain：2\n  enabled: true\n", 2, 3, MEAN("gain: 2")},
    {"fleet:\n  gain: 2\n    enabled: true\n", 3, 5, "did you mean an indentation of 2?"},
    {"fleet:\n    gain: 2\n  enabled: true\n", 3, 3, "line it up"},
    {"fleet:\n  title: \"车队\n  gain: 2\n", 2, 10, "no closing \""},
    {"fleet:\n  cold: {low: 1degC\n  gain: 2\n", 2, 9, "`}` is missing"},
    {"fleet:\n  title: @home\n", 2, 10, "put it in quotes"},
    {"fleet:\n  title: a: b\n", 2, 11, "put the value in quotes"},
    {"fleet:\n  title: *name\n", 2, 10, "needs quotes"},
    {"fleet:\n  gain: &g 2\n", 2, 12, "anchors"},
    {"fleet:\n  gain: !!float 2\n", 2, 17, "tags"},
    {"- fleet\n", 1, 1, "expected sections"},
    {REDIS "fleet:\n  gain: 2\n---\nfleet:\n  gain: 3\n", 4, 1, "one document"},
    {"fleet:\n  title: \"a\xff\xfe\"\n", 2, 12, "not UTF-8"},
};
#define MISTAKES (sizeof mistakes / sizeof mistakes[0])

static unsigned read_it(const char *yaml, struct haul_buf *errors)
{
    char text[1000];
    struct haul_config *config;
    unsigned count;
    snprintf(text, sizeof text, "%s%s", yaml, strstr(yaml, "redis:") == NULL && *yaml != '-' ? REDIS : "");
    haul_buf_clear(errors);
    const enum haul_err e =
        haul_config_read_text(haul_str_of(text), "f.yaml", sets, sizeof sets / sizeof sets[0], &config, errors, &count);
    assert_true((e == HAUL_OK) == (count == 0) && (config != NULL) == (count == 0));
    haul_config_free(config);
    haul_buf_byte(errors, '\0');
    assert_false(errors->overflow);
    return count;
}

static void each_is_found_alone_at_its_place(void **state)
{
    (void)state;
    struct haul_buf errors;
    haul_buf_init(&errors, 0, 65536);
    size_t located = 0, suggested = 0;
    for (size_t i = 0; i < MISTAKES; i++) {
        const struct mistake *m = &mistakes[i];
        char at[40];
        const unsigned count = read_it(m->yaml, &errors);
        const char *text = (const char *)errors.p;
        snprintf(at, sizeof at, "f.yaml:%u:%u: ", m->line, m->column);
        const bool there = count == 1 && strncmp(text, at, strlen(at)) == 0, right = strstr(text, m->right) != NULL;
        located += there, suggested += right;
        if (!there)
            print_error("%zu: expected %u:%u alone; got %u:\n%s%s\n", i, m->line, m->column, count, m->yaml, text);
        if (!right) print_error("%zu: expected %s; got\n%s\n", i, m->right, text);
    }
    haul_buf_free(&errors);
    print_message("%zu mistakes, %zu located, %zu with the right suggestion\n", MISTAKES, located, suggested);
    assert_true(MISTAKES >= 60);
    assert_int_equal(located, MISTAKES);
    assert_true(suggested * 10 >= MISTAKES * 9);
}

static void all_in_one_run(void **state)
{
    (void)state;
    struct haul_buf errors;
    haul_buf_init(&errors, 0, 65536);
    const unsigned count = read_it("fleet:\n"
                                   "  speeding: {raise: 90, clear: 80kmh}\n"
                                   "  gain = 3\n"
                                   "  title: \"open\n"
                                   "  mode: automatik\n"
                                   "\tturn: 4deg\n"
                                   "engine:\n"
                                   "  wrokers: 3\n",
                                   &errors);
    static const char *const places[] = {"f.yaml:2:21: ", "f.yaml:2:32: ", "f.yaml:3:3: ", "f.yaml:4:10: ",
                                         "f.yaml:5:9: ",  "f.yaml:6:1: ",  "f.yaml:8:3: "};
    const char *from = (const char *)errors.p;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        from = from == NULL ? NULL : strstr(from, places[i]);
        if (from == NULL) print_error("%s is missing in\n%s", places[i], (const char *)errors.p);
        assert_non_null(from);
    }
    assert_int_equal(count, sizeof places / sizeof places[0]);
    haul_buf_free(&errors);
}

static void the_caret_stands_below_wide_characters(void **state)
{
    (void)state;
    struct haul_buf errors;
    haul_buf_init(&errors, 0, 65536);
    assert_int_equal(read_it("fleet: {title: 赣州车队, gain: x}\n", &errors), 1);
    assert_string_equal((const char *)errors.p,
                        "f.yaml:1:28: fleet.gain: `x` is not a number; expected a number, 0 to 10\n"
                        "    fleet: {title: 赣州车队, gain: x}\n"
                        "                                   ^\n");
    haul_buf_free(&errors);
}

static void a_long_line_is_shown_round_the_caret(void **state)
{
    (void)state;
    struct haul_buf errors;
    haul_buf_init(&errors, 0, 65536);
    char yaml[600] = "fleet: {title: x";
    for (size_t i = 0; i < 40; i++) strncat(yaml, "          ", sizeof yaml - strlen(yaml) - 1);
    strncat(yaml, ", gain: bad}\n", sizeof yaml - strlen(yaml) - 1);
    assert_int_equal(read_it(yaml, &errors), 1);
    const char *line = strchr((const char *)errors.p, '\n') + 1, *caret = strchr(line, '\n') + 1;
    assert_true(caret - line < 130);
    assert_true(strncmp(line + (strchr(caret, '^') - caret), "bad}", 4) == 0);
    haul_buf_free(&errors);
}

static void a_secret_is_never_printed(void **state)
{
    (void)state;
    static const char *const leaks[] = {
        "redis:\n  url: x\n  password: hunter2\n",
        "redis: {url: x, password: hunter2, tiemout: 1s}\n",
        "redis:\n  url: x\n  passwort: 3\n  password hunter2\n",
        "redis:\n  url: x\n  PASSWORD: \"hunter2\n",
        "redis:\n  url: x\n  auth_token = hunter2\n",
    };
    struct haul_buf errors;
    haul_buf_init(&errors, 0, 65536);
    for (size_t i = 0; i < sizeof leaks / sizeof leaks[0]; i++) {
        assert_true(read_it(leaks[i], &errors) > 0);
        if (strstr((const char *)errors.p, "hunter2") != NULL) fail_msg("%s\n%s", leaks[i], (const char *)errors.p);
    }
    haul_buf_free(&errors);
}

static void limits_hold(void **state)
{
    (void)state;
    struct haul_buf errors, yaml;
    struct haul_config *config;
    unsigned count;
    haul_buf_init(&errors, 0, 1 << 20);
    haul_buf_init(&yaml, 0, 4 << 20);
    haul_buf_printf(&yaml, "fleet:\n  groups: ");
    for (int i = 0; i < 100; i++) haul_buf_byte(&yaml, '[');
    assert_int_equal(
        haul_config_read_text((struct haul_str){(char *)yaml.p, yaml.n}, "deep", sets, 2, &config, &errors, &count),
        HAUL_E_INVALID);
    haul_buf_byte(&errors, '\0');
    assert_non_null(strstr((char *)errors.p, "nested deeper than 16 levels"));
    haul_buf_clear(&yaml), haul_buf_clear(&errors);
    haul_buf_printf(&yaml, "fleet:\n");
    for (int i = 0; i < 60000; i++) haul_buf_printf(&yaml, "  x%d: 1\n", i);
    assert_int_equal(
        haul_config_read_text((struct haul_str){(char *)yaml.p, yaml.n}, "many", sets, 2, &config, &errors, &count),
        HAUL_E_INVALID);
    assert_int_equal(count, 60000);
    haul_buf_byte(&errors, '\0');
    assert_non_null(strstr((char *)errors.p, "many: and 59900 more"));
    haul_buf_clear(&errors);
    while (yaml.n <= 1 << 20) haul_buf_printf(&yaml, "# more\n");
    assert_int_equal(
        haul_config_read_text((struct haul_str){(char *)yaml.p, yaml.n}, "big", sets, 2, &config, &errors, &count),
        HAUL_E_LIMIT);
    haul_buf_free(&yaml);
    haul_buf_free(&errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_found_alone_at_its_place),
        cmocka_unit_test(all_in_one_run),
        cmocka_unit_test(the_caret_stands_below_wide_characters),
        cmocka_unit_test(a_long_line_is_shown_round_the_caret),
        cmocka_unit_test(a_secret_is_never_printed),
        cmocka_unit_test(limits_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
