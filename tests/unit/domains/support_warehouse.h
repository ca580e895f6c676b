/* SPDX-License-Identifier: Apache-2.0
 * Layer: test
 * A hub that sends what its script says, in the form of JSON.
 */
#ifndef HAUL_TESTS_SUPPORT_WAREHOUSE_H
#define HAUL_TESTS_SUPPORT_WAREHOUSE_H

#include "tests/unit/domains/support_domains.h"

struct hub {
    struct haul_trial *t;
    const char *id;
    int64_t ms;
    size_t relayed; /* emissions that have been looked at */
};

struct hub hub_of(struct haul_trial *t, const char *id);
/* Sends a record of the hub now: its kind, and its further fields as the inside of a JSON object. What the hub says to
 * its own mailbox comes in at once. */
enum haul_verdict hub_send(struct hub *h, const char *kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* So many seconds later. */
void hub_wait(struct hub *h, double seconds);
/* Time passes until everything up to now is behind the watermark. */
void hub_pass(struct hub *h);
/* An item is read: "" for what is not said. */
enum haul_verdict hub_scan(struct hub *h, const char *item, const char *at, const char *step, const char *to);
/* Inside of the hub's pages, and of its own figures: items that are there. */
int hub_items_in_pages(struct haul_trial *t);

#endif
