/* SPDX-License-Identifier: Apache-2.0
 * What several subcommands do with files.
 */
#ifndef HAUL_COMMANDS_FILES_H
#define HAUL_COMMANDS_FILES_H

#include "haul/buf.h"
#include "haul/err.h"

/* The whole file ("-": standard input), at most `max` bytes, into a buffer that is initialised here (haul_buf_free it
 * when HAUL_OK is returned). HAUL_E_NOT_FOUND, HAUL_E_IO, HAUL_E_LIMIT. */
enum haul_err command_read_file(const char *path, size_t max, struct haul_buf *out, struct haul_error *e);

#endif
