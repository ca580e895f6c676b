/* SPDX-License-Identifier: Apache-2.0
 * Records as msgpack, by msgpack-c: numbers as keys, in order of number, the shortest form of each integer and 64-bit
 * floats, so that one record has one form.
 */
#include "processors/engine/record_tables.h"

#include <msgpack.h>

void haul_record_init(struct haul_record *r, enum haul_kind kind, struct haul_str id, struct haul_time time)
{
    const struct plan *const plan = haul_plan(kind);
    assert(plan != NULL);
    r->kind = (uint16_t)kind;
    r->version = HAUL_SCHEMA;
    r->crs = 0;
    r->positioned = false;
    r->id = id;
    r->source = r->raw = (struct haul_str){"", 0};
    r->time = time;
    r->lon_deg = r->lat_deg = 0;
    r->present = 0;
    r->unknown = 0;
    memcpy(r->v, plan->fallbacks, plan->fallbacks_len * sizeof r->v[0]);
}

static int append(void *data, const char *bytes, size_t n)
{
    struct haul_buf *const out = data;
    haul_buf_put(out, bytes, n);
    return out->overflow ? -1 : 0;
}

/* What msgpack-c returns is append's, and that stands in the buffer's `overflow` for the caller. */
static void pack_text(msgpack_packer *pk, struct haul_str s)
{
    (void)msgpack_pack_str(pk, s.n);
    (void)msgpack_pack_str_body(pk, s.p, s.n);
}

static void pack_reals(msgpack_packer *pk, const union haul_value *v)
{
    (void)msgpack_pack_array(pk, v->reals.n);
    for (size_t i = 0; i < v->reals.n; i++) (void)msgpack_pack_double(pk, v->reals.p[i]);
}

static void pack_value(msgpack_packer *pk, enum haul_type type, const union haul_value *v)
{
    switch (type) {
    case HAUL_BOOL:
        (void)(v->i ? msgpack_pack_true(pk) : msgpack_pack_false(pk));
        return;
    case HAUL_INT:
        (void)msgpack_pack_int64(pk, v->i);
        return;
    case HAUL_REAL:
        (void)msgpack_pack_double(pk, v->f);
        return;
    case HAUL_TEXT:
        pack_text(pk, v->s);
        return;
    case HAUL_BYTES:
        (void)msgpack_pack_bin(pk, v->s.n);
        (void)msgpack_pack_bin_body(pk, v->s.p, v->s.n);
        return;
    case HAUL_REALS:
        pack_reals(pk, v);
        return;
    }
    assert(false);
}

static void pack_envelope(msgpack_packer *pk, const struct haul_record *r)
{
    (void)msgpack_pack_int(pk, ENV_VERSION);
    (void)msgpack_pack_int(pk, r->version);
    (void)msgpack_pack_int(pk, ENV_KIND);
    (void)msgpack_pack_int(pk, r->kind);
    (void)msgpack_pack_int(pk, ENV_ID);
    pack_text(pk, r->id);
    (void)msgpack_pack_int(pk, ENV_TIME);
    (void)msgpack_pack_int64(pk, r->time.ms);
    if (r->source.n > 0) {
        (void)msgpack_pack_int(pk, ENV_SOURCE);
        pack_text(pk, r->source);
    }
    if (r->positioned) {
        (void)msgpack_pack_int(pk, ENV_LON);
        (void)msgpack_pack_double(pk, r->lon_deg);
        (void)msgpack_pack_int(pk, ENV_LAT);
        (void)msgpack_pack_double(pk, r->lat_deg);
    }
    if (r->crs != 0) {
        (void)msgpack_pack_int(pk, ENV_CRS);
        (void)msgpack_pack_int(pk, r->crs);
    }
}

void haul_record_pack(const struct haul_record *r, struct haul_buf *out)
{
    const struct plan *const plan = haul_plan(r->kind);
    assert(plan != NULL && r->id.n >= 1 && r->id.n <= HAUL_ID_MAX);
    assert((r->present & ~plan->known) == 0);
    const int fields = __builtin_popcountll(r->present);
    const int envelope = 4 + (r->source.n > 0) + (r->positioned ? 2 : 0) + (r->crs != 0);
    msgpack_packer pk;
    msgpack_packer_init(&pk, out, append);
    (void)msgpack_pack_map(&pk, (size_t)(envelope + fields));
    pack_envelope(&pk, r);
    for (uint64_t left = r->present; left != 0; left &= left - 1) {
        const unsigned f = (unsigned)__builtin_ctzll(left);
        (void)msgpack_pack_int(&pk, (int)f + HAUL_FIELD_BASE);
        pack_value(&pk, (enum haul_type)plan->slots[f].type, r->v + f);
    }
}

void haul_message_pack_header(uint32_t n, struct haul_buf *out)
{
    assert(n >= 1 && n <= HAUL_MESSAGE_MAX);
    msgpack_packer pk;
    msgpack_packer_init(&pk, out, append);
    (void)msgpack_pack_array(&pk, n);
}
