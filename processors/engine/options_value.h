/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * One value: from text to the module's struct and back, with its unit. Also the nearest right spelling of a wrong one.
 */
#ifndef HAUL_OPTIONS_VALUE_H
#define HAUL_OPTIONS_VALUE_H

#include "haul/options.h"

/* Reads a scalar of the row's type into *to. On false *why says what is wrong with it, what was expected and, where one
 * is near, the right spelling. Not for LIST, PAIRS, TABLE. */
bool value_read(const struct haul_option *row, struct haul_str text, bool quoted, void *to, struct haul_buf *why);

/* Writes what value_read reads back to the same bits: text always quoted, numbers as short as they go. */
void value_write(const struct haul_option *row, const void *from, struct haul_buf *out);

/* "a speed in km/h, m/s or kn, from 10km/h to 200km/h" */
void value_expected(const struct haul_option *row, struct haul_buf *out);

/* "10km/h to 200km/h", or nothing when the row has no range. */
void value_range(const struct haul_option *row, struct haul_buf *out);

/* Unit i of a type, in the order of preference; NULL behind the last, or when it has none. */
const char *value_unit(enum haul_option_type type, size_t i);

/* A text as a double-quoted YAML and JSON string. */
void value_quote(struct haul_str text, struct haul_buf *out);

#endif
