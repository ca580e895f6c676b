/* SPDX-License-Identifier: Apache-2.0
 * What the desk counts in haul:desk:now: alerts by state, severity and rule, and whether they come in a flood.
 *
 *   calm     more than `per_minute` opened in the minute up to now     flood: its counts begin at zero
 *   flood    half of it or less, looked at every ten seconds           calm
 *
 * The minute up to now is the running one and the part of the one before that still lies in it, as if that one's had
 * been spread evenly.
 */
#include "processors/desk/desk.h"

#define MINUTE_MS 60000
#define LOOK_MS   10000
#define ENTRY_MAX 256

struct haul_entity *desk_totals_entity(struct desk_step *x)
{
    return haul_task_entity(x->task, DESK_TOTALS, HAUL_STR("now"), true);
}

static struct desk_totals *totals_of(struct desk_step *x, struct haul_entity **e)
{
    *e = desk_totals_entity(x);
    return *e == NULL ? NULL : haul_entity_state(*e);
}

/* ---- counts ---- */
static struct desk_rule_count *rule_of(struct desk_totals *t, struct haul_str rule)
{
    const struct haul_str name = {rule.p, desk_cut(rule, sizeof t->rule[0].name)};
    for (uint32_t i = 0; i < t->rules; i++)
        if (haul_str_eq(name, (struct haul_str){t->rule[i].name, t->rule[i].name_len})) return &t->rule[i];
    const bool last = t->rules == DESK_RULES - 1;
    if (t->rules == DESK_RULES) return &t->rule[DESK_RULES - 1];
    struct desk_rule_count *c = &t->rule[t->rules++];
    const struct haul_str kept = last ? HAUL_STR("others") : name;
    memcpy(c->name, kept.p, kept.n);
    c->name_len = (uint8_t)kept.n;
    return c;
}

static void count(struct desk_totals *t, struct haul_str rule, enum desk_state state, uint8_t severity, uint32_t step)
{
    if (state == DESK_NONE) return;
    t->alerts += step;
    t->by_state[state] += step;
    if (state == DESK_CLOSED) return;
    t->by_severity[severity - 1] += step;
    rule_of(t, rule)->open += step;
}

/* ---- flood ---- */
int64_t desk_rate(uint32_t last, uint32_t current, int64_t into_ms)
{
    assert(into_ms >= 0 && into_ms < MINUTE_MS);
    return current + (int64_t)last * (MINUTE_MS - into_ms) / MINUTE_MS;
}

static int64_t rate_at(struct desk_totals *t, int64_t now_ms)
{
    if (now_ms > t->newest_ms) t->newest_ms = now_ms;
    const int64_t minute = t->newest_ms / MINUTE_MS;
    if (minute != t->minute) {
        t->last_minute = minute == t->minute + 1 ? t->this_minute : 0;
        t->this_minute = 0;
        t->minute = minute;
    }
    const int64_t into_ms = t->newest_ms - minute * MINUTE_MS;
    return desk_rate(t->last_minute, t->this_minute, into_ms < 0 ? 0 : into_ms);
}

static void tell(struct desk_step *x, const char *what, int64_t rate)
{
    struct haul_buf b = {.p = haul_task_scratch(x->task, ENTRY_MAX), .cap = ENTRY_MAX, .max = ENTRY_MAX};
    if (b.p == NULL) return;
    struct haul_json j;
    haul_json_begin(&j, &b);
    haul_json_open(&j, '{');
    haul_json_ktime(&j, "time", (struct haul_time){x->now_ms});
    haul_json_kstr(&j, "what", haul_str_of(what));
    haul_json_ki64(&j, "opened_per_min", rate);
    haul_json_ki64(&j, "limit_per_min", x->o->flood.per_minute);
    haul_json_close(&j, '}');
    assert(!b.overflow);
    haul_task_xadd(x->task, "alerts", (struct haul_str){(const char *)b.p, b.n}, (uint32_t)x->o->stream_keep);
}

static void look_again(struct desk_step *x, struct haul_entity *e, const struct desk_totals *t)
{
    haul_task_timer_set(x->task, e, DESK_T_FLOOD, (struct haul_time){t->newest_ms + LOOK_MS});
}

static void begin_flood(struct desk_step *x, struct haul_entity *e, struct desk_totals *t, int64_t rate)
{
    t->flood = 1;
    t->flood_since_ms = t->newest_ms;
    t->flood_opened = 0;
    memset(t->flood_severity, 0, sizeof t->flood_severity);
    for (uint32_t i = 0; i < t->rules; i++) t->rule[i].in_flood = 0;
    tell(x, "flood_began", rate);
    look_again(x, e, t);
    haul_task_paint_now(x->task, e);
}

static void opened(struct desk_step *x, struct haul_entity *e, struct desk_totals *t, const struct desk_alert *a)
{
    t->opened++;
    rate_at(t, x->now_ms);
    t->this_minute++;
    const int64_t rate = rate_at(t, x->now_ms);
    if (!t->flood && rate > x->o->flood.per_minute) begin_flood(x, e, t, rate);
    if (!t->flood) return;
    t->flood_opened++;
    t->flood_severity[a->severity - 1]++;
    rule_of(t, desk_text(a, DESK_X_RULE))->in_flood++;
}

void desk_flood_timer(struct desk_step *x, struct haul_entity *e)
{
    struct desk_totals *t = haul_entity_state(e);
    if (!t->flood) return;
    const int64_t rate = rate_at(t, x->now_ms);
    if (rate > x->o->flood.per_minute / 2) {
        look_again(x, e, t);
        return;
    }
    t->flood = 0;
    tell(x, "flood_ended", rate);
    haul_task_paint_now(x->task, e);
}

/* ---- what the others call ---- */
void desk_account(struct desk_step *x, const struct desk_alert *a, enum desk_state state, uint8_t severity)
{
    struct haul_entity *e;
    struct desk_totals *t = totals_of(x, &e);
    if (t == NULL) return;
    const struct haul_str rule = desk_text(a, DESK_X_RULE);
    count(t, rule, (enum desk_state)a->state, a->severity, 1);
    count(t, rule, state, severity, UINT32_MAX); /* less one, modulo 2^32 */
    if (state == DESK_NONE) opened(x, e, t, a);
    if (a->state == DESK_CLOSED && state != DESK_CLOSED) t->closed++;
    haul_task_paint(x->task, e);
}

/* An alert may come with an incident, and has evidence and a place among the open ones, which the engine would leave
 * behind if it were the one to take an alert away: so it never comes to that. */
static uint32_t quota(const struct desk_step *x)
{
    const uint32_t max = haul_task_entities_max(x->task), half = max < 4 ? 1 : (max - 2) / 2;
    return x->o->quota < half ? (uint32_t)x->o->quota : half;
}

bool desk_full(struct desk_step *x)
{
    struct haul_entity *e;
    const struct desk_totals *t = totals_of(x, &e);
    return t == NULL || t->alerts >= quota(x);
}

bool desk_crowded(struct desk_step *x)
{
    struct haul_entity *e;
    const struct desk_totals *t = totals_of(x, &e);
    return t == NULL || t->alerts >= quota(x) / 10 * 9;
}

void desk_incidents_add(struct desk_step *x, int n)
{
    struct haul_entity *e;
    struct desk_totals *t = totals_of(x, &e);
    if (t == NULL) return;
    t->incidents += (uint32_t)n;
    haul_task_paint_now(x->task, e);
}
