/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/hash.h"
#include "haul/math.h"
#include "haul/simulator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MS_MIN 60000ll
#define MS_H   3600000ll

static struct haul_scenario scenario_of(const char *path, int64_t vehicles, int64_t duration_ms, int64_t seed)
{
    static const struct haul_option_set *const sets[] = {&haul_scenario_option_set};
    struct haul_config *config;
    struct haul_buf errors;
    unsigned count;
    haul_buf_init(&errors, 0, 65536);
    if (haul_config_read(path, sets, 1, &config, &errors, &count) != HAUL_OK)
        fail_msg("%.*s", (int)errors.n, (const char *)errors.p);
    struct haul_scenario s = *(const struct haul_scenario *)haul_config_section(config, "scenario");
    haul_config_free(config);
    haul_buf_free(&errors);
    s.vehicles = vehicles, s.duration_ms = duration_ms, s.seed = seed;
    return s;
}

static struct haul_simulator *open_it(const struct haul_scenario *s)
{
    struct haul_simulator *sim;
    struct haul_error e;
    if (haul_simulator_open(s, &sim, &e) != HAUL_OK) fail_msg("%s", e.text);
    return sim;
}

/* Bytes of a message as they would be sent. */
static void put_bytes(const struct haul_simulated *m, struct haul_buf *out)
{
    haul_buf_clear(out);
    if (m->malformed)
        haul_buf_str(out, m->bytes);
    else
        haul_record_pack(&m->record, out);
}

static uint64_t digest(const struct haul_scenario *scenario)
{
    struct haul_simulator *s = open_it(scenario);
    struct haul_simulated m;
    struct haul_simulator_truth t;
    struct haul_buf text;
    struct haul_json j;
    uint64_t h = 0;
    haul_buf_init(&text, 0, 1 << 20);
    while (haul_simulator_next(s, &m)) {
        put_bytes(&m, &text);
        h = haul_mix(haul_mix(h, haul_xxh3(text.p, text.n)), (uint64_t)m.send_at.ms);
    }
    while (haul_simulator_truth(s, &t)) {
        haul_buf_clear(&text);
        haul_json_begin(&j, &text);
        haul_simulator_truth_json(&t, &j);
        h = haul_mix(h, haul_xxh3(text.p, text.n));
    }
    haul_buf_free(&text);
    haul_simulator_close(s);
    return h;
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
    (void)state;
    const struct haul_scenario a = scenario_of("config/scenarios/faults.yaml", 40, MS_H, 7);
    const struct haul_scenario b = scenario_of("config/scenarios/faults.yaml", 40, MS_H, 8);
    assert_true(digest(&a) == digest(&a));
    assert_true(digest(&a) != digest(&b));
}

static void messages_come_in_order_of_send_time(void **state)
{
    (void)state;
    const struct haul_scenario scenario = scenario_of("config/scenarios/faults.yaml", 100, MS_H, 3);
    struct haul_simulator *s = open_it(&scenario);
    struct haul_simulated m;
    struct haul_time start, last = HAUL_TIME_NONE;
    assert_int_equal(haul_time_parse(scenario.start, strlen(scenario.start), &start, NULL), HAUL_OK);
    while (haul_simulator_next(s, &m)) {
        assert_false(haul_time_before(m.send_at, last));
        assert_true(m.send_at.ms >= start.ms);
        last = m.send_at;
    }
    assert_true(last.ms > start.ms + scenario.duration_ms - MS_MIN);
    haul_simulator_close(s);
}

static void what_it_sends_is_valid(void **state)
{
    (void)state;
    const struct haul_scenario scenario = scenario_of("config/scenarios/faults.yaml", 60, MS_H, 4);
    struct haul_simulator *s = open_it(&scenario);
    struct haul_simulated m;
    struct haul_buf bytes;
    struct haul_arena scratch;
    haul_buf_init(&bytes, 0, 1 << 20);
    haul_arena_init(&scratch, 65536);
    while (haul_simulator_next(s, &m)) {
        struct haul_message_cursor c;
        struct haul_record r;
        struct haul_refusal why;
        if (m.malformed) continue;
        put_bytes(&m, &bytes);
        haul_arena_reset(&scratch);
        if (!haul_message_open(&c, (struct haul_str){(char *)bytes.p, bytes.n}, &why) ||
            !haul_record_decode(&c, &r, &scratch, &why))
            fail_msg("%s: %s", why.field, why.text);
        assert_true(haul_str_eq(r.id, m.key));
        assert_true(r.positioned && r.lon_deg > 112 && r.lon_deg < 120 && r.lat_deg > 23 && r.lat_deg < 31);
    }
    haul_arena_free(&scratch);
    haul_buf_free(&bytes);
    haul_simulator_close(s);
}

/* What the decoder says of malformed bytes; a record that it takes is refused for its time by the gate. */
static const char *reason_of(struct haul_str bytes, struct haul_time at, struct haul_arena *scratch)
{
    struct haul_message_cursor c;
    struct haul_record r;
    struct haul_refusal why;
    haul_arena_reset(scratch);
    if (!haul_message_open(&c, bytes, &why) || !haul_record_decode(&c, &r, scratch, &why))
        return haul_reason_name(why.reason);
    return haul_reason_name(r.time.ms > at.ms ? HAUL_REASON_TIME_FUTURE : HAUL_REASON_TIME_PAST);
}

static void malformed_bytes_are_refused_for_the_reason_that_the_truth_names(void **state)
{
    (void)state;
    struct haul_scenario scenario = scenario_of("config/scenarios/quiet.yaml", 50, MS_H, 5);
    scenario.rate[HAUL_SIM_MALFORMED] = 10;
    struct haul_simulator *s = open_it(&scenario);
    struct haul_simulated m;
    struct haul_arena scratch;
    haul_arena_init(&scratch, 65536);
    struct {
        struct haul_time at;
        char vehicle[24];
        const char *reason;
    } seen[1000];
    size_t n = 0, matched = 0;
    while (haul_simulator_next(s, &m))
        if (m.malformed && n < 1000) {
            seen[n].at = m.send_at;
            snprintf(seen[n].vehicle, sizeof seen[n].vehicle, "%.*s", (int)m.key.n, m.key.p);
            seen[n++].reason = reason_of(m.bytes, m.send_at, &scratch);
        }
    struct haul_simulator_truth t;
    while (haul_simulator_truth(s, &t))
        for (size_t i = 0; i < n; i++)
            if (seen[i].at.ms == t.from.ms && strcmp(seen[i].vehicle, t.vehicle) == 0) {
                if (strcmp(seen[i].reason, t.reason) != 0)
                    fail_msg("%s: %s, the truth says %s", t.detail, seen[i].reason, t.reason);
                matched++;
            }
    assert_true(n > 300);
    assert_int_equal(matched, n);
    haul_arena_free(&scratch);
    haul_simulator_close(s);
}

#define RECORDS_MAX 60000
#define TRUTHS_MAX  4000

static struct sample {
    uint32_t vehicle;
    int64_t time_ms, send_ms;
    double speed_kmh, fuel_l, lon_deg, lat_deg;
    uint32_t serial;
    bool on;
} samples[RECORDS_MAX];
static size_t samples_len;
static struct haul_simulator_truth truths[TRUTHS_MAX];
static size_t truths_len;

static uint32_t number_of(struct haul_str id)
{
    return (uint32_t)strtoul(id.p + 2, NULL, 10);
}

static void collect(const struct haul_scenario *scenario)
{
    struct haul_simulator *s = open_it(scenario);
    struct haul_simulated m;
    samples_len = truths_len = 0;
    while (haul_simulator_next(s, &m)) {
        const struct haul_record *r = &m.record;
        if (m.malformed || r->kind != HAUL_KIND_VEHICLE_POSITION) continue;
        assert_true(samples_len < RECORDS_MAX);
        samples[samples_len++] = (struct sample){.vehicle = number_of(m.key),
                                                 .time_ms = r->time.ms,
                                                 .send_ms = m.send_at.ms,
                                                 .speed_kmh = r->v[HAUL_F_VP_SPEED].f,
                                                 .fuel_l = r->v[HAUL_F_VP_FUEL].f,
                                                 .lon_deg = r->lon_deg,
                                                 .lat_deg = r->lat_deg,
                                                 .serial = (uint32_t)r->v[HAUL_F_VP_SERIAL].i,
                                                 .on = (r->v[HAUL_F_VP_STATUS].i & 1) != 0};
    }
    while (truths_len < TRUTHS_MAX && haul_simulator_truth(s, &truths[truths_len])) truths_len++;
    haul_simulator_close(s);
}

struct seen {
    size_t n, moving, off;
    double slowest_kmh, first_l, last_l;
};

/* The vehicle's positions sent in a time. */
static struct seen seen_in(uint32_t vehicle, int64_t from_ms, int64_t until_ms)
{
    struct seen s = {.slowest_kmh = 1e9};
    for (size_t i = 0; i < samples_len; i++) {
        const struct sample *p = &samples[i];
        if (p->vehicle != vehicle || p->time_ms < from_ms || p->time_ms > until_ms) continue;
        if (s.n++ == 0) s.first_l = p->fuel_l;
        s.last_l = p->fuel_l;
        s.moving += p->speed_kmh > 0, s.off += !p->on;
        if (p->speed_kmh < s.slowest_kmh) s.slowest_kmh = p->speed_kmh;
    }
    return s;
}

static size_t copies_of(uint32_t vehicle, uint32_t serial)
{
    size_t n = 0;
    for (size_t i = 0; i < samples_len; i++) n += samples[i].vehicle == vehicle && samples[i].serial == serial;
    return n;
}

static void held_by_the_stream(const struct haul_simulator_truth *t)
{
    const uint32_t v = (uint32_t)strtoul(t->vehicle + 2, NULL, 10);
    const struct seen s = seen_in(v, t->from.ms, t->until.ms);
    switch (t->fault) {
    case HAUL_SIM_SPEEDING:
        assert_true(s.n >= 4 && s.slowest_kmh > 110 && t->values[0].value > 113);
        break;
    case HAUL_SIM_UNPLANNED_STOP:
        assert_true(s.n > 60 && s.moving <= 1 && s.off == 0);
        assert_true(t->until.ms - t->from.ms >= 20 * MS_MIN);
        break;
    case HAUL_SIM_FUEL_THEFT: {
        const struct seen round = seen_in(v, t->from.ms - 2 * MS_MIN, t->until.ms + 2 * MS_MIN);
        assert_true(round.moving == 0 && haul_abs(round.first_l - round.last_l - t->values[0].value) < 1);
        break;
    }
    case HAUL_SIM_LOST_SIGNAL:
        assert_true(seen_in(v, t->from.ms + 1, t->until.ms - 1).n == 0 && t->until.ms - t->from.ms >= 12 * MS_MIN);
        break;
    case HAUL_SIM_DEAD_GATEWAY:
        if (t->vehicle[0] != '\0') assert_int_equal(seen_in(v, t->from.ms, t->until.ms - 1).n, 0);
        break;
    case HAUL_SIM_BLIND_AREA: {
        size_t late = 0;
        for (size_t i = 0; i < samples_len; i++)
            late += samples[i].vehicle == v && samples[i].time_ms >= t->from.ms && samples[i].time_ms < t->until.ms &&
                    samples[i].send_ms >= t->until.ms;
        assert_true((double)late == t->values[0].value && late >= 3);
        break;
    }
    case HAUL_SIM_DUPLICATE:
        assert_int_equal(copies_of(v, (uint32_t)t->values[0].value), 2);
        break;
    case HAUL_SIM_GNSS_JUMP:
    case HAUL_SIM_WRONG_CLOCK:
    case HAUL_SIM_DISORDER:
    case HAUL_SIM_MALFORMED:
    case HAUL_SIM_FAULTS:
        break;
    }
}

static void the_truth_is_held_by_the_stream(void **state)
{
    (void)state;
    const struct haul_scenario scenario = scenario_of("config/scenarios/faults.yaml", 60, 2 * MS_H, 6);
    collect(&scenario);
    size_t kinds[HAUL_SIM_FAULTS] = {0};
    for (size_t i = 0; i < truths_len; i++) {
        held_by_the_stream(&truths[i]);
        kinds[truths[i].fault]++;
    }
    for (size_t f = 0; f < HAUL_SIM_FAULTS; f++)
        if (kinds[f] == 0)
            print_message("no %s in this run\n", haul_simulator_fault_name((enum haul_simulator_fault)f));
    assert_true(kinds[HAUL_SIM_SPEEDING] > 0 && kinds[HAUL_SIM_DUPLICATE] > 0 && kinds[HAUL_SIM_FUEL_THEFT] > 0);
}

/* A Poisson count of mean m has a standard deviation of sqrt(m); four of them, and the share that waits till the end.
 */
static void rates_are_near_what_was_asked(void **state)
{
    (void)state;
    struct haul_scenario scenario = scenario_of("config/scenarios/quiet.yaml", 200, 3 * MS_H, 9);
    scenario.interval_ms = 30000;
    static const struct {
        enum haul_simulator_fault fault;
        double rate, at_least; /* share of the mean that must come: some wait for what they need */
    } asked[] = {{HAUL_SIM_DUPLICATE, 0.5, 0.9},
                 {HAUL_SIM_MALFORMED, 0.5, 0.95},
                 {HAUL_SIM_DISORDER, 0.3, 0.7},
                 {HAUL_SIM_GNSS_JUMP, 0.2, 0.7},
                 {HAUL_SIM_SPEEDING, 0.2, 0.5}};
    const double hours = 200 * 3;
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) scenario.rate[asked[i].fault] = asked[i].rate;
    struct haul_simulator *s = open_it(&scenario);
    struct haul_simulated m;
    struct haul_simulator_truth t;
    size_t kinds[HAUL_SIM_FAULTS] = {0};
    while (haul_simulator_next(s, &m)) {
    }
    while (haul_simulator_truth(s, &t)) kinds[t.fault]++;
    haul_simulator_close(s);
    kinds[HAUL_SIM_GNSS_JUMP] = kinds[HAUL_SIM_GNSS_JUMP] * 2 / 3; /* one or two fixes each */
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        const double mean = asked[i].rate * hours, spread = 4 * haul_sqrt(mean), n = (double)kinds[asked[i].fault];
        print_message("%s: %.0f of %.0f\n", haul_simulator_fault_name(asked[i].fault), n, mean);
        assert_true(n <= mean + spread && n >= asked[i].at_least * mean - spread);
    }
}

static void events_come_at_their_time(void **state)
{
    (void)state;
    struct haul_scenario scenario = scenario_of("config/scenarios/quiet.yaml", 20, MS_H, 2);
    scenario.events.len = 2;
    scenario.events.item[0] = (struct haul_scenario_event){.name = "a",
                                                           .fault = HAUL_SIM_DEAD_GATEWAY,
                                                           .vehicle = 1,
                                                           .gateway = 2,
                                                           .at_ms = 10 * MS_MIN,
                                                           .duration_ms = 20 * MS_MIN};
    scenario.events.item[1] =
        (struct haul_scenario_event){.name = "b", .fault = HAUL_SIM_MALFORMED, .vehicle = 5, .at_ms = 5 * MS_MIN};
    collect(&scenario);
    struct haul_time start;
    assert_int_equal(haul_time_parse(scenario.start, strlen(scenario.start), &start, NULL), HAUL_OK);
    bool gateway = false, bytes = false;
    for (size_t i = 0; i < truths_len; i++) {
        const struct haul_simulator_truth *t = &truths[i];
        if (t->fault == HAUL_SIM_DEAD_GATEWAY) {
            assert_string_equal(t->gateway, "gw-002");
            assert_true(t->from.ms == start.ms + 10 * MS_MIN && t->until.ms == start.ms + 30 * MS_MIN);
            gateway = true;
        } else {
            assert_int_equal(t->fault, HAUL_SIM_MALFORMED);
            assert_string_equal(t->vehicle, "JX00005");
            assert_true(t->from.ms - start.ms - 5 * MS_MIN < 2 * MS_MIN);
            bytes = true;
        }
    }
    assert_true(gateway && bytes);
}

static void a_network_that_cannot_be_read(void **state)
{
    (void)state;
    struct haul_scenario scenario = scenario_of("config/scenarios/quiet.yaml", 1, MS_H, 1);
    struct haul_simulator *s;
    struct haul_error e;
    snprintf(scenario.network, sizeof scenario.network, "no/such/folder");
    assert_int_equal(haul_simulator_open(&scenario, &s, &e), HAUL_E_NOT_FOUND);
    assert_non_null(strstr(e.text, "no/such/folder/places.csv"));
    assert_null(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_bytes),
        cmocka_unit_test(messages_come_in_order_of_send_time),
        cmocka_unit_test(what_it_sends_is_valid),
        cmocka_unit_test(malformed_bytes_are_refused_for_the_reason_that_the_truth_names),
        cmocka_unit_test(the_truth_is_held_by_the_stream),
        cmocka_unit_test(rates_are_near_what_was_asked),
        cmocka_unit_test(events_come_at_their_time),
        cmocka_unit_test(a_network_that_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
