/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/commands/profile.h"

#include "haul/csv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool two_digits(const char *at, int64_t *out)
{
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9') return false;
    *out = (at[0] - '0') * 10 + (at[1] - '0');
    return true;
}

int64_t profile_time_ms(struct haul_str text)
{
    int64_t part[3] = {0};
    if (text.n != 5 && text.n != 8) return -1;
    for (size_t i = 0; 3 * i < text.n; i++)
        if (!two_digits(text.p + 3 * i, &part[i]) || (i > 0 && (text.p[3 * i - 1] != ':' || part[i] > 59))) return -1;
    const int64_t ms = ((part[0] * 60 + part[1]) * 60 + part[2]) * 1000;
    return ms <= HAUL_DAY_MS ? ms : -1;
}

/* The bin that begins at a time, 96 for 24:00; negative when none begins there. */
static int bin_of(struct haul_str text)
{
    const int64_t ms = profile_time_ms(text);
    return ms < 0 || ms % HAUL_BIN_MS != 0 ? -1 : (int)(ms / HAUL_BIN_MS);
}

/* Percent to thousandths; 0 when it is no share of free flow. */
static uint16_t permille_of(struct haul_str text)
{
    char copy[16], *end;
    if (text.n == 0 || text.n >= sizeof copy) return 0;
    memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    const double percent = strtod(copy, &end);
    return *end == 0 && percent >= 0.1 && percent <= 6000 ? (uint16_t)(percent * 10 + 0.5) : 0;
}

static bool names_class(struct haul_str text, unsigned c)
{
    return haul_str_eq(text, HAUL_STR("*")) ||
           haul_str_eq(text, haul_str_of(haul_road_class_name((enum haul_road_class)c)));
}

static enum haul_err take_row(const struct haul_csv_row *row, struct haul_day_curve *curves, struct haul_error *e)
{
    const struct haul_str class = row->cells[0].text;
    const int from = bin_of(row->cells[1].text), to = bin_of(row->cells[2].text);
    const uint16_t permille = permille_of(row->cells[3].text);
    const unsigned long long line = row->line;
    if (from < 0 || from == HAUL_DAY_BINS || to < 0)
        return haul_fail(e, HAUL_E_INVALID, "line %llu: from and to are quarters of an hour, HH:MM", line);
    if (permille == 0) return haul_fail(e, HAUL_E_INVALID, "line %llu: percent is between 0.1 and 6000", line);
    bool known = false;
    for (unsigned c = 0; c < HAUL_ROAD_CLASS_COUNT; c++) {
        if (!names_class(class, c)) continue;
        known = true;
        int bin = from;
        do {
            curves[c].permille[bin % HAUL_DAY_BINS] = permille;
            bin = (bin + 1) % HAUL_DAY_BINS;
        } while (bin != to % HAUL_DAY_BINS);
    }
    if (known) return HAUL_OK;
    return haul_fail(e, HAUL_E_INVALID, "line %llu: no class of road is named '%.*s'", line,
                     (int)(class.n < 40 ? class.n : 40), class.p);
}

static bool is_header(const struct haul_csv_row *row)
{
    static const char *const names[] = {"class", "from", "to", "percent"};
    for (size_t i = 0; i < 4; i++)
        if (row->n != 4 || !haul_str_eq(row->cells[i].text, haul_str_of(names[i]))) return false;
    return true;
}

static enum haul_err read_rows(struct haul_csv *csv, struct haul_day_curve *curves, struct haul_error *e)
{
    struct haul_csv_row row;
    enum haul_err err = haul_csv_next(csv, &row, e);
    if (err == HAUL_E_END || (err == HAUL_OK && !is_header(&row)))
        return haul_fail(e, HAUL_E_INVALID, "the first line is not class,from,to,percent");
    while (err == HAUL_OK && (err = haul_csv_next(csv, &row, e)) == HAUL_OK) err = take_row(&row, curves, e);
    return err == HAUL_E_END ? HAUL_OK : err;
}

enum haul_err profile_read(const char *path, struct haul_day_curve curves[HAUL_ROAD_CLASS_COUNT], struct haul_error *e)
{
    for (unsigned c = 0; c < HAUL_ROAD_CLASS_COUNT; c++)
        for (unsigned bin = 0; bin < HAUL_DAY_BINS; bin++) curves[c].permille[bin] = 1000;
    FILE *f = fopen(path, "rb");
    if (f == NULL) return haul_fail(e, errno == ENOENT ? HAUL_E_NOT_FOUND : HAUL_E_IO, "%s: %s", path, strerror(errno));
    struct haul_csv *csv = haul_csv_open(haul_csv_read_stdio, f);
    struct haul_error why = {0};
    enum haul_err err = csv == NULL ? HAUL_E_NOMEM : read_rows(csv, curves, &why);
    haul_csv_close(csv);
    fclose(f);
    return err == HAUL_OK ? HAUL_OK : haul_fail(e, err, "%s: %s", path, csv == NULL ? "no memory" : why.text);
}
