/* SPDX-License-Identifier: Apache-2.0
 * A model of Redis: speaks its protocol, byte for byte, over the store's transport; strings, hashes, sorted sets,
 * streams, WATCH and MULTI as Redis 7.0 has them (held against the real one by tests/unit/sinks/test_model_redis.c).
 * With faults: chosen by a seeded generator, or called for. Time is a variable of the caller's. One thread.
 */
#ifndef HAUL_TESTS_MODEL_REDIS_H
#define HAUL_TESTS_MODEL_REDIS_H

#include "haul/buf.h"
#include "haul/redis_transport.h"

struct model_redis;

/* Chances in a thousand; all zero: a server that never fails and answers at once. */
struct model_redis_faults {
    unsigned short_io;       /* a send or receive moves only a few bytes, or none */
    unsigned dawdle;         /* the server does not look at a connection in this turn */
    unsigned cut_request;    /* a send breaks the connection somewhere in its bytes: the rest never arrives */
    unsigned cut_reply;      /* a receive breaks it somewhere in the answer */
    unsigned cut_after_exec; /* EXEC is applied, and its answer never arrives */
    unsigned refuse_connect;
    unsigned stall;     /* an answer is held back for up to stall_ms_max */
    unsigned orphan;    /* what a client sent before it gave its connection up is read later, not at once */
    unsigned refuse;    /* a write is refused: OOM, MISCONF, NOREPLICAS, BUSY … */
    unsigned replicate; /* after each EXEC: the replica catches up */
    unsigned fail_over; /* after each EXEC: the replica takes over, the tail is lost */
    unsigned stall_ms_max;
};

/* *clock_ns is the time, read and (by a transport's wait) moved forward. */
struct model_redis *model_redis_new(int64_t *clock_ns, uint64_t seed);
void model_redis_free(struct model_redis *m); /* after its transports are closed */
void model_redis_set_faults(struct model_redis *m, const struct model_redis_faults *f);
/* A new client's transport; its store closes it. */
struct haul_redis_transport *model_redis_transport(struct model_redis *m);

/* ---- faults that are called for ---- */
void model_redis_cut_all(struct model_redis *m);                 /* every connection breaks now */
void model_redis_freeze(struct model_redis *m, bool frozen);     /* accepts bytes, does nothing with them */
void model_redis_down(struct model_redis *m, bool down);         /* cuts all, refuses connections */
void model_redis_restart(struct model_redis *m, bool with_data); /* cuts all; what was on its way is lost */
void model_redis_flush(struct model_redis *m);                   /* FLUSHALL by a foreign hand */
void model_redis_replicate(struct model_redis *m);               /* the replica catches up */
void model_redis_fail_over(struct model_redis *m,
                           bool cut); /* the replica's data take the place; connections cut or not */
/* Every write is answered with this error until NULL: "OOM command not allowed …". LOADING refuses reads too. */
void model_redis_refuse(struct model_redis *m, const char *error);
void model_redis_replica(struct model_redis *m, bool is_replica); /* shows the replica's data, refuses writes */
/* The n-th EXEC from now on (1: the next) cuts its connection, before it is applied or after. */
void model_redis_cut_exec(struct model_redis *m, unsigned n, bool applied);
/* Called after each transaction that was applied (`replaced` false), and when the data were replaced by others. */
void model_redis_watch(struct model_redis *m, void (*fn)(void *arg, bool replaced), void *arg);
/* Lets the server read everything that has arrived, also from clients that are gone. */
void model_redis_settle(struct model_redis *m);

/* ---- looking ---- */
/* A document's bytes; p is NULL when there is none. Valid until the next change. */
struct haul_str model_redis_get(const struct model_redis *m, const char *key);
struct haul_str model_redis_hget(const struct model_redis *m, const char *key, const char *field);
/* Keys in byte order: true and *key while index is below their number. */
bool model_redis_key(const struct model_redis *m, size_t index, struct haul_str *key);
/* Appends the whole data set as text, one key a line, in order; keys whose name begins with `skip` left out (NULL:
 * none). */
void model_redis_dump(const struct model_redis *m, const char *skip, struct haul_buf *out);
uint64_t model_redis_execs(const struct model_redis *m); /* applied so far */
/* Runs one command as a client of its own would, in between: a foreign hand. */
void model_redis_do(struct model_redis *m, const struct haul_str *words, size_t n, struct haul_buf *reply);

#endif
