/* SPDX-License-Identifier: Apache-2.0
 * CLONES before a function: it is compiled for AVX2 as well, and the machine chooses when the program starts. Only
 * where the answers are the same in either: integers, and floats that are not contracted.
 */
#ifndef HAUL_GEO_CLONES_H
#define HAUL_GEO_CLONES_H

/* The thread sanitizer is not up yet when the choice is made. */
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
#define CLONES __attribute__((target_clones("avx2", "default")))
#else
#define CLONES
#endif

#endif
