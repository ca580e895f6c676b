/* SPDX-License-Identifier: Apache-2.0
 * What the commands that speak to Kafka share: their arguments, the configuration, progress on stderr.
 */
#ifndef HAUL_COMMANDS_KAFKA_ARGS_H
#define HAUL_COMMANDS_KAFKA_ARGS_H

#include "haul/engine_options.h"
#include "haul/kafka.h"
#include "haul/kafka_reader.h"
#include "haul/options.h"
#include "haul/time.h"

/* A flag: with `text` it takes a value, else it sets *on. */
struct args_flag {
    const char *name;
    const char **text;
    bool *on;
};

enum { ARGS_PLAIN_MAX = 64 };
struct args {
    const char *config, *brokers, *instance; /* -c, --brokers, --instance: of every command */
    const char *plain[ARGS_PLAIN_MAX];       /* what is no flag, in order */
    size_t plain_len;
    bool help;
};

/* Reads argv against the flags (name NULL ends them). False: the reason is on stderr. */
bool args_read(struct args *a, int argc, char **argv, const struct args_flag *flags);
/* Reads a number that must lie in [low, high]. False: the reason is on stderr. */
bool args_number(const char *flag, const char *text, double low, double high, double *out);

/* Reads --from into the specification; NULL leaves it. False: the reason is on stderr. */
bool args_from(const char *text, struct haul_reader_spec *spec);

/* The configuration that -c names, or all defaults; --brokers and --instance replace what it says. */
struct kafka_setup {
    struct haul_config *config;
    struct haul_kafka_options kafka;
    char instance[64];
    const struct haul_engine_options *engine;
};
/* 0, or the exit status; the reason is on stderr. */
int setup_open(struct kafka_setup *s, const struct args *a);
void setup_close(struct kafka_setup *s);
/* The topic of a word of the command line: a mailbox's name, alerts, deadletters, blobs; else the word itself. */
bool setup_topic(const struct kafka_setup *s, const char *word, char out[HAUL_KAFKA_TOPIC_BYTES]);

/* Says "<what>: <count> …, <rate>/s" on stderr after two seconds and every two after. */
struct progress {
    const char *what;
    struct haul_mono start, next;
    bool shown;
};
void progress_begin(struct progress *p, const char *what);
void progress_step(struct progress *p, uint64_t count);

/* Set by SIGINT and SIGTERM once stop_on_signals was called: the loops end at the next turn. */
extern volatile int stop_asked;
void stop_on_signals(void);

/* The exit status that fits an error of the world. */
int exit_status(enum haul_err err);

#endif
