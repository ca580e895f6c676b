/* SPDX-License-Identifier: Apache-2.0
 * Writes a backlog of vehicle positions into the fleet mailbox: N vehicles on straight ways, each reporting H times a
 * second for S seconds of event time, R records a message. What `make bench` drains. bench_load BROKERS VEHICLES HZ
 * SECONDS RECORDS_A_MESSAGE PARTITIONS [rate: events a second, 0 = as fast as it goes] [start ms] [instance]
 */
#include "tests/bench/commands/vehicles.h"

#include "haul/hash.h"
#include "haul/kafka_sink.h"
#include "haul/math.h"
#include "haul/record.h"

#include <stdio.h>
#include <stdlib.h>

struct load {
    struct haul_sink *sink;
    uint32_t partitions;
    uint64_t sent, events;
    struct haul_buf b;
};

static void drain_receipts(struct load *l)
{
    struct haul_receipt r[256];
    for (size_t n; (n = l->sink->ops->poll(l->sink, r, 256)) > 0;)
        for (size_t i = 0; i < n; i++)
            if (r[i].result != HAUL_OK) fprintf(stderr, "bench_load: %s\n", r[i].text), exit(1);
}

static void send(struct load *l, struct haul_str id, uint32_t partition, uint32_t records)
{
    const struct haul_outgoing m = {
        .to = HAUL_MAILBOX_FLEET,
        .partition = (int32_t)partition,
        .key = id,
        .value = {(const char *)l->b.p, l->b.n},
    };
    struct haul_error e = {0};
    while (l->sink->ops->send(l->sink, &m, &e) == HAUL_E_AGAIN) drain_receipts(l);
    l->sent++;
    l->events += records;
    if ((l->sent & 1023) == 0) drain_receipts(l);
}

int main(int argc, char **argv)
{
    if (argc < 7) return fprintf(stderr, "usage: see the head of the source\n"), 64;
    const struct haul_kafka_options o = bench_kafka_options(argv[1], 20);
    const uint32_t vehicles = (uint32_t)strtoul(argv[2], NULL, 10), pack = (uint32_t)strtoul(argv[5], NULL, 10);
    const double hz = strtod(argv[3], NULL), seconds = strtod(argv[4], NULL),
                 rate = argc > 7 ? strtod(argv[7], NULL) : 0;
    struct load l = {.partitions = (uint32_t)strtoul(argv[6], NULL, 10)};
    struct haul_error e = {0};
    haul_buf_init(&l.b, 4096, 1 << 20);
    if (haul_kafka_sink_open(&o, argc > 9 ? argv[9] : "", NULL, &l.sink, &e) != HAUL_OK)
        return fprintf(stderr, "bench_load: %s\n", e.text), 1;
    const int64_t start_ms =
        argc > 8 && argv[8][0] != 0 ? strtoll(argv[8], NULL, 10) : haul_wall_now().ms - (int64_t)(seconds * 1000);
    const struct haul_mono began = haul_mono_now();
    const int64_t step_ms = (int64_t)(1000 / hz), reports = (int64_t)(seconds * hz);
    for (int64_t k = 0; k < reports; k += pack)
        for (uint32_t v = 0; v < vehicles; v++) {
            char id[24];
            const size_t n = (size_t)snprintf(id, sizeof id, "v%06u", v);
            const struct haul_str key = {id, n};
            const uint32_t records = (uint32_t)(reports - k < pack ? reports - k : pack);
            haul_buf_clear(&l.b);
            if (records > 1) haul_message_pack_header(records, &l.b);
            for (uint32_t i = 0; i < records; i++)
                bench_position(&l.b, v, key, start_ms, start_ms + (k + i) * step_ms + v % 97);
            send(&l, key, haul_partition_of(haul_murmur2(id, n), l.partitions), records);
            while (rate > 0 && (double)(haul_mono_now().ns - began.ns) / 1e9 * rate < (double)l.events)
                haul_sleep_ms(1), drain_receipts(&l);
        }
    for (int i = 0; i < 600 && l.sink->ops->flush(l.sink, 100, &e) != HAUL_OK; i++) drain_receipts(&l);
    drain_receipts(&l);
    l.sink->ops->close(l.sink);
    printf("%llu events in %llu messages, %.1f s\n", (unsigned long long)l.events, (unsigned long long)l.sent,
           (double)(haul_mono_now().ns - began.ns) / 1e9);
    return 0;
}
