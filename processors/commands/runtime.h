/* SPDX-License-Identifier: Apache-2.0
 * A running haul: its configuration, its workers and what they report.
 */
#ifndef HAUL_RUNTIME_H
#define HAUL_RUNTIME_H

#include "haul/blobs.h"
#include "haul/engine_options.h"
#include "haul/kafka.h"
#include "haul/kafka_admin.h"
#include "haul/redis_store.h"
#include "haul/worker.h"

#include <pthread.h>
#include <stdatomic.h>

#define WORKERS_MAX 64

struct runtime_worker {
    struct runtime *r;
    unsigned number;
    pthread_t thread;
    struct haul_worker *_Atomic worker; /* NULL before it runs and after */
    _Atomic int ended;                  /* 1: well, 2: with an error */
};

struct runtime {
    struct haul_config *config;
    const struct haul_engine_options *engine;
    const struct haul_kafka_options *kafka;
    const struct haul_redis_options *redis;
    const struct haul_processor *processor[HAUL_MAILBOX_MAX];
    size_t processors;
    struct haul_contents *contents;
    struct haul_worker_settings settings;
    struct runtime_worker worker[WORKERS_MAX];
    unsigned workers;
    char first_hash[HAUL_MAILBOX_MAX][33]; /* of the options in the file, by mailbox */
    struct {
        char hash[33]; /* of the content that the options name by its file; "": none */
        bool stored;   /* haul.blobs has it */
    } first_blob[HAUL_MAILBOX_MAX][HAUL_CONTENTS_MAX];
    struct haul_blobs *blobs;
    atomic_bool published; /* the options in the file are in haul.blobs */
    atomic_bool stop;
    struct haul_kafka_admin *admin; /* asks how far the logs go; NULL before */
    /* How far each log goes, as the broker said when it was asked last; 0: not yet. */
    _Atomic int64_t log_end[HAUL_MAILBOX_MAX][HAUL_PARTITIONS_MAX];
    struct haul_time started;
    const char *replay; /* a recording to read instead of Kafka; NULL: Kafka */
};

/* Every processor that this haul has, and the one of a name. */
const struct haul_processor *const *haul_processors(size_t *n);

/* Reads the configuration (NULL: defaults) against all sections; on error prints every one to stderr and returns the
 * exit status. */
int runtime_config(const char *path, struct haul_config **out);
/* Fills r->processor, contents and settings from the configuration; `only` (comma-separated) may narrow the processors.
 */
int runtime_prepare(struct runtime *r, const char *only);
/* Makes a processor's content from a file; what was mended or refused goes to stderr. The caller frees *out. 0, or the
 * exit status. */
int runtime_make_content(const struct haul_content *row, const char *path, struct haul_buf *out);
/* Reads haul.blobs and stores there what the file says. Tried again until it succeeds: false, with the reason in *e. */
bool runtime_publish(struct runtime *r, struct haul_error *e);
/* For haul_blobs_read: options become contents of the runtime (arg). */
void runtime_take_blob(void *arg, const char *what, const char *owner, const char *hash, struct haul_str content);
/* Takes what is new in haul.blobs. */
void runtime_blobs(struct runtime *r);
/* Starts the workers' threads. */
void runtime_start(struct runtime *r);
/* Waits for them after r->stop was set; 0 when all ended well. */
int runtime_join(struct runtime *r);
void runtime_free(struct runtime *r);
void runtime_kafka_log(void *arg, int level, const char *facility, const char *text);

/* metrics.c: what the admin endpoints answer. */
/* Asks the broker how far the logs of the tasks here go, for the lag: a source that fetches nothing does not hear of
 * it. One thread; waits up to a second. */
void runtime_log_ends(struct runtime *r);
void runtime_metrics(struct runtime *r, struct haul_buf *out);
void runtime_status(struct runtime *r, struct haul_buf *out); /* JSON */
/* True when every partition assigned runs and the store takes commits. */
bool runtime_ready(struct runtime *r, char why[200]);

#endif
