/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>

#define BODY_MAX        ((size_t)32 * 1024 * 1024)
#define CONNECTIONS_MAX 64
#define IDLE_SECONDS    10

struct haul_http {
    struct MHD_Daemon *daemon;
    const struct haul_http_route *routes;
    size_t n;
};

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

static enum MHD_Result handle(void *arg, struct MHD_Connection *c, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_len, void **state)
{
    (void)version;
    (void)upload;
    (void)state;
    const struct haul_http *h = arg;
    struct haul_http_answer a = {.status = 404, .type = "text/plain; charset=utf-8"};
    haul_buf_init(&a.body, 256, BODY_MAX);
    const struct haul_http_route *route = route_of(h, url);
    if (*upload_len > 0 || (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)) {
        *upload_len = 0;
        a.status = 405;
        haul_buf_str(&a.body, HAUL_STR("only GET is answered\n"));
    } else if (route == NULL) {
        haul_buf_str(&a.body, HAUL_STR("no such page; there are:\n"));
        for (size_t i = 0; i < h->n; i++) haul_buf_printf(&a.body, "  %s\n", h->routes[i].path);
    } else {
        union {
            struct MHD_Connection *from;
            const struct haul_http_query *to;
        } cast = {.from = c};
        a.status = 200;
        route->answer(route->arg, cast.to, &a);
    }
    const enum MHD_Result result = reply(c, &a);
    haul_buf_free(&a.body);
    return result;
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
                                 (unsigned)IDLE_SECONDS, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
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
