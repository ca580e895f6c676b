/* SPDX-License-Identifier: Apache-2.0
 * Sensor elements as samples of the cold chain: one for each time and device of an element. What a sample cannot hold
 * is counted. A statistic over a stretch of time (mean, least, most) gives its mean at the end of the stretch: the
 * extremes have no time of their own.
 */
#include "ingest/epcis.h"

#include "haul/math.h"

#include <stdio.h>

#define DEVICES_MAX 8

struct sample {
    struct haul_record r;
    struct haul_str device;
    struct haul_time time;
    bool any;
};

/* ---- the load unit, and the probe ---- */
static struct haul_str object_of(const json_t *event)
{
    const struct haul_str parent = member_text(event, "parentID");
    if (parent.n > 0) return parent;
    const json_t *first = json_array_get(json_object_get(event, "epcList"), 0);
    return json_is_string(first) ? (struct haul_str){json_string_value(first), json_string_length(first)}
                                 : (struct haul_str){"", 0};
}

static struct haul_str unit_of(const struct epcis_event *e, struct haul_str device, char room[EPCIS_ITEM_MAX])
{
    const struct haul_str object = object_of(e->json);
    const struct haul_str place = haul_str_of(e->at[0] != '\0' ? e->at : e->hub);
    if (e->o->unit == EPCIS_UNIT_DEVICE && device.n > 0) return epcis_item(device, room);
    if (e->o->unit == EPCIS_UNIT_PLACE || object.n == 0) return place.n > 0 ? place : epcis_item(device, room);
    return epcis_item(object, room);
}

/* Known by the options, else numbered as the event names its devices. */
static int64_t probe_of(const struct epcis_event *e, struct haul_str device, struct haul_str seen[DEVICES_MAX])
{
    for (uint32_t i = 0; i < e->o->probes.len; i++)
        if (haul_str_eq(device, haul_str_of(e->o->probes.item[i].key))) return e->o->probes.item[i].value[0] - '0';
    for (int i = 0; i < DEVICES_MAX; i++) {
        if (seen[i].p == NULL) seen[i] = device;
        if (haul_str_eq(seen[i], device)) return i;
    }
    return DEVICES_MAX; /* more than a unit has: the record's own check refuses it */
}

/* ---- a report ---- */
static bool to_celsius(double value, struct haul_str uom, double *c)
{
    if (!(haul_abs(value) < 1e6)) return false; /* no temperature in any unit */
    static const struct {
        const char *uom;
        double factor, offset;
    } rows[] = {{"CEL", 1, 0}, {"KEL", 1, -273.15}, {"FAH", 5.0 / 9, -160.0 / 9}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (haul_str_eq(uom, haul_str_of(rows[i].uom))) {
            *c = i == 0 ? value : (double)haul_round_i64((value * rows[i].factor + rows[i].offset) * 1e6) / 1e6;
            return true;
        }
    return false;
}

/* The reading: its value, else its mean. */
static bool value_of(struct epcis_event *e, const json_t *report, double *out)
{
    double unused;
    if (member_number(report, "value", out)) return true;
    if (member_number(report, "minValue", &unused) || member_number(report, "maxValue", &unused))
        haul_task_count(e->d->task, EPCIS_EXTREMES_UNUSED, 1);
    return member_number(report, "meanValue", out);
}

enum kind { TEMPERATURE, HUMIDITY, LIGHT, KINDS };

static enum kind kind_of(const json_t *report)
{
    static const char *const names[KINDS] = {"Temperature", "RelativeHumidity", "Illuminance"};
    struct haul_str type = member_text(report, "type");
    if (type.n == 0) type = member_text(report, "isA");
    type = last_word(type, "MT");
    for (unsigned i = 0; i < KINDS; i++)
        if (haul_str_eq(type, haul_str_of(names[i]))) return (enum kind)i;
    return KINDS;
}

/* False: the unit is not one that is known. */
static bool set(struct sample *s, enum kind kind, double value, struct haul_str uom)
{
    double c;
    switch (kind) {
    case TEMPERATURE:
        if (!to_celsius(value, uom, &c)) return false;
        haul_set_f(&s->r, HAUL_F_CS_TEMP, c);
        return true;
    case HUMIDITY:
        haul_set_f(&s->r, HAUL_F_CS_HUMIDITY, value);
        return haul_str_eq(uom, HAUL_STR("P1"));
    case LIGHT:
        haul_set_f(&s->r, HAUL_F_CS_LIGHT, value);
        return haul_str_eq(uom, HAUL_STR("LUX"));
    case KINDS:
        break;
    }
    return false;
}

static void send(struct epcis_event *e, struct sample *s, struct haul_str seen[DEVICES_MAX])
{
    struct haul_refusal why;
    char room[EPCIS_ITEM_MAX];
    if (!s->any) return;
    s->r.id = unit_of(e, s->device, room);
    haul_set_i(&s->r, HAUL_F_CS_PROBE, probe_of(e, s->device, seen));
    if (!haul_bridge_emit(e->d->task, HAUL_MAILBOX_COLDCHAIN, &s->r, &why))
        EPCIS_NOTE(e, why.reason, why.field, "sensor: %.150s", why.text);
    s->any = false;
}

static bool time_of(struct epcis_event *e, const json_t *o, struct haul_time *out)
{
    static const char *const names[] = {"time", "endTime"};
    for (size_t i = 0; i < 2; i++) {
        const struct haul_str text = member_text(o, names[i]);
        struct haul_error error;
        if (text.n == 0) continue;
        if (haul_time_parse(text.p, text.n, out, &error) == HAUL_OK) return true;
        EPCIS_NOTE(e, HAUL_REASON_TYPE, names[i], "sensor %s: %s", names[i], error.text);
        return false;
    }
    return true; /* the element's, or the event's */
}

/* Reports of one device and time are one sample. */
static void take_report(struct epcis_event *e, const json_t *report, struct sample *s, struct haul_str device,
                        struct haul_time time, struct haul_str seen[DEVICES_MAX])
{
    const struct haul_str own = member_text(report, "deviceID"), uom = member_text(report, "uom");
    const enum kind kind = kind_of(report);
    double value;
    if (own.n > 0) device = own;
    if (!time_of(e, report, &time)) return;
    if (haul_str_eq(member_text(report, "exception"), HAUL_STR("ERROR_CONDITION")) || kind == KINDS ||
        !value_of(e, report, &value)) {
        haul_task_count(e->d->task, EPCIS_REPORTS_UNUSED, 1);
        return;
    }
    if (s->any && (!haul_str_eq(s->device, device) || s->time.ms != time.ms)) send(e, s, seen);
    if (!s->any) {
        haul_record_init(&s->r, HAUL_KIND_COLD_SAMPLE, (struct haul_str){"", 0}, time);
        s->r.source = haul_str_of(e->o->source);
        s->device = device, s->time = time, s->any = true;
    }
    if (set(s, kind, value, uom)) return;
    EPCIS_NOTE(e, HAUL_REASON_OUT_OF_RANGE, "uom", "sensor uom %.*s; expected CEL, FAH, KEL, P1 or LUX",
               (int)(uom.n < 16 ? uom.n : 16), uom.p);
    s->any = false;
}

void epcis_sensors(struct epcis_event *e)
{
    struct haul_str seen[DEVICES_MAX] = {{NULL, 0}};
    const json_t *list = json_object_get(e->json, "sensorElementList");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *element = json_array_get(list, i), *meta = json_object_get(element, "sensorMetadata");
        const json_t *reports = json_object_get(element, "sensorReport");
        struct haul_time time = e->time;
        struct sample s = {.any = false};
        if (!time_of(e, meta, &time)) continue;
        for (size_t k = 0; k < json_array_size(reports); k++)
            take_report(e, json_array_get(reports, k), &s, member_text(meta, "deviceID"), time, seen);
        send(e, &s, seen);
    }
}
