/* SPDX-License-Identifier: Apache-2.0
 * What must hold of every detector, whatever it is fed.
 */
#include "haul/json.h"
#include "haul/rng.h"
#include "tests/property/detect/methods.h"

#include "tests/unit/detect/support.h"

#include <string.h>

static const uint64_t seed = 20260101;

/* Streams that break things: noise, steps, constants, huge and tiny values, nothing but one value, signs, time that
 * stands or jumps. */
static double value_of(struct haul_rng *rng, int kind, int i)
{
    switch (kind) {
    case 0:
        return haul_rng_normal(rng);
    case 1:
        return i / 100 % 2 ? 1000 : 0;
    case 2:
        return 7;
    case 3:
        return (haul_rng_below(rng, 2) ? 1 : -1) * exp(200 * haul_rng_f64(rng) - 100);
    case 4:
        return haul_rng_below(rng, 40) == 0 ? 1e99 : 0;
    case 5:
        return 1e-200 * haul_rng_normal(rng);
    case 6:
        return i;
    default:
        return (double)haul_rng_below(rng, 100);
    }
}

static struct haul_time time_of(struct haul_rng *rng, int kind, int i)
{
    if (kind % 4 == 1) return TIME(0);
    if (kind % 4 == 2) return (struct haul_time){(int64_t)haul_rng_u64(rng)};
    return TIME(300 * i);
}

static void judge(const struct method *m, int kind, int i, double value, const struct haul_score *x)
{
    const bool anomaly = x->verdict == HAUL_VERDICT_ANOMALY, normal = x->verdict == HAUL_VERDICT_NORMAL;
    const bool good = x->score >= 0 && x->score <= 1 && x->statistic == x->statistic && x->expected == x->expected &&
                      x->spread >= 0 && x->tail_p <= 1 && x->tail_p == x->tail_p && x->direction >= -1 &&
                      x->direction <= 1;
    if (!good || (anomaly && x->score < 0.5) || (normal && x->score >= 0.5))
        fail_msg(
            "%s, kind %d, step %d, value %g: verdict %s, score %.17g, statistic %g, expected %g, spread %g, tail %g",
            m->name, kind, i, value, haul_verdict_name(x->verdict), x->score, x->statistic, x->expected, x->spread,
            x->tail_p);
}

static void scores_are_sound(void **state)
{
    (void)state;
    for (size_t k = 0; k < METHODS; k++)
        for (int kind = 0; kind < 8; kind++) {
            _Alignas(16) static uint8_t s[STATE_BYTES];
            assert_true(methods[k].size <= sizeof s);
            assert_int_equal(methods[k].init(s), HAUL_OK);
            struct haul_rng rng;
            haul_rng_seed(&rng, seed + (uint64_t)kind);
            for (int i = 0; i < 2000; i++) {
                const double value = value_of(&rng, kind, i);
                const struct haul_score x = methods[k].update(s, value, time_of(&rng, kind, i));
                judge(&methods[k], kind, i, value, &x);
            }
        }
}

/* What cannot be used changes nothing; a copy goes on alike; a reset is a fresh start. Compared byte for byte. */
static void states_are_plain_data(void **state)
{
    (void)state;
    static const double unusable[] = {NOT_A_NUMBER, ENDLESS, -ENDLESS, 1e101, -1e300};
    for (size_t k = 0; k < METHODS; k++) {
        _Alignas(16) static uint8_t s[STATE_BYTES], copy[STATE_BYTES], fresh[STATE_BYTES];
        const struct method *m = &methods[k];
        memset(s, 0, sizeof s), memset(fresh, 0, sizeof fresh);
        m->init(s), m->init(fresh);
        struct haul_rng rng;
        haul_rng_seed(&rng, seed);
        for (int i = 0; i < 1500; i++) {
            const double value = value_of(&rng, 7, i);
            if (i % 100 == 50) {
                memcpy(copy, s, sizeof s);
                const struct haul_score x = m->update(s, unusable[i / 100 % 5], TIME(300 * i));
                if (x.verdict != HAUL_VERDICT_INVALID) fail_msg("%s takes %g", m->name, unusable[i / 100 % 5]);
                if (memcmp(copy, s, m->size) != 0) fail_msg("%s changes by %g", m->name, unusable[i / 100 % 5]);
            }
            memcpy(copy, s, sizeof s);
            const struct haul_score x = m->update(s, value, TIME(300 * i)), y = m->update(copy, value, TIME(300 * i));
            assert_true(x.statistic == y.statistic && x.verdict == y.verdict);
            if (memcmp(copy, s, m->size) != 0) fail_msg("%s: a copy goes another way", m->name);
        }
        m->reset(s);
        if (memcmp(fresh, s, m->size) != 0) fail_msg("%s: reset is not init", m->name);
    }
}

static void all_explain(void **state)
{
    (void)state;
    struct haul_buf out;
    haul_buf_init(&out, 256, 4096);
    for (size_t k = 0; k < METHODS; k++) {
        _Alignas(16) static uint8_t s[STATE_BYTES];
        methods[k].init(s);
        struct haul_rng rng;
        haul_rng_seed(&rng, seed);
        for (int i = 0; i < 600; i++) {
            const struct haul_score x = methods[k].update(s, value_of(&rng, i % 2 ? 3 : 7, i), TIME(60 * i));
            for (int language = 0; language < 2; language++) {
                haul_buf_clear(&out);
                haul_score_explain(&x, (enum haul_language)language, &out);
                assert_true(out.n > 4 && out.n < 400 && !out.overflow);
                assert_true(haul_utf8_valid((struct haul_str){(const char *)out.p, out.n}));
            }
        }
    }
    haul_buf_free(&out);
}

int main(void)
{
    printf("# seed %llu\n", (unsigned long long)seed);
    const struct CMUnitTest tests[] = {cmocka_unit_test(scores_are_sound), cmocka_unit_test(states_are_plain_data),
                                       cmocka_unit_test(all_explain)};
    return cmocka_run_group_tests_name("detect methods", tests, NULL, NULL);
}
