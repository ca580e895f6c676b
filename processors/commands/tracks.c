/* SPDX-License-Identifier: Apache-2.0
 * GPX is read for its track points only: <trkpt lat lon><time>. It is no XML parser; what a receiver writes, it
 * understands, and what it does not, it says.
 */
#include "processors/commands/tracks.h"

#include "processors/geo/pool.h"

#include <stdlib.h>
#include <string.h>

struct reader {
    struct tracks *out;
    size_t cap;
};

static bool add_fix(struct reader *r, const struct haul_fix *f)
{
    void *p = r->out->fix;
    const bool good = grow_array(&p, &r->cap, r->out->n + 1, sizeof *r->out->fix);
    r->out->fix = p;
    if (good) r->out->fix[r->out->n++] = *f;
    return good;
}

static bool read_number(struct haul_str s, double *out)
{
    char text[48], *end;
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '"')) s.p++, s.n--;
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\r' || s.p[s.n - 1] == '"')) s.n--;
    if (s.n == 0 || s.n >= sizeof text) return false;
    memcpy(text, s.p, s.n);
    text[s.n] = 0;
    *out = strtod(text, &end);
    return *end == 0;
}

/* A time, or a plain number of seconds. */
static bool read_time(struct haul_str s, struct haul_time *out)
{
    double seconds;
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '"')) s.p++, s.n--;
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\r' || s.p[s.n - 1] == '"')) s.n--;
    if (haul_time_parse(s.p, s.n, out, NULL) == HAUL_OK) return true;
    if (!read_number(s, &seconds) || !(seconds > -1e12 && seconds < 1e12)) return false;
    *out = (struct haul_time){(int64_t)(seconds * 1000)};
    return true;
}

/* ---- CSV
 * ------------------------------------------------------------------------------------------------------------------------------
 */

enum column { COLUMN_TIME, COLUMN_LON, COLUMN_LAT, COLUMN_HEADING, COLUMN_SPEED, COLUMN_KMH, COLUMNS };

static const struct {
    const char *name;
    enum column column;
} column_names[] = {
    {"time", COLUMN_TIME},
    {"timestamp", COLUMN_TIME},
    {"time_ms", COLUMN_TIME},
    {"t", COLUMN_TIME},
    {"RecordedAtTime", COLUMN_TIME},
    {"lon", COLUMN_LON},
    {"lon_deg", COLUMN_LON},
    {"longitude", COLUMN_LON},
    {"Longitude", COLUMN_LON},
    {"lng", COLUMN_LON},
    {"lat", COLUMN_LAT},
    {"lat_deg", COLUMN_LAT},
    {"latitude", COLUMN_LAT},
    {"Latitude", COLUMN_LAT},
    {"heading", COLUMN_HEADING},
    {"heading_deg", COLUMN_HEADING},
    {"Bearing", COLUMN_HEADING},
    {"course", COLUMN_HEADING},
    {"speed_mps", COLUMN_SPEED},
    {"speed_kmh", COLUMN_KMH},
};

#define FIELDS_MAX 64

static size_t split_line(struct haul_str line, struct haul_str field[FIELDS_MAX])
{
    size_t n = 0;
    const char *start = line.p, *end = line.p + line.n;
    const char comma = memchr(line.p, ',', line.n) != NULL ? ',' : memchr(line.p, ';', line.n) != NULL ? ';' : '\t';
    for (const char *p = start; n < FIELDS_MAX; p++) {
        if (p != end && *p != comma) continue;
        field[n++] = (struct haul_str){start, (size_t)(p - start)};
        if (p == end) break;
        start = p + 1;
    }
    return n;
}

static struct haul_str trimmed(struct haul_str s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '"')) s.p++, s.n--;
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\r' || s.p[s.n - 1] == '"')) s.n--;
    return s;
}

/* Column numbers from the first line; false when that is data already (then lon, lat, time). */
static bool read_header(const struct haul_str *field, size_t n, int at[COLUMNS])
{
    double v;
    for (int c = 0; c < COLUMNS; c++) at[c] = -1;
    if (n >= 3 && read_number(field[0], &v) && read_number(field[1], &v)) {
        at[COLUMN_LON] = 0, at[COLUMN_LAT] = 1, at[COLUMN_TIME] = 2;
        return false;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < sizeof column_names / sizeof column_names[0]; k++)
            if (haul_str_eq(trimmed(field[i]), haul_str_of(column_names[k].name))) at[column_names[k].column] = (int)i;
    return true;
}

static bool read_row(const struct haul_str *field, size_t n, const int at[COLUMNS], struct haul_fix *f)
{
    double v;
    *f = (struct haul_fix){.heading_deg = -1, .speed_mps = -1};
    for (int c = 0; c <= COLUMN_LAT; c++)
        if (at[c] < 0 || (size_t)at[c] >= n) return false;
    if (!read_time(field[at[COLUMN_TIME]], &f->time) || !read_number(field[at[COLUMN_LON]], &f->lon_deg) ||
        !read_number(field[at[COLUMN_LAT]], &f->lat_deg))
        return false;
    for (int c = COLUMN_HEADING; c < COLUMNS; c++) {
        if (at[c] < 0 || (size_t)at[c] >= n || !read_number(field[at[c]], &v) || !(v >= 0 && v < 1000)) continue;
        if (c == COLUMN_HEADING)
            f->heading_deg = (float)v;
        else
            f->speed_mps = (float)(c == COLUMN_KMH ? v / 3.6 : v);
    }
    return true;
}

static enum haul_err read_csv(struct reader *r, struct haul_str text, struct haul_error *e)
{
    struct haul_str field[FIELDS_MAX];
    int at[COLUMNS] = {0};
    size_t line_number = 0;
    for (const char *p = text.p, *end = text.p + text.n; p < end;) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        const struct haul_str line = {p, (size_t)((stop == NULL ? end : stop) - p)};
        p = stop == NULL ? end : stop + 1;
        line_number++;
        if (trimmed(line).n == 0) continue;
        const size_t n = split_line(line, field);
        if (line_number == 1 && read_header(field, n, at)) {
            if (at[COLUMN_TIME] < 0 || at[COLUMN_LON] < 0 || at[COLUMN_LAT] < 0)
                return haul_fail(e, HAUL_E_INVALID, "the first line names no columns time, lon and lat");
            continue;
        }
        struct haul_fix f;
        if (!read_row(field, n, at, &f))
            return haul_fail(e, HAUL_E_INVALID, "line %zu: no time, lon and lat", line_number);
        if (!add_fix(r, &f)) return haul_fail(e, HAUL_E_NOMEM, "no memory for %zu fixes", r->out->n);
    }
    return HAUL_OK;
}

/* ---- GPX
 * -------------------------------------------------------------------------------------------------------------------------------
 */

static const char *find(const char *p, const char *end, const char *word)
{
    const size_t n = strlen(word);
    return p < end ? memmem(p, (size_t)(end - p), word, n) : NULL;
}

/* The value of an attribute within a tag: name="…" or name='…'. */
static bool attribute(const char *p, const char *end, const char *name, double *out)
{
    const size_t n = strlen(name);
    for (const char *at = p; (at = find(at, end, name)) != NULL; at += n) {
        const char *value = at + n;
        if (value >= end || (*value != '"' && *value != '\'') || at == p || at[-1] > ' ') continue;
        const char *close = memchr(value + 1, *value, (size_t)(end - value - 1));
        return close != NULL && read_number((struct haul_str){value + 1, (size_t)(close - value - 1)}, out);
    }
    return false;
}

static enum haul_err read_gpx(struct reader *r, struct haul_str text, struct haul_error *e)
{
    const char *end = text.p + text.n;
    for (const char *p = text.p; (p = find(p, end, "<trkpt")) != NULL;) {
        const char *next = find(p + 6, end, "<trkpt"), *tag_end = memchr(p, '>', (size_t)(end - p));
        if (next == NULL) next = end;
        struct haul_fix f = {.heading_deg = -1, .speed_mps = -1};
        const char *time = find(p, next, "<time>"), *time_end = time == NULL ? NULL : find(time, next, "</time>");
        const bool good = tag_end != NULL && attribute(p, tag_end, "lon=", &f.lon_deg) &&
                          attribute(p, tag_end, "lat=", &f.lat_deg) && time_end != NULL &&
                          read_time((struct haul_str){time + 6, (size_t)(time_end - time - 6)}, &f.time);
        if (!good) return haul_fail(e, HAUL_E_INVALID, "track point %zu has no lon, lat and time", r->out->n + 1);
        if (!add_fix(r, &f)) return haul_fail(e, HAUL_E_NOMEM, "no memory for %zu fixes", r->out->n);
        p = next;
    }
    return HAUL_OK;
}

enum haul_err tracks_read(struct haul_str text, struct tracks *out, struct haul_error *e)
{
    *out = (struct tracks){0};
    struct reader r = {.out = out};
    if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0) text.p += 3, text.n -= 3;
    const bool xml = text.n > 0 && text.p[0] == '<';
    enum haul_err err = xml ? read_gpx(&r, text, e) : read_csv(&r, text, e);
    if (err == HAUL_OK && out->n == 0) err = haul_fail(e, HAUL_E_INVALID, "there is no fix in it");
    if (err != HAUL_OK) free(out->fix), *out = (struct tracks){0};
    return err;
}
