/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/domains/support_coldchain.h"

#include <math.h>

struct reefer reefer_of(struct haul_trial *t, const char *id, size_t *relayed)
{
    const double none = (double)NAN;
    *relayed = 0;
    return (struct reefer){.t = t,
                           .id = id,
                           .source = "g1",
                           .ms = MORNING,
                           .temp = 5,
                           .set = none,
                           .air_return = none,
                           .supply = none,
                           .current = none,
                           .humidity = none,
                           .shock = none,
                           .light = none,
                           .battery = none,
                           .refresh = none,
                           .door = -1,
                           .power = -1,
                           .store = -1,
                           .defrost = -1,
                           .relayed = relayed};
}

static void set_real(struct haul_record *r, enum haul_field f, double v)
{
    if (!isnan(v)) haul_set_f(r, f, v);
}

static void set_flag(struct haul_record *r, enum haul_field f, int v)
{
    if (v >= 0) haul_set_i(r, f, v);
}

enum haul_verdict reefer_send(const struct reefer *u)
{
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_COLD_SAMPLE, haul_str_of(u->id), (struct haul_time){u->ms});
    r.source = haul_str_of(u->source);
    haul_set_i(&r, HAUL_F_CS_ZONE, u->zone);
    haul_set_i(&r, HAUL_F_CS_PROBE, u->probe);
    set_real(&r, HAUL_F_CS_TEMP, u->temp);
    set_real(&r, HAUL_F_CS_SET_POINT, u->set);
    set_real(&r, HAUL_F_CS_RETURN, u->air_return);
    set_real(&r, HAUL_F_CS_SUPPLY, u->supply);
    set_real(&r, HAUL_F_CS_CURRENT, u->current);
    set_real(&r, HAUL_F_CS_HUMIDITY, u->humidity);
    set_real(&r, HAUL_F_CS_SHOCK, u->shock);
    set_real(&r, HAUL_F_CS_LIGHT, u->light);
    set_real(&r, HAUL_F_CS_BATTERY, u->battery);
    set_real(&r, HAUL_F_CS_REFRESH, u->refresh);
    set_flag(&r, HAUL_F_CS_DOOR, u->door);
    set_flag(&r, HAUL_F_CS_POWER, u->power);
    set_flag(&r, HAUL_F_CS_STORE, u->store);
    set_flag(&r, HAUL_F_CS_DEFROST, u->defrost);
    if (u->class != NULL) haul_set_s(&r, HAUL_F_CS_CLASS, haul_str_of(u->class));
    return haul_trial_feed(u->t, &r, (struct haul_time){u->ms + u->lag});
}

void reefer_run(struct reefer *r, double minutes, double every)
{
    const int64_t step_ms = (int64_t)(every * 1000), end_ms = r->ms + (int64_t)(minutes * 60000);
    while (r->ms + step_ms <= end_ms) {
        r->ms += step_ms;
        reefer_send(r);
        reefer_relay(r);
    }
}

enum haul_verdict reefer_event(const struct reefer *u, const char *what, const char *shipment, const char *class)
{
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_COLD_EVENT, haul_str_of(u->id), (struct haul_time){u->ms});
    r.source = haul_str_of(u->source);
    haul_set_s(&r, HAUL_F_CE_WHAT, haul_str_of(what));
    haul_set_i(&r, HAUL_F_CE_ZONE, u->zone);
    if (shipment != NULL) haul_set_s(&r, HAUL_F_CE_SHIPMENT, haul_str_of(shipment));
    if (class != NULL) haul_set_s(&r, HAUL_F_CE_CLASS, haul_str_of(class));
    return haul_trial_feed(u->t, &r, (struct haul_time){u->ms + u->lag});
}

enum haul_verdict reefer_handover(const struct reefer *u, const char *shipment, double temp_c, const char *by)
{
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_COLD_HANDOVER, haul_str_of(shipment), (struct haul_time){u->ms});
    haul_set_f(&r, HAUL_F_CH_TEMP, temp_c);
    haul_set_s(&r, HAUL_F_CH_BY, haul_str_of(by));
    return haul_trial_feed(u->t, &r, (struct haul_time){u->ms + u->lag});
}

void reefer_relay(const struct reefer *u)
{
    while (*u->relayed < haul_trial_emitted(u->t)) {
        enum haul_mailbox to;
        const struct haul_record *r = haul_trial_emission(u->t, (*u->relayed)++, &to);
        if (to == HAUL_MAILBOX_COLDCHAIN) haul_trial_feed(u->t, r, (struct haul_time){u->ms + u->lag});
    }
}

void reefer_pass(const struct reefer *u, int64_t ms)
{
    pass_to(u->t, ms);
    reefer_relay(u);
}
