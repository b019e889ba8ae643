/* SPDX-License-Identifier: Apache-2.0 */
/*
 * While and StatelessWhile. Condition and body are converted into a network of their own, whose
 * inputs are the loop's variables; what stays the same in every iteration is a constant there if it
 * is one outside.
 */
#include <stdio.h>

#include "import/tensorflow/tf_loop.h"
#include "import/tensorflow/tf_ops.h"
#include "import/tensorflow/tf_scope.h"

/* ---- inputs of the body ---- */

/* Known dims stay; equal expressions become the same symbol. */
static solder_status add_input(sld_graph *body, const char *name, const sld_value *outer,
                               sld_value **value)
{
    sld_shape shape = outer->shape;
    for (int i = 0; i < shape.rank; i++) {
        int64_t dim;
        char symbol[32];
        (void)snprintf(symbol, sizeof symbol, "outer.%d", (int)outer->shape.d[i]);
        shape.d[i] = sld_expr_is_const(&outer->graph->exprs, outer->shape.d[i], &dim)
                         ? sld_expr_const(&body->exprs, dim)
                         : sld_expr_symbol(&body->exprs, symbol);
    }
    if (sld_graph_find_value(body, name) != NULL) {
        name = NULL;
    }
    return sld_graph_add_input(body, name, outer->dtype, &shape, value);
}

/* Runs code at the graph around the loop while its body is converted. */
static sld_value *outer_elements(sld_tf_node *node, const sld_tf_loop *loop,
                                 const sld_tf_list *list)
{
    sld_graph *body = node->tf->graph;
    node->tf->graph = loop->around;
    sld_value *elements = sld_tf_list_elements(node, list);
    node->tf->graph = body;
    return elements;
}

static sld_value *list_input(sld_tf_node *node, sld_tf_loop *loop, sld_tf_loop_var *var)
{
    if (var->input == NULL && sld_tf_ok(node)) {
        var->outer = outer_elements(node, loop, var->initial->list);
        if (sld_tf_ok(node)) {
            node->status = add_input(loop->body, var->outer->name, var->outer, &var->input);
        }
    }
    return sld_tf_ok(node) ? var->input : NULL;
}

sld_value *sld_tf_loop_elements(sld_tf_node *node, const sld_tf_list *list)
{
    return list_input(node, list->loop, &list->loop->vars[list->var]);
}

sld_value *sld_tf_loop_size(sld_tf_node *node, const sld_tf_list *list)
{
    const sld_shape_params one = {.start = 0, .end = 1};
    sld_value *all = sld_tf_loop_elements(node, list);
    return sld_tf_as_scalar(node, sld_tf_emit(node, SLD_OP_SHAPE, &one, &all, 1));
}

/* ---- variables ---- */

/* Does the body give back the argument as it is? */
static bool returns_argument(sld_tf *tf, const sld_tf_function *f, uint32_t index)
{
    const char *name = sld_tf_ret_value(f, index);
    for (uint32_t steps = 0; steps <= f->node_count; steps++) {
        if (strcmp(name, f->args[index]) == 0) {
            return true;
        }
        size_t length = strcspn(name, ":");
        const sld_tf_node_proto *found = NULL;
        for (uint32_t i = 0; i < f->node_count && found == NULL; i++) {
            const sld_tf_node_proto *p = &f->nodes[i];
            if (strncmp(p->name, name, length) == 0 && p->name[length] == '\0') {
                found = p;
            }
        }
        if (found == NULL || found->in_count == 0 || strcmp(found->op, "Identity") != 0) {
            return false;
        }
        name = found->in[0];
    }
    (void)tf;
    return false;
}

static void bind(sld_tf_node *node, sld_tf_loop *loop, uint32_t index)
{
    sld_tf_loop_var *var = &loop->vars[index];
    var->initial = sld_tf_in(node, index);
    if (!sld_tf_ok(node)) {
        return;
    }
    if (var->initial->list != NULL) {
        const sld_tf_list *list = var->initial->list;
        var->list = (sld_tf_list){.dtype = list->dtype, .element = list->element};
        var->list.grows = list->grows;
        var->list.loop = loop;
        var->list.var = index;
        var->arg.list = &var->list;
        return;
    }
    sld_value *outer = sld_tf_plain(node, var->initial);
    if (!sld_tf_ok(node)) {
        return;
    }
    var->outer = outer;
    const char *name = loop->body_function->args[index];
    int64_t dims[SOLDER_MAX_RANK];
    if (var->invariant && sld_value_is_constant(outer) &&
        sld_value_static_dims(loop->around, outer, dims)) {
        node->status = sld_graph_add_constant(loop->body, NULL, outer->dtype, outer->shape.rank,
                                              dims, outer->data, false, &var->arg.plain);
    } else {
        node->status = add_input(loop->body, name, outer, &var->input);
        var->arg.plain = var->input;
    }
}

static void open_loop(sld_tf_node *node, sld_tf_loop *loop)
{
    sld_tf *tf = node->tf;
    loop->cond_function = sld_tf_function_attr(node, "cond");
    loop->body_function = sld_tf_function_attr(node, "body");
    (void)sld_tf_int(node, "parallel_iterations", 0);
    (void)sld_tf_attribute(node, "output_shapes", SLD_TF_LIST);
    if (!sld_tf_ok(node)) {
        return;
    }
    loop->count = node->in_count;
    if (loop->body_function->arg_count != loop->count ||
        loop->body_function->ret_count != loop->count || loop->cond_function->ret_count != 1) {
        sld_tf_fail(node, SOLDER_ERROR_DATA,
                    "%u variables, its body takes %u and gives %u, its condition gives %u",
                    (unsigned)loop->count, (unsigned)loop->body_function->arg_count,
                    (unsigned)loop->body_function->ret_count,
                    (unsigned)loop->cond_function->ret_count);
        return;
    }
    loop->vars = sld_arena_array(&tf->arena, loop->count, sizeof *loop->vars);
    if (loop->vars == NULL) {
        node->status = sld_fail_memory(tf->diag, loop->count);
        return;
    }
    for (uint32_t i = 0; i < loop->count && sld_tf_ok(node); i++) {
        loop->vars[i].invariant = returns_argument(tf, loop->body_function, i);
        bind(node, loop, i);
    }
}

/* ---- condition and body ---- */

static solder_status apply(sld_tf_node *node, sld_tf_loop *loop, const sld_tf_function *f,
                           bool next, sld_tf_tensor **rets)
{
    sld_tf *tf = node->tf;
    const char *prefix = sld_arena_printf(&tf->arena, "%s/", node->name);
    sld_tf_tensor **args = sld_arena_array(&tf->arena, loop->count, sizeof *args);
    if (prefix == NULL || args == NULL) {
        return sld_fail_memory(tf->diag, loop->count);
    }
    for (uint32_t i = 0; i < loop->count; i++) {
        args[i] = next ? loop->vars[i].next : &loop->vars[i].arg;
    }
    return sld_tf_apply(node, f, prefix, args, loop->count, rets);
}

static void convert(sld_tf_node *node, sld_tf_loop *loop)
{
    sld_tf *tf = node->tf;
    sld_tf_tensor **next = sld_arena_array(&tf->arena, loop->count, sizeof *next);
    sld_tf_tensor *go = NULL;
    if (next == NULL) {
        node->status = sld_fail_memory(tf->diag, loop->count);
        return;
    }
    tf->graph = loop->body;
    node->status = apply(node, loop, loop->cond_function, false, &go);
    solder_status status = apply(node, loop, loop->body_function, false, next);
    node->status = sld_tf_ok(node) ? status : node->status;
    if (sld_tf_ok(node) && go == NULL) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "its condition is nothing");
    }
    loop->condition = sld_tf_ok(node) ? sld_tf_plain(node, go) : NULL;
    for (uint32_t i = 0; i < loop->count && sld_tf_ok(node); i++) {
        sld_tf_loop_var *var = &loop->vars[i];
        var->next = var->invariant ? &var->arg : next[i];
        if (var->next == NULL || (var->next->list != NULL) != (var->initial->list != NULL)) {
            sld_tf_fail(node, SOLDER_ERROR_DATA, "variable %u changes its kind", (unsigned)i);
        } else if (var->next->list == NULL) {
            (void)sld_tf_plain(node, var->next);
        }
    }
    tf->graph = loop->around;
}

void sld_tf_while(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf *tf = node->tf;
    sld_tf_loop loop = {.node = node, .around = tf->graph};
    node->status = sld_graph_create(tf->import->allocator, tf->diag, &loop.body);
    if (!sld_tf_ok(node)) {
        return;
    }
    node->in_read = UINT64_MAX;
    open_loop(node, &loop);
    if (sld_tf_ok(node)) {
        convert(node, &loop);
    }
    sld_tf_outputs(node, loop.count);
    if (sld_tf_ok(node) && !sld_tf_recurrent(node, &loop)) {
        sld_tf_unsupported(node, "a loop that is no recurrent layer");
    }
    sld_graph_destroy(loop.body);
}
