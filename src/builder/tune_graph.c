/* SPDX-License-Identifier: Apache-2.0 */
/* A plan read back as the network it was written from: what its kernels are chosen for again. */
#include "builder/builder.h"
#include "plan/plan_read.h"

typedef struct reading {
    sld_graph *graph;
    const sld_plan *plan;
    const sld_plugins *plugins;
    sld_value **values; /* by tensor of the plan */
} reading;

static solder_status no_memory(const reading *r)
{
    return sld_fail(r->graph->diag, SOLDER_ERROR_MEMORY, "out of memory while reading the plan");
}

static void *copy_of(const reading *r, const void *from, size_t count, size_t element)
{
    void *copy = sld_arena_array(&r->graph->arena, count, element);
    if (copy != NULL && count > 0) {
        memcpy(copy, from, count * element);
    }
    return copy;
}

/* As they are, so that indices stay. Nothing is added to them afterwards. */
static solder_status read_exprs(const reading *r)
{
    sld_expr_table *t = &r->graph->exprs;
    const size_t exprs = r->plan->count[SLD_PLAN_EXPRS];
    const size_t symbols = r->plan->count[SLD_PLAN_SYMBOLS];
    t->exprs = sld_alloc(t->allocator, exprs * sizeof *t->exprs);
    t->capacity = t->exprs != NULL ? exprs : 0;
    t->symbols = sld_alloc(t->allocator, symbols * sizeof *t->symbols);
    t->symbol_capacity = t->symbols != NULL ? symbols : 0;
    if (t->exprs == NULL || t->symbols == NULL) {
        return no_memory(r);
    }
    t->count = exprs;
    t->symbol_count = symbols;
    if (exprs > 0) {
        memcpy(t->exprs, r->plan->exprs, exprs * sizeof *t->exprs);
    }
    if (symbols > 0) {
        memcpy(t->symbols, r->plan->symbols, symbols * sizeof *t->symbols);
    }
    return SOLDER_OK;
}

/* ---- values ---- */

static void set_shape(const sld_plan_tensor *t, sld_shape *shape)
{
    *shape = (sld_shape){.rank = t->rank};
    for (int i = 0; i < t->rank; i++) {
        shape->d[i] = t->dim[i];
    }
}

static void set_view(const reading *r, const sld_plan_tensor *t, sld_value *v)
{
    v->view.kind = t->kind == SLD_PLAN_REGION    ? SLD_VIEW_REGION
                   : t->kind == SLD_PLAN_RESHAPE ? SLD_VIEW_RESHAPE
                                                 : SLD_VIEW_TRANSPOSE;
    v->view.parent = r->values[t->parent];
    for (int i = 0; i < t->rank; i++) {
        v->view.start[i] = t->start[i];
        v->view.step[i] = t->step[i];
    }
}

/* Names need not be unique: packed forms of one constant share theirs. */
static solder_status add_value(const reading *r, uint32_t index)
{
    sld_graph *g = r->graph;
    const sld_plan_tensor *t = &r->plan->tensors[index];
    sld_value *v = sld_arena_alloc(&g->arena, sizeof *v);
    if (v == NULL) {
        return no_memory(r);
    }
    v->graph = g;
    v->kind = t->kind == SLD_PLAN_CONSTANT ? SLD_VALUE_CONSTANT : SLD_VALUE_NODE;
    v->name = sld_plan_string(r->plan, t->name);
    v->dtype = (solder_dtype)t->dtype;
    set_shape(t, &v->shape);
    v->arena_offset = -1;
    if (t->kind == SLD_PLAN_CONSTANT) {
        bool packed = t->packing != SLD_PLAN_NONE; /* unpacked by the step that uses it */
        v->data = packed ? NULL : r->plan->weights + t->offset;
        v->data_size = packed ? 0 : (size_t)t->size;
    } else if (t->parent != SLD_PLAN_NONE) {
        set_view(r, t, v);
    } else if (t->size != SLD_PLAN_OPEN) {
        v->arena_offset = (int64_t)t->offset;
    }
    v->id = g->next_id++;
    v->previous = g->last_value;
    *(g->last_value != NULL ? &g->last_value->next : &g->values) = v;
    g->last_value = v;
    r->values[index] = v;
    return SOLDER_OK;
}

static solder_status add_input(const reading *r, const sld_plan_io *io)
{
    const sld_plan_tensor *t = &r->plan->tensors[io->tensor];
    sld_shape shape;
    sld_value *v = NULL;
    set_shape(t, &shape);
    SLD_TRY(sld_graph_add_input(r->graph, sld_plan_string(r->plan, t->name), (solder_dtype)t->dtype,
                                &shape, &v));
    v->is_nhwc = (io->flags & SLD_PLAN_IO_NHWC) != 0;
    v->arena_offset = t->size != SLD_PLAN_OPEN ? (int64_t)t->offset : -1;
    r->values[io->tensor] = v;
    return SOLDER_OK;
}

static solder_status read_values(const reading *r)
{
    const size_t ios = r->plan->count[SLD_PLAN_IO];
    for (size_t i = 0; i < ios; i++) {
        if (r->plan->tensors[r->plan->io[i].tensor].kind == SLD_PLAN_INPUT) {
            SLD_TRY(add_input(r, &r->plan->io[i]));
        }
    }
    for (uint32_t i = 0; i < r->plan->count[SLD_PLAN_TENSORS]; i++) {
        if (r->values[i] == NULL) {
            SLD_TRY(add_value(r, i));
        }
    }
    for (size_t i = 0; i < ios; i++) {
        sld_value *v = r->values[r->plan->io[i].tensor];
        if (v->kind == SLD_VALUE_NODE) {
            v->is_nhwc = (r->plan->io[i].flags & SLD_PLAN_IO_NHWC) != 0;
            SLD_TRY(sld_graph_mark_output(r->graph, v));
        }
    }
    return SOLDER_OK;
}

/* ---- constants ---- */

static solder_status unpack(const reading *r, const sld_plan_tensor *t, const void *params,
                            sld_value *v)
{
    int64_t dims[SOLDER_MAX_RANK];
    const sld_packing *packing = sld_packing_find(sld_plan_string(r->plan, t->packing));
    if (packing == NULL || !sld_value_static_dims(r->graph, v, dims) ||
        !sld_dims_bytes(dims, t->rank, v->dtype, &v->data_size)) {
        return sld_fail(r->graph->diag, SOLDER_ERROR_DATA, "constant '%s' cannot be unpacked",
                        v->name);
    }
    void *data = sld_arena_alloc(&r->graph->arena, v->data_size);
    if (data == NULL) {
        return no_memory(r);
    }
    sld_tensor plain = sld_tensor_make(data, v->dtype, t->rank, dims);
    packing->unpack(params, r->plan->weights + t->offset, &plain);
    v->data = data;
    return SOLDER_OK;
}

/* ---- nodes ---- */

/* Dims a run of the plugin may lower: the symbols that the step defines. */
static void mark_late(const reading *r, const sld_plan_step *s, const sld_node *node,
                      sld_plugin_params *p)
{
    for (uint32_t i = 0; i < s->define_count; i++) {
        const sld_plan_define *d = &r->plan->defines[s->first_define + i];
        for (uint32_t o = 0; o < node->out_count; o++) {
            const sld_shape *shape = &node->out[o]->shape;
            for (int j = 0; j < shape->rank; j++) {
                const sld_expr *x = &r->plan->exprs[shape->d[j]];
                if (x->op == SLD_EXPR_SYMBOL && (uint64_t)x->value == d->symbol) {
                    p->late[o] |= (uint8_t)(1u << j);
                }
            }
        }
    }
}

static solder_status read_plugin(const reading *r, const sld_plan_step *s, sld_node *node)
{
    const void *bytes = r->plan->params + s->params;
    sld_plugin_blob head;
    memcpy(&head, bytes, sizeof head);
    const char *name = sld_plan_string(r->plan, r->plan->plugins[head.plugin]);
    const solder_plugin *plugin = sld_plugins_find_text(r->plugins, name);
    if (plugin == NULL) {
        return sld_plugin_fail_missing(r->plugins, r->graph->diag, name);
    }
    SLD_TRY(sld_plugin_blob_read(r->graph->diag, bytes, plugin, node->name, node->params));
    mark_late(r, s, node, node->params);
    return SOLDER_OK;
}

static solder_status read_bodies(const reading *r, uint32_t step, sld_node *node)
{
    const sld_plan *plan = r->plan;
    for (size_t i = 0; i < plan->count[SLD_PLAN_BODIES]; i++) {
        const sld_plan_body *b = &plan->bodies[i];
        sld_plan inner;
        if (b->step != step) {
            continue;
        }
        if (node->body_count >= sld_op_body_count(node->op)) {
            return sld_fail(r->graph->diag, SOLDER_ERROR_DATA, "step '%s' has too many bodies",
                            node->name);
        }
        SLD_TRY(sld_plan_read(r->graph->allocator, r->graph->diag, node->name,
                              plan->body_bytes + b->offset, (size_t)b->size, &inner));
        sld_graph **body = &node->bodies[node->body_count];
        SLD_TRY(sld_graph_body_create(r->graph, node->name, body));
        node->body_count++;
        SLD_TRY(sld_graph_from_plan(*body, &inner, r->plugins)); /* depth: SLD_BODY_DEPTH_MAX */
    }
    return SOLDER_OK;
}

static solder_status read_operands(const reading *r, const sld_plan_step *s, sld_node *node)
{
    const uint32_t *operands = r->plan->operands + s->first_operand;
    const void *params = r->plan->params + s->params;
    for (uint32_t i = 0; i < s->in_count; i++) {
        sld_value *v = operands[i] != SLD_PLAN_NONE ? r->values[operands[i]] : NULL;
        node->in[i] = (sld_use){.value = v, .node = node, .slot = i};
        if (v != NULL && v->kind == SLD_VALUE_CONSTANT && v->data == NULL) {
            SLD_TRY(unpack(r, &r->plan->tensors[operands[i]], params, v));
        }
    }
    for (uint32_t i = 0; i < s->out_count; i++) {
        uint32_t tensor = operands[s->in_count + i];
        if (tensor == SLD_PLAN_NONE) {
            return sld_fail(r->graph->diag, SOLDER_ERROR_UNSUPPORTED,
                            "step '%s': an output is left out", node->name);
        }
        node->out[i] = r->values[tensor];
        node->out[i]->producer = node;
        node->out[i]->output = i;
    }
    return SOLDER_OK;
}

/* The operator; SLD_OP_COUNT: the step does not say one that it can be of. */
static sld_op op_of(const reading *r, const sld_plan_step *s)
{
    const char *family = sld_plan_string(r->plan, s->family);
    if (strcmp(family, sld_op_get(SLD_OP_PLUGIN).family) == 0) {
        return SLD_OP_PLUGIN;
    }
    sld_op op = sld_op_find(sld_plan_string(r->plan, s->op));
    if (op == SLD_OP_COUNT || strcmp(sld_op_get(op).family, family) != 0 ||
        sld_op_get(op).params_size != s->params_size) {
        return SLD_OP_COUNT;
    }
    return op;
}

static void append_node(sld_graph *g, sld_node *node)
{
    node->id = g->next_id++;
    node->previous = g->last;
    *(g->last != NULL ? &g->last->next : &g->first) = node;
    g->last = node;
    g->node_count++;
}

static solder_status add_node(const reading *r, uint32_t index)
{
    sld_graph *g = r->graph;
    const sld_plan_step *s = &r->plan->steps[index];
    const char *name = sld_plan_string(r->plan, s->name);
    sld_op op = op_of(r, s);
    if (op == SLD_OP_COUNT || s->in_count > SLD_MAX_INPUTS || s->out_count > SLD_MAX_OUTPUTS) {
        return sld_fail(g->diag, SOLDER_ERROR_UNSUPPORTED,
                        "step '%s': no operator '%s' of family '%s'", name,
                        sld_plan_string(r->plan, s->op), sld_plan_string(r->plan, s->family));
    }
    sld_node *node = sld_arena_alloc(&g->arena, sizeof *node);
    if (node == NULL) {
        return no_memory(r);
    }
    *node = (sld_node){.op = op, .name = name, .source = name};
    node->params = op == SLD_OP_PLUGIN ? sld_arena_alloc(&g->arena, sizeof(sld_plugin_params))
                                       : copy_of(r, r->plan->params + s->params, s->params_size, 1);
    node->in = sld_arena_array(&g->arena, s->in_count, sizeof *node->in);
    node->out = sld_arena_array(&g->arena, s->out_count, sizeof(sld_value *));
    node->bodies = sld_arena_array(&g->arena, sld_op_body_count(op), sizeof(sld_graph *));
    if (node->params == NULL || node->in == NULL || node->out == NULL || node->bodies == NULL) {
        return no_memory(r);
    }
    node->in_count = s->in_count;
    node->out_count = s->out_count;
    SLD_TRY(read_operands(r, s, node));
    if (op == SLD_OP_PLUGIN) {
        SLD_TRY(read_plugin(r, s, node));
    }
    SLD_TRY(read_bodies(r, index, node));
    append_node(g, node);
    return SOLDER_OK;
}

static const char *name_of(const sld_plan *plan)
{
    for (size_t i = 0; i < plan->count[SLD_PLAN_PROPERTIES]; i++) {
        if (strcmp(sld_plan_string(plan, plan->properties[i].key), "network") == 0) {
            return sld_plan_string(plan, plan->properties[i].value);
        }
    }
    return "";
}

solder_status sld_graph_from_plan(sld_graph *graph, const sld_plan *plan,
                                  const sld_plugins *plugins)
{
    reading r = {.graph = graph, .plan = plan, .plugins = plugins};
    r.values = sld_arena_array(&graph->arena, plan->count[SLD_PLAN_TENSORS], sizeof(sld_value *));
    if (r.values == NULL) {
        return no_memory(&r);
    }
    graph->name = name_of(plan);
    graph->arena_bytes = (int64_t)plan->header->arena_bytes;
    SLD_TRY(read_exprs(&r));
    SLD_TRY(read_values(&r));
    for (uint32_t i = 0; i < plan->count[SLD_PLAN_STEPS]; i++) {
        SLD_TRY(add_node(&r, i));
    }
    return SOLDER_OK;
}
