/* SPDX-License-Identifier: Apache-2.0 */
/* If, Case and their stateless forms: branches are functions, converted into bodies of an If. */
#include "import/tensorflow/tf_loop.h"
#include "import/tensorflow/tf_ops.h"

/* What is decided, and what the branches are given. */
typedef struct choice {
    sld_tf_node *node;
    const sld_tf_function **branches;
    uint32_t branch_count, arg_count, ret_count;
    bool by_number; /* Case */
    const char *prefix;
} choice;

/* Arguments at one place: in the graph around, or in a body. selector is last in what a body is
 * given. */
typedef struct arguments {
    sld_value *selector;
    sld_tf_tensor **args;
} arguments;

static bool take(sld_tf_node *node, void *pointer)
{
    if (pointer == NULL && sld_tf_ok(node)) {
        node->status = sld_fail_memory(node->tf->diag, sizeof(sld_tf_tensor));
    }
    return sld_tf_ok(node);
}

/* A value of the graph around, in a body; captured if it is no constant. */
static sld_value *bring(sld_tf_node *node, sld_graph *body, const char *name, sld_value *outer,
                        sld_value **captured, uint32_t *count)
{
    sld_value *inner = NULL;
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    if (sld_value_is_constant(outer)) {
        sld_tf_keep(node, sld_graph_body_constant(body, outer, &inner));
        return inner;
    }
    for (uint32_t i = 0; i < *count; i++) {
        if (captured[i] == outer && i < body->input_count) {
            return body->inputs[i];
        }
    }
    sld_tf_keep(node,
                sld_graph_body_input(body, sld_graph_find_value(body, name) == NULL ? name : NULL,
                                     outer, &inner));
    captured[(*count)++] = outer;
    return inner;
}

/* The arguments as a body sees them. captured has room for all of them and the selector. */
static arguments enter(const choice *c, const arguments *outer, sld_graph *body,
                       sld_value **captured, uint32_t *count)
{
    sld_tf_node *node = c->node;
    sld_arena *arena = &node->tf->arena;
    arguments inner = {.args = sld_arena_array(arena, c->arg_count, sizeof(sld_tf_tensor *))};
    for (uint32_t i = 0; i < c->arg_count && take(node, inner.args); i++) {
        sld_tf_tensor *from = outer->args[i];
        sld_tf_tensor *t = inner.args[i] = sld_arena_alloc(arena, sizeof *t);
        const char *name = c->branches[0]->args[i];
        if (!take(node, t)) {
            break;
        }
        if (from->list == NULL) {
            t->plain = bring(node, body, name, sld_tf_plain(node, from), captured, count);
            continue;
        }
        sld_tf_list *list = t->list = sld_arena_alloc(arena, sizeof *list);
        if (take(node, list)) {
            *list = (sld_tf_list){.dtype = from->list->dtype, .element = from->list->element};
            list->elements =
                bring(node, body, name, sld_tf_list_elements(node, from->list), captured, count);
        }
    }
    if (sld_tf_ok(node)) {
        inner.selector = bring(node, body, "selector", outer->selector, captured, count);
    }
    return inner;
}

static void choose(const choice *c, const arguments *given, uint32_t first, sld_tf_tensor **rets);

/* One of the bodies of an If: the branch, or the choice among the rest. */
static void fill(const choice *c, const arguments *outer, uint32_t first, bool rest,
                 sld_graph *body, sld_value **captured, uint32_t *count)
{
    sld_tf_node *node = c->node;
    sld_graph *around = node->tf->graph;
    sld_tf_tensor **rets = sld_arena_array(&node->tf->arena, c->ret_count, sizeof(sld_tf_tensor *));
    const arguments inner = enter(c, outer, body, captured, count);
    if (!take(node, rets)) {
        return;
    }
    node->tf->graph = body;
    if (rest) {
        choose(c, &inner, first + 1, rets);
    } else {
        node->status =
            sld_tf_apply(node, c->branches[first], c->prefix, inner.args, c->arg_count, rets);
    }
    for (uint32_t i = 0; i < c->ret_count && sld_tf_ok(node); i++) {
        if (rets[i] == NULL) {
            sld_tf_fail(node, SOLDER_ERROR_DATA, "output %u is nothing", (unsigned)i);
            break;
        }
        sld_value *value = sld_tf_plain(node, rets[i]);
        if (sld_tf_ok(node)) {
            sld_tf_keep(node, sld_graph_body_output(body, value));
        }
    }
    node->tf->graph = around;
}

/* A number that is to be a bool is true if it is not 0. */
static sld_value *condition(const choice *c, const arguments *given, uint32_t first)
{
    sld_tf_node *node = c->node;
    sld_value *value = sld_tf_as_scalar(node, given->selector);
    if (!sld_tf_ok(node) || (!c->by_number && value->dtype == SOLDER_BOOL)) {
        return value;
    }
    sld_value *number = sld_tf_scalar(node, value->dtype, c->by_number ? first : 0);
    return sld_tf_binary(node, c->by_number ? SLD_BINARY_EQUAL : SLD_BINARY_NOT_EQUAL, value,
                         number);
}

static void emit_if(const choice *c, const arguments *given, uint32_t first, sld_value *condition,
                    sld_tf_tensor **rets)
{
    sld_tf_node *node = c->node;
    sld_tf *tf = node->tf;
    sld_graph *bodies[2];
    uint32_t count = 0, again = 0;
    sld_value **captured =
        sld_arena_array(&tf->arena, (size_t)c->arg_count + 1, sizeof(sld_value *));
    sld_value **same = sld_arena_array(&tf->arena, (size_t)c->arg_count + 1, sizeof(sld_value *));
    if (!take(node, captured) || !take(node, same)) {
        return;
    }
    for (int i = 0; i < 2 && sld_tf_ok(node); i++) {
        const char *name =
            sld_arena_printf(&tf->arena, "%s%s", c->prefix, i == 0 ? "then" : "else");
        if (take(node, (void *)(uintptr_t)name)) {
            sld_tf_keep(node, sld_graph_body_create(tf->graph, name, &bodies[i]));
        }
        if (sld_tf_ok(node)) {
            fill(c, given, first, i == 1, bodies[i], i == 0 ? captured : same,
                 i == 0 ? &count : &again);
        }
    }
    sld_node *made = NULL;
    if (sld_tf_ok(node)) {
        sld_tf_keep(node, sld_graph_add_if(tf->graph, NULL, node->name, NULL, condition, captured,
                                           count, bodies[0], bodies[1], &made));
    }
    for (uint32_t i = 0; i < c->ret_count && sld_tf_ok(node); i++) {
        rets[i] = sld_arena_alloc(&tf->arena, sizeof **rets);
        if (take(node, rets[i])) {
            rets[i]->plain = made->out[i];
        }
    }
    if (sld_tf_ok(node)) {
        made->source = sld_arena_printf(&tf->graph->arena, "%s '%s'", node->op, node->name);
        (void)take(node, (void *)(uintptr_t)made->source);
    }
}

/* Chooses among the branches from first on; the last is for everything else. */
static void choose(const choice *c, const arguments *given, uint32_t first, sld_tf_tensor **rets)
{
    sld_tf_node *node = c->node;
    bool last = first + 1 == c->branch_count;
    sld_value *value = last ? NULL : condition(c, given, first);
    if (!sld_tf_ok(node)) {
        return;
    }
    if (last || (sld_value_is_constant(value) && *(const uint8_t *)value->data != 0)) {
        node->status =
            sld_tf_apply(node, c->branches[first], c->prefix, given->args, c->arg_count, rets);
    } else if (sld_value_is_constant(value)) {
        choose(c, given, first + 1, rets);
    } else {
        emit_if(c, given, first, value, rets);
    }
}

/* Bodies in bodies are limited anyway. */
#define MAX_BRANCHES 16

void sld_tf_if(sld_tf_node *node, int by_number)
{
    sld_tf *tf = node->tf;
    const sld_tf_function *branches[MAX_BRANCHES];
    choice c = {.node = node, .branches = branches, .by_number = by_number != 0};
    node->in_read = UINT64_MAX;
    (void)sld_tf_attribute(node, "output_shapes", SLD_TF_LIST);
    if (by_number) {
        c.branch_count = sld_tf_function_attrs(node, "branches", branches, MAX_BRANCHES);
    } else {
        branches[0] = sld_tf_function_attr(node, "then_branch");
        branches[1] = sld_tf_function_attr(node, "else_branch");
        c.branch_count = 2;
    }
    const arguments outer = {.selector = sld_tf_input(node, 0), .args = node->in + 1};
    if (sld_tf_ok(node) && c.branch_count == 2 && outer.selector->dtype == SOLDER_BOOL &&
        by_number) {
        const sld_tf_function *no = branches[0]; /* what Switch and Merge are lifted to */
        branches[0] = branches[1];
        branches[1] = no;
        c.by_number = false;
    }
    c.prefix = sld_arena_printf(&tf->arena, "%s/", node->name);
    if (!take(node, (void *)(uintptr_t)c.prefix)) {
        return;
    }
    c.arg_count = node->in_count - 1;
    c.ret_count = branches[0]->ret_count;
    for (uint32_t i = 0; i < c.branch_count; i++) {
        if (branches[i]->arg_count != c.arg_count || branches[i]->ret_count != c.ret_count) {
            sld_tf_fail(node, SOLDER_ERROR_DATA,
                        "%u arguments and %u results, function '%s' has %u and %u",
                        (unsigned)c.arg_count, (unsigned)c.ret_count, branches[i]->name,
                        (unsigned)branches[i]->arg_count, (unsigned)branches[i]->ret_count);
        }
    }
    sld_tf_outputs(node, c.ret_count);
    if (sld_tf_ok(node) && c.ret_count > 0) {
        choose(&c, &outer, 0, node->out);
    }
}
