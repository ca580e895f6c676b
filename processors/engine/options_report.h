/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * Collects what is wrong with one text, and writes it in the order of the text with source line and caret.
 */
#ifndef HAUL_OPTIONS_REPORT_H
#define HAUL_OPTIONS_REPORT_H

#include "haul/options.h"

#define REPORT_FAULTS_MAX 100
#define REPORT_NOWHERE    SIZE_MAX /* a fault of the file as a whole */

/* Where an option, or a group of them, stands in the text. */
struct option_mark {
    const struct haul_option_set *set;
    char path[200]; /* below the section; "" for the section itself */
    size_t key_at, value_at;
    bool bad; /* reported already: its value is the default */
};

struct option_fault {
    size_t at;        /* byte offset, or REPORT_NOWHERE */
    size_t from, len; /* its message in `texts` */
};

struct haul_option_report {
    const char *name;
    struct haul_str source;
    struct haul_buf texts;
    struct option_fault faults[REPORT_FAULTS_MAX];
    size_t len;
    unsigned total;
    struct option_mark *marks;
    size_t marks_len, marks_cap;
    const struct haul_option_set *set; /* whose check runs */
};

void report_init(struct haul_option_report *r, const char *name, struct haul_str source);
void report_free(struct haul_option_report *r);
void report_fault(struct haul_option_report *r, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* True when further faults are only counted: no need to look for their suggestions. */
bool report_full(const struct haul_option_report *r);
/* All faults in the order of the text. */
void report_write(struct haul_option_report *r, struct haul_buf *out);

/* Remembers where `path` of `set` stands. The mark is valid until the next one is added. */
struct option_mark *report_mark(struct haul_option_report *r, const struct haul_option_set *set, const char *path,
                                size_t key_at, size_t value_at);
struct option_mark *report_find(struct haul_option_report *r, const struct haul_option_set *set, const char *path);

/* Line and column in characters, from 1, of a byte offset. */
void report_position(struct haul_str source, size_t at, unsigned *line, unsigned *column);

/* True when a line has the name of a secret with its value, which must not be printed. */
bool report_secret(struct haul_str line);

#endif
