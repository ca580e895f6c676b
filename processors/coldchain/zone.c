/* SPDX-License-Identifier: Apache-2.0
 * A zone and what is aboard: intervals between samples become exposures of its shipments.
 */
#include "processors/coldchain/coldchain.h"

static struct haul_str text_of(const char *p, size_t n)
{
    return (struct haul_str){p, n};
}

const struct cold_class *cold_zone_class(const struct cold_step *x, unsigned zone)
{
    const struct cold_zone *z = &x->u->zone[zone];
    const struct cold_aboard *newest = NULL;
    for (size_t i = 0; i < COLD_ABOARD; i++) {
        const struct cold_aboard *a = &x->u->aboard[i];
        if (!a->used || a->zone != zone || a->from_ms > x->now_ms || a->until_ms <= x->now_ms) continue;
        if (newest == NULL || a->from_ms > newest->from_ms) newest = a;
    }
    const struct haul_str name =
        newest != NULL ? text_of(newest->class, newest->class_len) : text_of(z->class, z->class_len);
    return newest == NULL && name.n == 0 ? NULL : cold_class_find(x->o, name);
}

int64_t cold_stands_ms(const struct cold_step *x, const struct cold_zone *z)
{
    int64_t every_ms = 0;
    for (size_t i = 0; i < COLD_PROBES; i++) {
        const struct cold_probe *p = &x->u->probe[i];
        if (p->ms != 0 && &x->u->zone[p->zone] == z) every_ms = cold_most(every_ms, p->every_ms);
    }
    return cold_most(x->o->gap_ms, (int64_t)((double)every_ms * x->o->sensor.missing_times));
}

/* ---- exposure ---- */
enum { EXPOSURE, LOADED, UNLOADED };

static double bounded(double temp_c)
{
    return temp_c < -100 ? -100 : temp_c > 100 ? 100 : temp_c;
}

static void emit(struct cold_step *x, const struct cold_aboard *a, int what, int64_t from_ms, int64_t to_ms,
                 const double now[2])
{
    const struct cold_zone *z = &x->u->zone[a->zone];
    const struct haul_str id = {a->id, a->id_len};
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_COLD_EXPOSURE, id, (struct haul_time){to_ms});
    r.source = text_of(x->u->source, x->u->source_len);
    haul_set_i(&r, HAUL_F_CX_WHAT, what);
    haul_set_i(&r, HAUL_F_CX_FROM, from_ms);
    haul_set_s(&r, HAUL_F_CX_UNIT, haul_entity_id(x->entity));
    haul_set_i(&r, HAUL_F_CX_ZONE, a->zone);
    haul_set_s(&r, HAUL_F_CX_CLASS, text_of(a->class, a->class_len));
    if (what == EXPOSURE) {
        haul_set_f(&r, HAUL_F_CX_HIGH, bounded(z->high_c));
        haul_set_f(&r, HAUL_F_CX_LOW, bounded(z->low_c));
        haul_set_f(&r, HAUL_F_CX_NOW_HIGH, bounded(now[0]));
        haul_set_f(&r, HAUL_F_CX_NOW_LOW, bounded(now[1]));
        haul_set_i(&r, HAUL_F_CX_DEFROST, cold_in_defrost(x, z));
    }
    haul_task_emit(x->task, HAUL_MAILBOX_COLDCHAIN, id, &r);
}

/* Closes the zone's interval at to_ms: what it had held is the exposure; now is what it has from there. */
static void advance(struct cold_step *x, unsigned zone, int64_t to_ms, const double now[2])
{
    struct cold_zone *z = &x->u->zone[zone];
    if (z->fresh_ms != 0 && to_ms > z->through_ms) {
        const int64_t known_ms = cold_least(to_ms, z->fresh_ms + cold_stands_ms(x, z));
        for (size_t i = 0; i < COLD_ABOARD; i++) {
            const struct cold_aboard *a = &x->u->aboard[i];
            if (!a->used || a->zone != zone) continue;
            const int64_t from_ms = cold_most(z->through_ms, a->from_ms), end_ms = cold_least(known_ms, a->until_ms);
            const double *const at_end = end_ms == to_ms ? now : (const double[]){z->high_c, z->low_c};
            if (from_ms < end_ms) emit(x, a, EXPOSURE, from_ms, end_ms, at_end);
        }
    }
    z->through_ms = cold_most(z->through_ms, to_ms);
}

/* Hottest, coldest and mean of the zone's probes that are believed and fresh at ms. */
static unsigned survey(const struct cold_step *x, unsigned zone, int64_t ms, double out[3])
{
    const int64_t stands_ms = cold_stands_ms(x, &x->u->zone[zone]);
    unsigned n = 0;
    double sum = 0;
    for (size_t i = 0; i < COLD_PROBES; i++) {
        const struct cold_probe *p = &x->u->probe[i];
        if (p->good_ms == 0 || p->zone != zone || ms - p->good_ms > stands_ms) continue;
        out[0] = n == 0 || p->temp_c > out[0] ? p->temp_c : out[0];
        out[1] = n == 0 || p->temp_c < out[1] ? p->temp_c : out[1];
        sum += p->temp_c;
        n++;
    }
    out[2] = n > 0 ? sum / n : 0;
    return n;
}

/* ---- loading ---- */
/* Not pre-cooled (GB 31605-2020, 5.3: the body is brought to temperature before loading): judged when the zone's
 * samples have come to the moment of loading. */
static void check_load(struct cold_step *x, struct cold_aboard *a)
{
    const struct cold_zone *z = &x->u->zone[a->zone];
    const struct cold_class *c = cold_class_find(x->o, text_of(a->class, a->class_len));
    if (a->checked || z->fresh_ms == 0 || z->fresh_ms < a->from_ms) return;
    a->checked = 1;
    if (c == NULL) return;
    const double limit_c =
        cold_breaks(c, COLD_HIGH, z->high_c, z->low_c) ? c->bound[COLD_HIGH].at_c : c->bound[COLD_LOW].at_c;
    const bool hot = cold_breaks(c, COLD_HIGH, z->high_c, z->low_c), on = cold_outside(c, z->high_c, z->low_c);
    const double temp_c = hot ? z->high_c : z->low_c;
    char touches[HAUL_ID_MAX + 10] = "shipment:";
    memcpy(touches + 9, a->id, a->id_len);
    cold_part(x, &x->u->zone[a->zone].raised, COLD_R_PRECOOL, on,
              &(struct haul_raise){.value = temp_c,
                                   .threshold = limit_c,
                                   .unit = "degC",
                                   .touches = {touches, 9u + a->id_len},
                                   .evidence = {{"zone", a->zone, 0}, {"temp_c", temp_c, 1}, {"limit_c", limit_c, 1}},
                                   .evidence_len = 3});
}

static struct cold_aboard *aboard_find(struct cold_unit *u, struct haul_str id)
{
    for (size_t i = 0; i < COLD_ABOARD; i++)
        if (u->aboard[i].used && u->aboard[i].until_ms == INT64_MAX &&
            haul_str_eq(text_of(u->aboard[i].id, u->aboard[i].id_len), id))
            return &u->aboard[i];
    return NULL;
}

static struct cold_aboard *aboard_free(struct cold_unit *u)
{
    for (size_t i = 0; i < COLD_ABOARD; i++)
        if (!u->aboard[i].used) return &u->aboard[i];
    return NULL;
}

void cold_loaded(struct cold_step *x, const struct haul_record *r)
{
    const struct haul_str id = r->v[HAUL_F_CE_SHIPMENT].s, class = r->v[HAUL_F_CE_CLASS].s;
    struct cold_aboard *a = aboard_find(x->u, id);
    if (a != NULL) return; /* it is aboard: the first time counts */
    a = aboard_free(x->u);
    if (a == NULL) {
        haul_task_count(x->task, COLD_C_OVERFULL, 1);
        return;
    }
    *a = (struct cold_aboard){.from_ms = r->time.ms, .until_ms = INT64_MAX, .used = 1};
    a->zone = (uint8_t)r->v[HAUL_F_CE_ZONE].i;
    a->id_len = (uint8_t)id.n, a->class_len = (uint8_t) class.n;
    memcpy(a->id, id.p, id.n);
    if (class.n > 0) memcpy(a->class, class.p, class.n);
    emit(x, a, LOADED, r->time.ms, r->time.ms, NULL);
}

void cold_unloaded(struct cold_step *x, const struct haul_record *r)
{
    struct cold_aboard *a = aboard_find(x->u, r->v[HAUL_F_CE_SHIPMENT].s);
    if (a != NULL) a->until_ms = cold_most(r->time.ms, a->from_ms);
}

int64_t cold_next_departure(const struct cold_unit *u)
{
    int64_t ms = INT64_MAX;
    for (size_t i = 0; i < COLD_ABOARD; i++)
        if (u->aboard[i].used) ms = cold_least(ms, u->aboard[i].until_ms);
    return ms;
}

void cold_depart(struct cold_step *x, int64_t to_ms)
{
    for (size_t i = 0; i < COLD_ABOARD; i++) {
        struct cold_aboard *a = &x->u->aboard[i];
        if (!a->used || a->until_ms > to_ms) continue;
        const struct cold_zone *z = &x->u->zone[a->zone];
        const double now[2] = {z->high_c, z->low_c};
        advance(x, a->zone, a->until_ms, now);
        emit(x, a, UNLOADED, a->until_ms, a->until_ms, NULL);
        memset(a, 0, sizeof *a);
    }
}

/* ---- a sample ---- */
static void keep_air(struct cold_zone *z, const struct cold_held *item)
{
    if (item->has & COLD_HAS_SET) {
        if ((z->known & COLD_HAS_SET) && haul_abs((double)(z->set_c - item->set_c)) > 0.05)
            z->points = 0, z->lift_ms = 0,
            z->base_c = z->mean_c; /* another level is wanted: what was learnt is of no use */
        z->set_c = item->set_c;
    }
    if (item->has & COLD_HAS_RETURN) z->return_c = item->return_c;
    if (item->has & COLD_HAS_SUPPLY) z->supply_c = item->supply_c;
    if (item->has & COLD_HAS_CURRENT) {
        z->current_a = item->current_a;
        if (item->current_a > z->nominal_a) z->nominal_a = item->current_a;
    }
    z->known |= item->has & (COLD_HAS_SET | COLD_HAS_RETURN | COLD_HAS_SUPPLY | COLD_HAS_CURRENT);
}

static void take_temperature(struct cold_step *x, struct cold_probe *p, const struct cold_held *item)
{
    struct cold_zone *z = &x->u->zone[item->zone];
    const int64_t was_ms = z->fresh_ms;
    const double was_c = z->mean_c;
    double now[3] = {0};
    survey(x, item->zone, item->ms, now);
    advance(x, item->zone, item->ms, now);
    z->high_c = now[0], z->low_c = now[1], z->mean_c = now[2];
    z->fresh_ms = cold_most(z->fresh_ms, item->ms);
    cold_point_add(x->u, z, item->ms, z->mean_c);
    cold_air(x, item->zone, was_c, was_ms);
    cold_compressor(x, item->zone);
    cold_twins(x, p);
    for (size_t i = 0; i < COLD_ABOARD; i++)
        if (x->u->aboard[i].used && x->u->aboard[i].zone == item->zone && x->u->aboard[i].from_ms <= item->ms)
            check_load(x, &x->u->aboard[i]);
}

void cold_take(struct cold_step *x, const struct cold_held *item)
{
    struct cold_probe *p = &x->u->probe[item->probe];
    x->now_ms = item->ms;
    if (item->has == 0) {
        cold_guards(x, item);
        return;
    }
    const int64_t before_ms = p->ms;
    p->zone = item->zone;
    keep_air(&x->u->zone[item->zone], item);
    if (item->has & COLD_HAS_DEFROST) cold_defrost_set(&x->u->zone[item->zone], item->defrost, item->ms);
    if (item->has & COLD_HAS_DOOR) cold_door_set(x, item->zone, item->door, item->ms);
    if (item->has & COLD_HAS_TEMP) {
        cold_cadence(x, p, item, before_ms);
        if (cold_probe_take(x, p, item)) take_temperature(x, p, item);
    }
    cold_guards(x, item);
}
