/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * Where a thread is: which step of which task it takes. Written before each step, so that a handler of a signal that
 * kills the process can say what it was at; read on the same thread only.
 */
#ifndef HAUL_CRUMB_H
#define HAUL_CRUMB_H

#include <stdint.h>

enum haul_crumb_at {
    HAUL_CRUMB_OUTSIDE, /* of any step */
    HAUL_CRUMB_DECODE,  /* reading the record */
    HAUL_CRUMB_PROCESS, /* taking it */
    HAUL_CRUMB_TIMER,   /* firing a timer, before the record */
};

struct haul_crumb {
    uint16_t mailbox, partition;
    uint32_t index;
    int64_t offset;
    uint64_t step;
    volatile int at; /* enum haul_crumb_at; written last */
};
extern _Thread_local struct haul_crumb haul_crumb;

/* A record that has killed the process at one step again and again: it is not taken, but goes to the dead letters. Or a
 * timer that has: it is over, without effect. */
struct haul_condemned {
    uint16_t mailbox, partition;
    uint32_t index;
    int64_t offset;
    int unreadable; /* reading it is what kills: the message is given up from there on */
    uint64_t timer; /* the step at which a timer kills, the offset being the position then; 0: the record does */
};

#endif
