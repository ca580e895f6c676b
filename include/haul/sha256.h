/* SPDX-License-Identifier: Apache-2.0
 * Layer: base
 * SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104, FIPS 198-1): for pseudonyms, where the hash must hold against
 * somebody who chooses what is hashed. For tables and checks see haul/hash.h. Pure; any thread.
 */
#ifndef HAUL_SHA256_H
#define HAUL_SHA256_H

#include "haul/buf.h"

#define HAUL_SHA256_BYTES 32

struct haul_sha256 {
    uint32_t state[8];
    uint64_t bytes; /* taken so far */
    uint8_t block[64];
};

void haul_sha256_begin(struct haul_sha256 *s);
void haul_sha256_add(struct haul_sha256 *s, struct haul_str bytes);
/* Once; begin again after it. */
void haul_sha256_end(struct haul_sha256 *s, uint8_t out[HAUL_SHA256_BYTES]);

/* A key of any length, which the function hashes first when it is longer than a block of 64 bytes. */
void haul_hmac_sha256(struct haul_str key, struct haul_str text, uint8_t out[HAUL_SHA256_BYTES]);

#endif
