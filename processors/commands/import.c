/* SPDX-License-Identifier: Apache-2.0
 * haul import: a road network from OpenStreetMap, GeoJSON lines, or a folder with a schematic network.
 */
#include "haul/import.h"
#include "haul/time.h"

#include "processors/commands/commands.h"
#include "processors/commands/files.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char help[] =
    "usage: haul import FILE -o ROADS [--country CC] [--turns all] [--quiet]\n"
    "\n"
    "Makes a road network for haul route, match and the traffic processor.\n"
    "FILE is .osm.pbf or .osm (OpenStreetMap), .geojson (lines), or a folder with places.csv and roads.csv.\n"
    "\n"
    "  -o ROADS        the file to write; it is replaced when all went well, or not touched\n"
    "  --country CC    two capitals: legal limits where none is signed (CN, DE, FR, LU, …)\n"
    "  --turns all     every turn costs time and a U-turn is dear (a larger graph); without it only what is forbidden "
    "counts\n"
    "  --quiet         no progress\n";

struct arguments {
    const char *in, *out;
    struct haul_import_options import;
    struct haul_build_options build;
};

static void show_progress(void *user, const char *stage, uint64_t done, uint64_t total)
{
    (void)user;
    static int last = -1;
    if (total > 0) {
        const int percent = (int)(done * 100 / total);
        if (percent == last) return;
        last = percent;
        fprintf(stderr, "\r%-28s %3d %%%s", stage, percent, percent == 100 ? "\n" : "");
    } else if (done > 0) {
        fprintf(stderr, "\r%-28s %12llu", stage, (unsigned long long)done);
    } else {
        fprintf(stderr, "\r%-28s\n", stage);
    }
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static enum haul_err import_folder(const char *folder, struct haul_builder *b, struct haul_import_report *report,
                                   struct haul_error *e)
{
    char path[4096];
    struct haul_buf places, roads;
    snprintf(path, sizeof path, "%s/places.csv", folder);
    enum haul_err err = command_read_file(path, 64 << 20, &places, e);
    if (err != HAUL_OK) return err;
    snprintf(path, sizeof path, "%s/roads.csv", folder);
    err = command_read_file(path, 64 << 20, &roads, e);
    if (err == HAUL_OK) {
        err = haul_import_places((struct haul_str){(const char *)places.p, places.n},
                                 (struct haul_str){(const char *)roads.p, roads.n}, b, report, e);
        haul_buf_free(&roads);
    }
    haul_buf_free(&places);
    return err;
}

static enum haul_err import_lines(const char *path, struct haul_builder *b, struct haul_import_report *report,
                                  struct haul_error *e)
{
    struct haul_buf text;
    enum haul_err err = command_read_file(path, (size_t)1 << 30, &text, e);
    if (err != HAUL_OK) return err;
    err = haul_import_geojson((const char *)text.p, text.n, b, report, e);
    haul_buf_free(&text);
    return err;
}

static enum haul_err import_any(const struct arguments *a, struct haul_builder *b, struct haul_import_report *report,
                                struct haul_error *e)
{
    struct stat st;
    if (stat(a->in, &st) == 0 && S_ISDIR(st.st_mode)) return import_folder(a->in, b, report, e);
    if (ends_with(a->in, ".geojson") || ends_with(a->in, ".json")) return import_lines(a->in, b, report, e);
    return haul_import_osm(a->in, &a->import, b, report, e);
}

static void print_report(const struct haul_import_report *i, const struct haul_build_report *b, size_t bytes)
{
    printf("read         %llu nodes, %llu ways (%llu may be driven), %llu relations\n", (unsigned long long)i->nodes,
           (unsigned long long)i->ways, (unsigned long long)i->highways, (unsigned long long)i->relations);
    printf(
        "limits       %llu ways with a limit of height, weight, axle load, width, length or goods; %llu barriers for "
        "some\n",
        (unsigned long long)i->limits, (unsigned long long)i->gates);
    printf("turns        %llu restrictions, %u forbidden sequences; %u do not fit the roads, %llu hold at some hours "
           "only (left out)\n",
           (unsigned long long)i->restrictions, b->bans, b->restrictions_unresolved,
           (unsigned long long)i->conditional);
    if (i->missing_nodes + i->broken + i->conditional_tags > 0)
        printf("left out     %llu nodes beyond the border, %llu broken objects; %llu ways with conditional tags taken "
               "without them\n",
               (unsigned long long)i->missing_nodes, (unsigned long long)i->broken,
               (unsigned long long)i->conditional_tags);
    printf("network      %u junctions, %u edges, %.0f km, %u kinds; %u edges outside the connected part left out\n",
           b->junctions, b->edges, b->length_km, b->kinds, b->dropped_edges);
    printf("routing      %u nodes, %u arcs\n", b->nodes, b->arcs);
    printf("file         %zu bytes\n", bytes);
}

static int import_here(const struct arguments *a)
{
    struct haul_error e = {0};
    struct haul_import_report imported = {0};
    struct haul_build_report built = {0};
    struct haul_buf image;
    struct haul_builder *b = haul_builder_new();
    if (b == NULL) return HAUL_EXIT_FAILED;
    enum haul_err err = import_any(a, b, &imported, &e);
    if (err == HAUL_OK) err = haul_builder_finish(b, &a->build, &image, &built, &e);
    haul_builder_free(b);
    if (err == HAUL_OK) {
        err = haul_file_replace(a->out, image.p, image.n, &e);
        if (err == HAUL_OK) print_report(&imported, &built, image.n);
        haul_buf_free(&image);
    }
    if (err == HAUL_OK) return 0;
    fprintf(stderr, "haul import: %s\n", e.text);
    return err == HAUL_E_NOT_FOUND ? HAUL_EXIT_NOINPUT : err == HAUL_E_IO ? HAUL_EXIT_FAILED : HAUL_EXIT_DATA;
}

/* libreadosm was not written for hostile files: what it does to a process, it does to this one's child. */
static int import_guarded(const struct arguments *a)
{
    fflush(NULL);
    const pid_t child = fork();
    if (child < 0) return import_here(a);
    if (child == 0) {
        const int status = import_here(a);
        fflush(NULL);
        _exit(status);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    fprintf(stderr, "haul import: %s is damaged: its reader died of signal %d\n", a->in, WTERMSIG(status));
    return HAUL_EXIT_DATA;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"country", required_argument, NULL, 'c'},
                                            {"turns", required_argument, NULL, 't'},
                                            {"quiet", no_argument, NULL, 'q'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    struct arguments a = {.import = {.progress = show_progress}, .build = {.progress = show_progress}};
    for (int c; (c = getopt_long(argc, argv, "o:hq", options, NULL)) != -1;) {
        switch (c) {
        case 'o':
            a.out = optarg;
            break;
        case 'c':
            snprintf(a.import.country, sizeof a.import.country, "%.2s", optarg);
            break;
        case 't':
            a.build.all_turns = strcmp(optarg, "all") == 0;
            break;
        case 'q':
            a.import.progress = a.build.progress = NULL;
            break;
        case 'h':
            fputs(help, stdout);
            return 0;
        default:
            fputs(help, stderr);
            return HAUL_EXIT_USAGE;
        }
    }
    if (optind + 1 != argc || a.out == NULL) {
        fputs(help, stderr);
        return HAUL_EXIT_USAGE;
    }
    a.in = argv[optind];
    const char *slash = strrchr(a.in, '/');
    a.build.source = slash != NULL && slash[1] != 0 ? slash + 1 : a.in;
    return import_guarded(&a);
}

const struct haul_command haul_command_import = {"import", "make a road network from OpenStreetMap or GeoJSON", run};
