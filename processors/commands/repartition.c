/* SPDX-License-Identifier: Apache-2.0
 * haul repartition: a mailbox gets more partitions. Its keys move to where their hash leads now, and their state with
 * them, so that each record still has one effect.
 *
 *  1  Nobody runs: neither the mailbox's own tasks nor those that send to it.
 *  2  All of them are claimed, so that whoever still writes is fenced. Each stands at a checkpoint at its position, as
 *     a clean stop leaves it: then all it has sent is acknowledged, and nothing is to be sent again that would take
 *     another way now. The new partitions' control keys are made with no partition count: a haul that starts now stops.
 *  3  In memory: the states are parted anew; each sender's sequences move to the places of its channels.
 *  4  New checkpoints are written, block by block; they do not count yet. Broken off so far, nothing has happened.
 *  5  One transaction names all of them, and the new counts, in the control keys: all or none.
 *  6  The topic gets its partitions. Broken off before: the same command again does this.
 *
 * What lies unread in the old partitions is read by those that were its owners and forwarded, in sequence, to where its
 * keys have gone; so are records of haul's own that were sent before. A rebuild (on_wipe) begins here, not before.
 */
#include "processors/engine/repartition.h"
#include "haul/crash.h"
#include "haul/kafka_admin.h"
#include "haul/kafka_topics.h"
#include "haul/version.h"
#include "processors/commands/alone.h"
#include "processors/commands/commands.h"
#include "processors/commands/kafka_args.h"
#include "processors/engine/contents.h"

#include <stdio.h>
#include <stdlib.h>

#define OUTBOX_BYTES   ((size_t)1 << 20)
#define OPS_MAX        ((size_t)96 << 20)
#define BYTES_AT_ONCE  ((size_t)4 << 20)
#define COMMIT_WAIT_MS 100
#define COMMIT_TRIES   600

static const char usage[] =
    "usage: haul repartition [-c FILE] --processor NAME\n\n"
    "Gives the mailbox of a processor the number of partitions that engine.partitions says, which must be more than "
    "it\n"
    "has. State moves with its keys. Before: stop every haul that runs the processor or one that sends to it, cleanly\n"
    "(SIGTERM), and raise engine.partitions in the configuration of all of them. Until the new checkpoints count, "
    "Redis\n"
    "holds the state twice.\n"
    "  --processor NAME  whose mailbox\n";

/* A task that takes part. */
struct part {
    const struct haul_processor *p;
    struct haul_task_name name;
    struct haul_control control; /* as it is in the store */
    struct haul_task *t;
    struct checkpoint checkpoint;
    struct haul_ops ops;
    int64_t high; /* the end of its log; own tasks */
    bool fresh;   /* on a partition that is new */
};

struct repartition {
    struct runtime *r;
    const struct haul_processor *p;
    struct haul_store *store;
    struct haul_kafka_admin *admin;
    struct task_topology was, is;
    struct part *part; /* first the mailbox's own by partition, then its senders' */
    size_t own, len;
    uint64_t moved;
};

static const char *name_of(const struct part *x)
{
    return haul_mailbox_row(x->p->mailbox)->name;
}

static uint32_t partitions_of(const struct task_topology *t, const struct haul_processor *p)
{
    return t->partitions[p->mailbox];
}

static bool sends_to(const struct haul_processor *p, unsigned mailbox)
{
    for (const uint8_t *to = p->gives; to != NULL && *to != 0; to++)
        if (*to == mailbox) return true;
    return mailbox == HAUL_MAILBOX_DESK;
}

/* The processor first, then those that send to it: options of all are needed. */
static void names(const char *only, char *out, size_t cap)
{
    size_t n, at = (size_t)snprintf(out, cap, "%s", only);
    const struct haul_processor *const *all = haul_processors(&n);
    const unsigned mailbox = haul_mailbox_find(haul_str_of(only));
    for (size_t i = 0; i < n && at < cap; i++)
        if (all[i]->mailbox != mailbox && sends_to(all[i], mailbox))
            at += (size_t)snprintf(out + at, cap - at, ",%s", haul_mailbox_row(all[i]->mailbox)->name);
}

/* ---- who takes part ---- */
static void add(struct repartition *x, const struct haul_processor *p, uint32_t partition)
{
    struct part *part = &x->part[x->len++];
    *part = (struct part){.p = p, .name = {(uint16_t)p->mailbox, (uint16_t)partition}};
    haul_ops_init(&part->ops, 4096, OPS_MAX);
}

static enum haul_err list(struct repartition *x, struct haul_error *e)
{
    size_t n, total = partitions_of(&x->is, x->p);
    const struct haul_processor *const *all = haul_processors(&n);
    for (size_t i = 0; i < n; i++)
        if (all[i] != x->p && sends_to(all[i], x->p->mailbox)) total += partitions_of(&x->is, all[i]);
    x->part = calloc(total, sizeof *x->part);
    if (x->part == NULL) return haul_fail(e, HAUL_E_LIMIT, "no memory");
    for (uint32_t q = 0; q < partitions_of(&x->is, x->p); q++) add(x, x->p, q);
    x->own = x->len;
    for (size_t i = 0; i < n; i++)
        for (uint32_t q = 0; all[i] != x->p && sends_to(all[i], x->p->mailbox) && q < partitions_of(&x->is, all[i]);
             q++)
            add(x, all[i], q);
    return HAUL_OK;
}

/* The count that is pinned; 0: the mailbox was never claimed. */
static enum haul_err pinned(struct repartition *x, uint32_t *partitions, struct haul_error *e)
{
    struct haul_control c;
    bool exists;
    const enum haul_err err =
        x->store->ops->peek(x->store, (struct haul_task_name){(uint16_t)x->p->mailbox, 0}, &c, &exists, e);
    *partitions = err == HAUL_OK && exists ? c.partitions : 0;
    return err;
}

static enum haul_err nobody_runs(struct repartition *x, struct haul_error *e)
{
    size_t n;
    const struct haul_processor *const *all = haul_processors(&n);
    enum haul_err err = HAUL_OK;
    for (size_t i = 0; i < n && err == HAUL_OK; i++)
        if (all[i] == x->p || sends_to(all[i], x->p->mailbox))
            err = command_alone("repartition", x->r, x->admin, all[i]->mailbox, -1, e);
    return err;
}

/* ---- claiming ---- */
static enum haul_err stands_well(const struct repartition *x, const struct part *part, struct haul_error *e)
{
    const struct haul_control *c = &part->control;
    uint32_t base[HAUL_MAILBOX_MAX];
    if (c->answer_version != HAUL_ANSWER_VERSION)
        return haul_fail(e, HAUL_E_VERSION, "%s/%u: its steps are of answer version %u; this haul gives %d",
                         name_of(part), part->name.partition, c->answer_version, HAUL_ANSWER_VERSION);
    if (c->acked_len != 0 && c->acked_len != task_channels(part->p, &x->was, base))
        return haul_fail(e, HAUL_E_CONFLICT,
                         "%s/%u sends to %u partitions, and not to as many as engine.partitions says for the other "
                         "mailboxes: one mailbox after the other",
                         name_of(part), part->name.partition, c->acked_len - 1);
    if (c->silent_until > c->position.offset)
        return haul_fail(e, HAUL_E_CONFLICT,
                         "%s/%u is being built again and is at offset %lld of %lld: let haul run until it is through",
                         name_of(part), part->name.partition, (long long)c->position.offset,
                         (long long)c->silent_until);
    const struct haul_position *at = &c->position, *saved = &c->checkpoint;
    const bool begun = at->step > 0 || at->offset != c->genesis_offset;
    if (begun && (c->checkpoint_generation == 0 || saved->step != at->step || saved->offset != at->offset ||
                  saved->index != at->index))
        return haul_fail(e, HAUL_E_CONFLICT,
                         "%s/%u stands at step %llu, behind its checkpoint at %llu: run haul with the partitions as "
                         "they were and stop it cleanly",
                         name_of(part), part->name.partition, (unsigned long long)at->step,
                         (unsigned long long)(c->checkpoint_generation == 0 ? 0 : saved->step));
    return HAUL_OK;
}

static enum haul_err claim(struct repartition *x, struct part *part, bool own, struct haul_error *e)
{
    bool fresh = false;
    struct haul_control genesis = {
        .incarnation = 1, .last_offset = -1, .silent_until = -1, .answer_version = HAUL_ANSWER_VERSION};
    part->fresh = own && part->name.partition >= partitions_of(&x->was, x->p);
    const enum haul_err err =
        x->store->ops->claim(x->store, part->name, part->fresh ? &genesis : NULL, &part->control, &fresh, e);
    if (err == HAUL_E_NOT_FOUND && own)
        return haul_fail(e, HAUL_E_CONFLICT, "%s/%u has never run: let haul run with the partitions as they were",
                         name_of(part), part->name.partition);
    if (err != HAUL_OK) return err;
    if (part->fresh && part->control.partitions == 0) return HAUL_OK;
    if (part->fresh)
        return haul_fail(e, HAUL_E_CONFLICT, "%s/%u runs already, with %u partitions: 'haul reset' it first",
                         name_of(part), part->name.partition, part->control.partitions);
    return stands_well(x, part, e);
}

/* Senders that have never run begin with the new counts: they leave the list. */
static enum haul_err claim_all(struct repartition *x, struct haul_error *e)
{
    for (size_t i = 0; i < x->len;) {
        const enum haul_err err = claim(x, &x->part[i], i < x->own, e);
        if (err == HAUL_E_NOT_FOUND) {
            haul_ops_free(&x->part[i].ops);
            x->part[i] = x->part[--x->len];
        } else if (err != HAUL_OK) {
            return err;
        } else {
            i++;
        }
    }
    return HAUL_OK;
}

/* ---- in memory ---- */
static enum haul_err open(struct repartition *x, struct part *part, struct haul_error *e)
{
    const struct haul_control *c = &part->control;
    part->t = task_open(part->p, part->name, &x->is, contents_first(x->r->contents, part->p), OUTBOX_BYTES, e);
    if (part->t == NULL) return HAUL_E_LIMIT;
    if (part->fresh) return HAUL_OK;
    if (c->checkpoint_generation > 0) {
        const enum haul_err err = checkpoint_load(&part->checkpoint, part->t, x->store, c, e);
        if (err == HAUL_OK) repartition_core(part->t, &x->was);
        return err;
    }
    struct task_core *core = part->t->core; /* it has taken nothing yet */
    core->incarnation = c->incarnation;
    core->silent_until = c->silent_until;
    core->position = c->position;
    core->options_version = c->options_version;
    memcpy(core->options_hash, c->options_hash, sizeof c->options_hash);
    for (unsigned i = 0; i < part->p->contents_len; i++)
        memcpy(core->content[i].hash, c->content_hash[i], sizeof c->content_hash[i]);
    return HAUL_OK;
}

/* The task whose options are the newest: control records that it has taken may still lie before another. */
static const struct haul_task *newest(const struct repartition *x)
{
    const struct haul_task *best = x->part[0].t;
    for (size_t i = 1; i < x->own && !x->part[i].fresh; i++)
        if (x->part[i].t->core->options_version > best->core->options_version) best = x->part[i].t;
    return best;
}

static enum haul_err part_anew(struct repartition *x, struct haul_error *e)
{
    struct haul_task **tasks = calloc(x->own, sizeof *tasks);
    assert(tasks != NULL);
    enum haul_err err = HAUL_OK;
    for (size_t i = 0; i < x->len && err == HAUL_OK; i++) err = open(x, &x->part[i], e);
    for (size_t i = 0; i < x->own && err == HAUL_OK; i++) {
        struct part *part = &x->part[i];
        int64_t low;
        tasks[i] = part->t;
        if (part->fresh)
            repartition_begin(part->t, newest(x), 0);
        else
            err = haul_kafka_admin_bounds(x->admin, part->name, &low, &part->high, e);
    }
    if (err == HAUL_OK)
        err = repartition_move(tasks, partitions_of(&x->was, x->p), partitions_of(&x->is, x->p), &x->moved, e);
    free(tasks);
    return err;
}

/* ---- into the store ---- */
static enum haul_err settle(struct repartition *x, struct haul_commit *parts, size_t n, struct haul_error *e)
{
    x->store->ops->commit(x->store, parts, n);
    enum haul_err err = HAUL_E_AGAIN;
    for (int i = 0; i < COMMIT_TRIES && err != HAUL_OK; i++) err = x->store->ops->poll(x->store, COMMIT_WAIT_MS, e);
    for (size_t i = 0; i < n && err == HAUL_OK; i++)
        if (parts[i].outcome != HAUL_OUTCOME_APPLIED)
            return haul_fail(e, HAUL_E_FENCED,
                             "%s/%u: somebody else has taken it, or Redis lost its tail: nothing has changed. Stop "
                             "every haul that runs it, and try again",
                             haul_mailbox_row(parts[i].task.mailbox)->name, parts[i].task.partition);
    return err;
}

static enum haul_err write_checkpoint(struct repartition *x, struct part *part, struct haul_error *e)
{
    struct checkpoint *c = &part->checkpoint;
    checkpoint_drop_leftover(&part->control, &part->ops);
    checkpoint_begin(c, part->t, part->control.commit + 1);
    while (!c->written) {
        struct haul_commit commit = {.task = part->name, .control = part->control, .ops = &part->ops};
        commit.control.commit++;
        commit.control.checkpoint_writing = c->generation;
        commit.control.checkpoint_writing_blocks = c->next_rows;
        checkpoint_write(c, &part->ops, BYTES_AT_ONCE, commit.control.commit);
        const enum haul_err err = settle(x, &commit, 1, e);
        haul_ops_clear(&part->ops);
        if (err != HAUL_OK) return err;
        part->control = commit.control;
    }
    return HAUL_OK;
}

static struct haul_control as_it_will_be(struct repartition *x, struct part *part, bool own)
{
    struct haul_control c = part->control;
    const struct task_core *core = part->t->core;
    c.commit++;
    if (c.acked_len == 0) memset(c.acked, 0, sizeof c.acked);
    c.acked_len = repartition_channels(part->p, &x->was, &x->is, c.acked);
    if (own) {
        c.partitions = partitions_of(&x->is, x->p);
        c.position = core->position;
        c.genesis_offset = core->position.offset;
        c.placed_from = part->fresh ? 0 : part->high;
    }
    if (part->fresh) {
        c.options_version = core->options_version;
        memcpy(c.options_hash, core->options_hash, sizeof c.options_hash);
        memcpy(c.genesis_options, core->options_hash, sizeof c.genesis_options);
        for (unsigned i = 0; i < part->p->contents_len; i++) {
            memcpy(c.content_hash[i], core->content[i].hash, sizeof c.content_hash[i]);
            c.content_version[i] = core->content[i].version;
        }
    }
    checkpoint_flip(&part->checkpoint, &c, &part->ops);
    return c;
}

static enum haul_err commit_all(struct repartition *x, struct haul_error *e)
{
    struct haul_commit *parts = calloc(x->len, sizeof *parts);
    assert(parts != NULL);
    for (size_t i = 0; i < x->len; i++)
        parts[i] = (struct haul_commit){.task = x->part[i].name,
                                        .control = as_it_will_be(x, &x->part[i], i < x->own),
                                        .ops = &x->part[i].ops,
                                        .together = true};
    const enum haul_err err = settle(x, parts, x->len, e);
    free(parts);
    return err;
}

/* ---- the command ---- */
static enum haul_err grow_topic(struct repartition *x, struct haul_error *e)
{
    char topic[HAUL_KAFKA_TOPIC_BYTES];
    const char *name = haul_mailbox_row(x->p->mailbox)->name;
    if (!haul_kafka_topic(x->r->kafka, x->r->engine->instance, name, topic))
        return haul_fail(e, HAUL_E_LIMIT, "the name of the topic of %s is too long", name);
    return haul_topic_grow(x->r->kafka, topic, partitions_of(&x->is, x->p), e);
}

static enum haul_err may_grow(struct repartition *x, uint32_t has, struct haul_error *e)
{
    const char *name = haul_mailbox_row(x->p->mailbox)->name;
    const uint32_t want = partitions_of(&x->is, x->p);
    char topic[HAUL_KAFKA_TOPIC_BYTES];
    uint32_t there = 0;
    if (x->p->whole)
        return haul_fail(e, HAUL_E_INVALID, "%s decides over everything together: its mailbox is one partition", name);
    if (has == 0)
        return haul_fail(e, HAUL_E_INVALID,
                         "%s was never claimed: 'haul topics create' makes its topic as it should be", name);
    if (want < has)
        return haul_fail(e, HAUL_E_INVALID,
                         "%s has %u partitions, engine.partitions.%s says %u: none can be taken away", name, has, name,
                         want);
    if (!haul_kafka_topic(x->r->kafka, x->r->engine->instance, name, topic))
        return haul_fail(e, HAUL_E_LIMIT, "the name of the topic of %s is too long", name);
    const enum haul_err err = haul_topic_partitions(x->r->kafka, topic, &there, e);
    if (err != HAUL_OK || there <= want) return err;
    return haul_fail(e, HAUL_E_INVALID, "topic %s has %u partitions already: engine.partitions.%s must say so", topic,
                     there, name);
}

static enum haul_err move_all(struct repartition *x, struct haul_error *e)
{
    enum haul_err err = list(x, e);
    if (err == HAUL_OK) err = nobody_runs(x, e);
    if (err == HAUL_OK) err = claim_all(x, e);
    if (err == HAUL_OK) err = part_anew(x, e);
    for (size_t i = 0; i < x->len && err == HAUL_OK; i++) err = write_checkpoint(x, &x->part[i], e);
    HAUL_CRASH("repartition_written");
    if (err == HAUL_OK) err = commit_all(x, e);
    HAUL_CRASH("repartition_named");
    for (size_t i = 0; i < x->len && err == HAUL_OK; i++) x->store->ops->release(x->store, x->part[i].name);
    return err;
}

static enum haul_err repartition(struct repartition *x, struct haul_error *e)
{
    uint32_t has;
    const uint32_t want = partitions_of(&x->is, x->p);
    enum haul_err err = pinned(x, &has, e);
    if (err == HAUL_OK) err = may_grow(x, has, e);
    if (err != HAUL_OK) return err;
    x->was = x->is;
    x->was.partitions[x->p->mailbox] = has;
    if (has < want) err = move_all(x, e);
    if (err == HAUL_OK && has < want)
        printf("%s: %u partitions, %u before; %llu keys moved, %zu tasks that send to it told\n",
               haul_mailbox_row(x->p->mailbox)->name, want, has, (unsigned long long)x->moved, x->len - x->own);
    if (err == HAUL_OK) err = grow_topic(x, e);
    if (err == HAUL_OK && has == want) printf("%s has %u partitions\n", haul_mailbox_row(x->p->mailbox)->name, want);
    return err;
}

static int open_and_run(struct repartition *x)
{
    struct haul_error e = {0};
    enum haul_err err = haul_redis_store_open(x->r->redis, x->r->engine->instance, &x->store, &e);
    if (err == HAUL_OK) err = haul_kafka_admin_open(x->r->kafka, x->r->engine->instance, &x->admin, &e);
    if (err == HAUL_OK) err = repartition(x, &e);
    for (size_t i = 0; i < x->len; i++) {
        checkpoint_close(&x->part[i].checkpoint);
        task_close(x->part[i].t);
        haul_ops_free(&x->part[i].ops);
    }
    free(x->part);
    haul_kafka_admin_close(x->admin);
    if (x->store != NULL) x->store->ops->close(x->store);
    if (err != HAUL_OK) fprintf(stderr, "haul repartition: %s\n", e.text);
    return err == HAUL_E_INVALID ? HAUL_EXIT_CONFIG : exit_status(err);
}

static int run(int argc, char **argv)
{
    static struct runtime r;
    const char *path = NULL, *only = NULL;
    char processors[512];
    int status = command_one_processor(argc, argv, usage, &path, &only);
    if (status >= 0) return status;
    struct repartition x = {.r = &r};
    status = runtime_config(path, &r.config);
    names(only, processors, sizeof processors);
    if (status == 0) status = runtime_prepare(&r, processors);
    if (status == 0) {
        x.p = r.processor[0];
        memcpy(x.is.partitions, r.settings.partitions, sizeof x.is.partitions);
        status = open_and_run(&x);
    }
    runtime_free(&r);
    return status;
}

const struct haul_command haul_command_repartition = {"repartition",
                                                      "give a mailbox more partitions; state moves with its keys", run};
