/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/engine/options_names.h"

#include <ctype.h>
#include <stdio.h>

#define CONTAINED_MIN      4 /* a shorter name stands in too many others by chance */
#define CONTAINED_DISTANCE 2
#define NEAR_MAX           3
#define ELSEWHERE          1 /* a name in another group of the section is worth so much less than a sibling */
#define OTHER_SECTION      2

/* A name for comparing: lower case, one separator. */
struct folded {
    char p[NAMES_BYTES_MAX];
    size_t n;
};

static struct folded fold(struct haul_str s)
{
    struct folded f = {.n = s.n < NAMES_BYTES_MAX ? s.n : NAMES_BYTES_MAX};
    for (size_t i = 0; i < f.n; i++) {
        const char c = s.p[i];
        f.p[i] = c == '-' || c == '.' || c == ' ' ? '_' : (char)tolower((unsigned char)c);
    }
    return f;
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    const unsigned ab = a < b ? a : b;
    return ab < c ? ab : c;
}

unsigned names_distance(struct haul_str a, struct haul_str b)
{
    const struct folded x = fold(a), y = fold(b);
    unsigned row[3][NAMES_BYTES_MAX + 1];
    for (unsigned j = 0; j <= y.n; j++) row[0][j] = j;
    for (unsigned i = 1; i <= x.n; i++) {
        unsigned *const now = row[i % 3], *const up = row[(i + 2) % 3], *const upup = row[(i + 1) % 3];
        now[0] = i;
        for (unsigned j = 1; j <= y.n; j++) {
            const bool same = x.p[i - 1] == y.p[j - 1];
            now[j] = least(up[j] + 1, now[j - 1] + 1, up[j - 1] + !same);
            const bool swapped = i > 1 && j > 1 && x.p[i - 1] == y.p[j - 2] && x.p[i - 2] == y.p[j - 1];
            if (swapped && upup[j - 2] + 1 < now[j]) now[j] = upup[j - 2] + 1;
        }
    }
    return row[x.n % 3][y.n];
}

static bool contains(const struct folded *big, const struct folded *small)
{
    if (small->n < CONTAINED_MIN) return false;
    for (size_t i = 0; i + small->n <= big->n; i++)
        if (memcmp(big->p + i, small->p, small->n) == 0) return true;
    return false;
}

/* The same words in another order: max_documents for documents_max. */
static bool same_words(const struct folded *a, const struct folded *b)
{
    if (a->n != b->n) return false;
    for (size_t i = 0; i < a->n;) {
        size_t end = i;
        while (end < a->n && a->p[end] != '_') end++;
        bool found = false;
        for (size_t j = 0; j + (end - i) <= b->n && !found; j++) {
            const bool begins = j == 0 || b->p[j - 1] == '_', ends = j + end - i == b->n || b->p[j + end - i] == '_';
            found = begins && ends && memcmp(a->p + i, b->p + j, end - i) == 0;
        }
        if (!found) return false;
        i = end + 1;
    }
    return true;
}

bool names_near(struct haul_str a, struct haul_str b, unsigned *distance)
{
    const struct folded x = fold(a), y = fold(b);
    const size_t n = x.n > y.n ? x.n : y.n;
    const unsigned limit = n < 3 ? 0 : n < 6 ? 1 : n < 10 ? 2 : NEAR_MAX;
    const size_t apart = x.n > y.n ? x.n - y.n : y.n - x.n; /* the distance is never less */
    *distance = apart > limit ? limit + 1 : names_distance(a, b);
    if (*distance <= limit) return true;
    *distance = CONTAINED_DISTANCE;
    return same_words(&x, &y) || contains(&x, &y) || contains(&y, &x);
}

const char *names_nearest(struct haul_str name, const char *const *names)
{
    const char *best = NULL;
    unsigned least_distance = 0;
    for (size_t i = 0; names[i] != NULL; i++) {
        unsigned d;
        if (!names_near(name, haul_str_of(names[i]), &d) || (best != NULL && d >= least_distance)) continue;
        best = names[i], least_distance = d;
    }
    return best;
}

/* ---- where an unknown name belongs ---------------------------------------------------------------------------------
 */

struct best {
    struct haul_str name;
    unsigned score; /* lower is nearer */
    char text[300];
};

static void offer(struct best *b, struct haul_str as, unsigned penalty, const char *section, const char *path,
                  size_t path_len)
{
    unsigned d;
    if (!names_near(b->name, as, &d) || d * 2 + penalty >= b->score) return;
    if (penalty >= ELSEWHERE && d > 1) return; /* far in the letters and far in the file: a guess */
    b->score = d * 2 + penalty;
    snprintf(b->text, sizeof b->text, "%s%s%.*s", section, *section != '\0' && path_len > 0 ? "." : "", (int)path_len,
             path);
}

static void offer_siblings(struct best *b, const struct haul_option *rows, size_t n, const char *prefix)
{
    const size_t skip = *prefix == '\0' ? 0 : strlen(prefix) + 1;
    for (size_t i = 0; i < n; i++) {
        const char *name = rows[i].name;
        if (skip > 0 && (strncmp(name, prefix, skip - 1) != 0 || name[skip - 1] != '.')) continue;
        const size_t part = strcspn(name + skip, ".");
        offer(b, (struct haul_str){name + skip, part}, 0, "", name, skip + part);
        offer(b, haul_str_of(name + skip), 0, "", name, strlen(name));
    }
}

static const char *leaf_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot == NULL ? path : dot + 1;
}

static void offer_section(struct best *b, const struct haul_option_set *set, const char *section, unsigned penalty)
{
    for (size_t i = 0; i < set->rows_len; i++) {
        const char *name = set->rows[i].name;
        offer(b, haul_str_of(leaf_of(name)), penalty, section, name, strlen(name));
        for (size_t n = strcspn(name, ".");; n += 1 + strcspn(name + n + 1, ".")) { /* groups, and the option itself */
            offer(b, (struct haul_str){name, n}, penalty, section, name, n);
            if (name[n] == '\0') break;
        }
    }
}

void names_suggest(const struct haul_option_set *const *sets, size_t sets_len, const struct haul_option_set *set,
                   const struct haul_option *rows, size_t rows_len, const char *prefix, struct haul_str name,
                   struct haul_buf *out)
{
    struct best b = {.name = name, .score = UINT32_MAX};
    if (set != NULL) {
        offer_siblings(&b, rows, rows_len, prefix);
        offer_section(&b, set, "", ELSEWHERE);
    }
    for (size_t i = 0; i < sets_len; i++) {
        const char *section = sets[i]->section;
        offer(&b, haul_str_of(section), set == NULL ? 0 : OTHER_SECTION, section, "", 0);
        if (sets[i] != set) offer_section(&b, sets[i], section, OTHER_SECTION);
    }
    haul_buf_printf(out, "%s", b.text);
}
