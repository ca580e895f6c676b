/* SPDX-License-Identifier: Apache-2.0
 * Alerts of the oracle: when one opens, changes and clears, and the record that says so.
 */
#include "haul/hash.h"
#include "tests/oracle/oracle_task.h"

#include <stdio.h>

/* A hash of (task, rule, entity, position of the opening step). */
static uint64_t id_of_opening(const struct haul_task *t, const struct haul_entity *e, const char *rule)
{
    char text[HAUL_ID_MAX + 200];
    const int n =
        snprintf(text, sizeof text, "%u/%u|%s|%u:%.*s|%lld.%u|%llu", (unsigned)t->p->mailbox, t->partition, rule,
                 e->kind, e->id_len, e->id, (long long)t->last_offset, t->index, (unsigned long long)t->step);
    const uint64_t id = haul_xxh3(text, (size_t)n);
    return id == 0 ? 1 : id;
}

/* The pattern with its {names} filled in; at most 400 bytes count. */
static struct haul_str fill(struct haul_buf *out, const char *pattern, const struct haul_entity *e,
                            const struct haul_raise *a)
{
    haul_buf_init(out, 512, 4096);
    for (const char *p = pattern == NULL ? "" : pattern; *p != '\0';) {
        const size_t name = *p == '{' ? strcspn(p, "}") : 0;
        if (name == 0 || p[name] == '\0') {
            haul_buf_byte(out, (uint8_t)*p++);
            continue;
        }
        const struct haul_str key = {p + 1, name - 1};
        const struct haul_evidence *found = NULL;
        for (size_t i = a->evidence_len; i > 0; i--)
            if (haul_str_eq(haul_str_of(a->evidence[i - 1].name), key)) found = &a->evidence[i - 1];
        struct haul_json j;
        haul_json_begin(&j, out);
        if (haul_str_eq(key, HAUL_STR("entity")))
            haul_buf_put(out, e->id, e->id_len);
        else if (found != NULL)
            haul_json_f64(&j, found->value, found->decimals);
        else
            haul_buf_str(out, key);
        p += name + 1;
    }
    return (struct haul_str){(const char *)out->p, out->n > 400 ? 400 : out->n};
}

static uint8_t severity_of(const struct haul_task *t, const struct haul_raise *a)
{
    return a->severity != 0 ? a->severity : t->p->rules[a->rule].severity;
}

static void say(struct haul_task *t, const struct haul_entity *e, const struct haul_raise *a, const char *action,
                uint64_t id)
{
    const struct haul_rule *rule = &t->p->rules[a->rule];
    const char *name = haul_mailbox_row(t->p->mailbox)->name;
    char id_text[17], entity[HAUL_ID_MAX + 40], rule_text[64], option[96] = "", log[96];
    snprintf(id_text, sizeof id_text, "%016llx", (unsigned long long)id);
    snprintf(entity, sizeof entity, "%s:%.*s", t->p->entities[e->kind].noun, e->id_len, e->id);
    snprintf(rule_text, sizeof rule_text, "%s.%s", name, rule->name);
    if (rule->option != NULL && rule->option[0] != '\0') snprintf(option, sizeof option, "%s.%s", name, rule->option);
    snprintf(log, sizeof log, "%s/%u@%lld.%u#%llu", name, t->partition, (long long)t->last_offset, t->index,
             (unsigned long long)t->step);
    struct haul_record r;
    struct haul_buf text[4], packed;
    haul_record_init(&r, HAUL_KIND_ALERT, haul_str_of(id_text), t->time);
    if (t->now != NULL && t->now->source.n > 0) r.source = t->now->source;
    if (a->positioned) r.positioned = true, r.lon_deg = a->lon_deg, r.lat_deg = a->lat_deg;
    haul_set_s(&r, HAUL_F_ALERT_ACTION, haul_str_of(action));
    haul_set_s(&r, HAUL_F_ALERT_RULE, haul_str_of(rule_text));
    haul_set_s(&r, HAUL_F_ALERT_ENTITY, haul_str_of(entity));
    haul_set_i(&r, HAUL_F_ALERT_SINCE, a->since.ms == BEFORE ? t->time.ms : a->since.ms);
    haul_set_i(&r, HAUL_F_ALERT_SEVERITY, severity_of(t, a));
    haul_set_f(&r, HAUL_F_ALERT_SCORE, a->score < 0 ? 0 : a->score > 1 ? 1 : a->score);
    haul_set_f(&r, HAUL_F_ALERT_VALUE, a->value);
    haul_set_f(&r, HAUL_F_ALERT_THRESHOLD, a->threshold);
    if (a->unit != NULL) haul_set_s(&r, HAUL_F_ALERT_UNIT, haul_str_of(a->unit));
    haul_set_s(&r, HAUL_F_ALERT_OPTION, haul_str_of(option));
    haul_set_i(&r, HAUL_F_ALERT_OPTIONS_VERSION, t->options_version);
    haul_set_s(&r, HAUL_F_ALERT_LOG, haul_str_of(log));
    if (a->cause.n > 0) haul_set_s(&r, HAUL_F_ALERT_CAUSE, a->cause);
    if (a->touches.n > 0) haul_set_s(&r, HAUL_F_ALERT_TOUCHES, a->touches);
    haul_set_s(&r, HAUL_F_ALERT_WHY_EN, fill(&text[0], rule->en, e, a));
    haul_set_s(&r, HAUL_F_ALERT_WHY_ZH, fill(&text[1], rule->zh, e, a));
    haul_set_s(&r, HAUL_F_ALERT_DO_EN, fill(&text[2], rule->do_en, e, a));
    haul_set_s(&r, HAUL_F_ALERT_DO_ZH, fill(&text[3], rule->do_zh, e, a));
    if (strcmp(action, "open") == 0 && t->before_len > 0)
        haul_set_s(&r, HAUL_F_ALERT_STATE, (struct haul_str){(const char *)t->before, t->before_len});
    if (strcmp(action, "open") == 0 && t->now != NULL && t->now->raw.n > 0 && t->now->raw.n <= 2048)
        haul_set_s(&r, HAUL_F_ALERT_RECORD, t->now->raw);
    haul_buf_init(&packed, 4096, HAUL_RECORD_MAX);
    haul_record_pack(&r, &packed);
    const uint32_t to = haul_partition_of(haul_murmur2(id_text, 16), t->w.partitions[HAUL_MAILBOX_DESK]);
    oracle_send(t, t->first_channel[HAUL_MAILBOX_DESK] + to, (struct haul_str){(const char *)packed.p, packed.n});
    for (int i = 0; i < 4; i++) haul_buf_free(&text[i]);
    haul_buf_free(&packed);
}

/* A task of whom nothing was heard for clock.stall: one alert from then until it is heard again. */
void oracle_say_silent(struct haul_task *t, const struct upstream *u, const char *action)
{
    const int64_t now = t->message->append.ms, silent_s = (now - u->heard) / 1000;
    char id[17], seed[120], who[64], log[96], text[4][300];
    snprintf(seed, sizeof seed, "stall|%u/%u|%u/%u|%lld", (unsigned)t->p->mailbox, t->partition, u->mailbox,
             u->partition, (long long)u->heard);
    snprintf(id, sizeof id, "%016llx", (unsigned long long)haul_xxh3(seed, strlen(seed)));
    snprintf(who, sizeof who, "task:%s/%u", haul_mailbox_row(u->mailbox)->name, u->partition);
    snprintf(log, sizeof log, "%s/%u@%lld.%u#%llu", haul_mailbox_row(t->p->mailbox)->name, t->partition,
             (long long)t->message->offset, t->index, (unsigned long long)t->step);
    snprintf(text[0], 300, "%s has said nothing for %lld s: event time goes on without it", who, (long long)silent_s);
    snprintf(text[1], 300, "%s 已 %lld 秒无消息：事件时间不再等待它", who, (long long)silent_s);
    snprintf(text[2], 300, "Look at haul status for %s: is a process down, or does the task stop?", who);
    snprintf(text[3], 300, "用 haul status 查看 %s：进程是否停止，任务是否中止？", who);
    struct haul_record r;
    struct haul_buf packed;
    haul_record_init(&r, HAUL_KIND_ALERT, haul_str_of(id), (struct haul_time){now});
    haul_set_s(&r, HAUL_F_ALERT_ACTION, haul_str_of(action));
    haul_set_s(&r, HAUL_F_ALERT_RULE, HAUL_STR("engine.upstream_stalled"));
    haul_set_s(&r, HAUL_F_ALERT_ENTITY, haul_str_of(who));
    haul_set_i(&r, HAUL_F_ALERT_SINCE, u->heard);
    haul_set_i(&r, HAUL_F_ALERT_SEVERITY, 2);
    haul_set_f(&r, HAUL_F_ALERT_SCORE, 0.5);
    haul_set_f(&r, HAUL_F_ALERT_VALUE, (double)(now - u->heard) / 1000);
    haul_set_f(&r, HAUL_F_ALERT_THRESHOLD, (double)t->options->clock_stall_ms / 1000);
    haul_set_s(&r, HAUL_F_ALERT_UNIT, HAUL_STR("s"));
    haul_set_s(&r, HAUL_F_ALERT_OPTION, HAUL_STR("engine.clock.stall"));
    haul_set_i(&r, HAUL_F_ALERT_OPTIONS_VERSION, t->options_version);
    haul_set_s(&r, HAUL_F_ALERT_LOG, haul_str_of(log));
    haul_set_s(&r, HAUL_F_ALERT_CAUSE, haul_str_of(who));
    const unsigned field[4] = {HAUL_F_ALERT_WHY_EN, HAUL_F_ALERT_WHY_ZH, HAUL_F_ALERT_DO_EN, HAUL_F_ALERT_DO_ZH};
    for (int i = 0; i < 4; i++) haul_set_s(&r, field[i], haul_str_of(text[i]));
    haul_buf_init(&packed, 4096, HAUL_RECORD_MAX);
    haul_record_pack(&r, &packed);
    const uint32_t to = haul_partition_of(haul_murmur2(id, 16), t->w.partitions[HAUL_MAILBOX_DESK]);
    oracle_send(t, t->first_channel[HAUL_MAILBOX_DESK] + to, (struct haul_str){(const char *)packed.p, packed.n});
    haul_buf_free(&packed);
}

bool haul_entity_raised(const struct haul_entity *e, unsigned rule)
{
    return (e->raised >> rule & 1) != 0;
}

void haul_task_raise(struct haul_task *t, struct haul_entity *e, const struct haul_raise *a)
{
    const uint8_t severity = severity_of(t, a), tenth = (uint8_t)(a->score * 10);
    const bool open = haul_entity_raised(e, a->rule);
    if (open && severity == e->alert[a->rule].severity && tenth <= e->alert[a->rule].tenth) return;
    if (!open) {
        e->raised |= 1u << a->rule;
        e->alert[a->rule].id = id_of_opening(t, e, t->p->rules[a->rule].name);
        t->count.alerts_raised++;
    }
    e->alert[a->rule].severity = severity;
    e->alert[a->rule].tenth = tenth;
    say(t, e, a, open ? "change" : "open", e->alert[a->rule].id);
}

void haul_task_clear(struct haul_task *t, struct haul_entity *e, unsigned rule)
{
    if (!haul_entity_raised(e, rule)) return;
    const struct haul_raise a = {.rule = rule, .severity = e->alert[rule].severity, .since = HAUL_TIME_NONE};
    say(t, e, &a, "clear", e->alert[rule].id);
    e->raised &= ~(1u << rule);
}

void oracle_clear_all(struct haul_task *t, struct haul_entity *e)
{
    for (unsigned i = 0; i < t->p->rules_len; i++) haul_task_clear(t, e, i);
}
