/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors in both layouts, and what is known of their elements. */
#include <stdarg.h>
#include <stdio.h>

#include "import/tensorflow/tf.h"

/* They have no dims to look at: whatever is found wrong, this is what it is. */
static bool reads_complex(const sld_tf_node *node)
{
    for (uint32_t i = 0; i < node->in_count; i++) {
        if (node->in[i] != NULL && node->in[i]->real != NULL) {
            return true;
        }
    }
    return false;
}

void sld_tf_fail(sld_tf_node *node, solder_status code, const char *format, ...)
{
    char text[512];
    if (!sld_tf_ok(node)) {
        return;
    }
    if (reads_complex(node)) {
        sld_tf_unsupported(node, "complex numbers");
        return;
    }
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    node->status = sld_fail(node->tf->diag, code, "%s: node '%s' (%s): %s", node->tf->format->name,
                            node->name, node->op, text);
}

void sld_tf_unsupported(sld_tf_node *node, const char *format, ...)
{
    char text[512];
    if (!sld_tf_ok(node)) {
        return;
    }
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sld_unsupported_add(&node->tf->unsupported, node->name, "%s: %s", node->op, text);
    node->status = SOLDER_ERROR_UNSUPPORTED;
}

/* ---- inputs and outputs ---- */

sld_tf_tensor *sld_tf_in(sld_tf_node *node, uint32_t index)
{
    node->in_read |= index < 64 ? (uint64_t)1 << index : 0;
    if (index < node->in_count && node->in[index] != NULL) {
        return node->in[index];
    }
    sld_tf_fail(node, SOLDER_ERROR_DATA, "input %u is missing", (unsigned)index);
    return &node->tf->nothing;
}

static const sld_value *any_form(const sld_tf_tensor *t)
{
    return t->plain != NULL ? t->plain : t->first != NULL ? t->first : t->flat;
}

int sld_tf_rank(const sld_tf_tensor *t)
{
    const sld_value *value = any_form(t);
    return value != NULL ? value->shape.rank : 0;
}

solder_dtype sld_tf_tensor_dtype(const sld_tf_tensor *t)
{
    const sld_value *value = any_form(t);
    return value != NULL ? value->dtype : SOLDER_F32;
}

bool sld_tf_dim(const sld_tf_node *node, const sld_tf_tensor *t, int axis, int64_t *dim)
{
    const sld_value *value = any_form(t);
    if (value == NULL) {
        return false;
    }
    if (value == t->first) {
        axis = sld_tf_first_axis(axis, value->shape.rank);
    }
    return sld_expr_is_const(&node->tf->graph->exprs, value->shape.d[axis], dim);
}

static sld_value *swap_layout(sld_tf_node *node, sld_value *x, bool to_first)
{
    int rank = x->shape.rank;
    int32_t perm[SOLDER_MAX_RANK];
    for (int i = 0; i < rank; i++) {
        int first = sld_tf_first_axis(i, rank);
        if (to_first) {
            perm[first] = i;
        } else {
            perm[i] = first;
        }
    }
    return sld_tf_transpose(node, perm, x);
}

/* [N, CHW] to [N, HWC] */
static sld_value *from_flat(sld_tf_node *node, const sld_tf_tensor *t)
{
    const int64_t *d = t->flat_dims;
    sld_value *image = sld_tf_reshape(node, (int64_t[]){0, d[0], d[1], d[2]}, 4, t->flat);
    image = sld_tf_transpose(node, (int32_t[]){0, 2, 3, 1}, image);
    return sld_tf_reshape(node, (int64_t[]){0, d[0] * d[1] * d[2]}, 2, image);
}

sld_value *sld_tf_plain(sld_tf_node *node, sld_tf_tensor *t)
{
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    if (t->list != NULL) {
        sld_tf_unsupported(node, "it reads a list of tensors as a tensor");
        return NULL;
    }
    if (t->random != NULL) {
        sld_tf_unsupported(node, "random numbers");
        return NULL;
    }
    if (t->real != NULL) {
        sld_tf_unsupported(node, "complex numbers");
        return NULL;
    }
    if (t->plain == NULL && t->first != NULL) {
        t->plain = swap_layout(node, t->first, false);
    } else if (t->plain == NULL && t->flat != NULL) {
        t->plain = from_flat(node, t);
    }
    return t->plain;
}

sld_value *sld_tf_first(sld_tf_node *node, sld_tf_tensor *t)
{
    sld_value *plain = t->first == NULL ? sld_tf_plain(node, t) : NULL;
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    if (t->first == NULL) {
        if (plain->shape.rank < 3) {
            sld_tf_fail(node, SOLDER_ERROR_DATA, "the input has rank %d", plain->shape.rank);
            return NULL;
        }
        t->first = swap_layout(node, plain, true);
    }
    return t->first;
}

sld_value *sld_tf_input(sld_tf_node *node, uint32_t index)
{
    return sld_tf_plain(node, sld_tf_in(node, index));
}

#define MAX_OUTPUTS 4096

void sld_tf_outputs(sld_tf_node *node, int64_t count)
{
    if (!sld_tf_ok(node)) {
        return;
    }
    if (count < 0 || count > MAX_OUTPUTS) {
        sld_tf_unsupported(node, "%lld outputs", (long long)count);
        return;
    }
    node->out = sld_arena_array(&node->tf->arena, (size_t)count, sizeof(sld_tf_tensor *));
    node->out_count = node->out != NULL ? (uint32_t)count : 0;
    if (node->out == NULL) {
        node->status = sld_fail_memory(node->tf->diag, (size_t)count);
    }
}

void sld_tf_set_form(sld_tf_node *node, uint32_t index, sld_value *value, bool first)
{
    if (!sld_tf_ok(node) || value == NULL || index >= node->out_count) {
        return;
    }
    sld_tf_tensor *t = sld_arena_alloc(&node->tf->arena, sizeof *t);
    if (t == NULL) {
        node->status = sld_fail_memory(node->tf->diag, sizeof *t);
        return;
    }
    *(first ? &t->first : &t->plain) = value;
    node->out[index] = t;
}

void sld_tf_set(sld_tf_node *node, uint32_t index, sld_value *plain)
{
    sld_tf_set_form(node, index, plain, false);
}

void sld_tf_set_first(sld_tf_node *node, uint32_t index, sld_value *first)
{
    sld_tf_set_form(node, index, first, true);
}

/* ---- what is known ---- */

int sld_tf_axis(sld_tf_node *node, int64_t axis, int rank)
{
    if (axis < -rank || axis >= rank) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "axis %lld, the input has rank %d", (long long)axis,
                    rank);
        return 0;
    }
    return (int)(axis < 0 ? axis + rank : axis);
}

bool sld_tf_known_count(sld_tf_node *node, const sld_value *value, size_t *count)
{
    int64_t dim = 1;
    if (value == NULL || value->shape.rank < 0 || value->shape.rank > 1 ||
        (value->shape.rank == 1 &&
         !sld_expr_is_const(&node->tf->graph->exprs, value->shape.d[0], &dim))) {
        return false;
    }
    *count = (size_t)dim;
    return true;
}

bool sld_tf_known_at(sld_tf_node *node, const sld_value *value, size_t index, int64_t *element)
{
    size_t count;
    if (!sld_tf_known_count(node, value, &count) || index >= count) {
        return false;
    }
    if (sld_value_is_constant(value)) {
        *element = sld_load_i64(value->dtype, (const char *)value->data +
                                                  index * solder_dtype_size(value->dtype));
        return true;
    }
    return value->content != NULL && count <= SLD_CONTENT_MAX &&
           value->content[index] != SLD_DIM_NONE &&
           sld_expr_is_const(&node->tf->graph->exprs, value->content[index], element);
}

size_t sld_tf_constant_ints(sld_tf_node *node, uint32_t index, const char *what, int64_t *values,
                            size_t room)
{
    sld_value *value = sld_tf_input(node, index);
    size_t count;
    if (!sld_tf_ok(node)) {
        return 0;
    }
    if (!sld_tf_known_count(node, value, &count)) {
        sld_tf_unsupported(node, "%s that are not known", what);
        return 0;
    }
    if (count > room) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "%s has %zu values, at most %zu are possible", what,
                    count, room);
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (!sld_tf_known_at(node, value, i, &values[i])) {
            sld_tf_unsupported(node, "%s that are not constant", what);
            return 0;
        }
    }
    return count;
}

int64_t sld_tf_constant_int(sld_tf_node *node, uint32_t index, const char *what)
{
    int64_t value = 0;
    size_t count = sld_tf_constant_ints(node, index, what, &value, 1);
    if (count != 1) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "%s has no value", what);
    }
    return value;
}

double sld_tf_constant_real(sld_tf_node *node, uint32_t index, const char *what)
{
    const sld_value *value = sld_tf_input(node, index);
    if (!sld_tf_ok(node)) {
        return 0;
    }
    if (!sld_value_is_constant(value) || value->data_size < solder_dtype_size(value->dtype) ||
        value->data_size == 0) {
        sld_tf_unsupported(node, "%s that is not constant", what);
        return 0;
    }
    return sld_load_f64(value->dtype, value->data);
}
