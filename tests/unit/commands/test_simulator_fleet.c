/* SPDX-License-Identifier: Apache-2.0
 * The simulator and the fleet, held against each other: what was injected is found by the rule that the truth names,
 * and nothing else is.
 */
#include "haul/processors.h"
#include "haul/simulator.h"
#include "haul/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ALERTS_MAX 20000
#define TRUTHS_MAX 20000
#define MS_MIN     60000

struct raised {
    char rule[32], entity[40];
    int64_t at_ms, since_ms;
    bool explained;
};

struct world {
    struct haul_scenario scenario;
    struct raised alerts[ALERTS_MAX];
    size_t alerts_len;
    struct haul_simulator_truth truths[TRUTHS_MAX];
    size_t truths_len;
    uint64_t records, refused;
};

static struct world w;

static void read_scenario(const char *path)
{
    static const struct haul_option_set *const sets[] = {&haul_scenario_option_set};
    struct haul_config *config;
    struct haul_buf errors;
    unsigned count;
    haul_buf_init(&errors, 0, 65536);
    if (haul_config_read(path, sets, 1, &config, &errors, &count) != HAUL_OK)
        fail_msg("%.*s", (int)errors.n, (const char *)errors.p);
    w = (struct world){.scenario = *(const struct haul_scenario *)haul_config_section(config, "scenario")};
    haul_config_free(config);
    haul_buf_free(&errors);
}

static void copy(char *to, size_t size, struct haul_str s)
{
    snprintf(to, size, "%.*s", (int)s.n, s.p);
}

static void take_alerts(struct haul_trial *t, size_t from)
{
    for (size_t i = from; i < haul_trial_emitted(t); i++) {
        enum haul_mailbox to;
        const struct haul_record *r = haul_trial_emission(t, i, &to);
        if (r->kind != HAUL_KIND_ALERT || !haul_str_eq(r->v[HAUL_F_ALERT_ACTION].s, HAUL_STR("open"))) continue;
        assert_true(w.alerts_len < ALERTS_MAX);
        struct raised *a = &w.alerts[w.alerts_len++];
        copy(a->rule, sizeof a->rule, r->v[HAUL_F_ALERT_RULE].s);
        copy(a->entity, sizeof a->entity, r->v[HAUL_F_ALERT_ENTITY].s);
        a->at_ms = r->time.ms, a->since_ms = r->v[HAUL_F_ALERT_SINCE].i;
    }
}

/* Larger runs by hand: SIM_VEHICLES=300 SIM_HOURS=24 SIM_SEEDS=5 SIM_INTERVAL_S=1 */
static int64_t asked(const char *name, int64_t usual)
{
    const char *text = getenv(name);
    return text == NULL ? usual : strtoll(text, NULL, 10);
}

static void run(const char *path, int64_t seed)
{
    struct haul_simulator *s;
    struct haul_simulated m;
    struct haul_error e = {0};
    read_scenario(path);
    w.scenario.seed = seed;
    w.scenario.vehicles = asked("SIM_VEHICLES", 60), w.scenario.duration_ms = asked("SIM_HOURS", 2) * 60 * MS_MIN;
    w.scenario.interval_ms = asked("SIM_INTERVAL_S", 10) * 1000;
    if (haul_simulator_open(&w.scenario, &s, &e) != HAUL_OK) fail_msg("%s", e.text);
    struct haul_trial *t = haul_trial_open(&haul_fleet, "", &e);
    if (t == NULL) fail_msg("%s", e.text);
    size_t seen = 0;
    while (haul_simulator_next(s, &m)) {
        if (m.malformed) continue;
        w.records++;
        const enum haul_verdict v = haul_trial_feed(t, &m.record, m.send_at);
        if (v == HAUL_QUARANTINE || v == HAUL_STOP) w.refused++;
        take_alerts(t, seen);
        seen = haul_trial_emitted(t);
    }
    while (w.truths_len < TRUTHS_MAX && haul_simulator_truth(s, &w.truths[w.truths_len])) w.truths_len++;
    haul_trial_close(t);
    haul_simulator_close(s);
    print_message("%s: seed %lld, %llu records, %zu truths, %zu alerts\n", path, (long long)w.scenario.seed,
                  (unsigned long long)w.records, w.truths_len, w.alerts_len);
    assert_int_equal(w.refused, 0);
}

static bool about(const struct haul_simulator_truth *t, const struct raised *a, const char *rule, int64_t after_ms)
{
    char entity[40];
    snprintf(entity, sizeof entity, "vehicle:%s", t->vehicle);
    /* An alert has the time of the vehicle's clock. */
    const bool behind = t->fault == HAUL_SIM_WRONG_CLOCK && t->values[0].value < 0;
    const int64_t early_ms = behind ? (int64_t)(t->values[0].value * 1000) : 0;
    return rule != NULL && strstr(rule, a->rule) != NULL && strcmp(entity, a->entity) == 0 &&
           a->at_ms >= t->from.ms + early_ms - 2 * MS_MIN && a->at_ms <= t->until.ms + after_ms;
}

static bool explains(const struct haul_simulator_truth *t, const struct raised *a)
{
    return about(t, a, t->rule, 16 * MS_MIN) || about(t, a, t->may, 120 * MS_MIN);
}

static size_t unexplained(void)
{
    size_t n = 0;
    for (size_t i = 0; i < w.alerts_len; i++) {
        struct raised *a = &w.alerts[i];
        for (size_t k = 0; k < w.truths_len && !a->explained; k++) a->explained = explains(&w.truths[k], a);
        if (a->explained) continue;
        char at[HAUL_TIME_TEXT_BYTES];
        if (n++ < 20)
            print_error("not injected: %s %s at %s\n", a->rule, a->entity,
                        haul_time_format((struct haul_time){a->at_ms}, at));
    }
    return n;
}

static size_t missed(void)
{
    size_t n = 0;
    for (size_t k = 0; k < w.truths_len; k++) {
        const struct haul_simulator_truth *t = &w.truths[k];
        if (t->rule == NULL) continue;
        bool found = false;
        for (size_t i = 0; i < w.alerts_len && !found; i++) found = about(t, &w.alerts[i], t->rule, 16 * MS_MIN);
        char from[HAUL_TIME_TEXT_BYTES], until[HAUL_TIME_TEXT_BYTES];
        if (!found && n++ < 20)
            print_error("missed: %s %s %s to %s\n", t->rule, t->vehicle, haul_time_format(t->from, from),
                        haul_time_format(t->until, until));
    }
    return n;
}

static void quiet_raises_nothing(void **state)
{
    (void)state;
    for (int64_t seed = 1; seed <= asked("SIM_SEEDS", 2); seed++) {
        run("config/scenarios/quiet.yaml", seed);
        assert_int_equal(w.truths_len, 0);
        assert_int_equal(unexplained(), 0);
    }
}

static void faults_are_found_and_nothing_else(void **state)
{
    (void)state;
    for (int64_t seed = 1; seed <= asked("SIM_SEEDS", 2); seed++) {
        run("config/scenarios/faults.yaml", seed);
        assert_true(w.truths_len > 20);
        const size_t wrong = unexplained(), lost = missed();
        print_message("%zu not injected, %zu missed\n", wrong, lost);
        assert_int_equal(wrong, 0);
        assert_int_equal(lost, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quiet_raises_nothing),
        cmocka_unit_test(faults_are_found_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
