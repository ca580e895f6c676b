/* SPDX-License-Identifier: Apache-2.0
 * haul redrive: dead letters are asked to be sent again. This only puts them into the mailbox `redrive`; its task sends
 * each on once, whoever asks how often.
 */
#include "haul/deadletter.h"
#include "haul/hash.h"
#include "haul/processors.h"
#include "haul/record.h"

#include "processors/commands/commands.h"
#include "processors/commands/feed.h"

#include <stdio.h>

#define WAIT_MS   200
#define BYTES_MAX 62000 /* of a record of the mailbox, its other fields taken off */
#define KEY_MAX   1024

static const char usage[] =
    "usage: haul redrive [-c FILE] [--reason REASON] [--mailbox NAME] [--since TIME] [--dry-run] [--brokers "
    "HOST:PORT,…]\n"
    "                    [--instance NAME]\n\n"
    "Dead letters go back to the mailboxes they came from, through the same gates. One that was sent again before is "
    "not sent a\n"
    "second time, and one that is refused again becomes another letter, up to redrive.attempts_max times. `haul run` "
    "must run\n"
    "the processor redrive.\n"
    "  --reason REASON  only those refused for it: time_in_past, unknown_kind (haul schema lists them)\n"
    "  --mailbox NAME   only those that came from there\n"
    "  --since TIME     only those refused since\n"
    "  --dry-run        only says how many there are\n";

struct redrive {
    const char *reason, *mailbox;
    bool dry;
    struct kafka_setup *setup;
    struct feed feed;
    char topic[HAUL_KAFKA_TOPIC_BYTES];
    uint32_t partitions;
    uint64_t letters, chosen, too_large, odd;
    uint64_t by_reason[HAUL_REASON_COUNT];
    struct haul_buf packed;
};

static struct haul_str header(const struct haul_recorded *m, const char *name)
{
    for (size_t i = 0; i < m->headers_len; i++)
        if (strcmp(m->headers[i].name, name) == 0 && m->headers[i].value.p != NULL) return m->headers[i].value;
    return (struct haul_str){"", 0};
}

static int64_t number(struct haul_str s, int64_t otherwise)
{
    int64_t v = 0;
    if (s.n == 0 || s.n > 18) return otherwise;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return otherwise;
        v = v * 10 + (s.p[i] - '0');
    }
    return v;
}

/* "<instance>haul.fleet" or what kafka.topics calls it: the mailbox. */
static enum haul_mailbox came_from(const struct redrive *x, const struct haul_recorded *m)
{
    struct haul_str topic = header(m, "__connect.errors.topic");
    const size_t instance = strlen(x->setup->instance);
    if (topic.n < instance + 5 || memcmp(topic.p, x->setup->instance, instance) != 0 ||
        memcmp(topic.p + instance, "haul.", 5) != 0)
        return HAUL_MAILBOX_NONE;
    return haul_mailbox_find((struct haul_str){topic.p + instance + 5, topic.n - instance - 5});
}

static unsigned reason_of(struct haul_str name)
{
    for (unsigned i = 1; i < HAUL_REASON_COUNT; i++)
        if (haul_str_eq(haul_str_of(haul_reason_name((enum haul_reason)i)), name)) return i;
    return HAUL_REASON_NONE;
}

/* Who refused it, and its number there; a letter that is none of haul's is known by its place in the topic. */
static void identity(const struct haul_recorded *m, char id[HAUL_ID_MAX + 1], int64_t *sequence)
{
    struct haul_sender s;
    if (haul_sender_parse(header(m, "haul"), &s)) {
        *sequence = (int64_t)s.sequence;
        snprintf(id, HAUL_ID_MAX + 1, "%s/%u:%llu/%lld", haul_mailbox_row(s.mailbox)->name, s.partition,
                 (unsigned long long)s.incarnation, (long long)(*sequence / HAUL_REDRIVE_BLOCK));
    } else {
        *sequence = m->offset;
        snprintf(id, HAUL_ID_MAX + 1, "%u/%lld", m->partition, (long long)(*sequence / HAUL_REDRIVE_BLOCK));
    }
}

static enum haul_err send(struct redrive *x, const struct haul_recorded *m, enum haul_mailbox to, struct haul_error *e)
{
    char id[HAUL_ID_MAX + 1];
    int64_t sequence;
    struct haul_record r;
    identity(m, id, &sequence);
    haul_record_init(&r, HAUL_KIND_REDRIVE, haul_str_of(id), haul_wall_now());
    haul_set_i(&r, HAUL_F_REDRIVE_NUMBER, sequence);
    haul_set_s(&r, HAUL_F_REDRIVE_TO, haul_str_of(haul_mailbox_row(to)->name));
    haul_set_i(&r, HAUL_F_REDRIVE_PARTITION, number(header(m, "__connect.errors.partition"), 0));
    if (m->key.n > 0) haul_set_s(&r, HAUL_F_REDRIVE_KEY, m->key);
    haul_set_s(&r, HAUL_F_REDRIVE_BYTES, m->value);
    haul_set_i(&r, HAUL_F_REDRIVE_ATTEMPT, number(header(m, "haul.attempt"), 0));
    struct haul_refusal why;
    if (!haul_record_check(&r, &why)) {
        x->odd++;
        return HAUL_OK;
    }
    haul_buf_clear(&x->packed);
    haul_record_pack(&r, &x->packed);
    const struct haul_outgoing out = {
        .topic = x->topic,
        .partition = (int32_t)haul_partition_of(haul_murmur2(id, strlen(id)), x->partitions),
        .key = haul_str_of(id),
        .value = {(const char *)x->packed.p, x->packed.n},
    };
    return feed_send(&x->feed, &out, e);
}

static enum haul_err take(struct redrive *x, const struct haul_recorded *m, struct haul_error *e)
{
    const struct haul_str reason = header(m, "__connect.errors.exception.class.name");
    const enum haul_mailbox to = came_from(x, m);
    x->letters++;
    if (x->reason != NULL && !haul_str_eq(reason, haul_str_of(x->reason))) return HAUL_OK;
    if (x->mailbox != NULL && to != haul_mailbox_find(haul_str_of(x->mailbox))) return HAUL_OK;
    if (to == HAUL_MAILBOX_NONE || to == HAUL_MAILBOX_REDRIVE) {
        x->odd++;
        return HAUL_OK;
    }
    if (m->value.n > BYTES_MAX || m->key.n > KEY_MAX) {
        x->too_large++;
        return HAUL_OK;
    }
    x->chosen++;
    x->by_reason[reason_of(reason)]++;
    return x->dry ? HAUL_OK : send(x, m, to, e);
}

static enum haul_err read_letters(struct redrive *x, const struct haul_reader_spec *spec, struct haul_error *e)
{
    struct haul_kafka_reader *from;
    enum haul_err err = haul_kafka_reader_open(&x->setup->kafka, spec, &from, e);
    if (err != HAUL_OK) return err;
    while (!stop_asked && (err == HAUL_OK || err == HAUL_E_AGAIN)) {
        struct haul_recorded m;
        err = haul_kafka_reader_next(from, WAIT_MS, &m, e);
        if (err == HAUL_OK) err = take(x, &m, e);
    }
    haul_kafka_reader_close(from);
    return err == HAUL_E_END ? HAUL_OK
           : err == HAUL_OK || err == HAUL_E_AGAIN
               ? haul_fail(e, HAUL_E_STOPPED, "interrupted; what was asked for is asked for")
               : err;
}

static void tell(const struct redrive *x)
{
    printf("%llu dead letters, %llu %s\n", (unsigned long long)x->letters, (unsigned long long)x->chosen,
           x->dry ? "would be sent again, but those that were"
                  : "given to the processor redrive, which sends each once");
    for (unsigned i = 0; i < HAUL_REASON_COUNT; i++)
        if (x->by_reason[i] > 0)
            printf("  %-24s %llu\n", i == 0 ? "(no reason of haul's)" : haul_reason_name((enum haul_reason)i),
                   (unsigned long long)x->by_reason[i]);
    if (x->too_large > 0) printf("%llu are left: more than %d bytes\n", (unsigned long long)x->too_large, BYTES_MAX);
    if (x->odd > 0) printf("%llu are left: they do not say which mailbox they came from\n", (unsigned long long)x->odd);
}

static enum haul_err redrive(struct redrive *x, struct haul_reader_spec *spec, struct haul_error *e)
{
    char letters[HAUL_KAFKA_TOPIC_BYTES];
    const char *topics[] = {letters};
    if (!setup_topic(x->setup, "deadletters", letters) || !setup_topic(x->setup, "redrive", x->topic))
        return haul_fail(e, HAUL_E_LIMIT, "a topic's name is too long");
    spec->topics = topics;
    spec->topics_len = 1;
    enum haul_err err = x->dry ? HAUL_OK : feed_open(&x->feed, x->setup, "letters", e);
    if (err == HAUL_OK && !x->dry) err = feed_partitions(&x->feed, x->topic, &x->partitions, e);
    if (err == HAUL_OK) err = read_letters(x, spec, e);
    struct haul_error closing;
    const enum haul_err closed = x->dry ? HAUL_OK : feed_close(&x->feed, &closing);
    if (err == HAUL_OK && closed != HAUL_OK) err = haul_fail(e, closed, "%s", closing.text);
    return err;
}

static int run(int argc, char **argv)
{
    struct args a;
    struct kafka_setup s;
    struct haul_error e = {0};
    struct redrive x = {.setup = &s};
    struct haul_reader_spec spec = {.from = HAUL_FROM_EARLIEST, .until_end = true};
    const char *since = NULL;
    const struct args_flag flags[] = {{"--reason", &x.reason, NULL},
                                      {"--mailbox", &x.mailbox, NULL},
                                      {"--since", &since, NULL},
                                      {"--dry-run", NULL, &x.dry},
                                      {NULL, NULL, NULL}};
    const bool read = args_read(&a, argc, argv, flags);
    if (read && a.help) return fputs(usage, stdout), 0;
    if (!read || a.plain_len > 0) return fputs(usage, stderr), HAUL_EXIT_USAGE;
    if (x.reason != NULL && reason_of(haul_str_of(x.reason)) == HAUL_REASON_NONE)
        return fprintf(stderr, "haul redrive: '%s' is no reason; haul schema lists them\n", x.reason), HAUL_EXIT_USAGE;
    if (x.mailbox != NULL && haul_mailbox_find(haul_str_of(x.mailbox)) == HAUL_MAILBOX_NONE)
        return fprintf(stderr, "haul redrive: '%s' is no mailbox\n", x.mailbox), HAUL_EXIT_USAGE;
    if (!args_from(since, &spec)) return HAUL_EXIT_USAGE;
    const int status = setup_open(&s, &a);
    if (status != 0) return status;
    stop_on_signals();
    haul_buf_init(&x.packed, 4096, 2 * HAUL_RECORD_MAX);
    const enum haul_err err = redrive(&x, &spec, &e);
    if (err == HAUL_OK)
        tell(&x);
    else
        fprintf(stderr, "haul redrive: %s\n", e.text);
    haul_buf_free(&x.packed);
    setup_close(&s);
    return exit_status(err);
}

const struct haul_command haul_command_redrive = {"redrive", "send dead letters again, once each", run};
