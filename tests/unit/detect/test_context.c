/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/detect_context.h"
#include "haul/rng.h"

#include "tests/unit/detect/support.h"

#include <string.h>

/* The memory without bounds: all levels so far, and every context counted by reading them again. */
static double slow_novelty(const uint8_t *levels, int n, const struct haul_context_config *c)
{
    double sum = 0;
    const int longest = n < c->order ? n : c->order;
    for (int k = 0; k <= longest; k++) {
        int before = 0, followed = 0;
        for (int i = k; i < n; i++) {
            bool same = true;
            for (int back = 1; back <= k; back++) same = same && levels[i - back] == levels[n - back];
            before += same, followed += same && levels[i] == levels[n];
        }
        if (followed == 0) sum += before / (before + 5.0);
    }
    return sum / (c->order + 1);
}

static void against_unbounded(void **state)
{
    (void)state;
    enum { N = 700 };
    enum { WORDS = HAUL_CONTEXT_SET * 2048 };
    uint32_t *memory = calloc(WORDS, sizeof *memory);
    assert_non_null(memory);
    for (uint8_t trial = 0; trial < 10; trial++) {
        /* five levels in up to fours fit into the memory, each in its counter; twenty do not, and are hashed */
        const uint8_t order = trial % 5, most = trial < 5 ? 5 : 20;
        const struct haul_context_config c = {
            .words = WORDS, .levels = most, .order = order, .threshold = 0.5, .learn = 20};
        struct haul_context s;
        assert_int_equal(haul_context_init(&s, memory, &c, NULL), HAUL_OK);
        struct haul_rng rng;
        haul_rng_seed(&rng, 60 + order);
        uint8_t levels[N + 1];
        haul_context_update(&s, memory, &c, 0, TIME(0)), levels[0] = 0;
        haul_context_update(&s, memory, &c, most - 0.001, TIME(1)),
            levels[1] = most - 1; /* the range is set: levels are whole parts */
        for (int n = 2; n < N; n++) {
            levels[n] = (uint8_t)(haul_rng_below(&rng, 50) == 0 ? haul_rng_below(&rng, 5) : (levels[n - 1] + 1u) % 3u);
            const struct haul_score x = haul_context_update(&s, memory, &c, levels[n] + 0.5, TIME(n));
            if (n > 8) assert_near(x.statistic, slow_novelty(levels, n, &c), 1e-12);
        }
    }
    free(memory);
}

/* What never followed is told, once; the old order of things is not. */
static void a_new_order(void **state)
{
    (void)state;
    const struct haul_context_config c = {
        .words = 8 * HAUL_CONTEXT_SET, .levels = 4, .order = 1, .threshold = 0.35, .learn = 50};
    struct haul_context s;
    uint32_t memory[8 * HAUL_CONTEXT_SET];
    haul_context_init(&s, memory, &c, NULL);
    static const double cycle[] = {0, 1.5, 2.5, 4, 2.5, 1.5};
    for (int i = 0; i < 300; i++) {
        const struct haul_score x = haul_context_update(&s, memory, &c, cycle[i % 6], TIME(i));
        if (i >= 50) assert_int_equal(x.verdict, HAUL_VERDICT_NORMAL);
    }
    const struct haul_score jump = haul_context_update(&s, memory, &c, 4, TIME(300)); /* after 1.5 comes 0 or 2.5 */
    assert_int_equal(jump.verdict, HAUL_VERDICT_ANOMALY);
    assert_int_equal(jump.direction, 1);
    haul_context_update(&s, memory, &c, 1.5, TIME(301));
    assert_int_equal(haul_context_update(&s, memory, &c, 4, TIME(302)).verdict, HAUL_VERDICT_NORMAL); /* known by now */
}

/* More contexts than slots: the memory stays within its words, and the newest are the ones it knows. */
static void forgets_the_oldest(void **state)
{
    (void)state;
    const struct haul_context_config c = {
        .words = HAUL_CONTEXT_SET, .levels = 100, .order = 0, .threshold = 0.1, .learn = 0};
    struct haul_context s;
    uint32_t memory[HAUL_CONTEXT_SET + 1] = {[HAUL_CONTEXT_SET] = 0x5a5a5a5a};
    haul_context_init(&s, memory, &c, NULL);
    haul_context_update(&s, memory, &c, 0, TIME(0));
    haul_context_update(&s, memory, &c, 99.99, TIME(1));
    for (int i = 0; i < 1000; i++) haul_context_update(&s, memory, &c, (i * 7) % 100, TIME(2 + i));
    /* 8 slots hold the context and the last 7 levels */
    assert_true(haul_context_update(&s, memory, &c, (999 * 7) % 100, TIME(2000)).statistic == 0);
    assert_true(haul_context_update(&s, memory, &c, (990 * 7) % 100, TIME(2001)).statistic > 0.9);
    assert_int_equal(memory[HAUL_CONTEXT_SET], 0x5a5a5a5a);
}

/* The default detector's memory holds all that four levels in pairs can be: none is forgotten.
 */
static void default_fits(void **state)
{
    (void)state;
    const struct haul_context_config c = {.words = 25, .levels = 4, .order = 1, .threshold = 0.35, .learn = 0};
    struct haul_context s;
    uint32_t memory[25];
    haul_context_init(&s, memory, &c, NULL);
    struct haul_rng rng;
    haul_rng_seed(&rng, 61);
    for (int i = 0; i < 5000; i++) haul_context_update(&s, memory, &c, (double)haul_rng_below(&rng, 5), TIME(i));
    int used = 0;
    for (size_t i = 0; i < COUNT(memory); i++) used += memory[i] != 0;
    assert_int_equal(used, 1 + 4 + 4 + 16); /* contexts: the empty one and 4; followers: 4 and 4 x 4 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(against_unbounded), cmocka_unit_test(a_new_order),
                                       cmocka_unit_test(forgets_the_oldest), cmocka_unit_test(default_fits)};
    return cmocka_run_group_tests_name("detect context", tests, NULL, NULL);
}
