/* SPDX-License-Identifier: Apache-2.0
 * Layer: solver
 * Fields of JSON objects, each with its range and the path that a complaint names.
 */
#ifndef HAUL_SOLVER_READ_JSON_H
#define HAUL_SOLVER_READ_JSON_H

#include "processors/solver/problem.h"
#include "processors/solver/text.h"

#include <jansson.h>

struct path {
    const struct path *up;
    const char *name; /* of a field, or NULL: an index */
    size_t index;
};

struct reader {
    struct haul_error *e;
    enum haul_err bad; /* the first one; nothing is read after it */
};

/* "jobs[3].service" in front of what is wrong. */
enum haul_err json_wrong(struct reader *r, enum haul_err code, const struct path *at, const char *field,
                         const char *format, ...) __attribute__((format(printf, 5, 6)));

const json_t *json_array_of(struct reader *r, const struct path *at, const json_t *o,
                            const char *field); /* NULL: absent */
const json_t *json_object_of(struct reader *r, const struct path *at, const json_t *o,
                             const char *field); /* NULL: absent */
/* A number times `scale`, to the nearest; `usual` when absent. */
int64_t json_scaled(struct reader *r, const struct path *at, const json_t *o, const char *field, int64_t scale,
                    int64_t usual, double low, double high);
int64_t json_whole(struct reader *r, const struct path *at, const json_t *o, const char *field, int64_t usual,
                   int64_t low, int64_t high);
bool json_flag(struct reader *r, const struct path *at, const json_t *o, const char *field, bool usual);
struct haul_str json_text(struct reader *r, const struct path *at, const json_t *o,
                          const char *field); /* empty: absent */

#endif
