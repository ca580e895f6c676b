/* SPDX-License-Identifier: Apache-2.0
 * Problems for tests: small ones by hand, and random ones with any mixture of rules.
 */
#ifndef SUPPORT_PROBLEM_H
#define SUPPORT_PROBLEM_H

#include "haul/rng.h"
#include "haul/solver.h"

/* Points on a line, one unit of time and distance apart for each unit between their numbers: location k lies at at[k].
 */
struct haul_problem *line_problem(const int32_t *at, int32_t locations, int32_t dims);
int32_t line_job(struct haul_problem *p, int64_t id, int32_t location, int64_t service, int64_t open, int64_t close,
                 int64_t delivery);
struct haul_vrp_vehicle line_vehicle(int64_t id, int64_t capacity);
int32_t add_vehicle(struct haul_problem *p, const struct haul_vrp_vehicle *v);

enum {
    RULE_WINDOWS = 1 << 0,
    RULE_SHIPMENTS = 1 << 1,
    RULE_MIXED_LOADS = 1 << 2,
    RULE_BREAKS = 1 << 3,
    RULE_DRIVING = 1 << 4,
    RULE_SPEEDS = 1 << 5,
    RULE_RELOADS = 1 << 6,
    RULE_ENERGY = 1 << 7,
    RULE_EXPOSURE = 1 << 8,
    RULE_DOCKS = 1 << 9,
    RULE_LIMITS = 1 << 10,
    RULE_SKILLS = 1 << 11,
    RULE_OPEN = 1 << 12,
    RULE_PRIZES = 1 << 13,
    RULE_SETUPS = 1 << 14,
    RULE_MIXED_FLEET = 1 << 15,
    RULE_ASYMMETRIC = 1 << 16,
    RULE_PAID_DURATION = 1 << 17,
    RULE_CLASSES = 1 << 18,
    RULE_ALL = (1 << 19) - 1
};

struct haul_problem *random_problem(struct haul_rng *rng, uint32_t rules, int32_t tasks, int32_t vehicles);

#endif
