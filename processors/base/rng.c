/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/rng.h"

#include "haul/math.h"

#include <assert.h>

static uint64_t rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

void haul_rng_seed(struct haul_rng *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t z = seed += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        r->s[i] = z ^ (z >> 31);
    }
}

uint64_t haul_rng_u64(struct haul_rng *r)
{
    uint64_t *s = r->s;
    const uint64_t result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

uint64_t haul_rng_below(struct haul_rng *r, uint64_t n)
{
    assert(n > 0);
    __extension__ typedef unsigned __int128 u128;
    u128 m = (u128)haul_rng_u64(r) * n;
    if ((uint64_t)m < n) {
        const uint64_t threshold = (0 - n) % n;
        while ((uint64_t)m < threshold) m = (u128)haul_rng_u64(r) * n;
    }
    return (uint64_t)(m >> 64);
}

double haul_rng_f64(struct haul_rng *r)
{
    return (double)(haul_rng_u64(r) >> 11) * 0x1.0p-53;
}

double haul_rng_between(struct haul_rng *r, double low, double high)
{
    return low + (high - low) * haul_rng_f64(r);
}

double haul_rng_exponential(struct haul_rng *r)
{
    return -haul_log(1 - haul_rng_f64(r));
}

double haul_rng_normal(struct haul_rng *r)
{
    for (;;) {
        const double u = 2 * haul_rng_f64(r) - 1, v = 2 * haul_rng_f64(r) - 1, q = u * u + v * v;
        if (q < 1 && q > 0) return u * haul_sqrt(-2 * haul_log(q) / q);
    }
}
