/* SPDX-License-Identifier: Apache-2.0
 * Alert budgets: told against asked on stretches that no setting was made on. The first half of each stream is for the
 * demand to find its place, the second half is counted. On the series of the NAB folder, together and (the long ones)
 * alone, and on synthetic fleets. What counts is the 95 % Poisson interval round what was asked. bench_budget FOLDER
 */
#include "haul/detect_stat.h"
#include "haul/detect_stream.h"
#include "haul/math.h"
#include "haul/rng.h"

#include "tests/bench/detect/nab_files.h"

static struct nab_file files[NAB_FILES];
static int outside, judged;
static uint64_t seed = 5;

static bool told(const struct haul_stream_score *x)
{
    return x->alarm.event == HAUL_ALARM_OPEN || x->alarm.event == HAUL_ALARM_WORSE;
}

static void judge(const char *what, double asked, int64_t got)
{
    int64_t low, high;
    haul_poisson_interval(asked, 0.95, &low, &high);
    const bool inside = got >= low && got <= high;
    printf("  %-44s asked %8.1f, told %6lld, interval %lld..%lld%s\n", what, asked, (long long)got, (long long)low,
           (long long)high,
           asked < 200 ? " (fewer than 200: not judged)"
           : inside    ? ""
                       : "  OUTSIDE");
    if (asked >= 200) judged++, outside += !inside;
}

static struct haul_stream_config budget_config(double per_day)
{
    struct haul_stream_config c = haul_stream_config_default();
    c.season.calendar.utc_offset_s = 0;
    c.alarm.budget_per_day = per_day;
    return c;
}

static int by_length(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Days from a row on, without the gaps: intervals of more than ten times the median one, in which nothing could be
 * told. */
static double days_present(const struct nab_file *f, int64_t from)
{
    int64_t *interval = malloc((size_t)f->rows * sizeof *interval), n = 0, sum = 0;
    if (interval == NULL) exit(2);
    for (int64_t i = from + 1; i < f->rows; i++) interval[n++] = f->at[i].ms - f->at[i - 1].ms;
    qsort(interval, (size_t)n, sizeof *interval, by_length);
    for (int64_t i = 0; i < n; i++) sum += interval[i] <= 10 * interval[n / 2] ? interval[i] : 0;
    free(interval);
    return (double)sum / 86400000;
}

static int64_t on_series(const struct nab_file *f, double per_day, double *asked)
{
    static struct haul_stream s;
    const struct haul_stream_config c = budget_config(per_day);
    if (haul_stream_init(&s, &c, NULL) != HAUL_OK) exit(2);
    int64_t got = 0;
    const int64_t half = f->rows / 2;
    for (int64_t i = 0; i < f->rows; i++) {
        const struct haul_stream_score x = haul_stream_update(&s, &c, f->value[i], f->at[i]);
        if (i >= half) got += told(&x);
    }
    *asked = per_day * days_present(f, half);
    return got;
}

static void on_all_series(int count)
{
    static const double budgets[] = {0.5, 1, 2, 4};
    printf("real series, each with its own budget, second halves together:\n");
    for (size_t b = 0; b < sizeof budgets / sizeof budgets[0]; b++) {
        double asked = 0;
        int64_t got = 0;
        for (int i = 0; i < count; i++) {
            if (strstr(files[i].name, "artificialNoAnomaly/") != NULL)
                continue; /* constants and noise made by a formula */
            double a;
            got += on_series(&files[i], budgets[b], &a);
            asked += a;
        }
        char what[64];
        snprintf(what, sizeof what, "%g a day", budgets[b]);
        judge(what, asked, got);
    }
    printf("the long ones alone:\n");
    for (int i = 0; i < count; i++)
        for (size_t b = 0; b < sizeof budgets / sizeof budgets[0]; b++) {
            double asked;
            const int64_t got = on_series(&files[i], budgets[b], &asked);
            if (asked < 200) continue;
            char what[128];
            snprintf(what, sizeof what, "%.34s, %g a day", strchr(files[i].name, '/') + 1, budgets[b]);
            judge(what, asked, got);
        }
}

/* One value of a synthetic stream at half-hours: daily pattern, noise of one of five laws, incidents. The
 * heaviest tail has no mean. */
static double synthetic(struct haul_rng *rng, int law, int i, double *walk)
{
    const double u = 1 - haul_rng_f64(rng), normal = haul_rng_normal(rng);
    *walk = 0.98 * *walk + 0.3 * normal;
    const double noise[] = {normal, -haul_log(u), haul_pow(u, -0.4), *walk, 1 / u};
    const double incident = i % 1500 < 6 && i > 1500 ? 8 : 0;
    return 50 + 10 * haul_sin(2 * HAUL_PI * i / 48) + 2 * noise[law] + incident;
}

static void on_fleet(int law, const char *name, double per_day, int streams, int days)
{
    static struct haul_stream s;
    const struct haul_stream_config c = budget_config(per_day);
    if (haul_stream_init(&s, &c, NULL) != HAUL_OK) exit(2);
    struct haul_rng rng;
    haul_rng_seed(&rng, seed + (uint64_t)law);
    int64_t got = 0;
    for (int k = 0; k < streams; k++) {
        haul_stream_reset(&s, &c);
        double walk = 0;
        for (int i = 0; i < 48 * days; i++) {
            const double v = synthetic(&rng, law, i, &walk);
            const struct haul_stream_score x = haul_stream_update(&s, &c, v, (struct haul_time){1800000ll * i});
            if (i >= 24 * days) got += told(&x);
        }
    }
    char what[64];
    snprintf(what, sizeof what, "%s: %d streams, 1 in %g days", name, streams, 1 / per_day);
    judge(what, per_day * streams * days / 2, got);
}

int main(int argc, char **argv)
{
    if (argc < 2) return fprintf(stderr, "usage: bench_budget FOLDER [SEED]\n"), 64;
    if (argc > 2) seed = strtoull(argv[2], NULL, 10);
    on_all_series(nab_load(argv[1], files));
    printf("synthetic fleets, seed %llu, second half of 240 days:\n", (unsigned long long)seed);
    static const char *const laws[] = {"normal noise", "exponential noise", "heavy-tailed noise", "correlated noise",
                                       "noise without a mean"};
    for (int law = 0; law < 5; law++) {
        on_fleet(law, laws[law], 1.0 / 30, 100, 240);
        on_fleet(law, laws[law], 1.0 / 7, 30, 240);
    }
    printf("budget: %d stretches with at least 200 asked for, %d outside their interval\n", judged, outside);
    return 0;
}
