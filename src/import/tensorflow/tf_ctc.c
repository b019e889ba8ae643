/* SPDX-License-Identifier: Apache-2.0 */
/* Decoders of connectionist temporal classification, which are plugins, and the sparse tensors they
 * give. */
#include "import/tensorflow/tf_ops.h"
#include "import/tensorflow/tf_scope.h"

enum { MAX_PATHS = 64 };

/* Output 0 the labels, 1 how many, 2 the results. */
static bool decode(sld_tf_node *node, const char *type, const solder_attribute *attributes,
                   size_t count, sld_value *out[3])
{
    const char *source = sld_arena_printf(&node->tf->graph->arena, "%s '%s'", node->op, node->name);
    sld_value *in[2] = {sld_tf_input(node, 0), sld_tf_input(node, 1)};
    const sld_import_node made = {.graph = node->tf->graph,
                                  .plugin = sld_import_find_plugin(node->tf->import, NULL, type),
                                  .name = node->name,
                                  .source = source,
                                  .in = in,
                                  .in_count = 2,
                                  .attributes = attributes,
                                  .attribute_count = count,
                                  .out = out,
                                  .out_count = 3};
    if (!sld_tf_ok(node)) {
        return false;
    }
    solder_status status =
        source != NULL ? sld_import_plugin(&made) : sld_fail_memory(node->tf->diag, 0);
    if (status != SOLDER_OK) {
        node->status = status == SOLDER_ERROR_MEMORY
                           ? status
                           : sld_fail_within(node->tf->diag, status, "%s", node->tf->format->name);
    }
    return sld_tf_ok(node);
}

/* Where labels [N, T] are, which, and the dims of the smallest tensor that holds them. */
static void set_sparse(sld_tf_node *node, sld_value *labels, sld_value *counts, uint32_t first,
                       uint32_t step)
{
    const sld_gather_params tuples = {.kind = SLD_GATHER_ND};
    const sld_shape_params items = {.start = 0, .end = 1};
    const int64_t one = 1;
    sld_value *found =
        sld_tf_binary(node, SLD_BINARY_GREATER_EQUAL, labels, sld_tf_scalar(node, SOLDER_I64, 0));
    sld_value *indices = sld_tf_emit(node, SLD_OP_NONZERO, NULL, &found, 1);
    sld_value *values =
        sld_tf_emit(node, SLD_OP_GATHER, &tuples, (sld_value *[]){labels, indices}, 2);
    sld_value *longest = sld_tf_reduce(node, SLD_REDUCE_MAX, 1, counts);
    sld_value *n = sld_tf_emit(node, SLD_OP_SHAPE, &items, &labels, 1);
    longest = sld_tf_reshape(node, &one, 1, longest);
    sld_tf_set(node, first, indices);
    sld_tf_set(node, first + step, values);
    sld_tf_set(node, first + 2 * step, sld_tf_concat(node, (sld_value *[]){n, longest}, 2, 0));
}

void sld_tf_ctc_greedy(sld_tf_node *node, int told)
{
    (void)told;
    const int64_t merge = sld_tf_bool(node, "merge_repeated", false);
    const int64_t blank = sld_tf_int(node, "blank_index", -1);
    const solder_attribute attributes[] = {{.name = "merge_repeated", .count = 1, .ints = &merge},
                                           {.name = "blank_index", .count = 1, .ints = &blank}};
    sld_value *out[3];
    if (decode(node, "CTCGreedy", attributes, 2, out)) {
        set_sparse(node, out[0], out[1], 0, 1);
        sld_tf_set(node, 3, out[2]);
    }
}

/* Outputs are lists: the indices of all paths, their values, their dims, then the results. */
void sld_tf_ctc_beams(sld_tf_node *node, int told)
{
    (void)told;
    const int64_t merge = sld_tf_bool(node, "merge_repeated", true);
    const int64_t width = sld_tf_int(node, "beam_width", 100);
    const int64_t paths = sld_tf_int(node, "top_paths", 1);
    const solder_attribute attributes[] = {{.name = "merge_repeated", .count = 1, .ints = &merge},
                                           {.name = "beam_width", .count = 1, .ints = &width},
                                           {.name = "top_paths", .count = 1, .ints = &paths}};
    sld_value *out[3];
    if (paths < 1 || paths > MAX_PATHS || (paths > 1 && node->scope->function != NULL)) {
        sld_tf_unsupported(node, "top_paths %lld", (long long)paths);
    }
    sld_tf_outputs(node, 3 * paths + 1);
    if (!sld_tf_ok(node) || !decode(node, "CTCBeamSearch", attributes, 3, out)) {
        return;
    }
    for (int64_t i = 0; i < paths; i++) {
        sld_value *labels = sld_tf_slice(node, out[0], 1, i, i + 1);
        sld_value *counts = sld_tf_slice(node, out[1], 1, i, i + 1);
        set_sparse(node, sld_tf_rearrange(node, labels, (const int[]){0, 2}, 2),
                   sld_tf_rearrange(node, counts, (const int[]){0}, 1), (uint32_t)i,
                   (uint32_t)paths);
    }
    sld_tf_set(node, (uint32_t)(3 * paths), out[2]);
}

/* indices [n, rank], dims, values [n], and what stands elsewhere. */
void sld_tf_sparse_to_dense(sld_tf_node *node, int told)
{
    (void)told;
    const sld_scatter_params params = {.kind = SLD_SCATTER_ND, .reduction = SLD_SCATTER_SET};
    sld_value *indices = sld_tf_cast(node, SOLDER_I64, sld_tf_input(node, 0));
    sld_value *dims = sld_tf_cast(node, SOLDER_I64, sld_tf_input(node, 1));
    sld_value *values = sld_tf_input(node, 2);
    sld_value *elsewhere = sld_tf_as_scalar(node, sld_tf_input(node, 3));
    (void)sld_tf_bool(node, "validate_indices", true);
    if (!sld_tf_ok(node)) {
        return;
    }
    if (indices->shape.rank != 2 || values->shape.rank != 1) {
        sld_tf_unsupported(node, "indices of rank %d, values of rank %d", (int)indices->shape.rank,
                           (int)values->shape.rank);
        return;
    }
    sld_value *filled = sld_tf_emit(node, SLD_OP_EXPAND, NULL, (sld_value *[]){elsewhere, dims}, 2);
    sld_tf_set(
        node, 0,
        sld_tf_emit(node, SLD_OP_SCATTER, &params, (sld_value *[]){filled, indices, values}, 3));
}
