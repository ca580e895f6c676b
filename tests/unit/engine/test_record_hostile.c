/* SPDX-License-Identifier: Apache-2.0
 * tests/golden/records/hostile.txt: verdict, reason and field of each; the oracle agrees; the neighbours survive; and a
 * good message cut at every byte. `--write DIR` writes the messages out, to begin a fuzzer with.
 */
#include "processors/engine/record_tables.h"
#include "tests/unit/engine/support_notation.h"
#include "tests/unit/engine/support_record_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define CORPUS "tests/golden/records/hostile.txt"

struct hostile {
    struct haul_str name, verdict, field, message;
};

static struct haul_arena scratch;
static struct haul_buf bytes, again;
static char text[1 << 17];
static struct hostile cases[512];
static size_t cases_len;

static struct haul_str trimmed(const char *p, const char *end)
{
    while (p < end && *p == ' ') p++;
    while (end > p && (end[-1] == ' ' || end[-1] == '\n')) end--;
    return (struct haul_str){p, (size_t)(end - p)};
}

static void take_line(const char *line, const char *end)
{
    struct haul_str part[4] = {{NULL, 0}};
    for (int i = 0; i < 4; i++) {
        const char *bar = i == 3 ? end : memchr(line, '|', (size_t)(end - line));
        assert_non_null(bar);
        part[i] = trimmed(line, bar);
        line = bar + 1;
    }
    assert_true(cases_len < sizeof cases / sizeof cases[0]);
    cases[cases_len++] = (struct hostile){part[0], part[1], part[2], part[3]};
}

static int begin(void **state)
{
    (void)state;
    FILE *const f = fopen(CORPUS, "r");
    if (f == NULL) return -1;
    const size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    for (const char *p = text, *end = text + n; p < end;) {
        const char *const eol = memchr(p, '\n', (size_t)(end - p));
        if (eol == NULL) return -1;
        if (*p != '#' && p != eol) take_line(p, eol);
        p = eol + 1;
    }
    haul_arena_init(&scratch, 2 * HAUL_RECORD_SCRATCH);
    haul_buf_init(&bytes, 1024, 1 << 22);
    haul_buf_init(&again, 1024, 1 << 22);
    return 0;
}

static int end_group(void **state)
{
    (void)state;
    haul_arena_free(&scratch);
    haul_buf_free(&bytes);
    haul_buf_free(&again);
    return 0;
}

static struct haul_str compiled(const struct hostile *h)
{
    struct haul_str bad;
    haul_buf_clear(&bytes);
    if (!notation_compile(h->message, &bytes, &bad))
        fail_msg("%.*s: '%.*s'", (int)h->name.n, h->name.p, (int)bad.n, bad.p);
    assert_false(bytes.overflow);
    return (struct haul_str){(char *)bytes.p, bytes.n};
}

/* Decodes all of a message; the first refusal is left in *why. */
static bool decode_all(struct haul_str message, struct haul_record *out, struct haul_refusal *why, unsigned *good)
{
    struct haul_message_cursor c;
    struct haul_refusal later;
    bool all = true;
    *good = 0;
    if (!haul_message_open(&c, message, why)) return false;
    while (c.left > 0) {
        haul_arena_reset(&scratch);
        if (haul_record_decode(&c, out, &scratch, all ? why : &later))
            ++*good;
        else
            all = false;
    }
    return all;
}

static void the_verdict(void **state)
{
    (void)state;
    static struct haul_record r;
    for (size_t i = 0; i < cases_len; i++) {
        const struct hostile *const h = cases + i;
        struct haul_refusal why = {.reason = HAUL_REASON_NONE};
        unsigned good;
        const bool accepted = decode_all(compiled(h), &r, &why, &good);
        const char *const got = accepted ? "ok" : haul_reason_name(why.reason);
        if (!haul_str_eq(h->verdict, haul_str_of(got)))
            fail_msg("%.*s: %s (%s), not %.*s", (int)h->name.n, h->name.p, got, why.text, (int)h->verdict.n,
                     h->verdict.p);
        char field[32];
        snprintf(field, sizeof field, "%u", r.unknown);
        if (!accepted) snprintf(field, sizeof field, "%s", why.field[0] == '\0' ? "-" : why.field);
        if (!haul_str_eq(h->field, haul_str_of(field)))
            fail_msg("%.*s: field %s (%s), not %.*s", (int)h->name.n, h->name.p, field, why.text, (int)h->field.n,
                     h->field.p);
        if (!accepted && why.field[0] != '\0' && strncmp(why.text, why.field, strlen(why.field)) != 0)
            fail_msg("%.*s: the sentence does not begin with its field: %s", (int)h->name.n, h->name.p, why.text);
    }
}

static void the_oracle_agrees(void **state)
{
    (void)state;
    for (size_t i = 0; i < cases_len; i++) {
        const char *const difference = oracle_message(compiled(cases + i), &scratch, &again);
        if (difference != NULL) fail_msg("%.*s: %s", (int)cases[i].name.n, cases[i].name.p, difference);
    }
}

/* Three in an array, the bad one in the middle: the other two are decoded when its extent can be found. */
static void the_neighbours_survive(void **state)
{
    (void)state;
    static struct haul_record r;
    static const char good[] = "\x83\x01\x02\x02\xa1x\x03\x05";
    struct haul_buf three;
    unsigned held = 0;
    haul_buf_init(&three, 1024, 1 << 22);
    for (size_t i = 0; i < cases_len; i++) {
        const struct haul_str one = compiled(cases + i);
        struct haul_refusal why = {.reason = HAUL_REASON_NONE};
        const uint8_t first = one.n == 0 || one.n > 60000 ? 0x90 : (uint8_t)one.p[0];
        if (first >> 4 == 9 || first == 0xdc || first == 0xdd) continue; /* arrays have their own neighbours */
        size_t extent;
        static struct oracle_reals reals;
        oracle_record(one, &r, &reals, &extent);
        const bool accepted = haul_str_eq(cases[i].verdict, HAUL_STR("ok"));
        if (extent != one.n) continue;
        haul_buf_clear(&three);
        haul_buf_byte(&three, 0x93);
        haul_buf_put(&three, good, sizeof good - 1);
        haul_buf_str(&three, one);
        haul_buf_put(&three, good, sizeof good - 1);
        unsigned survived;
        decode_all((struct haul_str){(char *)three.p, three.n}, &r, &why, &survived);
        if (survived != 2u + accepted) fail_msg("%.*s: %u of 3", (int)cases[i].name.n, cases[i].name.p, survived);
        held++;
    }
    haul_buf_free(&three);
    assert_true(held > 80);
}

static void cut_at_every_byte(void **state)
{
    (void)state;
    static struct haul_record r;
    for (size_t i = 0; i < cases_len; i++) {
        const struct haul_str whole = compiled(cases + i);
        if (!haul_str_eq(cases[i].verdict, HAUL_STR("ok")) || whole.n > 1000) continue;
        for (size_t n = 0; n < whole.n; n++) {
            /* a block of its own, so that the sanitizer sees one byte too far */
            char *const copy = malloc(n + (n == 0));
            assert_non_null(copy);
            memcpy(copy, whole.p, n);
            struct haul_refusal why = {.reason = HAUL_REASON_NONE};
            unsigned good;
            const bool accepted = decode_all((struct haul_str){copy, n}, &r, &why, &good);
            if (accepted || why.reason != (n == 0 ? HAUL_REASON_EMPTY : HAUL_REASON_TRUNCATED))
                fail_msg("%.*s cut at %zu of %zu: %s", (int)cases[i].name.n, cases[i].name.p, n, whole.n,
                         accepted ? "accepted" : why.text);
            free(copy);
        }
    }
}

static void every_reason_of_the_decoder_is_reached(void **state)
{
    (void)state;
    for (int reason = HAUL_REASON_EMPTY; reason <= HAUL_REASON_CRS; reason++) {
        /* the engine's and the gate's are not the decoder's */
        if (reason == HAUL_REASON_UNEXPECTED_KIND || reason == HAUL_REASON_TIME_FUTURE ||
            reason == HAUL_REASON_TIME_PAST)
            continue;
        size_t n = 0;
        for (size_t i = 0; i < cases_len; i++)
            n += haul_str_eq(cases[i].verdict, haul_str_of(haul_reason_name((enum haul_reason)reason)));
        if (n == 0) fail_msg("no case for %s", haul_reason_name((enum haul_reason)reason));
    }
}

static void the_sentence_says_where(void **state)
{
    (void)state;
    static struct haul_record r;
    static const struct {
        const char *message, *text;
    } told[] = {
        {"{7 @ 16 f612.5", "speed_kmh at byte 40: 612.5 is out of range; expected 0 to 400"},
        {"{7 @ 16 'fast'", "speed_kmh at byte 40: found a string; expected a number"},
        {"{5 1 16 2 'A1' 3 5 5 fnan 6 f2", "lon at byte 10: NaN is not a finite number; expected -180 to 180"},
        {"{4 0 1 1 16 2 'A1' 3 5", "lon: missing; a vehicle_position has it"},
        {"{7 @ 19 f1.5", "status at byte 40: 1.5 has a fraction; expected an integer"},
        {"[2 {3 1 2 2 'x' 3 5 {3 1 2 2 7 3 5", "id at byte 4: found an integer; expected a string"},
        {"{6 @ {6 @", "record at byte 0: 39 bytes follow the message's last record"},
        {"{4 1 2 2 'x' 3 5 80 [32:4294967295", "record at byte 9: declares 4294967295 values, but only 0 bytes follow"},
    };
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        struct haul_refusal why;
        unsigned good;
        const struct hostile h = {.message = haul_str_of(told[i].message)};
        assert_false(decode_all(compiled(&h), &r, &why, &good));
        assert_string_equal(why.text, told[i].text);
    }
}

/* The short cut for plain ids says what the full check says: every byte at every place of every length. */
static void every_byte_in_an_id(void **state)
{
    (void)state;
    static struct haul_record r;
    for (size_t n = 1; n <= 20; n++)
        for (size_t at = 0; at < n; at++)
            for (unsigned byte = 0; byte < 256; byte++) {
                char message[32] = "\x83\x01\x02\x03\x05\x02";
                struct haul_message_cursor c;
                struct haul_refusal why;
                message[6] = (char)(0xa0 | n);
                memset(message + 7, 'x', n);
                message[7 + at] = (char)byte;
                assert_true(haul_message_open(&c, (struct haul_str){message, 7 + n}, &why));
                if (haul_record_decode(&c, &r, &scratch, &why) != haul_id_valid((struct haul_str){message + 7, n}))
                    fail_msg("byte %02x at %zu of %zu", byte, at, n);
            }
}

static int write_out(const char *dir)
{
    for (size_t i = 0; i < cases_len; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%03zu", dir, i);
        FILE *const f = fopen(path, "w");
        const struct haul_str message = compiled(cases + i);
        if (f == NULL) return 1;
        fwrite(message.p, 1, message.n, f);
        fclose(f);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_verdict),
        cmocka_unit_test(the_oracle_agrees),
        cmocka_unit_test(the_neighbours_survive),
        cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(every_reason_of_the_decoder_is_reached),
        cmocka_unit_test(the_sentence_says_where),
        cmocka_unit_test(every_byte_in_an_id),
    };
    if (argc == 3 && strcmp(argv[1], "--write") == 0) return begin(NULL) != 0 || write_out(argv[2]);
    return cmocka_run_group_tests(tests, begin, end_group);
}
