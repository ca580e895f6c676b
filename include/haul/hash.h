/* SPDX-License-Identifier: Apache-2.0
 * Layer: base
 * Hashes. None of them is a defence against an adversary who chooses keys.
 */
#ifndef HAUL_HASH_H
#define HAUL_HASH_H

#include <stddef.h>
#include <stdint.h>

/* murmur2, 32 bit, seed 0x9747b28c, as Kafka's Java producer places keys (org.apache.kafka.common.utils.Utils.murmur2).
 */
uint32_t haul_murmur2(const void *bytes, size_t n);
/* The partition that Java's default partitioner gives a key. */
static inline uint32_t haul_partition_of(uint32_t murmur2, uint32_t partitions)
{
    return (murmur2 & 0x7fffffffu) % partitions;
}

struct haul_hash128 {
    uint64_t hi, lo;
};

/* XXH3, 64 and 128 bit. */
uint64_t haul_xxh3(const void *bytes, size_t n);
struct haul_hash128 haul_xxh3_128(const void *bytes, size_t n);
/* 32 lower-case hexadecimal digits and a NUL. Returns out. */
char *haul_hash128_text(struct haul_hash128 h, char out[33]);

/* Mixes two 64-bit values (SplitMix64's finaliser over their combination). */
uint64_t haul_mix(uint64_t a, uint64_t b);

#endif
