/* SPDX-License-Identifier: Apache-2.0
 * Layer: ingest
 * Recordings: the messages of any topics, as Kafka had them, in one file that can be read again on any machine.
 *
 * Form, little-endian. Header of 32 bytes: "HAULREC" and 0x1a; u32 version (1); u32 zero; i64 when it was made (ms);
 * u64 XXH3 of the 24 bytes before. Then frames, each a header of 32 bytes: u32 magic 'HFRM', u32 bytes of content, u32
 * bytes of it compressed, u32 messages in it, u64 XXH3 of the compressed bytes, u64 XXH3 of the 24 bytes before; and
 * the content, compressed by zstd. The last frame of a recording that was finished has the magic 'HEND' and no content.
 * A frame stands for itself: topics are named in it before they are used. topic    u8 1, u16 number, u16 length, u32
 * partitions, name message  u8 2, u8 timestamp type (0 none, 1 create, 2 append), u16 topic, u32 partition, i64 offset,
 * i64 timestamp, u32 key length, u32 value length (0xffffffff: null), u16 headers, u16 zero, key, value; each header:
 * u16 name length, u32 value length (0xffffffff: null), name, value
 *
 * A file that was cut off (a crash, a full disk) is read up to its last whole frame: next then answers END, and
 * haul_recording_torn says what is missing. Bytes that changed in between are CORRUPT.
 */
#ifndef HAUL_RECORDING_H
#define HAUL_RECORDING_H

#include "haul/err.h"
#include "haul/sink.h"

#include <stdio.h>

enum haul_stamp { HAUL_STAMP_NONE, HAUL_STAMP_CREATE, HAUL_STAMP_APPEND };

/* A message as Kafka has it. Null keys, values and header values have p NULL. */
struct haul_recorded {
    const char *topic;   /* NUL-terminated */
    uint32_t partitions; /* of the topic */
    uint32_t partition;
    int64_t offset;
    struct haul_time time;
    enum haul_stamp stamp;
    struct haul_str key, value;
    const struct haul_header *headers;
    size_t headers_len;
};

#define HAUL_RECORDING_MESSAGE_MAX (64u * 1024 * 1024) /* bytes of a message with its headers */
#define HAUL_RECORDING_TOPICS_MAX  1024

struct haul_recorder;
/* Makes the file; DUPLICATE when it is there already. level: zstd's, 1..19. */
enum haul_err haul_recorder_open(const char *path, int level, struct haul_time now, struct haul_recorder **out,
                                 struct haul_error *e);
/* Copies the message. IO: the file takes no more. LIMIT: a message or a name beyond the maxima: it is left out. */
enum haul_err haul_recorder_add(struct haul_recorder *r, const struct haul_recorded *m, struct haul_error *e);
/* Writes what was added as a frame, so that it is whole in the file. */
enum haul_err haul_recorder_flush(struct haul_recorder *r, struct haul_error *e);
/* Bytes in the file. */
uint64_t haul_recorder_bytes(const struct haul_recorder *r);
/* Flushes, writes the end frame, fsyncs and closes; frees r whatever it answers. */
enum haul_err haul_recorder_close(struct haul_recorder *r, struct haul_error *e);

struct haul_recording;
/* VERSION: a newer form. INVALID: not a recording. CORRUPT: the header. */
enum haul_err haul_recording_open(const char *path, struct haul_recording **out, struct haul_error *e);
/* The same from a stream that the recording then owns, seekable for rewind; `name` stands in messages. */
enum haul_err haul_recording_read(FILE *stream, const char *name, struct haul_recording **out, struct haul_error *e);
/* The next message, valid until the next call. END: no more. CORRUPT: at which byte; nothing follows. */
enum haul_err haul_recording_next(struct haul_recording *r, struct haul_recorded *out, struct haul_error *e);
/* NULL when the recording was finished or its end is not reached, else what is missing: "FILE ends at byte … inside a
 * frame: …". Valid until close. */
const char *haul_recording_torn(const struct haul_recording *r);
/* Back to the first message. */
enum haul_err haul_recording_rewind(struct haul_recording *r, struct haul_error *e);
struct haul_time haul_recording_made(const struct haul_recording *r);
void haul_recording_close(struct haul_recording *r);

#endif
