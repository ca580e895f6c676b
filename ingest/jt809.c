/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/jt809.h"

#include "ingest/octets.h"
#include "ingest/refuse.h"

#define BEGIN       0x5b
#define END         0x5d
#define HEADER_2011 22
#define HEADER_2019 30
#define VEHICLE     28 /* plate, colour, subtype, length */
#define POSITION    36 /* of 2011 */
#define TRAILER     45 /* behind a position of 2019: three platforms of 11 octets with an alarm word each */

/* ---- frames ------------------------------------------------------------------------------------------------------ */
bool haul_jt809_next(struct haul_str *rest, struct haul_str *frame)
{
    if (rest->n == 0) return false;
    size_t n = 1;
    const bool opened = octet(*rest, 0) == BEGIN;
    for (; n < rest->n; n++) {
        const uint8_t b = octet(*rest, n);
        if (b == BEGIN) break; /* another begins: this one has no end */
        if (b == END && opened) {
            n++;
            break;
        }
    }
    *frame = octets_of(*rest, 0, n);
    *rest = octets_of(*rest, n, rest->n - n);
    return true;
}

static bool unescape(struct haul_str in, uint8_t *out, size_t *n, struct haul_refusal *why)
{
    *n = 0;
    for (size_t i = 0; i < in.n; i++) {
        uint8_t b = octet(in, i);
        if (b == 0x5a || b == 0x5e) {
            const uint8_t next = i + 1 < in.n ? octet(in, i + 1) : 0;
            if (next != 1 && next != 2)
                return refuse(why, HAUL_REASON_FRAME, "", "octet %zu: %02X is followed by %02X; expected 01 or 02",
                              i + 1, b, next);
            b = (uint8_t)(next == 2 ? b : b == 0x5a ? BEGIN : END);
            i++;
        }
        out[(*n)++] = b;
    }
    return true;
}

static uint16_t crc_ccitt(struct haul_str s)
{
    uint16_t crc = 0xffff;
    for (size_t i = 0; i < s.n; i++) {
        crc = (uint16_t)(crc ^ octet(s, i) << 8);
        for (int bit = 0; bit < 8; bit++) crc = (uint16_t)((crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1);
    }
    return crc;
}

static bool has_vehicle(uint16_t type)
{
    return type == HAUL_JT809_VEHICLE || type == HAUL_JT809_ALARM;
}

/* The header's length as told by the vehicle's data, which must end where the body ends; 0: neither edition's. */
static size_t header_of(struct haul_str s)
{
    static const size_t headers[] = {HEADER_2011, HEADER_2019};
    for (size_t i = 0; i < 2; i++)
        if (s.n >= headers[i] + VEHICLE && octets32(s, headers[i] + VEHICLE - 4) == s.n - headers[i] - VEHICLE)
            return headers[i];
    return 0;
}

static bool read_vehicle(struct haul_str s, struct haul_jt809_frame *out, struct haul_refusal *why)
{
    const size_t header = header_of(s);
    if (header == 0)
        return refuse(why, HAUL_REASON_UNSUPPORTED, "",
                      "type %04X: the length of its data fits neither the edition of 2011 nor that of 2019", out->type);
    out->v2019 = header == HEADER_2019;
    out->plate = octets_of(s, header, HAUL_JT809_PLATE);
    const char *zero = memchr(out->plate.p, '\0', out->plate.n);
    if (zero != NULL) out->plate.n = (size_t)(zero - out->plate.p);
    out->colour = octet(s, header + HAUL_JT809_PLATE);
    out->subtype = octets16(s, header + HAUL_JT809_PLATE + 1);
    out->data = octets_of(s, header + VEHICLE, s.n - header - VEHICLE);
    return true;
}

/* `s`: header and body. */
static bool read_header(struct haul_str s, size_t frame, struct haul_jt809_frame *out, struct haul_refusal *why)
{
    if (s.n < HEADER_2011)
        return refuse(why, HAUL_REASON_TRUNCATED, "", "the header has %zu octets; expected %d", s.n, HEADER_2011);
    out->serial = octets32(s, 4);
    out->type = octets16(s, 8);
    out->centre = octets32(s, 10);
    if (octets32(s, 0) != s.n + 4)
        return refuse(why, HAUL_REASON_FRAME, "", "the frame has %zu octets (%zu as sent); its header says %u", s.n + 4,
                      frame, octets32(s, 0));
    if (octet(s, 17) != 0)
        return refuse(why, HAUL_REASON_UNSUPPORTED, "", "type %04X, serial %u: the body is encrypted", out->type,
                      out->serial);
    return !has_vehicle(out->type) || read_vehicle(s, out, why);
}

bool haul_jt809_read(struct haul_str frame, uint8_t room[HAUL_JT809_FRAME_MAX], struct haul_jt809_frame *out,
                     struct haul_refusal *why)
{
    size_t n;
    *out = (struct haul_jt809_frame){0};
    if (frame.n < 2 || octet(frame, 0) != BEGIN || octet(frame, frame.n - 1) != END)
        return refuse(why, HAUL_REASON_FRAME, "", "%zu octets without a 5B before and a 5D behind them", frame.n);
    if (frame.n > HAUL_JT809_FRAME_MAX)
        return refuse(why, HAUL_REASON_TOO_LARGE, "", "the frame has %zu octets; at most %d are taken", frame.n,
                      HAUL_JT809_FRAME_MAX);
    if (!unescape(octets_of(frame, 1, frame.n - 2), room, &n, why)) return false;
    if (n < 2) return refuse(why, HAUL_REASON_TRUNCATED, "", "the frame has %zu octets", n);
    const struct haul_str all = {(const char *)room, n}, content = octets_of(all, 0, n - 2);
    const uint16_t crc = crc_ccitt(content);
    if (octets16(all, n - 2) != crc)
        return refuse(why, HAUL_REASON_CHECKSUM, "", "octet %zu: the check code is %04X; the octets before give %04X",
                      n - 1, octets16(all, n - 2), crc);
    return read_header(content, frame.n, out, why);
}

/* ---- positions --------------------------------------------------------------------------------------------------- */
bool haul_jt809_positions_open(const struct haul_jt809_frame *f, struct haul_jt809_positions *out,
                               struct haul_refusal *why)
{
    *out = (struct haul_jt809_positions){.rest = f->data, .left = 1, .v2019 = f->v2019};
    if (f->subtype == HAUL_JT809_POSITION) return true;
    if (f->data.n < 1) return refuse(why, HAUL_REASON_TRUNCATED, "", "positions without their count");
    out->left = octet(f->data, 0);
    out->rest = octets_of(f->data, 1, f->data.n - 1);
    out->at = 1;
    if (out->left == 0) return refuse(why, HAUL_REASON_EMPTY, "", "a backfill of no positions");
    return true;
}

static bool cut_off(struct haul_jt809_positions *p, struct haul_refusal *why)
{
    const unsigned left = p->left;
    p->left = 0;
    return refuse(why, HAUL_REASON_TRUNCATED, "", "octet %zu of the data: %u more positions were announced", p->at,
                  left);
}

static struct haul_str take(struct haul_jt809_positions *p, size_t n)
{
    const struct haul_str s = octets_of(p->rest, 0, n);
    p->rest = octets_of(p->rest, n, p->rest.n - n);
    p->at += n;
    p->left--;
    return s;
}

/* 2011: encrypted u8, day u8, month u8, year u16, hour, minute, second u8, lon, lat u32, speed, recorder u16 km/h,
 * mileage u32 km, heading, altitude u16, status, alarm u32. */
static bool next_2011(struct haul_jt809_positions *p, struct haul_jt809_position *out, struct haul_refusal *why)
{
    if (p->rest.n < POSITION) return cut_off(p, why);
    const size_t at = p->at;
    const struct haul_str s = take(p, POSITION);
    struct haul_jt808_location *l = &out->at;
    out->shifted = octet(s, 0) != 0;
    l->lon_deg = (double)octets32(s, 8) / 1e6;
    l->lat_deg = (double)octets32(s, 12) / 1e6;
    l->speed_tenth_kmh = (uint16_t)(octets16(s, 16) < 6000 ? octets16(s, 16) * 10 : 60000);
    l->mileage_tenth_km = octets32(s, 20) < 100000000 ? octets32(s, 20) * 10 : 1000000000;
    l->have = 1ull << HAUL_JT808_MILEAGE;
    l->heading_deg = octets16(s, 24);
    l->altitude_m = octets16(s, 26);
    l->status = octets32(s, 28);
    l->alarm = octets32(s, 32);
    if (l->lat_deg > 90 || l->lon_deg > 180)
        return refuse(why, HAUL_REASON_OUT_OF_RANGE, "lat", "octet %zu of the data: %.6f, %.6f is no position", at + 8,
                      l->lon_deg, l->lat_deg);
    if ((l->status >> 2 & 1) != 0) l->lat_deg = -l->lat_deg;
    if ((l->status >> 3 & 1) != 0) l->lon_deg = -l->lon_deg;
    if (!octets_civil(octets16(s, 3), octet(s, 2), octet(s, 1), octet(s, 5), octet(s, 6), octet(s, 7), &l->time))
        return refuse(why, HAUL_REASON_OUT_OF_RANGE, "time", "octet %zu of the data: %u-%u-%u %u:%u:%u is no time",
                      at + 1, octets16(s, 3), octet(s, 2), octet(s, 1), octet(s, 5), octet(s, 6), octet(s, 7));
    return true;
}

/* 2019: encrypted u8, length u32, a location report of JT/T 808, and the alarms of three platforms. */
static bool next_2019(struct haul_jt809_positions *p, struct haul_jt809_position *out, struct haul_refusal *why)
{
    if (p->rest.n < 5 + TRAILER || octets32(p->rest, 1) > p->rest.n - 5 - TRAILER) return cut_off(p, why);
    const size_t at = p->at, n = octets32(p->rest, 1);
    const struct haul_str s = take(p, 5 + n + TRAILER);
    out->shifted = octet(s, 0) != 0;
    return haul_jt808_location_read(octets_of(s, 5, n), at + 5, &out->at, why);
}

bool haul_jt809_positions_next(struct haul_jt809_positions *p, struct haul_jt809_position *out,
                               struct haul_refusal *why)
{
    assert(p->left > 0);
    *out = (struct haul_jt809_position){0};
    return p->v2019 ? next_2019(p, out, why) : next_2011(p, out, why);
}

/* ---- alarms ------------------------------------------------------------------------------------------------------ */
static uint32_t alarm_bits(uint16_t kind)
{
    static const int8_t bit[] = {-1, 1, 2, 0, 20, 20, -1, 3, 20, 26, 26, 23, 28, 18};
    return kind < sizeof bit && bit[kind] >= 0 ? 1u << bit[kind] : 0;
}

/* 2011: source u8, kind u16, time u64 (seconds UTC), number u32, length u32, text. */
bool haul_jt809_alarm_read(const struct haul_jt809_frame *f, struct haul_jt809_alarm *out, struct haul_refusal *why)
{
    const struct haul_str s = f->data;
    if (f->v2019) return refuse(why, HAUL_REASON_UNSUPPORTED, "", "an alarm of the edition of 2019");
    if (s.n < 19 || octets32(s, 15) != s.n - 19)
        return refuse(why, HAUL_REASON_TRUNCATED, "",
                      "an alarm has 19 octets and a text of the length that it says; there are %zu", s.n);
    const uint64_t time_s = octets64(s, 3);
    if (time_s > 253402300799u) /* the year 9999 */
        return refuse(why, HAUL_REASON_OUT_OF_RANGE, "time", "octet 3 of the data: %llu s is no time",
                      (unsigned long long)time_s);
    *out = (struct haul_jt809_alarm){octets16(s, 1), alarm_bits(octets16(s, 1)), {(int64_t)time_s * 1000}};
    return true;
}
