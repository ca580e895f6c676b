/* SPDX-License-Identifier: Apache-2.0
 * Alerts of one cause become one incident: a dead gateway is one alert, not a hundred thousand silences.
 *
 *   gathering   `members` alerts of the cause opened within `window`    open: an alert of its own opens; the members
 * leave the open set and refer to it open        another alert of the cause opens                        it joins at
 * once open        a member is worse than the incident                     the incident gets worse open        the last
 * member has closed                              gathering: the incident's alert closes gathering   empty, `keep` after
 * an incident                         it goes
 *
 * The list holds the oldest 32 members; the counts hold all. A list that is full while gathering loses its oldest,
 * which stays an alert of its own.
 */
#include "processors/desk/desk.h"

#include "haul/hash.h"

#include <stdio.h>

#define TOUCHES_MAX 400

struct cause_id {
    char text[33];
};

static struct cause_id id_of_cause(struct haul_str cause)
{
    struct cause_id id;
    haul_hash128_text(haul_xxh3_128(cause.p, cause.n), id.text);
    return id;
}

/* Another incident of the same cause has another alert. */
static struct cause_id id_of_alert(const struct desk_incident *s)
{
    char text[160];
    const int n = snprintf(text, sizeof text, "desk.incident|%.*s|%lld|%u", s->cause_len, s->cause,
                           (long long)s->opened_ms, s->openings);
    assert(n > 0 && (size_t)n < sizeof text);
    return id_of_cause((struct haul_str){text, (size_t)n});
}

static struct haul_entity *alert_of(struct desk_step *x, const struct desk_incident *s)
{
    return haul_task_entity(x->task, DESK_ALERT, (struct haul_str){s->alert, s->alert_len}, false);
}

/* ---- the list ---- */
static void unlist_at(struct desk_incident *s, uint32_t i)
{
    memmove(&s->member[i], &s->member[i + 1], (s->listed - i - 1) * sizeof s->member[0]);
    memset(&s->member[--s->listed], 0, sizeof s->member[0]);
}

static void list(struct desk_incident *s, struct haul_str id, int64_t opened_ms)
{
    if (s->listed == DESK_LISTED && s->is_open) return;
    if (s->listed == DESK_LISTED) unlist_at(s, 0);
    struct desk_member *m = &s->member[s->listed++];
    *m = (struct desk_member){.opened_ms = opened_ms, .id_len = (uint8_t)id.n};
    memcpy(m->id, id.p, id.n);
}

static void unlist(struct desk_incident *s, struct haul_str id)
{
    for (uint32_t i = 0; i < s->listed; i++)
        if (haul_str_eq(id, (struct haul_str){s->member[i].id, s->member[i].id_len})) {
            unlist_at(s, i);
            return;
        }
}

/* Either side: tasks that catch up tell of their alerts in an order that is not that of their times. */
static int64_t near(const struct desk_incident *s, int64_t at_ms, int64_t window_ms)
{
    int64_t n = 0;
    for (uint32_t i = 0; i < s->listed; i++)
        n += s->member[i].opened_ms >= at_ms - window_ms && s->member[i].opened_ms <= at_ms + window_ms;
    return n;
}

/* ---- the incident's alert ---- */
static void add_touched(struct haul_buf *b, const struct desk_alert *member)
{
    const struct haul_str entity = desk_text(member, DESK_X_ENTITY);
    if (b->n + 1 + entity.n > b->max) return;
    if (b->n > 0) haul_buf_byte(b, ',');
    haul_buf_str(b, entity);
}

/* Severity and score of the worst member, and what the members are about. */
static void sum_up(struct desk_step *x, const struct desk_incident *s, struct desk_alert *a, struct haul_buf *touches)
{
    a->severity = 4;
    for (uint32_t i = 0; i < s->listed; i++) {
        const struct haul_str id = {s->member[i].id, s->member[i].id_len};
        const struct haul_entity *e = haul_task_entity(x->task, DESK_ALERT, id, false);
        if (e == NULL) continue;
        const struct desk_alert *m = haul_entity_state_const(e);
        if (m->severity < a->severity) a->severity = m->severity;
        if (m->score > a->score) a->score = m->score;
        add_touched(touches, m);
    }
}

static void write_alert(struct desk_step *x, const struct desk_incident *s, struct desk_alert *a)
{
    uint8_t room[TOUCHES_MAX];
    struct haul_buf touches = {.p = room, .cap = sizeof room, .max = sizeof room};
    *a = (struct desk_alert){.opened_ms = x->now_ms, .since_ms = s->member[0].opened_ms, .changed_ms = x->now_ms};
    sum_up(x, s, a, &touches);
    a->is_incident = 1;
    a->threshold = (double)x->o->incident.members;
    a->members = s->members, a->members_ever = s->members_ever;
    struct haul_str text[DESK_TEXTS] = {{"", 0}};
    text[DESK_X_RULE] = HAUL_STR("desk.incident");
    text[DESK_X_ENTITY] = (struct haul_str){s->cause, s->cause_len};
    text[DESK_X_UNIT] = HAUL_STR("alerts");
    text[DESK_X_OPTION] = HAUL_STR("desk.incident.members");
    text[DESK_X_DO_EN] = HAUL_STR("Look at the common cause first; the members clear by themselves when it is mended.");
    text[DESK_X_DO_ZH] = HAUL_STR("先处置共同原因；原因消除后成员告警自行解除。");
    text[DESK_X_TOUCHES] = (struct haul_str){(const char *)room, touches.n};
    if (!desk_set_texts(a, text)) haul_task_count(x->task, DESK_CUT, 1);
}

static void refer(struct desk_alert *a, const struct desk_incident *s)
{
    memcpy(a->incident, s->alert, s->alert_len);
    a->incident_len = s->alert_len;
}

/* An alert that was there before the incident leaves the open set. */
static void join(struct desk_step *x, struct haul_entity *e, const struct desk_incident *s)
{
    refer(haul_entity_state(e), s);
    haul_task_timer_clear(x->task, e, DESK_T_ESCALATE);
    desk_place(x, e);
    desk_transition(x, e, DESK_W_JOINED);
}

static void open_incident(struct desk_step *x, struct desk_incident *s, struct haul_entity *newest)
{
    s->opened_ms = x->now_ms;
    s->openings++;
    const struct cause_id id = id_of_alert(s);
    struct haul_entity *alert = haul_task_entity(x->task, DESK_ALERT, haul_str_of(id.text), true);
    if (alert == NULL) return; /* no room: they stay alerts of their own */
    s->is_open = 1;
    s->members_ever = s->members;
    s->alert_len = sizeof id.text - 1;
    memcpy(s->alert, id.text, s->alert_len);
    write_alert(x, s, haul_entity_state(alert));
    desk_apply(x, alert, DESK_E_OPEN);
    desk_incidents_add(x, 1);
    for (uint32_t i = 0; i < s->listed; i++) {
        const struct haul_str member = {s->member[i].id, s->member[i].id_len};
        struct haul_entity *e = haul_task_entity(x->task, DESK_ALERT, member, false);
        if (e == newest)
            refer(haul_entity_state(e), s); /* its own opening is still to be told */
        else if (e != NULL)
            join(x, e, s);
    }
}

/* The incident's alert follows its members' number and severity. */
static void follow(struct desk_step *x, const struct desk_incident *s, const struct desk_alert *member)
{
    struct haul_entity *e = alert_of(x, s);
    if (e == NULL) return;
    struct desk_alert *a = haul_entity_state(e);
    a->members = s->members, a->members_ever = s->members_ever;
    if (member->score > a->score) a->score = member->score;
    haul_task_paint(x->task, e);
    if (member->severity >= a->severity || member->state == DESK_CLOSED) return;
    const uint8_t was = a->severity;
    a->severity = member->severity;
    desk_account(x, a, (enum desk_state)a->state, was);
    desk_apply(x, e, DESK_E_WORSE);
}

/* ---- members come and go ---- */
void desk_gather(struct desk_step *x, struct haul_entity *e)
{
    struct desk_alert *a = haul_entity_state(e);
    const struct haul_str cause = desk_text(a, DESK_X_CAUSE);
    if (cause.n == 0) return;
    const struct cause_id id = id_of_cause(cause);
    struct haul_entity *i = haul_task_entity(x->task, DESK_INCIDENT, haul_str_of(id.text), true);
    if (i == NULL) return;
    struct desk_incident *s = haul_entity_state(i);
    s->cause_len = (uint8_t)cause.n;
    memcpy(s->cause, cause.p, cause.n);
    s->members++;
    a->grouped = 1;
    list(s, haul_entity_id(e), a->opened_ms);
    haul_task_paint(x->task, i);
    if (s->is_open) {
        s->members_ever++;
        refer(a, s);
        follow(x, s, a);
    } else if (near(s, x->now_ms, x->o->incident.window_ms) >= x->o->incident.members) {
        open_incident(x, s, e);
        haul_task_paint_now(x->task, i);
    }
}

static void end_incident(struct desk_step *x, struct haul_entity *i, struct desk_incident *s)
{
    struct haul_entity *alert = alert_of(x, s);
    s->is_open = 0;
    s->alert_len = 0;
    if (alert != NULL) desk_apply(x, alert, DESK_E_CLEAR);
    desk_incidents_add(x, -1);
    haul_task_paint_now(x->task, i);
}

void desk_ungather(struct desk_step *x, struct haul_entity *e)
{
    struct desk_alert *a = haul_entity_state(e);
    if (!a->grouped) return;
    a->grouped = 0;
    const struct cause_id id = id_of_cause(desk_text(a, DESK_X_CAUSE));
    struct haul_entity *i = haul_task_entity(x->task, DESK_INCIDENT, haul_str_of(id.text), false);
    if (i == NULL) return;
    struct desk_incident *s = haul_entity_state(i);
    assert(s->members > 0);
    s->members--;
    unlist(s, haul_entity_id(e));
    haul_task_paint(x->task, i);
    if (s->is_open) follow(x, s, a);
    if (s->members > 0) return;
    if (s->is_open) end_incident(x, i, s);
    if (s->openings == 0)
        haul_task_remove(x->task, i);
    else
        haul_task_timer_set(x->task, i, DESK_T_KEEP, (struct haul_time){x->now_ms + x->o->keep_ms});
}

void desk_incident_forget(struct desk_step *x, struct haul_entity *e)
{
    const struct desk_incident *s = haul_entity_state_const(e);
    if (s->members == 0) haul_task_remove(x->task, e);
}
