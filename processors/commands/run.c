/* SPDX-License-Identifier: Apache-2.0
 * haul run: the processors on their mailboxes, until told to stop.
 */
#include "haul/http.h"
#include "haul/log.h"
#include "processors/commands/commands.h"
#include "processors/commands/crash.h"
#include "processors/commands/inforce.h"
#include "processors/commands/runtime.h"

#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define TRIM_SECONDS 5
#define ENDS_SECONDS 5
#define TRIM_BYTES   ((size_t)32 << 20)

static const char usage[] =
    "usage: haul run [-c FILE] [--processors NAME,NAME] [--admin-port-file FILE]\n"
    "                [--replay FILE]\n\n"
    "Runs the processors on their mailboxes until SIGTERM or SIGINT; then commits, checkpoints and ends.\n"
    "  -c FILE                 configuration (default: all defaults)\n"
    "  --processors LIST       only these, whatever the configuration says\n"
    "  --admin-port-file FILE  writes the port of /metrics, /healthz, /readyz, /status there\n"
    "  --replay FILE           a recording instead of Kafka, up to its end; what the processors send goes nowhere\n";

static void answer_metrics(void *arg, const struct haul_http_query *q, struct haul_http_answer *out)
{
    (void)q;
    out->type = "text/plain; version=0.0.4; charset=utf-8";
    runtime_metrics(arg, &out->body);
}

static void answer_health(void *arg, const struct haul_http_query *q, struct haul_http_answer *out)
{
    (void)arg;
    (void)q;
    haul_buf_str(&out->body, HAUL_STR("ok\n"));
}

static void answer_ready(void *arg, const struct haul_http_query *q, struct haul_http_answer *out)
{
    (void)q;
    char why[200];
    const bool ready = runtime_ready(arg, why);
    out->status = ready ? 200 : 503;
    haul_buf_printf(&out->body, "%s\n", ready ? "ready" : why);
}

static void answer_status(void *arg, const struct haul_http_query *q, struct haul_http_answer *out)
{
    (void)q;
    out->type = "application/json";
    runtime_status(arg, &out->body);
}

static bool write_port(const char *path, uint16_t port)
{
    FILE *f = path == NULL ? NULL : fopen(path, "w");
    if (path != NULL && f == NULL) {
        fprintf(stderr, "haul: %s: %s\n", path, strerror(errno));
        return false;
    }
    if (f != NULL) {
        fprintf(f, "%u\n", port);
        fclose(f);
    }
    return true;
}

static bool told_to_stop(const sigset_t *signals)
{
    const struct timespec second = {1, 0};
    const int got = sigtimedwait(signals, NULL, &second);
    return got == SIGTERM || got == SIGINT;
}

/* False: told to stop before Kafka answered. */
static bool publish(struct runtime *r, const sigset_t *signals)
{
    struct haul_error e = {0};
    while (!runtime_publish(r, &e)) {
        haul_say(HAUL_LOG_WARNING, "waiting_for_kafka", e.text);
        if (told_to_stop(signals)) return false;
    }
    return true;
}

/* The file is a proposal: tasks that have begun go on with what they run on until haul reload. */
static void warn_of_difference(const struct runtime *r)
{
    struct haul_store *store;
    struct haul_error e = {0};
    if (haul_redis_store_open(r->redis, r->engine->instance, &store, &e) != HAUL_OK) return;
    for (size_t i = 0; i < r->processors; i++) {
        struct inforce f;
        char text[200];
        if (inforce_read(r, store, r->processor[i], &f, &e) != HAUL_OK) break;
        if (f.differ == 0) continue;
        snprintf(text, sizeof text,
                 "%s: the file's options are not those in force (version %u): haul reload brings them in",
                 haul_mailbox_row(r->processor[i]->mailbox)->name, f.version);
        haul_say(HAUL_LOG_WARNING, "options_differ", text);
    }
    store->ops->close(store);
}

/* The client of Kafka takes in one thread what the workers free in theirs: after a backlog glibc keeps what its arenas
 * hold, tens of MiB each. */
static void give_memory_back(unsigned second)
{
    if (second % TRIM_SECONDS == 0 && mallinfo2().fordblks > TRIM_BYTES) malloc_trim(0);
}

/* Until a signal comes, a worker has failed, or all have come to the end of a recording. */
static void wait_for_end(struct runtime *r, const sigset_t *signals)
{
    for (unsigned ended = 0, second = 1; ended < r->workers && !told_to_stop(signals); second++) {
        give_memory_back(second);
        if (r->replay == NULL) runtime_blobs(r);
        if (r->replay == NULL && second % ENDS_SECONDS == 0) runtime_log_ends(r);
        ended = 0;
        for (unsigned i = 0; i < r->workers; i++) {
            if (r->worker[i].ended == 2) return;
            ended += r->worker[i].ended != 0;
        }
    }
}

static int serve(struct runtime *r, const char *port_file)
{
    sigset_t signals; /* blocked before any thread is made: one that did not inherit it would end the process */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    const struct haul_http_route routes[] = {
        {"/metrics", answer_metrics, r},
        {"/healthz", answer_health, r},
        {"/readyz", answer_ready, r},
        {"/status", answer_status, r},
    };
    struct haul_http *http;
    struct haul_error e = {0};
    if (haul_http_open(r->engine->admin_address, (uint16_t)r->engine->admin_port, routes, 4, &http, &e) != HAUL_OK) {
        fprintf(stderr, "haul: engine.admin: %s\n", e.text);
        return HAUL_EXIT_UNAVAILABLE;
    }
    int status = HAUL_EXIT_FAILED;
    if (write_port(port_file, haul_http_port(http))) {
        char text[128];
        snprintf(text, sizeof text, "%u workers, %zu processors, admin on http://%s:%u", r->workers, r->processors,
                 r->engine->admin_address, haul_http_port(http));
        haul_say(HAUL_LOG_INFO, "started", text);
        status = 0;
        if (r->replay != NULL || publish(r, &signals)) {
            if (r->replay == NULL) warn_of_difference(r);
            runtime_start(r);
            wait_for_end(r, &signals);
            r->stop = true;
            status = runtime_join(r);
        }
        haul_say(HAUL_LOG_INFO, "stopped", status == 0 ? "cleanly" : "a worker failed");
    }
    haul_http_close(http);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"processors", required_argument, NULL, 'p'},
                                            {"admin-port-file", required_argument, NULL, 'a'},
                                            {"replay", required_argument, NULL, 'r'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    const char *path = NULL, *only = NULL, *port_file = NULL;
    static struct runtime r;
    for (int c; (c = getopt_long(argc, argv, "c:p:h", options, NULL)) != -1;) {
        switch (c) {
        case 'c':
            path = optarg;
            break;
        case 'p':
            only = optarg;
            break;
        case 'a':
            port_file = optarg;
            break;
        case 'r':
            r.replay = optarg;
            break;
        default:
            fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : HAUL_EXIT_USAGE;
        }
    }
    int status = runtime_config(path, &r.config);
    if (status != 0) return status;
    status = runtime_prepare(&r, only);
    if (status == 0 && !crash_watch(r.engine->crash_dir)) status = HAUL_EXIT_CONFIG;
    if (status == 0) {
        haul_log_open(STDERR_FILENO, (enum haul_log_level)r.engine->log_level,
                      (enum haul_log_format)r.engine->log_format);
        status = serve(&r, port_file);
    }
    runtime_free(&r);
    return status;
}

const struct haul_command haul_command_run = {"run", "run the processors on their mailboxes", run};
