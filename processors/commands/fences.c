/* SPDX-License-Identifier: Apache-2.0
 * haul fences: a set of fences before it is in force, and how it comes into force.
 */
#include "haul/fence.h"

#include "haul/blobs.h"
#include "haul/hash.h"
#include "haul/kafka_sink.h"
#include "haul/processors.h"
#include "haul/record.h"
#include "haul/redis_store.h"
#include "processors/commands/commands.h"
#include "processors/commands/kafka_args.h"
#include "processors/commands/runtime.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#define BLOB_MS 60000
#define SEND_MS 30000
/* Every process looks into haul.blobs once a second. Told later than that, no task has to wait for the content. */
#define SPREAD_MS 2500

static const char usage[] =
    "usage: haul fences check FILE.geojson\n"
    "       haul fences show FILE.geojson\n"
    "       haul fences apply FILE.geojson [-c FILE] [--brokers HOST:PORT,…] [--instance NAME]\n\n"
    "check  tells of every fence what was mended, ignored or refused, and why; exit status 65 when one is refused\n"
    "show   prints each fence as it is understood, one JSON line each\n"
    "apply  stores the set in haul.blobs, then tells every partition of the fleet by a control record: the set is in\n"
    "       force for what stands behind that record, and the other partitions' records do not wait for it\n";

/* ---- check and show ---- */
static const struct haul_content *content_row(void)
{
    for (size_t i = 0; i < haul_fleet.contents_len; i++)
        if (strcmp(haul_fleet.contents[i].what, "fences") == 0) return &haul_fleet.contents[i];
    assert(false && "the fleet reads fences");
    return NULL;
}

static int check(const struct haul_buf *blob)
{
    const struct haul_fences *f = haul_fences_of(blob->p);
    printf("ok: %zu fences, %zu bytes prepared\n", haul_fences_count(f), blob->n);
    return 0;
}

static void show_alerts(struct haul_json *j, const struct haul_fence *x)
{
    static const char *const names[] = {"enter", "exit", "dwell", "cross", "approach"};
    haul_json_name(j, "alerts");
    haul_json_open(j, '[');
    for (int i = 0; i < 5; i++)
        if (x->alerts >> i & 1) haul_json_str(j, haul_str_of(names[i]));
    haul_json_close(j, ']');
}

static void show_when(struct haul_json *j, const struct haul_fence *x)
{
    haul_json_name(j, "windows");
    haul_json_open(j, '[');
    for (unsigned i = 0; i < x->windows; i++) {
        const struct haul_fence_window *w = &x->window[i];
        char text[64];
        snprintf(text, sizeof text, "%02d:%02d-%02d:%02d", w->from_min / 60, w->from_min % 60, w->to_min / 60,
                 w->to_min % 60);
        haul_json_str(j, haul_str_of(text));
    }
    haul_json_close(j, ']');
    haul_json_ki64(j, "zone_min", x->zone_min);
}

static void show_box(struct haul_json *j, const struct haul_fence_box *b)
{
    const int32_t sides[] = {b->min_lon, b->min_lat, b->max_lon, b->max_lat};
    haul_json_name(j, "bbox");
    haul_json_open(j, '[');
    for (int i = 0; i < 4; i++) haul_json_f64(j, sides[i] * 1e-7, 7);
    haul_json_close(j, ']');
}

static void show_one(struct haul_json *j, const struct haul_fences *f, const struct haul_fence *x)
{
    static const char *const shapes[] = {"polygon", "circle", "corridor"};
    haul_json_open(j, '{');
    haul_json_kstr(j, "id", haul_fence_id(x));
    haul_json_kstr(j, "name", haul_fence_name(f, x));
    haul_json_kstr(j, "kind", x->kind == HAUL_FENCE_INCLUSIVE ? HAUL_STR("inclusive") : HAUL_STR("exclusive"));
    haul_json_kstr(j, "shape", haul_str_of(shapes[x->shape]));
    haul_json_name(j, "groups");
    haul_json_open(j, '[');
    for (unsigned i = 0; i < x->groups; i++) haul_json_str(j, haul_fence_group(f, x, i));
    haul_json_close(j, ']');
    show_alerts(j, x);
    show_when(j, x);
    haul_json_kf64(j, "hysteresis_m", x->hysteresis_mm * 1e-3, 3);
    haul_json_kf64(j, "approach_m", x->approach_mm * 1e-3, 3);
    haul_json_kf64(j, "enter_s", x->enter_ms * 1e-3, 3);
    haul_json_kf64(j, "exit_s", x->exit_ms * 1e-3, 3);
    haul_json_kf64(j, "dwell_max_s", (double)x->dwell_ms * 1e-3, 3);
    show_box(j, &x->box);
    haul_json_close(j, '}');
}

static int show(const struct haul_buf *blob)
{
    const struct haul_fences *f = haul_fences_of(blob->p);
    struct haul_buf line;
    haul_buf_init(&line, 1024, 65536);
    for (size_t i = 0; i < haul_fences_count(f); i++) {
        struct haul_json j;
        haul_buf_clear(&line);
        haul_json_begin(&j, &line);
        show_one(&j, f, haul_fences_at(f, i));
        printf("%.*s\n", (int)line.n, (const char *)line.p);
    }
    haul_buf_free(&line);
    return 0;
}

/* ---- apply ---- */
/* One above every version in force. The seconds since 1970 stand above what was sent and is not yet taken. */
static enum haul_err next_version(const struct kafka_setup *s, uint32_t partitions, uint32_t *out, struct haul_error *e)
{
    struct haul_store *store;
    enum haul_err err = haul_redis_store_open(haul_config_section(s->config, "redis"), s->instance, &store, e);
    if (err != HAUL_OK) return err;
    *out = (uint32_t)(haul_wall_now().ms / 1000);
    for (uint32_t i = 0; i < partitions && err == HAUL_OK; i++) {
        struct haul_control c;
        bool exists;
        err = store->ops->peek(store, (struct haul_task_name){HAUL_MAILBOX_FLEET, (uint16_t)i}, &c, &exists, e);
        const uint32_t in_force = err == HAUL_OK && exists ? c.content_version[content_row() - haul_fleet.contents] : 0;
        if (in_force >= *out) *out = in_force + 1;
    }
    store->ops->close(store);
    return err;
}

static enum haul_err store_blob(const struct kafka_setup *s, const struct haul_buf *blob, const char *hash,
                                struct haul_error *e)
{
    static const struct haul_kafka_log log = {runtime_kafka_log, NULL};
    struct haul_blobs *b;
    enum haul_err err = haul_blobs_open(&s->kafka, s->instance, &log, &b, e);
    if (err != HAUL_OK) return err;
    err = haul_blobs_put(b, "fences", haul_mailbox_row(HAUL_MAILBOX_FLEET)->name, hash,
                         (struct haul_str){(const char *)blob->p, blob->n}, BLOB_MS, e);
    haul_blobs_close(b);
    return err;
}

static enum haul_err answered(struct haul_sink *sink, uint32_t n, struct haul_error *e)
{
    struct haul_receipt r[16];
    enum haul_err err = sink->ops->flush(sink, SEND_MS, e);
    while (err == HAUL_OK && n > 0) {
        const size_t got = sink->ops->poll(sink, r, 16);
        if (got == 0) return haul_fail(e, HAUL_E_TIMEOUT, "%u partitions have not answered", n);
        for (size_t i = 0; i < got && err == HAUL_OK; i++)
            if (r[i].result != HAUL_OK)
                err = haul_fail(e, r[i].result, "a control record was not taken: %s", r[i].text);
        n -= (uint32_t)got;
    }
    return err;
}

static enum haul_err announce(const struct kafka_setup *s, uint32_t partitions, uint32_t version, const char *hash,
                              struct haul_error *e)
{
    static const struct haul_kafka_log log = {runtime_kafka_log, NULL};
    struct haul_sink *sink;
    enum haul_err err = haul_kafka_sink_open(&s->kafka, s->instance, &log, &sink, e);
    if (err != HAUL_OK) return err;
    struct haul_record r;
    struct haul_buf packed;
    haul_buf_init(&packed, 256, 4096);
    haul_record_init(&r, HAUL_KIND_OPTIONS, HAUL_STR("fences"), haul_wall_now());
    haul_set_i(&r, HAUL_F_OPTIONS_VERSION, version);
    haul_set_s(&r, HAUL_F_OPTIONS_HASH, haul_str_of(hash));
    haul_set_s(&r, HAUL_F_OPTIONS_WHAT, HAUL_STR("fences"));
    haul_record_pack(&r, &packed);
    for (uint32_t i = 0; i < partitions && err == HAUL_OK; i++) {
        const struct haul_outgoing m = {.to = HAUL_MAILBOX_FLEET,
                                        .partition = (int32_t)i,
                                        .key = r.id,
                                        .value = {(const char *)packed.p, packed.n},
                                        .cookie = i + 1};
        err = sink->ops->send(sink, &m, e);
    }
    if (err == HAUL_OK) err = answered(sink, partitions, e);
    sink->ops->close(sink);
    haul_buf_free(&packed);
    return err;
}

static int apply(const struct args *a, const struct haul_buf *blob)
{
    struct kafka_setup s;
    struct haul_error e = {0};
    char hash[33];
    uint32_t version = 0;
    const int status = setup_open(&s, a);
    if (status != 0) return status;
    const uint32_t partitions = (uint32_t)s.engine->partitions[HAUL_MAILBOX_FLEET];
    haul_hash128_text(haul_xxh3_128(blob->p, blob->n), hash);
    enum haul_err err = next_version(&s, partitions, &version, &e);
    if (err == HAUL_OK) err = store_blob(&s, blob, hash, &e);
    if (err == HAUL_OK) poll(NULL, 0, SPREAD_MS);
    if (err == HAUL_OK) err = announce(&s, partitions, version, hash, &e);
    setup_close(&s);
    if (err != HAUL_OK)
        fprintf(stderr, "haul fences: %s\n", e.text);
    else
        printf("fences %s, version %u: told to %u partitions of the fleet\n", hash, version, partitions);
    return exit_status(err);
}

static int run(int argc, char **argv)
{
    static const struct args_flag none[] = {{NULL, NULL, NULL}};
    struct args a;
    struct haul_buf blob;
    const bool read = args_read(&a, argc, argv, none);
    const char *verb = read && a.plain_len == 2 ? a.plain[0] : "";
    const bool known = strcmp(verb, "check") == 0 || strcmp(verb, "show") == 0 || strcmp(verb, "apply") == 0;
    if (!known || a.help) {
        fputs(usage, read && a.help ? stdout : stderr);
        return read && a.help ? 0 : HAUL_EXIT_USAGE;
    }
    int status = runtime_make_content(content_row(), a.plain[1], &blob);
    if (status != 0) return status;
    if (strcmp(verb, "apply") == 0)
        status = apply(&a, &blob);
    else
        status = strcmp(verb, "show") == 0 ? show(&blob) : check(&blob);
    haul_buf_free(&blob);
    return status;
}

const struct haul_command haul_command_fences = {"fences", "check a set of fences, or put it in force", run};
