/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/null_sink.h"

#include <stdlib.h>

enum { RECEIPTS_MAX = 4096 };

struct null_sink {
    struct haul_sink base;
    uint64_t cookie[RECEIPTS_MAX];
    size_t head, n;
};

static struct null_sink *of(struct haul_sink *s)
{
    return (struct null_sink *)s;
}

static enum haul_err sink_send(struct haul_sink *base, const struct haul_outgoing *m, struct haul_error *e)
{
    struct null_sink *s = of(base);
    if (s->n == RECEIPTS_MAX) return haul_fail(e, HAUL_E_AGAIN, "%d receipts wait to be taken", RECEIPTS_MAX);
    s->cookie[(s->head + s->n++) % RECEIPTS_MAX] = m->cookie;
    return HAUL_OK;
}

static size_t sink_poll(struct haul_sink *base, struct haul_receipt *out, size_t max)
{
    struct null_sink *s = of(base);
    size_t taken = 0;
    for (; taken < max && s->n > 0; taken++, s->n--) {
        out[taken] = (struct haul_receipt){.cookie = s->cookie[s->head], .result = HAUL_OK};
        s->head = (s->head + 1) % RECEIPTS_MAX;
    }
    return taken;
}

static enum haul_err sink_flush(struct haul_sink *base, int timeout_ms, struct haul_error *e)
{
    (void)base, (void)timeout_ms, (void)e;
    return HAUL_OK;
}

static void sink_close(struct haul_sink *base)
{
    free(of(base));
}

static const struct haul_sink_ops ops = {"null", sink_send, sink_poll, sink_flush, sink_close};

struct haul_sink *haul_null_sink_open(void)
{
    struct null_sink *s = calloc(1, sizeof *s);
    assert(s != NULL);
    s->base.ops = &ops;
    return &s->base;
}
