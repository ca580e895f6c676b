/* SPDX-License-Identifier: Apache-2.0
 * Writes JT/T 808 and 809 frames: the other way round from what is tested.
 */
#ifndef HAUL_TESTS_SUPPORT_JT_H
#define HAUL_TESTS_SUPPORT_JT_H

#include "haul/buf.h"

struct jt_location {
    uint32_t alarm, status, lat_micro, lon_micro;
    uint16_t altitude, speed_tenth, heading;
    const char *time; /* "260126155702", China's */
};

void jt_u8(struct haul_buf *b, unsigned v);
void jt_u16(struct haul_buf *b, unsigned v);
void jt_u32(struct haul_buf *b, uint32_t v);
void jt_bcd(struct haul_buf *b, const char *digits); /* an even number of them */
void jt_hex(struct haul_buf *b, const char *hex);    /* blanks are passed over */
struct haul_str jt_str(const struct haul_buf *b);

/* The 28 octets. */
void jt808_location(struct haul_buf *b, const struct jt_location *l);
/* A frame; total 0: not split. */
void jt808_frame(struct haul_buf *out, unsigned id, bool v2019, const char *phone, unsigned serial, unsigned total,
                 unsigned index, struct haul_str body);
/* A frame of type 1200 or 1400 with its vehicle. */
void jt809_frame(struct haul_buf *out, bool v2019, unsigned type, unsigned subtype, uint32_t serial,
                 struct haul_str plate_gbk, unsigned colour, struct haul_str data);

#endif
