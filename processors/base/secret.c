/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum haul_err haul_secret_read(const char *option, const char *path, char *out, size_t cap, struct haul_error *e)
{
    FILE *f = fopen(path, "re");
    if (f == NULL) return haul_fail(e, HAUL_E_IO, "%s: cannot open %s: %s", option, path, strerror(errno));
    setvbuf(f, NULL, _IONBF, 0); /* no copy stays behind */
    size_t n = 0;
    int c;
    while ((c = getc(f)) != EOF && c != '\n' && c != '\r')
        if (n < cap) out[n++] = (char)c;
    const int why = ferror(f) ? errno : 0;
    fclose(f);
    out[n < cap ? n : cap - 1] = '\0';
    if (why == 0 && n > 0 && n < cap) return HAUL_OK;
    explicit_bzero(out, cap);
    if (why != 0) return haul_fail(e, HAUL_E_IO, "%s: cannot read %s: %s", option, path, strerror(why));
    return haul_fail(e, HAUL_E_INVALID, "%s: the first line of %s %s", option, path,
                     n == 0 ? "is empty" : "is too long for a secret");
}
