/* SPDX-License-Identifier: Apache-2.0 */
/* A node that is no operator of ours: the plugin of its domain and type gets all its attributes. */
#include "import/onnx/onnx_scope.h"

enum { MAX_ELEMENTS = 1 << 20 };

static void take_strings(sld_onnx_node *node, sld_onnx_attr *attr, solder_attribute *out)
{
    sld_onnx_bytes text = attr->bytes;
    if (attr->type == SLD_ONNX_STRINGS && sld_onnx_read_strings(attr, &text, 1) != 1) {
        sld_onnx_unsupported(node, "attribute '%s': a plugin takes one text", attr->name);
        return;
    }
    out->count = 1;
    out->text = sld_arena_strndup(&node->onnx->arena, (const char *)text.data, text.size);
    if (out->text == NULL) {
        node->status = sld_fail_memory(node->onnx->diag, text.size);
    } else if (strlen(out->text) != text.size) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "attribute '%s' contains a zero byte", attr->name);
    }
}

/* The elements of a small tensor, as a list. */
static void take_tensor(sld_onnx_node *node, sld_onnx_attr *attr, solder_attribute *out)
{
    sld_onnx *onnx = node->onnx;
    sld_onnx_tensor t;
    size_t count = 0;
    solder_status status = sld_onnx_read_tensor(onnx->diag, &onnx->arena, attr->bytes, &t);
    solder_dtype dtype = status == SOLDER_OK ? sld_onnx_dtype(t.elem) : SOLDER_NONE;
    if (status == SOLDER_OK && (dtype == SOLDER_NONE || t.external ||
                                !sld_dims_count(t.dims, t.rank, &count) || count > MAX_ELEMENTS)) {
        sld_onnx_unsupported(node, "attribute '%s': a tensor of that type or size", attr->name);
        return;
    }
    size_t size = solder_dtype_size(dtype);
    char *data = sld_arena_array(&onnx->arena, count, size + 8);
    if (status == SOLDER_OK) {
        status = data != NULL ? sld_onnx_tensor_data(onnx->diag, &t, data, count * size)
                              : sld_fail_memory(onnx->diag, count * size);
    }
    int64_t *ints = sld_arena_array(&onnx->arena, count, sizeof *ints);
    double *reals = sld_arena_array(&onnx->arena, count, sizeof *reals);
    if (status == SOLDER_OK && (ints == NULL || reals == NULL)) {
        status = sld_fail_memory(onnx->diag, count * sizeof *reals);
    }
    if (status != SOLDER_OK) {
        node->status = status;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        ints[i] = sld_load_i64(dtype, data + i * size);
        reals[i] = sld_load_f64(dtype, data + i * size);
    }
    out->count = count;
    *(sld_dtype_is_float(dtype) ? (const void **)&out->reals : (const void **)&out->ints) =
        sld_dtype_is_float(dtype) ? (const void *)reals : (const void *)ints;
}

static void take_reals(sld_onnx_node *node, const float *from, size_t count, solder_attribute *out)
{
    double *reals = sld_arena_array(&node->onnx->arena, count, sizeof *reals);
    if (reals == NULL) {
        node->status = sld_fail_memory(node->onnx->diag, count * sizeof *reals);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        reals[i] = from[i];
    }
    out->count = count;
    out->reals = reals;
}

static void take_attribute(sld_onnx_node *node, sld_onnx_attr *attr, solder_attribute *out)
{
    static const int64_t none;
    const float *reals = NULL;
    *out = (solder_attribute){.name = attr->name};
    switch (attr->type) {
    case SLD_ONNX_INT:
        out->count = 1;
        out->ints = &attr->i;
        return;
    case SLD_ONNX_INTS:
        out->ints = sld_onnx_ints(node, attr->name, &out->count);
        out->ints = out->count > 0 ? out->ints : &none;
        return;
    case SLD_ONNX_FLOAT:
        take_reals(node, &attr->f, 1, out);
        return;
    case SLD_ONNX_FLOATS:
        reals = sld_onnx_floats(node, attr->name, &out->count);
        take_reals(node, reals, out->count, out);
        return;
    case SLD_ONNX_STRING:
    case SLD_ONNX_STRINGS:
        take_strings(node, attr, out);
        return;
    case SLD_ONNX_TENSOR:
        take_tensor(node, attr, out);
        return;
    default:
        sld_onnx_unsupported(node, "attribute '%s' of type %d for a plugin", attr->name,
                             attr->type);
    }
}

void sld_onnx_plugin(sld_onnx_node *node, const solder_plugin *plugin)
{
    sld_onnx *onnx = node->onnx;
    solder_attribute *attributes =
        sld_arena_array(&onnx->arena, node->attr_count, sizeof *attributes);
    const char *source = sld_arena_printf(&onnx->graph->arena, "%s '%s'", node->op, node->name);
    if (attributes == NULL || source == NULL) {
        node->status = sld_fail_memory(onnx->diag, node->attr_count * sizeof *attributes);
        return;
    }
    for (uint32_t i = 0; i < node->attr_count && sld_onnx_ok(node); i++) {
        take_attribute(node, &node->attrs[i], &attributes[i]);
        node->attrs[i].used = true;
    }
    if (!sld_onnx_ok(node)) {
        return;
    }
    const sld_import_node n = {.graph = onnx->graph,
                               .plugin = plugin,
                               .name = node->name,
                               .source = source,
                               .in = node->in,
                               .in_count = node->in_count,
                               .attributes = attributes,
                               .attribute_count = node->attr_count,
                               .out = node->out,
                               .out_count = node->out_count};
    node->in_read = UINT64_MAX;
    solder_status status = sld_import_plugin(&n);
    if (status != SOLDER_OK) {
        node->status =
            status == SOLDER_ERROR_MEMORY ? status : sld_fail_within(onnx->diag, status, "onnx");
    }
}
