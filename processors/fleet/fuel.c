/* SPDX-License-Identifier: Apache-2.0
 * Fuel that is taken from a vehicle at rest. Fuel sloshes while it drives and for a while after: readings count from
 * `settle` after it came to rest, and each is the median of three. What a level is held against:
 *
 *   ignition on    the highest level of the last `window` (two halves: the one before and the running one), because an
 *                  engine that idles uses fuel, slowly
 *   ignition off   the highest level since the rest began: nothing may use it, however long the terminal sleeps
 *
 *   1  a drop of at least `floor`, and of `drop` litres or of `drop_share` of the level     on at once
 *   2  it drives on                                                                        off at once: somebody has
 *                                                                                          taken the vehicle over
 */
#include "processors/fleet/fleet.h"

static int32_t median3(const int32_t v[3])
{
    const int32_t low = v[0] < v[1] ? v[0] : v[1], high = v[0] < v[1] ? v[1] : v[0];
    return v[2] < low ? low : v[2] > high ? high : v[2];
}

static int32_t max2(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static void forget(struct fleet_step *x)
{
    struct fleet_state *s = x->s;
    s->fuel_count = 0;
    s->fuel_half = 0;
    s->fuel_peak_ml[0] = s->fuel_peak_ml[1] = 0;
    fleet_clear(x, FLEET_FUEL_THEFT);
}

/* Moves the two halves on to the one that `now` lies in. With the ignition off nothing is forgotten. */
static void roll(struct fleet_state *s, int64_t rested_ms, int64_t half_ms)
{
    const int64_t half = rested_ms / half_ms < UINT16_MAX ? rested_ms / half_ms : UINT16_MAX;
    if (half == s->fuel_half) return;
    if (fleet_ignition(s))
        s->fuel_peak_ml[0] = half == s->fuel_half + 1 ? s->fuel_peak_ml[1] : 0;
    else
        s->fuel_peak_ml[0] = max2(s->fuel_peak_ml[0], s->fuel_peak_ml[1]);
    s->fuel_peak_ml[1] = 0;
    s->fuel_half = (uint16_t)half;
}

static void judge(struct fleet_step *x, double peak_l, double level_l)
{
    const struct fleet_options *o = x->o;
    const double drop_l = peak_l - level_l, share_l = peak_l * o->fuel.drop_share;
    const double smaller_l = share_l < o->fuel.drop_l ? share_l : o->fuel.drop_l;
    const double limit_l = smaller_l > o->fuel.floor_l ? smaller_l : o->fuel.floor_l;
    if (drop_l < limit_l) return;
    fleet_raise(
        x, FLEET_FUEL_THEFT,
        (struct haul_raise){
            .score = 0.5 + drop_l / 200,
            .value = drop_l,
            .threshold = limit_l,
            .unit = "L",
            .evidence = {{"drop_l", drop_l, 1}, {"from_l", peak_l, 1}, {"to_l", level_l, 1}, {"limit_l", limit_l, 1}},
            .evidence_len = 4,
        });
}

void fleet_fuel(struct fleet_step *x)
{
    struct fleet_state *s = x->s;
    if (s->motion != FLEET_RESTING || x->moved) {
        forget(x);
        return;
    }
    const int64_t rested_ms = x->now_ms - s->rest_ms;
    if (!haul_has(x->r, HAUL_F_VP_FUEL) || rested_ms < x->o->fuel.settle_ms) return;
    s->fuel_recent_ml[0] = s->fuel_recent_ml[1], s->fuel_recent_ml[1] = s->fuel_recent_ml[2];
    s->fuel_recent_ml[2] = s->fuel_ml;
    if (s->fuel_count < 3) s->fuel_count++;
    if (s->fuel_count < 3) return;
    const int32_t level_ml = median3(s->fuel_recent_ml);
    roll(s, rested_ms, x->o->fuel.window_ms / 2);
    s->fuel_peak_ml[1] = max2(s->fuel_peak_ml[1], level_ml);
    const int32_t peak_ml = max2(s->fuel_peak_ml[0], s->fuel_peak_ml[1]);
    judge(x, peak_ml / 1000.0, level_ml / 1000.0);
}
