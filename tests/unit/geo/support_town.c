/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/geo/support_town.h"

#include <assert.h>
#include <stdio.h>

double town_lon(double x)
{
    return (TOWN_LON + x * TOWN_STEP) * 1e-7;
}
double town_lat(double y)
{
    return (TOWN_LAT + y * TOWN_STEP) * 1e-7;
}

void town_build(struct town *t)
{
    struct haul_builder *b = haul_builder_new();
    struct haul_build_report report;
    struct haul_error e;
    assert(b != NULL);
    for (int i = 0; i < TOWN_SIDE * TOWN_SIDE; i++)
        haul_builder_point(b, TOWN_LON + i % TOWN_SIDE * TOWN_STEP, TOWN_LAT + i / TOWN_SIDE * TOWN_STEP);
    const struct haul_road_kind k = {
        .road_class = HAUL_ROAD_RESIDENTIAL, .access = {15, 15}, .speed_cmps = {1000, 1000}};
    for (uint32_t i = 0; i < 2 * TOWN_SIDE; i++) {
        uint32_t line[TOWN_SIDE];
        char name[8];
        const int n = snprintf(name, sizeof name, "%c%u", i < TOWN_SIDE ? 'x' : 'y', i % TOWN_SIDE);
        for (uint32_t s = 0; s < TOWN_SIDE; s++)
            line[s] = i < TOWN_SIDE ? s * TOWN_SIDE + i : (i - TOWN_SIDE) * TOWN_SIDE + s;
        haul_builder_way(b, i + 1, (struct haul_str){name, (size_t)n}, &k, line, TOWN_SIDE);
    }
    const struct haul_build_options options = {.source = "town"};
    enum haul_err err = haul_builder_finish(b, &options, &t->image, &report, &e);
    haul_builder_free(b);
    if (err == HAUL_OK) err = haul_roads_of_bytes(t->image.p, t->image.n, &t->roads, &e);
    if (err == HAUL_OK) err = haul_map_new(t->roads, &t->map, &e);
    assert(err == HAUL_OK);
}

void town_free(struct town *t)
{
    haul_map_free(t->map);
    haul_roads_close(t->roads);
    haul_buf_free(&t->image);
}
