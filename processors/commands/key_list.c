/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/commands/key_list.h"

#include <stdlib.h>

void key_list_add(struct key_list *l, struct haul_str key)
{
    if (l->len == l->cap) {
        l->cap = l->cap == 0 ? 256 : l->cap * 2;
        l->key = realloc(l->key, l->cap * sizeof *l->key);
        assert(l->key != NULL);
    }
    char *text = strndup(key.p, key.n);
    assert(text != NULL);
    l->key[l->len++] = text;
}

static enum haul_err found(void *arg, struct haul_str key, struct haul_error *e)
{
    (void)e;
    key_list_add(arg, key);
    return HAUL_OK;
}

enum haul_err key_list_scan(struct key_list *l, struct haul_redis_client *c, struct haul_str pattern,
                            struct haul_error *e)
{
    return haul_redis_client_scan(c, pattern, found, l, e);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void key_list_sort(struct key_list *l)
{
    size_t kept = 0;
    if (l->len > 0) qsort(l->key, l->len, sizeof *l->key, by_text);
    for (size_t i = 0; i < l->len; i++) {
        if (kept > 0 && strcmp(l->key[kept - 1], l->key[i]) == 0)
            free(l->key[i]);
        else
            l->key[kept++] = l->key[i];
    }
    l->len = kept;
}

void key_list_free(struct key_list *l)
{
    for (size_t i = 0; i < l->len; i++) free(l->key[i]);
    free(l->key);
    *l = (struct key_list){0};
}
