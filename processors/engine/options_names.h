/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * The nearest right name.
 */
#ifndef HAUL_OPTIONS_NAMES_H
#define HAUL_OPTIONS_NAMES_H

#include "haul/options.h"

/* Damerau-Levenshtein distance with adjacent transpositions (optimal string alignment), letters without case, `-`, `.`
 * and `_` alike. At most NAMES_BYTES_MAX bytes of each are looked at. */
#define NAMES_BYTES_MAX 64
unsigned names_distance(struct haul_str a, struct haul_str b);
/* True when the distance is small enough for a slip of the pen. */
bool names_near(struct haul_str a, struct haul_str b, unsigned *distance);
/* The nearest of a NULL-terminated list, or NULL when none is near. */
const char *names_nearest(struct haul_str name, const char *const *names);

/* Where an unknown name may belong. `prefix` is the group it stands in ("" at the section's top, set NULL at the top of
 * the file). Writes the right name, seen from the section when it is in the same, or nothing. */
void names_suggest(const struct haul_option_set *const *sets, size_t sets_len, const struct haul_option_set *set,
                   const struct haul_option *rows, size_t rows_len, const char *prefix, struct haul_str name,
                   struct haul_buf *out);

#endif
