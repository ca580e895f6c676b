/* SPDX-License-Identifier: Apache-2.0
 * Alerts as records to the desk. An alert's id is a hash of (task, rule, entity, position of the opening step): the
 * same log gives the same ids. It carries the entity's state from just before the step and the step's record, so that
 * it can be run again.
 */
#include "processors/engine/task.h"

#include "haul/hash.h"

#include <stdio.h>

#define STATE_KEPT_MAX  TASK_STATE_MAX
#define RECORD_KEPT_MAX 2048

struct alert_text {
    char id[17], entity[HAUL_ID_MAX + 40], rule[64], option[96], log[96];
};

static void log_position(const struct haul_task *t, char *out, size_t n)
{
    const struct task_core *c = t->core;
    snprintf(out, n, "%s/%u@%lld.%u#%llu", haul_mailbox_row(t->name.mailbox)->name, t->name.partition,
             (long long)c->last_offset, c->position.index, (unsigned long long)c->position.step);
}

static void texts(const struct haul_task *t, const struct haul_entity *e, unsigned rule, uint64_t id,
                  struct alert_text *out)
{
    const char *name = haul_mailbox_row(t->name.mailbox)->name;
    const struct haul_rule *row = &t->p->rules[rule];
    snprintf(out->id, sizeof out->id, "%016llx", (unsigned long long)id);
    snprintf(out->entity, sizeof out->entity, "%s:%.*s", t->p->entities[e->kind].noun, e->id_len, e->id);
    snprintf(out->rule, sizeof out->rule, "%s.%s", name, row->name);
    out->option[0] = '\0';
    if (row->option != NULL && row->option[0] != '\0')
        snprintf(out->option, sizeof out->option, "%s.%s", name, row->option);
    log_position(t, out->log, sizeof out->log);
}

static uint64_t new_id(const struct haul_task *t, const struct haul_entity *e, unsigned rule)
{
    char text[HAUL_ID_MAX + 200];
    const struct task_core *c = t->core;
    const int n = snprintf(text, sizeof text, "%u/%u|%s|%u:%.*s|%lld.%u|%llu", t->name.mailbox, t->name.partition,
                           t->p->rules[rule].name, e->kind, e->id_len, e->id, (long long)c->last_offset,
                           c->position.index, (unsigned long long)c->position.step);
    assert(n > 0 && (size_t)n < sizeof text);
    const uint64_t id = haul_xxh3(text, (size_t)n);
    return id == 0 ? 1 : id;
}

static bool evidence(const struct haul_raise *a, struct haul_str name, struct haul_json *j)
{
    for (size_t i = 0; i < a->evidence_len; i++)
        if (haul_str_eq(haul_str_of(a->evidence[i].name), name)) {
            haul_json_f64(j, a->evidence[i].value, a->evidence[i].decimals);
            return true;
        }
    return false;
}

/* Fills a sentence's {names}. */
static struct haul_str sentence(struct haul_buf *out, const char *pattern, const struct haul_entity *e,
                                const struct haul_raise *a)
{
    haul_buf_clear(out);
    struct haul_json j;
    for (const char *p = pattern == NULL ? "" : pattern; *p != '\0';) {
        const char *close = *p == '{' ? strchr(p, '}') : NULL;
        if (close == NULL) {
            haul_buf_byte(out, (uint8_t)*p++);
            continue;
        }
        const struct haul_str name = {p + 1, (size_t)(close - p - 1)};
        haul_json_begin(&j, out);
        if (haul_str_eq(name, HAUL_STR("entity")))
            haul_buf_put(out, e->id, e->id_len);
        else if (a == NULL || !evidence(a, name, &j))
            haul_buf_str(out, name);
        p = close + 1;
    }
    return (struct haul_str){(const char *)out->p, out->n > 400 ? 400 : out->n};
}

static void explain(struct haul_task *t, const struct haul_entity *e, const struct haul_rule *rule,
                    const struct haul_raise *a, struct haul_record *r)
{
    haul_set_s(r, HAUL_F_ALERT_WHY_EN, sentence(&t->sentence[0], rule->en, e, a));
    haul_set_s(r, HAUL_F_ALERT_WHY_ZH, sentence(&t->sentence[1], rule->zh, e, a));
    haul_set_s(r, HAUL_F_ALERT_DO_EN, sentence(&t->sentence[2], rule->do_en, e, a));
    haul_set_s(r, HAUL_F_ALERT_DO_ZH, sentence(&t->sentence[3], rule->do_zh, e, a));
}

static void evidence_of_step(const struct haul_task *t, struct haul_record *r)
{
    if (t->before_len > 0 && t->before_len <= STATE_KEPT_MAX)
        haul_set_s(r, HAUL_F_ALERT_STATE, (struct haul_str){(const char *)t->before, t->before_len});
    if (t->now != NULL && t->now->raw.n > 0 && t->now->raw.n <= RECORD_KEPT_MAX)
        haul_set_s(r, HAUL_F_ALERT_RECORD, t->now->raw);
}

static uint8_t severity_of(const struct haul_rule *rule, const struct haul_raise *a)
{
    return a->severity != 0 ? a->severity : rule->severity;
}

static void transition(struct haul_task *t, struct haul_entity *e, const struct haul_raise *a, const char *action,
                       uint64_t id)
{
    const struct haul_rule *rule = &t->p->rules[a->rule];
    struct alert_text text;
    texts(t, e, a->rule, id, &text);
    struct haul_record r;
    haul_record_init(&r, HAUL_KIND_ALERT, haul_str_of(text.id), t->time);
    if (t->now != NULL && t->now->source.n > 0) r.source = t->now->source;
    if (a->positioned) r.positioned = true, r.lon_deg = a->lon_deg, r.lat_deg = a->lat_deg;
    haul_set_s(&r, HAUL_F_ALERT_ACTION, haul_str_of(action));
    haul_set_s(&r, HAUL_F_ALERT_RULE, haul_str_of(text.rule));
    haul_set_s(&r, HAUL_F_ALERT_ENTITY, haul_str_of(text.entity));
    haul_set_i(&r, HAUL_F_ALERT_SINCE, a->since.ms == INT64_MIN ? t->time.ms : a->since.ms);
    haul_set_i(&r, HAUL_F_ALERT_SEVERITY, severity_of(rule, a));
    haul_set_f(&r, HAUL_F_ALERT_SCORE, a->score < 0 ? 0 : a->score > 1 ? 1 : a->score);
    haul_set_f(&r, HAUL_F_ALERT_VALUE, a->value);
    haul_set_f(&r, HAUL_F_ALERT_THRESHOLD, a->threshold);
    if (a->unit != NULL) haul_set_s(&r, HAUL_F_ALERT_UNIT, haul_str_of(a->unit));
    haul_set_s(&r, HAUL_F_ALERT_OPTION, haul_str_of(text.option));
    haul_set_i(&r, HAUL_F_ALERT_OPTIONS_VERSION, t->core->options_version);
    haul_set_s(&r, HAUL_F_ALERT_LOG, haul_str_of(text.log));
    if (a->cause.n > 0) haul_set_s(&r, HAUL_F_ALERT_CAUSE, a->cause);
    if (a->touches.n > 0) haul_set_s(&r, HAUL_F_ALERT_TOUCHES, a->touches);
    explain(t, e, rule, a, &r);
    if (strcmp(action, "open") == 0) evidence_of_step(t, &r);
    emit_record(t, HAUL_MAILBOX_DESK, r.id, &r);
}

bool haul_entity_raised(const struct haul_entity *e, unsigned rule)
{
    return (e->raised >> rule & 1) != 0;
}

void haul_task_raise(struct haul_task *t, struct haul_entity *e, const struct haul_raise *a)
{
    assert(a->rule < t->p->rules_len && (e->flags & SLOT_TOUCHED) != 0);
    struct slot_alert *s = slots_alert(e, a->rule);
    const uint8_t severity = severity_of(&t->p->rules[a->rule], a), tenth = (uint8_t)(a->score * 10);
    if (!haul_entity_raised(e, a->rule)) {
        *s = (struct slot_alert){.id = new_id(t, e, a->rule), .severity = severity, .tenth = tenth};
        e->raised |= 1u << a->rule;
        t->core->count[COUNT_RAISED]++;
        transition(t, e, a, "open", s->id);
    } else if (severity != s->severity || tenth > s->tenth) {
        s->severity = severity;
        s->tenth = tenth;
        transition(t, e, a, "change", s->id);
    }
}

void haul_task_clear(struct haul_task *t, struct haul_entity *e, unsigned rule)
{
    assert(rule < t->p->rules_len);
    if (!haul_entity_raised(e, rule)) return;
    const struct slot_alert *s = slots_alert(e, rule);
    const struct haul_raise a = {.rule = rule, .severity = s->severity, .since = HAUL_TIME_NONE};
    transition(t, e, &a, "clear", s->id);
    e->raised &= ~(1u << rule);
}

void alerts_clear_all(struct haul_task *t, struct haul_entity *e)
{
    for (unsigned i = 0; i < t->p->rules_len; i++) haul_task_clear(t, e, i);
}
