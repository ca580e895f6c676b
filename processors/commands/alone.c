/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/commands/alone.h"

#include "processors/commands/commands.h"

#include <getopt.h>
#include <stdio.h>

#define LOOK_MS   250
#define LET_GO_MS 2000

static enum haul_err look_for_owner(struct haul_kafka_admin *admin, unsigned mailbox, int32_t partition,
                                    int32_t *owner_of, struct haul_error *e)
{
    bool owned[HAUL_PARTITIONS_MAX];
    const enum haul_err err = haul_kafka_admin_owned(admin, mailbox, owned, e);
    *owner_of = -1;
    for (int32_t i = 0; err == HAUL_OK && *owner_of < 0 && i < HAUL_PARTITIONS_MAX; i++)
        if (owned[i] && (partition < 0 || partition == i)) *owner_of = i;
    return err;
}

enum haul_err command_alone(const char *command, const struct runtime *r, struct haul_kafka_admin *admin,
                            unsigned mailbox, int32_t partition, struct haul_error *e)
{
    const struct haul_mono start = haul_mono_now();
    const int64_t limit_ms = r->kafka->session_timeout_ms + LET_GO_MS;
    const char *name = haul_mailbox_row(mailbox)->name;
    int32_t of = -1;
    enum haul_err err = look_for_owner(admin, mailbox, partition, &of, e);
    if (err == HAUL_OK && of >= 0)
        fprintf(stderr, "haul %s: somebody has %s/%d: waiting up to %lld s for the group to see it go\n", command, name,
                of, (long long)limit_ms / 1000);
    while ((err == HAUL_OK && of >= 0) || err == HAUL_E_UNAVAILABLE) {
        if ((haul_mono_now().ns - start.ns) / 1000000 > limit_ms) break;
        haul_sleep_ms(LOOK_MS);
        err = look_for_owner(admin, mailbox, partition, &of, e);
    }
    if (err != HAUL_OK || of < 0) return err;
    return haul_fail(e, HAUL_E_CONFLICT, "an owner of %s/%d runs: stop it first", name, of);
}

int command_one_processor(int argc, char **argv, const char *usage, const char **config, const char **processor)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"processor", required_argument, NULL, 'p'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    for (int c; (c = getopt_long(argc, argv, "c:p:h", options, NULL)) != -1;) {
        if (c == 'c') {
            *config = optarg;
        } else if (c == 'p') {
            *processor = optarg;
        } else {
            fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : HAUL_EXIT_USAGE;
        }
    }
    if (*processor != NULL && strchr(*processor, ',') == NULL && optind == argc) return -1;
    fputs(usage, stderr);
    return HAUL_EXIT_USAGE;
}
