/* SPDX-License-Identifier: Apache-2.0 */
/* What a node's kernel will be called with: dims at a profile point, strides through views. */
#include "tactics/shapes.h"

solder_status sld_shapes_init(sld_shapes *shapes, const sld_graph *graph, sld_arena *arena)
{
    *shapes = (sld_shapes){.graph = graph};
    size_t symbols = graph->exprs.symbol_count;
    size_t exprs = graph->exprs.count;
    int64_t *values = sld_arena_array(arena, symbols + 1, sizeof *values);
    shapes->open = sld_arena_alloc(arena, exprs + 1);
    if (shapes->open == NULL) {
        return sld_fail(graph->diag, SOLDER_ERROR_MEMORY, "out of memory for shapes");
    }
    sld_expr_find_open(graph->exprs.exprs, exprs, graph->exprs.symbols, shapes->open);
    for (int which = 0; which < 3; which++) {
        shapes->values[which] = sld_arena_array(arena, exprs + 1, sizeof(int64_t));
        if (values == NULL || shapes->values[which] == NULL) {
            return sld_fail(graph->diag, SOLDER_ERROR_MEMORY, "out of memory for shapes");
        }
        for (size_t i = 0; i < symbols; i++) {
            const sld_symbol *s = &graph->exprs.symbols[i];
            bool open = s->max == SLD_SYMBOL_OPEN; /* nothing to size memory by: the likeliest */
            values[i] = open || which == 1 ? s->opt : which == 0 ? s->min : s->max;
        }
        /* Bounds are older than their symbols: evaluate, then settle symbols in order. */
        for (size_t i = 0; i < symbols; i++) {
            const sld_symbol *s = &graph->exprs.symbols[i];
            if (s->data_dependent && s->bound >= 0) {
                sld_expr_evaluate(graph->exprs.exprs, exprs, values, shapes->values[which]);
                values[i] = shapes->values[which][s->bound];
            }
        }
        sld_expr_evaluate(graph->exprs.exprs, exprs, values, shapes->values[which]);
    }
    return SOLDER_OK;
}

static bool is_open(const sld_shapes *shapes, const sld_value *value)
{
    for (int i = 0; value != NULL && i < value->shape.rank; i++) {
        if (shapes->open[value->shape.d[i]]) {
            return true;
        }
    }
    return false;
}

bool sld_shapes_open(const sld_shapes *shapes, const sld_node *node)
{
    for (uint32_t i = 0; i < node->in_count; i++) {
        if (is_open(shapes, node->in[i].value)) {
            return true;
        }
    }
    for (uint32_t i = 0; i < node->out_count; i++) {
        if (is_open(shapes, node->out[i])) {
            return true;
        }
    }
    return false;
}

int64_t sld_shapes_dim(const sld_shapes *shapes, sld_dim dim, int which)
{
    int64_t value = dim >= 0 ? shapes->values[which][dim] : SLD_EXPR_UNKNOWN;
    /* What is left after an open number of elements: a guess at the latter may be too large. */
    return value < 0 && value != SLD_EXPR_UNKNOWN ? 0 : value;
}

sld_tensor sld_shapes_tensor(const sld_shapes *shapes, const sld_value *value, int which)
{
    sld_tensor t = {.dtype = SOLDER_NONE};
    if (value == NULL) {
        return t;
    }
    t.dtype = value->dtype;
    t.rank = value->shape.rank;
    t.flags = value->kind == SLD_VALUE_CONSTANT ? SLD_TENSOR_CONSTANT : 0;
    for (int i = 0; i < t.rank; i++) {
        t.dim[i] = sld_shapes_dim(shapes, value->shape.d[i], which);
    }
    sld_tensor_set_strides(&t);
    if (value->view.kind == SLD_VIEW_REGION) {
        sld_tensor parent = sld_shapes_tensor(shapes, value->view.parent, which);
        for (int i = 0; i < t.rank; i++) {
            t.stride[i] = parent.stride[i] * value->view.step[i];
        }
    }
    if (value->view.kind == SLD_VIEW_TRANSPOSE) {
        sld_tensor parent = sld_shapes_tensor(shapes, value->view.parent, which);
        for (int i = 0; i < t.rank; i++) {
            t.stride[i] = parent.stride[value->view.step[i]];
        }
    }
    return t;
}

void sld_shapes_run(const sld_shapes *shapes, const sld_node *node, int which, sld_call *call)
{
    for (uint32_t i = 0; i < node->in_count; i++) {
        call->in[i] = sld_shapes_tensor(shapes, node->in[i].value, which);
    }
    for (uint32_t i = 0; i < node->out_count; i++) {
        call->out[i] = sld_shapes_tensor(shapes, node->out[i], which);
    }
    call->run = (sld_run){.params = node->params,
                          .in = call->in,
                          .out = call->out,
                          .in_count = node->in_count,
                          .out_count = node->out_count};
}
