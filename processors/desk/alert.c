/* SPDX-License-Identifier: Apache-2.0
 * One alert: its texts in one pool, its history, its place in the open set, its evidence.
 */
#include "processors/desk/desk.h"

#include <stdio.h>

#define STREAM_ENTRY_MAX 6144
#define EVIDENCE_MAX     (48 * 1024)

static const char *const what_names[DESK_WHATS] = {
    [DESK_W_OPENED] = "opened",       [DESK_W_CHANGED] = "changed",   [DESK_W_WORSE] = "worse",
    [DESK_W_CLOSED] = "closed",       [DESK_W_ACKED] = "acked",       [DESK_W_SHELVED] = "shelved",
    [DESK_W_RETURNED] = "returned",   [DESK_W_ASSIGNED] = "assigned", [DESK_W_NOTED] = "noted",
    [DESK_W_ESCALATED] = "escalated", [DESK_W_JOINED] = "joined",
};

static const char *const state_names[DESK_STATES] = {"none", "open", "acked", "shelved", "closed"};

const char *desk_what_name(unsigned what)
{
    assert(what < DESK_WHATS);
    return what_names[what];
}

const char *desk_state_name(unsigned state)
{
    assert(state < DESK_STATES);
    return state_names[state];
}

/* ---- texts ---- */
size_t desk_cut(struct haul_str text, size_t max)
{
    if (text.n <= max) return text.n;
    size_t n = max;
    while (n > 0 && ((uint8_t)text.p[n] & 0xc0) == 0x80) n--;
    return n;
}

struct haul_str desk_text(const struct desk_alert *a, enum desk_text text)
{
    const size_t from = text == 0 ? 0 : a->text_end[text - 1];
    return (struct haul_str){a->pool + from, a->text_end[text] - from};
}

bool desk_set_texts(struct desk_alert *a, const struct haul_str text[DESK_TEXTS])
{
    char pool[DESK_POOL] = {0};
    bool whole = true;
    size_t at = 0;
    for (size_t i = 0; i < DESK_TEXTS; i++) {
        const size_t n = desk_cut(text[i], DESK_POOL - at);
        whole = whole && n == text[i].n;
        if (n > 0) memcpy(pool + at, text[i].p, n);
        at += n;
        a->text_end[i] = (uint16_t)at;
    }
    memcpy(a->pool, pool, DESK_POOL);
    return whole;
}

static const struct {
    enum desk_text text;
    enum haul_field field;
} text_fields[] = {
    {DESK_X_RULE, HAUL_F_ALERT_RULE},     {DESK_X_ENTITY, HAUL_F_ALERT_ENTITY},   {DESK_X_UNIT, HAUL_F_ALERT_UNIT},
    {DESK_X_OPTION, HAUL_F_ALERT_OPTION}, {DESK_X_LOG, HAUL_F_ALERT_LOG},         {DESK_X_CAUSE, HAUL_F_ALERT_CAUSE},
    {DESK_X_WHY_EN, HAUL_F_ALERT_WHY_EN}, {DESK_X_WHY_ZH, HAUL_F_ALERT_WHY_ZH},   {DESK_X_DO_EN, HAUL_F_ALERT_DO_EN},
    {DESK_X_DO_ZH, HAUL_F_ALERT_DO_ZH},   {DESK_X_TOUCHES, HAUL_F_ALERT_TOUCHES},
};

/* A change does not move the alert to another rule, entity, cause or opening step. */
static bool fixed_text(enum desk_text text)
{
    return text == DESK_X_RULE || text == DESK_X_ENTITY || text == DESK_X_LOG || text == DESK_X_CAUSE;
}

static void fill_texts(struct desk_step *x, struct desk_alert *a, bool opening)
{
    struct haul_str text[DESK_TEXTS];
    for (size_t i = 0; i < DESK_TEXTS; i++) {
        const enum desk_text to = text_fields[i].text;
        const bool given = haul_has(x->r, text_fields[i].field) && (opening || !fixed_text(to));
        text[to] = given ? x->r->v[text_fields[i].field].s : opening ? (struct haul_str){"", 0} : desk_text(a, to);
    }
    if (!desk_set_texts(a, text)) haul_task_count(x->task, DESK_CUT, 1);
}

void desk_fill(struct desk_step *x, struct desk_alert *a, bool opening)
{
    const struct haul_record *r = x->r;
    a->severity = (uint8_t)r->v[HAUL_F_ALERT_SEVERITY].i;
    a->score = r->v[HAUL_F_ALERT_SCORE].f;
    if (haul_has(r, HAUL_F_ALERT_VALUE)) a->value = r->v[HAUL_F_ALERT_VALUE].f;
    if (haul_has(r, HAUL_F_ALERT_THRESHOLD)) a->threshold = r->v[HAUL_F_ALERT_THRESHOLD].f;
    if (haul_has(r, HAUL_F_ALERT_OPTIONS_VERSION)) a->options_version = (uint32_t)r->v[HAUL_F_ALERT_OPTIONS_VERSION].i;
    if (r->positioned) a->positioned = 1, a->lon_deg = r->lon_deg, a->lat_deg = r->lat_deg;
    if (opening) {
        a->opened_ms = x->now_ms;
        a->since_ms = r->v[HAUL_F_ALERT_SINCE].i;
    }
    a->changed_ms = x->now_ms;
    fill_texts(x, a, opening);
}

struct haul_str desk_why(const struct desk_alert *a, bool chinese, char room[DESK_WHY])
{
    if (!a->is_incident) return desk_text(a, chinese ? DESK_X_WHY_ZH : DESK_X_WHY_EN);
    const struct haul_str cause = desk_text(a, DESK_X_ENTITY);
    const int c = (int)cause.n;
    const long long from = (long long)a->threshold;
    const int n =
        chinese ? snprintf(room, DESK_WHY, "%u 条未关闭告警出自同一原因 %.*s（累计 %u 条；达 %lld 条合并）", a->members,
                           c, cause.p, a->members_ever, from)
                : snprintf(room, DESK_WHY, "%u open alerts share the cause %.*s (in all %u; grouped from %lld on)",
                           a->members, c, cause.p, a->members_ever, from);
    assert(n > 0 && n < DESK_WHY);
    return (struct haul_str){room, (size_t)n};
}

/* ---- history and stream ---- */
/* Full: the opening stays, the oldest of the others goes. */
static void remember(struct desk_step *x, struct desk_alert *a, enum desk_what what)
{
    if (a->history_len == DESK_HISTORY) {
        memmove(&a->history[1], &a->history[2], (DESK_HISTORY - 2) * sizeof a->history[0]);
        a->history_len--;
        a->history_more++;
    }
    struct desk_history *h = &a->history[a->history_len++];
    *h = (struct desk_history){.time_ms = x->now_ms, .what = (uint8_t)what};
    h->who_len = (uint8_t)desk_cut(x->who, sizeof h->who);
    if (h->who_len > 0) memcpy(h->who, x->who.p, h->who_len);
}

static void entry(const struct desk_step *x, const struct haul_entity *e, enum desk_what what, struct haul_json *j)
{
    const struct desk_alert *a = haul_entity_state_const(e);
    haul_json_open(j, '{');
    haul_json_kstr(j, "id", haul_entity_id(e));
    haul_json_ktime(j, "time", (struct haul_time){x->now_ms});
    haul_json_kstr(j, "what", haul_str_of(what_names[what]));
    haul_json_kstr(j, "state", haul_str_of(state_names[a->state]));
    haul_json_kstr(j, "rule", desk_text(a, DESK_X_RULE));
    haul_json_kstr(j, "entity", desk_text(a, DESK_X_ENTITY));
    haul_json_ki64(j, "severity", a->severity);
    haul_json_kf64(j, "score", a->score, 3);
    if (a->incident_len > 0) haul_json_kstr(j, "incident", (struct haul_str){a->incident, a->incident_len});
    if (x->who.n > 0) haul_json_kstr(j, "by", x->who);
    if (x->note.n > 0) haul_json_kstr(j, "note", x->note);
    if (what == DESK_W_OPENED || what == DESK_W_WORSE) {
        char room[DESK_WHY];
        haul_json_kstr(j, "why_en", desk_why(a, false, room));
        haul_json_kstr(j, "why_zh", desk_why(a, true, room));
    }
    haul_json_close(j, '}');
}

void desk_transition(struct desk_step *x, struct haul_entity *e, enum desk_what what)
{
    remember(x, haul_entity_state(e), what);
    haul_task_paint_now(x->task, e);
    struct haul_buf b = {
        .p = haul_task_scratch(x->task, STREAM_ENTRY_MAX), .cap = STREAM_ENTRY_MAX, .max = STREAM_ENTRY_MAX};
    if (b.p == NULL) return;
    struct haul_json j;
    haul_json_begin(&j, &b);
    entry(x, e, what, &j);
    if (b.overflow) return;
    haul_task_xadd(x->task, "alerts", (struct haul_str){(const char *)b.p, b.n}, (uint32_t)x->o->stream_keep);
}

/* ---- the open set ---- */
int64_t desk_score(uint8_t severity, int64_t opened_ms)
{
    /* 43 bits of milliseconds reach the year 2248, and the whole stays exact in the double that Redis keeps */
    const int64_t most = (1ll << 43) - 1, ms = opened_ms < 0 ? 0 : opened_ms > most ? most : opened_ms;
    return ((int64_t)severity << 43) | ms;
}

void desk_place(struct desk_step *x, struct haul_entity *e)
{
    struct desk_alert *a = haul_entity_state(e);
    const bool wanted = (a->state == DESK_OPEN || a->state == DESK_ACKED) && a->incident_len == 0;
    if (wanted)
        haul_task_zadd(x->task, "alerts:open", haul_entity_id(e), desk_score(a->severity, a->opened_ms));
    else if (a->in_set)
        haul_task_zrem(x->task, "alerts:open", haul_entity_id(e));
    a->in_set = wanted;
}

/* The record that opened the alert, whole: with the state and the record that `haul explain` needs. Not in the alert's
 * state, because it never changes. */
void desk_keep_evidence(struct desk_step *x, const struct haul_entity *e)
{
    if (!haul_has(x->r, HAUL_F_ALERT_STATE)) return;
    struct haul_buf b = {.p = haul_task_scratch(x->task, EVIDENCE_MAX), .cap = EVIDENCE_MAX, .max = EVIDENCE_MAX};
    if (b.p == NULL) return;
    struct haul_json j;
    haul_json_begin(&j, &b);
    haul_record_to_json(x->r, &j);
    if (!b.overflow) haul_task_put(x->task, "evidence", haul_entity_id(e), (struct haul_str){(const char *)b.p, b.n});
}
