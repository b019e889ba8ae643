/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Node after node: inputs are looked up by name, the conversion runs, its outputs are bound.
 * What depends on something unsupported is skipped, so that everything unsupported is found.
 */
#include <stdio.h>

#include "import/onnx/onnx_scope.h"

bool sld_onnx_standard_domain(const char *domain)
{
    return domain[0] == '\0' || strcmp(domain, "ai.onnx") == 0;
}

/* ---- names ---- */

solder_status sld_onnx_bind_check(const sld_onnx *onnx, const sld_onnx_scope *scope,
                                  const char *name)
{
    if (sld_names_find(scope->values, name) != NULL) {
        return sld_fail(onnx->diag, SOLDER_ERROR_DATA, "onnx: value '%s' is defined twice", name);
    }
    return SOLDER_OK;
}

solder_status sld_onnx_bind(sld_onnx *onnx, const sld_onnx_scope *scope, const char *name,
                            sld_onnx_binding_kind kind, sld_value *value)
{
    SLD_TRY(sld_onnx_bind_check(onnx, scope, name));
    sld_onnx_binding *binding = sld_arena_alloc(&onnx->arena, sizeof *binding);
    if (binding == NULL) {
        return sld_fail_memory(onnx->diag, sizeof *binding);
    }
    *binding = (sld_onnx_binding){kind, value};
    return sld_names_add(scope->values, name, binding) ? SOLDER_OK
                                                       : sld_fail_memory(onnx->diag, strlen(name));
}

/* A value of the network around a subgraph as an input of the subgraph, or as its constant. */
static solder_status capture_value(sld_onnx *onnx, const sld_onnx_scope *scope, const char *name,
                                   sld_value *outer, sld_value **inner)
{
    sld_onnx_captures *c = scope->captures;
    *inner = outer;
    if (scope->graph == outer->graph) {
        return SOLDER_OK;
    }
    if (outer->kind == SLD_VALUE_CONSTANT) {
        return sld_graph_body_constant(scope->graph, outer, inner);
    }
    if (c->count == SLD_MAX_INPUTS) {
        return sld_fail(onnx->diag, SOLDER_ERROR_UNSUPPORTED,
                        "onnx: a subgraph reads more than %d values from outside", SLD_MAX_INPUTS);
    }
    const char *own = outer->name;
    for (unsigned i = 0; own != NULL && sld_graph_find_value(scope->graph, own) != NULL; i++) {
        own = sld_arena_printf(&onnx->arena, "%s.%u", outer->name, i);
    }
    if (own == NULL) {
        return sld_fail_memory(onnx->diag, strlen(outer->name));
    }
    SLD_TRY(sld_graph_body_input(scope->graph, own, outer, inner));
    c->names[c->count] = name;
    c->values[c->count++] = outer;
    return SOLDER_OK;
}

solder_status sld_onnx_lookup(sld_onnx *onnx, const sld_onnx_scope *scope, const char *name,
                              const sld_onnx_binding **binding)
{
    const sld_onnx_binding *outer = NULL;
    sld_value *value = NULL;
    *binding = sld_names_find(scope->values, name);
    if (*binding != NULL || scope->outer == NULL) {
        return SOLDER_OK;
    }
    SLD_TRY(sld_onnx_lookup(onnx, scope->outer, name, &outer));
    if (outer == NULL) {
        return SOLDER_OK;
    }
    if (outer->kind == SLD_ONNX_VALUE) {
        SLD_TRY(capture_value(onnx, scope, name, outer->value, &value));
    }
    SLD_TRY(sld_onnx_bind(onnx, scope, name, outer->kind, value));
    *binding = sld_names_find(scope->values, name);
    return SOLDER_OK;
}

solder_status sld_onnx_capture(sld_onnx *onnx, const sld_onnx_scope *scope, const char *name)
{
    const sld_onnx_binding *binding;
    const sld_onnx_binding *own = sld_names_find(scope->values, name);
    if (own == NULL) {
        return sld_onnx_lookup(onnx, scope, name, &binding);
    }
    /* The subgraph has a value of that name: the outer one is an input that nobody reads. */
    sld_value *value;
    SLD_TRY(sld_onnx_lookup(onnx, scope->outer, name, &binding));
    return capture_value(onnx, scope, name, binding->value, &value);
}

solder_status sld_onnx_rename(sld_onnx *onnx, sld_value *value, const char *name)
{
    sld_value *holder = sld_graph_find_value(onnx->graph, name);
    if (holder == value) {
        return SOLDER_OK;
    }
    for (unsigned i = onnx->graph->next_id; holder != NULL; i++) {
        const char *aside = sld_arena_printf(&onnx->arena, "%s.%u", name, i);
        if (aside == NULL) {
            return sld_fail_memory(onnx->diag, strlen(name));
        }
        if (sld_graph_find_value(onnx->graph, aside) == NULL) {
            SLD_TRY(sld_graph_rename(onnx->graph, holder, aside));
            holder = NULL;
        }
    }
    return sld_graph_rename(onnx->graph, value, name);
}

/* ---- inputs of a node ---- */

/* Why a name is not there: computed later (a cycle, or a wrong order), or nowhere. */
static solder_status fail_undefined(const sld_onnx *onnx, const sld_onnx_node *node,
                                    const char *name, const sld_onnx_node_proto *nodes,
                                    uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < nodes[i].out_count; j++) {
            if (strcmp(nodes[i].out[j], name) == 0) {
                return sld_fail(onnx->diag, SOLDER_ERROR_DATA,
                                "onnx: node '%s' (%s) reads '%s', which only node '%s' (%s) "
                                "further down computes: the graph has a cycle or is not in order",
                                node->name, node->op, name,
                                nodes[i].name[0] != '\0' ? nodes[i].name : name, nodes[i].op);
            }
        }
    }
    return sld_fail(onnx->diag, SOLDER_ERROR_DATA,
                    "onnx: node '%s' (%s) reads '%s', which is defined nowhere", node->name,
                    node->op, name);
}

typedef struct lookup {
    const sld_onnx_scope *scope;
    const sld_onnx_node_proto *nodes; /* all of the scope, and the one at hand */
    uint32_t count, at;
} lookup;

static solder_status find_inputs(sld_onnx *onnx, const lookup *where, sld_onnx_node *node,
                                 bool *poisoned)
{
    const sld_onnx_node_proto *proto = &where->nodes[where->at];
    node->in = sld_arena_array(&onnx->arena, proto->in_count, sizeof(sld_value *));
    if (node->in == NULL) {
        return sld_fail_memory(onnx->diag, proto->in_count);
    }
    node->in_count = proto->in_count;
    for (uint32_t i = 0; i < proto->in_count; i++) {
        if (proto->in[i][0] == '\0') {
            continue;
        }
        const sld_onnx_binding *binding;
        SLD_TRY(sld_onnx_lookup(onnx, where->scope, proto->in[i], &binding));
        if (binding == NULL) {
            return fail_undefined(onnx, node, proto->in[i], where->nodes + where->at,
                                  where->count - where->at);
        }
        *poisoned = *poisoned || binding->kind == SLD_ONNX_POISONED;
        node->in[i] = binding->value;
    }
    return SOLDER_OK;
}

/* ---- attributes of a node ---- */

static const sld_onnx_attr *find_attr(const sld_onnx_attr *attrs, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(attrs[i].name, name) == 0) {
            return &attrs[i];
        }
    }
    return NULL;
}

/* A copy with references to the function's attributes resolved; those not given vanish. */
static solder_status find_attrs(sld_onnx *onnx, const sld_onnx_scope *scope,
                                const sld_onnx_node_proto *proto, sld_onnx_node *node)
{
    node->attrs = sld_arena_array(&onnx->arena, proto->attr_count, sizeof *node->attrs);
    if (node->attrs == NULL) {
        return sld_fail_memory(onnx->diag, proto->attr_count);
    }
    for (uint32_t i = 0; i < proto->attr_count; i++) {
        sld_onnx_attr attr = proto->attrs[i];
        if (find_attr(node->attrs, node->attr_count, attr.name) != NULL) {
            return sld_fail(onnx->diag, SOLDER_ERROR_DATA,
                            "onnx: node '%s' (%s): attribute '%s' is given twice", node->name,
                            node->op, attr.name);
        }
        if (attr.reference[0] != '\0') {
            const sld_onnx_attr *actual =
                find_attr(scope->actuals, scope->actual_count, attr.reference);
            if (actual == NULL) {
                continue;
            }
            const char *name = attr.name;
            attr = *actual;
            attr.name = name;
        }
        attr.used = false;
        node->attrs[node->attr_count++] = attr;
    }
    return SOLDER_OK;
}

/* Nothing given may go unheeded. */
static void check_heeded(sld_onnx_node *node)
{
    char where[48] = "";
    if (node->version != 0) {
        (void)snprintf(where, sizeof where, " in operator set %lld", (long long)node->version);
    }
    for (uint32_t i = 0; i < node->in_count && i < 64; i++) {
        if (node->in[i] != NULL && (node->in_read >> i & 1) == 0) {
            sld_onnx_unsupported(node, "input %u is not known%s", (unsigned)i, where);
        }
    }
    for (uint32_t i = 0; i < node->attr_count; i++) {
        if (!node->attrs[i].used) {
            sld_onnx_unsupported(node, "attribute '%s' is not known%s", node->attrs[i].name, where);
        }
    }
}

/* ---- outputs of a node ---- */

static solder_status bind_outputs(sld_onnx *onnx, const sld_onnx_scope *scope,
                                  const sld_onnx_node_proto *proto, sld_onnx_node *node,
                                  uint32_t first_id)
{
    for (uint32_t i = 0; i < proto->out_count; i++) {
        if (proto->out[i][0] == '\0') {
            continue;
        }
        sld_value *value = node->out[i];
        if (value == NULL && node->status == SOLDER_OK) {
            sld_onnx_unsupported(node, "output %u", (unsigned)i);
        }
        bool poisoned = node->status != SOLDER_OK;
        SLD_TRY(sld_onnx_bind(onnx, scope, proto->out[i],
                              poisoned ? SLD_ONNX_POISONED : SLD_ONNX_VALUE,
                              poisoned ? NULL : value));
        /* A value made before this node already carries a name of the model. */
        if (!poisoned && value->id >= first_id) {
            const char *name = sld_arena_printf(&onnx->arena, "%s%s", scope->prefix, proto->out[i]);
            if (name == NULL) {
                return sld_fail_memory(onnx->diag, strlen(proto->out[i]));
            }
            SLD_TRY(sld_onnx_rename(onnx, value, name));
        }
    }
    return SOLDER_OK;
}

/* ---- functions ---- */

static const sld_onnx_function *find_function(const sld_onnx *onnx,
                                              const sld_onnx_node_proto *proto)
{
    for (uint32_t i = 0; i < onnx->model.function_count; i++) {
        const sld_onnx_function *f = &onnx->model.functions[i];
        if (strcmp(f->name, proto->op) == 0 && strcmp(f->overload, proto->overload) == 0 &&
            (strcmp(f->domain, proto->domain) == 0 ||
             (sld_onnx_standard_domain(f->domain) && sld_onnx_standard_domain(proto->domain)))) {
            return f;
        }
    }
    return NULL;
}

static solder_status check_call(const sld_onnx *onnx, const sld_onnx_scope *caller,
                                const sld_onnx_function *function, const sld_onnx_node *node)
{
    int depth = 1;
    for (const sld_onnx_scope *s = caller; s != NULL; s = s->caller) {
        if (s->function == function) {
            return sld_fail(onnx->diag, SOLDER_ERROR_DATA, "onnx: function '%s' calls itself",
                            function->name);
        }
        if (++depth > SLD_ONNX_MAX_CALLS) {
            return sld_fail(onnx->diag, SOLDER_ERROR_DATA,
                            "onnx: functions call each other more than %d deep (at '%s')",
                            SLD_ONNX_MAX_CALLS, function->name);
        }
    }
    if (node->in_count > function->in_count || node->out_count > function->out_count) {
        return sld_fail(onnx->diag, SOLDER_ERROR_DATA,
                        "onnx: node '%s': function '%s' takes %u inputs and gives %u outputs",
                        node->name, function->name, (unsigned)function->in_count,
                        (unsigned)function->out_count);
    }
    return SOLDER_OK;
}

/* The call's attributes and the defaults of those it leaves out. */
static solder_status pass_attrs(sld_onnx *onnx, const sld_onnx_function *function,
                                sld_onnx_node *node, sld_onnx_scope *scope)
{
    scope->actuals = sld_arena_array(&onnx->arena, node->attr_count + function->default_count,
                                     sizeof *scope->actuals);
    if (scope->actuals == NULL) {
        return sld_fail_memory(onnx->diag, node->attr_count);
    }
    for (uint32_t i = 0; i < node->attr_count; i++) {
        sld_onnx_attr *attr = &node->attrs[i];
        attr->used = find_attr(function->defaults, function->default_count, attr->name) != NULL;
        for (uint32_t j = 0; j < function->attr_name_count; j++) {
            attr->used = attr->used || strcmp(function->attr_names[j], attr->name) == 0;
        }
        scope->actuals[scope->actual_count++] = *attr;
    }
    for (uint32_t i = 0; i < function->default_count; i++) {
        const sld_onnx_attr *attr = &function->defaults[i];
        if (find_attr(scope->actuals, scope->actual_count, attr->name) == NULL) {
            scope->actuals[scope->actual_count++] = *attr;
        }
    }
    return SOLDER_OK;
}

static solder_status open_body(sld_onnx *onnx, const sld_onnx_function *function,
                               const sld_onnx_node *node, sld_onnx_scope *scope)
{
    scope->values = sld_names_create(&onnx->arena);
    scope->prefix = sld_arena_printf(&onnx->arena, "%s/", node->name);
    if (scope->values == NULL || scope->prefix == NULL) {
        return sld_fail_memory(onnx->diag, strlen(node->name));
    }
    for (uint32_t i = 0; i < function->in_count; i++) {
        sld_value *value = i < node->in_count ? node->in[i] : NULL;
        SLD_TRY(sld_onnx_bind(onnx, scope, function->in[i],
                              value != NULL ? SLD_ONNX_VALUE : SLD_ONNX_ABSENT, value));
    }
    return SOLDER_OK;
}

static solder_status call(sld_onnx *onnx, const sld_onnx_scope *caller,
                          const sld_onnx_function *function, sld_onnx_node *node)
{
    SLD_TRY(check_call(onnx, caller, function, node));
    sld_onnx_scope scope = {.caller = caller,
                            .function = function,
                            .opsets = function->opsets,
                            .opset_count = function->opset_count};
    SLD_TRY(pass_attrs(onnx, function, node, &scope));
    SLD_TRY(open_body(onnx, function, node, &scope));
    SLD_TRY(sld_onnx_convert_nodes(onnx, &scope, function->nodes, function->node_count));
    for (uint32_t i = 0; i < node->out_count; i++) {
        const sld_onnx_binding *binding = sld_names_find(scope.values, function->out[i]);
        if (binding == NULL) {
            return sld_fail(onnx->diag, SOLDER_ERROR_DATA,
                            "onnx: function '%s' does not compute its output '%s'", function->name,
                            function->out[i]);
        }
        if (binding->kind == SLD_ONNX_POISONED) {
            node->status = SOLDER_ERROR_UNSUPPORTED; /* listed already */
        }
        node->out[i] = binding->value;
    }
    return SOLDER_OK;
}

/* ---- nodes ---- */

static int64_t version_of(const sld_onnx_scope *scope, const char *domain)
{
    for (uint32_t i = 0; i < scope->opset_count; i++) {
        const char *known = scope->opsets[i].domain;
        if (strcmp(known, domain) == 0 ||
            (sld_onnx_standard_domain(known) && sld_onnx_standard_domain(domain))) {
            return scope->opsets[i].version;
        }
    }
    return 0;
}

static solder_status describe(sld_onnx *onnx, const lookup *where, sld_onnx_node *node)
{
    const sld_onnx_node_proto *proto = &where->nodes[where->at];
    const char *name = proto->name;
    for (uint32_t i = 0; name[0] == '\0' && i < proto->out_count; i++) {
        name = proto->out[i];
    }
    name = name[0] != '\0' ? sld_arena_printf(&onnx->arena, "%s%s", where->scope->prefix, name)
                           : sld_arena_printf(&onnx->arena, "%s%s_%u", where->scope->prefix,
                                              proto->op, (unsigned)where->at);
    bool *wanted = sld_arena_array(&onnx->arena, proto->out_count, sizeof *wanted);
    node->out = sld_arena_array(&onnx->arena, proto->out_count, sizeof(sld_value *));
    if (name == NULL || wanted == NULL || node->out == NULL) {
        return sld_fail_memory(onnx->diag, proto->out_count);
    }
    for (uint32_t i = 0; i < proto->out_count; i++) {
        wanted[i] = proto->out[i][0] != '\0';
    }
    node->onnx = onnx;
    node->scope = where->scope;
    node->name = name;
    node->op = proto->op;
    node->out_count = proto->out_count;
    node->wanted = wanted;
    node->version = version_of(where->scope, proto->domain);
    return SOLDER_OK;
}

/* Which of them a node is: a function of the model, a plugin or a conversion; all NULL: unknown. */
typedef struct meaning {
    const sld_onnx_function *function;
    const solder_plugin *plugin;
    const sld_onnx_op *op;
} meaning;

static meaning find_meaning(const sld_onnx *onnx, const sld_onnx_node_proto *proto)
{
    bool standard = sld_onnx_standard_domain(proto->domain);
    meaning m = {.function = find_function(onnx, proto)};
    if (m.function == NULL && standard) {
        m.op = sld_onnx_find("", proto->op);
    }
    if (m.function == NULL && m.op == NULL) {
        m.plugin = sld_import_find_plugin(onnx->import, standard ? NULL : proto->domain, proto->op);
    }
    if (m.function == NULL && m.plugin == NULL && !standard) {
        m.op = sld_onnx_find(proto->domain, proto->op);
    }
    return m;
}

static void add_unknown(sld_onnx *onnx, const sld_onnx_node *node, const sld_onnx_node_proto *proto)
{
    bool blocked = strcmp(proto->domain, SLD_ONNX_CONTRIB_DOMAIN ".nchwc") == 0;
    sld_unsupported_add(&onnx->unsupported, node->name, "%s%s%s%s", proto->domain,
                        sld_onnx_standard_domain(proto->domain) ? "" : ".", proto->op,
                        blocked ? ", laid out for one machine: save the model with ONNX Runtime's "
                                  "optimisation level 'extended' or below"
                                : "");
}

static void convert(sld_onnx_node *node, const sld_onnx_op *op, bool standard)
{
    if (!standard) {
        if (node->version > 1) {
            sld_onnx_unsupported(node, "operator set %lld", (long long)node->version);
        }
        node->version = op->since;
    } else if (node->version < op->since || node->version > SLD_ONNX_NEWEST_OPSET) {
        sld_onnx_unsupported(node, "operator set %lld", (long long)node->version);
    }
    if (sld_onnx_ok(node)) {
        op->convert(node, op->kind);
    }
}

static solder_status run(sld_onnx *onnx, const lookup *where, sld_onnx_node *node, bool poisoned)
{
    const sld_onnx_node_proto *proto = &where->nodes[where->at];
    const meaning m = find_meaning(onnx, proto);
    if (m.function == NULL && m.op == NULL && m.plugin == NULL) {
        add_unknown(onnx, node, proto);
        node->status = SOLDER_ERROR_UNSUPPORTED;
        return SOLDER_OK;
    }
    if (poisoned) {
        node->status = SOLDER_ERROR_UNSUPPORTED;
        return SOLDER_OK;
    }
    if (m.function != NULL) {
        SLD_TRY(call(onnx, where->scope, m.function, node));
        node->in_read = UINT64_MAX;
    } else if (m.plugin != NULL) {
        sld_onnx_plugin(node, m.plugin);
    } else {
        convert(node, m.op, sld_onnx_standard_domain(proto->domain));
    }
    if (node->status == SOLDER_OK) {
        check_heeded(node);
    }
    return node->status == SOLDER_ERROR_UNSUPPORTED ? SOLDER_OK : node->status;
}

static solder_status convert_node(sld_onnx *onnx, const lookup *where)
{
    sld_onnx_node node = {.onnx = onnx};
    bool poisoned = false;
    uint32_t first_id = onnx->graph->next_id;
    if (++onnx->nodes_converted > onnx->node_limit) {
        return sld_fail(onnx->diag, SOLDER_ERROR_DATA,
                        "onnx: functions unfold to more than %zu nodes", onnx->node_limit);
    }
    SLD_TRY(describe(onnx, where, &node));
    SLD_TRY(find_inputs(onnx, where, &node, &poisoned));
    SLD_TRY(find_attrs(onnx, where->scope, &where->nodes[where->at], &node));
    SLD_TRY(run(onnx, where, &node, poisoned));
    return bind_outputs(onnx, where->scope, &where->nodes[where->at], &node, first_id);
}

solder_status sld_onnx_convert_nodes(sld_onnx *onnx, const sld_onnx_scope *scope,
                                     const sld_onnx_node_proto *nodes, uint32_t count)
{
    lookup where = {scope, nodes, count, 0};
    for (; where.at < count; where.at++) {
        SLD_TRY(convert_node(onnx, &where));
    }
    return SOLDER_OK;
}
