/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a problem, and any bytes as a plan of a small one: an error with a message, or something that holds
 * together.
 */
#include "haul/solver_io.h"
#include "haul/solver_verify.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char small[] = "{\"vehicles\":[{\"id\":1,\"start_index\":0,\"end_index\":0,\"capacity\":[2]}],"
                            "\"jobs\":[{\"id\":1,\"location_index\":1,\"delivery\":[1]}],"
                            "\"matrices\":{\"car\":{\"durations\":[[0,5],[5,0]]}}}";

static void as_plan(struct haul_str bytes)
{
    struct haul_problem *p;
    struct haul_error e;
    const enum haul_err bad = haul_problem_read(haul_str_of(small), NULL, &p, &e);
    assert(bad == HAUL_OK);
    struct haul_claim claim;
    if (haul_claim_read(p, bytes, &claim, &e) == HAUL_OK) {
        if (haul_verify(p, &claim, &e) != HAUL_OK) assert(e.text[0] != 0);
        haul_claim_free(&claim);
    }
    haul_problem_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct haul_str bytes = {(const char *)data, size};
    struct haul_straight straight = {15, 1.3};
    const struct haul_read_options o = {HAUL_CONVENTION_OF_FILE, haul_places_straight, &straight};
    struct haul_problem *p = NULL;
    struct haul_error e = {.code = HAUL_OK};
    const enum haul_err bad = haul_problem_read(bytes, &o, &p, &e);
    assert(bad == HAUL_OK ? p != NULL : p == NULL && e.text[0] != 0);
    if (bad == HAUL_OK && haul_problem_view(p).tasks_n < 30 && haul_problem_view(p).vehicles_n < 30 &&
        haul_problem_view(p).vehicles_n > 0) {
        const struct haul_solve_options so = {.seed = 1, .iterations = 20, .threads = 1};
        struct haul_vrp_plan plan;
        if (haul_solve(p, &so, &plan, &e) == HAUL_OK) {
            struct haul_claim claim;
            const enum haul_err copied = haul_claim_of(&plan, &claim, &e);
            assert(copied == HAUL_OK);
            const enum haul_err kept = haul_verify(p, &claim, &e);
            assert(kept == HAUL_OK);
            haul_claim_free(&claim);
            haul_vrp_plan_free(&plan);
        }
    }
    haul_problem_free(p);
    as_plan(bytes);
    return 0;
}
