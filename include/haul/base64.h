/* SPDX-License-Identifier: Apache-2.0
 * Layer: base
 * Base64 of RFC 4648, section 4: the standard alphabet, padded. Any thread.
 */
#ifndef HAUL_BASE64_H
#define HAUL_BASE64_H

#include "haul/buf.h"

void haul_base64_encode(struct haul_str bytes, struct haul_buf *out);
/* Strict: length a multiple of four, padding only at the end, no other character, unused bits zero. `to` has room for
 * text.n / 4 * 3 bytes; *n is what was written. */
bool haul_base64_decode(struct haul_str text, uint8_t *to, size_t *n);

#endif
