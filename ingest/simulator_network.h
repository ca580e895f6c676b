/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * The network that the simulator drives on: places, and links between them that are drawn as gently curved lines, the
 * same ones in every run.
 */
#ifndef HAUL_SIMULATOR_NETWORK_H
#define HAUL_SIMULATOR_NETWORK_H

#include "haul/err.h"
#include "haul/rng.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_PLACES_MAX 300
#define SIM_LINKS_MAX  2000
#define SIM_NO_EDGE    UINT16_MAX

enum sim_class { SIM_EXPRESSWAY, SIM_TRUNK, SIM_SECONDARY, SIM_CLASSES };

struct sim_place {
    char id[32];
    double lon_deg, lat_deg;
    bool city;
};

struct sim_point {
    double lon_deg, lat_deg, at_m; /* from the link's beginning */
    double heading_rad;            /* along the link, in [0, 2 pi) */
};

struct sim_link {
    uint16_t from, to;
    enum sim_class class;
    double limit_mps, length_m;
    uint32_t first, points; /* in network.points */
};

/* An edge is a link in one direction: 2 * link, plus 1 against it. */
struct sim_network {
    struct sim_place *places;
    struct sim_link *links;
    struct sim_point *points;
    uint16_t *first_edge; /* [place] of the other end: the first edge of the quickest way, places_len^2 */
    size_t places_len, links_len, points_len;
    double weight_sum;
};

enum haul_err sim_network_read(const char *folder, struct sim_network *out, struct haul_error *e);
void sim_network_free(struct sim_network *n);

static inline const struct sim_link *sim_link_of(const struct sim_network *n, uint16_t edge)
{
    return &n->links[edge / 2];
}
static inline uint16_t sim_edge_from(const struct sim_network *n, uint16_t edge)
{
    return edge % 2 ? n->links[edge / 2].to : n->links[edge / 2].from;
}
static inline uint16_t sim_edge_to(const struct sim_network *n, uint16_t edge)
{
    return edge % 2 ? n->links[edge / 2].from : n->links[edge / 2].to;
}
/* The first edge of the quickest way, SIM_NO_EDGE when there is none or they are the same. */
uint16_t sim_network_towards(const struct sim_network *n, uint16_t from, uint16_t to);
/* A point of the edge, `along_m` from where it begins; beyond its ends, the end. */
void sim_network_at(const struct sim_network *n, uint16_t edge, double along_m, double *lon_deg, double *lat_deg);
/* Direction of travel there, radians from north; it changes smoothly along an edge. */
double sim_network_heading_rad(const struct sim_network *n, uint16_t edge, double along_m);
/* A place, cities more often. */
uint16_t sim_network_draw(const struct sim_network *n, struct haul_rng *rng);

#endif
