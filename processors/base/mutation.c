/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/mutation.h"

#ifdef HAUL_MUTATIONS

enum haul_mutation haul_mutation;

static const struct {
    const char *name, *sentence;
} rows[] = {
    {"NONE", "the protocol as it is"},
#define HAUL_MUTATION(NAME, sentence) {#NAME, sentence},
#include "haul/mutations.def"
#undef HAUL_MUTATION
};

const char *haul_mutation_name(enum haul_mutation m)
{
    return rows[m].name;
}

const char *haul_mutation_sentence(enum haul_mutation m)
{
    return rows[m].sentence;
}

#endif
