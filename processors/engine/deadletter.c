/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/deadletter.h"

#include "haul/topics.h"

#include <stdio.h>

static const char *const stage_names[] = {"KAFKA_CONSUME", "VALUE_CONVERTER", "TRANSFORMATION", "TASK_PUT"};

static struct haul_str number(char *to, size_t cap, int64_t v)
{
    const int n = snprintf(to, cap, "%lld", (long long)v);
    assert(n > 0 && (size_t)n < cap);
    return (struct haul_str){to, (size_t)n};
}

static struct haul_str topic(char to[HAUL_TOPIC_TEXT], const char *instance, const char *name)
{
    const int n = snprintf(to, HAUL_TOPIC_TEXT, "%s%s", instance, name);
    assert(n > 0 && n < HAUL_TOPIC_TEXT);
    return (struct haul_str){to, (size_t)n};
}

void haul_deadletter_build(const struct haul_deadletter *d, struct haul_deadletter_scratch *s,
                           struct haul_outgoing *out)
{
    const struct haul_message *const m = d->message;
    const struct haul_mailbox_row *const mailbox = haul_mailbox_row(m->task.mailbox);
    assert(mailbox != NULL && d->why->reason != HAUL_REASON_NONE && d->why->reason < HAUL_REASON_COUNT);
    char name[32];
    snprintf(name, sizeof name, "haul.%s", mailbox->name);
    struct haul_header *h = s->headers;
    *h++ = (struct haul_header){"__connect.errors.topic", topic(s->from, d->instance, name)};
    *h++ = (struct haul_header){"__connect.errors.partition",
                                number(s->partition, sizeof s->partition, m->task.partition)};
    *h++ = (struct haul_header){"__connect.errors.offset", number(s->offset, sizeof s->offset, m->offset)};
    *h++ = (struct haul_header){"__connect.errors.stage", haul_str_of(stage_names[d->stage])};
    *h++ = (struct haul_header){"__connect.errors.exception.class.name", haul_str_of(haul_reason_name(d->why->reason))};
    *h++ = (struct haul_header){"__connect.errors.exception.message", haul_str_of(d->why->text)};
    *h++ = (struct haul_header){"haul.index", number(s->index, sizeof s->index, d->index)};
    if (d->why->field[0] != '\0') *h++ = (struct haul_header){"haul.field", haul_str_of(d->why->field)};
    if (m->append_time) *h++ = (struct haul_header){"haul.append", number(s->append, sizeof s->append, m->append.ms)};
    const size_t n = haul_sender_format(&m->sender, s->sender);
    if (n > 0) *h++ = (struct haul_header){"haul.sender", {s->sender, n}};
    if (m->sender.attempt > 0)
        *h++ = (struct haul_header){"haul.attempt", number(s->attempt, sizeof s->attempt, m->sender.attempt)};
    topic(s->topic, d->instance, HAUL_DEADLETTER_TOPIC);
    *out = (struct haul_outgoing){.topic = s->topic,
                                  .to = HAUL_MAILBOX_NONE,
                                  .partition = -1,
                                  .key = m->key,
                                  .value = d->record,
                                  .headers = s->headers,
                                  .headers_len = (size_t)(h - s->headers)};
    assert(out->headers_len <= HAUL_DEADLETTER_HEADERS);
}
