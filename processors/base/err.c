/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/err.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>

static const struct {
    const char *name, *sentence;
} errors[] = {
    {"OK", "no error"},
#define HAUL_ERR(name, sentence) {#name, sentence},
#include "haul/errors.def"
#undef HAUL_ERR
};

enum haul_err haul_vfail(struct haul_error *e, enum haul_err code, const char *format, va_list args)
{
    assert(code != HAUL_OK);
    if (e == NULL) return code;
    e->code = code;
    vsnprintf(e->text, sizeof e->text, format, args);
    return code;
}

enum haul_err haul_fail(struct haul_error *e, enum haul_err code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    haul_vfail(e, code, format, args);
    va_end(args);
    return code;
}

const char *haul_err_name(enum haul_err code)
{
    assert((size_t)code < sizeof errors / sizeof errors[0]);
    return errors[code].name;
}

const char *haul_err_sentence(enum haul_err code)
{
    assert((size_t)code < sizeof errors / sizeof errors[0]);
    return errors[code].sentence;
}
