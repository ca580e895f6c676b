/* SPDX-License-Identifier: Apache-2.0
 * What the subcommands over a road network share: options for vehicle and coordinates, opening, positions.
 */
#ifndef HAUL_COMMANDS_NETWORK_H
#define HAUL_COMMANDS_NETWORK_H

#include "haul/crs.h"
#include "haul/metric.h"
#include "haul/route.h"

struct network {
    struct haul_vehicle vehicle;
    enum haul_crs crs; /* of the positions that are read */
    struct haul_roads *roads;
    struct haul_map *map;
    struct haul_cch *cch;
    struct haul_metric *metric; /* milliseconds */
};

#define NETWORK_OPTIONS                                                                                                \
    {"vehicle", required_argument, NULL, 'V'}, {"crs", required_argument, NULL, 'C'},                                  \
        {"height", required_argument, NULL, 'H'}, {"width", required_argument, NULL, 'W'},                             \
        {"length", required_argument, NULL, 'L'}, {"weight", required_argument, NULL, 'T'},                            \
    {                                                                                                                  \
        "axle", required_argument, NULL, 'A'                                                                           \
    }
#define NETWORK_HELP                                                                                                   \
    "  --vehicle NAME  car, van, truck18, truck49, reefer, hazmat or uav (car)\n"                                      \
    "  --height M, --width M, --length M, --weight T, --axle T   instead of what NAME has\n"                           \
    "  --crs NAME      of the positions given: wgs84, gcj02, bd09, cgcs2000 (wgs84)\n"

void network_init(struct network *n);
/* One of NETWORK_OPTIONS. False, with a message: the argument makes no sense. */
bool network_option(struct network *n, int option, const char *argument);
/* Opens the file; with `routing` also hierarchy and metric. Prints what is wrong; returns an exit status. */
int network_open(struct network *n, const char *path, bool routing);
void network_close(struct network *n);

/* "LON,LAT" in the network's system -> WGS-84. False: no position. */
bool network_position(const struct network *n, const char *text, double *lon_deg, double *lat_deg);

#endif
