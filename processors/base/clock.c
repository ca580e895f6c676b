/* SPDX-License-Identifier: Apache-2.0
 * The only file that reads a clock.
 */
#include "haul/time.h"

#include <errno.h>
#include <time.h>

static int64_t read_ns(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

struct haul_mono haul_mono_now(void)
{
    return (struct haul_mono){read_ns(CLOCK_MONOTONIC)};
}

struct haul_time haul_wall_now(void)
{
    return (struct haul_time){read_ns(CLOCK_REALTIME) / 1000000};
}

int64_t haul_cpu_ns(void)
{
    return read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

void haul_sleep_ms(int64_t ms)
{
    struct timespec left = {ms / 1000, (ms % 1000) * 1000000};
    while (nanosleep(&left, &left) == -1 && errno == EINTR) {
    }
}
