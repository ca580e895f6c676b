/* SPDX-License-Identifier: Apache-2.0
 * What fills: chutes, zones, the hub. Full, and the forecast of when it will be.
 */
#include "processors/warehouse/warehouse.h"

/*  1  rising for growth.after, and at least growth.fill      raise, with the minutes that are left
 *  2  no longer rising, or below growth.clear                clear
 *  3  else                                                   nothing changes
 */
void wh_fills(struct wh_step *x, struct haul_entity *e, bool *turned, struct wh_course *c, double pct)
{
    const struct wh_options *o = x->o;
    wh_course_add(c, x->now_ms, pct);
    const bool rising = c->rising_ms != 0;
    if (!rising || pct < o->growth.clear * 100) {
        wh_clear(x, e, turned, WH_R_GROWTH);
        return;
    }
    if (pct < o->growth.fill * 100 || x->now_ms - c->rising_ms < o->growth.after_ms) return;
    const double eta_min = wh_course_eta_min(c), slope = wh_course_slope(c);
    wh_raise(x, e, turned, WH_R_GROWTH,
             (struct haul_raise){.value = pct,
                                 .threshold = o->growth.fill * 100,
                                 .unit = "%",
                                 .since = {c->rising_ms},
                                 .severity = eta_min < 5 ? 2 : 3,
                                 .evidence = {{"pct", pct, 0},
                                              {"slope_pctpmin", slope, 2},
                                              {"minutes", wh_min(x->now_ms - c->rising_ms), 0},
                                              {"full_in_min", eta_min, 0}},
                                 .evidence_len = 4});
}

/*  1  its sensor says full, or it is at least chute.full       raise
 *  2  the sensor does not, and it is at most chute.clear       clear
 *  3  out of use                                               clear
 */
static void judge_full(struct wh_step *x, struct wh_spot *p)
{
    const struct wh_station *s = p->s;
    const double pct = (double)s->fill_pct, full = x->o->chute.full * 100;
    if (!s->open || (!s->full && (!s->filled || pct <= x->o->chute.clear * 100))) {
        wh_clear(x, p->entity, &p->turned, WH_R_CHUTE_FULL);
        return;
    }
    if (!s->full && pct < full) return;
    wh_raise(x, p->entity, &p->turned, WH_R_CHUTE_FULL,
             (struct haul_raise){.value = s->filled ? pct : 100,
                                 .threshold = full,
                                 .unit = "%",
                                 .evidence = {{"pct", s->filled ? pct : 100, 0}, {"limit_pct", full, 0}},
                                 .evidence_len = 2});
}

enum haul_verdict wh_chute(struct wh_step *x, const struct haul_record *r)
{
    if (!haul_has(r, HAUL_F_HC_FILL) && !haul_has(r, HAUL_F_HC_FULL) && !haul_has(r, HAUL_F_HC_OPEN))
        return haul_task_refuse(x->task, "fill_pct", "is missing, and so are full and open");
    struct wh_spot p = wh_spot_at(x, r->v[HAUL_F_HC_AT].s, true);
    if (p.entity == NULL) return haul_task_drop(x->task, WH_C_NO_ROOM);
    struct wh_station *s = p.s;
    if (x->now_ms < s->newest_ms) return haul_task_drop(x->task, WH_C_DISORDERED);
    s->newest_ms = x->now_ms;
    s->part = WH_P_CHUTE;
    if (haul_has(r, HAUL_F_HC_OPEN)) s->open = r->v[HAUL_F_HC_OPEN].i != 0;
    if (haul_has(r, HAUL_F_HC_FULL)) s->full = r->v[HAUL_F_HC_FULL].i != 0;
    if (haul_has(r, HAUL_F_HC_FILL)) {
        s->fill_pct = (float)r->v[HAUL_F_HC_FILL].f, s->filled = true;
        wh_fills(x, p.entity, &p.turned, &s->course, r->v[HAUL_F_HC_FILL].f);
    }
    judge_full(x, &p);
    wh_spot_done(x, &p);
    return HAUL_DONE;
}
