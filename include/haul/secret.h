/* SPDX-License-Identifier: Apache-2.0
 * Layer: base
 * Secrets stand in files, never in the configuration.
 */
#ifndef HAUL_SECRET_H
#define HAUL_SECRET_H

#include "haul/err.h"

#include <stddef.h>

/* The first line of the file, without its end, and a NUL: into out[cap]. `option` names the option that gave the path,
 * in errors: IO, the file cannot be read; INVALID, its first line is empty or too long. The caller wipes `out`. */
enum haul_err haul_secret_read(const char *option, const char *path, char *out, size_t cap, struct haul_error *e);

#endif
