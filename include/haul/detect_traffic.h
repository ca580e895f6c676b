/* SPDX-License-Identifier: Apache-2.0
 * Layer: detect
 * The road's own tests: GEH for flows, the California algorithms for pairs of detectors.
 */
#ifndef HAUL_DETECT_TRAFFIC_H
#define HAUL_DETECT_TRAFFIC_H

#include "haul/detect.h"

/* GEH = sqrt(2 (m - c)^2 / (m + c)) of an hourly flow m against c, both in vehicles an hour (Geoffrey E. Havers; UK
 * DMRB vol. 12 section 2): below 5 good, above 10 bad. 0 if both are 0. Negative flows are a bug. */
double haul_geh(double flow_vph, double expected_vph);
/* value = flow, threshold 5 or 10 as given. */
struct haul_score haul_geh_test(double flow_vph, double expected_vph, double threshold);

/* California algorithms #7 and #8 (Payne and Tignor, Transportation Research Record 682:30, 1978; Levin and Krause, TRR
 * 722, 1979). Occupancy in percent of an upstream and the next downstream detector, one pair a step: OCCDF = up - down,
 * OCCRDF = OCCDF / up, DOCC = down. #7: incident when OCCDF >= t1, OCCRDF >= t2 and DOCC < t3, held for `persist` steps
 * more; it goes on while OCCRDF >= t2. #8: as #7, and a compression wave (the downstream occupancy has risen by `wave`
 * of itself in two minutes, and is at least `dense`) suppresses the test for `wave_s` seconds. t1 8.1, t2 0.313,
 * t3 16.8 stand in later code, 13 0.4 15 in other. */
enum haul_california_state {
    HAUL_CALIFORNIA_FREE,
    HAUL_CALIFORNIA_TENTATIVE,
    HAUL_CALIFORNIA_CONFIRMED,
    HAUL_CALIFORNIA_GOING_ON
};

struct haul_california_config {
    double t1, t2, t3;  /* percent, share, percent */
    double wave, dense; /* rise in two minutes as a share (the literature's -DOCCTD), percent */
    int64_t wave_s;     /* 0: #7; 300: #8 */
    uint16_t persist;   /* steps after the first that the test must hold */
};

#define HAUL_CALIFORNIA_BACK 8

struct haul_california {
    float down[HAUL_CALIFORNIA_BACK]; /* the last downstream occupancies, for the wave */
    struct haul_time down_at[HAUL_CALIFORNIA_BACK], wave_until, since;
    uint32_t n;
    uint16_t held;
    enum haul_california_state state;
};

enum haul_err haul_california_init(struct haul_california *s, const struct haul_california_config *c,
                                   struct haul_error *e);
void haul_california_reset(struct haul_california *s, const struct haul_california_config *c);
/* ANOMALY from the confirmation to the end; `since`: the first tentative step. value = up, expected = down, statistic =
 * OCCRDF. */
struct haul_score haul_california_update(struct haul_california *s, const struct haul_california_config *c,
                                         double up_pct, double down_pct, struct haul_time at);

/* Queue between two stations by speed: the mean of the last `mean_of` steps upstream is at or below `slow`, and
 * downstream faster by at least `drop`, for `persist` steps. The speed form of the same idea, for detectors whose
 * occupancy is poor. */
#define HAUL_SPEED_DROP_STEPS 16

struct haul_speed_drop_config {
    double slow_mps, drop_mps;
    uint16_t mean_of, persist; /* 1..HAUL_SPEED_DROP_STEPS, >= 1 */
};

struct haul_speed_drop {
    float up[HAUL_SPEED_DROP_STEPS], down[HAUL_SPEED_DROP_STEPS];
    struct haul_time since;
    uint32_t n;
    uint16_t held;
};

enum haul_err haul_speed_drop_init(struct haul_speed_drop *s, const struct haul_speed_drop_config *c,
                                   struct haul_error *e);
void haul_speed_drop_reset(struct haul_speed_drop *s, const struct haul_speed_drop_config *c);
struct haul_score haul_speed_drop_update(struct haul_speed_drop *s, const struct haul_speed_drop_config *c,
                                         double up_mps, double down_mps, struct haul_time at);

#endif
