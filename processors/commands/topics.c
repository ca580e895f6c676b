/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/kafka_topics.h"

#include "processors/commands/commands.h"
#include "processors/commands/kafka_args.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: haul topics create|check [-c FILE] [--brokers HOST:PORT,…] [--instance NAME]\n\n"
    "create  makes haul's topics where they are missing: the mailboxes, haul.alerts, haul.deadletters, haul.blobs\n"
    "check   compares them with what they should be; exit status 1 when one is missing or wrong\n"
    "Topics that are there are compared, never changed.\n";

static void tell(void *arg, enum haul_topic_verdict verdict, const char *topic, const char *text)
{
    static const char *const words[] = {"made", "right", "wrong", "missing", "failed"};
    (void)arg;
    printf("%-8s %s%s%s\n", words[verdict], topic, text[0] == '\0' ? "" : ": ", text);
}

static int run(int argc, char **argv)
{
    static const struct args_flag none[] = {{NULL, NULL, NULL}};
    struct args a;
    struct kafka_setup s;
    struct haul_error e;
    const bool read = args_read(&a, argc, argv, none);
    const bool create = a.plain_len == 1 && strcmp(a.plain[0], "create") == 0;
    if (!read || a.help || a.plain_len != 1 || (!create && strcmp(a.plain[0], "check") != 0)) {
        fputs(usage, read && a.help ? stdout : stderr);
        return read && a.help ? 0 : HAUL_EXIT_USAGE;
    }
    const int status = setup_open(&s, &a);
    if (status != 0) return status;
    const enum haul_err err =
        (create ? haul_topics_create : haul_topics_check)(&s.kafka, s.instance, s.engine->partitions, tell, NULL, &e);
    setup_close(&s);
    if (err != HAUL_OK) fprintf(stderr, "haul topics: %s\n", e.text);
    return exit_status(err);
}

const struct haul_command haul_command_topics = {"topics", "make haul's Kafka topics, or check them", run};
