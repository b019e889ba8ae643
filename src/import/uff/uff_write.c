/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TensorFlow nodes as UFF nodes. The graph is walked as the importers walk it, so functions are
 * unfolded and only what the outputs need is visited; a "conversion" writes a node instead of
 * emitting operators. What a core operator cannot say exactly stays TensorFlow's operator behind
 * "_", with all its attributes: reading the file back gives the same network.
 */
#include "import/uff/uff_write.h"

#include "import/uff/uff_out.h"
#include "import/uff/uff_write_ops.h"

/* Bytes of constants of one value that are spelled out, in all. */
#define FILL_MAX ((size_t)1 << 28)

/* ---- tensors ---- */

static sld_uff_tensor *make_tensor(sld_tf_node *node, uint32_t index)
{
    sld_uff_tensor *t = sld_arena_alloc(&node->tf->arena, sizeof *t);
    const char *id = node->name;
    if (t != NULL && index > 0) {
        id = sld_arena_printf(&node->tf->arena, "%s:%u", id, (unsigned)index);
    }
    if (t == NULL || id == NULL) {
        node->status = sld_tf_ok(node) ? sld_fail_memory(node->tf->diag, sizeof *t) : node->status;
        return NULL;
    }
    t->id = id;
    return t;
}

static void give(sld_tf_node *node, uint32_t index)
{
    sld_uff_tensor *t = index < node->out_count ? make_tensor(node, index) : NULL;
    if (t != NULL) {
        node->out[index] = &t->tensor;
    }
}

const sld_uff_tensor *sld_uff_in(const sld_tf_node *node, uint32_t index)
{
    return index < node->in_count ? (const sld_uff_tensor *)node->in[index] : NULL;
}

/* ---- constants ---- */

/* One value many times over, spelled out. */
static void spell_out(sld_tf_node *node, sld_uff_tensor *t, size_t size)
{
    sld_tf_proto_tensor one = t->constant;
    one.shape.rank = 0;
    sld_value *value = sld_tf_add_read_tensor(node, &one);
    if (!sld_tf_ok(node)) {
        return;
    }
    size_t *spelled = &((sld_uff_convert *)node->tf)->spelled;
    if (size > FILL_MAX - *spelled || !sld_value_is_constant(value)) {
        sld_tf_unsupported(node, "one value repeated over %zu bytes", size);
        return;
    }
    size_t element = solder_dtype_size(value->dtype);
    *spelled += size;
    uint8_t *data = sld_arena_alloc(&node->tf->arena, size);
    if (data == NULL) {
        node->status = sld_fail_memory(node->tf->diag, size);
        return;
    }
    for (size_t i = 0; i < size; i += element) {
        memcpy(data + i, value->data, element);
    }
    t->data = data;
}

static void write_const(sld_tf_node *node)
{
    const sld_tf_attr *attr = sld_tf_attribute(node, "value", SLD_TF_TENSOR);
    sld_uff_tensor *t = make_tensor(node, 0);
    if (attr == NULL || t == NULL) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "its value is missing");
        return;
    }
    if (!sld_tf_read_tensor(attr->bytes, &t->constant)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "its shape is not possible");
        return;
    }
    const sld_tf_proto_tensor *c = &t->constant;
    solder_dtype dtype = sld_tf_dtype(c->type);
    if (dtype != SOLDER_NONE && dtype != SOLDER_BOOL && c->has_content && c->shape.rank >= 0 &&
        sld_dims_bytes(c->shape.dims, c->shape.rank, dtype, &t->size) &&
        t->size == c->content.size) {
        t->data = c->content.data; /* the usual case: weights stay in the model's file */
    } else {
        sld_value *value = sld_tf_add_read_tensor(node, c);
        (void)sld_dims_bytes(c->shape.dims, c->shape.rank < 0 ? 0 : c->shape.rank, dtype, &t->size);
        if (sld_tf_ok(node) && sld_value_is_constant(value)) {
            t->data = value->data;
        } else if (sld_tf_ok(node)) {
            spell_out(node, t, t->size);
        }
    }
    t->is_constant = true;
    node->out[0] = sld_tf_ok(node) ? &t->tensor : NULL;
}

bool sld_uff_constant_ints(const sld_uff_tensor *t, int64_t *values, size_t room, size_t *count)
{
    if (t == NULL || !t->is_constant || t->constant.shape.rank > 1) {
        return false;
    }
    solder_dtype dtype = sld_tf_dtype(t->constant.type);
    size_t element = solder_dtype_size(dtype);
    *count = t->size / element;
    if (sld_dtype_is_float(dtype) || *count > room) {
        return false;
    }
    for (size_t i = 0; i < *count; i++) {
        values[i] = sld_load_i64(dtype, t->data + i * element);
    }
    return true;
}

/* ---- nodes ---- */

void sld_uff_use(sld_uff_out *out, const sld_uff_tensor *t)
{
    if (t->is_constant && out->status == SOLDER_OK && sld_names_find(out->ids, t->id) == NULL) {
        sld_uff_buffer fields = out->fields; /* of the node that reads it */
        out->fields = (sld_uff_buffer){0};
        sld_uff_out_const(out, t->id, t->constant.type, t->constant.shape.rank,
                          t->constant.shape.dims, t->data, t->size);
        sld_release(out->allocator, out->fields.data, out->fields.capacity);
        out->fields = fields;
    }
}

void sld_uff_emit(sld_tf_node *node, const char *op, const uint32_t *order, uint32_t count)
{
    sld_uff_out *out = &((sld_uff_convert *)node->tf)->out;
    const char **in = sld_arena_array(&node->tf->arena, count, sizeof *in);
    if (in == NULL) {
        node->status = sld_tf_ok(node) ? sld_fail_memory(node->tf->diag, count) : node->status;
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        const sld_uff_tensor *t = sld_uff_in(node, order != NULL ? order[i] : i);
        if (t == NULL) {
            sld_tf_fail(node, SOLDER_ERROR_DATA, "input %u is missing",
                        (unsigned)(order != NULL ? order[i] : i));
            return;
        }
        in[i] = t->id;
        sld_uff_use(out, t);
    }
    sld_uff_out_node(out, op, node->name, in, count);
}

/* Attributes as they are. */
static void write_attribute(sld_tf_node *node, sld_uff_out *out, const sld_tf_attr *attr)
{
    sld_tf_shape shape;
    bool said = true;
    if (sld_uff_write_functions(node, attr)) {
        return;
    }
    switch (attr->kind) {
    case SLD_TF_STRING:
        sld_uff_out_text(out, attr->name, attr->bytes.data, attr->bytes.size);
        break;
    case SLD_TF_INT:
        sld_uff_out_int(out, attr->name, attr->i);
        break;
    case SLD_TF_FLOAT:
        sld_uff_out_real(out, attr->name, (double)attr->f);
        break;
    case SLD_TF_BOOL:
        sld_uff_out_bool(out, attr->name, attr->i != 0);
        break;
    case SLD_TF_TYPE:
        sld_uff_out_type(out, attr->name, attr->i < 0 || attr->i > 255 ? 0 : (int)attr->i);
        break;
    case SLD_TF_LIST:
        said = attr->function_count == 0 && sld_uff_out_list(out, attr->name, attr->bytes);
        break;
    case SLD_TF_SHAPE:
        said = sld_tf_read_shape(attr->bytes, &shape);
        if (said && shape.rank >= 0) {
            sld_uff_out_ints(out, attr->name, shape.dims, (size_t)shape.rank);
        } else if (said) {
            sld_uff_out_nothing(out, attr->name);
        }
        break;
    case SLD_TF_NONE:
    case SLD_TF_PLACEHOLDER:
        break;
    default:
        said = false;
        break;
    }
    bool shapes = strcmp(attr->name, "output_shapes") == 0; /* of If, Case and While: a hint */
    if (!said && !shapes && !sld_tf_says_nothing(attr)) {
        sld_tf_unsupported(node, "attribute '%s' has no form in UFF", attr->name);
    }
}

static uint32_t outputs_of(sld_tf_node *node)
{
    static const struct {
        const char *op;
        uint32_t count;
    } several[] = {{"TopK", 2},
                   {"TopKV2", 2},
                   {"NonMaxSuppressionV4", 2},
                   {"NonMaxSuppressionV5", 3},
                   {"Unique", 2},
                   {"Switch", 2},
                   {"Merge", 2},
                   {"CombinedNonMaxSuppression", 4}};
    const char *const numbers[] = {"num_split", "num", "num_partitions"};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(several); i++) {
        if (strcmp(several[i].op, node->op) == 0) {
            return several[i].count;
        }
    }
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(numbers); i++) {
        const sld_tf_attr *attr = NULL;
        for (uint32_t j = 0; j < node->attr_count; j++) {
            attr = strcmp(node->attrs[j].name, numbers[i]) == 0 ? &node->attrs[j] : attr;
        }
        if (attr != NULL && attr->kind == SLD_TF_INT && attr->i > 0 && attr->i < 4096) {
            return (uint32_t)attr->i;
        }
    }
    return strcmp(node->op, "ShapeN") == 0 ? node->in_count : 1;
}

static void write_custom(sld_tf_node *node, sld_uff_out *out)
{
    out->fields.size = 0; /* what a core operator began */
    for (uint32_t i = 0; i < node->attr_count; i++) {
        if (node->attrs[i].name[0] != '_') {
            write_attribute(node, out, &node->attrs[i]);
        }
    }
    uint32_t outputs = sld_uff_function_outputs(node);
    const char *op = sld_arena_printf(&node->tf->arena, "_%s", node->op);
    if (op == NULL) {
        node->status = sld_fail_memory(node->tf->diag, strlen(node->op));
        return;
    }
    sld_uff_emit(node, op, NULL, node->in_count);
    /* Of an operator nobody here knows any of the first outputs may be read. */
    uint32_t known = outputs > 0 ? outputs : outputs_of(node), count = known < 8 ? 8 : known;
    sld_tf_outputs(node, (int64_t)count);
    for (uint32_t i = 0; i < count && sld_tf_ok(node); i++) {
        give(node, i);
        if (sld_tf_ok(node)) {
            ((sld_uff_tensor *)node->out[i])->guessed = i >= known;
        }
    }
}

static bool is_any(const char *op, const char *const *ops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(op, ops[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Every meaningful attribute was read: the core operator says it all. */
static bool all_said(const sld_tf_node *node)
{
    for (uint32_t i = 0; i < node->attr_count; i++) {
        if (!node->attrs[i].used && !sld_tf_says_nothing(&node->attrs[i])) {
            return false;
        }
    }
    return true;
}

static void write_node(sld_tf_node *node, int told)
{
    static const char *const same[] = {"Identity", "IdentityN", "Snapshot", "StopGradient",
                                       "PreventGradient"};
    static const char *const silent[] = {"NoOp", "Assert"};
    static const char *const constants[] = {"Const", "HostConst"};
    (void)told;
    sld_uff_out *out = &((sld_uff_convert *)node->tf)->out;
    const sld_uff_core *core = sld_uff_find_core(node->op);
    uint32_t in_count = node->in_count;
    if (is_any(node->op, same, SLD_ARRAY_LENGTH(same))) {
        sld_tf_identity(node, 0);
    } else if (is_any(node->op, silent, SLD_ARRAY_LENGTH(silent))) {
        sld_tf_outputs(node, 0);
    } else if (is_any(node->op, constants, SLD_ARRAY_LENGTH(constants))) {
        write_const(node);
    } else if (strcmp(node->op, "RandomUniform") == 0) {
        sld_tf_unsupported(node, "what dropout leaves behind has no form in UFF");
    } else if (core != NULL && core->write(node, out, core->told) && all_said(node)) {
        sld_uff_emit(node, core->op, core->order,
                     core->inputs != 0 ? core->inputs : node->in_count);
        give(node, 0);
    } else if (sld_tf_ok(node)) {
        node->in_count = in_count;
        write_custom(node, out);
    }
    if (sld_tf_ok(node) && out->status != SOLDER_OK) {
        node->status = out->status;
    }
    node->in_read = UINT64_MAX; /* whatever it means, it was written down */
    for (uint32_t i = 0; i < node->attr_count; i++) {
        node->attrs[i].used = true;
    }
}

/* ---- the whole ---- */

static const sld_tf_op *find(const char *op)
{
    static const sld_tf_op any = {"", write_node, 0};
    static const char *const calls[] = {"PartitionedCall", "StatefulPartitionedCall"};
    if (is_any(op, calls, SLD_ARRAY_LENGTH(calls))) {
        return sld_tf_find(op);
    }
    return sld_tf_is_variable(op) ? NULL : &any;
}

/* The output's name is a node of its own where identities in front of it were left out. */
static solder_status mark(sld_tf *tf, const char *name, sld_tf_tensor *tensor)
{
    sld_uff_out *out = &((sld_uff_convert *)tf)->out;
    const sld_uff_tensor *t = (const sld_uff_tensor *)tensor;
    if (t->guessed && tf->import->options->output_count == 0) {
        return SOLDER_OK;
    }
    size_t length = strlen(name);
    if (length > 2 && strcmp(name + length - 2, ":0") == 0) {
        length -= 2;
    }
    const char *id = sld_arena_strndup(&tf->arena, name, length);
    if (id == NULL) {
        return sld_fail_memory(tf->diag, length);
    }
    sld_uff_use(out, t);
    if (strcmp(id, t->id) != 0) {
        sld_uff_out_node(out, "Identity", id, &t->id, 1);
    }
    sld_uff_out_mark(out, id);
    tf->outputs_marked++;
    return out->status;
}

static solder_status convert(sld_uff_convert *c, sld_uff_source read, const char *path)
{
    sld_tf *tf = &c->tf;
    const solder_import_options *options = tf->import->options;
    size_t length = strlen(path);
    bool text = length >= 6 && strcmp(path + length - 6, ".pbtxt") == 0;
    SLD_TRY(read(tf));
    SLD_TRY(sld_tf_convert(tf, options->outputs, options->output_count));
    return sld_uff_out_write(&c->out, path, text);
}

solder_status sld_uff_write(sld_import *import, sld_uff_source read, const char *path)
{
    static const sld_tf_format format = {"tensorflow", "Placeholder", find, mark};
    sld_uff_convert c = {
        .tf = {.format = &format, .import = import, .graph = import->graph, .diag = import->diag}};
    sld_arena_init(&c.tf.arena, import->allocator, 0);
    sld_uff_out_open(&c.out, import, &c.tf.arena);
    c.graphs = sld_names_create(&c.tf.arena);
    if (c.graphs == NULL && c.out.status == SOLDER_OK) {
        c.out.status = sld_fail_memory(import->diag, sizeof c);
    }
    solder_status status = c.out.status == SOLDER_OK ? convert(&c, read, path) : c.out.status;
    sld_uff_out_close(&c.out);
    sld_arena_free(&c.tf.arena);
    return status;
}
