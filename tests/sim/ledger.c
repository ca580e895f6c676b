/* SPDX-License-Identifier: Apache-2.0
 * Held after every transaction that the model of Redis applies, and after every turn of a process:
 *
 *   - a task's position and step never fall, its incarnation stays, and its commits count up by one: so no stale owner
 *     has written, and nothing was written twice. When Redis itself loses data the ledger is read anew: a declared
 *     rewind; only when that has brought back an incarnation from before a rebuild may the next commit be of a new one;
 *   - a later incarnation is silent wherever the group remembers that all was sent;
 *   - each record that a task has taken is in exactly one of its counts.
 */
#include "tests/sim/sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool sim_complain(struct sim *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (s->why[0] == '\0') vsnprintf(s->why, sizeof s->why, format, args);
    va_end(args);
    return false;
}

struct worker_task *sim_task(struct sim *s, unsigned k, unsigned p)
{
    const unsigned m = sim_actors[k]->mailbox;
    const int owner = s->w.owner[m][p];
    return owner < 0 || s->process[owner].worker == NULL ? NULL : s->process[owner].worker->at[m][p];
}

static int64_t number_in(const struct sim *s, const char *key, const char *field)
{
    char text[32];
    const struct haul_str v = model_redis_hget(s->redis, key, field);
    if (v.p == NULL || v.n >= sizeof text) return -1;
    memcpy(text, v.p, v.n);
    text[v.n] = '\0';
    return strtoll(text, NULL, 10);
}

static void control_key(unsigned k, unsigned p, char key[64])
{
    snprintf(key, 64, "haul:control:%s:%u", haul_mailbox_row(sim_actors[k]->mailbox)->name, p);
}

int64_t ledger_field(const struct sim *s, unsigned k, unsigned p, const char *field)
{
    char key[64];
    control_key(k, p, key);
    return number_in(s, key, field);
}

static struct sim_ledger read_task(const struct sim *s, unsigned k, unsigned p)
{
    char key[64];
    control_key(k, p, key);
    const int64_t commit = number_in(s, key, "commit");
    if (commit < 0) return (struct sim_ledger){0};
    return (struct sim_ledger){.exists = true,
                               .commit = (uint64_t)commit,
                               .step = (uint64_t)number_in(s, key, "step"),
                               .offset = number_in(s, key, "offset"),
                               .incarnation = (uint64_t)number_in(s, key, "incarnation")};
}

static void hold(struct sim *s, unsigned k, unsigned p, const struct sim_ledger *was, const struct sim_ledger *is)
{
    const char *name = haul_mailbox_row(sim_actors[k]->mailbox)->name;
    if (!was->exists || !is->exists) return;
    const bool renewed = is->incarnation > was->incarnation && was->incarnation < was->incarnation_max;
    const bool forward =
        is->step >= was->step && is->offset >= was->offset && (is->incarnation == was->incarnation || renewed);
    const bool counted =
        is->commit == was->commit ? is->step == was->step && is->offset == was->offset : is->commit == was->commit + 1;
    if (forward && counted) return;
    s->broken = true;
    sim_complain(s,
                 "%s/%u: commit %llu at step %llu, offset %lld was followed by commit %llu at step %llu, offset %lld",
                 name, p, (unsigned long long)was->commit, (unsigned long long)was->step, (long long)was->offset,
                 (unsigned long long)is->commit, (unsigned long long)is->step, (long long)is->offset);
}

/* What was in the log is not said again. */
static void hold_silence(struct sim *s, unsigned k, unsigned p, const struct sim_ledger *was,
                         const struct sim_ledger *is)
{
    const int64_t silent = ledger_field(s, k, p, "silent_until");
    if (!is->exists || is->incarnation <= was->incarnation_max || is->incarnation < 2 ||
        silent >= sim_log_of(s, k, p)->settled)
        return;
    s->broken = true;
    sim_complain(s, "%s/%u: incarnation %llu says again what was sent from offset %lld on; all below %lld was sent",
                 haul_mailbox_row(sim_actors[k]->mailbox)->name, p, (unsigned long long)is->incarnation,
                 (long long)silent, sim_log_of(s, k, p)->settled);
}

static void on_change(void *arg, bool replaced)
{
    struct sim *s = arg;
    s->rewinds += replaced ? 1 : 0;
    EACH_TASK(s, k, p)
    {
        struct sim_ledger *l = sim_ledger_of(s, k, p);
        struct sim_ledger now = read_task(s, k, p);
        if (!replaced) hold(s, k, p, l, &now), hold_silence(s, k, p, l, &now);
        now.harmed = l->harmed;
        now.incarnation_max = now.incarnation > l->incarnation_max ? now.incarnation : l->incarnation_max;
        now.read_max = l->read_max > now.offset ? l->read_max : now.offset;
        if (now.exists && ledger_field(s, k, p, "index") > 0 && now.read_max == now.offset) now.read_max++;
        now.must_stop = l->must_stop && !replaced; /* what Redis forgot need not be missed */
        s->went_back |= replaced && now.exists && now.incarnation < l->incarnation_max;
        s->wipes += replaced && l->exists && !now.exists ? 1 : 0;
        *l = now;
    }
}

void ledger_watch(struct sim *s)
{
    model_redis_watch(s->redis, on_change, s);
}

void ledger_after_turn(struct sim *s, int i)
{
    const struct haul_worker *w = s->process[i].worker;
    for (size_t k = 0; k < w->tasks; k++) {
        const struct worker_task *wt = w->task[k];
        if (wt->t == NULL || task_accounts_balance(wt->t)) continue;
        s->broken = true;
        sim_complain(s, "%s/%u: at step %llu not every record is in exactly one count",
                     haul_mailbox_row(wt->name.mailbox)->name, wt->name.partition,
                     (unsigned long long)wt->t->core->position.step);
    }
}
