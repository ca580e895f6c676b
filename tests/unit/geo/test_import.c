/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/import.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* libreadosm leaves its XML parser behind when the file is damaged. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libexpat\nleak:libreadosm\n";
}

/* Two streets that cross, a one-way, a ferry, a way that leaves the extract, and what is nonsense. */
static const char osm[] =
    "<?xml version='1.0'?><osm version='0.6'>"
    "<node id='1' lat='28.600' lon='115.800'/><node id='2' lat='28.600' lon='115.802'/><node id='3' lat='28.600' "
    "lon='115.804'/>"
    "<node id='4' lat='28.602' lon='115.802'/><node id='5' lat='28.598' lon='115.802'><tag k='highway' "
    "v='traffic_signals'/></node>"
    "<node id='6' lat='28.596' lon='115.802'/><node id='7' lat='128.0' lon='115.802'/><node id='8' lat='28.5961' "
    "lon='115.804'/>"
    "<way id='10'><nd ref='1'/><nd ref='2'/><nd ref='3'/><tag k='highway' v='primary'/><tag k='ref' v='G1'/>"
    "<tag k='name' v='East &amp; West'/><tag k='maxheight' v='3.5'/></way>"
    "<way id='11'><nd ref='4'/><nd ref='2'/><tag k='highway' v='residential'/></way>"
    "<way id='12'><nd ref='2'/><nd ref='5'/><nd ref='6'/><tag k='highway' v='residential'/></way>"
    "<way id='13'><nd ref='6'/><nd ref='99'/><tag k='highway' v='residential'/></way>"
    "<way id='14'><nd ref='6'/><nd ref='7'/><tag k='highway' v='residential'/></way>"
    "<way id='15'><nd ref='6'/><nd ref='8'/><tag k='route' v='ferry'/><tag k='duration' v='00:10'/></way>"
    "<way id='16'><nd ref='8'/><nd ref='3'/><tag k='highway' v='footway'/></way>"
    "<way id='17'><nd ref='3'/><tag k='highway' v='primary'/></way>"
    "<relation id='20'><member type='way' ref='10' role='from'/><member type='node' ref='2' role='via'/>"
    "<member type='way' ref='12' role='to'/><tag k='type' v='restriction'/><tag k='restriction' "
    "v='no_right_turn'/></relation>"
    "<relation id='21'><member type='way' ref='10' role='from'/><tag k='type' v='restriction'/>"
    "<tag k='restriction' v='no_right_turn'/></relation>"
    "<relation id='22'><member type='way' ref='11' role='from'/><member type='node' ref='2' role='via'/>"
    "<member type='way' ref='12' role='to'/><tag k='type' v='restriction'/>"
    "<tag k='restriction:conditional' v='no_straight_on @ (Su)'/></relation>"
    "</osm>";

static enum haul_err import_text(const char *text, size_t n, struct haul_builder *b, struct haul_import_report *report,
                                 struct haul_error *e)
{
    char path[] = "/tmp/haul-test-XXXXXX.osm";
    const int fd = mkstemps(path, 4);
    assert_true(fd >= 0 && write(fd, text, n) == (ssize_t)n);
    close(fd);
    const enum haul_err err = haul_import_osm(path, &(struct haul_import_options){0}, b, report, e);
    unlink(path);
    return err;
}

static void a_small_extract(void **state)
{
    (void)state;
    struct haul_builder *b = haul_builder_new();
    struct haul_import_report report;
    struct haul_build_report built;
    struct haul_error e;
    struct haul_buf image;
    struct haul_roads *r;
    assert_int_equal(import_text(osm, sizeof osm - 1, b, &report, &e), HAUL_OK);
    assert_int_equal(report.nodes, 8);
    assert_int_equal(report.ways, 8);
    assert_int_equal(report.relations, 3);
    assert_int_equal(report.highways, 6);
    assert_int_equal(report.limits, 1);
    assert_int_equal(report.restrictions, 1);
    assert_int_equal(report.conditional, 1);
    assert_int_equal(report.broken, 2);        /* a restriction without via and to, a node off the earth */
    assert_int_equal(report.missing_nodes, 2); /* node 99 and the one off the earth */
    assert_int_equal(haul_builder_finish(b, &(struct haul_build_options){.source = "x"}, &image, &built, &e), HAUL_OK);
    haul_builder_free(b);
    assert_int_equal(built.bans, 2); /* way 10 passes through its via node: from either side */
    assert_int_equal(haul_roads_of_bytes(image.p, image.n, &r, &e), HAUL_OK);
    const struct haul_roads_view *v = haul_roads_view(r);
    assert_int_equal(v->edges, 5); /* 1-2, 2-3, 4-2, 2-6, and the ferry */
    uint32_t ferries = 0, delayed = 0, named = 0;
    struct haul_vehicle car, truck;
    haul_vehicle_preset("car", &car), haul_vehicle_preset("truck18", &truck);
    for (uint32_t i = 0; i < v->edges; i++) {
        const struct haul_road_kind *k = haul_arc_kind(v, 2 * i);
        if (k->road_class == HAUL_ROAD_FERRY) {
            ferries++;
            const int32_t ms = haul_vehicle_arc_ms(v, &car, 2 * i);
            assert_true(ms > 590000 && ms < 610000); /* ten minutes by the timetable */
        }
        delayed += v->delay_ds[2 * i] == 20 && v->delay_ds[2 * i + 1] == 20;
        if (!haul_str_eq(haul_roads_name(r, i), HAUL_STR("G1 East & West"))) continue;
        named++;
        assert_true(haul_vehicle_arc_ms(v, &car, 2 * i) < HAUL_FAR);
        assert_int_equal(haul_vehicle_arc_ms(v, &truck, 2 * i), HAUL_FAR); /* 4 m high, 3.5 m of room */
    }
    assert_int_equal(ferries, 1);
    assert_int_equal(delayed, 1);
    assert_int_equal(named, 2);
    haul_roads_close(r);
    haul_buf_free(&image);
}

static void cut_short(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof osm - 1; n += 97) {
        struct haul_builder *b = haul_builder_new();
        struct haul_import_report report;
        struct haul_error e;
        assert_int_equal(import_text(osm, n, b, &report, &e), HAUL_E_CORRUPT);
        haul_builder_free(b);
    }
    struct haul_builder *b = haul_builder_new();
    struct haul_import_report report;
    struct haul_error e;
    assert_int_equal(haul_import_osm("/nowhere/x.osm", &(struct haul_import_options){0}, b, &report, &e),
                     HAUL_E_NOT_FOUND);
    assert_int_equal(haul_import_osm("/nowhere/x.txt", &(struct haul_import_options){0}, b, &report, &e),
                     HAUL_E_INVALID);
    haul_builder_free(b);
}

/* What cannot be built for want of nodes or of ways is not taken for an empty country. */
static void half_an_extract(void **state)
{
    (void)state;
    static const char ways[] = "<?xml version='1.0'?><osm version='0.6'><way id='1'><nd ref='1'/><nd ref='2'/>"
                               "<tag k='highway' v='primary'/></way></osm>";
    static const char nodes[] = "<?xml version='1.0'?><osm version='0.6'><node id='1' lat='1' lon='2'/></osm>";
    struct haul_import_report report;
    struct haul_build_report built;
    struct haul_buf image;
    struct haul_error e;
    struct haul_builder *b = haul_builder_new();
    assert_int_equal(import_text(ways, sizeof ways - 1, b, &report, &e), HAUL_E_UNSUPPORTED);
    assert_non_null(strstr(e.text, "DenseNodes"));
    assert_int_equal(import_text(nodes, sizeof nodes - 1, b, &report, &e), HAUL_OK);
    assert_int_equal(haul_builder_finish(b, &(struct haul_build_options){0}, &image, &built, &e), HAUL_E_INVALID);
    haul_builder_free(b);
}

static const char lines[] =
    "{\"type\":\"FeatureCollection\",\"features\":["
    "{\"type\":\"Feature\",\"properties\":{\"class\":\"corridor\",\"speed_kmh\":54,\"name\":\"K1\"},\"geometry\":{"
    "\"type\":\"LineString\","
    "\"coordinates\":[[115.8,28.6],[115.81,28.6],[115.82,28.61]]}},"
    "{\"type\":\"Feature\",\"properties\":{\"class\":\"primary\",\"limit_kmh\":80,\"oneway\":true},\"geometry\":{"
    "\"type\":\"MultiLineString\","
    "\"coordinates\":[[[115.81,28.6],[115.81,28.62]],[[115.81,28.62],[115.81,28.63],[115.8,28.6]]]}},"
    "{\"type\":\"Feature\",\"properties\":null,\"geometry\":{\"type\":\"LineString\",\"coordinates\":[[1e9,0],[\"x\",2]"
    ",[3]]}},"
    "{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[1,2]}}]}";

static void geojson_lines(void **state)
{
    (void)state;
    struct haul_builder *b = haul_builder_new();
    struct haul_import_report report;
    struct haul_build_report built;
    struct haul_error e;
    struct haul_buf image;
    struct haul_roads *r;
    assert_int_equal(haul_import_geojson(lines, sizeof lines - 1, b, &report, &e), HAUL_OK);
    assert_int_equal(report.broken, 3);
    assert_int_equal(haul_builder_finish(b, &(struct haul_build_options){0}, &image, &built, &e), HAUL_OK);
    haul_builder_free(b);
    assert_int_equal(haul_roads_of_bytes(image.p, image.n, &r, &e), HAUL_OK);
    const struct haul_roads_view *v = haul_roads_view(r);
    struct haul_vehicle uav, car;
    haul_vehicle_preset("uav", &uav), haul_vehicle_preset("car", &car);
    uint32_t corridors = 0;
    for (uint32_t i = 0; i < v->edges; i++) {
        const bool corridor = haul_arc_kind(v, 2 * i)->road_class == HAUL_ROAD_CORRIDOR;
        corridors += corridor;
        assert_int_equal(haul_vehicle_arc_ms(v, &uav, 2 * i) < HAUL_FAR, corridor);
        assert_int_equal(haul_vehicle_arc_ms(v, &car, 2 * i) < HAUL_FAR, !corridor);
    }
    assert_int_equal(corridors, 2);
    haul_roads_close(r);
    haul_buf_free(&image);
    b = haul_builder_new();
    assert_int_equal(haul_import_geojson("{\"type\":", 8, b, &report, &e), HAUL_E_INVALID);
    assert_non_null(strstr(e.text, "line 1"));
    assert_int_equal(haul_import_geojson("{}", 2, b, &report, &e), HAUL_E_INVALID);
    haul_builder_free(b);
}

static void a_schematic_province(void **state)
{
    (void)state;
    static const char places[] =
        "id,name_zh,name_en,lon_deg,lat_deg,kind\nnc,南昌,Nanchang,115.89,28.68,city\r\njj,九江,Jiujiang,116.00,"
        "29.71,city\nxx,?,?,east,1,city\nga,赣州,Ganzhou,114.93,25.83,city";
    static const char links[] =
        "ref,class,name_zh,limit_kmh,from,to,straight_m\nG70,expressway,福银高速,100,nc,jj,1\nG45,expressway,"
        "大广高速,100,nc,ga,1\nG9,national,x,80,nc,nowhere,1\nG8,national,x,fast,nc,ga,1\n";
    struct haul_builder *b = haul_builder_new();
    struct haul_import_report report;
    struct haul_build_report built;
    struct haul_error e;
    struct haul_buf image;
    assert_int_equal(haul_import_places(HAUL_STR(places), HAUL_STR(links), b, &report, &e), HAUL_OK);
    assert_int_equal(report.nodes, 3);
    assert_int_equal(report.highways, 2);
    assert_int_equal(report.broken, 3);
    assert_int_equal(haul_builder_finish(b, &(struct haul_build_options){0}, &image, &built, &e), HAUL_OK);
    assert_int_equal(built.junctions, 3); /* Nanchang stays one, though the road only passes through */
    haul_buf_free(&image);
    haul_builder_free(b);
    b = haul_builder_new();
    assert_int_equal(haul_import_places(HAUL_STR(""), HAUL_STR(""), b, &report, &e), HAUL_E_INVALID);
    haul_builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_extract),      cmocka_unit_test(cut_short),
        cmocka_unit_test(half_an_extract),      cmocka_unit_test(geojson_lines),
        cmocka_unit_test(a_schematic_province),
    };
    return cmocka_run_group_tests_name("import", tests, NULL, NULL);
}
