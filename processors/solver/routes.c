/* SPDX-License-Identifier: Apache-2.0
 * Known routes, what their tasks are worth, and the best plan of them.
 */
#include "processors/solver/routes.h"

#include "processors/solver/worth.h"

#include <float.h>
#include <stdlib.h>

enum {
    ROUTES_MAX = 4096,  /* remembered */
    ROUTES_KEPT = 2048, /* when there are too many: those that cost least beyond what their tasks are worth */
    SLOTS = 4 * ROUTES_MAX,
    WORDS_MAX = 8,  /* of a set of tasks: with more of them nothing is known */
    VARY_NEAR = 12, /* neighbours of a task that are tried beside it */
    STAGES = 5,     /* of the enumeration, each up to a limit that is higher than the one before */
    STAGE_LOOKS = 4000000
};
static const double vary_share = 0.1; /* routes are varied, and taken up, within that share of the gap */

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
    double *worth;       /* [tasks] */
    struct worth *asked; /* for them; NULL: not yet */
    /* of the enumeration */
    int32_t *by_task, *by_from, *by_n; /* by_task[by_from[i]…]: routes of task i, the least beyond their worth first */
    int32_t *left;                     /* [types] vehicles */
    int32_t *chosen, *best, best_n;    /* [tasks] routes */
    int64_t limit;                     /* cost of the best */
    int64_t looks, looks_max;          /* at routes and their tasks */
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
    worth_free(q->asked);
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
    bool each_known = true;
    for (int32_t i = 0; i < tasks; i++) each_known &= q->worth[i] < DBL_MAX;
    return each_known;
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
    if (q->asked == NULL) guess_worth(q);
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

static struct column column_of(const void *arg, int32_t k)
{
    const struct routes *q = arg;
    return (struct column){(double)q->known[k].cost, q->tasks + q->known[k].at, q->known[k].n};
}

/* No plan of known routes costs less than what it returns. */
static double set_worth(struct routes *q)
{
    if (q->asked == NULL) q->asked = worth_new(q->m->tasks, q->worth);
    const double low = worth_solve(q->asked, q->n, column_of, q, &q->looks);
    memcpy(q->worth, worth_prices(q->asked), (size_t)q->m->tasks * sizeof *q->worth);
    sort(q, ROUTES_MAX);
    return low;
}

/* ---- routes that nobody has seen ---- */

/* Of a known route one in l; there is a vehicle for it. */
static int32_t lay_one(const struct routes *q, struct loose *l, const struct known *known)
{
    const int32_t r = loose_free_run(l, known->type);
    for (int32_t i = 0, last = first_of(l, r); i < known->n; i++) {
        loose_put(l, last, q->tasks[known->at + i]);
        last = q->tasks[known->at + i];
    }
    loose_update(l, r);
    return r;
}

/* After a change. */
static void learn_varied(struct routes *q, struct loose *l, int32_t r)
{
    loose_update(l, r);
    q->looks += 2 * l->run[r].n;
    if (q->n < ROUTES_MAX && breaks_nothing(&l->run[r].broken)) learn(q, l, r);
}

/* Without one task each; the price may rise by less than `most`. */
static void leave_out(struct routes *q, struct loose *l, int32_t r, const struct known *known, double most)
{
    for (int32_t i = 0; i < known->n && known->n > 1; i++) {
        const int32_t task = q->tasks[known->at + i], prev = l->at[task].prev;
        if (q->worth[task] - (double)saved_without(l, type_of_run(l, r), task) >= most) continue;
        loose_take(l, task);
        learn_varied(q, l, r);
        loose_put(l, prev, task);
        loose_update(l, r);
    }
}

/* With one task more behind a stop, of those that are near to a task; likewise. */
static void put_in(struct routes *q, struct loose *l, int32_t behind, int32_t near_to, double most)
{
    const struct model *m = q->m;
    const int32_t r = l->at[behind].route;
    for (int32_t j = 0; j < m->near_n[near_to] && j < VARY_NEAR; j++) {
        const int32_t task = m->near_put[(int64_t)near_to * m->near + j];
        q->looks += 2;
        if (l->at[task].route == r || !type_of_run(l, r)->fits[task]) continue;
        if ((double)loose_insert_cost(l, behind, task) - q->worth[task] >= most) continue;
        loose_put(l, behind, task);
        learn_varied(q, l, r);
        loose_take(l, task);
        loose_update(l, r);
    }
}

/* The routes that differ from a known one by one task and cost, beyond their worth, less than `most`. */
static void vary_one(struct routes *q, struct loose *l, const struct known *known, double most)
{
    const int32_t r = lay_one(q, l, known);
    leave_out(q, l, r, known, most - known->beyond);
    put_in(q, l, first_of(l, r), q->tasks[known->at], most - known->beyond);
    for (int32_t i = 0; i < known->n; i++) {
        const int32_t task = q->tasks[known->at + i];
        put_in(q, l, task, task, most - known->beyond);
    }
    for (int32_t i = 0; i < known->n; i++) loose_take(l, q->tasks[known->at + i]);
    loose_update(l, r);
}

/* Of all routes that are known. */
static void vary(struct routes *q, struct loose *l, double most)
{
    if (q->n > ROUTES_KEPT) forget(q);
    loose_clear(l);
    for (int32_t k = 0, n = q->n; k < n && q->known[k].beyond < most; k++) vary_one(q, l, &q->known[k], most);
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
    for (int32_t k = 0; k < q->best_n; k++) lay_one(q, l, &q->known[q->best[k]]);
}

/* The cheapest plan of the known routes, if it costs less than `cost`. With a limit that is too low it is known in a
 * moment that there is none; near to the one that is best, most routes are too dear. */
static bool find_plan(struct routes *q, const struct loose *l, double low, int64_t cost)
{
    uint64_t open[WORDS_MAX] = {0};
    for (int32_t t = 0; t < q->m->types; t++) q->left[t] = 0;
    for (int32_t r = 0; r < l->runs; r++) q->left[l->run[r].type]++;
    for (int32_t i = 0; i < q->m->tasks; i++) open[i / 64] |= UINT64_C(1) << (i % 64);
    q->best_n = 0;
    for (int32_t k = 1; k <= STAGES && q->best_n == 0 && low < (double)cost; k++) {
        q->limit = k == STAGES ? cost : (int64_t)(low + ((double)cost - low) * k / STAGES);
        q->looks_max = q->looks + STAGE_LOOKS;
        list_by_task(q, low);
        enumerate(q, open, low, 0, 0);
    }
    return q->best_n > 0;
}

bool routes_combine(struct routes *q, struct loose *l, int64_t cost, int64_t *looks)
{
    *looks = q->looks = 0;
    if (q->asked == NULL && !guess_worth(q)) return false;
    double low = set_worth(q);
    if (low < (double)cost) {
        vary(q, l, vary_share * ((double)cost - low));
        low = set_worth(q);
    }
    const bool found = find_plan(q, l, low, cost);
    if (found) lay(q, l);
    *looks = q->looks;
    return found;
}
