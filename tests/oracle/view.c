/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/oracle/view.h"

#include "haul/json.h"

#include <stdio.h>
#include <stdlib.h>

struct item { /* a member of a sorted set, or an entry of a stream */
    uint64_t x, y;
    char *name, *value;
    size_t name_n, value_n;
};

struct key {
    struct key *next;
    char *name;
    enum haul_op kind; /* PUT, ZADD or XADD: a document, a sorted set, a stream */
    struct item *item;
    size_t len, cap;
};

#define BUCKETS (1u << 16)

struct view {
    struct key *bucket[BUCKETS];
    size_t keys;
};

static char *copy(struct haul_str s)
{
    char *p = malloc(s.n + 1);
    assert(p != NULL);
    memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return p;
}

struct view *view_new(void)
{
    struct view *v = calloc(1, sizeof *v);
    assert(v != NULL);
    return v;
}

static void item_free(struct item *i)
{
    free(i->name);
    free(i->value);
}

static void key_free(struct key *k)
{
    for (size_t i = 0; i < k->len; i++) item_free(&k->item[i]);
    free(k->item);
    free(k->name);
    free(k);
}

void view_free(struct view *v)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct key *k = v->bucket[i], *next; k != NULL; k = next) {
            next = k->next;
            key_free(k);
        }
    free(v);
}

static struct key **place_of(struct view *v, struct haul_str name)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < name.n; i++) h = (h ^ (uint8_t)name.p[i]) * 1099511628211u;
    struct key **at = &v->bucket[(h ^ h >> 32) % BUCKETS];
    while (*at != NULL && !haul_str_eq(haul_str_of((*at)->name), name)) at = &(*at)->next;
    return at;
}

static void erase(struct view *v, struct haul_str name)
{
    struct key **at = place_of(v, name), *k = *at;
    if (k == NULL) return;
    *at = k->next;
    key_free(k);
    v->keys--;
}

static struct key *key_of(struct view *v, struct haul_str name, enum haul_op kind)
{
    struct key **at = place_of(v, name);
    if (*at == NULL) {
        *at = calloc(1, sizeof **at);
        assert(*at != NULL);
        (*at)->name = copy(name);
        (*at)->kind = kind;
        v->keys++;
    }
    assert((*at)->kind == kind);
    return *at;
}

static void add(struct key *k, struct item i)
{
    if (k->len == k->cap) {
        k->cap = k->cap == 0 ? 1 : k->cap * 2;
        k->item = realloc(k->item, k->cap * sizeof *k->item);
        assert(k->item != NULL);
    }
    k->item[k->len++] = i;
}

static void drop(struct key *k, size_t at)
{
    item_free(&k->item[at]);
    memmove(&k->item[at], &k->item[at + 1], (--k->len - at) * sizeof *k->item);
}

static void drop_member(struct key *k, struct haul_str member)
{
    for (size_t i = 0; i < k->len; i++)
        if (haul_str_eq((struct haul_str){k->item[i].name, k->item[i].name_n}, member)) {
            drop(k, i);
            return;
        }
}

void view_apply(struct view *v, const struct haul_op_view *op)
{
    struct key *k;
    switch (op->op) {
    case HAUL_OP_PUT:
        erase(v, op->key);
        add(key_of(v, op->key, HAUL_OP_PUT), (struct item){.value = copy(op->a), .value_n = op->a.n});
        break;
    case HAUL_OP_ERASE:
        erase(v, op->key);
        break;
    case HAUL_OP_ZADD:
        k = key_of(v, op->key, HAUL_OP_ZADD);
        drop_member(k, op->a);
        add(k, (struct item){.x = op->x, .name = copy(op->a), .name_n = op->a.n});
        break;
    case HAUL_OP_ZREM:
        k = key_of(v, op->key, HAUL_OP_ZADD);
        drop_member(k, op->a);
        if (k->len == 0) erase(v, op->key);
        break;
    case HAUL_OP_XADD:
        if (strncmp(op->key.p, "live:", 5) == 0) break;
        k = key_of(v, op->key, HAUL_OP_XADD);
        add(k, (struct item){op->x, op->y, copy(op->b), copy(op->a), op->b.n, op->a.n});
        while (op->aux != 0 && k->len > op->aux) drop(k, 0);
        break;
    case HAUL_OP_BLOCK:
    case HAUL_OP_BLOCK_DROP:
        break;
    }
}

/* ---- printing ---- */
static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct key *const *)a)->name, (*(struct key *const *)b)->name);
}

static int by_score(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->x != y->x) return (int64_t)x->x < (int64_t)y->x ? -1 : 1;
    return haul_str_cmp((struct haul_str){x->name, x->name_n}, (struct haul_str){y->name, y->name_n});
}

static void print_item(const struct key *k, const struct item *i, struct haul_json *j)
{
    char text[64];
    if (k->kind == HAUL_OP_ZADD) {
        snprintf(text, sizeof text, "%lld", (long long)i->x);
        haul_json_str(j, (struct haul_str){i->name, i->name_n});
        haul_json_str(j, haul_str_of(text));
        return;
    }
    snprintf(text, sizeof text, "%llu-%llu", (unsigned long long)i->x, (unsigned long long)i->y);
    haul_json_open(j, '[');
    haul_json_str(j, haul_str_of(text));
    haul_json_open(j, '[');
    haul_json_str(j, (struct haul_str){i->name, i->name_n});
    haul_json_str(j, (struct haul_str){i->value, i->value_n});
    haul_json_close(j, ']');
    haul_json_close(j, ']');
}

static void print_key(struct key *k, struct haul_buf *out)
{
    struct haul_json j;
    haul_buf_str(out, haul_str_of(k->name));
    haul_buf_byte(out, ' ');
    if (k->kind == HAUL_OP_PUT) {
        haul_buf_put(out, k->item[0].value, k->item[0].value_n);
    } else {
        if (k->kind == HAUL_OP_ZADD) qsort(k->item, k->len, sizeof *k->item, by_score);
        haul_json_begin(&j, out);
        haul_json_open(&j, '[');
        for (size_t i = 0; i < k->len; i++) print_item(k, &k->item[i], &j);
        haul_json_close(&j, ']');
    }
    haul_buf_byte(out, '\n');
}

void view_print(struct view *v, struct haul_buf *out)
{
    struct key **all = malloc((v->keys + 1) * sizeof(struct key *));
    assert(all != NULL);
    size_t n = 0;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct key *k = v->bucket[i]; k != NULL; k = k->next) all[n++] = k;
    qsort(all, n, sizeof *all, by_name);
    for (size_t i = 0; i < n; i++) print_key(all[i], out);
    free(all);
}
