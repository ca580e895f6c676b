/* SPDX-License-Identifier: Apache-2.0
 * Known routes, what their tasks are worth, and the best plan of them.
 */
#include "processors/solver/routes.h"

#include <float.h>
#include <stdlib.h>

enum {
    ROUTES_MAX = 4096,  /* remembered */
    ROUTES_KEPT = 2048, /* when there are too many: those that cost least beyond what their tasks are worth */
    SLOTS = 4 * ROUTES_MAX,
    WORDS_MAX = 8,      /* of a set of tasks: with more of them nothing is known */
    ROUNDS_FIRST = 400, /* of the prices; the next time they are warm */
    ROUNDS = 150,
    STALE_ROUNDS = 20,   /* without a better bound, until the steps become half as long */
    LOOKS_MAX = 20000000 /* of the enumeration */
};

struct known {
    int64_t cost;
    uint64_t hash; /* of the set of its tasks and the type of its vehicle */
    int32_t type, n;
    int32_t at;    /* its tasks: in q->tasks from here */
    double beyond; /* its cost beyond what its tasks are worth */
    uint64_t set[WORDS_MAX];
};

struct routes {
    const struct model *m;
    int32_t words;
    uint64_t *mark; /* [tasks + types] of the hash */
    struct known *known;
    int32_t n;
    int32_t *slot; /* [SLOTS] into known, plus one */
    int32_t *tasks, tasks_n, tasks_cap;
    double *worth, *best_worth; /* [tasks] */
    int32_t *cover;             /* [tasks] by how many routes it is wanted */
    bool priced;
    /* of the enumeration */
    int32_t *by_task, *by_from, *by_n; /* by_task[by_from[i]…]: routes of task i, the least beyond their worth first */
    int32_t *left;                     /* [types] vehicles */
    int32_t *chosen, *best, best_n;    /* [tasks] routes */
    int64_t limit;                     /* cost of the best */
    int64_t looks, looks_max;          /* at routes, whether they fit */
};

struct routes *routes_new(const struct loose *l)
{
    const size_t tasks = (size_t)l->m->tasks;
    if (tasks > 64 * WORDS_MAX) return NULL;
    struct routes *q = need(1, sizeof *q);
    struct haul_rng rng;
    haul_rng_seed(&rng, tasks);
    q->m = l->m;
    q->words = (l->m->tasks + 63) / 64;
    q->mark = need(tasks + (size_t)l->m->types, sizeof *q->mark);
    for (size_t i = 0; i < tasks + (size_t)l->m->types; i++) q->mark[i] = haul_rng_u64(&rng);
    q->known = need(ROUTES_MAX, sizeof *q->known);
    q->slot = need(SLOTS, sizeof *q->slot);
    q->worth = need(tasks, sizeof *q->worth);
    q->best_worth = need(tasks, sizeof *q->best_worth);
    q->cover = need(tasks, sizeof *q->cover);
    q->by_from = need(tasks + 1, sizeof *q->by_from);
    q->by_n = need(tasks, sizeof *q->by_n);
    q->left = need((size_t)l->m->types, sizeof *q->left);
    q->chosen = need(tasks, sizeof *q->chosen);
    q->best = need(tasks, sizeof *q->best);
    return q;
}

void routes_free(struct routes *q)
{
    if (q == NULL) return;
    free(q->mark);
    free(q->known);
    free(q->slot);
    free(q->tasks);
    free(q->worth);
    free(q->best_worth);
    free(q->cover);
    free(q->by_task);
    free(q->by_from);
    free(q->by_n);
    free(q->left);
    free(q->chosen);
    free(q->best);
    free(q);
}

/* ---- what is known ---- */

static int32_t *slot_of(const struct routes *q, uint64_t hash)
{
    size_t at = (size_t)hash % SLOTS;
    while (q->slot[at] != 0 && q->known[q->slot[at] - 1].hash != hash) at = (at + 1) % SLOTS;
    return &q->slot[at];
}

/* At first, what they cost at least in a known route. False: one is in none. */
static bool guess_worth(struct routes *q)
{
    const int32_t tasks = q->m->tasks;
    for (int32_t i = 0; i < tasks; i++) q->worth[i] = DBL_MAX;
    for (int32_t k = 0; k < q->n; k++) {
        const struct known *r = &q->known[k];
        const double each = (double)r->cost / r->n;
        for (int32_t i = 0; i < r->n; i++)
            if (q->worth[q->tasks[r->at + i]] > each) q->worth[q->tasks[r->at + i]] = each;
    }
    q->priced = true;
    for (int32_t i = 0; i < tasks; i++) q->priced &= q->worth[i] < DBL_MAX;
    return q->priced;
}

static int by_beyond(const void *a, const void *b)
{
    const struct known *x = a, *y = b;
    return x->beyond < y->beyond ? -1 : x->beyond > y->beyond ? 1 : x->hash < y->hash ? -1 : 1;
}

/* The least beyond its worth comes first, and only `most` stay. */
static void sort(struct routes *q, int32_t most)
{
    for (int32_t k = 0; k < q->n; k++) {
        struct known *r = &q->known[k];
        r->beyond = (double)r->cost;
        for (int32_t i = 0; i < r->n; i++) r->beyond -= q->worth[q->tasks[r->at + i]];
    }
    qsort(q->known, (size_t)q->n, sizeof *q->known, by_beyond);
    if (q->n > most) q->n = most;
    memset(q->slot, 0, SLOTS * sizeof *q->slot);
    for (int32_t k = 0; k < q->n; k++) *slot_of(q, q->known[k].hash) = k + 1;
}

/* Half of the routes go; the tasks of those that stay move together. */
static void forget(struct routes *q)
{
    int32_t *tasks = need((size_t)q->tasks_cap, sizeof *tasks), n = 0;
    if (!q->priced) guess_worth(q);
    sort(q, ROUTES_KEPT);
    for (int32_t k = 0; k < q->n; k++) {
        struct known *r = &q->known[k];
        memcpy(tasks + n, q->tasks + r->at, (size_t)r->n * sizeof *tasks);
        r->at = n;
        n += r->n;
    }
    free(q->tasks);
    q->tasks = tasks;
    q->tasks_n = n;
}

static struct known *add(struct routes *q, uint64_t hash, const uint64_t *set, const struct run *run)
{
    if (q->n == ROUTES_MAX) forget(q);
    if (q->tasks_n + run->n > q->tasks_cap) {
        q->tasks_cap = 2 * q->tasks_cap + run->n;
        q->tasks = realloc(q->tasks, (size_t)q->tasks_cap * sizeof *q->tasks);
        assert(q->tasks != NULL);
    }
    struct known *r = &q->known[q->n++];
    *r = (struct known){.cost = INT64_MAX, .hash = hash, .type = run->type, .n = run->n, .at = q->tasks_n};
    memcpy(r->set, set, sizeof r->set);
    q->tasks_n += run->n;
    *slot_of(q, hash) = q->n;
    return r;
}

static void learn(struct routes *q, const struct loose *l, int32_t k)
{
    const struct run *run = &l->run[k];
    uint64_t hash = q->mark[l->m->tasks + run->type], set[WORDS_MAX] = {0};
    for (int32_t i = l->at[first_of(l, k)].next; is_visit(l, i); i = l->at[i].next) {
        hash ^= q->mark[i];
        set[i / 64] |= UINT64_C(1) << (i % 64);
    }
    const int32_t at = *slot_of(q, hash);
    struct known *r = at != 0 ? &q->known[at - 1] : add(q, hash, set, run);
    if (r->cost <= run->cost || memcmp(r->set, set, sizeof set) != 0) return;
    r->cost = run->cost;
    int32_t n = 0;
    for (int32_t i = l->at[first_of(l, k)].next; is_visit(l, i); i = l->at[i].next) q->tasks[r->at + n++] = i;
}

void routes_learn(struct routes *q, const struct loose *l)
{
    for (int32_t k = 0; k < l->runs; k++)
        if (l->run[k].n > 0 && breaks_nothing(&l->run[k].broken)) learn(q, l, k);
}

/* ---- what the tasks are worth ---- */

/* No plan of known routes costs less: what the tasks are worth, and what routes that cost less than theirs save. */
static double bound(struct routes *q)
{
    double sum = 0;
    memset(q->cover, 0, (size_t)q->m->tasks * sizeof *q->cover);
    for (int32_t i = 0; i < q->m->tasks; i++) sum += q->worth[i];
    for (int32_t k = 0; k < q->n; k++) {
        const struct known *r = &q->known[k];
        const int32_t *tasks = q->tasks + r->at;
        double beyond = (double)r->cost;
        for (int32_t i = 0; i < r->n; i++) beyond -= q->worth[tasks[i]];
        if (beyond >= 0) continue;
        sum += beyond;
        for (int32_t i = 0; i < r->n; i++) q->cover[tasks[i]]++;
    }
    return sum;
}

/* Worth more what no route wants, less what several want. The best bound, and the worths that give it. */
static double set_worth(struct routes *q, int64_t cost, int32_t rounds)
{
    const int32_t tasks = q->m->tasks;
    const size_t bytes = (size_t)tasks * sizeof *q->worth;
    double best = -DBL_MAX, length = 2;
    for (int32_t k = 0, stale = 0; k < rounds; k++) {
        const double now = bound(q);
        if (now > best) {
            best = now;
            stale = 0;
            memcpy(q->best_worth, q->worth, bytes);
        } else if (++stale == STALE_ROUNDS) {
            stale = 0;
            length /= 2;
        }
        int64_t wrong = 0;
        for (int32_t i = 0; i < tasks; i++) wrong += (int64_t)(1 - q->cover[i]) * (1 - q->cover[i]);
        if (wrong == 0 || now >= (double)cost) break;
        const double step = length * ((double)cost - now) / (double)wrong;
        for (int32_t i = 0; i < tasks; i++) q->worth[i] += step * (1 - q->cover[i]);
    }
    memcpy(q->worth, q->best_worth, bytes);
    return best;
}

/* ---- the best plan ---- */

/* Those of which a plan can cost less than the limit. */
static void list_by_task(struct routes *q, double low)
{
    int32_t *fill = q->by_n, sum = 0, routes = 0;
    while (routes < q->n && low + q->known[routes].beyond < (double)q->limit) routes++;
    memset(fill, 0, (size_t)q->m->tasks * sizeof *fill);
    for (int32_t k = 0; k < routes; k++)
        for (int32_t i = 0; i < q->known[k].n; i++) fill[q->tasks[q->known[k].at + i]]++;
    for (int32_t i = 0; i < q->m->tasks; i++) {
        q->by_from[i] = sum;
        sum += fill[i];
        fill[i] = 0;
    }
    q->by_task = realloc(q->by_task, (size_t)(sum + 1) * sizeof *q->by_task);
    assert(q->by_task != NULL);
    for (int32_t k = 0; k < routes; k++)
        for (int32_t i = 0; i < q->known[k].n; i++) {
            const int32_t task = q->tasks[q->known[k].at + i];
            q->by_task[q->by_from[task] + fill[task]++] = k;
        }
}

/* A plan in which the route stands costs at least so much more than the bound. */
static double more(const struct known *r)
{
    return r->beyond > 0 ? r->beyond : 0;
}

static bool fits(const struct routes *q, const struct known *r, const uint64_t *open)
{
    uint64_t outside = 0;
    for (int32_t w = 0; w < q->words; w++) outside |= r->set[w] & ~open[w];
    return outside == 0 && q->left[r->type] > 0;
}

/* Routes that fit and are cheap enough, of one task; no more than `most` are counted. */
static int32_t count_routes(struct routes *q, int32_t task, const uint64_t *open, double low, int32_t most)
{
    int32_t n = 0, i = 0;
    for (; i < q->by_n[task] && n < most; i++) {
        const struct known *r = &q->known[q->by_task[q->by_from[task] + i]];
        if (low + more(r) >= (double)q->limit) break;
        n += fits(q, r, open);
    }
    q->looks += i;
    return n;
}

/* The open task with the fewest routes. HAUL_VRP_NONE: one has none. */
static int32_t choose_task(struct routes *q, const uint64_t *open, double low)
{
    int32_t best = HAUL_VRP_NONE, least = INT32_MAX;
    for (int32_t w = 0; w < q->words; w++)
        for (uint64_t left = open[w]; left != 0; left &= left - 1) {
            const int32_t task = 64 * w + __builtin_ctzll(left), n = count_routes(q, task, open, low, least);
            if (n == 0) return HAUL_VRP_NONE;
            if (n < least) least = n, best = task;
        }
    return best;
}

static bool is_empty(const struct routes *q, const uint64_t *open)
{
    uint64_t any = 0;
    for (int32_t w = 0; w < q->words; w++) any |= open[w];
    return any == 0;
}

static void enumerate(struct routes *q, const uint64_t *open, double low, int64_t cost, int32_t depth)
{
    if (is_empty(q, open)) {
        if (cost >= q->limit) return;
        q->limit = cost;
        q->best_n = depth;
        memcpy(q->best, q->chosen, (size_t)depth * sizeof *q->best);
        return;
    }
    const int32_t task = choose_task(q, open, low);
    for (int32_t i = 0; task != HAUL_VRP_NONE && i < q->by_n[task] && q->looks < q->looks_max; i++) {
        const int32_t k = q->by_task[q->by_from[task] + i];
        const struct known *r = &q->known[k];
        uint64_t rest[WORDS_MAX];
        if (low + more(r) >= (double)q->limit) break;
        if (!fits(q, r, open)) continue;
        for (int32_t w = 0; w < q->words; w++) rest[w] = open[w] & ~r->set[w];
        q->chosen[depth] = k;
        q->left[r->type]--;
        enumerate(q, rest, low + more(r), cost + r->cost, depth + 1);
        q->left[r->type]++;
    }
}

static void lay(const struct routes *q, struct loose *l)
{
    loose_begin(l);
    for (int32_t k = 0; k < q->best_n; k++) {
        const struct known *known = &q->known[q->best[k]];
        const int32_t r = loose_free_run(l, known->type); /* there are as many as `left` said */
        int32_t last = first_of(l, r);
        for (int32_t i = 0; i < known->n; i++) {
            loose_put(l, last, q->tasks[known->at + i]);
            last = q->tasks[known->at + i];
        }
        loose_update(l, r);
    }
}

bool routes_combine(struct routes *q, struct loose *l, int64_t cost, int64_t *looks)
{
    uint64_t open[WORDS_MAX] = {0};
    const int32_t rounds = q->priced ? ROUNDS : ROUNDS_FIRST;
    *looks = 0;
    if (!q->priced && !guess_worth(q)) return false;
    const double low = set_worth(q, cost, rounds);
    sort(q, ROUTES_MAX);
    q->limit = cost;
    q->best_n = 0;
    q->looks = (int64_t)rounds * q->tasks_n;
    q->looks_max = q->looks + LOOKS_MAX;
    list_by_task(q, low);
    for (int32_t t = 0; t < q->m->types; t++) q->left[t] = 0;
    for (int32_t r = 0; r < l->runs; r++) q->left[l->run[r].type]++;
    for (int32_t i = 0; i < q->m->tasks; i++) open[i / 64] |= UINT64_C(1) << (i % 64);
    enumerate(q, open, low, 0, 0);
    *looks = q->looks;
    if (q->best_n > 0) lay(q, l);
    return q->best_n > 0;
}
