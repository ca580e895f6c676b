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

struct haul_str epcis_item(struct haul_str uri)
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
    *site = epcis_item(uri), *spot = (struct haul_str){"", 0};
    if (starts(uri, sgln))
        place_of_sgln(behind(uri, sizeof sgln - 1), site, spot);
    else if (path_of(uri, &path))
        place_of_link(path, site, spot);
    if (haul_str_eq(*spot, HAUL_STR("0"))) spot->n = 0;
}
