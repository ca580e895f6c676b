/* SPDX-License-Identifier: Apache-2.0
 * Layer: engine
 * The options of the engine itself: section `engine`.
 */
#ifndef HAUL_ENGINE_OPTIONS_H
#define HAUL_ENGINE_OPTIONS_H

#include "haul/options.h"
#include "haul/time.h"
#include "haul/topics.h"

enum haul_start { HAUL_START_EARLIEST, HAUL_START_LATEST, HAUL_START_TIME };
enum haul_on_wipe { HAUL_WIPE_REBUILD, HAUL_WIPE_STOP };
enum haul_log_level { HAUL_LOG_DEBUG, HAUL_LOG_INFO, HAUL_LOG_WARNING, HAUL_LOG_ERROR };
enum haul_log_format { HAUL_LOG_TEXT, HAUL_LOG_JSON };

enum haul_drivers { HAUL_DRIVERS_HASH, HAUL_DRIVERS_DROP, HAUL_DRIVERS_KEEP };
enum haul_plates { HAUL_PLATES_MASK, HAUL_PLATES_KEEP };

/* Durations in ms, sizes in bytes; each member is described by its row in processors/engine/engine_options.c. */
struct haul_engine_options {
    char instance[33];
    HAUL_LIST(haul_processor_names, HAUL_MAILBOX_MAX, 32) processors; /* empty: all */
    HAUL_LIST(haul_bridge_names, 8, 16) bridges;
    int32_t ingest_drivers, ingest_plates;
    char ingest_driver_key_file[256], ingest_driver_key_epoch[17];
    int64_t partitions[HAUL_MAILBOX_MAX]; /* by mailbox number */
    int64_t workers;                      /* 0: one a core */
    int64_t commit_pace_ms, commit_documents_max;
    int64_t view_interval_ms;
    bool view_geo;
    int64_t lateness_ms, time_future_max_ms, time_past_max_ms, clock_stall_ms;
    int64_t checkpoint_interval_ms, checkpoint_rate; /* bytes a second */
    int64_t entities_max, outbox_max;
    int32_t start;
    char start_time[40]; /* as haul_time_parse reads it; for HAUL_START_TIME */
    int32_t on_wipe;
    char crash_dir[1024]; /* "": off */
    char admin_address[64];
    int64_t admin_port; /* 0: any free one */
    int32_t log_level, log_format;
};

extern const struct haul_option_set haul_engine_option_set;

#endif
