/* SPDX-License-Identifier: Apache-2.0
 * Layer: base
 * Views of bytes, a byte buffer with a stated maximum, and an arena for one task's scratch. Not thread-safe: one owner
 * each.
 */
#ifndef HAUL_BUF_H
#define HAUL_BUF_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Text or bytes that somebody else owns; not NUL-terminated. */
struct haul_str {
    const char *p;
    size_t n;
};

#define HAUL_STR(literal) ((struct haul_str){(literal), sizeof(literal) - 1})
static inline struct haul_str haul_str_of(const char *text)
{
    return (struct haul_str){text, strlen(text)};
}
static inline bool haul_str_eq(struct haul_str a, struct haul_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
/* Byte order; a prefix comes first. */
int haul_str_cmp(struct haul_str a, struct haul_str b);

/* Grows by doubling up to max, then refuses: `overflow` is set and stays, and appends do nothing. Check it once at the
 * end. */
struct haul_buf {
    uint8_t *p;
    size_t n, cap, max;
    bool overflow;
};

void haul_buf_init(struct haul_buf *b, size_t first, size_t max); /* asserts on no memory: call it at start */
void haul_buf_free(struct haul_buf *b);
static inline void haul_buf_clear(struct haul_buf *b)
{
    b->n = 0, b->overflow = false;
}
/* Clears it, and gives memory back when over 1 MiB is held of which not a quarter was used: for buffers that are filled
 * again and again, and now and then with very much. */
void haul_buf_relax(struct haul_buf *b);
bool haul_buf_grow(struct haul_buf *b, size_t more);
/* Room for `more` bytes at the end, or NULL at the maximum. */
static inline uint8_t *haul_buf_reserve(struct haul_buf *b, size_t more)
{
    if (b->overflow) return NULL;
    if (b->cap - b->n < more && !haul_buf_grow(b, more)) return NULL;
    return b->p + b->n;
}
static inline void haul_buf_put(struct haul_buf *b, const void *bytes, size_t n)
{
    uint8_t *to = n == 0 ? NULL : haul_buf_reserve(b, n);
    if (to == NULL) return;
    memcpy(to, bytes, n);
    b->n += n;
}
static inline void haul_buf_byte(struct haul_buf *b, uint8_t byte)
{
    haul_buf_put(b, &byte, 1);
}
static inline void haul_buf_str(struct haul_buf *b, struct haul_str s)
{
    haul_buf_put(b, s.p, s.n);
}
void haul_buf_printf(struct haul_buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void haul_buf_u64(struct haul_buf *b, uint64_t value); /* decimal digits */
void haul_buf_i64(struct haul_buf *b, int64_t value);

/* A bump allocator over one block; reset between records. */
struct haul_arena {
    uint8_t *base;
    size_t used, cap;
};

void haul_arena_init(struct haul_arena *a, size_t cap);
void haul_arena_free(struct haul_arena *a);
static inline void haul_arena_reset(struct haul_arena *a)
{
    a->used = 0;
}
/* 16-aligned, not zeroed; NULL when full. */
void *haul_arena_take(struct haul_arena *a, size_t n);

#endif
