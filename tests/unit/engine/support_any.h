/* SPDX-License-Identifier: Apache-2.0
 * Records made of random valid values, at their bounds as often as between them.
 */
#ifndef SUPPORT_ANY_H
#define SUPPORT_ANY_H

#include "haul/record.h"
#include "haul/rng.h"

/* Fills *r with a kind, everything required and a random choice of the rest (all of it when `full`). Texts and reals
 * point to static storage, valid until the next call. */
void any_record(struct haul_rng *rng, unsigned kind, bool full, struct haul_record *r);

#endif
