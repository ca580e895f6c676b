/* SPDX-License-Identifier: Apache-2.0
 * A subcommand: a file processors/commands/NAME.c that defines `const struct haul_command haul_command_NAME`, and a row
 * in commands.def.
 */
#ifndef HAUL_COMMANDS_H
#define HAUL_COMMANDS_H

/* Exit statuses, after sysexits.h. */
#define HAUL_EXIT_FAILED      1
#define HAUL_EXIT_USAGE       64
#define HAUL_EXIT_DATA        65 /* the input is not what it should be */
#define HAUL_EXIT_NOINPUT     66
#define HAUL_EXIT_UNAVAILABLE 69
#define HAUL_EXIT_CONFIG      78

struct haul_command {
    const char *name, *summary;
    int (*run)(int argc, char **argv); /* argv[0] is the subcommand's name; returns the exit status */
};

#define HAUL_COMMAND(name) extern const struct haul_command haul_command_##name;
#include "processors/commands/commands.def"
#undef HAUL_COMMAND

#endif
