/* SPDX-License-Identifier: Apache-2.0
 * ADWIN over an exponential histogram, and DDSketch.
 */
#include "haul/detect_window.h"
#include "haul/math.h"

#include <string.h>

/* ---- ADWIN: row r holds buckets of 2^r values, the oldest first; older values are in higher rows ---- */

enum haul_err haul_adwin_init(struct haul_adwin *s, const struct haul_adwin_config *c, struct haul_error *e)
{
    if (!(c->delta > 0 && c->delta < 1) || c->clock < 1 || c->least < 1)
        return haul_fail(e, HAUL_E_RANGE, "adwin: delta %g in (0, 1), clock and least at least 1", c->delta);
    haul_adwin_reset(s, c);
    return HAUL_OK;
}

void haul_adwin_reset(struct haul_adwin *s, const struct haul_adwin_config *c)
{
    (void)c;
    *s = (struct haul_adwin){0};
}

static double size_of(int row)
{
    return (double)(1ull << row);
}

/* Two parts as one: Chan, Golub and LeVeque's update (1979) of the sum of squares about the mean. */
struct part {
    double n, sum, square;
};

static struct part joined(struct part a, struct part b)
{
    if (a.n == 0) return b;
    if (b.n == 0) return a;
    const double apart = a.sum / a.n - b.sum / b.n;
    return (struct part){a.n + b.n, a.sum + b.sum, a.square + b.square + apart * apart * a.n * b.n / (a.n + b.n)};
}

static struct part bucket(const struct haul_adwin *s, int row, int i)
{
    return (struct part){size_of(row), s->sum[row][i], s->square[row][i]};
}

static struct part whole(const struct haul_adwin *s)
{
    struct part all = {0};
    for (int row = HAUL_ADWIN_ROWS - 1; row >= 0; row--)
        for (int i = 0; i < s->count[row]; i++) all = joined(all, bucket(s, row, i));
    return all;
}

double haul_adwin_mean(const struct haul_adwin *s)
{
    const struct part all = whole(s);
    return all.n > 0 ? all.sum / all.n : 0;
}

double haul_adwin_variance(const struct haul_adwin *s)
{
    const struct part all = whole(s);
    return all.n > 0 ? all.square / all.n : 0;
}

static void drop_first(struct haul_adwin *s, int row, int many)
{
    const size_t left = (size_t)(s->count[row] - many);
    memmove(s->sum[row], s->sum[row] + many, left * sizeof(double));
    memmove(s->square[row], s->square[row] + many, left * sizeof(double));
    s->count[row] = (uint8_t)left;
}

static void push(struct haul_adwin *s, int row, struct part p)
{
    s->sum[row][s->count[row]] = p.sum, s->square[row][s->count[row]] = p.square;
    s->count[row]++;
}

static void insert(struct haul_adwin *s, double value)
{
    push(s, 0, (struct part){1, value, 0});
    s->width++;
    for (int row = 0; row < HAUL_ADWIN_ROWS && s->count[row] > HAUL_ADWIN_BUCKETS; row++) {
        const struct part two = joined(bucket(s, row, 0), bucket(s, row, 1));
        if (row + 1 < HAUL_ADWIN_ROWS) {
            drop_first(s, row, 2);
            push(s, row + 1, two);
        } else {
            drop_first(s, row, 1);
            s->width -= (int64_t)size_of(row);
        }
    }
}

/* The widest violation of the bound over all ways to cut the window at a bucket's end, as a multiple of the bound; *old
 * and *new are its parts. */
static double worst_cut(const struct haul_adwin *s, const struct haul_adwin_config *c, struct part *old,
                        struct part *new)
{
    const struct part all = whole(s);
    const double spread = s->high - s->low, variance = all.square / all.n;
    const double confidence = haul_log(2 * haul_log(all.n) / c->delta);
    struct part before = {0};
    double worst = 0;
    for (int row = HAUL_ADWIN_ROWS - 1; row >= 0; row--)
        for (int i = 0; i < s->count[row]; i++) {
            before = joined(before, bucket(s, row, i));
            const double n1 = all.n - before.n;
            if (n1 < c->least) return worst;
            if (before.n < c->least) continue;
            const double m = 1 / (1 / before.n + 1 / n1), apart = before.sum / before.n - (all.sum - before.sum) / n1;
            const double bound = haul_sqrt(2 / m * variance * confidence) + 2 / (3 * m) * confidence * spread;
            const double ratio = bound > 0 ? haul_abs(apart) / bound : 0;
            if (ratio <= worst) continue;
            worst = ratio, *old = before;
            *new = (struct part){n1, all.sum - before.sum, 0};
        }
    return worst;
}

/* Forgets the oldest bucket. */
static void forget(struct haul_adwin *s)
{
    int row = HAUL_ADWIN_ROWS - 1;
    while (row > 0 && s->count[row] == 0) row--;
    if (s->count[row] == 0) return;
    s->width -= (int64_t)size_of(row);
    drop_first(s, row, 1);
}

struct haul_score haul_adwin_update(struct haul_adwin *s, const struct haul_adwin_config *c, double value,
                                    struct haul_time at)
{
    if (!haul_detect_usable(value)) return haul_score_invalid(HAUL_METHOD_ADWIN, value);
    if (s->seen == 0 || value < s->low) s->low = value;
    if (s->seen == 0 || value > s->high) s->high = value;
    s->seen++;
    insert(s, value);
    struct haul_score out = haul_score_make(HAUL_METHOD_ADWIN, value, 0, 1, s->width >= 2 * (int64_t)c->least);
    out.learned = s->width;
    if (s->seen % c->clock != 0 || s->width < 2 * (int64_t)c->least || s->width < 10) return out;
    struct part old = {0}, new = {0};
    const double first = worst_cut(s, c, &old, &new);
    if (first <= 1) {
        out.statistic = first, out.score = first / (first + 1);
        if (first == 1) out.verdict = HAUL_VERDICT_ANOMALY;
        return out;
    }
    out = haul_score_make(HAUL_METHOD_ADWIN, new.sum / new.n, first, 1, true);
    out.expected = old.sum / old.n, out.direction = new.sum / new.n > out.expected ? 1 : -1;
    out.since = at;
    struct part a, b;
    while (s->width >= 10 && worst_cut(s, c, &a, &b) > 1) forget(s);
    out.learned = s->width;
    return out;
}

/* ---- DDSketch ---- */

static const double sketch_least = 0x1p-10;
/* ln gamma, gamma = 1.02 / 0.98 */
static const double ln_gamma = 0.040005334613699206;

void haul_sketch_reset(struct haul_sketch *s)
{
    *s = (struct haul_sketch){0};
}

bool haul_sketch_add(struct haul_sketch *s, double value)
{
    if (!(value >= 0) || !haul_finite(value)) return false;
    s->total++;
    if (value < sketch_least) {
        s->zero++;
        return true;
    }
    const double at = haul_log(value / sketch_least) / ln_gamma;
    const size_t i = at < HAUL_SKETCH_BUCKETS - 1 ? (size_t)at : HAUL_SKETCH_BUCKETS - 1;
    s->count[i]++;
    return true;
}

void haul_sketch_merge(struct haul_sketch *into, const struct haul_sketch *from)
{
    into->total += from->total, into->zero += from->zero;
    for (size_t i = 0; i < HAUL_SKETCH_BUCKETS; i++) into->count[i] += from->count[i];
}

double haul_sketch_quantile(const struct haul_sketch *s, double q)
{
    assert(q >= 0 && q <= 1);
    if (s->total == 0) return 0;
    const double rank = q * (double)(s->total - 1);
    double below = s->zero;
    if (below > rank) return 0;
    size_t last = 0;
    for (size_t i = 0; i < HAUL_SKETCH_BUCKETS; i++) {
        if (s->count[i] == 0) continue;
        last = i, below += s->count[i];
        if (below > rank) break;
    }
    /* the point of the bucket with the same relative error to both of its ends: 2 gamma^(i+1) / (gamma + 1) */
    return sketch_least * haul_exp(ln_gamma * ((double)last + 1)) * (2 / (1 + 1.02 / 0.98));
}
