/* SPDX-License-Identifier: Apache-2.0
 * The protocol of the Redis store under every fault that the model of Redis knows: three owners that take tasks from
 * each other, connections cut at any byte, answers lost, requests of dead connections that arrive late, tails lost.
 *
 * The world sees each transaction at the moment when it is applied. What must hold, at every one of them:
 *   - a claim changes the owner and nothing else; a commit counts up by one, and only the owner's own is applied
 *   - it stands on the commit that its author took for the last one
 *   - position, documents and stream of a task are of the same commit
 *   - the checkpoint that counts is there, whole
 * and at every outcome that a store reports: APPLIED was applied; FENCED, REWOUND, WIPED have a reason in what has
 * happened to Redis. When the faults end, everything settles.
 *
 * Then the same with the safety steps of the protocol taken out, one at a time: each must be found.
 */
#include "haul/json.h"
#include "haul/mutation.h"
#include "haul/redis_store.h"
#include "haul/rng.h"
#include "haul/topics.h"

#include "tests/sim/model_redis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define TASKS             3
#define ACTORS            3
#define STEPS             160
#define CHECKPOINT_BLOCKS 3
#define COMMITS_MAX       (ACTORS * STEPS * TASKS + 1)

/* A commit that an actor has asked for. Its number is the tag: it stands in the control key, in the document and in the
 * stream. */
struct issued {
    char owner[33]; /* nonce of the claim it was made under */
    uint32_t task;
    uint64_t base, count; /* tag it stands on; its commit count */
    bool applied;
    uint64_t spoils; /* before it was applied */
};

struct actor {
    struct haul_store *store;
    bool holds[TASKS];
    char nonce[TASKS][33];
    struct haul_control control[TASKS];
    uint64_t tag[TASKS];        /* of the commit that the actor takes for the last one */
    uint64_t blocks[TASKS];     /* written so far of the checkpoint that is being written */
    uint64_t superseded[TASKS]; /* generation to be removed by the next commit; 0: none */
    bool in_flight;
    struct haul_commit parts[TASKS];
    uint64_t part_tag[TASKS];
    size_t len;
    struct haul_ops ops[TASKS];
    /* what had happened to Redis when the task was claimed */
    uint64_t losses[TASKS], wipes[TASKS];
};

struct seen {
    char owner[33];
    bool exists;
    uint64_t count, tag;
};

struct world {
    struct haul_rng rng;
    int64_t clock_ns;
    struct model_redis *model;
    struct actor actors[ACTORS];
    struct seen seen[TASKS];
    struct issued issued[COMMITS_MAX];
    uint64_t issued_len;
    uint64_t losses, wipes; /* times that Redis has lost something */
    uint64_t spoils;        /* times that a foreign hand has put another type under the stream of task 0 */
    bool calm, frozen, down, refusing;
    char violation[400]; /* "": none yet */
    uint64_t applied, fenced, rewound, wiped;
};

static const struct haul_redis_options options = {.connect_timeout = 100, .timeout = 200};

static void violate(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void violate(struct world *w, const char *format, ...)
{
    if (w->violation[0] != '\0') return;
    va_list args;
    va_start(args, format);
    vsnprintf(w->violation, sizeof w->violation, format, args);
    va_end(args);
}

static uint64_t draw(struct world *w, uint64_t n)
{
    return haul_rng_below(&w->rng, n);
}

static struct haul_task_name name_of(uint32_t task)
{
    return (struct haul_task_name){HAUL_MAILBOX_FLEET, (uint16_t)task};
}

/* ---- what Redis shows ---- */

static uint64_t number(struct haul_str s, int base)
{
    char text[40] = "";
    if (s.p != NULL && s.n < sizeof text) memcpy(text, s.p, s.n);
    return strtoull(text, NULL, base);
}

static struct haul_str control_field(const struct world *w, uint32_t task, const char *field)
{
    char key[64];
    snprintf(key, sizeof key, "haul:control:fleet:%u", (unsigned)task);
    return model_redis_hget(w->model, key, field);
}

static struct seen look(const struct world *w, uint32_t task)
{
    struct seen s = {.owner = ""};
    const struct haul_str owner = control_field(w, task, "owner");
    s.exists = owner.p != NULL;
    if (owner.n == 32) memcpy(s.owner, owner.p, 32);
    s.count = number(control_field(w, task, "commit"), 10);
    s.tag = number(control_field(w, task, "last_hash"), 16);
    return s;
}

static uint64_t document_tag(const struct world *w, uint32_t task, unsigned which)
{
    char key[64];
    snprintf(key, sizeof key, "haul:vehicle:%u-%u", (unsigned)task, which);
    return number(model_redis_get(w->model, key), 10);
}

/* Newest entry of the task's stream: "… ms-seq j=tag"; 0 when there is none. */
static uint64_t stream_tag(const struct world *w, uint32_t task)
{
    struct haul_buf b;
    haul_buf_init(&b, 0, 1 << 24);
    char key[64];
    snprintf(key, sizeof key, "haul:live:fleet:%u", (unsigned)task);
    const struct haul_str words[] = {HAUL_STR("XRANGE"), haul_str_of(key), HAUL_STR("-"), HAUL_STR("+")};
    model_redis_do(w->model, words, 4, &b);
    haul_buf_byte(&b, '\0');
    const char *last = strstr((const char *)b.p, "$1\r\nj\r\n"), *next = last;
    for (; next != NULL; next = strstr(next + 1, "$1\r\nj\r\n")) last = next;
    const char *value = last == NULL ? NULL : strchr(last + 7, '\n');
    const uint64_t tag = value == NULL ? 0 : strtoull(value + 1, NULL, 10);
    haul_buf_free(&b);
    return tag;
}

static bool is_spoilt(const struct world *w)
{
    return model_redis_get(w->model, "haul:live:fleet:0").p != NULL;
}

/* ---- the invariants ---- */

static void check_effects(struct world *w, uint32_t task, const struct seen *now)
{
    for (unsigned which = 0; which < 2; which++)
        if (now->exists && document_tag(w, task, which) != now->tag)
            violate(w, "task %u: the position is of commit %llu, document %u of %llu", (unsigned)task,
                    (unsigned long long)now->tag, which, (unsigned long long)document_tag(w, task, which));
}

static void check_checkpoint(struct world *w, uint32_t task)
{
    const uint64_t generation = number(control_field(w, task, "checkpoint_generation"), 10);
    const uint64_t blocks = number(control_field(w, task, "checkpoint_blocks"), 10);
    for (uint64_t i = 0; i < blocks; i++) {
        char key[96];
        snprintf(key, sizeof key, "haul:checkpoint:fleet:%u:%llu:%llu", (unsigned)task, (unsigned long long)generation,
                 (unsigned long long)i);
        if (model_redis_get(w->model, key).p == NULL)
            violate(w, "task %u: %s counts and is missing", (unsigned)task, key);
    }
}

static void check_commit(struct world *w, uint32_t task, const struct seen *was, const struct seen *now)
{
    struct issued *c = &w->issued[now->tag < w->issued_len ? now->tag : 0];
    if (now->tag == 0 || now->tag >= w->issued_len || c->task != task)
        violate(w, "task %u: an unknown commit was applied", (unsigned)task);
    else if (strcmp(c->owner, was->owner) != 0)
        violate(w, "task %u: commit %llu of a stale owner was applied", (unsigned)task, (unsigned long long)now->tag);
    else if (now->count != was->count + 1 || now->count != c->count)
        violate(w, "task %u: the count went from %llu to %llu", (unsigned)task, (unsigned long long)was->count,
                (unsigned long long)now->count);
    else if (c->base != was->tag)
        violate(w, "task %u: commit %llu stands on %llu, and was made on %llu", (unsigned)task,
                (unsigned long long)now->tag, (unsigned long long)was->tag, (unsigned long long)c->base);
    c->applied = true, c->spoils = w->spoils;
}

static void resee(struct world *w);

/* A transaction has been applied, or the data were replaced. */
static void on_change(void *arg, bool replaced)
{
    struct world *w = arg;
    if (replaced) {
        resee(w);
        return;
    }
    for (uint32_t t = 0; t < TASKS; t++) {
        const struct seen *was = &w->seen[t], now = look(w, t);
        if (was->exists && !now.exists) violate(w, "task %u: a transaction removed the control key", (unsigned)t);
        if (strcmp(was->owner, now.owner) != 0) {
            if (was->exists && (was->count != now.count || was->tag != now.tag))
                violate(w, "task %u: a claim has changed the position", (unsigned)t);
        } else if (was->count != now.count || was->tag != now.tag) {
            check_commit(w, t, was, &now);
        }
        check_effects(w, t, &now);
        check_checkpoint(w, t);
        w->seen[t] = now;
    }
}

/* Redis' data have changed under everybody: look afresh. */
static void resee(struct world *w)
{
    for (uint32_t t = 0; t < TASKS; t++) {
        const struct seen now = look(w, t);
        if (strcmp(now.owner, w->seen[t].owner) != 0 || now.count != w->seen[t].count ||
            now.exists != w->seen[t].exists) {
            w->losses++;
            if (!now.exists) w->wipes++;
        }
        w->seen[t] = now;
    }
}

/* ---- what an actor does ---- */

static void act_claim(struct world *w, struct actor *a, uint32_t task)
{
    const struct haul_control genesis = {.incarnation = 1, .last_offset = -1, .silent_until = -1, .partitions = TASKS};
    struct haul_error e;
    struct haul_control c;
    bool fresh;
    a->holds[task] = false;
    /* counted from before the claim: Redis may lose it again before the call returns */
    a->losses[task] = w->losses, a->wipes[task] = w->wipes;
    const enum haul_err err = a->store->ops->claim(a->store, name_of(task), &genesis, &c, &fresh, &e);
    resee(w);
    if (err != HAUL_OK) {
        const bool refused = err == HAUL_E_CONFLICT && is_spoilt(w);
        if (err != HAUL_E_UNAVAILABLE && err != HAUL_E_TIMEOUT && !refused) violate(w, "claim: %s", e.text);
        return;
    }
    a->holds[task] = true;
    a->control[task] = c, a->tag[task] = c.last_hash;
    memcpy(a->nonce[task], w->seen[task].owner, 33);
    a->blocks[task] = 0, a->superseded[task] = 0;
    a->control[task].checkpoint_writing = 0;
}

static void put(struct haul_ops *ops, uint32_t task, unsigned which, uint64_t tag)
{
    char id[32];
    struct haul_json j;
    snprintf(id, sizeof id, "%u-%u", (unsigned)task, which);
    haul_ops_put_begin(ops, HAUL_STR("vehicle"), haul_str_of(id), &j);
    haul_json_u64(&j, tag);
    haul_ops_put_end(ops);
}

/* A block now and then; the third one is the last, and the next commit removes what counted before. Generations are
 * taken from the commit count. */
static void write_checkpoint(struct world *w, struct actor *a, uint32_t task, struct haul_ops *ops,
                             struct haul_control *c)
{
    if (a->superseded[task] != 0)
        for (uint64_t i = 0; i < CHECKPOINT_BLOCKS; i++)
            haul_ops_add(ops, &(struct haul_op_view){.op = HAUL_OP_BLOCK_DROP, .x = a->superseded[task], .y = i});
    a->superseded[task] = 0;
    if (draw(w, 3) == 0) return;
    if (c->checkpoint_writing == 0) c->checkpoint_writing = c->commit, a->blocks[task] = 0;
    haul_ops_add(ops,
                 &(struct haul_op_view){
                     .op = HAUL_OP_BLOCK, .a = HAUL_STR("block"), .x = c->checkpoint_writing, .y = a->blocks[task]++});
    if (a->blocks[task] < CHECKPOINT_BLOCKS) return;
    a->superseded[task] = c->checkpoint_generation;
    c->checkpoint_generation = c->checkpoint_writing, c->checkpoint_blocks = CHECKPOINT_BLOCKS;
    c->checkpoint_writing = 0;
}

static void act_commit(struct world *w, struct actor *a)
{
    a->len = 0;
    for (uint32_t t = 0; t < TASKS; t++) {
        if (!a->holds[t] || (!w->calm && draw(w, 4) == 0)) continue;
        struct haul_ops *ops = &a->ops[a->len];
        const uint64_t tag = w->issued_len++;
        struct haul_control c = a->control[t];
        c.commit++, c.position.offset++, c.position.step++, c.last_hash = tag;
        struct issued *issued = &w->issued[tag];
        *issued = (struct issued){.task = t, .base = a->tag[t], .count = c.commit};
        memcpy(issued->owner, a->nonce[t], 33);
        char value[24];
        snprintf(value, sizeof value, "%llu", (unsigned long long)tag);
        haul_ops_clear(ops);
        put(ops, t, 0, 1);
        if (draw(w, 2) == 0)
            haul_ops_add(ops, &(struct haul_op_view){.op = HAUL_OP_ERASE, .key = HAUL_STR("vehicle:x")});
        put(ops, t, 0, tag);
        put(ops, t, 1, tag);
        char stream[24];
        snprintf(stream, sizeof stream, "live:fleet:%u", (unsigned)t);
        haul_ops_add(ops, &(struct haul_op_view){.op = HAUL_OP_XADD,
                                                 .key = haul_str_of(stream),
                                                 .a = haul_str_of(value),
                                                 .b = HAUL_STR("j"),
                                                 .x = c.commit,
                                                 .y = 0,
                                                 .aux = 4});
        write_checkpoint(w, a, t, ops, &c);
        a->parts[a->len] = (struct haul_commit){.task = name_of(t), .control = c, .ops = ops};
        a->part_tag[a->len++] = tag;
    }
    if (a->len == 0) return;
    a->store->ops->commit(a->store, a->parts, a->len);
    a->in_flight = true;
}

static void check_outcome(struct world *w, const struct actor *a, size_t i)
{
    const struct haul_commit *c = &a->parts[i];
    const uint32_t t = c->task.partition;
    const struct issued *issued = &w->issued[a->part_tag[i]];
    const bool lost = a->losses[t] != w->losses;
    const char *why = NULL;
    switch (c->outcome) {
    case HAUL_OUTCOME_NONE:
        why = "no outcome";
        break;
    case HAUL_OUTCOME_APPLIED:
        w->applied++;
        if (!issued->applied) why = "APPLIED, and it was not";
        if (!lost && strcmp(w->seen[t].owner, issued->owner) == 0 && w->spoils == issued->spoils &&
            stream_tag(w, t) != a->part_tag[i])
            why = "APPLIED, and its entry is not in the stream";
        break;
    case HAUL_OUTCOME_FENCED:
        w->fenced++;
        if (!lost && strcmp(w->seen[t].owner, issued->owner) == 0) why = "FENCED, and the owner is the same";
        break;
    case HAUL_OUTCOME_REWOUND:
        w->rewound++;
        if (!lost) why = "REWOUND, and Redis has lost nothing";
        break;
    case HAUL_OUTCOME_WIPED:
        w->wiped++;
        if (a->wipes[t] == w->wipes) why = "WIPED, and the control key was never gone";
        break;
    }
    if (why != NULL) violate(w, "task %u, commit %llu: %s", (unsigned)t, (unsigned long long)a->part_tag[i], why);
}

static void act_poll(struct world *w, struct actor *a, int timeout_ms)
{
    struct haul_error e;
    const enum haul_err err = a->store->ops->poll(a->store, timeout_ms, &e);
    resee(w);
    if (err == HAUL_E_AGAIN || err == HAUL_E_UNAVAILABLE) return;
    if (err != HAUL_OK) {
        violate(w, "poll: %s", e.text);
        return;
    }
    a->in_flight = false;
    for (size_t i = 0; i < a->len; i++) {
        const uint32_t t = a->parts[i].task.partition;
        check_outcome(w, a, i);
        if (a->parts[i].outcome == HAUL_OUTCOME_APPLIED) {
            a->control[t] = a->parts[i].control;
            a->tag[t] = a->part_tag[i];
        } else {
            a->holds[t] = false;
            a->store->ops->release(a->store, name_of(t));
        }
    }
}

static uint8_t *place_block(void *arg, uint32_t index, size_t n)
{
    static uint8_t block[1 << 20];
    (void)arg, (void)index;
    return n <= sizeof block ? block : NULL;
}

static enum haul_err count_block(void *arg, uint32_t index, const uint8_t *bytes, size_t n, struct haul_error *e)
{
    (void)index, (void)bytes, (void)n, (void)e;
    ++*(uint32_t *)arg;
    return HAUL_OK;
}

static void act_load(struct world *w, struct actor *a, uint32_t task)
{
    struct haul_error e;
    uint32_t n = 0;
    const struct haul_control *c = &a->control[task];
    if (!a->holds[task] || a->in_flight) return;
    struct haul_block_ref refs[CHECKPOINT_BLOCKS];
    for (uint32_t i = 0; i < CHECKPOINT_BLOCKS; i++) refs[i] = (struct haul_block_ref){c->checkpoint_generation, i};
    const enum haul_err err =
        a->store->ops->load(a->store, name_of(task), refs, c->checkpoint_blocks, place_block, count_block, &n, &e);
    resee(w);
    /* another may have taken it over in between: then the generation need not count any more */
    if (err == HAUL_E_CORRUPT && strcmp(w->seen[task].owner, a->nonce[task]) == 0 && a->losses[task] == w->losses)
        violate(w, "load: %s", e.text);
    if (err == HAUL_OK && n != c->checkpoint_blocks) violate(w, "load gave %u blocks", (unsigned)n);
}

static void act(struct world *w, struct actor *a)
{
    static const int timeouts[] = {0, 0, 0, 1, 30, 500};
    const uint32_t task = (uint32_t)draw(w, TASKS);
    if (a->in_flight && draw(w, 12) > 0) {
        act_poll(w, a, timeouts[draw(w, 6)]);
        return;
    }
    switch (draw(w, 10)) {
    case 0:
    case 1:
        if (!a->in_flight) act_claim(w, a, task);
        break;
    case 2:
        act_load(w, a, task);
        break;
    default:
        if (!a->in_flight) act_commit(w, a);
        break;
    }
}

/* ---- what befalls Redis ---- */

static void spoil_stream(struct world *w, bool spoil)
{
    struct haul_buf b;
    haul_buf_init(&b, 0, 4096);
    const struct haul_str key = HAUL_STR("haul:live:fleet:0");
    const struct haul_str set[] = {HAUL_STR("SET"), key, HAUL_STR("spoilt")}, del[] = {HAUL_STR("DEL"), key};
    if (spoil)
        model_redis_do(w->model, set, 3, &b);
    else
        model_redis_do(w->model, del, 2, &b);
    w->spoils += spoil;
    haul_buf_free(&b);
}

static void befall(struct world *w)
{
    static const char *const errors[] = {"OOM no memory",      "MISCONF no disk", "LOADING the data",
                                         "READONLY a replica", "NOREPLICAS none", "BUSY a script"};
    struct model_redis *m = w->model;
    switch (draw(w, 14)) {
    case 0:
        model_redis_cut_all(m);
        break;
    case 1:
        model_redis_freeze(m, w->frozen = !w->frozen);
        break;
    case 2:
        model_redis_down(m, w->down = !w->down);
        break;
    case 3:
        model_redis_restart(m, draw(w, 6) > 0);
        break;
    case 4:
        if (draw(w, 6) == 0) model_redis_flush(m);
        break;
    case 5:
    case 6:
        model_redis_replicate(m);
        break;
    case 7:
        model_redis_fail_over(m, draw(w, 2) == 0);
        break;
    case 8:
    case 9:
        w->refusing = !w->refusing;
        model_redis_refuse(m, w->refusing ? errors[draw(w, 6)] : NULL);
        break;
    case 10:
    case 11:
        model_redis_cut_exec(m, 1 + (unsigned)draw(w, 2), draw(w, 2) == 0);
        break;
    default:
        if (draw(w, 3) == 0 || is_spoilt(w)) spoil_stream(w, !is_spoilt(w));
        break;
    }
    resee(w);
}

static void calm(struct world *w)
{
    static const struct model_redis_faults none;
    model_redis_set_faults(w->model, &none);
    model_redis_freeze(w->model, false);
    model_redis_down(w->model, false);
    model_redis_refuse(w->model, NULL);
    model_redis_cut_exec(w->model, 0, false);
    if (is_spoilt(w)) spoil_stream(w, false);
    resee(w);
}

/* Everything comes to rest: commits in flight settle, each task is claimed by one, and nothing is left over. */
static void come_to_rest(struct world *w)
{
    for (size_t i = 0; i < ACTORS; i++) {
        for (int n = 0; n < 100 && w->actors[i].in_flight; n++) act_poll(w, &w->actors[i], 1000);
        if (w->actors[i].in_flight) violate(w, "a commit does not settle");
    }
    w->calm = true;
    for (uint32_t t = 0; t < TASKS; t++) {
        act_claim(w, &w->actors[0], t);
        if (!w->actors[0].holds[t]) violate(w, "a task cannot be claimed");
        act_load(w, &w->actors[0], t);
    }
    act_commit(w, &w->actors[0]);
    for (int n = 0; n < 100 && w->actors[0].in_flight; n++) act_poll(w, &w->actors[0], 1000);
    for (size_t i = 0; i < w->actors[0].len; i++)
        if (w->actors[0].parts[i].outcome != HAUL_OUTCOME_APPLIED) violate(w, "a commit in calm was not applied");
}

static unsigned level(struct world *w, unsigned max)
{
    return draw(w, 2) == 0 ? 0 : (unsigned)draw(w, max);
}

static void world_open(struct world *w, uint64_t seed)
{
    *w = (struct world){.issued_len = 1};
    haul_rng_seed(&w->rng, seed);
    w->model = model_redis_new(&w->clock_ns, seed ^ 0x5eed);
    const struct model_redis_faults faults = {.short_io = level(w, 600),
                                              .dawdle = level(w, 500),
                                              .cut_request = level(w, 40),
                                              .cut_reply = level(w, 40),
                                              .cut_after_exec = level(w, 200),
                                              .refuse_connect = level(w, 200),
                                              .stall = level(w, 150),
                                              .orphan = level(w, 900),
                                              .refuse = level(w, 60),
                                              .replicate = level(w, 300),
                                              .fail_over = level(w, 30),
                                              .stall_ms_max = 400};
    model_redis_set_faults(w->model, &faults);
    model_redis_watch(w->model, on_change, w);
    for (size_t i = 0; i < ACTORS; i++) {
        w->actors[i].store = haul_redis_store_open_transport(model_redis_transport(w->model), &options, "");
        for (size_t t = 0; t < TASKS; t++) haul_ops_init(&w->actors[i].ops[t], 0, 1 << 16);
    }
}

static void world_close(struct world *w)
{
    for (size_t i = 0; i < ACTORS; i++) {
        w->actors[i].store->ops->close(w->actors[i].store);
        for (size_t t = 0; t < TASKS; t++) haul_ops_free(&w->actors[i].ops[t]);
    }
    model_redis_free(w->model);
}

/* True when nothing was violated; else the text is in w->violation. */
static bool run_seed(struct world *w, uint64_t seed)
{
    world_open(w, seed);
    for (int step = 0; step < STEPS && w->violation[0] == '\0'; step++) {
        if (draw(w, 15) == 0)
            befall(w);
        else
            act(w, &w->actors[draw(w, ACTORS)]);
    }
    if (w->violation[0] == '\0') {
        calm(w);
        come_to_rest(w);
    }
    world_close(w);
    return w->violation[0] == '\0';
}

static uint64_t seeds(uint64_t fallback)
{
    const char *text = getenv("SEEDS");
    return text == NULL ? fallback : strtoull(text, NULL, 10);
}

static void one_effect_whatever_happens(void **state)
{
    (void)state;
    static struct world w;
    uint64_t applied = 0, fenced = 0, rewound = 0, wiped = 0;
    const uint64_t n = seeds(2000);
    for (uint64_t seed = 1; seed <= n; seed++) {
        if (!run_seed(&w, seed)) fail_msg("seed %llu: %s", (unsigned long long)seed, w.violation);
        applied += w.applied, fenced += w.fenced, rewound += w.rewound, wiped += w.wiped;
    }
    print_message("%llu seeds: %llu applied, %llu fenced, %llu rewound, %llu wiped\n", (unsigned long long)n,
                  (unsigned long long)applied, (unsigned long long)fenced, (unsigned long long)rewound,
                  (unsigned long long)wiped);
    assert_true(applied > n && fenced > n / 10 && rewound > n / 100 && wiped > n / 100);
}

static void every_mutation_is_found(void **state)
{
    (void)state;
#ifdef HAUL_MUTATIONS
    static struct world w;
    /* those behind it are the engine's: tests/sim finds them */
    for (int m = HAUL_MUTANT_NONE + 1; m <= HAUL_MUTANT_GONE_OVERLOOKED; m++) {
        haul_mutation = (enum haul_mutation)m;
        uint64_t seed = 1;
        while (seed <= 3000 && run_seed(&w, seed)) seed++;
        haul_mutation = HAUL_MUTANT_NONE;
        if (seed > 3000)
            fail_msg("%s is not found: %s", haul_mutation_name((enum haul_mutation)m),
                     haul_mutation_sentence((enum haul_mutation)m));
        print_message("%-30s seed %4llu: %s\n", haul_mutation_name((enum haul_mutation)m), (unsigned long long)seed,
                      w.violation);
    }
#else
    skip();
#endif
}

int main(int argc, char **argv)
{
    if (argc == 2) { /* one seed, to look at it */
        static struct world w;
        const bool good = run_seed(&w, strtoull(argv[1], NULL, 10));
        print_message("%s\n", good ? "nothing is violated" : w.violation);
        return !good;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_effect_whatever_happens),
        cmocka_unit_test(every_mutation_is_found),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
