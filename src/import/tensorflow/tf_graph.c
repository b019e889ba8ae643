/* SPDX-License-Identifier: Apache-2.0 */
/* From nodes to a network: cuts and inputs, what the outputs need, outputs last. */
#include <stdio.h>

#include "import/tensorflow/tf_frames.h"
#include "import/tensorflow/tf_ops.h"
#include "import/tensorflow/tf_scope.h"

/* ---- inputs ---- */

/* The spec's own spelling of a tensor ("x" or "x:0"), or name. */
static const char *spelling(sld_tf *tf, const char *name)
{
    const solder_import_options *options = tf->import->options;
    size_t length = strlen(name);
    for (size_t i = 0; i < options->input_count; i++) {
        const char *given = options->inputs[i].name;
        if (given != NULL && strncmp(given, name, length) == 0 &&
            strcmp(given + length, ":0") == 0) {
            return given;
        }
    }
    return name;
}

static void to_nchw(sld_tf_shape *shape)
{
    int64_t channels = shape->rank > 0 ? shape->dims[shape->rank - 1] : 0;
    for (int i = shape->rank - 1; i > 1; i--) {
        shape->dims[i] = shape->dims[i - 1];
    }
    if (shape->rank > 1) {
        shape->dims[1] = channels;
    }
}

/* An input declared NHWC gives both layouts: the caller's is TensorFlow's own. */
solder_status sld_tf_declare(sld_tf *tf, const char *name, solder_dtype dtype,
                             const sld_tf_shape *shape, sld_tf_tensor *t)
{
    name = spelling(tf, name);
    const solder_input_spec *spec = sld_import_spec(tf->import, name);
    bool swapped = spec != NULL && spec->nhwc && !tf->channels_first;
    bool first = swapped || tf->given_first;
    sld_tf_shape s = *shape;
    if (first && s.rank >= 3) {
        to_nchw(&s);
    }
    if (s.rank == 0 && spec != NULL && spec->dims.rank != 0) {
        s.rank = -1; /* old files write "unknown" this way */
    }
    solder_dims dims = {.rank = s.rank};
    memcpy(dims.d, s.dims, sizeof s.dims);
    sld_value *value;
    solder_status status = sld_import_input(tf->import, name, dtype, &dims, NULL, &value);
    if (status != SOLDER_OK) {
        return sld_fail_within(tf->diag, status, "%s", tf->format->name);
    }
    *(first ? &t->first : &t->plain) = value;
    if (swapped && tf->graph->inputs[tf->graph->input_count - 1]->dtype == dtype) {
        t->plain = tf->graph->inputs[tf->graph->input_count - 1];
    }
    return SOLDER_OK;
}

void sld_tf_placeholder(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf *tf = node->tf;
    solder_dtype dtype = sld_tf_type(node, "dtype", SOLDER_F32);
    const sld_tf_attr *attr = sld_tf_attribute(node, "shape", SLD_TF_SHAPE);
    sld_tf_shape shape = {.rank = -1};
    sld_tf_tensor *t = sld_arena_alloc(&tf->arena, sizeof *t);
    if (t == NULL) {
        node->status = sld_fail_memory(tf->diag, sizeof *t);
    } else if (attr != NULL && !sld_tf_read_shape(attr->bytes, &shape)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "its shape is not possible");
    }
    if (sld_tf_ok(node)) {
        node->status = sld_tf_declare(tf, node->name, dtype, &shape, t);
        node->out[0] = t;
    }
}

/* An input named in the options that is no Placeholder: what computes it is left out. */
static solder_status cut(sld_tf *tf, const sld_tf_scope *scope, const solder_input_spec *spec)
{
    sld_tf_ref ref;
    SLD_TRY(sld_tf_resolve(tf, scope, spec->name, &ref));
    if (ref.entry == NULL || strcmp(ref.entry->proto->op, tf->format->input) == 0) {
        return SOLDER_OK; /* sld_import_check_specs knows whether it is one */
    }
    const sld_tf_shape open = {.rank = -1};
    sld_tf_tensor *t = sld_arena_alloc(&tf->arena, sizeof *t);
    if (t == NULL) {
        return sld_fail_memory(tf->diag, sizeof *t);
    }
    solder_dtype dtype = spec->dtype != SOLDER_NONE ? spec->dtype : SOLDER_F32;
    SLD_TRY(sld_tf_declare(tf, spec->name, dtype, &open, t));
    return sld_tf_give(tf, ref.entry, ref.index, t);
}

/* ---- outputs ---- */

static solder_status fail_output(sld_tf *tf, const char *name)
{
    sld_nearest nearest = sld_nearest_to(name);
    for (uint32_t i = 0; i < tf->model.node_count; i++) {
        if (strcmp(tf->model.nodes[i].op, "MarkOutput") != 0) {
            sld_nearest_offer(&nearest, tf->model.nodes[i].name);
        }
    }
    bool asked = tf->import->options->output_count != 0;
    return sld_fail(tf->diag, asked ? SOLDER_ERROR_NOT_FOUND : SOLDER_ERROR_DATA,
                    "%s: there is no output '%s'%s", tf->format->name, name,
                    sld_nearest_text(&nearest));
}

/* A node of its own that carries the name: outputs of a plan keep their names. */
solder_status sld_tf_mark_output(sld_tf *tf, const char *name, sld_tf_tensor *t)
{
    sld_tf_node node = {.tf = tf, .name = name, .op = "output"};
    sld_value *value = sld_tf_plain(&node, t);
    SLD_TRY(node.status);
    const sld_value *same = sld_graph_find_value(tf->graph, name);
    if (same != NULL && same->is_output) {
        return sld_fail(tf->diag, SOLDER_ERROR_ARGUMENT, "%s: '%s' is an output twice",
                        tf->format->name, name);
    }
    if (same != NULL && same->kind == SLD_VALUE_INPUT) {
        return sld_fail(tf->diag, SOLDER_ERROR_UNSUPPORTED, "%s: '%s' is an input and an output",
                        tf->format->name, name);
    }
    if (value->kind != SLD_VALUE_NODE || value->is_output) {
        const sld_unary_params params = {.kind = SLD_UNARY_IDENTITY};
        SLD_TRY(sld_graph_add(tf->graph, NULL, SLD_OP_UNARY, name, &params, &value, 1, &value));
    }
    SLD_TRY(sld_tf_rename(tf, value, name));
    tf->outputs_marked++;
    return sld_graph_mark_output(tf->graph, value);
}

static solder_status chosen_output(sld_tf *tf, const sld_tf_scope *scope, const char *name)
{
    sld_tf_ref ref;
    sld_tf_tensor *t = NULL;
    SLD_TRY(sld_tf_resolve(tf, scope, name, &ref));
    if (ref.entry == NULL) {
        return fail_output(tf, name);
    }
    SLD_TRY(sld_tf_need(tf, scope, ref, &t));
    if (t == NULL) {
        return sld_fail(tf->diag, SOLDER_ERROR_NOT_FOUND, "%s: node '%s' (%s) has no output %u",
                        tf->format->name, ref.entry->proto->name, ref.entry->proto->op,
                        (unsigned)ref.index);
    }
    return t->poisoned ? SOLDER_OK : tf->format->mark(tf, name, t);
}

static solder_status mark_used(sld_tf *tf, const sld_tf_scope *scope)
{
    for (uint32_t i = 0; i < scope->count; i++) {
        const sld_tf_node_proto *proto = scope->entries[i].proto;
        for (uint32_t j = 0; j < proto->in_count; j++) {
            sld_tf_ref ref;
            if (proto->in[j][0] == '^') {
                continue;
            }
            SLD_TRY(sld_tf_resolve(tf, scope, proto->in[j], &ref));
            if (ref.entry != NULL) {
                ref.entry->used = true;
            }
        }
    }
    return SOLDER_OK;
}

static bool gives_nothing(const char *op)
{
    static const char *const ops[] = {
        "Const", "NoOp", "Assert", "Placeholder", "PlaceholderWithDefault", "HostConst", "SaveV2"};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(ops); i++) {
        if (strcmp(ops[i], op) == 0) {
            return true;
        }
    }
    return false;
}

static solder_status sink(sld_tf *tf, const sld_tf_scope *scope, sld_tf_entry *entry)
{
    sld_tf_tensor *t = NULL;
    SLD_TRY(sld_tf_need(tf, scope, (sld_tf_ref){entry, 0}, &t));
    for (uint32_t i = 0; i < entry->out_count && !entry->poisoned; i++) {
        const char *name = entry->proto->name;
        if (i > 0) {
            name = sld_arena_printf(&tf->arena, "%s:%u", name, (unsigned)i);
        }
        if (name == NULL) {
            return sld_fail_memory(tf->diag, sizeof i);
        }
        if (entry->out[i] != NULL && entry->out[i]->list == NULL) {
            SLD_TRY(tf->format->mark(tf, name, entry->out[i]));
        }
    }
    return SOLDER_OK;
}

static solder_status mark_outputs(sld_tf *tf, const sld_tf_scope *scope, const char *const *outputs,
                                  size_t count)
{
    for (size_t i = 0; i < count; i++) {
        SLD_TRY(chosen_output(tf, scope, outputs[i]));
    }
    if (count != 0) {
        return SOLDER_OK;
    }
    SLD_TRY(mark_used(tf, scope));
    for (uint32_t i = 0; i < scope->count; i++) {
        sld_tf_entry *entry = &scope->entries[i];
        if (!entry->used && !entry->proto->hidden && !entry->proto->side && entry->given == NULL &&
            !gives_nothing(entry->proto->op) && strcmp(entry->proto->op, tf->format->input) != 0) {
            SLD_TRY(sink(tf, scope, entry));
        }
    }
    if (tf->outputs_marked == 0 && tf->unsupported.count == 0 && tf->variables.count == 0) {
        return sld_fail(tf->diag, SOLDER_ERROR_DATA, "%s: the graph computes nothing",
                        tf->format->name);
    }
    return SOLDER_OK;
}

/* ---- the whole ---- */

static bool wants_nchw(const sld_tf_node_proto *node)
{
    for (uint32_t i = 0; i < node->attr_count; i++) {
        const sld_tf_attr *attr = &node->attrs[i];
        if (strcmp(attr->name, "data_format") == 0 && attr->kind == SLD_TF_STRING &&
            attr->bytes.size >= 4 && memcmp(attr->bytes.data, "NC", 2) == 0) {
            return true;
        }
    }
    return false;
}

/* Variables named, at most. */
#define VARIABLES_LISTED 6

static solder_status report(const sld_tf *tf)
{
    const sld_unsupported *list = &tf->variables;
    if (list->count == 0) {
        return sld_unsupported_report(&tf->unsupported, tf->import, tf->format->name);
    }
    char more[64] = "";
    if (list->listed < list->count) {
        (void)snprintf(more, sizeof more, " and %d more", list->count - list->listed);
    }
    return sld_fail(tf->diag, SOLDER_ERROR_UNSUPPORTED,
                    "%s: the graph is not frozen: it reads %d variable%s: %.2500s%s; "
                    "freeze it first (tf.compat.v1.graph_util.convert_variables_to_constants, "
                    "or convert_variables_to_constants_v2 in TensorFlow 2)",
                    tf->format->name, list->count, list->count == 1 ? "" : "s", list->text, more);
}

solder_status sld_tf_convert(sld_tf *tf, const char *const *outputs, size_t output_count)
{
    const solder_import_options *options = tf->import->options;
    tf->nothing.poisoned = true;
    tf->variables.most = VARIABLES_LISTED;
    tf->node_limit = SLD_TF_MAX_UNFOLDED + (size_t)16 * tf->model.node_count;
    for (uint32_t i = 0; i < tf->model.node_count; i++) {
        tf->channels_first = tf->channels_first || wants_nchw(&tf->model.nodes[i]);
    }
    SLD_TRY(sld_tf_lift(tf, &tf->model.nodes, &tf->model.node_count));
    sld_tf_scope scope = {.prefix = ""};
    SLD_TRY(sld_tf_open_scope(tf, tf->model.nodes, tf->model.node_count, &scope));
    for (size_t i = 0; i < options->input_count; i++) {
        if (options->inputs[i].name != NULL) {
            SLD_TRY(cut(tf, &scope, &options->inputs[i]));
        }
    }
    SLD_TRY(mark_outputs(tf, &scope, outputs, output_count));
    return report(tf);
}
