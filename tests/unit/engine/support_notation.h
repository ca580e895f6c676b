/* SPDX-License-Identifier: Apache-2.0
 * msgpack written for people, so that a corpus of records can be read: tokens separated by blanks.
 *
 *   {3 [2 {16:3 {32:3 [16:2 [32:2     heads of maps and arrays: shortest form, or with 16- or 32-bit counts
 *   7 -3                             integers in their shortest form; u8: u16: u32: u64: i8: i16: i32: i64: in that
 * form f1.5 e1.5 fnan f+inf f-inf       64- and 32-bit floats 'text' s8'..' s16'..' s32'..'    strings; b'..' a binary
 * string; no blank or quote inside, \xHH a byte nil true false  x:c1ff           as they are; bytes in hexadecimal t4:S
 * t8:S,N t12:S,N              timestamps: seconds, nanoseconds *N TOKEN                         the token N times
 *   @                                the base of a good position: v kind id time lon lat, six pairs without the head
 */
#ifndef SUPPORT_NOTATION_H
#define SUPPORT_NOTATION_H

#include "haul/buf.h"

/* Appends the bytes; false: a token that is not understood is at *bad. */
bool notation_compile(struct haul_str text, struct haul_buf *out, struct haul_str *bad);

#endif
