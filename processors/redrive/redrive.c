/* SPDX-License-Identifier: Apache-2.0
 * Dead letters go back to where they came from, once each.
 *
 * `haul redrive` puts a letter into this mailbox, as often as anybody asks; here it is sent on the first time only. A
 * letter is known by the task that refused it and its sequence from there, which a letter that a crash has put into the
 * topic twice has in common with its copy. Which ones were sent is a bit for each sequence, in blocks: an entity is a
 * block of a task. So a second redrive, one that was broken off, and one that is replayed, send nothing twice.
 */
#include "haul/processors.h"

#include <stdio.h>

#define BLOCK HAUL_REDRIVE_BLOCK

struct options {
    int64_t attempts_max;
};

static const struct haul_option rows[] = {
    {.name = "attempts_max",
     .type = HAUL_O_COUNT,
     .offset = offsetof(struct options, attempts_max),
     .low = 1,
     .high = 1000,
     .fallback = "3",
     .answer = true,
     .en = "A record that has been refused and sent again so often stays in the dead letters.",
     .zh = "被拒并重发达到该次数的记录留在死信中。"},
};

static const struct haul_option_set option_set = {
    .section = "redrive",
    .en = "Dead letters that are sent again.",
    .zh = "死信重发。",
    .rows = rows,
    .rows_len = sizeof rows / sizeof rows[0],
    .bytes = sizeof(struct options),
};

enum { AGAIN, EXHAUSTED, SENT };
static const struct haul_counter counters[] = {
    [AGAIN] = {"again", "letters that had been sent again before: not a second time"},
    [EXHAUSTED] = {"exhausted", "letters that were refused attempts_max times: left where they are"},
    [SENT] = {"sent", "letters sent again to where they came from"},
};

struct state {
    uint64_t sent[BLOCK / 64];
    int64_t count;
};

static enum haul_verdict process(struct haul_task *t, struct haul_entity *e, const struct haul_record *r, bool late)
{
    (void)late;
    const struct options *o = haul_task_options(t);
    struct state *s = haul_entity_state(e);
    const uint64_t place = (uint64_t)r->v[HAUL_F_REDRIVE_NUMBER].i % BLOCK, bit = 1ull << place % 64;
    const struct haul_str name = r->v[HAUL_F_REDRIVE_TO].s, bytes = r->v[HAUL_F_REDRIVE_BYTES].s;
    const struct haul_str key = r->v[HAUL_F_REDRIVE_KEY].s;
    const enum haul_mailbox to = haul_mailbox_find(name);
    const int64_t attempt = r->v[HAUL_F_REDRIVE_ATTEMPT].i + 1;
    if (to == HAUL_MAILBOX_NONE || to == HAUL_MAILBOX_REDRIVE)
        return haul_task_refuse(t, "to", "'%.*s' is no mailbox that letters come from", (int)name.n, name.p);
    if ((s->sent[place / 64] & bit) != 0) return haul_task_drop(t, AGAIN);
    if (attempt > o->attempts_max) return haul_task_drop(t, EXHAUSTED);
    const uint32_t partition = (uint32_t)r->v[HAUL_F_REDRIVE_PARTITION].i % haul_task_partitions(t, to);
    haul_task_send_again(t, to, partition, key, bytes, (uint32_t)attempt);
    s->sent[place / 64] |= bit;
    s->count++;
    haul_task_count(t, SENT, 1);
    haul_task_paint_now(t, e);
    return HAUL_DONE;
}

static void view(const struct haul_task *t, const struct haul_entity *e, struct haul_json *j)
{
    (void)t;
    const struct state *s = haul_entity_state_const(e);
    haul_json_ki64(j, "sent", s->count);
    haul_json_name(j, "bits");
    haul_json_open(j, '[');
    for (unsigned i = 0; i < BLOCK / 64; i++) {
        char hex[17];
        snprintf(hex, sizeof hex, "%016llx", (unsigned long long)s->sent[i]);
        haul_json_str(j, haul_str_of(hex));
    }
    haul_json_close(j, ']');
}

static void dump(const void *state, unsigned entity_kind, struct haul_json *j)
{
    const struct state *s = state;
    (void)entity_kind;
    haul_json_ki64(j, "sent", s->count);
    for (unsigned i = 0; i < BLOCK / 64; i++) {
        char name[8];
        snprintf(name, sizeof name, "%u", i);
        if (s->sent[i] != 0) haul_json_ki64(j, name, (int64_t)s->sent[i]);
    }
}

static const struct haul_takes takes[] = {{HAUL_KIND_REDRIVE, 0}};
static const uint8_t gives[] = {
#define HAUL_MAILBOX(number, NAME, name, partitions, outside, key, sentence)                                           \
    number == HAUL_MAILBOX_REDRIVE ? HAUL_MAILBOX_DESK : number, /* its own channels are for forwards */
#include "haul/topics.def"
    0};

const struct haul_processor haul_redrive = {
    .mailbox = HAUL_MAILBOX_REDRIVE,
    .whole = true,
    .summary_en = "sends dead letters again, once each",
    .summary_zh = "重发死信，每条一次",
    .state_version = 1,
    .takes = takes,
    .takes_len = sizeof takes / sizeof takes[0],
    .gives = gives,
    .entities = {{"redrive", sizeof(struct state)}},
    .options = &option_set,
    .counters = counters,
    .counters_len = sizeof counters / sizeof counters[0],
    .process = process,
    .view = view,
    .dump = dump,
};
