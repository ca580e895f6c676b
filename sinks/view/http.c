/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define BODY_MAX        ((size_t)32 * 1024 * 1024)
#define STANDING_MAX    48
#define CONNECTIONS_MAX (STANDING_MAX + 16) /* those that were ended are not gone at once */
#define CONNECTION_MEM  ((size_t)16 * 1024) /* a request's head must fit */
#define IDLE_SECONDS    10

struct haul_http {
    struct MHD_Daemon *daemon;
    const struct haul_http_route *routes;
    size_t n;
    /* oldest first; the server's thread alone touches it */
    int standing[CONNECTIONS_MAX];
    size_t standing_len;
};

/* ---- connections: one too many ends the oldest ---- */
static void forget(struct haul_http *h, int fd)
{
    for (size_t i = 0; i < h->standing_len; i++)
        if (h->standing[i] == fd) {
            memmove(h->standing + i, h->standing + i + 1, (--h->standing_len - i) * sizeof h->standing[0]);
            return;
        }
}

static void connection(void *arg, struct MHD_Connection *c, void **state, enum MHD_ConnectionNotificationCode what)
{
    (void)state;
    struct haul_http *const h = arg;
    const union MHD_ConnectionInfo *const i = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (i == NULL) return;
    forget(h, i->connect_fd);
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) return;
    assert(h->standing_len < CONNECTIONS_MAX);
    h->standing[h->standing_len++] = i->connect_fd;
    if (h->standing_len <= STANDING_MAX) return;
    /* the server reads its end and closes it: not here, where it still belongs to it */
    (void)shutdown(h->standing[0], SHUT_RDWR);
    forget(h, h->standing[0]);
}

/* ---- requests ---- */

const char *haul_http_query(const struct haul_http_query *q, const char *name)
{
    union {
        const struct haul_http_query *from;
        struct MHD_Connection *to;
    } cast = {.from = q};
    return MHD_lookup_connection_value(cast.to, MHD_GET_ARGUMENT_KIND, name);
}

static const struct haul_http_route *route_of(const struct haul_http *h, const char *path)
{
    for (size_t i = 0; i < h->n; i++)
        if (strcmp(h->routes[i].path, path) == 0) return &h->routes[i];
    return NULL;
}

static const char whole[] = "is as it should be";

static enum MHD_Result reply(struct MHD_Connection *c, struct haul_http_answer *a)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(a->body.n, a->body.p, MHD_RESPMEM_MUST_COPY);
    if (r == NULL) return MHD_NO;
    MHD_add_response_header(r, "Content-Type", a->type);
    MHD_add_response_header(r, "Cache-Control", "no-store");
    MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
    const enum MHD_Result result = MHD_queue_response(c, a->status, r);
    MHD_destroy_response(r);
    return result;
}

/* Why a request's head is refused, with its status; NULL when it is not. */
static const char *refused(struct MHD_Connection *c, const char *method, const char *target_fault, unsigned *status)
{
    static char text[128]; /* the server has one thread */
    *status = 405;
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) return "only GET is answered";
    *status = 400;
    snprintf(text, sizeof text, "the request's target %s", target_fault);
    if (target_fault != whole) return text;
    const char *const length = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Length");
    if (MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Transfer-Encoding") != NULL ||
        (length != NULL && strcmp(length, "0") != 0))
        return "a GET has no body";
    return NULL;
}

static void answer(const struct haul_http *h, struct MHD_Connection *c, const char *url, struct haul_http_answer *a)
{
    const struct haul_http_route *const route = route_of(h, url);
    union {
        struct MHD_Connection *from;
        const struct haul_http_query *to;
    } cast = {.from = c};
    a->status = route == NULL ? 404 : 200;
    if (route != NULL) {
        route->answer(route->arg, cast.to, a);
        return;
    }
    haul_buf_str(&a->body, HAUL_STR("no such page; there are:\n"));
    for (size_t i = 0; i < h->n; i++) haul_buf_printf(&a->body, "  %s\n", h->routes[i].path);
}

/* Called twice for a request. An answer to the first call ends the connection with it: that is for heads that are
 * refused, since what stands behind such a one may be anything. */
static enum MHD_Result handle(void *arg, struct MHD_Connection *c, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_len, void **state)
{
    (void)version;
    (void)upload;
    struct haul_http_answer a = {.type = "text/plain; charset=utf-8"};
    const char *why = NULL;
    if (*state != NULL && (why = refused(c, method, *state, &a.status)) == NULL) {
        *state = NULL;
        return MHD_YES;
    }
    *upload_len = 0;
    haul_buf_init(&a.body, 256, BODY_MAX);
    if (why != NULL)
        haul_buf_printf(&a.body, "%s\n", why);
    else
        answer(arg, c, url, &a);
    const enum MHD_Result result = reply(c, &a);
    haul_buf_free(&a.body);
    return result;
}

/* The target as it came; what is wrong with it, or that nothing is, becomes the request's state. */
static void *target(void *arg, const char *text, struct MHD_Connection *c)
{
    (void)arg;
    (void)c;
    const char *const fault = haul_http_target_fault(haul_str_of(text));
    union {
        const char *from;
        void *to;
    } cast = {.from = fault == NULL ? whole : fault};
    return cast.to;
}

enum haul_err haul_http_open(const char *address, uint16_t port, const struct haul_http_route *routes, size_t n,
                             struct haul_http **out, struct haul_error *e)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (inet_pton(AF_INET, address, &at.sin_addr) != 1)
        return haul_fail(e, HAUL_E_INVALID, "'%s' is not an IPv4 address", address);
    struct haul_http *h = calloc(1, sizeof *h);
    assert(h != NULL);
    h->routes = routes;
    h->n = n;
    h->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, port, NULL, NULL, handle, h, MHD_OPTION_SOCK_ADDR, &at,
                                 MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
                                 (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEM,
                                 MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK, target, h,
                                 MHD_OPTION_NOTIFY_CONNECTION, connection, h, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u,
                                 MHD_OPTION_END);
    if (h->daemon == NULL) {
        const int why = errno;
        free(h);
        return haul_fail(e, HAUL_E_IO, "cannot listen on %s:%u: %s", address, port, strerror(why));
    }
    *out = h;
    return HAUL_OK;
}

uint16_t haul_http_port(const struct haul_http *h)
{
    const union MHD_DaemonInfo *i = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT);
    return i == NULL ? 0 : i->port;
}

void haul_http_close(struct haul_http *h)
{
    if (h == NULL) return;
    MHD_stop_daemon(h->daemon);
    free(h);
}
