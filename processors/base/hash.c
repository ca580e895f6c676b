/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/hash.h"

#include <string.h>
#include <xxhash.h>

uint32_t haul_murmur2(const void *bytes, size_t n)
{
    const uint32_t m = 0x5bd1e995u;
    const uint8_t *p = bytes;
    uint32_t h = 0x9747b28cu ^ (uint32_t)n;
    for (; n >= 4; p += 4, n -= 4) {
        uint32_t k;
        memcpy(&k, p, 4);
        k *= m;
        k ^= k >> 24;
        k *= m;
        h = (h * m) ^ k;
    }
    if (n == 3) h ^= (uint32_t)p[2] << 16;
    if (n >= 2) h ^= (uint32_t)p[1] << 8;
    if (n >= 1) h = (h ^ p[0]) * m;
    h = (h ^ (h >> 13)) * m;
    return h ^ (h >> 15);
}

uint64_t haul_xxh3(const void *bytes, size_t n)
{
    return XXH3_64bits(bytes, n);
}

struct haul_hash128 haul_xxh3_128(const void *bytes, size_t n)
{
    const XXH128_hash_t h = XXH3_128bits(bytes, n);
    return (struct haul_hash128){h.high64, h.low64};
}

char *haul_hash128_text(struct haul_hash128 h, char out[33])
{
    static const char hex[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++) {
        out[i] = hex[(h.hi >> (60 - 4 * i)) & 15];
        out[16 + i] = hex[(h.lo >> (60 - 4 * i)) & 15];
    }
    out[32] = '\0';
    return out;
}

uint64_t haul_mix(uint64_t a, uint64_t b)
{
    uint64_t z = a ^ (b + 0x9e3779b97f4a7c15u + (a << 6) + (a >> 2));
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}
