/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/world.h"

#include "processors/commands/commands.h"
#include "processors/commands/sections.h"

#include <stdio.h>
#include <string.h>

#define OUTPUT_MAX (4 * 1024 * 1024)
#define SETS_MAX   64

static const struct {
    const char *name, *sentence;
    void (*write)(const struct haul_option_set *const *sets, size_t n, struct haul_buf *out);
    bool worlds; /* with the options of scenarios, which stand in files of their own */
} outputs[] = {
    {"default", "every option at its default, annotated: config/haul.yaml", haul_options_yaml, false},
    {"reference", "the options' part of config/reference.md", haul_options_markdown, true},
    {"schema", "a JSON Schema for editors: config/haul.schema.json", haul_options_json_schema, false},
};

static void usage(FILE *to)
{
    fprintf(to, "usage: haul config default|reference|schema\n\nPrints what is generated from the option tables.\n\n");
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++)
        fprintf(to, "  %-10s %s\n", outputs[i].name, outputs[i].sentence);
}

static int run(int argc, char **argv)
{
    size_t n;
    const struct haul_option_set *const *sections = haul_sections(&n), *sets[SETS_MAX];
    size_t all = n;
    memcpy(sets, sections, n * sizeof *sets);
    for (size_t i = 0; haul_worlds[i] != NULL; i++) sets[all++] = haul_worlds[i]->options;
    assert(all <= SETS_MAX);
    for (size_t i = 0; argc == 2 && i < sizeof outputs / sizeof outputs[0]; i++) {
        if (strcmp(argv[1], outputs[i].name) != 0) continue;
        struct haul_buf out;
        haul_buf_init(&out, 64 * 1024, OUTPUT_MAX);
        outputs[i].write(sets, outputs[i].worlds ? all : n, &out);
        const bool good = !out.overflow && fwrite(out.p, 1, out.n, stdout) == out.n && fflush(stdout) == 0;
        haul_buf_free(&out);
        return good ? 0 : HAUL_EXIT_FAILED;
    }
    const bool help = argc == 2 && strcmp(argv[1], "--help") == 0;
    usage(help ? stdout : stderr);
    return help ? 0 : HAUL_EXIT_USAGE;
}

const struct haul_command haul_command_config = {"config", "print the default configuration, its reference, its schema",
                                                 run};
