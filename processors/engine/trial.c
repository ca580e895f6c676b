/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/trial.h"

#include "haul/hash.h"
#include "processors/engine/contents.h"
#include "processors/engine/task.h"

#include <stdio.h>
#include <stdlib.h>

#define OUTBOX_BYTES ((size_t)8 * 1024 * 1024)
#define BUCKETS      4096
#define COOKIES      256

struct kept { /* a document, a member of a sorted set, or an entry of a stream */
    struct kept *next;
    char *key, *text;
    int64_t score;
};

struct sent {
    enum haul_mailbox to;
    char *bytes;
    size_t n;
};

struct letter {
    char *why, *bytes;
    size_t n;
};

static struct haul_str driver_key;

struct haul_trial {
    struct haul_contents *contents;
    struct haul_task *task;
    struct haul_ops ops;
    struct kept *document[BUCKETS];
    struct kept **member, **entry;
    size_t members, entries;
    struct sent *sent;
    size_t sents;
    struct letter *letter;
    size_t letters;
    struct haul_sink sink;    /* takes what the outbox hands over */
    uint64_t cookie[COOKIES]; /* of what the sink took since the last receipts */
    size_t cookies;
    struct haul_record shown;
    struct haul_arena scratch;
    struct haul_buf text, packed;
    char refusal[256];
    int64_t offset;
    uint32_t content_version;
};

static void *need(void *p)
{
    assert(p != NULL);
    return p;
}

/* ---- documents ---- */
static struct kept **document_at(const struct haul_trial *t, struct haul_str key)
{
    struct kept *const *at = &t->document[haul_xxh3(key.p, key.n) % BUCKETS];
    while (*at != NULL && !haul_str_eq(haul_str_of((*at)->key), key)) at = &(*at)->next;
    union {
        struct kept *const *from;
        struct kept **to;
    } cast = {.from = at};
    return cast.to;
}

static struct kept *kept_new(struct haul_str key, struct haul_str text, int64_t score)
{
    struct kept *k = need(calloc(1, sizeof *k));
    k->key = need(strndup(key.p, key.n));
    k->text = need(strndup(text.p, text.n));
    k->score = score;
    return k;
}

static void kept_free(struct kept *k)
{
    free(k->key);
    free(k->text);
    free(k);
}

static void document_erase(struct haul_trial *t, struct haul_str key)
{
    struct kept **at = document_at(t, key);
    if (*at == NULL) return;
    struct kept *gone = *at;
    *at = gone->next;
    kept_free(gone);
}

static void document_put(struct haul_trial *t, struct haul_str key, struct haul_str text)
{
    document_erase(t, key);
    struct kept **at = document_at(t, key);
    *at = kept_new(key, text, 0);
}

static size_t member_at(const struct haul_trial *t, struct haul_str key, struct haul_str member)
{
    for (size_t i = 0; i < t->members; i++)
        if (haul_str_eq(haul_str_of(t->member[i]->key), key) && haul_str_eq(haul_str_of(t->member[i]->text), member))
            return i;
    return t->members;
}

static void apply(struct haul_trial *t, const struct haul_op_view *v)
{
    size_t i;
    switch (v->op) {
    case HAUL_OP_PUT:
        document_put(t, v->key, v->a);
        break;
    case HAUL_OP_ERASE:
        document_erase(t, v->key);
        break;
    case HAUL_OP_ZADD:
    case HAUL_OP_ZREM:
        i = member_at(t, v->key, v->a);
        if (i < t->members) {
            kept_free(t->member[i]);
            t->member[i] = t->member[--t->members];
        }
        if (v->op == HAUL_OP_ZREM) break;
        t->member = need(realloc(t->member, (t->members + 1) * sizeof *t->member));
        t->member[t->members++] = kept_new(v->key, v->a, (int64_t)v->x);
        break;
    case HAUL_OP_XADD:
        t->entry = need(realloc(t->entry, (t->entries + 1) * sizeof *t->entry));
        t->entry[t->entries++] = kept_new(v->key, v->a, 0);
        break;
    case HAUL_OP_BLOCK:
    case HAUL_OP_BLOCK_DROP:
        break;
    }
}

/* ---- sink ---- */
static struct haul_trial *trial_of(struct haul_sink *s)
{
    return (struct haul_trial *)(void *)((char *)s - offsetof(struct haul_trial, sink));
}

static struct haul_str header_of(const struct haul_outgoing *m, const char *name)
{
    for (size_t i = 0; i < m->headers_len; i++)
        if (strcmp(m->headers[i].name, name) == 0) return m->headers[i].value;
    return (struct haul_str){"", 0};
}

static void keep_letter(struct haul_trial *t, const struct haul_outgoing *m)
{
    const struct haul_str reason = header_of(m, "__connect.errors.exception.class.name");
    const struct haul_str text = header_of(m, "__connect.errors.exception.message");
    t->letter = need(realloc(t->letter, (t->letters + 1) * sizeof *t->letter));
    struct letter *l = &t->letter[t->letters++];
    const size_t why = reason.n + text.n + 3;
    l->why = need(malloc(why));
    snprintf(l->why, why, "%.*s: %.*s", (int)reason.n, reason.p, (int)text.n, text.p);
    l->bytes = need(malloc(m->value.n + 1));
    l->n = m->value.n;
    if (l->n > 0) memcpy(l->bytes, m->value.p, l->n);
}

static enum haul_err sink_send(struct haul_sink *s, const struct haul_outgoing *m, struct haul_error *e)
{
    (void)e;
    struct haul_trial *t = trial_of(s);
    if (t->cookies == COOKIES) return HAUL_E_AGAIN;
    t->cookie[t->cookies++] = m->cookie;
    if (m->topic != NULL) {
        keep_letter(t, m);
        return HAUL_OK;
    }
    struct haul_message_cursor c;
    struct haul_refusal why;
    const bool good = haul_message_open(&c, m->value, &why);
    assert(good);
    while (c.left > 0) {
        haul_arena_reset(&t->scratch);
        const bool decoded = haul_record_decode(&c, &t->shown, &t->scratch, &why);
        assert(decoded && "a processor emitted a record that cannot be decoded");
        t->sent = need(realloc(t->sent, (t->sents + 1) * sizeof *t->sent));
        struct sent *sent = &t->sent[t->sents++];
        *sent = (struct sent){(enum haul_mailbox)m->to, need(malloc(t->shown.raw.n)), t->shown.raw.n};
        memcpy(sent->bytes, t->shown.raw.p, sent->n);
    }
    return HAUL_OK;
}

static const struct haul_sink_ops sink_ops = {.name = "trial", .send = sink_send};

/* ---- running ---- */
static struct haul_buf options_text(const struct haul_processor *p, const char *yaml)
{
    struct haul_buf b;
    haul_buf_init(&b, 1024, 1024 * 1024);
    if (yaml[0] == '\0') {
        haul_buf_printf(&b, "engine: {}\n");
        return b;
    }
    haul_buf_printf(&b, "engine: {partitions: {%s: 1}}\n%s:\n  ", haul_mailbox_row(p->mailbox)->name,
                    p->options->section);
    for (const char *c = yaml; *c != '\0'; c++) {
        haul_buf_byte(&b, (uint8_t)*c);
        if (*c == '\n') haul_buf_put(&b, "  ", 2);
    }
    haul_buf_byte(&b, '\n');
    return b;
}

struct haul_trial *haul_trial_open(const struct haul_processor *p, const char *yaml, struct haul_error *e)
{
    struct haul_trial *t = need(calloc(1, sizeof *t));
    t->contents = haul_contents_open();
    haul_contents_driver_key(t->contents, driver_key);
    struct haul_buf text = options_text(p, yaml);
    char hash[33];
    enum haul_err err = haul_contents_add(t->contents, p, (struct haul_str){(const char *)text.p, text.n}, hash, e);
    haul_buf_free(&text);
    struct task_topology topology = {0};
    for (unsigned i = 0; i < HAUL_MAILBOX_MAX; i++) topology.partitions[i] = haul_mailbox_row(i) == NULL ? 0 : 1;
    if (err == HAUL_OK)
        t->task = task_open(p, (struct haul_task_name){(uint16_t)p->mailbox, 0}, &topology,
                            contents_find(t->contents, p, hash), OUTBOX_BYTES, e);
    if (t->task == NULL) {
        haul_contents_close(t->contents);
        free(t);
        return NULL;
    }
    haul_ops_init(&t->ops, 4096, (size_t)64 * 1024 * 1024);
    t->task->ops = &t->ops;
    t->task->puts_max = UINT64_MAX;
    t->task->find_options = contents_find;
    t->task->find_blob = contents_blob;
    t->task->find_arg = t->contents;
    t->sink.ops = &sink_ops;
    haul_arena_init(&t->scratch, 65536);
    haul_buf_init(&t->text, 4096, (size_t)256 * 1024 * 1024);
    haul_buf_init(&t->packed, 4096, HAUL_RECORD_MAX);
    return t;
}

void haul_trial_entities_max(struct haul_trial *t, uint32_t n)
{
    t->task->slots.quota = n;
}

void haul_trial_close(struct haul_trial *t)
{
    for (size_t i = 0; i < BUCKETS; i++)
        while (t->document[i] != NULL) {
            struct kept *k = t->document[i];
            t->document[i] = k->next;
            kept_free(k);
        }
    for (size_t i = 0; i < t->members; i++) kept_free(t->member[i]);
    for (size_t i = 0; i < t->entries; i++) kept_free(t->entry[i]);
    for (size_t i = 0; i < t->sents; i++) free(t->sent[i].bytes);
    free(t->member);
    free(t->entry);
    free(t->sent);
    for (size_t i = 0; i < t->letters; i++) free(t->letter[i].why), free(t->letter[i].bytes);
    free(t->letter);
    task_close(t->task);
    haul_contents_close(t->contents);
    haul_ops_free(&t->ops);
    haul_arena_free(&t->scratch);
    haul_buf_free(&t->text);
    haul_buf_free(&t->packed);
    free(t);
}

static void settle(struct haul_trial *t)
{
    size_t at = 0;
    struct haul_op_view v;
    while (haul_ops_next(&t->ops, &at, &v)) apply(t, &v);
    haul_ops_clear(&t->ops);
    t->task->outbox.committed_step = t->task->core->position.step;
    while (!outbox_idle(&t->task->outbox)) {
        struct haul_error e;
        outbox_send(&t->task->outbox, &t->sink, t->task->name, 1, 0, &e);
        for (size_t i = 0; i < t->cookies; i++) outbox_receipt(&t->task->outbox, t->cookie[i], true);
        t->cookies = 0;
    }
}

static void offer_bytes(struct haul_trial *t, struct haul_str key, struct haul_str value, struct haul_time append,
                        struct haul_sender sender)
{
    const struct haul_message m = {
        .task = t->task->name,
        .offset = t->offset++,
        .append = append,
        .append_time = true,
        .sender = sender,
        .key = key,
        .value = value,
    };
    task_offer(t->task, &m);
    enum task_stop stop;
    do {
        stop = task_run(t->task);
        settle(t);
    } while (stop == TASK_FULL);
    assert(task_accounts_balance(t->task));
}

static void offer(struct haul_trial *t, const struct haul_record *r, struct haul_time append, struct haul_sender sender)
{
    haul_buf_clear(&t->packed);
    haul_record_pack(r, &t->packed);
    offer_bytes(t, r->id, (struct haul_str){(const char *)t->packed.p, t->packed.n}, append, sender);
}

void haul_trial_driver_key(struct haul_str key)
{
    driver_key = key;
}

void haul_trial_message(struct haul_trial *t, struct haul_str key, struct haul_str value, struct haul_time append,
                        const struct haul_sender *sender)
{
    offer_bytes(t, key, value, append, sender == NULL ? (struct haul_sender){0} : *sender);
}

size_t haul_trial_letters(const struct haul_trial *t)
{
    return t->letters;
}

const char *haul_trial_letter(const struct haul_trial *t, size_t i, struct haul_str *bytes)
{
    assert(i < t->letters);
    if (bytes != NULL) *bytes = (struct haul_str){t->letter[i].bytes, t->letter[i].n};
    return t->letter[i].why;
}

enum haul_verdict haul_trial_feed(struct haul_trial *t, const struct haul_record *r, struct haul_time append)
{
    const struct task_core *c = t->task->core;
    const uint64_t done = c->count[COUNT_PROCESSED], dropped = c->count[COUNT_DROPPED];
    offer(t, r, append, (struct haul_sender){0});
    snprintf(t->refusal, sizeof t->refusal, "%s: %s", t->task->refusal.field, t->task->refusal.text);
    if (t->task->error.code != HAUL_OK) return HAUL_STOP;
    if (c->count[COUNT_PROCESSED] > done) return HAUL_DONE;
    return c->count[COUNT_DROPPED] > dropped ? HAUL_DROP : HAUL_QUARANTINE;
}

/* A mailbox that nothing outside feeds has the clocks of its upstreams only: one of them speaks. */
static struct haul_sender upstream_of(unsigned mailbox)
{
    for (unsigned from = 1; from < HAUL_MAILBOX_MAX; from++)
        if (haul_mailbox_flows(from, mailbox)) return (struct haul_sender){.mailbox = (uint16_t)from, .incarnation = 1};
    return (struct haul_sender){0};
}

void haul_trial_tick(struct haul_trial *t, struct haul_time append)
{
    const unsigned mailbox = t->task->name.mailbox;
    const bool outside = haul_mailbox_row(mailbox)->outside;
    struct haul_record r;
    haul_record_init(&r, outside ? HAUL_KIND_TICK : HAUL_KIND_CLOCK, HAUL_STR("tick"), append);
    if (!outside) {
        haul_set_i(&r, HAUL_F_CLOCK_WATERMARK, append.ms);
        haul_set_i(&r, HAUL_F_CLOCK_THROUGH, 0);
    }
    offer(t, &r, append, outside ? (struct haul_sender){0} : upstream_of(mailbox));
}

enum haul_err haul_trial_content(struct haul_trial *t, const char *what, struct haul_str bytes, struct haul_time append,
                                 struct haul_error *e)
{
    char hash[33];
    const enum haul_err err = haul_contents_add_blob(t->contents, t->task->p, what, bytes, hash, e);
    if (err != HAUL_OK) return err;
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_OPTIONS, haul_str_of(what), append);
    haul_set_i(&r, HAUL_F_OPTIONS_VERSION, ++t->content_version);
    haul_set_s(&r, HAUL_F_OPTIONS_HASH, haul_str_of(hash));
    haul_set_s(&r, HAUL_F_OPTIONS_WHAT, haul_str_of(what));
    offer(t, &r, append, (struct haul_sender){0});
    return HAUL_OK;
}

/* ---- looking ---- */
const char *haul_trial_document(const struct haul_trial *t, const char *key)
{
    const struct kept *k = *document_at(t, haul_str_of(key));
    return k == NULL ? NULL : k->text;
}

static int by_score(const void *a, const void *b)
{
    const struct kept *x = *(struct kept *const *)a, *y = *(struct kept *const *)b;
    if (x->score != y->score) return x->score < y->score ? -1 : 1;
    return strcmp(x->text, y->text);
}

const char *haul_trial_zset(struct haul_trial *t, const char *key)
{
    if (t->members > 0) qsort(t->member, t->members, sizeof *t->member, by_score);
    haul_buf_clear(&t->text);
    for (size_t i = 0; i < t->members; i++)
        if (strcmp(t->member[i]->key, key) == 0)
            haul_buf_printf(&t->text, "%s%s", t->text.n > 0 ? "," : "", t->member[i]->text);
    haul_buf_byte(&t->text, 0);
    return (const char *)t->text.p;
}

size_t haul_trial_stream_len(const struct haul_trial *t, const char *key)
{
    size_t n = 0;
    for (size_t i = 0; i < t->entries; i++) n += strcmp(t->entry[i]->key, key) == 0 ? 1 : 0;
    return n;
}

const char *haul_trial_stream(const struct haul_trial *t, const char *key, size_t i)
{
    for (size_t k = 0; k < t->entries; k++)
        if (strcmp(t->entry[k]->key, key) == 0 && i-- == 0) return t->entry[k]->text;
    return NULL;
}

size_t haul_trial_emitted(const struct haul_trial *t)
{
    return t->sents;
}

const struct haul_record *haul_trial_emission(struct haul_trial *t, size_t i, enum haul_mailbox *to)
{
    assert(i < t->sents);
    struct haul_message_cursor c;
    struct haul_refusal why;
    haul_arena_reset(&t->scratch);
    const bool good = haul_message_open(&c, (struct haul_str){t->sent[i].bytes, t->sent[i].n}, &why) &&
                      haul_record_decode(&c, &t->shown, &t->scratch, &why);
    assert(good);
    if (to != NULL) *to = t->sent[i].to;
    return &t->shown;
}

uint64_t haul_trial_counter(const struct haul_trial *t, const char *name)
{
    for (size_t i = 0; i < t->task->p->counters_len; i++)
        if (strcmp(t->task->p->counters[i].name, name) == 0) return t->task->core->counter[i];
    for (int i = 0; i < COUNT_LEN; i++)
        if (strcmp(task_count_name((enum task_count)i), name) == 0) return t->task->core->count[i];
    assert(false && "no such counter");
    return 0;
}

const char *haul_trial_refusal(const struct haul_trial *t)
{
    return t->refusal;
}

const char *haul_trial_dump(struct haul_trial *t)
{
    haul_buf_clear(&t->text);
    task_dump(t->task, &t->text);
    haul_buf_byte(&t->text, 0);
    return (const char *)t->text.p;
}
