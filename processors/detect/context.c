/* SPDX-License-Identifier: Apache-2.0
 * Context memory of fixed size.
 */
#include "haul/detect_context.h"
#include "haul/hash.h"
#include "haul/math.h"

#include <string.h>

enum haul_err haul_context_init(struct haul_context *s, struct haul_context_slot *slots,
                                const struct haul_context_config *c, struct haul_error *e)
{
    if (c->levels < 2 || c->levels > 200 || c->order > HAUL_CONTEXT_ORDER)
        return haul_fail(e, HAUL_E_RANGE, "context: 2 to 200 levels, not %d; order at most %d, not %d", c->levels,
                         HAUL_CONTEXT_ORDER, c->order);
    if (c->slots < HAUL_CONTEXT_WAYS || (c->slots & (c->slots - 1)) != 0)
        return haul_fail(e, HAUL_E_RANGE, "context: slots must be a power of two from %d on, not %u", HAUL_CONTEXT_WAYS,
                         c->slots);
    if (!(c->threshold > 0 && c->threshold <= 1) || c->learn < 0)
        return haul_fail(e, HAUL_E_RANGE, "context: threshold %g in (0, 1], learn at least 0", c->threshold);
    haul_context_reset(s, slots, c);
    return HAUL_OK;
}

void haul_context_reset(struct haul_context *s, struct haul_context_slot *slots, const struct haul_context_config *c)
{
    *s = (struct haul_context){0};
    memset(slots, 0, c->slots * sizeof *slots);
}

/* Counts one occurrence of the key, and returns how many there were before. A new key takes a free slot of its set, or
 * that of the one not used for longest. */
static uint32_t occur(struct haul_context_slot *slots, const struct haul_context_config *c, uint64_t hash,
                      uint32_t step)
{
    const uint32_t key = (uint32_t)(hash >> 32) | 1u, sets = c->slots / HAUL_CONTEXT_WAYS;
    struct haul_context_slot *const set = &slots[((uint32_t)hash & (sets - 1)) * HAUL_CONTEXT_WAYS];
    struct haul_context_slot *oldest = &set[0];
    for (int way = 0; way < HAUL_CONTEXT_WAYS; way++) {
        if (set[way].key == key) {
            set[way].used = step;
            if (set[way].count < UINT32_MAX) set[way].count++;
            return set[way].count - 1;
        }
        if (set[way].used < oldest->used) oldest = &set[way];
    }
    *oldest = (struct haul_context_slot){.key = key, .used = step, .count = 1};
    return 0;
}

static uint8_t level_of(const struct haul_context *s, const struct haul_context_config *c, double value)
{
    const double range = s->high - s->low;
    if (!(range > 0)) return 0;
    const double level = c->levels * ((value - s->low) / range);
    return level >= c->levels ? (uint8_t)(c->levels - 1) : (uint8_t)level;
}

/* All contexts and what may follow them: (1 + levels) (1 + levels + levels^2 + … levels^order), or more than any
 * memory. */
static uint32_t all_of(const struct haul_context_config *c)
{
    uint64_t contexts = 0, power = 1;
    for (int k = 0; k <= c->order && contexts < UINT32_MAX / 256; k++) contexts += power, power *= c->levels;
    const uint64_t all = contexts * (1u + c->levels);
    return all < UINT32_MAX ? (uint32_t)all : UINT32_MAX;
}

/* Where all of them fit, each has a slot of its own and nothing is looked for. */
static uint32_t occur_at(struct haul_context_slot *slot)
{
    return slot->count < UINT32_MAX ? slot->count++ : UINT32_MAX;
}

/* Novelty in one context that occurred `before` times. */
static double share_of(uint32_t before, bool followed)
{
    static const double doubt = 5; /* occurrences at which a context counts half */
    return followed ? 0 : before / (before + doubt);
}

static double novelty_direct(struct haul_context *s, struct haul_context_slot *slots,
                             const struct haul_context_config *c, uint8_t level, int longest)
{
    double sum = 0;
    uint32_t base = 0, power = 1,
             code = 0; /* the contexts of length k start at base; levels^k; the context as a number */
    for (int k = 0; k <= longest; k++) {
        if (k > 0) code += s->recent[k - 1] * (power / c->levels);
        const uint32_t before = occur_at(&slots[base + code]);
        sum += share_of(before, occur_at(&slots[base + power + code * c->levels + level]) > 0);
        base += power * (1u + c->levels), power *= c->levels;
    }
    return sum;
}

static double novelty_hashed(struct haul_context *s, struct haul_context_slot *slots,
                             const struct haul_context_config *c, uint8_t level, int longest)
{
    const uint32_t step = s->n < UINT32_MAX - 1 ? (uint32_t)s->n + 1 : UINT32_MAX;
    double sum = 0;
    uint64_t context = 1;
    for (int k = 0; k <= longest; k++) {
        if (k > 0) context = haul_mix(context, s->recent[k - 1] + 1u);
        const uint32_t before = occur(slots, c, haul_mix(context, 1000), step);
        sum += share_of(before, occur(slots, c, haul_mix(context, 2000u + level), step) > 0);
    }
    return sum;
}

static double novelty(struct haul_context *s, struct haul_context_slot *slots, const struct haul_context_config *c,
                      uint8_t level)
{
    const int longest = s->n < c->order ? (int)s->n : c->order;
    const double sum = all_of(c) <= c->slots ? novelty_direct(s, slots, c, level, longest)
                                             : novelty_hashed(s, slots, c, level, longest);
    return sum / (c->order + 1);
}

double haul_context_step(struct haul_context *s, struct haul_context_slot *slots, const struct haul_context_config *c,
                         double value, double *before)
{
    if (s->n == 0 || value < s->low) s->low = value;
    if (s->n == 0 || value > s->high) s->high = value;
    const uint8_t level = level_of(s, c, value);
    *before = s->n > 0 ? s->low + (s->recent[0] + 0.5) * (s->high - s->low) / c->levels : value;
    const double found = novelty(s, slots, c, level);
    for (int k = c->order - 1; k > 0; k--) s->recent[k] = s->recent[k - 1];
    s->recent[0] = level;
    s->n++;
    return found;
}

struct haul_score haul_context_update(struct haul_context *s, struct haul_context_slot *slots,
                                      const struct haul_context_config *c, double value, struct haul_time at)
{
    (void)at;
    if (!haul_detect_usable(value)) return haul_score_invalid(HAUL_METHOD_CONTEXT, value);
    const int64_t learned = s->n;
    double before;
    const double found = haul_context_step(s, slots, c, value, &before);
    struct haul_score out = haul_score_make(HAUL_METHOD_CONTEXT, value, found, c->threshold, learned >= c->learn);
    out.expected = before, out.learned = learned, out.direction = value > before ? 1 : value < before ? -1 : 0;
    return out;
}
