/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/engine/msgpack.h"

/* 0xc0 to 0xdf: bytes of the length field, bytes that are always there, bytes and children for each of the length. */
static const struct {
    uint8_t length, fixed, each, children;
} forms[32] = {
    {0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0},                /* nil, unused, false, true */
    {1, 0, 1, 0}, {2, 0, 1, 0}, {4, 0, 1, 0},                              /* bin */
    {1, 1, 1, 0}, {2, 1, 1, 0}, {4, 1, 1, 0},                              /* ext */
    {0, 4, 0, 0}, {0, 8, 0, 0},                                            /* float */
    {0, 1, 0, 0}, {0, 2, 0, 0}, {0, 4, 0, 0}, {0, 8, 0, 0},                /* uint */
    {0, 1, 0, 0}, {0, 2, 0, 0}, {0, 4, 0, 0}, {0, 8, 0, 0},                /* int */
    {0, 2, 0, 0}, {0, 3, 0, 0}, {0, 5, 0, 0}, {0, 9, 0, 0}, {0, 17, 0, 0}, /* fixext */
    {1, 0, 1, 0}, {2, 0, 1, 0}, {4, 0, 1, 0},                              /* str */
    {2, 0, 0, 1}, {4, 0, 0, 1}, {2, 0, 0, 2}, {4, 0, 0, 2},                /* array, map */
};

const char *mp_form_name(uint8_t b)
{
    if (mp_is_integer(b)) return "an integer";
    if (mp_is_map(b)) return "a map";
    if (mp_is_array(b)) return "an array";
    if (mp_is_string(b)) return "a string";
    if (mp_is_extension(b)) return "an extension";
    if (b == MP_NIL) return "nil";
    if (b == MP_FALSE || b == MP_TRUE) return "a boolean";
    if (b == MP_FLOAT32 || b == MP_FLOAT64) return "a floating-point number";
    return b == MP_UNUSED ? "a byte that msgpack does not use" : "a binary string";
}

unsigned mp_length_bytes(uint8_t b)
{
    return forms[b - MP_NIL].length;
}

enum mp_found mp_read_head(const uint8_t *p, const uint8_t *end, struct mp_head *h)
{
    *h = (struct mp_head){.bytes = 1};
    if (p >= end) return MP_SHORT;
    if (*p < MP_FIXMAP || *p >= MP_NEGATIVE) return MP_GOOD;
    if (*p == MP_UNUSED) return MP_INVALID;
    if (*p < MP_FIXSTR) {
        h->container = true;
        h->children = (*p & 0x0fu) * (*p < MP_FIXARRAY ? 2u : 1u);
    } else if (*p < MP_NIL) {
        h->bytes += *p & 0x1fu;
    } else {
        const unsigned f = *p - (unsigned)MP_NIL, length = forms[f].length;
        if ((size_t)(end - p) < 1 + length) return MP_SHORT;
        const uint64_t n = length == 0 ? 0 : mp_length(p + 1, length);
        h->bytes += length + forms[f].fixed + n * forms[f].each;
        h->container = forms[f].children != 0;
        h->children = n * forms[f].children;
    }
    return h->bytes <= (uint64_t)(end - p) ? MP_GOOD : MP_SHORT;
}

/* A count of the values that are still to come needs no stack: every one of them takes a byte, so a count above the
 * bytes that are left ends it at once. */
const uint8_t *mp_extent(const uint8_t *p, const uint8_t *end)
{
    for (uint64_t pending = 1; pending > 0; pending--) {
        struct mp_head h;
        if (mp_read_head(p, end, &h) != MP_GOOD) return NULL;
        p += h.bytes;
        pending += h.children;
        if (pending - 1 > (uint64_t)(end - p)) return NULL;
    }
    return p;
}
