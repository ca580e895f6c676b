/* SPDX-License-Identifier: Apache-2.0
 * haul reset: a task begins anew, from an offset of its log, as its next incarnation.
 *
 *  1  The group has given the partition to nobody, else: an owner runs, stop it. A static member that was stopped has
 *     it until its session times out: so long this waits.
 *  2  Claim: whoever held the task without the group's knowledge (a zombie) is fenced from here on.
 *  3  One commit: next incarnation, no checkpoint, genesis and position at --from, silent up to what was sent before.
 *  4  The keys that the task will paint anew are removed, and the blocks of its checkpoints.
 *
 * Broken off before 3 nothing has happened; after it, the same command again does the rest. The owner that starts then
 * replays; nobody sees the task's documents until it has come to them.
 */
#include "haul/kafka_admin.h"
#include "haul/version.h"
#include "processors/commands/alone.h"
#include "processors/commands/commands.h"
#include "processors/commands/kafka_args.h"
#include "processors/commands/key_list.h"
#include "processors/commands/runtime.h"
#include "processors/engine/checkpoint.h"
#include "processors/engine/contents.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define COMMIT_WAIT_MS 100
#define COMMIT_TRIES   300
#define UNLINK_AT_ONCE 256

static const char usage[] =
    "usage: haul reset [-c FILE] --processor NAME [--partition N] [--from earliest|OFFSET|TIME] [--emit]\n\n"
    "Makes the tasks of a processor begin anew: their state, documents and checkpoints go, and the next start replays\n"
    "the log from --from. Stops with an error while an owner runs; any other holder of a task is fenced.\n"
    "  --processor NAME  whose tasks\n"
    "  --partition N     only this one (default: all)\n"
    "  --from PLACE      earliest (default), an offset, or an append time such as 2026-01-26T08:00:00+08:00\n"
    "  --emit            sends what the replay emits once more: other tasks see it twice, as from a new incarnation.\n"
    "                    Without it the replay is silent up to what is known to have been sent.\n";

struct reset {
    struct runtime *r;
    const struct haul_processor *p;
    struct haul_store *store;
    struct haul_kafka_admin *admin;
    struct haul_redis_client *client;
    int32_t partition; /* -1: all */
    const char *from;
    bool emit;
    struct key_list keys; /* to remove */
};

static const char *name_of(const struct reset *x)
{
    return haul_mailbox_row(x->p->mailbox)->name;
}

/* ---- 3: where it begins ---- */
static enum haul_err place(struct reset *x, struct haul_task_name task, int64_t *offset, struct haul_error *e)
{
    int64_t low, high;
    char *end;
    enum haul_err err = haul_kafka_admin_bounds(x->admin, task, &low, &high, e);
    if (err != HAUL_OK) return err;
    *offset = low;
    if (strcmp(x->from, "earliest") == 0) return HAUL_OK;
    const long long number = strtoll(x->from, &end, 10);
    if (*end == '\0') {
        *offset = number;
    } else {
        struct haul_time t;
        err = haul_time_parse(x->from, strlen(x->from), &t, e);
        if (err == HAUL_OK) err = haul_kafka_admin_offset_at(x->admin, task, t, offset, e);
        if (err != HAUL_OK) return err;
    }
    if (*offset >= low && *offset <= high) return HAUL_OK;
    return haul_fail(e, HAUL_E_RANGE, "%s/%u: the log holds offsets %lld to %lld; %lld is not among them", name_of(x),
                     task.partition, (long long)low, (long long)high, (long long)*offset);
}

/* Below this everything emitted is acknowledged: a checkpoint counts only when that is so. */
static int64_t sent_until(const struct haul_control *c)
{
    return c->checkpoint_generation > 0 ? c->checkpoint.offset : c->silent_until;
}

static struct haul_control begin_anew(const struct reset *x, const struct haul_control *c, int64_t offset)
{
    struct haul_control n = *c;
    n.commit++;
    n.incarnation++;
    n.position = (struct haul_position){.offset = offset};
    n.last_offset = -1;
    n.last_append_ms = 0;
    n.last_hash = 0;
    n.checkpoint_generation = n.checkpoint_writing = 0;
    n.checkpoint = (struct haul_position){0};
    n.checkpoint_blocks = n.checkpoint_writing_blocks = 0;
    n.checkpoint_bytes = n.checkpoint_hash = 0;
    n.acked_len = 0;
    /* options in force at the offset: those of genesis, or, further on, the newest; control records that follow in the
     * log have their say again */
    if (offset > c->genesis_offset) memcpy(n.genesis_options, c->options_hash, sizeof n.genesis_options);
    memcpy(n.options_hash, n.genesis_options, sizeof n.options_hash);
    n.options_version = 0;
    n.genesis_offset = offset;
    n.silent_until = x->emit ? -1 : sent_until(c);
    n.answer_version = HAUL_ANSWER_VERSION;
    return n;
}

static enum haul_err commit(struct reset *x, struct haul_task_name task, const struct haul_control *n,
                            struct haul_error *e)
{
    struct haul_ops ops;
    haul_ops_init(&ops, 64, 64);
    struct haul_commit part = {.task = task, .control = *n, .ops = &ops};
    x->store->ops->commit(x->store, &part, 1);
    enum haul_err err = HAUL_E_AGAIN;
    for (int i = 0; i < COMMIT_TRIES && err != HAUL_OK; i++) err = x->store->ops->poll(x->store, COMMIT_WAIT_MS, e);
    haul_ops_free(&ops);
    if (err != HAUL_OK) return err;
    if (part.outcome == HAUL_OUTCOME_APPLIED) return HAUL_OK;
    return haul_fail(e, HAUL_E_FENCED, "%s/%u: another owner has taken it meanwhile: stop every haul that runs %s",
                     name_of(x), task.partition, name_of(x));
}

static void tell(const struct reset *x, struct haul_task_name task, const struct haul_control *was,
                 const struct haul_control *is)
{
    printf("%s/%u: incarnation %llu, from offset %lld", name_of(x), task.partition, (unsigned long long)is->incarnation,
           (long long)is->position.offset);
    if (is->silent_until > is->position.offset) printf(", silent below %lld", (long long)is->silent_until);
    if (is->position.offset < was->position.offset && is->silent_until < was->position.offset)
        printf("; what records %lld to %lld emit may be seen twice",
               (long long)(is->silent_until > is->position.offset ? is->silent_until : is->position.offset),
               (long long)was->position.offset - 1);
    printf("\n");
    if (is->position.offset < was->placed_from)
        printf("%s/%u: records below offset %lld were placed by fewer partitions; those of keys that have moved since "
               "are not "
               "built again\n",
               name_of(x), task.partition, (long long)was->placed_from);
}

/* ---- 4: what goes ---- */
/* The documents of a task as its checkpoint has them; those of a state that cannot be read stay until painted over. */
static void keys_of_state(struct reset *x, struct haul_task_name task, const struct haul_control *c)
{
    struct haul_error e = {0};
    struct task_topology topology = {0};
    struct checkpoint checkpoint = {0};
    struct haul_buf key;
    if (c->checkpoint_generation == 0) return;
    memcpy(topology.partitions, x->r->settings.partitions, sizeof topology.partitions);
    struct haul_task *t = task_open(x->p, task, &topology, contents_first(x->r->contents, x->p), 1024 * 1024, &e);
    enum haul_err err = t == NULL ? HAUL_E_LIMIT : checkpoint_load(&checkpoint, t, x->store, c, &e);
    haul_buf_init(&key, 128, 1024);
    for (uint32_t i = 0; err == HAUL_OK && i < t->slots.high; i++) {
        const struct haul_entity *entity = slots_at(&t->slots, i);
        if (!entity->used || entity->painted_ms == INT64_MIN) continue;
        haul_buf_clear(&key);
        haul_redis_key(&key, x->r->engine->instance, haul_str_of(x->p->entities[entity->kind].noun),
                       haul_entity_id(entity));
        key_list_add(&x->keys, (struct haul_str){(const char *)key.p, key.n});
    }
    haul_buf_free(&key);
    checkpoint_close(&checkpoint);
    task_close(t);
    if (err != HAUL_OK)
        fprintf(stderr, "%s/%u: its documents cannot be listed (%s); they stay until they are painted over\n",
                name_of(x), task.partition, e.text);
}

/* What SCAN finds: every shape that the processor owns when all its tasks are reset, else the task's own. */
static enum haul_err keys_of_table(struct reset *x, struct haul_task_name task, bool all, struct haul_error *e)
{
    struct haul_buf pattern;
    enum haul_err err = HAUL_OK;
    haul_buf_init(&pattern, 64, 1024);
    for (size_t i = 0; err == HAUL_OK && haul_redis_pattern(&pattern, x->r->engine->instance, task, i, all); i++) {
        err = key_list_scan(&x->keys, x->client, (struct haul_str){(const char *)pattern.p, pattern.n}, e);
        haul_buf_clear(&pattern);
    }
    haul_buf_free(&pattern);
    return err;
}

static enum haul_err unlink_keys(struct reset *x, struct haul_error *e)
{
    enum haul_err err = HAUL_OK;
    for (size_t i = 0; i < x->keys.len && err == HAUL_OK; i += UNLINK_AT_ONCE) {
        struct haul_str words[UNLINK_AT_ONCE + 1] = {HAUL_STR("UNLINK")};
        size_t n = 1;
        for (size_t k = i; k < x->keys.len && n <= UNLINK_AT_ONCE; k++) words[n++] = haul_str_of(x->keys.key[k]);
        const struct haul_redis_value *v;
        err = haul_redis_client_call(x->client, words, n, &v, e);
    }
    return err;
}

/* ---- the command ---- */
static enum haul_err reset_one(struct reset *x, struct haul_task_name task, bool all, struct haul_error *e)
{
    struct haul_control was, genesis = {.incarnation = 1, .last_offset = -1, .silent_until = -1};
    bool exists, fresh;
    int64_t offset;
    enum haul_err err = x->store->ops->peek(x->store, task, &was, &exists, e);
    if (err == HAUL_OK && !exists) {
        printf("%s/%u: never claimed; engine.start says where it begins\n", name_of(x), task.partition);
        return HAUL_OK;
    }
    if (err == HAUL_OK) err = place(x, task, &offset, e);
    if (err == HAUL_OK) err = x->store->ops->claim(x->store, task, &genesis, &was, &fresh, e);
    if (err != HAUL_OK) return err;
    if (!all) keys_of_state(x, task, &was);
    const struct haul_control is = begin_anew(x, &was, offset);
    err = commit(x, task, &is, e);
    x->store->ops->release(x->store, task);
    if (err == HAUL_OK) tell(x, task, &was, &is);
    if (err == HAUL_OK) err = keys_of_table(x, task, false, e);
    return err;
}

static enum haul_err reset_all(struct reset *x, struct haul_error *e)
{
    const uint16_t mailbox = (uint16_t)x->p->mailbox;
    const uint32_t partitions = x->r->settings.partitions[mailbox];
    const bool all = x->partition < 0 || partitions == 1;
    if (x->partition >= (int32_t)partitions)
        return haul_fail(e, HAUL_E_RANGE, "%s has %u partitions", name_of(x), partitions);
    enum haul_err err = command_alone("reset", x->r, x->admin, mailbox, x->partition, e);
    for (uint32_t i = 0; i < partitions && err == HAUL_OK; i++)
        if (x->partition < 0 || x->partition == (int32_t)i)
            err = reset_one(x, (struct haul_task_name){mailbox, (uint16_t)i}, all, e);
    if (err == HAUL_OK && all) err = keys_of_table(x, (struct haul_task_name){mailbox, 0}, true, e);
    if (err == HAUL_OK) err = unlink_keys(x, e);
    if (err == HAUL_OK) printf("%zu keys removed; the next start replays\n", x->keys.len);
    return err;
}

static int reset(struct reset *x)
{
    struct haul_error e = {0};
    enum haul_err err = haul_redis_store_open(x->r->redis, x->r->engine->instance, &x->store, &e);
    if (err == HAUL_OK) err = haul_redis_client_open(x->r->redis, &x->client, &e);
    if (err == HAUL_OK) err = haul_kafka_admin_open(x->r->kafka, x->r->engine->instance, &x->admin, &e);
    if (err == HAUL_OK) err = reset_all(x, &e);
    haul_kafka_admin_close(x->admin);
    if (x->client != NULL) haul_redis_client_close(x->client);
    if (x->store != NULL) x->store->ops->close(x->store);
    key_list_free(&x->keys);
    if (err != HAUL_OK) fprintf(stderr, "haul reset: %s\n", e.text);
    return err == HAUL_E_RANGE || err == HAUL_E_INVALID ? HAUL_EXIT_USAGE : exit_status(err);
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"processor", required_argument, NULL, 'p'},
                                            {"partition", required_argument, NULL, 'n'},
                                            {"from", required_argument, NULL, 'f'},
                                            {"emit", no_argument, NULL, 'e'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    static struct runtime r;
    const char *path = NULL, *only = NULL, *partition = NULL;
    struct reset x = {.r = &r, .partition = -1, .from = "earliest"};
    for (int c; (c = getopt_long(argc, argv, "c:p:h", options, NULL)) != -1;) {
        switch (c) {
        case 'c':
            path = optarg;
            break;
        case 'p':
            only = optarg;
            break;
        case 'n':
            partition = optarg;
            break;
        case 'f':
            x.from = optarg;
            break;
        case 'e':
            x.emit = true;
            break;
        default:
            fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : HAUL_EXIT_USAGE;
        }
    }
    char *end = NULL;
    const long number = partition == NULL ? -1 : strtol(partition, &end, 10);
    if (only == NULL || strchr(only, ',') != NULL ||
        (partition != NULL && (end == partition || *end != '\0' || number < 0 || number >= HAUL_PARTITIONS_MAX))) {
        fputs(usage, stderr);
        return HAUL_EXIT_USAGE;
    }
    x.partition = (int32_t)number;
    int status = runtime_config(path, &r.config);
    if (status == 0) status = runtime_prepare(&r, only);
    x.p = r.processor[0];
    if (status == 0) status = reset(&x);
    runtime_free(&r);
    return status;
}

const struct haul_command haul_command_reset = {"reset", "begin a processor's tasks anew from an offset of their log",
                                                run};
