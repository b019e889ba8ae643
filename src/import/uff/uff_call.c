/* SPDX-License-Identifier: Apache-2.0 */
/* A UFF node that is converted as the TensorFlow node it came from. */
#include "import/uff/uff.h"

static sld_tf_attr *next_attr(sld_uff_call *call, const char *name, sld_tf_attr_kind kind)
{
    sld_tf_attr *attr = &call->attrs[call->count++];
    *attr = (sld_tf_attr){.name = name, .kind = kind};
    return attr;
}

void sld_uff_set_text(sld_uff_call *call, const char *name, const char *text)
{
    next_attr(call, name, SLD_TF_STRING)->bytes =
        (sld_tf_bytes){(const uint8_t *)text, strlen(text)};
}

void sld_uff_set_int(sld_uff_call *call, const char *name, int64_t value)
{
    next_attr(call, name, SLD_TF_INT)->i = value;
}

void sld_uff_set_bool(sld_uff_call *call, const char *name, bool value)
{
    next_attr(call, name, SLD_TF_BOOL)->i = value;
}

void sld_uff_set_float(sld_uff_call *call, const char *name, float value)
{
    next_attr(call, name, SLD_TF_FLOAT)->f = value;
}

void sld_uff_set_type(sld_uff_call *call, const char *name, int tf_type)
{
    next_attr(call, name, SLD_TF_TYPE)->i = tf_type;
}

/* As a ListValue: its field 3, unpacked. */
void sld_uff_set_ints(sld_uff_call *call, const char *name, const int64_t *values, size_t count)
{
    sld_tf_node *node = call->node;
    uint8_t *data = sld_arena_array(&node->tf->arena, count, 11);
    size_t size = 0;
    if (data == NULL) {
        node->status = sld_tf_ok(node) ? sld_fail_memory(node->tf->diag, count) : node->status;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t value = (uint64_t)values[i];
        data[size++] = 3 << 3;
        for (; value >= 0x80; value >>= 7) {
            data[size++] = (uint8_t)(value | 0x80);
        }
        data[size++] = (uint8_t)value;
    }
    next_attr(call, name, SLD_TF_LIST)->bytes = (sld_tf_bytes){data, size};
}

void sld_uff_call_run(sld_uff_call *call, void (*convert)(sld_tf_node *, int), int told)
{
    sld_tf_node *node = call->node;
    if (sld_tf_ok(node)) {
        sld_tf_check_attributes(node);
    }
    if (!sld_tf_ok(node)) {
        return;
    }
    sld_tf_attr *fields = node->attrs;
    uint32_t field_count = node->attr_count;
    node->attrs = call->attrs;
    node->attr_count = call->count;
    convert(node, told);
    node->attrs = fields;
    node->attr_count = field_count;
}

bool sld_uff_expect_inputs(sld_tf_node *node, uint32_t count)
{
    if (sld_tf_ok(node) && node->in_count != count) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "it has %u inputs, not %u", (unsigned)node->in_count,
                    (unsigned)count);
    }
    return sld_tf_ok(node);
}

void sld_uff_put_input(sld_tf_node *node, uint32_t index, sld_value *plain)
{
    if (!sld_tf_ok(node)) {
        return;
    }
    uint32_t count = index < node->in_count ? node->in_count : index + 1;
    sld_tf_tensor **in = sld_arena_array(&node->tf->arena, count, sizeof(sld_tf_tensor *));
    sld_tf_tensor *t = sld_arena_alloc(&node->tf->arena, sizeof *t);
    if (in == NULL || t == NULL) {
        node->status = sld_fail_memory(node->tf->diag, sizeof *t);
        return;
    }
    for (uint32_t i = 0; i < node->in_count; i++) {
        in[i] = node->in[i];
    }
    t->plain = plain;
    in[index] = t;
    node->in = in;
    node->in_count = count;
}

void sld_uff_put_ints(sld_tf_node *node, uint32_t index, const int64_t *values, size_t count)
{
    sld_uff_put_input(node, index, sld_tf_vector(node, values, count));
}

int64_t sld_uff_need_int(sld_tf_node *node, const char *name)
{
    const sld_tf_attr *attr = sld_tf_attribute(node, name, SLD_TF_INT);
    if (attr == NULL) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "field '%s' is missing", name);
    }
    return attr != NULL ? attr->i : 0;
}
