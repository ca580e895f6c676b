/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/engine/outbox.h"

#include "haul/deadletter.h"
#include "haul/mutation.h"
#include "haul/record.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* An entry lies in one piece: when it goes to the beginning, `end` keeps where the ones before it end. */
struct outbox_entry {
    uint32_t bytes; /* with this head, padded to 8 */
    uint32_t channel;
    uint64_t sequence, step;
    uint32_t key, headers, record;
    uint32_t attempt;
};

#define SLICE ((size_t)1 << 20) /* of the ring that is behind the tail, or empty, goes back to the system at once */

static size_t entry_bytes(size_t key, size_t headers, size_t record)
{
    return (sizeof(struct outbox_entry) + key + headers + record + 7) & ~(size_t)7;
}

static const struct outbox_entry *entry_at(const struct outbox *o, size_t at)
{
    return (const struct outbox_entry *)(const void *)(o->ring + at);
}

static const char *entry_key(const struct outbox_entry *e)
{
    return (const char *)(e + 1);
}

void outbox_open(struct outbox *o, size_t cap, uint32_t channels)
{
    cap &= ~(size_t)7;
    *o = (struct outbox){.ring = malloc(cap), .cap = cap, .channels = channels};
    o->channel = calloc(channels, sizeof *o->channel);
    assert(o->ring != NULL && o->channel != NULL);
    haul_buf_init(&o->message, 0, HAUL_RECORD_MAX + 1024);
}

void outbox_close(struct outbox *o)
{
    free(o->ring);
    free(o->channel);
    haul_buf_free(&o->message);
    *o = (struct outbox){0};
}

/* Where an entry of n bytes would begin: at the head, or at 0. SIZE_MAX: no room. */
static size_t place(const struct outbox *o, size_t n)
{
    if (o->entries == 0) return n <= o->cap ? 0 : SIZE_MAX;
    if (o->turned) return o->tail - o->head >= n ? o->head : SIZE_MAX;
    if (o->cap - o->head >= n) return o->head;
    return o->tail >= n ? 0 : SIZE_MAX;
}

bool outbox_room(const struct outbox *o, size_t key, size_t n)
{
    return place(o, entry_bytes(key, HAUL_RECORD_MAX, n)) != SIZE_MAX;
}

void outbox_put(struct outbox *o, uint32_t channel, uint64_t sequence, uint64_t step, struct haul_str key,
                struct haul_str record, struct haul_str headers, uint32_t attempt)
{
    assert(channel < o->channels && sequence > o->channel[channel].acked);
    const size_t n = entry_bytes(key.n, headers.n, record.n), at = place(o, n);
    assert(at != SIZE_MAX);
    if (at != o->head) o->end = o->head, o->head = 0, o->turned = true;
    const struct outbox_entry e = {.bytes = (uint32_t)n,
                                   .channel = channel,
                                   .sequence = sequence,
                                   .step = step,
                                   .key = (uint32_t)key.n,
                                   .headers = (uint32_t)headers.n,
                                   .record = (uint32_t)record.n,
                                   .attempt = attempt};
    uint8_t *to = o->ring + o->head;
    memcpy(to, &e, sizeof e);
    to += sizeof e;
    if (key.n > 0) memcpy(to, key.p, key.n);
    if (headers.n > 0) memcpy(to + key.n, headers.p, headers.n);
    memcpy(to + key.n + headers.n, record.p, record.n);
    o->head += n;
    o->used += n;
    o->entries++;
}

/* The place behind an entry. */
static size_t behind(const struct outbox *o, size_t at)
{
    at += entry_at(o, at)->bytes;
    return o->turned && at == o->end ? 0 : at;
}

/* For each entry from the tail on. */
#define OUTBOX_EACH(o, e, at)                                                                                          \
    for (size_t at = (o)->tail, seen_ = 0; seen_ < (o)->entries; at = behind(o, at), seen_++)                          \
        for (const struct outbox_entry *e = entry_at(o, at); e != NULL; e = NULL)

/* The pages of the ring from where the last ones were given back up to `to`: nothing lies there any more. A ring that
 * goes round would else hold all of its range one day. */
static void give_back(struct outbox *o, size_t to)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), ring = (uintptr_t)o->ring;
    const size_t dead = o->turned && o->head > o->given ? o->head : o->given;
    const uintptr_t first = (ring + dead + page - 1) / page * page, last = (ring + to) / page * page;
    if (last > first) madvise((void *)first, last - first, MADV_DONTNEED);
    o->given = to;
}

static void drop_acknowledged(struct outbox *o)
{
    while (o->entries > 0) {
        const struct outbox_entry *e = entry_at(o, o->tail);
        if (e->sequence > o->channel[e->channel].acked) break;
        o->entries--;
        o->used -= e->bytes;
        o->tail += e->bytes;
        if (!o->turned || o->tail != o->end) continue;
        give_back(o, o->end);
        o->tail = o->given = 0, o->turned = false;
    }
    if (o->tail - o->given >= SLICE) give_back(o, o->tail);
    if (o->entries == 0) o->head = o->tail = o->given = 0, o->turned = false;
}

/* ---- sending ---- */
struct letter_headers {
    struct haul_header row[16];
    size_t len;
};

/* Headers are kept as "name\0u32 length value" one after the other. */
static void headers_read(const char *p, size_t n, struct letter_headers *out)
{
    out->len = 0;
    const char *end = p + n;
    while (p < end && out->len < 16) {
        const size_t name = strlen(p);
        uint32_t len;
        memcpy(&len, p + name + 1, 4);
        out->row[out->len++] = (struct haul_header){p, {p + name + 5, len}};
        p += name + 5 + len;
    }
}

struct sending {
    struct outbox *o;
    struct haul_sink *sink;
    struct haul_task_name from;
    uint64_t incarnation;
    uint32_t task_cookie;
    struct haul_error *e;
};

static enum haul_err hand_over(struct sending *s, uint32_t channel, const struct haul_outgoing *m, uint64_t last)
{
    struct outbox_channel *c = &s->o->channel[channel];
    const uint16_t flight = (uint16_t)((c->flight_first + c->flights) % OUTBOX_FLIGHTS);
    struct haul_outgoing out = *m;
    out.cookie = OUTBOX_COOKIE(s->task_cookie, channel, c->epoch, flight);
    const enum haul_err err = s->sink->ops->send(s->sink, &out, s->e);
    if (err != HAUL_OK) return err;
    c->flight_last[flight] = last;
    c->flight_done[flight] = false;
    c->flights++;
    c->sent = last;
    return HAUL_OK;
}

static bool alone(const struct outbox_entry *e)
{
    return e->headers > 0 || e->attempt > 0;
}

/* One message of the records of a channel that follow its last sent one, from ring place `at` on. */
static enum haul_err send_run(struct sending *s, uint32_t channel, size_t at, uint32_t left)
{
    struct outbox *o = s->o;
    const struct outbox_channel *c = &o->channel[channel];
    struct haul_buf *b = &o->message;
    const struct outbox_entry *first = entry_at(o, at);
    uint64_t last = c->sent;
    uint32_t count = 0;
    size_t bytes = 8;
    const struct outbox_entry *run[HAUL_MESSAGE_MAX];
    for (; left > 0 && count < HAUL_MESSAGE_MAX; at = behind(o, at)) {
        const struct outbox_entry *e = entry_at(o, at);
        left--;
        if (e->channel != channel || e->sequence <= last) continue;
        if (e->step > o->committed_step) break;
        /* one alone may be larger: the letter of a message that was refused for its size */
        if (count > 0 && (bytes + e->record > HAUL_RECORD_MAX || alone(e) || alone(run[0]) || c->letters)) break;
        run[count++] = e;
        bytes += e->record;
        last = e->sequence;
    }
    assert(count > 0 && "the caller comes with the record that follows the last sent one");
    haul_buf_clear(b);
    if (count > 1) haul_message_pack_header(count, b);
    for (uint32_t i = 0; i < count && count > 1; i++)
        haul_buf_put(b, entry_key(run[i]) + run[i]->key + run[i]->headers, run[i]->record);
    struct letter_headers headers;
    headers_read(entry_key(first) + first->key, first->headers, &headers);
    const struct haul_outgoing m = {
        .topic = c->letters ? HAUL_DEADLETTER_TOPIC : NULL,
        .to = c->mailbox,
        .partition = c->letters ? -1 : c->partition,
        .key = {entry_key(first), first->key},
        .value = {count == 1 ? entry_key(first) + first->key + first->headers : (const char *)b->p,
                  count == 1 ? first->record : b->n},
        .sender = {s->from.mailbox, s->from.partition, s->incarnation,
                   HAUL_MUTANT(FORWARD_WITHOUT_SEQUENCE) && c->mailbox == s->from.mailbox ? 0 : first->sequence,
                   c->acked, first->attempt},
        .headers = headers.row,
        .headers_len = headers.len,
    };
    return hand_over(s, channel, &m, last);
}

bool outbox_send(struct outbox *o, struct haul_sink *sink, struct haul_task_name from, uint64_t incarnation,
                 uint32_t task_cookie, struct haul_error *e)
{
    struct sending s = {o, sink, from, incarnation, task_cookie, e};
    uint32_t passed = 0;
    for (uint32_t i = 0; i < o->channels; i++) {
        struct outbox_channel *c = &o->channel[i];
        if (c->broken && c->flights == 0) c->broken = false, c->epoch++, c->sent = c->acked;
    }
    OUTBOX_EACH(o, entry, at)
    {
        const struct outbox_channel *c = &o->channel[entry->channel];
        if (entry->step > o->committed_step) return true;
        passed++;
        if (entry->sequence != c->sent + 1 || c->broken || c->flights == OUTBOX_FLIGHTS) continue;
        if (send_run(&s, entry->channel, at, o->entries - passed + 1) != HAUL_OK) return false;
    }
    return true;
}

bool outbox_receipt(struct outbox *o, uint64_t cookie, bool ok)
{
    const uint32_t channel = (uint32_t)(cookie >> 24) & 0xffff;
    const uint16_t epoch = (uint16_t)(cookie >> 8), flight = (uint16_t)(cookie & 0xff);
    if (channel >= o->channels || flight >= OUTBOX_FLIGHTS) return false;
    struct outbox_channel *c = &o->channel[channel];
    if (epoch != c->epoch || c->flights == 0) return false;
    if (!ok) c->broken = true;
    c->flight_done[flight] = true;
    bool advanced = false;
    while (c->flights > 0 && c->flight_done[c->flight_first]) {
        if ((!c->broken || HAUL_MUTANT(ACKNOWLEDGED_BEYOND_PREFIX)) && c->flight_last[c->flight_first] > c->acked) {
            c->acked = c->flight_last[c->flight_first];
            advanced = true;
        }
        c->flight_first = (uint16_t)((c->flight_first + 1) % OUTBOX_FLIGHTS);
        c->flights--;
    }
    if (advanced) drop_acknowledged(o);
    return advanced;
}

bool outbox_idle(const struct outbox *o)
{
    return o->entries == 0;
}

uint64_t outbox_acked_step(const struct outbox *o)
{
    OUTBOX_EACH(o, entry, at)
    {
        if (entry->sequence > o->channel[entry->channel].acked) return entry->step - 1;
    }
    return UINT64_MAX;
}
