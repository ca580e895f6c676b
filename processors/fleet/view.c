/* SPDX-License-Identifier: Apache-2.0
 * What a reader of haul:vehicle:<id> sees, and what `haul dump` shows. Numbers carry their units in their names; what
 * is not known is left out.
 */
#include "processors/fleet/fleet.h"

struct bit_name {
    uint32_t bit;
    const char *quoted; /* as it stands in JSON */
};

static const struct bit_name status_names[] = {
    {1u << 0, "\"ignition\""},        {1u << 1, "\"positioned\""},        {1u << 4, "\"out_of_service\""},
    {1u << 5, "\"encrypted\""},       {1u << 10, "\"fuel_cut\""},         {1u << 11, "\"power_cut\""},
    {1u << 12, "\"doors_locked\""},   {1u << 13, "\"door_front_open\""},  {1u << 14, "\"door_mid_open\""},
    {1u << 15, "\"door_rear_open\""}, {1u << 16, "\"door_driver_open\""}, {1u << 18, "\"gps\""},
    {1u << 19, "\"beidou\""},         {1u << 20, "\"glonass\""},          {1u << 21, "\"galileo\""},
};

static const struct bit_name alarm_names[] = {
    {1u << 0, "\"sos\""},
    {1u << 1, "\"speeding\""},
    {1u << 2, "\"fatigue\""},
    {1u << 3, "\"danger\""},
    {1u << 4, "\"gnss_fault\""},
    {1u << 5, "\"antenna_open\""},
    {1u << 6, "\"antenna_short\""},
    {1u << 7, "\"undervoltage\""},
    {1u << 8, "\"power_lost\""},
    {1u << 9, "\"display_fault\""},
    {1u << 10, "\"speech_fault\""},
    {1u << 11, "\"camera_fault\""},
    {1u << 12, "\"card_fault\""},
    {1u << 13, "\"speed_warning\""},
    {1u << 14, "\"fatigue_warning\""},
    {1u << 18, "\"day_driving_time\""},
    {1u << 19, "\"overtime_stop\""},
    {1u << 20, "\"area\""},
    {1u << 21, "\"route\""},
    {1u << 22, "\"segment_time\""},
    {1u << 23, "\"route_deviation\""},
    {1u << 24, "\"speed_sensor_fault\""},
    {1u << 25, "\"fuel\""},
    {1u << 26, "\"stolen\""},
    {1u << 27, "\"illegal_ignition\""},
    {1u << 28, "\"illegal_displacement\""},
    {1u << 29, "\"collision\""},
    {1u << 30, "\"rollover\""},
    {1u << 31, "\"illegal_door\""},
};

static void bits(struct haul_json *j, const char *name, uint32_t word, const struct bit_name *names, size_t n)
{
    haul_json_name(j, name);
    haul_json_open(j, '[');
    for (size_t i = 0; i < n; i++)
        if (word & names[i].bit) haul_json_raw(j, haul_str_of(names[i].quoted));
    haul_json_close(j, ']');
}

static const char *motion_name(uint8_t motion)
{
    switch ((enum fleet_motion)motion) {
    case FLEET_UNKNOWN:
        return "unknown";
    case FLEET_MOVING:
        return "moving";
    case FLEET_RESTING:
        return "resting";
    }
    return "unknown";
}

/* Load of the status word, bits 8 and 9. */
static const char *load_name(uint32_t status)
{
    static const char *const names[] = {"empty", "half", "reserved", "full"};
    return names[status >> 8 & 3];
}

size_t fleet_mask_plate(struct haul_str plate, char out[24])
{
    static const char stars[] = "***";
    const uint8_t *p = (const uint8_t *)plate.p, *end = p + plate.n;
    size_t starts[24], n = 0; /* where each character begins */
    for (const uint8_t *at = p; at < end && n < 24;) {
        const size_t len = haul_utf8_len(at, end);
        starts[n++] = (size_t)(at - p);
        at += len > 0 ? len : 1;
    }
    if (n < 4) { /* too short to show a part of it */
        memcpy(out, stars, 3);
        return 3;
    }
    const size_t head = starts[1], tail = plate.n - starts[n - 2];
    if (head + 3 + tail > 24) {
        memcpy(out, stars, 3);
        return 3;
    }
    memcpy(out, p, head);
    memcpy(out + head, stars, 3);
    memcpy(out + head + 3, p + starts[n - 2], tail);
    return head + 3 + tail;
}

static void who(const struct fleet_state *s, const struct fleet_options *o, struct haul_json *j)
{
    if (s->plate_len > 0) {
        char masked[24];
        const struct haul_str plate = {s->plate, s->plate_len};
        haul_json_kstr(j, "plate", o->mask_plate ? (struct haul_str){masked, fleet_mask_plate(plate, masked)} : plate);
    }
    if (s->group_len > 0) haul_json_kstr(j, "group", (struct haul_str){s->group, s->group_len});
    if (s->driver_len > 0) haul_json_kstr(j, "driver", (struct haul_str){s->driver, s->driver_len});
    if (s->source_len > 0) haul_json_kstr(j, "source", (struct haul_str){s->source, s->source_len});
}

static void where(const struct fleet_state *s, struct haul_json *j)
{
    if (!(s->known & FLEET_HAS_FIX)) return;
    haul_json_kf64(j, "lon_deg", fleet_lon_deg(s->fix), 7);
    haul_json_kf64(j, "lat_deg", fleet_lat_deg(s->fix), 7);
    haul_json_ktime(j, "fix_time", (struct haul_time){s->fix_ms});
    haul_json_kf64(j, "speed_kmh", fleet_kmh(s->speed_mh), 1);
    if (s->known & FLEET_HAS_HEADING) haul_json_kf64(j, "heading_deg", s->heading_cdeg / 100.0, 1);
    haul_json_kstr(j, "motion", haul_str_of(motion_name(s->motion)));
    if (s->motion == FLEET_RESTING) haul_json_ktime(j, "rest_since", (struct haul_time){s->rest_ms});
    haul_json_kf64(j, "odometer_km", (double)s->odometer_mm / 1e6, 3);
}

static void measures(const struct fleet_state *s, struct haul_json *j)
{
    if (s->known & FLEET_HAS_MILEAGE) haul_json_kf64(j, "mileage_km", s->mileage_hm / 10.0, 1);
    if (s->known & FLEET_HAS_IGNITION) {
        haul_json_kbool(j, "ignition", fleet_ignition(s));
        bits(j, "status", s->status, status_names, sizeof status_names / sizeof status_names[0]);
        haul_json_kstr(j, "load", haul_str_of(load_name(s->status)));
    }
    bits(j, "alarm", s->alarm, alarm_names, sizeof alarm_names / sizeof alarm_names[0]);
    haul_json_kbool(j, "door_open", s->doors != 0 || (s->status & FLEET_STATUS_DOORS) != 0);
    if (s->known & FLEET_HAS_FUEL) haul_json_kf64(j, "fuel_l", s->fuel_ml / 1000.0, 1);
    if (s->known & FLEET_HAS_BATTERY) haul_json_kf64(j, "battery_pct", s->battery_cpct / 100.0, 1);
    if (s->battery_level > 0) haul_json_ki64(j, "battery_alarm_level", s->battery_level);
}

static void driven(const struct fleet_state *s, const struct fleet_options *o, struct haul_json *j)
{
    const int64_t zone_ms = fleet_zone_of(o);
    haul_json_kf64(j, "driving_min", s->stint_ms / 60000.0, 1);
    haul_json_kf64(j, "driving_night_min", s->stint_night_ms / 60000.0, 1);
    haul_json_kf64(j, "driving_24h_h", (double)fleet_driven_24h_ms(s, zone_ms, s->newest_ms) / 3600000, 2);
    haul_json_kf64(j, "driving_7d_h", (double)fleet_driven_7d_ms(s, zone_ms, s->newest_ms) / 3600000, 2);
}

static void raised(const struct haul_entity *e, struct haul_json *j)
{
    haul_json_name(j, "alerts");
    haul_json_open(j, '[');
    for (unsigned i = 0; i < FLEET_RULES; i++)
        if (haul_entity_raised(e, i)) haul_json_str(j, haul_str_of(fleet_rules[i].name));
    haul_json_close(j, ']');
}

static void fences(const struct fleet_state *s, struct haul_json *j)
{
    haul_json_name(j, "fences");
    haul_json_open(j, '[');
    for (int i = 0; i < FLEET_FENCES; i++) {
        const struct fleet_fence *f = &s->fence[i];
        if (f->id_len == 0) continue;
        haul_json_open(j, '{');
        haul_json_kstr(j, "id", (struct haul_str){f->id, f->id_len});
        haul_json_kstr(j, "state", haul_str_of(fleet_fence_state(f)));
        haul_json_ktime(j, "since", (struct haul_time){f->since_ms});
        haul_json_close(j, '}');
    }
    haul_json_close(j, ']');
}

void fleet_view(const struct haul_task *t, const struct haul_entity *e, struct haul_json *j)
{
    const struct fleet_state *s = haul_entity_state_const(e);
    const struct fleet_options *o = haul_task_options(t);
    where(s, j);
    measures(s, j);
    driven(s, o, j);
    who(s, o, j);
    haul_json_ktime(j, "last_seen", (struct haul_time){s->heard_ms});
    haul_json_ki64(j, "late", s->late);
    haul_json_ki64(j, "disordered", s->disordered);
    haul_json_ki64(j, "duplicates", s->duplicates);
    fences(s, j);
    raised(e, j);
}

/* For the live stream. state: bits 0-1 motion, bit 2 ignition, bit 3 an alert is open. */
bool fleet_live(const struct haul_entity *e, struct haul_live *out)
{
    const struct fleet_state *s = haul_entity_state_const(e);
    if (!(s->known & FLEET_HAS_FIX)) return false;
    bool any = false;
    for (unsigned i = 0; i < FLEET_RULES; i++) any = any || haul_entity_raised(e, i);
    *out = (struct haul_live){
        .lon_deg = fleet_lon_deg(s->fix),
        .lat_deg = fleet_lat_deg(s->fix),
        .speed_mps = s->speed_mh / 3600.0,
        .heading_deg = s->known & FLEET_HAS_HEADING ? s->heading_cdeg / 100.0 : 0,
        .state = (uint8_t)(s->motion | (fleet_ignition(s) ? 4 : 0) | (any ? 8 : 0)),
    };
    return true;
}

/* ---- dump: every field of the state, in its order ---------------------------------------------------------------- */
static void point(struct haul_json *j, const char *name, struct fleet_point p)
{
    haul_json_name(j, name);
    haul_json_open(j, '[');
    haul_json_i64(j, p.lon_e7);
    haul_json_i64(j, p.lat_e7);
    haul_json_close(j, ']');
}

#define ARRAY(j, name, a)                                                                                              \
    do {                                                                                                               \
        haul_json_name(j, name);                                                                                       \
        haul_json_open(j, '[');                                                                                        \
        for (size_t i = 0; i < sizeof(a) / sizeof(a)[0]; i++) haul_json_i64(j, (int64_t)(a)[i]);                       \
        haul_json_close(j, ']');                                                                                       \
    } while (0)

static void dump_position(const struct fleet_state *s, struct haul_json *j)
{
    haul_json_ki64(j, "fix_ms", s->fix_ms);
    haul_json_ki64(j, "newest_ms", s->newest_ms);
    haul_json_ki64(j, "heard_ms", s->heard_ms);
    haul_json_ki64(j, "odometer_mm", s->odometer_mm);
    haul_json_ki64(j, "rest_ms", s->rest_ms);
    haul_json_ki64(j, "gap_from_ms", s->gap_from_ms);
    haul_json_ki64(j, "gap_to_ms", s->gap_to_ms);
    haul_json_ki64(j, "stray_ms", s->stray_ms);
    point(j, "fix", s->fix);
    point(j, "anchor", s->anchor);
    point(j, "gap_from", s->gap_from);
    point(j, "gap_to", s->gap_to);
    point(j, "stray", s->stray);
    point(j, "off", s->off);
}

static void dump_measures(const struct fleet_state *s, struct haul_json *j)
{
    ARRAY(j, "held", s->held);
    haul_json_ki64(j, "status", s->status);
    haul_json_ki64(j, "alarm", s->alarm);
    ARRAY(j, "serial", s->serial);
    ARRAY(j, "serial_ms", s->serial_ms);
    haul_json_ki64(j, "door_ms", s->door_ms);
    haul_json_ki64(j, "alarm_ms", s->alarm_ms);
    haul_json_ki64(j, "late", s->late);
    haul_json_ki64(j, "disordered", s->disordered);
    haul_json_ki64(j, "duplicates", s->duplicates);
    haul_json_ki64(j, "speed_mh", s->speed_mh);
    haul_json_ki64(j, "heading_cdeg", s->heading_cdeg);
    haul_json_ki64(j, "mileage_hm", s->mileage_hm);
    haul_json_ki64(j, "fuel_ml", s->fuel_ml);
    ARRAY(j, "fuel_recent_ml", s->fuel_recent_ml);
    ARRAY(j, "fuel_peak_ml", s->fuel_peak_ml);
}

static void dump_times(const struct fleet_state *s, struct haul_json *j)
{
    haul_json_ki64(j, "stint_ms", s->stint_ms);
    haul_json_ki64(j, "stint_night_ms", s->stint_night_ms);
    haul_json_ki64(j, "skew_ms", s->skew_ms);
    haul_json_ki64(j, "hour", s->hour);
    ARRAY(j, "hour_20s", s->hour_20s);
    ARRAY(j, "day_10s", s->day_10s);
}

static void dump_counts(const struct fleet_state *s, struct haul_json *j)
{
    haul_json_ki64(j, "gnss_history", s->gnss_history);
    haul_json_ki64(j, "fuel_half", s->fuel_half);
    haul_json_ki64(j, "battery_cpct", s->battery_cpct);
    haul_json_ki64(j, "known", s->known);
    haul_json_ki64(j, "motion", s->motion);
    haul_json_ki64(j, "stray_count", s->stray_count);
    haul_json_ki64(j, "off_count", s->off_count);
    haul_json_ki64(j, "serial_at", s->serial_at);
    haul_json_ki64(j, "serial_repeats", s->serial_repeats);
    haul_json_ki64(j, "skew_count", s->skew_count);
    haul_json_ki64(j, "skew_good", s->skew_good);
    haul_json_ki64(j, "fuel_count", s->fuel_count);
    haul_json_ki64(j, "battery_level", s->battery_level);
    haul_json_ki64(j, "doors", s->doors);
}

static void dump_fences(const struct fleet_state *s, struct haul_json *j)
{
    haul_json_name(j, "fence");
    haul_json_open(j, '[');
    for (int i = 0; i < FLEET_FENCES; i++) {
        const struct fleet_fence *f = &s->fence[i];
        if (f->id_len == 0) continue;
        haul_json_open(j, '{');
        haul_json_kstr(j, "id", (struct haul_str){f->id, f->id_len});
        haul_json_ki64(j, "slot", i);
        haul_json_ki64(j, "state", f->state);
        haul_json_ki64(j, "marks", f->marks);
        haul_json_ki64(j, "since_ms", f->since_ms);
        haul_json_ki64(j, "pending", f->pending);
        haul_json_ki64(j, "number", f->number);
        haul_json_close(j, '}');
    }
    haul_json_close(j, ']');
}

void fleet_dump(const void *state, unsigned entity_kind, struct haul_json *j)
{
    const struct fleet_state *s = state;
    assert(entity_kind == 0);
    dump_position(s, j);
    dump_measures(s, j);
    dump_times(s, j);
    dump_counts(s, j);
    haul_json_kstr(j, "plate", (struct haul_str){s->plate, s->plate_len});
    haul_json_kstr(j, "driver", (struct haul_str){s->driver, s->driver_len});
    haul_json_kstr(j, "group", (struct haul_str){s->group, s->group_len});
    haul_json_kstr(j, "source", (struct haul_str){s->source, s->source_len});
    dump_fences(s, j);
}
