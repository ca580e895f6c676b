/* SPDX-License-Identifier: Apache-2.0
 * Any fixes over a small town: traversals join, times do not run backwards, nothing crashes.
 */
#include "haul/match.h"
#include "haul/roads_build.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define SIDE 6

static struct haul_map *town(void)
{
    static struct haul_map *map;
    if (map != NULL) return map;
    static struct haul_buf image;
    struct haul_roads *r;
    struct haul_build_report built;
    struct haul_error e;
    struct haul_builder *b = haul_builder_new();
    for (int i = 0; i < SIDE * SIDE; i++) haul_builder_point(b, i % SIDE * 5000, i / SIDE * 5000);
    for (uint32_t i = 0; i < 2 * SIDE; i++) {
        uint32_t line[SIDE];
        for (uint32_t s = 0; s < SIDE; s++) line[s] = i < SIDE ? s * SIDE + i : (i - SIDE) * SIDE + s;
        const struct haul_road_kind k = {
            .road_class = HAUL_ROAD_ROAD, .access = {15, i % 4 == 0 ? 0 : 15}, .speed_cmps = {1000, 1000}};
        haul_builder_way(b, i, HAUL_STR(""), &k, line, SIDE);
    }
    assert(haul_builder_finish(b, &(struct haul_build_options){.keep_all = true}, &image, &built, &e) == HAUL_OK);
    haul_builder_free(b);
    assert(haul_roads_of_bytes(image.p, image.n, &r, &e) == HAUL_OK && haul_map_new(r, &map, &e) == HAUL_OK);
    return map;
}

static void check(const struct haul_match_output *out, struct haul_traversal *last)
{
    const struct haul_roads_view *v = haul_roads_view(haul_map_roads(town()));
    for (size_t i = 0; i < out->traversals; i++) {
        const struct haul_traversal *t = &out->traversal[i];
        assert(t->arc < 2 * v->edges && t->from_cm <= t->to_cm && t->to_cm <= v->edge_length_cm[t->arc / 2]);
        assert(t->enter.ms <= t->leave.ms);
        if (!t->first) {
            const bool joined = haul_arc_from(v, t->arc) == haul_arc_to(v, last->arc) || t->arc == (last->arc ^ 1);
            assert(joined && t->enter.ms >= last->leave.ms);
        }
        *last = *t;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct haul_matcher *m;
    struct haul_error e;
    struct haul_match_output out;
    struct haul_traversal last = {0};
    uint64_t track[HAUL_TRACK_BYTES / 8];
    const struct haul_match_options o = haul_match_defaults();
    if (m == NULL) assert(haul_matcher_new(town(), &o, &m, &e) == HAUL_OK);
    haul_track_init(track, sizeof track);
    int64_t ms = 0;
    for (; n >= 5; data += 5, n -= 5) {
        ms += data[4] < 250 ? data[4] * 500 : data[4] * 100000 - 25000000;
        struct haul_fix f = {{ms}, (data[0] * 256 + data[1]) * 5e-8, (data[2] * 256 + data[3]) * 5e-8, -1, -1};
        if (data[4] == 1) f.lon_deg *= 1e300;
        if (data[4] == 2) f.heading_deg = (float)data[0] * 2, f.speed_mps = data[1];
        haul_match_fix(m, track, &f, &out);
        check(&out, &last);
    }
    haul_match_flush(m, track, &out);
    check(&out, &last);
    return 0;
}
