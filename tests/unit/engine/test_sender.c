/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/source.h"
#include "haul/topics.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void there_and_back(void **state)
{
    (void)state;
    static const struct {
        struct haul_sender sender;
        const char *text;
    } cases[] = {
        {{HAUL_MAILBOX_FLEET, 3, 2, 1017, 1009, 0}, "fleet/3:2:1017:1009"},
        {{HAUL_MAILBOX_DESK, 0, 1, 0, 0, 0}, "desk/0:1:0:0"},
        {{HAUL_MAILBOX_WAREHOUSE, HAUL_PARTITIONS_MAX - 1, UINT64_MAX, UINT64_MAX, UINT64_MAX, 0},
         "warehouse/255:18446744073709551615:18446744073709551615:18446744073709551615"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[HAUL_SENDER_TEXT];
        struct haul_sender back;
        assert_int_equal(haul_sender_format(&cases[i].sender, text), strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
        assert_true(haul_sender_parse(haul_str_of(text), &back));
        assert_int_equal(back.mailbox, cases[i].sender.mailbox);
        assert_int_equal(back.partition, cases[i].sender.partition);
        assert_true(back.incarnation == cases[i].sender.incarnation && back.sequence == cases[i].sender.sequence &&
                    back.acked == cases[i].sender.acked);
    }
}

static void nobody_has_no_text(void **state)
{
    (void)state;
    char text[HAUL_SENDER_TEXT] = "x";
    assert_int_equal(haul_sender_format(&(struct haul_sender){0}, text), 0);
    assert_string_equal(text, "");
}

static void what_is_not_a_sender(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "/",
        "fleet",
        "fleet/",
        "fleet/3",
        "fleet/3:",
        "fleet/3:2",
        "fleet/3:2:",
        "fleet/3:2:1",
        "fleet/3:2:1:",
        "fleet/3:2:1:0 ",
        " fleet/3:2:1:0",
        "fleet/3:2:1:0:",
        "fleet/-3:2:1:0",
        "fleet/+3:2:1:0",
        "fleet/03:2:1:0",
        "fleet/3:02:1:0",
        "fleet/3:2:01:0",
        "fleet/3:2:1:00",
        "fleet/3:0:1:0",
        "fleet/256:2:1:0",
        "fleet/3:2:18446744073709551616:0",
        "fleet/3:99999999999999999999:1:0",
        "nowhere/3:2:1:0",
        "FLEET/3:2:1:0",
        "/3:2:1:0",
        "fleet//3:2:1:0",
        "fleet/3;2;1;0",
        "fleet/0x3:2:1:0",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct haul_sender out;
        if (haul_sender_parse(haul_str_of(bad[i]), &out)) fail_msg("'%s' was taken", bad[i]);
    }
    struct haul_sender out;
    assert_false(haul_sender_parse((struct haul_str){NULL, 0}, &out));
    assert_false(haul_sender_parse((struct haul_str){"fleet/3:2:1:0\0", 14}, &out));
    assert_true(haul_sender_parse((struct haul_str){"fleet/3:2:1:19", 13}, &out) && out.acked == 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(nobody_has_no_text),
        cmocka_unit_test(what_is_not_a_sender),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
