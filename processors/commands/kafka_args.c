/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/commands/kafka_args.h"

#include "haul/kafka_topics.h"
#include "processors/commands/commands.h"
#include "processors/commands/runtime.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- arguments ----------------------------------------------------------------------------------------------------
 */
static const struct args_flag *find(const struct args_flag *flags, const char *name)
{
    for (; flags->name != NULL; flags++)
        if (strcmp(flags->name, name) == 0) return flags;
    return NULL;
}

bool args_read(struct args *a, int argc, char **argv, const struct args_flag *flags)
{
    const struct args_flag common[] = {{"-c", &a->config, NULL},
                                       {"--brokers", &a->brokers, NULL},
                                       {"--instance", &a->instance, NULL},
                                       {"--help", NULL, &a->help},
                                       {NULL, NULL, NULL}};
    *a = (struct args){0};
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-' || argv[i][1] == '\0') {
            if (a->plain_len == ARGS_PLAIN_MAX) return fprintf(stderr, "haul %s: too many arguments\n", argv[0]), false;
            a->plain[a->plain_len++] = argv[i];
            continue;
        }
        const struct args_flag *f = find(common, argv[i]);
        if (f == NULL) f = find(flags, argv[i]);
        if (f == NULL) return fprintf(stderr, "haul %s: unknown flag '%s'\n", argv[0], argv[i]), false;
        if (f->text == NULL)
            *f->on = true;
        else if (++i < argc)
            *f->text = argv[i];
        else
            return fprintf(stderr, "haul %s: %s needs a value\n", argv[0], f->name), false;
    }
    return true;
}

bool args_number(const char *flag, const char *text, double low, double high, double *out)
{
    char *end;
    *out = strtod(text, &end);
    if (end != text && *end == '\0' && *out >= low && *out <= high) return true;
    fprintf(stderr, "haul: %s: '%s' is not a number from %g to %g\n", flag, text, low, high);
    return false;
}

bool args_from(const char *text, struct haul_reader_spec *spec)
{
    struct haul_error e;
    if (text == NULL) return true;
    spec->from = HAUL_FROM_TIME;
    if (strcmp(text, "earliest") == 0)
        spec->from = HAUL_FROM_EARLIEST;
    else if (strcmp(text, "latest") == 0)
        spec->from = HAUL_FROM_LATEST;
    else if (haul_time_parse(text, strlen(text), &spec->time, &e) != HAUL_OK)
        return fprintf(stderr, "haul: --from: earliest, latest or a time: %s\n", e.text), false;
    return true;
}

/* ---- configuration ------------------------------------------------------------------------------------------------
 */
int setup_open(struct kafka_setup *s, const struct args *a)
{
    *s = (struct kafka_setup){0};
    const int status = runtime_config(a->config, &s->config);
    if (status != 0) return status;
    s->engine = haul_config_section(s->config, "engine");
    s->kafka = *(const struct haul_kafka_options *)haul_config_section(s->config, "kafka");
    const char *instance = a->instance != NULL ? a->instance : s->engine->instance;
    if (snprintf(s->instance, sizeof s->instance, "%s", instance) < (int)sizeof s->instance &&
        (a->brokers == NULL ||
         snprintf(s->kafka.brokers, sizeof s->kafka.brokers, "%s", a->brokers) < (int)sizeof s->kafka.brokers))
        return 0;
    fprintf(stderr, "haul: --brokers or --instance is too long\n");
    setup_close(s);
    return HAUL_EXIT_USAGE;
}

void setup_close(struct kafka_setup *s)
{
    haul_config_free(s->config);
    s->config = NULL;
}

bool setup_topic(const struct kafka_setup *s, const char *word, char out[HAUL_KAFKA_TOPIC_BYTES])
{
    if (haul_topic_known(word)) return haul_kafka_topic(&s->kafka, s->instance, word, out);
    return snprintf(out, HAUL_KAFKA_TOPIC_BYTES, "%s", word) < HAUL_KAFKA_TOPIC_BYTES;
}

/* ---- progress, signals, statuses ----------------------------------------------------------------------------------
 */
#define SHOW_NS 2000000000

void progress_begin(struct progress *p, const char *what)
{
    *p = (struct progress){.what = what, .start = haul_mono_now()};
    p->next.ns = p->start.ns + SHOW_NS;
}

void progress_step(struct progress *p, uint64_t count)
{
    const int64_t now = haul_mono_now().ns;
    if (now < p->next.ns) return;
    p->next.ns = now + SHOW_NS;
    const double seconds = (double)(now - p->start.ns) / 1e9;
    fprintf(stderr, "%s: %llu in %.0f s, %.0f/s\n", p->what, (unsigned long long)count, seconds,
            (double)count / seconds);
}

volatile int stop_asked;
static void ask_stop(int signal_number)
{
    (void)signal_number;
    stop_asked = 1;
}

void stop_on_signals(void)
{
    struct sigaction action = {.sa_handler = ask_stop};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int exit_status(enum haul_err err)
{
    /* most errors have no status of their own */
    if (err == HAUL_OK) return 0;
    if (err == HAUL_E_UNAVAILABLE || err == HAUL_E_TIMEOUT) return HAUL_EXIT_UNAVAILABLE;
    if (err == HAUL_E_NOT_FOUND) return HAUL_EXIT_NOINPUT;
    if (err == HAUL_E_CORRUPT || err == HAUL_E_VERSION) return HAUL_EXIT_DATA;
    return HAUL_EXIT_FAILED;
}
