/* SPDX-License-Identifier: Apache-2.0
 * Calendar arithmetic and the text form of event time. Reads no clock.
 */
#include "haul/time.h"

#include <stdio.h>
#include <string.h>

int64_t haul_days_from_civil(int64_t year, unsigned month, unsigned day)
{
    const int64_t y = month <= 2 ? year - 1 : year;
    const int64_t era = (y >= 0 ? y : y - 399) / 400;
    const int64_t yoe = y - era * 400;
    const int64_t doy = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day - 1;
    const int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

void haul_civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    const int64_t z = days + 719468;
    const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    const int64_t doe = z - era * 146097;
    const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const int64_t mp = (5 * doy + 2) / 153;
    *day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
    *month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
    *year = yoe + era * 400 + (*month <= 2 ? 1 : 0);
}

static void put(char *out, int64_t value, int digits)
{
    for (int i = digits - 1; i >= 0; i--, value /= 10) out[i] = (char)('0' + value % 10);
}

char *haul_time_format(struct haul_time t, char out[HAUL_TIME_TEXT_BYTES])
{
    const int64_t day_ms = 86400000;
    int64_t days = t.ms / day_ms, rest = t.ms % day_ms;
    if (rest < 0) rest += day_ms, days--;
    int64_t year;
    unsigned month, day;
    if (days < -719528 || days > 2932896) return memcpy(out, "invalid time", 13);
    haul_civil_from_days(days, &year, &month, &day);
    memcpy(out, "0000-00-00T00:00:00.000Z", HAUL_TIME_TEXT_BYTES);
    put(out, year, 4);
    put(out + 5, month, 2);
    put(out + 8, day, 2);
    put(out + 11, rest / 3600000, 2);
    put(out + 14, rest / 60000 % 60, 2);
    put(out + 17, rest / 1000 % 60, 2);
    put(out + 20, rest % 1000, 3);
    return out;
}

struct scan {
    const char *p, *end;
};

static bool digits(struct scan *s, int count, int64_t *out)
{
    if (s->end - s->p < count) return false;
    int64_t value = 0;
    for (int i = 0; i < count; i++) {
        const char c = s->p[i];
        if (c < '0' || c > '9') return false;
        value = value * 10 + (c - '0');
    }
    s->p += count;
    *out = value;
    return true;
}

static bool one_of(struct scan *s, const char *set)
{
    if (s->p >= s->end || strchr(set, *s->p) == NULL || *s->p == '\0') return false;
    s->p++;
    return true;
}

/* Milliseconds of a fraction ".d…"; digits beyond the third are dropped. */
static bool fraction(struct scan *s, int64_t *ms)
{
    *ms = 0;
    if (!one_of(s, ".,")) return true;
    int64_t unit = 100;
    const char *start = s->p;
    while (s->p < s->end && *s->p >= '0' && *s->p <= '9') {
        *ms += unit * (*s->p++ - '0');
        unit /= 10;
    }
    return s->p > start;
}

static bool zone(struct scan *s, int64_t *offset_ms)
{
    *offset_ms = 0;
    if (s->p == s->end) return true;
    if (one_of(s, "Zz")) return s->p == s->end;
    const int64_t sign = *s->p == '-' ? -1 : 1;
    int64_t hours, minutes = 0;
    if (!one_of(s, "+-") || !digits(s, 2, &hours)) return false;
    if (s->p < s->end) {
        one_of(s, ":");
        if (!digits(s, 2, &minutes)) return false;
    }
    if (hours > 14 || minutes > 59) return false;
    *offset_ms = sign * (hours * 60 + minutes) * 60000;
    return s->p == s->end;
}

static bool all_digits(const char *text, size_t len)
{
    for (size_t i = text[0] == '-' ? 1 : 0; i < len; i++)
        if (text[i] < '0' || text[i] > '9') return false;
    return true;
}

static bool iso(struct scan *s, struct haul_time *out)
{
    int64_t year, month, day, hour = 0, minute = 0, second = 0, ms = 0, offset = 0;
    if (!digits(s, 4, &year) || !one_of(s, "-") || !digits(s, 2, &month) || !one_of(s, "-") || !digits(s, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > 31) return false;
    if (s->p < s->end) {
        if (!one_of(s, "Tt ") || !digits(s, 2, &hour) || !one_of(s, ":") || !digits(s, 2, &minute)) return false;
        if (one_of(s, ":") && (!digits(s, 2, &second) || !fraction(s, &ms))) return false;
        if (hour > 23 || minute > 59 || second > 60 || !zone(s, &offset)) return false;
    }
    const int64_t days = haul_days_from_civil(year, (unsigned)month, (unsigned)day);
    int64_t y;
    unsigned m, d;
    haul_civil_from_days(days, &y, &m, &d);
    if ((int64_t)d != day) return false; /* 30 February */
    out->ms = ((days * 24 + hour) * 60 + minute) * 60000 + second * 1000 + ms - offset;
    return true;
}

enum haul_err haul_time_parse(const char *text, size_t len, struct haul_time *out, struct haul_error *e)
{
    const int shown = len > 40 ? 40 : (int)len;
    if ((len == 10 || len == 13) && all_digits(text, len)) {
        struct scan s = {text, text + len};
        int64_t value;
        if (digits(&s, (int)len, &value)) {
            out->ms = len == 10 ? value * 1000 : value;
            return HAUL_OK;
        }
    }
    struct scan s = {text, text + len};
    if (len > 0 && iso(&s, out)) return HAUL_OK;
    return haul_fail(e, HAUL_E_INVALID,
                     "'%.*s' is not a time: expected 2026-01-31T12:00:00Z or milliseconds since 1970", shown, text);
}
