/* SPDX-License-Identifier: Apache-2.0
 * OpenStreetMap's binary form behind its framing: the input is a PrimitiveBlock, and the container, its header and a
 * zlib stream of stored blocks are put round it so that mutations reach the parser of what is inside.
 *
 * The parser is a library that was not written for hostile input, so it runs in a process of its own here as in haul
 * import. What it does to the child while it reads is its own affair; a child that dies in our code is a finding. Which
 * of the two it was, and how far an input came, the child tells through memory that it shares with the fuzzer.
 */
#include "haul/import.h"

#include "haul/hash.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <readosm.h>
#include <sanitizer/common_interface_defs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* ---- protocol buffers: what the container needs of them ---- */

static void put_varint(struct haul_buf *b, uint64_t v)
{
    for (; v >= 128; v >>= 7) haul_buf_byte(b, (uint8_t)(v | 128));
    haul_buf_byte(b, (uint8_t)v);
}

static void put_number(struct haul_buf *b, uint32_t field, uint64_t v)
{
    put_varint(b, field << 3);
    put_varint(b, v);
}

static void put_bytes(struct haul_buf *b, uint32_t field, const void *p, size_t n)
{
    put_varint(b, field << 3 | 2);
    put_varint(b, n);
    haul_buf_put(b, p, n);
}

static void put_be32(struct haul_buf *b, uint32_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8) haul_buf_byte(b, (uint8_t)(v >> shift));
}

/* RFC 1950 round stored blocks of RFC 1951. */
static void put_stored(struct haul_buf *b, const uint8_t *p, size_t n)
{
    uint32_t low = 1, high = 0; /* Adler-32 */
    for (size_t i = 0; i < n; i++) low = (low + p[i]) % 65521, high = (high + low) % 65521;
    haul_buf_put(b, "\x78\x01", 2);
    for (size_t at = 0, part; at == 0 || at < n; at += part) {
        part = n - at < 65535 ? n - at : 65535;
        const uint16_t length = (uint16_t)part, inverse = (uint16_t)~length;
        haul_buf_byte(b, at + part == n);
        haul_buf_byte(b, length & 255), haul_buf_byte(b, length >> 8);
        haul_buf_byte(b, inverse & 255), haul_buf_byte(b, inverse >> 8);
        haul_buf_put(b, p + at, part);
        if (part == 0) break;
    }
    put_be32(b, high << 16 | low);
}

static void put_blob(struct haul_buf *file, const char *type, const void *block, size_t n)
{
    struct haul_buf header, blob, zlib;
    haul_buf_init(&header, 64, 1 << 20), haul_buf_init(&blob, 256, 1 << 20), haul_buf_init(&zlib, 256, 1 << 20);
    put_stored(&zlib, block, n);
    put_number(&blob, 2, n);
    put_bytes(&blob, 3, zlib.p, zlib.n);
    put_bytes(&header, 1, type, strlen(type));
    put_number(&header, 3, blob.n);
    put_be32(file, (uint32_t)header.n);
    haul_buf_put(file, header.p, header.n);
    haul_buf_put(file, blob.p, blob.n);
    haul_buf_free(&header), haul_buf_free(&blob), haul_buf_free(&zlib);
}

static void write_container(const char *path, const uint8_t *data, size_t n)
{
    struct haul_buf file, header;
    haul_buf_init(&file, 1 << 10, 1 << 20), haul_buf_init(&header, 64, 1 << 10);
    put_bytes(&header, 4, "OsmSchema-V0.6", 14);
    put_bytes(&header, 4, "DenseNodes", 10);
    put_blob(&file, "OSMHeader", header.p, header.n);
    put_blob(&file, "OSMData", data, n);
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert(fd >= 0 && write(fd, file.p, file.n) == (ssize_t)file.n);
    close(fd);
    haul_buf_free(&file), haul_buf_free(&header);
}

/* ---- between child and fuzzer ---- */

#define PAGE 4096
/* libFuzzer takes what is counted here for coverage; the page is replaced by a shared one. */
__attribute__((section("__libfuzzer_extra_counters"), used, aligned(PAGE))) static uint8_t reached[PAGE];
static volatile bool *in_library;

static void count(uint32_t kind, uint64_t a, uint64_t b)
{
    const uint64_t key[] = {kind, a < 16 ? a : 16, b < 16 ? b : 16};
    uint8_t *counter = &reached[haul_xxh3(key, sizeof key) % PAGE];
    if (*counter < 255) ++*counter;
}

static void share(void)
{
    const int both = PROT_READ | PROT_WRITE, shared = MAP_SHARED | MAP_ANONYMOUS;
    void *page = mmap(NULL, PAGE, both, shared, -1, 0);
    assert(page != MAP_FAILED && mmap(reached, PAGE, both, shared | MAP_FIXED, -1, 0) == (void *)reached);
    in_library = page;
}

/* Stands before the library's function of this name: the library's callbacks come by here. */
static readosm_node_callback on_node;
static readosm_way_callback on_way;
static readosm_relation_callback on_relation;

static int node(const void *user, const readosm_node *n)
{
    *in_library = false;
    count(1, (uint64_t)n->tag_count, 0);
    const int code = on_node(user, n);
    *in_library = true;
    return code;
}

static int way(const void *user, const readosm_way *w)
{
    *in_library = false;
    count(2, (uint64_t)w->tag_count, (uint64_t)w->node_ref_count);
    const int code = on_way(user, w);
    *in_library = true;
    return code;
}

static int relation(const void *user, const readosm_relation *r)
{
    *in_library = false;
    count(3, (uint64_t)r->tag_count, (uint64_t)r->member_count);
    const int code = on_relation(user, r);
    *in_library = true;
    return code;
}

int readosm_parse(const void *handle, const void *user, readosm_node_callback n, readosm_way_callback w,
                  readosm_relation_callback r)
{
    int (*parse)(const void *, const void *, readosm_node_callback, readosm_way_callback, readosm_relation_callback);
    *(void **)&parse = dlsym(RTLD_NEXT, "readosm_parse");
    on_node = n, on_way = w, on_relation = r;
    *in_library = true;
    const int code = parse(handle, user, n == NULL ? NULL : node, w == NULL ? NULL : way, r == NULL ? NULL : relation);
    *in_library = false;
    count(4, (uint64_t)-code, 0);
    return code;
}

/* ---- the child ---- */

static void build(struct haul_builder *b)
{
    struct haul_buf image;
    struct haul_build_report built;
    struct haul_roads *r;
    struct haul_error e;
    const struct haul_build_options options = {.source = "fuzz", .all_turns = true};
    if (haul_builder_finish(b, &options, &image, &built, &e) != HAUL_OK) return;
    count(5, built.edges, built.bans);
    assert(haul_roads_of_bytes(image.p, image.n, &r, &e) == HAUL_OK); /* what is built is accepted */
    haul_roads_close(r);
    haul_buf_free(&image);
}

static void import_here(const char *path)
{
    struct haul_import_report report;
    struct haul_error e = {0};
    struct haul_builder *b = haul_builder_new();
    const enum haul_err err = haul_import_osm(path, &(struct haul_import_options){0}, b, &report, &e);
    count(6, report.highways, report.limits);
    count(7, report.restrictions, report.gates);
    count(8, report.broken, report.missing_nodes);
    if (err == HAUL_OK) build(b);
    assert(err == HAUL_OK || e.text[0] != 0); /* a refusal says why */
    haul_builder_free(b);
}

/* A death is told by the parent, and the library's deaths are many: no report, no file for each. */
static void die_quietly(void)
{
    static const int deaths[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM};
    for (size_t i = 0; i < sizeof deaths / sizeof deaths[0]; i++) signal(deaths[i], SIG_DFL);
    __sanitizer_set_death_callback(NULL);
    if (getenv("HAUL_FUZZ_LOUD") == NULL) {
        const int fd = open("/dev/null", O_WRONLY);
        dup2(fd, 2);
    }
    alarm(8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static char path[64];
    int status = 0;
    if (in_library == NULL) share();
    snprintf(path, sizeof path, "/tmp/haul-fuzz-%ld.osm.pbf", (long)getpid());
    write_container(path, data, n);
    *in_library = false;
    const pid_t child = fork();
    assert(child >= 0);
    if (child == 0) {
        die_quietly();
        import_here(path);
        _exit(0);
    }
    pid_t ended;
    while ((ended = waitpid(child, &status, 0)) < 0 && errno == EINTR) {
    } /* libFuzzer's clock ticks */
    assert(ended == child);
    unlink(path);
    if (status != 0 && !*in_library) { /* HAUL_FUZZ_LOUD=1 shows what the child says */
        fprintf(stderr, "the child ended with wait status %d in our code\n", status);
        abort();
    }
    return 0;
}
