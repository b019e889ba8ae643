/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any loop as a Loop. Variables that change are carried. A list that every iteration writes once,
 * at the end or at its own number, is a scan: the items of all iterations, one above the other, or
 * one behind the other if they differ in size. Other lists are carried whole.
 */
#include "import/tensorflow/tf_affine.h"
#include "import/tensorflow/tf_loop.h"
#include "kernels/control/control.h"

typedef enum scan_kind {
    NO_SCAN = 0,
    ALL,    /* items are the list's elements */
    LAST,   /* every item replaces the list's only element */
    JOINED, /* items of different sizes, and their lengths */
} scan_kind;

typedef struct emission {
    sld_tf_node *node;
    sld_tf_loop *loop;
    scan_kind *scans;    /* by variable */
    sld_value **carried; /* by variable: what the body gives */
    sld_value **out;     /* by variable: what the loop gives; lengths behind joined scans */
    sld_value **in;
    uint32_t in_count;
    sld_loop_params params;
} emission;

static bool fine(emission *e, const void *pointer)
{
    if (pointer == NULL && sld_tf_ok(e->node)) {
        e->node->status = sld_fail_memory(e->node->tf->diag, e->loop->count);
    }
    return sld_tf_ok(e->node);
}

/* ---- lists ---- */

/* Is the symbol a dim of an input, and not one that changes? */
static bool is_given(const sld_tf_loop *loop, sld_dim symbol)
{
    for (uint32_t i = 0; i < loop->count; i++) {
        const sld_tf_loop_var *var = &loop->vars[i];
        for (int j = 0; var->input != NULL && j < var->input->shape.rank; j++) {
            if (var->input->shape.d[j] == symbol && (var->changing >> j & 1) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Does dim mean the same in every iteration? */
static bool is_fixed(emission *e, sld_dim dim)
{
    const sld_expr_table *t = &e->loop->body->exprs;
    bool *fixed = dim < 0 ? NULL : sld_arena_array(&e->node->tf->arena, (size_t)dim + 1, 1);
    if (dim < 0 || !fine(e, fixed)) {
        return false;
    }
    for (sld_dim i = 0; i <= dim; i++) { /* operands come first */
        const sld_expr *x = &t->exprs[i];
        fixed[i] = x->op == SLD_EXPR_CONST ||
                   (x->op == SLD_EXPR_SYMBOL ? is_given(e->loop, i) : fixed[x->a] && fixed[x->b]);
    }
    return fixed[dim];
}

static scan_kind scan_of(emission *e, const sld_tf_loop_var *var)
{
    int64_t index, count;
    const sld_tf_list *next = var->next->list, *initial = var->initial->list;
    bool filled = initial->elements != NULL || initial->before != NULL || initial->loop != NULL ||
                  initial->joined != NULL;
    if (next->before != &var->list || var->input != NULL || filled) {
        return NO_SCAN;
    }
    bool number = next->index != NULL && sld_tf_int_value(next->index, &index);
    if (number && index == 0 && !initial->grows && initial->count != NULL &&
        sld_tf_int_value(initial->count, &count) && count == 1) {
        return LAST;
    }
    bool in_order =
        next->index == NULL ? initial->grows : sld_tf_counts_from_zero(e->loop, next->index);
    if (!in_order) {
        return NO_SCAN;
    }
    return next->item->shape.rank > 0 && !is_fixed(e, next->item->shape.d[0]) ? JOINED : ALL;
}

/* ---- the body's outputs ---- */

static void give(emission *e, sld_value *value)
{
    if (sld_tf_ok(e->node)) {
        sld_tf_keep(e->node, sld_graph_body_output(e->loop->body, value));
    }
}

static void add_scan(emission *e, sld_value *value, sld_scan_mode mode)
{
    if (e->params.scan_count == SLD_MAX_OUTPUTS) {
        sld_tf_unsupported(e->node, "more than %d lists", SLD_MAX_OUTPUTS);
    }
    if (sld_tf_ok(e->node)) {
        e->params.scan_mode[e->params.scan_count++] = (int32_t)mode;
        give(e, value);
    }
}

static void give_carried(emission *e)
{
    for (uint32_t i = 0; i < e->loop->count && sld_tf_ok(e->node); i++) {
        sld_tf_loop_var *var = &e->loop->vars[i];
        if (var->invariant || e->scans[i] != NO_SCAN) {
            continue;
        }
        e->carried[i] = var->next->list != NULL ? sld_tf_list_elements(e->node, var->next->list)
                                                : var->next->plain;
        if (sld_tf_ok(e->node) && var->next->list != NULL) { /* written, so that it has an input */
            (void)sld_tf_list_elements(e->node, &var->list);
        }
        give(e, e->carried[i]);
        e->params.carried_count++;
    }
}

static void give_scans(emission *e)
{
    for (uint32_t i = 0; i < e->loop->count && sld_tf_ok(e->node); i++) {
        if (e->scans[i] == NO_SCAN) {
            continue;
        }
        sld_value *item = e->loop->vars[i].next->list->item;
        add_scan(e, item, e->scans[i] == JOINED ? SLD_SCAN_CONCAT : SLD_SCAN_STACK);
        if (e->scans[i] == JOINED) {
            const sld_shape_params one = {.start = 0, .end = 1};
            add_scan(e, sld_tf_emit(e->node, SLD_OP_SHAPE, &one, &item, 1), SLD_SCAN_CONCAT);
        }
    }
}

/* Carried and captured values may have become inputs in any order. */
static void order_inputs(emission *e, sld_value *iteration)
{
    sld_tf_loop *loop = e->loop;
    sld_graph *body = loop->body;
    uint32_t count = 0;
    sld_value **ordered =
        sld_arena_array(&e->node->tf->arena, body->input_count, sizeof(sld_value *));
    if (!fine(e, ordered)) {
        return;
    }
    ordered[count++] = iteration;
    for (int captured = 0; captured < 2; captured++) {
        for (uint32_t i = 0; i < loop->count; i++) {
            if (loop->vars[i].input != NULL && loop->vars[i].invariant == (captured == 1)) {
                ordered[count++] = loop->vars[i].input;
                e->in[e->in_count++] = loop->vars[i].outer;
            }
        }
    }
    if (count != body->input_count) {
        e->node->status = sld_fail(e->node->tf->diag, SOLDER_ERROR_INTERNAL,
                                   "the body of '%s' has lost an input", e->node->name);
        return;
    }
    memcpy(body->inputs, ordered, count * sizeof(sld_value *));
}

/* True if a carried value has other dims at the end than at the start: another attempt is due. */
static bool widen(emission *e)
{
    bool wider = false;
    uint32_t number = 1;
    for (uint32_t i = 0; i < e->loop->count && sld_tf_ok(e->node); i++) {
        sld_tf_loop_var *var = &e->loop->vars[i];
        uint32_t changing = 0;
        if (e->carried[i] == NULL) {
            continue;
        }
        sld_tf_keep(e->node, sld_graph_carried_changes(e->loop->body, number++, &changing));
        wider = wider || (changing & ~var->changing) != 0;
        var->changing |= changing;
    }
    return wider;
}

/* ---- what the loop gives ---- */

/* zeros for the elements that no iteration wrote */
static sld_value *padded(emission *e, const sld_tf_list *initial, const sld_tf_list *next,
                         sld_value *all)
{
    sld_tf_node *node = e->node;
    int64_t count;
    const sld_expr_table *exprs = &node->tf->graph->exprs;
    if (!sld_tf_ok(node) || initial->count == NULL || initial->grows) {
        return all;
    }
    if (next->stretches && sld_tf_int_value(initial->count, &count) && count == 0) {
        return all;
    }
    sld_dim size = initial->count->content != NULL ? initial->count->content[0] : SLD_DIM_NONE;
    int64_t have;
    if ((size != SLD_DIM_NONE && size == all->shape.d[0]) ||
        (sld_tf_int_value(initial->count, &count) &&
         sld_expr_is_const(exprs, all->shape.d[0], &have) && have == count)) {
        return all;
    }
    int rank = all->shape.rank;
    const sld_shape_params head = {.start = 0, .end = 1}, tail = {.start = 1, .end = rank};
    sld_value *written = sld_tf_emit(node, SLD_OP_SHAPE, &head, &all, 1);
    sld_value *dims[2] = {sld_tf_list_missing(node, next, initial->count, written)};
    uint32_t parts = 1;
    if (rank > 1) {
        dims[parts++] = sld_tf_emit(node, SLD_OP_SHAPE, &tail, &all, 1);
    }
    const sld_fill_params zeros = {.dtype = (int32_t)all->dtype};
    sld_value *shape = sld_tf_concat(node, dims, parts, 0);
    sld_value *both[2] = {all, sld_tf_emit(node, SLD_OP_FILL, &zeros, &shape, 1)};
    return sld_tf_concat(node, both, 2, 0);
}

static void set_list(emission *e, uint32_t index, sld_value *value, sld_value *lengths)
{
    const sld_tf_list *initial = e->loop->vars[index].initial->list;
    const sld_tf_list *next = e->loop->vars[index].next->list;
    sld_tf_list list = {.dtype = initial->dtype, .element = e->loop->vars[index].list.element};
    list.grows = initial->grows;
    list.stretches = next->stretches;
    if (e->scans[index] == JOINED) {
        list.count = initial->count;
        list.joined = value;
        list.lengths = lengths;
    } else if (e->scans[index] == LAST) {
        list.elements = sld_tf_slice(e->node, value, 0, -1, INT64_MAX);
    } else {
        list.elements = e->scans[index] == ALL ? padded(e, initial, next, value) : value;
    }
    sld_tf_set_list(e->node, index, &list);
}

static void set_outputs(emission *e, const sld_node *made)
{
    uint32_t carried = 0, scan = (uint32_t)e->params.carried_count;
    for (uint32_t i = 0; i < e->loop->count && sld_tf_ok(e->node); i++) {
        const sld_tf_loop_var *var = &e->loop->vars[i];
        if (var->invariant) {
            e->node->out[i] = var->initial;
        } else if (e->scans[i] != NO_SCAN) {
            sld_value *value = made->out[scan++];
            set_list(e, i, value, e->scans[i] == JOINED ? made->out[scan++] : NULL);
        } else if (var->next->list != NULL) {
            set_list(e, i, made->out[carried++], NULL);
        } else {
            sld_tf_set(e->node, i, made->out[carried++]);
        }
    }
}

static void emit(emission *e)
{
    sld_tf_node *node = e->node;
    sld_node *made;
    sld_graph *around = e->loop->around;
    if (e->in_count > SLD_MAX_INPUTS ||
        e->params.carried_count + e->params.scan_count > SLD_MAX_OUTPUTS) {
        sld_tf_unsupported(node, "%u variables, at most %d are possible",
                           (unsigned)e->in_count - SLD_LOOP_FIRST, SLD_MAX_INPUTS - SLD_LOOP_FIRST);
        return;
    }
    sld_tf_keep(node, sld_graph_add_loop(around, NULL, node->name, &e->params, e->in, e->in_count,
                                         e->loop->body, &made));
    if (!sld_tf_ok(node)) {
        return;
    }
    made->source = sld_arena_printf(&around->arena, "%s '%s'", node->op, node->name);
    if (fine(e, made->source)) {
        set_outputs(e, made);
    }
}

static bool open_emission(emission *e)
{
    sld_arena *arena = &e->node->tf->arena;
    uint32_t count = e->loop->count;
    e->scans = sld_arena_array(arena, count, sizeof *e->scans);
    e->carried = sld_arena_array(arena, count, sizeof(sld_value *));
    e->in = sld_arena_array(arena, (size_t)count + SLD_LOOP_FIRST, sizeof(sld_value *));
    e->in_count = SLD_LOOP_FIRST;
    for (uint32_t i = 0; fine(e, e->scans) && i < count; i++) {
        const sld_tf_loop_var *var = &e->loop->vars[i];
        if (var->arg.list != NULL && !var->invariant) {
            e->scans[i] = scan_of(e, var);
        }
    }
    return fine(e, e->carried) && fine(e, e->in);
}

bool sld_tf_emit_loop(sld_tf_node *node, sld_tf_loop *loop)
{
    emission e = {.node = node, .loop = loop};
    const sld_shape scalar = sld_shape_scalar();
    sld_value *iteration, *again;
    if (!open_emission(&e)) {
        return false;
    }
    sld_tf_keep(node, sld_graph_add_input(loop->body, NULL, SOLDER_I64, &scalar, &iteration));
    e.in[SLD_LOOP_TRIP] = sld_tf_trip_count(node, loop);
    node->tf->graph = loop->body;
    if (e.in[SLD_LOOP_TRIP] != NULL) {
        const uint8_t yes = 1;
        again = sld_tf_constant(node, SOLDER_BOOL, 0, NULL, &yes);
    } else {
        again = sld_tf_loop_condition(node, loop, false);
    }
    give(&e, again);
    give_carried(&e);
    order_inputs(&e, iteration);
    bool wider = widen(&e);
    give_scans(&e);
    node->tf->graph = loop->around;
    if (!sld_tf_ok(node) || wider) {
        return false;
    }
    if (e.in[SLD_LOOP_TRIP] == NULL) {
        e.in[SLD_LOOP_CONDITION] = sld_tf_loop_condition(node, loop, true);
    }
    if (sld_tf_ok(node)) {
        emit(&e);
    }
    return sld_tf_ok(node);
}
