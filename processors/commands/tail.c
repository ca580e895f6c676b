/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/base64.h"
#include "haul/kafka_reader.h"
#include "haul/record.h"

#include "processors/commands/commands.h"
#include "processors/commands/kafka_args.h"

#include <stdio.h>

enum { TOPICS_MAX = 64, WAIT_MS = 100 };
#define LINE_MAX_BYTES (8 * 1024 * 1024)

static const char usage[] =
    "usage: haul tail TOPIC|MAILBOX … [-c FILE] [--brokers HOST:PORT,…] [--instance NAME]\n"
    "                 [--from earliest|latest|TIME] [--until-end] [--count N] [--bare|--raw]\n\n"
    "Prints records as JSON lines, with topic, partition, offset, index in the message and "
    "append time; of dead letters\n"
    "the headers too. What is no record is printed as base64, with the reason. Default: from "
    "latest, until interrupted.\n"
    "  --count N  ends after so many messages\n"
    "  --bare     only the records: what 'haul produce' reads\n"
    "  --raw      the messages as they lie in Kafka, whatever they hold, one a line of eight columns with tabs\n"
    "             between: topic, partition, offset, whose time it is (append, create, time: nobody's), the time in\n"
    "             ms, key, headers, value. Key, value, and each header's name=value (comma between) are in "
    "hexadecimal;\n"
    "             - is null, nothing is empty\n";

/* Whose time a message bears: nobody's, its producer's, the broker's. */
static const char *const stamps[] = {"time", "create", "append"};

struct tail {
    struct haul_json json;
    struct haul_buf line;
    struct haul_arena scratch;
    bool bare, raw;
};

static void headers(struct haul_json *j, const struct haul_recorded *m)
{
    if (m->headers_len == 0) return;
    haul_json_name(j, "headers");
    haul_json_open(j, '[');
    for (size_t i = 0; i < m->headers_len; i++) { /* an array: names come more than once, and are anybody's text */
        haul_json_open(j, '[');
        haul_json_str(j, haul_str_of(m->headers[i].name));
        if (m->headers[i].value.p == NULL)
            haul_json_null(j);
        else
            haul_json_str(j, m->headers[i].value);
        haul_json_close(j, ']');
    }
    haul_json_close(j, ']');
}

static void begin(struct tail *t, const struct haul_recorded *m, uint32_t index)
{
    struct haul_json *j = &t->json;
    haul_buf_clear(&t->line);
    haul_json_begin(j, &t->line);
    if (t->bare) return;
    haul_json_open(j, '{');
    haul_json_kstr(j, "topic", haul_str_of(m->topic));
    haul_json_ki64(j, "partition", m->partition);
    haul_json_ki64(j, "offset", m->offset);
    haul_json_ki64(j, "index", index);
    haul_json_ktime(j, stamps[m->stamp], m->stamp == HAUL_STAMP_NONE ? HAUL_TIME_NONE : m->time);
    if (m->key.p != NULL) haul_json_kstr(j, "key", m->key);
    headers(j, m);
}

static void write_line(struct tail *t)
{
    haul_buf_byte(&t->line, '\n');
    if (t->line.overflow)
        fprintf(stderr, "haul tail: a line longer than %d bytes is left out\n", LINE_MAX_BYTES);
    else
        fwrite(t->line.p, 1, t->line.n, stdout);
}

static void end(struct tail *t)
{
    if (!t->bare) haul_json_close(&t->json, '}');
    write_line(t);
}

static void hex(struct haul_buf *out, struct haul_str s)
{
    static const char digits[] = "0123456789abcdef";
    if (s.p == NULL) {
        haul_buf_byte(out, '-');
        return;
    }
    for (size_t i = 0; i < s.n; i++) {
        haul_buf_byte(out, (uint8_t)digits[(uint8_t)s.p[i] >> 4]);
        haul_buf_byte(out, (uint8_t)digits[s.p[i] & 15]);
    }
}

static void print_raw(struct tail *t, const struct haul_recorded *m)
{
    haul_buf_clear(&t->line);
    haul_buf_printf(&t->line, "%s\t%u\t%lld\t%s\t%lld\t", m->topic, (unsigned)m->partition, (long long)m->offset,
                    stamps[m->stamp], (long long)m->time.ms);
    hex(&t->line, m->key);
    haul_buf_byte(&t->line, '\t');
    for (size_t i = 0; i < m->headers_len; i++) {
        if (i > 0) haul_buf_byte(&t->line, ',');
        hex(&t->line, haul_str_of(m->headers[i].name));
        haul_buf_byte(&t->line, '=');
        hex(&t->line, m->headers[i].value);
    }
    haul_buf_byte(&t->line, '\t');
    hex(&t->line, m->value);
    write_line(t);
}

/* What is no record. In the bare form as produce reads it: the key and the bytes. */
static void refused(struct tail *t, const struct haul_recorded *m, uint32_t index, struct haul_str bytes,
                    const struct haul_refusal *why)
{
    struct haul_json *j = &t->json;
    begin(t, m, index);
    if (t->bare) {
        haul_json_open(j, '{');
        if (m->key.p != NULL) haul_json_kstr(j, "key", m->key);
    } else {
        haul_json_kstr(j, "refused", haul_str_of(haul_reason_name(why->reason)));
        haul_json_kstr(j, "why", haul_str_of(why->text));
    }
    haul_json_name(j, "bytes");
    if (bytes.p == NULL) {
        haul_json_null(j);
    } else {
        haul_json_raw(j, HAUL_STR("\""));
        haul_base64_encode(bytes, &t->line);
        haul_buf_byte(&t->line, '"');
    }
    if (t->bare) haul_json_close(j, '}');
    end(t);
}

static void print(struct tail *t, const struct haul_recorded *m)
{
    struct haul_message_cursor c;
    struct haul_record r;
    struct haul_refusal why;
    if (m->value.p == NULL || !haul_message_open(&c, m->value, &why)) {
        if (m->value.p == NULL) why = (struct haul_refusal){.reason = HAUL_REASON_EMPTY, .text = "a null value"};
        refused(t, m, 0, m->value, &why);
        return;
    }
    for (uint32_t index = 0; c.left > 0; index++) {
        haul_arena_reset(&t->scratch);
        if (!haul_record_decode(&c, &r, &t->scratch, &why)) {
            refused(t, m, index, r.raw, &why);
            continue;
        }
        begin(t, m, index);
        if (!t->bare) haul_json_name(&t->json, "record");
        haul_record_to_json(&r, &t->json);
        end(t);
    }
}

static enum haul_err follow(struct tail *t, struct haul_kafka_reader *from, uint64_t count, struct haul_error *e)
{
    struct haul_recorded m;
    for (uint64_t seen = 0; !stop_asked && seen < count;) {
        const enum haul_err err = haul_kafka_reader_next(from, WAIT_MS, &m, e);
        if (err == HAUL_OK) {
            if (t->raw)
                print_raw(t, &m);
            else
                print(t, &m);
            seen++;
        } else if (err == HAUL_E_END) {
            break;
        } else if (err == HAUL_E_UNAVAILABLE) {
            fprintf(stderr, "haul tail: %s\n", e->text);
        } else if (err != HAUL_E_AGAIN) {
            return err;
        }
        if (err != HAUL_OK && fflush(stdout) != 0) break; /* nobody reads any more */
        if (ferror(stdout) != 0) break;
    }
    return HAUL_OK;
}

static enum haul_err tail(const struct kafka_setup *s, const struct haul_reader_spec *spec, bool bare, bool raw,
                          uint64_t count, struct haul_error *e)
{
    struct tail t = {.bare = bare, .raw = raw};
    struct haul_kafka_reader *from;
    enum haul_err err = haul_kafka_reader_open(&s->kafka, spec, &from, e);
    if (err != HAUL_OK) return err;
    haul_buf_init(&t.line, 4096, LINE_MAX_BYTES);
    haul_arena_init(&t.scratch, HAUL_RECORD_SCRATCH);
    err = follow(&t, from, count, e);
    haul_arena_free(&t.scratch);
    haul_buf_free(&t.line);
    haul_kafka_reader_close(from);
    if (err == HAUL_OK && fflush(stdout) != 0) err = haul_fail(e, HAUL_E_IO, "standard output takes no more");
    return err;
}

static int run(int argc, char **argv)
{
    struct args a;
    struct kafka_setup s;
    struct haul_error e;
    struct haul_reader_spec spec = {.from = HAUL_FROM_LATEST};
    const char *from = NULL, *count = NULL;
    bool bare = false, raw = false;
    double most = 1e18;
    static char names[TOPICS_MAX][HAUL_KAFKA_TOPIC_BYTES];
    const char *topics[TOPICS_MAX];
    const struct args_flag flags[] = {{"--from", &from, NULL},
                                      {"--count", &count, NULL},
                                      {"--bare", NULL, &bare},
                                      {"--raw", NULL, &raw},
                                      {"--until-end", NULL, &spec.until_end},
                                      {NULL, NULL, NULL}};
    const bool read = args_read(&a, argc, argv, flags);
    if (read && a.help) return fputs(usage, stdout), 0;
    if (!read || a.plain_len == 0 || a.plain_len > TOPICS_MAX || (bare && raw))
        return fputs(usage, stderr), HAUL_EXIT_USAGE;
    if (spec.until_end) spec.from = HAUL_FROM_EARLIEST; /* of a topic up to its end something is wanted */
    if (!args_from(from, &spec) || (count != NULL && !args_number("--count", count, 1, 1e18, &most)))
        return HAUL_EXIT_USAGE;
    const int status = setup_open(&s, &a);
    if (status != 0) return status;
    enum haul_err err = HAUL_OK;
    for (size_t i = 0; i < a.plain_len && err == HAUL_OK; i++) {
        topics[i] = names[i];
        if (!setup_topic(&s, a.plain[i], names[i])) err = haul_fail(&e, HAUL_E_LIMIT, "a topic's name is too long");
    }
    spec.topics = topics;
    spec.topics_len = a.plain_len;
    stop_on_signals();
    if (err == HAUL_OK) err = tail(&s, &spec, bare, raw, (uint64_t)most, &e);
    if (err != HAUL_OK) fprintf(stderr, "haul tail: %s\n", e.text);
    setup_close(&s);
    return exit_status(err);
}

const struct haul_command haul_command_tail = {"tail", "print the records of topics as JSON lines", run};
