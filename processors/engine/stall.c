/* SPDX-License-Identifier: Apache-2.0
 * The alert of the engine's own: an upstream task is silent and is left out of the clock. It is raised by the task that
 * left it out, at the step that noticed, and cleared by the step that hears it again; its id is a hash of both tasks
 * and of when the upstream was last heard, so that nothing has to be kept to clear it.
 */
#include "processors/engine/task.h"

#include "haul/hash.h"

#include <stdio.h>

#define MS_PER_S 1000.0
#define SEVERITY 2

static uint64_t id_of(const struct haul_task *t, const struct upstream *u)
{
    char text[120];
    const int n = snprintf(text, sizeof text, "stall|%u/%u|%u/%u|%lld", t->name.mailbox, t->name.partition, u->mailbox,
                           u->partition, (long long)u->heard_ms);
    assert(n > 0 && (size_t)n < sizeof text);
    const uint64_t id = haul_xxh3(text, (size_t)n);
    return id == 0 ? 1 : id;
}

static void explain(struct haul_task *t, struct haul_record *r, const char *task, int64_t silent_s)
{
    for (int i = 0; i < 4; i++) haul_buf_clear(&t->sentence[i]);
    haul_buf_printf(&t->sentence[0], "%s has said nothing for %lld s: event time goes on without it", task,
                    (long long)silent_s);
    haul_buf_printf(&t->sentence[1], "%s 已 %lld 秒无消息：事件时间不再等待它", task, (long long)silent_s);
    haul_buf_printf(&t->sentence[2], "Look at haul status for %s: is a process down, or does the task stop?", task);
    haul_buf_printf(&t->sentence[3], "用 haul status 查看 %s：进程是否停止，任务是否中止？", task);
    const unsigned field[] = {HAUL_F_ALERT_WHY_EN, HAUL_F_ALERT_WHY_ZH, HAUL_F_ALERT_DO_EN, HAUL_F_ALERT_DO_ZH};
    for (int i = 0; i < 4; i++)
        haul_set_s(r, field[i], (struct haul_str){(const char *)t->sentence[i].p, t->sentence[i].n});
}

void stall_tell(struct haul_task *t, const struct upstream *u, int64_t append_ms, bool open)
{
    char id[17], task[64], log[96];
    const struct task_core *c = t->core;
    const int64_t silent_ms = append_ms - u->heard_ms;
    snprintf(id, sizeof id, "%016llx", (unsigned long long)id_of(t, u));
    snprintf(task, sizeof task, "task:%s/%u", haul_mailbox_row(u->mailbox)->name, u->partition);
    snprintf(log, sizeof log, "%s/%u@%lld.%u#%llu", haul_mailbox_row(t->name.mailbox)->name, t->name.partition,
             (long long)t->head.offset, c->position.index, (unsigned long long)c->position.step);
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_ALERT, haul_str_of(id), (struct haul_time){append_ms});
    haul_set_s(&r, HAUL_F_ALERT_ACTION, open ? HAUL_STR("open") : HAUL_STR("clear"));
    haul_set_s(&r, HAUL_F_ALERT_RULE, HAUL_STR("engine.upstream_stalled"));
    haul_set_s(&r, HAUL_F_ALERT_ENTITY, haul_str_of(task));
    haul_set_i(&r, HAUL_F_ALERT_SINCE, u->heard_ms);
    haul_set_i(&r, HAUL_F_ALERT_SEVERITY, SEVERITY);
    haul_set_f(&r, HAUL_F_ALERT_SCORE, 0.5);
    haul_set_f(&r, HAUL_F_ALERT_VALUE, (double)silent_ms / MS_PER_S);
    haul_set_f(&r, HAUL_F_ALERT_THRESHOLD, (double)t->options->settings.clock_stall_ms / MS_PER_S);
    haul_set_s(&r, HAUL_F_ALERT_UNIT, HAUL_STR("s"));
    haul_set_s(&r, HAUL_F_ALERT_OPTION, HAUL_STR("engine.clock.stall"));
    haul_set_i(&r, HAUL_F_ALERT_OPTIONS_VERSION, c->options_version);
    haul_set_s(&r, HAUL_F_ALERT_LOG, haul_str_of(log));
    haul_set_s(&r, HAUL_F_ALERT_CAUSE, haul_str_of(task));
    explain(t, &r, task, silent_ms / 1000);
    if (open) t->core->count[COUNT_RAISED]++;
    emit_record(t, HAUL_MAILBOX_DESK, r.id, &r);
}
