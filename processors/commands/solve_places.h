/* SPDX-License-Identifier: Apache-2.0
 * How haul solve and haul verify read a problem, and where its ways come from when it brings none.
 */
#ifndef HAUL_COMMANDS_SOLVE_PLACES_H
#define HAUL_COMMANDS_SOLVE_PLACES_H

#include "haul/solver_io.h"

struct solve_places {
    const char *roads_file; /* NULL: straight lines */
    struct haul_straight straight;
};
#define SOLVE_PLACES_DEFAULT                                                                                           \
    {                                                                                                                  \
        NULL,                                                                                                          \
        {                                                                                                              \
            50 / 3.6, 1.3                                                                                              \
        }                                                                                                              \
    }

/* 0, or an exit status after a message that begins with the command's name. read->places is set. */
int solve_problem_read(const char *command, const char *path, struct haul_read_options *read,
                       struct solve_places *places, int threads, struct haul_problem **out);
/* The message and status of a file that command_read_file could not read. */
int solve_read_error(const char *command, const struct haul_error *e);

#endif
