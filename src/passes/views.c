/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     a --> \                             a = y[0, 0, 0, 0]     written in place
 *            Concat --> y       ==>       b = y[0, A, 0, 0]     written in place
 *     b --> /                             Concat is elided
 *
 * Concat, Slice and Reshape cost nothing where one value can live inside another's memory: parts of
 * a Concat inside its result, the result of a Slice or Reshape inside its input (or, if the result
 * must own its memory, the input inside the result). Tuned kernels take tensors that are contiguous
 * but for the stride of dim 0, so a view is made only if it is of that form, and a Reshape only of
 * contiguous memory. Network inputs may hold views; network outputs may too, but are none;
 * constants take no part. A convolution reads a channels-last value where it lies: the Transpose
 * before it becomes a view of strides. A value has one parent: a Concat part that lives elsewhere
 * already, is an input or is given twice gets a copy, so that the rest of the Concat is still free.
 */
#include "passes/pass.h"
#include "passes/rewrite.h"
#include "plugin/plugin.h"

typedef enum layout {
    LAYOUT_ANY = 0, /* of no use to tuned kernels */
    LAYOUT_STRIDED, /* contiguous but for the stride of dim 0 */
    LAYOUT_CONTIGUOUS
} layout;

static bool is_one(const sld_graph *graph, sld_dim dim)
{
    int64_t value;
    return sld_expr_is_const(&graph->exprs, dim, &value) && value == 1;
}

/* The layout of a region of a parent. Strides of dims of extent 1 do not count. */
static layout region_layout(const sld_graph *graph, const sld_value *value, layout parent)
{
    const sld_shape *d = &value->shape;
    const sld_shape *p = &value->view.parent->shape;
    bool whole = parent == LAYOUT_CONTIGUOUS && (d->rank == 0 || value->view.step[0] == 1);
    int first = 1; /* the outermost dim after dim 0 that has a stride */
    while (first < d->rank && is_one(graph, d->d[first])) {
        whole = whole && d->d[first] == p->d[first];
        first++;
    }
    for (int i = first; i < d->rank; i++) {
        bool same = d->d[i] == p->d[i];
        if ((i > first && !same) || (!same && value->view.step[i] != 1)) {
            return LAYOUT_ANY;
        }
        whole = whole && same;
    }
    if (parent == LAYOUT_ANY) {
        return LAYOUT_ANY;
    }
    return whole || (d->rank > 0 && is_one(graph, d->d[0])) ? LAYOUT_CONTIGUOUS : LAYOUT_STRIDED;
}

/* Chains of views longer than this are not followed. */
#define MAX_DEPTH 256

typedef struct viewer {
    sld_graph *graph;
    sld_value **child, **sibling; /* by value id: what lives in a value */
    bool *late;                   /* by expression: only a running step knows it */
    bool *defines;                /* by value id: a dim is a symbol that its step gives a value */
    bool changed;
} viewer;

/* The layout of a value from its chain of parents; ANY if the chain is too long to follow. */
static layout layout_of(const sld_graph *graph, const sld_value *value)
{
    const sld_value *chain[MAX_DEPTH];
    int depth = 0;
    for (const sld_value *v = value; v->view.kind != SLD_VIEW_NONE; v = v->view.parent) {
        if (depth == MAX_DEPTH) {
            return LAYOUT_ANY;
        }
        chain[depth++] = v;
    }
    layout now = LAYOUT_CONTIGUOUS;
    while (depth-- > 0) {
        if (chain[depth]->view.kind == SLD_VIEW_REGION) {
            now = region_layout(graph, chain[depth], now);
        } else if (now != LAYOUT_CONTIGUOUS || chain[depth]->view.kind == SLD_VIEW_TRANSPOSE) {
            return LAYOUT_ANY;
        }
    }
    return now;
}

static bool lives_in(const sld_value *value, const sld_value *holder)
{
    for (; value != NULL; value = value->view.parent) {
        if (value == holder) {
            return true;
        }
    }
    return false;
}

static bool takes_gaps(const solder_plugin_operand *operand)
{
    return operand != NULL && (operand->flags & SOLDER_OPERAND_STRIDED) != 0;
}

/* A plugin reads or writes the value and takes no gaps there. */
static bool wants_no_gaps(const sld_value *value)
{
    const sld_node *producer = value->producer;
    if (producer != NULL && producer->op == SLD_OP_PLUGIN &&
        !takes_gaps(sld_plugin_output(((const sld_plugin_params *)producer->params)->plugin,
                                      value->output))) {
        return true;
    }
    for (const sld_use *use = value->uses; use != NULL; use = use->next) {
        if (use->node->op == SLD_OP_PLUGIN &&
            !takes_gaps(sld_plugin_input(((const sld_plugin_params *)use->node->params)->plugin,
                                         use->slot))) {
            return true;
        }
    }
    return false;
}

/* Whether the value and everything that lives in it has a layout its users take. */
static bool layouts_hold(const viewer *w, const sld_value *top)
{
    const sld_value *v = top;
    for (;;) {
        layout is = layout_of(w->graph, v);
        if (is == LAYOUT_ANY || (is == LAYOUT_STRIDED && wants_no_gaps(v))) {
            return false;
        }
        if (w->child[v->id] != NULL) {
            v = w->child[v->id];
            continue;
        }
        while (v != top && w->sibling[v->id] == NULL) {
            v = v->view.parent;
        }
        if (v == top) {
            return true;
        }
        v = w->sibling[v->id];
    }
}

static bool has_late_dim(const viewer *w, const sld_value *value)
{
    for (int i = 0; i < value->shape.rank; i++) {
        if (w->late[value->shape.d[i]]) {
            return true;
        }
    }
    return false;
}

/* A value whose memory the planner is free to choose. */
static bool is_movable(const viewer *w, const sld_value *value)
{
    return value->kind == SLD_VALUE_NODE && !value->is_output &&
           value->view.kind == SLD_VIEW_NONE && !w->defines[value->id];
}

static void set_view(viewer *w, sld_value *value, const sld_view *view)
{
    value->view = *view;
    w->sibling[value->id] = w->child[view->parent->id];
    w->child[view->parent->id] = value;
}

/* Gives value that view if every layout holds; false and no change if not. */
static bool try_view(viewer *w, sld_value *value, const sld_view *view)
{
    if (!is_movable(w, value) || lives_in(view->parent, value)) {
        return false;
    }
    value->view = *view;
    bool holds = layouts_hold(w, value);
    value->view = (sld_view){.kind = SLD_VIEW_NONE};
    if (holds) {
        set_view(w, value, view);
    }
    return holds;
}

/* ---- Concat ---- */

static sld_view part_view(sld_graph *graph, sld_value *whole, int axis, sld_dim start)
{
    sld_view view = {.kind = SLD_VIEW_REGION, .parent = whole};
    for (int i = 0; i < whole->shape.rank; i++) {
        view.start[i] = i == axis ? start : sld_expr_const(&graph->exprs, 0);
        view.step[i] = 1;
    }
    return view;
}

/* Where every part would lie; false if kernels could not write there. */
static bool plan_parts(const viewer *w, const sld_node *node, sld_view *views)
{
    int axis = ((const sld_concat_params *)node->params)->axis;
    sld_dim start = sld_expr_const(&w->graph->exprs, 0);
    if (has_late_dim(w, node->out[0])) {
        return false;
    }
    for (uint32_t i = 0; i < node->in_count; i++) {
        sld_value probe = *node->in[i].value;
        views[i] = part_view(w->graph, node->out[0], axis, start);
        probe.view = views[i];
        if (start == SLD_DIM_NONE || has_late_dim(w, &probe) ||
            layout_of(w->graph, &probe) == LAYOUT_ANY) {
            return false;
        }
        start = sld_expr_add(&w->graph->exprs, start, probe.shape.d[axis]);
    }
    return true;
}

/* The part in place, and with it, if it is only a Reshape of something, that something. */
static bool place_part(viewer *w, sld_value *part, const sld_view *view)
{
    sld_node *reshape = sld_producer(part, SLD_OP_RESHAPE);
    const sld_view same = {.kind = SLD_VIEW_RESHAPE, .parent = part};
    if (!try_view(w, part, view)) {
        return false;
    }
    if (reshape != NULL && !w->defines[part->id] && try_view(w, reshape->in[0].value, &same)) {
        reshape->elided = true;
    }
    return true;
}

static solder_status copy_part(viewer *w, sld_node *node, uint32_t slot, const sld_view *view)
{
    sld_value *copy;
    sld_value *part = node->in[slot].value;
    SLD_TRY(sld_add_copy(w->graph, node, part->name, part, &copy));
    copy->producer->source = node->source;
    sld_graph_set_input(node, slot, copy);
    set_view(w, copy, view);
    return SOLDER_OK;
}

static solder_status visit_concat(viewer *w, sld_node *node)
{
    sld_view views[SLD_MAX_INPUTS];
    bool placed[SLD_MAX_INPUTS] = {false};
    bool any = false;
    if (!plan_parts(w, node, views)) {
        return SOLDER_OK;
    }
    for (uint32_t i = 0; i < node->in_count; i++) {
        placed[i] = place_part(w, node->in[i].value, &views[i]);
        any = any || placed[i];
    }
    if (!any) {
        return SOLDER_OK; /* the Concat is the best copy of them all */
    }
    for (uint32_t i = 0; i < node->in_count; i++) {
        if (!placed[i]) {
            SLD_TRY(copy_part(w, node, i, &views[i]));
        }
    }
    node->elided = true;
    w->changed = true;
    return SOLDER_OK;
}

/* ---- Slice and Reshape ---- */

static void visit_slice(viewer *w, sld_node *node)
{
    sld_value *x = node->in[0].value;
    sld_value *y = node->out[0];
    int64_t step[SOLDER_MAX_RANK];
    sld_view view = {.kind = SLD_VIEW_REGION, .parent = x};
    if (sld_value_is_constant(x) || has_late_dim(w, x) || has_late_dim(w, y) ||
        !sld_slice_region(w->graph, node, view.start, step)) {
        return;
    }
    for (int i = 0; i < y->shape.rank; i++) {
        if (step[i] < 1 || step[i] > INT32_MAX) {
            return;
        }
        view.step[i] = (int32_t)step[i];
    }
    if (try_view(w, y, &view)) {
        node->elided = true;
        w->changed = true;
    }
}

static void visit_reshape(viewer *w, sld_node *node)
{
    sld_value *x = node->in[0].value;
    sld_value *y = node->out[0];
    const sld_view forward = {.kind = SLD_VIEW_RESHAPE, .parent = x};
    const sld_view backward = {.kind = SLD_VIEW_RESHAPE, .parent = y};
    if (sld_value_is_constant(x)) {
        return;
    }
    /* What finds out its own size owns its memory; dims that y's own step tells come too late. */
    if (try_view(w, y, &forward) ||
        (!has_late_dim(w, x) && !w->defines[y->id] && try_view(w, x, &backward))) {
        node->elided = true;
        w->changed = true;
    }
}

/* ---- Transpose ---- */

/* More channels than a cache line has floats: packing patches would read every line many times. */
#define MAX_LAST_CHANNELS 16

/* Its first kernel packs patches from any strides: no matrix product, no depthwise. */
static bool reads_strides(const sld_graph *graph, const sld_use *use)
{
    const sld_conv_params *p = use->node->params;
    int64_t channels;
    return use->node->op == SLD_OP_CONVOLUTION && use->slot == 0 && p->groups == 1 &&
           sld_expr_is_const(&graph->exprs, use->value->shape.d[1], &channels) &&
           channels <= MAX_LAST_CHANNELS;
}

/* Channels last to channels first: the order in which patches are packed anyway. */
static bool moves_channels(const sld_node *node)
{
    const int32_t *perm = ((const sld_transpose_params *)node->params)->perm;
    int rank = node->out[0]->shape.rank;
    if (rank < 3 || perm[0] != 0 || perm[1] != rank - 1) {
        return false;
    }
    for (int i = 2; i < rank; i++) {
        if (perm[i] != i - 1) {
            return false;
        }
    }
    return true;
}

static void visit_transpose(viewer *w, sld_node *node)
{
    sld_value *x = node->in[0].value;
    sld_value *y = node->out[0];
    if (!moves_channels(node) || x->kind == SLD_VALUE_CONSTANT || y->dtype != SOLDER_F32 ||
        !is_movable(w, y) || w->child[y->id] != NULL || has_late_dim(w, x) ||
        layout_of(w->graph, x) != LAYOUT_CONTIGUOUS) {
        return;
    }
    for (const sld_use *use = y->uses; use != NULL; use = use->next) {
        if (!reads_strides(w->graph, use)) {
            return;
        }
    }
    sld_view view = {.kind = SLD_VIEW_TRANSPOSE, .parent = x};
    memcpy(view.step, ((const sld_transpose_params *)node->params)->perm, sizeof view.step);
    set_view(w, y, &view);
    node->elided = true;
    w->changed = true;
}

/* ---- the pass ---- */

static void find_late(const sld_expr_table *table, bool *late)
{
    for (size_t i = 0; i < table->count; i++) {
        const sld_expr *e = &table->exprs[i];
        late[i] = e->op == SLD_EXPR_SYMBOL  ? table->symbols[e->value].data_dependent != 0
                  : e->op == SLD_EXPR_CONST ? false
                                            : late[e->a] || late[e->b];
    }
}

/* The first value with a data-dependent symbol as a dim: its step must run to tell it. */
static void find_definers(viewer *w, bool *defined)
{
    const sld_expr_table *table = &w->graph->exprs;
    for (const sld_node *node = w->graph->first; node != NULL; node = node->next) {
        for (uint32_t i = 0; i < node->out_count; i++) {
            const sld_value *v = node->out[i];
            for (int j = 0; j < v->shape.rank; j++) {
                const sld_expr *e = &table->exprs[v->shape.d[j]];
                if (e->op == SLD_EXPR_SYMBOL && table->symbols[e->value].data_dependent &&
                    !defined[e->value]) {
                    defined[e->value] = true;
                    w->defines[v->id] = true;
                }
            }
        }
    }
}

static solder_status prepare(viewer *w, sld_arena *scratch)
{
    size_t ids = w->graph->next_id;
    for (const sld_node *node = w->graph->first; node != NULL; node = node->next) {
        ids += node->op == SLD_OP_CONCAT ? 2 * (size_t)node->in_count : 0; /* copies of parts */
    }
    w->child = sld_arena_array(scratch, ids, sizeof *w->child);
    w->sibling = sld_arena_array(scratch, ids, sizeof *w->sibling);
    w->late = sld_arena_array(scratch, w->graph->exprs.count, sizeof *w->late);
    w->defines = sld_arena_array(scratch, ids, sizeof *w->defines);
    bool *defined = sld_arena_array(scratch, w->graph->exprs.symbol_count + 1, sizeof *defined);
    if (w->child == NULL || w->sibling == NULL || w->late == NULL || w->defines == NULL ||
        defined == NULL) {
        return sld_fail_memory(w->graph->diag, ids * sizeof *w->child);
    }
    find_late(&w->graph->exprs, w->late);
    find_definers(w, defined);
    for (sld_value *v = w->graph->values; v != NULL; v = v->next) {
        if (v->view.kind != SLD_VIEW_NONE) {
            const sld_view view = v->view;
            set_view(w, v, &view);
        }
    }
    return SOLDER_OK;
}

static solder_status make_views(viewer *w)
{
    for (sld_node *node = w->graph->first; node != NULL; node = node->next) {
        if (node->op == SLD_OP_CONCAT && !node->elided) {
            SLD_TRY(visit_concat(w, node));
        }
    }
    for (sld_node *node = w->graph->first; node != NULL; node = node->next) {
        if (node->op == SLD_OP_SLICE && !node->elided) {
            visit_slice(w, node);
        } else if (node->op == SLD_OP_RESHAPE && !node->elided) {
            visit_reshape(w, node);
        }
    }
    for (sld_node *node = w->graph->first; node != NULL; node = node->next) {
        if (node->op == SLD_OP_TRANSPOSE && !node->elided) {
            visit_transpose(w, node);
        }
    }
    return SOLDER_OK;
}

solder_status sld_pass_views(sld_graph *graph, const sld_pass_options *options, bool *changed)
{
    (void)options;
    viewer w = {.graph = graph};
    sld_arena scratch;
    sld_arena_init(&scratch, graph->allocator, 0);
    solder_status status = prepare(&w, &scratch);
    if (status == SOLDER_OK) {
        status = make_views(&w);
    }
    *changed = w.changed;
    sld_arena_free(&scratch);
    return status;
}
