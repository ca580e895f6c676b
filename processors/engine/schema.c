/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/schema.h"

#include "processors/engine/record_tables.h"

#include <stdio.h>

/* The envelope as rows, so that all of it is printed by the same code. HAUL_INT for what can be written in two forms.
 */
static const struct haul_field_row envelope[] = {
    {ENV_VERSION, HAUL_INT, false, "v", "", "version of the schema; a newer one is still decoded", "", 1, 4294967295,
     1},
    {ENV_KIND, HAUL_INT, true, "kind", "", "what it is: a kind's number, or its name as a string", "", 1, 255, 0},
    {ENV_ID, HAUL_TEXT, true, "id", "", "the entity that it is about, without control characters", "", 1, HAUL_ID_MAX,
     0},
    {ENV_TIME, HAUL_INT, true, "time", "ms",
     "event time since 1970 UTC, or a msgpack timestamp (extension -1); in JSON also ISO 8601", "", (double)TIME_LOW_MS,
     (double)TIME_HIGH_MS, 0},
    {ENV_SOURCE, HAUL_TEXT, false, "source", "", "the gateway or feed that it came by", "", 0, SOURCE_MAX, 0},
    {ENV_LON, HAUL_REAL, false, "lon", "deg", "longitude; required where the kind says so, and never without lat", "",
     -180, 180, 0},
    {ENV_LAT, HAUL_REAL, false, "lat", "deg", "latitude", "", -90, 90, 0},
    {ENV_CRS, HAUL_INT, false, "crs", "", "coordinate system: 0 WGS-84, 1 GCJ-02, 2 BD-09, 3 CGCS2000, 4 local", "", 0,
     CRS_HIGH, 0},
};

static const char *type_name(unsigned type)
{
    switch ((enum haul_type)type) {
    case HAUL_BOOL:
        return "boolean";
    case HAUL_INT:
        return "integer";
    case HAUL_REAL:
        return "number";
    case HAUL_TEXT:
        return "text";
    case HAUL_BYTES:
        return "bytes";
    case HAUL_REALS:
        return "numbers";
    }
    assert(false);
    return "";
}

static const char *reason_sentence(enum haul_reason r)
{
    switch (r) {
    case HAUL_REASON_NONE:
        return "not refused";
    case HAUL_REASON_EMPTY:
        return "the message has no bytes, or is an array without a record";
    case HAUL_REASON_TOO_LARGE:
        return "the message has more than 64 KiB";
    case HAUL_REASON_NOT_MSGPACK:
        return "it holds a byte that msgpack does not use";
    case HAUL_REASON_TRUNCATED:
        return "it ends inside a value, or declares more values than bytes follow";
    case HAUL_REASON_TOO_DEEP:
        return "maps and arrays are nested more than 8 deep";
    case HAUL_REASON_TOO_MANY:
        return "more records or numbers than allowed, or bytes behind the last record";
    case HAUL_REASON_NOT_A_MAP:
        return "a record is not a map";
    case HAUL_REASON_KEY:
        return "a key is neither a number from 0 nor a name";
    case HAUL_REASON_DUPLICATE:
        return "a field is given twice";
    case HAUL_REASON_TYPE:
        return "a value is not of the field's type";
    case HAUL_REASON_MISSING:
        return "a required field is not there";
    case HAUL_REASON_OUT_OF_RANGE:
        return "a number or a length lies outside its range";
    case HAUL_REASON_NOT_FINITE:
        return "a number is NaN or infinite";
    case HAUL_REASON_UTF8:
        return "a text is not valid UTF-8";
    case HAUL_REASON_KIND:
        return "the kind is not known";
    case HAUL_REASON_UNEXPECTED_KIND:
        return "the mailbox's processor does not take this kind";
    case HAUL_REASON_VERSION:
        return "the schema version is below 1";
    case HAUL_REASON_TIME_FUTURE:
        return "event time is too far after the broker's append time";
    case HAUL_REASON_TIME_PAST:
        return "event time is too far before the broker's append time";
    case HAUL_REASON_CRS:
        return "the coordinate system is not known, or has no longitude";
    case HAUL_REASON_NO_APPEND_TIME:
        return "the topic does not stamp its messages with append time";
    case HAUL_REASON_PROCESSOR:
        return "the processor refused it, with a reason of its own";
    case HAUL_REASON_CONDEMNED:
        return "the record ended the process three times";
    case HAUL_REASON_FRAME:
        return "a frame of a foreign form is not built as its standard says";
    case HAUL_REASON_CHECKSUM:
        return "a frame does not match its check code";
    case HAUL_REASON_SPLIT:
        return "a message that was sent in several packets never became whole";
    case HAUL_REASON_UNSUPPORTED:
        return "it is encrypted, or of a form that is not translated";
    case HAUL_REASON_NOT_JSON:
        return "the bytes are not one JSON document";
    case HAUL_REASON_COUNT:
        break;
    }
    assert(false);
    return "";
}

static bool numeric(const struct haul_field_row *f)
{
    return f->type == HAUL_INT || f->type == HAUL_REAL || f->type == HAUL_REALS;
}

/* An end of a range; those of 64 bits are no bounds that anybody chose. */
static bool bounded(const struct haul_field_row *f)
{
    return f->type != HAUL_BOOL && f->low > -9.2e18 && f->high < 9.2e18;
}

static void put_real(struct haul_buf *out, double v)
{
    char text[32];
    snprintf(text, sizeof text, "%.15g", v);
    haul_buf_str(out, haul_str_of(text));
}

/* "0 to 400 km/h", "1 to 64 bytes", "", and for what has no bounds its unit alone. */
static void put_range(struct haul_buf *out, const struct haul_field_row *f)
{
    const bool times = f->number == ENV_TIME;
    if (times) {
        haul_buf_str(out, HAUL_STR("years 0000 to 9999, "));
    } else if (bounded(f)) {
        put_real(out, f->low);
        haul_buf_str(out, HAUL_STR(" to "));
        put_real(out, f->high);
        if (f->unit[0] != '\0' || !numeric(f)) haul_buf_byte(out, ' ');
    } else if (f->type == HAUL_INT && f->low == 0) {
        haul_buf_str(out, f->unit[0] != '\0' ? HAUL_STR("from 0 ") : HAUL_STR("from 0"));
    }
    if (f->type == HAUL_TEXT || f->type == HAUL_BYTES) haul_buf_str(out, HAUL_STR("bytes"));
    haul_buf_str(out, haul_str_of(f->unit));
}

static void put_default(struct haul_buf *out, const struct haul_field_row *f)
{
    if (f->required)
        haul_buf_str(out, HAUL_STR("required"));
    else if (f->type == HAUL_BOOL)
        haul_buf_str(out, f->fallback != 0 ? HAUL_STR("true") : HAUL_STR("false"));
    else if ((f->type == HAUL_INT || f->type == HAUL_REAL) && f->number != ENV_LON && f->number != ENV_LAT)
        put_real(out, f->fallback);
    else
        haul_buf_str(out, HAUL_STR("none"));
}

/* ---- text ----------------------------------------------------------------------------------------------------------
 */
static void pad(struct haul_buf *out, size_t from, size_t width)
{
    haul_buf_byte(out, ' ');
    while (out->n - from < width && !out->overflow) haul_buf_byte(out, ' ');
}

static void text_field(const struct haul_field_row *f, struct haul_buf *out)
{
    size_t from = out->n;
    haul_buf_printf(out, "  %2u  %s", (unsigned)f->number, f->name);
    pad(out, from, 24);
    haul_buf_str(out, haul_str_of(type_name(f->type)));
    pad(out, from, 33);
    put_default(out, f);
    pad(out, from, 43);
    put_range(out, f);
    pad(out, from, 68);
    haul_buf_str(out, haul_str_of(f->sentence));
    if (f->standard[0] != '\0') haul_buf_printf(out, " (%s)", f->standard);
    haul_buf_byte(out, '\n');
}

void haul_schema_list(struct haul_buf *out)
{
    for (unsigned k = 1; k < HAUL_KIND_MAX; k++) {
        const struct haul_kind_row *const kind = haul_kind_row(k);
        if (kind == NULL) continue;
        const size_t from = out->n;
        haul_buf_printf(out, "%5u  %s", k, kind->name);
        pad(out, from, 28);
        haul_buf_printf(out, "%s\n", kind->sentence);
    }
}

void haul_schema_text(enum haul_kind kind, struct haul_buf *out)
{
    const struct haul_kind_row *const row = haul_kind_row(kind);
    assert(row != NULL);
    haul_buf_printf(out, "%s (kind %u): %s\n", row->name, (unsigned)kind, row->sentence);
    if (row->standard[0] != '\0') haul_buf_printf(out, "after %s\n", row->standard);
    haul_buf_printf(out, "\nkey  envelope          type     missing   range                    meaning\n");
    for (size_t i = 0; i < ENV_COUNT; i++) {
        struct haul_field_row f = envelope[i];
        if (i == ENV_LON || i == ENV_LAT) f.required = row->positioned;
        text_field(&f, out);
    }
    if (row->fields_len > 0)
        haul_buf_printf(out, "\nkey  field             type     missing   range                    meaning\n");
    for (size_t i = 0; i < row->fields_len; i++) text_field(row->fields + i, out);
}

/* ---- JSON ----------------------------------------------------------------------------------------------------------
 */
static void json_real(struct haul_json *j, const char *name, double v)
{
    char text[32];
    snprintf(text, sizeof text, "%.15g", v);
    haul_json_name(j, name);
    haul_json_raw(j, haul_str_of(text));
}

static void json_field(struct haul_json *j, const struct haul_field_row *f)
{
    const bool length = f->type == HAUL_TEXT || f->type == HAUL_BYTES;
    haul_json_open(j, '{');
    haul_json_ki64(j, "key", f->number);
    haul_json_kstr(j, "name", haul_str_of(f->name));
    haul_json_kstr(j, "type", haul_str_of(type_name(f->type)));
    if (f->unit[0] != '\0') haul_json_kstr(j, "unit", haul_str_of(f->unit));
    haul_json_kbool(j, "required", f->required);
    if (bounded(f)) {
        json_real(j, length ? "bytes_min" : "minimum", f->low);
        json_real(j, length ? "bytes_max" : "maximum", f->high);
    }
    if (f->type == HAUL_REALS) haul_json_ki64(j, "items_max", HAUL_REALS_MAX);
    if (!f->required && (f->type == HAUL_INT || f->type == HAUL_REAL) && f->number != ENV_LON && f->number != ENV_LAT)
        json_real(j, "default", f->fallback);
    if (!f->required && f->type == HAUL_BOOL) haul_json_kbool(j, "default", f->fallback != 0);
    haul_json_kstr(j, "meaning", haul_str_of(f->sentence));
    if (f->standard[0] != '\0') haul_json_kstr(j, "standard", haul_str_of(f->standard));
    haul_json_close(j, '}');
}

static void json_kind(struct haul_json *j, unsigned kind, const struct haul_kind_row *row)
{
    haul_json_open(j, '{');
    haul_json_ki64(j, "kind", kind);
    haul_json_kstr(j, "name", haul_str_of(row->name));
    haul_json_kstr(j, "meaning", haul_str_of(row->sentence));
    if (row->standard[0] != '\0') haul_json_kstr(j, "standard", haul_str_of(row->standard));
    haul_json_kbool(j, "position_required", row->positioned);
    haul_json_name(j, "fields");
    haul_json_open(j, '[');
    for (size_t i = 0; i < row->fields_len; i++) json_field(j, row->fields + i);
    haul_json_close(j, ']');
    haul_json_close(j, '}');
}

static void json_limits(struct haul_json *j)
{
    haul_json_name(j, "limits");
    haul_json_open(j, '{');
    haul_json_ki64(j, "message_bytes", HAUL_RECORD_MAX);
    haul_json_ki64(j, "message_records", HAUL_MESSAGE_MAX);
    haul_json_ki64(j, "depth", HAUL_DEPTH_MAX);
    haul_json_close(j, '}');
}

static void json_reasons(struct haul_json *j)
{
    haul_json_name(j, "reasons");
    haul_json_open(j, '[');
    for (int r = HAUL_REASON_NONE + 1; r < HAUL_REASON_COUNT; r++) {
        haul_json_open(j, '{');
        haul_json_kstr(j, "name", haul_str_of(haul_reason_name((enum haul_reason)r)));
        haul_json_kstr(j, "meaning", haul_str_of(reason_sentence((enum haul_reason)r)));
        haul_json_close(j, '}');
    }
    haul_json_close(j, ']');
}

void haul_schema_json(enum haul_kind kind, struct haul_buf *out)
{
    struct haul_json j;
    haul_json_begin(&j, out);
    haul_json_open(&j, '{');
    haul_json_ki64(&j, "schema", HAUL_SCHEMA);
    json_limits(&j);
    haul_json_name(&j, "envelope");
    haul_json_open(&j, '[');
    for (size_t i = 0; i < ENV_COUNT; i++) json_field(&j, envelope + i);
    haul_json_close(&j, ']');
    haul_json_name(&j, "kinds");
    haul_json_open(&j, '[');
    for (unsigned k = 1; k < HAUL_KIND_MAX; k++) {
        const struct haul_kind_row *const row = haul_kind_row(k);
        if (row != NULL && (kind == HAUL_KIND_NONE || (unsigned)kind == k)) json_kind(&j, k, row);
    }
    haul_json_close(&j, ']');
    json_reasons(&j);
    haul_json_close(&j, '}');
    haul_buf_byte(out, '\n');
}

/* ---- markdown ------------------------------------------------------------------------------------------------------
 */
static const char head[] =
    "# haul: records\n\n"
    "Generated from `include/haul/records.def` by `make docs`; `haul schema` prints the same.\n\n"
    "A message in a mailbox is one record, or an array of 1 to 256 records, in [msgpack](https://msgpack.org), at "
    "most\n"
    "65536 bytes long. A record is a map, nested at most 8 deep. A key is a field's number (shorter, faster) or its "
    "name.\n"
    "An integer is taken where a number is expected, and a number without a fraction where an integer is expected; nil "
    "is\n"
    "no value: leave the field out. A field that haul does not know is ignored and counted; a field that stands there\n"
    "twice, or does not keep to its row below, refuses its record, and only that: the others of the message are used.\n"
    "What is refused goes to the topic `haul.deadletters` with its own bytes, the field, the reason and the byte where "
    "it\n"
    "was found.\n\n"
    "## Envelope\n\nEvery record has it.\n\n";

static void markdown_table(const struct haul_field_row *rows, size_t n, struct haul_buf *out)
{
    haul_buf_printf(out,
                    "| key | name | type | missing | range | meaning | standard |\n|--:|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++) {
        const struct haul_field_row *const f = rows + i;
        haul_buf_printf(out, "| %u | `%s` | %s | ", (unsigned)f->number, f->name, type_name(f->type));
        put_default(out, f);
        haul_buf_str(out, HAUL_STR(" | "));
        put_range(out, f);
        haul_buf_printf(out, " | %s | %s |\n", f->sentence, f->standard);
    }
    haul_buf_byte(out, '\n');
}

void haul_schema_markdown(struct haul_buf *out)
{
    haul_buf_str(out, haul_str_of(head));
    markdown_table(envelope, ENV_COUNT, out);
    haul_buf_printf(out, "## Kinds\n\n");
    for (unsigned k = 1; k < HAUL_KIND_MAX; k++) {
        const struct haul_kind_row *const kind = haul_kind_row(k);
        if (kind == NULL) continue;
        haul_buf_printf(out, "### %u `%s`\n\nIt says: %s.%s%s%s Position: %s.\n\n", k, kind->name, kind->sentence,
                        kind->standard[0] != '\0' ? " After " : "", kind->standard,
                        kind->standard[0] != '\0' ? "." : "", kind->positioned ? "required" : "optional");
        if (kind->fields_len > 0) markdown_table(kind->fields, kind->fields_len, out);
    }
    haul_buf_printf(out, "## Reasons of a refusal\n\n| reason | meaning |\n|---|---|\n");
    for (int r = HAUL_REASON_NONE + 1; r < HAUL_REASON_COUNT; r++)
        haul_buf_printf(out, "| `%s` | %s |\n", haul_reason_name((enum haul_reason)r),
                        reason_sentence((enum haul_reason)r));
}
