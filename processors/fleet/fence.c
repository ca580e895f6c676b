/* SPDX-License-Identifier: Apache-2.0
 * Fences: what a vehicle does with each. The set is content (haul/fence.h); what is known of a vehicle and a fence is a
 * slot of the vehicle's state. Below: what a fix that is believed does, for each fence that is near and holds.
 *
 * A fix that jitters about a boundary says at most once that the vehicle has entered. A fence that holds no more (its
 * hours are over, the vehicle's group is not among its groups, it is not in the set) is left at the vehicle's next
 * step, or by a timer, without an alert. Each transition goes to the fence's own task.
 */
/* clang-format off */
/*    state      the fix is inside               it is outside
 * 1  none       entering; or inside at once,    crossed when the way to it met the fence, else near when within
 *               when enter_s = 0                approach_m
 * 2  near       as 1                            none when beyond approach_m + hysteresis_m
 * 3  entering   inside after enter_s            near when within approach_m, else none: nothing has happened
 * 4  inside     stays                           stays within hysteresis_m; else leaving, or left when exit_s = 0
 * 5  leaving    inside: nothing has happened    inside within hysteresis_m; else left after exit_s
 * 6  missed     as 1: it is back                stays: it has left a fence that it is to stay in
 * 7  crossed    as 1                            none after fences.cross_hold
 */
/* clang-format on */
#include "processors/fleet/fleet.h"

#include "haul/fence.h"

#define NEAR_MAX 64 /* fences looked at for one fix */
_Static_assert(FLEET_FENCE_ID == HAUL_FENCE_ID_MAX, "a slot has room for every id");

enum { NEAR, ENTERING, INSIDE, LEAVING, MISSED, CROSSED, STATES };

/* Alerts that a slot holds up, in the order of the rules from FLEET_FENCE_ENTER on; and what was said already. */
enum {
    MARK_ENTER = 1,
    MARK_EXIT = 2,
    MARK_DWELL = 4,
    MARK_CROSS = 8,
    MARK_APPROACH = 16,
    MARK_OVERSTAYED = 32,
};

struct look {
    struct fleet_step *x;
    const struct haul_fences *f;
    struct haul_fence_point at, was;
    bool way;     /* from `was` to `at`: fences between may have been crossed */
    bool changed; /* an alert may rise or fall */
    uint8_t seen; /* slots that were judged, a bit each */
};

static struct haul_str id_of(const struct fleet_fence *s)
{
    return (struct haul_str){s->id, s->id_len};
}

static struct haul_str group_of(const struct fleet_step *x)
{
    return (struct haul_str){x->s->group, x->s->group_len};
}

/* ---- slots ---------------------------------------------------------------------------------------------------------
 */
static void let_go(struct look *l, struct fleet_fence *s)
{
    l->changed = l->changed || s->marks != 0;
    *s = (struct fleet_fence){0};
}

/* Which may make room for which: a vehicle inside is told of first, one that is only near last. */
static int weight(uint8_t state)
{
    static const int weights[STATES] = {
        [NEAR] = 0, [CROSSED] = 1, [MISSED] = 2, [ENTERING] = 3, [INSIDE] = 3, [LEAVING] = 3};
    assert(state < STATES);
    return weights[state];
}

/* A free slot, else the first of those that weigh least, if that is less. NULL: not followed, and counted. */
static struct fleet_fence *take_slot(struct look *l, uint32_t number, uint8_t state)
{
    struct fleet_fence *best = NULL;
    struct fleet_fence *slots = l->x->s->fence;
    for (int i = 0; i < FLEET_FENCES; i++) {
        if (slots[i].id_len == 0) {
            best = &slots[i];
            break;
        }
        if (weight(slots[i].state) < (best == NULL ? weight(state) : weight(best->state))) best = &slots[i];
    }
    if (best == NULL || best->id_len > 0) haul_task_count(l->x->task, FLEET_FENCES_CROWDED, 1);
    if (best == NULL) return NULL;
    let_go(l, best);
    const struct haul_fence *row = haul_fences_at(l->f, number);
    memcpy(best->id, row->id, row->id_len);
    best->id_len = row->id_len;
    best->number = number;
    best->state = state;
    best->since_ms = l->x->now_ms;
    l->seen |= (uint8_t)(1u << (best - slots));
    return best;
}

static struct fleet_fence *slot_of(const struct look *l, const struct haul_fence *row)
{
    struct fleet_fence *slots = l->x->s->fence;
    for (int i = 0; i < FLEET_FENCES; i++)
        if (slots[i].id_len > 0 && haul_str_eq(id_of(&slots[i]), haul_fence_id(row))) return &slots[i];
    return NULL;
}

/* The slot's fence in the set of now; NULL: it is not in it. */
static const struct haul_fence *row_of(const struct look *l, struct fleet_fence *s)
{
    if (l->f == NULL) return NULL;
    if (s->number < haul_fences_count(l->f)) {
        const struct haul_fence *row = haul_fences_at(l->f, s->number);
        if (haul_str_eq(haul_fence_id(row), id_of(s))) return row;
    }
    return haul_fences_find(l->f, id_of(s), &s->number) ? haul_fences_at(l->f, s->number) : NULL;
}

static int64_t pending_ms(const struct look *l, const struct fleet_fence *s)
{
    return (int64_t)((uint32_t)l->x->now_ms - s->pending);
}

/* ---- what is told --------------------------------------------------------------------------------------------------
 */
static void tell(struct look *l, struct haul_str id, const struct haul_fence *row, const char *what, int64_t since_ms,
                 const char *why)
{
    const struct fleet_state *s = l->x->s;
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_FENCE_TRANSITION, id, (struct haul_time){l->x->now_ms});
    r.source = (struct haul_str){s->source, s->source_len};
    if (s->known & FLEET_HAS_FIX)
        r.positioned = true, r.lon_deg = fleet_lon_deg(s->fix), r.lat_deg = fleet_lat_deg(s->fix);
    haul_set_s(&r, HAUL_F_FT_WHAT, haul_str_of(what));
    haul_set_s(&r, HAUL_F_FT_VEHICLE, haul_entity_id(l->x->entity));
    haul_set_i(&r, HAUL_F_FT_SINCE, since_ms);
    if (row != NULL) {
        haul_set_s(&r, HAUL_F_FT_NAME, haul_fence_name(l->f, row));
        haul_set_i(&r, HAUL_F_FT_INCLUSIVE, row->kind == HAUL_FENCE_INCLUSIVE);
    }
    if (why != NULL) haul_set_s(&r, HAUL_F_FT_WHY, haul_str_of(why));
    haul_task_emit(l->x->task, HAUL_MAILBOX_FENCE, id, &r);
    haul_task_count(l->x->task, FLEET_FENCE_TRANSITIONS, 1);
    l->x->turned = true;
}

static void mark(struct look *l, struct fleet_fence *s, const struct haul_fence *row, int event, uint8_t bit)
{
    if (!(row->alerts & event)) return;
    s->marks |= bit;
    l->changed = true;
}

static void unmark(struct look *l, struct fleet_fence *s)
{
    l->changed = l->changed || s->marks != 0;
    s->marks = 0;
}

/* ---- transitions ---------------------------------------------------------------------------------------------------
 */
static bool within(const struct look *l, const struct haul_fence *row, double m)
{
    return haul_fence_distance_m(l->f, row, &l->at, m) <= m;
}

static void enter(struct look *l, struct fleet_fence *s, const struct haul_fence *row)
{
    s->state = INSIDE;
    mark(l, s, row, HAUL_FENCE_ENTER, MARK_ENTER);
    tell(l, id_of(s), row, "enter", s->since_ms, NULL);
}

static void begin_inside(struct look *l, struct fleet_fence *s, const struct haul_fence *row)
{
    unmark(l, s);
    s->state = ENTERING;
    s->since_ms = l->x->now_ms;
    if (row->enter_ms == 0) enter(l, s, row);
}

/* Outside, and not of note: the slot is kept only while it is near, so that coming near is told once. */
static void be_outside(struct look *l, struct fleet_fence *s, const struct haul_fence *row)
{
    unmark(l, s);
    s->state = NEAR;
    s->since_ms = l->x->now_ms;
    if (row->approach_mm == 0 || !within(l, row, row->approach_mm * 1e-3)) let_go(l, s);
}

static void leave(struct look *l, struct fleet_fence *s, const struct haul_fence *row)
{
    tell(l, id_of(s), row, "exit", s->since_ms, "moved");
    be_outside(l, s, row);
    if (!(row->alerts & HAUL_FENCE_EXIT)) return;
    if (s->id_len == 0) s = take_slot(l, (uint32_t)(row - haul_fences_at(l->f, 0)), MISSED);
    if (s == NULL) return;
    s->state = MISSED;
    mark(l, s, row, HAUL_FENCE_EXIT, MARK_EXIT);
}

/* It holds no more. */
static void close_slot(struct look *l, struct fleet_fence *s, const struct haul_fence *row, const char *why)
{
    if (s->state == INSIDE || s->state == LEAVING) tell(l, id_of(s), row, "exit", s->since_ms, why);
    let_go(l, s);
}

static void come_near(struct look *l, uint32_t number, const struct haul_fence *row)
{
    struct fleet_fence *s = take_slot(l, number, NEAR);
    if (s == NULL) return;
    mark(l, s, row, HAUL_FENCE_APPROACH, MARK_APPROACH);
    tell(l, id_of(s), row, "approach", l->x->now_ms, NULL);
}

static void cross(struct look *l, uint32_t number, const struct haul_fence *row)
{
    tell(l, haul_fence_id(row), row, "cross", l->x->now_ms, NULL);
    struct fleet_fence *s = row->alerts & HAUL_FENCE_CROSS ? take_slot(l, number, CROSSED) : NULL;
    if (s == NULL) return;
    s->pending = (uint32_t)l->x->now_ms;
    mark(l, s, row, HAUL_FENCE_CROSS, MARK_CROSS);
}

/* Row 1 of the table. */
static void judge_new(struct look *l, uint32_t number, const struct haul_fence *row, bool inside)
{
    if (inside) {
        struct fleet_fence *s = take_slot(l, number, ENTERING);
        if (s != NULL) begin_inside(l, s, row);
    } else if (l->way && haul_fence_crossed(l->f, row, &l->was, &l->at)) {
        cross(l, number, row);
    } else if (row->approach_mm > 0 && within(l, row, row->approach_mm * 1e-3)) {
        come_near(l, number, row);
    }
}

/* Rows 4 and 5. */
static void judge_inside(struct look *l, struct fleet_fence *s, const struct haul_fence *row, bool inside)
{
    if (inside || within(l, row, row->hysteresis_mm * 1e-3)) {
        s->state = INSIDE;
        return;
    }
    if (s->state == INSIDE) s->pending = (uint32_t)l->x->now_ms;
    s->state = LEAVING;
    if (pending_ms(l, s) >= row->exit_ms) leave(l, s, row);
}

static void judge_slot(struct look *l, struct fleet_fence *s, const struct haul_fence *row, bool inside)
{
    const double beyond_m = (row->approach_mm + (double)row->hysteresis_mm) * 1e-3;
    l->seen |= (uint8_t)(1u << (s - l->x->s->fence));
    switch (s->state) {
    case NEAR:
        if (inside)
            begin_inside(l, s, row);
        else if (!within(l, row, beyond_m))
            let_go(l, s);
        break;
    case ENTERING:
        if (!inside)
            be_outside(l, s, row);
        else if (l->x->now_ms - s->since_ms >= row->enter_ms)
            enter(l, s, row);
        break;
    case INSIDE:
    case LEAVING:
        judge_inside(l, s, row, inside);
        break;
    case MISSED:
    case CROSSED:
        if (inside) begin_inside(l, s, row);
        break;
    default:
        assert(false);
    }
}

/* ---- a fix ---------------------------------------------------------------------------------------------------------
 */
static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t most(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static void judge_fix(struct look *l)
{
    const struct fleet_step *x = l->x;
    const struct fleet_point at = x->s->fix;
    __attribute__((uninitialized)) uint32_t near[NEAR_MAX]; /* 0 to n is filled; zeroing all costs more */
    int64_t until;
    l->way = x->fix_dt_ms > 0 && x->leg_m > 0 && x->leg_m <= x->o->fences.cross_leg_m;
    const struct fleet_point was = l->way ? x->fix_was : at;
    l->at = haul_fence_point_at(at.lon_e7, at.lat_e7);
    if (l->way) l->was = haul_fence_point_at(was.lon_e7, was.lat_e7);
    const struct haul_fence_box box = {least(was.lon_e7, at.lon_e7), least(was.lat_e7, at.lat_e7),
                                       most(was.lon_e7, at.lon_e7), most(was.lat_e7, at.lat_e7)};
    size_t n = haul_fences_near(l->f, box, near, NEAR_MAX);
    if (n > NEAR_MAX) {
        haul_task_count(x->task, FLEET_FENCES_CROWDED, 1);
        n = NEAR_MAX;
    }
    for (size_t i = 0; i < n; i++) {
        const struct haul_fence *row = haul_fences_at(l->f, near[i]);
        if (!haul_fence_holds(l->f, row, group_of(x), x->now_ms, &until)) continue;
        const bool inside = haul_fence_where(l->f, row, &l->at) != HAUL_FENCE_OUTSIDE;
        struct fleet_fence *s = slot_of(l, row);
        if (s != NULL)
            judge_slot(l, s, row, inside);
        else
            judge_new(l, near[i], row, inside);
    }
    for (int i = 0; i < FLEET_FENCES; i++) { /* those that are not even near */
        struct fleet_fence *s = &l->x->s->fence[i];
        const struct haul_fence *row = s->id_len > 0 && !(l->seen >> i & 1) ? row_of(l, s) : NULL;
        if (row != NULL) judge_slot(l, s, row, haul_fence_where(l->f, row, &l->at) != HAUL_FENCE_OUTSIDE);
    }
}

/* ---- time ----------------------------------------------------------------------------------------------------------
 */
static void overstay(struct look *l, struct fleet_fence *s, const struct haul_fence *row)
{
    if (row->dwell_ms == 0 || (s->marks & MARK_OVERSTAYED) || l->x->now_ms - s->since_ms < row->dwell_ms) return;
    s->marks |= MARK_OVERSTAYED;
    mark(l, s, row, HAUL_FENCE_DWELL, MARK_DWELL);
    tell(l, id_of(s), row, "dwell", s->since_ms, NULL);
}

/* What time does to a slot: it is closed, its stay grows too long, a crossing is over. */
static void settle(struct look *l, struct fleet_fence *s)
{
    const struct haul_fence *row = row_of(l, s);
    int64_t until;
    if (row == NULL)
        close_slot(l, s, NULL, "removed");
    else if (!haul_fence_holds(l->f, row, group_of(l->x), l->x->now_ms, &until))
        close_slot(l, s, row, "closed");
    else if (s->state == CROSSED && pending_ms(l, s) >= l->x->o->fences.cross_hold_ms)
        let_go(l, s);
    else if (s->state == INSIDE || s->state == LEAVING)
        overstay(l, s, row);
}

/* When time does something to a slot next. */
static int64_t due_of(struct look *l, struct fleet_fence *s)
{
    const struct haul_fence *row = row_of(l, s);
    int64_t due = INT64_MAX, at;
    if (row == NULL || !haul_fence_holds(l->f, row, group_of(l->x), l->x->now_ms, &due)) return l->x->now_ms;
    if (s->state == CROSSED) {
        at = l->x->now_ms + l->x->o->fences.cross_hold_ms - pending_ms(l, s);
        due = at < due ? at : due;
    }
    if ((s->state == INSIDE || s->state == LEAVING) && row->dwell_ms > 0 && !(s->marks & MARK_OVERSTAYED)) {
        at = s->since_ms + row->dwell_ms;
        due = at < due ? at : due;
    }
    return due;
}

static void set_timer(struct look *l)
{
    int64_t due = INT64_MAX;
    for (int i = 0; i < FLEET_FENCES; i++) {
        struct fleet_fence *s = &l->x->s->fence[i];
        const int64_t at = s->id_len > 0 ? due_of(l, s) : INT64_MAX;
        due = at < due ? at : due;
    }
    if (due == INT64_MAX)
        haul_task_timer_clear(l->x->task, l->x->entity, FLEET_T_FENCE);
    else
        haul_task_timer_set(l->x->task, l->x->entity, FLEET_T_FENCE, (struct haul_time){due});
}

/* ---- alerts --------------------------------------------------------------------------------------------------------
 */
/* A rule's alert is open while a slot has its mark; it names the fence that has had it longest. */
static void judge_rule(struct look *l, enum fleet_rule rule, uint8_t bit)
{
    struct fleet_step *x = l->x;
    struct fleet_fence *first = NULL;
    int n = 0;
    for (int i = 0; i < FLEET_FENCES; i++) {
        struct fleet_fence *s = &x->s->fence[i];
        if (s->id_len == 0 || !(s->marks & bit)) continue;
        n++;
        if (first == NULL || s->since_ms < first->since_ms) first = s;
    }
    if (first == NULL) {
        fleet_clear(x, rule);
        return;
    }
    const struct haul_fence *row = row_of(l, first);
    char touches[8 + HAUL_FENCE_ID_MAX] = "fence:";
    memcpy(touches + 6, first->id, first->id_len);
    const double stay_min = (double)(x->now_ms - first->since_ms) / 60000;
    const double limit_min = row == NULL ? 0 : (double)row->dwell_ms / 60000;
    const bool dwell = rule == FLEET_FENCE_DWELL;
    fleet_raise(x, rule,
                (struct haul_raise){
                    .since = {first->since_ms},
                    .value = dwell ? stay_min : n,
                    .threshold = dwell ? limit_min : 0,
                    .unit = dwell ? "min" : "",
                    .score = fleet_score_of(fleet_rules[rule].severity) + 0.1 * (n - 1),
                    .touches = {touches, 6u + first->id_len},
                    .evidence = {{"fences", n, 0}, {"stay_min", stay_min, 1}, {"limit_min", limit_min, 1}},
                    .evidence_len = 3,
                });
}

static void judge_rules(struct look *l)
{
    if (!l->changed) return;
    for (int i = 0; i < 5; i++) judge_rule(l, (enum fleet_rule)(FLEET_FENCE_ENTER + i), (uint8_t)(MARK_ENTER << i));
}

/* ---- from outside --------------------------------------------------------------------------------------------------
 */
static bool any(const struct fleet_state *s)
{
    for (int i = 0; i < FLEET_FENCES; i++)
        if (s->fence[i].id_len > 0) return true;
    return false;
}

void fleet_fences(struct fleet_step *x)
{
    struct look l = {.x = x, .f = haul_fences_of(haul_task_content(x->task, "fences"))};
    const bool had = any(x->s);
    if (!had && (l.f == NULL || !x->fix)) return;
    for (int i = 0; had && i < FLEET_FENCES; i++)
        if (x->s->fence[i].id_len > 0) settle(&l, &x->s->fence[i]);
    if (l.f != NULL && x->fix) judge_fix(&l);
    judge_rules(&l);
    if (had || any(x->s)) set_timer(&l);
}

void fleet_fences_gone(struct fleet_step *x)
{
    struct look l = {.x = x, .f = haul_fences_of(haul_task_content(x->task, "fences"))};
    for (int i = 0; i < FLEET_FENCES; i++)
        if (x->s->fence[i].id_len > 0) close_slot(&l, &x->s->fence[i], row_of(&l, &x->s->fence[i]), "gone");
}

void fleet_fences_shift(struct fleet_state *s, int64_t ms)
{
    for (int i = 0; i < FLEET_FENCES; i++) {
        if (s->fence[i].id_len == 0) continue;
        s->fence[i].since_ms += ms;
        s->fence[i].pending += (uint32_t)ms;
    }
}

const char *fleet_fence_state(const struct fleet_fence *s)
{
    static const char *const names[STATES] = {"near", "entering", "inside", "inside", "left", "crossed"};
    assert(s->state < STATES);
    return names[s->state];
}

/* ---- content -------------------------------------------------------------------------------------------------------
 */
static void note(void *arg, enum haul_fence_verdict verdict, size_t feature, const char *id, const char *text)
{
    static const char *const words[] = {"note", "mended", "refused"};
    haul_buf_printf(arg, "%s: feature %zu%s%s: %s\n", words[verdict], feature, id[0] == '\0' ? "" : " ", id, text);
}

static enum haul_err make(struct haul_str text, struct haul_buf *out, struct haul_buf *report, struct haul_error *e)
{
    return haul_fences_prepare(text, out, note, report, NULL, e);
}

const struct haul_content fleet_contents[1] = {
    {"fences", offsetof(struct fleet_options, fences.file), make, haul_fences_check}};
