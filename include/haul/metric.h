/* SPDX-License-Identifier: Apache-2.0
 * Layer: geo
 * A metric that lives: base weights, and what is different now (a closed road, a jam), over one hierarchy. One thread
 * changes and commits; any number of threads read. Readers never wait: they hold one of two sets of weights while the
 * other is being made.
 */
#ifndef HAUL_METRIC_H
#define HAUL_METRIC_H

#include "haul/cch.h"

struct haul_metric;

/* Customises the base weights (one for each arc of the graph; copied). c must outlive the metric. HAUL_E_NOMEM. */
enum haul_err haul_metric_new(const struct haul_cch *c, const int32_t *base, struct haul_metric **out,
                              struct haul_error *e);
void haul_metric_free(struct haul_metric *m); /* nobody holds it */

/* ---- the writer ---- */

/* From the next commit on, the arc has this weight; HAUL_FAR closes it. */
void haul_metric_set(struct haul_metric *m, uint32_t arc, int32_t weight);
/* From the next commit on, the arc (or every arc) has its base weight again. */
void haul_metric_revert(struct haul_metric *m, uint32_t arc);
void haul_metric_revert_all(struct haul_metric *m);
/* The weight that the arc has, or will have after the next commit; and its base weight. */
int32_t haul_metric_arc(const struct haul_metric *m, uint32_t arc);
int32_t haul_metric_base(const struct haul_metric *m, uint32_t arc);

struct haul_metric_commit {
    uint32_t changed; /* arcs whose weight is another than before */
    bool whole;       /* everything was customised, for that was cheaper */
};

/* Publishes what was set since the last commit. HAUL_E_AGAIN: a reader still holds the weights before the present ones;
 * nothing has happened, try again. *out may be NULL. No allocation. */
enum haul_err haul_metric_commit(struct haul_metric *m, struct haul_metric_commit *out);

/* ---- readers: any thread, without waiting ---- */

/* The present weights; they do not change until they are released. Hold them for a query or a batch of queries. */
const struct haul_weights *haul_metric_hold(struct haul_metric *m);
void haul_metric_release(struct haul_metric *m, const struct haul_weights *held);

#endif
