/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the call of a plugin must satisfy. A plan's bytes are not trusted, and a plugin may have
 * changed since the plan was built: operands are held to its tables, and its infer is asked again,
 * with the numbers the dims have now. Numbers need no table of expressions, so nothing is
 * allocated.
 */
#include "kernels/call_check.h"
#include "plugin/plugin.h"

enum { MAX_NUMBERS = 1024 };

typedef struct asking {
    solder_plugin_infer call;
    const sld_run *run;
    int64_t numbers[MAX_NUMBERS]; /* a solder_expr is an index */
    int32_t count;
    bool blind; /* something known when building is not known here */
    solder_infer_input in[SLD_MAX_INPUTS];
    solder_infer_output out[SLD_MAX_OUTPUTS];
} asking;

/* ---- expressions that are numbers ---- */

static solder_expr add_number(asking *a, int64_t value)
{
    if (a->count == MAX_NUMBERS) {
        return SOLDER_EXPR_NONE;
    }
    a->numbers[a->count] = value;
    return a->count++;
}

static bool get_number(const asking *a, solder_expr e, int64_t *value)
{
    if (e < 0 || e >= a->count) {
        return false;
    }
    *value = a->numbers[e];
    return true;
}

static solder_expr make_constant(const solder_plugin_infer *i, int64_t value)
{
    return add_number(i->internal, value);
}

static bool divide(solder_expr_op op, int64_t a, int64_t b, int64_t *out)
{
    if (b == 0 || (a == INT64_MIN && b == -1)) {
        return false;
    }
    int64_t floor = a / b - (a % b != 0 && (a < 0) != (b < 0));
    *out = op == SOLDER_EXPR_FLOOR_DIV  ? floor
           : op == SOLDER_EXPR_CEIL_DIV ? floor + (a % b != 0)
                                        : a - floor * b;
    return true;
}

static bool compute(solder_expr_op op, int64_t a, int64_t b, int64_t *out)
{
    switch (op) {
    case SOLDER_EXPR_ADD:
        return sld_i64_add(a, b, out);
    case SOLDER_EXPR_SUB:
        return b != INT64_MIN && sld_i64_add(a, -b, out);
    case SOLDER_EXPR_MUL:
        return sld_i64_mul(a, b, out);
    case SOLDER_EXPR_MIN:
        *out = a < b ? a : b;
        return true;
    case SOLDER_EXPR_MAX:
        *out = a > b ? a : b;
        return true;
    case SOLDER_EXPR_FLOOR_DIV:
    case SOLDER_EXPR_CEIL_DIV:
    case SOLDER_EXPR_MOD:
        return divide(op, a, b, out);
    }
    return false;
}

static solder_expr combine(const solder_plugin_infer *i, solder_expr_op op, solder_expr a,
                           solder_expr b)
{
    asking *f = i->internal;
    int64_t x;
    int64_t y;
    int64_t value = 0;
    bool ok = get_number(f, a, &x) && get_number(f, b, &y) && compute(op, x, y, &value);
    return ok ? add_number(f, value) : SOLDER_EXPR_NONE;
}

static solder_expr make_late(const solder_plugin_infer *i, solder_expr bound)
{
    int64_t value;
    return get_number(i->internal, bound, &value) ? bound : SOLDER_EXPR_NONE;
}

static bool known(const solder_plugin_infer *i, solder_expr e, int64_t *value)
{
    int64_t number;
    if (!get_number(i->internal, e, &number)) {
        return false;
    }
    if (value != NULL) {
        *value = number;
    }
    return true;
}

static solder_expr element(const solder_plugin_infer *i, uint32_t input, uint32_t index)
{
    asking *a = i->internal;
    const sld_tensor *t = input < i->input_count ? &a->run->in[input] : NULL;
    if (t == NULL || !sld_tensor_present(t) || t->rank > 1 || sld_dtype_is_float(t->dtype)) {
        return SOLDER_EXPR_NONE;
    }
    if (a->in[input].data == NULL) {
        a->blind = true;
        return SOLDER_EXPR_NONE;
    }
    return index < (uint64_t)sld_tensor_count(t) ? add_number(a, sld_at_i64(t, (int64_t)index))
                                                 : SOLDER_EXPR_NONE;
}

static solder_status drop_text(const solder_plugin_infer *i, solder_status code, const char *text)
{
    (void)i;
    (void)text;
    return code != SOLDER_OK ? code : SOLDER_ERROR_INTERNAL;
}

/* ---- asking infer again ---- */

static void give_shape(asking *a, solder_dtype dtype, int rank, const int64_t *dims,
                       solder_infer_input *in)
{
    *in = (solder_infer_input){.dtype = dtype, .shape.rank = rank};
    for (int i = 0; i < rank; i++) {
        in->shape.d[i] = add_number(a, dims[i]);
    }
}

static void begin(asking *a, const sld_run *run)
{
    const sld_plugin_params *p = run->params;
    a->run = run;
    a->count = 0;
    a->blind = p->packed_count > 0;
    for (uint32_t i = 0; i < run->in_count; i++) {
        const sld_tensor *t = &run->in[i];
        give_shape(a, t->dtype, t->rank, t->dim, &a->in[i]);
        a->in[i].data = (t->flags & SLD_TENSOR_CONSTANT) != 0 ? t->data : NULL;
    }
    for (uint32_t i = 0; i < p->packed_count; i++) {
        const sld_plugin_packed *packed = &p->packed[i];
        give_shape(a, (solder_dtype)packed->dtype, packed->rank, packed->dim, &a->in[packed->slot]);
    }
    for (uint32_t i = 0; i < run->out_count; i++) {
        a->out[i] = (solder_infer_output){.dtype = run->out[i].dtype, .shape.rank = -1};
    }
    a->call = (solder_plugin_infer){.struct_size = sizeof a->call,
                                    .plugin = p->plugin,
                                    .node = p->node,
                                    .attributes = p->attributes,
                                    .inputs = a->in,
                                    .outputs = a->out,
                                    .input_count = run->in_count,
                                    .output_count = run->out_count,
                                    .internal = a,
                                    .constant = make_constant,
                                    .combine = combine,
                                    .data_dependent = make_late,
                                    .known = known,
                                    .element = element,
                                    .message = drop_text};
}

static bool same_shape(const asking *a, const solder_infer_output *out, const sld_tensor *t)
{
    if (out->dtype != t->dtype || out->shape.rank != t->rank) {
        return false;
    }
    for (int i = 0; i < t->rank; i++) {
        int64_t value;
        if (!get_number(a, out->shape.d[i], &value) || value != t->dim[i]) {
            return false;
        }
    }
    return true;
}

static const char *check_shapes(const sld_run *run)
{
    const sld_plugin_params *p = run->params;
    asking a;
    begin(&a, run);
    solder_status status = p->plugin->infer(&a.call);
    if (a.blind && status != SOLDER_OK) {
        return NULL;
    }
    SLD_CHECK(status == SOLDER_OK, "its plugin's infer refuses these inputs");
    for (uint32_t i = 0; i < run->out_count; i++) {
        SLD_CHECK(a.blind || !sld_tensor_present(&run->out[i]) ||
                      same_shape(&a, &a.out[i], &run->out[i]),
                  "an output has other dims than its plugin's infer says");
    }
    return NULL;
}

/* ---- operands ---- */

/* A view of something whose dims are not known yet has no strides either. */
static bool has_layout(const sld_tensor *t)
{
    for (int i = 0; i < t->rank; i++) {
        if (t->stride[i] != 0) {
            return true;
        }
    }
    return t->rank == 0;
}

static const char *check_operand(const solder_plugin_operand *o, const sld_tensor *t)
{
    SLD_CHECK(o != NULL, "has more operands than its plugin takes");
    if (!sld_tensor_present(t)) {
        SLD_CHECK((o->flags & SOLDER_OPERAND_OPTIONAL) != 0, "an operand is missing");
        return NULL;
    }
    SLD_CHECK((o->flags & SOLDER_OPERAND_STRIDED) != 0 || !has_layout(t) ||
                  sld_tensor_contiguous(t),
              "an operand has gaps, which its plugin does not take");
    return NULL;
}

static const char *check_packed(const sld_run *run, const sld_plugin_packed *packed)
{
    SLD_CHECK(packed->slot < run->in_count, "packs an input it does not have");
    const sld_tensor *t = &run->in[packed->slot];
    SLD_CHECK(t->dtype == SOLDER_U8 && t->rank == 1 && (t->flags & SLD_TENSOR_CONSTANT) != 0,
              "a packed input is not a constant of bytes");
    return NULL;
}

static const char *check_inputs(const sld_run *run, const sld_plugin_params *p)
{
    uint64_t is_packed = 0;
    for (uint32_t i = 0; i < p->packed_count; i++) {
        SLD_CHECK_TRY(check_packed(run, &p->packed[i]));
        is_packed |= UINT64_C(1) << p->packed[i].slot;
    }
    for (uint32_t i = 0; i < run->in_count; i++) {
        const sld_tensor *t = &run->in[i];
        const solder_plugin_operand *o = sld_plugin_input(p->plugin, i);
        SLD_CHECK_TRY(check_operand(o, t));
        SLD_CHECK((is_packed >> i & 1u) != 0 || !sld_tensor_present(t) ||
                      sld_plugin_takes(o, t->dtype),
                  "an input has a type its plugin does not take");
        SLD_CHECK((o->flags & SOLDER_OPERAND_CONSTANT) == 0 || !sld_tensor_present(t) ||
                      (t->flags & SLD_TENSOR_CONSTANT) != 0,
                  "an input is not constant, as its plugin wants it");
    }
    return NULL;
}

const char *sld_check_plugin(const sld_run *run)
{
    const sld_plugin_params *p = run->params;
    SLD_CHECK(run->in_count >= sld_plugin_min_inputs(p->plugin) &&
                  run->out_count >= sld_plugin_min_outputs(p->plugin),
              "has fewer operands than its plugin takes");
    SLD_CHECK_TRY(check_inputs(run, p));
    for (uint32_t i = 0; i < run->out_count; i++) {
        const solder_plugin_operand *o = sld_plugin_output(p->plugin, i);
        SLD_CHECK_TRY(check_operand(o, &run->out[i]));
        SLD_CHECK(!sld_tensor_present(&run->out[i]) || sld_plugin_takes(o, run->out[i].dtype),
                  "an output has a type its plugin does not give");
    }
    return check_shapes(run);
}
