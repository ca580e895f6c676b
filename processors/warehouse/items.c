/* SPDX-License-Identifier: Apache-2.0
 * The table of a hub's items: linear hashing (Litwin, VLDB 1980) over pages, each of which is an entity and an open
 * table in itself. It grows and shrinks by one page at a time, so that a step moves the items of one page at most.
 *
 * An item is known by 64 bits of its id's hash: of a million, two are taken for one with a chance of 3 in 10^8. One
 * that has left stays for items.remember, so that a reading that comes late, or twice, does not bring it back.
 */
#include "processors/warehouse/warehouse.h"

#include "haul/hash.h"

#include <stdio.h>

#define ROOM      ((uint32_t)WH_PAGE_ITEMS)
#define CROWDED   (ROOM * 75 / 100) /* a page that is fuller makes the table grow */
#define FULL      (ROOM - 4)        /* some stay free: what is not there is found not to be there */
#define SPARSE    (ROOM * 50 / 100) /* two pages become one when they hold no more together */
#define SWEEP_MS  WH_MINUTE_MS
#define SPLITS    4  /* in one step */
#define MERGES    16 /* in one sweep */
#define PAGE_MARK '#'

uint64_t wh_item_key(struct haul_str id)
{
    const uint64_t h = haul_xxh3(id.p, id.n);
    return h == 0 ? 1 : h;
}

void wh_item_name(struct wh_item *i, struct haul_str id)
{
    size_t from = id.n < WH_ITEM_ID ? 0 : id.n - WH_ITEM_ID;
    while (from < id.n && ((uint8_t)id.p[from] & 0xc0) == 0x80) from++; /* not in the middle of a character */
    i->id_len = (uint8_t)(id.n - from);
    memcpy(i->id, id.p + from, i->id_len);
}

/* ---- pages ---- */
static uint32_t power_below(uint32_t n)
{
    assert(n > 0);
    return 1u << (31 - __builtin_clz(n));
}

static uint32_t page_of(uint64_t key, uint32_t pages)
{
    const uint32_t base = power_below(pages);
    const uint32_t at = (uint32_t)key & (2 * base - 1);
    return at < pages ? at : at & (base - 1);
}

static struct wh_slot open_page(struct wh_step *x, uint32_t number, bool create)
{
    char name[10];
    size_t at = sizeof name;
    uint32_t left = number;
    do name[--at] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    struct wh_slot s = {.page =
                            wh_other(x, WH_PAGE, PAGE_MARK, (struct haul_str){name + at, sizeof name - at}, create)};
    if (s.page == NULL) return s;
    s.p = haul_entity_state(s.page);
    if (s.p->holds == WH_FRESH) {
        s.p->holds = WH_ITEMS;
        s.p->number = number;
        s.p->hub_len = (uint8_t)x->hub.n;
        memcpy(s.p->hub, x->hub.p, x->hub.n);
    }
    return s;
}

/* ---- one page: open addressing, removal by shifting back (Knuth 6.4, algorithm R) ---- */
static uint32_t home_of(uint64_t key)
{
    return (uint32_t)((key >> 32) * ROOM >> 32);
}

static uint32_t after(uint32_t i)
{
    return i + 1 == ROOM ? 0 : i + 1;
}

static struct wh_item *page_find(struct wh_page *p, uint64_t key)
{
    uint32_t i = home_of(key);
    while (p->item[i].key != 0 && p->item[i].key != key) i = after(i);
    return p->item[i].key == key ? &p->item[i] : NULL;
}

static struct wh_item *page_put(struct wh_page *p, uint64_t key)
{
    assert(p->used < ROOM);
    uint32_t i = home_of(key);
    while (p->item[i].key != 0) i = after(i);
    p->item[i].key = key;
    p->used++;
    return &p->item[i];
}

static void page_take(struct wh_page *p, struct wh_item *item)
{
    uint32_t hole = (uint32_t)(item - p->item);
    for (uint32_t i = after(hole); p->item[i].key != 0; i = after(i)) {
        const uint32_t home = home_of(p->item[i].key);
        if ((i + ROOM - home) % ROOM < (i + ROOM - hole) % ROOM) continue;
        p->item[hole] = p->item[i];
        hole = i;
    }
    p->item[hole] = (struct wh_item){0};
    p->used--;
}

/* ---- what becomes of items ---- */
static void not_overdue(struct wh_step *x, struct wh_item *i)
{
    if (i->flags & WH_ITEM_OVERDUE) x->h->overdue--;
    i->flags &= (uint8_t)~WH_ITEM_OVERDUE;
}

void wh_item_leave(struct wh_step *x, struct wh_item *i)
{
    assert((i->flags & WH_ITEM_GONE) == 0 && x->h->inside > 0);
    not_overdue(x, i);
    if (i->flags & WH_ITEM_STORED) x->h->stored--;
    i->flags = (uint8_t)((i->flags | WH_ITEM_GONE) & ~WH_ITEM_STORED);
    x->h->inside--;
    x->h->out++;
}

static void write_off(struct wh_step *x, struct wh_item *i)
{
    wh_item_leave(x, i);
    x->h->written_off++;
    haul_task_count(x->task, WH_C_WRITTEN_OFF, 1);
}

/* Items that left, and are no longer remembered, give their places. */
static void forget_gone(struct wh_step *x, struct wh_page *p)
{
    for (uint32_t i = 0; i < ROOM;) {
        struct wh_item *item = &p->item[i];
        if (item->key != 0 && (item->flags & WH_ITEM_GONE) && item->last_ms + x->o->items.gone_ms <= x->now_ms)
            page_take(p, item); /* what is shifted into its place is looked at next */
        else
            i++;
    }
}

/* The item that has been silent longest, those that left before the others. */
static void make_place(struct wh_step *x, struct wh_page *p)
{
    struct wh_item *oldest = NULL;
    for (uint32_t i = 0; i < ROOM; i++) {
        struct wh_item *item = &p->item[i];
        if (item->key == 0) continue;
        const unsigned gone = item->flags & WH_ITEM_GONE, best = oldest == NULL ? 0 : oldest->flags & WH_ITEM_GONE;
        if (oldest != NULL && gone == best &&
            (item->last_ms > oldest->last_ms || (item->last_ms == oldest->last_ms && item->key > oldest->key)))
            continue;
        if (oldest == NULL || gone >= best) oldest = item;
    }
    assert(oldest != NULL);
    if ((oldest->flags & WH_ITEM_GONE) == 0) {
        write_off(x, oldest);
        haul_task_count(x->task, WH_C_OVERFULL, 1);
    }
    page_take(p, oldest);
}

/* ---- growing and shrinking ---- */
static void sweep_later(struct wh_step *x, struct haul_entity *page)
{
    if (haul_task_timer_due(page, WH_T_PAGE).ms == HAUL_TIME_NONE.ms)
        haul_task_timer_set(x->task, page, WH_T_PAGE, (struct haul_time){x->now_ms + SWEEP_MS});
}

/* The page that is next in turn gives those of its items that belong on a new one. False: there is no room for it. */
static bool split(struct wh_step *x)
{
    const uint32_t made = x->h->pages, from = made - power_below(made);
    const struct wh_slot new = open_page(x, made, true), old = open_page(x, from, true);
    if (new.page == NULL || old.page == NULL) return false;
    x->h->pages++;
    for (uint32_t i = 0; i < ROOM;) {
        struct wh_item *item = &old.p->item[i];
        if (item->key == 0 || page_of(item->key, x->h->pages) != made) {
            i++;
            continue;
        }
        const struct wh_item moved = *item;
        page_take(old.p, item);
        *page_put(new.p, moved.key) = moved;
    }
    sweep_later(x, new.page);
    return true;
}

/* The newest page goes back into the one that it came from, when both are sparse; the only one goes when it is empty.
 */
static bool merge(struct wh_step *x)
{
    if (x->h->pages == 0) return false;
    const uint32_t last = x->h->pages - 1;
    const struct wh_slot from = open_page(x, last, true);
    if (from.page == NULL || (last == 0 && from.p->used > 0)) return false;
    if (last > 0) {
        const struct wh_slot to = open_page(x, last - power_below(last), true);
        if (to.page == NULL || from.p->used + to.p->used > SPARSE) return false;
        for (uint32_t i = 0; i < ROOM; i++)
            if (from.p->item[i].key != 0) *page_put(to.p, from.p->item[i].key) = from.p->item[i];
        if (to.p->used > 0) sweep_later(x, to.page);
    }
    x->h->pages--;
    haul_task_remove(x->task, from.page);
    return true;
}

struct wh_slot wh_item_find(struct wh_step *x, uint64_t key)
{
    if (x->h->pages == 0) return (struct wh_slot){0};
    struct wh_slot s = open_page(x, page_of(key, x->h->pages), false);
    if (s.page != NULL) s.item = page_find(s.p, key);
    return s;
}

struct wh_slot wh_item_enter(struct wh_step *x, uint64_t key)
{
    struct wh_slot s = {0};
    if (x->h->pages == 0) x->h->pages = 1;
    for (int splits = 0;; splits++) {
        s = open_page(x, page_of(key, x->h->pages), true);
        if (s.page == NULL) return s;
        if (s.p->used >= CROWDED) forget_gone(x, s.p);
        if (s.p->used < CROWDED || splits == SPLITS || !split(x)) break;
    }
    if (s.p->used >= FULL || (x->h->inside >= x->o->items.max && s.p->used > 0)) make_place(x, s.p);
    s.item = page_put(s.p, key);
    s.item->in_ms = s.item->last_ms = x->now_ms;
    x->h->in++;
    x->h->inside++;
    sweep_later(x, s.page);
    return s;
}

/* ---- once a minute ---- */
struct overdue {
    int64_t longest_ms, limit_ms;
    char *text; /* "item:A,item:B", some of them */
    size_t n;
};

static void overdue_add(struct wh_step *x, struct overdue *o, struct wh_item *item, int64_t inside_ms, int64_t limit_ms)
{
    if ((item->flags & WH_ITEM_OVERDUE) == 0) x->h->overdue++;
    item->flags |= WH_ITEM_OVERDUE;
    if (inside_ms > o->longest_ms) o->longest_ms = inside_ms, o->limit_ms = limit_ms;
    if (o->text == NULL) o->text = haul_task_scratch(x->task, WH_TOUCHES);
    if (o->text == NULL || o->n + WH_ITEM_ID + 7 > WH_TOUCHES) return;
    const int n =
        snprintf(o->text + o->n, WH_TOUCHES - o->n, "%sitem:%.*s", o->n > 0 ? "," : "", item->id_len, item->id);
    o->n += n > 0 ? (size_t)n : 0;
}

/*  1  silent for items.keep                                                written off
 *  2  not in storage, and inside for longer than its class may be          overdue, until it leaves
 */
static void sweep(struct wh_step *x, struct wh_page *p, struct overdue *o)
{
    int64_t limit_ms = 0;
    uint32_t class_hash = 0;
    for (uint32_t i = 0; i < ROOM; i++) {
        struct wh_item *item = &p->item[i];
        if (item->key == 0 || (item->flags & WH_ITEM_GONE)) continue;
        if (item->last_ms + x->o->items.keep_ms <= x->now_ms) {
            write_off(x, item);
            item->last_ms = x->now_ms;
            continue;
        }
        if (limit_ms == 0 || item->class_hash != class_hash)
            class_hash = item->class_hash, limit_ms = wh_dwell_limit_ms(x, class_hash);
        const int64_t inside_ms = x->now_ms - item->in_ms;
        if ((item->flags & WH_ITEM_STORED) == 0 && inside_ms > limit_ms) overdue_add(x, o, item, inside_ms, limit_ms);
    }
}

void wh_page_timer(struct wh_step *x, struct haul_entity *e, struct wh_page *p)
{
    struct overdue o = {0};
    forget_gone(x, p);
    sweep(x, p, &o);
    wh_judge_dwell(x, o.longest_ms, o.limit_ms, (struct haul_str){o.text, o.n});
    if (p->used > 0) sweep_later(x, e);
    int merged = 0;
    while (merged < MERGES && merge(x)) merged++;
    if (merged == MERGES && x->h->pages > 0) sweep_later(x, open_page(x, 0, true).page); /* there may be more */
}
