/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a reference kernel on small tensors given as doubles and compares with expected doubles. */
#ifndef TESTS_KERNELS_REF_CHECK_H
#define TESTS_KERNELS_REF_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "kernels/params.h"

#define REF_BYTES   65536
#define REF_TENSORS 9
#define REF_OUTPUTS 4
/* Where a test wants gaps: strides this much larger than contiguous, every dimension. */
#define REF_GAP 3

typedef struct ref_case {
    sld_tensor in[REF_TENSORS], out[REF_OUTPUTS];
    uint32_t in_count, out_count;
    _Alignas(64) char memory[REF_TENSORS + REF_OUTPUTS][REF_BYTES];
    _Alignas(64) char workspace[REF_BYTES];
} ref_case;

static ref_case ref;

static inline void ref_begin(void)
{
    memset(&ref, 0x5a, sizeof ref);
    ref.in_count = ref.out_count = 0;
}

/* A tensor over a buffer; gaps spread its elements in memory. */
static inline sld_tensor ref_tensor(char *memory, solder_dtype dtype, int rank, const int64_t *dims,
                                    bool gaps)
{
    sld_tensor t = sld_tensor_make(memory, dtype, rank, dims);
    int64_t stride = gaps ? REF_GAP : 1;
    for (int i = rank - 1; gaps && i >= 0; i--) {
        t.stride[i] = stride;
        stride = stride * (dims[i] > 0 ? dims[i] : 1) + REF_GAP;
    }
    return t;
}

#define DIMS(...)                                                                                  \
    (int64_t[])                                                                                    \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define VALUES(...)                                                                                \
    (double[])                                                                                     \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static inline void ref_in(solder_dtype dtype, int rank, const int64_t *dims, const double *values,
                          bool gaps)
{
    sld_tensor *t = &ref.in[ref.in_count];
    *t = ref_tensor(ref.memory[ref.in_count++], dtype, rank, dims, gaps);
    int64_t index[SOLDER_MAX_RANK] = {0};
    int64_t n = 0;
    if (sld_tensor_count(t) == 0) {
        return;
    }
    do {
        if (sld_dtype_is_float(dtype)) {
            sld_put_f64(t, sld_tensor_offset(t, index), values[n++]);
        } else {
            sld_put_i64(t, sld_tensor_offset(t, index), (int64_t)values[n++]);
        }
    } while (sld_index_next(index, t->dim, t->rank));
}

static inline void ref_absent(void)
{
    ref.in[ref.in_count++] = (sld_tensor){.dtype = SOLDER_NONE};
}

static inline void ref_out(solder_dtype dtype, int rank, const int64_t *dims, bool gaps)
{
    ref.out[ref.out_count] =
        ref_tensor(ref.memory[REF_TENSORS + ref.out_count], dtype, rank, dims, gaps);
    ref.out_count++;
}

static inline solder_status ref_run(const char *family, const void *params)
{
    const sld_kernel *kernel = sld_kernel_reference(family);
    assert_non_null(kernel);
    sld_run run = {.params = params,
                   .in = ref.in,
                   .out = ref.out,
                   .in_count = ref.in_count,
                   .out_count = ref.out_count,
                   .workspace = ref.workspace};
    if (kernel->workspace != NULL) {
        assert_true(kernel->workspace(&run, 1) <= sizeof ref.workspace);
    }
    return kernel->run(&run);
}

static inline double ref_at(const sld_tensor *t, const int64_t *index)
{
    int64_t offset = sld_tensor_offset(t, index);
    return sld_dtype_is_float(t->dtype) ? sld_at_f64(t, offset) : (double)sld_at_i64(t, offset);
}

/* Output `which` holds exactly these values (NaN matches NaN), or within tolerance. */
static inline void ref_expect_near(int which, const double *values, double tolerance)
{
    const sld_tensor *t = &ref.out[which];
    int64_t index[SOLDER_MAX_RANK] = {0};
    int64_t n = 0;
    if (sld_tensor_count(t) == 0) {
        return;
    }
    do {
        double have = ref_at(t, index);
        double want = values[n];
        bool same = have == want || (isnan(have) && isnan(want)) ||
                    fabs(have - want) <= tolerance * (1 + fabs(want));
        if (!same) {
            fail_msg("%s element %lld is %.9g, expected %.9g", solder_dtype_name(t->dtype),
                     (long long)n, have, want);
        }
        n++;
    } while (sld_index_next(index, t->dim, t->rank));
}

static inline void ref_expect(int which, const double *values)
{
    ref_expect_near(which, values, 0);
}

static const solder_dtype ref_all_types[] = {
    SOLDER_F32, SOLDER_F16, SOLDER_BF16, SOLDER_F64, SOLDER_I8,  SOLDER_U8,   SOLDER_I16,
    SOLDER_U16, SOLDER_I32, SOLDER_U32,  SOLDER_I64, SOLDER_U64, SOLDER_BOOL,
};

#endif
