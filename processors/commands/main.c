/* SPDX-License-Identifier: Apache-2.0
 * haul: one program, one subcommand a file. The table is the list.
 */
#include "processors/commands/commands.h"

#include <stdio.h>
#include <string.h>

static const struct haul_command *const commands[] = {
#define HAUL_COMMAND(name) &haul_command_##name,
#include "processors/commands/commands.def"
#undef HAUL_COMMAND
};

static void usage(FILE *to)
{
    fprintf(to, "usage: haul COMMAND [ARGUMENT ...]    (haul COMMAND --help tells more)\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        fprintf(to, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
}

int main(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        usage(argc < 2 ? stderr : stdout);
        return argc < 2 ? HAUL_EXIT_USAGE : 0;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(argv[1], commands[i]->name) == 0) return commands[i]->run(argc - 1, argv + 1);
    fprintf(stderr, "haul: unknown command '%s'; 'haul help' lists them\n", argv[1]);
    return HAUL_EXIT_USAGE;
}
