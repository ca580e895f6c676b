/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/options.h"

#include "processors/engine/options_names.h"
#include "processors/engine/options_report.h"
#include "processors/engine/options_value.h"
#include "processors/engine/options_yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define PATH_BYTES 200

struct haul_config {
    size_t len;
    const struct haul_option_set **sets;
    void **values;
};

/* What is read now: the tree, where errors go, and, within a section, the rows that may stand here. */
struct walk {
    struct haul_option_report *report;
    const struct yaml_tree *tree;
    const struct haul_option_set *const *sets;
    size_t sets_len;
    const struct haul_option_set *set;
    bool whole;            /* the file is a map of sections, every line of it read */
    const char *directory; /* of the file, with its '/', or "": what FILE options are relative to */
    struct haul_buf why;
};

/* Rows of a section, or of one entry of a TABLE. */
struct level {
    const struct haul_option *rows;
    size_t rows_len;
    uint8_t *base;
    const char *where; /* path of the table's entry below the section with a '.', or "" */
};

static void read_level(struct walk *w, const struct level *l, const char *prefix, uint32_t map);
static void set_defaults(struct walk *w, const struct haul_option *rows, size_t n, uint8_t *base);

/* ---- names ----------------------------------------------------------------------------------------------------------
 */

static const struct haul_option *row_named(const struct level *l, const char *name)
{
    for (size_t i = 0; i < l->rows_len; i++)
        if (strcmp(l->rows[i].name, name) == 0) return &l->rows[i];
    return NULL;
}

static bool group_named(const struct level *l, const char *name)
{
    const size_t n = strlen(name);
    for (size_t i = 0; i < l->rows_len; i++)
        if (strncmp(l->rows[i].name, name, n) == 0 && l->rows[i].name[n] == '.') return true;
    return false;
}

/* "password" where "password_file" is an option: a secret was written into the configuration. */
static bool refuse_secret(struct walk *w, const struct level *l, const char *path, const struct yaml_node *n)
{
    char file[PATH_BYTES + 8];
    snprintf(file, sizeof file, "%s_file", path);
    const struct haul_option *row = row_named(l, file);
    if (row == NULL || !row->secret) return false;
    report_fault(w->report, n->key_at,
                 "%s.%s%s: a secret does not stand in the configuration; write it into a file that only haul may read "
                 "and name that: did you mean `%s: PATH`?",
                 w->set->section, l->where, path, file);
    return true;
}

static void unknown_name(struct walk *w, const struct level *l, const char *prefix, const char *path,
                         const struct yaml_node *n)
{
    if (refuse_secret(w, l, path, n)) return;
    struct haul_buf *better = &w->why;
    haul_buf_clear(better);
    if (!report_full(w->report))
        names_suggest(w->sets, w->sets_len, w->set, l->rows, l->rows_len, prefix, n->key, better);
    report_fault(w->report, n->key_at, "%s.%s%s: no such option%s%.*s%s", w->set->section, l->where, path,
                 better->n > 0 ? "; did you mean `" : "", (int)better->n, (const char *)better->p,
                 better->n > 0 ? "`?" : "");
}

/* ---- values ---------------------------------------------------------------------------------------------------------
 */

static const char *kind_name(const struct yaml_node *n)
{
    return n->kind == YAML_MAP ? "a map" : n->kind == YAML_SEQ ? "a list" : "a single value";
}

static bool wrong_kind(struct walk *w, const struct haul_option *row, const char *path, const struct yaml_node *n)
{
    haul_buf_clear(&w->why);
    value_expected(row, &w->why);
    if (row->type == HAUL_O_LIST && n->kind == YAML_SCALAR && n->text.n > 0)
        haul_buf_printf(&w->why, "; did you mean `[%.*s]`?", n->text.n > 60 ? 60 : (int)n->text.n, n->text.p);
    else if (row->type == HAUL_O_PAIRS)
        haul_buf_printf(&w->why, "; did you mean `{name: value}`?");
    else if (n->kind == YAML_SEQ && row->type != HAUL_O_TABLE && w->tree->nodes[n->child].kind == YAML_SCALAR)
        haul_buf_printf(&w->why, "; did you mean `%.*s`?", (int)w->tree->nodes[n->child].text.n,
                        w->tree->nodes[n->child].text.p);
    report_fault(w->report, n->at, "%s.%s: %s stands here; expected %.*s", w->set->section, path, kind_name(n),
                 (int)w->why.n, (const char *)w->why.p);
    return false;
}

/* A path is relative to the file that names it. */
static bool anchor_path(struct walk *w, const struct haul_option *row, void *to)
{
    char *path = to;
    const size_t n = strlen(path), d = strlen(w->directory);
    if (n == 0 || path[0] == '/' || d == 0) return true;
    if (d + n >= row->size) {
        haul_buf_printf(&w->why, "the path is longer than %zu bytes", row->size - 1);
        return false;
    }
    memmove(path + d, path, n + 1);
    memcpy(path, w->directory, d);
    return true;
}

static bool read_scalar(struct walk *w, const struct haul_option *row, const char *path, const struct yaml_node *n,
                        void *to)
{
    if (n->kind != YAML_SCALAR) return wrong_kind(w, row, path, n);
    haul_buf_clear(&w->why);
    if (value_read(row, n->text, n->quoted, to, &w->why) && (row->type != HAUL_O_FILE || anchor_path(w, row, to)))
        return true;
    report_fault(w->report, n->at, "%s.%s: %.*s", w->set->section, path, (int)w->why.n, (const char *)w->why.p);
    return false;
}

static bool too_many(struct walk *w, const struct haul_option *row, const char *path, const struct yaml_node *n,
                     uint32_t len)
{
    if (len < row->max) return false;
    report_fault(w->report, n->key.n > 0 ? n->key_at : n->at, "%s.%s: more than %u entries; expected at most %u",
                 w->set->section, path, row->max, row->max);
    return true;
}

/* One text of a LIST or PAIRS, as if it were an option of its own. */
static struct haul_option text_row(const struct haul_option *row)
{
    const bool choice = row->choices != NULL;
    return (struct haul_option){
        .name = row->name, .type = choice ? HAUL_O_CHOICE : HAUL_O_TEXT, .size = row->size, .choices = row->choices};
}

static bool read_item(struct walk *w, const struct haul_option *row, const char *path, const struct yaml_node *n,
                      char *item)
{
    const struct haul_option one = text_row(row);
    int32_t choice;
    if (!read_scalar(w, &one, path, n, one.type == HAUL_O_CHOICE ? (void *)&choice : item)) return false;
    if (one.type == HAUL_O_CHOICE) snprintf(item, row->size, "%s", row->choices[choice]);
    return true;
}

static bool read_list(struct walk *w, const struct haul_option *row, const char *path, const struct yaml_node *n,
                      uint8_t *to)
{
    uint32_t len = 0;
    bool good = true;
    char *items = (char *)to + sizeof len;
    if (n->kind != YAML_SEQ) return wrong_kind(w, row, path, n);
    memset(to, 0, sizeof len + row->max * row->size);
    for (uint32_t i = n->child; i != 0; i = w->tree->nodes[i].next) {
        const struct yaml_node *e = &w->tree->nodes[i];
        if (e->kind == YAML_BAD) continue;
        if (too_many(w, row, path, e, len)) return false;
        char *item = items + len * row->size;
        if (!read_item(w, row, path, e, item)) {
            good = false;
            continue;
        }
        for (uint32_t k = 0; k < len && row->choices != NULL; k++)
            if (strcmp(items + k * row->size, item) == 0) {
                report_fault(w->report, e->at, "%s.%s: `%s` stands in the list twice", w->set->section, path, item);
                good = false;
            }
        len++;
    }
    if (good) memcpy(to, &len, sizeof len);
    return good;
}

/* The names of PAIRS and TABLE: 1 to 63 bytes, each once. */
static bool good_name(struct walk *w, const char *path, const struct yaml_node *map, const struct yaml_node *n)
{
    if (n->kind == YAML_BAD) return false;
    bool control = false;
    for (size_t i = 0; i < n->key.n; i++) control |= (unsigned char)n->key.p[i] < 0x20;
    if (n->key.n == 0 || n->key.n > 63 || control) {
        report_fault(w->report, n->key_at, "%s.%s: a name has 1 to 63 bytes and no control characters", w->set->section,
                     path);
        return false;
    }
    for (uint32_t i = map->child; &w->tree->nodes[i] != n; i = w->tree->nodes[i].next) {
        const struct yaml_node *before = &w->tree->nodes[i];
        if (!haul_str_eq(before->key, n->key)) continue;
        unsigned line, column;
        report_position(w->report->source, before->key_at, &line, &column);
        report_fault(w->report, n->key_at, "%s.%s: `%s` stands here a second time; the first is in line %u",
                     w->set->section, path, n->key.p, line);
        return false;
    }
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b); /* entries begin with their name */
}

static bool read_pairs(struct walk *w, const struct haul_option *row, const char *path, const struct yaml_node *n,
                       uint8_t *to)
{
    uint32_t len = 0;
    bool good = true;
    const size_t each = 64 + row->size;
    char *items = (char *)to + sizeof len;
    if (n->kind != YAML_MAP) return wrong_kind(w, row, path, n);
    memset(to, 0, sizeof len + row->max * each);
    for (uint32_t i = n->child; i != 0; i = w->tree->nodes[i].next) {
        const struct yaml_node *e = &w->tree->nodes[i];
        if (e->kind != YAML_BAD && too_many(w, row, path, e, len)) return false;
        char *item = items + len * each;
        if (!good_name(w, path, n, e) || !read_item(w, row, path, e, item + 64)) {
            good = false;
            continue;
        }
        memcpy(item, e->key.p, e->key.n);
        len++;
    }
    qsort(items, len, each, by_name);
    if (good) memcpy(to, &len, sizeof len);
    return good;
}

/* Offset of the first row in a TABLE's struct: behind len, aligned as its widest member is. */
static size_t table_offset(const struct haul_option *row)
{
    size_t offset = sizeof(uint32_t);
    for (size_t i = 0; i < row->rows_len; i++) {
        const enum haul_option_type t = row->rows[i].type;
        const bool narrow = t == HAUL_O_TEXT || t == HAUL_O_FILE || t == HAUL_O_BOOL || t == HAUL_O_CHOICE ||
                            t == HAUL_O_LIST || t == HAUL_O_PAIRS;
        const size_t member = t == HAUL_O_TABLE ? table_offset(&row->rows[i]) : narrow ? offset : sizeof(int64_t);
        if (member > offset) offset = member;
    }
    return offset;
}

static void read_entry(struct walk *w, const struct haul_option *row, const char *path, uint32_t index, uint8_t *item)
{
    const struct yaml_node *e = &w->tree->nodes[index];
    char name[PATH_BYTES + 70], where[PATH_BYTES + 72];
    snprintf(name, sizeof name, "%s.%s", path, e->key.p);
    snprintf(where, sizeof where, "%s.", name);
    report_mark(w->report, w->set, name, e->key_at, e->at);
    set_defaults(w, row->rows, row->rows_len, item);
    memcpy(item, e->key.p, e->key.n);
    const struct level l = {row->rows, row->rows_len, item, where};
    read_level(w, &l, "", index);
}

static bool read_table(struct walk *w, const struct haul_option *row, const char *path, const struct yaml_node *n,
                       uint8_t *to)
{
    uint32_t len = 0;
    bool good = true;
    uint8_t *items = to + table_offset(row);
    if (n->kind != YAML_MAP) return wrong_kind(w, row, path, n);
    const unsigned before = w->report->total;
    memset(to, 0, table_offset(row) + row->max * row->size);
    for (uint32_t i = n->child; i != 0; i = w->tree->nodes[i].next) {
        const struct yaml_node *e = &w->tree->nodes[i];
        if (e->kind != YAML_BAD && too_many(w, row, path, e, len)) return false;
        if (!good_name(w, path, n, e)) {
            good = false;
            continue;
        }
        read_entry(w, row, path, i, items + len * row->size);
        len++;
    }
    qsort(items, len, row->size, by_name);
    if (good) memcpy(to, &len, sizeof len);
    return w->report->total == before;
}

static bool read_value(struct walk *w, const struct haul_option *row, const char *path, const struct yaml_node *n,
                       uint8_t *to)
{
    switch (row->type) {
    case HAUL_O_LIST:
        return read_list(w, row, path, n, to);
    case HAUL_O_PAIRS:
        return read_pairs(w, row, path, n, to);
    case HAUL_O_TABLE:
        return read_table(w, row, path, n, to);
    case HAUL_O_BOOL:
    case HAUL_O_COUNT:
    case HAUL_O_DURATION:
    case HAUL_O_BYTES:
    case HAUL_O_SPEED:
    case HAUL_O_LENGTH:
    case HAUL_O_TEMPERATURE:
    case HAUL_O_DELTA:
    case HAUL_O_ACCEL:
    case HAUL_O_ANGLE:
    case HAUL_O_VOLUME:
    case HAUL_O_RATIO:
    case HAUL_O_REAL:
    case HAUL_O_TIME_OF_DAY:
    case HAUL_O_TEXT:
    case HAUL_O_CHOICE:
    case HAUL_O_FILE:
        break;
    }
    return read_scalar(w, row, path, n, to);
}

/* ---- maps -----------------------------------------------------------------------------------------------------------
 */

/* False, and reported, when the option or group stood in the file before. */
static bool mark_once(struct walk *w, const char *path, const struct yaml_node *n)
{
    const struct option_mark *first = report_find(w->report, w->set, path);
    if (first == NULL) {
        report_mark(w->report, w->set, path, n->key_at, n->at);
        return true;
    }
    unsigned line, column;
    report_position(w->report->source, first->key_at, &line, &column);
    report_fault(w->report, n->key_at, "%s%s%s: stands here a second time; the first is in line %u", w->set->section,
                 *path == '\0' ? "" : ".", path, line);
    return false;
}

/* A list or a value where a map of options belongs. */
static void not_a_map(struct walk *w, const char *path, const struct yaml_node *n)
{
    haul_buf_clear(&w->why);
    const bool plain = n->kind == YAML_SCALAR && !n->quoted && memchr(n->text.p, '\n', n->text.n) == NULL;
    if (plain) haul_buf_printf(&w->why, "; did you mean `");
    const bool better = plain && yaml_disguised(n->text, &w->why);
    if (better) haul_buf_printf(&w->why, "`?");
    report_fault(w->report, n->at, "%s%s%s: %s stands here; expected a map of options, each in a line below%.*s",
                 w->set->section, *path == '\0' ? "" : ".", path, kind_name(n), better ? (int)w->why.n : 0,
                 (const char *)w->why.p);
    struct option_mark *m = report_find(w->report, w->set, path);
    if (m != NULL) m->bad = true;
}

static bool empty_value(const struct yaml_node *n)
{
    return n->kind == YAML_SCALAR && !n->quoted && n->text.n == 0;
}

static void read_group(struct walk *w, const struct level *l, const char *path, const char *full, uint32_t index)
{
    const struct yaml_node *n = &w->tree->nodes[index];
    mark_once(w, full, n);
    if (n->kind == YAML_MAP)
        read_level(w, l, path, index);
    else if (!empty_value(n))
        not_a_map(w, full, n);
}

/* The entries of a map; `prefix` is the group that the map is, "" for the section or the table's entry itself. */
static void read_level(struct walk *w, const struct level *l, const char *prefix, uint32_t map)
{
    const struct yaml_node *m = &w->tree->nodes[map];
    if (m->kind == YAML_BAD || empty_value(m)) return;
    if (m->kind != YAML_MAP) {
        char where[PATH_BYTES + 72];
        snprintf(where, sizeof where, "%.*s", *l->where == '\0' ? 0 : (int)strlen(l->where) - 1, l->where);
        not_a_map(w, where, m);
        return;
    }
    for (uint32_t i = m->child; i != 0; i = w->tree->nodes[i].next) {
        const struct yaml_node *n = &w->tree->nodes[i];
        char path[PATH_BYTES], full[PATH_BYTES];
        const int p = snprintf(path, sizeof path, "%s%s%s", prefix, *prefix == '\0' ? "" : ".", n->key.p);
        const int f = snprintf(full, sizeof full, "%s%s", l->where, path);
        const struct haul_option *row = row_named(l, path);
        if (p >= PATH_BYTES || f >= PATH_BYTES || (row == NULL && !group_named(l, path))) {
            unknown_name(w, l, prefix, path, n);
        } else if (row == NULL) {
            if (n->kind != YAML_BAD) read_group(w, l, path, full, i);
        } else if (mark_once(w, full, n)) {
            const bool good = n->kind != YAML_BAD && read_value(w, row, full, n, l->base + row->offset);
            if (!good) report_find(w->report, w->set, full)->bad = true;
        }
    }
}

/* ---- defaults -------------------------------------------------------------------------------------------------------
 */

/* A default is read as if it stood in a file of its own; a table whose default cannot be read is a bug. */
static void set_default(struct walk *w, const struct haul_option *row, uint8_t *to)
{
    const bool many = row->type == HAUL_O_LIST || row->type == HAUL_O_PAIRS || row->type == HAUL_O_TABLE;
    if (row->fallback == NULL || (many && *row->fallback == '\0')) return;
    bool good;
    if (many) {
        struct haul_option_report report;
        struct yaml_tree tree;
        report_init(&report, row->name, haul_str_of(row->fallback));
        yaml_read(&tree, report.source, &report);
        struct walk inner = *w;
        inner.report = &report, inner.tree = &tree, inner.directory = "";
        good = tree.root != 0 && read_value(&inner, row, row->name, &tree.nodes[tree.root], to) && report.total == 0;
        w->why = inner.why;
        yaml_free(&tree);
        report_free(&report);
    } else {
        haul_buf_clear(&w->why);
        const bool quoted = row->type == HAUL_O_TEXT || row->type == HAUL_O_FILE;
        good = value_read(row, haul_str_of(row->fallback), quoted, to, &w->why);
    }
    assert(good);
}

static void set_defaults(struct walk *w, const struct haul_option *rows, size_t n, uint8_t *base)
{
    for (size_t i = 0; i < n; i++) set_default(w, &rows[i], base + rows[i].offset);
}

static void require(struct walk *w, const struct haul_option_set *set)
{
    w->report->set = set;
    for (size_t i = 0; i < set->rows_len; i++)
        if (set->rows[i].fallback == NULL && report_find(w->report, set, set->rows[i].name) == NULL) {
            haul_buf_clear(&w->why);
            value_expected(&set->rows[i], &w->why);
            haul_option_complain(w->report, set->rows[i].name, "missing; expected %.*s", (int)w->why.n,
                                 (const char *)w->why.p);
        }
}

/* ---- files ----------------------------------------------------------------------------------------------------------
 */

static struct haul_config *config_new(const struct haul_option_set *const *sets, size_t n)
{
    struct haul_config *c = calloc(1, sizeof *c);
    assert(c != NULL);
    c->len = n;
    c->sets = calloc(n + 1, sizeof *c->sets);
    c->values = calloc(n + 1, sizeof *c->values);
    assert(c->sets != NULL && c->values != NULL);
    for (size_t i = 0; i < n; i++) {
        c->sets[i] = sets[i];
        c->values[i] = calloc(1, sets[i]->bytes);
        assert(c->values[i] != NULL);
    }
    return c;
}

void haul_config_free(struct haul_config *c)
{
    if (c == NULL) return;
    for (size_t i = 0; i < c->len; i++) free(c->values[i]);
    free(c->values);
    free(c->sets);
    free(c);
}

static void read_sections(struct walk *w, struct haul_config *c)
{
    const struct yaml_node *root = &w->tree->nodes[w->tree->root];
    if (w->tree->root == 0 || root->kind == YAML_BAD) return;
    if (root->kind != YAML_MAP) {
        w->whole = false;
        if (w->tree->whole)
            report_fault(w->report, root->at, "%s stands here; expected sections, such as `%s:`", kind_name(root),
                         c->len > 0 ? c->sets[0]->section : "engine");
        return;
    }
    for (uint32_t i = root->child; i != 0; i = w->tree->nodes[i].next) {
        const struct yaml_node *n = &w->tree->nodes[i];
        size_t s = 0;
        while (s < c->len && !haul_str_eq(haul_str_of(c->sets[s]->section), n->key)) s++;
        if (s < c->len) {
            w->set = c->sets[s];
            mark_once(w, "", n);
            const struct level l = {w->set->rows, w->set->rows_len, c->values[s], ""};
            read_level(w, &l, "", i);
            continue;
        }
        haul_buf_clear(&w->why);
        if (!report_full(w->report)) names_suggest(w->sets, w->sets_len, NULL, NULL, 0, "", n->key, &w->why);
        report_fault(w->report, n->key_at, "%.*s: no such section%s%.*s%s", n->key.n > 80 ? 80 : (int)n->key.n,
                     n->key.p, w->why.n > 0 ? "; did you mean `" : "", (int)w->why.n, (const char *)w->why.p,
                     w->why.n > 0 ? "`?" : "");
    }
}

static void check_sections(struct walk *w, struct haul_config *c)
{
    for (size_t i = 0; i < c->len; i++) {
        w->set = c->sets[i];
        if (w->whole) require(w, c->sets[i]);
        w->report->set = c->sets[i];
        if (c->sets[i]->check != NULL) c->sets[i]->check(c->values[i], w->report);
    }
}

enum haul_err haul_config_read_text(struct haul_str yaml, const char *name, const struct haul_option_set *const *sets,
                                    size_t sets_len, struct haul_config **out, struct haul_buf *errors, unsigned *count)
{
    *out = NULL, *count = 0;
    if (yaml.n > YAML_BYTES_MAX) {
        haul_buf_printf(errors, "%s: larger than %d bytes\n", name, YAML_BYTES_MAX);
        *count = 1;
        return HAUL_E_LIMIT;
    }
    struct haul_option_report report;
    struct yaml_tree tree;
    char directory[1024] = "";
    const char *slash = strrchr(name, '/');
    if (slash != NULL) snprintf(directory, sizeof directory, "%.*s", (int)(slash - name + 1), name);
    report_init(&report, name, yaml);
    yaml_read(&tree, yaml, &report);
    struct walk w = {.report = &report,
                     .tree = &tree,
                     .sets = sets,
                     .sets_len = sets_len,
                     .whole = tree.whole,
                     .directory = directory};
    haul_buf_init(&w.why, 256, 4096);
    struct haul_config *c = config_new(sets, sets_len);
    for (size_t i = 0; i < c->len; i++) {
        w.set = sets[i];
        set_defaults(&w, sets[i]->rows, sets[i]->rows_len, c->values[i]);
    }
    read_sections(&w, c);
    check_sections(&w, c);
    *count = report.total;
    report_write(&report, errors);
    haul_buf_free(&w.why);
    yaml_free(&tree);
    report_free(&report);
    if (*count > 0) {
        haul_config_free(c);
        return HAUL_E_INVALID;
    }
    *out = c;
    return HAUL_OK;
}

enum haul_err haul_config_read(const char *path, const struct haul_option_set *const *sets, size_t sets_len,
                               struct haul_config **out, struct haul_buf *errors, unsigned *count)
{
    *out = NULL, *count = 0;
    if (path == NULL)
        return haul_config_read_text((struct haul_str){"", 0}, "defaults", sets, sets_len, out, errors, count);
    errno = 0;
    FILE *f = fopen(path, "rb");
    char *text = malloc(YAML_BYTES_MAX + 1);
    assert(text != NULL);
    const size_t n = f == NULL ? 0 : fread(text, 1, YAML_BYTES_MAX + 1, f);
    const int fault = errno;
    const bool bad = f == NULL || ferror(f) != 0;
    if (f != NULL) fclose(f);
    enum haul_err code = fault == ENOENT ? HAUL_E_NOT_FOUND : HAUL_E_IO;
    if (bad) {
        haul_buf_printf(errors, "%s: cannot be read: %s\n", path, strerror(fault));
        *count = 1;
    } else {
        code = haul_config_read_text((struct haul_str){text, n}, path, sets, sets_len, out, errors, count);
    }
    free(text);
    return code;
}

static size_t section_index(const struct haul_config *c, const char *section)
{
    size_t i = 0;
    while (i < c->len && strcmp(c->sets[i]->section, section) != 0) i++;
    assert(i < c->len);
    return i;
}

const void *haul_config_section(const struct haul_config *c, const char *section)
{
    return c->values[section_index(c, section)];
}

/* ---- canonical text -------------------------------------------------------------------------------------------------
 */

static void write_any(const struct haul_option *row, const uint8_t *from, struct haul_buf *out);

static uint32_t len_of(const uint8_t *from)
{
    uint32_t n;
    memcpy(&n, from, sizeof n);
    return n;
}

static void write_list(const struct haul_option *row, const uint8_t *from, struct haul_buf *out)
{
    haul_buf_byte(out, '[');
    for (uint32_t i = 0; i < len_of(from); i++) {
        if (i > 0) haul_buf_printf(out, ", ");
        value_quote(haul_str_of((const char *)from + sizeof i + i * row->size), out);
    }
    haul_buf_byte(out, ']');
}

static void write_pairs(const struct haul_option *row, const uint8_t *from, struct haul_buf *out)
{
    haul_buf_byte(out, '{');
    for (uint32_t i = 0; i < len_of(from); i++) {
        const char *item = (const char *)from + sizeof i + i * (64 + row->size);
        if (i > 0) haul_buf_printf(out, ", ");
        value_quote(haul_str_of(item), out);
        haul_buf_printf(out, ": ");
        value_quote(haul_str_of(item + 64), out);
    }
    haul_buf_byte(out, '}');
}

static void write_table(const struct haul_option *row, const uint8_t *from, struct haul_buf *out)
{
    haul_buf_byte(out, '{');
    for (uint32_t i = 0; i < len_of(from); i++) {
        const uint8_t *item = from + table_offset(row) + i * row->size;
        if (i > 0) haul_buf_printf(out, ", ");
        value_quote(haul_str_of((const char *)item), out);
        haul_buf_printf(out, ": {");
        for (size_t k = 0; k < row->rows_len; k++) {
            haul_buf_printf(out, "%s%s: ", k == 0 ? "" : ", ", row->rows[k].name);
            write_any(&row->rows[k], item + row->rows[k].offset, out);
        }
        haul_buf_byte(out, '}');
    }
    haul_buf_byte(out, '}');
}

static void write_any(const struct haul_option *row, const uint8_t *from, struct haul_buf *out)
{
    if (row->type == HAUL_O_LIST)
        write_list(row, from, out);
    else if (row->type == HAUL_O_PAIRS)
        write_pairs(row, from, out);
    else if (row->type == HAUL_O_TABLE)
        write_table(row, from, out);
    else
        value_write(row, from, out);
}

static int row_order(const void *a, const void *b)
{
    const struct haul_option *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

void haul_config_canonical(const struct haul_config *c, const char *section, struct haul_buf *out)
{
    const size_t s = section_index(c, section);
    const struct haul_option_set *set = c->sets[s];
    const struct haul_option **rows = calloc(set->rows_len + 1, sizeof *rows);
    assert(rows != NULL);
    size_t n = 0;
    for (size_t i = 0; i < set->rows_len; i++)
        if (set->rows[i].answer) rows[n++] = &set->rows[i];
    qsort(rows, n, sizeof *rows, row_order);
    for (size_t i = 0; i < n; i++) {
        haul_buf_printf(out, "%s: ", rows[i]->name);
        write_any(rows[i], (const uint8_t *)c->values[s] + rows[i]->offset, out);
        haul_buf_byte(out, '\n');
    }
    free(rows);
}
