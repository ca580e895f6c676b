/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/actors.h"

#include "haul/math.h"

#define SILENCE_MS 8000
#define GONE_MS    60000

/* ---- tally ---- */
enum { TIMER_SILENCE, TIMER_GONE };
enum { DROPPED_ZERO, SUM_MILLI };

static enum haul_verdict tally_process(struct haul_task *t, struct haul_entity *e, const struct haul_record *r,
                                       bool late)
{
    struct tally_state *s = haul_entity_state(e);
    const double value = r->v[HAUL_F_TR_VALUE].f;
    if (value == 666) return haul_task_refuse(t, "value", "the number of the beast");
    if (value == 0) return haul_task_drop(t, DROPPED_ZERO);
    const int64_t silent = s->silent;
    s->count++;
    s->sum += haul_round_i64(value * 1000);
    s->late += late ? 1 : 0;
    haul_task_count(t, SUM_MILLI, (uint64_t)haul_round_i64(value * 1000));
    s->silent = 0;
    if (silent != 0) haul_task_paint_now(t, e);
    haul_task_timer_set(t, e, TIMER_SILENCE, (struct haul_time){r->time.ms + SILENCE_MS});
    haul_task_timer_set(t, e, TIMER_GONE, (struct haul_time){r->time.ms + GONE_MS});
    if (value > 90)
        haul_task_raise(t, e,
                        &(struct haul_raise){.rule = 0,
                                             .score = value / 100,
                                             .value = value,
                                             .threshold = 90,
                                             .unit = "",
                                             .since = HAUL_TIME_NONE,
                                             .evidence = {{"value", value, 1}},
                                             .evidence_len = 1});
    else if (value < 80)
        haul_task_clear(t, e, 0);
    haul_task_paint(t, e);
    return HAUL_DONE;
}

static void tally_timer(struct haul_task *t, struct haul_entity *e, unsigned id)
{
    struct tally_state *s = haul_entity_state(e);
    if (id == TIMER_GONE) {
        haul_task_remove(t, e);
        return;
    }
    s->silent = 1 + (int64_t)haul_rng_below(haul_task_rng(t), 1000);
    haul_task_paint_now(t, e);
}

static void tally_dump(const void *state, unsigned kind, struct haul_json *j)
{
    (void)kind;
    const struct tally_state *s = state;
    haul_json_ki64(j, "count", s->count);
    haul_json_ki64(j, "sum", s->sum);
    haul_json_ki64(j, "silent", s->silent);
    haul_json_ki64(j, "late", s->late);
}

static void tally_view(const struct haul_task *t, const struct haul_entity *e, struct haul_json *j)
{
    (void)t;
    tally_dump(haul_entity_state_const(e), 0, j);
}

static bool tally_live(const struct haul_entity *e, struct haul_live *out)
{
    const struct tally_state *s = haul_entity_state_const(e);
    *out = (struct haul_live){.lon_deg = (double)s->count / 1000, .lat_deg = 1};
    return true;
}

static const struct haul_takes tally_takes[] = {{HAUL_KIND_TEMPLATE_READING, 0}};
static const struct haul_counter tally_counters[] = {{"zero", "readings of zero, which are not used"},
                                                     {"milli", "sum of all readings, in thousandths"}};
static const struct haul_rule tally_rules[] = {
    {"high", 3, "", "{entity} reads {value}", "{entity} 读数 {value}", "", ""}};

const struct haul_processor sim_tally = {
    .mailbox = HAUL_MAILBOX_TEMPLATE,
    .state_version = 1,
    .takes = tally_takes,
    .takes_len = 1,
    .entities = {{"thing", sizeof(struct tally_state)}},
    .timers = 2,
    .counters = tally_counters,
    .counters_len = 2,
    .rules = tally_rules,
    .rules_len = 1,
    .process = tally_process,
    .timer = tally_timer,
    .view = tally_view,
    .live = tally_live,
    .dump = tally_dump,
};

/* ---- board ---- */
static enum haul_verdict board_process(struct haul_task *t, struct haul_entity *e, const struct haul_record *r,
                                       bool late)
{
    (void)late;
    struct board_state *s = haul_entity_state(e);
    if (r->kind == HAUL_KIND_ACTION) {
        s->actions++;
        haul_task_paint_now(t, e);
        return HAUL_DONE;
    }
    const struct haul_str action = r->v[HAUL_F_ALERT_ACTION].s;
    if (haul_str_eq(action, HAUL_STR("open"))) {
        s->opens++;
        haul_task_zadd(t, "alerts:open", r->id, r->time.ms);
    } else if (haul_str_eq(action, HAUL_STR("clear"))) {
        s->clears++;
        haul_task_zrem(t, "alerts:open", r->id);
    } else {
        s->changes++;
    }
    haul_task_xadd(t, "alerts", r->v[HAUL_F_ALERT_WHY_EN].s, 0);
    haul_task_paint_now(t, e);
    return HAUL_DONE;
}

static void board_dump(const void *state, unsigned kind, struct haul_json *j)
{
    (void)kind;
    const struct board_state *s = state;
    haul_json_ki64(j, "opens", s->opens);
    haul_json_ki64(j, "changes", s->changes);
    haul_json_ki64(j, "clears", s->clears);
    haul_json_ki64(j, "actions", s->actions);
}

static void board_view(const struct haul_task *t, const struct haul_entity *e, struct haul_json *j)
{
    (void)t;
    board_dump(haul_entity_state_const(e), 0, j);
}

static const struct haul_takes board_takes[] = {{HAUL_KIND_ALERT, 0}, {HAUL_KIND_ACTION, 0}};

const struct haul_processor sim_board = {
    .mailbox = HAUL_MAILBOX_DESK,
    .state_version = 1,
    .takes = board_takes,
    .takes_len = 2,
    .entities = {{"alert", sizeof(struct board_state)}},
    .process = board_process,
    .view = board_view,
    .dump = board_dump,
};
