/* SPDX-License-Identifier: Apache-2.0
 * The oracle's task: messages, sequences, clocks, steps; in the order in which DESIGN "Time" and "Delivery" tell them.
 */
#include "tests/oracle/oracle.h"

#include "haul/deadletter.h"
#include "haul/gate.h"
#include "haul/hash.h"
#include "haul/version.h"
#include "tests/oracle/oracle_task.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_KIND 16 /* kinds below are the engine's own */

/* ---- what is sent ---- */
static void chain(struct oracle_chain *c, struct haul_str record)
{
    c->hash = haul_mix(c->hash, haul_xxh3(record.p, record.n));
    c->len++;
}

void oracle_send(struct haul_task *t, uint32_t channel, struct haul_str record)
{
    if (t->last_offset < t->silent_until) return;
    chain(&t->sent[channel], record);
    t->count.records_emitted++;
}

void haul_task_emit(struct haul_task *t, enum haul_mailbox to, struct haul_str key, const struct haul_record *r)
{
    struct haul_buf b;
    haul_buf_init(&b, 1024, HAUL_RECORD_MAX);
    haul_record_pack(r, &b);
    assert(t->first_channel[to] != UINT32_MAX);
    oracle_send(t, t->first_channel[to] + haul_partition_of(haul_murmur2(key.p, key.n), t->w.partitions[to]),
                (struct haul_str){(const char *)b.p, b.n});
    haul_buf_free(&b);
}

static void channels(struct haul_task *t, unsigned mailbox)
{
    if (t->first_channel[mailbox] != UINT32_MAX) return;
    t->first_channel[mailbox] = t->channels;
    t->channels += t->w.partitions[mailbox];
}

/* ---- what comes from other tasks ---- */
static struct upstream *upstream_of(struct haul_task *t, const struct haul_sender *s)
{
    for (size_t i = 0; i < t->upstreams; i++)
        if (t->upstream[i].mailbox == s->mailbox && t->upstream[i].partition == s->partition) return &t->upstream[i];
    struct upstream *u = &t->upstream[t->upstreams++];
    assert(t->upstreams <= HAUL_CHANNELS_MAX);
    *u = (struct upstream){.mailbox = s->mailbox, .partition = s->partition, .watermark = BEFORE};
    return u;
}

/* False: from an incarnation that is over. A new one begins behind what it says the log holds already. */
static bool incarnation(struct upstream *u, const struct haul_sender *s, uint64_t base)
{
    if (s->incarnation < u->taken.incarnation) return false;
    if (s->incarnation > u->taken.incarnation) {
        u->taken = (struct oracle_chain){.incarnation = s->incarnation, .lost = base, .len = base};
        u->sequence = base;
    }
    return true;
}

static void skip_lost(struct haul_task *t, struct upstream *u, uint64_t through)
{
    if (through <= u->sequence) return;
    t->count.records_lost_upstream += through - u->sequence;
    u->taken.lost += through - u->sequence;
    u->taken.len += through - u->sequence;
    u->sequence = through;
}

static void hear(struct haul_task *t, struct upstream *u)
{
    if (u->stalled) oracle_say_silent(t, u, "clear");
    if (t->message->append.ms > u->heard) u->heard = t->message->append.ms;
    u->stalled = false;
}

/* True when the record is the next of its sequence. */
static bool in_sequence(struct haul_task *t, const struct haul_record *r)
{
    const struct haul_sender *s = &t->message->sender;
    if (s->mailbox == HAUL_MAILBOX_NONE || s->sequence == 0) return true;
    struct upstream *u = upstream_of(t, s);
    const uint64_t sequence = s->sequence + t->index;
    if (!incarnation(u, s, s->acked < sequence ? s->acked : sequence - 1)) {
        t->count.records_stale++;
        return false;
    }
    hear(t, u);
    skip_lost(t, u, s->acked < sequence ? s->acked : sequence - 1);
    if (sequence <= u->sequence) {
        t->count.records_duplicate++;
        return false;
    }
    if (sequence > u->sequence + 1) {
        t->count.records_beyond_hole++;
        return false;
    }
    u->sequence = sequence;
    chain(&u->taken, r->raw);
    return true;
}

static void take_clock(struct haul_task *t, const struct haul_record *r)
{
    const struct haul_sender *s = &t->message->sender;
    if (s->mailbox == HAUL_MAILBOX_NONE || !haul_mailbox_flows(s->mailbox, t->p->mailbox)) return;
    struct upstream *u = upstream_of(t, s);
    const uint64_t through = (uint64_t)r->v[HAUL_F_CLOCK_THROUGH].i;
    if (!incarnation(u, s, through)) return;
    hear(t, u);
    skip_lost(t, u, through);
    if (r->v[HAUL_F_CLOCK_WATERMARK].i > u->watermark) u->watermark = r->v[HAUL_F_CLOCK_WATERMARK].i;
    u->clocked = r->v[HAUL_F_CLOCK_GONE].i == 0;
}

static void outside(struct haul_task *t, int64_t event)
{
    const int64_t at = event < t->message->append.ms ? event : t->message->append.ms;
    if (at > t->newest) t->newest = at;
    if (haul_mailbox_row(t->p->mailbox)->outside && at - t->options->lateness_ms > t->outside)
        t->outside = at - t->options->lateness_ms;
}

static void look_for_silent(struct haul_task *t)
{
    const int64_t now = t->message->append.ms;
    if (now / 1000 <= t->silence / 1000) return;
    t->silence = now;
    for (size_t i = 0; i < t->upstreams; i++) {
        struct upstream *u = &t->upstream[i];
        if (!u->clocked || u->stalled || now - u->heard <= t->options->clock_stall_ms) continue;
        u->stalled = true;
        t->count.upstreams_stalled++;
        t->count.alerts_raised++;
        oracle_say_silent(t, u, "open");
    }
}

static void advance(struct haul_task *t)
{
    int64_t least = t->outside == BEFORE ? NEVER : t->outside;
    for (size_t i = 0; i < t->upstreams; i++)
        if (t->upstream[i].clocked && !t->upstream[i].stalled && t->upstream[i].watermark < least)
            least = t->upstream[i].watermark;
    if (least != NEVER && least > t->watermark) t->watermark = least;
}

/* ---- steps ---- */
static void step(struct haul_task *t, struct haul_time time)
{
    t->step++;
    t->time = time;
    t->rng_ready = false;
    t->before_len = 0;
    t->drop_counter = -1;
}

static void keep_before(struct haul_task *t, const struct haul_entity *e)
{
    const size_t n = t->p->entities[e->kind].state_bytes;
    t->before_len = n <= sizeof t->before ? n : 0;
    memcpy(t->before, e->state, t->before_len);
}

static void end_step(struct haul_task *t)
{
    oracle_end_step(t);
    advance(t);
}

static void fire(struct haul_task *t, struct haul_entity *e, unsigned id)
{
    step(t, (struct haul_time){e->due[id]});
    t->now = NULL;
    t->count.timers_fired++;
    oracle_entity(t, e->kind, haul_entity_id(e), false);
    e->due[id] = NEVER;
    t->next_known = false;
    if (id == t->p->timers) {
        oracle_paint(t, e);
    } else {
        keep_before(t, e);
        t->p->timer(t, e, id);
    }
    end_step(t);
}

/* Between two records: the live stream, then each timer that is due. */
static void between(struct haul_task *t)
{
    struct haul_entity *e;
    unsigned id;
    for (;;) {
        oracle_live(t);
        if (t->watermark == BEFORE || !oracle_first_timer(t, &e, &id) || e->due[id] > t->watermark) return;
        fire(t, e, id);
    }
}

static void quarantine(struct haul_task *t, struct haul_str raw)
{
    t->count.records_quarantined++;
    oracle_send(t, t->channels - 1, raw);
}

static unsigned entity_kind_of(const struct haul_processor *p, unsigned kind)
{
    for (size_t i = p->takes_len; i > 0; i--)
        if (p->takes[i - 1].kind == kind) return p->takes[i - 1].entity;
    return HAUL_ENTITIES_MAX;
}

static void process(struct haul_task *t, struct haul_record *r)
{
    struct haul_entity *e = oracle_entity(t, entity_kind_of(t->p, r->kind), r->id, true);
    const bool late = r->time.ms < e->newest || r->time.ms < t->watermark;
    keep_before(t, e);
    t->count.records_late += late ? 1 : 0;
    switch (t->p->process(t, e, r, late)) {
    case HAUL_DONE:
        t->count.records_processed++;
        if (r->time.ms > e->newest) e->newest = r->time.ms;
        break;
    case HAUL_DROP:
        t->count.records_dropped++;
        if (t->drop_counter >= 0) t->counter[t->drop_counter]++;
        e->removed |= e->fresh;
        break;
    case HAUL_QUARANTINE:
        memcpy(e->state, t->before, t->before_len);
        e->removed |= e->fresh;
        quarantine(t, r->raw);
        return;
    case HAUL_STOP:
        return;
    }
    if (haul_mailbox_foreign(t->message->sender.mailbox)) outside(t, r->time.ms);
}

static bool believed(struct haul_task *t, struct haul_record *r)
{
    if (entity_kind_of(t->p, r->kind) == HAUL_ENTITIES_MAX) return false;
    if (!haul_mailbox_foreign(t->message->sender.mailbox)) return true;
    const struct haul_gate gate = {t->options->future_max_ms, t->options->past_max_ms};
    const uint8_t crs = r->crs;
    if (!haul_gate_pass(&gate, t->message->append_time ? t->message->append : HAUL_TIME_NONE, r, &t->refusal))
        return false;
    if (r->crs == crs) return true;
    haul_buf_clear(&t->repacked); /* what the gate has turned is the record from here on */
    haul_record_pack(r, &t->repacked);
    r->raw = (struct haul_str){(const char *)t->repacked.p, t->repacked.n};
    return true;
}

static void telemetry(struct haul_task *t, struct haul_record *r)
{
    const uint32_t partitions = t->w.partitions[t->p->mailbox];
    t->count.fields_unknown += r->unknown;
    if (!believed(t, r)) {
        quarantine(t, r->raw);
        return;
    }
    const uint32_t home = haul_partition_of(haul_murmur2(r->id.p, r->id.n), partitions);
    if (haul_mailbox_foreign(t->message->sender.mailbox) && home != t->partition) {
        t->count.records_forwarded++;
        oracle_send(t, t->first_channel[t->p->mailbox] + home, r->raw);
        return;
    }
    process(t, r);
}

static void repaint(struct haul_task *t)
{
    struct haul_entity **all = oracle_sorted(t);
    for (size_t i = 0; i < t->entities; i++) {
        const int64_t painted = all[i]->painted;
        if (painted == BEFORE) continue; /* there is nothing to paint again */
        all[i]->due[t->p->timers] = painted < t->watermark ? painted : t->watermark;
    }
    t->next_known = false;
    free(all);
}

static void control(struct haul_task *t, const struct haul_record *r)
{
    switch (r->kind) {
    case HAUL_KIND_TICK:
        outside(t, t->message->append.ms);
        break;
    case HAUL_KIND_CLOCK:
        take_clock(t, r);
        break;
    case HAUL_KIND_OPTIONS:
        if (!haul_str_eq(r->v[HAUL_F_OPTIONS_WHAT].s, HAUL_STR("options"))) break; /* no processor here reads others */
        if (r->v[HAUL_F_OPTIONS_VERSION].i <= t->options_version) break;
        t->options_version = (uint32_t)r->v[HAUL_F_OPTIONS_VERSION].i;
        t->options = t->w.options(t->w.arg, t->p, r->v[HAUL_F_OPTIONS_HASH].s);
        assert(t->options != NULL);
        break;
    case HAUL_KIND_REPAINT:
        repaint(t);
        break;
    default:
        break;
    }
    t->count.records_engine++;
}

static void message_begins(struct haul_task *t, const struct haul_message *m)
{
    t->last_offset = m->offset;
    t->count.messages++;
    if (m->append.ms > t->append) t->append = m->append.ms;
    look_for_silent(t);
}

void oracle_take(struct oracle *o, const struct haul_message *m)
{
    struct haul_task *t = &o->task;
    if (m->offset < t->start) return;
    struct haul_message_cursor cursor;
    struct haul_record r;
    t->message = m;
    t->position = m->offset;
    const bool framed = haul_message_open(&cursor, m->value, &t->refusal);
    t->index = 0;
    for (bool last = framed && cursor.left == 0; !last;) {
        between(t);
        haul_arena_reset(&t->scratch);
        r.raw = m->value;
        const bool good = framed && haul_record_decode(&cursor, &r, &t->scratch, &t->refusal);
        step(t, good && r.kind >= FIRST_KIND ? r.time : m->append);
        if (t->index == 0) message_begins(t, m);
        t->now = good && r.kind >= FIRST_KIND ? &r : NULL;
        if (good && r.kind < FIRST_KIND)
            control(t, &r);
        else if (in_sequence(t, &r))
            good ? telemetry(t, &r) : quarantine(t, r.raw);
        t->now = NULL;
        t->count.records++;
        last = !framed || cursor.left == 0;
        t->index = last ? 0 : t->index + 1;
        t->position += last ? 1 : 0;
        end_step(t);
    }
    t->position = m->offset + 1;
    between(t);
    t->message = NULL;
}

/* ---- the rest of processor.h ---- */
const void *haul_task_options(const struct haul_task *t)
{
    return t->options->processor;
}
const void *haul_task_prepared(const struct haul_task *t)
{
    return t->options->prepared;
}
/* No set of fences is in force in the logs that the oracle passes, and it runs neither bridges nor redrive. */
const void *haul_task_content(const struct haul_task *t, const char *what)
{
    (void)t;
    (void)what;
    return NULL;
}
void haul_task_pseudonym(const struct haul_task *t, struct haul_str text, char out[33])
{
    (void)t;
    (void)text;
    out[0] = '\0';
    assert(false && "the oracle runs no bridge: haul_task_pseudonym");
}
void haul_task_send_again(struct haul_task *t, enum haul_mailbox to, uint32_t partition, struct haul_str key,
                          struct haul_str bytes, uint32_t attempt)
{
    (void)t, (void)to, (void)partition, (void)key, (void)bytes, (void)attempt;
    assert(false && "the oracle runs no bridge: haul_task_send_again");
}
uint32_t haul_task_partitions(const struct haul_task *t, enum haul_mailbox of)
{
    return t->w.partitions[of];
}
struct haul_time haul_task_time(const struct haul_task *t)
{
    return t->time;
}
uint32_t haul_task_entities_max(const struct haul_task *t)
{
    return t->options->entities_max;
}
struct haul_time haul_task_watermark(const struct haul_task *t)
{
    return (struct haul_time){t->watermark};
}
struct haul_time haul_task_append(const struct haul_task *t)
{
    return (struct haul_time){t->append};
}
struct haul_rng *haul_task_rng(struct haul_task *t)
{
    if (!t->rng_ready) haul_rng_seed(&t->rng, haul_mix(((uint64_t)t->p->mailbox << 32) | t->partition, t->step));
    t->rng_ready = true;
    return &t->rng;
}
void *haul_task_scratch(struct haul_task *t, size_t n)
{
    return haul_arena_take(&t->scratch, n);
}
void haul_task_count(struct haul_task *t, unsigned counter, uint64_t n)
{
    t->counter[counter] += n;
}
enum haul_verdict haul_task_drop(struct haul_task *t, unsigned counter)
{
    t->drop_counter = (int)counter;
    return HAUL_DROP;
}
enum haul_verdict haul_task_refuse(struct haul_task *t, const char *field, const char *format, ...)
{
    (void)t, (void)field, (void)format;
    return HAUL_QUARANTINE;
}

/* ---- opening and looking ---- */
struct oracle *oracle_open(const struct haul_processor *p, unsigned partition, const struct oracle_world *w,
                           const struct oracle_start *start)
{
    struct oracle *o = calloc(1, sizeof *o);
    assert(o != NULL);
    struct haul_task *t = &o->task;
    t->p = p;
    t->partition = partition;
    t->w = *w;
    t->options = start->options;
    t->incarnation = start->incarnation;
    t->start = t->position = start->offset;
    t->silent_until = start->silent_until;
    t->last_offset = -1;
    t->outside = t->append = t->newest = t->watermark = t->live_second = BEFORE;
    haul_arena_init(&t->scratch, (size_t)256 * 1024);
    haul_buf_init(&t->repacked, 0, HAUL_RECORD_MAX);
    for (unsigned i = 0; i < HAUL_MAILBOX_MAX; i++) t->first_channel[i] = UINT32_MAX;
    channels(t, p->mailbox);
    for (const uint8_t *to = p->gives; to != NULL && *to != 0; to++) channels(t, *to);
    channels(t, HAUL_MAILBOX_DESK);
    t->channels++; /* the dead letters */
    assert(t->channels <= HAUL_CHANNELS_MAX);
    return o;
}

void oracle_close(struct oracle *o)
{
    if (o == NULL) return;
    oracle_free_entities(&o->task);
    haul_arena_free(&o->task.scratch);
    haul_buf_free(&o->task.repacked);
    free(o);
}

struct oracle_chain oracle_sent(const struct oracle *o, unsigned mailbox, unsigned partition)
{
    const struct haul_task *t = &o->task;
    const uint32_t first = mailbox == HAUL_MAILBOX_NONE ? t->channels - 1 : t->first_channel[mailbox];
    struct oracle_chain c = {0};
    if (first != UINT32_MAX) c = t->sent[first + partition];
    c.incarnation = t->incarnation;
    return c;
}

struct oracle_chain oracle_taken(const struct oracle *o, unsigned mailbox, unsigned partition)
{
    for (size_t i = 0; i < o->task.upstreams; i++)
        if (o->task.upstream[i].mailbox == mailbox && o->task.upstream[i].partition == partition)
            return o->task.upstream[i].taken;
    return (struct oracle_chain){0};
}

uint64_t oracle_count(const struct oracle *o, const char *name)
{
#define X(count_)                                                                                                      \
    if (strcmp(name, #count_) == 0) return o->task.count.count_;
    ORACLE_COUNTS(X)
#undef X
    assert(false && "no such count");
    return 0;
}

uint64_t oracle_counter(const struct oracle *o, unsigned counter)
{
    return o->task.counter[counter];
}

static void dump_entity(const struct haul_task *t, const struct haul_entity *e, struct haul_buf *out)
{
    struct haul_json j;
    char name[HAUL_ID_MAX + 40];
    snprintf(name, sizeof name, "%s:%.*s", t->p->entities[e->kind].noun, e->id_len, e->id);
    haul_json_begin(&j, out);
    haul_json_open(&j, '{');
    haul_json_kstr(&j, "entity", haul_str_of(name));
    haul_json_ktime(&j, "newest", (struct haul_time){e->newest});
    haul_json_ktime(&j, "painted", (struct haul_time){e->painted});
    haul_json_name(&j, "due");
    haul_json_open(&j, '[');
    for (unsigned i = 0; i <= e->timers; i++)
        haul_json_time(&j, e->due[i] == NEVER ? HAUL_TIME_NONE : (struct haul_time){e->due[i]});
    haul_json_close(&j, ']');
    for (unsigned i = 0; i < t->p->rules_len; i++)
        if (haul_entity_raised(e, i)) haul_json_ku64(&j, t->p->rules[i].name, e->alert[i].id);
    haul_json_name(&j, "state");
    haul_json_open(&j, '{');
    if (t->p->dump != NULL) t->p->dump(e->state, e->kind, &j);
    haul_json_close(&j, '}');
    haul_json_close(&j, '}');
    haul_buf_byte(out, '\n');
}

static void dump_upstreams(const struct haul_task *t, struct haul_json *j)
{
    haul_json_name(j, "upstreams");
    haul_json_open(j, '[');
    for (size_t i = 0; i < t->upstreams; i++) {
        haul_json_open(j, '[');
        haul_json_i64(j, t->upstream[i].mailbox);
        haul_json_i64(j, t->upstream[i].partition);
        haul_json_u64(j, t->upstream[i].sequence);
        haul_json_time(j, (struct haul_time){t->upstream[i].watermark});
        haul_json_close(j, ']');
    }
    haul_json_close(j, ']');
}

static void dump_task(const struct haul_task *t, struct haul_buf *out)
{
    struct haul_json j;
    haul_json_begin(&j, out);
    haul_json_open(&j, '{');
    haul_json_kstr(&j, "task", haul_str_of(haul_mailbox_row(t->p->mailbox)->name));
    haul_json_ki64(&j, "partition", t->partition);
    haul_json_ki64(&j, "offset", t->position);
    haul_json_ki64(&j, "index", 0);
    haul_json_ki64(&j, "step", (int64_t)t->step);
    haul_json_ktime(&j, "watermark", (struct haul_time){t->watermark});
    haul_json_ktime(&j, "outside", (struct haul_time){t->outside});
    haul_json_kstr(&j, "options", haul_str_of(t->options->hash));
    for (size_t i = 0; i < t->p->contents_len; i++) haul_json_kstr(&j, t->p->contents[i].what, HAUL_STR(""));
#define X(name) haul_json_ki64(&j, #name, (int64_t)t->count.name);
    ORACLE_COUNTS(X)
#undef X
    for (size_t i = 0; i < t->p->counters_len; i++) haul_json_ki64(&j, t->p->counters[i].name, (int64_t)t->counter[i]);
    haul_json_name(&j, "sequences");
    haul_json_open(&j, '[');
    for (uint32_t i = 0; i < t->channels; i++) haul_json_u64(&j, t->sent[i].len);
    haul_json_close(&j, ']');
    dump_upstreams(t, &j);
    haul_json_close(&j, '}');
    haul_buf_byte(out, '\n');
}

void oracle_dump(struct oracle *o, struct haul_buf *out)
{
    struct haul_entity **all = oracle_sorted(&o->task);
    for (size_t i = 0; i < o->task.entities; i++) dump_entity(&o->task, all[i], out);
    free(all);
    dump_task(&o->task, out);
}
