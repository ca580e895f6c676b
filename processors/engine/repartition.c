/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/engine/repartition.h"

#include "haul/hash.h"
#include "haul/version.h"

#include <stdlib.h>

/* ---- channels and cores ---- */
uint32_t repartition_channels(const struct haul_processor *p, const struct task_topology *was,
                              const struct task_topology *is, uint64_t *values)
{
    uint32_t from[HAUL_MAILBOX_MAX], to[HAUL_MAILBOX_MAX];
    uint64_t old[HAUL_CHANNELS_MAX];
    const uint32_t before = task_channels(p, was, from), after = task_channels(p, is, to);
    assert(before <= HAUL_CHANNELS_MAX && after <= HAUL_CHANNELS_MAX && after >= before);
    memcpy(old, values, before * sizeof *old);
    memset(values, 0, after * sizeof *values);
    for (unsigned m = 0; m < HAUL_MAILBOX_MAX; m++)
        if (from[m] != UINT32_MAX) memcpy(values + to[m], old + from[m], was->partitions[m] * sizeof *values);
    values[after - 1] = old[before - 1]; /* the dead letters */
    return after;
}

void repartition_core(struct haul_task *t, const struct task_topology *was)
{
    repartition_channels(t->p, was, &t->topology, t->core->sequence);
    t->core->partitions = t->topology.partitions[t->name.mailbox];
    task_dirty(t, t->core, sizeof *t->core);
}

void repartition_begin(struct haul_task *t, const struct haul_task *like, int64_t offset)
{
    struct task_core *c = t->core;
    const struct task_core *from = like->core;
    c->position.offset = offset;
    c->options_version = from->options_version;
    memcpy(c->options_hash, from->options_hash, sizeof c->options_hash);
    memcpy(c->content, from->content, sizeof c->content);
    task_dirty(t, c, sizeof *c);
}

/* ---- entities ---- */
static uint32_t home_of(const struct haul_entity *e, uint32_t partitions)
{
    return haul_partition_of(haul_murmur2((const char *)e->id, e->id_len), partitions);
}

/* How many come to each task; all of them must be at home as it is. */
static enum haul_err count(struct haul_task **tasks, uint32_t was, uint32_t is, uint32_t *coming, struct haul_error *e)
{
    for (uint32_t p = 0; p < was; p++) {
        const struct slots *s = &tasks[p]->slots;
        for (uint32_t i = 0; i < s->high; i++) {
            const struct haul_entity *x = slots_at(s, i);
            if (!x->used) continue;
            if (home_of(x, was) != p)
                return haul_fail(
                    e, HAUL_E_CONFLICT,
                    "%s/%u keeps %s '%.*s', whose id leads to partition %u: it is not placed by its id, so "
                    "this mailbox keeps its partitions",
                    haul_mailbox_row(tasks[p]->name.mailbox)->name, p, tasks[p]->p->entities[x->kind].noun, x->id_len,
                    x->id, home_of(x, was));
            const uint32_t home = home_of(x, is);
            coming[home] += home != p;
        }
    }
    return HAUL_OK;
}

/* A quota is of the options; a task that is over it lets go of entities as new ones come. */
static enum haul_err make_room(struct haul_task *t, uint32_t coming, struct haul_error *e)
{
    if (t->slots.used + coming > t->slots.quota) t->slots.quota = t->slots.high + coming;
    if (task_reserve(t, t->core_bytes + t->slots.bytes * t->slots.quota)) return HAUL_OK;
    return haul_fail(e, HAUL_E_LIMIT, "no address space for %u entities of %s/%u", t->slots.quota,
                     haul_mailbox_row(t->name.mailbox)->name, t->name.partition);
}

/* State, timers, open alerts: the slot as it is. That it moved since its task's last entry in the live stream stays
 * true where the new task can say it: steps are counted by each task for itself. */
static void move(struct haul_task *from, struct haul_task *to, struct haul_entity *x)
{
    struct haul_entity *y = slots_make(&to->slots, to->p, x->kind, (struct haul_str){(const char *)x->id, x->id_len});
    assert(y != NULL && to->slots.bytes == from->slots.bytes);
    memcpy(y, x, from->slots.bytes);
    y->live_step = x->live_step > from->core->live_step ? to->core->position.step : 0;
    task_dirty(to, y, to->slots.bytes);
    slots_free(&from->slots, x);
    task_dirty(from, x, from->slots.bytes);
}

enum haul_err repartition_move(struct haul_task **tasks, uint32_t was, uint32_t is, uint64_t *moved,
                               struct haul_error *e)
{
    uint32_t *coming = calloc(is, sizeof *coming);
    assert(coming != NULL);
    *moved = 0;
    enum haul_err err = count(tasks, was, is, coming, e);
    for (uint32_t q = 0; q < is && err == HAUL_OK; q++) err = make_room(tasks[q], coming[q], e);
    free(coming);
    for (uint32_t p = 0; p < was && err == HAUL_OK; p++) {
        /* those that come behind `high` while it is gone through have arrived already */
        const uint32_t high = tasks[p]->slots.high;
        for (uint32_t i = 0; i < high; i++) {
            struct haul_entity *x = slots_at(&tasks[p]->slots, i);
            const uint32_t home = x->used ? home_of(x, is) : p;
            if (home == p) continue;
            move(tasks[p], tasks[home], x);
            ++*moved;
        }
    }
    for (uint32_t q = 0; q < is; q++) {
        tasks[q]->core->slots_high = tasks[q]->slots.high;
        task_dirty(tasks[q], tasks[q]->core, sizeof *tasks[q]->core);
    }
    return err;
}
