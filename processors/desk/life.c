/* SPDX-License-Identifier: Apache-2.0
 * The life of an alert. Invariants: it opens once and closes once; an id that has closed never opens again while it is
 * kept; only an open or acknowledged alert that is no member of an open incident stands in the open set; the timer of
 * escalation runs only while it is open and no member, the timer of the shelf only while it is shelved, the timer of
 * keeping only when it is closed.
 *
 *              open      change    clear    ack     shelve    unshelve   assign, note   escalate   worse
 *   none       open      open      -        -       -         -          -              -          open
 *   open       -         open      closed   acked   shelved   -          open           open       open
 *   acked      -         acked     closed   -       shelved   -          acked          -          open
 *   shelved    -         shelved   closed   -       shelved   open       shelved        -          shelved
 *   closed     -         -         -        -       -         -          closed         -          -
 *
 * "-" means nothing there and is counted. An alert that was acknowledged before it was shelved returns acknowledged.
 */
#include "processors/desk/desk.h"

#define NO DESK_STATES

static const uint8_t moves[DESK_STATES][DESK_EVENTS] = {
    /* open, change, clear, ack, shelve, unshelve, assign, note, escalate, worse */
    [DESK_NONE] = {DESK_OPEN, DESK_OPEN, NO, NO, NO, NO, NO, NO, NO, DESK_OPEN},
    [DESK_OPEN] = {NO, DESK_OPEN, DESK_CLOSED, DESK_ACKED, DESK_SHELVED, NO, DESK_OPEN, DESK_OPEN, DESK_OPEN,
                   DESK_OPEN},
    [DESK_ACKED] = {NO, DESK_ACKED, DESK_CLOSED, NO, DESK_SHELVED, NO, DESK_ACKED, DESK_ACKED, NO, DESK_OPEN},
    [DESK_SHELVED] = {NO, DESK_SHELVED, DESK_CLOSED, NO, DESK_SHELVED, DESK_OPEN, DESK_SHELVED, DESK_SHELVED, NO,
                      DESK_SHELVED},
    [DESK_CLOSED] = {NO, NO, NO, NO, NO, NO, DESK_CLOSED, DESK_CLOSED, NO, NO},
};

enum desk_state desk_move(enum desk_state state, enum desk_event event)
{
    assert(state < DESK_STATES && event < DESK_EVENTS);
    return (enum desk_state)moves[state][event];
}

static int64_t timers_from(const struct desk_step *x)
{
    const struct haul_time mark = haul_task_watermark(x->task);
    return mark.ms > x->now_ms ? mark.ms : x->now_ms;
}

static void set_timer(struct desk_step *x, struct haul_entity *e, enum desk_timer timer, int64_t after_ms)
{
    haul_task_timer_set(x->task, e, timer, (struct haul_time){timers_from(x) + after_ms});
}

/* ---- what the states do when they are entered ---- */
static void run_timers(struct desk_step *x, struct haul_entity *e, enum desk_state was)
{
    const struct desk_alert *a = haul_entity_state_const(e);
    const bool waits = a->state == DESK_OPEN && a->incident_len == 0;
    if (waits && was != DESK_OPEN) set_timer(x, e, DESK_T_ESCALATE, x->o->escalate_ms[a->severity - 1]);
    if (!waits) haul_task_timer_clear(x->task, e, DESK_T_ESCALATE);
    if (a->state != DESK_SHELVED) haul_task_timer_clear(x->task, e, DESK_T_SHELF);
}

static void close_it(struct desk_step *x, struct haul_entity *e)
{
    struct desk_alert *a = haul_entity_state(e);
    a->closed_ms = x->now_ms;
    set_timer(x, e, DESK_T_KEEP, desk_crowded(x) ? 0 : x->o->keep_ms);
}

static void shelve(struct desk_step *x, struct haul_entity *e)
{
    struct desk_alert *a = haul_entity_state(e);
    int64_t for_ms = x->r->v[HAUL_F_ACTION_FOR].i;
    if (for_ms <= 0) for_ms = x->o->shelve.fallback_ms;
    if (for_ms > x->o->shelve.longest_ms) for_ms = x->o->shelve.longest_ms;
    a->shelved_until_ms = timers_from(x) + for_ms;
    haul_task_timer_set(x->task, e, DESK_T_SHELF, (struct haul_time){a->shelved_until_ms});
}

static void take_note(struct desk_step *x, struct desk_alert *a)
{
    a->note_len = (uint8_t)desk_cut(x->note, sizeof a->note);
    memcpy(a->note, x->note.p, a->note_len);
}

static void assign(struct desk_step *x, struct desk_alert *a)
{
    const struct haul_str to = x->r->v[HAUL_F_ACTION_TO].s;
    assert(to.n <= sizeof a->assigned);
    memcpy(a->assigned, to.p, to.n);
    a->assigned_len = (uint8_t)to.n;
}

/* The part of an event that is its own; gives what history and stream say of it. */
static enum desk_what carry_out(struct desk_step *x, struct haul_entity *e, enum desk_event event, enum desk_state was)
{
    struct desk_alert *a = haul_entity_state(e);
    switch (event) {
    case DESK_E_OPEN:
        return DESK_W_OPENED;
    case DESK_E_CHANGE:
        return was == DESK_NONE ? DESK_W_OPENED : DESK_W_CHANGED;
    case DESK_E_WORSE:
        a->acked = a->state != DESK_OPEN && a->acked;
        return was == DESK_NONE ? DESK_W_OPENED : DESK_W_WORSE;
    case DESK_E_CLEAR:
        close_it(x, e);
        return DESK_W_CLOSED;
    case DESK_E_ACK:
        a->acked = 1;
        return DESK_W_ACKED;
    case DESK_E_SHELVE:
        shelve(x, e);
        return DESK_W_SHELVED;
    case DESK_E_UNSHELVE:
        a->shelved_until_ms = 0;
        return DESK_W_RETURNED;
    case DESK_E_ASSIGN:
        assign(x, a);
        return DESK_W_ASSIGNED;
    case DESK_E_NOTE:
        return DESK_W_NOTED;
    case DESK_E_ESCALATE:
        a->escalated = 1;
        return DESK_W_ESCALATED;
    case DESK_EVENTS:
        break;
    }
    assert(false);
    return DESK_W_CHANGED;
}

enum desk_counter desk_useless(enum desk_state state, enum desk_event event)
{
    if (state == DESK_NONE) return event == DESK_E_CLEAR ? DESK_CLEAR_UNKNOWN : DESK_ACTION_UNKNOWN;
    return event == DESK_E_OPEN ? DESK_DUPLICATE : DESK_USELESS;
}

bool desk_apply(struct desk_step *x, struct haul_entity *e, enum desk_event event)
{
    struct desk_alert *a = haul_entity_state(e);
    const enum desk_state was = (enum desk_state)a->state;
    const uint8_t severity_was = a->severity;
    enum desk_state next = desk_move(was, event);
    if (next == DESK_STATES) return false;
    if (event == DESK_E_UNSHELVE && a->acked) next = DESK_ACKED;
    const bool alert = x->r != NULL && x->r->kind == HAUL_KIND_ALERT && !a->is_incident;
    if (alert && event != DESK_E_CLEAR) desk_fill(x, a, was == DESK_NONE);
    if (event == DESK_E_CHANGE || event == DESK_E_WORSE) a->changes += was != DESK_NONE;
    a->state = (uint8_t)next;
    const enum desk_what what = carry_out(x, e, event, was);
    if (x->note.n > 0) take_note(x, a);
    desk_account(x, a, was, severity_was);
    if (was == DESK_NONE) desk_gather(x, e);
    run_timers(x, e, event == DESK_E_WORSE ? DESK_NONE : was);
    desk_place(x, e);
    desk_transition(x, e, what);
    if (next == DESK_CLOSED && was != DESK_CLOSED) desk_ungather(x, e);
    return true;
}

void desk_forget(struct desk_step *x, struct haul_entity *e)
{
    struct desk_alert *a = haul_entity_state(e);
    const enum desk_state was = (enum desk_state)a->state;
    a->state = DESK_NONE;
    desk_account(x, a, was, a->severity);
    haul_task_erase(x->task, "evidence", haul_entity_id(e));
    haul_task_remove(x->task, e);
}
