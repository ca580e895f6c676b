/* SPDX-License-Identifier: Apache-2.0
 * A road network whose checksums are right and whose contents are anything: opened or refused, and if opened, usable.
 */
#include "haul/hash.h"
#include "haul/route.h"
#include "processors/geo/roads_format.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Makes the sums right, so that what is behind them is reached. */
static void sign(uint8_t *bytes, size_t n)
{
    struct roads_header *h = (struct roads_header *)(void *)bytes;
    memcpy(h->magic, ROADS_MAGIC, sizeof h->magic);
    h->version = ROADS_VERSION, h->endian = ROADS_ENDIAN, h->file_bytes = n;
    const struct haul_hash128 hash = haul_xxh3_128(bytes + sizeof *h, n - sizeof *h);
    h->hash_hi = hash.hi, h->hash_lo = hash.lo;
    h->header_hash = haul_xxh3(h, offsetof(struct roads_header, header_hash));
}

static void use(const struct haul_roads *r)
{
    const struct haul_roads_view *v = haul_roads_view(r);
    struct haul_map *map;
    struct haul_cch *cch;
    struct haul_vehicle car;
    struct haul_near near[8];
    struct haul_error e;
    if (v->edges > 5000 || v->nodes > 5000) return;
    haul_vehicle_preset("car", &car);
    for (uint32_t a = 0; a < 2 * v->edges; a++) haul_vehicle_arc_ms(v, &car, a);
    for (uint32_t i = 0; i < v->edges; i++) haul_roads_name(r, i);
    if (haul_map_new(r, &map, &e) == HAUL_OK) {
        haul_map_near(map, 115.8, 28.6, 500, 0, near, 8);
        haul_map_free(map);
    }
    if (haul_roads_cch(r, &cch, &e) == HAUL_OK) haul_cch_free(cch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct haul_roads *r;
    struct haul_error e;
    uint8_t *bytes = aligned_alloc(64, (n + 127) / 64 * 64);
    memcpy(bytes, data, n);
    if (n >= sizeof(struct roads_header)) sign(bytes, n);
    if (haul_roads_of_bytes(bytes, n, &r, &e) == HAUL_OK) {
        use(r);
        haul_roads_close(r);
    }
    free(bytes);
    return 0;
}
