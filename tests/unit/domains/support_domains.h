/* SPDX-License-Identifier: Apache-2.0
 * Layer: test
 * What the tests of the domains share: a vehicle that sends what its script says, and a look at the alerts of a trial.
 */
#ifndef HAUL_TESTS_SUPPORT_DOMAINS_H
#define HAUL_TESTS_SUPPORT_DOMAINS_H

#include "haul/processors.h"
#include "haul/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define MORNING 1780279200000ll /* 2026-06-01 10:00 at +08:00 */
#define SECOND  1000ll
#define MINUTE  60000ll
#define HOUR    3600000ll

/* A vehicle that goes east along a parallel near Nanchang. Fields that are NAN or negative are not sent. */
struct car {
    struct haul_trial *t;
    const char *id, *source, *group, *driver, *plate;
    int64_t ms;  /* its clock */
    int64_t lag; /* append time less event time */
    double lon, lat, speed_kmh, heading, fuel, along, across, mileage, battery, accuracy;
    int64_t status, alarm, serial, satellites;
};

struct haul_trial *trial_of(const struct haul_processor *p, const char *yaml);
struct car car_of(struct haul_trial *t, const char *id);
/* Sends its position now. */
enum haul_verdict car_send(const struct car *c);
/* Moves on by seconds at its speed, and sends. */
enum haul_verdict car_step(struct car *c, double seconds);
/* For so many seconds, sending every `every` seconds. */
void car_run(struct car *c, double seconds, double every);
enum haul_verdict car_event(const struct car *c, const char *what, enum haul_field field, int64_t value);
/* Degrees of longitude that are so many metres at the car's latitude. */
double car_degrees(const struct car *c, double m);
/* Time passes for the task until `ms` is behind the watermark, without a record. */
void pass_to(struct haul_trial *t, int64_t ms);

/* Alerts of a rule ("fleet.speeding") that were sent with an action. */
size_t alerts(struct haul_trial *t, const char *rule, const char *action);
/* The newest of them, or NULL. Valid until the next look. */
const struct haul_record *alert_last(struct haul_trial *t, const char *rule, const char *action);
/* 1: raised and not cleared, 0: not. Fails when it opened twice without a clear between. */
int alert_open(struct haul_trial *t, const char *rule);
/* The document holds the text. */
bool shows(const struct haul_trial *t, const char *key, const char *text);
/* The number behind "name": in the document; NAN when there is none. */
double number_of(const struct haul_trial *t, const char *key, const char *name);

#endif
