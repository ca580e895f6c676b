/* SPDX-License-Identifier: Apache-2.0
 * What the files of the cold chain share: options, product classes, the state of a load unit and of a shipment.
 *
 * The path of a sample: coldchain.c takes it in; order.c keeps it until the watermark has passed it, so that everything
 * behind sees the unit's samples in order, however they came; probe.c says whether it is believed; zone.c closes the
 * interval since the one before and sends it, as exposure, to the task of every shipment aboard; air.c (excursion,
 * door, defrost), heat.c (what warms it), compressor.c and guard.c (humidity, shock, light, power, battery) look at the
 * zone. The shipment's side: exposure.c adds the interval to the sums (integral.c: mean kinetic temperature, life),
 * shipment.c judges them against the product class (classes.c). view.c shows both.
 *
 * A sample holds until the next one, but not longer than its probe may be silent: what lies beyond is a gap. With
 * several probes in a zone the hottest speaks against the upper limits and the coldest against the lower ones.
 */
#ifndef HAUL_COLDCHAIN_COLDCHAIN_H
#define HAUL_COLDCHAIN_COLDCHAIN_H

#include "haul/math.h"
#include "haul/processor.h"

#define COLD_ZONES       4
#define COLD_PROBES      8
#define COLD_HELD        32 /* samples that wait for the watermark; when full the oldest goes ahead */
#define COLD_ABOARD      24 /* shipments in one unit */
#define COLD_POINTS      24 /* of a zone's recent course, for the forecast */
#define COLD_STARTS      8  /* of defrosts that are remembered */
#define COLD_BUCKETS     48 /* of the window of the mean kinetic temperature */
#define COLD_LOG         16 /* transitions that a shipment remembers */
#define COLD_GAPS        6  /* newest gaps that a shipment remembers */
#define COLD_CLASSES_MAX 32
#define COLD_CLASS_BYTES 32
#define COLD_SHOWS       2 /* defrosts that must not be shown before a unit is one that does not */
#define COLD_KELVIN      273.15
#define COLD_NEVER_MS    315360000000 /* 3650 days: a limit that is not set */

/* ---- product classes ---- */
/* The limits of a class. HIGH and LOW are the range; the others are the standards' further limits. */
enum cold_bound { COLD_HIGH, COLD_LOW, COLD_FREEZE, COLD_HOT, COLD_WARM, COLD_MILD, COLD_BOUNDS };

struct cold_limit {
    double at_c;
    bool beyond;       /* at the limit itself is still right */
    int64_t single_ms; /* longest that it may last in one stretch */
    int64_t total_ms;  /* and in all */
};

enum cold_model { COLD_ARRHENIUS, COLD_Q10 };

struct cold_class {
    char name[64];
    struct cold_limit bound[COLD_BOUNDS];
    double mkt_c;
    int64_t mkt_window_ms; /* 0: no limit of the mean kinetic temperature */
    int64_t life_ms;       /* shelf life at life_c; 0: not followed */
    double life_c, ea_kjmol, q10;
    int32_t model;
    int64_t refresh_ms, transport_ms, store_ms, outside_ms; /* record at least so often; 0: not asked for */
};

extern const struct cold_class cold_presets[];
extern const size_t cold_presets_len;

struct cold_options {
    int64_t keep_ms, keep_shipment_ms;
    struct {
        uint32_t len;
        struct cold_class item[COLD_CLASSES_MAX];
    } classes;
    char default_class[COLD_CLASS_BYTES];
    struct {
        double warn, alarm;
    } life;
    int64_t gap_ms;
    struct {
        int64_t after_ms, rise_ms;
        double rise_kpmin;
    } door;
    struct {
        int64_t max_ms, period_least_ms, period_most_ms;
        double rise_k, tolerance, heat_kpmin, heat_times;
    } defrost;
    struct {
        double over_k, eta_over_k, delta_k, current;
        int64_t after_ms, confirm_ms, eta_ms;
    } compressor;
    struct {
        int64_t stuck_samples, stuck_ms, missing_ms, accept;
        double low_c, high_c, rate_kpmin, drift_k, missing_times, stuck_step_k;
    } sensor;
    struct {
        int64_t count;
        double tolerance;
    } cadence;
    struct {
        double limit;
        int64_t after_ms;
    } humidity;
    double shock_g;
    int64_t shock_hold_ms;
    double light_lx;
    int64_t power_after_ms;
    double battery_low, battery_clear;
    struct {
        double k;
        int64_t window_ms;
    } handover;
    struct {
        int64_t after_ms;
    } untracked;
};

extern const struct haul_option_set cold_option_set;

/* ---- tables ---- */
/* In the order of cold_rules[] in rules.c. */
enum cold_rule {
    COLD_R_EXCURSION,
    COLD_R_CUMULATIVE,
    COLD_R_FREEZE,
    COLD_R_MKT,
    COLD_R_LIFE,
    COLD_R_DOOR,
    COLD_R_DEFROST,
    COLD_R_COMPRESSOR,
    COLD_R_STUCK,
    COLD_R_DRIFT,
    COLD_R_MISSING,
    COLD_R_IMPOSSIBLE,
    COLD_R_CADENCE,
    COLD_R_HUMIDITY,
    COLD_R_SHOCK,
    COLD_R_LIGHT,
    COLD_R_POWER,
    COLD_R_BATTERY,
    COLD_R_PRECOOL,
    COLD_R_HANDOVER,
    COLD_R_UNTRACKED,
    COLD_RULES
};
extern const struct haul_rule cold_rules[COLD_RULES];

enum cold_counter {
    COLD_C_DISORDERED, /* older than what its probe has been followed to: not used */
    COLD_C_HURRIED,    /* went ahead of the watermark, because too many waited */
    COLD_C_UNTRUSTED,  /* impossible: not integrated */
    COLD_C_OVERFULL,   /* shipments loaded into a unit that holds as many as it can */
    COLD_C_FILLED,     /* exposures that came late and filled a gap */
    COLD_C_OVERLAP,    /* exposures of a time that the shipment has already been followed through */
    COLD_COUNTERS
};
extern const struct haul_counter cold_counters[COLD_COUNTERS];

enum cold_entity { COLD_UNIT, COLD_SHIPMENT };
enum cold_timer { COLD_T_RELEASE, COLD_T_SILENCE, COLD_T_GONE, COLD_T_SHOCK, COLD_TIMERS };

/* ---- the state of a load unit ---- */
enum cold_item { COLD_I_SAMPLE, COLD_I_DOOR, COLD_I_DEFROST, COLD_I_POWER };
/* What a held item carries. */
enum {
    COLD_HAS_TEMP = 1,
    COLD_HAS_HUMIDITY = 2,
    COLD_HAS_SET = 4,
    COLD_HAS_RETURN = 8,
    COLD_HAS_SUPPLY = 16,
    COLD_HAS_CURRENT = 32,
    COLD_HAS_DOOR = 64,
    COLD_HAS_SHOCK = 128,
    COLD_HAS_LIGHT = 256,
    COLD_HAS_BATTERY = 512,
    COLD_HAS_POWER = 1024,
    COLD_HAS_DEFROST = 2048,
    COLD_HAS_REFRESH = 4096,
    COLD_HAS_COARSE = 8192, /* the probe tells steps of sensor.stuck_resolution at the finest */
};

struct cold_held {
    int64_t ms;
    double temp_c;
    float humidity, set_c, return_c, supply_c, current_a, shock_g, light_lx, battery, refresh_s;
    uint16_t has;
    uint8_t zone, probe;
    bool door, power, defrost;
    uint8_t what; /* enum cold_item; an event has nothing in `has` */
};

struct cold_probe {
    int64_t ms;       /* of its newest sample that was taken, believed or not; 0: there is no such probe */
    int64_t good_ms;  /* of the newest that was believed */
    int64_t same_ms;  /* since when it has not changed */
    int64_t every_ms; /* usual interval */
    double temp_c, stray_c;
    double base_k, high_k, low_k; /* against its twins: learnt difference, sums of the CUSUM */
    int64_t drift_ms;             /* since when the sum that is ahead has been growing */
    uint32_t raised;              /* bit a rule: this probe's part in the unit's alert */
    uint16_t same, paired;
    uint8_t zone, strays, slow, prompt;
};

struct cold_point {
    int32_t s; /* since the unit's epoch */
    float temp_c;
};

struct cold_zone {
    int64_t through_ms, fresh_ms; /* exposure is sent up to; of its newest believed sample */
    int64_t out_ms, warm_ms, fade_ms, humid_ms, light_ms, rising_ms, door_ms, defrost_ms, lift_ms; /* since; 0 */
    int64_t event_ms;              /* of the newest event of the door or of a defrost */
    int64_t shut_ms, heat_ms;      /* when the door was last shut; since when the supply air is heated */
    int64_t rest_ms, warmed_ms;    /* since when nothing cools, 0: it does; its newest sample */
    int64_t glow_ms;               /* since when the air is heated, by how it warms; 0 */
    int64_t start_ms[COLD_STARTS]; /* newest defrosts, learnt from their shape; newest first */
    double high_c, low_c, mean_c, base_c, peak_c;
    float rest_c, warmed_c,
        leak_kpmin; /* where the rest began and has come to; how fast the walls warm the air, 0: not known */
    float set_c, return_c, supply_c, current_a, nominal_a, eta_min;
    struct cold_point point[COLD_POINTS];
    uint32_t raised;
    uint16_t known;
    uint8_t points, starts, door, declared, door_known, class_len, lift_door, out;
    uint8_t shows; /* it says itself, or by warm supply air, when it is defrosted: nothing need be learnt. COLD_SHOWS
                    * when it just did */
    char class[COLD_CLASS_BYTES];
};

struct cold_aboard {
    int64_t from_ms, until_ms; /* until INT64_MAX: aboard */
    uint8_t used, zone, id_len, class_len, checked;
    char id[HAUL_ID_MAX], class[COLD_CLASS_BYTES];
};

struct cold_unit {
    int64_t newest_ms, heard_ms, power_ms, epoch_ms;
    double lon_deg, lat_deg;
    uint32_t disordered, hurried, untrusted, raised; /* raised: the unit's own part */
    float humidity, shock_g, light_lx, battery;
    uint16_t known;
    uint8_t positioned, store, power, source_len, held_len;
    char source[64];
    struct cold_held held[COLD_HELD]; /* oldest first */
    struct cold_probe probe[COLD_PROBES];
    struct cold_zone zone[COLD_ZONES];
    struct cold_aboard aboard[COLD_ABOARD];
};

_Static_assert(sizeof(struct cold_unit) <= 8192, "a load unit's state can be kept as evidence");

/* ---- the state of a shipment ---- */
/* A sum without loss: Neumaier, ZAMM 54:39, 1974. */
struct cold_sum {
    double s, c;
};

/* Mean kinetic temperature: the sum of w·exp(10000/T0 - 10000/T), and of w. */
struct cold_mkt {
    struct cold_sum sum;
    int64_t w_ms;
};

struct cold_window {
    int64_t window_ms; /* its length: another one begins it anew */
    int64_t newest;    /* number of the newest bucket: its time divided by the width */
    double sum[COLD_BUCKETS];
    uint32_t w_ms[COLD_BUCKETS];
};

enum cold_band { COLD_B_FROZEN, COLD_B_BELOW, COLD_B_IN, COLD_B_ABOVE, COLD_B_HOT, COLD_BANDS };

struct cold_entry {
    int64_t ms;
    double value, threshold;
    uint8_t rule, open;
};

struct cold_gap {
    int64_t from_ms, to_ms;
};

struct cold_shipment {
    int64_t begin_ms, through_ms, loaded_ms, unloaded_ms, heard_ms;
    int64_t gap_ms;
    struct cold_gap gap[COLD_GAPS]; /* newest first; the newest may still be filled */
    uint32_t gaps, filled, overlaps, handovers;
    int64_t
        was_ms; /* when the unit before was left, while the first exposure in the new one is awaited; 0: it is not */
    double was_c;
    int64_t taken_ms; /* of a receiver's reading that what the giver measured is still awaited for; 0: none is */
    double taken_c;
    struct cold_mkt mkt;
    struct cold_window window;
    struct cold_sum life, mean; /* share of the shelf life that is gone; sum of w·temperature */
    double min_c, max_c, now_high_c, now_low_c, handover_k;
    int64_t min_ms, max_ms;
    int64_t single_ms[COLD_BOUNDS], worst_ms[COLD_BOUNDS], total_ms[COLD_BOUNDS], since_ms[COLD_BOUNDS];
    int64_t band_ms[COLD_BANDS];
    struct cold_entry log[COLD_LOG]; /* oldest first */
    uint32_t forgotten;              /* entries that the log no longer holds */
    uint8_t log_len, aboard, exposed, zone, unit_len, class_len, by_len, pad;
    char unit[HAUL_ID_MAX], class[COLD_CLASS_BYTES], by[64];
};

/* ---- one step ---- */
struct cold_step {
    struct haul_task *task;
    struct haul_entity *entity;
    const struct cold_options *o;
    struct cold_unit *u;     /* NULL when it is about a shipment */
    struct cold_shipment *s; /* NULL when it is about a unit */
    int64_t now_ms;
    bool turned; /* an alert was raised or cleared: paint at once */
};

static inline int64_t cold_least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}
static inline int64_t cold_most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}
static inline double cold_min(int64_t ms)
{
    return (double)ms / 60000;
}

/* classes.c */
/* An operator's class goes before a preset of its name; an unknown or empty name is the default class, and without one
 * NULL. */
const struct cold_class *cold_class_find(const struct cold_options *o, struct haul_str name);
/* The temperature is beyond the limit, as the limit's own side and `beyond` say. */
bool cold_breaks(const struct cold_class *c, enum cold_bound b, double high_c, double low_c);
bool cold_outside(const struct cold_class *c, double high_c, double low_c);

/* integral.c */
void cold_add(struct cold_sum *s, double x);
double cold_total(const struct cold_sum *s);
void cold_mkt_add(struct cold_mkt *m, double temp_c, int64_t w_ms);
/* Degrees Celsius; NAN when nothing was added. */
double cold_mkt_c(const struct cold_mkt *m);
/* Adds [from, to) to a window that is `window_ms` long, in steps of a 48th. */
void cold_window_add(struct cold_window *w, int64_t window_ms, double temp_c, int64_t from_ms, int64_t to_ms);
double cold_window_c(const struct cold_window *w);
int64_t cold_window_ms(const struct cold_window *w);
/* How many times faster than at its reference temperature the class ages: Arrhenius or Q10. */
double cold_pace(const struct cold_class *c, double temp_c);

/* judge.c */
/* For how long it has held; -1: it does not. */
int64_t cold_held_ms(int64_t *since_ms, bool on, int64_t now_ms);
void cold_raise(struct cold_step *x, enum cold_rule rule, struct haul_raise a);
void cold_clear(struct cold_step *x, enum cold_rule rule);
/* One of the unit's parts (a zone, a probe, the unit itself) has or has not what the rule is about: the unit's alert is
 * raised with the first of them and clears with the last. */
void cold_part(struct cold_step *x, uint32_t *raised, enum cold_rule rule, bool on, const struct haul_raise *a);

/* order.c */
/* Takes an item in; false: it is older than what it is about has been followed to. */
bool cold_hold(struct cold_step *x, const struct cold_held *item);
/* Everything up to `to_ms` is looked at, and the timer for the rest set. */
void cold_settle(struct cold_step *x, int64_t to_ms);

/* zone.c */
void cold_take(struct cold_step *x, const struct cold_held *item);
void cold_loaded(struct cold_step *x, const struct haul_record *r);
void cold_unloaded(struct cold_step *x, const struct haul_record *r);
/* Ends what ends by `to_ms`: shipments that were unloaded. */
void cold_depart(struct cold_step *x, int64_t to_ms);
int64_t cold_next_departure(const struct cold_unit *u);
/* For how long a sample of the zone may stand for its temperature. */
int64_t cold_stands_ms(const struct cold_step *x, const struct cold_zone *z);
/* What the zone is kept for: the class of its newest load, else the class that it says itself, else NULL. */
const struct cold_class *cold_zone_class(const struct cold_step *x, unsigned zone);

/* probe.c */
/* True: believed. */
bool cold_probe_take(struct cold_step *x, struct cold_probe *p, const struct cold_held *item);
void cold_twins(struct cold_step *x, struct cold_probe *p);
void cold_cadence(struct cold_step *x, struct cold_probe *p, const struct cold_held *item, int64_t before_ms);
void cold_silence(struct cold_step *x);
/* When the first probe will have been silent for too long; INT64_MAX: none. */
int64_t cold_silence_due(const struct cold_step *x);

/* air.c */
bool cold_in_defrost(const struct cold_step *x, const struct cold_zone *z);
void cold_air(struct cold_step *x, unsigned zone, double was_c, int64_t was_ms);

/* heat.c */
void cold_heat(struct cold_step *x, unsigned zone);
/* The zone is being heated, by what its air shows, and has left the machine's own cycle. */
bool cold_glows(const struct cold_step *x, const struct cold_zone *z);

/* compressor.c */
/* The zone says by its air or by the current whether it is being cooled. */
bool cold_tells_cooling(const struct cold_zone *z);
/* Nothing cools: the air comes back as it was supplied, or the compressor draws next to no current. */
bool cold_idle(const struct cold_options *o, const struct cold_zone *z);
/* Minutes until the course of the zone reaches `limit_c`, by a first-order fit; negative: it does not. */
double cold_forecast_min(const struct cold_zone *z, double limit_c);
void cold_point_add(struct cold_unit *u, struct cold_zone *z, int64_t ms, double temp_c);
void cold_compressor(struct cold_step *x, unsigned zone);

/* guard.c */
void cold_guards(struct cold_step *x, const struct cold_held *item);
void cold_door_set(struct cold_step *x, unsigned zone, bool open, int64_t ms);
void cold_defrost_set(struct cold_zone *z, bool on, int64_t ms);
void cold_power_set(struct cold_step *x, bool on, int64_t ms);

/* exposure.c */
void cold_expose(struct cold_step *x, const struct haul_record *r);
void cold_custody(struct cold_step *x, const struct haul_record *r);
void cold_handed(struct cold_step *x, const struct haul_record *r);
/* A receiver's reading that was ahead of the giver's samples is held against the newest of them. */
void cold_compare(struct cold_step *x);

/* shipment.c */
void cold_judge(struct cold_step *x, const struct cold_class *c);
void cold_log(struct cold_shipment *s, int64_t ms, enum cold_rule rule, bool open, double value, double threshold);

/* view.c */
void cold_view(const struct haul_task *t, const struct haul_entity *e, struct haul_json *j);
void cold_dump(const void *state, unsigned entity_kind, struct haul_json *j);
bool cold_live(const struct haul_entity *e, struct haul_live *out);

#endif
