/* SPDX-License-Identifier: Apache-2.0
 * haul keys: what haul writes to Redis, and the smallest rights that suffice for each role.
 */
#include "haul/redis_store.h"

#include "processors/commands/commands.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define OUTPUT_MAX (1024 * 1024)

static const char usage[] =
    "usage: haul keys [--instance PREFIX] [--markdown | --acl ROLE]\n\n"
    "Lists every key that haul writes to Redis: its type, who writes it, what it is.\n"
    "  --instance PREFIX  keys of an instance (default: none)\n"
    "  --markdown         the page config/keys.md\n"
    "  --acl ROLE         the rules for ACL SETUSER of a role: haul, reader, operator. To create the user:\n"
    "                       redis-cli ACL SETUSER NAME on '>PASSWORD' $(haul keys --acl ROLE)\n";

static int print(const struct haul_buf *out)
{
    const bool good = !out->overflow && fwrite(out->p, 1, out->n, stdout) == out->n && fflush(stdout) == 0;
    return good ? 0 : HAUL_EXIT_FAILED;
}

static int write_acl(const char *name, const char *instance, struct haul_buf *out)
{
    enum haul_redis_role role;
    if (!haul_redis_role_find(haul_str_of(name), &role)) {
        fprintf(stderr, "haul keys: there is no role '%s'; there are: haul, reader, operator\n", name);
        return HAUL_EXIT_USAGE;
    }
    haul_redis_acl(role, instance, out);
    haul_buf_byte(out, '\n');
    return 0;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"instance", required_argument, NULL, 'i'},
                                            {"markdown", no_argument, NULL, 'm'},
                                            {"acl", required_argument, NULL, 'a'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    const char *instance = "", *role = NULL;
    bool markdown = false;
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (c) {
        case 'i':
            instance = optarg;
            break;
        case 'm':
            markdown = true;
            break;
        case 'a':
            role = optarg;
            break;
        default:
            fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : HAUL_EXIT_USAGE;
        }
    }
    if (optind < argc || (markdown && role != NULL)) {
        fputs(usage, stderr);
        return HAUL_EXIT_USAGE;
    }
    struct haul_buf out;
    haul_buf_init(&out, 16 * 1024, OUTPUT_MAX);
    int status = 0;
    if (role != NULL)
        status = write_acl(role, instance, &out);
    else if (markdown)
        haul_redis_keys_markdown(&out);
    else
        haul_redis_keys_text(instance, &out);
    if (status == 0) status = print(&out);
    haul_buf_free(&out);
    return status;
}

const struct haul_command haul_command_keys = {"keys", "list the keys in Redis; the smallest ACL for each role", run};
