/* SPDX-License-Identifier: Apache-2.0
 * A reading of an item: where it is in its way through the hub, and what that says of readers, sorter and flow.
 */
#include "processors/warehouse/warehouse.h"

#define MANY 100.0 /* overdue items: as bad as it gets */

/* What a step of the business vocabulary does with an item. */
enum step { PASSES, ENTERS, LEAVES, SORTED, STORED, PICKED };

static enum step step_of(struct haul_str name)
{
    static const struct {
        const char *name;
        enum step step;
    } rows[] = {{"sorting", SORTED},   {"receiving", ENTERS}, {"shipping", LEAVES},
                {"storing", STORED},   {"picking", PICKED},   {"arriving", ENTERS},
                {"departing", LEAVES}, {"accepting", ENTERS}, {"unloading", ENTERS}};
    if (name.n == 0) return PASSES;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (haul_str_eq(name, haul_str_of(rows[i].name))) return rows[i].step;
    return PASSES;
}

/* ---- dwell ---- */
static unsigned class_of(const struct wh_options *o, uint32_t hash)
{
    for (unsigned i = 0; i < o->classes.len && hash != 0; i++)
        if (wh_hash(haul_str_of(o->classes.item[i].name)) == hash) return i + 1;
    return 0;
}

static struct wh_sketch *dwell_of(struct wh_hub *h, unsigned class, uint32_t hash)
{
    const uint32_t owner = class == 0 ? 0 : hash;
    if (h->class_hash[class] != owner) { /* the options name another class in its place */
        h->dwell[class] = (struct wh_sketch){0};
        h->class_hash[class] = owner;
    }
    return &h->dwell[class];
}

void wh_dwell_add(struct wh_step *x, uint32_t class_hash, int64_t ms)
{
    wh_sketch_add(dwell_of(x->h, class_of(x->o, class_hash), class_hash), wh_s(ms));
}

int64_t wh_dwell_limit_ms(const struct wh_step *x, uint32_t class_hash)
{
    const unsigned class = class_of(x->o, class_hash);
    const int64_t sla_ms = class == 0 ? x->o->dwell.sla_ms : x->o->classes.item[class - 1].sla_ms;
    const struct wh_sketch *s = dwell_of(x->h, class, class_hash);
    if (s->total < x->o->dwell.learn) return sla_ms;
    return wh_most(sla_ms, haul_round_i64(wh_sketch_quantile(s, 0.95) * x->o->dwell.times * 1000));
}

void wh_judge_dwell(struct wh_step *x, int64_t longest_ms, int64_t limit_ms, struct haul_str touches)
{
    if (x->h->overdue == 0) wh_clear(x, x->hub_entity, &x->turned, WH_R_DWELL);
    if (x->h->overdue < x->o->dwell.count || longest_ms == 0) return;
    wh_raise(x, x->hub_entity, &x->turned, WH_R_DWELL,
             (struct haul_raise){.score = x->h->overdue < MANY ? 0.5 + 0.5 * x->h->overdue / MANY : 1,
                                 .value = x->h->overdue,
                                 .threshold = (double)x->o->dwell.count,
                                 .unit = "items",
                                 .touches = touches,
                                 .evidence = {{"items", x->h->overdue, 0},
                                              {"minutes", wh_min(longest_ms), 0},
                                              {"limit_min", wh_min(limit_ms), 0}},
                                 .evidence_len = 3});
}

/* ---- shares of readings ---- */
static void judge_ratio(struct wh_step *x, struct wh_spot *p, enum wh_rule rule, enum wh_ratio_says says,
                        struct wh_ratio *r, double limit)
{
    if (says == WH_RATIO_GOOD) wh_clear(x, p->entity, &p->turned, rule);
    if (says != WH_RATIO_BAD) {
        if (haul_entity_raised(p->entity, rule) && r->sum > 0) *r = (struct wh_ratio){0}; /* is it right again? */
        return;
    }
    const double pct = 100.0 * r->hits / r->n;
    wh_raise(x, p->entity, &p->turned, rule,
             (struct haul_raise){
                 .value = pct,
                 .threshold = limit * 100,
                 .unit = "%",
                 .since = {r->since_ms},
                 .evidence = {{"pct", pct, 1}, {"limit_pct", limit * 100, 1}, {"hits", r->hits, 0}, {"of", r->n, 0}},
                 .evidence_len = 4});
    *r = (struct wh_ratio){0};
}

static void read_or_not(struct wh_step *x, struct wh_spot *p, bool read)
{
    struct wh_tally *tally = wh_tally_at(x, x->now_ms);
    p->s->scans++;
    p->s->no_reads += !read;
    tally->reads++;
    tally->no_reads += !read;
    const enum wh_ratio_says says =
        wh_ratio_add(&p->s->no_read, !read, x->o->no_read.limit, x->o->no_read.chance, x->now_ms);
    judge_ratio(x, p, WH_R_NO_READ, says, &p->s->no_read, x->o->no_read.limit);
}

/* It passes a reader that it has passed before, with no other between: it was not sorted and comes round again. */
static void passed(struct wh_step *x, struct wh_spot *p, struct wh_item *item, bool again)
{
    struct wh_tally *tally = wh_tally_at(x, x->now_ms);
    tally->passes++;
    tally->recirculated += again;
    p->s->recirculated += again;
    if (again && item->rounds < 255) item->rounds++;
    const enum wh_ratio_says says =
        wh_ratio_add(&p->s->recirculation, again, x->o->recirculation.limit, x->o->recirculation.chance, x->now_ms);
    judge_ratio(x, p, WH_R_RECIRCULATION, says, &p->s->recirculation, x->o->recirculation.limit);
}

/* ---- what is done with it ---- */
static void done_once(struct wh_step *x, struct wh_item *item)
{
    if ((item->flags & WH_ITEM_DONE) == 0) wh_unit(x, x->now_ms);
    item->flags |= WH_ITEM_DONE;
}

static void sorted(struct wh_step *x, struct wh_spot *p, struct wh_item *item)
{
    struct wh_tally *tally = wh_tally_at(x, x->now_ms);
    if (p->s->part == WH_P_UNKNOWN) p->s->part = WH_P_CHUTE;
    done_once(x, item);
    if (item->to == 0) return; /* nobody has said where it should go */
    const bool wrong = item->to != wh_hash(wh_name_of(haul_entity_id(p->entity), '/'));
    p->s->sorted++;
    p->s->missorted += wrong;
    tally->sorted++;
    tally->missorted += wrong;
    if (wrong) wh_judge_missort(x, wh_name_of(haul_entity_id(p->entity), '/'));
}

static void stored(struct wh_step *x, struct wh_spot *p, struct wh_item *item, int64_t pieces)
{
    if (p->s->part == WH_P_UNKNOWN) p->s->part = WH_P_STORAGE;
    if ((item->flags & WH_ITEM_STORED) == 0) {
        wh_sketch_add(&x->h->to_stock, wh_s(x->now_ms - item->in_ms));
        x->h->stored++;
    }
    if (item->flags & WH_ITEM_OVERDUE) x->h->overdue--;
    item->flags = (uint8_t)((item->flags | WH_ITEM_STORED) & ~WH_ITEM_OVERDUE);
    wh_stored(x, p, pieces);
}

static void picked(struct wh_step *x, struct wh_spot *p, struct wh_item *item, int64_t pieces)
{
    if (item->flags & WH_ITEM_STORED) x->h->stored--;
    item->flags &= (uint8_t)~WH_ITEM_STORED;
    item->in_ms = x->now_ms; /* its time in storage is not a dwell */
    wh_stored(x, p, -pieces);
}

static void left(struct wh_step *x, struct wh_item *item, const struct haul_record *r)
{
    wh_dwell_add(x, item->class_hash, x->now_ms - item->in_ms);
    done_once(x, item);
    wh_item_leave(x, item);
    wh_sight(x, r, item->key);
}

static void apply(struct wh_step *x, struct wh_item *item, enum step step, const struct haul_record *r)
{
    const struct haul_str at = r->v[HAUL_F_HS_AT].s, to = r->v[HAUL_F_HS_TO].s, class = r->v[HAUL_F_HS_CLASS].s;
    const int64_t pieces = r->v[HAUL_F_HS_QUANTITY].i;
    const uint32_t here = wh_hash(at);
    struct wh_spot p = wh_spot_at(x, at, true);
    if (to.n > 0) item->to = wh_hash(to);
    if (class.n > 0) item->class_hash = wh_hash(class);
    if (p.entity != NULL) {
        read_or_not(x, &p, true);
        if (step == PASSES)
            passed(x, &p, item, item->at == here && x->now_ms - item->last_ms >= x->o->recirculation.least_ms);
        if (step == SORTED) sorted(x, &p, item);
        if (step == STORED) stored(x, &p, item, pieces);
        if (step == PICKED) picked(x, &p, item, pieces);
        wh_spot_done(x, &p);
    }
    item->at = here;
    item->step = (uint8_t)step;
    item->last_ms = x->now_ms;
    if (step == LEAVES) left(x, item, r);
}

static enum haul_verdict no_read(struct wh_step *x, const struct haul_record *r)
{
    struct wh_spot p = wh_spot_at(x, r->v[HAUL_F_HS_AT].s, true);
    if (p.entity == NULL) return HAUL_DONE;
    read_or_not(x, &p, false);
    wh_spot_done(x, &p);
    return HAUL_DONE;
}

static bool too_near(const struct wh_step *x, const struct wh_item *item, struct haul_str at)
{
    return item->at != 0 && item->at != wh_hash(at) && x->now_ms - item->last_ms < x->o->teleport.within_ms;
}

/* A new item, or one that left and is back. */
static struct wh_item *enter(struct wh_step *x, struct wh_slot s, uint64_t key, enum step step,
                             const struct haul_record *r)
{
    if (s.item != NULL) {
        *s.item = (struct wh_item){.key = key, .in_ms = x->now_ms, .last_ms = x->now_ms};
        x->h->in++;
        x->h->inside++;
    } else {
        s = wh_item_enter(x, key);
        if (s.item == NULL) return NULL;
    }
    wh_item_name(s.item, r->v[HAUL_F_HS_ITEM].s);
    if (step != ENTERS) haul_task_count(x->task, WH_C_UNANNOUNCED, 1);
    if (step == ENTERS) wh_sight(x, r, key);
    return s.item;
}

/*  1  nothing could be read                                          a no-read of the place
 *  2  older than what is known of the item, or than is remembered    dropped: disordered
 *  3  the same step at the same place, at once                       dropped: duplicate
 *  4  of an item that is not inside                                  it comes in, whatever the step
 *  5  elsewhere a moment ago                                         raised: nothing travels so fast
 *  6  all but the first                                              applied
 */
enum haul_verdict wh_scan(struct wh_step *x, const struct haul_record *r)
{
    const struct haul_str id = r->v[HAUL_F_HS_ITEM].s, at = r->v[HAUL_F_HS_AT].s;
    const enum step step = step_of(r->v[HAUL_F_HS_STEP].s);
    if (id.n == 0) return no_read(x, r);
    const uint64_t key = wh_item_key(id);
    struct wh_slot s = wh_item_find(x, key);
    const bool gone = s.item != NULL && (s.item->flags & WH_ITEM_GONE) != 0;
    if (s.item != NULL && x->now_ms < s.item->last_ms + gone) return haul_task_drop(x->task, WH_C_DISORDERED);
    if (s.item == NULL && x->now_ms + x->o->items.gone_ms < haul_task_watermark(x->task).ms)
        return haul_task_drop(x->task, WH_C_DISORDERED);
    if (s.item != NULL && s.item->step == (uint8_t)step && s.item->at == wh_hash(at) &&
        x->now_ms - s.item->last_ms < x->o->duplicate_ms)
        return haul_task_drop(x->task, WH_C_DUPLICATE);
    struct wh_item *item = s.item;
    if (item == NULL || gone) item = enter(x, s, key, step, r);
    if (item == NULL) return haul_task_drop(x->task, WH_C_NO_ROOM);
    if (too_near(x, item, at))
        wh_teleported(x, id, (struct haul_str){NULL, 0}, wh_s(x->now_ms - item->last_ms),
                      wh_s(x->o->teleport.within_ms));
    apply(x, item, step, r);
    return HAUL_DONE;
}
