/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int haul_str_cmp(struct haul_str a, struct haul_str b)
{
    const size_t n = a.n < b.n ? a.n : b.n;
    const int order = n == 0 ? 0 : memcmp(a.p, b.p, n);
    if (order != 0) return order;
    return a.n < b.n ? -1 : a.n > b.n;
}

void haul_buf_init(struct haul_buf *b, size_t first, size_t max)
{
    assert(first <= max);
    *b = (struct haul_buf){.p = first == 0 ? NULL : malloc(first), .cap = first, .max = max};
    assert(first == 0 || b->p != NULL);
}

void haul_buf_free(struct haul_buf *b)
{
    free(b->p);
    *b = (struct haul_buf){0};
}

void haul_buf_relax(struct haul_buf *b)
{
    if (b->cap > (size_t)1 << 20 && b->n < b->cap / 4) {
        free(b->p);
        b->p = NULL, b->cap = 0;
    }
    haul_buf_clear(b);
}

bool haul_buf_grow(struct haul_buf *b, size_t more)
{
    size_t cap = b->cap < 256 ? 256 : b->cap;
    while (cap - b->n < more && cap <= b->max) cap *= 2;
    if (cap > b->max) cap = b->max;
    uint8_t *p = cap - b->n < more ? NULL : realloc(b->p, cap);
    if (p == NULL) {
        b->overflow = true;
        return false;
    }
    b->p = p;
    b->cap = cap;
    return true;
}

void haul_buf_printf(struct haul_buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int need = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(need >= 0);
    uint8_t *to = haul_buf_reserve(b, (size_t)need + 1);
    if (to != NULL) {
        vsnprintf((char *)to, (size_t)need + 1, format, again);
        b->n += (size_t)need;
    }
    va_end(again);
}

void haul_buf_u64(struct haul_buf *b, uint64_t value)
{
    char text[20];
    size_t at = sizeof text;
    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    haul_buf_put(b, text + at, sizeof text - at);
}

void haul_buf_i64(struct haul_buf *b, int64_t value)
{
    if (value < 0) haul_buf_byte(b, '-');
    haul_buf_u64(b, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void haul_arena_init(struct haul_arena *a, size_t cap)
{
    *a = (struct haul_arena){.base = malloc(cap), .cap = cap};
    assert(a->base != NULL);
}

void haul_arena_free(struct haul_arena *a)
{
    free(a->base);
    *a = (struct haul_arena){0};
}

void *haul_arena_take(struct haul_arena *a, size_t n)
{
    const size_t at = (a->used + 15) & ~(size_t)15;
    if (at > a->cap || a->cap - at < n) return NULL;
    a->used = at + n;
    return a->base + at;
}
