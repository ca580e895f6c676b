/* SPDX-License-Identifier: Apache-2.0
 * A recording as a source.
 */
#include "haul/replay_source.h"

#include "haul/topics.h"

#include <stdlib.h>

struct part {
    struct haul_task_name task;
    int64_t low, high;    /* bounds of what is recorded; -1, -1 when nothing is */
    int64_t next;         /* to be reported next */
    int64_t passed;       /* one behind the last that was read over, since the file's start */
    bool told, answered;  /* ASSIGN was reported; start or stop was called since */
    bool started, paused; /* by the worker */
    bool end_due, gap_due;
};

struct replay_source {
    struct haul_source base;
    struct haul_recording *file;
    struct part *parts;
    size_t parts_len;
    uint16_t index[HAUL_MAILBOX_MAX][HAUL_PARTITIONS_MAX]; /* plus one */
    uint32_t partitions[HAUL_MAILBOX_MAX];
    bool wanted[HAUL_MAILBOX_MAX];
};

static struct replay_source *of(struct haul_source *s)
{
    return (struct replay_source *)s;
}

/* ---- the file -----------------------------------------------------------------------------------------------------
 */
/* "x.haul.fleet" is the mailbox fleet. */
static unsigned mailbox_of(const struct replay_source *s, const char *topic)
{
    const char *name = NULL;
    for (const char *p = topic; (p = strstr(p, "haul.")) != NULL; p++) name = p + 5;
    if (name == NULL) return HAUL_MAILBOX_NONE;
    const enum haul_mailbox mailbox = haul_mailbox_find(haul_str_of(name));
    return s->wanted[mailbox] ? mailbox : HAUL_MAILBOX_NONE;
}

static struct part *find(struct replay_source *s, struct haul_task_name task)
{
    if (task.mailbox >= HAUL_MAILBOX_MAX || task.partition >= HAUL_PARTITIONS_MAX) return NULL;
    const uint16_t at = s->index[task.mailbox][task.partition];
    return at == 0 ? NULL : &s->parts[at - 1];
}

static void add_parts(struct replay_source *s, unsigned mailbox, uint32_t count)
{
    s->parts = reallocarray(s->parts, s->parts_len + count, sizeof *s->parts);
    assert(s->parts != NULL);
    for (uint32_t p = s->partitions[mailbox]; p < count; p++) {
        s->parts[s->parts_len++] = (struct part){.task = {(uint16_t)mailbox, (uint16_t)p}, .low = -1, .high = -1};
        s->index[mailbox][p] = (uint16_t)s->parts_len;
    }
    s->partitions[mailbox] = count;
}

/* One message of the scan. */
static enum haul_err note(struct replay_source *s, const struct haul_recorded *m, struct haul_error *e)
{
    const unsigned mailbox = mailbox_of(s, m->topic);
    if (mailbox == HAUL_MAILBOX_NONE) return HAUL_OK;
    const uint32_t count = m->partition < m->partitions ? m->partitions : m->partition + 1;
    if (count > HAUL_PARTITIONS_MAX || m->partition >= HAUL_PARTITIONS_MAX)
        return haul_fail(e, HAUL_E_LIMIT, "%s has more than %d partitions", m->topic, HAUL_PARTITIONS_MAX);
    if (count > s->partitions[mailbox]) add_parts(s, mailbox, count);
    struct part *p = find(s, (struct haul_task_name){(uint16_t)mailbox, (uint16_t)m->partition});
    if (p->high > m->offset)
        return haul_fail(e, HAUL_E_CONFLICT, "%s/%u: offset %lld stands behind %lld: not one recording of one topic",
                         m->topic, m->partition, (long long)m->offset, (long long)p->high - 1);
    if (p->low < 0) p->low = m->offset;
    p->high = m->offset + 1;
    return HAUL_OK;
}

static enum haul_err scan(struct replay_source *s, struct haul_error *e)
{
    struct haul_recorded m;
    enum haul_err err;
    while ((err = haul_recording_next(s->file, &m, e)) == HAUL_OK)
        if ((err = note(s, &m, e)) != HAUL_OK) return err;
    if (err != HAUL_E_END) return err;
    if (s->parts_len == 0) return haul_fail(e, HAUL_E_NOT_FOUND, "no message of a wanted mailbox is recorded");
    for (size_t i = 0; i < s->parts_len; i++)
        if (s->parts[i].low < 0) s->parts[i].low = s->parts[i].high = 0;
    return haul_recording_rewind(s->file, e);
}

/* Reads on to a message that is to be reported, and its part. END: there is none. */
static enum haul_err read_on(struct replay_source *s, struct haul_recorded *m, struct part **part, struct haul_error *e)
{
    for (;;) {
        const enum haul_err err = haul_recording_next(s->file, m, e);
        if (err != HAUL_OK) return err;
        const unsigned mailbox = mailbox_of(s, m->topic);
        if (mailbox == HAUL_MAILBOX_NONE) continue;
        struct part *p = find(s, (struct haul_task_name){(uint16_t)mailbox, (uint16_t)m->partition});
        if (p == NULL) return haul_fail(e, HAUL_E_CORRUPT, "the recording has changed since it was opened");
        p->passed = m->offset + 1;
        if (!p->started || m->offset < p->next) continue;
        *part = p;
        return HAUL_OK;
    }
}

static enum haul_err read_again(struct replay_source *s, struct haul_error *e)
{
    for (size_t i = 0; i < s->parts_len; i++) s->parts[i].passed = 0;
    return haul_recording_rewind(s->file, e);
}

/* ---- poll ---------------------------------------------------------------------------------------------------------
 */
static bool tell(struct replay_source *s, struct haul_source_event *out)
{
    for (size_t i = 0; i < s->parts_len; i++) {
        struct part *p = &s->parts[i];
        if (!p->told)
            out->type = HAUL_SOURCE_ASSIGN, p->told = true;
        else if (p->gap_due)
            out->type = HAUL_SOURCE_GAP, p->gap_due = false;
        else if (p->end_due && p->started && !p->paused)
            out->type = HAUL_SOURCE_END, p->end_due = false;
        else
            continue;
        out->task = p->task;
        out->offset = p->next;
        out->low = p->low;
        out->high = p->high;
        return true;
    }
    return false;
}

static bool may_read(const struct replay_source *s)
{
    for (size_t i = 0; i < s->parts_len; i++)
        if (!s->parts[i].answered || (s->parts[i].started && s->parts[i].paused)) return false;
    return true;
}

static void read_sender(const struct haul_recorded *m, struct haul_sender *out)
{
    *out = (struct haul_sender){.mailbox = HAUL_MAILBOX_NONE};
    for (size_t i = m->headers_len; i > 0; i--) {
        if (strcmp(m->headers[i - 1].name, "haul") != 0) continue;
        const struct haul_str text = m->headers[i - 1].value;
        if (text.p == NULL || !haul_sender_parse(text, out)) *out = (struct haul_sender){.mailbox = HAUL_MAILBOX_NONE};
        return;
    }
}

static void report(struct part *p, const struct haul_recorded *m, struct haul_source_event *out)
{
    out->type = HAUL_SOURCE_MESSAGE;
    out->task = p->task;
    out->offset = m->offset;
    out->message = (struct haul_message){.task = p->task,
                                         .offset = m->offset,
                                         .append = m->time,
                                         .append_time = m->stamp == HAUL_STAMP_APPEND,
                                         .key = m->key,
                                         .value = m->value};
    read_sender(m, &out->message.sender);
    p->next = m->offset + 1;
    p->end_due = p->next == p->high;
}

static enum haul_err source_poll(struct haul_source *base, int timeout_ms, struct haul_source_event *out,
                                 struct haul_error *e)
{
    struct replay_source *s = of(base);
    (void)timeout_ms; /* nothing comes by waiting */
    out->type = HAUL_SOURCE_NONE;
    if (tell(s, out) || !may_read(s)) return HAUL_OK;
    struct haul_recorded m;
    struct part *p;
    const enum haul_err err = read_on(s, &m, &p, e);
    if (err == HAUL_OK) report(p, &m, out);
    if (err == HAUL_E_END) out->type = HAUL_SOURCE_DONE;
    return err == HAUL_E_END ? HAUL_OK : err;
}

/* ---- the worker's calls -------------------------------------------------------------------------------------------
 */
static enum haul_err source_start(struct haul_source *base, struct haul_task_name task, int64_t offset,
                                  struct haul_error *e)
{
    struct replay_source *s = of(base);
    struct part *p = find(s, task);
    if (p == NULL)
        return haul_fail(e, HAUL_E_NOT_FOUND, "%s/%u is not recorded", haul_mailbox_row(task.mailbox)->name,
                         (unsigned)task.partition);
    p->answered = true;
    p->paused = false;
    p->next = offset;
    p->gap_due = offset < p->low || offset > p->high;
    p->started = !p->gap_due;
    p->end_due = p->started && offset == p->high;
    return p->started && offset < p->passed ? read_again(s, e) : HAUL_OK;
}

static void source_stop(struct haul_source *base, struct haul_task_name task)
{
    struct part *p = find(of(base), task);
    if (p == NULL) return;
    p->answered = true;
    p->started = p->end_due = p->gap_due = false;
}

static void source_pause(struct haul_source *base, struct haul_task_name task)
{
    struct part *p = find(of(base), task);
    if (p != NULL) p->paused = p->started;
}

static void source_resume(struct haul_source *base, struct haul_task_name task)
{
    struct part *p = find(of(base), task);
    if (p != NULL) p->paused = false;
}

static enum haul_err source_bounds(struct haul_source *base, struct haul_task_name task, int64_t *low, int64_t *high,
                                   struct haul_error *e)
{
    const struct part *p = find(of(base), task);
    if (p == NULL)
        return haul_fail(e, HAUL_E_NOT_FOUND, "%s/%u is not recorded", haul_mailbox_row(task.mailbox)->name,
                         (unsigned)task.partition);
    *low = p->low;
    *high = p->high;
    return HAUL_OK;
}

/* Reads the file from its start; whatever was read ahead is read again. */
static enum haul_err source_offset_at(struct haul_source *base, struct haul_task_name task, struct haul_time t,
                                      int64_t *offset, struct haul_error *e)
{
    struct replay_source *s = of(base);
    struct haul_recorded m;
    int64_t low;
    enum haul_err err = source_bounds(base, task, &low, offset, e);
    if (err == HAUL_OK) err = haul_recording_rewind(s->file, e);
    for (bool found = false; err == HAUL_OK && !found;) {
        err = haul_recording_next(s->file, &m, e);
        found = err == HAUL_OK && mailbox_of(s, m.topic) == task.mailbox && m.partition == task.partition &&
                m.time.ms >= t.ms;
        if (found) *offset = m.offset;
    }
    return err != HAUL_OK && err != HAUL_E_END ? err : read_again(s, e);
}

static enum haul_err source_partitions(struct haul_source *base, unsigned mailbox, uint32_t *count,
                                       struct haul_error *e)
{
    struct replay_source *s = of(base);
    assert(mailbox < HAUL_MAILBOX_MAX);
    if (s->partitions[mailbox] == 0)
        return haul_fail(e, HAUL_E_NOT_FOUND, "no message of mailbox %s is recorded", haul_mailbox_row(mailbox)->name);
    *count = s->partitions[mailbox];
    return HAUL_OK;
}

static void source_remember(struct haul_source *base, struct haul_task_name task, int64_t offset, const char *metadata)
{
    (void)base, (void)task, (void)offset, (void)metadata; /* there is no group */
}

static enum haul_err source_recall(struct haul_source *base, struct haul_task_name task, int64_t *offset,
                                   char *metadata, size_t cap, struct haul_error *e)
{
    (void)base, (void)task, (void)e;
    assert(cap > 0);
    *offset = -1;
    metadata[0] = '\0';
    return HAUL_OK;
}

static void source_close(struct haul_source *base)
{
    struct replay_source *s = of(base);
    if (s->file != NULL) haul_recording_close(s->file);
    free(s->parts);
    free(s);
}

static const struct haul_source_ops ops = {
    .name = "replay",
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

void haul_replay_source_share(struct haul_source *base, unsigned number, unsigned n)
{
    struct replay_source *s = of(base);
    assert(n > 0 && number < n);
    for (size_t i = 0; i < s->parts_len; i++) {
        assert(!s->parts[i].told);
        if (i % n != number) s->parts[i].told = s->parts[i].answered = true;
    }
}

enum haul_err haul_replay_source_open(const char *path, const uint16_t *mailboxes, size_t mailboxes_len,
                                      struct haul_source **out, struct haul_error *e)
{
    struct replay_source *s = calloc(1, sizeof *s);
    assert(s != NULL);
    s->base.ops = &ops;
    for (unsigned i = 1; i < HAUL_MAILBOX_MAX; i++) s->wanted[i] = mailboxes == NULL;
    for (size_t i = 0; i < mailboxes_len; i++) s->wanted[mailboxes[i]] = true;
    enum haul_err err = haul_recording_open(path, &s->file, e);
    if (err == HAUL_OK) err = scan(s, e);
    if (err == HAUL_OK)
        *out = &s->base;
    else
        source_close(&s->base);
    return err;
}
