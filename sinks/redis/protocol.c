/* SPDX-License-Identifier: Apache-2.0
 * The commit to Redis: one effect for every record. Begins with the protocol: invariants, states, steps.
 */
/* clang-format off */
/*
 * A worker holds tasks. For each there is one control key, a hash: the nonce of its owner, a commit count, the position
 * in the log (control.h). A commit moves any number of the worker's tasks in one transaction: what they show, their
 * checkpoint blocks, their control keys. Redis runs a transaction with nothing in between, logs it and hands it to
 * replicas as one; it rolls nothing back. There are no scripts, and no locks with a time in them: no clock decides.
 *
 * Invariants
 * ----------
 *  I1  A nonce is 128 fresh random bits for each claim, never used again. So while `owner` is our nonce, nobody has
 *      claimed since, and every change of the key since our claim was a commit of ours.
 *  I2  `commit` goes up by one with each commit. A commit in flight leads from `begin` to `end` = begin + 1 and keeps
 *      its content until it is settled: (nonce, count) names one content.
 *  I3  EXEC is sent only on a connection that has WATCHed every held control key and, behind that WATCH and after its
 *      last EXEC, has read each key that takes part as (our nonce, begin or end). A write of anybody to one of them in
 *      between makes EXEC answer nil, and nothing of the transaction happens: a stale owner cannot write. FLUSHALL,
 *      expiry, DEL, SWAPDB and a resync from another master count as writes.
 *  I4  One transaction is in flight on a connection, one commit in the store. The WATCH and the reads for the next one
 *      travel behind EXEC in the same write; the next one is not sent before they are read.
 *  I5  Position and effects are in the same transaction, the control keys last. So the control key tells the truth
 *      about the effects: in a master, in a replica that follows, in a snapshot, in a log that was cut short.
 *  I6  Silence tells nothing. When the answer to a transaction is lost, the control keys are read behind a new WATCH:
 *      at `begin` it was not applied, at `end` it was. Either way the same bytes are sent again from there: operations
 *      are absolute, so from `end` to `end` they change nothing, and EXEC's answer tells at last whether every element
 *      was taken. APPLIED is said on such an answer alone.
 *  I7  A transaction of ours that still travels on an old connection can do no harm: it stands behind a WATCH of that
 *      connection (I3). If it is applied before the new connection's EXEC, that EXEC is nil and the reading finds
 *      `end`; if it comes later it is itself nil, since the new EXEC, or another's claim, has changed the key.
 *  I8  A MULTI that is refused would let what follows run at once, unfenced. So an empty transaction goes before each
 *      first reading of a connection, and of a claim. (An ACL that takes MULTI from a haul that runs is not guarded
 *      against.)
 *  I9  Nothing is decided by what a replica shows: it may be old or empty. INFO is read with the keys.
 *
 * States of the commit in flight
 * ------------------------------
 *
 *   IDLE ──commit()──► armed? ──yes──────────────────────────────────► SENDING ◄──┐
 *    ▲                   │ no                                          │ │ │ │    │ nil, and some part
 *    │ poll() says OK    ▼                                             │ │ │ └────┘ is still ours
 *    │                ASKING ──some part is open───────────────────────┘ │ │
 *    │                 ▲ │ │                                             │ │
 *    │                 │ │ └───connection lost, time-out, refused──┐     │ └──no part is open──┐
 *    │                 │ │                                         ▼     │                     │
 *    │                 └─┼───────────the rest is over────────── RESTING ◄┘ lost, time-out,     │
 *    │                   │                                         ▲       refused, an element │
 *    │                   └──no part is open──┐                     │       of EXEC refused     │
 *    │                                       ▼                     │                           │
 *   SETTLED ◄──found is read── LOOKING ◄─────┴──some REWOUND───────┼───────────────────────────┤
 *    ▲                            └──lost, time-out, refused───────┘                           │
 *    └──none REWOUND───────────────────────────────────────────────────────────────────────────┘
 *
 *   ASKING   [connect, AUTH, SELECT] MULTI · EXEC · UNWATCH · WATCH all held · INFO replication · HMGET owner commit of
 *            each
 *   SENDING  MULTI · operations · control keys · EXEC · WATCH all held · HMGET owner commit of each: one write
 *   LOOKING  HGETALL of the parts that Redis has taken back, to tell the engine what it holds
 *   RESTING  waits: 0 the first time, then 10 ms doubled up to 1 s, less a random part; poll() says UNAVAILABLE and why
 *   armed    this connection watches all held keys and has read them since its last EXEC
 *
 * What a reading (owner, commit) says of an open part: judge()
 * ------------------------------------------------------------
 *   no owner, no commit     WIPED    the key is gone, or is no hash any more
 *   another nonce           FENCED   another has claimed. Nothing was written by us behind that claim. A transaction
 *                                    whose answer was lost may have been applied before it: then it is in the position
 *                                    that the other has read. Either way the task is the other's now.
 *   ours, count = begin     open     not applied: send it, or send it again
 *   ours, count = end       open     if it was ever sent: applied, with no answer that says all of it: send it again
 *   ours, any other count   REWOUND  Redis has lost its tail: a fail-over, an old snapshot
 *
 * Parts that are committed `together` (a change of partitions moves state between tasks) are all in the transaction or
 * none: if one is not open any more, those of them at `begin` are FENCED as well.
 *
 * EXEC's answer goes before the reading behind it: an array without errors is APPLIED (a reading that is not ours then
 * concerns the next commit); nil or an error is not applied.
 *
 * A claim (claim.c)
 * -----------------
 *   1  MULTI · EXEC · UNWATCH · WATCH the control key · INFO · HGETALL it · preconditions: noeviction, the types of keys
 *      that are not documents. Nothing is written before this was read, so a claim that is held up on its way is fenced
 *      as well.
 *   2  MULTI · HSET owner, a fresh nonce (the whole record, if there is no key) · EXEC
 *   3  WATCH all held · HMGET of each. It is ours if it reads (our nonce, the count of step 1). Else, and when EXEC was
 *      nil, again from 1 with another nonce, four times; then UNAVAILABLE.
 *
 * A commit
 * --------
 *   1  Parts that the last reading has shown to be lost are answered; what is open becomes one transaction: SENDING.
 *   2  EXEC an array: settled. With an error in it: see below.
 *   3  EXEC nil: parts that read as foreign, gone or rewound leave; the others are sent again. At the third nil in one
 *      commit: rest first, somebody keeps writing to a control key.
 *   4  Connection lost, no answer in time, refused (OOM, LOADING, READONLY, …: refusals.def): rest, connect if need
 *      be, ASK, and on from what is read. Nothing gives up: the commit stays in flight until it is settled.
 *
 * What is not rolled back
 * -----------------------
 * When EXEC was applied and one of its elements answers with an error (a foreign hand has put another type under a key
 * of ours; an ACL was changed between queueing and EXEC), the position is in and that element is not. The parts stay
 * open and are sent again, from `end` to `end`, until all of it is taken; poll() says which error. "Equal or smaller"
 * of XADD is no such error: an entry has one id for ever, and is there already. The one gap: if the owner dies or is
 * fenced before the element is taken, it is lost. It is counted (haul_redis_stats.elements); `haul repaint` writes it
 * anew.
 */
/* clang-format on */
#include "sinks/redis/protocol.h"

#include "haul/hash.h"
#include "haul/mutation.h"

#include <stdio.h>

#define NILS_MAX       3 /* in one commit, before it rests */
#define BACKOFF_MS     10
#define BACKOFF_MS_MAX 1000

/* ---- reading replies ---- */

void exchange_reset(struct redis_store *s)
{
    s->queued = 0, s->read_from = SIZE_MAX;
    s->exec = EXEC_NONE, s->failed = 0;
    s->garbled = false, s->reconnect = false;
    s->refused.code = HAUL_OK;
}

void take_refusal(struct redis_store *s, struct haul_str text)
{
    const struct refusal *r = refusal_of(text);
    s->reconnect |= r->reconnect;
    /* the first one says why; EXECABORT only follows it */
    if (s->refused.code != HAUL_OK) return;
    haul_fail(&s->refused, HAUL_E_UNAVAILABLE, "%s (%.*s)", r->sentence, (int)text.n, text.p);
}

void take_status(struct redis_store *s, const struct haul_redis_value *v, const char *expected)
{
    if (v->type == HAUL_REDIS_ERROR)
        take_refusal(s, v->str);
    else if (!resp_is(v, expected))
        s->garbled = true;
}

/* HMGET owner commit of a held task. */
void take_standing(struct redis_store *s, size_t held, const struct haul_redis_value *v)
{
    struct held *h = &s->held[held];
    h->standing = STANDING_UNREAD;
    if (v->type == HAUL_REDIS_ERROR && refusal_of(v->str) == refusal_of(HAUL_STR("WRONGTYPE"))) {
        h->standing = STANDING_GONE;
    } else if (v->type == HAUL_REDIS_ERROR) {
        take_refusal(s, v->str);
    } else if (v->type != HAUL_REDIS_ARRAY || v->len != 2) {
        s->garbled = true;
    } else if (v->items[0]->type == HAUL_REDIS_NIL && v->items[1]->type == HAUL_REDIS_NIL) {
        h->standing = STANDING_GONE;
    } else {
        h->standing =
            resp_is(v->items[0], h->nonce) && resp_number(v->items[1], &h->count) ? STANDING_OURS : STANDING_FOREIGN;
    }
}

/* "equal or smaller": the entry, or a later one, is there already. An entry has one id for ever, so this is what
 * applying a list twice looks like. */
static bool is_duplicate(struct haul_str error)
{
    return resp_find(error, "equal or smaller") != NULL;
}

static void take_exec(struct redis_store *s, const struct haul_redis_value *v)
{
    if (v->type == HAUL_REDIS_NIL) {
        s->exec = EXEC_NIL;
        s->stats.nil++;
    } else if (v->type == HAUL_REDIS_ERROR) {
        s->exec = EXEC_REFUSED;
        take_refusal(s, v->str);
    } else if (v->type != HAUL_REDIS_ARRAY || (v->len != s->queued && !HAUL_MUTANT(POSITION_APART))) {
        s->garbled = true;
    } else {
        s->exec = EXEC_APPLIED;
        for (size_t i = 0; i < v->len; i++) {
            if (v->items[i]->type != HAUL_REDIS_ERROR) continue;
            if (is_duplicate(v->items[i]->str)) {
                s->stats.duplicates++;
            } else if (!HAUL_MUTANT(ELEMENTS_UNCHECKED)) {
                s->failed++;
                take_refusal(s, v->items[i]->str);
            }
        }
    }
}

/* INFO replication. What a replica shows may be old or empty: nothing is decided by it. */
void take_role(struct redis_store *s, const struct haul_redis_value *v)
{
    if (v->type == HAUL_REDIS_ERROR)
        take_refusal(s, v->str);
    else if (v->type != HAUL_REDIS_STRING)
        s->garbled = true;
    else if (resp_find(v->str, "role:slave") != NULL)
        take_refusal(s, HAUL_STR("READONLY role:slave"));
}

/* An empty transaction: if MULTI were refused, what follows it would run without one. */
void write_probe(struct redis_store *s)
{
    RESP_LINE(&s->wire.out, HAUL_STR("MULTI"));
    RESP_LINE(&s->wire.out, HAUL_STR("EXEC"));
}

void take_probe(struct redis_store *s, size_t index, const struct haul_redis_value *v)
{
    if (index == 0)
        take_status(s, v, "OK");
    else if (v->type == HAUL_REDIS_ERROR)
        take_refusal(s, v->str);
    else if (v->type != HAUL_REDIS_NIL && (v->type != HAUL_REDIS_ARRAY || v->len != 0))
        s->garbled = true;
}

/* ASKING: MULTI, EXEC, UNWATCH, WATCH, INFO, reads. */
static void take_asked(void *arg, size_t index, const struct haul_redis_value *v)
{
    struct redis_store *s = arg;
    if (index >= s->read_from)
        take_standing(s, index - s->read_from, v);
    else if (index < PROBE)
        take_probe(s, index, v);
    else if (index == PROBE + 2)
        take_role(s, v);
    else
        take_status(s, v, "OK");
}

/* SENDING: MULTI, QUEUED …, EXEC, WATCH, reads. */
static void take_sent(void *arg, size_t index, const struct haul_redis_value *v)
{
    struct redis_store *s = arg;
    if (index >= s->read_from)
        take_standing(s, index - s->read_from, v);
    else if (index == s->queued + 1)
        take_exec(s, v);
    else if (index == 0 || index == s->queued + 2)
        take_status(s, v, "OK");
    else if (!HAUL_MUTANT(POSITION_APART))
        take_status(s, v, "QUEUED");
}

/* LOOKING: one HGETALL for each part that is REWOUND, in order. */
static void take_found(void *arg, size_t index, const struct haul_redis_value *v)
{
    struct redis_store *s = arg;
    size_t i = 0;
    for (;; i++) {
        assert(i < s->len);
        if (s->commits[i].outcome == HAUL_OUTCOME_REWOUND && index-- == 0) break;
    }
    struct record found;
    char owner[NONCE_TEXT];
    bool exists;
    if (v->type == HAUL_REDIS_ERROR) {
        take_refusal(s, v->str);
        return;
    }
    /* what cannot be read is zero here; the claim that follows says what is wrong with it */
    (void)record_read(v, &found, owner, &exists, NULL);
    s->commits[i].found = found.control;
}

/* ---- the state machine ---- */

static void rest(struct redis_store *s, const struct haul_error *why)
{
    if (s->reconnect) wire_drop(&s->wire);
    s->armed = false;
    store_note_trouble(s, why);
    s->trouble = *why;
    /* the first failure is tried again at once: a connection that was idle has often just been closed */
    int64_t ms = 0;
    if (s->failures > 0) {
        ms = BACKOFF_MS << (s->failures < 8 ? s->failures - 1 : 7);
        if (ms > BACKOFF_MS_MAX) ms = BACKOFF_MS_MAX;
        uint64_t draw;
        s->wire.transport->ops->entropy(s->wire.transport, (uint8_t *)&draw, sizeof draw);
        ms -= (int64_t)(draw % (uint64_t)(ms / 2 + 1));
    }
    s->failures++;
    s->retry_at.ns = wire_now(&s->wire).ns + ms * 1000000;
    s->phase = PHASE_RESTING;
}

static bool is_open(const struct redis_store *s, size_t i)
{
    return s->commits[i].outcome == HAUL_OUTCOME_NONE;
}

static size_t count_outcomes(const struct redis_store *s, enum haul_outcome outcome)
{
    size_t n = 0;
    for (size_t i = 0; i < s->len; i++) n += s->commits[i].outcome == outcome;
    return n;
}

static void write_reads(struct redis_store *s, struct haul_str hash_command, const struct held *h)
{
    const bool all = haul_str_eq(hash_command, HAUL_STR("HGETALL"));
    resp_command(&s->wire.out, all ? 2 : 4);
    resp_word(&s->wire.out, hash_command);
    resp_word(&s->wire.out, (struct haul_str){(const char *)h->key.p, h->key.n});
    if (all) return;
    resp_word(&s->wire.out, HAUL_STR("owner"));
    resp_word(&s->wire.out, HAUL_STR("commit"));
}

void write_watch(struct redis_store *s)
{
    struct haul_buf *out = &s->wire.out;
    assert(s->held_len > 0);
    if (HAUL_MUTANT(WATCH_LEFT_OUT)) {
        RESP_LINE(out, HAUL_STR("UNWATCH"));
    } else {
        resp_command(out, 1 + s->held_len);
        resp_word(out, HAUL_STR("WATCH"));
        for (size_t i = 0; i < s->held_len; i++)
            resp_word(out, (struct haul_str){(const char *)s->held[i].key.p, s->held[i].key.n});
    }
}

void write_standing(struct redis_store *s)
{
    for (size_t i = 0; i < s->held_len; i++) write_reads(s, HAUL_STR("HMGET"), &s->held[i]);
}

static void settle(struct redis_store *s)
{
    s->phase = PHASE_SETTLED;
    s->failures = 0, s->nils = 0;
    s->trouble.code = HAUL_OK;
    s->stats.commits++;
    s->stats.trouble[0] = '\0';
    for (size_t i = s->held_len; i-- > 0;)
        if (s->held[i].leaving) held_remove(s, s->held[i].task);
}

static bool begin(struct redis_store *s, enum phase phase, wire_reply_fn *take)
{
    struct haul_error e;
    exchange_reset(s);
    if (wire_begin(&s->wire, take, s, &e) != HAUL_OK) {
        rest(s, &e);
        return false;
    }
    s->phase = phase;
    return true;
}

static void start_look(struct redis_store *s)
{
    if (!begin(s, PHASE_LOOKING, take_found)) return;
    for (size_t i = 0; i < s->len; i++)
        if (s->commits[i].outcome == HAUL_OUTCOME_REWOUND)
            write_reads(s, HAUL_STR("HGETALL"), &s->held[s->parts[i].held]);
    s->wire.expected = count_outcomes(s, HAUL_OUTCOME_REWOUND);
}

static void start_ask(struct redis_store *s)
{
    s->armed = false;
    if (!begin(s, PHASE_ASKING, take_asked)) return;
    write_probe(s);
    RESP_LINE(&s->wire.out, HAUL_STR("UNWATCH"));
    write_watch(s);
    RESP_LINE(&s->wire.out, HAUL_STR("INFO"), HAUL_STR("replication"));
    s->read_from = PROBE + 3;
    s->wire.expected = s->read_from + s->held_len;
    write_standing(s);
}

static void start_send(struct redis_store *s)
{
    assert(s->wire.up && (s->armed || HAUL_MUTANT(SENT_WITHOUT_ASKING)));
    s->armed = false;
    if (!begin(s, PHASE_SENDING, take_sent)) return;
    RESP_LINE(&s->wire.out, HAUL_STR("MULTI"));
    s->queued = transaction_write(s);
    RESP_LINE(&s->wire.out, HAUL_STR("EXEC"));
    s->read_from = s->queued + 3;
    s->wire.expected = s->read_from + s->held_len;
    write_watch(s);
    write_standing(s);
    s->stats.sent++;
    for (size_t i = 0; i < s->len; i++)
        if (is_open(s, i)) s->parts[i].sent = true;
}

static void applied(struct redis_store *s, size_t i)
{
    struct held *h = &s->held[s->parts[i].held];
    h->known = h->next;
    s->commits[i].outcome = HAUL_OUTCOME_APPLIED;
}

/* What the newest reading says of an open part; see the table at the head of this file. */
static void judge(struct redis_store *s, size_t i)
{
    struct haul_commit *c = &s->commits[i];
    const struct part *p = &s->parts[i];
    if (p->held == NOT_HELD) {
        c->outcome = HAUL_OUTCOME_FENCED;
        return;
    }
    const struct held *h = &s->held[p->held];
    const uint64_t end = c->control.commit, was = end - 1;
    assert(h->standing != STANDING_UNREAD);
    switch (h->standing) {
    case STANDING_UNREAD:
        break;
    case STANDING_FOREIGN:
        if (!HAUL_MUTANT(FENCED_IGNORED)) c->outcome = HAUL_OUTCOME_FENCED;
        break;
    case STANDING_GONE:
        if (!HAUL_MUTANT(GONE_OVERLOOKED)) c->outcome = HAUL_OUTCOME_WIPED;
        break;
    case STANDING_OURS:
        if (h->count == was || (h->count == end && p->sent) || HAUL_MUTANT(TAIL_LOSS_OVERLOOKED)) break;
        c->outcome = HAUL_OUTCOME_REWOUND;
        break;
    }
}

/* Parts that stand or fall together: one that is over takes along those that are not applied. (When the transaction was
 * applied and one was fenced behind it, the others are at `end`, and stay.) */
static void fall_together(struct redis_store *s)
{
    bool over = false;
    for (size_t i = 0; i < s->len; i++) over |= s->commits[i].together && !is_open(s, i);
    for (size_t i = 0; i < s->len && over; i++)
        if (is_open(s, i) && s->commits[i].together && s->held[s->parts[i].held].count != s->commits[i].control.commit)
            s->commits[i].outcome = HAUL_OUTCOME_FENCED;
}

static void judge_all(struct redis_store *s)
{
    for (size_t i = 0; i < s->len; i++)
        if (is_open(s, i)) judge(s, i);
    fall_together(s);
}

static void go_on(struct redis_store *s)
{
    if (count_outcomes(s, HAUL_OUTCOME_NONE) > 0)
        start_send(s);
    else if (count_outcomes(s, HAUL_OUTCOME_REWOUND) > 0)
        start_look(s);
    else
        settle(s);
}

/* True when the exchange went wrong as a whole: it rests. */
static bool went_wrong(struct redis_store *s)
{
    if (!s->garbled && s->refused.code == HAUL_OK) return false;
    s->reconnect |= s->garbled;
    s->stats.refused += s->refused.code != HAUL_OK;
    if (s->refused.code == HAUL_OK)
        haul_fail(&s->refused, HAUL_E_UNAVAILABLE, "Redis answered in a form that does not belong to what was asked");
    const struct haul_error why = s->refused;
    rest(s, &why);
    return true;
}

static void conclude_ask(struct redis_store *s)
{
    if (went_wrong(s)) return;
    s->armed = true;
    for (size_t i = 0; i < s->len; i++) {
        struct held *h = s->parts[i].held == NOT_HELD ? NULL : &s->held[s->parts[i].held];
        if (HAUL_MUTANT(NONCE_NOT_READ_AFTER_RECONNECT) && h != NULL) h->standing = STANDING_OURS;
    }
    judge_all(s);
    go_on(s);
}

static void conclude_applied(struct redis_store *s)
{
    for (size_t i = 0; i < s->len; i++)
        if (is_open(s, i) && s->failed == 0) applied(s, i);
    s->stats.elements += s->failed;
    s->armed = s->refused.code == HAUL_OK;
    if (s->failed > 0)
        (void)went_wrong(s);
    else
        go_on(s);
}

static void conclude_nil(struct redis_store *s)
{
    if (went_wrong(s)) return;
    s->armed = true;
    judge_all(s);
    if (count_outcomes(s, HAUL_OUTCOME_NONE) > 0 && ++s->nils >= NILS_MAX) {
        struct haul_error e;
        haul_fail(&e, HAUL_E_UNAVAILABLE, "somebody keeps writing to a control key without claiming it");
        rest(s, &e);
        return;
    }
    go_on(s);
}

/* As if the reading behind EXEC had never looked at the owner. */
static void mutate_reading(struct redis_store *s)
{
    for (size_t i = 0; i < s->held_len; i++)
        if (s->held[i].standing == STANDING_FOREIGN) {
            s->held[i].standing = STANDING_OURS;
            s->held[i].count =
                s->exec == EXEC_APPLIED ? s->held[i].next.control.commit : s->held[i].known.control.commit;
        }
}

static void conclude_send(struct redis_store *s)
{
    if (s->garbled) {
        s->stats.unknown++;
        (void)went_wrong(s);
        return;
    }
    if (HAUL_MUTANT(NONCE_NOT_READ_AFTER_EXEC)) mutate_reading(s);
    if (HAUL_MUTANT(NIL_ASSUMED_APPLIED) && s->exec == EXEC_NIL) s->exec = EXEC_APPLIED;
    if (HAUL_MUTANT(REFUSED_ASSUMED_APPLIED) && s->exec == EXEC_REFUSED) s->exec = EXEC_APPLIED;
    switch (s->exec) {
    case EXEC_APPLIED:
        conclude_applied(s);
        break;
    case EXEC_NIL:
        conclude_nil(s);
        break;
    case EXEC_REFUSED:
    case EXEC_NONE:
        s->garbled |= s->refused.code == HAUL_OK;
        (void)went_wrong(s);
        break;
    }
}

static void conclude_look(struct redis_store *s)
{
    if (!went_wrong(s)) settle(s);
}

/* The exchange has ended before its last reply. What was sent may have been applied. */
static void lost(struct redis_store *s, const struct haul_error *e)
{
    /* EXEC's answer may have come before the connection went: then it stands */
    if (s->phase == PHASE_SENDING && s->exec == EXEC_APPLIED && s->failed == 0 && !s->garbled) {
        for (size_t i = 0; i < s->len; i++)
            if (is_open(s, i)) applied(s, i);
    } else if (s->phase == PHASE_SENDING) {
        s->stats.unknown++;
        for (size_t i = 0; i < s->len; i++)
            if (HAUL_MUTANT(APPLIED_ASSUMED) && is_open(s, i)) applied(s, i);
    }
    s->armed = false;
    if (count_outcomes(s, HAUL_OUTCOME_NONE) + count_outcomes(s, HAUL_OUTCOME_REWOUND) == 0)
        settle(s);
    else
        rest(s, e);
}

static void conclude(struct redis_store *s)
{
    assert(s->phase == PHASE_ASKING || s->phase == PHASE_SENDING || s->phase == PHASE_LOOKING);
    switch (s->phase) {
    case PHASE_ASKING:
        conclude_ask(s);
        break;
    case PHASE_SENDING:
        conclude_send(s);
        break;
    case PHASE_LOOKING:
        conclude_look(s);
        break;
    case PHASE_IDLE:
    case PHASE_RESTING:
    case PHASE_SETTLED:
        break;
    }
}

/* ---- driving ---- */

static int left_ms(const struct redis_store *s, int64_t until_ns)
{
    const int64_t ms = (until_ns - wire_now(&s->wire).ns + 999999) / 1000000;
    return ms < 0 ? 0 : ms > INT32_MAX ? INT32_MAX : (int)ms;
}

static enum haul_err not_yet(const struct redis_store *s, struct haul_error *e)
{
    if (s->trouble.code == HAUL_OK) return HAUL_E_AGAIN;
    return haul_fail(e, HAUL_E_UNAVAILABLE, "%s", s->trouble.text);
}

/* Back from the rest. When every part was answered before it (a look had failed), there is nothing to ask. */
static void wake(struct redis_store *s)
{
    if (count_outcomes(s, HAUL_OUTCOME_NONE) == 0) {
        go_on(s);
    } else if (HAUL_MUTANT(SENT_WITHOUT_ASKING) && count_outcomes(s, HAUL_OUTCOME_NONE) > 0) {
        struct haul_error e;
        s->wire.up = s->wire.up || s->wire.transport->ops->connect(s->wire.transport, &e) == HAUL_OK;
        if (s->wire.up)
            start_send(s);
        else
            rest(s, &e);
    } else {
        start_ask(s);
    }
}

enum haul_err protocol_drive(struct redis_store *s, int timeout_ms, struct haul_error *e)
{
    const int64_t until_ns = wire_now(&s->wire).ns + (int64_t)timeout_ms * 1000000;
    while (s->phase != PHASE_SETTLED) {
        const int left = left_ms(s, until_ns);
        if (s->phase == PHASE_RESTING) {
            const int rest_ms = left_ms(s, s->retry_at.ns);
            if (rest_ms == 0) {
                wake(s);
                continue;
            }
            if (left == 0) return not_yet(s, e);
            s->wire.transport->ops->wait(s->wire.transport, false, rest_ms < left ? rest_ms : left);
            continue;
        }
        struct haul_error failure;
        const enum haul_err err = wire_step(&s->wire, &failure);
        if (err == HAUL_OK) {
            conclude(s);
        } else if (err != HAUL_E_AGAIN) {
            lost(s, &failure);
        } else {
            if (left == 0) return not_yet(s, e);
            wire_wait(&s->wire, left);
        }
    }
    return HAUL_OK;
}

void protocol_commit(struct haul_store *store, struct haul_commit *parts, size_t n)
{
    struct redis_store *s = (struct redis_store *)store;
    assert(s->phase == PHASE_IDLE);
    store_room_for_parts(s, n);
    s->commits = parts, s->len = n, s->nils = 0;
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        const struct held *h = held_find(s, parts[i].task);
        assert(h == NULL || parts[i].control.commit == h->known.control.commit + 1);
        s->parts[i] = (struct part){.held = h == NULL ? NOT_HELD : (size_t)(h - s->held)};
        parts[i].outcome = h == NULL ? HAUL_OUTCOME_FENCED : HAUL_OUTCOME_NONE;
        any |= h != NULL;
    }
    if (!any) {
        settle(s);
    } else if (s->armed && s->wire.up) {
        judge_all(s);
        go_on(s);
    } else {
        start_ask(s);
    }
}

enum haul_err protocol_poll(struct haul_store *store, int timeout_ms, struct haul_error *e)
{
    struct redis_store *s = (struct redis_store *)store;
    if (s->phase == PHASE_IDLE) return HAUL_OK;
    const enum haul_err err = protocol_drive(s, timeout_ms, e);
    if (err == HAUL_OK) s->phase = PHASE_IDLE;
    return err;
}
