/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * What the decoder, the packer and the JSON form share: records.def turned into tables that are indexed, not searched.
 */
#ifndef HAUL_ENGINE_RECORD_TABLES_H
#define HAUL_ENGINE_RECORD_TABLES_H

#include "haul/record.h"

/* Keys of the envelope, and the first key of the fields. */
enum envelope {
    ENV_VERSION,
    ENV_KIND,
    ENV_ID,
    ENV_TIME,
    ENV_SOURCE,
    ENV_LON,
    ENV_LAT,
    ENV_CRS,
    ENV_COUNT,
    KEY_UNKNOWN = 255, /* what haul_key_find says of a name that nobody knows */
};
_Static_assert(ENV_COUNT <= HAUL_FIELD_BASE, "the envelope ends before the fields begin");

/* Years 0000 to 9999: what the text form of time can say. */
#define TIME_LOW_MS  (-62167219200000)
#define TIME_HIGH_MS 253402300799999
#define SOURCE_MAX   64
#define CRS_HIGH     4

union bound {
    double f;  /* REAL, REALS */
    int64_t i; /* INT; TEXT and BYTES: length in bytes */
};

/* A field as the decoder wants it: half a cache line. */
struct slot {
    union bound low, high;
    const char *name;
    uint8_t type;
};

struct plan {
    const struct slot *slots;          /* [HAUL_FIELDS_MAX], by number less 16 */
    const union haul_value *fallbacks; /* [fallbacks_len], by number less 16 */
    size_t fallbacks_len;              /* up to the highest number */
    uint64_t known, required;          /* bit i: slots[i] */
    const struct haul_kind_row *row;
};

/* NULL when the kind is not used. */
const struct plan *haul_plan(unsigned kind);
/* Key of a name in the envelope or in the plan's kind (NULL: the envelope alone), or KEY_UNKNOWN. Any thread. */
unsigned haul_key_find(const struct plan *plan, struct haul_str name);
/* "lon" of 5; the field's name of 16 and above. */
const char *haul_key_name(const struct plan *plan, unsigned key);

/* 1..64 bytes of UTF-8 without control characters (C0, DEL, C1). */
bool haul_id_valid(struct haul_str id);

#endif
