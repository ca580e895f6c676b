/* SPDX-License-Identifier: Apache-2.0
 * Inventory: what was stored less what was picked, against what is counted; and orders that were checked.
 */
#include "processors/warehouse/warehouse.h"

void wh_stored(struct wh_step *x, struct wh_spot *p, int64_t pieces)
{
    (void)x;
    p->s->stock += pieces;
}

/*  1  the first count of a location, or one that is accepted      the ledger follows it; clear
 *  2  the count agrees with the ledger                            clear
 *  3  it has not for inventory.cycles counts running              raise
 *  4  it does not yet for so many                                 nothing changes
 */
enum haul_verdict wh_count(struct wh_step *x, const struct haul_record *r)
{
    struct wh_spot p = wh_spot_at(x, r->v[HAUL_F_HN_AT].s, true);
    if (p.entity == NULL) return haul_task_drop(x->task, WH_C_NO_ROOM);
    struct wh_station *s = p.s;
    if (x->now_ms < s->newest_ms) return haul_task_drop(x->task, WH_C_DISORDERED);
    s->newest_ms = x->now_ms;
    s->part = WH_P_STORAGE;
    s->counted = r->v[HAUL_F_HN_COUNTED].i;
    if (s->counts < 255) s->counts++;
    if (!s->stock_known || r->v[HAUL_F_HN_ACCEPTED].i != 0) s->stock = s->counted;
    s->stock_known = true;
    const int64_t off = s->counted - s->stock;
    if (off == 0) {
        s->off_cycles = 0;
        wh_clear(x, p.entity, &p.turned, WH_R_INVENTORY);
    } else if (s->off_cycles < 255) {
        s->off_cycles++;
    }
    if (off != 0 && s->off_cycles >= x->o->inventory_cycles)
        wh_raise(x, p.entity, &p.turned, WH_R_INVENTORY,
                 (struct haul_raise){.value = (double)off,
                                     .threshold = 0,
                                     .unit = "pieces",
                                     .evidence = {{"counted", (double)s->counted, 0},
                                                  {"ledger", (double)s->stock, 0},
                                                  {"off", (double)off, 0},
                                                  {"cycles", s->off_cycles, 0}},
                                     .evidence_len = 4});
    wh_spot_done(x, &p);
    return HAUL_DONE;
}

enum haul_verdict wh_order(struct wh_step *x, const struct haul_record *r)
{
    if (r->v[HAUL_F_HO_WRONG].i > r->v[HAUL_F_HO_LINES].i)
        return haul_task_refuse(x->task, "wrong", "is more than the order's lines (%lld)",
                                (long long)r->v[HAUL_F_HO_LINES].i);
    x->h->orders++;
    x->h->orders_wrong += r->v[HAUL_F_HO_WRONG].i > 0;
    return HAUL_DONE;
}
