/* SPDX-License-Identifier: Apache-2.0
 * The outbox over a sink that loses, loses only the answer, and answers late: whatever happens, a receiver by the rule
 * of sequences gets every record once and in order, nothing is sent before its step is committed, and what is
 * acknowledged is a prefix.
 */
#include "processors/engine/outbox.h"

#include "haul/record.h"
#include "haul/rng.h"
#include "haul/topics.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CHANNELS 3
#define FLIGHTS  64

struct flight {
    uint64_t cookie;
    uint32_t channel;
    uint64_t first, last;
    bool lands, answered_well;
};

struct world {
    struct outbox o;
    struct haul_sink sink;
    struct haul_rng rng;
    struct flight flight[FLIGHTS];
    size_t flights;
    uint64_t given[CHANNELS], step, received[CHANNELS];
    uint64_t step_of[CHANNELS][8192];
};

static struct world *world; /* of the sink's callback */

static enum haul_err take(struct haul_sink *s, const struct haul_outgoing *m, struct haul_error *e)
{
    (void)s;
    struct haul_message_cursor c;
    struct haul_refusal why;
    if (world->flights == FLIGHTS || haul_rng_below(&world->rng, 20) == 0) return haul_fail(e, HAUL_E_AGAIN, "full");
    assert_true(haul_message_open(&c, m->value, &why));
    const uint64_t last = m->sender.sequence + c.left - 1;
    for (uint64_t i = m->sender.sequence; i <= last; i++)
        assert_true(world->step_of[m->partition][i] <= world->o.committed_step);
    assert_true(m->sender.acked < m->sender.sequence);
    world->flight[world->flights++] = (struct flight){
        .cookie = m->cookie,
        .channel = (uint32_t)m->partition,
        .first = m->sender.sequence,
        .last = last,
        .lands = haul_rng_below(&world->rng, 8) != 0,
        .answered_well = haul_rng_below(&world->rng, 8) != 0,
    };
    return HAUL_OK;
}

static const struct haul_sink_ops ops = {.name = "lossy", .send = take};

/* The oldest flight of a channel lands, or not, and is answered. */
static void answer(struct world *w)
{
    if (w->flights == 0) return;
    size_t at = (size_t)haul_rng_below(&w->rng, w->flights);
    for (size_t i = 0; i < at; i++)
        if (w->flight[i].channel == w->flight[at].channel) at = i;
    const struct flight f = w->flight[at];
    memmove(&w->flight[at], &w->flight[at + 1], (--w->flights - at) * sizeof f);
    if (f.lands)
        for (uint64_t s = f.first; s <= f.last; s++)
            if (s == w->received[f.channel] + 1) w->received[f.channel] = s;
    outbox_receipt(&w->o, f.cookie, f.lands && f.answered_well);
    for (uint32_t i = 0; i < CHANNELS; i++) assert_true(w->o.channel[i].acked <= w->received[i]);
}

static void put(struct world *w)
{
    const uint32_t channel = (uint32_t)haul_rng_below(&w->rng, CHANNELS);
    struct haul_record r;
    struct haul_buf b;
    haul_buf_init(&b, 256, 4096);
    haul_record_init(&r, HAUL_KIND_TEMPLATE_READING, HAUL_STR("x"), (struct haul_time){1});
    haul_set_f(&r, HAUL_F_TR_VALUE, 1);
    haul_record_pack(&r, &b);
    if (outbox_room(&w->o, 1, b.n) && w->given[channel] < 8000) {
        w->step += haul_rng_below(&w->rng, 2);
        w->step_of[channel][++w->given[channel]] = w->step;
        outbox_put(&w->o, channel, w->given[channel], w->step, HAUL_STR("x"), (struct haul_str){(const char *)b.p, b.n},
                   (struct haul_str){NULL, 0}, 0);
    }
    haul_buf_free(&b);
}

static void send_some(struct world *w)
{
    struct haul_error e;
    outbox_send(&w->o, &w->sink, (struct haul_task_name){HAUL_MAILBOX_TEMPLATE, 0}, 1, 5, &e);
}

static void every_record_once(void **state)
{
    (void)state;
    static struct world w;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        memset(&w, 0, sizeof w);
        world = &w;
        haul_rng_seed(&w.rng, seed);
        print_message("seed %llu\n", (unsigned long long)seed);
        outbox_open(&w.o, 256 * 1024 + haul_rng_below(&w.rng, 40000), CHANNELS);
        for (uint32_t i = 0; i < CHANNELS; i++)
            w.o.channel[i].mailbox = HAUL_MAILBOX_TEMPLATE, w.o.channel[i].partition = (uint16_t)i;
        w.sink.ops = &ops;
        for (int k = 0; k < 6000; k++) switch (haul_rng_below(&w.rng, 6)) {
            case 0:
                w.o.committed_step = w.step;
                break;
            case 1:
                send_some(&w);
                break;
            case 2:
            case 3:
                answer(&w);
                break;
            default:
                put(&w);
                break;
            }
        w.o.committed_step = w.step;
        for (int k = 0; k < 20000 && !outbox_idle(&w.o); k++) send_some(&w), answer(&w);
        assert_true(outbox_idle(&w.o));
        for (uint32_t i = 0; i < CHANNELS; i++) assert_int_equal(w.received[i], w.given[i]);
        assert_true(outbox_acked_step(&w.o) == UINT64_MAX);
        outbox_close(&w.o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_record_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
