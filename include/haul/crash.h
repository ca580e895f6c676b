/* SPDX-License-Identifier: Apache-2.0
 * Layer: base
 * Named points at which a test build (-DHAUL_MUTATIONS) kills itself, as kill -9 would: HAUL_CRASH_AT=POINT:N in the
 * environment, at the N-th time that the point is passed. In any other build a point is nothing.
 */
#ifndef HAUL_CRASH_H
#define HAUL_CRASH_H

#ifdef HAUL_MUTATIONS
void haul_crash_point(const char *point);
#define HAUL_CRASH(point) haul_crash_point(point)
#else
#define HAUL_CRASH(point) ((void)0)
#endif

#endif
