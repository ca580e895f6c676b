/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/schema.h"

#include "processors/commands/commands.h"

#include <stdio.h>
#include <string.h>

#define OUTPUT_MAX (4 * 1024 * 1024)

static const char usage[] =
    "usage: haul schema [KIND] [--json | --markdown]\n\n"
    "Describes the records that haul takes: all kinds, or the fields of one (its number or name).\n\n"
    "  --json      all of it for programs: envelope, kinds, fields, limits, reasons of a refusal\n"
    "  --markdown  all of it as a page: config/records.md\n";

enum form { TEXT, JSON, MARKDOWN };

/* A kind by its name or its number. */
static enum haul_kind find_kind(const char *text)
{
    const enum haul_kind kind = haul_kind_find(haul_str_of(text));
    if (kind != HAUL_KIND_NONE) return kind;
    unsigned n = 0;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p < '0' || *p > '9' || n >= HAUL_KIND_MAX) return HAUL_KIND_NONE;
        n = n * 10 + (unsigned)(*p - '0');
    }
    return haul_kind_row(n) == NULL ? HAUL_KIND_NONE : (enum haul_kind)n;
}

static int print(enum haul_kind kind, enum form form)
{
    struct haul_buf out;
    haul_buf_init(&out, 64 * 1024, OUTPUT_MAX);
    switch (form) {
    case JSON:
        haul_schema_json(kind, &out);
        break;
    case MARKDOWN:
        haul_schema_markdown(&out);
        break;
    case TEXT:
        kind == HAUL_KIND_NONE ? haul_schema_list(&out) : haul_schema_text(kind, &out);
        break;
    }
    const bool good = !out.overflow && fwrite(out.p, 1, out.n, stdout) == out.n && fflush(stdout) == 0;
    haul_buf_free(&out);
    return good ? 0 : HAUL_EXIT_FAILED;
}

static int misused(void)
{
    fputs(usage, stderr);
    return HAUL_EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    enum haul_kind kind = HAUL_KIND_NONE;
    enum form form = TEXT;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) return fputs(usage, stdout) < 0 ? HAUL_EXIT_FAILED : 0;
        if (argv[i][0] == '-') {
            if (form != TEXT) return misused();
            form = strcmp(argv[i], "--json") == 0 ? JSON : strcmp(argv[i], "--markdown") == 0 ? MARKDOWN : TEXT;
            if (form == TEXT) return misused();
            continue;
        }
        if (kind != HAUL_KIND_NONE) return misused();
        kind = find_kind(argv[i]);
        if (kind == HAUL_KIND_NONE) {
            fprintf(stderr, "haul schema: '%s' is not a kind of record; 'haul schema' lists them\n", argv[i]);
            return HAUL_EXIT_USAGE;
        }
    }
    if (form == MARKDOWN && kind != HAUL_KIND_NONE) return misused();
    return print(kind, form);
}

const struct haul_command haul_command_schema = {"schema", "describe the records that haul takes", run};
