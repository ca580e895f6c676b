/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a message of a bridge from JSON, through the task code of production: what it sends is what the decoder
 * of the receiver takes (the engine asserts that something became of every message), and it is never silent.
 */
#ifndef HAUL_TESTS_FUZZ_BRIDGES_H
#define HAUL_TESTS_FUZZ_BRIDGES_H

#include "haul/processors.h"
#include "haul/trial.h"

#include <stdlib.h>

#define FUZZ_AGAIN 512 /* messages of one trial: what it sent is kept */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_bridge(const struct haul_processor *p, const char *yaml, const uint8_t *data, size_t size)
{
    static struct haul_trial *t;
    static size_t messages, seen;
    struct haul_error e;
    if (t != NULL && messages++ % FUZZ_AGAIN == 0) {
        haul_trial_close(t);
        t = NULL;
    }
    if (t == NULL) {
        t = haul_trial_open(p, yaml, &e);
        seen = 0;
    }
    assert(t != NULL);
    haul_trial_message(t, HAUL_STR("k"), (struct haul_str){(const char *)data, size}, (struct haul_time){1769414400000},
                       NULL);
    for (; seen < haul_trial_emitted(t); seen++) {
        struct haul_refusal why;
        const struct haul_record *r = haul_trial_emission(t, seen, NULL);
        assert(haul_record_check(r, &why) && r->id.n > 0);
    }
}

#endif
