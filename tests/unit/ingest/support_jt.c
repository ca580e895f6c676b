/* SPDX-License-Identifier: Apache-2.0 */
#include "support_jt.h"

#include <stdlib.h>

void jt_u8(struct haul_buf *b, unsigned v)
{
    haul_buf_byte(b, (uint8_t)v);
}
void jt_u16(struct haul_buf *b, unsigned v)
{
    jt_u8(b, v >> 8 & 255);
    jt_u8(b, v & 255);
}
void jt_u32(struct haul_buf *b, uint32_t v)
{
    jt_u16(b, v >> 16);
    jt_u16(b, v & 0xffff);
}
void jt_bcd(struct haul_buf *b, const char *digits)
{
    for (; digits[0] != '\0'; digits += 2) jt_u8(b, (unsigned)((digits[0] - '0') << 4 | (digits[1] - '0')));
}
void jt_hex(struct haul_buf *b, const char *hex)
{
    for (; *hex != '\0'; hex += *hex == ' ' ? 1 : 2) {
        if (*hex == ' ') continue;
        const char pair[3] = {hex[0], hex[1], '\0'};
        jt_u8(b, (unsigned)strtoul(pair, NULL, 16));
    }
}
struct haul_str jt_str(const struct haul_buf *b)
{
    return (struct haul_str){(const char *)b->p, b->n};
}

void jt808_location(struct haul_buf *b, const struct jt_location *l)
{
    jt_u32(b, l->alarm);
    jt_u32(b, l->status);
    jt_u32(b, l->lat_micro);
    jt_u32(b, l->lon_micro);
    jt_u16(b, l->altitude);
    jt_u16(b, l->speed_tenth);
    jt_u16(b, l->heading);
    jt_bcd(b, l->time);
}

void jt808_frame(struct haul_buf *out, unsigned id, bool v2019, const char *phone, unsigned serial, unsigned total,
                 unsigned index, struct haul_str body)
{
    struct haul_buf b;
    haul_buf_init(&b, 64, 4096);
    jt_u16(&b, id);
    jt_u16(&b, (unsigned)body.n | (total > 0 ? 1u << 13 : 0) | (v2019 ? 1u << 14 : 0));
    if (v2019) jt_u8(&b, 1);
    jt_bcd(&b, phone);
    jt_u16(&b, serial);
    if (total > 0) jt_u16(&b, total), jt_u16(&b, index);
    haul_buf_str(&b, body);
    uint8_t sum = 0;
    for (size_t i = 0; i < b.n; i++) sum ^= b.p[i];
    jt_u8(&b, sum);
    jt_u8(out, 0x7e);
    for (size_t i = 0; i < b.n; i++) {
        if (b.p[i] == 0x7e || b.p[i] == 0x7d)
            jt_u8(out, 0x7d), jt_u8(out, b.p[i] == 0x7e ? 2 : 1);
        else
            jt_u8(out, b.p[i]);
    }
    jt_u8(out, 0x7e);
    haul_buf_free(&b);
}

/* Bit by bit, from the definition: the remainder of the message times x^16, all ones put before it. */
static unsigned crc16(const uint8_t *p, size_t n)
{
    unsigned crc = 0xffff;
    for (size_t i = 0; i < n * 8; i++) {
        const unsigned bit = (unsigned)p[i / 8] >> (7 - i % 8) & 1u, top = crc >> 15 & 1u;
        crc = crc << 1 & 0xffff;
        if (bit != top) crc ^= 0x1021;
    }
    return crc;
}

static void escape809(struct haul_buf *out, const struct haul_buf *b)
{
    static const uint8_t table[][3] = {{0x5b, 0x5a, 1}, {0x5a, 0x5a, 2}, {0x5d, 0x5e, 1}, {0x5e, 0x5e, 2}};
    for (size_t i = 0; i < b->n; i++) {
        size_t k = 0;
        while (k < 4 && table[k][0] != b->p[i]) k++;
        if (k < 4)
            jt_u8(out, table[k][1]), jt_u8(out, table[k][2]);
        else
            jt_u8(out, b->p[i]);
    }
}

void jt809_frame(struct haul_buf *out, bool v2019, unsigned type, unsigned subtype, uint32_t serial,
                 struct haul_str plate_gbk, unsigned colour, struct haul_str data)
{
    struct haul_buf b;
    haul_buf_init(&b, 256, 65536);
    jt_u32(&b, (uint32_t)((v2019 ? 30u : 22u) + 28u + data.n + 4u));
    jt_u32(&b, serial);
    jt_u16(&b, type);
    jt_u32(&b, 36001);
    jt_hex(&b, "010000 00 00000000");
    if (v2019) jt_u32(&b, 0), jt_u32(&b, 1769414222);
    haul_buf_str(&b, plate_gbk);
    for (size_t i = plate_gbk.n; i < 21; i++) jt_u8(&b, 0);
    jt_u8(&b, colour);
    jt_u16(&b, subtype);
    jt_u32(&b, (uint32_t)data.n);
    haul_buf_str(&b, data);
    jt_u16(&b, crc16(b.p, b.n));
    jt_u8(out, 0x5b);
    escape809(out, &b);
    jt_u8(out, 0x5d);
    haul_buf_free(&b);
}
