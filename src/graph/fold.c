/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small results that are known already become constants at once: exporters compute axes, shapes
 * and scales with chains of operators, and conversions want to read them.
 */
#include "graph/fold.h"

#include "base/dtype.h"

#define FOLD_MAX 1024 /* elements of one input or output */

static bool is_small(const sld_graph *graph, const sld_value *value, int64_t *dims, size_t *count)
{
    return sld_value_static_dims(graph, value, dims) &&
           sld_dims_count(dims, value->shape.rank, count) && *count <= FOLD_MAX;
}

/* The elements as inference knows them. */
static bool from_content(const sld_graph *graph, const sld_value *value, uint8_t *bytes)
{
    int64_t dims[SOLDER_MAX_RANK], element;
    size_t count;
    if (value->content == NULL || !is_small(graph, value, dims, &count)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (value->content[i] == SLD_DIM_NONE ||
            !sld_expr_is_const(&graph->exprs, value->content[i], &element)) {
            return false;
        }
        sld_store_i64(value->dtype, bytes + i * solder_dtype_size(value->dtype), element);
    }
    return true;
}

static bool inputs_known(const sld_graph *graph, const sld_node *made)
{
    for (uint32_t i = 0; i < made->in_count; i++) {
        const sld_value *value = made->in[i].value;
        int64_t dims[SOLDER_MAX_RANK];
        size_t count;
        if (value != NULL &&
            (!sld_value_is_constant(value) || !is_small(graph, value, dims, &count))) {
            return false;
        }
    }
    return true;
}

static solder_status replace(sld_graph *graph, const char *name, sld_node *made,
                             const void *const *data, sld_value **out)
{
    for (uint32_t i = 0; i < made->out_count; i++) {
        int64_t dims[SOLDER_MAX_RANK];
        const sld_value *value = made->out[i];
        (void)sld_value_static_dims(graph, value, dims);
        SLD_TRY(sld_graph_add_constant(graph, name, value->dtype, value->shape.rank, dims, data[i],
                                       true, &out[i]));
    }
    sld_graph_remove_node(graph, made);
    return SOLDER_OK;
}

solder_status sld_graph_fold(sld_graph *graph, sld_arena *arena, const char *name, sld_node *made,
                             sld_value **out)
{
    uint8_t bytes[SLD_CONTENT_MAX * 8];
    const void *data[SLD_MAX_OUTPUTS];
    sld_tensor results[SLD_MAX_OUTPUTS];
    if (made->out_count == 1 && from_content(graph, made->out[0], bytes)) {
        data[0] = bytes;
        return replace(graph, name, made, data, out);
    }
    for (uint32_t i = 0; i < made->out_count; i++) {
        int64_t dims[SOLDER_MAX_RANK];
        size_t count;
        if (!is_small(graph, made->out[i], dims, &count)) {
            return SOLDER_OK;
        }
    }
    if (!inputs_known(graph, made)) {
        return SOLDER_OK;
    }
    SLD_TRY(sld_node_evaluate(graph, made, arena, results));
    for (uint32_t i = 0; i < made->out_count; i++) {
        data[i] = results[i].data;
    }
    return replace(graph, name, made, data, out);
}
