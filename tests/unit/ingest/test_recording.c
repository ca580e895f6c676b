/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/recording.h"
#include "haul/replay_source.h"
#include "haul/rng.h"
#include "haul/topics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];

static int in_a_folder(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/haul-recording-XXXXXX");
    if (mkdtemp(path) == NULL) return -1;
    memcpy(path + strlen(path), "/r", 3);
    return 0;
}

static int folder_removed(void **state)
{
    (void)state;
    unlink(path);
    path[strlen(path) - 2] = '\0';
    return rmdir(path);
}

static struct haul_recorder *create(void)
{
    struct haul_recorder *r;
    struct haul_error e;
    unlink(path);
    if (haul_recorder_open(path, 3, (struct haul_time){1700000000000}, &r, &e) != HAUL_OK) fail_msg("%s", e.text);
    return r;
}

static struct haul_recording *open_it(void)
{
    struct haul_recording *r;
    struct haul_error e;
    if (haul_recording_open(path, &r, &e) != HAUL_OK) fail_msg("%s", e.text);
    return r;
}

/* Message i of a sequence that any reader can check: every form of key, value and headers comes up. */
static void compose(uint64_t i, struct haul_recorded *m, char *bytes, size_t cap, struct haul_header headers[3])
{
    static const char *const topics[] = {"a.haul.fleet", "a.haul.desk", "else", "a.haul.fleet"};
    static const char *const names[] = {"haul", "", "a-header"};
    struct haul_rng rng;
    haul_rng_seed(&rng, i);
    for (size_t j = 0; j < cap; j++) bytes[j] = (char)haul_rng_u64(&rng);
    const size_t key = haul_rng_below(&rng, 40), value = haul_rng_below(&rng, cap - 100);
    *m = (struct haul_recorded){.topic = topics[i % 4],
                                .partitions = 8,
                                .partition = (uint32_t)haul_rng_below(&rng, 8),
                                .offset = (int64_t)i,
                                .time = {(int64_t)(1700000000000 + i)},
                                .stamp = (enum haul_stamp)haul_rng_below(&rng, 3),
                                .key = {key == 0 ? NULL : bytes, key == 0 ? 0 : key - 1},
                                .value = {value == 0 ? NULL : bytes + 50, value == 0 ? 0 : value - 1},
                                .headers = headers,
                                .headers_len = haul_rng_below(&rng, 4)};
    for (size_t j = 0; j < m->headers_len; j++) {
        const size_t n = haul_rng_below(&rng, 20);
        headers[j] = (struct haul_header){names[j], {n == 0 ? NULL : bytes + j, n == 0 ? 0 : n - 1}};
    }
}

static void same_str(struct haul_str a, struct haul_str b)
{
    assert_true((a.p == NULL) == (b.p == NULL));
    assert_true(haul_str_eq(a, b));
}

static void same(const struct haul_recorded *a, const struct haul_recorded *b)
{
    assert_string_equal(a->topic, b->topic);
    assert_true(a->partitions == b->partitions && a->partition == b->partition && a->offset == b->offset);
    assert_true(a->time.ms == b->time.ms && a->stamp == b->stamp && a->headers_len == b->headers_len);
    same_str(a->key, b->key);
    same_str(a->value, b->value);
    for (size_t i = 0; i < a->headers_len; i++) {
        assert_string_equal(a->headers[i].name, b->headers[i].name);
        same_str(a->headers[i].value, b->headers[i].value);
    }
}

static void write_n(uint64_t n, size_t cap, bool finish, uint64_t flush_every)
{
    char *bytes = malloc(cap);
    struct haul_header headers[3];
    struct haul_recorded m;
    struct haul_error e;
    struct haul_recorder *r = create();
    for (uint64_t i = 0; i < n; i++) {
        compose(i, &m, bytes, cap, headers);
        if (haul_recorder_add(r, &m, &e) != HAUL_OK) fail_msg("%s", e.text);
        if (flush_every != 0 && i % flush_every == flush_every - 1)
            assert_int_equal(haul_recorder_flush(r, &e), HAUL_OK);
    }
    assert_int_equal(haul_recorder_close(r, &e), HAUL_OK);
    if (!finish) { /* without its end frame */
        FILE *f = fopen(path, "r+");
        assert_int_equal(fseek(f, 0, SEEK_END), 0);
        assert_int_equal(ftruncate(fileno(f), ftell(f) - 32), 0);
        fclose(f);
    }
    free(bytes);
}

/* Reads to the end, each message compared with the n-th composed; returns how many came. */
static uint64_t read_all(struct haul_recording *r, size_t cap, enum haul_err *last, struct haul_error *e)
{
    char *bytes = malloc(cap);
    struct haul_header headers[3];
    struct haul_recorded m, expected;
    uint64_t n = 0;
    while ((*last = haul_recording_next(r, &m, e)) == HAUL_OK) {
        compose(n++, &expected, bytes, cap, headers);
        same(&expected, &m);
    }
    assert_int_equal(haul_recording_next(r, &m, NULL), HAUL_E_END); /* nothing follows an end or an error */
    free(bytes);
    return n;
}

static void everything_comes_back(void **state)
{
    enum { N = 20000, CAP = 600 };
    (void)state;
    enum haul_err last;
    struct haul_error e;
    write_n(N, CAP, true, 0);
    struct haul_recording *r = open_it();
    assert_int_equal(haul_recording_made(r).ms, 1700000000000);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(read_all(r, CAP, &last, &e), N);
        assert_int_equal(last, HAUL_E_END);
        assert_null(haul_recording_torn(r));
        assert_int_equal(haul_recording_rewind(r, &e), HAUL_OK);
    }
    haul_recording_close(r);
}

static void large_messages(void **state)
{
    enum { N = 5, CAP = 5 << 20 };
    (void)state;
    enum haul_err last;
    struct haul_error e;
    write_n(N, CAP, true, 0);
    struct haul_recording *r = open_it();
    assert_int_equal(read_all(r, CAP, &last, &e), N);
    assert_int_equal(last, HAUL_E_END);
    haul_recording_close(r);
    struct haul_recorder *w = create();
    struct haul_recorded m = {.topic = "t", .value = {path, HAUL_RECORDING_MESSAGE_MAX}};
    assert_int_equal(haul_recorder_add(w, &m, &e), HAUL_E_LIMIT);
    assert_int_equal(haul_recorder_close(w, &e), HAUL_OK);
}

static void never_written_over(void **state)
{
    (void)state;
    struct haul_recorder *w;
    struct haul_error e;
    write_n(1, 300, true, 0);
    assert_int_equal(haul_recorder_open(path, 3, (struct haul_time){0}, &w, &e), HAUL_E_DUPLICATE);
    assert_non_null(strstr(e.text, path));
}

/* Cut anywhere, what was whole comes back, and the rest is told. */
static void torn_tails(void **state)
{
    enum { N = 60, CAP = 300, EACH = 10 };
    (void)state;
    enum haul_err last;
    struct haul_error e;
    write_n(N, CAP, true, EACH);
    FILE *f = fopen(path, "r+");
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    uint64_t before = N;
    for (long size = ftell(f) - 1; size >= 32; size -= 7) {
        assert_int_equal(ftruncate(fileno(f), size), 0);
        struct haul_recording *r = open_it();
        const uint64_t n = read_all(r, CAP, &last, &e);
        assert_int_equal(last, HAUL_E_END);
        assert_true(n <= before && n % EACH == 0);
        before = n;
        assert_non_null(haul_recording_torn(r));
        haul_recording_close(r);
    }
    assert_int_equal(before, 0);
    assert_int_equal(ftruncate(fileno(f), 31), 0);
    struct haul_recording *r;
    assert_int_equal(haul_recording_open(path, &r, &e), HAUL_E_INVALID);
    fclose(f);
}

/* One byte changed anywhere: never another message; either torn (the last frame), or CORRUPT. */
static void changed_bytes(void **state)
{
    enum { N = 40, CAP = 200, EACH = 10 };
    (void)state;
    enum haul_err last;
    struct haul_error e;
    write_n(N, CAP, true, EACH);
    FILE *f = fopen(path, "r+");
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    const long size = ftell(f);
    for (long at = 0; at < size; at += 3) {
        struct haul_recording *r;
        fseek(f, at, SEEK_SET);
        const int was = getc(f);
        fseek(f, at, SEEK_SET);
        putc(was ^ 0x20, f);
        fflush(f);
        const enum haul_err err = haul_recording_open(path, &r, &e);
        if (err == HAUL_OK) {
            read_all(r, CAP, &last, &e);
            assert_true(last == HAUL_E_CORRUPT || (last == HAUL_E_END && haul_recording_torn(r) != NULL));
            haul_recording_close(r);
        } else {
            assert_true(at < 32 && (err == HAUL_E_INVALID || err == HAUL_E_CORRUPT));
        }
        fseek(f, at, SEEK_SET);
        putc(was, f);
        fflush(f);
    }
    fclose(f);
}

/* ---- the replay source --------------------------------------------------------------------------------------------
 */
static struct haul_source *replay(void)
{
    struct haul_source *s;
    struct haul_error e;
    if (haul_replay_source_open(path, NULL, 0, &s, &e) != HAUL_OK) fail_msg("%s", e.text);
    return s;
}

static struct haul_source_event next_event(struct haul_source *s)
{
    struct haul_source_event ev;
    struct haul_error e;
    if (s->ops->poll(s, 0, &ev, &e) != HAUL_OK) fail_msg("%s", e.text);
    return ev;
}

static void record_two_partitions(void)
{
    struct haul_error e;
    struct haul_recorder *w = create();
    for (int i = 0; i < 10; i++) { /* partition 0: offsets 100…104, partition 2: 7, 9, 11, 13, 15 */
        const struct haul_header h = {"haul", HAUL_STR("traffic/1:2:3:0")};
        const struct haul_recorded m = {.topic = "x.haul.fleet",
                                        .partitions = 3,
                                        .partition = i % 2 == 0 ? 0 : 2,
                                        .offset = i % 2 == 0 ? 100 + i / 2 : 7 + i - 1,
                                        .time = {1000 + i},
                                        .stamp = HAUL_STAMP_APPEND,
                                        .key = HAUL_STR("k"),
                                        .value = {&"0123456789"[i], 1},
                                        .headers = &h,
                                        .headers_len = i == 3};
        assert_int_equal(haul_recorder_add(w, &m, &e), HAUL_OK);
    }
    assert_int_equal(haul_recorder_close(w, &e), HAUL_OK);
}

static struct haul_task_name fleet(int partition)
{
    return (struct haul_task_name){HAUL_MAILBOX_FLEET, (uint16_t)partition};
}

static void start_all(struct haul_source *s, int64_t zero, int64_t two)
{
    struct haul_error e;
    for (int i = 0; i < 3; i++) assert_int_equal(next_event(s).type, HAUL_SOURCE_ASSIGN);
    assert_int_equal(next_event(s).type, HAUL_SOURCE_NONE); /* waits for the worker */
    assert_int_equal(s->ops->start(s, fleet(0), zero, &e), HAUL_OK);
    assert_int_equal(s->ops->start(s, fleet(1), 0, &e), HAUL_OK);
    assert_int_equal(next_event(s).type, HAUL_SOURCE_END); /* of the empty one */
    assert_int_equal(next_event(s).type, HAUL_SOURCE_NONE);
    assert_int_equal(s->ops->start(s, fleet(2), two, &e), HAUL_OK);
}

static void replayed_in_recorded_order(void **state)
{
    (void)state;
    struct haul_error e;
    uint32_t count;
    int64_t low, high;
    record_two_partitions();
    struct haul_source *s = replay();
    assert_int_equal(s->ops->partitions(s, HAUL_MAILBOX_FLEET, &count, &e), HAUL_OK);
    assert_int_equal(count, 3);
    assert_int_equal(s->ops->partitions(s, HAUL_MAILBOX_DESK, &count, &e), HAUL_E_NOT_FOUND);
    assert_int_equal(s->ops->bounds(s, fleet(2), &low, &high, &e), HAUL_OK);
    assert_true(low == 7 && high == 16);
    assert_int_equal(s->ops->offset_at(s, fleet(2), (struct haul_time){1004}, &low, &e), HAUL_OK);
    assert_int_equal(low, 11);
    assert_int_equal(s->ops->offset_at(s, fleet(2), (struct haul_time){5000}, &low, &e), HAUL_OK);
    assert_int_equal(low, 16);
    start_all(s, 100, 7);
    for (int i = 0; i < 10; i++) {
        const struct haul_source_event ev = next_event(s);
        assert_int_equal(ev.type, HAUL_SOURCE_MESSAGE);
        assert_int_equal(ev.message.value.p[0], '0' + i);
        assert_true(ev.message.append.ms == 1000 + i && ev.message.append_time);
        assert_int_equal(ev.message.sender.mailbox, i == 3 ? HAUL_MAILBOX_TRAFFIC : HAUL_MAILBOX_NONE);
        if (i < 8) continue;
        const struct haul_source_event end = next_event(s);
        assert_int_equal(end.type, HAUL_SOURCE_END);
        assert_int_equal(end.offset, i == 8 ? 105 : 16);
    }
    assert_int_equal(next_event(s).type, HAUL_SOURCE_DONE);
    assert_int_equal(next_event(s).type, HAUL_SOURCE_DONE);
    s->ops->close(s);
}

static void replayed_from_anywhere(void **state)
{
    (void)state;
    struct haul_error e;
    record_two_partitions();
    struct haul_source *s = replay();
    start_all(s, 103, 10); /* between two offsets: the next that is there */
    const char *expected = "56789";
    for (; *expected != '\0'; expected++) {
        struct haul_source_event ev;
        do ev = next_event(s);
        while (ev.type == HAUL_SOURCE_END);
        assert_int_equal(ev.message.value.p[0], *expected);
        if (*expected == '7') { /* paused: all waits */
            s->ops->pause(s, fleet(0));
            assert_int_equal(next_event(s).type, HAUL_SOURCE_NONE);
            s->ops->resume(s, fleet(0));
        }
    }
    assert_int_equal(s->ops->start(s, fleet(0), 104, &e), HAUL_OK); /* again, while the other is at its end */
    assert_int_equal(next_event(s).type, HAUL_SOURCE_END);
    assert_int_equal(next_event(s).offset, 104);
    assert_int_equal(next_event(s).type, HAUL_SOURCE_END);
    assert_int_equal(next_event(s).type, HAUL_SOURCE_DONE);
    assert_int_equal(s->ops->start(s, fleet(2), 3, &e), HAUL_OK);
    const struct haul_source_event gap = next_event(s);
    assert_true(gap.type == HAUL_SOURCE_GAP && gap.offset == 3 && gap.low == 7 && gap.high == 16);
    s->ops->close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_comes_back),  cmocka_unit_test(large_messages),
        cmocka_unit_test(never_written_over),     cmocka_unit_test(torn_tails),
        cmocka_unit_test(changed_bytes),          cmocka_unit_test(replayed_in_recorded_order),
        cmocka_unit_test(replayed_from_anywhere),
    };
    return cmocka_run_group_tests_name("recording", tests, in_a_folder, folder_removed);
}
