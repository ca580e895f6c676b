/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/log.h"

#include "haul/json.h"

#include <pthread.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048
#define EVENTS         128 /* distinct events whose rate is watched; more share the last */
#define EACH_SECOND    10

static struct {
    pthread_mutex_t lock;
    int fd;
    enum haul_log_level level;
    enum haul_log_format format;
    struct rate {
        const char *event;
        int64_t second;
        unsigned lines;
        uint64_t suppressed;
    } rate[EVENTS];
    size_t rates;
} out = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

void haul_log_open(int fd, enum haul_log_level level, enum haul_log_format format)
{
    out.fd = fd;
    out.level = level;
    out.format = format;
}

static struct rate *rate_of(const char *event)
{
    for (size_t i = 0; i < out.rates; i++)
        if (strcmp(out.rate[i].event, event) == 0) return &out.rate[i];
    if (out.rates == EVENTS) return &out.rate[EVENTS - 1];
    out.rate[out.rates].event = event;
    return &out.rate[out.rates++];
}

/* False: this line is one too many in its second. *suppressed: lines of the event left out before it. */
static bool allowed(const char *event, int64_t ms, uint64_t *suppressed)
{
    struct rate *r = rate_of(event);
    if (r->second != ms / 1000) r->second = ms / 1000, r->lines = 0;
    *suppressed = 0;
    if (++r->lines > EACH_SECOND) {
        r->suppressed++;
        return false;
    }
    *suppressed = r->suppressed;
    r->suppressed = 0;
    return true;
}

static const char *const level_names[] = {"debug", "info", "warning", "error"};

static void line_json(struct haul_buf *b, struct haul_time now, enum haul_log_level level, const char *event,
                      const char *text, uint64_t suppressed)
{
    struct haul_json j;
    haul_json_begin(&j, b);
    haul_json_open(&j, '{');
    haul_json_ktime(&j, "time", now);
    haul_json_kstr(&j, "level", haul_str_of(level_names[level]));
    haul_json_kstr(&j, "event", haul_str_of(event));
    haul_json_kstr(&j, "text", haul_str_of(text));
    if (suppressed > 0) haul_json_ki64(&j, "suppressed", (int64_t)suppressed);
    haul_json_close(&j, '}');
}

static void line_text(struct haul_buf *b, struct haul_time now, enum haul_log_level level, const char *event,
                      const char *text, uint64_t suppressed)
{
    char stamp[HAUL_TIME_TEXT_BYTES];
    haul_buf_printf(b, "%s %-7s %s %s", haul_time_format(now, stamp), level_names[level], event, text);
    if (suppressed > 0) haul_buf_printf(b, " (%llu like it left out)", (unsigned long long)suppressed);
    for (size_t i = 0; i < b->n; i++)
        if (b->p[i] == '\n') b->p[i] = ' ';
}

void haul_say(enum haul_log_level level, const char *event, const char *text)
{
    if (out.fd < 0 || level < out.level) return;
    const struct haul_time now = haul_wall_now();
    uint8_t room[LINE_MAX_BYTES];
    struct haul_buf b = {.p = room, .cap = sizeof room - 1, .max = sizeof room - 1};
    pthread_mutex_lock(&out.lock);
    uint64_t suppressed;
    if (allowed(event, now.ms, &suppressed)) {
        (out.format == HAUL_LOG_JSON ? line_json : line_text)(&b, now, level, event, text, suppressed);
        room[b.n++] = '\n';
        const ssize_t written = write(out.fd, room, b.n);
        (void)written; /* a log that cannot be written must not stop the program */
    }
    pthread_mutex_unlock(&out.lock);
}
