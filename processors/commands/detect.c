/* SPDX-License-Identifier: Apache-2.0
 * haul detect: the default detector over a file of time stamps and values, row by row, as it would have been live.
 */
#include "haul/detect_stream.h"

#include "processors/commands/commands.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char usage_text[] =
    "usage: haul detect [OPTION ...] FILE.csv      (- reads standard input)\n"
    "\n"
    "Reads rows of timestamp,value (more columns are ignored, a header is skipped) in the order of time, and writes "
    "for each\n"
    "time,value,score,verdict,event,method,reason as CSV. The score runs from 0 to 1; 0.5 is where an alert is due. "
    "Each row is\n"
    "judged by those before it and by nothing else.\n"
    "\n"
    "  --alerts          write only the rows that open, worsen or close an alert, and what the guards found\n"
    "  --budget N        at most about N alerts a day (0.033: one in 30 days); default: none\n"
    "  --side SIDE       which departures count: both (default), high, low\n"
    "  --hold N/M        an alert needs N of the last M values; default 1/1\n"
    "  --utc-offset H    hours that local time is ahead of the time stamps, for the time of day; default 8\n"
    "  --low X --high X  possible values; what lies outside is told and not learnt\n"
    "  --language L      of the reason: en (default), zh\n"
    "\n"
    "Time stamps: ISO 8601, or seconds or milliseconds since 1970. Rows that cannot be read are counted and skipped.\n";

struct request {
    struct haul_stream_config config;
    enum haul_language language;
    bool alerts_only;
    const char *path;
};

struct tally {
    uint64_t rows, bad, alerts, guarded;
};

static bool number(const char *text, double *out)
{
    char *end;
    errno = 0;
    *out = strtod(text, &end);
    return end != text && (*end == '\0' || *end == '\r' || *end == '\n' || *end == ',' || *end == ' ') && *out == *out;
}

static int refuse(const char *what, const char *value)
{
    fprintf(stderr, "haul detect: %s '%s'; 'haul detect --help' tells more\n", what, value);
    return HAUL_EXIT_USAGE;
}

enum { ALERTS = 1000, BUDGET, SIDE, HOLD, OFFSET, LOW, HIGH, LANGUAGE, HELP };

static const struct option options[] = {
    {"alerts", no_argument, NULL, ALERTS},
    {"budget", required_argument, NULL, BUDGET},
    {"side", required_argument, NULL, SIDE},
    {"hold", required_argument, NULL, HOLD},
    {"utc-offset", required_argument, NULL, OFFSET},
    {"low", required_argument, NULL, LOW},
    {"high", required_argument, NULL, HIGH},
    {"language", required_argument, NULL, LANGUAGE},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

static bool hold(const char *value, struct haul_alarm_config *c)
{
    unsigned n, of;
    char rest;
    if (sscanf(value, "%2u/%2u%c", &n, &of, &rest) != 2 || n > of) return false;
    c->hold = (uint8_t)n, c->hold_of = (uint8_t)of; /* the bounds are the library's to check */
    return true;
}

static bool one_option(struct request *r, int option, const char *value)
{
    double x = 0;
    switch (option) {
    case ALERTS:
        r->alerts_only = true;
        return true;
    case BUDGET:
        return number(value, &r->config.alarm.budget_per_day);
    case LOW:
        return number(value, &r->config.guard.low);
    case HIGH:
        return number(value, &r->config.guard.high);
    case OFFSET:
        if (!number(value, &x) || !(x >= -14 && x <= 14)) return false;
        r->config.season.calendar.utc_offset_s = (int32_t)(x * 3600);
        return true;
    case SIDE:
        if (strcmp(value, "both") == 0) return r->config.side = HAUL_SIDE_BOTH, true;
        if (strcmp(value, "high") == 0) return r->config.side = HAUL_SIDE_HIGH, true;
        if (strcmp(value, "low") == 0) return r->config.side = HAUL_SIDE_LOW, true;
        return false;
    case HOLD:
        return hold(value, &r->config.alarm);
    case LANGUAGE:
        if (strcmp(value, "en") == 0) return r->language = HAUL_ENGLISH, true;
        if (strcmp(value, "zh") == 0) return r->language = HAUL_CHINESE, true;
        return false;
    default:
        return false;
    }
}

/* 0 when the request is complete; else the exit status (negative: done, exit with 0). */
static int parse(int argc, char **argv, struct request *r)
{
    *r = (struct request){.config = haul_stream_config_default()};
    r->config.guard.low = -__builtin_inf(), r->config.guard.high = __builtin_inf();
    optind = 1, opterr = 0;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == HELP) return fputs(usage_text, stdout), -1;
        if (option == '?') return refuse("unknown option, or a value is missing:", argv[optind - 1]);
        if (!one_option(r, option, optarg)) return refuse("not a value for this option:", optarg);
    }
    if (!(r->config.guard.low < r->config.guard.high))
        return fputs("haul detect: --low must be below --high\n", stderr), HAUL_EXIT_USAGE;
    if (optind + 1 != argc) return fputs(usage_text, stderr), HAUL_EXIT_USAGE;
    r->path = argv[optind];
    return 0;
}

static bool told(const struct haul_stream_score *x)
{
    return x->alarm.event == HAUL_ALARM_OPEN || x->alarm.event == HAUL_ALARM_WORSE;
}

/* Enough, and not told: it rests after the last alert. */
static bool rests(const struct haul_stream_score *x)
{
    return x->alarm.event == HAUL_ALARM_NONE && x->alarm.share == 0 && x->score.verdict == HAUL_VERDICT_ANOMALY &&
           x->score.method > HAUL_METHOD_CLOCK;
}

static const char *event_name(const struct haul_stream_score *x)
{
    switch (x->alarm.event) {
    case HAUL_ALARM_NONE:
        return rests(x) ? "rest" : "";
    case HAUL_ALARM_OPEN:
        return "open";
    case HAUL_ALARM_WORSE:
        return "worse";
    case HAUL_ALARM_CLOSE:
        return "close";
    }
    return "";
}

static bool is_guard(const struct haul_score *s)
{
    return s->verdict == HAUL_VERDICT_INVALID || (s->verdict == HAUL_VERDICT_ANOMALY && s->method <= HAUL_METHOD_CLOCK);
}

static void write_row(const struct request *r, struct haul_buf *out, struct haul_time at, double value,
                      const struct haul_stream_score *x)
{
    char text[HAUL_TIME_TEXT_BYTES];
    haul_buf_clear(out);
    haul_buf_printf(out, "%s,%.10g,%.4f,%s,%s,%s,\"", haul_time_format(at, text), value, x->score.score,
                    haul_verdict_name(x->score.verdict), event_name(x), haul_method_name(x->score.method));
    haul_score_explain(&x->score, r->language, out);
    haul_buf_str(out, HAUL_STR("\"\n"));
    fwrite(out->p, 1, out->n, stdout);
}

/* The two columns; false if the row has not both. */
static bool fields(char *row, struct haul_time *at, double *value)
{
    char *comma = strchr(row, ',');
    if (comma == NULL) return false;
    size_t n = (size_t)(comma - row);
    const char *start = row;
    while (n > 0 && (*start == ' ' || *start == '"')) start++, n--;
    while (n > 0 && (start[n - 1] == ' ' || start[n - 1] == '"')) n--;
    return number(comma + 1, value) && haul_time_parse(start, n, at, NULL) == HAUL_OK;
}

static void bad_row(struct tally *t, uint64_t line)
{
    t->bad++;
    if (t->bad <= 5)
        fprintf(stderr, "haul detect: line %llu is no timestamp,value: skipped\n", (unsigned long long)line);
    if (t->bad == 5) fprintf(stderr, "haul detect: further such lines are only counted\n");
}

static void progress(const struct tally *t)
{
    if (t->rows % 500000 == 0)
        fprintf(stderr, "haul detect: %llu rows, %llu alerts\n", (unsigned long long)t->rows,
                (unsigned long long)t->alerts);
}

static void judge_rows(const struct request *r, struct haul_stream *s, FILE *in, struct tally *t)
{
    char *row = NULL;
    size_t capacity = 0;
    struct haul_buf out;
    haul_buf_init(&out, 512, 1 << 16);
    puts("time,value,score,verdict,event,method,reason");
    for (uint64_t line = 1; getline(&row, &capacity, in) > 0; line++) {
        struct haul_time at;
        double value;
        if (!fields(row, &at, &value)) {
            if (line > 1 && row[0] != '\n' && row[0] != '#') bad_row(t, line);
            continue;
        }
        const struct haul_stream_score x = haul_stream_update(s, &r->config, value, at);
        t->rows++, t->alerts += told(&x), t->guarded += is_guard(&x.score);
        if (!r->alerts_only || x.alarm.event != HAUL_ALARM_NONE || is_guard(&x.score))
            write_row(r, &out, at, value, &x);
        progress(t);
    }
    free(row);
    haul_buf_free(&out);
}

static int run(int argc, char **argv)
{
    struct request r;
    const int status = parse(argc, argv, &r);
    if (status != 0) return status < 0 ? 0 : status;
    static struct haul_stream stream;
    struct haul_error e;
    if (haul_stream_init(&stream, &r.config, &e) != HAUL_OK) {
        fprintf(stderr, "haul detect: %s\n", e.text);
        return HAUL_EXIT_USAGE;
    }
    FILE *in = strcmp(r.path, "-") == 0 ? stdin : fopen(r.path, "r");
    if (in == NULL) {
        fprintf(stderr, "haul detect: cannot open %s: %s\n", r.path, strerror(errno));
        return HAUL_EXIT_NOINPUT;
    }
    struct tally t = {0};
    judge_rows(&r, &stream, in, &t);
    const bool read_failed = ferror(in) != 0, write_failed = fflush(stdout) != 0 || ferror(stdout) != 0;
    if (in != stdin) fclose(in);
    fprintf(stderr, "haul detect: %llu rows, %llu alerts, %llu found by guards, %llu lines skipped\n",
            (unsigned long long)t.rows, (unsigned long long)t.alerts, (unsigned long long)t.guarded,
            (unsigned long long)t.bad);
    if (read_failed || write_failed) fprintf(stderr, "haul detect: %s failed\n", read_failed ? "reading" : "writing");
    return read_failed || write_failed ? HAUL_EXIT_FAILED : t.rows == 0 ? HAUL_EXIT_DATA : 0;
}

const struct haul_command haul_command_detect = {"detect", "judge a file of time stamps and values, row by row", run};
