/* SPDX-License-Identifier: Apache-2.0
 * Layer: domain-desk
 * What the files of the desk share. The desk is the one owner of every alert: of its document haul:alert:<id>, of the
 * set of open ones haul:alerts:open and of the stream of transitions haul:alerts. Three kinds of entity: an alert; an
 * incident, which gathers the alerts of one cause; and one that counts, haul:desk:now.
 *
 * The path of a record: desk.c reads it as an event of one alert; life.c has the table of what an event does in each
 * state and carries it out; alert.c keeps the alert's texts and its history; incident.c gathers; totals.c counts and
 * finds floods; view.c shows.
 */
#ifndef HAUL_DESK_DESK_H
#define HAUL_DESK_DESK_H

#include "haul/processor.h"

struct desk_options {
    int64_t keep_ms, quota, stream_keep;
    int64_t escalate_ms[4]; /* by severity, red first */
    struct {
        int64_t fallback_ms, longest_ms;
    } shelve;
    struct {
        int64_t members, window_ms;
    } incident;
    struct {
        int64_t per_minute;
    } flood;
};
extern const struct haul_option_set desk_option_set;

enum desk_entity { DESK_ALERT, DESK_INCIDENT, DESK_TOTALS };
enum desk_timer { DESK_T_ESCALATE, DESK_T_SHELF, DESK_T_KEEP, DESK_T_FLOOD, DESK_TIMERS };

enum desk_counter {
    DESK_DUPLICATE,      /* opened again under the same id: ignored */
    DESK_CLEAR_UNKNOWN,  /* clear of an alert that is not known */
    DESK_ACTION_UNKNOWN, /* an operator's action on an alert that is not known */
    DESK_USELESS,        /* an event that means nothing in the alert's state */
    DESK_OVER_QUOTA,     /* not taken: too many alerts */
    DESK_CUT,            /* a text was cut to fit */
    DESK_COUNTERS
};
extern const struct haul_counter desk_counters[DESK_COUNTERS];

/* ---- the state of an alert ---- */
enum desk_state { DESK_NONE, DESK_OPEN, DESK_ACKED, DESK_SHELVED, DESK_CLOSED, DESK_STATES };

enum desk_event {
    DESK_E_OPEN,
    DESK_E_CHANGE,
    DESK_E_CLEAR,
    DESK_E_ACK,
    DESK_E_SHELVE,
    DESK_E_UNSHELVE, /* by an operator, or because its time is over */
    DESK_E_ASSIGN,
    DESK_E_NOTE,
    DESK_E_ESCALATE, /* its time without an acknowledgement is over */
    DESK_E_WORSE,    /* a change to a worse severity */
    DESK_EVENTS
};

/* What history and stream say. */
enum desk_what {
    DESK_W_OPENED,
    DESK_W_CHANGED,
    DESK_W_WORSE,
    DESK_W_CLOSED,
    DESK_W_ACKED,
    DESK_W_SHELVED,
    DESK_W_RETURNED,
    DESK_W_ASSIGNED,
    DESK_W_NOTED,
    DESK_W_ESCALATED,
    DESK_W_JOINED,
    DESK_WHATS
};

enum desk_text {
    DESK_X_RULE,
    DESK_X_ENTITY,
    DESK_X_UNIT,
    DESK_X_OPTION,
    DESK_X_LOG,
    DESK_X_CAUSE,
    DESK_X_WHY_EN,
    DESK_X_WHY_ZH,
    DESK_X_DO_EN,
    DESK_X_DO_ZH,
    DESK_X_TOUCHES,
    DESK_TEXTS
};

#define DESK_POOL    1280
#define DESK_HISTORY 16
#define DESK_NOTE    200

struct desk_history {
    int64_t time_ms;
    uint8_t what, who_len;
    char who[22]; /* cut */
};

struct desk_alert {
    int64_t opened_ms, since_ms, changed_ms, closed_ms, shelved_until_ms;
    double score, value, threshold, lon_deg, lat_deg;
    uint32_t options_version, changes, history_more;
    uint32_t members, members_ever; /* of an incident: open ones, and all since it opened */
    uint16_t text_end[DESK_TEXTS];  /* text i lies in pool[text_end[i-1] .. text_end[i]) */
    uint8_t state, severity, positioned, escalated, acked, in_set, grouped, is_incident;
    uint8_t history_len, assigned_len, note_len, incident_len;
    char assigned[64], note[DESK_NOTE], incident[HAUL_ID_MAX];
    struct desk_history history[DESK_HISTORY];
    char pool[DESK_POOL];
};

/* ---- the state of an incident ---- */
#define DESK_LISTED 32

struct desk_member {
    int64_t opened_ms;
    uint8_t id_len;
    char id[HAUL_ID_MAX];
};

/* Gathers the alerts of one cause. While it is not open they are alerts like all others. */
struct desk_incident {
    int64_t opened_ms;
    uint32_t members, members_ever, openings, listed;
    uint8_t is_open, cause_len, alert_len;
    char cause[96], alert[HAUL_ID_MAX];
    struct desk_member member[DESK_LISTED]; /* the oldest first */
};

/* ---- what is counted ---- */
#define DESK_RULES 52

struct desk_rule_count {
    uint8_t name_len;
    char name[39];
    uint32_t open, in_flood;
};

struct desk_totals {
    int64_t newest_ms, flood_since_ms, minute;
    uint64_t opened, closed;
    uint32_t alerts;                   /* documents, closed ones included */
    uint32_t by_state[DESK_STATES];    /* of them */
    uint32_t by_severity[4];           /* not closed, red first */
    uint32_t incidents;                /* open ones */
    uint32_t this_minute, last_minute; /* opened */
    uint32_t flood_opened, flood_severity[4];
    uint32_t rules;
    uint8_t flood;
    struct desk_rule_count rule[DESK_RULES]; /* the last place is for all that found none */
};

/* ---- one step ---- */
struct desk_step {
    struct haul_task *task;
    const struct desk_options *o;
    const struct haul_record *r; /* NULL in a timer */
    int64_t now_ms;
    struct haul_str who, note; /* of an operator */
};

/* alert.c */
struct haul_str desk_text(const struct desk_alert *a, enum desk_text text);
/* Replaces all texts, each cut at a character when the pool is full; false when one was. They may lie in the pool. */
bool desk_set_texts(struct desk_alert *a, const struct haul_str text[DESK_TEXTS]);
void desk_fill(struct desk_step *x, struct desk_alert *a, bool opening);
/* Why, in English or Chinese; of an incident from its numbers, which change with every member, written into `room`. */
#define DESK_WHY 400
struct haul_str desk_why(const struct desk_alert *a, bool chinese, char room[DESK_WHY]);
/* At most max bytes of text, not within a character. */
size_t desk_cut(struct haul_str text, size_t max);
/* Writes a transition into the alert's history and onto the stream. */
void desk_transition(struct desk_step *x, struct haul_entity *e, enum desk_what what);
const char *desk_what_name(unsigned what);
const char *desk_state_name(unsigned state);
/* Order of the open set: severity, then the time of opening. */
int64_t desk_score(uint8_t severity, int64_t opened_ms);
/* Puts the alert into the open set or takes it out, as its state wants. */
void desk_place(struct desk_step *x, struct haul_entity *e);
void desk_keep_evidence(struct desk_step *x, const struct haul_entity *e);

/* life.c */
/* The state after an event, or DESK_STATES: the event means nothing in this state. */
enum desk_state desk_move(enum desk_state state, enum desk_event event);
/* Why an event that means nothing in a state is dropped. */
enum desk_counter desk_useless(enum desk_state state, enum desk_event event);
/* Carries an event out. False: it means nothing in the alert's state. */
bool desk_apply(struct desk_step *x, struct haul_entity *e, enum desk_event event);
void desk_forget(struct desk_step *x, struct haul_entity *e);

/* incident.c */
void desk_gather(struct desk_step *x, struct haul_entity *e);
void desk_ungather(struct desk_step *x, struct haul_entity *e);
void desk_incident_forget(struct desk_step *x, struct haul_entity *e);

/* totals.c */
struct haul_entity *desk_totals_entity(struct desk_step *x);
/* The alert was in `state` with `severity` and is now as `a` says; DESK_NONE before it is and after it goes. */
void desk_account(struct desk_step *x, const struct desk_alert *a, enum desk_state state, uint8_t severity);
bool desk_full(struct desk_step *x);    /* at the quota */
bool desk_crowded(struct desk_step *x); /* at nine tenths of it */
void desk_incidents_add(struct desk_step *x, int n);
void desk_flood_timer(struct desk_step *x, struct haul_entity *e);
/* Openings in the minute up to now, from those of the running minute and of the one before. */
int64_t desk_rate(uint32_t last, uint32_t current, int64_t into_ms);

/* view.c */
void desk_view(const struct haul_task *t, const struct haul_entity *e, struct haul_json *j);
void desk_dump(const void *state, unsigned entity_kind, struct haul_json *j);

#endif
