/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/commands/commands.h"
#include "processors/commands/sections.h"

#include <stdio.h>
#include <string.h>

#define ERRORS_MAX (1024 * 1024)

static const char usage[] =
    "usage: haul check [FILE]\n\n"
    "Reads a configuration (default: config/haul.yaml) and tells everything that is wrong with it,\n"
    "with line, column and what was expected. Exit status 78 when something is.\n";

static int check(const char *path)
{
    size_t n, options = 0;
    const struct haul_option_set *const *sets = haul_sections(&n);
    struct haul_config *config;
    struct haul_buf errors;
    unsigned count;
    haul_buf_init(&errors, 0, ERRORS_MAX);
    const enum haul_err e = haul_config_read(path, sets, n, &config, &errors, &count);
    if (e == HAUL_OK) {
        for (size_t i = 0; i < n; i++) options += sets[i]->rows_len;
        printf("ok: %s (%zu sections, %zu options)\n", path, n, options);
    } else {
        fwrite(errors.p, 1, errors.n, stderr);
        fprintf(stderr, "%u %s\n", count, count == 1 ? "error" : "errors");
    }
    haul_buf_free(&errors);
    haul_config_free(config);
    return e == HAUL_OK ? 0 : e == HAUL_E_NOT_FOUND || e == HAUL_E_IO ? HAUL_EXIT_NOINPUT : HAUL_EXIT_CONFIG;
}

static int run(int argc, char **argv)
{
    const bool help = argc > 1 && strcmp(argv[1], "--help") == 0;
    if (help || argc > 2 || (argc == 2 && argv[1][0] == '-')) {
        fputs(usage, help ? stdout : stderr);
        return help ? 0 : HAUL_EXIT_USAGE;
    }
    return check(argc == 2 ? argv[1] : "config/haul.yaml");
}

const struct haul_command haul_command_check = {"check", "tell everything that is wrong with a configuration", run};
