/* SPDX-License-Identifier: Apache-2.0
 * See support_model.c.
 */
#include "tests/sim/model_redis_data.c"
