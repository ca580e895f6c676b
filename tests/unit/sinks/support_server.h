/* SPDX-License-Identifier: Apache-2.0
 * A Redis server of the test's own: on a Unix socket in a folder of its own, ended by its process id.
 */
#ifndef HAUL_TESTS_SUPPORT_SERVER_H
#define HAUL_TESTS_SUPPORT_SERVER_H

#include "haul/redis_store.h"

#include <sys/types.h>

struct server {
    char dir[64], socket[96];
    pid_t pid;
    struct haul_redis_options options;
    struct haul_redis_client *client;
};

/* False when there is no redis-server on this machine. Further arguments of redis-server, NULL-terminated, or NULL. */
bool server_start(struct server *s, const char *const *more);
void server_kill(struct server *s);                             /* SIGKILL; the folder stays */
void server_restart(struct server *s, const char *const *more); /* in the same folder */
void server_stop(struct server *s);                             /* kills it and removes the folder */
/* One command, words separated by single spaces; fails the test on no answer. The value is valid until the next. */
const struct haul_redis_value *server_call(struct server *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The answer as short text: a string as it is, a number in digits, "(nil)", "(error) …", arrays "[a,b]". */
const char *server_text(struct server *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
