/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * Rows of a table as records: which column is which field, in which unit, in which time zone.
 *
 *     --kind vehicle_position
 *     --map id=vehicle_id,time=timestamp,lat=latitude,lon=longitude,speed_kmh=speed[m/s],heading_deg="dir, true"
 *     --set group=bus,source=gtfs
 *     --zone Asia/Shanghai
 *
 * A field is an envelope's (id, time, lon, lat, source, crs) or the kind's. A unit in brackets is what the column has,
 * where the field has another; a number before it scales: lat=lat[1e-6deg], time=ts[s]. An empty cell is as if the
 * field were missing. Times without a zone of their own are of the given one (UTC when none is given); a plain number
 * of 10 digits is seconds, of 13 milliseconds.
 */
#ifndef HAUL_MAPPING_H
#define HAUL_MAPPING_H

#include "haul/csv.h"
#include "haul/record.h"

struct haul_mapping_spec {
    struct haul_str kind; /* number or name */
    struct haul_str map;  /* "field=column[unit],…"; empty: every column that has a field's name is that field's */
    struct haul_str set;  /* "field=value,…": the same in every record; may be empty */
    struct haul_str zone; /* "", "UTC", "Z", "+08:00", "-0330", "Asia/Shanghai" (needs tzdata) */
};

struct haul_mapping;
/* Reads a specification against the table's first row. UNKNOWN: no such kind, field, unit or zone; NOT_FOUND: no such
 * column; DUPLICATE; INVALID: a form that is not understood, a value that the field does not take, or a required field
 * that has no column and no value. Free with haul_mapping_close. */
enum haul_err haul_mapping_open(const struct haul_mapping_spec *spec, const struct haul_csv_row *header,
                                struct haul_mapping **out, struct haul_error *e);
void haul_mapping_close(struct haul_mapping *m);
/* One row as a record that haul_record_check has passed. Texts point into the row, the mapping and scratch. Errors say
 * "line 3, column 51 (latitude): lat: 91 is out of range; …". One thread a mapping. */
enum haul_err haul_mapping_record(const struct haul_mapping *m, const struct haul_csv_row *row, struct haul_record *out,
                                  struct haul_arena *scratch, struct haul_error *e);

#endif
