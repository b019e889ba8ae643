/* SPDX-License-Identifier: Apache-2.0 */
/* Concat, Split, Slice, Pad, the gathers and scatters. */
#include "import/onnx/onnx_ops.h"

/* More inputs than a step may have are joined in rounds. */
void sld_onnx_concat(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *first = sld_onnx_required(node, 0);
    if (sld_onnx_attribute(node, "axis") == NULL) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "axis is missing");
    }
    int64_t given = sld_onnx_int(node, "axis", 0);
    sld_concat_params params = {0};
    if (sld_onnx_ok(node)) {
        params.axis = sld_onnx_axis(node, given, sld_onnx_rank(first));
    }
    for (uint32_t i = 1; i < node->in_count; i++) {
        (void)sld_onnx_required(node, i);
    }
    uint32_t at = 0;
    sld_value *joined = NULL;
    while (at < node->in_count && sld_onnx_ok(node)) {
        sld_value *in[SLD_MAX_INPUTS];
        uint32_t count = 0;
        if (joined != NULL) {
            in[count++] = joined;
        }
        while (count < SLD_MAX_INPUTS && at < node->in_count) {
            in[count++] = node->in[at++];
        }
        joined = sld_onnx_emit(node, SLD_OP_CONCAT, &params, in, count);
    }
    node->out[0] = joined;
}

/* ---- Slice ---- */

static void append_slice(sld_slice_params *params, int axis, int64_t start, int64_t end,
                         int64_t step)
{
    int i = params->count++;
    params->axes[i] = axis;
    params->start[i] = start;
    params->end[i] = end;
    params->step[i] = step;
}

typedef struct slice_lists {
    const int64_t *starts, *ends, *axes, *steps; /* axes and steps may be NULL */
    size_t count;
} slice_lists;

static void slice_by_lists(sld_onnx_node *node, sld_value *x, const slice_lists *lists)
{
    sld_slice_params params = {0};
    bool seen[SOLDER_MAX_RANK] = {false};
    int rank = sld_onnx_rank(x);
    if (lists->count > (size_t)rank) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "%zu axes, the input has rank %d", lists->count,
                      rank);
    }
    for (size_t i = 0; i < lists->count && sld_onnx_ok(node); i++) {
        int axis = lists->axes != NULL ? sld_onnx_axis(node, lists->axes[i], rank) : (int)i;
        if (seen[axis]) {
            sld_onnx_fail(node, SOLDER_ERROR_DATA, "axis %d is given twice", axis);
        }
        seen[axis] = true;
        append_slice(&params, axis, lists->starts[i], lists->ends[i],
                     lists->steps != NULL ? lists->steps[i] : 1);
    }
    node->out[0] = sld_onnx_emit(node, SLD_OP_SLICE, &params, &x, 1);
}

/* Elements of an optional list; *ints NULL if it is absent, false if they are not known. */
static bool known_list(sld_onnx_node *node, sld_value *value, size_t expected, const int64_t **ints)
{
    size_t count;
    *ints = NULL;
    if (value == NULL) {
        return true;
    }
    if (!sld_onnx_known_ints(node, value, ints, &count)) {
        return false;
    }
    if (count != expected) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "the lists have %zu and %zu values", expected,
                      count);
    }
    return true;
}

static void slice_by_inputs(sld_onnx_node *node, sld_value *x)
{
    sld_value *in[5] = {x, sld_onnx_required(node, 1), sld_onnx_required(node, 2),
                        sld_onnx_input(node, 3), sld_onnx_input(node, 4)};
    slice_lists lists = {0};
    if (sld_onnx_known_ints(node, in[1], &lists.starts, &lists.count) &&
        known_list(node, in[2], lists.count, &lists.ends) &&
        known_list(node, in[3], lists.count, &lists.axes) &&
        known_list(node, in[4], lists.count, &lists.steps)) {
        slice_by_lists(node, x, &lists);
        return;
    }
    for (int i = 1; i < 5; i++) {
        in[i] = in[i] != NULL ? sld_onnx_cast(node, SOLDER_I64, in[i]) : NULL;
    }
    node->out[0] = sld_onnx_emit(node, SLD_OP_SLICE, NULL, in, 5);
}

void sld_onnx_slice(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0);
    if (node->version >= 10) {
        slice_by_inputs(node, x);
        return;
    }
    slice_lists lists = {0};
    size_t ends, axes;
    lists.starts = sld_onnx_ints(node, "starts", &lists.count);
    lists.ends = sld_onnx_ints(node, "ends", &ends);
    lists.axes = sld_onnx_ints(node, "axes", &axes);
    if (ends != lists.count || (lists.axes != NULL && axes != lists.count)) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "starts, ends and axes have %zu, %zu and %zu values",
                      lists.count, ends, axes);
    }
    slice_by_lists(node, x, &lists);
}

/* ---- Split ---- */

/* Sizes of the parts when the node does not give them. */
static bool equal_parts(sld_onnx_node *node, const sld_value *x, int axis, int64_t *sizes)
{
    int64_t dim, parts = node->out_count;
    if (!sld_onnx_dim(node, x, axis, &dim)) {
        sld_onnx_unsupported(node, "equal parts of an open dimension");
        return false;
    }
    int64_t size = (dim + parts - 1) / parts;
    if (node->version < 18 && dim % parts != 0) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "dimension %d is %lld, not divisible by %lld", axis,
                      (long long)dim, (long long)parts);
        return false;
    }
    for (int64_t i = 0; i < parts; i++) {
        int64_t left = dim - i * size;
        sizes[i] = left < 0 ? 0 : left < size ? left : size;
    }
    return true;
}

/* Sizes from attribute or input; false if there are none, or after a failure. */
static bool given_parts(sld_onnx_node *node, const int64_t **sizes)
{
    size_t count = 0;
    *sizes = NULL;
    if (node->version < 13) {
        *sizes = sld_onnx_ints(node, "split", &count);
    } else if (sld_onnx_input(node, 1) != NULL &&
               !sld_onnx_known_ints(node, sld_onnx_input(node, 1), sizes, &count)) {
        sld_onnx_unsupported(node, "sizes that are not constant");
    }
    if (*sizes == NULL || !sld_onnx_ok(node)) {
        return false;
    }
    if (count != node->out_count) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "split has %zu values for %u outputs", count,
                      (unsigned)node->out_count);
        return false;
    }
    return true;
}

static void check_parts(sld_onnx_node *node, const sld_value *x, int axis, const int64_t *sizes)
{
    int64_t dim, sum = 0;
    bool good = true;
    for (uint32_t i = 0; i < node->out_count; i++) {
        good = good && sizes[i] >= 0 && sld_i64_add(sum, sizes[i], &sum);
    }
    if (!good || (sld_onnx_dim(node, x, axis, &dim) && dim != sum)) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "the parts do not add up to dimension %d", axis);
    }
}

void sld_onnx_split(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0);
    int64_t given = sld_onnx_int(node, "axis", 0);
    if (node->version >= 18 &&
        sld_onnx_int(node, "num_outputs", node->out_count) != (int64_t)node->out_count) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "num_outputs does not fit %u outputs",
                      (unsigned)node->out_count);
    }
    int axis = sld_onnx_ok(node) ? sld_onnx_axis(node, given, sld_onnx_rank(x)) : 0;
    const int64_t *sizes;
    bool known = given_parts(node, &sizes);
    int64_t *equal = sld_arena_array(&node->onnx->arena, node->out_count, sizeof *equal);
    if (equal == NULL) {
        node->status = sld_fail_memory(node->onnx->diag, node->out_count);
    }
    if (!sld_onnx_ok(node) || (!known && !equal_parts(node, x, axis, equal))) {
        return;
    }
    sizes = known ? sizes : equal;
    check_parts(node, x, axis, sizes);
    int64_t start = 0;
    for (uint32_t i = 0; i < node->out_count && sld_onnx_ok(node); i++) {
        sld_slice_params params = {0};
        append_slice(&params, axis, start, start + sizes[i], 1);
        start += sizes[i];
        if (node->wanted[i]) {
            node->out[i] = sld_onnx_emit(node, SLD_OP_SLICE, &params, &x, 1);
        }
    }
}

/* ---- Pad ---- */

static void pad_by_lists(sld_onnx_node *node, sld_value *const *in, sld_pad_params *params,
                         const int64_t *pads, size_t count)
{
    int rank = sld_onnx_rank(in[0]);
    const int64_t *axes = NULL;
    size_t axis_count = (size_t)rank;
    if (in[3] != NULL && !sld_onnx_known_ints(node, in[3], &axes, &axis_count)) {
        sld_onnx_unsupported(node, "axes that are not constant");
        return;
    }
    if (axis_count > (size_t)rank || count != 2 * axis_count) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "pads has %zu values for %zu axes", count,
                      axis_count);
        return;
    }
    bool seen[SOLDER_MAX_RANK] = {false};
    for (size_t i = 0; i < axis_count && sld_onnx_ok(node); i++) {
        int axis = axes != NULL ? sld_onnx_axis(node, axes[i], rank) : (int)i;
        if (seen[axis]) {
            sld_onnx_fail(node, SOLDER_ERROR_DATA, "axis %d is given twice", axis);
        }
        seen[axis] = true;
        params->begin[axis] = pads[i];
        params->end[axis] = pads[axis_count + i];
    }
    node->out[0] = sld_onnx_emit(node, SLD_OP_PAD, params, (sld_value *[]){in[0], NULL, in[2]}, 3);
}

void sld_onnx_pad(sld_onnx_node *node, int told)
{
    (void)told;
    static const char *const modes[] = {"constant", "reflect", "edge", "wrap"};
    sld_value *in[4] = {sld_onnx_required(node, 0)};
    sld_pad_params params = {
        .kind = sld_onnx_choice(node, "mode", modes, node->version >= 19 ? 4 : 3, 0)};
    const int64_t *pads;
    size_t count;
    if (node->version < 11) {
        params.value = (double)sld_onnx_float(node, "value", 0);
        pads = sld_onnx_ints(node, "pads", &count);
        if (pads == NULL) {
            sld_onnx_fail(node, SOLDER_ERROR_DATA, "pads are missing");
            return;
        }
        pad_by_lists(node, in, &params, pads, count);
        return;
    }
    in[1] = sld_onnx_required(node, 1);
    in[2] = sld_onnx_input(node, 2);
    in[3] = node->version >= 18 ? sld_onnx_input(node, 3) : NULL;
    if (!sld_onnx_ok(node)) {
        return;
    }
    if (in[2] != NULL) {
        in[2] = sld_onnx_as_scalar(node, in[2]);
    }
    if (sld_onnx_known_ints(node, in[1], &pads, &count)) {
        pad_by_lists(node, in, &params, pads, count);
        return;
    }
    if (in[3] != NULL) {
        in[3] = sld_onnx_cast(node, SOLDER_I64, in[3]);
    }
    node->out[0] = sld_onnx_emit(node, SLD_OP_PAD, &params, in, 4);
}

/* ---- gathers ---- */

void sld_onnx_gather(sld_onnx_node *node, int kind)
{
    sld_value *data = sld_onnx_required(node, 0), *indices = sld_onnx_required(node, 1);
    sld_gather_params params = {.kind = kind};
    if (kind == SLD_GATHER_ND) {
        if (node->version >= 12) {
            params.batch_dims = sld_onnx_int_in(node, "batch_dims", 0, 0, SOLDER_MAX_RANK);
        }
    } else {
        int64_t axis = sld_onnx_int(node, "axis", 0);
        if (sld_onnx_ok(node)) {
            params.axis = sld_onnx_axis(node, axis, sld_onnx_rank(data));
        }
    }
    node->out[0] = sld_onnx_emit(node, SLD_OP_GATHER, &params, (sld_value *[]){data, indices}, 2);
}

void sld_onnx_scatter(sld_onnx_node *node, int kind)
{
    static const char *const reductions[] = {"none", "add", "mul", "max", "min"};
    static const int32_t known[] = {SLD_SCATTER_SET, SLD_SCATTER_ADD, SLD_SCATTER_MUL,
                                    SLD_SCATTER_MAX, SLD_SCATTER_MIN};
    sld_value *in[3];
    for (uint32_t i = 0; i < 3; i++) {
        in[i] = sld_onnx_required(node, i);
    }
    sld_scatter_params params = {.kind = kind};
    if (node->version >= 16) {
        int count = node->version >= 18 ? 5 : 3;
        params.reduction = known[sld_onnx_choice(node, "reduction", reductions, count, 0)];
    }
    if (kind == SLD_SCATTER_ELEMENTS) {
        int64_t given = sld_onnx_int(node, "axis", 0);
        params.axis = sld_onnx_axis(node, given, sld_onnx_rank(in[0]));
    }
    node->out[0] = sld_onnx_emit(node, SLD_OP_SCATTER, &params, in, 3);
}

/* Found indices stand in columns here, in rows there. */
void sld_onnx_nonzero(sld_onnx_node *node, int told)
{
    (void)told;
    sld_value *x = sld_onnx_required(node, 0);
    sld_value *found = sld_onnx_emit(node, SLD_OP_NONZERO, NULL, &x, 1);
    node->out[0] = sld_onnx_transpose(node, (int32_t[]){1, 0}, found);
}
