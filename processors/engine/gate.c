/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/gate.h"

#include "haul/crs.h"

#include <stdio.h>

static bool refuse(struct haul_refusal *why, enum haul_reason reason, const char *field)
{
    why->reason = reason;
    snprintf(why->field, sizeof why->field, "%s", field);
    return false;
}

static bool refuse_time(struct haul_refusal *why, enum haul_reason reason, struct haul_time time,
                        struct haul_time append, int64_t off_ms, int64_t bound_ms)
{
    char event_text[HAUL_TIME_TEXT_BYTES], append_text[HAUL_TIME_TEXT_BYTES];
    snprintf(why->text, sizeof why->text, "time: %s is %lld ms %s the broker's %s; at most %lld ms are accepted",
             haul_time_format(time, event_text), (long long)off_ms,
             reason == HAUL_REASON_TIME_FUTURE ? "after" : "before", haul_time_format(append, append_text),
             (long long)bound_ms);
    return refuse(why, reason, "time");
}

bool haul_gate_time(const struct haul_gate *g, struct haul_time append, const struct haul_record *r,
                    struct haul_refusal *why)
{
    assert(g->future_max_ms >= 0 && g->past_max_ms >= 0);
    assert(r->time.ms != HAUL_TIME_NONE.ms);
    if (append.ms == HAUL_TIME_NONE.ms) {
        snprintf(why->text, sizeof why->text,
                 "time: the topic does not stamp its messages (message.timestamp.type=LogAppendTime)");
        return refuse(why, HAUL_REASON_NO_APPEND_TIME, "");
    }
    /* the decoder holds event time to the years 0000 to 9999, the broker's clock counts from 1970: no overflow */
    int64_t ahead_ms;
    const bool overflow = __builtin_sub_overflow(r->time.ms, append.ms, &ahead_ms);
    assert(!overflow);
    if (ahead_ms > g->future_max_ms)
        return refuse_time(why, HAUL_REASON_TIME_FUTURE, r->time, append, ahead_ms, g->future_max_ms);
    if (-ahead_ms > g->past_max_ms)
        return refuse_time(why, HAUL_REASON_TIME_PAST, r->time, append, -ahead_ms, g->past_max_ms);
    return true;
}

bool haul_gate_place(struct haul_record *r, struct haul_refusal *why)
{
    if (!r->positioned || r->crs == HAUL_CRS_WGS84) return true;
    const enum haul_crs from = (enum haul_crs)r->crs;
    if (haul_crs_to_wgs84(from, &r->lon_deg, &r->lat_deg) != HAUL_OK) {
        snprintf(why->text, sizeof why->text,
                 "crs: a position in system %u (%s) has no longitude and latitude without the site's frame; expected 0 "
                 "to 3",
                 (unsigned)r->crs, haul_crs_name(from));
        return refuse(why, HAUL_REASON_CRS, "crs");
    }
    r->crs = HAUL_CRS_WGS84;
    return true;
}

bool haul_gate_pass(const struct haul_gate *g, struct haul_time append, struct haul_record *r, struct haul_refusal *why)
{
    return haul_gate_time(g, append, r, why) && haul_gate_place(r, why);
}
