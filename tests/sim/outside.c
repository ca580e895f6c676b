/* SPDX-License-Identifier: Apache-2.0
 * What comes from outside: readings, good, bad and misplaced; new options whose content comes late; repaints.
 */
#include "haul/hash.h"
#include "tests/sim/sim.h"

#include <stdio.h>

#define THINGS 24

/* ---- options ---- */
/* Version 0 is what the tasks begin with. Contents differ in all that the engine's answers depend on. */
static void write_content(struct sim *s, struct sim_content *c, unsigned number)
{
    static const int64_t lateness[] = {2000, 1000, 4000}, interval[] = {1000, 300, 2000}, stall[] = {60000, 5000, 8000};
    struct oracle_options *o = &c->options;
    o->lateness_ms = lateness[world_below(&s->w, 3)];
    o->view_interval_ms = interval[world_below(&s->w, 3)];
    o->clock_stall_ms = stall[world_below(&s->w, 3)];
    o->entities_max = world_chance(&s->w, 3) ? 10 + (uint32_t)world_below(&s->w, 6) : 1000;
    o->future_max_ms = 15 * 60000;
    o->past_max_ms = 30ll * 86400000;
    c->text_n = (size_t)snprintf(c->text, sizeof c->text,
                                 "# %u\nengine:\n  lateness: %llds\n  view: {interval: %lldms}\n  entities_max: %u\n"
                                 "  clock: {stall: %llds}\n",
                                 number, (long long)o->lateness_ms / 1000, (long long)o->view_interval_ms,
                                 o->entities_max, (long long)o->clock_stall_ms / 1000);
    haul_hash128_text(haul_xxh3_128(c->text, c->text_n), o->hash);
}

static void add_content(struct sim *s, struct sim_content *c, unsigned k)
{
    char hash[33];
    struct haul_error e = {0};
    if (c->there[k]) return;
    const enum haul_err err =
        haul_contents_add(s->contents, sim_actors[k], (struct haul_str){c->text, c->text_n}, hash, &e);
    assert(err == HAUL_OK && strcmp(hash, c->options.hash) == 0);
    c->there[k] = true;
}

void outside_contents(struct sim *s)
{
    s->contents = haul_contents_open();
    for (unsigned i = 0; i < SIM_CONTENTS; i++) write_content(s, &s->content[i], i);
    for (unsigned k = 0; k < SIM_ACTORS; k++) {
        add_content(s, &s->content[0], k);
        haul_contents_begin_with(s->contents, sim_actors[k], s->content[0].options.hash);
    }
}

const struct oracle_options *outside_options(const struct sim *s, struct haul_str hash)
{
    for (unsigned i = 0; i < SIM_CONTENTS; i++)
        if (haul_str_eq(hash, haul_str_of(s->content[i].options.hash))) return &s->content[i].options;
    return NULL;
}

static void append_control(struct sim *s, unsigned k, unsigned p, const struct haul_record *r)
{
    struct haul_buf b;
    haul_buf_init(&b, 256, 65536);
    haul_record_pack(r, &b);
    world_append(&s->w, sim_actors[k]->mailbox, p, (struct haul_str){"", 0}, (struct haul_str){(const char *)b.p, b.n},
                 NULL);
    haul_buf_free(&b);
}

/* The record may stand in the log before its content can be had. */
void outside_announce(struct sim *s)
{
    const unsigned k = (unsigned)world_below(&s->w, SIM_ACTORS);
    struct haul_record r;
    if (world_chance(&s->w, 3)) {
        haul_record_init(&r, HAUL_KIND_REPAINT, HAUL_STR("repaint"), (struct haul_time){sim_ms(s)});
    } else {
        struct sim_content *c = &s->content[world_below(&s->w, SIM_CONTENTS)];
        haul_record_init(&r, HAUL_KIND_OPTIONS, HAUL_STR("options"), (struct haul_time){sim_ms(s)});
        haul_set_i(&r, HAUL_F_OPTIONS_VERSION, ++s->version[k]);
        haul_set_s(&r, HAUL_F_OPTIONS_HASH, haul_str_of(c->options.hash));
        haul_set_s(&r, HAUL_F_OPTIONS_WHAT, HAUL_STR("options"));
        if (c->comes_ms == 0) c->comes_ms = sim_ms(s) + (int64_t)world_below(&s->w, 3000);
    }
    for (unsigned p = 0; p < s->w.partitions[sim_actors[k]->mailbox]; p++) append_control(s, k, p, &r);
}

void outside_blobs(struct sim *s, bool all)
{
    for (unsigned i = 0; i < SIM_CONTENTS; i++)
        for (unsigned k = 0; k < SIM_ACTORS; k++)
            if (s->content[i].comes_ms != 0 && (all || s->content[i].comes_ms <= sim_ms(s)))
                add_content(s, &s->content[i], k);
}

/* ---- readings ---- */
static double value_of(uint64_t dice, struct world *w)
{
    if (dice < 8) return 91 + (double)world_below(w, 9);
    if (dice < 11) return 0;
    if (dice < 13) return 666;
    return (double)(1 + world_below(w, 78000)) / 1000;
}

static void reading(struct sim *s, struct haul_buf *out, char id[16], size_t *id_n)
{
    const uint64_t dice = world_below(&s->w, 100);
    const double value = value_of(dice, &s->w);
    *id_n = (size_t)snprintf(id, 16, "t%llu", (unsigned long long)world_below(&s->w, THINGS));
    struct haul_record r;
    int64_t time = sim_ms(s) - (int64_t)world_below(&s->w, 400);
    if (dice >= 13 && dice < 16) time = sim_ms(s) - 5000 - (int64_t)world_below(&s->w, 4000);
    if (dice == 16) time = sim_ms(s) + 5ll * 3600 * 1000;
    haul_record_init(&r, HAUL_KIND_TEMPLATE_READING, (struct haul_str){id, *id_n}, (struct haul_time){time});
    haul_set_f(&r, HAUL_F_TR_VALUE, value);
    const size_t at = out->n;
    haul_record_pack(&r, out);
    const bool broken = dice == 17;
    if (broken) out->p[at] = 0xc1; /* never a msgpack byte */
    if (value == 666 || broken || dice == 16)
        s->bad++;
    else if (value == 0)
        s->zero++;
    else
        s->good++, s->milli += (uint64_t)(value * 1000 + 0.5);
}

/* An array of records, whatever their ids: those that are misplaced are forwarded. The extent of a broken record is not
 * known, so it is the last. */
static void pack_more(struct sim *s, struct haul_buf *b)
{
    struct haul_buf all;
    char id[16];
    size_t n;
    uint32_t count = 1;
    haul_buf_init(&all, 1024, 65536);
    for (uint64_t more = 1 + world_below(&s->w, 5); more > 0; more--) {
        const size_t at = b->n;
        reading(s, b, id, &n);
        count++;
        if (b->p[at] == 0xc1) break;
    }
    haul_message_pack_header(count, &all);
    haul_buf_put(&all, b->p, b->n);
    haul_buf_free(b);
    *b = all;
}

void outside_produce(struct sim *s)
{
    const uint32_t partitions = s->w.partitions[SIM_TRAFFIC];
    struct haul_buf b;
    char id[16];
    size_t n;
    haul_buf_init(&b, 1024, 65536);
    reading(s, &b, id, &n);
    uint32_t partition = haul_partition_of(haul_murmur2(id, n), partitions);
    if (world_chance(&s->w, 12)) partition = (uint32_t)world_below(&s->w, partitions);
    if (world_chance(&s->w, 4) && b.p[0] != 0xc1) pack_more(s, &b);
    world_append(&s->w, SIM_TRAFFIC, partition, (struct haul_str){id, n}, (struct haul_str){(const char *)b.p, b.n},
                 NULL);
    s->messages++;
    haul_buf_free(&b);
}
