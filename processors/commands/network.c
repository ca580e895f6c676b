/* SPDX-License-Identifier: Apache-2.0 */
#include "processors/commands/network.h"

#include "processors/commands/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void network_init(struct network *n)
{
    *n = (struct network){.crs = HAUL_CRS_WGS84};
    haul_vehicle_preset("car", &n->vehicle);
}

static bool set_limit(uint16_t *to, const char *argument, double factor)
{
    char *end;
    const double v = strtod(argument, &end) * factor;
    if (end == argument || *end != 0 || !(v > 0 && v < 65535)) {
        fprintf(stderr, "haul: '%s' is no size\n", argument);
        return false;
    }
    *to = (uint16_t)(v + 0.5);
    return true;
}

bool network_option(struct network *n, int option, const char *argument)
{
    switch (option) {
    case 'H':
        return set_limit(&n->vehicle.height_cm, argument, 100);
    case 'W':
        return set_limit(&n->vehicle.width_cm, argument, 100);
    case 'L':
        return set_limit(&n->vehicle.length_dm, argument, 10);
    case 'T':
        return set_limit(&n->vehicle.weight_10kg, argument, 100);
    case 'A':
        return set_limit(&n->vehicle.axle_10kg, argument, 100);
    case 'V':
        if (haul_vehicle_preset(argument, &n->vehicle)) return true;
        fprintf(stderr, "haul: no vehicle '%s'; there are", argument);
        for (size_t i = 0; haul_vehicle_preset_name(i) != NULL; i++)
            fprintf(stderr, " %s", haul_vehicle_preset_name(i));
        fprintf(stderr, "\n");
        return false;
    case 'C':
        if (haul_crs_of_name(argument, strlen(argument), &n->crs) && n->crs != HAUL_CRS_LOCAL) return true;
        fprintf(stderr, "haul: no coordinate system '%s'; there are wgs84 gcj02 bd09 cgcs2000\n", argument);
        return false;
    default:
        return false;
    }
}

static enum haul_err open_routing(struct network *n, struct haul_error *e)
{
    enum haul_err err = haul_roads_cch(n->roads, &n->cch, e);
    if (err != HAUL_OK) return err;
    int32_t *ms = malloc((haul_roads_view(n->roads)->arcs + (size_t)1) * sizeof *ms);
    if (ms == NULL) return haul_fail(e, HAUL_E_NOMEM, "no memory for the weights");
    haul_vehicle_weights(n->roads, &n->vehicle, ms);
    err = haul_metric_new(n->cch, ms, &n->metric, e);
    free(ms);
    return err;
}

int network_open(struct network *n, const char *path, bool routing)
{
    struct haul_error e;
    enum haul_err err = haul_roads_open(path, &n->roads, &e);
    if (err == HAUL_OK) err = haul_map_new(n->roads, &n->map, &e);
    if (err == HAUL_OK && routing) err = open_routing(n, &e);
    if (err == HAUL_OK) return 0;
    fprintf(stderr, "haul: %s\n", e.text);
    network_close(n);
    return err == HAUL_E_NOT_FOUND ? HAUL_EXIT_NOINPUT : err == HAUL_E_NOMEM ? HAUL_EXIT_FAILED : HAUL_EXIT_DATA;
}

void network_close(struct network *n)
{
    haul_metric_free(n->metric);
    haul_cch_free(n->cch);
    haul_map_free(n->map);
    haul_roads_close(n->roads);
    n->metric = NULL, n->cch = NULL, n->map = NULL, n->roads = NULL;
}

bool network_position(const struct network *n, const char *text, double *lon_deg, double *lat_deg)
{
    char *end;
    *lon_deg = strtod(text, &end);
    if (end == text || *end != ',') return false;
    text = end + 1;
    *lat_deg = strtod(text, &end);
    if (end == text) return false;
    while (*end == ' ' || *end == '\r' || *end == '\n') end++;
    return *end == 0 && haul_crs_to_wgs84(n->crs, lon_deg, lat_deg) == HAUL_OK;
}
