/* SPDX-License-Identifier: Apache-2.0
 * oracle RECORDING: reads a recording of haul's topics, haul.blobs among them, and prints what `haul dump` must print
 * when haul has read the same logs from their beginning. One thread, one pass over the file for each question: which
 * options and partitions there are; then the records, in order.
 */
#include "haul/engine_options.h"
#include "haul/hash.h"
#include "haul/processors.h"
#include "haul/recording.h"
#include "tests/oracle/oracle.h"
#include "tests/oracle/view.h"

#include <stdio.h>
#include <stdlib.h>

#define OPTIONS_MAX 256

static const struct haul_processor *const processors[] = {&haul_fleet, &haul_warehouse, &haul_desk, &haul_template};
#define PROCESSORS (sizeof processors / sizeof processors[0])

struct content {
    const struct haul_processor *p;
    struct oracle_options options;
    struct haul_buf text;
    uint32_t chunks; /* taken so far */
    struct haul_config *config;
};

struct run {
    struct content content[OPTIONS_MAX];
    size_t contents;
    struct oracle *task[HAUL_MAILBOX_MAX][HAUL_PARTITIONS_MAX];
    struct view *view;
    int64_t until[HAUL_MAILBOX_MAX][HAUL_PARTITIONS_MAX]; /* offsets from here on are not read; 0: all are */
    uint32_t partitions[HAUL_MAILBOX_MAX];                /* as recorded; 0: not */
};

static int fail(const char *what, const char *text)
{
    fprintf(stderr, "oracle: %s: %s\n", what, text);
    return 1;
}

/* "x.haul.fleet" is the mailbox fleet; 0 for other topics. */
static unsigned mailbox_of(const char *topic)
{
    const char *name = NULL;
    for (const char *p = topic; (p = strstr(p, "haul.")) != NULL; p++) name = p + 5;
    return name == NULL ? 0 : (unsigned)haul_mailbox_find(haul_str_of(name));
}

static bool is_blobs(const char *topic)
{
    const size_t n = strlen(topic);
    return n >= 10 && strcmp(topic + n - 10, "haul.blobs") == 0;
}

/* ---- options: the chunks of "options/<owner>/<hash>:<i>/<n>" ---- */
static struct content *content_of(struct run *r, const struct haul_processor *p, const char *hash)
{
    for (size_t i = 0; i < r->contents; i++)
        if (r->content[i].p == p && strcmp(r->content[i].options.hash, hash) == 0) return &r->content[i];
    assert(r->contents < OPTIONS_MAX);
    struct content *c = &r->content[r->contents++];
    *c = (struct content){.p = p};
    snprintf(c->options.hash, sizeof c->options.hash, "%s", hash);
    haul_buf_init(&c->text, 4096, 16 << 20);
    return c;
}

static int read_options(struct content *c)
{
    const struct haul_option_set *sets[2] = {&haul_engine_option_set, c->p->options};
    struct haul_buf errors;
    unsigned count = 0;
    haul_buf_init(&errors, 0, 65536);
    const enum haul_err err = haul_config_read_text((struct haul_str){(const char *)c->text.p, c->text.n}, "options",
                                                    sets, c->p->options == NULL ? 1 : 2, &c->config, &errors, &count);
    if (err != HAUL_OK) fprintf(stderr, "%.*s", (int)errors.n, (const char *)errors.p);
    haul_buf_free(&errors);
    if (err != HAUL_OK) return fail("options", c->options.hash);
    const struct haul_engine_options *e = haul_config_section(c->config, "engine");
    struct oracle_options *o = &c->options;
    o->lateness_ms = e->lateness_ms;
    o->view_interval_ms = e->view_interval_ms;
    o->future_max_ms = e->time_future_max_ms;
    o->past_max_ms = e->time_past_max_ms;
    o->clock_stall_ms = e->clock_stall_ms;
    o->entities_max = (uint32_t)e->entities_max;
    if (c->p->options != NULL) o->processor = haul_config_section(c->config, c->p->options->section);
    struct haul_error why = {0};
    if (c->p->prepare != NULL && c->p->prepare(o->processor, &o->prepared, &why) != HAUL_OK)
        return fail(c->options.hash, why.text);
    return 0;
}

static int take_blob(struct run *r, const struct haul_recorded *m)
{
    char key[256], owner[33], hash[33];
    unsigned i, n;
    snprintf(key, sizeof key, "%.*s", (int)m->key.n, m->key.p);
    if (m->value.p == NULL || sscanf(key, "options/%32[^/]/%32[0-9a-f]:%u/%u", owner, hash, &i, &n) != 4) return 0;
    for (size_t k = 0; k < PROCESSORS; k++) {
        if (strcmp(haul_mailbox_row(processors[k]->mailbox)->name, owner) != 0) continue;
        struct content *c = content_of(r, processors[k], hash);
        if (c->config != NULL || i != c->chunks) continue; /* stored a second time */
        haul_buf_str(&c->text, m->value);
        if (++c->chunks == n && read_options(c) != 0) return 1;
    }
    return 0;
}

static const struct oracle_options *find_options(void *arg, const struct haul_processor *p, struct haul_str hash)
{
    const struct run *r = arg;
    for (size_t i = 0; i < r->contents; i++)
        if (r->content[i].p == p && haul_str_eq(haul_str_of(r->content[i].options.hash), hash))
            return &r->content[i].options;
    return NULL;
}

static void tell_view(void *arg, const struct haul_op_view *v)
{
    view_apply(((struct run *)arg)->view, v);
}

/* ---- tasks ---- */
/* A processor begins with the options that were stored first; one that has none did not run. */
static int open_tasks(struct run *r, const struct haul_processor *p)
{
    const struct content *first = NULL;
    for (size_t i = r->contents; i > 0; i--)
        if (r->content[i - 1].p == p && r->content[i - 1].config != NULL) first = &r->content[i - 1];
    if (first == NULL) {
        fprintf(stderr, "oracle: %s: left out, its options are not recorded\n", haul_mailbox_row(p->mailbox)->name);
        return 0;
    }
    struct oracle_world w = {.options = find_options, .write = tell_view, .arg = r};
    const struct oracle_start start = {&first->options, 1, 0, -1};
    for (unsigned m = 1; m < HAUL_MAILBOX_MAX; m++)
        if (haul_mailbox_row(m) != NULL)
            w.partitions[m] = r->partitions[m] > 0 ? r->partitions[m] : haul_mailbox_row(m)->partitions;
    for (unsigned i = 0; i < w.partitions[p->mailbox]; i++) r->task[p->mailbox][i] = oracle_open(p, i, &w, &start);
    return 0;
}

static void take_record(struct run *r, const struct haul_recorded *m)
{
    const unsigned mailbox = mailbox_of(m->topic);
    if (mailbox == 0 || m->partition >= HAUL_PARTITIONS_MAX || r->task[mailbox][m->partition] == NULL) return;
    if (r->until[mailbox][m->partition] != 0 && m->offset >= r->until[mailbox][m->partition]) return;
    struct haul_message message = {.task = {(uint16_t)mailbox, (uint16_t)m->partition},
                                   .offset = m->offset,
                                   .append = m->time,
                                   .append_time = m->stamp == HAUL_STAMP_APPEND,
                                   .key = m->key,
                                   .value = m->value};
    for (size_t i = 0; i < m->headers_len; i++)
        if (strcmp(m->headers[i].name, "haul") == 0) haul_sender_parse(m->headers[i].value, &message.sender);
    oracle_take(r->task[mailbox][m->partition], &message);
}

static int each(struct run *r, struct haul_recording *file, bool first)
{
    struct haul_recorded m;
    struct haul_error e = {0};
    enum haul_err err;
    while ((err = haul_recording_next(file, &m, &e)) == HAUL_OK) {
        r->partitions[mailbox_of(m.topic)] = m.partitions;
        if (first && is_blobs(m.topic) && take_blob(r, &m) != 0) return 1;
        if (!first) take_record(r, &m);
    }
    return err == HAUL_E_END ? 0 : fail("recording", e.text);
}

static int run(struct run *r, struct haul_recording *file)
{
    struct haul_error e = {0};
    int status = each(r, file, true);
    for (size_t i = 0; i < PROCESSORS && status == 0; i++)
        if (r->partitions[processors[i]->mailbox] > 0) status = open_tasks(r, processors[i]);
    if (status == 0 && haul_recording_rewind(file, &e) != HAUL_OK) status = fail("recording", e.text);
    return status == 0 ? each(r, file, false) : status;
}

static void print(struct run *r)
{
    struct haul_buf out;
    haul_buf_init(&out, 65536, (size_t)2 << 30);
    view_print(r->view, &out);
    for (size_t i = 0; i < PROCESSORS; i++)
        for (unsigned p = 0; p < HAUL_PARTITIONS_MAX; p++)
            if (r->task[processors[i]->mailbox][p] != NULL) oracle_dump(r->task[processors[i]->mailbox][p], &out);
    fwrite(out.p, 1, out.n, stdout);
    haul_buf_free(&out);
}

static void close_run(struct run *r)
{
    for (unsigned m = 0; m < HAUL_MAILBOX_MAX; m++)
        for (unsigned p = 0; p < HAUL_PARTITIONS_MAX; p++) oracle_close(r->task[m][p]);
    for (size_t i = 0; i < r->contents; i++) {
        if (r->content[i].options.prepared != NULL) r->content[i].p->discard(r->content[i].options.prepared);
        haul_config_free(r->content[i].config);
        haul_buf_free(&r->content[i].text);
    }
    view_free(r->view);
    free(r);
}

static void read_limit(struct run *r, const char *word)
{
    char name[33];
    unsigned partition;
    long long offset;
    if (sscanf(word, "%32[a-z]/%u=%lld", name, &partition, &offset) != 3 || partition >= HAUL_PARTITIONS_MAX) return;
    /* a task that has read nothing: no offset is below 0 */
    r->until[haul_mailbox_find(haul_str_of(name))][partition] = offset == 0 ? -1 : offset;
}

int main(int argc, char **argv)
{
    struct haul_recording *file;
    struct haul_error e = {0};
    if (argc < 2) {
        fputs("usage: oracle RECORDING [MAILBOX/PARTITION=OFFSET …]: read that partition up to there\n", stderr);
        return 64;
    }
    if (haul_recording_open(argv[1], &file, &e) != HAUL_OK) return fail(argv[1], e.text);
    struct run *r = calloc(1, sizeof *r);
    assert(r != NULL);
    r->view = view_new();
    for (int i = 2; i < argc; i++) read_limit(r, argv[i]);
    const int status = run(r, file);
    if (status == 0) print(r);
    close_run(r);
    haul_recording_close(file);
    return status;
}
