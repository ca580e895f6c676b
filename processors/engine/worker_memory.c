/* SPDX-License-Identifier: Apache-2.0
 * What the group remembers of a task beside its offset: told with every few commits, asked at every claim. Kafka and
 * the store are lost apart from each other, so each of them shows that the other has forgotten:
 *
 *     the store holds nothing           it was wiped. on_wipe: rebuild replays the log, silent below `settled`
 *     the store's incarnation is lower  it has gone back behind a rebuild: a replica or a snapshot from before it. The
 *                                       state is right as far as it goes, since the same log gives the same state; but
 *                                       the other tasks take that incarnation for over, and would drop all it sends.
 *                                       on_wipe: rebuild goes on as the next incarnation, silent below `settled`
 */
#include "processors/engine/worker_internal.h"

#include "haul/mutation.h"

#include <stdio.h>

/* Below this all that was emitted is in the log: acknowledged, or emitted by the incarnation that this one replays, or
 * before the store lost its tail. It never falls. */
static int64_t settled(const struct worker_task *wt)
{
    int64_t most = wt->settled_offset;
    if (wt->control.silent_until > most) most = wt->control.silent_until;
    return wt->settled_before > most ? wt->settled_before : most;
}

void worker_remember(struct haul_worker *w, struct worker_task *wt)
{
    char metadata[MEMORY_TEXT];
    wt->remember_ns = w->now_ns;
    /* before a replay has arrived the outbox does not hold yet what it will bring back */
    if (wt->state != HAUL_TASK_RESTORING && outbox_acked_step(&wt->t->outbox) >= wt->control.position.step)
        wt->settled_offset = wt->control.position.offset;
    snprintf(metadata, sizeof metadata, "incarnation=%llu settled=%lld since=%lld",
             (unsigned long long)wt->control.incarnation, (long long)settled(wt),
             (long long)wt->control.genesis_offset);
    w->source->ops->remember(w->source, wt->name, wt->control.position.offset, metadata);
}

/* What cannot be read in the metadata is taken from the offset, which whoever moves a group's offsets leaves alone. */
static enum haul_err recall(struct haul_worker *w, struct worker_task *wt, struct memory *m, struct haul_error *e)
{
    char metadata[MEMORY_TEXT] = "";
    int64_t offset = -1;
    unsigned long long incarnation = 1;
    long long settled = -1, since = 0;
    const enum haul_err err = w->source->ops->recall(w->source, wt->name, &offset, metadata, sizeof metadata, e);
    if (err != HAUL_OK) return err;
    const int read = sscanf(metadata, "incarnation=%llu settled=%lld since=%lld", &incarnation, &settled, &since);
    *m = (struct memory){.offset = offset, .incarnation = 1, .settled = offset, .since = 0};
    if (read >= 1) m->incarnation = incarnation;
    if (read >= 2 && settled >= 0) m->settled = settled;
    if (read >= 3 && since >= 0) m->since = since;
    return HAUL_OK;
}

enum haul_err worker_check_wiped(struct haul_worker *w, struct worker_task *wt, struct haul_control *genesis,
                                 struct haul_error *e)
{
    struct memory m;
    const enum haul_err err = recall(w, wt, &m, e);
    if (err != HAUL_OK || m.offset < 0) return err;
    if (w->s.on_wipe == HAUL_WIPE_STOP)
        return haul_fail(e, HAUL_E_CONFLICT,
                         "Kafka remembers offset %lld but the store holds nothing: it was wiped. Set engine.on_wipe: "
                         "rebuild to build the view again",
                         (long long)m.offset);
    genesis->incarnation = m.incarnation + (HAUL_MUTANT(REBUILD_SAME_INCARNATION) ? 0 : 1);
    genesis->silent_until = HAUL_MUTANT(REBUILD_NOT_SILENT) ? -1 : m.settled;
    int64_t low, high;
    const enum haul_err bounds = w->source->ops->bounds(w->source, wt->name, &low, &high, e);
    if (bounds == HAUL_OK) genesis->genesis_offset = low > m.since ? low : m.since;
    return bounds;
}

enum haul_err worker_check_gone_back(struct haul_worker *w, struct worker_task *wt, struct haul_error *e)
{
    struct memory m;
    struct haul_control *c = &wt->control;
    const enum haul_err err = recall(w, wt, &m, e);
    if (err != HAUL_OK || m.offset < 0) return err;
    wt->settled_before = m.settled;
    if (m.incarnation <= c->incarnation || HAUL_MUTANT(REBUILD_FORGOTTEN)) return HAUL_OK;
    if (w->s.on_wipe == HAUL_WIPE_STOP)
        return haul_fail(e, HAUL_E_CONFLICT,
                         "the store holds incarnation %llu, Kafka remembers %llu: it has gone back behind a rebuild. "
                         "Set engine.on_wipe: rebuild to go on from there as the next one",
                         (unsigned long long)c->incarnation, (unsigned long long)m.incarnation);
    worker_log(w, wt, 1, "gone_back", "the store is from before a rebuild: incarnation %llu goes on as %llu",
               (unsigned long long)c->incarnation, (unsigned long long)m.incarnation + 1);
    c->incarnation = m.incarnation + 1;
    if (m.settled > c->silent_until) c->silent_until = m.settled;
    if (c->checkpoint_generation > 0 && c->checkpoint.offset > c->silent_until) c->silent_until = c->checkpoint.offset;
    memset(c->acked, 0, sizeof c->acked);
    wt->renewed = true;
    return HAUL_OK;
}

void worker_renew(struct worker_task *wt)
{
    struct task_core *core = wt->t->core;
    if (core->incarnation == wt->control.incarnation) return;
    core->incarnation = wt->control.incarnation;
    core->silent_until = wt->control.silent_until;
    memset(core->sequence, 0, sizeof core->sequence);
    core->count[COUNT_EMITTED] = 0; /* by this incarnation, as when all of it is built again */
    task_dirty(wt->t, core, sizeof *core);
}
