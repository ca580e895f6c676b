/* SPDX-License-Identifier: Apache-2.0
 * Layer: sinks
 * A small HTTP server over libmicrohttpd: GET routes that fill a body. For the admin endpoints and for the view.
 *
 * Whoever may connect may send anything. A target that is not one (below) is answered 400, a method other than GET and
 * HEAD 405, a head above 16 KiB 431 or 414; at most 48 connections stand, and one more ends the oldest: a client that
 * sends a byte now and then keeps nobody out.
 */
#ifndef HAUL_HTTP_H
#define HAUL_HTTP_H

#include "haul/buf.h"
#include "haul/err.h"

#define HAUL_HTTP_TARGET_MAX 4096

struct haul_http_answer {
    struct haul_buf body;
    unsigned status;
    const char *type; /* content type */
};
/* Fills *out; called on the server's thread. `query` gives a parameter of the URL, or NULL: UTF-8 without control
 * characters. */
struct haul_http_query;
const char *haul_http_query(const struct haul_http_query *q, const char *name);
struct haul_http_route {
    const char *path;
    void (*answer)(void *arg, const struct haul_http_query *q, struct haul_http_answer *out);
    void *arg;
};

/* What is wrong with a request's target, as it stands in the request line; NULL when nothing is: at most
 * HAUL_HTTP_TARGET_MAX bytes that begin with '/', visible ASCII without a fragment, every '%' before two hexadecimal
 * digits, and, with those put in, UTF-8 without control characters and without a path of dots. */
const char *haul_http_target_fault(struct haul_str target);

struct haul_http;
/* Listens on address:port (0: a free one). Routes stay the caller's. IO: the address cannot be had; *e names it. */
enum haul_err haul_http_open(const char *address, uint16_t port, const struct haul_http_route *routes, size_t n,
                             struct haul_http **out, struct haul_error *e);
uint16_t haul_http_port(const struct haul_http *h);
void haul_http_close(struct haul_http *h);

#endif
