/* SPDX-License-Identifier: Apache-2.0
 * GeoJSON lines and the schematic tables, to a network and back.
 */
#include "haul/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void finish(struct haul_builder *b)
{
    struct haul_buf image;
    struct haul_build_report built;
    struct haul_roads *r;
    struct haul_error e;
    if (haul_builder_finish(b, &(struct haul_build_options){.source = "fuzz", .all_turns = true}, &image, &built, &e) !=
        HAUL_OK)
        return;
    assert(haul_roads_of_bytes(image.p, image.n, &r, &e) == HAUL_OK); /* what is built is accepted */
    haul_roads_close(r);
    haul_buf_free(&image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct haul_import_report report;
    struct haul_error e;
    struct haul_builder *b = haul_builder_new();
    if (haul_import_geojson((const char *)data, n, b, &report, &e) == HAUL_OK) finish(b);
    haul_builder_free(b);
    b = haul_builder_new();
    const struct haul_str places = {(const char *)data, n / 2}, roads = {(const char *)data + n / 2, n - n / 2};
    if (haul_import_places(places, roads, b, &report, &e) == HAUL_OK) finish(b);
    haul_builder_free(b);
    return 0;
}
