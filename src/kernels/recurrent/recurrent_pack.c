/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packings of w and r [D, G H, K]: each gate's H x K matrix as matmul packs a transposed B, so
 * that a gate starts at a panel whatever H is.
 */
#include "kernels/recurrent/recurrent_gemm.h"

static const sld_matmul_params transposed = {.trans_b = 1};

/* [D, G, H, K] */
static sld_tensor by_gate(const void *params, const sld_tensor *t)
{
    const sld_recurrent_params *p = params;
    int64_t dims[] = {t->dim[0], t->dim[1] / p->hidden, p->hidden, t->dim[2]};
    return sld_tensor_make(t->data, t->dtype, 4, dims);
}

static size_t gates16_size(const void *params, const sld_tensor *t)
{
    sld_tensor gates = by_gate(params, t);
    return sld_packing_matmul_columns16.size(&transposed, &gates);
}

static void gates16_pack(const void *params, const sld_tensor *t, void *packed)
{
    sld_tensor gates = by_gate(params, t);
    sld_packing_matmul_columns16.pack(&transposed, &gates, packed);
}

static void gates16_unpack(const void *params, const void *packed, const sld_tensor *t)
{
    sld_tensor gates = by_gate(params, t);
    sld_packing_matmul_columns16.unpack(&transposed, packed, &gates);
}

const sld_packing sld_packing_recurrent_gates16 = {"recurrent_gates16", gates16_size, gates16_pack,
                                                   gates16_unpack};

static size_t gates32_size(const void *params, const sld_tensor *t)
{
    sld_tensor gates = by_gate(params, t);
    return sld_packing_matmul_columns32.size(&transposed, &gates);
}

static void gates32_pack(const void *params, const sld_tensor *t, void *packed)
{
    sld_tensor gates = by_gate(params, t);
    sld_packing_matmul_columns32.pack(&transposed, &gates, packed);
}

static void gates32_unpack(const void *params, const void *packed, const sld_tensor *t)
{
    sld_tensor gates = by_gate(params, t);
    sld_packing_matmul_columns32.unpack(&transposed, packed, &gates);
}

const sld_packing sld_packing_recurrent_gates32 = {"recurrent_gates32", gates32_size, gates32_pack,
                                                   gates32_unpack};
