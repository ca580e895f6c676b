/* SPDX-License-Identifier: Apache-2.0
 * The insides of the Redis store, shared by its files: protocol.c (commit), claim.c (claim, peek, load), transaction.c
 * (what is written), store.c (the table of tasks, opening and closing). One thread.
 */
#ifndef HAUL_SINKS_REDIS_PROTOCOL_H
#define HAUL_SINKS_REDIS_PROTOCOL_H

#include "haul/redis_store.h"
#include "haul/topics.h"

#include "sinks/redis/control.h"
#include "sinks/redis/wire.h"

/* What the newest reading of a control key, under a WATCH of this connection, has shown. */
enum standing {
    STANDING_UNREAD,
    STANDING_OURS,    /* our nonce; `count` is its commit count */
    STANDING_FOREIGN, /* another nonce */
    STANDING_GONE,    /* no key, or one that is no hash */
};

/* A task that this store has claimed. */
struct held {
    struct haul_task_name task;
    bool leaving; /* released while a commit is in flight: goes when it is settled */
    char nonce[NONCE_TEXT];
    struct haul_buf key, blocks; /* the control key; the prefix of its checkpoint blocks */
    struct record known;         /* what the key holds while the owner is ours and the count is known.control.commit */
    struct record next;          /* what it will hold when the commit in flight is applied */
    enum standing standing;
    uint64_t count;
};

/* A part of the commit in flight, beside the caller's struct haul_commit. Open while its outcome is NONE. */
struct part {
    size_t held;  /* index, or NOT_HELD */
    bool ordered; /* it erases something: its documents keep their place */
    bool sent;    /* stood in a transaction that may have been applied */
};
#define NOT_HELD SIZE_MAX

enum phase { PHASE_IDLE, PHASE_RESTING, PHASE_ASKING, PHASE_SENDING, PHASE_LOOKING, PHASE_SETTLED };
enum exec { EXEC_NONE, EXEC_APPLIED, EXEC_NIL, EXEC_REFUSED };

struct redis_store {
    struct haul_store base;
    struct wire wire;
    struct haul_redis_options options;
    char instance[64];
    struct haul_buf prefix; /* "<instance>haul:" */

    struct held *held;
    size_t held_len, held_cap;
    uint16_t index[HAUL_MAILBOX_MAX][HAUL_PARTITIONS_MAX]; /* 1 + place in held; 0: not held */

    bool armed; /* this connection watches every held control key, and has read each since (held[].standing) */

    enum phase phase;
    struct haul_commit *commits; /* the caller's */
    struct part *parts;          /* room for parts_cap of them */
    size_t len, parts_cap;

    /* the exchange under way */
    size_t queued;             /* commands between MULTI and EXEC */
    size_t read_from;          /* index of the first HMGET's reply; there is one for each held task */
    enum exec exec;            /* what EXEC has answered */
    uint64_t failed;           /* elements of EXEC that failed */
    bool garbled, reconnect;   /* a reply of an impossible form; a refusal that asks for another connection */
    struct haul_error refused; /* the first refusal of the exchange; code OK: none */

    unsigned nils;     /* transactions in a row that the fence stopped without a foreign owner */
    unsigned failures; /* in a row: the back-off */
    struct haul_mono retry_at;
    struct haul_error trouble; /* why it is resting; code OK: nothing is wrong */
    struct haul_redis_stats stats;
};

/* store.c */
struct held *held_find(struct redis_store *s, struct haul_task_name task); /* NULL: not held */
struct held *held_add(struct redis_store *s, struct haul_task_name task);
void held_remove(struct redis_store *s, struct haul_task_name task);
void store_room_for_parts(struct redis_store *s, size_t n);
void store_note_trouble(struct redis_store *s, const struct haul_error *e);

/* protocol.c */
void exchange_reset(struct redis_store *s); /* before wire_begin */
void take_status(struct redis_store *s, const struct haul_redis_value *v, const char *expected);
void take_refusal(struct redis_store *s, struct haul_str text);
void write_probe(struct redis_store *s); /* PROBE commands */
void take_probe(struct redis_store *s, size_t index, const struct haul_redis_value *v);
#define PROBE 2
void take_role(struct redis_store *s, const struct haul_redis_value *v);
void write_watch(struct redis_store *s);    /* one command: every held control key */
void write_standing(struct redis_store *s); /* held_len commands, one for each in order */
void take_standing(struct redis_store *s, size_t held, const struct haul_redis_value *v);
enum haul_err protocol_drive(struct redis_store *s, int timeout_ms, struct haul_error *e); /* OK: settled */
void protocol_commit(struct haul_store *store, struct haul_commit *parts, size_t n);
enum haul_err protocol_poll(struct haul_store *store, int timeout_ms, struct haul_error *e);

/* claim.c */
enum haul_err protocol_claim(struct haul_store *store, struct haul_task_name task, const struct haul_control *genesis,
                             struct haul_control *out, bool *fresh, struct haul_error *e);
enum haul_err protocol_peek(struct haul_store *store, struct haul_task_name task, struct haul_control *out,
                            bool *exists, struct haul_error *e);
enum haul_err protocol_load(struct haul_store *store, struct haul_task_name task, const struct haul_block_ref *refs,
                            size_t n, haul_block_place *place, haul_block_fn *fn, void *arg, struct haul_error *e);

/* transaction.c: the commands between MULTI and EXEC of all open parts; returns how many. Sets held[].next. */
size_t transaction_write(struct redis_store *s);
void transaction_block_key(struct haul_buf *out, const struct held *h, uint64_t generation, uint32_t index);

#endif
