/* SPDX-License-Identifier: Apache-2.0
 * Two sets of weights. `present` is what readers take; the other lags one commit behind. A commit first brings the
 * lagging one to the present (by copying what the last commit touched), then applies the changes to it, then makes it
 * the present.
 *
 * A reader counts itself in on a set and then looks whether that set is still the present one; if not, it counts itself
 * out and tries the other. So a set with a count of zero that is not the present one has no reader, and will have none
 * until it is published: that is when the writer may write it.
 */
#include "haul/metric.h"

#include "processors/geo/cch_internal.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct haul_metric {
    const struct haul_cch *cch;
    struct haul_weights *set[2];
    _Atomic uint32_t present, readers[2];
    int32_t *base, *now;
    struct haul_change *pending; /* arcs to change; the weights are filled in at the commit */
    size_t pendings;
    uint8_t *is_pending;
    struct haul_change *last; /* of the last commit, which the lagging set still needs */
    size_t lasts;
    struct pool pool;
};

enum haul_err haul_metric_new(const struct haul_cch *c, const int32_t *base, struct haul_metric **out,
                              struct haul_error *e)
{
    *out = NULL;
    struct haul_metric *m = calloc(1, sizeof *m);
    if (m == NULL) return haul_fail(e, HAUL_E_NOMEM, "no memory for a metric");
    m->cch = c;
    m->base = POOL_ARRAY(&m->pool, int32_t, c->arcs);
    m->now = POOL_ARRAY(&m->pool, int32_t, c->arcs);
    m->pending = POOL_ARRAY(&m->pool, struct haul_change, c->arcs);
    m->last = POOL_ARRAY(&m->pool, struct haul_change, c->arcs);
    m->is_pending = POOL_ZEROED(&m->pool, uint8_t, c->arcs);
    for (int i = 0; i < 2; i++) m->set[i] = haul_weights_new(c);
    if (m->pool.failed || m->set[0] == NULL || m->set[1] == NULL) {
        haul_metric_free(m);
        return haul_fail(e, HAUL_E_NOMEM, "no memory for a metric over %u arcs", c->arcs);
    }
    for (uint32_t i = 0; i < c->arcs; i++) m->base[i] = m->now[i] = clamp_weight(base[i]);
    haul_weights_customise(m->set[0], m->base);
    haul_weights_copy(m->set[1], m->set[0]);
    *out = m;
    return HAUL_OK;
}

void haul_metric_free(struct haul_metric *m)
{
    if (m == NULL) return;
    assert(atomic_load(&m->readers[0]) == 0 && atomic_load(&m->readers[1]) == 0);
    for (int i = 0; i < 2; i++) haul_weights_free(m->set[i]);
    pool_free(&m->pool);
    free(m);
}

void haul_metric_set(struct haul_metric *m, uint32_t arc, int32_t weight)
{
    assert(arc < m->cch->arcs);
    m->now[arc] = clamp_weight(weight);
    if (m->is_pending[arc]) return;
    m->is_pending[arc] = 1;
    m->pending[m->pendings++].arc = arc;
}

void haul_metric_revert(struct haul_metric *m, uint32_t arc)
{
    haul_metric_set(m, arc, m->base[arc]);
}

void haul_metric_revert_all(struct haul_metric *m)
{
    for (uint32_t i = 0; i < m->cch->arcs; i++)
        if (m->now[i] != m->base[i]) haul_metric_revert(m, i);
}

int32_t haul_metric_arc(const struct haul_metric *m, uint32_t arc)
{
    return m->now[arc];
}
int32_t haul_metric_base(const struct haul_metric *m, uint32_t arc)
{
    return m->base[arc];
}

/* What is pending and really differs from the present set becomes `last`. */
static void take_pending(struct haul_metric *m, const struct haul_weights *present)
{
    m->lasts = 0;
    for (size_t i = 0; i < m->pendings; i++) {
        const uint32_t arc = m->pending[i].arc;
        m->is_pending[arc] = 0;
        if (m->now[arc] != haul_weights_arc(present, arc)) m->last[m->lasts++] = (struct haul_change){arc, m->now[arc]};
    }
    m->pendings = 0;
}

enum haul_err haul_metric_commit(struct haul_metric *m, struct haul_metric_commit *out)
{
    const uint32_t present = atomic_load(&m->present), other = 1 - present;
    struct haul_metric_commit done = {0};
    if (atomic_load(&m->readers[other]) != 0) return HAUL_E_AGAIN;
    struct haul_weights *lagging = m->set[other];
    for (size_t i = 0; i < m->lasts; i++) lagging->arc[m->last[i].arc] = m->last[i].weight;
    if (m->lasts > 0) cch_follow(lagging, m->set[present]);
    take_pending(m, m->set[present]);
    done.changed = (uint32_t)m->lasts;
    if (m->lasts > 0) {
        done.whole = haul_weights_update(lagging, m->last, m->lasts);
        atomic_store(&m->present, other);
    }
    if (out != NULL) *out = done;
    return HAUL_OK;
}

const struct haul_weights *haul_metric_hold(struct haul_metric *m)
{
    for (;;) {
        const uint32_t i = atomic_load(&m->present);
        atomic_fetch_add(&m->readers[i], 1);
        if (atomic_load(&m->present) == i) return m->set[i];
        atomic_fetch_sub(&m->readers[i], 1);
    }
}

void haul_metric_release(struct haul_metric *m, const struct haul_weights *held)
{
    const int i = held == m->set[1];
    assert(held == m->set[i] && atomic_load(&m->readers[i]) > 0);
    atomic_fetch_sub(&m->readers[i], 1);
}
