/* SPDX-License-Identifier: Apache-2.0
 * Between the files of the oracle: its tasks and entities.
 */
#ifndef ORACLE_TASK_H
#define ORACLE_TASK_H

#include "tests/oracle/oracle.h"

#define ORACLE_COUNTS(X)                                                                                               \
    X(records)                                                                                                         \
    X(records_processed)                                                                                               \
    X(records_dropped)                                                                                                 \
    X(records_quarantined)                                                                                             \
    X(records_forwarded)                                                                                               \
    X(records_duplicate)                                                                                               \
    X(records_beyond_hole)                                                                                             \
    X(records_stale)                                                                                                   \
    X(records_engine)                                                                                                  \
    X(records_late)                                                                                                    \
    X(records_lost_upstream)                                                                                           \
    X(timers_fired)                                                                                                    \
    X(entities_evicted)                                                                                                \
    X(documents_painted)                                                                                               \
    X(alerts_raised)                                                                                                   \
    X(records_emitted)                                                                                                 \
    X(fields_unknown)                                                                                                  \
    X(messages)                                                                                                        \
    X(upstreams_stalled)                                                                                               \
    X(driver_ids_dropped)

#define NEVER  INT64_MAX
#define BEFORE INT64_MIN

struct haul_entity {
    struct haul_entity *next; /* in its bucket */
    unsigned kind;
    uint8_t id_len, timers;
    char id[HAUL_ID_MAX];
    int64_t newest, painted;
    int64_t due[HAUL_TIMERS_MAX + 1]; /* the one behind the processor's own is for a painting that is held back */
    uint32_t raised;
    struct {
        uint64_t id;
        uint8_t severity, tenth;
    } alert[HAUL_RULES_MAX];
    bool fresh, removed, paint, touched;
    uint64_t moved; /* step of its first painting since the live stream was written; 0: none */
    void *state;
};

struct upstream {
    unsigned mailbox, partition;
    bool clocked, stalled;
    uint64_t sequence;
    int64_t watermark, heard;
    struct oracle_chain taken;
};

struct haul_task {
    const struct haul_processor *p;
    unsigned partition;
    struct oracle_world w;
    const struct oracle_options *options;
    uint32_t options_version;
    uint64_t incarnation, step;
    int64_t start, silent_until;

    struct haul_entity **bucket;
    size_t buckets, entities;
    struct haul_entity *touched[HAUL_OTHERS_MAX + 1];
    size_t touched_len;
    struct haul_entity *next_timer; /* of the entity whose timer is first, when it is known */
    unsigned next_id;
    bool next_known;

    struct upstream upstream[HAUL_CHANNELS_MAX];
    size_t upstreams;
    uint32_t first_channel[HAUL_MAILBOX_MAX], channels;
    struct oracle_chain sent[HAUL_CHANNELS_MAX];

    /* the message and the step */
    const struct haul_message *message;
    int64_t last_offset, position;
    uint32_t index;
    const struct haul_record *now;
    struct haul_time time;
    struct haul_rng rng;
    bool rng_ready;
    uint64_t ordinal;
    int drop_counter;
    struct haul_refusal refusal;
    uint8_t before[8192];
    size_t before_len;
    struct haul_arena scratch;
    struct haul_buf repacked;

    int64_t outside, append, newest, watermark, silence, live_second;
    struct {
#define X(name) uint64_t name;
        ORACLE_COUNTS(X)
#undef X
    } count;
    uint64_t counter[64];
};

struct oracle {
    struct haul_task task;
};

/* oracle_entities.c */
struct haul_entity *oracle_entity(struct haul_task *t, unsigned kind, struct haul_str id, bool create);
void oracle_end_step(struct haul_task *t);
bool oracle_first_timer(struct haul_task *t, struct haul_entity **e, unsigned *id);
void oracle_paint(struct haul_task *t, struct haul_entity *e);
void oracle_live(struct haul_task *t);
/* All entities in order of (kind, id); malloc'd. */
struct haul_entity **oracle_sorted(const struct haul_task *t);
int oracle_order(const struct haul_entity *a, const struct haul_entity *b);
void oracle_free_entities(struct haul_task *t);

/* oracle_alerts.c */
void oracle_clear_all(struct haul_task *t, struct haul_entity *e);

/* oracle.c */
void oracle_send(struct haul_task *t, uint32_t channel, struct haul_str record);
/* The alert about a silent upstream task opens, or clears. */
void oracle_say_silent(struct haul_task *t, const struct upstream *u, const char *action);

#endif
