/* SPDX-License-Identifier: Apache-2.0
 * The sections of the configuration: every module's option set, in the order in which config/haul.yaml shows them.
 */
#ifndef HAUL_SECTIONS_H
#define HAUL_SECTIONS_H

#include "haul/options.h"

const struct haul_option_set *const *haul_sections(size_t *n);

#endif
