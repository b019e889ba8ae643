/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions of If, Case and While as further graphs of the file: arguments are Input nodes,
 * results what MarkOutput nodes read, both in order; the node's fields name the graphs.
 */
#include "import/uff/uff_write_ops.h"

/* Branches of a Case, at most: what the importers take. */
#define FUNCTIONS_MAX 16

static uint32_t find_functions(sld_tf_node *node, const char *name,
                               const sld_tf_function **functions)
{
    for (uint32_t i = 0; i < node->attr_count; i++) {
        const sld_tf_attr *attr = &node->attrs[i];
        if (strcmp(attr->name, name) == 0 && attr->kind == SLD_TF_LIST) {
            return sld_tf_function_attrs(node, name, functions, FUNCTIONS_MAX);
        }
    }
    functions[0] = sld_tf_function_attr(node, name);
    return 1;
}

/* ---- a function ---- */

static sld_tf_tensor **write_arguments(sld_tf_node *node, const sld_tf_function *f)
{
    sld_tf *tf = node->tf;
    sld_tf_tensor **args = sld_arena_array(&tf->arena, f->arg_count, sizeof(sld_tf_tensor *));
    for (uint32_t i = 0; i < f->arg_count && args != NULL; i++) {
        sld_uff_tensor *t = sld_arena_alloc(&tf->arena, sizeof *t);
        if (t == NULL) {
            return NULL;
        }
        t->id = f->args[i];
        args[i] = &t->tensor;
        sld_uff_out_node(&((sld_uff_convert *)tf)->out, SLD_UFF_ARGUMENT, t->id, NULL, 0);
    }
    return args;
}

static void write_results(sld_tf_node *node, const sld_tf_function *f, sld_tf_tensor *const *rets)
{
    sld_uff_out *out = &((sld_uff_convert *)node->tf)->out;
    for (uint32_t i = 0; i < f->ret_count && sld_tf_ok(node); i++) {
        if (rets[i] == NULL) {
            sld_tf_fail(node, SOLDER_ERROR_DATA, "function '%s' does not give its output '%s'",
                        f->name, f->rets[i]);
            return;
        }
        const sld_uff_tensor *t = (const sld_uff_tensor *)rets[i];
        sld_uff_use(out, t);
        sld_uff_out_mark(out, t->id);
    }
}

static void write_function(sld_tf_node *node, const sld_tf_function *f, const char *id)
{
    sld_uff_out *out = &((sld_uff_convert *)node->tf)->out;
    sld_arena *arena = &node->tf->arena;
    sld_uff_outer outer;
    sld_uff_out_enter(out, &outer, id);
    sld_tf_tensor **args = write_arguments(node, f);
    sld_tf_tensor **rets = sld_arena_array(arena, f->ret_count, sizeof(sld_tf_tensor *));
    if (args == NULL || rets == NULL) {
        node->status = sld_fail_memory(node->tf->diag, f->arg_count);
    } else {
        node->status = sld_tf_apply(node, f, "", args, f->arg_count, rets);
        write_results(node, f, rets);
    }
    sld_uff_out_leave(out, &outer);
}

/* Its name in the file; two functions of one name get two. */
static const char *graph_of(sld_tf_node *node, const sld_tf_function *f)
{
    sld_uff_convert *c = (sld_uff_convert *)node->tf;
    const char *id = f->name;
    for (unsigned i = 2; id != NULL; i++) {
        const sld_tf_function *holder = sld_names_find(c->graphs, id);
        if (holder == f) {
            return id;
        }
        if (holder == NULL && strcmp(id, SLD_UFF_MAIN) != 0) {
            break;
        }
        id = sld_arena_printf(&c->tf.arena, "%s.%u", f->name, i);
    }
    if (id == NULL || !sld_names_add(c->graphs, id, (void *)(uintptr_t)f)) {
        node->status = sld_fail_memory(c->tf.diag, strlen(f->name));
        return "";
    }
    write_function(node, f, id);
    return id;
}

/* ---- attributes ---- */

bool sld_uff_write_functions(sld_tf_node *node, const sld_tf_attr *attr)
{
    const sld_tf_function *functions[FUNCTIONS_MAX];
    const char *ids[FUNCTIONS_MAX];
    sld_uff_out *out = &((sld_uff_convert *)node->tf)->out;
    if (!sld_uff_names_graphs(node->op, attr->name)) {
        return false;
    }
    uint32_t count = find_functions(node, attr->name, functions);
    for (uint32_t i = 0; i < count && sld_tf_ok(node); i++) {
        ids[i] = graph_of(node, functions[i]);
    }
    if (sld_tf_ok(node) && attr->kind == SLD_TF_LIST) {
        sld_uff_out_words(out, attr->name, ids, count);
    } else if (sld_tf_ok(node)) {
        sld_uff_out_word(out, attr->name, ids[0]);
    }
    return true;
}

uint32_t sld_uff_function_outputs(sld_tf_node *node)
{
    const sld_tf_function *functions[FUNCTIONS_MAX];
    for (uint32_t i = 0; i < node->attr_count; i++) {
        const char *name = node->attrs[i].name;
        if (sld_uff_names_graphs(node->op, name) && strcmp(name, "cond") != 0) {
            return find_functions(node, name, functions) > 0 && sld_tf_ok(node)
                       ? functions[0]->ret_count
                       : 0;
        }
    }
    return 0;
}
