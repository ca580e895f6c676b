/* SPDX-License-Identifier: Apache-2.0
 * Partitions are added: entities move to where their ids lead, with all they have; sequences to their channels' places.
 */
#include "haul/hash.h"
#include "processors/engine/contents.h"
#include "processors/engine/repartition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define WAS  2
#define IS   5
#define KEYS 500

static enum haul_verdict process(struct haul_task *t, struct haul_entity *e, const struct haul_record *r, bool late)
{
    (void)t, (void)e, (void)r, (void)late;
    return HAUL_DONE;
}
static const struct haul_takes takes[] = {{HAUL_KIND_TEMPLATE_READING, 0}};
static const uint8_t gives[] = {HAUL_MAILBOX_FENCE, 0};
static const struct haul_rule rules[] = {{"high", 3, "", "{entity}", "{entity}", "", ""}};
static const struct haul_processor things = {.mailbox = HAUL_MAILBOX_TEMPLATE,
                                             .state_version = 1,
                                             .takes = takes,
                                             .takes_len = 1,
                                             .gives = gives,
                                             .entities = {{"thing", sizeof(uint64_t)}},
                                             .timers = 2,
                                             .rules = rules,
                                             .rules_len = 1,
                                             .process = process};

static struct task_topology topology(uint32_t template, uint32_t fence)
{
    struct task_topology t = {0};
    for (unsigned i = 0; i < HAUL_MAILBOX_MAX; i++) t.partitions[i] = 1;
    t.partitions[HAUL_MAILBOX_TEMPLATE] = template;
    t.partitions[HAUL_MAILBOX_FENCE] = fence;
    return t;
}

static struct haul_contents *contents;

static struct haul_task *open_task(uint16_t partition)
{
    struct haul_error e;
    const struct task_topology is = topology(IS, 3);
    struct haul_task *t = task_open(&things, (struct haul_task_name){HAUL_MAILBOX_TEMPLATE, partition}, &is,
                                    contents_first(contents, &things), 1 << 20, &e);
    assert_non_null(t);
    return t;
}

static uint32_t home(const char *id, uint32_t partitions)
{
    return haul_partition_of(haul_murmur2(id, strlen(id)), partitions);
}

static struct haul_entity *put(struct haul_task *t, const char *id, unsigned number)
{
    struct haul_entity *e = slots_make(&t->slots, &things, 0, haul_str_of(id));
    assert_non_null(e);
    *(uint64_t *)haul_entity_state(e) = number;
    slots_timer_set(&t->slots, e, number % 2, 1000 + (int64_t)number);
    e->raised = number % 3 == 0;
    slots_alert(e, 0)->id = number * 7;
    e->newest_ms = (int64_t)number;
    return e;
}

static void every_entity_moves_home_with_all_it_has(void **state)
{
    (void)state;
    struct haul_task *task[IS];
    struct haul_error e;
    char id[16];
    uint64_t moved, expected = 0;
    for (uint16_t i = 0; i < IS; i++) task[i] = open_task(i);
    for (unsigned k = 0; k < KEYS; k++) {
        snprintf(id, sizeof id, "k%u", k);
        put(task[home(id, WAS)], id, k);
        expected += home(id, WAS) != home(id, IS);
    }
    assert_int_equal(repartition_move(task, WAS, IS, &moved, &e), HAUL_OK);
    assert_int_equal(moved, expected);
    uint32_t used = 0;
    for (uint32_t i = 0; i < IS; i++) {
        used += task[i]->slots.used;
        assert_int_equal(task[i]->core->slots_high, task[i]->slots.high);
        slots_rebuild(&task[i]->slots, task[i]->slots.high); /* as whoever loads the checkpoint */
    }
    assert_int_equal(used, KEYS);
    for (unsigned k = 0; k < KEYS; k++) {
        snprintf(id, sizeof id, "k%u", k);
        struct haul_entity *x = slots_find(&task[home(id, IS)]->slots, 0, haul_str_of(id));
        assert_non_null(x);
        assert_int_equal(*(uint64_t *)haul_entity_state(x), k);
        assert_int_equal(x->due[k % 2], 1000 + k);
        assert_int_equal(x->due[(k + 1) % 2], INT64_MAX);
        assert_int_equal(x->raised, k % 3 == 0);
        assert_int_equal(slots_alert(x, 0)->id, k * 7);
        assert_int_equal(x->newest_ms, k);
    }
    for (uint32_t i = 0; i < IS; i++) task_close(task[i]);
}

static void what_is_not_at_home_is_not_moved(void **state)
{
    (void)state;
    struct haul_task *task[IS];
    struct haul_error e;
    uint64_t moved;
    for (uint16_t i = 0; i < IS; i++) task[i] = open_task(i);
    put(task[1 - home("elsewhere", WAS)], "elsewhere", 1);
    assert_int_equal(repartition_move(task, WAS, IS, &moved, &e), HAUL_E_CONFLICT);
    assert_non_null(strstr(e.text, "keeps thing 'elsewhere', whose id leads to partition"));
    for (uint32_t i = 0; i < IS; i++) task_close(task[i]);
}

/* Own mailbox (forwards), fence, desk, dead letters. */
static void sequences_go_to_their_channels(void **state)
{
    (void)state;
    const struct task_topology was = topology(2, 3), own = topology(4, 3), other = topology(2, 4);
    uint64_t v[HAUL_CHANNELS_MAX] = {1, 2, 11, 12, 13, 21, 31};
    uint64_t w[HAUL_CHANNELS_MAX] = {1, 2, 11, 12, 13, 21, 31};
    static const uint64_t in_own[] = {1, 2, 0, 0, 11, 12, 13, 21, 31}, in_other[] = {1, 2, 11, 12, 13, 0, 21, 31};
    assert_int_equal(repartition_channels(&things, &was, &own, v), 9);
    assert_memory_equal(v, in_own, sizeof in_own);
    assert_int_equal(repartition_channels(&things, &was, &other, w), 8);
    assert_memory_equal(w, in_other, sizeof in_other);
}

int main(void)
{
    char hash[33];
    struct haul_error e;
    contents = haul_contents_open();
    if (haul_contents_add(contents, &things, HAUL_STR("engine: {entities_max: 1000}\n"), hash, &e) != HAUL_OK) {
        printf("not ok - %s\n", e.text);
        return 1;
    }
    haul_contents_begin_with(contents, &things, hash);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entity_moves_home_with_all_it_has),
        cmocka_unit_test(what_is_not_at_home_is_not_moved),
        cmocka_unit_test(sequences_go_to_their_channels),
    };
    const int status = cmocka_run_group_tests(tests, NULL, NULL);
    haul_contents_close(contents);
    return status;
}
