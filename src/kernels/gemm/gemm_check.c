/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/call_check.h"

const char *sld_check_matmul(const sld_run *run)
{
    const sld_matmul_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 2, 4, 1));
    SLD_CHECK_TRY(sld_check_one_dtype(run));
    sld_tensor a = run->in[0];
    sld_tensor b = run->in[1];
    const sld_tensor *y = &run->out[0];
    int rank = a.rank > b.rank ? a.rank : b.rank;
    SLD_CHECK(a.rank >= 2 && b.rank >= 2 && y->rank == rank, "ranks do not fit");
    int64_t rows = a.dim[a.rank - (p->trans_a ? 1 : 2)];
    int64_t inner_a = a.dim[a.rank - (p->trans_a ? 2 : 1)];
    int64_t inner_b = b.dim[b.rank - (p->trans_b ? 1 : 2)];
    int64_t columns = b.dim[b.rank - (p->trans_b ? 2 : 1)];
    SLD_CHECK(inner_a == inner_b && y->dim[rank - 2] == rows && y->dim[rank - 1] == columns,
              "rows and columns do not fit");
    a.dim[a.rank - 1] = a.dim[a.rank - 2] = 1;
    b.dim[b.rank - 1] = b.dim[b.rank - 2] = 1;
    SLD_CHECK(sld_check_broadcasts(&a, y) && sld_check_broadcasts(&b, y), "batches do not fit");
    SLD_CHECK(!sld_check_has(run, 2) || sld_check_broadcasts(&run->in[2], y),
              "bias does not broadcast to the output");
    return sld_check_epilogue(run, &p->epilogue);
}
