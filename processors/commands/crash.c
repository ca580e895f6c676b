/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/commands/crash.h"

#include "haul/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEATHS        3
#define FILE_MAX      (1024 * 1024) /* then it becomes crashes.old */
#define STEPS_MAX     1024
#define HANDLER_STACK ((size_t)64 * 1024)
#define PUT_MS        3000

static const int deadly[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
static const char *const where_words[] = {"outside", "decode", "process", "timer"};
static int crash_fd = -1;
static char crash_path[1100];

/* ---- in the handler: nothing but what POSIX lists as async-signal-safe ---- */
struct line {
    char text[160];
    size_t n;
};

static void add_word(struct line *l, const char *word)
{
    while (*word != '\0' && l->n < sizeof l->text - 2) l->text[l->n++] = *word++;
    l->text[l->n++] = ' ';
}

static void add_number(struct line *l, uint64_t v)
{
    char digits[24];
    size_t n = sizeof digits;
    digits[--n] = '\0';
    do {
        digits[--n] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    add_word(l, digits + n);
}

/* A signal that another process sends says nothing about a record. */
static bool our_own(const siginfo_t *info)
{
    return info->si_code > 0 || info->si_pid == getpid();
}

static void on_death(int number, siginfo_t *info, void *context)
{
    (void)context;
    const struct haul_crumb *c = &haul_crumb;
    const struct haul_mailbox_row *row = haul_mailbox_row(c->mailbox);
    if (c->at != HAUL_CRUMB_OUTSIDE && row != NULL && our_own(info)) {
        struct line l = {.n = 0};
        add_word(&l, where_words[c->at]);
        add_word(&l, row->name);
        add_number(&l, c->partition);
        add_number(&l, (uint64_t)c->offset);
        add_number(&l, c->index);
        add_number(&l, c->step);
        add_number(&l, (uint64_t)number);
        l.text[l.n - 1] = '\n';
        const ssize_t written = write(crash_fd, l.text, l.n);
        (void)written; /* nobody is left to tell */
    }
    raise(number); /* SA_RESETHAND: now it is deadly */
}

void crash_thread(void)
{
    if (crash_fd < 0) return;
    static _Thread_local uint8_t stack[HANDLER_STACK];
    const stack_t s = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&s, NULL);
}

bool crash_watch(const char *dir)
{
    struct stat st;
    if (dir[0] == '\0') return true;
    if (mkdir(dir, 0750) != 0 && errno != EEXIST) {
        fprintf(stderr, "haul: engine.crash_dir: %s: %s\n", dir, strerror(errno));
        return false;
    }
    snprintf(crash_path, sizeof crash_path, "%s/crashes", dir);
    if (stat(crash_path, &st) == 0 && st.st_size > FILE_MAX) {
        char old[sizeof crash_path + 8];
        snprintf(old, sizeof old, "%s.old", crash_path);
        rename(crash_path, old);
    }
    crash_fd = open(crash_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (crash_fd < 0) {
        fprintf(stderr, "haul: %s: %s\n", crash_path, strerror(errno));
        return false;
    }
    struct sigaction action = {.sa_sigaction = on_death,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++) sigaction(deadly[i], &action, NULL);
    return true;
}

/* ---- at a start ---- */
struct death {
    struct haul_condemned at;
    uint64_t step;
    unsigned times;
};

static const struct haul_mailbox_row *mailbox_of(const char *name, uint16_t *number)
{
    for (unsigned i = 1; i < HAUL_MAILBOX_MAX; i++) {
        const struct haul_mailbox_row *row = haul_mailbox_row(i);
        if (row == NULL || strcmp(row->name, name) != 0) continue;
        *number = (uint16_t)i;
        return row;
    }
    return NULL;
}

static bool read_death(const char *line, struct death *out)
{
    char where[16], mailbox[32];
    unsigned partition, index;
    long long offset;
    unsigned long long step;
    *out = (struct death){.times = 1};
    if (sscanf(line, "%15s %31s %u %lld %u %llu", where, mailbox, &partition, &offset, &index, &step) != 6 ||
        mailbox_of(mailbox, &out->at.mailbox) == NULL || partition >= HAUL_PARTITIONS_MAX)
        return false;
    out->at.partition = (uint16_t)partition;
    out->at.offset = offset;
    out->at.index = index;
    out->at.unreadable = strcmp(where, where_words[HAUL_CRUMB_DECODE]) == 0;
    out->at.timer = strcmp(where, where_words[HAUL_CRUMB_TIMER]) == 0 ? step : 0;
    out->step = step;
    return true;
}

static bool same_step(const struct death *a, const struct death *b)
{
    return a->at.mailbox == b->at.mailbox && a->at.partition == b->at.partition && a->at.offset == b->at.offset &&
           a->at.index == b->at.index && a->step == b->step && a->at.timer == b->at.timer;
}

static size_t count_deaths(FILE *f, struct death *out)
{
    char line[200];
    size_t n = 0;
    while (fgets(line, sizeof line, f) != NULL) {
        struct death d;
        size_t i = 0;
        if (!read_death(line, &d)) continue;
        while (i < n && !same_step(&out[i], &d)) i++;
        if (i < n) {
            out[i].times++;
            out[i].at.unreadable = out[i].at.unreadable || d.at.unreadable;
        } else if (n < STEPS_MAX) {
            out[n++] = d;
        }
    }
    return n;
}

/* Once a task is past the step, a verdict would change what a replay answers: then it is too late, and needless. */
static enum haul_err still_ahead(struct haul_store *store, const struct death *d, bool *ahead, struct haul_error *e)
{
    struct haul_control control;
    bool exists;
    const enum haul_err err =
        store->ops->peek(store, (struct haul_task_name){d->at.mailbox, d->at.partition}, &control, &exists, e);
    *ahead = err == HAUL_OK && exists && control.position.step < d->step;
    return err;
}

static void say(const struct death *d, enum haul_log_level level, const char *event, const char *what)
{
    char text[200];
    snprintf(text, sizeof text, "task=%s/%u offset %lld.%u, step %llu: %s", haul_mailbox_row(d->at.mailbox)->name,
             d->at.partition, (long long)d->at.offset, d->at.index, (unsigned long long)d->step, what);
    haul_say(level, event, text);
}

/* A verdict in haul.blobs: of a record its partition, offset and index, and what kills; of a timer partition and step,
 * and the offset at which the task stands then. */
static enum haul_err condemn(struct runtime *r, const struct death *d, struct haul_error *e)
{
    char hash[40], offset[32];
    const char *content = d->at.unreadable ? "decode" : "process";
    snprintf(hash, sizeof hash, "%u.%lld.%u", d->at.partition, (long long)d->at.offset, d->at.index);
    if (d->at.timer != 0) {
        snprintf(hash, sizeof hash, "%u.timer%llu", d->at.partition, (unsigned long long)d->at.timer);
        snprintf(offset, sizeof offset, "%lld", (long long)d->at.offset);
        content = offset;
    }
    enum haul_err err = haul_blobs_put(r->blobs, "verdict", haul_mailbox_row(d->at.mailbox)->name, hash,
                                       haul_str_of(content), PUT_MS, e);
    if (err == HAUL_OK) err = haul_contents_condemn(r->contents, &d->at, e);
    if (err == HAUL_OK)
        say(d, HAUL_LOG_ERROR, "condemned",
            d->at.timer != 0 ? "a timer has killed the process three times, and is over without effect"
                             : "it has killed the process three times, and goes to the dead letters");
    return err;
}

static bool judged(const struct runtime *r, const struct haul_condemned *at)
{
    const struct haul_task_name task = {at->mailbox, at->partition};
    return at->timer != 0 ? haul_contents_condemned_timer(r->contents, task, at->offset, at->timer)
                          : haul_contents_condemned(r->contents, task, at->offset, at->index) != NULL;
}

static enum haul_err judge(struct runtime *r, struct haul_store *store, const struct death *d, struct haul_error *e)
{
    bool ahead;
    if (d->times < DEATHS || judged(r, &d->at)) return HAUL_OK;
    const enum haul_err err = still_ahead(store, d, &ahead, e);
    return err == HAUL_OK && ahead ? condemn(r, d, e) : err;
}

bool crash_judge(struct runtime *r, struct haul_error *e)
{
    static struct death deaths[STEPS_MAX];
    FILE *f = crash_fd < 0 ? NULL : fopen(crash_path, "r");
    if (f == NULL) return true;
    const size_t n = count_deaths(f, deaths);
    fclose(f);
    struct haul_store *store = NULL;
    enum haul_err err = n == 0 ? HAUL_OK : haul_redis_store_open(r->redis, r->engine->instance, &store, e);
    for (size_t i = 0; i < n && err == HAUL_OK; i++) err = judge(r, store, &deaths[i], e);
    if (store != NULL) store->ops->close(store);
    return err == HAUL_OK;
}

void crash_verdict(struct runtime *r, const char *owner, const char *hash, struct haul_str content)
{
    struct haul_condemned x = {.unreadable = haul_str_eq(content, HAUL_STR("decode"))};
    unsigned partition = HAUL_PARTITIONS_MAX;
    unsigned long long step = 0;
    long long offset = -1;
    char text[32];
    struct haul_error e = {0};
    snprintf(text, sizeof text, "%.*s", (int)content.n, content.p);
    const bool timer = sscanf(hash, "%u.timer%llu", &partition, &step) == 2 && sscanf(text, "%lld", &offset) == 1;
    if (mailbox_of(owner, &x.mailbox) == NULL ||
        (!timer && sscanf(hash, "%u.%lld.%u", &partition, &offset, &x.index) != 3) ||
        partition >= HAUL_PARTITIONS_MAX) {
        haul_say(HAUL_LOG_WARNING, "verdict_unreadable", hash);
        return;
    }
    x.partition = (uint16_t)partition;
    x.offset = offset;
    x.timer = step;
    if (haul_contents_condemn(r->contents, &x, &e) != HAUL_OK) haul_say(HAUL_LOG_WARNING, "verdict_refused", e.text);
}
