/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/commands/inforce.h"

#include <stdio.h>
#include <stdlib.h>

enum haul_err inforce_read(const struct runtime *r, struct haul_store *store, const struct haul_processor *p,
                           struct inforce *out, struct haul_error *e)
{
    *out = (struct inforce){0};
    for (uint32_t i = 0; i < r->settings.partitions[p->mailbox]; i++) {
        struct haul_control c;
        bool exists;
        const enum haul_err err =
            store->ops->peek(store, (struct haul_task_name){(uint16_t)p->mailbox, (uint16_t)i}, &c, &exists, e);
        if (err != HAUL_OK) return err;
        if (!exists) continue;
        out->tasks++;
        if (c.options_version > out->version) out->version = c.options_version;
        if (strcmp(c.options_hash, r->first_hash[p->mailbox]) == 0) continue;
        if (out->differ++ == 0) memcpy(out->hash, c.options_hash, sizeof out->hash);
    }
    return HAUL_OK;
}

/* ---- comparing --------------------------------------------------------------------------------------------------- */
/* One option of a canonical text: its section, and its line "name: value" without the indent. */
struct line {
    struct haul_str section, text;
};

static struct line *lines_of(const char *text, size_t *n)
{
    struct line *all = NULL;
    struct haul_str section = {"", 0};
    *n = 0;
    for (const char *p = text; *p != '\0';) {
        const size_t len = strcspn(p, "\n");
        if (*p != ' ') {
            section = (struct haul_str){p, strcspn(p, ":")};
        } else {
            all = realloc(all, (*n + 1) * sizeof *all);
            assert(all != NULL);
            const size_t indent = len < 2 ? len : 2;
            all[(*n)++] = (struct line){section, {p + indent, len - indent}};
        }
        p += len + (p[len] == '\n');
    }
    return all;
}

/* "name" of "name: value"; a further line of a value that has several is its own name. */
static struct haul_str name_of(const struct line *l)
{
    const char *colon = memchr(l->text.p, ':', l->text.n);
    return (struct haul_str){l->text.p, colon == NULL ? l->text.n : (size_t)(colon - l->text.p)};
}

static struct haul_str value_of(const struct line *l)
{
    size_t n = name_of(l).n;
    while (n < l->text.n && (l->text.p[n] == ':' || l->text.p[n] == ' ')) n++;
    return (struct haul_str){l->text.p + n, l->text.n - n};
}

static const struct line *find(const struct line *in, size_t n, const struct line *what)
{
    for (size_t i = 0; i < n; i++)
        if (haul_str_eq(in[i].section, what->section) && haul_str_eq(name_of(&in[i]), name_of(what))) return &in[i];
    return NULL;
}

static void tell(const struct line *l, struct haul_str was, struct haul_str is, inforce_fn *fn, void *arg)
{
    char name[256];
    const struct haul_str own = name_of(l);
    const int n = snprintf(name, sizeof name, "%.*s.%.*s", (int)l->section.n, l->section.p, (int)own.n, own.p);
    fn(arg, (struct haul_str){name, n < (int)sizeof name ? (size_t)n : sizeof name - 1}, was, is);
}

unsigned inforce_compare(const char *was, const char *is, inforce_fn *fn, void *arg)
{
    size_t was_n, is_n;
    struct line *old = lines_of(was, &was_n), *new = lines_of(is, &is_n);
    unsigned count = 0;
    for (size_t i = 0; i < is_n; i++) {
        const struct line *before = find(old, was_n, &new[i]);
        const struct haul_str value = before == NULL ? (struct haul_str){"", 0} : value_of(before);
        if (before != NULL && haul_str_eq(value, value_of(&new[i]))) continue;
        count++;
        tell(&new[i], value, value_of(&new[i]), fn, arg);
    }
    for (size_t i = 0; i < was_n; i++) {
        if (find(new, is_n, &old[i]) != NULL) continue;
        count++;
        tell(&old[i], value_of(&old[i]), (struct haul_str){"", 0}, fn, arg);
    }
    free(old);
    free(new);
    return count;
}
