/* SPDX-License-Identifier: Apache-2.0
 * A checkpoint of an older state version: every slot is brought into the present form.
 *
 * Between two versions of a processor's state, timers and rules may have been added behind those that there were, and
 * the state structs may have changed: the first two are copied, the processor's upgrade() does the third. The engine's
 * own timer is always the last.
 */
#include "processors/engine/task.h"

#include <stdlib.h>

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* `old` is a slot of the old form; `e` one of the new, all zero. */
static bool bring(const struct haul_task *t, const struct haul_entity *old, size_t old_bytes, struct haul_entity *e)
{
    const struct haul_processor *p = t->p;
    const size_t alert = sizeof(struct slot_alert);
    if (old->alerts_offset > old->state_offset || old->state_offset > old_bytes || old->kind >= HAUL_ENTITIES_MAX)
        return false;
    memcpy(e, old, sizeof *e);
    slots_lay_out(&t->slots, p, e);
    for (unsigned i = 0; i <= e->timers; i++) e->due[i] = INT64_MAX;
    for (unsigned i = 0; i < least(old->timers, e->timers); i++) e->due[i] = old->due[i];
    e->due[e->timers] = old->due[old->timers];
    const unsigned rules = (unsigned)((size_t)(old->state_offset - old->alerts_offset) / alert);
    memcpy((uint8_t *)e + e->alerts_offset, (const uint8_t *)old + old->alerts_offset,
           least(rules, (unsigned)p->rules_len) * alert);
    return p->upgrade(t->core->state_version, e->kind, (const uint8_t *)old + old->state_offset,
                      old_bytes - old->state_offset, haul_entity_state(e));
}

enum haul_err task_upgrade(struct haul_task *t, struct haul_error *e)
{
    const size_t from = (size_t)t->core->stride, to = t->slots.bytes, most = from > to ? from : to;
    const char *name = haul_mailbox_row(t->name.mailbox)->name;
    if (from < sizeof(struct haul_entity) || t->core_bytes + from * t->core->slots_high > t->map_bytes)
        return haul_fail(e, HAUL_E_CORRUPT, "checkpoint of %s/%u holds less than its %u entities", name,
                         t->name.partition, t->core->slots_high);
    if (!task_reserve(t, t->core_bytes + most * t->core->slots_high))
        return haul_fail(e, HAUL_E_LIMIT, "%s/%u: no address space for %u entities", name, t->name.partition,
                         t->core->slots_high);
    struct task_core *c = t->core; /* where it is now */
    uint8_t *old = malloc(from * c->slots_high + 1);
    assert(old != NULL);
    memcpy(old, t->slots.base, from * c->slots_high);
    memset(t->slots.base, 0, from * c->slots_high);
    bool good = true;
    for (uint32_t i = 0; i < c->slots_high && good; i++) {
        const struct haul_entity *x = (const struct haul_entity *)(const void *)(old + (size_t)i * from);
        good = !x->used || bring(t, x, from, slots_at(&t->slots, i));
    }
    free(old);
    if (!good)
        return haul_fail(e, HAUL_E_VERSION,
                         "checkpoint of %s/%u holds state version %u, which this haul cannot bring to version %u", name,
                         t->name.partition, c->state_version, t->p->state_version);
    c->state_version = t->p->state_version;
    c->stride = to;
    task_dirty(t, t->map, t->core_bytes + to * c->slots_high);
    return HAUL_OK;
}
