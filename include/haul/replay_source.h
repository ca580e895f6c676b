/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * A recording as a source, for runs that must come out the same: every partition of the mailboxes in it is assigned,
 * messages come in the order of the recording (across partitions too), END when a partition has no more, DONE when all
 * are at their end. No clock, no broker; append times are the recorded ones.
 *
 * Nothing is read before every partition that was reported was started (or stopped): the order does not depend on how
 * fast the worker claims. A start before what was read already reads the file again. A paused partition holds all back,
 * for the same reason.
 */
#ifndef HAUL_REPLAY_SOURCE_H
#define HAUL_REPLAY_SOURCE_H

#include "haul/recording.h"
#include "haul/source.h"

/* Reads the whole file once, for its bounds. Topics are mailboxes when their name ends with "haul.<mailbox>"; others
 * are passed over. `mailboxes`: those wanted, NULL for all. A torn recording is replayed up to its last whole frame.
 * Errors as haul_recording_open's and next's. NOT_FOUND: no message of the mailboxes is in it. */
enum haul_err haul_replay_source_open(const char *path, const uint16_t *mailboxes, size_t mailboxes_len,
                                      struct haul_source **out, struct haul_error *e);

/* Before the first poll: only every n-th partition of those recorded, from the number-th on, so that n workers share a
 * recording. */
void haul_replay_source_share(struct haul_source *s, unsigned number, unsigned n);

#endif
