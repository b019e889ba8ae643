/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network of any format in UFF's words: images NC+, filters KC+. Only what core operators (and a
 * few of TensorFlow's behind "_") say exactly is written; everything else is reported at once.
 */
#include <math.h>

#include "import/uff/uff_out.h"
#include "import/uff/uff_write.h"

typedef struct network {
    sld_import *import;
    sld_graph *graph;
    sld_arena arena;
    sld_uff_out out;
    sld_unsupported unsupported;
    const sld_node *node; /* being written */
} network;

/* ---- failing ---- */

static void refuse(network *n, const char *what)
{
    sld_unsupported_add(&n->unsupported, n->node->name, "%s: %s", sld_op_name(n->node->op), what);
    n->out.fields.size = 0;
}

static const char *derived(network *n, const char *suffix)
{
    const char *id = sld_arena_printf(&n->arena, "%s/%s", n->node->out[0]->name, suffix);
    if (id == NULL && n->out.status == SOLDER_OK) {
        n->out.status = sld_fail_memory(n->out.diag, 16);
    }
    return id != NULL ? id : "";
}

/* ---- values ---- */

static const sld_value *input(const network *n, uint32_t index)
{
    return index < n->node->in_count ? n->node->in[index].value : NULL;
}

static int tf_type(solder_dtype dtype)
{
    for (int type = 1; type < 24; type++) {
        if (sld_tf_dtype(type) == dtype) {
            return type;
        }
    }
    return 0;
}

/* Fields of a node being collected are kept. */
static void constant(network *n, const char *id, solder_dtype dtype, int rank, const int64_t *dims,
                     const void *data, size_t size)
{
    sld_uff_out *out = &n->out;
    if (sld_names_find(out->ids, id) != NULL) {
        return;
    }
    sld_uff_buffer fields = out->fields;
    out->fields = (sld_uff_buffer){0};
    sld_uff_out_const(out, id, tf_type(dtype), rank, dims, data, size);
    sld_release(out->allocator, out->fields.data, out->fields.capacity);
    out->fields = fields;
}

/* The id of a value; constants are written when they are first used. */
static const char *use(network *n, const sld_value *v)
{
    int64_t dims[SOLDER_MAX_RANK];
    if (v->kind == SLD_VALUE_CONSTANT && sld_value_static_dims(n->graph, v, dims)) {
        constant(n, v->name, v->dtype, v->shape.rank, dims, v->data, v->data_size);
    }
    return v->name;
}

/* A constant with ones behind its dims, to broadcast along later axes. */
static const char *laid(network *n, const sld_value *v, const char *suffix, int behind)
{
    int64_t dims[SOLDER_MAX_RANK];
    const char *id = derived(n, suffix);
    if (v->shape.rank + behind > SOLDER_MAX_RANK || !sld_value_static_dims(n->graph, v, dims)) {
        return id;
    }
    for (int i = 0; i < behind; i++) {
        dims[v->shape.rank + i] = 1;
    }
    constant(n, id, v->dtype, v->shape.rank + behind, dims, v->data, v->data_size);
    return id;
}

static const char *integers(network *n, const char *suffix, int rank, const int64_t *dims,
                            const int32_t *values, size_t count)
{
    const char *id = derived(n, suffix);
    int32_t *copy = sld_arena_array(&n->arena, count, sizeof *copy);
    if (copy != NULL) {
        memcpy(copy, values, count * sizeof *copy);
        constant(n, id, SOLDER_I32, rank, dims, copy, count * sizeof *copy);
    } else if (n->out.status == SOLDER_OK) {
        n->out.status = sld_fail_memory(n->out.diag, count);
    }
    return id;
}

static void emit(network *n, const char *op, const char *id, const char *a, const char *b)
{
    const char *in[2] = {a, b};
    sld_uff_out_node(&n->out, op, id, in, b != NULL ? 2 : a != NULL ? 1 : 0);
}

/* The node itself, over its own inputs. */
static void emit_all(network *n, const char *op)
{
    const char **in = sld_arena_array(&n->arena, n->node->in_count, sizeof *in);
    if (in == NULL) {
        n->out.status = sld_fail_memory(n->out.diag, n->node->in_count);
        return;
    }
    for (uint32_t i = 0; i < n->node->in_count; i++) {
        in[i] = use(n, n->node->in[i].value);
    }
    sld_uff_out_node(&n->out, op, n->node->out[0]->name, in, n->node->in_count);
}

static const char *own_id(const network *n)
{
    return n->node->out[0]->name;
}

static bool is_constant_vector(const sld_value *v)
{
    return v != NULL && sld_value_is_constant(v) && v->shape.rank == 1;
}

/* ---- operators ---- */

/* Zeros (or value) around the spatial axes, as a node of its own. */
static const char *padded(network *n, const sld_value *x, const int64_t *begin, const int64_t *end,
                          const float *value)
{
    int32_t pads[2 * SOLDER_MAX_RANK] = {0};
    int rank = x->shape.rank;
    for (int i = 0; i < rank - 2; i++) {
        pads[2 * (i + 2)] = (int32_t)begin[i];
        pads[2 * (i + 2) + 1] = (int32_t)end[i];
    }
    const char *id = derived(n, "padded");
    const char *in[3] = {use(n, x),
                         integers(n, "pads", 2, (int64_t[]){rank, 2}, pads, 2 * (size_t)rank)};
    if (value != NULL) {
        in[2] = derived(n, "outside");
        constant(n, in[2], SOLDER_F32, 0, NULL, value, sizeof *value);
    }
    sld_uff_buffer fields = n->out.fields;
    n->out.fields = (sld_uff_buffer){0};
    sld_uff_out_node(&n->out, value != NULL ? "_PadV2" : "Pad", id, in, value != NULL ? 3 : 2);
    sld_release(n->out.allocator, n->out.fields.data, n->out.fields.capacity);
    n->out.fields = fields;
    return id;
}

static void add_bias(network *n, const char *x, const sld_value *bias, bool image)
{
    const char *id = image ? laid(n, bias, "bias", n->node->out[0]->shape.rank - 2) : use(n, bias);
    sld_uff_out_word(&n->out, "func", "add");
    sld_uff_out_extra_word(&n->out, "op", "BiasAdd");
    if (image) {
        sld_uff_out_extra_word(&n->out, "data_format", "NCHW");
    }
    emit(n, "Binary", own_id(n), x, id);
}

static void put_extents(network *n, const char *name, const int32_t *values, int count)
{
    int64_t wide[SLD_MAX_SPATIAL];
    for (int i = 0; i < count; i++) {
        wide[i] = values[i];
    }
    sld_uff_out_ints(&n->out, name, wide, (size_t)count);
}

static void write_conv(network *n)
{
    const sld_conv_params *p = n->node->params;
    const sld_value *bias = input(n, 2);
    int64_t begin[SLD_MAX_SPATIAL], end[SLD_MAX_SPATIAL];
    bool explicit_pads = p->pad_mode == SLD_PAD_EXPLICIT, even = true, none = true;
    for (int i = 0; i < p->spatial; i++) {
        begin[i] = explicit_pads ? p->pad_begin[i] : 0;
        end[i] = explicit_pads ? p->pad_end[i] : 0;
        even = even && begin[i] == end[i];
        none = none && begin[i] == 0 && end[i] == 0;
        if (begin[i] < 0 || end[i] < 0) {
            refuse(n, "negative padding");
            return;
        }
    }
    if (p->epilogue.act != SLD_ACT_NONE || p->epilogue.residual ||
        p->pad_mode == SLD_PAD_SAME_LOWER || (bias != NULL && !is_constant_vector(bias))) {
        refuse(n, "what a Conv does not have");
        return;
    }
    const char *x = even ? use(n, input(n, 0)) : padded(n, input(n, 0), begin, end, NULL);
    const char *w = use(n, input(n, 1));
    if (p->pad_mode == SLD_PAD_SAME_UPPER) {
        sld_uff_out_word(&n->out, "implicit_padding", "same");
    } else if (even && !none) {
        sld_uff_out_ints(&n->out, "padding", begin, (size_t)p->spatial);
    }
    put_extents(n, "strides", p->stride, p->spatial);
    put_extents(n, "dilation", p->dilation, p->spatial);
    if (p->groups != 1) {
        sld_uff_out_int(&n->out, "number_groups", p->groups);
    }
    sld_uff_out_orders(&n->out, "NC+", "KC+");
    const char *id = bias != NULL ? derived(n, "conv") : own_id(n);
    emit(n, "Conv", id, x, w);
    if (bias != NULL) {
        add_bias(n, id, bias, true);
    }
}

static void write_matmul(network *n)
{
    const sld_matmul_params *p = n->node->params;
    const sld_value *a = input(n, 0), *b = input(n, 1), *bias = input(n, 2);
    if (a->shape.rank != 2 || b->shape.rank != 2 || p->alpha != 1 ||
        (bias != NULL && (p->beta != 1 || !is_constant_vector(bias))) ||
        p->epilogue.act != SLD_ACT_NONE || p->epilogue.residual) {
        refuse(n, "what a FullyConnected does not have");
        return;
    }
    const char *id = bias != NULL ? derived(n, "product") : own_id(n);
    sld_uff_out_orders(&n->out, p->trans_a ? "CN" : "NC", p->trans_b ? "KC" : "CK");
    emit(n, "FullyConnected", id, use(n, a), use(n, b));
    if (bias != NULL) {
        add_bias(n, id, bias, false);
    }
}

static void write_activation(network *n)
{
    static const char *const names[SLD_ACT_COUNT] = {
        [SLD_ACT_RELU] = "relu",         [SLD_ACT_SIGMOID] = "sigmoid",
        [SLD_ACT_TANH] = "tanh",         [SLD_ACT_ELU] = "elu",
        [SLD_ACT_SELU] = "selu",         [SLD_ACT_SOFTPLUS] = "softplus",
        [SLD_ACT_SOFTSIGN] = "softsign", [SLD_ACT_CLIP] = "relu6"};
    const sld_activation_params *p = n->node->params;
    bool known = p->kind >= 0 && p->kind < SLD_ACT_COUNT && names[p->kind] != NULL;
    known = known && (p->kind != SLD_ACT_ELU || p->alpha == 1);
    known = known && (p->kind != SLD_ACT_CLIP || (p->alpha == 0 && p->beta == 6));
    known =
        known && (p->kind != SLD_ACT_SELU || (p->alpha == 1.67326324f && p->beta == 1.05070099f));
    if (p->kind == SLD_ACT_LEAKY_RELU) {
        sld_uff_out_real(&n->out, "alpha", (double)p->alpha);
        emit_all(n, "_LeakyRelu");
    } else if (known) {
        sld_uff_out_word(&n->out, "func", names[p->kind]);
        emit_all(n, "Activation");
    } else {
        refuse(n, "a function the format has no name for");
    }
}

/* A window over the whole image. */
static void write_global_pool(network *n, bool max)
{
    int64_t axes[SLD_MAX_SPATIAL] = {2, 3, 4};
    sld_uff_out_word(&n->out, "func", max ? "max" : "mean");
    sld_uff_out_ints(&n->out, "axes", axes, (size_t)input(n, 0)->shape.rank - 2);
    sld_uff_out_bool(&n->out, "keepdims", true);
    emit_all(n, "Reduce");
}

/* How far windows reach over the image's end; false if dims are open. */
static bool read_reach(const network *n, const sld_pooling_params *p, int64_t *begin, int64_t *end)
{
    int64_t in[SOLDER_MAX_RANK], out[SOLDER_MAX_RANK];
    for (int i = 0; i < p->spatial; i++) {
        const sld_expr_table *exprs = &n->graph->exprs;
        if (!sld_expr_is_const(exprs, input(n, 0)->shape.d[i + 2], &in[i]) ||
            !sld_expr_is_const(exprs, n->node->out[0]->shape.d[i + 2], &out[i])) {
            return false;
        }
        begin[i] = p->pad_mode == SLD_PAD_EXPLICIT ? p->pad_begin[i] : 0;
        end[i] = (out[i] - 1) * p->stride[i] + p->window[i] - in[i] - begin[i];
        end[i] = end[i] < 0 ? 0 : end[i];
    }
    return true;
}

static void write_pool(network *n)
{
    static const float outside = -INFINITY;
    const sld_pooling_params *p = n->node->params;
    bool max = p->kind == SLD_POOL_MAX, same = p->pad_mode == SLD_PAD_SAME_UPPER, over = false;
    bool counted = p->kind == SLD_POOL_AVERAGE_PADDED, inside = true;
    int64_t begin[SLD_MAX_SPATIAL] = {0}, end[SLD_MAX_SPATIAL] = {0};
    if (n->node->out_count != 1 || p->kind == SLD_POOL_LP || p->pad_mode == SLD_PAD_SAME_LOWER) {
        refuse(n, "what a Pool does not have");
        return;
    }
    if (p->global) {
        write_global_pool(n, max);
        return;
    }
    bool known = same || read_reach(n, p, begin, end);
    for (int i = 0; i < p->spatial; i++) {
        over = over || begin[i] != 0 || end[i] != 0;
        inside = inside && end[i] <= (p->pad_mode == SLD_PAD_EXPLICIT ? p->pad_end[i] : 0);
        known = known && p->dilation[i] == 1 && begin[i] >= 0;
    }
    if (!known || (same && counted) || (over && !max && !(counted && inside))) {
        refuse(n, "windows over the edge, which a Pool counts in another way");
        return;
    }
    const sld_value *value = input(n, 0);
    const char *x = over ? padded(n, value, begin, end, max ? &outside : NULL) : use(n, value);
    sld_uff_out_word(&n->out, "func", max ? "max" : "avg");
    put_extents(n, "kernel", p->window, p->spatial);
    put_extents(n, "strides", p->stride, p->spatial);
    if (same) {
        sld_uff_out_word(&n->out, "implicit_padding", "same");
    }
    sld_uff_out_orders(&n->out, "NC+", NULL);
    emit(n, "Pool", own_id(n), x, NULL);
}

static void write_softmax(network *n)
{
    const sld_softmax_params *p = n->node->params;
    if (p->log || p->axis == 0) {
        refuse(n, "what a Softmax does not have");
        return;
    }
    sld_uff_out_int(&n->out, "axis", p->axis);
    sld_uff_out_orders(&n->out, "NC+", NULL);
    emit_all(n, "Softmax");
}

static void write_concat(network *n)
{
    sld_uff_out_int(&n->out, "axis", ((const sld_concat_params *)n->node->params)->axis);
    emit_all(n, "Concat");
}

static void write_elementwise(network *n)
{
    static const struct {
        int kind;
        const char *name;
    } names[] = {{SLD_BINARY_SUM, "add"}, {SLD_BINARY_SUB, "sub"}, {SLD_BINARY_PROD, "mul"},
                 {SLD_BINARY_DIV, "div"}, {SLD_BINARY_MAX, "max"}, {SLD_BINARY_MIN, "min"},
                 {SLD_BINARY_POW, "pow"}};
    const sld_elementwise_params *p = n->node->params;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(names); i++) {
        if (names[i].kind == p->kind && p->epilogue.act == SLD_ACT_NONE) {
            sld_uff_out_word(&n->out, "func", names[i].name);
            emit_all(n, "Binary");
            return;
        }
    }
    refuse(n, "a function the format has no name for");
}

static void write_scale(network *n)
{
    const sld_scale_params *p = n->node->params;
    const sld_value *x = input(n, 0), *scale = input(n, 1), *shift = input(n, 2);
    const sld_value *any = scale != NULL ? scale : shift;
    if (any == NULL || (scale != NULL && !sld_value_is_constant(scale)) ||
        (shift != NULL && !sld_value_is_constant(shift)) || p->epilogue.act != SLD_ACT_NONE) {
        refuse(n, "factors that are not constant");
        return;
    }
    int behind = x->shape.rank - p->axis - any->shape.rank;
    const char *y = use(n, x);
    if (scale != NULL) {
        const char *id = shift != NULL ? derived(n, "scaled") : own_id(n);
        const char *factors = laid(n, scale, "scale", behind);
        sld_uff_out_word(&n->out, "func", "mul");
        emit(n, "Binary", id, y, factors);
        y = id;
    }
    if (shift != NULL) {
        const char *terms = laid(n, shift, "shift", behind);
        sld_uff_out_word(&n->out, "func", "add");
        emit(n, "Binary", own_id(n), y, terms);
    }
}

static void write_batch_norm(network *n)
{
    if (n->node->in_count != 5 || input(n, 0)->shape.rank < 3) {
        refuse(n, "an input that is no image");
        return;
    }
    sld_uff_out_real(&n->out, "epsilon",
                     (double)((const sld_batchnorm_params *)n->node->params)->epsilon);
    sld_uff_out_orders(&n->out, "NC+", NULL);
    emit_all(n, "BatchNorm");
}

static void write_lrn(network *n)
{
    const sld_lrn_params *p = n->node->params;
    if (p->within || p->size % 2 == 0 || input(n, 0)->shape.rank < 3) {
        refuse(n, "a window within the channel, or of even size");
        return;
    }
    sld_uff_out_int(&n->out, "window_size", (p->size - 1) / 2);
    sld_uff_out_real(&n->out, "alpha", (double)(p->alpha / (float)p->size));
    sld_uff_out_real(&n->out, "beta", (double)p->beta);
    sld_uff_out_real(&n->out, "k", (double)p->k);
    sld_uff_out_orders(&n->out, "NC+", NULL);
    emit_all(n, "LRN");
}

static void write_reshape(network *n)
{
    const sld_shape *shape = &n->node->out[0]->shape;
    int32_t dims[SOLDER_MAX_RANK];
    int open = 0;
    for (int i = 0; i < shape->rank; i++) {
        int64_t dim = -1;
        open += !sld_expr_is_const(&n->graph->exprs, shape->d[i], &dim);
        open += dim > INT32_MAX ? 2 : 0;
        dims[i] = (int32_t)dim;
    }
    if (open > 1) {
        refuse(n, "more than one open dimension");
        return;
    }
    const char *to = integers(n, "dims", 1, (int64_t[]){shape->rank}, dims, (size_t)shape->rank);
    emit(n, "Reshape", own_id(n), use(n, input(n, 0)), to);
}

static void write_transpose(network *n)
{
    const sld_transpose_params *p = n->node->params;
    int64_t perm[SOLDER_MAX_RANK];
    int rank = input(n, 0)->shape.rank;
    for (int i = 0; i < rank; i++) {
        perm[i] = p->perm[i];
    }
    sld_uff_out_ints(&n->out, "permutation", perm, (size_t)rank);
    emit_all(n, "Transpose");
}

static void write_unary(network *n)
{
    static const struct {
        int kind;
        const char *name;
    } names[] = {{SLD_UNARY_NEG, "neg"},       {SLD_UNARY_EXP, "exp"},   {SLD_UNARY_LOG, "log"},
                 {SLD_UNARY_ABS, "abs"},       {SLD_UNARY_SQRT, "sqrt"}, {SLD_UNARY_RSQRT, "rsqrt"},
                 {SLD_UNARY_SQUARE, "square"}, {SLD_UNARY_SIN, "sin"},   {SLD_UNARY_COS, "cos"},
                 {SLD_UNARY_FLOOR, "floor"},   {SLD_UNARY_CEIL, "ceil"}};
    int kind = ((const sld_unary_params *)n->node->params)->kind;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(names); i++) {
        if (names[i].kind == kind) {
            sld_uff_out_word(&n->out, "func", names[i].name);
            emit_all(n, "Unary");
            return;
        }
    }
    if (kind == SLD_UNARY_IDENTITY) {
        emit_all(n, "Identity");
    } else {
        refuse(n, "a function the format has no name for");
    }
}

/* ---- the whole ---- */

static void write_node(network *n)
{
    static const struct {
        sld_op op;
        void (*write)(network *n);
    } rows[] = {{SLD_OP_CONVOLUTION, write_conv},
                {SLD_OP_MATMUL, write_matmul},
                {SLD_OP_ACTIVATION, write_activation},
                {SLD_OP_POOLING, write_pool},
                {SLD_OP_SOFTMAX, write_softmax},
                {SLD_OP_CONCAT, write_concat},
                {SLD_OP_ELEMENTWISE, write_elementwise},
                {SLD_OP_SCALE, write_scale},
                {SLD_OP_BATCHNORM, write_batch_norm},
                {SLD_OP_LRN, write_lrn},
                {SLD_OP_RESHAPE, write_reshape},
                {SLD_OP_TRANSPOSE, write_transpose},
                {SLD_OP_UNARY, write_unary}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(rows); i++) {
        if (rows[i].op == n->node->op) {
            rows[i].write(n);
            return;
        }
    }
    refuse(n, "no word for it");
}

static void write_input(network *n, const sld_value *v)
{
    int64_t dims[SOLDER_MAX_RANK];
    for (int i = 0; i < v->shape.rank; i++) {
        dims[i] = -1;
        (void)sld_expr_is_const(&n->graph->exprs, v->shape.d[i], &dims[i]);
    }
    sld_uff_out_ints(&n->out, "shape", dims, (size_t)v->shape.rank);
    sld_uff_out_type(&n->out, "dtype", tf_type(v->dtype));
    sld_uff_out_node(&n->out, "Input", v->name, NULL, 0);
}

static solder_status write(network *n, const char *path, bool text)
{
    sld_graph_sweep(n->graph);
    for (size_t i = 0; i < n->graph->input_count; i++) {
        write_input(n, n->graph->inputs[i]);
    }
    for (n->node = n->graph->first; n->node != NULL; n->node = n->node->next) {
        write_node(n);
    }
    SLD_TRY(sld_unsupported_report(&n->unsupported, n->import, "uff"));
    for (size_t i = 0; i < n->graph->output_count; i++) {
        sld_uff_out_mark(&n->out, n->graph->outputs[i]->name);
    }
    return sld_uff_out_write(&n->out, path, text);
}

solder_status sld_uff_write_network(sld_import *import, const char *path)
{
    size_t length = strlen(path);
    network n = {.import = import, .graph = import->graph};
    sld_arena_init(&n.arena, import->allocator, 0);
    sld_uff_out_open(&n.out, import, &n.arena);
    solder_status status = n.out.status;
    if (status == SOLDER_OK) {
        status = write(&n, path, length >= 6 && strcmp(path + length - 6, ".pbtxt") == 0);
    }
    sld_uff_out_close(&n.out);
    sld_arena_free(&n.arena);
    return status;
}
