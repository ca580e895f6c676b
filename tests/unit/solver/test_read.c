/* SPDX-License-Identifier: Apache-2.0
 * Every format's smallest file, what is wrong with broken ones, and a plan written and read back.
 */
#include "haul/solver_io.h"
#include "haul/solver_verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct haul_error e;

static struct haul_problem *read_text(const char *text)
{
    struct haul_problem *p;
    struct haul_straight straight = {10, 1};
    const struct haul_read_options o = {HAUL_CONVENTION_OF_FILE, haul_places_straight, &straight};
    if (haul_problem_read(haul_str_of(text), &o, &p, &e) != HAUL_OK) fail_msg("%s", e.text);
    return p;
}

static struct haul_vrp_plan solved(const struct haul_problem *p)
{
    const struct haul_solve_options o = {.seed = 1, .iterations = 200, .threads = 1};
    struct haul_vrp_plan plan;
    if (haul_solve(p, &o, &plan, &e) != HAUL_OK) fail_msg("%s", e.text);
    return plan;
}

static const char solomon[] =
    "T\n\nVEHICLE\nNUMBER CAPACITY\n 2 10\n\nCUSTOMER\nCUST NO. XCOORD. YCOORD. DEMAND READY DUE SERVICE\n\n"
    "0 0 0 0 0 100 0\n1 3 4 6 0 90 1\n2 -3 -4 6 10 90 1\n";
static const char li_lim[] = "2 10 1\n0 0 0 0 0 100 0 0 0\n1 3 4 6 0 90 1 0 2\n2 3 8 -6 0 90 1 1 0\n";
static const char vrplib[] =
    "NAME : t\nTYPE : CVRP\nDIMENSION : 3\nEDGE_WEIGHT_TYPE : EUC_2D\nCAPACITY : 10\nNODE_COORD_SECTION\n1 0 0\n"
    "2 3 4\n3 6 8\nDEMAND_SECTION\n1 0\n2 5\n3 5\nDEPOT_SECTION\n 1\n -1\nEOF\n";
static const char explicit_weights[] =
    "DIMENSION: 3\nTYPE: CVRP\nEDGE_WEIGHT_TYPE: EXPLICIT\nEDGE_WEIGHT_FORMAT: LOWER_ROW\nCAPACITY: 10\n"
    "EDGE_WEIGHT_SECTION\n5\n10 4\nDEMAND_SECTION\n1 0\n2 5\n3 5\nDEPOT_SECTION\n1\n-1\nEOF\n";
static const char cordeau[] =
    "2 1 2 2\n0 10\n0 10\n1 1 0 0 5 1 2 1 2\n2 9 0 0 5 1 2 1 2\n3 0 0 0 0 0 0\n4 10 0 0 0 0 0\n";
static const char hvrp[] = "//a comment\n2 2 999999.0 0.0 1 1\n1 5 10 1.0\n1 20 15 1.5\n0 0\n3 4 5\n6 8 5\n";

static void formats(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t tasks, vehicles;
        double cost;
    } cases[] = {{solomon, 2, 2, 20}, {li_lim, 2, 2, 5 + 4 + 8.544},
                 {vrplib, 2, 2, 20},  {explicit_weights, 2, 2, 5 + 4 + 10},
                 {cordeau, 2, 2, 4},  {hvrp, 2, 2, 15 + 1.5 * 20}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct haul_problem *p = read_text(cases[i].text);
        const struct haul_problem_view v = haul_problem_view(p);
        assert_int_equal(v.tasks_n, cases[i].tasks);
        assert_int_equal(v.vehicles_n, cases[i].vehicles);
        struct haul_vrp_plan plan = solved(p);
        const double cost = (double)plan.cost / (double)v.scales.cost;
        if (plan.unserved_n != 0 || cost < cases[i].cost - 0.002 || cost > cases[i].cost + 0.002)
            fail_msg("case %zu: cost %.3f, %d unserved", i, cost, plan.unserved_n);
        haul_vrp_plan_free(&plan);
        haul_problem_free(p);
    }
}

/* The message names the line, or the element and the field. */
static void complaints(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "blanks"},
        {"hello", "no known format"},
        {"T\n\nVEHICLE\nNUMBER CAPACITY\n x 10", "line 5: number of vehicles"},
        {"T\n\nVEHICLE\nNUMBER CAPACITY\n 1 10\nCUSTOMER\nCUST NO.\n0 0 0 0 0 100 0\n2 0 0 0 0 1 0",
         "line 9: customer 2 where 1"},
        {"2 10 1\n0 0 0 0 0 100 0 0 0\n1 3 4 6 0 90 1 0 7\n", "customer 1: its delivery 7"},
        {"NAME : t\nDIMENSION : 0\n", "line 2: DIMENSION"},
        {"NAME : t\nDIMENSION : 2\nEDGE_WEIGHT_TYPE : GEO\n", "line 3: EDGE_WEIGHT_TYPE: 'GEO'"},
        {"2 1 2 2\n0 10\n", "line 3: greatest duration is missing"},
        {"{", "line 1"},
        {"{\"vehicles\":[],\"matrices\":{\"car\":{\"durations\":[[0]]}}}", "vehicles: there are none"},
        {"{\"vehicles\":[{\"id\":1,\"start_index\":3}],\"matrices\":{\"car\":{\"durations\":[[0]]}}}",
         "vehicles[0].start_index: 3, not 0..0"},
        {"{\"vehicles\":[{\"id\":1,\"start_index\":0}],\"jobs\":[{\"id\":1}],\"matrices\":{\"car\":{\"durations\":[[0]]"
         "}}}",
         "jobs[0].location_index: is missing"},
        {"{\"vehicles\":[{\"id\":1,\"start_index\":0}],\"jobs\":[{\"id\":1,\"location_index\":0,\"time_windows\":[[5,2]"
         "]}],"
         "\"matrices\":{\"car\":{\"durations\":[[0]]}}}",
         "jobs[0].time_windows: [5, 2]"},
        {"{\"vehicles\":[{\"id\":1,\"start_index\":0}],\"jobs\":[{\"id\":1,\"location_index\":0},{\"id\":1,\"location_"
         "index\":0}],"
         "\"matrices\":{\"car\":{\"durations\":[[0]]}}}",
         "jobs: id 1 stands there twice"},
        {"{\"vehicles\":[{\"id\":1,\"start_index\":0}],\"matrices\":{\"car\":{\"durations\":[[0,1],[2]]}}}",
         "matrices.car.durations[1]: 1 numbers"},
        {"{\"vehicles\":[{\"id\":1,\"start_index\":0,\"breaks\":[{\"id\":1}]}],\"matrices\":{\"car\":{\"durations\":[["
         "0]]}}}",
         "vehicles[0]: breaks[0].time_windows: none"},
        {"{\"vehicles\":[{\"id\":1,\"start\":[200,0]}]}", "vehicles[0].start: [200, 0] is no longitude"},
        {"{\"vehicles\":[{\"id\":1,\"start_index\":0,\"driving_rule\":\"moon\"}],\"matrices\":{\"car\":{\"durations\":["
         "[0]]}}}",
         "vehicles[0].driving_rule"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct haul_problem *p;
        const enum haul_err bad = haul_problem_read(haul_str_of(cases[i].text), NULL, &p, &e);
        if (bad == HAUL_OK || strstr(e.text, cases[i].says) == NULL)
            fail_msg("case %zu: '%s' does not say '%s'", i, bad == HAUL_OK ? "" : e.text, cases[i].says);
    }
}

static const char rich[] =
    "{\"vehicles\":[{\"id\":7,\"start_index\":0,\"end_index\":0,\"capacity\":[4,1],\"skills\":[1,9],\"time_window\":[0,"
    "10000],"
    "\"costs\":{\"fixed\":3,\"per_hour\":3600,\"per_km\":1},\"breaks\":[{\"id\":1,\"time_windows\":[[100,900]],"
    "\"service\":60}],"
    "\"driving_rule\":\"cn\",\"max_tasks\":9,\"speed_factor\":2}],"
    "\"jobs\":[{\"id\":1,\"location_index\":1,\"delivery\":[2],\"service\":30,\"skills\":[9],\"description\":\"a "
    "\\\"b\\\"\"},"
    "{\"id\":2,\"location_index\":2,\"delivery\":[3],\"priority\":5},{\"id\":3,\"location_index\":2,\"skills\":[4]}],"
    "\"shipments\":[{\"amount\":[1,1],\"pickup\":{\"id\":1,\"location_index\":1},\"delivery\":{\"id\":1,\"location_"
    "index\":2}}],"
    "\"matrices\":{\"car\":{\"durations\":[[0,100,200],[100,0,100],[200,100,0]],\"distances\":[[0,1000,2000],[1000,0,"
    "1000],[2000,1000,0]]}}}";

static void round_trip(void **state)
{
    (void)state;
    struct haul_problem *p = read_text(rich);
    struct haul_vrp_plan plan = solved(p);
    struct haul_vrp_reason *reasons;
    int32_t n;
    assert_int_equal(haul_explain(p, &plan, &reasons, &n, &e), HAUL_OK);
    struct haul_buf out;
    haul_buf_init(&out, 0, 1 << 20);
    haul_vrp_plan_write(p, &plan, reasons, n, &out);
    const struct haul_str text = {(const char *)out.p, out.n};
    struct haul_claim claim;
    if (haul_claim_read(p, text, &claim, &e) != HAUL_OK) fail_msg("%s", e.text);
    if (haul_verify(p, &claim, &e) != HAUL_OK) fail_msg("%s", e.text);
    assert_int_equal(claim.cost, plan.cost);
    haul_buf_byte(&out, 0);
    /* job 1 and the shipment go; 2 does not fit beside; nobody has skill 4 */
    assert_int_equal(plan.unserved_n, 2);
    assert_int_equal(n, 2);
    assert_non_null(strstr((const char *)out.p, "\"SKILLS\""));
    assert_non_null(strstr((const char *)out.p, "\"type\":\"break\""));
    haul_claim_free(&claim);
    haul_buf_free(&out);
    free(reasons);
    haul_vrp_plan_free(&plan);
    haul_problem_free(p);
}

/* Loads: 2 and 3 of 4 do not go together, so one stays; the reason says by how much. */
static void reason_of_load(void **state)
{
    (void)state;
    static const char text[] =
        "{\"vehicles\":[{\"id\":1,\"start_index\":0,\"end_index\":0,\"capacity\":[4]}],\"jobs\":["
        "{\"id\":1,\"location_index\":1,\"delivery\":[2],\"priority\":9},{\"id\":2,\"location_index\":1,\"delivery\":["
        "3]}],"
        "\"matrices\":{\"car\":{\"durations\":[[0,9],[9,0]]}}}";
    struct haul_problem *p = read_text(text);
    struct haul_vrp_plan plan = solved(p);
    struct haul_vrp_reason *reasons;
    int32_t n;
    assert_int_equal(haul_explain(p, &plan, &reasons, &n, &e), HAUL_OK);
    assert_int_equal(n, 1);
    assert_int_equal(reasons[0].task, 1);
    assert_int_equal(reasons[0].faults_n, 1);
    assert_int_equal(reasons[0].faults[0].kind, HAUL_FAULT_LOAD);
    assert_int_equal(reasons[0].faults[0].amount, 1);
    free(reasons);
    haul_vrp_plan_free(&plan);
    haul_problem_free(p);
}

static struct haul_str stepped(char *to, size_t n, const char *step)
{
    const int len = snprintf(to, n,
                             "{\"vehicles\":[{\"id\":1,\"start_index\":0,\"steps\":[{\"type\":\"start\"},%s]}],"
                             "\"jobs\":[{\"id\":1,\"location_index\":1,\"time_windows\":[[10,20],[30,40]]},"
                             "{\"id\":2,\"location_index\":1}],"
                             "\"matrices\":{\"car\":{\"durations\":[[0,9],[9,0]]}}}",
                             step);
    assert_true(len > 0 && (size_t)len < n);
    return (struct haul_str){to, (size_t)len};
}

/* Times of a step narrow its task's windows, in thousandths of a second. */
static void step_times(void **state)
{
    (void)state;
    static const struct {
        const char *step;
        int32_t task, n;
        int64_t open, close; /* of the first window left */
    } cases[] = {
        {"{\"type\":\"job\",\"id\":1,\"service_at\":35}", 0, 1, 35000, 35000},
        {"{\"type\":\"job\",\"id\":1,\"service_after\":15}", 0, 2, 15000, 20000},
        {"{\"type\":\"job\",\"id\":1,\"service_before\":30}", 0, 2, 10000, 20000},
        {"{\"type\":\"job\",\"id\":1,\"service_after\":21,\"service_before\":33}", 0, 1, 30000, 33000},
        {"{\"type\":\"job\",\"id\":2,\"service_after\":5,\"service_before\":6}", 1, 1, 5000, 6000},
        {"{\"type\":\"job\",\"id\":2}", 1, 0, 0, 0},
    };
    char text[1024];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct haul_problem *p;
        if (haul_problem_read(stepped(text, sizeof text, cases[i].step), NULL, &p, &e) != HAUL_OK)
            fail_msg("%s", e.text);
        const struct haul_vrp_task *t = &haul_problem_view(p).tasks[cases[i].task];
        assert_int_equal(t->windows_n, cases[i].n);
        if (t->windows_n > 0) assert_int_equal(t->windows[0].open, cases[i].open);
        if (t->windows_n > 0) assert_int_equal(t->windows[0].close, cases[i].close);
        haul_problem_free(p);
    }
    struct haul_problem *p;
    assert_int_equal(
        haul_problem_read(stepped(text, sizeof text, "{\"type\":\"job\",\"id\":1,\"service_at\":25}"), NULL, &p, &e),
        HAUL_E_CONFLICT);
    assert_non_null(strstr(e.text, "vehicles[0].steps[1]"));
    assert_int_equal(
        haul_problem_read(stepped(text, sizeof text, "{\"type\":\"end\",\"service_at\":25}"), NULL, &p, &e),
        HAUL_E_UNSUPPORTED);
}

static void solution_file(void **state)
{
    (void)state;
    struct haul_problem *p = read_text(vrplib);
    struct haul_claim claim;
    assert_int_equal(haul_claim_read(p, HAUL_STR("Route #1: 2 1\nCost 20\n"), &claim, &e), HAUL_OK);
    assert_int_equal(haul_verify(p, &claim, &e), HAUL_OK);
    haul_claim_free(&claim);
    assert_int_equal(haul_claim_read(p, HAUL_STR("Route #1: 2 1\nCost 18\n"), &claim, &e), HAUL_OK);
    assert_int_equal(haul_verify(p, &claim, &e), HAUL_E_CONFLICT);
    haul_claim_free(&claim);
    assert_int_equal(haul_claim_read(p, HAUL_STR("Route #1: 2 9\n"), &claim, &e), HAUL_E_NOT_FOUND);
    haul_problem_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats),        cmocka_unit_test(complaints), cmocka_unit_test(round_trip),
        cmocka_unit_test(reason_of_load), cmocka_unit_test(step_times), cmocka_unit_test(solution_file),
    };
    return cmocka_run_group_tests_name("read", tests, NULL, NULL);
}
