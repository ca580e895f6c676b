/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/base64.h"
#include "haul/hash.h"
#include "haul/mapping.h"
#include "haul/record.h"

#include "processors/commands/commands.h"
#include "processors/commands/feed.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: haul produce TOPIC|MAILBOX [FILE|-] [-c FILE] [--brokers HOST:PORT,…] [--instance NAME]\n"
    "                    [--csv --kind KIND [--map …] [--set …] [--zone …]] [--shift-to now|TIME] [--speed X|max]\n"
    "                    [--pack N] [--partition N]\n\n"
    "Sends records, one a line: JSON as 'haul schema' describes it, or CSV. The key is the entity's id, its partition "
    "is\n"
    "murmur2's. A line {\"key\":TEXT,\"bytes\":BASE64} is sent as the bytes that it says. A bad line is told and left "
    "out;\n"
    "the exit status is then 65.\n"
    "  --map id=vehicle,time=ts,lat=latitude,lon=longitude,speed_kmh=speed[m/s]   columns (default: those with the\n"
    "                   fields' own names)\n"
    "  --set group=bus,source=gtfs   the same in every record\n"
    "  --zone Asia/Shanghai          of times that name none\n"
    "  --shift-to now   moves the records' times so that none is from the future\n"
    "  --speed X        so many times as fast as their times say (default: max; with --shift-to: 1)\n"
    "  --pack N         up to N records of one partition in a message, 1 to 256 (default: 1)\n"
    "  --partition N    this one, whatever the key\n";

enum { COMPLAINTS_MAX = 20, PARTITIONS_MAX = 65536 };
#define PACK_BYTES_MAX (48 * 1024)
#define LINE_BYTES_MAX (16 * 1024 * 1024) /* twice the longest line: a message that is no record, as base64 */

/* Records of one partition that wait for more. */
struct pack {
    struct haul_buf body;
    uint32_t n;
    char key[HAUL_ID_MAX];
    size_t key_n;
};

struct produce {
    struct feed feed;
    struct pace pace;
    char topic[HAUL_KAFKA_TOPIC_BYTES];
    uint32_t partitions;
    int32_t partition; /* -1: by the key */
    uint32_t pack_most;
    struct pack *packs; /* by partition */
    uint32_t packed;    /* partitions with something in their pack */
    uint64_t records, bad;
    struct haul_buf message;
};

/* What is read: the next record, or bytes. */
struct input {
    FILE *file;
    const char *name;
    bool csv;
    struct haul_mapping_spec spec;
    struct haul_csv *rows;
    struct haul_mapping *mapping;
    struct haul_arena scratch;
    char *line;
    size_t line_cap;
    uint64_t line_number;
};

struct item {
    bool raw;
    struct haul_record record;
    struct haul_str key, bytes; /* raw */
};

/* ---- reading ------------------------------------------------------------------------------------------------------
 */
static enum haul_err open_table(struct input *in, struct haul_error *e)
{
    struct haul_csv_row header;
    in->rows = haul_csv_open(haul_csv_read_stdio, in->file);
    if (in->rows == NULL) return haul_fail(e, HAUL_E_NOMEM, "no memory to read CSV");
    const enum haul_err err = haul_csv_next(in->rows, &header, e);
    if (err == HAUL_E_END)
        return haul_fail(e, HAUL_E_INVALID, "%s is empty: its first line names the columns", in->name);
    return err != HAUL_OK ? err : haul_mapping_open(&in->spec, &header, &in->mapping, e);
}

static enum haul_err input_open(struct input *in, const char *path, struct haul_error *e)
{
    in->name = strcmp(path, "-") == 0 ? "standard input" : path;
    in->file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (in->file == NULL)
        return haul_fail(e, errno == ENOENT ? HAUL_E_NOT_FOUND : HAUL_E_IO, "%s: %s", path, strerror(errno));
    haul_arena_init(&in->scratch, LINE_BYTES_MAX);
    return in->csv ? open_table(in, e) : HAUL_OK;
}

static void input_close(struct input *in)
{
    if (in->mapping != NULL) haul_mapping_close(in->mapping);
    if (in->rows != NULL) haul_csv_close(in->rows);
    if (in->file != NULL && in->file != stdin) fclose(in->file);
    haul_arena_free(&in->scratch);
    free(in->line);
    *in = (struct input){.csv = in->csv, .spec = in->spec};
}

/* {"key":TEXT,"bytes":BASE64}; true when the line has that form, and then *err says whether it is right. */
static bool raw_line(struct input *in, size_t n, struct item *out, enum haul_err *err, struct haul_error *e)
{
    if (memmem(in->line, n, "\"bytes\"", 7) == NULL) return false;
    json_t *line = json_loadb(in->line, n, JSON_REJECT_DUPLICATES, NULL);
    const json_t *bytes = json_object_get(line, "bytes"), *key = json_object_get(line, "key");
    if (bytes == NULL || json_object_get(line, "kind") != NULL) return json_decref(line), false;
    *out = (struct item){.raw = true};
    *err = HAUL_OK;
    if (json_is_string(key)) {
        char *to = haul_arena_take(&in->scratch, json_string_length(key));
        assert(to != NULL);
        memcpy(to, json_string_value(key), json_string_length(key));
        out->key = (struct haul_str){to, json_string_length(key)};
    }
    const struct haul_str text = {json_string_value(bytes), json_string_length(bytes)};
    uint8_t *to = haul_arena_take(&in->scratch, text.n / 4 * 3 + 1);
    size_t size = 0;
    if (!json_is_null(bytes) && (!json_is_string(bytes) || to == NULL || !haul_base64_decode(text, to, &size)))
        *err = haul_fail(e, HAUL_E_INVALID, "bytes: not base64");
    else if (!json_is_null(bytes))
        out->bytes = (struct haul_str){(const char *)to, size};
    json_decref(line);
    return true;
}

static enum haul_err next_line(struct input *in, struct item *out, struct haul_error *e)
{
    ssize_t n;
    do {
        n = getline(&in->line, &in->line_cap, in->file);
        if (n < 0 && ferror(in->file) != 0 && errno == EINTR && !stop_asked) clearerr(in->file);
        if (n < 0) return haul_fail(e, HAUL_E_END, "no more lines");
        in->line_number++;
        while (n > 0 && strchr("\r\n \t", in->line[n - 1]) != NULL) n--;
    } while (n == 0);
    enum haul_err err;
    struct haul_error why;
    haul_arena_reset(&in->scratch);
    if ((size_t)n > LINE_BYTES_MAX / 2)
        err = haul_fail(&why, HAUL_E_LIMIT, "longer than %d bytes", LINE_BYTES_MAX / 2);
    else if (!raw_line(in, (size_t)n, out, &err, &why)) {
        out->raw = false;
        err = haul_record_from_json((struct haul_str){in->line, (size_t)n}, &out->record, &in->scratch, &why);
    }
    if (err == HAUL_OK) return HAUL_OK;
    return haul_fail(e, HAUL_E_INVALID, "line %llu: %s", (unsigned long long)in->line_number, why.text);
}

static enum haul_err next_row(struct input *in, struct item *out, struct haul_error *e)
{
    struct haul_csv_row row;
    haul_arena_reset(&in->scratch);
    out->raw = false;
    enum haul_err err = haul_csv_next(in->rows, &row, e);
    if (err == HAUL_E_END || err == HAUL_E_IO) return err;
    if (err == HAUL_OK) err = haul_mapping_record(in->mapping, &row, &out->record, &in->scratch, e);
    if (err != HAUL_OK && e->code != HAUL_E_INVALID) e->code = HAUL_E_INVALID; /* this row, not the file */
    return err == HAUL_OK ? HAUL_OK : HAUL_E_INVALID;
}

/* OK, END, INVALID (this line; go on), or what ends the reading. */
static enum haul_err input_next(struct input *in, struct item *out, struct haul_error *e)
{
    return in->csv ? next_row(in, out, e) : next_line(in, out, e);
}

/* Reads all for the first and the last time. */
static enum haul_err span(struct input *in, const char *path, struct pace *p, struct haul_error *e)
{
    static struct item item;
    int64_t first = INT64_MAX, last = INT64_MIN;
    if (strcmp(path, "-") == 0)
        return haul_fail(e, HAUL_E_UNSUPPORTED,
                         "--shift-to now at this speed needs a file: the last time must be known before the first");
    enum haul_err err = input_open(in, path, e);
    while (err == HAUL_OK || err == HAUL_E_INVALID) {
        err = input_next(in, &item, e);
        if (err != HAUL_OK || item.raw) continue;
        if (item.record.time.ms < first) first = item.record.time.ms;
        if (item.record.time.ms > last) last = item.record.time.ms;
    }
    input_close(in);
    if (err != HAUL_E_END) return err;
    if (first <= last) pace_begin(p, first, last);
    return HAUL_OK;
}

/* ---- sending ------------------------------------------------------------------------------------------------------
 */
static enum haul_err send_message(struct produce *p, uint32_t partition, struct haul_str key, struct haul_str value,
                                  struct haul_error *e)
{
    const struct haul_outgoing m = {.topic = p->topic, .partition = (int32_t)partition, .key = key, .value = value};
    return feed_send(&p->feed, &m, e);
}

static enum haul_err send_pack(struct produce *p, uint32_t partition, struct haul_error *e)
{
    struct pack *k = &p->packs[partition];
    struct haul_str value = {(const char *)k->body.p, k->body.n};
    if (k->n == 0) return HAUL_OK;
    if (k->n > 1) {
        haul_buf_clear(&p->message);
        haul_message_pack_header(k->n, &p->message);
        haul_buf_str(&p->message, value);
        value = (struct haul_str){(const char *)p->message.p, p->message.n};
    }
    const enum haul_err err = send_message(p, partition, (struct haul_str){k->key, k->key_n}, value, e);
    haul_buf_clear(&k->body);
    k->n = 0;
    p->packed--;
    return err;
}

static enum haul_err send_packs(struct produce *p, struct haul_error *e)
{
    for (uint32_t i = 0; i < p->partitions && p->packed > 0; i++) {
        const enum haul_err err = send_pack(p, i, e);
        if (err != HAUL_OK) return err;
    }
    return HAUL_OK;
}

static uint32_t place(const struct produce *p, struct haul_str key)
{
    return p->partition >= 0 ? (uint32_t)p->partition : haul_partition_of(haul_murmur2(key.p, key.n), p->partitions);
}

static enum haul_err send_record(struct produce *p, struct haul_record *r, struct haul_error *e)
{
    const int64_t left = pace_left(&p->pace, r->time.ms);
    if (left > 0) { /* what is packed is not held back by what is not due */
        const enum haul_err err = send_packs(p, e);
        if (err != HAUL_OK) return err;
        if (!feed_wait(&p->feed, left)) return haul_fail(e, HAUL_E_STOPPED, "interrupted");
    }
    r->time.ms += p->pace.shift_ms;
    const uint32_t partition = place(p, r->id);
    struct pack *k = &p->packs[partition];
    if (k->n == 0) {
        memcpy(k->key, r->id.p, r->id.n);
        k->key_n = r->id.n;
        p->packed++;
    }
    haul_record_pack(r, &k->body);
    k->n++;
    p->records++;
    return k->n == p->pack_most || k->body.n >= PACK_BYTES_MAX ? send_pack(p, partition, e) : HAUL_OK;
}

static enum haul_err send_raw(struct produce *p, const struct item *item, struct haul_error *e)
{
    const uint32_t partition = place(p, item->key);
    const enum haul_err err = send_pack(p, partition, e); /* it stays behind what came before */
    p->records++;
    return err != HAUL_OK ? err : send_message(p, partition, item->key, item->bytes, e);
}

static enum haul_err send_all(struct produce *p, struct input *in, struct haul_error *e)
{
    static struct item item;
    while (!stop_asked) {
        enum haul_err err = input_next(in, &item, e);
        if (err == HAUL_E_END) break;
        if (err == HAUL_E_INVALID) {
            if (p->bad++ < COMPLAINTS_MAX) fprintf(stderr, "haul produce: %s: %s\n", in->name, e->text);
            continue;
        }
        if (err == HAUL_OK) err = item.raw ? send_raw(p, &item, e) : send_record(p, &item.record, e);
        if (err != HAUL_OK) return err;
    }
    return send_packs(p, e);
}

static enum haul_err produce(struct produce *p, struct input *in, const char *path, struct haul_error *e)
{
    enum haul_err err = feed_partitions(&p->feed, p->topic, &p->partitions, e);
    if (err != HAUL_OK) return err;
    if (p->partition >= 0 && (uint32_t)p->partition >= p->partitions)
        return haul_fail(e, HAUL_E_RANGE, "%s has %u partitions, numbered from 0", p->topic, p->partitions);
    p->packs = calloc(p->partitions, sizeof *p->packs);
    assert(p->packs != NULL);
    for (uint32_t i = 0; i < p->partitions; i++) haul_buf_init(&p->packs[i].body, 0, PACK_BYTES_MAX + HAUL_RECORD_MAX);
    if (pace_needs_span(&p->pace)) err = span(in, path, &p->pace, e);
    if (err == HAUL_OK) err = input_open(in, path, e);
    if (err == HAUL_OK) err = send_all(p, in, e);
    input_close(in);
    for (uint32_t i = 0; i < p->partitions; i++) haul_buf_free(&p->packs[i].body);
    free(p->packs);
    return err;
}

static int finish(struct produce *p, enum haul_err err, struct haul_error *e)
{
    const enum haul_err closed = feed_close(&p->feed, err == HAUL_OK ? e : NULL);
    if (err == HAUL_OK) err = closed;
    if (err != HAUL_OK) fprintf(stderr, "haul produce: %s\n", e->text);
    fprintf(stderr, "%s: %llu records in %llu messages", p->topic, (unsigned long long)p->records,
            (unsigned long long)p->feed.sent);
    if (p->bad > 0) fprintf(stderr, ", %llu bad lines left out", (unsigned long long)p->bad);
    fputc('\n', stderr);
    return err != HAUL_OK ? exit_status(err) : p->bad > 0 ? HAUL_EXIT_DATA : 0;
}

static bool read_numbers(struct produce *p, const char *pack, const char *partition)
{
    double n = 1, at = -1;
    if (pack != NULL && !args_number("--pack", pack, 1, HAUL_MESSAGE_MAX, &n)) return false;
    if (partition != NULL && !args_number("--partition", partition, 0, PARTITIONS_MAX, &at)) return false;
    p->pack_most = (uint32_t)n;
    p->partition = (int32_t)at;
    return true;
}

static int run(int argc, char **argv)
{
    struct args a;
    struct kafka_setup s;
    struct haul_error e;
    struct produce p = {0};
    struct input in = {0};
    const char *kind = "", *map = "", *fixed = "", *zone = "", *shift_to = NULL, *speed = NULL, *pack = NULL;
    const char *partition = NULL;
    const struct args_flag flags[] = {
        {"--csv", NULL, &in.csv},  {"--kind", &kind, NULL}, {"--map", &map, NULL},
        {"--set", &fixed, NULL},   {"--zone", &zone, NULL}, {"--shift-to", &shift_to, NULL},
        {"--speed", &speed, NULL}, {"--pack", &pack, NULL}, {"--partition", &partition, NULL},
        {NULL, NULL, NULL}};
    const bool read = args_read(&a, argc, argv, flags);
    if (read && a.help) return fputs(usage, stdout), 0;
    if (!read || a.plain_len < 1 || a.plain_len > 2 || (in.csv && kind[0] == '\0'))
        return fputs(usage, stderr), HAUL_EXIT_USAGE;
    if (!pace_read(&p.pace, speed, shift_to) || !read_numbers(&p, pack, partition)) return HAUL_EXIT_USAGE;
    const int status = setup_open(&s, &a);
    if (status != 0) return status;
    in.spec = (struct haul_mapping_spec){haul_str_of(kind), haul_str_of(map), haul_str_of(fixed), haul_str_of(zone)};
    haul_buf_init(&p.message, 0, PACK_BYTES_MAX + 2 * HAUL_RECORD_MAX);
    stop_on_signals();
    enum haul_err err = HAUL_OK;
    if (!setup_topic(&s, a.plain[0], p.topic)) err = haul_fail(&e, HAUL_E_LIMIT, "the topic's name is too long");
    if (err == HAUL_OK) err = feed_open(&p.feed, &s, "sending", &e);
    if (err == HAUL_OK) err = produce(&p, &in, a.plain_len == 2 ? a.plain[1] : "-", &e);
    const int outcome = finish(&p, err, &e);
    haul_buf_free(&p.message);
    setup_close(&s);
    return outcome;
}

const struct haul_command haul_command_produce = {"produce", "send JSON lines or CSV to a mailbox", run};
