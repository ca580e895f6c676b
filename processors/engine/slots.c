/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/engine/slots.h"

#include "haul/hash.h"

#include <stdlib.h>

/* ---- layout ---------------------------------------------------------------------------------------------------------
 */
static size_t align8(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

static size_t alerts_offset(const struct haul_processor *p)
{
    return sizeof(struct haul_entity) + 8 * ((size_t)p->timers + 1);
}

static size_t state_bytes(const struct haul_processor *p)
{
    size_t most = 0;
    for (int i = 0; i < HAUL_ENTITIES_MAX; i++)
        if (p->entities[i].state_bytes > most) most = p->entities[i].state_bytes;
    return most;
}

size_t slots_stride(const struct haul_processor *p)
{
    return align8(alerts_offset(p) + sizeof(struct slot_alert) * p->rules_len + state_bytes(p));
}

static void *need(void *p)
{
    assert(p != NULL);
    return p;
}

void slots_open(struct slots *s, const struct haul_processor *p, uint8_t *base, uint32_t quota)
{
    assert(p->timers <= HAUL_TIMERS_MAX && p->rules_len <= HAUL_RULES_MAX && quota > 0 && quota < SLOT_NONE / 2);
    *s = (struct slots){.base = base, .bytes = slots_stride(p), .quota = quota, .timers = p->timers};
    s->rules = (uint8_t)p->rules_len;
    s->ages.by_age = true;
    slots_rebuild(s, 0);
}

void slots_close(struct slots *s)
{
    free(s->index);
    free(s->free_list);
    free(s->timers_due.entry);
    free(s->timers_due.at);
    free(s->ages.entry);
    free(s->ages.at);
    *s = (struct slots){0};
}

/* ---- index: open addressing, linear probing ---- */
static uint32_t place_of(const struct slots *s, unsigned kind, struct haul_str id)
{
    return (uint32_t)(haul_xxh3(id.p, id.n) + kind * 0x9e3779b9u) & s->index_mask;
}

static struct haul_str id_of(const struct haul_entity *e)
{
    return (struct haul_str){e->id, e->id_len};
}

static void index_put(struct slots *s, uint32_t slot)
{
    const struct haul_entity *e = slots_at(s, slot);
    uint32_t at = place_of(s, e->kind, id_of(e));
    while (s->index[at] != SLOT_NONE) at = (at + 1) & s->index_mask;
    s->index[at] = slot;
}

static void index_resize(struct slots *s, uint32_t cap)
{
    s->index = need(realloc(s->index, cap * sizeof *s->index));
    s->index_mask = cap - 1;
    memset(s->index, 0xff, cap * sizeof *s->index);
    for (uint32_t i = 0; i < s->high; i++)
        if (slots_at(s, i)->used) index_put(s, i);
}

static uint32_t index_place(const struct slots *s, unsigned kind, struct haul_str id)
{
    for (uint32_t at = place_of(s, kind, id);; at = (at + 1) & s->index_mask) {
        if (s->index[at] == SLOT_NONE) return at;
        const struct haul_entity *e = slots_at(s, s->index[at]);
        if (e->kind == kind && haul_str_eq(id_of(e), id)) return at;
    }
}

/* Removal by shifting back what the probe sequence would have put earlier (Knuth 6.4, algorithm R). */
static void index_remove(struct slots *s, uint32_t hole)
{
    uint32_t at = hole;
    for (;;) {
        at = (at + 1) & s->index_mask;
        if (s->index[at] == SLOT_NONE) break;
        const struct haul_entity *e = slots_at(s, s->index[at]);
        const uint32_t home = place_of(s, e->kind, id_of(e));
        if (((at - home) & s->index_mask) >= ((at - hole) & s->index_mask)) {
            s->index[hole] = s->index[at];
            hole = at;
        }
    }
    s->index[hole] = SLOT_NONE;
}

struct haul_entity *slots_find(const struct slots *s, unsigned kind, struct haul_str id)
{
    const uint32_t slot = s->index[index_place(s, kind, id)];
    return slot == SLOT_NONE ? NULL : slots_at(s, slot);
}

/* ---- lazy heaps ---- */
int slots_compare(const struct haul_entity *a, const struct haul_entity *b)
{
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    return haul_str_cmp(id_of(a), id_of(b));
}

static int64_t earliest(const struct haul_entity *e)
{
    int64_t due = e->due[0];
    for (unsigned i = 1; i <= e->timers; i++)
        if (e->due[i] < due) due = e->due[i];
    return due;
}

static int64_t truth(const struct slot_heap *h, const struct haul_entity *e)
{
    return h->by_age ? e->newest_ms : earliest(e);
}

static bool heap_less(const struct slots *s, struct slot_heap_entry a, struct slot_heap_entry b)
{
    if (a.bound != b.bound) return a.bound < b.bound;
    return slots_compare(slots_at(s, a.slot), slots_at(s, b.slot)) < 0;
}

static void heap_set(struct slot_heap *h, uint32_t at, struct slot_heap_entry x)
{
    h->entry[at] = x;
    h->at[x.slot] = at;
}

static void heap_up(const struct slots *s, struct slot_heap *h, uint32_t at)
{
    const struct slot_heap_entry x = h->entry[at];
    while (at > 0 && heap_less(s, x, h->entry[(at - 1) / 2])) {
        heap_set(h, at, h->entry[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    heap_set(h, at, x);
}

static void heap_down(const struct slots *s, struct slot_heap *h, uint32_t at)
{
    const struct slot_heap_entry x = h->entry[at];
    for (uint32_t child; (child = 2 * at + 1) < h->len; at = child) {
        if (child + 1 < h->len && heap_less(s, h->entry[child + 1], h->entry[child])) child++;
        if (!heap_less(s, h->entry[child], x)) break;
        heap_set(h, at, h->entry[child]);
    }
    heap_set(h, at, x);
}

static void heap_put(const struct slots *s, struct slot_heap *h, uint32_t slot, int64_t bound)
{
    heap_set(h, h->len, (struct slot_heap_entry){bound, slot});
    heap_up(s, h, h->len++);
}

static void heap_remove(const struct slots *s, struct slot_heap *h, uint32_t slot)
{
    const uint32_t at = h->at[slot];
    if (at == SLOT_NONE) return;
    h->at[slot] = SLOT_NONE;
    const struct slot_heap_entry last = h->entry[--h->len];
    if (at == h->len) return;
    heap_set(h, at, last);
    heap_down(s, h, at);
    heap_up(s, h, h->at[last.slot]);
}

/* Moves stale tops down until the top's bound is exact. False when the heap is empty. */
static bool heap_settle(const struct slots *s, struct slot_heap *h)
{
    while (h->len > 0) {
        const int64_t actual = truth(h, slots_at(s, h->entry[0].slot));
        assert(actual >= h->entry[0].bound);
        if (actual == h->entry[0].bound) return true;
        h->entry[0].bound = actual;
        heap_down(s, h, 0);
    }
    return false;
}

void slots_timer_set(struct slots *s, struct haul_entity *e, unsigned id, int64_t due_ms)
{
    assert(id <= s->timers);
    e->due[id] = due_ms;
    struct slot_heap *h = &s->timers_due;
    const uint32_t slot = slots_number(s, e), at = h->at[slot];
    if (at == SLOT_NONE) {
        if (due_ms != INT64_MAX) heap_put(s, h, slot, due_ms);
    } else if (due_ms < h->entry[at].bound) {
        h->entry[at].bound = due_ms;
        heap_up(s, h, at);
    }
}

bool slots_timer_first(struct slots *s, struct haul_entity **e, unsigned *id, int64_t *due_ms)
{
    struct slot_heap *h = &s->timers_due;
    while (heap_settle(s, h)) {
        if (h->entry[0].bound == INT64_MAX) {
            heap_remove(s, h, h->entry[0].slot);
            continue;
        }
        *e = slots_at(s, h->entry[0].slot);
        *due_ms = h->entry[0].bound;
        for (*id = 0; (*e)->due[*id] != *due_ms;) ++*id;
        return true;
    }
    return false;
}

struct haul_entity *slots_oldest(struct slots *s, const struct haul_entity *but)
{
    struct slot_heap *h = &s->ages;
    if (!s->evicting) {
        s->evicting = true;
        for (uint32_t i = 0; i < s->high; i++)
            if (slots_at(s, i)->used) heap_put(s, h, i, slots_at(s, i)->newest_ms);
    }
    if (!heap_settle(s, h)) return NULL;
    struct haul_entity *oldest = slots_at(s, h->entry[0].slot);
    if (oldest != but) return oldest;
    /* `but` is put aside for the one look behind it */
    heap_remove(s, h, slots_number(s, but));
    oldest = heap_settle(s, h) ? slots_at(s, h->entry[0].slot) : NULL;
    heap_put(s, h, slots_number(s, but), but->newest_ms);
    return oldest;
}

/* ---- making and freeing ---- */
static void heap_room(struct slot_heap *h, uint32_t old, uint32_t room)
{
    h->entry = need(realloc(h->entry, room * sizeof *h->entry));
    h->at = need(realloc(h->at, room * sizeof *h->at));
    memset(h->at + old, 0xff, (room - old) * sizeof *h->at);
}

static void room_for(struct slots *s, uint32_t want)
{
    if (want <= s->room) return;
    uint32_t room = s->room < 64 ? 64 : s->room;
    while (room < want) room *= 2;
    s->free_list = need(realloc(s->free_list, room * sizeof *s->free_list));
    heap_room(&s->timers_due, s->room, room);
    heap_room(&s->ages, s->room, room);
    s->room = room;
    index_resize(s, 2 * room);
}

#define AHEAD 8 /* slots: a slot is a few lines of the cache, and each is needed once */

static void look_ahead(const struct slots *s, uint32_t i)
{
    if (i + AHEAD >= s->high) return;
    const char *p = (const char *)slots_at(s, i + AHEAD);
    __builtin_prefetch(p);
    __builtin_prefetch(p + 64);
    __builtin_prefetch(p + 128);
}

void slots_rebuild(struct slots *s, uint32_t high)
{
    s->high = 0; /* room is made for nobody: the index is filled below */
    s->used = s->free_len = s->timers_due.len = s->ages.len = 0;
    s->evicting = false;
    for (uint32_t i = 0; i < s->room; i++) s->timers_due.at[i] = s->ages.at[i] = SLOT_NONE;
    room_for(s, high < 1 ? 1 : high);
    memset(s->index, 0xff, ((size_t)s->index_mask + 1) * sizeof *s->index);
    s->high = high;
    struct slot_heap *h = &s->timers_due;
    for (uint32_t i = 0; i < high; i++) {
        struct haul_entity *e = slots_at(s, i);
        look_ahead(s, i);
        if (!e->used) continue;
        s->used++;
        index_put(s, i);
        const int64_t due = earliest(e);
        if (due != INT64_MAX) heap_set(h, h->len++, (struct slot_heap_entry){due, i});
    }
    for (uint32_t i = h->len / 2; i > 0; i--) heap_down(s, h, i - 1); /* Floyd: all at once, in linear time */
    for (uint32_t i = high; i > 0; i--)
        if (!slots_at(s, i - 1)->used) s->free_list[s->free_len++] = i - 1;
}

void slots_lay_out(const struct slots *s, const struct haul_processor *p, struct haul_entity *e)
{
    e->timers = s->timers;
    e->alerts_offset = (uint16_t)alerts_offset(p);
    e->state_offset = (uint16_t)(alerts_offset(p) + sizeof(struct slot_alert) * p->rules_len);
}

struct haul_entity *slots_make(struct slots *s, const struct haul_processor *p, unsigned kind, struct haul_str id)
{
    assert(id.n > 0 && id.n <= HAUL_ID_MAX);
    uint32_t slot;
    if (s->free_len > 0) {
        slot = s->free_list[--s->free_len];
    } else if (s->high < s->quota) {
        room_for(s, s->high + 1);
        slot = s->high++;
    } else {
        return NULL;
    }
    struct haul_entity *e = slots_at(s, slot);
    memset(e, 0, s->bytes);
    e->used = 1;
    e->kind = (uint8_t)kind;
    e->id_len = (uint8_t)id.n;
    slots_lay_out(s, p, e);
    memcpy(e->id, id.p, id.n);
    e->newest_ms = e->painted_ms = INT64_MIN;
    for (unsigned i = 0; i <= s->timers; i++) e->due[i] = INT64_MAX;
    s->used++;
    index_put(s, slot);
    if (s->evicting) heap_put(s, &s->ages, slot, e->newest_ms);
    return e;
}

void slots_free(struct slots *s, struct haul_entity *e)
{
    assert(e->used);
    const uint32_t slot = slots_number(s, e);
    index_remove(s, index_place(s, e->kind, id_of(e)));
    heap_remove(s, &s->timers_due, slot);
    heap_remove(s, &s->ages, slot);
    e->used = 0;
    s->used--;
    s->free_list[s->free_len++] = slot;
}

static int by_id(const void *a, const void *b, void *slots)
{
    uint32_t x, y;
    memcpy(&x, a, 4);
    memcpy(&y, b, 4);
    return slots_compare(slots_at(slots, x), slots_at(slots, y));
}

uint32_t *slots_sorted(const struct slots *s, uint32_t *n)
{
    uint32_t *out = need(malloc((s->used + 1) * sizeof *out));
    *n = 0;
    for (uint32_t i = 0; i < s->high; i++)
        if (slots_at(s, i)->used) out[(*n)++] = i;
    struct slots view = *s;
    qsort_r(out, *n, sizeof *out, by_id, &view);
    return out;
}
