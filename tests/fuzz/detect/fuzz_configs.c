/* SPDX-License-Identifier: Apache-2.0
 * The default detector under any configuration: each is refused with a reason, or it works. The input is a number of
 * patches (where in the configuration, eight bytes), then values.
 */
#include "haul/detect_stream.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t patch(struct haul_stream_config *c, const uint8_t *data, size_t size)
{
    uint8_t *const bytes = (uint8_t *)c;
    const size_t patches = size > 0 ? data[0] % 8 : 0;
    size_t at = 1;
    for (size_t i = 0; i < patches && at + 10 <= size; i++, at += 10) {
        const size_t where = (size_t)(data[at] | data[at + 1] << 8) % (sizeof *c / 8);
        memcpy(bytes + 8 * where, data + at + 2, 8);
    }
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct haul_stream s;
    struct haul_stream_config c = haul_stream_config_default();
    struct haul_error e;
    size_t at = patch(&c, data, size);
    /* an enum and a bool read from bytes must hold one of their values */
    uint8_t side;
    memcpy(&side, &c.side, 1);
    c.side = (enum haul_side)(side % 3);
    if (haul_stream_init(&s, &c, &e) != HAUL_OK) {
        if (e.text[0] == '\0') abort();
        return 0;
    }
    for (int64_t i = 0; i < 400; i++, at += 4) {
        int32_t raw = (int32_t)(i * 7919 % 1000);
        if (at + 4 <= size) memcpy(&raw, data + at, 4);
        const struct haul_stream_score x = haul_stream_update(&s, &c, raw, (struct haul_time){300000 * i});
        if (!(x.score.score >= 0 && x.score.score <= 1) || x.score.statistic != x.score.statistic) abort();
        if (x.score.verdict == HAUL_VERDICT_ANOMALY && x.score.score < 0.5) abort();
    }
    return 0;
}
