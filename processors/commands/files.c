/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/commands/files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum haul_err command_read_file(const char *path, size_t max, struct haul_buf *out, struct haul_error *e)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (f == NULL) return haul_fail(e, HAUL_E_NOT_FOUND, "%s: %s", path, strerror(errno));
    haul_buf_init(out, 1 << 16, max);
    for (uint8_t *to; (to = haul_buf_reserve(out, 1 << 15)) != NULL;) {
        const size_t got = fread(to, 1, 1 << 15, f);
        out->n += got;
        if (got == 0) break;
    }
    const bool failed = ferror(f) != 0, full = out->overflow;
    if (f != stdin) fclose(f);
    if (!failed && !full) return HAUL_OK;
    haul_buf_free(out);
    if (full) return haul_fail(e, HAUL_E_LIMIT, "%s is larger than %zu bytes", path, max);
    return haul_fail(e, HAUL_E_IO, "%s cannot be read", path);
}
