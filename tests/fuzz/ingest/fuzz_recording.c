/* SPDX-License-Identifier: Apache-2.0
 * The reader of recordings on any bytes. Checksums would keep the fuzzer out: each input is read as it is, and once
 * more as the content of a frame whose checksums fit.
 */
#include "haul/hash.h"
#include "haul/recording.h"
#include "ingest/recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_to_end(uint8_t *bytes, size_t n)
{
    struct haul_recording *r;
    struct haul_recorded m;
    struct haul_error e;
    uint64_t seen = 0;
    FILE *f = n == 0 ? NULL : fmemopen(bytes, n, "r");
    if (f == NULL) return;
    if (haul_recording_read(f, "fuzz", &r, &e) != HAUL_OK) return;
    enum haul_err err;
    while ((err = haul_recording_next(r, &m, &e)) == HAUL_OK) {
        for (size_t i = 0; i < m.headers_len; i++) seen += strlen(m.headers[i].name);
        seen += strlen(m.topic) + haul_xxh3(m.key.p, m.key.n) + haul_xxh3(m.value.p, m.value.n);
    }
    assert(err == HAUL_E_END || err == HAUL_E_CORRUPT || err == HAUL_E_NOMEM);
    (void)seen;
    haul_recording_close(r);
}

/* A file of one frame around the input: its count of messages is the input's first byte. */
static void read_wrapped(const uint8_t *data, size_t size)
{
    const size_t bound = ZSTD_compressBound(size - 1);
    uint8_t *file = malloc(RECORDING_HEADER + 2 * FRAME_HEADER + bound), *at = file;
    assert(file != NULL);
    memcpy(at, RECORDING_MAGIC, 8);
    put_u32(at + 8, RECORDING_VERSION), put_u32(at + 12, 0), put_u64(at + 16, 0);
    put_u64(at + 24, haul_xxh3(at, 24));
    at += RECORDING_HEADER;
    const size_t n = ZSTD_compress(at + FRAME_HEADER, bound, data + 1, size - 1, 1);
    put_u32(at, FRAME_MAGIC), put_u32(at + 4, (uint32_t)(size - 1)), put_u32(at + 8, (uint32_t)n);
    put_u32(at + 12, data[0]);
    put_u64(at + 16, haul_xxh3(at + FRAME_HEADER, n));
    put_u64(at + 24, haul_xxh3(at, 24));
    read_to_end(file, (size_t)(at - file) + FRAME_HEADER + n);
    free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    assert(copy != NULL);
    memcpy(copy, data, size);
    read_to_end(copy, size);
    free(copy);
    if (size > 1 && size < 1 << 20) read_wrapped(data, size);
    return 0;
}
