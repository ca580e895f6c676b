/* SPDX-License-Identifier: Apache-2.0
 * JT/T 808 by published and by own vectors; frames of both editions there and back; what is refused and where; the
 * bridge, through the task code of production.
 */
#include "haul/crs.h"
#include "haul/jt808.h"
#include "haul/processors.h"
#include "haul/rng.h"
#include "haul/trial.h"

#include "support_jt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct haul_time now = {1769414400000}; /* 2026-01-26T08:00:00Z */
static const struct jt_location here = {.status = 3, /* ignition, fixed */
                                        .lat_micro = 28682900,
                                        .lon_micro = 115858200,
                                        .altitude = 40,
                                        .speed_tenth = 603,
                                        .heading = 90,
                                        .time = "260126155702"};

static struct haul_buf buffer(void)
{
    struct haul_buf b;
    haul_buf_init(&b, 256, 1 << 20);
    return b;
}

/* ---- frames ------------------------------------------------------------------------------------------------------ */
static void the_published_frame(void **state)
{
    (void)state;
    struct haul_buf b = buffer();
    jt_hex(&b,
           "7E0200002612345678901200 7D02 000000010000000200BA7F0E07E4F11C0028003C00001810151010100104000000640202007"
           "D0113 7E");
    struct haul_str rest = jt_str(&b), part;
    uint8_t room[HAUL_JT808_FRAME_MAX];
    struct haul_jt808_frame f;
    struct haul_jt808_location l;
    struct haul_refusal why;
    assert_true(haul_jt808_next(&rest, &part));
    assert_true(haul_jt808_read(part, room, &f, &why));
    assert_false(haul_jt808_next(&rest, &part));
    assert_int_equal(f.id, HAUL_JT808_LOCATION);
    assert_string_equal(f.phone, "123456789012");
    assert_int_equal(f.serial, 126);
    assert_false(f.v2019);
    assert_int_equal(f.total, 0);
    assert_true(haul_jt808_location_read(f.body, 0, &l, &why));
    assert_float_equal(l.lat_deg, 12.222222, 1e-9);
    assert_float_equal(l.lon_deg, 132.444444, 1e-9);
    assert_int_equal(l.alarm, 1);
    assert_int_equal(l.status, 2);
    assert_int_equal(l.altitude_m, 40);
    assert_int_equal(l.speed_tenth_kmh, 60);
    char text[HAUL_TIME_TEXT_BYTES];
    assert_string_equal(haul_time_format(l.time, text), "2018-10-15T02:10:10.000Z"); /* 10:10:10 in China */
    assert_int_equal(l.mileage_tenth_km, 100);
    assert_int_equal(l.fuel_tenth_l, 125);
    haul_buf_free(&b);
}

/* Any header and any body of either edition comes back as it was. */
static void frames_there_and_back(void **state)
{
    (void)state;
    struct haul_rng rng;
    const uint64_t seed = 808;
    printf("# seed %llu\n", (unsigned long long)seed);
    haul_rng_seed(&rng, seed);
    for (int i = 0; i < 3000; i++) {
        const bool v2019 = haul_rng_below(&rng, 2) == 1, split = haul_rng_below(&rng, 3) == 0;
        const size_t n = haul_rng_below(&rng, 4) == 0 ? haul_rng_below(&rng, 1024) : haul_rng_below(&rng, 60);
        char body[1024], phone[21];
        for (size_t k = 0; k < n; k++) body[k] = (char)(0x7a + haul_rng_below(&rng, 6)); /* escapes are frequent */
        const size_t digits = v2019 ? 20 : 12;
        for (size_t k = 0; k < digits; k++) phone[k] = (char)('0' + haul_rng_below(&rng, 10));
        phone[0] = '1', phone[digits] = '\0';
        const unsigned id = (unsigned)haul_rng_below(&rng, 65536), serial = (unsigned)haul_rng_below(&rng, 65536);
        struct haul_buf b = buffer();
        jt808_frame(&b, id, v2019, phone, serial, split ? 9 : 0, split ? 4 : 0, (struct haul_str){body, n});
        struct haul_str rest = jt_str(&b), part;
        uint8_t room[HAUL_JT808_FRAME_MAX];
        struct haul_jt808_frame f;
        struct haul_refusal why;
        assert_true(haul_jt808_next(&rest, &part));
        assert_int_equal(part.n, b.n);
        if (!haul_jt808_read(part, room, &f, &why)) fail_msg("%s", why.text);
        assert_int_equal(f.id, id);
        assert_int_equal(f.serial, serial);
        assert_int_equal(f.v2019, v2019);
        assert_string_equal(f.phone, phone);
        assert_int_equal(f.total, split ? 9 : 0);
        assert_true(haul_str_eq(f.body, (struct haul_str){body, n}));
        haul_buf_free(&b);
    }
}

/* One bit that is turned is found, wherever it is, or was not part of the frame's meaning. */
static void a_turned_bit_is_refused(void **state)
{
    (void)state;
    struct haul_buf body = buffer(), b = buffer();
    jt808_location(&body, &here);
    jt808_frame(&b, HAUL_JT808_LOCATION, false, "013800138000", 7, 0, 0, jt_str(&body));
    for (size_t bit = 8; bit < (b.n - 1) * 8; bit++) {
        b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        uint8_t room[HAUL_JT808_FRAME_MAX];
        struct haul_jt808_frame f;
        struct haul_refusal why;
        assert_false(haul_jt808_read(jt_str(&b), room, &f, &why));
        b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    haul_buf_free(&b);
    haul_buf_free(&body);
}

static void what_is_refused_and_why(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        enum haul_reason reason;
        const char *text;
    } rows[] = {
        {"7E", HAUL_REASON_FRAME, "without a 7E before and behind"},
        {"010203", HAUL_REASON_FRAME, "without a 7E before and behind"},
        {"7E0102", HAUL_REASON_FRAME, "without a 7E before and behind"},
        {"7E 00 7E", HAUL_REASON_TRUNCATED, "1 octets"},
        {"7E 7D03 00 7E", HAUL_REASON_FRAME, "octet 1: 7D is followed by 03"},
        {"7E 0001 7D 7E", HAUL_REASON_FRAME, "octet 3: 7D is followed by 00"},
        {"7E 0102 04 7E", HAUL_REASON_CHECKSUM, "octet 2: the check code is 04; the octets before give 03"},
        {"7E 0102 03 7E", HAUL_REASON_TRUNCATED, "the header has 2 octets; expected 12"},
        {"7E 0002 0001 123456789012 0001 88 7E", HAUL_REASON_TRUNCATED, "the header says 13 (1 of the body)"},
        {"7E 0002 0000 123456789012 0001 AA 23 7E", HAUL_REASON_FRAME, "have 13 octets; the header says 12"},
        {"7E 0002 0000 12345678901A 0001 81 7E", HAUL_REASON_FRAME, "number is not decimal"},
        {"7E 0002 0400 123456789012 0001 8D 7E", HAUL_REASON_UNSUPPORTED, "encrypted (method 1)"},
        {"7E 0002 2000 123456789012 0001 0002 0003 A8 7E", HAUL_REASON_FRAME, "packet 3 of 2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_buf b = buffer();
        uint8_t room[HAUL_JT808_FRAME_MAX];
        struct haul_jt808_frame f;
        struct haul_refusal why = {0};
        jt_hex(&b, rows[i].hex);
        if (haul_jt808_read(jt_str(&b), room, &f, &why)) fail_msg("%s was taken", rows[i].hex);
        if (why.reason != rows[i].reason || strstr(why.text, rows[i].text) == NULL)
            fail_msg("%s: %s: %s", rows[i].hex, haul_reason_name(why.reason), why.text);
        haul_buf_free(&b);
    }
}

static void frames_are_found_in_what_is_around_them(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        size_t parts, lengths[4];
    } rows[] = {
        {"", 0, {0}},
        {"7E", 0, {0}},
        {"7E7E7E", 0, {0}},
        {"7E017E", 1, {3}},
        {"7E017E7E027E", 2, {3, 3}},
        {"7E017E027E", 2, {3, 3}}, /* one flag for two frames */
        {"7E7E017E7E", 1, {3}},
        {"AABB7E017E", 2, {2, 3}}, /* refused, then a frame */
        {"7E017EAABB", 2, {3, 3}}, /* the last has no end: 7EAABB */
        {"7E01", 1, {2}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_buf b = buffer();
        jt_hex(&b, rows[i].hex);
        struct haul_str rest = jt_str(&b), part;
        size_t n = 0;
        for (; haul_jt808_next(&rest, &part); n++) assert_int_equal(part.n, rows[i].lengths[n]);
        assert_int_equal(n, rows[i].parts);
        haul_buf_free(&b);
    }
}

/* ---- locations --------------------------------------------------------------------------------------------------- */
static void every_item(void **state)
{
    (void)state;
    struct haul_buf b = buffer();
    struct jt_location l = here;
    l.status |= 1u << 2 | 1u << 3; /* south, west */
    jt808_location(&b, &l);
    jt_hex(&b, "0104 00012345 0202 1234 0302 0258 0602 FFEE 1101 00 1206 02 00000007 01 1307 00000009 003C 01"
               "2504 00000003 2A02 0001 2B04 00010002 3001 1F 3101 0C 6401 00 6501 00 6601 00 6701 00 E103 010203");
    struct haul_jt808_location out;
    struct haul_refusal why;
    if (!haul_jt808_location_read(jt_str(&b), 0, &out, &why)) fail_msg("%s", why.text);
    assert_float_equal(out.lat_deg, -28.6829, 1e-9);
    assert_float_equal(out.lon_deg, -115.8582, 1e-9);
    assert_int_equal(out.mileage_tenth_km, 0x12345);
    assert_int_equal(out.fuel_tenth_l, 0x1234);
    assert_int_equal(out.recorder_tenth_kmh, 600);
    assert_int_equal(out.carriage_c, -18);
    assert_true(HAUL_JT808_HAS(&out, HAUL_JT808_OVERSPEED));
    assert_int_equal(out.overspeed_place, 0);
    assert_int_equal(out.area_id, 7);
    assert_int_equal(out.area_direction, 1);
    assert_int_equal(out.segment_id, 9);
    assert_int_equal(out.segment_s, 60);
    assert_true(out.segment_long);
    assert_int_equal(out.signals, 3);
    assert_int_equal(out.io, 1);
    assert_int_equal(out.analog, 0x10002);
    assert_int_equal(out.rssi, 31);
    assert_int_equal(out.satellites, 12);
    assert_int_equal(out.active_safety, 4);
    assert_int_equal(out.unknown, 1);
    haul_buf_free(&b);
}

/* Two's complement and sign and magnitude: as both are found. What is no temperature is an item that is unknown. */
static void degrees_below_zero(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        int degrees;
        bool known;
    } rows[] = {{"0000", 0, true},    {"0005", 5, true},      {"FFEE", -18, true},  {"8012", -18, true},
                {"8000", 0, true},    {"FED4", -300, true},   {"812C", -300, true}, {"012C", 300, true},
                {"012D", 301, false}, {"7FFF", 32767, false}, {"C000", 0, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_buf b = buffer();
        struct haul_jt808_location out;
        struct haul_refusal why;
        jt808_location(&b, &here);
        jt_hex(&b, "0602");
        jt_hex(&b, rows[i].hex);
        assert_true(haul_jt808_location_read(jt_str(&b), 0, &out, &why));
        assert_int_equal(HAUL_JT808_HAS(&out, HAUL_JT808_CARRIAGE_TEMPERATURE), rows[i].known);
        if (rows[i].known) assert_int_equal(out.carriage_c, rows[i].degrees);
        assert_int_equal(out.unknown, !rows[i].known);
        haul_buf_free(&b);
    }
}

static void bad_locations(void **state)
{
    (void)state;
    static const struct {
        struct jt_location l;
        const char *items;
        enum haul_reason reason;
        const char *text;
    } rows[] = {
        {{.lat_micro = 90000001, .time = "260126155702"},
         "",
         HAUL_REASON_OUT_OF_RANGE,
         "octet 108 of the body: 90.000001"},
        {{.lon_micro = 180000001, .time = "260126155702"}, "", HAUL_REASON_OUT_OF_RANGE, "octet 112 of the body"},
        {{.time = "261326155702"}, "", HAUL_REASON_TYPE, "octet 122 of the body: 26 13 26"},
        {{.time = "260230155702"}, "", HAUL_REASON_TYPE, "is no time"},
        {{.time = "260126245702"}, "", HAUL_REASON_TYPE, "is no time"},
        {{.time = "2601261557:2"}, "", HAUL_REASON_TYPE, "is no time"},
        {{.time = "260126155702"}, "01", HAUL_REASON_TRUNCATED, "octet 128 of the body: item 01 is cut off"},
        {{.time = "260126155702"}, "0104000000", HAUL_REASON_TRUNCATED, "octet 128 of the body: item 01 is cut off"},
        {{.time = "260126155702"}, "3101000103000000", HAUL_REASON_TYPE, "octet 131 of the body: item 01 has 3 octets"},
        {{.time = "260126155702"}, "1102 0000", HAUL_REASON_TYPE, "item 11 has 2 octets"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_buf b = buffer();
        struct haul_jt808_location out;
        struct haul_refusal why = {0};
        jt808_location(&b, &rows[i].l);
        jt_hex(&b, rows[i].items);
        assert_false(haul_jt808_location_read(jt_str(&b), 100, &out, &why));
        if (why.reason != rows[i].reason || strstr(why.text, rows[i].text) == NULL) fail_msg("%zu: %s", i, why.text);
        haul_buf_free(&b);
    }
}

/* ---- the bridge -------------------------------------------------------------------------------------------------- */
static struct haul_trial *bridge(const char *yaml)
{
    struct haul_error e = {0};
    struct haul_trial *t = haul_trial_open(&haul_bridge_jt808, yaml, &e);
    if (t == NULL) fail_msg("%s", e.text);
    return t;
}

static void feed(struct haul_trial *t, const struct haul_buf *b)
{
    haul_trial_message(t, HAUL_STR("k"), jt_str(b), now, NULL);
}

static void a_location_becomes_a_position(void **state)
{
    (void)state;
    struct haul_trial *t = bridge("source: gw7\ngroup: coach\ncrs: gcj02");
    struct haul_buf body = buffer(), b = buffer();
    struct jt_location l = here;
    l.alarm = 1u << 1 | 1u << 29;
    jt808_location(&body, &l);
    jt_hex(&body, "010400000064 0202007D 31010B 0302025A 640100");
    jt808_frame(&b, HAUL_JT808_LOCATION, true, "00000000013800138000", 99, 0, 0, jt_str(&body));
    feed(t, &b);
    assert_int_equal(haul_trial_emitted(t), 1);
    enum haul_mailbox to;
    const struct haul_record *r = haul_trial_emission(t, 0, &to);
    assert_int_equal(to, HAUL_MAILBOX_FLEET);
    assert_int_equal(r->kind, HAUL_KIND_VEHICLE_POSITION);
    assert_true(haul_str_eq(r->id, HAUL_STR("13800138000")));
    assert_true(haul_str_eq(r->source, HAUL_STR("gw7")));
    assert_int_equal(r->crs, HAUL_CRS_GCJ02);
    assert_int_equal(r->time.ms, 1769414222000);
    assert_float_equal(r->v[HAUL_F_VP_SPEED].f, 60.3, 1e-9);
    assert_float_equal(r->v[HAUL_F_VP_MILEAGE].f, 10, 1e-9);
    assert_float_equal(r->v[HAUL_F_VP_FUEL].f, 12.5, 1e-9);
    assert_int_equal(r->v[HAUL_F_VP_SATELLITES].i, 11);
    assert_int_equal(r->v[HAUL_F_VP_ALARM].i, 1 << 1 | 1 << 29);
    assert_int_equal(r->v[HAUL_F_VP_STATUS].i, 3);
    assert_int_equal(r->v[HAUL_F_VP_SERIAL].i, 99);
    assert_true(haul_str_eq(r->v[HAUL_F_VP_GROUP].s, HAUL_STR("coach")));
    assert_int_equal(haul_trial_counter(t, "items_unused"), 1);
    assert_int_equal(haul_trial_counter(t, "active_safety"), 1);
    haul_trial_close(t);
    haul_buf_free(&b);
    haul_buf_free(&body);
}

/* The carriage's temperature goes to the cold chain, the vehicle being the load unit; with a fix and without. */
static void a_carriage_is_a_load_unit(void **state)
{
    (void)state;
    struct haul_trial *t = bridge("source: gw7");
    struct haul_buf body = buffer(), b = buffer();
    struct jt_location l = here;
    for (int fixed = 1; fixed >= 0; fixed--) {
        if (!fixed) l.status &= ~2u;
        haul_buf_clear(&body);
        jt808_location(&body, &l);
        jt_hex(&body, "0602FFEE");
        jt808_frame(&b, HAUL_JT808_LOCATION, true, "00000000013800138000", 99, 0, 0, jt_str(&body));
    }
    feed(t, &b);
    assert_int_equal(haul_trial_letters(t), 0);
    assert_int_equal(haul_trial_emitted(t), 3);
    size_t samples = 0;
    for (size_t i = 0; i < 3; i++) {
        enum haul_mailbox to;
        const struct haul_record *r = haul_trial_emission(t, i, &to);
        const bool cold = to == HAUL_MAILBOX_COLDCHAIN;
        assert_true(cold || to == HAUL_MAILBOX_FLEET);
        assert_int_equal(r->kind, cold ? HAUL_KIND_COLD_SAMPLE : HAUL_KIND_VEHICLE_POSITION);
        assert_true(haul_str_eq(r->id, HAUL_STR("13800138000")));
        assert_int_equal(r->time.ms, 1769414222000);
        if (!cold) continue;
        assert_int_equal(r->positioned, samples++ == 0);
        assert_float_equal(r->v[HAUL_F_CS_TEMP].f, -18, 0);
        assert_float_equal(r->v[HAUL_F_CS_RESOLUTION].f, 1, 0);
    }
    assert_int_equal(samples, 2);
    assert_int_equal(haul_trial_counter(t, "unfixed"), 0);
    assert_int_equal(haul_trial_counter(t, "items_unused"), 0);
    haul_trial_close(t);
    haul_buf_free(&b);
    haul_buf_free(&body);
}

/* Frames of one message: a good one, one without a fix, an alarm without a fix, a heartbeat, a broken one. */
static void each_frame_of_a_message(void **state)
{
    (void)state;
    struct haul_trial *t = bridge("");
    struct haul_buf b = buffer();
    struct jt_location l = here;
    for (int i = 0; i < 3; i++) {
        struct haul_buf body = buffer();
        l.status = i == 0 ? 3 : 1;
        l.alarm = i == 2 ? 1u : 0;
        jt808_location(&body, &l);
        jt808_frame(&b, HAUL_JT808_LOCATION, false, "013800138000", (unsigned)i, 0, 0, jt_str(&body));
        haul_buf_free(&body);
    }
    jt808_frame(&b, 0x0002, false, "013800138000", 4, 0, 0, (struct haul_str){"", 0});
    const size_t at = b.n;
    jt_hex(&b, "7E 0102 04 7E");
    feed(t, &b);
    assert_int_equal(haul_trial_emitted(t), 2);
    assert_int_equal(haul_trial_emission(t, 1, NULL)->kind, HAUL_KIND_VEHICLE_EVENT);
    assert_int_equal(haul_trial_counter(t, "unfixed"), 1);
    assert_int_equal(haul_trial_counter(t, "other"), 1);
    assert_int_equal(haul_trial_counter(t, "records"), 5);
    assert_int_equal(haul_trial_letters(t), 1);
    struct haul_str bytes;
    char expected[120];
    snprintf(expected, sizeof expected, "bad_checksum: frame at byte %zu: octet 2: the check code is 04; the octets",
             at);
    const char *why = haul_trial_letter(t, 0, &bytes);
    assert_memory_equal(why, expected, strlen(expected));
    assert_int_equal(bytes.n, 5);
    haul_trial_close(t);
    haul_buf_free(&b);
}

static void batch(struct haul_buf *b, unsigned count, unsigned kind, unsigned announced)
{
    jt_u16(b, announced);
    jt_u8(b, kind);
    for (unsigned i = 0; i < count; i++) {
        struct jt_location l = here;
        char time[24];
        snprintf(time, sizeof time, "2601261200%02u", i % 60);
        l.time = time;
        jt_u16(b, 28);
        jt808_location(b, &l);
    }
}

static void batches(void **state)
{
    (void)state;
    static const struct {
        unsigned count, kind, announced, emitted, letters;
        const char *why;
    } rows[] = {
        {5, 0, 5, 5, 0, ""},
        {5, 1, 5, 5, 0, ""},
        {5, 1, 7, 5, 1,
         "truncated: terminal 13800138000, message 0704, serial 9: octet 153 of the body: 2 more reports"},
        {5, 1, 4, 4, 1, "too_many: terminal 13800138000, message 0704, serial 9: there are octets behind"},
        {0, 0, 0, 0, 1, "empty: terminal 13800138000, message 0704, serial 9: a batch of no reports"},
        {1, 2, 1, 0, 1,
         "out_of_range: terminal 13800138000, message 0704, serial 9: octet 2 of the body: a batch of kind 2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_trial *t = bridge("");
        struct haul_buf body = buffer(), b = buffer();
        batch(&body, rows[i].count, rows[i].kind, rows[i].announced);
        jt808_frame(&b, HAUL_JT808_BATCH, false, "013800138000", 9, 0, 0, jt_str(&body));
        feed(t, &b);
        assert_int_equal(haul_trial_emitted(t), rows[i].emitted);
        assert_int_equal(haul_trial_letters(t), rows[i].letters);
        if (rows[i].letters > 0)
            assert_ptr_equal(strstr(haul_trial_letter(t, 0, NULL), rows[i].why), haul_trial_letter(t, 0, NULL));
        assert_int_equal(haul_trial_counter(t, "blind_area"), rows[i].kind == 1 ? rows[i].emitted : 0);
        if (rows[i].emitted > 0) {
            const struct haul_record *r = haul_trial_emission(t, rows[i].emitted - 1, NULL);
            assert_int_equal(r->time.ms, 1769400000000 + (rows[i].emitted - 1) * 1000);
            assert_false(haul_has(r, HAUL_F_VP_SERIAL));
        }
        haul_trial_close(t);
        haul_buf_free(&b);
        haul_buf_free(&body);
    }
}

/* A batch in packets, in any order, of messages of their own, with repeats: whole when the last is there. */
static void split_messages_are_put_together(void **state)
{
    (void)state;
    static const uint8_t order[][6] = {{1, 2, 3, 0}, {3, 2, 1, 0}, {2, 2, 1, 3, 0}, {1, 3, 3, 1, 2, 0}};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        struct haul_trial *t = bridge("");
        struct haul_buf body = buffer();
        batch(&body, 40, 1, 40);
        const size_t third = body.n / 3 + 1;
        for (const uint8_t *k = order[i]; *k != 0; k++) {
            assert_int_equal(haul_trial_emitted(t), 0);
            struct haul_buf b = buffer();
            const size_t at = (*k - 1u) * third, n = *k == 3 ? body.n - at : third;
            jt808_frame(&b, HAUL_JT808_BATCH, false, "013800138000", 65534u + *k, 3, *k,
                        (struct haul_str){(const char *)body.p + at, n});
            feed(t, &b);
            haul_buf_free(&b);
        }
        assert_int_equal(haul_trial_emitted(t), 40);
        assert_int_equal(haul_trial_letters(t), 0);
        assert_null(strstr(haul_trial_dump(t), "\"entity\"")); /* nothing is kept */
        haul_trial_close(t);
        haul_buf_free(&body);
    }
}

static void a_split_message_that_never_becomes_whole(void **state)
{
    (void)state;
    struct haul_trial *t = bridge("");
    struct haul_buf a = buffer(), b = buffer(), c = buffer();
    jt808_frame(&a, HAUL_JT808_BATCH, false, "013800138000", 10, 3, 1, HAUL_STR("abc"));
    jt808_frame(&b, HAUL_JT808_BATCH, false, "013800138000", 20, 2, 1, HAUL_STR("def"));
    jt808_frame(&c, HAUL_JT808_BATCH, false, "013800138001", 10, 33, 1, HAUL_STR("ghi"));
    feed(t, &a);
    feed(t, &b);
    feed(t, &c);
    assert_int_equal(haul_trial_letters(t), 2);
    struct haul_str bytes;
    assert_string_equal(haul_trial_letter(t, 0, &bytes),
                        "incomplete_split: terminal 13800138000, message 0704 from serial 10 on: 1 of 3 packets came "
                        "before another began");
    assert_true(haul_str_eq(bytes, HAUL_STR("abc")));
    assert_string_equal(haul_trial_letter(t, 1, &bytes),
                        "too_many: terminal 13800138001: a message of 33 packets; at most 32");
    haul_trial_close(t);
    haul_buf_free(&a);
    haul_buf_free(&b);
    haul_buf_free(&c);
}

/* What the bridge sends passes the gate of the fleet: GCJ-02 becomes WGS-84, plates are masked, the outside clock
 * moves. */
static void a_shifted_position_reaches_the_fleet_on_its_road(void **state)
{
    (void)state;
    double lon = 115.8582, lat = 28.6829;
    assert_int_equal(haul_crs_from_wgs84(HAUL_CRS_GCJ02, &lon, &lat), HAUL_OK);
    struct jt_location l = here;
    l.lon_micro = (uint32_t)(lon * 1e6 + 0.5), l.lat_micro = (uint32_t)(lat * 1e6 + 0.5);
    struct haul_trial *t = bridge("crs: gcj02");
    struct haul_buf body = buffer(), b = buffer();
    jt808_location(&body, &l);
    jt808_frame(&b, HAUL_JT808_LOCATION, false, "013800138000", 1, 0, 0, jt_str(&body));
    feed(t, &b);
    const struct haul_record *sent = haul_trial_emission(t, 0, NULL);
    double back_lon = sent->lon_deg, back_lat = sent->lat_deg;
    assert_int_equal(haul_crs_to_wgs84((enum haul_crs)sent->crs, &back_lon, &back_lat), HAUL_OK);
    assert_float_equal(back_lon, 115.8582, 2e-6);
    assert_float_equal(back_lat, 28.6829, 2e-6);
    haul_trial_close(t);
    haul_buf_free(&b);
    haul_buf_free(&body);
}

/* Empty, too large, a tombstone: each leaves one letter, and the accounts balance (the trial asserts it). */
static void messages_that_are_none(void **state)
{
    (void)state;
    struct haul_trial *t = bridge("");
    static char large[70000];
    haul_trial_message(t, HAUL_STR("k"), (struct haul_str){NULL, 0}, now, NULL);
    haul_trial_message(t, HAUL_STR("k"), HAUL_STR("\x7e\x7e"), now, NULL);
    haul_trial_message(t, HAUL_STR("k"), (struct haul_str){large, sizeof large}, now, NULL);
    assert_int_equal(haul_trial_letters(t), 3);
    assert_string_equal(haul_trial_letter(t, 0, NULL), "empty: the message holds nothing");
    assert_string_equal(haul_trial_letter(t, 2, NULL),
                        "too_large: the message has 70000 bytes; at most 65536 are accepted");
    haul_trial_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_frame),
        cmocka_unit_test(frames_there_and_back),
        cmocka_unit_test(a_turned_bit_is_refused),
        cmocka_unit_test(what_is_refused_and_why),
        cmocka_unit_test(frames_are_found_in_what_is_around_them),
        cmocka_unit_test(every_item),
        cmocka_unit_test(degrees_below_zero),
        cmocka_unit_test(bad_locations),
        cmocka_unit_test(a_location_becomes_a_position),
        cmocka_unit_test(a_carriage_is_a_load_unit),
        cmocka_unit_test(each_frame_of_a_message),
        cmocka_unit_test(batches),
        cmocka_unit_test(split_messages_are_put_together),
        cmocka_unit_test(a_split_message_that_never_becomes_whole),
        cmocka_unit_test(a_shifted_position_reaches_the_fleet_on_its_road),
        cmocka_unit_test(messages_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
