/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a message of JT/T 809, and as the data of its positions and alarms in both editions.
 */
#include "haul/jt809.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_data(const struct haul_jt809_frame *f)
{
    struct haul_jt809_positions list;
    struct haul_jt809_position p;
    struct haul_jt809_alarm a;
    struct haul_refusal why;
    if (haul_jt809_positions_open(f, &list, &why))
        while (list.left > 0) haul_jt809_positions_next(&list, &p, &why);
    haul_jt809_alarm_read(f, &a, &why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t room[HAUL_JT809_FRAME_MAX];
    struct haul_str rest = {(const char *)data, size}, part;
    size_t covered = 0;
    while (haul_jt809_next(&rest, &part)) {
        struct haul_jt809_frame f;
        struct haul_refusal why = {0};
        assert(part.n > 0 && part.p == (const char *)data + covered);
        covered += part.n;
        if (haul_jt809_read(part, room, &f, &why))
            take_data(&f);
        else
            assert(why.reason != HAUL_REASON_NONE && why.text[0] != '\0');
    }
    assert(covered == size);
    for (int edition = 0; edition < 2; edition++)
        for (int backfill = 0; backfill < 2; backfill++) {
            const struct haul_jt809_frame f = {.subtype = backfill ? HAUL_JT809_BACKFILL : HAUL_JT809_POSITION,
                                               .v2019 = edition == 1,
                                               .data = {(const char *)data, size}};
            take_data(&f);
        }
    return 0;
}
