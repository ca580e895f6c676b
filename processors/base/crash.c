/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/crash.h"

#ifdef HAUL_MUTATIONS
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void haul_crash_point(const char *point)
{
    static atomic_long passed;
    const char *at = getenv("HAUL_CRASH_AT");
    const size_t n = strlen(point);
    if (at == NULL || strncmp(at, point, n) != 0 || at[n] != ':') return;
    if (atomic_fetch_add(&passed, 1) + 1 == strtol(at + n + 1, NULL, 10)) kill(getpid(), SIGKILL);
}
#else
extern int haul_no_crash_points; /* a translation unit is not empty */
#endif
