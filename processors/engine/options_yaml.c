/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/engine/options_yaml.h"

#include "haul/json.h"
#include "processors/engine/options_report.h"

#include <libfyaml.h>
#include <stdlib.h>

#define TAB_COLUMNS 8 /* how far a tab indents, for finding what stands below a line */

struct reading {
    struct yaml_tree *tree;
    struct haul_option_report *report;
    struct fy_parser *parser;
    const char *text; /* what the parser reads: the source with unreadable lines blanked, same offsets */
    size_t n;
    size_t last;    /* start of the last event that has a place */
    size_t flow_at; /* innermost open { or [, REPORT_NOWHERE for none */
    bool stop;
    size_t fault_at; /* where the parser gave up */
    char fault[200];
};

/* ---- building ------------------------------------------------------------------------------------------------------
 */

static uint32_t new_node(struct reading *y, enum yaml_kind kind, size_t at)
{
    struct yaml_tree *t = y->tree;
    if (t->len == YAML_NODES_MAX) {
        if (!y->stop) report_fault(y->report, at, "more than %d values in one file", YAML_NODES_MAX);
        y->stop = true;
        return 0;
    }
    if (t->len == t->cap) {
        t->cap *= 2;
        t->nodes = realloc(t->nodes, t->cap * sizeof *t->nodes);
        assert(t->nodes != NULL);
    }
    t->nodes[t->len] = (struct yaml_node){.kind = kind, .at = at};
    return t->len++;
}

static struct haul_str keep(struct reading *y, struct fy_token *token)
{
    size_t n = 0;
    const char *p = token == NULL ? NULL : fy_token_get_text(token, &n);
    char *copy = p == NULL ? NULL : haul_arena_take(&y->tree->texts, n + 1);
    if (copy == NULL) return (struct haul_str){"", 0};
    memcpy(copy, p, n);
    copy[n] = '\0';
    return (struct haul_str){copy, n};
}

static size_t place(struct reading *y, struct fy_event *e)
{
    const struct fy_mark *m = fy_event_start_mark(e);
    const bool scalar = e->type == FYET_SCALAR && e->scalar.value != NULL;
    const enum fy_scalar_style style = scalar ? fy_token_scalar_style(e->scalar.value) : FYSS_ANY;
    if (m == NULL || style == FYSS_LITERAL || style == FYSS_FOLDED) return y->last; /* no place, or that of its lines */
    y->last = m->input_pos;
    /* The mark of a quoted text and of an alias stands behind its sign. */
    const bool quoted = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
    return y->last - ((quoted || e->type == FYET_ALIAS) && y->last > 0);
}

static struct fy_event *next(struct reading *y)
{
    return y->stop ? NULL : fy_parser_parse(y->parser);
}

static void refuse(struct reading *y, size_t at, const char *what)
{
    report_fault(y->report, at, "%s", what);
}

/* Anchors and tags hang on any kind of value. */
static bool decorated(struct reading *y, struct fy_event *e)
{
    const struct fy_token *anchor = NULL, *tag = NULL;
    if (e->type == FYET_SCALAR) anchor = e->scalar.anchor, tag = e->scalar.tag;
    if (e->type == FYET_MAPPING_START) anchor = e->mapping_start.anchor, tag = e->mapping_start.tag;
    if (e->type == FYET_SEQUENCE_START) anchor = e->sequence_start.anchor, tag = e->sequence_start.tag;
    if (anchor == NULL && tag == NULL) return false;
    refuse(y, place(y, e),
           anchor != NULL ? "anchors (&name) are not used here: write the value out"
                          : "tags (!name) are not used here: the type follows from the option");
    return true;
}

static uint32_t value_of(struct reading *y, struct fy_event *e, unsigned depth);

static void fill_map(struct reading *y, uint32_t map, unsigned depth)
{
    uint32_t last = 0;
    for (struct fy_event *e; (e = next(y)) != NULL;) {
        if (e->type == FYET_MAPPING_END) {
            fy_parser_event_free(y->parser, e);
            return;
        }
        const bool simple = e->type == FYET_SCALAR;
        const size_t key_at = place(y, e);
        const struct haul_str key = simple ? keep(y, e->scalar.value) : (struct haul_str){"", 0};
        if (!simple) refuse(y, key_at, "a name must be plain text");
        const uint32_t dropped = simple ? 0 : value_of(y, e, depth);
        (void)dropped;
        if (simple) {
            y->last = key_at + key.n;
            fy_parser_event_free(y->parser, e);
        }
        e = next(y);
        if (e == NULL) return;
        const uint32_t value = value_of(y, e, depth);
        if (value == 0) return;
        struct yaml_node *nodes = y->tree->nodes;
        if (!simple) nodes[value].kind = YAML_BAD;
        nodes[value].key = key, nodes[value].key_at = key_at;
        *(last == 0 ? &nodes[map].child : &nodes[last].next) = value;
        last = value;
    }
}

static void fill_seq(struct reading *y, uint32_t seq, unsigned depth)
{
    uint32_t last = 0;
    for (struct fy_event *e; (e = next(y)) != NULL;) {
        if (e->type == FYET_SEQUENCE_END) {
            fy_parser_event_free(y->parser, e);
            return;
        }
        const uint32_t value = value_of(y, e, depth);
        if (value == 0) return;
        *(last == 0 ? &y->tree->nodes[seq].child : &y->tree->nodes[last].next) = value;
        last = value;
    }
}

static uint32_t collection(struct reading *y, bool map, size_t at, unsigned depth)
{
    if (depth == YAML_DEPTH_MAX) {
        report_fault(y->report, at, "nested deeper than %d levels", YAML_DEPTH_MAX);
        y->stop = true;
        return 0;
    }
    const uint32_t node = new_node(y, map ? YAML_MAP : YAML_SEQ, at);
    if (node == 0) return 0;
    const size_t outer = y->flow_at;
    const char open = at < y->n ? y->text[at] : ' ';
    if (open == '{' || open == '[') y->flow_at = at;
    if (map)
        fill_map(y, node, depth + 1);
    else
        fill_seq(y, node, depth + 1);
    if (!fy_parser_get_stream_error(y->parser)) y->flow_at = outer;
    return node;
}

/* The node of the value that begins with this event, which is freed; 0 when reading must stop. */
static uint32_t value_of(struct reading *y, struct fy_event *e, unsigned depth)
{
    const enum fy_event_type type = e->type;
    const bool bad = decorated(y, e);
    const size_t at = place(y, e);
    uint32_t node = 0;
    if (type == FYET_ALIAS) {
        node = new_node(y, YAML_BAD, at);
        refuse(y, at, "aliases (*name) are not used here: write the value out; a text that begins with * needs quotes");
    } else if (type == FYET_SCALAR) {
        node = new_node(y, YAML_SCALAR, at);
        if (node != 0) {
            y->tree->nodes[node].text = keep(y, e->scalar.value);
            y->tree->nodes[node].quoted =
                e->scalar.value != NULL && fy_token_scalar_style(e->scalar.value) != FYSS_PLAIN;
        }
    }
    fy_parser_event_free(y->parser, e);
    if (type == FYET_MAPPING_START || type == FYET_SEQUENCE_START)
        node = collection(y, type == FYET_MAPPING_START, at, depth);
    if (bad && node != 0) y->tree->nodes[node].kind = YAML_BAD;
    return node;
}

static void read_stream(struct reading *y)
{
    for (struct fy_event *e; (e = next(y)) != NULL;) {
        const enum fy_event_type type = e->type;
        if (type == FYET_DOCUMENT_START && y->tree->root != 0) {
            refuse(y, place(y, e), "a second document begins here; a configuration is one document");
            y->stop = true;
        }
        if (type == FYET_SCALAR || type == FYET_MAPPING_START || type == FYET_SEQUENCE_START || type == FYET_ALIAS) {
            const uint32_t root = value_of(y, e, 0);
            if (y->tree->root == 0) y->tree->root = root;
        } else {
            fy_parser_event_free(y->parser, e);
        }
    }
}

/* ---- what is not YAML ----------------------------------------------------------------------------------------------
 */

static size_t offset_of(const struct reading *y, int line, int column)
{
    size_t at = 0;
    for (; line > 1 && at < y->n; at++) line -= y->text[at] == '\n';
    for (; column > 1 && at < y->n && y->text[at] != '\n'; column--) {
        const size_t n = haul_utf8_len((const uint8_t *)y->text + at, (const uint8_t *)y->text + y->n);
        at += n == 0 ? 1 : n;
    }
    return at;
}

/* One pass of the parser over y->text. True when it came to the end. */
static bool parse_once(struct reading *y)
{
    struct fy_diag_cfg diag_cfg;
    fy_diag_cfg_default(&diag_cfg);
    diag_cfg.fp = NULL;
    diag_cfg.colorize = false;
    struct fy_diag *diag = fy_diag_create(&diag_cfg);
    assert(diag != NULL);
    fy_diag_set_collect_errors(diag, true);
    const struct fy_parse_cfg cfg = {
        .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE, .diag = diag};
    y->parser = fy_parser_create(&cfg);
    assert(y->parser != NULL);
    const bool set = fy_parser_set_string(y->parser, y->text, y->n) == 0;
    assert(set);
    read_stream(y);
    const bool good = !fy_parser_get_stream_error(y->parser);
    if (!good) {
        void *iter = NULL;
        const struct fy_diag_error *e = fy_diag_errors_iterate(diag, &iter);
        y->fault_at = e == NULL ? y->last : offset_of(y, e->line, e->column);
        snprintf(y->fault, sizeof y->fault, "%s", e == NULL ? "this is not YAML" : e->msg);
    }
    fy_parser_destroy(y->parser);
    fy_diag_destroy(diag);
    return good;
}

struct line {
    size_t from, to;
};

static struct line line_at(const char *text, size_t n, size_t at)
{
    struct line l = {at < n ? at : n, at < n ? at : n};
    while (l.from > 0 && text[l.from - 1] != '\n') l.from--;
    while (l.to < n && text[l.to] != '\n') l.to++;
    return l;
}

static size_t indent_of(const char *text, struct line l, size_t *first)
{
    size_t columns = 0, i = l.from;
    for (; i < l.to && (text[i] == ' ' || text[i] == '\t'); i++) columns += text[i] == '\t' ? TAB_COLUMNS : 1;
    *first = i;
    return columns;
}

/* Blanks the line and what is indented below it; offsets stay. */
static void blank(char *text, size_t n, size_t at)
{
    struct line l = line_at(text, n, at);
    size_t first;
    const size_t indent = indent_of(text, l, &first);
    for (;;) {
        memset(text + l.from, ' ', l.to - l.from);
        if (l.to >= n) return;
        l = line_at(text, n, l.to + 1);
        if (l.from < l.to && indent_of(text, l, &first) <= indent && first < l.to) return;
    }
}

static bool name_char(char c)
{
    return c == '_' || c == '.' || c == '-' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
}

/* Bytes of the sign that stands where the colon should: `=`, the full-width colon, or a colon without its space. */
static size_t sign_len(const char *p, size_t n)
{
    static const char wide[] = "\xef\xbc\x9a";
    if (n >= 3 && memcmp(p, wide, 3) == 0) return 3;
    return n > 0 && (*p == ':' || *p == '=');
}

bool yaml_disguised(struct haul_str line, struct haul_buf *better)
{
    const char *p = line.p;
    size_t n = line.n, name = 0;
    while (n > 0 && strchr("\r ", p[n - 1]) != NULL) n--;
    while (name < n && name_char(p[name])) name++;
    if (name == 0 || (p[0] >= '0' && p[0] <= '9')) return false;
    size_t rest = name;
    while (rest < n && p[rest] == ' ') rest++;
    const size_t sign = sign_len(p + rest, n - rest);
    if (sign == 0 && rest == name && name < n) return false;
    rest += sign;
    if (sign == 1 && p[rest - 1] == ':' && rest == name + 1 && (rest == n || p[rest] == ' '))
        return false; /* it is one */
    while (rest < n && p[rest] == ' ') rest++;
    haul_buf_printf(better, "%.*s:%s", (int)name, p, n > rest ? " " : "");
    haul_buf_printf(better, "%.*s", (int)(n - rest), report_secret(line) ? "***" : p + rest);
    return true;
}

/* A line that the parser took for a name that goes on over lines: its colon is missing, or the next stands too far in.
 */
static void explain_plain(struct reading *y)
{
    const struct line l = line_at(y->text, y->n, y->fault_at);
    size_t first, below_first;
    const size_t indent = indent_of(y->text, l, &first);
    struct haul_buf better;
    haul_buf_init(&better, 0, 4096);
    if (yaml_disguised((struct haul_str){y->text + first, l.to - first}, &better)) {
        y->fault_at = first;
        report_fault(y->report, first, "expected `name: value`; did you mean `%.*s`?", (int)better.n,
                     (const char *)better.p);
    } else {
        struct line below = line_at(y->text, y->n, l.to + 1);
        const size_t deeper = indent_of(y->text, below, &below_first);
        if (l.to < y->n && deeper > indent && below_first < below.to) {
            y->fault_at = below_first;
            report_fault(y->report, below_first,
                         "this line is indented by %zu, deeper than the one above, which has a value already; "
                         "did you mean an indentation of %zu?",
                         deeper, indent);
        } else {
            report_fault(y->report, y->fault_at, "expected `name: value`; a text with `: ` in it needs quotes");
        }
    }
    haul_buf_free(&better);
}

static bool says(const struct reading *y, const char *part)
{
    return strstr(y->fault, part) != NULL;
}

/* libfyaml tells what its scanner met; a reader wants to know what to change. Moves fault_at to the line to leave out.
 */
static void explain(struct reading *y)
{
    const char c = y->fault_at < y->n ? y->text[y->fault_at] : ' ';
    if (says(y, "tab ")) {
        const struct line l = line_at(y->text, y->n, y->fault_at);
        y->fault_at = l.from + strspn(y->text + l.from, " ");
        report_fault(y->report, y->fault_at, "a tab cannot indent; use spaces, two for each level");
    } else if (says(y, "flow mapping") || says(y, "flow sequence")) {
        if (y->flow_at != REPORT_NOWHERE) y->fault_at = y->flow_at;
        const bool map = y->fault_at < y->n && y->text[y->fault_at] == '{';
        report_fault(y->report, y->fault_at, "this `%c` is not closed as it should be: a comma or the `%c` is missing",
                     map ? '{' : '[', map ? '}' : ']');
    } else if (says(y, "quoted scalar")) {
        report_fault(y->report, y->fault_at, "the text that begins here has no closing %c", c == '\'' ? '\'' : '"');
    } else if (says(y, "cannot start with")) {
        report_fault(y->report, y->fault_at, "a value cannot begin with `%c`; put it in quotes", c);
    } else if (says(y, "nested block mapping")) {
        report_fault(y->report, y->fault_at,
                     "a second `: ` in one line; put the value in quotes, or the second name on a line of its own");
    } else if (says(y, "invalid indentation")) {
        const struct line l = line_at(y->text, y->n, y->fault_at);
        size_t first;
        const size_t indent = indent_of(y->text, l, &first);
        y->fault_at = first;
        report_fault(y->report, first, "an indentation of %zu fits no name above; line it up with its neighbours",
                     indent);
    } else if (says(y, "multiline plain key") || says(y, "find expected ':'") ||
               says(y, "invalid value after mapping")) {
        explain_plain(y);
    } else {
        report_fault(y->report, y->fault_at, "not YAML: %s", y->fault);
    }
}

/* ---- characters ----------------------------------------------------------------------------------------------------
 */

/* Tabs between words become spaces: libfyaml 0.8 frees what it does not hold when one comes after the colon of a
 * name inside an explicit key. Those that indent stay, and are refused by it. */
static void soften_tabs(char *text, size_t n)
{
    bool indent = true;
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\n') indent = true;
        if (text[i] == '\t' && !indent) text[i] = ' ';
        if (strchr(" \t\n", text[i]) == NULL) indent = false;
    }
}

/* A copy that the parser can read, same offsets: what is not text is reported once a
 * line and replaced. */
static char *readable(struct haul_str source, struct haul_option_report *r, bool *whole)
{
    char *text = malloc(source.n + 1);
    assert(text != NULL);
    memcpy(text, source.p, source.n);
    text[source.n] = '\0';
    const uint8_t *const p = (const uint8_t *)source.p, *const end = p + source.n;
    size_t told = SIZE_MAX;
    for (size_t i = 0; i < source.n;) {
        const size_t n = haul_utf8_len(p + i, end);
        const bool control = n == 1 && ((p[i] < 0x20 && strchr("\t\r\n", p[i]) == NULL) || p[i] == 0x7f || p[i] == 0);
        if (n > 0 && !control) {
            i += n;
            continue;
        }
        const size_t line = line_at(source.p, source.n, i).from;
        if (line != told) report_fault(r, i, control ? "a control character, 0x%02x" : "not UTF-8: byte 0x%02x", p[i]);
        told = line, *whole = false;
        text[i++] = '?';
    }
    soften_tabs(text, source.n);
    return text;
}

void yaml_read(struct yaml_tree *t, struct haul_str source, struct haul_option_report *r)
{
    assert(source.n <= YAML_BYTES_MAX);
    *t = (struct yaml_tree){.whole = true, .cap = 256, .nodes = calloc(256, sizeof *t->nodes)};
    assert(t->nodes != NULL);
    /* An escape may grow to half as much again; each text is aligned, and each takes a byte of the file at least. */
    const size_t count = source.n + 16 < 2 * YAML_NODES_MAX ? source.n + 16 : 2 * YAML_NODES_MAX;
    haul_arena_init(&t->texts, 2 * source.n + count * 20);
    char *text = readable(source, r, &t->whole);
    for (unsigned faults = 0;; faults++) {
        struct reading y = {.tree = t, .report = r, .text = text, .n = source.n, .flow_at = REPORT_NOWHERE};
        const unsigned before = r->total;
        const size_t len = r->len, texts = r->texts.n;
        haul_arena_reset(&t->texts);
        t->len = 1, t->root = 0;
        if (parse_once(&y)) break;
        t->whole = false;
        r->total = before, r->len = len, r->texts.n = texts; /* the next pass finds the rest again */
        explain(&y);
        if (faults == YAML_FAULT_MAX) break;
        blank(text, source.n, y.fault_at);
    }
    free(text);
}

void yaml_free(struct yaml_tree *t)
{
    free(t->nodes);
    haul_arena_free(&t->texts);
    *t = (struct yaml_tree){0};
}
