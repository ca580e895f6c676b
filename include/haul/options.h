/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * Options: one table a module, from which come validation, `haul check`, config/haul.yaml, the reference and the JSON
 * Schema. A module's options are a plain struct without pointers; each row says where in it the value lies.
 */
#ifndef HAUL_OPTIONS_H
#define HAUL_OPTIONS_H

#include "haul/buf.h"
#include "haul/err.h"

#include <stdint.h>

/* How a value is written, and what lies in the struct. */
enum haul_option_type {
    HAUL_O_BOOL,        /* true, false              → bool */
    HAUL_O_COUNT,       /* 12                       → int64_t */
    HAUL_O_DURATION,    /* 250ms 30s 5min 2h 7d     → int64_t, milliseconds */
    HAUL_O_BYTES,       /* 512B 64KiB 16MiB 1GiB    → int64_t */
    HAUL_O_SPEED,       /* 80km/h 3m/s 12kn         → double, m/s */
    HAUL_O_LENGTH,      /* 500m 1.5km 2nm           → double, m */
    HAUL_O_TEMPERATURE, /* 8degC -18degC 277K       → double, degC */
    HAUL_O_DELTA,       /* 2K 0.5K                  → double, K */
    HAUL_O_ACCEL,       /* 3.5m/s2                  → double, m/s2 */
    HAUL_O_ANGLE,       /* 45deg                    → double, deg */
    HAUL_O_VOLUME,      /* 8L                       → double, L */
    HAUL_O_RATIO,       /* 5% or 0.05               → double */
    HAUL_O_REAL,        /* 3.5                      → double */
    HAUL_O_TIME_OF_DAY, /* 02:00                    → int64_t, ms since local midnight */
    HAUL_O_TEXT,        /* any                      → char[size], NUL-terminated */
    HAUL_O_CHOICE,      /* one of `choices`         → int32_t, index */
    HAUL_O_FILE,        /* path, relative to the file it stands in → char[size] */
    HAUL_O_LIST,        /* list of texts            → struct { uint32_t len; char item[max][size]; }, see HAUL_LIST */
    HAUL_O_PAIRS, /* map of texts to texts    → struct { uint32_t len; struct { char key[64], value[size]; } item[max];
                     } */
    HAUL_O_TABLE, /* map of name to a sub-table → struct { uint32_t len; struct ROW item[max]; }, ROW begins with char
                     name[64] */
};

#define HAUL_LIST(type, max, size)                                                                                     \
    struct type {                                                                                                      \
        uint32_t len;                                                                                                  \
        char item[max][size];                                                                                          \
    }
#define HAUL_PAIRS(type, max, size)                                                                                    \
    struct type {                                                                                                      \
        uint32_t len;                                                                                                  \
        struct {                                                                                                       \
            char key[64], value[size];                                                                                 \
        } item[max];                                                                                                   \
    }

struct haul_option {
    const char *name; /* dotted path below the section: "speeding.raise" is section: { speeding: { raise: … } } */
    enum haul_option_type type;
    size_t offset;        /* in the module's struct */
    size_t size;          /* TEXT, FILE, LIST, PAIRS: bytes of one text; TABLE: bytes of one row */
    uint32_t max;         /* LIST, PAIRS, TABLE: entries */
    double low, high;     /* inclusive range in the base unit (COUNT, REAL, and all with units); low > high: no range */
    const char *fallback; /* as it would be written; NULL: required; LIST, PAIRS, TABLE: "" for none */
    const char *const *choices;     /* CHOICE: NULL-terminated */
    const struct haul_option *rows; /* TABLE: the sub-table, offsets in a row */
    size_t rows_len;
    bool answer; /* it changes answers: takes effect by a control record; else it is the engine's and takes effect at
                    start */
    bool secret; /* the content of the file that a *_file option names; the value is never printed */
    const char *en, *zh; /* one sentence each */
};

/* A row of one value that changes answers, in a struct of the type given. */
#define HAUL_ROW(struct_type, path, kind, member, lo, hi, value, english, chinese)                                     \
    {                                                                                                                  \
        .name = path, .type = kind, .offset = offsetof(struct_type, member), .low = lo, .high = hi, .fallback = value, \
        .answer = true, .en = english, .zh = chinese                                                                   \
    }
/* Milliseconds, as the bounds of durations. */
#define HAUL_MS_S   1000.0
#define HAUL_MS_MIN 60000.0
#define HAUL_MS_H   3600000.0
#define HAUL_MS_D   86400000.0

/* What a module found wrong between its options. `path` names the option the message is about; the reporter adds line
 * and caret. */
struct haul_option_report;
void haul_option_complain(struct haul_option_report *r, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct haul_option_set {
    const char *section; /* top-level key: "engine", "redis", "fleet" */
    const char *en, *zh;
    const struct haul_option *rows;
    size_t rows_len;
    size_t bytes; /* of the module's struct */
    /* Contradictions between options (a clear-threshold above its raise-threshold): one complaint each. May be NULL. */
    void (*check)(const void *options, struct haul_option_report *r);
};

/* ---- reading a file ---- */
struct haul_config; /* all modules' values, from one file */

/* Reads a YAML file against the sets. On failure *errors holds every error of the file, each as
 *     FILE:LINE:COLUMN: message
 *         the source line
 *             ^
 * and *count their number. `path` NULL: all defaults. Allocates; free with haul_config_free. Not thread-safe per
 * object. */
enum haul_err haul_config_read(const char *path, const struct haul_option_set *const *sets, size_t sets_len,
                               struct haul_config **out, struct haul_buf *errors, unsigned *count);
/* The same from text; `name` stands where the file's name would. */
enum haul_err haul_config_read_text(struct haul_str yaml, const char *name, const struct haul_option_set *const *sets,
                                    size_t sets_len, struct haul_config **out, struct haul_buf *errors,
                                    unsigned *count);
void haul_config_free(struct haul_config *c);
/* A module's struct; valid until the config is freed. Asserts that the section is one of the sets. */
const void *haul_config_section(const struct haul_config *c, const char *section);

/* The canonical text of a section's answer options: sorted "name: value" lines, units written, defaults included. Its
 * hash is the hash of the options; reading it again with haul_config_read_text (section: indented) gives the same
 * struct. */
void haul_config_canonical(const struct haul_config *c, const char *section, struct haul_buf *out);

/* ---- generated from the tables ---- */
void haul_options_yaml(const struct haul_option_set *const *sets, size_t n,
                       struct haul_buf *out); /* config/haul.yaml */
void haul_options_markdown(const struct haul_option_set *const *sets, size_t n,
                           struct haul_buf *out); /* config/reference.md, its options part */
void haul_options_json_schema(const struct haul_option_set *const *sets, size_t n, struct haul_buf *out);

#endif
