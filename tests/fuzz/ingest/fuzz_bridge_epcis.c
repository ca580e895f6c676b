/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/ingest/fuzz_bridges.h"

#include "ingest/epcis.h"

/* Names are parts of the text that they are read from; an item may be in the room instead. */
static void names(const uint8_t *data, size_t size)
{
    const struct haul_str uri = {(const char *)data, size};
    struct haul_str site, spot;
    char room[EPCIS_ITEM_MAX];
    const struct haul_str item = epcis_item(uri, room);
    epcis_place(uri, &site, &spot);
    assert(site.n <= size && spot.n <= size);
    assert(item.p == room ? item.n <= sizeof room
                          : item.n == 0 || (item.p >= uri.p && item.p + item.n <= uri.p + size));
    assert(site.n == 0 || (site.p >= uri.p && site.p + site.n <= uri.p + size));
    assert(spot.n == 0 || (spot.p >= uri.p && spot.p + spot.n <= uri.p + size));
    epcis_scheme(uri);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    names(data, size);
    fuzz_bridge(&haul_bridge_epcis, "hubs: {\"0012345.11111\": HUB7}\ncold: {loads: true}", data, size);
    return 0;
}
