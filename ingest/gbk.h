/* SPDX-License-Identifier: Apache-2.0
 * GBK, in which the transport standards write number plates, to UTF-8, by the C library's iconv.
 */
#ifndef HAUL_INGEST_GBK_H
#define HAUL_INGEST_GBK_H

#include "haul/buf.h"
#include "haul/err.h"

struct gbk;
/* UNSUPPORTED: the C library does not know the encoding (its gconv modules are not installed). */
enum haul_err gbk_open(struct gbk **out, struct haul_error *e);
void gbk_close(struct gbk *g);
/* Writes at most cap bytes; false when the text is no GBK or does not fit. Any thread. */
bool gbk_to_utf8(const struct gbk *g, struct haul_str text, char *to, size_t cap, size_t *n);

#endif
