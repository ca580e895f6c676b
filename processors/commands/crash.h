/* SPDX-License-Identifier: Apache-2.0
 * What becomes of a record that kills the process: the handler of a deadly signal writes where the thread was to
 * <engine.crash_dir>/crashes; a start reads them, and after three deaths at one step the record is condemned.
 *
 *     crash: one line "process fleet 7 1234 0 5678 11": where in the step, mailbox, partition, offset, index, step,
 * signal start: lines counted ─ three at one step, and the task is still before it ─► verdict in haul.blobs,
 * acknowledged ─► it takes effect here; other processes read it, and replays read all verdicts before they begin
 */
#ifndef HAUL_COMMANDS_CRASH_H
#define HAUL_COMMANDS_CRASH_H

#include "processors/commands/runtime.h"

/* Opens the file and takes the signals; nothing when the folder is "". False: the reason is on stderr. */
bool crash_watch(const char *dir);
/* Gives the calling thread a stack of its own for the handler: what overflows the stack is seen as well. */
void crash_thread(void);
/* Condemns what has killed three times. False, with the reason in *e: to be tried again, nothing may run before. */
bool crash_judge(struct runtime *r, struct haul_error *e);
/* A verdict from haul.blobs. */
void crash_verdict(struct runtime *r, const char *owner, const char *hash, struct haul_str content);

#endif
