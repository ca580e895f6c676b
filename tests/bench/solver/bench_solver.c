/* SPDX-License-Identifier: Apache-2.0
 * Solves published instances within a CPU time each and prints the gap to the best known value, set by set.
 *   bench_solver DATA [--set NAME] [--every K] [--seconds S] [--seed N] [--only TEXT]
 * One thread; the limit is CPU time, so that a busy machine does not change the figure. Every answer is verified.
 */
#include "haul/solver.h"
#include "haul/solver_io.h"
#include "haul/solver_verify.h"
#include "haul/time.h"

#include <dirent.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILES_MAX = 400, NAME_MAX_BYTES = 256, TEXT_MAX_BYTES = 1024 };

struct set {
    const char *name, *folder, *ending, *bks, *bks_suffix;
    double seconds, goal; /* goal: mean gap in percent */
    bool fewest;          /* best known values are for vehicles first */
    const char *peers;
};

static const struct set sets[] = {
    {"solomon", "solomon", ".txt", "solomon/solomon_best_seen_distance.csv", "", 1, 0.05, false,
     "HGS-VRPTW 0.04 at 4 s, PyVRP 0.31 at 4 s, VROOM 1.60 at 3.9 s"},
    {"x", "X", ".vrp", NULL, "", 10, 0.9, false, "HGS-CVRP 1.36, PyVRP 1.90, VROOM 3.47 (19 instances)"},
    {"homberger_1000", "homberger_1000", ".vrp", NULL, "", 60, 2, false, "PyVRP 3.07, HGS-VRPTW 5.11, VROOM 5-10"},
    {"li_lim_100", "li_lim_100", ".txt", "pdptw_bks.json", "", 10, 0.3, true,
     "VROOM 0.57 with 110 for 101 vehicles (14 instances)"},
    {"li_lim_200", "li_lim_200", ".txt", "pdptw_bks.json", "", 10, 0.3, true, ""},
    {"hfvrp", "HVRP/HFVRP", ".txt", "HVRP/BKS.json", "", 10, 1, false, "VROOM 3.74 at 1.7 s over all of HVRP"},
    {"vfmp_v", "HVRP/VFMP_V", ".txt", "HVRP/BKS.json", "", 10, 1, false, ""},
    {"vfmp_f", "HVRP/VFMP_F", ".txt", "HVRP/BKS.json", "", 10, 1, false, ""},
    {"vfmp_fv", "HVRP/VFMP_FV", ".txt", "HVRP/BKS.json", "", 10, 1, false, ""},
    {"mdvrp", "MDVRP/cordeau", ".txt", "MDVRP/BKS.json", "", 10, 1, false, ""},
};

struct args {
    const char *data, *set, *only;
    int every;
    double seconds;
    uint64_t seed;
};

static char *read_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) return NULL;
    fseek(f, 0, SEEK_END);
    *n = (size_t)ftell(f);
    rewind(f);
    char *bytes = malloc(*n + 1);
    if (bytes == NULL || fread(bytes, 1, *n, f) != *n) exit(2);
    bytes[*n] = 0;
    fclose(f);
    return bytes;
}

/* What does not fit ends the run. */
__attribute__((format(printf, 2, 3))) static void text(char to[TEXT_MAX_BYTES], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(to, TEXT_MAX_BYTES, format, args);
    va_end(args);
    if (n < 0 || n >= TEXT_MAX_BYTES) exit(2);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static int list(const char *folder, const char *ending, char names[][NAME_MAX_BYTES])
{
    DIR *d = opendir(folder);
    if (d == NULL) return 0;
    int n = 0;
    for (const struct dirent *f; (f = readdir(d)) != NULL && n < FILES_MAX;) {
        const size_t len = strlen(f->d_name), tail = strlen(ending);
        if (len > tail && len < NAME_MAX_BYTES && strcmp(f->d_name + len - tail, ending) == 0) {
            memcpy(names[n], f->d_name, len - tail);
            names[n++][len - tail] = 0;
        }
    }
    closedir(d);
    qsort(names, (size_t)n, sizeof names[0], by_name);
    return n;
}

struct best {
    double cost;
    int vehicles;
};

static struct best from_sol(const char *path)
{
    size_t n;
    char *bytes = read_file(path, &n);
    struct best b = {0, 0};
    if (bytes == NULL) return b;
    const char *cost = strstr(bytes, "Cost");
    if (cost != NULL) b.cost = strtod(cost + 4, NULL);
    for (const char *p = bytes; (p = strstr(p, "Route")) != NULL; p++) b.vehicles++;
    free(bytes);
    return b;
}

static struct best from_csv(const char *path, const char *name)
{
    size_t n;
    char *bytes = read_file(path, &n);
    struct best b = {0, 0};
    char line[TEXT_MAX_BYTES];
    text(line, "\n%s,", name);
    const char *at = bytes == NULL ? NULL : strstr(bytes, line);
    if (at != NULL && (at = strchr(at + strlen(line), ',')) != NULL) b.cost = strtod(at + 1, NULL);
    free(bytes);
    return b;
}

static struct best from_json(const char *path, const char *name)
{
    json_t *all = json_load_file(path, 0, NULL);
    const json_t *one = json_object_get(all, name);
    const struct best b = {json_number_value(json_object_get(one, "best_known_cost")),
                           (int)json_integer_value(json_object_get(one, "solved_with_vehicles"))};
    json_decref(all);
    return b;
}

static struct best best_known(const struct args *a, const struct set *set, const char *name)
{
    char path[TEXT_MAX_BYTES];
    if (set->bks == NULL) {
        text(path, "%s/vrp/%s/%s.sol", a->data, set->folder, name);
        return from_sol(path);
    }
    text(path, "%s/vrp/%s", a->data, set->bks);
    return strstr(set->bks, ".csv") != NULL ? from_csv(path, name) : from_json(path, name);
}

static bool verified(const struct haul_problem *p, const struct haul_vrp_plan *plan)
{
    struct haul_error e;
    struct haul_claim claim;
    if (haul_claim_of(plan, &claim, &e) != HAUL_OK) return false;
    const enum haul_err bad = haul_verify(p, &claim, &e);
    haul_claim_free(&claim);
    if (bad != HAUL_OK) fprintf(stderr, "not verified: %s\n", e.text);
    return bad == HAUL_OK;
}

/* Gap in percent. */
static bool run_one(const struct args *a, const struct set *set, const char *name, double *gap, int *more_vehicles)
{
    char path[TEXT_MAX_BYTES];
    text(path, "%s/vrp/%s/%s%s", a->data, set->folder, name, set->ending);
    size_t n;
    char *bytes = read_file(path, &n);
    const struct best best = best_known(a, set, name);
    struct haul_problem *p;
    struct haul_error e;
    if (bytes == NULL || best.cost <= 0) {
        free(bytes);
        return false;
    }
    if (haul_problem_read((struct haul_str){bytes, n}, NULL, &p, &e) != HAUL_OK) {
        fprintf(stderr, "%s: %s\n", name, e.text);
        exit(1);
    }
    free(bytes);
    const struct haul_solve_options o = {.seed = a->seed,
                                         .time_ms = (int64_t)(1000 * (a->seconds > 0 ? a->seconds : set->seconds)),
                                         .threads = 1,
                                         .fewest_vehicles = set->fewest,
                                         .now_ns = haul_cpu_ns};
    struct haul_vrp_plan plan;
    if (haul_solve(p, &o, &plan, &e) != HAUL_OK) {
        fprintf(stderr, "%s: %s\n", name, e.text);
        exit(1);
    }
    const double cost = (double)plan.cost / (double)haul_problem_view(p).scales.cost;
    const bool good = plan.unserved_n == 0 && verified(p, &plan);
    *gap = 100 * (cost / best.cost - 1);
    *more_vehicles = best.vehicles == 0 ? 0 : plan.routes_n - best.vehicles;
    printf("%-14s %-12s %12.2f %12.2f %8.3f %% %4d %4d %10lld%s\n", set->name, name, cost, best.cost, *gap,
           plan.routes_n, best.vehicles, (long long)plan.iterations, good ? "" : "  NOT GOOD");
    fflush(stdout);
    haul_vrp_plan_free(&plan);
    haul_problem_free(p);
    return true;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void run_set(const struct args *a, const struct set *set)
{
    static char names[FILES_MAX][NAME_MAX_BYTES];
    static double gaps[FILES_MAX];
    char folder[TEXT_MAX_BYTES];
    text(folder, "%s/vrp/%s", a->data, set->folder);
    const int n = list(folder, set->ending, names);
    int all = 0, done = 0, vehicles = 0;
    double sum = 0;
    for (int i = 0, seen = 0; i < n; i++) {
        if (a->only != NULL && strstr(names[i], a->only) == NULL) continue;
        if (seen++ % a->every != 0) continue;
        double gap;
        int more = 0;
        if (!run_one(a, set, names[i], &gap, &more)) continue;
        all++;
        vehicles += more;
        if (set->fewest && more != 0) continue; /* costs with other numbers of vehicles do not compare */
        gaps[done++] = gap;
        sum += gap;
    }
    if (all == 0) return;
    qsort(gaps, (size_t)done, sizeof gaps[0], by_value);
    printf("== %-14s %3d instances, %5.1f CPU-s: mean %.3f %% median %.3f %% worst %.3f %%", set->name, all,
           a->seconds > 0 ? a->seconds : set->seconds, done > 0 ? sum / done : 0, done > 0 ? gaps[done / 2] : 0,
           done > 0 ? gaps[done - 1] : 0);
    if (set->fewest) printf(" of %d with as many vehicles", done);
    printf(", vehicles %+d; goal %.2f %%%s%s\n", vehicles, set->goal,
           set->peers[0] == 0 ? "" : "; peers: ", set->peers);
}

int main(int argc, char **argv)
{
    struct args a = {.every = 1, .seed = 1};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--set") == 0 && i + 1 < argc)
            a.set = argv[++i];
        else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
            a.only = argv[++i];
        else if (strcmp(argv[i], "--every") == 0 && i + 1 < argc)
            a.every = (int)strtol(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc)
            a.seconds = strtod(argv[++i], NULL);
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            a.seed = strtoull(argv[++i], NULL, 10);
        else if (a.data == NULL)
            a.data = argv[i];
        else
            return 2;
    }
    if (a.data == NULL || a.every < 1) {
        fprintf(stderr, "usage: bench_solver DATA [--set NAME] [--every K] [--seconds S] [--seed N] [--only TEXT]\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        if (a.set == NULL || strcmp(a.set, sets[i].name) == 0) run_set(&a, &sets[i]);
    return 0;
}
