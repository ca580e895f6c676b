/* SPDX-License-Identifier: Apache-2.0
 * Vehicles that come and go for ever, into the fleet's mailbox.
 *     flood BROKERS INSTANCE PARTITIONS RECORDS WINDOW PER_ID PACK RATE [START_MS]
 * RECORDS in all, of WINDOW vehicles at a time, each with a new id after PER_ID records, PACK records a message, at
 * most RATE a second (0: as fast as it goes). Time goes on by ten seconds with each round of the window. With PER_ID 1
 * no id comes twice. Prints how many records and ids were sent.
 */
#include "tests/bench/commands/vehicles.h"

#include "haul/hash.h"
#include "haul/kafka_sink.h"
#include "haul/record.h"

#include <stdio.h>
#include <stdlib.h>

#define ROUND_MS 10000

struct flood {
    uint64_t records, window, per_id, pack, rate;
    uint32_t partitions;
    int64_t start_ms;
    struct haul_sink *sink;
    struct haul_buf message;
    uint64_t sent, ids;
};

static void receipts(struct flood *f)
{
    struct haul_receipt r[256];
    for (size_t n; (n = f->sink->ops->poll(f->sink, r, 256)) > 0;)
        for (size_t i = 0; i < n; i++)
            if (r[i].result != HAUL_OK) fprintf(stderr, "flood: %s\n", r[i].text), exit(1);
}

static void position(struct flood *f, struct haul_str id, uint64_t slot, int64_t ms)
{
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_VEHICLE_POSITION, id, (struct haul_time){ms});
    r.positioned = true;
    r.source = HAUL_STR("flood");
    r.lon_deg = 114 + (double)(slot % 400) / 100 + (double)(ms % 3600000) / 3.6e7;
    r.lat_deg = 25 + (double)(slot / 400 % 400) / 100;
    haul_set_f(&r, HAUL_F_VP_SPEED, 36);
    haul_set_i(&r, HAUL_F_VP_STATUS, 3);
    haul_record_pack(&r, &f->message);
}

/* The records of one vehicle of the window in this turn, as one message. Vehicles do not all change at once: each is as
 * far on as its slot says. */
static void turn(struct flood *f, uint64_t round, uint64_t slot)
{
    const uint64_t turns = (f->per_id + f->pack - 1) / f->pack, on = round + slot * turns / f->window;
    char text[40];
    const size_t n =
        (size_t)snprintf(text, sizeof text, "F%llu-%llu", (unsigned long long)slot, (unsigned long long)(on / turns));
    const struct haul_str id = {text, n};
    haul_buf_clear(&f->message);
    if (f->pack > 1) haul_message_pack_header((uint32_t)f->pack, &f->message);
    for (uint64_t i = 0; i < f->pack; i++)
        position(f, id, slot, f->start_ms + (int64_t)((round * f->pack + i) * ROUND_MS + slot * ROUND_MS / f->window));
    const struct haul_outgoing m = {.to = HAUL_MAILBOX_FLEET,
                                    .partition = (int32_t)haul_partition_of(haul_murmur2(id.p, id.n), f->partitions),
                                    .key = id,
                                    .value = {(const char *)f->message.p, f->message.n}};
    struct haul_error e = {0};
    while (f->sink->ops->send(f->sink, &m, &e) == HAUL_E_AGAIN) receipts(f), haul_sleep_ms(1);
    f->sent += f->pack;
    f->ids += round == 0 || on % turns == 0;
}

static void run(struct flood *f)
{
    const struct haul_mono began = haul_mono_now();
    for (uint64_t round = 0; f->sent < f->records; round++)
        for (uint64_t slot = 0; slot < f->window && f->sent < f->records; slot++) {
            turn(f, round, slot);
            if (f->sent % 1024 < f->pack) receipts(f);
            while (f->rate > 0 && (double)(haul_mono_now().ns - began.ns) / 1e9 * (double)f->rate < (double)f->sent)
                receipts(f), haul_sleep_ms(1);
        }
}

int main(int argc, char **argv)
{
    if (argc < 9) return fprintf(stderr, "usage: see the head of the source\n"), 64;
    const struct haul_kafka_options o = bench_kafka_options(argv[1], 20);
    struct flood f = {.partitions = (uint32_t)strtoul(argv[3], NULL, 10),
                      .records = strtoull(argv[4], NULL, 10),
                      .window = strtoull(argv[5], NULL, 10),
                      .per_id = strtoull(argv[6], NULL, 10),
                      .pack = strtoull(argv[7], NULL, 10),
                      .rate = strtoull(argv[8], NULL, 10)};
    if (f.partitions == 0 || f.window == 0 || f.per_id == 0 || f.pack == 0 || f.pack > 256) return 64;
    f.start_ms = argc > 9 ? strtoll(argv[9], NULL, 10) : haul_wall_now().ms - 10ll * 86400 * 1000;
    struct haul_error e = {0};
    haul_buf_init(&f.message, 4096, 1 << 20);
    if (haul_kafka_sink_open(&o, argv[2], NULL, &f.sink, &e) != HAUL_OK)
        return fprintf(stderr, "flood: %s\n", e.text), 1;
    run(&f);
    for (int i = 0; i < 1200 && f.sink->ops->flush(f.sink, 100, &e) != HAUL_OK; i++) receipts(&f);
    receipts(&f);
    f.sink->ops->close(f.sink);
    haul_buf_free(&f.message);
    printf("%llu records of %llu ids\n", (unsigned long long)f.sent, (unsigned long long)f.ids);
    return 0;
}
