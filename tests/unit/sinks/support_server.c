/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sinks/support_server.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "/usr/bin/redis-server"

static void run(const struct server *s, const char *const *more)
{
    const char *words[40] = {PROGRAM, "--port",    "0",        "--unixsocket", s->socket, "--dir",
                             s->dir,  "--save",    "",         "--appendonly", "no",      "--daemonize",
                             "no",    "--logfile", "redis.log"};
    size_t n = 15;
    for (; more != NULL && *more != NULL && n < 39; more++) words[n++] = *more;
    char *args[40] = {0};
    for (size_t i = 0; i < n; i++) args[i] = strdup(words[i]);
    /* it ends with the test, however that ends, and holds none of its files */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd <= 2; fd++) dup2(nowhere, fd);
    execv(PROGRAM, args);
    _exit(127);
}

static void spawn(struct server *s, const char *const *more)
{
    s->pid = fork();
    assert(s->pid >= 0);
    if (s->pid == 0) run(s, more);
    struct haul_error e;
    const enum haul_err err = haul_redis_client_open(&s->options, &s->client, &e);
    assert(err == HAUL_OK);
    const struct haul_str ping = HAUL_STR("PING");
    const struct haul_redis_value *v;
    for (int i = 0; i < 2000 && haul_redis_client_call(s->client, &ping, 1, &v, &e) == HAUL_E_UNAVAILABLE; i++) {
        const pid_t ended = waitpid(s->pid, NULL, WNOHANG);
        assert(ended == 0);
        haul_sleep_ms(5); /* until it listens and has loaded */
    }
}

bool server_start(struct server *s, const char *const *more)
{
    if (access(PROGRAM, X_OK) != 0) return false;
    *s = (struct server){.options = {.connect_timeout = 2000, .timeout = 5000}};
    snprintf(s->dir, sizeof s->dir, "/tmp/haul-redis-XXXXXX");
    char *made = mkdtemp(s->dir);
    assert(made != NULL);
    snprintf(s->socket, sizeof s->socket, "%s/s", s->dir);
    snprintf(s->options.socket, sizeof s->options.socket, "%s", s->socket);
    spawn(s, more);
    return true;
}

void server_kill(struct server *s)
{
    haul_redis_client_close(s->client);
    s->client = NULL;
    kill(s->pid, SIGKILL);
    const pid_t ended = waitpid(s->pid, NULL, 0);
    assert(ended == s->pid);
    unlink(s->socket);
}

void server_restart(struct server *s, const char *const *more)
{
    spawn(s, more);
}

void server_stop(struct server *s)
{
    server_kill(s);
    static const char *const files[] = {"redis.log", "dump.rdb", "password"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", s->dir, files[i]);
        unlink(path);
    }
    rmdir(s->dir);
}

__attribute__((format(printf, 2, 0))) static const struct haul_redis_value *call(struct server *s, const char *format,
                                                                                 va_list args)
{
    static char line[65536];
    vsnprintf(line, sizeof line, format, args);
    struct haul_str words[256];
    size_t n = 0;
    for (char *at = line; at != NULL && n < 256;) {
        char *space = strchr(at, ' ');
        words[n++] = (struct haul_str){at, space == NULL ? strlen(at) : (size_t)(space - at)};
        at = space == NULL ? NULL : space + 1;
    }
    struct haul_error e;
    const struct haul_redis_value *v = NULL;
    (void)haul_redis_client_call(s->client, words, n, &v, &e);
    if (v == NULL) fprintf(stderr, "%s: %s\n", line, e.text);
    assert(v != NULL);
    return v;
}

const struct haul_redis_value *server_call(struct server *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const struct haul_redis_value *v = call(s, format, args);
    va_end(args);
    return v;
}

static void write_text(struct haul_buf *out, const struct haul_redis_value *v)
{
    switch (v->type) {
    case HAUL_REDIS_NIL:
        haul_buf_str(out, HAUL_STR("(nil)"));
        break;
    case HAUL_REDIS_STRING:
        haul_buf_str(out, v->str);
        break;
    case HAUL_REDIS_ERROR:
        haul_buf_printf(out, "(error) %.*s", (int)v->str.n, v->str.p);
        break;
    case HAUL_REDIS_INTEGER:
        haul_buf_i64(out, v->integer);
        break;
    case HAUL_REDIS_ARRAY:
        haul_buf_byte(out, '[');
        for (size_t i = 0; i < v->len; i++) {
            if (i > 0) haul_buf_byte(out, ',');
            write_text(out, v->items[i]);
        }
        haul_buf_byte(out, ']');
        break;
    }
}

const char *server_text(struct server *s, const char *format, ...)
{
    static uint8_t bytes[1 << 20];
    struct haul_buf out = {.p = bytes, .cap = sizeof bytes, .max = sizeof bytes};
    va_list args;
    va_start(args, format);
    write_text(&out, call(s, format, args));
    va_end(args);
    haul_buf_byte(&out, '\0');
    assert(!out.overflow);
    return (const char *)bytes;
}
