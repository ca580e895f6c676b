/* SPDX-License-Identifier: Apache-2.0
 * haul's topics: made, and compared with what they should be.
 */
#include "ingest/admin.h"

#include "haul/topics.h"

#include <stdlib.h>

bool admin_name_known(const char *name)
{
    return haul_mailbox_find(haul_str_of(name)) != HAUL_MAILBOX_NONE || strcmp(name, "alerts") == 0 ||
           strcmp(name, "deadletters") == 0 || strcmp(name, "blobs") == 0;
}

bool admin_partitions_parse(const char *text, uint32_t *out)
{
    char *end;
    if (text[0] < '1' || text[0] > '9') return false;
    const unsigned long v = strtoul(text, &end, 10);
    *out = (uint32_t)v;
    return *end == '\0' && v <= HAUL_PARTITIONS_MAX;
}
