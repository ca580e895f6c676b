/* SPDX-License-Identifier: Apache-2.0
 * The simulated cold chain: the same seed gives the same bytes; what it sends is valid and in order; a quiet one raises
 * nothing, and goods in it never leave their range.
 */
#include "haul/hash.h"
#include "haul/processors.h"
#include "haul/simulator_cold.h"
#include "haul/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define DAY 86400000ll

static struct haul_cold_scenario *scenario_of(const char *path, int64_t units, int64_t seed)
{
    static const struct haul_option_set *const sets[] = {&haul_cold_option_set};
    struct haul_cold_scenario *s = malloc(sizeof *s);
    struct haul_config *config;
    struct haul_buf errors;
    unsigned count;
    assert_non_null(s);
    haul_buf_init(&errors, 0, 65536);
    if (haul_config_read(path, sets, 1, &config, &errors, &count) != HAUL_OK)
        fail_msg("%.*s", (int)errors.n, (const char *)errors.p);
    *s = *(const struct haul_cold_scenario *)haul_config_section(config, "reefers");
    s->units = units, s->seed = seed, s->duration_ms = DAY;
    haul_config_free(config);
    haul_buf_free(&errors);
    return s;
}

static void *open_it(const struct haul_cold_scenario *s)
{
    void *w = NULL;
    struct haul_error e;
    if (haul_world_reefers.open(s, &w, &e) != HAUL_OK) fail_msg("%s", e.text);
    return w;
}

static uint64_t digest(int64_t seed)
{
    struct haul_cold_scenario *s = scenario_of("config/scenarios/coldchain-faults.yaml", 12, seed);
    void *w = open_it(s);
    struct haul_simulated m;
    struct haul_buf text;
    struct haul_json j;
    struct haul_refusal why;
    struct haul_time last = HAUL_TIME_NONE;
    uint64_t h = 0, faults = 0;
    haul_buf_init(&text, 0, 1 << 20);
    while (haul_world_reefers.next(w, &m)) {
        if (!haul_record_check(&m.record, &why)) fail_msg("%s: %s", why.field, why.text);
        assert_true(m.send_at.ms >= last.ms && m.send_at.ms >= m.record.time.ms);
        last = m.send_at;
        haul_buf_clear(&text);
        haul_record_pack(&m.record, &text);
        h = haul_mix(haul_mix(h, haul_xxh3(text.p, text.n)), (uint64_t)m.send_at.ms);
    }
    for (;; faults++) {
        haul_buf_clear(&text);
        haul_json_begin(&j, &text);
        if (!haul_world_reefers.truth(w, &j)) break;
        h = haul_mix(h, haul_xxh3(text.p, text.n));
    }
    assert_true(faults > 10);
    haul_buf_free(&text);
    haul_world_reefers.close(w);
    free(s);
    return h;
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
    (void)state;
    assert_true(digest(3) == digest(3));
    assert_true(digest(3) != digest(4));
}

static void a_quiet_one_raises_nothing(void **state)
{
    (void)state;
    struct haul_cold_scenario *s = scenario_of("config/scenarios/coldchain-faults.yaml", 24, 5);
    for (size_t f = 0; f < HAUL_COLD_FAULTS_LEN; f++) s->rate[f] = 0;
    struct haul_error e;
    struct haul_trial *t = haul_trial_open(&haul_coldchain, "", &e);
    void *w = open_it(s);
    struct haul_simulated m;
    size_t relayed = 0;
    while (haul_world_reefers.next(w, &m)) {
        haul_trial_feed(t, &m.record, m.send_at);
        for (; relayed < haul_trial_emitted(t); relayed++) {
            enum haul_mailbox to;
            const struct haul_record *r = haul_trial_emission(t, relayed, &to);
            if (to == HAUL_MAILBOX_COLDCHAIN) haul_trial_feed(t, r, m.send_at);
            if (to == HAUL_MAILBOX_DESK)
                fail_msg("%.*s about %.*s", (int)r->v[HAUL_F_ALERT_RULE].s.n, r->v[HAUL_F_ALERT_RULE].s.p,
                         (int)r->v[HAUL_F_ALERT_ENTITY].s.n, r->v[HAUL_F_ALERT_ENTITY].s.p);
        }
    }
    assert_true(relayed > 10000);
    haul_world_reefers.close(w);
    haul_trial_close(t);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_bytes),
        cmocka_unit_test(a_quiet_one_raises_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
