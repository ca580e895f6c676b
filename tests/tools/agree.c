/* SPDX-License-Identifier: Apache-2.0
 * Holds the alerts in a dump of the view against the truth of what the simulator injected.
 *     agree TRUTH DUMP [UNTIL [FALSE]]
 * Every truth with a rule has an alert of that rule, about that vehicle (or what the truth says that it is about), in
 * its time, with a value that the injected one implies; every alert that opened up to UNTIL (a time; default: all) has
 * a truth with that rule, or a truth that says it may be. Prints what does not agree; status 1 when something does not,
 * but for up to FALSE (0) alerts without a truth. Where truths say when a limit was reached, it prints how long before
 * that the alerts came.
 */
#include "haul/time.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 100000
#define MS_MIN   60000

struct rows {
    json_t *row[ROWS_MAX];
    size_t n;
};

static struct rows truths, alerts;
static double warnings[ROWS_MAX]; /* minutes from an alert to the limit that it warned of */
static size_t warnings_len;

static const char *text(const json_t *o, const char *name)
{
    const char *s = json_string_value(json_object_get(o, name));
    return s == NULL ? "" : s;
}

static int64_t when(const json_t *o, const char *name)
{
    struct haul_time t = {0};
    struct haul_error e;
    const char *s = text(o, name);
    if (haul_time_parse(s, strlen(s), &t, &e) != HAUL_OK) {
        fprintf(stderr, "agree: %s: %s\n", name, e.text);
        exit(2);
    }
    return t.ms;
}

static double number(const json_t *truth, const char *name)
{
    return json_number_value(json_object_get(json_object_get(truth, "values"), name));
}

/* One JSON object a line, behind `prefix` and its id; other lines are passed over. */
static void read_rows(const char *path, const char *prefix, struct rows *out)
{
    char *line = NULL;
    size_t cap = 0;
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        perror(path);
        exit(2);
    }
    while (getline(&line, &cap, f) > 0 && out->n < ROWS_MAX) {
        if (strncmp(line, prefix, strlen(prefix)) != 0) continue;
        const char *json = strchr(line, '{');
        json_error_t e;
        json_t *row = json == NULL ? NULL : json_loads(json, 0, &e);
        if (row == NULL) {
            fprintf(stderr, "agree: %s: not JSON: %.80s\n", path, line);
            exit(2);
        }
        out->row[out->n++] = row;
    }
    free(line);
    fclose(f);
}

/* An alert has the time of the vehicle's clock. */
static int64_t clock_behind_ms(const json_t *truth)
{
    const double ahead_s = number(truth, "ahead_s");
    return strcmp(text(truth, "fault"), "wrong_clock") == 0 && ahead_s < 0 ? (int64_t)(ahead_s * 1000) : 0;
}

/* What may follow from a fault in a hub concerns any part of it: "station:HUB/NAME" and "hub:HUB" have it in common. */
static bool same_hub(const char *a, const char *b)
{
    const char *of_a = strchr(a, ':'), *of_b = strchr(b, ':');
    if (of_a == NULL || of_b == NULL) return false;
    const size_t n = strcspn(of_a, "/");
    return n == strcspn(of_b, "/") && strncmp(of_a, of_b, n) == 0;
}

/* What the truth is about; and where `follows`, what may follow from it: elsewhere in the hub, or what it touches. */
static bool is_of(const json_t *truth, const char *entity, bool follows)
{
    char vehicle[64];
    snprintf(vehicle, sizeof vehicle, "vehicle:%s", text(truth, "vehicle"));
    const char *own = text(truth, "entity"), *touches = text(truth, "touches");
    if (own[0] == '\0') return strcmp(entity, vehicle) == 0;
    if (strcmp(entity, own) == 0) return true;
    return follows && (touches[0] != '\0' ? strcmp(entity, touches) == 0 : same_hub(own, entity));
}

static bool about(const json_t *truth, const json_t *alert, const char *rules, int64_t after_ms, bool follows)
{
    const int64_t at = when(alert, "opened");
    const int64_t grace_ms = (int64_t)json_number_value(json_object_get(truth, "grace_min")) * MS_MIN;
    return strstr(rules, text(alert, "rule")) != NULL && is_of(truth, text(alert, "entity"), follows) &&
           at >= when(truth, "from") + clock_behind_ms(truth) - 2 * MS_MIN &&
           at <= when(truth, "until") + (grace_ms > after_ms ? grace_ms : after_ms);
}

/* The incident that a dead gateway's silences become. */
static bool about_gateway(const json_t *truth, const json_t *alert)
{
    char entity[64];
    snprintf(entity, sizeof entity, "gateway:%s", text(truth, "gateway"));
    const int64_t at = when(alert, "opened");
    return strcmp(text(truth, "fault"), "dead_gateway") == 0 && strcmp(text(alert, "rule"), "desk.incident") == 0 &&
           strcmp(entity, text(alert, "entity")) == 0 && at >= when(truth, "from") &&
           at <= when(truth, "until") + 16 * MS_MIN;
}

static bool hub_value_fits(const char *rule, double value, double threshold)
{
    static const char *const below[] = {"warehouse.throughput_drop", "warehouse.agv_lost", "warehouse.agv_battery",
                                        "warehouse.teleport"};
    if (strcmp(rule, "warehouse.agv_fault") == 0) return true; /* it is declared, not measured */
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++)
        if (strcmp(rule, below[i]) == 0) return value <= threshold;
    return fabs(value) >= threshold;
}

/* The alert's number is one that the fault implies. */
static bool value_fits(const json_t *truth, const json_t *alert)
{
    const double value = json_number_value(json_object_get(alert, "value"));
    const double threshold = json_number_value(json_object_get(alert, "threshold"));
    const char *fault = text(truth, "fault");
    if (json_object_get(json_object_get(truth, "values"), "least") != NULL)
        return value >= number(truth, "least") && value <= number(truth, "most");
    if (text(truth, "entity")[0] != '\0') return hub_value_fits(text(alert, "rule"), value, threshold);
    if (strcmp(fault, "speeding") == 0) return value > threshold && value <= 1.1 * number(truth, "speed_kmh");
    /* the theft goes on when it is raised: the alert knows of a part */
    if (strcmp(fault, "fuel_theft") == 0) return value >= threshold && value <= 1.05 * number(truth, "drop_l") + 3;
    if (strcmp(fault, "unplanned_stop") == 0) return value >= threshold && value <= number(truth, "stopped_min") + 1;
    return fabs(value) >= threshold; /* a clock is off in either direction */
}

static const char *rule_of(const json_t *truth)
{
    return text(truth, "rule");
}

static size_t missed(void)
{
    size_t bad = 0;
    for (size_t i = 0; i < truths.n; i++) {
        const json_t *truth = truths.row[i];
        bool found = false, fits = false;
        if (rule_of(truth)[0] == '\0') continue;
        for (size_t k = 0; k < alerts.n && !fits; k++) {
            if (!about(truth, alerts.row[k], rule_of(truth), 16 * MS_MIN, false)) continue;
            found = true;
            fits = value_fits(truth, alerts.row[k]);
            if (fits && text(truth, "limit_at")[0] != '\0')
                warnings[warnings_len++] = (double)(when(truth, "limit_at") - when(alerts.row[k], "opened")) / MS_MIN;
        }
        if (fits) continue;
        bad++;
        printf("%s: %s %s%s from %s to %s\n", found ? "with another value" : "missed", rule_of(truth),
               text(truth, "vehicle"), text(truth, "entity"), text(truth, "from"), text(truth, "until"));
    }
    return bad;
}

static size_t unexplained(int64_t until_ms)
{
    size_t bad = 0;
    for (size_t k = 0; k < alerts.n; k++) {
        const json_t *alert = alerts.row[k];
        bool explained = when(alert, "opened") > until_ms;
        for (size_t i = 0; i < truths.n && !explained; i++)
            explained = about(truths.row[i], alert, rule_of(truths.row[i]), 16 * MS_MIN, false) ||
                        about(truths.row[i], alert, text(truths.row[i], "may"), 120 * MS_MIN, true) ||
                        about_gateway(truths.row[i], alert);
        if (explained) continue;
        bad++;
        printf("not injected: %s %s opened %s\n", text(alert, "rule"), text(alert, "entity"), text(alert, "opened"));
    }
    return bad;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 5) {
        fputs("usage: agree TRUTH DUMP [UNTIL [FALSE]]\n", stderr);
        return 64;
    }
    int64_t until_ms = INT64_MAX;
    if (argc > 3) {
        json_t *o = json_pack("{s:s}", "until", argv[3]);
        until_ms = when(o, "until");
        json_decref(o);
    }
    read_rows(argv[1], "{", &truths);
    read_rows(argv[2], "alert:", &alerts);
    const size_t bad = missed(), strange = unexplained(until_ms);
    const size_t allowed = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
    qsort(warnings, warnings_len, sizeof warnings[0], ascending);
    if (warnings_len > 0)
        printf("warning before the limit: median %.0f min of %zu\n", warnings[warnings_len / 2], warnings_len);
    printf("%zu truths, %zu alerts, %zu do not agree: %zu missed, %zu not injected\n", truths.n, alerts.n,
           bad + strange, bad, strange);
    for (size_t i = 0; i < truths.n; i++) json_decref(truths.row[i]);
    for (size_t i = 0; i < alerts.n; i++) json_decref(alerts.row[i]);
    return bad > 0 || strange > allowed || alerts.n == 0;
}
