/* SPDX-License-Identifier: Apache-2.0
 * Layer: sinks
 * A small HTTP server over libmicrohttpd: GET routes that fill a body. For the admin endpoints and for the view.
 */
#ifndef HAUL_HTTP_H
#define HAUL_HTTP_H

#include "haul/buf.h"
#include "haul/err.h"

struct haul_http_answer {
    struct haul_buf body;
    unsigned status;
    const char *type; /* content type */
};
/* Fills *out; called on the server's thread. `query` gives a parameter of the URL, or NULL. */
struct haul_http_query;
const char *haul_http_query(const struct haul_http_query *q, const char *name);
struct haul_http_route {
    const char *path;
    void (*answer)(void *arg, const struct haul_http_query *q, struct haul_http_answer *out);
    void *arg;
};

struct haul_http;
/* Listens on address:port (0: a free one). Routes stay the caller's. IO: the address cannot be had; *e names it. */
enum haul_err haul_http_open(const char *address, uint16_t port, const struct haul_http_route *routes, size_t n,
                             struct haul_http **out, struct haul_error *e);
uint16_t haul_http_port(const struct haul_http *h);
void haul_http_close(struct haul_http *h);

#endif
