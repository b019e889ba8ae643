/* SPDX-License-Identifier: Apache-2.0 */
/* Taking sums of products apart, and putting their constants together again. */
#include "import/tensorflow/tf_affine.h"

#include "base/dtype.h"

#define MAX_DEPTH 24

/* ---- values ---- */

const sld_node *sld_tf_producer(const sld_value *value, sld_op op)
{
    bool made = value != NULL && value->kind == SLD_VALUE_NODE && value->producer->op == op;
    return made ? value->producer : NULL;
}

static bool same_dims(const sld_value *a, const sld_value *b)
{
    if (a->shape.rank != b->shape.rank) {
        return false;
    }
    for (int i = 0; i < a->shape.rank; i++) {
        if (a->shape.d[i] != b->shape.d[i] || a->shape.d[i] == SLD_DIM_NONE) {
            return false;
        }
    }
    return true;
}

const sld_value *sld_tf_stripped(const sld_value *value)
{
    for (int depth = 0; value != NULL && depth < MAX_DEPTH; depth++) {
        const sld_node *unary = sld_tf_producer(value, SLD_OP_UNARY);
        const sld_node *reshape = sld_tf_producer(value, SLD_OP_RESHAPE);
        const sld_node *cast = sld_tf_producer(value, SLD_OP_CAST);
        const sld_node *copy = unary != NULL ? unary : reshape != NULL ? reshape : cast;
        const sld_value *in = copy != NULL ? sld_node_in(copy, 0) : NULL;
        bool keeps = unary != NULL
                         ? ((const sld_unary_params *)unary->params)->kind == SLD_UNARY_IDENTITY
                         : in != NULL && in->dtype == value->dtype && same_dims(in, value);
        if (in == NULL || !keeps) {
            break;
        }
        value = in;
    }
    return value;
}

bool sld_tf_is_binary(const sld_value *value, int kind, const sld_value **a, const sld_value **b)
{
    const sld_node *node = sld_tf_producer(value, SLD_OP_ELEMENTWISE);
    if (node == NULL) {
        return false;
    }
    const sld_elementwise_params *p = node->params;
    if (p->kind != kind || p->epilogue.act != SLD_ACT_NONE) {
        return false;
    }
    *a = sld_tf_stripped(sld_node_in(node, 0));
    *b = sld_tf_stripped(sld_node_in(node, 1));
    return true;
}

bool sld_tf_is_swapped(const sld_value *value, int kind, unsigned swap, const sld_value **a,
                       const sld_value **b)
{
    return swap != 0 ? sld_tf_is_binary(value, kind, b, a) : sld_tf_is_binary(value, kind, a, b);
}

bool sld_tf_number(const sld_value *value, double *number)
{
    if (!sld_value_is_constant(value) || value->data_size == 0 ||
        value->data_size != solder_dtype_size(value->dtype)) {
        return false;
    }
    *number = sld_load_f64(value->dtype, value->data);
    return true;
}

/* value = a kind number, or for sums and products number kind a. */
static bool with_number(const sld_value *value, int kind, const sld_value **a, double *number)
{
    const sld_value *b;
    if (!sld_tf_is_binary(value, kind, a, &b)) {
        return false;
    }
    if (sld_tf_number(b, number)) {
        return true;
    }
    const sld_value *other = b;
    bool found = kind != SLD_BINARY_DIV && sld_tf_number(*a, number);
    *a = other;
    return found;
}

/* ---- activations ---- */

/* min(max(value, low), high) in any of its forms. */
bool sld_tf_is_clip(const sld_value *value, double *low, double *high, const sld_value **inner)
{
    const sld_node *act = sld_tf_producer(value, SLD_OP_ACTIVATION);
    if (act != NULL) {
        const sld_activation_params *p = act->params;
        *low = (double)p->alpha;
        *high = (double)p->beta;
        *inner = sld_tf_stripped(sld_node_in(act, 0));
        return p->kind == SLD_ACT_CLIP;
    }
    const sld_value *middle;
    return (with_number(value, SLD_BINARY_MAX, &middle, low) &&
            with_number(middle, SLD_BINARY_MIN, inner, high)) ||
           (with_number(value, SLD_BINARY_MIN, &middle, high) &&
            with_number(middle, SLD_BINARY_MAX, inner, low));
}

/* clip(x + 3, 0, 6) / 6, or clip(x / 5 + 1 / 2, 0, 1) */
static bool is_hard_sigmoid(const sld_value *value, sld_tf_act *act, const sld_value **inner)
{
    double factor = 1, low, high, shift, scale = 1;
    const sld_value *clip = value, *sum, *x;
    if (with_number(value, SLD_BINARY_DIV, &clip, &factor)) {
        factor = 1 / factor;
    } else if (!with_number(value, SLD_BINARY_PROD, &clip, &factor)) {
        clip = value;
        factor = 1;
    }
    if (!sld_tf_is_clip(clip, &low, &high, &sum) || low != 0 || (float)(high * factor) != 1.0f ||
        !with_number(sum, SLD_BINARY_SUM, &x, &shift)) {
        return false;
    }
    if (factor != 1 || !with_number(x, SLD_BINARY_PROD, inner, &scale)) {
        *inner = x;
        scale = 1;
    }
    *act =
        (sld_tf_act){true, SLD_ACT_HARD_SIGMOID, (float)(scale * factor), (float)(shift * factor)};
    return true;
}

/* x sigmoid(k x) */
static bool is_swish(const sld_value *value, sld_tf_act *act, const sld_value **inner)
{
    const sld_value *a, *b, *scaled;
    for (unsigned swap = 0; swap < 2; swap++) {
        if (!sld_tf_is_swapped(value, SLD_BINARY_PROD, swap, &a, &b)) {
            return false;
        }
        double factor = 1;
        const sld_node *gate = sld_tf_producer(b, SLD_OP_ACTIVATION);
        const sld_value *in = gate != NULL ? sld_tf_stripped(sld_node_in(gate, 0)) : NULL;
        if (in != NULL && in != a && with_number(in, SLD_BINARY_PROD, &scaled, &factor)) {
            in = scaled;
        }
        if (in == a && ((const sld_activation_params *)gate->params)->kind == SLD_ACT_SIGMOID) {
            *act = (sld_tf_act){true, SLD_ACT_SWISH, (float)factor, 0};
            *inner = a;
            return true;
        }
    }
    return false;
}

void sld_tf_find_activation(const sld_value *value, sld_tf_act *act, const sld_value **inner)
{
    const sld_node *node = sld_tf_producer(value, SLD_OP_ACTIVATION);
    if (is_hard_sigmoid(value, act, inner)) {
        return;
    }
    if (node != NULL) {
        const sld_activation_params *p = node->params;
        *act = (sld_tf_act){true, p->kind, p->alpha, p->beta};
        *inner = sld_tf_stripped(sld_node_in(node, 0));
        return;
    }
    if (is_swish(value, act, inner)) {
        return;
    }
    *act = (sld_tf_act){.set = true, .kind = SLD_ACT_NONE};
    *inner = value;
}

/* ---- sums ---- */

/* The part of a value that is looked at. */
typedef struct part {
    const sld_value *value;
    int64_t col, width;
} part;

/* A slice of columns moves the part into what is sliced. */
static bool into_slice(part *p)
{
    const sld_node *node = sld_tf_producer(p->value, SLD_OP_SLICE);
    if (node == NULL || node->in_count != 1) {
        return false;
    }
    const sld_slice_params *s = node->params;
    const sld_value *in = sld_node_in(node, 0);
    if (in->shape.rank != 2) {
        return false;
    }
    int64_t start = 0;
    for (int i = 0; i < s->count; i++) {
        int64_t dim = 0;
        if (s->step[i] != 1) {
            return false;
        }
        if (s->axes[i] == 0) {
            if (in->shape.d[0] != p->value->shape.d[0]) {
                return false;
            }
            continue;
        }
        if (!sld_expr_is_const(&in->graph->exprs, in->shape.d[1], &dim)) {
            return false;
        }
        start = s->start[i] < 0 ? s->start[i] + dim : s->start[i];
        start = start < 0 ? 0 : start > dim ? dim : start;
    }
    *p = (part){sld_tf_stripped(in), p->col + start, p->width};
    return true;
}

static bool width_of(const sld_value *value, int64_t *width)
{
    return value->shape.rank == 2 &&
           sld_expr_is_const(&value->graph->exprs, value->shape.d[1], width);
}

static bool add_term(sld_tf_affine *out, const sld_value *source, const sld_value *matrix,
                     int64_t row, const part *p, bool transposed)
{
    if (out->term_count == SLD_TF_AFFINE_PARTS) {
        return false;
    }
    out->terms[out->term_count++] = (sld_tf_term){source, matrix, row, p->col, transposed};
    return true;
}

/* source, or sources side by side, times a constant */
static bool add_product(sld_tf_affine *out, const part *p)
{
    const sld_node *node = sld_tf_producer(p->value, SLD_OP_MATMUL);
    const sld_matmul_params *m = node->params;
    const sld_value *a = sld_tf_stripped(sld_node_in(node, 0));
    const sld_value *matrix = sld_tf_stripped(sld_node_in(node, 1));
    if (node->in_count != 2 || m->trans_a != 0 || m->alpha != 1.0f ||
        m->epilogue.act != SLD_ACT_NONE || m->epilogue.residual != 0 ||
        !sld_value_is_constant(matrix) || matrix->shape.rank != 2 || a->shape.rank != 2) {
        return false;
    }
    const sld_node *join = sld_tf_producer(a, SLD_OP_CONCAT);
    if (join == NULL || ((const sld_concat_params *)join->params)->axis != 1) {
        return add_term(out, a, matrix, 0, p, m->trans_b != 0);
    }
    int64_t row = 0, width;
    for (uint32_t i = 0; i < join->in_count; i++) {
        const sld_value *source = sld_tf_stripped(sld_node_in(join, i));
        if (!width_of(source, &width) || !add_term(out, source, matrix, row, p, m->trans_b != 0)) {
            return false;
        }
        row += width;
    }
    return true;
}

/* A constant that is added to every row: one number, [width], or [1, width]. */
static bool add_shift(sld_tf_affine *out, const sld_value *vector, const part *p)
{
    int64_t dims[SOLDER_MAX_RANK], full;
    double number;
    if (out->shift_count == SLD_TF_AFFINE_PARTS || vector->shape.rank > 2 ||
        !sld_value_static_dims(vector->graph, vector, dims) || !width_of(p->value, &full)) {
        return false;
    }
    int rank = vector->shape.rank;
    bool scalar = sld_tf_number(vector, &number);
    if (!scalar && (dims[rank - 1] != full || (rank == 2 && dims[0] != 1))) {
        return false;
    }
    out->shifts[out->shift_count++] = (sld_tf_shift){vector, p->col, scalar};
    return true;
}

static bool take_apart(const part *p, sld_tf_affine *out, int depth);

static bool add_sum(const part *p, const sld_value *a, const sld_value *b, sld_tf_affine *out,
                    int depth)
{
    if (sld_value_is_constant(a) || sld_value_is_constant(b)) {
        bool first = sld_value_is_constant(a);
        const part rest = {first ? b : a, p->col, p->width};
        int64_t whole, width;
        return width_of(p->value, &whole) && width_of(rest.value, &width) && whole == width &&
               add_shift(out, first ? a : b, p) && take_apart(&rest, out, depth + 1);
    }
    const part left = {a, p->col, p->width}, right = {b, p->col, p->width};
    return same_dims(a, b) && take_apart(&left, out, depth + 1) &&
           take_apart(&right, out, depth + 1);
}

/* value times a constant vector, or times another value */
static bool add_elementwise(const part *p, const sld_value *a, const sld_value *b,
                            sld_tf_affine *out)
{
    int64_t width;
    const sld_value *weights = sld_value_is_constant(a) ? a : b, *source = weights == a ? b : a;
    if (p->col != 0 || !width_of(p->value, &width) || width != p->width) {
        return false;
    }
    if (!sld_value_is_constant(weights)) {
        bool first = out->product[0] == NULL;
        out->product[0] = a;
        out->product[1] = b;
        return first && same_dims(a, b);
    }
    if (out->diagonal_count == 2 || weights->shape.rank < 1 || weights->shape.rank > 2 ||
        weights->data_size != (size_t)width * solder_dtype_size(weights->dtype) ||
        weights->dtype != p->value->dtype || !same_dims(source, p->value)) {
        return false;
    }
    out->diagonals[out->diagonal_count++] = (sld_tf_diagonal){source, weights};
    return true;
}

static bool add_scale(const part *p, const sld_node *node, sld_tf_affine *out, int depth)
{
    const sld_scale_params *s = node->params;
    const sld_value *shift = sld_node_in(node, 2);
    shift = shift != NULL ? sld_tf_stripped(shift) : NULL;
    if (sld_node_in(node, 1) != NULL || shift == NULL || !sld_value_is_constant(shift) ||
        shift->shape.rank != 1 || s->axis != 1 || s->epilogue.act != SLD_ACT_NONE) {
        return false;
    }
    const part rest = {sld_tf_stripped(sld_node_in(node, 0)), p->col, p->width};
    return add_shift(out, shift, p) && take_apart(&rest, out, depth + 1);
}

static bool take_apart(const part *given, sld_tf_affine *out, int depth)
{
    part p = *given;
    const sld_value *a, *b;
    if (depth > MAX_DEPTH || p.value->shape.rank != 2) {
        return false;
    }
    for (int i = 0; i < MAX_DEPTH && into_slice(&p); i++) {
    }
    const sld_node *scale = sld_tf_producer(p.value, SLD_OP_SCALE);
    if (scale != NULL) {
        return add_scale(&p, scale, out, depth);
    }
    if (sld_tf_producer(p.value, SLD_OP_MATMUL) != NULL) {
        return add_product(out, &p);
    }
    if (sld_tf_is_binary(p.value, SLD_BINARY_SUM, &a, &b)) {
        return add_sum(&p, a, b, out, depth);
    }
    return sld_tf_is_binary(p.value, SLD_BINARY_PROD, &a, &b) && add_elementwise(&p, a, b, out);
}

const sld_value *sld_tf_columns(const sld_value *value, int64_t *col)
{
    part p = {sld_tf_stripped(value), 0, 0};
    for (int i = 0; i < MAX_DEPTH && into_slice(&p); i++) {
    }
    *col = p.col;
    return p.value;
}

bool sld_tf_affine_of(const sld_value *value, int64_t col, int64_t width, sld_tf_affine *out)
{
    int64_t whole;
    const part p = {sld_tf_stripped(value), col, width};
    return width_of(p.value, &whole) && col <= whole - width && take_apart(&p, out, 0);
}

bool sld_tf_has_source(const sld_tf_affine *a, const sld_value *source)
{
    for (int i = 0; i < a->term_count; i++) {
        if (a->terms[i].source == source) {
            return true;
        }
    }
    return false;
}

bool sld_tf_only_source(const sld_tf_affine *a, const sld_value *source)
{
    for (int i = 0; i < a->term_count; i++) {
        if (a->terms[i].source != source) {
            return false;
        }
    }
    return a->term_count > 0;
}

/* ---- constants ---- */

static void add_at(solder_dtype dtype, void *data, size_t index, double value)
{
    char *at = (char *)data + index * solder_dtype_size(dtype);
    sld_store_f64(dtype, at, sld_load_f64(dtype, at) + value);
}

void sld_tf_affine_matrix(const sld_tf_affine *a, const sld_value *source, const sld_value *other,
                          int64_t width, int64_t rows, solder_dtype dtype, void *data)
{
    for (int t = 0; t < a->term_count; t++) {
        const sld_tf_term *term = &a->terms[t];
        const sld_value *m = term->matrix;
        int64_t dims[SOLDER_MAX_RANK];
        if ((source != NULL && term->source != source) || term->source == other ||
            !sld_value_static_dims(m->graph, m, dims)) {
            continue;
        }
        size_t size = solder_dtype_size(m->dtype);
        for (int64_t j = 0; j < width; j++) {
            for (int64_t i = 0; i < rows; i++) {
                int64_t row = term->row + i, col = term->col + j;
                int64_t at = term->transposed ? col * dims[1] + row : row * dims[1] + col;
                double value = sld_load_f64(m->dtype, (const char *)m->data + (size_t)at * size);
                add_at(dtype, data, (size_t)(j * rows + i), value);
            }
        }
    }
}

bool sld_tf_affine_bias(const sld_tf_affine *a, int64_t width, solder_dtype dtype, void *data)
{
    for (int s = 0; s < a->shift_count; s++) {
        const sld_tf_shift *shift = &a->shifts[s];
        const sld_value *v = shift->vector;
        size_t size = solder_dtype_size(v->dtype);
        for (int64_t j = 0; j < width; j++) {
            int64_t at = shift->scalar ? 0 : shift->col + j;
            add_at(dtype, data, (size_t)j,
                   sld_load_f64(v->dtype, (const char *)v->data + (size_t)at * size));
        }
    }
    return a->shift_count > 0;
}

/* ---- folding ---- */

/* All inputs constant: their bytes together. */
static bool constant_inputs(const sld_node *node, size_t *bytes)
{
    *bytes = 0;
    for (uint32_t i = 0; i < node->in_count; i++) {
        const sld_value *value = node->in[i].value;
        if (value != NULL &&
            (!sld_value_is_constant(value) || !sld_size_add(*bytes, value->data_size, bytes))) {
            return false;
        }
    }
    return node->in_count > 0;
}

#define FOLD_SLACK 4096

static bool output_fits(const sld_graph *graph, const sld_node *node, size_t room)
{
    int64_t dims[SOLDER_MAX_RANK];
    size_t bytes;
    for (uint32_t i = 0; i < node->out_count; i++) {
        const sld_value *value = node->out[i];
        if (!sld_value_static_dims(graph, value, dims) ||
            !sld_dims_bytes(dims, value->shape.rank, value->dtype, &bytes) ||
            bytes > room + FOLD_SLACK) {
            return false;
        }
    }
    return true;
}

solder_status sld_tf_fold_constants(sld_graph *graph, sld_arena *arena)
{
    for (sld_node *node = graph->first; node != NULL; node = node->next) {
        size_t room;
        sld_tensor results[SLD_MAX_OUTPUTS];
        if (!constant_inputs(node, &room) || !output_fits(graph, node, room)) {
            continue;
        }
        SLD_TRY(sld_node_evaluate(graph, node, arena, results));
        for (uint32_t i = 0; i < node->out_count; i++) {
            sld_value *constant;
            SLD_TRY(sld_graph_add_constant(graph, NULL, results[i].dtype, results[i].rank,
                                           results[i].dim, results[i].data, true, &constant));
            SLD_TRY(sld_graph_replace(graph, node->out[i], constant));
        }
    }
    return SOLDER_OK;
}
