/* SPDX-License-Identifier: Apache-2.0 */
/* Padding. */
#include "import/tensorflow/tf_affine.h"
#include "import/tensorflow/tf_ops.h"

static void remember_padding(sld_tf_node *node, sld_value *x, const sld_pad_params *p, int rank)
{
    bool plain_zeros = p->kind == SLD_PADDING_CONSTANT && p->value == 0 && p->begin[0] == 0 &&
                       p->end[0] == 0 && p->begin[1] == 0 && p->end[1] == 0 && rank <= 5;
    if (!sld_tf_ok(node) || !plain_zeros) {
        return;
    }
    sld_tf_tensor *out = node->out[0];
    for (int i = 2; i < rank; i++) {
        if (p->begin[i] > 1 << 20 || p->end[i] > 1 << 20) {
            return;
        }
        out->pad_begin[i - 2] = (int32_t)p->begin[i];
        out->pad_end[i - 2] = (int32_t)p->end[i];
    }
    out->unpadded = x;
}

/* Its elements as a list: what it was reshaped from, whose contents are known better. */
static sld_value *listed(sld_tf_node *node, sld_value *x)
{
    const sld_node *reshape = sld_tf_producer(x, SLD_OP_RESHAPE);
    sld_value *from = reshape != NULL ? sld_node_in(reshape, 0) : NULL;
    return from != NULL && from->shape.rank == 1
               ? from
               : sld_tf_reshape(node, (const int64_t[]){-1}, 1, x);
}

/* Adds to begin and end what some rows [n, 2] say. */
static void add_rows(sld_tf_node *node, sld_value *rows, int count, sld_value **begin,
                     sld_value **end)
{
    sld_value *list = count == 1 ? listed(node, rows) : NULL;
    for (int i = 0; i < count && sld_tf_ok(node); i++) {
        sld_value *one = list != NULL ? list : listed(node, sld_tf_slice(node, rows, 0, i, i + 1));
        begin[i] = sld_tf_slice(node, one, 0, 0, 1);
        end[i] = sld_tf_slice(node, one, 0, 1, 2);
    }
}

static bool is_column(const sld_tf_node *node, const sld_value *x)
{
    int64_t columns;
    return x->shape.rank == 2 &&
           sld_expr_is_const(&node->tf->graph->exprs, x->shape.d[1], &columns) && columns == 1;
}

/*
 * i64 [2 * rank] as the operator takes it, what goes before every axis and then what goes behind.
 * Rows or columns put together for this are taken apart again: contents are followed through lists.
 */
static sld_value *late_pads(sld_tf_node *node, sld_value *pads, int rank)
{
    sld_value *side[2 * SOLDER_MAX_RANK];
    const sld_node *concat = sld_tf_producer(pads, SLD_OP_CONCAT);
    const sld_concat_params *p = concat != NULL ? concat->params : NULL;
    if (p != NULL && p->axis == 1 && concat->in_count == 2 &&
        is_column(node, sld_node_in(concat, 0)) && is_column(node, sld_node_in(concat, 1))) {
        side[0] = listed(node, sld_node_in(concat, 0));
        side[1] = listed(node, sld_node_in(concat, 1));
        return sld_tf_cast(node, SOLDER_I64, sld_tf_concat(node, side, 2, 0));
    }
    int done = 0;
    for (uint32_t i = 0; p != NULL && p->axis == 0 && i < concat->in_count; i++) {
        sld_value *rows = sld_node_in(concat, i);
        int64_t count;
        if (!sld_expr_is_const(&node->tf->graph->exprs, rows->shape.d[0], &count) ||
            count > rank - done) {
            break;
        }
        add_rows(node, rows, (int)count, side + done, side + rank + done);
        done += (int)count;
    }
    if (done < rank) {
        add_rows(node, pads, rank, side, side + rank);
    }
    return sld_tf_cast(node, SOLDER_I64, sld_tf_concat(node, side, (uint32_t)(2 * rank), 0));
}

static void pad_late(sld_tf_node *node, sld_tf_tensor *t, sld_value *pads,
                     const sld_pad_params *params)
{
    int rank = sld_tf_rank(t);
    int64_t rows, columns;
    const sld_expr_table *exprs = &node->tf->graph->exprs;
    if (pads->shape.rank != 2 || !sld_expr_is_const(exprs, pads->shape.d[0], &rows) ||
        rows != rank || !sld_expr_is_const(exprs, pads->shape.d[1], &columns) || columns != 2) {
        sld_tf_unsupported(node, "paddings of an open number, or that are not [%d, 2]", rank);
        return;
    }
    sld_value *in[2] = {sld_tf_plain(node, t),
                        rank > 0 ? late_pads(node, pads, rank) : sld_tf_vector(node, NULL, 0)};
    sld_tf_set(node, 0, sld_tf_emit(node, SLD_OP_PAD, params, in, 2));
}

/* told is an sld_pad_kind, or -1: the attribute says. */
void sld_tf_pad(sld_tf_node *node, int told)
{
    static const char *const modes[] = {"REFLECT", "SYMMETRIC"};
    sld_tf_tensor *t = sld_tf_in(node, 0);
    sld_value *pads = sld_tf_input(node, 1);
    int rank = sld_tf_rank(t);
    sld_pad_params params = {.kind = told};
    if (told < 0) {
        params.kind = sld_tf_choice(node, "mode", modes, 2, 0) == 0 ? SLD_PADDING_REFLECT
                                                                    : SLD_PADDING_SYMMETRIC;
    }
    if (node->in_count > 2) {
        params.value = sld_tf_constant_real(node, 2, "the value");
    }
    if (!sld_tf_ok(node)) {
        return;
    }
    size_t size = solder_dtype_size(pads->dtype);
    if (!sld_value_is_constant(pads)) {
        pad_late(node, t, pads, &params);
        return;
    }
    if (pads->data_size != 2 * (size_t)rank * size) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "paddings have the wrong shape");
        return;
    }
    /* Before a convolution the first form will be wanted anyway. */
    bool first = t->first != NULL || rank == 4;
    for (int i = 0; i < rank; i++) {
        const char *pair = (const char *)pads->data + 2 * (size_t)i * size;
        int at = first ? sld_tf_first_axis(i, rank) : i;
        params.begin[at] = sld_load_i64(pads->dtype, pair);
        params.end[at] = sld_load_i64(pads->dtype, pair + size);
    }
    sld_value *x = first ? sld_tf_first(node, t) : sld_tf_plain(node, t);
    sld_tf_set_form(node, 0, sld_tf_emit(node, SLD_OP_PAD, &params, &x, 1), first);
    if (first) {
        remember_padding(node, x, &params, rank);
    }
}
