/* SPDX-License-Identifier: Apache-2.0
 * Layer: sinks
 * The store in Redis (see haul/store.h), a small client to read with, and the table of all keys.
 * The protocol is told at the head of sinks/redis/protocol.c.
 */
#ifndef HAUL_REDIS_STORE_H
#define HAUL_REDIS_STORE_H

#include "haul/buf.h"
#include "haul/options.h"
#include "haul/redis_transport.h"
#include "haul/store.h"

/* Section "redis". */
struct haul_redis_options {
    char address[256];        /* host:port */
    char socket[108];         /* path of a Unix socket; it goes before address */
    char user[128];           /* "": the default user */
    char password_file[1024]; /* "": none */
    int64_t db;
    int64_t connect_timeout; /* ms */
    int64_t timeout;         /* ms: the longest that one exchange may take */
};
extern const struct haul_option_set haul_redis_option_set;

/* ---- the store ---- */

/* Opens a store. Nothing is sent before the first call, so a server that is down is not an error here. INVALID: an
 * address that cannot be read; IO: the password file. Close it by its ops. `instance` prefixes every key ("" or
 * "test:"). */
enum haul_err haul_redis_store_open(const struct haul_redis_options *o, const char *instance, struct haul_store **out,
                                    struct haul_error *e);
/* The same over a given transport, which the store closes with itself. */
struct haul_store *haul_redis_store_open_transport(struct haul_redis_transport *t, const struct haul_redis_options *o,
                                                   const char *instance);

/* What a store has seen and done since it was opened. Any time, the store's thread. */
enum haul_redis_persistence {
    HAUL_REDIS_PERSISTENCE_UNKNOWN, /* no claim yet, or the ACL does not let us ask */
    HAUL_REDIS_PERSISTENCE_NONE,    /* a restart of Redis is a wipe */
    HAUL_REDIS_PERSISTENCE_SNAPSHOT,
    HAUL_REDIS_PERSISTENCE_LOG,
};
struct haul_redis_stats {
    enum haul_redis_persistence persistence;
    uint64_t connects;   /* connections begun */
    uint64_t commits;    /* commits settled */
    uint64_t sent;       /* transactions sent, repeated ones included */
    uint64_t unknown;    /* transactions whose answer was lost, and whose outcome was found by asking */
    uint64_t nil;        /* transactions that the fence stopped */
    uint64_t refused;    /* exchanges that the server refused: OOM, LOADING, READONLY, … */
    uint64_t elements;   /* elements of an EXEC that failed, and were sent again */
    uint64_t duplicates; /* stream entries that were there already */
    char trouble[1020];  /* the newest refusal or loss, "" when the last exchange went well */
};
void haul_redis_store_stats(const struct haul_store *s, struct haul_redis_stats *out);

/* ---- reading ---- */

enum haul_redis_type {
    HAUL_REDIS_NIL,
    HAUL_REDIS_STRING, /* and status */
    HAUL_REDIS_ERROR,
    HAUL_REDIS_INTEGER,
    HAUL_REDIS_ARRAY,
};
struct haul_redis_value {
    enum haul_redis_type type;
    struct haul_str str; /* STRING, ERROR */
    int64_t integer;     /* INTEGER */
    size_t len;          /* ARRAY */
    struct haul_redis_value **items;
};

/* One connection, one command at a time, blocking up to the timeout; reconnects at the next call after a failure. */
struct haul_redis_client;
enum haul_err haul_redis_client_open(const struct haul_redis_options *o, struct haul_redis_client **out,
                                     struct haul_error *e);
struct haul_redis_client *haul_redis_client_open_transport(struct haul_redis_transport *t,
                                                           const struct haul_redis_options *o);
void haul_redis_client_close(struct haul_redis_client *c);
/* Sends a command and reads its answer, which is the client's and valid until the next call. A reply that is an error
 * is UNAVAILABLE or, when asking again would not help, INVALID; *e holds its text. */
enum haul_err haul_redis_client_call(struct haul_redis_client *c, const struct haul_str *words, size_t n,
                                     const struct haul_redis_value **out, struct haul_error *e);
/* Calls fn for every key that matches the pattern (SCAN: some twice, in no order); fn returns anything but OK to stop.
 * fn must not use the client. */
typedef enum haul_err haul_redis_key_fn(void *arg, struct haul_str key, struct haul_error *e);
enum haul_err haul_redis_client_scan(struct haul_redis_client *c, struct haul_str pattern, haul_redis_key_fn *fn,
                                     void *arg, struct haul_error *e);

/* ---- the key table ---- */

/* Who may do what. HAUL: a haul process. READER: reads what haul shows. OPERATOR: reads everything, inspects. */
enum haul_redis_role { HAUL_REDIS_ROLE_HAUL, HAUL_REDIS_ROLE_READER, HAUL_REDIS_ROLE_OPERATOR };
bool haul_redis_role_find(struct haul_str name, enum haul_redis_role *out);
/* The rules of the smallest ACL that suffices for the role, as they stand behind ACL SETUSER <name>. */
void haul_redis_acl(enum haul_redis_role role, const char *instance, struct haul_buf *out);
void haul_redis_keys_text(const char *instance, struct haul_buf *out);
void haul_redis_keys_markdown(struct haul_buf *out); /* config/keys.md */
/* Writes the key of a document that the table lists, e.g. (instance, "vehicle", "A1"): what `haul dump` reads. */
void haul_redis_key(struct haul_buf *out, const char *instance, struct haul_str noun, struct haul_str id);
/* The index-th pattern, as SCAN takes it, of keys that a task alone writes and paints anew when it begins again: those
 * with its name in them, the control key excepted; or, `all`, those of its processor's tasks together. False: no more.
 */
bool haul_redis_pattern(struct haul_buf *out, const char *instance, struct haul_task_name task, size_t index, bool all);
void haul_redis_control_key(struct haul_buf *out, const char *instance, struct haul_task_name task);

#endif
