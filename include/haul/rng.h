/* SPDX-License-Identifier: Apache-2.0
 * Layer: base
 * Reproducible random numbers: xoshiro256** (Blackman and Vigna 2018), seeded by SplitMix64. Same seed, same numbers
 * everywhere.
 */
#ifndef HAUL_RNG_H
#define HAUL_RNG_H

#include <stdint.h>

struct haul_rng {
    uint64_t s[4];
};

void haul_rng_seed(struct haul_rng *r, uint64_t seed);
uint64_t haul_rng_u64(struct haul_rng *r);
/* Uniform in [0, n), n > 0, without bias (Lemire 2019). */
uint64_t haul_rng_below(struct haul_rng *r, uint64_t n);
/* Uniform in [0, 1), 53 bits. */
double haul_rng_f64(struct haul_rng *r);
/* Uniform in [low, high). */
double haul_rng_between(struct haul_rng *r, double low, double high);
/* Exponential with mean 1: the waits of a Poisson process, by inversion. */
double haul_rng_exponential(struct haul_rng *r);
/* Standard normal (Marsaglia's polar method). */
double haul_rng_normal(struct haul_rng *r);

#endif
