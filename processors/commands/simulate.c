/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/base64.h"
#include "haul/hash.h"
#include "haul/world.h"

#include "processors/commands/commands.h"
#include "processors/commands/feed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX      (512 * 1024)
#define PACE_SLEEP_MS 200 /* the longest sleep: a signal is seen so soon */

static const char usage[] =
    "usage: haul simulate SCENARIO.yaml [--out FILE | --kafka HOST:PORT,… [-c FILE] [--instance NAME]] [OPTION ...]\n\n"
    "Drives a simulated world (vehicles, sorting hubs or a cold chain, as the scenario's section says) and writes "
    "what\n"
    "it sends: JSON lines to standard output or a file, or messages to its mailbox. In JSON, bytes that are no record\n"
    "are {\"key\":ID,\"bytes\":BASE64}, as 'haul produce' reads them.\n"
    "  --truth FILE      what was injected, as JSON lines\n"
    "  --seed N --vehicles N|--hubs N|--units N --duration D --start TIME|now   instead of the scenario's\n"
    "  --speed X|max     so many times as fast as time (default: max; with --start now: 1)\n"
    "  --check           only check the scenario\n";

struct simulation {
    const struct haul_world *world;
    void *scenario; /* as the world's options have it */
    const char *path, *out_path, *truth_path;
    struct pace pace;
    FILE *out, *truth;
    struct haul_buf text;
    bool kafka; /* send; else write */
    struct feed feed;
    struct progress progress;
    char topic[HAUL_KAFKA_TOPIC_BYTES];
    uint32_t partitions;
    uint64_t messages, malformed, truths;
};

/* ---- what was asked for ---------------------------------------------------------------------------------------------
 */

static int read_set(struct simulation *x, struct haul_str yaml, const char *path, void *out)
{
    const struct haul_option_set *const sets[] = {x->world->options};
    struct haul_config *config = NULL;
    struct haul_buf errors;
    unsigned count;
    haul_buf_init(&errors, 0, TEXT_MAX);
    const enum haul_err e = yaml.p == NULL ? haul_config_read(path, sets, 1, &config, &errors, &count)
                                           : haul_config_read_text(yaml, path, sets, 1, &config, &errors, &count);
    if (e == HAUL_OK) memcpy(out, haul_config_section(config, x->world->options->section), x->world->options->bytes);
    if (errors.n > 0) fwrite(errors.p, 1, errors.n, stderr);
    haul_config_free(config);
    haul_buf_free(&errors);
    if (e == HAUL_OK) return 0;
    return e == HAUL_E_NOT_FOUND || e == HAUL_E_IO ? HAUL_EXIT_NOINPUT : HAUL_EXIT_CONFIG;
}

/* Whose section stands in the file, at the beginning of a line; the first world's when there is none: its mistakes are
 * told. */
static const struct haul_world *world_of(const char *path)
{
    const struct haul_world *found = NULL;
    char *line = NULL;
    size_t cap = 0;
    FILE *f = fopen(path, "re");
    while (f != NULL && found == NULL && getline(&line, &cap, f) > 0)
        for (size_t i = 0; haul_worlds[i] != NULL && found == NULL; i++) {
            const char *section = haul_worlds[i]->options->section;
            const size_t n = strlen(section);
            if (strncmp(line, section, n) == 0 && line[n] == ':') found = haul_worlds[i];
        }
    if (f != NULL) fclose(f);
    free(line);
    return found != NULL ? found : haul_worlds[0];
}

/* What the command line may say instead of the scenario. */
enum { SEED, COUNT, DURATION, START, OVERRIDES };

/* A value of the command line is read as if it stood in a scenario: the same units, bounds and errors. */
static int override(struct simulation *x, unsigned which, const char *value)
{
    const struct haul_world *w = x->world;
    const char *const names[OVERRIDES] = {
        [SEED] = "seed", [COUNT] = w->count, [DURATION] = "duration", [START] = "start"};
    const size_t at[OVERRIDES] = {w->seed_at, w->count_at, w->duration_at, w->start_at};
    char yaml[200];
    void *read = calloc(1, w->options->bytes);
    assert(read != NULL);
    snprintf(yaml, sizeof yaml, "%s: {%s%s: %s}\n", w->options->section, w->least, names[which], value);
    const int status = read_set(x, haul_str_of(yaml), "command line", read);
    if (status == 0)
        memcpy((char *)x->scenario + at[which], (const char *)read + at[which],
               which == START ? w->start_size : sizeof(int64_t));
    free(read);
    return status == 0 ? 0 : HAUL_EXIT_USAGE;
}

/* The scenario, and what the command line says instead. */
static int read_scenario(struct simulation *x, const char *const values[OVERRIDES])
{
    x->scenario = calloc(1, x->world->options->bytes);
    assert(x->scenario != NULL);
    int status = read_set(x, (struct haul_str){NULL, 0}, x->path, x->scenario);
    for (unsigned i = 0; i < OVERRIDES && status == 0; i++)
        if (values[i] != NULL) status = override(x, i, values[i]);
    return status;
}

/* ---- writing --------------------------------------------------------------------------------------------------------
 */

static bool put_line(struct simulation *x, FILE *to)
{
    haul_buf_byte(&x->text, '\n');
    return !x->text.overflow && fwrite(x->text.p, 1, x->text.n, to) == x->text.n;
}

static void put_json(struct simulation *x, const struct haul_simulated *m)
{
    struct haul_json j;
    haul_json_begin(&j, &x->text);
    if (!m->malformed) {
        haul_record_to_json(&m->record, &j);
        return;
    }
    haul_json_open(&j, '{');
    haul_json_kstr(&j, "key", m->key);
    haul_json_name(&j, "bytes");
    haul_buf_byte(&x->text, '"');
    haul_base64_encode(m->bytes, &x->text);
    haul_buf_byte(&x->text, '"');
    haul_json_close(&j, '}');
}

static enum haul_err put_message(struct simulation *x, const struct haul_simulated *m, struct haul_error *e)
{
    haul_buf_clear(&x->text);
    x->messages++, x->malformed += m->malformed;
    if (!x->kafka) {
        put_json(x, m);
        return put_line(x, x->out) ? HAUL_OK : haul_fail(e, HAUL_E_IO, "cannot write: %s", strerror(errno));
    }
    if (m->malformed)
        haul_buf_str(&x->text, m->bytes);
    else
        haul_record_pack(&m->record, &x->text);
    const uint32_t partition = haul_partition_of(haul_murmur2(m->key.p, m->key.n), x->partitions);
    const struct haul_outgoing message = {.topic = x->topic,
                                          .partition = (int32_t)partition,
                                          .key = m->key,
                                          .value = {(const char *)x->text.p, x->text.n}};
    return feed_send(&x->feed, &message, e);
}

static enum haul_err put_truths(struct simulation *x, void *s, struct haul_error *e)
{
    for (;;) {
        struct haul_json j;
        haul_buf_clear(&x->text);
        haul_json_begin(&j, &x->text);
        if (!x->world->truth(s, &j)) break;
        x->truths++;
        if (x->truth != NULL && !put_line(x, x->truth))
            return haul_fail(e, HAUL_E_IO, "%s: %s", x->truth_path, strerror(errno));
    }
    return HAUL_OK;
}

/* ---- running --------------------------------------------------------------------------------------------------------
 */

/* Waits until a message is due. What was written is shown meanwhile: whoever reads does not wait for the next. */
static void wait_for(struct simulation *x, struct haul_time due)
{
    for (int64_t ms; (ms = pace_left(&x->pace, due.ms)) > 0 && !stop_asked;) {
        if (ms > PACE_SLEEP_MS) ms = PACE_SLEEP_MS;
        if (x->truth != NULL) fflush(x->truth);
        if (x->kafka) {
            feed_wait(&x->feed, ms);
        } else {
            fflush(x->out);
            haul_sleep_ms(ms);
        }
    }
}

static enum haul_err stream(struct simulation *x, void *s, struct haul_error *e)
{
    struct haul_simulated m;
    enum haul_err err = HAUL_OK;
    while (err == HAUL_OK && !stop_asked && x->world->next(s, &m)) {
        wait_for(x, m.send_at);
        err = put_message(x, &m, e);
        if (err == HAUL_OK) err = put_truths(x, s, e);
        if (!x->kafka) progress_step(&x->progress, x->messages);
    }
    if (err == HAUL_OK) err = put_truths(x, s, e);
    const bool kept = (x->out == NULL || fflush(x->out) == 0) && (x->truth == NULL || fflush(x->truth) == 0);
    return err != HAUL_OK || kept ? err : haul_fail(e, HAUL_E_IO, "cannot write: %s", strerror(errno));
}

static enum haul_err open_file(const char *path, FILE **out, struct haul_error *e)
{
    *out = fopen(path, "we");
    return *out != NULL ? HAUL_OK : haul_fail(e, HAUL_E_IO, "%s: %s", path, strerror(errno));
}

static enum haul_err open_outputs(struct simulation *x, const struct kafka_setup *k, struct haul_error *e)
{
    enum haul_err err = HAUL_OK;
    if (x->truth_path != NULL) err = open_file(x->truth_path, &x->truth, e);
    if (err != HAUL_OK) return err;
    if (!x->kafka) {
        x->out = stdout;
        return x->out_path == NULL ? HAUL_OK : open_file(x->out_path, &x->out, e);
    }
    if (!setup_topic(k, haul_mailbox_row(x->world->mailbox)->name, x->topic))
        return haul_fail(e, HAUL_E_LIMIT, "the topic's name is too long");
    err = feed_open(&x->feed, k, "simulating", e);
    return err != HAUL_OK ? err : feed_partitions(&x->feed, x->topic, &x->partitions, e);
}

static enum haul_err close_outputs(struct simulation *x, struct haul_error *e)
{
    if (x->truth != NULL) fclose(x->truth);
    if (x->out_path != NULL && x->out != NULL) fclose(x->out);
    return x->kafka ? feed_close(&x->feed, e) : HAUL_OK;
}

static int simulate(struct simulation *x, const struct kafka_setup *k)
{
    void *s = NULL;
    struct haul_error e, closing;
    haul_buf_init(&x->text, 4096, TEXT_MAX);
    progress_begin(&x->progress, "simulating");
    stop_on_signals();
    enum haul_err err = x->world->open(x->scenario, &s, &e);
    if (err == HAUL_OK) err = open_outputs(x, k, &e);
    if (err == HAUL_OK) err = stream(x, s, &e);
    const enum haul_err closed = close_outputs(x, &closing);
    if (err == HAUL_OK && closed != HAUL_OK) err = closed, e = closing;
    if (err != HAUL_OK) fprintf(stderr, "haul simulate: %s\n", e.text);
    fprintf(stderr, "simulated: %llu messages (%llu malformed), %llu faults\n", (unsigned long long)x->messages,
            (unsigned long long)x->malformed, (unsigned long long)x->truths);
    haul_buf_free(&x->text);
    x->world->close(s);
    return exit_status(err);
}

enum { VEHICLES, HUBS, UNITS, COUNTS };
static const char *const subjects[COUNTS] = {"vehicles", "hubs", "units"};

/* With `--start now` the records are of this moment, so they are sent at the pace of time unless said otherwise. */
static int read_arguments(struct simulation *x, int argc, char **argv, struct args *a)
{
    const char *speed = NULL, *kafka = NULL, *counts[COUNTS] = {NULL}, *values[OVERRIDES] = {NULL};
    char now[HAUL_TIME_TEXT_BYTES];
    bool only_check = false;
    const struct args_flag flags[] = {{"--out", &x->out_path, NULL},           {"--kafka", &kafka, NULL},
                                      {"--truth", &x->truth_path, NULL},       {"--seed", &values[SEED], NULL},
                                      {"--vehicles", &counts[VEHICLES], NULL}, {"--duration", &values[DURATION], NULL},
                                      {"--start", &values[START], NULL},       {"--speed", &speed, NULL},
                                      {"--units", &counts[UNITS], NULL},       {"--hubs", &counts[HUBS], NULL},
                                      {"--check", NULL, &only_check},          {NULL, NULL, NULL}};
    const bool read = args_read(a, argc, argv, flags);
    if (read && a->help) return fputs(usage, stdout), -1;
    if (!read || a->plain_len != 1 || (kafka != NULL && x->out_path != NULL))
        return fputs(usage, stderr), HAUL_EXIT_USAGE;
    x->world = world_of(a->plain[0]);
    for (unsigned i = 0; i < COUNTS; i++) {
        if (counts[i] == NULL) continue;
        if (strcmp(subjects[i], x->world->subjects) != 0) {
            fprintf(stderr, "haul simulate: %s has %s: --%s\n", a->plain[0], x->world->subjects, x->world->subjects);
            return HAUL_EXIT_USAGE;
        }
        values[COUNT] = counts[i];
    }
    const bool live = values[START] != NULL && strcmp(values[START], "now") == 0;
    if (live) values[START] = haul_time_format(haul_wall_now(), now);
    if (!pace_read(&x->pace, speed == NULL && live ? "1" : speed, NULL)) return HAUL_EXIT_USAGE;
    x->path = a->plain[0];
    x->kafka = kafka != NULL;
    if (x->kafka) a->brokers = kafka;
    const int status = read_scenario(x, values);
    if (status != 0 || !only_check) return status;
    int64_t count;
    memcpy(&count, (const char *)x->scenario + x->world->count_at, sizeof count);
    printf("ok: %s (%lld %s)\n", x->path, (long long)count, x->world->subjects);
    return -1;
}

static int run(int argc, char **argv)
{
    static struct simulation x;
    struct kafka_setup k = {0};
    struct args a;
    int status = read_arguments(&x, argc, argv, &a);
    if (status < 0) return 0;
    if (status == 0 && x.kafka) status = setup_open(&k, &a);
    if (status == 0) status = simulate(&x, &k);
    if (x.kafka) setup_close(&k);
    free(x.scenario);
    return status;
}

const struct haul_command haul_command_simulate = {"simulate", "drive a simulated world: vehicles, hubs, a cold chain",
                                                   run};
