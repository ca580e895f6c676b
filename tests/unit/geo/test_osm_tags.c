/* SPDX-License-Identifier: Apache-2.0
 * What tags mean, a row each.
 */
#include "processors/geo/osm_tags.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define TAGS_MAX 12

/* "key=value key=value" into tags; the text is cut in place. */
static struct osm_tags parse(char *text, struct osm_tag tags[TAGS_MAX])
{
    size_t n = 0;
    for (char *at = text; *at != 0 && n < TAGS_MAX;) {
        char *equals = strchr(at, '='), *space = strchr(equals, ' ');
        *equals = 0;
        if (space != NULL) *space = 0;
        for (char *c = equals + 1; *c != 0; c++)
            if (*c == '_' && equals[1] >= '0' && equals[1] <= '9') *c = ' '; /* "30_mph" */
        tags[n++] = (struct osm_tag){at, equals + 1};
        at = space == NULL ? equals + 1 + strlen(equals + 1) : space + 1;
    }
    return (struct osm_tags){tags, n};
}

struct road_case {
    const char *tags, *country;
    bool driven;
    uint8_t road_class, forward, backward, flags;
    uint16_t limit_kmh, speed_cmps;
};

#define R HAUL_USE_ROAD
#define C (HAUL_USE_CAR | HAUL_USE_GOODS)

static const struct road_case roads[] = {
    {"highway=residential", "", true, HAUL_ROAD_RESIDENTIAL, R, R, 0, 0, 694},
    {"highway=motorway", "", true, HAUL_ROAD_MOTORWAY, R, 0, 0, 0, 2500},
    {"highway=motorway", "CN", true, HAUL_ROAD_MOTORWAY, R, 0, 0, 120, 2500},
    {"highway=motorway oneway=no", "", true, HAUL_ROAD_MOTORWAY, R, R, 0, 0, 2500},
    {"highway=primary maxspeed=50", "", true, HAUL_ROAD_PRIMARY, R, R, 0, 50, 1111},
    {"highway=primary maxspeed=30_mph", "", true, HAUL_ROAD_PRIMARY, R, R, 0, 48, 1066},
    {"highway=primary maxspeed=CN:urban", "", true, HAUL_ROAD_PRIMARY, R, R, 0, 50, 1111},
    {"highway=primary maxspeed=none", "", true, HAUL_ROAD_PRIMARY, R, R, 0, 0, 1805},
    {"highway=primary maxspeed=nonsense", "", true, HAUL_ROAD_PRIMARY, R, R, 0, 0, 1805},
    {"highway=primary oneway=-1", "", true, HAUL_ROAD_PRIMARY, 0, R, 0, 0, 1805},
    {"highway=primary oneway=reversible", "", false, 0, 0, 0, 0, 0, 0},
    {"highway=tertiary junction=roundabout", "", true, HAUL_ROAD_TERTIARY, R, 0, HAUL_FLAG_ROUNDABOUT, 0, 1111},
    {"highway=service access=private", "", true, HAUL_ROAD_SERVICE, R, R,
     HAUL_FLAG_DESTINATION | HAUL_FLAG_HGV_DESTINATION, 0, 416},
    {"highway=service access=no", "", false, 0, 0, 0, 0, 0, 0},
    {"highway=service access=no motor_vehicle=yes", "", true, HAUL_ROAD_SERVICE, R, R, 0, 0, 416},
    {"highway=secondary hgv=no", "", true, HAUL_ROAD_SECONDARY, R & ~HAUL_USE_HGV, R & ~HAUL_USE_HGV, 0, 0, 1527},
    {"highway=secondary hgv=destination", "", true, HAUL_ROAD_SECONDARY, R, R, HAUL_FLAG_HGV_DESTINATION, 0, 1527},
    {"highway=secondary hgv:backward=no", "", true, HAUL_ROAD_SECONDARY, R, R & ~HAUL_USE_HGV, 0, 0, 1527},
    {"highway=secondary hazmat=no tunnel=yes", "", true, HAUL_ROAD_SECONDARY, 7, 7, HAUL_FLAG_TUNNEL, 0, 1527},
    {"highway=track", "", true, HAUL_ROAD_TRACK, C, C, HAUL_FLAG_UNPAVED, 0, 277},
    {"highway=unclassified surface=gravel maxspeed=90", "", true, HAUL_ROAD_UNCLASSIFIED, R, R, HAUL_FLAG_UNPAVED, 90,
     833},
    {"highway=trunk toll=yes bridge=yes", "", true, HAUL_ROAD_TRUNK, R, R, HAUL_FLAG_TOLL | HAUL_FLAG_BRIDGE, 0, 2361},
    {"highway=footway", "", false, 0, 0, 0, 0, 0, 0},
    {"highway=residential area=yes", "", false, 0, 0, 0, 0, 0, 0},
    {"highway=ferry", "", false, 0, 0, 0, 0, 0, 0},
    {"route=ferry", "", true, HAUL_ROAD_FERRY, R, R, 0, 0, 416},
    {"route=ferry motor_vehicle=no", "", false, 0, 0, 0, 0, 0, 0},
    {"building=yes", "", false, 0, 0, 0, 0, 0, 0},
};

static void roads_by_tags(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof roads / sizeof roads[0]; i++) {
        const struct road_case *r = &roads[i];
        char text[200];
        struct osm_tag tags[TAGS_MAX];
        struct osm_road out;
        memcpy(text, r->tags, strlen(r->tags) + 1);
        const bool driven = osm_road_of(parse(text, tags), r->country, &out);
        if (driven != r->driven) fail_msg("%s: driven %d", r->tags, driven);
        if (!driven) continue;
        const struct haul_road_kind *k = &out.kind;
        const unsigned way = k->access[0] == 0;
        if (k->road_class != r->road_class || k->access[0] != r->forward || k->access[1] != r->backward ||
            k->flags != r->flags || k->limit_kmh[way] != r->limit_kmh || k->speed_cmps[way] != r->speed_cmps)
            fail_msg("%s: class %u access %u %u flags %u limit %u speed %u", r->tags, k->road_class, k->access[0],
                     k->access[1], k->flags, k->limit_kmh[way], k->speed_cmps[way]);
    }
}

struct limit_case {
    const char *key, *value;
    uint16_t height_cm, width_cm, length_dm, weight_10kg, axle_10kg;
};

static const struct limit_case limits[] = {
    {"maxheight", "4", 400, 0, 0, 0, 0},
    {"maxheight", "3.8 m", 380, 0, 0, 0, 0},
    {"maxheight", "13'6\"", 411, 0, 0, 0, 0},
    {"maxheight", "13 ft", 396, 0, 0, 0, 0},
    {"maxheight", "380 cm", 380, 0, 0, 0, 0},
    {"maxheight", "default", 0, 0, 0, 0, 0},
    {"maxheight", "", 0, 0, 0, 0, 0},
    {"maxheight", "1e99", 100, 0, 0, 0, 0},
    {"maxheight", "99999999999", 0, 0, 0, 0, 0},
    {"maxwidth", "2.3", 0, 230, 0, 0, 0},
    {"maxlength", "12", 0, 0, 120, 0, 0},
    {"maxweight", "7.5", 0, 0, 0, 750, 0},
    {"maxweight", "7.5 t", 0, 0, 0, 750, 0},
    {"maxweight", "16000 lbs", 0, 0, 0, 726, 0},
    {"maxweight", "3500 kg", 0, 0, 0, 350, 0},
    {"maxweightrating", "3.5", 0, 0, 0, 350, 0},
    {"maxaxleload", "11.5", 0, 0, 0, 0, 1150},
    {"maxweight", "-5", 0, 0, 0, 0, 0},
};

static void limits_by_tags(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        const struct limit_case *l = &limits[i];
        const struct osm_tag tags[] = {{"highway", "primary"}, {l->key, l->value}};
        struct osm_road out;
        assert_true(osm_road_of((struct osm_tags){tags, 2}, "", &out));
        const struct haul_road_kind *k = &out.kind;
        if (k->height_cm != l->height_cm || k->width_cm != l->width_cm || k->length_dm != l->length_dm ||
            k->weight_10kg != l->weight_10kg || k->axle_10kg != l->axle_10kg)
            fail_msg("%s=%s: %u %u %u %u %u", l->key, l->value, k->height_cm, k->width_cm, k->length_dm, k->weight_10kg,
                     k->axle_10kg);
    }
}

static void ferries_by_duration(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        uint32_t s;
    } cases[] = {{"00:25", 1500}, {"1:30:10", 5410}, {"20", 1200}, {"soon", 0}, {"", 0}, {"99999999:00", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct osm_tag tags[] = {{"route", "ferry"}, {"duration", cases[i].value}};
        struct osm_road out;
        assert_true(osm_road_of((struct osm_tags){tags, 2}, "", &out));
        assert_int_equal(out.duration_s, cases[i].s);
    }
}

static void points_by_tags(void **state)
{
    (void)state;
    static const struct {
        struct osm_tag tags[2];
        bool special, blocked;
    } cases[] = {
        {{{"highway", "traffic_signals"}, {"", ""}}, true, false},
        {{{"barrier", "bollard"}, {"", ""}}, true, true},
        {{{"barrier", "bollard"}, {"motor_vehicle", "yes"}}, true, false},
        {{{"barrier", "gate"}, {"", ""}}, true, false},
        {{{"barrier", "gate"}, {"access", "no"}}, true, true},
        {{{"barrier", "lift_gate"}, {"access", "private"}}, true, false},
        {{{"barrier", "kerb"}, {"", ""}}, false, false},
        {{{"barrier", "toll_booth"}, {"", ""}}, true, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct osm_point out;
        assert_int_equal(osm_point_of((struct osm_tags){cases[i].tags, 2}, &out), cases[i].special);
        assert_int_equal(out.blocked, cases[i].blocked);
    }
}

static void turns_by_tags(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value, *except;
        enum osm_turn turn;
        uint8_t mask;
    } cases[] = {
        {"restriction", "no_left_turn", "", OSM_TURN_NO, 15},
        {"restriction", "only_straight_on", "", OSM_TURN_ONLY, 15},
        {"restriction", "no_u_turn", "psv", OSM_TURN_NO, 15},
        {"restriction", "no_u_turn", "psv;hgv", OSM_TURN_NO, 3},
        {"restriction", "no_u_turn", "motorcar", OSM_TURN_NO, 14},
        {"restriction", "no_u_turn", "hgv_articulated", OSM_TURN_NO, 15},
        {"restriction", "no_u_turn", "motor_vehicle", OSM_TURN_NONE, 0},
        {"restriction:hgv", "no_right_turn", "", OSM_TURN_NO, HAUL_USE_HGV},
        {"restriction:conditional", "no_left_turn @ (Mo-Fr 07:00-09:00)", "", OSM_TURN_CONDITIONAL, 0},
        {"restriction", "give_way", "", OSM_TURN_NONE, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct osm_tag tags[] = {
            {"type", "restriction"}, {cases[i].key, cases[i].value}, {"except", cases[i].except}};
        uint8_t mask = 0;
        assert_int_equal(osm_turn_of((struct osm_tags){tags, 3}, &mask), cases[i].turn);
        if (cases[i].mask != 0) assert_int_equal(mask, cases[i].mask);
    }
    const struct osm_tag route[] = {{"type", "route"}, {"restriction", "no_left_turn"}};
    uint8_t mask;
    assert_int_equal(osm_turn_of((struct osm_tags){route, 2}, &mask), OSM_TURN_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roads_by_tags),  cmocka_unit_test(limits_by_tags), cmocka_unit_test(ferries_by_duration),
        cmocka_unit_test(points_by_tags), cmocka_unit_test(turns_by_tags),
    };
    return cmocka_run_group_tests_name("osm_tags", tests, NULL, NULL);
}
