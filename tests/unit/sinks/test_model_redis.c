/* SPDX-License-Identifier: Apache-2.0
 * The model of Redis against the real one: the same random scripts of commands on several connections, WATCH and MULTI
 * interleaved, and every byte of every answer the same.
 */
#include "haul/rng.h"

#include "sinks/redis/resp.h"
#include "sinks/redis/transport.h"
#include "tests/sim/model_redis.h"
#include "tests/unit/sinks/support_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define CONNECTIONS 3
#define COMMANDS    120

static struct haul_str pick(struct haul_rng *rng, const char *const *of, size_t n)
{
    return haul_str_of(of[haul_rng_below(rng, n)]);
}
#define PICK(rng, ...)                                                                                                 \
    pick((rng), (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* Few keys, so that commands meet each other and each other's types. */
static struct haul_str a_key(struct haul_rng *rng)
{
    return PICK(rng, "a", "b", "hash", "set", "stream", "hash2");
}

static struct haul_str a_value(struct haul_rng *rng)
{
    return PICK(rng, "", "1", "two", "a longer value with spaces\r\n and line ends");
}

static void any_command(struct haul_rng *rng, struct haul_buf *out)
{
    switch (haul_rng_below(rng, 24)) {
    case 0:
        RESP_LINE(out, HAUL_STR("SET"), a_key(rng), a_value(rng));
        break;
    case 1:
        RESP_LINE(out, HAUL_STR("MSET"), a_key(rng), a_value(rng), a_key(rng), a_value(rng));
        break;
    case 2:
        RESP_LINE(out, HAUL_STR("MSET"), a_key(rng), a_value(rng), a_key(rng));
        break;
    case 3:
        RESP_LINE(out, HAUL_STR("GET"), a_key(rng));
        break;
    case 4:
        RESP_LINE(out, HAUL_STR("MGET"), a_key(rng), a_key(rng));
        break;
    case 5:
        RESP_LINE(out, HAUL_STR("DEL"), a_key(rng), a_key(rng));
        break;
    case 6:
        RESP_LINE(out, HAUL_STR("TYPE"), a_key(rng));
        break;
    case 7:
        RESP_LINE(out, HAUL_STR("HSET"), PICK(rng, "hash", "hash2", "a"), PICK(rng, "f", "g", "owner"), a_value(rng),
                  PICK(rng, "f", "h"), a_value(rng));
        break;
    case 8:
        RESP_LINE(out, HAUL_STR("HGETALL"), a_key(rng));
        break;
    case 9:
        RESP_LINE(out, HAUL_STR("HMGET"), a_key(rng), HAUL_STR("f"), HAUL_STR("nothing"));
        break;
    case 10:
        RESP_LINE(out, HAUL_STR("ZADD"), PICK(rng, "set", "b"), PICK(rng, "1", "-7", "9007199254740993", "x"),
                  PICK(rng, "m", "n", "o"));
        break;
    case 11:
        RESP_LINE(out, HAUL_STR("ZREM"), PICK(rng, "set", "hash"), PICK(rng, "m", "n", "o"));
        break;
    case 12:
        RESP_LINE(out, HAUL_STR("ZRANGE"), a_key(rng), HAUL_STR("0"), HAUL_STR("-1"));
        break;
    case 13:
        RESP_LINE(out, HAUL_STR("XADD"), PICK(rng, "stream", "a"), PICK(rng, "1-1", "1-2", "2-1", "5-0", "0-0", "9-9"),
                  HAUL_STR("j"), a_value(rng));
        break;
    case 14:
        RESP_LINE(out, HAUL_STR("XADD"), HAUL_STR("stream"), HAUL_STR("MAXLEN"), PICK(rng, "1", "2", "5"),
                  PICK(rng, "3-1", "7-2", "12-1"), HAUL_STR("j"), a_value(rng));
        break;
    case 15:
        RESP_LINE(out, HAUL_STR("XRANGE"), a_key(rng), HAUL_STR("-"), HAUL_STR("+"));
        break;
    case 16:
        RESP_LINE(out, HAUL_STR("EXISTS"), a_key(rng), a_key(rng));
        break;
    case 17:
        RESP_LINE(out, HAUL_STR("HGET"), a_key(rng), HAUL_STR("f"));
        break;
    case 18:
        RESP_LINE(out, HAUL_STR("XLEN"), a_key(rng));
        break;
    case 19:
        RESP_LINE(out, HAUL_STR("GET"));
        break;
    case 20:
        RESP_LINE(out, HAUL_STR("HSET"), a_key(rng), HAUL_STR("f"));
        break;
    case 21:
        RESP_LINE(out, HAUL_STR("PING"));
        break;
    case 22:
        RESP_LINE(out, HAUL_STR("DBSIZE"));
        break;
    default:
        RESP_LINE(out, HAUL_STR("SET"), a_key(rng), a_value(rng));
        break;
    }
}

static void transaction_command(struct haul_rng *rng, struct haul_buf *out)
{
    switch (haul_rng_below(rng, 8)) {
    case 0:
    case 1:
        RESP_LINE(out, HAUL_STR("MULTI"));
        break;
    case 2:
    case 3:
        RESP_LINE(out, HAUL_STR("EXEC"));
        break;
    case 4:
    case 5:
        RESP_LINE(out, HAUL_STR("WATCH"), a_key(rng), a_key(rng));
        break;
    case 6:
        RESP_LINE(out, haul_rng_below(rng, 2) == 0 ? HAUL_STR("DISCARD") : HAUL_STR("UNWATCH"));
        break;
    default:
        if (haul_rng_below(rng, 10) == 0)
            RESP_LINE(out, HAUL_STR("FLUSHALL"));
        else
            RESP_LINE(out, HAUL_STR("MULTI"));
        break;
    }
}

/* Sends one request and returns the bytes of its one answer. */
static void talk(struct haul_redis_transport *t, struct resp_reader *reader, const struct haul_buf *request,
                 struct haul_buf *answer)
{
    struct haul_error e;
    resp_reader_reset(reader);
    haul_buf_clear(answer);
    for (size_t sent = 0; sent < request->n;) {
        const int64_t n = t->ops->send(t, request->p + sent, request->n - sent, &e);
        if (n < 0) fail_msg("%s", e.text);
        sent += (size_t)n;
        if (n == 0) t->ops->wait(t, true, 1000);
    }
    const struct haul_redis_value *v;
    for (;;) {
        uint8_t bytes[4096];
        const int64_t n = t->ops->receive(t, bytes, sizeof bytes, &e);
        if (n < 0) fail_msg("%s", e.text);
        haul_buf_put(answer, bytes, (size_t)n);
        if (n > 0) assert_int_equal(resp_reader_feed(reader, bytes, (size_t)n, &e), HAUL_OK);
        const enum haul_err err = resp_reader_next(reader, &v, &e);
        if (err == HAUL_OK) return;
        if (err != HAUL_E_AGAIN) fail_msg("%s", e.text);
        t->ops->wait(t, false, 1000);
    }
}

static void compare(uint64_t seed, int i, const struct haul_buf *request, const struct haul_buf *real,
                    const struct haul_buf *model)
{
    if (real->n == model->n && memcmp(real->p, model->p, real->n) == 0) return;
    fail_msg("seed %llu command %d:\n%.*s\nredis:\n%.*s\nmodel:\n%.*s", (unsigned long long)seed, i, (int)request->n,
             (const char *)request->p, (int)real->n, (const char *)real->p, (int)model->n, (const char *)model->p);
}

static void script(struct server *server, uint64_t seed)
{
    struct haul_rng rng;
    haul_rng_seed(&rng, seed);
    int64_t clock_ns = 0;
    struct model_redis *m = model_redis_new(&clock_ns, seed);
    struct haul_redis_transport *real[CONNECTIONS], *model[CONNECTIONS];
    struct haul_error e;
    struct haul_buf request, a, b;
    struct resp_reader *reader = resp_reader_open();
    haul_buf_init(&request, 0, 1 << 20);
    haul_buf_init(&a, 0, 1 << 20);
    haul_buf_init(&b, 0, 1 << 20);
    server_call(server, "FLUSHALL");
    for (size_t i = 0; i < CONNECTIONS; i++) {
        assert_int_equal(redis_transport_open(&server->options, &real[i], &e), HAUL_OK);
        model[i] = model_redis_transport(m);
        assert_int_equal(real[i]->ops->connect(real[i], &e), HAUL_OK);
        assert_int_equal(model[i]->ops->connect(model[i], &e), HAUL_OK);
    }
    for (int i = 0; i < COMMANDS; i++) {
        const size_t c = (size_t)haul_rng_below(&rng, CONNECTIONS);
        haul_buf_clear(&request);
        if (haul_rng_below(&rng, 3) == 0)
            transaction_command(&rng, &request);
        else
            any_command(&rng, &request);
        talk(real[c], reader, &request, &a);
        talk(model[c], reader, &request, &b);
        compare(seed, i, &request, &a, &b);
    }
    for (size_t i = 0; i < CONNECTIONS; i++) {
        real[i]->ops->close(real[i]);
        model[i]->ops->close(model[i]);
    }
    resp_reader_close(reader);
    haul_buf_free(&request);
    haul_buf_free(&a);
    haul_buf_free(&b);
    model_redis_free(m);
}

static void the_model_answers_as_redis_does(void **state)
{
    (void)state;
    struct server server;
    if (!server_start(&server, NULL)) skip();
    for (uint64_t seed = 1; seed <= 300; seed++) script(&server, seed);
    server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_model_answers_as_redis_does)};
    return cmocka_run_group_tests_name("model_redis", tests, NULL, NULL);
}
