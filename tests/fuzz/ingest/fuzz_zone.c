/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a TZif file: what is taken has offsets within two days at all times, and every wall clock leads back to
 * a moment.
 */
#include "ingest/zone.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zone z;
    struct haul_error e;
    if (zone_parse((struct haul_str){(const char *)data, size}, &z, &e) != HAUL_OK) return 0;
    for (int64_t t = -70000000000; t < 250000000000; t += 1234567891) {
        const int64_t offset_s = zone_offset_s(&z, t);
        const struct haul_time back = zone_to_utc(&z, (struct haul_time){t * 1000});
        const int64_t off_ms = back.ms - t * 1000;
        if (offset_s < -604800 || offset_s > 604800 || off_ms < -604800000 || off_ms > 604800000) abort();
    }
    zone_close(&z);
    return 0;
}
