/* SPDX-License-Identifier: Apache-2.0
 * CPU time to decode, in place and by msgpack-c, and to pack one vehicle position of 17 keys.
 */
#include "haul/record.h"

#include <inttypes.h>
#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>

enum { RECORDS = 4096, ROUNDS = 200, RUNS = 7 };

/* A position as a gateway sends it: ten fields, every second one a float. */
static void fill(struct haul_record *r, unsigned i, char *id)
{
    const int n = snprintf(id, 24, "LJXNC4A%010u", i);
    haul_record_init(r, HAUL_KIND_VEHICLE_POSITION, (struct haul_str){id, (size_t)n},
                     (struct haul_time){1769443022000 + (int64_t)i * 37});
    r->source = HAUL_STR("gw-nanchang-03");
    r->positioned = true;
    r->lon_deg = 115.8 + i * 1e-5, r->lat_deg = 28.6 + i * 1e-5;
    haul_set_f(r, HAUL_F_VP_SPEED, 61.5 + i % 40);
    haul_set_f(r, HAUL_F_VP_HEADING, (i * 7) % 360);
    haul_set_f(r, HAUL_F_VP_ALTITUDE, 23.5);
    haul_set_i(r, HAUL_F_VP_STATUS, 3);
    haul_set_i(r, HAUL_F_VP_ALARM, 0);
    haul_set_f(r, HAUL_F_VP_MILEAGE, 120345.6 + i);
    haul_set_f(r, HAUL_F_VP_FUEL, 210.25);
    haul_set_i(r, HAUL_F_VP_SATELLITES, 14);
    haul_set_i(r, HAUL_F_VP_SERIAL, 4100 + i);
    haul_set_s(r, HAUL_F_VP_PLATE, HAUL_STR("\xe8\xb5\xa3\x41\x31\x32\x33\x34\x35"));
}

static double by_haul(const struct haul_str *messages, struct haul_record *r, struct haul_arena *scratch)
{
    struct haul_refusal why;
    double sum = 0;
    for (unsigned i = 0; i < RECORDS; i++) {
        struct haul_message_cursor c;
        if (!haul_message_open(&c, messages[i], &why) || !haul_record_decode(&c, r, scratch, &why)) abort();
        sum += r->lon_deg + r->v[HAUL_F_VP_SPEED].f;
    }
    return sum;
}

/* Only what msgpack-c does alone: parse into objects, walk the map, take two numbers. No check of a field. */
static double by_msgpack(const struct haul_str *messages, msgpack_unpacked *u)
{
    double sum = 0;
    for (unsigned i = 0; i < RECORDS; i++) {
        size_t at = 0;
        if (msgpack_unpack_next(u, messages[i].p, messages[i].n, &at) != MSGPACK_UNPACK_SUCCESS) abort();
        const msgpack_object_map m = u->data.via.map;
        for (uint32_t k = 0; k < m.size; k++) {
            if (m.ptr[k].key.via.u64 == 5) sum += m.ptr[k].val.via.f64;
            if (m.ptr[k].key.via.u64 == 16) sum += m.ptr[k].val.via.f64;
        }
    }
    return sum;
}

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void report(const char *what, int64_t ns[RUNS])
{
    qsort(ns, RUNS, sizeof ns[0], by_size);
    printf("%-28s %6.1f ns/record (median of %d, least %.1f)\n", what, (double)ns[RUNS / 2] / (RECORDS * ROUNDS), RUNS,
           (double)ns[0] / (RECORDS * ROUNDS));
}

int main(void)
{
    static struct haul_record r;
    static struct haul_str messages[RECORDS];
    static size_t at[RECORDS + 1];
    char id[24];
    struct haul_arena scratch;
    struct haul_buf out;
    haul_arena_init(&scratch, HAUL_RECORD_SCRATCH);
    haul_buf_init(&out, 1 << 20, 1 << 24);
    int64_t ns[RUNS];
    for (unsigned i = 0; i < RECORDS; i++) fill(&r, i, id), haul_record_pack(&r, &out), at[i + 1] = out.n;
    for (unsigned i = 0; i < RECORDS; i++) messages[i] = (struct haul_str){(char *)out.p + at[i], at[i + 1] - at[i]};
    printf("vehicle_position of %zu bytes, 17 keys\n", messages[0].n);
    double mine = 0, theirs = 0;
    for (int run = 0; run < RUNS; run++) {
        const int64_t start = haul_cpu_ns();
        for (int round = 0; round < ROUNDS; round++) mine = by_haul(messages, &r, &scratch);
        ns[run] = haul_cpu_ns() - start;
    }
    report("decode in place, checked", ns);
    msgpack_unpacked u;
    msgpack_unpacked_init(&u);
    for (int run = 0; run < RUNS; run++) {
        const int64_t start = haul_cpu_ns();
        for (int round = 0; round < ROUNDS; round++) theirs = by_msgpack(messages, &u);
        ns[run] = haul_cpu_ns() - start;
    }
    report("msgpack-c, nothing checked", ns);
    msgpack_unpacked_destroy(&u);
    fill(&r, 1, id);
    for (int run = 0; run < RUNS; run++) {
        const int64_t start = haul_cpu_ns();
        for (int n = 0; n < RECORDS * ROUNDS; n++) haul_buf_clear(&out), haul_record_pack(&r, &out);
        ns[run] = haul_cpu_ns() - start;
    }
    report("pack", ns);
    printf("both found the same: %s\n", mine == theirs ? "yes" : "no");
    haul_buf_free(&out);
    haul_arena_free(&scratch);
    return mine == theirs ? 0 : 1;
}
