/* SPDX-License-Identifier: Apache-2.0
 * The scoring rule of the Numenta Anomaly Benchmark.
 */
#include "haul/detect_nab.h"
#include "haul/math.h"

#include <stdlib.h>

const struct haul_nab_profile haul_nab_standard = {1, 0.11, 1}, haul_nab_low_fp = {1, 0.22, 1},
                              haul_nab_low_fn = {1, 0.11, 2};

int64_t haul_nab_probation(int64_t rows)
{
    return rows < 5000 ? rows * 15 / 100 : 750;
}

static double sigmoid(double y)
{
    return y > 3 ? -1 : 2 / (1 + haul_exp(5 * y)) - 1;
}

/* The window that holds the row, or the last one before it (*inside false), or -1. */
static int64_t window_at(const struct haul_nab_series *s, int64_t row, bool *inside)
{
    int64_t found = -1;
    for (int64_t i = 0; i < s->window_count && s->windows[i].first <= row; i++) found = i;
    *inside = found >= 0 && row <= s->windows[found].last;
    return found;
}

/* What one detection at the row is worth. */
static double worth(const struct haul_nab_series *s, const struct haul_nab_profile *p, int64_t row, int64_t window,
                    bool inside)
{
    if (window < 0) return -p->fp;
    const struct haul_nab_window *w = &s->windows[window];
    const double width = (double)(w->last - w->first + 1);
    if (inside) return p->tp * sigmoid(-(double)(w->last - row + 1) / width) / sigmoid(-1);
    return p->fp * sigmoid(width > 1 ? (double)(row - w->last) / (width - 1) : 4);
}

struct haul_nab_result haul_nab_score(const struct haul_nab_series *series, int64_t count,
                                      const struct haul_nab_profile *p, double threshold)
{
    struct haul_nab_result r = {0};
    for (int64_t i = 0; i < count; i++) {
        const struct haul_nab_series *s = &series[i];
        int64_t last_hit = -1;
        for (int64_t row = haul_nab_probation(s->rows); row < s->rows; row++) {
            if (!(s->score[row] >= threshold)) continue;
            bool inside;
            const int64_t window = window_at(s, row, &inside);
            if (inside)
                r.true_rows++;
            else
                r.false_rows++;
            if (inside && window == last_hit) continue;
            r.raw += worth(s, p, row, window, inside);
            if (inside) last_hit = window, r.hit++;
        }
        r.windows += s->window_count;
    }
    r.raw -= p->fn * (double)(r.windows - r.hit);
    return r;
}

double haul_nab_normalised(const struct haul_nab_result *r, const struct haul_nab_profile *p)
{
    const double null = -p->fn * (double)r->windows, perfect = p->tp * (double)r->windows;
    return r->windows > 0 ? 100 * (r->raw - null) / (perfect - null) : 0;
}

static int by_score_then_place(const void *a, const void *b)
{
    const struct haul_nab_rank *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    if (x->series != y->series) return x->series < y->series ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* The first detection in the same window among those ranked before `at`, as its worth; the miss if there is none. */
static double window_before(const struct haul_nab_series *s, const struct haul_nab_profile *p,
                            const struct haul_nab_rank *at, int64_t window)
{
    const struct haul_nab_window *w = &s->windows[window];
    const int64_t probation = haul_nab_probation(s->rows);
    for (int64_t row = w->first > probation ? w->first : probation; row <= w->last; row++) {
        const struct haul_nab_rank other = {s->score[row], at->series, row};
        if (by_score_then_place(&other, at) < 0) return worth(s, p, row, window, true);
    }
    return -p->fn;
}

/* Lowers the threshold row by row, and keeps the sum. */
double haul_nab_best(const struct haul_nab_series *series, int64_t count, const struct haul_nab_profile *p,
                     struct haul_nab_rank *rank, double *threshold)
{
    int64_t n = 0, windows = 0;
    for (int64_t i = 0; i < count; i++) {
        windows += series[i].window_count;
        for (int64_t row = haul_nab_probation(series[i].rows); row < series[i].rows; row++)
            rank[n++] = (struct haul_nab_rank){series[i].score[row], i, row};
    }
    qsort(rank, (size_t)n, sizeof *rank, by_score_then_place);
    double raw = -p->fn * (double)windows, best = raw;
    *threshold = n > 0 ? rank[0].score + 1 : 1;
    for (int64_t i = 0; i < n; i++) {
        const struct haul_nab_series *s = &series[rank[i].series];
        bool inside;
        const int64_t window = window_at(s, rank[i].row, &inside);
        const double now = worth(s, p, rank[i].row, window, inside);
        if (inside) {
            const double before = window_before(s, p, &rank[i], window);
            if (now > before) raw += now - before;
        } else {
            raw += now;
        }
        const bool last_of_score = i + 1 == n || rank[i + 1].score != rank[i].score;
        if (last_of_score && raw > best) best = raw, *threshold = rank[i].score;
    }
    const struct haul_nab_result r = {.raw = best, .windows = windows};
    return haul_nab_normalised(&r, p);
}
