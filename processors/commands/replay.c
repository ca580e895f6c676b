/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/recording.h"

#include "haul/record.h"
#include "haul/topics.h"
#include "processors/commands/commands.h"
#include "processors/commands/feed.h"

#include <stdio.h>

static const char usage[] =
    "usage: haul replay FILE [--to HOST:PORT,… | -c FILE] [--instance NAME] [--speed X|max] [--shift-to now|TIME]\n"
    "                   [--outside-only]\n\n"
    "Sends the messages of a recording again, to the same topics and partitions, byte for byte.\n"
    "  --instance NAME  mailboxes of this instance instead of the recorded one\n"
    "  --speed X        so many times as fast as they were recorded (default: max; with --shift-to: 1)\n"
    "  --shift-to now   moves the records' event times; haul's own messages are left out, and what is no record is "
    "sent\n"
    "                   as it is\n"
    "  --outside-only   leaves out haul's own messages (those with a header \"haul\")\n"
    "A broker stamps messages anew: runs that must come out the same read the recording itself.\n";

#define BODY_MAX (HAUL_MESSAGE_MAX * HAUL_RECORD_MAX)

struct replay {
    struct feed feed;
    struct pace pace;
    const struct kafka_setup *setup;
    bool other_instance, outside_only;
    uint64_t left_out, unmoved; /* haul's own; without a time that could be moved */
    struct haul_arena scratch;
    struct haul_buf body;
};

static bool is_hauls(const struct haul_recorded *m)
{
    for (size_t i = 0; i < m->headers_len; i++)
        if (strcmp(m->headers[i].name, "haul") == 0) return true;
    return false;
}

/* The topic to send to. False: its name is too long. */
static bool target(const struct replay *r, const char *topic, char out[HAUL_KAFKA_TOPIC_BYTES])
{
    const char *name = NULL;
    for (const char *p = topic; (p = strstr(p, "haul.")) != NULL; p++) name = p + 5;
    if (r->other_instance && name != NULL) return setup_topic(r->setup, name, out);
    return snprintf(out, HAUL_KAFKA_TOPIC_BYTES, "%s", topic) < HAUL_KAFKA_TOPIC_BYTES;
}

/* Packs the message again with its records' times moved. False: one of them cannot be read, or has fields that packing
 * would lose. */
static bool move_times(struct replay *r, struct haul_str value, struct haul_str *out)
{
    struct haul_message_cursor c;
    struct haul_record record;
    struct haul_refusal why;
    haul_buf_clear(&r->body);
    if (value.p == NULL || !haul_message_open(&c, value, &why)) return false;
    if (c.count > 1) haul_message_pack_header(c.count, &r->body);
    while (c.left > 0) {
        haul_arena_reset(&r->scratch);
        if (!haul_record_decode(&c, &record, &r->scratch, &why) || record.unknown > 0) return false;
        record.time.ms += r->pace.shift_ms;
        haul_record_pack(&record, &r->body);
    }
    *out = (struct haul_str){(const char *)r->body.p, r->body.n};
    return !r->body.overflow;
}

static enum haul_err send_one(struct replay *r, const struct haul_recorded *m, struct haul_error *e)
{
    char topic[HAUL_KAFKA_TOPIC_BYTES];
    uint32_t count;
    if ((r->outside_only || r->pace.shift) && is_hauls(m)) return r->left_out++, HAUL_OK;
    if (!target(r, m->topic, topic)) return haul_fail(e, HAUL_E_LIMIT, "a topic's name is too long");
    enum haul_err err = feed_partitions(&r->feed, topic, &count, e);
    if (err != HAUL_OK) return err;
    if (m->partition >= count)
        return haul_fail(e, HAUL_E_CONFLICT, "%s/%u was recorded, but the topic has %u partitions here", topic,
                         m->partition, count);
    if (!feed_wait(&r->feed, pace_left(&r->pace, m->time.ms))) return haul_fail(e, HAUL_E_STOPPED, "interrupted");
    struct haul_outgoing out = {.topic = topic,
                                .partition = (int32_t)m->partition,
                                .key = m->key,
                                .value = m->value,
                                .headers = m->headers,
                                .headers_len = m->headers_len};
    if (r->pace.shift && !move_times(r, m->value, &out.value)) {
        out.value = m->value;
        r->unmoved++;
    }
    return feed_send(&r->feed, &out, e);
}

/* The recorded times of the first and the last message. */
static enum haul_err span(struct haul_recording *file, struct pace *p, struct haul_error *e)
{
    struct haul_recorded m;
    enum haul_err err;
    int64_t first = INT64_MAX, last = INT64_MIN;
    while ((err = haul_recording_next(file, &m, e)) == HAUL_OK) {
        if (m.time.ms < first) first = m.time.ms;
        if (m.time.ms > last) last = m.time.ms;
    }
    if (err != HAUL_E_END) return err;
    if (first <= last) pace_begin(p, first, last);
    return haul_recording_rewind(file, e);
}

static enum haul_err send_all(struct replay *r, struct haul_recording *file, struct haul_error *e)
{
    struct haul_recorded m;
    enum haul_err err = pace_needs_span(&r->pace) ? span(file, &r->pace, e) : HAUL_OK;
    while (err == HAUL_OK && !stop_asked) {
        err = haul_recording_next(file, &m, e);
        if (err == HAUL_OK) err = send_one(r, &m, e);
    }
    return err == HAUL_E_END ? HAUL_OK : err;
}

/* Opens the recording first: what is none is told without a broker. */
static enum haul_err replay(struct replay *r, const char *path, struct haul_error *e)
{
    struct haul_recording *file;
    enum haul_err err = haul_recording_open(path, &file, e);
    if (err != HAUL_OK) return err;
    err = feed_open(&r->feed, r->setup, "replaying", e);
    if (err == HAUL_OK) err = send_all(r, file, e);
    if (haul_recording_torn(file) != NULL) fprintf(stderr, "haul replay: %s\n", haul_recording_torn(file));
    haul_recording_close(file);
    const enum haul_err closed = feed_close(&r->feed, err == HAUL_OK ? e : NULL);
    fprintf(stderr, "%s: %llu messages sent", path, (unsigned long long)r->feed.sent);
    if (r->left_out > 0) fprintf(stderr, ", %llu of haul's own left out", (unsigned long long)r->left_out);
    if (r->unmoved > 0) fprintf(stderr, ", %llu without a time to move", (unsigned long long)r->unmoved);
    fputc('\n', stderr);
    return err != HAUL_OK ? err : closed;
}

static int run(int argc, char **argv)
{
    struct args a;
    struct kafka_setup s;
    struct haul_error e;
    struct replay r = {.setup = &s};
    const char *to = NULL, *speed = NULL, *shift_to = NULL;
    const struct args_flag flags[] = {{"--to", &to, NULL},
                                      {"--speed", &speed, NULL},
                                      {"--shift-to", &shift_to, NULL},
                                      {"--outside-only", NULL, &r.outside_only},
                                      {NULL, NULL, NULL}};
    const bool read = args_read(&a, argc, argv, flags);
    if (read && a.help) return fputs(usage, stdout), 0;
    if (!read || a.plain_len != 1) return fputs(usage, stderr), HAUL_EXIT_USAGE;
    if (!pace_read(&r.pace, speed, shift_to)) return HAUL_EXIT_USAGE;
    if (to != NULL) a.brokers = to;
    const int status = setup_open(&s, &a);
    if (status != 0) return status;
    r.other_instance = a.instance != NULL;
    haul_arena_init(&r.scratch, HAUL_RECORD_SCRATCH);
    haul_buf_init(&r.body, 0, BODY_MAX);
    stop_on_signals();
    const enum haul_err err = replay(&r, a.plain[0], &e);
    if (err != HAUL_OK) fprintf(stderr, "haul replay: %s\n", e.text);
    haul_buf_free(&r.body);
    haul_arena_free(&r.scratch);
    setup_close(&s);
    return exit_status(err);
}

const struct haul_command haul_command_replay = {"replay", "send the messages of a recording again", run};
