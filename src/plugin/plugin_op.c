/* SPDX-License-Identifier: Apache-2.0 */
/* The operator Plugin: inference through the plugin's infer, with everything it says checked. */
#include <stdio.h>

#include "ops/op.h"
#include "plugin/plugin.h"

typedef struct inference {
    solder_plugin_infer call;
    sld_infer *infer;
    char name[SLD_PLUGIN_MAX_TEXT];
    unsigned symbols; /* data-dependent dims made so far */
    sld_dim made[SLD_MAX_OUTPUTS];
    bool told;
    solder_infer_input in[SLD_MAX_INPUTS];
    solder_infer_output out[SLD_MAX_OUTPUTS];
} inference;

static bool is_dim(const inference *f, solder_expr e)
{
    return e >= 0 && (size_t)e < f->infer->exprs->count;
}

/* ---- what infer may call ---- */

static solder_expr make_constant(const solder_plugin_infer *i, int64_t value)
{
    const inference *f = i->internal;
    return sld_expr_const(f->infer->exprs, value);
}

static solder_expr combine(const solder_plugin_infer *i, solder_expr_op op, solder_expr a,
                           solder_expr b)
{
    const inference *f = i->internal;
    if (!is_dim(f, a) || !is_dim(f, b) || (unsigned)op > SOLDER_EXPR_MAX) {
        return SOLDER_EXPR_NONE;
    }
    return sld_expr_make(f->infer->exprs, (sld_expr_op)(SLD_EXPR_ADD + op), a, b);
}

static solder_expr make_late(const solder_plugin_infer *i, solder_expr bound)
{
    inference *f = i->internal;
    char name[sizeof((sld_symbol *)NULL)->name * 4];
    if (!is_dim(f, bound) || f->symbols == SLD_MAX_OUTPUTS) {
        return SOLDER_EXPR_NONE;
    }
    int n = snprintf(name, sizeof name - 16, "%s", f->infer->name);
    if (f->symbols > 0 && n > 0) {
        size_t at = (size_t)n < sizeof name - 16 ? (size_t)n : sizeof name - 17;
        (void)snprintf(name + at, 16, ":%u", f->symbols);
    }
    sld_dim made = sld_expr_data_symbol(f->infer->exprs, name, bound);
    f->made[f->symbols++] = made;
    return made;
}

static bool known(const solder_plugin_infer *i, solder_expr e, int64_t *value)
{
    const inference *f = i->internal;
    return is_dim(f, e) && sld_expr_is_const(f->infer->exprs, e, value);
}

static solder_expr element(const solder_plugin_infer *i, uint32_t input, uint32_t index)
{
    const inference *f = i->internal;
    int count = 0;
    const sld_dim *content = sld_infer_content(f->infer, input, &count);
    return content != NULL && index < (uint32_t)count ? content[index] : SOLDER_EXPR_NONE;
}

static solder_status keep_text(const solder_plugin_infer *i, solder_status code, const char *text)
{
    inference *f = i->internal;
    code = code < SOLDER_OK && code >= SOLDER_ERROR_INTERNAL ? code : SOLDER_ERROR_INTERNAL;
    f->told = true;
    return sld_infer_fail(f->infer, code, "plugin '%s': %.512s", f->name, text != NULL ? text : "");
}

/* ---- operands ---- */

static solder_status bad(const inference *f, solder_status code, const char *what,
                         const char *operand, const char *is)
{
    return sld_infer_fail(f->infer, code, "plugin '%s': %s '%s' %s", f->name, what, operand, is);
}

static solder_status check_count(const inference *f, const char *what, uint32_t given,
                                 uint32_t fewest, bool more)
{
    return given >= fewest && !more
               ? SOLDER_OK
               : sld_infer_fail(f->infer, SOLDER_ERROR_DATA, "plugin '%s': %u %s%s, takes %s %u",
                                f->name, (unsigned)given, what, given == 1 ? "" : "s",
                                given < fewest ? "at least" : "fewer than",
                                (unsigned)(given < fewest ? fewest : given));
}

/* "u8; it takes f32, f16" */
static solder_status bad_type(const inference *f, const char *what,
                              const solder_plugin_operand *operand, solder_dtype dtype)
{
    char text[256];
    int n = snprintf(text, sizeof text, "has type %s; it takes", solder_dtype_name(dtype));
    const char *comma = "";
    for (uint32_t t = SOLDER_F32; sld_dtype_valid(t) && n > 0 && (size_t)n < sizeof text; t++) {
        if (sld_plugin_takes(operand, (solder_dtype)t)) {
            n += snprintf(text + n, sizeof text - (size_t)n, "%s %s", comma,
                          solder_dtype_name((solder_dtype)t));
            comma = ",";
        }
    }
    return bad(f, SOLDER_ERROR_UNSUPPORTED, what, operand->name, text);
}

static solder_status check_input(const inference *f, const sld_plugin_params *p, uint32_t index)
{
    const solder_plugin_operand *o = sld_plugin_input(p->plugin, index);
    const sld_fact *fact = &f->infer->in[index];
    if (fact->dtype == SOLDER_NONE) {
        return (o->flags & SOLDER_OPERAND_OPTIONAL) != 0
                   ? SOLDER_OK
                   : bad(f, SOLDER_ERROR_DATA, "input", o->name, "is missing");
    }
    if (!sld_plugin_takes(o, fact->dtype)) {
        return bad_type(f, "input", o, fact->dtype);
    }
    if ((o->flags & SOLDER_OPERAND_CONSTANT) != 0 && fact->data == NULL) {
        return bad(f, SOLDER_ERROR_UNSUPPORTED, "input", o->name, "must be constant");
    }
    return SOLDER_OK;
}

static solder_status count_inputs(const inference *f, const sld_plugin_params *p)
{
    uint32_t count = f->infer->in_count;
    return check_count(f, "input", count, sld_plugin_min_inputs(p->plugin),
                       count > 0 && sld_plugin_input(p->plugin, count - 1) == NULL);
}

static solder_status take_inputs(inference *f, const sld_plugin_params *p)
{
    for (uint32_t i = 0; i < f->infer->in_count; i++) {
        const sld_fact *fact = &f->infer->in[i];
        SLD_TRY(check_input(f, p, i));
        f->in[i] = (solder_infer_input){.dtype = fact->dtype, .data = fact->data};
        f->in[i].shape.rank = fact->shape.rank;
        for (int j = 0; j < fact->shape.rank; j++) {
            f->in[i].shape.d[j] = fact->shape.d[j];
        }
    }
    return SOLDER_OK;
}

static solder_dtype default_type(const inference *f, const solder_plugin_operand *o)
{
    if (sld_plugin_takes(o, SOLDER_F32)) {
        return SOLDER_F32;
    }
    if (f->infer->in_count > 0 && sld_plugin_takes(o, f->infer->in[0].dtype)) {
        return f->infer->in[0].dtype;
    }
    uint32_t type = SOLDER_F32;
    while (!sld_plugin_takes(o, (solder_dtype)type) && sld_dtype_valid(type)) {
        type++;
    }
    return (solder_dtype)type;
}

static solder_status begin_outputs(inference *f, const sld_plugin_params *p)
{
    uint32_t count = f->infer->out_count;
    SLD_TRY(check_count(f, "output", count, sld_plugin_min_outputs(p->plugin),
                        sld_plugin_output(p->plugin, count - 1) == NULL));
    for (uint32_t i = 0; i < count; i++) {
        f->out[i] = (solder_infer_output){.dtype = default_type(f, sld_plugin_output(p->plugin, i)),
                                          .shape.rank = -1};
    }
    return SOLDER_OK;
}

static solder_status take_output(inference *f, sld_plugin_params *p, uint32_t index)
{
    const solder_plugin_operand *o = sld_plugin_output(p->plugin, index);
    const solder_infer_output *out = &f->out[index];
    sld_shape shape = {.rank = out->shape.rank};
    if (!sld_plugin_takes(o, out->dtype)) {
        return bad_type(f, "output", o, out->dtype);
    }
    if (shape.rank < 0 || shape.rank > SOLDER_MAX_RANK) {
        return bad(f, SOLDER_ERROR_INTERNAL, "output", o->name,
                   shape.rank == -1 ? "was given no shape" : "was given an impossible rank");
    }
    p->late[index] = 0;
    for (int i = 0; i < shape.rank; i++) {
        int64_t value = 0;
        shape.d[i] = out->shape.d[i];
        if (!is_dim(f, shape.d[i]) ||
            (sld_expr_is_const(f->infer->exprs, shape.d[i], &value) && value < 0)) {
            char text[96];
            (void)snprintf(text, sizeof text,
                           "was given a dimension %d that is negative or not known", i);
            return bad(f, SOLDER_ERROR_DATA, "output", o->name, text);
        }
        for (unsigned s = 0; s < f->symbols; s++) {
            p->late[index] |= (uint8_t)((f->made[s] == shape.d[i]) << i);
        }
    }
    sld_infer_set(f->infer, index, out->dtype, &shape);
    return SOLDER_OK;
}

/* Only a dimension of an output can be learned from a run. */
static solder_status check_symbols(const inference *f)
{
    for (unsigned s = 0; s < f->symbols; s++) {
        bool found = false;
        for (uint32_t i = 0; i < f->infer->out_count; i++) {
            for (int j = 0; j < f->out[i].shape.rank; j++) {
                found = found || f->out[i].shape.d[j] == f->made[s];
            }
        }
        if (!found) {
            return sld_infer_fail(f->infer, SOLDER_ERROR_INTERNAL,
                                  "plugin '%s': a data-dependent dimension is no dimension of an "
                                  "output",
                                  f->name);
        }
    }
    return SOLDER_OK;
}

static void begin(inference *f, sld_infer *infer, const sld_plugin_params *p)
{
    sld_plugin_print(p->plugin, false, f->name);
    f->infer = infer;
    f->symbols = 0;
    f->told = false;
    f->call = (solder_plugin_infer){.struct_size = sizeof f->call,
                                    .plugin = p->plugin,
                                    .node = infer->name,
                                    .attributes = p->attributes,
                                    .inputs = f->in,
                                    .outputs = f->out,
                                    .input_count = infer->in_count,
                                    .output_count = infer->out_count,
                                    .internal = f,
                                    .constant = make_constant,
                                    .combine = combine,
                                    .data_dependent = make_late,
                                    .known = known,
                                    .element = element,
                                    .message = keep_text};
}

static solder_status failed(const inference *f, solder_status status, const char *callback)
{
    bool exists = status < SOLDER_OK && status >= SOLDER_ERROR_INTERNAL;
    return f->told && exists
               ? status
               : sld_infer_fail(f->infer, exists ? status : SOLDER_ERROR_INTERNAL,
                                "plugin '%s': %s failed with %d", f->name, callback, (int)status);
}

static solder_status infer_plugin(sld_infer *infer)
{
    sld_plugin_params *p = infer->params;
    inference f;
    if (p->plugin == NULL) {
        return sld_infer_fail(infer, SOLDER_ERROR_INTERNAL, "has no plugin");
    }
    p->node = infer->name;
    begin(&f, infer, p);
    SLD_TRY(count_inputs(&f, p));
    SLD_TRY(take_inputs(&f, p));
    SLD_TRY(begin_outputs(&f, p));
    solder_status status = p->plugin->infer(&f.call);
    if (status != SOLDER_OK) {
        return failed(&f, status, "infer");
    }
    for (uint32_t i = 0; i < infer->out_count; i++) {
        SLD_TRY(take_output(&f, p, i));
    }
    return check_symbols(&f);
}

solder_status sld_plugin_weight_dims(sld_infer *infer, uint32_t input, solder_dims *dims)
{
    const sld_plugin_params *p = infer->params;
    const solder_shape *shape;
    inference f;
    begin(&f, infer, p);
    SLD_TRY(take_inputs(&f, p));
    if (p->plugin->weight == NULL) {
        return sld_infer_fail(infer, SOLDER_ERROR_UNSUPPORTED,
                              "plugin '%s': its weights cannot be made up", f.name);
    }
    f.out[0] = (solder_infer_output){.dtype = SOLDER_F32, .shape.rank = -1};
    solder_status status = p->plugin->weight(&f.call, input);
    if (status != SOLDER_OK) {
        return failed(&f, status, "weight");
    }
    shape = &f.out[0].shape;
    bool known_all = shape->rank >= 0 && shape->rank <= SOLDER_MAX_RANK;
    *dims = (solder_dims){.rank = known_all ? shape->rank : 0};
    for (int i = 0; i < dims->rank; i++) {
        known_all = known_all && known(&f.call, shape->d[i], &dims->d[i]) && dims->d[i] >= 0;
    }
    return known_all ? SOLDER_OK
                     : sld_infer_fail(infer, SOLDER_ERROR_UNSUPPORTED,
                                      "plugin '%s': the dims of its weight %u are not known: give "
                                      "the input's size",
                                      f.name, (unsigned)input);
}

const sld_op_part sld_op_plugin = {NULL, 0, infer_plugin};
