/* SPDX-License-Identifier: Apache-2.0
 * SHA-256 against FIPS 180-4's examples and NIST's, HMAC against RFC 4231.
 */
#include "haul/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void hex(const uint8_t *bytes, char out[65])
{
    for (size_t i = 0; i < 32; i++) snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static void sha256_has_the_published_values(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned times;
        const char *hash;
    } rows[] = {
        {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct haul_sha256 s;
        uint8_t out[32];
        char text[65];
        haul_sha256_begin(&s);
        for (unsigned k = 0; k < rows[i].times; k++) haul_sha256_add(&s, haul_str_of(rows[i].text));
        haul_sha256_end(&s, out);
        hex(out, text);
        assert_string_equal(text, rows[i].hash);
    }
}

/* However the text is cut into calls, at every length round the block's end. */
static void cuts_do_not_matter(void **state)
{
    (void)state;
    char text[200];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (char)(i * 7);
    for (size_t n = 0; n <= sizeof text; n++) {
        struct haul_sha256 a, b;
        uint8_t x[32], y[32];
        haul_sha256_begin(&a);
        haul_sha256_add(&a, (struct haul_str){text, n});
        haul_sha256_end(&a, x);
        haul_sha256_begin(&b);
        for (size_t at = 0; at < n; at += 13)
            haul_sha256_add(&b, (struct haul_str){text + at, n - at < 13 ? n - at : 13});
        haul_sha256_end(&b, y);
        assert_memory_equal(x, y, 32);
    }
}

static void hmac_has_the_published_values(void **state)
{
    (void)state;
    uint8_t key[131], data[152], out[32];
    char text[65];
    memset(key, 0x0b, 20); /* RFC 4231, 4.2 */
    haul_hmac_sha256((struct haul_str){(char *)key, 20}, HAUL_STR("Hi There"), out);
    hex(out, text);
    assert_string_equal(text, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    haul_hmac_sha256(HAUL_STR("Jefe"), HAUL_STR("what do ya want for nothing?"), out); /* 4.3 */
    hex(out, text);
    assert_string_equal(text, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key); /* 4.4 */
    memset(data, 0xdd, 50);
    haul_hmac_sha256((struct haul_str){(char *)key, 20}, (struct haul_str){(char *)data, 50}, out);
    hex(out, text);
    assert_string_equal(text, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    haul_hmac_sha256((struct haul_str){(char *)key, 131}, /* 4.7: a key longer than a block */
                     HAUL_STR("Test Using Larger Than Block-Size Key - Hash Key First"), out);
    hex(out, text);
    assert_string_equal(text, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_has_the_published_values),
        cmocka_unit_test(cuts_do_not_matter),
        cmocka_unit_test(hmac_has_the_published_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
