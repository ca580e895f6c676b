/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a message of JT/T 808: frames, locations, batches. The parts must cover the message in order.
 */
#include "haul/jt808.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_batch(struct haul_str body)
{
    struct haul_jt808_batch batch;
    struct haul_jt808_location l;
    struct haul_refusal why;
    struct haul_str report;
    size_t at;
    if (!haul_jt808_batch_open(body, &batch, &why)) return;
    while (batch.left > 0)
        if (haul_jt808_batch_next(&batch, &report, &at, &why)) haul_jt808_location_read(report, at, &l, &why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct haul_str rest = {(const char *)data, size}, part;
    const char *end = rest.p;
    while (haul_jt808_next(&rest, &part)) {
        uint8_t room[HAUL_JT808_FRAME_MAX];
        struct haul_jt808_frame f;
        struct haul_jt808_location l;
        struct haul_refusal why = {0};
        assert(part.n > 0 && part.p + part.n <= (const char *)data + size && part.p + 1 >= end);
        end = part.p + part.n;
        if (!haul_jt808_read(part, room, &f, &why)) {
            assert(why.reason != HAUL_REASON_NONE && why.text[0] != '\0');
            continue;
        }
        assert(f.body.n <= HAUL_JT808_BODY_MAX && (f.total == 0 || (f.index >= 1 && f.index <= f.total)));
        haul_jt808_location_read(f.body, 0, &l, &why);
        take_batch(f.body);
    }
    struct haul_jt808_location l;
    struct haul_refusal why;
    haul_jt808_location_read((struct haul_str){(const char *)data, size}, 0, &l, &why);
    take_batch((struct haul_str){(const char *)data, size});
    return 0;
}
