/* SPDX-License-Identifier: Apache-2.0
 * The Kafka source.
 *
 * What the group has given us, and what we fetch, are two things. The group's partitions are the table of parts; the
 * fetchers run for those that the worker has started. librdkafka's eager protocol knows only whole assignments, so a
 * change (start, stop, a second reading) marks the table dirty, and the next poll hands the list of started parts, each
 * at its next offset, to rd_kafka_assign: one call however many parts were started. That call puts a barrier between
 * what was fetched before and after it; what lies in our own batch is sorted out by its offset.
 *
 *      no part  --ASSIGN callback-->  told  --start-->  started  --stop-->  told
 *      any      --REVOKE callback-->  leaving  --stop-->  no part; after the last: rd_kafka_assign(NULL)
 *
 * When its queue is full, librdkafka 2.0.2 asks a broker for nothing more until that broker's thread is woken, by
 * whatever it is to do, or a second has passed. So it is given something to do each time half a queue was taken:
 * ask_on().
 *
 * rd_kafka_consume_batch_queue of 2.0.2 waits for a full batch or the whole time, and may give messages of partitions
 * that a rebalance callback in the same call took away. So it is called for what is there (no wait), then for one
 * message with the wait; and a message counts only if its part is started and its offset is the next. No callback calls
 * rd_kafka_yield: the batch call then loses the message behind the callback, and where that happens twice in one place
 * it looks like a hole of the log.
 *
 * A client that has failed for good (another member has taken its group_instance_id, or the group's coordinator has
 * heard of its own two attempts to join as two members) says nothing more. What it was given is lost; when that is
 * stopped, another client takes its place, without that name: the two would only fence one another.
 */
#include "haul/kafka_source.h"

#include "ingest/kafka_conf.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    BATCH = 512,      /* messages taken from the client at once */
    HOLES_TRUSTED = 4 /* holes of a partition that were read twice before the next are believed at once */
};

struct part {
    struct haul_task_name task;
    bool told;            /* ASSIGN was reported, or it is leaving without */
    bool leaving, lost;   /* the group takes it back; somebody else has it already */
    bool leave_told;      /* REVOKE or LOST was reported */
    bool started, paused; /* by the worker */
    bool waiting;         /* for its fetcher to start at next: what comes before is of an earlier one */
    bool hole_end;        /* the hole was seen at the end of the partition */
    unsigned holes;
    int64_t next; /* offset to report next */
    int64_t hole_from, hole_to;
    rd_kafka_message_t **held; /* taken from the client before the pause; BATCH places or NULL */
    size_t held_at, held_n;
};

struct kafka_source {
    struct haul_source base;
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    struct haul_kafka_options options; /* for another client */
    char group[128];
    unsigned worker;
    bool dead;        /* the client has failed for good */
    bool nameless;    /* without the group_instance_id */
    bool left_behind; /* a client that looks at the source for ever */
    struct haul_kafka_log log;
    char topic[HAUL_MAILBOX_MAX][HAUL_KAFKA_TOPIC_BYTES]; /* "" when not ours */

    struct part *parts;
    size_t parts_len;
    uint16_t index[HAUL_MAILBOX_MAX][HAUL_PARTITIONS_MAX]; /* into parts, plus one */
    bool given;                                            /* the group's assignment is in force */
    bool revoking;                                         /* the group waits for our stops */
    bool dirty;                                            /* the fetchers do not match the parts */
    size_t due;                                            /* parts with something to tell */
    size_t ready;                                          /* parts that go on with what they held */

    rd_kafka_message_t *batch[BATCH];
    size_t batch_at, batch_n;
    rd_kafka_message_t *current; /* reported last */
    int64_t taken_bytes;         /* since the client was last woken */
    rd_kafka_topic_t *last_rkt;  /* of the message before: its mailbox is last_mailbox */
    unsigned last_mailbox;
    struct haul_error fault; /* code OK: none */
    bool closing;
    struct haul_kafka_source_stats stats;
};

static struct kafka_source *of(struct haul_source *s)
{
    return (struct kafka_source *)s;
}

static int timeout_of(const struct kafka_source *s)
{
    return (int)s->options.request_timeout_ms;
}

/* ---- parts ------------------------------------------------------------------------------------------------------ */
static struct part *find(struct kafka_source *s, struct haul_task_name task)
{
    if (task.mailbox >= HAUL_MAILBOX_MAX || task.partition >= HAUL_PARTITIONS_MAX) return NULL;
    const uint16_t at = s->index[task.mailbox][task.partition];
    return at == 0 ? NULL : &s->parts[at - 1];
}

static unsigned mailbox_of(const struct kafka_source *s, const char *topic)
{
    for (unsigned i = 1; i < HAUL_MAILBOX_MAX; i++)
        if (s->topic[i][0] != '\0' && strcmp(s->topic[i], topic) == 0) return i;
    return HAUL_MAILBOX_NONE;
}

static void drop_held(struct kafka_source *s, struct part *p)
{
    if (p->held_at < p->held_n && !p->paused) s->ready--;
    while (p->held_at < p->held_n) rd_kafka_message_destroy(p->held[p->held_at++]);
    p->held_at = p->held_n = 0;
}

static void drop_batch(struct kafka_source *s)
{
    while (s->batch_at < s->batch_n) {
        rd_kafka_message_t *m = s->batch[s->batch_at++];
        if (m != NULL) rd_kafka_message_destroy(m);
    }
    s->batch_at = s->batch_n = 0;
}

static struct part *part_of(struct kafka_source *s, const rd_kafka_message_t *m)
{
    if (m->rkt == NULL || m->partition < 0 || m->partition >= HAUL_PARTITIONS_MAX) return NULL;
    if (m->rkt != s->last_rkt) {
        s->last_mailbox = mailbox_of(s, rd_kafka_topic_name(m->rkt));
        s->last_rkt = m->rkt;
    }
    const uint16_t at = s->index[s->last_mailbox][m->partition];
    return at == 0 ? NULL : &s->parts[at - 1];
}

/* Takes what belongs to p out of the batch: to p->held, or away. */
static void take_from_batch(struct kafka_source *s, struct part *p, bool hold)
{
    for (size_t i = s->batch_at; i < s->batch_n; i++) {
        rd_kafka_message_t *m = s->batch[i];
        if (m == NULL || part_of(s, m) != p) continue;
        s->batch[i] = NULL;
        if (hold && p->held_n < BATCH)
            p->held[p->held_n++] = m;
        else
            rd_kafka_message_destroy(m);
    }
}

static void forget_parts(struct kafka_source *s)
{
    for (size_t i = 0; i < s->parts_len; i++) {
        drop_held(s, &s->parts[i]);
        free(s->parts[i].held);
    }
    free(s->parts);
    s->parts = NULL;
    s->parts_len = s->due = s->ready = 0;
    memset(s->index, 0, sizeof s->index);
}

static rd_kafka_topic_partition_list_t *list_of_one(const struct kafka_source *s, struct haul_task_name task,
                                                    int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, s->topic[task.mailbox], task.partition)->offset = offset;
    return list;
}

/* ---- assignment ------------------------------------------------------------------------------------------------- */
/* Waits until an earlier assignment is in force. A partition that librdkafka 2.0.2 is asked to stop twice, because a
 * second rd_kafka_assign overtakes the stops of the first, ends the process by an assertion. The stops go through the
 * queue of its main thread, and so do their answers: two questions that pass through the same queue are behind them. */
static void settle(struct kafka_source *s)
{
    for (int i = 0; i < 2; i++) {
        rd_kafka_topic_partition_list_t *list;
        if (rd_kafka_assignment(s->rk, &list) == RD_KAFKA_RESP_ERR_NO_ERROR)
            rd_kafka_topic_partition_list_destroy(list);
    }
}

static void assign(struct kafka_source *s, const rd_kafka_topic_partition_list_t *list)
{
    settle(s);
    const rd_kafka_resp_err_t err = rd_kafka_assign(s->rk, list);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR && !s->dead)
        haul_fail(&s->fault, kafka_err(err), "assigning partitions: %s", rd_kafka_err2str(err));
}

/* The fetchers run for the started parts, from their next offsets. */
static void apply(struct kafka_source *s)
{
    rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new((int)s->parts_len);
    rd_kafka_topic_partition_list_t *paused = rd_kafka_topic_partition_list_new(1);
    for (size_t i = 0; i < s->parts_len; i++) {
        struct part *p = &s->parts[i];
        if (!p->started) continue;
        if (p->waiting) take_from_batch(s, p, false);
        p->waiting = false;
        rd_kafka_topic_partition_list_add(all, s->topic[p->task.mailbox], p->task.partition)->offset = p->next;
        if (p->paused) rd_kafka_topic_partition_list_add(paused, s->topic[p->task.mailbox], p->task.partition);
    }
    assign(s, all);
    if (paused->cnt > 0) rd_kafka_pause_partitions(s->rk, paused);
    rd_kafka_topic_partition_list_destroy(all);
    rd_kafka_topic_partition_list_destroy(paused);
    s->last_rkt = NULL;
    s->dirty = false;
    s->stats.assigns++;
}

static void assigned(struct kafka_source *s, const rd_kafka_topic_partition_list_t *list)
{
    forget_parts(s);
    drop_batch(s);
    s->parts = calloc(list->cnt == 0 ? 1 : (size_t)list->cnt, sizeof *s->parts);
    assert(s->parts != NULL);
    for (int i = 0; i < list->cnt; i++) {
        const unsigned mailbox = mailbox_of(s, list->elems[i].topic);
        const int32_t partition = list->elems[i].partition;
        if (mailbox == HAUL_MAILBOX_NONE || partition < 0 || partition >= HAUL_PARTITIONS_MAX) continue;
        s->parts[s->parts_len++].task = (struct haul_task_name){(uint16_t)mailbox, (uint16_t)partition};
        s->index[mailbox][partition] = (uint16_t)s->parts_len;
    }
    s->due = s->parts_len;
    s->given = true;
    s->revoking = false;
    s->stats.rebalances++;
    apply(s); /* nothing is started: the group goes on, nothing is fetched */
}

static void let_go(struct kafka_source *s)
{
    forget_parts(s);
    s->given = s->revoking = s->dirty = false;
    assign(s, NULL);
}

static bool all_stopped(const struct kafka_source *s)
{
    for (size_t i = 0; i < s->parts_len; i++)
        if (s->parts[i].leaving) return false;
    return true;
}

static void revoked(struct kafka_source *s)
{
    const bool lost = s->dead || rd_kafka_assignment_lost(s->rk) != 0;
    drop_batch(s);
    if (s->revoking && !s->closing) return; /* said already: the worker is at it */
    s->due = 0;
    for (size_t i = 0; i < s->parts_len; i++) {
        struct part *p = &s->parts[i];
        drop_held(s, p);
        p->started = false;
        p->lost = lost;
        p->leaving = p->told; /* what the worker never heard of it need not stop */
        p->told = true;
        s->due += p->leaving;
    }
    s->revoking = true;
    if (s->closing || all_stopped(s)) let_go(s);
}

static void rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list, void *opaque)
{
    struct kafka_source *s = opaque;
    if (rk != s->rk) { /* of the client before, which is being closed */
        rd_kafka_assign(rk, NULL);
        return;
    }
    if (err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !s->closing && !s->dead)
        assigned(s, list);
    else
        revoked(s);
}

/* ---- what the client says -----------------------------------------------------------------------------------------
 */
/* Asked for at each poll: nothing depends on the one message that says so. */
static void notice_failure(struct kafka_source *s)
{
    char text[256];
    if (s->dead) return;
    const rd_kafka_resp_err_t err = rd_kafka_fatal_error(s->rk, text, sizeof text);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    haul_fail(&s->fault, kafka_err(err), "Kafka: %s; joining the group anew, without kafka.group_instance_id", text);
    s->dead = true;
}

static void error_cb(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
    struct kafka_source *s = opaque;
    if (rk != s->rk || err != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || s->fault.code != HAUL_OK) return;
    haul_fail(&s->fault, HAUL_E_UNAVAILABLE, "Kafka: %s", reason);
}

static void log_cb(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    const struct kafka_source *s = rd_kafka_opaque(rk);
    if (s->log.line != NULL) s->log.line(s->log.arg, level, facility, text);
}

/* ---- the client ---------------------------------------------------------------------------------------------------
 */
#define NUMBER_BYTES 24
static const char *number(char text[NUMBER_BYTES], int64_t v)
{
    snprintf(text, NUMBER_BYTES, "%lld", (long long)v);
    return text;
}

/* With a backlog the client stops asking when its queue is full, and then begins again with the first partition: an
 * answer that the first ones can fill leaves the last ones without anything until the first have caught up. So each
 * gets a part of it. A batch that is larger comes when its partition is the first that has something; haul's own are
 * not. */
#define PARTS_AN_ANSWER 128

static rd_kafka_conf_t *configure(const struct kafka_source *s, struct haul_error *e)
{
    const struct haul_kafka_options *o = &s->options;
    char member[160], kib[NUMBER_BYTES], fetch_max[NUMBER_BYTES], receive[NUMBER_BYTES];
    char message[NUMBER_BYTES], session[NUMBER_BYTES], beat[NUMBER_BYTES];
    snprintf(member, sizeof member, "%s-%u", o->group_instance_id, s->worker);
    const int64_t beat_ms = o->session_timeout_ms / 4 < 3000 ? o->session_timeout_ms / 4 : 3000;
    const struct kafka_property defaults[] = {
        {"client.id", "haul"},
        {"check.crcs", "true"},
        {"socket.keepalive.enable", "true"},
        {"reconnect.backoff.max.ms", "2000"},
        {"fetch.error.backoff.ms", "100"},
        {"fetch.wait.max.ms", "50"},        /* a partition that is started waits for the answer that is under way */
        {"queued.min.messages", "1000000"}, /* the limit is in bytes */
        {"queued.max.messages.kbytes", number(kib, o->queue_bytes / 1024)},
        {"fetch.max.bytes", number(fetch_max, o->fetch_bytes)},
        {"fetch.message.max.bytes", number(message, o->fetch_bytes / PARTS_AN_ANSWER)},
        {"receive.message.max.bytes", number(receive, o->fetch_bytes + o->message_bytes + 64 * 1024)},
        {NULL, NULL},
    };
    const struct kafka_property fixed[] = {
        {"group.id", s->group},
        {"session.timeout.ms", number(session, o->session_timeout_ms)},
        {"heartbeat.interval.ms", number(beat, beat_ms)},
        {"partition.assignment.strategy", "roundrobin"},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"enable.partition.eof", "true"},
        {"auto.offset.reset", "error"},
        {"isolation.level", "read_committed"},
        {o->group_instance_id[0] == '\0' || s->nameless ? NULL : "group.instance.id", member},
        {NULL, NULL},
    };
    return kafka_conf_make(o, defaults, fixed, e);
}

static enum haul_err subscribe(struct kafka_source *s, struct haul_error *e)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(HAUL_MAILBOX_MAX);
    for (unsigned i = 1; i < HAUL_MAILBOX_MAX; i++)
        if (s->topic[i][0] != '\0') rd_kafka_topic_partition_list_add(list, s->topic[i], RD_KAFKA_PARTITION_UA);
    const rd_kafka_resp_err_t err = rd_kafka_subscribe(s->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) return HAUL_OK;
    return haul_fail(e, kafka_err(err), "subscribing: %s", rd_kafka_err2str(err));
}

static enum haul_err open_client(struct kafka_source *s, struct haul_error *e)
{
    char why[512];
    rd_kafka_conf_t *conf = configure(s, e);
    if (conf == NULL) return e->code;
    rd_kafka_conf_set_opaque(conf, s);
    rd_kafka_conf_set_rebalance_cb(conf, rebalance);
    rd_kafka_conf_set_error_cb(conf, error_cb);
    rd_kafka_conf_set_log_cb(conf, log_cb);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    if (rk == NULL) {
        rd_kafka_conf_destroy(conf);
        return haul_fail(e, HAUL_E_INVALID, "Kafka consumer: %s", why);
    }
    rd_kafka_set_log_queue(rk, NULL);
    rd_kafka_poll_set_consumer(rk);
    s->rk = rk;
    s->queue = rd_kafka_queue_get_consumer(rk);
    return subscribe(s, e);
}

/* Leaves the group; a static member stays in it until its session ends. False: that was not answered in time.
 * A rebalance whose call still lies in the client's queue is answered first: closing turns that queue away, and the
 * client would wait for the answer for ever. */
static bool leave_group(struct kafka_source *s, rd_kafka_t *rk, rd_kafka_queue_t *queue)
{
    rd_kafka_message_t *left[BATCH];
    const ssize_t n = rd_kafka_consume_batch_queue(queue, 0, left, BATCH);
    for (ssize_t i = 0; i < n; i++) rd_kafka_message_destroy(left[i]);
    rd_kafka_assign(rk, NULL);
    rd_kafka_queue_t *last = rd_kafka_queue_new(rk);
    rd_kafka_error_t *error = rd_kafka_consumer_close_queue(rk, last);
    if (error != NULL) rd_kafka_error_destroy(error);
    for (int waited = 0; rd_kafka_consumer_closed(rk) == 0 && waited < timeout_of(s); waited += 50) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(last, 50);
        if (event == NULL) continue;
        if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE) rd_kafka_assign(rk, NULL);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(last);
    return rd_kafka_consumer_closed(rk) != 0;
}

/* False: it has not left. Such a client never comes to its end, and destroying it waits for that: it is left behind,
 * and its callbacks go on to look at the source. */
static bool close_client(struct kafka_source *s, rd_kafka_t *rk, rd_kafka_queue_t *queue)
{
    const bool left = leave_group(s, rk, queue);
    rd_kafka_queue_destroy(queue);
    if (left) rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return left;
}

/* When all that the dead client had is stopped. */
static void replace_client(struct kafka_source *s)
{
    struct haul_error e;
    rd_kafka_t *rk = s->rk;
    rd_kafka_queue_t *queue = s->queue;
    drop_batch(s);
    s->nameless = true;
    s->dead = open_client(s, &e) != HAUL_OK; /* then it is tried again */
    if (s->dead) haul_fail(&s->fault, e.code, "%s", e.text);
    if (s->rk != rk) s->left_behind |= !close_client(s, rk, queue);
}

/* ---- poll ---------------------------------------------------------------------------------------------------------
 */
static void tell(struct kafka_source *s, struct haul_source_event *out)
{
    for (size_t i = 0; i < s->parts_len; i++) {
        struct part *p = &s->parts[i];
        if (!p->told) {
            p->told = true;
            out->type = HAUL_SOURCE_ASSIGN;
        } else if (p->leaving && !p->leave_told) {
            p->leave_told = true;
            out->type = p->lost ? HAUL_SOURCE_LOST : HAUL_SOURCE_REVOKE;
        } else {
            continue;
        }
        out->task = p->task;
        s->due--;
        return;
    }
    assert(false && "a part is due");
}

/* True when the log goes on at `offset`: p->next moves there. See "Contiguity" in the header. */
static bool contiguous(struct kafka_source *s, struct part *p, int64_t offset, bool end)
{
    if (offset == p->next) return true;
    if (offset < p->next) {
        s->stats.duplicates++;
        return false;
    }
    const bool again = p->hole_from == p->next && (p->hole_end ? offset >= p->hole_to : offset == p->hole_to);
    if (!again && p->holes < HOLES_TRUSTED) {
        p->hole_from = p->next;
        p->hole_to = offset;
        p->hole_end = end;
        p->waiting = s->dirty = true;
        s->stats.rereads++;
        return false;
    }
    p->holes++;
    p->next = offset;
    s->stats.holes++;
    return true;
}

static void read_sender(const rd_kafka_message_t *m, struct haul_sender *out)
{
    rd_kafka_headers_t *headers;
    const void *value;
    size_t n;
    if (rd_kafka_message_headers(m, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        rd_kafka_header_get_last(headers, "haul", &value, &n) != RD_KAFKA_RESP_ERR_NO_ERROR || value == NULL ||
        !haul_sender_parse((struct haul_str){value, n}, out))
        *out = (struct haul_sender){.mailbox = HAUL_MAILBOX_NONE};
}

/* Wakes the thread of the message's broker, once for each half of a queue. The answer is not waited for. */
static void ask_on(struct kafka_source *s, const rd_kafka_message_t *m)
{
    int64_t low, high;
    s->taken_bytes += (int64_t)(m->len + m->key_len);
    if (s->taken_bytes < s->options.queue_bytes / 2) return;
    s->taken_bytes = 0;
    (void)rd_kafka_query_watermark_offsets(s->rk, rd_kafka_topic_name(m->rkt), m->partition, &low, &high, 0);
}

static void report_message(struct kafka_source *s, struct part *p, rd_kafka_message_t *m, struct haul_source_event *out)
{
    rd_kafka_timestamp_type_t type;
    struct haul_message *to = &out->message;
    out->type = HAUL_SOURCE_MESSAGE;
    out->task = to->task = p->task;
    out->offset = to->offset = m->offset;
    to->append.ms = rd_kafka_message_timestamp(m, &type);
    to->append_time = type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME;
    to->key = (struct haul_str){m->key, m->key_len};
    to->value = (struct haul_str){m->payload, m->len};
    read_sender(m, &to->sender);
    p->next = m->offset + 1;
    s->current = m;
    s->stats.messages++;
    s->stats.bytes += m->len;
    ask_on(s, m);
}

static void report_gap(struct kafka_source *s, struct part *p, struct haul_source_event *out)
{
    out->type = HAUL_SOURCE_GAP;
    out->task = p->task;
    out->offset = p->next;
    if (kafka_bounds(s->rk, s->topic[p->task.mailbox], p->task.partition, timeout_of(s), &out->low, &out->high) !=
        RD_KAFKA_RESP_ERR_NO_ERROR)
        out->low = out->high = -1;
    p->started = false;
    s->dirty = true;
    s->stats.gaps++;
}

/* An error that came in the place of a message. */
static bool report_error(struct kafka_source *s, struct part *p, const rd_kafka_message_t *m,
                         struct haul_source_event *out)
{
    const enum haul_err code = kafka_err(m->err);
    if (m->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || m->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
        if (p == NULL || !p->started || p->waiting) return false;
        report_gap(s, p, out);
        return true;
    }
    if (m->err == RD_KAFKA_RESP_ERR__FATAL) return false; /* notice_failure */
    /* the client tries again by itself, and says so when no broker is left */
    if (code == HAUL_E_UNAVAILABLE || code == HAUL_E_TIMEOUT) return false;
    if (p != NULL && p->waiting) return false; /* of an earlier fetcher */
    if (code == HAUL_E_CORRUPT && p != NULL) {
        out->task = p->task;
        p->started = false;
        s->dirty = true;
    }
    if (s->fault.code == HAUL_OK)
        haul_fail(&s->fault, code, "Kafka%s%s: %s", m->rkt == NULL ? "" : ", topic ",
                  m->rkt == NULL ? "" : rd_kafka_topic_name(m->rkt), rd_kafka_message_errstr(m));
    return false;
}

/* One message or error out of the client. True: *out is filled. The message is reported, held or destroyed. */
static bool take(struct kafka_source *s, rd_kafka_message_t *m, struct haul_source_event *out)
{
    struct part *p = part_of(s, m);
    const bool end = m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
    bool told = false;
    if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR && !end) {
        told = report_error(s, p, m, out);
    } else if (p == NULL || !p->started || p->waiting) {
        s->stats.duplicates += !end;
    } else if (p->paused && p->held_n < BATCH) {
        p->held[p->held_n++] = m;
        return false;
    } else if (p->paused) {
        s->stats.duplicates += !end; /* more than a batch: it is missed, and read again, when the part goes on */
    } else if (contiguous(s, p, m->offset, end)) {
        told = true;
        if (!end) {
            report_message(s, p, m, out);
            return true;
        }
        out->type = HAUL_SOURCE_END;
        out->task = p->task;
        out->offset = m->offset;
    }
    rd_kafka_message_destroy(m);
    return told;
}

/* The next message that a resumed part held. */
static rd_kafka_message_t *take_held(struct kafka_source *s)
{
    for (size_t i = 0; i < s->parts_len; i++) {
        struct part *p = &s->parts[i];
        if (p->paused || p->held_at == p->held_n) continue;
        rd_kafka_message_t *m = p->held[p->held_at++];
        if (p->held_at == p->held_n) {
            p->held_at = p->held_n = 0;
            s->ready--;
        }
        return m;
    }
    assert(false && "a part is ready");
    return NULL;
}

static bool next_message(struct kafka_source *s, struct haul_source_event *out)
{
    while (s->ready > 0)
        if (take(s, take_held(s), out)) return true;
    while (s->batch_at < s->batch_n) {
        rd_kafka_message_t *m = s->batch[s->batch_at++];
        if (m != NULL && take(s, m, out)) return true;
    }
    return false;
}

/* Takes what the client has, at most one batch; rebalances are served meanwhile. */
static void take_batch(struct kafka_source *s)
{
    const ssize_t n = rd_kafka_consume_batch_queue(s->queue, 0, s->batch, BATCH);
    s->batch_at = 0;
    s->batch_n = n > 0 ? (size_t)n : 0;
}

/* The same, else waits for one message. */
static void wait_batch(struct kafka_source *s, int timeout_ms)
{
    take_batch(s);
    if (s->batch_n > 0 || timeout_ms <= 0 || s->due > 0 || s->fault.code != HAUL_OK) return;
    const ssize_t n = rd_kafka_consume_batch_queue(s->queue, timeout_ms, s->batch, 1);
    s->batch_n = n > 0 ? (size_t)n : 0;
}

/* Called with the batch empty. A revocation that waits in the client's queue comes first: an assignment that overtakes
 * it would pass for our answer to it. */
static void apply_changes(struct kafka_source *s)
{
    take_batch(s);
    if (s->dirty && s->given && !s->revoking && s->due == 0) apply(s);
}

static enum haul_err take_fault(struct kafka_source *s, struct haul_error *e)
{
    const enum haul_err code = haul_fail(e, s->fault.code, "%s", s->fault.text);
    s->fault.code = HAUL_OK;
    return code;
}

/* The client has failed for good: what it was given is lost, then another takes its place. */
static void bury(struct kafka_source *s)
{
    if (s->given)
        revoked(s);
    else
        replace_client(s);
}

static enum haul_err source_poll(struct haul_source *base, int timeout_ms, struct haul_source_event *out,
                                 struct haul_error *e)
{
    struct kafka_source *s = of(base);
    out->type = HAUL_SOURCE_NONE;
    if (s->current != NULL) rd_kafka_message_destroy(s->current);
    s->current = NULL;
    for (bool waited = false;;) {
        if (s->due > 0) {
            tell(s, out);
            return HAUL_OK;
        }
        if (next_message(s, out)) return HAUL_OK;
        notice_failure(s);
        if (s->fault.code != HAUL_OK) return take_fault(s, e);
        if (s->dead && !s->revoking) {
            bury(s);
        } else if (s->dirty && s->given && !s->revoking) {
            apply_changes(s);
        } else if (waited) {
            return HAUL_OK;
        } else {
            wait_batch(s, timeout_ms);
            waited = true;
        }
    }
}

/* ---- the worker's calls -------------------------------------------------------------------------------------------
 */
static void set_paused(struct kafka_source *s, struct haul_task_name task, bool paused)
{
    rd_kafka_topic_partition_list_t *list = list_of_one(s, task, RD_KAFKA_OFFSET_INVALID);
    (paused ? rd_kafka_pause_partitions : rd_kafka_resume_partitions)(s->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
}

static enum haul_err source_start(struct haul_source *base, struct haul_task_name task, int64_t offset,
                                  struct haul_error *e)
{
    struct kafka_source *s = of(base);
    struct part *p = find(s, task);
    assert(offset >= 0);
    if (p == NULL || p->leaving || s->revoking)
        return haul_fail(e, HAUL_E_NOT_FOUND, "%s/%u is not assigned to this worker",
                         haul_mailbox_row(task.mailbox)->name, (unsigned)task.partition);
    drop_held(s, p);
    take_from_batch(s, p, false);
    set_paused(s, task, false); /* in the client a pause outlives the assignment in which it was asked for */
    p->started = true;
    p->paused = false;
    p->waiting = true;
    p->holes = 0;
    p->next = offset;
    p->hole_from = -1;
    s->dirty = true;
    return HAUL_OK;
}

static void source_stop(struct haul_source *base, struct haul_task_name task)
{
    struct kafka_source *s = of(base);
    struct part *p = find(s, task);
    if (p == NULL) return;
    if (!s->revoking) {
        s->dirty = s->dirty || p->started;
        p->started = false;
        drop_held(s, p);
        return;
    }
    if (p->leaving && !p->leave_told) s->due--;
    p->leaving = false;
    if (all_stopped(s)) let_go(s);
}

static void source_pause(struct haul_source *base, struct haul_task_name task)
{
    struct kafka_source *s = of(base);
    struct part *p = find(s, task);
    if (p == NULL || !p->started || p->paused) return;
    if (p->held == NULL) p->held = calloc(BATCH, sizeof(rd_kafka_message_t *));
    assert(p->held != NULL);
    if (p->held_at < p->held_n) s->ready--;
    memmove(p->held, p->held + p->held_at, (p->held_n - p->held_at) * sizeof(rd_kafka_message_t *));
    p->held_n -= p->held_at;
    p->held_at = 0;
    p->paused = true;
    take_from_batch(s, p, true);
    set_paused(s, task, true);
}

static void source_resume(struct haul_source *base, struct haul_task_name task)
{
    struct kafka_source *s = of(base);
    struct part *p = find(s, task);
    if (p == NULL || !p->started || !p->paused) return;
    p->paused = false;
    s->ready += p->held_at < p->held_n;
    set_paused(s, task, false);
}

static enum haul_err source_bounds(struct haul_source *base, struct haul_task_name task, int64_t *low, int64_t *high,
                                   struct haul_error *e)
{
    struct kafka_source *s = of(base);
    const rd_kafka_resp_err_t err =
        kafka_bounds(s->rk, s->topic[task.mailbox], task.partition, timeout_of(s), low, high);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) return HAUL_OK;
    return haul_fail(e, kafka_err(err), "bounds of %s/%u: %s", s->topic[task.mailbox], (unsigned)task.partition,
                     rd_kafka_err2str(err));
}

static enum haul_err source_offset_at(struct haul_source *base, struct haul_task_name task, struct haul_time t,
                                      int64_t *offset, struct haul_error *e)
{
    struct kafka_source *s = of(base);
    int64_t low;
    rd_kafka_topic_partition_list_t *list = list_of_one(s, task, t.ms);
    rd_kafka_resp_err_t err = rd_kafka_offsets_for_times(s->rk, list, timeout_of(s));
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) err = list->elems[0].err;
    *offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return haul_fail(e, kafka_err(err), "offset of a time in %s/%u: %s", s->topic[task.mailbox],
                         (unsigned)task.partition, rd_kafka_err2str(err));
    return *offset >= 0 ? HAUL_OK : source_bounds(base, task, &low, offset, e); /* none: the end */
}

static enum haul_err source_partitions(struct haul_source *base, unsigned mailbox, uint32_t *count,
                                       struct haul_error *e)
{
    struct kafka_source *s = of(base);
    const struct rd_kafka_metadata *found;
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(s->rk, s->topic[mailbox], NULL);
    rd_kafka_resp_err_t err =
        rkt == NULL ? rd_kafka_last_error() : rd_kafka_metadata(s->rk, 0, rkt, &found, timeout_of(s));
    if (rkt != NULL) rd_kafka_topic_destroy(rkt);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        err = found->topics[0].err;
        *count = (uint32_t)found->topics[0].partition_cnt;
        rd_kafka_metadata_destroy(found);
    }
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) return HAUL_OK;
    return haul_fail(e, kafka_err(err), "partitions of topic %s: %s", s->topic[mailbox], rd_kafka_err2str(err));
}

static void source_remember(struct haul_source *base, struct haul_task_name task, int64_t offset, const char *metadata)
{
    struct kafka_source *s = of(base);
    rd_kafka_topic_partition_list_t *list = list_of_one(s, task, offset);
    list->elems[0].metadata = strdup(metadata); /* the list frees it */
    list->elems[0].metadata_size = list->elems[0].metadata == NULL ? 0 : strlen(metadata);
    rd_kafka_commit(s->rk, list, 1);
    rd_kafka_topic_partition_list_destroy(list);
}

static enum haul_err source_recall(struct haul_source *base, struct haul_task_name task, int64_t *offset,
                                   char *metadata, size_t cap, struct haul_error *e)
{
    struct kafka_source *s = of(base);
    rd_kafka_topic_partition_list_t *list = list_of_one(s, task, RD_KAFKA_OFFSET_INVALID);
    rd_kafka_resp_err_t err = rd_kafka_committed(s->rk, list, timeout_of(s));
    const rd_kafka_topic_partition_t *found = &list->elems[0];
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) err = found->err;
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        const size_t n = found->metadata == NULL ? 0 : found->metadata_size < cap ? found->metadata_size : cap - 1;
        if (n > 0) memcpy(metadata, found->metadata, n);
        metadata[n] = '\0';
        *offset = found->offset < 0 ? -1 : found->offset;
    }
    rd_kafka_topic_partition_list_destroy(list);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) return HAUL_OK;
    return haul_fail(e, kafka_err(err), "what the group remembers of %s/%u: %s", s->topic[task.mailbox],
                     (unsigned)task.partition, rd_kafka_err2str(err));
}

static void source_close(struct haul_source *base)
{
    struct kafka_source *s = of(base);
    s->closing = true;
    if (s->current != NULL) rd_kafka_message_destroy(s->current);
    drop_batch(s);
    forget_parts(s);
    if (close_client(s, s->rk, s->queue) && !s->left_behind) free(s);
}

static const struct haul_source_ops ops = {
    .name = "kafka",
    .poll = source_poll,
    .start = source_start,
    .stop = source_stop,
    .pause = source_pause,
    .resume = source_resume,
    .bounds = source_bounds,
    .offset_at = source_offset_at,
    .partitions = source_partitions,
    .remember = source_remember,
    .recall = source_recall,
    .close = source_close,
};

/* ---- opening ------------------------------------------------------------------------------------------------------
 */
static enum haul_err name_topics(struct kafka_source *s, const struct haul_kafka_options *o, const char *instance,
                                 const uint16_t *mailboxes, size_t len, struct haul_error *e)
{
    for (size_t i = 0; i < len; i++) {
        const struct haul_mailbox_row *row = haul_mailbox_row(mailboxes[i]);
        assert(row != NULL);
        if (!haul_kafka_topic(o, instance, row->name, s->topic[mailboxes[i]]))
            return haul_fail(e, HAUL_E_LIMIT, "the topic of mailbox %s has a name longer than 249 bytes", row->name);
    }
    return HAUL_OK;
}

enum haul_err haul_kafka_source_open(const struct haul_kafka_options *o, const char *instance,
                                     const uint16_t *mailboxes, size_t mailboxes_len, unsigned worker,
                                     const struct haul_kafka_log *log, struct haul_source **out, struct haul_error *e)
{
    struct haul_error unheard;
    struct kafka_source *s = calloc(1, sizeof *s);
    assert(s != NULL);
    if (e == NULL) e = &unheard;
    s->base.ops = &ops;
    s->options = *o;
    s->worker = worker;
    snprintf(s->group, sizeof s->group, "%shaul", instance);
    if (log != NULL) s->log = *log;
    enum haul_err err = name_topics(s, o, instance, mailboxes, mailboxes_len, e);
    if (err == HAUL_OK) err = open_client(s, e);
    if (err == HAUL_OK)
        *out = &s->base;
    else if (s->rk != NULL)
        source_close(&s->base);
    else
        free(s);
    return err;
}

void haul_kafka_source_stats(const struct haul_source *s, struct haul_kafka_source_stats *out)
{
    assert(s->ops == &ops);
    *out = ((const struct kafka_source *)(const void *)s)->stats;
}
