/* SPDX-License-Identifier: Apache-2.0
 * What is generated from the option tables: the annotated default configuration, the reference, the JSON Schema.
 */
#include "haul/json.h"
#include "haul/options.h"
#include "processors/engine/options_value.h"

#include <stdio.h>

#define SCHEMA_NUMBER "^[+-]?[0-9]+(\\\\.[0-9]+)?([eE][+-]?[0-9]+)? *"

/* Rows below a group, as a tree: names are dotted paths, and a group's rows need not stand together in the table. */
struct branch {
    const struct haul_option *rows;
    size_t rows_len;
    const char *prefix; /* of the group: the first `skip` bytes of its rows' names, with the dot */
    size_t skip;
};

static bool in_branch(const struct branch *b, size_t i)
{
    return strncmp(b->rows[i].name, b->prefix, b->skip) == 0;
}

/* The next row that opens a name of the branch which no earlier row has; rows_len at the end. */
static size_t next_name(const struct branch *b, size_t i)
{
    for (; i < b->rows_len; i++) {
        if (!in_branch(b, i)) continue;
        const char *name = b->rows[i].name + b->skip;
        const size_t part = strcspn(name, ".");
        bool fresh = true;
        for (size_t k = 0; k < i && fresh; k++)
            fresh = !in_branch(b, k) || strcspn(b->rows[k].name + b->skip, ".") != part ||
                    memcmp(b->rows[k].name + b->skip, name, part) != 0;
        if (fresh) break;
    }
    return i;
}

static bool is_group(const struct branch *b, size_t i)
{
    return strchr(b->rows[i].name + b->skip, '.') != NULL;
}

static struct branch below(const struct branch *b, size_t i)
{
    const char *name = b->rows[i].name;
    return (struct branch){b->rows, b->rows_len, name, b->skip + strcspn(name + b->skip, ".") + 1};
}

static bool textual(const struct haul_option *row)
{
    return row->type == HAUL_O_TEXT || row->type == HAUL_O_FILE;
}

static const char *empty_of(enum haul_option_type type)
{
    return type == HAUL_O_LIST ? "[]" : "{}";
}

static bool many(const struct haul_option *row)
{
    return row->type == HAUL_O_LIST || row->type == HAUL_O_PAIRS || row->type == HAUL_O_TABLE;
}

/* The default as it would be written in the file. */
static void write_default(const struct haul_option *row, struct haul_buf *out)
{
    if (textual(row))
        value_quote(haul_str_of(row->fallback), out);
    else
        haul_buf_printf(out, "%s", many(row) && *row->fallback == '\0' ? empty_of(row->type) : row->fallback);
}

static const char *effect(const struct haul_option *row)
{
    return row->answer ? "answer" : "engine";
}

/* ---- config/haul.yaml -----------------------------------------------------------------------------------------------
 */

static void yaml_comment(const struct haul_option *row, int indent, struct haul_buf *out)
{
    haul_buf_printf(out, "%*s# %s\n%*s# %s\n%*s# ", indent, "", row->en, indent, "", row->zh, indent, "");
    value_expected(row, out);
    if (row->type == HAUL_O_LIST && row->choices != NULL) {
        haul_buf_printf(out, " of ");
        for (size_t i = 0; row->choices[i] != NULL; i++)
            haul_buf_printf(out, "%s%s", i == 0 ? "" : ", ", row->choices[i]);
    }
    haul_buf_printf(out, " (%s%s)\n", row->fallback == NULL ? "required, " : "", effect(row));
}

/* The options of one entry of a table, as comments: the default has no entry. */
static void yaml_table(const struct haul_option *row, int indent, struct haul_buf *out)
{
    for (size_t i = 0; i < row->rows_len; i++) {
        const struct haul_option *r = &row->rows[i];
        haul_buf_printf(out, "%*s#     %s: ", indent, "", r->name);
        if (r->fallback != NULL) write_default(r, out);
        haul_buf_printf(out, "  # %s %s\n", r->en, r->zh);
    }
}

static void yaml_branch(const struct branch *b, int indent, struct haul_buf *out)
{
    for (size_t i = next_name(b, 0); i < b->rows_len; i = next_name(b, i + 1)) {
        const struct haul_option *row = &b->rows[i];
        const char *name = row->name + b->skip;
        if (is_group(b, i)) {
            const struct branch sub = below(b, i);
            haul_buf_printf(out, "%*s%.*s:\n", indent, "", (int)strcspn(name, "."), name);
            yaml_branch(&sub, indent + 2, out);
            continue;
        }
        yaml_comment(row, indent, out);
        if (row->type == HAUL_O_TABLE) yaml_table(row, indent, out);
        haul_buf_printf(out, "%*s%s%s: ", indent, "", row->fallback == NULL ? "# " : "", name);
        if (row->fallback != NULL) write_default(row, out);
        haul_buf_byte(out, '\n');
    }
}

void haul_options_yaml(const struct haul_option_set *const *sets, size_t n, struct haul_buf *out)
{
    haul_buf_printf(out, "# haul: every option at its default. Keep what you change, leave out the rest; `haul check "
                         "FILE` tells what is wrong.\n"
                         "# haul：所有选项及其默认值。只需保留要修改的项；用 `haul check FILE` 检查。\n"
                         "# (answer): it changes answers and takes effect by `haul reload`; (engine): it takes effect "
                         "at the next start.\n"
                         "# Generated by `make docs`.\n");
    for (size_t i = 0; i < n; i++) {
        const struct branch b = {sets[i]->rows, sets[i]->rows_len, "", 0};
        haul_buf_printf(out, "\n# %s\n# %s\n%s:\n", sets[i]->en, sets[i]->zh, sets[i]->section);
        yaml_branch(&b, 2, out);
    }
}

/* ---- config/reference.md --------------------------------------------------------------------------------------------
 */

/* A bar would end the cell. */
static void cell(const char *text, struct haul_buf *out)
{
    for (; *text != '\0'; text++) {
        if (*text == '|') haul_buf_byte(out, '\\');
        haul_buf_byte(out, (uint8_t)*text);
    }
}

static void markdown_row(const struct haul_option *row, const char *before, struct haul_buf *out)
{
    haul_buf_printf(out, "| `%s%s` | ", before, row->name);
    value_expected(row, out);
    haul_buf_printf(out, " | ");
    if (row->fallback == NULL) {
        haul_buf_printf(out, "required");
    } else {
        haul_buf_byte(out, '`');
        write_default(row, out);
        haul_buf_byte(out, '`');
    }
    haul_buf_printf(out, " | %s | ", effect(row));
    cell(row->en, out);
    haul_buf_printf(out, " %s", row->zh);
    haul_buf_printf(out, " |\n");
    for (size_t i = 0; i < row->rows_len; i++) {
        char name[200];
        snprintf(name, sizeof name, "%s%s.NAME.", before, row->name);
        markdown_row(&row->rows[i], name, out);
    }
}

void haul_options_markdown(const struct haul_option_set *const *sets, size_t n, struct haul_buf *out)
{
    haul_buf_printf(out, "## Options\n\nGenerated from the option tables by `make docs`. *answer*: the option changes "
                         "answers; a new value takes effect by a\n"
                         "control record in the log (`haul reload`). *engine*: it changes how haul runs and takes "
                         "effect at the next start.\n");
    for (size_t i = 0; i < n; i++) {
        haul_buf_printf(
            out, "\n### `%s`\n\n%s\n%s\n\n| option | expects | default | effect | meaning |\n|---|---|---|---|---|\n",
            sets[i]->section, sets[i]->en, sets[i]->zh);
        for (size_t k = 0; k < sets[i]->rows_len; k++) markdown_row(&sets[i]->rows[k], "", out);
    }
}

/* ---- config/haul.schema.json ----------------------------------------------------------------------------------------
 */

static void schema_members(const struct branch *b, struct haul_json *j);

static void schema_object(const struct branch *b, struct haul_json *j)
{
    haul_json_kstr(j, "type", HAUL_STR("object"));
    haul_json_kbool(j, "additionalProperties", false);
    haul_json_name(j, "properties");
    haul_json_open(j, '{');
    schema_members(b, j);
    haul_json_close(j, '}');
}

static void schema_bound(struct haul_json *j, const struct haul_option *row)
{
    if (row->low > row->high) return;
    haul_json_kf64(j, "minimum", row->low, 9);
    haul_json_kf64(j, "maximum", row->high, 9);
}

static void schema_united(struct haul_json *j, const struct haul_option *row)
{
    char pattern[200] = SCHEMA_NUMBER "(";
    for (size_t i = 0; value_unit(row->type, i) != NULL; i++) {
        const size_t n = strlen(pattern);
        snprintf(pattern + n, sizeof pattern - n, "%s%s", i == 0 ? "" : "|", value_unit(row->type, i));
    }
    const size_t n = strlen(pattern);
    snprintf(pattern + n, sizeof pattern - n, ")$");
    struct haul_buf text;
    haul_buf_init(&text, 64, 512);
    haul_buf_printf(&text, "\"%s\"", pattern);
    haul_json_name(j, "pattern");
    haul_json_raw(j, (struct haul_str){(const char *)text.p, text.n});
    haul_buf_free(&text);
}

static void schema_choices(struct haul_json *j, const char *const *choices)
{
    haul_json_name(j, "enum");
    haul_json_open(j, '[');
    for (size_t i = 0; choices[i] != NULL; i++) haul_json_str(j, haul_str_of(choices[i]));
    haul_json_close(j, ']');
}

static void schema_list(struct haul_json *j, const struct haul_option *row)
{
    haul_json_kstr(j, "type", HAUL_STR("array"));
    haul_json_ki64(j, "maxItems", row->max);
    haul_json_name(j, "items");
    haul_json_open(j, '{');
    haul_json_kstr(j, "type", HAUL_STR("string"));
    if (row->choices != NULL) schema_choices(j, row->choices);
    haul_json_close(j, '}');
}

static void schema_map(struct haul_json *j, const struct haul_option *row)
{
    haul_json_kstr(j, "type", HAUL_STR("object"));
    haul_json_ki64(j, "maxProperties", row->max);
    haul_json_name(j, "additionalProperties");
    haul_json_open(j, '{');
    if (row->type == HAUL_O_TABLE) {
        const struct branch b = {row->rows, row->rows_len, "", 0};
        schema_object(&b, j);
    } else {
        haul_json_kstr(j, "type", HAUL_STR("string"));
    }
    haul_json_close(j, '}');
}

static void schema_ratio(struct haul_json *j, const struct haul_option *row)
{
    haul_json_name(j, "anyOf");
    haul_json_open(j, '[');
    haul_json_open(j, '{');
    haul_json_kstr(j, "type", HAUL_STR("number"));
    schema_bound(j, row);
    haul_json_close(j, '}');
    haul_json_open(j, '{');
    haul_json_kstr(j, "type", HAUL_STR("string"));
    haul_json_name(j, "pattern");
    haul_json_raw(j, haul_str_of("\"" SCHEMA_NUMBER "%$\""));
    haul_json_close(j, '}');
    haul_json_close(j, ']');
}

static void schema_type(struct haul_json *j, const struct haul_option *row)
{
    switch (row->type) {
    case HAUL_O_BOOL:
        haul_json_kstr(j, "type", HAUL_STR("boolean"));
        break;
    case HAUL_O_COUNT:
    case HAUL_O_REAL:
        haul_json_kstr(j, "type", row->type == HAUL_O_COUNT ? HAUL_STR("integer") : HAUL_STR("number"));
        schema_bound(j, row);
        break;
    case HAUL_O_RATIO:
        schema_ratio(j, row);
        break;
    case HAUL_O_CHOICE:
        schema_choices(j, row->choices);
        break;
    case HAUL_O_LIST:
        schema_list(j, row);
        break;
    case HAUL_O_PAIRS:
    case HAUL_O_TABLE:
        schema_map(j, row);
        break;
    case HAUL_O_TEXT:
    case HAUL_O_FILE:
        haul_json_kstr(j, "type", HAUL_STR("string"));
        haul_json_ki64(j, "maxLength", (int64_t)row->size - 1);
        break;
    case HAUL_O_TIME_OF_DAY:
        haul_json_kstr(j, "type", HAUL_STR("string"));
        haul_json_kstr(j, "pattern", HAUL_STR("^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{3})?)?$"));
        break;
    case HAUL_O_DURATION:
    case HAUL_O_BYTES:
    case HAUL_O_SPEED:
    case HAUL_O_LENGTH:
    case HAUL_O_TEMPERATURE:
    case HAUL_O_DELTA:
    case HAUL_O_ACCEL:
    case HAUL_O_ANGLE:
    case HAUL_O_VOLUME:
        haul_json_kstr(j, "type", HAUL_STR("string"));
        schema_united(j, row);
        break;
    }
}

static void schema_describe(struct haul_json *j, const struct haul_option *row)
{
    struct haul_buf text;
    haul_buf_init(&text, 256, 4096);
    haul_buf_printf(&text, "%s %s ", row->en, row->zh);
    value_expected(row, &text);
    haul_json_kstr(j, "description", (struct haul_str){(const char *)text.p, text.n});
    if (row->fallback != NULL) {
        haul_buf_clear(&text);
        write_default(row, &text);
        const bool bare = row->type == HAUL_O_BOOL || row->type == HAUL_O_COUNT || row->type == HAUL_O_REAL ||
                          textual(row) || (many(row) && *row->fallback == '\0');
        const struct haul_str value = {(const char *)text.p, text.n};
        haul_json_name(j, "default");
        if (bare)
            haul_json_raw(j, value);
        else
            haul_json_str(j, value);
    }
    haul_buf_free(&text);
}

static void schema_members(const struct branch *b, struct haul_json *j)
{
    for (size_t i = next_name(b, 0); i < b->rows_len; i = next_name(b, i + 1)) {
        const char *name = b->rows[i].name + b->skip;
        char part[80];
        snprintf(part, sizeof part, "%.*s", (int)strcspn(name, "."), name);
        haul_json_name(j, part);
        haul_json_open(j, '{');
        if (is_group(b, i)) {
            const struct branch sub = below(b, i);
            schema_object(&sub, j);
        } else {
            schema_type(j, &b->rows[i]);
            schema_describe(j, &b->rows[i]);
        }
        haul_json_close(j, '}');
    }
}

void haul_options_json_schema(const struct haul_option_set *const *sets, size_t n, struct haul_buf *out)
{
    struct haul_json j;
    haul_json_begin(&j, out);
    haul_json_open(&j, '{');
    haul_json_kstr(&j, "$schema", HAUL_STR("https://json-schema.org/draft/2020-12/schema"));
    haul_json_kstr(&j, "title", HAUL_STR("haul configuration"));
    haul_json_kstr(&j, "type", HAUL_STR("object"));
    haul_json_kbool(&j, "additionalProperties", false);
    haul_json_name(&j, "properties");
    haul_json_open(&j, '{');
    for (size_t i = 0; i < n; i++) {
        const struct branch b = {sets[i]->rows, sets[i]->rows_len, "", 0};
        haul_json_name(&j, sets[i]->section);
        haul_json_open(&j, '{');
        haul_json_kstr(&j, "description", haul_str_of(sets[i]->en));
        schema_object(&b, &j);
        haul_json_close(&j, '}');
    }
    haul_json_close(&j, '}');
    haul_json_close(&j, '}');
    haul_buf_byte(out, '\n');
}
