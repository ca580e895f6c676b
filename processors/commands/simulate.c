/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/base64.h"
#include "haul/simulator.h"
#include "haul/time.h"

#include "processors/commands/commands.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX       (512 * 1024)
#define PROGRESS_NS    2000000000ll
#define PROGRESS_EVERY 1024 /* messages between two looks at the clock */
#define PACE_SLEEP_MS  200  /* the longest sleep: an interrupt is seen so soon */

static const char usage[] =
    "usage: haul simulate SCENARIO.yaml [OPTION ...]\n\n"
    "Drives a province of vehicles and writes what they send as JSON lines. Bytes that are no record are written as\n"
    "{\"key\":ID,\"bytes\":BASE64}.\n\n"
    "  --out FILE        where to (default: standard output)\n"
    "  --truth FILE      what was injected, as JSON lines\n"
    "  --seed N          these four instead of the scenario's\n"
    "  --vehicles N\n"
    "  --duration D      such as 10min\n"
    "  --start TIME      or now\n"
    "  --speed X         so many times as fast as time, or max (default: max; with --start now: 1)\n"
    "  --check           only check the scenario\n";

struct simulation {
    struct haul_scenario scenario;
    const char *path, *out_path, *truth_path, *speed_text;
    bool live, only_check;
    double speed; /* 0: as fast as it goes */
    FILE *out, *truth;
    struct haul_buf text;
    struct haul_time start;
    struct haul_mono began, shown;
    uint64_t messages, malformed, truths;
};

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

/* ---- what was asked for ---------------------------------------------------------------------------------------------
 */

static int read_sets(struct haul_str yaml, const char *path, struct haul_scenario *out)
{
    static const struct haul_option_set *const sets[] = {&haul_scenario_option_set};
    struct haul_config *config = NULL;
    struct haul_buf errors;
    unsigned count;
    haul_buf_init(&errors, 0, TEXT_MAX);
    const enum haul_err e = yaml.p == NULL ? haul_config_read(path, sets, 1, &config, &errors, &count)
                                           : haul_config_read_text(yaml, path, sets, 1, &config, &errors, &count);
    if (e == HAUL_OK) *out = *(const struct haul_scenario *)haul_config_section(config, "scenario");
    fwrite(errors.p, 1, errors.n, stderr);
    haul_config_free(config);
    haul_buf_free(&errors);
    if (e == HAUL_OK) return 0;
    return e == HAUL_E_NOT_FOUND || e == HAUL_E_IO ? HAUL_EXIT_NOINPUT : HAUL_EXIT_CONFIG;
}

static const struct {
    const char *name;
    size_t at, size;
} overrides[] = {
    {"seed", offsetof(struct haul_scenario, seed), sizeof(int64_t)},
    {"vehicles", offsetof(struct haul_scenario, vehicles), sizeof(int64_t)},
    {"duration", offsetof(struct haul_scenario, duration_ms), sizeof(int64_t)},
    {"start", offsetof(struct haul_scenario, start), sizeof((struct haul_scenario *)0)->start},
};
#define OVERRIDES (sizeof overrides / sizeof overrides[0])

/* A value of the command line is read as if it stood in a scenario: the same units, bounds and errors. */
static int override(struct haul_scenario *scenario, size_t which, const char *value)
{
    char yaml[200];
    struct haul_scenario read;
    snprintf(yaml, sizeof yaml, "scenario: {network: ., %s: %s}\n", overrides[which].name, value);
    const int status = read_sets(haul_str_of(yaml), "command line", &read);
    if (status != 0) return HAUL_EXIT_USAGE;
    memcpy((char *)scenario + overrides[which].at, (const char *)&read + overrides[which].at, overrides[which].size);
    return 0;
}

enum { OPT_OUT = 256, OPT_TRUTH, OPT_SPEED, OPT_CHECK, OPT_HELP, OPT_OVERRIDE };

/* First the scenario, then what the command line says instead. */
static int read_arguments(struct simulation *x, int argc, char **argv)
{
    static const struct option options[] = {{"out", required_argument, NULL, OPT_OUT},
                                            {"truth", required_argument, NULL, OPT_TRUTH},
                                            {"speed", required_argument, NULL, OPT_SPEED},
                                            {"check", no_argument, NULL, OPT_CHECK},
                                            {"help", no_argument, NULL, OPT_HELP},
                                            {"seed", required_argument, NULL, OPT_OVERRIDE},
                                            {"vehicles", required_argument, NULL, OPT_OVERRIDE + 1},
                                            {"duration", required_argument, NULL, OPT_OVERRIDE + 2},
                                            {"start", required_argument, NULL, OPT_OVERRIDE + 3},
                                            {NULL, 0, NULL, 0}};
    const char *values[OVERRIDES] = {NULL};
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == OPT_HELP) return fputs(usage, stdout), -1;
        if (c == OPT_OUT) x->out_path = optarg;
        if (c == OPT_TRUTH) x->truth_path = optarg;
        if (c == OPT_SPEED) x->speed_text = optarg;
        if (c == OPT_CHECK) x->only_check = true;
        if (c >= OPT_OVERRIDE) values[c - OPT_OVERRIDE] = optarg;
        if (c == '?') return fputs(usage, stderr), HAUL_EXIT_USAGE;
    }
    if (optind != argc - 1) return fputs(usage, stderr), HAUL_EXIT_USAGE;
    x->path = argv[optind];
    int status = read_sets((struct haul_str){NULL, 0}, x->path, &x->scenario);
    x->live = values[3] != NULL && strcmp(values[3], "now") == 0;
    char now[HAUL_TIME_TEXT_BYTES];
    if (x->live) values[3] = haul_time_format(haul_wall_now(), now);
    for (size_t i = 0; i < OVERRIDES && status == 0; i++)
        if (values[i] != NULL) status = override(&x->scenario, i, values[i]);
    return status;
}

static int read_speed(struct simulation *x)
{
    x->speed = x->live ? 1 : 0;
    if (x->speed_text == NULL) return 0;
    char *end;
    x->speed = strcmp(x->speed_text, "max") == 0 ? 0 : strtod(x->speed_text, &end);
    if (strcmp(x->speed_text, "max") == 0 || (*end == '\0' && x->speed >= 0.001 && x->speed <= 1e6)) return 0;
    fprintf(stderr, "haul simulate: --speed %s: expected max, or a number from 0.001 to 1000000\n", x->speed_text);
    return HAUL_EXIT_USAGE;
}

/* ---- writing --------------------------------------------------------------------------------------------------------
 */

static bool put_line(struct simulation *x, FILE *to)
{
    haul_buf_byte(&x->text, '\n');
    return !x->text.overflow && fwrite(x->text.p, 1, x->text.n, to) == x->text.n;
}

static bool put_message(struct simulation *x, const struct haul_simulated *m)
{
    struct haul_json j;
    haul_buf_clear(&x->text);
    haul_json_begin(&j, &x->text);
    if (m->malformed) {
        haul_json_open(&j, '{');
        haul_json_kstr(&j, "key", m->key);
        haul_json_name(&j, "bytes");
        haul_buf_byte(&x->text, '"');
        haul_base64_encode(m->bytes, &x->text);
        haul_buf_byte(&x->text, '"');
        haul_json_close(&j, '}');
        x->malformed++;
    } else {
        haul_record_to_json(&m->record, &j);
    }
    x->messages++;
    return put_line(x, x->out);
}

static bool put_truths(struct simulation *x, struct haul_simulator *s)
{
    struct haul_simulator_truth t;
    while (haul_simulator_truth(s, &t)) {
        x->truths++;
        if (x->truth == NULL) continue;
        struct haul_json j;
        haul_buf_clear(&x->text);
        haul_json_begin(&j, &x->text);
        haul_simulator_truth_json(&t, &j);
        if (!put_line(x, x->truth)) return false;
    }
    return true;
}

/* ---- running --------------------------------------------------------------------------------------------------------
 */

static void pace(const struct simulation *x, struct haul_time send_at)
{
    if (x->speed <= 0) return;
    const double due_ms = (double)(send_at.ms - x->start.ms) / x->speed;
    for (;;) {
        const double left_ms = due_ms - (double)(haul_mono_now().ns - x->began.ns) / 1e6;
        if (left_ms < 1 || interrupted) return;
        if (left_ms > 20) fflush(x->out); /* whoever reads should not wait for the next message */
        haul_sleep_ms(left_ms > PACE_SLEEP_MS ? PACE_SLEEP_MS : (int64_t)left_ms);
    }
}

static void progress(struct simulation *x, struct haul_time at)
{
    if (x->messages % PROGRESS_EVERY != 0) return;
    const struct haul_mono now = haul_mono_now();
    if (now.ns - x->shown.ns < PROGRESS_NS) return;
    const double done = (double)(at.ms - x->start.ms) / (double)x->scenario.duration_ms;
    fprintf(stderr, "\rsimulate: %3.0f %%, %llu messages, %llu faults ", done * 100, (unsigned long long)x->messages,
            (unsigned long long)x->truths);
    x->shown = now;
}

static bool stream(struct simulation *x, struct haul_simulator *s)
{
    struct haul_simulated m;
    x->began = x->shown = haul_mono_now();
    bool good = true;
    while (good && !interrupted && haul_simulator_next(s, &m)) {
        pace(x, m.send_at);
        good = put_message(x, &m) && put_truths(x, s);
        progress(x, m.send_at);
    }
    good = good && put_truths(x, s) && fflush(x->out) == 0 && (x->truth == NULL || fflush(x->truth) == 0);
    if (!good) fprintf(stderr, "haul simulate: cannot write: %s\n", strerror(errno));
    return good;
}

static bool open_file(const char *path, FILE **out)
{
    *out = fopen(path, "w");
    if (*out == NULL) fprintf(stderr, "haul simulate: %s: %s\n", path, strerror(errno));
    return *out != NULL;
}

static int simulate(struct simulation *x)
{
    struct haul_simulator *s;
    struct haul_error e;
    if (haul_simulator_open(&x->scenario, &s, &e) != HAUL_OK) {
        fprintf(stderr, "haul simulate: %s\n", e.text);
        return HAUL_EXIT_NOINPUT;
    }
    bool good = haul_time_parse(x->scenario.start, strlen(x->scenario.start), &x->start, &e) == HAUL_OK;
    x->out = stdout;
    if (x->out_path != NULL) good = good && open_file(x->out_path, &x->out);
    if (x->truth_path != NULL) good = good && open_file(x->truth_path, &x->truth);
    haul_buf_init(&x->text, 4096, TEXT_MAX);
    signal(SIGINT, interrupt);
    signal(SIGTERM, interrupt);
    good = good && stream(x, s);
    fprintf(stderr, "simulate: %llu messages (%llu malformed), %llu faults\n", (unsigned long long)x->messages,
            (unsigned long long)x->malformed, (unsigned long long)x->truths);
    haul_buf_free(&x->text);
    if (x->out_path != NULL && x->out != NULL) fclose(x->out);
    if (x->truth != NULL) fclose(x->truth);
    haul_simulator_close(s);
    return good ? 0 : HAUL_EXIT_FAILED;
}

static int run(int argc, char **argv)
{
    static struct simulation x;
    int status = read_arguments(&x, argc, argv);
    if (status == 0) status = read_speed(&x);
    if (status != 0) return status < 0 ? 0 : status;
    if (x.only_check) {
        printf("ok: %s (%lld vehicles, %u events)\n", x.path, (long long)x.scenario.vehicles, x.scenario.events.len);
        return 0;
    }
    return simulate(&x);
}

const struct haul_command haul_command_simulate = {"simulate", "drive a simulated province of vehicles", run};
