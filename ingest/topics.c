/* SPDX-License-Identifier: Apache-2.0
 * haul's topics: made, and compared with what they should be.
 */
#include "haul/kafka_topics.h"

#include "haul/time.h"
#include "ingest/kafka_conf.h"

#include <stdio.h>
#include <stdlib.h>

enum { TOPICS_MAX = HAUL_MAILBOX_MAX + 3, SETTINGS_MAX = 6, LETTER_HEADERS = 64 * 1024 };

static const struct {
    const char *name;
    bool compacted;
} others[] = {{"alerts", false}, {"deadletters", false}, {"blobs", true}};

struct setting {
    const char *name;
    char value[24];
    bool at_least; /* a number that may be larger */
};

struct plan {
    char topic[HAUL_KAFKA_TOPIC_BYTES];
    int partitions, replication;
    bool foreign; /* another's: not made, and only its partitions are asked for */
    struct setting settings[SETTINGS_MAX];
    size_t settings_len;
};

struct admin {
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    int timeout_ms;
    struct plan plans[TOPICS_MAX];
    size_t len;
    haul_topic_fn *fn;
    void *arg;
    bool wrong;
};

bool haul_topic_known(const char *name)
{
    if (haul_mailbox_find(haul_str_of(name)) != HAUL_MAILBOX_NONE) return true;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(others[i].name, name) == 0) return true;
    return false;
}

/* ---- what should be -----------------------------------------------------------------------------------------------
 */
static void require(struct plan *p, const char *name, const char *value, bool at_least)
{
    assert(p->settings_len < SETTINGS_MAX);
    struct setting *s = &p->settings[p->settings_len++];
    s->name = name;
    s->at_least = at_least;
    snprintf(s->value, sizeof s->value, "%s", value);
}

static void require_number(struct plan *p, const char *name, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    require(p, name, text, true);
}

static bool plan(struct admin *a, const struct haul_kafka_options *o, const char *instance, const char *name,
                 int64_t partitions, bool compacted)
{
    struct plan *p = &a->plans[a->len++];
    if (!haul_kafka_topic(o, instance, name, p->topic)) return false;
    p->partitions = (int)partitions;
    p->replication = (int)o->replication;
    require(p, "cleanup.policy", compacted ? "compact" : "delete", false);
    if (!compacted) require(p, "message.timestamp.type", "LogAppendTime", false);
    if (!compacted) require_number(p, "retention.ms", o->retention_ms);
    /* a dead letter is the record that was refused, and why */
    require_number(p, "max.message.bytes", o->message_bytes + (strcmp(name, "deadletters") == 0 ? LETTER_HEADERS : 0));
    if (o->replication >= 3) require(p, "min.insync.replicas", "2", true);
    return true;
}

/* A bridge's topic that the options name is another's. */
static bool is_foreign(const struct haul_kafka_options *o, unsigned mailbox)
{
    if (!haul_mailbox_bridges(mailbox) || mailbox == HAUL_MAILBOX_REDRIVE) return false;
    for (uint32_t i = 0; i < o->topics.len; i++)
        if (strcmp(o->topics.item[i].key, haul_mailbox_row(mailbox)->name) == 0) return true;
    return false;
}

static void make_foreign(struct plan *p)
{
    p->foreign = true;
    p->replication = 0;
    p->settings_len = 0;
}

static enum haul_err plan_all(struct admin *a, const struct haul_kafka_options *o, const char *instance,
                              const int64_t partitions[HAUL_MAILBOX_MAX], struct haul_error *e)
{
    bool ok = true;
    for (unsigned i = 1; i < HAUL_MAILBOX_MAX; i++) {
        const struct haul_mailbox_row *row = haul_mailbox_row(i);
        if (row == NULL) continue;
        ok = plan(a, o, instance, row->name, partitions[i], false) && ok;
        if (is_foreign(o, i)) make_foreign(&a->plans[a->len - 1]);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ok = plan(a, o, instance, others[i].name, 1, others[i].compacted) && ok;
    return ok ? HAUL_OK : haul_fail(e, HAUL_E_LIMIT, "a topic's name is longer than 249 bytes");
}

/* ---- asking the brokers -------------------------------------------------------------------------------------------
 */
static enum haul_err open_client(struct admin *a, const struct haul_kafka_options *o, struct haul_error *e)
{
    static const struct kafka_property none[] = {{NULL, NULL}};
    char why[512];
    struct haul_error reason = {.code = HAUL_E_INVALID};
    a->timeout_ms = (int)o->request_timeout_ms;
    rd_kafka_conf_t *conf = kafka_conf_make(o, none, none, &reason);
    if (conf == NULL) return haul_fail(e, reason.code, "%s", reason.text);
    rd_kafka_conf_set_log_cb(conf, NULL);
    a->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (a->rk == NULL) {
        rd_kafka_conf_destroy(conf);
        return haul_fail(e, HAUL_E_INVALID, "Kafka client: %s", why);
    }
    a->queue = rd_kafka_queue_new(a->rk);
    return HAUL_OK;
}

static void close_client(struct admin *a)
{
    if (a->queue != NULL) rd_kafka_queue_destroy(a->queue);
    if (a->rk != NULL) rd_kafka_destroy(a->rk);
    free(a);
}

static enum haul_err metadata(struct admin *a, const struct rd_kafka_metadata **out, struct haul_error *e)
{
    const rd_kafka_resp_err_t err = rd_kafka_metadata(a->rk, 1, NULL, out, a->timeout_ms);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) return HAUL_OK;
    return haul_fail(e, kafka_err(err), "the Kafka brokers do not say what topics they have: %s",
                     rd_kafka_err2str(err));
}

static const struct rd_kafka_metadata_topic *find(const struct rd_kafka_metadata *all, const char *topic)
{
    for (int i = 0; i < all->topic_cnt; i++)
        if (strcmp(all->topics[i].topic, topic) == 0 && all->topics[i].err == RD_KAFKA_RESP_ERR_NO_ERROR)
            return &all->topics[i];
    return NULL;
}

/* The one event of an admin request; the caller destroys it. */
static enum haul_err answer(struct admin *a, const char *what, rd_kafka_event_t **out, struct haul_error *e)
{
    *out = rd_kafka_queue_poll(a->queue, a->timeout_ms);
    if (*out == NULL) return haul_fail(e, HAUL_E_TIMEOUT, "%s: no answer in %d ms", what, a->timeout_ms);
    const rd_kafka_resp_err_t err = rd_kafka_event_error(*out);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) return HAUL_OK;
    haul_fail(e, kafka_err(err), "%s: %s", what, rd_kafka_event_error_string(*out));
    rd_kafka_event_destroy(*out);
    return kafka_err(err);
}

/* ---- comparing ----------------------------------------------------------------------------------------------------
 */
static void tell(struct admin *a, enum haul_topic_verdict verdict, const char *topic, const char *text)
{
    a->wrong = a->wrong || (verdict != HAUL_TOPIC_MADE && verdict != HAUL_TOPIC_RIGHT);
    a->fn(a->arg, verdict, topic, text);
}

static bool satisfies(const struct setting *s, const char *value)
{
    if (!s->at_least) return strcmp(s->value, value) == 0;
    const long long has = strtoll(value, NULL, 10);
    return has == -1 || has >= strtoll(s->value, NULL, 10); /* retention.ms -1: for ever */
}

static bool compare_setting(struct admin *a, const struct plan *p, const rd_kafka_ConfigEntry_t *entry)
{
    bool right = true;
    const char *value = rd_kafka_ConfigEntry_value(entry);
    for (size_t i = 0; i < p->settings_len; i++) {
        const struct setting *s = &p->settings[i];
        if (strcmp(s->name, rd_kafka_ConfigEntry_name(entry)) != 0) continue;
        if (value != NULL && satisfies(s, value)) continue;
        char text[256];
        snprintf(text, sizeof text, "%s is %s, not %s%s", s->name, value == NULL ? "hidden" : value,
                 s->at_least ? "at least " : "", s->value);
        tell(a, HAUL_TOPIC_WRONG, p->topic, text);
        right = false;
    }
    return right;
}

static bool compare_counts(struct admin *a, const struct plan *p, const struct rd_kafka_metadata_topic *t)
{
    char text[256];
    bool right = true;
    if (t->partition_cnt != p->partitions) {
        snprintf(text, sizeof text, "it has %d partitions, not %d", t->partition_cnt, p->partitions);
        tell(a, HAUL_TOPIC_WRONG, p->topic, text);
        right = false;
    }
    for (int i = 0; i < t->partition_cnt && right; i++) {
        if (t->partitions[i].replica_cnt >= p->replication) continue;
        snprintf(text, sizeof text, "partition %d has %d replicas, not %d", (int)t->partitions[i].id,
                 t->partitions[i].replica_cnt, p->replication);
        tell(a, HAUL_TOPIC_WRONG, p->topic, text);
        right = false;
    }
    return right;
}

static enum haul_err compare(struct admin *a, const struct plan *p, const struct rd_kafka_metadata_topic *t,
                             struct haul_error *e)
{
    rd_kafka_event_t *event;
    size_t n, entries;
    rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, p->topic);
    rd_kafka_DescribeConfigs(a->rk, &resource, 1, NULL, a->queue);
    rd_kafka_ConfigResource_destroy(resource);
    enum haul_err err = answer(a, "settings of a topic", &event, e);
    if (err != HAUL_OK) return err;
    const rd_kafka_ConfigResource_t **found =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &n);
    bool right = compare_counts(a, p, t);
    const rd_kafka_ConfigEntry_t **entry = rd_kafka_ConfigResource_configs(found[0], &entries);
    for (size_t i = 0; i < entries; i++) right = compare_setting(a, p, entry[i]) && right;
    if (rd_kafka_ConfigResource_error(found[0]) != RD_KAFKA_RESP_ERR_NO_ERROR)
        err = haul_fail(e, kafka_err(rd_kafka_ConfigResource_error(found[0])), "settings of %s: %s", p->topic,
                        rd_kafka_ConfigResource_error_string(found[0]));
    else if (right)
        tell(a, HAUL_TOPIC_RIGHT, p->topic, "");
    rd_kafka_event_destroy(event);
    return err;
}

/* ---- making -------------------------------------------------------------------------------------------------------
 */
static rd_kafka_NewTopic_t *new_topic(const struct plan *p)
{
    char why[256];
    rd_kafka_NewTopic_t *t = rd_kafka_NewTopic_new(p->topic, p->partitions, p->replication, why, sizeof why);
    assert(t != NULL);
    for (size_t i = 0; i < p->settings_len; i++)
        rd_kafka_NewTopic_set_config(t, p->settings[i].name, p->settings[i].value);
    return t;
}

static void tell_made(struct admin *a, rd_kafka_event_t *event)
{
    size_t n;
    const rd_kafka_topic_result_t **r =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &n);
    for (size_t i = 0; i < n; i++) {
        const rd_kafka_resp_err_t err = rd_kafka_topic_result_error(r[i]);
        if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
            tell(a, HAUL_TOPIC_MADE, rd_kafka_topic_result_name(r[i]), "");
        else
            tell(a, HAUL_TOPIC_FAILED, rd_kafka_topic_result_name(r[i]), rd_kafka_topic_result_error_string(r[i]));
    }
}

static enum haul_err make(struct admin *a, rd_kafka_NewTopic_t **list, size_t n, struct haul_error *e)
{
    rd_kafka_event_t *event;
    if (n == 0) return HAUL_OK;
    rd_kafka_CreateTopics(a->rk, list, n, NULL, a->queue);
    const enum haul_err err = answer(a, "creating topics", &event, e);
    if (err != HAUL_OK) return err;
    tell_made(a, event);
    rd_kafka_event_destroy(event);
    return HAUL_OK;
}

/* A topic can be used when each partition has a leader, a little after it was made. */
static bool led(const struct admin *a, const struct rd_kafka_metadata *all)
{
    for (size_t i = 0; i < a->len; i++) {
        const struct rd_kafka_metadata_topic *t = find(all, a->plans[i].topic);
        if (t == NULL) return false;
        for (int j = 0; j < t->partition_cnt; j++)
            if (t->partitions[j].leader < 0) return false;
    }
    return true;
}

static enum haul_err wait_led(struct admin *a, struct haul_error *e)
{
    const int64_t until = haul_mono_now().ns + (int64_t)a->timeout_ms * 1000000;
    for (bool ready = false; !ready;) {
        const struct rd_kafka_metadata *all;
        const enum haul_err err = metadata(a, &all, e);
        if (err != HAUL_OK) return err;
        ready = led(a, all);
        rd_kafka_metadata_destroy(all);
        if (!ready && haul_mono_now().ns > until)
            return haul_fail(e, HAUL_E_TIMEOUT, "the topics are made, but not all partitions have a leader");
        if (!ready) haul_sleep_ms(20);
    }
    return HAUL_OK;
}

static enum haul_err create_missing(struct admin *a, const struct rd_kafka_metadata *all, struct haul_error *e)
{
    rd_kafka_NewTopic_t *list[TOPICS_MAX];
    size_t n = 0;
    enum haul_err err = HAUL_OK;
    for (size_t i = 0; i < a->len && err == HAUL_OK; i++) {
        const struct rd_kafka_metadata_topic *t = find(all, a->plans[i].topic);
        if (t == NULL && a->plans[i].foreign)
            tell(a, HAUL_TOPIC_MISSING, a->plans[i].topic, "");
        else if (t == NULL)
            list[n++] = new_topic(&a->plans[i]);
        else
            err = compare(a, &a->plans[i], t, e);
    }
    if (err == HAUL_OK) err = make(a, list, n, e);
    rd_kafka_NewTopic_destroy_array(list, n);
    return err != HAUL_OK || n == 0 || a->wrong ? err : wait_led(a, e);
}

static enum haul_err check_all(struct admin *a, const struct rd_kafka_metadata *all, struct haul_error *e)
{
    enum haul_err err = HAUL_OK;
    for (size_t i = 0; i < a->len && err == HAUL_OK; i++) {
        const struct rd_kafka_metadata_topic *t = find(all, a->plans[i].topic);
        if (t == NULL)
            tell(a, HAUL_TOPIC_MISSING, a->plans[i].topic, "");
        else
            err = compare(a, &a->plans[i], t, e);
    }
    return err;
}

static enum haul_err run(const struct haul_kafka_options *o, const char *instance,
                         const int64_t partitions[HAUL_MAILBOX_MAX], haul_topic_fn *fn, void *arg,
                         enum haul_err (*what)(struct admin *, const struct rd_kafka_metadata *, struct haul_error *),
                         struct haul_error *e)
{
    const struct rd_kafka_metadata *all;
    struct admin *a = calloc(1, sizeof *a);
    assert(a != NULL);
    a->fn = fn;
    a->arg = arg;
    enum haul_err err = plan_all(a, o, instance, partitions, e);
    if (err == HAUL_OK) err = open_client(a, o, e);
    if (err == HAUL_OK) err = metadata(a, &all, e);
    if (err == HAUL_OK) {
        err = what(a, all, e);
        rd_kafka_metadata_destroy(all);
    }
    if (err == HAUL_OK && a->wrong) err = haul_fail(e, HAUL_E_CONFLICT, "not all topics are as they should be");
    close_client(a);
    return err;
}

enum haul_err haul_topics_create(const struct haul_kafka_options *o, const char *instance,
                                 const int64_t partitions[HAUL_MAILBOX_MAX], haul_topic_fn *fn, void *arg,
                                 struct haul_error *e)
{
    return run(o, instance, partitions, fn, arg, create_missing, e);
}

enum haul_err haul_topics_check(const struct haul_kafka_options *o, const char *instance,
                                const int64_t partitions[HAUL_MAILBOX_MAX], haul_topic_fn *fn, void *arg,
                                struct haul_error *e)
{
    return run(o, instance, partitions, fn, arg, check_all, e);
}

static enum haul_err count_partitions(struct admin *a, const char *topic, uint32_t *count, struct haul_error *e)
{
    const struct rd_kafka_metadata *all;
    enum haul_err err = metadata(a, &all, e);
    if (err != HAUL_OK) return err;
    const struct rd_kafka_metadata_topic *t = find(all, topic);
    if (t == NULL)
        err = haul_fail(e, HAUL_E_NOT_FOUND, "Kafka has no topic %s; 'haul topics create' makes haul's own", topic);
    else
        *count = (uint32_t)t->partition_cnt;
    rd_kafka_metadata_destroy(all);
    return err;
}

enum haul_err haul_topic_partitions(const struct haul_kafka_options *o, const char *topic, uint32_t *count,
                                    struct haul_error *e)
{
    struct admin *a = calloc(1, sizeof *a);
    assert(a != NULL);
    enum haul_err err = open_client(a, o, e);
    if (err == HAUL_OK) err = count_partitions(a, topic, count, e);
    close_client(a);
    return err;
}

static enum haul_err grow(struct admin *a, const char *topic, uint32_t count, struct haul_error *e)
{
    char why[256];
    rd_kafka_event_t *event;
    size_t n;
    rd_kafka_NewPartitions_t *more = rd_kafka_NewPartitions_new(topic, count, why, sizeof why);
    assert(more != NULL);
    rd_kafka_CreatePartitions(a->rk, &more, 1, NULL, a->queue);
    enum haul_err err = answer(a, "adding partitions", &event, e);
    rd_kafka_NewPartitions_destroy(more);
    if (err != HAUL_OK) return err;
    const rd_kafka_topic_result_t **r =
        rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event), &n);
    if (n == 1 && rd_kafka_topic_result_error(r[0]) != RD_KAFKA_RESP_ERR_NO_ERROR)
        err = haul_fail(e, kafka_err(rd_kafka_topic_result_error(r[0])), "adding partitions to %s: %s", topic,
                        rd_kafka_topic_result_error_string(r[0]));
    rd_kafka_event_destroy(event);
    return err;
}

enum haul_err haul_topic_grow(const struct haul_kafka_options *o, const char *topic, uint32_t count,
                              struct haul_error *e)
{
    struct admin *a = calloc(1, sizeof *a);
    uint32_t has = 0;
    assert(a != NULL);
    enum haul_err err = open_client(a, o, e);
    if (err == HAUL_OK) err = count_partitions(a, topic, &has, e);
    if (err == HAUL_OK && has > count)
        err = haul_fail(e, HAUL_E_CONFLICT, "topic %s has %u partitions, more than %u; Kafka takes none away", topic,
                        has, count);
    if (err == HAUL_OK && has < count) err = grow(a, topic, count, e);
    close_client(a);
    return err;
}
