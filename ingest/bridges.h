/* SPDX-License-Identifier: Apache-2.0
 * What the bridges share.
 */
#ifndef HAUL_INGEST_BRIDGES_H
#define HAUL_INGEST_BRIDGES_H

/* Choices of an option `crs`: their indices are the numbers of the field `crs` in a record. A position in a site's own
 * system has no longitude, so `local` is not among them. NULL-terminated. */
extern const char *const bridge_crs_names[];

#endif
