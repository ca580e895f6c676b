/* SPDX-License-Identifier: Apache-2.0
 * haul dump: what haul holds, as canonical text: the view's keys in byte order, then every task's state from its
 * checkpoint. Two runs over the same logs give the same bytes, however they were batched, crashed and restarted.
 */
#include "processors/commands/commands.h"
#include "processors/commands/key_list.h"
#include "processors/commands/runtime.h"
#include "processors/engine/checkpoint.h"
#include "processors/engine/contents.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] = "usage: haul dump [-c FILE] [--view] [--state]\n\n"
                            "Prints the view (documents, sorted sets, streams; not heartbeats, control keys, "
                            "checkpoints and live streams) and the state of\n"
                            "every task as of its checkpoint. A task whose checkpoint lies before its position (haul "
                            "was killed, or runs) is said on stderr,\n"
                            "and the exit status is 1.\n";

struct dump {
    struct runtime *r;
    struct haul_redis_client *client;
    struct key_list keys;
    size_t prefix; /* bytes of "<instance>haul:" */
    struct haul_buf out;
};

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Not a function of the logs: who owns what, and what only flows by. */
static bool is_view(const char *key)
{
    return !starts(key, "control:") && !starts(key, "checkpoint:") && !starts(key, "task:") && !starts(key, "live:");
}

static void write_value(struct haul_json *j, const struct haul_redis_value *v)
{
    switch (v->type) {
    case HAUL_REDIS_STRING:
    case HAUL_REDIS_ERROR:
        haul_json_str(j, v->str);
        break;
    case HAUL_REDIS_INTEGER:
        haul_json_i64(j, v->integer);
        break;
    case HAUL_REDIS_NIL:
        haul_json_null(j);
        break;
    case HAUL_REDIS_ARRAY:
        haul_json_open(j, '[');
        for (size_t i = 0; i < v->len; i++) write_value(j, v->items[i]);
        haul_json_close(j, ']');
        break;
    }
}

static enum haul_err ask(struct dump *d, const struct haul_redis_value **v, struct haul_error *e, const char *command,
                         const char *key, const char *a, const char *b, const char *c)
{
    struct haul_str words[5] = {haul_str_of(command), haul_str_of(key)};
    const char *more[] = {a, b, c};
    size_t n = 2;
    for (size_t i = 0; i < 3 && more[i] != NULL; i++) words[n++] = haul_str_of(more[i]);
    return haul_redis_client_call(d->client, words, n, v, e);
}

static enum haul_err print_key(struct dump *d, const char *key, struct haul_error *e)
{
    const struct haul_redis_value *v;
    char type[16];
    enum haul_err err = ask(d, &v, e, "TYPE", key, NULL, NULL, NULL);
    if (err != HAUL_OK) return err;
    snprintf(type, sizeof type, "%.*s", (int)v->str.n, v->str.p);
    if (strcmp(type, "zset") == 0)
        err = ask(d, &v, e, "ZRANGE", key, "0", "-1", "WITHSCORES");
    else if (strcmp(type, "stream") == 0)
        err = ask(d, &v, e, "XRANGE", key, "-", "+", NULL);
    else
        err = ask(d, &v, e, "GET", key, NULL, NULL, NULL);
    if (err != HAUL_OK) return err;
    struct haul_json j;
    haul_buf_clear(&d->out);
    haul_json_begin(&j, &d->out);
    if (v->type == HAUL_REDIS_STRING)
        haul_buf_str(&d->out, v->str);
    else
        write_value(&j, v);
    printf("%s %.*s\n", key + d->prefix, (int)d->out.n, (const char *)d->out.p);
    return HAUL_OK;
}

static enum haul_err print_view(struct dump *d, struct haul_error *e)
{
    char pattern[80];
    d->prefix = strlen(d->r->engine->instance) + 5;
    snprintf(pattern, sizeof pattern, "%shaul:*", d->r->engine->instance);
    enum haul_err err = key_list_scan(&d->keys, d->client, haul_str_of(pattern), e);
    key_list_sort(&d->keys);
    for (size_t i = 0; i < d->keys.len && err == HAUL_OK; i++)
        if (is_view(d->keys.key[i] + d->prefix)) err = print_key(d, d->keys.key[i], e);
    key_list_free(&d->keys);
    return err;
}

static enum haul_err print_task(struct dump *d, struct haul_store *store, const struct haul_processor *p,
                                uint16_t partition, bool *behind, struct haul_error *e)
{
    const struct haul_task_name name = {(uint16_t)p->mailbox, partition};
    struct haul_control control;
    bool exists;
    enum haul_err err = store->ops->peek(store, name, &control, &exists, e);
    if (err != HAUL_OK || !exists) return err;
    if (control.checkpoint_generation == 0 || control.checkpoint.step != control.position.step) {
        fprintf(stderr, "haul dump: %s/%u: its checkpoint is at step %llu, its position at step %llu\n",
                haul_mailbox_row(p->mailbox)->name, partition, (unsigned long long)control.checkpoint.step,
                (unsigned long long)control.position.step);
        *behind = true;
        if (control.checkpoint_generation == 0) return HAUL_OK;
    }
    struct task_topology topology = {0};
    memcpy(topology.partitions, d->r->settings.partitions, sizeof topology.partitions);
    const struct task_options *options = contents_find(d->r->contents, p, control.options_hash);
    if (options == NULL) options = contents_first(d->r->contents, p);
    struct haul_task *t = task_open(p, name, &topology, options, 1024 * 1024, e);
    if (t == NULL) return HAUL_E_LIMIT;
    struct checkpoint checkpoint = {0};
    err = checkpoint_load(&checkpoint, t, store, &control, e);
    if (err == HAUL_OK) {
        haul_buf_clear(&d->out);
        task_dump(t, &d->out);
        fwrite(d->out.p, 1, d->out.n, stdout);
    }
    checkpoint_close(&checkpoint);
    task_close(t);
    return err;
}

static enum haul_err print_state(struct dump *d, bool *behind, struct haul_error *e)
{
    struct haul_store *store;
    enum haul_err err = haul_redis_store_open(d->r->redis, d->r->engine->instance, &store, e);
    if (err != HAUL_OK) return err;
    for (size_t i = 0; i < d->r->processors; i++) {
        const struct haul_processor *p = d->r->processor[i];
        for (uint32_t k = 0; k < d->r->settings.partitions[p->mailbox] && err == HAUL_OK; k++)
            err = print_task(d, store, p, (uint16_t)k, behind, e);
    }
    store->ops->close(store);
    return err;
}

static int dump(struct runtime *r, bool view, bool state)
{
    struct dump d = {.r = r};
    struct haul_error e = {0};
    bool behind = false;
    haul_buf_init(&d.out, 65536, (size_t)1 << 30);
    enum haul_err err = haul_redis_client_open(r->redis, &d.client, &e);
    if (err == HAUL_OK && view) err = print_view(&d, &e);
    if (err == HAUL_OK && state) err = print_state(&d, &behind, &e);
    if (err != HAUL_OK) fprintf(stderr, "haul dump: %s\n", e.text);
    if (d.client != NULL) haul_redis_client_close(d.client);
    haul_buf_free(&d.out);
    return err != HAUL_OK ? HAUL_EXIT_UNAVAILABLE : behind ? HAUL_EXIT_FAILED : 0;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"view", no_argument, NULL, 'v'},
                                            {"state", no_argument, NULL, 's'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    const char *path = NULL;
    bool view = false, state = false;
    for (int c; (c = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
        switch (c) {
        case 'c':
            path = optarg;
            break;
        case 'v':
            view = true;
            break;
        case 's':
            state = true;
            break;
        default:
            fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : HAUL_EXIT_USAGE;
        }
    }
    static struct runtime r;
    int status = runtime_config(path, &r.config);
    if (status == 0) status = runtime_prepare(&r, NULL);
    if (status == 0) status = dump(&r, view || !state, state || !view);
    runtime_free(&r);
    return status;
}

const struct haul_command haul_command_dump = {"dump", "print view and state as canonical text", run};
