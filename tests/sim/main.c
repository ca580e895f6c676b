/* SPDX-License-Identifier: Apache-2.0
 * Runs seeds. A failing one prints its number, and the number alone reproduces it: sim --seed N --verbose.
 */
#include "haul/mutation.h"
#include "tests/sim/sim.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

const struct haul_processor *const sim_actors[SIM_ACTORS] = {&sim_tally, &sim_hub, &sim_board};

static void act(struct sim *s);

/* ---- one seed ---- */
static void settings_of(struct sim *s)
{
    s->settings = (struct haul_worker_settings){
        .processors = sim_actors,
        .processors_len = SIM_ACTORS,
        .pace_ms = (int64_t)world_below(&s->w, 4),
        .documents_max = (uint32_t)(1 + world_below(&s->w, 40)),
        .checkpoint_interval_ms = 50 + (int64_t)world_below(&s->w, 2000),
        .checkpoint_rate_bytes = 1 << 20,
        .outbox_bytes = world_chance(&s->w, 3) ? (size_t)1200 << 10 : (size_t)4 << 20,
        .clock_interval_ms = 20 + (int64_t)world_below(&s->w, 200),
        .tick_interval_ms = 100 + (int64_t)world_below(&s->w, 900),
        .claim_ms = world_chance(&s->w, 2) ? 0 : 1000,
        .start = HAUL_START_EARLIEST,
    };
    s->w.partitions[SIM_TRAFFIC] = 3;
    s->w.partitions[SIM_NETWORK] = 2;
    s->w.partitions[SIM_DESK] = 1;
    memcpy(s->settings.partitions, s->w.partitions, sizeof s->settings.partitions);
}

/* The process whose turn it is stands still where it is, between two of its calls; the world goes on, for less than a
 * session or for longer. */
static void stand_still(void *arg)
{
    struct sim *s = arg;
    const int who = s->running;
    const bool crashable = s->w.crashable;
    const int64_t crash_in = s->w.crash_in;
    jmp_buf crash;
    if (who < 0) return;
    memcpy(&crash, &s->w.crash, sizeof crash);
    s->w.stats.interrupts++;
    s->standing = who;
    s->w.crashable = false;
    const bool long_one = world_chance(&s->w, 2);
    for (uint64_t k = world_below(&s->w, 60); k > 0 && !s->broken; k--) {
        if (long_one) s->w.now_ns += (int64_t)world_below(&s->w, 300) * NS_PER_MS;
        act(s);
    }
    memcpy(&s->w.crash, &crash, sizeof crash);
    s->w.crashable = crashable;
    s->w.crash_in = crash_in;
    s->standing = -1;
    s->running = who;
}

static void open_world(struct sim *s, uint64_t seed)
{
    world_open(&s->w, seed);
    process_open_env(s);
    settings_of(s);
    outside_contents(s);
    s->redis = model_redis_new(&s->w.now_ns, seed * 7 + 1);
    s->running = s->standing = -1;
    faults_plan(s);
    ledger_watch(s);
    if (s->plan.halts) s->w.interrupt = stand_still, s->w.interrupt_arg = s;
    for (int i = 0; i < SIM_MEMBERS; i++) process_start(s, i);
}

static void close_world(struct sim *s)
{
    for (int i = 0; i < SIM_MEMBERS; i++) process_end(s, i);
    model_redis_free(s->redis);
    haul_contents_close(s->contents);
    world_close(&s->w);
}

/* An upstream process is away for longer than clock.stall: its static membership waits, and so may time. */
static void go_away(struct sim *s, int i)
{
    if (s->w.member[i].alive) process_die(s, i);
    s->away_until_ms[i] = sim_ms(s) + 2000 + (int64_t)world_below(&s->w, 12000);
}

static void process_acts(struct sim *s, int i, uint64_t dice)
{
    struct sim_member *m = &s->w.member[i];
    const bool runs = m->alive && !m->paused;
    if (i == s->standing) return;
    if (dice < 900) {
        if (runs) process_turn(s, i, world_chance(&s->w, 25) ? (int64_t)world_below(&s->w, 120) : -1);
    } else if (dice < 930) {
        if (!m->alive && sim_ms(s) >= s->away_until_ms[i]) process_start(s, i);
    } else if (dice < 935) {
        if (runs) process_die(s, i);
    } else if (dice < 937) {
        if (runs && s->plan.stops)
            process_stop_cleanly(s, i, world_chance(&s->w, 4) ? (int64_t)world_below(&s->w, 200) : -1);
    } else if (dice < 945) {
        if (m->alive) m->paused = !m->paused, s->w.stats.pauses++;
    } else if (s->plan.mute && world_chance(&s->w, 4)) {
        go_away(s, i);
    }
}

static void act(struct sim *s)
{
    const uint64_t dice = world_below(&s->w, 1000);
    const int i = (int)world_below(&s->w, SIM_MEMBERS);
    if (dice < 300)
        outside_produce(s);
    else if (dice < 946)
        process_acts(s, i, dice);
    else if (dice < 954)
        faults_redis(s);
    else if (dice < 956)
        faults_kafka(s);
    else if (dice < 962)
        faults_log(s);
    else if (dice < 966)
        s->plan.options ? outside_announce(s) : (void)0;
    else
        s->w.now_ns += (int64_t)world_below(&s->w, 400) * NS_PER_MS;
    s->w.now_ns += (int64_t)world_below(&s->w, 3) * NS_PER_MS;
    outside_blobs(s, false);
    faults_end(s);
    world_move(&s->w);
}

static bool run_seed(struct sim *s, uint64_t seed, int actions)
{
    open_world(s, seed);
    for (int k = 0; k < actions && !s->broken; k++) act(s);
    bool good = false;
    if (!s->broken) {
        faults_heal(s);
        good = verdict(s);
    }
    close_world(s);
    return good;
}

/* ---- many ---- */
struct sums {
    uint64_t seeds, failed, messages, crashes, pauses, halts, stops, faults, lost, rewinds, wipes, cut, stopped;
};

static void add_up(struct sums *t, const struct sim *s, bool good)
{
    t->seeds++;
    t->failed += good ? 0 : 1;
    t->messages += s->messages;
    t->crashes += s->w.stats.crashes;
    t->pauses += s->w.stats.pauses;
    t->halts += s->w.stats.interrupts;
    t->stops += s->w.stats.stops;
    t->faults += s->w.stats.redis_faults;
    t->lost += s->w.stats.lost_acks + s->w.stats.lost_sends;
    t->rewinds += s->rewinds;
    t->wipes += s->wipes;
    t->cut += s->cut;
    t->stopped += s->stopped ? 1 : 0;
}

static void print_sums(const struct sums *t)
{
    printf("%llu seeds, %llu failed: %llu messages; %llu crashes, %llu pauses, %llu halts within a turn, %llu clean "
           "stops; %llu Redis faults, %llu "
           "lost tails, %llu wiped stores; %llu answers of Kafka lost, %llu messages cut; %llu runs stopped as they "
           "should\n",
           (unsigned long long)t->seeds, (unsigned long long)t->failed, (unsigned long long)t->messages,
           (unsigned long long)t->crashes, (unsigned long long)t->pauses, (unsigned long long)t->halts,
           (unsigned long long)t->stops, (unsigned long long)t->faults, (unsigned long long)t->rewinds,
           (unsigned long long)t->wipes, (unsigned long long)t->lost, (unsigned long long)t->cut,
           (unsigned long long)t->stopped);
}

struct request {
    uint64_t first, seeds;
    int actions;
    bool verbose, until_failure;
};

static uint64_t run(const struct request *r)
{
    struct sums sums = {0};
    struct sim *s = malloc(sizeof *s);
    assert(s != NULL);
    for (uint64_t seed = r->first; seed < r->first + r->seeds; seed++) {
        memset(s, 0, sizeof *s);
        s->verbose = r->verbose;
        const bool good = run_seed(s, seed, r->actions);
        add_up(&sums, s, good);
        if (good) continue;
        printf("seed %llu: %s\n", (unsigned long long)seed, s->why);
        fflush(stdout);
        if (r->until_failure) break;
    }
    print_sums(&sums);
    free(s);
    return sums.failed;
}

/* ---- mutations ---- */
#ifdef HAUL_MUTATIONS
static bool set_mutation(const char *name)
{
    for (int m = 1; m < HAUL_MUTANT_COUNT; m++)
        if (strcmp(haul_mutation_name((enum haul_mutation)m), name) == 0) {
            haul_mutation = (enum haul_mutation)m;
            return true;
        }
    fprintf(stderr, "sim: no mutation is called %s; --list-mutations names them\n", name);
    return false;
}

static int list_mutations(void)
{
    for (int m = 1; m < HAUL_MUTANT_COUNT; m++)
        printf("%s: %s\n", haul_mutation_name((enum haul_mutation)m), haul_mutation_sentence((enum haul_mutation)m));
    return 0;
}
#else
static bool set_mutation(const char *name)
{
    fprintf(stderr, "sim: this build has no mutations, not %s: make VARIANT=asan\n", name);
    return false;
}
static int list_mutations(void)
{
    return set_mutation("any") ? 0 : 64;
}
#endif

static const char usage[] =
    "usage: sim [--seeds N] [--first S] [--seed S] [--actions N] [--verbose]\n"
    "           [--mutation NAME] takes one safety step out and runs until a seed finds it; [--list-mutations]\n";

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"seeds", required_argument, NULL, 'n'},    {"first", required_argument, NULL, 'f'},
        {"seed", required_argument, NULL, 's'},     {"actions", required_argument, NULL, 'a'},
        {"verbose", no_argument, NULL, 'v'},        {"mutation", required_argument, NULL, 'm'},
        {"list-mutations", no_argument, NULL, 'l'}, {0}};
    struct request r = {.first = 1, .seeds = 300, .actions = 1200};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'n':
            r.seeds = strtoull(optarg, NULL, 10);
            break;
        case 'f':
            r.first = strtoull(optarg, NULL, 10);
            break;
        case 's':
            r.first = strtoull(optarg, NULL, 10), r.seeds = 1;
            break;
        case 'a':
            r.actions = (int)strtol(optarg, NULL, 10);
            break;
        case 'v':
            r.verbose = true;
            break;
        case 'm':
            if (!set_mutation(optarg)) return 64;
            r.until_failure = true;
            break;
        case 'l':
            return list_mutations();
        default:
            fputs(usage, stderr);
            return 64;
        }
    }
    return run(&r) == 0 ? 0 : 1;
}
