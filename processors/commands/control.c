/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/commands/control.h"

#include "haul/kafka_sink.h"

#define SEND_MS 10000

static enum haul_err receipts(struct haul_sink *sink, struct haul_error *e)
{
    struct haul_receipt r[64];
    for (size_t n; (n = sink->ops->poll(sink, r, 64)) > 0;)
        for (size_t i = 0; i < n; i++)
            if (r[i].result != HAUL_OK)
                return haul_fail(e, r[i].result, "a control record was not taken: %s", r[i].text);
    return HAUL_OK;
}

enum haul_err control_append(const struct runtime *r, const struct haul_processor *p, const struct haul_record *record,
                             struct haul_error *e)
{
    static const struct haul_kafka_log log = {runtime_kafka_log, NULL};
    struct haul_sink *sink;
    struct haul_buf b;
    enum haul_err err = haul_kafka_sink_open(r->kafka, r->engine->instance, &log, &sink, e);
    if (err != HAUL_OK) return err;
    haul_buf_init(&b, 256, 4096);
    haul_record_pack(record, &b);
    for (uint32_t i = 0; i < r->settings.partitions[p->mailbox] && err == HAUL_OK; i++) {
        const struct haul_outgoing m = {
            .to = (uint16_t)p->mailbox, .partition = (int32_t)i, .value = {(const char *)b.p, b.n}};
        err = sink->ops->send(sink, &m, e);
    }
    if (err == HAUL_OK) err = sink->ops->flush(sink, SEND_MS, e);
    if (err == HAUL_OK) err = receipts(sink, e);
    haul_buf_free(&b);
    sink->ops->close(sink);
    return err;
}
