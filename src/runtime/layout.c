/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes and places. A plan's structure is checked once, when it is read; what depends on the
 * values of symbols is checked here whenever they change: every tensor must fit the memory planned
 * for it and every view its parent, so no kernel is handed a tensor that leaves its block.
 */
#include "runtime/runtime_internal.h"

static solder_status fail_tensor(const solder_engine *e, sld_diag *diag, const sld_plan_tensor *p,
                                 const char *what)
{
    return sld_fail(diag, SOLDER_ERROR_DATA, "plan '%s': tensor '%s' %s", e->name,
                    sld_plan_string(&e->plan, p->name), what);
}

/* Dims from values, or from bounds where some are unknown; false if those are no dims either. */
static bool fill_dims(const sld_plan_tensor *p, const sld_layout *l, sld_tensor *t, uint8_t *known)
{
    bool all = true;
    for (int i = 0; i < p->rank; i++) {
        all = all && l->values[p->dim[i]] != SLD_EXPR_UNKNOWN;
    }
    *known = all;
    for (int i = 0; i < p->rank; i++) {
        t->dim[i] = all ? l->values[p->dim[i]] : l->bounds[p->dim[i]];
        if (t->dim[i] < 0) {
            *known = 0;
            return false;
        }
    }
    return true;
}

/* Also with zeros left out the product must fit: strides are computed that way. */
static bool fits(const sld_tensor *t, size_t limit)
{
    int64_t dims[SOLDER_MAX_RANK];
    size_t bytes;
    for (int i = 0; i < t->rank; i++) {
        dims[i] = t->dim[i] > 0 ? t->dim[i] : 1;
    }
    return sld_dims_bytes(dims, t->rank, t->dtype, &bytes) &&
           sld_dims_bytes(t->dim, t->rank, t->dtype, &bytes) && bytes <= limit;
}

static solder_status lay_root(const solder_engine *e, sld_diag *diag, const sld_places *places,
                              uint32_t index, sld_tensor *t)
{
    const sld_plan_tensor *p = sld_engine_plan_tensor(e, index);
    if (!fits(t, (size_t)p->size)) {
        return fail_tensor(e, diag, p, "does not fit the memory planned for it");
    }
    sld_tensor_set_strides(t);
    if (index >= e->plan.count[SLD_PLAN_TENSORS]) {
        const sld_repacked *r = &e->repacked[index - e->plan.count[SLD_PLAN_TENSORS]];
        t->packing = r->packing;
        t->data = r->data;
        return SOLDER_OK;
    }
    if (p->packing != SLD_PLAN_NONE) {
        t->packing = sld_packing_find(sld_plan_string(&e->plan, p->packing));
    }
    if (p->kind == SLD_PLAN_CONSTANT) {
        t->flags = SLD_TENSOR_CONSTANT;
        t->data = places->weights != NULL ? (void *)(uintptr_t)(places->weights + p->offset) : NULL;
    } else if (e->io_of[index] != SLD_PLAN_NONE) {
        t->data = places->io != NULL ? places->io[e->io_of[index]] : NULL;
    } else if (p->size == SLD_PLAN_OPEN) {
        t->data = places->blocks != NULL ? places->blocks[index] : NULL;
    } else {
        t->data = places->arena != NULL ? places->arena + p->offset : NULL;
    }
    return SOLDER_OK;
}

static solder_status lay_region(const solder_engine *e, sld_diag *diag, const sld_layout *l,
                                const sld_plan_tensor *p, sld_tensor *t)
{
    const sld_tensor *parent = &l->tensors[p->parent];
    int64_t offset = 0;
    bool empty = false;
    for (int i = 0; i < t->rank; i++) {
        int64_t start = l->values[p->start[i]];
        int64_t last;
        empty = empty || t->dim[i] == 0;
        if (start < 0 || !sld_i64_mul(t->dim[i] - 1, p->step[i], &last) ||
            !sld_i64_add(start, last, &last) || (t->dim[i] > 0 && last >= parent->dim[i])) {
            return fail_tensor(e, diag, p, "leaves the tensor it is a part of");
        }
        /* A dimension of size 1 may come with any stride: keep the product small. */
        t->stride[i] = t->dim[i] > 1 ? parent->stride[i] * p->step[i] : parent->stride[i];
        offset += t->dim[i] > 0 ? start * parent->stride[i] : 0;
    }
    int64_t element = (int64_t)solder_dtype_size(t->dtype);
    t->data =
        parent->data != NULL && !empty ? (char *)parent->data + offset * element : parent->data;
    return SOLDER_OK;
}

static solder_status lay_transpose(const solder_engine *e, sld_diag *diag, const sld_layout *l,
                                   const sld_plan_tensor *p, sld_tensor *t)
{
    const sld_tensor *parent = &l->tensors[p->parent];
    for (int i = 0; i < t->rank; i++) {
        if (t->dim[i] != parent->dim[p->step[i]]) {
            return fail_tensor(e, diag, p, "is not the tensor it lies in with other axes");
        }
        t->stride[i] = parent->stride[p->step[i]];
    }
    t->data = parent->data;
    return SOLDER_OK;
}

static bool has_open_dim(const solder_engine *e, const sld_plan_tensor *p)
{
    for (int i = 0; i < p->rank; i++) {
        if (e->open_exprs[p->dim[i]]) {
            return true;
        }
    }
    return false;
}

static solder_status lay_view(const solder_engine *e, sld_diag *diag, sld_layout *l, uint32_t index,
                              sld_tensor *t)
{
    const sld_plan_tensor *p = sld_engine_plan_tensor(e, index);
    const sld_tensor *parent = &l->tensors[p->parent];
    if (!l->known[p->parent] || !l->known[index]) { /* nothing to stand on yet */
        l->known[index] = 0;
        return SOLDER_OK;
    }
    t->flags = parent->flags;
    if (!fits(t, SIZE_MAX)) {
        return fail_tensor(e, diag, p, "is too large");
    }
    if (p->kind == SLD_PLAN_TRANSPOSE) {
        return lay_transpose(e, diag, l, p, t);
    }
    if (l->guessed && (has_open_dim(e, p) || has_open_dim(e, &e->plan.tensors[p->parent]))) {
        sld_tensor_set_strides(t); /* whether it is a part or another shape the run will tell */
        return SOLDER_OK;
    }
    if (p->kind == SLD_PLAN_REGION) {
        return lay_region(e, diag, l, p, t);
    }
    if (sld_tensor_count(t) != sld_tensor_count(parent) || !sld_tensor_contiguous(parent)) {
        return fail_tensor(e, diag, p, "is not another shape of the tensor it lies in");
    }
    sld_tensor_set_strides(t);
    t->data = parent->data;
    return SOLDER_OK;
}

static solder_status lay_tensor(const solder_engine *e, sld_diag *diag, const sld_places *places,
                                sld_layout *l, uint32_t index)
{
    const sld_plan_tensor *p = sld_engine_plan_tensor(e, index);
    sld_tensor *t = &l->tensors[index];
    *t = (sld_tensor){.dtype = (solder_dtype)p->dtype, .rank = p->rank};
    if (!fill_dims(p, l, t, &l->known[index])) {
        return e->late[index] ? SOLDER_OK
                              : fail_tensor(e, diag, p, "has a dimension that cannot be");
    }
    if (!l->known[index] && !e->late[index]) {
        return fail_tensor(e, diag, p, "has a dimension that is not known");
    }
    return p->parent == SLD_PLAN_NONE ? lay_root(e, diag, places, index, t)
                                      : lay_view(e, diag, l, index, t);
}

void sld_layout_evaluate(const solder_engine *engine, sld_layout *layout)
{
    const sld_plan *p = &engine->plan;
    size_t count = p->count[SLD_PLAN_EXPRS];
    sld_expr_evaluate(p->exprs, count, layout->symbols, layout->values);
    sld_expr_evaluate_bounds(p->exprs, count, p->symbols, layout->symbols, layout->bounds);
}

solder_status sld_layout_all(const solder_engine *engine, sld_diag *diag, const sld_places *places,
                             sld_layout *layout)
{
    sld_layout_evaluate(engine, layout);
    for (uint32_t i = 0; i < engine->tensor_count; i++) {
        SLD_TRY(lay_tensor(engine, diag, places, layout, i));
    }
    return SOLDER_OK;
}

solder_status sld_layout_tensor(const solder_engine *engine, sld_diag *diag,
                                const sld_places *places, sld_layout *layout, uint32_t tensor)
{
    uint32_t chain[UINT8_MAX]; /* plans have no longer ones */
    size_t depth = 0;
    while (tensor != SLD_PLAN_NONE && !layout->known[tensor] && depth < SLD_ARRAY_LENGTH(chain)) {
        chain[depth++] = tensor;
        tensor = sld_engine_plan_tensor(engine, tensor)->parent;
    }
    while (depth > 0) {
        SLD_TRY(lay_tensor(engine, diag, places, layout, chain[--depth]));
    }
    return SOLDER_OK;
}

void sld_layout_reset(const solder_engine *engine, sld_layout *layout)
{
    for (size_t i = 0; i < engine->plan.count[SLD_PLAN_SYMBOLS]; i++) {
        if (engine->plan.symbols[i].data_dependent) {
            layout->symbols[i] = SLD_EXPR_UNKNOWN;
        }
    }
    for (size_t i = 0; i < engine->tensor_count; i++) {
        if (engine->late[i]) {
            layout->known[i] = 0;
        }
    }
}

sld_run sld_layout_run(const sld_engine_step *step, const sld_layout *layout, sld_tensor *operands)
{
    uint32_t count = step->plan->in_count + step->plan->out_count;
    for (uint32_t i = 0; i < count; i++) {
        operands[i] = step->operands[i] == SLD_PLAN_NONE ? (sld_tensor){.dtype = SOLDER_NONE}
                                                         : layout->tensors[step->operands[i]];
    }
    return (sld_run){.params = step->params,
                     .in = operands,
                     .out = operands + step->plan->in_count,
                     .in_count = step->plan->in_count,
                     .out_count = step->plan->out_count};
}
