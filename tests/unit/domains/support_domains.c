/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/domains/support_domains.h"

#include "haul/math.h"

#include <math.h>
#include <stdio.h>

#define LATENESS_MS 5000

struct haul_trial *trial_of(const struct haul_processor *p, const char *yaml)
{
    struct haul_error e;
    haul_trial_driver_key(HAUL_STR("a key of these tests")); /* else the gate leaves drivers out */
    struct haul_trial *t = haul_trial_open(p, yaml, &e);
    if (t == NULL) fail_msg("%s", e.text);
    return t;
}

struct car car_of(struct haul_trial *t, const char *id)
{
    const double none = (double)NAN;
    return (struct car){
        .t = t,
        .id = id,
        .source = "g1",
        .ms = MORNING,
        .lon = 115.85,
        .lat = 28.68,
        .speed_kmh = 0,
        .heading = 90,
        .fuel = none,
        .along = none,
        .across = none,
        .mileage = none,
        .battery = none,
        .accuracy = none,
        .status = 3,
        .alarm = 0,
        .serial = -1,
        .satellites = -1,
    };
}

static void set_real(struct haul_record *r, enum haul_field f, double v)
{
    if (!isnan(v)) haul_set_f(r, f, v);
}

static void set_whole(struct haul_record *r, enum haul_field f, int64_t v)
{
    if (v >= 0) haul_set_i(r, f, v);
}

static void set_text(struct haul_record *r, enum haul_field f, const char *v)
{
    if (v != NULL) haul_set_s(r, f, haul_str_of(v));
}

enum haul_verdict car_send(const struct car *c)
{
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_VEHICLE_POSITION, haul_str_of(c->id), (struct haul_time){c->ms});
    r.source = haul_str_of(c->source);
    r.positioned = true, r.lon_deg = c->lon, r.lat_deg = c->lat;
    set_real(&r, HAUL_F_VP_SPEED, c->speed_kmh);
    set_real(&r, HAUL_F_VP_HEADING, c->heading);
    set_real(&r, HAUL_F_VP_FUEL, c->fuel);
    set_real(&r, HAUL_F_VP_ACCEL, c->along);
    set_real(&r, HAUL_F_VP_LATERAL, c->across);
    set_real(&r, HAUL_F_VP_MILEAGE, c->mileage);
    set_real(&r, HAUL_F_VP_BATTERY, c->battery);
    set_real(&r, HAUL_F_VP_ACCURACY, c->accuracy);
    set_whole(&r, HAUL_F_VP_STATUS, c->status);
    set_whole(&r, HAUL_F_VP_ALARM, c->alarm);
    set_whole(&r, HAUL_F_VP_SERIAL, c->serial);
    set_whole(&r, HAUL_F_VP_SATELLITES, c->satellites);
    set_text(&r, HAUL_F_VP_GROUP, c->group);
    set_text(&r, HAUL_F_VP_DRIVER, c->driver);
    set_text(&r, HAUL_F_VP_PLATE, c->plate);
    return haul_trial_feed(c->t, &r, (struct haul_time){c->ms + c->lag});
}

double car_degrees(const struct car *c, double m)
{
    return m / (HAUL_EARTH_M * HAUL_RAD_PER_DEG * haul_cos(c->lat * HAUL_RAD_PER_DEG));
}

enum haul_verdict car_step(struct car *c, double seconds)
{
    c->ms += (int64_t)(seconds * 1000);
    if (!isnan(c->speed_kmh)) c->lon += car_degrees(c, c->speed_kmh / 3.6 * seconds);
    return car_send(c);
}

void car_run(struct car *c, double seconds, double every)
{
    for (double at = every; at <= seconds; at += every) car_step(c, every);
}

enum haul_verdict car_event(const struct car *c, const char *what, enum haul_field field, int64_t value)
{
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_VEHICLE_EVENT, haul_str_of(c->id), (struct haul_time){c->ms});
    r.source = haul_str_of(c->source);
    haul_set_s(&r, HAUL_F_VE_WHAT, haul_str_of(what));
    haul_set_i(&r, field, value);
    return haul_trial_feed(c->t, &r, (struct haul_time){c->ms + c->lag});
}

void pass_to(struct haul_trial *t, int64_t ms)
{
    haul_trial_tick(t, (struct haul_time){ms + LATENESS_MS});
}

static bool matches(const struct haul_record *r, const char *rule, const char *action)
{
    return r->kind == HAUL_KIND_ALERT && haul_str_eq(r->v[HAUL_F_ALERT_RULE].s, haul_str_of(rule)) &&
           haul_str_eq(r->v[HAUL_F_ALERT_ACTION].s, haul_str_of(action));
}

size_t alerts(struct haul_trial *t, const char *rule, const char *action)
{
    size_t n = 0;
    for (size_t i = 0; i < haul_trial_emitted(t); i++) n += matches(haul_trial_emission(t, i, NULL), rule, action);
    return n;
}

const struct haul_record *alert_last(struct haul_trial *t, const char *rule, const char *action)
{
    for (size_t i = haul_trial_emitted(t); i-- > 0;) {
        const struct haul_record *r = haul_trial_emission(t, i, NULL);
        if (matches(r, rule, action)) return r;
    }
    return NULL;
}

int alert_open(struct haul_trial *t, const char *rule)
{
    int open = 0;
    for (size_t i = 0; i < haul_trial_emitted(t); i++) {
        const struct haul_record *r = haul_trial_emission(t, i, NULL);
        open += matches(r, rule, "open") - matches(r, rule, "clear");
        assert_true(open == 0 || open == 1);
    }
    return open;
}

bool shows(const struct haul_trial *t, const char *key, const char *text)
{
    const char *document = haul_trial_document(t, key);
    return document != NULL && strstr(document, text) != NULL;
}

double number_of(const struct haul_trial *t, const char *key, const char *name)
{
    const char *document = haul_trial_document(t, key);
    char pattern[80];
    snprintf(pattern, sizeof pattern, "\"%s\":", name);
    const char *at = document == NULL ? NULL : strstr(document, pattern);
    return at == NULL ? (double)NAN : strtod(at + strlen(pattern), NULL);
}
