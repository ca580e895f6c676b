/* SPDX-License-Identifier: Apache-2.0
 * A day of Interstate 24 (49 radar stations, 4 lanes, 30 s): which logged incidents do the road's tests find, when, and
 * with how many false clusters; beside it what luck finds with as many clusters. Raw readings only: the imputed ones
 * look ahead. Traffic flows towards lower milemarkers; the file's clock runs six hours fast. bench_i24 FOLDER
 */
#include "haul/detect_stream.h"
#include "haul/detect_traffic.h"
#include "haul/math.h"
#include "haul/rng.h"

#include <stdio.h>
#include <stdlib.h>

enum { STATIONS = 64, STEPS = 4096, LANES = 4, CLUSTERS = 4096, INCIDENTS = 32 };

static const double mps_per_mph = 0.44704;
static const int64_t step_s = 30, fast_s = 21600;
/* An alarm belongs to an incident within these; the log is when a person wrote it down. */
static const double match_min = 15, match_miles = 2, same_min = 20, same_miles = 2;

/* A fall by so much, to so little, is a signature. */
static const double signature_fall_mph = 20, signature_slow_mph = 40;

static double mile[STATIONS], speed_mph[STATIONS][STEPS], occupancy[STATIONS][STEPS]; /* -1: nothing read */
static int stations, steps;
static int64_t start_s;

struct incident {
    double at_s, mile, from_mph, to_mph;
    bool shows; /* a signature in the speeds */
    char kind[24];
};
static struct incident incidents[INCIDENTS];
static int incident_count;

struct cluster {
    double at_s, last_s, mile;
};

/* ---- reading ---- */

static int station_of(double at_mile)
{
    for (int i = 0; i < stations; i++)
        if (haul_abs(mile[i] - at_mile) < 0.01) return i;
    if (stations == STATIONS) exit(2);
    mile[stations] = at_mile;
    return stations++;
}

/* Columns: row, time_index, milemarker, value, time, raw value, unix time. */
static void read_lane(const char *folder, int lane, const char *what, double into[STATIONS][STEPS],
                      double sum_of[STATIONS][STEPS])
{
    char command[1200], row[512];
    snprintf(command, sizeof command, "gzip -dc '%s/day_0_lane%d_%s.csv.gz'", folder, lane, what);
    FILE *f = popen(command, "r");
    if (f == NULL || fgets(row, sizeof row, f) == NULL) fprintf(stderr, "cannot read %s\n", command), exit(2);
    while (fgets(row, sizeof row, f) != NULL) {
        char *field[7] = {row}, *p = row;
        int n = 1;
        for (; *p != '\0' && n < 7; p++)
            if (*p == ',') *p = '\0', field[n++] = p + 1;
        const int step = (int)strtod(field[1], NULL), station = station_of(strtod(field[2], NULL));
        if (step >= STEPS || n < 7) exit(2);
        if (step >= steps) steps = step + 1;
        if (step == 0) start_s = (int64_t)strtod(field[6], NULL) - fast_s;
        if (field[5][0] == '\0') continue;
        into[station][step] += strtod(field[5], NULL), sum_of[station][step] += 1;
    }
    pclose(f);
}

static void read_means(const char *folder, const char *what, double mean[STATIONS][STEPS])
{
    static double count[STATIONS][STEPS];
    for (int i = 0; i < STATIONS; i++)
        for (int k = 0; k < STEPS; k++) mean[i][k] = count[i][k] = 0;
    for (int lane = 1; lane <= LANES; lane++) read_lane(folder, lane, what, mean, count);
    for (int i = 0; i < STATIONS; i++)
        for (int k = 0; k < STEPS; k++) mean[i][k] = count[i][k] > 0 ? mean[i][k] / count[i][k] : -1;
}

/* Semicolons: time; milemarker; new, update or closed; id; kind; status. */
static void read_log(const char *folder, const char *file)
{
    char path[1200], row[512];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    FILE *f = fopen(path, "r");
    if (f == NULL) fprintf(stderr, "cannot read %s\n", path), exit(2);
    while (fgets(row, sizeof row, f) != NULL) {
        char *field[6] = {row}, *p = row;
        int n = 1;
        for (; *p != '\0' && n < 6; p++)
            if (*p == ';') *p = '\0', field[n++] = p + 1;
        struct haul_time at;
        if (n < 6 || strcmp(field[2], "new") != 0 || haul_time_parse(field[0], strlen(field[0]), &at, NULL) != HAUL_OK)
            continue;
        const double at_s = (double)at.ms * 1e-3;
        if (at_s < (double)start_s + 900 || at_s > (double)(start_s + steps * step_s) - 900 ||
            incident_count == INCIDENTS)
            continue;
        struct incident *x = &incidents[incident_count++];
        *x = (struct incident){.at_s = at_s, .mile = strtod(field[1], NULL)};
        snprintf(x->kind, sizeof x->kind, "%s", field[4]);
    }
    fclose(f);
}

/* Stations by milemarker: i + 1 is upstream of i. */
static void sort_stations(void)
{
    for (int i = 1; i < stations; i++)
        for (int k = i; k > 0 && mile[k] < mile[k - 1]; k--) {
            const double m = mile[k];
            mile[k] = mile[k - 1], mile[k - 1] = m;
        }
}

/* ---- clusters ---- */

static int add_alarm(struct cluster *c, int n, double at_s, double at_mile)
{
    for (int i = 0; i < n; i++)
        if (at_s - c[i].last_s <= same_min * 60 && haul_abs(c[i].mile - at_mile) <= same_miles) {
            c[i].last_s = at_s;
            return n;
        }
    if (n == CLUSTERS) exit(2);
    c[n] = (struct cluster){at_s, at_s, at_mile};
    return n + 1;
}

static bool belongs(const struct cluster *c, const struct incident *x)
{
    return haul_abs(c->at_s - x->at_s) <= match_min * 60 && haul_abs(c->mile - x->mile) <= match_miles;
}

/* What counts: incidents that speeds can show. */
static bool is_sought(const struct incident *x)
{
    return strcmp(x->kind, "incident") == 0 && x->shows;
}

static int found_of(const struct cluster *c, int n, bool show)
{
    int found = 0;
    for (int k = 0; k < incident_count; k++) {
        if (!is_sought(&incidents[k])) continue;
        double first_min = 1e9;
        for (int i = 0; i < n; i++)
            if (belongs(&c[i], &incidents[k]) && (c[i].at_s - incidents[k].at_s) / 60 < first_min)
                first_min = (c[i].at_s - incidents[k].at_s) / 60;
        if (first_min < 1e9) found++;
        if (show && first_min < 1e9) printf(" %+.1f", first_min);
        if (show && first_min == 1e9) printf(" -");
    }
    return found;
}

/* As many clusters anywhere on the road at any time, 2000 times. */
static double luck(int n)
{
    static struct cluster c[CLUSTERS];
    struct haul_rng rng;
    haul_rng_seed(&rng, 1);
    int64_t found = 0;
    for (int trial = 0; trial < 2000; trial++) {
        for (int i = 0; i < n; i++)
            c[i] = (struct cluster){.at_s = (double)start_s + haul_rng_f64(&rng) * (double)(steps * step_s),
                                    .mile = mile[0] + haul_rng_f64(&rng) * (mile[stations - 1] - mile[0])};
        found += found_of(c, n, false);
    }
    return (double)found / 2000;
}

static void report(const char *what, const struct cluster *c, int n)
{
    int sought = 0, of_none = 0;
    for (int k = 0; k < incident_count; k++) sought += is_sought(&incidents[k]);
    for (int i = 0; i < n; i++) {
        bool known = false; /* any entry of the log, so that a broken-down car is no false alarm */
        for (int k = 0; k < incident_count; k++) known = known || belongs(&c[i], &incidents[k]);
        of_none += !known;
    }
    const double hours = (double)(steps * step_s) / 3600;
    printf("  %-40s %3d", what, n);
    printf("   ");
    const int found = found_of(c, n, true);
    printf("   %d of %d (%.0f %%), luck %.2f (%.0f %%)   %.2f\n", found, sought, 100.0 * found / sought, luck(n),
           100 * luck(n) / sought, of_none / hours);
}

/* ---- the tests ---- */

static double held(double into[STATIONS][STEPS], int station, int step);

/* Mean speed of the five minutes up to a step, or -1. */
static double five_minutes(int station, int step)
{
    double sum = 0, n = 0;
    for (int back = 0; back < 10 && step - back >= 0; back++) {
        const double v = held(speed_mph, station, step - back);
        if (v >= 0) sum += v, n++;
    }
    return n < 5 ? -1 : sum / n;
}

/* The greatest fall at one station near an entry: from its fastest five minutes so far to a later five. Without a fall
 * there is nothing that speeds could show. */
static void signature(struct incident *x)
{
    for (int i = 0; i < stations; i++) {
        if (haul_abs(mile[i] - x->mile) > match_miles) continue;
        double fastest = -1;
        for (int step = 10; step < steps; step++) {
            if (haul_abs((double)(start_s + step * step_s) - x->at_s) > match_min * 60) continue;
            const double v = five_minutes(i, step);
            if (v < 0) continue;
            if (v > fastest) fastest = v;
            if (fastest - v > x->from_mph - x->to_mph) x->from_mph = fastest, x->to_mph = v;
        }
    }
    x->shows = x->from_mph - x->to_mph >= signature_fall_mph && x->to_mph <= signature_slow_mph;
    char text[HAUL_TIME_TEXT_BYTES];
    printf("  %s mile %.1f %-16s greatest fall within %g min and %g miles: %.0f to %.0f mph%s\n",
           haul_time_format((struct haul_time){(int64_t)(x->at_s * 1000)}, text), x->mile, x->kind, match_min,
           match_miles, x->from_mph, x->to_mph, x->shows ? ", a signature" : "");
}

/* A value holds for two minutes. */
static double held(double into[STATIONS][STEPS], int station, int step)
{
    for (int back = 0; back < 4 && step - back >= 0; back++)
        if (into[station][step - back] >= 0) return into[station][step - back];
    return -1;
}

static void speed_drop(const char *what, double slow_mph, double drop_mph, uint16_t persist)
{
    static struct cluster c[CLUSTERS];
    static struct haul_speed_drop s[STATIONS];
    const struct haul_speed_drop_config config = {
        .slow_mps = slow_mph * mps_per_mph, .drop_mps = drop_mph * mps_per_mph, .mean_of = 4, .persist = persist};
    int n = 0;
    for (int i = 0; i < stations; i++) haul_speed_drop_init(&s[i], &config, NULL);
    for (int step = 0; step < steps; step++)
        for (int i = 1; i < stations; i++) {
            const double up = held(speed_mph, i, step), down = held(speed_mph, i - 1, step),
                         at_s = (double)(start_s + step * step_s);
            if (up < 0 || down < 0) continue;
            const struct haul_score x = haul_speed_drop_update(&s[i], &config, up * mps_per_mph, down * mps_per_mph,
                                                               (struct haul_time){(int64_t)at_s * 1000});
            if (x.verdict == HAUL_VERDICT_ANOMALY) n = add_alarm(c, n, at_s, mile[i]);
        }
    report(what, c, n);
}

static void california(const char *what, const struct haul_california_config *config)
{
    static struct cluster c[CLUSTERS];
    static struct haul_california s[STATIONS];
    int n = 0;
    for (int i = 0; i < stations; i++) haul_california_init(&s[i], config, NULL);
    for (int step = 0; step < steps; step++)
        for (int i = 1; i < stations; i++) {
            const double up = held(occupancy, i, step), down = held(occupancy, i - 1, step),
                         at_s = (double)(start_s + step * step_s);
            if (up < 0 || down < 0) continue;
            const struct haul_score x =
                haul_california_update(&s[i], config, up, down, (struct haul_time){(int64_t)at_s * 1000});
            if (x.verdict == HAUL_VERDICT_ANOMALY) n = add_alarm(c, n, at_s, mile[i]);
        }
    report(what, c, n);
}

/* The default detector on the speed of each station by itself, low side, as it is. */
static void default_detector(void)
{
    static struct cluster c[CLUSTERS];
    static struct haul_stream s[STATIONS];
    struct haul_stream_config config = haul_stream_config_default();
    config.side = HAUL_SIDE_LOW, config.season.calendar.utc_offset_s = -21600;
    int n = 0;
    for (int i = 0; i < stations; i++)
        if (haul_stream_init(&s[i], &config, NULL) != HAUL_OK) exit(2);
    for (int step = 0; step < steps; step++)
        for (int i = 0; i < stations; i++) {
            const double at_s = (double)(start_s + step * step_s);
            if (speed_mph[i][step] < 0) continue;
            const struct haul_stream_score x =
                haul_stream_update(&s[i], &config, speed_mph[i][step], (struct haul_time){(int64_t)at_s * 1000});
            if (x.alarm.event == HAUL_ALARM_OPEN || x.alarm.event == HAUL_ALARM_WORSE)
                n = add_alarm(c, n, at_s, mile[i]);
        }
    report("default detector, one day, no season", c, n);
}

int main(int argc, char **argv)
{
    if (argc < 2) return fprintf(stderr, "usage: bench_i24 FOLDER\n"), 64;
    /* learn the stations first, so that their numbers are in the order of the road */
    read_means(argv[1], "speed", speed_mph);
    sort_stations();
    read_means(argv[1], "speed", speed_mph);
    read_means(argv[1], "occ", occupancy);
    read_log(argv[1], "2023-12-07.csv"), read_log(argv[1], "2023-12-08.csv");
    char from[HAUL_TIME_TEXT_BYTES], to[HAUL_TIME_TEXT_BYTES];
    printf("I-24: %d stations over %.1f km, %s to %s, %d log entries in it\n", stations,
           (mile[stations - 1] - mile[0]) * 1.609344, haul_time_format((struct haul_time){start_s * 1000}, from),
           haul_time_format((struct haul_time){(start_s + steps * step_s) * 1000}, to), incident_count);
    printf(
        "an alarm belongs to an entry within %g min and %g miles; alarms within %g min and %g miles are one cluster\n",
        match_min, match_miles, same_min, same_miles);
    for (int k = 0; k < incident_count; k++) signature(&incidents[k]);
    printf("of the incidents with a signature; luck: as many clusters anywhere at any time\n"
           "  test, clusters, minutes against the log (-: not found), found, false clusters an hour\n");
    speed_drop("speed drop 40/25 mph, 2 min", 40, 25, 4);
    speed_drop("speed drop 40/20 mph, 2 min", 40, 20, 4);
    speed_drop("speed drop 45/20 mph, 5 min", 45, 20, 10);
    california("California #7 13/0.4/15, persist 4",
               &(struct haul_california_config){.t1 = 13, .t2 = 0.4, .t3 = 15, .persist = 4});
    california("California #7 8.1/0.313/16.8, persist 2",
               &(struct haul_california_config){.t1 = 8.1, .t2 = 0.313, .t3 = 16.8, .persist = 2});
    california("California #8 13/0.4/15, persist 4",
               &(struct haul_california_config){
                   .t1 = 13, .t2 = 0.4, .t3 = 15, .persist = 4, .wave = 0.5, .dense = 15, .wave_s = 300});
    default_detector();
    return 0;
}
