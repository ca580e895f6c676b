/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/log.h"
#include "haul/worker.h"

#include <poll.h>

static struct haul_mono real_mono(void *arg)
{
    (void)arg;
    return haul_mono_now();
}

static void real_wait(void *arg, int fd, int ms)
{
    (void)arg;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    poll(&p, fd >= 0 ? 1 : 0, ms);
}

static void real_log(void *arg, int level, const char *event, const char *text)
{
    static const enum haul_log_level levels[] = {HAUL_LOG_ERROR, HAUL_LOG_WARNING, HAUL_LOG_INFO};
    (void)arg;
    haul_say(levels[level], event, text);
}

const struct haul_env haul_env_real = {real_mono, real_wait, real_log, NULL};
