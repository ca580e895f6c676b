/* SPDX-License-Identifier: Apache-2.0
 * What a reader of haul:reefer:<id> and haul:shipment:<id> sees, and what `haul dump` shows. Numbers carry their units
 * in their names; what is not known is left out.
 */
#include "processors/coldchain/coldchain.h"

static void text(struct haul_json *j, const char *name, const char *p, size_t n)
{
    if (n > 0) haul_json_kstr(j, name, (struct haul_str){p, n});
}

static void list_open(struct haul_json *j, const char *name)
{
    haul_json_name(j, name);
    haul_json_open(j, '[');
}

/* ---- a unit ---- */
static void probe(const struct cold_unit *u, size_t i, struct haul_json *j)
{
    const struct cold_probe *p = &u->probe[i];
    haul_json_open(j, '{');
    haul_json_ku64(j, "probe", i);
    haul_json_ku64(j, "zone", p->zone);
    haul_json_kf64(j, "temp_c", p->temp_c, 3);
    haul_json_ktime(j, "time", (struct haul_time){p->good_ms == 0 ? INT64_MIN : p->good_ms});
    haul_json_kf64(j, "every_s", (double)p->every_ms / 1000, 0);
    if (p->raised != 0) {
        list_open(j, "troubles");
        for (unsigned r = 0; r < COLD_RULES; r++)
            if (p->raised >> r & 1) haul_json_str(j, haul_str_of(cold_rules[r].name));
        haul_json_close(j, ']');
    }
    haul_json_close(j, '}');
}

static void air(const struct cold_zone *z, struct haul_json *j)
{
    if (z->known & COLD_HAS_SET) haul_json_kf64(j, "set_point_c", (double)z->set_c, 2);
    if (z->known & COLD_HAS_RETURN) haul_json_kf64(j, "return_c", (double)z->return_c, 2);
    if (z->known & COLD_HAS_SUPPLY) haul_json_kf64(j, "supply_c", (double)z->supply_c, 2);
    if (z->known & COLD_HAS_CURRENT) haul_json_kf64(j, "compressor_a", (double)z->current_a, 2);
    if (z->eta_min > 0) haul_json_kf64(j, "limit_in_min", (double)z->eta_min, 0);
}

static void zone(const struct cold_unit *u, size_t i, struct haul_json *j)
{
    const struct cold_zone *z = &u->zone[i];
    haul_json_open(j, '{');
    haul_json_ku64(j, "zone", i);
    haul_json_ktime(j, "time", (struct haul_time){z->fresh_ms});
    haul_json_kf64(j, "temp_c", z->mean_c, 3);
    haul_json_kf64(j, "high_c", z->high_c, 3);
    haul_json_kf64(j, "low_c", z->low_c, 3);
    air(z, j);
    if (z->door_known) haul_json_kbool(j, "door_open", z->door);
    haul_json_kbool(j, "defrost", z->declared || z->lift_ms != 0);
    haul_json_kbool(j, "outside", z->out);
    text(j, "class", z->class, z->class_len);
    haul_json_close(j, '}');
}

static void aboard(const struct cold_aboard *a, struct haul_json *j)
{
    haul_json_open(j, '{');
    text(j, "shipment", a->id, a->id_len);
    text(j, "class", a->class, a->class_len);
    haul_json_ku64(j, "zone", a->zone);
    haul_json_ktime(j, "since", (struct haul_time){a->from_ms});
    haul_json_close(j, '}');
}

static void measures(const struct cold_unit *u, struct haul_json *j)
{
    if (u->known & COLD_HAS_HUMIDITY) haul_json_kf64(j, "humidity_pct", (double)u->humidity, 1);
    if (u->known & COLD_HAS_SHOCK) haul_json_kf64(j, "shock_g", (double)u->shock_g, 2);
    if (u->known & COLD_HAS_LIGHT) haul_json_kf64(j, "light_lx", (double)u->light_lx, 0);
    if (u->known & COLD_HAS_BATTERY) haul_json_kf64(j, "battery_pct", (double)u->battery, 0);
    if (u->known & COLD_HAS_POWER) haul_json_kbool(j, "power", u->power);
}

static void unit(const struct cold_unit *u, struct haul_json *j)
{
    if (u->positioned) {
        haul_json_kf64(j, "lon_deg", u->lon_deg, 7);
        haul_json_kf64(j, "lat_deg", u->lat_deg, 7);
    }
    text(j, "source", u->source, u->source_len);
    haul_json_kbool(j, "store", u->store);
    measures(u, j);
    list_open(j, "zones");
    for (size_t i = 0; i < COLD_ZONES; i++)
        if (u->zone[i].fresh_ms != 0) zone(u, i, j);
    haul_json_close(j, ']');
    list_open(j, "probes");
    for (size_t i = 0; i < COLD_PROBES; i++)
        if (u->probe[i].ms != 0) probe(u, i, j);
    haul_json_close(j, ']');
    list_open(j, "shipments");
    for (size_t i = 0; i < COLD_ABOARD; i++)
        if (u->aboard[i].used) aboard(&u->aboard[i], j);
    haul_json_close(j, ']');
    haul_json_ku64(j, "waiting", u->held_len);
    haul_json_ku64(j, "disordered", u->disordered);
    haul_json_ku64(j, "hurried", u->hurried);
    haul_json_ku64(j, "untrusted", u->untrusted);
}

/* ---- a shipment ---- */
static const char *const band_names[COLD_BANDS] = {"frozen_min", "below_min", "in_range_min", "above_min", "hot_min"};
static const char *const bound_names[COLD_BOUNDS] = {"high", "low", "freeze", "hot", "warm", "mild"};

static void figures(const struct cold_shipment *s, struct haul_json *j)
{
    if (!s->exposed) return;
    haul_json_ktime(j, "through", (struct haul_time){s->through_ms});
    haul_json_kf64(j, "now_high_c", s->now_high_c, 3);
    haul_json_kf64(j, "now_low_c", s->now_low_c, 3);
    haul_json_kf64(j, "min_c", s->min_c, 3);
    haul_json_ktime(j, "min_time", (struct haul_time){s->min_ms});
    haul_json_kf64(j, "max_c", s->max_c, 3);
    haul_json_ktime(j, "max_time", (struct haul_time){s->max_ms});
    if (s->mkt.w_ms == 0) return;
    haul_json_kf64(j, "mean_c", cold_total(&s->mean) / (double)s->mkt.w_ms, 3);
    haul_json_kf64(j, "mkt_c", cold_mkt_c(&s->mkt), 6);
    haul_json_kf64(j, "monitored_min", cold_min(s->mkt.w_ms), 2);
    if (s->window.window_ms != 0) haul_json_kf64(j, "mkt_window_c", cold_window_c(&s->window), 6);
}

static void limits(const struct cold_shipment *s, const struct cold_class *c, struct haul_json *j)
{
    haul_json_name(j, "bands");
    haul_json_open(j, '{');
    for (size_t i = 0; i < COLD_BANDS; i++) haul_json_kf64(j, band_names[i], cold_min(s->band_ms[i]), 2);
    haul_json_close(j, '}');
    list_open(j, "limits");
    for (size_t b = 0; c != NULL && b < COLD_BOUNDS; b++) {
        if (haul_abs(c->bound[b].at_c) >= 300) continue;
        haul_json_open(j, '{');
        haul_json_kstr(j, "limit", haul_str_of(bound_names[b]));
        haul_json_kf64(j, "at_c", c->bound[b].at_c, 2);
        haul_json_kf64(j, "total_min", cold_min(s->total_ms[b]), 2);
        haul_json_kf64(j, "longest_min", cold_min(s->worst_ms[b]), 2);
        haul_json_close(j, '}');
    }
    haul_json_close(j, ']');
    if (c != NULL && c->life_ms > 0) haul_json_kf64(j, "life_left_pct", 100 * (1 - cold_total(&s->life)), 3);
}

static void gaps(const struct cold_shipment *s, struct haul_json *j)
{
    haul_json_ku64(j, "gaps", s->gaps);
    haul_json_kf64(j, "gap_min", cold_min(s->gap_ms), 2);
    list_open(j, "newest_gaps");
    for (size_t i = 0; i < COLD_GAPS; i++) {
        if (s->gap[i].from_ms == s->gap[i].to_ms) continue;
        haul_json_open(j, '{');
        haul_json_ktime(j, "from", (struct haul_time){s->gap[i].from_ms});
        haul_json_ktime(j, "to", (struct haul_time){s->gap[i].to_ms});
        haul_json_close(j, '}');
    }
    haul_json_close(j, ']');
}

static void log_of(const struct cold_shipment *s, struct haul_json *j)
{
    list_open(j, "log");
    for (size_t i = 0; i < s->log_len; i++) {
        const struct cold_entry *e = &s->log[i];
        haul_json_open(j, '{');
        haul_json_ktime(j, "time", (struct haul_time){e->ms});
        haul_json_kstr(j, "rule", haul_str_of(cold_rules[e->rule].name));
        haul_json_kstr(j, "what", haul_str_of(e->open ? "raised" : "cleared"));
        if (e->open) haul_json_kf64(j, "value", e->value, 3);
        if (e->open) haul_json_kf64(j, "threshold", e->threshold, 3);
        haul_json_close(j, '}');
    }
    haul_json_close(j, ']');
    haul_json_ku64(j, "log_forgotten", s->forgotten);
}

static struct haul_time known(int64_t ms)
{
    return (struct haul_time){ms == 0 ? INT64_MIN : ms};
}

static void shipment(const struct cold_shipment *s, const struct cold_class *c, struct haul_json *j)
{
    text(j, "unit", s->unit, s->unit_len);
    haul_json_ku64(j, "zone", s->zone);
    text(j, "class", s->class, s->class_len);
    if (c != NULL) haul_json_kstr(j, "judged_as", haul_str_of(c->name));
    haul_json_kbool(j, "aboard", s->aboard);
    haul_json_ktime(j, "begin", known(s->begin_ms));
    haul_json_ktime(j, "loaded", known(s->loaded_ms));
    haul_json_ktime(j, "unloaded", known(s->unloaded_ms));
    text(j, "held_by", s->by, s->by_len);
    haul_json_ku64(j, "handovers", s->handovers);
    haul_json_kf64(j, "handover_k", s->handover_k, 2);
    figures(s, j);
    limits(s, c, j);
    gaps(s, j);
    haul_json_ku64(j, "filled", s->filled);
    haul_json_ku64(j, "overlaps", s->overlaps);
    log_of(s, j);
}

static void alerts(const struct haul_entity *e, struct haul_json *j)
{
    list_open(j, "alerts");
    for (unsigned r = 0; r < COLD_RULES; r++)
        if (haul_entity_raised(e, r)) haul_json_str(j, haul_str_of(cold_rules[r].name));
    haul_json_close(j, ']');
}

void cold_view(const struct haul_task *t, const struct haul_entity *e, struct haul_json *j)
{
    if (haul_entity_kind(e) == COLD_UNIT) {
        unit(haul_entity_state_const(e), j);
    } else {
        const struct cold_shipment *s = haul_entity_state_const(e);
        shipment(s, cold_class_find(haul_task_options(t), (struct haul_str){s->class, s->class_len}), j);
    }
    alerts(e, j);
}

bool cold_live(const struct haul_entity *e, struct haul_live *out)
{
    if (haul_entity_kind(e) != COLD_UNIT) return false;
    const struct cold_unit *u = haul_entity_state_const(e);
    if (!u->positioned) return false;
    *out = (struct haul_live){.lon_deg = u->lon_deg, .lat_deg = u->lat_deg, .state = u->zone[0].out};
    return true;
}

/* ---- dump: what the view does not show besides ---- */
static void dump_zone(const struct cold_zone *z, struct haul_json *j)
{
    const int64_t since[] = {z->through_ms, z->out_ms,     z->warm_ms, z->fade_ms,  z->humid_ms, z->rising_ms,
                             z->door_ms,    z->defrost_ms, z->lift_ms, z->event_ms, z->rest_ms,  z->glow_ms};
    haul_json_open(j, '[');
    for (size_t i = 0; i < sizeof since / sizeof since[0]; i++) haul_json_i64(j, since[i]);
    for (size_t i = 0; i < z->starts; i++) haul_json_i64(j, z->start_ms[i]);
    haul_json_f64(j, z->base_c, 9);
    haul_json_f64(j, (double)z->leak_kpmin, 9);
    haul_json_f64(j, (double)z->nominal_a, 6);
    for (size_t i = 0; i < z->points; i++) haul_json_i64(j, z->point[i].s);
    haul_json_u64(j, z->raised);
    haul_json_close(j, ']');
}

static void dump_probe(const struct cold_probe *p, struct haul_json *j)
{
    haul_json_open(j, '[');
    haul_json_i64(j, p->ms);
    haul_json_i64(j, p->same_ms);
    haul_json_i64(j, p->every_ms);
    haul_json_f64(j, p->temp_c, 9);
    haul_json_f64(j, p->base_k, 9);
    haul_json_f64(j, p->high_k, 9);
    haul_json_f64(j, p->low_k, 9);
    haul_json_u64(j, p->same);
    haul_json_u64(j, p->strays);
    haul_json_u64(j, p->slow);
    haul_json_u64(j, p->raised);
    haul_json_close(j, ']');
}

static void dump_unit(const struct cold_unit *u, struct haul_json *j)
{
    unit(u, j);
    list_open(j, "held");
    for (size_t i = 0; i < u->held_len; i++) {
        haul_json_i64(j, u->held[i].ms);
        haul_json_u64(j, u->held[i].probe);
        haul_json_f64(j, u->held[i].temp_c, 9);
    }
    haul_json_close(j, ']');
    list_open(j, "state");
    for (size_t i = 0; i < COLD_ZONES; i++) dump_zone(&u->zone[i], j);
    for (size_t i = 0; i < COLD_PROBES; i++) dump_probe(&u->probe[i], j);
    haul_json_close(j, ']');
}

static void dump_shipment(const struct cold_shipment *s, struct haul_json *j)
{
    shipment(s, NULL, j);
    haul_json_kf64(j, "life", cold_total(&s->life), 9);
    haul_json_ki64(j, "taken", s->taken_ms);
    list_open(j, "stretches");
    for (size_t b = 0; b < COLD_BOUNDS; b++) {
        haul_json_i64(j, s->single_ms[b]);
        haul_json_i64(j, s->total_ms[b]);
        haul_json_i64(j, s->since_ms[b]);
    }
    haul_json_close(j, ']');
}

void cold_dump(const void *state, unsigned entity_kind, struct haul_json *j)
{
    if (entity_kind == COLD_UNIT)
        dump_unit(state, j);
    else
        dump_shipment(state, j);
}
