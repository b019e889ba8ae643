/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold before a kernel may see a step's operands. */
#include "runtime/runtime_internal.h"

/* ---- overlap: a kernel may write over an input only where it is its output, bit for bit ---- */

typedef struct place {
    uint32_t root;
    uint64_t begin, end; /* of the root, in the arena */
} place;

static bool is_view(const sld_plan_tensor *t)
{
    return t->kind == SLD_PLAN_REGION || t->kind == SLD_PLAN_RESHAPE ||
           t->kind == SLD_PLAN_TRANSPOSE;
}

static bool is_empty(const sld_tensor *t)
{
    return sld_has_dims(t) && sld_tensor_count(t) == 0;
}

static place place_of(const solder_engine *e, const sld_layout *l, uint32_t tensor)
{
    const sld_plan_tensor *t = sld_engine_plan_tensor(e, tensor);
    while (is_view(t)) {
        tensor = t->parent;
        t = sld_engine_plan_tensor(e, tensor);
    }
    const sld_tensor *root = &l->tensors[tensor];
    uint64_t bytes = t->size; /* at most, while a step with bodies has yet to find the dims */
    if (sld_has_dims(root)) {
        bytes = (uint64_t)sld_tensor_count(root) * solder_dtype_size(root->dtype);
    } else if (bytes == SLD_PLAN_OPEN) {
        bytes = 0; /* a block of its own */
    }
    return (place){tensor, t->offset, t->offset + bytes};
}

/* Two regions of one tensor that share no index along some axis. */
static bool apart(const sld_layout *l, const sld_plan_tensor *a, const sld_tensor *a_dims,
                  const sld_plan_tensor *b, const sld_tensor *b_dims)
{
    bool parts = a->kind == SLD_PLAN_REGION && b->kind == SLD_PLAN_REGION && sld_has_dims(a_dims) &&
                 sld_has_dims(b_dims);
    for (int i = 0; i < a->rank && parts; i++) {
        int64_t a_first = l->values[a->start[i]];
        int64_t b_first = l->values[b->start[i]];
        int64_t a_last = a_first + (a_dims->dim[i] - 1) * a->step[i];
        int64_t b_last = b_first + (b_dims->dim[i] - 1) * b->step[i];
        if (a_last < b_first || b_last < a_first) {
            return true;
        }
    }
    return false;
}

static int depth_of(const solder_engine *e, uint32_t tensor)
{
    int depth = 0;
    for (; is_view(sld_engine_plan_tensor(e, tensor)); depth++) {
        tensor = sld_engine_plan_tensor(e, tensor)->parent;
    }
    return depth;
}

/* Both lie in one root: climbs to the tensors that share a parent. */
static bool parts_overlap(const solder_engine *e, const sld_layout *l, uint32_t a, uint32_t b)
{
    int a_depth = depth_of(e, a);
    int b_depth = depth_of(e, b);
    for (; a_depth > b_depth; a_depth--) {
        a = sld_engine_plan_tensor(e, a)->parent;
    }
    for (; b_depth > a_depth; b_depth--) {
        b = sld_engine_plan_tensor(e, b)->parent;
    }
    while (a != b) {
        const sld_plan_tensor *ta = sld_engine_plan_tensor(e, a);
        const sld_plan_tensor *tb = sld_engine_plan_tensor(e, b);
        if (ta->parent == tb->parent) {
            return !apart(l, ta, &l->tensors[a], tb, &l->tensors[b]);
        }
        a = ta->parent;
        b = tb->parent;
    }
    return true;
}

static bool same_elements(const sld_tensor *a, const sld_tensor *b)
{
    return a->dtype == b->dtype && sld_check_same_dims(a, b) &&
           memcmp(a->stride, b->stride, (size_t)a->rank * sizeof *a->stride) == 0;
}

static bool overlaps(const solder_engine *e, const sld_layout *l, uint32_t in, uint32_t out)
{
    if (sld_engine_plan_tensor(e, in)->kind == SLD_PLAN_CONSTANT || is_empty(&l->tensors[in]) ||
        is_empty(&l->tensors[out])) {
        return false;
    }
    place a = place_of(e, l, in);
    place b = place_of(e, l, out);
    if (a.root == b.root) {
        return parts_overlap(e, l, in, out);
    }
    bool constant = sld_engine_plan_tensor(e, a.root)->kind == SLD_PLAN_CONSTANT;
    bool blocks = sld_engine_plan_tensor(e, a.root)->size == SLD_PLAN_OPEN ||
                  sld_engine_plan_tensor(e, b.root)->size == SLD_PLAN_OPEN; /* of their own */
    if (constant || blocks || a.end <= b.begin || b.end <= a.begin) {
        return false;
    }
    bool in_place = a.root == in && b.root == out && a.begin == b.begin &&
                    same_elements(&l->tensors[in], &l->tensors[out]);
    return !in_place;
}

static bool operands_overlap(const solder_engine *e, const sld_engine_step *step,
                             const sld_layout *l)
{
    const sld_plan_step *p = step->plan;
    for (uint32_t o = p->in_count; o < p->in_count + p->out_count; o++) {
        for (uint32_t i = 0; i < p->in_count + p->out_count; i++) {
            if (i != o && step->operands[i] != SLD_PLAN_NONE &&
                step->operands[o] != SLD_PLAN_NONE &&
                overlaps(e, l, step->operands[i], step->operands[o])) {
                return true;
            }
        }
    }
    return false;
}

/* ---- */

const char *sld_step_unsound(const solder_engine *engine, const sld_engine_step *step,
                             const sld_layout *layout, const sld_run *run)
{
    const char *wrong = step->check(run);
    return wrong == NULL && operands_overlap(engine, step, layout) ? "an output lies over an input"
                                                                   : wrong;
}

solder_status sld_step_check(const solder_engine *engine, sld_diag *diag,
                             const sld_engine_step *step, const sld_layout *layout,
                             const sld_run *run)
{
    const char *name = sld_plan_string(&engine->plan, step->plan->name);
    const sld_kernel *k = step->kernel;
    const char *wrong = sld_step_unsound(engine, step, layout, run);
    if (wrong != NULL) {
        return sld_fail(diag, SOLDER_ERROR_DATA, "plan '%s': step '%s' (%s): %s", engine->name,
                        name, sld_plan_string(&engine->plan, step->plan->op), wrong);
    }
    if (k != NULL && k->supports != NULL && !k->supports(run)) {
        return sld_fail(diag, SOLDER_ERROR_UNSUPPORTED,
                        "plan '%s': step '%s': kernel '%s' does not take these dims", engine->name,
                        name, k->name);
    }
    if (k != NULL && k->workspace != NULL &&
        k->workspace(run, engine->threads) > engine->workspace) {
        return sld_fail(diag, SOLDER_ERROR_INTERNAL,
                        "plan '%s': step '%s': kernel '%s' wants more workspace than at the "
                        "profile's maximum",
                        engine->name, name, k->name);
    }
    return SOLDER_OK;
}
