/* SPDX-License-Identifier: Apache-2.0
 * From "it holds" to an alert of the unit or of the shipment.
 */
#include "processors/coldchain/coldchain.h"

int64_t cold_held_ms(int64_t *since_ms, bool on, int64_t now_ms)
{
    if (!on) {
        *since_ms = 0;
        return -1;
    }
    if (*since_ms == 0) *since_ms = now_ms;
    return now_ms - *since_ms;
}

static double score_of(uint8_t severity)
{
    assert(severity >= 1 && severity <= 4);
    return (double)(5 - severity) / 4;
}

void cold_raise(struct cold_step *x, enum cold_rule rule, struct haul_raise a)
{
    a.rule = rule;
    if (a.severity == 0) a.severity = cold_rules[rule].severity;
    if (!(a.score > 0)) a.score = score_of(a.severity);
    if (a.score > 1) a.score = 1;
    if (a.since.ms == 0) a.since.ms = x->now_ms;
    if (x->u != NULL && x->u->positioned) a.positioned = true, a.lon_deg = x->u->lon_deg, a.lat_deg = x->u->lat_deg;
    if (!haul_entity_raised(x->entity, rule)) {
        x->turned = true;
        if (x->s != NULL) cold_log(x->s, x->now_ms, rule, true, a.value, a.threshold);
    }
    haul_task_raise(x->task, x->entity, &a);
}

void cold_clear(struct cold_step *x, enum cold_rule rule)
{
    if (!haul_entity_raised(x->entity, rule)) return;
    haul_task_clear(x->task, x->entity, rule);
    if (x->s != NULL) cold_log(x->s, x->now_ms, rule, false, 0, 0);
    x->turned = true;
}

static bool any_part(const struct cold_unit *u, uint32_t bit)
{
    uint32_t all = u->raised;
    for (size_t i = 0; i < COLD_ZONES; i++) all |= u->zone[i].raised;
    for (size_t i = 0; i < COLD_PROBES; i++) all |= u->probe[i].raised;
    return (all & bit) != 0;
}

void cold_part(struct cold_step *x, uint32_t *raised, enum cold_rule rule, bool on, const struct haul_raise *a)
{
    const uint32_t bit = 1u << rule;
    if (on) {
        *raised |= bit;
        assert(a != NULL);
        cold_raise(x, rule, *a);
        return;
    }
    *raised &= ~bit;
    if (!any_part(x->u, bit)) cold_clear(x, rule);
}
