/* SPDX-License-Identifier: Apache-2.0 */
/* What the sections say, record by record. Hashes keep out accidents, this keeps out the rest. */
#include "plan/plan_read_check.h"

#include <math.h>

#include "plugin/plugin.h"

#define BAD(c, ...) sld_fail((c)->diag, SOLDER_ERROR_DATA, __VA_ARGS__)

static bool string_ok(const sld_plan_check *c, uint32_t offset)
{
    return offset < c->plan->count[SLD_PLAN_STRINGS];
}

static bool expr_ok(const sld_plan_check *c, sld_dim e)
{
    return e >= 0 && (size_t)e < c->plan->count[SLD_PLAN_EXPRS];
}

static solder_status check_symbols(const sld_plan_check *c)
{
    for (size_t i = 0; i < c->plan->count[SLD_PLAN_SYMBOLS]; i++) {
        const sld_symbol *s = &c->plan->symbols[i];
        bool bound_ok = s->data_dependent == 1   ? s->bound == SLD_DIM_NONE || expr_ok(c, s->bound)
                        : s->data_dependent == 0 ? s->bound == SLD_DIM_NONE
                                                 : false;
        if (memchr(s->name, 0, sizeof s->name) == NULL || !bound_ok || s->min < 0 ||
            s->min > s->opt || s->opt > s->max) {
            return BAD(c, "symbol %zu is malformed", i);
        }
    }
    return SOLDER_OK;
}

/* Operands and bounds precede: evaluation is one loop and cannot run in circles. */
static solder_status check_exprs(const sld_plan_check *c)
{
    for (size_t i = 0; i < c->plan->count[SLD_PLAN_EXPRS]; i++) {
        const sld_expr *e = &c->plan->exprs[i];
        bool ok = e->op < SLD_EXPR_OP_COUNT && e->reserved == 0;
        if (ok && e->op == SLD_EXPR_SYMBOL) {
            ok = e->value >= 0 && (uint64_t)e->value < c->plan->count[SLD_PLAN_SYMBOLS];
            const sld_symbol *s = ok ? &c->plan->symbols[e->value] : NULL;
            ok = ok && (s->bound == SLD_DIM_NONE || (size_t)s->bound < i);
        } else if (ok && e->op != SLD_EXPR_CONST) {
            ok = e->a >= 0 && (size_t)e->a < i && e->b >= 0 && (size_t)e->b < i;
        }
        if (!ok) {
            return BAD(c, "expression %zu is malformed", i);
        }
    }
    return SOLDER_OK;
}

static bool is_view(const sld_plan_tensor *t)
{
    return t->kind == SLD_PLAN_REGION || t->kind == SLD_PLAN_RESHAPE ||
           t->kind == SLD_PLAN_TRANSPOSE;
}

/* The axes of a transpose are those of its parent, each once. */
static bool axis_ok(const sld_plan_tensor *t, int i)
{
    bool ok = t->step[i] >= 0 && t->step[i] < t->rank;
    for (int j = 0; j < i; j++) {
        ok = ok && t->step[j] != t->step[i];
    }
    return ok;
}

static bool dims_ok(const sld_plan_check *c, const sld_plan_tensor *t)
{
    for (int i = 0; i < SOLDER_MAX_RANK; i++) {
        bool used = i < t->rank;
        bool region = used && t->kind == SLD_PLAN_REGION;
        bool transpose = used && t->kind == SLD_PLAN_TRANSPOSE;
        if ((used ? !expr_ok(c, t->dim[i]) : t->dim[i] != 0) ||
            (region ? !expr_ok(c, t->start[i]) || t->step[i] < 1
                    : t->start[i] != 0 || (transpose ? !axis_ok(t, i) : t->step[i] != 0))) {
            return false;
        }
    }
    return true;
}

static bool view_ok(const sld_plan_check *c, const sld_plan_tensor *t, size_t index)
{
    if (t->parent >= index || t->offset != 0 || t->size != 0) {
        return false;
    }
    const sld_plan_tensor *parent = &c->plan->tensors[t->parent];
    c->seen[index] = (uint8_t)(c->seen[t->parent] + 1); /* depth: chains are climbed per step */
    if (c->seen[index] == UINT8_MAX) {
        return false;
    }
    return parent->dtype == t->dtype && parent->packing == SLD_PLAN_NONE &&
           (t->kind == SLD_PLAN_RESHAPE || parent->rank == t->rank);
}

static bool within(uint64_t offset, uint64_t size, uint64_t limit)
{
    return offset % SLD_PLAN_ALIGN == 0 && offset <= limit && size <= limit - offset;
}

static bool constant_ok(const sld_plan_check *c, const sld_plan_tensor *t)
{
    int64_t dims[SOLDER_MAX_RANK];
    size_t bytes;
    for (int i = 0; i < t->rank; i++) {
        const sld_expr *e = &c->plan->exprs[t->dim[i]];
        if (e->op != SLD_EXPR_CONST) {
            return false;
        }
        dims[i] = e->value;
    }
    if (!sld_dims_bytes(dims, t->rank, (solder_dtype)t->dtype, &bytes) ||
        !within(t->offset, t->size, c->plan->count[SLD_PLAN_WEIGHTS])) {
        return false;
    }
    if (t->packing == SLD_PLAN_NONE) {
        return bytes == t->size;
    }
    /* A packing has an inverse, so it cannot be smaller than what it packs. */
    return bytes <= t->size && string_ok(c, t->packing) &&
           t->packed_by < c->plan->count[SLD_PLAN_STEPS];
}

static solder_status check_tensors(const sld_plan_check *c)
{
    memset(c->seen, 0, c->plan->count[SLD_PLAN_TENSORS]);
    for (size_t i = 0; i < c->plan->count[SLD_PLAN_TENSORS]; i++) {
        const sld_plan_tensor *t = &c->plan->tensors[i];
        if (!string_ok(c, t->name) || !sld_dtype_valid(t->dtype) || t->rank < 0 ||
            t->rank > SOLDER_MAX_RANK || t->kind >= SLD_PLAN_TENSOR_KINDS || t->reserved != 0 ||
            !dims_ok(c, t)) {
            return BAD(c, "tensor %zu is malformed", i);
        }
        bool constant = t->kind == SLD_PLAN_CONSTANT;
        bool ok = is_view(t) ? view_ok(c, t, i)
                             : t->parent == SLD_PLAN_NONE &&
                                   (constant ? constant_ok(c, t)
                                    : t->size == SLD_PLAN_OPEN
                                        ? t->offset == 0
                                        : within(t->offset, t->size, c->plan->header->arena_bytes));
        if (!ok || (!constant && t->packing != SLD_PLAN_NONE) ||
            (t->packing == SLD_PLAN_NONE && t->packed_by != 0)) {
            return BAD(c, "tensor %zu ('%s') does not lie where it says", i,
                       sld_plan_string(c->plan, t->name));
        }
    }
    return SOLDER_OK;
}

/* ---- steps ---- */

static solder_status bad_step(const sld_plan_check *c, const sld_plan_step *step, const char *what)
{
    return BAD(c, "step %zu ('%s'): %s", (size_t)(step - c->plan->steps),
               sld_plan_string(c->plan, step->name), what);
}

static solder_status check_family(const sld_plan_check *c, const sld_plan_step *step)
{
    const char *family = sld_plan_string(c->plan, step->family);
    size_t size = sld_family_params_size(family);
    if (size == 0) {
        return sld_fail(c->diag, SOLDER_ERROR_UNSUPPORTED,
                        "step %zu ('%s') needs kernel family '%s', which this library (solder %s) "
                        "does not have",
                        (size_t)(step - c->plan->steps), sld_plan_string(c->plan, step->name),
                        family, solder_version());
    }
    size_t limit = c->plan->count[SLD_PLAN_PARAMS];
    bool plugin = strcmp(family, "plugin") == 0; /* the one family whose parameters vary in size */
    if (plugin && step->params_size > size) {
        size = step->params_size;
    }
    if (step->params_size != size || step->params % 8 != 0 || step->params > limit ||
        size > limit - step->params) {
        return bad_step(c, step, "parameters are not those of its kernel family");
    }
    return !plugin || sld_plugin_blob_check(c->plan->params + step->params, size,
                                            c->plan->count[SLD_PLAN_PLUGINS])
               ? SOLDER_OK
               : bad_step(c, step, "the parameters of its plugin are malformed");
}

static bool writable(const sld_plan_check *c, uint32_t tensor)
{
    const sld_plan_tensor *t = &c->plan->tensors[tensor];
    while (is_view(t)) {
        t = &c->plan->tensors[t->parent];
    }
    return t->kind == SLD_PLAN_ARENA || t->kind == SLD_PLAN_OUTPUT;
}

/* A packed constant serves steps whose parameters equal those it was packed with. */
static bool packing_ok(const sld_plan_check *c, const sld_plan_step *step, uint32_t tensor)
{
    const sld_plan_tensor *t = &c->plan->tensors[tensor];
    if (t->packing == SLD_PLAN_NONE) {
        return true;
    }
    const sld_plan_step *by = &c->plan->steps[t->packed_by];
    return by <= step && by->params_size == step->params_size &&
           memcmp(c->plan->params + by->params, c->plan->params + step->params,
                  step->params_size) == 0;
}

static solder_status check_operands(const sld_plan_check *c, const sld_plan_step *step)
{
    const uint32_t *operands = c->plan->operands + step->first_operand;
    for (uint32_t i = 0; i < step->in_count + step->out_count; i++) {
        if (operands[i] == SLD_PLAN_NONE) {
            continue;
        }
        if (operands[i] >= c->plan->count[SLD_PLAN_TENSORS]) {
            return bad_step(c, step, "an operand does not exist");
        }
        if (i < step->in_count ? !packing_ok(c, step, operands[i]) : !writable(c, operands[i])) {
            return bad_step(c, step, "an operand cannot be used that way");
        }
    }
    return SOLDER_OK;
}

static solder_status check_defines(const sld_plan_check *c, const sld_plan_step *step)
{
    const sld_plan *p = c->plan;
    for (uint32_t i = 0; i < step->define_count; i++) {
        const sld_plan_define *d = &p->defines[step->first_define + i];
        if (d->symbol >= p->count[SLD_PLAN_SYMBOLS] || d->output >= step->out_count ||
            d->reserved != 0 || !p->symbols[d->symbol].data_dependent || c->seen[d->symbol]) {
            return bad_step(c, step, "defines a symbol it cannot define");
        }
        uint32_t tensor = p->operands[step->first_operand + step->in_count + d->output];
        const sld_plan_tensor *t = tensor != SLD_PLAN_NONE ? &p->tensors[tensor] : NULL;
        if (t == NULL || is_view(t) || d->axis >= (uint32_t)t->rank ||
            p->exprs[t->dim[d->axis]].op != SLD_EXPR_SYMBOL ||
            p->exprs[t->dim[d->axis]].value != d->symbol) {
            return bad_step(c, step, "defines a symbol that is not a dimension of its output");
        }
        c->seen[d->symbol] = 1;
    }
    return SOLDER_OK;
}

static bool amount_ok(double amount)
{
    return isfinite(amount) && amount >= 0.0;
}

static solder_status check_step(const sld_plan_check *c, const sld_plan_step *step, size_t operands,
                                size_t defines)
{
    const sld_plan *p = c->plan;
    if (!string_ok(c, step->name) || !string_ok(c, step->op) || !string_ok(c, step->family) ||
        !string_ok(c, step->kernel) || step->in_count > SLD_MAX_INPUTS || step->out_count == 0 ||
        step->out_count > SLD_MAX_OUTPUTS || step->first_operand != operands ||
        step->in_count + step->out_count > p->count[SLD_PLAN_OPERANDS] - operands ||
        step->first_define != defines ||
        step->define_count > p->count[SLD_PLAN_DEFINES] - defines || !amount_ok(step->flops) ||
        !amount_ok(step->bytes)) {
        return BAD(c, "step %zu is malformed", (size_t)(step - p->steps));
    }
    return check_family(c, step);
}

/* If has two bodies, Loop one, others none; what they hold is checked as any plan is. */
static solder_status check_bodies(const sld_plan_check *c)
{
    const sld_plan *p = c->plan;
    size_t at = 0;
    for (size_t i = 0; i < p->count[SLD_PLAN_STEPS]; i++) {
        const char *family = sld_plan_string(p, p->steps[i].family);
        size_t count = strcmp(family, "if") == 0 ? 2 : strcmp(family, "loop") == 0 ? 1 : 0;
        for (size_t j = 0; j < count; j++, at++) {
            const sld_plan_body *body = &p->bodies[at];
            if (at >= p->count[SLD_PLAN_BODIES] || body->step != i || body->reserved != 0 ||
                !within(body->offset, body->size, p->count[SLD_PLAN_BODY_BYTES])) {
                return bad_step(c, &p->steps[i], "a body is missing");
            }
        }
    }
    return at == p->count[SLD_PLAN_BODIES] ? SOLDER_OK : BAD(c, "a body without a step");
}

static solder_status check_steps(const sld_plan_check *c)
{
    const sld_plan *p = c->plan;
    size_t operands = 0;
    size_t defines = 0;
    for (size_t i = 0; i < p->count[SLD_PLAN_STEPS]; i++) {
        const sld_plan_step *step = &p->steps[i];
        SLD_TRY(check_step(c, step, operands, defines));
        operands += step->in_count + step->out_count;
        defines += step->define_count;
    }
    if (operands != p->count[SLD_PLAN_OPERANDS] || defines != p->count[SLD_PLAN_DEFINES]) {
        return BAD(c, "operands or defines without a step");
    }
    memset(c->seen, 0, p->count[SLD_PLAN_SYMBOLS]);
    for (size_t i = 0; i < p->count[SLD_PLAN_STEPS]; i++) {
        SLD_TRY(check_operands(c, &p->steps[i]));
        SLD_TRY(check_defines(c, &p->steps[i]));
    }
    return check_bodies(c);
}

/* ---- inputs, outputs and what the plan says of itself ---- */

enum { MAX_IO = 4096 };

static solder_status check_io(const sld_plan_check *c)
{
    const sld_plan *p = c->plan;
    bool outputs = false;
    if (p->count[SLD_PLAN_IO] > MAX_IO) {
        return BAD(c, "%zu inputs and outputs, at most %d are allowed", p->count[SLD_PLAN_IO],
                   MAX_IO);
    }
    memset(c->seen, 0, p->count[SLD_PLAN_TENSORS]);
    for (size_t i = 0; i < p->count[SLD_PLAN_IO]; i++) {
        const sld_plan_io *io = &p->io[i];
        const sld_plan_tensor *t =
            io->tensor < p->count[SLD_PLAN_TENSORS] ? &p->tensors[io->tensor] : NULL;
        bool input = t != NULL && t->kind == SLD_PLAN_INPUT;
        outputs = outputs || !input;
        if (t == NULL || c->seen[io->tensor] || (io->flags & ~(uint32_t)SLD_PLAN_IO_NHWC) != 0 ||
            (input ? outputs : t->kind != SLD_PLAN_OUTPUT)) {
            return BAD(c, "input or output %zu is malformed", i);
        }
        c->seen[io->tensor] = 1;
        for (size_t j = 0; j < i; j++) {
            const char *name = sld_plan_string(p, p->tensors[p->io[j].tensor].name);
            if (strcmp(name, sld_plan_string(p, t->name)) == 0) {
                return BAD(c, "two inputs or outputs are called '%s'", name);
            }
        }
    }
    for (size_t i = 0; i < p->count[SLD_PLAN_TENSORS]; i++) {
        if (p->tensors[i].kind <= SLD_PLAN_OUTPUT && !c->seen[i]) {
            return BAD(c, "tensor %zu ('%s') is not listed as input or output", i,
                       sld_plan_string(p, p->tensors[i].name));
        }
    }
    return SOLDER_OK;
}

static bool image_ok(const sld_plan *p, const sld_plan_image *image)
{
    return image->tensor < p->count[SLD_PLAN_TENSORS] &&
           p->tensors[image->tensor].kind == SLD_PLAN_INPUT && image->resize <= 3 &&
           image->transposed <= 1 &&
           (memcmp(image->order, "rgb", 4) == 0 || memcmp(image->order, "bgr", 4) == 0 ||
            memcmp(image->order, "gray", 4) == 0);
}

static solder_status check_info(const sld_plan_check *c)
{
    const sld_plan *p = c->plan;
    for (size_t i = 0; i < p->count[SLD_PLAN_PROPERTIES]; i++) {
        if (!string_ok(c, p->properties[i].key) || !string_ok(c, p->properties[i].value)) {
            return BAD(c, "property %zu is malformed", i);
        }
    }
    for (size_t i = 0; i < p->count[SLD_PLAN_LABELS]; i++) {
        if (!string_ok(c, p->labels[i])) {
            return BAD(c, "label %zu is malformed", i);
        }
    }
    for (size_t i = 0; i < p->count[SLD_PLAN_IMAGES]; i++) {
        if (!image_ok(p, &p->images[i])) {
            return BAD(c, "picture rule %zu is malformed", i);
        }
    }
    for (size_t i = 0; i < p->count[SLD_PLAN_PLUGINS]; i++) {
        if (!string_ok(c, p->plugins[i])) {
            return BAD(c, "plugin %zu is malformed", i);
        }
    }
    return SOLDER_OK;
}

solder_status sld_plan_check_contents(sld_plan_check *c)
{
    const size_t strings = c->plan->count[SLD_PLAN_STRINGS];
    if (strings == 0 || c->plan->strings[strings - 1] != 0) {
        return BAD(c, "the last string does not end");
    }
    SLD_TRY(check_symbols(c));
    SLD_TRY(check_exprs(c));
    SLD_TRY(check_tensors(c));
    SLD_TRY(check_steps(c));
    SLD_TRY(check_io(c));
    return check_info(c);
}
