/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * The form of a recording, shared by its writer and its reader; described in haul/recording.h.
 */
#ifndef HAUL_INGEST_RECORDING_H
#define HAUL_INGEST_RECORDING_H

#include "haul/buf.h"

#define RECORDING_MAGIC   "HAULREC\x1a"
#define RECORDING_VERSION 1u

enum {
    RECORDING_HEADER = 32,    /* bytes of the file's header */
    FRAME_HEADER = 32,        /* bytes of a frame's header */
    FRAME_FILL = 1024 * 1024, /* a frame is written when it holds as much */
    ENTRY_TOPIC = 1,
    ENTRY_MESSAGE = 2,
    TOPIC_FIXED = 9, /* bytes of an entry before its texts */
    MESSAGE_FIXED = 40,
    HEADER_FIXED = 6,
};
#define FRAME_MAGIC 0x4d524648u /* "HFRM" */
#define FRAME_END   0x444e4548u /* "HEND" */
#define NULL_LENGTH 0xffffffffu
/* Most that a frame's content can be: what it is written at, and one message more. */
#define FRAME_MAX (FRAME_FILL + (64u + 1) * 1024 * 1024)

static inline void put_u16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v, p[1] = (uint8_t)(v >> 8);
}
static inline void put_u32(uint8_t *p, uint32_t v)
{
    put_u16(p, (uint16_t)v), put_u16(p + 2, (uint16_t)(v >> 16));
}
static inline void put_u64(uint8_t *p, uint64_t v)
{
    put_u32(p, (uint32_t)v), put_u32(p + 4, (uint32_t)(v >> 32));
}
static inline uint16_t get_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}
static inline uint32_t get_u32(const uint8_t *p)
{
    return get_u16(p) | (uint32_t)get_u16(p + 2) << 16;
}
static inline uint64_t get_u64(const uint8_t *p)
{
    return get_u32(p) | (uint64_t)get_u32(p + 4) << 32;
}

#endif
