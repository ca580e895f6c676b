/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * JT/T 809, what one platform tells another of its vehicles, of 2011 and of 2019: frames, headers, positions, alarms.
 * Big-endian; times are China's (GMT+8), those of alarms UTC. Pure functions, no allocation, any thread: any bytes may
 * be given.
 *
 *     5B | header | body | CRC | 5D    where 5B is written 5A 01, 5A 5A 02, 5D 5E 01, 5E 5E 02
 *     header: length u32 (of all, flags included), serial u32, type u16, centre u32, version[3], encrypted u8, key u32,
 *             and since 2019 time u64; CRC: CCITT of header and body, polynomial 1021, from FFFF
 *     body of 1200 and 1400: plate[21] GBK, colour u8, subtype u16, length u32, data
 *
 * The edition is told by the lengths, which must come out to the octet: the version's numbers are each platform's own.
 */
#ifndef HAUL_JT809_H
#define HAUL_JT809_H

#include "haul/jt808.h"

enum {
    HAUL_JT809_FRAME_MAX = 65536,
    HAUL_JT809_PLATE = 21, /* octets of GBK */
};

enum haul_jt809_type {
    HAUL_JT809_VEHICLE = 0x1200, /* vehicles' dynamic data, from below */
    HAUL_JT809_ALARM = 0x1400,
};
enum haul_jt809_subtype {
    HAUL_JT809_POSITION = 0x1202,
    HAUL_JT809_BACKFILL = 0x1203, /* positions that could not be sent when they were taken */
    HAUL_JT809_ALARM_REPORT = 0x1402,
};

struct haul_jt809_frame {
    uint16_t type, subtype; /* subtype 0 when the type has none that is known here */
    uint32_t serial, centre;
    bool v2019;
    struct haul_str plate; /* GBK, without the zeros behind it */
    uint8_t colour;
    struct haul_str data; /* into the room given to the reader */
};

/* As haul_jt808_next. */
bool haul_jt809_next(struct haul_str *rest, struct haul_str *frame);
bool haul_jt809_read(struct haul_str frame, uint8_t room[HAUL_JT809_FRAME_MAX], struct haul_jt809_frame *out,
                     struct haul_refusal *why);

struct haul_jt809_position {
    struct haul_jt808_location at; /* speed, heading, time, alarm and status as there */
    bool shifted;                  /* the coordinates have passed the map's secrecy plug-in: they are GCJ-02 */
};
/* Cursor over the positions of 1202 (one) and 1203. */
struct haul_jt809_positions {
    struct haul_str rest;
    size_t at;
    uint8_t left;
    bool v2019;
};
bool haul_jt809_positions_open(const struct haul_jt809_frame *f, struct haul_jt809_positions *out,
                               struct haul_refusal *why);
/* While left > 0; false: this one cannot be used; when its extent is not known, left is 0. */
bool haul_jt809_positions_next(struct haul_jt809_positions *p, struct haul_jt809_position *out,
                               struct haul_refusal *why);

struct haul_jt809_alarm {
    uint16_t kind; /* 1 overspeed, 2 fatigue, 3 emergency, 4, 5 area, 8 border, 9, A theft, B route, C moved, D driving
                      time */
    uint32_t bits; /* the same as bits of the alarm word of JT/T 808; 0: it has none */
    struct haul_time time;
};
bool haul_jt809_alarm_read(const struct haul_jt809_frame *f, struct haul_jt809_alarm *out, struct haul_refusal *why);

#endif
