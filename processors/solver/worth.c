/* SPDX-License-Identifier: Apache-2.0
 * The linear relaxation of set partitioning.
 *
 * At first each task is served by itself, for what it is guessed to be worth and a little more. While one is still
 * served so when no column helps, that becomes dearer.
 */
#include "processors/solver/worth.h"

#include "processors/solver/state.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

enum {
    CHOICES = 16,   /* columns that may enter after one look at all of them */
    PIVOTS = 20,    /* for each task, at most */
    RISES = 16,     /* of what being served alone costs, at most: there may be no plan of these columns */
    PIVOT_LOOKS = 4 /* so many numbers of the inverse are changed in the time of a look */
};
static const double dear = 0.05;       /* of the mean worth: what being served alone costs more, at first */
static const double gain_least = 0.01; /* of cost: for less no column enters */
static const double pivot_least = 1e-5, tiny = 1e-9;
static const double slack = 1e-9;      /* of a share */
static const double scatter = 1e-4;    /* of the demands, so that few shares are alike */
static const double alone_most = 1e-2; /* of a task may be served by itself in the end */

struct worth {
    int32_t n;        /* tasks */
    double *inverse;  /* [n][n] of the basis */
    double *share;    /* [n] which part of each column of the basis is driven */
    bool *alone;      /* [n] it serves one task by itself */
    double dearer;    /* what that costs more the next time */
    double *price;    /* [n] now */
    double *best;     /* [n] those of the best bound */
    double *in_basis; /* [n] the entering column, as a sum of those of the basis */
};

static void begin(struct worth *w, const double *guess)
{
    const size_t n = (size_t)w->n;
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += guess[i];
    w->dearer = dear * sum / w->n + 1;
    for (size_t i = 0; i < n; i++) {
        w->inverse[i * n + i] = 1;
        w->price[i] = guess[i] + w->dearer;
        w->share[i] = 1 + scatter * (double)(1 + i * 7919 % 1009) / 1009;
        w->alone[i] = true;
    }
}

struct worth *worth_new(int32_t tasks, const double *guess)
{
    struct worth *w = need(1, sizeof *w);
    const size_t n = (size_t)tasks;
    w->n = tasks;
    w->inverse = need(n * n, sizeof *w->inverse);
    w->share = need(n, sizeof *w->share);
    w->alone = need(n, sizeof *w->alone);
    w->price = need(n, sizeof *w->price);
    w->best = need(n, sizeof *w->best);
    w->in_basis = need(n, sizeof *w->in_basis);
    begin(w, guess);
    return w;
}

void worth_free(struct worth *w)
{
    if (w == NULL) return;
    free(w->inverse);
    free(w->share);
    free(w->alone);
    free(w->price);
    free(w->best);
    free(w->in_basis);
    free(w);
}

const double *worth_prices(const struct worth *w)
{
    return w->best;
}

/* What a column costs beyond what its tasks are worth. */
static double beyond(const struct worth *w, const struct column *c)
{
    double sum = c->cost;
    for (int32_t i = 0; i < c->n; i++) sum -= w->price[c->tasks[i]];
    return sum;
}

static void express(struct worth *w, const struct column *c)
{
    const size_t n = (size_t)w->n;
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (int32_t k = 0; k < c->n; k++) sum += w->inverse[i * n + (size_t)c->tasks[k]];
        w->in_basis[i] = fabs(sum) < tiny ? 0 : sum;
    }
}

/* The place in the basis that gives way; -1: none. Of those that may, within the slack, that with the largest pivot
 * (Harris 1973). */
static int32_t giving_way(const struct worth *w)
{
    const double *in = w->in_basis;
    double most = DBL_MAX;
    int32_t best = -1;
    for (int32_t i = 0; i < w->n; i++)
        if (in[i] > pivot_least && (w->share[i] + slack) / in[i] < most) most = (w->share[i] + slack) / in[i];
    for (int32_t i = 0; i < w->n; i++)
        if (in[i] > pivot_least && w->share[i] / in[i] <= most && (best < 0 || in[i] > in[best])) best = i;
    return best;
}

static void enter(struct worth *w, const struct column *c, double gain)
{
    const size_t n = (size_t)w->n;
    express(w, c);
    const int32_t out = giving_way(w);
    if (out < 0) return;
    double *row = w->inverse + (size_t)out * n;
    const double pivot = w->in_basis[out], share = w->share[out] > 0 ? w->share[out] / pivot : 0;
    for (size_t j = 0; j < n; j++) row[j] /= pivot;
    for (size_t i = 0; i < n; i++) {
        const double times = w->in_basis[i];
        double *to = w->inverse + i * n;
        if (times == 0 || to == row) continue;
        for (size_t j = 0; j < n; j++) to[j] -= times * row[j];
        w->share[i] -= times * share;
    }
    for (size_t j = 0; j < n; j++) w->price[j] += gain * row[j];
    w->share[out] = share;
    w->alone[out] = false;
}

/* Who is still served alone pays more, and the next time twice as much more. False: nobody is. */
static bool pay_more(struct worth *w)
{
    const size_t n = (size_t)w->n;
    bool any = false;
    for (size_t i = 0; i < n; i++) any |= w->alone[i] && w->share[i] > alone_most;
    for (size_t i = 0; any && i < n; i++) {
        if (!w->alone[i]) continue;
        for (size_t j = 0; j < n; j++) w->price[j] += w->dearer * w->inverse[i * n + j];
    }
    w->dearer *= 2;
    return any;
}

struct choice {
    double beyond;
    int32_t k;
};

/* Those that cost least beyond their worth, the least first. *bound: what no plan of the columns costs less than. */
static int32_t choose(const struct worth *w, int32_t n, struct column (*column)(const void *arg, int32_t k),
                      const void *arg, struct choice *choice, double *bound, int64_t *looks)
{
    int32_t found = 0;
    *bound = 0;
    for (int32_t i = 0; i < w->n; i++) *bound += w->price[i];
    for (int32_t k = 0; k < n; k++) {
        const struct column c = column(arg, k);
        const double now = beyond(w, &c);
        *looks += c.n;
        if (now < 0) *bound += now;
        if (now > -gain_least || (found == CHOICES && now >= choice[CHOICES - 1].beyond)) continue;
        int32_t at = found < CHOICES ? found++ : CHOICES - 1;
        for (; at > 0 && choice[at - 1].beyond > now; at--) choice[at] = choice[at - 1];
        choice[at] = (struct choice){now, k};
    }
    return found;
}

double worth_solve(struct worth *w, int32_t n, struct column (*column)(const void *arg, int32_t k), const void *arg,
                   int64_t *looks)
{
    double best = -DBL_MAX;
    for (int32_t pivots = 0, rises = 0; pivots < PIVOTS * w->n;) {
        struct choice choice[CHOICES];
        double bound;
        const int32_t found = choose(w, n, column, arg, choice, &bound, looks);
        if (bound > best || found == 0) {
            best = bound;
            memcpy(w->best, w->price, (size_t)w->n * sizeof *w->best);
        }
        if (found == 0 && (rises++ == RISES || !pay_more(w))) break;
        for (int32_t i = 0; i < found; i++) {
            const struct column c = column(arg, choice[i].k);
            const double now = beyond(w, &c);
            if (now > -gain_least) continue;
            enter(w, &c, now);
            pivots++;
            *looks += (int64_t)w->n * w->n / PIVOT_LOOKS;
        }
    }
    return best;
}
