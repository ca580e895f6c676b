/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/commands/runtime.h"

#include "haul/kafka_sink.h"
#include "haul/kafka_source.h"
#include "haul/log.h"
#include "haul/null_sink.h"
#include "haul/processors.h"
#include "haul/replay_source.h"
#include "processors/commands/commands.h"
#include "processors/commands/crash.h"
#include "processors/commands/files.h"
#include "processors/commands/sections.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TURN_WAIT_MS      20
#define STOP_MS           60000 /* to checkpoint a million keys on a machine that is busy otherwise */
#define BLOBS_MS          3000
#define CONTENT_FILE_MAX  ((size_t)512 << 20)
#define CONTENT_MAX       ((size_t)1 << 30)
#define CLOCK_INTERVAL_MS 500
#define TICK_INTERVAL_MS  1000
#define CLAIM_MS          100

static const struct haul_processor *const processors[] = {
    &haul_fleet,    &haul_coldchain,    &haul_warehouse,    &haul_fence,       &haul_desk,         &haul_redrive,
    &haul_template, &haul_bridge_jt808, &haul_bridge_jt809, &haul_bridge_json, &haul_bridge_epcis, &haul_bridge_vda5050,
};

const struct haul_processor *const *haul_processors(size_t *n)
{
    *n = sizeof processors / sizeof processors[0];
    return processors;
}

int runtime_config(const char *path, struct haul_config **out)
{
    size_t n;
    const struct haul_option_set *const *sets = haul_sections(&n);
    struct haul_buf errors;
    unsigned count = 0;
    haul_buf_init(&errors, 0, 1024 * 1024);
    const enum haul_err err = haul_config_read(path, sets, n, out, &errors, &count);
    if (err != HAUL_OK) {
        fwrite(errors.p, 1, errors.n, stderr);
        fprintf(stderr, "%u error%s in %s\n", count, count == 1 ? "" : "s", path == NULL ? "the defaults" : path);
    }
    haul_buf_free(&errors);
    return err == HAUL_OK ? 0 : err == HAUL_E_NOT_FOUND ? HAUL_EXIT_NOINPUT : HAUL_EXIT_CONFIG;
}

/* ---- which processors ---- */
static const struct haul_processor *find(struct haul_str name)
{
    for (size_t i = 0; i < sizeof processors / sizeof processors[0]; i++)
        if (haul_str_eq(haul_str_of(haul_mailbox_row(processors[i]->mailbox)->name), name)) return processors[i];
    return NULL;
}

static int choose(struct runtime *r, struct haul_str name)
{
    const struct haul_processor *p = find(name);
    if (p == NULL) {
        fprintf(stderr, "haul: there is no processor '%.*s'; there are:", (int)name.n, name.p);
        for (size_t i = 0; i < sizeof processors / sizeof processors[0]; i++)
            fprintf(stderr, " %s", haul_mailbox_row(processors[i]->mailbox)->name);
        fputc('\n', stderr);
        return HAUL_EXIT_CONFIG;
    }
    for (size_t i = 0; i < r->processors; i++)
        if (r->processor[i] == p) return 0;
    r->processor[r->processors++] = p;
    return 0;
}

static int choose_all(struct runtime *r, const char *only)
{
    int status = 0;
    if (only != NULL) {
        while (*only != '\0' && status == 0 && r->processors < HAUL_MAILBOX_MAX) {
            const size_t n = strcspn(only, ",");
            status = choose(r, (struct haul_str){only, n});
            only += n + (only[n] == ',' ? 1 : 0);
        }
        return status;
    }
    for (uint32_t i = 0; i < r->engine->processors.len && status == 0; i++)
        status = choose(r, haul_str_of(r->engine->processors.item[i]));
    for (size_t i = 0; r->engine->processors.len == 0 && i < sizeof processors / sizeof processors[0]; i++)
        if (processors[i]->mailbox != HAUL_MAILBOX_TEMPLATE && processors[i]->message == NULL)
            r->processor[r->processors++] = processors[i];
    for (uint32_t i = 0; i < r->engine->bridges.len && status == 0; i++) {
        char name[32];
        snprintf(name, sizeof name, "bridge_%s", r->engine->bridges.item[i]);
        status = choose(r, haul_str_of(name));
    }
    return status;
}

/* ---- contents ---- */
static void section_text(const struct haul_config *c, const char *section, struct haul_buf *out)
{
    struct haul_buf lines;
    haul_buf_init(&lines, 1024, 1024 * 1024);
    haul_config_canonical(c, section, &lines);
    haul_buf_printf(out, "%s:%s\n", section, lines.n == 0 ? " {}" : "");
    for (size_t at = 0; at < lines.n;) {
        const uint8_t *end = memchr(lines.p + at, '\n', lines.n - at);
        const size_t n = (end == NULL ? lines.n : (size_t)(end - lines.p) + 1) - at;
        haul_buf_put(out, "  ", 2);
        haul_buf_put(out, lines.p + at, n);
        at += n;
    }
    haul_buf_free(&lines);
}

int runtime_make_content(const struct haul_content *row, const char *path, struct haul_buf *out)
{
    struct haul_buf text, report;
    struct haul_error e = {0};
    if (command_read_file(path, CONTENT_FILE_MAX, &text, &e) != HAUL_OK) {
        fprintf(stderr, "haul: %s: %s\n", row->what, e.text);
        return HAUL_EXIT_NOINPUT;
    }
    haul_buf_init(&report, 1024, 16 << 20);
    haul_buf_init(out, 4096, CONTENT_MAX);
    const enum haul_err err = row->make((struct haul_str){(const char *)text.p, text.n}, out, &report, &e);
    haul_buf_free(&text);
    fwrite(report.p, 1, report.n, stderr);
    haul_buf_free(&report);
    if (err == HAUL_OK) return 0;
    fprintf(stderr, "haul: %s: %s: %s\n", row->what, path, e.text);
    haul_buf_free(out);
    return HAUL_EXIT_DATA;
}

/* What the options of a processor name by a file, beside themselves. */
static int add_blobs(struct runtime *r, const struct haul_processor *p)
{
    for (size_t i = 0; i < p->contents_len; i++) {
        const struct haul_content *row = &p->contents[i];
        const char *path = (const char *)haul_config_section(r->config, p->options->section) + row->file_offset;
        struct haul_buf blob;
        struct haul_error e = {0};
        if (path[0] == '\0') continue;
        const int status = runtime_make_content(row, path, &blob);
        if (status != 0) return status;
        char *hash = r->first_blob[p->mailbox][i].hash;
        const enum haul_err err = haul_contents_add_blob(r->contents, p, row->what,
                                                         (struct haul_str){(const char *)blob.p, blob.n}, hash, &e);
        haul_buf_free(&blob);
        if (err != HAUL_OK) {
            fprintf(stderr, "haul: %s: %s\n", path, e.text);
            return HAUL_EXIT_CONFIG;
        }
        haul_contents_begin_with_blob(r->contents, p, row->what, hash);
    }
    return 0;
}

static int add_contents(struct runtime *r)
{
    for (size_t i = 0; i < r->processors; i++) {
        const struct haul_processor *p = r->processor[i];
        struct haul_buf text;
        struct haul_error e = {0};
        char hash[33];
        haul_buf_init(&text, 4096, 1024 * 1024);
        section_text(r->config, "engine", &text);
        if (p->options != NULL) section_text(r->config, p->options->section, &text);
        const enum haul_err err =
            haul_contents_add(r->contents, p, (struct haul_str){(const char *)text.p, text.n}, hash, &e);
        haul_buf_free(&text);
        if (err != HAUL_OK) {
            fprintf(stderr, "haul: options of %s: %s\n", haul_mailbox_row(p->mailbox)->name, e.text);
            return HAUL_EXIT_CONFIG;
        }
        haul_contents_begin_with(r->contents, p, hash);
        memcpy(r->first_hash[p->mailbox], hash, sizeof hash);
        const int status = add_blobs(r, p);
        if (status != 0) return status;
    }
    return 0;
}

#define KEY_MIN 16 /* bytes: what is shorter can be guessed */

/* The key that driver ids are hashed with, a line break behind it not counted. */
static int read_driver_key(struct runtime *r)
{
    char key[HAUL_DRIVER_KEY_MAX + 1];
    const char *path = r->engine->ingest_driver_key_file;
    if (path[0] == '\0') return 0;
    FILE *f = fopen(path, "rbe");
    size_t n = f == NULL ? 0 : fread(key, 1, sizeof key, f);
    if (f != NULL) fclose(f);
    while (n > 0 && (key[n - 1] == '\n' || key[n - 1] == '\r')) n--;
    if (n < KEY_MIN || n > HAUL_DRIVER_KEY_MAX) {
        fprintf(stderr, "haul: engine.ingest.driver_key_file: %s %s; a key has %d to %d bytes\n", path,
                f == NULL ? "cannot be read" : "holds no key", KEY_MIN, HAUL_DRIVER_KEY_MAX);
        return HAUL_EXIT_CONFIG;
    }
    haul_contents_driver_key(r->contents, (struct haul_str){key, n});
    explicit_bzero(key, sizeof key);
    return 0;
}

static int fill_settings(struct runtime *r)
{
    const struct haul_engine_options *o = r->engine;
    struct haul_worker_settings *s = &r->settings;
    *s = (struct haul_worker_settings){
        .processors = r->processor,
        .processors_len = r->processors,
        .pace_ms = o->commit_pace_ms,
        .documents_max = (uint32_t)o->commit_documents_max,
        .checkpoint_interval_ms = o->checkpoint_interval_ms,
        .checkpoint_rate_bytes = o->checkpoint_rate,
        .outbox_bytes = (size_t)o->outbox_max,
        .clock_interval_ms = CLOCK_INTERVAL_MS,
        .tick_interval_ms = TICK_INTERVAL_MS,
        .claim_ms = CLAIM_MS,
        .start = (enum haul_start)o->start,
        .on_wipe = (enum haul_on_wipe)o->on_wipe,
    };
    for (unsigned i = 0; i < HAUL_MAILBOX_MAX; i++) s->partitions[i] = (uint32_t)o->partitions[i];
    snprintf(s->instance, sizeof s->instance, "%s", o->instance);
    struct haul_error e = {0};
    if (s->start == HAUL_START_TIME &&
        haul_time_parse(o->start_time, strlen(o->start_time), &s->start_time, &e) != HAUL_OK) {
        fprintf(stderr, "haul: engine.start_time: %s\n", e.text);
        return HAUL_EXIT_CONFIG;
    }
    return 0;
}

/* A refused message goes out whole, beside what a step sends: a smaller outbox would wait for ever. */
static int check_outbox(const struct runtime *r)
{
    const int64_t least = 2 * (r->kafka->message_bytes + 1024 * 1024);
    if (r->engine->outbox_max >= least) return 0;
    fprintf(stderr, "haul: engine.outbox_max: it must hold two messages of kafka.message_bytes: at least %lld KiB\n",
            (long long)(least / 1024));
    return HAUL_EXIT_CONFIG;
}

int runtime_prepare(struct runtime *r, const char *only)
{
    r->engine = haul_config_section(r->config, "engine");
    r->kafka = haul_config_section(r->config, "kafka");
    r->redis = haul_config_section(r->config, "redis");
    r->contents = haul_contents_open();
    int status = check_outbox(r);
    if (status == 0) status = choose_all(r, only);
    if (status == 0) status = read_driver_key(r);
    if (status == 0) status = add_contents(r);
    if (status == 0) status = fill_settings(r);
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    r->workers = r->engine->workers > 0 ? (unsigned)r->engine->workers : cores > 0 ? (unsigned)cores : 1;
    if (r->workers > WORKERS_MAX) r->workers = WORKERS_MAX;
    return status;
}

/* ---- haul.blobs ---- */
static void unreadable(const char *what, const char *why)
{
    char text[1200];
    snprintf(text, sizeof text, "%.64s in haul.blobs: %s", what, why);
    haul_say(HAUL_LOG_WARNING, "content_unreadable", text);
}

static void take_options(struct runtime *r, const struct haul_processor *p, const char *hash, struct haul_str content)
{
    char made[33];
    struct haul_error e = {0};
    if (haul_contents_text(r->contents, hash) != NULL) return;
    if (haul_contents_add(r->contents, p, content, made, &e) != HAUL_OK)
        unreadable("options", e.text);
    else if (strcmp(made, hash) != 0)
        unreadable("options", "the content does not have the hash in its key");
}

static void take_content(struct runtime *r, const struct haul_processor *p, const char *what, const char *hash,
                         struct haul_str content)
{
    char made[33];
    struct haul_error e = {0};
    size_t i = 0;
    while (i < p->contents_len && strcmp(p->contents[i].what, what) != 0) i++;
    if (i == p->contents_len) return;
    if (strcmp(r->first_blob[p->mailbox][i].hash, hash) == 0) r->first_blob[p->mailbox][i].stored = true;
    if (haul_contents_blob(r->contents, what, hash).p != NULL) return;
    if (haul_contents_add_blob(r->contents, p, what, content, made, &e) != HAUL_OK)
        unreadable(what, e.text);
    else if (strcmp(made, hash) != 0)
        unreadable(what, "the content does not have the hash in its key");
}

void runtime_take_blob(void *arg, const char *what, const char *owner, const char *hash, struct haul_str content)
{
    struct runtime *r = arg;
    const struct haul_processor *p = find(haul_str_of(owner));
    if (strcmp(what, "verdict") == 0) crash_verdict(r, owner, hash, content);
    if (p == NULL) return;
    if (strcmp(what, "options") == 0)
        take_options(r, p, hash, content);
    else
        take_content(r, p, what, hash, content);
}

static bool put(struct runtime *r, const char *what, const struct haul_processor *p, const char *hash,
                struct haul_str content, struct haul_error *e)
{
    return haul_blobs_put(r->blobs, what, haul_mailbox_row(p->mailbox)->name, hash, content, BLOBS_MS, e) == HAUL_OK;
}

static bool put_all(struct runtime *r, const struct haul_processor *p, struct haul_error *e)
{
    const char *hash = r->first_hash[p->mailbox];
    if (!put(r, "options", p, hash, haul_str_of(haul_contents_text(r->contents, hash)), e)) return false;
    for (size_t i = 0; i < p->contents_len; i++) {
        const char *what = p->contents[i].what, *blob = r->first_blob[p->mailbox][i].hash;
        if (blob[0] == '\0' || r->first_blob[p->mailbox][i].stored) continue;
        if (!put(r, what, p, blob, haul_contents_blob(r->contents, what, blob), e)) return false;
        r->first_blob[p->mailbox][i].stored = true;
    }
    return true;
}

bool runtime_publish(struct runtime *r, struct haul_error *e)
{
    static const struct haul_kafka_log log = {runtime_kafka_log, NULL};
    if (r->blobs == NULL && haul_blobs_open(r->kafka, r->engine->instance, &log, &r->blobs, e) != HAUL_OK) return false;
    if (haul_blobs_read(r->blobs, BLOBS_MS, runtime_take_blob, r, e) != HAUL_OK) return false;
    for (size_t i = 0; i < r->processors; i++)
        if (!put_all(r, r->processor[i], e)) return false;
    if (!crash_judge(r, e)) return false;
    r->published = true;
    return true;
}

void runtime_blobs(struct runtime *r)
{
    struct haul_error e = {0};
    haul_blobs_read(r->blobs, BLOBS_MS, runtime_take_blob, r, &e);
}

void runtime_free(struct runtime *r)
{
    haul_kafka_admin_close(r->admin);
    haul_blobs_close(r->blobs);
    haul_contents_close(r->contents);
    haul_config_free(r->config);
}

/* ---- threads ---- */
void runtime_kafka_log(void *arg, int level, const char *facility, const char *text)
{
    (void)arg;
    char line[512];
    snprintf(line, sizeof line, "%s: %s", facility, text);
    haul_say(level <= 3 ? HAUL_LOG_WARNING : level <= 5 ? HAUL_LOG_INFO : HAUL_LOG_DEBUG, "kafka", line);
}

struct parts {
    struct haul_source *source;
    struct haul_store *store;
    struct haul_sink *sink;
};

static enum haul_err open_parts(struct runtime_worker *rw, struct parts *out, struct haul_error *e)
{
    const struct runtime *r = rw->r;
    static const struct haul_kafka_log log = {runtime_kafka_log, NULL};
    uint16_t mailboxes[HAUL_MAILBOX_MAX];
    for (size_t i = 0; i < r->processors; i++) mailboxes[i] = (uint16_t)r->processor[i]->mailbox;
    enum haul_err err = haul_redis_store_open(r->redis, r->engine->instance, &out->store, e);
    if (r->replay != NULL) {
        out->sink = haul_null_sink_open();
        if (err == HAUL_OK) err = haul_replay_source_open(r->replay, mailboxes, r->processors, &out->source, e);
        if (err == HAUL_OK) haul_replay_source_share(out->source, rw->number, r->workers);
        return err;
    }
    if (err == HAUL_OK) err = haul_kafka_sink_open(r->kafka, r->engine->instance, &log, &out->sink, e);
    if (err == HAUL_OK)
        err = haul_kafka_source_open(r->kafka, r->engine->instance, mailboxes, r->processors, rw->number, &log,
                                     &out->source, e);
    return err;
}

static void close_parts(struct parts *p)
{
    if (p->source != NULL) p->source->ops->close(p->source);
    if (p->sink != NULL) p->sink->ops->close(p->sink);
    if (p->store != NULL) p->store->ops->close(p->store);
}

/* A recording's end is reached, and a turn after it found nothing more to do. */
static bool at_the_end(const struct haul_worker *w, unsigned *idle_turns)
{
    *idle_turns = haul_worker_done(w) && haul_worker_idle(w) ? *idle_turns + 1 : 0;
    return *idle_turns > 1;
}

static void *work(void *arg)
{
    struct runtime_worker *rw = arg;
    struct runtime *r = rw->r;
    struct parts parts = {0};
    struct haul_error e = {0};
    crash_thread();
    if (open_parts(rw, &parts, &e) != HAUL_OK) {
        haul_say(HAUL_LOG_ERROR, "worker_failed", e.text);
        close_parts(&parts);
        rw->ended = 2;
        return NULL;
    }
    struct haul_worker *w =
        haul_worker_open(&r->settings, parts.source, parts.store, parts.sink, r->contents, &haul_env_real);
    rw->worker = w;
    for (unsigned idle_turns = 0; !r->stop && !at_the_end(w, &idle_turns);) haul_worker_turn(w, TURN_WAIT_MS);
    const enum haul_err err = haul_worker_stop(w, STOP_MS, &e);
    if (err != HAUL_OK) haul_say(HAUL_LOG_WARNING, "stop", e.text);
    parts.sink->ops->flush(parts.sink, 2000, &e);
    rw->worker = NULL;
    haul_worker_close(w);
    close_parts(&parts);
    rw->ended = 1;
    return NULL;
}

void runtime_start(struct runtime *r)
{
    r->started = haul_wall_now();
    for (unsigned i = 0; i < r->workers; i++) {
        r->worker[i] = (struct runtime_worker){.r = r, .number = i};
        const int err = pthread_create(&r->worker[i].thread, NULL, work, &r->worker[i]);
        assert(err == 0);
    }
}

int runtime_join(struct runtime *r)
{
    int status = 0;
    for (unsigned i = 0; i < r->workers; i++) {
        pthread_join(r->worker[i].thread, NULL);
        if (r->worker[i].ended == 2) status = HAUL_EXIT_UNAVAILABLE;
    }
    return status;
}
