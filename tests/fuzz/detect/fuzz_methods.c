/* SPDX-License-Identifier: Apache-2.0
 * Any detector, any values at any times: first byte the method, then pairs of a double and a step of time.
 */
#include "tests/property/detect/methods.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct haul_score *x)
{
    if (x->verdict == HAUL_VERDICT_INVALID) return;
    if (!(x->score >= 0 && x->score <= 1)) abort();
    if (x->statistic != x->statistic || x->expected != x->expected || !(x->spread >= 0) || !(x->tail_p <= 1)) abort();
    if (x->verdict == HAUL_VERDICT_ANOMALY && x->score < 0.5) abort();
    if (x->verdict == HAUL_VERDICT_NORMAL && x->score >= 0.5) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    _Alignas(16) static uint8_t state[STATE_BYTES];
    const struct method *m = &methods[data[0] % METHODS];
    if (m->init(state) != HAUL_OK) abort();
    struct haul_buf out;
    haul_buf_init(&out, 512, 4096);
    uint64_t at_ms = 0;
    for (size_t at = 1; at + 12 <= size; at += 12) {
        double value;
        int32_t step;
        memcpy(&value, data + at, 8), memcpy(&step, data + at + 8, 4);
        /* small steps, and now and then one that may overflow */
        at_ms += step % 16 == 0 ? (uint64_t)(int64_t)step << 32 : (uint64_t)(int64_t)step;
        const struct haul_score x = m->update(state, value, (struct haul_time){(int64_t)at_ms});
        judge(&x);
        haul_buf_clear(&out);
        haul_score_explain(&x, step & 1 ? HAUL_CHINESE : HAUL_ENGLISH, &out);
        if (out.overflow) abort();
    }
    haul_buf_free(&out);
    return 0;
}
