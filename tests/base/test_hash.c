/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/hash.h"

/* Published values of XXH3_64bits: a plan's hashes must never change. */
static void known_values(void **state)
{
    (void)state;
    assert_true(sld_hash64("", 0) == UINT64_C(0x2d06800538d394c2));
    assert_true(sld_hash64("a", 1) == UINT64_C(0xe6c632b61e964e1f));
}

static void pieces_equal_whole(void **state)
{
    (void)state;
    unsigned char data[5000];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (unsigned char)(i * 7 + i / 256);
    }
    for (size_t piece = 1; piece < sizeof data; piece = piece * 3 + 1) {
        sld_hasher hasher;
        sld_hasher_init(&hasher);
        for (size_t at = 0; at < sizeof data; at += piece) {
            size_t left = sizeof data - at;
            sld_hasher_update(&hasher, data + at, left < piece ? left : piece);
        }
        assert_true(sld_hasher_finish(&hasher) == sld_hash64(data, sizeof data));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),
        cmocka_unit_test(pieces_equal_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
