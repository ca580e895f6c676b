/* SPDX-License-Identifier: Apache-2.0
 * From "the condition holds" to an alert: a change is made only when it has held for its time. One counter a rule is
 * enough, because only one change is ever wanted: to raise while clear, to clear while raised.
 */
#include "processors/fleet/fleet.h"

static uint32_t held_add(uint32_t held, int64_t dt_ms)
{
    if (held == 0) return 1;
    const int64_t sum = (int64_t)held + (dt_ms > 0 ? dt_ms : 0);
    return sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
}

int64_t fleet_held_ms(uint32_t held)
{
    return held == 0 ? 0 : (int64_t)held - 1;
}

/*  1  clear,  on                          the change to raise begins or goes on
 *  2  clear,  on for raise_ms             RAISE
 *  3  clear,  not on                      the change is forgotten
 *  4  raised, off                         the change to clear begins or goes on
 *  5  raised, off for clear_ms            CLEAR
 *  6  raised, not off                     the change is forgotten
 */
enum fleet_verdict fleet_judge(uint32_t *held, bool raised, bool on, bool off, int64_t dt_ms, int64_t raise_ms,
                               int64_t clear_ms)
{
    assert(!(on && off));
    const bool wanted = raised ? off : on;
    if (!wanted) {
        *held = 0;
        return FLEET_KEEP;
    }
    *held = held_add(*held, dt_ms);
    if (fleet_held_ms(*held) < (raised ? clear_ms : raise_ms)) return FLEET_KEEP;
    return raised ? FLEET_CLEAR : FLEET_RAISE;
}

bool fleet_raised(const struct fleet_step *x, enum fleet_rule rule)
{
    return haul_entity_raised(x->entity, rule);
}

double fleet_score_of(uint8_t severity)
{
    assert(severity >= 1 && severity <= 4);
    return (double)(5 - severity) / 4;
}

void fleet_raise(struct fleet_step *x, enum fleet_rule rule, struct haul_raise a)
{
    const struct fleet_state *s = x->s;
    a.rule = rule;
    if (a.severity == 0) a.severity = fleet_rules[rule].severity;
    if (!(a.score > 0)) a.score = fleet_score_of(a.severity);
    if (a.score > 1) a.score = 1;
    if (a.since.ms == 0) a.since.ms = x->now_ms;
    if (s->known & FLEET_HAS_FIX) {
        a.positioned = true;
        a.lon_deg = fleet_lon_deg(s->fix), a.lat_deg = fleet_lat_deg(s->fix);
    }
    if (!fleet_raised(x, rule)) x->turned = true;
    haul_task_raise(x->task, x->entity, &a);
}

void fleet_clear(struct fleet_step *x, enum fleet_rule rule)
{
    if (!fleet_raised(x, rule)) return;
    haul_task_clear(x->task, x->entity, rule);
    x->turned = true;
}

bool fleet_wants(struct fleet_step *x, enum fleet_rule rule, enum fleet_hold hold, bool on, bool off, int64_t raise_ms,
                 int64_t clear_ms, struct haul_time *since)
{
    uint32_t *held = &x->s->held[hold];
    const bool raised = fleet_raised(x, rule);
    *since = (struct haul_time){x->now_ms};
    switch (fleet_judge(held, raised, on, off, x->dt_ms, raise_ms, clear_ms)) {
    case FLEET_KEEP:
        return raised && on;
    case FLEET_RAISE:
        since->ms -= fleet_held_ms(*held);
        *held = 0;
        return true;
    case FLEET_CLEAR:
        *held = 0;
        fleet_clear(x, rule);
        return false;
    }
    return false;
}
