/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/actors.h"

#include "haul/math.h"

#include <stdio.h>

/* ---- tally ---- */
#define SILENCE_MS 8000
#define GONE_MS    60000
#define REGIONS    5

enum { TIMER_SILENCE, TIMER_GONE };
enum { THING, SHADOW };

/* Of a thing; of its shadow only count and sum. So large that a task's state is several blocks of a checkpoint, and a
 * step changes one or two of them. */
struct tally_state {
    int64_t count, sum, silent, late, fed;
    char bulk[7000];
};

static void give(struct haul_task *t, struct haul_str region, const struct haul_record *r)
{
    struct haul_record out;
    haul_record_init(&out, HAUL_KIND_TEMPLATE_READING, region, r->time);
    haul_set_f(&out, HAUL_F_TR_VALUE, r->v[HAUL_F_TR_VALUE].f);
    haul_task_emit(t, HAUL_MAILBOX_NETWORK, region, &out);
    haul_task_count(t, TALLY_GIVEN, 1);
}

/* A step that touches two entities, both of which move. */
static void add_to_shadow(struct haul_task *t, const struct haul_record *r, int64_t milli, bool late)
{
    char id[16], key[24], region[16];
    const struct haul_str shadow = {id, (size_t)snprintf(id, sizeof id, "x%.*s", (int)r->id.n, r->id.p)};
    const unsigned number = (unsigned char)r->id.p[r->id.n - 1] % REGIONS;
    struct haul_entity *e = haul_task_entity(t, SHADOW, shadow, true);
    if (e == NULL) return;
    snprintf(key, sizeof key, "seen:%s", id);
    struct tally_state *s = haul_entity_state(e);
    s->count++;
    s->sum += milli;
    if (s->count % 4 == 0) haul_task_xadd(t, key, shadow, 0);
    haul_task_paint(t, e);
    if (!late && r->time.ms >= haul_task_watermark(t).ms)
        give(t, (struct haul_str){region, (size_t)snprintf(region, sizeof region, "r%u", number)}, r);
}

static void judge(struct haul_task *t, struct haul_entity *e, double value)
{
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
}

static enum haul_verdict tally_process(struct haul_task *t, struct haul_entity *e, const struct haul_record *r,
                                       bool late)
{
    struct tally_state *s = haul_entity_state(e);
    const double value = r->v[HAUL_F_TR_VALUE].f;
    if (value == 666) return haul_task_refuse(t, "value", "the number of the beast");
    if (value == 0) return haul_task_drop(t, TALLY_ZERO);
    if (value < 0) {
        s->fed++;
        haul_task_count(t, TALLY_FEEDBACK, 1);
        haul_task_paint(t, e);
        return HAUL_DONE;
    }
    const int64_t silent = s->silent, milli = haul_round_i64(value * 1000);
    s->count++;
    s->sum += milli;
    s->late += late ? 1 : 0;
    s->silent = 0;
    haul_task_count(t, TALLY_MILLI, (uint64_t)milli);
    if (silent != 0) haul_task_paint_now(t, e);
    haul_task_timer_set(t, e, TIMER_SILENCE, (struct haul_time){r->time.ms + SILENCE_MS});
    haul_task_timer_set(t, e, TIMER_GONE, (struct haul_time){r->time.ms + GONE_MS});
    judge(t, e, value);
    haul_task_paint(t, e);
    add_to_shadow(t, r, milli, late);
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

static void tally_evicted(struct haul_task *t, struct haul_entity *e)
{
    char key[32];
    const struct haul_str id = haul_entity_id(e);
    snprintf(key, sizeof key, "evicted:%.*s", (int)id.n, id.p);
    haul_task_xadd(t, key, id, 20);
    haul_task_count(t, TALLY_EVICTED, 1);
}

static void tally_dump(const void *state, unsigned kind, struct haul_json *j)
{
    (void)kind;
    const struct tally_state *s = state;
    haul_json_ki64(j, "count", s->count);
    haul_json_ki64(j, "sum", s->sum);
    haul_json_ki64(j, "silent", s->silent);
    haul_json_ki64(j, "late", s->late);
    haul_json_ki64(j, "fed", s->fed);
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

static const struct haul_takes reading_takes[] = {{HAUL_KIND_TEMPLATE_READING, 0}};
static const uint8_t tally_gives[] = {HAUL_MAILBOX_NETWORK, 0};
static const struct haul_counter tally_counters[] = {
    [TALLY_ZERO] = {"zero", "readings of zero, which are not used"},
    [TALLY_MILLI] = {"milli", "sum of all readings, in thousandths"},
    [TALLY_FEEDBACK] = {"feedback", "records that a hub sent back"},
    [TALLY_GIVEN] = {"given", "readings given on to a hub"},
    [TALLY_EVICTED] = {"evicted", "things and shadows that the quota sent away"},
};
static const struct haul_rule tally_rules[] = {
    {"high", 3, "", "{entity} reads {value}", "{entity} 读数 {value}", "", ""}};

const struct haul_processor sim_tally = {
    .mailbox = HAUL_MAILBOX_TRAFFIC,
    .state_version = 1,
    .takes = reading_takes,
    .takes_len = 1,
    .gives = tally_gives,
    .entities = {{"thing", sizeof(struct tally_state)}, {"shadow", sizeof(struct tally_state)}},
    .timers = 2,
    .counters = tally_counters,
    .counters_len = TALLY_COUNTERS,
    .rules = tally_rules,
    .rules_len = 1,
    .process = tally_process,
    .timer = tally_timer,
    .evicted = tally_evicted,
    .view = tally_view,
    .live = tally_live,
    .dump = tally_dump,
};

/* ---- hub ---- */
#define WINDOW_MS 2000
#define IDLE_MS   20000
#define BUSY      100000

enum { TIMER_WINDOW, TIMER_IDLE };

struct hub_state {
    int64_t sum, last, windows, opened_ms;
};

static enum haul_verdict hub_process(struct haul_task *t, struct haul_entity *e, const struct haul_record *r, bool late)
{
    struct hub_state *s = haul_entity_state(e);
    (void)late;
    if (r->time.ms < haul_task_watermark(t).ms) haul_task_count(t, HUB_BEHIND, 1);
    if (s->opened_ms == 0) {
        s->opened_ms = r->time.ms - r->time.ms % WINDOW_MS;
        haul_task_timer_set(t, e, TIMER_WINDOW, (struct haul_time){s->opened_ms + WINDOW_MS});
    }
    s->sum += haul_round_i64(r->v[HAUL_F_TR_VALUE].f * 1000);
    haul_task_timer_set(t, e, TIMER_IDLE, (struct haul_time){r->time.ms + IDLE_MS});
    haul_task_paint(t, e);
    return HAUL_DONE;
}

static void feed_back(struct haul_task *t, const struct hub_state *s)
{
    char id[16];
    const struct haul_str thing = {id, (size_t)snprintf(id, sizeof id, "t%u", (unsigned)(s->last % 24))};
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_TEMPLATE_READING, thing, haul_task_time(t));
    haul_set_f(&r, HAUL_F_TR_VALUE, -1);
    haul_task_emit(t, HAUL_MAILBOX_TRAFFIC, thing, &r);
    haul_task_count(t, HUB_FED, 1);
}

static void hub_timer(struct haul_task *t, struct haul_entity *e, unsigned id)
{
    struct hub_state *s = haul_entity_state(e);
    if (id == TIMER_IDLE) {
        haul_task_remove(t, e);
        return;
    }
    s->last = s->sum;
    s->sum = s->opened_ms = 0;
    s->windows++;
    if (s->last > BUSY) {
        haul_task_raise(t, e,
                        &(struct haul_raise){.rule = 0,
                                             .score = 0.5,
                                             .value = (double)s->last,
                                             .threshold = BUSY,
                                             .since = {haul_task_time(t).ms - WINDOW_MS}});
        feed_back(t, s);
    } else {
        haul_task_clear(t, e, 0);
    }
    char key[32];
    const struct haul_str region = haul_entity_id(e);
    snprintf(key, sizeof key, "windows:%.*s", (int)region.n, region.p);
    haul_task_xadd(t, key, region, 50);
    haul_task_paint_now(t, e);
}

static void hub_dump(const void *state, unsigned kind, struct haul_json *j)
{
    (void)kind;
    const struct hub_state *s = state;
    haul_json_ki64(j, "sum", s->sum);
    haul_json_ki64(j, "last", s->last);
    haul_json_ki64(j, "windows", s->windows);
    haul_json_ki64(j, "opened_ms", s->opened_ms);
}

static void hub_view(const struct haul_task *t, const struct haul_entity *e, struct haul_json *j)
{
    (void)t;
    hub_dump(haul_entity_state_const(e), 0, j);
}

static const uint8_t hub_gives[] = {HAUL_MAILBOX_TRAFFIC, 0};
static const struct haul_counter hub_counters[] = {
    [HUB_BEHIND] = {"behind", "readings that came when time had already passed them"},
    [HUB_FED] = {"fed", "records sent back"},
};
static const struct haul_rule hub_rules[] = {{"busy", 2, "", "{entity} is busy", "{entity} 繁忙", "", ""}};

const struct haul_processor sim_hub = {
    .mailbox = HAUL_MAILBOX_NETWORK,
    .state_version = 1,
    .takes = reading_takes,
    .takes_len = 1,
    .gives = hub_gives,
    .entities = {{"region", sizeof(struct hub_state)}},
    .timers = 2,
    .counters = hub_counters,
    .counters_len = 2,
    .rules = hub_rules,
    .rules_len = 1,
    .process = hub_process,
    .timer = hub_timer,
    .view = hub_view,
    .dump = hub_dump,
};

/* ---- board ---- */
#define ESCALATE_MS 3000
#define CLOSED_MS   30000

enum { TIMER_ESCALATE, TIMER_CLOSED };

struct board_state {
    int64_t opens, changes, clears, escalated;
};

static void opened(struct haul_task *t, struct haul_entity *e, const struct haul_record *r)
{
    struct board_state *s = haul_entity_state(e);
    if (s->opens > 0) haul_task_count(t, BOARD_TWICE, 1);
    s->opens++;
    haul_task_zadd(t, "alerts:open", r->id, r->time.ms);
    haul_task_timer_set(t, e, TIMER_ESCALATE, (struct haul_time){r->time.ms + ESCALATE_MS});
}

static void cleared(struct haul_task *t, struct haul_entity *e, const struct haul_record *r)
{
    struct board_state *s = haul_entity_state(e);
    if (s->clears > 0) haul_task_count(t, BOARD_TWICE, 1);
    if (s->opens == 0) haul_task_count(t, BOARD_UNOPENED, 1);
    s->clears++;
    haul_task_zrem(t, "alerts:open", r->id);
    haul_task_timer_clear(t, e, TIMER_ESCALATE);
    haul_task_timer_set(t, e, TIMER_CLOSED, (struct haul_time){r->time.ms + CLOSED_MS});
}

static enum haul_verdict board_process(struct haul_task *t, struct haul_entity *e, const struct haul_record *r,
                                       bool late)
{
    (void)late;
    struct board_state *s = haul_entity_state(e);
    const struct haul_str action = r->v[HAUL_F_ALERT_ACTION].s;
    if (haul_str_eq(action, HAUL_STR("open")))
        opened(t, e, r);
    else if (haul_str_eq(action, HAUL_STR("clear")))
        cleared(t, e, r);
    else
        s->changes++;
    haul_task_xadd(t, "alerts", r->v[HAUL_F_ALERT_WHY_EN].s, 0);
    haul_task_paint_now(t, e);
    return HAUL_DONE;
}

static void board_timer(struct haul_task *t, struct haul_entity *e, unsigned id)
{
    struct board_state *s = haul_entity_state(e);
    if (id == TIMER_CLOSED) {
        haul_task_remove(t, e);
        return;
    }
    s->escalated++;
    haul_task_paint_now(t, e);
}

static void board_dump(const void *state, unsigned kind, struct haul_json *j)
{
    (void)kind;
    const struct board_state *s = state;
    haul_json_ki64(j, "opens", s->opens);
    haul_json_ki64(j, "changes", s->changes);
    haul_json_ki64(j, "clears", s->clears);
    haul_json_ki64(j, "escalated", s->escalated);
}

static void board_view(const struct haul_task *t, const struct haul_entity *e, struct haul_json *j)
{
    (void)t;
    board_dump(haul_entity_state_const(e), 0, j);
}

static const struct haul_takes board_takes[] = {{HAUL_KIND_ALERT, 0}};
static const struct haul_counter board_counters[] = {
    [BOARD_TWICE] = {"twice", "alerts that opened or closed a second time"},
    [BOARD_UNOPENED] = {"unopened", "alerts that closed without having opened"},
};

const struct haul_processor sim_board = {
    .mailbox = HAUL_MAILBOX_DESK,
    .state_version = 1,
    .takes = board_takes,
    .takes_len = 1,
    .entities = {{"alert", sizeof(struct board_state)}},
    .timers = 2,
    .counters = board_counters,
    .counters_len = 2,
    .process = board_process,
    .timer = board_timer,
    .view = board_view,
    .dump = board_dump,
};
