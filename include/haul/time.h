/* SPDX-License-Identifier: Apache-2.0
 * Layer: base
 * Two kinds of time that the compiler keeps apart: event time (UTC, milliseconds since 1970, may jump, comes from
 * records) and the monotonic clock (nanoseconds, for pacing and measuring; never reaches an answer).
 */
#ifndef HAUL_TIME_H
#define HAUL_TIME_H

#include "haul/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct haul_time {
    int64_t ms;
};

struct haul_mono {
    int64_t ns;
};

#define HAUL_TIME_NONE ((struct haul_time){INT64_MIN})

static inline bool haul_time_before(struct haul_time a, struct haul_time b)
{
    return a.ms < b.ms;
}
static inline struct haul_time haul_time_max(struct haul_time a, struct haul_time b)
{
    return a.ms > b.ms ? a : b;
}
/* ISO 8601, "2026-01-26T15:57:02.000Z": exactly 24 characters and a NUL. Years outside 0000..9999 are written as
 * "invalid time". Returns out. Any thread. */
#define HAUL_TIME_TEXT_BYTES 25
char *haul_time_format(struct haul_time t, char out[HAUL_TIME_TEXT_BYTES]);

/* Reads ISO 8601 "YYYY-MM-DD[T ]HH:MM:SS[.fraction][Z|+HH:MM|-HH:MM]" (no zone: UTC) or an integer of milliseconds (13
 * digits) or seconds (10 digits) since 1970. HAUL_E_INVALID names what is wrong. Any thread. */
enum haul_err haul_time_parse(const char *text, size_t len, struct haul_time *out, struct haul_error *e);

/* Days since 1970-01-01 of a proleptic Gregorian date, and back (Hinnant, "chrono-compatible low-level date
 * algorithms"). */
int64_t haul_days_from_civil(int64_t year, unsigned month, unsigned day);
void haul_civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day);

/* The only two places where a clock is read. Any thread. */
struct haul_mono haul_mono_now(void);
struct haul_time haul_wall_now(void);
/* CPU time of this process, nanoseconds. Any thread. */
int64_t haul_cpu_ns(void);
/* Sleeps; for pacing of tools, never in per-record code. */
void haul_sleep_ms(int64_t ms);

#endif
