/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes and inputs of the node being converted. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "import/onnx/onnx.h"

void sld_onnx_fail(sld_onnx_node *node, solder_status code, const char *format, ...)
{
    if (node->status != SOLDER_OK) {
        return;
    }
    char text[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    node->status =
        sld_fail(node->onnx->diag, code, "onnx: node '%s' (%s): %s", node->name, node->op, text);
}

void sld_onnx_unsupported(sld_onnx_node *node, const char *format, ...)
{
    if (node->status != SOLDER_OK) {
        return;
    }
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sld_unsupported_add(&node->onnx->unsupported, node->name, "%s: %s", node->op, text);
    node->status = SOLDER_ERROR_UNSUPPORTED;
}

/* ---- attributes ---- */

const sld_onnx_attr *sld_onnx_attribute(sld_onnx_node *node, const char *name)
{
    for (uint32_t i = 0; i < node->attr_count; i++) {
        if (strcmp(node->attrs[i].name, name) == 0) {
            node->attrs[i].used = true;
            return &node->attrs[i];
        }
    }
    return NULL;
}

static const sld_onnx_attr *typed(sld_onnx_node *node, const char *name, sld_onnx_attr_type type)
{
    const sld_onnx_attr *attr = sld_onnx_attribute(node, name);
    if (attr != NULL && attr->type != (int)type) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "attribute '%s' has type %d, expected %d", name,
                      attr->type, (int)type);
        return NULL;
    }
    return attr;
}

int64_t sld_onnx_int(sld_onnx_node *node, const char *name, int64_t absent)
{
    const sld_onnx_attr *attr = typed(node, name, SLD_ONNX_INT);
    return attr != NULL ? attr->i : absent;
}

int32_t sld_onnx_int_in(sld_onnx_node *node, const char *name, int64_t absent, int64_t low,
                        int64_t high)
{
    int64_t value = sld_onnx_int(node, name, absent);
    if (value < low || value > high) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "%s is %lld, must lie in [%lld, %lld]", name,
                      (long long)value, (long long)low, (long long)high);
        return (int32_t)low;
    }
    return (int32_t)value;
}

bool sld_onnx_bool(sld_onnx_node *node, const char *name, bool absent)
{
    return sld_onnx_int_in(node, name, absent, 0, 1) != 0;
}

float sld_onnx_float(sld_onnx_node *node, const char *name, float absent)
{
    const sld_onnx_attr *attr = typed(node, name, SLD_ONNX_FLOAT);
    return attr != NULL ? attr->f : absent;
}

int sld_onnx_choice(sld_onnx_node *node, const char *name, const char *const *names, int count,
                    int absent)
{
    const sld_onnx_attr *attr = typed(node, name, SLD_ONNX_STRING);
    if (attr == NULL) {
        return absent;
    }
    for (int i = 0; i < count; i++) {
        if (attr->bytes.size == strlen(names[i]) &&
            memcmp(attr->bytes.data, names[i], attr->bytes.size) == 0) {
            return i;
        }
    }
    sld_onnx_fail(node, SOLDER_ERROR_DATA, "%s is '%.*s'", name,
                  (int)(attr->bytes.size < 64 ? attr->bytes.size : 64),
                  attr->bytes.size != 0 ? (const char *)attr->bytes.data : "");
    return absent;
}

const int64_t *sld_onnx_ints(sld_onnx_node *node, const char *name, size_t *count)
{
    const int64_t *values = NULL;
    const sld_onnx_attr *attr = typed(node, name, SLD_ONNX_INTS);
    *count = 0;
    if (attr == NULL || node->status != SOLDER_OK) {
        return NULL;
    }
    solder_status status =
        sld_onnx_read_ints(node->onnx->diag, &node->onnx->arena, attr, &values, count);
    if (status != SOLDER_OK) {
        node->status = status;
        return NULL;
    }
    return values;
}

const float *sld_onnx_floats(sld_onnx_node *node, const char *name, size_t *count)
{
    const float *values = NULL;
    const sld_onnx_attr *attr = typed(node, name, SLD_ONNX_FLOATS);
    *count = 0;
    if (attr == NULL || node->status != SOLDER_OK) {
        return NULL;
    }
    solder_status status =
        sld_onnx_read_floats(node->onnx->diag, &node->onnx->arena, attr, &values, count);
    if (status != SOLDER_OK) {
        node->status = status;
        return NULL;
    }
    return values;
}

size_t sld_onnx_strings(sld_onnx_node *node, const char *name, sld_onnx_bytes *values, size_t room)
{
    const sld_onnx_attr *attr = typed(node, name, SLD_ONNX_STRINGS);
    return attr == NULL || !sld_onnx_ok(node) ? 0 : sld_onnx_read_strings(attr, values, room);
}

void sld_onnx_i32s(sld_onnx_node *node, const char *name, int count, int32_t absent,
                   int32_t *values)
{
    size_t given;
    const int64_t *ints = sld_onnx_ints(node, name, &given);
    for (int i = 0; i < count; i++) {
        values[i] = absent;
    }
    if (ints == NULL || (given == 0 && count != 0)) {
        return;
    }
    if (given != (size_t)count) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "%s has %zu values, expected %d", name, given,
                      count);
        return;
    }
    for (int i = 0; i < count; i++) {
        if (ints[i] < INT32_MIN || ints[i] > INT32_MAX) {
            sld_onnx_fail(node, SOLDER_ERROR_DATA, "%s[%d] is %lld", name, i, (long long)ints[i]);
            return;
        }
        values[i] = (int32_t)ints[i];
    }
}

/* ---- inputs ---- */

sld_value *sld_onnx_input(sld_onnx_node *node, uint32_t index)
{
    if (index < 64) {
        node->in_read |= (uint64_t)1 << index;
    }
    return index < node->in_count ? node->in[index] : NULL;
}

sld_value *sld_onnx_required(sld_onnx_node *node, uint32_t index)
{
    sld_value *value = sld_onnx_input(node, index);
    if (value == NULL) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "input %u is missing", (unsigned)index);
    }
    return value;
}

int sld_onnx_rank(const sld_value *value)
{
    return value != NULL && value->shape.rank > 0 ? value->shape.rank : 0;
}

int sld_onnx_axis(sld_onnx_node *node, int64_t axis, int rank)
{
    if (axis < -rank || axis >= rank) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "axis %lld does not exist, the rank is %d",
                      (long long)axis, rank);
        return 0;
    }
    return (int)(axis < 0 ? axis + rank : axis);
}

bool sld_onnx_dim(const sld_onnx_node *node, const sld_value *value, int axis, int64_t *dim)
{
    return sld_expr_is_const(&node->onnx->graph->exprs, value->shape.d[axis], dim);
}

/* Number of elements, if known and at most limit. */
static bool small_count(const sld_onnx_node *node, const sld_value *value, int64_t limit,
                        size_t *count)
{
    int64_t product = 1;
    for (int i = 0; i < value->shape.rank; i++) {
        int64_t dim;
        if (!sld_onnx_dim(node, value, i, &dim) || !sld_i64_mul(product, dim, &product)) {
            return false;
        }
    }
    *count = (size_t)product;
    return product <= limit;
}

bool sld_onnx_known_ints(sld_onnx_node *node, const sld_value *value, const int64_t **ints,
                         size_t *count)
{
    if (value == NULL || !sld_onnx_ok(node) || !small_count(node, value, 1024, count) ||
        (sld_dtype_is_float(value->dtype))) {
        return false;
    }
    bool constant = sld_value_is_constant(value);
    if (!constant && value->content == NULL) {
        return false;
    }
    int64_t *result = sld_arena_array(&node->onnx->arena, *count + 1, sizeof *result);
    if (result == NULL) {
        node->status = sld_fail_memory(node->onnx->diag, *count * sizeof *result);
        return false;
    }
    size_t size = solder_dtype_size(value->dtype);
    for (size_t i = 0; i < *count; i++) {
        if (constant) {
            result[i] = sld_load_i64(value->dtype, (const char *)value->data + i * size);
        } else if (value->content[i] == SLD_DIM_NONE ||
                   !sld_expr_is_const(&node->onnx->graph->exprs, value->content[i], &result[i])) {
            return false;
        }
    }
    *ints = result;
    return true;
}

bool sld_onnx_known_real(const sld_value *value, double *real)
{
    if (!sld_value_is_constant(value) || value->data_size != solder_dtype_size(value->dtype)) {
        return false;
    }
    *real = sld_load_f64(value->dtype, value->data);
    return true;
}

bool sld_onnx_axes(sld_onnx_node *node, bool as_input, uint32_t index, const int64_t **axes,
                   size_t *count)
{
    *count = 0;
    if (!as_input) {
        *axes = sld_onnx_ints(node, "axes", count);
        return *axes != NULL;
    }
    sld_value *value = sld_onnx_input(node, index);
    if (value == NULL) {
        return false;
    }
    if (!sld_onnx_known_ints(node, value, axes, count)) {
        sld_onnx_unsupported(node, "axes that are not constant");
        return false;
    }
    return true;
}
