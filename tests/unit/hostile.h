/* SPDX-License-Identifier: Apache-2.0
 * The corpus of hostile texts, one case a line of tests/golden/WHERE/hostile.txt:
 *     name | verdict | says | text
 * Lines that begin with # and empty ones are for the reader. In `text` \n \r \t \\ \| and \xHH stand for a byte, and
 * \{N:…} for N times what is inside, which may hold others.
 */
#ifndef HAUL_TESTS_HOSTILE_H
#define HAUL_TESTS_HOSTILE_H

#include "haul/buf.h"

#include <stdio.h>
#include <stdlib.h>

#define HOSTILE_TEXT_MAX ((size_t)8 << 20)

struct hostile_case {
    struct haul_str name, verdict, says, text;
};

static unsigned hostile_hex(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
}

/* Writes up to the end or to the brace that closes; returns what lies behind. */
static const char *hostile_expand(const char *at, const char *end, struct haul_buf *out)
{
    while (at < end && *at != '}') {
        if (*at != '\\' || at + 1 == end) {
            haul_buf_byte(out, (uint8_t)*at++);
            continue;
        }
        const char c = at[1];
        at += 2;
        if (c == '{') {
            char *inside;
            const unsigned long times = strtoul(at, &inside, 10);
            assert(*inside == ':' && times > 0);
            for (unsigned long i = 0; i < times; i++) at = hostile_expand(inside + 1, end, out);
            assert(at < end && *at == '}');
            at++;
        } else if (c == 'x') {
            haul_buf_byte(out, (uint8_t)(hostile_hex(at[0]) * 16 + hostile_hex(at[1])));
            at += 2;
        } else {
            haul_buf_byte(out, (uint8_t)(c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c));
        }
    }
    return at;
}

static struct haul_str hostile_part(char **line)
{
    char *const bar = strstr(*line, " | ");
    assert(bar != NULL && "name | verdict | says | text");
    size_t n = (size_t)(bar - *line);
    while (n > 0 && (*line)[n - 1] == ' ') n--;
    const struct haul_str part = {*line, n};
    *line = bar + 3;
    while (**line == ' ') ++*line;
    return part;
}

/* Calls `fn` with each case; returns how many there are. */
static size_t hostile_each(const char *path, void (*fn)(void *arg, const struct hostile_case *), void *arg)
{
    FILE *const f = fopen(path, "r");
    char *line = NULL;
    size_t room = 0, n = 0;
    ssize_t got;
    struct haul_buf text;
    assert(f != NULL && "run it at the top");
    haul_buf_init(&text, 4096, HOSTILE_TEXT_MAX);
    while ((got = getline(&line, &room, f)) > 0) {
        char *at = line, *const end = line + got - 1;
        if (*line == '#' || *line == '\n') continue;
        struct hostile_case one;
        one.name = hostile_part(&at);
        one.verdict = hostile_part(&at);
        one.says = hostile_part(&at);
        haul_buf_clear(&text);
        while (at < end) { /* a brace outside a repetition is one */
            at = (char *)(uintptr_t)hostile_expand(at, end, &text);
            if (at < end) haul_buf_byte(&text, (uint8_t)*at++);
        }
        assert(!text.overflow);
        one.text = (struct haul_str){(const char *)text.p, text.n};
        fn(arg, &one);
        n++;
    }
    haul_buf_free(&text);
    free(line);
    fclose(f);
    return n;
}

#endif
