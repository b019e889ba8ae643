/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recurrent cells in the body of a loop, found by what is computed: gates are activations of sums
 * of products with constant matrices, of biases and of peepholes, whatever way the frameworks split
 * and join them. What matches in everything becomes one operator; anything else is left alone.
 * Where all states keep their value over steps that do not count (tf_mask.h), the operators run
 * over the others.
 */
#include "import/tensorflow/tf_affine.h"
#include "import/tensorflow/tf_loop.h"
#include "import/tensorflow/tf_mask.h"

typedef enum cell_kind { LSTM, GRU, RNN } cell_kind;

/* Gates in the operators' order: LSTM input, output, forget, cell; GRU update, reset, hidden. */
typedef struct cell {
    cell_kind kind;
    uint32_t h, c; /* variables of the loop */
    sld_tf_affine gate[4];
    sld_tf_affine inner; /* GRU that resets after the product: what the reset gate scales */
    bool reset_after;
    const sld_value *peephole[3];
    sld_tf_act f, g, last;
    int64_t hidden, outputs;          /* outputs: elements of h */
    sld_tf_affine projection;         /* LSTM: h is that of one term, if there is one */
    float clip;                       /* of an LSTM's c; 0: not */
    const sld_value *x;               /* in the body: what all gates see beside h */
    sld_value *y, *final_h, *final_c; /* once emitted */
} cell;

#define MAX_CELLS 16

typedef struct finding {
    sld_tf_node *node;
    sld_tf_loop *loop;
    cell cells[MAX_CELLS];
    int cell_count;
    uint8_t *explained; /* by variable */
    sld_dim trips;      /* of loop->around; SLD_DIM_NONE: not known */
    bool masked;
    bool shorter; /* the loop may end before trips, where no sequence goes on */
    sld_tf_mask mask;
    sld_tf_steps steps; /* once emitted */
} finding;

/* ---- what an iteration sees ---- */

/* The list variable of which value is the element of this iteration. */
static sld_tf_loop_var *list_read(const finding *f, const sld_value *value)
{
    const sld_node *gather = sld_tf_producer(value, SLD_OP_GATHER);
    if (gather == NULL) {
        return NULL;
    }
    const sld_gather_params *p = gather->params;
    sld_tf_loop_var *var = sld_tf_var_of(f->loop, sld_node_in(gather, 0));
    bool element = var != NULL && var->invariant && var->arg.list != NULL &&
                   p->kind == SLD_GATHER_AXIS && p->axis == 0 &&
                   var->outer->shape.d[0] == f->trips &&
                   sld_tf_counts_from_zero(f->loop, sld_node_in(gather, 1));
    return element ? var : NULL;
}

/* What a state becomes in a step that counts; NULL if it does not keep its value in the others. */
static const sld_value *next_of(const finding *f, uint32_t index)
{
    const sld_tf_loop_var *var = &f->loop->vars[index];
    const sld_value *fresh, *held;
    sld_tf_mask mask;
    if (!f->masked) {
        return sld_tf_stripped(var->next->plain);
    }
    bool fits = sld_tf_masked(f->loop, var->next->plain, &mask, &fresh, &held) &&
                sld_tf_same_mask(&mask, &f->mask) && held == var->input;
    return fits ? fresh : NULL;
}

/* The cell whose new state value is. */
static cell *cell_of(finding *f, const sld_value *value)
{
    for (int i = 0; i < f->cell_count; i++) {
        if (value != NULL && next_of(f, f->cells[i].h) == value) {
            return &f->cells[i];
        }
    }
    return NULL;
}

/* All steps of value as [T, N, I], those that count first, outside of the loop; emitted cells only.
 */
static sld_value *sequence_of(finding *f, const sld_value *value)
{
    value = sld_tf_stripped(value);
    const sld_tf_loop_var *read = list_read(f, value);
    const cell *from = cell_of(f, value);
    return read != NULL   ? sld_tf_ordered(f->node, &f->steps, read->outer)
           : from != NULL ? from->y
                          : NULL;
}

static bool is_sequence(finding *f, const sld_value *value)
{
    return list_read(f, value) != NULL || cell_of(f, value) != NULL;
}

/* ---- matching ---- */

static bool is_state(const finding *f, uint32_t index)
{
    const sld_tf_loop_var *var = &f->loop->vars[index];
    return !f->explained[index] && !var->invariant && var->arg.list == NULL &&
           var->input->shape.rank == 2 && sld_dtype_is_float(var->input->dtype) &&
           var->next->plain->dtype == var->input->dtype;
}

/* All sources are the cell's h and one sequence, which becomes its x. */
static bool sources_fit(finding *f, cell *c, const sld_tf_affine *a, const sld_value *also)
{
    const sld_value *h = f->loop->vars[c->h].input;
    for (int i = 0; i < a->term_count; i++) {
        const sld_value *source = a->terms[i].source;
        if (source == h || source == also) {
            continue;
        }
        if (c->x == NULL && is_sequence(f, source)) {
            c->x = source;
        }
        if (source != c->x) {
            return false;
        }
    }
    return true;
}

/* value = act(affine) with the activation and the width of the cell. */
static bool match_gate(finding *f, cell *c, const sld_value *value, sld_tf_act *act,
                       sld_tf_affine *gate)
{
    sld_tf_act found;
    int64_t col, width;
    const sld_value *inner;
    *gate = (sld_tf_affine){0};
    if (value->shape.rank != 2 ||
        !sld_expr_is_const(&value->graph->exprs, value->shape.d[1], &width) || width != c->hidden) {
        return false;
    }
    sld_tf_find_activation(sld_tf_columns(value, &col), &found, &inner);
    if (act->set && !sld_tf_same_act(act, &found)) {
        return false;
    }
    if (!sld_tf_affine_of(inner, col, c->hidden, gate) || gate->product[0] != NULL ||
        !sources_fit(f, c, gate, NULL)) {
        return false;
    }
    *act = found;
    return true;
}

/* At most one peephole, at state. */
static bool take_peephole(const sld_tf_affine *gate, const sld_value *state,
                          const sld_value **weights)
{
    *weights = NULL;
    if (gate->diagonal_count == 1 && gate->diagonals[0].source == state) {
        *weights = gate->diagonals[0].weights;
    }
    return gate->diagonal_count == 0 || *weights != NULL;
}

/* What h is a projection of; h itself if it is none. */
static const sld_value *unprojected(cell *c, const sld_value *h)
{
    const sld_value *a, *b;
    sld_tf_affine *p = &c->projection;
    *p = (sld_tf_affine){0};
    if (h == NULL || sld_tf_is_binary(h, SLD_BINARY_PROD, &a, &b)) {
        return h;
    }
    bool alone = c->outputs <= c->hidden && sld_tf_affine_of(h, 0, c->outputs, p) &&
                 p->term_count == 1 && p->shift_count == 0 && p->diagonal_count == 0 &&
                 p->product[0] == NULL;
    return alone ? p->terms[0].source : NULL;
}

/* The sum that c is clipped from; c itself if it is not. */
static const sld_value *unclipped(cell *c, const sld_value *c_next)
{
    double low, high;
    const sld_value *inner;
    c->clip = 0;
    if (c_next != NULL && sld_tf_is_clip(c_next, &low, &high, &inner) && low == -high && high > 0) {
        c->clip = (float)high;
        return inner;
    }
    return c_next;
}

/* c' = f c + i g; h' = o act(c') with the factors in the order the bits say. */
static bool match_lstm_in_order(finding *f, cell *c, unsigned order)
{
    const sld_value *out, *state, *kept, *fresh, *fg, *cin, *ig, *g, *inner;
    const sld_value *h = unprojected(c, next_of(f, c->h));
    const sld_tf_loop_var *cell_var = &f->loop->vars[c->c];
    const sld_value *c_next = next_of(f, c->c);
    if (!sld_tf_is_swapped(h, SLD_BINARY_PROD, order & 1, &out, &state) ||
        !sld_tf_is_swapped(unclipped(c, c_next), SLD_BINARY_SUM, order & 2, &kept, &fresh) ||
        !sld_tf_is_swapped(kept, SLD_BINARY_PROD, order & 4, &fg, &cin) ||
        !sld_tf_is_swapped(fresh, SLD_BINARY_PROD, order & 8, &ig, &g) || cin != cell_var->input) {
        return false;
    }
    c->f = c->g = (sld_tf_act){0};
    c->x = NULL;
    sld_tf_find_activation(state, &c->last, &inner);
    if (inner != c_next) {
        c->last = (sld_tf_act){.set = true, .kind = SLD_ACT_NONE};
        inner = state;
    }
    return inner == c_next && match_gate(f, c, ig, &c->f, &c->gate[0]) &&
           match_gate(f, c, out, &c->f, &c->gate[1]) && match_gate(f, c, fg, &c->f, &c->gate[2]) &&
           match_gate(f, c, g, &c->g, &c->gate[3]) &&
           take_peephole(&c->gate[0], cell_var->input, &c->peephole[0]) &&
           take_peephole(&c->gate[1], c_next, &c->peephole[1]) &&
           take_peephole(&c->gate[2], cell_var->input, &c->peephole[2]) &&
           c->gate[3].diagonal_count == 0 && c->x != NULL;
}

static bool match_lstm(finding *f, cell *c)
{
    c->kind = LSTM;
    for (c->c = 0; c->c < f->loop->count; c->c++) {
        if (c->c == c->h || !is_state(f, c->c) ||
            !sld_expr_is_const(&f->loop->body->exprs, f->loop->vars[c->c].input->shape.d[1],
                               &c->hidden)) {
            continue;
        }
        for (unsigned order = 0; order < 16; order++) {
            if (match_lstm_in_order(f, c, order)) {
                return true;
            }
        }
    }
    return false;
}

/* 1 - z */
static bool is_rest_of(const sld_value *value, const sld_value *z)
{
    const sld_value *a, *b;
    double one;
    return sld_tf_is_binary(value, SLD_BINARY_SUB, &a, &b) && b == z && sld_tf_number(a, &one) &&
           one == 1;
}

/* The new content: its reset gate scales h before the product or what comes of it. */
static bool match_hidden(finding *f, cell *c, const sld_value *value)
{
    const sld_value *inner, *h = f->loop->vars[c->h].input;
    sld_tf_affine *gate = &c->gate[2];
    *gate = (sld_tf_affine){0};
    sld_tf_find_activation(value, &c->g, &inner);
    if (!sld_tf_affine_of(inner, 0, c->hidden, gate) || gate->diagonal_count != 0) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        const sld_value *r = gate->product[i], *rest = gate->product[1 - i];
        sld_tf_affine scaled = {0};
        if (r == NULL || !match_gate(f, c, r, &c->f, &c->gate[1])) {
            continue;
        }
        if (sources_fit(f, c, gate, NULL) && sld_tf_affine_of(rest, 0, c->hidden, &scaled) &&
            scaled.product[0] == NULL && scaled.diagonal_count == 0 &&
            sld_tf_only_source(&scaled, h) && !sld_tf_has_source(gate, h)) {
            c->inner = scaled;
            c->reset_after = true;
            return true;
        }
    }
    for (int i = 0; i < gate->term_count && gate->product[0] == NULL; i++) {
        const sld_value *r, *state, *source = gate->terms[i].source;
        for (unsigned order = 0; order < 2; order++) {
            if (sld_tf_is_swapped(source, SLD_BINARY_PROD, order, &r, &state) && state == h &&
                match_gate(f, c, r, &c->f, &c->gate[1]) && sources_fit(f, c, gate, source) &&
                !sld_tf_has_source(gate, h)) {
                return true;
            }
        }
    }
    return false;
}

/* h' = z h + (1 - z) n */
static bool match_gru_in_order(finding *f, cell *c, unsigned order)
{
    const sld_value *kept, *fresh, *z, *state, *rest, *n;
    const sld_tf_loop_var *var = &f->loop->vars[c->h];
    if (!sld_tf_is_swapped(next_of(f, c->h), SLD_BINARY_SUM, order & 1, &kept, &fresh) ||
        !sld_tf_is_swapped(kept, SLD_BINARY_PROD, order & 2, &z, &state) || state != var->input ||
        !sld_tf_is_swapped(fresh, SLD_BINARY_PROD, order & 4, &rest, &n) || !is_rest_of(rest, z)) {
        return false;
    }
    c->f = c->g = (sld_tf_act){0};
    c->x = NULL;
    c->reset_after = false;
    return match_gate(f, c, z, &c->f, &c->gate[0]) && match_hidden(f, c, n) &&
           c->gate[0].diagonal_count == 0 && c->gate[1].diagonal_count == 0 && c->x != NULL;
}

static bool match_gru(finding *f, cell *c)
{
    c->kind = GRU;
    c->hidden = c->outputs;
    for (unsigned order = 0; order < 8; order++) {
        if (match_gru_in_order(f, c, order)) {
            return true;
        }
    }
    return false;
}

static bool match_rnn(finding *f, cell *c)
{
    const sld_value *h = next_of(f, c->h);
    c->kind = RNN;
    c->hidden = c->outputs;
    c->f = (sld_tf_act){0};
    c->x = NULL;
    return h != NULL && match_gate(f, c, h, &c->f, &c->gate[0]) && c->gate[0].diagonal_count == 0 &&
           c->x != NULL && sld_tf_has_source(&c->gate[0], f->loop->vars[c->h].input);
}

/* Cells that see what others give are found after those. */
static void find_cells(finding *f)
{
    bool more = true;
    while (more && f->cell_count < MAX_CELLS) {
        more = false;
        for (uint32_t i = 0; i < f->loop->count && f->cell_count < MAX_CELLS; i++) {
            cell *c = &f->cells[f->cell_count];
            *c = (cell){.h = i};
            if (!is_state(f, i) ||
                !sld_expr_is_const(&f->loop->body->exprs, f->loop->vars[i].input->shape.d[1],
                                   &c->outputs)) {
                continue;
            }
            if (match_lstm(f, c) || match_gru(f, c) || match_rnn(f, c)) {
                f->explained[i] = 1;
                f->explained[c->kind == LSTM ? c->c : i] = 1;
                f->cell_count++;
                more = true;
            }
        }
    }
}

/* The mask of the first state that has one. */
static void find_mask(finding *f)
{
    for (uint32_t i = 0; i < f->loop->count && !f->masked; i++) {
        const sld_value *fresh, *held;
        f->masked = is_state(f, i) &&
                    sld_tf_masked(f->loop, f->loop->vars[i].next->plain, &f->mask, &fresh, &held) &&
                    held == f->loop->vars[i].input;
    }
}

static sld_dim find_trips(finding *f)
{
    sld_dim trips = sld_tf_trips(f->loop, NULL);
    if (trips == SLD_DIM_NONE && f->masked && f->mask.lengths != NULL) {
        trips = sld_tf_trips(f->loop, sld_tf_mask_lengths(f->loop, &f->mask));
        f->shorter = true;
    }
    return trips;
}

/* ---- what else the loop keeps ---- */

/* What a loop writes down of a step. */
typedef enum item_kind {
    NO_ITEM = 0,
    EVERY, /* the value */
    ZERO,  /* the value, 0 in steps that do not count */
    HELD,  /* the value, in steps that do not count the last before; 0 before all that do */
} item_kind;

static bool is_zero(const sld_value *value)
{
    const sld_node *fill = sld_tf_producer(value, SLD_OP_FILL);
    if (fill != NULL) {
        return ((const sld_fill_params *)fill->params)->value == 0;
    }
    bool zero = sld_value_is_constant(value);
    for (size_t i = 0; zero && i < value->data_size; i++) {
        zero = ((const uint8_t *)value->data)[i] == 0;
    }
    return zero;
}

/* Of a value in the body: is it 0, or what is 0 around the loop? */
static bool is_zero_inside(const finding *f, const sld_value *value)
{
    const sld_tf_loop_var *var = sld_tf_var_of(f->loop, value);
    bool given = var != NULL && var->invariant && var->arg.list == NULL && var->outer != NULL;
    return is_zero(given ? var->outer : value);
}

/* The item that a variable keeps of the last step. A held one begins with 0, and so does its cell.
 */
static item_kind kept_item(finding *f, const sld_tf_loop_var *var, const cell **from)
{
    sld_tf_mask mask;
    const sld_value *fresh, *held;
    if (!f->masked || var == NULL || var->arg.list != NULL || var->invariant ||
        !sld_tf_masked(f->loop, var->next->plain, &mask, &fresh, &held) ||
        !sld_tf_same_mask(&mask, &f->mask)) {
        return NO_ITEM;
    }
    *from = cell_of(f, fresh);
    if (*from == NULL || is_zero_inside(f, held)) { /* what the last iteration gave */
        return *from == NULL || f->shorter ? NO_ITEM : ZERO;
    }
    bool zero = is_zero(var->outer) && is_zero(f->loop->vars[(*from)->h].outer);
    return zero && held == var->input ? HELD : NO_ITEM;
}

/* value is that of a cell or a list (EVERY). */
static item_kind item_of(finding *f, const sld_value *value, const cell **from)
{
    sld_tf_mask mask;
    const sld_value *fresh, *held;
    value = sld_tf_stripped(value);
    *from = cell_of(f, value);
    if (!f->masked) {
        return is_sequence(f, value) ? EVERY : NO_ITEM;
    }
    if (!sld_tf_masked(f->loop, value, &mask, &fresh, &held) ||
        !sld_tf_same_mask(&mask, &f->mask)) {
        return NO_ITEM;
    }
    *from = cell_of(f, fresh);
    if (*from == NULL || is_zero_inside(f, held)) {
        return *from == NULL ? NO_ITEM : ZERO;
    }
    const cell *other = NULL;
    bool same = kept_item(f, sld_tf_var_of(f->loop, held), &other) == HELD && other == *from;
    return same ? HELD : NO_ITEM;
}

/* A list that takes what a cell gives, in order or only the last. */
static bool fits_list(finding *f, const sld_tf_loop_var *var, bool *last)
{
    int64_t index, count;
    const cell *from;
    const sld_tf_list *next = var->next->list, *initial = var->initial->list;
    item_kind kind = item_of(f, next->item, &from);
    if (next->before == NULL || next->before != var->arg.list || kind == NO_ITEM ||
        initial->elements != NULL || initial->before != NULL || initial->loop != NULL ||
        initial->joined != NULL) {
        return false;
    }
    const sld_value *size = initial->count;
    bool known = sld_tf_int_value(size, &count);
    *last = next->index != NULL && sld_tf_int_value(next->index, &index) && index == 0 && known &&
            count == 1 && !initial->grows;
    if (f->shorter && ((kind == HELD) != *last || initial->grows)) { /* what is not written is 0 */
        return false;
    }
    if (*last) {
        return true;
    }
    bool in_order =
        next->index == NULL ? initial->grows : sld_tf_counts_from_zero(f->loop, next->index);
    bool all = known ? sld_expr_const(&f->loop->around->exprs, count) == f->trips
                     : size->content != NULL && size->content[0] == f->trips;
    return in_order && (all || (initial->grows && known && count <= 1));
}

static bool all_explained(finding *f)
{
    for (uint32_t i = 0; i < f->loop->count; i++) {
        int64_t start;
        bool last;
        const cell *from;
        const sld_tf_loop_var *var = &f->loop->vars[i];
        if (!f->explained[i] && !var->invariant && !sld_tf_is_counter(var, &start) &&
            kept_item(f, var, &from) == NO_ITEM &&
            !(var->arg.list != NULL && fits_list(f, var, &last))) {
            return false;
        }
    }
    return f->cell_count > 0;
}

/* ---- emitting ---- */

static int gates_of(const cell *c)
{
    return c->kind == LSTM ? 4 : c->kind == GRU ? 3 : 1;
}

static sld_value *weights(finding *f, const cell *c, const sld_value *source, int64_t rows)
{
    sld_tf_node *node = f->node;
    solder_dtype dtype = f->loop->vars[c->h].input->dtype;
    int gates = gates_of(c);
    const int64_t dims[3] = {1, gates * c->hidden, rows};
    size_t bytes;
    if (!sld_dims_bytes(dims, 3, dtype, &bytes)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "its weights are too large");
        return NULL;
    }
    char *data = sld_arena_alloc(&node->tf->arena, bytes);
    if (data == NULL) {
        node->status = sld_fail_memory(node->tf->diag, bytes);
        return NULL;
    }
    size_t block = bytes / (size_t)gates;
    for (int g = 0; g < gates; g++) {
        const sld_tf_affine *gate = &c->gate[g];
        const sld_value *wanted = source;
        if (source != c->x && c->kind == GRU && g == 2) { /* of the scaled h, or scaled itself */
            gate = c->reset_after ? &c->inner : gate;
            wanted = NULL;
        }
        sld_tf_affine_matrix(gate, wanted, wanted == NULL ? c->x : NULL, c->hidden, rows, dtype,
                             data + (size_t)g * block);
    }
    return sld_tf_constant(node, dtype, 3, dims, data);
}

/* Both biases one behind the other: everything in the first but what the reset gate scales. */
static sld_value *biases(finding *f, const cell *c)
{
    sld_tf_node *node = f->node;
    solder_dtype dtype = f->loop->vars[c->h].input->dtype;
    int gates = gates_of(c);
    const int64_t dims[2] = {1, 2 * gates * c->hidden};
    size_t size = solder_dtype_size(dtype), half = (size_t)gates * (size_t)c->hidden * size;
    char *data = sld_arena_alloc(&node->tf->arena, 2 * half);
    if (data == NULL) {
        node->status = sld_fail_memory(node->tf->diag, 2 * half);
        return NULL;
    }
    bool any = false;
    for (int g = 0; g < gates; g++) {
        size_t at = (size_t)g * (size_t)c->hidden * size;
        any |= sld_tf_affine_bias(&c->gate[g], c->hidden, dtype, data + at);
        if (c->kind == GRU && g == 2 && c->reset_after) {
            any |= sld_tf_affine_bias(&c->inner, c->hidden, dtype, data + half + at);
        }
    }
    return any ? sld_tf_constant(node, dtype, 2, dims, data) : NULL;
}

static sld_value *peepholes(finding *f, const cell *c)
{
    sld_tf_node *node = f->node;
    solder_dtype dtype = f->loop->vars[c->h].input->dtype;
    size_t size = solder_dtype_size(dtype), one = (size_t)c->hidden * size;
    if (c->peephole[0] == NULL && c->peephole[1] == NULL && c->peephole[2] == NULL) {
        return NULL;
    }
    char *data = sld_arena_alloc(&node->tf->arena, 3 * one);
    if (data == NULL) {
        node->status = sld_fail_memory(node->tf->diag, 3 * one);
        return NULL;
    }
    for (size_t i = 0; i < 3; i++) {
        if (c->peephole[i] != NULL) {
            memcpy(data + i * one, c->peephole[i]->data, one);
        }
    }
    return sld_tf_constant(node, dtype, 2, (int64_t[]){1, 3 * c->hidden}, data);
}

/* [N, H] to [1, N, H]; nothing if it is zeros. */
static sld_value *first_state(finding *f, uint32_t index, int64_t hidden)
{
    sld_value *value = f->loop->vars[index].outer;
    const sld_node *fill = sld_tf_producer(value, SLD_OP_FILL);
    if (fill != NULL && ((const sld_fill_params *)fill->params)->value == 0) {
        return NULL;
    }
    return sld_tf_reshape(f->node, (int64_t[]){1, -1, hidden}, 3, value);
}

static sld_value *projection(finding *f, const cell *c)
{
    sld_tf_node *node = f->node;
    const sld_tf_affine *p = &c->projection;
    solder_dtype dtype = f->loop->vars[c->h].input->dtype;
    const int64_t dims[3] = {1, c->outputs, c->hidden};
    size_t bytes;
    if (p->term_count == 0 || !sld_dims_bytes(dims, 3, dtype, &bytes)) {
        return NULL; /* a matrix of the model is not too large */
    }
    void *data = sld_arena_alloc(&node->tf->arena, bytes);
    if (data == NULL) {
        node->status = sld_fail_memory(node->tf->diag, bytes);
        return NULL;
    }
    sld_tf_affine_matrix(p, p->terms[0].source, NULL, c->outputs, c->hidden, dtype, data);
    return sld_tf_constant(node, dtype, 3, dims, data);
}

static void set_act(const sld_tf_act *act, int32_t *kind, float *alpha, float *beta)
{
    kind[0] = kind[1] = act->kind;
    alpha[0] = alpha[1] = act->alpha;
    beta[0] = beta[1] = act->beta;
}

static void emit(finding *f, cell *c)
{
    static const sld_op ops[] = {SLD_OP_LSTM, SLD_OP_GRU, SLD_OP_RNN};
    sld_tf_node *node = f->node;
    const sld_value *h = f->loop->vars[c->h].input;
    sld_recurrent_params p = {.hidden = (int32_t)c->hidden, .linear_before_reset = c->reset_after};
    sld_value *in[9] = {sequence_of(f, c->x)}, *out[3];
    uint32_t in_count = c->kind == LSTM ? 9 : 6, out_count = c->kind == LSTM ? 3 : 2;
    int64_t inputs;
    if (in[0] == NULL || in[0]->shape.rank != 3 ||
        !sld_expr_is_const(&f->loop->around->exprs, in[0]->shape.d[2], &inputs)) {
        sld_tf_unsupported(node, "a recurrent cell of an open number of inputs");
        return;
    }
    in[SLD_RECURRENT_W] = weights(f, c, c->x, inputs);
    in[SLD_RECURRENT_R] = weights(f, c, h, c->outputs);
    in[SLD_RECURRENT_BIAS] = biases(f, c);
    in[SLD_RECURRENT_LENGTHS] = f->steps.lengths;
    in[SLD_RECURRENT_H] = first_state(f, c->h, c->outputs);
    set_act(&c->f, p.f, p.f_alpha, p.f_beta);
    set_act(&c->g, p.g, p.g_alpha, p.g_beta);
    if (c->kind == LSTM) {
        in[SLD_RECURRENT_C] = first_state(f, c->c, c->hidden);
        in[SLD_RECURRENT_PEEPHOLES] = peepholes(f, c);
        in[SLD_RECURRENT_PROJECTION] = projection(f, c);
        p.cell_clip = c->clip;
        set_act(&c->last, p.h, p.h_alpha, p.h_beta);
    }
    sld_tf_emit_many(node, ops[c->kind], &p, in, in_count, out, out_count);
    c->y = sld_tf_reshape(node, (int64_t[]){0, -1, c->outputs}, 3, out[0]);
    c->final_h = sld_tf_reshape(node, (int64_t[]){-1, c->outputs}, 2, out[1]);
    if (c->kind == LSTM) {
        c->final_c = sld_tf_reshape(node, (int64_t[]){-1, c->hidden}, 2, out[2]);
    }
}

/* One with all steps; of the first cell, which sees no other. */
static sld_value *any_sequence(finding *f)
{
    return list_read(f, sld_tf_stripped(f->cells[0].x))->outer;
}

static void set_counter(finding *f, uint32_t index)
{
    sld_tf_node *node = f->node;
    const sld_tf_loop_var *var = &f->loop->vars[index];
    sld_value *x = any_sequence(f);
    const sld_shape_params one = {.start = 0, .end = 1};
    sld_value *trips = f->shorter ? sld_tf_trip_count(node, f->loop)
                                  : sld_tf_emit(node, SLD_OP_SHAPE, &one, &x, 1);
    trips = sld_tf_as_scalar(node, trips);
    trips = sld_tf_cast(node, var->outer->dtype, trips);
    sld_tf_set(node, index, sld_tf_binary(node, SLD_BINARY_SUM, trips, var->outer));
}

static void set_list_output(finding *f, uint32_t index)
{
    const sld_tf_loop_var *var = &f->loop->vars[index];
    bool last = false;
    (void)fits_list(f, var, &last);
    sld_tf_list list = *var->initial->list;
    list.count = NULL;
    const cell *from;
    item_kind kind = item_of(f, var->next->list->item, &from);
    if (last && from != NULL && kind != ZERO) {
        list.elements =
            sld_tf_reshape(f->node, (int64_t[]){1, -1, from->outputs}, 3, from->final_h);
    } else {
        list.elements = kind == EVERY ? sequence_of(f, var->next->list->item)
                                      : sld_tf_unordered(f->node, &f->steps, from->y, kind == HELD);
        if (last) {
            list.elements = sld_tf_slice(f->node, list.elements, 0, -1, INT64_MAX);
        }
    }
    sld_tf_set_list(f->node, index, &list);
}

static void set_kept(finding *f, uint32_t index)
{
    const cell *from = NULL;
    bool held = kept_item(f, &f->loop->vars[index], &from) == HELD;
    sld_value *last = from->final_h;
    if (!held) {
        last = sld_tf_unordered(f->node, &f->steps, from->y, false);
        last = sld_tf_slice(f->node, last, 0, -1, INT64_MAX);
        last = sld_tf_reshape(f->node, (int64_t[]){-1, from->outputs}, 2, last);
    }
    sld_tf_set(f->node, index, last);
}

static void set_outputs(finding *f)
{
    const cell *from;
    for (uint32_t i = 0; i < f->loop->count; i++) {
        const sld_tf_loop_var *var = &f->loop->vars[i];
        if (var->invariant) {
            f->node->out[i] = var->initial;
        } else if (var->arg.list != NULL) {
            set_list_output(f, i);
        } else if (!f->explained[i] && kept_item(f, var, &from) != NO_ITEM) {
            set_kept(f, i);
        } else if (!f->explained[i]) {
            set_counter(f, i);
        }
    }
    for (int i = 0; i < f->cell_count; i++) {
        sld_tf_set(f->node, f->cells[i].h, f->cells[i].final_h);
        if (f->cells[i].kind == LSTM) {
            sld_tf_set(f->node, f->cells[i].c, f->cells[i].final_c);
        }
    }
}

bool sld_tf_recurrent(sld_tf_node *node, sld_tf_loop *loop)
{
    sld_tf *tf = node->tf;
    finding *f = sld_arena_alloc(&tf->arena, sizeof *f);
    uint8_t *explained = sld_arena_array(&tf->arena, loop->count, sizeof *explained);
    if (f == NULL || explained == NULL) {
        node->status = sld_fail_memory(tf->diag, sizeof *f);
        return false;
    }
    *f = (finding){.node = node, .loop = loop, .explained = explained};
    sld_tf_keep(node, sld_tf_fold_constants(loop->body, &tf->arena));
    if (!sld_tf_ok(node)) {
        return false;
    }
    find_mask(f);
    f->trips = find_trips(f);
    if (f->trips == SLD_DIM_NONE) {
        return false;
    }
    find_cells(f);
    if (!all_explained(f)) {
        return false;
    }
    if (f->masked) {
        sld_tf_emit_mask(node, loop, &f->mask, any_sequence(f), &f->steps);
    }
    for (int i = 0; i < f->cell_count; i++) {
        emit(f, &f->cells[i]);
    }
    set_outputs(f);
    return true;
}
