/* SPDX-License-Identifier: Apache-2.0
 * Product classes: the standards' as presets, and which of them holds. A sign ° marks a number from practice, not from
 * the standard's text.
 */
#include "processors/coldchain/coldchain.h"

#define MIN   60000ll
#define HOUR  3600000ll
#define DAY   86400000ll
#define NEVER COLD_NEVER_MS

/* A limit that is not set lies where nothing reaches it. */
#define UNSET_HIGH                                                                                                     \
    {                                                                                                                  \
        300, false, NEVER, NEVER                                                                                       \
    }
#define UNSET_LOW                                                                                                      \
    {                                                                                                                  \
        -300, false, NEVER, NEVER                                                                                      \
    }
/* GSP annex 3: measured each minute, recorded each 5 in transport, each 30 in store, each 2 outside the limits. */
#define GSP_CADENCE .refresh_ms = MIN, .transport_ms = 5 * MIN, .store_ms = 30 * MIN, .outside_ms = 2 * MIN

const struct cold_class cold_presets[] = {
    /* GSP annex 3 (the alarm comes at the limit); range of refrigerated drugs as labelled, 2 to 8 °C. */
    {.name = "gsp_drug",
     .bound = {{8, true, 0, NEVER}, {2, true, 0, NEVER}, {0, false, 0, NEVER}, UNSET_HIGH, UNSET_HIGH, UNSET_HIGH},
     GSP_CADENCE},
    /* GB 31605-2020: frozen at or below -18 °C, chilled 0 to 10 °C in transport; 10 min° before it is an excursion. */
    {.name = "gb31605_frozen",
     .bound = {{-18, true, 10 * MIN, NEVER}, UNSET_LOW, UNSET_LOW, UNSET_HIGH, UNSET_HIGH, UNSET_HIGH}},
    {.name = "gb31605_chilled",
     .bound = {{10, true, 10 * MIN, NEVER}, {0, true, 10 * MIN, NEVER}, UNSET_LOW, UNSET_HIGH, UNSET_HIGH, UNSET_HIGH}},
    /* WHO PQS E006/TR07, shipping indicators: type 1 >=45 °C 1 h single, >=30 °C 10 h in all, <=-0.5 °C 1 h single;
     * type 2 has >=10 °C 20 h in all besides. The range of 2 to 8 °C is only counted. */
    {.name = "who_type1",
     .bound = {{8, true, NEVER, NEVER},
               {2, true, NEVER, NEVER},
               {-0.5, false, HOUR, NEVER},
               {45, false, HOUR, NEVER},
               {30, false, NEVER, 10 * HOUR},
               UNSET_HIGH}},
    {.name = "who_type2",
     .bound = {{8, true, NEVER, NEVER},
               {2, true, NEVER, NEVER},
               {-0.5, false, HOUR, NEVER},
               {45, false, HOUR, NEVER},
               {30, false, NEVER, 10 * HOUR},
               {10, false, NEVER, 20 * HOUR}}},
    /* USP <659>, <1079.2>: controlled room 20 to 25 °C, excursions 15 to 30 °C for up to 24 h, MKT <=25 °C over 30 d.
     */
    {.name = "usp_crt",
     .bound =
         {{25, true, NEVER, 24 * HOUR}, {15, true, 0, NEVER}, UNSET_LOW, {30, true, 0, NEVER}, UNSET_HIGH, UNSET_HIGH},
     .mkt_c = 25,
     .mkt_window_ms = 30 * DAY},
    /* Controlled cold 2 to 8 °C, excursions up to 15 °C for up to 24 h, MKT <=8 °C over the 24 h that hold them. */
    {.name = "usp_cct",
     .bound = {{8, true, NEVER, 24 * HOUR},
               {2, true, 0, NEVER},
               {-0.5, false, 0, NEVER},
               {15, true, 0, NEVER},
               UNSET_HIGH,
               UNSET_HIGH},
     .mkt_c = 8,
     .mkt_window_ms = 24 * HOUR},
    /* Directive 89/108/EEC: -18 °C, with brief (30 min°) upward fluctuations of at most 3 K in transport. */
    {.name = "eu_quick_frozen",
     .bound = {{-18, true, 30 * MIN, NEVER}, UNSET_LOW, UNSET_LOW, {-15, true, 0, NEVER}, UNSET_HIGH, UNSET_HIGH},
     .transport_ms = 5 * MIN,
     .store_ms = 30 * MIN},
    /* Vaccines 2 to 8 °C, freeze-sensitive: one sample at or below -0.5 °C is enough. >8 °C for 10 h is the alarm of
     * refrigerator loggers°. Life as of VVM14: 14 d at 37 °C. */
    {.name = "vaccine_2_8",
     .bound = {{8, true, 10 * MIN, 10 * HOUR},
               {2, true, 10 * MIN, NEVER},
               {-0.5, false, 0, NEVER},
               UNSET_HIGH,
               UNSET_HIGH,
               UNSET_HIGH},
     .life_ms = 14 * DAY,
     .life_c = 37,
     .ea_kjmol = 83.144,
     .q10 = 3,
     .model = COLD_ARRHENIUS,
     GSP_CADENCE},
};
const size_t cold_presets_len = sizeof cold_presets / sizeof cold_presets[0];

static const struct cold_class *find(const struct cold_options *o, struct haul_str name)
{
    for (uint32_t i = 0; i < o->classes.len; i++)
        if (haul_str_eq(name, haul_str_of(o->classes.item[i].name))) return &o->classes.item[i];
    for (size_t i = 0; i < cold_presets_len; i++)
        if (haul_str_eq(name, haul_str_of(cold_presets[i].name))) return &cold_presets[i];
    return NULL;
}

const struct cold_class *cold_class_find(const struct cold_options *o, struct haul_str name)
{
    const struct cold_class *c = name.n > 0 ? find(o, name) : NULL;
    return c != NULL ? c : find(o, haul_str_of(o->default_class));
}

bool cold_breaks(const struct cold_class *c, enum cold_bound b, double high_c, double low_c)
{
    const struct cold_limit *l = &c->bound[b];
    switch (b) {
    case COLD_LOW:
    case COLD_FREEZE:
        return l->beyond ? low_c < l->at_c : low_c <= l->at_c;
    case COLD_HIGH:
    case COLD_HOT:
    case COLD_WARM:
    case COLD_MILD:
        return l->beyond ? high_c > l->at_c : high_c >= l->at_c;
    case COLD_BOUNDS:
        break;
    }
    assert(false);
    return false;
}

bool cold_outside(const struct cold_class *c, double high_c, double low_c)
{
    return cold_breaks(c, COLD_HIGH, high_c, low_c) || cold_breaks(c, COLD_LOW, high_c, low_c);
}
