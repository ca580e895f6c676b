/* SPDX-License-Identifier: Apache-2.0
 * Layer: geo
 * What road networks are imported from. Each fills a builder; haul_builder_finish makes the network.
 */
#ifndef HAUL_IMPORT_H
#define HAUL_IMPORT_H

#include "haul/roads_build.h"

struct haul_import_options {
    char country[3]; /* ISO 3166 code in capitals: legal limits where none is signed; "" for none */
    haul_progress *progress;
    void *user;
};

struct haul_import_report {
    uint64_t nodes, ways, relations;    /* read */
    uint64_t highways;                  /* ways that may be driven */
    uint64_t missing_nodes;             /* named by a way, not in the file (beyond its border) */
    uint64_t limits;                    /* ways with a limit of height, weight, axle, width, length or hazmat */
    uint64_t gates;                     /* barriers that some vehicles pass and others do not */
    uint64_t restrictions, conditional; /* turn restrictions taken; those that hold at some hours only, left out */
    uint64_t conditional_tags;          /* ways with conditional access or speed, taken as if unconditional */
    uint64_t broken;                    /* objects that make no sense, left out */
};

/* OpenStreetMap, .osm or .osm.pbf. HAUL_E_NOT_FOUND, HAUL_E_CORRUPT, HAUL_E_NOMEM. The file is read twice. */
enum haul_err haul_import_osm(const char *path, const struct haul_import_options *options, struct haul_builder *b,
                              struct haul_import_report *report, struct haul_error *e);

/* A GeoJSON FeatureCollection of LineString and MultiLineString in WGS-84; lines that share a coordinate meet there.
 * Properties: class (a class of haul/roads.h), speed_kmh, limit_kmh, oneway (true), name, ref, max_height_m,
 * max_weight_t. */
enum haul_err haul_import_geojson(const char *text, size_t n, struct haul_builder *b, struct haul_import_report *report,
                                  struct haul_error *e);

/* A schematic network: places.csv (id,…,lon_deg,lat_deg,kind) and roads.csv (ref,class,name_zh,limit_kmh,from,to,…),
 * each road a straight line in both directions. */
enum haul_err haul_import_places(struct haul_str places_csv, struct haul_str roads_csv, struct haul_builder *b,
                                 struct haul_import_report *report, struct haul_error *e);

#endif
