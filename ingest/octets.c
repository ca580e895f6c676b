/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/octets.h"

#define CHINA_MS (8 * 3600000ll)

static bool in(int v, int low, int high)
{
    return v >= low && v <= high;
}

bool octets_civil(int year, int month, int day, int hour, int minute, int second, struct haul_time *out)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (!in(year, 1970, 9999) || !in(month, 1, 12) || !in(hour, 0, 23) || !in(minute, 0, 59) || !in(second, 0, 60))
        return false;
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (!in(day, 1, days[month - 1] + (month == 2 && leap ? 1 : 0))) return false;
    const int64_t date = haul_days_from_civil(year, (unsigned)month, (unsigned)day);
    out->ms = ((date * 24 + hour) * 60 + minute) * 60000 + (second == 60 ? 59 : second) * 1000ll - CHINA_MS;
    return true;
}
