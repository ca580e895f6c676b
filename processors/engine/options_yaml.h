/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * YAML text as a bounded tree in which every name and value knows where it stands. Aliases, anchors, tags, complex keys
 * and further documents are refused: a configuration has no use for them. A line that is not YAML is reported and left
 * out, with what is indented below it, so that one run finds the mistakes of the whole file.
 */
#ifndef HAUL_OPTIONS_YAML_H
#define HAUL_OPTIONS_YAML_H

#include "haul/buf.h"

#define YAML_BYTES_MAX (1024 * 1024)
#define YAML_NODES_MAX 65536
#define YAML_DEPTH_MAX 16
#define YAML_FAULT_MAX 16 /* lines that are not YAML; the rest of the file is not looked at after so many */

struct haul_option_report;

enum yaml_kind { YAML_SCALAR, YAML_MAP, YAML_SEQ, YAML_BAD };

struct yaml_node {
    enum yaml_kind kind; /* BAD: reported already, skip it */
    bool quoted;         /* SCALAR: not plain */
    size_t at;           /* byte offset of the value; of the key's end when there is no value */
    size_t key_at;       /* in a map: byte offset of the name */
    struct haul_str key; /* in a map */
    struct haul_str text;
    uint32_t child, next; /* index in the tree, 0 for none */
};

struct yaml_tree {
    struct yaml_node *nodes; /* [0] is not used */
    uint32_t len, cap;
    uint32_t root; /* 0: the file is empty */
    struct haul_arena texts;
    bool whole; /* every line could be read */
};

/* Reads text of at most YAML_BYTES_MAX bytes; what is wrong goes to the report. The texts are the tree's own. */
void yaml_read(struct yaml_tree *t, struct haul_str text, struct haul_option_report *r);
void yaml_free(struct yaml_tree *t);

/* A `name: value` in disguise ("name value", "name = value", "name:value", the full-width colon): writes the right
 * form. */
bool yaml_disguised(struct haul_str line, struct haul_buf *better);

#endif
