/* SPDX-License-Identifier: Apache-2.0
 * haul repaint: every document again, from the state that is there.
 */
#include "processors/commands/commands.h"
#include "processors/commands/control.h"

#include <getopt.h>
#include <stdio.h>

static const char usage[] = "usage: haul repaint [-c FILE] [--processor NAME]\n\n"
                            "Appends a control record to every partition; the running owners then write the document "
                            "of every entity again, in\n"
                            "commits as small as ever. Nothing is raised, cleared or sent again. Not written again: "
                            "what is no entity's document\n"
                            "(evidence, alerts:open, the streams); `haul reset` builds those again.\n"
                            "  --processor NAME  only this one (default: all that the configuration names)\n";

static int repaint(const struct runtime *r)
{
    struct haul_error e = {0};
    for (size_t i = 0; i < r->processors; i++) {
        const struct haul_processor *p = r->processor[i];
        struct haul_record x;
        haul_record_init(&x, HAUL_KIND_REPAINT, HAUL_STR("repaint"), haul_wall_now());
        const enum haul_err err = control_append(r, p, &x, &e);
        if (err != HAUL_OK) {
            fprintf(stderr, "haul repaint: %s: %s\n", haul_mailbox_row(p->mailbox)->name, e.text);
            return HAUL_EXIT_UNAVAILABLE;
        }
        printf("%s: %u partitions are told to paint again\n", haul_mailbox_row(p->mailbox)->name,
               r->settings.partitions[p->mailbox]);
    }
    return 0;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"processor", required_argument, NULL, 'p'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    const char *path = NULL, *only = NULL;
    for (int c; (c = getopt_long(argc, argv, "c:p:h", options, NULL)) != -1;) {
        switch (c) {
        case 'c':
            path = optarg;
            break;
        case 'p':
            only = optarg;
            break;
        default:
            fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : HAUL_EXIT_USAGE;
        }
    }
    static struct runtime r;
    int status = runtime_config(path, &r.config);
    if (status == 0) status = runtime_prepare(&r, only);
    if (status == 0) status = repaint(&r);
    runtime_free(&r);
    return status;
}

const struct haul_command haul_command_repaint = {"repaint", "write every document again", run};
