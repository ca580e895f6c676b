/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/ingest/fuzz_bridges.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_bridge(&haul_bridge_vda5050, "hub: HUB1\nhubs: {hall-A: HUB2}\nagv: manufacturer_serial", data, size);
    return 0;
}
