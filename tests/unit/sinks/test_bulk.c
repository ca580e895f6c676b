/* SPDX-License-Identifier: Apache-2.0
 * Strings that are read straight to where they belong, however the bytes come.
 */
#include "sinks/redis/bulk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define ROOM 64

struct place {
    uint8_t room[4][ROOM];
    size_t largest;
};

static uint8_t *place(void *arg, size_t index, size_t n)
{
    struct place *p = arg;
    return index < 4 && n <= p->largest ? p->room[index] : NULL;
}

/* Reads a text in pieces of `piece` bytes as a connection would give them, and writes down what came. */
static bool read_all(const char *text, size_t piece, size_t largest, char *out, size_t cap)
{
    struct bulk b = {0};
    struct place p = {.largest = largest};
    const size_t len = strlen(text);
    size_t index = 0, n = 0;
    for (size_t sent = 0; sent < len;) {
        uint8_t spare[ROOM], *to;
        size_t want = bulk_want(&b, spare, sizeof spare, &to), at = 0;
        if (want > piece) want = piece;
        if (want > len - sent) want = len - sent;
        memcpy(to, text + sent, want);
        sent += want;
        if (to != spare) {
            bulk_came(&b, want);
            continue;
        }
        for (;;) {
            struct haul_redis_value v;
            const enum bulk_got got = bulk_next(&b, spare, want, &at, place, &p, index, &v);
            if (got == BULK_BAD) return false;
            if (got == BULK_MORE) break;
            n += (size_t)snprintf(out + n, cap - n, "%c%.*s|",
                                  v.type == HAUL_REDIS_NIL     ? 'n'
                                  : v.type == HAUL_REDIS_ERROR ? 'e'
                                                               : 's',
                                  v.type == HAUL_REDIS_NIL ? 0 : (int)v.str.n, v.str.p == NULL ? "" : v.str.p);
            index++;
        }
    }
    return true;
}

static void replies_come_whole_however_they_are_cut(void **state)
{
    (void)state;
    static const char *const row[][2] = {
        {"$3\r\nabc\r\n", "sabc|"},
        {"$0\r\n\r\n$1\r\nx\r\n", "s|sx|"},
        {"$-1\r\n$2\r\n\r\n\r\n", "n|s\r\n|"},
        {"+OK\r\n-ERR no\r\n$5\r\nhello\r\n", "sOK|eERR no|shello|"},
        {"$12\r\n$3\r\nabc\r\n$-1\r\n", "s$3\r\nabc\r\n$-1|"},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
        for (size_t piece = 1; piece < 40; piece++) {
            char got[256] = "";
            assert_true(read_all(row[i][0], piece, ROOM, got, sizeof got));
            assert_string_equal(got, row[i][1]);
        }
}

static void what_is_not_wanted_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "$5\r\nhello\r\n",   /* nobody wants so many */
        "$3\r\nabcd\n",      /* no line end where it should be */
        "*1\r\n$1\r\nx\r\n", /* not a string */
        ":1\r\n",            /* not a string */
        "$x\r\n",            /* no length */
        "$-2\r\n",           /* no length */
        "$\r\n",             /* no length */
        "$99999999999999999999\r\n",
        "\r\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        for (size_t piece = 1; piece < 20; piece++) {
            char got[256] = "";
            assert_false(read_all(bad[i], piece, 4, got, sizeof got));
        }
}

/* An error's text may be longer than what is kept of it. */
static void a_long_line_is_cut(void **state)
{
    (void)state;
    char text[1024], got[1024] = "";
    memset(text, 'x', sizeof text);
    memcpy(text, "-ERR ", 5);
    memcpy(text + sizeof text - 3, "\r\n", 3);
    assert_true(read_all(text, 7, ROOM, got, sizeof got));
    assert_int_equal(strlen(got), 1 + 255 + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_come_whole_however_they_are_cut),
        cmocka_unit_test(what_is_not_wanted_is_refused),
        cmocka_unit_test(a_long_line_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
