/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/refuse.h"

#include <stdarg.h>
#include <stdio.h>

bool refuse(struct haul_refusal *why, enum haul_reason reason, const char *field, const char *format, ...)
{
    va_list args;
    why->reason = reason;
    snprintf(why->field, sizeof why->field, "%s", field);
    va_start(args, format);
    vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    return false;
}
