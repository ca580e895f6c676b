/* SPDX-License-Identifier: Apache-2.0
 * Taking a task, looking at one, reading its checkpoint. The steps are told at the head of protocol.c.
 */
#include "haul/hash.h"
#include "haul/mutation.h"
#include "haul/topics.h"

#include "sinks/redis/keys.h"
#include "sinks/redis/protocol.h"

#include <stdlib.h>

#define CLAIM_TRIES  4  /* when somebody else writes to the control key in between */
#define LOAD_AT_ONCE 64 /* blocks of one exchange */
#define KEY_BYTES    256

static struct haul_str view(const struct haul_buf *b)
{
    return (struct haul_str){(const char *)b->p, b->n};
}

/* ---- one blocking exchange: begin, write, run ---- */

/* A commit in flight goes first: its replies must not meet ours. */
static enum haul_err quiet(struct redis_store *s, struct haul_error *e)
{
    if (s->phase == PHASE_IDLE || s->phase == PHASE_SETTLED) return HAUL_OK;
    const enum haul_err err = protocol_drive(s, (int)s->options.timeout, e);
    if (err == HAUL_E_AGAIN) return haul_fail(e, HAUL_E_TIMEOUT, "a commit is still in flight");
    return err;
}

static enum haul_err start(struct redis_store *s, wire_reply_fn *take, void *arg, struct haul_error *e)
{
    exchange_reset(s);
    const enum haul_err err = wire_begin(&s->wire, take, arg, e);
    if (err == HAUL_OK) return HAUL_OK;
    store_note_trouble(s, e);
    return e->code = HAUL_E_UNAVAILABLE;
}

/* Every failure of the exchange is UNAVAILABLE or TIMEOUT, and the connection's WATCHes are in doubt then. */
static enum haul_err finish(struct redis_store *s, struct haul_error *e)
{
    enum haul_err err = wire_run(&s->wire, e);
    if (err == HAUL_OK && (s->garbled || s->reconnect)) wire_drop(&s->wire);
    if (err == HAUL_OK && s->refused.code != HAUL_OK) {
        s->stats.refused++;
        err = haul_fail(e, HAUL_E_UNAVAILABLE, "%s", s->refused.text);
    } else if (err == HAUL_OK && s->garbled) {
        err = haul_fail(e, HAUL_E_UNAVAILABLE, "Redis answered in a form that does not belong to what was asked");
    } else if (err != HAUL_OK && err != HAUL_E_TIMEOUT) {
        err = e->code = HAUL_E_UNAVAILABLE;
    }
    if (!s->wire.up) s->armed = false;
    if (err != HAUL_OK) store_note_trouble(s, e);
    return err;
}

/* ---- what a claim reads before it writes ---- */

struct reading {
    struct redis_store *store;
    struct haul_task_name task;
    uint8_t key_bytes[KEY_BYTES];
    struct haul_buf key; /* the control key, and a NUL */
    struct record record;
    char owner[NONCE_TEXT];
    bool exists;
    size_t types;          /* keys whose type is asked */
    enum haul_err verdict; /* of what was read; the text is in *e */
    struct haul_error *e;
};

/* A name in the caller's own memory: nothing is left over when a simulated process dies in the middle of a wait. */
static void name_key(struct reading *r)
{
    r->key = (struct haul_buf){.p = r->key_bytes, .cap = KEY_BYTES, .max = KEY_BYTES};
    haul_redis_control_key(&r->key, r->store->instance, r->task);
    haul_buf_byte(&r->key, '\0');
    assert(!r->key.overflow);
}

static void conflict(struct reading *r, enum haul_err code, const char *text, struct haul_str detail)
{
    if (r->verdict != HAUL_OK) return;
    r->verdict = haul_fail(r->e, code, "%s: %s%.*s", (const char *)r->key.p, text, (int)detail.n, detail.p);
}

static void take_record(struct reading *r, const struct haul_redis_value *v)
{
    struct haul_error why;
    if (v->type == HAUL_REDIS_ERROR && refusal_of(v->str) == refusal_of(HAUL_STR("WRONGTYPE"))) {
        conflict(r, HAUL_E_CONFLICT, "the control key is not a hash: ", v->str);
    } else if (v->type == HAUL_REDIS_ERROR) {
        take_refusal(r->store, v->str);
    } else {
        const enum haul_err err = record_read(v, &r->record, r->owner, &r->exists, &why);
        if (err != HAUL_OK) conflict(r, err, why.text, HAUL_STR(""));
    }
}

/* The value behind "name:" in INFO's text; empty when it is not there. */
static struct haul_str info_line(struct haul_str text, const char *name)
{
    const char *at = resp_find(text, name);
    if (at == NULL) return HAUL_STR("");
    at += strlen(name);
    const size_t left = text.n - (size_t)(at - text.p);
    const char *end = left == 0 ? NULL : memchr(at, '\r', left);
    return (struct haul_str){at, end == NULL ? left : (size_t)(end - at)};
}

static void take_memory(struct reading *r, const struct haul_redis_value *v)
{
    if (v->type == HAUL_REDIS_ERROR) {
        take_refusal(r->store, v->str);
        return;
    }
    const struct haul_str policy = info_line(v->str, "maxmemory_policy:");
    if (!haul_str_eq(policy, HAUL_STR("noeviction")))
        conflict(r, HAUL_E_CONFLICT, "Redis would evict keys; set maxmemory-policy to noeviction, it is ", policy);
}

static void take_persistence(struct reading *r, const struct haul_redis_value *v)
{
    if (v->type != HAUL_REDIS_STRING) return;
    if (haul_str_eq(info_line(v->str, "aof_enabled:"), HAUL_STR("1")))
        r->store->stats.persistence = HAUL_REDIS_PERSISTENCE_LOG;
    else if (r->store->stats.persistence == HAUL_REDIS_PERSISTENCE_LOG)
        r->store->stats.persistence = HAUL_REDIS_PERSISTENCE_UNKNOWN;
}

/* CONFIG GET save: an administrator may well keep it from us. */
static void take_save(struct reading *r, const struct haul_redis_value *v)
{
    enum haul_redis_persistence *p = &r->store->stats.persistence;
    if (v->type != HAUL_REDIS_ARRAY || v->len != 2 || *p == HAUL_REDIS_PERSISTENCE_LOG) return;
    *p = v->items[1]->str.n == 0 ? HAUL_REDIS_PERSISTENCE_NONE : HAUL_REDIS_PERSISTENCE_SNAPSHOT;
}

static void take_type(struct reading *r, const struct haul_redis_value *v, size_t index)
{
    if (v->type == HAUL_REDIS_ERROR) {
        take_refusal(r->store, v->str);
        return;
    }
    struct haul_buf shape;
    const char *wanted = keys_typed(r->task, index, NULL, &shape);
    if (!resp_is(v, "none") && !resp_is(v, wanted)) {
        haul_buf_printf(&shape, " should be a %s and is a ", wanted);
        haul_buf_byte(&shape, '\0');
        conflict(r, HAUL_E_CONFLICT, (const char *)shape.p, v->str);
    }
    haul_buf_free(&shape);
}

enum { READ_UNWATCH = PROBE, READ_WATCH, READ_ROLE, READ_RECORD, READ_MEMORY, READ_PERSISTENCE, READ_SAVE, READ_TYPES };

static void take_reading(void *arg, size_t index, const struct haul_redis_value *v)
{
    struct reading *r = arg;
    switch (index) {
    case 0:
    case 1:
        take_probe(r->store, index, v);
        break;
    case READ_UNWATCH:
    case READ_WATCH:
        take_status(r->store, v, "OK");
        break;
    case READ_ROLE:
        take_role(r->store, v);
        break;
    case READ_RECORD:
        take_record(r, v);
        break;
    case READ_MEMORY:
        take_memory(r, v);
        break;
    case READ_PERSISTENCE:
        take_persistence(r, v);
        break;
    case READ_SAVE:
        take_save(r, v);
        break;
    default:
        take_type(r, v, index - READ_TYPES);
        break;
    }
}

static enum haul_err read_first(struct redis_store *s, struct reading *r, struct haul_error *e)
{
    s->armed = false;
    const enum haul_err err = start(s, take_reading, r, e);
    if (err != HAUL_OK) return err;
    struct haul_buf *out = &s->wire.out;
    const struct haul_str key = {(const char *)r->key.p, r->key.n - 1};
    write_probe(s);
    RESP_LINE(out, HAUL_STR("UNWATCH"));
    if (HAUL_MUTANT(CLAIM_UNFENCED))
        RESP_LINE(out, HAUL_STR("UNWATCH"));
    else
        RESP_LINE(out, HAUL_STR("WATCH"), key);
    RESP_LINE(out, HAUL_STR("INFO"), HAUL_STR("replication"));
    RESP_LINE(out, HAUL_STR("HGETALL"), key);
    RESP_LINE(out, HAUL_STR("INFO"), HAUL_STR("memory"));
    RESP_LINE(out, HAUL_STR("INFO"), HAUL_STR("persistence"));
    RESP_LINE(out, HAUL_STR("CONFIG"), HAUL_STR("GET"), HAUL_STR("save"));
    struct haul_buf typed;
    for (r->types = 0; keys_typed(r->task, r->types, s->instance, &typed) != NULL; r->types++) {
        RESP_LINE(out, HAUL_STR("TYPE"), view(&typed));
        haul_buf_free(&typed);
    }
    s->wire.expected = READ_TYPES + r->types;
    const enum haul_err done = finish(s, e);
    return done != HAUL_OK ? done : r->verdict;
}

/* ---- taking it ---- */

static void draw_nonce(struct redis_store *s, char out[NONCE_TEXT])
{
    struct haul_hash128 bits;
    s->wire.transport->ops->entropy(s->wire.transport, (uint8_t *)&bits, sizeof bits);
    haul_hash128_text(bits, out);
}

/* MULTI, HSET, EXEC, WATCH, reads. */
static void take_claimed(void *arg, size_t index, const struct haul_redis_value *v)
{
    struct redis_store *s = arg;
    if (index >= s->read_from)
        take_standing(s, index - s->read_from, v);
    else if (index == 1)
        take_status(s, v, "QUEUED");
    else if (index != 2)
        take_status(s, v, "OK");
    else if (v->type == HAUL_REDIS_NIL)
        s->exec = EXEC_NIL;
    else if (v->type == HAUL_REDIS_ERROR)
        take_refusal(s, v->str);
    else if (v->type != HAUL_REDIS_ARRAY || v->len != 1)
        s->garbled = true;
    else if (v->items[0]->type == HAUL_REDIS_ERROR)
        take_refusal(s, v->items[0]->str);
    else
        s->exec = EXEC_APPLIED;
}

static void know(struct held *h, const struct reading *r)
{
    h->known = r->record;
}

static enum haul_err write_owner(struct redis_store *s, struct held *h, const struct reading *r, struct haul_error *e)
{
    draw_nonce(s, h->nonce);
    const enum haul_err err = start(s, take_claimed, s, e);
    if (err != HAUL_OK) return err;
    struct haul_buf *out = &s->wire.out;
    RESP_LINE(out, HAUL_STR("MULTI"));
    record_write(out, view(&h->key), r->exists ? &r->record : NULL, &r->record, h->nonce);
    RESP_LINE(out, HAUL_STR("EXEC"));
    s->queued = 1, s->read_from = 4;
    s->wire.expected = s->read_from + s->held_len;
    write_watch(s);
    write_standing(s);
    return finish(s, e);
}

/* Steps 1 to 3, once. AGAIN: somebody wrote in between. */
static enum haul_err claim_once(struct redis_store *s, struct reading *r, const struct haul_control *genesis,
                                struct haul_error *e)
{
    r->verdict = HAUL_OK;
    const enum haul_err err = read_first(s, r, e);
    if (err != HAUL_OK) return err;
    if (!r->exists && genesis == NULL)
        return haul_fail(e, HAUL_E_NOT_FOUND, "%s does not exist", (const char *)r->key.p);
    if (!r->exists) r->record = (struct record){.control = *genesis};
    struct held *h = held_add(s, r->task);
    know(h, r);
    const enum haul_err written = write_owner(s, h, r, e);
    if (written != HAUL_OK) return written;
    s->armed = true;
    const bool ours = h->standing == STANDING_OURS && h->count == r->record.control.commit;
    if (s->exec == EXEC_APPLIED && (ours || HAUL_MUTANT(CLAIM_UNFENCED))) return HAUL_OK;
    return haul_fail(e, HAUL_E_AGAIN, "another process claims %s at the same time", (const char *)r->key.p);
}

enum haul_err protocol_claim(struct haul_store *store, struct haul_task_name task, const struct haul_control *genesis,
                             struct haul_control *out, bool *fresh, struct haul_error *e)
{
    struct haul_error scratch;
    if (e == NULL) e = &scratch;
    struct redis_store *s = (struct redis_store *)store;
    enum haul_err err = quiet(s, e);
    if (err != HAUL_OK) return err;
    held_remove(s, task);
    struct reading r = {.store = s, .task = task, .e = e};
    name_key(&r);
    err = HAUL_E_AGAIN;
    for (int i = 0; i < CLAIM_TRIES && err == HAUL_E_AGAIN; i++) {
        const bool used = s->wire.up;
        err = claim_once(s, &r, genesis, e);
        /* an idle connection that has been closed is noticed only now; every try has its own nonce */
        if (err == HAUL_E_UNAVAILABLE && used && !s->wire.up && i == 0) err = HAUL_E_AGAIN;
        if (err != HAUL_OK) held_remove(s, task);
    }
    if (err == HAUL_OK) *out = held_find(s, task)->known.control, *fresh = !r.exists;
    if (err != HAUL_OK) held_remove(s, task);
    if (err == HAUL_E_AGAIN)
        err = haul_fail(e, HAUL_E_UNAVAILABLE, "%s: claimed by others at the same time", (const char *)r.key.p);
    return err;
}

/* ---- looking ---- */

static void take_peek(void *arg, size_t index, const struct haul_redis_value *v)
{
    struct reading *r = arg;
    if (index == 0)
        take_role(r->store, v);
    else
        take_record(r, v);
}

static enum haul_err peek_once(struct redis_store *s, struct reading *r, struct haul_error *e)
{
    r->verdict = HAUL_OK;
    const enum haul_err err = start(s, take_peek, r, e);
    if (err != HAUL_OK) return err;
    RESP_LINE(&s->wire.out, HAUL_STR("INFO"), HAUL_STR("replication"));
    RESP_LINE(&s->wire.out, HAUL_STR("HGETALL"), ((struct haul_str){(const char *)r->key.p, r->key.n - 1}));
    s->wire.expected = 2;
    const enum haul_err done = finish(s, e);
    return done != HAUL_OK ? done : r->verdict;
}

/* Fills *r from the control key. */
static enum haul_err look(struct redis_store *s, struct reading *r, struct haul_error *e)
{
    name_key(r);
    enum haul_err err = quiet(s, e);
    if (err != HAUL_OK) return err;
    const bool used = s->wire.up;
    err = peek_once(s, r, e);
    if (err == HAUL_E_UNAVAILABLE && used && !s->wire.up) err = peek_once(s, r, e);
    return err;
}

enum haul_err protocol_peek(struct haul_store *store, struct haul_task_name task, struct haul_control *out,
                            bool *exists, struct haul_error *e)
{
    struct haul_error scratch;
    if (e == NULL) e = &scratch;
    struct redis_store *s = (struct redis_store *)store;
    struct reading r = {.store = s, .task = task, .e = e};
    const enum haul_err err = look(s, &r, e);
    if (err == HAUL_OK) *out = r.record.control, *exists = r.exists;
    return err;
}

/* ---- reading a checkpoint ---- */

struct loading {
    struct redis_store *store;
    const struct haul_block_ref *refs;
    size_t n, next; /* how many; the next to be answered */
    haul_block_place *place;
    haul_block_fn *fn;
    void *arg;
    enum haul_err verdict;
    struct haul_error *e;
};

/* When the task does not want a block of this length the exchange ends there. */
static uint8_t *place_block(void *arg, size_t index, size_t n)
{
    (void)index;
    struct loading *l = arg;
    uint8_t *to = l->verdict == HAUL_OK ? l->place(l->arg, l->refs[l->next].index, n) : NULL;
    if (to == NULL && l->verdict == HAUL_OK)
        l->verdict = haul_fail(l->e, HAUL_E_CORRUPT, "block %u of checkpoint %llu has %zu bytes, another length",
                               l->refs[l->next].index, (unsigned long long)l->refs[l->next].generation, n);
    return to;
}

static void take_block(void *arg, size_t index, const struct haul_redis_value *v)
{
    (void)index;
    struct loading *l = arg;
    if (v->type == HAUL_REDIS_ERROR) {
        take_refusal(l->store, v->str);
    } else if (l->verdict == HAUL_OK && v->type != HAUL_REDIS_STRING) {
        l->verdict = haul_fail(l->e, HAUL_E_CORRUPT, "block %u of checkpoint %llu is missing", l->refs[l->next].index,
                               (unsigned long long)l->refs[l->next].generation);
    } else if (l->verdict == HAUL_OK && l->store->refused.code == HAUL_OK) {
        const uint32_t block = l->refs[l->next++].index;
        l->verdict = l->fn(l->arg, block, (const uint8_t *)v->str.p, v->str.n, l->e);
    }
}

static enum haul_err load_some(struct redis_store *s, struct loading *l, const struct held *h, struct haul_error *e)
{
    const enum haul_err err = start(s, take_block, l, e);
    if (err != HAUL_OK) return err;
    s->wire.place = place_block;
    const size_t left = l->n - l->next, n = left < LOAD_AT_ONCE ? left : LOAD_AT_ONCE;
    for (size_t i = 0; i < n; i++) {
        resp_command(&s->wire.out, 2);
        resp_word(&s->wire.out, HAUL_STR("GET"));
        transaction_block_key(&s->wire.out, h, l->refs[l->next + i].generation, l->refs[l->next + i].index);
    }
    s->wire.expected = n;
    struct haul_error why;
    const enum haul_err done = finish(s, &why);
    if (l->verdict != HAUL_OK) return l->verdict; /* it stands in *e already */
    if (done != HAUL_OK) *e = why;
    return done;
}

enum haul_err protocol_load(struct haul_store *store, struct haul_task_name task, const struct haul_block_ref *refs,
                            size_t n, haul_block_place *place, haul_block_fn *fn, void *arg, struct haul_error *e)
{
    struct haul_error scratch;
    if (e == NULL) e = &scratch;
    struct redis_store *s = (struct redis_store *)store;
    struct loading l = {.store = s, .refs = refs, .n = n, .place = place, .fn = fn, .arg = arg, .e = e};
    struct held where = {.task = task};
    enum haul_err err = HAUL_OK;
    uint8_t prefix[KEY_BYTES];
    where.blocks = (struct haul_buf){.p = prefix, .cap = KEY_BYTES, .max = KEY_BYTES};
    keys_block_prefix(&where.blocks, s->instance, task);
    while (err == HAUL_OK && l.next < n) err = load_some(s, &l, &where, e);
    return err;
}
