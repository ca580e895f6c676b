/* SPDX-License-Identifier: Apache-2.0
 * GeoJSON from anybody: it is refused with a reason, or what comes of it passes its own check and can be asked about
 * any point. And a blob from anybody: refused, or harmless.
 */
#include "haul/fence.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void ask(const struct haul_fences *f)
{
    uint32_t near[16];
    int64_t until;
    for (size_t i = 0; i < haul_fences_count(f) && i < 16; i++) {
        const struct haul_fence *x = haul_fences_at(f, i);
        const struct haul_fence_point p = haul_fence_point_at(x->box.min_lon, x->box.max_lat);
        const struct haul_fence_point q = haul_fence_point_at(x->box.max_lon, x->box.min_lat);
        const size_t n = haul_fences_near(f, x->box, near, 16);
        if (n == 0) abort();
        haul_fence_where(f, x, &p);
        haul_fence_crossed(f, x, &p, &q);
        haul_fence_distance_m(f, x, &q, 1000);
        haul_fence_holds(f, x, HAUL_STR("truck"), (int64_t)i * 7777777, &until);
        uint32_t at;
        if (!haul_fences_find(f, haul_fence_id(x), &at) || at != i) abort();
    }
}

static void as_text(const uint8_t *bytes, size_t n)
{
    struct haul_buf blob;
    struct haul_error e = {0};
    haul_buf_init(&blob, 4096, 1 << 24);
    const enum haul_err err =
        haul_fences_prepare((struct haul_str){(const char *)bytes, n}, &blob, NULL, NULL, NULL, &e);
    if (err != HAUL_OK && (e.text[0] == '\0' || blob.n != 0)) abort();
    if (err == HAUL_OK) {
        if (haul_fences_check(blob.p, blob.n, &e) != HAUL_OK) abort();
        ask(haul_fences_of(blob.p));
    }
    haul_buf_free(&blob);
}

static void as_blob(const uint8_t *bytes, size_t n)
{
    struct haul_error e;
    uint8_t *copy = aligned_alloc(64, (n / 64 + 1) * 64);
    if (copy == NULL) abort();
    memcpy(copy, bytes, n);
    haul_fences_check(copy, n, &e);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    as_text(bytes, n);
    as_blob(bytes, n);
    return 0;
}
