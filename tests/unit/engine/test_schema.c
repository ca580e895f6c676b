/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/schema.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static json_t *parsed(enum haul_kind kind)
{
    struct haul_buf out;
    json_error_t at;
    haul_buf_init(&out, 1024, 1 << 22);
    haul_schema_json(kind, &out);
    assert_false(out.overflow);
    json_t *const all = json_loadb((char *)out.p, out.n, JSON_REJECT_DUPLICATES, &at);
    if (all == NULL) fail_msg("byte %d: %s", at.position, at.text);
    haul_buf_free(&out);
    return all;
}

static const json_t *named(const json_t *list, const char *name)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(json_string_value(json_object_get(json_array_get(list, i), "name")), name) == 0)
            return json_array_get(list, i);
    return NULL;
}

static void check_kind(const json_t *kinds, unsigned k)
{
    const struct haul_kind_row *const row = haul_kind_row(k);
    const json_t *const kind = named(kinds, row->name), *const fields = json_object_get(kind, "fields");
    assert_non_null(kind);
    assert_int_equal(json_integer_value(json_object_get(kind, "kind")), k);
    assert_int_equal(json_is_true(json_object_get(kind, "position_required")), row->positioned);
    assert_int_equal(json_array_size(fields), row->fields_len);
    for (size_t i = 0; i < row->fields_len; i++) {
        const json_t *const field = named(fields, row->fields[i].name);
        assert_non_null(field);
        assert_int_equal(json_integer_value(json_object_get(field, "key")), row->fields[i].number);
        assert_int_equal(json_is_true(json_object_get(field, "required")), row->fields[i].required);
        if (row->fields[i].type == HAUL_REAL) {
            assert_true(json_number_value(json_object_get(field, "minimum")) == row->fields[i].low);
            assert_true(json_number_value(json_object_get(field, "maximum")) == row->fields[i].high);
        }
    }
}

static void json_says_what_the_tables_say(void **state)
{
    (void)state;
    json_t *const all = parsed(HAUL_KIND_NONE);
    const json_t *const kinds = json_object_get(all, "kinds");
    size_t n = 0;
    for (unsigned k = 1; k < HAUL_KIND_MAX; k++)
        if (haul_kind_row(k) != NULL) check_kind(kinds, k), n++;
    assert_int_equal(json_array_size(kinds), n);
    assert_int_equal(json_array_size(json_object_get(all, "envelope")), 8);
    assert_int_equal(json_array_size(json_object_get(all, "reasons")), HAUL_REASON_COUNT - 1);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(all, "limits"), "message_bytes")),
                     HAUL_RECORD_MAX);
    json_decref(all);
}

static void json_of_one_kind(void **state)
{
    (void)state;
    json_t *const one = parsed(HAUL_KIND_VEHICLE_EVENT);
    assert_int_equal(json_array_size(json_object_get(one, "kinds")), 1);
    assert_non_null(named(json_object_get(one, "kinds"), "vehicle_event"));
    json_decref(one);
}

static void text_names_every_field(void **state)
{
    (void)state;
    struct haul_buf out;
    haul_buf_init(&out, 1024, 1 << 22);
    for (unsigned k = 1; k < HAUL_KIND_MAX; k++) {
        const struct haul_kind_row *const row = haul_kind_row(k);
        if (row == NULL) continue;
        haul_buf_clear(&out);
        haul_schema_text((enum haul_kind)k, &out);
        haul_buf_byte(&out, '\0');
        for (size_t i = 0; i < row->fields_len; i++)
            if (strstr((char *)out.p, row->fields[i].name) == NULL ||
                strstr((char *)out.p, row->fields[i].sentence) == NULL)
                fail_msg("%s.%s", row->name, row->fields[i].name);
    }
    haul_buf_free(&out);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_says_what_the_tables_say),
        cmocka_unit_test(json_of_one_kind),
        cmocka_unit_test(text_names_every_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
