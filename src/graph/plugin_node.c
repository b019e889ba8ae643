/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes of plugins: attributes by the plugin's description, inputs cast to types it takes. */
#include <stdio.h>

#include "graph/graph.h"
#include "kernels/params.h"
#include "plugin/plugin.h"

/* ---- attributes ---- */

static int32_t name_count(const char *const *names)
{
    int32_t count = 0;
    while (names != NULL && names[count] != NULL) {
        count++;
    }
    return count;
}

static sld_attr describe(const solder_plugin_attribute *a)
{
    static const sld_attr_kind kinds[] = {SLD_ATTR_I32,   SLD_ATTR_I64,  SLD_ATTR_F32,
                                          SLD_ATTR_F64,   SLD_ATTR_BOOL, SLD_ATTR_ENUM,
                                          SLD_ATTR_DTYPE, SLD_ATTR_TEXT};
    return (sld_attr){.name = a->name,
                      .kind = kinds[a->kind],
                      .offset = (uint16_t)a->offset,
                      .count = (uint16_t)a->count,
                      .length_offset =
                          a->length_offset == SOLDER_NO_LENGTH ? -1 : (int32_t)a->length_offset,
                      .def = a->initial,
                      .names = a->names,
                      .name_count = name_count(a->names)};
}

sld_plugin_params *sld_graph_plugin_params(sld_graph *graph, const solder_plugin *plugin)
{
    sld_plugin_params *p = sld_arena_alloc(&graph->arena, sizeof *p);
    void *values = sld_arena_alloc(&graph->arena, plugin->attributes_size);
    sld_attr *attrs = sld_arena_array(&graph->arena, plugin->attribute_count, sizeof *attrs);
    if (p == NULL || values == NULL || attrs == NULL) {
        return NULL;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < plugin->attribute_count; i++) {
        if (plugin->attributes[i].kind != SOLDER_ATTRIBUTE_IGNORED) {
            attrs[count++] = describe(&plugin->attributes[i]);
        }
    }
    sld_attrs_defaults(attrs, count, values);
    *p = (sld_plugin_params){
        .plugin = plugin, .node = "", .attributes = values, .attrs = attrs, .attr_count = count};
    return p;
}

bool sld_node_reads_dims_alone(const sld_node *node, uint32_t input)
{
    if (node->op != SLD_OP_PLUGIN) {
        return false;
    }
    const sld_plugin_params *p = node->params;
    const solder_plugin_operand *o = sld_plugin_input(p->plugin, input);
    return o != NULL && (o->flags & SOLDER_OPERAND_DIMS) != 0;
}

sld_node_attrs sld_node_get_attrs(sld_op op, void *params)
{
    if (op == SLD_OP_PLUGIN) {
        const sld_plugin_params *p = params;
        return (sld_node_attrs){p->attrs, p->attr_count, p->plugin->attributes_size,
                                (void *)(uintptr_t)p->attributes};
    }
    sld_op_info info = sld_op_get(op);
    return (sld_node_attrs){info.attrs, info.attr_count, info.params_size, params};
}

const char *sld_node_type(const sld_node *node)
{
    return node->op == SLD_OP_PLUGIN ? ((const sld_plugin_params *)node->params)->plugin->name
                                     : sld_op_name(node->op);
}

/* "debug" stands for "debug" and everything below it. */
static bool is_at_or_below(const char *name, const char *path)
{
    size_t length = strlen(name);
    return strncmp(path, name, length) == 0 && (path[length] == '\0' || path[length] == '.');
}

const solder_plugin_attribute *sld_graph_plugin_attribute(const solder_plugin *plugin,
                                                          const char *name)
{
    for (uint32_t i = 0; i < plugin->attribute_count; i++) {
        const solder_plugin_attribute *a = &plugin->attributes[i];
        if (a->kind == SOLDER_ATTRIBUTE_IGNORED
                ? is_at_or_below(a->name, name)
                : strcmp(a->name, name) == 0 || (a->alias != NULL && strcmp(a->alias, name) == 0)) {
            return a;
        }
    }
    return NULL;
}

static void list_attributes(const solder_plugin *plugin, char *text, size_t size)
{
    size_t used = 0;
    (void)snprintf(text, size, "none");
    for (uint32_t i = 0; i < plugin->attribute_count && used < size; i++) {
        int n = snprintf(text + used, size - used, "%s%s", i == 0 ? "" : ", ",
                         plugin->attributes[i].name);
        used += n > 0 ? (size_t)n : 0;
    }
}

static solder_status set_attribute(sld_graph *graph, const char *node, sld_plugin_params *p,
                                   const solder_attribute *value)
{
    char name[SLD_PLUGIN_MAX_TEXT];
    const char *path = value->name != NULL ? value->name : "";
    const char *dot = strchr(path, '.');
    const solder_plugin_attribute *a = sld_graph_plugin_attribute(p->plugin, path);
    if (a == NULL && dot != NULL) {
        a = sld_graph_plugin_attribute(p->plugin, dot + 1);
    }
    sld_plugin_print(p->plugin, false, name);
    if (a == NULL) {
        char known[1024];
        list_attributes(p->plugin, known, sizeof known);
        return sld_fail(graph->diag, SOLDER_ERROR_DATA,
                        "node '%s': plugin '%s' has no attribute '%s'; it has %s", node, name, path,
                        known);
    }
    if (a->kind == SOLDER_ATTRIBUTE_IGNORED) {
        return SOLDER_OK;
    }
    const char *wrong = sld_attr_assign(sld_attrs_find(p->attrs, p->attr_count, a->name),
                                        (void *)(uintptr_t)p->attributes, value);
    return wrong == NULL
               ? SOLDER_OK
               : sld_fail(graph->diag, SOLDER_ERROR_DATA,
                          "node '%s': plugin '%s': attribute '%s' %s", node, name, path, wrong);
}

/* ---- inputs ---- */

/* Every value of one type is a value of the other. */
static bool widens(solder_dtype from, solder_dtype to)
{
    static const struct {
        solder_dtype from, to[8];
    } rows[] = {
        {SOLDER_F16, {SOLDER_F32, SOLDER_F64}},
        {SOLDER_BF16, {SOLDER_F32, SOLDER_F64}},
        {SOLDER_F32, {SOLDER_F64}},
        {SOLDER_BOOL,
         {SOLDER_I32, SOLDER_I64, SOLDER_F32, SOLDER_U8, SOLDER_I8, SOLDER_F64, SOLDER_I16}},
        {SOLDER_I8, {SOLDER_I32, SOLDER_I64, SOLDER_F32, SOLDER_I16, SOLDER_F16, SOLDER_F64}},
        {SOLDER_U8, {SOLDER_I32, SOLDER_I64, SOLDER_F32, SOLDER_I16, SOLDER_F16, SOLDER_F64}},
        {SOLDER_I16, {SOLDER_I32, SOLDER_I64, SOLDER_F32, SOLDER_F64}},
        {SOLDER_U16, {SOLDER_I32, SOLDER_I64, SOLDER_F32, SOLDER_F64}},
        {SOLDER_I32, {SOLDER_I64, SOLDER_F64}},
        {SOLDER_U32, {SOLDER_I64, SOLDER_F64}},
    };
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(rows); i++) {
        for (size_t j = 0; rows[i].from == from && j < SLD_ARRAY_LENGTH(rows[i].to); j++) {
            if (rows[i].to[j] == to) {
                return true;
            }
        }
    }
    return false;
}

static solder_dtype wider_type(const solder_plugin_operand *operand, solder_dtype from)
{
    static const solder_dtype order[] = {SOLDER_F32, SOLDER_I32, SOLDER_I64, SOLDER_F16,
                                         SOLDER_F64, SOLDER_I16, SOLDER_U8,  SOLDER_I8};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(order); i++) {
        if (sld_plugin_takes(operand, order[i]) && widens(from, order[i])) {
            return order[i];
        }
    }
    return SOLDER_NONE;
}

/* What it does not take and cannot be cast is left for inference to name. */
static solder_status cast_input(sld_graph *graph, sld_node *before,
                                const solder_plugin_operand *operand, sld_value **value)
{
    if (*value == NULL || operand == NULL || sld_plugin_takes(operand, (*value)->dtype)) {
        return SOLDER_OK;
    }
    sld_cast_params params = {.to = (int32_t)wider_type(operand, (*value)->dtype), .saturate = 1};
    return params.to == SOLDER_NONE ? SOLDER_OK
                                    : sld_graph_add(graph, before, SLD_OP_CAST, (*value)->name,
                                                    &params, value, 1, value);
}

/* ---- the node ---- */

static solder_status make_params(sld_graph *graph, const solder_plugin *plugin, const char *name,
                                 const solder_attribute *attributes, size_t attribute_count,
                                 sld_plugin_params **params)
{
    *params = sld_graph_plugin_params(graph, plugin);
    if (*params == NULL) {
        return sld_fail_memory(graph->diag, plugin->attributes_size);
    }
    for (size_t i = 0; i < attribute_count; i++) {
        SLD_TRY(set_attribute(graph, name != NULL ? name : "", *params, &attributes[i]));
    }
    return SOLDER_OK;
}

solder_status sld_graph_add_plugin(sld_graph *graph, sld_node *before, const solder_plugin *plugin,
                                   const char *name, sld_value *const *in, uint32_t in_count,
                                   const solder_attribute *attributes, size_t attribute_count,
                                   uint32_t out_count, sld_node **node)
{
    sld_value *cast[SLD_MAX_INPUTS];
    if (in_count > SLD_MAX_INPUTS) {
        return sld_fail(graph->diag, SOLDER_ERROR_DATA, "node '%s': %u inputs, at most %d",
                        name != NULL ? name : "", (unsigned)in_count, SLD_MAX_INPUTS);
    }
    sld_plugin_params *params = NULL;
    SLD_TRY(make_params(graph, plugin, name, attributes, attribute_count, &params));
    for (uint32_t i = 0; i < in_count; i++) {
        cast[i] = in[i];
        SLD_TRY(cast_input(graph, before, sld_plugin_input(plugin, i), &cast[i]));
    }
    return sld_graph_add_node(graph, before, SLD_OP_PLUGIN, name, params, cast, in_count,
                              out_count > 0 ? out_count : sld_plugin_min_outputs(plugin), node);
}

solder_status sld_graph_plugin_weight(sld_graph *graph, const solder_plugin *plugin,
                                      const char *name, sld_value *const *in, uint32_t in_count,
                                      const solder_attribute *attributes, size_t attribute_count,
                                      uint32_t input, solder_dims *dims)
{
    sld_fact facts[SLD_MAX_INPUTS];
    sld_plugin_params *params = NULL;
    SLD_TRY(make_params(graph, plugin, name, attributes, attribute_count, &params));
    for (uint32_t i = 0; i < in_count; i++) {
        facts[i] = (sld_fact){.dtype = in[i]->dtype, .shape = in[i]->shape};
    }
    sld_infer infer = {.exprs = &graph->exprs,
                       .arena = &graph->arena,
                       .diag = graph->diag,
                       .name = name,
                       .op_name = plugin->name,
                       .params = params,
                       .in = facts,
                       .in_count = in_count};
    solder_status status = sld_plugin_weight_dims(&infer, input, dims);
    return graph->exprs.failed || graph->arena.failed
               ? sld_fail_memory(graph->diag, plugin->attributes_size)
               : status;
}
