/* SPDX-License-Identifier: Apache-2.0
 * Keys of the store that a command goes through. All zero: empty.
 */
#ifndef HAUL_KEY_LIST_H
#define HAUL_KEY_LIST_H

#include "haul/redis_store.h"

struct key_list {
    char **key; /* NUL-terminated */
    size_t len, cap;
};

void key_list_add(struct key_list *l, struct haul_str key);
/* Adds what SCAN finds of the pattern: in no order, and some twice. */
enum haul_err key_list_scan(struct key_list *l, struct haul_redis_client *c, struct haul_str pattern,
                            struct haul_error *e);
/* In byte order, each once. */
void key_list_sort(struct key_list *l);
void key_list_free(struct key_list *l);

#endif
