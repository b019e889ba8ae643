/* SPDX-License-Identifier: Apache-2.0 */
/* A block of k is summed by itself and then added, so that rounding does not grow with k. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/cpu.h"
#include "kernels/gemm/gemm_tile.h"

#if defined(__x86_64__)

enum { DEPTH = 37, MOST = 16 * 32 };

static void check_tile(const sld_gemm_tile *tile)
{
    static _Alignas(64) float a[DEPTH * 16], b[DEPTH * 32], block[MOST], sum[MOST];
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(a); i++) {
        a[i] = 1.0f / (float)(i + 3);
    }
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(b); i++) {
        b[i] = 0.75f - 1.0f / (float)(i + 1);
    }
    for (int rows = 1; rows <= tile->rows; rows++) {
        for (int i = 0; i < rows * tile->lanes; i++) {
            sum[i] = 100.0f + 0.125f * (float)i;
        }
        tile->multiply(rows, tile->lanes, DEPTH, a, b, block, true);
        tile->multiply(rows, tile->lanes, DEPTH, a, b, sum, false);
        for (int i = 0; i < rows * tile->lanes; i++) {
            float want = 100.0f + 0.125f * (float)i + block[i];
            assert_true(sum[i] == want);
        }
    }
}

static void test_blocks_are_added(void **state)
{
    (void)state;
    sld_cpu cpu;
    sld_isa_mask avx2 = 0;
    sld_isa_mask avx512 = 0;
    sld_cpu_detect(&cpu);
    assert_true(sld_cpu_level("avx2", &avx2) && sld_cpu_level("avx512", &avx512));
    if ((cpu.isas & avx2) == avx2) {
        check_tile(&sld_gemm_tile_avx2);
    }
    if ((cpu.isas & avx512) == avx512) {
        check_tile(&sld_gemm_tile_avx512);
    }
}

#else

static void test_blocks_are_added(void **state)
{
    (void)state;
    skip();
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_blocks_are_added)};
    return cmocka_run_group_tests_name("gemm_tile", tests, NULL, NULL);
}
