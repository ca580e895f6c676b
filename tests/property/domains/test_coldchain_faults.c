/* SPDX-License-Identifier: Apache-2.0
 * A world of load units with injected faults: every one is found, next to nothing else is raised, and a machine that
 * fails is known well before the limit; also where nothing shows a defrost but how the air warms.
 */
#include "tests/unit/domains/support_coldworld.h"

#include <stdio.h>

static long number(const char *name, long fallback)
{
    const char *text = getenv(name);
    return text != NULL ? strtol(text, NULL, 10) : fallback;
}

struct tally {
    int injected[CW_FAULTS], found[CW_FAULTS];
    int false_alarms, silent, true_excursions, warnings;
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
        else
            y->silent++;
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
    printf("# false alarms: %d in %d reefer-days; of units whose defrosts nothing shows %d in %d\n", y->false_alarms,
           shown * days, y->silent, (units - shown) * days);
    return median;
}

/* Lives through the days and judges what was raised; returns the median warning before the limit. */
static double live(struct coldworld *w, int days, struct tally *y)
{
    struct haul_trial *t = trial_of(&haul_coldchain, "");
    assert_true(w->units <= 512 && days <= 6);
    while (w->minute < days * 1440) {
        coldworld_minute(w, t);
        for (int i = 0; i < w->units; i++) out[i][w->minute - 1] = w->minute - w->unit[i].out_at;
    }
    pass_to(t, MORNING + w->minute * MINUTE);
    bool *seen = calloc((size_t)w->units, sizeof *seen);
    assert_non_null(seen);
    for (int i = 0; i < w->units; i++) y->injected[w->unit[i].fault]++;
    for (size_t i = 0; i < haul_trial_emitted(t); i++) {
        enum haul_mailbox to;
        const struct haul_record *r = haul_trial_emission(t, i, &to);
        if (to == HAUL_MAILBOX_DESK && haul_str_eq(r->v[HAUL_F_ALERT_ACTION].s, HAUL_STR("open")))
            judge_alert(y, w, r, seen);
    }
    int shown = 0;
    for (int i = 0; i < w->units; i++) shown += w->unit[i].flagged != 0;
    const double median = report(y, w->units, shown, days);
    for (int f = 1; f < CW_FAULTS; f++) assert_int_equal(y->found[f], y->injected[f]);
    assert_true(y->false_alarms * 100 <= shown * days); /* at most one in 100 reefer-days */
    free(seen);
    haul_trial_close(t);
    return median;
}

static void faults_are_found_and_little_else(void **state)
{
    (void)state;
    static struct tally y;
    struct coldworld w;
    coldworld_open(&w, (int)number("UNITS", 42), (int)number("DAYS", 4), (uint64_t)number("SEED", 20260601));
    assert_true(live(&w, (int)number("DAYS", 4), &y) >= 15);
    coldworld_close(&w);
}

/* Units of which only the air's course tells a defrost from a machine that has failed. */
static void a_defrost_that_nothing_shows_is_seen(void **state)
{
    (void)state;
    static struct tally y;
    struct coldworld w;
    const int units = (int)number("SILENT", 36), days = 6;
    coldworld_open(&w, units, days, (uint64_t)number("SEED", 20260601));
    for (int i = 0; i < units; i++) {
        w.unit[i].flagged = 0;
        w.unit[i].fault = i % 2 == 0 ? CW_COMPRESSOR : CW_NONE;
    }
    const double median = live(&w, days, &y);
    assert_true(y.silent * 100 < units * days);
    assert_true(median >= 10);
    coldworld_close(&w);
}

int main(void)
{
    printf("# seed %ld, %ld units, %ld days (SEED=, UNITS=, DAYS= to change)\n", number("SEED", 20260601),
           number("UNITS", 42), number("DAYS", 4));
    const struct CMUnitTest tests[] = {cmocka_unit_test(faults_are_found_and_little_else),
                                       cmocka_unit_test(a_defrost_that_nothing_shows_is_seen)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
