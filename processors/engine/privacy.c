/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/engine/privacy.h"

#include "haul/sha256.h"

#include <stdio.h>
#include <stdlib.h>

#define PSEUDONYM_BYTES 16 /* of the hash: enough that no two drivers of a country meet */
#define PLATE_KEPT      2  /* characters at the end */

void privacy_settings(const struct haul_engine_options *o, struct haul_str key, struct privacy *out)
{
    *out = (struct privacy){.drivers = (uint8_t)o->ingest_drivers, .plates = (uint8_t)o->ingest_plates};
    snprintf(out->epoch, sizeof out->epoch, "%s", o->ingest_driver_key_epoch);
    out->keyed = key.n > 0;
    if (out->keyed) haul_hmac_sha256(key, haul_str_of(out->epoch), out->key);
}

static uint8_t field_of(unsigned kind, struct haul_str name)
{
    const struct haul_field_row *row = haul_field_find(kind, name);
    return row == NULL || row->type != HAUL_TEXT ? 0 : (uint8_t)(row->number - HAUL_FIELD_BASE + 1);
}

struct privacy_fields *privacy_plan(void)
{
    struct privacy_fields *plan = calloc(HAUL_KIND_MAX, sizeof *plan);
    assert(plan != NULL);
    for (unsigned kind = 1; kind < HAUL_KIND_MAX; kind++)
        if (haul_kind_row(kind) != NULL)
            plan[kind] = (struct privacy_fields){field_of(kind, HAUL_STR("driver")), field_of(kind, HAUL_STR("plate"))};
    return plan;
}

static void hex_of(const uint8_t *bytes, char out[33])
{
    for (unsigned i = 0; i < PSEUDONYM_BYTES; i++) snprintf(out + 2 * (size_t)i, 3, "%02x", bytes[i]);
}

void privacy_pseudonym(const struct privacy *p, struct haul_str text, char out[33])
{
    uint8_t hash[HAUL_SHA256_BYTES];
    const struct haul_str key = {(const char *)p->key, p->keyed ? sizeof p->key : 0};
    haul_hmac_sha256(key, text, hash);
    hex_of(hash, out);
}

static void leave_out(struct haul_record *r, unsigned field)
{
    r->present &= ~(1ull << field);
    r->v[field].s = (struct haul_str){"", 0};
}

static bool hide_driver(const struct privacy *p, struct haul_record *r, unsigned field, struct haul_arena *scratch,
                        uint64_t *hidden)
{
    const struct haul_str id = r->v[field].s;
    if (p->drivers == HAUL_DRIVERS_KEEP || id.n == 0) return false;
    char hash[33], *text = haul_arena_take(scratch, sizeof p->epoch + sizeof hash);
    if (p->drivers == HAUL_DRIVERS_DROP || !p->keyed || text == NULL) {
        *hidden += p->drivers != HAUL_DRIVERS_DROP;
        leave_out(r, field);
        return true;
    }
    privacy_pseudonym(p, id, hash);
    const int n = snprintf(text, sizeof p->epoch + sizeof hash, "%s:%s", p->epoch, hash);
    r->v[field].s = (struct haul_str){text, (size_t)n};
    return true;
}

/* Bytes of the first, or of the last n, characters of a text that is UTF-8. */
static size_t first_character(struct haul_str s)
{
    size_t n = 1;
    while (n < s.n && ((uint8_t)s.p[n] & 0xc0) == 0x80) n++;
    return n;
}

static size_t last_characters(struct haul_str s, unsigned n)
{
    size_t at = s.n;
    for (; n > 0 && at > 0; n--) {
        at--;
        while (at > 0 && ((uint8_t)s.p[at] & 0xc0) == 0x80) at--;
    }
    return s.n - at;
}

/* 赣A12345 becomes 赣***45; what is too short for that becomes ***. Masking again changes nothing. */
static bool hide_plate(const struct privacy *p, struct haul_record *r, unsigned field, struct haul_arena *scratch)
{
    static const struct haul_str stars = {"***", 3};
    const struct haul_str plate = r->v[field].s;
    if (p->plates == HAUL_PLATES_KEEP || plate.n == 0) return false;
    const size_t head = first_character(plate), tail = last_characters(plate, PLATE_KEPT);
    char *text = haul_arena_take(scratch, plate.n + stars.n);
    if (text == NULL || head + tail + PLATE_KEPT > plate.n) {
        r->v[field].s = stars;
        return true;
    }
    memcpy(text, plate.p, head);
    memcpy(text + head, stars.p, stars.n);
    memcpy(text + head + stars.n, plate.p + plate.n - tail, tail);
    r->v[field].s = (struct haul_str){text, head + stars.n + tail};
    return true;
}

bool privacy_apply(const struct privacy *p, const struct privacy_fields *f, struct haul_record *r,
                   struct haul_arena *scratch, uint64_t *hidden)
{
    bool changed = false;
    if (f->driver > 0 && haul_has(r, (enum haul_field)(f->driver - 1)))
        changed |= hide_driver(p, r, f->driver - 1u, scratch, hidden);
    if (f->plate > 0 && haul_has(r, (enum haul_field)(f->plate - 1)))
        changed |= hide_plate(p, r, f->plate - 1u, scratch);
    return changed;
}
