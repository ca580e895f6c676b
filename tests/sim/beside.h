/* SPDX-License-Identifier: Apache-2.0
 * The actors as the oracle runs them, in the order of sim_actors.
 */
#ifndef SIM_BESIDE_H
#define SIM_BESIDE_H

#include "tests/oracle/oracle.h"

#define SIM_ACTORS 3
extern const struct haul_processor *const beside_actors[SIM_ACTORS];

#endif
