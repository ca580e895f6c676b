/* SPDX-License-Identifier: Apache-2.0
 * All detectors of one value behind one face, for what must hold of each of them. Used by the property test and the
 * fuzzer.
 */
#ifndef TEST_DETECT_METHODS_H
#define TEST_DETECT_METHODS_H

#include "haul/detect_alarm.h"
#include "haul/detect_chart.h"
#include "haul/detect_context.h"
#include "haul/detect_guard.h"
#include "haul/detect_season.h"
#include "haul/detect_stat.h"
#include "haul/detect_stream.h"
#include "haul/detect_tail.h"
#include "haul/detect_traffic.h"
#include "haul/detect_trees.h"
#include "haul/detect_window.h"

struct method {
    const char *name;
    size_t size;
    enum haul_err (*init)(void *state);
    void (*reset)(void *state);
    struct haul_score (*update)(void *state, double value, struct haul_time at);
};

#define METHOD(module, ...)                                                                                            \
    static const struct haul_##module##_config config_##module = __VA_ARGS__;                                          \
    static enum haul_err init_##module(void *s)                                                                        \
    {                                                                                                                  \
        return haul_##module##_init(s, &config_##module, NULL);                                                        \
    }                                                                                                                  \
    static void reset_##module(void *s)                                                                                \
    {                                                                                                                  \
        haul_##module##_reset(s, &config_##module);                                                                    \
    }                                                                                                                  \
    static struct haul_score update_##module(void *s, double v, struct haul_time at)                                   \
    {                                                                                                                  \
        return haul_##module##_update(s, &config_##module, v, at);                                                     \
    }

METHOD(robust, {.threshold = 3.5, .memory = 100})
METHOD(ewma, {.level = {.learn = 20, .spread_min = 1e-6}, .lambda = 0.2, .limit = 3})
METHOD(cusum, {.level = {.learn = 20, .spread_min = 1e-6}, .k = 0.5, .h = 5, .restart = true})
METHOD(page_hinkley, {.delta = 0.005, .lambda = 50, .keep = 0.9999, .learn = 30})
METHOD(season, {.calendar = {.off_weekdays = 0x41},
                .rate = 0.05,
                .visit = 1,
                .clip = 4,
                .threshold = 5,
                .spread_min = 1e-6,
                .learn = 3,
                .slots = 24})
METHOD(hw, {.alpha = 0.2,
            .beta = 0.01,
            .gamma = 0.1,
            .damp = 0.98,
            .threshold = 5,
            .clip = 4,
            .spread_min = 1e-6,
            .season = 12})
METHOD(extreme, {.margin = 0.05, .learn = 20, .keep = 0.999})
METHOD(spot, {.q = 1e-3, .level = 0.95, .learn = 100, .depth = 20})
METHOD(guard,
       {.low = -1e9, .high = 1e9, .rate_per_s = 1e6, .stuck_factor = 3, .gap_factor = 10, .back_s = 0, .learn = 20})
METHOD(adwin, {.delta = 0.002, .clock = 8, .least = 5})
METHOD(sprt, {.p0 = 0.02, .p1 = 0.06, .alpha = 0.05, .beta = 0.1})
METHOD(slope, {.half_life_s = 600, .threshold = 5, .learn = 20})

struct context_block {
    struct haul_context s;
    uint32_t memory[8 * HAUL_CONTEXT_SET];
};
static const struct haul_context_config config_context = {
    .words = 8 * HAUL_CONTEXT_SET, .levels = 8, .order = 3, .threshold = 0.35, .learn = 20};
static enum haul_err init_context(void *s)
{
    struct context_block *b = s;
    return haul_context_init(&b->s, b->memory, &config_context, NULL);
}
static void reset_context(void *s)
{
    struct context_block *b = s;
    haul_context_reset(&b->s, b->memory, &config_context);
}
static struct haul_score update_context(void *s, double v, struct haul_time at)
{
    struct context_block *b = s;
    return haul_context_update(&b->s, b->memory, &config_context, v, at);
}

static struct haul_stream_config config_stream;
static enum haul_err init_stream(void *s)
{
    config_stream = haul_stream_config_default();
    return haul_stream_init(s, &config_stream, NULL);
}
static void reset_stream(void *s)
{
    haul_stream_reset(s, &config_stream);
}
static struct haul_score update_stream(void *s, double v, struct haul_time at)
{
    return haul_stream_update(s, &config_stream, v, at).score;
}

/* The road's tests: the value is the upstream one, the downstream one is fixed. */
static const struct haul_california_config config_california = {
    .t1 = 13, .t2 = 0.4, .t3 = 15, .persist = 2, .wave = 0.5, .dense = 20, .wave_s = 300};
static enum haul_err init_california(void *s)
{
    return haul_california_init(s, &config_california, NULL);
}
static void reset_california(void *s)
{
    haul_california_reset(s, &config_california);
}
static struct haul_score update_california(void *s, double v, struct haul_time at)
{
    return haul_california_update(s, &config_california, v, 10, at);
}
static const struct haul_speed_drop_config config_speed_drop = {
    .slow_mps = 18, .drop_mps = 11, .mean_of = 4, .persist = 2};
static enum haul_err init_speed_drop(void *s)
{
    return haul_speed_drop_init(s, &config_speed_drop, NULL);
}
static void reset_speed_drop(void *s)
{
    haul_speed_drop_reset(s, &config_speed_drop);
}
static struct haul_score update_speed_drop(void *s, double v, struct haul_time at)
{
    return haul_speed_drop_update(s, &config_speed_drop, v, 30, at);
}
#undef METHOD

#define ROW(name, type)                                                                                                \
    {                                                                                                                  \
#name, sizeof(struct type), init_##name, reset_##name, update_##name                                           \
    }
static const struct method methods[] = {
    ROW(robust, haul_robust),
    ROW(ewma, haul_ewma),
    ROW(cusum, haul_cusum),
    ROW(page_hinkley, haul_page_hinkley),
    ROW(season, haul_season),
    ROW(hw, haul_hw),
    ROW(extreme, haul_extreme),
    ROW(spot, haul_spot),
    ROW(guard, haul_guard),
    ROW(adwin, haul_adwin),
    ROW(sprt, haul_sprt),
    ROW(slope, haul_slope),
    ROW(context, context_block),
    ROW(stream, haul_stream),
    ROW(california, haul_california),
    ROW(speed_drop, haul_speed_drop),
};
#undef ROW
enum { METHODS = sizeof methods / sizeof methods[0], STATE_BYTES = 8192 };

#endif
