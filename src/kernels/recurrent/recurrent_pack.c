/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packings of w and r [D, G H, K]: each gate's H x K matrix as matmul packs a transposed B, so
 * that a gate starts at a panel whatever H is. A projection [D, P, H] of at most H rows is packed
 * as if it were one gate.
 */
#include "kernels/recurrent/recurrent_gemm.h"

static const sld_matmul_params transposed = {.trans_b = 1};

/* [D, G, H, K] */
static sld_tensor by_gate(const void *params, const sld_tensor *t)
{
    const sld_recurrent_params *p = params;
    int64_t rows = t->dim[1] < p->hidden ? t->dim[1] : p->hidden;
    int64_t dims[] = {t->dim[0], rows > 0 ? t->dim[1] / rows : 0, rows, t->dim[2]};
    return sld_tensor_make(t->data, t->dtype, 4, dims);
}

/* A plan's parameters are asked for a size before anything holds them to the dims. */
static bool has_gates(const sld_recurrent_params *p, const sld_tensor *t)
{
    return t->rank == 3 && p->hidden > 0 && (t->dim[1] < p->hidden || t->dim[1] % p->hidden == 0);
}

#define GATES_PACKING(n)                                                                           \
    static size_t gates##n##_size(const void *params, const sld_tensor *t)                         \
    {                                                                                              \
        if (!has_gates(params, t)) {                                                               \
            return SIZE_MAX;                                                                       \
        }                                                                                          \
        sld_tensor gates = by_gate(params, t);                                                     \
        return sld_packing_matmul_columns##n.size(&transposed, &gates);                            \
    }                                                                                              \
    static size_t gates##n##_pieces(const void *params, const sld_tensor *t)                       \
    {                                                                                              \
        sld_tensor gates = by_gate(params, t);                                                     \
        return sld_packing_matmul_columns##n.pieces(&transposed, &gates);                          \
    }                                                                                              \
    static void gates##n##_pack(const void *params, const sld_tensor *t, size_t first,             \
                                size_t count, void *packed)                                        \
    {                                                                                              \
        sld_tensor gates = by_gate(params, t);                                                     \
        sld_packing_matmul_columns##n.pack(&transposed, &gates, first, count, packed);             \
    }                                                                                              \
    static void gates##n##_unpack(const void *params, const void *packed, const sld_tensor *t)     \
    {                                                                                              \
        sld_tensor gates = by_gate(params, t);                                                     \
        sld_packing_matmul_columns##n.unpack(&transposed, packed, &gates);                         \
    }                                                                                              \
    const sld_packing sld_packing_recurrent_gates##n = {"recurrent_gates" #n, gates##n##_size,     \
                                                        gates##n##_pieces, gates##n##_pack,        \
                                                        gates##n##_unpack};

GATES_PACKING(16)
GATES_PACKING(32)
