/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/kafka_admin.h"

#include "ingest/kafka_conf.h"

#include <stdio.h>
#include <stdlib.h>

struct haul_kafka_admin {
    rd_kafka_t *rk;
    struct haul_kafka_options options;
    char instance[64];
    int timeout_ms;
};

enum haul_err haul_kafka_admin_open(const struct haul_kafka_options *o, const char *instance,
                                    struct haul_kafka_admin **out, struct haul_error *e)
{
    static const struct kafka_property none[] = {{NULL, NULL}};
    static const struct kafka_property fixed[] = {
        {"group.id", "haul-admin"}, {"enable.auto.commit", "false"}, {NULL, NULL}};
    char why[256];
    rd_kafka_conf_t *conf = kafka_conf_make(o, none, fixed, e);
    if (conf == NULL) return HAUL_E_INVALID;
    rd_kafka_conf_set_log_cb(conf, NULL);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    if (rk == NULL) {
        rd_kafka_conf_destroy(conf);
        return haul_fail(e, HAUL_E_INVALID, "Kafka client: %s", why);
    }
    struct haul_kafka_admin *a = calloc(1, sizeof *a);
    assert(a != NULL);
    a->rk = rk;
    a->options = *o;
    a->timeout_ms = (int)o->request_timeout_ms;
    snprintf(a->instance, sizeof a->instance, "%s", instance);
    *out = a;
    return HAUL_OK;
}

void haul_kafka_admin_close(struct haul_kafka_admin *a)
{
    if (a == NULL) return;
    rd_kafka_destroy(a->rk);
    free(a);
}

static enum haul_err failed(const char *what, rd_kafka_resp_err_t err, struct haul_error *e)
{
    return haul_fail(e, kafka_err(err), "%s: %s", what, rd_kafka_err2str(err));
}

static enum haul_err topic_of(const struct haul_kafka_admin *a, unsigned mailbox, char out[HAUL_KAFKA_TOPIC_BYTES],
                              struct haul_error *e)
{
    const struct haul_mailbox_row *row = haul_mailbox_row(mailbox);
    assert(row != NULL);
    if (haul_kafka_topic(&a->options, a->instance, row->name, out)) return HAUL_OK;
    return haul_fail(e, HAUL_E_LIMIT, "the name of the topic of %s is too long", row->name);
}

/* ---- the group: a member's assignment is i16 version, i32 topics, each: i16 length, name, i32 partitions, each i32;
 * big-endian (Kafka's ConsumerProtocolAssignment) ---- */
struct reader {
    const uint8_t *p;
    size_t left;
    bool bad;
};

static uint32_t take(struct reader *r, size_t bytes)
{
    uint32_t v = 0;
    if (r->left < bytes) r->bad = true;
    for (size_t i = 0; i < bytes && !r->bad; i++) v = v << 8 | r->p[i];
    if (!r->bad) r->p += bytes, r->left -= bytes;
    return v;
}

static struct haul_str take_text(struct reader *r)
{
    const size_t n = take(r, 2);
    if (r->left < n) r->bad = true;
    const struct haul_str s = {(const char *)r->p, r->bad ? 0 : n};
    if (!r->bad) r->p += n, r->left -= n;
    return s;
}

static bool read_assignment(const void *bytes, size_t n, const char *topic, bool owned[HAUL_PARTITIONS_MAX])
{
    struct reader r = {bytes, n, false};
    if (n == 0) return true;
    take(&r, 2);
    for (uint32_t topics = take(&r, 4); topics > 0 && !r.bad; topics--) {
        const bool ours = haul_str_eq(take_text(&r), haul_str_of(topic));
        for (uint32_t partitions = take(&r, 4); partitions > 0 && !r.bad; partitions--) {
            const uint32_t partition = take(&r, 4);
            if (ours && !r.bad && partition < HAUL_PARTITIONS_MAX) owned[partition] = true;
        }
    }
    return !r.bad;
}

static enum haul_err read_group(const struct rd_kafka_group_info *g, const char *topic, bool owned[HAUL_PARTITIONS_MAX],
                                struct haul_error *e)
{
    if (g->err != RD_KAFKA_RESP_ERR_NO_ERROR) return failed(g->group, g->err, e);
    if (g->member_cnt > 0 && strcmp(g->state, "Stable") != 0)
        return haul_fail(e, HAUL_E_UNAVAILABLE, "group %s is being given out anew (%s): try again", g->group, g->state);
    for (int i = 0; i < g->member_cnt; i++)
        if (g->members[i].member_assignment_size < 0 ||
            !read_assignment(g->members[i].member_assignment, (size_t)g->members[i].member_assignment_size, topic,
                             owned))
            return haul_fail(e, HAUL_E_CORRUPT, "group %s: what member %s has cannot be read", g->group,
                             g->members[i].member_id);
    return HAUL_OK;
}

enum haul_err haul_kafka_admin_owned(struct haul_kafka_admin *a, unsigned mailbox, bool owned[HAUL_PARTITIONS_MAX],
                                     struct haul_error *e)
{
    char topic[HAUL_KAFKA_TOPIC_BYTES], group[80];
    const struct rd_kafka_group_list *list;
    memset(owned, 0, HAUL_PARTITIONS_MAX * sizeof *owned);
    enum haul_err err = topic_of(a, mailbox, topic, e);
    if (err != HAUL_OK) return err;
    snprintf(group, sizeof group, "%shaul", a->instance);
    const rd_kafka_resp_err_t asked = rd_kafka_list_groups(a->rk, group, &list, a->timeout_ms);
    if (asked != RD_KAFKA_RESP_ERR_NO_ERROR) return failed(group, asked, e);
    for (int i = 0; i < list->group_cnt && err == HAUL_OK; i++) err = read_group(&list->groups[i], topic, owned, e);
    rd_kafka_group_list_destroy(list);
    return err;
}

/* ---- the log ---- */
enum haul_err haul_kafka_admin_bounds(struct haul_kafka_admin *a, struct haul_task_name task, int64_t *low,
                                      int64_t *high, struct haul_error *e)
{
    char topic[HAUL_KAFKA_TOPIC_BYTES];
    const enum haul_err err = topic_of(a, task.mailbox, topic, e);
    if (err != HAUL_OK) return err;
    const rd_kafka_resp_err_t asked = kafka_bounds(a->rk, topic, task.partition, a->timeout_ms, low, high);
    return asked == RD_KAFKA_RESP_ERR_NO_ERROR ? HAUL_OK : failed(topic, asked, e);
}

/* The time that ListOffsets takes for "the end" is the number of that logical offset. */
enum haul_err haul_kafka_admin_ends(struct haul_kafka_admin *a, const struct haul_task_name *tasks, size_t n,
                                    int64_t *ends, struct haul_error *e)
{
    char topic[HAUL_KAFKA_TOPIC_BYTES];
    enum haul_err err = HAUL_OK;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);
    for (size_t i = 0; i < n && err == HAUL_OK; i++) {
        err = topic_of(a, tasks[i].mailbox, topic, e);
        if (err == HAUL_OK)
            rd_kafka_topic_partition_list_add(list, topic, tasks[i].partition)->offset = RD_KAFKA_OFFSET_END;
    }
    if (err == HAUL_OK) {
        const rd_kafka_resp_err_t asked = rd_kafka_offsets_for_times(a->rk, list, a->timeout_ms);
        if (asked != RD_KAFKA_RESP_ERR_NO_ERROR) err = failed("ends of logs", asked, e);
    }
    for (size_t i = 0; i < n && err == HAUL_OK; i++) {
        const rd_kafka_topic_partition_t *at = &list->elems[i];
        assert(at->partition == tasks[i].partition);
        ends[i] = at->err == RD_KAFKA_RESP_ERR_NO_ERROR && at->offset >= 0 ? at->offset : -1;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return err;
}

enum haul_err haul_kafka_admin_offset_at(struct haul_kafka_admin *a, struct haul_task_name task, struct haul_time t,
                                         int64_t *offset, struct haul_error *e)
{
    char topic[HAUL_KAFKA_TOPIC_BYTES];
    int64_t low;
    enum haul_err err = haul_kafka_admin_bounds(a, task, &low, offset, e);
    if (err == HAUL_OK) err = topic_of(a, task.mailbox, topic, e);
    if (err != HAUL_OK) return err;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *at = rd_kafka_topic_partition_list_add(list, topic, task.partition);
    at->offset = t.ms;
    rd_kafka_resp_err_t asked = rd_kafka_offsets_for_times(a->rk, list, a->timeout_ms);
    if (asked == RD_KAFKA_RESP_ERR_NO_ERROR) asked = at->err;
    if (asked == RD_KAFKA_RESP_ERR_NO_ERROR && at->offset >= 0) *offset = at->offset;
    rd_kafka_topic_partition_list_destroy(list);
    return asked == RD_KAFKA_RESP_ERR_NO_ERROR ? HAUL_OK : failed(topic, asked, e);
}
