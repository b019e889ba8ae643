/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

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

/* A section's hash does not depend on how its bytes arrive, but on the order of its pieces. */
static void sections(void **state)
{
    (void)state;
    static unsigned char data[3 * SLD_HASH_PIECE];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (unsigned char)(i * 7 + i / 256 + i / SLD_HASH_PIECE);
    }
    const size_t sizes[] = {0, 1, SLD_HASH_PIECE, SLD_HASH_PIECE + 1, sizeof data};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint64_t whole = sld_hash_section(data, sizes[i]);
        for (size_t step = 100003; step < sizeof data; step *= 5) {
            sld_section_hasher hasher;
            sld_section_hasher_init(&hasher);
            for (size_t at = 0; at < sizes[i]; at += step) {
                size_t left = sizes[i] - at;
                sld_section_hasher_update(&hasher, data + at, left < step ? left : step);
            }
            assert_true(sld_section_hasher_finish(&hasher) == whole);
        }
        assert_true(sizes[i] > SLD_HASH_PIECE || whole == sld_hash64(data, sizes[i]));
    }
    uint64_t before = sld_hash_section(data, sizeof data);
    memcpy(data, data + SLD_HASH_PIECE, SLD_HASH_PIECE);
    assert_true(sld_hash_section(data, sizeof data) != before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),
        cmocka_unit_test(pieces_equal_whole),
        cmocka_unit_test(sections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
