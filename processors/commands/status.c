/* SPDX-License-Identifier: Apache-2.0
 * haul status: a running haul at a glance, from its /status and from the desk's document in Redis.
 */
#include "processors/commands/commands.h"
#include "processors/commands/runtime.h"

#include <curl/curl.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ANSWER_MAX ((size_t)8 * 1024 * 1024)
#define ROWS_MAX   HAUL_MAILBOX_MAX
#define SEVERITIES 4
#define EVERY_MS   1000

static const char usage[] =
    "usage: haul status [-c FILE] [--port PORT] [--once] [--json]\n\n"
    "Shows rates, lag, latency, tasks and open alerts of a running haul, renewed every second until interrupted.\n"
    "  --port PORT  of its admin address (default: engine.admin.port)\n"
    "  --once       once, then ends\n"
    "  --json       what it answers to /status, as it is\n";

struct row { /* a processor */
    char name[32];
    int tasks, running;
    int64_t lag, entities, records, late, quarantined, alerts;
    char trouble[160];
};

struct picture {
    struct row row[ROWS_MAX];
    size_t rows;
    int64_t records, commits, documents, resident, now_ms;
    struct haul_spans commit, effect;
    double cpu_seconds;
    bool store_up, source_up, sink_up;
    char trouble[200];
};

static size_t take(char *bytes, size_t one, size_t n, void *arg)
{
    struct haul_buf *b = arg;
    haul_buf_put(b, bytes, one * n);
    return b->overflow ? 0 : one * n;
}

static bool fetch(const char *url, struct haul_buf *out, char *why, size_t why_n)
{
    CURL *c = curl_easy_init();
    assert(c != NULL);
    haul_buf_clear(out);
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, 3000L);
    curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, out);
    const CURLcode code = curl_easy_perform(c);
    curl_easy_cleanup(c);
    if (code != CURLE_OK) snprintf(why, why_n, "%s: %s", url, curl_easy_strerror(code));
    return code == CURLE_OK;
}

static int64_t number(const json_t *o, const char *name)
{
    return (int64_t)json_number_value(json_object_get(o, name));
}

static struct row *row_of(struct picture *p, const char *name)
{
    for (size_t i = 0; i < p->rows; i++)
        if (strcmp(p->row[i].name, name) == 0) return &p->row[i];
    if (p->rows == ROWS_MAX) return &p->row[ROWS_MAX - 1];
    struct row *r = &p->row[p->rows++];
    snprintf(r->name, sizeof r->name, "%s", name);
    return r;
}

static void read_task(struct picture *p, const json_t *t)
{
    const char *name = json_string_value(json_object_get(t, "processor")),
               *state = json_string_value(json_object_get(t, "state"));
    const char *why = json_string_value(json_object_get(t, "why"));
    if (name == NULL || state == NULL) return;
    struct row *r = row_of(p, name);
    r->tasks++;
    r->running += strcmp(state, "running") == 0 ? 1 : 0;
    r->lag += number(t, "lag_messages");
    r->entities += number(t, "entities");
    r->records += number(t, "records");
    r->late += number(t, "late");
    r->quarantined += number(t, "quarantined");
    r->alerts += number(t, "alerts_raised");
    if (why != NULL) snprintf(r->trouble, sizeof r->trouble, "%lld: %s", (long long)number(t, "partition"), why);
    p->records += number(t, "records");
}

static void read_spans(const json_t *rows, struct haul_spans *out)
{
    for (size_t i = 0; i < HAUL_SPAN_BUCKETS; i++)
        out->count[i] = (uint64_t)json_integer_value(json_array_get(json_array_get(rows, i), 1));
}

static bool read_picture(const struct haul_buf *body, struct picture *p)
{
    json_error_t error;
    json_t *root = json_loadb((const char *)body->p, body->n, 0, &error);
    *p = (struct picture){.now_ms = haul_wall_now().ms};
    if (!json_is_object(root)) {
        json_decref(root);
        return false;
    }
    size_t i;
    json_t *task;
    json_array_foreach(json_object_get(root, "tasks"), i, task) read_task(p, task);
    p->commits = number(root, "commits");
    p->documents = number(root, "documents");
    p->resident = number(root, "resident_bytes");
    read_spans(json_object_get(root, "commits_by_ms"), &p->commit);
    read_spans(json_object_get(root, "effects_by_ms"), &p->effect);
    p->cpu_seconds = json_number_value(json_object_get(root, "cpu_seconds"));
    p->store_up = json_is_true(json_object_get(root, "store_up"));
    p->source_up = json_is_true(json_object_get(root, "source_up"));
    p->sink_up = json_is_true(json_object_get(root, "sink_up"));
    const char *trouble = json_string_value(json_object_get(root, "trouble"));
    snprintf(p->trouble, sizeof p->trouble, "%s", trouble == NULL ? "" : trouble);
    json_decref(root);
    return true;
}

static double rate(int64_t now, int64_t before, int64_t ms)
{
    return ms <= 0 ? 0 : (double)(now - before) * 1000 / (double)ms;
}

/* Of those since the last look; within a bucket they are taken as spread evenly. */
static double quantile_ms(const struct haul_spans *s, const struct haul_spans *last, double q)
{
    uint64_t all = 0;
    for (int i = 0; i < HAUL_SPAN_BUCKETS; i++) all += s->count[i] - last->count[i];
    double left = q * (double)all;
    for (int i = 0; i < HAUL_SPAN_BUCKETS; i++) {
        const double here = (double)(s->count[i] - last->count[i]);
        const double from = i == 0 ? 0 : haul_span_bound_s(i - 1), to = haul_span_bound_s(i);
        if (here > 0 && left <= here) return 1000 * (from + (to - from) * left / here);
        left -= here;
    }
    return 0;
}

static void show_rates(const struct picture *p, const struct picture *last)
{
    const int64_t ms = last->now_ms == 0 ? 0 : p->now_ms - last->now_ms;
    printf("records/s %.0f   commits/s %.0f   documents/s %.0f   cpu %.0f %%   memory %.0f MiB\n",
           rate(p->records, last->records, ms), rate(p->commits, last->commits, ms),
           rate(p->documents, last->documents, ms),
           ms <= 0 ? 0 : (p->cpu_seconds - last->cpu_seconds) * 100000 / (double)ms, (double)p->resident / 1048576);
    printf("latency, append to effect: p50 %.3g p99 %.3g ms   a commit: p50 %.3g p99 %.3g ms\n",
           quantile_ms(&p->effect, &last->effect, 0.50), quantile_ms(&p->effect, &last->effect, 0.99),
           quantile_ms(&p->commit, &last->commit, 0.50), quantile_ms(&p->commit, &last->commit, 0.99));
    printf("store %s   source %s   sink %s   %s\n\n", p->store_up ? "up" : "DOWN", p->source_up ? "up" : "DOWN",
           p->sink_up ? "up" : "DOWN", p->trouble);
}

static void show_rows(const struct picture *p)
{
    printf("%-10s %9s %10s %10s %12s %9s %12s %9s\n", "processor", "running", "lag", "entities", "records", "late",
           "quarantined", "raised");
    for (size_t i = 0; i < p->rows; i++) {
        const struct row *r = &p->row[i];
        char running[24];
        snprintf(running, sizeof running, "%d/%d", r->running, r->tasks);
        printf("%-10s %9s %10lld %10lld %12lld %9lld %12lld %9lld\n", r->name, running, (long long)r->lag,
               (long long)r->entities, (long long)r->records, (long long)r->late, (long long)r->quarantined,
               (long long)r->alerts);
        if (r->trouble[0] != '\0') printf("           %s\n", r->trouble);
    }
}

/* Open alerts by severity and by rule, as the desk counts them. */
static void show_alerts(struct haul_redis_client *c, const char *instance)
{
    static const char *const colours[SEVERITIES] = {"red", "orange", "yellow", "blue"};
    struct haul_buf key;
    const struct haul_redis_value *v;
    struct haul_error e = {0};
    haul_buf_init(&key, 64, 256);
    haul_redis_key(&key, instance, HAUL_STR("desk"), HAUL_STR("now"));
    const struct haul_str words[] = {HAUL_STR("GET"), {(const char *)key.p, key.n}};
    const enum haul_err err = haul_redis_client_call(c, words, 2, &v, &e);
    json_t *desk = err == HAUL_OK && v->type == HAUL_REDIS_STRING ? json_loadb(v->str.p, v->str.n, 0, NULL) : NULL;
    haul_buf_free(&key);
    if (err != HAUL_OK) printf("\nalerts: %s\n", e.text);
    if (!json_is_object(desk)) {
        json_decref(desk);
        return;
    }
    printf("\nopen alerts:");
    for (size_t i = 0; i < SEVERITIES; i++)
        printf(" %s %lld", colours[i], (long long)number(json_object_get(desk, "severity"), colours[i]));
    printf("%s\n", json_is_true(json_object_get(desk, "flood")) ? "   FLOOD" : "");
    size_t i;
    json_t *rule;
    json_array_foreach(json_object_get(desk, "rules"), i, rule)
        printf("  %-28s %6lld\n", json_string_value(json_object_get(rule, "rule")), (long long)number(rule, "open"));
    json_decref(desk);
}

static int watch(struct runtime *r, const char *url, bool once, bool raw)
{
    struct haul_redis_client *client = NULL;
    struct haul_error e = {0};
    struct picture last = {0}, now;
    struct haul_buf body;
    char why[300];
    int status = 0;
    haul_buf_init(&body, 65536, ANSWER_MAX);
    if (haul_redis_client_open(r->redis, &client, &e) != HAUL_OK) fprintf(stderr, "haul status: %s\n", e.text);
    for (bool again = true; again && status == 0; again = !once) {
        if (!fetch(url, &body, why, sizeof why)) {
            fprintf(stderr, "haul status: no haul answers: %s\n", why);
            status = HAUL_EXIT_UNAVAILABLE;
        } else if (raw) {
            fwrite(body.p, 1, body.n, stdout);
        } else if (read_picture(&body, &now)) {
            if (!once && isatty(STDOUT_FILENO)) fputs("\033[H\033[2J", stdout);
            show_rates(&now, &last);
            show_rows(&now);
            if (client != NULL) show_alerts(client, r->engine->instance);
            fflush(stdout);
            last = now;
        }
        if (!once && status == 0) haul_sleep_ms(EVERY_MS);
    }
    if (client != NULL) haul_redis_client_close(client);
    haul_buf_free(&body);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"port", required_argument, NULL, 'p'},
        {"once", no_argument, NULL, 'o'},         {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},         {0}};
    const char *path = NULL, *port = NULL;
    bool once = false, raw = false;
    for (int c; (c = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
        switch (c) {
        case 'c':
            path = optarg;
            break;
        case 'p':
            port = optarg;
            break;
        case 'o':
            once = true;
            break;
        case 'j':
            raw = once = true;
            break;
        default:
            fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : HAUL_EXIT_USAGE;
        }
    }
    static struct runtime r;
    char url[200];
    int status = runtime_config(path, &r.config);
    if (status == 0) status = runtime_prepare(&r, NULL);
    if (status == 0) {
        if (port != NULL)
            snprintf(url, sizeof url, "http://%s:%s/status", r.engine->admin_address, port);
        else
            snprintf(url, sizeof url, "http://%s:%lld/status", r.engine->admin_address,
                     (long long)r.engine->admin_port);
        status = watch(&r, url, once, raw);
    }
    runtime_free(&r);
    return status;
}

const struct haul_command haul_command_status = {"status", "show a running haul at a glance", run};
