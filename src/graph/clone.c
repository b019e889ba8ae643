/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of a network that passes may change while the original stays as imported. */
#include "graph/graph.h"

#include "graph/names.h"

typedef struct cloning {
    const sld_graph *from;
    sld_graph *to;
    sld_value **values; /* by id of the original */
    sld_dim *dims;      /* by expression of the original */
    const int64_t
        *fixed; /* by symbol: its value, or SLD_EXPR_UNKNOWN to stay open; NULL: all open */
} cloning;

static sld_dim map_dim(const cloning *c, sld_dim dim)
{
    return dim >= 0 ? c->dims[dim] : dim;
}

static void map_dims(const cloning *c, sld_dim *dims, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        dims[i] = map_dim(c, dims[i]);
    }
}

static solder_status no_memory(const cloning *c)
{
    return sld_fail(c->to->diag, SOLDER_ERROR_MEMORY, "out of memory while copying the network");
}

/* Operands come first in a table, so one walk maps everything, simplifying what became constant. */
static solder_status clone_exprs(const cloning *c)
{
    const sld_expr_table *from = &c->from->exprs;
    sld_expr_table *to = &c->to->exprs;
    for (size_t i = 0; i < from->count; i++) {
        const sld_expr *x = &from->exprs[i];
        if (x->op == SLD_EXPR_CONST) {
            c->dims[i] = sld_expr_const(to, x->value);
        } else if (x->op != SLD_EXPR_SYMBOL) {
            c->dims[i] = sld_expr_make(to, (sld_expr_op)x->op, c->dims[x->a], c->dims[x->b]);
        } else if (c->fixed != NULL && c->fixed[x->value] != SLD_EXPR_UNKNOWN) {
            c->dims[i] = sld_expr_const(to, c->fixed[x->value]);
        } else {
            sld_symbol symbol = from->symbols[x->value];
            symbol.bound = map_dim(c, symbol.bound); /* a bound is older than its symbol */
            c->dims[i] = sld_expr_clone_symbol(to, &symbol);
        }
        if (to->failed) {
            return no_memory(c);
        }
    }
    return SOLDER_OK;
}

static const sld_dim *clone_content(const cloning *c, const sld_value *value)
{
    if (value->content == NULL) {
        return NULL;
    }
    int64_t count = 1;
    if (value->shape.rank == 1) {
        (void)sld_expr_is_const(&c->from->exprs, value->shape.d[0], &count);
    }
    sld_dim *copy = sld_arena_array(&c->to->arena, (size_t)count + 1, sizeof *copy);
    if (copy != NULL) {
        memcpy(copy, value->content, (size_t)count * sizeof *copy);
        map_dims(c, copy, count);
    }
    return copy;
}

static solder_status clone_value(const cloning *c, const sld_value *from)
{
    sld_graph *to = c->to;
    sld_value *value = sld_arena_alloc(&to->arena, sizeof *value);
    char *name = sld_arena_strdup(&to->arena, from->name);
    if (value == NULL || name == NULL || !sld_names_add(to->value_names, name, value)) {
        return no_memory(c);
    }
    *value = *from;
    value->name = name;
    value->uses = NULL;
    value->use_count = 0;
    value->producer = NULL;
    value->graph = to;
    value->content = clone_content(c, from);
    map_dims(c, value->shape.d, value->shape.rank > 0 ? value->shape.rank : 0);
    if (value->view.kind == SLD_VIEW_REGION) {
        map_dims(c, value->view.start, value->shape.rank);
    }
    value->next = NULL;
    value->previous = to->last_value;
    *(to->last_value != NULL ? &to->last_value->next : &to->values) = value;
    to->last_value = value;
    c->values[from->id] = value;
    return from->content != NULL && value->content == NULL ? no_memory(c) : SOLDER_OK;
}

static solder_status clone_all(cloning *c);

/* As it is: the inference of the node it belongs to brings it what changed around it. */
static solder_status clone_body(const cloning *c, const sld_graph *from, sld_graph **copy)
{
    cloning inner = {.from = from};
    SLD_TRY(sld_graph_body_create(c->to, from->name, &inner.to));
    *copy = inner.to;
    return clone_all(&inner);
}

static solder_status clone_node(const cloning *c, const sld_node *from)
{
    sld_graph *to = c->to;
    size_t params_size = sld_op_get(from->op).params_size;
    sld_node *node = sld_arena_alloc(&to->arena, sizeof *node);
    if (node == NULL) {
        return no_memory(c);
    }
    *node = *from;
    char *name = sld_arena_strdup(&to->arena, from->name);
    node->name = name;
    node->source = sld_arena_strdup(&to->arena, from->source);
    node->params = sld_arena_alloc(&to->arena, params_size);
    node->in = sld_arena_array(&to->arena, from->in_count, sizeof *node->in);
    node->out = sld_arena_array(&to->arena, from->out_count, sizeof(sld_value *));
    node->bodies = sld_arena_array(&to->arena, from->body_count, sizeof(sld_graph *));
    if (name == NULL || node->source == NULL || node->params == NULL || node->in == NULL ||
        node->out == NULL || node->bodies == NULL || !sld_names_add(to->node_names, name, node)) {
        return no_memory(c);
    }
    memcpy(node->params, from->params, params_size);
    for (uint32_t i = 0; i < from->body_count; i++) {
        SLD_TRY(clone_body(c, from->bodies[i], &node->bodies[i]));
    }
    for (uint32_t i = 0; i < from->in_count; i++) {
        node->in[i].node = node;
        node->in[i].slot = i;
        const sld_value *value = from->in[i].value;
        sld_graph_set_input(node, i, value != NULL ? c->values[value->id] : NULL);
    }
    for (uint32_t i = 0; i < from->out_count; i++) {
        node->out[i] = c->values[from->out[i]->id];
        node->out[i]->producer = node;
    }
    node->next = NULL;
    node->previous = to->last;
    *(to->last != NULL ? &to->last->next : &to->first) = node;
    to->last = node;
    return SOLDER_OK;
}

static solder_status clone_all(cloning *c)
{
    const sld_graph *from = c->from;
    sld_graph *to = c->to;
    char *name = sld_arena_strdup(&to->arena, from->name);
    c->values = sld_arena_array(&to->arena, (size_t)from->next_id + 1, sizeof(sld_value *));
    c->dims = sld_arena_array(&to->arena, from->exprs.count + 1, sizeof *c->dims);
    to->inputs = sld_alloc(to->allocator, (from->input_count + 1) * sizeof(sld_value *));
    to->outputs = sld_alloc(to->allocator, (from->output_count + 1) * sizeof(sld_value *));
    to->input_capacity = to->inputs != NULL ? from->input_count + 1 : 0;
    to->output_capacity = to->outputs != NULL ? from->output_count + 1 : 0;
    if (name == NULL || c->values == NULL || c->dims == NULL || to->inputs == NULL ||
        to->outputs == NULL) {
        return no_memory(c);
    }
    to->name = name;
    to->plugins = from->plugins;
    to->next_id = from->next_id;
    to->node_count = from->node_count;
    to->arena_bytes = from->arena_bytes;
    SLD_TRY(clone_exprs(c));
    for (const sld_value *value = from->values; value != NULL; value = value->next) {
        SLD_TRY(clone_value(c, value));
    }
    for (sld_value *value = to->values; value != NULL; value = value->next) {
        if (value->view.parent != NULL) {
            value->view.parent = c->values[value->view.parent->id];
        }
    }
    for (const sld_node *node = from->first; node != NULL; node = node->next) {
        SLD_TRY(clone_node(c, node));
    }
    for (size_t i = 0; i < from->input_count; i++) {
        to->inputs[to->input_count++] = c->values[from->inputs[i]->id];
    }
    for (size_t i = 0; i < from->output_count; i++) {
        to->outputs[to->output_count++] = c->values[from->outputs[i]->id];
    }
    return SOLDER_OK;
}

solder_status sld_graph_clone(const sld_graph *graph, sld_diag *diag, sld_graph **copy)
{
    return sld_graph_specialize(graph, diag, NULL, copy);
}

solder_status sld_graph_specialize(const sld_graph *graph, sld_diag *diag, const int64_t *fixed,
                                   sld_graph **copy)
{
    cloning c = {.from = graph, .fixed = fixed};
    SLD_TRY(sld_graph_create(graph->allocator, diag, &c.to));
    solder_status status = clone_all(&c);
    if (status == SOLDER_OK && fixed != NULL) {
        status = sld_graph_infer_all(c.to);
    }
    if (status != SOLDER_OK) {
        sld_graph_destroy(c.to);
        return status;
    }
    *copy = c.to;
    return SOLDER_OK;
}
