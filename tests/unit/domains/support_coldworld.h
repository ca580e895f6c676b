/* SPDX-License-Identifier: Apache-2.0
 * Layer: test
 * A world of refrigerated load units with its truth: a thermostat that switches, doors, defrosts, noise, losses,
 * samples out of order; and one injected fault a unit.
 */
#ifndef HAUL_TESTS_SUPPORT_COLDWORLD_H
#define HAUL_TESTS_SUPPORT_COLDWORLD_H

#include "haul/math.h"
#include "haul/rng.h"
#include "tests/unit/domains/support_domains.h"

enum coldworld_fault {
    CW_NONE,
    CW_COMPRESSOR,
    CW_DOOR,
    CW_STUCK,
    CW_DRIFT,
    CW_MISSING,
    CW_IMPOSSIBLE,
    CW_CADENCE,
    CW_HUMIDITY,
    CW_SHOCK,
    CW_LIGHT,
    CW_POWER,
    CW_BATTERY,
    CW_DEFROST,
    CW_FAULTS
};

struct coldworld_kind {
    const char *name, *rule; /* that must be raised */
    const char *may;         /* rules that may be raised as well, as a consequence */
    int minutes;
};
extern const struct coldworld_kind coldworld_kinds[CW_FAULTS];

struct coldworld_unit {
    char id[16];
    const char *class;
    double set_c, limit_c, ambient_c, tau_min, pull_kpmin, air_c, offset_c[2], stuck_c;
    int defrost_period, defrost_min, defrost_at, flagged; /* flagged: 0 nothing shows it, 1 a flag, 2 warm supply air */
    int door_left, next_door;
    bool on;
    enum coldworld_fault fault;
    int fault_at, crossed_at; /* minute; when the air passed the limit, 0: it did not */
    int out_at;               /* newest minute in which a probe truly was beyond the limit */
};

struct coldworld {
    struct haul_rng rng;
    struct coldworld_unit *unit;
    int units, minute;
};

void coldworld_open(struct coldworld *w, int units, int days, uint64_t seed);
void coldworld_close(struct coldworld *w);
/* One minute passes; every unit sends. */
void coldworld_minute(struct coldworld *w, struct haul_trial *t);

#endif
