/* SPDX-License-Identifier: Apache-2.0
 * The simulation's processors, for the engine's own tests.
 */
#include "tests/sim/actors.c" // IWYU pragma: keep
