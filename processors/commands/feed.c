/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/commands/feed.h"

#include "haul/kafka_topics.h"

#include <stdio.h>

enum { RECEIPTS = 256, WAIT_STEP_MS = 50, FLUSH_STEP_MS = 500 };

/* ---- pace ---------------------------------------------------------------------------------------------------------
 */
bool pace_read(struct pace *p, const char *speed, const char *shift_to)
{
    struct haul_error e;
    *p = (struct pace){.shift = shift_to != NULL, .to = HAUL_TIME_NONE};
    if (speed != NULL && strcmp(speed, "max") != 0 && !args_number("--speed", speed, 1e-3, 1e6, &p->speed))
        return false;
    if (shift_to == NULL) return true;
    if (speed == NULL) p->speed = 1;
    if (strcmp(shift_to, "now") == 0) return true;
    if (haul_time_parse(shift_to, strlen(shift_to), &p->to, &e) == HAUL_OK) return true;
    fprintf(stderr, "haul: --shift-to: now or a time: %s\n", e.text);
    return false;
}

bool pace_needs_span(const struct pace *p)
{
    return p->shift && p->to.ms == HAUL_TIME_NONE.ms && (p->speed > 1 || p->speed == 0);
}

void pace_begin(struct pace *p, int64_t first_ms, int64_t last_ms)
{
    p->begun = true;
    p->first_ms = first_ms;
    p->start = haul_mono_now();
    if (!p->shift) return;
    const int64_t lasts_ms = p->speed > 0 ? (int64_t)((double)(last_ms - first_ms) / p->speed) : 0;
    if (p->to.ms != HAUL_TIME_NONE.ms)
        p->shift_ms = p->to.ms - first_ms;
    else if (pace_needs_span(p))
        p->shift_ms = haul_wall_now().ms + lasts_ms - last_ms;
    else
        p->shift_ms = haul_wall_now().ms - first_ms;
}

int64_t pace_left(struct pace *p, int64_t t_ms)
{
    if (!p->begun) pace_begin(p, t_ms, t_ms);
    if (p->speed <= 0) return 0;
    const double due_ms = (double)(t_ms - p->first_ms) / p->speed;
    const double passed_ms = (double)(haul_mono_now().ns - p->start.ns) / 1e6;
    return due_ms > passed_ms ? (int64_t)(due_ms - passed_ms) : 0;
}

/* ---- feed ---------------------------------------------------------------------------------------------------------
 */
enum haul_err feed_open(struct feed *f, const struct kafka_setup *s, const char *what, struct haul_error *e)
{
    *f = (struct feed){.kafka = &s->kafka};
    progress_begin(&f->progress, what);
    return haul_kafka_sink_open(&s->kafka, "", NULL, &f->sink, e);
}

enum haul_err feed_partitions(struct feed *f, const char *topic, uint32_t *count, struct haul_error *e)
{
    size_t i = 0;
    while (i < f->topics_len && strcmp(f->topics[i].name, topic) != 0) i++;
    if (i == f->topics_len) {
        if (i == FEED_TOPICS_MAX) return haul_fail(e, HAUL_E_LIMIT, "more than %d topics", FEED_TOPICS_MAX);
        snprintf(f->topics[i].name, sizeof f->topics[i].name, "%s", topic);
        const enum haul_err err = haul_topic_partitions(f->kafka, topic, &f->topics[i].partitions, e);
        if (err != HAUL_OK) return err;
        f->topics_len++;
    }
    *count = f->topics[i].partitions;
    return HAUL_OK;
}

static void take_receipts(struct feed *f)
{
    struct haul_receipt r[RECEIPTS];
    for (size_t n; (n = f->sink->ops->poll(f->sink, r, RECEIPTS)) > 0;)
        for (size_t i = 0; i < n; i++) {
            f->answered++;
            if (r[i].result != HAUL_OK && f->failed++ == 0) haul_fail(&f->error, r[i].result, "%s", r[i].text);
        }
}

enum haul_err feed_send(struct feed *f, const struct haul_outgoing *m, struct haul_error *e)
{
    enum haul_err err;
    while ((err = f->sink->ops->send(f->sink, m, e)) == HAUL_E_AGAIN) {
        if (stop_asked) return haul_fail(e, HAUL_E_STOPPED, "interrupted");
        take_receipts(f);
        f->sink->ops->flush(f->sink, 1, NULL);
        progress_step(&f->progress, f->sent);
    }
    if (err != HAUL_OK) return err;
    if (++f->sent % RECEIPTS == 0) {
        take_receipts(f);
        progress_step(&f->progress, f->sent);
    }
    return HAUL_OK;
}

bool feed_wait(struct feed *f, int64_t ms)
{
    while (ms > 0 && !stop_asked) {
        const int64_t step = ms < WAIT_STEP_MS ? ms : WAIT_STEP_MS;
        take_receipts(f);
        progress_step(&f->progress, f->sent);
        haul_sleep_ms(step);
        ms -= step;
    }
    return !stop_asked;
}

enum haul_err feed_close(struct feed *f, struct haul_error *e)
{
    if (f->sink == NULL) return HAUL_OK;
    while (f->answered < f->sent && f->sink->ops->flush(f->sink, FLUSH_STEP_MS, NULL) != HAUL_OK && !stop_asked) {
        take_receipts(f);
        progress_step(&f->progress, f->answered);
    }
    take_receipts(f);
    f->sink->ops->close(f->sink);
    f->sink = NULL;
    if (f->failed > 0)
        return haul_fail(e, f->error.code, "%llu of %llu messages were not taken, the first because: %s",
                         (unsigned long long)f->failed, (unsigned long long)f->sent, f->error.text);
    if (f->answered < f->sent)
        return haul_fail(e, HAUL_E_STOPPED, "interrupted: %llu messages are not answered",
                         (unsigned long long)(f->sent - f->answered));
    return HAUL_OK;
}
