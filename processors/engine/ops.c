/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/ops.h"

#include "haul/json.h"

struct head {
    uint8_t op, zero;
    uint16_t key_n;
    uint32_t a_n, b_n, aux;
    uint64_t x, y;
};
static_assert(sizeof(struct head) == 32, "the layout of ops.h");

#define NOT_OPEN SIZE_MAX

static size_t padded(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

void haul_ops_init(struct haul_ops *o, size_t first, size_t max)
{
    *o = (struct haul_ops){.open = NOT_OPEN};
    haul_buf_init(&o->buf, first, max);
}

void haul_ops_free(struct haul_ops *o)
{
    haul_buf_free(&o->buf);
    *o = (struct haul_ops){.open = NOT_OPEN};
}

void haul_ops_clear(struct haul_ops *o)
{
    assert(o->open == NOT_OPEN);
    haul_buf_relax(&o->buf);
    o->count = 0, o->puts = 0;
}

static uint8_t *copy(uint8_t *to, struct haul_str s)
{
    if (s.n != 0) memcpy(to, s.p, s.n);
    return to + s.n;
}

void haul_ops_add(struct haul_ops *o, const struct haul_op_view *v)
{
    assert(o->open == NOT_OPEN && v->key.n <= UINT16_MAX && v->a.n <= UINT32_MAX && v->b.n <= UINT32_MAX);
    const size_t n = sizeof(struct head) + v->key.n + v->a.n + v->b.n;
    uint8_t *to = haul_buf_reserve(&o->buf, padded(n));
    if (to == NULL) return;
    const struct head h = {(uint8_t)v->op, 0,   (uint16_t)v->key.n, (uint32_t)v->a.n, (uint32_t)v->b.n, v->aux,
                           v->x,           v->y};
    memcpy(to, &h, sizeof h);
    to = copy(copy(copy(to + sizeof h, v->key), v->a), v->b);
    memset(to, 0, padded(n) - n);
    o->buf.n += padded(n);
    o->count++;
    o->puts += v->op == HAUL_OP_PUT;
}

void haul_ops_put_begin(struct haul_ops *o, struct haul_str noun, struct haul_str id, struct haul_json *j)
{
    assert(o->open == NOT_OPEN && noun.n + 1 + id.n <= UINT16_MAX);
    const size_t key_n = noun.n + 1 + id.n;
    o->open = o->buf.n;
    haul_json_begin(j, &o->buf);
    uint8_t *to = haul_buf_reserve(&o->buf, sizeof(struct head) + key_n);
    if (to == NULL) return;
    const struct head h = {.op = HAUL_OP_PUT, .key_n = (uint16_t)key_n};
    memcpy(to, &h, sizeof h);
    to = copy(to + sizeof h, noun);
    *to++ = ':';
    copy(to, id);
    o->buf.n += sizeof h + key_n;
}

void haul_ops_put_end(struct haul_ops *o)
{
    assert(o->open != NOT_OPEN);
    const size_t start = o->open, end = o->buf.n;
    o->open = NOT_OPEN;
    static const uint8_t zeros[8];
    haul_buf_put(&o->buf, zeros, padded(end) - end);
    if (o->buf.overflow) {
        o->buf.n = start;
        return;
    }
    struct head h;
    memcpy(&h, o->buf.p + start, sizeof h);
    const size_t a_n = end - start - sizeof h - h.key_n;
    assert(a_n <= UINT32_MAX);
    h.a_n = (uint32_t)a_n;
    memcpy(o->buf.p + start, &h, sizeof h);
    o->count++;
    o->puts++;
}

bool haul_ops_next(const struct haul_ops *o, size_t *at, struct haul_op_view *out)
{
    if (*at >= o->buf.n) return false;
    struct head h;
    assert(o->buf.n - *at >= sizeof h);
    memcpy(&h, o->buf.p + *at, sizeof h);
    const char *key = (const char *)o->buf.p + *at + sizeof h, *a = key + h.key_n, *b = a + h.a_n;
    *out = (struct haul_op_view){(enum haul_op)h.op, h.aux, {key, h.key_n}, {a, h.a_n}, {b, h.b_n}, h.x, h.y};
    *at += padded(sizeof h + h.key_n + (size_t)h.a_n + h.b_n);
    assert(*at <= o->buf.n);
    return true;
}
