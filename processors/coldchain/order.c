/* SPDX-License-Identifier: Apache-2.0
 * Puts a unit's samples in order: each waits until the watermark has passed it. So a sample that comes late, but within
 * the lateness, changes the answer as if it had come in time, and nothing behind this file knows of disorder. One that
 * is later still is taken if its own probe has not been followed beyond it: a logger that uploads what it kept is in
 * order for itself.
 */
#include "processors/coldchain/coldchain.h"

static bool before(const struct cold_held *a, const struct cold_held *b)
{
    if (a->ms != b->ms) return a->ms < b->ms;
    if (a->has != 0 && b->has != 0) return a->probe < b->probe;
    return a->has == 0 && b->has != 0; /* events first */
}

static void set_timer(struct cold_step *x)
{
    int64_t due_ms = cold_next_departure(x->u);
    if (x->u->held_len > 0) due_ms = cold_least(due_ms, x->u->held[0].ms);
    if (due_ms == INT64_MAX)
        haul_task_timer_clear(x->task, x->entity, COLD_T_RELEASE);
    else
        haul_task_timer_set(x->task, x->entity, COLD_T_RELEASE, (struct haul_time){due_ms});
}

static void release_one(struct cold_step *x)
{
    struct cold_unit *u = x->u;
    const struct cold_held first = u->held[0];
    u->held_len--;
    memmove(&u->held[0], &u->held[1], u->held_len * sizeof u->held[0]);
    memset(&u->held[u->held_len], 0, sizeof u->held[0]);
    cold_take(x, &first);
}

static bool too_old(const struct cold_unit *u, const struct cold_held *item)
{
    if (item->has != 0) return item->ms <= u->probe[item->probe].ms;
    return item->ms < u->zone[item->zone].event_ms;
}

static bool is_held(const struct cold_unit *u, const struct cold_held *item)
{
    for (size_t i = 0; i < u->held_len; i++)
        if (item->has != 0 && u->held[i].has != 0 && u->held[i].ms == item->ms && u->held[i].probe == item->probe)
            return true;
    return false;
}

bool cold_hold(struct cold_step *x, const struct cold_held *item)
{
    struct cold_unit *u = x->u;
    if (too_old(u, item) || is_held(u, item)) {
        u->disordered++;
        return false;
    }
    if (u->held_len == COLD_HELD) {
        u->hurried++;
        haul_task_count(x->task, COLD_C_HURRIED, 1);
        release_one(x);
    }
    size_t at = u->held_len;
    while (at > 0 && before(item, &u->held[at - 1])) at--;
    memmove(&u->held[at + 1], &u->held[at], (u->held_len - at) * sizeof u->held[0]);
    u->held[at] = *item;
    u->held_len++;
    return true;
}

void cold_settle(struct cold_step *x, int64_t to_ms)
{
    while (x->u->held_len > 0 && x->u->held[0].ms <= to_ms) release_one(x);
    cold_depart(x, to_ms);
    set_timer(x);
}
