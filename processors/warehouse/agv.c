/* SPDX-License-Identifier: Apache-2.0
 * Automated guided vehicles, by the state that VDA 5050 has them send: when something changes, and every 30 s at least.
 */
#include "processors/warehouse/warehouse.h"

static bool automatic(const struct wh_agv *a)
{
    static const char *const names[] = {"AUTOMATIC", "SEMIAUTOMATIC"};
    const struct haul_str mode = {a->mode, a->mode_len};
    return mode.n == 0 || haul_str_eq(mode, haul_str_of(names[0])) || haul_str_eq(mode, haul_str_of(names[1]));
}

static bool in_mode(const struct wh_agv *a, const char *name)
{
    return haul_str_eq((struct haul_str){a->mode, a->mode_len}, haul_str_of(name));
}

/* Switched off in order: nobody waits for it. (VDA 5050 connection OFFLINE; CONNECTIONBROKEN is its last will.) */
static bool is_off(const struct wh_agv *a)
{
    return in_mode(a, "OFFLINE");
}

/* What the timer of a vehicle waits for: the end of its patience, then its silence. */
static void set_timer(struct wh_step *x, struct haul_entity *e, const struct wh_agv *a)
{
    int64_t due_ms = a->newest_ms + x->o->agv.silent_ms;
    if (a->still_ms != 0 && !haul_entity_raised(e, WH_R_AGV_BLOCKED))
        due_ms = wh_least(due_ms, a->still_ms + x->o->agv.blocked_ms);
    if (due_ms <= x->now_ms || is_off(a))
        haul_task_timer_clear(x->task, e, WH_T_AGV);
    else
        haul_task_timer_set(x->task, e, WH_T_AGV, (struct haul_time){due_ms});
}

static void judge_blocked(struct wh_step *x, struct haul_entity *e, const struct wh_agv *a, bool *turned)
{
    if (a->still_ms == 0) {
        wh_clear(x, e, turned, WH_R_AGV_BLOCKED);
        return;
    }
    const int64_t held_ms = x->now_ms - a->still_ms;
    if (held_ms < x->o->agv.blocked_ms) return;
    wh_raise(
        x, e, turned, WH_R_AGV_BLOCKED,
        (struct haul_raise){.value = wh_s(held_ms),
                            .threshold = wh_s(x->o->agv.blocked_ms),
                            .unit = "s",
                            .since = {a->still_ms},
                            .evidence = {{"seconds", wh_s(held_ms), 0}, {"limit_s", wh_s(x->o->agv.blocked_ms), 0}},
                            .evidence_len = 2});
}

static void judge_lost(struct wh_step *x, struct haul_entity *e, const struct wh_agv *a, bool *turned)
{
    const double score = (double)a->localization, limit = x->o->agv.localization;
    if (score >= limit) {
        wh_clear(x, e, turned, WH_R_AGV_LOST);
        return;
    }
    wh_raise(x, e, turned, WH_R_AGV_LOST,
             (struct haul_raise){.value = score,
                                 .threshold = limit,
                                 .evidence = {{"localization", score, 2}, {"limit", limit, 2}},
                                 .evidence_len = 2});
}

/*  1  charging, or at least agv.battery_clear      clear
 *  2  below agv.battery                            raise
 *  3  between, or not told                         nothing changes
 */
static void judge_battery(struct wh_step *x, struct haul_entity *e, const struct wh_agv *a, bool *turned)
{
    const double pct = (double)a->battery_pct, low = x->o->agv.battery * 100;
    if (pct < 0) return;
    if (a->charging || pct >= x->o->agv.battery_clear * 100) wh_clear(x, e, turned, WH_R_AGV_BATTERY);
    if (a->charging || pct >= low) return;
    wh_raise(x, e, turned, WH_R_AGV_BATTERY,
             (struct haul_raise){.value = pct,
                                 .threshold = low,
                                 .unit = "%",
                                 .evidence = {{"battery_pct", pct, 0}, {"limit_pct", low, 0}},
                                 .evidence_len = 2});
}

static void judge_fault(struct wh_step *x, struct haul_entity *e, const struct wh_agv *a, bool *turned)
{
    if (!a->fatal && !a->estop) {
        wh_clear(x, e, turned, WH_R_AGV_FAULT);
        return;
    }
    wh_raise(x, e, turned, WH_R_AGV_FAULT,
             (struct haul_raise){.value = a->errors,
                                 .threshold = 1,
                                 .evidence = {{"errors", a->errors, 0}, {"estop", a->estop, 0}},
                                 .evidence_len = 2});
}

static void judge_silent(struct wh_step *x, struct haul_entity *e, const struct wh_agv *a, bool *turned)
{
    const int64_t held_ms = x->now_ms - a->newest_ms;
    if ((held_ms < x->o->agv.silent_ms && !in_mode(a, "CONNECTIONBROKEN")) || is_off(a)) {
        wh_clear(x, e, turned, WH_R_AGV_SILENT);
        return;
    }
    struct haul_str cause = {NULL, 0};
    char *text = a->source_len == 0 ? NULL : haul_task_scratch(x->task, sizeof a->source + 8);
    if (text != NULL) {
        memcpy(text, "gateway:", 8);
        memcpy(text + 8, a->source, a->source_len);
        cause = (struct haul_str){text, 8u + a->source_len};
    }
    wh_raise(x, e, turned, WH_R_AGV_SILENT,
             (struct haul_raise){.value = wh_s(held_ms),
                                 .threshold = wh_s(x->o->agv.silent_ms),
                                 .unit = "s",
                                 .since = {a->newest_ms},
                                 .cause = cause,
                                 .evidence = {{"seconds", wh_s(held_ms), 0}, {"limit_s", wh_s(x->o->agv.silent_ms), 0}},
                                 .evidence_len = 2});
}

static void follow(struct wh_step *x, struct haul_entity *e, struct wh_agv *a, bool turned)
{
    bool troubled = false;
    for (unsigned r = WH_R_AGV_BLOCKED; r <= WH_R_AGV_FAULT; r++) troubled |= haul_entity_raised(e, r);
    if (troubled && !a->troubled) x->h->agvs_troubled++;
    if (!troubled && a->troubled) x->h->agvs_troubled--;
    a->troubled = troubled;
    if (!a->counted) x->h->agvs++;
    a->counted = true;
    if (turned) {
        haul_task_paint_now(x->task, e);
        x->turned = true;
    } else {
        haul_task_paint(x->task, e);
    }
}

void wh_agv_timer(struct wh_step *x, struct haul_entity *e)
{
    struct wh_agv *a = haul_entity_state(e);
    bool turned = false;
    judge_blocked(x, e, a, &turned);
    judge_silent(x, e, a, &turned);
    set_timer(x, e, a);
    follow(x, e, a, turned);
}

void wh_agv_gone(struct wh_step *x, struct haul_entity *e)
{
    const struct wh_agv *a = haul_entity_state(e);
    if (a->counted) x->h->agvs--;
    if (a->troubled) x->h->agvs_troubled--;
    haul_task_remove(x->task, e);
}

/* ---- the record ---- */
static uint8_t keep(char *to, size_t cap, struct haul_str s)
{
    const size_t n = s.n < cap ? s.n : cap;
    if (n > 0) memcpy(to, s.p, n);
    return (uint8_t)n;
}

static void take(struct wh_step *x, struct wh_agv *a, const struct haul_record *r)
{
    a->newest_ms = x->now_ms;
    a->driving = r->v[HAUL_F_HA_DRIVING].i != 0;
    a->paused = r->v[HAUL_F_HA_PAUSED].i != 0;
    a->charging = r->v[HAUL_F_HA_CHARGING].i != 0;
    a->fatal = r->v[HAUL_F_HA_FATAL].i != 0;
    a->estop = r->v[HAUL_F_HA_ESTOP].i != 0;
    a->errors = (uint16_t)r->v[HAUL_F_HA_ERRORS].i;
    a->localization = (float)r->v[HAUL_F_HA_LOCALIZATION].f;
    a->battery_pct = (float)r->v[HAUL_F_HA_BATTERY].f;
    a->speed_mps = (float)r->v[HAUL_F_HA_SPEED].f;
    a->placed = haul_has(r, HAUL_F_HA_X) && haul_has(r, HAUL_F_HA_Y);
    a->x_m = r->v[HAUL_F_HA_X].f, a->y_m = r->v[HAUL_F_HA_Y].f, a->theta_rad = r->v[HAUL_F_HA_THETA].f;
    a->order_len = keep(a->order, sizeof a->order, r->v[HAUL_F_HA_ORDER].s);
    a->map_len = keep(a->map, sizeof a->map, r->v[HAUL_F_HA_MAP].s);
    a->mode_len = keep(a->mode, sizeof a->mode, r->v[HAUL_F_HA_MODE].s);
    if (r->source.n > 0) a->source_len = keep(a->source, sizeof a->source, r->source);
    const bool still = !a->driving && a->order_len > 0 && !a->paused && !a->charging && automatic(a);
    if (!still)
        a->still_ms = 0;
    else if (a->still_ms == 0)
        a->still_ms = x->now_ms;
}

enum haul_verdict wh_agv(struct wh_step *x, const struct haul_record *r)
{
    struct haul_entity *e = wh_other(x, WH_AGV, '/', r->v[HAUL_F_HA_AGV].s, true);
    if (e == NULL) return haul_task_drop(x->task, WH_C_NO_ROOM);
    struct wh_agv *a = haul_entity_state(e);
    bool turned = false;
    if (!haul_entity_new(e) && x->now_ms < a->newest_ms) return haul_task_drop(x->task, WH_C_DISORDERED);
    if (!haul_entity_new(e)) judge_blocked(x, e, a, &turned);
    take(x, a, r);
    judge_blocked(x, e, a, &turned);
    judge_lost(x, e, a, &turned);
    judge_battery(x, e, a, &turned);
    judge_fault(x, e, a, &turned);
    judge_silent(x, e, a, &turned);
    set_timer(x, e, a);
    if (haul_task_timer_due(e, WH_T_GONE).ms == HAUL_TIME_NONE.ms)
        haul_task_timer_set(x->task, e, WH_T_GONE, (struct haul_time){x->now_ms + x->o->keep_ms});
    follow(x, e, a, turned);
    return HAUL_DONE;
}
