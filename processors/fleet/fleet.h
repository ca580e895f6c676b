/* SPDX-License-Identifier: Apache-2.0
 * Layer: domain-fleet
 * What the files of the fleet processor share: options, the state of a vehicle, the step that is being taken.
 *
 * The path of a record: fleet.c takes it in (signal.c says whether it was seen before), position.c decides whether its
 * fix is believed and how far the vehicle has come, then each rule looks at the state: drive.c (speed, night, stop,
 * harsh driving), fatigue.c, guard.c (doors, alarm bits, displacement, battery), fuel.c, fence.c, signal.c (jumps,
 * clock, serials, silence). judge.c turns "holds" and "holds no more" into raise and clear; view.c shows the state.
 */
#ifndef HAUL_FLEET_FLEET_H
#define HAUL_FLEET_FLEET_H

#include "haul/math.h"
#include "haul/processor.h"

#define FLEET_GROUPS_MAX 32
#define FLEET_PLACES_MAX 256
#define FLEET_FENCES     8 /* fences that a vehicle can be in, or near, at once */
#define FLEET_FENCE_ID   24

struct fleet_group {
    char name[64];
    double limit_mps;
    bool night; /* the night rules hold for it */
};

struct fleet_place {
    char name[64];
    double lon_deg, lat_deg, radius_m;
};

struct fleet_options {
    char time_zone[8]; /* "+08:00" */
    int64_t keep_ms;
    bool mask_plate;
    struct {
        double moving_mps, rest_radius_m, accuracy_m;
        int64_t satellites, gap_ms;
        bool require_fix;
    } position;
    struct {
        double limit_mps, raise_over, severe_over, clear_over;
        int64_t raise_after_ms, clear_after_ms;
    } speeding;
    struct {
        uint32_t len;
        struct fleet_group item[FLEET_GROUPS_MAX];
    } groups;
    struct {
        int64_t from_ms, to_ms;         /* local time of day */
        int64_t ban_from_ms, ban_to_ms; /* local time of day */
        double share;
        int64_t raise_after_ms, clear_after_ms;
    } night;
    struct {
        int64_t day_ms, night_ms, rest_ms, in_24h_ms, in_7d_ms, gap_ms;
    } fatigue;
    struct {
        int64_t after_ms;
        struct {
            uint32_t len;
            struct fleet_place item[FLEET_PLACES_MAX];
        } places;
    } stop;
    struct {
        double speed_mps;
        int64_t raise_after_ms, clear_after_ms;
    } door;
    struct {
        double distance_m;
    } displacement;
    struct {
        double drop_l, drop_share, floor_l;
        int64_t window_ms, settle_ms;
    } fuel;
    struct {
        double brake_mps2, accel_mps2, turn_mps2;
        int64_t interval_ms, hold_ms;
    } harsh;
    int64_t battery_level;
    int64_t alarm_hold_ms;
    struct {
        double speed_mps, distance_m;
        int64_t bad, accept, clear;
    } gnss;
    int64_t offline_after_ms;
    struct {
        int64_t limit_ms, steady_ms, count;
    } skew;
    struct {
        int64_t count, window_ms;
    } serial;
    struct {
        char file[1024]; /* the set to begin with */
        double cross_leg_m;
        int64_t cross_hold_ms;
    } fences;
};

extern const struct haul_option_set fleet_option_set;

/* ---- tables ---- */
/* In the order of fleet_rules[] in rules.c. */
enum fleet_rule {
    FLEET_SPEEDING,
    FLEET_FATIGUE,
    FLEET_NIGHT_RUNNING,
    FLEET_UNPLANNED_STOP,
    FLEET_DOOR_OPEN,
    FLEET_ILLEGAL_IGNITION,
    FLEET_DISPLACEMENT,
    FLEET_FUEL_THEFT,
    FLEET_HARSH_DRIVING,
    FLEET_COLLISION,
    FLEET_ROLLOVER,
    FLEET_SOS,
    FLEET_BATTERY,
    FLEET_GNSS_JUMP,
    FLEET_TAMPERING,
    FLEET_OFFLINE,
    FLEET_CLOCK_SKEW,
    FLEET_DUPLICATE_SERIAL,
    FLEET_FENCE_ENTER,
    FLEET_FENCE_EXIT,
    FLEET_FENCE_DWELL,
    FLEET_FENCE_CROSS,
    FLEET_FENCE_APPROACH,
    FLEET_RULES
};
extern const struct haul_rule fleet_rules[FLEET_RULES];

enum fleet_counter {
    FLEET_LATE,       /* behind the watermark, in order for the vehicle: processed */
    FLEET_DISORDERED, /* before the vehicle's newest: counted, fills the odometer where that is exact */
    FLEET_FILLED,     /* of those: filled a gap of the odometer */
    FLEET_DUPLICATE,  /* the same message again: dropped */
    FLEET_UNTRUSTED,  /* the fix was not believed: the position did not move */
    FLEET_FENCE_TRANSITIONS,
    FLEET_FENCES_CROWDED, /* more fences at once than are followed or looked at */
    FLEET_COUNTERS
};
extern const struct haul_counter fleet_counters[FLEET_COUNTERS];

enum fleet_timer {
    FLEET_T_SILENCE,
    FLEET_T_REST,
    FLEET_T_GONE,
    FLEET_T_HARSH,
    FLEET_T_SERIAL,
    FLEET_T_FENCE,
    FLEET_TIMERS
};

/* JT/T 808 alarm word. */
#define FLEET_BIT_SOS           (1u << 0)
#define FLEET_BIT_SPEEDING      (1u << 1)
#define FLEET_BIT_FATIGUE       (1u << 2)
#define FLEET_BITS_TAMPER       (0x1fu << 4) /* GNSS fault, antenna open, antenna short, undervoltage, power cut */
#define FLEET_BITS_CUT          (1u << 5 | 1u << 6 | 1u << 8)
#define FLEET_BIT_SPEED_WARNING (1u << 13)
#define FLEET_BIT_TIRED_WARNING (1u << 14)
#define FLEET_BIT_DAY_DRIVING   (1u << 18)
#define FLEET_BIT_LONG_STOP     (1u << 19)
#define FLEET_BIT_IGNITION      (1u << 27)
#define FLEET_BIT_DISPLACED     (1u << 28)
#define FLEET_BIT_COLLISION     (1u << 29)
#define FLEET_BIT_ROLLOVER      (1u << 30)
#define FLEET_BIT_DOOR          (1u << 31)
/* JT/T 808 status word. */
#define FLEET_STATUS_IGNITION 1u
#define FLEET_STATUS_FIXED    2u
#define FLEET_STATUS_DOORS    (0xfu << 13) /* front, middle, rear, driver */

/* ---- the state of a vehicle ---- */
struct fleet_point {
    int32_t lon_e7, lat_e7; /* degrees times 10^7 */
};

/* What is known: bits of fleet_state.known. */
enum {
    FLEET_HAS_FIX = 1,
    FLEET_HAS_SPEED = 2,
    FLEET_HAS_HEADING = 4,
    FLEET_HAS_IGNITION = 8,
    FLEET_HAS_FUEL = 16,
    FLEET_HAS_BATTERY = 32,
    FLEET_HAS_MILEAGE = 64,
    FLEET_HAS_OFF = 128, /* `off` is where the ignition went off */
};

enum fleet_motion { FLEET_UNKNOWN, FLEET_MOVING, FLEET_RESTING };

/* Rules that wait before they raise or clear; index of fleet_state.held. */
enum fleet_hold {
    FLEET_H_SPEEDING,
    FLEET_H_FATIGUE,
    FLEET_H_NIGHT,
    FLEET_H_STOP,
    FLEET_H_DOOR,
    FLEET_H_IGNITION,
    FLEET_H_DISPLACEMENT,
    FLEET_H_COLLISION,
    FLEET_H_ROLLOVER,
    FLEET_H_SOS,
    FLEET_H_BATTERY,
    FLEET_H_TAMPER,
    FLEET_HOLDS
};

#define FLEET_SERIALS 3

/* What is known of the vehicle and one fence: fence.c. id_len 0: free. */
struct fleet_fence {
    int64_t since_ms; /* in this state; inside and leaving: first inside */
    uint32_t pending; /* low half of the event time at which leaving, or a crossing, began */
    uint32_t number;  /* in the set when it was looked up last: a hint */
    uint8_t state, marks, id_len, pad[5];
    char id[FLEET_FENCE_ID];
};

/* All zero is a vehicle of which nothing is known. Plain data, no padding that matters: `since` and `held` count 1 for
 * "just now", 0 for "does not hold". */
struct fleet_state {
    int64_t fix_ms;    /* event time of the newest fix that was believed */
    int64_t newest_ms; /* event time of the newest record in order */
    int64_t heard_ms;  /* newest of event time and watermark when something was heard: what silence is measured from */
    int64_t odometer_mm;
    int64_t rest_ms;                /* at rest since */
    int64_t gap_from_ms, gap_to_ms; /* a silence that was counted as a straight line; from moves on as it is filled */
    int64_t stray_ms;
    struct fleet_point fix, anchor; /* newest believed; up to where the odometer has counted, where it rests */
    struct fleet_point gap_from, gap_to;
    struct fleet_point stray;   /* newest fix that was not believed */
    struct fleet_point off;     /* where the ignition went off */
    uint32_t held[FLEET_HOLDS]; /* 1 + ms for which the change of the rule has been holding; 0: it does not */
    uint32_t status, alarm;
    uint32_t serial[FLEET_SERIALS], serial_ms[FLEET_SERIALS]; /* newest messages; low half of their event time */
    uint32_t door_ms, alarm_ms; /* low half of the event time at which the doors' events, the alarm word came last */
    uint32_t late, disordered, duplicates;
    int32_t speed_mh, heading_cdeg, mileage_hm;
    int32_t fuel_ml;
    int32_t fuel_recent_ml[3],
        fuel_peak_ml[2];              /* at rest: last readings; peak of the half-window before, of this one */
    int32_t stint_ms, stint_night_ms; /* driven since the last real rest; of it at night */
    int32_t skew_ms;                  /* append time less event time, of the newest record */
    int32_t hour;                     /* local hour since 1970 of the newest bucket */
    uint16_t day_10s[7];              /* tens of seconds driven in each day of the last 7, by day mod 7 */
    uint16_t gnss_history;            /* newest fix in bit 0; 1: implausible */
    uint16_t fuel_half;               /* number of the half-window since the rest began */
    uint16_t battery_cpct;
    uint8_t hour_20s[24]; /* twenties of seconds driven in each hour of the last 24, by hour mod 24 */
    uint8_t known, motion, stray_count, off_count;
    uint8_t serial_at, serial_repeats, skew_count, skew_good;
    uint8_t fuel_count, battery_level, doors; /* doors: open by events, bits 0..15 folded to 0..7 */
    uint8_t plate_len, driver_len, group_len, source_len;
    char plate[24], driver[64], group[32], source[64];
    struct fleet_fence fence[FLEET_FENCES];
};

_Static_assert(sizeof(struct fleet_state) <= 896, "a vehicle's state fits in 896 bytes");

/* ---- one step ---- */
struct fleet_step {
    struct haul_task *task;
    struct haul_entity *entity;
    struct fleet_state *s;
    const struct fleet_options *o;
    const struct haul_record *r; /* NULL in a timer */
    int64_t now_ms;              /* event time of the step */
    int64_t zone_ms;             /* of the local clock, east of UTC */
    int64_t dt_ms;               /* since the newest record before; 0 at the first, and behind a silence */
    int64_t fix_dt_ms;           /* between the believed fix before and this one; 0: there was none */
    int32_t speed_was_mh, heading_was_cdeg;
    struct fleet_point fix_was; /* the believed fix before */
    uint8_t known_was;
    bool was_moving;
    bool fix;                /* position.c has believed this record's fix */
    bool relocated;          /* and it does not follow from the one before */
    bool moved;              /* it left the place of its rest, or crept on */
    double leg_m;            /* from the believed fix before to this one */
    double jump_mps, jump_m; /* of a fix that was not believed */
    bool jumped;
    bool turned; /* an alert was raised or cleared: paint at once */
};

/* Speeds are kept and compared in whole metres an hour, so that "80 km/h" is met by 80 km/h exactly. */
static inline int64_t fleet_mh(double mps)
{
    return haul_round_i64(mps * 3600);
}
static inline double fleet_kmh(int64_t mh)
{
    return (double)mh / 1000;
}
static inline bool fleet_ignition(const struct fleet_state *s)
{
    return (s->status & FLEET_STATUS_IGNITION) != 0;
}
static inline int64_t fleet_abs(int64_t x)
{
    return x < 0 ? -x : x;
}

/* judge.c: raise and clear. */
enum fleet_verdict { FLEET_KEEP, FLEET_RAISE, FLEET_CLEAR };
/* `on`: the condition to raise holds now; `off`: the condition to clear holds now (never both). The verdict comes when
 * the wanted change has held for raise_ms or clear_ms; *held keeps for how long. */
enum fleet_verdict fleet_judge(uint32_t *held, bool raised, bool on, bool off, int64_t dt_ms, int64_t raise_ms,
                               int64_t clear_ms);
/* For how long the change has held, given *held after fleet_judge kept it, or at its verdict. */
int64_t fleet_held_ms(uint32_t held);
bool fleet_raised(const struct fleet_step *x, enum fleet_rule rule);
void fleet_raise(struct fleet_step *x, enum fleet_rule rule, struct haul_raise a);
void fleet_clear(struct fleet_step *x, enum fleet_rule rule);
/* Judges, and clears when it is time. True: raise it, or again (severity and score may have changed), since *since. */
bool fleet_wants(struct fleet_step *x, enum fleet_rule rule, enum fleet_hold hold, bool on, bool off, int64_t raise_ms,
                 int64_t clear_ms, struct haul_time *since);
double fleet_score_of(uint8_t severity);

/* place.c: points, places, local time. */
struct fleet_point fleet_point_of(double lon_deg, double lat_deg);
double fleet_distance_m(struct fleet_point a, struct fleet_point b);
double fleet_lon_deg(struct fleet_point p);
double fleet_lat_deg(struct fleet_point p);
bool fleet_at_place(const struct fleet_options *o, struct fleet_point p);
/* Milliseconds east of UTC of "+08:00"; false when the text has another form. */
bool fleet_zone_ms(const char *text, int64_t *out);
/* Of the options, which have been checked. */
int64_t fleet_zone_of(const struct fleet_options *o);
/* Local time of day, 0..86399999. */
int64_t fleet_time_of_day(int64_t zone_ms, int64_t ms);
/* True when from <= t < to on the clock; from > to spans midnight; from = to is never. */
bool fleet_in_hours(int64_t t, int64_t from, int64_t to);
const struct fleet_group *fleet_group_of(const struct fleet_options *o, const struct fleet_state *s);

/* position.c */
void fleet_position(struct fleet_step *x);
/* A record older than the vehicle's newest: fills the odometer when its fix lies in the open gap, in order for itself.
 */
bool fleet_fill(struct fleet_step *x);

/* drive.c */
void fleet_speeding(struct fleet_step *x);
void fleet_night(struct fleet_step *x);
void fleet_stop(struct fleet_step *x);
void fleet_harsh(struct fleet_step *x);
void fleet_harsh_over(struct fleet_step *x);

/* fatigue.c */
void fleet_fatigue(struct fleet_step *x);
void fleet_rested(struct fleet_step *x);
/* Adds the interval to the vehicle's driving time. */
void fleet_drive(struct fleet_state *s, const struct fleet_options *o, int64_t from_ms, int64_t to_ms);
int64_t fleet_driven_24h_ms(const struct fleet_state *s, int64_t zone_ms, int64_t now_ms);
int64_t fleet_driven_7d_ms(const struct fleet_state *s, int64_t zone_ms, int64_t now_ms);

/* guard.c */
void fleet_doors(struct fleet_step *x);
void fleet_bits(struct fleet_step *x);
void fleet_displacement(struct fleet_step *x);
void fleet_battery(struct fleet_step *x);

/* fuel.c */
void fleet_fuel(struct fleet_step *x);

/* signal.c */
/* True when the message was seen before; the rule of repeated serials is judged. */
bool fleet_serial(struct fleet_step *x);
/* When a terminal whose clock was wrong has set it, the vehicle's times move with it. */
void fleet_clock(struct fleet_step *x);
void fleet_serial_over(struct fleet_step *x);
void fleet_gnss(struct fleet_step *x);
void fleet_skew(struct fleet_step *x);
void fleet_heard(struct fleet_step *x);
void fleet_silence(struct fleet_step *x);

/* fence.c: haul/fence.h says what a fence is. */
extern const struct haul_content fleet_contents[1];
void fleet_fences(struct fleet_step *x);
/* The vehicle is about to be forgotten: it leaves what it is in. */
void fleet_fences_gone(struct fleet_step *x);
/* The vehicle's times move with its clock. */
void fleet_fences_shift(struct fleet_state *s, int64_t ms);
const char *fleet_fence_state(const struct fleet_fence *s);

/* view.c */
void fleet_view(const struct haul_task *t, const struct haul_entity *e, struct haul_json *j);
bool fleet_live(const struct haul_entity *e, struct haul_live *out);
void fleet_dump(const void *state, unsigned entity_kind, struct haul_json *j);
/* Province and the last two characters: "赣A12345" is "赣***45". Returns the length written, at most 24. */
size_t fleet_mask_plate(struct haul_str plate, char out[24]);

#endif
