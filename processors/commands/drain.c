/* SPDX-License-Identifier: Apache-2.0
 * haul drain: the running processes finish their steps under the old answers, for a haul that gives other ones.
 *
 *     this: appends the new answer version to every partition
 *     owners: take what lies before it, checkpoint right behind it, let go
 *     this: waits until each control key says so
 */
#include "haul/version.h"
#include "processors/commands/commands.h"
#include "processors/commands/control.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define LOOK_MS     200
#define TIMEOUT_S   60
#define ANSWERS_MAX 1000000

static const char usage[] =
    "usage: haul drain [-c FILE] [--processor NAME] [--answer VERSION] [--timeout SECONDS]\n\n"
    "For an upgrade to a haul that answers differently: run it from the new one while the old one runs. The owners "
    "take\n"
    "what is in the log so far, checkpoint there, and stop taking steps; what comes after waits in Kafka. When this\n"
    "ends with 0, end the old processes and start the new ones.\n"
    "  --processor NAME   only this one (default: all that the configuration names)\n"
    "  --answer VERSION   that the steps from here on are of (default: what this haul gives)\n"
    "  --timeout SECONDS  how long to wait for the owners (default: 60; 0: does not wait)\n";

struct drain {
    struct runtime *r;
    struct haul_store *store;
    uint32_t answer;
    double timeout_s;
};

static enum haul_err append(const struct drain *d, struct haul_error *e)
{
    for (size_t i = 0; i < d->r->processors; i++) {
        struct haul_record x;
        haul_record_init(&x, HAUL_KIND_ANSWER, HAUL_STR("answer"), haul_wall_now());
        haul_set_i(&x, HAUL_F_ANSWER_VERSION, d->answer);
        const enum haul_err err = control_append(d->r, d->r->processor[i], &x, e);
        if (err != HAUL_OK) return err;
    }
    return HAUL_OK;
}

/* Tasks that are not checkpointed under the version yet; `name` is one of them. A task that nobody ever claimed has
 * nothing to drain. */
static enum haul_err count_left(const struct drain *d, unsigned *left, struct haul_task_name *name,
                                struct haul_error *e)
{
    *left = 0;
    for (size_t i = 0; i < d->r->processors; i++) {
        const uint16_t mailbox = (uint16_t)d->r->processor[i]->mailbox;
        for (uint32_t k = 0; k < d->r->settings.partitions[mailbox]; k++) {
            const struct haul_task_name task = {mailbox, (uint16_t)k};
            struct haul_control c;
            bool exists;
            const enum haul_err err = d->store->ops->peek(d->store, task, &c, &exists, e);
            if (err != HAUL_OK) return err;
            if (!exists || (c.answer_version == d->answer && c.checkpoint.step == c.position.step)) continue;
            ++*left;
            *name = task;
        }
    }
    return HAUL_OK;
}

static enum haul_err wait_for_owners(const struct drain *d, struct haul_error *e)
{
    const struct haul_mono start = haul_mono_now();
    unsigned left = 0;
    struct haul_task_name one = {0};
    for (;;) {
        const enum haul_err err = count_left(d, &left, &one, e);
        if (err != HAUL_OK || left == 0) return err;
        if ((double)(haul_mono_now().ns - start.ns) / 1e9 >= d->timeout_s) break;
        haul_sleep_ms(LOOK_MS);
    }
    return haul_fail(
        e, HAUL_E_TIMEOUT,
        "%u tasks are not drained yet, such as %s/%u: does its owner run? See haul status; the records are "
        "appended, so it will drain when it gets there",
        left, haul_mailbox_row(one.mailbox)->name, one.partition);
}

static int drain(struct drain *d)
{
    struct haul_error e = {0};
    enum haul_err err = haul_redis_store_open(d->r->redis, d->r->engine->instance, &d->store, &e);
    if (err == HAUL_OK) err = append(d, &e);
    if (err == HAUL_OK && d->timeout_s > 0) err = wait_for_owners(d, &e);
    if (d->store != NULL) d->store->ops->close(d->store);
    if (err != HAUL_OK) fprintf(stderr, "haul drain: %s\n", e.text);
    if (err == HAUL_OK) printf("%s answer version %u\n", d->timeout_s > 0 ? "drained:" : "told:", d->answer);
    return err == HAUL_OK ? 0 : HAUL_EXIT_UNAVAILABLE;
}

static bool read_number(const char *flag, const char *text, double low, double high, double *out)
{
    char *end;
    *out = strtod(text, &end);
    if (end != text && *end == '\0' && *out >= low && *out <= high) return true;
    fprintf(stderr, "haul drain: %s: %s is not a number from %.0f to %.0f\n", flag, text, low, high);
    return false;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"processor", required_argument, NULL, 'p'},
        {"answer", required_argument, NULL, 'a'}, {"timeout", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},         {0}};
    static struct runtime r;
    const char *path = NULL, *only = NULL;
    double answer = HAUL_ANSWER_VERSION;
    struct drain d = {.r = &r, .timeout_s = TIMEOUT_S};
    for (int c; (c = getopt_long(argc, argv, "c:p:h", options, NULL)) != -1;) {
        bool good = true;
        switch (c) {
        case 'c':
            path = optarg;
            break;
        case 'p':
            only = optarg;
            break;
        case 'a':
            good = read_number("--answer", optarg, 1, ANSWERS_MAX, &answer);
            break;
        case 't':
            good = read_number("--timeout", optarg, 0, 86400, &d.timeout_s);
            break;
        default:
            fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : HAUL_EXIT_USAGE;
        }
        if (!good) return HAUL_EXIT_USAGE;
    }
    d.answer = (uint32_t)answer;
    int status = runtime_config(path, &r.config);
    if (status == 0) status = runtime_prepare(&r, only);
    if (status == 0) status = drain(&d);
    runtime_free(&r);
    return status;
}

const struct haul_command haul_command_drain = {"drain", "end the steps of the old answers before an upgrade", run};
