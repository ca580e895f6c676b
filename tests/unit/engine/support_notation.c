/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/engine/support_notation.h"

#include <stdio.h>
#include <stdlib.h>

static const char base[] = "0 1 1 16 2 'A1' 3 u64:1769443022000 5 f115.8 6 f28.6";

static void put(struct haul_buf *out, unsigned head, uint64_t v, unsigned n)
{
    haul_buf_byte(out, (uint8_t)head);
    while (n-- > 0) haul_buf_byte(out, (uint8_t)(v >> 8 * n));
}

static bool begins(const char *t, const char *with)
{
    return strncmp(t, with, strlen(with)) == 0;
}

static bool head(const char *t, struct haul_buf *out)
{
    const bool map = t[0] == '{';
    const char *const colon = strchr(t, ':');
    const uint64_t n = strtoull(colon == NULL ? t + 1 : colon + 1, NULL, 10);
    if (begins(t + 1, "16:"))
        put(out, map ? 0xde : 0xdc, n, 2);
    else if (begins(t + 1, "32:"))
        put(out, map ? 0xdf : 0xdd, n, 4);
    else if (n < 16)
        put(out, (map ? 0x80 : 0x90) | (unsigned)n, 0, 0);
    else
        put(out, map ? 0xde : 0xdc, n, 2);
    return true;
}

static bool integer(const char *t, struct haul_buf *out)
{
    const long long v = strtoll(t, NULL, 10);
    const unsigned long long u = (unsigned long long)v;
    if (v >= -32 && v < 128)
        put(out, (uint8_t)v, 0, 0);
    else if (v < 0)
        v >= -128 ? put(out, 0xd0, u, 1) : v >= -32768 ? put(out, 0xd1, u, 2) : put(out, 0xd3, u, 8);
    else
        v < 256     ? put(out, 0xcc, u, 1)
        : v < 65536 ? put(out, 0xcd, u, 2)
                    : put(out, v <= UINT32_MAX ? 0xce : 0xcf, u, v <= UINT32_MAX ? 4 : 8);
    return true;
}

static bool sized_integer(const char *t, struct haul_buf *out)
{
    static const struct {
        const char *with;
        uint8_t head, bytes;
    } forms[] = {
        {"u8:", 0xcc, 1}, {"u16:", 0xcd, 2}, {"u32:", 0xce, 4}, {"u64:", 0xcf, 8},
        {"i8:", 0xd0, 1}, {"i16:", 0xd1, 2}, {"i32:", 0xd2, 4}, {"i64:", 0xd3, 8},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (begins(t, forms[i].with)) {
            const char *const digits = strchr(t, ':') + 1;
            put(out, forms[i].head, *digits == '-' ? (uint64_t)strtoll(digits, NULL, 10) : strtoull(digits, NULL, 10),
                forms[i].bytes);
            return true;
        }
    return false;
}

static bool real(const char *t, struct haul_buf *out)
{
    const double v = strtod(t + 1, NULL);
    const float s = (float)v;
    uint64_t bits;
    uint32_t short_bits;
    memcpy(&bits, &v, 8);
    memcpy(&short_bits, &s, 4);
    t[0] == 'f' ? put(out, 0xcb, bits, 8) : put(out, 0xca, short_bits, 4);
    return true;
}

static int nibble(char c)
{
    const char *const all = "0123456789abcdef", *const at = c == '\0' ? NULL : strchr(all, c);
    return at == NULL ? -1 : (int)(at - all);
}

static bool hex(const char *t, struct haul_buf *out)
{
    for (; *t != '\0'; t += 2) {
        if (nibble(t[0]) < 0 || nibble(t[1]) < 0) return false;
        haul_buf_byte(out, (uint8_t)(nibble(t[0]) * 16 + nibble(t[1])));
    }
    return true;
}

static bool string(const char *t, struct haul_buf *out)
{
    static char text[1024];
    const char *p = strchr(t, '\'') + 1;
    const char *const last = strrchr(t, '\'');
    size_t n = 0;
    while (p < last && n < sizeof text)
        if (p[0] == '\\' && p[1] == 'x')
            text[n++] = (char)(nibble(p[2]) * 16 + nibble(p[3])), p += 4;
        else
            text[n++] = *p++;
    if (begins(t, "s8"))
        put(out, 0xd9, n, 1);
    else if (begins(t, "s16"))
        put(out, 0xda, n, 2);
    else if (begins(t, "s32"))
        put(out, 0xdb, n, 4);
    else if (begins(t, "b"))
        put(out, 0xc4, n, 1);
    else if (n < 32)
        put(out, 0xa0 | (unsigned)n, 0, 0);
    else
        put(out, 0xd9, n, 1);
    haul_buf_put(out, text, n);
    return true;
}

static bool timestamp(const char *t, struct haul_buf *out)
{
    const char *const colon = strchr(t, ':'), *const comma = strchr(t, ',');
    const int64_t s = strtoll(colon + 1, NULL, 10);
    const uint64_t ns = comma == NULL ? 0 : strtoull(comma + 1, NULL, 10);
    if (begins(t, "t4:")) {
        haul_buf_byte(out, 0xd6);
        put(out, 0xff, (uint64_t)s, 4);
    } else if (begins(t, "t8:")) {
        haul_buf_byte(out, 0xd7);
        put(out, 0xff, ns << 34 | (uint64_t)s, 8);
    } else {
        haul_buf_put(out, "\xc7\x0c", 2);
        put(out, 0xff, ns, 4);
        for (int i = 7; i >= 0; i--) haul_buf_byte(out, (uint8_t)((uint64_t)s >> 8 * i));
    }
    return true;
}

static bool token(const char *t, struct haul_buf *out)
{
    struct haul_str bad;
    if (strcmp(t, "@") == 0) return notation_compile(haul_str_of(base), out, &bad);
    if (strcmp(t, "nil") == 0) return haul_buf_byte(out, 0xc0), true;
    if (strcmp(t, "true") == 0) return haul_buf_byte(out, 0xc3), true;
    if (strcmp(t, "false") == 0) return haul_buf_byte(out, 0xc2), true;
    if (begins(t, "x:")) return hex(t + 2, out);
    if (t[0] == '{' || t[0] == '[') return head(t, out);
    if (begins(t, "t4:") || begins(t, "t8:") || begins(t, "t12:")) return timestamp(t, out);
    if (strchr(t, '\'') != NULL && t[strlen(t) - 1] == '\'') return string(t, out);
    if (t[0] == 'f' || t[0] == 'e') return real(t, out);
    if (t[0] == '-' || (t[0] >= '0' && t[0] <= '9')) return integer(t, out);
    return sized_integer(t, out);
}

bool notation_compile(struct haul_str text, struct haul_buf *out, struct haul_str *bad)
{
    static char word[4096];
    unsigned long times = 1;
    for (size_t i = 0; i < text.n;) {
        size_t n = 0;
        while (i + n < text.n && text.p[i + n] != ' ') n++;
        *bad = (struct haul_str){text.p + i, n};
        i += n + 1;
        if (n == 0) continue;
        if (n >= sizeof word) return false;
        memcpy(word, bad->p, n), word[n] = '\0';
        if (word[0] == '*') {
            times = strtoul(word + 1, NULL, 10);
            continue;
        }
        for (; times > 0; times--) {
            char again[sizeof word];
            memcpy(again, word, n + 1);
            if (!token(again, out)) return false;
        }
        times = 1;
    }
    return true;
}
