/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void the_first_line(void **state)
{
    (void)state;
    static const struct {
        const char *file, *secret; /* NULL: refused */
    } rows[] = {
        {"hunter2", "hunter2"},
        {"hunter2\n", "hunter2"},
        {"hunter2\r\nmore\n", "hunter2"},
        {" a b ", " a b "},
        {"123456789", "123456789"},
        {"1234567890", NULL},
        {"", NULL},
        {"\nhunter2\n", NULL},
    };
    char path[] = "/tmp/haul-secret-XXXXXX", out[10];
    const int fd = mkstemp(path);
    assert_true(fd != -1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_error e = {0};
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, rows[i].file, strlen(rows[i].file), 0), (ssize_t)strlen(rows[i].file));
        memset(out, 'x', sizeof out);
        const enum haul_err err = haul_secret_read("redis.password_file", path, out, sizeof out, &e);
        if (rows[i].secret != NULL) {
            assert_int_equal(err, HAUL_OK);
            assert_string_equal(out, rows[i].secret);
            continue;
        }
        assert_int_equal(err, HAUL_E_INVALID);
        assert_non_null(strstr(e.text, "redis.password_file: the first line of /tmp/haul-secret-"));
        for (size_t k = 0; k < sizeof out; k++) assert_int_equal(out[k], 0);
    }
    close(fd);
    unlink(path);
}

static void no_file(void **state)
{
    (void)state;
    struct haul_error e = {0};
    char out[8];
    assert_int_equal(haul_secret_read("kafka.sasl_password_file", "/nowhere/at/all", out, sizeof out, &e), HAUL_E_IO);
    assert_string_equal(e.text, "kafka.sasl_password_file: cannot open /nowhere/at/all: No such file or directory");
    assert_int_equal(haul_secret_read("kafka.sasl_password_file", "/tmp", out, sizeof out, &e), HAUL_E_IO);
    assert_string_equal(e.text, "kafka.sasl_password_file: cannot read /tmp: Is a directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_first_line), cmocka_unit_test(no_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
