/* SPDX-License-Identifier: Apache-2.0 */
#include "haul/base64.h"
#include "haul/rng.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* RFC 4648, section 10. */
static void published_vectors(void **state)
{
    (void)state;
    static const char *const vectors[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    struct haul_buf out;
    haul_buf_init(&out, 16, 1024);
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        uint8_t back[16];
        size_t n;
        haul_buf_clear(&out);
        haul_base64_encode(haul_str_of(vectors[i][0]), &out);
        assert_true(haul_str_eq((struct haul_str){(char *)out.p, out.n}, haul_str_of(vectors[i][1])));
        assert_true(haul_base64_decode(haul_str_of(vectors[i][1]), back, &n));
        assert_true(haul_str_eq((struct haul_str){(char *)back, n}, haul_str_of(vectors[i][0])));
    }
    haul_buf_free(&out);
}

static void what_is_not_base64(void **state)
{
    (void)state;
    static const char *const bad[] = {"Z",     "Zg",   "Zg=",  "Zh==", "Zm9=", "Z===",  "====", "Zg==Zg==",
                                      "Zm9v ", "Zm-v", "Zm_v", "=m9v", "Z=9v", "Zm9\n", "Zm9v="};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t back[16];
        size_t n;
        if (haul_base64_decode(haul_str_of(bad[i]), back, &n)) fail_msg("'%s' was taken", bad[i]);
    }
}

static void all_bytes_come_back(void **state)
{
    (void)state;
    struct haul_rng rng;
    struct haul_buf out;
    haul_rng_seed(&rng, 11);
    haul_buf_init(&out, 16, 4096);
    for (int round = 0; round < 300; round++) {
        uint8_t bytes[200], back[300];
        size_t n;
        const size_t len = haul_rng_below(&rng, sizeof bytes + 1);
        for (size_t i = 0; i < len; i++) bytes[i] = (uint8_t)haul_rng_u64(&rng);
        haul_buf_clear(&out);
        haul_base64_encode((struct haul_str){(char *)bytes, len}, &out);
        assert_true(haul_base64_decode((struct haul_str){(char *)out.p, out.n}, back, &n));
        assert_int_equal(n, len);
        assert_true(len == 0 || memcmp(bytes, back, len) == 0);
    }
    haul_buf_free(&out);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors),
        cmocka_unit_test(what_is_not_base64),
        cmocka_unit_test(all_bytes_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
