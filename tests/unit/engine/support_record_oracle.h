/* SPDX-License-Identifier: Apache-2.0
 * A slow second opinion about one record: structure by recursion, values by msgpack-c, every rule of records.def
 * written again from the text. What the decoder says must be the same.
 */
#ifndef SUPPORT_RECORD_ORACLE_H
#define SUPPORT_RECORD_ORACLE_H

#include "haul/record.h"

enum opinion {
    OPINION_REFUSE,
    OPINION_ACCEPT, /* *out is filled; its texts point into bytes, its reals into *reals */
    OPINION_NONE,   /* an extension of no bytes: msgpack allows it, msgpack-c does not read it */
};
struct oracle_reals {
    double v[HAUL_FIELDS_MAX][HAUL_REALS_MAX];
};
/* One record at the beginning of bytes. *extent: how long it is, 0 when that cannot be found. */
enum opinion oracle_record(struct haul_str bytes, struct haul_record *out, struct oracle_reals *reals, size_t *extent);
/* May the message be opened, and how many records does it then declare? */
bool oracle_frame(struct haul_str message, uint32_t *count);
/* NULL when a and b say the same; else what differs. */
const char *oracle_difference(const struct haul_record *a, const struct haul_record *b);
/* Everything at once: decoder against oracle over a whole message, and back through the packer. NULL: all the same. */
const char *oracle_message(struct haul_str message, struct haul_arena *scratch, struct haul_buf *again);

#endif
