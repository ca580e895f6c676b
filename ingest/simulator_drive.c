/* SPDX-License-Identifier: Apache-2.0
 * How a vehicle spends its day. Ordinary driving keeps clear of every rule of the fleet: speeds below the limit,
 * coaches slower at night and at rest from 02:00 to 05:00, a rest of 25 minutes after 100 minutes at the wheel, another
 * driver after five hours, no stop with the ignition on for longer than a few minutes.
 */
#include "ingest/simulator_world.h"

#include "haul/math.h"

#define STEP_S         1.0
#define GAIN_MPS2      0.7 /* ordinary acceleration */
#define BRAKE_MPS2     1.0 /* ordinary braking, planned ahead */
#define BRAKE_MAX_MPS2 1.8
#define TURN_MPS2      2.0 /* lateral */
#define TURN_RADPS_MAX 0.35
#define NODE_MPS_MIN   6.0
#define STINT_S_MAX    6000.0
#define SHIFT_S_MAX    (5 * 3600.0)
#define DRIVERS        3
#define NEARLY_THERE_M 3000.0
#define FASTEST_MPS    30.0
#define IDLE_L_PER_S   (1.5 / 3600)
#define REFUEL_MS      (4 * SIM_MS_MIN)
#define COACH_NIGHT    0.76 /* of the limit */
#define ZONE_MS        (8 * SIM_MS_H)
#define CLOCK(h, m)    (((h)*60 + (m)) * SIM_MS_MIN)

static const struct {
    double share; /* of the limit, on an expressway and elsewhere */
    double tank_l, l_per_m;
} groups[SIM_GROUPS] = {
    [SIM_COACH] = {0.93, 300, 0.25e-3}, [SIM_TRUCK] = {0.83, 400, 0.33e-3}, [SIM_VAN] = {0.95, 70, 0.09e-3}};

/* Share of free speed by the local hour: two rush hours, which trunk roads feel more. */
static const double rush[24] = {1, 1, 1, 1, 1, 1, 1, .96, .9, .95, 1, 1, .98, 1, 1, 1, .97, .91, .89, .95, 1, 1, 1, 1};

static int64_t some_ms(struct haul_rng *rng, double low_s, double high_s)
{
    return (int64_t)(haul_rng_between(rng, low_s, high_s) * 1000);
}

int64_t sim_time_of_day(int64_t ms)
{
    const int64_t t = (ms + ZONE_MS) % (24 * SIM_MS_H);
    return t < 0 ? t + 24 * SIM_MS_H : t;
}

bool sim_night(int64_t ms)
{
    const int64_t t = sim_time_of_day(ms);
    return t >= CLOCK(21, 40) || t < CLOCK(6, 5);
}

/* The hours in which a coach must rest, with time to stop before them. */
static bool banned(const struct sim_vehicle *v, int64_t ms, int64_t early_ms)
{
    const int64_t t = sim_time_of_day(ms);
    return v->group == SIM_COACH && t >= CLOCK(1, 40) - early_ms && t < CLOCK(5, 2);
}

double sim_tank_l(enum sim_group g)
{
    return groups[g].tank_l;
}

static uint16_t edge_of(const struct sim_vehicle *v)
{
    return v->way[v->way_at];
}

bool sim_on_expressway(const struct haul_simulator *s, const struct sim_vehicle *v)
{
    return sim_link_of(&s->network, edge_of(v))->class == SIM_EXPRESSWAY;
}

double sim_edge_left_m(const struct haul_simulator *s, const struct sim_vehicle *v)
{
    return sim_link_of(&s->network, edge_of(v))->length_m - v->along_m;
}

void sim_position(const struct haul_simulator *s, const struct sim_vehicle *v, double *lon_deg, double *lat_deg)
{
    if (v->way_at < v->way_len) {
        sim_network_at(&s->network, edge_of(v), v->along_m, lon_deg, lat_deg);
        return;
    }
    *lon_deg = s->network.places[v->place].lon_deg;
    *lat_deg = s->network.places[v->place].lat_deg;
}

/* ---- the way --------------------------------------------------------------------------------------------------------
 */

static double angle_rad(double from, double to)
{
    double d = to - from;
    while (d > HAUL_PI) d -= 2 * HAUL_PI;
    while (d < -HAUL_PI) d += 2 * HAUL_PI;
    return d;
}

/* Enough to stop from a speed without haste. */
static double brake_m(double mps)
{
    return mps * mps / (2 * BRAKE_MPS2) * 1.2 + 50;
}

/* Begins the edge at way_at: how fast its end may be passed follows from the turn there. */
static void enter_edge(struct haul_simulator *s, struct sim_vehicle *v)
{
    const struct sim_network *n = &s->network;
    const double length_m = sim_link_of(n, edge_of(v))->length_m;
    v->node_mps = 0;
    if (v->way_at + 1 < v->way_len) {
        const double in = sim_network_heading_rad(n, edge_of(v), length_m);
        const double out = sim_network_heading_rad(n, v->way[v->way_at + 1], 0);
        const double turn = haul_abs(angle_rad(in, out));
        v->node_mps = turn < 0.05 ? 40 : 8 / turn;
        if (v->node_mps < NODE_MPS_MIN) v->node_mps = NODE_MPS_MIN;
    }
    const bool lights = !sim_on_expressway(s, v) && haul_rng_f64(&v->rng) < 0.35;
    const double halt_m = haul_rng_between(&v->rng, 0.2, 0.8) * (length_m - v->along_m);
    if (lights && v->halt_m < 0 && halt_m > brake_m(v->speed_mps)) {
        v->halt_m = halt_m;
        v->halt_phase = SIM_HALT, v->halt_ms = some_ms(&v->rng, 30, 150);
    }
}

static bool find_way(struct haul_simulator *s, struct sim_vehicle *v, uint16_t goal)
{
    v->way_len = v->way_at = 0;
    v->along_m = v->left_m = 0;
    for (uint16_t at = v->place; at != goal && v->way_len < SIM_WAY_MAX;) {
        const uint16_t edge = sim_network_towards(&s->network, at, goal);
        if (edge == SIM_NO_EDGE) break;
        v->way[v->way_len++] = edge;
        v->left_m += sim_link_of(&s->network, edge)->length_m;
        at = sim_edge_to(&s->network, edge);
        v->goal = at;
    }
    return v->way_len > 0;
}

/* A new trip. A place without a road keeps the vehicle where it is: it drives nowhere. */
static bool plan_trip(struct haul_simulator *s, struct sim_vehicle *v)
{
    for (int i = 0; i < 8; i++)
        if (find_way(s, v, sim_network_draw(&s->network, &v->rng)) && (v->left_m < 350000 || i == 7)) return true;
    return v->way_len > 0;
}

void sim_halt(struct sim_vehicle *v, enum sim_phase phase, int64_t ms)
{
    v->halt_m = brake_m(v->speed_mps);
    v->halt_phase = phase, v->halt_ms = ms;
}

/* ---- driving --------------------------------------------------------------------------------------------------------
 */

static double cruise_mps(const struct haul_simulator *s, const struct sim_vehicle *v)
{
    if (v->active.kind == HAUL_SIM_SPEEDING && v->active.until_ms > v->now_ms) return v->active.value;
    const struct sim_link *l = sim_link_of(&s->network, edge_of(v));
    const double limit = l->limit_mps < s->scenario.limit_mps ? l->limit_mps : s->scenario.limit_mps;
    const double hour = rush[sim_time_of_day(v->now_ms) / SIM_MS_H];
    const double busy = l->class == SIM_EXPRESSWAY ? (1 + hour) / 2 : hour;
    double mps = limit * groups[v->group].share * v->pace * busy * (1 + v->drift);
    const double night = s->scenario.limit_mps * COACH_NIGHT;
    if (v->group == SIM_COACH && mps > night && sim_night(v->now_ms)) mps = night;
    return mps;
}

/* The speed to have at the end of this step so that ordinary braking reaches `to_mps` within the distance: with b the
 * braking, (was + v) / 2 dt + (v^2 - to^2) / 2b = distance, solved for v. */
static double brake_from(double distance_m, double to_mps, double was_mps, double dt_s)
{
    const double half = BRAKE_MPS2 * dt_s / 2;
    const double square = half * half + to_mps * to_mps + 2 * BRAKE_MPS2 * (distance_m - was_mps * dt_s / 2);
    return square > half * half ? haul_sqrt(square) - half : 0;
}

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

static double stop_m(const struct haul_simulator *s, const struct sim_vehicle *v)
{
    const double goal_m = v->way_at + 1 == v->way_len ? sim_edge_left_m(s, v) : 1e9;
    return v->halt_m >= 0 && v->halt_m < goal_m ? v->halt_m : goal_m;
}

static double allowed_mps(const struct haul_simulator *s, const struct sim_vehicle *v, double stop, double dt_s)
{
    double mps = cruise_mps(s, v);
    const double node = brake_from(sim_edge_left_m(s, v), v->node_mps, v->speed_mps, dt_s);
    if (v->way_at + 1 < v->way_len && node < mps) mps = node;
    const double before_stop = brake_from(stop, 0, v->speed_mps, dt_s);
    return before_stop < mps ? before_stop : mps;
}

/* The heading follows the road as fast as the speed allows. */
static void steer(const struct haul_simulator *s, struct sim_vehicle *v, double dt_s)
{
    if (v->speed_mps < 1) return;
    const double road = sim_network_heading_rad(&s->network, edge_of(v), v->along_m);
    const double most = clamp(TURN_MPS2 / v->speed_mps, 0, TURN_RADPS_MAX) * dt_s;
    v->heading_rad += clamp(angle_rad(v->heading_rad, road), -most, most);
    if (v->heading_rad < 0) v->heading_rad += 2 * HAUL_PI;
    if (v->heading_rad >= 2 * HAUL_PI) v->heading_rad -= 2 * HAUL_PI;
}

static void move(struct haul_simulator *s, struct sim_vehicle *v, double m, double dt_s)
{
    v->along_m += m, v->left_m -= m, v->odometer_m += m;
    v->fuel_l -= m * groups[v->group].l_per_m + dt_s * IDLE_L_PER_S;
    if (v->fuel_l < 0) v->fuel_l = 0;
    if (v->halt_m >= 0) v->halt_m = v->halt_m > m ? v->halt_m - m : 0;
    v->stint_s += dt_s, v->shift_s += dt_s;
    v->drift = clamp(v->drift + haul_rng_between(&v->rng, -0.002, 0.002) * dt_s, -0.02, 0.02);
    while (v->way_at + 1 < v->way_len && v->along_m >= sim_link_of(&s->network, edge_of(v))->length_m) {
        v->along_m -= sim_link_of(&s->network, edge_of(v))->length_m;
        v->place = sim_edge_to(&s->network, edge_of(v));
        v->way_at++;
        enter_edge(s, v);
    }
}

static void enter(struct sim_vehicle *v, enum sim_phase phase, int64_t ms)
{
    const bool on = phase != SIM_PARKED;
    if (on != v->ignition) v->report_ms = v->now_ms; /* a terminal reports the change */
    v->phase = phase;
    v->phase_end_ms = phase == SIM_DRIVING ? SIM_NEVER : v->now_ms + ms;
    v->ignition = on;
}

static void park(struct sim_vehicle *v, int64_t ms)
{
    enter(v, SIM_PARKED, ms);
    v->robbed = false;
    v->refuel_until_ms = v->now_ms + (v->fuel_l < 0.3 * groups[v->group].tank_l ? REFUEL_MS : 0);
}

static void stopped(struct haul_simulator *s, struct sim_vehicle *v, bool at_goal)
{
    v->speed_mps = 0;
    if (at_goal) {
        v->along_m = sim_link_of(&s->network, edge_of(v))->length_m;
        v->place = v->goal;
        v->way_at = v->way_len = 0;
        v->halt_m = -1;
        v->door = true;
        enter(v, SIM_ARRIVED, some_ms(&v->rng, 60, 240));
        return;
    }
    v->halt_m = -1;
    if (v->halt_phase == SIM_PARKED)
        enter(v, SIM_ARRIVED, some_ms(&v->rng, 20, 60));
    else
        enter(v, SIM_HALT, v->halt_ms);
}

bool sim_drives_on(const struct sim_vehicle *v, int64_t ms)
{
    return v->phase == SIM_DRIVING && v->halt_m < 0 && v->left_m > (double)ms / 1000 * FASTEST_MPS + NEARLY_THERE_M &&
           v->stint_s + (double)ms / 1000 < STINT_S_MAX && !banned(v, v->now_ms, ms);
}

/* A rest that is due begins at the next place where one can stop. */
static void mind_rest(struct sim_vehicle *v)
{
    const bool stops_soon = v->halt_m >= 0 && (v->halt_phase == SIM_PARKED || v->halt_m < brake_m(v->speed_mps) + 100);
    if (stops_soon || v->left_m < NEARLY_THERE_M) return;
    if (v->active.kind == HAUL_SIM_SPEEDING || v->active.kind == HAUL_SIM_UNPLANNED_STOP) return;
    if (v->stint_s >= STINT_S_MAX || banned(v, v->now_ms, 0)) sim_halt(v, SIM_PARKED, some_ms(&v->rng, 1500, 2700));
}

static void drive(struct haul_simulator *s, struct sim_vehicle *v, double dt_s)
{
    mind_rest(v);
    const double stop = stop_m(s, v), was = v->speed_mps;
    const double change = clamp(allowed_mps(s, v, stop, dt_s) - was, -BRAKE_MAX_MPS2 * dt_s, GAIN_MPS2 * dt_s);
    double now = was + change > 0 ? was + change : 0, m = (was + now) / 2 * dt_s;
    const bool stops = m >= stop || (now < 0.8 && stop < 1.5);
    if (stops) m = stop, now = 0;
    const bool at_goal = stops && (v->halt_m < 0 || sim_edge_left_m(s, v) <= v->halt_m) && v->way_at + 1 == v->way_len;
    v->speed_mps = now;
    move(s, v, m, dt_s);
    if (stops) stopped(s, v, at_goal);
    if (v->phase == SIM_DRIVING) steer(s, v, dt_s);
}

static void stand(struct sim_vehicle *v, int64_t dt_ms)
{
    const double tank_l = groups[v->group].tank_l;
    if (v->ignition) v->fuel_l -= (double)dt_ms / 1000 * IDLE_L_PER_S;
    if (v->refuel_until_ms > v->now_ms)
        v->fuel_l +=
            (0.95 * tank_l - v->fuel_l) * clamp((double)dt_ms / (double)(v->refuel_until_ms - v->now_ms), 0, 1);
    const bool theft = v->active.kind == HAUL_SIM_FUEL_THEFT && v->now_ms < v->active.until_ms;
    if (theft) v->fuel_l -= v->active.value * (double)dt_ms;
    if (v->fuel_l < 0) v->fuel_l = 0;
}

void sim_advance(struct haul_simulator *s, struct sim_vehicle *v, int64_t to_ms)
{
    while (v->now_ms < to_ms) {
        int64_t dt_ms = to_ms - v->now_ms;
        if (v->phase == SIM_DRIVING) {
            if (dt_ms > (int64_t)(STEP_S * 1000)) dt_ms = (int64_t)(STEP_S * 1000);
            v->now_ms += dt_ms;
            drive(s, v, (double)dt_ms / 1000);
        } else {
            if (dt_ms > v->phase_end_ms - v->now_ms) dt_ms = v->phase_end_ms - v->now_ms;
            if (dt_ms <= 0) return;
            stand(v, dt_ms);
            v->now_ms += dt_ms;
        }
    }
}

/* ---- the day --------------------------------------------------------------------------------------------------------
 */

static void relieve(struct sim_vehicle *v)
{
    v->stint_s = 0;
    if (v->shift_s < SHIFT_S_MAX) return;
    v->shift_s = 0;
    v->driver = (uint8_t)((v->driver + 1) % DRIVERS);
}

static void after_rest(struct haul_simulator *s, struct sim_vehicle *v)
{
    if (banned(v, v->now_ms, SIM_MS_H)) { /* no coach leaves shortly before the ban or in it */
        v->phase_end_ms = v->now_ms + 10 * SIM_MS_MIN;
        return;
    }
    if (v->way_at >= v->way_len && !plan_trip(s, v)) {
        v->phase_end_ms = v->now_ms + SIM_MS_H;
        return;
    }
    relieve(v);
    enter(v, SIM_READY, some_ms(&v->rng, 40, 150));
}

static void depart(struct haul_simulator *s, struct sim_vehicle *v)
{
    enter(v, SIM_DRIVING, 0);
    if (v->along_m > 0) return;
    enter_edge(s, v);
    v->heading_rad = sim_network_heading_rad(&s->network, edge_of(v), 0);
}

void sim_turn(struct haul_simulator *s, struct sim_vehicle *v)
{
    switch (v->phase) {
    case SIM_PARKED:
        after_rest(s, v);
        break;
    case SIM_READY:
    case SIM_HALT:
        depart(s, v);
        break;
    case SIM_ARRIVED:
        v->door = false;
        park(v, v->way_at < v->way_len ? v->halt_ms : some_ms(&v->rng, 1500, 5400));
        break;
    case SIM_DRIVING:
        assert(false && "driving ends by stopping");
    }
}

/* Somewhere on its way, at speed. */
static void already_driving(struct haul_simulator *s, struct sim_vehicle *v)
{
    const double done_m = haul_rng_between(&v->rng, 0, 0.9) * v->left_m;
    double along_m = done_m;
    while (v->way_at + 1 < v->way_len && along_m >= sim_link_of(&s->network, edge_of(v))->length_m) {
        along_m -= sim_link_of(&s->network, edge_of(v))->length_m;
        v->place = sim_edge_to(&s->network, edge_of(v));
        v->way_at++;
    }
    v->along_m = along_m, v->left_m -= done_m;
    enter(v, SIM_DRIVING, 0);
    enter_edge(s, v);
    v->heading_rad = sim_network_heading_rad(&s->network, edge_of(v), along_m);
    const double most = allowed_mps(s, v, stop_m(s, v), STEP_S);
    v->speed_mps = most < cruise_mps(s, v) ? most : cruise_mps(s, v);
    v->stint_s = haul_rng_between(&v->rng, 0, 3600);
    v->shift_s = v->stint_s;
}

void sim_settle(struct haul_simulator *s, struct sim_vehicle *v)
{
    v->now_ms = s->start_ms;
    v->halt_m = -1;
    v->place = sim_network_draw(&s->network, &v->rng);
    v->pace = haul_rng_between(&v->rng, 0.95, 1.02);
    v->fuel_l = haul_rng_between(&v->rng, 0.4, 0.95) * groups[v->group].tank_l;
    v->odometer_m = haul_rng_between(&v->rng, 5e6, 400e6);
    v->serial = (uint32_t)haul_rng_below(&v->rng, 65536);
    const bool drives = haul_rng_f64(&v->rng) < 0.7 && !banned(v, v->now_ms, SIM_MS_H) && plan_trip(s, v);
    if (drives)
        already_driving(s, v);
    else
        park(v, some_ms(&v->rng, 60, 3600));
    /* Terminals do not report in step. */
    const int64_t interval = drives ? s->scenario.interval_ms : s->scenario.parked_interval_ms;
    v->report_ms = v->now_ms + (int64_t)haul_rng_below(&v->rng, (uint64_t)interval);
}
