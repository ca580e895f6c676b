/* SPDX-License-Identifier: Apache-2.0
 * The hub simulator and the warehouse, held against each other: what was injected is found by the rule that the truth
 * names, in time; next to nothing else is; and at the end each hub has the items that the simulator says.
 */
#include "haul/hash.h"
#include "haul/hub_simulator.h"
#include "haul/processors.h"
#include "haul/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ALERTS_MAX 20000
#define TRUTHS_MAX 20000
#define MS_MIN     60000
#define GRACE_MS   (16 * MS_MIN) /* so long after its end a fault may be told */
#define FOLLOW_MS  (60 * MS_MIN) /* and what follows from it */
#define OPTIONS                                                                                                        \
    "dwell: {sla: 60min}\n"                                                                                            \
    "wear: {every: 1min, learn: 30}\n"                                                                                 \
    "teleport: {between: false}\n"

struct raised {
    char rule[40], entity[80];
    int64_t at_ms;
    bool explained;
};

struct world {
    struct haul_hub_scenario scenario;
    struct raised alerts[ALERTS_MAX];
    size_t alerts_len, truths_len;
    struct haul_hub_truth truths[TRUTHS_MAX];
    int64_t delay_ms[HAUL_HUB_FAULTS_LEN], delays[HAUL_HUB_FAULTS_LEN], injected[HAUL_HUB_FAULTS_LEN];
    int64_t worst_ms[HAUL_HUB_FAULTS_LEN];
    uint64_t records, refused, dropped, hash;
};
static struct world w;

static const struct {
    const char *name, *rule, *may;
} faults[HAUL_HUB_FAULTS_LEN] = {
#define X(NAME, name, rule, may, en, zh) {name, rule, may},
    HAUL_HUB_FAULTS(X)
#undef X
};

/* In time: so many seconds from the beginning of the truth on; what a timer finds, a record may, up to the lateness of
 * 5 s behind it. A chute's truth begins 12 min before it is full, a
 * truck's when it comes. */
static const int64_t limit_s[HAUL_HUB_FAULTS_LEN] = {
    [HAUL_HUB_SENSOR_JAM] = 11,          [HAUL_HUB_ARRIVAL_JAM] = 11,    [HAUL_HUB_SLOW_SORTER] = 12 * 60,
    [HAUL_HUB_MISSORT] = 10 * 60,        [HAUL_HUB_NO_READ] = 12 * 60,   [HAUL_HUB_RECIRCULATION] = 12 * 60,
    [HAUL_HUB_FULL_CHUTE] = 12 * 60 + 5, [HAUL_HUB_LOST_ITEM] = 65 * 60, [HAUL_HUB_THEFT] = 20 * 60 + 5,
    [HAUL_HUB_COPIED_LABEL] = 1,         [HAUL_HUB_LATE_DOCK] = 31 * 60, [HAUL_HUB_SLOW_TRUCK] = 121 * 60,
    [HAUL_HUB_AGV_BLOCKED] = 80,         [HAUL_HUB_AGV_LOST] = 11,       [HAUL_HUB_AGV_FLAT] = 11,
    [HAUL_HUB_AGV_SILENT] = 61,          [HAUL_HUB_AGV_STOP] = 11,       [HAUL_HUB_WORN_MOTOR] = 10 * 60,
};

static int64_t asked(const char *name, int64_t usual)
{
    const char *text = getenv(name);
    return text == NULL ? usual : strtoll(text, NULL, 10);
}

static void read_scenario(const char *path)
{
    static const struct haul_option_set *const sets[] = {&haul_hub_scenario_option_set};
    struct haul_config *config;
    struct haul_buf errors;
    unsigned count;
    haul_buf_init(&errors, 0, 65536);
    if (haul_config_read(path, sets, 1, &config, &errors, &count) != HAUL_OK)
        fail_msg("%.*s", (int)errors.n, (const char *)errors.p);
    memset(&w, 0, sizeof w);
    w.scenario = *(const struct haul_hub_scenario *)haul_config_section(config, "hubs");
    haul_config_free(config);
    haul_buf_free(&errors);
}

static void take_alerts(struct haul_trial *t, size_t from)
{
    for (size_t i = from; i < haul_trial_emitted(t); i++) {
        const struct haul_record *r = haul_trial_emission(t, i, NULL);
        if (r->kind != HAUL_KIND_ALERT || !haul_str_eq(r->v[HAUL_F_ALERT_ACTION].s, HAUL_STR("open"))) continue;
        assert_true(w.alerts_len < ALERTS_MAX);
        struct raised *a = &w.alerts[w.alerts_len++];
        const struct haul_str rule = r->v[HAUL_F_ALERT_RULE].s, entity = r->v[HAUL_F_ALERT_ENTITY].s;
        snprintf(a->rule, sizeof a->rule, "%.*s", (int)rule.n, rule.p);
        snprintf(a->entity, sizeof a->entity, "%.*s", (int)entity.n, entity.p);
        a->at_ms = r->time.ms;
    }
}

static void census(const struct haul_trial *t)
{
    for (size_t k = 0; k < w.truths_len; k++) {
        const struct haul_hub_truth *truth = &w.truths[k];
        if (truth->fault != HAUL_HUB_FAULTS_LEN) continue;
        char want[160];
        snprintf(want, sizeof want,
                 "\"in_items\":%llu,\"out_items\":%llu,\"written_off_items\":0,\"inside_items\":%llu,"
                 "\"balance_items\":0",
                 (unsigned long long)truth->in, (unsigned long long)truth->out,
                 (unsigned long long)(truth->in - truth->out));
        const char *document = haul_trial_document(t, truth->entity);
        if (document == NULL || strstr(document, want) == NULL)
            fail_msg("%s: not %s: %s", truth->entity, want, document);
    }
}

static void run(const char *path, int64_t seed)
{
    struct haul_hub_simulator *s;
    struct haul_simulated m;
    struct haul_error e = {0};
    read_scenario(path);
    w.scenario.seed = seed;
    w.scenario.hubs = asked("SIM_HUBS", 3), w.scenario.duration_ms = asked("SIM_HOURS", 6) * 60 * MS_MIN;
    if (haul_hub_simulator_open(&w.scenario, &s, &e) != HAUL_OK) fail_msg("%s", e.text);
    struct haul_trial *t = haul_trial_open(&haul_warehouse, OPTIONS, &e);
    if (t == NULL) fail_msg("%s", e.text);
    size_t seen = 0;
    int64_t last_ms = 0;
    while (haul_hub_simulator_next(s, &m)) {
        w.records++;
        w.hash = haul_mix(w.hash, (uint64_t)m.send_at.ms);
        assert_true(m.send_at.ms >= last_ms);
        last_ms = m.send_at.ms;
        if (m.malformed || (m.record.kind == HAUL_KIND_HUB_SCAN && !haul_has(&m.record, HAUL_F_HS_AT)))
            continue; /* refused before it gets to the processor */
        const enum haul_verdict v = haul_trial_feed(t, &m.record, m.send_at);
        w.refused += v == HAUL_QUARANTINE, w.dropped += v == HAUL_DROP;
        assert_true(v != HAUL_STOP);
        take_alerts(t, seen);
        seen = haul_trial_emitted(t);
    }
    haul_trial_tick(t, (struct haul_time){last_ms + 10000});
    while (w.truths_len < TRUTHS_MAX && haul_hub_simulator_truth(s, &w.truths[w.truths_len])) w.truths_len++;
    census(t);
    haul_trial_close(t);
    haul_hub_simulator_close(s);
    print_message("%s: seed %lld, %llu records, %llu dropped, %zu truths, %zu alerts\n", path, (long long)seed,
                  (unsigned long long)w.records, (unsigned long long)w.dropped, w.truths_len, w.alerts_len);
}

static bool same_hub(const char *a, const char *b)
{
    a = strchr(a, ':') + 1, b = strchr(b, ':') + 1;
    const size_t n = strcspn(a, "/"), k = strcspn(b, "/");
    return n == k && strncmp(a, b, n) == 0;
}

static bool tells(const struct haul_hub_truth *t, const struct raised *a)
{
    return strcmp(faults[t->fault].rule, a->rule) == 0 && strcmp(t->entity, a->entity) == 0 &&
           a->at_ms >= t->from.ms - 2 * MS_MIN && a->at_ms <= t->until.ms + GRACE_MS;
}

static bool follows(const struct haul_hub_truth *t, const struct raised *a)
{
    return strstr(faults[t->fault].may, a->rule) != NULL && same_hub(t->entity, a->entity) &&
           a->at_ms >= t->from.ms - 2 * MS_MIN && a->at_ms <= t->until.ms + FOLLOW_MS;
}

static size_t missed(void)
{
    size_t n = 0;
    char at[HAUL_TIME_TEXT_BYTES];
    for (size_t k = 0; k < w.truths_len; k++) {
        const struct haul_hub_truth *t = &w.truths[k];
        if (t->fault == HAUL_HUB_FAULTS_LEN || faults[t->fault].rule[0] == '\0') continue;
        int64_t first_ms = -1;
        w.injected[t->fault]++;
        for (size_t i = 0; i < w.alerts_len && first_ms < 0; i++)
            if (tells(t, &w.alerts[i])) first_ms = w.alerts[i].at_ms;
        if (first_ms >= 0) {
            const int64_t delay_ms = first_ms > t->from.ms ? first_ms - t->from.ms : 0;
            w.delays[t->fault]++, w.delay_ms[t->fault] += delay_ms;
            if (delay_ms > w.worst_ms[t->fault]) w.worst_ms[t->fault] = delay_ms;
            if (delay_ms <= limit_s[t->fault] * 1000) continue;
            n++;
            print_error("late: %s at %s from %s, after %lld s\n", faults[t->fault].name, t->entity,
                        haul_time_format(t->from, at), (long long)delay_ms / 1000);
            continue;
        }
        n++;
        print_error("missed: %s at %s from %s for %lld s\n", faults[t->fault].name, t->entity,
                    haul_time_format(t->from, at), (long long)(t->until.ms - t->from.ms) / 1000);
    }
    return n;
}

static size_t unexplained(void)
{
    size_t n = 0;
    char at[HAUL_TIME_TEXT_BYTES];
    for (size_t i = 0; i < w.alerts_len; i++) {
        struct raised *a = &w.alerts[i];
        for (size_t k = 0; k < w.truths_len && !a->explained; k++)
            a->explained =
                w.truths[k].fault != HAUL_HUB_FAULTS_LEN && (tells(&w.truths[k], a) || follows(&w.truths[k], a));
        if (a->explained) continue;
        n++;
        print_error("not injected: %s %s at %s\n", a->rule, a->entity,
                    haul_time_format((struct haul_time){a->at_ms}, at));
    }
    return n;
}

static void report(void)
{
    for (unsigned f = 0; f < HAUL_HUB_FAULTS_LEN; f++)
        if (w.injected[f] > 0)
            print_message("# %-13s %lld of %lld found, after %.0f s in the mean, %.0f s at most\n", faults[f].name,
                          (long long)w.delays[f], (long long)w.injected[f],
                          w.delays[f] == 0 ? 0 : (double)w.delay_ms[f] / 1000 / (double)w.delays[f],
                          (double)w.worst_ms[f] / 1000);
}

static void every_injected_fault_is_found_and_little_else(void **state)
{
    (void)state;
    size_t wrong = 0;
    const int64_t seeds = asked("SIM_SEEDS", 2), first = asked("SIM_SEED", 1);
    int64_t injected[HAUL_HUB_FAULTS_LEN] = {0};
    for (int64_t seed = first; seed < first + seeds; seed++) {
        run("config/scenarios/hubs.yaml", seed);
        const size_t lost = missed();
        report();
        assert_int_equal(lost, 0);
        wrong += unexplained();
        for (unsigned f = 0; f < HAUL_HUB_FAULTS_LEN; f++) injected[f] += w.injected[f];
    }
    for (unsigned f = 0; f < HAUL_HUB_FAULTS_LEN; f++)
        if (faults[f].rule[0] != '\0' && injected[f] == 0) fail_msg("%s was never injected", faults[f].name);
    print_message("# %zu false alarms in %lld hub-hours\n", wrong,
                  (long long)(seeds * w.scenario.hubs * w.scenario.duration_ms / (60 * MS_MIN)));
    assert_true(wrong * 24 <= (size_t)(seeds * w.scenario.hubs * w.scenario.duration_ms / (60 * MS_MIN)));
}

static void where_nothing_goes_wrong_nothing_is_raised(void **state)
{
    (void)state;
    run("config/scenarios/hubs_quiet.yaml", asked("SIM_SEED", 1));
    assert_int_equal(unexplained(), 0);
    assert_int_equal(w.refused, 0);
}

static void the_same_seed_gives_the_same_messages(void **state)
{
    (void)state;
    run("config/scenarios/hubs.yaml", 7);
    const uint64_t first = w.hash, records = w.records;
    run("config/scenarios/hubs.yaml", 7);
    assert_true(w.hash == first && w.records == records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_injected_fault_is_found_and_little_else),
        cmocka_unit_test(where_nothing_goes_wrong_nothing_is_raised),
        cmocka_unit_test(the_same_seed_gives_the_same_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
