/* SPDX-License-Identifier: Apache-2.0
 * haul solve FILE: plans routes for a problem, and writes them as JSON.
 */
#include "haul/solver.h"

#include "haul/solver_io.h"
#include "haul/solver_verify.h"
#include "processors/commands/commands.h"
#include "processors/commands/files.h"
#include "processors/commands/solve_places.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct solve_args {
    const char *file, *output;
    struct haul_solve_options o;
    struct haul_read_options read;
    struct solve_places places;
    bool quiet;
};

static const char help[] =
    "usage: haul solve [OPTION ...] FILE      (FILE may be - for standard input)\n"
    "\n"
    "Plans routes for FILE and writes the plan as JSON. The format is told by the file itself: VROOM's JSON,\n"
    "Solomon/Homberger, Li and Lim, VRPLIB/TSPLIB, Cordeau, HVRP. All fields: config/solver.md.\n"
    "\n"
    "  --time SECONDS        stop after so long (default 10 when no --iterations)\n"
    "  --iterations N        stop after so many steps of each thread; without --time the answer is always the same\n"
    "  --seed N              another seed, another search (default 1)\n"
    "  --threads 1|2         searches side by side (default 1)\n"
    "  --fewest-vehicles     first as few vehicles as can be, then the least cost\n"
    "  --convention NAME     of text files: exact, round or dimacs (default: what the format's literature uses)\n"
    "  --roads FILE          ways over a network of 'haul import', for JSON without matrices\n"
    "  --speed-kmh V         of straight lines, for JSON without matrices (default 50)\n"
    "  --detour F            how much longer roads are than straight lines (default 1.3)\n"
    "  --output FILE         instead of standard output\n"
    "  --quiet               no line of progress\n";

static int usage(const char *what, const char *value)
{
    fprintf(stderr, "haul solve: %s: '%s'; 'haul solve --help' tells more\n", what, value == NULL ? "" : value);
    return HAUL_EXIT_USAGE;
}

static bool number(const char *text, double low, double high, double *out)
{
    if (text == NULL) return false;
    char *end;
    errno = 0;
    *out = strtod(text, &end);
    return errno == 0 && *text != 0 && *end == 0 && *out >= low && *out <= high;
}

static bool convention(const char *name, enum haul_convention *out)
{
    static const struct {
        const char *name;
        enum haul_convention convention;
    } all[] = {{"exact", HAUL_CONVENTION_EXACT}, {"round", HAUL_CONVENTION_ROUND}, {"dimacs", HAUL_CONVENTION_DIMACS}};
    for (size_t i = 0; name != NULL && i < sizeof all / sizeof all[0]; i++)
        if (strcmp(name, all[i].name) == 0) {
            *out = all[i].convention;
            return true;
        }
    return false;
}

/* One option; 1: it took the next argument too, 0: it did not, -1: it is wrong. */
static int option(struct solve_args *a, const char *name, const char *value)
{
    double v;
    if (strcmp(name, "--fewest-vehicles") == 0) return a->o.fewest_vehicles = true, 0;
    if (strcmp(name, "--quiet") == 0) return a->quiet = true, 0;
    if (strcmp(name, "--convention") == 0) return convention(value, &a->read.convention) ? 1 : -1;
    if (strcmp(name, "--roads") == 0) return (a->places.roads_file = value) != NULL ? 1 : -1;
    if (strcmp(name, "--output") == 0) return (a->output = value) != NULL ? 1 : -1;
    if (strcmp(name, "--time") == 0) {
        if (!number(value, 0.001, 1e6, &v)) return -1;
        a->o.time_ms = (int64_t)(v * 1000);
        return 1;
    }
    if (strcmp(name, "--iterations") == 0) {
        if (!number(value, 1, 1e15, &v)) return -1;
        a->o.iterations = (int64_t)v;
        return 1;
    }
    if (strcmp(name, "--seed") == 0) {
        if (!number(value, 0, 9e15, &v)) return -1;
        a->o.seed = (uint64_t)v;
        return 1;
    }
    if (strcmp(name, "--threads") == 0) {
        if (!number(value, 1, 2, &v)) return -1;
        a->o.threads = (int32_t)v;
        return 1;
    }
    if (strcmp(name, "--speed-kmh") == 0) {
        if (!number(value, 0.1, 2000, &v)) return -1;
        a->places.straight.speed_mps = v / 3.6;
        return 1;
    }
    if (strcmp(name, "--detour") == 0) return number(value, 1, 10, &a->places.straight.detour) ? 1 : -1;
    return -1;
}

static void progress(void *arg, const struct haul_progress *now)
{
    const double unit = *(const double *)arg;
    fprintf(stderr, "\r%3.0f %%  %lld steps  cost %.3f  routes %d  unserved %d   ", 100 * now->share,
            (long long)now->iterations, (double)now->cost / unit, now->routes, now->unserved);
}

static int data_error(const char *file, const struct haul_error *e)
{
    fprintf(stderr, "haul solve: %s: %s\n", file, e->text);
    return e->code == HAUL_E_NOMEM ? HAUL_EXIT_FAILED : HAUL_EXIT_DATA;
}

static int write_plan(const struct solve_args *a, const struct haul_problem *p, const struct haul_vrp_plan *plan)
{
    struct haul_vrp_reason *reasons;
    int32_t reasons_n;
    struct haul_error e;
    if (haul_explain(p, plan, &reasons, &reasons_n, &e) != HAUL_OK) reasons = NULL, reasons_n = 0;
    struct haul_buf out;
    haul_buf_init(&out, 65536, (size_t)1 << 32);
    haul_vrp_plan_write(p, plan, reasons, reasons_n, &out);
    haul_buf_byte(&out, '\n');
    free(reasons);
    FILE *to = a->output == NULL ? stdout : fopen(a->output, "wb");
    const bool good = to != NULL && !out.overflow && fwrite(out.p, 1, out.n, to) == out.n && fflush(to) == 0;
    if (!good)
        fprintf(stderr, "haul solve: %s: %s\n", a->output == NULL ? "standard output" : a->output, strerror(errno));
    if (to != NULL && to != stdout) fclose(to);
    haul_buf_free(&out);
    return good ? 0 : HAUL_EXIT_FAILED;
}

static int solve(struct solve_args *a, const struct haul_problem *p)
{
    double unit = (double)haul_problem_view(p).scales.cost;
    if (!a->quiet && isatty(STDERR_FILENO)) a->o.progress = progress, a->o.progress_arg = &unit;
    struct haul_vrp_plan plan;
    struct haul_error e;
    if (haul_solve(p, &a->o, &plan, &e) != HAUL_OK) return data_error(a->file, &e);
    if (!a->quiet) {
        if (a->o.progress != NULL) fputc('\n', stderr);
        fprintf(stderr, "cost %.3f  routes %d  unserved %d  steps %lld\n", (double)plan.cost / unit, plan.routes_n,
                plan.unserved_n, (long long)plan.iterations);
    }
    const int status = write_plan(a, p, &plan);
    haul_vrp_plan_free(&plan);
    return status;
}

static int run(int argc, char **argv)
{
    struct solve_args a = {.o = {.seed = 1, .threads = 1}, .places = SOLVE_PLACES_DEFAULT};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(help, stdout);
            return 0;
        }
        if (argv[i][0] != '-' || argv[i][1] == 0) {
            if (a.file != NULL) return usage("one file is wanted", argv[i]);
            a.file = argv[i];
            continue;
        }
        const int took = option(&a, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
        if (took < 0) return usage("unknown option or wrong value", argv[i]);
        i += took;
    }
    if (a.file == NULL) return usage("a file is wanted", NULL);
    if (a.o.time_ms == 0 && a.o.iterations == 0) a.o.time_ms = 10000;
    struct haul_problem *p;
    int status = solve_problem_read("solve", a.file, &a.read, &a.places, a.o.threads, &p);
    if (status != 0) return status;
    status = solve(&a, p);
    haul_problem_free(p);
    return status;
}

const struct haul_command haul_command_solve = {"solve", "plan routes for a file of tasks and vehicles", run};
