/* SPDX-License-Identifier: Apache-2.0 */
/* solder_network_describe: text, Graphviz and JSON. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "builder/builder.h"

solder_status sld_text_hand_out(const sld_text *from, sld_diag *diag, char **text, size_t *size)
{
    char *copy = malloc(from->size + 1);
    if (copy == NULL) {
        return sld_fail_memory(diag, from->size + 1);
    }
    if (from->size > 0) {
        memcpy(copy, from->data, from->size);
    }
    copy[from->size] = '\0';
    *text = copy;
    if (size != NULL) {
        *size = from->size;
    }
    return SOLDER_OK;
}

void solder_text_free(char *text)
{
    free(text);
}

solder_status sld_text_json_string(sld_text *text, const char *value)
{
    SLD_TRY(sld_text_printf(text, "\""));
    for (const unsigned char *p = (const unsigned char *)value; *p != '\0'; p++) {
        SLD_TRY(*p == '"' || *p == '\\'   ? sld_text_printf(text, "\\%c", *p)
                : *p < 0x20 || *p >= 0x7f ? sld_text_printf(text, "\\u%04x", *p)
                                          : sld_text_printf(text, "%c", *p));
    }
    return sld_text_printf(text, "\"");
}

/* ---- JSON ---- */

static solder_status json_attr_value(sld_text *text, const sld_attr *attr, const void *params,
                                     int index)
{
    if (attr->kind == SLD_ATTR_TEXT) {
        return sld_text_json_string(text, sld_attr_get_text(attr, params));
    }
    if (attr->kind == SLD_ATTR_F32 || attr->kind == SLD_ATTR_F64) {
        double value = sld_attr_get_f64(attr, params, index);
        return isfinite(value) ? sld_text_printf(text, "%.9g", value)
                               : sld_text_printf(text, "\"%g\"", value);
    }
    int64_t value = sld_attr_get_i64(attr, params, index);
    if (attr->kind == SLD_ATTR_ENUM && value >= 0 && value < attr->name_count) {
        return sld_text_printf(text, "\"%s\"", attr->names[value]);
    }
    if (attr->kind == SLD_ATTR_DTYPE) {
        return sld_text_printf(text, "\"%s\"", solder_dtype_name((solder_dtype)value));
    }
    return sld_text_printf(text, "%" PRId64, value);
}

static solder_status json_attrs(sld_text *text, const sld_node *node)
{
    sld_node_attrs info = sld_node_get_attrs(node->op, node->params);
    SLD_TRY(sld_text_printf(text, "{"));
    for (uint32_t i = 0; i < info.count; i++) {
        const sld_attr *attr = &info.attrs[i];
        bool is_text = attr->kind == SLD_ATTR_TEXT;
        int length = is_text ? 1 : sld_attr_length(attr, info.values);
        bool list = !is_text && attr->count > 1;
        SLD_TRY(
            sld_text_printf(text, "%s\"%s\": %s", i == 0 ? "" : ", ", attr->name, list ? "[" : ""));
        for (int j = 0; j < length; j++) {
            SLD_TRY(sld_text_printf(text, "%s", j == 0 ? "" : ", "));
            SLD_TRY(json_attr_value(text, attr, info.values, j));
        }
        if (length == 0 && !list) {
            SLD_TRY(sld_text_printf(text, "null"));
        }
        SLD_TRY(sld_text_printf(text, "%s", list ? "]" : ""));
    }
    return sld_text_printf(text, "}");
}

static solder_status json_node(sld_text *text, const sld_node *node, uint32_t index)
{
    SLD_TRY(sld_text_printf(text, "\n    {\"index\": %u, \"name\": ", (unsigned)index));
    SLD_TRY(sld_text_json_string(text, node->name));
    SLD_TRY(sld_text_printf(text, ", \"op\": \"%s\", \"source\": ", sld_op_name(node->op)));
    SLD_TRY(sld_text_json_string(text, node->source));
    if (node->op == SLD_OP_PLUGIN) {
        char name[SLD_PLUGIN_MAX_TEXT];
        sld_plugin_print(((const sld_plugin_params *)node->params)->plugin, true, name);
        SLD_TRY(sld_text_printf(text, ", \"plugin\": \"%s\"", name));
    }
    SLD_TRY(sld_text_printf(text,
                            ", \"elided\": %s, \"attributes\": ", node->elided ? "true" : "false"));
    SLD_TRY(json_attrs(text, node));
    SLD_TRY(sld_text_printf(text, ", \"inputs\": ["));
    for (uint32_t i = 0; i < node->in_count; i++) {
        SLD_TRY(sld_text_printf(text, "%s", i == 0 ? "" : ", "));
        SLD_TRY(node->in[i].value == NULL ? sld_text_printf(text, "null")
                                          : sld_text_json_string(text, node->in[i].value->name));
    }
    SLD_TRY(sld_text_printf(text, "], \"outputs\": ["));
    for (uint32_t i = 0; i < node->out_count; i++) {
        SLD_TRY(sld_text_printf(text, "%s", i == 0 ? "" : ", "));
        SLD_TRY(sld_text_json_string(text, node->out[i]->name));
    }
    return sld_text_printf(text, "]}");
}

static solder_status json_value(sld_text *text, const sld_value *value, const sld_shapes *shapes)
{
    static const char *const kinds[] = {"node", "input", "constant"};
    SLD_TRY(sld_text_printf(text, "\n    {\"name\": "));
    SLD_TRY(sld_text_json_string(text, value->name));
    SLD_TRY(sld_text_printf(text, ", \"kind\": \"%s\", \"output\": %s, \"dtype\": \"%s\"",
                            kinds[value->kind], value->is_output ? "true" : "false",
                            solder_dtype_name(value->dtype)));
    SLD_TRY(sld_text_printf(text, ", \"dims\": ["));
    for (int i = 0; i < value->shape.rank; i++) {
        char dim[128];
        sld_expr_print(&value->graph->exprs, value->shape.d[i], dim, sizeof dim);
        SLD_TRY(sld_text_printf(text, "%s", i == 0 ? "" : ", "));
        SLD_TRY(sld_expr_is_const(&value->graph->exprs, value->shape.d[i], NULL)
                    ? sld_text_printf(text, "%s", dim)
                    : sld_text_json_string(text, dim));
    }
    sld_tensor t = sld_shapes_tensor(shapes, value, 2);
    size_t bytes = 0;
    (void)sld_dims_bytes(t.dim, t.rank, t.dtype, &bytes);
    SLD_TRY(sld_text_printf(text, "], \"bytes\": %zu", bytes));
    if (value->arena_offset >= 0) {
        SLD_TRY(sld_text_printf(text, ", \"offset\": %" PRId64, value->arena_offset));
    }
    if (value->view.parent != NULL) {
        SLD_TRY(sld_text_printf(text, ", \"view_of\": "));
        SLD_TRY(sld_text_json_string(text, value->view.parent->name));
    }
    return sld_text_printf(text, "}");
}

static solder_status json_names(sld_text *text, const char *key, sld_value *const *values,
                                size_t count)
{
    SLD_TRY(sld_text_printf(text, ",\n  \"%s\": [", key));
    for (size_t i = 0; i < count; i++) {
        SLD_TRY(sld_text_printf(text, "%s", i == 0 ? "" : ", "));
        SLD_TRY(sld_text_json_string(text, values[i]->name));
    }
    return sld_text_printf(text, "]");
}

static solder_status print_json(const sld_graph *graph, sld_arena *arena, sld_text *text)
{
    sld_shapes shapes;
    SLD_TRY(sld_shapes_init(&shapes, graph, arena));
    SLD_TRY(sld_text_printf(text, "{\n  \"name\": "));
    SLD_TRY(sld_text_json_string(text, graph->name));
    SLD_TRY(json_names(text, "inputs", graph->inputs, graph->input_count));
    SLD_TRY(json_names(text, "outputs", graph->outputs, graph->output_count));
    SLD_TRY(sld_text_printf(text, ",\n  \"activation_bytes\": %" PRId64 ",\n  \"nodes\": [",
                            graph->arena_bytes));
    uint32_t index = 0;
    for (const sld_node *node = graph->first; node != NULL; node = node->next) {
        SLD_TRY(sld_text_printf(text, "%s", index == 0 ? "" : ","));
        SLD_TRY(json_node(text, node, index++));
    }
    SLD_TRY(sld_text_printf(text, "\n  ],\n  \"values\": ["));
    for (const sld_value *value = graph->values; value != NULL; value = value->next) {
        SLD_TRY(sld_text_printf(text, "%s", value == graph->values ? "" : ","));
        SLD_TRY(json_value(text, value, &shapes));
    }
    return sld_text_printf(text, "\n  ]\n}\n");
}

/* ---- DOT ---- */

static solder_status dot_value(const sld_graph *graph, const sld_value *value, sld_text *text)
{
    char label[512];
    size_t at = 0;
    for (int i = 0; i < value->shape.rank && at + 64 < sizeof label; i++) {
        if (i > 0) {
            label[at++] = 'x';
        }
        sld_expr_print(&graph->exprs, value->shape.d[i], label + at, 64);
        at += strlen(label + at);
    }
    label[at] = '\0';
    return sld_text_printf(text, "%s %s", solder_dtype_name(value->dtype), label);
}

static solder_status dot_edges(const sld_graph *graph, const sld_node *node, sld_text *text)
{
    for (uint32_t i = 0; i < node->in_count; i++) {
        const sld_value *value = node->in[i].value;
        if (value == NULL || value->kind == SLD_VALUE_CONSTANT) {
            continue;
        }
        SLD_TRY(value->kind == SLD_VALUE_INPUT
                    ? sld_text_printf(text, "  v%u -> n%u [label=\"", (unsigned)value->id,
                                      (unsigned)node->id)
                    : sld_text_printf(text, "  n%u -> n%u [label=\"", (unsigned)value->producer->id,
                                      (unsigned)node->id));
        SLD_TRY(dot_value(graph, value, text));
        SLD_TRY(sld_text_printf(text, "\"];\n"));
    }
    return SOLDER_OK;
}

static solder_status print_dot(const sld_graph *graph, sld_text *text)
{
    SLD_TRY(sld_text_printf(text, "digraph network {\n  node [shape=box, style=\"rounded,filled\", "
                                  "fillcolor=\"#eef3fa\", fontname=\"sans-serif\"];\n"));
    for (size_t i = 0; i < graph->input_count; i++) {
        SLD_TRY(sld_text_printf(text, "  v%u [shape=ellipse, label=", graph->inputs[i]->id));
        SLD_TRY(sld_text_json_string(text, graph->inputs[i]->name));
        SLD_TRY(sld_text_printf(text, "];\n"));
    }
    for (const sld_node *node = graph->first; node != NULL; node = node->next) {
        SLD_TRY(sld_text_printf(text, "  n%u [%stooltip=", (unsigned)node->id,
                                node->elided ? "style=dashed, " : ""));
        SLD_TRY(sld_text_json_string(text, node->source));
        SLD_TRY(sld_text_printf(text, ", label=\"%s\\n\" + ", sld_node_type(node)));
        SLD_TRY(sld_text_json_string(text, node->name));
        SLD_TRY(sld_text_printf(text, "];\n"));
        SLD_TRY(dot_edges(graph, node, text));
    }
    for (size_t i = 0; i < graph->output_count; i++) {
        const sld_value *value = graph->outputs[i];
        SLD_TRY(sld_text_printf(text, "  o%u [shape=ellipse, label=", (unsigned)value->id));
        SLD_TRY(sld_text_json_string(text, value->name));
        SLD_TRY(sld_text_printf(text, "];\n"));
        if (value->kind == SLD_VALUE_NODE) {
            SLD_TRY(sld_text_printf(text, "  n%u -> o%u;\n", (unsigned)value->producer->id,
                                    (unsigned)value->id));
        }
    }
    return sld_text_printf(text, "}\n");
}

solder_status solder_network_describe(solder_network *network, solder_form form, char **out,
                                      size_t *size)
{
    if (network == NULL || out == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    solder_builder *builder = network->builder;
    sld_text text = {.allocator = &builder->counted};
    sld_arena arena;
    sld_arena_init(&arena, &builder->counted, 0);
    solder_status status =
        form == SOLDER_FORM_TEXT  ? sld_graph_print(network->graph, false, &text)
        : form == SOLDER_FORM_DOT ? print_dot(network->graph, &text)
        : form == SOLDER_FORM_JSON
            ? print_json(network->graph, &arena, &text)
            : sld_fail(&builder->diag, SOLDER_ERROR_ARGUMENT, "there is no form %d", (int)form);
    if (status == SOLDER_ERROR_MEMORY) {
        status = sld_fail_memory(&builder->diag, text.size);
    }
    if (status == SOLDER_OK) {
        status = sld_text_hand_out(&text, &builder->diag, out, size);
    }
    sld_text_free(&text);
    sld_arena_free(&arena);
    return status;
}
