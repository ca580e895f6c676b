/* SPDX-License-Identifier: Apache-2.0
 * A world of load units with injected faults: every one is found, next to nothing else is raised, and a machine that
 * fails is known well before the limit. A unit's defrosts that nothing shows are learnt in its first two days, which
 * are told apart.
 */
#include "tests/unit/domains/support_coldworld.h"

#include <stdio.h>

#define LEARN_MIN (2 * 1440)

static long number(const char *name, long fallback)
{
    const char *text = getenv(name);
    return text != NULL ? strtol(text, NULL, 10) : fallback;
}

struct tally {
    int injected[CW_FAULTS], found[CW_FAULTS];
    int false_alarms, silent_before, silent_after, true_excursions, warnings;
    double warning_min[4096];
};

static int out[512][8640]; /* minutes since a probe of the unit truly was beyond its limit */

static struct coldworld_unit *unit_of(const struct coldworld *w, const struct haul_record *r)
{
    char id[32];
    const struct haul_str entity = r->v[HAUL_F_ALERT_ENTITY].s;
    snprintf(id, sizeof id, "%.*s", (int)entity.n, entity.p);
    for (int i = 0; i < w->units; i++)
        if (strcmp(w->unit[i].id, strchr(id, ':') + 1) == 0) return &w->unit[i];
    fail_msg("an alert of nobody: %s", id);
    return NULL;
}

static void judge_alert(struct tally *y, const struct coldworld *w, const struct haul_record *r, bool *seen)
{
    struct coldworld_unit *u = unit_of(w, r);
    char rule[64];
    snprintf(rule, sizeof rule, "%.*s", (int)r->v[HAUL_F_ALERT_RULE].s.n, r->v[HAUL_F_ALERT_RULE].s.p);
    const double minute = (double)(r->time.ms - MORNING) / MINUTE;
    const struct coldworld_kind *kind = &coldworld_kinds[u->fault];
    const bool during = u->fault != CW_NONE && minute >= u->fault_at - 1 && minute <= u->fault_at + kind->minutes + 60;
    if (during && strcmp(rule, kind->rule) == 0) {
        if (!seen[u - w->unit]) {
            y->found[u->fault]++;
            if (u->fault == CW_COMPRESSOR && u->crossed_at > 0) y->warning_min[y->warnings++] = u->crossed_at - minute;
        }
        seen[u - w->unit] = true;
    } else if (strcmp(rule, "coldchain.excursion") == 0 && out[u - w->unit][(int)minute] <= 15) {
        y->true_excursions++; /* it was so, fault or not */
    } else if (!during || strstr(kind->may, rule) == NULL) {
        if (u->flagged != 0)
            y->false_alarms++;
        else if (minute < LEARN_MIN)
            y->silent_before++;
        else
            y->silent_after++;
        printf("# not asked for: %s %s at minute %.0f (%s at %d, defrost shown: %d)\n", u->id, rule, minute, kind->name,
               u->fault_at, u->flagged);
    }
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double report(struct tally *y, int units, int shown, int days)
{
    for (int f = 1; f < CW_FAULTS; f++)
        printf("# %-10s %d of %d found\n", coldworld_kinds[f].name, y->found[f], y->injected[f]);
    qsort(y->warning_min, (size_t)y->warnings, sizeof y->warning_min[0], ascending);
    const double median = y->warnings > 0 ? y->warning_min[y->warnings / 2] : 0;
    printf("# warning before the limit: median %.1f min of %d, least %.1f\n", median, y->warnings,
           y->warnings > 0 ? y->warning_min[0] : 0);
    printf("# excursions that were true: %d\n", y->true_excursions);
    printf("# false alarms: %d in %d reefer-days\n", y->false_alarms, shown * days);
    printf("# of %d units whose defrosts nothing shows: %d in the first two days, %d behind them\n", units - shown,
           y->silent_before, y->silent_after);
    return median;
}

static void faults_are_found_and_little_else(void **state)
{
    (void)state;
    const int units = (int)number("UNITS", 42), days = (int)number("DAYS", 4);
    struct haul_trial *t = trial_of(&haul_coldchain, "");
    struct coldworld w;
    coldworld_open(&w, units, days, (uint64_t)number("SEED", 20260601));
    assert_true(units <= 512 && days <= 6);
    while (w.minute < days * 1440) {
        coldworld_minute(&w, t);
        for (int i = 0; i < units; i++) out[i][w.minute - 1] = w.minute - w.unit[i].out_at;
    }
    pass_to(t, MORNING + w.minute * MINUTE);
    struct tally *y = calloc(1, sizeof *y);
    bool *seen = calloc((size_t)units, sizeof *seen);
    assert_true(y != NULL && seen != NULL);
    for (int i = 0; i < units; i++) y->injected[w.unit[i].fault]++;
    for (size_t i = 0; i < haul_trial_emitted(t); i++) {
        enum haul_mailbox to;
        const struct haul_record *r = haul_trial_emission(t, i, &to);
        if (to == HAUL_MAILBOX_DESK && haul_str_eq(r->v[HAUL_F_ALERT_ACTION].s, HAUL_STR("open")))
            judge_alert(y, &w, r, seen);
    }
    int shown = 0;
    for (int i = 0; i < units; i++) shown += w.unit[i].flagged != 0;
    const double median = report(y, units, shown, days);
    for (int f = 1; f < CW_FAULTS; f++) assert_int_equal(y->found[f], y->injected[f]);
    assert_true(median >= 15);
    assert_true(y->false_alarms * 100 <= shown * days); /* at most one in 100 reefer-days */
    assert_true(y->silent_after * 2 <= y->silent_before);
    free(seen);
    free(y);
    coldworld_close(&w);
    haul_trial_close(t);
}

int main(void)
{
    printf("# seed %ld, %ld units, %ld days (SEED=, UNITS=, DAYS= to change)\n", number("SEED", 20260601),
           number("UNITS", 42), number("DAYS", 4));
    const struct CMUnitTest tests[] = {cmocka_unit_test(faults_are_found_and_little_else)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
