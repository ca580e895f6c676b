/* SPDX-License-Identifier: Apache-2.0
 * Contents by hash: the options that tasks run on, and what else they read (fences). Entries are made once and never
 * change or go, so what find returns stays valid.
 */
#include "processors/engine/contents.h"

#include "haul/hash.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define CONTENTS_MAX    4096
#define CONDEMNED_MAX   1024
#define BLOBS_MAX       256
#define BLOBS_BYTES_MAX ((size_t)2 << 30)
#define LARGE_PAGE      ((size_t)2 << 20)

struct content {
    const struct haul_processor *p;
    char *text;
    struct haul_config *config;
    struct task_options options;
};

struct blob {
    char what[33], hash[33];
    void *bytes;
    size_t n;
};

struct haul_contents {
    pthread_mutex_t lock;
    struct blob blob[BLOBS_MAX];
    size_t blobs, blob_bytes;
    char first_blob[HAUL_MAILBOX_MAX][HAUL_CONTENTS_MAX][33];
    struct content *entry[CONTENTS_MAX];
    size_t len;
    const struct task_options *first[HAUL_MAILBOX_MAX];
    char key[HAUL_DRIVER_KEY_MAX];
    size_t key_len;
    struct haul_condemned condemned[CONDEMNED_MAX]; /* never changes below its length, so readers take no lock */
    _Atomic uint32_t condemned_len;
};

struct haul_contents *haul_contents_open(void)
{
    struct haul_contents *c = calloc(1, sizeof *c);
    assert(c != NULL);
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

static void content_free(struct content *x)
{
    if (x->options.prepared != NULL) x->p->discard(x->options.prepared);
    haul_config_free(x->config);
    free(x->text);
    free(x);
}

void haul_contents_driver_key(struct haul_contents *c, struct haul_str key)
{
    assert(c->len == 0 && key.n <= sizeof c->key);
    if (key.n > 0) memcpy(c->key, key.p, key.n);
    c->key_len = key.n;
}

void haul_contents_close(struct haul_contents *c)
{
    if (c == NULL) return;
    for (size_t i = 0; i < c->len; i++) content_free(c->entry[i]);
    for (size_t i = 0; i < c->blobs; i++) free(c->blob[i].bytes);
    explicit_bzero(c->key, sizeof c->key);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static const struct content *find(const struct haul_contents *c, const struct haul_processor *p, const char *hash)
{
    for (size_t i = 0; i < c->len; i++)
        if ((p == NULL || c->entry[i]->p == p) && strcmp(c->entry[i]->options.hash, hash) == 0) return c->entry[i];
    return NULL;
}

static void settings_of(const struct haul_engine_options *o, struct task_settings *out)
{
    *out = (struct task_settings){
        .lateness_ms = o->lateness_ms,
        .view_interval_ms = o->view_interval_ms,
        .future_max_ms = o->time_future_max_ms,
        .past_max_ms = o->time_past_max_ms,
        .clock_stall_ms = o->clock_stall_ms,
        .entities_max = (uint32_t)o->entities_max,
    };
}

static enum haul_err make(const struct haul_contents *c, const struct haul_processor *p, struct haul_str text,
                          struct content **out, struct haul_error *e)
{
    const struct haul_option_set *sets[2] = {&haul_engine_option_set, p->options};
    struct haul_buf errors;
    unsigned count = 0;
    haul_buf_init(&errors, 0, 65536);
    struct haul_config *config = NULL;
    const enum haul_err err =
        haul_config_read_text(text, "options", sets, p->options == NULL ? 1 : 2, &config, &errors, &count);
    if (err != HAUL_OK) haul_fail(e, err, "%.*s", (int)errors.n, (const char *)errors.p);
    haul_buf_free(&errors);
    if (err != HAUL_OK) return err;
    struct content *x = calloc(1, sizeof *x);
    assert(x != NULL);
    x->p = p;
    x->config = config;
    x->text = strndup(text.p, text.n);
    const struct haul_engine_options *engine = haul_config_section(config, "engine");
    settings_of(engine, &x->options.settings);
    privacy_settings(engine, (struct haul_str){c->key, c->key_len}, &x->options.settings.privacy);
    if (p->options != NULL) x->options.processor = haul_config_section(config, p->options->section);
    haul_hash128_text(haul_xxh3_128(text.p, text.n), x->options.hash);
    const enum haul_err prepared =
        p->prepare == NULL ? HAUL_OK : p->prepare(x->options.processor, &x->options.prepared, e);
    if (prepared == HAUL_OK)
        *out = x;
    else
        content_free(x);
    return prepared;
}

enum haul_err haul_contents_add(struct haul_contents *c, const struct haul_processor *p, struct haul_str text,
                                char hash[33], struct haul_error *e)
{
    struct content *x;
    const enum haul_err err = make(c, p, text, &x, e);
    if (err != HAUL_OK) return err;
    memcpy(hash, x->options.hash, 33);
    pthread_mutex_lock(&c->lock);
    const bool known = find(c, p, hash) != NULL, room = c->len < CONTENTS_MAX;
    if (!known && room) c->entry[c->len++] = x;
    pthread_mutex_unlock(&c->lock);
    if (known || !room) content_free(x);
    return known || room ? HAUL_OK : haul_fail(e, HAUL_E_LIMIT, "more than %d versions of options", CONTENTS_MAX);
}

const char *haul_contents_text(struct haul_contents *c, const char *hash)
{
    pthread_mutex_lock(&c->lock);
    const struct content *x = find(c, NULL, hash);
    pthread_mutex_unlock(&c->lock);
    return x == NULL ? NULL : x->text;
}

void haul_contents_begin_with(struct haul_contents *c, const struct haul_processor *p, const char *hash)
{
    pthread_mutex_lock(&c->lock);
    const struct content *x = find(c, p, hash);
    assert(x != NULL);
    c->first[p->mailbox] = &x->options;
    pthread_mutex_unlock(&c->lock);
}

const struct task_options *contents_find(void *contents, const struct haul_processor *p, const char *hash)
{
    struct haul_contents *c = contents;
    pthread_mutex_lock(&c->lock);
    const struct content *x = find(c, p, hash);
    pthread_mutex_unlock(&c->lock);
    return x == NULL ? NULL : &x->options;
}

const struct task_options *contents_first(struct haul_contents *c, const struct haul_processor *p)
{
    pthread_mutex_lock(&c->lock);
    const struct task_options *o = c->first[p->mailbox];
    pthread_mutex_unlock(&c->lock);
    return o;
}

/* ---- other content ---- */
static const struct blob *blob_find(const struct haul_contents *c, const char *what, const char *hash)
{
    for (size_t i = 0; i < c->blobs; i++)
        if (strcmp(c->blob[i].hash, hash) == 0 && strcmp(c->blob[i].what, what) == 0) return &c->blob[i];
    return NULL;
}

static const struct haul_content *row_of(const struct haul_processor *p, const char *what, size_t *at)
{
    for (size_t i = 0; i < p->contents_len; i++)
        if (strcmp(p->contents[i].what, what) == 0) {
            *at = i;
            return &p->contents[i];
        }
    return NULL;
}

/* In large pages where they pay: a set of fences is read all over. */
static void *blob_copy(struct haul_str bytes)
{
    const size_t page = bytes.n >= LARGE_PAGE ? LARGE_PAGE : 64, room = (bytes.n / page + 1) * page;
    void *p = aligned_alloc(page, room);
    assert(p != NULL);
    if (page == LARGE_PAGE) madvise(p, room, MADV_HUGEPAGE);
    if (bytes.n > 0) memcpy(p, bytes.p, bytes.n);
    return p;
}

enum haul_err haul_contents_add_blob(struct haul_contents *c, const struct haul_processor *p, const char *what,
                                     struct haul_str bytes, char hash[33], struct haul_error *e)
{
    size_t at;
    const struct haul_content *row = row_of(p, what, &at);
    assert(row != NULL && strlen(what) < sizeof c->blob[0].what);
    haul_hash128_text(haul_xxh3_128(bytes.p, bytes.n), hash);
    if (haul_contents_blob(c, what, hash).p != NULL) return HAUL_OK;
    void *copy = blob_copy(bytes);
    enum haul_err err = row->check(copy, bytes.n, e);
    pthread_mutex_lock(&c->lock);
    const bool room = c->blobs < BLOBS_MAX && bytes.n <= BLOBS_BYTES_MAX - c->blob_bytes;
    const bool add = err == HAUL_OK && room && blob_find(c, what, hash) == NULL;
    if (add) {
        struct blob *b = &c->blob[c->blobs++];
        *b = (struct blob){.bytes = copy, .n = bytes.n};
        snprintf(b->what, sizeof b->what, "%s", what);
        memcpy(b->hash, hash, sizeof b->hash);
        c->blob_bytes += bytes.n;
    }
    pthread_mutex_unlock(&c->lock);
    if (!add) free(copy);
    if (err == HAUL_OK && !room)
        err = haul_fail(e, HAUL_E_LIMIT, "more than %d versions of %s, or more than %zu bytes: start anew", BLOBS_MAX,
                        what, BLOBS_BYTES_MAX);
    return err;
}

struct haul_str haul_contents_blob(struct haul_contents *c, const char *what, const char *hash)
{
    pthread_mutex_lock(&c->lock);
    const struct blob *b = blob_find(c, what, hash);
    const struct haul_str bytes = {b == NULL ? NULL : b->bytes, b == NULL ? 0 : b->n};
    pthread_mutex_unlock(&c->lock);
    return bytes;
}

void haul_contents_begin_with_blob(struct haul_contents *c, const struct haul_processor *p, const char *what,
                                   const char *hash)
{
    size_t at;
    const struct haul_content *row = row_of(p, what, &at);
    assert(row != NULL && haul_contents_blob(c, what, hash).p != NULL);
    pthread_mutex_lock(&c->lock);
    snprintf(c->first_blob[p->mailbox][at], sizeof c->first_blob[p->mailbox][at], "%s", hash);
    pthread_mutex_unlock(&c->lock);
}

const void *contents_blob(void *contents, const char *what, const char *hash)
{
    return haul_contents_blob(contents, what, hash).p;
}

void contents_first_blob(struct haul_contents *c, const struct haul_processor *p, unsigned i, char hash[33])
{
    pthread_mutex_lock(&c->lock);
    memcpy(hash, c->first_blob[p->mailbox][i], 33);
    pthread_mutex_unlock(&c->lock);
}

/* ---- verdicts ---- */
const struct haul_condemned *haul_contents_condemned(const struct haul_contents *c, struct haul_task_name task,
                                                     int64_t offset, uint32_t index)
{
    const uint32_t n = atomic_load_explicit(&c->condemned_len, memory_order_acquire);
    for (uint32_t i = 0; i < n; i++) {
        const struct haul_condemned *x = &c->condemned[i];
        if (x->timer == 0 && x->offset == offset && x->mailbox == task.mailbox && x->partition == task.partition &&
            (index == UINT32_MAX || x->index == index))
            return x;
    }
    return NULL;
}

bool haul_contents_condemned_timer(const struct haul_contents *c, struct haul_task_name task, int64_t offset,
                                   uint64_t step)
{
    const uint32_t n = atomic_load_explicit(&c->condemned_len, memory_order_acquire);
    for (uint32_t i = 0; i < n; i++) {
        const struct haul_condemned *x = &c->condemned[i];
        if (x->timer == step && x->offset == offset && x->mailbox == task.mailbox && x->partition == task.partition)
            return true;
    }
    return false;
}

static bool known(const struct haul_contents *c, const struct haul_condemned *x)
{
    const struct haul_task_name task = {x->mailbox, x->partition};
    return x->timer == 0 ? haul_contents_condemned(c, task, x->offset, x->index) != NULL
                         : haul_contents_condemned_timer(c, task, x->offset, x->timer);
}

enum haul_err haul_contents_condemn(struct haul_contents *c, const struct haul_condemned *x, struct haul_error *e)
{
    enum haul_err err = HAUL_OK;
    pthread_mutex_lock(&c->lock);
    const uint32_t n = atomic_load_explicit(&c->condemned_len, memory_order_relaxed);
    if (known(c, x))
        ;
    else if (n == CONDEMNED_MAX)
        err = haul_fail(e, HAUL_E_LIMIT, "more than %d records are condemned", CONDEMNED_MAX);
    else
        c->condemned[n] = *x, atomic_store_explicit(&c->condemned_len, n + 1, memory_order_release);
    pthread_mutex_unlock(&c->lock);
    return err;
}

const struct haul_condemned *contents_condemned(void *contents, struct haul_task_name task, int64_t offset,
                                                uint32_t index)
{
    return haul_contents_condemned(contents, task, offset, index);
}

bool contents_condemned_timer(void *contents, struct haul_task_name task, int64_t offset, uint64_t step)
{
    return haul_contents_condemned_timer(contents, task, offset, step);
}
