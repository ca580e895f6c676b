/* SPDX-License-Identifier: Apache-2.0
 * Layer: base
 * Errors of the world: a code, and one message with its context, filled where it failed. Bugs are asserts, not errors.
 */
#ifndef HAUL_ERR_H
#define HAUL_ERR_H

#include <stdarg.h>

enum haul_err {
    HAUL_OK = 0,
#define HAUL_ERR(name, sentence) HAUL_E_##name,
#include "haul/errors.def"
#undef HAUL_ERR
};

/* One message; always NUL-terminated, cut at the end when too long. */
struct haul_error {
    enum haul_err code;
    char text[1020];
};

/* Fills *e (which may be NULL) and returns code. Any thread. */
enum haul_err haul_fail(struct haul_error *e, enum haul_err code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
enum haul_err haul_vfail(struct haul_error *e, enum haul_err code, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* Lower-case name of the code ("not_found"), and its sentence. Static strings. */
const char *haul_err_name(enum haul_err code);
const char *haul_err_sentence(enum haul_err code);

#endif
