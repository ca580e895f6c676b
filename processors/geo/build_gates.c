/* SPDX-License-Identifier: Apache-2.0
 * Points that not everybody passes: a lift gate for trucks only, a bar at 2.1 m. Limits are a matter of edges, so such
 * a point gets a metre of road on each side, of the way's kind but narrower. Where only one way leads over it, the two
 * metres become one edge; the rest of the road stays open to those who do not pass, and no chain is joined over it.
 */
#include "haul/math.h"
#include "processors/geo/build_internal.h"

#include <stdlib.h>
#include <string.h>

/* How many gates stand at points before this one: they are sorted. */
static size_t gates_before(const struct haul_builder *b, uint32_t point)
{
    size_t low = 0, high = b->gate_count;
    if (high > 0 && b->gates[high - 1].point < point) return high; /* points come in order */
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (b->gates[middle].point < point)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void haul_builder_gate(struct haul_builder *b, uint32_t point, const struct haul_road_kind *limits)
{
    void *p = b->gates;
    if (point >= b->points) return;
    const size_t at = gates_before(b, point);
    if (at == b->gate_count || b->gates[at].point != point) {
        const bool good = grow_array(&p, &b->gates_cap, b->gate_count + 1, sizeof *b->gates);
        b->gates = p;
        if (!good) {
            b->failed = true;
            return;
        }
        memmove(&b->gates[at + 1], &b->gates[at], (b->gate_count - at) * sizeof *b->gates);
        b->gate_count++;
    }
    b->gates[at] = (struct gate){point, *limits};
    b->flags[point] |= POINT_GATED;
}

bool build_has_gate(const struct haul_builder *b, const uint32_t *points, size_t n)
{
    for (size_t i = 0; i < n && b->gate_count > 0; i++)
        if (points[i] < b->points && b->flags[points[i]] & POINT_GATED) return true;
    return false;
}

static void lower(uint16_t *limit, uint16_t other)
{
    if (other != 0 && (*limit == 0 || other < *limit)) *limit = other;
}

static struct haul_road_kind narrowed(const struct haul_builder *b, const struct haul_road_kind *kind, uint32_t point)
{
    struct haul_road_kind k = *kind;
    const struct haul_road_kind *gate = &b->gates[gates_before(b, point)].limits;
    k.access[0] &= gate->access[0];
    k.access[1] &= gate->access[0];
    lower(&k.height_cm, gate->height_cm);
    lower(&k.width_cm, gate->width_cm);
    lower(&k.length_dm, gate->length_dm);
    lower(&k.weight_10kg, gate->weight_10kg);
    lower(&k.axle_10kg, gate->axle_10kg);
    return k;
}

/* A new point a metre from `at` towards `to`, or a third of the step when that is less: there may be a gate at `to`. */
static uint32_t aside(struct haul_builder *b, uint32_t at, uint32_t to)
{
    if (at >= b->points || to >= b->points) return HAUL_NONE;
    const double x = b->lon[at], y = b->lat[at], dx = b->lon[to] - x, dy = b->lat[to] - y;
    const double step_m = haul_haversine_m(x * 1e-7, y * 1e-7, b->lon[to] * 1e-7, b->lat[to] * 1e-7);
    const double part = step_m > 3 ? 1 / step_m : 1.0 / 3;
    return haul_builder_point(b, (int32_t)haul_round_i64(x + dx * part), (int32_t)haul_round_i64(y + dy * part));
}

void build_gated_way(struct haul_builder *b, int64_t id, struct haul_str name, const struct haul_road_kind *kind,
                     const uint32_t *points, size_t n)
{
    uint32_t *run = malloc((n + 2) * sizeof *run); /* since the last gate */
    if (run == NULL) {
        b->failed = true;
        return;
    }
    size_t held = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t at = points[i];
        if (!build_has_gate(b, &at, 1)) {
            run[held++] = at;
            continue;
        }
        const struct haul_road_kind narrow = narrowed(b, kind, at);
        if (i > 0) {
            const uint32_t before = run[held++] = aside(b, at, points[i - 1]);
            build_plain_way(b, id, name, kind, run, held);
            build_plain_way(b, id, name, &narrow, (const uint32_t[]){before, at}, 2);
        }
        held = 0;
        if (i + 1 == n) break;
        const uint32_t behind = run[held++] = aside(b, at, points[i + 1]);
        build_plain_way(b, id, name, &narrow, (const uint32_t[]){at, behind}, 2);
    }
    build_plain_way(b, id, name, kind, run, held);
    free(run);
}
