/* SPDX-License-Identifier: Apache-2.0
 * What a step sends: a sequence is given on the channel whether the task is muted or not; the record itself is kept
 * only when it is not acknowledged yet. So a muted replay leaves the outbox as it was before the crash.
 */
#include "processors/engine/task.h"

#include "haul/hash.h"

/* A step may send this much without the outbox being asked again. */
#define STEP_ROOM ((size_t)1024 * 1024)

/* A refused message goes out whole. */
bool emit_room(const struct haul_task *t)
{
    const size_t letter = t->has_message ? t->message.n + t->key.n : 0;
    return outbox_room(&t->outbox, 0, letter > STEP_ROOM ? letter : STEP_ROOM);
}

static void emit(struct haul_task *t, uint32_t channel, struct haul_str key, struct haul_str record,
                 struct haul_str headers, uint32_t attempt)
{
    if (t->core->last_offset < t->core->silent_until) return;
    const uint64_t sequence = ++t->core->sequence[channel];
    t->core->count[COUNT_EMITTED]++;
    if (sequence <= t->outbox.channel[channel].acked) return;
    if (!outbox_room(&t->outbox, key.n, record.n)) {
        haul_fail(&t->error, HAUL_E_LIMIT, "one step of %s/%u sends more than engine.outbox_max allows",
                  haul_mailbox_row(t->name.mailbox)->name, t->name.partition);
        return;
    }
    outbox_put(&t->outbox, channel, sequence, t->core->position.step, key, record, headers, attempt);
}

void emit_bytes(struct haul_task *t, uint32_t channel, struct haul_str key, struct haul_str record,
                struct haul_str headers)
{
    emit(t, channel, key, record, headers, 0);
}

void emit_record(struct haul_task *t, unsigned mailbox, struct haul_str key, const struct haul_record *r)
{
    const uint32_t base = t->channel_base[mailbox];
    assert(base != UINT32_MAX && "the processor's table `gives` does not name this mailbox");
    const uint32_t partition = haul_partition_of(haul_murmur2(key.p, key.n), t->topology.partitions[mailbox]);
    haul_buf_clear(&t->text);
    haul_record_pack(r, &t->text);
    assert(!t->text.overflow && t->text.n <= HAUL_RECORD_MAX);
    emit_bytes(t, base + partition, key, (struct haul_str){(const char *)t->text.p, t->text.n},
               (struct haul_str){NULL, 0});
}

void haul_task_send_again(struct haul_task *t, enum haul_mailbox to, uint32_t partition, struct haul_str key,
                          struct haul_str bytes, uint32_t attempt)
{
    const uint32_t base = t->channel_base[to];
    assert(base != UINT32_MAX && partition < t->topology.partitions[to] && attempt > 0);
    emit(t, base + partition, key, bytes, (struct haul_str){NULL, 0}, attempt);
}

uint32_t haul_task_partitions(const struct haul_task *t, enum haul_mailbox of)
{
    return t->topology.partitions[of];
}

void emit_forward(struct haul_task *t, uint32_t partition, const struct haul_record *r)
{
    emit_bytes(t, t->channel_base[t->name.mailbox] + partition, r->id, r->raw, (struct haul_str){NULL, 0});
}

/* Headers travel in the outbox as "name\0u32 length value" one after the other. */
static struct haul_str encode_headers(struct haul_task *t, const struct haul_header *rows, size_t n)
{
    haul_buf_clear(&t->text);
    for (size_t i = 0; i < n; i++) {
        const uint32_t len = (uint32_t)rows[i].value.n;
        haul_buf_put(&t->text, rows[i].name, strlen(rows[i].name) + 1);
        haul_buf_put(&t->text, &len, 4);
        haul_buf_str(&t->text, rows[i].value);
    }
    return (struct haul_str){(const char *)t->text.p, t->text.n};
}

void emit_letter(struct haul_task *t, enum haul_stage stage, struct haul_str raw, uint32_t index)
{
    const struct haul_deadletter letter = {
        .instance = t->topology.instance,
        .message = &t->head,
        .index = index,
        .record = raw,
        .stage = stage,
        .why = &t->refusal,
    };
    struct haul_deadletter_scratch scratch;
    struct haul_outgoing out;
    haul_deadletter_build(&letter, &scratch, &out);
    const struct haul_str headers = encode_headers(t, out.headers, out.headers_len);
    emit_bytes(t, t->letters_channel, t->head.key, raw, headers);
}
