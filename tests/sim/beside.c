/* SPDX-License-Identifier: Apache-2.0
 * The oracle and a second build of the actors beside the engine, in one program: what the two define alike has other
 * names here.
 */
#define haul_entity_id          beside_entity_id
#define haul_entity_kind        beside_entity_kind
#define haul_entity_new         beside_entity_new
#define haul_entity_newest      beside_entity_newest
#define haul_entity_raised      beside_entity_raised
#define haul_entity_state       beside_entity_state
#define haul_entity_state_const beside_entity_state_const
#define haul_task_append        beside_task_append
#define haul_task_clear         beside_task_clear
#define haul_task_count         beside_task_count
#define haul_task_drop          beside_task_drop
#define haul_task_emit          beside_task_emit
#define haul_task_entity        beside_task_entity
#define haul_task_entities_max  beside_task_entities_max
#define haul_task_erase         beside_task_erase
#define haul_task_options       beside_task_options
#define haul_task_paint         beside_task_paint
#define haul_task_paint_now     beside_task_paint_now
#define haul_task_put           beside_task_put
#define haul_task_partitions    beside_task_partitions
#define haul_task_content       beside_task_content
#define haul_task_pseudonym     beside_task_pseudonym
#define haul_task_send_again    beside_task_send_again
#define haul_task_prepared      beside_task_prepared
#define haul_task_raise         beside_task_raise
#define haul_task_refuse        beside_task_refuse
#define haul_task_remove        beside_task_remove
#define haul_task_rng           beside_task_rng
#define haul_task_scratch       beside_task_scratch
#define haul_task_time          beside_task_time
#define haul_task_timer_clear   beside_task_timer_clear
#define haul_task_timer_due     beside_task_timer_due
#define haul_task_timer_set     beside_task_timer_set
#define haul_task_watermark     beside_task_watermark
#define haul_task_xadd          beside_task_xadd
#define haul_task_zadd          beside_task_zadd
#define haul_task_zrem          beside_task_zrem
#define sim_tally               beside_tally
#define sim_hub                 beside_hub
#define sim_board               beside_board
/* clang-format off: the order matters */
#include "tests/oracle/oracle.c"
#include "tests/oracle/oracle_alerts.c"
#include "tests/oracle/oracle_entities.c"
#include "tests/sim/actors.c"
/* clang-format on */
#include "tests/sim/beside.h"

const struct haul_processor *const beside_actors[SIM_ACTORS] = {&sim_tally, &sim_hub, &sim_board};
