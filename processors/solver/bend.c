/* SPDX-License-Identifier: Apache-2.0
 * Limits that give way.
 */
#include "processors/solver/bend.h"

#include "processors/solver/state.h"

/* The copy is one block: the breaks, then the windows of all of them. */
void bend_own_breaks(struct haul_vrp_vehicle *v)
{
    size_t windows = 0;
    for (int32_t i = 0; i < v->breaks_n; i++) windows += (size_t)v->breaks[i].windows_n;
    const size_t breaks = (size_t)v->breaks_n * sizeof(struct haul_break);
    uint8_t *block = need(breaks + windows * sizeof(struct haul_window), 1);
    struct haul_break *to = (struct haul_break *)(void *)block;
    struct haul_window *window = (struct haul_window *)(void *)(block + breaks);
    for (int32_t i = 0; i < v->breaks_n; i++) {
        const struct haul_break *from = &v->breaks[i];
        to[i] = *from;
        to[i].windows = window;
        for (int32_t w = 0; w < from->windows_n; w++) *window++ = from->windows[w];
    }
    v->breaks = to;
}

static struct haul_break *own_break(const struct haul_vrp_vehicle *v, int32_t i)
{
    return (struct haul_break *)(uintptr_t)&v->breaks[i];
}

void bend_free_breaks(struct haul_vrp_vehicle *v)
{
    free(own_break(v, 0));
    v->breaks = NULL;
}

static void bend_last_window(struct model *m, int32_t task, int64_t by)
{
    struct node *n = &m->nodes[task];
    n->close += by;
    if (n->win_n > 0) m->windows[n->win + n->win_n - 1].close += by;
}

static void bend_break(const struct haul_break *b, int64_t by)
{
    struct haul_window *last = (struct haul_window *)(uintptr_t)&b->windows[b->windows_n - 1];
    last->close += by;
}

void bend_limit(struct model *m, struct haul_vrp_vehicle *v, const struct haul_fault *f, int64_t by)
{
    switch (f->kind) {
    case HAUL_FAULT_TOO_LATE:
        bend_last_window(m, f->task, by);
        break;
    case HAUL_FAULT_SHIFT_END:
        v->shift.close += by;
        break;
    case HAUL_FAULT_DISTANCE:
        v->distance_max += by;
        break;
    case HAUL_FAULT_TRAVEL:
        v->travel_max += by;
        break;
    case HAUL_FAULT_DURATION:
        v->duration_max += by;
        break;
    case HAUL_FAULT_TASKS:
        v->tasks_max += (int32_t)by;
        break;
    case HAUL_FAULT_BREAK:
        bend_break(&v->breaks[f->dim], by);
        break;
    case HAUL_FAULT_BREAK_LOAD:
        for (int32_t i = 0; i < v->breaks_n; i++) own_break(v, i)->load_max[f->dim] += by;
        break;
    case HAUL_FAULT_DRIVING_DAY:
        v->rule.drive_day_max += by;
        break;
    case HAUL_FAULT_ENERGY:
        v->energy_max += by;
        break;
    case HAUL_FAULT_EXPOSURE:
        m->nodes[f->task].exposure_max += by;
        break;
    case HAUL_FAULT_LOAD:
    case HAUL_FAULT_SKILLS:
    case HAUL_FAULT_FROZEN:
        break;
    }
}
