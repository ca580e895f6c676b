/* SPDX-License-Identifier: Apache-2.0
 * The bridges from EPCIS 2.0 and VDA 5050: the standards' own examples and some more, each with the records that it
 * must become (tests/golden/bridges); and what cannot be used, with its reason and field.
 * HAUL_GOLDEN_WRITE=1 writes what it is now beside each example, to be read before it is believed.
 */
#include "haul/processors.h"
#include "haul/trial.h"
#include "ingest/epcis.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct haul_time now = {1769414400000};

static const char epcis_options[] =
    "hubs: {\"0012345.11111\": HUB7}\ncold: {loads: true, probes: {\"urn:epc:id:giai:4000001.7\": \"7\"}}";
static const char vda_options[] = "hub: HUB1\nhubs: {hall-A: HUB2}\nsource: mqtt";

static struct haul_trial *bridge(const struct haul_processor *p, const char *yaml)
{
    struct haul_error e = {0};
    struct haul_trial *t = haul_trial_open(p, yaml, &e);
    if (t == NULL) fail_msg("%s", e.text);
    return t;
}

static void put_all(struct haul_trial *t, struct haul_buf *out)
{
    for (size_t i = 0; i < haul_trial_emitted(t); i++) {
        enum haul_mailbox to;
        struct haul_json j;
        const struct haul_record *r = haul_trial_emission(t, i, &to);
        haul_buf_printf(out, "%s ", haul_mailbox_row(to)->name);
        haul_json_begin(&j, out);
        haul_record_to_json(r, &j);
        haul_buf_byte(out, '\n');
    }
    for (size_t i = 0; i < haul_trial_letters(t); i++)
        haul_buf_printf(out, "dead letter: %s\n", haul_trial_letter(t, i, NULL));
}

static void read_file(const char *path, struct haul_buf *out)
{
    char part[4096];
    FILE *f = fopen(path, "rb");
    haul_buf_init(out, 4096, 1 << 20);
    if (f == NULL) return;
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;) haul_buf_put(out, part, n);
    fclose(f);
}

static void write_file(const char *path, const struct haul_buf *b)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(b->p, 1, b->n, f), b->n);
    fclose(f);
}

static void one(const struct haul_processor *p, const char *yaml, const char *folder, const char *name)
{
    char path[600];
    struct haul_buf json, is, expected;
    struct haul_trial *t = bridge(p, yaml);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    read_file(path, &json);
    haul_buf_init(&is, 4096, 1 << 20);
    haul_trial_message(t, HAUL_STR("k"), (struct haul_str){(const char *)json.p, json.n}, now, NULL);
    put_all(t, &is);
    snprintf(path, sizeof path, "%s/%.*s.expected", folder, (int)(strlen(name) - 5), name);
    if (getenv("HAUL_GOLDEN_WRITE") != NULL) write_file(path, &is);
    read_file(path, &expected);
    if (is.n != expected.n || memcmp(is.p, expected.p, is.n) != 0)
        fail_msg("%s is not what it was; it is\n%.*s", path, (int)is.n, (const char *)is.p);
    haul_trial_close(t);
    haul_buf_free(&json);
    haul_buf_free(&is);
    haul_buf_free(&expected);
}

static int is_json(const struct dirent *d)
{
    const size_t n = strlen(d->d_name);
    return n > 5 && strcmp(d->d_name + n - 5, ".json") == 0;
}

static void each(const struct haul_processor *p, const char *yaml, const char *folder, int least)
{
    struct dirent **list;
    const int n = scandir(folder, &list, is_json, alphasort);
    assert_true(n >= least);
    for (int i = 0; i < n; i++) {
        one(p, yaml, folder, list[i]->d_name);
        free(list[i]);
    }
    free(list);
}

static void the_examples_of_epcis(void **state)
{
    (void)state;
    each(&haul_bridge_epcis, epcis_options, "tests/golden/bridges/epcis", 15);
}

static void the_messages_of_vda_5050(void **state)
{
    (void)state;
    each(&haul_bridge_vda5050, vda_options, "tests/golden/bridges/vda5050", 7);
}

/* The URN and the link of one thing, as the EPC Tag Data Standard has them side by side; and what has no GS1 key. */
static void one_thing_has_one_identifier(void **state)
{
    (void)state;
    static const struct {
        const char *uri, *item;
    } rows[] = {
        {"urn:epc:id:sgtin:0614141.812345.6789", "01/80614141123458/21/6789"},
        {"https://id.gs1.org/01/80614141123458/21/6789", "01/80614141123458/21/6789"},
        {"https://example.com/some/way/01/80614141123458/22/2A/21/6789?exp=261231", "01/80614141123458/21/6789"},
        {"https://example.com/01/80614141123458/10/ABC/21/6789", "01/80614141123458/21/6789"},
        {"https://example.com/01/614141073467", "01/00614141073467"},
        {"urn:epc:id:sgtin:0614141.812345.a.b", "01/80614141123458/21/a.b"},
        {"urn:epc:idpat:sgtin:0614141.812345.*", "01/80614141123458"},
        {"urn:epc:class:lgtin:4012345.012345.998877", "01/04012345123456/10/998877"},
        {"https://id.gs1.org/01/04012345123456/10/998877", "01/04012345123456/10/998877"},
        {"urn:epc:id:sscc:0614141.1234567890", "00/106141412345678908"},
        {"https://id.gs1.org/00/106141412345678908", "00/106141412345678908"},
        {"urn:epc:id:grai:0614141.12345.400", "8003/00614141123452400"},
        {"urn:epc:id:giai:0614141.12345400", "8004/061414112345400"},
        /* digits that are none, and too few of them: the text as it is */
        {"urn:epc:id:sgtin:06141x1.812345.6789", "sgtin:06141x1.812345.6789"},
        {"urn:epc:id:sgtin:0614141.8123.6789", "sgtin:0614141.8123.6789"},
        {"urn:epc:id:sscc:0614141.", "sscc:0614141."},
        {"urn:epc:id:gdti:0614141.12345.400", "gdti:0614141.12345.400"},
        {"https://example.com/parcels/7", "parcels/7"},
        {"parcel-7", "parcel-7"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char room[EPCIS_ITEM_MAX];
        const struct haul_str item = epcis_item(haul_str_of(rows[i].uri), room);
        if (!haul_str_eq(item, haul_str_of(rows[i].item))) fail_msg("%s: %.*s", rows[i].uri, (int)item.n, item.p);
    }
}

/* ---- what cannot be used ---- */
struct refusal_row {
    const char *json, *letter;
};

static void refuse_each(const struct haul_processor *p, const char *yaml, const struct refusal_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct haul_trial *t = bridge(p, yaml);
        haul_trial_message(t, HAUL_STR("k"), haul_str_of(rows[i].json), now, NULL);
        if (haul_trial_letters(t) != 1) fail_msg("row %zu: %zu dead letters", i, haul_trial_letters(t));
        const char *letter = haul_trial_letter(t, 0, NULL);
        if (strncmp(letter, rows[i].letter, strlen(rows[i].letter)) != 0) fail_msg("row %zu: %s", i, letter);
        haul_trial_close(t);
    }
}

#define EVENT(more) "{\"type\":\"ObjectEvent\",\"action\":\"OBSERVE\",\"eventTime\":\"2026-01-26T08:00:00Z\"," more "}"

static void bad_events_say_why(void **state)
{
    (void)state;
    static const struct refusal_row rows[] = {
        {"{\"type\":", "not_json: byte "},
        {"7", "not_json: byte "},
        {"{}", "missing_field: event 1: type "},
        {"[{\"type\":\"QuantityEvent\"}]", "unsupported: event 1: type QuantityEvent is none of the five"},
        {"{\"epcisBody\":{\"eventList\":{}}}", "wrong_type: eventList is no list"},
        {"{\"type\":\"ObjectEvent\"}", "missing_field: event 1: eventTime is missing"},
        {"{\"type\":\"ObjectEvent\",\"eventTime\":\"yesterday\"}", "wrong_type: event 1: eventTime: "},
        {"{\"type\":\"ObjectEvent\",\"eventTime\":\"2026-01-26T08:00:00Z\"}", "missing_field: event 1: action"},
        {"{\"type\":\"ObjectEvent\",\"eventTime\":\"2026-01-26T08:00:00Z\",\"action\":\"MOVE\"}",
         "out_of_range: event 1: action"},
        {EVENT("\"eventTimeZoneOffset\":\"1h\""), "wrong_type: event 1: eventTimeZoneOffset"},
        {EVENT("\"epcList\":[\"urn:epc:id:sscc:1.2\"]"), "missing_field: event 1: it names things but no place"},
        {EVENT("\"epcList\":[5],\"readPoint\":{\"id\":\"urn:epc:id:sgln:1.2.3\"}"), "wrong_type: event 1: epcList has"},
        {EVENT("\"epcList\":[\"x\"],\"readPoint\":{\"id\":\"a-place-whose-name-is-longer-than-what-a-hub-is-known-by-"
               "here\"}"),
         "out_of_range: event 1: "},
        {EVENT("\"epcList\":[\"u\"],\"sensorElementList\":[{\"sensorReport\":[{\"type\":\"Temperature\",\"value\":5,"
               "\"uom\":\"XYZ\"}]}]"),
         "out_of_range: event 1: sensor uom XYZ; expected CEL"},
        {EVENT("\"epcList\":[\"u\"],\"sensorElementList\":[{\"sensorMetadata\":{\"time\":\"soon\"},\"sensorReport\":[]}"
               "]"),
         "wrong_type: event 1: sensor time: "},
        {"[" EVENT("\"x\":1") "," EVENT("\"epcList\":[\"u\"]") "," EVENT("\"epcList\":[\"u\"]") "]",
         "missing_field: event 2: it names things but no place: neither readPoint nor bizLocation; others in it too"},
    };
    refuse_each(&haul_bridge_epcis, "", rows, sizeof rows / sizeof rows[0]);
}

#define STATE(more) "{\"timestamp\":\"2026-01-26T08:00:00Z\",\"operatingMode\":\"AUTOMATIC\"," more "}"

static void bad_states_say_why(void **state)
{
    (void)state;
    static const struct refusal_row rows[] = {
        {"[]", "wrong_type: the document is not an object"},
        {"{\"driving\":true}", "missing_field: serialNumber is missing"},
        {STATE("\"serialNumber\":5"), "wrong_type: serialNumber is of another type"},
        {STATE("\"serialNumber\":\"A\",\"version\":\"1.1.0\""), "unsupported: version 1.1.0; 2.x"},
        {STATE("\"serialNumber\":\"A\""), "missing_field: driving is missing; expected true or false"},
        {STATE("\"serialNumber\":\"A\",\"driving\":1"), "wrong_type: driving is of another type"},
        {STATE("\"serialNumber\":\"A\",\"driving\":true,\"batteryState\":{\"batteryCharge\":120}"),
         "out_of_range: battery_pct"},
        {STATE("\"serialNumber\":\"a serial number that is longer than a vehicle's\",\"driving\":true"),
         "out_of_range: agv"},
        {"{\"serialNumber\":\"A\",\"driving\":true}", "missing_field: timestamp is missing"},
        {"{\"serialNumber\":\"A\",\"driving\":true,\"timestamp\":\"now\"}", "wrong_type: timestamp: "},
        {"{\"serialNumber\":\"A\",\"connectionState\":\"MAYBE\",\"timestamp\":\"2026-01-26T08:00:00Z\"}",
         "out_of_range: connectionState is none of"},
    };
    refuse_each(&haul_bridge_vda5050, "hub: H", rows, sizeof rows / sizeof rows[0]);
    static const struct refusal_row nowhere[] = {
        {STATE("\"manufacturer\":\"M\",\"serialNumber\":\"A\",\"driving\":true"),
         "missing_field: no hub is known for M/A: see bridge_vda5050.hubs"}};
    refuse_each(&haul_bridge_vda5050, "", nowhere, 1);
}

static void hubs_by_map_then_vehicle_then_maker(void **state)
{
    (void)state;
    static const struct {
        const char *json, *hub, *agv;
    } rows[] = {
        {STATE("\"manufacturer\":\"M\",\"serialNumber\":\"1\",\"driving\":true,\"agvPosition\":{\"mapId\":\"a\"}"),
         "HA", "M-1"},
        {STATE("\"manufacturer\":\"M\",\"serialNumber\":\"1\",\"driving\":true"), "HV", "M-1"},
        {STATE("\"manufacturer\":\"M\",\"serialNumber\":\"2\",\"driving\":true"), "HM", "M-2"},
        {STATE("\"manufacturer\":\"N\",\"serialNumber\":\"2\",\"driving\":true"), "H", "N-2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_trial *t =
            bridge(&haul_bridge_vda5050, "hub: H\nhubs: {a: HA, \"M/1\": HV, M: HM}\nagv: manufacturer_serial");
        haul_trial_message(t, HAUL_STR("k"), haul_str_of(rows[i].json), now, NULL);
        const struct haul_record *r = haul_trial_emission(t, 0, NULL);
        assert_true(haul_str_eq(r->id, haul_str_of(rows[i].hub)));
        assert_true(haul_str_eq(r->v[HAUL_F_HA_AGV].s, haul_str_of(rows[i].agv)));
        haul_trial_close(t);
    }
}

/* A connection names no map: the vehicle is where its newest state was. */
static void a_connection_goes_where_the_vehicle_was(void **state)
{
    (void)state;
    static const char cut[] = "{\"manufacturer\":\"M\",\"serialNumber\":\"1\",\"connectionState\":\"CONNECTIONBROKEN\","
                              "\"timestamp\":\"2026-01-26T08:00:09Z\"}";
    static const char *const hubs[] = {"H", "HA", "HA", "H", "H"};
    const char *const messages[] = {
        cut, STATE("\"manufacturer\":\"M\",\"serialNumber\":\"1\",\"driving\":true,\"agvPosition\":{\"mapId\":\"a\"}"),
        cut, STATE("\"manufacturer\":\"M\",\"serialNumber\":\"1\",\"driving\":true,\"agvPosition\":{\"mapId\":\"b\"}"),
        cut,
    };
    struct haul_trial *t = bridge(&haul_bridge_vda5050, "hub: H\nhubs: {a: HA}");
    for (size_t i = 0; i < 5; i++) {
        haul_trial_message(t, HAUL_STR("k"), haul_str_of(messages[i]), now, NULL);
        const struct haul_record *r = haul_trial_emission(t, i, NULL);
        if (!haul_str_eq(r->id, haul_str_of(hubs[i]))) fail_msg("%zu: %.*s", i, (int)r->id.n, r->id.p);
    }
    haul_trial_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_epcis),
        cmocka_unit_test(one_thing_has_one_identifier),
        cmocka_unit_test(the_messages_of_vda_5050),
        cmocka_unit_test(bad_events_say_why),
        cmocka_unit_test(bad_states_say_why),
        cmocka_unit_test(hubs_by_map_then_vehicle_then_maker),
        cmocka_unit_test(a_connection_goes_where_the_vehicle_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
