/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/kafka_reader.h"

#include "haul/topics.h"
#include "processors/commands/commands.h"
#include "processors/commands/kafka_args.h"

#include <stdio.h>
#include <stdlib.h>

enum { TOPICS_MAX = 64, WAIT_MS = 100, FLUSH_MS = 1000 };

static const char usage[] =
    "usage: haul record [TOPIC|MAILBOX …] --out FILE [-c FILE] [--brokers HOST:PORT,…] [--instance NAME]\n"
    "                   [--from earliest|latest|TIME] [--until-end] [--level 1…19]\n\n"
    "Writes the messages of topics, as they are, into a recording (default: all mailboxes, from earliest). Goes on "
    "until\n"
    "it is interrupted, or with --until-end to where the topics end now. What was written stays readable after a "
    "crash.\n";

struct target {
    char names[TOPICS_MAX][HAUL_KAFKA_TOPIC_BYTES];
    const char *topics[TOPICS_MAX];
    size_t n;
};

static bool add(struct target *t, const struct kafka_setup *s, const char *word)
{
    if (t->n < TOPICS_MAX && setup_topic(s, word, t->names[t->n])) {
        t->topics[t->n] = t->names[t->n];
        t->n++;
        return true;
    }
    fprintf(stderr, "haul record: too many topics, or a name that is too long: %.80s\n", word);
    return false;
}

static bool choose(struct target *t, const struct kafka_setup *s, const struct args *a)
{
    for (size_t i = 0; i < a->plain_len; i++)
        if (!add(t, s, a->plain[i])) return false;
    for (unsigned i = 1; i < HAUL_MAILBOX_MAX && a->plain_len == 0; i++)
        if (haul_mailbox_row(i) != NULL && !add(t, s, haul_mailbox_row(i)->name)) return false;
    return true;
}

/* Copies until the end or a signal; flushes once a second, so that little is lost. */
static enum haul_err copy(struct haul_kafka_reader *from, struct haul_recorder *to, uint64_t *count,
                          struct haul_error *e)
{
    struct progress progress;
    struct haul_recorded m;
    struct haul_mono flushed = haul_mono_now();
    progress_begin(&progress, "recording");
    while (!stop_asked) {
        enum haul_err err = haul_kafka_reader_next(from, WAIT_MS, &m, e);
        if (err == HAUL_E_END) return HAUL_OK;
        if (err == HAUL_E_UNAVAILABLE) fprintf(stderr, "haul record: %s\n", e->text);
        if (err == HAUL_OK) err = haul_recorder_add(to, &m, e), *count += 1;
        if (err == HAUL_E_LIMIT) fprintf(stderr, "haul record: left out: %s\n", e->text);
        if (err != HAUL_OK && err != HAUL_E_AGAIN && err != HAUL_E_UNAVAILABLE && err != HAUL_E_LIMIT) return err;
        if (*count % 1024 != 0 && err == HAUL_OK) continue;
        progress_step(&progress, *count);
        const struct haul_mono now = haul_mono_now();
        if (now.ns - flushed.ns < FLUSH_MS * 1000000ll) continue;
        flushed = now;
        if ((err = haul_recorder_flush(to, e)) != HAUL_OK) return err;
    }
    return HAUL_OK;
}

static enum haul_err record(const struct kafka_setup *s, const struct haul_reader_spec *spec, const char *path,
                            int level, struct haul_error *e)
{
    struct haul_kafka_reader *from;
    struct haul_recorder *to;
    uint64_t count = 0, bytes = 0;
    enum haul_err err = haul_kafka_reader_open(&s->kafka, spec, &from, e);
    if (err != HAUL_OK) return err;
    err = haul_recorder_open(path, level, haul_wall_now(), &to, e);
    if (err == HAUL_OK) {
        err = copy(from, to, &count, e);
        bytes = haul_recorder_bytes(to);
        const enum haul_err closed = haul_recorder_close(to, err == HAUL_OK ? e : NULL);
        if (err == HAUL_OK) err = closed;
        fprintf(stderr, "%s: %llu messages, %llu bytes\n", path, (unsigned long long)count, (unsigned long long)bytes);
    }
    haul_kafka_reader_close(from);
    return err;
}

static int run(int argc, char **argv)
{
    struct args a;
    struct kafka_setup s;
    struct haul_error e;
    struct haul_reader_spec spec = {.from = HAUL_FROM_EARLIEST};
    const char *out = NULL, *from = NULL, *level = NULL;
    double zstd_level = 3;
    const struct args_flag flags[] = {{"--out", &out, NULL},
                                      {"--from", &from, NULL},
                                      {"--level", &level, NULL},
                                      {"--until-end", NULL, &spec.until_end},
                                      {NULL, NULL, NULL}};
    const bool read = args_read(&a, argc, argv, flags);
    if (read && a.help) return fputs(usage, stdout), 0;
    if (!read || out == NULL) return fputs(usage, stderr), HAUL_EXIT_USAGE;
    if (!args_from(from, &spec) || (level != NULL && !args_number("--level", level, 1, 19, &zstd_level)))
        return HAUL_EXIT_USAGE;
    int status = setup_open(&s, &a);
    if (status != 0) return status;
    struct target *t = calloc(1, sizeof *t);
    status = HAUL_EXIT_USAGE;
    if (t != NULL && choose(t, &s, &a)) {
        spec.topics = t->topics;
        spec.topics_len = t->n;
        stop_on_signals();
        const enum haul_err err = record(&s, &spec, out, (int)zstd_level, &e);
        if (err != HAUL_OK) fprintf(stderr, "haul record: %s\n", e.text);
        status = exit_status(err);
    }
    free(t);
    setup_close(&s);
    return status;
}

const struct haul_command haul_command_record = {"record", "write the messages of topics into a recording", run};
