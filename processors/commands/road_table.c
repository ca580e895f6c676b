/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/commands/road_table.h"

#include <pthread.h>
#include <stdlib.h>

void road_places_free(struct road_places *p)
{
    free(p->stop), free(p->end), free(p->first);
}

void road_table_free(struct road_table *t)
{
    haul_matrix_free(t->m);
    free(t->out);
}

static bool list_ends(const struct road_table *t, struct road_places *p, bool leave)
{
    p->end = malloc((p->n * HAUL_ENDS_MAX + 1) * sizeof *p->end);
    p->first = malloc((p->n + 1) * sizeof *p->first);
    if (p->end == NULL || p->first == NULL) return false;
    uint32_t at = 0;
    for (size_t i = 0; i < p->n; i++) {
        p->first[i] = at;
        at += (uint32_t)(leave ? haul_stop_leave(t->map, t->w, &p->stop[i], p->end + at)
                               : haul_stop_arrive(t->map, t->w, &p->stop[i], p->end + at));
    }
    p->first[p->n] = at;
    return true;
}

struct share {
    struct road_table *t;
    int part, parts;
    pthread_barrier_t *barrier;
};

static void *fill(void *arg)
{
    const struct share *s = arg;
    struct road_table *t = s->t;
    const size_t from = t->from.first[t->from.n], to = t->to.first[t->to.n], k = (size_t)s->part, n = (size_t)s->parts;
    haul_matrix_sources(t->m, t->w, t->from.end, from * k / n, from * (k + 1) / n);
    haul_matrix_targets(t->m, t->w, t->to.end, to * k / n, to * (k + 1) / n);
    pthread_barrier_wait(s->barrier);
    haul_matrix_rows(t->m, from * k / n, from * (k + 1) / n, t->out);
    return NULL;
}

bool road_table_compute(struct road_table *t, int threads)
{
    if (!list_ends(t, &t->from, true) || !list_ends(t, &t->to, false)) return false;
    const size_t from = t->from.first[t->from.n], to = t->to.first[t->to.n];
    if (to > 0 && from > SIZE_MAX / 8 / to) return false;
    t->m = haul_matrix_new(t->cch, from, to);
    t->out = malloc((from * to + 1) * sizeof *t->out);
    if (t->m == NULL || t->out == NULL) return false;
    pthread_barrier_t barrier;
    pthread_t other;
    if (threads == 2 && (pthread_barrier_init(&barrier, NULL, 2) != 0)) return false;
    if (threads != 2) pthread_barrier_init(&barrier, NULL, 1);
    struct share share[2] = {{t, 0, threads, &barrier}, {t, 1, threads, &barrier}};
    if (threads == 2 && pthread_create(&other, NULL, fill, &share[1]) != 0) return false;
    fill(&share[0]);
    if (threads == 2) pthread_join(other, NULL);
    pthread_barrier_destroy(&barrier);
    return true;
}

int32_t road_table_cell(const struct road_table *t, size_t i, size_t j)
{
    const size_t width = t->to.first[t->to.n];
    int32_t best = haul_stop_direct(t->map, t->w, &t->from.stop[i], &t->to.stop[j]);
    for (uint32_t a = t->from.first[i]; a < t->from.first[i + 1]; a++)
        for (uint32_t b = t->to.first[j]; b < t->to.first[j + 1]; b++)
            if (t->out[a * width + b] < best) best = t->out[a * width + b];
    return best;
}
