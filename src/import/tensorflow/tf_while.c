/* SPDX-License-Identifier: Apache-2.0 */
/*
 * While and StatelessWhile. Condition and body are converted into the body of a Loop, whose inputs
 * are the loop's variables; what stays the same in every iteration is a constant there if it is one
 * outside. Recurrent cells are looked for in it; what is none is emitted as it is.
 */
#include "import/tensorflow/tf_loop.h"
#include "import/tensorflow/tf_ops.h"
#include "import/tensorflow/tf_scope.h"

/* ---- inputs of the body ---- */

static void add_input(sld_tf_node *node, sld_tf_loop *loop, sld_tf_loop_var *var, const char *name)
{
    if (!sld_tf_ok(node)) {
        return;
    }
    if (name != NULL && sld_graph_find_value(loop->body, name) != NULL) {
        name = sld_arena_printf(&node->tf->arena, "%s.%u", name, (unsigned)loop->body->next_id);
    }
    if (name == NULL) {
        node->status = sld_fail_memory(node->tf->diag, sizeof *var);
        return;
    }
    node->status = var->invariant ? sld_graph_body_input(loop->body, name, var->outer, &var->input)
                                  : sld_graph_body_carried(loop->body, name, var->outer,
                                                           var->changing, &var->input);
}

/* Runs at the graph around the loop while its body is converted. */
static sld_value *list_input(sld_tf_node *node, sld_tf_loop *loop, sld_tf_loop_var *var)
{
    if (var->input == NULL && sld_tf_ok(node)) {
        sld_graph *at = node->tf->graph;
        node->tf->graph = loop->around;
        var->outer = sld_tf_list_elements(node, var->initial->list);
        node->tf->graph = at;
        add_input(node, loop, var, loop->body_function->args[var - loop->vars]);
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

/* Copies between an argument and a result, at most. */
#define MAX_COPIES 64

/* Does the body give back the argument as it is? */
static bool returns_argument(const sld_tf_function *f, const sld_names *nodes, uint32_t index,
                             sld_arena *arena)
{
    const char *name = sld_tf_ret_value(f, index);
    for (uint32_t i = 0; i < MAX_COPIES && name != NULL; i++) {
        if (strcmp(name, f->args[index]) == 0) {
            return true;
        }
        const sld_tf_node_proto *node = sld_names_find(nodes, name);
        if (node == NULL) {
            const char *start = sld_arena_strndup(arena, name, strcspn(name, ":"));
            node = start != NULL ? sld_names_find(nodes, start) : NULL;
        }
        bool alike = node != NULL && node->in_count > 0;
        for (uint32_t j = 1; alike && j < node->in_count; j++) { /* of an IdentityN */
            alike = node->in[j][0] == '^' || strcmp(node->in[j], node->in[0]) == 0;
        }
        if (!alike || strncmp(node->op, "Identity", 8) != 0) {
            return false;
        }
        name = node->in[0];
    }
    return false;
}

static solder_status find_invariants(sld_tf *tf, sld_tf_loop *loop)
{
    const sld_tf_function *f = loop->body_function;
    sld_names *nodes = sld_names_create(&tf->arena);
    if (nodes == NULL) {
        return sld_fail_memory(tf->diag, f->node_count);
    }
    for (uint32_t i = 0; i < f->node_count; i++) {
        if (sld_names_find(nodes, f->nodes[i].name) == NULL &&
            !sld_names_add(nodes, f->nodes[i].name, &f->nodes[i])) {
            return sld_fail_memory(tf->diag, f->node_count);
        }
    }
    for (uint32_t i = 0; i < loop->count; i++) {
        loop->vars[i].invariant = returns_argument(f, nodes, i, &tf->arena);
    }
    return SOLDER_OK;
}

static void bind(sld_tf_node *node, sld_tf_loop *loop, uint32_t index)
{
    sld_tf_loop_var *var = &loop->vars[index];
    var->initial = sld_tf_in(node, index);
    var->arg = (sld_tf_tensor){.poisoned = false};
    var->input = var->outer = NULL;
    if (!sld_tf_ok(node)) {
        return;
    }
    if (var->initial->list != NULL) {
        const sld_tf_list *list = var->initial->list;
        var->list = (sld_tf_list){.dtype = list->dtype, .element = list->element};
        var->list.grows = list->grows;
        var->list.stretches = list->stretches;
        var->list.loop = loop;
        var->list.var = index;
        var->arg.list = &var->list;
        return;
    }
    var->outer = sld_tf_plain(node, var->initial);
    if (sld_tf_ok(node) && var->invariant && sld_value_is_constant(var->outer)) {
        sld_tf_keep(node, sld_graph_body_constant(loop->body, var->outer, &var->arg.plain));
    } else {
        add_input(node, loop, var, loop->body_function->args[index]);
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
    loop->prefix = sld_arena_printf(&tf->arena, "%s/", node->name);
    node->status = loop->vars != NULL && loop->prefix != NULL
                       ? find_invariants(tf, loop)
                       : sld_fail_memory(tf->diag, loop->count);
}

/* ---- condition and body ---- */

typedef enum moment { BEFORE, START, END } moment;

static void apply(sld_tf_node *node, sld_tf_loop *loop, const sld_tf_function *f, moment when,
                  sld_tf_tensor **rets)
{
    sld_tf *tf = node->tf;
    sld_tf_tensor **args = sld_arena_array(&tf->arena, loop->count, sizeof *args);
    if (!sld_tf_ok(node) || args == NULL) {
        node->status = sld_tf_ok(node) ? sld_fail_memory(tf->diag, loop->count) : node->status;
        return;
    }
    for (uint32_t i = 0; i < loop->count; i++) {
        sld_tf_loop_var *var = &loop->vars[i];
        args[i] = when == BEFORE ? var->initial : when == START ? &var->arg : var->next;
    }
    node->status = sld_tf_apply(node, f, loop->prefix, args, loop->count, rets);
}

/* One bool. */
static sld_value *condition(sld_tf_node *node, sld_tf_loop *loop, moment when)
{
    sld_tf_tensor *go = NULL;
    apply(node, loop, loop->cond_function, when, &go);
    if (sld_tf_ok(node) && go == NULL) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "its condition is nothing");
    }
    sld_value *value = sld_tf_ok(node) ? sld_tf_plain(node, go) : NULL;
    if (sld_tf_ok(node) && value->dtype != SOLDER_BOOL) {
        value =
            sld_tf_binary(node, SLD_BINARY_NOT_EQUAL, value, sld_tf_scalar(node, value->dtype, 0));
    }
    return sld_tf_as_scalar(node, value);
}

static void convert_body(sld_tf_node *node, sld_tf_loop *loop)
{
    sld_tf *tf = node->tf;
    sld_tf_tensor **next = sld_arena_array(&tf->arena, loop->count, sizeof *next);
    if (next == NULL) {
        node->status = sld_fail_memory(tf->diag, loop->count);
        return;
    }
    tf->graph = loop->body;
    loop->condition = condition(node, loop, START);
    apply(node, loop, loop->body_function, START, next);
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

static void convert(sld_tf_node *node, sld_tf_loop *loop)
{
    sld_tf_keep(node, sld_graph_body_create(loop->around, node->name, &loop->body));
    for (uint32_t i = 0; i < loop->count; i++) {
        bind(node, loop, i);
    }
    if (sld_tf_ok(node)) {
        convert_body(node, loop);
    }
}

sld_value *sld_tf_loop_condition(sld_tf_node *node, sld_tf_loop *loop, bool before)
{
    sld_graph *at = node->tf->graph;
    node->tf->graph = before ? loop->around : loop->body;
    sld_value *value = condition(node, loop, before ? BEFORE : END);
    node->tf->graph = at;
    return value;
}

/* Dims of carried values that change are found by trying. */
#define MAX_ATTEMPTS 12

void sld_tf_while(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_loop loop = {.node = node, .around = node->tf->graph};
    node->in_read = UINT64_MAX;
    open_loop(node, &loop);
    sld_tf_outputs(node, loop.count);
    bool done = false;
    for (int i = 0; i < MAX_ATTEMPTS && !done && sld_tf_ok(node); i++) {
        convert(node, &loop);
        done = sld_tf_ok(node) && (sld_tf_recurrent(node, &loop) || sld_tf_emit_loop(node, &loop));
    }
    if (!done) {
        sld_tf_unsupported(node, "sizes that change in too many ways");
    }
}
