/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * A processor: a deterministic function of (options, keyed state, record, event time). It touches only its arguments
 * and the task_* calls below: no clock, no malloc, no I/O, no globals, no threads. Copy processors/template to begin.
 */
#ifndef HAUL_PROCESSOR_H
#define HAUL_PROCESSOR_H

#include "haul/json.h"
#include "haul/options.h"
#include "haul/record.h"
#include "haul/rng.h"
#include "haul/time.h"
#include "haul/topics.h"

struct haul_message;
struct haul_task;   /* one processor on one partition */
struct haul_entity; /* one key of it: a vehicle, a hub, an alert */

enum haul_verdict {
    HAUL_DONE,       /* processed */
    HAUL_DROP,       /* not used, for a reason that the processor counted (haul_task_drop) */
    HAUL_QUARANTINE, /* this record is bad: to the dead letters (haul_task_refuse says why) */
    HAUL_STOP,       /* this task cannot go on */
};

/* A counter: exported as haul_<processor>_<name>_total. */
struct haul_counter {
    const char *name, *sentence;
};

/* What may be raised about an entity. Sentences are templates: {entity}, and the names of the alert's evidence. */
struct haul_rule {
    const char *name;          /* "speeding": the alert's rule is "<processor>.speeding" */
    uint8_t severity;          /* 1 red … 4 blue: the default */
    const char *option;        /* that sets the threshold, or "" */
    const char *en, *zh;       /* why */
    const char *do_en, *do_zh; /* what to do */
};

/* Which records the processor takes, and which kind of entity each is about. */
struct haul_takes {
    uint16_t kind;
    uint8_t entity; /* index in entities[] */
};

/* Content that a processor reads beside its options: made from a file, stored by hash in haul.blobs, and replaced at
 * one step of each partition by a control record that names it. */
struct haul_content {
    const char *what;   /* "fences": in the control record, in haul.blobs */
    size_t file_offset; /* in the processor's options: the path of the file (char[]); "" there: none to begin with */
    /* From the file's text to what is stored. What was mended or refused is appended to *report, a line each. */
    enum haul_err (*make)(struct haul_str text, struct haul_buf *out, struct haul_buf *report, struct haul_error *e);
    /* Checks what came from the log, once, before any task reads it; `bytes` is aligned to 64. */
    enum haul_err (*check)(const void *bytes, size_t n, struct haul_error *e);
};

#define HAUL_TIMERS_MAX   8
#define HAUL_CONTENTS_MAX 2
#define HAUL_RULES_MAX    32
#define HAUL_ENTITIES_MAX 4

struct haul_entity_kind {
    const char *noun; /* "vehicle": its document is haul:vehicle:<id> */
    size_t state_bytes;
};

/* What the live stream says about an entity that moved. `state` is the processor's own small code. */
struct haul_live {
    double lon_deg, lat_deg, speed_mps, heading_deg;
    uint8_t state;
};

struct haul_processor {
    enum haul_mailbox mailbox; /* its name is the processor's */
    const char *summary_en, *summary_zh;
    uint32_t state_version; /* of the state structs' layout */
    const struct haul_takes *takes;
    size_t takes_len;
    const uint8_t *gives; /* mailboxes it emits to beside the desk; 0-terminated, may be NULL */
    /* It decides over all its entities together, so its mailbox is one partition; else an entity lives on the partition
     * that its id leads to, and nowhere else. */
    bool whole;
    struct haul_entity_kind entities[HAUL_ENTITIES_MAX];
    uint8_t timers; /* timer ids are below this */
    const struct haul_option_set *options;
    const struct haul_content *contents; /* up to HAUL_CONTENTS_MAX; what is there keeps its place */
    size_t contents_len;
    const struct haul_counter *counters;
    size_t counters_len;
    const struct haul_rule *rules;
    size_t rules_len;

    /* One record about an entity. `late`: the record's time is before the entity's newest, or before the watermark. */
    enum haul_verdict (*process)(struct haul_task *t, struct haul_entity *e, const struct haul_record *r, bool late);
    /* A timer of the entity is due. May be NULL when timers is 0. */
    void (*timer)(struct haul_task *t, struct haul_entity *e, unsigned id);
    /* Writes the fields of the entity's document between the braces; id and time are there already. No side effect. */
    void (*view)(const struct haul_task *t, const struct haul_entity *e, struct haul_json *j);
    /* The quota sends the entity away: what others were told of it is told to be over. Its document and its alerts go
     * anyhow. It may emit, put, erase and count; it asks for no other entity and changes no timer. May be NULL. */
    void (*evicted)(struct haul_task *t, struct haul_entity *e);
    /* Where the entity is, for the live stream; false: it does not move on a map. May be NULL. */
    bool (*live)(const struct haul_entity *e, struct haul_live *out);
    /* A bridge: its mailbox is a topic of a foreign form, and process is NULL. `part` takes the next part (a frame) off
     * the front of what is left of a message; false: there is none. It sees nothing else; NULL: a message is one part.
     * `message` takes one part, which stands `at` bytes behind the message's beginning: one step. It calls the
     * haul_bridge_* below, once at least. */
    bool (*part)(struct haul_str *rest, struct haul_str *part);
    void (*message)(struct haul_task *t, struct haul_str key, struct haul_str part, size_t at);
    /* What is made from the options before they are in force, at start and at reload; it is shared by tasks, so it must
     * not change. *out is haul_task_prepared's; discard frees it. May be NULL, both. */
    enum haul_err (*prepare)(const void *options, void **out, struct haul_error *e);
    void (*discard)(void *prepared);
    /* Writes the state's fields for `haul dump` and evidence: everything that matters, in a fixed order. */
    void (*dump)(const void *state, unsigned entity_kind, struct haul_json *j);
    /* Brings a state written under an older state_version into the present form; false: it cannot. May be NULL. */
    bool (*upgrade)(uint32_t version, unsigned entity_kind, const void *old, size_t old_bytes, void *state);
};

/* ---- what a processor may do ---- */
const void *haul_task_options(const struct haul_task *t);  /* the module's struct, of the version in force */
const void *haul_task_prepared(const struct haul_task *t); /* what `prepare` made from it */
/* The content in force, or NULL: none yet. Immutable, and valid until the task's next step at least. */
const void *haul_task_content(const struct haul_task *t, const char *what);
struct haul_time
haul_task_time(const struct haul_task *t); /* the step's event time: the record's, or the timer's due time */
/* Most entities that the task keeps: one more, and the one heard of longest ago goes, with its document, its alerts
 * cleared. What else a processor keeps of it stays, unless `evicted` takes it away. */
uint32_t haul_task_entities_max(const struct haul_task *t);
struct haul_time haul_task_watermark(const struct haul_task *t); /* HAUL_TIME_NONE before the first */
struct haul_time haul_task_append(const struct haul_task *t);    /* append time of the record's message */
struct haul_rng *haul_task_rng(struct haul_task *t);             /* a function of task and step */
void *haul_task_scratch(struct haul_task *t, size_t n);          /* gone after the step; NULL when full */

void *haul_entity_state(struct haul_entity *e);
const void *haul_entity_state_const(const struct haul_entity *e);
struct haul_str haul_entity_id(const struct haul_entity *e);
unsigned haul_entity_kind(const struct haul_entity *e);
bool haul_entity_new(const struct haul_entity *e);                /* made by this step: its state is all zero */
struct haul_time haul_entity_newest(const struct haul_entity *e); /* newest event time before this record */

/* Another entity of the same task: NULL when it does not exist and create is false, or when the quota is full. It may
 * be changed; at most HAUL_OTHERS_MAX of them in one step. One of a kind that no record is about is heard of by this.
 */
#define HAUL_OTHERS_MAX 64
struct haul_entity *haul_task_entity(struct haul_task *t, unsigned kind, struct haul_str id, bool create);
/* The entity goes: its document is erased, its alerts clear, its timers stop, its state is gone after the step. */
void haul_task_remove(struct haul_task *t, struct haul_entity *e);

void haul_task_timer_set(struct haul_task *t, struct haul_entity *e, unsigned id, struct haul_time due); /* replaces */
void haul_task_timer_clear(struct haul_task *t, struct haul_entity *e, unsigned id);
struct haul_time haul_task_timer_due(const struct haul_entity *e, unsigned id); /* HAUL_TIME_NONE: not set */

/* The entity's document has changed: painted when view.interval has passed since the last time, the last change always.
 */
void haul_task_paint(struct haul_task *t, struct haul_entity *e);
/* A transition: painted at this step. */
void haul_task_paint_now(struct haul_task *t, struct haul_entity *e);
/* Other documents, sorted sets and streams that the task owns. Keys without "haul:". */
void haul_task_put(struct haul_task *t, const char *noun, struct haul_str id, struct haul_str json);
void haul_task_erase(struct haul_task *t, const char *noun, struct haul_str id);
void haul_task_zadd(struct haul_task *t, const char *key, struct haul_str member, int64_t score);
void haul_task_zrem(struct haul_task *t, const char *key, struct haul_str member);
void haul_task_xadd(struct haul_task *t, const char *key, struct haul_str json, uint32_t keep);

/* A record to another mailbox, placed by `key`. Sequenced; sent after the commit. */
void haul_task_emit(struct haul_task *t, enum haul_mailbox to, struct haul_str key, const struct haul_record *r);

/* Bytes to a partition of another mailbox as they once were there; in a message of their own, that says which attempt
 * it is. */
void haul_task_send_again(struct haul_task *t, enum haul_mailbox to, uint32_t partition, struct haul_str key,
                          struct haul_str bytes, uint32_t attempt);
uint32_t haul_task_partitions(const struct haul_task *t, enum haul_mailbox of);

/* ---- what a bridge does with a part of a message ----
 * It holds a record: sent to the mailbox, placed by its id. False, with the reason, when the decoder there would not
 * take it; then nothing was done. */
bool haul_bridge_emit(struct haul_task *t, enum haul_mailbox to, const struct haul_record *r, struct haul_refusal *why);
/* It cannot be used: to the dead letters. `field` and the sentence as in haul_refusal. */
void haul_bridge_refuse(struct haul_task *t, struct haul_str part, enum haul_reason reason, const char *field,
                        const char *format, ...) __attribute__((format(printf, 5, 6)));
/* How many records of this part were sent on, refused or ignored so far. */
uint32_t haul_bridge_taken(const struct haul_task *t);
/* It is of no use here, for the counted reason. */
void haul_bridge_ignore(struct haul_task *t, unsigned counter);
/* Where a stretch of text is secret: 32 hexadecimal digits of its keyed hash and a NUL. Without a key file it is a
 * plain hash, which whoever can list all the texts can undo. */
void haul_task_pseudonym(const struct haul_task *t, struct haul_str text, char out[33]);

/* Alerts. Evidence: the numbers that the sentences name. */
struct haul_evidence {
    const char *name;
    double value;
    int decimals;
};
struct haul_raise {
    unsigned rule;
    uint8_t severity; /* 0: the rule's */
    double score;     /* 0..1 */
    double value, threshold;
    const char *unit;
    struct haul_time since; /* HAUL_TIME_NONE: the step's time */
    struct haul_str cause, touches;
    struct haul_evidence evidence[8];
    size_t evidence_len;
    bool positioned;
    double lon_deg, lat_deg;
};
/* Opens the rule's alert for the entity; when it is open already, sends a change if severity differs or score grew by
 * 0.1. */
void haul_task_raise(struct haul_task *t, struct haul_entity *e, const struct haul_raise *a);
/* Clears it; nothing when it is not open. */
void haul_task_clear(struct haul_task *t, struct haul_entity *e, unsigned rule);
bool haul_entity_raised(const struct haul_entity *e, unsigned rule);

void haul_task_count(struct haul_task *t, unsigned counter, uint64_t n);
/* For DROP: which counter of the processor says why. Returns HAUL_DROP. */
enum haul_verdict haul_task_drop(struct haul_task *t, unsigned counter);
/* For QUARANTINE: the field and the reason. Returns HAUL_QUARANTINE. */
enum haul_verdict haul_task_refuse(struct haul_task *t, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
