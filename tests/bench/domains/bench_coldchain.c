/* SPDX-License-Identifier: Apache-2.0
 * Real wireless tags on food (FoodSafety-Data, collected at Rye & Soda) through a trial of the cold chain: what is
 * raised, beside what the scenario was. The cold chain of a burger ends when its core has 75 degC: so says the log of
 * the meat probe, where the folder has one for that day; the tag stays in the warm kitchen afterwards. Usage:
 * bench_coldchain FOLDER [CLASS]
 */
#include "haul/processors.h"
#include "haul/time.h"
#include "haul/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COOKED_C 75
#define OUT_C    8 /* a tag that is warmer has left the fridge */
#define PROBES   512

static const struct {
    int number;
    bool compliant;
    const char *scenario;
} items[] = {
    {1, true, "out of the fridge and cooked to 75 degC"},
    {2, true, "two, cooked to 75 degC"},
    {3, true, "two, cooked to 75 degC"},
    {4, true, "out of the fridge and cooked to 75 degC"},
    {7, false, "an hour out, back for 40 min, then cooked to 75 degC"},
    {8, false, "cooked below 75 degC"},
    {9, false, "two, one of them cooked below 75 degC"},
};

/* When the probe read 75 degC or more, in order. */
static struct {
    struct haul_time at[PROBES];
    size_t n;
} cooked;

struct tag {
    struct haul_trial *t;
    size_t relayed;
    struct haul_time first, last, out;
    bool unloaded;
    long samples;
};

static void read_probe(const char *folder)
{
    char path[1024], line[256], text[32];
    struct haul_error e;
    snprintf(path, sizeof path, "%s/meatprobe_goodDay.txt", folder);
    FILE *f = fopen(path, "r");
    while (f != NULL && cooked.n < PROBES && fgets(line, sizeof line, f) != NULL) {
        int day, month, year, hour, minute, second;
        double c;
        if (sscanf(line, "%*d,%d/%d/%d %d:%d:%d,%lf", &day, &month, &year, &hour, &minute, &second, &c) != 7) continue;
        snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day, hour, minute, second);
        if (c >= COOKED_C && haul_time_parse(text, strlen(text), &cooked.at[cooked.n], &e) == HAUL_OK) cooked.n++;
    }
    if (f != NULL) fclose(f);
}

static void relay(struct tag *g)
{
    while (g->relayed < haul_trial_emitted(g->t)) {
        enum haul_mailbox to;
        const struct haul_record *r = haul_trial_emission(g->t, g->relayed++, &to);
        if (to == HAUL_MAILBOX_COLDCHAIN) haul_trial_feed(g->t, r, g->last);
    }
}

static void custody(struct tag *g, const char *what, const char *class, struct haul_time at)
{
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_COLD_EVENT, HAUL_STR("fridge"), at);
    haul_set_s(&r, HAUL_F_CE_WHAT, haul_str_of(what));
    haul_set_s(&r, HAUL_F_CE_SHIPMENT, HAUL_STR("food"));
    haul_set_s(&r, HAUL_F_CE_CLASS, haul_str_of(class));
    haul_trial_feed(g->t, &r, at);
    relay(g);
}

/* The first time that the probe says so after the tag has left the fridge, when that is not after `now`. */
static void unload_when_cooked(struct tag *g, const char *class, struct haul_time now)
{
    for (size_t i = 0; g->out.ms != 0 && !g->unloaded && i < cooked.n; i++) {
        if (cooked.at[i].ms <= g->out.ms || cooked.at[i].ms > now.ms) continue;
        custody(g, "unloaded", class, cooked.at[i]);
        g->unloaded = true;
    }
}

static void sample(struct tag *g, const char *class, const char *line)
{
    struct haul_error e;
    const char *comma = strchr(line, ',');
    if (comma == NULL || haul_time_parse(line, (size_t)(comma - line), &g->last, &e) != HAUL_OK) return;
    if (g->samples++ == 0) {
        g->first = g->last;
        custody(g, "loaded", class, g->first);
    }
    unload_when_cooked(g, class, g->last);
    if (g->out.ms == 0 && strtod(comma + 1, NULL) > OUT_C) g->out = g->last;
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_COLD_SAMPLE, HAUL_STR("fridge"), g->last);
    haul_set_f(&r, HAUL_F_CS_TEMP, strtod(comma + 1, NULL));
    haul_trial_feed(g->t, &r, g->last);
    relay(g);
}

static bool raised(struct haul_trial *t, const char *rule)
{
    for (size_t i = 0; i < haul_trial_emitted(t); i++) {
        enum haul_mailbox to;
        const struct haul_record *r = haul_trial_emission(t, i, &to);
        if (to == HAUL_MAILBOX_DESK && haul_str_eq(r->v[HAUL_F_ALERT_RULE].s, haul_str_of(rule)) &&
            strncmp(r->v[HAUL_F_ALERT_ENTITY].s.p, "shipment:", 9) == 0)
            return true;
    }
    return false;
}

static double figure(const struct haul_trial *t, const char *name)
{
    char pattern[64];
    const char *document = haul_trial_document(t, "shipment:food");
    snprintf(pattern, sizeof pattern, "\"%s\":", name);
    const char *at = document == NULL ? NULL : strstr(document, pattern);
    return at == NULL ? -999 : strtod(at + strlen(pattern), NULL);
}

static int judge(const char *folder, size_t i, const char *class, double *above_min)
{
    char path[1024], line[256];
    struct haul_error e;
    snprintf(path, sizeof path, "%s/item%d.csv", folder, items[i].number);
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        fprintf(stderr, "%s: %m\n", path);
        return -1;
    }
    struct tag g = {.t = haul_trial_open(&haul_coldchain, "", &e)};
    while (fgets(line, sizeof line, f) != NULL) sample(&g, class, line);
    fclose(f);
    haul_trial_tick(g.t, (struct haul_time){g.last.ms + 60000});
    relay(&g);
    const bool bad =
        raised(g.t, "coldchain.excursion") || raised(g.t, "coldchain.cumulative") || raised(g.t, "coldchain.freeze");
    printf("%4d  %4ld  %6.2f  %6.2f  %8.3f  %7.1f  %-9s %-9s %s\n", items[i].number, g.samples, figure(g.t, "min_c"),
           figure(g.t, "max_c"), figure(g.t, "mkt_c"), figure(g.t, "above_min"), bad ? "raised" : "quiet",
           items[i].compliant ? "good" : "bad", items[i].scenario);
    *above_min = figure(g.t, "above_min");
    haul_trial_close(g.t);
    return bad != items[i].compliant;
}

int main(int argc, char **argv)
{
    const char *class = argc > 2 ? argv[2] : "gb31605_chilled";
    if (argc < 2) return 64;
    read_probe(argv[1]);
    int agree = 0, total = 0;
    double good_most = 0, bad_least = 1e9;
    printf("class %s\nitem     n   min_c   max_c     mkt_c  above_min  verdict  label     scenario\n", class);
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        double above_min = 0;
        const int one = judge(argv[1], i, class, &above_min);
        if (one < 0) return 66;
        if (items[i].compliant && above_min > good_most) good_most = above_min;
        if (!items[i].compliant && above_min < bad_least) bad_least = above_min;
        agree += one, total++;
    }
    printf("%d of %d as labelled\n", agree, total);
    printf("minutes above the range: good at most %.1f, bad at least %.1f\n", good_most, bad_least);
    return 0;
}
