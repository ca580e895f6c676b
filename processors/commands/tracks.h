/* SPDX-License-Identifier: Apache-2.0
 * Tracks from files: GPX and CSV.
 */
#ifndef HAUL_COMMANDS_TRACKS_H
#define HAUL_COMMANDS_TRACKS_H

#include "haul/buf.h"
#include "haul/match.h"

struct tracks {
    struct haul_fix *fix; /* free() it */
    size_t n;
};

/* GPX when the text begins with '<', else CSV. HAUL_E_INVALID names line and column. Fixes are in the order of the
 * file. */
enum haul_err tracks_read(struct haul_str text, struct tracks *out, struct haul_error *e);

#endif
