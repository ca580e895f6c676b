/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/engine/support_any.h"
#include "tests/unit/engine/support_record_oracle.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct haul_arena scratch;
static struct haul_buf out;
static struct haul_record in, back;

static int begin(void **state)
{
    (void)state;
    haul_arena_init(&scratch, 2 * HAUL_RECORD_MAX);
    haul_buf_init(&out, 1024, 1 << 20);
    return 0;
}

static int end(void **state)
{
    (void)state;
    haul_arena_free(&scratch);
    haul_buf_free(&out);
    return 0;
}

static struct haul_str written(const struct haul_record *r)
{
    struct haul_json j;
    haul_buf_clear(&out);
    haul_json_begin(&j, &out);
    haul_record_to_json(r, &j);
    return (struct haul_str){(char *)out.p, out.n};
}

static enum haul_err read_back(struct haul_str json, struct haul_error *e)
{
    haul_arena_reset(&scratch);
    return haul_record_from_json(json, &back, &scratch, e);
}

static void every_kind_comes_back(void **state)
{
    (void)state;
    struct haul_rng rng;
    struct haul_error e;
    haul_rng_seed(&rng, 5);
    for (unsigned k = 1; k < HAUL_KIND_MAX; k++)
        for (int round = 0; haul_kind_row(k) != NULL && round < 40; round++) {
            any_record(&rng, k, round == 0, &in);
            const struct haul_str json = written(&in);
            if (read_back(json, &e) != HAUL_OK) fail_msg("%s\n%.*s", e.text, (int)json.n, json.p);
            const char *const difference = oracle_difference(&in, &back);
            if (difference != NULL) fail_msg("%s: %s\n%.*s", haul_kind_row(k)->name, difference, (int)json.n, json.p);
        }
}

static void the_form(void **state)
{
    (void)state;
    haul_record_init(&in, HAUL_KIND_VEHICLE_POSITION, HAUL_STR("\xe8\xb5\xa3\"A\""), (struct haul_time){1769443022000});
    in.positioned = true, in.lon_deg = 115.8921, in.lat_deg = 0.1 + 0.2, in.crs = 1;
    haul_set_f(&in, HAUL_F_VP_SPEED, 60);
    haul_set_i(&in, HAUL_F_VP_STATUS, 4294967295);
    const struct haul_str json = written(&in);
    const struct haul_str want =
        HAUL_STR("{\"kind\":\"vehicle_position\",\"id\":\"\xe8\xb5\xa3\\\"A\\\"\","
                 "\"time\":\"2026-01-26T15:57:02.000Z\",\"lon\":115.8921,"
                 "\"lat\":0.30000000000000004,\"crs\":1,\"speed_kmh\":60,\"status\":4294967295}");
    if (!haul_str_eq(json, want)) fail_msg("%.*s", (int)json.n, json.p);
}

#define GOOD "\"kind\":\"vehicle_position\",\"id\":\"A\",\"time\":5,\"lon\":1,\"lat\":2"

static void odd_and_good(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        unsigned unknown;
    } cases[] = {
        {"{" GOOD "}", 0},
        {" { " GOOD " } ", 0},
        {"{" GOOD ",\"colour\":\"red\",\"w\":{\"a\":[1]}}", 2},
        {"{" GOOD ",\"speed_kmh\":null,\"nobody\":null}", 0},
        {"{\"lat\":2,\"speed_kmh\":1,\"lon\":1.5,\"time\":5.0,\"id\":\"A\",\"kind\":16}", 0},
        {"{\"kind\":\"vehicle_position\",\"id\":\"A\",\"time\":\"1970-01-01T00:00:00.005Z\",\"lon\":1,\"lat\":2,\"v\":"
         "3}",
         0},
        {"{\"kind\":\"tick\",\"id\":\"A\",\"time\":5}", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct haul_error e;
        if (read_back(haul_str_of(cases[i].json), &e) != HAUL_OK) fail_msg("%s: %s", cases[i].json, e.text);
        assert_int_equal(back.unknown, cases[i].unknown);
        assert_int_equal(back.time.ms, 5);
    }
}

static void bad_ones_name_the_field(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        enum haul_err code;
        const char *text;
    } cases[] = {
        {"", HAUL_E_INVALID, NULL},
        {"[]", HAUL_E_INVALID, "the record is not a JSON object"},
        {"7", HAUL_E_INVALID, NULL},
        {"{", HAUL_E_INVALID, NULL},
        {"{" GOOD "} x", HAUL_E_INVALID, NULL},
        {"{" GOOD ",\"id\":\"B\"}", HAUL_E_DUPLICATE, NULL},
        {"{}", HAUL_E_INVALID, "kind: missing"},
        {"{\"kind\":\"car\"}", HAUL_E_UNKNOWN, "kind: 'car' is not a kind that haul knows"},
        {"{\"kind\":0}", HAUL_E_UNKNOWN, "kind: 0 is not a kind that haul knows"},
        {"{\"kind\":[]}", HAUL_E_INVALID, "kind: found an array; expected an integer"},
        {"{\"kind\":2,\"time\":5}", HAUL_E_INVALID, "id: missing; a tick has it"},
        {"{\"kind\":2,\"id\":\"A\"}", HAUL_E_INVALID, "time: missing; a tick has it"},
        {"{\"kind\":2,\"id\":7,\"time\":5}", HAUL_E_INVALID, "id: found an integer; expected a string"},
        {"{\"kind\":2,\"id\":\"\\n\",\"time\":5}", HAUL_E_RANGE, "id: has a control character"},
        {"{\"kind\":2,\"id\":\"\\u0000\",\"time\":5}", HAUL_E_RANGE, "id: has a control character"},
        {"{\"kind\":2,\"id\":\"A\",\"time\":\"noon\"}", HAUL_E_INVALID, NULL},
        {"{\"kind\":2,\"id\":\"A\",\"time\":true}", HAUL_E_INVALID, "time: found true; expected an integer"},
        {"{\"kind\":2,\"id\":\"A\",\"time\":1e300}", HAUL_E_RANGE, "time: 1e+300 does not fit 64 bits"},
        {"{\"kind\":2,\"id\":\"A\",\"time\":253402300800000}", HAUL_E_RANGE, "time: outside the years 0000 to 9999"},
        {"{\"kind\":2,\"id\":\"A\",\"time\":5,\"lon\":1}", HAUL_E_INVALID, "lat: missing; a position has both"},
        {"{\"kind\":2,\"id\":\"A\",\"time\":5,\"lat\":1}", HAUL_E_INVALID, "lon: missing; a position has both"},
        {"{\"kind\":2,\"id\":\"A\",\"time\":5,\"crs\":5}", HAUL_E_RANGE,
         "crs: 5 is not a coordinate system; expected 0 to 4"},
        {"{\"kind\":2,\"id\":\"A\",\"time\":5,\"v\":0}", HAUL_E_RANGE, "v: 0; versions begin at 1"},
        {"{\"kind\":2,\"id\":\"A\",\"time\":5,\"v\":-1}", HAUL_E_RANGE, "v: -1 is below 0"},
        {"{" GOOD ",\"speed_kmh\":401}", HAUL_E_RANGE, "speed_kmh: 401 is out of range; expected 0 to 400"},
        {"{" GOOD ",\"speed_kmh\":\"60\"}", HAUL_E_INVALID, "speed_kmh: found a string; expected a number"},
        {"{" GOOD ",\"status\":1.5}", HAUL_E_INVALID, "status: 1.5 has a fraction; expected an integer"},
        {"{" GOOD ",\"plate\":\"AAAAAAAAAAAAAAAAAAAAAAAAA\"}", HAUL_E_RANGE,
         "plate: 25 bytes long; expected 0 to 24 bytes"},
        {"{\"kind\":\"template_reading\",\"id\":\"A\",\"time\":5}", HAUL_E_INVALID,
         "value: missing; a template_reading has it"},
        {"{\"kind\":\"clock\",\"id\":\"A\",\"time\":5,\"gone\":1}", HAUL_E_INVALID,
         "gone: found an integer; expected true or false"},
        {"{\"kind\":\"alert\",\"state\":\"Zg=\"}", HAUL_E_INVALID, "state: not base64"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct haul_error e = {.text = ""};
        const enum haul_err err = read_back(haul_str_of(cases[i].json), &e);
        if (err != cases[i].code || e.code != err || e.text[0] == '\0')
            fail_msg("%s: %s %s", cases[i].json, haul_err_name(err), e.text);
        if (cases[i].text != NULL) assert_string_equal(e.text, cases[i].text);
    }
}

static void limits(void **state)
{
    (void)state;
    struct haul_error e;
    static char large[HAUL_JSON_RECORD_MAX + 1];
    memset(large, ' ', sizeof large);
    assert_int_equal(read_back((struct haul_str){large, sizeof large}, &e), HAUL_E_LIMIT);
    struct haul_arena small;
    haul_arena_init(&small, 16);
    assert_int_equal(haul_record_from_json(HAUL_STR("{" GOOD ",\"driver\":\"0123456789abcdef\"}"), &back, &small, &e),
                     HAUL_E_LIMIT);
    haul_arena_free(&small);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_comes_back),   cmocka_unit_test(the_form), cmocka_unit_test(odd_and_good),
        cmocka_unit_test(bad_ones_name_the_field), cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
