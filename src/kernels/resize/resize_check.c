/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/call_check.h"

static bool enums_ok(const sld_resize_params *p)
{
    return p->mode >= SLD_RESIZE_NEAREST && p->mode <= SLD_RESIZE_CUBIC &&
           p->coordinate >= SLD_COORD_HALF_PIXEL &&
           p->coordinate <= SLD_COORD_TF_HALF_PIXEL_FOR_NN &&
           p->nearest >= SLD_NEAREST_PREFER_FLOOR && p->nearest <= SLD_NEAREST_CEIL &&
           p->policy >= SLD_RESIZE_STRETCH && p->policy <= SLD_RESIZE_NOT_SMALLER;
}

/* An axis that is not listed keeps its extent. */
static bool axes_ok(const sld_run *run, const sld_resize_params *p)
{
    const sld_tensor *x = &run->in[0];
    uint32_t listed = p->axes_count == 0 ? UINT32_MAX : 0;
    for (int i = 0; i < p->axes_count; i++) {
        if (p->axes[i] < 0 || p->axes[i] >= x->rank) {
            return false;
        }
        listed |= 1u << p->axes[i];
    }
    for (int i = 0; i < x->rank; i++) {
        if ((listed >> i & 1u) == 0 && run->out[0].dim[i] != x->dim[i]) {
            return false;
        }
    }
    return true;
}

/* A scale is finite, positive, and what the extents say to within one element. */
static bool scales_ok(const sld_run *run, const sld_resize_params *p, int count)
{
    for (int i = 0; i < count; i++) {
        int axis = p->axes_count == 0 ? i : p->axes[i];
        double in = (double)run->in[0].dim[axis];
        double out = (double)run->out[0].dim[axis];
        double scale = (double)p->scales[i];
        if (!isfinite(scale) || scale <= 0 || fabs(in * scale - out) > 1 + 1e-6 * out) {
            return false;
        }
    }
    return true;
}

const char *sld_check_resize(const sld_run *run)
{
    const sld_resize_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 1, 4, 1));
    const sld_tensor *x = &run->in[0];
    SLD_CHECK(run->out[0].dtype == x->dtype, "input and output have different types");
    SLD_CHECK(x->rank >= 1 && run->out[0].rank == x->rank, "ranks do not fit");
    SLD_CHECK(enums_ok(p) && p->axes_count >= 0 && p->axes_count <= x->rank,
              "a parameter is out of range");
    SLD_CHECK(axes_ok(run, p), "axes do not fit");
    int count = p->axes_count == 0 ? x->rank : p->axes_count;
    SLD_CHECK(!sld_check_has(run, 1) ||
                  (run->in[1].rank == 1 && run->in[1].dim[0] == 2 * (int64_t)count),
              "roi does not fit");
    for (uint32_t i = 2; i < 4; i++) {
        SLD_CHECK(!sld_check_has(run, i) || (run->in[i].rank == 1 && run->in[i].dim[0] == count),
                  "scales or sizes do not fit");
    }
    bool own_scales = !sld_check_has(run, 2) && !sld_check_has(run, 3) && !p->use_sizes;
    SLD_CHECK(!own_scales || scales_ok(run, p, count), "output dims do not follow from the scales");
    return NULL;
}

/* ---- dims from values ---- */

/* round(in_i size_j / in_j), halves up: what axis i becomes when axis j sets the scale. */
static bool follow(int64_t in_i, int64_t in_j, int64_t size_j, int64_t *dim)
{
    int64_t twice;
    if (in_j <= 0 || in_j > SLD_CHECK_LIMIT || !sld_i64_mul(in_i, size_j, &twice) ||
        !sld_i64_mul(twice, 2, &twice) || !sld_i64_add(twice, in_j, &twice)) {
        return false;
    }
    *dim = twice / (2 * in_j);
    return true;
}

static const char *dims_from_sizes(const sld_run *run, const sld_resize_params *p, int count)
{
    int64_t sizes[SOLDER_MAX_RANK];
    const sld_tensor *x = &run->in[0];
    SLD_CHECK_TRY(sld_check_read_list(run, 3, count, sizes));
    for (int i = 0; i < count; i++) {
        int axis = p->axes_count == 0 ? i : p->axes[i];
        int64_t *dim = &run->out[0].dim[axis];
        SLD_CHECK(sizes[i] >= 0 && sizes[i] <= SLD_CHECK_LIMIT, "a size is out of range");
        *dim = sizes[i];
        for (int j = 0; j < count && p->policy != SLD_RESIZE_STRETCH; j++) {
            int64_t other;
            int from = p->axes_count == 0 ? j : p->axes[j];
            SLD_CHECK(follow(x->dim[axis], x->dim[from], sizes[j], &other),
                      "a size is out of range");
            bool takes = p->policy == SLD_RESIZE_NOT_LARGER ? other < *dim : other > *dim;
            *dim = takes ? other : *dim;
        }
    }
    return NULL;
}

static const char *dims_from_scales(const sld_run *run, const sld_resize_params *p, int count)
{
    const sld_tensor *scales = &run->in[2];
    SLD_CHECK(sld_check_has(run, 2) && sld_dtype_is_float(scales->dtype) && scales->rank == 1 &&
                  scales->dim[0] == count,
              "scales or sizes do not fit");
    for (int i = 0; i < count; i++) {
        int64_t num;
        int64_t den;
        int64_t dim;
        int axis = p->axes_count == 0 ? i : p->axes[i];
        float scale = (float)sld_at_f64(scales, i * scales->stride[0]);
        SLD_CHECK(sld_resize_ratio(scale, &num, &den) &&
                      sld_i64_mul(run->in[0].dim[axis], num, &dim),
                  "a scale is out of range");
        run->out[0].dim[axis] = dim / den;
    }
    return NULL;
}

const char *sld_dims_resize(const sld_run *run)
{
    const sld_resize_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 1, 4, 1));
    const sld_tensor *x = &run->in[0];
    SLD_CHECK(x->rank >= 1 && run->out[0].rank == x->rank, "ranks do not fit");
    SLD_CHECK(enums_ok(p) && p->axes_count >= 0 && p->axes_count <= x->rank &&
                  sld_check_values(p->axes, p->axes_count, 0, x->rank - 1),
              "a parameter is out of range");
    int count = p->axes_count == 0 ? x->rank : p->axes_count;
    memcpy(run->out[0].dim, x->dim, sizeof x->dim);
    return sld_check_has(run, 3) ? dims_from_sizes(run, p, count) : dims_from_scales(run, p, count);
}

const char *sld_check_grid_sample(const sld_run *run)
{
    const sld_grid_sample_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 2, 2, 1));
    const sld_tensor *x = &run->in[0];
    const sld_tensor *grid = &run->in[1];
    const sld_tensor *y = &run->out[0];
    SLD_CHECK(sld_dtype_is_float(x->dtype) && sld_dtype_is_float(grid->dtype) &&
                  y->dtype == x->dtype,
              "types do not fit");
    SLD_CHECK(x->rank >= 3 && x->rank <= 5 && grid->rank == x->rank && y->rank == x->rank &&
                  grid->dim[x->rank - 1] == x->rank - 2,
              "ranks do not fit");
    SLD_CHECK(y->dim[0] == x->dim[0] && grid->dim[0] == x->dim[0] && y->dim[1] == x->dim[1],
              "dims of image, grid and output do not fit");
    for (int i = 2; i < x->rank; i++) {
        SLD_CHECK(y->dim[i] == grid->dim[i - 1] && x->dim[i] > 0 && x->dim[i] < SLD_CHECK_LIMIT,
                  "dims of image, grid and output do not fit");
    }
    SLD_CHECK(p->mode >= 0 && p->mode <= SLD_GRID_CUBIC && p->padding >= 0 &&
                  p->padding <= SLD_GRID_REFLECTION,
              "unknown mode or padding");
    return NULL;
}
