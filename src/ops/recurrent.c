/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/recurrent.h"

const char *const sld_direction_names[SLD_DIRECTION_COUNT] = {"forward", "reverse",
                                                              "bidirectional"};

/* Input index, if given, has these dims as far as they are known. */
static solder_status check_dims(const sld_infer *infer, uint32_t index, const char *what, int rank,
                                const sld_dim *dims)
{
    if (!sld_infer_has(infer, index)) {
        return SOLDER_OK;
    }
    SLD_TRY(sld_infer_rank(infer, index, rank, rank));
    for (int i = 0; i < rank; i++) {
        sld_dim given = infer->in[index].shape.d[i];
        if (!sld_nn_dims_agree(infer, given, dims[i])) {
            char have[64];
            char need[64];
            sld_expr_print(infer->exprs, given, have, sizeof have);
            sld_expr_print(infer->exprs, dims[i], need, sizeof need);
            return sld_infer_fail(infer, SOLDER_ERROR_DATA, "%s has %s in dimension %d, needs %s",
                                  what, have, i, need);
        }
    }
    return SOLDER_OK;
}

static solder_status check_activations(const sld_infer *infer, const char *role,
                                       const int32_t *kinds)
{
    for (int i = 0; i < 2; i++) {
        if (kinds[i] < 0 || kinds[i] >= SLD_ACT_COUNT) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA, "%s[%d] %d is unknown", role, i,
                                  (int)kinds[i]);
        }
    }
    return SOLDER_OK;
}

static solder_status check_params(const sld_infer *infer, sld_recurrent_params *p)
{
    if (p->direction < 0 || p->direction >= SLD_DIRECTION_COUNT) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "direction %d is unknown",
                              (int)p->direction);
    }
    SLD_TRY(check_activations(infer, "f", p->f));
    SLD_TRY(check_activations(infer, "g", p->g));
    SLD_TRY(check_activations(infer, "h", p->h));
    if (!(p->clip >= 0.0f) || !(p->cell_clip >= 0.0f)) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "clip is %g, must be at least 0",
                              (double)(p->clip >= 0.0f ? p->cell_clip : p->clip));
    }
    int64_t hidden;
    bool projects = sld_infer_has(infer, SLD_RECURRENT_PROJECTION);
    uint32_t columns = projects ? SLD_RECURRENT_PROJECTION : SLD_RECURRENT_R;
    if (p->hidden == 0 && sld_infer_dim(infer, columns, 2, &hidden) && hidden <= INT32_MAX) {
        p->hidden = (int32_t)hidden;
    }
    if (p->hidden < 1 || p->hidden > 1 << 26) {
        return sld_infer_fail(infer, SOLDER_ERROR_DATA, "hidden is %d, must lie in [1, 2^26]",
                              (int)p->hidden);
    }
    return SOLDER_OK;
}

static solder_status check_types(const sld_infer *infer)
{
    SLD_TRY(sld_nn_float(infer, 0));
    for (uint32_t i = 1; i < infer->in_count; i++) {
        if (i != SLD_RECURRENT_LENGTHS) {
            SLD_TRY(sld_nn_same_dtype(infer, i));
        } else if (sld_infer_has(infer, i) && !sld_dtype_is_integer(infer->in[i].dtype)) {
            return sld_infer_fail(infer, SOLDER_ERROR_DATA, "lengths are %s, need an integer type",
                                  solder_dtype_name(infer->in[i].dtype));
        }
    }
    return SOLDER_OK;
}

solder_status sld_recurrent_infer(sld_infer *infer, int gates)
{
    sld_recurrent_params *p = infer->params;
    sld_expr_table *t = infer->exprs;
    SLD_TRY(check_types(infer));
    for (uint32_t i = 0; i < 3; i++) {
        SLD_TRY(sld_infer_rank(infer, i, 3, 3));
    }
    bool projects = sld_infer_has(infer, SLD_RECURRENT_PROJECTION);
    if (projects) {
        SLD_TRY(sld_infer_rank(infer, SLD_RECURRENT_PROJECTION, 3, 3));
    }
    SLD_TRY(check_params(infer, p));
    const sld_dim *x = infer->in[0].shape.d;
    int64_t rows = (int64_t)gates * p->hidden;
    sld_dim d = sld_expr_const(t, p->direction == SLD_DIRECTION_BIDIRECTIONAL ? 2 : 1);
    sld_dim hidden = sld_expr_const(t, p->hidden);
    sld_dim all = sld_expr_const(t, rows);
    sld_dim outputs = projects ? infer->in[SLD_RECURRENT_PROJECTION].shape.d[1] : hidden;
    sld_shape state = {.rank = 3, .d = {d, x[1], outputs}};
    sld_shape cell = {.rank = 3, .d = {d, x[1], hidden}};
    SLD_TRY(check_dims(infer, SLD_RECURRENT_W, "w", 3, (sld_dim[]){d, all, x[2]}));
    SLD_TRY(check_dims(infer, SLD_RECURRENT_R, "r", 3, (sld_dim[]){d, all, outputs}));
    SLD_TRY(check_dims(infer, SLD_RECURRENT_BIAS, "bias", 2,
                       (sld_dim[]){d, sld_expr_const(t, 2 * rows)}));
    SLD_TRY(check_dims(infer, SLD_RECURRENT_LENGTHS, "lengths", 1, &x[1]));
    SLD_TRY(check_dims(infer, SLD_RECURRENT_H, "initial h", 3, state.d));
    SLD_TRY(check_dims(infer, SLD_RECURRENT_C, "initial c", 3, cell.d));
    SLD_TRY(check_dims(infer, SLD_RECURRENT_PEEPHOLES, "peepholes", 2,
                       (sld_dim[]){d, sld_expr_const(t, 3 * (int64_t)p->hidden)}));
    SLD_TRY(check_dims(infer, SLD_RECURRENT_PROJECTION, "projection", 3,
                       (sld_dim[]){d, outputs, hidden}));
    sld_shape y = {.rank = 4, .d = {x[0], d, x[1], outputs}};
    sld_infer_set(infer, 0, infer->in[0].dtype, &y);
    for (uint32_t i = 1; i < infer->out_count; i++) {
        sld_infer_set(infer, i, infer->in[0].dtype, i == 1 ? &state : &cell);
    }
    return SOLDER_OK;
}
