/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/engine_options.h"
#include "haul/rng.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/engine/sample_options.h"

static const struct haul_option_set *const sets[] = {&haul_engine_option_set, &sample_fleet_set};
#define SETS (sizeof sets / sizeof sets[0])

static struct haul_config *read_good(const char *yaml, const char *name)
{
    struct haul_buf errors;
    struct haul_config *config;
    unsigned count;
    haul_buf_init(&errors, 0, 65536);
    const enum haul_err e = haul_config_read_text(haul_str_of(yaml), name, sets, SETS, &config, &errors, &count);
    if (e != HAUL_OK) fail_msg("%s\n%.*s", yaml, (int)errors.n, (const char *)errors.p);
    haul_buf_free(&errors);
    return config;
}

static char *text_of(struct haul_buf *b)
{
    haul_buf_byte(b, '\0');
    assert_false(b->overflow);
    return (char *)b->p;
}

static void same_structs(const struct haul_config *a, const struct haul_config *b)
{
    for (size_t i = 0; i < SETS; i++)
        assert_memory_equal(haul_config_section(a, sets[i]->section), haul_config_section(b, sets[i]->section),
                            sets[i]->bytes);
}

static void defaults_through_yaml(void **state)
{
    (void)state;
    struct haul_buf yaml;
    haul_buf_init(&yaml, 0, 1 << 20);
    haul_options_yaml(sets, SETS, &yaml);
    struct haul_config *a = read_good("", "defaults"), *b = read_good(text_of(&yaml), "haul.yaml");
    same_structs(a, b);
    const struct haul_engine_options *o = haul_config_section(a, "engine");
    assert_int_equal(o->partitions[HAUL_MAILBOX_FLEET], 32);
    assert_int_equal(o->commit_documents_max, 3000);
    assert_int_equal(o->time_past_max_ms, 30 * 86400000ll);
    assert_int_equal(o->checkpoint_rate, 16 << 20);
    assert_int_equal(o->start, HAUL_START_LATEST);
    assert_string_equal(o->admin_address, "127.0.0.1");
    haul_config_free(a);
    haul_config_free(b);
    haul_buf_free(&yaml);
}

static const char full[] = "fleet:\n"
                           "  speeding: {raise: 25m/s, clear: 48.59611231kn, persist: 90s}\n"
                           "  stop.radius: 0.3nm\n"
                           "  stop: {duration: 1.5h}\n"
                           "  fuel:\n    drop: 12.75L\n    ratio: 0.07\n"
                           "  cold: {low: -18degC, high: 280.65K, step: 1e-1K}\n"
                           "  night: {from: '22:30', to: 05:59:59.250}\n"
                           "  brake: 3 m/s2\n"
                           "  enabled: false\n"
                           "  mode: \"off\"\n"
                           "  title: \"车 \\\"队\\\" #1: \\\\\"\n"
                           "  groups: [西, \"a, b\", '']\n"
                           "  kinds:\n  - van\n  - coach\n"
                           "  zones:\n"
                           "    south: {radius: 1km, label: \"x: y\"}\n"
                           "    north: {dwell: 30s}\n";

static void what_is_written_is_what_is_stored(void **state)
{
    (void)state;
    struct haul_config *c = read_good(full, "full");
    const struct sample_fleet *o = haul_config_section(c, "fleet");
    assert_true(o->raise_mps == 25 && o->clear_mps == 48.59611231 * 1852 / 3600 && o->persist_ms == 90000);
    assert_true(o->radius_m == 0.3 * 1852 && o->stop_ms == 5400000 && o->drop_l == 12.75 && o->drop_ratio == 0.07);
    assert_true(o->low_degc == -18 && o->high_degc == 280.65 - 273.15 && o->step_k == 0.1 && o->brake_mps2 == 3);
    assert_true(o->night_from == 81000000 && o->night_to == 21599250 && !o->enabled && o->mode == 2);
    assert_string_equal(o->title, "车 \"队\" #1: \\");
    assert_int_equal(o->groups.len, 3);
    assert_string_equal(o->groups.item[1], "a, b");
    assert_string_equal(o->kinds.item[1], "coach");
    assert_int_equal(o->zones.len, 2);
    assert_string_equal(o->zones.item[0].name, "north"); /* in order of name, however they are written */
    assert_true(o->zones.item[0].radius_m == 100 && o->zones.item[0].dwell_ms == 30000);
    assert_string_equal(o->zones.item[1].label, "x: y");
    assert_int_equal(o->vehicles_max, 5000);
    haul_config_free(c);
}

/* The canonical text of a section, indented under its name, as it is read again. */
static char *canonical_yaml(const struct haul_config *c, const char *section, struct haul_buf *yaml)
{
    struct haul_buf text;
    haul_buf_init(&text, 0, 65536);
    haul_config_canonical(c, section, &text);
    haul_buf_clear(yaml);
    haul_buf_printf(yaml, "%s:\n", section);
    for (const char *line = text_of(&text); *line != '\0'; line = strchr(line, '\n') + 1)
        haul_buf_printf(yaml, "  %.*s\n", (int)strcspn(line, "\n"), line);
    haul_buf_free(&text);
    return text_of(yaml);
}

static void canonical_text_reads_back(void **state)
{
    (void)state;
    struct haul_buf once, twice;
    haul_buf_init(&once, 0, 65536);
    haul_buf_init(&twice, 0, 65536);
    struct haul_config *a = read_good(full, "full");
    const char *text = canonical_yaml(a, "fleet", &once);
    struct haul_config *b = read_good(text, "canonical");
    same_structs(a, b);
    assert_string_equal(text, canonical_yaml(b, "fleet", &twice));
    assert_non_null(
        strstr(text, "  speeding.clear: 48.59611231kn\n  speeding.persist: 90s\n  speeding.raise: 25m/s\n"));
    assert_non_null(strstr(text, "  zones: {\"north\": {radius: 100m, dwell: 30s, label: \"\"}, \"south\": "));
    assert_null(strstr(text, "vehicles_max")); /* the engine's own do not enter the hash */
    haul_config_free(a);
    haul_config_free(b);
    haul_buf_free(&once);
    haul_buf_free(&twice);
}

/* Values of every magnitude: read, canonical, read again gives the same bits. */
static void canonical_numbers_are_exact(void **state)
{
    (void)state;
    struct haul_rng rng;
    struct haul_buf yaml;
    haul_rng_seed(&rng, 20260126);
    haul_buf_init(&yaml, 0, 65536);
    for (int i = 0; i < 300; i++) {
        char text[400];
        static const char *const speeds[] = {"km/h", "m/s", "kn"};
        snprintf(text, sizeof text,
                 "fleet:\n  speeding: {raise: %.*g%s, clear: 11km/h}\n  cold: {low: -89degC, high: %.*gK}\n  fuel: "
                 "{ratio: %.*g%%}\n"
                 "  stop: {radius: %.*gnm, duration: %dms}\n",
                 1 + i % 17, 20 + 15 * haul_rng_f64(&rng), speeds[i % 3], 3 + i % 15, 200 + 100 * haul_rng_f64(&rng),
                 1 + i % 17, 99 * haul_rng_f64(&rng), 1 + i % 17, 0.1 + 4 * haul_rng_f64(&rng),
                 (int)haul_rng_below(&rng, 80000000) + 1000);
        struct haul_config *a = read_good(text, "random"),
                           *b = read_good(canonical_yaml(a, "fleet", &yaml), "canonical");
        same_structs(a, b);
        haul_config_free(a);
        haul_config_free(b);
    }
    haul_buf_free(&yaml);
}

static void files_are_relative_to_their_file(void **state)
{
    (void)state;
    static const struct haul_option_set *const redis[] = {&sample_redis_set};
    static const struct {
        const char *name, *file, *want;
    } cases[] = {
        {"haul.yaml", "secret", "secret"},
        {"/etc/haul/haul.yaml", "secret", "/etc/haul/secret"},
        {"conf/haul.yaml", "../secret", "conf/../secret"},
        {"conf/haul.yaml", "/run/secret", "/run/secret"},
        {"conf/haul.yaml", "\"\"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char yaml[100];
        struct haul_buf errors;
        struct haul_config *c;
        unsigned count;
        haul_buf_init(&errors, 0, 4096);
        snprintf(yaml, sizeof yaml, "redis: {url: x, password_file: %s, raw: {b: '2', a: 1}}\n", cases[i].file);
        assert_int_equal(haul_config_read_text(haul_str_of(yaml), cases[i].name, redis, 1, &c, &errors, &count),
                         HAUL_OK);
        const struct sample_redis *o = haul_config_section(c, "redis");
        assert_string_equal(o->password_file, cases[i].want);
        assert_string_equal(o->raw.item[0].key, "a");
        assert_string_equal(o->raw.item[1].value, "2");
        haul_config_free(c);
        haul_buf_free(&errors);
    }
}

static void what_a_file_may_look_like(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",
        "\n",
        "# nothing\n",
        "\357\273\277fleet:\n  gain: 2\n",
        "fleet:\r\n  gain: 2\r\n",
        "fleet:\n",
        "---\nfleet:\n  gain: 2\n...\n",
        "fleet: {}\n",
        "{\"fleet\": {\"gain\": 2, \"speeding\": {\"raise\": \"90km/h\"}}}",
        "fleet:\n  speeding:\n  gain: 2",
        "fleet:\n  title: >-\n    folded\n    text",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) haul_config_free(read_good(good[i], "good"));
}

static void a_missing_file(void **state)
{
    (void)state;
    struct haul_buf errors;
    struct haul_config *c;
    unsigned count;
    haul_buf_init(&errors, 0, 4096);
    assert_int_equal(haul_config_read("no/such/file.yaml", sets, SETS, &c, &errors, &count), HAUL_E_NOT_FOUND);
    assert_int_equal(count, 1);
    assert_non_null(strstr(text_of(&errors), "no/such/file.yaml: cannot be read: No such file"));
    haul_buf_clear(&errors);
    assert_int_equal(haul_config_read("tests", sets, SETS, &c, &errors, &count), HAUL_E_IO);
    assert_int_equal(haul_config_read(NULL, sets, SETS, &c, &errors, &count), HAUL_OK);
    haul_config_free(c);
    haul_buf_free(&errors);
}

static void every_row_has_its_sentences(void **state)
{
    (void)state;
    const struct haul_option_set *set = &haul_engine_option_set;
    for (size_t i = 0; i < set->rows_len; i++) {
        const struct haul_option *row = &set->rows[i];
        const struct haul_str en = haul_str_of(row->en), zh = haul_str_of(row->zh);
        assert_true(en.n > 10 && en.p[en.n - 1] == '.');
        assert_true(zh.n > 10 && strcmp(zh.p + zh.n - 3, "。") == 0);
        for (size_t k = 0; k < i; k++) assert_string_not_equal(set->rows[k].name, row->name);
    }
}

static void the_schema_is_json(void **state)
{
    (void)state;
    struct haul_buf out;
    haul_buf_init(&out, 0, 1 << 20);
    haul_options_json_schema(sets, SETS, &out);
    json_error_t e;
    json_t *root = json_loadb((const char *)out.p, out.n, JSON_REJECT_DUPLICATES, &e);
    if (root == NULL) fail_msg("%s at %d", e.text, e.position);
    json_t *fleet = json_object_get(json_object_get(root, "properties"), "fleet");
    json_t *speeding = json_object_get(json_object_get(fleet, "properties"), "speeding");
    json_t *raise = json_object_get(json_object_get(speeding, "properties"), "raise");
    assert_string_equal(json_string_value(json_object_get(raise, "default")), "80km/h");
    assert_non_null(strstr(json_string_value(json_object_get(raise, "pattern")), "(km/h|m/s|kn)$"));
    json_decref(root);
    haul_buf_clear(&out);
    haul_options_markdown(sets, SETS, &out);
    assert_non_null(strstr(text_of(&out), "| `zones.NAME.radius` | a length in m, km or nm, 10m to 5km | `100m` |"));
    haul_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_through_yaml),
        cmocka_unit_test(what_is_written_is_what_is_stored),
        cmocka_unit_test(canonical_text_reads_back),
        cmocka_unit_test(canonical_numbers_are_exact),
        cmocka_unit_test(files_are_relative_to_their_file),
        cmocka_unit_test(what_a_file_may_look_like),
        cmocka_unit_test(a_missing_file),
        cmocka_unit_test(every_row_has_its_sentences),
        cmocka_unit_test(the_schema_is_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
