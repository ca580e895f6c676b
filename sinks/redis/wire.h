/* SPDX-License-Identifier: Apache-2.0
 * One exchange at a time over a transport: a request of some commands is written, as many replies are read. Bounded by
 * a deadline from its beginning to its end, however slowly the bytes come. One thread.
 */
#ifndef HAUL_SINKS_REDIS_WIRE_H
#define HAUL_SINKS_REDIS_WIRE_H

#include "sinks/redis/bulk.h"
#include "sinks/redis/resp.h"

/* Takes the index-th reply of the exchange; the value is gone after the call. */
typedef void wire_reply_fn(void *arg, size_t index, const struct haul_redis_value *v);

struct wire {
    struct haul_redis_transport *transport;
    struct resp_reader *reader;
    const struct haul_redis_options *options;
    char password[1024]; /* what AUTH sends; empty: none */
    struct haul_buf out; /* the request: written by the caller between begin and step */
    bool up;             /* a connection stands, or is being made */
    bool busy;           /* an exchange is under way */
    uint64_t connects;
    size_t sent;          /* bytes of out */
    size_t greetings;     /* replies to AUTH and SELECT still to come */
    size_t expected, got; /* replies */
    struct haul_mono deadline;
    wire_reply_fn *take;
    bulk_place_fn *place; /* set behind wire_begin: strings go where it says, and `take` sees them there */
    void *arg;
    struct bulk bulk;
    uint8_t bytes[16384]; /* received */
};

void wire_init(struct wire *w, struct haul_redis_transport *t, const struct haul_redis_options *o);
enum haul_err wire_read_password(struct wire *w, struct haul_error *e); /* as haul_secret_read */
void wire_close(struct wire *w);                                        /* and the transport */

/* Starts an exchange: connects if there is no connection. The caller then appends commands to w->out, sets w->expected
 * to their number, and steps. IO: no connection. */
enum haul_err wire_begin(struct wire *w, wire_reply_fn *take, void *arg, struct haul_error *e);
/* Moves what can be moved now. OK: the last reply has been taken. AGAIN: wait. IO, TIMEOUT, CORRUPT, LIMIT: the
 * connection is lost and dropped. UNAVAILABLE: the server did not let us in; dropped too. */
enum haul_err wire_step(struct wire *w, struct haul_error *e);
/* Waits for bytes or timeout_ms, never beyond the deadline. */
void wire_wait(struct wire *w, int timeout_ms);
/* Steps to the end of the exchange. Never AGAIN. */
enum haul_err wire_run(struct wire *w, struct haul_error *e);
void wire_drop(struct wire *w); /* the connection */

struct haul_mono wire_now(const struct wire *w);

/* ---- what an error of Redis means ---- */
struct refusal {
    const char *word, *sentence;
    bool reconnect;
};
/* Never NULL: what no row names is held and tried again, with its text. */
const struct refusal *refusal_of(struct haul_str error);

#endif
