/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     bytes                                  a is dead when c is made: they share memory,
 *       |   [ a a a a a ]  [ c c c c ]       d is made by an elementwise step from b in place
 *       |        [ b b b b b d d d d ]
 *       +--------------------------------- steps
 *
 * Gives every value that owns memory a place in the activation arena. What lives in a value (views)
 * prolongs its life; network outputs live to the end; inputs and constants need no place. Sizes are
 * the largest over the corners of the profile; values without a bound get memory while running.
 * Greedy by size, largest first, each into the
 * smallest gap that holds it for its whole life: the heuristic that does best in practice for such
 * networks (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference").
 */
#include "passes/intervals.h"
#include "passes/pass.h"
#include "passes/rewrite.h"

/* Up to so many symbols every combination of least and largest values is tried. */
#define MAX_CORNER_SYMBOLS 8
#define FOREVER            INT32_MAX

/* The memory of one value and all that lives in it; later also of values made in place of it. */
typedef struct buffer {
    sld_interval at; /* size: aligned; start, end: the steps in which it matters */
    sld_value *owner;
    struct buffer *same; /* made in place of this one */
    uint32_t members;
    bool open; /* without an upper bound: the runtime finds memory for it while running */
} buffer;

typedef struct planner {
    sld_graph *graph;
    sld_arena scratch;
    size_t alignment;
    buffer *buffers;
    size_t count;
    buffer **by_id; /* of every value */
    uint8_t *open;  /* by expression */
} planner;

static solder_status no_memory(const planner *p)
{
    return sld_fail(p->graph->diag, SOLDER_ERROR_MEMORY, "out of memory while planning memory");
}

static buffer *resolve(buffer *b)
{
    while (b != NULL && b->same != NULL) {
        b = b->same;
    }
    return b;
}

/* ---- lives ---- */

static const sld_value *root_of(const sld_value *value)
{
    while (value->view.kind != SLD_VIEW_NONE) {
        value = value->view.parent;
    }
    return value;
}

static solder_status make_buffers(planner *p)
{
    size_t values = 0;
    for (const sld_value *v = p->graph->values; v != NULL; v = v->next) {
        values++;
    }
    p->buffers = sld_arena_array(&p->scratch, values + 1, sizeof *p->buffers);
    p->by_id = sld_arena_array(&p->scratch, p->graph->next_id, sizeof *p->by_id);
    if (p->buffers == NULL || p->by_id == NULL) {
        return no_memory(p);
    }
    for (sld_value *v = p->graph->values; v != NULL; v = v->next) {
        if (v->kind == SLD_VALUE_NODE && v->view.kind == SLD_VIEW_NONE) {
            buffer *b = &p->buffers[p->count++];
            *b = (buffer){.owner = v, .at = {.start = FOREVER, .end = -1}};
            p->by_id[v->id] = b;
        }
    }
    for (const sld_value *v = p->graph->values; v != NULL; v = v->next) {
        p->by_id[v->id] = p->by_id[root_of(v)->id];
        if (p->by_id[v->id] != NULL) {
            p->by_id[v->id]->members++;
        }
    }
    return SOLDER_OK;
}

static void touch(const planner *p, const sld_value *value, int32_t step)
{
    buffer *b = value != NULL ? p->by_id[value->id] : NULL;
    if (b != NULL) {
        b->at.start = step < b->at.start ? step : b->at.start;
        b->at.end = step > b->at.end ? step : b->at.end;
    }
}

static void find_lives(const planner *p)
{
    int32_t step = 0;
    for (const sld_node *node = p->graph->first; node != NULL; node = node->next, step++) {
        for (uint32_t i = 0; i < node->in_count; i++) {
            touch(p, node->in[i].value, step);
        }
        for (uint32_t i = 0; i < node->out_count; i++) {
            touch(p, node->out[i], step);
        }
    }
    for (size_t i = 0; i < p->graph->output_count; i++) {
        touch(p, p->graph->outputs[i], FOREVER);
    }
}

/* ---- sizes ---- */

static solder_status grow_buffers(planner *p, const int64_t *values)
{
    for (size_t i = 0; i < p->count; i++) {
        buffer *b = &p->buffers[i];
        const sld_value *v = b->owner;
        int64_t dims[SOLDER_MAX_RANK];
        size_t bytes;
        for (int d = 0; d < v->shape.rank; d++) {
            dims[d] = values[v->shape.d[d]];
            b->open = b->open || p->open[v->shape.d[d]];
        }
        if (b->open) {
            continue;
        }
        if (!sld_dims_bytes(dims, v->shape.rank, v->dtype, &bytes) ||
            !sld_size_align(bytes, p->alignment, &bytes) || bytes > INT64_MAX / 2) {
            bool fixed = sld_value_static_dims(p->graph, v, dims);
            return sld_fail(p->graph->diag, fixed ? SOLDER_ERROR_DATA : SOLDER_ERROR_ARGUMENT,
                            fixed ? "value '%s' is too large"
                                  : "value '%s' has no possible size in some corner of the profile",
                            v->name);
        }
        b->at.size = bytes > b->at.size ? bytes : b->at.size;
    }
    return SOLDER_OK;
}

/* Symbol number n of the profile takes its largest value if bit n of corner is set. */
static void set_corner(const sld_expr_table *table, uint32_t corner, int64_t *symbols)
{
    uint32_t n = 0;
    for (size_t i = 0; i < table->symbol_count; i++) {
        const sld_symbol *s = &table->symbols[i];
        if (s->data_dependent != 0 || s->max == SLD_SYMBOL_OPEN) {
            symbols[i] = SLD_EXPR_UNKNOWN;
            continue;
        }
        symbols[i] = (corner >> n & 1u) != 0 ? s->max : s->min;
        n += n < 31 ? 1 : 0;
    }
}

static solder_status find_sizes(planner *p)
{
    const sld_expr_table *table = &p->graph->exprs;
    int64_t *symbols = sld_arena_array(&p->scratch, table->symbol_count + 1, sizeof *symbols);
    int64_t *values = sld_arena_array(&p->scratch, table->count + 1, sizeof *values);
    uint32_t open = 0;
    p->open = sld_arena_alloc(&p->scratch, table->count);
    if (symbols == NULL || values == NULL || p->open == NULL) {
        return no_memory(p);
    }
    sld_expr_find_open(table->exprs, table->count, table->symbols, p->open);
    for (size_t i = 0; i < table->symbol_count; i++) {
        const sld_symbol *s = &table->symbols[i];
        open += s->data_dependent == 0 && s->max != SLD_SYMBOL_OPEN ? 1 : 0;
    }
    bool all = open <= MAX_CORNER_SYMBOLS;
    for (uint32_t corner = 0; corner < (all ? 1u << open : 2u); corner++) {
        set_corner(table, all || corner == 0 ? corner : UINT32_MAX, symbols);
        sld_expr_evaluate_bounds(table->exprs, table->count, table->symbols, symbols, values);
        SLD_TRY(grow_buffers(p, values));
    }
    return SOLDER_OK;
}

/* ---- in place ---- */

/* Steps that read element i of that input before they write element i of the result, and no other.
 */
static bool works_in_place(const sld_node *node, uint32_t slot)
{
    switch (node->op) {
    case SLD_OP_ACTIVATION:
    case SLD_OP_UNARY:
    case SLD_OP_PRELU:
    case SLD_OP_SCALE:
    case SLD_OP_BATCHNORM:
        return slot == 0;
    case SLD_OP_ELEMENTWISE:
        return true;
    case SLD_OP_CONVOLUTION: /* what it adds at the end, if it is not convolved as well */
        return slot == 3 && node->in[0].value != node->in[3].value;
    default:
        return false;
    }
}

static bool can_replace(const planner *p, const sld_node *node, uint32_t slot, int32_t step)
{
    const sld_value *in = node->in[slot].value;
    const sld_value *out = node->out[0];
    const buffer *from = in != NULL ? p->by_id[in->id] : NULL;
    const buffer *to = p->by_id[out->id];
    return works_in_place(node, slot) && from != NULL && to != NULL && from != to && !from->open &&
           from->owner == in && from->members == 1 && from->at.end == step && to->owner == out &&
           to->at.start == step && sld_same_shape(in, out);
}

static void share_in_place(const planner *p)
{
    int32_t step = 0;
    for (const sld_node *node = p->graph->first; node != NULL; node = node->next, step++) {
        for (uint32_t slot = 0; !node->elided && slot < node->in_count; slot++) {
            if (can_replace(p, node, slot, step)) {
                p->by_id[node->out[0]->id]->same = resolve(p->by_id[node->in[slot].value->id]);
                break;
            }
        }
    }
    for (size_t i = 0; i < p->count; i++) {
        buffer *first = resolve(&p->buffers[i]);
        first->at.end = p->buffers[i].at.end > first->at.end ? p->buffers[i].at.end : first->at.end;
    }
}

/* ---- places ---- */

/* Largest first; ties in order of life and creation, so that plans are reproducible. */
static bool comes_first(const sld_interval *a, const sld_interval *b)
{
    if (a->size != b->size) {
        return a->size > b->size;
    }
    /* The interval is a buffer's first member. */
    return a->start != b->start ? a->start < b->start
                                : ((const buffer *)(const void *)a)->owner->id <
                                      ((const buffer *)(const void *)b)->owner->id;
}

static solder_status find_places(planner *p, size_t *total)
{
    sld_interval **order = sld_arena_array(&p->scratch, p->count + 1, sizeof(sld_interval *));
    sld_interval **spare = sld_arena_array(&p->scratch, p->count + 1, sizeof(sld_interval *));
    size_t count = 0;
    if (order == NULL || spare == NULL) {
        return no_memory(p);
    }
    for (size_t i = 0; i < p->count; i++) {
        if (p->buffers[i].same == NULL && !p->buffers[i].open) {
            order[count++] = &p->buffers[i].at;
        }
    }
    sld_interval_sort(order, spare, count, comes_first);
    if (!sld_interval_place(&p->scratch, order, count, total)) {
        return no_memory(p);
    }
    return *total != SIZE_MAX
               ? SOLDER_OK
               : sld_fail(p->graph->diag, SOLDER_ERROR_ARGUMENT,
                          "the activations do not fit into any memory at the profile's maximum");
}

static bool store(const planner *p, size_t total)
{
    bool changed = p->graph->arena_bytes != (int64_t)total;
    for (sld_value *v = p->graph->values; v != NULL; v = v->next) {
        buffer *b = p->by_id[v->id];
        bool placed = b != NULL && b->owner == v && !b->open;
        int64_t offset = placed ? (int64_t)resolve(b)->at.offset : -1;
        changed = changed || v->arena_offset != offset;
        v->arena_offset = offset;
    }
    p->graph->arena_bytes = (int64_t)total;
    return changed;
}

static solder_status plan(planner *p, bool *changed)
{
    size_t total = 0;
    SLD_TRY(make_buffers(p));
    find_lives(p);
    SLD_TRY(find_sizes(p));
    share_in_place(p);
    SLD_TRY(find_places(p, &total));
    *changed = store(p, total);
    return SOLDER_OK;
}

solder_status sld_pass_memory_plan(sld_graph *graph, const sld_pass_options *options, bool *changed)
{
    planner p = {.graph = graph,
                 .alignment = options->alignment > 0 ? (size_t)options->alignment : SLD_CACHE_LINE};
    sld_arena_init(&p.scratch, graph->allocator, 0);
    solder_status status = plan(&p, changed);
    sld_arena_free(&p.scratch);
    return status;
}
