/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/geo/support_oracle.h"

#include "haul/hash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A binary heap of (length, label). */
struct heap {
    struct item {
        int32_t length;
        uint32_t label;
    } * item;
    size_t n, cap;
};

static void push(struct heap *h, int32_t length, uint32_t label)
{
    if (h->n == h->cap) {
        h->cap = h->cap == 0 ? 256 : 2 * h->cap;
        h->item = realloc(h->item, h->cap * sizeof *h->item);
        assert(h->item != NULL);
    }
    size_t i = h->n++;
    for (; i > 0 && h->item[(i - 1) / 2].length > length; i = (i - 1) / 2) h->item[i] = h->item[(i - 1) / 2];
    h->item[i] = (struct item){length, label};
}

static struct item pop(struct heap *h)
{
    const struct item top = h->item[0], last = h->item[--h->n];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= h->n) break;
        if (child + 1 < h->n && h->item[child + 1].length < h->item[child].length) child++;
        if (h->item[child].length >= last.length) break;
        h->item[i] = h->item[child];
        i = child;
    }
    if (h->n > 0) h->item[i] = last;
    return top;
}

void oracle_from(const struct haul_arcs *g, const int32_t *weight, uint32_t from, int32_t *dist)
{
    uint32_t *first = calloc(g->nodes + (size_t)2, sizeof *first), *out = malloc((g->arcs + (size_t)1) * sizeof *out);
    assert(first != NULL && out != NULL);
    for (uint32_t i = 0; i < g->arcs; i++) first[g->tail[i] + 2]++;
    for (uint32_t v = 0; v < g->nodes; v++) first[v + 1] += first[v];
    for (uint32_t i = 0; i < g->arcs; i++) out[first[g->tail[i] + 1]++] = i;
    struct heap h = {0};
    for (uint32_t v = 0; v < g->nodes; v++) dist[v] = HAUL_FAR;
    dist[from] = 0;
    push(&h, 0, from);
    while (h.n > 0) {
        const struct item at = pop(&h);
        if (at.length > dist[at.label]) continue;
        for (uint32_t k = first[at.label]; k < first[at.label + 1]; k++) {
            const uint32_t i = out[k];
            if (weight[i] < 0 || weight[i] >= HAUL_FAR || at.length + weight[i] >= dist[g->head[i]]) continue;
            dist[g->head[i]] = at.length + weight[i];
            push(&h, dist[g->head[i]], g->head[i]);
        }
    }
    free(first), free(out), free(h.item);
}

#define MEMORY_MAX 8u

struct label {
    uint32_t arc[MEMORY_MAX]; /* the last arcs, the newest first; HAUL_NONE before the first */
    int32_t length;
};

struct labels {
    struct label *label;
    uint32_t n, cap, memory, *table;
    size_t slots;
};

static uint64_t label_hash(const struct labels *s, const uint32_t *arc)
{
    return haul_xxh3(arc, s->memory * sizeof *arc);
}

static void rehash(struct labels *s)
{
    s->slots = s->slots == 0 ? 1024 : 2 * s->slots;
    free(s->table);
    s->table = calloc(s->slots, sizeof *s->table);
    assert(s->table != NULL);
    for (uint32_t i = 0; i < s->n; i++) {
        size_t at = label_hash(s, s->label[i].arc) & (s->slots - 1);
        while (s->table[at] != 0) at = (at + 1) & (s->slots - 1);
        s->table[at] = i + 1;
    }
}

static uint32_t label_of(struct labels *s, const uint32_t *arc)
{
    if (s->slots < 2 * ((size_t)s->n + 1)) rehash(s);
    size_t at = label_hash(s, arc) & (s->slots - 1);
    for (; s->table[at] != 0; at = (at + 1) & (s->slots - 1))
        if (memcmp(s->label[s->table[at] - 1].arc, arc, s->memory * sizeof *arc) == 0) return s->table[at] - 1;
    if (s->n == s->cap) {
        s->cap = s->cap == 0 ? 256 : 2 * s->cap;
        s->label = realloc(s->label, s->cap * sizeof *s->label);
        assert(s->label != NULL);
    }
    memcpy(s->label[s->n].arc, arc, s->memory * sizeof *arc);
    s->label[s->n].length = HAUL_FAR;
    s->table[at] = ++s->n;
    return s->n - 1;
}

/* Do the last arcs of `arc` (newest first) spell a ban? */
static bool banned(const struct haul_roads_view *v, uint8_t use, const uint32_t *arc, uint32_t memory)
{
    for (uint32_t b = 0; b < v->bans; b++) {
        const uint32_t n = v->ban_first[b + 1] - v->ban_first[b];
        const uint32_t *ban = v->ban_arc + v->ban_first[b];
        if ((v->ban_mask[b] & use) == 0 || n > memory || ban[n - 1] != arc[0]) continue;
        uint32_t k = 0;
        while (k < n && ban[n - 1 - k] == arc[k]) k++;
        if (k == n) return true;
    }
    return false;
}

int32_t oracle_road(const struct haul_roads_view *v, uint8_t use, const int32_t *weight, uint32_t first, uint32_t last)
{
    struct labels s = {.memory = 2};
    for (uint32_t b = 0; b < v->bans; b++)
        if (v->ban_first[b + 1] - v->ban_first[b] > s.memory) s.memory = v->ban_first[b + 1] - v->ban_first[b];
    assert(s.memory <= MEMORY_MAX);
    uint32_t *out_first = calloc(v->junctions + (size_t)2, sizeof *out_first),
             *out = malloc(2 * (v->edges + (size_t)1) * sizeof *out);
    assert(out_first != NULL && out != NULL);
    for (uint32_t a = 0; a < 2 * v->edges; a++) out_first[haul_arc_from(v, a) + 2]++;
    for (uint32_t j = 0; j < v->junctions; j++) out_first[j + 1] += out_first[j];
    for (uint32_t a = 0; a < 2 * v->edges; a++) out[out_first[haul_arc_from(v, a) + 1]++] = a;
    struct heap h = {0};
    uint32_t start[MEMORY_MAX];
    for (uint32_t k = 0; k < MEMORY_MAX; k++) start[k] = k == 0 ? first : HAUL_NONE;
    push(&h, 0, label_of(&s, start));
    s.label[0].length = 0;
    int32_t answer = HAUL_FAR;
    while (h.n > 0 && answer == HAUL_FAR) {
        const struct item top = pop(&h);
        const struct label l = s.label[top.label];
        if (top.length > l.length) continue;
        if (l.arc[0] == last && l.arc[1] != HAUL_NONE) { /* pushed with the length before it */
            answer = top.length;
            break;
        }
        const uint32_t at = haul_arc_to(v, l.arc[0]);
        for (uint32_t k = out_first[at]; k < out_first[at + 1]; k++) {
            uint32_t next[MEMORY_MAX];
            next[0] = out[k];
            memcpy(next + 1, l.arc, (MEMORY_MAX - 1) * sizeof *next);
            if (weight[out[k]] >= HAUL_FAR || banned(v, use, next, s.memory)) continue;
            const int32_t length = top.length + (out[k] == last ? 0 : weight[out[k]]);
            const uint32_t label = label_of(&s, next);
            if (length >= s.label[label].length) continue;
            s.label[label].length = length;
            push(&h, length, label);
        }
    }
    free(out_first), free(out), free(h.item), free(s.label), free(s.table);
    return answer;
}
