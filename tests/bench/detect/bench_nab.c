/* SPDX-License-Identifier: Apache-2.0
 * The default detector on the Numenta Anomaly Benchmark, by our own scorer, which is first held against scores that the
 * benchmark publishes. One configuration for all series, the detector's own default; time stamps are read as local
 * time. bench_nab FOLDER [-v]
 */
#include "haul/detect_stream.h"
#include "haul/math.h"
#include "haul/rng.h"

#include "tests/bench/detect/nab_files.h"

static struct nab_file files[NAB_FILES];
static double *scores[NAB_FILES];
static struct haul_nab_rank *rank;
static int count;

/* ---- selections of series ---- */

static bool is_all(int i)
{
    return i >= 0;
}
static bool is_half_a(int i)
{
    return i % 2 == 0;
}
static bool is_half_b(int i)
{
    return i % 2 == 1;
}
static bool is_traffic(int i)
{
    return strstr(files[i].name, "realTraffic/") != NULL;
}
static bool is_known(int i)
{
    return strstr(files[i].name, "realKnownCause/") != NULL;
}
static bool is_artificial(int i)
{
    return strstr(files[i].name, "artificial") != NULL;
}

static int select_series(bool (*wanted)(int), struct haul_nab_series out[NAB_FILES])
{
    int n = 0;
    for (int i = 0; i < count; i++)
        if (wanted(i))
            out[n++] = (struct haul_nab_series){scores[i], files[i].windows, files[i].rows, files[i].window_count};
    return n;
}

static double score_at(bool (*wanted)(int), const struct haul_nab_profile *p, double threshold,
                       struct haul_nab_result *r)
{
    struct haul_nab_series s[NAB_FILES];
    const int n = select_series(wanted, s);
    *r = haul_nab_score(s, n, p, threshold);
    return haul_nab_normalised(r, p);
}

static double score_best(bool (*wanted)(int), const struct haul_nab_profile *p, double *threshold)
{
    struct haul_nab_series s[NAB_FILES];
    const int n = select_series(wanted, s);
    return haul_nab_best(s, n, p, rank, threshold);
}

/* ---- the scorer against what is published ---- */

/* numenta/NAB, results/windowedGaussian/windowedGaussian_standard_scores.csv, those of the series that are here: the
 * raw score, and the rows found inside and outside windows, of the benchmark's windowed Gaussian detector. */
static const struct {
    const char *name;
    double raw;
    int true_rows, false_rows;
} published[] = {
    {"artificialWithAnomaly/art_increase_spike_density.csv", -1.0, 0, 0},
    {"realTraffic/speed_t4013.csv", -2.0, 0, 0},
    {"artificialNoAnomaly/art_daily_perfect_square_wave.csv", 0.0, 0, 0},
    {"realTraffic/occupancy_t4013.csv", 1.725221520228401, 3, 0},
    {"realTraffic/TravelTime_387.csv", -1.7959813307852819, 1, 6},
    {"realTraffic/TravelTime_451.csv", -1.0, 0, 0},
    {"artificialWithAnomaly/art_daily_jumpsdown.csv", -1.0, 0, 0},
    {"realKnownCause/rogue_agent_key_updown.csv", -1.3964908955014117, 1, 8},
    {"realKnownCause/ec2_request_latency_system_failure.csv", -0.06591011872780705, 3, 0},
    {"artificialWithAnomaly/art_daily_jumpsup.csv", -1.0, 0, 0},
    {"realTraffic/speed_6005.csv", -1.0, 0, 0},
    {"artificialWithAnomaly/art_daily_flatmiddle.csv", -1.0, 0, 0},
    {"artificialNoAnomaly/art_flatline.csv", 0.0, 0, 0},
    {"realTraffic/occupancy_6005.csv", -1.0, 0, 0},
    {"realKnownCause/rogue_agent_key_hold.csv", -2.44, 0, 4},
    {"artificialWithAnomaly/art_load_balancer_spikes.csv", -0.6924446095227346, 18, 15},
    {"artificialWithAnomaly/art_daily_nojump.csv", -1.0, 0, 0},
    {"realKnownCause/nyc_taxi.csv", -5.0, 0, 0},
    {"artificialNoAnomaly/art_daily_no_noise.csv", 0.0, 0, 0},
    {"realKnownCause/cpu_utilization_asg_misconfiguration.csv", -1.11, 0, 1},
    {"artificialNoAnomaly/art_daily_small_noise.csv", 0.0, 0, 0},
    {"realTraffic/speed_7578.csv", -4.0, 0, 0},
    {"realKnownCause/ambient_temperature_system_failure.csv", -2.0, 0, 0},
    {"artificialNoAnomaly/art_noisy.csv", 0.0, 0, 0},
    {"realKnownCause/machine_temperature_system_failure.csv", -4.0, 0, 0},
};

/* The benchmark's windowed Gaussian: chance of a value so high under the mean and deviation of the last 6400; 1 when
 * its complement is printed as 1 in twelve digits. */
static void windowed_gaussian(const struct nab_file *f, double *out)
{
    const int64_t width = 6400;
    double mean = 0, deviation = 1;
    for (int64_t i = 0; i < f->rows; i++) {
        out[i] = i > 0 && 0.5 * __builtin_erfc((f->value[i] - mean) / deviation / 1.4142) < 5e-13;
        const int64_t first = i + 1 > width ? i + 1 - width : 0, n = i + 1 - first;
        double sum = 0, square = 0;
        for (int64_t k = first; k <= i; k++) sum += f->value[k];
        mean = sum / (double)n;
        for (int64_t k = first; k <= i; k++) square += (f->value[k] - mean) * (f->value[k] - mean);
        deviation = haul_sqrt(square / (double)n);
        if (deviation == 0) deviation = 1e-6;
    }
}

static bool check_scorer(void)
{
    int checked = 0, wrong = 0;
    for (int i = 0; i < count; i++)
        for (size_t p = 0; p < sizeof published / sizeof published[0]; p++) {
            if (strcmp(published[p].name, files[i].name) != 0) continue;
            windowed_gaussian(&files[i], scores[i]);
            const struct haul_nab_series s = {scores[i], files[i].windows, files[i].rows, files[i].window_count};
            const struct haul_nab_result r = haul_nab_score(&s, 1, &haul_nab_standard, 1);
            const bool good = haul_abs(r.raw - published[p].raw) < 1e-9 && r.true_rows == published[p].true_rows &&
                              r.false_rows == published[p].false_rows;
            checked++, wrong += !good;
            if (!good) printf("  %s: %.12g, published %.12g\n", files[i].name, r.raw, published[p].raw);
        }
    printf("scorer: windowed Gaussian on %d series, %d differ from the published raw scores (tolerance 1e-9)\n",
           checked, wrong);
    return wrong == 0 && checked > 0;
}

/* ---- the default detector ---- */

static struct haul_stream_config default_config(void)
{
    struct haul_stream_config c = haul_stream_config_default();
    c.season.calendar.utc_offset_s = 0;
    return c;
}

/* `ranked`: the score is evidence over demand, for a sweep of thresholds; else 1 where an alert is told. */
static void run(const struct haul_stream_config *c, bool ranked)
{
    static struct haul_stream s;
    struct haul_error e;
    if (haul_stream_init(&s, c, &e) != HAUL_OK) fprintf(stderr, "%s\n", e.text), exit(2);
    for (int i = 0; i < count; i++) {
        haul_stream_reset(&s, c);
        for (int64_t row = 0; row < files[i].rows; row++) {
            const struct haul_stream_score x = haul_stream_update(&s, c, files[i].value[row], files[i].at[row]);
            const bool told = x.alarm.event == HAUL_ALARM_OPEN || x.alarm.event == HAUL_ALARM_WORSE;
            scores[i][row] = ranked ? x.alarm.share : told;
        }
    }
}

static void line(const char *what, bool (*wanted)(int), double threshold)
{
    struct haul_nab_result r;
    const double standard = score_at(wanted, &haul_nab_standard, threshold, &r);
    const double low_fp = score_at(wanted, &haul_nab_low_fp, threshold, &r);
    const double low_fn = score_at(wanted, &haul_nab_low_fn, threshold, &r);
    printf("  %-34s %6.1f %6.1f %6.1f   %3lld/%-3lld windows, %lld false rows\n", what, standard, low_fp, low_fn,
           (long long)r.hit, (long long)r.windows, (long long)r.false_rows);
}

static void groups(double threshold)
{
    line("all series", is_all, threshold);
    line("road traffic", is_traffic, threshold);
    line("known causes", is_known, threshold);
    line("artificial", is_artificial, threshold);
    line("half A", is_half_a, threshold);
    line("half B", is_half_b, threshold);
}

static void each_series(void)
{
    for (int i = 0; i < count; i++) {
        const struct haul_nab_series s = {scores[i], files[i].windows, files[i].rows, files[i].window_count};
        const struct haul_nab_result r = haul_nab_score(&s, 1, &haul_nab_standard, 1);
        printf("    %-56s raw %6.2f, %lld/%lld windows, %lld false rows\n", files[i].name, r.raw, (long long)r.hit,
               (long long)r.windows, (long long)r.false_rows);
    }
}

static void as_it_is(bool verbose)
{
    printf("default detector as it is, no threshold chosen:     standard low-FP low-FN\n");
    const struct haul_stream_config c = default_config();
    run(&c, false);
    groups(1);
    if (verbose) each_series();
}

static void with_best_threshold(void)
{
    const struct haul_stream_config c = default_config();
    run(&c, true);
    static const struct {
        const char *name;
        const struct haul_nab_profile *p;
    } profiles[] = {{"standard", &haul_nab_standard}, {"low-FP", &haul_nab_low_fp}, {"low-FN", &haul_nab_low_fn}};
    printf("with the best threshold for each profile, as the benchmark does:\n");
    for (size_t i = 0; i < 3; i++) {
        double all, a, b;
        struct haul_nab_result r, other;
        const double best = score_best(is_all, profiles[i].p, &all);
        const double road = score_at(is_traffic, profiles[i].p, all, &r);
        score_best(is_half_a, profiles[i].p, &a), score_best(is_half_b, profiles[i].p, &b);
        const double a_on_b = score_at(is_half_b, profiles[i].p, a, &other),
                     b_on_a = score_at(is_half_a, profiles[i].p, b, &other);
        printf("  %-9s %6.1f at %.3f; traffic %.1f with %lld/%lld windows, %lld false rows; threshold of A on B %.1f, "
               "of B on A %.1f\n",
               profiles[i].name, best, all, road, (long long)r.hit, (long long)r.windows, (long long)r.false_rows,
               a_on_b, b_on_a);
    }
}

/* As a road's operator would set it: of speeds what is low, of occupancies and travel times what is high. */
static void with_sides(void)
{
    static struct haul_stream s;
    struct haul_stream_config c = default_config();
    for (int i = 0; i < count; i++) {
        if (!is_traffic(i)) continue;
        c.side = strstr(files[i].name, "/speed_") != NULL ? HAUL_SIDE_LOW : HAUL_SIDE_HIGH;
        if (haul_stream_init(&s, &c, NULL) != HAUL_OK) exit(2);
        for (int64_t row = 0; row < files[i].rows; row++) {
            const struct haul_stream_score x = haul_stream_update(&s, &c, files[i].value[row], files[i].at[row]);
            scores[i][row] = x.alarm.event == HAUL_ALARM_OPEN || x.alarm.event == HAUL_ALARM_WORSE;
        }
    }
    printf("with the side that matters set (not the one configuration for all):\n");
    line("road traffic", is_traffic, 1);
}

/* As many alerts as the detector told, at random places: what luck scores. */
static void chance(void)
{
    const struct haul_stream_config c = default_config();
    run(&c, false);
    struct haul_rng rng;
    haul_rng_seed(&rng, 1);
    double sum = 0, most = -1e9;
    int64_t alerts[NAB_FILES] = {0};
    for (int i = 0; i < count; i++)
        for (int64_t row = haul_nab_probation(files[i].rows); row < files[i].rows; row++)
            alerts[i] += scores[i][row] > 0;
    for (int trial = 0; trial < 200; trial++) {
        for (int i = 0; i < count; i++) {
            memset(scores[i], 0, (size_t)files[i].rows * sizeof(double));
            const int64_t from = haul_nab_probation(files[i].rows);
            for (int64_t k = 0; k < alerts[i]; k++)
                scores[i][from + (int64_t)haul_rng_below(&rng, (uint64_t)(files[i].rows - from))] = 1;
        }
        struct haul_nab_result r;
        const double got = score_at(is_all, &haul_nab_standard, 1, &r);
        sum += got / 200, most = got > most ? got : most;
    }
    printf("chance: the same number of alerts in each series at random rows: %.1f in the mean, %.1f at most of 200\n",
           sum, most);
}

/* ---- choices made on one half, judged on the other ---- */

enum { SETTINGS = 6, VALUES = 3, ALL_CHOICES = 729 };

/* Half, the default, and twice. */
static const struct {
    const char *name;
    double value[VALUES];
} settings[SETTINGS] = {
    {"record_margin", {0.0125, 0.025, 0.05}}, {"context", {0.15, 0.3, 0.6}}, {"level_margin", {0.02, 0.04, 0.08}},
    {"level_p", {0.002, 0.004, 0.008}},       {"wear", {0.2, 0.4, 0.8}},     {"demand", {0.3, 0.6, 1.2}},
};

static struct haul_stream_config config_of(const int choice[SETTINGS])
{
    struct haul_stream_config c = default_config();
    c.record_margin = settings[0].value[choice[0]], c.context.threshold = settings[1].value[choice[1]];
    c.level_margin = settings[2].value[choice[2]], c.level_p = settings[3].value[choice[3]];
    c.alarm.wear = settings[4].value[choice[4]], c.alarm.demand = settings[5].value[choice[5]];
    return c;
}

static double mean_of_profiles(bool (*wanted)(int))
{
    struct haul_nab_result r;
    return (score_at(wanted, &haul_nab_standard, 1, &r) + score_at(wanted, &haul_nab_low_fp, 1, &r) +
            score_at(wanted, &haul_nab_low_fn, 1, &r)) /
           3;
}

/* What is learnt of a half: the best single choice, and for each value of each setting the mean over all choices with
 * it. */
struct study {
    double best, mean, by_value[SETTINGS][VALUES];
    int peak[SETTINGS], plateau[SETTINGS];
};

static void learn_choice(struct study *s, const int choice[SETTINGS], double score)
{
    s->mean += score / ALL_CHOICES;
    for (int k = 0; k < SETTINGS; k++) s->by_value[k][choice[k]] += score * VALUES / ALL_CHOICES;
    if (score <= s->best) return;
    s->best = score;
    memcpy(s->peak, choice, sizeof s->peak);
}

static void find_plateau(struct study *s)
{
    for (int k = 0; k < SETTINGS; k++)
        for (int v = 1; v < VALUES; v++)
            if (s->by_value[k][v] > s->by_value[k][s->plateau[k]]) s->plateau[k] = v;
}

static void judge(const char *what, const int choice[SETTINGS], const char *here, bool (*chosen_on)(int),
                  const char *there, bool (*held_out)(int))
{
    printf("  %s on %s:", what, here);
    for (int k = 0; k < SETTINGS; k++) printf(" %s %g", settings[k].name, settings[k].value[choice[k]]);
    const struct haul_stream_config c = config_of(choice);
    run(&c, false);
    char text[64];
    snprintf(text, sizeof text, "  on %s, chosen there", here);
    printf("\n"), line(text, chosen_on, 1);
    snprintf(text, sizeof text, "  on %s, held out", there);
    line(text, held_out, 1);
}

static void choose(void)
{
    static struct study a, b;
    for (int n = 0; n < ALL_CHOICES; n++) {
        int choice[SETTINGS], left = n;
        for (int k = 0; k < SETTINGS; k++, left /= VALUES) choice[k] = left % VALUES;
        const struct haul_stream_config c = config_of(choice);
        run(&c, false);
        learn_choice(&a, choice, mean_of_profiles(is_half_a));
        learn_choice(&b, choice, mean_of_profiles(is_half_b));
    }
    find_plateau(&a), find_plateau(&b);
    printf("choices among %d settings (each halved, as it is, doubled) by the mean of the profiles on one half of the "
           "series,\n"
           "judged on the other; over all settings the mean is %.1f on A, %.1f on B:\n",
           ALL_CHOICES, a.mean, b.mean);
    judge("best value of each setting", a.plateau, "A", is_half_a, "B", is_half_b);
    judge("best value of each setting", b.plateau, "B", is_half_b, "A", is_half_a);
    judge("best single choice", a.peak, "A", is_half_a, "B", is_half_b);
    judge("best single choice", b.peak, "B", is_half_b, "A", is_half_a);
}

int main(int argc, char **argv)
{
    if (argc < 2) return fprintf(stderr, "usage: bench_nab FOLDER [-v]\n"), 64;
    count = nab_load(argv[1], files);
    int64_t rows = 0, windows = 0;
    for (int i = 0; i < count; i++) {
        scores[i] = calloc((size_t)files[i].rows, sizeof(double));
        if (scores[i] == NULL) return 2;
        rows += files[i].rows, windows += files[i].window_count;
    }
    rank = malloc((size_t)rows * sizeof *rank);
    if (rank == NULL) return 2;
    printf("NAB: %d series, %lld rows, %lld windows\n", count, (long long)rows, (long long)windows);
    const bool good = check_scorer();
    const int64_t start = haul_cpu_ns();
    as_it_is(argc > 2);
    printf("  %.0f ns a row\n", (double)(haul_cpu_ns() - start) / (double)rows);
    with_best_threshold();
    with_sides();
    chance();
    choose();
    return good ? 0 : 1;
}
