/* SPDX-License-Identifier: Apache-2.0
 * Words, numbers and straight lines.
 */
#include "processors/solver/text.h"

#include "haul/math.h"

#include <stdlib.h>

struct text text_of(struct haul_str bytes)
{
    return (struct text){bytes.p, bytes.p + bytes.n, 1};
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct text *t)
{
    for (; t->p < t->end && blank(*t->p); t->p++) t->line += *t->p == '\n';
}

bool text_end(struct text *t)
{
    skip_blanks(t);
    return t->p == t->end;
}

struct haul_str text_word(struct text *t)
{
    skip_blanks(t);
    const char *from = t->p;
    while (t->p < t->end && !blank(*t->p)) t->p++;
    return (struct haul_str){from, (size_t)(t->p - from)};
}

struct haul_str text_line(struct text *t)
{
    while (t->p < t->end && *t->p != '\n' && blank(*t->p)) t->p++;
    const char *from = t->p;
    while (t->p < t->end && *t->p != '\n') t->p++;
    const char *to = t->p;
    while (to > from && blank(to[-1])) to--;
    return (struct haul_str){from, (size_t)(to - from)};
}

static bool digit(const char *p, const char *end)
{
    return p < end && *p >= '0' && *p <= '9';
}

bool text_parse_number(struct haul_str s, double *out)
{
    const char *p = s.p, *end = s.p + s.n;
    const bool minus = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (!digit(p, end) && !(p < end && *p == '.' && digit(p + 1, end))) return false;
    double value = 0, power = 1;
    for (; digit(p, end); p++) value = value * 10 + (*p - '0');
    if (p < end && *p == '.')
        for (p++; digit(p, end); p++) value = value * 10 + (*p - '0'), power *= 10;
    value /= power;
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        const bool down = p < end && *p == '-';
        if (p < end && (*p == '-' || *p == '+')) p++;
        if (!digit(p, end)) return false;
        int32_t exponent = 0;
        for (; digit(p, end); p++)
            if (exponent < 1000) exponent = exponent * 10 + (*p - '0');
        for (int32_t k = 0; k < exponent && k < 400; k++) value = down ? value / 10 : value * 10;
    }
    *out = minus ? -value : value;
    return p == end && haul_finite(value);
}

enum haul_err text_number(struct text *t, const char *what, double low, double high, double *out, struct haul_error *e)
{
    const struct haul_str w = text_word(t);
    if (w.n == 0) return haul_fail(e, HAUL_E_INVALID, "line %d: %s is missing", t->line, what);
    if (!text_parse_number(w, out))
        return haul_fail(e, HAUL_E_INVALID, "line %d: %s: '%.*s' is no number", t->line, what,
                         (int)(w.n < 40 ? w.n : 40), w.p);
    if (*out < low || *out > high)
        return haul_fail(e, HAUL_E_RANGE, "line %d: %s: %.*s, not %g..%g", t->line, what, (int)(w.n < 40 ? w.n : 40),
                         w.p, low, high);
    return HAUL_OK;
}

enum haul_err text_int(struct text *t, const char *what, int64_t low, int64_t high, int64_t *out, struct haul_error *e)
{
    double value;
    const enum haul_err bad = text_number(t, what, (double)low, (double)high, &value, e);
    if (bad != HAUL_OK) return bad;
    if (haul_floor(value) != value) return haul_fail(e, HAUL_E_INVALID, "line %d: %s: no whole number", t->line, what);
    *out = (int64_t)value;
    return HAUL_OK;
}

struct grid grid_of(enum haul_convention given, enum haul_convention usual)
{
    switch (given == HAUL_CONVENTION_OF_FILE ? usual : given) {
    case HAUL_CONVENTION_ROUND:
        return (struct grid){1, false};
    case HAUL_CONVENTION_DIMACS:
        return (struct grid){10, true};
    case HAUL_CONVENTION_OF_FILE:
    case HAUL_CONVENTION_EXACT:
        break;
    }
    return (struct grid){1000, false};
}

int64_t grid_units(struct grid g, double value)
{
    return haul_round_i64(value * (double)g.scale);
}

static int32_t straight(const struct point *a, const struct point *b, struct grid g)
{
    const double dx = a->x - b->x, dy = a->y - b->y;
    const double d = haul_sqrt(dx * dx + dy * dy) * (double)g.scale;
    const double whole = g.cut ? haul_floor(d) : haul_floor(d + 0.5);
    return whole > 2147483647.0 ? -1 : (int32_t)whole;
}

enum haul_err grid_table(struct haul_problem *p, const struct point *points, struct grid g, struct haul_error *e)
{
    const size_t n = (size_t)haul_problem_view(p).locations_n;
    int32_t profile;
    const enum haul_err bad = haul_problem_add_profile(p, &profile, e);
    if (bad != HAUL_OK) return bad;
    if (n > 46000) return haul_fail(e, HAUL_E_LIMIT, "%zu places: a table holds 46000", n);
    int32_t *table = malloc(n * n * sizeof *table);
    if (table == NULL) return haul_fail(e, HAUL_E_NOMEM, "no memory for ways between %zu places", n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) table[i * n + k] = straight(&points[i], &points[k], g);
    haul_problem_scales(p, (struct haul_scales){g.scale, g.scale, g.scale});
    return haul_problem_set_table(p, profile, table, table, e);
}
