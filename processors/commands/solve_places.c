/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/commands/solve_places.h"

#include "processors/commands/commands.h"
#include "processors/commands/files.h"
#include "processors/commands/solve_roads.h"

#include <stdio.h>

static enum haul_err row_by_roads(void *arg, const struct haul_places *places, int32_t from, int32_t *time,
                                  int32_t *distance, struct haul_error *e)
{
    return solve_roads_row(arg, places->lon_deg, places->lat_deg, places->n, places->profile, from, time, distance, e);
}

int solve_read_error(const char *command, const struct haul_error *e)
{
    fprintf(stderr, "haul %s: %s\n", command, e->text);
    return e->code == HAUL_E_LIMIT ? HAUL_EXIT_DATA : HAUL_EXIT_NOINPUT;
}

int solve_problem_read(const char *command, const char *path, struct haul_read_options *read,
                       struct solve_places *places, int threads, struct haul_problem **out)
{
    struct solve_roads *roads = NULL;
    if (places->roads_file != NULL) {
        const int status = solve_roads_open(places->roads_file, threads, &roads);
        if (status != 0) return status;
    }
    read->places = roads != NULL ? row_by_roads : haul_places_straight;
    read->places_arg = roads != NULL ? (void *)roads : (void *)&places->straight;
    struct haul_buf bytes;
    struct haul_error e;
    int status = 0;
    if (command_read_file(path, HAUL_PROBLEM_BYTES_MAX, &bytes, &e) != HAUL_OK) {
        status = solve_read_error(command, &e);
    } else {
        if (haul_problem_read((struct haul_str){(const char *)bytes.p, bytes.n}, read, out, &e) != HAUL_OK) {
            fprintf(stderr, "haul %s: %s: %s\n", command, path, e.text);
            status = e.code == HAUL_E_NOMEM ? HAUL_EXIT_FAILED : HAUL_EXIT_DATA;
        }
        haul_buf_free(&bytes);
    }
    solve_roads_free(roads);
    return status;
}
