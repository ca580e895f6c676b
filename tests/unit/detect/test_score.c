/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/detect.h"

#include "tests/unit/detect/support.h"

#include <string.h>

static void threshold_is_half(void **state)
{
    (void)state;
    assert_near(haul_score_make(HAUL_METHOD_EWMA, 1, 3, 3, true).score, 0.5, 0);
    assert_int_equal(haul_score_make(HAUL_METHOD_EWMA, 1, 3, 3, true).verdict, HAUL_VERDICT_ANOMALY);
    assert_int_equal(haul_score_make(HAUL_METHOD_EWMA, 1, 2.99, 3, true).verdict, HAUL_VERDICT_NORMAL);
    assert_int_equal(haul_score_make(HAUL_METHOD_EWMA, 1, 9, 3, false).verdict, HAUL_VERDICT_LEARNING);
    assert_near(haul_score_make(HAUL_METHOD_EWMA, 1, -5, 3, true).score, 0, 0);
    assert_near(haul_score_make(HAUL_METHOD_EWMA, 1, ENDLESS, 3, true).score, 1, 0);
    double last = -1;
    for (double x = 0; x < 50; x += 0.1) {
        const double score = haul_score_make(HAUL_METHOD_EWMA, 1, x, 3, true).score;
        assert_true(score > last && score < 1);
        last = score;
    }
}

static void said(struct haul_score s, enum haul_language language, const char *want)
{
    struct haul_buf out;
    haul_buf_init(&out, 64, 4096);
    haul_score_explain(&s, language, &out);
    haul_buf_byte(&out, 0);
    if (strcmp((const char *)out.p, want) != 0) fail_msg("said:   %s\nwanted: %s", (const char *)out.p, want);
    haul_buf_free(&out);
}

static void sentences(void **state)
{
    (void)state;
    struct haul_score s = haul_score_make(HAUL_METHOD_SEASON, 23.4, 7.5, 5, true);
    s.expected = 61, s.spread = 5.01, s.tail_p = 6.4e-14, s.direction = -1, s.held = 3, s.held_of = 5;
    said(s, HAUL_ENGLISH,
         "low for this time of day: 23.4, usual 61; spread 5.01; chance 6.4e-14; statistic 7.5; threshold 5; held 3 of "
         "5.");
    said(s, HAUL_CHINESE, "该时段偏低：23.4，通常为 61；离散度 5.01；概率 6.4e-14；统计量 7.5；门限 5；持续 3/5。");
    s.verdict = HAUL_VERDICT_NORMAL, s.held_of = 0, s.tail_p = -1;
    said(s, HAUL_ENGLISH, "23.4, expected 61; spread 5.01; statistic 7.5; threshold 5.");
    said(haul_score_make(HAUL_METHOD_GAP, 4, 900, 300, true), HAUL_ENGLISH,
         "no value for 900 s, expected within 300 s.");
    said(haul_score_make(HAUL_METHOD_CONTEXT, 4, 0.9, 0.35, false), HAUL_CHINESE,
         "学习中：此前从未出现过这样的前后次序：4，意外度 0.9；门限 0.35。");
    said(haul_score_invalid(HAUL_METHOD_CUSUM, NOT_A_NUMBER), HAUL_ENGLISH, "not a number.");
}

/* Every row of the table can be said in both languages, with all of its placeholders, and is named. */
static void every_method_speaks(void **state)
{
    (void)state;
    static const char *const names[] = {
#define HAUL_METHOD(symbol, name, english, chinese) name,
#include "haul/detect_methods.def"
#undef HAUL_METHOD
    };
    for (size_t m = 0; m < COUNT(names); m++)
        for (int language = 0; language < 2; language++) {
            struct haul_buf out;
            haul_buf_init(&out, 64, 4096);
            const struct haul_score s = haul_score_make((enum haul_method)m, 1, 2, 1, true);
            haul_score_explain(&s, (enum haul_language)language, &out);
            assert_true(out.n > 8 && !out.overflow && memchr(out.p, '%', out.n) == NULL);
            assert_string_equal(haul_method_name((enum haul_method)m), names[m]);
            for (size_t other = 0; other < m; other++) assert_string_not_equal(names[m], names[other]);
            haul_buf_free(&out);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(threshold_is_half), cmocka_unit_test(sentences),
                                       cmocka_unit_test(every_method_speaks)};
    return cmocka_run_group_tests_name("detect score", tests, NULL, NULL);
}
