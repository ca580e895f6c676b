/* SPDX-License-Identifier: Apache-2.0
 * Entities, their timers, documents and the live stream: the calls of processor.h about them.
 */
#include "haul/hash.h"
#include "haul/math.h"
#include "tests/oracle/oracle_task.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- a chained hash map ---- */
static size_t bucket_of(const struct haul_task *t, unsigned kind, struct haul_str id)
{
    uint64_t h = 14695981039346656037u ^ kind; /* FNV-1a */
    for (size_t i = 0; i < id.n; i++) h = (h ^ (uint8_t)id.p[i]) * 1099511628211u;
    return (size_t)(h ^ h >> 32) & (t->buckets - 1);
}

static struct haul_str id_of(const struct haul_entity *e)
{
    return (struct haul_str){e->id, e->id_len};
}

static void grow(struct haul_task *t)
{
    if (t->entities < t->buckets) return;
    struct haul_entity **old = t->bucket;
    const size_t n = t->buckets;
    t->buckets = n == 0 ? 64 : n * 2;
    t->bucket = calloc(t->buckets, sizeof *t->bucket);
    assert(t->bucket != NULL);
    for (size_t i = 0; i < n; i++)
        for (struct haul_entity *e = old[i], *next; e != NULL; e = next) {
            next = e->next;
            struct haul_entity **to = &t->bucket[bucket_of(t, e->kind, id_of(e))];
            e->next = *to;
            *to = e;
        }
    free(old);
}

static struct haul_entity *find(const struct haul_task *t, unsigned kind, struct haul_str id)
{
    if (t->buckets == 0) return NULL;
    for (struct haul_entity *e = t->bucket[bucket_of(t, kind, id)]; e != NULL; e = e->next)
        if (e->kind == kind && haul_str_eq(id_of(e), id)) return e;
    return NULL;
}

static struct haul_entity *make(struct haul_task *t, unsigned kind, struct haul_str id)
{
    grow(t);
    struct haul_entity *e = calloc(1, sizeof *e);
    assert(e != NULL && id.n <= HAUL_ID_MAX);
    e->state = calloc(1, t->p->entities[kind].state_bytes + 1);
    assert(e->state != NULL);
    e->kind = kind;
    e->id_len = (uint8_t)id.n;
    e->timers = t->p->timers;
    memcpy(e->id, id.p, id.n);
    e->newest = e->painted = BEFORE;
    for (unsigned i = 0; i <= HAUL_TIMERS_MAX; i++) e->due[i] = NEVER;
    struct haul_entity **to = &t->bucket[bucket_of(t, kind, id)];
    e->next = *to;
    *to = e;
    t->entities++;
    return e;
}

static void free_entity(struct haul_entity *e)
{
    free(e->state);
    free(e);
}

static void let_go(struct haul_task *t, struct haul_entity *e)
{
    if (e->painted != BEFORE) haul_task_erase(t, t->p->entities[e->kind].noun, id_of(e));
    struct haul_entity **at = &t->bucket[bucket_of(t, e->kind, id_of(e))];
    while (*at != e) at = &(*at)->next;
    *at = e->next;
    t->entities--;
    if (t->next_timer == e) t->next_known = false;
    free_entity(e);
}

#define EACH_ENTITY(t, e)                                                                                              \
    for (size_t b_ = 0; b_ < (t)->buckets; b_++)                                                                       \
        for (struct haul_entity *e = (t)->bucket[b_]; e != NULL; e = e->next)

void oracle_free_entities(struct haul_task *t)
{
    for (size_t i = 0; i < t->buckets; i++)
        for (struct haul_entity *e = t->bucket[i], *next; e != NULL; e = next) {
            next = e->next;
            free_entity(e);
        }
    free(t->bucket);
}

int oracle_order(const struct haul_entity *a, const struct haul_entity *b)
{
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    return haul_str_cmp(id_of(a), id_of(b));
}

static int by_order(const void *a, const void *b)
{
    return oracle_order(*(struct haul_entity *const *)a, *(struct haul_entity *const *)b);
}

struct haul_entity **oracle_sorted(const struct haul_task *t)
{
    struct haul_entity **all = malloc((t->entities + 1) * sizeof(struct haul_entity *));
    assert(all != NULL);
    size_t n = 0;
    EACH_ENTITY(t, e) all[n++] = e;
    qsort(all, n, sizeof *all, by_order);
    return all;
}

/* Over the quota the entity that was heard of longest ago goes, (kind, id) deciding between equals; never the one that
 * the step is about. */
static bool evict(struct haul_task *t)
{
    struct haul_entity *oldest = NULL;
    EACH_ENTITY(t, e)
    {
        if (t->touched_len > 0 && e == t->touched[0]) continue;
        if (oldest == NULL || e->newest < oldest->newest ||
            (e->newest == oldest->newest && oracle_order(e, oldest) < 0))
            oldest = e;
    }
    if (oldest == NULL || oldest->touched) return false;
    if (t->p->evicted != NULL) t->p->evicted(t, oldest);
    oracle_clear_all(t, oldest);
    let_go(t, oldest);
    t->count.entities_evicted++;
    return true;
}

/* At the quota one goes for each that comes; above it, up to eight. */
static bool room(struct haul_task *t)
{
    int gone = 0;
    while (gone < 8 && t->entities >= t->options->entities_max && evict(t)) gone++;
    return gone > 0 || t->entities < t->options->entities_max;
}

struct haul_entity *oracle_entity(struct haul_task *t, unsigned kind, struct haul_str id, bool create)
{
    struct haul_entity *e = find(t, kind, id);
    if (e == NULL && create && room(t)) (e = make(t, kind, id))->fresh = true;
    if (e == NULL || e->touched) return e;
    assert(t->touched_len <= HAUL_OTHERS_MAX);
    e->touched = true;
    t->touched[t->touched_len++] = e;
    return e;
}

void oracle_end_step(struct haul_task *t)
{
    for (size_t i = 0; i < t->touched_len; i++) {
        struct haul_entity *e = t->touched[i];
        if (e->removed) {
            oracle_clear_all(t, e);
            let_go(t, e);
            continue;
        }
        if (e->paint) oracle_paint(t, e);
        e->paint = e->fresh = e->touched = false;
    }
    t->touched_len = 0;
    t->ordinal = 0;
}

/* ---- timers: the first by (due, kind, id, number) ---- */
static bool earlier(const struct haul_entity *a, unsigned i, const struct haul_entity *b, unsigned k)
{
    if (a->due[i] != b->due[k]) return a->due[i] < b->due[k];
    const int order = oracle_order(a, b);
    return order != 0 ? order < 0 : i < k;
}

static void look_for_first(struct haul_task *t)
{
    t->next_timer = NULL;
    EACH_ENTITY(t, e)
    for (unsigned i = 0; i <= e->timers; i++)
        if (e->due[i] != NEVER && (t->next_timer == NULL || earlier(e, i, t->next_timer, t->next_id)))
            t->next_timer = e, t->next_id = i;
    t->next_known = true;
}

bool oracle_first_timer(struct haul_task *t, struct haul_entity **e, unsigned *id)
{
    if (!t->next_known) look_for_first(t);
    *e = t->next_timer;
    *id = t->next_id;
    return t->next_timer != NULL;
}

static void set_timer(struct haul_task *t, struct haul_entity *e, unsigned id, int64_t due)
{
    const bool was_first = t->next_known && t->next_timer == e && t->next_id == id;
    e->due[id] = due;
    if (was_first)
        t->next_known = false;
    else if (t->next_known && due != NEVER && (t->next_timer == NULL || earlier(e, id, t->next_timer, t->next_id)))
        t->next_timer = e, t->next_id = id;
}

void haul_task_timer_set(struct haul_task *t, struct haul_entity *e, unsigned id, struct haul_time due)
{
    set_timer(t, e, id, due.ms);
}

void haul_task_timer_clear(struct haul_task *t, struct haul_entity *e, unsigned id)
{
    set_timer(t, e, id, NEVER);
}

struct haul_time haul_task_timer_due(const struct haul_entity *e, unsigned id)
{
    return e->due[id] == NEVER ? HAUL_TIME_NONE : (struct haul_time){e->due[id]};
}

/* ---- documents ---- */
static void tell(struct haul_task *t, const struct haul_op_view *v)
{
    t->w.write(t->w.arg, v);
}

static void document(struct haul_task *t, const char *noun, struct haul_str id, struct haul_str json)
{
    char key[HAUL_ID_MAX + 40];
    const int n = snprintf(key, sizeof key, "%s:%.*s", noun, (int)id.n, id.p);
    tell(t, &(struct haul_op_view){.op = HAUL_OP_PUT, .key = {key, (size_t)n}, .a = json});
}

void oracle_paint(struct haul_task *t, struct haul_entity *e)
{
    e->painted = t->time.ms;
    set_timer(t, e, t->p->timers, NEVER);
    t->count.documents_painted++;
    if (t->p->view != NULL) {
        struct haul_buf b;
        struct haul_json j;
        haul_buf_init(&b, 1024, 1 << 20);
        haul_json_begin(&j, &b);
        haul_json_open(&j, '{');
        haul_json_kstr(&j, "id", id_of(e));
        haul_json_ktime(&j, "time", (struct haul_time){e->newest > t->time.ms ? e->newest : t->time.ms});
        t->p->view(t, e, &j);
        haul_json_close(&j, '}');
        document(t, t->p->entities[e->kind].noun, id_of(e), (struct haul_str){(const char *)b.p, b.n});
        haul_buf_free(&b);
    }
    if (t->p->live != NULL && e->moved == 0) e->moved = t->step;
}

void haul_task_paint_now(struct haul_task *t, struct haul_entity *e)
{
    (void)t;
    e->paint = true;
}

void haul_task_paint(struct haul_task *t, struct haul_entity *e)
{
    if (e->painted == BEFORE || t->time.ms >= e->painted + t->options->view_interval_ms)
        e->paint = true;
    else if (e->due[t->p->timers] == NEVER)
        set_timer(t, e, t->p->timers, e->painted + t->options->view_interval_ms);
}

void haul_task_put(struct haul_task *t, const char *noun, struct haul_str id, struct haul_str json)
{
    document(t, noun, id, json);
}

void haul_task_erase(struct haul_task *t, const char *noun, struct haul_str id)
{
    char key[HAUL_ID_MAX + 40];
    const int n = snprintf(key, sizeof key, "%s:%.*s", noun, (int)id.n, id.p);
    tell(t, &(struct haul_op_view){.op = HAUL_OP_ERASE, .key = {key, (size_t)n}});
}

void haul_task_zadd(struct haul_task *t, const char *key, struct haul_str member, int64_t score)
{
    tell(t, &(struct haul_op_view){.op = HAUL_OP_ZADD, .key = haul_str_of(key), .a = member, .x = (uint64_t)score});
}

void haul_task_zrem(struct haul_task *t, const char *key, struct haul_str member)
{
    tell(t, &(struct haul_op_view){.op = HAUL_OP_ZREM, .key = haul_str_of(key), .a = member});
}

static void stream(struct haul_task *t, const char *key, const char *field, struct haul_str value, uint32_t keep,
                   uint64_t ordinal)
{
    tell(t, &(struct haul_op_view){.op = HAUL_OP_XADD,
                                   .aux = keep,
                                   .key = haul_str_of(key),
                                   .a = value,
                                   .b = haul_str_of(field),
                                   .x = (t->incarnation << 48) + t->step,
                                   .y = ordinal});
}

void haul_task_xadd(struct haul_task *t, const char *key, struct haul_str json, uint32_t keep)
{
    stream(t, key, "json", json, keep, t->ordinal++);
}

/* ---- the live stream: what was painted since the last entry, in order of (step, kind, id) ---- */
static int by_move(const void *a, const void *b)
{
    const struct haul_entity *x = *(struct haul_entity *const *)a, *y = *(struct haul_entity *const *)b;
    return x->moved != y->moved ? (x->moved < y->moved ? -1 : 1) : oracle_order(x, y);
}

static void number(struct haul_buf *b, int64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++) haul_buf_byte(b, (uint8_t)((uint64_t)v >> 8 * i));
}

static void delta(struct haul_task *t, struct haul_entity *const *moved, size_t n)
{
    struct haul_buf b;
    haul_buf_init(&b, 1024, 64 << 20);
    number(&b, 1, 1);
    number(&b, t->newest, 8);
    for (size_t i = 0; i < n; i++) {
        struct haul_live l;
        if (!t->p->live(moved[i], &l)) continue;
        number(&b, moved[i]->id_len, 1);
        haul_buf_put(&b, moved[i]->id, moved[i]->id_len);
        number(&b, haul_round_i64(l.lon_deg * 1e7), 4);
        number(&b, haul_round_i64(l.lat_deg * 1e7), 4);
        number(&b, haul_round_i64(l.speed_mps * 100), 2);
        number(&b, haul_round_i64(l.heading_deg * 100), 2);
        number(&b, l.state, 1);
    }
    char key[64];
    snprintf(key, sizeof key, "live:%s:%u", haul_mailbox_row(t->p->mailbox)->name, t->partition);
    stream(t, key, "delta", (struct haul_str){(const char *)b.p, b.n}, 600, 0);
    haul_buf_free(&b);
}

void oracle_live(struct haul_task *t)
{
    const int64_t second = t->newest == BEFORE ? BEFORE : t->newest / 1000;
    if (second <= t->live_second || t->p->live == NULL) return;
    t->live_second = second;
    struct haul_entity **moved = oracle_sorted(t);
    size_t n = 0;
    for (size_t i = 0; i < t->entities; i++)
        if (moved[i]->moved != 0) moved[n++] = moved[i];
    qsort(moved, n, sizeof *moved, by_move);
    if (n > 0) delta(t, moved, n);
    for (size_t i = 0; i < n; i++) moved[i]->moved = 0;
    free(moved);
}

/* ---- the rest of processor.h about entities ---- */
struct haul_entity *haul_task_entity(struct haul_task *t, unsigned kind, struct haul_str id, bool create)
{
    struct haul_entity *e = id.n == 0 || id.n > HAUL_ID_MAX ? NULL : oracle_entity(t, kind, id, create);
    bool by_records = false;
    for (size_t i = 0; i < t->p->takes_len; i++) by_records |= t->p->takes[i].entity == kind;
    if (e != NULL && !by_records && t->time.ms > e->newest) e->newest = t->time.ms;
    return e;
}

void haul_task_remove(struct haul_task *t, struct haul_entity *e)
{
    (void)t;
    e->removed = true;
}

void *haul_entity_state(struct haul_entity *e)
{
    return e->state;
}
const void *haul_entity_state_const(const struct haul_entity *e)
{
    return e->state;
}
struct haul_str haul_entity_id(const struct haul_entity *e)
{
    return id_of(e);
}
unsigned haul_entity_kind(const struct haul_entity *e)
{
    return e->kind;
}
bool haul_entity_new(const struct haul_entity *e)
{
    return e->fresh;
}
struct haul_time haul_entity_newest(const struct haul_entity *e)
{
    return (struct haul_time){e->newest};
}
