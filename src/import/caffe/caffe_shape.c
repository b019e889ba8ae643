/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs and everything that moves or copies without computing. */
#include <stdio.h>

#include "import/caffe/caffe.h"

/* ---- inputs ---- */

static solder_status shape_dims(const sld_caffe *c, const sld_caffe_layer *l,
                                const Caffe__BlobShape *shape, solder_dims *dims)
{
    if (shape->n_dim > SOLDER_MAX_RANK) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_UNSUPPORTED,
                              "its shape has %zu axes, at most %d "
                              "are supported",
                              shape->n_dim, SOLDER_MAX_RANK);
    }
    dims->rank = (int32_t)shape->n_dim;
    for (size_t i = 0; i < shape->n_dim; i++) {
        if (shape->dim[i] == 0 || shape->dim[i] < -1) {
            return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "dimension %zu of its shape is %lld", i,
                                  (long long)shape->dim[i]);
        }
        dims->d[i] = shape->dim[i];
    }
    return SOLDER_OK;
}

/* The shape among several that belongs to top i: one for all, or one each. */
static const Caffe__BlobShape *shape_of(Caffe__BlobShape *const *shapes, size_t count, size_t i)
{
    return count == 1 ? shapes[0] : i < count ? shapes[i] : NULL;
}

static int64_t nth(const uint32_t *values, size_t count, size_t i)
{
    return count == 0 ? -1 : (int64_t)values[count == 1 || i >= count ? 0 : i];
}

/* What the model says of the shape of top i; rank -1: nothing. */
static solder_status model_dims(const sld_caffe *c, const sld_caffe_layer *l, size_t i,
                                solder_dims *dims)
{
    const Caffe__BlobShape *shape = NULL;
    dims->rank = -1;
    if (strcmp(l->type, "Input") == 0) {
        const Caffe__InputParameter *p = l->param;
        shape = shape_of(p->shape, p->n_shape, i);
    } else if (strcmp(l->type, "DummyData") == 0) {
        const Caffe__DummyDataParameter *p = l->param;
        shape = shape_of(p->shape, p->n_shape, i);
        if (p->n_num > 0) {
            *dims = (solder_dims){4,
                                  {nth(p->num, p->n_num, i), nth(p->channels, p->n_channels, i),
                                   nth(p->height, p->n_height, i), nth(p->width, p->n_width, i)}};
        }
    } else if (strcmp(l->type, "MemoryData") == 0 && i == 0) {
        const Caffe__MemoryDataParameter *p = l->param;
        if (p->has_batch_size && p->has_channels && p->has_height && p->has_width) {
            *dims = (solder_dims){4, {p->batch_size, p->channels, p->height, p->width}};
        }
    }
    return shape != NULL ? shape_dims(c, l, shape, dims) : SOLDER_OK;
}

solder_status sld_caffe_input(sld_caffe *c, sld_caffe_layer *l)
{
    for (size_t i = 0; i < l->p->n_top; i++) {
        const char *name = l->p->top[i];
        if (!l->top[i]->needed) {
            continue;
        }
        solder_dims dims = {0};
        SLD_TRY(model_dims(c, l, i, &dims));
        const solder_input_spec *spec = sld_import_spec(c->import, name);
        if (dims.rank < 0 && (spec == NULL || spec->dims.rank == 0)) {
            return sld_caffe_fail(c, l, SOLDER_ERROR_DATA,
                                  "the model does not say what shape its top '%s' has: give it, as "
                                  "with --input %s=1x3x224x224",
                                  name, name);
        }
        solder_status status =
            sld_import_input(c->import, name, SOLDER_F32, &dims, NULL, &l->top[i]->value);
        if (status != SOLDER_OK) {
            return sld_fail_within(c->diag, status, "caffe");
        }
    }
    return SOLDER_OK;
}

solder_status sld_caffe_parameter(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__ParameterParameter *p = l->param;
    solder_dims dims = {0};
    if (p->shape == NULL) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "has no shape");
    }
    SLD_TRY(shape_dims(c, l, p->shape, &dims));
    sld_caffe_want want = {.what = "value", .fan_in = 2, .rank = dims.rank};
    for (int i = 0; i < dims.rank; i++) {
        SLD_TRY(dims.d[i] > 0 ? SOLDER_OK
                              : sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "its shape is open"));
        want.dims[i] = dims.d[i];
    }
    return sld_caffe_weight(c, l, &want, &l->top[0]->value);
}

/* ---- Concat, Slice, Tile ---- */

solder_status sld_caffe_concat(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__ConcatParameter *p = l->param;
    sld_value *in[SLD_MAX_INPUTS], *y = NULL;
    int axis;
    if (p->has_axis && p->has_concat_dim) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "gives both axis and concat_dim");
    }
    int64_t given = p->has_concat_dim ? (int64_t)p->concat_dim : p->axis;
    int32_t signed_axis;
    SLD_TRY(sld_caffe_i32(c, l, "axis", given, INT32_MIN, &signed_axis));
    SLD_TRY(sld_caffe_axis(c, l, signed_axis, sld_caffe_in(l, 0)->shape.rank, &axis));
    sld_concat_params params = {.axis = axis};
    uint32_t count = 0;
    for (size_t i = 0; i < l->p->n_bottom; i++) { /* in batches: what a node takes is limited */
        in[count++] = sld_caffe_in(l, i);
        if (count == SLD_MAX_INPUTS || i + 1 == l->p->n_bottom) {
            SLD_TRY(count == 1 ? (y = in[0], SOLDER_OK)
                               : sld_caffe_add(c, l, SLD_OP_CONCAT, &params, in, count, &y));
            in[0] = y;
            count = 1;
        }
    }
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

static solder_status cut(sld_caffe *c, sld_caffe_layer *l, int axis, const int64_t range[2],
                         sld_value **out)
{
    sld_slice_params params = {
        .count = 1, .axes = {axis}, .start = {range[0]}, .end = {range[1]}, .step = {1}};
    sld_value *x = sld_caffe_in(l, 0);
    return sld_caffe_add(c, l, SLD_OP_SLICE, &params, &x, 1, out);
}

static solder_status slice_axis(const sld_caffe *c, const sld_caffe_layer *l, int *axis)
{
    const Caffe__SliceParameter *p = l->param;
    if (p->has_axis && p->has_slice_dim) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "gives both axis and slice_dim");
    }
    int32_t given;
    SLD_TRY(sld_caffe_i32(c, l, "axis", p->has_slice_dim ? (int64_t)p->slice_dim : p->axis,
                          INT32_MIN, &given));
    return sld_caffe_axis(c, l, given, sld_caffe_in(l, 0)->shape.rank, axis);
}

solder_status sld_caffe_slice(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__SliceParameter *p = l->param;
    size_t tops = l->p->n_top;
    int axis;
    int64_t size;
    SLD_TRY(slice_axis(c, l, &axis));
    SLD_TRY(sld_caffe_dim(c, l, sld_caffe_in(l, 0), axis, &size));
    if (p->n_slice_point > 0 && p->n_slice_point != tops - 1) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "%zu slice_point for %zu tops",
                              p->n_slice_point, tops);
    }
    if (p->n_slice_point == 0 && size % (int64_t)tops != 0) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "%zu tops do not divide %lld evenly", tops,
                              (long long)size);
    }
    int64_t range[2] = {0, 0};
    for (size_t i = 0; i < tops; i++) {
        range[1] = i + 1 == tops          ? size
                   : p->n_slice_point > 0 ? (int64_t)p->slice_point[i]
                                          : size / (int64_t)tops * (int64_t)(i + 1);
        if (range[1] <= range[0] || range[1] > size) {
            return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "slice_point %lld of %lld",
                                  (long long)range[1], (long long)size);
        }
        SLD_TRY(cut(c, l, axis, range, &l->top[i]->value));
        range[0] = range[1];
    }
    return SOLDER_OK;
}

solder_status sld_caffe_tile(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__TileParameter *p = l->param;
    sld_value *x = sld_caffe_in(l, 0), *y;
    int axis;
    SLD_TRY(sld_caffe_axis(c, l, p->axis, x->shape.rank, &axis));
    if (p->tiles < 1) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "tiles is %d", (int)p->tiles);
    }
    sld_tile_params params;
    for (int i = 0; i < SOLDER_MAX_RANK; i++) {
        params.repeats[i] = i == axis ? p->tiles : 1;
    }
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_TILE, &params, &x, 1, &y));
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

/* ---- Flatten, Reshape, Permute ---- */

solder_status sld_caffe_flatten(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__FlattenParameter *p = l->param;
    sld_value *x = sld_caffe_in(l, 0), *y;
    int first, last, rank = x->shape.rank;
    SLD_TRY(sld_caffe_axis(c, l, p->axis, rank, &first));
    SLD_TRY(sld_caffe_axis(c, l, p->end_axis, rank, &last));
    if (last < first) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "end_axis %d lies before axis %d", last,
                              first);
    }
    sld_shape shape = {.rank = rank - (last - first)};
    for (int i = 0; i < shape.rank; i++) {
        shape.d[i] = x->shape.d[i <= first ? i : i + last - first];
    }
    shape.d[first] = sld_caffe_product(c, x, first, last + 1);
    if (first == last) {
        return sld_caffe_pass(c, l);
    }
    SLD_TRY(sld_caffe_reshape(c, l, x, &shape, &y));
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

/* Divides the elements of the replaced axes by the dimensions given. */
static solder_status infer_dim(sld_caffe *c, const sld_caffe_layer *l, sld_dim whole, sld_dim given,
                               sld_dim *out)
{
    int64_t a, b;
    sld_expr_table *exprs = &c->graph->exprs;
    if (sld_expr_is_const(exprs, whole, &a) && sld_expr_is_const(exprs, given, &b)) {
        if (b == 0 || a % b != 0) {
            return sld_caffe_fail(c, l, SOLDER_ERROR_DATA,
                                  "%lld elements cannot be reshaped to multiples of %lld",
                                  (long long)a, (long long)b);
        }
        *out = sld_graph_dim(c->graph, a / b);
        return SOLDER_OK;
    }
    *out = sld_expr_div(exprs, whole, given);
    return SOLDER_OK;
}

/* shape replaces num_axes axes from start on; 0 copies, -1 takes what is left. */
static solder_status reshaped(sld_caffe *c, const sld_caffe_layer *l, const int range[2],
                              sld_shape *out)
{
    const Caffe__ReshapeParameter *p = l->param;
    const sld_value *x = sld_caffe_in(l, 0);
    sld_dim given = sld_graph_dim(c->graph, 1);
    int inferred = -1, n = range[0];
    for (size_t i = 0; i < p->shape->n_dim; i++, n++) {
        int64_t dim = p->shape->dim[i];
        if (dim < -1 || (dim == -1 && inferred >= 0) || (dim == 0 && n >= x->shape.rank)) {
            return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "dim %lld at place %zu of its shape",
                                  (long long)dim, i);
        }
        if (dim == -1) {
            inferred = n;
            continue;
        }
        out->d[n] = dim == 0 ? x->shape.d[n] : sld_graph_dim(c->graph, dim);
        given = sld_expr_mul(&c->graph->exprs, given, out->d[n]);
    }
    for (int i = range[1]; i < x->shape.rank; i++) {
        out->d[n++] = x->shape.d[i];
    }
    sld_dim whole = sld_caffe_product(c, x, range[0], range[1]);
    return inferred < 0 ? SOLDER_OK : infer_dim(c, l, whole, given, &out->d[inferred]);
}

solder_status sld_caffe_reshape_layer(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__ReshapeParameter *p = l->param;
    sld_value *x = sld_caffe_in(l, 0), *y;
    int rank = x->shape.rank, range[2];
    if (p->shape == NULL) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "has no shape");
    }
    /* -1 is the place behind the last axis */
    SLD_TRY(sld_caffe_axis(c, l, p->axis, rank + 1, &range[0]));
    range[1] = p->num_axes == -1 ? rank : range[0] + p->num_axes;
    if (p->num_axes < -1 || p->num_axes > rank - range[0]) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA,
                              "num_axes %d from axis %d on exceeds %d axes", (int)p->num_axes,
                              range[0], rank);
    }
    size_t outer = (size_t)(range[0] + rank - range[1]);
    if (p->shape->n_dim + outer > SOLDER_MAX_RANK) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_UNSUPPORTED,
                              "its top has %zu axes, at most %d are "
                              "supported",
                              p->shape->n_dim + outer, SOLDER_MAX_RANK);
    }
    sld_shape shape = {.rank = (int32_t)(p->shape->n_dim + outer)};
    for (int i = 0; i < range[0]; i++) {
        shape.d[i] = x->shape.d[i];
    }
    SLD_TRY(reshaped(c, l, range, &shape));
    SLD_TRY(sld_caffe_reshape(c, l, x, &shape, &y));
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

static solder_status permute(sld_caffe *c, sld_caffe_layer *l, const uint32_t *order, size_t count)
{
    sld_value *x = sld_caffe_in(l, 0), *y;
    int rank = x->shape.rank, n = 0;
    sld_transpose_params params = {{0}};
    uint32_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (order[i] >= (uint32_t)rank || (used >> order[i] & 1) != 0) {
            return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "order %u is out of range or repeated",
                                  (unsigned)order[i]);
        }
        used |= 1u << order[i];
        params.perm[n++] = (int32_t)order[i];
    }
    for (int i = 0; i < rank; i++) { /* axes left out follow in their order */
        if ((used >> i & 1) == 0) {
            params.perm[n++] = i;
        }
    }
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_TRANSPOSE, &params, &x, 1, &y));
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

solder_status sld_caffe_permute(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__PermuteParameter *p = l->param;
    return permute(c, l, p->order, p->n_order);
}

solder_status sld_caffe_transpose(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__TransposeParameter *p = l->param;
    return permute(c, l, p->dim, p->n_dim);
}

/* ---- Crop: to the size of the second bottom from axis on ---- */

/* The reference's dims are open: the ends are computed from its shape when the network runs. */
static solder_status crop_open(sld_caffe *c, sld_caffe_layer *l, int axis,
                               const sld_slice_params *p)
{
    sld_value *in[4] = {sld_caffe_in(l, 0)}, *sizes, *y, *reference = sld_caffe_in(l, 1);
    int64_t count = p->count, axes[SOLDER_MAX_RANK];
    for (int i = 0; i < p->count; i++) {
        axes[i] = p->axes[i];
    }
    sld_shape_params shape = {.start = axis, .end = reference->shape.rank};
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_SHAPE, &shape, &reference, 1, &sizes));
    SLD_TRY(
        sld_graph_add_constant(c->graph, l->name, SOLDER_I64, 1, &count, p->start, true, &in[1]));
    SLD_TRY(sld_caffe_binary(c, l, SLD_BINARY_SUM, sizes, in[1], &in[2]));
    SLD_TRY(sld_graph_add_constant(c->graph, l->name, SOLDER_I64, 1, &count, axes, true, &in[3]));
    sld_slice_params params;
    sld_op_defaults(SLD_OP_SLICE, &params);
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_SLICE, &params, in, 4, &y));
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

/* Offsets and ends per cropped axis. *open: some extent is not a constant. */
static solder_status crop_ranges(sld_caffe *c, const sld_caffe_layer *l, int axis,
                                 sld_slice_params *params, bool *open)
{
    const Caffe__CropParameter *p = l->param;
    const sld_value *x = sld_caffe_in(l, 0), *reference = sld_caffe_in(l, 1);
    for (int i = axis; i < x->shape.rank; i++) {
        int n = params->count++;
        int64_t offset = p->n_offset == 0 ? 0 : p->offset[p->n_offset == 1 ? 0 : n];
        int64_t size = 0, have;
        bool known = sld_expr_is_const(&c->graph->exprs, reference->shape.d[i], &size);
        *open |= !known;
        params->axes[n] = i;
        params->start[n] = offset;
        params->end[n] = offset + size;
        params->step[n] = 1;
        if (known && sld_expr_is_const(&c->graph->exprs, x->shape.d[i], &have) &&
            size > have - offset) {
            return sld_caffe_fail(c, l, SOLDER_ERROR_DATA,
                                  "axis %d: %lld from offset %lld on exceeds %lld", i,
                                  (long long)size, (long long)offset, (long long)have);
        }
    }
    return SOLDER_OK;
}

solder_status sld_caffe_crop(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__CropParameter *p = l->param;
    sld_value *x = sld_caffe_in(l, 0), *y;
    int axis, rank = x->shape.rank;
    SLD_TRY(sld_caffe_axis(c, l, p->axis, rank, &axis));
    if (sld_caffe_in(l, 1)->shape.rank != rank) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA,
                              "its bottoms differ in their number of axes");
    }
    if (p->n_offset > 1 && p->n_offset != (size_t)(rank - axis)) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "%zu offset for %d cropped axes",
                              p->n_offset, rank - axis);
    }
    sld_slice_params params = {.count = 0};
    bool open = false;
    SLD_TRY(crop_ranges(c, l, axis, &params, &open));
    if (open) {
        return crop_open(c, l, axis, &params);
    }
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_SLICE, &params, &x, 1, &y));
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

/* ---- Interp, Upsample, ShuffleChannel ---- */

static solder_status check_image(const sld_caffe *c, const sld_caffe_layer *l)
{
    int rank = sld_caffe_in(l, 0)->shape.rank;
    return rank == 4
               ? SOLDER_OK
               : sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "its bottom has %d axes, not 4", rank);
}

/* Extent of one axis after the layer; size is the extent after cropping. */
static solder_status interp_size(const sld_caffe *c, const sld_caffe_layer *l, int i, int64_t size,
                                 int64_t *out)
{
    const Caffe__InterpParameter *p = l->param;
    if (l->p->n_bottom == 2) {
        return sld_caffe_dim(c, l, sld_caffe_in(l, 1), 2 + i, out);
    }
    int64_t shrink = p->has_shrink_factor ? p->shrink_factor : 1;
    int64_t zoom = p->has_zoom_factor ? p->zoom_factor : 1;
    if (shrink < 1 || zoom < 1) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "its factors must be 1 or more");
    }
    if (!p->has_shrink_factor && !p->has_zoom_factor) {
        *out = i == 0 ? p->height : p->width;
    } else {
        *out = (size - 1) / shrink + 1;
        if (!sld_i64_mul(*out - 1, zoom - 1, &zoom) || !sld_i64_add(*out, zoom, out)) {
            *out = 0;
        }
    }
    return *out > 0 && *out <= INT32_MAX
               ? SOLDER_OK
               : sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "its top has a size of %lld",
                                (long long)*out);
}

/* Bilinear with the corners in place; negative padding crops first. */
solder_status sld_caffe_interp(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__InterpParameter *p = l->param;
    SLD_TRY(check_image(c, l));
    sld_value *x = sld_caffe_in(l, 0), *y;
    sld_slice_params crop = {.count = 2,
                             .axes = {2, 3},
                             .start = {-(int64_t)p->pad_beg, -(int64_t)p->pad_beg},
                             .step = {1, 1}};
    sld_resize_params params;
    sld_op_defaults(SLD_OP_RESIZE, &params);
    params.mode = SLD_RESIZE_LINEAR;
    params.coordinate = SLD_COORD_ALIGN_CORNERS;
    params.use_sizes = 1;
    params.axes_count = 2;
    for (int i = 0; i < 2; i++) {
        int64_t size;
        SLD_TRY(sld_caffe_dim(c, l, x, 2 + i, &size));
        crop.end[i] = size + p->pad_end;
        if (p->pad_beg > 0 || p->pad_end > 0 || crop.end[i] <= crop.start[i]) {
            return sld_caffe_fail(c, l, SOLDER_ERROR_DATA,
                                  "pad_beg %d and pad_end %d must crop, and leave something",
                                  (int)p->pad_beg, (int)p->pad_end);
        }
        params.axes[i] = 2 + i;
        SLD_TRY(interp_size(c, l, i, crop.end[i] - crop.start[i], &params.sizes[i]));
    }
    if (p->pad_beg != 0 || p->pad_end != 0) {
        SLD_TRY(sld_caffe_add(c, l, SLD_OP_SLICE, &crop, &x, 1, &x));
    }
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_RESIZE, &params, &x, 1, &y));
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

const char *sld_caffe_refuse_upsample(const sld_caffe_layer *l)
{
    const Caffe__UpsampleParameter *p = l->param;
    return l->p->n_bottom > 1 || p->pad_out_h || p->pad_out_w || p->has_upsample_h ||
                   p->has_upsample_w
               ? "unpooling with a mask"
               : NULL;
}

/* Repeats every pixel. */
solder_status sld_caffe_upsample(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__UpsampleParameter *p = l->param;
    SLD_TRY(check_image(c, l));
    sld_value *x = sld_caffe_in(l, 0), *y;
    int32_t scale[2];
    SLD_TRY(sld_caffe_i32(c, l, "scale", p->has_scale_h ? p->scale_h : p->scale, 1, &scale[0]));
    SLD_TRY(sld_caffe_i32(c, l, "scale", p->has_scale_w ? p->scale_w : p->scale, 1, &scale[1]));
    sld_resize_params params;
    sld_op_defaults(SLD_OP_RESIZE, &params);
    params.mode = SLD_RESIZE_NEAREST;
    params.coordinate = SLD_COORD_ASYMMETRIC;
    params.nearest = SLD_NEAREST_FLOOR;
    params.axes_count = 2;
    for (int i = 0; i < 2; i++) {
        params.axes[i] = 2 + i;
        params.scales[i] = (float)scale[i];
    }
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_RESIZE, &params, &x, 1, &y));
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

#define MAX_SHUFFLED (1 << 20) /* the order is stored */

/* Channel k of group g becomes channel g of group k: a gather, whatever the other axes are. */
solder_status sld_caffe_shuffle_channel(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__ShuffleChannelParameter *p = l->param;
    sld_value *in[2] = {sld_caffe_in(l, 0)}, *y;
    int64_t channels;
    SLD_TRY(sld_caffe_dim(c, l, in[0], 1, &channels));
    int64_t groups = p->group;
    if (groups < 1 || channels % groups != 0) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "group %lld does not divide %lld channels",
                              (long long)groups, (long long)channels);
    }
    if (channels > MAX_SHUFFLED) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_UNSUPPORTED,
                              "%lld channels: at most %d are "
                              "supported",
                              (long long)channels, MAX_SHUFFLED);
    }
    int64_t *order = sld_arena_array(&c->graph->arena, (size_t)channels, sizeof *order);
    if (order == NULL) {
        return sld_fail_memory(c->diag, (size_t)channels * sizeof *order);
    }
    for (int64_t i = 0; i < channels; i++) {
        order[i] = i % groups * (channels / groups) + i / groups;
    }
    SLD_TRY(
        sld_graph_add_constant(c->graph, l->name, SOLDER_I64, 1, &channels, order, false, &in[1]));
    sld_gather_params params = {.kind = SLD_GATHER_AXIS, .axis = 1};
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_GATHER, &params, in, 2, &y));
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}
