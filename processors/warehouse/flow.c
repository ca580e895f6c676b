/* SPDX-License-Identifier: Apache-2.0
 * The hub by the minute: what it does against what is usual at this time, the ratios of the last quarter of an hour,
 * its work in progress against what it holds.
 */
#include "processors/warehouse/warehouse.h"

#define LEVEL_MIN    60 /* minutes that the stand-in for the season remembers */
#define STALE_MIN    60 /* a drop that lasts longer is what is usual now, while there is no season yet */
#define WORK         0.8
#define HALF_SLOT_MS (WH_DAY_MS / HAUL_SEASON_SLOTS / 2)
#define Z_MAX        4.0
#define SEASON_RATE  0.02
#define WEEKEND      0x41

/* ---- counting ---- */
/* The minute that is open at a time: what is ahead of the watermark by more than a minute, or behind it, counts in the
 * nearest. */
static int64_t open_minute(const struct wh_hub *h, int64_t ms)
{
    return wh_least(wh_most(ms / WH_MINUTE_MS, h->minute + 1), h->minute + 2);
}

struct wh_tally *wh_tally_at(struct wh_step *x, int64_t ms)
{
    return &x->h->tally[(uint64_t)open_minute(x->h, ms) % WH_TALLIES];
}

struct wh_tally wh_tally_sum(const struct wh_hub *h)
{
    struct wh_tally sum = {0};
    for (size_t i = 0; i < WH_TALLIES; i++) {
        const struct wh_tally *t = &h->tally[i];
        sum.sorted += t->sorted, sum.missorted += t->missorted, sum.reads += t->reads;
        sum.no_reads += t->no_reads, sum.passes += t->passes, sum.recirculated += t->recirculated;
    }
    return sum;
}

void wh_unit(struct wh_step *x, int64_t ms)
{
    x->h->units[(uint64_t)open_minute(x->h, ms) % WH_MINUTES]++;
}

double wh_units(const struct wh_hub *h, int minutes)
{
    double sum = 0;
    for (int i = 0; i < minutes; i++) sum += h->units[(uint64_t)(h->minute - i) % WH_MINUTES];
    return sum;
}

/* Negative when one of the minutes had nothing to expect. */
double wh_expected(const struct wh_hub *h, int minutes)
{
    double sum = 0;
    for (int i = 0; i < minutes; i++) {
        const double e = h->expected[(uint64_t)(h->minute - i) % 8];
        if (e < 0) return -1;
        sum += e;
    }
    return sum;
}

/* ---- what is usual ---- */
bool wh_zone_ms(const char *text, int64_t *out)
{
    if ((text[0] != '+' && text[0] != '-') || strlen(text) != 6 || text[3] != ':') return false;
    int digit[4];
    for (int i = 0; i < 4; i++) {
        digit[i] = text[i < 2 ? i + 1 : i + 2] - '0';
        if (digit[i] < 0 || digit[i] > 9) return false;
    }
    const int64_t minutes = (digit[0] * 10 + digit[1]) * 60 + digit[2] * 10 + digit[3];
    if (digit[2] > 5 || minutes > 14 * 60) return false;
    *out = (text[0] == '-' ? -minutes : minutes) * 60000;
    return true;
}

static struct haul_season_config season_of(const struct wh_options *o)
{
    int64_t zone_ms = 0;
    wh_zone_ms(o->time_zone, &zone_ms);
    return (struct haul_season_config){
        .calendar = {.utc_offset_s = (int32_t)(zone_ms / 1000), .off_weekdays = WEEKEND},
        .rate = SEASON_RATE,
        .clip = 3,
        .threshold = Z_MAX,
        .spread_min = 1,
        .learn = (uint32_t)o->throughput.learn_min,
        .slots = HAUL_SEASON_SLOTS,
    };
}

/* Shifts begin and end at once, the season bends over an hour: the least that is usual within half of one counts. */
static void least_about(const struct wh_hub *h, const struct haul_season_config *season, int64_t at_ms, double *mean,
                        double *spread)
{
    for (int side = -1; side <= 1; side += 2) {
        double m, s;
        int64_t learned;
        const struct haul_time at = {at_ms + side * HALF_SLOT_MS};
        if (haul_season_expect(&h->season, season, at, &m, &s, &learned) && m < *mean) *mean = m, *spread = s;
    }
}

/* Until the hour has been seen on another day, the level of the last hour stands in for the season, as long as there is
 * work: that nothing comes is no fault of the hub. */
static bool expect(struct wh_step *x, double units, int64_t at_ms, double *mean, double *spread)
{
    struct wh_hub *h = x->h;
    const struct haul_season_config season = season_of(x->o);
    const double work = h->inside - h->stored;
    int64_t learned = 0;
    const bool known = haul_season_step(&h->season, &season, units, (struct haul_time){at_ms}, mean, spread, &learned);
    if (known && h->learned_min >= WH_DAY_MS / WH_MINUTE_MS) {
        least_about(h, &season, at_ms, mean, spread);
        if (*mean < 0) *mean = 0;
        return true;
    }
    *mean = h->level;
    *spread = haul_sqrt(h->level);
    if (*spread < h->level / 10) *spread = h->level / 10;
    if (*spread < 1) *spread = 1;
    return h->learned_min >= x->o->throughput.learn_min && work >= h->level && work >= WORK * h->usual_work;
}

static void learn(struct wh_hub *h, double units, bool raised)
{
    h->stale_min = raised ? h->stale_min + 1 : 0;
    if (raised && h->stale_min < STALE_MIN) return;
    const double work = h->inside - h->stored;
    h->learned_min++;
    const double n = h->learned_min < LEVEL_MIN ? h->learned_min : LEVEL_MIN;
    h->level += (units - h->level) / n;
    h->usual_work += (work - h->usual_work) / n;
}

/*  1  less than 1 - throughput.drop of what was to be expected in the window, it was enough to judge by, and the sum of
 *     the deviations says that it is no chance                                                                raise
 *  2  at least throughput.clear of it                                                                         clear
 *  3  else                                                                                          nothing changes
 */
static void judge_throughput(struct wh_step *x)
{
    const struct wh_options *o = x->o;
    const int minutes = (int)o->throughput.window_min;
    const double units = wh_units(x->h, minutes), expected = wh_expected(x->h, minutes);
    if (expected < 0) return;
    if (units >= expected * o->throughput.clear) {
        wh_clear(x, x->hub_entity, &x->turned, WH_R_THROUGHPUT);
        return;
    }
    if (expected < (double)o->throughput.least || units > expected * (1 - o->throughput.drop) ||
        x->h->low.low < o->throughput.h)
        return;
    const double missing = 1 - units / expected;
    wh_raise(x, x->hub_entity, &x->turned, WH_R_THROUGHPUT,
             (struct haul_raise){.score = missing,
                                 .value = units * 60 / minutes,
                                 .threshold = expected * (1 - o->throughput.drop) * 60 / minutes,
                                 .unit = "1/h",
                                 .since = x->h->low.low_since,
                                 .evidence = {{"units_per_h", units * 60 / minutes, 0},
                                              {"expected_per_h", expected * 60 / minutes, 0},
                                              {"minutes", minutes, 0},
                                              {"below_pct", missing * 100, 0},
                                              {"inside", x->h->inside, 0}},
                                 .evidence_len = 5});
}

static void throughput(struct wh_step *x, int64_t minute)
{
    struct wh_hub *h = x->h;
    const double units = h->units[(uint64_t)minute % WH_MINUTES];
    const struct haul_cusum_config cusum = {
        .level = {.mean = 0, .spread = 1}, .k = x->o->throughput.k, .h = x->o->throughput.h};
    double mean, spread;
    const bool known = expect(x, units, minute * WH_MINUTE_MS + WH_MINUTE_MS / 2, &mean, &spread);
    h->expected[(uint64_t)minute % 8] = known ? mean : -1;
    if (known) {
        double z = (units - mean) / spread;
        z = z > Z_MAX ? Z_MAX : z < -Z_MAX ? -Z_MAX : z;
        haul_cusum_update(&h->low, &cusum, z, (struct haul_time){minute * WH_MINUTE_MS});
        if (h->low.low > 2 * cusum.h) h->low.low = 2 * cusum.h;
    } else {
        h->low.low = h->low.high = 0;
    }
    learn(h, units, haul_entity_raised(x->hub_entity, WH_R_THROUGHPUT));
    judge_throughput(x);
}

/* ---- mis-sorts ---- */
/*  1  the share of the last quarter of an hour is at most missort.rate               clear
 *  2  above it, and so many by chance are as rare as missort.chance                  raise
 *  3  else                                                                           nothing changes
 */
void wh_judge_missort(struct wh_step *x, struct haul_str chute)
{
    const struct wh_tally sum = wh_tally_sum(x->h);
    const double rate = x->o->missort.rate;
    if (sum.missorted <= rate * sum.sorted) {
        wh_clear(x, x->hub_entity, &x->turned, WH_R_MISSORT);
        return;
    }
    if (sum.missorted < x->o->missort.least) return;
    if (!haul_entity_raised(x->hub_entity, WH_R_MISSORT) &&
        wh_binomial_tail(sum.sorted, sum.missorted, rate) >= x->o->missort.chance)
        return;
    const double pct = 100.0 * sum.missorted / sum.sorted;
    wh_raise(x, x->hub_entity, &x->turned, WH_R_MISSORT,
             (struct haul_raise){.value = pct,
                                 .threshold = rate * 100,
                                 .unit = "%",
                                 .touches = chute.n > 0 ? wh_touches(x, "station", chute) : chute,
                                 .evidence = {{"pct", pct, 2},
                                              {"limit_pct", rate * 100, 2},
                                              {"missorted", sum.missorted, 0},
                                              {"sorted", sum.sorted, 0}},
                                 .evidence_len = 4});
}

/* ---- the minute ---- */
int64_t wh_capacity(const struct wh_options *o, struct haul_str hub)
{
    for (size_t i = 0; i < o->hubs.len; i++)
        if (haul_str_eq(haul_str_of(o->hubs.item[i].name), hub)) return o->hubs.item[i].capacity;
    return 0;
}

static void next_minute(struct wh_step *x)
{
    haul_task_timer_set(x->task, x->hub_entity, WH_T_MINUTE, (struct haul_time){(x->h->minute + 2) * WH_MINUTE_MS});
}

void wh_begin_minutes(struct wh_step *x)
{
    x->h->minute = x->now_ms / WH_MINUTE_MS - 1;
    for (size_t i = 0; i < 8; i++) x->h->expected[i] = -1;
    next_minute(x);
}

void wh_minute(struct wh_step *x)
{
    struct wh_hub *h = x->h;
    const int64_t capacity = wh_capacity(x->o, x->hub);
    h->minute++;
    h->units[(uint64_t)(h->minute + 2) % WH_MINUTES] = 0;
    h->tally[(uint64_t)(h->minute + 2) % WH_TALLIES] = (struct wh_tally){0};
    throughput(x, h->minute);
    if (haul_entity_raised(x->hub_entity, WH_R_MISSORT)) wh_judge_missort(x, (struct haul_str){NULL, 0});
    if (capacity > 0) wh_fills(x, x->hub_entity, &x->turned, &h->course, 100.0 * h->inside / (double)capacity);
    next_minute(x);
}
