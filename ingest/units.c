/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/units.h"

#include <stdio.h>
#include <stdlib.h>

/* A value in the dimension's base is (v - shift) * num / den. Exact by definition (SI brochure, international yard and
 * pound of 1959, US gallon). */
static const struct unit {
    char dimension;
    const char *name;
    double num, den, shift;
} units[] = {
    {'v', "m/s", 1, 1, 0},
    {'v', "km/h", 5, 18, 0},
    {'v', "kn", 463, 900, 0},
    {'v', "mph", 1397, 3125, 0},
    {'v', "cm/s", 1, 100, 0},
    {'l', "m", 1, 1, 0},
    {'l', "km", 1000, 1, 0},
    {'l', "cm", 1, 100, 0},
    {'l', "mm", 1, 1000, 0},
    {'l', "nm", 1852, 1, 0},
    {'l', "mi", 201168, 125, 0},
    {'l', "ft", 381, 1250, 0},
    {'a', "m/s2", 1, 1, 0},
    {'a', "g", 196133, 20000, 0},
    {'d', "deg", 1, 1, 0},
    {'d', "rad", 57.295779513082320877, 1, 0},
    {'t', "ms", 1, 1, 0},
    {'t', "s", 1000, 1, 0},
    {'t', "us", 1, 1000, 0},
    {'t', "ns", 1, 1000000, 0},
    {'t', "min", 60000, 1, 0},
    {'t', "h", 3600000, 1, 0},
    {'V', "L", 1, 1, 0},
    {'V', "mL", 1, 1000, 0},
    {'V', "m3", 1000, 1, 0},
    {'V', "gal", 473176473, 125000000, 0},
    {'c', "degC", 1, 1, 0},
    {'c', "K", 1, 1, 273.15},
    {'c', "degF", 5, 9, 32},
    {'%', "%", 1, 1, 0},
    {'%', "ratio", 100, 1, 0},
    {'w', "kg", 1, 1, 0},
    {'w', "g", 1, 1000, 0},
    {'w', "t", 1000, 1, 0},
    {'w', "lb", 45359237, 100000000, 0},
    {'E', "V", 1, 1, 0},
    {'E', "mV", 1, 1000, 0},
    {'A', "A", 1, 1, 0},
    {'A', "mA", 1, 1000, 0},
    {'p', "Pa", 1, 1, 0},
    {'p', "hPa", 100, 1, 0},
    {'p', "kPa", 1000, 1, 0},
    {'p', "bar", 100000, 1, 0},
    {'P', "W", 1, 1, 0},
    {'P', "kW", 1000, 1, 0},
    {'e', "kWh", 1, 1, 0},
    {'e', "Wh", 1, 1000, 0},
};
enum { UNITS = sizeof units / sizeof units[0] };

static const struct unit *find(struct haul_str name, char dimension)
{
    for (size_t i = 0; i < UNITS; i++)
        if ((dimension == '\0' || units[i].dimension == dimension) && haul_str_eq(haul_str_of(units[i].name), name))
            return units + i;
    return NULL;
}

bool decimal_read(struct haul_str text, double *out)
{
    char copy[64], *end;
    if (text.n == 0 || text.n >= sizeof copy) return false;
    for (size_t i = 0; i < text.n; i++)
        if (memchr("0123456789+-.eE", text.p[i], 15) == NULL) return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    *out = strtod(copy, &end);
    return end == copy + text.n && __builtin_isfinite(*out);
}

/* The number before a unit; its length in *used, 0 when there is none. "1e-6deg": the longest that is a number. */
static double leading_number(struct haul_str text, size_t *used)
{
    size_t n = 0;
    double v = 1;
    while (n < text.n && memchr("0123456789+-.eE", text.p[n], 15) != NULL) n++;
    while (n > 0 && !decimal_read((struct haul_str){text.p, n}, &v)) n--;
    *used = n;
    return n == 0 ? 1 : v;
}

/* 1e-6 as 1 / 1000000: dividing is exact where multiplying by the rounded number is not. */
static void scale(struct conversion *c, double by)
{
    const double inverse = 1 / by, whole = __builtin_floor(inverse + 0.5);
    const double off = inverse > whole ? inverse - whole : whole - inverse;
    if (by > 0 && by < 1 && off < 1e-9 * whole)
        c->den *= whole;
    else
        c->num *= by;
}

bool conversion_find(struct haul_str have, const char *want, struct conversion *out)
{
    size_t used;
    const double factor = leading_number(have, &used);
    const struct haul_str name = {have.p + used, have.n - used};
    *out = CONVERSION_NONE;
    if (factor == 0 || have.n == 0) return false;
    if (name.n > 0 && !haul_str_eq(name, haul_str_of(want))) {
        const struct unit *const to = find(haul_str_of(want), '\0');
        const struct unit *const from = to == NULL ? NULL : find(name, to->dimension);
        if (from == NULL) return false;
        *out = (struct conversion){from->num * to->den, from->den * to->num, from->shift, to->shift};
    }
    /* (v * factor - before) = (v - before / factor) * factor */
    out->before /= factor;
    scale(out, factor);
    return true;
}

void conversion_list(const char *want, char *to, size_t cap)
{
    const struct unit *const unit = find(haul_str_of(want), '\0');
    size_t n = 0;
    to[0] = '\0';
    if (unit == NULL) snprintf(to, cap, "a number alone, which scales");
    for (size_t i = 0; unit != NULL && i < UNITS && n < cap; i++)
        if (units[i].dimension == unit->dimension) {
            const int more = snprintf(to + n, cap - n, "%s%s", n == 0 ? "" : ", ", units[i].name);
            n += more > 0 ? (size_t)more : 0;
        }
}
