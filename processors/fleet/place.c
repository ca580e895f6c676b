/* SPDX-License-Identifier: Apache-2.0
 * Where and when, as the rules of the fleet need it: points on the mean sphere, known places, the local clock.
 */
#include "processors/fleet/fleet.h"

#define DAY_MS 86400000

struct fleet_point fleet_point_of(double lon_deg, double lat_deg)
{
    return (struct fleet_point){(int32_t)haul_round_i64(lon_deg * 1e7), (int32_t)haul_round_i64(lat_deg * 1e7)};
}

double fleet_lon_deg(struct fleet_point p)
{
    return (double)p.lon_e7 / 1e7;
}

double fleet_lat_deg(struct fleet_point p)
{
    return (double)p.lat_e7 / 1e7;
}

double fleet_distance_m(struct fleet_point a, struct fleet_point b)
{
    if (a.lon_e7 == b.lon_e7 && a.lat_e7 == b.lat_e7) return 0;
    return haul_haversine_m(fleet_lon_deg(a), fleet_lat_deg(a), fleet_lon_deg(b), fleet_lat_deg(b));
}

bool fleet_at_place(const struct fleet_options *o, struct fleet_point p)
{
    for (uint32_t i = 0; i < o->stop.places.len; i++) {
        const struct fleet_place *place = &o->stop.places.item[i];
        if (fleet_distance_m(p, fleet_point_of(place->lon_deg, place->lat_deg)) <= place->radius_m) return true;
    }
    return false;
}

static bool two_digits(const char *p, int64_t *out)
{
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9') return false;
    *out = (p[0] - '0') * 10 + (p[1] - '0');
    return true;
}

bool fleet_zone_ms(const char *text, int64_t *out)
{
    int64_t hours, minutes;
    if (strlen(text) != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return false;
    if (!two_digits(text + 1, &hours) || !two_digits(text + 4, &minutes)) return false;
    if (hours > 14 || minutes > 59) return false;
    const int64_t ms = (hours * 60 + minutes) * 60000;
    *out = text[0] == '-' ? -ms : ms;
    return true;
}

int64_t fleet_zone_of(const struct fleet_options *o)
{
    int64_t zone = 0;
    const bool valid = fleet_zone_ms(o->time_zone, &zone);
    assert(valid); /* the option's check has seen to it */
    return zone;
}

int64_t fleet_time_of_day(int64_t zone_ms, int64_t ms)
{
    const int64_t t = (ms + zone_ms) % DAY_MS;
    return t < 0 ? t + DAY_MS : t;
}

bool fleet_in_hours(int64_t t, int64_t from, int64_t to)
{
    if (from <= to) return from <= t && t < to;
    return t >= from || t < to;
}

const struct fleet_group *fleet_group_of(const struct fleet_options *o, const struct fleet_state *s)
{
    const struct haul_str name = {s->group, s->group_len};
    for (uint32_t i = 0; i < o->groups.len; i++)
        if (haul_str_eq(name, haul_str_of(o->groups.item[i].name))) return &o->groups.item[i];
    return NULL;
}
