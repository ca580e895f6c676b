/* SPDX-License-Identifier: Apache-2.0
 * Layer: base
 * Safety steps that can be taken out, one at a time, in test builds (-DHAUL_MUTATIONS), so that the tests of the
 * protocol can show that they would notice. In any other build HAUL_MUTANT is the constant false, and there is nothing
 * to set.
 */
#ifndef HAUL_MUTATION_H
#define HAUL_MUTATION_H

#include <stdbool.h>

enum haul_mutation {
    HAUL_MUTANT_NONE,
#define HAUL_MUTATION(NAME, sentence) HAUL_MUTANT_##NAME,
#include "haul/mutations.def"
#undef HAUL_MUTATION
    HAUL_MUTANT_COUNT
};

#ifdef HAUL_MUTATIONS
extern enum haul_mutation haul_mutation; /* set before the threads start */
const char *haul_mutation_name(enum haul_mutation m);
const char *haul_mutation_sentence(enum haul_mutation m);
#define HAUL_MUTANT(NAME) (haul_mutation == HAUL_MUTANT_##NAME)
#else
#define HAUL_MUTANT(NAME) false
#endif

#endif
