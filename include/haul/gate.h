/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * The gate behind the decoder: may this record be believed about when and where it was? Pure functions of the record,
 * the broker's append time and the bounds, so a replay judges as the first run did. Any thread.
 *
 * It is for what comes from outside. What haul itself has sent is not judged again: its event time is as old as the
 * backlog that was worked off.
 */
#ifndef HAUL_GATE_H
#define HAUL_GATE_H

#include "haul/record.h"

struct haul_gate {
    int64_t future_max_ms; /* event time at most so far after the append time: a fast clock */
    int64_t past_max_ms;   /* and at most so far before it: a terminal's blind area, not its 1970 */
};

/* Refused: NO_APPEND_TIME (append is HAUL_TIME_NONE), TIME_FUTURE, TIME_PAST; the sentence has the numbers. */
bool haul_gate_time(const struct haul_gate *g, struct haul_time append, const struct haul_record *r,
                    struct haul_refusal *why);
/* Turns GCJ-02, BD-09 and CGCS2000 into WGS-84 in place and sets crs to 0, so passing again changes nothing. Refused:
 * CRS for a position in a local system, which has no longitude. A record without a position passes. */
bool haul_gate_place(struct haul_record *r, struct haul_refusal *why);
/* Both, time first. */
bool haul_gate_pass(const struct haul_gate *g, struct haul_time append, struct haul_record *r,
                    struct haul_refusal *why);

#endif
