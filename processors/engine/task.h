/* SPDX-License-Identifier: Apache-2.0
 * A task: one processor on one partition of its mailbox. Owns the state of the partition's keys, runs on one thread,
 * takes no lock.
 *
 *     message ─► records ─► gates ─► sequences ─► process ─┬─► state (slots)
 *                              timers that are due ────────┤
 *                                                          ├─► ops: what the next commit writes
 *                                                          └─► outbox: what is sent behind that commit
 *
 * A step is one record or one timer. Everything that a replay needs is in `core` and the slots behind it: one mapping,
 * which a checkpoint copies block by block. Nothing else of a task can reach an answer.
 */
#ifndef HAUL_TASK_H
#define HAUL_TASK_H

#include "haul/crumb.h"
#include "haul/deadletter.h"
#include "haul/ops.h"
#include "haul/processor.h"
#include "haul/source.h"
#include "processors/engine/outbox.h"
#include "processors/engine/privacy.h"
#include "processors/engine/slots.h"

#define CORE_LAYOUT    2
#define UPSTREAMS_MAX  320
#define COUNTERS_MAX   64
#define TASK_STATE_MAX 8192 /* an entity's state up to this size is kept from before the step, for evidence */
#define MESSAGE_MAX                                                                                                    \
    (65 * 1024 * 1024) /* the largest that kafka.message_bytes lets pass; buffers grow to what comes                   \
                        */

/* What becomes of every record: the sums hold at every step (task_accounts_balance). */
#define TASK_COUNTS(X)                                                                                                 \
    X(RECORDS, "records", "records taken from the mailbox")                                                            \
    X(PROCESSED, "records_processed", "records that a processor used")                                                 \
    X(DROPPED, "records_dropped", "records that a processor did not use, for a counted reason")                        \
    X(QUARANTINED, "records_quarantined", "records sent to the dead letters")                                          \
    X(FORWARDED, "records_forwarded", "records sent on to the partition they belong on")                               \
    X(DUPLICATE, "records_duplicate", "records of a task that had been received before")                               \
    X(BEYOND, "records_beyond_hole", "records of a task that lie beyond a hole in its sequence")                       \
    X(STALE, "records_stale", "records of an older incarnation of a task")                                             \
    X(ENGINE, "records_engine", "ticks, clocks and control records")                                                   \
    X(LATE, "records_late", "records that took the late path")                                                         \
    X(LOST, "records_lost_upstream", "records that an upstream task had acknowledged and Kafka lost")                  \
    X(TIMERS, "timers_fired", "timers fired")                                                                          \
    X(EVICTED, "entities_evicted", "entities evicted because the quota was met")                                       \
    X(PAINTED, "documents_painted", "documents written")                                                               \
    X(RAISED, "alerts_raised", "alerts opened")                                                                        \
    X(EMITTED, "records_emitted", "records sent to other mailboxes")                                                   \
    X(UNKNOWN, "fields_unknown", "fields of a newer schema that were ignored")                                         \
    X(MESSAGES, "messages", "messages taken from the mailbox")                                                         \
    X(STALLED, "upstreams_stalled", "times that a silent upstream task was left out of the clock")                     \
    X(HIDDEN, "driver_ids_dropped", "driver ids left out because there is no key to hash them with")
enum task_count {
#define X(NAME, name, sentence) COUNT_##NAME,
    TASK_COUNTS(X)
#undef X
        COUNT_LEN
};

struct upstream {
    uint16_t mailbox, partition;
    uint8_t clocked; /* it has spoken, and not gone: it holds the watermark */
    uint8_t stalled;
    uint8_t pad[2];
    uint64_t incarnation, sequence; /* last taken */
    int64_t watermark_ms, heard_ms; /* heard: append time */
};

struct task_core {
    uint32_t layout, state_version;
    uint16_t mailbox, partition;
    uint32_t partitions;
    uint64_t stride;
    uint64_t incarnation;
    int64_t silent_until; /* a rebuild emits nothing below this offset; -1 */
    struct haul_position position;
    int64_t last_offset, last_append_ms;
    uint64_t last_hash;
    int64_t outside_ms;   /* outside clock; INT64_MIN: none yet */
    int64_t append_ms;    /* newest append time */
    int64_t silence_ms;   /* append time when silent upstreams were last looked for */
    int64_t newest_ms;    /* newest accepted event time, bounded by append time */
    int64_t watermark_ms; /* as of the last step; never falls */
    int64_t live_second;  /* event second up to which the live stream is written */
    uint64_t live_step;
    uint32_t slots_high;
    uint32_t options_version, answer_version;
    char options_hash[36];
    struct {
        uint32_t version; /* 0: as at genesis */
        char hash[36];    /* "": none */
    } content[HAUL_CONTENTS_MAX];
    uint32_t upstreams;
    struct upstream upstream[UPSTREAMS_MAX];
    uint64_t sequence[HAUL_CHANNELS_MAX]; /* last given, per channel */
    uint64_t count[COUNT_LEN];
    uint64_t counter[COUNTERS_MAX];
    uint64_t refused[HAUL_REASON_COUNT];
};

/* Answer options of the engine. */
struct task_settings {
    int64_t lateness_ms, view_interval_ms, future_max_ms, past_max_ms, clock_stall_ms;
    uint32_t entities_max;
    struct privacy privacy;
};

/* Options in force: looked up by hash, shared and immutable. */
struct task_options {
    char hash[33];
    struct task_settings settings;
    const void *processor; /* the processor's struct */
    void *prepared;        /* what the processor made from it */
};

/* Partition counts of all mailboxes, pinned: where records go; and the prefix of topic names. */
struct task_topology {
    uint32_t partitions[HAUL_MAILBOX_MAX];
    char instance[33];
};

enum task_stop {               /* why a run of steps ended */
                 TASK_IDLE,    /* the message is consumed and no timer is due */
                 TASK_FULL,    /* ops or outbox are full: commit, then go on */
                 TASK_TARGET,  /* the muted replay has reached its target */
                 TASK_DRAINED, /* what follows is of another answer version */
                 TASK_WAITS,   /* a control record names content that is not here yet */
                 TASK_FAILED,  /* the task cannot go on: `error` says why */
};

struct haul_task {
    const struct haul_processor *p;
    struct haul_task_name name;
    struct task_topology topology;
    const struct task_options *options;
    /* finds content by hash for a control record; NULL: not here yet */
    const struct task_options *(*find_options)(void *arg, const struct haul_processor *p, const char *hash);
    /* the same for other content; NULL: not here yet */
    const void *(*find_blob)(void *arg, const char *what, const char *hash);
    /* the verdict on a record of its log, NULL: none; index UINT32_MAX: on any of the message */
    const struct haul_condemned *(*find_condemned)(void *arg, struct haul_task_name task, int64_t offset,
                                                   uint32_t index);
    /* whether the timer of that step is condemned */
    bool (*find_timer)(void *arg, struct haul_task_name task, int64_t offset, uint64_t step);
    void *find_arg;
    const void *content[HAUL_CONTENTS_MAX]; /* in force, by the processor's order; NULL: none */

    uint8_t *map; /* core, then slots */
    size_t map_bytes, core_bytes;
    struct task_core *core;
    struct slots slots;
    int64_t placed_from;              /* records of haul's own below this offset were placed by fewer partitions */
    uint8_t takes[HAUL_KIND_MAX];     /* kind → entity kind; 255: not taken */
    bool heard_of[HAUL_ENTITIES_MAX]; /* the entity kinds that records are about */
    uint8_t *dirty;                   /* a byte a block of the map */
    size_t dirty_len;

    struct haul_ops *ops; /* what the next commit writes; the worker swaps it */
    struct outbox outbox;
    uint32_t channel_base[HAUL_MAILBOX_MAX]; /* first channel of a mailbox; UINT32_MAX: not sent to */
    uint32_t channels, letters_channel;
    bool muted;           /* replaying below the committed position: nothing is written */
    uint64_t target_step; /* muted until this step */
    uint64_t puts_max;    /* documents in one commit */

    /* the message being consumed */
    struct haul_buf message, key;
    struct haul_message head; /* value and key point into the buffers */
    struct haul_message_cursor cursor;
    bool has_message, bad_frame;
    bool suspect;                       /* a verdict names one of its records */
    bool raw;                           /* a bridge takes the message, part by part */
    struct haul_str raw_rest, raw_part; /* behind the part, and the part of the step that comes or is */
    uint32_t parts;                     /* records of it that are counted */

    /* the step */
    struct haul_time time;
    struct haul_rng rng;
    bool rng_ready;
    struct haul_arena scratch;
    struct haul_record record;
    const struct haul_record *now; /* NULL in a timer */
    struct haul_refusal refusal;
    int drop_counter;
    struct haul_entity *touched[HAUL_OTHERS_MAX + 1];
    unsigned touched_len;
    uint64_t stream_ordinal; /* stream entries of this step so far */
    uint8_t *before;         /* the entity's state before the step */
    size_t before_len;
    struct haul_buf repacked;       /* the record when the gates have changed it */
    struct privacy_fields *privacy; /* by kind; HAUL_KIND_MAX of them */
    struct haul_buf text;           /* for sentences and packed records */
    struct haul_buf sentence[4];

    /* entities painted since the live stream was last written */
    struct task_live {
        uint64_t step;
        uint32_t slot;
    } * live;
    uint32_t live_len, live_room;
    struct haul_buf live_bytes;

    struct haul_error error;
    uint64_t view_step; /* last step that wrote ops: nothing to commit when it is the committed one */
};

/* Opens a task with empty state at a position. The map is reserved for the quota and filled lazily. */
struct haul_task *task_open(const struct haul_processor *p, struct haul_task_name name,
                            const struct task_topology *topology, const struct task_options *options,
                            size_t outbox_bytes, struct haul_error *e);
void task_close(struct haul_task *t);
/* Before the first step ever: what the task begins with beside its options. NOT_FOUND: it is not here yet. */
enum haul_err task_begin_with(struct haul_task *t, unsigned content, const char *hash, struct haul_error *e);
/* After the map was loaded from a checkpoint: makes what is derived. CORRUPT, VERSION: it cannot be used. */
enum haul_err task_rebuild(struct haul_task *t, struct haul_error *e);

/* The same for a checkpoint of an older state version, before: every slot is brought into the present form. */
enum haul_err task_upgrade(struct haul_task *t, struct haul_error *e);

/* Gives the task its next message; only when it has none. Messages below the position are skipped by the caller. */
void task_offer(struct haul_task *t, const struct haul_message *m);
/* Takes steps until the message is consumed and no timer is due, or something is full. */
enum task_stop task_run(struct haul_task *t);

/* Makes the map at least so large; it may move: what points into it must be taken anew. False: no address space. */
bool task_reserve(struct haul_task *t, size_t bytes);
/* Bytes of the map in use. */
size_t task_bytes(const struct haul_task *t);
#define TASK_BLOCK ((size_t)60 * 1024)
static inline void task_dirty(struct haul_task *t, const void *p, size_t n)
{
    const size_t from = (size_t)((const uint8_t *)p - t->map) / TASK_BLOCK;
    const size_t to = ((size_t)((const uint8_t *)p - t->map) + n - 1) / TASK_BLOCK;
    for (size_t i = from; i <= to; i++) t->dirty[i] = 1;
}

/* Where the channels of a processor's tasks lie: first channel of each mailbox (UINT32_MAX: not sent to), one a
 * partition; returns their number. The last is for the dead letters. */
uint32_t task_channels(const struct haul_processor *p, const struct task_topology *topology,
                       uint32_t base[HAUL_MAILBOX_MAX]);

/* Watermark of a position; recomputed by clock records. */
int64_t task_watermark(const struct haul_task *t);
/* Records in = processed + dropped + quarantined + forwarded + duplicate + beyond + stale + engine. */
bool task_accounts_balance(const struct haul_task *t);

/* Canonical dump of the state: one JSON line an entity in order of (kind, id), then the core's. Tools only. */
void task_dump(struct haul_task *t, struct haul_buf *out);
const char *task_count_name(enum task_count c);
const char *task_count_sentence(enum task_count c);

/* ---- between the files of the task ---- */
enum receive {
    RECEIVE_TAKE,
    RECEIVE_DUPLICATE,
    RECEIVE_BEYOND,
    RECEIVE_STALE,
};
/* receive.c: sequences and clocks of upstream tasks */
enum receive receive_record(struct haul_task *t, const struct haul_sender *s, uint64_t sequence, int64_t append_ms);
void receive_clock(struct haul_task *t, const struct haul_sender *s, const struct haul_record *r, int64_t append_ms);
void receive_outside(struct haul_task *t, int64_t event_ms, int64_t append_ms);
void receive_silence(struct haul_task *t, int64_t append_ms);

/* stall.c: the alert about a silent upstream task opens, or clears */
void stall_tell(struct haul_task *t, const struct upstream *u, int64_t append_ms, bool open);

/* emit.c: sequences given, outbox, dead letters, forwards */
bool emit_room(const struct haul_task *t);
void emit_bytes(struct haul_task *t, uint32_t channel, struct haul_str key, struct haul_str record,
                struct haul_str headers);
void emit_record(struct haul_task *t, unsigned mailbox, struct haul_str key, const struct haul_record *r);
void emit_forward(struct haul_task *t, uint32_t partition, const struct haul_record *r);
void emit_letter(struct haul_task *t, enum haul_stage stage, struct haul_str raw, uint32_t index);

/* bridge.c: messages of a foreign form */
void bridge_open(struct haul_task *t);
void bridge_advance(struct haul_task *t);
void bridge_step(struct haul_task *t, bool taken);

/* paint.c: documents and the live stream */
void paint_entity(struct haul_task *t, struct haul_entity *e);
void paint_erase(struct haul_task *t, const struct haul_entity *e);
void paint_held_back(struct haul_task *t, struct haul_entity *e);
void live_flush(struct haul_task *t);
void live_rebuild(struct haul_task *t);

/* entity.c */
struct haul_entity *entity_take(struct haul_task *t, unsigned kind, struct haul_str id, bool create);
void entities_end_step(struct haul_task *t);
void alerts_clear_all(struct haul_task *t, struct haul_entity *e);

#endif
