/* SPDX-License-Identifier: Apache-2.0
 * Whole files for commands.
 */
#ifndef HAUL_COMMANDS_SOLVER_FILES_H
#define HAUL_COMMANDS_SOLVER_FILES_H

#include "haul/buf.h"

/* Reads a file ("-": standard input) to its end, at most 1 GiB. 0, or an exit status after a message that begins with
 * the command's name. Release it after use. */
int file_read(const char *command, const char *path, struct haul_str *out);
void file_release(struct haul_str bytes);

#endif
