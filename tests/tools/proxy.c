/* SPDX-License-Identifier: Apache-2.0
 * A bad network: stands between a client and a server on this machine and does to their bytes what it is told.
 *     proxy PORTS_FILE [HOST:PORT | /SOCKET]
 * Listens on two free loopback ports and writes "PORT CONTROL" to the file. A line on a connection to CONTROL is a
 * command and is answered by "ok PASSED CUTS CONNECTIONS": bytes passed on, connections cut, those that stand.
 *     to ADDRESS   where the server is
 *     pass         everything goes through
 *     cut N        after N more bytes every connection is reset; then it passes
 *     each N       every connection is reset after its next N bytes, the ones that come then too
 *     dribble      a byte at a time
 *     freeze       nothing moves, nobody is told
 *     refuse       every connection is reset, and so is who connects
 *     tell         nothing, but the answer
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PAIRS_MAX   512
#define CONTROL_MAX 8
#define CHUNK       65536
#define LINE_MAX_   256

enum mode { PASS, EACH, DRIBBLE, FREEZE, REFUSE };

struct way { /* bytes from one end to the other */
    int from, to;
    size_t n, at;
    bool ended;
    uint8_t bytes[CHUNK];
};

struct pair {
    struct way way[2];
    uint64_t passed;
};

struct control {
    int fd;
    size_t n;
    char line[LINE_MAX_];
};

static struct {
    enum mode mode;
    char server[256];
    int listening, controlling;
    struct pair *pair[PAIRS_MAX];
    size_t pairs;
    struct control control[CONTROL_MAX];
    size_t controls;
    uint64_t passed, cuts, each;
    int64_t cut_in; /* -1: no */
} proxy = {.cut_in = -1};

static void fatal(const char *what)
{
    fprintf(stderr, "proxy: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* ---- sockets ---- */
static int listen_on_any(uint16_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd == -1 || bind(fd, (struct sockaddr *)&at, n) != 0 || listen(fd, 128) != 0) fatal("listen");
    if (getsockname(fd, (struct sockaddr *)&at, &n) != 0) fatal("getsockname");
    *port = ntohs(at.sin_port);
    return fd;
}

static int connect_to_server(void)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr_in inet = {.sin_family = AF_INET};
    const bool is_path = proxy.server[0] == '/';
    const char *const colon = strrchr(proxy.server, ':');
    if (is_path) {
        snprintf(local.sun_path, sizeof local.sun_path, "%.100s", proxy.server);
    } else {
        if (colon == NULL) return -1;
        inet.sin_port = htons((uint16_t)atoi(colon + 1));
        inet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    const int fd = socket(is_path ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd == -1) fatal("socket");
    const int failed = is_path ? connect(fd, (struct sockaddr *)&local, sizeof local)
                               : connect(fd, (struct sockaddr *)&inet, sizeof inet);
    if (failed == 0) return fd;
    close(fd);
    return -1;
}

static void reset(int fd)
{
    const struct linger at_once = {1, 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

static void tune(int fd)
{
    const int yes = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

/* ---- pairs ---- */
static void drop(size_t i, bool cut)
{
    struct pair *const p = proxy.pair[i];
    for (int side = 0; side < 2; side++) {
        if (cut)
            reset(p->way[side].from);
        else
            close(p->way[side].from);
    }
    proxy.cuts += cut;
    free(p);
    proxy.pair[i] = proxy.pair[--proxy.pairs];
}

static void cut_all(void)
{
    while (proxy.pairs > 0) drop(0, true);
}

static void take_client(void)
{
    const int client = accept4(proxy.listening, NULL, NULL, SOCK_CLOEXEC);
    if (client == -1) return;
    const int server = proxy.mode == REFUSE || proxy.pairs == PAIRS_MAX ? -1 : connect_to_server();
    if (server == -1) {
        reset(client);
        return;
    }
    tune(client);
    tune(server);
    struct pair *const p = calloc(1, sizeof *p);
    if (p == NULL) fatal("memory");
    p->way[0].from = p->way[1].to = client;
    p->way[0].to = p->way[1].from = server;
    proxy.pair[proxy.pairs++] = p;
}

/* Bytes that may go now over this connection. */
static size_t allowed(const struct pair *p, size_t n)
{
    uint64_t most = n;
    if (proxy.mode == DRIBBLE) most = 1;
    if (proxy.mode == EACH && proxy.each - p->passed < most) most = proxy.each - p->passed;
    if (proxy.cut_in >= 0 && (uint64_t)proxy.cut_in < most) most = (uint64_t)proxy.cut_in;
    return (size_t)most;
}

static bool take_in(struct way *w)
{
    const ssize_t n = recv(w->from, w->bytes, CHUNK, MSG_DONTWAIT);
    if (n == -1 && (errno == EAGAIN || errno == EINTR)) return true;
    if (n == -1) return false;
    w->ended = n == 0;
    w->at = 0;
    w->n = (size_t)n;
    return true;
}

/* False: the connection is at its end, or at that of its allowance. */
static bool pass_on(struct pair *p, struct way *w)
{
    const size_t most = allowed(p, w->n - w->at);
    const ssize_t n = most == 0 ? 0 : send(w->to, w->bytes + w->at, most, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n == -1) return errno == EAGAIN || errno == EINTR;
    w->at += (size_t)n;
    p->passed += (uint64_t)n;
    proxy.passed += (uint64_t)n;
    if (proxy.cut_in >= 0) proxy.cut_in -= n;
    return proxy.mode != EACH || p->passed < proxy.each;
}

static bool moves(struct pair *p, const struct pollfd poll[2])
{
    for (int side = 0; side < 2; side++) {
        struct way *const w = &p->way[side];
        if (w->at == w->n && !w->ended && (poll[side].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !take_in(w))
            return false;
        if (w->at < w->n && !pass_on(p, w)) return false;
        if (w->at == w->n && w->ended) return false;
    }
    return true;
}

/* ---- commands ---- */
static void obey(const char *line)
{
    unsigned long long n = 0;
    char word[LINE_MAX_] = "", rest[LINE_MAX_] = "";
    (void)sscanf(line, "%255s %255s", word, rest);
    n = strtoull(rest, NULL, 10);
    if (strcmp(word, "to") == 0) snprintf(proxy.server, sizeof proxy.server, "%s", rest);
    if (strcmp(word, "pass") == 0) proxy.mode = PASS;
    if (strcmp(word, "dribble") == 0) proxy.mode = DRIBBLE;
    if (strcmp(word, "freeze") == 0) proxy.mode = FREEZE;
    if (strcmp(word, "refuse") == 0) proxy.mode = REFUSE, cut_all();
    if (strcmp(word, "cut") == 0) {
        proxy.mode = PASS, proxy.cut_in = n == 0 ? -1 : (int64_t)n;
        if (n == 0) cut_all();
    }
    if (strcmp(word, "each") == 0) {
        proxy.mode = EACH, proxy.each = n;
        for (size_t i = 0; i < proxy.pairs; i++) proxy.pair[i]->passed = 0;
    }
    if (strcmp(word, "cut") != 0 && strcmp(word, "tell") != 0) proxy.cut_in = -1;
}

static void answer(int fd)
{
    char text[96];
    const int n = snprintf(text, sizeof text, "ok %llu %llu %zu\n", (unsigned long long)proxy.passed,
                           (unsigned long long)proxy.cuts, proxy.pairs);
    (void)send(fd, text, (size_t)n, MSG_NOSIGNAL);
}

/* False: whoever commands has gone. */
static bool hear(struct control *c)
{
    const ssize_t n = recv(c->fd, c->line + c->n, sizeof c->line - 1 - c->n, MSG_DONTWAIT);
    if (n <= 0) return n == -1 && (errno == EAGAIN || errno == EINTR);
    c->n += (size_t)n;
    c->line[c->n] = '\0';
    for (char *end; (end = strchr(c->line, '\n')) != NULL;) {
        *end = '\0';
        obey(c->line);
        answer(c->fd);
        c->n -= (size_t)(end + 1 - c->line);
        memmove(c->line, end + 1, c->n + 1);
    }
    return c->n < sizeof c->line - 1;
}

static void take_control(void)
{
    const int fd = accept4(proxy.controlling, NULL, NULL, SOCK_CLOEXEC);
    if (fd == -1) return;
    if (proxy.controls == CONTROL_MAX) {
        close(fd);
        return;
    }
    proxy.control[proxy.controls++] = (struct control){.fd = fd};
}

/* ---- the loop ---- */
static short wanted(const struct way *out, const struct way *in)
{
    short events = 0;
    if (out->at == out->n && !out->ended) events |= POLLIN;
    if (in->at < in->n) events |= POLLOUT; /* this end takes what the other sent */
    return events;
}

static void turn(void)
{
    static struct pollfd p[2 + CONTROL_MAX + 2 * PAIRS_MAX];
    const size_t controls = proxy.controls, pairs = proxy.mode == FREEZE ? 0 : proxy.pairs, first = 2 + controls;
    p[0] = (struct pollfd){.fd = proxy.controlling, .events = POLLIN};
    p[1] = (struct pollfd){.fd = proxy.mode == FREEZE ? -1 : proxy.listening, .events = POLLIN};
    for (size_t i = 0; i < controls; i++) p[2 + i] = (struct pollfd){.fd = proxy.control[i].fd, .events = POLLIN};
    for (size_t i = 0; i < pairs; i++) {
        struct way *const w = proxy.pair[i]->way;
        p[first + 2 * i] = (struct pollfd){.fd = w[0].from, .events = wanted(&w[0], &w[1])};
        p[first + 2 * i + 1] = (struct pollfd){.fd = w[1].from, .events = wanted(&w[1], &w[0])};
    }
    if (poll(p, first + 2 * pairs, -1) == -1 && errno != EINTR) fatal("poll");
    for (size_t i = pairs; i > 0; i--) /* backwards: one that is dropped gives its place to one that was looked at */
        if (!moves(proxy.pair[i - 1], p + first + 2 * (i - 1)))
            drop(i - 1, proxy.mode == EACH && proxy.pair[i - 1]->passed >= proxy.each);
    if (proxy.cut_in == 0) {
        cut_all();
        proxy.cut_in = -1;
    }
    if (p[1].revents & POLLIN) take_client();
    for (size_t i = controls; i > 0; i--)
        if (p[1 + i].revents != 0 && !hear(&proxy.control[i - 1])) {
            close(proxy.control[i - 1].fd);
            proxy.control[i - 1] = proxy.control[--proxy.controls];
        }
    if (p[0].revents & POLLIN) take_control();
}

int main(int argc, char **argv)
{
    uint16_t port, control;
    if (argc < 2) return fprintf(stderr, "usage: proxy PORTS_FILE [ADDRESS]\n"), 64;
    signal(SIGPIPE, SIG_IGN);
    if (argc > 2) snprintf(proxy.server, sizeof proxy.server, "%s", argv[2]);
    proxy.listening = listen_on_any(&port);
    proxy.controlling = listen_on_any(&control);
    char name[512];
    snprintf(name, sizeof name, "%s.new", argv[1]);
    FILE *const f = fopen(name, "w");
    if (f == NULL) fatal(name);
    fprintf(f, "%u %u\n", port, control);
    fclose(f);
    if (rename(name, argv[1]) != 0) fatal(argv[1]);
    for (;;) turn();
}
