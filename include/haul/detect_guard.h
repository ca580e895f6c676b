/* SPDX-License-Identifier: Apache-2.0
 * Layer: detect
 * Guards of the input, before any statistics: is the value possible, does it move, does it come, does its clock run.
 * What the operator did not set is learnt (how long it stands still, how often it comes), or not watched.
 */
#ifndef HAUL_DETECT_GUARD_H
#define HAUL_DETECT_GUARD_H

#include "haul/detect.h"

struct haul_guard_config {
    double low, high;    /* possible values; not watched unless low < high */
    double rate_per_s;   /* greatest possible change a second; 0: not watched */
    double stuck_s;      /* the same value for so long is stuck; 0: learnt, negative: not watched */
    double stuck_factor; /* learnt: so many times the longest standstill so far, > 1; 3 */
    double gap_s;        /* silence for so long is a gap; 0: learnt, negative: not watched */
    double gap_factor;   /* learnt: so many times the usual interval, > 1, or 1.5 times the longest of late; 10 */
    double back_s;       /* a clock may go back by so much; negative: not watched */
    int64_t learn;       /* values before what is learnt is used, >= 2 */
};

struct haul_guard {
    double value;
    struct haul_time at, same_since; /* of the newest value; since when it stands still */
    float interval_s, longest_gap_s; /* moving median of the intervals; the longest, fading */
    float longest_same_s;            /* longest standstill that ended */
    float step;                      /* smallest change so far: the resolution, if the values have one */
    uint32_t n, changes;
};

enum haul_err haul_guard_init(struct haul_guard *s, const struct haul_guard_config *c, struct haul_error *e);
void haul_guard_reset(struct haul_guard *s, const struct haul_guard_config *c);
/* The gravest of what is wrong with this value: range, clock, rate, gap before it, stuck; verdict NORMAL if nothing is.
 * A value whose clock goes back changes nothing else. */
struct haul_score haul_guard_update(struct haul_guard *s, const struct haul_guard_config *c, double value,
                                    struct haul_time at);
/* The same in two steps: false, and *found untouched, if nothing is wrong (the value must be usable); and the score of
 * what was found. */
struct haul_guard_finding {
    double statistic, limit, expected;
    struct haul_time since;
    int64_t learned;
    enum haul_method method;
    int8_t direction;
};
bool haul_guard_step(struct haul_guard *s, const struct haul_guard_config *c, double value, struct haul_time at,
                     struct haul_guard_finding *found);
struct haul_score haul_guard_score(const struct haul_guard_finding *found, double value);
/* The verdict on silence, to be asked by a timer: no value since the newest until `now`. Changes nothing. */
struct haul_score haul_guard_silence(const struct haul_guard *s, const struct haul_guard_config *c,
                                     struct haul_time now);
/* When haul_guard_silence will turn to ANOMALY; HAUL_TIME_NONE if never. */
struct haul_time haul_guard_deadline(const struct haul_guard *s, const struct haul_guard_config *c);

#endif
