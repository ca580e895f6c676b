/* SPDX-License-Identifier: Apache-2.0
 * Configurations as nobody writes them: each text of tests/golden/config has its verdict, and what the report says of
 * it is text for a terminal, whatever stood in the file.
 */
#include "haul/engine_options.h"
#include "haul/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/engine/sample_options.h"
#include "tests/unit/hostile.h"

static const struct haul_option_set *const sets[] = {&haul_engine_option_set, &sample_fleet_set};

struct heard {
    struct haul_buf report;
    unsigned wrong;
};

/* Nothing that moves a cursor or ends a line where haul does not. */
static bool printable(const struct haul_buf *b)
{
    for (size_t i = 0; i < b->n; i++)
        if ((b->p[i] < ' ' && b->p[i] != '\n') || b->p[i] == 0x7f) return false;
    return haul_utf8_valid((struct haul_str){(const char *)b->p, b->n});
}

static void judge(void *arg, const struct hostile_case *c)
{
    struct heard *const h = arg;
    struct haul_config *config;
    unsigned count;
    haul_buf_clear(&h->report);
    const enum haul_err err = haul_config_read_text(c->text, "f.yaml", sets, 2, &config, &h->report, &count);
    const char *const got = err == HAUL_OK ? "ok" : err == HAUL_E_LIMIT ? "limit" : "invalid";
    assert_true((err == HAUL_OK) == (config != NULL) && (err == HAUL_OK) == (count == 0));
    const bool said = haul_str_eq(c->says, HAUL_STR("-")) || memmem(h->report.p, h->report.n, c->says.p, c->says.n);
    if (!haul_str_eq(c->verdict, haul_str_of(got)) || !said || !printable(&h->report)) {
        print_error("%.*s: %s%s: %.*s\n", (int)c->name.n, c->name.p, got,
                    printable(&h->report) ? "" : " (control bytes)", (int)(h->report.n < 400 ? h->report.n : 400),
                    (const char *)h->report.p);
        h->wrong++;
    }
    haul_config_free(config);
}

static void each_has_its_verdict(void **state)
{
    (void)state;
    struct heard h = {.wrong = 0};
    haul_buf_init(&h.report, 4096, HOSTILE_TEXT_MAX);
    const size_t n = hostile_each("tests/golden/config/hostile.txt", judge, &h);
    print_message("# %zu texts\n", n);
    haul_buf_free(&h.report);
    assert_int_equal(h.wrong, 0);
    assert_true(n >= 50);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(each_has_its_verdict)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
