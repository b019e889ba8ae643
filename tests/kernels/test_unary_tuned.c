/* SPDX-License-Identifier: Apache-2.0 */
/* The corners of every function, in every kernel the processor has. */
#include <float.h>

#include "kernels/ref_check.h"

static const float corners[] = {
    0.0f,    -0.0f,   1.0f,    -1.0f,    0.5f,       -0.5f,      1.5f,    -1.5f,   2.5f,
    -2.5f,   0.3f,    -0.3f,   1e-45f,   -1e-45f,    1e-39f,     -1e-39f, 1e-8f,   -1e-8f,
    1e8f,    -1e8f,   FLT_MAX, -FLT_MAX, INFINITY,   -INFINITY,  NAN,     FLT_MIN, 88.7f,
    -87.33f, -103.0f, 89.0f,   -104.5f,  8388609.0f, 0.99999994f};

#define COUNT ((int64_t)SLD_ARRAY_LENGTH(corners))

static void run_kernel(const sld_kernel *kernel, const sld_unary_params *params, bool *ran,
                       float *result)
{
    const int64_t dims[1] = {COUNT};
    sld_tensor in = sld_tensor_make((void *)(uintptr_t)corners, SOLDER_F32, 1, dims);
    sld_tensor out = sld_tensor_make(result, SOLDER_F32, 1, dims);
    sld_run run = {.params = params, .in = &in, .out = &out, .in_count = 1, .out_count = 1};
    *ran = kernel->supports == NULL || kernel->supports(&run);
    if (*ran) {
        assert_int_equal(kernel->run(&run), SOLDER_OK);
    }
}

static bool alike(float got, float want)
{
    if (isnan(want) || isinf(want)) {
        return got == want || (isnan(got) && isnan(want));
    }
    return fabs((double)got - (double)want) <= 4e-7 * fabs((double)want) + 1.5e-45;
}

static void compare(const sld_kernel *kernel, int kind)
{
    float want[COUNT];
    float got[COUNT];
    bool ran;
    sld_unary_params params = {.kind = kind, .alpha = 0.5f, .beta = 0.25f};
    run_kernel(sld_kernel_reference("unary"), &params, &ran, want);
    run_kernel(kernel, &params, &ran, got);
    for (int64_t i = 0; ran && i < COUNT; i++) {
        if (!alike(got[i], want[i])) {
            fail_msg("%s, kind %d of %g: got %.9g, want %.9g", kernel->name, kind,
                     (double)corners[i], (double)got[i], (double)want[i]);
        }
    }
}

static void corners_agree(void **state)
{
    (void)state;
    sld_isa_mask isas;
    assert_true(sld_cpu_level("native", &isas));
    size_t count;
    const sld_kernel *const *kernels = sld_kernels(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(kernels[i]->family, "unary") != 0 || (isas & (1u << kernels[i]->isa)) == 0) {
            continue;
        }
        for (int kind = 0; kind < SLD_UNARY_COUNT; kind++) {
            if (kind < SLD_UNARY_NOT || kind > SLD_UNARY_IS_INF) {
                compare(kernels[i], kind);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(corners_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
