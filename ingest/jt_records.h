/* SPDX-License-Identifier: Apache-2.0
 * What JT/T 808 and 809 say of a vehicle, as records: the location report is the same in both.
 */
#ifndef HAUL_INGEST_JT_RECORDS_H
#define HAUL_INGEST_JT_RECORDS_H

#include "haul/jt808.h"
#include "haul/processor.h"

#define JT_GROUP_MAX  33
#define JT_SOURCE_MAX 65

/* The option `group`, at a member of the bridge's options. */
#define JT_GROUP_ROW(options, member)                                                                                  \
    {                                                                                                                  \
        .name = "group", .type = HAUL_O_TEXT, .offset = offsetof(options, member), .size = JT_GROUP_MAX, .low = 0,     \
        .high = JT_GROUP_MAX - 1, .fallback = "", .answer = true,                                                      \
        .en = "Group of vehicles whose limits hold for them; empty for none.",                                         \
        .zh = "适用其限值的车辆组；留空表示无。"                                                       \
    }

/* Counters that both bridges have, first and in this order. */
enum { JT_OTHER, JT_UNFIXED, JT_COUNTERS };

/* Whose locations these are. Texts: at least as long as the call. */
struct jt_vehicle {
    struct haul_str id, source, group, plate; /* group, plate: empty for none */
    int64_t serial;                           /* of the message; < 0: none */
    uint8_t crs;
};

/* Sends what a location says: the position to the fleet, or without a fix an alarm; the temperature of the carriage to
 * the cold chain. Ignored as JT_UNFIXED when it says nothing. False: *why, of the first that the decoder would not
 * take. */
bool jt_location(struct haul_task *t, const struct jt_vehicle *v, const struct haul_jt808_location *l,
                 struct haul_refusal *why);
/* An alarm without a position, as a vehicle_event. */
bool jt_alarm(struct haul_task *t, const struct jt_vehicle *v, struct haul_time time, uint32_t bits,
              struct haul_refusal *why);
/* Items of a location that records hold, by the bits of `have`. */
extern const uint64_t jt_items_used;
/* Mailboxes that both send to; 0-terminated. */
extern const uint8_t jt_gives[];

#endif
