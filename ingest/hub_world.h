/* SPDX-License-Identifier: Apache-2.0
 * What the files of the hub simulator share. hub_simulator.c has the clock and the outbox, hub_items.c the way of an
 * item from the dock to the truck, hub_parts.c motors, trucks, vehicles and storage, hub_faults.c what goes wrong.
 */
#ifndef HAUL_INGEST_HUB_WORLD_H
#define HAUL_INGEST_HUB_WORLD_H

#include "haul/hub_simulator.h"
#include "haul/math.h"
#include "haul/rng.h"

#define HUB_MS_S   1000
#define HUB_MS_MIN 60000
#define HUB_MS_H   3600000
#define HUB_FIELDS 12
#define HUB_TEXT   32
#define HUB_NONE   UINT32_MAX

/* ---- messages ---- */
enum hub_type { HUB_T_TEXT, HUB_T_REAL, HUB_T_INT };
struct hub_field {
    enum haul_field field;
    enum hub_type type;
    union {
        char s[HUB_TEXT];
        double f;
        int64_t i;
    };
};
struct hub_message {
    int64_t send_ms, time_ms;
    uint64_t order;
    uint32_t hub;
    uint16_t kind;
    uint8_t fields, bad; /* bad: 0, or which malformed one plus 1 */
    struct hub_field field[HUB_FIELDS];
};

/* ---- what is going to happen ---- */
enum hub_what {
    HUB_ARRIVE,   /* an item comes to the dock of line a */
    HUB_READY,    /* what is in zone a has reached its end */
    HUB_IN_ZONE,  /* what was passed on to zone a comes in: item b */
    HUB_TUNNEL,   /* item b passes the scanner */
    HUB_DIVERT,   /* item b falls into its chute */
    HUB_EMPTY,    /* chute a is emptied */
    HUB_SHIP,     /* item b is loaded */
    HUB_MOTORS,   /* readings of all motors */
    HUB_TRUCK,    /* the truck of dock a does what comes next */
    HUB_VEHICLE,  /* vehicle a reports */
    HUB_STOCK,    /* something is stored or picked at location a */
    HUB_COUNTING, /* location a is counted */
    HUB_FAULT,    /* fault a begins, as soon as the hub can have it */
};
struct hub_event {
    int64_t ms;
    uint64_t order;
    uint32_t hub, a, b;
    enum hub_what what;
};

/* ---- a hub ---- */
struct hub_item {
    uint32_t next; /* in a queue, or of the free ones */
    uint16_t to;   /* chute, from 0 */
    uint16_t fell; /* into which it fell */
    bool leaves;   /* has left */
    char id[32];
};
struct hub_queue {
    uint32_t first, last, len;
};
struct hub_zone {
    uint32_t item; /* HUB_NONE: free */
    bool reserved; /* something is on its way to it */
    bool ready;    /* what is in it waits to go on */
    bool motor;
    int64_t jam_ms;    /* the next item sticks for so long; 0: it does not */
    int64_t wedge_ms;  /* the next item to it is wedged for so long */
    double load;       /* of its motor: 1 is usual */
    int64_t rested_ms; /* it is not worn again before */
};
struct hub_chute {
    struct hub_queue items;
    bool emptying;
    int64_t shut_ms; /* nobody empties it before it was full for so long; 0: as usual */
    int64_t told_ms;
};
struct hub_truck {
    uint32_t number;
    uint8_t step;
    enum haul_hub_fault trouble; /* of the next visit, then of this; HAUL_HUB_FAULTS_LEN: none */
};
struct hub_vehicle {
    double x_m, y_m, heading, battery;
    int64_t phase_ms, trouble_ms; /* the end of each */
    uint8_t phase;                /* 0 idle, 1 drives, 2 loads, 3 charges */
    enum haul_hub_fault trouble;  /* HAUL_HUB_FAULTS_LEN: none */
    uint32_t order;
};
struct hub_location {
    int64_t ledger, real;
    int64_t stolen, found_ms; /* 0: none */
    uint32_t number;
};
struct hub {
    char id[16];
    struct haul_rng rng;
    struct hub_item *item;
    uint32_t items_len, items_cap, free_item;
    uint32_t made;
    uint64_t in, out;
    struct hub_queue *line; /* what waits before each line */
    struct hub_zone *zone;  /* line by line */
    struct hub_chute *chute;
    struct hub_truck *truck;
    struct hub_vehicle *vehicle;
    struct hub_location *location;
    int64_t flow_until_ms[HAUL_HUB_FLOW_FAULTS]; /* of the faults that last */
    int64_t copy_after_ms;                       /* no label is copied before */
    int64_t flow_busy_ms;                        /* no other fault of the flow before */
    int64_t sorter_free_ms, last_send_ms;
    int64_t lose_ms;            /* the next item into a chute is mislaid for so long */
    bool copy, twice, disorder; /* the next reading is */
    uint32_t bad;               /* malformed ones so far */
};

struct haul_hub_simulator {
    struct haul_hub_scenario scenario;
    int64_t start_ms, end_ms;
    struct hub *hub;
    struct hub_event *event; /* heap, the earliest first */
    size_t events_len, events_cap;
    struct hub_message *outbox; /* heap, the first to be sent first */
    size_t outbox_len, outbox_cap;
    struct haul_hub_truth *truth;
    size_t truths_at, truths_len, truths_cap;
    uint64_t order;
    int64_t now_ms;
    bool ended;
    struct hub_message sent;
    char source[24], bad_text[64];
};

/* hub_simulator.c */
void hub_at(struct haul_hub_simulator *s, struct hub *h, int64_t ms, enum hub_what what, uint32_t a, uint32_t b);
struct hub_message hub_message(struct haul_hub_simulator *s, struct hub *h, enum haul_kind kind);
void hub_text(struct hub_message *m, enum haul_field f, const char *format, ...) __attribute__((format(printf, 3, 4)));
void hub_real(struct hub_message *m, enum haul_field f, double v);
void hub_int(struct hub_message *m, enum haul_field f, int64_t v);
void hub_push(struct haul_hub_simulator *s, struct hub *h, const struct hub_message *m);
double hub_between(struct hub *h, double low, double high);
int64_t hub_ms(struct hub *h, double low_s, double high_s);

/* hub_items.c */
void hub_items_begin(struct haul_hub_simulator *s, struct hub *h);
void hub_items_event(struct haul_hub_simulator *s, struct hub *h, const struct hub_event *e);

/* hub_parts.c */
void hub_parts_begin(struct haul_hub_simulator *s, struct hub *h);
void hub_parts_event(struct haul_hub_simulator *s, struct hub *h, const struct hub_event *e);

/* hub_faults.c */
void hub_faults_begin(struct haul_hub_simulator *s, struct hub *h);
void hub_fault(struct haul_hub_simulator *s, struct hub *h, const struct hub_event *e);
bool hub_flow_fault(const struct haul_hub_simulator *s, const struct hub *h, enum haul_hub_fault f);
void hub_truth(struct haul_hub_simulator *s, enum haul_hub_fault f, int64_t from_ms, int64_t until_ms,
               const char *format, ...) __attribute__((format(printf, 5, 6)));
/* A record that cannot be used: which of a few. */
void hub_bad(struct haul_hub_simulator *s, struct hub *h);
extern const char *const hub_bad_reasons[];

#endif
