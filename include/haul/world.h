/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * A simulated world that `haul simulate` drives: one a domain. A scenario file has the section of one of them, which
 * says whose world it is. The same scenario and seed give the same messages and the same truth, everywhere.
 */
#ifndef HAUL_WORLD_H
#define HAUL_WORLD_H

#include "haul/options.h"
#include "haul/record.h"
#include "haul/topics.h"

/* One message, in order of send time. Pointers are valid until the next call. */
struct haul_simulated {
    struct haul_time send_at;
    struct haul_str key;
    bool malformed; /* `bytes` are sent as they are; else `record` */
    struct haul_str bytes;
    struct haul_record record;
};

struct haul_world {
    const struct haul_option_set *options; /* its `bytes` are a scenario */
    const char *subjects, *count;          /* of what there are how many: "hubs"; and the option that says it */
    const char *least;                     /* options without which a section is not read, as text: "network: ., " */
    size_t seed_at, count_at, duration_at, start_at; /* int64_t, int64_t, int64_t in ms, char[start_size] */
    size_t start_size;
    enum haul_mailbox mailbox;
    /* `scenario` is copied; its values must be in the ranges of the options. */
    enum haul_err (*open)(const void *scenario, void **world, struct haul_error *e);
    /* False at the end of the duration, when everything is sent. */
    bool (*next)(void *world, struct haul_simulated *out);
    /* Writes what was injected, one object; false when nothing is known yet, or after the end none any more. */
    bool (*truth)(void *world, struct haul_json *j);
    void (*close)(void *world);
};

extern const struct haul_world haul_world_fleet, haul_world_hubs, haul_world_reefers;
/* All of them; NULL-terminated. */
extern const struct haul_world *const haul_worlds[];

#endif
