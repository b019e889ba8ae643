/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     [a] --\
 *            Concat --> y       ==>       [y]          [.] a constant
 *     [b] --/
 *
 * Nodes whose inputs are constant are computed now, and so are whole-number tensors whose contents
 * inference knows (the shape of a tensor of fixed dims) and plugins that look at fixed dims alone.
 *
 * Size: a result of more than 64 MiB is computed only if it is not more than twice its constant
 * inputs, or if it ends as a weight (directly, or through nodes that only move or convert it): a
 * large Fill or Expand would only make the plan larger, but kernels want their weights constant.
 * Nothing above 1 GiB is computed: a few bytes of a model can ask for it.
 */
#include "passes/pass.h"
#include "passes/rewrite.h"

#define SMALL_RESULT     ((size_t)64 << 20)
#define LARGEST_RESULT   ((size_t)1 << 30)
#define MAX_WEIGHT_CHAIN 8

typedef struct folding {
    sld_graph *graph;
    bool *fresh; /* by value id: what inference knows of the value has changed */
    bool changed;
} folding;

static bool is_weight_slot(sld_op op, uint32_t slot)
{
    switch (op) {
    case SLD_OP_CONVOLUTION:
    case SLD_OP_DECONVOLUTION:
        return slot == 1 || slot == 2;
    case SLD_OP_MATMUL:
        return slot <= 2;
    case SLD_OP_SCALE:
    case SLD_OP_BATCHNORM:
    case SLD_OP_NORMALIZATION:
    case SLD_OP_PRELU:
        return slot > 0;
    case SLD_OP_GATHER:
        return slot == 0;
    default:
        return false;
    }
}

static bool only_moves(sld_op op)
{
    return op == SLD_OP_RESHAPE || op == SLD_OP_TRANSPOSE || op == SLD_OP_CAST ||
           op == SLD_OP_UNARY || op == SLD_OP_ELEMENTWISE || op == SLD_OP_SLICE;
}

static bool ends_as_weight(const sld_value *value, int depth)
{
    for (const sld_use *use = value->uses; use != NULL; use = use->next) {
        const sld_node *user = use->node;
        if (is_weight_slot(user->op, use->slot) ||
            (only_moves(user->op) && depth < MAX_WEIGHT_CHAIN &&
             ends_as_weight(user->out[0], depth + 1))) {
            return true;
        }
    }
    return false;
}

static bool worth_its_size(const sld_node *node, size_t bytes)
{
    size_t given = 0;
    for (uint32_t i = 0; i < node->in_count; i++) {
        given += node->in[i].value != NULL ? node->in[i].value->data_size : 0;
    }
    if (bytes > LARGEST_RESULT) {
        return false;
    }
    return bytes <= SMALL_RESULT || bytes / 2 <= given || ends_as_weight(node->out[0], 0);
}

static bool is_known(const sld_graph *graph, const sld_node *node, uint32_t input)
{
    int64_t dims[SOLDER_MAX_RANK];
    const sld_value *value = node->in[input].value;
    return sld_value_is_constant(value) ||
           (sld_node_reads_dims_alone(node, input) && sld_value_static_dims(graph, value, dims));
}

/* Whether every output can be computed now; an Identity that makes a constant an output stays. */
static bool is_foldable(const sld_graph *graph, const sld_node *node)
{
    size_t total = 0;
    if (node->body_count > 0) { /* what becomes of the bodies is not this pass's business */
        return false;
    }
    for (uint32_t i = 0; i < node->in_count; i++) {
        if (node->in[i].value != NULL && !is_known(graph, node, i)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < node->out_count; i++) {
        int64_t dims[SOLDER_MAX_RANK];
        size_t bytes;
        const sld_value *out = node->out[i];
        if (!sld_value_static_dims(graph, out, dims) ||
            !sld_dims_bytes(dims, out->shape.rank, out->dtype, &bytes) ||
            !sld_size_add(total, bytes, &total)) {
            return false;
        }
    }
    return worth_its_size(node, total);
}

static bool has_known_content(const sld_graph *graph, const sld_value *value, int64_t *count)
{
    *count = 1;
    if (value->content == NULL || value->shape.rank > 1 ||
        (value->shape.rank == 1 && !sld_expr_is_const(&graph->exprs, value->shape.d[0], count))) {
        return false;
    }
    for (int64_t i = 0; i < *count; i++) {
        if (!sld_expr_is_const(&graph->exprs, value->content[i], NULL)) {
            return false;
        }
    }
    return true;
}

/* The constant takes value's place; an output of the network stays computed, by a copy. */
static solder_status install(folding *f, sld_value *value, const int64_t *dims, const void *data)
{
    sld_graph *graph = f->graph;
    sld_value *constant;
    SLD_TRY(sld_graph_add_constant(graph, value->name, value->dtype, value->shape.rank, dims, data,
                                   false, &constant));
    if (value->is_output) {
        sld_value *copy;
        SLD_TRY(sld_add_copy(graph, value->producer->next, value->name, constant, &copy));
        SLD_TRY(sld_graph_replace(graph, value, copy));
        while (copy->uses != NULL) {
            sld_graph_set_input(copy->uses->node, copy->uses->slot, constant);
        }
    } else {
        SLD_TRY(sld_graph_replace(graph, value, constant));
    }
    for (const sld_use *use = constant->uses; use != NULL; use = use->next) {
        f->fresh[use->node->out[0]->id] = true;
    }
    f->changed = true;
    return SOLDER_OK;
}

static solder_status fold_content(folding *f, sld_value *value, int64_t count)
{
    size_t size = solder_dtype_size(value->dtype);
    char *data = sld_arena_array(&f->graph->arena, (size_t)count, size);
    if (data == NULL) {
        return sld_fail_memory(f->graph->diag, (size_t)count * size);
    }
    for (int64_t i = 0; i < count; i++) {
        int64_t element = 0;
        (void)sld_expr_is_const(&f->graph->exprs, value->content[i], &element);
        sld_store_i64(value->dtype, data + (size_t)i * size, element);
    }
    return install(f, value, &count, data);
}

/* A Reshape's result is its input's bytes: large weights are not copied for it. */
static solder_status fold_reshape(folding *f, const sld_node *node)
{
    int64_t dims[SOLDER_MAX_RANK];
    (void)sld_value_static_dims(f->graph, node->out[0], dims);
    return install(f, node->out[0], dims, node->in[0].value->data);
}

static solder_status fold_node(folding *f, sld_node *node)
{
    if (node->op == SLD_OP_RESHAPE && node->out[0]->use_count > 0) {
        return fold_reshape(f, node);
    }
    sld_tensor out[SLD_MAX_OUTPUTS];
    solder_status status = sld_node_evaluate(f->graph, node, &f->graph->arena, out);
    if (status == SOLDER_ERROR_DATA || status == SOLDER_ERROR_UNSUPPORTED) {
        return SOLDER_OK; /* an index out of range: the step says so if it ever runs */
    }
    SLD_TRY(status);
    for (uint32_t i = 0; i < node->out_count; i++) {
        if (node->out[i]->use_count > 0 || node->out[i]->is_output) {
            SLD_TRY(install(f, node->out[i], out[i].dim, out[i].data));
        }
    }
    return SOLDER_OK;
}

/* Inference again where an input became better known, and on to the users if that told more. */
static solder_status refresh(folding *f, sld_node *node)
{
    sld_value *out = node->out[0];
    if (!f->fresh[out->id]) {
        return SOLDER_OK;
    }
    SLD_TRY(sld_graph_infer_node(f->graph, node));
    for (uint32_t i = 0; i < node->out_count; i++) {
        for (const sld_use *use = node->out[i]->uses; use != NULL; use = use->next) {
            f->fresh[use->node->out[0]->id] = true;
        }
    }
    return SOLDER_OK;
}

static bool copies_constant_to_output(const sld_node *node)
{
    return node->op == SLD_OP_UNARY && node->out[0]->is_output &&
           ((const sld_unary_params *)node->params)->kind == SLD_UNARY_IDENTITY;
}

static solder_status visit(folding *f, sld_node *node)
{
    int64_t count;
    SLD_TRY(refresh(f, node));
    if (copies_constant_to_output(node)) {
        return SOLDER_OK;
    }
    if (node->out_count == 1 && node->out[0]->content != NULL &&
        (node->out[0]->use_count > 0 || node->out[0]->is_output) &&
        has_known_content(f->graph, node->out[0], &count)) {
        return fold_content(f, node->out[0], count);
    }
    return is_foldable(f->graph, node) ? fold_node(f, node) : SOLDER_OK;
}

solder_status sld_pass_constant_folding(sld_graph *graph, const sld_pass_options *options,
                                        bool *changed)
{
    (void)options;
    sld_arena scratch;
    sld_arena_init(&scratch, graph->allocator, 0);
    /* Every node may add a constant, an Identity and its value. */
    size_t ids = (size_t)graph->next_id * 4 + 1;
    folding f = {.graph = graph, .fresh = sld_arena_array(&scratch, ids, sizeof(bool))};
    solder_status status = f.fresh != NULL ? SOLDER_OK : sld_fail_memory(graph->diag, ids);
    for (sld_node *node = graph->first; status == SOLDER_OK && node != NULL;) {
        sld_node *next = node->next;
        status = visit(&f, node);
        node = next;
    }
    *changed = f.changed;
    sld_arena_free(&scratch);
    return status;
}
