/* SPDX-License-Identifier: Apache-2.0
 * Ways for problems that name places by coordinates alone: over a road network, as haul import makes it. Names of the
 * road layer do not appear here, since those of the solver are also called vehicles and stops.
 */
#ifndef HAUL_COMMANDS_SOLVE_ROADS_H
#define HAUL_COMMANDS_SOLVE_ROADS_H

#include "haul/err.h"

#include <stddef.h>
#include <stdint.h>

struct solve_roads;

/* Opens the network. 0, or an exit status after a message. */
int solve_roads_open(const char *path, int threads, struct solve_roads **out);
void solve_roads_free(struct solve_roads *r);

/* One row of the table between n places: milliseconds of the quickest way, metres of the shortest. `profile` is a
 * vehicle of the road network by name: car, van, truck18 ... The tables are made at the first row of a profile.
 * HAUL_E_UNKNOWN: no such vehicle; HAUL_E_NOT_FOUND: no road near a place; HAUL_E_UNREACHABLE; HAUL_E_NOMEM. */
enum haul_err solve_roads_row(struct solve_roads *r, const double *lon_deg, const double *lat_deg, int32_t n,
                              const char *profile, int32_t from, int32_t *time, int32_t *distance,
                              struct haul_error *e);

#endif
