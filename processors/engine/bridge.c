/* SPDX-License-Identifier: Apache-2.0
 * The task of a bridge: each part of a message is one step, whatever number of records it holds. A record is counted as
 * processed when it was sent on, as dropped when it was of no use; a part of which something cannot be used goes to the
 * dead letters and is counted as quarantined, once.
 */
#include "processors/engine/task.h"

#include <stdarg.h>
#include <stdio.h>

/* The step itself is counted as a record by the caller: the first record is that one. */
static void count_record(struct haul_task *t, enum task_count as)
{
    t->core->count[COUNT_RECORDS] += t->parts++ > 0 ? 1 : 0;
    t->core->count[as]++;
}

bool haul_bridge_emit(struct haul_task *t, enum haul_mailbox to, const struct haul_record *r, struct haul_refusal *why)
{
    if (!haul_record_check(r, why)) return false;
    emit_record(t, to, r->id, r);
    count_record(t, COUNT_PROCESSED);
    return true;
}

void haul_bridge_refuse(struct haul_task *t, struct haul_str part, enum haul_reason reason, const char *field,
                        const char *format, ...)
{
    va_list args;
    va_start(args, format);
    t->refusal.reason = reason;
    snprintf(t->refusal.field, sizeof t->refusal.field, "%s", field);
    vsnprintf(t->refusal.text, sizeof t->refusal.text, format, args);
    va_end(args);
    t->core->refused[reason]++;
    emit_letter(t, HAUL_STAGE_DECODE, part, t->core->position.index);
    count_record(t, COUNT_QUARANTINED);
}

void haul_bridge_ignore(struct haul_task *t, unsigned counter)
{
    assert(counter < t->p->counters_len);
    t->core->counter[counter]++;
    count_record(t, COUNT_DROPPED);
}

uint32_t haul_bridge_taken(const struct haul_task *t)
{
    return t->parts;
}

void haul_task_pseudonym(const struct haul_task *t, struct haul_str text, char out[33])
{
    privacy_pseudonym(&t->options->settings.privacy, text, out);
}

const void *haul_task_prepared(const struct haul_task *t)
{
    return t->options->prepared;
}

/* ---- parts ---- */
void bridge_open(struct haul_task *t)
{
    t->raw_rest = t->head.value;
    t->cursor.left = t->cursor.count = 1; /* an empty message is one part, which is refused */
    t->raw_part = (struct haul_str){t->head.value.p, 0};
    if (t->p->part != NULL)
        t->p->part(&t->raw_rest, &t->raw_part);
    else
        t->raw_part = t->head.value, t->raw_rest.n = 0;
}

void bridge_advance(struct haul_task *t)
{
    t->cursor.left = t->p->part != NULL && t->p->part(&t->raw_rest, &t->raw_part) ? 1 : 0;
}

static void take_part(struct haul_task *t)
{
    const size_t bytes = t->head.value.n;
    if (bytes > HAUL_RECORD_MAX) {
        haul_bridge_refuse(t, t->head.value, HAUL_REASON_TOO_LARGE, "",
                           "the message has %zu bytes; at most %d are accepted", bytes, HAUL_RECORD_MAX);
        t->raw_rest.n = 0;
    } else if (t->raw_part.n == 0) {
        haul_bridge_refuse(t, t->head.value, HAUL_REASON_EMPTY, "", "the message holds nothing");
    } else {
        t->p->message(t, t->head.key, t->raw_part, (size_t)(t->raw_part.p - t->head.value.p));
    }
    assert(t->parts > 0 && "a bridge says of every part what became of it");
}

void bridge_step(struct haul_task *t, bool taken)
{
    t->parts = 0;
    if (taken)
        take_part(t);
    else
        t->raw_rest.n = 0; /* what it was sent in is not the next of its sender */
    bridge_advance(t);
}
