/* SPDX-License-Identifier: Apache-2.0
 * Requests as they should not be, at a server of our own or (--against PORT) at the admin port of a haul that runs:
 * each of tests/golden/http gets the answers that stand there, and the next client is served as ever.
 */
#include "haul/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/hostile.h"

#define PATIENCE_MS 30000
#define LORISES     200

static uint16_t port;
static char value[256]; /* of the parameter, as the route saw it */

static void healthy(void *arg, const struct haul_http_query *q, struct haul_http_answer *out)
{
    (void)arg;
    const char *const given = haul_http_query(q, "value");
    snprintf(value, sizeof value, "%s", given == NULL ? "none" : given);
    haul_buf_str(&out->body, HAUL_STR("ok\n"));
}

static int connected(void)
{
    const struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd != -1);
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

/* What may come while one sends: a server that has refused the head need not read on. */
static void send_all(int fd, struct haul_str bytes)
{
    for (size_t at = 0; at < bytes.n;) {
        const ssize_t n = send(fd, bytes.p + at, bytes.n - at, MSG_NOSIGNAL);
        if (n <= 0) return;
        at += (size_t)n;
    }
}

/* "200 404 closed": the status lines in what came, and whether the server ended it. Stops at `want`, when that is all
 * that is expected. */
static void answers(int fd, bool wait, const char *want, char *told, size_t cap)
{
    static char reply[1 << 18];
    size_t n = 0;
    bool closed = false;
    *told = '\0';
    do {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, wait ? PATIENCE_MS : 0) != 1) break;
        const ssize_t more = recv(fd, reply + n, sizeof reply - 1 - n, 0);
        closed = more <= 0;
        n += more > 0 ? (size_t)more : 0;
        reply[n] = '\0';
        *told = '\0';
        for (const char *at = reply; (at = strstr(at, "HTTP/1.")) != NULL; at += 9)
            snprintf(told + strlen(told), cap - strlen(told), "%s%.3s", *told == '\0' ? "" : " ", at + 9);
        if (closed) snprintf(told + strlen(told), cap - strlen(told), "%sclosed", *told == '\0' ? "" : " ");
    } while (!closed && n < sizeof reply - 1 && strcmp(told, want) != 0);
}

static void the_next_is_served(const char *after)
{
    char told[128];
    const int fd = connected();
    send_all(fd, HAUL_STR("GET /healthz HTTP/1.0\r\n\r\n"));
    answers(fd, true, "200 closed", told, sizeof told);
    if (strcmp(told, "200 closed") != 0) fail_msg("after %s the next client is told: %s", after, told);
    close(fd);
}

static void judge(void *arg, const struct hostile_case *c)
{
    unsigned *const wrong = arg;
    char want[128], twice[136], told[256], name[128];
    snprintf(want, sizeof want, "%.*s", (int)c->verdict.n, c->verdict.p);
    snprintf(name, sizeof name, "%.*s", (int)c->name.n, c->name.p);
    const bool none = strcmp(want, "none") == 0;
    strcpy(value, "-");
    const int fd = connected();
    send_all(fd, c->text);
    if (!none) answers(fd, true, want, told, sizeof told);
    the_next_is_served(name); /* by now what nobody waits for has been read */
    if (none) answers(fd, false, "", told, sizeof told);
    /* libmicrohttpd 0.9.75 writes the head of its own refusals twice */
    snprintf(twice, sizeof twice, "%.3s %s", want, want);
    if (strcmp(told, none ? "" : want) != 0 && !(*want == '4' && strcmp(told, twice) == 0)) {
        print_error("%s: expected %s, was told %s\n", name, want, told);
        ++*wrong;
    }
    close(fd);
}

static void each_has_its_answer(void **state)
{
    (void)state;
    unsigned wrong = 0;
    const size_t n = hostile_each("tests/golden/http/hostile.txt", judge, &wrong);
    print_message("# %zu requests\n", n);
    assert_int_equal(wrong, 0);
    assert_true(n >= 50);
}

static void a_parameter_arrives_as_it_was_meant(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"/healthz?value=a", "a"},
        {"/healthz?value=a%20b+c", "a b c"},
        {"/healthz?value=%E4%B8%AD", "\xe4\xb8\xad"},
        {"/healthz?value=", ""},
        {"/healthz?other=1&value=2&value=3", "2"},
        {"/healthz?value=..%2f..", "../.."},
        {"/healthz", "none"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char request[256], told[64];
        snprintf(request, sizeof request, "GET %s HTTP/1.0\r\n\r\n", rows[i][0]);
        const int fd = connected();
        send_all(fd, haul_str_of(request));
        answers(fd, true, "200 closed", told, sizeof told);
        assert_string_equal(told, "200 closed");
        assert_string_equal(value, rows[i][1]);
        close(fd);
    }
}

/* Clients that send a byte now and then and never come to an end: the oldest are ended, the others are served. */
static void slow_ones_keep_nobody_out(void **state)
{
    (void)state;
    static const char head[] = "GET /healthz HTTP/1.1\r\nHost: slow\r\nX-Slow: ";
    static int slow[LORISES];
    size_t ended = 0;
    for (size_t i = 0; i < LORISES; i++) {
        slow[i] = connected();
        send_all(slow[i], (struct haul_str){head, 1 + i % (sizeof head - 1)});
        for (size_t k = 0; k < i; k += 17) send_all(slow[k], HAUL_STR("x"));
        if (i % 10 == 9) the_next_is_served("slow ones");
    }
    for (size_t i = 0; i < LORISES; i++) {
        struct pollfd p = {.fd = slow[i], .events = POLLIN};
        ended += poll(&p, 1, 0) == 1;
        close(slow[i]);
    }
    print_message("# %zu of %d slow ones were ended\n", ended, LORISES);
    assert_true(ended >= LORISES - 64);
    the_next_is_served("all slow ones");
}

/* A request may come a byte at a time, an answer may be left unread, a client may vanish in the middle. */
static void in_pieces_and_broken_off(void **state)
{
    (void)state;
    static const char request[] = "GET /healthz HTTP/1.1\r\nHost: pieces\r\n\r\n";
    char told[64];
    const int fd = connected();
    for (size_t i = 0; i < sizeof request - 1; i++) send_all(fd, (struct haul_str){request + i, 1});
    answers(fd, true, "200", told, sizeof told);
    assert_string_equal(told, "200");
    close(fd);
    for (size_t n = 0; n < sizeof request; n++) {
        const int gone = connected();
        const struct linger at_once = {1, (int)(n % 2)};
        send_all(gone, (struct haul_str){request, n});
        (void)setsockopt(gone, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(gone);
    }
    the_next_is_served("clients that vanished");
}

static void the_faults_of_targets(void **state)
{
    (void)state;
    static const struct {
        const char *target, *fault;
    } rows[] = {
        {"/", NULL},
        {"/a?b=c&d", NULL},
        {"/a.b/..c/c..?x=/../", NULL},
        {"/%41?%E4%B8%AD=%7e", NULL},
        {"", "does not begin with '/'"},
        {"http://x/", "does not begin with '/'"},
        {"*", "does not begin with '/'"},
        {"/a b", "holds a byte that is not visible ASCII"},
        {"/\xe4\xb8\xad", "holds a byte that is not visible ASCII"},
        {"/a#b", "holds a fragment"},
        {"/a%", "has a '%' without two hexadecimal digits behind it"},
        {"/a%4", "has a '%' without two hexadecimal digits behind it"},
        {"/a?b=%g0", "has a '%' without two hexadecimal digits behind it"},
        {"/a%00", "escapes a control character"},
        {"/a?b=%0d%0aSet-Cookie:x", "escapes a control character"},
        {"/a?b=%7f", "escapes a control character"},
        {"/..", "has a path of dots"},
        {"/./a", "has a path of dots"},
        {"/a/%2e%2E/b", "has a path of dots"},
        {"/a%2f..%2fb", "has a path of dots"},
        {"/%c0%ae", "is not UTF-8"},
        {"/a?b=%ed%a0%80", "is not UTF-8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const fault = haul_http_target_fault(haul_str_of(rows[i].target));
        if (fault == NULL || rows[i].fault == NULL)
            assert_true(fault == rows[i].fault);
        else
            assert_string_equal(fault, rows[i].fault);
    }
    static char longest[HAUL_HTTP_TARGET_MAX + 1];
    memset(longest, '/', sizeof longest);
    assert_null(haul_http_target_fault((struct haul_str){longest, HAUL_HTTP_TARGET_MAX}));
    assert_string_equal(haul_http_target_fault((struct haul_str){longest, sizeof longest}), "is too long");
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest anywhere[] = {
        cmocka_unit_test(each_has_its_answer),
        cmocka_unit_test(slow_ones_keep_nobody_out),
        cmocka_unit_test(in_pieces_and_broken_off),
    };
    static const struct CMUnitTest here[] = {
        cmocka_unit_test(a_parameter_arrives_as_it_was_meant),
        cmocka_unit_test(the_faults_of_targets),
    };
    static const struct haul_http_route routes[] = {{"/healthz", healthy, NULL}};
    if (argc == 3 && strcmp(argv[1], "--against") == 0) {
        port = (uint16_t)atoi(argv[2]);
        return cmocka_run_group_tests(anywhere, NULL, NULL);
    }
    struct haul_http *server;
    struct haul_error e;
    if (haul_http_open("127.0.0.1", 0, routes, 1, &server, &e) != HAUL_OK) return 1;
    port = haul_http_port(server);
    const int failed = cmocka_run_group_tests(anywhere, NULL, NULL) + cmocka_run_group_tests(here, NULL, NULL);
    haul_http_close(server);
    return failed;
}
