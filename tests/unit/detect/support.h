/* SPDX-License-Identifier: Apache-2.0
 * What the tests of detectors share.
 */
#ifndef TEST_DETECT_SUPPORT_H
#define TEST_DETECT_SUPPORT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h> /* needs those above */

#define assert_near(got, want, tolerance)                                                                              \
    do {                                                                                                               \
        const double got_ = (got), want_ = (want);                                                                     \
        if (!(fabs(got_ - want_) <= (tolerance)))                                                                      \
            fail_msg("%s: %.15g, not %.15g within %g", #got, got_, want_, (double)(tolerance));                        \
    } while (0)

#define NOT_A_NUMBER  __builtin_nan("") /* doubles: the macros of math.h are floats */
#define ENDLESS       __builtin_inf()
#define TIME(seconds) ((struct haul_time){(int64_t)(seconds)*1000})
#define COUNT(array)  (sizeof(array) / sizeof(array)[0])

#endif
