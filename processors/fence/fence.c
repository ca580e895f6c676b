/* SPDX-License-Identifier: Apache-2.0
 * The fences: who is inside each, and what has happened at it. Vehicles of every partition of the fleet enter one
 * fence, and a key in Redis has one owner: so the fleet's tasks tell of each transition by a sequenced record to the
 * task that owns the fence, and that task alone paints haul:fence:<id>. The geometry is the fleet's; nothing of it is
 * known here.
 *
 * A transition is taken once and in its vehicle's order, so that the number inside is exact: entered less left. The
 * list of who is inside holds the first MEMBERS_MAX that fit in its room; what does not fit is counted and not listed.
 */
#include "haul/processors.h"

#include <string.h>

#define MEMBERS_MAX 256
#define ROOM        3600 /* bytes of the list: 256 ids of 9 bytes, or fewer of longer ones */
#define MEMBER_HEAD 5    /* length of the id, seconds since it entered began, both before the id */
#define NAME_MAX    96

/* ---- options -------------------------------------------------------------------------------------------------------
 */
struct options {
    int64_t keep_ms;
};

static const struct haul_option option_rows[] = {
    {.name = "keep",
     .type = HAUL_O_DURATION,
     .offset = offsetof(struct options, keep_ms),
     .low = 60000,
     .high = 365 * HAUL_MS_D,
     .fallback = "7d",
     .answer = true,
     .en = "A fence that nobody is in and at which nothing has happened for so long is forgotten, with its totals.",
     .zh = "围栏内无车辆且超过该时长无任何事件时移除，其累计数一并删除。"},
};

static const struct haul_option_set option_set = {
    .section = "fence",
    .en = "Fences: who is inside.",
    .zh = "电子围栏：围栏内车辆。",
    .rows = option_rows,
    .rows_len = sizeof option_rows / sizeof option_rows[0],
    .bytes = sizeof(struct options),
};

/* ---- tables --------------------------------------------------------------------------------------------------------
 */
enum { TIMER_KEEP, TIMERS };
enum { COUNT_UNLISTED, COUNT_AGAIN, COUNT_UNMATCHED, COUNTERS };

static const struct haul_counter counters[COUNTERS] = {
    [COUNT_UNLISTED] = {"unlisted", "vehicles that entered and did not fit in the list of who is inside"},
    [COUNT_AGAIN] = {"again", "vehicles that entered and were inside already: not counted twice"},
    [COUNT_UNMATCHED] = {"unmatched", "vehicles that left a fence in which nobody was"},
};

/* ---- state: all zero is a fence of which nothing is known ----------------------------------------------------------
 */
struct state {
    int64_t newest_ms;
    int64_t entered, left, crossed, approached, overstayed, inside;
    int64_t longest_ms; /* of the stays that are over */
    uint32_t list_len;  /* bytes of the list in use */
    uint16_t listed;
    uint8_t name_len, inclusive;
    char name[NAME_MAX];
    uint8_t list[ROOM]; /* per member: length of the id, u32 seconds since 1970, the id; in the order of entering */
};
_Static_assert(sizeof(struct state) <= 4096, "a fence's state is kept as evidence whole");

/* ---- the list ------------------------------------------------------------------------------------------------------
 */
struct member {
    uint32_t at, bytes, since_s;
    struct haul_str id;
};

static struct member member_at(const struct state *s, uint32_t at)
{
    struct member m = {.at = at, .id = {(const char *)s->list + at + MEMBER_HEAD, s->list[at]}};
    m.bytes = MEMBER_HEAD + s->list[at];
    memcpy(&m.since_s, s->list + at + 1, 4);
    return m;
}

static bool find(const struct state *s, struct haul_str vehicle, struct member *out)
{
    for (uint32_t at = 0; at < s->list_len; at += out->bytes) {
        *out = member_at(s, at);
        if (haul_str_eq(out->id, vehicle)) return true;
    }
    return false;
}

static bool list_add(struct state *s, struct haul_str vehicle, int64_t since_ms)
{
    const uint32_t bytes = MEMBER_HEAD + (uint32_t)vehicle.n, since_s = (uint32_t)(since_ms / 1000);
    if (s->listed == MEMBERS_MAX || bytes > ROOM - s->list_len) return false;
    uint8_t *to = s->list + s->list_len;
    to[0] = (uint8_t)vehicle.n;
    memcpy(to + 1, &since_s, 4);
    memcpy(to + MEMBER_HEAD, vehicle.p, vehicle.n);
    s->list_len += bytes;
    s->listed++;
    return true;
}

static void list_drop(struct state *s, const struct member *m)
{
    const uint32_t end = m->at + m->bytes;
    memmove(s->list + m->at, s->list + end, s->list_len - end);
    s->list_len -= m->bytes;
    memset(s->list + s->list_len, 0, m->bytes);
    s->listed--;
}

/* ---- transitions ---------------------------------------------------------------------------------------------------
 */
/*  1  listed already            its stay begins anew; nobody more is inside
 *  2  fits                      listed, one more inside
 *  3  does not fit              one more inside, not listed
 */
static void enter(struct haul_task *t, struct state *s, struct haul_str vehicle, int64_t since_ms)
{
    struct member m;
    s->entered++;
    if (find(s, vehicle, &m)) {
        list_drop(s, &m);
        haul_task_count(t, COUNT_AGAIN, 1);
    } else {
        s->inside++;
    }
    if (!list_add(s, vehicle, since_ms)) haul_task_count(t, COUNT_UNLISTED, 1);
}

static void leave(struct haul_task *t, struct state *s, struct haul_str vehicle, int64_t stay_ms)
{
    struct member m;
    if (s->inside == 0) {
        haul_task_count(t, COUNT_UNMATCHED, 1);
        return;
    }
    if (find(s, vehicle, &m)) list_drop(s, &m);
    s->inside--;
    s->left++;
    if (stay_ms > s->longest_ms) s->longest_ms = stay_ms;
}

static void keep_name(struct state *s, const struct haul_record *r)
{
    if (!haul_has(r, HAUL_F_FT_NAME)) return;
    const struct haul_str name = r->v[HAUL_F_FT_NAME].s;
    assert(name.n <= NAME_MAX); /* the record's table has the same bound */
    memset(s->name, 0, sizeof s->name);
    memcpy(s->name, name.p, name.n);
    s->name_len = (uint8_t)name.n;
    s->inclusive = r->v[HAUL_F_FT_INCLUSIVE].i != 0;
}

static enum haul_verdict process(struct haul_task *t, struct haul_entity *e, const struct haul_record *r, bool late)
{
    (void)late; /* a vehicle's transitions come in its own order, and no other order matters */
    const struct options *o = haul_task_options(t);
    struct state *s = haul_entity_state(e);
    const struct haul_str what = r->v[HAUL_F_FT_WHAT].s, vehicle = r->v[HAUL_F_FT_VEHICLE].s;
    const int64_t since_ms = haul_has(r, HAUL_F_FT_SINCE) ? r->v[HAUL_F_FT_SINCE].i : r->time.ms;
    if (haul_str_eq(what, HAUL_STR("enter")))
        enter(t, s, vehicle, since_ms);
    else if (haul_str_eq(what, HAUL_STR("exit")))
        leave(t, s, vehicle, r->time.ms - since_ms);
    else if (haul_str_eq(what, HAUL_STR("cross")))
        s->crossed++;
    else if (haul_str_eq(what, HAUL_STR("approach")))
        s->approached++;
    else if (haul_str_eq(what, HAUL_STR("dwell")))
        s->overstayed++;
    else
        return haul_task_refuse(t, "what", "expected enter, exit, cross, approach or dwell");
    keep_name(s, r);
    if (r->time.ms > s->newest_ms) s->newest_ms = r->time.ms;
    haul_task_timer_set(t, e, TIMER_KEEP, (struct haul_time){s->newest_ms + o->keep_ms});
    haul_task_paint_now(t, e);
    return HAUL_DONE;
}

static void timer(struct haul_task *t, struct haul_entity *e, unsigned id)
{
    const struct options *o = haul_task_options(t);
    const struct state *s = haul_entity_state_const(e);
    assert(id == TIMER_KEEP);
    if (s->inside == 0)
        haul_task_remove(t, e);
    else
        haul_task_timer_set(t, e, TIMER_KEEP, (struct haul_time){haul_task_time(t).ms + o->keep_ms});
}

/* ---- what is seen --------------------------------------------------------------------------------------------------
 */
static void members(const struct state *s, struct haul_json *j)
{
    haul_json_name(j, "vehicles");
    haul_json_open(j, '[');
    struct member m;
    for (uint32_t at = 0; at < s->list_len; at += m.bytes) {
        m = member_at(s, at);
        haul_json_open(j, '{');
        haul_json_kstr(j, "id", m.id);
        haul_json_ktime(j, "since", (struct haul_time){(int64_t)m.since_s * 1000});
        haul_json_close(j, '}');
    }
    haul_json_close(j, ']');
}

static void totals(const struct state *s, struct haul_json *j)
{
    haul_json_ki64(j, "inside", s->inside);
    haul_json_ki64(j, "entered", s->entered);
    haul_json_ki64(j, "left", s->left);
    haul_json_ki64(j, "crossed", s->crossed);
    haul_json_ki64(j, "approached", s->approached);
    haul_json_ki64(j, "overstayed", s->overstayed);
    haul_json_kf64(j, "longest_stay_min", (double)s->longest_ms / 60000, 1);
}

static void view(const struct haul_task *t, const struct haul_entity *e, struct haul_json *j)
{
    (void)t;
    const struct state *s = haul_entity_state_const(e);
    if (s->name_len > 0) haul_json_kstr(j, "name", (struct haul_str){s->name, s->name_len});
    haul_json_kstr(j, "kind", s->inclusive ? HAUL_STR("inclusive") : HAUL_STR("exclusive"));
    totals(s, j);
    haul_json_ki64(j, "listed", s->listed);
    members(s, j);
}

static void dump(const void *state, unsigned entity_kind, struct haul_json *j)
{
    const struct state *s = state;
    assert(entity_kind == 0);
    haul_json_ki64(j, "newest_ms", s->newest_ms);
    haul_json_ki64(j, "longest_ms", s->longest_ms);
    haul_json_kbool(j, "inclusive", s->inclusive);
    haul_json_kstr(j, "name", (struct haul_str){s->name, s->name_len});
    totals(s, j);
    members(s, j);
}

static const struct haul_takes takes[] = {{HAUL_KIND_FENCE_TRANSITION, 0}};

const struct haul_processor haul_fence = {
    .mailbox = HAUL_MAILBOX_FENCE,
    .summary_en = "who is inside each fence, whichever task owns the vehicle",
    .summary_zh = "每个电子围栏内的车辆，不论车辆由哪个任务处理",
    .state_version = 1,
    .takes = takes,
    .takes_len = sizeof takes / sizeof takes[0],
    .entities = {{"fence", sizeof(struct state)}},
    .timers = TIMERS,
    .options = &option_set,
    .counters = counters,
    .counters_len = COUNTERS,
    .process = process,
    .timer = timer,
    .view = view,
    .dump = dump,
};
