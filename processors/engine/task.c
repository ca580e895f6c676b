/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/engine/task.h"

#include "haul/gate.h"
#include "haul/hash.h"
#include "haul/mutation.h"
#include "haul/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define OPS_SOFT_MAX ((size_t)4 * 1024 * 1024)
#define NOT_TAKEN    255

/* ---- opening ---- */
static void channels_add(const struct task_topology *topology, unsigned mailbox, uint32_t base[HAUL_MAILBOX_MAX],
                         uint32_t *n)
{
    if (mailbox == HAUL_MAILBOX_NONE || base[mailbox] != UINT32_MAX) return;
    base[mailbox] = *n;
    *n += topology->partitions[mailbox];
}

/* The order is part of a checkpoint: own mailbox (forwards), what the processor gives to, the desk, the dead letters.
 */
uint32_t task_channels(const struct haul_processor *p, const struct task_topology *topology,
                       uint32_t base[HAUL_MAILBOX_MAX])
{
    uint32_t n = 0;
    for (int i = 0; i < HAUL_MAILBOX_MAX; i++) base[i] = UINT32_MAX;
    channels_add(topology, p->mailbox, base, &n);
    for (const uint8_t *to = p->gives; to != NULL && *to != 0; to++) channels_add(topology, *to, base, &n);
    channels_add(topology, HAUL_MAILBOX_DESK, base, &n);
    return n + 1;
}

static void channels_open(struct haul_task *t, size_t outbox_bytes)
{
    outbox_open(&t->outbox, outbox_bytes, t->channels);
    for (unsigned m = 0; m < HAUL_MAILBOX_MAX; m++)
        for (uint32_t i = 0; t->channel_base[m] != UINT32_MAX && i < t->topology.partitions[m]; i++) {
            struct outbox_channel *c = &t->outbox.channel[t->channel_base[m] + i];
            c->mailbox = (uint16_t)m;
            c->partition = (uint16_t)i;
        }
    t->outbox.channel[t->letters_channel].letters = true;
}

static void core_init(struct haul_task *t)
{
    struct task_core *c = t->core;
    *c = (struct task_core){.layout = CORE_LAYOUT, .state_version = t->p->state_version, .mailbox = t->name.mailbox};
    c->partition = t->name.partition;
    c->partitions = t->topology.partitions[t->name.mailbox];
    c->stride = slots_stride(t->p);
    c->incarnation = 1;
    c->last_offset = c->silent_until = -1;
    c->outside_ms = c->append_ms = c->newest_ms = c->watermark_ms = c->live_second = INT64_MIN;
    c->answer_version = HAUL_ANSWER_VERSION;
    memcpy(c->options_hash, t->options->hash, sizeof t->options->hash);
    task_dirty(t, c, sizeof *c);
}

static bool map_open(struct haul_task *t)
{
    t->core_bytes = (sizeof(struct task_core) + 4095) & ~(size_t)4095;
    t->map_bytes = t->core_bytes + slots_stride(t->p) * t->options->settings.entities_max;
    void *map = mmap(NULL, t->map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED) return false;
    t->map = map;
    t->core = map;
    t->dirty_len = t->map_bytes / TASK_BLOCK + 1;
    t->dirty = calloc(t->dirty_len, 1);
    return t->dirty != NULL;
}

bool task_reserve(struct haul_task *t, size_t bytes)
{
    if (bytes <= t->map_bytes) return true;
    const size_t blocks = bytes / TASK_BLOCK + 1;
    uint8_t *dirty = realloc(t->dirty, blocks);
    if (dirty == NULL) return false;
    memset(dirty + t->dirty_len, 0, blocks - t->dirty_len);
    t->dirty = dirty;
    t->dirty_len = blocks;
    void *map = mremap(t->map, t->map_bytes, bytes, MREMAP_MAYMOVE);
    if (map == MAP_FAILED) return false;
    t->map = map;
    t->map_bytes = bytes;
    t->core = map;
    t->slots.base = t->map + t->core_bytes;
    return true;
}

struct haul_task *task_open(const struct haul_processor *p, struct haul_task_name name,
                            const struct task_topology *topology, const struct task_options *options,
                            size_t outbox_bytes, struct haul_error *e)
{
    struct haul_task *t = calloc(1, sizeof *t);
    assert(t != NULL);
    t->p = p;
    t->name = name;
    t->topology = *topology;
    t->options = options;
    t->channels = task_channels(p, topology, t->channel_base);
    t->letters_channel = t->channels - 1;
    if (t->channels > HAUL_CHANNELS_MAX || !map_open(t)) {
        haul_fail(e, HAUL_E_LIMIT,
                  "task %s/%u: %u partitions to send to (at most %d), or no address space for %u entities",
                  haul_mailbox_row(name.mailbox)->name, name.partition, t->channels, HAUL_CHANNELS_MAX,
                  options->settings.entities_max);
        free(t);
        return NULL;
    }
    channels_open(t, outbox_bytes);
    core_init(t);
    slots_open(&t->slots, p, t->map + t->core_bytes, options->settings.entities_max);
    memset(t->takes, NOT_TAKEN, sizeof t->takes);
    for (size_t i = 0; i < p->takes_len; i++) {
        t->takes[p->takes[i].kind] = p->takes[i].entity;
        t->heard_of[p->takes[i].entity] = true;
    }
    haul_buf_init(&t->message, 4096, MESSAGE_MAX);
    haul_buf_init(&t->key, 256, MESSAGE_MAX);
    haul_arena_init(&t->scratch, 256 * 1024);
    haul_buf_init(&t->text, 4096, 256 * 1024);
    haul_buf_init(&t->repacked, 0, HAUL_RECORD_MAX);
    t->privacy = privacy_plan();
    for (int i = 0; i < 4; i++) haul_buf_init(&t->sentence[i], 512, 4096);
    haul_buf_init(&t->live_bytes, 4096, OPS_SOFT_MAX);
    t->before = malloc(TASK_STATE_MAX);
    assert(t->before != NULL);
    t->puts_max = 3000;
    return t;
}

void task_close(struct haul_task *t)
{
    if (t == NULL) return;
    outbox_close(&t->outbox);
    slots_close(&t->slots);
    munmap(t->map, t->map_bytes);
    free(t->dirty);
    haul_buf_free(&t->message);
    haul_buf_free(&t->key);
    haul_arena_free(&t->scratch);
    haul_buf_free(&t->text);
    haul_buf_free(&t->repacked);
    free(t->privacy);
    for (int i = 0; i < 4; i++) haul_buf_free(&t->sentence[i]);
    haul_buf_free(&t->live_bytes);
    free(t->before);
    free(t->live);
    free(t);
}

size_t task_bytes(const struct haul_task *t)
{
    return t->core_bytes + t->slots.bytes * t->slots.high;
}

/* ---- content ---- */
_Static_assert(HAUL_CONTENTS_MAX == HAUL_STORE_CONTENTS, "a control key holds the versions of all content");

static const void *find_blob(const struct haul_task *t, unsigned content, const char *hash)
{
    return t->find_blob == NULL ? NULL : t->find_blob(t->find_arg, t->p->contents[content].what, hash);
}

const void *haul_task_content(const struct haul_task *t, const char *what)
{
    for (size_t i = 0; i < t->p->contents_len; i++)
        if (strcmp(t->p->contents[i].what, what) == 0) return t->content[i];
    assert(false && "the processor's table `contents` does not name this");
    return NULL;
}

static enum haul_err missing(const struct haul_task *t, unsigned content, const char *hash, struct haul_error *e)
{
    return haul_fail(e, HAUL_E_NOT_FOUND, "task %s/%u runs on %s %s, whose content is not in haul.blobs",
                     haul_mailbox_row(t->name.mailbox)->name, t->name.partition, t->p->contents[content].what, hash);
}

enum haul_err task_begin_with(struct haul_task *t, unsigned content, const char *hash, struct haul_error *e)
{
    assert(t->core->position.step == 0 && content < t->p->contents_len);
    if (hash[0] == '\0') return HAUL_OK;
    const void *found = find_blob(t, content, hash);
    if (found == NULL) return missing(t, content, hash, e);
    t->content[content] = found;
    snprintf(t->core->content[content].hash, sizeof t->core->content[content].hash, "%s", hash);
    return HAUL_OK;
}

/* After a checkpoint was loaded. Tools that only look at state bring no content. */
static enum haul_err find_contents(struct haul_task *t, struct haul_error *e)
{
    for (unsigned i = 0; t->find_blob != NULL && i < t->p->contents_len; i++) {
        const char *hash = t->core->content[i].hash;
        t->content[i] = hash[0] == '\0' ? NULL : find_blob(t, i, hash);
        if (hash[0] != '\0' && t->content[i] == NULL) return missing(t, i, hash, e);
    }
    return HAUL_OK;
}

enum haul_err task_rebuild(struct haul_task *t, struct haul_error *e)
{
    const struct task_core *c = t->core;
    const char *name = haul_mailbox_row(t->name.mailbox)->name;
    if (c->layout != CORE_LAYOUT || c->mailbox != t->name.mailbox || c->partition != t->name.partition)
        return haul_fail(e, HAUL_E_VERSION, "checkpoint of %s/%u has layout %u of task %u/%u; expected layout %d", name,
                         t->name.partition, c->layout, c->mailbox, c->partition, CORE_LAYOUT);
    if (c->state_version < t->p->state_version && t->p->upgrade != NULL) {
        const enum haul_err err = task_upgrade(t, e);
        if (err != HAUL_OK) return err;
        c = t->core; /* it may have moved */
    }
    if (c->state_version != t->p->state_version || c->stride != t->slots.bytes)
        return haul_fail(
            e, HAUL_E_VERSION,
            "checkpoint of %s/%u holds state version %u (%llu bytes a key); this haul has version %u (%zu bytes)", name,
            t->name.partition, c->state_version, (unsigned long long)c->stride, t->p->state_version, t->slots.bytes);
    if (c->slots_high > (t->map_bytes - t->core_bytes) / t->slots.bytes)
        return haul_fail(e, HAUL_E_CORRUPT, "checkpoint of %s/%u says that it holds %u entities, and holds fewer", name,
                         t->name.partition, c->slots_high);
    const struct task_options *options = strcmp(c->options_hash, t->options->hash) == 0 || t->find_options == NULL
                                             ? t->options
                                             : t->find_options(t->find_arg, t->p, c->options_hash);
    if (options == NULL)
        return haul_fail(e, HAUL_E_NOT_FOUND, "task %s/%u runs on options %s, whose content is not in haul.blobs", name,
                         t->name.partition, c->options_hash);
    t->options = options;
    t->slots.quota = options->settings.entities_max;
    if (!task_reserve(t, t->core_bytes + t->slots.bytes * t->slots.quota))
        return haul_fail(e, HAUL_E_LIMIT, "no address space for %u entities of %s/%u", t->slots.quota, name,
                         t->name.partition);
    const enum haul_err found = find_contents(t, e);
    if (found != HAUL_OK) return found;
    slots_rebuild(&t->slots, t->core->slots_high);
    live_rebuild(t);
    return HAUL_OK;
}

/* ---- where it is, for who asks after the process has died ---- */
_Thread_local struct haul_crumb haul_crumb;

static void crumb(const struct haul_task *t, enum haul_crumb_at at)
{
    struct haul_crumb *c = &haul_crumb;
    c->mailbox = t->name.mailbox;
    c->partition = t->name.partition;
    c->offset = t->core->position.offset;
    c->index = t->core->position.index;
    c->step = t->core->position.step + 1;
    c->at = (int)at;
}

static const struct haul_condemned *verdict_on(const struct haul_task *t)
{
    if (!t->suspect) return NULL;
    return t->find_condemned(t->find_arg, t->name, t->head.offset, t->core->position.index);
}

/* Not even its frame is opened. */
static bool unreadable(struct haul_task *t)
{
    const struct haul_condemned *verdict = verdict_on(t);
    if (verdict == NULL || !verdict->unreadable) return false;
    t->raw = false;
    t->bad_frame = true;
    t->cursor.left = t->cursor.count = 1;
    return true;
}

/* ---- messages ---- */
/* A control record on a topic of a foreign form: none of those forms begins as a msgpack map does. */
static bool is_control(struct haul_task *t)
{
    struct haul_message_cursor c = t->cursor;
    if (t->head.value.n == 0 || (t->head.value.p[0] & 0x80) == 0) return false;
    haul_arena_reset(&t->scratch);
    return haul_message_open(&c, t->head.value, &t->refusal) && c.count == 1 &&
           haul_record_decode(&c, &t->record, &t->scratch, &t->refusal) && t->record.kind < 16;
}

/* What was a dead letter is one record: its sequence is one. */
static void open_frame(struct haul_task *t)
{
    t->raw = t->p->message != NULL && !is_control(t);
    t->bad_frame = !t->raw && !haul_message_open(&t->cursor, t->head.value, &t->refusal);
    if (!t->raw && !t->bad_frame && t->head.sender.attempt > 0 && t->cursor.count > 1) {
        t->bad_frame = true;
        t->refusal = (struct haul_refusal){.reason = HAUL_REASON_TOO_MANY};
        snprintf(t->refusal.text, sizeof t->refusal.text, "a dead letter is one record; this one holds %u",
                 t->cursor.count);
    }
    if (t->bad_frame) t->cursor.left = t->cursor.count = 1;
    if (t->raw) bridge_open(t);
}

void task_offer(struct haul_task *t, const struct haul_message *m)
{
    assert(!t->has_message);
    haul_buf_clear(&t->message);
    haul_buf_clear(&t->key);
    haul_buf_str(&t->message, m->value);
    haul_buf_str(&t->key, m->key);
    assert(!t->message.overflow && !t->key.overflow);
    t->head = *m;
    t->head.value = (struct haul_str){(const char *)t->message.p, t->message.n};
    t->head.key = (struct haul_str){(const char *)t->key.p, t->key.n};
    t->has_message = true;
    /* resuming inside a message: records before the index were taken before */
    const uint32_t skip = t->head.offset == t->core->position.offset ? t->core->position.index : 0;
    if (skip == 0) t->core->position = (struct haul_position){t->head.offset, 0, t->core->position.step};
    t->suspect = t->find_condemned != NULL && t->find_condemned(t->find_arg, t->name, m->offset, UINT32_MAX) != NULL;
    if (unreadable(t)) return;
    crumb(t, HAUL_CRUMB_DECODE);
    open_frame(t);
    for (uint32_t i = 0; i < skip && t->cursor.left > 0 && !t->bad_frame; i++) {
        haul_arena_reset(&t->scratch);
        if (t->raw) {
            bridge_advance(t);
            continue;
        }
        haul_record_decode(&t->cursor, &t->record, &t->scratch, &t->refusal);
    }
    haul_crumb.at = HAUL_CRUMB_OUTSIDE;
    if (t->bad_frame && skip > 0) t->cursor.left = 0;
}

static void message_begins(struct haul_task *t)
{
    struct task_core *c = t->core;
    c->last_offset = t->head.offset;
    c->last_append_ms = t->head.append.ms;
    c->last_hash = haul_xxh3(t->head.value.p, t->head.value.n);
    c->count[COUNT_MESSAGES]++;
    if (t->head.append.ms > c->append_ms) c->append_ms = t->head.append.ms;
    receive_silence(t, t->head.append.ms);
}

static void message_ends(struct haul_task *t)
{
    t->has_message = false;
    t->core->position.offset = t->head.offset + 1;
    t->core->position.index = 0;
}

/* ---- steps ---- */
static void step_begins(struct haul_task *t, struct haul_time time)
{
    t->core->position.step++;
    t->time = time;
    t->rng_ready = false;
    t->touched_len = 0;
    t->before_len = 0;
    t->drop_counter = -1;
}

static void step_ends(struct haul_task *t)
{
    entities_end_step(t);
    const int64_t w = task_watermark(t);
    if (w > t->core->watermark_ms) t->core->watermark_ms = w;
    t->core->slots_high = t->slots.high;
    task_dirty(t, t->core, sizeof *t->core);
    haul_crumb.at = HAUL_CRUMB_OUTSIDE;
}

/* It has killed the process, three times at this step. */
static bool condemned_timer(const struct haul_task *t)
{
    const struct haul_position *at = &t->core->position;
    return t->find_timer != NULL && t->find_timer(t->find_arg, t->name, at->offset, at->step);
}

static bool fire_due(struct haul_task *t)
{
    struct haul_entity *e;
    unsigned id;
    int64_t due;
    if (t->core->watermark_ms == INT64_MIN || !slots_timer_first(&t->slots, &e, &id, &due)) return false;
    if (due > t->core->watermark_ms) return false;
    crumb(t, HAUL_CRUMB_TIMER);
    step_begins(t, (struct haul_time){due});
    t->now = NULL;
    t->core->count[COUNT_TIMERS]++;
    e->flags |= SLOT_TOUCHED;
    t->touched[t->touched_len++] = e;
    slots_timer_set(&t->slots, e, id, INT64_MAX);
    if (condemned_timer(t)) {
        step_ends(t);
        return true;
    }
    if (id == t->p->timers) {
        paint_held_back(t, e);
    } else {
        const size_t n = t->p->entities[e->kind].state_bytes;
        t->before_len = n <= TASK_STATE_MAX ? n : 0;
        memcpy(t->before, haul_entity_state(e), t->before_len);
        t->p->timer(t, e, id);
    }
    step_ends(t);
    return true;
}

static void quarantine(struct haul_task *t, struct haul_str raw, enum haul_stage stage)
{
    t->core->count[COUNT_QUARANTINED]++;
    t->core->refused[t->refusal.reason]++;
    emit_letter(t, stage, raw, t->core->position.index);
}

static void refuse(struct haul_task *t, enum haul_reason reason, const char *field, const char *text)
{
    t->refusal.reason = reason;
    snprintf(t->refusal.field, sizeof t->refusal.field, "%s", field);
    snprintf(t->refusal.text, sizeof t->refusal.text, "%s", text);
}

static void give_to_processor(struct haul_task *t, struct haul_record *r)
{
    struct task_core *c = t->core;
    struct haul_entity *e = entity_take(t, t->takes[r->kind], r->id, true);
    const bool late = r->time.ms < e->newest_ms || r->time.ms < c->watermark_ms;
    const size_t n = t->p->entities[e->kind].state_bytes;
    t->before_len = n <= TASK_STATE_MAX ? n : 0;
    memcpy(t->before, haul_entity_state(e), t->before_len);
    if (late) c->count[COUNT_LATE]++;
    const enum haul_verdict verdict = t->p->process(t, e, r, late);
    switch (verdict) {
    case HAUL_DONE:
        c->count[COUNT_PROCESSED]++;
        if (r->time.ms > e->newest_ms) e->newest_ms = r->time.ms;
        break;
    case HAUL_DROP:
        c->count[COUNT_DROPPED]++;
        if (t->drop_counter >= 0) c->counter[t->drop_counter]++;
        if (e->flags & SLOT_FRESH) e->flags |= SLOT_REMOVE;
        break;
    case HAUL_QUARANTINE:
        memcpy(haul_entity_state(e), t->before, t->before_len);
        if (e->flags & SLOT_FRESH) e->flags |= SLOT_REMOVE;
        quarantine(t, r->raw, HAUL_STAGE_PROCESS);
        return;
    case HAUL_STOP:
        haul_fail(&t->error, HAUL_E_CONFLICT, "%s/%u cannot go on at offset %lld",
                  haul_mailbox_row(t->name.mailbox)->name, t->name.partition, (long long)t->head.offset);
        return;
    }
    if (haul_mailbox_foreign(t->head.sender.mailbox)) receive_outside(t, r->time.ms, t->head.append.ms);
}

/* What the gates have changed is the record from here on: forwards and evidence hold nothing else. */
static void repack(struct haul_task *t, struct haul_record *r)
{
    haul_buf_clear(&t->repacked);
    haul_record_pack(r, &t->repacked);
    assert(!t->repacked.overflow);
    r->raw = (struct haul_str){(const char *)t->repacked.p, t->repacked.n};
}

static bool gates_pass(struct haul_task *t, struct haul_record *r)
{
    if (t->takes[r->kind] == NOT_TAKEN) {
        refuse(t, HAUL_REASON_UNEXPECTED_KIND, "kind", "this mailbox does not take this kind of record");
        return false;
    }
    if (!haul_mailbox_foreign(t->head.sender.mailbox)) return true;
    const struct haul_gate gate = {t->options->settings.future_max_ms, t->options->settings.past_max_ms};
    const uint8_t crs = r->crs;
    if (!haul_gate_pass(&gate, t->head.append_time ? t->head.append : HAUL_TIME_NONE, r, &t->refusal)) return false;
    if (privacy_apply(&t->options->settings.privacy, &t->privacy[r->kind], r, &t->scratch,
                      &t->core->count[COUNT_HIDDEN]) ||
        r->crs != crs)
        repack(t, r);
    return true;
}

/* Every document that there is, as it was last painted or with what was held back since: by the timer of paintings held
 * back, so that a commit may end after any of them. */
static void repaint(struct haul_task *t)
{
    const int64_t now = t->core->watermark_ms;
    for (uint32_t i = 0; i < t->slots.high; i++) {
        struct haul_entity *e = slots_at(&t->slots, i);
        if (!e->used || e->painted_ms == INT64_MIN) continue;
        slots_timer_set(&t->slots, e, t->p->timers, e->painted_ms < now ? e->painted_ms : now);
    }
    task_dirty(t, t->map, task_bytes(t));
}

/* From the next step on. Above a quota that has become smaller, entities go as new ones come (entity.c). */
static void take_options(struct haul_task *t, const struct task_options *options, uint32_t version)
{
    if (!task_reserve(t, t->core_bytes + t->slots.bytes * options->settings.entities_max)) {
        haul_fail(&t->error, HAUL_E_LIMIT, "%s/%u: no address space for %u entities",
                  haul_mailbox_row(t->name.mailbox)->name, t->name.partition, options->settings.entities_max);
        return;
    }
    t->options = options;
    t->slots.quota = options->settings.entities_max;
    t->core->options_version = version;
    memcpy(t->core->options_hash, options->hash, sizeof options->hash);
}

/* What a control record says: from the next step on, this version of `content` (-1: of the options; -2: of something
 * that the processor does not read). */
struct control {
    int content;
    uint32_t version, in_force;
    char hash[33];
};

static struct control control_of(const struct haul_task *t, const struct haul_record *r)
{
    const struct haul_str what = r->v[HAUL_F_OPTIONS_WHAT].s;
    struct control c = {.content = -2, .version = (uint32_t)r->v[HAUL_F_OPTIONS_VERSION].i};
    snprintf(c.hash, sizeof c.hash, "%.*s", (int)r->v[HAUL_F_OPTIONS_HASH].s.n, r->v[HAUL_F_OPTIONS_HASH].s.p);
    for (unsigned i = 0; i < t->p->contents_len; i++)
        if (haul_str_eq(what, haul_str_of(t->p->contents[i].what)))
            c.content = (int)i, c.in_force = t->core->content[i].version;
    if (haul_str_eq(what, HAUL_STR("options"))) c.content = -1, c.in_force = t->core->options_version;
    return c;
}

static const void *named(const struct haul_task *t, const struct control *c)
{
    if (c->content >= 0) return find_blob(t, (unsigned)c->content, c->hash);
    return t->find_options == NULL ? NULL : t->find_options(t->find_arg, t->p, c->hash);
}

/* Asked before anything of the step is done: a task that waits has not begun it. */
static bool waits_for_content(const struct haul_task *t, const struct haul_record *r)
{
    if (r->kind != HAUL_KIND_OPTIONS || HAUL_MUTANT(OPTIONS_NOT_WAITED_FOR)) return false;
    const struct control c = control_of(t, r);
    return c.content != -2 && c.version > c.in_force && named(t, &c) == NULL;
}

static void take_control(struct haul_task *t, const struct haul_record *r)
{
    const struct control c = control_of(t, r);
    const void *found = c.content == -2 || c.version <= c.in_force ? NULL : named(t, &c);
    if (found == NULL) return;
    if (c.content == -1) {
        take_options(t, found, c.version);
        return;
    }
    t->content[c.content] = found;
    t->core->content[c.content].version = c.version;
    memcpy(t->core->content[c.content].hash, c.hash, sizeof c.hash);
}

/* Control records and clocks. */
static void engine_record(struct haul_task *t, const struct haul_record *r)
{
    struct task_core *c = t->core;
    switch (r->kind) {
    case HAUL_KIND_TICK:
        receive_outside(t, t->head.append.ms, t->head.append.ms);
        break;
    case HAUL_KIND_CLOCK:
        receive_clock(t, &t->head.sender, r, t->head.append.ms);
        break;
    case HAUL_KIND_OPTIONS:
        take_control(t, r);
        break;
    case HAUL_KIND_ANSWER: /* a rebuild answers the past anew, whoever answered it before */
        if (t->head.offset >= c->silent_until) c->answer_version = (uint32_t)r->v[HAUL_F_ANSWER_VERSION].i;
        break;
    case HAUL_KIND_REPAINT:
        repaint(t);
        break;
    default:
        break;
    }
}

static bool is_engine_kind(uint16_t kind)
{
    return kind < 16 && kind != HAUL_KIND_NONE;
}

/* True when the record is the next of its sender, or of none. */
static bool sequence_passes(struct haul_task *t)
{
    struct task_core *c = t->core;
    const struct haul_sender *s = &t->head.sender;
    if (s->mailbox == HAUL_MAILBOX_NONE || s->sequence == 0) return true;
    if (t->raw && c->position.index > 0) return true; /* the message has one sequence, whatever its parts */
    switch (receive_record(t, s, s->sequence + c->position.index, t->head.append.ms)) {
    case RECEIVE_TAKE:
        return true;
    case RECEIVE_DUPLICATE:
        c->count[COUNT_DUPLICATE]++;
        return false;
    case RECEIVE_BEYOND:
        c->count[COUNT_BEYOND]++;
        return false;
    case RECEIVE_STALE:
        c->count[COUNT_STALE]++;
        return false;
    }
    return false;
}

/* Placed by whoever sent it, who may know less of it than we do: outsiders have their own ways, and haul's own tasks
 * had fewer partitions to send to before these were added. */
static bool placement_in_doubt(const struct haul_task *t)
{
    return t->core->partitions > 1 && (haul_mailbox_foreign(t->head.sender.mailbox) || t->head.offset < t->placed_from);
}

/* Takes a decoded record through gates, placement and processor. */
static void pass_record(struct haul_task *t, struct haul_record *r)
{
    struct task_core *c = t->core;
    c->count[COUNT_UNKNOWN] += r->unknown;
    if (!gates_pass(t, r)) {
        quarantine(t, r->raw, HAUL_STAGE_GATE);
        return;
    }
    if (placement_in_doubt(t)) {
        const uint32_t home = haul_partition_of(haul_murmur2(r->id.p, r->id.n), c->partitions);
        if (home != t->name.partition) {
            c->count[COUNT_FORWARDED]++;
            emit_forward(t, home, r);
            return;
        }
    }
    give_to_processor(t, r);
}

static void record_ends(struct haul_task *t)
{
    t->core->count[COUNT_RECORDS]++; /* a bridge adds the further parts of a message */
    t->core->position.index++;
    if (t->cursor.left == 0) message_ends(t);
    step_ends(t);
}

/* It is not looked at, but for its length when that is safe; its sequence counts. */
static void bury(struct haul_task *t, const struct haul_condemned *verdict)
{
    struct haul_str raw = t->head.value;
    if (verdict->unreadable || t->bad_frame || t->raw)
        t->cursor.left = 0;
    else if (haul_record_decode(&t->cursor, &t->record, &t->scratch, &t->refusal))
        raw = t->record.raw;
    step_begins(t, t->head.append);
    t->now = NULL;
    if (t->core->position.index == 0) message_begins(t);
    refuse(t, HAUL_REASON_CONDEMNED, "", "it has killed the process that took it, three times at this step");
    if (sequence_passes(t)) quarantine(t, raw, verdict->unreadable ? HAUL_STAGE_DECODE : HAUL_STAGE_PROCESS);
    record_ends(t);
}

/* One record of the message. False: it waits. */
static bool take_record(struct haul_task *t)
{
    struct task_core *c = t->core;
    const struct haul_message_cursor before = t->cursor;
    const struct haul_condemned *verdict = verdict_on(t);
    haul_arena_reset(&t->scratch);
    if (verdict != NULL) {
        bury(t, verdict);
        return true;
    }
    crumb(t, HAUL_CRUMB_DECODE);
    bool good = false;
    if (t->bad_frame)
        t->record.raw = t->head.value, t->cursor.left = 0;
    else if (!t->raw)
        good = haul_record_decode(&t->cursor, &t->record, &t->scratch, &t->refusal);
    if (good && waits_for_content(t, &t->record)) {
        t->cursor = before;
        haul_crumb.at = HAUL_CRUMB_OUTSIDE;
        return false;
    }
    const bool begins = c->position.index == 0;
    haul_crumb.at = HAUL_CRUMB_PROCESS;
    if (good && is_engine_kind(t->record.kind)) {
        step_begins(t, t->head.append);
        if (begins) message_begins(t);
        engine_record(t, &t->record);
        c = t->core; /* new options may have moved it */
        c->count[COUNT_ENGINE]++;
    } else {
        step_begins(t, good ? t->record.time : t->head.append);
        t->now = good ? &t->record : NULL;
        if (begins) message_begins(t);
        const bool next = sequence_passes(t);
        if (t->raw)
            bridge_step(t, next);
        else if (next && good)
            pass_record(t, &t->record);
        else if (next)
            quarantine(t, t->record.raw, t->bad_frame ? HAUL_STAGE_CONSUME : HAUL_STAGE_DECODE);
        t->now = NULL;
    }
    record_ends(t);
    return true;
}

static bool full(const struct haul_task *t)
{
    return !emit_room(t) || (t->ops != NULL && (t->ops->puts >= t->puts_max || t->ops->buf.n >= OPS_SOFT_MAX));
}

enum task_stop task_run(struct haul_task *t)
{
    for (;;) {
        if (t->error.code != HAUL_OK) return TASK_FAILED;
        if (t->muted && t->core->position.step >= t->target_step) return TASK_TARGET;
        if (t->core->answer_version != HAUL_ANSWER_VERSION) return TASK_DRAINED;
        if (full(t)) return TASK_FULL;
        live_flush(t);
        if (fire_due(t)) continue;
        if (!t->has_message) return TASK_IDLE;
        if (t->cursor.left == 0) {
            message_ends(t);
            return TASK_IDLE;
        }
        if (!take_record(t)) return TASK_WAITS;
    }
}

/* ---- looking at it ---- */
bool task_accounts_balance(const struct haul_task *t)
{
    const uint64_t *n = t->core->count;
    return n[COUNT_RECORDS] == n[COUNT_PROCESSED] + n[COUNT_DROPPED] + n[COUNT_QUARANTINED] + n[COUNT_FORWARDED] +
                                   n[COUNT_DUPLICATE] + n[COUNT_BEYOND] + n[COUNT_STALE] + n[COUNT_ENGINE];
}

const char *task_count_name(enum task_count c)
{
    static const char *const names[] = {
#define X(NAME, name, sentence) name,
        TASK_COUNTS(X)
#undef X
    };
    return names[c];
}

const char *task_count_sentence(enum task_count c)
{
    static const char *const sentences[] = {
#define X(NAME, name, sentence) sentence,
        TASK_COUNTS(X)
#undef X
    };
    return sentences[c];
}

static void dump_entity(struct haul_task *t, struct haul_entity *e, struct haul_json *j)
{
    haul_json_open(j, '{');
    haul_buf_clear(&t->text);
    haul_buf_printf(&t->text, "%s:%.*s", t->p->entities[e->kind].noun, e->id_len, e->id);
    haul_json_kstr(j, "entity", (struct haul_str){(const char *)t->text.p, t->text.n});
    haul_json_ktime(j, "newest", (struct haul_time){e->newest_ms});
    haul_json_ktime(j, "painted", (struct haul_time){e->painted_ms});
    haul_json_name(j, "due");
    haul_json_open(j, '[');
    for (unsigned i = 0; i <= e->timers; i++)
        haul_json_time(j, (struct haul_time){e->due[i] == INT64_MAX ? INT64_MIN : e->due[i]});
    haul_json_close(j, ']');
    for (unsigned i = 0; i < t->p->rules_len; i++)
        if (haul_entity_raised(e, i)) {
            haul_json_name(j, t->p->rules[i].name);
            haul_json_u64(j, slots_alert(e, i)->id);
        }
    haul_json_name(j, "state");
    haul_json_open(j, '{');
    if (t->p->dump != NULL) t->p->dump(haul_entity_state(e), e->kind, j);
    haul_json_close(j, '}');
    haul_json_close(j, '}');
}

static void dump_core(const struct haul_task *t, struct haul_json *j)
{
    const struct task_core *c = t->core;
    haul_json_open(j, '{');
    haul_json_kstr(j, "task", haul_str_of(haul_mailbox_row(t->name.mailbox)->name));
    haul_json_ki64(j, "partition", t->name.partition);
    haul_json_ki64(j, "offset", c->position.offset);
    haul_json_ki64(j, "index", c->position.index);
    haul_json_ki64(j, "step", (int64_t)c->position.step);
    haul_json_ktime(j, "watermark", (struct haul_time){c->watermark_ms});
    haul_json_ktime(j, "outside", (struct haul_time){c->outside_ms});
    haul_json_kstr(j, "options", haul_str_of(c->options_hash));
    for (size_t i = 0; i < t->p->contents_len; i++)
        haul_json_kstr(j, t->p->contents[i].what, haul_str_of(c->content[i].hash));
    for (int i = 0; i < COUNT_LEN; i++) haul_json_ki64(j, task_count_name((enum task_count)i), (int64_t)c->count[i]);
    for (size_t i = 0; i < t->p->counters_len; i++) haul_json_ki64(j, t->p->counters[i].name, (int64_t)c->counter[i]);
    haul_json_name(j, "sequences");
    haul_json_open(j, '[');
    for (uint32_t i = 0; i < t->channels; i++) haul_json_u64(j, c->sequence[i]);
    haul_json_close(j, ']');
    haul_json_name(j, "upstreams");
    haul_json_open(j, '[');
    for (uint32_t i = 0; i < c->upstreams; i++) {
        const struct upstream *u = &c->upstream[i];
        haul_json_open(j, '[');
        haul_json_i64(j, u->mailbox);
        haul_json_i64(j, u->partition);
        haul_json_u64(j, u->sequence);
        haul_json_time(j, (struct haul_time){u->watermark_ms});
        haul_json_close(j, ']');
    }
    haul_json_close(j, ']');
    haul_json_close(j, '}');
}

void task_dump(struct haul_task *t, struct haul_buf *out)
{
    uint32_t n;
    uint32_t *order = slots_sorted(&t->slots, &n);
    struct haul_json j;
    for (uint32_t i = 0; i < n; i++) {
        haul_json_begin(&j, out);
        dump_entity(t, slots_at(&t->slots, order[i]), &j);
        haul_buf_byte(out, '\n');
    }
    free(order);
    haul_json_begin(&j, out);
    dump_core(t, &j);
    haul_buf_byte(out, '\n');
}
