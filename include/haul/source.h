/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * Where messages come from: Kafka, a recording, a simulated log. One a worker; every call on that worker's thread.
 *
 * Life of a partition: ASSIGN is reported; the worker claims and restores the task, then calls start at the offset that
 * the store gave; messages come in order of offset, without a hole unless the log itself has one; REVOKE is reported;
 * the worker commits what it has and calls stop for each; after the last stop the source lets the group go on.
 */
#ifndef HAUL_SOURCE_H
#define HAUL_SOURCE_H

#include "haul/err.h"
#include "haul/store.h"
#include "haul/time.h"

/* Who sent a message of haul's own, from its header "haul": "<mailbox>/<partition>:<incarnation>:<sequence>:<acked>"
 * and, for what was sent again from the dead letters, ":<attempt>". */
struct haul_sender {
    uint16_t mailbox; /* HAUL_MAILBOX_NONE: from outside */
    uint16_t partition;
    uint64_t incarnation;
    uint64_t sequence; /* of the first record in the message; the others follow by one; 0: outside the sequences (clock,
                          tick) */
    /* Highest sequence to this partition that was acknowledged when the message was sent: what lies between it and
     * `sequence` may still come again. So a receiver that has never heard of the sender knows whether it missed
     * something for good. */
    uint64_t acked;
    uint32_t attempt; /* how often the record has been taken out of the dead letters; 0: never */
};

struct haul_message {
    struct haul_task_name task; /* mailbox and partition it was read from */
    int64_t offset;
    struct haul_time append; /* broker's append time */
    bool append_time;        /* false: the topic does not stamp LogAppendTime */
    struct haul_str key, value;
    struct haul_sender sender;
};

enum haul_source_event_type {
    HAUL_SOURCE_NONE,
    HAUL_SOURCE_MESSAGE, /* message; valid until the next poll */
    HAUL_SOURCE_END,     /* task: the end of the partition is reached at offset */
    HAUL_SOURCE_ASSIGN,  /* task: claim it */
    HAUL_SOURCE_REVOKE,  /* task: commit and stop it */
    HAUL_SOURCE_LOST,    /* task: already another's: drop it without a commit, and stop it */
    HAUL_SOURCE_GAP,  /* task: the log does not hold offset any more (expired, truncated, recreated); low, high are its
                         bounds */
    HAUL_SOURCE_DONE, /* nothing will come any more (a recording's end) */
};

struct haul_source_event {
    enum haul_source_event_type type;
    struct haul_task_name task;
    int64_t offset, low, high;
    struct haul_message message;
};

struct haul_source;
struct haul_source_ops {
    const char *name;
    /* The next event, waiting at most timeout_ms. UNAVAILABLE: the broker does not answer (said once per outage). */
    enum haul_err (*poll)(struct haul_source *s, int timeout_ms, struct haul_source_event *out, struct haul_error *e);
    enum haul_err (*start)(struct haul_source *s, struct haul_task_name task, int64_t offset, struct haul_error *e);
    void (*stop)(struct haul_source *s, struct haul_task_name task);
    /* Nothing of a paused partition is reported; it stays assigned. */
    void (*pause)(struct haul_source *s, struct haul_task_name task);
    void (*resume)(struct haul_source *s, struct haul_task_name task);
    /* First offset in the log, and one past the last. Blocks up to the source's timeout. */
    enum haul_err (*bounds)(struct haul_source *s, struct haul_task_name task, int64_t *low, int64_t *high,
                            struct haul_error *e);
    /* First offset whose append time is not before t (high when none). Blocks. */
    enum haul_err (*offset_at)(struct haul_source *s, struct haul_task_name task, struct haul_time t, int64_t *offset,
                               struct haul_error *e);
    /* Partitions of a mailbox's topic as the broker has them. Blocks. */
    enum haul_err (*partitions)(struct haul_source *s, unsigned mailbox, uint32_t *count, struct haul_error *e);
    /* Tells the group's memory (for tools that show lag, and to notice a wiped store): offset and a short metadata
     * text. No answer. */
    void (*remember)(struct haul_source *s, struct haul_task_name task, int64_t offset, const char *metadata);
    /* What the group remembers: *offset -1 when nothing. Blocks. */
    enum haul_err (*recall)(struct haul_source *s, struct haul_task_name task, int64_t *offset, char *metadata,
                            size_t cap, struct haul_error *e);
    void (*close)(struct haul_source *s);
};

struct haul_source {
    const struct haul_source_ops *ops;
};

/* The header's text form, at most HAUL_SENDER_TEXT bytes with the NUL; and back. */
#define HAUL_SENDER_TEXT 112
size_t haul_sender_format(const struct haul_sender *s, char out[HAUL_SENDER_TEXT]);
bool haul_sender_parse(struct haul_str text, struct haul_sender *out);

#endif
