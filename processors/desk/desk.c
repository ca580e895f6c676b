/* SPDX-License-Identifier: Apache-2.0
 * The desk: the one owner of all alerts. The files and the path of a record through them: desk.h.
 */
#include "processors/desk/desk.h"

#include "haul/processors.h"

const struct haul_counter desk_counters[DESK_COUNTERS] = {
    [DESK_DUPLICATE] = {"duplicate", "alerts that opened again under the same id: ignored"},
    [DESK_CLEAR_UNKNOWN] = {"clear_unknown", "clears of alerts that are not known: ignored"},
    [DESK_ACTION_UNKNOWN] = {"action_unknown", "operators' actions on alerts that are not known: ignored"},
    [DESK_USELESS] = {"useless", "events that mean nothing in the state of their alert: ignored"},
    [DESK_OVER_QUOTA] = {"over_quota", "alerts that were not taken because too many are kept"},
    [DESK_CUT] = {"cut", "alerts of which a text was cut to fit"},
};

static struct desk_step step_of(struct haul_task *t, const struct haul_record *r)
{
    return (struct desk_step){.task = t, .o = haul_task_options(t), .r = r, .now_ms = haul_task_time(t).ms};
}

static enum haul_verdict apply(struct desk_step *x, struct haul_entity *e, enum desk_event event)
{
    const struct desk_alert *a = haul_entity_state_const(e);
    const enum desk_state was = (enum desk_state)a->state;
    if (was == DESK_NONE && desk_move(was, event) != DESK_STATES && desk_full(x))
        return haul_task_drop(x->task, DESK_OVER_QUOTA);
    if (desk_apply(x, e, event)) return HAUL_DONE;
    return haul_task_drop(x->task, desk_useless(was, event));
}

static enum haul_verdict take_alert(struct desk_step *x, struct haul_entity *e)
{
    const struct desk_alert *a = haul_entity_state_const(e);
    const struct haul_str action = x->r->v[HAUL_F_ALERT_ACTION].s;
    const bool worse = a->state != DESK_NONE && x->r->v[HAUL_F_ALERT_SEVERITY].i < a->severity;
    if (haul_str_eq(action, HAUL_STR("open"))) {
        const enum haul_verdict v = apply(x, e, DESK_E_OPEN);
        if (v == HAUL_DONE) desk_keep_evidence(x, e);
        return v;
    }
    if (haul_str_eq(action, HAUL_STR("change"))) return apply(x, e, worse ? DESK_E_WORSE : DESK_E_CHANGE);
    if (haul_str_eq(action, HAUL_STR("clear"))) return apply(x, e, DESK_E_CLEAR);
    return haul_task_refuse(x->task, "action", "expected open, change or clear");
}

/*  1  an action that is not known                  quarantined
 *  2  assign without `to`, note without text       quarantined
 *  3  else                                         an event of the alert; a note goes with any of them
 */
static enum haul_verdict take_action(struct desk_step *x, struct haul_entity *e)
{
    static const struct {
        const char *what;
        enum desk_event event;
    } actions[] = {{"ack", DESK_E_ACK},
                   {"shelve", DESK_E_SHELVE},
                   {"unshelve", DESK_E_UNSHELVE},
                   {"assign", DESK_E_ASSIGN},
                   {"note", DESK_E_NOTE}};
    x->who = x->r->v[HAUL_F_ACTION_WHO].s;
    if (haul_has(x->r, HAUL_F_ACTION_NOTE)) x->note = x->r->v[HAUL_F_ACTION_NOTE].s;
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (!haul_str_eq(x->r->v[HAUL_F_ACTION_WHAT].s, haul_str_of(actions[i].what))) continue;
        if (actions[i].event == DESK_E_ASSIGN && x->r->v[HAUL_F_ACTION_TO].s.n == 0)
            return haul_task_refuse(x->task, "to", "is needed to assign an alert");
        if (actions[i].event == DESK_E_NOTE && x->note.n == 0)
            return haul_task_refuse(x->task, "note", "is needed for a note");
        return apply(x, e, actions[i].event);
    }
    return haul_task_refuse(x->task, "what", "expected ack, shelve, unshelve, assign or note");
}

static enum haul_verdict process(struct haul_task *t, struct haul_entity *e, const struct haul_record *r, bool late)
{
    (void)late; /* an alert that is raised late is an alert all the same */
    struct desk_step x = step_of(t, r);
    return r->kind == HAUL_KIND_ALERT ? take_alert(&x, e) : take_action(&x, e);
}

static void timer(struct haul_task *t, struct haul_entity *e, unsigned id)
{
    struct desk_step x = step_of(t, NULL);
    switch ((enum desk_timer)id) {
    case DESK_T_ESCALATE:
        desk_apply(&x, e, DESK_E_ESCALATE);
        break;
    case DESK_T_SHELF:
        desk_apply(&x, e, DESK_E_UNSHELVE);
        break;
    case DESK_T_FLOOD:
        desk_flood_timer(&x, e);
        break;
    case DESK_T_KEEP:
        if (haul_entity_kind(e) == DESK_ALERT)
            desk_forget(&x, e);
        else
            desk_incident_forget(&x, e);
        break;
    case DESK_TIMERS:
        assert(false);
    }
}

static const struct haul_takes takes[] = {{HAUL_KIND_ALERT, DESK_ALERT}, {HAUL_KIND_ACTION, DESK_ALERT}};

const struct haul_processor haul_desk = {
    .mailbox = HAUL_MAILBOX_DESK,
    .whole = true,
    .summary_en = "every alert, opened, changed and closed once, grouped by cause, in one order",
    .summary_zh = "全部告警：各自开启、变更、关闭一次，按原因合并，统一排序",
    .state_version = 1,
    .takes = takes,
    .takes_len = sizeof takes / sizeof takes[0],
    .entities = {[DESK_ALERT] = {"alert", sizeof(struct desk_alert)},
                 [DESK_INCIDENT] = {"incident", sizeof(struct desk_incident)},
                 [DESK_TOTALS] = {"desk", sizeof(struct desk_totals)}},
    .timers = DESK_TIMERS,
    .options = &desk_option_set,
    .counters = desk_counters,
    .counters_len = DESK_COUNTERS,
    .process = process,
    .timer = timer,
    .view = desk_view,
    .dump = desk_dump,
};
