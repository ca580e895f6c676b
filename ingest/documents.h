/* SPDX-License-Identifier: Apache-2.0
 * What the bridges from JSON share: a document that is taken apart, and what of it cannot be used: one dead letter,
 * with the first reason.
 */
#ifndef HAUL_INGEST_DOCUMENTS_H
#define HAUL_INGEST_DOCUMENTS_H

#include "haul/processor.h"

#include <jansson.h>

struct document {
    struct haul_task *task;
    struct haul_str part;
    json_t *root;
    unsigned number; /* of the record, or event, that is being taken; 0: the document itself */
    unsigned refused;
    uint32_t before;
    struct haul_refusal first;
};

/* False: it is no JSON, and refused as that. */
bool document_open(struct document *d, struct haul_task *t, struct haul_str part);
/* Something of it cannot be used. The sentence is put behind "what N: ", where `number` is not 0. */
void document_note(struct document *d, const char *what, enum haul_reason reason, const char *field, const char *format,
                   ...) __attribute__((format(printf, 5, 6)));
/* Nothing of it was sent on or ignored yet. */
bool document_untouched(const struct document *d);
/* The dead letter, when something was noted. Nothing noted and untouched: ignored for the counter. */
void document_close(struct document *d, unsigned counter);

/* ---- members of an object ---- */
/* "" when it is not there, or no text. */
struct haul_str member_text(const json_t *o, const char *name);
/* A number, or false. */
bool member_number(const json_t *o, const char *name, double *out);
/* The part of a text behind the last ':', '/' or '#', and behind `word` and '-' where it begins with them. */
struct haul_str last_word(struct haul_str text, const char *word);

#endif
