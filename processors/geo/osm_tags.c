/* SPDX-License-Identifier: Apache-2.0
 * Tables first: what a value means stands in a row, the code below only looks it up.
 */
#include "processors/geo/osm_tags.h"

#include <stdlib.h>
#include <string.h>

const char *osm_get(struct osm_tags t, const char *key)
{
    for (size_t i = 0; i < t.n; i++)
        if (strcmp(t.tag[i].key, key) == 0) return t.tag[i].value;
    return NULL;
}

static bool is(const char *value, const char *word)
{
    return value != NULL && strcmp(value, word) == 0;
}

static bool among(const char *value, const char *const *words)
{
    for (; value != NULL && *words != NULL; words++)
        if (strcmp(value, *words) == 0) return true;
    return false;
}

/* ---- numbers
 * ---------------------------------------------------------------------------------------------------------------- */

/* A decimal number; *rest is behind it and behind spaces. Negative when there is none or it is absurd. */
static double number(const char *text, const char **rest)
{
    double value = 0, scale = 1;
    bool digits = false, fraction = false;
    for (; *text != 0; text++) {
        if (*text >= '0' && *text <= '9') {
            value = value * 10 + (*text - '0');
            if (fraction) scale *= 10;
            digits = true;
        } else if (*text == '.' && !fraction) {
            fraction = true;
        } else {
            break;
        }
        if (value > 1e9) return -1;
    }
    while (*text == ' ') text++;
    *rest = text;
    return digits ? value / scale : -1;
}

/* Metres: "4", "4.2 m", "13'6\"", "13 ft". 0 when nothing is said. */
static double metres(const char *text)
{
    if (text == NULL) return 0;
    const char *rest;
    const double value = number(text, &rest);
    if (value < 0) return 0;
    if (*rest == '\'') {
        const double inches = rest[1] != 0 ? number(rest + 1, &rest) : 0;
        return value * 0.3048 + (inches > 0 ? inches * 0.0254 : 0);
    }
    if (strncmp(rest, "ft", 2) == 0) return value * 0.3048;
    return strncmp(rest, "cm", 2) == 0 ? value / 100 : value;
}

/* Tonnes: "7.5", "7.5 t", "16000 lbs", "3500 kg", "10 st". 0 when nothing is said. */
static double tonnes(const char *text)
{
    if (text == NULL) return 0;
    const char *rest;
    const double value = number(text, &rest);
    if (value < 0) return 0;
    if (strncmp(rest, "lb", 2) == 0) return value * 0.00045359237;
    if (strncmp(rest, "kg", 2) == 0) return value / 1000;
    return strncmp(rest, "st", 2) == 0 ? value * 0.90718474 : value;
}

static uint16_t to_u16(double v)
{
    return v <= 0 ? 0 : v >= 65535 ? 65535 : (uint16_t)(v + 0.5);
}

/* ---- speeds
 * -------------------------------------------------------------------------------------------------------------------
 */

struct zone {
    const char *country, *zone;
    uint16_t kmh;
};

/* Legal limits for cars where the tag or the country says no more than the kind of place. */
static const struct zone zones[] = {
    {"CN", "motorway", 120}, {"CN", "trunk", 80},      {"CN", "rural", 70},     {"CN", "urban", 50},
    {"DE", "rural", 100},    {"DE", "urban", 50},      {"FR", "motorway", 130}, {"FR", "rural", 80},
    {"FR", "urban", 50},     {"IT", "motorway", 130},  {"IT", "rural", 90},     {"IT", "urban", 50},
    {"ES", "motorway", 120}, {"ES", "rural", 90},      {"ES", "urban", 50},     {"AD", "rural", 90},
    {"AD", "urban", 50},     {"MT", "rural", 80},      {"MT", "urban", 50},     {"MC", "urban", 50},
    {"LU", "motorway", 130}, {"LU", "rural", 90},      {"LU", "urban", 50},     {"BE", "motorway", 120},
    {"BE", "rural", 90},     {"BE", "urban", 50},      {"NL", "motorway", 100}, {"NL", "rural", 80},
    {"NL", "urban", 50},     {"CH", "motorway", 120},  {"CH", "rural", 80},     {"CH", "urban", 50},
    {"AT", "motorway", 130}, {"AT", "rural", 100},     {"AT", "urban", 50},     {"GB", "motorway", 113},
    {"GB", "nsl_dual", 113}, {"GB", "nsl_single", 97}, {"GB", "rural", 97},     {"GB", "urban", 48},
};

static uint16_t zone_kmh(const char *country, const char *zone)
{
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
        if (strncmp(zones[i].country, country, 2) == 0 && strcmp(zones[i].zone, zone) == 0) return zones[i].kmh;
    return 0;
}

/* km/h: "50", "30 mph", "walk", "CN:urban". 0: nothing said, no limit, or not understood. */
static uint16_t speed_kmh(const char *text)
{
    if (text == NULL) return 0;
    if (strcmp(text, "walk") == 0) return 6;
    if (strlen(text) > 3 && text[2] == ':') return zone_kmh(text, text + 3);
    const char *rest;
    const double value = number(text, &rest);
    if (value <= 0 || value > 300) return 0;
    if (strncmp(rest, "mph", 3) == 0) return to_u16(value * 1.609344);
    return strncmp(rest, "knots", 5) == 0 ? to_u16(value * 1.852) : to_u16(value);
}

static const char *const limit_keys[] = {"maxspeed", "maxspeed:type", "source:maxspeed", "zone:maxspeed"};

/* The signed limit along (back = 0) or against the way. */
static uint16_t signed_kmh(struct osm_tags t, unsigned back)
{
    const uint16_t own = speed_kmh(osm_get(t, back ? "maxspeed:backward" : "maxspeed:forward"));
    if (own != 0) return own;
    for (size_t i = 0; i < sizeof limit_keys / sizeof limit_keys[0]; i++) {
        const uint16_t kmh = speed_kmh(osm_get(t, limit_keys[i]));
        if (kmh != 0) return kmh;
    }
    return 0;
}

static const uint16_t class_kmh[] = {
#define X(NAME, name, kmh) kmh,
    HAUL_ROAD_CLASSES(X)
#undef X
};

static uint16_t default_limit_kmh(unsigned road_class, const char *country)
{
    switch (road_class) {
    case HAUL_ROAD_MOTORWAY:
        return zone_kmh(country, "motorway");
    case HAUL_ROAD_TRUNK:
        return zone_kmh(country, "trunk");
    case HAUL_ROAD_RESIDENTIAL:
    case HAUL_ROAD_LIVING_STREET:
        return zone_kmh(country, "urban");
    default:
        return 0;
    }
}

static const char *const unpaved[] = {"unpaved", "gravel",      "dirt",      "ground",      "earth", "grass", "sand",
                                      "mud",     "fine_gravel", "compacted", "pebblestone", "rock",  NULL};

/* What is driven: four fifths of what is signed (junctions, curves, others), or what is usual for the class. */
static void set_speeds(struct osm_tags t, const char *country, struct haul_road_kind *k)
{
    for (unsigned back = 0; back <= 1; back++) {
        const uint16_t limit = signed_kmh(t, back), legal = default_limit_kmh(k->road_class, country);
        unsigned kmh_x10 = limit != 0 ? limit * 8u : class_kmh[k->road_class] * 10u;
        if (limit == 0 && legal != 0 && kmh_x10 > legal * 10u) kmh_x10 = legal * 10u;
        if (k->flags & HAUL_FLAG_UNPAVED && kmh_x10 > 300) kmh_x10 = 300;
        if (kmh_x10 < 30) kmh_x10 = 30;
        k->limit_kmh[back] = limit != 0 ? limit : legal;
        k->speed_cmps[back] = (uint16_t)(kmh_x10 * 100 / 36);
    }
    k->hgv_limit_kmh = speed_kmh(osm_get(t, "maxspeed:hgv"));
}

/* ---- access
 * -------------------------------------------------------------------------------------------------------------------
 */

enum access { ACCESS_UNSAID, ACCESS_YES, ACCESS_ENDS, ACCESS_NO };

static enum access access_of(const char *value)
{
    static const char *const yes[] = {"yes", "permissive", "designated", "official", "permit", NULL};
    static const char *const ends[] = {"destination", "private", "delivery", "customers", "residents", NULL};
    static const char *const no[] = {"no", "agricultural", "forestry", "emergency", "psv", "bus", "military", NULL};
    if (among(value, yes)) return ACCESS_YES;
    if (among(value, ends)) return ACCESS_ENDS;
    return among(value, no) ? ACCESS_NO : ACCESS_UNSAID;
}

/* From the general to the special: the last that says something holds. */
struct user {
    uint8_t use;
    const char *keys[5];
};

static const struct user users[] = {
    {HAUL_USE_CAR, {"access", "vehicle", "motor_vehicle", "motorcar", NULL}},
    {HAUL_USE_GOODS, {"access", "vehicle", "motor_vehicle", "goods", NULL}},
    {HAUL_USE_HGV, {"access", "vehicle", "motor_vehicle", "hgv", NULL}},
    {HAUL_USE_HAZMAT, {"hazmat", NULL}},
};

static const char *directed(struct osm_tags t, const char *key, unsigned back)
{
    char full[48];
    const size_t n = strlen(key);
    const char *suffix = back ? ":backward" : ":forward";
    memcpy(full, key, n);
    memcpy(full + n, suffix, strlen(suffix) + 1);
    return osm_get(t, full);
}

static enum access access_for(struct osm_tags t, const struct user *u, unsigned back)
{
    enum access last = ACCESS_UNSAID;
    for (const char *const *key = u->keys; *key != NULL; key++) {
        const enum access both = access_of(osm_get(t, *key)), own = access_of(directed(t, *key, back));
        if (both != ACCESS_UNSAID) last = both;
        if (own != ACCESS_UNSAID) last = own;
    }
    return last;
}

static void set_access(struct osm_tags t, struct haul_road_kind *k, uint8_t usual)
{
    for (unsigned back = 0; back <= 1; back++) {
        k->access[back] = usual;
        for (size_t i = 0; i < sizeof users / sizeof users[0]; i++) {
            const enum access a = access_for(t, &users[i], back);
            if (a == ACCESS_NO) k->access[back] &= (uint8_t)~users[i].use;
            if (a == ACCESS_YES || a == ACCESS_ENDS) k->access[back] |= users[i].use;
            if (a == ACCESS_ENDS && users[i].use == HAUL_USE_CAR) k->flags |= HAUL_FLAG_DESTINATION;
            if (a == ACCESS_ENDS && users[i].use == HAUL_USE_HGV) k->flags |= HAUL_FLAG_HGV_DESTINATION;
        }
        if ((k->access[back] & (HAUL_USE_CAR | HAUL_USE_GOODS | HAUL_USE_HGV)) == 0) k->access[back] = 0;
    }
}

/* Which directions: bit 0 along, bit 1 against the way. Reversible lanes are nobody's: their direction is not known. */
static unsigned directions(struct osm_tags t, const struct haul_road_kind *k)
{
    const char *oneway = osm_get(t, "oneway:motor_vehicle");
    if (oneway == NULL) oneway = osm_get(t, "oneway");
    if (is(oneway, "yes") || is(oneway, "true") || is(oneway, "1")) return 1;
    if (is(oneway, "-1") || is(oneway, "reverse")) return 2;
    if (is(oneway, "reversible") || is(oneway, "alternating")) return 0;
    if (oneway != NULL) return 3;
    const bool implied = k->road_class == HAUL_ROAD_MOTORWAY || k->road_class == HAUL_ROAD_MOTORWAY_LINK ||
                         (k->flags & HAUL_FLAG_ROUNDABOUT) != 0;
    return implied ? 1 : 3;
}

/* ---- ways
 * ---------------------------------------------------------------------------------------------------------------------
 */

static bool class_of(struct osm_tags t, struct haul_road_kind *k)
{
    const char *highway = osm_get(t, "highway");
    if (is(osm_get(t, "route"), "ferry")) {
        k->road_class = HAUL_ROAD_FERRY;
        return highway == NULL;
    }
    if (highway == NULL || is(osm_get(t, "area"), "yes")) return false;
    for (unsigned c = 0; c < HAUL_ROAD_CLASS_COUNT; c++) {
        if (c == HAUL_ROAD_FERRY || c == HAUL_ROAD_CORRIDOR) continue;
        if (strcmp(haul_road_class_name((enum haul_road_class)c), highway) != 0) continue;
        k->road_class = (uint8_t)c;
        return true;
    }
    return false;
}

static void set_flags(struct osm_tags t, struct haul_road_kind *k)
{
    const char *junction = osm_get(t, "junction"), *tunnel = osm_get(t, "tunnel"), *bridge = osm_get(t, "bridge");
    if (is(junction, "roundabout") || is(junction, "circular")) k->flags |= HAUL_FLAG_ROUNDABOUT;
    if (tunnel != NULL && strcmp(tunnel, "no") != 0) k->flags |= HAUL_FLAG_TUNNEL;
    if (bridge != NULL && strcmp(bridge, "no") != 0) k->flags |= HAUL_FLAG_BRIDGE;
    if (is(osm_get(t, "toll"), "yes") || is(osm_get(t, "toll:hgv"), "yes")) k->flags |= HAUL_FLAG_TOLL;
    if (among(osm_get(t, "surface"), unpaved) || k->road_class == HAUL_ROAD_TRACK) k->flags |= HAUL_FLAG_UNPAVED;
}

static bool set_limits(struct osm_tags t, struct haul_road_kind *k)
{
    double height = metres(osm_get(t, "maxheight"));
    if (height <= 0) height = metres(osm_get(t, "maxheight:physical"));
    double weight = tonnes(osm_get(t, "maxweight"));
    const double rating = tonnes(osm_get(t, "maxweightrating")), hgv = tonnes(osm_get(t, "maxweight:hgv"));
    if (rating > 0 && (weight <= 0 || rating < weight)) weight = rating;
    if (weight <= 0) weight = hgv;
    k->height_cm = to_u16(height * 100);
    k->width_cm = to_u16(metres(osm_get(t, "maxwidth")) * 100);
    k->length_dm = to_u16(metres(osm_get(t, "maxlength")) * 10);
    k->weight_10kg = to_u16(weight * 100);
    k->axle_10kg = to_u16(tonnes(osm_get(t, "maxaxleload")) * 100);
    return k->height_cm || k->width_cm || k->length_dm || k->weight_10kg || k->axle_10kg ||
           osm_get(t, "hazmat") != NULL;
}

/* "HH:MM", "HH:MM:SS" or minutes, in seconds. */
static uint32_t duration_s(const char *text)
{
    if (text == NULL) return 0;
    double part[3] = {0};
    size_t n = 0;
    for (const char *at = text; n < 3; at++) {
        part[n] = number(at, &at);
        if (part[n] < 0 || part[n] > 10000) return 0;
        n++;
        if (*at != ':') break;
    }
    return (uint32_t)(n == 1 ? part[0] * 60 : part[0] * 3600 + part[1] * 60 + part[2]);
}

static bool any_conditional(struct osm_tags t)
{
    for (size_t i = 0; i < t.n; i++)
        if (strstr(t.tag[i].key, ":conditional") != NULL) return true;
    return false;
}

bool osm_road_of(struct osm_tags t, const char *country, struct osm_road *out)
{
    *out = (struct osm_road){0};
    struct haul_road_kind *k = &out->kind;
    if (!class_of(t, k)) return false;
    set_flags(t, k);
    set_access(t, k, k->road_class == HAUL_ROAD_TRACK ? HAUL_USE_CAR | HAUL_USE_GOODS : HAUL_USE_ROAD);
    const unsigned open = directions(t, k);
    for (unsigned back = 0; back <= 1; back++)
        if (!(open >> back & 1)) k->access[back] = 0;
    if ((k->access[0] | k->access[1]) == 0) return false;
    set_speeds(t, country, k);
    out->limited = set_limits(t, k);
    out->conditional = any_conditional(t);
    if (k->road_class == HAUL_ROAD_FERRY) out->duration_s = duration_s(osm_get(t, "duration"));
    return true;
}

/* ---- points
 * ---------------------------------------------------------------------------------------------------------------------
 */

struct barrier {
    const char *value;
    bool blocks; /* unless the tags say that one may pass */
    uint16_t delay_ds;
};

static const struct barrier barriers[] = {
    {"toll_booth", false, 150},
    {"gate", false, 100},
    {"lift_gate", false, 80},
    {"swing_gate", false, 100},
    {"border_control", false, 600},
    {"sally_port", false, 100},
    {"bollard", true, 50},
    {"block", true, 0},
    {"jersey_barrier", true, 0},
    {"chain", true, 100},
    {"cycle_barrier", true, 0},
    {"fence", true, 0},
    {"wall", true, 0},
    {"log", true, 0},
    {"debris", true, 0},
    {"planter", true, 0},
    {"bus_trap", true, 0},
    {"sump_buster", true, 0},
    {"motorcycle_barrier", true, 0},
    {"turnstile", true, 0},
    {"kissing_gate", true, 0},
    {"stile", true, 0},
    {"rising_bollard", true, 80},
};

/* Kinds that are not listed let everybody pass whom their tags do not keep out. */
static struct barrier barrier_of(const char *value)
{
    for (size_t i = 0; i < sizeof barriers / sizeof barriers[0]; i++)
        if (strcmp(barriers[i].value, value) == 0) return barriers[i];
    return (struct barrier){value, false, 0};
}

/* Who passes a barrier. Dangerous goods are let in with the trucks unless they are named. */
static uint8_t barrier_access(struct osm_tags t, bool blocks)
{
    uint8_t access = blocks ? HAUL_USE_HAZMAT : HAUL_USE_ROAD;
    for (size_t i = 0; i < sizeof users / sizeof users[0]; i++) {
        const enum access a = access_for(t, &users[i], 0);
        if (a == ACCESS_NO) access &= (uint8_t)~users[i].use;
        if (a == ACCESS_YES || a == ACCESS_ENDS) access |= users[i].use;
    }
    return access;
}

bool osm_point_of(struct osm_tags t, struct osm_point *out)
{
    *out = (struct osm_point){0};
    const char *highway = osm_get(t, "highway"), *barrier = osm_get(t, "barrier");
    if (is(highway, "traffic_signals") || is(highway, "stop")) out->delay_ds = 20;
    if (barrier == NULL) return out->delay_ds > 0;
    const struct barrier b = barrier_of(barrier);
    const uint8_t access = barrier_access(t, b.blocks);
    out->blocked = (access & (HAUL_USE_CAR | HAUL_USE_GOODS | HAUL_USE_HGV)) == 0;
    out->gated = (set_limits(t, &out->limits) || access != HAUL_USE_ROAD) && !out->blocked;
    out->limits.access[0] = access | HAUL_USE_UAV;
    if (b.delay_ds > 0) out->delay_ds = b.delay_ds;
    return out->blocked || out->gated || out->delay_ds > 0;
}

/* ---- turns
 * ------------------------------------------------------------------------------------------------------------------------
 */

static enum osm_turn turn_of(const char *value)
{
    if (value == NULL) return OSM_TURN_NONE;
    if (strncmp(value, "no_", 3) == 0) return OSM_TURN_NO;
    return strncmp(value, "only_", 5) == 0 ? OSM_TURN_ONLY : OSM_TURN_NONE;
}

/* "psv;hgv" -> for whom it does not hold. */
static uint8_t excepted(const char *list)
{
    static const struct {
        const char *word;
        uint8_t use;
    } words[] = {{"motorcar", HAUL_USE_CAR},
                 {"goods", HAUL_USE_GOODS},
                 {"hgv", HAUL_USE_HGV | HAUL_USE_HAZMAT},
                 {"hazmat", HAUL_USE_HAZMAT},
                 {"motor_vehicle", HAUL_USE_ROAD}};
    uint8_t mask = 0;
    for (size_t i = 0; list != NULL && i < sizeof words / sizeof words[0]; i++) {
        const size_t n = strlen(words[i].word);
        for (const char *at = list; (at = strstr(at, words[i].word)) != NULL; at += n) {
            const bool begins = at == list || at[-1] == ';' || at[-1] == ' ' || at[-1] == ',';
            if (begins && (at[n] == 0 || at[n] == ';' || at[n] == ' ' || at[n] == ',')) mask |= words[i].use;
        }
    }
    return mask;
}

enum osm_turn osm_turn_of(struct osm_tags t, uint8_t *mask)
{
    static const struct {
        const char *key;
        uint8_t mask;
    } keys[] = {{"restriction", HAUL_USE_ROAD},
                {"restriction:motorcar", HAUL_USE_CAR},
                {"restriction:goods", HAUL_USE_GOODS},
                {"restriction:hgv", HAUL_USE_HGV},
                {"restriction:hazmat", HAUL_USE_HAZMAT}};
    const char *type = osm_get(t, "type");
    if (type == NULL || strncmp(type, "restriction", 11) != 0) return OSM_TURN_NONE;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const enum osm_turn turn = turn_of(osm_get(t, keys[i].key));
        if (turn == OSM_TURN_NONE) continue;
        *mask = keys[i].mask & (uint8_t)~excepted(osm_get(t, "except"));
        return *mask != 0 ? turn : OSM_TURN_NONE;
    }
    return any_conditional(t) ? OSM_TURN_CONDITIONAL : OSM_TURN_NONE;
}
