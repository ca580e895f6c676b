/* SPDX-License-Identifier: Apache-2.0
 * The model of Redis belongs to the simulation; this links it into the tests of this layer too.
 */
#include "tests/sim/model_redis.c"
