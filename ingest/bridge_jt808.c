/* SPDX-License-Identifier: Apache-2.0
 * The bridge from JT/T 808: raw frames, one or more a message, keyed by terminal, become vehicle positions and
 * events, and what they say of their carriage samples of the cold chain.
 *
 * A message that was split into packets is put together here, whatever Kafka messages the packets come in, as long as
 * they come on one partition. An entity is a terminal with such a message under way; it goes when that is whole, or
 * when another one begins: then what there is goes to the dead letters.
 */
#include "haul/jt808.h"
#include "haul/processor.h"

#include "ingest/bridges.h"
#include "ingest/jt_records.h"

#include <stdio.h>

#define PACKETS_MAX 32
#define SPLIT_MAX   16384 /* octets of a message put together */

struct options {
    char source[JT_SOURCE_MAX], group[JT_GROUP_MAX];
    int32_t crs;
};

static const struct haul_option rows[] = {
    {.name = "source",
     .type = HAUL_O_TEXT,
     .offset = offsetof(struct options, source),
     .size = JT_SOURCE_MAX,
     .low = 0,
     .high = 64,
     .fallback = "jt808",
     .answer = true,
     .en = "Source that the records name: the gateway whose frames these are.",
     .zh = "记录中标明的来源：这些报文所属的网关。"},
    JT_GROUP_ROW(struct options, group),
    {.name = "crs",
     .type = HAUL_O_CHOICE,
     .offset = offsetof(struct options, crs),
     .choices = bridge_crs_names,
     .fallback = "wgs84",
     .answer = true,
     .en = "Coordinate system of the positions; the gate turns them into WGS-84.",
     .zh = "位置所用坐标系；入口处转换为 WGS-84。"},
};

static const struct haul_option_set option_set = {
    .section = "bridge_jt808",
    .en = "The bridge from JT/T 808 (2013 and 2019): terminals' frames to vehicle positions and events.",
    .zh = "JT/T 808（2013 与 2019）桥接：终端报文转为车辆位置与事件。",
    .rows = rows,
    .rows_len = sizeof rows / sizeof rows[0],
    .bytes = sizeof(struct options),
};

enum { PACKETS = JT_COUNTERS, ITEMS, ACTIVE_SAFETY, BLIND, REFUSED };
static const struct haul_counter counters[] = {
    [JT_OTHER] = {"other", "messages of other kinds than locations: heartbeats, registrations, answers"},
    [JT_UNFIXED] = {"unfixed", "locations without a fix, an alarm and a temperature: not used"},
    [PACKETS] = {"packets", "packets of split messages that were kept for the rest"},
    [ITEMS] = {"items_unused", "additional items of locations that no record holds"},
    [ACTIVE_SAFETY] = {"active_safety",
                       "items of driver assistance, driver state, tyres and blind spots: counted only"},
    [BLIND] = {"blind_area", "locations that were taken without network and came later"},
    [REFUSED] = {"reports_refused",
                 "reports of a batch that cannot be used, beside the one that its dead letter names"},
};

/* A split message under way. */
struct split {
    uint16_t id, first_serial, total, have, v2019;
    uint16_t len[PACKETS_MAX], at[PACKETS_MAX]; /* len 0 and at 0: not here; else at is one more than the place */
    uint16_t used;
    uint8_t octets[SPLIT_MAX];
};

/* One message, put together or whole; and what of it cannot be used: one dead letter, whatever number of reports. */
struct whole {
    const char *phone;
    uint16_t id, serial;
    struct haul_str body;
    unsigned refused;
    struct haul_refusal first;
};

/* ---- records ------------------------------------------------------------------------------------------------------
 */
static void note(struct whole *m, const struct haul_refusal *why)
{
    if (m->refused++ == 0) m->first = *why;
}

static void count_items(struct haul_task *t, const struct haul_jt808_location *l)
{
    haul_task_count(t, ITEMS, (uint64_t)__builtin_popcountll(l->have & ~jt_items_used) + l->unknown);
    haul_task_count(t, ACTIVE_SAFETY, l->active_safety);
}

static void take_location(struct haul_task *t, struct whole *m, struct haul_str body, size_t at, bool blind)
{
    const struct options *o = haul_task_options(t);
    const struct jt_vehicle vehicle = {.id = haul_str_of(m->phone),
                                       .source = haul_str_of(o->source),
                                       .group = haul_str_of(o->group),
                                       .serial = m->id == HAUL_JT808_LOCATION ? m->serial : -1, /* a batch has one */
                                       .crs = (uint8_t)o->crs};
    struct haul_jt808_location l;
    struct haul_refusal why;
    if (!haul_jt808_location_read(body, at, &l, &why)) {
        note(m, &why);
        return;
    }
    count_items(t, &l);
    if (blind) haul_task_count(t, BLIND, 1);
    if (!jt_location(t, &vehicle, &l, &why)) note(m, &why);
}

static void take_batch(struct haul_task *t, struct whole *m)
{
    static const struct haul_refusal empty = {.reason = HAUL_REASON_EMPTY, .text = "a batch of no reports"};
    static const struct haul_refusal trailing = {.reason = HAUL_REASON_TOO_MANY,
                                                 .text = "there are octets behind the last report of the batch"};
    struct haul_jt808_batch batch;
    struct haul_refusal why;
    struct haul_str body;
    size_t at;
    if (!haul_jt808_batch_open(m->body, &batch, &why)) {
        note(m, &why);
        return;
    }
    if (batch.left == 0) note(m, &empty);
    while (batch.left > 0) {
        if (haul_jt808_batch_next(&batch, &body, &at, &why))
            take_location(t, m, body, at, batch.blind);
        else
            note(m, &why);
    }
    if (batch.rest.n > 0 && m->refused == 0) note(m, &trailing);
}

/* `part`: what goes to the dead letters when not all of it can be used. */
static void take_whole(struct haul_task *t, struct whole *m, struct haul_str part)
{
    struct haul_refusal why = {.reason = HAUL_REASON_TRUNCATED, .text = "an answer has 2 octets or more"};
    switch (m->id) {
    case HAUL_JT808_LOCATION:
        take_location(t, m, m->body, 0, false);
        break;
    case HAUL_JT808_LOCATION_ANSWER: /* behind the serial of the question */
        if (m->body.n < 2)
            note(m, &why);
        else
            take_location(t, m, (struct haul_str){m->body.p + 2, m->body.n - 2}, 2, false);
        break;
    case HAUL_JT808_BATCH:
        take_batch(t, m);
        break;
    default:
        haul_bridge_ignore(t, JT_OTHER);
    }
    if (m->refused == 0) return;
    if (m->refused > 1) haul_task_count(t, REFUSED, m->refused - 1);
    haul_bridge_refuse(t, part, m->first.reason, m->first.field, "terminal %s, message %04X, serial %u: %s%s", m->phone,
                       m->id, m->serial, m->first.text, m->refused > 1 ? "; others in it too" : "");
}

/* ---- split messages -------------------------------------------------------------------------------------------------
 */
static void give_up(struct haul_task *t, struct haul_entity *e)
{
    const struct split *s = haul_entity_state_const(e);
    const struct haul_str id = haul_entity_id(e);
    haul_bridge_refuse(t, (struct haul_str){(const char *)s->octets, s->used}, HAUL_REASON_SPLIT, "",
                       "terminal %.*s, message %04X from serial %u on: %u of %u packets came before another began",
                       (int)id.n, id.p, s->id, s->first_serial, s->have, s->total);
}

static void finish(struct haul_task *t, struct haul_entity *e, const char *phone)
{
    const struct split *s = haul_entity_state_const(e);
    char octets[SPLIT_MAX];
    size_t n = 0;
    for (unsigned i = 0; i < s->total; i++) {
        memcpy(octets + n, s->octets + s->at[i] - 1, s->len[i]);
        n += s->len[i];
    }
    struct whole m = {.phone = phone, .id = s->id, .serial = s->first_serial, .body = {octets, n}};
    haul_task_remove(t, e);
    take_whole(t, &m, m.body);
}

static bool same_message(const struct split *s, const struct haul_jt808_frame *f, uint16_t first_serial)
{
    return s->total == f->total && s->id == f->id && s->first_serial == first_serial;
}

static void keep_packet(struct split *s, const struct haul_jt808_frame *f)
{
    s->at[f->index - 1] = (uint16_t)(s->used + 1);
    s->len[f->index - 1] = (uint16_t)f->body.n;
    if (f->body.n > 0) memcpy(s->octets + s->used, f->body.p, f->body.n);
    s->used = (uint16_t)(s->used + f->body.n);
    s->have++;
}

static void take_packet(struct haul_task *t, const struct haul_jt808_frame *f, struct haul_str part)
{
    const uint16_t first = (uint16_t)(f->serial - (f->index - 1));
    struct haul_entity *e = f->total > PACKETS_MAX ? NULL : haul_task_entity(t, 0, haul_str_of(f->phone), true);
    if (e == NULL) {
        haul_bridge_refuse(t, part, HAUL_REASON_TOO_MANY, "", "terminal %s: a message of %u packets; at most %d",
                           f->phone, f->total, PACKETS_MAX);
        return;
    }
    struct split *s = haul_entity_state(e);
    if (s->total > 0 && !same_message(s, f, first)) {
        give_up(t, e);
        *s = (struct split){0};
    }
    s->id = f->id, s->first_serial = first, s->total = f->total;
    const bool again = s->at[f->index - 1] > 0;
    if (!again && f->body.n > (size_t)SPLIT_MAX - s->used) {
        haul_bridge_refuse(t, part, HAUL_REASON_TOO_LARGE, "", "terminal %s: a split message of more than %d octets",
                           f->phone, SPLIT_MAX);
        haul_task_remove(t, e);
        return;
    }
    if (!again) keep_packet(s, f);
    if (s->have == s->total)
        finish(t, e, f->phone);
    else
        haul_bridge_ignore(t, PACKETS);
}

/* ---- messages ---------------------------------------------------------------------------------------------------- */
static void message(struct haul_task *t, struct haul_str key, struct haul_str part, size_t at)
{
    (void)key; /* frames name their terminal */
    uint8_t room[HAUL_JT808_FRAME_MAX];
    struct haul_jt808_frame f;
    struct haul_refusal why;
    if (!haul_jt808_read(part, room, &f, &why)) {
        haul_bridge_refuse(t, part, why.reason, why.field, "frame at byte %zu: %s", at, why.text);
    } else if (f.total > 1) {
        take_packet(t, &f, part);
    } else {
        struct whole m = {.phone = f.phone, .id = f.id, .serial = f.serial, .body = f.body};
        take_whole(t, &m, part);
    }
}

static void dump(const void *state, unsigned entity_kind, struct haul_json *j)
{
    const struct split *s = state;
    (void)entity_kind;
    haul_json_ki64(j, "message", s->id);
    haul_json_ki64(j, "first_serial", s->first_serial);
    haul_json_ki64(j, "total", s->total);
    haul_json_ki64(j, "have", s->have);
    haul_json_ki64(j, "octets", s->used);
}

const struct haul_processor haul_bridge_jt808 = {
    .mailbox = HAUL_MAILBOX_BRIDGE_JT808,
    .summary_en = "translates JT/T 808 frames into vehicle positions and events",
    .summary_zh = "把 JT/T 808 报文翻译为车辆位置与事件",
    .state_version = 1,
    .gives = jt_gives,
    .entities = {{"jt808", sizeof(struct split)}},
    .options = &option_set,
    .counters = counters,
    .counters_len = sizeof counters / sizeof counters[0],
    .part = haul_jt808_next,
    .message = message,
    .dump = dump,
};
