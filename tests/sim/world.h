/* SPDX-License-Identifier: Apache-2.0
 * A world without threads: logs with append times, a consumer group, producers' queues, clocks; all moved by one seeded
 * scheduler. Sources and sinks of it stand for Kafka; the model of Redis (model_redis.h) stands behind the real store.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "haul/rng.h"
#include "haul/sink.h"
#include "haul/source.h"
#include "haul/worker.h"

#include <setjmp.h>

#define SIM_MEMBERS    4
#define SIM_PARTITIONS 3
#define SIM_QUEUE      64

struct sim_message {
    char *key, *value;
    size_t key_n, value_n;
    int64_t append_ms;
    struct haul_sender sender;
};

struct sim_log {
    struct sim_message *m;
    size_t n, cap;
    int64_t low; /* offsets below have expired */
    int64_t remembered;
    char metadata[128];
    long long settled; /* the furthest that the metadata has ever said */
};

struct sim_pending { /* sent, and not yet in the log or answered */
    struct sim_message m;
    uint16_t mailbox; /* 0: dead letters */
    uint16_t partition;
    uint64_t cookie;
};

/* One process: a member of the group with its source and sink. */
struct sim_member {
    struct haul_source source;
    struct haul_sink sink;
    struct world *w;
    int number;
    bool joined, alive; /* in the group; the process runs */
    bool paused;        /* stopped by SIGSTOP: not scheduled */
    int64_t polled_ms;  /* session */
    struct sim_part {
        enum { PART_NONE, PART_ASSIGN, PART_HELD, PART_REVOKE, PART_LOST } state;
        bool started, paused, end_said, assign_said;
        int64_t next;
    } part[HAUL_MAILBOX_MAX][SIM_PARTITIONS];
    struct sim_pending pending[SIM_QUEUE];
    size_t pending_n;
    struct haul_receipt receipt[SIM_QUEUE];
    size_t receipt_n;
};

struct world {
    struct haul_rng rng;
    int64_t now_ns;
    uint32_t partitions[HAUL_MAILBOX_MAX];
    struct sim_log log[HAUL_MAILBOX_MAX][SIM_PARTITIONS];
    struct sim_log letters;
    struct sim_member member[SIM_MEMBERS];
    int owner[HAUL_MAILBOX_MAX][SIM_PARTITIONS]; /* -1: nobody */
    bool rebalancing, frozen, kafka_down, kafka_slow;
    int64_t session_ms;
    /* crashing: counted down by every call that leaves the process; at 0 the process dies there */
    int64_t crash_in;
    jmp_buf crash;
    bool crashable;
    /* called at some edges, unless it runs already: the process that is on the stack stands still, the world goes on */
    void (*interrupt)(void *arg);
    void *interrupt_arg;
    bool interrupted;
    struct {
        uint64_t crashes, pauses, stops, rebalances, redis_faults, lost_acks, lost_sends, turns, interrupts;
    } stats;
};

void world_open(struct world *w, uint64_t seed);
void world_close(struct world *w);
void world_append(struct world *w, unsigned mailbox, unsigned partition, struct haul_str key, struct haul_str value,
                  const struct haul_sender *sender);
bool world_chance(struct world *w, unsigned one_in);
uint64_t world_below(struct world *w, uint64_t n);

/* A process joins (or comes back as the same static member). */
void member_start(struct world *w, int number);
/* It dies: what it had sent lands or is lost, a prefix per partition. */
void member_die(struct world *w, int number);
/* Moves the group and the producers' queues a little. */
void world_move(struct world *w);
/* What the producers have sent is answered a little. */
void world_answer(struct world *w);
/* Retention: offsets below `low` are gone. (The messages are kept, so that the oracle can read them.) */
void world_expire(struct world *w, unsigned mailbox, unsigned partition, int64_t low);
/* The log loses what it had from `end` on, and will give these offsets again. Nobody may be reading there. */
void world_truncate(struct world *w, unsigned mailbox, unsigned partition, int64_t end);
/* Every crossing of the process's edge calls this: here it may die, or stand still for a while. */
void world_edge(struct world *w);

extern const struct haul_source_ops sim_source_ops;
extern const struct haul_sink_ops sim_sink_ops;

#endif
