/* SPDX-License-Identifier: Apache-2.0
 * How fast traffic is over a day, by class of road, from a file.
 */
#ifndef HAUL_COMMANDS_PROFILE_H
#define HAUL_COMMANDS_PROFILE_H

#include "haul/plan.h"

/* CSV with the columns class (of haul/roads.h, or * for all), from, to (HH:MM, on quarters of an hour; to 24:00; past
 * midnight when `to` is not behind `from`) and percent of free flow (0.1 to 6000). What no row names is at free flow; a
 * later row holds over an earlier one. HAUL_E_INVALID names the line; HAUL_E_NOT_FOUND; HAUL_E_IO. */
enum haul_err profile_read(const char *path, struct haul_day_curve curves[HAUL_ROAD_CLASS_COUNT], struct haul_error *e);
/* "HH:MM" or "HH:MM:SS" from 00:00 to 24:00, in milliseconds; negative when it is no time of day. */
int64_t profile_time_ms(struct haul_str text);

#endif
