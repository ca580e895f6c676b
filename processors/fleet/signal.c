/* SPDX-License-Identifier: Apache-2.0
 * Rules about what the terminal sends: impossible fixes, its clock, its serial numbers, its silence.
 */
#include "processors/fleet/fleet.h"

/* ---- messages seen before ---------------------------------------------------------------------------------------- */
static void repeated(struct fleet_step *x, uint32_t serial)
{
    struct fleet_state *s = x->s;
    if (s->serial_repeats < UINT8_MAX) s->serial_repeats++;
    haul_task_timer_set(x->task, x->entity, FLEET_T_SERIAL, (struct haul_time){x->now_ms + x->o->serial.window_ms});
    if (s->serial_repeats < x->o->serial.count) return;
    fleet_raise(x, FLEET_DUPLICATE_SERIAL,
                (struct haul_raise){
                    .value = s->serial_repeats,
                    .threshold = (double)x->o->serial.count,
                    .unit = "messages",
                    .evidence = {{"repeats", s->serial_repeats, 0}, {"serial", serial, 0}},
                    .evidence_len = 2,
                });
}

/*  1  no serial number                                        new
 *  2  not among the last three                                 new
 *  3  among them, with the same event time                     seen before: dropped, counted, a repeat
 *  4  among them, with another event time                      new (two terminals, or a replay), a repeat
 * `count` repeats, each within `window` of the one before, raise; a window without one clears (a timer). */
bool fleet_serial(struct fleet_step *x)
{
    struct fleet_state *s = x->s;
    if (x->r->kind != HAUL_KIND_VEHICLE_POSITION || !haul_has(x->r, HAUL_F_VP_SERIAL)) return false;
    const uint32_t serial = (uint32_t)x->r->v[HAUL_F_VP_SERIAL].i, t = (uint32_t)x->r->time.ms;
    for (size_t i = 0; i < FLEET_SERIALS; i++) {
        if (s->serial[i] != serial || s->serial_ms[i] == 0) continue;
        const bool same = s->serial_ms[i] == (t | 1);
        s->serial_ms[i] = t | 1;
        if (same) s->duplicates++;
        repeated(x, serial);
        return same;
    }
    s->serial[s->serial_at] = serial, s->serial_ms[s->serial_at] = t | 1; /* never 0: that is an empty place */
    s->serial_at = (uint8_t)((s->serial_at + 1) % FLEET_SERIALS);
    return false;
}

void fleet_serial_over(struct fleet_step *x)
{
    x->s->serial_repeats = 0;
    fleet_clear(x, FLEET_DUPLICATE_SERIAL);
}

/* ---- impossible fixes -------------------------------------------------------------------------------------------- */
static int ones(uint32_t bits)
{
    return __builtin_popcount(bits);
}

/*  1  this fix is a jump                                      raise, blue
 *  2  and more than `bad` of the last 16 were                 yellow: the receiver drifts or is disturbed
 *  3  the last `clear` fixes are all possible                 clear
 *  4  else                                                    nothing changes
 */
void fleet_gnss(struct fleet_step *x)
{
    const uint16_t history = x->s->gnss_history;
    if (!x->jumped) {
        const uint32_t recent = (1u << x->o->gnss.clear) - 1;
        if (x->fix && (history & recent) == 0) fleet_clear(x, FLEET_GNSS_JUMP);
        return;
    }
    const int bad = ones(history);
    fleet_raise(x, FLEET_GNSS_JUMP,
                (struct haul_raise){
                    .severity = bad > x->o->gnss.bad ? 3 : 4,
                    .score = bad / 16.0,
                    .value = fleet_kmh(fleet_mh(x->jump_mps)),
                    .threshold = fleet_kmh(fleet_mh(x->o->gnss.speed_mps)),
                    .unit = "km/h",
                    .evidence = {{"jump_km", x->jump_m / 1000, 2},
                                 {"speed_kmh", fleet_kmh(fleet_mh(x->jump_mps)), 0},
                                 {"limit_kmh", fleet_kmh(fleet_mh(x->o->gnss.speed_mps)), 0},
                                 {"bad", bad, 0},
                                 {"of", 16, 0}},
                    .evidence_len = 5,
                });
}

/* ---- the clock --------------------------------------------------------------------------------------------------- */
/* What may stand behind it for many vehicles: a gateway that is dead, or one that is late or stamps wrongly. They are
 * two causes, so that one wrong clock does not keep the incident of a dead gateway open. */
static struct haul_str cause_of(const struct fleet_step *x, const char *what)
{
    const size_t n = strlen(what), m = x->s->source_len;
    char *text = m > 0 ? haul_task_scratch(x->task, n + m) : NULL;
    if (text == NULL) return (struct haul_str){"", 0};
    memcpy(text, what, n);
    memcpy(text + n, x->s->source, m);
    return (struct haul_str){text, n + m};
}

static int32_t narrow(int64_t ms)
{
    return ms > INT32_MAX ? INT32_MAX : ms < -INT32_MAX ? -INT32_MAX : (int32_t)ms;
}

/*  1  beyond `limit`, within `steady` of the one before       one more for
 *  2  beyond `limit`, not steady                              begins anew
 *  3  `count` for                                             raise
 *  4  within four fifths of `limit`                           one more against
 *  5  `count` against                                         clear
 *
 * The offset is append time less event time. A terminal that uploads what it kept has a large one that shrinks with
 * each record; a wrong clock has one that stays.
 */
void fleet_skew(struct fleet_step *x)
{
    struct fleet_state *s = x->s;
    const int32_t skew_ms = narrow(haul_task_append(x->task).ms - x->now_ms);
    const int64_t off_ms = fleet_abs(skew_ms), count = x->o->skew.count;
    const bool steady = fleet_abs((int64_t)skew_ms - s->skew_ms) <= x->o->skew.steady_ms;
    s->skew_ms = skew_ms;
    if (off_ms <= x->o->skew.limit_ms / 5 * 4) {
        s->skew_count = 0;
        if (s->skew_good < UINT8_MAX) s->skew_good++;
        if (s->skew_good >= count) fleet_clear(x, FLEET_CLOCK_SKEW);
        return;
    }
    s->skew_good = 0;
    if (off_ms <= x->o->skew.limit_ms) return;
    if (!steady) s->skew_count = 0;
    if (s->skew_count < UINT8_MAX) s->skew_count++;
    if (s->skew_count < count) return;
    fleet_raise(x, FLEET_CLOCK_SKEW,
                (struct haul_raise){
                    .value = skew_ms / 1000.0,
                    .threshold = (double)x->o->skew.limit_ms / 1000,
                    .unit = "s",
                    .cause = cause_of(x, "clock:"),
                    .evidence = {{"skew_s", skew_ms / 1000.0, 0}, {"limit_s", (double)x->o->skew.limit_ms / 1000, 0}},
                    .evidence_len = 2,
                });
}

static void shift_low(uint32_t *low, int64_t by_ms)
{
    if (*low != 0) *low = (uint32_t)(*low + (uint64_t)by_ms);
}

static void shift_times(struct fleet_state *s, int64_t by_ms)
{
    int64_t *const times[] = {&s->fix_ms, &s->newest_ms, &s->rest_ms, &s->stray_ms, &s->gap_from_ms, &s->gap_to_ms};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        if (*times[i] != 0) *times[i] += by_ms;
    shift_low(&s->door_ms, by_ms);
    shift_low(&s->alarm_ms, by_ms);
}

/*  1  the clock is not known to be wrong, or still is             nothing
 *  2  it was slow and is right now                                times move on at once
 *  3  it was fast and is right now                                times move back with the second such record: the
 *                                                                 first may be a straggler from before it was wrong
 *
 * Without this a vehicle whose fast clock is set would stand still until its old time is reached again, and one whose
 * slow clock is set would seem to have been silent.
 */
void fleet_clock(struct fleet_step *x)
{
    struct fleet_state *s = x->s;
    const int64_t skew_ms = haul_task_append(x->task).ms - x->now_ms;
    if (!fleet_raised(x, FLEET_CLOCK_SKEW) || fleet_abs(skew_ms) > x->o->skew.limit_ms / 5 * 4) return;
    if (fleet_abs(s->skew_ms) <= x->o->skew.limit_ms) return;
    const int64_t by_ms = s->skew_ms - skew_ms;
    if (by_ms < 0 && s->skew_good == 0) {
        s->skew_good = 1;
        return;
    }
    shift_times(s, by_ms);
    fleet_fences_shift(s, by_ms);
    s->heard_ms = 0; /* silence and rest are timed anew */
    haul_task_timer_clear(x->task, x->entity, FLEET_T_SILENCE);
    if (s->motion == FLEET_RESTING)
        haul_task_timer_set(x->task, x->entity, FLEET_T_REST, (struct haul_time){s->rest_ms + x->o->fatigue.rest_ms});
    s->skew_ms = narrow(skew_ms);
    x->turned = true; /* the time of the last painting is of the old clock */
}

/* ---- silence ----------------------------------------------------------------------------------------------------- */
/* Something was heard, late or not. Silence is measured from the later of its time and the watermark (before there is
 * one, its arrival), so that a vehicle whose clock is slow, or that uploads late, is not taken for silent. The timers
 * are not moved with every record: one that fires too early looks at heard_ms and waits for the rest. */
void fleet_heard(struct fleet_step *x)
{
    struct fleet_state *s = x->s;
    const struct haul_time mark = haul_task_watermark(x->task);
    const int64_t now = mark.ms == HAUL_TIME_NONE.ms ? haul_task_append(x->task).ms : mark.ms;
    const int64_t heard = now > x->r->time.ms ? now : x->r->time.ms;
    if (heard > s->heard_ms) s->heard_ms = heard;
    fleet_clear(x, FLEET_OFFLINE);
    if (fleet_ignition(s) && haul_task_timer_due(x->entity, FLEET_T_SILENCE).ms == HAUL_TIME_NONE.ms)
        haul_task_timer_set(x->task, x->entity, FLEET_T_SILENCE,
                            (struct haul_time){s->heard_ms + x->o->offline_after_ms});
    if (haul_task_timer_due(x->entity, FLEET_T_GONE).ms == HAUL_TIME_NONE.ms)
        haul_task_timer_set(x->task, x->entity, FLEET_T_GONE, (struct haul_time){s->heard_ms + x->o->keep_ms});
}

/*  1  the ignition is off                       nothing: it may sleep
 *  2  heard of since the timer was set           wait for the rest
 *  3  silent for `after`                         raise, cause: its gateway
 */
void fleet_silence(struct fleet_step *x)
{
    struct fleet_state *s = x->s;
    if (!fleet_ignition(s)) return;
    const int64_t due_ms = s->heard_ms + x->o->offline_after_ms;
    if (due_ms > x->now_ms) {
        haul_task_timer_set(x->task, x->entity, FLEET_T_SILENCE, (struct haul_time){due_ms});
        return;
    }
    const double silent_min = (double)(x->now_ms - s->heard_ms) / 60000;
    fleet_raise(
        x, FLEET_OFFLINE,
        (struct haul_raise){
            .value = silent_min,
            .threshold = (double)x->o->offline_after_ms / 60000,
            .unit = "min",
            .since = {s->heard_ms},
            .cause = cause_of(x, "gateway:"),
            .evidence = {{"silent_min", silent_min, 0}, {"limit_min", (double)x->o->offline_after_ms / 60000, 0}},
            .evidence_len = 2,
        });
}
