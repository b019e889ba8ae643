/* SPDX-License-Identifier: Apache-2.0 */
/*
 * If, Loop and Scan. A subgraph becomes a body: a scope of its own inside the node's, whose names
 * of outer scopes are captured when they are first read. The body of a loop is built again while
 * iterations change dims that it was built for.
 */
#include "import/onnx/onnx_ops.h"
#include "import/onnx/onnx_scope.h"

/* ---- bodies ---- */

typedef struct body {
    sld_onnx_node *node;
    sld_onnx_model proto; /* the subgraph */
    sld_onnx_scope scope;
    sld_onnx_captures captures;
    sld_graph *outer, *graph;
} body;

static const char *own_name(const body *b, const char *name)
{
    const char *tried = name;
    for (unsigned i = 0; tried != NULL && sld_graph_find_value(b->graph, tried) != NULL; i++) {
        tried = sld_arena_printf(&b->node->onnx->arena, "%s.%u", name, i);
    }
    return tried;
}

/* graph NULL: the nodes go where the node itself would. */
static solder_status open_scope(body *b, bool own_graph)
{
    sld_onnx *onnx = b->node->onnx;
    const sld_onnx_scope *outer = b->node->scope;
    b->outer = onnx->graph;
    b->graph = onnx->graph;
    b->captures = (sld_onnx_captures){0};
    if (own_graph) {
        SLD_TRY(sld_graph_body_create(onnx->graph, b->proto.graph_name, &b->graph));
    }
    b->scope = (sld_onnx_scope){.outer = outer,
                                .graph = b->graph,
                                .captures = &b->captures,
                                .opsets = outer->opsets,
                                .opset_count = outer->opset_count,
                                .values = sld_names_create(&onnx->arena),
                                .prefix = outer->prefix,
                                .actuals = outer->actuals,
                                .actual_count = outer->actual_count,
                                .caller = outer->caller,
                                .function = outer->function};
    if (b->scope.values == NULL) {
        return sld_fail_memory(onnx->diag, sizeof b->scope);
    }
    onnx->graph = b->graph;
    return sld_onnx_declare_constants(onnx, &b->scope, &b->proto);
}

static solder_status convert_nodes(body *b)
{
    return sld_onnx_convert_nodes(b->node->onnx, &b->scope, b->proto.nodes, b->proto.node_count);
}

/* Output `index` of the subgraph; NULL, and the node unsupported, if it depends on such a thing. */
static solder_status find_output(body *b, uint32_t index, sld_value **value)
{
    sld_onnx *onnx = b->node->onnx;
    const sld_onnx_binding *binding;
    const char *name = b->proto.outputs[index].name;
    SLD_TRY(sld_onnx_lookup(onnx, &b->scope, name, &binding));
    if (binding == NULL) {
        return sld_fail(onnx->diag, SOLDER_ERROR_DATA,
                        "onnx: node '%s' (%s): its subgraph does not compute '%s'", b->node->name,
                        b->node->op, name);
    }
    if (binding->kind == SLD_ONNX_POISONED) {
        b->node->status = SOLDER_ERROR_UNSUPPORTED; /* listed already */
    } else if (binding->kind == SLD_ONNX_ABSENT) {
        sld_onnx_unsupported(b->node, "a subgraph gives an absent value");
    }
    *value = binding->value;
    return SOLDER_OK;
}

static bool parse(sld_onnx_node *node, const char *name, sld_onnx_model *proto)
{
    const sld_onnx_attr *attr = sld_onnx_attribute(node, name);
    if (attr == NULL || attr->type != SLD_ONNX_GRAPH) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "attribute '%s' is missing or no graph", name);
        return false;
    }
    if (node->status == SOLDER_OK) {
        node->status =
            sld_onnx_read_graph(node->onnx->diag, &node->onnx->arena, attr->bytes, proto);
    }
    return node->status == SOLDER_OK;
}

static bool is_tensor(sld_onnx_node *node, const sld_onnx_info *info)
{
    if (info->elem != 0 && (!info->is_tensor || sld_onnx_dtype(info->elem) == SOLDER_NONE)) {
        sld_onnx_unsupported(node, "subgraph: '%s' is no tensor of a supported type", info->name);
        return false;
    }
    return true;
}

/* ---- If ---- */

/* Which branch is taken is known: its nodes take the node's place. */
static solder_status inline_branch(sld_onnx_node *node, const sld_onnx_model *proto)
{
    body b = {.node = node, .proto = *proto};
    solder_status status = open_scope(&b, false);
    if (status == SOLDER_OK) {
        status = convert_nodes(&b);
    }
    for (uint32_t i = 0; status == SOLDER_OK && i < node->out_count; i++) {
        status = find_output(&b, i, &node->out[i]);
    }
    return status;
}

static solder_status build_branch(body *b, const sld_onnx_captures *before)
{
    SLD_TRY(open_scope(b, true));
    for (uint32_t i = 0; before != NULL && i < before->count; i++) {
        SLD_TRY(sld_onnx_capture(b->node->onnx, &b->scope, before->names[i]));
    }
    SLD_TRY(convert_nodes(b));
    for (uint32_t i = 0; i < b->proto.output_count; i++) {
        sld_value *value = NULL;
        SLD_TRY(find_output(b, i, &value));
        if (b->node->status != SOLDER_OK) {
            return SOLDER_OK;
        }
        SLD_TRY(sld_graph_body_output(b->graph, value));
    }
    return SOLDER_OK;
}

/* A body with the good one's inputs that gives nothing but types and ranks. */
static solder_status build_refused(body *b, const body *good)
{
    sld_onnx *onnx = b->node->onnx;
    SLD_TRY(open_scope(b, true));
    for (uint32_t i = 0; i < good->captures.count; i++) {
        SLD_TRY(sld_onnx_capture(onnx, &b->scope, good->captures.names[i]));
    }
    const uint64_t zero = 0;
    const int64_t dims[SOLDER_MAX_RANK] = {0};
    for (size_t i = 0; i < good->graph->output_count; i++) {
        const sld_value *given = good->graph->outputs[i];
        const char *name = own_name(b, given->name);
        sld_value *value;
        if (name == NULL) {
            return sld_fail_memory(onnx->diag, strlen(given->name));
        }
        SLD_TRY(sld_graph_add_constant(b->graph, name, given->dtype, given->shape.rank, dims, &zero,
                                       true, &value));
        SLD_TRY(sld_graph_body_output(b->graph, value));
    }
    return SOLDER_OK;
}

/* A branch that the shapes make impossible (ONNX Runtime finds that out when it is taken) is no
 * error yet: *refused. A damaged one is. */
static solder_status try_branch(body *b, const sld_onnx_captures *before, bool *refused)
{
    sld_onnx *onnx = b->node->onnx;
    onnx->misfit = false;
    solder_status status = build_branch(b, before);
    *refused = status == SOLDER_ERROR_DATA && onnx->misfit;
    onnx->misfit = false;
    if (*refused) {
        sld_log(onnx->diag, SOLDER_LOG_NOTICE,
                "onnx: node '%s' (If): a branch cannot run with these shapes: %s", b->node->name,
                onnx->diag->message);
    }
    return *refused ? SOLDER_OK : status;
}

/* Both branches take the same values: what only the second reads, the first gets too. */
static solder_status build_branches(sld_onnx_node *node, body b[2], sld_if_params *params)
{
    sld_onnx *onnx = node->onnx;
    sld_graph *outer = onnx->graph;
    bool refused[2];
    SLD_TRY(try_branch(&b[0], NULL, &refused[0]));
    onnx->graph = outer;
    if (node->status != SOLDER_OK) {
        return SOLDER_OK;
    }
    SLD_TRY(try_branch(&b[1], refused[0] ? NULL : &b[0].captures, &refused[1]));
    onnx->graph = outer;
    if (node->status != SOLDER_OK) {
        return SOLDER_OK;
    }
    if (refused[0] && refused[1]) {
        return SOLDER_ERROR_DATA; /* as the second says */
    }
    if (refused[0] || refused[1]) {
        onnx->diag->message[0] = '\0';
        params->refused = refused[0] ? SLD_REFUSED_THEN : SLD_REFUSED_ELSE;
        return build_refused(&b[refused[0] ? 0 : 1], &b[refused[0] ? 1 : 0]);
    }
    onnx->graph = b[0].graph;
    for (uint32_t i = b[0].captures.count; i < b[1].captures.count; i++) {
        SLD_TRY(sld_onnx_capture(onnx, &b[0].scope, b[1].captures.names[i]));
    }
    return SOLDER_OK;
}

static solder_status build_if(sld_onnx_node *node, sld_value *condition,
                              const sld_onnx_model proto[2], sld_node **made)
{
    sld_onnx *onnx = node->onnx;
    sld_graph *outer = onnx->graph;
    body b[2] = {{.node = node, .proto = proto[0]}, {.node = node, .proto = proto[1]}};
    sld_if_params params = {0};
    solder_status status = build_branches(node, b, &params);
    onnx->graph = outer;
    if (status != SOLDER_OK || node->status != SOLDER_OK) {
        return status;
    }
    status = sld_graph_add_if(outer, NULL, node->name, &params, condition, b[1].captures.values,
                              b[1].captures.count, b[0].graph, b[1].graph, made);
    sld_onnx_keep_failure(node, status);
    return SOLDER_OK;
}

/* The node's outputs are the first of made's. */
static void take_outputs(sld_onnx_node *node, sld_node *made, const char *source)
{
    made->source = source;
    for (uint32_t i = 0; i < node->out_count; i++) {
        node->out[i] = made->out[i];
    }
}

static const char *source_of(sld_onnx_node *node)
{
    const char *source =
        sld_arena_printf(&node->onnx->graph->arena, "%s '%s'", node->op, node->name);
    if (source == NULL) {
        node->status = sld_fail_memory(node->onnx->diag, strlen(node->name));
    }
    return source;
}

void sld_onnx_if(sld_onnx_node *node, int told)
{
    (void)told;
    sld_onnx_model proto[2];
    sld_value *condition = sld_onnx_required(node, 0);
    if (!parse(node, "then_branch", &proto[0]) || !parse(node, "else_branch", &proto[1]) ||
        condition == NULL) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        if (proto[i].output_count != node->out_count || proto[i].input_count != 0) {
            sld_onnx_fail(node, SOLDER_ERROR_DATA, "a branch has %u inputs and %u outputs",
                          (unsigned)proto[i].input_count, (unsigned)proto[i].output_count);
            return;
        }
        for (uint32_t j = 0; j < proto[i].output_count; j++) {
            if (!is_tensor(node, &proto[i].outputs[j])) {
                return;
            }
        }
    }
    double known;
    solder_status status;
    sld_node *made = NULL;
    if (sld_onnx_known_real(condition, &known)) {
        status = inline_branch(node, &proto[known != 0 ? 0 : 1]);
    } else {
        status = build_if(node, condition, proto, &made);
    }
    if (status != SOLDER_OK) {
        node->status = status;
    }
    const char *source = made != NULL ? source_of(node) : NULL;
    if (source != NULL) {
        take_outputs(node, made, source);
    }
}

/* ---- Loop and Scan ---- */

typedef struct looping {
    body b;
    sld_loop_params params;
    sld_value *in[SLD_MAX_INPUTS];      /* of the node to be made */
    uint32_t given;                     /* of them, before captured ones */
    uint32_t changing[SLD_MAX_INPUTS];  /* of carried values */
    uint32_t first_input, first_output; /* of the subgraph: the first carried one */
    bool scans;                         /* Scan: neither iteration nor conditions */
} looping;

/* The iteration, as the subgraph wants it: a scalar or a vector of one. */
static solder_status declare_iteration(looping *l, sld_value *iteration)
{
    const sld_onnx_info *info = &l->b.proto.inputs[0];
    sld_onnx *onnx = l->b.node->onnx;
    if (info->rank == 1) {
        const sld_reshape_params one = {.rank = 1, .dims = {1}};
        SLD_TRY(sld_graph_add(l->b.graph, NULL, SLD_OP_RESHAPE, "iteration", &one, &iteration, 1,
                              &iteration));
    }
    SLD_TRY(sld_onnx_bind(onnx, &l->b.scope, info->name, SLD_ONNX_VALUE, iteration));
    const uint8_t yes = 1; /* or there were no iteration */
    sld_value *condition;
    int64_t dim = 1;
    const sld_onnx_info *go = &l->b.proto.inputs[1];
    SLD_TRY(sld_graph_add_constant(l->b.graph, go->name, SOLDER_BOOL, go->rank == 1 ? 1 : 0, &dim,
                                   &yes, true, &condition));
    return sld_onnx_bind(onnx, &l->b.scope, go->name, SLD_ONNX_VALUE, condition);
}

static solder_status declare_inputs(looping *l)
{
    body *b = &l->b;
    sld_value *value;
    const sld_shape scalar = {.rank = 0};
    const char *name = own_name(b, "iteration");
    if (name == NULL) {
        return sld_fail_memory(b->node->onnx->diag, 16);
    }
    SLD_TRY(sld_graph_add_input(b->graph, name, SOLDER_I64, &scalar, &value));
    if (!l->scans) {
        SLD_TRY(declare_iteration(l, value));
    }
    uint32_t carried = (uint32_t)l->params.carried_count;
    for (uint32_t i = 0; i < carried + (uint32_t)l->params.scanned_count; i++) {
        const sld_onnx_info *info = &b->proto.inputs[l->first_input + i];
        const sld_value *outer = l->in[SLD_LOOP_FIRST + i];
        name = own_name(b, info->name);
        if (name == NULL) {
            return sld_fail_memory(b->node->onnx->diag, strlen(info->name));
        }
        SLD_TRY(i < carried ? sld_graph_body_carried(b->graph, name, outer, l->changing[i], &value)
                            : sld_graph_body_slice(b->graph, name, outer, &value));
        SLD_TRY(sld_onnx_bind(b->node->onnx, &b->scope, info->name, SLD_ONNX_VALUE, value));
    }
    return SOLDER_OK;
}

static solder_status mark_outputs(looping *l)
{
    body *b = &l->b;
    sld_value *value = NULL;
    if (l->scans) { /* on to the end of what is scanned */
        const uint8_t yes = 1;
        SLD_TRY(sld_graph_add_constant(b->graph, "condition", SOLDER_BOOL, 0, NULL, &yes, true,
                                       &value));
        SLD_TRY(sld_graph_body_output(b->graph, value));
    }
    for (uint32_t i = 0; i < b->proto.output_count; i++) {
        SLD_TRY(find_output(b, i, &value));
        if (b->node->status != SOLDER_OK) {
            return SOLDER_OK;
        }
        SLD_TRY(sld_graph_body_output(b->graph, value));
    }
    return SOLDER_OK;
}

static solder_status build_body(looping *l)
{
    SLD_TRY(open_scope(&l->b, true));
    SLD_TRY(declare_inputs(l));
    SLD_TRY(convert_nodes(&l->b));
    return mark_outputs(l);
}

/* Until no iteration changes dims that the body takes as they are. */
static solder_status build_settled(looping *l)
{
    sld_onnx_node *node = l->b.node;
    sld_graph *outer = node->onnx->graph;
    for (bool settled = false; !settled;) {
        solder_status status = build_body(l);
        node->onnx->graph = outer;
        if (status != SOLDER_OK || node->status != SOLDER_OK) {
            return status;
        }
        settled = true;
        for (int i = 0; i < l->params.carried_count; i++) {
            uint32_t now = 0;
            SLD_TRY(sld_graph_carried_changes(l->b.graph, 1 + (uint32_t)i, &now));
            settled = settled && (now & ~l->changing[i]) == 0;
            l->changing[i] |= now;
        }
    }
    return SOLDER_OK;
}

static sld_node *make_loop(looping *l)
{
    sld_onnx_node *node = l->b.node;
    sld_node *made = NULL;
    solder_status status = build_settled(l);
    if (status != SOLDER_OK) {
        node->status = status;
    }
    const sld_onnx_captures *captured = &l->b.captures;
    if (node->status == SOLDER_OK && l->given + captured->count > SLD_MAX_INPUTS) {
        sld_onnx_unsupported(node, "a loop of more than %d values", SLD_MAX_INPUTS);
    }
    if (node->status != SOLDER_OK) {
        return NULL;
    }
    for (uint32_t i = 0; i < captured->count; i++) {
        l->in[l->given + i] = captured->values[i];
    }
    status = sld_graph_add_loop(node->onnx->graph, NULL, node->name, &l->params, l->in,
                                l->given + captured->count, l->b.graph, &made);
    sld_onnx_keep_failure(node, status);
    const char *source = node->status == SOLDER_OK ? source_of(node) : NULL;
    if (source == NULL) {
        return NULL;
    }
    made->source = source;
    return made;
}

static bool subgraph_fits(looping *l, uint32_t inputs, uint32_t outputs)
{
    sld_onnx_node *node = l->b.node;
    const sld_onnx_model *m = &l->b.proto;
    if (m->input_count != inputs || m->output_count != outputs) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA,
                      "its subgraph has %u inputs and %u outputs, expected %u and %u",
                      (unsigned)m->input_count, (unsigned)m->output_count, (unsigned)inputs,
                      (unsigned)outputs);
    }
    for (uint32_t i = 0; sld_onnx_ok(node) && i < inputs; i++) {
        (void)is_tensor(node, &m->inputs[i]);
    }
    for (uint32_t i = 0; sld_onnx_ok(node) && i < outputs; i++) {
        (void)is_tensor(node, &m->outputs[i]);
    }
    return sld_onnx_ok(node);
}

void sld_onnx_loop(sld_onnx_node *node, int told)
{
    (void)told;
    looping *l = sld_arena_alloc(&node->onnx->arena, sizeof *l);
    if (l == NULL) {
        node->status = sld_fail_memory(node->onnx->diag, sizeof *l);
        return;
    }
    *l = (looping){.b = {.node = node}, .first_input = 2, .first_output = 1};
    uint32_t carried = node->in_count > 2 ? node->in_count - 2 : 0;
    if (!parse(node, "body", &l->b.proto)) {
        return;
    }
    uint32_t outputs = l->b.proto.output_count;
    if (outputs < 1 + carried || outputs - 1 > SLD_MAX_OUTPUTS || carried > SLD_MAX_INPUTS - 2) {
        sld_onnx_unsupported(node, "%u carried values, %u outputs of the subgraph",
                             (unsigned)carried, (unsigned)outputs);
    }
    if (!sld_onnx_ok(node) || !subgraph_fits(l, 2 + carried, outputs)) {
        return;
    }
    l->params.carried_count = (int32_t)carried;
    l->params.scan_count = (int32_t)(outputs - 1 - carried); /* all stacked */
    l->in[SLD_LOOP_TRIP] = sld_onnx_input(node, 0);
    l->in[SLD_LOOP_CONDITION] = sld_onnx_input(node, 1);
    l->given = 2 + carried;
    for (uint32_t i = 0; i < carried; i++) {
        l->in[SLD_LOOP_FIRST + i] = sld_onnx_required(node, 2 + i);
    }
    if (!sld_onnx_ok(node)) {
        return;
    }
    sld_node *made = make_loop(l);
    for (uint32_t i = 0; made != NULL && i < node->out_count; i++) {
        node->out[i] = made->out[i];
    }
}

/* ---- Scan ---- */

/* x with one axis moved to another place, the others in order. */
static sld_value *move_axis(sld_onnx_node *node, sld_value *x, int from, int to)
{
    int32_t perm[SOLDER_MAX_RANK];
    int rank = sld_onnx_rank(x);
    int at = 0;
    if (from == to || !sld_onnx_ok(node)) {
        return x;
    }
    for (int i = 0; i < rank; i++) {
        at += at == from ? 1 : 0;
        perm[i] = i == to ? from : at++;
    }
    return sld_onnx_transpose(node, perm, x);
}

static sld_value *reverse(sld_onnx_node *node, sld_value *x)
{
    const sld_slice_params params = {
        .count = 1, .start = {INT64_MAX}, .end = {INT64_MIN}, .step = {-1}};
    return sld_onnx_emit(node, SLD_OP_SLICE, &params, &x, 1);
}

/* Entry i of an optional list of count integers. */
static int64_t entry(sld_onnx_node *node, const char *name, uint32_t count, uint32_t i)
{
    size_t given;
    const int64_t *values = sld_onnx_ints(node, name, &given);
    if (values != NULL && given != count) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "%s has %zu entries, expected %u", name, given,
                      (unsigned)count);
    }
    return values != NULL && sld_onnx_ok(node) ? values[i] : 0;
}

static void scan_inputs(looping *l, uint32_t carried, uint32_t scanned)
{
    sld_onnx_node *node = l->b.node;
    for (uint32_t i = 0; i < carried + scanned; i++) {
        l->in[SLD_LOOP_FIRST + i] = sld_onnx_required(node, i);
    }
    for (uint32_t i = 0; sld_onnx_ok(node) && i < scanned; i++) {
        sld_value **x = &l->in[SLD_LOOP_FIRST + carried + i];
        int64_t axis = entry(node, "scan_input_axes", scanned, i);
        int at = sld_onnx_axis(node, axis, sld_onnx_rank(*x));
        *x = move_axis(node, *x, at, 0);
        if (entry(node, "scan_input_directions", scanned, i) != 0 && sld_onnx_ok(node)) {
            *x = reverse(node, *x);
        }
    }
}

static void scan_outputs(looping *l, sld_node *made, uint32_t carried, uint32_t scans)
{
    sld_onnx_node *node = l->b.node;
    for (uint32_t i = 0; i < node->out_count && sld_onnx_ok(node); i++) {
        sld_value *y = made->out[i];
        if (i >= carried) {
            int64_t axis = entry(node, "scan_output_axes", scans, i - carried);
            if (entry(node, "scan_output_directions", scans, i - carried) != 0 &&
                sld_onnx_ok(node)) {
                y = reverse(node, y);
            }
            y = move_axis(node, y, 0, sld_onnx_axis(node, axis, sld_onnx_rank(y)));
        }
        node->out[i] = y;
    }
}

void sld_onnx_scan(sld_onnx_node *node, int told)
{
    (void)told;
    looping *l = sld_arena_alloc(&node->onnx->arena, sizeof *l);
    if (l == NULL) {
        node->status = sld_fail_memory(node->onnx->diag, sizeof *l);
        return;
    }
    *l = (looping){.b = {.node = node}, .scans = true};
    uint32_t scanned = (uint32_t)sld_onnx_int_in(node, "num_scan_inputs", 0, 1, SLD_MAX_INPUTS - 2);
    if (!parse(node, "body", &l->b.proto) || !sld_onnx_ok(node)) {
        return;
    }
    if (scanned > node->in_count || node->in_count > SLD_MAX_INPUTS - SLD_LOOP_FIRST ||
        node->in_count - scanned > l->b.proto.output_count ||
        l->b.proto.output_count > SLD_MAX_OUTPUTS - 1) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "%u of %u inputs are scanned, %u outputs",
                      (unsigned)scanned, (unsigned)node->in_count,
                      (unsigned)l->b.proto.output_count);
        return;
    }
    uint32_t carried = node->in_count - scanned;
    uint32_t scans = l->b.proto.output_count - carried;
    l->params.carried_count = (int32_t)carried;
    l->params.scanned_count = (int32_t)scanned;
    l->params.scan_count = (int32_t)scans;
    l->given = SLD_LOOP_FIRST + node->in_count;
    scan_inputs(l, carried, scanned);
    if (!sld_onnx_ok(node) || !subgraph_fits(l, node->in_count, carried + scans)) {
        return;
    }
    sld_node *made = make_loop(l);
    if (made != NULL) {
        scan_outputs(l, made, carried, scans);
    }
}
