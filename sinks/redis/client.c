/* SPDX-License-Identifier: Apache-2.0
 * A client that reads: one command, one answer.
 */
#include "sinks/redis/transport.h"
#include "sinks/redis/wire.h"

#include <stdlib.h>

struct haul_redis_client {
    struct wire wire;
    struct haul_redis_options options;
    const struct haul_redis_value *answer; /* in the wire's reader, until the next exchange */
};

struct haul_redis_client *haul_redis_client_open_transport(struct haul_redis_transport *t,
                                                           const struct haul_redis_options *o)
{
    struct haul_redis_client *c = calloc(1, sizeof *c);
    assert(c != NULL);
    c->options = *o;
    wire_init(&c->wire, t, &c->options);
    return c;
}

enum haul_err haul_redis_client_open(const struct haul_redis_options *o, struct haul_redis_client **out,
                                     struct haul_error *e)
{
    struct haul_redis_transport *t;
    enum haul_err err = redis_transport_open(o, &t, e);
    if (err != HAUL_OK) return err;
    struct haul_redis_client *c = haul_redis_client_open_transport(t, o);
    err = wire_read_password(&c->wire, e);
    if (err == HAUL_OK)
        *out = c;
    else
        haul_redis_client_close(c);
    return err;
}

void haul_redis_client_close(struct haul_redis_client *c)
{
    if (c == NULL) return;
    wire_close(&c->wire);
    free(c);
}

static void take_answer(void *arg, size_t index, const struct haul_redis_value *v)
{
    (void)index;
    ((struct haul_redis_client *)arg)->answer = v;
}

static enum haul_err call_once(struct haul_redis_client *c, const struct haul_str *words, size_t n,
                               struct haul_error *e)
{
    c->answer = NULL;
    const enum haul_err err = wire_begin(&c->wire, take_answer, c, e);
    if (err != HAUL_OK) return err;
    resp_words(&c->wire.out, words, n);
    c->wire.expected = 1;
    return wire_run(&c->wire, e);
}

enum haul_err haul_redis_client_call(struct haul_redis_client *c, const struct haul_str *words, size_t n,
                                     const struct haul_redis_value **out, struct haul_error *e)
{
    struct haul_error scratch;
    if (e == NULL) e = &scratch;
    const bool used = c->wire.up;
    enum haul_err err = call_once(c, words, n, e);
    if (err == HAUL_E_IO && used) err = call_once(c, words, n, e); /* an idle connection that had been closed */
    if (err != HAUL_OK) return err == HAUL_E_TIMEOUT ? err : (e->code = HAUL_E_UNAVAILABLE);
    assert(c->answer != NULL);
    *out = c->answer;
    if (c->answer->type != HAUL_REDIS_ERROR) return HAUL_OK;
    const struct haul_str text = c->answer->str;
    const struct refusal *r = refusal_of(text);
    const bool wrong = haul_str_eq(haul_str_of(r->word), HAUL_STR("ERR")) || r->word[0] == '\0' ||
                       haul_str_eq(haul_str_of(r->word), HAUL_STR("WRONGTYPE"));
    return haul_fail(e, wrong ? HAUL_E_INVALID : HAUL_E_UNAVAILABLE, "%s (%.*s)", r->sentence, (int)text.n, text.p);
}

enum haul_err haul_redis_client_scan(struct haul_redis_client *c, struct haul_str pattern, haul_redis_key_fn *fn,
                                     void *arg, struct haul_error *e)
{
    char cursor[24] = "0";
    do {
        const struct haul_redis_value *v;
        const struct haul_str words[] = {HAUL_STR("SCAN"), haul_str_of(cursor), HAUL_STR("MATCH"),
                                         pattern,          HAUL_STR("COUNT"),   HAUL_STR("1000")};
        const enum haul_err err = haul_redis_client_call(c, words, sizeof words / sizeof words[0], &v, e);
        if (err != HAUL_OK) return err;
        if (v->type != HAUL_REDIS_ARRAY || v->len != 2 || v->items[0]->str.n >= sizeof cursor ||
            v->items[1]->type != HAUL_REDIS_ARRAY)
            return haul_fail(e, HAUL_E_UNAVAILABLE, "Redis' answer to SCAN has another form");
        memcpy(cursor, v->items[0]->str.p, v->items[0]->str.n);
        cursor[v->items[0]->str.n] = '\0';
        for (size_t i = 0; i < v->items[1]->len; i++) {
            const enum haul_err stop = fn(arg, v->items[1]->items[i]->str, e);
            if (stop != HAUL_OK) return stop;
        }
    } while (strcmp(cursor, "0") != 0);
    return HAUL_OK;
}
