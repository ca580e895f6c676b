/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a record's JSON: what is taken is written, read again the same, and packs to what the decoder takes.
 */
#include "tests/unit/engine/support_record_oracle.c"

static void must(bool good, const char *what, struct haul_str text)
{
    if (good) return;
    fprintf(stderr, "%s\n%.*s\n", what, (int)text.n, text.p);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct haul_arena first, second;
    static struct haul_buf out;
    static struct haul_record r, again;
    if (first.base == NULL) {
        haul_arena_init(&first, 2 * HAUL_RECORD_MAX);
        haul_arena_init(&second, 4 * HAUL_RECORD_MAX);
        haul_buf_init(&out, 1024, 1 << 21);
    }
    struct haul_error e;
    haul_arena_reset(&first);
    haul_arena_reset(&second);
    if (haul_record_from_json((struct haul_str){(const char *)data, size}, &r, &first, &e) != HAUL_OK) return 0;
    struct haul_json j;
    haul_buf_clear(&out);
    haul_json_begin(&j, &out);
    haul_record_to_json(&r, &j);
    const struct haul_str text = {(const char *)out.p, out.n};
    must(haul_record_from_json(text, &again, &second, &e) == HAUL_OK, e.text, text);
    must(oracle_difference(&r, &again) == NULL, "it is not what it was", text);
    struct haul_message_cursor c;
    struct haul_refusal why;
    haul_buf_clear(&out);
    haul_record_pack(&again, &out);
    must(haul_message_open(&c, (struct haul_str){(const char *)out.p, out.n}, &why), why.text, text);
    haul_arena_reset(&first);
    must(haul_record_decode(&c, &r, &first, &why), why.text, text);
    return 0;
}
