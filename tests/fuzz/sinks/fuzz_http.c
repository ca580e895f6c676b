/* SPDX-License-Identifier: Apache-2.0
 * HTTP from anybody. Two readings of each input, by its first byte: as a parameter's value, which must arrive as it was
 * sent or be refused; and as raw bytes on a connection. Afterwards the server still answers the next client.
 */
#include "haul/http.h"
#include "haul/json.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define VALUE_MAX 1000
#define RAW_MAX   20000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct haul_http *server;
static struct haul_buf seen; /* what the route was given; read once its answer has come */

static void answer(void *arg, const struct haul_http_query *q, struct haul_http_answer *out)
{
    (void)arg;
    const char *const value = haul_http_query(q, "value");
    haul_buf_clear(&seen);
    if (value != NULL) haul_buf_str(&seen, haul_str_of(value));
    haul_buf_str(&out->body, HAUL_STR("yes\n"));
}

static const struct haul_http_route routes[] = {{"/ask", answer, NULL}};

/* The fuzzer's own clock interrupts whatever waits: what waits goes on. */
static void wait_through_alarms(void)
{
    struct sigaction alarm;
    if (sigaction(SIGALRM, NULL, &alarm) != 0) abort();
    alarm.sa_flags |= SA_RESTART;
    if (sigaction(SIGALRM, &alarm, NULL) != 0) abort();
}

static void start(void)
{
    struct haul_error e;
    wait_through_alarms();
    haul_buf_init(&seen, 1024, 1 << 20);
    if (haul_http_open("127.0.0.1", 0, routes, 1, &server, &e) == HAUL_OK) return;
    fprintf(stderr, "%s\n", e.text);
    abort();
}

static int connected(void)
{
    const struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(haul_http_port(server)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct linger at_once = {1, 0}; /* no port waits behind a connection: thousands are made a second */
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd == -1 || connect(fd, (const struct sockaddr *)&at, sizeof at) != 0) abort();
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return fd;
}

/* A request behind which the server closes, and its whole answer. */
static void ask(struct haul_str request, char *reply, size_t cap)
{
    const int fd = connected();
    size_t got = 0;
    ssize_t more = 0;
    if (send(fd, request.p, request.n, MSG_NOSIGNAL) != (ssize_t)request.n) abort();
    while (got < cap - 1 && (more = recv(fd, reply + got, cap - 1 - got, 0)) > 0) got += (size_t)more;
    reply[got] = '\0';
    close(fd);
}

static unsigned status_of(const char *reply)
{
    unsigned status = 0;
    (void)sscanf(reply, "HTTP/1.%*1d %3u", &status);
    return status;
}

static bool plain(struct haul_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((uint8_t)s.p[i] < ' ' || s.p[i] == 0x7f) return false;
    return haul_utf8_valid(s);
}

/* Every second byte that need not be escaped is escaped all the same. */
static void as_value(struct haul_str value)
{
    static char reply[2048];
    struct haul_buf request;
    haul_buf_init(&request, 4096, 16384);
    haul_buf_str(&request, HAUL_STR("GET /ask?value="));
    for (size_t i = 0; i < value.n; i++) {
        const uint8_t c = (uint8_t)value.p[i];
        const bool letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
        if (letter && i % 2 == 0)
            haul_buf_byte(&request, c);
        else
            haul_buf_printf(&request, i % 3 == 0 ? "%%%02x" : "%%%02X", c);
    }
    const struct haul_str target = {(const char *)request.p + 4, request.n - 4};
    const bool good = haul_http_target_fault(target) == NULL;
    if (good != plain(value)) abort();
    haul_buf_str(&request, HAUL_STR(" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    haul_buf_clear(&seen);
    ask((struct haul_str){(const char *)request.p, request.n}, reply, sizeof reply);
    if (status_of(reply) != (good ? 200 : 400)) abort();
    if (good && !haul_str_eq((struct haul_str){(const char *)seen.p, seen.n}, value)) abort();
    haul_buf_free(&request);
}

/* The connection stands while the next client is served: by then the server's one thread has read it. */
static void as_bytes(const uint8_t *data, size_t n)
{
    static char reply[1 << 16];
    (void)haul_http_target_fault((struct haul_str){(const char *)data, n});
    const int fd = connected();
    if (n > 0) (void)send(fd, data, n, MSG_NOSIGNAL);
    ask(HAUL_STR("GET /ask HTTP/1.0\r\n\r\n"), reply, sizeof reply);
    if (status_of(reply) != 200) abort();
    const ssize_t got = recv(fd, reply, sizeof reply - 1, MSG_DONTWAIT);
    reply[got < 0 ? 0 : got] = '\0';
    if (got > 0 && status_of(reply) < 100) abort();
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (server == NULL) start();
    if (size == 0) return 0;
    if (data[0] % 2 == 0)
        as_value((struct haul_str){(const char *)data + 1, size - 1 < VALUE_MAX ? size - 1 : VALUE_MAX});
    else
        as_bytes(data + 1, size - 1 < RAW_MAX ? size - 1 : RAW_MAX);
    return 0;
}
