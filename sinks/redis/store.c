/* SPDX-License-Identifier: Apache-2.0
 * The store as the engine holds it: opening, closing, the table of tasks that are held. The protocol is in protocol.c.
 */
#include "haul/topics.h"

#include "sinks/redis/keys.h"
#include "sinks/redis/protocol.h"
#include "sinks/redis/transport.h"

#include <stdio.h>
#include <stdlib.h>

static uint16_t *slot(struct redis_store *s, struct haul_task_name task)
{
    assert(task.mailbox < HAUL_MAILBOX_MAX && task.partition < HAUL_PARTITIONS_MAX);
    return &s->index[task.mailbox][task.partition];
}

struct held *held_find(struct redis_store *s, struct haul_task_name task)
{
    const uint16_t at = *slot(s, task);
    return at == 0 ? NULL : &s->held[at - 1];
}

/* Grows only when tasks are assigned; a commit has at most as many parts as there are tasks. */
void store_room_for_parts(struct redis_store *s, size_t n)
{
    if (n <= s->parts_cap) return;
    s->parts = realloc(s->parts, n * sizeof *s->parts);
    assert(s->parts != NULL);
    s->parts_cap = n;
}

static void grow(struct redis_store *s)
{
    s->held_cap = s->held_cap == 0 ? 16 : 2 * s->held_cap;
    s->held = realloc(s->held, s->held_cap * sizeof *s->held);
    assert(s->held != NULL);
    store_room_for_parts(s, s->held_cap);
}

struct held *held_add(struct redis_store *s, struct haul_task_name task)
{
    assert(held_find(s, task) == NULL && s->held_len < UINT16_MAX);
    if (s->held_len == s->held_cap) grow(s);
    struct held *h = &s->held[s->held_len++];
    *h = (struct held){.task = task};
    haul_buf_init(&h->key, 64, 1024);
    haul_redis_control_key(&h->key, s->instance, task);
    haul_buf_init(&h->blocks, 64, 1024);
    keys_block_prefix(&h->blocks, s->instance, task);
    *slot(s, task) = (uint16_t)s->held_len;
    return h;
}

/* The last one takes its place. Its WATCH stays until the next EXEC: a foreign write then costs a nil and a look. */
void held_remove(struct redis_store *s, struct haul_task_name task)
{
    struct held *h = held_find(s, task);
    if (h == NULL) return;
    haul_buf_free(&h->key);
    haul_buf_free(&h->blocks);
    *slot(s, task) = 0;
    struct held *last = &s->held[--s->held_len];
    if (last == h) return;
    *h = *last;
    *slot(s, h->task) = (uint16_t)(1 + (h - s->held));
}

void store_note_trouble(struct redis_store *s, const struct haul_error *e)
{
    snprintf(s->stats.trouble, sizeof s->stats.trouble, "%s", e->text);
}

static void store_release(struct haul_store *store, struct haul_task_name task)
{
    struct redis_store *s = (struct redis_store *)store;
    struct held *h = held_find(s, task);
    if (h == NULL) return;
    if (s->phase == PHASE_IDLE || s->phase == PHASE_SETTLED)
        held_remove(s, task);
    else
        h->leaving = true;
}

static int store_fd(const struct haul_store *store)
{
    const struct redis_store *s = (const struct redis_store *)store;
    return s->wire.transport->ops->fd(s->wire.transport);
}

static void store_close(struct haul_store *store)
{
    struct redis_store *s = (struct redis_store *)store;
    while (s->held_len > 0) held_remove(s, s->held[0].task);
    wire_close(&s->wire);
    haul_buf_free(&s->prefix);
    free(s->held);
    free(s->parts);
    free(s);
}

static const struct haul_store_ops redis_ops = {
    .name = "redis",
    .claim = protocol_claim,
    .peek = protocol_peek,
    .load = protocol_load,
    .commit = protocol_commit,
    .poll = protocol_poll,
    .release = store_release,
    .fd = store_fd,
    .close = store_close,
};

struct haul_store *haul_redis_store_open_transport(struct haul_redis_transport *t, const struct haul_redis_options *o,
                                                   const char *instance)
{
    struct redis_store *s = calloc(1, sizeof *s);
    assert(s != NULL && strlen(instance) < sizeof s->instance);
    s->base.ops = &redis_ops;
    s->options = *o;
    memcpy(s->instance, instance, strlen(instance) + 1);
    haul_buf_init(&s->prefix, 0, 1024);
    haul_buf_printf(&s->prefix, "%shaul:", instance);
    wire_init(&s->wire, t, &s->options);
    grow(s);
    return &s->base;
}

enum haul_err haul_redis_store_open(const struct haul_redis_options *o, const char *instance, struct haul_store **out,
                                    struct haul_error *e)
{
    struct haul_redis_transport *t;
    enum haul_err err = redis_transport_open(o, &t, e);
    if (err != HAUL_OK) return err;
    struct haul_store *store = haul_redis_store_open_transport(t, o, instance);
    err = wire_read_password(&((struct redis_store *)store)->wire, e);
    if (err == HAUL_OK)
        *out = store;
    else
        store_close(store);
    return err;
}

void haul_redis_store_stats(const struct haul_store *store, struct haul_redis_stats *out)
{
    const struct redis_store *s = (const struct redis_store *)store;
    *out = s->stats;
    out->connects = s->wire.connects;
}
