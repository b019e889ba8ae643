/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that only change the shape, or ask for it. */
#include "import/onnx/onnx_ops.h"

void sld_onnx_reshapes(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *in[2] = {sld_onnx_required(node, 0), sld_onnx_required(node, 1)};
    sld_reshape_params params = {0};
    if (node->version >= 14) {
        params.allow_zero = sld_onnx_bool(node, "allowzero", false);
    }
    const int64_t *dims;
    size_t count;
    uint32_t inputs = 2;
    if (sld_onnx_known_ints(node, in[1], &dims, &count)) {
        if (count > SOLDER_MAX_RANK) {
            sld_onnx_unsupported(node, "%zu dimensions", count);
            return;
        }
        params.rank = (int32_t)count;
        memcpy(params.dims, dims, count * sizeof dims[0]);
        inputs = 1;
    }
    node->out[0] = sld_onnx_emit(node, SLD_OP_RESHAPE, &params, in, inputs);
}

void sld_onnx_flatten(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0);
    int rank = sld_onnx_rank(x);
    int64_t given = sld_onnx_int(node, "axis", 1);
    if (!sld_onnx_ok(node)) {
        return;
    }
    int axis = given == rank ? rank : sld_onnx_axis(node, given, rank);
    node->out[0] =
        sld_onnx_reshape(node, x, (sld_onnx_dim_rule[]){{0, axis, 1, 1}, {axis, rank, 1, 1}}, 2);
}

void sld_onnx_squeeze(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0);
    const int64_t *axes;
    size_t count;
    bool given = sld_onnx_axes(node, node->version >= 13, 1, &axes, &count);
    int rank = sld_onnx_rank(x);
    bool dropped[SOLDER_MAX_RANK] = {false};
    for (int i = 0; !given && i < rank && sld_onnx_ok(node); i++) {
        int64_t dim;
        if (!sld_onnx_dim(node, x, i, &dim)) {
            sld_onnx_unsupported(node, "no axes, and dimension %d is open", i);
            return;
        }
        dropped[i] = dim == 1;
    }
    for (size_t i = 0; i < count && sld_onnx_ok(node); i++) {
        int64_t dim;
        int axis = sld_onnx_axis(node, axes[i], rank);
        if (sld_onnx_ok(node) && sld_onnx_dim(node, x, axis, &dim) && dim != 1) {
            sld_onnx_fail(node, SOLDER_ERROR_DATA, "dimension %d is %lld, not 1", axis,
                          (long long)dim);
        }
        dropped[axis] = true;
    }
    sld_onnx_dim_rule rules[SOLDER_MAX_RANK];
    int kept = 0;
    for (int i = 0; i < rank; i++) {
        if (!dropped[i]) {
            rules[kept++] = sld_onnx_keep(i);
        }
    }
    node->out[0] = sld_onnx_reshape(node, x, rules, kept);
}

void sld_onnx_unsqueeze(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0);
    const int64_t *axes;
    size_t count;
    if (!sld_onnx_axes(node, node->version >= 13, 1, &axes, &count)) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "axes are missing");
    }
    if (!sld_onnx_ok(node)) {
        return;
    }
    int rank = sld_onnx_rank(x) + (int)count;
    if (count > SOLDER_MAX_RANK || rank > SOLDER_MAX_RANK) {
        sld_onnx_unsupported(node, "more than %d dimensions", SOLDER_MAX_RANK);
        return;
    }
    sld_onnx_dim_rule rules[SOLDER_MAX_RANK];
    bool fresh[SOLDER_MAX_RANK] = {false};
    for (size_t i = 0; i < count && sld_onnx_ok(node); i++) {
        int axis = sld_onnx_axis(node, axes[i], rank);
        if (fresh[axis]) {
            sld_onnx_fail(node, SOLDER_ERROR_DATA, "axis %d is given twice", axis);
        }
        fresh[axis] = true;
    }
    for (int i = 0, from = 0; i < rank; i++) {
        rules[i] = fresh[i] ? sld_onnx_fixed(1) : sld_onnx_keep(from++);
    }
    node->out[0] = sld_onnx_reshape(node, x, rules, rank);
}

void sld_onnx_transposes(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0);
    int rank = sld_onnx_rank(x);
    int32_t perm[SOLDER_MAX_RANK];
    size_t count;
    const int64_t *given = sld_onnx_ints(node, "perm", &count);
    for (int i = 0; i < rank; i++) {
        perm[i] = rank - 1 - i;
    }
    if (given != NULL && count != (size_t)rank) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "perm has %zu values, the input has rank %d", count,
                      rank);
    }
    for (int i = 0; given != NULL && i < rank && sld_onnx_ok(node); i++) {
        perm[i] = sld_onnx_axis(node, given[i], rank);
    }
    node->out[0] = sld_onnx_transpose(node, perm, x);
}

void sld_onnx_expand(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *in[2] = {sld_onnx_required(node, 0), sld_onnx_required(node, 1)};
    sld_expand_params params = {0};
    const int64_t *dims;
    size_t count;
    uint32_t inputs = 2;
    if (sld_onnx_known_ints(node, in[1], &dims, &count)) {
        if (count > SOLDER_MAX_RANK) {
            sld_onnx_unsupported(node, "%zu dimensions", count);
            return;
        }
        params.rank = (int32_t)count;
        memcpy(params.dims, dims, count * sizeof dims[0]);
        inputs = 1;
    }
    node->out[0] = sld_onnx_emit(node, SLD_OP_EXPAND, &params, in, inputs);
}

void sld_onnx_tile(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *in[2] = {sld_onnx_required(node, 0), sld_onnx_required(node, 1)};
    sld_tile_params params = {{0}};
    const int64_t *repeats;
    size_t count;
    uint32_t inputs = 2;
    if (sld_onnx_known_ints(node, in[1], &repeats, &count)) {
        if (count != (size_t)sld_onnx_rank(in[0])) {
            sld_onnx_fail(node, SOLDER_ERROR_DATA, "repeats has %zu values, the input has rank %d",
                          count, sld_onnx_rank(in[0]));
            return;
        }
        memcpy(params.repeats, repeats, count * sizeof repeats[0]);
        inputs = 1;
    }
    node->out[0] = sld_onnx_emit(node, SLD_OP_TILE, &params, in, inputs);
}

/* start and end as numpy slices them: negative ones count from the end, then they are clamped. */
static int shape_bound(int64_t bound, int rank)
{
    bound = bound < 0 ? bound + rank : bound;
    return (int)(bound < 0 ? 0 : bound > rank ? rank : bound);
}

void sld_onnx_shapes(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0);
    int rank = sld_onnx_rank(x), start = 0, end = rank;
    if (node->version >= 15) {
        int64_t last = sld_onnx_int(node, "end", INT32_MAX);
        start = shape_bound(sld_onnx_int(node, "start", 0), rank);
        end = shape_bound(last, rank);
    }
    node->out[0] = sld_onnx_shape(node, start, end < start ? start : end, x);
}

void sld_onnx_size(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0);
    sld_value *shape = sld_onnx_shape(node, 0, sld_onnx_rank(x), x);
    node->out[0] = sld_onnx_reduce(node, SLD_REDUCE_PROD, 1, false, shape);
}

/* ---- depth and space ---- */

static const char *const modes[] = {"DCR", "CRD"};

static int block_size(sld_onnx_node *node, const sld_value *x)
{
    int32_t block = sld_onnx_int_in(node, "blocksize", 0, 1, INT16_MAX);
    if (sld_onnx_ok(node) && sld_onnx_rank(x) != 4) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "the input has rank %d, expected 4",
                      sld_onnx_rank(x));
    }
    return block;
}

static void check_divides(sld_onnx_node *node, const sld_value *x, int axis, int64_t divisor)
{
    int64_t dim;
    if (sld_onnx_ok(node) && sld_onnx_dim(node, x, axis, &dim) && dim % divisor != 0) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "dimension %d is %lld, no multiple of %lld", axis,
                      (long long)dim, (long long)divisor);
    }
}

void sld_onnx_depth_to_space(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0);
    int64_t b = block_size(node, x);
    int mode = node->version >= 11 ? sld_onnx_choice(node, "mode", modes, 2, 0) : 0;
    check_divides(node, x, 1, b * b);
    const sld_onnx_dim_rule depth = {1, 2, 1, b * b};
    const sld_onnx_dim_rule dcr[] = {sld_onnx_keep(0), sld_onnx_fixed(b), sld_onnx_fixed(b), depth,
                                     sld_onnx_keep(2), sld_onnx_keep(3)};
    const sld_onnx_dim_rule crd[] = {sld_onnx_keep(0),  depth,
                                     sld_onnx_fixed(b), sld_onnx_fixed(b),
                                     sld_onnx_keep(2),  sld_onnx_keep(3)};
    x = sld_onnx_reshape(node, x, mode == 0 ? dcr : crd, 6);
    x = sld_onnx_transpose(
        node, mode == 0 ? (int32_t[]){0, 3, 4, 1, 5, 2} : (int32_t[]){0, 1, 4, 2, 5, 3}, x);
    node->out[0] = sld_onnx_reshape(
        node, x,
        (sld_onnx_dim_rule[]){sld_onnx_keep(0), sld_onnx_keep(1), {2, 4, 1, 1}, {4, 6, 1, 1}}, 4);
}

void sld_onnx_space_to_depth(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0);
    int64_t b = block_size(node, x);
    int mode = node->version >= 28 ? sld_onnx_choice(node, "mode", modes, 2, 0) : 0;
    check_divides(node, x, 2, b);
    check_divides(node, x, 3, b);
    const sld_onnx_dim_rule split[] = {sld_onnx_keep(0),  sld_onnx_keep(1), {2, 3, 1, b},
                                       sld_onnx_fixed(b), {3, 4, 1, b},     sld_onnx_fixed(b)};
    x = sld_onnx_reshape(node, x, split, 6);
    x = sld_onnx_transpose(
        node, mode == 0 ? (int32_t[]){0, 3, 5, 1, 2, 4} : (int32_t[]){0, 1, 3, 5, 2, 4}, x);
    node->out[0] = sld_onnx_reshape(
        node, x,
        (sld_onnx_dim_rule[]){{0, 1, 1, 1}, {1, 4, 1, 1}, sld_onnx_keep(4), sld_onnx_keep(5)}, 4);
}
