/* SPDX-License-Identifier: Apache-2.0
 * Items: in, out, inside; what readings say of readers, sorter, dwell and flow. Each rule at its threshold and beside
 * it.
 */
#include "tests/unit/domains/support_warehouse.h"

#include "processors/warehouse/warehouse.h"

#include <math.h>
#include <stdio.h>

static void items_are(struct haul_trial *t, double in, double out, double inside)
{
    assert_true(number_of(t, "hub:H1", "in_items") == in);
    assert_true(number_of(t, "hub:H1", "out_items") == out);
    assert_true(number_of(t, "hub:H1", "inside_items") == inside);
    assert_true(number_of(t, "hub:H1", "balance_items") == 0);
    assert_int_equal(hub_items_in_pages(t), inside);
}

/* ---- conservation ---- */
static void an_item_comes_in_and_leaves(void **state)
{
    (void)state;
    static const struct {
        const char *item, *at, *step;
        int64_t after_ms;
        enum haul_verdict verdict;
        double in, out, inside;
    } rows[] = {
        {"A", "D1", "receiving", 0, HAUL_DONE, 1, 0, 1},
        {"B", "D1", "receiving", 10, HAUL_DONE, 2, 0, 2},
        {"A", "D1", "receiving", -500, HAUL_DROP, 2, 0, 2}, /* the same once more */
        {"A", "S1", "", 5000, HAUL_DONE, 2, 0, 2},
        {"A", "S1", "", -1100, HAUL_DROP, 2, 0, 2}, /* older than what is known */
        {"C", "S1", "", 1000, HAUL_DONE, 3, 0, 3},  /* nobody saw it come */
        {"A", "P1", "sorting", 5000, HAUL_DONE, 3, 0, 3},
        {"A", "D9", "shipping", 9000, HAUL_DONE, 3, 1, 2},
        {"A", "P1", "sorting", -2000, HAUL_DROP, 3, 1, 2},  /* late: it does not bring it back */
        {"A", "D9", "shipping", -500, HAUL_DROP, 3, 1, 2},  /* twice */
        {"E", "D9", "shipping", 1000, HAUL_DONE, 4, 2, 2},  /* in and out at once */
        {"A", "D1", "receiving", 9000, HAUL_DONE, 5, 2, 3}, /* it is back */
    };
    struct haul_trial *t = trial_of(&haul_warehouse, "");
    struct hub h = hub_of(t, "H1");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        h.ms += rows[i].after_ms;
        if (hub_scan(&h, rows[i].item, rows[i].at, rows[i].step, "") != rows[i].verdict) fail_msg("row %zu", i);
        if (rows[i].after_ms < 0) h.ms -= rows[i].after_ms;
        h.ms += 1000; /* the view's interval */
        hub_pass(&h);
        if (number_of(t, "hub:H1", "in_items") != rows[i].in) fail_msg("row %zu: in", i);
        items_are(t, rows[i].in, rows[i].out, rows[i].inside);
    }
    assert_int_equal(haul_trial_counter(t, "unannounced"), 2);
    assert_int_equal(haul_trial_counter(t, "disordered"), 2);
    assert_int_equal(haul_trial_counter(t, "duplicate"), 2);
    haul_trial_close(t);
}

static void what_is_silent_is_written_off(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_warehouse, "keep: 12h\nitems: {keep: 6h}");
    struct hub h = hub_of(t, "H1");
    hub_scan(&h, "A", "D1", "receiving", "");
    hub_wait(&h, 6 * 3600 - 1);
    hub_pass(&h);
    items_are(t, 1, 0, 1);
    hub_wait(&h, 61);
    hub_pass(&h);
    items_are(t, 1, 1, 0);
    assert_true(number_of(t, "hub:H1", "written_off_items") == 1);
    hub_wait(&h, 12 * 3600); /* and the hub is forgotten with all that it had */
    hub_pass(&h);
    assert_null(haul_trial_document(t, "hub:H1"));
    assert_null(haul_trial_document(t, "station:H1/D1"));
    assert_null(strstr(haul_trial_dump(t), "\"entity\""));
    haul_trial_close(t);
}

static void a_hub_that_is_full_lets_the_longest_silent_go(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_warehouse, "items: {max: 1000}");
    struct hub h = hub_of(t, "H1");
    char id[32];
    for (int i = 0; i < 3000; i++, hub_wait(&h, 0.1)) {
        snprintf(id, sizeof id, "I%d", i);
        hub_scan(&h, id, "D1", "receiving", "");
    }
    hub_pass(&h);
    items_are(t, 3000, 2000, 1000);
    assert_int_equal(haul_trial_counter(t, "overfull"), 2000);
    haul_trial_close(t);
}

/* ---- dwell ---- */
static void many_items_are_named_as_far_as_there_is_room(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_warehouse, "dwell: {sla: 10min}");
    struct hub h = hub_of(t, "H1");
    char id[80];
    for (int i = 0; i < 60; i++) {
        snprintf(id, sizeof id,
                 i % 2 == 0 ? "urn:epc:id:sscc:0614141.0000000%04d.ends.like.this" : "货件%04d一二三四五六七八九", i);
        hub_scan(&h, id, "D1", "receiving", "");
    }
    hub_wait(&h, 660);
    hub_pass(&h);
    const struct haul_record *r = alert_last(t, "warehouse.dwell", "open");
    assert_non_null(r);
    assert_true(r->v[HAUL_F_ALERT_VALUE].f == 60);
    const struct haul_str touches = r->v[HAUL_F_ALERT_TOUCHES].s;
    assert_true(haul_utf8_valid(touches));
    assert_true(touches.n > 350 && touches.n <= 400 && strncmp(touches.p, "item:", 5) == 0);
    haul_trial_close(t);
}

static void an_item_stays_for(const char *options, const char *class, double minutes, int raised)
{
    struct haul_trial *t = trial_of(&haul_warehouse, options);
    struct hub h = hub_of(t, "H1");
    hub_send(&h, "hub_scan", "\"item\":\"A\",\"at\":\"D1\",\"step\":\"receiving\",\"class\":\"%s\"", class);
    hub_wait(&h, minutes * 60);
    hub_pass(&h);
    if (alert_open(t, "warehouse.dwell") != raised) fail_msg("%s %g min: not %d", class, minutes, raised);
    const struct haul_record *r = alert_last(t, "warehouse.dwell", "open");
    assert_true(r == NULL || haul_str_eq(r->v[HAUL_F_ALERT_TOUCHES].s, HAUL_STR("item:A")));
    hub_scan(&h, "A", "D1", "shipping", "");
    hub_scan(&h, "B", "D1", "receiving", "");
    hub_wait(&h, 61);
    hub_pass(&h);
    assert_int_equal(alert_open(t, "warehouse.dwell"), 0);
    haul_trial_close(t);
}

static void an_item_is_inside_for_too_long(void **state)
{
    (void)state;
    const char *o = "dwell: {sla: 60min}\nclasses: {express: {sla: 20min}}";
    an_item_stays_for(o, "", 60, 0); /* looked at each minute */
    an_item_stays_for(o, "", 61, 1);
    an_item_stays_for(o, "express", 20, 0);
    an_item_stays_for(o, "express", 21, 1);
    an_item_stays_for(o, "economy", 60, 0);
}

static void the_limit_follows_what_is_usual(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_warehouse, "dwell: {sla: 10min, learn: 100}");
    struct hub h = hub_of(t, "H1");
    char id[32];
    for (int i = 0; i < 120; i++) { /* each stays for 20 min: 30 are allowed from then on */
        snprintf(id, sizeof id, "I%d", i);
        hub_scan(&h, id, "D1", "receiving", "");
        hub_wait(&h, 1200);
        hub_pass(&h);
        hub_scan(&h, id, "D2", "shipping", "");
    }
    hub_pass(&h);
    const double opened = (double)alerts(t, "warehouse.dwell", "open");
    assert_true(opened > 0); /* while that was not known */
    assert_true(fabs(number_of(t, "hub:H1", "dwell_p50_s") - 1200) < 0.065 * 1200);
    hub_scan(&h, "X", "D1", "receiving", "");
    hub_wait(&h, 28 * 60);
    hub_pass(&h);
    assert_int_equal(alert_open(t, "warehouse.dwell"), 0);
    hub_wait(&h, 4 * 60);
    hub_pass(&h);
    assert_int_equal(alert_open(t, "warehouse.dwell"), 1);
    haul_trial_close(t);
}

static void what_is_stored_does_not_dwell(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_warehouse, "");
    struct hub h = hub_of(t, "H1");
    hub_scan(&h, "A", "D1", "receiving", "");
    hub_wait(&h, 1800);
    hub_scan(&h, "A", "S1", "storing", "");
    hub_wait(&h, 86400);
    hub_pass(&h);
    assert_int_equal(alert_open(t, "warehouse.dwell"), 0);
    assert_true(fabs(number_of(t, "hub:H1", "dock_to_stock_p50_s") - 1800) < 0.065 * 1800);
    hub_scan(&h, "A", "S1", "picking", "");
    hub_wait(&h, 4 * 3600 + 60);
    hub_pass(&h);
    assert_int_equal(alert_open(t, "warehouse.dwell"), 1);
    haul_trial_close(t);
}

/* ---- readers ---- */
/* So many readings of which each `every`-th is none. */
static int no_reads(int n, int every)
{
    struct haul_trial *t = trial_of(&haul_warehouse, "teleport: {between: false}");
    struct hub h = hub_of(t, "H1");
    char id[32];
    int at = -1;
    for (int i = 1; i <= n && at < 0; i++, hub_wait(&h, 0.2)) {
        snprintf(id, sizeof id, "I%d", i);
        hub_scan(&h, i % every == 0 ? "" : id, "S1", "", "");
        if (alert_open(t, "warehouse.no_read") == 1) at = i;
    }
    haul_trial_close(t);
    return at;
}

static void a_reader_at_half_its_limit_is_right_and_beyond_it_is_not(void **state)
{
    (void)state;
    assert_int_equal(no_reads(6000, 100), -1); /* 1 % */
    assert_int_equal(no_reads(6000, 200), -1);
    const int at4 = no_reads(6000, 25), at10 = no_reads(6000, 10);
    assert_in_range(at4, 500, 1500); /* 4 %: 13.8 at 0.018 a reading */
    assert_in_range(at10, 150, 400);
    assert_true(at10 < at4);
}

static void items_that_come_round_again_are_raised(void **state)
{
    (void)state;
    for (int every = 100; every >= 10; every /= 10) { /* 1 % and 10 % */
        struct haul_trial *t = trial_of(&haul_warehouse, "teleport: {between: false}");
        struct hub h = hub_of(t, "H1");
        char id[32];
        for (int i = 0; i < 1500; i++) {
            snprintf(id, sizeof id, "I%d", i);
            hub_scan(&h, id, "S1", "", "");
            hub_wait(&h, 30);
            if (i % every == 0) hub_scan(&h, id, "S1", "", "");
        }
        assert_int_equal(alert_open(t, "warehouse.recirculation"), every == 10);
        hub_pass(&h);
        assert_true(shows(t, "station:H1/S1", every == 10 ? "\"recirculated\":150" : "\"recirculated\":15"));
        haul_trial_close(t);
    }
}

static void a_reading_at_once_has_not_come_round(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_warehouse, "");
    struct hub h = hub_of(t, "H1");
    hub_scan(&h, "A", "S1", "", "");
    hub_wait(&h, 9.999);
    hub_scan(&h, "A", "S1", "", "");
    hub_wait(&h, 10);
    hub_scan(&h, "A", "S1", "", "");
    hub_wait(&h, 20);
    hub_scan(&h, "A", "S2", "", "");
    hub_wait(&h, 20);
    hub_scan(&h, "A", "S1", "", ""); /* another stood between */
    hub_pass(&h);
    assert_true(shows(t, "station:H1/S1", "\"recirculated\":1"));
    haul_trial_close(t);
}

/* ---- the sorter ---- */
static void sorted_wrongly(int n, int wrong, int raised)
{
    struct haul_trial *t = trial_of(&haul_warehouse, "teleport: {between: false}");
    struct hub h = hub_of(t, "H1");
    char id[32];
    for (int i = 0; i < n; i++, hub_wait(&h, 0.2)) {
        snprintf(id, sizeof id, "I%d", i);
        hub_scan(&h, id, i >= n - wrong ? "P2" : "P1", "sorting", "P1");
    }
    if (alert_open(t, "warehouse.missort") != raised) fail_msg("%d of %d: not %d", wrong, n, raised);
    const struct haul_record *r = alert_last(t, "warehouse.missort", "open");
    assert_true(r == NULL || haul_str_eq(r->v[HAUL_F_ALERT_TOUCHES].s, HAUL_STR("station:H1/P2")));
    hub_wait(&h, 16 * 60);
    hub_pass(&h);
    assert_int_equal(alert_open(t, "warehouse.missort"), 0);
    haul_trial_close(t);
}

static void missorts_are_raised_when_chance_does_not_explain_them(void **state)
{
    (void)state;
    /* 1000 at 0.3 %: 3 are to be expected; P(X >= 10) = 0.00109, P(X >= 11) = 0.00028 */
    assert_true(wh_binomial_tail(1000, 10, 0.003) > 0.001 && wh_binomial_tail(1000, 11, 0.003) < 0.001);
    sorted_wrongly(1000, 10, 0);
    sorted_wrongly(1000, 11, 1);
    sorted_wrongly(30, 2, 0);
    sorted_wrongly(30, 3, 1);
    sorted_wrongly(1000, 0, 0);
}

/* ---- measures ---- */
static void the_binomial_tail_is_that_of_the_sum(void **state)
{
    (void)state;
    static const struct {
        uint32_t n, x;
        double p;
    } rows[] = {{10, 0, 0.5},    {10, 1, 0.5},      {10, 10, 0.5}, {20, 15, 0.5},
                {100, 3, 0.003}, {1000, 10, 0.003}, {50, 51, 0.1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double tail = 0;
        for (uint32_t k = rows[i].x; k <= rows[i].n; k++)
            tail += exp(lgamma(rows[i].n + 1.0) - lgamma(k + 1.0) - lgamma(rows[i].n - k + 1.0) + k * log(rows[i].p) +
                        (rows[i].n - k) * log(1 - rows[i].p));
        const double got = wh_binomial_tail(rows[i].n, rows[i].x, rows[i].p);
        if (fabs(got - tail) > 1e-9 + 1e-7 * tail) fail_msg("row %zu: %g, not %g", i, got, tail);
    }
    assert_true(fabs(wh_binomial_tail(20, 15, 0.5) - 0.020694733) < 1e-9); /* tables of the binomial distribution */
}

static void quantiles_are_near_the_exact_ones(void **state)
{
    (void)state;
    static struct wh_sketch s;
    double worst = 0;
    for (double top = 5; top < 1e6; top *= 7) {
        memset(&s, 0, sizeof s);
        for (int i = 0; i < 8000; i++) wh_sketch_add(&s, top * (i + 0.5) / 8000);
        for (double q = 0.05; q < 1; q += 0.05) {
            const double off = fabs(wh_sketch_quantile(&s, q) - top * q);
            if (off > 1 && off / (top * q) > worst) worst = off / (top * q);
        }
    }
    print_message("# quantiles are off by %.1f %% at most\n", 100 * worst);
    assert_true(worst < 0.063);
    for (int i = 0; i < 100000; i++) wh_sketch_add(&s, 60); /* what is old fades */
    assert_true(s.total <= 8192 && fabs(wh_sketch_quantile(&s, 0.1) - 60) < 4);
}

/* ---- teleports ---- */
static void nothing_travels_in_no_time(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_warehouse, "");
    struct hub h = hub_of(t, "H1");
    hub_scan(&h, "A", "S1", "", "");
    hub_wait(&h, 1);
    hub_scan(&h, "A", "S2", "", "");
    assert_int_equal(alert_open(t, "warehouse.teleport"), 0);
    hub_wait(&h, 0.999);
    hub_scan(&h, "A", "S3", "", "");
    assert_int_equal(alert_open(t, "warehouse.teleport"), 1);
    const struct haul_record *r = alert_last(t, "warehouse.teleport", "open");
    assert_true(haul_str_eq(r->v[HAUL_F_ALERT_TOUCHES].s, HAUL_STR("item:A")));
    hub_wait(&h, 600);
    hub_pass(&h);
    assert_int_equal(alert_open(t, "warehouse.teleport"), 0);
    haul_trial_close(t);
}

static void an_item_is_at_two_hubs(double minutes, int raised)
{
    struct haul_trial *t = trial_of(&haul_warehouse, "");
    struct hub a = hub_of(t, "H1"), b = hub_of(t, "H2");
    hub_scan(&a, "A", "D1", "receiving", "");
    hub_wait(&a, 60);
    hub_scan(&a, "A", "D2", "shipping", "");
    b.ms = a.ms + (int64_t)(minutes * 60000), b.relayed = a.relayed;
    hub_scan(&b, "A", "D1", "receiving", "");
    if (alert_open(t, "warehouse.teleport") != raised) fail_msg("%g min apart: not %d", minutes, raised);
    if (raised) {
        const struct haul_record *r = alert_last(t, "warehouse.teleport", "open");
        assert_true(haul_str_eq(r->v[HAUL_F_ALERT_ENTITY].s, HAUL_STR("hub:H2")));
        assert_true(haul_str_eq(r->v[HAUL_F_ALERT_TOUCHES].s, HAUL_STR("item:A,hub:H1")));
    }
    haul_trial_close(t);
}

static void hubs_are_compared(void **state)
{
    (void)state;
    an_item_is_at_two_hubs(10, 0);
    an_item_is_at_two_hubs(9.99, 1);
}

/* ---- flow ---- */
static void units_for(struct hub *h, int *n, int minutes, double a_minute, bool leave)
{
    char id[32];
    double owed = 0;
    for (int m = 0; m < minutes; m++) {
        owed += a_minute;
        for (int k = 0; k < 60; k++) {
            for (; owed * (k + 1) / 60 >= 1 && k % 3 == 0; owed--) {
                snprintf(id, sizeof id, "U%d", (*n)++);
                hub_scan(h, id, "P1", "sorting", "P1");
                if (leave) hub_scan(h, id, "D1", "shipping", "");
            }
            hub_wait(h, 1);
        }
    }
}

static int flow_falls_to(double share, int minutes)
{
    struct haul_trial *t = trial_of(&haul_warehouse, "teleport: {between: false, within: 0ms}");
    struct hub h = hub_of(t, "H1");
    int n = 0;
    char id[32];
    for (int i = 0; i < 100; i++) { /* work that lies there */
        snprintf(id, sizeof id, "W%d", i);
        hub_scan(&h, id, "D1", "receiving", "");
    }
    units_for(&h, &n, 60, 60, true);
    assert_int_equal(alerts(t, "warehouse.throughput_drop", "open"), 0);
    int raised = -1;
    for (int m = 0; m < minutes; m++) {
        units_for(&h, &n, 1, 60 * share, true);
        hub_pass(&h);
        if (raised < 0 && alert_open(t, "warehouse.throughput_drop") == 1) raised = m + 1;
    }
    units_for(&h, &n, 10, 60, true);
    hub_pass(&h);
    assert_int_equal(alert_open(t, "warehouse.throughput_drop"), 0);
    haul_trial_close(t);
    return raised;
}

static void throughput_that_falls_by_a_third_is_raised_in_minutes(void **state)
{
    (void)state;
    assert_int_equal(flow_falls_to(0.8, 20), -1);
    assert_in_range(flow_falls_to(0.5, 10), 3, 6);
    assert_in_range(flow_falls_to(0, 10), 2, 4);
}

static void idleness_without_work_is_no_fault(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_warehouse, "teleport: {between: false, within: 0ms}");
    struct hub h = hub_of(t, "H1");
    int n = 0;
    char id[32];
    for (int i = 0; i < 50; i++) {
        snprintf(id, sizeof id, "W%d", i);
        hub_scan(&h, id, "D1", "receiving", "");
    }
    units_for(&h, &n, 45, 60, true);
    for (int i = 0; i < 50; i++) {
        snprintf(id, sizeof id, "W%d", i);
        hub_scan(&h, id, "D1", "shipping", "");
    }
    hub_wait(&h, 1800);
    hub_pass(&h);
    assert_int_equal(alerts(t, "warehouse.throughput_drop", "open"), 0);
    haul_trial_close(t);
}

static void the_season_is_known_on_the_second_day(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_warehouse, "teleport: {between: false, within: 0ms}\nshow_every: 1h");
    struct hub h = hub_of(t, "H1");
    int n = 0;
    for (int day = 0; day < 2; day++) /* nights of an hour's cadence, days of twelve times that: Monday and Tuesday */
        for (int hour = 0; hour < 24; hour++) units_for(&h, &n, 60, hour % 24 < 12 ? 24 : 2, true);
    assert_int_equal(alerts(t, "warehouse.throughput_drop", "open"), 0);
    units_for(&h, &n, 90, 24, true);
    units_for(&h, &n, 10, 0, true); /* nothing lies there, and yet it is the hour in which much should be done */
    hub_pass(&h);
    assert_int_equal(alert_open(t, "warehouse.throughput_drop"), 1);
    assert_true(number_of(t, "hub:H1", "expected_per_h") > 0.7 * 24 * 60);
    haul_trial_close(t);
}

static void a_hub_fills_against_its_capacity(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_warehouse, "hubs: {H1: {capacity: 200}}\nteleport: {between: false}");
    struct hub h = hub_of(t, "H1");
    char id[32];
    int at = -1;
    for (int m = 0; m < 45 && at < 0; m++) {
        for (int k = 0; k < 5; k++, hub_wait(&h, 12)) {
            snprintf(id, sizeof id, "I%d.%d", m, k);
            hub_scan(&h, id, "D1", "receiving", "");
        }
        hub_pass(&h);
        if (alert_open(t, "warehouse.queue_growth") == 1) at = m;
    }
    assert_in_range(at, 33, 35); /* 170 of 200 after 34 min */
    assert_true(number_of(t, "hub:H1", "fill_pct") >= 85);
    assert_true(fabs(number_of(t, "hub:H1", "full_in_min") - 6) <= 1);
    haul_trial_close(t);
}

static void orders_count_when_all_their_lines_are_right(void **state)
{
    (void)state;
    struct haul_trial *t = trial_of(&haul_warehouse, "");
    struct hub h = hub_of(t, "H1");
    for (int i = 0; i < 8; i++, hub_wait(&h, 1))
        hub_send(&h, "hub_order", "\"order\":\"O%d\",\"lines\":5,\"wrong\":%d", i, i == 3 ? 2 : 0);
    hub_pass(&h);
    assert_true(number_of(t, "hub:H1", "order_accuracy_pct") == 87.5);
    haul_trial_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_item_comes_in_and_leaves),
        cmocka_unit_test(what_is_silent_is_written_off),
        cmocka_unit_test(a_hub_that_is_full_lets_the_longest_silent_go),
        cmocka_unit_test(an_item_is_inside_for_too_long),
        cmocka_unit_test(many_items_are_named_as_far_as_there_is_room),
        cmocka_unit_test(the_limit_follows_what_is_usual),
        cmocka_unit_test(what_is_stored_does_not_dwell),
        cmocka_unit_test(a_reader_at_half_its_limit_is_right_and_beyond_it_is_not),
        cmocka_unit_test(items_that_come_round_again_are_raised),
        cmocka_unit_test(a_reading_at_once_has_not_come_round),
        cmocka_unit_test(missorts_are_raised_when_chance_does_not_explain_them),
        cmocka_unit_test(the_binomial_tail_is_that_of_the_sum),
        cmocka_unit_test(quantiles_are_near_the_exact_ones),
        cmocka_unit_test(nothing_travels_in_no_time),
        cmocka_unit_test(hubs_are_compared),
        cmocka_unit_test(throughput_that_falls_by_a_third_is_raised_in_minutes),
        cmocka_unit_test(idleness_without_work_is_no_fault),
        cmocka_unit_test(the_season_is_known_on_the_second_day),
        cmocka_unit_test(a_hub_fills_against_its_capacity),
        cmocka_unit_test(orders_count_when_all_their_lines_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
