/* SPDX-License-Identifier: Apache-2.0
 * Any points, ways and restrictions: the bytes are a script for the builder.
 */
#include "haul/roads_build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct script {
    const uint8_t *p, *end;
};

static uint8_t next(struct script *s)
{
    return s->p < s->end ? *s->p++ : 0;
}

static void add_way(struct script *s, struct haul_builder *b)
{
    uint32_t points[16];
    const size_t n = next(s) % 16;
    struct haul_road_kind k = {
        .road_class = next(s) % HAUL_ROAD_CLASS_COUNT, .access = {next(s), next(s)}, .speed_cmps = {next(s), 500}};
    for (size_t i = 0; i < n; i++) points[i] = next(s) % 40;
    haul_builder_way(b, next(s) % 32, HAUL_STR("way"), &k, points, n);
}

static void add_restriction(struct script *s, struct haul_builder *b)
{
    struct haul_restriction r = {
        .from = next(s) % 32, .to = next(s) % 32, .via_point = next(s) % 50, .mask = next(s) | 1};
    r.only = next(s) & 1;
    r.via_ways = next(s) % (HAUL_VIA_MAX + 1);
    if (r.via_ways > 0) r.via_point = HAUL_NONE;
    for (uint8_t i = 0; i < r.via_ways; i++) r.via_way[i] = next(s) % 32;
    haul_builder_restrict(b, &r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct script s = {data, data + n};
    struct haul_builder *b = haul_builder_new();
    const struct haul_build_options options = {.all_turns = next(&s) & 1, .keep_all = next(&s) & 1};
    for (int i = 0; i < 40; i++) haul_builder_point(b, next(&s) * 7000000, next(&s) * 3000000);
    while (s.p < s.end) switch (next(&s) % 5) {
        case 0:
            haul_builder_block(b, next(&s));
            break;
        case 1:
            haul_builder_delay(b, next(&s), next(&s));
            break;
        case 2:
            add_restriction(&s, b);
            break;
        default:
            add_way(&s, b);
            break;
        }
    struct haul_buf image;
    struct haul_build_report built;
    struct haul_roads *r;
    struct haul_cch *cch;
    struct haul_error e;
    if (haul_builder_finish(b, &options, &image, &built, &e) == HAUL_OK) {
        assert(haul_roads_of_bytes(image.p, image.n, &r, &e) == HAUL_OK);
        assert(haul_roads_cch(r, &cch, &e) == HAUL_OK);
        haul_cch_free(cch);
        haul_roads_close(r);
        haul_buf_free(&image);
    }
    haul_builder_free(b);
    return 0;
}
