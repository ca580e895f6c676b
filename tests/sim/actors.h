/* SPDX-License-Identifier: Apache-2.0
 * The processors of the simulated world, in a chain: small, and with everything in them that can go wrong.
 *
 *     outside ─► tally (traffic, 3) ─readings in time─► hub (network, 2) ─alerts─► board (desk, 1)
 *                  ▲  └──────────────alerts─────────────────┼───────────────────────► ▲
 *                  └────────────feedback, without a clock───┘
 */
#ifndef SIM_ACTORS_H
#define SIM_ACTORS_H

#include "haul/processor.h"

extern const struct haul_processor sim_tally; /* sums readings by thing, alerts above 90 */
extern const struct haul_processor sim_hub;   /* sums by region in windows of event time; a busy window feeds back */
extern const struct haul_processor sim_board; /* counts transitions of alerts, escalates what stays open */

enum tally_counter { TALLY_ZERO, TALLY_MILLI, TALLY_FEEDBACK, TALLY_GIVEN, TALLY_EVICTED, TALLY_COUNTERS };
enum hub_counter { HUB_BEHIND, HUB_FED };
enum board_counter { BOARD_TWICE, BOARD_UNOPENED };

#endif
