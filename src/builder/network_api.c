/* SPDX-License-Identifier: Apache-2.0 */
/* network.h: building by hand and looking at a network. */
#include "builder/builder.h"

/* Public handles of values are the graph's values. */
static sld_value *inner(const solder_value *value)
{
    return (sld_value *)(uintptr_t)value;
}

static solder_value *outer(sld_value *value)
{
    return (solder_value *)value;
}

static const char *or_empty(const char *name)
{
    return name != NULL ? name : "";
}

solder_status solder_network_create(solder_builder *builder, const char *name, solder_network **out)
{
    if (builder == NULL || out == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    solder_network *network;
    SLD_TRY(sld_network_wrap(builder, NULL, &network));
    network->graph->name = sld_arena_strdup(&network->graph->arena, or_empty(name));
    if (network->graph->name == NULL) {
        solder_network_destroy(network);
        return sld_fail_memory(&builder->diag, strlen(or_empty(name)));
    }
    *out = network;
    return SOLDER_OK;
}

static solder_status check_dims(const solder_network *network, const char *name,
                                const solder_dims *dims, int64_t lowest)
{
    sld_diag *diag = &network->builder->diag;
    if (dims == NULL || dims->rank < 0 || dims->rank > SOLDER_MAX_RANK) {
        return sld_fail(diag, SOLDER_ERROR_ARGUMENT, "'%s': rank must be 0 to %d", or_empty(name),
                        SOLDER_MAX_RANK);
    }
    for (int i = 0; i < dims->rank; i++) {
        if (dims->d[i] < lowest) {
            return sld_fail(diag, SOLDER_ERROR_ARGUMENT, "'%s': dimension %d is %lld",
                            or_empty(name), i, (long long)dims->d[i]);
        }
    }
    return SOLDER_OK;
}

solder_status solder_network_add_input(solder_network *network, const char *name,
                                       solder_dtype dtype, const solder_dims *dims,
                                       solder_value **out)
{
    if (network == NULL || name == NULL || out == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    SLD_TRY(check_dims(network, name, dims, -1));
    sld_graph *graph = network->graph;
    if (!sld_dtype_valid(dtype)) {
        return sld_fail(graph->diag, SOLDER_ERROR_ARGUMENT, "'%s': unknown element type %d", name,
                        (int)dtype);
    }
    sld_shape shape = {.rank = dims->rank};
    for (int i = 0; i < dims->rank; i++) {
        if (dims->d[i] >= 0) {
            shape.d[i] = sld_expr_const(&graph->exprs, dims->d[i]);
            continue;
        }
        const char *symbol = sld_arena_printf(&graph->arena, "%s.%d", name, i);
        if (symbol == NULL) {
            return sld_fail_memory(graph->diag, strlen(name));
        }
        shape.d[i] = sld_expr_symbol(&graph->exprs, symbol);
    }
    sld_value *value;
    SLD_TRY(sld_graph_add_input(graph, name, dtype, &shape, &value));
    *out = outer(value);
    return SOLDER_OK;
}

solder_status solder_network_add_constant(solder_network *network, const char *name,
                                          solder_dtype dtype, const solder_dims *dims,
                                          const void *data, solder_value **out)
{
    if (network == NULL || data == NULL || out == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    SLD_TRY(check_dims(network, name, dims, 0));
    sld_value *value;
    SLD_TRY(sld_graph_add_constant(network->graph, name, dtype, dims->rank, dims->d, data, false,
                                   &value));
    *out = outer(value);
    return SOLDER_OK;
}

static solder_status set_attribute(const solder_network *network, sld_op op, const char *node,
                                   void *params, const solder_attribute *a)
{
    const sld_attr *attr = a->name != NULL ? sld_op_attr(op, a->name) : NULL;
    const char *wrong = sld_attr_assign(attr, params, a);
    return wrong == NULL ? SOLDER_OK
                         : sld_fail(&network->builder->diag, SOLDER_ERROR_ARGUMENT,
                                    "node '%s' (%s): attribute '%s' %s", node, sld_op_name(op),
                                    or_empty(a->name), wrong);
}

static solder_status take_inputs(const solder_network *network, const char *name,
                                 solder_value *const *inputs, size_t input_count,
                                 size_t output_count, sld_value **in)
{
    const sld_graph *graph = network->graph;
    if (input_count > SLD_MAX_INPUTS || output_count > SLD_MAX_OUTPUTS) {
        return sld_fail(graph->diag, SOLDER_ERROR_ARGUMENT, "node '%s': too many inputs or outputs",
                        or_empty(name));
    }
    for (size_t i = 0; i < input_count; i++) {
        in[i] = inner(inputs[i]);
        if (in[i] != NULL && in[i]->graph != graph) {
            return sld_fail(graph->diag, SOLDER_ERROR_ARGUMENT,
                            "node '%s': input %zu belongs to another network", or_empty(name), i);
        }
    }
    return SOLDER_OK;
}

solder_status solder_network_add(solder_network *network, const char *op_name, const char *name,
                                 solder_value *const *inputs, size_t input_count,
                                 const solder_attribute *attributes, size_t attribute_count,
                                 size_t output_count, solder_value **outputs)
{
    if (network == NULL || op_name == NULL || outputs == NULL ||
        (inputs == NULL && input_count > 0) || (attributes == NULL && attribute_count > 0)) {
        return SOLDER_ERROR_ARGUMENT;
    }
    sld_graph *graph = network->graph;
    sld_op op = sld_op_find(op_name);
    if (op == SLD_OP_COUNT) {
        return sld_fail(graph->diag, SOLDER_ERROR_ARGUMENT, "there is no operator '%s'", op_name);
    }
    if (op == SLD_OP_PLUGIN) {
        return sld_fail(graph->diag, SOLDER_ERROR_ARGUMENT,
                        "node '%s': plugins are added with solder_network_add_plugin",
                        or_empty(name));
    }
    sld_value *in[SLD_MAX_INPUTS];
    SLD_TRY(take_inputs(network, name, inputs, input_count, output_count, in));
    void *params = sld_arena_alloc(&graph->arena, sld_op_get(op).params_size);
    if (params == NULL) {
        return sld_fail_memory(graph->diag, sld_op_get(op).params_size);
    }
    sld_op_defaults(op, params);
    for (size_t i = 0; i < attribute_count; i++) {
        SLD_TRY(set_attribute(network, op, or_empty(name), params, &attributes[i]));
    }
    sld_node *node;
    SLD_TRY(sld_graph_add_node(graph, NULL, op, name, params, in, (uint32_t)input_count,
                               (uint32_t)output_count, &node));
    for (size_t i = 0; i < output_count; i++) {
        outputs[i] = outer(node->out[i]);
    }
    return SOLDER_OK;
}

solder_status solder_network_add_plugin(solder_network *network, const char *plugin_name,
                                        const char *name, solder_value *const *inputs,
                                        size_t input_count, const solder_attribute *attributes,
                                        size_t attribute_count, size_t output_count,
                                        solder_value **outputs)
{
    if (network == NULL || plugin_name == NULL || outputs == NULL ||
        (inputs == NULL && input_count > 0) || (attributes == NULL && attribute_count > 0)) {
        return SOLDER_ERROR_ARGUMENT;
    }
    sld_graph *graph = network->graph;
    const sld_plugins *plugins = &network->builder->plugins;
    const solder_plugin *plugin = sld_plugins_find_text(plugins, plugin_name);
    if (plugin == NULL) {
        solder_status status = sld_plugin_fail_missing(plugins, graph->diag, plugin_name);
        return sld_fail_within(graph->diag, status, "node '%s'", or_empty(name));
    }
    sld_value *in[SLD_MAX_INPUTS];
    SLD_TRY(take_inputs(network, name, inputs, input_count, output_count, in));
    sld_node *node;
    SLD_TRY(sld_graph_add_plugin(graph, NULL, plugin, name, in, (uint32_t)input_count, attributes,
                                 attribute_count, (uint32_t)output_count, &node));
    for (size_t i = 0; i < output_count; i++) {
        outputs[i] = outer(node->out[i]);
    }
    return SOLDER_OK;
}

solder_status solder_network_mark_output(solder_network *network, solder_value *value,
                                         const char *name)
{
    if (network == NULL || value == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    if (inner(value)->graph != network->graph) {
        return sld_fail(network->graph->diag, SOLDER_ERROR_ARGUMENT,
                        "the value belongs to another network");
    }
    if (name != NULL) {
        SLD_TRY(sld_graph_rename(network->graph, inner(value), name));
    }
    return sld_graph_mark_output(network->graph, inner(value));
}

const char *solder_value_name(const solder_value *value)
{
    return value != NULL ? inner(value)->name : "";
}

solder_dtype solder_value_dtype(const solder_value *value)
{
    return value != NULL ? inner(value)->dtype : SOLDER_NONE;
}

void solder_value_dims(const solder_value *value, solder_dims *dims)
{
    *dims = (solder_dims){.rank = -1};
    if (value == NULL) {
        return;
    }
    const sld_value *v = inner(value);
    dims->rank = v->shape.rank;
    for (int i = 0; i < v->shape.rank; i++) {
        if (!sld_expr_is_const(&v->graph->exprs, v->shape.d[i], &dims->d[i])) {
            dims->d[i] = -1;
        }
    }
}

size_t solder_network_input_count(const solder_network *network)
{
    return network != NULL ? network->graph->input_count : 0;
}

size_t solder_network_output_count(const solder_network *network)
{
    return network != NULL ? network->graph->output_count : 0;
}

solder_value *solder_network_input(const solder_network *network, size_t index)
{
    return index < solder_network_input_count(network) ? outer(network->graph->inputs[index])
                                                       : NULL;
}

solder_value *solder_network_output(const solder_network *network, size_t index)
{
    return index < solder_network_output_count(network) ? outer(network->graph->outputs[index])
                                                        : NULL;
}
