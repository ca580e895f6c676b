/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/commands/solver_files.h"

#include "processors/commands/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_BYTES = 65536 };
static const size_t bytes_max = (size_t)1 << 30;

static int complain(const char *command, const char *path, const char *what, int status)
{
    fprintf(stderr, "haul %s: %s: %s\n", command, path, what);
    return status;
}

int file_read(const char *command, const char *path, struct haul_str *out)
{
    const bool standard = strcmp(path, "-") == 0;
    FILE *f = standard ? stdin : fopen(path, "rb");
    if (f == NULL) return complain(command, path, strerror(errno), HAUL_EXIT_NOINPUT);
    struct haul_buf b;
    haul_buf_init(&b, FIRST_BYTES, bytes_max);
    for (;;) {
        uint8_t *to = haul_buf_reserve(&b, FIRST_BYTES);
        if (to == NULL) break;
        const size_t n = fread(to, 1, FIRST_BYTES, f);
        b.n += n;
        if (n < FIRST_BYTES) break;
    }
    const bool failed = ferror(f) != 0;
    if (!standard) fclose(f);
    if (!failed && !b.overflow) {
        *out = (struct haul_str){(const char *)b.p, b.n};
        return 0;
    }
    const bool large = b.overflow;
    haul_buf_free(&b);
    return large ? complain(command, path, "larger than 1 GiB", HAUL_EXIT_DATA)
                 : complain(command, path, "cannot be read", HAUL_EXIT_NOINPUT);
}

void file_release(struct haul_str bytes)
{
    free((void *)(uintptr_t)bytes.p);
}
