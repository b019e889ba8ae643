/* SPDX-License-Identifier: Apache-2.0 */
/* Element by element: activations, Power, Exp, Log, Eltwise, and layers that pass through. */
#include <math.h>

#include "import/caffe/caffe.h"

solder_status sld_caffe_pass(sld_caffe *c, sld_caffe_layer *l)
{
    (void)c;
    for (size_t i = 0; i < l->p->n_top; i++) {
        sld_caffe_out(l, i, sld_caffe_in(l, 0));
    }
    return SOLDER_OK;
}

/* A layer may be pinned to the training phase: then it behaves otherwise. */
const char *sld_caffe_refuse_train(const sld_caffe_layer *l)
{
    return l->p->has_phase && l->p->phase == CAFFE__PHASE__TRAIN ? "phase: TRAIN" : NULL;
}

static solder_status multiply(sld_caffe *c, sld_caffe_layer *l, sld_value *x, float by,
                              sld_value **out)
{
    sld_value *number;
    SLD_TRY(sld_caffe_scalar(c, l, by, &number));
    return sld_caffe_binary(c, l, SLD_BINARY_PROD, x, number, out);
}

/* scale * x + shift, leaving out what does nothing. */
static solder_status affine(sld_caffe *c, sld_caffe_layer *l, sld_value *x, const float by[2],
                            sld_value **out)
{
    *out = x;
    if (by[0] != 1) {
        SLD_TRY(multiply(c, l, *out, by[0], out));
    }
    if (by[1] != 0) {
        sld_value *shift;
        SLD_TRY(sld_caffe_scalar(c, l, by[1], &shift));
        SLD_TRY(sld_caffe_binary(c, l, SLD_BINARY_SUM, *out, shift, out));
    }
    return SOLDER_OK;
}

solder_status sld_caffe_dropout(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__DropoutParameter *p = l->param;
    if (p->scale_train) {
        return sld_caffe_pass(c, l);
    }
    sld_value *y;
    SLD_TRY(multiply(c, l, sld_caffe_in(l, 0), 1 - p->dropout_ratio, &y));
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

/* ---- activations ---- */

static solder_status clip_range(const sld_caffe *c, const sld_caffe_layer *l,
                                sld_activation_params *params)
{
    const Caffe__ClipParameter *p = l->param;
    if (!p->has_min || !p->has_max) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "needs clip_param { min max }");
    }
    params->kind = SLD_ACT_CLIP;
    params->alpha = p->min;
    params->beta = p->max;
    return SOLDER_OK;
}

static solder_status choose_activation(const sld_caffe *c, const sld_caffe_layer *l,
                                       sld_activation_params *params)
{
    static const struct {
        const char *type;
        sld_act kind;
    } kinds[] = {{"BNLL", SLD_ACT_SOFTPLUS},   {"ELU", SLD_ACT_ELU},
                 {"ReLU", SLD_ACT_RELU},       {"ReLU6", SLD_ACT_CLIP},
                 {"Sigmoid", SLD_ACT_SIGMOID}, {"Swish", SLD_ACT_SWISH},
                 {"TanH", SLD_ACT_TANH},       {"Threshold", SLD_ACT_THRESHOLD}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(kinds); i++) {
        if (strcmp(kinds[i].type, l->type) == 0) {
            params->kind = (int32_t)kinds[i].kind;
        }
    }
    switch ((sld_act)params->kind) {
    case SLD_ACT_ELU:
        params->alpha = ((const Caffe__ELUParameter *)l->param)->alpha;
        return SOLDER_OK;
    case SLD_ACT_RELU:
        params->alpha = ((const Caffe__ReLUParameter *)l->param)->negative_slope;
        params->kind = params->alpha != 0 ? SLD_ACT_LEAKY_RELU : SLD_ACT_RELU;
        return SOLDER_OK;
    case SLD_ACT_CLIP:
        params->alpha = 0;
        params->beta = ((const Caffe__ReLU6Parameter *)l->param)->threshold;
        return SOLDER_OK;
    case SLD_ACT_SWISH:
        params->alpha = ((const Caffe__SwishParameter *)l->param)->beta;
        return SOLDER_OK;
    case SLD_ACT_THRESHOLD:
        params->alpha = ((const Caffe__ThresholdParameter *)l->param)->threshold;
        return SOLDER_OK;
    default:
        return params->kind == SLD_ACT_NONE ? clip_range(c, l, params) : SOLDER_OK;
    }
}

solder_status sld_caffe_activation(sld_caffe *c, sld_caffe_layer *l)
{
    sld_value *x = sld_caffe_in(l, 0), *y;
    if (strcmp(l->type, "AbsVal") == 0) {
        sld_unary_params unary;
        sld_op_defaults(SLD_OP_UNARY, &unary);
        unary.kind = SLD_UNARY_ABS;
        SLD_TRY(sld_caffe_add(c, l, SLD_OP_UNARY, &unary, &x, 1, &y));
    } else {
        sld_activation_params params;
        sld_op_defaults(SLD_OP_ACTIVATION, &params);
        params.kind = SLD_ACT_NONE;
        SLD_TRY(choose_activation(c, l, &params));
        SLD_TRY(sld_caffe_add(c, l, SLD_OP_ACTIVATION, &params, &x, 1, &y));
    }
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

/* One slope per channel (axis 1), or one for all. */
solder_status sld_caffe_prelu(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__PReLUParameter *p = l->param;
    sld_value *in[2] = {sld_caffe_in(l, 0)}, *y;
    sld_caffe_want want = {.what = "slope", .fill = SLD_CAFFE_FILL_SLOPE};
    int rank = in[0]->shape.rank;
    if (!p->channel_shared) {
        want.rank = 1;
        SLD_TRY(sld_caffe_dim(c, l, in[0], 1, &want.dims[0]));
    }
    const float *data;
    SLD_TRY(sld_caffe_load(c, l, &want, &data));
    if (!p->channel_shared) { /* slopes broadcast from the right */
        want.rank = rank - 1;
        for (int i = 1; i < want.rank; i++) {
            want.dims[i] = 1;
        }
    }
    SLD_TRY(sld_caffe_constant(c, l, &want, data, &in[1]));
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_PRELU, NULL, in, 2, &y));
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

/* ---- (shift + scale x)^power, base^(shift + scale x), log_base(shift + scale x) ---- */

solder_status sld_caffe_power(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__PowerParameter *p = l->param;
    sld_value *y, *exponent;
    SLD_TRY(affine(c, l, sld_caffe_in(l, 0), (float[]){p->scale, p->shift}, &y));
    if (p->power != 1) {
        SLD_TRY(sld_caffe_scalar(c, l, p->power, &exponent));
        SLD_TRY(sld_caffe_binary(c, l, SLD_BINARY_POW, y, exponent, &y));
    }
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

/* ln(base); base -1 stands for e. */
static solder_status log_base(const sld_caffe *c, const sld_caffe_layer *l, float base,
                              double *result)
{
    if (base != -1 && !(base > 0)) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "base %g is not positive", (double)base);
    }
    *result = base == -1 ? 1 : log((double)base);
    return SOLDER_OK;
}

static solder_status unary(sld_caffe *c, sld_caffe_layer *l, sld_unary kind, sld_value *x,
                           sld_value **out)
{
    sld_unary_params params;
    sld_op_defaults(SLD_OP_UNARY, &params);
    params.kind = (int32_t)kind;
    return sld_caffe_add(c, l, SLD_OP_UNARY, &params, &x, 1, out);
}

solder_status sld_caffe_exp(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__ExpParameter *p = l->param;
    double ln = 1;
    SLD_TRY(log_base(c, l, p->base_, &ln));
    sld_value *y;
    float by[] = {(float)(ln * (double)p->scale), (float)(ln * (double)p->shift)};
    SLD_TRY(affine(c, l, sld_caffe_in(l, 0), by, &y));
    SLD_TRY(unary(c, l, SLD_UNARY_EXP, y, &y));
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

solder_status sld_caffe_log(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__LogParameter *p = l->param;
    double ln = 1;
    SLD_TRY(log_base(c, l, p->base_, &ln));
    if (ln == 0) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "base 1 has no logarithm");
    }
    sld_value *y;
    SLD_TRY(affine(c, l, sld_caffe_in(l, 0), (float[]){p->scale, p->shift}, &y));
    SLD_TRY(unary(c, l, SLD_UNARY_LOG, y, &y));
    SLD_TRY(affine(c, l, y, (float[]){(float)(1 / ln), 0}, &y));
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

/* ---- Eltwise ---- */

/* Caffe does not broadcast: what would is a mistake in the model. */
static solder_status check_shapes(const sld_caffe *c, const sld_caffe_layer *l)
{
    const sld_shape *first = &sld_caffe_in(l, 0)->shape;
    for (size_t i = 1; i < l->p->n_bottom; i++) {
        const sld_shape *shape = &sld_caffe_in(l, i)->shape;
        bool same = shape->rank == first->rank;
        for (int d = 0; same && d < shape->rank; d++) {
            int64_t a, b;
            same = !sld_expr_is_const(&c->graph->exprs, first->d[d], &a) ||
                   !sld_expr_is_const(&c->graph->exprs, shape->d[d], &b) || a == b;
        }
        if (!same) {
            return sld_caffe_fail(c, l, SOLDER_ERROR_DATA,
                                  "its bottoms '%s' and '%s' differ in shape", l->p->bottom[0],
                                  l->p->bottom[i]);
        }
    }
    return SOLDER_OK;
}

/* a + coeff * b; a NULL: the first. */
static solder_status accumulate(sld_caffe *c, sld_caffe_layer *l, sld_value *a, float coeff,
                                sld_value **b)
{
    if (a != NULL && coeff == -1) {
        return sld_caffe_binary(c, l, SLD_BINARY_SUB, a, *b, b);
    }
    if (coeff != 1) {
        SLD_TRY(multiply(c, l, *b, coeff, b));
    }
    return a != NULL ? sld_caffe_binary(c, l, SLD_BINARY_SUM, a, *b, b) : SOLDER_OK;
}

solder_status sld_caffe_eltwise(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__EltwiseParameter *p = l->param;
    bool sum = p->operation == CAFFE__ELTWISE_PARAMETER__ELTWISE_OP__SUM;
    sld_binary kind = p->operation == CAFFE__ELTWISE_PARAMETER__ELTWISE_OP__PROD ? SLD_BINARY_PROD
                                                                                 : SLD_BINARY_MAX;
    if (p->n_coeff > 0 && (!sum || p->n_coeff != l->p->n_bottom)) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA,
                              sum ? "%zu coeff for %zu bottoms"
                                  : "coeff is for SUM only (%zu coeff, %zu bottoms)",
                              p->n_coeff, l->p->n_bottom);
    }
    SLD_TRY(check_shapes(c, l));
    sld_value *y = NULL;
    for (size_t i = 0; i < l->p->n_bottom; i++) {
        sld_value *x = sld_caffe_in(l, i);
        if (sum) {
            SLD_TRY(accumulate(c, l, y, p->n_coeff > 0 ? p->coeff[i] : 1, &x));
            y = x;
        } else if (y == NULL) {
            y = x;
        } else {
            SLD_TRY(sld_caffe_binary(c, l, kind, y, x, &y));
        }
    }
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}
