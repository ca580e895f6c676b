/* SPDX-License-Identifier: Apache-2.0
 * The data of the model of Redis, and the commands that read and write them.
 */
#ifndef HAUL_TESTS_MODEL_REDIS_DATA_H
#define HAUL_TESTS_MODEL_REDIS_DATA_H

#include "haul/buf.h"

enum model_type { MODEL_STRING, MODEL_HASH, MODEL_ZSET, MODEL_STREAM };

struct model_text {
    char *p;
    size_t n;
};
/* A field of a hash (a: name, b: value), a member of a sorted set (a: member, score), an entry of a stream (id; a:
 * field, b: value). */
struct model_item {
    struct model_text a, b;
    double score;
    uint64_t ms, seq;
};
struct model_value {
    struct model_text key, string;
    enum model_type type;
    struct model_item *items;
    size_t len, cap;
    uint64_t last_ms, last_seq; /* of a stream: the highest id ever */
};
struct model_data {
    struct model_value **values; /* in order of key */
    size_t len, cap;
};

/* Called for every key that a command has changed, as Redis' signalModifiedKey. */
typedef void model_touch_fn(void *arg, struct haul_str key);

struct model_call {
    struct model_data *data;
    const struct haul_str *words;
    size_t n;
    struct haul_buf *reply;
    model_touch_fn *touch;
    void *arg;
};

struct model_command {
    const char *name;
    int arity; /* words; negative: at least */
    bool write, deny_oom;
    void (*run)(const struct model_call *c);
};
/* NULL: not known. Case does not matter. */
const struct model_command *model_command_find(struct haul_str name);

const struct model_value *model_find(const struct model_data *d, struct haul_str key);
void model_data_clear(struct model_data *d);
void model_data_copy(struct model_data *to, const struct model_data *from); /* `to` is cleared first */
void model_data_dump(const struct model_data *d, const char *skip, struct haul_buf *out);

void model_reply_error(struct haul_buf *out, const char *text);
void model_reply_status(struct haul_buf *out, const char *text);
void model_reply_bulk(struct haul_buf *out, struct haul_str s);
void model_reply_array(struct haul_buf *out, int64_t n); /* -1: nil */
bool model_word_is(struct haul_str word, const char *upper);

#endif
