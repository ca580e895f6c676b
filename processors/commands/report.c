/* SPDX-License-Identifier: Apache-2.0
 * haul report: what an inspector asks of a shipment, from its document and from the alerts about it, as text or as CSV.
 */
#include "processors/commands/commands.h"
#include "processors/commands/files.h"
#include "processors/commands/key_list.h"
#include "processors/commands/runtime.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define DOCUMENT_MAX ((size_t)1 << 20)

static const char usage[] =
    "usage: haul report shipment ID [-c FILE] [--csv]\n"
    "       haul report shipment --document FILE [--csv]\n\n"
    "Prints the evidence of a shipment in the cold chain: extremes, mean kinetic temperature, time by band and beyond "
    "each limit,\n"
    "gaps, what was raised when, and from the desk who acted on it.\n"
    "  --csv            section,name,value,unit,from,to: one row a fact\n"
    "  --document FILE  reads the document (the JSON of haul:shipment:<id>) from a file instead of Redis\n";

struct report {
    bool csv;
};

/* ---- writing ---- */
/* A field of CSV: quoted when it must be (RFC 4180), and never a formula for a spreadsheet. */
static void csv_field(const char *text, char end)
{
    const bool formula = text[0] != '\0' && strchr("=+@\t\r", text[0]) != NULL;
    const bool quoted = formula || strpbrk(text, "\",\r\n") != NULL;
    if (quoted) putchar('"');
    if (formula) putchar('\'');
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"') putchar('"');
        putchar(*p);
    }
    if (quoted) putchar('"');
    putchar(end);
}

static void row(const struct report *r, const char *section, const char *name, const char *value, const char *unit,
                const char *from, const char *to)
{
    if (r->csv) {
        csv_field(section, ',');
        csv_field(name, ',');
        csv_field(value, ',');
        csv_field(unit, ',');
        csv_field(from, ',');
        csv_field(to, '\n');
        return;
    }
    printf("  %-22s %s%s%s", name, value, unit[0] == '\0' ? "" : " ", unit);
    if (from[0] != '\0') printf("   %s", from);
    if (to[0] != '\0') printf(" to %s", to);
    putchar('\n');
}

static void heading(const struct report *r, const char *text)
{
    if (!r->csv) printf("\n%s\n", text);
}

static const char *text_of(const json_t *o, const char *name)
{
    const char *text = json_string_value(json_object_get(o, name));
    return text == NULL ? "" : text;
}

/* A number as the document has it, or "". */
static const char *number_of(const json_t *o, const char *name, char out[40])
{
    const json_t *v = json_object_get(o, name);
    out[0] = '\0';
    if (json_is_integer(v))
        snprintf(out, 40, "%lld", (long long)json_integer_value(v));
    else if (json_is_real(v))
        snprintf(out, 40, "%.10g", json_real_value(v));
    return out;
}

/* ---- the document's parts ---- */
static void identity(const struct report *r, const json_t *d)
{
    static const char *const names[] = {"id",    "class",  "judged_as", "unit",   "held_by",
                                        "begin", "loaded", "unloaded",  "through"};
    heading(r, "shipment");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *text = text_of(d, names[i]);
        if (text[0] != '\0') row(r, "shipment", names[i], text, "", "", "");
    }
}

static void figures(const struct report *r, const json_t *d)
{
    static const struct {
        const char *name, *unit, *time;
    } rows[] = {
        {"min_c", "degC", "min_time"}, {"max_c", "degC", "max_time"},
        {"mean_c", "degC", ""},        {"mkt_c", "degC", ""},
        {"mkt_window_c", "degC", ""},  {"monitored_min", "min", ""},
        {"life_left_pct", "%", ""},    {"handovers", "", ""},
        {"handover_k", "K", ""},       {"gaps", "", ""},
        {"gap_min", "min", ""},
    };
    heading(r, "figures");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char value[40];
        if (number_of(d, rows[i].name, value)[0] != '\0')
            row(r, "figure", rows[i].name, value, rows[i].unit, text_of(d, rows[i].time), "");
    }
}

static void bands(const struct report *r, const json_t *d)
{
    const char *name;
    json_t *value, *bands = json_object_get(d, "bands");
    heading(r, "time by band");
    json_object_foreach(bands, name, value)
    {
        char number[40];
        row(r, "band", name, number_of(bands, name, number), "min", "", "");
    }
}

static void limits(const struct report *r, const json_t *d)
{
    size_t i;
    json_t *limit;
    heading(r, "beyond each limit");
    json_array_foreach(json_object_get(d, "limits"), i, limit)
    {
        char at[40], total[40], longest[40], name[64];
        snprintf(name, sizeof name, "%s %s degC", text_of(limit, "limit"), number_of(limit, "at_c", at));
        row(r, "limit_total", name, number_of(limit, "total_min", total), "min in all", "", "");
        row(r, "limit_longest", name, number_of(limit, "longest_min", longest), "min longest", "", "");
    }
}

static void gaps(const struct report *r, const json_t *d)
{
    size_t i;
    json_t *gap;
    heading(r, "newest gaps");
    json_array_foreach(json_object_get(d, "newest_gaps"), i, gap)
        row(r, "gap", "no data", "", "", text_of(gap, "from"), text_of(gap, "to"));
}

static void transitions(const struct report *r, const json_t *d)
{
    size_t i;
    json_t *entry;
    heading(r, "what was raised when");
    json_array_foreach(json_object_get(d, "log"), i, entry)
    {
        char value[40], threshold[40], text[120];
        snprintf(text, sizeof text, "%s %s%s%s", text_of(entry, "what"), number_of(entry, "value", value),
                 json_object_get(entry, "threshold") == NULL ? "" : " against ",
                 number_of(entry, "threshold", threshold));
        row(r, "alert", text_of(entry, "rule"), text, "", text_of(entry, "time"), "");
    }
}

static int print(const struct report *r, struct haul_str json)
{
    json_error_t error;
    json_t *d = json_loadb(json.p, json.n, 0, &error);
    if (!json_is_object(d)) {
        fprintf(stderr, "haul report: the document is not JSON: %s\n", error.text);
        json_decref(d);
        return HAUL_EXIT_DATA;
    }
    if (r->csv) puts("section,name,value,unit,from,to");
    identity(r, d);
    figures(r, d);
    bands(r, d);
    limits(r, d);
    gaps(r, d);
    transitions(r, d);
    json_decref(d);
    return 0;
}

/* ---- the desk: who acted ---- */
static void one_alert(const struct report *r, const json_t *a)
{
    size_t i;
    json_t *step;
    row(r, "desk", text_of(a, "rule"), text_of(a, "why_en"), "", text_of(a, "since"), "");
    json_array_foreach(json_object_get(a, "history"), i, step)
        row(r, "desk_history", text_of(step, "what"), text_of(step, "by"), "", text_of(step, "time"), "");
}

static enum haul_err desk(const struct report *r, struct haul_redis_client *c, const char *instance, const char *id,
                          struct haul_error *e)
{
    char pattern[80], entity[HAUL_ID_MAX + 16];
    snprintf(pattern, sizeof pattern, "%shaul:alert:*", instance);
    snprintf(entity, sizeof entity, "shipment:%s", id);
    struct key_list keys = {0};
    enum haul_err err = key_list_scan(&keys, c, haul_str_of(pattern), e);
    key_list_sort(&keys);
    heading(r, "the desk");
    for (size_t i = 0; i < keys.len && err == HAUL_OK; i++) {
        const struct haul_redis_value *v;
        const struct haul_str words[] = {HAUL_STR("GET"), haul_str_of(keys.key[i])};
        err = haul_redis_client_call(c, words, 2, &v, e);
        json_t *a = err == HAUL_OK && v->type == HAUL_REDIS_STRING ? json_loadb(v->str.p, v->str.n, 0, NULL) : NULL;
        if (strcmp(text_of(a, "entity"), entity) == 0) one_alert(r, a);
        json_decref(a);
    }
    key_list_free(&keys);
    return err;
}

/* ---- from where ---- */
static int from_file(const struct report *r, const char *path)
{
    struct haul_buf text;
    struct haul_error e = {0};
    const enum haul_err err = command_read_file(path, DOCUMENT_MAX, &text, &e);
    if (err != HAUL_OK) {
        fprintf(stderr, "haul report: %s\n", e.text);
        return err == HAUL_E_NOT_FOUND ? HAUL_EXIT_NOINPUT : HAUL_EXIT_DATA;
    }
    const int status = print(r, (struct haul_str){(const char *)text.p, text.n});
    haul_buf_free(&text);
    return status;
}

static int from_redis(struct report *r, struct runtime *run, const char *id)
{
    struct haul_redis_client *c = NULL;
    struct haul_error e = {0};
    const struct haul_redis_value *v = NULL;
    struct haul_buf key;
    int status = HAUL_EXIT_UNAVAILABLE;
    haul_buf_init(&key, 64, 512);
    haul_redis_key(&key, run->engine->instance, HAUL_STR("shipment"), haul_str_of(id));
    const struct haul_str words[] = {HAUL_STR("GET"), {(const char *)key.p, key.n}};
    enum haul_err err = haul_redis_client_open(run->redis, &c, &e);
    if (err == HAUL_OK) err = haul_redis_client_call(c, words, 2, &v, &e);
    if (err == HAUL_OK && v->type != HAUL_REDIS_STRING) {
        fprintf(stderr, "haul report: there is no shipment '%s'\n", id);
        status = HAUL_EXIT_NOINPUT;
    } else if (err == HAUL_OK) {
        status = print(r, v->str);
        if (status == 0) err = desk(r, c, run->engine->instance, id, &e);
    }
    if (err != HAUL_OK) {
        fprintf(stderr, "haul report: %s\n", e.text);
        status = HAUL_EXIT_UNAVAILABLE;
    }
    if (c != NULL) haul_redis_client_close(c);
    haul_buf_free(&key);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"csv", no_argument, NULL, 'v'},
                                            {"document", required_argument, NULL, 'd'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    const char *path = NULL, *document = NULL;
    struct report report = {0};
    for (int c; (c = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
        switch (c) {
        case 'c':
            path = optarg;
            break;
        case 'v':
            report.csv = true;
            break;
        case 'd':
            document = optarg;
            break;
        default:
            fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : HAUL_EXIT_USAGE;
        }
    }
    const int left = argc - optind;
    if (left != (document == NULL ? 2 : 1) || strcmp(argv[optind], "shipment") != 0) {
        fputs(usage, stderr);
        return HAUL_EXIT_USAGE;
    }
    if (document != NULL) return from_file(&report, document);
    static struct runtime r;
    int status = runtime_config(path, &r.config);
    if (status == 0) status = runtime_prepare(&r, NULL);
    if (status == 0) status = from_redis(&report, &r, argv[optind + 1]);
    runtime_free(&r);
    return status;
}

const struct haul_command haul_command_report = {"report", "print the evidence of a shipment, as text or CSV", run};
