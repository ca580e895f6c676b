/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * JT/T 808, what a vehicle's terminal says to its platform, of 2013 and of 2019: frames, headers, location reports.
 * Everything is big-endian; times are China's (GMT+8). Pure functions, no allocation, any thread: every bound is
 * checked, so any bytes may be given.
 *
 *     7E | header | body | XOR of header and body | 7E      where 7E is written 7D 02 and 7D is written 7D 01
 *     header 2013: id u16, properties u16, phone BCD[6], serial u16, and of a split message total u16, index u16
 *            2019: id u16, properties u16 (bit 14 set), version u8, phone BCD[10], serial u16, and the same
 *     properties: bits 0-9 length of the body, 10-12 encryption, 13 split
 */
#ifndef HAUL_JT808_H
#define HAUL_JT808_H

#include "haul/record.h"

enum {
    HAUL_JT808_BODY_MAX = 1023,
    HAUL_JT808_FRAME_MAX = 2 * (21 + HAUL_JT808_BODY_MAX + 1) + 2, /* every octet written as two */
    HAUL_JT808_PHONE = 21,
};

enum haul_jt808_id {
    HAUL_JT808_LOCATION = 0x0200,
    HAUL_JT808_LOCATION_ANSWER = 0x0201, /* a location that the platform has asked for */
    HAUL_JT808_BATCH = 0x0704,
};

struct haul_jt808_frame {
    uint16_t id, serial;
    bool v2019;
    uint8_t version;              /* of 2019 */
    uint16_t total, index;        /* of a split message, from 1; total 0: whole */
    char phone[HAUL_JT808_PHONE]; /* without leading zeros, so that both versions name a terminal alike */
    struct haul_str body;         /* into the room given to the reader */
};

/* Takes the next frame off the front of *rest, its 7Es included; false at the end. What stands before the first 7E, or
 * behind the last without another, is given as a frame too, which haul_jt808_read refuses. */
bool haul_jt808_next(struct haul_str *rest, struct haul_str *frame);
/* Reads a frame: escapes, checksum, header, length. False: *why says what is wrong at which octet of the frame. */
bool haul_jt808_read(struct haul_str frame, uint8_t room[HAUL_JT808_FRAME_MAX], struct haul_jt808_frame *out,
                     struct haul_refusal *why);

/* The items behind the 28 octets of a location report, by their numbers in `have`. */
enum haul_jt808_item {
    HAUL_JT808_MILEAGE = 0x01,
    HAUL_JT808_FUEL = 0x02,
    HAUL_JT808_RECORDER_SPEED = 0x03,
    HAUL_JT808_CARRIAGE_TEMPERATURE = 0x06, /* 2019 */
    HAUL_JT808_OVERSPEED = 0x11,
    HAUL_JT808_AREA = 0x12,
    HAUL_JT808_SEGMENT = 0x13,
    HAUL_JT808_SIGNALS = 0x25,
    HAUL_JT808_IO = 0x2a,
    HAUL_JT808_ANALOG = 0x2b,
    HAUL_JT808_RSSI = 0x30,
    HAUL_JT808_SATELLITES = 0x31,
};

struct haul_jt808_location {
    uint32_t alarm, status;
    double lat_deg, lon_deg; /* signed by the status */
    uint16_t altitude_m, speed_tenth_kmh, heading_deg;
    struct haul_time time;
    uint64_t have; /* bit n: item n was there */
    uint32_t mileage_tenth_km;
    uint16_t fuel_tenth_l, recorder_tenth_kmh;
    int16_t carriage_c;                                  /* -300 to 300: beyond, it is as if the item were unknown */
    uint8_t overspeed_place, area_place, area_direction; /* kinds of place, as numbered in the standard */
    uint32_t overspeed_id, area_id;
    uint32_t segment_id;
    uint16_t segment_s;
    bool segment_long;
    uint32_t signals, analog;
    uint16_t io;
    uint8_t rssi, satellites;
    unsigned active_safety; /* items 64 to 67 (T/JSATL12): driver assistance, driver state, tyres, blind spots */
    unsigned unknown;       /* items of other numbers */
};

#define HAUL_JT808_HAS(l, item)  (((l)->have >> (item)&1) != 0)
#define HAUL_JT808_FIXED(status) (((status) >> 1 & 1) != 0)

/* The body of a location report. `at`: octets of it that stand before, for the refusal. */
bool haul_jt808_location_read(struct haul_str body, size_t at, struct haul_jt808_location *out,
                              struct haul_refusal *why);

/* Cursor over the reports of a batch upload (0x0704). */
struct haul_jt808_batch {
    struct haul_str rest;
    size_t at;
    uint16_t left;
    bool blind; /* taken where there was no network, and sent later */
};
bool haul_jt808_batch_open(struct haul_str body, struct haul_jt808_batch *out, struct haul_refusal *why);
/* The next report's body while left > 0; false: the batch ends before it should, *why says where, and left is 0. */
bool haul_jt808_batch_next(struct haul_jt808_batch *b, struct haul_str *body, size_t *at, struct haul_refusal *why);

#endif
