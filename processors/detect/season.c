/* SPDX-License-Identifier: Apache-2.0
 * Seasonal baseline and Holt-Winters.
 */
#include "haul/detect_season.h"
#include "haul/detect_stat.h"
#include "haul/math.h"

static const int64_t day_ms = 86400000;
_Static_assert(86400000ull * HAUL_SEASON_SLOTS <= UINT32_MAX, "a place in the day fits into 32 bits");
static int64_t floor_div(int64_t a, int64_t b)
{
    const int64_t q = a / b;
    return a % b < 0 ? q - 1 : q;
}

int64_t haul_calendar_day(const struct haul_calendar *c, struct haul_time at, int64_t *into_ms)
{
    /* the two ends of time have no local day of their own */
    const int64_t limit = INT64_MAX / 2, ms = at.ms > limit ? limit : at.ms < -limit ? -limit : at.ms;
    const int64_t local = ms + (int64_t)c->utc_offset_s * 1000, day = floor_div(local, day_ms);
    *into_ms = local - day * day_ms;
    return day;
}

bool haul_calendar_off(const struct haul_calendar *c, int64_t local_day)
{
    const int64_t weekday = local_day + 4 - 7 * floor_div(local_day + 4, 7); /* 1970-01-01 was a Thursday */
    bool off = (c->off_weekdays >> weekday & 1) != 0;
    for (unsigned i = 0; i < c->named && i < HAUL_CALENDAR_DAYS; i++)
        if (c->day[i] == local_day) off = !off;
    return off;
}

/* ---- seasonal baseline ---- */

enum haul_err haul_season_init(struct haul_season *s, const struct haul_season_config *c, struct haul_error *e)
{
    if (c->slots < 1 || c->slots > HAUL_SEASON_SLOTS)
        return haul_fail(e, HAUL_E_RANGE, "season: 1 to %d slots a day, not %d", HAUL_SEASON_SLOTS, c->slots);
    if (!(c->rate > 0 && c->rate <= 1) || !(c->visit >= 0 && c->visit <= 1) || !haul_detect_positive(c->clip) ||
        !haul_detect_positive(c->threshold) || c->learn < 2)
        return haul_fail(
            e, HAUL_E_RANGE,
            "season: rate %g in (0, 1], visit %g in [0, 1], clip %g and threshold %g above 0, learn at least 2",
            c->rate, c->visit, c->clip, c->threshold);
    if (!haul_detect_positive(c->spread_min) || !(c->spread_share >= 0 && c->spread_share <= 1))
        return haul_fail(e, HAUL_E_RANGE, "season: spread_min %g above 0, spread_share %g in [0, 1]", c->spread_min,
                         c->spread_share);
    if (c->calendar.named > HAUL_CALENDAR_DAYS)
        return haul_fail(e, HAUL_E_LIMIT, "season: at most %d named days", HAUL_CALENDAR_DAYS);
    haul_season_reset(s, c);
    return HAUL_OK;
}

void haul_season_reset(struct haul_season *s, const struct haul_season_config *c)
{
    (void)c;
    *s = (struct haul_season){0};
}

/* Where a time stands: its slot, and the neighbour with which its mean is mixed. */
struct place {
    unsigned kind, slot, next;
    double next_part;
};

static inline struct place place_of(const struct haul_season_config *c, struct haul_time at)
{
    int64_t into_ms;
    const int64_t day = haul_calendar_day(&c->calendar, at, &into_ms);
    /* in 1/day_ms of a slot: below 2^32, so that dividing by a constant is a multiplication */
    const uint32_t position = (uint32_t)into_ms * c->slots, whole = (uint32_t)day_ms;
    const unsigned slot = position / whole, last = c->slots - 1u;
    const double into = (position - slot * whole) * (1 / (double)day_ms);
    const bool later = into >= 0.5;
    return (struct place){
        .kind = haul_calendar_off(&c->calendar, day) ? 1 : 0,
        .slot = slot,
        .next = later ? (slot == last ? 0 : slot + 1) : (slot == 0 ? last : slot - 1),
        .next_part = later ? into - 0.5 : 0.5 - into,
    };
}

static double visit_of(const struct haul_season_config *c)
{
    return c->visit > 0 ? c->visit : 1;
}

/* What a slot knows. */
struct known {
    double mean, own; /* own: standard deviation of the slot itself */
    unsigned kind;
    uint16_t n;
};

/* What is usual at a place; false if nothing is known. Until a kind of day has `learn` values of its own here, the
 * other speaks for it. */
static inline bool look_up(const struct haul_season *s, const struct haul_season_config *c, const struct place *p,
                           struct known *k)
{
    const uint16_t own = s->n[p->kind][p->slot], other = s->n[1 - p->kind][p->slot];
    k->kind = own < c->learn && other > own ? 1 - p->kind : p->kind;
    const uint16_t *const n = s->n[k->kind];
    k->n = n[p->slot];
    if (k->n == 0) return false;
    const double part = n[p->next] < c->learn ? 0 : p->next_part;
    const struct haul_season_usual here = s->usual[k->kind][p->slot], next = s->usual[k->kind][p->next];
    const double deviation = (double)here.deviation + part * ((double)next.deviation - (double)here.deviation);
    k->mean = (double)here.mean + part * ((double)next.mean - (double)here.mean);
    k->own = HAUL_SD_PER_DEVIATION * deviation;
    if (k->own < c->spread_min) k->own = c->spread_min;
    return true;
}

/* The slot's own spread, by its visits, with that over all slots. */
static double spread_of(const struct haul_season *s, const struct haul_season_config *c, const struct known *k,
                        double visit)
{
    const double all = s->judged > 0 ? HAUL_SD_PER_DEVIATION * (double)s->deviation : k->own;
    const double visits = k->n * visit, mixed = (all + visits * k->own) / (1 + visits), least = c->spread_share * all;
    const double spread = mixed > least ? mixed : least;
    return spread > c->spread_min ? spread : c->spread_min;
}

bool haul_season_expect(const struct haul_season *s, const struct haul_season_config *c, struct haul_time at,
                        double *mean, double *spread, int64_t *learned)
{
    const struct place p = place_of(c, at);
    struct known k;
    if (!look_up(s, c, &p, &k)) return false;
    *mean = k.mean, *spread = spread_of(s, c, &k, visit_of(c)), *learned = k.n;
    return true;
}

static double clipped(double away, double most)
{
    return away > most ? most : away < -most ? -most : away;
}

static void learn_at(struct haul_season *s, const struct haul_season_config *c, const struct place *p, double value,
                     double away, double visit)
{
    static const double borrowed_visits = 0.5;
    uint16_t *const n = &s->n[p->kind][p->slot];
    struct haul_season_usual *const usual = &s->usual[p->kind][p->slot];
    const bool borrows = s->n[1 - p->kind][p->slot] >= c->learn;
    if (*n == 0) *usual = borrows ? s->usual[1 - p->kind][p->slot] : (struct haul_season_usual){.mean = (float)value};
    if (*n < UINT16_MAX) (*n)++;
    const double least = c->rate * visit, weight = *n + (borrows ? borrowed_visits / visit : 0);
    const double rate = weight * least < 1 ? 1 / weight : least;
    usual->mean += (float)(rate * away);
    usual->deviation += (float)(rate * (haul_abs(away) - (double)usual->deviation));
}

/* The spread over all slots, from judged values alone, clipped as well once it is known. */
static void learn_spread(struct haul_season *s, const struct haul_season_config *c, double away)
{
    static const uint32_t known = 100, memory = 1000;
    const double most =
        s->judged < known ? (double)__builtin_inf() : c->clip * HAUL_SD_PER_DEVIATION * (double)s->deviation;
    const double size = clipped(haul_abs(away), most > c->spread_min ? most : c->spread_min);
    if (s->judged < memory) s->judged++;
    const double rate = s->judged < memory ? 1 / (double)s->judged : 1 / (double)memory;
    s->deviation += (float)(rate * (size - (double)s->deviation));
}

bool haul_season_visit(struct haul_season *s, const struct haul_season_config *c, double value, struct haul_time at,
                       double visit, double *mean, double *spread, int64_t *learned)
{
    const struct place p = place_of(c, at);
    struct known k;
    if (!look_up(s, c, &p, &k)) {
        *mean = value, *spread = c->spread_min, *learned = 0;
        return learn_at(s, c, &p, value, 0, visit), false;
    }
    const bool borrowed = k.kind != p.kind, ready = !borrowed && k.n >= c->learn;
    const double away = value - k.mean;
    *mean = k.mean, *spread = spread_of(s, c, &k, visit), *learned = k.n;
    if (borrowed && s->n[p.kind][p.slot] > 0)
        learn_at(s, c, &p, value, value - (double)s->usual[p.kind][p.slot].mean, visit);
    else
        learn_at(s, c, &p, value, ready ? clipped(away, c->clip * k.own) : away, visit);
    if (ready) learn_spread(s, c, away);
    return ready;
}

bool haul_season_step(struct haul_season *s, const struct haul_season_config *c, double value, struct haul_time at,
                      double *mean, double *spread, int64_t *learned)
{
    return haul_season_visit(s, c, value, at, visit_of(c), mean, spread, learned);
}

struct haul_score haul_season_update(struct haul_season *s, const struct haul_season_config *c, double value,
                                     struct haul_time at)
{
    if (!haul_season_usable(value)) return haul_score_invalid(HAUL_METHOD_SEASON, value);
    double mean, spread;
    int64_t learned;
    const bool ready = haul_season_step(s, c, value, at, &mean, &spread, &learned);
    const double z = haul_abs(value - mean) / spread;
    struct haul_score out = haul_score_make(HAUL_METHOD_SEASON, value, z, c->threshold, ready);
    out.expected = mean, out.spread = spread, out.learned = learned, out.direction = haul_sign_of(value - mean);
    if (ready && z >= 2) out.tail_p = 2 * haul_normal_above(z);
    return out;
}

/* ---- Holt-Winters ---- */

enum haul_err haul_hw_init(struct haul_hw *s, const struct haul_hw_config *c, struct haul_error *e)
{
    if (!(c->alpha > 0 && c->alpha <= 1) || !(c->beta >= 0 && c->beta <= 1) || !(c->gamma >= 0 && c->gamma <= 1) ||
        !(c->damp > 0 && c->damp <= 1))
        return haul_fail(e, HAUL_E_RANGE,
                         "holt-winters: alpha %g and damp %g in (0, 1], beta %g and gamma %g in [0, 1]", c->alpha,
                         c->damp, c->beta, c->gamma);
    if (!haul_detect_positive(c->threshold) || !haul_detect_positive(c->clip) || !haul_detect_positive(c->spread_min))
        return haul_fail(e, HAUL_E_RANGE, "holt-winters: threshold %g, clip %g and spread_min %g above 0", c->threshold,
                         c->clip, c->spread_min);
    if (c->season < 1 || c->season > HAUL_HW_SEASON_MAX)
        return haul_fail(e, HAUL_E_RANGE, "holt-winters: season of 1 to %d values, not %d", HAUL_HW_SEASON_MAX,
                         c->season);
    haul_hw_reset(s, c);
    return HAUL_OK;
}

void haul_hw_reset(struct haul_hw *s, const struct haul_hw_config *c)
{
    (void)c;
    *s = (struct haul_hw){0};
}

/* The trend over `ahead` values: damp + damp^2 + … */
static double damped(double damp, int ahead)
{
    double sum = 0, power = 1;
    for (int i = 0; i < ahead; i++) power *= damp, sum += power;
    return sum;
}

double haul_hw_forecast(const struct haul_hw *s, const struct haul_hw_config *c, int ahead)
{
    assert(ahead >= 1);
    const size_t at = (size_t)((s->n + ahead - 1) % c->season);
    return s->level + damped(c->damp, ahead) * s->trend + (double)s->season[at];
}

/* First season: the level is its mean; second: the trend is the difference of the means; then the model runs. */
static void hw_start(struct haul_hw *s, const struct haul_hw_config *c, double value)
{
    const int64_t m = c->season;
    s->season[s->n % m] += (float)(0.5 * value);
    if (s->n < m)
        s->level += value / (double)m;
    else
        s->trend += value / (double)m;
    s->n++;
    if (s->n < 2 * m) return;
    const double first = s->level, second = s->trend;
    for (int64_t i = 0; i < m; i++) s->season[i] -= (float)(0.5 * (first + second));
    s->trend = (second - first) / (double)m;
    /* the season's own slope is the trend's: take it out, and put the level at the end of the second season */
    for (int64_t i = 0; i < m; i++) s->season[i] -= (float)(s->trend * ((double)i - 0.5 * (double)(m - 1)));
    s->level = second + s->trend * 0.5 * (double)(m - 1);
}

struct haul_score haul_hw_update(struct haul_hw *s, const struct haul_hw_config *c, double value, struct haul_time at)
{
    (void)at;
    if (!haul_season_usable(value)) return haul_score_invalid(HAUL_METHOD_HOLT_WINTERS, value);
    const int64_t start = 2 * (int64_t)c->season;
    if (s->n < start) {
        hw_start(s, c, value);
        return haul_score_make(HAUL_METHOD_HOLT_WINTERS, value, 0, c->threshold, false);
    }
    const bool ready = s->n >= 2 * start;
    const double forecast = haul_hw_forecast(s, c, 1), error = value - forecast;
    const double measured = HAUL_SD_PER_DEVIATION * s->deviation,
                 spread = measured > c->spread_min ? measured : c->spread_min;
    const double most = c->clip * spread;
    const double used = !ready ? error : error > most ? most : error < -most ? -most : error;
    struct haul_score out =
        haul_score_make(HAUL_METHOD_HOLT_WINTERS, value, haul_abs(error) / spread, c->threshold, ready);
    out.expected = forecast, out.spread = spread, out.learned = s->n, out.direction = haul_sign_of(error);
    if (ready && out.statistic >= 2) out.tail_p = 2 * haul_normal_above(out.statistic);

    /* error-correction form: the same recursions, written by the error of the forecast (Gardner 1985) */
    float *const season = &s->season[s->n % c->season];
    s->level += c->damp * s->trend + c->alpha * used;
    s->trend = c->damp * s->trend + c->alpha * c->beta * used;
    if (c->season > 1) *season += (float)(c->gamma * used);
    const double n = (double)(s->n - start + 1), rate = 1 / n > 0.02 ? 1 / n : 0.02;
    s->deviation += rate * (haul_abs(used) - s->deviation);
    s->n++;
    return out;
}
