/* SPDX-License-Identifier: Apache-2.0
 * Reads the series and the windows of the Numenta Anomaly Benchmark from a folder (data/,
 * labels/combined_windows.json).
 */
#ifndef BENCH_NAB_FILES_H
#define BENCH_NAB_FILES_H

#include "haul/detect_nab.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAB_FILES = 64, NAB_WINDOWS = 16 };

struct nab_file {
    char name[96]; /* folder/file.csv */
    struct haul_time *at;
    double *value;
    int64_t rows, window_count;
    struct haul_nab_window windows[NAB_WINDOWS];
};

static inline struct haul_time nab_time(const char *text, size_t n)
{
    struct haul_time t;
    struct haul_error e;
    if (haul_time_parse(text, n, &t, &e) != HAUL_OK) fprintf(stderr, "%s\n", e.text), exit(2);
    return t;
}

static inline char *nab_slurp(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) return NULL;
    fseek(f, 0, SEEK_END);
    const long size = ftell(f);
    rewind(f);
    char *text = malloc((size_t)size + 1);
    if (text == NULL || fread(text, 1, (size_t)size, f) != (size_t)size) exit(2);
    text[size] = '\0';
    fclose(f);
    return text;
}

static inline void nab_rows(struct nab_file *f, char *text)
{
    int64_t lines = 0;
    for (const char *p = text; *p != '\0'; p++) lines += *p == '\n';
    f->at = calloc((size_t)lines + 1, sizeof *f->at), f->value = calloc((size_t)lines + 1, sizeof *f->value);
    if (f->at == NULL || f->value == NULL) exit(2);
    char *line = strchr(text, '\n');
    while (line != NULL && line[1] != '\0') {
        char *comma = strchr(++line, ',');
        if (comma == NULL) break;
        f->at[f->rows] = nab_time(line, (size_t)(comma - line));
        f->value[f->rows++] = strtod(comma + 1, NULL);
        line = strchr(comma, '\n');
    }
}

/* The windows of a file: pairs of quoted times between its name and the closing of its list. */
static inline void nab_windows(struct nab_file *f, const char *labels)
{
    char key[112];
    snprintf(key, sizeof key, "\"%s\":", f->name);
    const char *p = strstr(labels, key);
    if (p == NULL) fprintf(stderr, "no windows for %s\n", f->name), exit(2);
    p = strchr(p, '[') + 1;
    for (int depth = 1; depth > 0; p++) {
        depth += *p == '[' ? 1 : *p == ']' ? -1 : 0;
        if (*p != '"') continue;
        const struct haul_time left = nab_time(p + 1, 26);
        p = strchr(p + 1, ',') + 1;
        p = strchr(p, '"');
        const struct haul_time right = nab_time(p + 1, 26);
        p = strchr(p + 1, '"');
        struct haul_nab_window *w = &f->windows[f->window_count++];
        w->first = f->rows, w->last = -1;
        for (int64_t i = 0; i < f->rows; i++) {
            if (f->at[i].ms < left.ms || f->at[i].ms > right.ms) continue;
            if (i < w->first) w->first = i;
            w->last = i;
        }
    }
}

/* Loads every series of the label file that the folder holds, in the label file's order. */
static inline int nab_load(const char *folder, struct nab_file files[NAB_FILES])
{
    char path[1024];
    snprintf(path, sizeof path, "%s/labels/combined_windows.json", folder);
    char *labels = nab_slurp(path);
    if (labels == NULL) fprintf(stderr, "no %s\n", path), exit(2);
    int n = 0;
    for (const char *p = labels; n < NAB_FILES && (p = strstr(p, ".csv\":")) != NULL; p++) {
        const char *start = p;
        while (start[-1] != '"') start--;
        struct nab_file *f = &files[n];
        *f = (struct nab_file){0};
        snprintf(f->name, sizeof f->name, "%.*s", (int)(p + 4 - start), start);
        snprintf(path, sizeof path, "%s/data/%s", folder, f->name);
        char *text = nab_slurp(path);
        if (text == NULL) continue;
        nab_rows(f, text);
        nab_windows(f, labels);
        free(text);
        n++;
    }
    free(labels);
    return n;
}

#endif
