/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a configuration: no crash, errors counted, and what is accepted has a canonical text that reads back to
 * the same struct and the same text.
 */
#include "haul/engine_options.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/engine/sample_options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7.12 loses a few kilobytes when it gives up inside a folded text. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libfyaml";
}

static const struct haul_option_set *const sets[] = {&haul_engine_option_set, &sample_fleet_set};

static void reads_back(const struct haul_config *a, size_t s)
{
    struct haul_buf text, yaml, errors;
    struct haul_config *b;
    unsigned count;
    haul_buf_init(&text, 0, 1 << 20);
    haul_buf_init(&yaml, 0, 1 << 20);
    haul_buf_init(&errors, 0, 1 << 20);
    haul_config_canonical(a, sets[s]->section, &text);
    haul_buf_printf(&yaml, "%s: {", sets[s]->section);
    for (size_t from = 0; from < text.n;) {
        const uint8_t *end = memchr(text.p + from, '\n', text.n - from);
        haul_buf_printf(&yaml, "%.*s, ", (int)(end - text.p - (long)from), (const char *)text.p + from);
        from = (size_t)(end - text.p) + 1;
    }
    haul_buf_printf(&yaml, "}\n");
    if (haul_config_read_text((struct haul_str){(char *)yaml.p, yaml.n}, "canonical", sets, 2, &b, &errors, &count) !=
        HAUL_OK) {
        fprintf(stderr, "%.*s\n%.*s\n", (int)yaml.n, (char *)yaml.p, (int)errors.n, (char *)errors.p);
        abort();
    }
    haul_buf_clear(&yaml);
    haul_config_canonical(b, sets[s]->section, &yaml);
    if (yaml.n != text.n || memcmp(yaml.p, text.p, text.n) != 0) abort();
    haul_config_free(b);
    haul_buf_free(&text);
    haul_buf_free(&yaml);
    haul_buf_free(&errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct haul_buf errors;
    struct haul_config *c;
    unsigned count;
    haul_buf_init(&errors, 0, 1 << 20);
    const enum haul_err e =
        haul_config_read_text((struct haul_str){(const char *)data, size}, "fuzz", sets, 2, &c, &errors, &count);
    if ((e == HAUL_OK) != (count == 0) || (count > 0 && errors.n == 0)) abort();
    for (size_t s = 0; e == HAUL_OK && s < 2; s++) reads_back(c, s);
    haul_config_free(c);
    haul_buf_free(&errors);
    return 0;
}
