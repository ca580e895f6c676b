/* SPDX-License-Identifier: Apache-2.0
 * What the files of the warehouse share: options, and the state of a hub, its stations, its vehicles and its pages.
 *
 * All records of a hub carry the hub's id, so that one task sees them in one order. Inside it are four kinds of entity:
 *
 *     hub      what flows through it, its docks and its figures           haul:hub:<hub>
 *     station  a zone, scanner, chute, dock or storage location           haul:station:<hub>/<name>
 *     agv      an automated guided vehicle                                haul:agv:<hub>/<name>
 *     page     a part of the table of items, or the trucks in the yard    not shown
 *
 * warehouse.c takes records in; scan.c follows items (items.c is their table) and counts what they tell of readers,
 * chutes and flow; flow.c closes each minute of the hub; machine.c looks at photo-eyes, zones and motors; chute.c at
 * what fills; yard.c at trucks; agv.c at vehicles; stock.c at counts and orders; tags.c compares hubs. judge.c turns
 * what they find into alerts, view.c shows it.
 *
 * Items obey conservation: in = out + inside after every step, where out are those that left and those written off.
 */
#ifndef HAUL_WAREHOUSE_WAREHOUSE_H
#define HAUL_WAREHOUSE_WAREHOUSE_H

#include "haul/detect_chart.h"
#include "haul/detect_season.h"
#include "haul/math.h"
#include "haul/processor.h"

#define WH_NAME       31 /* bytes of a hub's or a station's name */
#define WH_DOCKS      24 /* whose queues a hub's document shows */
#define WH_CLASSES    4  /* of service with a dwell of their own; beside them one for all others */
#define WH_HUBS_MAX   64 /* rows of warehouse.hubs */
#define WH_PENDING    16 /* items on their way to a zone whose times are remembered */
#define WH_COURSE     12 /* newest minutes of what fills */
#define WH_MINUTES    64 /* of the hub's units, for an hour */
#define WH_TALLIES    16 /* minutes of the ratios: a quarter of an hour */
#define WH_PAGE_BYTES 8192
#define WH_ITEM_ID    24  /* bytes of an item's id that are kept */
#define WH_TOUCHES    400 /* bytes of what an alert touches */
#define WH_DAY_MS     86400000
#define WH_MINUTE_MS  60000

/* ---- options ---- */
struct wh_class {
    char name[64];
    int64_t sla_ms;
};

struct wh_hub_row {
    char name[64];
    int64_t capacity;
};

struct wh_options {
    char time_zone[8];
    int64_t keep_ms, show_every_ms, duplicate_ms;
    struct {
        int64_t max, keep_ms, gone_ms;
    } items;
    struct {
        uint32_t len;
        struct wh_class item[WH_CLASSES];
    } classes;
    struct {
        uint32_t len;
        struct wh_hub_row item[WH_HUBS_MAX];
    } hubs;
    struct {
        int64_t after_ms, clear_ms;
    } jam;
    struct {
        int64_t after_ms, forget_ms;
    } arrival;
    struct {
        double drop, clear, k, h;
        int64_t window_min, least, learn_min;
    } throughput;
    struct {
        double rate, chance;
        int64_t least;
    } missort;
    struct {
        double limit, chance;
    } no_read;
    struct {
        double limit, chance;
        int64_t least_ms;
    } recirculation;
    struct {
        double full, clear;
    } chute;
    struct {
        double fill, clear;
        int64_t after_ms;
    } growth;
    struct {
        double times;
        int64_t sla_ms, learn, count;
    } dwell;
    int64_t inventory_cycles;
    struct {
        bool between;
        int64_t within_ms, travel_ms, hold_ms, shards;
    } teleport;
    struct {
        int64_t wait_ms, turn_ms;
    } dock;
    struct {
        int64_t blocked_ms, silent_ms;
        double localization, battery, battery_clear;
    } agv;
    struct {
        double k, h, spread;
        int64_t learn, every_ms;
    } wear;
};
extern const struct haul_option_set wh_option_set;

/* ---- tables ---- */
/* In the order of wh_rules[] in rules.c. */
enum wh_rule {
    WH_R_SENSOR_JAM,
    WH_R_ARRIVAL_JAM,
    WH_R_THROUGHPUT,
    WH_R_MISSORT,
    WH_R_NO_READ,
    WH_R_RECIRCULATION,
    WH_R_CHUTE_FULL,
    WH_R_GROWTH,
    WH_R_DWELL,
    WH_R_INVENTORY,
    WH_R_TELEPORT,
    WH_R_DOCK_WAIT,
    WH_R_TRUCK_TURN,
    WH_R_AGV_BLOCKED,
    WH_R_AGV_LOST,
    WH_R_AGV_BATTERY,
    WH_R_AGV_SILENT,
    WH_R_AGV_FAULT,
    WH_R_WEAR,
    WH_RULES
};
extern const struct haul_rule wh_rules[WH_RULES];

enum wh_counter {
    WH_C_DISORDERED,
    WH_C_DUPLICATE,
    WH_C_UNANNOUNCED,
    WH_C_WRITTEN_OFF,
    WH_C_OVERFULL,
    WH_C_NO_ROOM,
    WH_COUNTERS
};
extern const struct haul_counter wh_counters[WH_COUNTERS];

enum wh_entity { WH_HUB, WH_STATION, WH_AGV, WH_PAGE };
enum wh_timer { WH_T_MINUTE, WH_T_SENSOR, WH_T_ARRIVAL, WH_T_PAGE, WH_T_AGV, WH_T_HOLD, WH_T_GONE, WH_TIMERS };

/* ---- measures ---- */
/* Times of a second up to twelve days in steps of an eighth of their power of two: quantiles within 6.3 %. Halved when
 * full, so that what is old fades. */
#define WH_SKETCH_BUCKETS 168
struct wh_sketch {
    uint16_t count[WH_SKETCH_BUCKETS];
    uint32_t total;
};

/* The course of what fills, a point a minute at most; oldest first. */
struct wh_course {
    int64_t epoch_ms;
    int32_t s[WH_COURSE]; /* since the epoch */
    float pct[WH_COURSE];
    int64_t rising_ms; /* since when it has been rising; 0: it does not */
    uint8_t n;
};

/* Sequential probability ratio test of a share (Wald, Annals of Mathematical Statistics 16:117, 1945): half the limit
 * against the limit; it begins anew when it has settled. While its alert is open it only asks for the half. */
struct wh_ratio {
    double sum; /* of the logarithms of likelihood ratios */
    uint32_t n, hits;
    int64_t since_ms;
};

/* ---- the state of a hub ---- */
struct wh_tally {
    uint32_t sorted, missorted, reads, no_reads, passes, recirculated;
};

struct wh_dock {
    char name[WH_NAME];
    uint8_t len, waiting, docked;
    bool wait_raised, turn_raised;
};

struct wh_hub {
    int64_t heard_ms;
    uint64_t in, out, written_off;           /* items; written_off is a part of out */
    uint32_t inside, stored, overdue, pages; /* stored and overdue are parts of inside */
    uint32_t units[WH_MINUTES];              /* items done, by minute */
    int64_t minute;                          /* number of the newest minute that is closed */
    struct wh_tally tally[WH_TALLIES];
    struct haul_season season;
    struct haul_cusum low;
    double level,
        usual_work; /* units a minute and items inside but not stored, slowly; stand in until the season is learnt */
    double expected[8]; /* units of the newest minutes, as they were expected; by minute */
    uint32_t learned_min, stale_min;
    struct wh_course course;
    struct wh_sketch dwell[WH_CLASSES + 1], to_stock;
    uint32_t class_hash[WH_CLASSES + 1];
    uint64_t orders, orders_wrong;
    double turn_min; /* of trucks, an exponential mean of the newest */
    uint32_t turns;
    uint16_t chutes, chutes_blocked, jams, agvs, agvs_troubled;
    uint8_t docks, positioned;
    struct wh_dock dock[WH_DOCKS];
    double lon_deg, lat_deg;
};
_Static_assert(sizeof(struct wh_hub) <= 5120, "a hub's state is copied before each of its records");

/* ---- the state of a station ---- */
enum wh_part { WH_P_UNKNOWN, WH_P_CONVEYOR, WH_P_SORTER, WH_P_SCANNER, WH_P_CHUTE, WH_P_LIFT, WH_P_DOCK, WH_P_STORAGE };

struct wh_station {
    int64_t newest_ms, shown_ms, heard_ms;
    uint8_t part;
    bool motor_known, motor, blocked, full, open, chute_counted, blocked_counted, jam_counted, filled;
    int64_t blocked_ms, motor_ms, moved_ms, freed_ms; /* since; 0: never */
    int64_t pending_ms[WH_PENDING];                   /* when what is on its way to it was sent; oldest first */
    uint32_t pending, pending_more;
    uint64_t received, sent;
    uint32_t wip, capacity;
    float fill_pct, current_a, vibration_mmps;
    struct wh_course course;
    struct wh_ratio no_read, recirculation;
    uint64_t scans, no_reads, sorted, missorted, recirculated;
    struct haul_cusum wear[2]; /* of current and of vibration */
    struct {
        double sum;
        int64_t n, since_ms;
    } reading[2];           /* on the way to the next value of each */
    int64_t stock, counted; /* the ledger, and the newest count */
    uint8_t counts, off_cycles;
    bool stock_known;
    double turn_min, wait_min; /* worst of the trucks at it now */
    uint8_t trucks;
};

/* ---- the state of a vehicle ---- */
struct wh_agv {
    int64_t newest_ms, still_ms; /* still: since when it has had an order and not driven; 0: it drives */
    double x_m, y_m, theta_rad;
    float localization, battery_pct, speed_mps;
    bool driving, paused, charging, fatal, estop, placed, troubled, counted;
    uint16_t errors;
    uint8_t order_len, map_len, mode_len, source_len;
    char order[64], map[24], mode[16], source[64];
};

/* ---- pages ---- */
#define WH_ITEM_GONE    1u
#define WH_ITEM_OVERDUE 2u
#define WH_ITEM_DONE    4u /* has been counted as a unit */
#define WH_ITEM_STORED  8u

struct wh_item {
    uint64_t key; /* hash of its id, never 0; 0: free */
    int64_t in_ms, last_ms;
    uint32_t at, to; /* hashes of where it was last read, and of the chute that is planned; 0: none */
    uint32_t class_hash;
    uint8_t flags, step, rounds, id_len;
    char id[WH_ITEM_ID]; /* its end, when it is longer: what tells items apart */
};
_Static_assert(sizeof(struct wh_item) == 64, "an item is a line of the cache");

struct wh_truck {
    int64_t gate_ms, dock_ms; /* when it came in, and when it came to its dock; 0: not yet */
    uint8_t len, dock;        /* dock: index in the hub's table plus 1; 0: none */
    char name[WH_NAME];
};

struct wh_sighting {
    uint64_t key;
    int64_t ms;
    uint8_t len;
    char hub[WH_NAME];
};

enum wh_holds { WH_FRESH, WH_ITEMS, WH_YARD, WH_TAGS };
#define WH_PAGE_ROOM  (WH_PAGE_BYTES - 64)
#define WH_PAGE_ITEMS (WH_PAGE_ROOM / sizeof(struct wh_item))
#define WH_PAGE_YARD  (WH_PAGE_ROOM / sizeof(struct wh_truck))
#define WH_PAGE_TAGS  (WH_PAGE_ROOM / sizeof(struct wh_sighting))

struct wh_page {
    uint8_t holds, hub_len;
    char hub[WH_NAME];
    uint32_t number, used, next; /* used: of items, those gone included; next: of sightings, the place of the next */
    union {
        struct wh_item item[WH_PAGE_ITEMS]; /* open addressing */
        struct wh_truck truck[WH_PAGE_YARD];
        struct wh_sighting sighting[WH_PAGE_TAGS];
    };
};
_Static_assert(sizeof(struct wh_page) <= WH_PAGE_BYTES, "a page fits");

/* ---- one step ---- */
struct wh_step {
    struct haul_task *task;
    struct haul_entity *hub_entity;
    const struct wh_options *o;
    struct wh_hub *h;
    struct haul_str hub; /* its name */
    int64_t now_ms;
    bool turned; /* an alert of the hub was raised or cleared: paint at once */
};

/* A station that the step looks at. */
struct wh_spot {
    struct haul_entity *entity;
    struct wh_station *s;
    bool turned;
};

static inline int64_t wh_most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}
static inline int64_t wh_least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}
static inline double wh_s(int64_t ms)
{
    return (double)ms / 1000;
}
static inline double wh_min(int64_t ms)
{
    return (double)ms / 60000;
}

/* measure.c */
void wh_sketch_add(struct wh_sketch *s, double seconds);
double wh_sketch_quantile(const struct wh_sketch *s, double q); /* seconds; 0 when empty */
/* The chance of at least x hits in n when each has the chance p. */
double wh_binomial_tail(uint32_t n, uint32_t x, double p);
enum wh_ratio_says { WH_RATIO_GOES_ON, WH_RATIO_GOOD, WH_RATIO_BAD };
enum wh_ratio_says wh_ratio_add(struct wh_ratio *r, bool hit, double limit, double chance, int64_t ms);
/* A point of what fills; then whether it has been rising, its slope in percent a minute, and minutes to 100 %. */
void wh_course_add(struct wh_course *c, int64_t ms, double pct);
double wh_course_slope(const struct wh_course *c);
double wh_course_eta_min(const struct wh_course *c); /* negative: it does not get there */
uint32_t wh_hash(struct haul_str s);                 /* never 0 */

/* judge.c */
void wh_raise(struct wh_step *x, struct haul_entity *e, bool *turned, enum wh_rule rule, struct haul_raise a);
void wh_clear(struct wh_step *x, struct haul_entity *e, bool *turned, enum wh_rule rule);
/* Another entity of the hub: "<hub><mark><name>". NULL: no room for it, which is counted. */
struct haul_entity *wh_other(struct wh_step *x, enum wh_entity kind, char mark, struct haul_str name, bool create);
/* The step of a timer of a station, a vehicle or a page: false when the hub is no longer known. */
bool wh_step_of_part(struct wh_step *x, struct haul_task *t, struct haul_str hub);
struct haul_str wh_hub_of(struct haul_str id, char mark);
struct haul_str wh_name_of(struct haul_str id, char mark);
struct wh_spot wh_spot_at(struct wh_step *x, struct haul_str name, bool create); /* entity NULL: there is none */
void wh_spot_done(struct wh_step *x, struct wh_spot *p);                         /* paints it, follows its counts */
/* "station:<hub>/<name>" in scratch, for what an alert touches. */
struct haul_str wh_touches(struct wh_step *x, const char *noun, struct haul_str name);

/* items.c */
struct wh_slot { /* an item's place in the table; valid until the next call of items.c */
    struct haul_entity *page;
    struct wh_page *p;
    struct wh_item *item;
};
uint64_t wh_item_key(struct haul_str id);
struct wh_slot wh_item_find(struct wh_step *x, uint64_t key); /* item NULL: not there */
/* Names an item that has come in: its id, or the end of it. */
void wh_item_name(struct wh_item *i, struct haul_str id);
/* A new item, that comes in now; makes room as the table grows. item NULL: no room for it, counted. */
struct wh_slot wh_item_enter(struct wh_step *x, uint64_t key);
void wh_item_leave(struct wh_step *x, struct wh_item *i);
void wh_page_timer(struct wh_step *x, struct haul_entity *e, struct wh_page *p);

/* scan.c */
enum haul_verdict wh_scan(struct wh_step *x, const struct haul_record *r);
int64_t wh_dwell_limit_ms(const struct wh_step *x, uint32_t class_hash);
/* `touches`: some of the items, of which the longest has been inside for so long. */
void wh_judge_dwell(struct wh_step *x, int64_t longest_ms, int64_t limit_ms, struct haul_str touches);
void wh_dwell_add(struct wh_step *x, uint32_t class_hash, int64_t ms);

/* flow.c */
struct wh_tally *wh_tally_at(struct wh_step *x, int64_t ms);
struct wh_tally wh_tally_sum(const struct wh_hub *h);
void wh_unit(struct wh_step *x, int64_t ms);
void wh_begin_minutes(struct wh_step *x);
void wh_minute(struct wh_step *x);
bool wh_zone_ms(const char *text, int64_t *out);
/* Units in the newest `minutes` closed ones. */
double wh_units(const struct wh_hub *h, int minutes);
double wh_expected(const struct wh_hub *h, int minutes);
/* `chute`: where the newest fell, or empty. */
void wh_judge_missort(struct wh_step *x, struct haul_str chute);
int64_t wh_capacity(const struct wh_options *o, struct haul_str hub);

/* machine.c */
enum haul_verdict wh_machine(struct wh_step *x, const struct haul_record *r);
void wh_sensor(struct wh_step *x, struct wh_spot *p);
void wh_arrival(struct wh_step *x, struct wh_spot *p);

/* chute.c */
enum haul_verdict wh_chute(struct wh_step *x, const struct haul_record *r);
void wh_fills(struct wh_step *x, struct haul_entity *e, bool *turned, struct wh_course *c, double pct);

/* yard.c */
enum haul_verdict wh_dock(struct wh_step *x, const struct haul_record *r);
void wh_yard_timer(struct wh_step *x, struct haul_entity *e, struct wh_page *p);

/* agv.c */
enum haul_verdict wh_agv(struct wh_step *x, const struct haul_record *r);
void wh_agv_timer(struct wh_step *x, struct haul_entity *e);
void wh_agv_gone(struct wh_step *x, struct haul_entity *e);

/* stock.c */
void wh_stored(struct wh_step *x, struct wh_spot *p, int64_t pieces);
enum haul_verdict wh_count(struct wh_step *x, const struct haul_record *r);
enum haul_verdict wh_order(struct wh_step *x, const struct haul_record *r);

/* tags.c */
void wh_sight(struct wh_step *x, const struct haul_record *r, uint64_t key);
enum haul_verdict wh_sighting(struct haul_task *t, struct haul_entity *e, const struct haul_record *r);
void wh_teleported(struct wh_step *x, struct haul_str item, struct haul_str other, double apart_s, double least_s);
enum haul_verdict wh_teleport(struct wh_step *x, const struct haul_record *r);

/* view.c */
void wh_view(const struct haul_task *t, const struct haul_entity *e, struct haul_json *j);
void wh_dump(const void *state, unsigned entity_kind, struct haul_json *j);

#endif
