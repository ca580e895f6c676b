/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * From the unit that a column has to the unit that a field has.
 */
#ifndef HAUL_INGEST_UNITS_H
#define HAUL_INGEST_UNITS_H

#include "haul/buf.h"

/* out = (v - before) * num / den + after: numerator and denominator apart, so that 36 km/h are exactly 10 m/s. */
struct conversion {
    double num, den, before, after;
};
#define CONVERSION_NONE ((struct conversion){1, 1, 0, 0})

static inline double convert(struct conversion c, double v)
{
    return (v - c.before) * c.num / c.den + c.after;
}

/* `have` is a unit with an optional number before it: "m/s", "1e-6deg", "0.1". False: not a unit of what `want`
 * measures. */
bool conversion_find(struct haul_str have, const char *want, struct conversion *out);
/* The units that can stand where `want` is wanted, comma-separated, as text for an error; at most cap bytes with NUL.
 */
void conversion_list(const char *want, char *to, size_t cap);

/* Reads all of a text as a decimal number: sign, digits, fraction, exponent; no blanks, hexadecimal, NaN or infinity.
 */
bool decimal_read(struct haul_str text, double *out);

#endif
