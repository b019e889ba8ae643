/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node whose operator is none of ours: the plugin of that name gets its inputs with the dims the
 * model gives them, and its attributes. What every exporter adds (element types, names that begin
 * with '_') is left out unless the plugin has an attribute of that name.
 */
#include "import/tensorflow/tf_scope.h"
#include "import/wire/wire.h"
#include "plugin/plugin.h"

enum { MAX_LIST = 1 << 16 };

static void no_memory(sld_tf_node *node, size_t bytes)
{
    node->status = sld_fail_memory(node->tf->diag, bytes);
}

static void take_text(sld_tf_node *node, const uint8_t *data, size_t size, const char *name,
                      solder_attribute *out)
{
    char *text = sld_arena_strndup(&node->tf->arena, (const char *)data, size);
    if (text == NULL) {
        no_memory(node, size);
    } else if (strlen(text) != size) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "attribute '%s' contains a zero byte", name);
    }
    out->count = 1;
    out->text = text;
}

/* ---- lists ---- */

typedef struct list {
    int64_t *ints;
    double *reals;
    size_t ints_count, reals_count;
    bool full;
} list;

static void add_int(list *l, uint64_t value)
{
    l->full = l->full || l->ints_count == MAX_LIST;
    if (!l->full) {
        l->ints[l->ints_count++] = (int64_t)value;
    }
}

static void add_real(list *l, uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    l->full = l->full || l->reals_count == MAX_LIST;
    if (!l->full) {
        l->reals[l->reals_count++] = (double)value;
    }
}

static void add_packed(list *l, const sld_wire_field *field)
{
    if (field->number == 4) {
        for (size_t i = 0; i + 4 <= field->size; i += 4) {
            add_real(l, (uint32_t)field->data[i] | (uint32_t)field->data[i + 1] << 8 |
                            (uint32_t)field->data[i + 2] << 16 |
                            (uint32_t)field->data[i + 3] << 24);
        }
        return;
    }
    sld_wire wire = sld_wire_open(field->data, field->size);
    uint64_t value;
    while (sld_wire_varint(&wire, &value) == SLD_WIRE_FIELD) {
        add_int(l, value);
    }
}

/* AttrValue.ListValue: s 2, i 3, f 4, b 5. */
static void take_list(sld_tf_node *node, const sld_tf_attr *attr, solder_attribute *out)
{
    list l = {.ints = sld_arena_array(&node->tf->arena, attr->bytes.size + 1, sizeof *l.ints),
              .reals = sld_arena_array(&node->tf->arena, attr->bytes.size + 1, sizeof *l.reals)};
    if (l.ints == NULL || l.reals == NULL) {
        no_memory(node, attr->bytes.size * sizeof *l.ints);
        return;
    }
    sld_wire wire = sld_wire_open(attr->bytes.data, attr->bytes.size);
    sld_wire_field field;
    while (sld_wire_next(&wire, &field) == SLD_WIRE_FIELD) {
        if (field.number == 2 && field.type == SLD_WIRE_BYTES && out->text == NULL) {
            take_text(node, field.data, field.size, attr->name, out);
        } else if ((field.number == 3 || field.number == 5) && field.type == SLD_WIRE_VARINT) {
            add_int(&l, field.value);
        } else if (field.number == 4 && field.type == SLD_WIRE_FIXED32) {
            add_real(&l, (uint32_t)field.value);
        } else if (field.number >= 3 && field.number <= 5 && field.type == SLD_WIRE_BYTES) {
            add_packed(&l, &field);
        } else {
            l.full = true;
        }
    }
    bool several = (out->text != NULL) + (l.ints_count > 0) + (l.reals_count > 0) > 1;
    if (several || l.full) {
        sld_tf_unsupported(node, "attribute '%s': such a list for a plugin", attr->name);
    } else if (out->text == NULL) {
        out->count = l.ints_count + l.reals_count;
        out->ints = l.reals_count > 0 ? NULL : l.ints;
        out->reals = l.reals_count > 0 ? l.reals : NULL;
    }
}

/* ---- attributes ---- */

static void take_numbers(sld_tf_node *node, const int64_t *values, size_t count,
                         solder_attribute *out)
{
    int64_t *copy = sld_arena_array(&node->tf->arena, count, sizeof *copy);
    if (copy == NULL) {
        no_memory(node, count * sizeof *copy);
        return;
    }
    if (count > 0) {
        memcpy(copy, values, count * sizeof *copy);
    }
    out->count = count;
    out->ints = copy;
}

static void take_attribute(sld_tf_node *node, const sld_tf_attr *attr, solder_attribute *out)
{
    sld_tf_shape shape;
    double *real;
    int64_t type;
    *out = (solder_attribute){.name = attr->name};
    switch (attr->kind) {
    case SLD_TF_INT:
    case SLD_TF_BOOL:
        take_numbers(node, &attr->i, 1, out);
        return;
    case SLD_TF_TYPE:
        type = attr->i >= 0 && attr->i <= INT32_MAX ? sld_tf_dtype((int)attr->i) : SOLDER_NONE;
        take_numbers(node, &type, 1, out);
        return;
    case SLD_TF_FLOAT:
        real = sld_arena_alloc(&node->tf->arena, sizeof *real);
        if (real == NULL) {
            no_memory(node, sizeof *real);
            return;
        }
        *real = attr->f;
        out->count = 1;
        out->reals = real;
        return;
    case SLD_TF_STRING:
        take_text(node, attr->bytes.data, attr->bytes.size, attr->name, out);
        return;
    case SLD_TF_SHAPE:
        if (sld_tf_read_shape(attr->bytes, &shape) && shape.rank >= 0) {
            take_numbers(node, shape.dims, (size_t)shape.rank, out);
            return;
        }
        break;
    case SLD_TF_LIST:
        take_list(node, attr, out);
        return;
    default:
        break;
    }
    sld_tf_unsupported(node, "attribute '%s' is of a kind that plugins do not get", attr->name);
}

static bool is_of_interest(const sld_tf_attr *attr, const solder_plugin *plugin)
{
    return sld_graph_plugin_attribute(plugin, attr->name) != NULL || !sld_tf_says_nothing(attr);
}

/* ---- the node ---- */

/* The model does not say how many: all the plugin describes, and of repeated ones what is read. */
static uint32_t count_outputs(const sld_tf_node *node, const solder_plugin *plugin)
{
    uint32_t count = plugin->output_count > 1 ? plugin->output_count : 1;
    bool repeated = plugin->output_count > 0 &&
                    (plugin->outputs[count - 1].flags & SOLDER_OPERAND_REPEATED) != 0;
    uint32_t most = node->reads < SLD_MAX_OUTPUTS ? node->reads : SLD_MAX_OUTPUTS;
    return repeated && most > count ? most : count;
}

void sld_tf_plugin(sld_tf_node *node, const solder_plugin *plugin)
{
    sld_tf *tf = node->tf;
    sld_value *in[SLD_MAX_INPUTS];
    sld_value *out[SLD_MAX_OUTPUTS];
    solder_attribute *attributes =
        sld_arena_array(&tf->arena, node->attr_count, sizeof *attributes);
    const char *source = sld_arena_printf(&tf->graph->arena, "%s '%s'", node->op, node->name);
    size_t count = 0;
    if (attributes == NULL || source == NULL) {
        no_memory(node, node->attr_count * sizeof *attributes);
        return;
    }
    for (uint32_t i = 0; i < node->attr_count && sld_tf_ok(node); i++) {
        if (is_of_interest(&node->attrs[i], plugin)) {
            take_attribute(node, &node->attrs[i], &attributes[count++]);
        }
    }
    if (node->in_count > SLD_MAX_INPUTS) {
        sld_tf_unsupported(node, "%u inputs", (unsigned)node->in_count);
    }
    for (uint32_t i = 0; i < node->in_count && sld_tf_ok(node); i++) {
        in[i] = sld_tf_input(node, i);
    }
    uint32_t out_count = count_outputs(node, plugin);
    sld_tf_outputs(node, out_count);
    if (!sld_tf_ok(node)) {
        return;
    }
    const sld_import_node n = {.graph = tf->graph,
                               .plugin = plugin,
                               .name = node->name,
                               .source = source,
                               .in = in,
                               .in_count = node->in_count,
                               .attributes = attributes,
                               .attribute_count = count,
                               .out = out,
                               .out_count = out_count};
    solder_status status = sld_import_plugin(&n);
    if (status != SOLDER_OK) {
        node->status = status == SOLDER_ERROR_MEMORY
                           ? status
                           : sld_fail_within(tf->diag, status, "%s", tf->format->name);
        return;
    }
    for (uint32_t i = 0; i < out_count; i++) {
        sld_tf_set(node, i, out[i]);
    }
}
