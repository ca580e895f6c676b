/* SPDX-License-Identifier: Apache-2.0
 * Layer: sinks
 * A sink that keeps nothing and acknowledges everything: for runs over a recording, whose outputs are in it already.
 */
#ifndef HAUL_NULL_SINK_H
#define HAUL_NULL_SINK_H

#include "haul/sink.h"

struct haul_sink *haul_null_sink_open(void);

#endif
