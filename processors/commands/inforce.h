/* SPDX-License-Identifier: Apache-2.0
 * Which options the tasks of a processor run on, as their control keys hold it, against those of the file.
 */
#ifndef HAUL_COMMANDS_INFORCE_H
#define HAUL_COMMANDS_INFORCE_H

#include "processors/commands/runtime.h"

struct inforce {
    uint32_t tasks;   /* that have ever been claimed */
    uint32_t differ;  /* of them, that run on other options than the file's */
    uint32_t version; /* the highest */
    char hash[33];    /* of the first that differs */
};

/* Asks the store about every task of the processor; blocks. */
enum haul_err inforce_read(const struct runtime *r, struct haul_store *store, const struct haul_processor *p,
                           struct inforce *out, struct haul_error *e);
/* One call for each option of the canonical texts that differs: "fleet.speeding.raise", "80km/h", "90km/h"; what one of
 * them lacks is "". Returns how many there are. */
typedef void inforce_fn(void *arg, struct haul_str option, struct haul_str was, struct haul_str is);
unsigned inforce_compare(const char *was, const char *is, inforce_fn *fn, void *arg);

#endif
