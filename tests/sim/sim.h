/* SPDX-License-Identifier: Apache-2.0
 * The simulated world: whole engines, the real Redis protocol over a model of Redis, logs and a consumer group, in one
 * thread under a seeded scheduler. Everything that happens is a function of the seed.
 *
 *     process.c  processes: their edges, at which they may die; starting, stopping, dying
 *     outside.c  what comes from outside: readings, options, repaints
 *     faults.c   what goes wrong: Redis, Kafka, processes
 *     ledger.c   held after every transaction and every turn
 *     verdict.c  held at the end, against the oracle and against what was sent
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "processors/engine/contents.h"
#include "processors/engine/task.h"
#include "processors/engine/worker_internal.h"
#include "tests/sim/actors.h"
#include "tests/sim/beside.h"
#include "tests/sim/model_redis.h"
#include "tests/sim/world.h"

#define NS_PER_MS     1000000
#define SIM_CONTENTS  6
#define SIM_TRAFFIC   HAUL_MAILBOX_TRAFFIC
#define SIM_NETWORK   HAUL_MAILBOX_NETWORK
#define SIM_DESK      HAUL_MAILBOX_DESK
#define SIM_WHY_BYTES 600

extern const struct haul_processor *const sim_actors[SIM_ACTORS];

struct sim_process {
    struct haul_worker *worker; /* NULL: it does not run */
    struct haul_store *store;
};

/* Which faults a seed has: each costs something that could be held otherwise, so no seed has all. */
struct sim_plan {
    bool noisy;    /* chances of Redis' model */
    bool options;  /* options change, blobs come late, repaints */
    bool expires;  /* retention behind what was read and can be asked for again */
    bool starves;  /* retention takes what was not read: the task must stop */
    bool cuts;     /* Kafka loses an acknowledged tail that nobody had read: counted */
    bool rewrites; /* it loses what had been read, or the topic is made anew: the task must stop */
    bool wipes;    /* Redis is emptied */
    bool rebuilds; /* … and the tasks build it again, or else stop */
    bool stops;    /* clean stops */
    bool halts;    /* a process stands still at an edge, in the middle of whatever it does */
    bool mute;     /* an upstream process is away for longer than clock.stall */
};

/* What the harness knows of a task beside what haul says. */
struct sim_ledger {
    uint64_t commit, step, incarnation, incarnation_max;
    int64_t offset;
    int64_t read_max; /* the furthest that it ever committed to have read, also if Redis has forgotten it since */
    bool exists;
    bool must_stop; /* it cannot go on rightly, and must say so */
    bool harmed;    /* it may stop */
};

/* One version of the options, as the engine and the oracle have it. */
struct sim_content {
    struct oracle_options options;
    char text[300];
    size_t text_n;
    bool there[SIM_ACTORS]; /* added to what the processes see */
    int64_t comes_ms;       /* when it is, for those who wait for it */
};

struct sim {
    struct world w;
    struct model_redis *redis;
    struct haul_contents *contents;
    struct sim_content content[SIM_CONTENTS];
    uint32_t version[SIM_ACTORS]; /* of the options that were announced last */
    struct sim_process process[SIM_MEMBERS];
    struct haul_worker_settings settings;
    struct haul_env env;
    struct sim_plan plan;
    struct sim_ledger ledger[HAUL_MAILBOX_MAX][SIM_PARTITIONS];
    bool verbose;
    bool broken;             /* the ledger does not hold: `why` says what */
    int64_t outage_until_ms; /* Redis or Kafka is out until then; 0: not */
    int64_t away_until_ms[SIM_MEMBERS];
    int running;  /* the process whose turn it is; -1: none */
    int standing; /* the one that stands still in the middle of its turn: it cannot act, nor die; -1: none */
    uint64_t good, zero, bad, milli, messages; /* what was sent from outside */
    uint64_t rewinds, wipes, cut;              /* Redis lost its tail; all of it; messages that Kafka lost */
    bool went_back;                            /* Redis has brought back a task from before its rebuild */
    bool stopped;                              /* some task has stopped, as it should */
    char why[SIM_WHY_BYTES];
};

#define EACH_TASK(s, k, p)                                                                                             \
    for (unsigned k = 0; k < SIM_ACTORS; k++)                                                                          \
        for (unsigned p = 0; p < (s)->w.partitions[sim_actors[k]->mailbox]; p++)

static inline struct sim_log *sim_log_of(struct sim *s, unsigned k, unsigned p)
{
    return &s->w.log[sim_actors[k]->mailbox][p];
}
static inline struct sim_ledger *sim_ledger_of(struct sim *s, unsigned k, unsigned p)
{
    return &s->ledger[sim_actors[k]->mailbox][p];
}
static inline int64_t sim_ms(const struct sim *s)
{
    return s->w.now_ns / NS_PER_MS;
}
/* The task where the group has put it, or NULL. */
struct worker_task *sim_task(struct sim *s, unsigned k, unsigned p);
/* The first complaint is kept. Always false. */
bool sim_complain(struct sim *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* process.c */
void process_open_env(struct sim *s);
void process_start(struct sim *s, int i);
void process_end(struct sim *s, int i);
void process_die(struct sim *s, int i);
/* One turn, in which the process may die at its n-th step over the edge; n < 0: it does not. */
void process_turn(struct sim *s, int i, int64_t crash_in);
void process_stop_cleanly(struct sim *s, int i, int64_t crash_in);

/* outside.c */
void outside_contents(struct sim *s);
void outside_produce(struct sim *s);
void outside_announce(struct sim *s); /* new options, a repaint */
void outside_blobs(struct sim *s, bool all);
const struct oracle_options *outside_options(const struct sim *s, struct haul_str hash);

/* faults.c */
void faults_plan(struct sim *s);
void faults_redis(struct sim *s);
void faults_kafka(struct sim *s);
void faults_log(struct sim *s);
void faults_end(struct sim *s);
void faults_heal(struct sim *s);

/* ledger.c */
void ledger_watch(struct sim *s);
void ledger_after_turn(struct sim *s, int i);
/* A field of a task's control key as a number; -1: there is none. */
int64_t ledger_field(const struct sim *s, unsigned k, unsigned p, const char *field);

/* verdict.c */
bool verdict(struct sim *s);

#endif
