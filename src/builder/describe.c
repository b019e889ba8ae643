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

static solder_status print_json(const sld_graph *graph, sld_arena *arena, sld_text *text);

/* Of an If (then, else) or a Loop: networks in the node. */
static solder_status json_bodies(sld_text *text, const sld_node *node, sld_arena *arena)
{
    for (uint32_t i = 0; i < node->body_count; i++) {
        SLD_TRY(sld_text_printf(text, "%s", i == 0 ? ", \"bodies\": [" : ", "));
        SLD_TRY(print_json(node->bodies[i], arena, text));
    }
    return sld_text_printf(text, "%s", node->body_count > 0 ? "]" : "");
}

static solder_status json_node(sld_text *text, const sld_node *node, uint32_t index,
                               sld_arena *arena)
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
    SLD_TRY(sld_text_printf(text, "]"));
    SLD_TRY(json_bodies(text, node, arena));
    return sld_text_printf(text, "}");
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
        SLD_TRY(json_node(text, node, index++, arena));
    }
    SLD_TRY(sld_text_printf(text, "\n  ],\n  \"values\": ["));
    for (const sld_value *value = graph->values; value != NULL; value = value->next) {
        SLD_TRY(sld_text_printf(text, "%s", value == graph->values ? "" : ","));
        SLD_TRY(json_value(text, value, &shapes));
    }
    return sld_text_printf(text, "\n  ]\n}");
}

static solder_status print_json_file(const sld_graph *graph, sld_arena *arena, sld_text *text)
{
    SLD_TRY(print_json(graph, arena, text));
    return sld_text_printf(text, "\n");
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

/* prefix: of the names of nodes, so that bodies have names of their own: "", "n3_0_" ... */
static solder_status dot_edges(const sld_graph *graph, const sld_node *node, const char *prefix,
                               sld_text *text)
{
    for (uint32_t i = 0; i < node->in_count; i++) {
        const sld_value *value = node->in[i].value;
        if (value == NULL || value->kind == SLD_VALUE_CONSTANT) {
            continue;
        }
        bool input = value->kind == SLD_VALUE_INPUT;
        SLD_TRY(sld_text_printf(text, "  %s%c%u -> %sn%u [label=\"", prefix, input ? 'v' : 'n',
                                (unsigned)(input ? value->id : value->producer->id), prefix,
                                (unsigned)node->id));
        SLD_TRY(dot_value(graph, value, text));
        SLD_TRY(sld_text_printf(text, "\"];\n"));
    }
    return SOLDER_OK;
}

static solder_status dot_ellipse(const char *prefix, char kind, const sld_value *value,
                                 sld_text *text)
{
    SLD_TRY(sld_text_printf(text, "  %s%c%u [shape=ellipse, label=", prefix, kind,
                            (unsigned)value->id));
    SLD_TRY(sld_text_json_string(text, value->name));
    return sld_text_printf(text, "];\n");
}

static solder_status dot_graph(const sld_graph *graph, const char *prefix, sld_arena *arena,
                               sld_text *text);

/* A box around each, with the owner's inputs going in by dashed arrows. */
static solder_status dot_bodies(const sld_node *node, const char *prefix, sld_arena *arena,
                                sld_text *text)
{
    static const char *const branches[] = {"then", "else"};
    for (uint32_t i = 0; i < node->body_count; i++) {
        const sld_graph *body = node->bodies[i];
        const char *inner = sld_arena_printf(arena, "%sn%u_%u_", prefix, (unsigned)node->id, i);
        if (inner == NULL) {
            return SOLDER_ERROR_MEMORY;
        }
        SLD_TRY(sld_text_printf(text, "  subgraph cluster_%s {\n  label=\"%s \" + ", inner,
                                node->op == SLD_OP_IF ? branches[i & 1] : "body"));
        SLD_TRY(sld_text_json_string(text, node->name));
        SLD_TRY(sld_text_printf(text, ";\n"));
        SLD_TRY(dot_graph(body, inner, arena, text));
        SLD_TRY(sld_text_printf(text, "  }\n"));
        for (size_t j = 0; j < body->input_count; j++) {
            SLD_TRY(sld_text_printf(text, "  %sn%u -> %sv%u [style=dashed];\n", prefix,
                                    (unsigned)node->id, inner, (unsigned)body->inputs[j]->id));
        }
    }
    return SOLDER_OK;
}

static solder_status dot_graph(const sld_graph *graph, const char *prefix, sld_arena *arena,
                               sld_text *text)
{
    for (size_t i = 0; i < graph->input_count; i++) {
        SLD_TRY(dot_ellipse(prefix, 'v', graph->inputs[i], text));
    }
    for (const sld_node *node = graph->first; node != NULL; node = node->next) {
        SLD_TRY(sld_text_printf(text, "  %sn%u [%stooltip=", prefix, (unsigned)node->id,
                                node->elided ? "style=dashed, " : ""));
        SLD_TRY(sld_text_json_string(text, node->source));
        SLD_TRY(sld_text_printf(text, ", label=\"%s\\n\" + ", sld_node_type(node)));
        SLD_TRY(sld_text_json_string(text, node->name));
        SLD_TRY(sld_text_printf(text, "];\n"));
        SLD_TRY(dot_edges(graph, node, prefix, text));
        SLD_TRY(dot_bodies(node, prefix, arena, text));
    }
    for (size_t i = 0; i < graph->output_count; i++) {
        const sld_value *value = graph->outputs[i];
        SLD_TRY(dot_ellipse(prefix, 'o', value, text));
        if (value->kind == SLD_VALUE_NODE) {
            SLD_TRY(sld_text_printf(text, "  %sn%u -> %so%u;\n", prefix,
                                    (unsigned)value->producer->id, prefix, (unsigned)value->id));
        }
    }
    return SOLDER_OK;
}

static solder_status print_dot(const sld_graph *graph, sld_arena *arena, sld_text *text)
{
    SLD_TRY(sld_text_printf(text, "digraph network {\n  node [shape=box, style=\"rounded,filled\", "
                                  "fillcolor=\"#eef3fa\", fontname=\"sans-serif\"];\n"));
    SLD_TRY(dot_graph(graph, "", arena, text));
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
        : form == SOLDER_FORM_DOT ? print_dot(network->graph, &arena, &text)
        : form == SOLDER_FORM_JSON
            ? print_json_file(network->graph, &arena, &text)
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
