/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/http.h"

#include "haul/json.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The text with its escapes put in. */
static const char *decode(struct haul_str target, uint8_t *out, size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < target.n; i++) {
        const uint8_t c = (uint8_t)target.p[i];
        if (c <= ' ' || c > '~') return "holds a byte that is not visible ASCII";
        if (c == '#') return "holds a fragment";
        out[*n] = c;
        if (c == '%') {
            const int high = i + 1 < target.n ? hex(target.p[i + 1]) : -1;
            const int low = i + 2 < target.n ? hex(target.p[i + 2]) : -1;
            if (high < 0 || low < 0) return "has a '%' without two hexadecimal digits behind it";
            out[*n] = (uint8_t)(high * 16 + low);
            i += 2;
        }
        if (out[*n] < ' ' || out[*n] == 0x7f) return "escapes a control character";
        ++*n;
    }
    return NULL;
}

/* A part between slashes that is "." or "..": a path is what it says. */
static bool has_dots(struct haul_str path)
{
    for (size_t from = 0; from < path.n;) {
        const char *const slash = memchr(path.p + from, '/', path.n - from);
        const size_t to = slash == NULL ? path.n : (size_t)(slash - path.p);
        const struct haul_str part = {path.p + from, to - from};
        if (haul_str_eq(part, HAUL_STR(".")) || haul_str_eq(part, HAUL_STR(".."))) return true;
        from = to + 1;
    }
    return false;
}

const char *haul_http_target_fault(struct haul_str target)
{
    uint8_t decoded[HAUL_HTTP_TARGET_MAX];
    size_t n;
    if (target.n == 0 || target.p[0] != '/') return "does not begin with '/'";
    if (target.n > HAUL_HTTP_TARGET_MAX) return "is too long";
    const char *const query = memchr(target.p, '?', target.n);
    const size_t path_n = query == NULL ? target.n : (size_t)(query - target.p);
    const char *fault = decode((struct haul_str){target.p, path_n}, decoded, &n);
    if (fault != NULL) return fault;
    if (has_dots((struct haul_str){(const char *)decoded, n})) return "has a path of dots";
    fault = decode(target, decoded, &n);
    if (fault != NULL) return fault;
    return haul_utf8_valid((struct haul_str){(const char *)decoded, n}) ? NULL : "is not UTF-8";
}
