/* SPDX-License-Identifier: Apache-2.0
 * The bridge from JT/T 809: raw frames, one or more a message, become vehicle positions and events. A vehicle is a
 * plate and its colour there; its id here is a keyed hash of the two, since plates are hidden at the gate.
 */
#include "haul/crs.h"
#include "haul/jt809.h"
#include "haul/processor.h"

#include "ingest/bridges.h"
#include "ingest/gbk.h"
#include "ingest/jt_records.h"

#include <stdio.h>

#define PLATE_MAX (3 * HAUL_JT809_PLATE) /* bytes of UTF-8 */

enum id_form { ID_HASH, ID_PLATE };
static const char *const id_forms[] = {"hash", "plate", NULL};

struct options {
    char source[JT_SOURCE_MAX], group[JT_GROUP_MAX];
    int32_t crs, id;
};

static const struct haul_option rows[] = {
    {.name = "source",
     .type = HAUL_O_TEXT,
     .offset = offsetof(struct options, source),
     .size = JT_SOURCE_MAX,
     .low = 0,
     .high = 52,
     .fallback = "jt809",
     .answer = true,
     .en = "Source that the records name; the number of the platform's centre is put behind it.",
     .zh = "记录中标明的来源；其后附平台接入码。"},
    JT_GROUP_ROW(struct options, group),
    {.name = "crs",
     .type = HAUL_O_CHOICE,
     .offset = offsetof(struct options, crs),
     .choices = bridge_crs_names,
     .fallback = "wgs84",
     .answer = true,
     .en = "Coordinate system of the positions; those marked as shifted are GCJ-02 whatever it says.",
     .zh = "位置所用坐标系；标记为已偏移的一律按 GCJ-02 处理。"},
    {.name = "id",
     .type = HAUL_O_CHOICE,
     .offset = offsetof(struct options, id),
     .choices = id_forms,
     .fallback = "hash",
     .answer = true,
     .en = "What a vehicle is known by: the keyed hash of plate and colour, or the plate and colour themselves.",
     .zh = "车辆以何标识：号牌与颜色的带密钥哈希，或号牌与颜色本身。"},
};

static const struct haul_option_set option_set = {
    .section = "bridge_jt809",
    .en = "The bridge from JT/T 809 (2011 and 2019): frames between platforms to vehicle positions and events.",
    .zh = "JT/T 809（2011 与 2019）桥接：平台间报文转为车辆位置与事件。",
    .rows = rows,
    .rows_len = sizeof rows / sizeof rows[0],
    .bytes = sizeof(struct options),
};

enum { ALARM_OTHER = JT_COUNTERS, SHIFTED, BACKFILL, REFUSED };
static const struct haul_counter counters[] = {
    [JT_OTHER] = {"other", "messages of other kinds than positions and alarms: links, registrations, supervision"},
    [JT_UNFIXED] = {"unfixed", "positions without a fix, an alarm and a temperature: not used"},
    [ALARM_OTHER] = {"alarms_other", "alarms of a kind that the alarm word of JT/T 808 does not have: not used"},
    [SHIFTED] = {"shifted", "positions that had passed the map's secrecy plug-in, taken as GCJ-02"},
    [BACKFILL] = {"backfill", "positions that were sent later than taken"},
    [REFUSED] = {"positions_refused", "positions that cannot be used, beside the one that their dead letter names"},
};

/* One frame's vehicle; and what of it cannot be used: one dead letter. */
struct vehicle {
    const struct haul_jt809_frame *frame;
    char id[HAUL_ID_MAX + 1], plate[PLATE_MAX + 1], source[JT_SOURCE_MAX + 12];
    unsigned refused;
    struct haul_refusal first;
};

static void note(struct vehicle *v, const struct haul_refusal *why)
{
    if (v->refused++ == 0) v->first = *why;
}

/* ---- records ----------------------------------------------------------------------------------------------------- */
static bool identify(const struct haul_task *t, struct vehicle *v, struct haul_refusal *why)
{
    const struct options *o = haul_task_options(t);
    char text[PLATE_MAX + 8], hash[33];
    size_t n;
    if (v->frame->plate.n == 0 || !gbk_to_utf8(haul_task_prepared(t), v->frame->plate, v->plate, PLATE_MAX, &n)) {
        *why = (struct haul_refusal){HAUL_REASON_UTF8, "plate", "the number plate is empty or no GBK"};
        return false;
    }
    v->plate[n] = '\0';
    const int len = snprintf(text, sizeof text, "%s:%u", v->plate, v->frame->colour);
    haul_task_pseudonym(t, (struct haul_str){text, (size_t)len}, hash);
    snprintf(v->id, sizeof v->id, "%.64s", o->id == ID_PLATE ? text : hash);
    snprintf(v->source, sizeof v->source, "%s-%u", o->source, v->frame->centre);
    return true;
}

static struct jt_vehicle vehicle_of(const struct vehicle *v, const struct options *o, bool shifted)
{
    return (struct jt_vehicle){.id = haul_str_of(v->id),
                               .source = haul_str_of(v->source),
                               .group = haul_str_of(o->group),
                               .plate = haul_str_of(v->plate),
                               .serial = -1, /* it is the link's, not the vehicle's */
                               .crs = (uint8_t)(shifted ? HAUL_CRS_GCJ02 : o->crs)};
}

static void take_position(struct haul_task *t, struct vehicle *v, const struct haul_jt809_position *p)
{
    const struct jt_vehicle vehicle = vehicle_of(v, haul_task_options(t), p->shifted);
    struct haul_refusal why;
    if (p->shifted && HAUL_JT808_FIXED(p->at.status)) haul_task_count(t, SHIFTED, 1);
    if (!jt_location(t, &vehicle, &p->at, &why)) note(v, &why);
}

static void take_positions(struct haul_task *t, struct vehicle *v)
{
    static const struct haul_refusal trailing = {.reason = HAUL_REASON_TOO_MANY,
                                                 .text = "there are octets behind the last position"};
    struct haul_jt809_positions list;
    struct haul_refusal why;
    if (!haul_jt809_positions_open(v->frame, &list, &why)) {
        note(v, &why);
        return;
    }
    if (v->frame->subtype == HAUL_JT809_BACKFILL) haul_task_count(t, BACKFILL, list.left);
    while (list.left > 0) {
        struct haul_jt809_position p;
        if (haul_jt809_positions_next(&list, &p, &why))
            take_position(t, v, &p);
        else
            note(v, &why);
    }
    if (list.rest.n > 0 && v->refused == 0) note(v, &trailing);
}

static void take_alarm(struct haul_task *t, struct vehicle *v)
{
    const struct jt_vehicle vehicle = vehicle_of(v, haul_task_options(t), false);
    struct haul_jt809_alarm a;
    struct haul_refusal why;
    if (!haul_jt809_alarm_read(v->frame, &a, &why))
        note(v, &why);
    else if (a.bits == 0)
        haul_bridge_ignore(t, ALARM_OTHER);
    else if (!jt_alarm(t, &vehicle, a.time, a.bits, &why))
        note(v, &why);
}

/* ---- messages ---------------------------------------------------------------------------------------------------- */
static void take_vehicle(struct haul_task *t, const struct haul_jt809_frame *f, struct haul_str part)
{
    struct vehicle v = {.frame = f};
    struct haul_refusal why;
    if (!identify(t, &v, &why))
        note(&v, &why);
    else if (f->subtype == HAUL_JT809_ALARM_REPORT)
        take_alarm(t, &v);
    else
        take_positions(t, &v);
    if (v.refused == 0) return;
    if (v.refused > 1) haul_task_count(t, REFUSED, v.refused - 1);
    haul_bridge_refuse(t, part, v.first.reason, v.first.field, "message %04X, serial %u: %s%s", f->subtype, f->serial,
                       v.first.text, v.refused > 1 ? "; others in it too" : "");
}

static void message(struct haul_task *t, struct haul_str key, struct haul_str part, size_t at)
{
    (void)key; /* frames name their vehicle */
    uint8_t room[HAUL_JT809_FRAME_MAX];
    struct haul_jt809_frame f;
    struct haul_refusal why;
    if (!haul_jt809_read(part, room, &f, &why))
        haul_bridge_refuse(t, part, why.reason, why.field, "frame at byte %zu: %s", at, why.text);
    else if (f.subtype == HAUL_JT809_POSITION || f.subtype == HAUL_JT809_BACKFILL ||
             f.subtype == HAUL_JT809_ALARM_REPORT)
        take_vehicle(t, &f, part);
    else
        haul_bridge_ignore(t, JT_OTHER);
}

static enum haul_err prepare(const void *options, void **out, struct haul_error *e)
{
    (void)options;
    struct gbk *g;
    const enum haul_err err = gbk_open(&g, e);
    if (err == HAUL_OK) *out = g;
    return err;
}

static void discard(void *prepared)
{
    gbk_close(prepared);
}

const struct haul_processor haul_bridge_jt809 = {
    .mailbox = HAUL_MAILBOX_BRIDGE_JT809,
    .summary_en = "translates JT/T 809 frames into vehicle positions and events",
    .summary_zh = "把 JT/T 809 报文翻译为车辆位置与事件",
    .state_version = 1,
    .gives = jt_gives,
    .entities = {{"jt809", 0}},
    .options = &option_set,
    .counters = counters,
    .counters_len = sizeof counters / sizeof counters[0],
    .part = haul_jt809_next,
    .message = message,
    .prepare = prepare,
    .discard = discard,
};
