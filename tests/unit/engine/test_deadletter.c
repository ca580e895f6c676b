/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/deadletter.h"
#include "haul/topics.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct haul_str header(const struct haul_outgoing *m, const char *name)
{
    for (size_t i = 0; i < m->headers_len; i++)
        if (strcmp(m->headers[i].name, name) == 0) return m->headers[i].value;
    return (struct haul_str){NULL, 0};
}

static void expect(const struct haul_outgoing *m, const char *name, const char *want)
{
    const struct haul_str got = header(m, name);
    if (!haul_str_eq(got, haul_str_of(want))) fail_msg("%s: '%.*s', not '%s'", name, (int)got.n, got.p, want);
}

static void everything_is_told(void **state)
{
    (void)state;
    const struct haul_message message = {
        .task = {HAUL_MAILBOX_TRAFFIC, 7},
        .offset = 9223372036854775807,
        .append = {1769443022000},
        .append_time = true,
        .key = HAUL_STR("A1"),
        .value = HAUL_STR("the whole message"),
        .sender = {HAUL_MAILBOX_REDRIVE, 31, 4, 99, 95, 2},
    };
    const struct haul_refusal why = {HAUL_REASON_NOT_FINITE, "lon", "lon at byte 31: NaN is not a finite number"};
    const struct haul_deadletter d = {"test.", &message, 255, {message.value.p + 4, 5}, HAUL_STAGE_DECODE, &why};
    struct haul_deadletter_scratch scratch;
    struct haul_outgoing out;
    haul_deadletter_build(&d, &scratch, &out);
    assert_string_equal(out.topic, "test.haul.deadletters");
    assert_int_equal(out.partition, -1);
    assert_int_equal(out.sender.mailbox, HAUL_MAILBOX_NONE);
    assert_true(haul_str_eq(out.key, HAUL_STR("A1")) && haul_str_eq(out.value, HAUL_STR("whole")));
    assert_int_equal(out.headers_len, HAUL_DEADLETTER_HEADERS);
    expect(&out, "__connect.errors.topic", "test.haul.traffic");
    expect(&out, "__connect.errors.partition", "7");
    expect(&out, "__connect.errors.offset", "9223372036854775807");
    expect(&out, "__connect.errors.stage", "VALUE_CONVERTER");
    expect(&out, "__connect.errors.exception.class.name", "not_finite");
    expect(&out, "__connect.errors.exception.message", why.text);
    expect(&out, "haul.index", "255");
    expect(&out, "haul.field", "lon");
    expect(&out, "haul.append", "1769443022000");
    expect(&out, "haul.sender", "redrive/31:4:99:95:2");
    expect(&out, "haul.attempt", "2");
}

static void what_is_not_known_has_no_header(void **state)
{
    (void)state;
    const struct haul_message message = {.task = {HAUL_MAILBOX_FLEET, 0}};
    const struct haul_refusal why = {HAUL_REASON_EMPTY, "", "record: the message has no bytes"};
    const struct haul_deadletter d = {"", &message, 0, {NULL, 0}, HAUL_STAGE_CONSUME, &why};
    struct haul_deadletter_scratch scratch;
    struct haul_outgoing out;
    haul_deadletter_build(&d, &scratch, &out);
    assert_string_equal(out.topic, "haul.deadletters");
    expect(&out, "__connect.errors.topic", "haul.fleet");
    expect(&out, "__connect.errors.stage", "KAFKA_CONSUME");
    assert_null(header(&out, "haul.field").p);
    assert_null(header(&out, "haul.append").p);
    assert_null(header(&out, "haul.sender").p);
    assert_int_equal(out.value.n, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_told),
        cmocka_unit_test(what_is_not_known_has_no_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
