/* SPDX-License-Identifier: Apache-2.0
 * Keyed state: entities in fixed slots, found by id, with their timers in one queue and a deterministic eviction.
 *
 * Only the slots themselves are lasting (they are checkpointed as bytes). The index, the timer queue, the free list and
 * the eviction queue are made from them again by slots_rebuild.
 *
 * The timer queue is lazy: it holds one entry a slot, with a lower bound of the slot's earliest due time. Moving a
 * timer later touches only the slot; when the entry reaches the top with a stale bound it is moved down. The first
 * entry whose bound is exact is the true minimum of (due, kind, id), since every other bound is not above the truth. So
 * the order in which timers fire depends on the slots alone, not on when the queue was touched.
 */
#ifndef HAUL_SLOTS_H
#define HAUL_SLOTS_H

#include "haul/processor.h"

#define SLOT_NONE UINT32_MAX

/* One entity. `due`, alert ids and state follow behind; see slots_due, slots_alert, slots_state. */
struct haul_entity {
    uint8_t used, kind, id_len, flags;
    uint16_t state_offset, alerts_offset;
    uint32_t raised; /* bit a rule: its alert is open */
    uint8_t timers;
    uint8_t pad[3];
    char id[HAUL_ID_MAX];
    int64_t newest_ms;  /* newest event time; INT64_MIN before the first */
    int64_t painted_ms; /* event time of the last painting; INT64_MIN: never */
    uint64_t live_step; /* of its first painting since the live stream was last written */
    int64_t due[]; /* timers + 1: the last is the engine's own, for a painting that is held back; INT64_MAX: not set */
};

#define SLOT_FRESH   1u /* made by the step that runs */
#define SLOT_REMOVE  2u /* goes when the step ends */
#define SLOT_TOUCHED 4u /* in the step's list of entities */
#define SLOT_PAINT   8u /* its document is painted when the step ends */

/* An alert of one rule; valid while the rule's bit in `raised` is set. */
struct slot_alert {
    uint64_t id;
    uint8_t severity, tenth; /* of the last transition; score in tenths */
    uint8_t pad[6];
};

/* A heap of slots by (bound, kind, id), where bound is never above the slot's true time: its earliest timer, or its
 * newest event time (which never falls) for eviction. */
struct slot_heap {
    struct slot_heap_entry {
        int64_t bound;
        uint32_t slot;
    } * entry;
    uint32_t *at; /* slot → its place, SLOT_NONE: not in it */
    uint32_t len;
    bool by_age;
};

struct slots {
    uint8_t *base; /* slot i lies at base + i * bytes */
    size_t bytes;
    uint32_t quota, used, high; /* most allowed; in use; one past the highest ever used */
    uint8_t timers;
    uint8_t rules;
    /* made from the slots */
    uint32_t *index; /* open addressing; SLOT_NONE: empty */
    uint32_t index_mask;
    uint32_t *free_list, free_len;
    struct slot_heap timers_due;
    struct slot_heap ages; /* empty until the quota is first met */
    bool evicting;
    uint32_t room; /* slots that free_list and the heaps have room for */
};

size_t slots_stride(const struct haul_processor *p); /* bytes of one slot */
/* `base` must hold quota * stride bytes of zeroes or of a loaded checkpoint, `high` slots of which may be used. */
void slots_open(struct slots *s, const struct haul_processor *p, uint8_t *base, uint32_t quota);
void slots_close(struct slots *s);
void slots_rebuild(struct slots *s, uint32_t high);

static inline struct haul_entity *slots_at(const struct slots *s, uint32_t i)
{
    return (struct haul_entity *)(void *)(s->base + (size_t)i * s->bytes);
}
static inline uint32_t slots_number(const struct slots *s, const struct haul_entity *e)
{
    return (uint32_t)((size_t)((const uint8_t *)e - s->base) / s->bytes);
}

/* Says in an entity where its timers, alerts and state lie. */
void slots_lay_out(const struct slots *s, const struct haul_processor *p, struct haul_entity *e);
struct haul_entity *slots_find(const struct slots *s, unsigned kind, struct haul_str id);
/* A new, zeroed entity; NULL when the quota is met (evict first). The id must not exist. */
struct haul_entity *slots_make(struct slots *s, const struct haul_processor *p, unsigned kind, struct haul_str id);
void slots_free(struct slots *s, struct haul_entity *e);
/* The entity with the least (newest event time, kind, id), `but` excepted; NULL when there is none. */
struct haul_entity *slots_oldest(struct slots *s, const struct haul_entity *but);

void slots_timer_set(struct slots *s, struct haul_entity *e, unsigned id, int64_t due_ms);
/* The timer that comes first by (due, kind, id, number); false when none is set. */
bool slots_timer_first(struct slots *s, struct haul_entity **e, unsigned *id, int64_t *due_ms);

/* (kind, id) in byte order. */
int slots_compare(const struct haul_entity *a, const struct haul_entity *b);
/* Numbers of all used slots in order of (kind, id); malloc'd, *n of them. For dumps and repainting, not per record. */
uint32_t *slots_sorted(const struct slots *s, uint32_t *n);

static inline struct slot_alert *slots_alert(struct haul_entity *e, unsigned rule)
{
    return (struct slot_alert *)(void *)((uint8_t *)e + e->alerts_offset) + rule;
}

#endif
