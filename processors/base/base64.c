/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void haul_base64_encode(struct haul_str bytes, struct haul_buf *out)
{
    const uint8_t *const p = (const uint8_t *)bytes.p;
    for (size_t i = 0; i < bytes.n; i += 3) {
        const size_t n = bytes.n - i < 3 ? bytes.n - i : 3;
        const uint32_t v = (uint32_t)p[i] << 16 | (n > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (n > 2 ? p[i + 2] : 0u);
        const char four[4] = {alphabet[v >> 18], alphabet[v >> 12 & 63], n > 1 ? alphabet[v >> 6 & 63] : '=',
                              n > 2 ? alphabet[v & 63] : '='};
        haul_buf_put(out, four, 4);
    }
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four characters, `digits` of them not padding, as 24 bits. */
static bool group(const char *p, size_t digits, uint32_t *out)
{
    uint32_t v = 0;
    for (size_t i = 0; i < 4; i++) {
        const int d = i < digits ? value_of(p[i]) : 0;
        if (d < 0) return false;
        v = v << 6 | (uint32_t)d;
    }
    *out = v;
    return digits == 4 || (digits == 3 ? (v & 0xff) == 0 : (v & 0xffff) == 0);
}

bool haul_base64_decode(struct haul_str text, uint8_t *to, size_t *n)
{
    *n = 0;
    if (text.n % 4 != 0) return false;
    for (size_t i = 0; i < text.n; i += 4) {
        const bool last = i + 4 == text.n;
        const size_t digits = !last || text.p[i + 3] != '=' ? 4 : text.p[i + 2] != '=' ? 3 : 2;
        uint32_t v;
        if (!group(text.p + i, digits, &v)) return false;
        for (size_t k = 0; k + 1 < digits; k++) to[(*n)++] = (uint8_t)(v >> (16 - 8 * k));
    }
    return true;
}
