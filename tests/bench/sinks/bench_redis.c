/* SPDX-License-Identifier: Apache-2.0
 * What a commit costs, against a redis-server of its own on a Unix socket: CPU time of haul and of Redis a document and
 * a commit, by batch size; with the fence and without it; writing the request alone.
 */
#include "haul/json.h"
#include "haul/redis_store.h"
#include "haul/topics.h"

#include "sinks/redis/resp.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define TASKS    8
#define ENTITIES 100000
#define ROUNDS   5

static char dir[] = "/tmp/haul-bench-XXXXXX", socket_path[64];
static pid_t server;
static struct haul_redis_options options = {.connect_timeout = 2000, .timeout = 10000};
static struct haul_redis_client *client;

static void give_up(const char *what)
{
    fprintf(stderr, "bench_redis: %s\n", what);
    if (server > 0) kill(server, SIGKILL);
    exit(1);
}

static void start_server(void)
{
    struct haul_error e;
    if (mkdtemp(dir) == NULL) give_up("no folder");
    snprintf(socket_path, sizeof socket_path, "%s/s", dir);
    snprintf(options.socket, sizeof options.socket, "%s", socket_path);
    server = fork();
    if (server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        const int nowhere = open("/dev/null", O_RDWR);
        for (int fd = 0; fd < 3; fd++) dup2(nowhere, fd);
        execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", socket_path, "--dir", dir, "--save", "",
               "--appendonly", "no", (char *)NULL);
        _exit(127);
    }
    if (haul_redis_client_open(&options, &client, &e) != HAUL_OK) give_up(e.text);
    const struct haul_str ping = HAUL_STR("PING");
    const struct haul_redis_value *v;
    for (int i = 0; i < 1000 && haul_redis_client_call(client, &ping, 1, &v, &e) != HAUL_OK; i++) haul_sleep_ms(5);
}

static void stop_server(void)
{
    haul_redis_client_close(client);
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    unlink(socket_path);
    rmdir(dir);
}

static double line_value(const struct haul_redis_value *v, const char *name)
{
    const char *at = resp_find(v->str, name);
    return at == NULL ? 0 : strtod(at + strlen(name), NULL);
}

/* CPU seconds of the server so far, user and system. */
static double server_cpu(void)
{
    const struct haul_str words[] = {HAUL_STR("INFO"), HAUL_STR("cpu")};
    const struct haul_redis_value *v;
    struct haul_error e;
    if (haul_redis_client_call(client, words, 2, &v, &e) != HAUL_OK) give_up(e.text);
    return line_value(v, "used_cpu_sys:") + line_value(v, "used_cpu_user:");
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}
static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, by_size);
    return values[n / 2];
}

/* A vehicle's document, as the view shows it. */
static void document(struct haul_ops *ops, unsigned entity, unsigned version)
{
    static const char pad[] =
        "a vehicle's document holds its position, speed, course, odometer, the state of its "
        "engine, doors and cargo, its driver, its route, its next stop and its open alerts; here ";
    char id[24];
    snprintf(id, sizeof id, "A%08u", entity);
    struct haul_json j;
    haul_ops_put_begin(ops, HAUL_STR("vehicle"), haul_str_of(id), &j);
    haul_json_open(&j, '{');
    haul_json_kstr(&j, "id", haul_str_of(id));
    haul_json_kf64(&j, "lon_deg", 115.0 + entity * 1e-5, 6);
    haul_json_kf64(&j, "lat_deg", 28.0 + version * 1e-5, 6);
    haul_json_ki64(&j, "time_ms", 1769443022000 + version);
    haul_json_kf64(&j, "speed_kmh", 81.5, 1);
    haul_json_kstr(&j, "text", HAUL_STR(pad));
    haul_json_close(&j, '}');
    haul_ops_put_end(ops);
}

static struct haul_store *open_store(struct haul_control *control)
{
    struct haul_store *s;
    struct haul_error e;
    bool fresh;
    if (haul_redis_store_open(&options, "", &s, &e) != HAUL_OK) give_up(e.text);
    const struct haul_control genesis = {.incarnation = 1, .last_offset = -1, .silent_until = -1, .partitions = TASKS};
    for (uint16_t i = 0; i < TASKS; i++)
        if (s->ops->claim(s, (struct haul_task_name){HAUL_MAILBOX_FLEET, i}, &genesis, &control[i], &fresh, &e) !=
            HAUL_OK)
            give_up(e.text);
    return s;
}

static void commit(struct haul_store *s, struct haul_control *control, struct haul_ops *ops, size_t tasks)
{
    struct haul_commit parts[TASKS];
    struct haul_error e;
    for (uint16_t i = 0; i < tasks; i++) {
        control[i].commit++, control[i].position.offset++, control[i].position.step += 10;
        parts[i] = (struct haul_commit){.task = {HAUL_MAILBOX_FLEET, i}, .control = control[i], .ops = &ops[i]};
    }
    s->ops->commit(s, parts, tasks);
    while (s->ops->poll(s, 1000, &e) != HAUL_OK) {
    }
    for (size_t i = 0; i < tasks; i++)
        if (parts[i].outcome != HAUL_OUTCOME_APPLIED) give_up("a commit was not applied");
}

struct figures {
    double haul_us, redis_us, wall_us; /* a commit */
};

/* One round: `commits` commits of `batch` documents over `tasks` tasks. The documents are made before the clock runs.
 */
static struct figures one_round(struct haul_store *s, struct haul_control *control, size_t batch, size_t tasks,
                                unsigned commits)
{
    static unsigned version;
    struct haul_ops ops[TASKS];
    for (size_t i = 0; i < TASKS; i++) haul_ops_init(&ops[i], 1 << 16, 1 << 26);
    for (unsigned i = 0; i < batch; i++) document(&ops[i % tasks], (i * 7919u + version) % ENTITIES, version);
    version++;
    const double redis = server_cpu();
    const int64_t haul = haul_cpu_ns();
    const struct haul_mono wall = haul_mono_now();
    for (unsigned i = 0; i < commits; i++) commit(s, control, ops, tasks);
    const struct figures f = {(double)(haul_cpu_ns() - haul) / 1e3 / commits, (server_cpu() - redis) * 1e6 / commits,
                              (double)(haul_mono_now().ns - wall.ns) / 1e3 / commits};
    for (size_t i = 0; i < TASKS; i++) haul_ops_free(&ops[i]);
    return f;
}

static void measure(struct haul_store *s, struct haul_control *control, size_t batch, size_t tasks)
{
    double haul[ROUNDS], redis[ROUNDS], wall[ROUNDS];
    const unsigned commits = batch >= 1000 ? 150 : batch >= 100 ? 1000 : 4000;
    for (size_t i = 0; i < ROUNDS; i++) {
        const struct figures f = one_round(s, control, batch, tasks, commits);
        haul[i] = f.haul_us, redis[i] = f.redis_us, wall[i] = f.wall_us;
    }
    const double h = median(haul, ROUNDS), r = median(redis, ROUNDS), w = median(wall, ROUNDS);
    const double per = batch == 0 ? 0 : 1.0 / (double)batch;
    printf("%9zu %6zu %12.1f %12.1f %12.1f %14.3f %14.3f\n", batch, tasks, h, r, w, h * per, r * per);
}

/* The request alone: what resp_pair costs beyond copying the same bytes. */
static void measure_writing(void)
{
    struct haul_ops ops;
    struct haul_buf out;
    haul_ops_init(&ops, 1 << 20, 1 << 26);
    haul_buf_init(&out, 1 << 24, 1 << 26);
    for (unsigned i = 0; i < 3000; i++) document(&ops, i, 1);
    double write[ROUNDS], copy[ROUNDS];
    for (size_t round = 0; round < ROUNDS; round++) {
        int64_t start = haul_cpu_ns();
        for (int i = 0; i < 200; i++) {
            size_t at = 0;
            struct haul_op_view v;
            haul_buf_clear(&out);
            while (haul_ops_next(&ops, &at, &v)) resp_pair(&out, HAUL_STR("haul:"), v.key, v.a);
        }
        write[round] = (double)(haul_cpu_ns() - start) / 200 / 3000;
        start = haul_cpu_ns();
        for (int i = 0; i < 200; i++) {
            size_t at = 0;
            struct haul_op_view v;
            haul_buf_clear(&out);
            while (haul_ops_next(&ops, &at, &v)) haul_buf_str(&out, v.key), haul_buf_str(&out, v.a);
        }
        copy[round] = (double)(haul_cpu_ns() - start) / 200 / 3000;
    }
    const double w = median(write, ROUNDS), c = median(copy, ROUNDS);
    printf("\nwriting the request: %.0f ns a document of %zu bytes, of which reading and copying the bytes %.0f\n", w,
           ops.buf.n / 3000, c);
    haul_ops_free(&ops);
    haul_buf_free(&out);
}

/* The same documents in MSETs of a plain client: neither position nor fence. */
static void measure_unfenced(size_t batch)
{
    struct haul_ops ops;
    haul_ops_init(&ops, 1 << 20, 1 << 26);
    for (unsigned i = 0; i < batch; i++) document(&ops, i, 1);
    struct haul_str *words = malloc((1 + 2 * batch) * sizeof *words);
    char(*keys)[40] = malloc(batch * sizeof *keys);
    if (words == NULL || keys == NULL) give_up("no memory");
    words[0] = HAUL_STR("MSET");
    size_t at = 0;
    struct haul_op_view v;
    for (size_t i = 0; haul_ops_next(&ops, &at, &v); i++) {
        snprintf(keys[i], sizeof keys[i], "haul:%.*s", (int)v.key.n, v.key.p);
        words[1 + 2 * i] = haul_str_of(keys[i]);
        words[2 + 2 * i] = v.a;
    }
    const unsigned commits = batch >= 1000 ? 150 : batch >= 100 ? 1000 : 4000;
    double haul[ROUNDS], redis[ROUNDS];
    for (size_t round = 0; round < ROUNDS; round++) {
        const double before = server_cpu();
        const int64_t start = haul_cpu_ns();
        for (unsigned i = 0; i < commits; i++) {
            const struct haul_redis_value *answer;
            struct haul_error e;
            if (haul_redis_client_call(client, words, 1 + 2 * batch, &answer, &e) != HAUL_OK) give_up(e.text);
        }
        haul[round] = (double)(haul_cpu_ns() - start) / 1e3 / commits;
        redis[round] = (server_cpu() - before) * 1e6 / commits;
    }
    printf("%9zu %6s %12.1f %12.1f\n", batch, "-", median(haul, ROUNDS), median(redis, ROUNDS));
    free(words);
    free(keys);
    haul_ops_free(&ops);
}

int main(void)
{
    static const size_t batches[] = {0, 1, 100, 1000, 3000};
    struct haul_control control[TASKS];
    start_server();
    struct haul_store *s = open_store(control);
    for (unsigned i = 0; i < ENTITIES; i += 1000) (void)one_round(s, control, 1000, 1, 1);
    printf("redis-server on a Unix socket, median of %d rounds, CPU time in us\n\n", ROUNDS);
    printf("%9s %6s %12s %12s %12s %14s %14s\n", "documents", "tasks", "haul/commit", "redis/commit", "wall/commit",
           "haul/document", "redis/document");
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) measure(s, control, batches[i], 1);
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) measure(s, control, batches[i], TASKS);
    printf("\nwithout position and fence: MSET alone\n%9s %6s %12s %12s\n", "documents", "", "haul/MSET", "redis/MSET");
    for (size_t i = 1; i < sizeof batches / sizeof batches[0]; i++) measure_unfenced(batches[i]);
    measure_writing();
    s->ops->close(s);
    stop_server();
    return 0;
}
