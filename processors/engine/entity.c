/* SPDX-License-Identifier: Apache-2.0
 * The calls of processor.h about entities, timers and alerts.
 */
#include "processors/engine/task.h"

#include "haul/hash.h"

#include <stdarg.h>
#include <stdio.h>

#define EVICTED_MAX 8 /* in one step, for each entity that is made */

/* ---- entities ---- */
static void touch(struct haul_task *t, struct haul_entity *e)
{
    if (e->flags & SLOT_TOUCHED) return;
    assert(t->touched_len <= HAUL_OTHERS_MAX && "a step touches more entities than HAUL_OTHERS_MAX");
    e->flags |= SLOT_TOUCHED;
    t->touched[t->touched_len++] = e;
}

static void let_go(struct haul_task *t, struct haul_entity *e)
{
    if (e->painted_ms != INT64_MIN) paint_erase(t, e);
    task_dirty(t, e, t->slots.bytes);
    e->flags = 0;
    slots_free(&t->slots, e);
}

/* Makes room: the entity with the least (newest event time, kind, id) that this step does not use. */
static bool evict_one(struct haul_task *t)
{
    struct haul_entity *e = slots_oldest(&t->slots, t->touched_len > 0 ? t->touched[0] : NULL);
    if (e == NULL || (e->flags & SLOT_TOUCHED) != 0) return false;
    if (t->p->evicted != NULL) t->p->evicted(t, e);
    alerts_clear_all(t, e);
    let_go(t, e);
    t->core->count[COUNT_EVICTED]++;
    return true;
}

/* Below the quota nothing goes. At the quota one goes; above it (options have made it smaller) a few, so that no step
 * clears the alerts of thousands. */
static bool make_room(struct haul_task *t)
{
    for (unsigned i = 0; i < EVICTED_MAX && t->slots.used >= t->slots.quota; i++)
        if (!evict_one(t)) return i > 0;
    return true;
}

struct haul_entity *entity_take(struct haul_task *t, unsigned kind, struct haul_str id, bool create)
{
    struct haul_entity *e = slots_find(&t->slots, kind, id);
    if (e == NULL && create) {
        if (make_room(t)) e = slots_make(&t->slots, t->p, kind, id);
        if (e != NULL) e->flags = SLOT_FRESH;
    }
    if (e != NULL) touch(t, e);
    return e;
}

struct haul_entity *haul_task_entity(struct haul_task *t, unsigned kind, struct haul_str id, bool create)
{
    assert(kind < HAUL_ENTITIES_MAX && t->p->entities[kind].noun != NULL);
    if (id.n == 0 || id.n > HAUL_ID_MAX) return NULL;
    struct haul_entity *e = entity_take(t, kind, id, create);
    if (e != NULL && !t->heard_of[kind] && t->time.ms > e->newest_ms) e->newest_ms = t->time.ms;
    return e;
}

void haul_task_remove(struct haul_task *t, struct haul_entity *e)
{
    (void)t;
    assert(e->flags & SLOT_TOUCHED);
    e->flags |= SLOT_REMOVE;
}

/* Paints what asked for it, frees what goes, marks what changed. */
void entities_end_step(struct haul_task *t)
{
    for (unsigned i = 0; i < t->touched_len; i++) {
        struct haul_entity *e = t->touched[i];
        if (e->flags & SLOT_REMOVE) {
            alerts_clear_all(t, e);
            let_go(t, e);
            continue;
        }
        if (e->flags & SLOT_PAINT) paint_entity(t, e);
        e->flags &= (uint8_t) ~(SLOT_PAINT | SLOT_FRESH | SLOT_TOUCHED);
        task_dirty(t, e, t->slots.bytes);
    }
    t->touched_len = 0;
    t->stream_ordinal = 0;
}

void *haul_entity_state(struct haul_entity *e)
{
    return (uint8_t *)e + e->state_offset;
}
const void *haul_entity_state_const(const struct haul_entity *e)
{
    return (const uint8_t *)e + e->state_offset;
}
struct haul_str haul_entity_id(const struct haul_entity *e)
{
    return (struct haul_str){e->id, e->id_len};
}
unsigned haul_entity_kind(const struct haul_entity *e)
{
    return e->kind;
}
bool haul_entity_new(const struct haul_entity *e)
{
    return (e->flags & SLOT_FRESH) != 0;
}
struct haul_time haul_entity_newest(const struct haul_entity *e)
{
    return (struct haul_time){e->newest_ms};
}

/* ---- the step ---- */
const void *haul_task_options(const struct haul_task *t)
{
    return t->options->processor;
}
struct haul_time haul_task_time(const struct haul_task *t)
{
    return t->time;
}
uint32_t haul_task_entities_max(const struct haul_task *t)
{
    return t->slots.quota;
}
struct haul_time haul_task_watermark(const struct haul_task *t)
{
    return (struct haul_time){t->core->watermark_ms};
}
struct haul_time haul_task_append(const struct haul_task *t)
{
    return (struct haul_time){t->core->append_ms};
}

struct haul_rng *haul_task_rng(struct haul_task *t)
{
    if (!t->rng_ready)
        haul_rng_seed(&t->rng, haul_mix(((uint64_t)t->name.mailbox << 32) | t->name.partition, t->core->position.step));
    t->rng_ready = true;
    return &t->rng;
}

void *haul_task_scratch(struct haul_task *t, size_t n)
{
    return haul_arena_take(&t->scratch, n);
}

void haul_task_timer_set(struct haul_task *t, struct haul_entity *e, unsigned id, struct haul_time due)
{
    assert(id < t->p->timers && (e->flags & SLOT_TOUCHED) != 0);
    slots_timer_set(&t->slots, e, id, due.ms);
}

void haul_task_timer_clear(struct haul_task *t, struct haul_entity *e, unsigned id)
{
    assert(id < t->p->timers && (e->flags & SLOT_TOUCHED) != 0);
    if (e->due[id] != INT64_MAX) slots_timer_set(&t->slots, e, id, INT64_MAX);
}

struct haul_time haul_task_timer_due(const struct haul_entity *e, unsigned id)
{
    assert(id < e->timers);
    return e->due[id] == INT64_MAX ? HAUL_TIME_NONE : (struct haul_time){e->due[id]};
}

void haul_task_count(struct haul_task *t, unsigned counter, uint64_t n)
{
    assert(counter < t->p->counters_len);
    t->core->counter[counter] += n;
}

enum haul_verdict haul_task_drop(struct haul_task *t, unsigned counter)
{
    assert(counter < t->p->counters_len);
    t->drop_counter = (int)counter;
    return HAUL_DROP;
}

enum haul_verdict haul_task_refuse(struct haul_task *t, const char *field, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    t->refusal.reason = HAUL_REASON_PROCESSOR;
    snprintf(t->refusal.field, sizeof t->refusal.field, "%s", field);
    vsnprintf(t->refusal.text, sizeof t->refusal.text, format, args);
    va_end(args);
    return HAUL_QUARANTINE;
}

void haul_task_emit(struct haul_task *t, enum haul_mailbox to, struct haul_str key, const struct haul_record *r)
{
    emit_record(t, to, key, r);
}
