/* SPDX-License-Identifier: Apache-2.0
 * Random streams of random vehicles, with duplicates and disorder mixed in:
 *   every alert opens and clears in turn, for each vehicle and rule, under one id a turn;
 *   what the desk makes of it balances: what was opened is open or was closed, and the open set holds the open ones;
 *   the dump is the same whatever the batches were, and the same again from the same seed.
 */
#include "tests/unit/domains/support_domains.h"

#include "haul/buf.h"

#include <stdio.h>

#define VEHICLES 5
#define STEPS    600

static uint64_t seed_of(uint64_t run)
{
    const char *text = getenv("SEED");
    const uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : 20260601;
    return seed + run;
}

/* A vehicle in a mood: what it does changes now and then. */
struct moody {
    struct car car;
    char id[8];
    int mood;
};

static void change_mood(struct moody *v, struct haul_rng *rng)
{
    static const double speeds[] = {0, 0, 3, 30, 60, 99, 104, 111, 125, 180};
    v->mood = (int)haul_rng_below(rng, 8);
    v->car.speed_kmh = speeds[haul_rng_below(rng, 10)];
    v->car.status = (int64_t)(haul_rng_below(rng, 2) | 2 | haul_rng_below(rng, 4) << 13);
    v->car.alarm = haul_rng_below(rng, 4) == 0 ? (int64_t)(1ull << haul_rng_below(rng, 32)) : 0;
    v->car.fuel = (double)(100 + haul_rng_below(rng, 200));
    v->car.along = haul_rng_below(rng, 5) == 0 ? haul_rng_normal(rng) * 4 : 0;
    v->car.lag = haul_rng_below(rng, 6) == 0 ? (int64_t)haul_rng_below(rng, 20 * 60000) : 0;
    v->car.group = haul_rng_below(rng, 2) == 0 ? "coach" : "truck";
    v->car.driver = haul_rng_below(rng, 20) == 0 ? "d2" : "d1";
    if (haul_rng_below(rng, 4) == 0) v->car.lat += (haul_rng_f64(rng) - 0.5) * 0.5;
}

static const char *const events[] = {"door_open", "door_closed", "ignition_on", "ignition_off", "battery"};

/* One step of one vehicle: usually its next record, sometimes one again, one from the past, an event, or silence. */
static void one(struct moody *v, struct haul_rng *rng)
{
    if (haul_rng_below(rng, 25) == 0) change_mood(v, rng);
    const uint64_t dice = haul_rng_below(rng, 20);
    struct car old = v->car;
    old.ms -= (int64_t)haul_rng_below(rng, 10 * 60000);
    old.lag = v->car.ms + v->car.lag - old.ms;
    if (dice == 0)
        car_send(&old);
    else if (dice == 1)
        car_send(&v->car);
    else if (dice == 2)
        car_event(&v->car, events[haul_rng_below(rng, 5)], HAUL_F_VE_LEVEL, (int64_t)haul_rng_below(rng, 4));
    else if (dice == 3)
        v->car.ms += (int64_t)haul_rng_below(rng, 40 * 60000);
    else {
        v->car.serial++;
        car_step(&v->car, 1 + (double)haul_rng_below(rng, 60));
    }
}

static void stream(struct haul_trial *t, uint64_t seed)
{
    struct haul_rng rng;
    struct moody vehicle[VEHICLES];
    haul_rng_seed(&rng, seed);
    for (int i = 0; i < VEHICLES; i++) {
        vehicle[i].car = car_of(t, vehicle[i].id);
        snprintf(vehicle[i].id, sizeof vehicle[i].id, "V%d", i % 10);
        vehicle[i].car.id = vehicle[i].id;
        vehicle[i].car.serial = 0;
        vehicle[i].car.ms += (int64_t)haul_rng_below(&rng, 24 * 3600000);
        change_mood(&vehicle[i], &rng);
    }
    for (int i = 0; i < STEPS; i++) one(&vehicle[haul_rng_below(&rng, VEHICLES)], &rng);
}

/* ---- what must hold ------------------------------------------------------------------------------------------------
 */
struct turn {
    char key[160], id[HAUL_ID_MAX + 1];
    bool open;
};

static struct turn *turn_of(struct turn *turns, size_t *n, const struct haul_record *r)
{
    char key[160];
    snprintf(key, sizeof key, "%.*s|%.*s", (int)r->v[HAUL_F_ALERT_RULE].s.n, r->v[HAUL_F_ALERT_RULE].s.p,
             (int)r->v[HAUL_F_ALERT_ENTITY].s.n, r->v[HAUL_F_ALERT_ENTITY].s.p);
    for (size_t i = 0; i < *n; i++)
        if (strcmp(turns[i].key, key) == 0) return &turns[i];
    struct turn *fresh = &turns[(*n)++];
    memset(fresh, 0, sizeof *fresh);
    memcpy(fresh->key, key, sizeof key);
    return fresh;
}

static void opens_and_clears_take_turns(struct haul_trial *t)
{
    struct turn *turns = calloc(VEHICLES * 40, sizeof *turns);
    size_t n = 0, opened = 0;
    assert_non_null(turns);
    for (size_t i = 0; i < haul_trial_emitted(t); i++) {
        enum haul_mailbox to;
        const struct haul_record *r = haul_trial_emission(t, i, &to);
        assert_int_equal(to, HAUL_MAILBOX_DESK);
        struct turn *turn = turn_of(turns, &n, r);
        const bool opens = haul_str_eq(r->v[HAUL_F_ALERT_ACTION].s, HAUL_STR("open"));
        const bool clears = haul_str_eq(r->v[HAUL_F_ALERT_ACTION].s, HAUL_STR("clear"));
        assert_int_equal(turn->open, !opens); /* opens when closed; changes and clears when open */
        if (opens) snprintf(turn->id, sizeof turn->id, "%.*s", (int)r->id.n, r->id.p);
        assert_true(haul_str_eq(r->id, haul_str_of(turn->id)));
        turn->open = !clears;
        opened += opens;
    }
    assert_true(opened > 10); /* else the stream shows nothing */
    free(turns);
}

static void alerts_open_and_clear_in_turn(void **state)
{
    (void)state;
    for (uint64_t run = 0; run < 40; run++) {
        struct haul_trial *t = trial_of(&haul_fleet, "");
        stream(t, seed_of(run));
        opens_and_clears_take_turns(t);
        haul_trial_close(t);
    }
}

static size_t commas(const char *list)
{
    size_t n = list[0] != '\0';
    for (const char *p = list; *p != '\0'; p++) n += *p == ',';
    return n;
}

/* All alerts of a fleet into a desk, each record with a chance to come twice. */
static void the_desk_balances(void **state)
{
    (void)state;
    for (uint64_t run = 0; run < 20; run++) {
        struct haul_trial *fleet = trial_of(&haul_fleet, ""), *desk = trial_of(&haul_desk, "");
        struct haul_rng rng;
        haul_rng_seed(&rng, seed_of(run) ^ 0xd05c);
        stream(fleet, seed_of(run));
        uint64_t twice = 0;
        for (size_t i = 0; i < haul_trial_emitted(fleet); i++) {
            const struct haul_record *r = haul_trial_emission(fleet, i, NULL);
            const bool opens = haul_str_eq(r->v[HAUL_F_ALERT_ACTION].s, HAUL_STR("open"));
            haul_trial_feed(desk, r, r->time);
            if (!opens || haul_rng_below(&rng, 3) != 0) continue;
            assert_int_equal(haul_trial_feed(desk, r, r->time), HAUL_DROP);
            twice++;
        }
        haul_trial_tick(desk, (struct haul_time){MORNING + 48 * HOUR});
        assert_int_equal(haul_trial_counter(desk, "duplicate"), twice);
        assert_int_equal(haul_trial_counter(desk, "clear_unknown"), 0);
        assert_int_equal(haul_trial_counter(desk, "records_quarantined"), 0);
        const double open = number_of(desk, "desk:now", "open"), ever = number_of(desk, "desk:now", "opened_ever");
        assert_true(ever >= 10 && open + number_of(desk, "desk:now", "closed_ever") == ever);
        /* members of open incidents are open and not in the set */
        assert_true((double)commas(haul_trial_zset(desk, "alerts:open")) <= open);
        haul_trial_close(fleet);
        haul_trial_close(desk);
    }
}

static void the_same_stream_gives_the_same_bytes(void **state)
{
    (void)state;
    for (uint64_t run = 0; run < 10; run++) {
        struct haul_trial *a = trial_of(&haul_fleet, ""), *b = trial_of(&haul_fleet, "");
        stream(a, seed_of(run));
        stream(b, seed_of(run));
        assert_string_equal(haul_trial_dump(a), haul_trial_dump(b));
        assert_int_equal(haul_trial_emitted(a), haul_trial_emitted(b));
        haul_trial_close(a);
        haul_trial_close(b);
    }
}

int main(void)
{
    printf("# seed %llu (SEED=… to repeat)\n", (unsigned long long)seed_of(0));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alerts_open_and_clear_in_turn),
        cmocka_unit_test(the_desk_balances),
        cmocka_unit_test(the_same_stream_gives_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
