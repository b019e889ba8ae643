/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/conv/deconv_gemm.h"

/* One phase as a convolution: its call, and where its results go in the output. */
typedef struct phase {
    sld_run run;
    sld_conv_params params;
    sld_tensor in[3], out;
    int64_t step_y, step_x, first_y, first_x; /* output rows and columns of the phase */
    size_t weight_floats;
} phase;

/* Output positions of an axis with one residue, and the convolution's padding for them. */
typedef struct residue {
    int64_t first, count, pad;
} residue;

static residue residue_of(const sld_deconv_axis *a, int64_t pad, int64_t out)
{
    residue r;
    r.first = ((a->first - pad) % a->stride + a->stride) % a->stride;
    r.count = r.first < out ? (out - r.first - 1) / a->stride + 1 : 0;
    r.pad = a->taps - 1 - (r.first + pad - a->first) / a->stride;
    return r;
}

static void make_phase(const sld_run *run, const sld_conv_isa *isa, int64_t index, phase *f,
                       int64_t *count)
{
    const sld_deconv_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    const sld_tensor *w = &run->in[1];
    const sld_tensor *y = &run->out[0];
    sld_deconv_axis axes[2];
    int last = p->spatial - 1;
    sld_deconv_phase(p, w, index, axes, count);
    memset(f, 0, sizeof *f);
    f->params.spatial = p->spatial;
    f->params.groups = p->groups;
    f->params.epilogue = p->epilogue;
    f->in[0] = *x;
    f->step_y = 1;
    int64_t weights[4] = {w->dim[1] * p->groups, w->dim[0] / p->groups};
    int64_t dims[4] = {y->dim[0], y->dim[1]};
    for (int i = 0; i < p->spatial; i++) {
        const sld_deconv_axis *axis = &axes[i + 1 - last];
        int64_t pad = sld_deconv_pad_begin(p, i, x->dim[2 + i], y->dim[2 + i], w->dim[2 + i]);
        residue r = residue_of(axis, pad, y->dim[2 + i]);
        f->params.stride[i] = f->params.dilation[i] = 1;
        f->params.pad_begin[i] = (int32_t)r.pad;
        weights[2 + i] = axis->taps;
        dims[2 + i] = r.count;
        *(i == last ? &f->first_x : &f->first_y) = r.first;
        *(i == last ? &f->step_x : &f->step_y) = axis->stride;
    }
    f->in[1] = sld_tensor_make(NULL, SOLDER_F32, 2 + p->spatial, weights);
    f->in[1].flags = SLD_TENSOR_CONSTANT;
    f->in[1].packing = sld_conv_rows_packing(isa->tile->lanes);
    f->in[2] = run->in_count > 2 ? run->in[2] : (sld_tensor){.dtype = SOLDER_NONE};
    f->out = sld_tensor_make(NULL, SOLDER_F32, 2 + p->spatial, dims);
    f->weight_floats = sld_deconv_phase_floats(w, axes, isa->tile->lanes);
    f->run = (sld_run){.params = &f->params,
                       .in = f->in,
                       .out = &f->out,
                       .in_count = 3,
                       .out_count = 1,
                       .pool = run->pool};
}

/* Every phase needs a tap, weights are packed in the plan, dilation would cut the taps further. */
bool sld_deconv_gemm_supports(const sld_run *run)
{
    const sld_deconv_params *p = run->params;
    const sld_tensor *w = &run->in[1];
    bool bias = run->in_count > 2 && sld_tensor_present(&run->in[2]);
    if (p->spatial > 2 || p->epilogue.residual != 0 || (w->flags & SLD_TENSOR_CONSTANT) == 0 ||
        w->dtype != SOLDER_F32 || !sld_tensor_contiguous(w) || w->dim[0] < p->groups ||
        (bias && (run->in[2].dtype != SOLDER_F32 || !sld_tensor_contiguous(&run->in[2])))) {
        return false;
    }
    for (int i = 0; i < p->spatial; i++) {
        if (p->dilation[i] != 1 || w->dim[2 + i] < p->stride[i]) {
            return false;
        }
    }
    return w->dim[1] > 0 && run->in[0].dtype == SOLDER_F32 && run->out[0].dtype == SOLDER_F32 &&
           sld_tensor_inner_contiguous(&run->in[0]) && sld_tensor_inner_contiguous(&run->out[0]);
}

/* Floats of the largest phase's results, a whole number of cache lines. */
static size_t result_floats(const sld_run *run)
{
    const sld_deconv_params *p = run->params;
    const sld_tensor *y = &run->out[0];
    int64_t count = y->dim[0] * y->dim[1];
    for (int i = 0; i < p->spatial; i++) {
        count *= (y->dim[2 + i] + p->stride[i] - 1) / p->stride[i];
    }
    return ((size_t)count + 15) & ~(size_t)15;
}

size_t sld_deconv_gemm_workspace(const sld_run *run, int threads, const sld_conv_isa *isa)
{
    size_t most = 0;
    int64_t count = 1;
    for (int64_t i = 0; i < count; i++) {
        phase f;
        make_phase(run, isa, i, &f, &count);
        for (int axis = 0; axis < f.params.spatial; axis++) { /* the largest phase's extents */
            int64_t stride = axis == f.params.spatial - 1 ? f.step_x : f.step_y;
            f.out.dim[2 + axis] = (run->out[0].dim[2 + axis] + stride - 1) / stride;
        }
        size_t bytes = sld_conv_gemm_workspace(&f.run, threads, isa, true);
        most = bytes > most ? bytes : most;
    }
    return result_floats(run) * sizeof(float) + most;
}

typedef struct spread {
    const phase *f;
    const sld_tensor *y;
} spread;

/* One plane of a phase's results to its places in the output. */
static void spread_plane(void *user, size_t index, int thread)
{
    (void)thread;
    const spread *s = user;
    const phase *f = s->f;
    int64_t image = (int64_t)index / s->y->dim[1];
    int64_t channel = (int64_t)index % s->y->dim[1];
    int last = f->params.spatial - 1;
    int64_t rows = last == 1 ? f->out.dim[2] : 1;
    int64_t columns = f->out.dim[2 + last];
    int64_t width = s->y->dim[2 + last];
    int64_t plane = last == 1 ? s->y->dim[2] * width : width;
    const float *from = (const float *)f->out.data + (int64_t)index * rows * columns;
    float *to = (float *)s->y->data + image * s->y->stride[0] + channel * plane;
    for (int64_t y = 0; y < rows; y++) {
        float *row = to + (f->first_y + y * f->step_y) * width + f->first_x;
        for (int64_t x = 0; x < columns; x++) {
            row[x * f->step_x] = *from++;
        }
    }
}

solder_status sld_deconv_gemm_run(const sld_run *run, const sld_conv_isa *isa)
{
    const sld_tensor *y = &run->out[0];
    const float *weights = run->in[1].data;
    int64_t count = 1;
    for (int64_t i = 0; i < count; i++) {
        phase f;
        make_phase(run, isa, i, &f, &count);
        f.in[1].data = (void *)(uintptr_t)weights;
        f.out.data = run->workspace;
        f.run.workspace = (float *)run->workspace + result_floats(run);
        weights += f.weight_floats;
        if (sld_tensor_count(&f.out) > 0) {
            SLD_TRY(sld_conv_gemm_run(&f.run, isa, true));
            spread s = {&f, y};
            sld_pool_for(run->pool, (size_t)(y->dim[0] * y->dim[1]), spread_plane, &s);
        }
    }
    return SOLDER_OK;
}
