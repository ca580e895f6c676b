/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * Time zones, for tables whose times are local: a fixed offset, or a file of the tz database (TZif, RFC 8536) with the
 * rule in its footer for the years behind its last entry. Only for what is turned into records: an answer never depends
 * on a file of the machine.
 */
#ifndef HAUL_INGEST_ZONE_H
#define HAUL_INGEST_ZONE_H

#include "haul/buf.h"
#include "haul/err.h"
#include "haul/time.h"

#define ZONE_FILE_MAX (256 * 1024)

/* Mm.w.d, Jn or n of POSIX TZ, with the local time of the change. */
struct zone_rule {
    char form; /* 'M', 'J', 'n' */
    int month, week, day;
    int64_t at_s;
};
struct zone {
    int64_t std_s, dst_s; /* seconds east of UTC: fixed, or by the rules */
    bool has_dst;
    struct zone_rule begins, ends;
    /* changes before the rule: from at_s[i] on, offset_s[i]; before the first, first_s */
    size_t len;
    int64_t first_s, *at_s;
    int32_t *offset_s;
};

/* "", "UTC", "Z", "+08:00", "-0330", "Europe/London". UNKNOWN: no such zone; CORRUPT: its file is not TZif. */
enum haul_err zone_open(struct haul_str name, struct zone *out, struct haul_error *e);
/* From a file's bytes. */
enum haul_err zone_parse(struct haul_str tzif, struct zone *out, struct haul_error *e);
void zone_close(struct zone *z);

/* Seconds east of UTC at a moment. */
int64_t zone_offset_s(const struct zone *z, int64_t utc_s);
/* A wall clock's time (as if it were UTC) as a moment. An hour that comes twice is the first; one that is left out is
 * as if the clock had not been put forward. */
struct haul_time zone_to_utc(const struct zone *z, struct haul_time local);

#endif
