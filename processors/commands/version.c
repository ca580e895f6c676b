/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/version.h"

#include "processors/commands/commands.h"

#include <stdio.h>

static int run(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("haul %s (answers %d)\n", HAUL_VERSION, HAUL_ANSWER_VERSION);
    return 0;
}

const struct haul_command haul_command_version = {"version", "print the version", run};
