/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/commands/sections.h"

#include "haul/engine_options.h"
#include "haul/kafka_source.h"
#include "haul/redis_store.h"
#include "processors/commands/runtime.h"

#define SECTIONS_MAX (HAUL_MAILBOX_MAX + 3)

/* The engine and what it stands on, then the processors that have options. */
const struct haul_option_set *const *haul_sections(size_t *n)
{
    static const struct haul_option_set *sections[SECTIONS_MAX] = {
        &haul_engine_option_set,
        &haul_kafka_option_set,
        &haul_redis_option_set,
    };
    size_t processors;
    const struct haul_processor *const *p = haul_processors(&processors);
    *n = 3;
    for (size_t i = 0; i < processors; i++)
        if (p[i]->options != NULL) sections[(*n)++] = p[i]->options;
    return sections;
}
