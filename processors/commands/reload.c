/* SPDX-License-Identifier: Apache-2.0
 * haul reload: what the file says becomes the next version of the options, at one step of each partition.
 *
 * For each processor whose tasks run on other options: the content goes to haul.blobs and is read back, so that whoever
 * meets the version can have it; then one control record is appended to every partition of the mailbox. Broken off in
 * between, it is run again: tasks that differ get one more version, the others what they have.
 */
#include "haul/kafka_sink.h"
#include "haul/record.h"

#include "processors/commands/commands.h"
#include "processors/commands/inforce.h"

#include <getopt.h>
#include <stdio.h>

#define BLOBS_MS 10000
#define SEND_MS  10000

static const char usage[] = "usage: haul reload [-c FILE] [--processors NAME,NAME] [--dry-run]\n\n"
                            "Brings the options of the file into force without a restart: prints what changes, "
                            "publishes the options, and appends a\n"
                            "control record to every partition. Exit status 0 too when nothing differs. Options of the "
                            "engine that change no answer, and\n"
                            "those of kafka and redis, take effect when haul run starts again.\n"
                            "  --processors LIST  only these, whatever the configuration says\n"
                            "  --dry-run          only prints what would change\n";

struct reload {
    struct runtime *r;
    struct haul_store *store;
    struct haul_sink *sink;
    bool dry;
    const char *awaited; /* hash that is to come back from haul.blobs */
    bool came;
    unsigned changed; /* processors */
    bool refused;
};

static void print_change(void *arg, struct haul_str option, struct haul_str was, struct haul_str is)
{
    struct reload *x = arg;
    printf("  %.*s: %.*s -> %.*s\n", (int)option.n, option.p, was.n == 0 ? 6 : (int)was.n,
           was.n == 0 ? "(none)" : was.p, is.n == 0 ? 6 : (int)is.n, is.n == 0 ? "(none)" : is.p);
    if (haul_str_eq(option, HAUL_STR("engine.entities_max"))) x->refused = true;
}

static void await(void *arg, const char *what, const char *owner, const char *hash, struct haul_str content)
{
    struct reload *x = arg;
    runtime_take_blob(x->r, what, owner, hash, content);
    if (x->awaited != NULL && strcmp(hash, x->awaited) == 0) x->came = true;
}

/* Stores the content and reads it back. */
static enum haul_err publish(struct reload *x, const struct haul_processor *p, struct haul_error *e)
{
    const char *hash = x->r->first_hash[p->mailbox], *name = haul_mailbox_row(p->mailbox)->name;
    x->awaited = hash;
    x->came = false;
    enum haul_err err = haul_blobs_put(x->r->blobs, "options", name, hash,
                                       haul_str_of(haul_contents_text(x->r->contents, hash)), BLOBS_MS, e);
    if (err == HAUL_OK) err = haul_blobs_read(x->r->blobs, BLOBS_MS, await, x, e);
    if (err == HAUL_OK && !x->came)
        err = haul_fail(e, HAUL_E_NOT_FOUND, "the options of %s were stored in haul.blobs, but do not come back", name);
    return err;
}

static enum haul_err announce(struct reload *x, const struct haul_processor *p, uint32_t version, struct haul_error *e)
{
    struct haul_record r;
    struct haul_buf b;
    const uint32_t partitions = x->r->settings.partitions[p->mailbox];
    haul_record_init(&r, HAUL_KIND_OPTIONS, HAUL_STR("options"), haul_wall_now());
    haul_set_i(&r, HAUL_F_OPTIONS_VERSION, version);
    haul_set_s(&r, HAUL_F_OPTIONS_HASH, haul_str_of(x->r->first_hash[p->mailbox]));
    haul_set_s(&r, HAUL_F_OPTIONS_WHAT, HAUL_STR("options"));
    haul_buf_init(&b, 256, 4096);
    haul_record_pack(&r, &b);
    enum haul_err err = HAUL_OK;
    for (uint32_t i = 0; i < partitions && err == HAUL_OK; i++) {
        const struct haul_outgoing m = {
            .to = (uint16_t)p->mailbox, .partition = (int32_t)i, .value = {(const char *)b.p, b.n}};
        err = x->sink->ops->send(x->sink, &m, e);
    }
    if (err == HAUL_OK) err = x->sink->ops->flush(x->sink, SEND_MS, e);
    struct haul_receipt receipts[64];
    for (size_t n; (n = x->sink->ops->poll(x->sink, receipts, 64)) > 0;)
        for (size_t i = 0; i < n; i++)
            if (receipts[i].result != HAUL_OK && err == HAUL_OK)
                err = haul_fail(e, receipts[i].result, "a control record was not taken: %s", receipts[i].text);
    haul_buf_free(&b);
    return err;
}

static enum haul_err reload_one(struct reload *x, const struct haul_processor *p, struct haul_error *e)
{
    struct inforce f;
    const char *name = haul_mailbox_row(p->mailbox)->name;
    enum haul_err err = inforce_read(x->r, x->store, p, &f, e);
    if (err != HAUL_OK || f.differ == 0) return err;
    x->changed++;
    printf("%s: version %u -> %u, %u of %u tasks\n", name, f.version, f.version + 1, f.differ, f.tasks);
    const char *was = haul_contents_text(x->r->contents, f.hash);
    if (was == NULL)
        printf("  (the options in force, %s, are not in haul.blobs)\n", f.hash);
    else
        inforce_compare(was, haul_contents_text(x->r->contents, x->r->first_hash[p->mailbox]), print_change, x);
    if (x->refused)
        return haul_fail(e, HAUL_E_UNSUPPORTED,
                         "engine.entities_max is fixed for the life of a task's state: set it back, or reset the task");
    if (x->dry) return HAUL_OK;
    err = publish(x, p, e);
    return err == HAUL_OK ? announce(x, p, f.version + 1, e) : err;
}

static enum haul_err reload(struct reload *x, struct haul_error *e)
{
    static const struct haul_kafka_log log = {runtime_kafka_log, NULL};
    struct runtime *r = x->r;
    enum haul_err err = haul_redis_store_open(r->redis, r->engine->instance, &x->store, e);
    if (err == HAUL_OK) err = haul_blobs_open(r->kafka, r->engine->instance, &log, &r->blobs, e);
    if (err == HAUL_OK) err = haul_kafka_sink_open(r->kafka, r->engine->instance, &log, &x->sink, e);
    if (err == HAUL_OK) err = haul_blobs_read(r->blobs, BLOBS_MS, await, x, e);
    for (size_t i = 0; i < r->processors && err == HAUL_OK; i++) err = reload_one(x, r->processor[i], e);
    if (x->sink != NULL) x->sink->ops->close(x->sink);
    if (x->store != NULL) x->store->ops->close(x->store);
    return err;
}

static int finish(const struct reload *x, enum haul_err err, const struct haul_error *e)
{
    if (err != HAUL_OK) {
        fprintf(stderr, "haul reload: %s\n", e->text);
        return err == HAUL_E_UNSUPPORTED ? HAUL_EXIT_CONFIG : HAUL_EXIT_UNAVAILABLE;
    }
    if (x->changed == 0)
        puts("nothing differs: the options of the file are in force");
    else if (x->dry)
        puts("nothing was changed (--dry-run)");
    else
        puts("in force at one step of each partition; options that change no answer need a restart of haul run");
    return 0;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"processors", required_argument, NULL, 'p'},
                                            {"dry-run", no_argument, NULL, 'n'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    static struct runtime r;
    struct reload x = {.r = &r};
    const char *path = NULL, *only = NULL;
    for (int c; (c = getopt_long(argc, argv, "c:p:h", options, NULL)) != -1;) {
        switch (c) {
        case 'c':
            path = optarg;
            break;
        case 'p':
            only = optarg;
            break;
        case 'n':
            x.dry = true;
            break;
        default:
            fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : HAUL_EXIT_USAGE;
        }
    }
    if (optind < argc) return fputs(usage, stderr), HAUL_EXIT_USAGE;
    int status = runtime_config(path, &r.config);
    if (status == 0) status = runtime_prepare(&r, only);
    if (status == 0) {
        struct haul_error e = {0};
        status = finish(&x, reload(&x, &e), &e);
    }
    runtime_free(&r);
    return status;
}

const struct haul_command haul_command_reload = {"reload", "bring the options of the file into force", run};
