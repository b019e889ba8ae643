/* SPDX-License-Identifier: Apache-2.0 */
/* Building and editing the network. */
#include "graph/graph.h"

#include <stdio.h>

#include "graph/control.h"
#include "graph/names.h"
#include "kernels/params.h"

static solder_status no_memory(const sld_graph *graph)
{
    return sld_fail(graph->diag, SOLDER_ERROR_MEMORY, "out of memory while building the network");
}

solder_status sld_graph_create(const solder_allocator *allocator, sld_diag *diag, sld_graph **out)
{
    sld_graph *graph = sld_calloc(allocator, sizeof *graph);
    if (graph == NULL) {
        return sld_fail_memory(diag, sizeof *graph);
    }
    graph->allocator = allocator;
    graph->diag = diag;
    sld_arena_init(&graph->arena, allocator, 0);
    sld_expr_table_init(&graph->exprs, allocator);
    graph->name = "";
    graph->value_names = sld_names_create(&graph->arena);
    graph->node_names = sld_names_create(&graph->arena);
    if (graph->value_names == NULL || graph->node_names == NULL) {
        sld_graph_destroy(graph);
        return sld_fail(diag, SOLDER_ERROR_MEMORY, "out of memory while building the network");
    }
    *out = graph;
    return SOLDER_OK;
}

void sld_graph_destroy(sld_graph *graph)
{
    if (graph == NULL) {
        return;
    }
    while (graph->first_body != NULL) {
        sld_graph *body = graph->first_body;
        graph->first_body = body->next_body;
        sld_graph_destroy(body);
    }
    sld_expr_table_free(&graph->exprs);
    sld_release(graph->allocator, graph->inputs, graph->input_capacity * sizeof *graph->inputs);
    sld_release(graph->allocator, graph->outputs, graph->output_capacity * sizeof *graph->outputs);
    sld_arena_free(&graph->arena);
    sld_release(graph->allocator, graph, sizeof *graph);
}

/* A copy of name that the table does not have yet. */
static const char *unique_name(sld_graph *graph, const sld_names *names, const char *name,
                               const char *fallback)
{
    if (name == NULL || name[0] == '\0') {
        return sld_arena_printf(&graph->arena, "%s.%u", fallback, (unsigned)graph->next_id);
    }
    if (sld_names_find(names, name) == NULL) {
        return sld_arena_strdup(&graph->arena, name);
    }
    for (unsigned i = graph->next_id;; i++) {
        char *tried = sld_arena_printf(&graph->arena, "%s.%u", name, i);
        if (tried == NULL || sld_names_find(names, tried) == NULL) {
            return tried;
        }
    }
}

static sld_value *new_value(sld_graph *graph, sld_value_kind kind, const char *name)
{
    sld_value *value = sld_arena_alloc(&graph->arena, sizeof *value);
    const char *unique = unique_name(graph, graph->value_names, name, "value");
    if (value == NULL || unique == NULL || !sld_names_add(graph->value_names, unique, value)) {
        return NULL;
    }
    value->graph = graph;
    value->kind = kind;
    value->name = unique;
    value->shape.rank = -1;
    value->arena_offset = -1;
    value->id = graph->next_id++;
    value->previous = graph->last_value;
    *(graph->last_value != NULL ? &graph->last_value->next : &graph->values) = value;
    graph->last_value = value;
    return value;
}

static void drop_value(sld_graph *graph, sld_value *value)
{
    sld_names_remove(graph->value_names, value->name);
    *(value->previous != NULL ? &value->previous->next : &graph->values) = value->next;
    *(value->next != NULL ? &value->next->previous : &graph->last_value) = value->previous;
}

static solder_status push_value(sld_graph *graph, sld_value ***list, size_t *count,
                                size_t *capacity, sld_value *value)
{
    void *array = *list;
    SLD_TRY(
        sld_array_grow(graph->allocator, graph->diag, &array, capacity, *count + 1, sizeof **list));
    *list = array;
    (*list)[(*count)++] = value;
    return SOLDER_OK;
}

solder_status sld_graph_add_input(sld_graph *graph, const char *name, solder_dtype dtype,
                                  const sld_shape *shape, sld_value **out)
{
    if (name != NULL && sld_names_find(graph->value_names, name) != NULL) {
        return sld_fail(graph->diag, SOLDER_ERROR_DATA, "input '%s' is declared twice", name);
    }
    if (graph->exprs.failed) {
        return no_memory(graph);
    }
    sld_value *value = new_value(graph, SLD_VALUE_INPUT, name);
    if (value == NULL) {
        return no_memory(graph);
    }
    value->dtype = dtype;
    value->shape = *shape;
    SLD_TRY(push_value(graph, &graph->inputs, &graph->input_count, &graph->input_capacity, value));
    *out = value;
    return SOLDER_OK;
}

solder_status sld_graph_add_constant(sld_graph *graph, const char *name, solder_dtype dtype,
                                     int rank, const int64_t *dims, const void *data, bool copy,
                                     sld_value **out)
{
    size_t bytes;
    if (rank < 0 || rank > SOLDER_MAX_RANK || !sld_dtype_valid(dtype) ||
        !sld_dims_bytes(dims, rank, dtype, &bytes)) {
        return sld_fail(graph->diag, SOLDER_ERROR_DATA, "constant '%s' has an impossible shape",
                        name != NULL ? name : "");
    }
    sld_value *value = new_value(graph, SLD_VALUE_CONSTANT, name != NULL ? name : "constant");
    if (value == NULL) {
        return no_memory(graph);
    }
    if (copy) {
        void *own = sld_arena_alloc(&graph->arena, bytes);
        if (own == NULL) {
            return sld_fail_memory(graph->diag, bytes);
        }
        if (bytes > 0) {
            memcpy(own, data, bytes);
        }
        data = own;
    }
    value->dtype = dtype;
    value->data = data;
    value->data_size = bytes;
    value->shape.rank = rank;
    for (int i = 0; i < rank; i++) {
        value->shape.d[i] = sld_expr_const(&graph->exprs, dims[i]);
    }
    *out = value;
    return graph->exprs.failed ? no_memory(graph) : SOLDER_OK;
}

/* ---- uses ---- */

static void link_use(sld_use *use, sld_value *value)
{
    use->value = value;
    use->previous = NULL;
    use->next = NULL;
    if (value != NULL) {
        use->next = value->uses;
        if (value->uses != NULL) {
            value->uses->previous = use;
        }
        value->uses = use;
        value->use_count++;
    }
}

static void unlink_use(sld_use *use)
{
    if (use->value == NULL) {
        return;
    }
    *(use->previous != NULL ? &use->previous->next : &use->value->uses) = use->next;
    if (use->next != NULL) {
        use->next->previous = use->previous;
    }
    use->value->use_count--;
    use->value = NULL;
}

void sld_graph_set_input(sld_node *node, uint32_t slot, sld_value *value)
{
    unlink_use(&node->in[slot]);
    link_use(&node->in[slot], value);
}

solder_status sld_graph_resize_inputs(sld_graph *graph, sld_node *node, uint32_t in_count)
{
    for (uint32_t i = in_count; i < node->in_count; i++) {
        unlink_use(&node->in[i]);
    }
    if (in_count > node->in_count) {
        sld_use *wider = sld_arena_array(&graph->arena, in_count, sizeof *wider);
        if (wider == NULL) {
            return no_memory(graph);
        }
        for (uint32_t i = 0; i < in_count; i++) {
            wider[i].node = node;
            wider[i].slot = i;
            if (i < node->in_count) {
                sld_value *value = node->in[i].value;
                unlink_use(&node->in[i]);
                link_use(&wider[i], value);
            }
        }
        node->in = wider;
    }
    node->in_count = in_count;
    return SOLDER_OK;
}

/* ---- nodes ---- */

static void insert_node(sld_graph *graph, sld_node *node, sld_node *before)
{
    node->next = before;
    node->previous = before != NULL ? before->previous : graph->last;
    *(node->previous != NULL ? &node->previous->next : &graph->first) = node;
    *(before != NULL ? &before->previous : &graph->last) = node;
}

static void detach_node(sld_graph *graph, sld_node *node)
{
    *(node->previous != NULL ? &node->previous->next : &graph->first) = node->next;
    *(node->next != NULL ? &node->next->previous : &graph->last) = node->previous;
}

void sld_graph_move_before(sld_graph *graph, sld_node *node, sld_node *before)
{
    if (node != before) {
        detach_node(graph, node);
        insert_node(graph, node, before);
    }
}

static solder_status check_arity(const sld_graph *graph, const sld_op_info *info, const char *name,
                                 uint32_t in_count, uint32_t out_count)
{
    if (in_count < info->min_in || in_count > info->max_in) {
        return sld_fail(graph->diag, SOLDER_ERROR_DATA,
                        "node '%s' (%s): has %u inputs, takes %u to %u", name, info->name,
                        (unsigned)in_count, (unsigned)info->min_in, (unsigned)info->max_in);
    }
    if (out_count < info->min_out || out_count > info->max_out) {
        return sld_fail(graph->diag, SOLDER_ERROR_DATA,
                        "node '%s' (%s): has %u outputs, gives %u to %u", name, info->name,
                        (unsigned)out_count, (unsigned)info->min_out, (unsigned)info->max_out);
    }
    return SOLDER_OK;
}

static solder_status make_node(sld_graph *graph, sld_op op, const sld_op_info *info,
                               const char *name, uint32_t in_count, uint32_t out_count,
                               sld_node **out)
{
    sld_node *node = sld_arena_alloc(&graph->arena, sizeof *node);
    if (node == NULL) {
        return no_memory(graph);
    }
    node->op = op;
    node->name = unique_name(graph, graph->node_names, name, info->name);
    node->params = sld_arena_alloc(&graph->arena, info->params_size);
    node->in = sld_arena_array(&graph->arena, in_count, sizeof *node->in);
    node->out = sld_arena_array(&graph->arena, out_count, sizeof(sld_value *));
    node->bodies = sld_arena_array(&graph->arena, sld_op_body_count(op), sizeof(sld_graph *));
    if (node->name == NULL || node->params == NULL || node->in == NULL || node->out == NULL ||
        node->bodies == NULL || !sld_names_add(graph->node_names, node->name, node)) {
        return no_memory(graph);
    }
    node->source = node->name;
    node->id = graph->next_id++;
    for (uint32_t i = 0; i < out_count; i++) {
        const char *value_name =
            i == 0 ? node->name : sld_arena_printf(&graph->arena, "%s:%u", node->name, (unsigned)i);
        node->out[i] = value_name != NULL ? new_value(graph, SLD_VALUE_NODE, value_name) : NULL;
        if (node->out[i] == NULL) {
            return no_memory(graph);
        }
        node->out[i]->producer = node;
        node->out[i]->output = i;
        node->out_count++;
    }
    *out = node;
    return SOLDER_OK;
}

static solder_status add_node(sld_graph *graph, sld_node *before, sld_op op, const char *name,
                              const void *params, sld_value *const *in, uint32_t in_count,
                              uint32_t out_count, sld_graph *const *bodies, sld_node **out)
{
    sld_op_info info = sld_op_get(op);
    while (in_count > info.min_in && in[in_count - 1] == NULL) {
        in_count--;
    }
    SLD_TRY(check_arity(graph, &info, name != NULL ? name : "", in_count, out_count));
    for (uint32_t i = 0; i < info.min_in; i++) {
        if (in[i] == NULL) {
            return sld_fail(graph->diag, SOLDER_ERROR_DATA, "node '%s' (%s): input %u is missing",
                            name != NULL ? name : "", info.name, (unsigned)i);
        }
    }
    sld_node *node = NULL;
    SLD_TRY(make_node(graph, op, &info, name, in_count, out_count, &node));
    if (params != NULL) {
        memcpy(node->params, params, info.params_size);
    } else {
        sld_op_defaults(op, node->params);
    }
    for (uint32_t i = 0; i < in_count; i++) {
        node->in[i].node = node;
        node->in[i].slot = i;
        link_use(&node->in[i], in[i]);
    }
    node->in_count = in_count;
    node->body_count = bodies != NULL ? sld_op_body_count(op) : 0;
    for (uint32_t i = 0; i < node->body_count; i++) {
        node->bodies[i] = bodies[i];
    }
    insert_node(graph, node, before);
    graph->node_count++;
    solder_status status = sld_graph_infer_node(graph, node);
    if (status != SOLDER_OK) {
        sld_graph_remove_node(graph, node);
        return status;
    }
    *out = node;
    return SOLDER_OK;
}

solder_status sld_graph_add_node(sld_graph *graph, sld_node *before, sld_op op, const char *name,
                                 const void *params, sld_value *const *in, uint32_t in_count,
                                 uint32_t out_count, sld_node **out)
{
    return add_node(graph, before, op, name, params, in, in_count, out_count, NULL, out);
}

solder_status sld_graph_add_control(sld_graph *graph, sld_node *before, sld_op op, const char *name,
                                    const void *params, sld_value *const *in, uint32_t in_count,
                                    sld_graph *const *bodies, sld_node **node)
{
    size_t outputs = bodies[0]->output_count;
    if (op == SLD_OP_LOOP && outputs > 0) {
        outputs--; /* the condition */
    }
    for (uint32_t i = 0; i < sld_op_body_count(op); i++) {
        if (bodies[i]->owner != graph) {
            return sld_fail(graph->diag, SOLDER_ERROR_INTERNAL, "'%s': a body of another network",
                            bodies[i]->name);
        }
    }
    return add_node(graph, before, op, name, params, in, in_count,
                    (uint32_t)(outputs < UINT32_MAX ? outputs : UINT32_MAX), bodies, node);
}

solder_status sld_graph_add(sld_graph *graph, sld_node *before, sld_op op, const char *name,
                            const void *params, sld_value *const *in, uint32_t in_count,
                            sld_value **value)
{
    sld_node *node;
    SLD_TRY(sld_graph_add_node(graph, before, op, name, params, in, in_count, 1, &node));
    *value = node->out[0];
    return SOLDER_OK;
}

void sld_graph_remove_node(sld_graph *graph, sld_node *node)
{
    for (uint32_t i = 0; i < node->in_count; i++) {
        unlink_use(&node->in[i]);
    }
    for (uint32_t i = 0; i < node->out_count; i++) {
        drop_value(graph, node->out[i]);
    }
    sld_names_remove(graph->node_names, node->name);
    detach_node(graph, node);
    graph->node_count--;
}

solder_status sld_graph_mark_output(sld_graph *graph, sld_value *value)
{
    if (value->is_output) {
        return SOLDER_OK;
    }
    SLD_TRY(
        push_value(graph, &graph->outputs, &graph->output_count, &graph->output_capacity, value));
    value->is_output = true;
    return SOLDER_OK;
}

sld_value *sld_graph_find_value(const sld_graph *graph, const char *name)
{
    return sld_names_find(graph->value_names, name);
}

solder_status sld_graph_rename(sld_graph *graph, sld_value *value, const char *name)
{
    sld_value *holder = sld_graph_find_value(graph, name);
    if (holder == value) {
        return SOLDER_OK;
    }
    if (holder != NULL) {
        return sld_fail(graph->diag, SOLDER_ERROR_ARGUMENT, "the name '%s' is taken", name);
    }
    const char *copy = sld_arena_strdup(&graph->arena, name);
    if (copy == NULL || !sld_names_add(graph->value_names, copy, value)) {
        return no_memory(graph);
    }
    sld_names_remove(graph->value_names, value->name);
    value->name = copy;
    return SOLDER_OK;
}

solder_status sld_graph_swap_names(sld_graph *graph, sld_value *a, sld_value *b)
{
    const char *name = a->name;
    sld_names_remove(graph->value_names, a->name);
    sld_names_remove(graph->value_names, b->name);
    a->name = b->name;
    b->name = name;
    return sld_names_add(graph->value_names, a->name, a) &&
                   sld_names_add(graph->value_names, b->name, b)
               ? SOLDER_OK
               : no_memory(graph);
}

/* fresh takes old's place among the outputs, and the two swap names. */
static solder_status move_output(sld_graph *graph, sld_value *old, sld_value *fresh)
{
    for (size_t i = 0; i < graph->output_count; i++) {
        if (graph->outputs[i] == old) {
            graph->outputs[i] = fresh;
        }
    }
    fresh->is_output = true;
    fresh->is_nhwc = old->is_nhwc;
    old->is_output = false;
    old->is_nhwc = false;
    return sld_graph_swap_names(graph, old, fresh);
}

solder_status sld_graph_replace(sld_graph *graph, sld_value *old, sld_value *fresh)
{
    while (old->uses != NULL) {
        sld_use *use = old->uses;
        sld_graph_set_input(use->node, use->slot, fresh);
    }
    if (!old->is_output) {
        return SOLDER_OK;
    }
    if (fresh->is_output || fresh->kind == SLD_VALUE_INPUT) {
        /* Both are outputs, or an input becomes one: a name each, so a copy carries the old one. */
        sld_value *copy;
        sld_unary_params params = {.kind = SLD_UNARY_IDENTITY};
        SLD_TRY(sld_graph_add(graph, NULL, SLD_OP_UNARY, NULL, &params, &fresh, 1, &copy));
        fresh = copy;
    }
    return move_output(graph, old, fresh);
}

/* ---- inference ---- */

static sld_fact fact_of(const sld_value *value)
{
    if (value == NULL) {
        return (sld_fact){.dtype = SOLDER_NONE, .shape.rank = -1};
    }
    return (sld_fact){.dtype = value->dtype,
                      .shape = value->shape,
                      .content = value->content,
                      .data = value->kind == SLD_VALUE_CONSTANT ? value->data : NULL};
}

static solder_status run_inference(sld_graph *graph, const sld_node *node, void *params,
                                   sld_fact *out)
{
    sld_op_info info = sld_op_get(node->op);
    sld_fact in[SLD_MAX_INPUTS];
    for (uint32_t i = 0; i < node->in_count; i++) {
        in[i] = fact_of(node->in[i].value);
    }
    for (uint32_t i = 0; i < node->out_count; i++) {
        out[i] = (sld_fact){.shape.rank = -1};
    }
    sld_infer infer = {.exprs = &graph->exprs,
                       .arena = &graph->arena,
                       .diag = graph->diag,
                       .name = node->name,
                       .op_name = info.name,
                       .params = params,
                       .in = in,
                       .out = out,
                       .in_count = node->in_count,
                       .out_count = node->out_count};
    solder_status status =
        node->body_count > 0 ? sld_control_infer(graph, node, out) : info.infer(&infer);
    if (graph->exprs.failed || graph->arena.failed) { /* whatever inference made of it */
        return no_memory(graph);
    }
    SLD_TRY(status);
    for (uint32_t i = 0; i < node->out_count; i++) {
        bool known = out[i].shape.rank >= 0 && out[i].dtype != SOLDER_NONE;
        for (int j = 0; known && j < out[i].shape.rank; j++) {
            int64_t dim;
            if (out[i].shape.d[j] == SLD_DIM_NONE ||
                (sld_expr_is_const(&graph->exprs, out[i].shape.d[j], &dim) && dim < 0)) {
                known = false;
            }
        }
        if (!known) {
            return sld_infer_fail(&infer, SOLDER_ERROR_DATA,
                                  "the shape of output %u is negative, too large or not known",
                                  (unsigned)i);
        }
    }
    return SOLDER_OK;
}

solder_status sld_graph_infer_node(sld_graph *graph, sld_node *node)
{
    sld_fact out[SLD_MAX_OUTPUTS];
    SLD_TRY(run_inference(graph, node, node->params, out));
    for (uint32_t i = 0; i < node->out_count; i++) {
        node->out[i]->dtype = out[i].dtype;
        node->out[i]->shape = out[i].shape;
        node->out[i]->content = out[i].content;
    }
    return SOLDER_OK;
}

solder_status sld_graph_infer_all(sld_graph *graph)
{
    for (sld_node *node = graph->first; node != NULL; node = node->next) {
        SLD_TRY(sld_graph_infer_node(graph, node));
    }
    return SOLDER_OK;
}

/* ---- sweeping ---- */

static bool node_is_dead(const sld_node *node)
{
    for (uint32_t i = 0; i < node->out_count; i++) {
        if (node->out[i]->use_count != 0 || node->out[i]->is_output) {
            return false;
        }
    }
    return true;
}

void sld_graph_sweep(sld_graph *graph)
{
    for (sld_node *node = graph->last; node != NULL;) {
        sld_node *previous = node->previous;
        if (node_is_dead(node)) {
            sld_graph_remove_node(graph, node);
        }
        node = previous;
    }
    for (const sld_node *node = graph->first; node != NULL; node = node->next) {
        for (uint32_t i = 0; i < node->body_count; i++) {
            sld_graph_sweep(node->bodies[i]);
        }
    }
    for (sld_value *value = graph->values; value != NULL;) {
        sld_value *next = value->next;
        if (value->kind == SLD_VALUE_CONSTANT && value->use_count == 0 && !value->is_output) {
            drop_value(graph, value);
        }
        value = next;
    }
}

/* ---- questions ---- */

sld_node *sld_value_single_user(const sld_value *value)
{
    return value->use_count == 1 && !value->is_output ? value->uses->node : NULL;
}

bool sld_value_is_constant(const sld_value *value)
{
    return value != NULL && value->kind == SLD_VALUE_CONSTANT;
}

bool sld_value_static_dims(const sld_graph *graph, const sld_value *value, int64_t *dims)
{
    if (value->shape.rank < 0) {
        return false;
    }
    for (int i = 0; i < value->shape.rank; i++) {
        if (!sld_expr_is_const(&graph->exprs, value->shape.d[i], &dims[i])) {
            return false;
        }
    }
    return true;
}

/* ---- verifier ---- */

static solder_status broken(sld_graph *graph, const char *what, const char *name)
{
    return sld_fail(graph->diag, SOLDER_ERROR_INTERNAL, "network is broken: %s at '%s'", what,
                    name);
}

static solder_status verify_uses(sld_graph *graph, const sld_value *value)
{
    uint32_t count = 0;
    for (const sld_use *use = value->uses; use != NULL; use = use->next) {
        if (use->value != value || use->slot >= use->node->in_count ||
            &use->node->in[use->slot] != use || (use->next != NULL && use->next->previous != use)) {
            return broken(graph, "a use is not linked to its slot", value->name);
        }
        count++;
    }
    if (count != value->use_count) {
        return broken(graph, "the use count is wrong", value->name);
    }
    bool listed = false;
    for (size_t i = 0; i < graph->output_count; i++) {
        listed = listed || graph->outputs[i] == value;
    }
    if (listed != value->is_output) {
        return broken(graph, "the output mark and the list of outputs disagree", value->name);
    }
    return sld_graph_find_value(graph, value->name) == value
               ? SOLDER_OK
               : broken(graph, "the name leads elsewhere", value->name);
}

static solder_status verify_node(sld_graph *graph, sld_node *node, const bool *defined)
{
    sld_op_info info = sld_op_get(node->op);
    SLD_TRY(check_arity(graph, &info, node->name, node->in_count, node->out_count));
    for (uint32_t i = 0; i < node->in_count; i++) {
        const sld_value *value = node->in[i].value;
        if (value == NULL ? i < info.min_in : !defined[value->id]) {
            return broken(graph, "an input is missing or not computed yet", node->name);
        }
    }
    sld_fact out[SLD_MAX_OUTPUTS];
    void *params = sld_arena_alloc(&graph->arena, info.params_size);
    if (params == NULL) {
        return no_memory(graph);
    }
    memcpy(params, node->params, info.params_size);
    SLD_TRY(run_inference(graph, node, params, out));
    for (uint32_t i = 0; i < node->body_count; i++) {
        if (node->bodies[i]->owner != graph) {
            return broken(graph, "a body of another network", node->name);
        }
        SLD_TRY(sld_graph_verify(node->bodies[i]));
    }
    for (uint32_t i = 0; i < node->out_count; i++) {
        const sld_value *value = node->out[i];
        if (value->producer != node || value->output != i || value->dtype != out[i].dtype ||
            value->shape.rank != out[i].shape.rank ||
            memcmp(value->shape.d, out[i].shape.d,
                   (size_t)value->shape.rank * sizeof value->shape.d[0]) != 0) {
            return broken(graph, "an output differs from a fresh inference", node->name);
        }
    }
    return SOLDER_OK;
}

solder_status sld_graph_verify(sld_graph *graph)
{
    bool *defined = sld_arena_array(&graph->arena, (size_t)graph->next_id + 1, sizeof *defined);
    if (defined == NULL) {
        return no_memory(graph);
    }
    for (const sld_value *value = graph->values; value != NULL; value = value->next) {
        SLD_TRY(verify_uses(graph, value));
        defined[value->id] = value->kind != SLD_VALUE_NODE;
    }
    uint32_t count = 0;
    for (sld_node *node = graph->first; node != NULL; node = node->next) {
        SLD_TRY(verify_node(graph, node, defined));
        for (uint32_t i = 0; i < node->out_count; i++) {
            defined[node->out[i]->id] = true;
        }
        count++;
    }
    for (size_t i = 0; i < graph->output_count; i++) {
        if (!defined[graph->outputs[i]->id]) {
            return broken(graph, "an output has no producer", graph->outputs[i]->name);
        }
    }
    return count == graph->node_count ? SOLDER_OK : broken(graph, "the node count is wrong", "");
}
