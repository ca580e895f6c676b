/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HAUL_ENGINE_CONTENTS_H
#define HAUL_ENGINE_CONTENTS_H

#include "haul/worker.h"
#include "processors/engine/task.h"

/* The options of a hash for a processor, or NULL. Any thread; what it returns stays valid while the contents are open.
 */
const struct task_options *contents_find(void *contents, const struct haul_processor *p, const char *hash);
/* haul_contents_condemned, for a task. */
const struct haul_condemned *contents_condemned(void *contents, struct haul_task_name task, int64_t offset,
                                                uint32_t index);
bool contents_condemned_timer(void *contents, struct haul_task_name task, int64_t offset, uint64_t step);
/* What a processor's tasks begin with; NULL when never said. */
const struct task_options *contents_first(struct haul_contents *c, const struct haul_processor *p);

/* Other content, by what it is and its hash, or NULL. */
const void *contents_blob(void *contents, const char *what, const char *hash);
/* What a processor's tasks begin with as its i-th content; "" when never said. */
void contents_first_blob(struct haul_contents *c, const struct haul_processor *p, unsigned i, char hash[33]);

#endif
