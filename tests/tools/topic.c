/* SPDX-License-Identifier: Apache-2.0
 * What befalls a topic of Kafka behind haul's back.
 *     topic BROKERS expire TOPIC PARTITION OFFSET   everything before the offset goes
 *     topic BROKERS delete TOPIC
 */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 30000

static const char *failed_with(rd_kafka_event_t *event)
{
    if (event == NULL) return "no answer";
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) return rd_kafka_event_error_string(event);
    return NULL;
}

static const char *expire(rd_kafka_t *rk, rd_kafka_queue_t *q, const char *topic, int partition, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
    rd_kafka_DeleteRecords_t *what = rd_kafka_DeleteRecords_new(list);
    rd_kafka_DeleteRecords(rk, &what, 1, NULL, q);
    rd_kafka_event_t *event = rd_kafka_queue_poll(q, WAIT_MS);
    const char *why = failed_with(event);
    if (why == NULL) {
        const rd_kafka_resp_err_t err =
            rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event))->elems[0].err;
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR) why = rd_kafka_err2str(err);
    }
    rd_kafka_DeleteRecords_destroy(what);
    rd_kafka_topic_partition_list_destroy(list);
    return why;
}

static const char *delete_topic(rd_kafka_t *rk, rd_kafka_queue_t *q, const char *topic)
{
    rd_kafka_DeleteTopic_t *what = rd_kafka_DeleteTopic_new(topic);
    rd_kafka_DeleteTopics(rk, &what, 1, NULL, q);
    rd_kafka_event_t *event = rd_kafka_queue_poll(q, WAIT_MS);
    const char *why = failed_with(event);
    size_t n;
    if (why == NULL) {
        const rd_kafka_topic_result_t **r =
            rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &n);
        const rd_kafka_resp_err_t err = rd_kafka_topic_result_error(r[0]);
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR) why = rd_kafka_err2str(err);
    }
    rd_kafka_DeleteTopic_destroy(what);
    return why;
}

int main(int argc, char **argv)
{
    char why[512] = "";
    const char *failed = NULL;
    if (argc < 4) return fprintf(stderr, "usage: see the head of the source\n"), 64;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (rd_kafka_conf_set(conf, "bootstrap.servers", argv[1], why, sizeof why) != RD_KAFKA_CONF_OK)
        return fprintf(stderr, "topic: %s\n", why), 64;
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (rk == NULL) return fprintf(stderr, "topic: %s\n", why), 1;
    rd_kafka_queue_t *q = rd_kafka_queue_new(rk);
    if (strcmp(argv[2], "expire") == 0 && argc == 6)
        failed = expire(rk, q, argv[3], atoi(argv[4]), strtoll(argv[5], NULL, 10));
    else if (strcmp(argv[2], "delete") == 0 && argc == 4)
        failed = delete_topic(rk, q, argv[3]);
    else
        failed = "no such command";
    if (failed != NULL) fprintf(stderr, "topic: %s\n", failed);
    rd_kafka_queue_destroy(q);
    rd_kafka_destroy(rk);
    return failed == NULL ? 0 : 1;
}
