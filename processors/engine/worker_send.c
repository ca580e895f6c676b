/* SPDX-License-Identifier: Apache-2.0
 * Behind the commits: what committed steps emitted, clock messages that cover it, and ticks at the end of a partition.
 */
#include "processors/engine/worker_internal.h"

#include "haul/mutation.h"

#define NS_PER_MS     1000000
#define RECEIPTS_MAX  256
#define COOKIE_ENGINE UINT64_MAX /* ticks and clocks: no receipt matters */

void worker_receipts(struct haul_worker *w)
{
    struct haul_receipt receipts[RECEIPTS_MAX];
    for (;;) {
        const size_t n = w->sink->ops->poll(w->sink, receipts, RECEIPTS_MAX);
        for (size_t i = 0; i < n; i++) {
            const struct haul_receipt *r = &receipts[i];
            const bool ok = r->result == HAUL_OK;
            if (!ok && w->report.sink_ok) worker_log(w, NULL, 1, "sink_failed", "%s", r->text);
            w->report.sink_ok = ok;
            if (r->cookie == COOKIE_ENGINE) continue;
            for (size_t k = 0; k < w->tasks; k++)
                if (w->task[k]->number == r->cookie >> 40 && w->task[k]->t != NULL)
                    outbox_receipt(&w->task[k]->t->outbox, r->cookie, ok);
        }
        if (n < RECEIPTS_MAX) return;
    }
}

void worker_send(struct haul_worker *w)
{
    w->sink_full = false;
    for (size_t i = 0; i < w->tasks && !w->sink_full; i++) {
        struct worker_task *wt = w->task[i];
        struct haul_error e = {0};
        if (wt->t == NULL || outbox_idle(&wt->t->outbox)) continue;
        /* what a replay brings back is not sent before it has arrived, unless it needs the room to arrive */
        if (wt->state == HAUL_TASK_RESTORING && emit_room(wt->t)) continue;
        if (!outbox_send(&wt->t->outbox, w->sink, wt->name, wt->t->core->incarnation, wt->number, &e))
            w->sink_full = true;
    }
}

static bool send_engine(struct haul_worker *w, struct worker_task *wt, unsigned mailbox, uint32_t partition,
                        const struct haul_record *r)
{
    struct haul_buf *b = &wt->t->outbox.message;
    haul_buf_clear(b);
    haul_record_pack(r, b);
    const struct haul_outgoing m = {
        .to = (uint16_t)mailbox,
        .partition = (int32_t)partition,
        .value = {(const char *)b->p, b->n},
        .sender = {.mailbox = wt->name.mailbox, .partition = wt->name.partition, .incarnation = wt->t->core->incarnation},
        .cookie = COOKIE_ENGINE,
    };
    struct haul_error e = {0};
    return w->sink->ops->send(w->sink, &m, &e) == HAUL_OK;
}

static void tick(struct haul_worker *w, struct worker_task *wt)
{
    if (!wt->at_end || wt->t->has_message || w->now_ns - wt->tick_ns < w->s.tick_interval_ms * NS_PER_MS) return;
    if (!haul_mailbox_row(wt->name.mailbox)->outside) return;
    if (HAUL_MUTANT(TICK_NOT_RECORDED)) {
        receive_outside(wt->t, w->now_ns / NS_PER_MS, w->now_ns / NS_PER_MS);
        return;
    }
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_TICK, HAUL_STR("tick"), (struct haul_time){0});
    if (send_engine(w, wt, wt->name.mailbox, wt->name.partition, &r)) wt->tick_ns = w->now_ns, wt->at_end = false;
}

/* Takes the watermark of the committed step as a candidate, and tells it downstream once everything emitted up to that
 * step is acknowledged: a receiver that lacks a sequence up to `through` may then conclude that the log lost it. */
static void clocks(struct haul_worker *w, struct worker_task *wt)
{
    if (wt->clock_step == 0) {
        if (w->now_ns - wt->clock_ns < w->s.clock_interval_ms * NS_PER_MS) return;
        if (wt->committed_watermark_ms == INT64_MIN || wt->committed_watermark_ms == wt->clock_ms) return;
        wt->clock_ms = wt->committed_watermark_ms;
        wt->clock_step = wt->control.position.step;
        wt->clock_ns = w->now_ns;
        wt->clock_channel = 0;
    }
    if (outbox_acked_step(&wt->t->outbox) < wt->clock_step && !HAUL_MUTANT(CLOCK_BEFORE_OUTPUTS)) return;
    for (; wt->clock_channel < wt->t->channels; wt->clock_channel++) {
        const struct outbox_channel *c = &wt->t->outbox.channel[wt->clock_channel];
        if (c->letters || !haul_mailbox_flows(wt->name.mailbox, c->mailbox)) continue;
        struct haul_record r;
        haul_record_init(&r, HAUL_KIND_CLOCK, HAUL_STR("clock"), (struct haul_time){wt->clock_ms});
        haul_set_i(&r, HAUL_F_CLOCK_WATERMARK, wt->clock_ms);
        haul_set_i(&r, HAUL_F_CLOCK_THROUGH, (int64_t)c->acked);
        if (!send_engine(w, wt, c->mailbox, c->partition, &r)) return;
    }
    wt->clock_step = 0;
}

void worker_time_passes(struct haul_worker *w)
{
    for (size_t i = 0; i < w->tasks; i++) {
        struct worker_task *wt = w->task[i];
        if (wt->t == NULL || wt->state != HAUL_TASK_RUNNING) continue;
        tick(w, wt);
        clocks(w, wt);
    }
}
