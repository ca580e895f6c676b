/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * msgpack as it lies in memory: what a first byte announces, and where a value ends. Big-endian throughout.
 * https://github.com/msgpack/msgpack/blob/master/spec.md
 */
#ifndef HAUL_ENGINE_MSGPACK_H
#define HAUL_ENGINE_MSGPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* First bytes. Those between are fixint, fixmap, fixarray, fixstr. */
enum mp_form {
    MP_FIXMAP = 0x80,
    MP_FIXARRAY = 0x90,
    MP_FIXSTR = 0xa0,
    MP_NIL = 0xc0,
    MP_UNUSED = 0xc1,
    MP_FALSE = 0xc2,
    MP_TRUE = 0xc3,
    MP_BIN8 = 0xc4,
    MP_BIN32 = 0xc6,
    MP_EXT8 = 0xc7,
    MP_EXT32 = 0xc9,
    MP_FLOAT32 = 0xca,
    MP_FLOAT64 = 0xcb,
    MP_UINT8 = 0xcc,
    MP_UINT16 = 0xcd,
    MP_UINT32 = 0xce,
    MP_UINT64 = 0xcf,
    MP_INT8 = 0xd0,
    MP_INT16 = 0xd1,
    MP_INT32 = 0xd2,
    MP_INT64 = 0xd3,
    MP_FIXEXT1 = 0xd4,
    MP_FIXEXT16 = 0xd8,
    MP_STR8 = 0xd9,
    MP_STR32 = 0xdb,
    MP_ARRAY16 = 0xdc,
    MP_ARRAY32 = 0xdd,
    MP_MAP16 = 0xde,
    MP_MAP32 = 0xdf,
    MP_NEGATIVE = 0xe0,
};

static inline bool mp_is_integer(uint8_t b)
{
    return b < MP_FIXMAP || b >= MP_NEGATIVE || (b >= MP_UINT8 && b <= MP_INT64);
}
static inline bool mp_is_string(uint8_t b)
{
    return (b & 0xe0) == MP_FIXSTR || (b >= MP_STR8 && b <= MP_STR32);
}
static inline bool mp_is_array(uint8_t b)
{
    return (b & 0xf0) == MP_FIXARRAY || b == MP_ARRAY16 || b == MP_ARRAY32;
}
static inline bool mp_is_map(uint8_t b)
{
    return (b & 0xf0) == MP_FIXMAP || b == MP_MAP16 || b == MP_MAP32;
}
static inline bool mp_is_extension(uint8_t b)
{
    return (b >= MP_EXT8 && b <= MP_EXT32) || (b >= MP_FIXEXT1 && b <= MP_FIXEXT16);
}
/* "a string": what a first byte announces, for people. */
const char *mp_form_name(uint8_t b);

static inline uint16_t mp_u16(const uint8_t *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap16(v);
}
static inline uint32_t mp_u32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap32(v);
}
static inline uint64_t mp_u64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap64(v);
}
static inline double mp_f64(const uint8_t *p)
{
    const uint64_t bits = mp_u64(p);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}
static inline double mp_f32(const uint8_t *p)
{
    const uint32_t bits = mp_u32(p);
    float v;
    memcpy(&v, &bits, sizeof v);
    return (double)v;
}
/* n is 1, 2 or 4. */
static inline uint32_t mp_length(const uint8_t *p, unsigned n)
{
    return n == 1 ? *p : n == 2 ? mp_u16(p) : mp_u32(p);
}

/* A value's head: the bytes that are its own, and the values that follow inside it. */
struct mp_head {
    uint64_t bytes;    /* from the first byte on */
    uint64_t children; /* a map's keys and values both */
    bool container;
};
enum mp_found { MP_GOOD, MP_SHORT, MP_INVALID };
/* MP_GOOD: the value's own bytes all lie before end. */
enum mp_found mp_read_head(const uint8_t *p, const uint8_t *end, struct mp_head *h);
/* Bytes of the length field behind a first byte of 0xc0 to 0xdf. */
unsigned mp_length_bytes(uint8_t b);
/* Where the value at p ends, however deep it is. NULL when that is not before end, or when it is not msgpack. */
const uint8_t *mp_extent(const uint8_t *p, const uint8_t *end);

#endif
