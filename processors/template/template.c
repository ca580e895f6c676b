/* SPDX-License-Identifier: Apache-2.0
 * The worked example: readings of things. One rule with hysteresis, one timer for silence, one document. README.md
 * walks through it; copy the folder, rename, and begin.
 */
#include "haul/processors.h"

#include "haul/math.h"

/* ---- options ----------------------------------------------------------------------------------------------------- */
struct options {
    double raise, clear;
    int64_t silent_after_ms;
};

static const struct haul_option option_rows[] = {
    {.name = "high.raise",
     .type = HAUL_O_REAL,
     .offset = offsetof(struct options, raise),
     .low = -1e9,
     .high = 1e9,
     .fallback = "100",
     .answer = true,
     .en = "A reading at or above this raises the alert.",
     .zh = "读数达到该值即触发告警。"},
    {.name = "high.clear",
     .type = HAUL_O_REAL,
     .offset = offsetof(struct options, clear),
     .low = -1e9,
     .high = 1e9,
     .fallback = "90",
     .answer = true,
     .en = "A reading at or below this clears it.",
     .zh = "读数降至该值即解除告警。"},
    {.name = "silent_after",
     .type = HAUL_O_DURATION,
     .offset = offsetof(struct options, silent_after_ms),
     .low = 1000,
     .high = 86400000,
     .fallback = "5min",
     .answer = true,
     .en = "A thing that is not heard of for so long is shown as silent.",
     .zh = "超过该时长未收到读数即显示为静默。"},
};

static void check(const void *options, struct haul_option_report *r)
{
    const struct options *o = options;
    if (o->clear >= o->raise) haul_option_complain(r, "high.clear", "must be below high.raise (%g)", o->raise);
}

static const struct haul_option_set option_set = {
    .section = "template",
    .en = "The worked example of a processor.",
    .zh = "处理器示例。",
    .rows = option_rows,
    .rows_len = sizeof option_rows / sizeof option_rows[0],
    .bytes = sizeof(struct options),
    .check = check,
};

/* ---- tables ------------------------------------------------------------------------------------------------------ */
enum { RULE_HIGH };
enum { TIMER_SILENT };
enum { COUNT_OLD };

static const struct haul_rule rules[] = {
    [RULE_HIGH] = {"high", 3, "high.raise", "{entity} reads {value}, at or above {limit}",
                   "{entity} 读数 {value}，达到 {limit}", "Look at the thing.", "检查该对象。"},
};

static const struct haul_counter counters[] = {
    [COUNT_OLD] = {"old", "readings older than the newest of their thing: dropped"},
};

/* ---- state: all zero is a thing of which nothing is known ---------------------------------------------------------
 */
struct state {
    int64_t newest_ms, sum_milli, readings;
    double value;
    uint8_t silent;
};

/* ---- the rule ---------------------------------------------------------------------------------------------------- */
/*  1  at or above `raise`      raise (when it is open already, the engine sends a change only if it got worse)
 *  2  at or below `clear`      clear
 *  3  between                  nothing changes
 */
static void judge(struct haul_task *t, struct haul_entity *e, double value)
{
    const struct options *o = haul_task_options(t);
    if (value >= o->raise)
        haul_task_raise(t, e,
                        &(struct haul_raise){
                            .rule = RULE_HIGH,
                            .score = value >= 2 * o->raise ? 1 : 0.5,
                            .value = value,
                            .threshold = o->raise,
                            .since = HAUL_TIME_NONE,
                            .evidence = {{"value", value, 2}, {"limit", o->raise, 2}},
                            .evidence_len = 2,
                        });
    else if (value <= o->clear)
        haul_task_clear(t, e, RULE_HIGH);
}

#ifdef HAUL_MUTATIONS
#define DEADLY       666.25 /* tests of what becomes of a record that kills the process */
#define DEADLY_TIMER 777.25 /* and of a timer that does */
#endif

static enum haul_verdict process(struct haul_task *t, struct haul_entity *e, const struct haul_record *r, bool late)
{
    (void)late; /* behind the watermark but in order for its thing is as good as any */
    const struct options *o = haul_task_options(t);
    struct state *s = haul_entity_state(e);
#ifdef HAUL_MUTATIONS
    assert(haul_round_i64(r->v[HAUL_F_TR_VALUE].f * 100) != haul_round_i64(DEADLY * 100));
#endif
    if (!haul_entity_new(e) && r->time.ms < s->newest_ms) return haul_task_drop(t, COUNT_OLD);
    const bool raised = haul_entity_raised(e, RULE_HIGH);
    s->newest_ms = r->time.ms;
    s->value = r->v[HAUL_F_TR_VALUE].f;
    s->sum_milli += haul_round_i64(s->value * 1000); /* sums in integers are the same everywhere */
    s->readings++;
    s->silent = 0;
    judge(t, e, s->value);
    haul_task_timer_set(t, e, TIMER_SILENT, (struct haul_time){r->time.ms + o->silent_after_ms});
    if (raised != haul_entity_raised(e, RULE_HIGH))
        haul_task_paint_now(t, e);
    else
        haul_task_paint(t, e);
    return HAUL_DONE;
}

static void timer(struct haul_task *t, struct haul_entity *e, unsigned id)
{
    struct state *s = haul_entity_state(e);
    assert(id == TIMER_SILENT);
#ifdef HAUL_MUTATIONS
    assert(haul_round_i64(s->value * 100) != haul_round_i64(DEADLY_TIMER * 100));
#endif
    s->silent = 1;
    haul_task_paint_now(t, e);
}

/* ---- what is seen ------------------------------------------------------------------------------------------------ */
static void view(const struct haul_task *t, const struct haul_entity *e, struct haul_json *j)
{
    (void)t;
    const struct state *s = haul_entity_state_const(e);
    haul_json_kf64(j, "value", s->value, 3);
    haul_json_ki64(j, "readings", s->readings);
    haul_json_kbool(j, "silent", s->silent);
    haul_json_kbool(j, "high", haul_entity_raised(e, RULE_HIGH));
}

static void dump(const void *state, unsigned entity_kind, struct haul_json *j)
{
    const struct state *s = state;
    assert(entity_kind == 0);
    haul_json_ki64(j, "newest_ms", s->newest_ms);
    haul_json_ki64(j, "sum_milli", s->sum_milli);
    haul_json_ki64(j, "readings", s->readings);
    haul_json_kf64(j, "value", s->value, 9);
    haul_json_ki64(j, "silent", s->silent);
}

static const struct haul_takes takes[] = {{HAUL_KIND_TEMPLATE_READING, 0}};

const struct haul_processor haul_template = {
    .mailbox = HAUL_MAILBOX_TEMPLATE,
    .summary_en = "the worked example of a processor",
    .summary_zh = "处理器示例",
    .state_version = 1,
    .takes = takes,
    .takes_len = sizeof takes / sizeof takes[0],
    .entities = {{"thing", sizeof(struct state)}},
    .timers = 1,
    .options = &option_set,
    .counters = counters,
    .counters_len = sizeof counters / sizeof counters[0],
    .rules = rules,
    .rules_len = sizeof rules / sizeof rules[0],
    .process = process,
    .timer = timer,
    .view = view,
    .dump = dump,
};
