/* SPDX-License-Identifier: Apache-2.0 */
/* A context reserves the workspace of the largest dims: a smaller map must never want more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/params.h"

enum { MOST = 80 };

static size_t workspace_of(const sld_kernel *k, int64_t height, int64_t width, int64_t channels,
                           int threads)
{
    sld_conv_params p = {.spatial = 2, .groups = 1, .pad_begin = {1, 1}, .pad_end = {1, 1}};
    p.stride[0] = p.stride[1] = p.dilation[0] = p.dilation[1] = 1;
    const int64_t x_dims[] = {1, channels, height, width};
    const int64_t w_dims[] = {24, channels, 3, 3};
    const int64_t y_dims[] = {1, 24, height, width};
    sld_tensor in[2] = {sld_tensor_make(NULL, SOLDER_F32, 4, x_dims),
                        sld_tensor_make(NULL, SOLDER_F32, 4, w_dims)};
    sld_tensor out = sld_tensor_make(NULL, SOLDER_F32, 4, y_dims);
    in[1].flags = SLD_TENSOR_CONSTANT;
    sld_run run = {.in = in, .in_count = 2, .out = &out, .out_count = 1, .params = &p};
    if (k->workspace == NULL || !k->supports(&run)) {
        return 0;
    }
    return k->workspace(&run, threads);
}

static void test_grows_with_the_map(void **state)
{
    (void)state;
    size_t count;
    const sld_kernel *const *kernels = sld_kernels(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(kernels[i]->family, "conv") != 0) {
            continue;
        }
        for (int64_t channels = 8; channels <= 8 * 8 * 8 * 8; channels *= 8) {
            for (int64_t n = 1; n < MOST * MOST; n++) {
                int64_t h = 1 + n / MOST;
                int64_t w = 1 + n % MOST;
                size_t bytes = workspace_of(kernels[i], h, w, channels, 2);
                assert_true(bytes <= workspace_of(kernels[i], h + 1, w, channels, 2));
                assert_true(bytes <= workspace_of(kernels[i], h, w + 1, channels, 2));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_grows_with_the_map)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
