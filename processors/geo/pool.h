/* SPDX-License-Identifier: Apache-2.0
 * The memory of one object or one computation: taken piece by piece, checked once, freed at once. Not thread-safe.
 */
#ifndef HAUL_GEO_POOL_H
#define HAUL_GEO_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POOL_PIECES 64

struct pool {
    void *piece[POOL_PIECES];
    size_t n, bytes;
    bool failed; /* a piece could not be had: stays set, check it once after the last take */
};

/* count * size bytes, 64-aligned, zeroed or not; NULL (and failed) when there is no memory or the product overflows. */
void *pool_zeroed(struct pool *p, size_t count, size_t size);
void *pool_take(struct pool *p, size_t count, size_t size);
void pool_free(struct pool *p);

#define POOL_ARRAY(pool, type, count)  ((type *)pool_take((pool), (count), sizeof(type)))
#define POOL_ZEROED(pool, type, count) ((type *)pool_zeroed((pool), (count), sizeof(type)))

/* An array that grows by doubling: *p of *cap items to hold `want`. False on no memory, *p is kept. */
bool grow_array(void **p, size_t *cap, size_t want, size_t size);

#endif
