/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/commands/sections.h"

#include "haul/engine_options.h"
#include "haul/kafka_source.h"

static const struct haul_option_set *const sections[] = {
    &haul_engine_option_set,
    &haul_kafka_option_set,
};

const struct haul_option_set *const *haul_sections(size_t *n)
{
    *n = sizeof sections / sizeof sections[0];
    return sections;
}
