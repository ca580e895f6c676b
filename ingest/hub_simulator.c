/* SPDX-License-Identifier: Apache-2.0
 * The clock of the simulated hubs: what is due happens, what it sends waits in the outbox until nothing that is still
 * to come can be sent earlier.
 */
#include "ingest/hub_world.h"

#include "haul/hash.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST 1024

static void *more(void *p, size_t *cap, size_t size)
{
    *cap = *cap == 0 ? FIRST : 2 * *cap;
    p = realloc(p, *cap * size);
    assert(p != NULL);
    return p;
}

double hub_between(struct hub *h, double low, double high)
{
    return haul_rng_between(&h->rng, low, high);
}

int64_t hub_ms(struct hub *h, double low_s, double high_s)
{
    return (int64_t)(hub_between(h, low_s, high_s) * 1000);
}

/* ---- what is going to happen: a heap ---- */
static bool happens_before(const struct hub_event *a, const struct hub_event *b)
{
    return a->ms != b->ms ? a->ms < b->ms : a->order < b->order;
}

void hub_at(struct haul_hub_simulator *s, struct hub *h, int64_t ms, enum hub_what what, uint32_t a, uint32_t b)
{
    if (s->events_len == s->events_cap) s->event = more(s->event, &s->events_cap, sizeof *s->event);
    const struct hub_event e = {
        .ms = ms, .order = s->order++, .hub = (uint32_t)(h - s->hub), .a = a, .b = b, .what = what};
    size_t i = s->events_len++;
    for (; i > 0 && happens_before(&e, &s->event[(i - 1) / 2]); i = (i - 1) / 2) s->event[i] = s->event[(i - 1) / 2];
    s->event[i] = e;
}

static struct hub_event next_event(struct haul_hub_simulator *s)
{
    const struct hub_event first = s->event[0], last = s->event[--s->events_len];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < s->events_len; i = child) {
        if (child + 1 < s->events_len && happens_before(&s->event[child + 1], &s->event[child])) child++;
        if (!happens_before(&s->event[child], &last)) break;
        s->event[i] = s->event[child];
    }
    s->event[i] = last;
    return first;
}

/* ---- what is sent: the same ---- */
static bool sent_before(const struct hub_message *a, const struct hub_message *b)
{
    return a->send_ms != b->send_ms ? a->send_ms < b->send_ms : a->order < b->order;
}

static void put(struct haul_hub_simulator *s, const struct hub_message *m)
{
    if (s->outbox_len == s->outbox_cap) s->outbox = more(s->outbox, &s->outbox_cap, sizeof *s->outbox);
    size_t i = s->outbox_len++;
    for (; i > 0 && sent_before(m, &s->outbox[(i - 1) / 2]); i = (i - 1) / 2) s->outbox[i] = s->outbox[(i - 1) / 2];
    s->outbox[i] = *m;
}

static void pop(struct haul_hub_simulator *s, struct hub_message *first)
{
    *first = s->outbox[0];
    const struct hub_message *last = &s->outbox[--s->outbox_len];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < s->outbox_len; i = child) {
        if (child + 1 < s->outbox_len && sent_before(&s->outbox[child + 1], &s->outbox[child])) child++;
        if (!sent_before(&s->outbox[child], last)) break;
        s->outbox[i] = s->outbox[child];
    }
    s->outbox[i] = *last;
}

struct hub_message hub_message(struct haul_hub_simulator *s, struct hub *h, enum haul_kind kind)
{
    return (struct hub_message){.time_ms = s->now_ms, .hub = (uint32_t)(h - s->hub), .kind = (uint16_t)kind};
}

static struct hub_field *field(struct hub_message *m, enum haul_field f, enum hub_type type)
{
    assert(m->fields < HUB_FIELDS);
    m->field[m->fields] = (struct hub_field){.field = f, .type = type};
    return &m->field[m->fields++];
}

void hub_text(struct hub_message *m, enum haul_field f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(field(m, f, HUB_T_TEXT)->s, HUB_TEXT, format, args);
    va_end(args);
}

void hub_real(struct hub_message *m, enum haul_field f, double v)
{
    field(m, f, HUB_T_REAL)->f = v;
}

void hub_int(struct hub_message *m, enum haul_field f, int64_t v)
{
    field(m, f, HUB_T_INT)->i = v;
}

/* A hub's controller sends in the order in which things happen; only a reading that is to be disordered falls behind.
 */
void hub_push(struct haul_hub_simulator *s, struct hub *h, const struct hub_message *m)
{
    struct hub_message copy = *m;
    const int64_t way_ms = (int64_t)haul_rng_below(&h->rng, (uint64_t)s->scenario.latency_ms + 1);
    copy.send_ms = copy.time_ms + way_ms > h->last_send_ms ? copy.time_ms + way_ms : h->last_send_ms;
    copy.order = s->order++;
    const bool reading = copy.kind == HAUL_KIND_HUB_SCAN && copy.bad == 0;
    if (reading && h->disorder) {
        h->disorder = false;
        copy.send_ms += hub_ms(h, 1, 3);
    } else {
        h->last_send_ms = copy.send_ms;
    }
    put(s, &copy);
    if (!reading || !h->twice) return;
    h->twice = false;
    copy.order = s->order++;
    put(s, &copy);
}

static void fill(struct haul_hub_simulator *s, struct haul_simulated *out)
{
    const struct hub_message *m = &s->sent;
    const struct haul_str id = haul_str_of(s->hub[m->hub].id);
    *out = (struct haul_simulated){.send_at = {m->send_ms}, .key = id};
    haul_record_init(&out->record, (enum haul_kind)m->kind, id, (struct haul_time){m->time_ms});
    snprintf(s->source, sizeof s->source, "plc-%s", s->hub[m->hub].id);
    out->record.source = haul_str_of(s->source);
    for (unsigned i = 0; i < m->fields; i++) {
        const struct hub_field *f = &m->field[i];
        if (f->type == HUB_T_TEXT) haul_set_s(&out->record, f->field, haul_str_of(f->s));
        if (f->type == HUB_T_REAL) haul_set_f(&out->record, f->field, f->f);
        if (f->type == HUB_T_INT) haul_set_i(&out->record, f->field, f->i);
    }
    if (m->bad != 1) return;
    snprintf(s->bad_text, sizeof s->bad_text, "%s", "\x81\xc1");
    out->malformed = true; /* a map whose key is what msgpack never uses */
    out->bytes = haul_str_of(s->bad_text);
}

static void happen(struct haul_hub_simulator *s)
{
    const struct hub_event e = next_event(s);
    struct hub *h = &s->hub[e.hub];
    s->now_ms = e.ms;
    if (e.what == HUB_FAULT)
        hub_fault(s, h, &e);
    else if (e.what < HUB_MOTORS)
        hub_items_event(s, h, &e);
    else
        hub_parts_event(s, h, &e);
}

static void census(struct haul_hub_simulator *s)
{
    if (s->ended) return;
    s->ended = true;
    for (size_t i = 0; i < (size_t)s->scenario.hubs; i++) {
        hub_truth(s, HAUL_HUB_FAULTS_LEN, s->start_ms, s->end_ms, "hub:%s", s->hub[i].id);
        s->truth[s->truths_len - 1].in = s->hub[i].in;
        s->truth[s->truths_len - 1].out = s->hub[i].out;
    }
}

bool haul_hub_simulator_next(struct haul_hub_simulator *s, struct haul_simulated *out)
{
    while (s->events_len > 0 && s->event[0].ms < s->end_ms &&
           (s->outbox_len == 0 || s->outbox[0].send_ms > s->event[0].ms))
        happen(s);
    if (s->outbox_len == 0) {
        census(s);
        return false;
    }
    pop(s, &s->sent);
    fill(s, out);
    return true;
}

/* ---- making a world ---- */
static void *room(int64_t n, size_t size)
{
    void *p = calloc((size_t)n + 1, size);
    assert(p != NULL);
    return p;
}

static void make_hub(struct haul_hub_simulator *s, unsigned i)
{
    const struct haul_hub_scenario *o = &s->scenario;
    struct hub *h = &s->hub[i];
    haul_rng_seed(&h->rng, haul_mix((uint64_t)o->seed, 0x4855420000ull + i));
    snprintf(h->id, sizeof h->id, "HUB%03u", i + 1);
    h->free_item = HUB_NONE;
    h->line = room(o->lines, sizeof *h->line);
    h->zone = room(o->lines * o->zones, sizeof *h->zone);
    h->chute = room(o->chutes, sizeof *h->chute);
    h->truck = room(o->docks, sizeof *h->truck);
    h->vehicle = room(o->agvs, sizeof *h->vehicle);
    h->location = room(o->locations, sizeof *h->location);
    s->now_ms = s->start_ms;
    hub_items_begin(s, h);
    hub_parts_begin(s, h);
    hub_faults_begin(s, h);
}

enum haul_err haul_hub_simulator_open(const struct haul_hub_scenario *scenario, struct haul_hub_simulator **out,
                                      struct haul_error *e)
{
    *out = NULL;
    struct haul_time start;
    const enum haul_err code = haul_time_parse(scenario->start, strlen(scenario->start), &start, e);
    if (code != HAUL_OK) return code;
    struct haul_hub_simulator *s = calloc(1, sizeof *s);
    assert(s != NULL);
    s->scenario = *scenario;
    s->start_ms = start.ms, s->end_ms = start.ms + scenario->duration_ms;
    s->hub = room(scenario->hubs, sizeof *s->hub);
    for (unsigned i = 0; i < (unsigned)scenario->hubs; i++) make_hub(s, i);
    *out = s;
    return HAUL_OK;
}

void haul_hub_simulator_close(struct haul_hub_simulator *s)
{
    if (s == NULL) return;
    for (size_t i = 0; i < (size_t)s->scenario.hubs; i++) {
        struct hub *h = &s->hub[i];
        void *const parts[] = {h->line, h->zone, h->chute, h->truck, h->vehicle, h->location, h->item};
        for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++) free(parts[k]);
    }
    free(s->hub);
    free(s->event);
    free(s->outbox);
    free(s->truth);
    free(s);
}

/* ---- as one of the worlds ---- */
static enum haul_err world_open(const void *scenario, void **world, struct haul_error *e)
{
    struct haul_hub_simulator *s = NULL;
    const enum haul_err err = haul_hub_simulator_open(scenario, &s, e);
    *world = s;
    return err;
}

static bool world_next(void *world, struct haul_simulated *out)
{
    return haul_hub_simulator_next(world, out);
}

static bool world_truth(void *world, struct haul_json *j)
{
    struct haul_hub_truth t;
    if (!haul_hub_simulator_truth(world, &t)) return false;
    haul_hub_truth_json(&t, j);
    return true;
}

static void world_close(void *world)
{
    haul_hub_simulator_close(world);
}

const struct haul_world haul_world_hubs = {
    .options = &haul_hub_scenario_option_set,
    .subjects = "hubs",
    .count = "count",
    .least = "",
    .seed_at = offsetof(struct haul_hub_scenario, seed),
    .count_at = offsetof(struct haul_hub_scenario, hubs),
    .duration_at = offsetof(struct haul_hub_scenario, duration_ms),
    .start_at = offsetof(struct haul_hub_scenario, start),
    .start_size = sizeof((struct haul_hub_scenario *)0)->start,
    .mailbox = HAUL_MAILBOX_WAREHOUSE,
    .open = world_open,
    .next = world_next,
    .truth = world_truth,
    .close = world_close,
};
