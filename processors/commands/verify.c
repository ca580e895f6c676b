/* SPDX-License-Identifier: Apache-2.0
 * haul verify PROBLEM PLAN: is the plan what it claims to be?
 */
#include "haul/solver_verify.h"

#include "processors/commands/commands.h"
#include "processors/commands/files.h"
#include "processors/commands/solve_places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: haul verify [--roads FILE] [--speed-kmh V] [--detour F] PROBLEM PLAN\n"
    "\n"
    "Reads a problem as 'haul solve' does, and a plan as it writes (VROOM's JSON) or a VRPLIB solution (Route #1: "
    "...),\n"
    "and asks every rule of every route with code of its own. Says what is broken, where and by how much.\n"
    "Exit status 0: the plan keeps every rule; 1: it does not; 65: a file is not what it should be.\n";

struct verify_args {
    const char *problem, *plan;
    struct solve_places places;
};

static int data_error(const char *file, const struct haul_error *e)
{
    fprintf(stderr, "haul verify: %s: %s\n", file, e->text);
    return HAUL_EXIT_DATA;
}

static int verify(const struct verify_args *a, const struct haul_problem *p)
{
    struct haul_buf bytes;
    struct haul_claim claim;
    struct haul_error e;
    enum haul_err bad = command_read_file(a->plan, HAUL_PROBLEM_BYTES_MAX, &bytes, &e);
    if (bad != HAUL_OK) return solve_read_error("verify", &e);
    bad = haul_claim_read(p, (struct haul_str){(const char *)bytes.p, bytes.n}, &claim, &e);
    haul_buf_free(&bytes);
    if (bad != HAUL_OK) return data_error(a->plan, &e);
    bad = haul_verify(p, &claim, &e);
    int32_t served = 0;
    for (int32_t i = 0; i < claim.routes_n; i++)
        for (int32_t k = 0; k < claim.routes[i].stops_n; k++) served += claim.routes[i].stops[k].kind == HAUL_STEP_TASK;
    if (bad == HAUL_OK)
        printf("good: %d routes serve %d of %d tasks\n", claim.routes_n, served, haul_problem_view(p).tasks_n);
    else
        printf("broken: %s\n", e.text);
    haul_claim_free(&claim);
    return bad == HAUL_OK ? 0 : HAUL_EXIT_FAILED;
}

static bool positive(const char *text, double *out)
{
    char *end = NULL;
    *out = text == NULL ? 0 : strtod(text, &end);
    return text != NULL && *end == 0 && *out > 0;
}

static int run(int argc, char **argv)
{
    struct verify_args a = {.places = SOLVE_PLACES_DEFAULT};
    for (int i = 1; i < argc; i++) {
        double v;
        if (strcmp(argv[i], "--help") == 0) {
            fputs(help, stdout);
            return 0;
        }
        if (strcmp(argv[i], "--roads") == 0 && argv[i + 1] != NULL)
            a.places.roads_file = argv[++i];
        else if (strcmp(argv[i], "--speed-kmh") == 0 && positive(argv[i + 1], &v))
            a.places.straight.speed_mps = v / 3.6, i++;
        else if (strcmp(argv[i], "--detour") == 0 && positive(argv[i + 1], &v))
            a.places.straight.detour = v, i++;
        else if (a.problem == NULL)
            a.problem = argv[i];
        else if (a.plan == NULL)
            a.plan = argv[i];
        else
            a.plan = NULL, i = argc;
    }
    if (a.plan == NULL) {
        fputs(help, stderr);
        return HAUL_EXIT_USAGE;
    }
    struct haul_read_options read = {.convention = HAUL_CONVENTION_OF_FILE};
    struct haul_problem *p;
    int status = solve_problem_read("verify", a.problem, &read, &a.places, 1, &p);
    if (status != 0) return status;
    status = verify(&a, p);
    haul_problem_free(p);
    return status;
}

const struct haul_command haul_command_verify = {"verify", "check a plan of routes, independently of the solver", run};
