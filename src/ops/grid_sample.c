/* SPDX-License-Identifier: Apache-2.0 */
/* GridSample: an image read at the points of a grid. */
#include "kernels/resize/resize.h"
#include "ops/content.h"

static const char *const modes[] = {"linear", "nearest", "cubic"};
static const char *const paddings[] = {"zeros", "border", "reflection"};

static const sld_attr attrs[] = {
    SLD_ATTR_NAMED(sld_grid_sample_params, mode, "mode", modes, 0),
    SLD_ATTR_NAMED(sld_grid_sample_params, padding, "padding", paddings, 0),
    SLD_ATTR(sld_grid_sample_params, align_corners, "align_corners", SLD_ATTR_BOOL, 0),
};

static solder_status infer_grid_sample(sld_infer *infer)
{
    SLD_TRY(sld_infer_type(infer, 0, sld_dtype_is_float, "a float"));
    SLD_TRY(sld_infer_type(infer, 1, sld_dtype_is_float, "a float"));
    SLD_TRY(sld_infer_rank(infer, 0, 3, 5));
    int rank = infer->in[0].shape.rank;
    SLD_TRY(sld_infer_rank(infer, 1, rank, rank));
    int64_t axes;
    if (sld_infer_dim(infer, 1, rank - 1, &axes) && axes != rank - 2) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "points of %lld values, the image has %d",
                              (long long)axes, rank - 2);
    }
    int64_t images;
    int64_t grids;
    if (sld_infer_dim(infer, 0, 0, &images) && sld_infer_dim(infer, 1, 0, &grids) &&
        images != grids) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "%lld images, %lld grids",
                              (long long)images, (long long)grids);
    }
    for (int i = 2; i < rank; i++) {
        int64_t extent;
        if (sld_infer_dim(infer, 0, i, &extent) && extent == 0) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA, "the image is empty");
        }
    }
    sld_shape shape = infer->in[0].shape;
    for (int i = 2; i < rank; i++) {
        shape.d[i] = infer->in[1].shape.d[i - 1];
    }
    sld_infer_set(infer, 0, infer->in[0].dtype, &shape);
    return SOLDER_OK;
}

const sld_op_part sld_op_grid_sample = {attrs, SLD_ARRAY_LENGTH(attrs), infer_grid_sample};
