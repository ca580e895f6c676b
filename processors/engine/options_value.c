/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/engine/options_value.h"

#include "haul/json.h"
#include "haul/math.h"
#include "processors/engine/options_names.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define NUMBER_BYTES 40
#define DAY_MS       86400000
#define EXACT_MAX    9007199254740992.0 /* 2^53: integers up to here are exact in a double */

/* base = x * num / den + shift. */
struct unit {
    const char *name;
    double num, den, shift;
};

/* Units in which a value may be written, the preferred first; NULL-terminated. */
static const struct unit durations[] = {{"d", DAY_MS, 1, 0}, {"h", 3600000, 1, 0}, {"min", 60000, 1, 0},
                                        {"s", 1000, 1, 0},   {"ms", 1, 1, 0},      {0}};
static const struct unit sizes[] = {
    {"GiB", 1073741824, 1, 0}, {"MiB", 1048576, 1, 0}, {"KiB", 1024, 1, 0}, {"B", 1, 1, 0}, {0}};
static const struct unit speeds[] = {{"km/h", 1, 3.6, 0}, {"m/s", 1, 1, 0}, {"kn", 1852, 3600, 0}, {0}};
static const struct unit lengths[] = {{"m", 1, 1, 0}, {"km", 1000, 1, 0}, {"nm", 1852, 1, 0}, {0}};
static const struct unit temperatures[] = {{"degC", 1, 1, 0}, {"K", 1, 1, -273.15}, {0}};
static const struct unit deltas[] = {{"K", 1, 1, 0}, {0}};
static const struct unit accels[] = {{"m/s2", 1, 1, 0}, {0}};
static const struct unit angles[] = {{"deg", 1, 1, 0}, {0}};
static const struct unit volumes[] = {{"L", 1, 1, 0}, {0}};
static const struct unit ratios[] = {{"", 1, 1, 0}, {"%", 1, 100, 0}, {0}};
static const struct unit plain[] = {{"", 1, 1, 0}, {0}};

/* Units that people write and that are not accepted: what they are worth, and the unit that they are rewritten in. */
struct foreign {
    enum haul_option_type type;
    const char *name;
    double num, den, shift;
    const char *to;
};
static const struct foreign foreigners[] = {
    {HAUL_O_SPEED, "mph", 1609.344, 3600, 0, "km/h"},
    {HAUL_O_SPEED, "mi/h", 1609.344, 3600, 0, "km/h"},
    {HAUL_O_SPEED, "kph", 1, 3.6, 0, "km/h"},
    {HAUL_O_SPEED, "kmh", 1, 3.6, 0, "km/h"},
    {HAUL_O_SPEED, "kmph", 1, 3.6, 0, "km/h"},
    {HAUL_O_SPEED, "k", 1, 3.6, 0, "km/h"},
    {HAUL_O_SPEED, "km", 1, 3.6, 0, "km/h"},
    {HAUL_O_SPEED, "公里/小时", 1, 3.6, 0, "km/h"},
    {HAUL_O_SPEED, "千米/小时", 1, 3.6, 0, "km/h"},
    {HAUL_O_SPEED, "公里", 1, 3.6, 0, "km/h"},
    {HAUL_O_SPEED, "mps", 1, 1, 0, "m/s"},
    {HAUL_O_SPEED, "米/秒", 1, 1, 0, "m/s"},
    {HAUL_O_SPEED, "ft/s", 0.3048, 1, 0, "m/s"},
    {HAUL_O_SPEED, "knots", 1852, 3600, 0, "kn"},
    {HAUL_O_SPEED, "kt", 1852, 3600, 0, "kn"},
    {HAUL_O_SPEED, "kts", 1852, 3600, 0, "kn"},
    {HAUL_O_SPEED, "节", 1852, 3600, 0, "kn"},
    {HAUL_O_LENGTH, "ft", 0.3048, 1, 0, "m"},
    {HAUL_O_LENGTH, "feet", 0.3048, 1, 0, "m"},
    {HAUL_O_LENGTH, "yd", 0.9144, 1, 0, "m"},
    {HAUL_O_LENGTH, "cm", 1, 100, 0, "m"},
    {HAUL_O_LENGTH, "mm", 1, 1000, 0, "m"},
    {HAUL_O_LENGTH, "米", 1, 1, 0, "m"},
    {HAUL_O_LENGTH, "meters", 1, 1, 0, "m"},
    {HAUL_O_LENGTH, "metres", 1, 1, 0, "m"},
    {HAUL_O_LENGTH, "公里", 1000, 1, 0, "km"},
    {HAUL_O_LENGTH, "千米", 1000, 1, 0, "km"},
    {HAUL_O_LENGTH, "mi", 1609.344, 1, 0, "km"},
    {HAUL_O_LENGTH, "miles", 1609.344, 1, 0, "km"},
    {HAUL_O_LENGTH, "nmi", 1852, 1, 0, "nm"},
    {HAUL_O_DURATION, "m", 60000, 1, 0, "min"},
    {HAUL_O_DURATION, "mins", 60000, 1, 0, "min"},
    {HAUL_O_DURATION, "minute", 60000, 1, 0, "min"},
    {HAUL_O_DURATION, "minutes", 60000, 1, 0, "min"},
    {HAUL_O_DURATION, "分", 60000, 1, 0, "min"},
    {HAUL_O_DURATION, "分钟", 60000, 1, 0, "min"},
    {HAUL_O_DURATION, "sec", 1000, 1, 0, "s"},
    {HAUL_O_DURATION, "secs", 1000, 1, 0, "s"},
    {HAUL_O_DURATION, "second", 1000, 1, 0, "s"},
    {HAUL_O_DURATION, "seconds", 1000, 1, 0, "s"},
    {HAUL_O_DURATION, "秒", 1000, 1, 0, "s"},
    {HAUL_O_DURATION, "msec", 1, 1, 0, "ms"},
    {HAUL_O_DURATION, "millis", 1, 1, 0, "ms"},
    {HAUL_O_DURATION, "milliseconds", 1, 1, 0, "ms"},
    {HAUL_O_DURATION, "毫秒", 1, 1, 0, "ms"},
    {HAUL_O_DURATION, "us", 1, 1000, 0, "ms"},
    {HAUL_O_DURATION, "hr", 3600000, 1, 0, "h"},
    {HAUL_O_DURATION, "hrs", 3600000, 1, 0, "h"},
    {HAUL_O_DURATION, "hour", 3600000, 1, 0, "h"},
    {HAUL_O_DURATION, "hours", 3600000, 1, 0, "h"},
    {HAUL_O_DURATION, "小时", 3600000, 1, 0, "h"},
    {HAUL_O_DURATION, "day", DAY_MS, 1, 0, "d"},
    {HAUL_O_DURATION, "days", DAY_MS, 1, 0, "d"},
    {HAUL_O_DURATION, "天", DAY_MS, 1, 0, "d"},
    {HAUL_O_DURATION, "w", 7 * DAY_MS, 1, 0, "d"},
    {HAUL_O_DURATION, "week", 7 * DAY_MS, 1, 0, "d"},
    {HAUL_O_DURATION, "weeks", 7 * DAY_MS, 1, 0, "d"},
    {HAUL_O_BYTES, "k", 1024, 1, 0, "KiB"},
    {HAUL_O_BYTES, "kb", 1024, 1, 0, "KiB"},
    {HAUL_O_BYTES, "m", 1048576, 1, 0, "MiB"},
    {HAUL_O_BYTES, "mb", 1048576, 1, 0, "MiB"},
    {HAUL_O_BYTES, "g", 1073741824, 1, 0, "GiB"},
    {HAUL_O_BYTES, "gb", 1073741824, 1, 0, "GiB"},
    {HAUL_O_BYTES, "tib", 1099511627776, 1, 0, "GiB"},
    {HAUL_O_BYTES, "bytes", 1, 1, 0, "B"},
    {HAUL_O_TEMPERATURE, "f", 1, 1.8, -160.0 / 9, "degC"},
    {HAUL_O_TEMPERATURE, "degf", 1, 1.8, -160.0 / 9, "degC"},
    {HAUL_O_TEMPERATURE, "°f", 1, 1.8, -160.0 / 9, "degC"},
    {HAUL_O_TEMPERATURE, "c", 1, 1, 0, "degC"},
    {HAUL_O_TEMPERATURE, "°c", 1, 1, 0, "degC"},
    {HAUL_O_TEMPERATURE, "℃", 1, 1, 0, "degC"},
    {HAUL_O_TEMPERATURE, "度", 1, 1, 0, "degC"},
    {HAUL_O_TEMPERATURE, "摄氏度", 1, 1, 0, "degC"},
    {HAUL_O_DELTA, "degc", 1, 1, 0, "K"},
    {HAUL_O_DELTA, "c", 1, 1, 0, "K"},
    {HAUL_O_DELTA, "°c", 1, 1, 0, "K"},
    {HAUL_O_DELTA, "℃", 1, 1, 0, "K"},
    {HAUL_O_DELTA, "degf", 1, 1.8, 0, "K"},
    {HAUL_O_ACCEL, "g", 9.80665, 1, 0, "m/s2"},
    {HAUL_O_ACCEL, "m/s^2", 1, 1, 0, "m/s2"},
    {HAUL_O_ACCEL, "m/s²", 1, 1, 0, "m/s2"},
    {HAUL_O_ACCEL, "m/s/s", 1, 1, 0, "m/s2"},
    {HAUL_O_ACCEL, "m/s", 1, 1, 0, "m/s2"},
    {HAUL_O_ANGLE, "rad", 180, HAUL_PI, 0, "deg"},
    {HAUL_O_ANGLE, "°", 1, 1, 0, "deg"},
    {HAUL_O_ANGLE, "度", 1, 1, 0, "deg"},
    {HAUL_O_ANGLE, "degrees", 1, 1, 0, "deg"},
    {HAUL_O_VOLUME, "ml", 1, 1000, 0, "L"},
    {HAUL_O_VOLUME, "gal", 3.785411784, 1, 0, "L"},
    {HAUL_O_VOLUME, "m3", 1000, 1, 0, "L"},
    {HAUL_O_VOLUME, "升", 1, 1, 0, "L"},
    {HAUL_O_VOLUME, "liters", 1, 1, 0, "L"},
    {HAUL_O_VOLUME, "litres", 1, 1, 0, "L"},
    {HAUL_O_RATIO, "percent", 1, 100, 0, "%"},
    {HAUL_O_RATIO, "pct", 1, 100, 0, "%"},
    {HAUL_O_RATIO, "％", 1, 100, 0, "%"},
    {HAUL_O_RATIO, "‰", 1, 1000, 0, "%"},
};

static const struct kind {
    const char *noun, *article;
    const struct unit *units; /* NULL: not a number */
    bool integer;             /* int64_t; else double */
} kinds[] = {
    [HAUL_O_BOOL] = {"true or false", "", NULL, false},
    [HAUL_O_COUNT] = {"whole number", "a ", plain, true},
    [HAUL_O_DURATION] = {"duration", "a ", durations, true},
    [HAUL_O_BYTES] = {"size", "a ", sizes, true},
    [HAUL_O_SPEED] = {"speed", "a ", speeds, false},
    [HAUL_O_LENGTH] = {"length", "a ", lengths, false},
    [HAUL_O_TEMPERATURE] = {"temperature", "a ", temperatures, false},
    [HAUL_O_DELTA] = {"temperature difference", "a ", deltas, false},
    [HAUL_O_ACCEL] = {"acceleration", "an ", accels, false},
    [HAUL_O_ANGLE] = {"angle", "an ", angles, false},
    [HAUL_O_VOLUME] = {"volume", "a ", volumes, false},
    [HAUL_O_RATIO] = {"ratio", "a ", ratios, false},
    [HAUL_O_REAL] = {"number", "a ", plain, false},
    [HAUL_O_TIME_OF_DAY] = {"time of day", "a ", NULL, true},
    [HAUL_O_TEXT] = {"text", "a ", NULL, false},
    [HAUL_O_CHOICE] = {"choice", "", NULL, false},
    [HAUL_O_FILE] = {"path of a file", "the ", NULL, false},
    [HAUL_O_LIST] = {"list of texts", "a ", NULL, false},
    [HAUL_O_PAIRS] = {"map of texts to texts", "a ", NULL, false},
    [HAUL_O_TABLE] = {"map of names to settings", "a ", NULL, false},
};

const char *value_unit(enum haul_option_type type, size_t i)
{
    if (kinds[type].units == NULL) return NULL;
    for (size_t k = 0; k <= i; k++)
        if (kinds[type].units[k].name == NULL) return NULL;
    return kinds[type].units[i].name;
}

/* ---- numbers -------------------------------------------------------------------------------------------------------
 */

/* Length of the decimal number at the start of the text, 0 for none. */
static size_t number_len(struct haul_str s)
{
    size_t i = 0, digits = 0;
    if (i < s.n && (s.p[i] == '-' || s.p[i] == '+')) i++;
    for (; i < s.n && isdigit((unsigned char)s.p[i]); i++) digits++;
    if (i + 1 < s.n && s.p[i] == '.' && isdigit((unsigned char)s.p[i + 1]))
        for (i++; i < s.n && isdigit((unsigned char)s.p[i]); i++) digits++;
    if (digits == 0) return 0;
    size_t e = i;
    if (e < s.n && (s.p[e] == 'e' || s.p[e] == 'E')) {
        e++;
        if (e < s.n && (s.p[e] == '-' || s.p[e] == '+')) e++;
        const size_t first = e;
        while (e < s.n && isdigit((unsigned char)s.p[e])) e++;
        if (e > first) i = e;
    }
    return i;
}

static bool number_of(struct haul_str s, double *out)
{
    char text[NUMBER_BYTES];
    if (s.n == 0 || s.n >= sizeof text) return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    *out = strtod(text, NULL);
    return haul_finite(*out);
}

static double to_base(const struct unit *u, double x)
{
    return x * u->num / u->den + u->shift;
}

static double from_base(const struct unit *u, double base)
{
    return (base - u->shift) * u->den / u->num;
}

static const struct unit *unit_named(enum haul_option_type type, struct haul_str name)
{
    for (const struct unit *u = kinds[type].units; u->name != NULL; u++)
        if (haul_str_eq(haul_str_of(u->name), name)) return u;
    return NULL;
}

/* The shortest text of a double in a unit that reads back to the same bits, or with at most `digits` digits. */
static bool write_real(const struct unit *u, double base, int digits, char out[NUMBER_BYTES])
{
    const double x = from_base(u, base);
    for (int p = 1; p <= digits; p++) {
        snprintf(out, NUMBER_BYTES, "%.*g", p, x);
        if (to_base(u, strtod(out, NULL)) == base) return true;
    }
    return false;
}

/* In plain digits where that is as short as a person would write it: 100, not 1e+02. */
static void plain_digits(char out[NUMBER_BYTES])
{
    const double x = strtod(out, NULL);
    if (strchr(out, 'e') == NULL || haul_abs(x) >= 1e15 || (x != 0 && haul_abs(x) < 1e-6)) return;
    char text[NUMBER_BYTES];
    for (int d = 0; d < 12; d++) {
        snprintf(text, sizeof text, "%.*f", d, x);
        if (strtod(text, NULL) != x) continue;
        memcpy(out, text, sizeof text);
        return;
    }
}

static void real_text(enum haul_option_type type, double base, struct haul_buf *out)
{
    char best[NUMBER_BYTES] = "", text[NUMBER_BYTES];
    const struct unit *best_unit = NULL;
    for (const struct unit *u = kinds[type].units; u->name != NULL; u++) {
        if (!write_real(u, base, 17, text)) continue;
        plain_digits(text);
        if (best_unit != NULL && strlen(text) + strlen(u->name) >= strlen(best) + strlen(best_unit->name)) continue;
        memcpy(best, text, sizeof best);
        best_unit = u;
    }
    assert(best_unit != NULL); /* the base unit always reads back */
    haul_buf_printf(out, "%s%s", best, best_unit->name);
}

static void integer_text(enum haul_option_type type, int64_t v, struct haul_buf *out)
{
    const struct unit *u = kinds[type].units;
    if (v == 0 && type == HAUL_O_DURATION) {
        haul_buf_printf(out, "0s");
        return;
    }
    while (u[1].name != NULL && (v == 0 || v % (int64_t)u->num != 0)) u++;
    haul_buf_i64(out, v / (int64_t)u->num);
    haul_buf_printf(out, "%s", u->name);
}

static void time_of_day_text(int64_t ms, struct haul_buf *out)
{
    haul_buf_printf(out, "%02d:%02d", (int)(ms / 3600000), (int)(ms / 60000 % 60));
    if (ms % 60000 != 0) haul_buf_printf(out, ":%02d", (int)(ms / 1000 % 60));
    if (ms % 1000 != 0) haul_buf_printf(out, ".%03d", (int)(ms % 1000));
}

static void number_text(enum haul_option_type type, double base, struct haul_buf *out)
{
    if (type == HAUL_O_TIME_OF_DAY)
        time_of_day_text((int64_t)base, out);
    else if (kinds[type].integer)
        integer_text(type, (int64_t)base, out);
    else
        real_text(type, base, out);
}

/* ---- what was expected ---------------------------------------------------------------------------------------------
 */

static bool ranged(const struct haul_option *row)
{
    return (kinds[row->type].units != NULL) && row->low <= row->high;
}

void value_range(const struct haul_option *row, struct haul_buf *out)
{
    if (!ranged(row)) return;
    number_text(row->type, row->low, out);
    haul_buf_printf(out, " to ");
    number_text(row->type, row->high, out);
}

static void units_text(enum haul_option_type type, struct haul_buf *out)
{
    for (size_t i = 0; value_unit(type, i) != NULL; i++) {
        const char *name = value_unit(type, i);
        const char *sep = i == 0 ? " in " : value_unit(type, i + 1) == NULL ? " or " : ", ";
        haul_buf_printf(out, "%s%s", sep, *name == '\0' ? "parts of 1" : name);
    }
}

void value_expected(const struct haul_option *row, struct haul_buf *out)
{
    const struct kind *k = &kinds[row->type];
    if (row->type == HAUL_O_CHOICE) {
        for (size_t i = 0; row->choices[i] != NULL; i++)
            haul_buf_printf(out, "%s%s", i == 0 ? "" : row->choices[i + 1] == NULL ? " or " : ", ", row->choices[i]);
        return;
    }
    haul_buf_printf(out, "%s%s", k->article, k->noun);
    if (k->units != NULL && k->units != plain) units_text(row->type, out);
    if (row->type == HAUL_O_TIME_OF_DAY) haul_buf_printf(out, ", 00:00 to 23:59");
    if (ranged(row)) {
        haul_buf_printf(out, ", ");
        value_range(row, out);
    }
}

/* "`80 mph`: problem; expected …" A value that is long is cut: the caret shows where it stands. */
static bool refuse(const struct haul_option *row, struct haul_str text, const char *problem, struct haul_buf *why)
{
    const size_t shown = text.n > 60 ? 60 : text.n;
    size_t cut = shown;
    while (cut < text.n && cut > 0 && ((unsigned char)text.p[cut] & 0xc0) == 0x80) cut--;
    haul_buf_printf(why, "`%.*s%s` %s; expected ", (int)cut, text.p, cut < text.n ? "…" : "", problem);
    value_expected(row, why);
    return false;
}

static void propose(struct haul_buf *why, const char *better)
{
    haul_buf_printf(why, "; did you mean `%s`?", better);
}

/* ---- numbers with a unit -------------------------------------------------------------------------------------------
 */

static bool in_range(const struct haul_option *row, double base)
{
    return !ranged(row) || (base >= row->low && base <= row->high);
}

/* Proposes `base` in a unit, in as many digits as a person would write. */
static void propose_in(const struct haul_option *row, const struct unit *u, double base, struct haul_buf *why)
{
    if (!in_range(row, base)) return;
    char number[NUMBER_BYTES], text[NUMBER_BYTES * 2];
    snprintf(number, sizeof number, "%.4g", from_base(u, base));
    plain_digits(number);
    snprintf(text, sizeof text, "%s%s", number, u->name);
    propose(why, text);
}

/* The unit in which the default is written: what a number without one most likely means. */
static const struct unit *usual_unit(const struct haul_option *row)
{
    const struct haul_str f = row->fallback == NULL ? (struct haul_str){"", 0} : haul_str_of(row->fallback);
    const size_t n = number_len(f);
    const struct unit *u = unit_named(row->type, (struct haul_str){f.p + n, f.n - n});
    return u != NULL ? u : kinds[row->type].units;
}

static bool same_but_case(struct haul_str a, const char *b)
{
    if (a.n != strlen(b)) return false;
    for (size_t i = 0; i < a.n; i++)
        if (tolower((unsigned char)a.p[i]) != tolower((unsigned char)b[i])) return false;
    return true;
}

static void propose_unit(const struct haul_option *row, double x, struct haul_str name, struct haul_buf *why)
{
    for (const struct unit *u = kinds[row->type].units; u->name != NULL; u++)
        if (*u->name != '\0' && same_but_case(name, u->name)) {
            propose_in(row, u, to_base(u, x), why);
            return;
        }
    for (size_t i = 0; i < sizeof foreigners / sizeof foreigners[0]; i++) {
        const struct foreign *f = &foreigners[i];
        if (f->type != row->type || !same_but_case(name, f->name)) continue;
        const struct unit worth = {f->name, f->num, f->den, f->shift};
        propose_in(row, unit_named(row->type, haul_str_of(f->to)), to_base(&worth, x), why);
        return;
    }
    for (const struct unit *u = kinds[row->type].units; u->name != NULL; u++)
        if (name.n > 1 && strlen(u->name) > 1 && names_distance(name, haul_str_of(u->name)) == 1) {
            propose_in(row, u, to_base(u, x), why);
            return;
        }
}

static bool wrong_unit(const struct haul_option *row, struct haul_str text, double x, struct haul_str name,
                       struct haul_buf *why)
{
    char problem[120];
    if (name.n == 0) {
        refuse(row, text, "has no unit", why);
        const struct unit *u = usual_unit(row);
        propose_in(row, u, to_base(u, x), why);
        return false;
    }
    snprintf(problem, sizeof problem, "has the unit `%.*s`, which is not accepted here", name.n > 40 ? 40 : (int)name.n,
             name.p);
    refuse(row, text, problem, why);
    propose_unit(row, x, name, why);
    return false;
}

static bool out_of_range(const struct haul_option *row, struct haul_str text, double base, struct haul_buf *why)
{
    refuse(row, text, base < row->low ? "is too small" : "is too large", why);
    const struct unit *percent = row->type == HAUL_O_RATIO ? &ratios[1] : NULL;
    if (percent != NULL && memchr(text.p, '%', text.n) == NULL) propose_in(row, percent, base / 100, why);
    return false;
}

/* "1,000", "1_000", "1e3": a whole number in disguise. */
static void propose_count(const struct haul_option *row, struct haul_str text, struct haul_buf *why)
{
    char digits[NUMBER_BYTES];
    size_t n = 0;
    for (size_t i = 0; i < text.n && n + 1 < sizeof digits; i++)
        if (strchr(",_ ", text.p[i]) == NULL) digits[n++] = text.p[i];
    digits[n] = '\0';
    double x;
    if (number_len((struct haul_str){digits, n}) != n || !number_of((struct haul_str){digits, n}, &x)) return;
    x = (double)haul_round_i64(x);
    if (in_range(row, x)) propose_in(row, plain, x, why);
}

static bool store_number(const struct haul_option *row, struct haul_str text, double base, void *to,
                         struct haul_buf *why)
{
    if (kinds[row->type].integer) {
        const int64_t v = haul_round_i64(base);
        if (haul_abs(base) > EXACT_MAX) return refuse(row, text, "is too large", why);
        if (haul_abs(base - (double)v) > 1e-6)
            return refuse(row, text, row->type == HAUL_O_DURATION ? "is finer than 1ms" : "is not whole", why);
        base = (double)v;
        if (in_range(row, base)) memcpy(to, &v, sizeof v);
    } else {
        base += 0.0; /* -0 is 0: one value, one text */
        if (in_range(row, base)) memcpy(to, &base, sizeof base);
    }
    return in_range(row, base) || out_of_range(row, text, base, why);
}

static bool read_number(const struct haul_option *row, struct haul_str text, void *to, struct haul_buf *why)
{
    const size_t n = number_len(text);
    double x;
    if (n == 0) return refuse(row, text, "is not a number", why);
    if (!number_of((struct haul_str){text.p, n}, &x)) return refuse(row, text, "is not a number of this size", why);
    struct haul_str name = {text.p + n, text.n - n};
    while (name.n > 0 && name.p[0] == ' ') name.p++, name.n--;
    const struct unit *u = unit_named(row->type, name);
    if (row->type == HAUL_O_COUNT && (u == NULL || x != haul_floor(x))) {
        refuse(row, text, "is not a whole number", why);
        propose_count(row, text, why);
        return false;
    }
    if (u == NULL && kinds[row->type].units == plain) return refuse(row, text, "is not a number", why);
    if (u == NULL) return wrong_unit(row, text, x, name, why);
    return store_number(row, text, to_base(u, x), to, why);
}

/* ---- the other scalars ---------------------------------------------------------------------------------------------
 */

static bool read_bool(const struct haul_option *row, struct haul_str text, void *to, struct haul_buf *why)
{
    static const char *const yes[] = {"true", "yes", "on", "y", "1", "enabled", "是", "开", NULL};
    static const char *const no[] = {"false", "no", "off", "n", "0", "disabled", "否", "关", NULL};
    const bool is = haul_str_eq(text, HAUL_STR("true"));
    if (is || haul_str_eq(text, HAUL_STR("false"))) {
        memcpy(to, &is, sizeof is);
        return true;
    }
    refuse(row, text, "is neither", why);
    const char *better = NULL;
    for (size_t i = 0; yes[i] != NULL && better == NULL; i++)
        if (same_but_case(text, yes[i])) better = "true";
    for (size_t i = 0; no[i] != NULL && better == NULL; i++)
        if (same_but_case(text, no[i])) better = "false";
    static const char *const both[] = {"true", "false", NULL};
    if (better == NULL) better = names_nearest(text, both);
    if (better != NULL) propose(why, better);
    return false;
}

static bool read_choice(const struct haul_option *row, struct haul_str text, void *to, struct haul_buf *why)
{
    for (int32_t i = 0; row->choices[i] != NULL; i++)
        if (haul_str_eq(text, haul_str_of(row->choices[i]))) {
            memcpy(to, &i, sizeof i);
            return true;
        }
    refuse(row, text, "is not one of them", why);
    const char *better = names_nearest(text, row->choices);
    if (better != NULL) propose(why, better);
    return false;
}

/* "2:00", "2am", "14.30": the time of day that is meant. */
static void propose_time(struct haul_str text, struct haul_buf *why)
{
    char copy[16];
    unsigned hour = 0, minute = 0;
    int end = 0;
    if (text.n == 0 || text.n >= sizeof copy) return;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    const int n = sscanf(copy, "%2u%*[:.h]%2u%n", &hour, &minute, &end);
    if (n < 2) minute = 0;
    if (n < 1 || hour > 23 || minute > 59) return;
    const char *rest = n == 2 ? copy + end : copy + strspn(copy, "0123456789");
    if (same_but_case(haul_str_of(rest), "pm") && hour < 12) hour += 12;
    char better[16];
    snprintf(better, sizeof better, "%02u:%02u", hour, minute);
    propose(why, better);
}

static bool two_digits(const char *p, unsigned below, int64_t *out)
{
    if (!isdigit((unsigned char)p[0]) || !isdigit((unsigned char)p[1])) return false;
    *out = (p[0] - '0') * 10 + (p[1] - '0');
    return *out < (int64_t)below;
}

/* HH:MM[:SS[.mmm]] */
static bool read_time(const struct haul_option *row, struct haul_str text, void *to, struct haul_buf *why)
{
    int64_t hour, minute, second = 0, ms = 0;
    const char *p = text.p;
    bool good = (text.n == 5 || text.n == 8 || text.n == 12) && two_digits(p, 24, &hour) && p[2] == ':' &&
                two_digits(p + 3, 60, &minute);
    if (good && text.n > 5) good = p[5] == ':' && two_digits(p + 6, 60, &second);
    if (good && text.n > 8) {
        int64_t tens;
        good = p[8] == '.' && two_digits(p + 9, 100, &tens) && isdigit((unsigned char)p[11]);
        ms = good ? tens * 10 + (p[11] - '0') : 0;
    }
    if (!good) {
        refuse(row, text, "is not a time of day", why);
        propose_time(text, why);
        return false;
    }
    const int64_t v = hour * 3600000 + minute * 60000 + second * 1000 + ms;
    memcpy(to, &v, sizeof v);
    return true;
}

static bool read_text(const struct haul_option *row, struct haul_str text, void *to, struct haul_buf *why)
{
    char problem[80];
    if (text.n >= row->size) {
        snprintf(problem, sizeof problem, "is longer than %zu bytes", row->size - 1);
        return refuse(row, text, problem, why);
    }
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f) {
            if (text.p[i] == '\n') return refuse(row, (struct haul_str){text.p, i}, "goes on over lines", why);
            snprintf(problem, sizeof problem, "has a control character in it, 0x%02x", (unsigned)text.p[i]);
            return refuse(row, (struct haul_str){text.p, i}, problem, why);
        }
    memset(to, 0, row->size);
    memcpy(to, text.p, text.n);
    return true;
}

bool value_read(const struct haul_option *row, struct haul_str text, bool quoted, void *to, struct haul_buf *why)
{
    const bool textual = row->type == HAUL_O_TEXT || row->type == HAUL_O_FILE;
    const bool number = row->type == HAUL_O_COUNT || row->type == HAUL_O_REAL || row->type == HAUL_O_BOOL;
    if (!quoted && (text.n == 0 || haul_str_eq(text, HAUL_STR("~")) || haul_str_eq(text, HAUL_STR("null")))) {
        haul_buf_printf(why, "no value; expected ");
        value_expected(row, why);
        if (textual)
            propose(why, "\"\"");
        else if (row->fallback != NULL)
            propose(why, row->fallback);
        return false;
    }
    if (quoted && number) {
        refuse(row, text, "is a text, because of its quotes", why);
        haul_buf_printf(why, "; did you mean `%.*s`?", text.n > 40 ? 40 : (int)text.n, text.p);
        return false;
    }
    switch (row->type) {
    case HAUL_O_BOOL:
        return read_bool(row, text, to, why);
    case HAUL_O_CHOICE:
        return read_choice(row, text, to, why);
    case HAUL_O_TIME_OF_DAY:
        return read_time(row, text, to, why);
    case HAUL_O_TEXT:
    case HAUL_O_FILE:
        return read_text(row, text, to, why);
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
        return read_number(row, text, to, why);
    case HAUL_O_LIST:
    case HAUL_O_PAIRS:
    case HAUL_O_TABLE:
        break;
    }
    assert(false && "not a scalar type");
    return false;
}

/* ---- writing -------------------------------------------------------------------------------------------------------
 */

void value_quote(struct haul_str text, struct haul_buf *out)
{
    struct haul_json j;
    haul_json_begin(&j, out);
    haul_json_str(&j, text);
}

void value_write(const struct haul_option *row, const void *from, struct haul_buf *out)
{
    const struct kind *k = &kinds[row->type];
    int64_t i;
    double f;
    int32_t choice;
    bool yes;
    if (row->type == HAUL_O_BOOL) {
        memcpy(&yes, from, sizeof yes);
        haul_buf_printf(out, "%s", yes ? "true" : "false");
    } else if (row->type == HAUL_O_CHOICE) {
        memcpy(&choice, from, sizeof choice);
        haul_buf_printf(out, "%s", row->choices[choice]);
    } else if (row->type == HAUL_O_TIME_OF_DAY) {
        memcpy(&i, from, sizeof i);
        time_of_day_text(i, out);
    } else if (k->units != NULL && k->integer) {
        memcpy(&i, from, sizeof i);
        integer_text(row->type, i, out);
    } else if (k->units != NULL) {
        memcpy(&f, from, sizeof f);
        real_text(row->type, f, out);
    } else {
        value_quote(haul_str_of(from), out);
    }
}
