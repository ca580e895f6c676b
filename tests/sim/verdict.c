/* SPDX-License-Identifier: Apache-2.0
 * The end of a run: trouble ceases, everything comes to rest; then what haul holds is held against
 *
 *   1  the oracle's own pass over the final logs: state and view, byte for byte;
 *   2  what each task sent against what each other took: as many, the same, in the same order;
 *   3  what came in from outside: counted and summed, each record in exactly one of effect, dead letter, counted drop;
 *   4  alerts: each opens once and closes once; no reading is passed by time for haul's own delay.
 *
 * A task that has stopped must have had a reason, and one that had a reason must have stopped.
 */
#include "haul/hash.h"
#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>

#define SHOWN      60 /* bytes before a difference */
#define CALM_TURNS 400
#define REST_TURNS 60000

enum { TALLY, HUB, BOARD }; /* in sim_actors */

/* ---- coming to rest ---- */
static bool at_rest(struct sim *s, unsigned k, unsigned p)
{
    const struct worker_task *wt = sim_task(s, k, p);
    if (wt == NULL) return false;
    if (wt->state == HAUL_TASK_STOPPED) return true;
    return wt->t != NULL && wt->t->core->position.offset == (int64_t)sim_log_of(s, k, p)->n;
}

static bool settled(struct sim *s)
{
    const struct world *w = &s->w;
    if (w->rebalancing) return false;
    for (int i = 0; i < SIM_MEMBERS; i++)
        if (!w->member[i].joined || w->member[i].pending_n > 0 || w->member[i].receipt_n > 0 ||
            !haul_worker_idle(s->process[i].worker))
            return false;
    bool all = true;
    EACH_TASK(s, k, p) all &= at_rest(s, k, p);
    return all;
}

static void calm_turn(struct sim *s, int n)
{
    process_turn(s, n % SIM_MEMBERS, -1);
    s->w.now_ns += 2 * NS_PER_MS;
    world_move(&s->w);
}

static bool comes_to_rest(struct sim *s)
{
    for (int n = 0; n < CALM_TURNS; n++) calm_turn(s, n); /* clocks are told, ticks come */
    s->w.frozen = true;
    for (int n = 0, quiet = 0; n < REST_TURNS; n++) {
        calm_turn(s, n);
        quiet = settled(s) ? quiet + 1 : 0;
        if (quiet > 3 * SIM_MEMBERS) return true;
    }
    EACH_TASK(s, k, p)
    if (!at_rest(s, k, p)) {
        const struct worker_task *wt = sim_task(s, k, p);
        return sim_complain(s, "does not come to rest: %s/%u, owner %d, state %d, offset %lld of %zu: %s",
                            haul_mailbox_row(sim_actors[k]->mailbox)->name, p, s->w.owner[sim_actors[k]->mailbox][p],
                            wt == NULL ? -1 : (int)wt->state,
                            wt == NULL || wt->t == NULL ? -1ll : (long long)wt->t->core->position.offset,
                            sim_log_of(s, k, p)->n, wt == NULL ? "" : wt->why);
    }
    char text[SIM_WHY_BYTES / 2];
    size_t n = 0;
    for (int i = 0; i < SIM_MEMBERS && n < sizeof text; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, " %d%s: %zu sent, %zu receipts, %s%s", i,
                              s->w.member[i].joined ? "" : " (not joined)", s->w.member[i].pending_n,
                              s->w.member[i].receipt_n, haul_worker_idle(s->process[i].worker) ? "idle" : "busy",
                              s->process[i].worker->flying ? ", a commit in flight" : "");
    return sim_complain(s, "does not come to rest%s:%s", s->w.rebalancing ? ", the group neither" : "", text);
}

/* ---- who has stopped ---- */
static bool may_stop(const struct sim *s, const struct sim_ledger *l, const char *why)
{
    if (strstr(why, "it was wiped") != NULL) return s->wipes > 0 && !s->plan.rebuilds;
    if (strstr(why, "the log begins at") != NULL) return l->harmed && s->plan.starves;
    return l->harmed && s->plan.rewrites;
}

static bool stops_are_right(struct sim *s)
{
    EACH_TASK(s, k, p)
    {
        const struct worker_task *wt = sim_task(s, k, p);
        const struct sim_ledger *l = sim_ledger_of(s, k, p);
        const char *name = haul_mailbox_row(sim_actors[k]->mailbox)->name;
        if (wt->state == HAUL_TASK_STOPPED && !may_stop(s, l, wt->why))
            return sim_complain(s, "%s/%u stopped without need: %s", name, p, wt->why);
        if (wt->state != HAUL_TASK_STOPPED && l->must_stop)
            return sim_complain(s, "%s/%u went on at offset %lld over a log that has lost what was %s", name, p,
                                (long long)wt->t->core->position.offset, s->plan.starves ? "not read" : "read");
        if (wt->state != HAUL_TASK_STOPPED && wt->control.incarnation > 1 && wt->control.silent_until < 0)
            return sim_complain(s, "%s/%u was built again and says again what it had said", name, p);
        s->stopped |= wt->state == HAUL_TASK_STOPPED;
    }
    return true;
}

/* ---- the oracle's pass ---- */
struct pass {
    struct sim *sim;
    struct oracle *task[SIM_ACTORS][SIM_PARTITIONS];
    struct model_redis *view;
    uint64_t
        behind; /* readings that came to a hub behind its time, once every tally had told it the time and caught up */
};

static void apply_op(void *arg, const struct haul_op_view *v)
{
    char key[256], score[32], id[64], keep[16];
    struct haul_buf reply;
    struct haul_str word[7];
    size_t n = 0;
    snprintf(key, sizeof key, "haul:%.*s", (int)v->key.n, v->key.p);
    snprintf(score, sizeof score, "%lld", (long long)v->x);
    snprintf(id, sizeof id, "%llu-%llu", (unsigned long long)v->x, (unsigned long long)v->y);
    snprintf(keep, sizeof keep, "%u", v->aux);
    static const char *const command[] = {[HAUL_OP_PUT] = "SET",
                                          [HAUL_OP_ERASE] = "DEL",
                                          [HAUL_OP_ZADD] = "ZADD",
                                          [HAUL_OP_ZREM] = "ZREM",
                                          [HAUL_OP_XADD] = "XADD"};
    assert(v->op <= HAUL_OP_XADD);
    word[n++] = haul_str_of(command[v->op]);
    word[n++] = haul_str_of(key);
    if (v->op == HAUL_OP_ZADD) word[n++] = haul_str_of(score);
    if (v->op == HAUL_OP_XADD && v->aux != 0) word[n++] = HAUL_STR("MAXLEN"), word[n++] = haul_str_of(keep);
    if (v->op == HAUL_OP_XADD) word[n++] = haul_str_of(id), word[n++] = v->b;
    if (v->op != HAUL_OP_ERASE) word[n++] = v->a;
    haul_buf_init(&reply, 256, 65536);
    model_redis_do(((struct pass *)arg)->view, word, n, &reply);
    haul_buf_free(&reply);
}

static const struct oracle_options *options_of(void *arg, const struct haul_processor *p, struct haul_str hash)
{
    (void)p;
    return outside_options(((struct pass *)arg)->sim, hash);
}

/* What the tallies have told a hub. A producer counts from its first clock on; until it has caught up with the time
 * that the others have made meanwhile, its records are behind, and nobody's delay is to blame. */
struct told {
    int64_t watermark[SIM_PARTITIONS];
    bool spoken[SIM_PARTITIONS], caught_up;
    int64_t reached; /* the hub's time */
};

static void take_told(struct told *told, const struct sim *s, const struct haul_message *m)
{
    struct haul_message_cursor cursor;
    struct haul_refusal why;
    struct haul_record r;
    struct haul_arena scratch;
    int64_t least = INT64_MAX;
    if (m->sender.mailbox != SIM_TRAFFIC || m->sender.sequence != 0) return;
    haul_arena_init(&scratch, HAUL_RECORD_SCRATCH);
    if (haul_message_open(&cursor, m->value, &why) && haul_record_decode(&cursor, &r, &scratch, &why)) {
        told->spoken[m->sender.partition] = true;
        if (r.v[HAUL_F_CLOCK_WATERMARK].i > told->watermark[m->sender.partition])
            told->watermark[m->sender.partition] = r.v[HAUL_F_CLOCK_WATERMARK].i;
    }
    haul_arena_free(&scratch);
    bool all = true;
    for (unsigned p = 0; p < s->w.partitions[SIM_TRAFFIC]; p++) {
        all &= told->spoken[p];
        if (told->spoken[p] && told->watermark[p] < least) least = told->watermark[p];
    }
    if (least > told->reached) told->reached = least;
    told->caught_up |= all && least == told->reached;
}

static struct oracle *pass_over(struct pass *pass, unsigned k, unsigned p)
{
    struct sim *s = pass->sim;
    const struct haul_control *c = &sim_task(s, k, p)->control;
    struct oracle_world w = {.options = options_of, .write = apply_op, .arg = pass};
    const struct oracle_start start = {&s->content[0].options, c->incarnation, c->genesis_offset, c->silent_until};
    memcpy(w.partitions, s->w.partitions, sizeof w.partitions);
    struct oracle *o = oracle_open(beside_actors[k], p, &w, &start);
    const struct sim_log *l = sim_log_of(s, k, p);
    struct told told = {0};
    for (size_t i = 0; i < l->n; i++) {
        const struct haul_message m = {.task = {(uint16_t)sim_actors[k]->mailbox, (uint16_t)p},
                                       .offset = (int64_t)i,
                                       .append = {l->m[i].append_ms},
                                       .append_time = true,
                                       .key = {l->m[i].key, l->m[i].key_n},
                                       .value = {l->m[i].value, l->m[i].value_n},
                                       .sender = l->m[i].sender};
        const uint64_t before = k == HUB ? oracle_counter(o, HUB_BEHIND) : 0;
        oracle_take(o, &m);
        if (k != HUB) continue;
        if (told.caught_up) pass->behind += oracle_counter(o, HUB_BEHIND) - before;
        take_told(&told, s, &m);
    }
    return o;
}

static bool same_text(struct sim *s, const char *what, struct haul_buf *want, struct haul_buf *got)
{
    haul_buf_byte(want, '\0');
    haul_buf_byte(got, '\0');
    if (want->n == got->n && memcmp(want->p, got->p, want->n) == 0) return true;
    size_t at = 0;
    while (at < want->n && at < got->n && want->p[at] == got->p[at]) at++;
    size_t line = at, shown = at > SHOWN ? at - SHOWN : 0;
    while (line > 0 && want->p[line - 1] != '\n') line--;
    if (shown < line) shown = line;
    const char *a = (const char *)want->p + shown, *b = (const char *)got->p + shown;
    return sim_complain(s, "%s differs in the line that begins %.*s:\n    oracle %.*s\n    haul   %.*s", what, 40,
                        (const char *)want->p + line, (int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"), b);
}

/* Ids of stream entries without the incarnation that wrote them: a task that goes on as the next one leaves those that
 * it wrote before as they are. */
static void strip_incarnations(struct haul_buf *b)
{
    char *text = (char *)b->p;
    size_t to = 0;
    for (size_t at = 0; at < b->n;) {
        char *end = text + at;
        const unsigned long long id = text[at] >= '1' && text[at] <= '9' ? strtoull(text + at, &end, 10) : 0;
        if (id >> 48 != 0 && *end == '-') {
            to += (size_t)sprintf(text + to, "%llu", id & ((1ull << 48) - 1));
            at = (size_t)(end - text);
        } else {
            do text[to++] = text[at++];
            while (at < b->n && text[at - 1] >= '0' && text[at - 1] <= '9');
        }
    }
    b->n = to;
}

/* Lines of a model's dump but for what is not a function of the logs: control keys, checkpoints, heartbeats. A task
 * that goes on as another incarnation may say the delta at the seam once more, under the new one's id: where its things
 * were. */
static void view_of(const struct model_redis *m, bool renewed, struct haul_buf *out)
{
    struct haul_buf all;
    haul_buf_init(&all, 65536, 256 << 20);
    model_redis_dump(m, NULL, &all);
    for (size_t at = 0; at < all.n;) {
        const uint8_t *end = memchr(all.p + at, '\n', all.n - at);
        const size_t n = (end == NULL ? all.n : (size_t)(end - all.p) + 1) - at;
        const char *line = (const char *)all.p + at;
        const bool live = memmem(line, n, "haul:live:", 10) != NULL;
        if (memmem(line, n, "haul:control:", 13) == NULL && memmem(line, n, "haul:checkpoint:", 16) == NULL &&
            memmem(line, n, "haul:task:", 10) == NULL && !(live && renewed))
            haul_buf_put(out, line, n);
        at += n;
    }
    haul_buf_free(&all);
}

static bool states_agree(struct sim *s, struct pass *pass)
{
    struct haul_buf want, got;
    bool good = true;
    haul_buf_init(&want, 65536, 256 << 20);
    haul_buf_init(&got, 65536, 256 << 20);
    EACH_TASK(s, k, p)
    {
        oracle_dump(pass->task[k][p], &want);
        task_dump(sim_task(s, k, p)->t, &got);
    }
    good = same_text(s, "state", &want, &got);
    haul_buf_clear(&want);
    haul_buf_clear(&got);
    view_of(pass->view, s->went_back, &want);
    view_of(s->redis, s->went_back, &got);
    haul_buf_byte(&want, '\0'), haul_buf_byte(&got, '\0');
    if (s->went_back) strip_incarnations(&want), strip_incarnations(&got);
    good = good && same_text(s, "view", &want, &got);
    haul_buf_free(&want);
    haul_buf_free(&got);
    return good;
}

/* ---- what was sent and what was taken ---- */
static bool channel_agrees(struct sim *s, struct pass *pass, unsigned from, unsigned p, unsigned to, unsigned q)
{
    const struct oracle_chain sent = oracle_sent(pass->task[from][p], sim_actors[to]->mailbox, q);
    const struct oracle_chain taken = oracle_taken(pass->task[to][q], sim_actors[from]->mailbox, p);
    if (sent.len == 0) return true;
    const bool known = sent.incarnation == taken.incarnation;
    if (known && sent.len == taken.len && (taken.lost > 0 || sent.hash == taken.hash)) return true;
    /* a wiped store that Kafka did not know of either, over a log that has lost its beginning, is another story */
    if (s->wipes > 0 && (s->plan.starves || s->plan.expires)) return true;
    /* nor is it the same twice when Kafka rewrites what Redis has forgotten */
    if (s->plan.rewrites && s->cut > 0) return true;
    /* the end of a channel that Kafka has lost is missed only when something follows it */
    if (s->cut > 0 && (!known || taken.len < sent.len)) return true;
    return sim_complain(s,
                        "%s/%u sent %llu records to %s/%u as incarnation %llu; of incarnation %llu %llu were taken%s",
                        haul_mailbox_row(sim_actors[from]->mailbox)->name, p, (unsigned long long)sent.len,
                        haul_mailbox_row(sim_actors[to]->mailbox)->name, q, (unsigned long long)sent.incarnation,
                        (unsigned long long)taken.incarnation, (unsigned long long)taken.len,
                        known && sent.len == taken.len ? ", others than were sent" : "");
}

static bool channels_agree(struct sim *s, struct pass *pass)
{
    EACH_TASK(s, from, p)
    EACH_TASK(s, to, q)
    if (!channel_agrees(s, pass, from, p, to, q)) return false;
    return true;
}

static bool nothing_is_lost_unless_cut(struct sim *s, struct pass *pass)
{
    EACH_TASK(s, k, p)
    {
        const uint64_t lost = oracle_count(pass->task[k][p], "records_lost_upstream");
        if (lost > 0 && s->cut == 0)
            return sim_complain(s, "%s/%u counts %llu records lost by a log that lost none",
                                haul_mailbox_row(sim_actors[k]->mailbox)->name, p, (unsigned long long)lost);
    }
    return true;
}

/* ---- what came in ---- */
static uint64_t total(struct sim *s, unsigned k, enum task_count c)
{
    uint64_t sum = 0;
    for (unsigned p = 0; p < s->w.partitions[sim_actors[k]->mailbox]; p++) sum += sim_task(s, k, p)->t->core->count[c];
    return sum;
}

static uint64_t counted(struct sim *s, unsigned k, unsigned counter)
{
    uint64_t sum = 0;
    for (unsigned p = 0; p < s->w.partitions[sim_actors[k]->mailbox]; p++)
        sum += sim_task(s, k, p)->t->core->counter[counter];
    return sum;
}

static int by_sender(const void *a, const void *b)
{
    const struct haul_sender *x = &((const struct sim_message *)a)->sender,
                             *y = &((const struct sim_message *)b)->sender;
    if (x->mailbox != y->mailbox) return x->mailbox < y->mailbox ? -1 : 1;
    if (x->partition != y->partition) return x->partition < y->partition ? -1 : 1;
    return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

static uint64_t letters_once(struct sim *s)
{
    uint64_t n = 0;
    struct sim_log *l = &s->w.letters;
    if (l->n > 0) qsort(l->m, l->n, sizeof *l->m, by_sender);
    for (size_t i = 0; i < l->n; i++) n += i == 0 || by_sender(&l->m[i - 1], &l->m[i]) != 0 ? 1 : 0;
    return n;
}

static bool same(struct sim *s, const char *what, uint64_t want, uint64_t got)
{
    return want == got ||
           sim_complain(s, "%s: %llu expected, %llu found", what, (unsigned long long)want, (unsigned long long)got);
}

/* Only when every record that was sent is still in a log that is read from its beginning. */
static bool arithmetic_holds(struct sim *s)
{
    const uint64_t fed = counted(s, TALLY, TALLY_FEEDBACK);
    return same(s, "readings processed", s->good, total(s, TALLY, COUNT_PROCESSED) - fed) &&
           same(s, "sum of readings", s->milli, counted(s, TALLY, TALLY_MILLI)) &&
           same(s, "readings dropped", s->zero, total(s, TALLY, COUNT_DROPPED)) &&
           same(s, "readings quarantined", s->bad, total(s, TALLY, COUNT_QUARANTINED)) &&
           (s->wipes > 0 || same(s, "dead letters, each once", s->bad, letters_once(s))) &&
           same(s, "readings at the hubs", counted(s, TALLY, TALLY_GIVEN), total(s, HUB, COUNT_PROCESSED)) &&
           same(s, "records fed back", counted(s, HUB, HUB_FED), fed);
}

static bool alerts_hold(struct sim *s, const struct pass *pass)
{
    const bool stalled = total(s, HUB, COUNT_STALLED) + total(s, TALLY, COUNT_STALLED) > 0;
    return same(s, "alerts that opened or closed twice", 0, counted(s, BOARD, BOARD_TWICE)) &&
           (total(s, BOARD, COUNT_EVICTED) > 0 ||
            same(s, "alerts that closed unopened", 0, counted(s, BOARD, BOARD_UNOPENED))) &&
           (stalled || same(s, "readings that haul's own delay made late", 0, pass->behind));
}

bool verdict(struct sim *s)
{
    if (!comes_to_rest(s) || s->broken || !stops_are_right(s)) return false;
    if (s->stopped) return true;
    struct pass pass = {.sim = s, .view = model_redis_new(&s->w.now_ns, 1)};
    EACH_TASK(s, k, p) pass.task[k][p] = pass_over(&pass, k, p);
    bool good = states_agree(s, &pass) && nothing_is_lost_unless_cut(s, &pass) && channels_agree(s, &pass);
    if (s->cut == 0) good = good && (s->wipes > 0 || alerts_hold(s, &pass)) && (s->wipes > 0 || arithmetic_holds(s));
    EACH_TASK(s, k, p) oracle_close(pass.task[k][p]);
    model_redis_free(pass.view);
    return good;
}
