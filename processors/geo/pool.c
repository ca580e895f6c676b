/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/geo/pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void *pool_take(struct pool *p, size_t count, size_t size)
{
    assert(p->n < POOL_PIECES && size > 0);
    if (p->failed || count > (SIZE_MAX / 2) / size) {
        p->failed = true;
        return NULL;
    }
    const size_t bytes = (count * size + 63) / 64 * 64;
    void *piece = aligned_alloc(64, bytes > 0 ? bytes : 64);
    if (piece == NULL) {
        p->failed = true;
        return NULL;
    }
    p->piece[p->n++] = piece;
    p->bytes += bytes;
    return piece;
}

void *pool_zeroed(struct pool *p, size_t count, size_t size)
{
    void *piece = pool_take(p, count, size);
    if (piece != NULL) memset(piece, 0, count * size);
    return piece;
}

void pool_free(struct pool *p)
{
    for (size_t i = 0; i < p->n; i++) free(p->piece[i]);
    *p = (struct pool){0};
}

bool grow_array(void **p, size_t *cap, size_t want, size_t size)
{
    if (want <= *cap) return true;
    size_t next = *cap < 16 ? 16 : *cap * 2;
    if (next < want) next = want;
    if (next > (SIZE_MAX / 2) / size) return false;
    void *bigger = realloc(*p, next * size);
    if (bigger == NULL) return false;
    *p = bigger;
    *cap = next;
    return true;
}
