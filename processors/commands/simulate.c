/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/base64.h"
#include "haul/hash.h"
#include "haul/hub_simulator.h"
#include "haul/simulator.h"

#include "processors/commands/commands.h"
#include "processors/commands/feed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX      (512 * 1024)
#define PACE_SLEEP_MS 200 /* the longest sleep: a signal is seen so soon */

static const char usage[] =
    "usage: haul simulate SCENARIO.yaml [--out FILE | --kafka HOST:PORT,… [-c FILE] [--instance NAME]] [OPTION ...]\n\n"
    "Drives a province of vehicles, or the sorting hubs of a scenario with a section `hubs`, and writes what they "
    "send:\n"
    "JSON lines to standard output or a file, or messages to the mailbox of the fleet or the warehouse. In JSON, bytes "
    "that are no record are {\"key\":ID,\"bytes\":BASE64}, as 'haul produce'\n"
    "reads them.\n"
    "  --truth FILE      what was injected, as JSON lines\n"
    "  --seed N --vehicles N --duration D --start TIME|now   instead of the scenario's (--hubs N in place of "
    "vehicles)\n"
    "  --speed X|max     so many times as fast as time (default: max; with --start now: 1)\n"
    "  --check           only check the scenario\n";

struct simulation {
    bool hubs; /* sorting hubs; else vehicles */
    struct haul_scenario scenario;
    struct haul_hub_scenario hub_scenario;
    struct haul_simulator *fleet;
    struct haul_hub_simulator *warehouse;
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

static int read_sets(const struct simulation *x, struct haul_str yaml, const char *path, void *out)
{
    const struct haul_option_set *const set = x->hubs ? &haul_hub_scenario_option_set : &haul_scenario_option_set;
    struct haul_config *config = NULL;
    struct haul_buf errors;
    unsigned count;
    haul_buf_init(&errors, 0, TEXT_MAX);
    const enum haul_err e = yaml.p == NULL ? haul_config_read(path, &set, 1, &config, &errors, &count)
                                           : haul_config_read_text(yaml, path, &set, 1, &config, &errors, &count);
    if (e == HAUL_OK) memcpy(out, haul_config_section(config, set->section), set->bytes);
    if (errors.n > 0) fwrite(errors.p, 1, errors.n, stderr);
    haul_config_free(config);
    haul_buf_free(&errors);
    if (e == HAUL_OK) return 0;
    return e == HAUL_E_NOT_FOUND || e == HAUL_E_IO ? HAUL_EXIT_NOINPUT : HAUL_EXIT_CONFIG;
}

/* A scenario of hubs has their section at the beginning of a line. */
static bool is_of_hubs(const char *path)
{
    FILE *f = fopen(path, "re");
    char line[256];
    bool found = false;
    while (f != NULL && !found && fgets(line, sizeof line, f) != NULL) found = strncmp(line, "hubs:", 5) == 0;
    if (f != NULL) fclose(f);
    return found;
}

#define OVERRIDES 4
static const struct override {
    const char *name;
    size_t at, size;
} fleet_overrides[OVERRIDES] =
    {
        {"seed", offsetof(struct haul_scenario, seed), sizeof(int64_t)},
        {"vehicles", offsetof(struct haul_scenario, vehicles), sizeof(int64_t)},
        {"duration", offsetof(struct haul_scenario, duration_ms), sizeof(int64_t)},
        {"start", offsetof(struct haul_scenario, start), sizeof((struct haul_scenario *)0)->start},
},
  hub_overrides[OVERRIDES] = {
      {"seed", offsetof(struct haul_hub_scenario, seed), sizeof(int64_t)},
      {"count", offsetof(struct haul_hub_scenario, hubs), sizeof(int64_t)},
      {"duration", offsetof(struct haul_hub_scenario, duration_ms), sizeof(int64_t)},
      {"start", offsetof(struct haul_hub_scenario, start), sizeof((struct haul_hub_scenario *)0)->start},
};

/* A value of the command line is read as if it stood in a scenario: the same units, bounds and errors. */
static int override(const struct simulation *x, void *scenario, const struct override *o, const char *value)
{
    char yaml[200];
    union {
        struct haul_scenario fleet;
        struct haul_hub_scenario hubs;
    } read;
    snprintf(yaml, sizeof yaml, x->hubs ? "hubs: {%s: %s}\n" : "scenario: {network: ., %s: %s}\n", o->name, value);
    const int status = read_sets(x, haul_str_of(yaml), "command line", &read);
    if (status != 0) return HAUL_EXIT_USAGE;
    memcpy((char *)scenario + o->at, (const char *)&read + o->at, o->size);
    return 0;
}

/* The scenario, and what the command line says instead. */
static int read_scenario(struct simulation *x, const char *const values[OVERRIDES])
{
    x->hubs = is_of_hubs(x->path);
    void *const scenario = x->hubs ? (void *)&x->hub_scenario : (void *)&x->scenario;
    const struct override *const o = x->hubs ? hub_overrides : fleet_overrides;
    int status = read_sets(x, (struct haul_str){NULL, 0}, x->path, scenario);
    for (size_t i = 0; i < OVERRIDES && status == 0; i++)
        if (values[i] != NULL) status = override(x, scenario, &o[i], values[i]);
    return status;
}

/* ---- the one world or the other ---- */
static enum haul_err world_open(struct simulation *x, struct haul_error *e)
{
    return x->hubs ? haul_hub_simulator_open(&x->hub_scenario, &x->warehouse, e)
                   : haul_simulator_open(&x->scenario, &x->fleet, e);
}

static bool world_next(struct simulation *x, struct haul_simulated *out)
{
    return x->hubs ? haul_hub_simulator_next(x->warehouse, out) : haul_simulator_next(x->fleet, out);
}

/* The next truth that is known, as JSON in x->text. */
static bool world_truth(struct simulation *x)
{
    struct haul_json j;
    struct haul_simulator_truth fleet;
    struct haul_hub_truth hub;
    haul_buf_clear(&x->text);
    haul_json_begin(&j, &x->text);
    if (x->hubs) {
        if (!haul_hub_simulator_truth(x->warehouse, &hub)) return false;
        haul_hub_truth_json(&hub, &j);
    } else {
        if (!haul_simulator_truth(x->fleet, &fleet)) return false;
        haul_simulator_truth_json(&fleet, &j);
    }
    return true;
}

static void world_close(struct simulation *x)
{
    haul_simulator_close(x->fleet);
    haul_hub_simulator_close(x->warehouse);
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

static enum haul_err put_truths(struct simulation *x, struct haul_error *e)
{
    while (world_truth(x)) {
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

static enum haul_err stream(struct simulation *x, struct haul_error *e)
{
    struct haul_simulated m;
    enum haul_err err = HAUL_OK;
    while (err == HAUL_OK && !stop_asked && world_next(x, &m)) {
        wait_for(x, m.send_at);
        err = put_message(x, &m, e);
        if (err == HAUL_OK) err = put_truths(x, e);
        if (!x->kafka) progress_step(&x->progress, x->messages);
    }
    if (err == HAUL_OK) err = put_truths(x, e);
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
    if (!setup_topic(k, x->hubs ? "warehouse" : "fleet", x->topic))
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
    struct haul_error e, closing;
    haul_buf_init(&x->text, 4096, TEXT_MAX);
    progress_begin(&x->progress, "simulating");
    stop_on_signals();
    enum haul_err err = world_open(x, &e);
    if (err == HAUL_OK) err = open_outputs(x, k, &e);
    if (err == HAUL_OK) err = stream(x, &e);
    const enum haul_err closed = close_outputs(x, &closing);
    if (err == HAUL_OK && closed != HAUL_OK) err = closed, e = closing;
    if (err != HAUL_OK) fprintf(stderr, "haul simulate: %s\n", e.text);
    fprintf(stderr, "simulated: %llu messages (%llu malformed), %llu faults\n", (unsigned long long)x->messages,
            (unsigned long long)x->malformed, (unsigned long long)x->truths);
    haul_buf_free(&x->text);
    world_close(x);
    return exit_status(err);
}

/* With `--start now` the records are of this moment, so they are sent at the pace of time unless said otherwise. */
static int read_arguments(struct simulation *x, int argc, char **argv, struct args *a)
{
    const char *speed = NULL, *kafka = NULL, *values[OVERRIDES] = {NULL};
    char now[HAUL_TIME_TEXT_BYTES];
    bool only_check = false;
    const struct args_flag flags[] = {{"--out", &x->out_path, NULL},
                                      {"--kafka", &kafka, NULL},
                                      {"--truth", &x->truth_path, NULL},
                                      {"--seed", &values[0], NULL},
                                      {"--vehicles", &values[1], NULL},
                                      {"--hubs", &values[1], NULL},
                                      {"--duration", &values[2], NULL},
                                      {"--start", &values[3], NULL},
                                      {"--speed", &speed, NULL},
                                      {"--check", NULL, &only_check},
                                      {NULL, NULL, NULL}};
    const bool read = args_read(a, argc, argv, flags);
    if (read && a->help) return fputs(usage, stdout), -1;
    if (!read || a->plain_len != 1 || (kafka != NULL && x->out_path != NULL))
        return fputs(usage, stderr), HAUL_EXIT_USAGE;
    const bool live = values[3] != NULL && strcmp(values[3], "now") == 0;
    if (live) values[3] = haul_time_format(haul_wall_now(), now);
    if (!pace_read(&x->pace, speed == NULL && live ? "1" : speed, NULL)) return HAUL_EXIT_USAGE;
    x->path = a->plain[0];
    x->kafka = kafka != NULL;
    if (x->kafka) a->brokers = kafka;
    const int status = read_scenario(x, values);
    if (status != 0 || !only_check) return status;
    if (x->hubs)
        printf("ok: %s (%lld hubs)\n", x->path, (long long)x->hub_scenario.hubs);
    else
        printf("ok: %s (%lld vehicles, %u events)\n", x->path, (long long)x->scenario.vehicles, x->scenario.events.len);
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
    return status;
}

const struct haul_command haul_command_simulate = {"simulate",
                                                   "drive a simulated province of vehicles, or sorting hubs", run};
