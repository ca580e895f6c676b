/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/detect_stream.h"
#include "haul/math.h"
#include "haul/rng.h"

#include "tests/unit/detect/support.h"

#include <string.h>

_Static_assert(sizeof(struct haul_stream) <= 1024, "a stream must fit into a kibibyte");

static double daily(int i, struct haul_rng *rng)
{
    return 60 + 20 * haul_sin(2 * HAUL_PI * i / 288) + haul_rng_normal(rng);
}

static bool told(const struct haul_stream_score *x)
{
    return x->alarm.event == HAUL_ALARM_OPEN || x->alarm.event == HAUL_ALARM_WORSE;
}

/* Three kinds of trouble in three weeks of a daily stream; each is told within its time, by the method that ought to
 * see it. */
static void finds_what_is_planted(void **state)
{
    (void)state;
    static const struct {
        int from, to;
        double add, set;
        enum haul_method method;
    } planted[] = {
        {4000, 4003, 60, 0, HAUL_METHOD_RECORD},  /* beyond anything seen */
        {4500, 4512, 0, 78, HAUL_METHOD_CONTEXT}, /* a day's value at night, at a stroke; the level may be first */
        {5190, 5250, -12, 0, HAUL_METHOD_LEVEL},  /* five hours of a little less, at a time when that is no extreme */
    };
    const struct haul_stream_config c = haul_stream_config_default();
    for (size_t p = 0; p < COUNT(planted); p++) {
        struct haul_stream s;
        assert_int_equal(haul_stream_init(&s, &c, NULL), HAUL_OK);
        struct haul_rng rng;
        haul_rng_seed(&rng, 100);
        int early = 0, found = -1;
        enum haul_method by = HAUL_METHOD_NONE;
        for (int i = 0; i < 6048; i++) {
            double v = daily(i, &rng);
            if (i >= planted[p].from && i < planted[p].to) v = planted[p].set > 0 ? planted[p].set : v + planted[p].add;
            const struct haul_stream_score x = haul_stream_update(&s, &c, v, TIME(300 * i));
            if (told(&x) && i > 600 && i < planted[p].from) early++;
            if (told(&x) && i >= planted[p].from && i < planted[p].to && found < 0) found = i, by = x.score.method;
        }
        if (found < 0 || early > 6) fail_msg("case %zu: found %d, %d before", p, found, early);
        if (by != planted[p].method && !(p == 1 && by == HAUL_METHOD_LEVEL))
            fail_msg("case %zu: by %s", p, haul_method_name(by));
    }
}

/* The state is plain data: a copy goes on as the original does, and what comes later changes nothing before. */
static void copies_go_on_alike(void **state)
{
    (void)state;
    const struct haul_stream_config c = haul_stream_config_default();
    struct haul_stream a, b;
    haul_stream_init(&a, &c, NULL);
    struct haul_rng rng;
    haul_rng_seed(&rng, 101);
    for (int i = 0; i < 3000; i++) {
        const double v = daily(i, &rng) + (haul_rng_below(&rng, 200) == 0 ? 40 : 0);
        if (i == 1000) memcpy(&b, &a, sizeof a);
        const struct haul_stream_score x = haul_stream_update(&a, &c, v, TIME(300 * i));
        if (i < 1000) continue;
        const struct haul_stream_score y = haul_stream_update(&b, &c, v, TIME(300 * i));
        assert_true(x.score.statistic == y.score.statistic && x.alarm.demand == y.alarm.demand &&
                    x.alarm.event == y.alarm.event);
    }
    assert_memory_equal(&a, &b, sizeof a);
}

/* No unit: values in other units (by a power of two, which is exact) and with another zero bring the same alerts. */
static void knows_no_unit(void **state)
{
    (void)state;
    const struct haul_stream_config c = haul_stream_config_default();
    struct haul_stream a, b;
    haul_stream_init(&a, &c, NULL), haul_stream_init(&b, &c, NULL);
    struct haul_rng rng;
    haul_rng_seed(&rng, 102);
    int alerts = 0;
    for (int i = 0; i < 5000; i++) {
        const double v = daily(i, &rng) + (haul_rng_below(&rng, 300) == 0 ? 60 : 0);
        const struct haul_stream_score x = haul_stream_update(&a, &c, v, TIME(300 * i));
        const struct haul_stream_score y = haul_stream_update(&b, &c, 1024 * v, TIME(300 * i));
        assert_int_equal(x.alarm.event, y.alarm.event);
        alerts += told(&x);
    }
    assert_true(alerts > 3);
}

static void sides(void **state)
{
    (void)state;
    struct haul_stream_config c = haul_stream_config_default();
    for (int side = 0; side < 3; side++) {
        c.side = (enum haul_side)side;
        struct haul_stream s;
        haul_stream_init(&s, &c, NULL);
        struct haul_rng rng;
        haul_rng_seed(&rng, 103);
        bool high = false, low = false;
        for (int i = 0; i < 4000; i++) {
            const double v = daily(i, &rng) + (i == 3000 ? 80 : i == 3500 ? -80 : 0);
            const struct haul_stream_score x = haul_stream_update(&s, &c, v, TIME(300 * i));
            if (i == 3000) high = told(&x);
            if (i == 3500) low = told(&x);
            if (i > 150 && told(&x) && side == HAUL_SIDE_HIGH) assert_int_equal(x.score.direction, 1);
            if (i > 150 && told(&x) && side == HAUL_SIDE_LOW) assert_int_equal(x.score.direction, -1);
        }
        assert_int_equal(high, side != HAUL_SIDE_LOW);
        assert_int_equal(low, side != HAUL_SIDE_HIGH);
    }
}

/* What cannot be is told and not learnt. */
static void guarded(void **state)
{
    (void)state;
    struct haul_stream_config c = haul_stream_config_default();
    c.guard.low = 0, c.guard.high = 200;
    struct haul_stream s;
    haul_stream_init(&s, &c, NULL);
    struct haul_rng rng;
    haul_rng_seed(&rng, 104);
    for (int i = 0; i < 1000; i++) haul_stream_update(&s, &c, daily(i, &rng), TIME(300 * i));
    const double high = s.record.high;
    const int64_t n = s.n;
    assert_int_equal(haul_stream_update(&s, &c, 999, TIME(300 * 1000)).score.method, HAUL_METHOD_RANGE);
    assert_int_equal(haul_stream_update(&s, &c, 50, TIME(300 * 900)).score.method, HAUL_METHOD_CLOCK);
    assert_int_equal(haul_stream_update(&s, &c, NOT_A_NUMBER, TIME(300 * 1001)).score.verdict, HAUL_VERDICT_INVALID);
    assert_int_equal(haul_stream_update(&s, &c, ENDLESS, TIME(300 * 1001)).score.verdict, HAUL_VERDICT_INVALID);
    assert_true(s.record.high == high && s.n == n);
}

/* A value that is usual at its hour is no news, though it is a record by a hair: uniform noise, then a value two
 * hundredths of the range beyond, and one that is far beyond. */
static void what_is_usual_is_no_news(void **state)
{
    (void)state;
    const struct haul_stream_config c = haul_stream_config_default();
    struct haul_stream s;
    haul_stream_init(&s, &c, NULL);
    struct haul_rng rng;
    haul_rng_seed(&rng, 106);
    for (int i = 0; i < 3000; i++) haul_stream_update(&s, &c, 100 * haul_rng_f64(&rng), TIME(300 * i));
    const struct haul_stream_score hair = haul_stream_update(&s, &c, s.record.high + 2, TIME(300 * 3000));
    assert_false(told(&hair));
    const struct haul_stream_score far = haul_stream_update(&s, &c, 300, TIME(300 * 3001));
    assert_true(told(&far));
    assert_int_equal(far.score.method, HAUL_METHOD_RECORD);
    assert_true(far.score.tail_p > 0 && far.score.tail_p < 1e-3);
}

static void explains_itself(void **state)
{
    (void)state;
    const struct haul_stream_config c = haul_stream_config_default();
    struct haul_stream s;
    haul_stream_init(&s, &c, NULL);
    struct haul_rng rng;
    haul_rng_seed(&rng, 105);
    for (int i = 0; i < 2000; i++) haul_stream_update(&s, &c, daily(i, &rng), TIME(300 * i));
    const struct haul_stream_score x = haul_stream_update(&s, &c, 140, TIME(300 * 2000));
    assert_int_equal(x.score.verdict, HAUL_VERDICT_ANOMALY);
    struct haul_buf out;
    haul_buf_init(&out, 256, 4096);
    haul_score_explain(&x.score, HAUL_ENGLISH, &out);
    haul_buf_byte(&out, 0);
    if (strstr((const char *)out.p, "new extreme high: 140, never beyond 8") == NULL)
        fail_msg("%s", (const char *)out.p);
    haul_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_what_is_planted),
                                       cmocka_unit_test(copies_go_on_alike),
                                       cmocka_unit_test(knows_no_unit),
                                       cmocka_unit_test(sides),
                                       cmocka_unit_test(guarded),
                                       cmocka_unit_test(what_is_usual_is_no_news),
                                       cmocka_unit_test(explains_itself)};
    return cmocka_run_group_tests_name("detect stream", tests, NULL, NULL);
}
