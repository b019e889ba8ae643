/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interpreter over reference kernels: slow, and the one definition of what a network means.
 * Folding, pass tests, fuzzers and `solder compare` all stand on it.
 */
#include "graph/control.h"
#include "kernels/call_check.h"
#include "plugin/plugin.h"

typedef struct evaluation {
    const sld_graph *graph;
    sld_diag *diag;
    sld_pool *pool;
    sld_arena *arena; /* outlives the evaluation: results */
    int64_t *symbols;
    int64_t *values;     /* of all expressions */
    sld_tensor *tensors; /* by value id */
    uint32_t *pending;   /* uses left, by value id */
    bool *owned;         /* memory of the tensor is released after its last use */
    const solder_allocator *allocator;
} evaluation;

static void refresh(evaluation *e)
{
    sld_expr_evaluate(e->graph->exprs.exprs, e->graph->exprs.count, e->symbols, e->values);
}

static sld_tensor tensor_of_constant(const evaluation *e, const sld_value *value)
{
    sld_tensor t = {.dtype = value->dtype, .rank = value->shape.rank, .flags = SLD_TENSOR_CONSTANT};
    for (int i = 0; i < t.rank; i++) {
        t.dim[i] = e->values[value->shape.d[i]];
    }
    sld_tensor_set_strides(&t);
    t.data = (void *)(uintptr_t)value->data;
    return t;
}

static solder_status bind_dim(evaluation *e, const sld_value *value, int axis, int64_t dim)
{
    const sld_expr *x = &e->graph->exprs.exprs[value->shape.d[axis]];
    if (x->op == SLD_EXPR_SYMBOL && e->symbols[x->value] == SLD_EXPR_UNKNOWN) {
        e->symbols[x->value] = dim;
        refresh(e);
    }
    if (e->values[value->shape.d[axis]] != dim) {
        return sld_fail(e->diag, SOLDER_ERROR_ARGUMENT,
                        "input '%s': dimension %d is %lld, the network needs %lld", value->name,
                        axis, (long long)dim, (long long)e->values[value->shape.d[axis]]);
    }
    return SOLDER_OK;
}

static solder_status bind_input(evaluation *e, const sld_value *value, const sld_tensor *given)
{
    if (given->dtype != value->dtype || given->rank != value->shape.rank) {
        return sld_fail(e->diag, SOLDER_ERROR_ARGUMENT,
                        "input '%s': given %s of rank %d, the network takes %s of rank %d",
                        value->name, solder_dtype_name(given->dtype), (int)given->rank,
                        solder_dtype_name(value->dtype), (int)value->shape.rank);
    }
    for (int i = 0; i < given->rank; i++) {
        SLD_TRY(bind_dim(e, value, i, given->dim[i]));
    }
    e->tensors[value->id] = *given;
    return SOLDER_OK;
}

/* Dims of an output as far as known; the ones only its kernel knows are set to their bound. */
static bool known_dims(const evaluation *e, const sld_value *value, sld_tensor *t)
{
    bool all = true;
    *t = (sld_tensor){.dtype = value->dtype, .rank = value->shape.rank};
    for (int i = 0; i < t->rank; i++) {
        sld_dim d = value->shape.d[i];
        t->dim[i] = e->values[d];
        const sld_expr *x = &e->graph->exprs.exprs[d];
        if (t->dim[i] == SLD_EXPR_UNKNOWN && x->op == SLD_EXPR_SYMBOL) {
            sld_dim bound = e->graph->exprs.symbols[x->value].bound;
            t->dim[i] = bound >= 0 ? e->values[bound] : SLD_EXPR_UNKNOWN;
        }
        all = all && t->dim[i] >= 0;
    }
    return all;
}

/* Dims of all outputs; those without a bound follow from the inputs' values. */
static solder_status tell_dims(evaluation *e, const sld_node *node, sld_tensor *in, sld_tensor *out)
{
    bool all = true;
    sld_op_info info = sld_op_get(node->op);
    for (uint32_t i = 0; i < node->out_count; i++) {
        all = known_dims(e, node->out[i], &out[i]) && all;
    }
    sld_dims_hook hook = sld_family_dims(info.family);
    if (all || hook == NULL) {
        return SOLDER_OK;
    }
    const sld_run run = {.params = node->params,
                         .in = in,
                         .out = out,
                         .in_count = node->in_count,
                         .out_count = node->out_count};
    const char *wrong = hook(&run);
    return wrong == NULL ? SOLDER_OK
                         : sld_fail(e->diag, SOLDER_ERROR_DATA, "node '%s' (%s): %s", node->name,
                                    info.name, wrong);
}

/* Memory of an output for its dims. */
static solder_status prepare_output(evaluation *e, const sld_value *value, sld_tensor *t)
{
    for (int i = 0; i < t->rank; i++) {
        if (t->dim[i] < 0) {
            return sld_fail(e->diag, SOLDER_ERROR_DATA,
                            "value '%s': dimension %d is not known or negative", value->name, i);
        }
    }
    sld_tensor_set_strides(t);
    size_t bytes;
    if (!sld_dims_bytes(t->dim, t->rank, t->dtype, &bytes)) {
        return sld_fail(e->diag, SOLDER_ERROR_DATA, "value '%s' is too large", value->name);
    }
    if (value->is_output) {
        t->data = sld_arena_alloc(e->arena, bytes);
    } else {
        t->data = sld_calloc(e->allocator, bytes);
        e->owned[value->id] = t->data != NULL;
    }
    return t->data != NULL ? SOLDER_OK : sld_fail_memory(e->diag, bytes);
}

static size_t tensor_bytes(const evaluation *e, const sld_value *value)
{
    const sld_tensor *t = &e->tensors[value->id];
    size_t bytes = 0;
    (void)sld_dims_bytes(t->dim, t->rank, t->dtype, &bytes);
    return bytes;
}

static void release_value(evaluation *e, const sld_value *value)
{
    if (e->owned[value->id]) {
        sld_release(e->allocator, e->tensors[value->id].data, tensor_bytes(e, value));
        e->owned[value->id] = false;
    }
}

/* After a run: symbols that the step defined, and strides of shrunk outputs. */
static void adopt_dims(evaluation *e, const sld_node *node, const sld_tensor *out)
{
    bool changed = false;
    for (uint32_t i = 0; i < node->out_count; i++) {
        for (int j = 0; j < out[i].rank; j++) {
            const sld_expr *x = &e->graph->exprs.exprs[node->out[i]->shape.d[j]];
            if (x->op == SLD_EXPR_SYMBOL && e->graph->exprs.symbols[x->value].data_dependent &&
                e->symbols[x->value] == SLD_EXPR_UNKNOWN) {
                e->symbols[x->value] = out[i].dim[j];
                changed = true;
            }
        }
    }
    if (changed) {
        refresh(e);
    }
}

/* A plugin packs, saves and opens for each evaluation, as it does once for a plan. */
static solder_status begin_plugin(sld_plugin_params *params, const sld_node *node, sld_run *run,
                                  sld_arena *arena)
{
    *params = *(const sld_plugin_params *)node->params;
    run->params = params;
    if (params->plugin->run == NULL) {
        return sld_fail(run->diag, SOLDER_ERROR_UNSUPPORTED, "plugin '%s' has no run for the CPU",
                        params->plugin->name);
    }
    SLD_TRY(sld_plugin_prepare(params, run, arena, run->diag));
    return sld_plugin_open(params, run, run->diag);
}

static solder_status run_plugin(const sld_node *node, sld_run *run,
                                const solder_allocator *allocator)
{
    sld_plugin_params params;
    sld_arena arena;
    sld_arena_init(&arena, allocator, 0);
    solder_status status = begin_plugin(&params, node, run, &arena);
    if (status == SOLDER_OK) {
        run->workspace_size = sld_plugin_kernel.workspace(run, sld_pool_threads(run->pool));
        run->workspace = sld_alloc(allocator, run->workspace_size);
        status = run->workspace != NULL ? sld_plugin_kernel.run(run)
                                        : sld_fail_memory(run->diag, run->workspace_size);
        sld_release(allocator, run->workspace, run->workspace_size);
    }
    sld_plugin_close(&params);
    sld_arena_free(&arena);
    return status == SOLDER_OK || status == SOLDER_ERROR_MEMORY
               ? status
               : sld_fail_within(run->diag, status, "node '%s'", node->name);
}

static solder_status run_kernel(const sld_node *node, sld_diag *diag, sld_pool *pool,
                                sld_tensor *in, sld_tensor *out, const solder_allocator *allocator)
{
    sld_op_info info = sld_op_get(node->op);
    const sld_kernel *kernel = sld_kernel_reference(info.family);
    if (kernel == NULL) {
        return sld_fail(diag, SOLDER_ERROR_INTERNAL, "no reference kernel for %s", info.name);
    }
    sld_run run = {.params = node->params,
                   .in = in,
                   .out = out,
                   .in_count = node->in_count,
                   .out_count = node->out_count,
                   .pool = pool,
                   .diag = diag};
    if (node->op == SLD_OP_PLUGIN) {
        return run_plugin(node, &run, allocator);
    }
    sld_check check = sld_family_check(info.family);
    const char *wrong = check != NULL ? check(&run) : NULL;
    if (wrong != NULL) { /* dims that only a run tells may not belong together */
        return sld_fail(diag, SOLDER_ERROR_DATA, "node '%s' (%s): %s", node->name, info.name,
                        wrong);
    }
    size_t workspace =
        kernel->workspace != NULL ? kernel->workspace(&run, sld_pool_threads(pool)) : 0;
    if (workspace > 0) {
        run.workspace = sld_alloc(allocator, workspace);
        if (run.workspace == NULL) {
            return sld_fail_memory(diag, workspace);
        }
    }
    solder_status status = kernel->run(&run);
    sld_release(allocator, run.workspace, workspace);
    return status == SOLDER_OK
               ? SOLDER_OK
               : sld_fail(diag, status, "node '%s' (%s): an index in its input is out of range",
                          node->name, info.name);
}

/* Its own copy of a tensor made by a body, in memory that lives as long as the value. */
static solder_status keep_result(evaluation *e, const sld_value *value, const sld_tensor *made)
{
    sld_tensor *t = &e->tensors[value->id];
    size_t bytes;
    *t = *made;
    t->flags = 0;
    sld_tensor_set_strides(t);
    if (!sld_dims_bytes(t->dim, t->rank, t->dtype, &bytes)) {
        return sld_fail(e->diag, SOLDER_ERROR_DATA, "value '%s' is too large", value->name);
    }
    t->data = value->is_output ? sld_arena_alloc(e->arena, bytes) : sld_alloc(e->allocator, bytes);
    if (t->data == NULL) {
        return sld_fail_memory(e->diag, bytes);
    }
    e->owned[value->id] = !value->is_output;
    sld_tensor_copy(made, t);
    return SOLDER_OK;
}

/* What inference said of the dims must hold: users count on it. */
static solder_status check_dims(const evaluation *e, const sld_node *node, const sld_tensor *out)
{
    for (uint32_t i = 0; i < node->out_count; i++) {
        for (int j = 0; j < out[i].rank; j++) {
            int64_t expected = e->values[node->out[i]->shape.d[j]];
            if (expected != out[i].dim[j]) {
                return sld_fail(e->diag, SOLDER_ERROR_DATA,
                                "node '%s' (%s): dimension %d of '%s' is %lld, not %lld",
                                node->name, sld_op_name(node->op), j, node->out[i]->name,
                                (long long)out[i].dim[j], (long long)expected);
            }
        }
    }
    return SOLDER_OK;
}

static solder_status run_control(evaluation *e, const sld_node *node, const sld_tensor *in)
{
    sld_tensor out[SLD_MAX_OUTPUTS];
    sld_arena results;
    sld_arena_init(&results, e->allocator, 0);
    sld_control_call call = {.node = node,
                             .diag = e->diag,
                             .pool = e->pool,
                             .allocator = e->allocator,
                             .in = in,
                             .values = e->values,
                             .arena = &results,
                             .out = out};
    solder_status status = sld_control_evaluate(&call);
    for (uint32_t i = 0; status == SOLDER_OK && i < node->out_count; i++) {
        status = keep_result(e, node->out[i], &out[i]);
    }
    if (status == SOLDER_OK) {
        adopt_dims(e, node, out);
        status = check_dims(e, node, out);
    }
    sld_arena_free(&results);
    return status;
}

static solder_status run_node(evaluation *e, const sld_node *node)
{
    sld_tensor in[SLD_MAX_INPUTS];
    sld_tensor out[SLD_MAX_OUTPUTS];
    for (uint32_t i = 0; i < node->in_count; i++) {
        const sld_value *value = node->in[i].value;
        in[i] = value == NULL                       ? (sld_tensor){.dtype = SOLDER_NONE}
                : value->kind == SLD_VALUE_CONSTANT ? tensor_of_constant(e, value)
                                                    : e->tensors[value->id];
    }
    if (node->body_count > 0) {
        return run_control(e, node, in);
    }
    size_t allocated[SLD_MAX_OUTPUTS];
    SLD_TRY(tell_dims(e, node, in, out));
    for (uint32_t i = 0; i < node->out_count; i++) {
        SLD_TRY(prepare_output(e, node->out[i], &out[i]));
        e->tensors[node->out[i]->id] = out[i];
        allocated[i] = tensor_bytes(e, node->out[i]);
    }
    SLD_TRY(run_kernel(node, e->diag, e->pool, in, out, e->allocator));
    adopt_dims(e, node, out);
    for (uint32_t i = 0; i < node->out_count; i++) {
        const sld_value *value = node->out[i];
        sld_tensor_set_strides(&out[i]);
        e->tensors[value->id] = out[i];
        if (e->owned[value->id] && tensor_bytes(e, value) != allocated[i]) {
            /* Shrunk: keep a block of its final size, so that it is released with its size. */
            size_t bytes = tensor_bytes(e, value);
            void *exact = sld_alloc(e->allocator, bytes);
            if (exact == NULL) {
                e->owned[value->id] = false;
                sld_release(e->allocator, out[i].data, allocated[i]);
                return sld_fail_memory(e->diag, bytes);
            }
            memcpy(exact, out[i].data, bytes);
            sld_release(e->allocator, out[i].data, allocated[i]);
            e->tensors[value->id].data = exact;
            out[i].data = exact;
        }
    }
    return SOLDER_OK;
}

static void finish_uses(evaluation *e, const sld_node *node)
{
    for (uint32_t i = 0; i < node->in_count; i++) {
        const sld_value *value = node->in[i].value;
        if (value != NULL && --e->pending[value->id] == 0) {
            release_value(e, value);
        }
    }
    for (uint32_t i = 0; i < node->out_count; i++) {
        if (e->pending[node->out[i]->id] == 0) {
            release_value(e, node->out[i]);
        }
    }
}

static solder_status run_all(evaluation *e, sld_observe observe, void *user)
{
    for (const sld_node *node = e->graph->first; node != NULL; node = node->next) {
        SLD_TRY(run_node(e, node));
        if (observe != NULL) {
            sld_tensor out[SLD_MAX_OUTPUTS];
            for (uint32_t i = 0; i < node->out_count; i++) {
                out[i] = e->tensors[node->out[i]->id];
            }
            SLD_TRY(observe(user, node, out));
        }
        finish_uses(e, node);
    }
    return SOLDER_OK;
}

/* An output that is an input or a constant: copied, so that outputs never alias the caller's. */
static solder_status copy_output(evaluation *e, const sld_value *value, sld_tensor *out)
{
    sld_tensor from =
        value->kind == SLD_VALUE_CONSTANT ? tensor_of_constant(e, value) : e->tensors[value->id];
    *out = from;
    if (value->kind == SLD_VALUE_NODE) {
        return SOLDER_OK;
    }
    size_t bytes = (size_t)sld_tensor_count(&from) * solder_dtype_size(from.dtype);
    out->flags = 0;
    sld_tensor_set_strides(out);
    out->data = sld_arena_alloc(e->arena, bytes);
    if (out->data == NULL) {
        return sld_fail_memory(e->diag, bytes);
    }
    sld_tensor_copy(&from, out);
    return SOLDER_OK;
}

static solder_status setup(evaluation *e, sld_arena *scratch)
{
    const sld_graph *graph = e->graph;
    size_t ids = (size_t)graph->next_id + 1;
    e->symbols = sld_arena_array(scratch, graph->exprs.symbol_count + 1, sizeof *e->symbols);
    e->values = sld_arena_array(scratch, graph->exprs.count + 1, sizeof *e->values);
    e->tensors = sld_arena_array(scratch, ids, sizeof *e->tensors);
    e->pending = sld_arena_array(scratch, ids, sizeof *e->pending);
    e->owned = sld_arena_array(scratch, ids, sizeof *e->owned);
    if (e->symbols == NULL || e->values == NULL || e->tensors == NULL || e->pending == NULL ||
        e->owned == NULL) {
        return sld_fail(e->diag, SOLDER_ERROR_MEMORY, "out of memory while evaluating");
    }
    for (size_t i = 0; i < graph->exprs.symbol_count; i++) {
        e->symbols[i] = SLD_EXPR_UNKNOWN;
    }
    for (const sld_value *v = graph->values; v != NULL; v = v->next) {
        e->pending[v->id] = v->use_count;
    }
    refresh(e);
    return SOLDER_OK;
}

solder_status sld_graph_evaluate(const sld_graph *graph, sld_diag *diag, sld_pool *pool,
                                 const sld_tensor *inputs, sld_arena *arena, sld_tensor *outputs,
                                 sld_observe observe, void *user)
{
    evaluation e = {
        .graph = graph, .diag = diag, .pool = pool, .arena = arena, .allocator = graph->allocator};
    sld_arena scratch;
    sld_arena_init(&scratch, graph->allocator, 0);
    solder_status status = setup(&e, &scratch);
    for (size_t i = 0; status == SOLDER_OK && i < graph->input_count; i++) {
        status = bind_input(&e, graph->inputs[i], &inputs[i]);
    }
    if (status == SOLDER_OK) {
        status = run_all(&e, observe, user);
    }
    for (size_t i = 0; status == SOLDER_OK && i < graph->output_count; i++) {
        status = copy_output(&e, graph->outputs[i], &outputs[i]);
    }
    for (const sld_value *v = graph->values; e.owned != NULL && v != NULL; v = v->next) {
        release_value(&e, v);
    }
    sld_arena_free(&scratch);
    return status;
}

solder_status sld_node_evaluate(const sld_graph *graph, const sld_node *node, sld_arena *arena,
                                sld_tensor *outputs)
{
    sld_tensor in[SLD_MAX_INPUTS];
    for (uint32_t i = 0; i < node->in_count; i++) {
        const sld_value *value = node->in[i].value;
        if (value == NULL) {
            in[i] = (sld_tensor){.dtype = SOLDER_NONE};
            continue;
        }
        int64_t dims[SOLDER_MAX_RANK];
        bool constant = value->kind == SLD_VALUE_CONSTANT;
        if (!(constant || sld_node_reads_dims_alone(node, i)) ||
            !sld_value_static_dims(graph, value, dims)) {
            return sld_fail(graph->diag, SOLDER_ERROR_INTERNAL, "node '%s' is not constant",
                            node->name);
        }
        in[i] = sld_tensor_make(constant ? (void *)(uintptr_t)value->data : NULL, value->dtype,
                                value->shape.rank, dims);
        in[i].flags = constant ? SLD_TENSOR_CONSTANT : 0;
    }
    for (uint32_t i = 0; i < node->out_count; i++) {
        int64_t dims[SOLDER_MAX_RANK];
        size_t bytes;
        const sld_value *value = node->out[i];
        if (!sld_value_static_dims(graph, value, dims) ||
            !sld_dims_bytes(dims, value->shape.rank, value->dtype, &bytes)) {
            return sld_fail(graph->diag, SOLDER_ERROR_UNSUPPORTED,
                            "node '%s' has an output of open size", node->name);
        }
        void *data = sld_arena_alloc(arena, bytes);
        if (data == NULL) {
            return sld_fail_memory(graph->diag, bytes);
        }
        outputs[i] = sld_tensor_make(data, value->dtype, value->shape.rank, dims);
    }
    return run_kernel(node, graph->diag, NULL, in, outputs, graph->allocator);
}
