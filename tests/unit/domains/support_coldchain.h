/* SPDX-License-Identifier: Apache-2.0
 * Layer: test
 * A refrigerated load unit that sends what its script says; what it sends to its shipments is brought to them.
 */
#ifndef HAUL_TESTS_SUPPORT_COLDCHAIN_H
#define HAUL_TESTS_SUPPORT_COLDCHAIN_H

#include "tests/unit/domains/support_domains.h"

/* Fields that are NAN, negative or NULL are not sent. */
struct reefer {
    struct haul_trial *t;
    const char *id, *source, *class;
    int64_t ms, lag;
    double temp, set, air_return, supply, current, humidity, shock, light, battery, refresh;
    int zone, probe, door, power, store, defrost;
    size_t *relayed; /* emissions that have been looked at */
};

struct reefer reefer_of(struct haul_trial *t, const char *id, size_t *relayed);
/* Sends a sample of its probe now. */
enum haul_verdict reefer_send(const struct reefer *r);
/* So many minutes at its temperature, a sample each `every` seconds, the first after the first interval. */
void reefer_run(struct reefer *r, double minutes, double every);
enum haul_verdict reefer_event(const struct reefer *r, const char *what, const char *shipment, const char *class);
/* A reading of the receiver of a shipment. */
enum haul_verdict reefer_handover(const struct reefer *r, const char *shipment, double temp_c, const char *by);
/* Exposures that were sent and not yet brought come to their shipments. */
void reefer_relay(const struct reefer *r);
/* Time passes until everything up to now is behind the watermark; exposures come. */
void reefer_pass(const struct reefer *r, int64_t ms);

#endif
