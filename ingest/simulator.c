/* SPDX-License-Identifier: Apache-2.0
 * The clock of the simulated world: the vehicle that is due is woken, moved on, judged, and reports; what it sends
 * waits in the outbox until nothing that is still to come can be sent earlier.
 */
#include "ingest/simulator_world.h"

#include "haul/hash.h"

#include <stdio.h>
#include <stdlib.h>

#define OUTBOX_FIRST 4096
#define BYTES_MAX    (256 * 1024)

/* ---- the heap of wakes
 * ----------------------------------------------------------------------------------------------- */

static bool earlier(struct sim_wake a, struct sim_wake b)
{
    return a.ms != b.ms ? a.ms < b.ms : a.vehicle < b.vehicle;
}

/* The first wake has been given a later time: puts it where it belongs. */
static void sift(struct sim_wake *heap, size_t n, size_t i)
{
    const struct sim_wake moved = heap[i];
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= n) break;
        if (child + 1 < n && earlier(heap[child + 1], heap[child])) child++;
        if (!earlier(heap[child], moved)) break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = moved;
}

static int64_t wake_of(const struct sim_vehicle *v)
{
    int64_t ms = v->report_ms < v->phase_end_ms ? v->report_ms : v->phase_end_ms;
    const int64_t fault = sim_faults_wake(v);
    if (fault < ms) ms = fault;
    return ms > v->now_ms ? ms : v->now_ms + 1;
}

static void step(struct haul_simulator *s)
{
    struct sim_wake *const first = &s->wakes[0];
    struct sim_vehicle *v = &s->vehicles[first->vehicle];
    sim_advance(s, v, first->ms);
    sim_faults_end(s, v);
    if (v->phase != SIM_DRIVING && v->now_ms >= v->phase_end_ms) sim_turn(s, v);
    if (v->now_ms >= v->report_ms) sim_report(s, v);
    sim_faults_begin(s, v);
    first->ms = wake_of(v);
    sift(s->wakes, (size_t)s->scenario.vehicles, 0);
}

/* ---- the outbox
 * ------------------------------------------------------------------------------------------------------ */

static bool sent_before(const struct sim_message *a, const struct sim_message *b)
{
    return a->send_ms != b->send_ms ? a->send_ms < b->send_ms : a->order < b->order;
}

static struct sim_message pop(struct haul_simulator *s)
{
    struct sim_message *const box = s->outbox;
    const struct sim_message first = box[0], last = box[--s->outbox_len];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= s->outbox_len) break;
        if (child + 1 < s->outbox_len && sent_before(&box[child + 1], &box[child])) child++;
        if (!sent_before(&box[child], &last)) break;
        box[i] = box[child];
        i = child;
    }
    box[i] = last;
    return first;
}

bool haul_simulator_next(struct haul_simulator *s, struct haul_simulated *out)
{
    while (s->wakes[0].ms < s->end_ms && (s->outbox_len == 0 || s->outbox[0].send_ms > s->wakes[0].ms)) step(s);
    if (s->outbox_len == 0) return false;
    const struct sim_message m = pop(s);
    sim_message_fill(s, &m, out);
    return true;
}

/* ---- making a world
 * -------------------------------------------------------------------------------------------------- */

static enum sim_group draw_group(const struct haul_scenario *o, struct haul_rng *rng)
{
    const double at = haul_rng_f64(rng);
    return at < o->coaches ? SIM_COACH : at < o->coaches + o->trucks ? SIM_TRUCK : SIM_VAN;
}

/* Letters of the province's eleven cities on number plates. */
static void draw_plate(struct haul_rng *rng, char *out, size_t size)
{
    static const char cities[] = "ABCDEFGHJKLM", marks[] = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    char tail[6] = "";
    for (int i = 0; i < 5; i++) tail[i] = marks[haul_rng_below(rng, i == 0 || i == 4 ? 10 : sizeof marks - 1)];
    snprintf(out, size, "赣%c%s", cities[haul_rng_below(rng, sizeof cities - 1)], tail);
}

static void make_vehicles(struct haul_simulator *s)
{
    for (size_t i = 0; i < (size_t)s->scenario.vehicles; i++) {
        struct sim_vehicle *v = &s->vehicles[i];
        haul_rng_seed(&v->rng, haul_mix((uint64_t)s->scenario.seed, i));
        snprintf(v->id, sizeof v->id, "JX%05zu", i + 1);
        draw_plate(&v->rng, v->plate, sizeof v->plate);
        v->gateway = (uint16_t)haul_rng_below(&v->rng, (uint64_t)s->scenario.gateways);
        v->group = draw_group(&s->scenario, &v->rng);
        sim_settle(s, v);
    }
    sim_faults_plan(s);
    const size_t n = (size_t)s->scenario.vehicles;
    for (size_t i = 0; i < n; i++) s->wakes[i] = (struct sim_wake){wake_of(&s->vehicles[i]), (uint32_t)i};
    for (size_t i = n / 2; i-- > 0;) sift(s->wakes, n, i);
}

enum haul_err haul_simulator_open(const struct haul_scenario *scenario, struct haul_simulator **out,
                                  struct haul_error *e)
{
    *out = NULL;
    struct haul_time start;
    enum haul_err code = haul_time_parse(scenario->start, strlen(scenario->start), &start, e);
    if (code != HAUL_OK) return code;
    struct haul_simulator *s = calloc(1, sizeof *s);
    assert(s != NULL);
    s->scenario = *scenario;
    code = sim_network_read(scenario->network, &s->network, e);
    if (code != HAUL_OK) {
        free(s);
        return code;
    }
    s->start_ms = start.ms, s->end_ms = start.ms + scenario->duration_ms;
    s->vehicles = calloc((size_t)scenario->vehicles, sizeof *s->vehicles);
    s->wakes = calloc((size_t)scenario->vehicles, sizeof *s->wakes);
    s->outbox_cap = OUTBOX_FIRST;
    s->outbox = malloc(s->outbox_cap * sizeof *s->outbox);
    assert(s->vehicles != NULL && s->wakes != NULL && s->outbox != NULL);
    haul_buf_init(&s->bytes, 4096, BYTES_MAX);
    make_vehicles(s);
    *out = s;
    return HAUL_OK;
}

void haul_simulator_close(struct haul_simulator *s)
{
    if (s == NULL) return;
    sim_network_free(&s->network);
    haul_buf_free(&s->bytes);
    free(s->vehicles);
    free(s->wakes);
    free(s->outbox);
    free(s->truths);
    free(s->silences);
    free(s);
}

/* ---- as one of the worlds ---- */
static enum haul_err world_open(const void *scenario, void **world, struct haul_error *e)
{
    struct haul_simulator *s = NULL;
    const enum haul_err err = haul_simulator_open(scenario, &s, e);
    *world = s;
    return err;
}

static bool world_next(void *world, struct haul_simulated *out)
{
    return haul_simulator_next(world, out);
}

static bool world_truth(void *world, struct haul_json *j)
{
    struct haul_simulator_truth t;
    if (!haul_simulator_truth(world, &t)) return false;
    haul_simulator_truth_json(&t, j);
    return true;
}

static void world_close(void *world)
{
    haul_simulator_close(world);
}

const struct haul_world haul_world_fleet = {
    .options = &haul_scenario_option_set,
    .subjects = "vehicles",
    .count = "vehicles",
    .least = "network: ., ",
    .seed_at = offsetof(struct haul_scenario, seed),
    .count_at = offsetof(struct haul_scenario, vehicles),
    .duration_at = offsetof(struct haul_scenario, duration_ms),
    .start_at = offsetof(struct haul_scenario, start),
    .start_size = sizeof((struct haul_scenario *)0)->start,
    .mailbox = HAUL_MAILBOX_FLEET,
    .open = world_open,
    .next = world_next,
    .truth = world_truth,
    .close = world_close,
};
