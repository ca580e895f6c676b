/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * What the files of the EPCIS bridge share. bridge_epcis.c takes documents and events apart; epcis_names.c reads
 * identifiers; epcis_sensors.c makes samples of the cold chain from sensor elements.
 *
 * Source: EPCIS 2.0.1 and CBV 2.0.0 (GS1), chapter 10 (JSON/JSON-LD binding), and the GS1 Digital Link URI syntax 1.2.
 */
#ifndef HAUL_INGEST_EPCIS_H
#define HAUL_INGEST_EPCIS_H

#include "ingest/documents.h"

#define EPCIS_HUB_MAX    32 /* bytes, with the NUL */
#define EPCIS_HUBS_MAX   64
#define EPCIS_PROBES_MAX 64
#define EPCIS_URI_MAX    160
#define EPCIS_ITEM_MAX   64 /* bytes of an item's identifier */
#define EPCIS_SOURCE_MAX 65

HAUL_PAIRS(epcis_hubs, EPCIS_HUBS_MAX, EPCIS_HUB_MAX);
HAUL_PAIRS(epcis_probes, EPCIS_PROBES_MAX, 4);

/* Which load unit a sensor element is about. */
enum epcis_unit { EPCIS_UNIT_OBJECT, EPCIS_UNIT_PLACE, EPCIS_UNIT_DEVICE };

struct epcis_options {
    char source[EPCIS_SOURCE_MAX];
    struct epcis_hubs hubs;
    struct epcis_probes probes;
    int32_t unit;
    bool loads;
};

enum epcis_counter {
    EPCIS_OTHER,
    EPCIS_DECLARED_WRONG,
    EPCIS_NO_ITEMS,
    EPCIS_REPORTS_UNUSED,
    EPCIS_EXTREMES_UNUSED,
    EPCIS_COUNTERS
};

/* One event being taken. */
struct epcis_event {
    struct document *d;
    const struct epcis_options *o;
    const json_t *json;
    struct haul_str type, step; /* "ObjectEvent"; "receiving" */
    struct haul_time time;
    char hub[HAUL_ID_MAX + 1], at[HAUL_ID_MAX + 1]; /* "" when no place is named */
    bool place;
};

/* "event 3: …", with the field's name. */
#define EPCIS_NOTE(e, reason, field, ...) document_note((e)->d, "event", reason, field, __VA_ARGS__)

/* ---- epcis_names.c: pure, any texts ---- */
/* What an object is known by: its GS1 key as a Digital Link has it, so that the URN and the link of one thing are one.
 * "urn:epc:id:sgtin:0614141.107346.2017" and "https://example.com/01/10614141073464/22/A/21/2017" are both
 * "01/10614141073464/21/2017". GTIN with its serial number, else its lot; SSCC, GRAI, GIAI; of other identifiers, what
 * stands behind what all of their form have in common. In `room`, or in the text. */
struct haul_str epcis_item(struct haul_str uri, char room[EPCIS_ITEM_MAX]);
/* "sgtin", "sscc", "giai", "grai", …: also of Digital Links; "" of others. */
struct haul_str epcis_scheme(struct haul_str uri);
/* A location: its site, and the spot in it, "" when it is the site itself (extension 0). Both into the text. */
void epcis_place(struct haul_str uri, struct haul_str *site, struct haul_str *spot);

/* ---- epcis_sensors.c ---- */
/* Sends the samples of the event's sensor elements. */
void epcis_sensors(struct epcis_event *e);

#endif
