/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/documents.h"

#include <stdarg.h>
#include <stdio.h>

bool document_open(struct document *d, struct haul_task *t, struct haul_str part)
{
    json_error_t error;
    *d = (struct document){.task = t, .part = part, .before = haul_bridge_taken(t)};
    d->root = json_loadb(part.p, part.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (d->root == NULL)
        haul_bridge_refuse(t, part, HAUL_REASON_NOT_JSON, "", "byte %d: %s", error.position, error.text);
    return d->root != NULL;
}

void document_note(struct document *d, const char *what, enum haul_reason reason, const char *field, const char *format,
                   ...)
{
    char sentence[sizeof d->first.text];
    va_list args;
    if (d->refused++ > 0) return;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    d->first = (struct haul_refusal){.reason = reason};
    snprintf(d->first.field, sizeof d->first.field, "%s", field);
    if (d->number > 0)
        snprintf(d->first.text, sizeof d->first.text, "%s %u: %.170s", what, d->number, sentence);
    else
        snprintf(d->first.text, sizeof d->first.text, "%s", sentence);
}

bool document_untouched(const struct document *d)
{
    return haul_bridge_taken(d->task) == d->before && d->refused == 0;
}

void document_close(struct document *d, unsigned counter)
{
    json_decref(d->root);
    if (d->refused > 0)
        haul_bridge_refuse(d->task, d->part, d->first.reason, d->first.field, "%s%s", d->first.text,
                           d->refused > 1 ? "; others in it too" : "");
    else if (document_untouched(d))
        haul_bridge_ignore(d->task, counter);
}

struct haul_str member_text(const json_t *o, const char *name)
{
    const json_t *v = json_object_get(o, name);
    return json_is_string(v) ? (struct haul_str){json_string_value(v), json_string_length(v)}
                             : (struct haul_str){"", 0};
}

bool member_number(const json_t *o, const char *name, double *out)
{
    const json_t *v = json_object_get(o, name);
    if (json_is_number(v)) *out = json_number_value(v);
    return json_is_number(v);
}

struct haul_str last_word(struct haul_str text, const char *word)
{
    const size_t n = strlen(word);
    for (size_t i = text.n; i-- > 0;)
        if (strchr(":/#", text.p[i]) != NULL && text.p[i] != '\0') {
            text.p += i + 1, text.n -= i + 1;
            break;
        }
    if (n > 0 && text.n > n && memcmp(text.p, word, n) == 0 && text.p[n] == '-') text.p += n + 1, text.n -= n + 1;
    return text;
}
