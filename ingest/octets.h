/* SPDX-License-Identifier: Apache-2.0
 * Big-endian numbers and binary-coded decimals of the transport standards, behind one check of the length.
 */
#ifndef HAUL_INGEST_OCTETS_H
#define HAUL_INGEST_OCTETS_H

#include "haul/buf.h"
#include "haul/time.h"

static inline uint8_t octet(struct haul_str s, size_t at)
{
    assert(at < s.n);
    return (uint8_t)s.p[at];
}
static inline uint16_t octets16(struct haul_str s, size_t at)
{
    return (uint16_t)(octet(s, at) << 8 | octet(s, at + 1));
}
static inline uint32_t octets32(struct haul_str s, size_t at)
{
    return (uint32_t)octets16(s, at) << 16 | octets16(s, at + 2);
}
static inline uint64_t octets64(struct haul_str s, size_t at)
{
    return (uint64_t)octets32(s, at) << 32 | octets32(s, at + 4);
}
static inline struct haul_str octets_of(struct haul_str s, size_t at, size_t n)
{
    assert(at <= s.n && n <= s.n - at);
    return (struct haul_str){s.p + at, n};
}
/* Two decimal digits; -1 when a nibble is none. */
static inline int octet_bcd(struct haul_str s, size_t at)
{
    const uint8_t b = octet(s, at);
    return b >> 4 > 9 || (b & 15) > 9 ? -1 : (b >> 4) * 10 + (b & 15);
}
/* A civil time of China (GMT+8) as event time; false when there is no such time. A leap second is the one before. */
bool octets_civil(int year, int month, int day, int hour, int minute, int second, struct haul_time *out);

#endif
