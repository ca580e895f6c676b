/* SPDX-License-Identifier: Apache-2.0
 * Documents of entities at two rates, and the live stream of what moved.
 *
 * A document is rendered at the step that paints it, not when a commit is put together: so what Redis shows after a
 * position is a function of the log, whatever the batches were. A change within view.interval of the last painting is
 * held back by a timer.
 */
#include "processors/engine/task.h"

#include "haul/math.h"
#include "haul/mutation.h"

#include <stdio.h>
#include <stdlib.h>

#define LIVE_ENTRIES_KEPT 600

static const struct haul_entity *live_of(const struct haul_task *t, const struct task_live *x)
{
    const struct haul_entity *e = slots_at(&t->slots, x->slot);
    return e->used && e->live_step == x->step ? e : NULL;
}

/* A second of event time may last for ever while entities come and go: those that went make room before the list grows,
 * so that it has at most twice as many places as there are entities. */
static void live_room(struct haul_task *t)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->live_len; i++)
        if (live_of(t, &t->live[i]) != NULL) t->live[n++] = t->live[i];
    t->live_len = n;
    if (n < t->live_room / 2) return;
    t->live_room = t->live_room == 0 ? 256 : t->live_room * 2;
    t->live = realloc(t->live, t->live_room * sizeof *t->live);
    assert(t->live != NULL);
}

/* An entity is on the list since its first painting after the last flush; `live_step` of the entity is that step. */
static void live_add(struct haul_task *t, const struct haul_entity *e)
{
    if (t->live_len == t->live_room) live_room(t);
    /* in order of (step, kind, id): that of one step's paintings is not known any more after a restore */
    uint32_t at = t->live_len++;
    for (; at > 0 && t->live[at - 1].step == e->live_step; at--) {
        if (slots_compare(slots_at(&t->slots, t->live[at - 1].slot), e) < 0) break;
        t->live[at] = t->live[at - 1];
    }
    t->live[at] = (struct task_live){e->live_step, slots_number(&t->slots, e)};
}

static void render(struct haul_task *t, struct haul_entity *e)
{
    if (t->p->view == NULL || t->muted || t->ops == NULL) return;
    struct haul_json j;
    const struct haul_str id = {e->id, e->id_len};
    haul_ops_put_begin(t->ops, haul_str_of(t->p->entities[e->kind].noun), id, &j);
    haul_json_open(&j, '{');
    haul_json_kstr(&j, "id", id);
    haul_json_ktime(&j, "time", (struct haul_time){e->newest_ms > t->time.ms ? e->newest_ms : t->time.ms});
    t->p->view(t, e, &j);
    haul_json_close(&j, '}');
    haul_ops_put_end(t->ops);
}

void paint_entity(struct haul_task *t, struct haul_entity *e)
{
    e->painted_ms = t->time.ms;
    if (e->due[t->p->timers] != INT64_MAX) slots_timer_set(&t->slots, e, t->p->timers, INT64_MAX);
    t->core->count[COUNT_PAINTED]++;
    render(t, e);
    if (t->p->live == NULL || e->live_step > t->core->live_step) return;
    e->live_step = t->core->position.step;
    live_add(t, e);
}

void paint_held_back(struct haul_task *t, struct haul_entity *e)
{
    paint_entity(t, e);
}

void haul_task_paint_now(struct haul_task *t, struct haul_entity *e)
{
    e->flags |= SLOT_PAINT;
    (void)t;
}

void haul_task_paint(struct haul_task *t, struct haul_entity *e)
{
    const int64_t due = e->painted_ms == INT64_MIN ? INT64_MIN : e->painted_ms + t->options->settings.view_interval_ms;
    if (t->time.ms >= due)
        e->flags |= SLOT_PAINT;
    else if (e->due[t->p->timers] == INT64_MAX && !HAUL_MUTANT(LATE_PAINT_LEFT_OUT))
        slots_timer_set(&t->slots, e, t->p->timers, due);
}

void paint_erase(struct haul_task *t, const struct haul_entity *e)
{
    haul_task_erase(t, t->p->entities[e->kind].noun, (struct haul_str){e->id, e->id_len});
}

/* ---- documents, sets and streams of the processor's own ---- */
void haul_task_put(struct haul_task *t, const char *noun, struct haul_str id, struct haul_str json)
{
    if (t->muted || t->ops == NULL) return;
    struct haul_json j;
    haul_ops_put_begin(t->ops, haul_str_of(noun), id, &j);
    haul_json_raw(&j, json);
    haul_ops_put_end(t->ops);
}

static void add(struct haul_task *t, const struct haul_op_view *v)
{
    if (!t->muted && t->ops != NULL) haul_ops_add(t->ops, v);
}

void haul_task_erase(struct haul_task *t, const char *noun, struct haul_str id)
{
    char key[HAUL_ID_MAX + 40];
    const int n = snprintf(key, sizeof key, "%s:%.*s", noun, (int)id.n, id.p);
    assert(n > 0 && (size_t)n < sizeof key);
    add(t, &(struct haul_op_view){.op = HAUL_OP_ERASE, .key = {key, (size_t)n}});
}

void haul_task_zadd(struct haul_task *t, const char *key, struct haul_str member, int64_t score)
{
    add(t, &(struct haul_op_view){.op = HAUL_OP_ZADD, .key = haul_str_of(key), .a = member, .x = (uint64_t)score});
}

void haul_task_zrem(struct haul_task *t, const char *key, struct haul_str member)
{
    add(t, &(struct haul_op_view){.op = HAUL_OP_ZREM, .key = haul_str_of(key), .a = member});
}

/* A stream entry's id is (incarnation 2^48 + step)-ordinal: absolute, and rising with the log. */
static void stream_add(struct haul_task *t, struct haul_str key, const char *field, struct haul_str value,
                       uint32_t keep)
{
    const struct task_core *c = t->core;
    const uint64_t ordinal = t->stream_ordinal++;
    add(t, &(struct haul_op_view){.op = HAUL_OP_XADD,
                                  .aux = keep,
                                  .key = key,
                                  .a = value,
                                  .b = haul_str_of(field),
                                  .x = (c->incarnation << 48) + c->position.step,
                                  .y = ordinal});
}

void haul_task_xadd(struct haul_task *t, const char *key, struct haul_str json, uint32_t keep)
{
    stream_add(t, haul_str_of(key), "json", json, keep);
}

/* ---- the live stream: one packed delta an event second ---- */
static void live_entry(struct haul_buf *b, const struct haul_entity *e, const struct haul_live *l)
{
    const int32_t lon = (int32_t)haul_round_i64(l->lon_deg * 1e7), lat = (int32_t)haul_round_i64(l->lat_deg * 1e7);
    const uint16_t speed = (uint16_t)haul_round_i64(l->speed_mps * 100),
                   heading = (uint16_t)haul_round_i64(l->heading_deg * 100);
    haul_buf_byte(b, e->id_len);
    haul_buf_put(b, e->id, e->id_len);
    haul_buf_put(b, &lon, 4);
    haul_buf_put(b, &lat, 4);
    haul_buf_put(b, &speed, 2);
    haul_buf_put(b, &heading, 2);
    haul_buf_byte(b, l->state);
}

/* Layout: u8 version 1, i64 event time ms, then per entity u8 id length, id, i32 lon 1e-7 deg, i32 lat, u16 speed cm/s,
 * u16 heading 0.01 deg, u8 state; little-endian. */
void live_flush(struct haul_task *t)
{
    struct task_core *c = t->core;
    const int64_t second = c->newest_ms == INT64_MIN ? INT64_MIN : c->newest_ms / 1000;
    if (second <= c->live_second || t->p->live == NULL) return;
    c->live_second = second;
    struct haul_buf *b = &t->live_bytes;
    haul_buf_clear(b);
    haul_buf_byte(b, 1);
    haul_buf_put(b, &c->newest_ms, 8);
    bool any = false; /* what is on the list and has gone since would not be on it after a restore: it does not count */
    for (uint32_t i = 0; i < t->live_len; i++) {
        const struct haul_entity *e = live_of(t, &t->live[i]);
        struct haul_live l;
        if (e == NULL) continue;
        any = true;
        if (t->p->live(e, &l)) live_entry(b, e, &l);
    }
    t->live_len = 0;
    c->live_step = c->position.step;
    task_dirty(t, c, sizeof *c);
    if (!any || b->overflow) return;
    char key[64];
    const int n = snprintf(key, sizeof key, "live:%s:%u", haul_mailbox_row(t->name.mailbox)->name, t->name.partition);
    stream_add(t, (struct haul_str){key, (size_t)n}, "delta", (struct haul_str){(const char *)b->p, b->n},
               LIVE_ENTRIES_KEPT);
    t->stream_ordinal = 0; /* between two steps: it must not show in the ids of the next */
}

static int by_step(const void *a, const void *b)
{
    const struct haul_entity *x, *y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    if (x->live_step != y->live_step) return x->live_step < y->live_step ? -1 : 1;
    return slots_compare(x, y);
}

void live_rebuild(struct haul_task *t)
{
    t->live_len = 0;
    if (t->slots.used == 0 || HAUL_MUTANT(LIVE_NOT_REBUILT)) return;
    const struct haul_entity **moved = malloc(t->slots.used * sizeof(struct haul_entity *));
    assert(moved != NULL);
    size_t n = 0;
    for (uint32_t i = 0; i < t->slots.high; i++) {
        const struct haul_entity *e = slots_at(&t->slots, i);
        if (e->used && e->live_step > t->core->live_step) moved[n++] = e;
    }
    qsort(moved, n, sizeof *moved, by_step);
    for (size_t i = 0; i < n; i++) live_add(t, moved[i]);
    free(moved);
}
