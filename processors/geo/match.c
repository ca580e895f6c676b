/* SPDX-License-Identifier: Apache-2.0
 * The model. A step is a fix at which the vehicle had moved; its candidates are places on arcs near it. A candidate's
 * score is the logarithm of the likelihood of the best sequence that ends there, up to a constant:
 *
 *   fix       -1/2 (distance / sigma)^2, and for the heading -1/2 (difference / heading)^2, at most 3 standard
 * deviations of it way       -|way - straight line| / beta, where beta grows with the line: roads wind speed     minus
 * one for each 10 % above the speed that is possible turning   -8 for a U-turn in the middle of an arc
 *
 * A track's memory: a header, an array of steps, an array of candidates. A candidate points back at one of the step
 * before it. Those that no candidate of the newest step descends from are taken out, so the tree stays slim and reaches
 * far back.
 */
#include "haul/match.h"

#include "haul/math.h"
#include "processors/geo/match_route.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NEAR_MAX      12u
#define STEP_MAX      16u   /* candidates of a step */
#define BEAM          25.0f /* a hypothesis so far below the best is given up */
#define U_TURN        10.0f
#define SLACK_CM      2000u /* a place so far behind on the same arc is noise */
#define PATH_MAX_ARCS 4096
#define MISSES_MAX    4u

struct candidate {
    uint32_t arc, along_back; /* along in centimetres << 8 | index of its predecessor among the step before */
    float score;
};

struct step {
    uint32_t after_ms; /* since the track's base */
    uint32_t first_n;  /* first candidate << 8 | how many */
};

struct track {
    int64_t base_ms, last_ms; /* times of the first step there ever was, and of the last fix */
    int64_t open_enter_ms, open_ms;
    int32_t lon_e7, lat_e7;       /* of the last step's fix */
    uint32_t open_arc, open_cm;   /* the traversal that is not closed yet; HAUL_NONE: no trip given out so far */
    uint32_t open_from_cm, at_cm; /* at_cm: the last place given out; noise may put it behind open_cm */
    uint16_t steps, candidates_unused;
    uint32_t candidates;
    uint32_t step_cap, candidate_cap;
    uint8_t misses, open_first, spare[2];
};

struct haul_matcher {
    const struct haul_map *map;
    const struct haul_roads_view *view;
    struct haul_match_options o;
    struct router *router;
    struct haul_matched *points;
    struct haul_traversal *traversals;
    size_t point_count, traversal_count;
    uint32_t *path;
    struct pool pool;
};

#define POINTS_MAX     65536u
#define TRAVERSALS_MAX 65536u

struct haul_match_options haul_match_defaults(void)
{
    return (struct haul_match_options){.use = 0,
                                       .radius_m = 60,
                                       .sigma_m = 8,
                                       .beta_m = 8,
                                       .heading_deg = 35,
                                       .step_m = 12,
                                       .max_speed_mps = 50,
                                       .break_ms = 300000};
}

/* ---- memory of a track
 * ---------------------------------------------------------------------------------------------------------------- */

static struct step *steps_of(struct track *t)
{
    return (struct step *)(void *)(t + 1);
}

static struct candidate *candidates_of(struct track *t)
{
    return (struct candidate *)(void *)(steps_of(t) + t->step_cap);
}

static uint32_t first_of(const struct step *s)
{
    return s->first_n >> 8;
}
static uint32_t count_of(const struct step *s)
{
    return s->first_n & 0xff;
}
static uint32_t along_of(const struct candidate *c)
{
    return c->along_back >> 8;
}
static uint32_t back_of(const struct candidate *c)
{
    return c->along_back & 0xff;
}

void haul_track_init(void *track, size_t bytes)
{
    assert(bytes >= HAUL_TRACK_BYTES && (uintptr_t)track % 8 == 0);
    struct track *t = track;
    memset(t, 0, sizeof *t);
    t->open_arc = HAUL_NONE;
    t->last_ms = INT64_MIN;
    /* about one and a half candidates a step: most of a tree that was thinned is one branch */
    const size_t room = bytes - sizeof *t, each = sizeof(struct step) + sizeof(struct candidate) * 3 / 2;
    size_t steps = room / each;
    if (steps > UINT16_MAX) steps = UINT16_MAX;
    t->step_cap = (uint32_t)steps;
    const size_t candidates = (room - steps * sizeof(struct step)) / sizeof(struct candidate);
    t->candidate_cap = (uint32_t)(candidates < 0xffffff ? candidates : 0xffffff);
    static_assert(sizeof(struct track) % 8 == 0 && sizeof(struct track) <= 128, "room for the trip");
}

/* Removes the candidates that keep[] does not name from step i on, and mends the pointers of those behind. keep is by
 * candidate. */
static void compact(struct track *t, uint32_t from_step, const uint8_t *keep)
{
    struct step *step = steps_of(t);
    struct candidate *c = candidates_of(t);
    uint8_t moved[256]; /* old index in the step before -> new */
    uint32_t at = t->steps > from_step ? first_of(&step[from_step]) : 0;
    for (uint32_t s = from_step; s < t->steps; s++) {
        const uint32_t first = first_of(&step[s]), n = count_of(&step[s]), start = at;
        uint8_t next[256];
        for (uint32_t i = 0; i < n; i++) {
            if (!keep[first + i]) continue;
            struct candidate kept = c[first + i];
            if (s > from_step) kept.along_back = along_of(&kept) << 8 | moved[back_of(&kept)];
            next[i] = (uint8_t)(at - start);
            c[at++] = kept;
        }
        memcpy(moved, next, n);
        step[s].first_n = start << 8 | (at - start);
    }
    if (t->steps > from_step) t->candidates = at;
}

/* Takes out what no candidate of the newest step descends from. Goes back only as far as something is to be taken out.
 */
static void thin(struct track *t, uint8_t *keep)
{
    struct step *step = steps_of(t);
    const struct candidate *c = candidates_of(t);
    uint32_t s = t->steps - 1u, from = s;
    memset(keep + first_of(&step[s]), 1, count_of(&step[s]));
    while (s > 0) {
        const uint32_t below = first_of(&step[s - 1]), n = count_of(&step[s - 1]);
        memset(keep + below, 0, n);
        for (uint32_t i = 0; i < count_of(&step[s]); i++)
            if (keep[first_of(&step[s]) + i]) keep[below + back_of(&c[first_of(&step[s]) + i])] = 1;
        uint32_t kept = 0;
        for (uint32_t i = 0; i < n; i++) kept += keep[below + i];
        if (kept == n) break;
        from = --s;
    }
    /* the step below `from` is whole, so pointers into it stay; `compact` takes its first step's pointers as they are
     */
    compact(t, from, keep);
}

/* ---- giving out
 * --------------------------------------------------------------------------------------------------------------------------
 */

static struct haul_time at_ms(int64_t ms)
{
    return (struct haul_time){ms};
}

static void give_traversal(struct haul_matcher *m, struct track *t, uint32_t to_cm, int64_t leave_ms)
{
    if (m->traversal_count == TRAVERSALS_MAX) return;
    m->traversals[m->traversal_count++] = (struct haul_traversal){
        t->open_arc, t->open_from_cm, to_cm, at_ms(t->open_enter_ms), at_ms(leave_ms), t->open_first != 0};
    t->open_first = 0;
}

static void open_arc(struct track *t, uint32_t arc, uint32_t from_cm, int64_t ms)
{
    t->open_arc = arc;
    t->open_from_cm = t->open_cm = t->at_cm = from_cm;
    t->open_enter_ms = t->open_ms = ms;
}

/* How far a way between two places may be at all. */
static uint32_t bound_cm(const struct haul_matcher *m, double line_m)
{
    const double m_max = line_m * 2 + 20 * (double)m->o.beta_m + 100;
    return m_max * 100 < HAUL_FAR ? (uint32_t)(m_max * 100) : HAUL_FAR - 1;
}

/* From the open place to (arc, along) at a time: closes what is driven through. False: there is no way, the trip ends.
 */
static bool drive_to(struct haul_matcher *m, struct track *t, uint32_t arc, uint32_t along, int64_t ms)
{
    const uint32_t here = t->open_arc, length = m->view->edge_length_cm[here / 2];
    if (arc == here && along + SLACK_CM >= t->at_cm) {
        if (along > t->open_cm) t->open_cm = along;
        t->at_cm = along;
        t->open_ms = ms;
        return true;
    }
    if (arc == (here ^ 1) && length - along + SLACK_CM >= t->at_cm) { /* turned round */
        give_traversal(m, t, t->open_cm, ms);
        open_arc(t, arc, length - t->open_cm, ms);
        if (along > t->open_cm) t->open_cm = along;
        t->at_cm = along;
        return true;
    }
    const int n = router_path(m->router, haul_arc_to(m->view, here), haul_arc_from(m->view, arc), HAUL_FAR - 1, m->path,
                              PATH_MAX_ARCS);
    if (n < 0) return false;
    double total = (double)(length - t->open_cm) + along, done = (double)(length - t->open_cm);
    for (int i = 0; i < n; i++) total += m->view->edge_length_cm[m->path[i] / 2];
    const int64_t start = t->open_ms;
    const double span = (double)(ms - start) / (total > 0 ? total : 1);
    give_traversal(m, t, length, start + (int64_t)(done * span));
    for (int i = 0; i < n; i++) {
        open_arc(t, m->path[i], 0, start + (int64_t)(done * span));
        const uint32_t whole = m->view->edge_length_cm[m->path[i] / 2];
        done += whole;
        give_traversal(m, t, whole, start + (int64_t)(done * span));
    }
    open_arc(t, arc, 0, start + (int64_t)(done * span));
    t->open_cm = t->at_cm = along, t->open_ms = ms;
    return true;
}

static void close_trip(struct haul_matcher *m, struct track *t)
{
    if (t->open_arc != HAUL_NONE) give_traversal(m, t, t->open_cm, t->open_ms);
    t->open_arc = HAUL_NONE;
}

static void give_point(struct haul_matcher *m, struct track *t, const struct candidate *c, int64_t ms, float confidence)
{
    const uint32_t along = along_of(c);
    if (m->point_count < POINTS_MAX) {
        struct haul_matched *p = &m->points[m->point_count++];
        *p = (struct haul_matched){.time = at_ms(ms), .arc = c->arc, .along_cm = along, .confidence = confidence};
        haul_map_place(m->map, c->arc, along, &p->lon_deg, &p->lat_deg, NULL);
    }
    if (t->open_arc != HAUL_NONE && drive_to(m, t, c->arc, along, ms)) return;
    close_trip(m, t);
    open_arc(t, c->arc, along, ms);
    t->open_first = 1;
}

/* Drops the oldest step, of which one candidate was given out. */
static void drop_step(struct track *t)
{
    struct step *step = steps_of(t);
    struct candidate *c = candidates_of(t);
    const uint32_t gone = count_of(&step[0]);
    memmove(c, c + gone, (t->candidates - gone) * sizeof *c);
    memmove(step, step + 1, (t->steps - 1u) * sizeof *step);
    t->steps--;
    t->candidates -= gone;
    for (uint32_t s = 0; s < t->steps; s++) step[s].first_n -= gone << 8;
}

/* The hypotheses that are alive: each ends in a candidate of the newest step, or in a place that is about to follow
 * one. */
struct front {
    uint32_t n;
    float score[STEP_MAX];
    uint8_t at[STEP_MAX]; /* index of the candidate of the newest step */
};

static uint32_t oldest_of(struct track *t, uint32_t at)
{
    const struct step *step = steps_of(t);
    const struct candidate *c = candidates_of(t);
    for (uint32_t s = t->steps - 1u; s > 0; s--) at = back_of(&c[first_of(&step[s]) + at]);
    return at;
}

/* Keeps the candidates of the newest step that front hypotheses end in, and what those descend from. moved: old index
 * -> new. */
static void keep_front(struct haul_matcher *m, struct track *t, const struct front *f, uint8_t moved[STEP_MAX])
{
    struct step *newest = &steps_of(t)[t->steps - 1u];
    struct candidate *c = candidates_of(t) + first_of(newest);
    uint8_t used[STEP_MAX] = {0};
    for (uint32_t i = 0; i < f->n; i++) used[f->at[i]] = 1;
    uint32_t at = 0;
    for (uint32_t i = 0; i < count_of(newest); i++) {
        moved[i] = (uint8_t)at;
        if (used[i]) c[at++] = c[i];
    }
    t->candidates -= count_of(newest) - at;
    newest->first_n = first_of(newest) << 8 | at;
    thin(t, (uint8_t *)(void *)m->path);
}

/* Gives out the oldest step along the best hypothesis; keep[i] tells which of the front agree. */
static void give_oldest(struct haul_matcher *m, struct track *t, const struct front *f, bool keep[STEP_MAX])
{
    uint32_t of[STEP_MAX] = {0}, best = 0;
    for (uint32_t i = 0; i < f->n; i++) {
        of[i] = oldest_of(t, f->at[i]);
        if (f->score[i] > f->score[best]) best = i;
    }
    double agree = 0, all = 0;
    for (uint32_t i = 0; i < f->n; i++) {
        const double p = haul_exp((double)(f->score[i] - f->score[best]));
        keep[i] = of[i] == of[best];
        all += p;
        agree += keep[i] ? p : 0;
    }
    give_point(m, t, &candidates_of(t)[of[best]], t->base_ms + steps_of(t)[0].after_ms, (float)(agree / all));
}

/* Where all hypotheses agree, nothing that comes can change it. */
static void give_agreed(struct haul_matcher *m, struct track *t)
{
    while (t->steps > 1 && count_of(&steps_of(t)[0]) == 1) {
        give_point(m, t, &candidates_of(t)[0], t->base_ms + steps_of(t)[0].after_ms, 1);
        drop_step(t);
    }
}

static void give_all(struct haul_matcher *m, struct track *t)
{
    if (t->steps > 0) {
        const struct step *newest = &steps_of(t)[t->steps - 1u];
        const struct candidate *c = candidates_of(t) + first_of(newest);
        struct front f = {.n = 1}; /* the best alone: all before it is what it descends from */
        for (uint32_t i = 1; i < count_of(newest); i++)
            if (c[i].score > c[f.at[0]].score) f.at[0] = (uint8_t)i;
        uint8_t moved[STEP_MAX];
        keep_front(m, t, &f, moved);
        while (t->steps > 0) {
            give_point(m, t, &candidates_of(t)[0], t->base_ms + steps_of(t)[0].after_ms, 1);
            drop_step(t);
        }
    }
    close_trip(m, t);
    t->misses = 0;
}

/* ---- the model
 * ---------------------------------------------------------------------------------------------------------------------------
 */

struct place {
    struct candidate c;
    uint32_t along;
};

struct course {
    double deg, sigma_deg; /* deg is negative when nothing is known */
};

/* The course that the fix speaks of, or that the last step and this one suggest: the shorter the line between them, the
 * less. */
static struct course course_of(const struct haul_matcher *m, const struct track *t, const struct haul_fix *f,
                               double line_m, double seconds)
{
    const double sigma = (double)m->o.heading_deg;
    if (sigma <= 0) return (struct course){-1, 0};
    const bool spoken = f->heading_deg >= 0 && f->heading_deg <= 360 && !(f->speed_mps >= 0 && f->speed_mps < 2);
    if (spoken) return (struct course){(double)f->heading_deg, sigma};
    if (t->steps == 0 || line_m < 10 || line_m > 150 || line_m < 0.8 * seconds)
        return (struct course){-1, 0}; /* jitter at rest */
    const double slant = haul_atan(1.4142 * (double)m->o.sigma_m / line_m) / HAUL_RAD_PER_DEG;
    const double bearing = haul_bearing_deg(t->lon_e7 * 1e-7, t->lat_e7 * 1e-7, f->lon_deg, f->lat_deg);
    return (struct course){bearing, haul_sqrt(sigma * sigma + slant * slant)};
}

static float emission(const struct haul_matcher *m, const struct haul_near *n, uint32_t back, struct course course)
{
    const double d = (double)n->distance_m / (double)m->o.sigma_m;
    double score = -0.5 * d * d;
    if (course.deg >= 0) {
        const double bearing = back ? (double)n->bearing_deg + 180 : (double)n->bearing_deg;
        double h = haul_angle_between_deg(course.deg, bearing) / course.sigma_deg;
        if (h > 3) h = 3;
        score -= 0.5 * h * h;
    }
    return (float)score;
}

/* Places near the fix, the likeliest first. */
static uint32_t find_places(const struct haul_matcher *m, const struct haul_fix *f, struct course course,
                            struct place *out)
{
    struct haul_near near[NEAR_MAX];
    const size_t n = haul_map_near(m->map, f->lon_deg, f->lat_deg, (double)m->o.radius_m, m->o.use, near, NEAR_MAX);
    uint32_t count = 0;
    for (size_t i = 0; i < n; i++)
        for (uint32_t back = 0; back <= 1; back++) {
            const uint32_t arc = 2 * near[i].edge + back, length = m->view->edge_length_cm[near[i].edge];
            const uint8_t access = haul_arc_kind(m->view, arc)->access[back];
            if (access == 0 || (m->o.use != 0 && (access & m->o.use) == 0) || length >= 0xffffff) continue;
            struct place p = {.along = back ? length - near[i].along_cm : near[i].along_cm};
            p.c = (struct candidate){arc, 0, emission(m, &near[i], back, course)};
            uint32_t at = count < STEP_MAX ? count++ : STEP_MAX;
            if (at == STEP_MAX && !(p.c.score > out[STEP_MAX - 1].c.score)) continue;
            if (at == STEP_MAX) at--;
            for (; at > 0 && out[at - 1].c.score < p.c.score; at--) out[at] = out[at - 1];
            out[at] = p;
        }
    return count;
}

static float way_score(const struct haul_matcher *m, double way_m, double line_m, double seconds)
{
    const double differs = haul_abs(way_m - line_m), beta = (double)m->o.beta_m + 0.05 * line_m;
    double score = -differs / beta;
    const double fastest = (double)m->o.max_speed_mps, speed = seconds > 0 ? (way_m - 30) / seconds : 0;
    if (speed > fastest) score -= (speed / fastest - 1) * 10;
    return (float)score;
}

/* For one candidate of the last step: its way to all places. */
static void extend(struct haul_matcher *m, struct track *t, uint32_t i, struct place *place, uint32_t n, double line_m,
                   double seconds)
{
    const struct step *s = &steps_of(t)[t->steps - 1u];
    const struct candidate *c = &candidates_of(t)[first_of(s) + i];
    const uint32_t length = m->view->edge_length_cm[c->arc / 2], left = length - along_of(c),
                   bound = bound_cm(m, line_m);
    uint32_t to[STEP_MAX];
    int32_t dist[STEP_MAX];
    for (uint32_t k = 0; k < n; k++) to[k] = haul_arc_from(m->view, place[k].c.arc);
    if (left <= bound)
        router_reach(m->router, haul_arc_to(m->view, c->arc), bound - left, to, n, dist);
    else
        for (uint32_t k = 0; k < n; k++) dist[k] = HAUL_FAR;
    for (uint32_t k = 0; k < n; k++) {
        double way_m = dist[k] < HAUL_FAR ? (left + (double)dist[k] + place[k].along) * 0.01 : -1;
        float turn = 0;
        if (place[k].c.arc == c->arc && place[k].along + SLACK_CM >= along_of(c)) {
            way_m = place[k].along > along_of(c) ? (place[k].along - along_of(c)) * 0.01 : 0;
        } else if (place[k].c.arc == (c->arc ^ 1)) {
            const double over_m = haul_abs((double)length - place[k].along - along_of(c)) * 0.01;
            if (way_m < 0 || over_m < way_m) way_m = over_m, turn = U_TURN;
        }
        if (way_m < 0 || way_m * 100 > bound) continue;
        const float score = c->score + way_score(m, way_m, line_m, seconds) - turn;
        if (score <= place[k].c.score) continue; /* here: the best way to the place so far, without the place itself */
        place[k].c.score = score;
        place[k].c.along_back = place[k].along << 8 | i;
    }
}

#define NO_WAY (-1e30f)

/* Scores the places over all ways from the last step; returns how many remain, the best at 0. */
static uint32_t transit(struct haul_matcher *m, struct track *t, struct place *place, uint32_t n, double line_m,
                        double seconds)
{
    float own[STEP_MAX], best = NO_WAY;
    if (line_m > 1.5 * (double)m->o.max_speed_mps * seconds + 1000) return 0; /* a leap: not worth a search */
    for (uint32_t k = 0; k < n; k++) own[k] = place[k].c.score, place[k].c.score = NO_WAY;
    for (uint32_t i = 0; i < count_of(&steps_of(t)[t->steps - 1u]); i++) extend(m, t, i, place, n, line_m, seconds);
    for (uint32_t k = 0; k < n; k++) {
        if (place[k].c.score > NO_WAY) place[k].c.score += own[k];
        if (place[k].c.score > best) best = place[k].c.score;
    }
    uint32_t kept = 0;
    for (uint32_t k = 0; k < n; k++) {
        if (place[k].c.score <= NO_WAY || place[k].c.score < best - BEAM) continue;
        place[kept] = place[k];
        place[kept++].c.score -= best;
    }
    return kept;
}

/* ---- a fix
 * ---------------------------------------------------------------------------------------------------------------------------------
 */

static void push_step(struct haul_matcher *m, struct track *t, const struct haul_fix *f, const struct place *place,
                      uint32_t n)
{
    if (t->steps == 0) t->base_ms = f->time.ms;
    steps_of(t)[t->steps] = (struct step){(uint32_t)(f->time.ms - t->base_ms), t->candidates << 8 | n};
    for (uint32_t k = 0; k < n; k++) candidates_of(t)[t->candidates + k] = place[k].c;
    t->steps++;
    t->candidates += n;
    t->lon_e7 = (int32_t)haul_round_i64(f->lon_deg * 1e7), t->lat_e7 = (int32_t)haul_round_i64(f->lat_deg * 1e7);
    t->misses = 0;
    thin(t, (uint8_t *)(void *)m->path);
    give_agreed(m, t);
}

/* Makes room for one more step. Hypotheses that disagree with what had to be given out are taken out of place[];
 * returns how many remain. */
static uint32_t make_room(struct haul_matcher *m, struct track *t, struct place *place, uint32_t n)
{
    for (;;) {
        struct front f = {.n = n};
        uint8_t moved[STEP_MAX];
        bool keep[STEP_MAX];
        for (uint32_t k = 0; k < n; k++) f.score[k] = place[k].c.score, f.at[k] = (uint8_t)back_of(&place[k].c);
        keep_front(m, t, &f, moved);
        for (uint32_t k = 0; k < n; k++) {
            f.at[k] = moved[f.at[k]];
            place[k].c.along_back = place[k].along << 8 | f.at[k];
        }
        if (t->steps < t->step_cap && t->candidates + n <= t->candidate_cap) return n;
        assert(t->steps > 1);
        give_oldest(m, t, &f, keep);
        uint32_t kept = 0;
        for (uint32_t k = 0; k < n; k++)
            if (keep[k]) place[kept++] = place[k];
        n = kept;
        /* the oldest step must not be dropped before those that disagree are gone: pointers of the second lead into it
         */
        for (uint32_t k = 0; k < n; k++) f.at[k] = (uint8_t)back_of(&place[k].c);
        f.n = n;
        keep_front(m, t, &f, moved);
        for (uint32_t k = 0; k < n; k++) place[k].c.along_back = place[k].along << 8 | moved[f.at[k]];
        drop_step(t);
    }
}

static void begin(struct haul_matcher *m, struct track *t, const struct haul_fix *f, struct place *place, uint32_t n)
{
    const float best = place[0].c.score;
    for (uint32_t k = 0; k < n; k++) {
        place[k].c.score -= best;
        place[k].c.along_back = place[k].along << 8;
    }
    push_step(m, t, f, place, n);
}

static bool fix_valid(const struct track *t, const struct haul_fix *f)
{
    return f->lon_deg >= -180 && f->lon_deg <= 180 && f->lat_deg >= -90 && f->lat_deg <= 90 &&
           f->time.ms > t->last_ms && f->time.ms > -(INT64_C(1) << 60) && f->time.ms < (INT64_C(1) << 60);
}

/* One that has not moved for ten seconds must move out of the noise to be believed. */
static double least_step_m(const struct haul_matcher *m, double seconds)
{
    const double step = (double)m->o.step_m, noise = 3 * (double)m->o.sigma_m;
    return seconds > 10 && noise > step ? noise : step;
}

static enum haul_match_status take_fix(struct haul_matcher *m, struct track *t, const struct haul_fix *f)
{
    if (!fix_valid(t, f)) return HAUL_MATCH_INVALID;
    bool broken = t->steps > 0 && f->time.ms - t->last_ms > m->o.break_ms;
    t->last_ms = f->time.ms;
    if (broken) give_all(m, t);
    const double line_m =
        t->steps == 0 ? 0 : haul_haversine_m(t->lon_e7 * 1e-7, t->lat_e7 * 1e-7, f->lon_deg, f->lat_deg);
    const double seconds =
        t->steps == 0 ? 0 : (double)(f->time.ms - t->base_ms - steps_of(t)[t->steps - 1u].after_ms) * 1e-3;
    if (t->steps > 0 && line_m < least_step_m(m, seconds)) return HAUL_MATCH_STANDS;
    struct place place[STEP_MAX];
    const uint32_t found = find_places(m, f, course_of(m, t, f, line_m, seconds), place);
    if (found == 0) return HAUL_MATCH_OFF_ROAD;
    if (t->steps > 0) {
        struct place next[STEP_MAX];
        memcpy(next, place, found * sizeof *next);
        const bool recent = f->time.ms - t->base_ms < UINT32_MAX; /* a trip of 49 days ends */
        const uint32_t n = recent ? transit(m, t, next, found, line_m, seconds) : 0;
        if (n > 0) {
            push_step(m, t, f, next, make_room(m, t, next, n));
            return HAUL_MATCH_TAKEN;
        }
        if (++t->misses < MISSES_MAX) return HAUL_MATCH_OUTLIER;
        give_all(m, t);
        broken = true;
    }
    begin(m, t, f, place, found);
    return broken ? HAUL_MATCH_BROKEN : HAUL_MATCH_TAKEN;
}

static void give(const struct haul_matcher *m, struct haul_match_output *out)
{
    *out = (struct haul_match_output){m->points, m->traversals, m->point_count, m->traversal_count};
}

enum haul_match_status haul_match_fix(struct haul_matcher *m, void *track, const struct haul_fix *fix,
                                      struct haul_match_output *out)
{
    m->point_count = m->traversal_count = 0;
    const enum haul_match_status status = take_fix(m, track, fix);
    give(m, out);
    return status;
}

void haul_match_flush(struct haul_matcher *m, void *track, struct haul_match_output *out)
{
    m->point_count = m->traversal_count = 0;
    give_all(m, track);
    give(m, out);
}

enum haul_err haul_matcher_new(const struct haul_map *map, const struct haul_match_options *options,
                               struct haul_matcher **out, struct haul_error *e)
{
    *out = NULL;
    struct haul_matcher *m = calloc(1, sizeof *m);
    if (m == NULL) return haul_fail(e, HAUL_E_NOMEM, "no memory for a matcher");
    m->map = map, m->view = haul_roads_view(haul_map_roads(map)), m->o = *options;
    m->router = router_new(&m->pool, map, options->use);
    m->points = POOL_ARRAY(&m->pool, struct haul_matched, POINTS_MAX);
    m->traversals = POOL_ARRAY(&m->pool, struct haul_traversal, TRAVERSALS_MAX);
    m->path = POOL_ARRAY(&m->pool, uint32_t, 0x1000000 / 4); /* also marks for as many candidates as a track can have */
    if (m->pool.failed) {
        haul_matcher_free(m);
        return haul_fail(e, HAUL_E_NOMEM, "no memory for a matcher");
    }
    *out = m;
    return HAUL_OK;
}

void haul_matcher_free(struct haul_matcher *m)
{
    if (m == NULL) return;
    pool_free(&m->pool);
    free(m);
}
