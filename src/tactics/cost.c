/* SPDX-License-Identifier: Apache-2.0 */
/* Counting: operations and bytes of one call, for reports and for the builder without a device. */
#include "kernels/params.h"
#include "tactics/tactics.h"

static double count_of(const sld_tensor *t)
{
    return sld_tensor_present(t) ? (double)sld_tensor_count(t) : 0;
}

static double matmul_depth(const sld_run *run)
{
    const sld_matmul_params *p = run->params;
    const sld_tensor *a = &run->in[0];
    return (double)a->dim[p->trans_a ? a->rank - 2 : a->rank - 1];
}

double sld_call_flops(const char *family, const sld_run *run)
{
    double out = run->out_count > 0 ? count_of(&run->out[0]) : 0;
    if (strcmp(family, "conv") == 0) {
        const sld_tensor *w = &run->in[1];
        return w->dim[0] > 0 ? 2 * out * count_of(w) / (double)w->dim[0] : 0;
    }
    if (strcmp(family, "deconv") == 0) {
        const sld_tensor *w = &run->in[1];
        return w->dim[0] > 0 ? 2 * count_of(&run->in[0]) * count_of(w) / (double)w->dim[0] : 0;
    }
    if (strcmp(family, "matmul") == 0) {
        return 2 * out * matmul_depth(run);
    }
    if (strcmp(family, "pooling") == 0) {
        const sld_pooling_params *p = run->params;
        double window = 1;
        for (int i = 0; i < p->spatial && i < SLD_MAX_SPATIAL; i++) {
            window *= p->global ? (double)run->in[0].dim[i + 2] : p->window[i];
        }
        return out * window;
    }
    return 0;
}

double sld_call_bytes(const sld_run *run)
{
    double bytes = 0;
    for (uint32_t i = 0; i < run->in_count; i++) {
        bytes += count_of(&run->in[i]) * (double)solder_dtype_size(run->in[i].dtype);
    }
    for (uint32_t i = 0; i < run->out_count; i++) {
        bytes += count_of(&run->out[i]) * (double)solder_dtype_size(run->out[i].dtype);
    }
    return bytes;
}
