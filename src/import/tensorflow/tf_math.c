/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise operators, in the layout their inputs have. */
#include <math.h>

#include "import/tensorflow/tf_ops.h"

/* The form to compute x in. */
static sld_value *one_form(sld_tf_node *node, uint32_t index, bool *first)
{
    sld_tf_tensor *t = sld_tf_in(node, index);
    *first = t->first != NULL;
    return *first ? sld_tf_first(node, t) : sld_tf_plain(node, t);
}

/* An operand of lower rank in the first form of rank `rank`, to broadcast against it. */
static sld_value *lifted(sld_tf_node *node, sld_tf_tensor *t, int rank)
{
    int own = sld_tf_rank(t);
    if (own == rank) {
        return sld_tf_first(node, t);
    }
    sld_value *x = sld_tf_plain(node, t);
    int64_t last = 1;
    if (own == 0 || (own == 1 && sld_tf_dim(node, t, 0, &last) && last == 1)) {
        return x;
    }
    if (own == 1) {
        return sld_tf_unsqueeze(node, x, 1, rank - 2);
    }
    sld_tf_tensor wide = {.plain = sld_tf_unsqueeze(node, x, 0, rank - own)};
    return sld_tf_first(node, &wide);
}

/* Inputs begin..begin + count - 1 in one layout; true if it is the first form. */
static bool together(sld_tf_node *node, uint32_t begin, uint32_t count, sld_value **values)
{
    int rank = 0;
    for (uint32_t i = 0; i < count; i++) {
        int own = sld_tf_rank(sld_tf_in(node, begin + i));
        rank = own > rank ? own : rank;
    }
    bool first = false;
    for (uint32_t i = 0; i < count; i++) {
        const sld_tf_tensor *t = sld_tf_in(node, begin + i);
        first = first || (t->first != NULL && sld_tf_rank(t) == rank);
    }
    for (uint32_t i = 0; i < count; i++) {
        sld_tf_tensor *t = sld_tf_in(node, begin + i);
        values[i] = first && sld_tf_ok(node) ? lifted(node, t, rank) : sld_tf_plain(node, t);
    }
    return first;
}

void sld_tf_unaries(sld_tf_node *node, int kind)
{
    bool first;
    sld_value *x = one_form(node, 0, &first);
    sld_tf_set_form(node, 0, sld_tf_unary(node, kind, x), first);
}

void sld_tf_is_inf(sld_tf_node *node, int finite)
{
    bool first;
    sld_value *x = one_form(node, 0, &first);
    const sld_unary_params params = {.kind = SLD_UNARY_IS_INF, .flags = 3};
    sld_value *y = sld_tf_emit(node, SLD_OP_UNARY, &params, &x, 1);
    if (finite) {
        y = sld_tf_binary(node, SLD_BINARY_OR, y, sld_tf_unary(node, SLD_UNARY_IS_NAN, x));
        y = sld_tf_unary(node, SLD_UNARY_NOT, y);
    }
    sld_tf_set_form(node, 0, y, first);
}

void sld_tf_erfc(sld_tf_node *node, int told)
{
    (void)told;
    bool first;
    sld_value *x = one_form(node, 0, &first);
    sld_value *one = x != NULL ? sld_tf_scalar(node, x->dtype, 1) : NULL;
    sld_value *erf = sld_tf_unary(node, SLD_UNARY_ERF, x);
    sld_tf_set_form(node, 0, sld_tf_binary(node, SLD_BINARY_SUB, one, erf), first);
}

void sld_tf_activations(sld_tf_node *node, int kind)
{
    float alpha = 1, beta = 1;
    bool first;
    sld_value *x = one_form(node, 0, &first);
    if (kind == SLD_ACT_LEAKY_RELU) {
        alpha = sld_tf_float(node, "alpha", 0.2f);
    } else if (kind == SLD_ACT_CLIP) { /* Relu6 */
        alpha = 0;
        beta = 6;
    } else if (kind == SLD_ACT_SELU) {
        alpha = 1.67326324f;
        beta = 1.05070099f;
    }
    if (kind == SLD_ACT_RELU && x != NULL && !sld_dtype_is_float(x->dtype)) {
        sld_value *zero = sld_tf_scalar(node, x->dtype, 0);
        sld_tf_set_form(node, 0, sld_tf_binary(node, SLD_BINARY_MAX, x, zero), first);
        return;
    }
    sld_tf_set_form(node, 0, sld_tf_activation(node, kind, alpha, beta, x), first);
}

void sld_tf_binaries(sld_tf_node *node, int kind)
{
    sld_value *in[2];
    bool first = together(node, 0, 2, in);
    sld_tf_set_form(node, 0, sld_tf_binary(node, kind, in[0], in[1]), first);
}

/* a / b, 0 where b is 0 */
void sld_tf_div_no_nan(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *in[2];
    bool first = together(node, 0, 2, in);
    sld_value *zero = in[1] != NULL ? sld_tf_scalar(node, in[1]->dtype, 0) : NULL;
    sld_value *bad = sld_tf_binary(node, SLD_BINARY_EQUAL, in[1], zero);
    sld_value *y = sld_tf_binary(node, SLD_BINARY_DIV, in[0], in[1]);
    sld_tf_set_form(node, 0, sld_tf_select(node, bad, zero, y), first);
}

void sld_tf_add_n(sld_tf_node *node, int told)
{
    (void)told;
    sld_value **in = sld_arena_array(&node->tf->arena, node->in_count, sizeof *in);
    if (in == NULL || node->in_count == 0) {
        sld_tf_fail(node, in == NULL ? SOLDER_ERROR_MEMORY : SOLDER_ERROR_DATA, "no inputs");
        return;
    }
    bool first = together(node, 0, node->in_count, in);
    sld_value *sum = in[0];
    for (uint32_t i = 1; i < node->in_count; i++) {
        sum = sld_tf_binary(node, SLD_BINARY_SUM, sum, in[i]);
    }
    node->in_read = UINT64_MAX;
    sld_tf_set_form(node, 0, sum, first);
}

/* Select's condition may be a vector along the first axis. */
void sld_tf_selects(sld_tf_node *node, int broadcasts)
{
    sld_value *in[3];
    if (broadcasts) {
        bool first = together(node, 0, 3, in);
        sld_tf_set_form(node, 0, sld_tf_select(node, in[0], in[1], in[2]), first);
        return;
    }
    sld_tf_tensor *condition = sld_tf_in(node, 0);
    int rank = sld_tf_rank(sld_tf_in(node, 1));
    bool first = together(node, 1, 2, in + 1);
    if (sld_tf_rank(condition) == rank && rank > 1) {
        in[0] = first ? sld_tf_first(node, condition) : sld_tf_plain(node, condition);
    } else {
        in[0] = sld_tf_plain(node, condition);
        if (sld_tf_rank(condition) == 1 && rank > 0) {
            in[0] = sld_tf_column(node, in[0], in[1], 0, rank);
        }
    }
    sld_tf_set_form(node, 0, sld_tf_select(node, in[0], in[1], in[2]), first);
}

void sld_tf_clip(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *in[3];
    bool first = together(node, 0, 3, in);
    sld_value *y = sld_tf_binary(node, SLD_BINARY_MIN, in[0], in[2]);
    sld_tf_set_form(node, 0, sld_tf_binary(node, SLD_BINARY_MAX, y, in[1]), first);
}

void sld_tf_casts(sld_tf_node *node, int told)
{
    (void)told;
    bool first;
    sld_value *x = one_form(node, 0, &first);
    solder_dtype to = sld_tf_type(node, "DstT", SOLDER_F32);
    (void)sld_tf_bool(node, "Truncate", false);
    if (!sld_tf_ok(node)) {
        return;
    }
    if (x->dtype == to) {
        node->out[0] = node->in[0];
        return;
    }
    sld_tf_set_form(node, 0, sld_tf_cast(node, to, x), first);
}

enum { GUARD_DIV = 0, GUARD_LOG, GUARD_LOG1P, GUARD_MUL };

/* 0 where one operand is, whatever the other: Xdivy, Xlogy, Xlog1py look at x, MulNoNan at y. */
void sld_tf_guarded(sld_tf_node *node, int told)
{
    sld_value *in[2];
    bool first = together(node, 0, 2, in);
    if (!sld_tf_ok(node)) {
        return;
    }
    sld_value *zero = sld_tf_scalar(node, in[0]->dtype, 0), *y = in[1];
    if (told == GUARD_LOG || told == GUARD_LOG1P) {
        y = sld_tf_unary(node, told == GUARD_LOG ? SLD_UNARY_LOG : SLD_UNARY_LOG1P, y);
    }
    int kind = told == GUARD_DIV ? SLD_BINARY_DIV : SLD_BINARY_PROD;
    sld_value *guard =
        sld_tf_binary(node, SLD_BINARY_EQUAL, told == GUARD_MUL ? in[1] : in[0], zero);
    y = sld_tf_select(node, guard, zero, sld_tf_binary(node, kind, in[0], y));
    sld_tf_set_form(node, 0, y, first);
}

void sld_tf_approximate_equal(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *in[2];
    bool first = together(node, 0, 2, in);
    float tolerance = sld_tf_float(node, "tolerance", 1e-5f);
    if (!sld_tf_ok(node)) {
        return;
    }
    sld_value *distance =
        sld_tf_unary(node, SLD_UNARY_ABS, sld_tf_binary(node, SLD_BINARY_SUB, in[0], in[1]));
    sld_value *limit = sld_tf_scalar(node, in[0]->dtype, (double)tolerance);
    sld_tf_set_form(node, 0, sld_tf_binary(node, SLD_BINARY_LESS, distance, limit), first);
}

#define MAX_LINE ((int64_t)1 << 20)

/* Known ends and count: a constant, computed as TensorFlow does. */
void sld_tf_lin_space(sld_tf_node *node, int told)
{
    (void)told;
    const sld_value *begin = sld_tf_input(node, 0);
    double start = sld_tf_constant_real(node, 0, "start");
    double stop = sld_tf_constant_real(node, 1, "stop");
    int64_t count = sld_tf_constant_int(node, 2, "num");
    if (!sld_tf_ok(node)) {
        return;
    }
    if (count < 1 || count > MAX_LINE) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "num is %lld", (long long)count);
        return;
    }
    float *line = sld_arena_array(&node->tf->arena, (size_t)count, sizeof *line);
    if (line == NULL) {
        node->status = sld_fail_memory(node->tf->diag, (size_t)count);
        return;
    }
    float step = count > 1 ? ((float)stop - (float)start) / (float)(count - 1) : 0;
    for (int64_t i = 0; i < count; i++) {
        line[i] = (float)start + step * (float)i;
    }
    line[count - 1] = count > 1 ? (float)stop : line[0];
    sld_value *value = sld_tf_constant(node, SOLDER_F32, 1, &count, line);
    sld_tf_set(node, 0, sld_tf_cast(node, begin->dtype, value));
}
