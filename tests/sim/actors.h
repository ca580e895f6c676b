/* SPDX-License-Identifier: Apache-2.0
 * The processors of the simulated world: small, and with everything in them that can go wrong: timers, alerts, sorted
 * sets, streams, entities that go, records that are refused and dropped.
 */
#ifndef SIM_ACTORS_H
#define SIM_ACTORS_H

#include "haul/processor.h"

extern const struct haul_processor sim_tally; /* mailbox template: sums readings by thing, alerts above 90 */
extern const struct haul_processor sim_board; /* mailbox desk: counts transitions of alerts */

struct tally_state {
    int64_t count, sum, silent, late;
};
struct board_state {
    int64_t opens, changes, clears, actions;
};

#endif
