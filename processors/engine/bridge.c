/* SPDX-License-Identifier: Apache-2.0
 * The task of a bridge: one message is one step, whatever number of parts it has. Each part is counted as a record:
 * processed when it was sent on, quarantined when it went to the dead letters, dropped when it was of no use.
 */
#include "processors/engine/task.h"

#include <stdarg.h>
#include <stdio.h>

/* The message itself was counted as a record by the caller: its first part is that one. */
static void count_part(struct haul_task *t, enum task_count as)
{
    t->core->count[COUNT_RECORDS] += t->parts++ > 0 ? 1 : 0;
    t->core->count[as]++;
}

bool haul_bridge_emit(struct haul_task *t, enum haul_mailbox to, struct haul_record *r, struct haul_str part)
{
    struct haul_refusal why;
    if (!haul_record_check(r, &why)) {
        haul_bridge_refuse(t, part, why.reason, why.field, "%s", why.text);
        return false;
    }
    emit_record(t, to, r->id, r);
    count_part(t, COUNT_PROCESSED);
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
    emit_letter(t, HAUL_STAGE_DECODE, part, t->parts);
    count_part(t, COUNT_QUARANTINED);
}

void haul_bridge_ignore(struct haul_task *t, unsigned counter)
{
    assert(counter < t->p->counters_len);
    t->core->counter[counter]++;
    count_part(t, COUNT_DROPPED);
}

void haul_task_pseudonym(const struct haul_task *t, struct haul_str text, char out[33])
{
    privacy_pseudonym(&t->options->settings.privacy, text, out);
}

const void *haul_task_prepared(const struct haul_task *t)
{
    return t->options->prepared;
}

void bridge_message(struct haul_task *t)
{
    t->parts = 0;
    if (t->head.value.n > HAUL_RECORD_MAX)
        haul_bridge_refuse(t, t->head.value, HAUL_REASON_TOO_LARGE, "",
                           "the message has %zu bytes; at most %d are accepted", t->head.value.n, HAUL_RECORD_MAX);
    else
        t->p->message(t, t->head.key, t->head.value);
    if (t->parts == 0)
        haul_bridge_refuse(t, t->head.value, HAUL_REASON_EMPTY, "", "the message holds nothing");
}
