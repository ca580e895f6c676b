/* SPDX-License-Identifier: Apache-2.0
 * What is hidden of people at the gate: driver ids become keyed hashes, number plates keep the province and the last
 * two characters. So nothing raw reaches state, views, alerts and their evidence.
 */
#ifndef HAUL_PRIVACY_H
#define HAUL_PRIVACY_H

#include "haul/engine_options.h"
#include "haul/record.h"

struct privacy {
    uint8_t drivers; /* enum haul_drivers */
    uint8_t plates;  /* enum haul_plates */
    bool keyed;
    char epoch[17];
    uint8_t key[32]; /* of the epoch */
};

/* Where a kind of record has what must be hidden: index of the field plus one, 0: nowhere. */
struct privacy_fields {
    uint8_t driver, plate;
};

/* The settings of these options, with the content of the key file (n 0: there is none). */
void privacy_settings(const struct haul_engine_options *o, struct haul_str key, struct privacy *out);
/* By kind, HAUL_KIND_MAX of them; the caller frees it. */
struct privacy_fields *privacy_plan(void);
/* Hides; true when the record was changed. What it now points to lies in scratch. A driver's id that cannot be hashed
 * for want of a key is left out and counted in *hidden. */
bool privacy_apply(const struct privacy *p, const struct privacy_fields *f, struct haul_record *r,
                   struct haul_arena *scratch, uint64_t *hidden);
/* See haul_task_pseudonym. */
void privacy_pseudonym(const struct privacy *p, struct haul_str text, char out[33]);

#endif
