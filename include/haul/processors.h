/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * Every processor there is. This only declares them: each is defined at the bottom of processors/<name>/<name>.c.
 */
#ifndef HAUL_PROCESSORS_H
#define HAUL_PROCESSORS_H

#include "haul/processor.h"

extern const struct haul_processor haul_fleet;
extern const struct haul_processor haul_coldchain;
extern const struct haul_processor haul_desk;
extern const struct haul_processor haul_template;

#endif
