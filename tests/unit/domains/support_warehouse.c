/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/domains/support_warehouse.h"

#include <stdio.h>

#define JSON_MAX 1024
#define GONE     1u /* WH_ITEM_GONE of the warehouse */

struct hub hub_of(struct haul_trial *t, const char *id)
{
    return (struct hub){.t = t, .id = id, .ms = MORNING};
}

static void relay(struct hub *h)
{
    while (h->relayed < haul_trial_emitted(h->t)) {
        enum haul_mailbox to;
        const struct haul_record *r = haul_trial_emission(h->t, h->relayed++, &to);
        if (to == HAUL_MAILBOX_WAREHOUSE) haul_trial_feed(h->t, r, (struct haul_time){h->ms});
    }
}

enum haul_verdict hub_send(struct hub *h, const char *kind, const char *format, ...)
{
    char fields[JSON_MAX], json[2 * JSON_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(fields, sizeof fields, format, args);
    va_end(args);
    const int n = snprintf(json, sizeof json, "{\"kind\":\"%s\",\"id\":\"%s\",\"time\":%lld,\"source\":\"g1\",%s}",
                           kind, h->id, (long long)h->ms, fields);
    assert_true(n > 0 && (size_t)n < sizeof json);
    struct haul_arena scratch;
    struct haul_record r;
    struct haul_error e;
    haul_arena_init(&scratch, 2 * HAUL_RECORD_MAX);
    if (haul_record_from_json((struct haul_str){json, (size_t)n}, &r, &scratch, &e) != HAUL_OK)
        fail_msg("%s: %s", json, e.text);
    const enum haul_verdict verdict = haul_trial_feed(h->t, &r, (struct haul_time){h->ms});
    haul_arena_free(&scratch);
    relay(h);
    return verdict;
}

void hub_wait(struct hub *h, double seconds)
{
    h->ms += (int64_t)(seconds * 1000);
}

void hub_pass(struct hub *h)
{
    pass_to(h->t, h->ms);
    relay(h);
}

enum haul_verdict hub_scan(struct hub *h, const char *item, const char *at, const char *step, const char *to)
{
    return hub_send(h, "hub_scan", "\"item\":\"%s\",\"at\":\"%s\",\"step\":\"%s\",\"to\":\"%s\"", item, at, step, to);
}

int hub_items_in_pages(struct haul_trial *t)
{
    int n = 0;
    for (const char *line = haul_trial_dump(t); line != NULL && *line != '\0'; line = strchr(line, '\n') + 1) {
        if (strncmp(line, "{\"entity\":\"page:", 16) != 0) continue;
        const char *end = strchr(line, '\n'), *at = strstr(line, "\"holds\":[");
        for (at += 8; at < end && *++at == '[';) {
            unsigned long long key, at_hash, to, class, flags;
            long long in, last;
            assert_int_equal(
                sscanf(at, "[%llu,%lld,%lld,%llu,%llu,%llu,%llu", &key, &in, &last, &at_hash, &to, &class, &flags), 7);
            n += (flags & GONE) == 0;
            at = strchr(at, ']') + 1;
        }
    }
    return n;
}
