/* SPDX-License-Identifier: Apache-2.0
 * haul:alert:<id>, haul:incident:<cause> and haul:desk:now, and what `haul dump` shows of them.
 */
#include "processors/desk/desk.h"

static const char *const severity_names[] = {"red", "orange", "yellow", "blue"};

static void known_text(struct haul_json *j, const char *name, struct haul_str text)
{
    if (text.n > 0) haul_json_kstr(j, name, text);
}

static void known_time(struct haul_json *j, const char *name, int64_t ms)
{
    if (ms != 0) haul_json_ktime(j, name, (struct haul_time){ms});
}

/* ---- an alert ---- */
static void why(const struct desk_alert *a, struct haul_json *j)
{
    char room[DESK_WHY];
    known_text(j, "why_en", desk_why(a, false, room));
    known_text(j, "why_zh", desk_why(a, true, room));
    haul_json_kf64(j, "value", a->is_incident ? a->members : a->value, 6);
    if (a->is_incident) {
        haul_json_ki64(j, "members_open", a->members);
        haul_json_ki64(j, "members_ever", a->members_ever);
    }
    haul_json_kf64(j, "threshold", a->threshold, 6);
    known_text(j, "unit", desk_text(a, DESK_X_UNIT));
    known_text(j, "option", desk_text(a, DESK_X_OPTION));
    if (a->options_version > 0) haul_json_ki64(j, "options_version", a->options_version);
    known_text(j, "do_en", desk_text(a, DESK_X_DO_EN));
    known_text(j, "do_zh", desk_text(a, DESK_X_DO_ZH));
}

static void touches(const struct desk_alert *a, struct haul_json *j)
{
    const struct haul_str all = desk_text(a, DESK_X_TOUCHES);
    haul_json_name(j, "touches");
    haul_json_open(j, '[');
    for (size_t from = 0; from < all.n;) {
        const char *comma = memchr(all.p + from, ',', all.n - from);
        const size_t to = comma == NULL ? all.n : (size_t)(comma - all.p);
        if (to > from) haul_json_str(j, (struct haul_str){all.p + from, to - from});
        from = to + 1;
    }
    haul_json_close(j, ']');
}

static void history(const struct desk_alert *a, struct haul_json *j)
{
    haul_json_name(j, "history");
    haul_json_open(j, '[');
    for (uint8_t i = 0; i < a->history_len; i++) {
        const struct desk_history *h = &a->history[i];
        haul_json_open(j, '{');
        haul_json_ktime(j, "time", (struct haul_time){h->time_ms});
        haul_json_kstr(j, "what", haul_str_of(desk_what_name(h->what)));
        known_text(j, "by", (struct haul_str){h->who, h->who_len});
        haul_json_close(j, '}');
    }
    haul_json_close(j, ']');
    if (a->history_more > 0) haul_json_ki64(j, "history_more", a->history_more);
}

static void alert_fields(const struct desk_alert *a, struct haul_json *j)
{
    haul_json_kstr(j, "state", haul_str_of(desk_state_name(a->state)));
    haul_json_kstr(j, "rule", desk_text(a, DESK_X_RULE));
    haul_json_kstr(j, "entity", desk_text(a, DESK_X_ENTITY));
    haul_json_ki64(j, "severity", a->severity);
    haul_json_kstr(j, "severity_name", haul_str_of(a->severity > 0 ? severity_names[a->severity - 1] : "none"));
    haul_json_kf64(j, "score", a->score, 3);
    haul_json_ktime(j, "since", (struct haul_time){a->since_ms});
    haul_json_ktime(j, "opened", (struct haul_time){a->opened_ms});
    haul_json_ktime(j, "changed", (struct haul_time){a->changed_ms});
    known_time(j, "closed", a->closed_ms);
    known_time(j, "shelved_until", a->shelved_until_ms);
    haul_json_kbool(j, "escalated", a->escalated);
    haul_json_ki64(j, "changes", a->changes);
    if (a->positioned) {
        haul_json_kf64(j, "lon_deg", a->lon_deg, 7);
        haul_json_kf64(j, "lat_deg", a->lat_deg, 7);
    }
    why(a, j);
    touches(a, j);
    known_text(j, "cause", desk_text(a, DESK_X_CAUSE));
    known_text(j, "incident", (struct haul_str){a->incident, a->incident_len});
    known_text(j, "log", desk_text(a, DESK_X_LOG));
    known_text(j, "assigned", (struct haul_str){a->assigned, a->assigned_len});
    known_text(j, "note", (struct haul_str){a->note, a->note_len});
    history(a, j);
}

/* ---- an incident ---- */
static void incident_fields(const struct desk_incident *s, struct haul_json *j)
{
    haul_json_kstr(j, "cause", (struct haul_str){s->cause, s->cause_len});
    haul_json_kstr(j, "state", haul_str_of(s->is_open ? "open" : "gathering"));
    if (s->openings > 0) haul_json_ktime(j, "opened", (struct haul_time){s->opened_ms});
    known_text(j, "alert", (struct haul_str){s->alert, s->alert_len});
    haul_json_ki64(j, "members_open", s->members);
    haul_json_ki64(j, "members_ever", s->members_ever);
    haul_json_ki64(j, "openings", s->openings);
    haul_json_name(j, "members");
    haul_json_open(j, '[');
    for (uint32_t i = 0; i < s->listed; i++) {
        haul_json_open(j, '{');
        haul_json_kstr(j, "alert", (struct haul_str){s->member[i].id, s->member[i].id_len});
        haul_json_ktime(j, "opened", (struct haul_time){s->member[i].opened_ms});
        haul_json_close(j, '}');
    }
    haul_json_close(j, ']');
}

/* ---- the totals ---- */
static void by_severity(struct haul_json *j, const char *name, const uint32_t count[4])
{
    haul_json_name(j, name);
    haul_json_open(j, '{');
    for (size_t i = 0; i < 4; i++) haul_json_ki64(j, severity_names[i], count[i]);
    haul_json_close(j, '}');
}

static void by_rule(const struct desk_totals *t, struct haul_json *j)
{
    haul_json_name(j, "rules");
    haul_json_open(j, '[');
    for (uint32_t i = 0; i < t->rules; i++) {
        haul_json_open(j, '{');
        haul_json_kstr(j, "rule", (struct haul_str){t->rule[i].name, t->rule[i].name_len});
        haul_json_ki64(j, "open", t->rule[i].open);
        if (t->flood) haul_json_ki64(j, "in_flood", t->rule[i].in_flood);
        haul_json_close(j, '}');
    }
    haul_json_close(j, ']');
}

static void totals_fields(const struct desk_totals *t, struct haul_json *j)
{
    haul_json_ki64(j, "alerts", t->alerts);
    for (unsigned i = DESK_OPEN; i < DESK_STATES; i++) haul_json_ki64(j, desk_state_name(i), t->by_state[i]);
    by_severity(j, "severity", t->by_severity);
    haul_json_ki64(j, "incidents_open", t->incidents);
    haul_json_ki64(j, "opened_ever", (int64_t)t->opened);
    haul_json_ki64(j, "closed_ever", (int64_t)t->closed);
    haul_json_kbool(j, "flood", t->flood);
    if (t->flood) {
        haul_json_ktime(j, "flood_since", (struct haul_time){t->flood_since_ms});
        haul_json_ki64(j, "flood_opened", t->flood_opened);
        by_severity(j, "flood_severity", t->flood_severity);
    }
    by_rule(t, j);
}

void desk_view(const struct haul_task *t, const struct haul_entity *e, struct haul_json *j)
{
    (void)t;
    switch ((enum desk_entity)haul_entity_kind(e)) {
    case DESK_ALERT:
        alert_fields(haul_entity_state_const(e), j);
        break;
    case DESK_INCIDENT:
        incident_fields(haul_entity_state_const(e), j);
        break;
    case DESK_TOTALS:
        totals_fields(haul_entity_state_const(e), j);
        break;
    }
}

/* ---- dump: what the documents leave out, too ---- */
static void totals_rest(const struct desk_totals *t, struct haul_json *j)
{
    haul_json_ki64(j, "newest_ms", t->newest_ms);
    haul_json_ki64(j, "minute", t->minute);
    haul_json_ki64(j, "this_minute", t->this_minute);
    haul_json_ki64(j, "last_minute", t->last_minute);
}

void desk_dump(const void *state, unsigned entity_kind, struct haul_json *j)
{
    switch ((enum desk_entity)entity_kind) {
    case DESK_ALERT: {
        const struct desk_alert *a = state;
        alert_fields(a, j);
        haul_json_kbool(j, "acked", a->acked);
        haul_json_kbool(j, "in_set", a->in_set);
        haul_json_kbool(j, "grouped", a->grouped);
        break;
    }
    case DESK_INCIDENT:
        incident_fields(state, j);
        break;
    case DESK_TOTALS:
        totals_fields(state, j);
        totals_rest(state, j);
        break;
    }
}
