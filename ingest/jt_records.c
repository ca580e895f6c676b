/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/jt_records.h"

const uint8_t jt_gives[] = {HAUL_MAILBOX_FLEET, HAUL_MAILBOX_COLDCHAIN, 0};

const uint64_t jt_items_used = 1ull << HAUL_JT808_MILEAGE | 1ull << HAUL_JT808_FUEL | 1ull << HAUL_JT808_SATELLITES |
                               1ull << HAUL_JT808_CARRIAGE_TEMPERATURE;

static void begin(const struct jt_vehicle *v, enum haul_kind kind, struct haul_time time, struct haul_record *r)
{
    haul_record_init(r, kind, v->id, time);
    r->source = v->source;
}

static void set_place(const struct jt_vehicle *v, const struct haul_jt808_location *l, struct haul_record *r)
{
    r->positioned = true;
    r->lon_deg = l->lon_deg, r->lat_deg = l->lat_deg;
    r->crs = v->crs;
}

static bool send_position(struct haul_task *t, const struct jt_vehicle *v, const struct haul_jt808_location *l,
                          struct haul_refusal *why)
{
    struct haul_record r;
    begin(v, HAUL_KIND_VEHICLE_POSITION, l->time, &r);
    set_place(v, l, &r);
    haul_set_f(&r, HAUL_F_VP_SPEED, (double)l->speed_tenth_kmh / 10);
    haul_set_f(&r, HAUL_F_VP_HEADING, l->heading_deg);
    haul_set_f(&r, HAUL_F_VP_ALTITUDE, l->altitude_m);
    haul_set_i(&r, HAUL_F_VP_STATUS, l->status);
    haul_set_i(&r, HAUL_F_VP_ALARM, l->alarm);
    if (HAUL_JT808_HAS(l, HAUL_JT808_MILEAGE)) haul_set_f(&r, HAUL_F_VP_MILEAGE, (double)l->mileage_tenth_km / 10);
    if (HAUL_JT808_HAS(l, HAUL_JT808_FUEL)) haul_set_f(&r, HAUL_F_VP_FUEL, (double)l->fuel_tenth_l / 10);
    if (HAUL_JT808_HAS(l, HAUL_JT808_SATELLITES)) haul_set_i(&r, HAUL_F_VP_SATELLITES, l->satellites);
    if (v->serial >= 0) haul_set_i(&r, HAUL_F_VP_SERIAL, v->serial);
    if (v->plate.n > 0) haul_set_s(&r, HAUL_F_VP_PLATE, v->plate);
    if (v->group.n > 0) haul_set_s(&r, HAUL_F_VP_GROUP, v->group);
    return haul_bridge_emit(t, HAUL_MAILBOX_FLEET, &r, why);
}

bool jt_alarm(struct haul_task *t, const struct jt_vehicle *v, struct haul_time time, uint32_t bits,
              struct haul_refusal *why)
{
    struct haul_record r;
    begin(v, HAUL_KIND_VEHICLE_EVENT, time, &r);
    haul_set_s(&r, HAUL_F_VE_WHAT, HAUL_STR("alarm"));
    haul_set_i(&r, HAUL_F_VE_ALARM, bits);
    return haul_bridge_emit(t, HAUL_MAILBOX_FLEET, &r, why);
}

/* The vehicle is the load unit. */
static bool send_carriage(struct haul_task *t, const struct jt_vehicle *v, const struct haul_jt808_location *l,
                          struct haul_refusal *why)
{
    struct haul_record r;
    begin(v, HAUL_KIND_COLD_SAMPLE, l->time, &r);
    if (HAUL_JT808_FIXED(l->status)) set_place(v, l, &r);
    haul_set_f(&r, HAUL_F_CS_TEMP, l->carriage_c);
    haul_set_f(&r, HAUL_F_CS_RESOLUTION, 1);
    return haul_bridge_emit(t, HAUL_MAILBOX_COLDCHAIN, &r, why);
}

/*  1  the carriage has a temperature                                        a sample
 *  2  there is a fix                                                        a position
 *  3  there is none, but an alarm is an alarm: the coordinates are those    an event
 *     of some time before
 *  4  nothing of these                                                      ignored, counted
 */
bool jt_location(struct haul_task *t, const struct jt_vehicle *v, const struct haul_jt808_location *l,
                 struct haul_refusal *why)
{
    const bool carriage = HAUL_JT808_HAS(l, HAUL_JT808_CARRIAGE_TEMPERATURE);
    if (carriage && !send_carriage(t, v, l, why)) return false;
    if (HAUL_JT808_FIXED(l->status)) return send_position(t, v, l, why);
    if (l->alarm != 0) return jt_alarm(t, v, l->time, l->alarm, why);
    if (!carriage) haul_bridge_ignore(t, JT_UNFIXED);
    return true;
}
