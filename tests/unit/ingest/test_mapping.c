/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/mapping.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct haul_arena scratch;
static struct haul_record r;

static int begin(void **state)
{
    (void)state;
    haul_arena_init(&scratch, HAUL_RECORD_MAX);
    return 0;
}

static int end(void **state)
{
    (void)state;
    haul_arena_free(&scratch);
    return 0;
}

/* Splits at commas; enough for rows without quotes. */
struct table {
    struct haul_csv_cell cells[32];
    struct haul_csv_row row;
};
static const struct haul_csv_row *row_of(struct table *t, uint64_t line, const char *text)
{
    t->row = (struct haul_csv_row){t->cells, 0, line};
    for (const char *p = text;; p++) {
        const size_t n = strcspn(p, ",");
        t->cells[t->row.n++] = (struct haul_csv_cell){{p, n}, line, (uint32_t)(p - text) + 1};
        p += n;
        if (*p == '\0') return &t->row;
    }
}

struct spec {
    const char *kind, *map, *set, *zone;
};

static enum haul_err open_spec(const struct spec *s, const char *header, struct haul_mapping **m, struct haul_error *e)
{
    struct table t;
    const struct haul_mapping_spec spec = {haul_str_of(s->kind), haul_str_of(s->map), haul_str_of(s->set),
                                           haul_str_of(s->zone)};
    return haul_mapping_open(&spec, row_of(&t, 1, header), m, e);
}

/* One row through a mapping; "" or the error's text. */
static const char *once(const struct spec *s, const char *header, const char *line, struct haul_error *e)
{
    struct haul_mapping *m;
    struct table t;
    e->text[0] = '\0';
    if (open_spec(s, header, &m, e) != HAUL_OK) return e->text;
    haul_arena_reset(&scratch);
    const enum haul_err err = haul_mapping_record(m, row_of(&t, 2, line), &r, &scratch, e);
    assert_int_equal(err != HAUL_OK, e->text[0] != '\0');
    static char kept[HAUL_RECORD_MAX];
    if (err == HAUL_OK && r.source.n > 0) { /* constants go with the mapping */
        memcpy(kept, r.source.p, r.source.n);
        r.source.p = kept;
    }
    haul_mapping_close(m);
    return e->text;
}

/* ---- a file of buses, shaped as a transport authority publishes it --------------------------------------------------
 */
static const char buses[] =
    "\"id\",\"vehicle_id\",\"trip_id\",\"timestamp\",\"latitude\",\"longitude\",\"bearing\",\"origin\",\"direction\"\n"
    "1001,\"4716\",\"17\",\"2026-01-26 15:57:02\",53.44451,-2.925173,,Castle_Street,outbound\n"
    "1002,\"4716\",\"17\",\"2026-01-26 15:57:24\",53.445026,-2.923543,53,\"Castle, Street\",outbound\r\n"
    "1003,\"4717\",\"18\",\"2026-01-26 15:57:30\",93.5,-2.9,53,Castle_Street,outbound\n"
    "1004,\"4717\",\"18\",\"2026-01-26 15:57:50\",53.5,-2.9,53,Castle_Street,outbound";

static void a_file_of_buses(void **state)
{
    (void)state;
    FILE *const f = tmpfile();
    assert_non_null(f);
    assert_int_equal(fwrite(buses, 1, sizeof buses - 1, f), sizeof buses - 1);
    rewind(f);
    struct haul_csv *const c = haul_csv_open(haul_csv_read_stdio, f);
    struct haul_csv_row row;
    struct haul_mapping *m;
    struct haul_error e;
    const struct haul_mapping_spec spec = {
        HAUL_STR("vehicle_position"),
        HAUL_STR("id=vehicle_id,time=timestamp,lat=latitude,lon=longitude,heading_deg=bearing"),
        HAUL_STR("group=bus,source=route 14"), HAUL_STR("UTC")};
    assert_int_equal(haul_csv_next(c, &row, &e), HAUL_OK);
    if (haul_mapping_open(&spec, &row, &m, &e) != HAUL_OK) fail_msg("%s", e.text);

    assert_int_equal(haul_csv_next(c, &row, &e), HAUL_OK);
    if (haul_mapping_record(m, &row, &r, &scratch, &e) != HAUL_OK) fail_msg("%s", e.text);
    assert_int_equal(r.kind, HAUL_KIND_VEHICLE_POSITION);
    assert_true(haul_str_eq(r.id, HAUL_STR("4716")) && haul_str_eq(r.source, HAUL_STR("route 14")));
    assert_int_equal(r.time.ms, 1769443022000);
    assert_true(r.positioned && r.lat_deg == 53.44451 && r.lon_deg == -2.925173);
    assert_false(haul_has(&r, HAUL_F_VP_HEADING)); /* an empty cell */
    assert_true(haul_str_eq(r.v[HAUL_F_VP_GROUP].s, HAUL_STR("bus")));

    assert_int_equal(haul_csv_next(c, &row, &e), HAUL_OK);
    assert_int_equal(haul_mapping_record(m, &row, &r, &scratch, &e), HAUL_OK);
    assert_true(r.v[HAUL_F_VP_HEADING].f == 53);

    assert_int_equal(haul_csv_next(c, &row, &e), HAUL_OK);
    assert_int_equal(haul_mapping_record(m, &row, &r, &scratch, &e), HAUL_E_RANGE);
    assert_string_equal(e.text, "line 4, column 40 (latitude): lat: 93.5 is out of range; expected -90 to 90");

    assert_int_equal(haul_csv_next(c, &row, &e), HAUL_OK);
    assert_int_equal(haul_mapping_record(m, &row, &r, &scratch, &e), HAUL_OK);
    assert_int_equal(haul_csv_next(c, &row, &e), HAUL_E_END);
    haul_mapping_close(m);
    haul_csv_close(c);
    fclose(f);
}

static void units(void **state)
{
    (void)state;
    static const struct {
        const char *map, *cell;
        enum haul_field field;
        double want;
    } cases[] = {
        {"speed_kmh=x", "36.5", HAUL_F_VP_SPEED, 36.5},
        {"speed_kmh=x[km/h]", "36.5", HAUL_F_VP_SPEED, 36.5},
        {"speed_kmh=x[m/s]", "10", HAUL_F_VP_SPEED, 36},
        {"speed_kmh=x[kn]", "10", HAUL_F_VP_SPEED, 18.52},
        {"speed_kmh=x[mph]", "100", HAUL_F_VP_SPEED, 160.9344},
        {"speed_kmh=x[0.1km/h]", "605", HAUL_F_VP_SPEED, 60.5},
        {"speed_kmh=x[0.1]", "605", HAUL_F_VP_SPEED, 60.5},
        {"speed_kmh=x[1e-2m/s]", "1000", HAUL_F_VP_SPEED, 36},
        {"altitude_m=x[ft]", "1000", HAUL_F_VP_ALTITUDE, 304.8},
        {"altitude_m=x[mm]", "-1500", HAUL_F_VP_ALTITUDE, -1.5},
        {"mileage_km=x[m]", "120345600", HAUL_F_VP_MILEAGE, 120345.6},
        {"mileage_km=x[0.1km]", "1203456", HAUL_F_VP_MILEAGE, 120345.6},
        {"fuel_l=x[gal]", "1", HAUL_F_VP_FUEL, 3.785411784},
        {"fuel_l=x[mL]", "1500", HAUL_F_VP_FUEL, 1.5},
        {"battery_pct=x[ratio]", "0.875", HAUL_F_VP_BATTERY, 87.5},
        {"accel_mps2=x[g]", "2", HAUL_F_VP_ACCEL, 19.6133},
        {"heading_deg=x[0.01deg]", "18050", HAUL_F_VP_HEADING, 180.5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char map[100];
        struct haul_error e;
        snprintf(map, sizeof map, "id=i,time=t[ms],lon=o,lat=a,%s", cases[i].map);
        char line[100];
        snprintf(line, sizeof line, "A,5,1,2,%s", cases[i].cell);
        if (once(&(struct spec){"16", map, "", ""}, "i,t,o,a,x", line, &e)[0] != '\0') fail_msg("%s: %s", map, e.text);
        const double off = r.v[cases[i].field].f - cases[i].want;
        if (off > 1e-9 || off < -1e-9)
            fail_msg("%s: %.17g, not %.17g", cases[i].map, r.v[cases[i].field].f, cases[i].want);
    }
}

static void times(void **state)
{
    (void)state;
    static const struct {
        const char *map, *zone, *cell;
        int64_t want_ms;
    } cases[] = {
        {"time=t", "", "2026-01-26 15:57:02", 1769443022000},
        {"time=t", "UTC", "2026-01-26T15:57:02.25", 1769443022250},
        {"time=t", "+08:00", "2026-01-26 23:57:02", 1769443022000},
        {"time=t", "+08", "2026-01-26 23:57:02", 1769443022000},
        {"time=t", "-0330", "2026-01-26 12:27:02", 1769443022000},
        {"time=t", "+08:00", "2026-01-26T15:57:02Z", 1769443022000}, /* has its own */
        {"time=t", "+08:00", "2026-01-26T16:57:02+01:00", 1769443022000},
        {"time=t", "+08:00", "2026-01-26T10:57:02-05:00", 1769443022000},
        {"time=t", "+08:00", "2026-01-27", 1769443200000},
        {"time=t", "+08:00", "1769443022", 1769443022000}, /* numbers have no zone */
        {"time=t", "+08:00", "1769443022123", 1769443022123},
        {"time=t[s]", "", "1769443022.5", 1769443022500},
        {"time=t[ms]", "", "1769443022123", 1769443022123},
        {"time=t[us]", "", "1769443022123456", 1769443022123},
        {"time=t[ns]", "", "1769443022123000000", 1769443022123},
        {"time=t[s]", "", "0", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char map[40], line[80];
        struct haul_error e;
        snprintf(map, sizeof map, "id=i,%s", cases[i].map);
        snprintf(line, sizeof line, "A,%s", cases[i].cell);
        if (once(&(struct spec){"tick", map, "", cases[i].zone}, "i,t", line, &e)[0] != '\0')
            fail_msg("%s: %s", line, e.text);
        if (r.time.ms != cases[i].want_ms) fail_msg("%s %s: %lld", cases[i].zone, line, (long long)r.time.ms);
    }
}

static void positions_in_millionths(void **state)
{
    (void)state;
    struct haul_error e;
    const struct spec s = {"vehicle_position", "id=i,time=t[s],lon=o[1e-6deg],lat=a[1e-6]", "crs=gcj02", ""};
    assert_string_equal(once(&s, "i,t,o,a", "A,5,115892100,28676500", &e), "");
    assert_true(r.lon_deg == 115.8921 && r.lat_deg == 28.6765);
    assert_int_equal(r.crs, 1);
}

static void columns_named_as_the_fields(void **state)
{
    (void)state;
    struct haul_error e;
    const struct spec s = {"vehicle_position", "", "source=gw", ""};
    assert_string_equal(
        once(&s, "lon,lat,colour,id,time,status,source,crs", "1,2,red,A,2026-01-26T15:57:02Z,3,zz,", &e), "");
    assert_true(haul_str_eq(r.source, HAUL_STR("gw"))); /* what is set goes before what is there */
    assert_int_equal(r.v[HAUL_F_VP_STATUS].i, 3);
    assert_true(r.present == 1ull << HAUL_F_VP_STATUS);
}

static void columns_with_odd_names(void **state)
{
    (void)state;
    struct haul_error e;
    struct table t;
    struct haul_mapping *m;
    static const struct haul_csv_cell cells[] = {{{"i", 1}, 1, 1}, {{"t", 1}, 1, 3}, {{"speed, m/s [x]=y", 16}, 1, 5}};
    const struct haul_csv_row header = {cells, 3, 1};
    const struct haul_mapping_spec spec = {HAUL_STR("template_reading"),
                                           HAUL_STR("id=i,time=t,value=\"speed, m/s [x]=y\"[0.5]"),
                                           HAUL_STR("source=\"a,b=c\""), HAUL_STR("")};
    if (haul_mapping_open(&spec, &header, &m, &e) != HAUL_OK) fail_msg("%s", e.text);
    assert_int_equal(haul_mapping_record(m, row_of(&t, 2, "A,1769443022,8"), &r, &scratch, &e), HAUL_OK);
    assert_true(r.v[HAUL_F_TR_VALUE].f == 4);
    assert_true(haul_str_eq(r.source, HAUL_STR("a,b=c")));
    haul_mapping_close(m);
}

static void bad_specifications(void **state)
{
    (void)state;
    static const struct {
        struct spec spec;
        enum haul_err code;
        const char *text;
    } cases[] = {
        {{"car", "", "", ""}, HAUL_E_UNKNOWN, "'car' is not a kind of record; haul schema lists them"},
        {{"199", "", "", ""}, HAUL_E_UNKNOWN, NULL},
        {{"", "", "", ""}, HAUL_E_UNKNOWN, NULL},
        {{"16", "", "", "Mars/Phobos"},
         HAUL_E_UNKNOWN,
         "'Mars/Phobos' is not a time zone; expected UTC, an offset as +08:00, or a name of the tz database (package "
         "tzdata) as Asia/Shanghai"},
        {{"16", "", "", "+15:00"}, HAUL_E_UNKNOWN, NULL},
        {{"16", "", "", "+08:60"}, HAUL_E_UNKNOWN, NULL},
        {{"16", "", "", "0800"}, HAUL_E_UNKNOWN, NULL},
        {{"16", "id", "", ""}, HAUL_E_INVALID, "'id' is not field=column"},
        {{"16", "=i", "", ""}, HAUL_E_INVALID, NULL},
        {{"16", "id=i,", "", ""}, HAUL_E_INVALID, "expected a comma and another field before ','"},
        {{"16", "id=\"i", "", ""}, HAUL_E_INVALID, NULL},
        {{"16", "id=\"i\"x", "", ""}, HAUL_E_INVALID, "expected a comma and another field before 'x'"},
        {{"16", "speed_kmh=s[m/s", "", ""}, HAUL_E_INVALID, "a bracket does not close: [m/s"},
        {{"16", "id=i[]", "", ""}, HAUL_E_INVALID, "id takes no unit"},
        {{"16", "id=i,id=t", "", ""}, HAUL_E_DUPLICATE, "id is given twice"},
        {{"16", "id=i", "id=x", ""}, HAUL_E_DUPLICATE, "id is given twice"},
        {{"16", "id=i", "group=a,group=b", ""}, HAUL_E_DUPLICATE, "group is given twice"},
        {{"16", "id=vehicle", "", ""},
         HAUL_E_NOT_FOUND,
         "no column is named 'vehicle'; there are i, t, o, a, s, twice, twice"},
        {{"16", "id=twice", "", ""}, HAUL_E_DUPLICATE, "2 columns are named 'twice'"},
        {{"tick", "speed=s", "", ""},
         HAUL_E_UNKNOWN,
         "tick has no field 'speed'; it has id, time, source, lon, lat, crs"},
        {{"240", "", "colour=red", ""},
         HAUL_E_UNKNOWN,
         "template_reading has no field 'colour'; it has id, time, source, lon, lat, crs, value, between"},
        {{"16", "speed_kmh=s[degC]", "", ""},
         HAUL_E_UNKNOWN,
         "speed_kmh: 'degC' is not a unit that it can come in; expected m/s, km/h, kn, mph, cm/s"},
        {{"16", "speed_kmh=s[0km/h]", "", ""}, HAUL_E_UNKNOWN, NULL},
        {{"16", "status=s[km]", "", ""},
         HAUL_E_UNKNOWN,
         "status: 'km' is not a unit that it can come in; expected a number alone, which scales"},
        {{"16", "id=i", "speed_kmh=fast", ""}, HAUL_E_INVALID, "speed_kmh: 'fast' is not a number"},
        {{"16", "id=i", "group=", ""}, HAUL_E_INVALID, "group is set to nothing"},
        {{"16", "time=t,lon=o,lat=a", "", ""},
         HAUL_E_INVALID,
         "vehicle_position needs id: no column and no value is given for it"},
        {{"16", "id=i,lon=o,lat=a", "", ""}, HAUL_E_INVALID, NULL},
        {{"16", "id=i,time=t,lon=o", "", ""},
         HAUL_E_INVALID,
         "vehicle_position needs lat: no column and no value is given for it"},
        {{"tick", "id=i,time=t,lat=a", "", ""},
         HAUL_E_INVALID,
         "tick needs lon: no column and no value is given for it"},
        {{"240", "id=i,time=t", "", ""},
         HAUL_E_INVALID,
         "template_reading needs value: no column and no value is given for it"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct haul_error e = {.text = ""};
        struct haul_mapping *m = NULL;
        const enum haul_err err = open_spec(&cases[i].spec, "i,t,o,a,s,twice,twice", &m, &e);
        if (err != cases[i].code || m != NULL)
            fail_msg("%s %s %s %s: %s %s", cases[i].spec.kind, cases[i].spec.map, cases[i].spec.set, cases[i].spec.zone,
                     haul_err_name(err), e.text);
        if (cases[i].text != NULL) assert_string_equal(e.text, cases[i].text);
    }
}

static void bad_cells_are_told_with_their_place(void **state)
{
    (void)state;
    static const struct spec position = {"16", "id=i,time=t,lon=o,lat=a,speed_kmh=s[m/s],status=w,plate=p", "", ""};
    static const struct spec clock = {"clock", "id=i,time=t,watermark=o,through=a,gone=s", "", ""};
    static const struct {
        const struct spec *spec;
        const char *line, *text;
    } cases[] = {
        {&position, ",1769443022,1,2,3,4,P", "line 2, column 1 (i): id: missing; a vehicle_position has it"},
        {&position, "A,,1,2,3,4,P", "line 2, column 3 (t): time: missing; a vehicle_position has it"},
        {&position, "A,noon,1,2,3,4,P",
         "line 2, column 3 (t): time: 'noon' is not a time: expected 2026-01-31T12:00:00Z or milliseconds since 1970"},
        {&position, "A,1769443022,,2,3,4,P", "line 2, column 14 (o): lon: missing; a position has both"},
        {&position, "A,1769443022,1,,3,4,P", "line 2, column 16 (a): lat: missing; a position has both"},
        {&position, "A,1769443022,,,3,4,P", "line 2, column 14 (o): lon: missing; a vehicle_position has it"},
        {&position, "A,1769443022,181,2,3,4,P",
         "line 2, column 14 (o): lon: 181 is out of range; expected -180 to 180"},
        {&position, "A,1769443022,x,2,3,4,P", "line 2, column 14 (o): lon: 'x' is not a number"},
        {&position, "A,1769443022,nan,2,3,4,P", "line 2, column 14 (o): lon: 'nan' is not a number"},
        {&position, "A,1769443022,1e999,2,3,4,P", "line 2, column 14 (o): lon: '1e999' is not a number"},
        {&position, "A,1769443022,1,2,120,4,P",
         "line 2, column 18 (s): speed_kmh: 432 is out of range; expected 0 to 400"},
        {&position, "A,1769443022,1,2,1e308,4,P", "line 2, column 18 (s): speed_kmh: 1e308 is too large"},
        {&position, "A,1769443022,1,2,3 ,4,P", "line 2, column 18 (s): speed_kmh: '3 ' is not a number"},
        {&position, "A,1769443022,1,2,0x10,4,P", "line 2, column 18 (s): speed_kmh: '0x10' is not a number"},
        {&position, "A,1769443022,1,2,3,4.5,P",
         "line 2, column 20 (w): status: 4.5 has a fraction; expected an integer"},
        {&position, "A,1769443022,1,2,3,-1,P",
         "line 2, column 20 (w): status: -1 is out of range; expected 0 to 4294967295"},
        {&position, "A,1769443022,1,2,3,4,AAAAAAAAAAAAAAAAAAAAAAAAA",
         "line 2, column 22 (p): plate: 25 bytes long; expected 0 to 24 bytes"},
        {&position, "A\x01,1769443022,1,2,3,4,P", "line 2, column 1 (i): id: has a control character"},
        {&clock, "A,1769443022,-9223372036854775808,2,1,,",
         "line 2, column 14 (o): watermark: -9223372036854775808 is out of range; expected -9223372036854775807 to "
         "9223372036854775807"},
        {&clock, "A,1769443022,9223372036854775808,2,1,,",
         "line 2, column 14 (o): watermark: 9.22337203685478e+18 is out of range"},
        {&clock, "A,1769443022,1,2,maybe,,", "line 2, column 18 (s): gone: 'maybe' is neither true, 1, false nor 0"},
        {&clock, "A,1769443022,,2,1,,", "line 2, column 14 (o): watermark: missing; a clock has it"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct haul_error e;
        assert_string_equal(once(cases[i].spec, "i,t,o,a,s,w,p", cases[i].line, &e), cases[i].text);
    }
}

static void exact_integers(void **state)
{
    (void)state;
    struct haul_error e;
    const struct spec s = {"clock", "id=i,time=t,watermark=w,through=h", "gone=true", ""};
    assert_string_equal(once(&s, "i,t,w,h", "A,1769443022,-9223372036854775807,9223372036854775807", &e), "");
    assert_true(r.v[HAUL_F_CLOCK_WATERMARK].i == -INT64_MAX && r.v[HAUL_F_CLOCK_THROUGH].i == INT64_MAX);
    assert_int_equal(r.v[HAUL_F_CLOCK_GONE].i, 1);
    const struct spec seconds = {"clock", "id=i,time=t,watermark=w[s],through=h", "", ""};
    assert_string_equal(once(&seconds, "i,t,w,h", "A,1769443022,1769443022.123,7.0", &e), "");
    assert_true(r.v[HAUL_F_CLOCK_WATERMARK].i == 1769443022123 && r.v[HAUL_F_CLOCK_THROUGH].i == 7);
}

static void bytes_are_base64(void **state)
{
    (void)state;
    struct haul_error e;
    const struct spec s = {"alert", "id=i,time=t,state=s",
                           "action=open,rule=a.b,entity=vehicle:A,since=5,severity=1,score=0.5", ""};
    assert_string_equal(once(&s, "i,t,s", "A,1769443022,Zm9v", &e), "");
    assert_true(haul_str_eq(r.v[HAUL_F_ALERT_STATE].s, HAUL_STR("foo")));
    assert_string_equal(once(&s, "i,t,s", "A,1769443022,Zm9", &e), "line 2, column 14 (s): state: not base64");
}

static void rows_of_numbers(void **state)
{
    (void)state;
    struct haul_error e;
    const struct spec s = {"template_reading", "id=i,time=t,between=b[0.1]", "value=1", ""};
    assert_string_equal(once(&s, "i,t,b", "A,1769443022,10;25 -5", &e), "");
    const union haul_value *const v = r.v + HAUL_F_TR_BETWEEN;
    assert_int_equal(v->reals.n, 3);
    assert_true(v->reals.p[0] == 1 && v->reals.p[1] == 2.5 && v->reals.p[2] == -0.5);
    assert_string_equal(once(&s, "i,t,b", "A,1769443022,1;x", &e),
                        "line 2, column 14 (b): between: 'x' is not a number");
    assert_string_equal(
        once(&s, "i,t,b", "A,1769443022,1;2e11", &e),
        "line 2, column 14 (b): between: 20000000000 is out of range; expected -1000000000 to 1000000000");
    char line[200] = "A,1769443022,";
    for (int n = 0; n < 64; n++) line[13 + 2 * n] = '1', line[14 + 2 * n] = ' ';
    assert_string_equal(once(&s, "i,t,b", line, &e), "");
    assert_int_equal(v->reals.n, 64);
    line[13 + 128] = '1';
    assert_string_equal(once(&s, "i,t,b", line, &e), "line 2, column 14 (b): between: more than 64 numbers");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_buses),
        cmocka_unit_test(units),
        cmocka_unit_test(times),
        cmocka_unit_test(positions_in_millionths),
        cmocka_unit_test(columns_named_as_the_fields),
        cmocka_unit_test(columns_with_odd_names),
        cmocka_unit_test(bad_specifications),
        cmocka_unit_test(bad_cells_are_told_with_their_place),
        cmocka_unit_test(exact_integers),
        cmocka_unit_test(bytes_are_base64),
        cmocka_unit_test(rows_of_numbers),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
