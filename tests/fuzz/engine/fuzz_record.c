/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a message: the decoder in place against the oracle on msgpack-c, and accepted records through the packer
 * and back.
 */
#include "tests/unit/engine/support_record_oracle.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct haul_arena scratch;
    static struct haul_buf again;
    if (scratch.base == NULL) {
        haul_arena_init(&scratch, 2 * HAUL_RECORD_SCRATCH);
        haul_buf_init(&again, 1024, 4 * HAUL_RECORD_MAX);
    }
    const char *const difference = oracle_message((struct haul_str){(const char *)data, size}, &scratch, &again);
    if (difference != NULL) {
        fprintf(stderr, "decoder and oracle differ: %s\n", difference);
        abort();
    }
    return 0;
}
