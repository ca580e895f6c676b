/* SPDX-License-Identifier: Apache-2.0
 * What comes from other tasks: sequences without holes, and their clocks.
 *
 * A receiver takes last + 1, drops what is at or below last, drops and counts what lies beyond a hole: the sender sends
 * it again. The first record of an unknown (task, incarnation) is its base; a higher incarnation replaces, a lower one
 * is dropped. A clock message says "acknowledged through n", and so does every record: a receiver that lacks n knows
 * that the log lost it, counts it and goes on behind it. (Feedback has no clocks: there the records alone say it.)
 */
#include "processors/engine/task.h"

#include "haul/mutation.h"

static struct upstream *find(struct task_core *c, const struct haul_sender *s)
{
    for (uint32_t i = 0; i < c->upstreams; i++)
        if (c->upstream[i].mailbox == s->mailbox && c->upstream[i].partition == s->partition) return &c->upstream[i];
    return NULL;
}

static struct upstream *find_or_add(struct task_core *c, const struct haul_sender *s)
{
    struct upstream *u = find(c, s);
    if (u != NULL || c->upstreams == UPSTREAMS_MAX) return u;
    u = &c->upstream[c->upstreams++];
    *u = (struct upstream){.mailbox = s->mailbox, .partition = s->partition, .watermark_ms = INT64_MIN};
    return u;
}

static void heard(struct haul_task *t, struct upstream *u, int64_t append_ms)
{
    if (u->stalled) stall_tell(t, u, append_ms, false);
    if (append_ms > u->heard_ms) u->heard_ms = append_ms;
    u->stalled = 0;
}

/* Takes over a new incarnation; false when the sender's is an older one. */
static bool incarnation_holds(struct upstream *u, const struct haul_sender *s, uint64_t base)
{
    if (s->incarnation < u->incarnation && !HAUL_MUTANT(STALE_INCARNATION_ACCEPTED)) return false;
    if (s->incarnation != u->incarnation) {
        u->incarnation = s->incarnation;
        u->sequence = base;
    }
    return true;
}

/* The sender knows that everything through this sequence was in the log before; what is lacking, the log has lost. */
static void lost_through(struct haul_task *t, struct upstream *u, uint64_t through)
{
    if (u->sequence >= through || HAUL_MUTANT(LOSS_OVERLOOKED)) return;
    t->core->count[COUNT_LOST] += through - u->sequence;
    u->sequence = through;
}

enum receive receive_record(struct haul_task *t, const struct haul_sender *s, uint64_t sequence, int64_t append_ms)
{
    struct upstream *u = find_or_add(t->core, s);
    if (u == NULL)
        return RECEIVE_TAKE; /* more senders than the table holds: not deduplicated, which a check of the topology
                                excludes */
    const uint64_t held = s->acked < sequence && !HAUL_MUTANT(BASE_IS_FIRST_SEEN) ? s->acked : sequence - 1;
    if (!incarnation_holds(u, s, held)) return RECEIVE_STALE;
    heard(t, u, append_ms);
    lost_through(t, u, s->acked < sequence ? s->acked : sequence - 1);
    if (sequence <= u->sequence && !HAUL_MUTANT(DUPLICATES_ACCEPTED)) return RECEIVE_DUPLICATE;
    if (sequence > u->sequence + 1 && !HAUL_MUTANT(SEQUENCE_HOLES_ACCEPTED)) return RECEIVE_BEYOND;
    u->sequence = sequence;
    return RECEIVE_TAKE;
}

void receive_clock(struct haul_task *t, const struct haul_sender *s, const struct haul_record *r, int64_t append_ms)
{
    if (s->mailbox == HAUL_MAILBOX_NONE || !haul_mailbox_flows(s->mailbox, t->name.mailbox)) return;
    struct upstream *u = find_or_add(t->core, s);
    const uint64_t through = (uint64_t)r->v[HAUL_F_CLOCK_THROUGH].i;
    if (u == NULL || !incarnation_holds(u, s, through)) return;
    heard(t, u, append_ms);
    lost_through(t, u, through);
    if (r->v[HAUL_F_CLOCK_WATERMARK].i > u->watermark_ms) u->watermark_ms = r->v[HAUL_F_CLOCK_WATERMARK].i;
    u->clocked = r->v[HAUL_F_CLOCK_GONE].i == 0;
}

void receive_outside(struct haul_task *t, int64_t event_ms, int64_t append_ms)
{
    struct task_core *c = t->core;
    const int64_t at = event_ms < append_ms ? event_ms : append_ms;
    if (at > c->newest_ms) c->newest_ms = at;
    if (!haul_mailbox_row(t->name.mailbox)->outside) return;
    const int64_t clock = at - t->options->settings.lateness_ms;
    if (clock > c->outside_ms) c->outside_ms = clock;
}

/* Leaves out upstreams that have been silent for clock.stall of append time, with an alert; looked at once a second of
 * append time, within the first step of a message. */
void receive_silence(struct haul_task *t, int64_t append_ms)
{
    struct task_core *c = t->core;
    if (append_ms / 1000 <= c->silence_ms / 1000) return;
    c->silence_ms = append_ms;
    for (uint32_t i = 0; i < c->upstreams; i++) {
        struct upstream *u = &c->upstream[i];
        if (!u->clocked || u->stalled || append_ms - u->heard_ms <= t->options->settings.clock_stall_ms) continue;
        u->stalled = 1;
        c->count[COUNT_STALLED]++;
        stall_tell(t, u, append_ms, true);
    }
}

int64_t task_watermark(const struct haul_task *t)
{
    const struct task_core *c = t->core;
    int64_t least = c->outside_ms == INT64_MIN ? INT64_MAX : c->outside_ms;
    for (uint32_t i = 0; i < c->upstreams && !HAUL_MUTANT(UPSTREAM_CLOCK_IGNORED); i++) {
        const struct upstream *u = &c->upstream[i];
        if (u->clocked && !u->stalled && u->watermark_ms < least) least = u->watermark_ms;
    }
    return least == INT64_MAX ? INT64_MIN : least;
}
