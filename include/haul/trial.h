/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * One task of one processor, run in memory: no broker, no store. For the tests of domains, `haul detect`-like tools,
 * explanations. The same task code as in production; what it would write and send is kept to be looked at. Not
 * thread-safe.
 */
#ifndef HAUL_TRIAL_H
#define HAUL_TRIAL_H

#include "haul/processor.h"
#include "haul/source.h"

struct haul_trial;

/* `yaml`: options of the processor's section ("speeding: {raise: 80km/h}"), or "". Errors as haul_config_read_text. */
struct haul_trial *haul_trial_open(const struct haul_processor *p, const char *yaml, struct haul_error *e);
void haul_trial_close(struct haul_trial *t);

/* From now on it keeps so many entities at most (engine.entities_max). */
void haul_trial_entities_max(struct haul_trial *t, uint32_t n);

/* Feeds one record as a message of its own, append time as given; fires the timers that become due. What became of it:
 */
enum haul_verdict haul_trial_feed(struct haul_trial *t, const struct haul_record *r, struct haul_time append);
/* The same with a message of any bytes, from `sender` (NULL: from outside): bridges, what is no record, what is sent
 * again. */
void haul_trial_message(struct haul_trial *t, struct haul_str key, struct haul_str value, struct haul_time append,
                        const struct haul_sender *sender);
/* Dead letters so far, and the i-th: its bytes, and its reason and sentence as "reason: text". */
size_t haul_trial_letters(const struct haul_trial *t);
const char *haul_trial_letter(const struct haul_trial *t, size_t i, struct haul_str *bytes);
/* The content of the key file for those opened from now on: a static's; for tests of pseudonyms. */
void haul_trial_driver_key(struct haul_str key);
/* Time passes to `append` without a record; timers that become due fire. */
void haul_trial_tick(struct haul_trial *t, struct haul_time append);

/* From the next record on, this content (struct haul_content) is in force: a control record comes in at `append`. */
enum haul_err haul_trial_content(struct haul_trial *t, const char *what, struct haul_str bytes, struct haul_time append,
                                 struct haul_error *e);

/* The document now under "vehicle:A1", as JSON text, or NULL. Valid until the next feed or tick. */
const char *haul_trial_document(const struct haul_trial *t, const char *key);
/* Members of a sorted set in order, comma-separated; "" when empty. Valid until the next feed or tick. */
const char *haul_trial_zset(struct haul_trial *t, const char *key);
/* Entries ever added to a stream, and the JSON of the i-th. */
size_t haul_trial_stream_len(const struct haul_trial *t, const char *key);
const char *haul_trial_stream(const struct haul_trial *t, const char *key, size_t i);
/* Records emitted so far (alerts included, to the desk), and the i-th decoded with its mailbox. */
size_t haul_trial_emitted(const struct haul_trial *t);
const struct haul_record *haul_trial_emission(struct haul_trial *t, size_t i, enum haul_mailbox *to);
/* A counter of the processor; records dropped and refused. */
uint64_t haul_trial_counter(const struct haul_trial *t, const char *name);
/* The refusal of the last record that was refused, as "field: text". */
const char *haul_trial_refusal(const struct haul_trial *t);
/* The canonical dump of every entity, in order of kind and id. Valid until the next call. */
const char *haul_trial_dump(struct haul_trial *t);

#endif
