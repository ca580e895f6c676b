/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * records.def for people and for programs: what `haul schema` prints, and config/records.md.
 */
#ifndef HAUL_SCHEMA_H
#define HAUL_SCHEMA_H

#include "haul/record.h"

/* All kinds, one line each; or one kind with the envelope and every field. */
void haul_schema_list(struct haul_buf *out);
void haul_schema_text(enum haul_kind kind, struct haul_buf *out);
/* {"schema":1,"limits":{…},"envelope":[…],"kinds":[{…,"fields":[…]}],"reasons":[…]}; HAUL_KIND_NONE: all kinds. */
void haul_schema_json(enum haul_kind kind, struct haul_buf *out);
void haul_schema_markdown(struct haul_buf *out);

#endif
