/* SPDX-License-Identifier: Apache-2.0
 * haul retire: a processor stops for good, and those that it sends to are told so.
 *
 * A receiver's time waits for every task that has ever told it a watermark; one that is only silent is left out after
 * engine.clock.stall, with an alert until it speaks again. `gone` is the last thing that a task says, and here it is
 * said for it: behind everything that it has sent, with the sequence through which that was acknowledged. When the
 * processor is started again, its first clock counts as the first one did.
 */
#include "haul/kafka_sink.h"
#include "processors/commands/alone.h"
#include "processors/commands/commands.h"
#include "processors/commands/kafka_args.h"
#include "processors/engine/task.h"

#include <stdio.h>

#define SEND_MS 10000

static const char usage[] =
    "usage: haul retire [-c FILE] --processor NAME\n\n"
    "For a processor that is not run any more: tells the tasks that it sent to that it is gone, so that they neither\n"
    "wait for its time nor raise an alert about its silence. Stop it cleanly first, everywhere. Its state stays; when "
    "it\n"
    "is started again, it counts again.\n"
    "  --processor NAME  that has stopped\n";

struct retire {
    struct runtime *r;
    const struct haul_processor *p;
    struct haul_store *store;
    struct haul_kafka_admin *admin;
    struct haul_sink *sink;
    unsigned told;
};

static const char *name_of(const struct retire *x)
{
    return haul_mailbox_row(x->p->mailbox)->name;
}

static enum haul_err say_gone(struct retire *x, struct haul_task_name from, const struct haul_control *c, uint16_t to,
                              uint32_t partition, uint64_t through, struct haul_error *e)
{
    struct haul_record r;
    struct haul_buf b;
    haul_buf_init(&b, 256, 4096);
    haul_record_init(&r, HAUL_KIND_CLOCK, HAUL_STR("clock"), haul_wall_now());
    haul_set_i(&r, HAUL_F_CLOCK_WATERMARK, 0); /* taken by maximum: it moves nothing */
    haul_set_i(&r, HAUL_F_CLOCK_THROUGH, (int64_t)through);
    haul_set_i(&r, HAUL_F_CLOCK_GONE, 1);
    haul_record_pack(&r, &b);
    const struct haul_outgoing m = {
        .to = to,
        .partition = (int32_t)partition,
        .value = {(const char *)b.p, b.n},
        .sender = {.mailbox = from.mailbox, .partition = from.partition, .incarnation = c->incarnation},
    };
    const enum haul_err err = x->sink->ops->send(x->sink, &m, e);
    haul_buf_free(&b);
    x->told += err == HAUL_OK;
    return err;
}

/* Every partition that the task has told its time to. */
static enum haul_err retire_task(struct retire *x, struct haul_task_name task, struct haul_error *e)
{
    struct task_topology topology = {0};
    uint32_t base[HAUL_MAILBOX_MAX];
    struct haul_control c;
    bool exists;
    memcpy(topology.partitions, x->r->settings.partitions, sizeof topology.partitions);
    enum haul_err err = x->store->ops->peek(x->store, task, &c, &exists, e);
    if (err != HAUL_OK || !exists || c.acked_len == 0) return err;
    if (c.acked_len != task_channels(x->p, &topology, base))
        return haul_fail(e, HAUL_E_CONFLICT, "%s/%u has other partitions to send to than engine.partitions says",
                         name_of(x), task.partition);
    if (c.checkpoint_generation == 0 || c.checkpoint.step != c.position.step)
        return haul_fail(e, HAUL_E_CONFLICT,
                         "%s/%u has not stopped cleanly: what it has sent may not all be there. Start it, and stop it "
                         "with SIGTERM",
                         name_of(x), task.partition);
    for (uint16_t m = 1; m < HAUL_MAILBOX_MAX; m++)
        for (uint32_t i = 0; err == HAUL_OK && base[m] != UINT32_MAX && haul_mailbox_flows(x->p->mailbox, m) &&
                             i < topology.partitions[m];
             i++)
            err = say_gone(x, task, &c, m, i, c.acked[base[m] + i], e);
    return err;
}

static enum haul_err receipts(struct retire *x, struct haul_error *e)
{
    struct haul_receipt r[64];
    for (size_t n; (n = x->sink->ops->poll(x->sink, r, 64)) > 0;)
        for (size_t i = 0; i < n; i++)
            if (r[i].result != HAUL_OK) return haul_fail(e, r[i].result, "a record was not taken: %s", r[i].text);
    return HAUL_OK;
}

static enum haul_err retire_all(struct retire *x, struct haul_error *e)
{
    enum haul_err err = command_alone("retire", x->r, x->admin, x->p->mailbox, -1, e);
    for (uint32_t i = 0; i < x->r->settings.partitions[x->p->mailbox] && err == HAUL_OK; i++)
        err = retire_task(x, (struct haul_task_name){(uint16_t)x->p->mailbox, (uint16_t)i}, e);
    if (err == HAUL_OK) err = x->sink->ops->flush(x->sink, SEND_MS, e);
    if (err == HAUL_OK) err = receipts(x, e);
    if (err == HAUL_OK) printf("%s is gone: %u partitions told\n", name_of(x), x->told);
    return err;
}

static int retire(struct retire *x)
{
    static const struct haul_kafka_log log = {runtime_kafka_log, NULL};
    struct haul_error e = {0};
    enum haul_err err = haul_redis_store_open(x->r->redis, x->r->engine->instance, &x->store, &e);
    if (err == HAUL_OK) err = haul_kafka_admin_open(x->r->kafka, x->r->engine->instance, &x->admin, &e);
    if (err == HAUL_OK) err = haul_kafka_sink_open(x->r->kafka, x->r->engine->instance, &log, &x->sink, &e);
    if (err == HAUL_OK) err = retire_all(x, &e);
    if (x->sink != NULL) x->sink->ops->close(x->sink);
    haul_kafka_admin_close(x->admin);
    if (x->store != NULL) x->store->ops->close(x->store);
    if (err != HAUL_OK) fprintf(stderr, "haul retire: %s\n", e.text);
    return exit_status(err);
}

static int run(int argc, char **argv)
{
    static struct runtime r;
    const char *path = NULL, *only = NULL;
    int status = command_one_processor(argc, argv, usage, &path, &only);
    if (status >= 0) return status;
    struct retire x = {.r = &r};
    status = runtime_config(path, &r.config);
    if (status == 0) status = runtime_prepare(&r, only);
    if (status == 0) {
        x.p = r.processor[0];
        status = retire(&x);
    }
    runtime_free(&r);
    return status;
}

const struct haul_command haul_command_retire = {
    "retire", "tell those that a processor sent to that it has stopped for good", run};
