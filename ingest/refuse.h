/* SPDX-License-Identifier: Apache-2.0
 * Why bytes of a foreign form cannot be used: fills the refusal and returns false.
 */
#ifndef HAUL_INGEST_REFUSE_H
#define HAUL_INGEST_REFUSE_H

#include "haul/record.h"

bool refuse(struct haul_refusal *why, enum haul_reason reason, const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
