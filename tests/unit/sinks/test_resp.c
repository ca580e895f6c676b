/* SPDX-License-Identifier: Apache-2.0
 * Requests byte for byte, replies of every kind, the control key there and back, and what each refusal means.
 */
#include "haul/rng.h"

#include "sinks/redis/control.h"
#include "sinks/redis/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void wrote(struct haul_buf *b, const char *want)
{
    if (b->n != strlen(want) || memcmp(b->p, want, b->n) != 0)
        fail_msg("wrote %.*s, wanted %s", (int)b->n, (const char *)b->p, want);
    haul_buf_clear(b);
}

static void requests(void **state)
{
    (void)state;
    struct haul_buf b;
    haul_buf_init(&b, 0, 1 << 16);
    RESP_LINE(&b, HAUL_STR("GET"), HAUL_STR(""));
    wrote(&b, "*2\r\n$3\r\nGET\r\n$0\r\n\r\n");
    resp_u64(&b, 0);
    resp_u64(&b, UINT64_MAX);
    wrote(&b, "$1\r\n0\r\n$20\r\n18446744073709551615\r\n");
    resp_i64(&b, -7);
    resp_i64(&b, INT64_MIN);
    resp_i64(&b, 12);
    wrote(&b, "$2\r\n-7\r\n$20\r\n-9223372036854775808\r\n$2\r\n12\r\n");
    resp_joined(&b, HAUL_STR("t:haul:"), HAUL_STR("k"));
    wrote(&b, "$8\r\nt:haul:k\r\n");
    resp_pair(&b, HAUL_STR("haul:"), HAUL_STR("vehicle:A"), HAUL_STR("{\"speed_kmh\":81}"));
    wrote(&b, "$14\r\nhaul:vehicle:A\r\n$16\r\n{\"speed_kmh\":81}\r\n");
    resp_command(&b, 12345);
    wrote(&b, "*12345\r\n");
    haul_buf_free(&b);
}

static enum haul_err read_text(struct resp_reader *r, const char *text, const struct haul_redis_value **v)
{
    struct haul_error e;
    resp_reader_reset(r);
    const enum haul_err err = resp_reader_feed(r, (const uint8_t *)text, strlen(text), &e);
    return err != HAUL_OK ? err : resp_reader_next(r, v, &e);
}

static void replies(void **state)
{
    (void)state;
    struct resp_reader *r = resp_reader_open();
    const struct haul_redis_value *v;
    assert_int_equal(read_text(r, "+OK\r\n", &v), HAUL_OK);
    assert_true(resp_is(v, "OK") && !resp_is(v, "O"));
    assert_int_equal(read_text(r, "-ERR no\r\n", &v), HAUL_OK);
    assert_true(v->type == HAUL_REDIS_ERROR && haul_str_eq(v->str, HAUL_STR("ERR no")));
    assert_int_equal(read_text(r, ":-12\r\n", &v), HAUL_OK);
    assert_true(v->type == HAUL_REDIS_INTEGER && v->integer == -12);
    assert_int_equal(read_text(r, "$-1\r\n", &v), HAUL_OK);
    assert_int_equal(v->type, HAUL_REDIS_NIL);
    assert_int_equal(read_text(r, "*-1\r\n", &v), HAUL_OK);
    assert_int_equal(v->type, HAUL_REDIS_NIL);
    assert_int_equal(read_text(r, "*3\r\n*2\r\n:1\r\n$2\r\na\n\r\n*0\r\n$-1\r\n", &v), HAUL_OK);
    assert_true(v->len == 3 && v->items[0]->len == 2 && v->items[0]->items[1]->str.p[1] == '\n');
    assert_true(v->items[1]->type == HAUL_REDIS_ARRAY && v->items[1]->len == 0 && v->items[2]->type == HAUL_REDIS_NIL);
    assert_true(resp_reader_idle(r));
    assert_int_equal(read_text(r, "*2\r\n:1\r\n", &v), HAUL_E_AGAIN);
    assert_false(resp_reader_idle(r));
    assert_int_equal(read_text(r, "HTTP/1.1 400 Bad Request\r\n", &v), HAUL_E_CORRUPT);
    assert_int_equal(read_text(r, "*9999999\r\n", &v), HAUL_E_LIMIT);
    /* many small arrays within one reply count too */
    assert_int_equal(read_text(r, "*2\r\n*1000000\r\n", &v), HAUL_E_AGAIN);
    assert_int_equal(read_text(r, "*3\r\n*0\r\n*0\r\n*1048575\r\n", &v), HAUL_E_LIMIT);
    resp_reader_close(r);
}

static void numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        uint64_t value;
    } cases[] = {{"0", true, 0},
                 {"007", true, 7},
                 {"18446744073709551615", true, UINT64_MAX},
                 {"18446744073709551616", false, 0},
                 {"", false, 0},
                 {"-1", false, 0},
                 {"1 ", false, 0},
                 {"99999999999999999999", false, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t n = 0;
        const struct haul_redis_value v = {.type = HAUL_REDIS_STRING, .str = haul_str_of(cases[i].text)};
        if (resp_number(&v, &n) != cases[i].good || n != cases[i].value) fail_msg("'%s'", cases[i].text);
    }
}

/* HSET's words as the answer to HGETALL. */
static void turn_round(const struct haul_buf *request, struct haul_buf *answer)
{
    struct resp_reader *r = resp_reader_open();
    const struct haul_redis_value *v;
    struct haul_error e;
    assert_int_equal(resp_reader_feed(r, request->p, request->n, &e), HAUL_OK);
    assert_int_equal(resp_reader_next(r, &v, &e), HAUL_OK);
    resp_command(answer, v->len - 2);
    for (size_t i = 2; i < v->len; i++) resp_word(answer, v->items[i]->str);
    resp_reader_close(r);
}

static void fill(struct haul_rng *rng, struct haul_control *c)
{
    /* every field gets bits of its own; texts and counts are set again */
    uint8_t *bytes = (uint8_t *)c;
    for (size_t i = 0; i < sizeof *c; i++) bytes[i] = (uint8_t)haul_rng_u64(rng);
    c->acked_len = (uint32_t)haul_rng_below(rng, HAUL_CHANNELS_MAX + 1);
    for (size_t i = c->acked_len; i < HAUL_CHANNELS_MAX; i++) c->acked[i] = 0;
    char *const texts[] = {c->options_hash, c->genesis_options, c->content_hash[0], c->content_hash[1]};
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
        for (size_t i = 0; i < 32; i++) texts[k][i] = (char)('a' + haul_rng_below(rng, 16));
        texts[k][32] = '\0';
    }
}

static bool same_control(const struct haul_control *a, const struct haul_control *b)
{
    return a->commit == b->commit && a->incarnation == b->incarnation && a->position.offset == b->position.offset &&
           a->position.index == b->position.index && a->position.step == b->position.step &&
           a->last_offset == b->last_offset && a->last_append_ms == b->last_append_ms && a->last_hash == b->last_hash &&
           a->checkpoint_generation == b->checkpoint_generation && a->checkpoint.offset == b->checkpoint.offset &&
           a->checkpoint.index == b->checkpoint.index && a->checkpoint.step == b->checkpoint.step &&
           a->checkpoint_blocks == b->checkpoint_blocks && a->checkpoint_bytes == b->checkpoint_bytes &&
           a->checkpoint_hash == b->checkpoint_hash && a->checkpoint_writing == b->checkpoint_writing &&
           a->checkpoint_writing_blocks == b->checkpoint_writing_blocks && a->acked_len == b->acked_len &&
           memcmp(a->acked, b->acked, sizeof a->acked) == 0 && a->genesis_offset == b->genesis_offset &&
           a->silent_until == b->silent_until && a->partitions == b->partitions && a->placed_from == b->placed_from &&
           a->answer_version == b->answer_version && a->options_version == b->options_version &&
           strcmp(a->options_hash, b->options_hash) == 0 && strcmp(a->genesis_options, b->genesis_options) == 0 &&
           memcmp(a->content_hash, b->content_hash, sizeof a->content_hash) == 0 &&
           memcmp(a->content_version, b->content_version, sizeof a->content_version) == 0;
}

static void the_control_key_comes_back_as_it_was_written(void **state)
{
    (void)state;
    struct haul_rng rng;
    haul_rng_seed(&rng, 5);
    for (int round = 0; round < 200; round++) {
        struct haul_buf request, answer;
        struct record written = {0}, read;
        char owner[NONCE_TEXT];
        bool exists;
        struct haul_error e;
        haul_buf_init(&request, 0, 1 << 16);
        haul_buf_init(&answer, 0, 1 << 16);
        fill(&rng, &written.control);
        record_write(&request, HAUL_STR("k"), NULL, &written, "0123456789abcdef0123456789abcdef");
        turn_round(&request, &answer);
        struct resp_reader *r = resp_reader_open();
        const struct haul_redis_value *v;
        assert_int_equal(resp_reader_feed(r, answer.p, answer.n, &e), HAUL_OK);
        assert_int_equal(resp_reader_next(r, &v, &e), HAUL_OK);
        assert_int_equal(record_read(v, &read, owner, &exists, &e), HAUL_OK);
        assert_true(exists && same_control(&written.control, &read.control));
        assert_string_equal(owner, "0123456789abcdef0123456789abcdef");
        /* without any one of its fields, or with a wrong one, it is refused by name */
        for (size_t i = 0; i + 1 < v->len; i += 2) {
            struct haul_str *name = &v->items[i]->str, keep = *name;
            *name = HAUL_STR("?");
            const enum haul_err err = record_read(v, &read, owner, &exists, &e);
            *name = keep;
            if (haul_str_eq(keep, HAUL_STR("owner"))) continue;
            if (haul_str_eq(keep, HAUL_STR("placed_from"))) { /* older hauls do not write it */
                assert_true(err == HAUL_OK && read.control.placed_from == 0);
                continue;
            }
            assert_int_equal(err, HAUL_E_CORRUPT);
            char quoted[64];
            snprintf(quoted, sizeof quoted, "'%.*s'", (int)keep.n, keep.p);
            assert_non_null(strstr(e.text, quoted));
        }
        resp_reader_close(r);
        haul_buf_free(&request);
        haul_buf_free(&answer);
    }
}

static void only_what_has_changed_is_written(void **state)
{
    (void)state;
    struct haul_buf b;
    haul_buf_init(&b, 0, 1 << 16);
    struct record known = {.control = {.commit = 7, .position = {.offset = 10}}}, next = known;
    next.control.commit++;
    next.control.position.offset = -1;
    record_write(&b, HAUL_STR("k"), &known, &next, NULL);
    wrote(&b, "*6\r\n$4\r\nHSET\r\n$1\r\nk\r\n$6\r\ncommit\r\n$1\r\n8\r\n$6\r\noffset\r\n$2\r\n-1\r\n");
    haul_buf_free(&b);
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sentence;
        bool reconnect;
    } cases[] = {
        {"OOM command not allowed when used memory > 'maxmemory'.", "maxmemory", false},
        {"READONLY You can't write against a read only replica.", "replica", true},
        {"EXECABORT Transaction discarded because of: READONLY You can't write", "replica", true},
        {"EXECABORT Transaction discarded because of previous errors.", "queued", false},
        {"LOADING Redis is loading the dataset in memory", "loading", false},
        {"WRONGPASS invalid username-password pair", "password", true},
        {"something new", "refused", false},
        {"", "refused", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct refusal *r = refusal_of(haul_str_of(cases[i].text));
        if (strstr(r->sentence, cases[i].sentence) == NULL || r->reconnect != cases[i].reconnect)
            fail_msg("%s: %s", cases[i].text, r->sentence);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(replies),
        cmocka_unit_test(numbers),
        cmocka_unit_test(the_control_key_comes_back_as_it_was_written),
        cmocka_unit_test(only_what_has_changed_is_written),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests_name("resp", tests, NULL, NULL);
}
