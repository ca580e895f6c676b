/* SPDX-License-Identifier: Apache-2.0
 * Tells the formats apart by their first bytes.
 */
#include "processors/solver/text.h"

#include "haul/math.h"

#include <stdlib.h>

enum { FIRST_LINE_MAX = 4096 };

/* How many numbers the first line has; -1: something else stands there. */
static int32_t numbers_in(struct haul_str line)
{
    int32_t n = 0;
    struct text t = text_of(line);
    while (!text_end(&t)) {
        double value;
        if (!text_parse_number(text_word(&t), &value)) return -1;
        n++;
    }
    return n;
}

static bool second_word_is(struct haul_str bytes, const char *word)
{
    struct text t = text_of(bytes);
    text_line(&t);
    return haul_str_eq(text_word(&t), haul_str_of(word));
}

enum haul_err haul_problem_read(struct haul_str bytes, const struct haul_read_options *o, struct haul_problem **out,
                                struct haul_error *e)
{
    static const struct haul_read_options usual = {HAUL_CONVENTION_OF_FILE, NULL, NULL};
    if (o == NULL) o = &usual;
    *out = NULL;
    if (bytes.n > HAUL_PROBLEM_BYTES_MAX) return haul_fail(e, HAUL_E_LIMIT, "more than 1 GiB");
    if (memchr(bytes.p, 0, bytes.n) != NULL) return haul_fail(e, HAUL_E_INVALID, "a NUL byte: this is no text");
    struct text t = text_of(bytes);
    if (text_end(&t)) return haul_fail(e, HAUL_E_INVALID, "nothing but blanks");
    if (*t.p == '{') return read_json(bytes, o, out, e);
    if (*t.p == '/') return read_hvrp(&t, o->convention, out, e);
    struct text look = t;
    struct haul_str line = text_line(&look);
    if (line.n > FIRST_LINE_MAX) return haul_fail(e, HAUL_E_INVALID, "line 1: longer than in any known format");
    switch (numbers_in(line)) {
    case 3:
        return read_li_lim(&t, o->convention, out, e);
    case 4:
        return read_cordeau(&t, o->convention, out, e);
    default:
        break;
    }
    if (second_word_is((struct haul_str){t.p, (size_t)(t.end - t.p)}, "VEHICLE"))
        return read_solomon(&t, o->convention, out, e);
    if (memchr(line.p, ':', line.n) != NULL) return read_vrplib(&t, o->convention, out, e);
    return haul_fail(e, HAUL_E_INVALID, "line 1: no known format (JSON, Solomon, Li and Lim, VRPLIB, Cordeau, HVRP)");
}

enum haul_err haul_places_straight(void *arg, const struct haul_places *places, int32_t from, int32_t *time,
                                   int32_t *distance, struct haul_error *e)
{
    const struct haul_straight *s = arg;
    if (!(s->speed_mps > 0) || !(s->detour >= 1))
        return haul_fail(e, HAUL_E_RANGE, "speed and detour of straight lines");
    for (int32_t k = 0; k < places->n; k++) {
        const double m = s->detour * haul_haversine_m(places->lon_deg[from], places->lat_deg[from], places->lon_deg[k],
                                                      places->lat_deg[k]);
        const int64_t ms = haul_round_i64(m / s->speed_mps * 1000);
        if (ms > INT32_MAX) return haul_fail(e, HAUL_E_RANGE, "places %d and %d: farther than 24 days", from, k);
        time[k] = (int32_t)ms;
        distance[k] = (int32_t)haul_round_i64(m);
    }
    return HAUL_OK;
}
