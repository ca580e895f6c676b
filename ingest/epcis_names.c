/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/epcis.h"

static bool starts(struct haul_str s, const char *with)
{
    const size_t n = strlen(with);
    return s.n >= n && memcmp(s.p, with, n) == 0;
}

static struct haul_str behind(struct haul_str s, size_t n)
{
    return (struct haul_str){s.p + n, s.n - n};
}

/* What stands behind the host of an http URI, its query left out; false: it is none. */
static bool path_of(struct haul_str uri, struct haul_str *path)
{
    const size_t scheme = starts(uri, "https://") ? 8 : starts(uri, "http://") ? 7 : 0;
    if (scheme == 0) return false;
    const char *slash = memchr(uri.p + scheme, '/', uri.n - scheme);
    if (slash == NULL) return false;
    *path = behind(uri, (size_t)(slash - uri.p) + 1);
    const char *query = memchr(path->p, '?', path->n);
    if (query != NULL) path->n = (size_t)(query - path->p);
    return true;
}

static const char *const urns[] = {"urn:epc:id:", "urn:epc:class:", "urn:epc:idpat:", NULL};

/* What stands behind what all identifiers of its form have in common. */
static struct haul_str bare(struct haul_str uri)
{
    struct haul_str path;
    for (size_t i = 0; urns[i] != NULL; i++)
        if (starts(uri, urns[i])) return behind(uri, strlen(urns[i]));
    return path_of(uri, &path) && path.n > 0 ? path : uri;
}

/* The part of a path from `from` to the next '/'. */
static struct haul_str segment(struct haul_str path, size_t from)
{
    if (from > path.n) return (struct haul_str){"", 0};
    const struct haul_str rest = behind(path, from);
    const char *slash = memchr(rest.p, '/', rest.n);
    return (struct haul_str){rest.p, slash == NULL ? rest.n : (size_t)(slash - rest.p)};
}

/* ---- one thing, one identifier ---- */
/* A text that is put together; what does not fit makes it no text at all. */
struct built {
    char *p;
    size_t n;
    bool whole;
};

static void add(struct built *b, struct haul_str s)
{
    b->whole = b->whole && s.n <= EPCIS_ITEM_MAX - b->n;
    if (!b->whole) return;
    memcpy(b->p + b->n, s.p, s.n);
    b->n += s.n;
}

/* Digits from `from` on are `want` many; the check digit goes behind them: weights 3 and 1 in turn, 3 at the last (GS1
 * General Specifications, 7.9). */
static void add_check(struct built *b, size_t from, size_t want)
{
    unsigned sum = 0;
    b->whole = b->whole && b->n - from == want;
    for (size_t i = from; b->whole && i < b->n; i++) {
        b->whole = b->p[i] >= '0' && b->p[i] <= '9';
        sum += (unsigned)(b->p[i] - '0') * ((b->n - i) % 2 == 1 ? 3 : 1);
    }
    const char digit = (char)('0' + (10 - sum % 10) % 10);
    add(b, (struct haul_str){&digit, 1});
}

/* What stands before the next '.', which is taken away with it. */
static struct haul_str up_to_dot(struct haul_str *rest)
{
    const char *dot = memchr(rest->p, '.', rest->n);
    const size_t n = dot == NULL ? rest->n : (size_t)(dot - rest->p);
    const struct haul_str before = {rest->p, n};
    *rest = behind(*rest, dot == NULL ? n : n + 1);
    return before;
}

/* company.reference: the reference's first digit (indicator, extension) goes before the company. */
static void add_turned(struct built *b, struct haul_str company, struct haul_str reference, size_t want)
{
    const size_t from = b->n;
    b->whole = b->whole && reference.n > 0;
    if (!b->whole) return;
    add(b, (struct haul_str){reference.p, 1});
    add(b, company);
    add(b, behind(reference, 1));
    add_check(b, from, want);
}

static void add_part(struct built *b, const char *key, struct haul_str value)
{
    if (value.n == 0 || haul_str_eq(value, HAUL_STR("*"))) return;
    add(b, haul_str_of(key));
    add(b, value);
}

/* "sgtin:0614141.107346.2017", … as a Digital Link has it (EPC Tag Data Standard 1.13, chapter 7). */
static bool of_urn(struct haul_str text, struct built *b)
{
    const char *colon = memchr(text.p, ':', text.n);
    if (colon == NULL) return false;
    const struct haul_str scheme = {text.p, (size_t)(colon - text.p)};
    struct haul_str rest = behind(text, scheme.n + 1);
    const struct haul_str company = up_to_dot(&rest);
    const bool lot = haul_str_eq(scheme, HAUL_STR("lgtin"));
    if (lot || haul_str_eq(scheme, HAUL_STR("sgtin"))) {
        add(b, HAUL_STR("01/"));
        add_turned(b, company, up_to_dot(&rest), 13);
        add_part(b, lot ? "/10/" : "/21/", rest);
    } else if (haul_str_eq(scheme, HAUL_STR("sscc"))) {
        add(b, HAUL_STR("00/"));
        add_turned(b, company, rest, 17);
    } else if (haul_str_eq(scheme, HAUL_STR("grai"))) {
        add(b, HAUL_STR("8003/0"));
        add(b, company);
        add(b, up_to_dot(&rest));
        add_check(b, strlen("8003/"), 13);
        add_part(b, "", rest);
    } else if (haul_str_eq(scheme, HAUL_STR("giai"))) {
        add(b, HAUL_STR("8004/"));
        add(b, company);
        add(b, rest);
    } else {
        return false;
    }
    return b->whole;
}

/* The value behind a key of a path; "" when there is none. */
static struct haul_str value_of(struct haul_str path, const char *key)
{
    for (size_t at = 0; at < path.n; at += segment(path, at).n + 1)
        if (haul_str_eq(segment(path, at), haul_str_of(key))) return segment(path, at + strlen(key) + 1);
    return (struct haul_str){"", 0};
}

/* The key that names the thing, and of a GTIN the serial number, else the lot: not what else stands in the path. */
static bool of_link(struct haul_str path, struct built *b)
{
    static const char zeros[] = "00000000000000";
    static const char *const alone[] = {"00", "8003", "8004"};
    const struct haul_str gtin = value_of(path, "01"), serial = value_of(path, "21");
    if (gtin.n > 0 && gtin.n <= 14) {
        add(b, HAUL_STR("01/"));
        add(b, (struct haul_str){zeros, 14 - gtin.n});
        add(b, gtin);
        add_part(b, serial.n > 0 ? "/21/" : "/10/", serial.n > 0 ? serial : value_of(path, "10"));
        return b->whole;
    }
    for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++) {
        const struct haul_str value = value_of(path, alone[i]);
        if (value.n == 0) continue;
        add(b, haul_str_of(alone[i]));
        add(b, HAUL_STR("/"));
        add(b, value);
        return b->whole;
    }
    return false;
}

struct haul_str epcis_item(struct haul_str uri, char room[EPCIS_ITEM_MAX])
{
    struct built b = {room, 0, true};
    struct haul_str path;
    const bool found = path_of(uri, &path) ? of_link(path, &b) : starts(uri, "urn:epc:") && of_urn(bare(uri), &b);
    return found ? (struct haul_str){room, b.n} : bare(uri);
}

struct haul_str epcis_scheme(struct haul_str uri)
{
    static const struct {
        const char *key, *name;
    } keys[] = {{"00", "sscc"},   {"01", "sgtin"},  {"414", "sgln"}, {"8003", "grai"},
                {"8004", "giai"}, {"8017", "gsrn"}, {"8018", "gsrn"}};
    struct haul_str path;
    for (size_t i = 0; urns[i] != NULL; i++) {
        if (!starts(uri, urns[i])) continue;
        const struct haul_str rest = behind(uri, strlen(urns[i]));
        const char *colon = memchr(rest.p, ':', rest.n);
        return (struct haul_str){rest.p, colon == NULL ? 0 : (size_t)(colon - rest.p)};
    }
    if (!path_of(uri, &path)) return (struct haul_str){"", 0};
    for (size_t at = 0; at < path.n; at += segment(path, at).n + 1)
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
            if (haul_str_eq(segment(path, at), haul_str_of(keys[i].key))) return haul_str_of(keys[i].name);
    return (struct haul_str){"", 0};
}

/* company.location.extension */
static void place_of_sgln(struct haul_str s, struct haul_str *site, struct haul_str *spot)
{
    size_t n = s.n;
    while (n > 0 && s.p[n - 1] != '.') n--;
    const bool two = n > 1 && memchr(s.p, '.', n - 1) != NULL;
    *site = two ? (struct haul_str){s.p, n - 1} : s;
    *spot = two ? behind(s, n) : (struct haul_str){"", 0};
}

/* …/414/GLN, and /254/EXTENSION behind it */
static bool place_of_link(struct haul_str path, struct haul_str *site, struct haul_str *spot)
{
    bool found = false;
    for (size_t at = 0; at < path.n;) {
        const struct haul_str key = segment(path, at), value = segment(path, at + key.n + 1);
        if (haul_str_eq(key, HAUL_STR("414")) && value.n > 0) *site = value, found = true;
        if (found && haul_str_eq(key, HAUL_STR("254"))) *spot = value;
        at += key.n + 1;
    }
    return found;
}

void epcis_place(struct haul_str uri, struct haul_str *site, struct haul_str *spot)
{
    static const char sgln[] = "urn:epc:id:sgln:";
    struct haul_str path;
    *site = bare(uri), *spot = (struct haul_str){"", 0};
    if (starts(uri, sgln))
        place_of_sgln(behind(uri, sizeof sgln - 1), site, spot);
    else if (path_of(uri, &path))
        place_of_link(path, site, spot);
    if (haul_str_eq(*spot, HAUL_STR("0"))) spot->n = 0;
}
