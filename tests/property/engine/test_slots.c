/* SPDX-License-Identifier: Apache-2.0
 * Keyed slots held against a naive model: find, timers in order of (due, kind, id, number), eviction by (newest, kind,
 * id), and that all of it is the same after everything derived was thrown away and made again.
 */
#include "processors/engine/slots.h"

#include "haul/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define QUOTA  40
#define IDS    70
#define TIMERS 3

static const struct haul_processor processor = {
    .mailbox = HAUL_MAILBOX_TEMPLATE,
    .entities = {{"a", 24}, {"b", 40}},
    .timers = TIMERS,
};

struct model { /* by kind and number of id */
    bool used;
    int64_t newest, due[TIMERS + 1];
};

struct world {
    struct slots s;
    uint8_t *base;
    struct model m[2][IDS];
};

static struct haul_str id_text(unsigned i, char out[8])
{
    return (struct haul_str){out, (size_t)snprintf(out, 8, "k%02u", i)};
}

static struct haul_entity *look(struct world *w, unsigned kind, unsigned i)
{
    char text[8];
    struct haul_entity *e = slots_find(&w->s, kind, id_text(i, text));
    assert_int_equal(e != NULL, w->m[kind][i].used);
    return e;
}

static void first_timer_agrees(struct world *w)
{
    const struct model *best = NULL;
    unsigned kind = 0, at = 0, number = 0;
    for (unsigned k = 0; k < 2; k++)
        for (unsigned i = 0; i < IDS; i++)
            for (unsigned t = 0; t <= TIMERS && w->m[k][i].used; t++)
                if (w->m[k][i].due[t] != INT64_MAX && (best == NULL || w->m[k][i].due[t] < best->due[number]))
                    best = &w->m[k][i], kind = k, at = i, number = t;
    struct haul_entity *e;
    unsigned id;
    int64_t due;
    assert_int_equal(slots_timer_first(&w->s, &e, &id, &due), best != NULL);
    if (best == NULL) return;
    char text[8];
    assert_true(e == slots_find(&w->s, kind, id_text(at, text)));
    assert_int_equal(id, number);
    assert_true(due == best->due[number]);
}

static void oldest_agrees(struct world *w)
{
    const struct model *best = NULL;
    unsigned kind = 0, at = 0;
    for (unsigned k = 0; k < 2; k++)
        for (unsigned i = 0; i < IDS; i++)
            if (w->m[k][i].used && (best == NULL || w->m[k][i].newest < best->newest))
                best = &w->m[k][i], kind = k, at = i;
    struct haul_entity *e = slots_oldest(&w->s, NULL);
    char text[8];
    assert_true(e == (best == NULL ? NULL : slots_find(&w->s, kind, id_text(at, text))));
}

static void act(struct world *w, struct haul_rng *r)
{
    const unsigned kind = (unsigned)haul_rng_below(r, 2), i = (unsigned)haul_rng_below(r, IDS);
    struct model *m = &w->m[kind][i];
    struct haul_entity *e = look(w, kind, i);
    char text[8];
    if (e == NULL) {
        e = slots_make(&w->s, &processor, kind, id_text(i, text));
        if (e == NULL) assert_int_equal(w->s.used, QUOTA);
        if (e == NULL) return;
        *m = (struct model){.used = true, .newest = INT64_MIN};
        for (unsigned t = 0; t <= TIMERS; t++) m->due[t] = INT64_MAX;
    } else if (haul_rng_below(r, 6) == 0) {
        slots_free(&w->s, e);
        m->used = false;
        return;
    }
    const int64_t now = (int64_t)haul_rng_below(r, 1000);
    if (now > m->newest) e->newest_ms = m->newest = now;
    const unsigned t = (unsigned)haul_rng_below(r, TIMERS + 1);
    m->due[t] = haul_rng_below(r, 4) == 0 ? INT64_MAX : (int64_t)haul_rng_below(r, 50);
    slots_timer_set(&w->s, e, t, m->due[t]);
}

static void agrees_with_a_naive_model(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct world w = {0};
        struct haul_rng r;
        haul_rng_seed(&r, seed);
        print_message("seed %llu\n", (unsigned long long)seed);
        w.base = calloc(QUOTA, slots_stride(&processor));
        assert_non_null(w.base);
        slots_open(&w.s, &processor, w.base, QUOTA);
        for (int k = 0; k < 1500; k++) {
            act(&w, &r);
            first_timer_agrees(&w);
            if (haul_rng_below(&r, 10) == 0) oldest_agrees(&w);
            if (haul_rng_below(&r, 200) == 0) slots_rebuild(&w.s, w.s.high);
        }
        slots_close(&w.s);
        free(w.base);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(agrees_with_a_naive_model)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
