/* SPDX-License-Identifier: Apache-2.0
 * What a reader of Redis would see, kept by the oracle: documents, sorted sets, streams.
 */
#ifndef ORACLE_VIEW_H
#define ORACLE_VIEW_H

#include "haul/ops.h"

struct view;
struct view *view_new(void);
void view_free(struct view *v);
void view_apply(struct view *v, const struct haul_op_view *op);
/* In the form of `haul dump --view`: a line a key, in byte order, live streams left out. */
void view_print(struct view *v, struct haul_buf *out);

#endif
