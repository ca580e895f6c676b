/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/ingest/fuzz_bridges.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_bridge(&haul_bridge_json,
                "maps:\n"
                "  cars:\n"
                "    kind: vehicle_position\n"
                "    when: {type: pos, $.v: 2}\n"
                "    records: data.cars\n"
                "    fields: {id: id, time: $.at, lon: p.0, lat: p.1, speed_kmh: \"v[m/s]\", driver: d}\n"
                "    set: {group: taxi}\n"
                "    zone: \"+08:00\"\n"
                "    crs: gcj02\n"
                "  readings:\n"
                "    to: template\n"
                "    kind: template_reading\n"
                "    fields: {id: name, time: \"t[s]\", value: value, between: before}",
                data, size);
    return 0;
}
