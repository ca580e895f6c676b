/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/jt808.h"

#include "ingest/octets.h"
#include "ingest/refuse.h"

#include <stdio.h>

#define FLAG           0x7e
#define ESCAPE         0x7d
#define LOCATION       28 /* octets before the items */
#define HEADER_2013    12
#define HEADER_2019    17
#define SPLIT          4 /* more octets of the header */
#define CARRIAGE_MAX_C 300

/* ---- frames ------------------------------------------------------------------------------------------------------ */
static size_t to_flag(struct haul_str s, size_t from)
{
    const char *const at = from >= s.n ? NULL : memchr(s.p + from, FLAG, s.n - from);
    return at == NULL ? s.n : (size_t)(at - s.p);
}

/* Terminals end a frame with a flag and begin the next with another; some leave one of the two out. So a frame is what
 * lies between two flags, and a flag that ends one frame may begin the next. */
bool haul_jt808_next(struct haul_str *rest, struct haul_str *frame)
{
    size_t begin = 0;
    while (begin + 1 < rest->n && octet(*rest, begin) == FLAG && octet(*rest, begin + 1) == FLAG) begin++;
    *rest = octets_of(*rest, begin, rest->n - begin);
    if (rest->n == 0 || (rest->n == 1 && octet(*rest, 0) == FLAG)) return false;
    const bool flagged = octet(*rest, 0) == FLAG;
    const size_t end = to_flag(*rest, flagged ? 1 : 0);
    const bool closed = end < rest->n;
    *frame = octets_of(*rest, 0, end + (flagged && closed ? 1 : 0));
    *rest = octets_of(*rest, end, rest->n - end);
    return true;
}

/* Octets between the flags with the escapes undone, and their count; false: an escape that is none. */
static bool unescape(struct haul_str in, uint8_t *out, size_t *n, struct haul_refusal *why)
{
    *n = 0;
    for (size_t i = 0; i < in.n; i++) {
        uint8_t b = octet(in, i);
        if (b == ESCAPE) {
            const uint8_t next = i + 1 < in.n ? octet(in, i + 1) : 0;
            if (next != 1 && next != 2)
                return refuse(why, HAUL_REASON_FRAME, "", "octet %zu: 7D is followed by %02X; expected 01 or 02", i + 1,
                              next);
            b = next == 1 ? ESCAPE : FLAG;
            i++;
        }
        out[(*n)++] = b;
    }
    return true;
}

static bool read_phone(struct haul_str bcd, char out[HAUL_JT808_PHONE])
{
    size_t n = 0;
    for (size_t i = 0; i < bcd.n; i++) {
        const int pair = octet_bcd(bcd, i);
        if (pair < 0) return false;
        for (int digit = pair / 10, k = 0; k < 2; digit = pair % 10, k++)
            if (n > 0 || digit > 0) out[n++] = (char)('0' + digit);
    }
    if (n == 0) out[n++] = '0';
    out[n] = '\0';
    return true;
}

static bool read_split(struct haul_str s, size_t at, struct haul_jt808_frame *out, struct haul_refusal *why)
{
    out->total = octets16(s, at);
    out->index = octets16(s, at + 2);
    return (out->index >= 1 && out->index <= out->total) ||
           refuse(why, HAUL_REASON_FRAME, "", "packet %u of %u: there is no such packet", out->index, out->total);
}

/* The octets of header and body. */
static bool read_header(struct haul_str s, struct haul_jt808_frame *out, struct haul_refusal *why)
{
    if (s.n < HEADER_2013)
        return refuse(why, HAUL_REASON_TRUNCATED, "", "the header has %zu octets; expected %d", s.n, HEADER_2013);
    const uint16_t properties = octets16(s, 2), body = properties & 0x3ff;
    const bool split = (properties >> 13 & 1) != 0;
    out->id = octets16(s, 0);
    out->v2019 = (properties >> 14 & 1) != 0;
    const size_t fixed = out->v2019 ? HEADER_2019 : HEADER_2013, header = fixed + (split ? SPLIT : 0);
    if (s.n != header + body)
        return refuse(why, s.n < header + body ? HAUL_REASON_TRUNCATED : HAUL_REASON_FRAME, "",
                      "header and body have %zu octets; the header says %zu (%u of the body)", s.n, header + body,
                      body);
    out->version = out->v2019 ? octet(s, 4) : 0;
    if (!read_phone(octets_of(s, out->v2019 ? 5 : 4, out->v2019 ? 10 : 6), out->phone))
        return refuse(why, HAUL_REASON_FRAME, "id", "octet %d: the terminal's number is not decimal",
                      out->v2019 ? 5 : 4);
    out->serial = octets16(s, fixed - 2);
    out->body = octets_of(s, header, body);
    if ((properties >> 10 & 7) != 0)
        return refuse(why, HAUL_REASON_UNSUPPORTED, "", "the body is encrypted (method %u)", properties >> 10 & 7);
    return !split || read_split(s, fixed, out, why);
}

bool haul_jt808_read(struct haul_str frame, uint8_t room[HAUL_JT808_FRAME_MAX], struct haul_jt808_frame *out,
                     struct haul_refusal *why)
{
    size_t n;
    *out = (struct haul_jt808_frame){0};
    if (frame.n < 2 || octet(frame, 0) != FLAG || octet(frame, frame.n - 1) != FLAG)
        return refuse(why, HAUL_REASON_FRAME, "", "%zu octets without a 7E before and behind them", frame.n);
    if (frame.n > HAUL_JT808_FRAME_MAX)
        return refuse(why, HAUL_REASON_TOO_LARGE, "", "the frame has %zu octets; at most %d are possible", frame.n,
                      HAUL_JT808_FRAME_MAX);
    if (!unescape(octets_of(frame, 1, frame.n - 2), room, &n, why)) return false;
    if (n < 2) return refuse(why, HAUL_REASON_TRUNCATED, "", "the frame has %zu octets", n);
    uint8_t sum = 0;
    for (size_t i = 0; i + 1 < n; i++) sum ^= room[i];
    if (sum != room[n - 1])
        return refuse(why, HAUL_REASON_CHECKSUM, "", "octet %zu: the check code is %02X; the octets before give %02X",
                      n - 1, room[n - 1], sum);
    return read_header((struct haul_str){(const char *)room, n - 1}, out, why);
}

/* ---- locations --------------------------------------------------------------------------------------------------- */
static bool read_time(struct haul_str s, struct haul_time *out)
{
    int part[6];
    for (size_t i = 0; i < 6; i++)
        if ((part[i] = octet_bcd(s, i)) < 0) return false;
    return octets_civil(2000 + part[0], part[1], part[2], part[3], part[4], part[5], out);
}

/* Octets that an item has, by its number; 0: any number. */
static size_t item_bytes(uint8_t id)
{
    switch (id) {
    case HAUL_JT808_MILEAGE:
    case HAUL_JT808_SIGNALS:
    case HAUL_JT808_ANALOG:
        return 4;
    case HAUL_JT808_FUEL:
    case HAUL_JT808_RECORDER_SPEED:
    case HAUL_JT808_CARRIAGE_TEMPERATURE:
    case HAUL_JT808_IO:
        return 2;
    case HAUL_JT808_AREA:
        return 6;
    case HAUL_JT808_SEGMENT:
        return 7;
    case HAUL_JT808_RSSI:
    case HAUL_JT808_SATELLITES:
        return 1;
    default:
        return 0;
    }
}

/* The standard says that the highest bit set means below zero and that the range is -32767 to 32767; terminals write
 * the two's complement, or sign and magnitude. Only one of the two can be a temperature: that one is meant. */
static bool read_degrees(uint16_t raw, int16_t *out)
{
    const int complement = (int16_t)raw, magnitude = raw >> 15 != 0 ? -(raw & 0x7fff) : raw;
    *out = (int16_t)(complement >= -CARRIAGE_MAX_C ? complement : magnitude);
    return *out >= -CARRIAGE_MAX_C && *out <= CARRIAGE_MAX_C;
}

static void read_item(uint8_t id, struct haul_str v, struct haul_jt808_location *out)
{
    switch (id) {
    case HAUL_JT808_MILEAGE:
        out->mileage_tenth_km = octets32(v, 0);
        break;
    case HAUL_JT808_FUEL:
        out->fuel_tenth_l = octets16(v, 0);
        break;
    case HAUL_JT808_RECORDER_SPEED:
        out->recorder_tenth_kmh = octets16(v, 0);
        break;
    case HAUL_JT808_CARRIAGE_TEMPERATURE:
        if (read_degrees(octets16(v, 0), &out->carriage_c)) break;
        out->unknown++;
        return;
    case HAUL_JT808_OVERSPEED: /* the id of the place is there when the place has one */
        out->overspeed_place = octet(v, 0);
        out->overspeed_id = v.n == 5 ? octets32(v, 1) : 0;
        break;
    case HAUL_JT808_AREA:
        out->area_place = octet(v, 0);
        out->area_id = octets32(v, 1);
        out->area_direction = octet(v, 5);
        break;
    case HAUL_JT808_SEGMENT:
        out->segment_id = octets32(v, 0);
        out->segment_s = octets16(v, 4);
        out->segment_long = octet(v, 6) != 0;
        break;
    case HAUL_JT808_SIGNALS:
        out->signals = octets32(v, 0);
        break;
    case HAUL_JT808_IO:
        out->io = octets16(v, 0);
        break;
    case HAUL_JT808_ANALOG:
        out->analog = octets32(v, 0);
        break;
    case HAUL_JT808_RSSI:
        out->rssi = octet(v, 0);
        break;
    case HAUL_JT808_SATELLITES:
        out->satellites = octet(v, 0);
        break;
    default:
        out->active_safety += id >= 0x64 && id <= 0x67;
        out->unknown += id < 0x64 || id > 0x67;
        return;
    }
    out->have |= 1ull << id;
}

static bool read_items(struct haul_str body, size_t at, struct haul_jt808_location *out, struct haul_refusal *why)
{
    for (size_t i = LOCATION; i < body.n;) {
        if (body.n - i < 2 || body.n - i - 2 < octet(body, i + 1))
            return refuse(why, HAUL_REASON_TRUNCATED, "", "octet %zu of the body: item %02X is cut off", at + i,
                          octet(body, i));
        const uint8_t id = octet(body, i), n = octet(body, i + 1);
        const size_t expected = item_bytes(id);
        if ((expected > 0 && n != expected) || (id == HAUL_JT808_OVERSPEED && n != 1 && n != 5))
            return refuse(why, HAUL_REASON_TYPE, "", "octet %zu of the body: item %02X has %u octets; expected %zu",
                          at + i, id, n, expected > 0 ? expected : 5);
        read_item(id, octets_of(body, i + 2, n), out);
        i += 2u + n;
    }
    return true;
}

bool haul_jt808_location_read(struct haul_str body, size_t at, struct haul_jt808_location *out,
                              struct haul_refusal *why)
{
    *out = (struct haul_jt808_location){0};
    if (body.n < LOCATION)
        return refuse(why, HAUL_REASON_TRUNCATED, "", "octet %zu of the body: a location has %d octets; there are %zu",
                      at, LOCATION, body.n);
    out->alarm = octets32(body, 0);
    out->status = octets32(body, 4);
    out->lat_deg = (double)octets32(body, 8) / 1e6;
    out->lon_deg = (double)octets32(body, 12) / 1e6;
    if (out->lat_deg > 90)
        return refuse(why, HAUL_REASON_OUT_OF_RANGE, "lat", "octet %zu of the body: %.6f is no latitude", at + 8,
                      out->lat_deg);
    if (out->lon_deg > 180)
        return refuse(why, HAUL_REASON_OUT_OF_RANGE, "lon", "octet %zu of the body: %.6f is no longitude", at + 12,
                      out->lon_deg);
    if ((out->status >> 2 & 1) != 0) out->lat_deg = -out->lat_deg;
    if ((out->status >> 3 & 1) != 0) out->lon_deg = -out->lon_deg;
    out->altitude_m = octets16(body, 16);
    out->speed_tenth_kmh = octets16(body, 18);
    out->heading_deg = octets16(body, 20);
    if (!read_time(octets_of(body, 22, 6), &out->time))
        return refuse(why, HAUL_REASON_TYPE, "time",
                      "octet %zu of the body: %02X %02X %02X %02X %02X %02X is no time of the form YYMMDDhhmmss",
                      at + 22, octet(body, 22), octet(body, 23), octet(body, 24), octet(body, 25), octet(body, 26),
                      octet(body, 27));
    return read_items(body, at, out, why);
}

/* ---- batches ------------------------------------------------------------------------------------------------------
 */
bool haul_jt808_batch_open(struct haul_str body, struct haul_jt808_batch *out, struct haul_refusal *why)
{
    if (body.n < 3)
        return refuse(why, HAUL_REASON_TRUNCATED, "", "a batch has 3 octets or more; there are %zu", body.n);
    const uint8_t kind = octet(body, 2);
    if (kind > 1) return refuse(why, HAUL_REASON_OUT_OF_RANGE, "", "octet 2 of the body: a batch of kind %u", kind);
    *out = (struct haul_jt808_batch){octets_of(body, 3, body.n - 3), 3, octets16(body, 0), kind == 1};
    return true;
}

bool haul_jt808_batch_next(struct haul_jt808_batch *b, struct haul_str *body, size_t *at, struct haul_refusal *why)
{
    assert(b->left > 0);
    if (b->rest.n < 2 || b->rest.n - 2 < octets16(b->rest, 0)) {
        const unsigned left = b->left;
        b->left = 0;
        return refuse(why, HAUL_REASON_TRUNCATED, "", "octet %zu of the body: %u more reports were announced", b->at,
                      left);
    }
    const size_t n = octets16(b->rest, 0);
    *body = octets_of(b->rest, 2, n);
    *at = b->at + 2;
    b->rest = octets_of(b->rest, 2 + n, b->rest.n - 2 - n);
    b->at += 2 + n;
    b->left--;
    return true;
}
