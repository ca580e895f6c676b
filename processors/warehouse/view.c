/* SPDX-License-Identifier: Apache-2.0
 * What a reader of haul:hub:<id>, haul:station:<id> and haul:agv:<id> sees, and what `haul dump` shows.
 */
#include "processors/warehouse/warehouse.h"

static void text(struct haul_json *j, const char *name, const char *p, size_t n)
{
    if (n > 0) haul_json_kstr(j, name, (struct haul_str){p, n});
}

static void list_open(struct haul_json *j, const char *name)
{
    haul_json_name(j, name);
    haul_json_open(j, '[');
}

static void share(struct haul_json *j, const char *name, double part, double of)
{
    if (of > 0) haul_json_kf64(j, name, 100 * part / of, 3);
}

static void ratio(struct haul_json *j, const char *name, uint32_t part, uint32_t of)
{
    share(j, name, part, of);
}

/* ---- a hub ---- */
static void flow(const struct wh_hub *h, struct haul_json *j)
{
    const double expected = wh_expected(h, 5), units = wh_units(h, 5);
    haul_json_kf64(j, "throughput_per_h", units * 12, 0);
    if (expected >= 0) haul_json_kf64(j, "expected_per_h", expected * 12, 0);
    if (expected > 0) haul_json_kf64(j, "throughput_pct", 100 * units / expected, 1);
    haul_json_kf64(j, "units_last_h", wh_units(h, 60), 0);
}

static void items(const struct wh_hub *h, int64_t capacity, struct haul_json *j)
{
    haul_json_ku64(j, "in_items", h->in);
    haul_json_ku64(j, "out_items", h->out);
    haul_json_ku64(j, "written_off_items", h->written_off);
    haul_json_ku64(j, "inside_items", h->inside);
    haul_json_ki64(j, "balance_items", (int64_t)h->in - (int64_t)h->out - h->inside);
    if (h->stored > 0) haul_json_ku64(j, "stored_items", h->stored);
    haul_json_ku64(j, "overdue_items", h->overdue);
    if (capacity <= 0) return;
    const double eta_min = wh_course_eta_min(&h->course);
    haul_json_ki64(j, "capacity_items", capacity);
    share(j, "fill_pct", h->inside, (double)capacity);
    if (eta_min >= 0) haul_json_kf64(j, "full_in_min", eta_min, 0);
}

static void dwell(const struct wh_hub *h, struct haul_json *j)
{
    struct wh_sketch all = h->dwell[0];
    for (unsigned c = 1; c <= WH_CLASSES; c++) {
        for (unsigned b = 0; b < WH_SKETCH_BUCKETS; b++) all.count[b] += h->dwell[c].count[b];
        all.total += h->dwell[c].total;
    }
    if (all.total > 0) {
        haul_json_kf64(j, "dwell_p50_s", wh_sketch_quantile(&all, 0.5), 0);
        haul_json_kf64(j, "dwell_p95_s", wh_sketch_quantile(&all, 0.95), 0);
    }
    if (h->to_stock.total > 0) haul_json_kf64(j, "dock_to_stock_p50_s", wh_sketch_quantile(&h->to_stock, 0.5), 0);
}

static void quality(const struct wh_hub *h, struct haul_json *j)
{
    const struct wh_tally sum = wh_tally_sum(h);
    ratio(j, "no_read_pct", sum.no_reads, sum.reads);
    ratio(j, "recirculation_pct", sum.recirculated, sum.passes);
    ratio(j, "sort_accuracy_pct", sum.sorted - sum.missorted, sum.sorted);
    share(j, "order_accuracy_pct", (double)(h->orders - h->orders_wrong), (double)h->orders);
    haul_json_ku64(j, "orders", h->orders);
}

static void docks(const struct wh_hub *h, struct haul_json *j)
{
    unsigned waiting = 0;
    for (unsigned i = 0; i < h->docks; i++) waiting += h->dock[i].waiting;
    haul_json_ku64(j, "trucks_waiting", waiting);
    if (h->turns > 0) haul_json_kf64(j, "truck_turn_min", h->turn_min, 1);
    list_open(j, "docks");
    for (unsigned i = 0; i < h->docks; i++) {
        const struct wh_dock *d = &h->dock[i];
        haul_json_open(j, '{');
        text(j, "dock", d->name, d->len);
        haul_json_ku64(j, "waiting", d->waiting);
        haul_json_ku64(j, "docked", d->docked);
        haul_json_close(j, '}');
    }
    haul_json_close(j, ']');
}

static void hub(const struct wh_hub *h, int64_t capacity, struct haul_json *j)
{
    if (h->positioned) {
        haul_json_kf64(j, "lon_deg", h->lon_deg, 7);
        haul_json_kf64(j, "lat_deg", h->lat_deg, 7);
    }
    flow(h, j);
    items(h, capacity, j);
    dwell(h, j);
    quality(h, j);
    haul_json_ku64(j, "chutes", h->chutes);
    share(j, "chutes_blocked_pct", h->chutes_blocked, h->chutes);
    haul_json_ku64(j, "jams", h->jams);
    haul_json_ku64(j, "agvs", h->agvs);
    haul_json_ku64(j, "agvs_in_trouble", h->agvs_troubled);
    docks(h, j);
}

/* ---- a station ---- */
static const char *const part_names[] = {"", "conveyor", "sorter", "scanner", "chute", "lift", "dock", "storage"};

static void machine(const struct wh_station *s, struct haul_json *j)
{
    if (s->motor_known) haul_json_kbool(j, "motor", s->motor);
    if (s->blocked_ms != 0) haul_json_kbool(j, "blocked", s->blocked);
    if (s->current_a > 0) haul_json_kf64(j, "current_a", (double)s->current_a, 2);
    if (s->vibration_mmps > 0) haul_json_kf64(j, "vibration_mmps", (double)s->vibration_mmps, 2);
    if (s->received + s->sent > 0) {
        haul_json_ku64(j, "received", s->received);
        haul_json_ku64(j, "sent", s->sent);
        haul_json_ku64(j, "wip", s->wip);
    }
    if (s->pending > 0) haul_json_ku64(j, "on_their_way", (uint64_t)s->pending + s->pending_more);
    if (s->capacity > 0) haul_json_ku64(j, "capacity", s->capacity);
}

static void fills(const struct wh_station *s, struct haul_json *j)
{
    const double eta_min = wh_course_eta_min(&s->course);
    if (s->part == WH_P_CHUTE) haul_json_kbool(j, "open", s->open);
    if (s->filled) haul_json_kf64(j, "fill_pct", (double)s->fill_pct, 1);
    if (s->part == WH_P_CHUTE) haul_json_kbool(j, "full", s->full);
    if (eta_min >= 0) haul_json_kf64(j, "full_in_min", eta_min, 0);
}

static void station(const struct wh_station *s, struct haul_json *j)
{
    if (s->part != WH_P_UNKNOWN) haul_json_kstr(j, "part", haul_str_of(part_names[s->part]));
    machine(s, j);
    fills(s, j);
    if (s->scans > 0) {
        haul_json_ku64(j, "scans", s->scans);
        haul_json_ku64(j, "no_reads", s->no_reads);
        haul_json_ku64(j, "recirculated", s->recirculated);
    }
    if (s->sorted > 0) {
        haul_json_ku64(j, "sorted", s->sorted);
        haul_json_ku64(j, "missorted", s->missorted);
    }
    if (s->part == WH_P_STORAGE) {
        haul_json_ki64(j, "ledger", s->stock);
        if (s->counts > 0) haul_json_ki64(j, "counted", s->counted);
    }
    if (s->part == WH_P_DOCK) {
        haul_json_ku64(j, "trucks", s->trucks);
        haul_json_kf64(j, "longest_wait_min", s->wait_min, 1);
        haul_json_kf64(j, "longest_turn_min", s->turn_min, 1);
    }
}

/* ---- a vehicle ---- */
static void agv(const struct wh_agv *a, struct haul_json *j)
{
    if (a->placed) {
        text(j, "map", a->map, a->map_len);
        haul_json_kf64(j, "x_m", a->x_m, 3);
        haul_json_kf64(j, "y_m", a->y_m, 3);
        haul_json_kf64(j, "theta_rad", a->theta_rad, 4);
    }
    haul_json_kbool(j, "driving", a->driving);
    haul_json_kbool(j, "paused", a->paused);
    haul_json_kbool(j, "charging", a->charging);
    text(j, "order", a->order, a->order_len);
    text(j, "mode", a->mode, a->mode_len);
    haul_json_kf64(j, "speed_mps", (double)a->speed_mps, 2);
    haul_json_kf64(j, "localization", (double)a->localization, 3);
    if (a->battery_pct >= 0) haul_json_kf64(j, "battery_pct", (double)a->battery_pct, 1);
    haul_json_ku64(j, "errors", a->errors);
    haul_json_kbool(j, "estop", a->estop);
    text(j, "source", a->source, a->source_len);
}

void wh_view(const struct haul_task *t, const struct haul_entity *e, struct haul_json *j)
{
    const struct haul_str id = haul_entity_id(e);
    switch ((enum wh_entity)haul_entity_kind(e)) {
    case WH_HUB:
        hub(haul_entity_state_const(e), wh_capacity(haul_task_options(t), id), j);
        break;
    case WH_STATION:
        haul_json_kstr(j, "hub", wh_hub_of(id, '/'));
        station(haul_entity_state_const(e), j);
        break;
    case WH_AGV:
        haul_json_kstr(j, "hub", wh_hub_of(id, '/'));
        agv(haul_entity_state_const(e), j);
        break;
    case WH_PAGE:
        assert(false);
    }
    list_open(j, "alerts");
    for (unsigned r = 0; r < WH_RULES; r++)
        if (haul_entity_raised(e, r)) haul_json_str(j, haul_str_of(wh_rules[r].name));
    haul_json_close(j, ']');
}

/* ---- dump: what the view does not show besides ---- */
static void course(const struct wh_course *c, struct haul_json *j)
{
    list_open(j, "course");
    haul_json_i64(j, c->epoch_ms);
    haul_json_i64(j, c->rising_ms);
    for (unsigned i = 0; i < c->n; i++) {
        haul_json_i64(j, c->s[i]);
        haul_json_f64(j, (double)c->pct[i], 6);
    }
    haul_json_close(j, ']');
}

static void sketch(const struct wh_sketch *s, struct haul_json *j)
{
    haul_json_open(j, '[');
    for (unsigned b = 0; b < WH_SKETCH_BUCKETS; b++) {
        if (s->count[b] == 0) continue;
        haul_json_u64(j, b);
        haul_json_u64(j, s->count[b]);
    }
    haul_json_close(j, ']');
}

static void numbers(struct haul_json *j, const char *name, const double *v, size_t n)
{
    list_open(j, name);
    for (size_t i = 0; i < n; i++) haul_json_f64(j, v[i], 9);
    haul_json_close(j, ']');
}

static void dump_season(const struct haul_season *s, struct haul_json *j)
{
    list_open(j, "season");
    for (unsigned k = 0; k < 2 * HAUL_SEASON_SLOTS; k++) {
        const unsigned kind = k / HAUL_SEASON_SLOTS, slot = k % HAUL_SEASON_SLOTS;
        if (s->n[kind][slot] == 0) continue;
        haul_json_u64(j, k);
        haul_json_u64(j, s->n[kind][slot]);
        haul_json_f64(j, (double)s->usual[kind][slot].mean, 6);
        haul_json_f64(j, (double)s->usual[kind][slot].deviation, 6);
    }
    haul_json_u64(j, s->judged);
    haul_json_f64(j, (double)s->deviation, 6);
    haul_json_close(j, ']');
}

static void dump_hub(const struct wh_hub *h, struct haul_json *j)
{
    const double slow[] = {h->level, h->usual_work, h->low.low, h->low.high, h->turn_min};
    hub(h, 0, j);
    haul_json_ki64(j, "heard_ms", h->heard_ms);
    haul_json_ku64(j, "pages", h->pages);
    haul_json_ki64(j, "minute", h->minute);
    haul_json_ku64(j, "learned_min", h->learned_min);
    haul_json_ku64(j, "stale_min", h->stale_min);
    haul_json_ku64(j, "orders_wrong", h->orders_wrong);
    haul_json_ku64(j, "turns", h->turns);
    numbers(j, "slow", slow, sizeof slow / sizeof slow[0]);
    numbers(j, "expected", h->expected, 8);
    list_open(j, "units");
    for (unsigned i = 0; i < WH_MINUTES; i++) haul_json_u64(j, h->units[i]);
    haul_json_close(j, ']');
    list_open(j, "tally");
    for (unsigned i = 0; i < WH_TALLIES; i++) {
        const uint32_t n[] = {h->tally[i].sorted,   h->tally[i].missorted, h->tally[i].reads,
                              h->tally[i].no_reads, h->tally[i].passes,    h->tally[i].recirculated};
        for (size_t k = 0; k < sizeof n / sizeof n[0]; k++) haul_json_u64(j, n[k]);
    }
    haul_json_close(j, ']');
    dump_season(&h->season, j);
    course(&h->course, j);
    list_open(j, "dwell");
    for (unsigned c = 0; c <= WH_CLASSES; c++) sketch(&h->dwell[c], j);
    sketch(&h->to_stock, j);
    haul_json_close(j, ']');
}

static void dump_station(const struct wh_station *s, struct haul_json *j)
{
    const int64_t since[] = {s->newest_ms, s->shown_ms, s->heard_ms, s->blocked_ms,
                             s->motor_ms,  s->moved_ms, s->freed_ms, s->off_cycles};
    const double sums[] = {s->no_read.sum,        s->recirculation.sum, s->wear[0].high,       s->wear[0].low,
                           s->wear[1].high,       s->wear[1].low,       s->wear[0].level.mean, s->wear[0].level.m2,
                           s->wear[1].level.mean, s->wear[1].level.m2,  s->reading[0].sum,     s->reading[1].sum};
    station(s, j);
    list_open(j, "since");
    for (size_t i = 0; i < sizeof since / sizeof since[0]; i++) haul_json_i64(j, since[i]);
    for (unsigned i = 0; i < s->pending; i++) haul_json_i64(j, s->pending_ms[i]);
    haul_json_u64(j, s->pending_more);
    haul_json_u64(j, s->no_read.n);
    haul_json_u64(j, s->no_read.hits);
    haul_json_u64(j, s->recirculation.n);
    haul_json_u64(j, s->recirculation.hits);
    haul_json_close(j, ']');
    numbers(j, "sums", sums, sizeof sums / sizeof sums[0]);
    course(&s->course, j);
}

static void dump_item(const struct wh_item *i, struct haul_json *j)
{
    haul_json_open(j, '[');
    haul_json_u64(j, i->key);
    haul_json_i64(j, i->in_ms);
    haul_json_i64(j, i->last_ms);
    haul_json_u64(j, i->at);
    haul_json_u64(j, i->to);
    haul_json_u64(j, i->class_hash);
    haul_json_u64(j, i->flags);
    haul_json_u64(j, i->step);
    haul_json_u64(j, i->rounds);
    haul_json_str(j, (struct haul_str){i->id, i->id_len});
    haul_json_close(j, ']');
}

static void dump_truck(const struct wh_truck *t, struct haul_json *j)
{
    haul_json_open(j, '{');
    text(j, "truck", t->name, t->len);
    haul_json_ki64(j, "gate_ms", t->gate_ms);
    haul_json_ki64(j, "dock_ms", t->dock_ms);
    haul_json_ku64(j, "dock", t->dock);
    haul_json_close(j, '}');
}

static void dump_page(const struct wh_page *p, struct haul_json *j)
{
    haul_json_ku64(j, "used", p->used);
    haul_json_ku64(j, "next", p->next);
    list_open(j, "holds");
    for (uint32_t i = 0; p->holds == WH_ITEMS && i < WH_PAGE_ITEMS; i++)
        if (p->item[i].key != 0) dump_item(&p->item[i], j);
    for (uint32_t i = 0; p->holds == WH_YARD && i < p->used; i++) dump_truck(&p->truck[i], j);
    for (uint32_t i = 0; p->holds == WH_TAGS && i < p->used; i++) {
        haul_json_u64(j, p->sighting[i].key);
        haul_json_i64(j, p->sighting[i].ms);
    }
    haul_json_close(j, ']');
}

void wh_dump(const void *state, unsigned entity_kind, struct haul_json *j)
{
    switch ((enum wh_entity)entity_kind) {
    case WH_HUB:
        dump_hub(state, j);
        break;
    case WH_STATION:
        dump_station(state, j);
        break;
    case WH_AGV: {
        const struct wh_agv *a = state;
        agv(a, j);
        haul_json_ki64(j, "newest_ms", a->newest_ms);
        haul_json_ki64(j, "still_ms", a->still_ms);
        break;
    }
    case WH_PAGE:
        dump_page(state, j);
        break;
    }
}
