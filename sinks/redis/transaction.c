/* SPDX-License-Identifier: Apache-2.0
 * What one commit writes, as Redis commands: the documents of all tasks in few MSETs, then each task's other
 * operations, then its control key, last.
 *
 * A key has one owner, so documents of different tasks may change places. Within a task the last operation on a key
 * wins: a task that erases anything in this commit keeps its order, in runs.
 */
#include "haul/mutation.h"

#include "sinks/redis/protocol.h"

#define DOCUMENTS_MAX ((size_t)1000) /* of one MSET */
#define DROPS_MAX     ((size_t)128)  /* keys of one DEL */

struct writer {
    struct haul_buf *out;
    struct haul_str prefix;
    size_t queued;
    size_t total, chunk; /* documents still to come: of the run, of the MSET that is being written */
};

static struct haul_str view(const struct haul_buf *b)
{
    return (struct haul_str){(const char *)b->p, b->n};
}

static void command(struct writer *w, struct haul_str name, size_t words)
{
    resp_command(w->out, words);
    resp_word(w->out, name);
    w->queued++;
}

static void document(struct writer *w, const struct haul_op_view *v)
{
    if (w->chunk == 0) {
        assert(w->total > 0);
        w->chunk = w->total < DOCUMENTS_MAX ? w->total : DOCUMENTS_MAX;
        w->total -= w->chunk;
        command(w, HAUL_STR("MSET"), 1 + 2 * w->chunk);
    }
    w->chunk--;
    resp_pair(w->out, w->prefix, v->key, v->a);
}

static bool erases(const struct haul_ops *ops)
{
    size_t at = 0;
    struct haul_op_view v;
    if (ops->count == ops->puts) return false;
    while (haul_ops_next(ops, &at, &v))
        if (v.op == HAUL_OP_ERASE) return true;
    return false;
}

static void documents(struct writer *w, const struct haul_ops *ops)
{
    size_t at = 0;
    struct haul_op_view v;
    while (haul_ops_next(ops, &at, &v))
        if (v.op == HAUL_OP_PUT) document(w, &v);
}

/* ---- checkpoint blocks ---- */

void transaction_block_key(struct haul_buf *out, const struct held *h, uint64_t generation, uint32_t index)
{
    uint8_t text[48];
    struct haul_buf tail = {.p = text, .cap = sizeof text, .max = sizeof text};
    haul_buf_u64(&tail, generation);
    haul_buf_byte(&tail, ':');
    haul_buf_u64(&tail, index);
    assert(!tail.overflow);
    resp_joined(out, view(&h->blocks), view(&tail));
}

static void block(struct writer *w, const struct held *h, const struct haul_op_view *v)
{
    assert(v->y < UINT32_MAX && v->x != h->known.control.checkpoint_generation);
    command(w, HAUL_STR("SET"), 3);
    transaction_block_key(w->out, h, v->x, (uint32_t)v->y);
    resp_word(w->out, v->a);
}

static void block_drop(struct writer *w, const struct held *h, const struct haul_op_view *v)
{
    command(w, HAUL_STR("DEL"), 2);
    transaction_block_key(w->out, h, v->x, (uint32_t)v->y);
}

/* ---- a task's other operations ---- */

static void zset(struct writer *w, const struct haul_op_view *v)
{
    const bool add = v->op == HAUL_OP_ZADD;
    command(w, add ? HAUL_STR("ZADD") : HAUL_STR("ZREM"), add ? 4 : 3);
    resp_joined(w->out, w->prefix, v->key);
    if (add) resp_i64(w->out, (int64_t)v->x);
    resp_word(w->out, v->a);
}

static void stream(struct writer *w, const struct haul_op_view *v)
{
    uint8_t text[48];
    struct haul_buf id = {.p = text, .cap = sizeof text, .max = sizeof text};
    haul_buf_u64(&id, v->x);
    haul_buf_byte(&id, '-');
    haul_buf_u64(&id, v->y);
    command(w, HAUL_STR("XADD"), v->aux != 0 ? 7 : 5);
    resp_joined(w->out, w->prefix, v->key);
    if (v->aux != 0) {
        resp_word(w->out, HAUL_STR("MAXLEN"));
        resp_u64(w->out, v->aux);
    }
    resp_word(w->out, view(&id));
    resp_word(w->out, v->b);
    resp_word(w->out, v->a);
}

/* How many operations of one kind follow each other from `at` on. */
static size_t run(const struct haul_ops *ops, size_t at, enum haul_op op)
{
    struct haul_op_view v;
    size_t n = 0;
    while (haul_ops_next(ops, &at, &v) && v.op == op) n++;
    return n;
}

/* `ordered`: the documents are still to be written, in their place. */
static void others(struct writer *w, struct held *h, const struct haul_ops *ops, bool ordered)
{
    if (!ordered && ops->count == ops->puts) return;
    struct haul_op_view v;
    size_t erasing = 0;
    for (size_t at = 0, here = 0; haul_ops_next(ops, &at, &v); here = at) {
        switch (v.op) {
        case HAUL_OP_PUT:
            if (!ordered) break;
            if (w->total + w->chunk == 0) w->total = run(ops, here, HAUL_OP_PUT);
            document(w, &v);
            break;
        case HAUL_OP_ERASE:
            if (erasing == 0) {
                erasing = run(ops, here, HAUL_OP_ERASE);
                if (erasing > DROPS_MAX) erasing = DROPS_MAX;
                command(w, HAUL_STR("DEL"), 1 + erasing);
            }
            erasing--;
            resp_joined(w->out, w->prefix, v.key);
            break;
        case HAUL_OP_ZADD:
        case HAUL_OP_ZREM:
            zset(w, &v);
            break;
        case HAUL_OP_XADD:
            stream(w, &v);
            break;
        case HAUL_OP_BLOCK:
            block(w, h, &v);
            break;
        case HAUL_OP_BLOCK_DROP:
            block_drop(w, h, &v);
            break;
        }
    }
}

static bool open_part(const struct redis_store *s, size_t i)
{
    return s->commits[i].outcome == HAUL_OUTCOME_NONE;
}

size_t transaction_write(struct redis_store *s)
{
    struct writer w = {.out = &s->wire.out, .prefix = view(&s->prefix)};
    for (size_t i = 0; i < s->len; i++) {
        if (!open_part(s, i)) continue;
        s->parts[i].ordered = erases(s->commits[i].ops);
        if (!s->parts[i].ordered) w.total += s->commits[i].ops->puts;
    }
    for (size_t i = 0; i < s->len; i++)
        if (open_part(s, i) && !s->parts[i].ordered) documents(&w, s->commits[i].ops);
    for (size_t i = 0; i < s->len; i++) {
        if (!open_part(s, i)) continue;
        struct held *h = &s->held[s->parts[i].held];
        h->next = h->known;
        h->next.control = s->commits[i].control;
        others(&w, h, s->commits[i].ops, s->parts[i].ordered);
    }
    if (HAUL_MUTANT(POSITION_APART)) {
        RESP_LINE(w.out, HAUL_STR("EXEC"));
        RESP_LINE(w.out, HAUL_STR("MULTI"));
        w.queued += 2;
    }
    for (size_t i = 0; i < s->len; i++) {
        if (!open_part(s, i)) continue;
        const struct held *h = &s->held[s->parts[i].held];
        record_write(w.out, view(&h->key), &h->known, &h->next, NULL);
        w.queued++;
    }
    return w.queued;
}
