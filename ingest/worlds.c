/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/world.h"

const struct haul_world *const haul_worlds[] = {&haul_world_fleet, &haul_world_hubs, &haul_world_reefers, NULL};
