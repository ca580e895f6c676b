/* SPDX-License-Identifier: Apache-2.0
 * Replies that are long strings, read from the connection straight to where they belong: a checkpoint's blocks into the
 * task's map. By way of the parser each byte would be copied three times more. One thread.
 */
#ifndef HAUL_SINKS_REDIS_BULK_H
#define HAUL_SINKS_REDIS_BULK_H

#include "haul/redis_store.h"

/* Where the n bytes of reply `index` go; NULL: that is not what was asked for. */
typedef uint8_t *bulk_place_fn(void *arg, size_t index, size_t n);

/* Between replies, in a reply's first line, in its bytes, or in the line end behind them. */
struct bulk {
    char line[256]; /* an error's text is cut there */
    size_t line_n;
    uint8_t *to;
    size_t n, got;  /* bytes of the string, and of them read */
    unsigned end;   /* bytes of its line end still to come */
    bool in_string; /* until its line end has come */
};

enum bulk_got {
    BULK_MORE,   /* all bytes are used up */
    BULK_STRING, /* *v is a reply: a string in its place, nil, a status or an error */
    BULK_BAD,    /* not the protocol, or a length that nobody wants */
};

/* How much to read at once, and where to: into `spare` (of `cap` bytes) when no string is open. */
size_t bulk_want(const struct bulk *b, uint8_t *spare, size_t cap, uint8_t **to);
/* n bytes came into the open string. */
void bulk_came(struct bulk *b, size_t n);
/* Takes bytes that came into `spare`, from *at on; *at moves. */
enum bulk_got bulk_next(struct bulk *b, const uint8_t *bytes, size_t n, size_t *at, bulk_place_fn *place, void *arg,
                        size_t index, struct haul_redis_value *v);

#endif
