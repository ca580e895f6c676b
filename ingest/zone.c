/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/zone.h"

#include <stdio.h>
#include <stdlib.h>

#define ZONE_DIR "/usr/share/zoneinfo/"
#define DAY_S    86400

/* ---- the rule of POSIX TZ: std offset dst [offset] , begin , end
 * ------------------------------------------------------ */
struct scan {
    const char *p, *end;
};

static bool accept(struct scan *s, char c)
{
    if (s->p >= s->end || *s->p != c) return false;
    s->p++;
    return true;
}

static bool number(struct scan *s, int low, int high, int *out)
{
    const char *const from = s->p;
    int v = 0;
    for (; s->p < s->end && *s->p >= '0' && *s->p <= '9' && s->p - from < 4; s->p++) v = v * 10 + (*s->p - '0');
    *out = v;
    return s->p > from && v >= low && v <= high;
}

/* A name of letters, or of anything between angle brackets: not kept. */
static bool name(struct scan *s)
{
    const char *const from = s->p;
    if (accept(s, '<')) {
        while (s->p < s->end && *s->p != '>') s->p++;
        return accept(s, '>') && s->p - from >= 5;
    }
    while (s->p < s->end && ((*s->p >= 'A' && *s->p <= 'Z') || (*s->p >= 'a' && *s->p <= 'z'))) s->p++;
    return s->p - from >= 3;
}

/* [+-]h[:mm[:ss]] in seconds; RFC 8536 lets hours go to 167. */
static bool clock_time(struct scan *s, int64_t *out)
{
    const bool minus = accept(s, '-');
    int h, m = 0, sec = 0;
    if (!minus) accept(s, '+');
    if (!number(s, 0, 167, &h)) return false;
    if (accept(s, ':') && !number(s, 0, 59, &m)) return false;
    if (accept(s, ':') && !number(s, 0, 59, &sec)) return false;
    *out = (minus ? -1 : 1) * ((int64_t)h * 3600 + m * 60 + sec);
    return true;
}

static bool rule(struct scan *s, struct zone_rule *r)
{
    *r = (struct zone_rule){.form = 'n', .at_s = 7200};
    if (!accept(s, ',')) return false;
    if (accept(s, 'M')) {
        r->form = 'M';
        if (!number(s, 1, 12, &r->month) || !accept(s, '.') || !number(s, 1, 5, &r->week) || !accept(s, '.') ||
            !number(s, 0, 6, &r->day))
            return false;
    } else {
        if (accept(s, 'J')) r->form = 'J';
        if (!number(s, r->form == 'J', 365, &r->day)) return false;
    }
    return !accept(s, '/') || clock_time(s, &r->at_s);
}

static bool posix(struct haul_str text, struct zone *z)
{
    struct scan s = {text.p, text.p + text.n};
    int64_t west;
    if (!name(&s) || !clock_time(&s, &west)) return false;
    z->std_s = z->dst_s = -west;
    if (s.p == s.end) return true;
    if (!name(&s)) return false;
    z->has_dst = true;
    z->dst_s = z->std_s + 3600;
    if (s.p < s.end && *s.p != ',') {
        if (!clock_time(&s, &west)) return false;
        z->dst_s = -west;
    }
    return rule(&s, &z->begins) && rule(&s, &z->ends) && s.p == s.end;
}

static bool leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days since 1970 of a rule's day in a year. */
static int64_t day_of(const struct zone_rule *r, int64_t year)
{
    const int64_t first = haul_days_from_civil(year, 1, 1);
    if (r->form == 'n') return first + r->day;
    if (r->form == 'J') return first + r->day - 1 + (leap(year) && r->day >= 60);
    const int64_t month = haul_days_from_civil(year, (unsigned)r->month, 1);
    const int64_t next =
        r->month == 12 ? haul_days_from_civil(year + 1, 1, 1) : haul_days_from_civil(year, (unsigned)r->month + 1, 1);
    const int64_t weekday = ((month + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
    int64_t day = month + (r->day - weekday + 7) % 7 + 7 * (r->week - 1);
    while (day >= next) day -= 7;
    return day;
}

static int64_t by_rule(const struct zone *z, int64_t utc_s)
{
    if (!z->has_dst) return z->std_s;
    const int64_t local_s = utc_s + z->std_s;
    int64_t year;
    unsigned month, day;
    haul_civil_from_days((local_s - (local_s % DAY_S + DAY_S) % DAY_S) / DAY_S, &year, &month, &day);
    const int64_t begin = day_of(&z->begins, year) * DAY_S + z->begins.at_s - z->std_s;
    const int64_t end = day_of(&z->ends, year) * DAY_S + z->ends.at_s - z->dst_s;
    const bool dst = begin < end ? utc_s >= begin && utc_s < end : utc_s >= begin || utc_s < end;
    return dst ? z->dst_s : z->std_s;
}

/* ---- TZif -------------------------------------------------------------------------------------------------------- */
#define HEADER_BYTES 44

struct counts {
    uint32_t isut, isstd, leaps, times, types, chars;
};

static uint64_t big(const char *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) v = v << 8 | (uint8_t)p[i];
    return v;
}

static bool header(struct haul_str file, size_t at, struct counts *c)
{
    if (file.n - at < HEADER_BYTES || memcmp(file.p + at, "TZif", 4) != 0) return false;
    uint32_t v[6];
    for (size_t i = 0; i < 6; i++) v[i] = (uint32_t)big(file.p + at + 20 + 4 * i, 4);
    *c = (struct counts){v[0], v[1], v[2], v[3], v[4], v[5]};
    for (size_t i = 0; i < 6; i++)
        if (v[i] > ZONE_FILE_MAX) return false;
    return c->types > 0;
}

/* Bytes of a block whose times have `width` bytes. */
static size_t block(const struct counts *c, size_t width)
{
    return c->times * (width + 1) + c->types * (size_t)6 + c->chars + c->leaps * (width + 4) + c->isstd + c->isut;
}

static bool changes(const char *p, const struct counts *c, struct zone *z)
{
    const char *const index = p + c->times * (size_t)8, *const types = index + c->times;
    z->first_s = (int32_t)big(types, 4);
    z->at_s = calloc(c->times + (size_t)1, sizeof z->at_s[0]);
    z->offset_s = calloc(c->times + (size_t)1, sizeof z->offset_s[0]);
    if (z->at_s == NULL || z->offset_s == NULL) return false;
    z->len = c->times;
    for (size_t i = 0; i < z->len; i++) {
        const uint8_t type = (uint8_t)index[i];
        if (type >= c->types) return false;
        z->at_s[i] = (int64_t)big(p + 8 * i, 8);
        z->offset_s[i] = (int32_t)big(types + (size_t)6 * type, 4);
        if (i > 0 && z->at_s[i] <= z->at_s[i - 1]) return false;
        if (z->offset_s[i] < -2 * DAY_S || z->offset_s[i] > 2 * DAY_S) return false;
    }
    return z->first_s >= -2 * DAY_S && z->first_s <= 2 * DAY_S;
}

static bool tzif(struct haul_str file, struct zone *z)
{
    struct counts c;
    if (!header(file, 0, &c) || file.p[4] < '2') return false;
    const size_t second = HEADER_BYTES + block(&c, 4);
    if (second > file.n || !header(file, second, &c)) return false;
    const size_t data = second + HEADER_BYTES, footer = data + block(&c, 8);
    if (footer > file.n || file.n - footer < 2 || file.p[footer] != '\n' || file.p[file.n - 1] != '\n') return false;
    if (!changes(file.p + data, &c, z)) return false;
    const struct haul_str text = {file.p + footer + 1, file.n - footer - 2};
    if (text.n > 0) return posix(text, z);
    z->std_s = z->len > 0 ? z->offset_s[z->len - 1] : z->first_s; /* no rule: as it was last */
    return true;
}

enum haul_err zone_parse(struct haul_str file, struct zone *out, struct haul_error *e)
{
    *out = (struct zone){0};
    if (file.n <= ZONE_FILE_MAX && tzif(file, out)) return HAUL_OK;
    zone_close(out);
    return haul_fail(e, HAUL_E_CORRUPT, "not a TZif file of version 2 or later");
}

void zone_close(struct zone *z)
{
    free(z->at_s);
    free(z->offset_s);
    *z = (struct zone){0};
}

/* ---- names ------------------------------------------------------------------------------------------------------- */
static bool fixed(struct haul_str text, int64_t *out)
{
    int64_t v[2] = {0, 0};
    const bool colon = text.n == 6 && text.p[3] == ':';
    *out = 0;
    if (text.n == 0 || haul_str_eq(text, HAUL_STR("UTC")) || haul_str_eq(text, HAUL_STR("Z"))) return true;
    if ((text.p[0] != '+' && text.p[0] != '-') || (text.n != 3 && text.n != 5 && !colon)) return false;
    for (size_t i = 0; i < (text.n == 3 ? 1u : 2u); i++) {
        const char *const p = text.p + (i == 0 ? 1 : text.n - 2);
        if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9') return false;
        v[i] = (p[0] - '0') * 10 + (p[1] - '0');
    }
    *out = (text.p[0] == '-' ? -1 : 1) * (v[0] * 3600 + v[1] * 60);
    return v[0] <= 14 && v[1] <= 59;
}

/* Letters, digits, '_', '-', '+' and single slashes: nothing that leaves the folder. */
static bool plausible(struct haul_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        const char c = text.p[i];
        const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        const bool other =
            i > 0 && ((c >= '0' && c <= '9') || c == '_' || c == '-' || c == '+' || (c == '/' && text.p[i - 1] != '/'));
        if (!letter && !other) return false;
    }
    return text.n > 0 && text.n < 64;
}

enum haul_err zone_open(struct haul_str text, struct zone *out, struct haul_error *e)
{
    *out = (struct zone){0};
    if (fixed(text, &out->std_s)) return HAUL_OK;
    char path[sizeof ZONE_DIR + 64];
    snprintf(path, sizeof path, "%s%.*s", ZONE_DIR, (int)(text.n < 64 ? text.n : 63), text.p);
    FILE *const f = plausible(text) ? fopen(path, "rb") : NULL;
    if (f == NULL)
        return haul_fail(e, HAUL_E_UNKNOWN,
                         "'%.*s' is not a time zone; expected UTC, an offset as +08:00, or a name of the tz database "
                         "(package tzdata) as Asia/Shanghai",
                         text.n > 40 ? 40 : (int)text.n, text.p);
    char *const bytes = malloc(ZONE_FILE_MAX);
    enum haul_err err = HAUL_E_NOMEM;
    if (bytes != NULL) err = zone_parse((struct haul_str){bytes, fread(bytes, 1, ZONE_FILE_MAX, f)}, out, e);
    if (bytes == NULL) haul_fail(e, HAUL_E_NOMEM, "no memory for %s", path);
    free(bytes);
    fclose(f);
    return err;
}

/* ---- offsets -------------------------------------------------------------------------------------------------------
 */
int64_t zone_offset_s(const struct zone *z, int64_t utc_s)
{
    if (z->len == 0 || utc_s >= z->at_s[z->len - 1]) {
        /* the last change of the file and the rule agree where both speak */
        return by_rule(z, utc_s);
    }
    size_t low = 0, high = z->len; /* the first change behind utc_s */
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (z->at_s[middle] <= utc_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? z->first_s : z->offset_s[low - 1];
}

struct haul_time zone_to_utc(const struct zone *z, struct haul_time local)
{
    const int64_t local_s = (local.ms - (local.ms % 1000 + 1000) % 1000) / 1000;
    /* offsets are within two days, changes further apart than that: one of these two holds at the moment sought */
    const int64_t before = zone_offset_s(z, local_s - 2 * DAY_S), after = zone_offset_s(z, local_s + 2 * DAY_S);
    const int64_t larger = before > after ? before : after, smaller = before > after ? after : before;
    /* the larger offset gives the earlier moment: right when it is in force then, which an hour that comes twice is */
    const bool first = zone_offset_s(z, local_s - larger) == larger;
    const bool second = zone_offset_s(z, local_s - smaller) == smaller;
    const int64_t offset = first ? larger : second ? smaller : before;
    return (struct haul_time){local.ms - offset * 1000};
}
