/* SPDX-License-Identifier: Apache-2.0
 * Context memory of fixed size.
 */
#include "haul/detect_context.h"
#include "haul/hash.h"
#include "haul/math.h"

#include <string.h>

/* All contexts and what may follow them: (1 + levels) (1 + levels + levels^2 + … levels^order); 200^8 would fit. */
static uint64_t all_of(const struct haul_context_config *c)
{
    uint64_t contexts = 1;
    for (int k = 0; k < c->order; k++) contexts = contexts * c->levels + 1;
    return contexts * (1u + c->levels);
}

enum haul_err haul_context_init(struct haul_context *s, uint32_t *memory, const struct haul_context_config *c,
                                struct haul_error *e)
{
    if (c->levels < 2 || c->levels > 200 || c->order > HAUL_CONTEXT_ORDER)
        return haul_fail(e, HAUL_E_RANGE, "context: 2 to 200 levels, not %d; order at most %d, not %d", c->levels,
                         HAUL_CONTEXT_ORDER, c->order);
    const uint32_t sets = c->words / HAUL_CONTEXT_SET;
    if (all_of(c) > c->words && (sets == 0 || (sets & (sets - 1)) != 0 || sets * HAUL_CONTEXT_SET != c->words))
        return haul_fail(e, HAUL_E_RANGE, "context: a memory of %llu words, or %d times a power of two, not %u",
                         (unsigned long long)all_of(c), HAUL_CONTEXT_SET, c->words);
    if (!(c->threshold > 0 && c->threshold <= 1) || c->learn < 0)
        return haul_fail(e, HAUL_E_RANGE, "context: threshold %g in (0, 1], learn at least 0", c->threshold);
    haul_context_reset(s, memory, c);
    return HAUL_OK;
}

void haul_context_reset(struct haul_context *s, uint32_t *memory, const struct haul_context_config *c)
{
    *s = (struct haul_context){0};
    memset(memory, 0, c->words * sizeof *memory);
}

struct slot {
    uint32_t key, used, count; /* key 0: free */
};
enum { WAYS = 8 };
_Static_assert(WAYS * sizeof(struct slot) == HAUL_CONTEXT_SET * sizeof(uint32_t), "a set is eight slots");

/* Counts one occurrence of the key, and returns how many there were before. A new key takes a free slot of its set, or
 * that of the one not used for longest. */
static uint32_t occur(uint32_t *memory, const struct haul_context_config *c, uint64_t hash, uint32_t step)
{
    const uint32_t key = (uint32_t)(hash >> 32) | 1u, sets = c->words / HAUL_CONTEXT_SET;
    struct slot *const set = (struct slot *)memory + ((uint32_t)hash & (sets - 1)) * WAYS, *oldest = set;
    for (int way = 0; way < WAYS; way++) {
        if (set[way].key == key) {
            set[way].used = step;
            if (set[way].count < UINT32_MAX) set[way].count++;
            return set[way].count - 1;
        }
        if (set[way].used < oldest->used) oldest = &set[way];
    }
    *oldest = (struct slot){.key = key, .used = step, .count = 1};
    return 0;
}

static uint8_t level_of(const struct haul_context *s, const struct haul_context_config *c, double value)
{
    const double range = s->high - s->low;
    if (!(range > 0)) return 0;
    const double level = c->levels * ((value - s->low) / range);
    return level >= c->levels ? (uint8_t)(c->levels - 1) : (uint8_t)level;
}

/* Novelty in one context that occurred `before` times and was never followed by what followed it now. */
static double share_of(uint32_t before)
{
    static const double doubt = 5; /* occurrences at which a context counts half */
    return before / (before + doubt);
}

/* Where all contexts fit, each has a counter of its own and nothing is looked for. */
static uint32_t occur_at(uint32_t *count)
{
    const uint32_t before = *count;
    *count += before < UINT32_MAX;
    return before;
}

static double novelty_direct(const struct haul_context *s, uint32_t *counts, const struct haul_context_config *c,
                             uint8_t level, int longest)
{
    double sum = 0;
    /* levels^k contexts of length k, and behind them for each what followed; code: the context as a number */
    for (uint32_t k = 0, power = 1, code = 0;; k++) {
        const uint32_t before = occur_at(&counts[code]);
        if (occur_at(&counts[power + code * c->levels + level]) == 0) sum += share_of(before);
        if (k == (uint32_t)longest) return sum;
        counts += power * (1u + c->levels);
        code += s->recent[k] * power, power *= c->levels;
    }
}

static double novelty_hashed(struct haul_context *s, uint32_t *memory, const struct haul_context_config *c,
                             uint8_t level, int longest)
{
    const uint32_t step = s->n < UINT32_MAX - 1 ? (uint32_t)s->n + 1 : UINT32_MAX;
    double sum = 0;
    uint64_t context = 1;
    for (int k = 0; k <= longest; k++) {
        if (k > 0) context = haul_mix(context, s->recent[k - 1] + 1u);
        const uint32_t before = occur(memory, c, haul_mix(context, 1000), step);
        if (occur(memory, c, haul_mix(context, 2000u + level), step) == 0) sum += share_of(before);
    }
    return sum;
}

static double novelty(struct haul_context *s, uint32_t *memory, const struct haul_context_config *c, uint8_t level)
{
    const int longest = s->n < c->order ? (int)s->n : c->order;
    const double sum = all_of(c) <= c->words ? novelty_direct(s, memory, c, level, longest)
                                             : novelty_hashed(s, memory, c, level, longest);
    return sum > 0 ? sum / (c->order + 1) : 0;
}

double haul_context_step(struct haul_context *s, uint32_t *memory, const struct haul_context_config *c, double value,
                         double *before)
{
    if (s->n == 0 || value < s->low) s->low = value;
    if (s->n == 0 || value > s->high) s->high = value;
    const uint8_t level = level_of(s, c, value);
    *before = s->n > 0 ? s->low + (s->recent[0] + 0.5) * (s->high - s->low) / c->levels : value;
    const double found = novelty(s, memory, c, level);
    for (int k = c->order - 1; k > 0; k--) s->recent[k] = s->recent[k - 1];
    s->recent[0] = level;
    s->n++;
    return found;
}

struct haul_score haul_context_update(struct haul_context *s, uint32_t *memory, const struct haul_context_config *c,
                                      double value, struct haul_time at)
{
    (void)at;
    if (!haul_detect_usable(value)) return haul_score_invalid(HAUL_METHOD_CONTEXT, value);
    const int64_t learned = s->n;
    double before;
    const double found = haul_context_step(s, memory, c, value, &before);
    struct haul_score out = haul_score_make(HAUL_METHOD_CONTEXT, value, found, c->threshold, learned >= c->learn);
    out.expected = before, out.learned = learned, out.direction = value > before ? 1 : value < before ? -1 : 0;
    return out;
}
