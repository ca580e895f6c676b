/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/json.h"

#include "haul/math.h"

void haul_json_begin(struct haul_json *j, struct haul_buf *out)
{
    *j = (struct haul_json){.out = out};
}

static void separate(struct haul_json *j)
{
    if (j->comma) haul_buf_byte(j->out, ',');
    j->comma = true;
}

void haul_json_open(struct haul_json *j, char bracket)
{
    separate(j);
    haul_buf_byte(j->out, (uint8_t)bracket);
    j->comma = false;
}

void haul_json_close(struct haul_json *j, char bracket)
{
    haul_buf_byte(j->out, (uint8_t)bracket);
    j->comma = true;
}

size_t haul_utf8_len(const uint8_t *p, const uint8_t *end)
{
    if (p >= end) return 0;
    if (p[0] < 0x80) return 1;
    const size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || (size_t)(end - p) < n) return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    if (p[0] == 0xe0 && p[1] < 0xa0) return 0;
    if (p[0] == 0xed && p[1] > 0x9f) return 0;
    if (p[0] == 0xf0 && p[1] < 0x90) return 0;
    if (p[0] == 0xf4 && p[1] > 0x8f) return 0;
    return n;
}

bool haul_utf8_valid(struct haul_str s)
{
    const uint8_t *p = (const uint8_t *)s.p, *end = p + s.n;
    while (p < end) {
        const size_t n = haul_utf8_len(p, end);
        if (n == 0) return false;
        p += n;
    }
    return true;
}

static void escape(struct haul_buf *out, uint8_t c)
{
    static const char hex[] = "0123456789abcdef";
    const char *found = strchr("\"\"\\\\\bb\ff\nn\rr\tt", c);
    if (c == '"' || c == '\\') {
        haul_buf_byte(out, '\\');
        haul_buf_byte(out, c);
    } else if (c >= '\b' && c <= '\r' && c != 0x0b && found != NULL) {
        haul_buf_byte(out, '\\');
        haul_buf_byte(out, (uint8_t)found[1]);
    } else {
        const char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
        haul_buf_put(out, text, 6);
    }
}

void haul_json_str(struct haul_json *j, struct haul_str s)
{
    separate(j);
    haul_buf_byte(j->out, '"');
    const uint8_t *p = (const uint8_t *)s.p, *end = p + s.n, *run = p;
    while (p < end) {
        if (*p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\') {
            p++;
            continue;
        }
        const size_t n = haul_utf8_len(p, end);
        if (n > 1) {
            p += n;
            continue;
        }
        haul_buf_put(j->out, run, (size_t)(p - run));
        if (n == 0)
            haul_buf_put(j->out, "\xef\xbf\xbd", 3);
        else
            escape(j->out, *p);
        run = ++p;
    }
    haul_buf_put(j->out, run, (size_t)(p - run));
    haul_buf_byte(j->out, '"');
}

void haul_json_i64(struct haul_json *j, int64_t v)
{
    separate(j);
    haul_buf_i64(j->out, v);
}

void haul_json_u64(struct haul_json *j, uint64_t v)
{
    separate(j);
    haul_buf_u64(j->out, v);
}

/* Digits of v, most significant first, to `to`; returns how many. */
static size_t digits(uint8_t *to, uint64_t v)
{
    uint8_t text[20];
    size_t at = sizeof text;
    do {
        text[--at] = (uint8_t)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    for (size_t i = at; i < sizeof text; i++) to[i - at] = text[i];
    return sizeof text - at;
}

void haul_json_f64(struct haul_json *j, double v, int decimals)
{
    static const int64_t tens[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};
    assert(decimals >= 0 && decimals <= 9);
    if (!haul_finite(v) || haul_abs(v) >= 1e15) {
        haul_json_null(j);
        return;
    }
    separate(j);
    uint8_t *const start = haul_buf_reserve(j->out, 40), *to = start;
    if (to == NULL) return;
    /* whole and fraction apart, so that nine decimals of a large value still fit 64 bits */
    const double a = haul_abs(v);
    int64_t w = (int64_t)a, f = haul_round_i64((a - (double)w) * (double)tens[decimals]);
    if (f >= tens[decimals]) f -= tens[decimals], w++;
    if (v < 0 && (w != 0 || f != 0)) *to++ = '-';
    to += digits(to, (uint64_t)w);
    if (f != 0) {
        int n = decimals;
        while (f % 10 == 0) f /= 10, n--;
        *to = '.';
        for (int i = n; i > 0; i--, f /= 10) to[i] = (uint8_t)('0' + f % 10);
        to += n + 1;
    }
    j->out->n += (size_t)(to - start);
}

void haul_json_bool(struct haul_json *j, bool v)
{
    haul_json_raw(j, v ? HAUL_STR("true") : HAUL_STR("false"));
}

void haul_json_null(struct haul_json *j)
{
    haul_json_raw(j, HAUL_STR("null"));
}

void haul_json_time(struct haul_json *j, struct haul_time t)
{
    char text[HAUL_TIME_TEXT_BYTES];
    if (t.ms == HAUL_TIME_NONE.ms)
        haul_json_null(j);
    else
        haul_json_str(j, haul_str_of(haul_time_format(t, text)));
}

void haul_json_raw(struct haul_json *j, struct haul_str json)
{
    separate(j);
    haul_buf_str(j->out, json);
}
