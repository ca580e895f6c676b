/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * The log: one line an event, never a payload; the same event at most a few times a second, then it is counted. The
 * program says where lines go; until then they go nowhere.
 */
#ifndef HAUL_LOG_H
#define HAUL_LOG_H

#include "haul/engine_options.h"
#include "haul/time.h"

/* Lines of `level` and above go to `fd` as text or JSON. Call once, before threads. */
void haul_log_open(int fd, enum haul_log_level level, enum haul_log_format format);
/* Any thread. `event` is a fixed name ("fenced"), `text` one line of details. */
void haul_say(enum haul_log_level level, const char *event, const char *text);

#endif
