/* SPDX-License-Identifier: Apache-2.0
 * The transport over a socket: hiredis resolves and connects (TCP or Unix), then the descriptor is ours, non-blocking.
 * Only the look-up of a host's name can block; an address needs none.
 */
#include "sinks/redis/transport.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>

struct socket_transport {
    struct haul_redis_transport base;
    char host[256], path[108];
    int port;
    redisContext *context; /* NULL: no connection */
};

static struct socket_transport *mine(struct haul_redis_transport *t)
{
    return (struct socket_transport *)t;
}

static enum haul_err no_connection(const struct socket_transport *t, const char *why, struct haul_error *e)
{
    if (t->path[0] != '\0') return haul_fail(e, HAUL_E_IO, "no connection to Redis at %s: %s", t->path, why);
    return haul_fail(e, HAUL_E_IO, "no connection to Redis at %s port %d: %s", t->host, t->port, why);
}

/* A peer that has vanished is noticed by the kernel too; small requests leave at once. */
static void tune(const struct socket_transport *t)
{
    const int yes = 1, idle_s = 15, interval_s = 5, probes = 3, fd = t->context->fd;
    if (t->path[0] != '\0') return;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

static void socket_disconnect(struct haul_redis_transport *transport)
{
    struct socket_transport *t = mine(transport);
    if (t->context != NULL) redisFree(t->context);
    t->context = NULL;
}

static enum haul_err socket_connect(struct haul_redis_transport *transport, struct haul_error *e)
{
    struct socket_transport *t = mine(transport);
    assert(t->context == NULL);
    t->context = t->path[0] != '\0' ? redisConnectUnixNonBlock(t->path) : redisConnectNonBlock(t->host, t->port);
    if (t->context == NULL) return no_connection(t, "no memory", e);
    if (t->context->err != 0) {
        no_connection(t, t->context->errstr, e);
        socket_disconnect(transport);
        return HAUL_E_IO;
    }
    tune(t);
    return HAUL_OK;
}

/* What a failed or short call means. A connection that does not stand yet says EAGAIN or ENOTCONN. */
static int64_t moved(const struct socket_transport *t, ssize_t n, struct haul_error *e)
{
    if (n > 0) return n;
    if (n == 0) {
        haul_fail(e, HAUL_E_IO, "Redis closed the connection");
        return -1;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ENOTCONN) return 0;
    char why[128];
    no_connection(t, strerror_r(errno, why, sizeof why) == 0 ? why : "it failed", e);
    return -1;
}

static int64_t socket_send(struct haul_redis_transport *transport, const uint8_t *bytes, size_t n, struct haul_error *e)
{
    struct socket_transport *t = mine(transport);
    assert(t->context != NULL && n > 0);
    return moved(t, send(t->context->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT), e);
}

static int64_t socket_receive(struct haul_redis_transport *transport, uint8_t *bytes, size_t cap, struct haul_error *e)
{
    struct socket_transport *t = mine(transport);
    assert(t->context != NULL && cap > 0);
    return moved(t, recv(t->context->fd, bytes, cap, MSG_DONTWAIT), e);
}

static void socket_wait(struct haul_redis_transport *transport, bool want_send, int timeout_ms)
{
    struct socket_transport *t = mine(transport);
    struct pollfd p = {.fd = t->context == NULL ? -1 : t->context->fd, .events = POLLIN};
    if (want_send) p.events |= POLLOUT;
    (void)poll(&p, 1, timeout_ms < 0 ? 0 : timeout_ms);
}

static int socket_fd(const struct haul_redis_transport *transport)
{
    const struct socket_transport *t = (const struct socket_transport *)transport;
    return t->context == NULL ? -1 : t->context->fd;
}

static struct haul_mono socket_now(const struct haul_redis_transport *transport)
{
    (void)transport;
    return haul_mono_now();
}

static void socket_entropy(struct haul_redis_transport *transport, uint8_t *bytes, size_t n)
{
    (void)transport;
    assert(n <= 256); /* up to there getrandom is never cut short */
    ssize_t got;
    do got = getrandom(bytes, n, 0);
    while (got == -1 && errno == EINTR);
    assert(got == (ssize_t)n);
}

static void socket_close(struct haul_redis_transport *transport)
{
    socket_disconnect(transport);
    free(mine(transport));
}

static const struct haul_redis_transport_ops ops = {
    .connect = socket_connect,
    .send = socket_send,
    .receive = socket_receive,
    .wait = socket_wait,
    .disconnect = socket_disconnect,
    .fd = socket_fd,
    .now = socket_now,
    .entropy = socket_entropy,
    .close = socket_close,
};

/* host:port, or [address]:port for IPv6. */
static bool read_address(const char *text, struct socket_transport *t)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL || colon == text) return false;
    size_t n = (size_t)(colon - text);
    if (text[0] == '[') {
        if (text[n - 1] != ']' || n < 3) return false;
        text++, n -= 2;
    } else if (memchr(text, ':', n) != NULL) {
        return false;
    }
    if (n >= sizeof t->host) return false;
    memcpy(t->host, text, n);
    char *end;
    const long port = strtol(colon + 1, &end, 10);
    if (colon[1] < '0' || colon[1] > '9' || *end != '\0' || port < 1 || port > 65535) return false;
    t->port = (int)port;
    return true;
}

enum haul_err redis_transport_open(const struct haul_redis_options *o, struct haul_redis_transport **out,
                                   struct haul_error *e)
{
    struct socket_transport *t = calloc(1, sizeof *t);
    assert(t != NULL);
    t->base.ops = &ops;
    const size_t n = strnlen(o->socket, sizeof o->socket);
    if (n >= sizeof t->path || (n == 0 && !read_address(o->address, t))) {
        free(t);
        return haul_fail(e, HAUL_E_INVALID, "redis.address: '%s' is not host:port", o->address);
    }
    memcpy(t->path, o->socket, n);
    *out = &t->base;
    return HAUL_OK;
}
