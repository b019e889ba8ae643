/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies of If and Loop: making them, and inference through them. A body has expressions of its
 * own. Dims of what comes in are numbers or symbols that stand for expressions of the owner; dims
 * of what goes out are translated back where they can be, and are data dependent where not. Dims
 * of carried values that an iteration changes are open: inference widens them until none changes.
 */
#include "graph/control.h"

#include <stdio.h>

#include "kernels/params.h"

/* After so many rounds of widening every carried dim is taken to change: loops in loops multiply.
 */
#define MAX_ROUNDS 1

/* Symbols of one inference that a body may get: a dim of every input. */
#define NEW_SYMBOLS ((size_t)(SLD_MAX_INPUTS + 1) * SOLDER_MAX_RANK)

uint32_t sld_op_body_count(sld_op op)
{
    return op == SLD_OP_IF ? 2 : op == SLD_OP_LOOP ? 1 : 0;
}

solder_status sld_graph_body_create(sld_graph *owner, const char *name, sld_graph **out)
{
    sld_graph *body;
    if (owner->depth >= SLD_BODY_DEPTH_MAX) {
        return sld_fail(owner->diag, SOLDER_ERROR_UNSUPPORTED,
                        "body '%s' lies in %d others, at most %d are allowed", name, owner->depth,
                        SLD_BODY_DEPTH_MAX);
    }
    SLD_TRY(sld_graph_create(owner->allocator, owner->diag, &body));
    body->owner = owner;
    body->plugins = owner->plugins;
    body->depth = owner->depth + 1;
    body->next_body = owner->first_body;
    owner->first_body = body;
    body->name = sld_arena_strdup(&body->arena, name != NULL ? name : "");
    if (body->name == NULL) {
        body->name = "";
        return sld_fail_memory(owner->diag, strlen(name) + 1);
    }
    *out = body;
    return SOLDER_OK;
}

/* ---- dims that come in ---- */

typedef struct scope {
    sld_graph *graph, *body;
    const int64_t *low, *high, *opt; /* of graph's expressions; NULL: not of interest */
    sld_dim *stands_for;             /* by symbol of body; NULL: not of interest */
    size_t stands_for_count;
} scope;

/* The symbol of that name that callers give, not one a step of the body defines. */
static sld_dim caller_symbol(sld_graph *body, const char *name)
{
    char tried[512];
    for (unsigned i = 0;; i++) {
        (void)snprintf(tried, sizeof tried, i == 0 ? "%s" : "%s''%u", name, i);
        sld_dim d = sld_expr_symbol(&body->exprs, tried);
        if (d < 0 || !body->exprs.symbols[body->exprs.exprs[d].value].data_dependent) {
            return d;
        }
    }
}

/* outer NONE: changes between iterations, started as `from`. */
static sld_dim symbol_for(const scope *s, const char *name, sld_dim outer, sld_dim from)
{
    sld_dim d = caller_symbol(s->body, name);
    if (d < 0) {
        return d;
    }
    int64_t index = s->body->exprs.exprs[d].value;
    sld_symbol *symbol = &s->body->exprs.symbols[index];
    symbol->min = 0;
    symbol->opt = SLD_SYMBOL_OPT;
    symbol->max = SLD_SYMBOL_OPEN;
    if (s->high != NULL && from >= 0 && s->opt[from] >= 0) {
        symbol->opt = s->opt[from];
    }
    if (s->high != NULL && outer >= 0) {
        symbol->min = s->low[outer] > 0 ? s->low[outer] : 0;
        symbol->max = s->high[outer];
    }
    symbol->max = symbol->max < symbol->min ? symbol->min : symbol->max;
    symbol->opt = symbol->opt < symbol->min   ? symbol->min
                  : symbol->opt > symbol->max ? symbol->max
                                              : symbol->opt;
    if (s->stands_for != NULL && (size_t)index < s->stands_for_count) {
        s->stands_for[index] = outer;
    }
    return d;
}

/* Named after the expression it stands for, so that equal dims are one symbol. */
static sld_dim stand_in(const scope *s, sld_dim outer, const char *input, int axis)
{
    char name[480] = "^";
    int64_t value;
    if (sld_expr_is_const(&s->graph->exprs, outer, &value)) {
        return sld_expr_const(&s->body->exprs, value);
    }
    sld_expr_print(&s->graph->exprs, outer, name + 1, sizeof name - 1);
    if (strlen(name) + 8 >= sizeof name || strchr(name, '?') != NULL) { /* not all of it */
        (void)snprintf(name, sizeof name, "^%.400s'%d", input, axis);
    }
    return symbol_for(s, name, outer, outer);
}

static sld_shape inner_shape(const scope *s, const sld_shape *outer, const char *input,
                             uint32_t changing, int skip)
{
    sld_shape shape = {.rank = outer->rank - skip};
    for (int i = 0; i < shape.rank; i++) {
        char name[480];
        if ((changing >> i & 1u) != 0) {
            (void)snprintf(name, sizeof name, "%.400s'%d", input, i);
            shape.d[i] = symbol_for(s, name, SLD_DIM_NONE, outer->d[i + skip]);
        } else {
            shape.d[i] = stand_in(s, outer->d[i + skip], input, i);
        }
    }
    return shape;
}

static solder_status add_input(sld_graph *body, const char *name, const sld_value *outer,
                               uint32_t changing, int skip, sld_value **value)
{
    const scope s = {.graph = body->owner, .body = body};
    if (outer->shape.rank < skip) {
        return sld_fail(body->diag, SOLDER_ERROR_DATA, "'%s' has no axis 0 to be scanned along",
                        outer->name);
    }
    const sld_shape shape = inner_shape(&s, &outer->shape, name, changing, skip);
    return sld_graph_add_input(body, name, outer->dtype, &shape, value);
}

solder_status sld_graph_body_input(sld_graph *body, const char *name, const sld_value *outer,
                                   sld_value **value)
{
    return add_input(body, name, outer, 0, 0, value);
}

solder_status sld_graph_body_slice(sld_graph *body, const char *name, const sld_value *outer,
                                   sld_value **value)
{
    return add_input(body, name, outer, 0, 1, value);
}

solder_status sld_graph_body_carried(sld_graph *body, const char *name, const sld_value *outer,
                                     uint32_t changing, sld_value **value)
{
    return add_input(body, name, outer, changing, 0, value);
}

solder_status sld_graph_body_constant(sld_graph *body, const sld_value *outer, sld_value **value)
{
    int64_t dims[SOLDER_MAX_RANK];
    if (outer->kind != SLD_VALUE_CONSTANT || !sld_value_static_dims(outer->graph, outer, dims)) {
        return sld_fail(body->diag, SOLDER_ERROR_INTERNAL, "'%s' is no constant", outer->name);
    }
    return sld_graph_add_constant(body, outer->name, outer->dtype, outer->shape.rank, dims,
                                  outer->data, false, value);
}

solder_status sld_graph_body_output(sld_graph *body, sld_value *value)
{
    if (value->is_output || value->kind != SLD_VALUE_NODE) {
        const sld_unary_params params = {.kind = SLD_UNARY_IDENTITY};
        SLD_TRY(sld_graph_add(body, NULL, SLD_OP_UNARY, value->name, &params, &value, 1, &value));
    }
    return sld_graph_mark_output(body, value);
}

solder_status sld_graph_carried_changes(const sld_graph *body, uint32_t index, uint32_t *changing)
{
    const sld_value *in = body->inputs[index];
    const sld_value *out = body->outputs[index];
    if (in->dtype != out->dtype || in->shape.rank != out->shape.rank) {
        return sld_fail(body->diag, SOLDER_ERROR_DATA,
                        "body '%s': '%s' starts as %s of rank %d and goes on as %s of rank %d",
                        body->name, in->name, solder_dtype_name(in->dtype), (int)in->shape.rank,
                        solder_dtype_name(out->dtype), (int)out->shape.rank);
    }
    *changing = 0;
    for (int i = 0; i < in->shape.rank; i++) {
        *changing |= in->shape.d[i] != out->shape.d[i] ? 1u << i : 0;
    }
    return SOLDER_OK;
}

solder_status sld_graph_add_if(sld_graph *graph, sld_node *before, const char *name,
                               const sld_if_params *params, sld_value *condition,
                               sld_value *const *captured, uint32_t count, sld_graph *then_body,
                               sld_graph *else_body, sld_node **node)
{
    sld_value *in[SLD_MAX_INPUTS];
    sld_graph *bodies[] = {then_body, else_body};
    if (count >= SLD_MAX_INPUTS) {
        return sld_fail(graph->diag, SOLDER_ERROR_UNSUPPORTED,
                        "node '%s' (If): takes %u values, at most %d are allowed",
                        name != NULL ? name : "", (unsigned)count, SLD_MAX_INPUTS - 1);
    }
    in[0] = condition;
    for (uint32_t i = 0; i < count; i++) {
        in[1 + i] = captured[i];
    }
    return sld_graph_add_control(graph, before, SLD_OP_IF, name, params, in, 1 + count, bodies,
                                 node);
}

solder_status sld_graph_add_loop(sld_graph *graph, sld_node *before, const char *name,
                                 const sld_loop_params *params, sld_value *const *in,
                                 uint32_t in_count, sld_graph *body, sld_node **node)
{
    return sld_graph_add_control(graph, before, SLD_OP_LOOP, name, params, in, in_count, &body,
                                 node);
}

/* ---- inference ---- */

typedef struct inference {
    sld_graph *graph;
    const sld_node *node;
    sld_arena *scratch;
    int64_t *low, *high, *opt;
} inference;

static solder_status fail_node(const inference *f, solder_status code, const char *what,
                               const sld_value *value)
{
    return sld_fail(f->graph->diag, code, "node '%s' (%s): %s%s%s%s", f->node->name,
                    sld_op_name(f->node->op), what, value != NULL ? " '" : "",
                    value != NULL ? value->name : "", value != NULL ? "'" : "");
}

static solder_status begin(inference *f)
{
    size_t count = f->graph->exprs.count + 1;
    f->low = sld_arena_array(f->scratch, count, sizeof *f->low);
    f->high = sld_arena_array(f->scratch, count, sizeof *f->high);
    f->opt = sld_arena_array(f->scratch, count, sizeof *f->opt);
    if (f->low == NULL || f->high == NULL || f->opt == NULL) {
        return sld_fail_memory(f->graph->diag, count * sizeof *f->opt);
    }
    sld_expr_ranges(&f->graph->exprs, f->low, f->high, f->opt);
    return SOLDER_OK;
}

static solder_status open_scope(const inference *f, sld_graph *body, scope *s)
{
    size_t count = body->exprs.symbol_count + NEW_SYMBOLS;
    *s = (scope){.graph = f->graph,
                 .body = body,
                 .low = f->low,
                 .high = f->high,
                 .opt = f->opt,
                 .stands_for = sld_arena_array(f->scratch, count, sizeof(sld_dim)),
                 .stands_for_count = count};
    if (s->stands_for == NULL) {
        return sld_fail_memory(f->graph->diag, count * sizeof(sld_dim));
    }
    for (size_t i = 0; i < count; i++) {
        s->stands_for[i] = SLD_DIM_NONE;
    }
    return SOLDER_OK;
}

static bool is_one(const sld_graph *graph, const sld_value *value)
{
    int64_t dim;
    return value->shape.rank == 0 ||
           (value->shape.rank == 1 &&
            (!sld_expr_is_const(&graph->exprs, value->shape.d[0], &dim) || dim == 1));
}

static solder_status check_condition(const inference *f, const sld_graph *graph,
                                     const sld_value *value)
{
    if (value != NULL && (value->dtype != SOLDER_BOOL || !is_one(graph, value))) {
        return fail_node(f, SOLDER_ERROR_DATA, "a condition must be one bool, not", value);
    }
    return SOLDER_OK;
}

static solder_status check_dtype(const inference *f, const sld_value *outer, const sld_value *inner)
{
    return outer->dtype == inner->dtype
               ? SOLDER_OK
               : fail_node(f, SOLDER_ERROR_DATA, "another type is given for its body's", inner);
}

static solder_status set_input(const inference *f, const scope *s, sld_value *inner,
                               const sld_value *outer, uint32_t changing, int skip)
{
    SLD_TRY(check_dtype(f, outer, inner));
    if (outer->shape.rank < skip) {
        return fail_node(f, SOLDER_ERROR_DATA, "no axis 0 to be scanned along has", outer);
    }
    inner->shape = inner_shape(s, &outer->shape, inner->name, changing, skip);
    inner->content = NULL;
    return s->body->exprs.failed ? sld_fail_memory(f->graph->diag, sizeof(sld_expr)) : SOLDER_OK;
}

static sld_dim outer_of_symbol(const scope *s, int64_t index)
{
    return (size_t)index < s->stands_for_count ? s->stands_for[index] : SLD_DIM_NONE;
}

/* Every expression of the body in the owner's terms, SLD_DIM_NONE where it has none. */
static solder_status translate(const inference *f, const scope *s, sld_dim **out)
{
    const sld_expr_table *t = &s->body->exprs;
    sld_dim *map = sld_arena_array(f->scratch, t->count + 1, sizeof *map);
    if (map == NULL) {
        return sld_fail_memory(f->graph->diag, t->count * sizeof *map);
    }
    for (size_t i = 0; i < t->count; i++) {
        const sld_expr *e = &t->exprs[i];
        map[i] = e->op == SLD_EXPR_CONST ? sld_expr_const(&f->graph->exprs, e->value)
                 : e->op == SLD_EXPR_SYMBOL
                     ? outer_of_symbol(s, e->value)
                     : sld_expr_make(&f->graph->exprs, (sld_expr_op)e->op, map[e->a], map[e->b]);
    }
    *out = map;
    return SOLDER_OK;
}

/* The most a dim of the body may be, in the owner's terms. */
static sld_dim upper(const sld_graph *body, const sld_dim *map, sld_dim d)
{
    const sld_expr *e = &body->exprs.exprs[d];
    if (map[d] != SLD_DIM_NONE || e->op != SLD_EXPR_SYMBOL) {
        return map[d];
    }
    const sld_symbol *symbol = &body->exprs.symbols[e->value];
    return symbol->data_dependent && symbol->bound >= 0 ? map[symbol->bound] : SLD_DIM_NONE;
}

/* A dim of an output that only a run can tell. */
static sld_dim fresh_dim(const inference *f, uint32_t output, int axis, sld_dim bound)
{
    char name[480];
    (void)snprintf(name, sizeof name, "%.400s:%u.%d", f->node->name, (unsigned)output, axis);
    return sld_expr_data_symbol(&f->graph->exprs, name, bound);
}

/* ---- If ---- */

static solder_status enter_branch(const inference *f, sld_graph *body, sld_dim **map)
{
    scope s;
    SLD_TRY(open_scope(f, body, &s));
    if (body->input_count != f->node->in_count - 1 || body->output_count != f->node->out_count) {
        return fail_node(f, SOLDER_ERROR_DATA,
                         "a body takes or gives another number of values than the node", NULL);
    }
    for (size_t i = 0; i < body->input_count; i++) {
        const sld_value *outer = f->node->in[1 + i].value;
        if (outer == NULL) {
            return fail_node(f, SOLDER_ERROR_DATA, "nothing is given for its body's",
                             body->inputs[i]);
        }
        SLD_TRY(set_input(f, &s, body->inputs[i], outer, 0, 0));
    }
    solder_status status = sld_graph_infer_all(body);
    if (status != SOLDER_OK) {
        return sld_fail_within(f->graph->diag, status, "node '%s'", f->node->name);
    }
    return translate(f, &s, map);
}

static solder_status merge_output(const inference *f, uint32_t index, sld_dim *const map[2],
                                  sld_fact *out)
{
    const sld_graph *const *bodies = (const sld_graph *const *)f->node->bodies;
    const sld_value *a = bodies[0]->outputs[index];
    const sld_value *b = bodies[1]->outputs[index];
    if (a->dtype != b->dtype || a->shape.rank != b->shape.rank) {
        return fail_node(f, SOLDER_ERROR_UNSUPPORTED, "its bodies give different types or ranks of",
                         f->node->out[index]);
    }
    const sld_if_params *p = f->node->params;
    out->dtype = a->dtype;
    out->shape.rank = a->shape.rank;
    for (int i = 0; i < a->shape.rank; i++) {
        if (p->refused != SLD_REFUSED_NONE) {
            int good = sld_if_refuses(p, 0);
            sld_dim d = (good ? b : a)->shape.d[i];
            sld_dim known = map[good][d];
            out->shape.d[i] = known != SLD_DIM_NONE
                                  ? known
                                  : fresh_dim(f, index, i, upper(bodies[good], map[good], d));
            continue;
        }
        sld_dim x = map[0][a->shape.d[i]];
        sld_dim y = map[1][b->shape.d[i]];
        sld_dim most =
            sld_expr_make(&f->graph->exprs, SLD_EXPR_MAX, upper(bodies[0], map[0], a->shape.d[i]),
                          upper(bodies[1], map[1], b->shape.d[i]));
        out->shape.d[i] = x != SLD_DIM_NONE && x == y ? x : fresh_dim(f, index, i, most);
    }
    return SOLDER_OK;
}

static solder_status infer_if(const inference *f, sld_fact *out)
{
    sld_dim *map[2];
    SLD_TRY(check_condition(f, f->graph, f->node->in[0].value));
    for (int i = 0; i < 2; i++) {
        SLD_TRY(enter_branch(f, f->node->bodies[i], &map[i]));
    }
    for (uint32_t i = 0; i < f->node->out_count; i++) {
        SLD_TRY(merge_output(f, i, map, &out[i]));
    }
    return SOLDER_OK;
}

/* ---- Loop ---- */

static solder_status check_loop(const inference *f)
{
    const sld_node *node = f->node;
    const sld_loop_params *p = node->params;
    const sld_graph *body = node->bodies[0];
    if (p->carried_count < 0 || p->scanned_count < 0 || p->scan_count < 0 ||
        p->carried_count > SLD_MAX_INPUTS || p->scanned_count > SLD_MAX_INPUTS ||
        p->scan_count > SLD_MAX_OUTPUTS) {
        return fail_node(f, SOLDER_ERROR_DATA, "counts are out of range", NULL);
    }
    uint32_t lists = SLD_LOOP_FIRST + (uint32_t)(p->carried_count + p->scanned_count);
    uint32_t given = node->in_count > SLD_LOOP_FIRST ? node->in_count : SLD_LOOP_FIRST;
    if (given < lists || body->input_count != 1 + given - SLD_LOOP_FIRST ||
        node->out_count != (uint32_t)(p->carried_count + p->scan_count) ||
        body->output_count != 1 + node->out_count) {
        return fail_node(f, SOLDER_ERROR_DATA,
                         "its body takes or gives another number of values than the node", NULL);
    }
    for (uint32_t i = SLD_LOOP_FIRST; i < node->in_count; i++) {
        if (node->in[i].value == NULL) {
            return fail_node(f, SOLDER_ERROR_DATA, "nothing is given for its body's",
                             body->inputs[1 + i - SLD_LOOP_FIRST]);
        }
    }
    const sld_value *trip = sld_node_in(node, SLD_LOOP_TRIP);
    if (trip != NULL && (!sld_dtype_is_integer(trip->dtype) || !is_one(f->graph, trip))) {
        return fail_node(f, SOLDER_ERROR_DATA, "the trip count must be one integer, not", trip);
    }
    const sld_value *step = body->inputs[0];
    if (step->dtype != SOLDER_I64 || step->shape.rank != 0) {
        return fail_node(f, SOLDER_ERROR_DATA, "the iteration must be an i64 scalar, not", step);
    }
    return check_condition(f, f->graph, sld_node_in(node, SLD_LOOP_CONDITION));
}

static solder_status enter_body(const inference *f, const uint32_t *changing, scope *s)
{
    const sld_node *node = f->node;
    const sld_loop_params *p = node->params;
    sld_graph *body = node->bodies[0];
    SLD_TRY(open_scope(f, body, s));
    for (uint32_t i = SLD_LOOP_FIRST; i < node->in_count; i++) {
        uint32_t at = i - SLD_LOOP_FIRST;
        bool carried = at < (uint32_t)p->carried_count;
        bool scanned = !carried && at < (uint32_t)(p->carried_count + p->scanned_count);
        SLD_TRY(set_input(f, s, body->inputs[1 + at], node->in[i].value, carried ? changing[at] : 0,
                          scanned ? 1 : 0));
    }
    solder_status status = sld_graph_infer_all(body);
    return status == SOLDER_OK ? status
                               : sld_fail_within(f->graph->diag, status, "node '%s'", node->name);
}

static void change_all(const inference *f, uint32_t *changing)
{
    const sld_loop_params *p = f->node->params;
    for (int i = 0; i < p->carried_count; i++) {
        changing[i] = (1u << f->node->in[SLD_LOOP_FIRST + i].value->shape.rank) - 1;
    }
}

/* Widens carried dims until no iteration changes another. */
static solder_status settle(const inference *f, uint32_t *changing, scope *s)
{
    const sld_loop_params *p = f->node->params;
    for (int round = 0;; round++) {
        bool changed = false;
        solder_status status = enter_body(f, changing, s);
        if (status != SOLDER_OK) { /* the first values' dims may be no body's */
            if (round > 0 || p->carried_count == 0 || status == SOLDER_ERROR_MEMORY) {
                return status;
            }
            change_all(f, changing);
            continue;
        }
        for (int i = 0; i < p->carried_count; i++) {
            uint32_t now;
            SLD_TRY(sld_graph_carried_changes(f->node->bodies[0], 1 + (uint32_t)i, &now));
            changed = changed || (now & ~changing[i]) != 0;
            changing[i] |= now;
        }
        if (!changed) {
            return SOLDER_OK;
        }
        if (round >= MAX_ROUNDS) {
            change_all(f, changing);
        }
    }
}

static bool is_always_true(const sld_value *value)
{
    while (value != NULL && value->kind == SLD_VALUE_NODE && value->producer->op == SLD_OP_UNARY &&
           ((const sld_unary_params *)value->producer->params)->kind == SLD_UNARY_IDENTITY) {
        value = value->producer->in[0].value;
    }
    return value == NULL || (value->kind == SLD_VALUE_CONSTANT && value->dtype == SOLDER_BOOL &&
                             value->data_size == 1 && *(const uint8_t *)value->data != 0);
}

static sld_dim trip_limit(const inference *f)
{
    sld_expr_table *t = &f->graph->exprs;
    const sld_loop_params *p = f->node->params;
    const sld_value *trip = sld_node_in(f->node, SLD_LOOP_TRIP);
    sld_dim limit = SLD_DIM_NONE;
    if (trip != NULL && trip->kind == SLD_VALUE_CONSTANT && trip->data_size > 0) {
        limit = sld_expr_const(t, sld_load_i64(trip->dtype, trip->data));
    } else if (trip != NULL && trip->content != NULL) {
        limit = trip->content[0];
    }
    if (limit != SLD_DIM_NONE) {
        limit = sld_expr_make(t, SLD_EXPR_MAX, limit, sld_expr_const(t, 0));
    }
    if (p->scanned_count > 0) {
        sld_dim length = f->node->in[SLD_LOOP_FIRST + p->carried_count].value->shape.d[0];
        limit = limit == SLD_DIM_NONE ? length : sld_expr_make(t, SLD_EXPR_MIN, limit, length);
    }
    return limit;
}

static void infer_carried(const inference *f, uint32_t changing, uint32_t index, sld_fact *out)
{
    const sld_value *first = f->node->in[SLD_LOOP_FIRST + index].value;
    out->dtype = first->dtype;
    out->shape = first->shape;
    for (int i = 0; i < first->shape.rank; i++) {
        if ((changing >> i & 1u) != 0) {
            out->shape.d[i] = fresh_dim(f, index, i, SLD_DIM_NONE);
        }
    }
}

/* trip: SLD_DIM_NONE unless the number of iterations is known; limit: the most. */
static solder_status infer_scan(const inference *f, const sld_dim *map, sld_dim trip, sld_dim limit,
                                uint32_t index, sld_fact *out)
{
    const sld_loop_params *p = f->node->params;
    const sld_graph *body = f->node->bodies[0];
    const sld_value *piece = body->outputs[1 + index];
    bool stacks = p->scan_mode[index - (uint32_t)p->carried_count] == SLD_SCAN_STACK;
    int rank = piece->shape.rank + (stacks ? 1 : 0);
    if (rank < 1 || rank > SOLDER_MAX_RANK) {
        return fail_node(f, SOLDER_ERROR_DATA, "its iterations cannot be collected:", piece);
    }
    out->dtype = piece->dtype;
    out->shape.rank = rank;
    sld_dim each = stacks ? sld_expr_const(&f->graph->exprs, 1) : map[piece->shape.d[0]];
    sld_dim most = stacks ? each : upper(body, map, piece->shape.d[0]);
    sld_dim all = sld_expr_mul(&f->graph->exprs, trip, each);
    out->shape.d[0] = all != SLD_DIM_NONE
                          ? all
                          : fresh_dim(f, index, 0, sld_expr_mul(&f->graph->exprs, limit, most));
    for (int i = 1; i < rank; i++) {
        sld_dim d = piece->shape.d[stacks ? i - 1 : i];
        out->shape.d[i] =
            map[d] != SLD_DIM_NONE ? map[d] : fresh_dim(f, index, i, upper(body, map, d));
    }
    return SOLDER_OK;
}

static solder_status infer_loop(const inference *f, sld_fact *out)
{
    const sld_node *node = f->node;
    const sld_loop_params *p = node->params;
    uint32_t changing[SLD_MAX_INPUTS] = {0};
    scope s;
    sld_dim *map;
    SLD_TRY(check_loop(f));
    SLD_TRY(settle(f, changing, &s));
    SLD_TRY(translate(f, &s, &map));
    SLD_TRY(check_condition(f, s.body, s.body->outputs[0]));
    sld_dim limit = trip_limit(f);
    bool exact =
        is_always_true(sld_node_in(node, SLD_LOOP_CONDITION)) && is_always_true(s.body->outputs[0]);
    sld_dim trip = exact ? limit : SLD_DIM_NONE;
    for (uint32_t i = 0; i < node->out_count; i++) {
        if (i < (uint32_t)p->carried_count) {
            infer_carried(f, changing[i], i, &out[i]);
        } else {
            SLD_TRY(infer_scan(f, map, trip, limit, i, &out[i]));
        }
    }
    return SOLDER_OK;
}

solder_status sld_control_infer(sld_graph *graph, const sld_node *node, sld_fact *out)
{
    sld_arena scratch;
    sld_arena_init(&scratch, graph->allocator, 0);
    inference f = {.graph = graph, .node = node, .scratch = &scratch};
    solder_status status = begin(&f);
    if (status == SOLDER_OK) {
        status = node->op == SLD_OP_IF ? infer_if(&f, out) : infer_loop(&f, out);
    }
    sld_arena_free(&scratch);
    return status;
}
