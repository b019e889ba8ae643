/* SPDX-License-Identifier: Apache-2.0 */
/* The ONNX importer: inputs, initialisers, then node after node; outputs last. */
#include "import/onnx/onnx_scope.h"
#include "import/wire/wire.h"

/* ---- what it is ---- */

static bool recognise(const uint8_t *data, size_t size)
{
    sld_wire wire = sld_wire_open(data, size);
    sld_wire_field field;
    sld_wire_step step;
    bool version = false, graph = false;
    while ((step = sld_wire_next(&wire, &field)) == SLD_WIRE_FIELD) {
        bool number = field.number == 1 || field.number == 5;
        if (field.number > 26 || number != (field.type == SLD_WIRE_VARINT)) {
            return false;
        }
        version = version || field.number == 1;
        graph = graph || field.number == 7;
    }
    return step == SLD_WIRE_END && version && graph;
}

/* ---- inputs ---- */

/* What the options say about one of the model's own symbols. */
typedef struct symbol_value {
    const char *name;
    int64_t value;
} symbol_value;

typedef struct symbol_table {
    symbol_value *entries;
    size_t count;
} symbol_table;

static const symbol_value *find_symbol(const symbol_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->entries[i].name, name) == 0) {
            return &table->entries[i];
        }
    }
    return NULL;
}

/* A dimension given for one input holds wherever the model uses the same symbol. */
static solder_status note_symbols(sld_onnx *onnx, const sld_onnx_info *info, symbol_table *table)
{
    const solder_input_spec *spec = sld_import_spec(onnx->import, info->name);
    if (spec == NULL || spec->dims.rank == 0 || spec->dims.rank != info->rank) {
        return SOLDER_OK;
    }
    for (int i = 0; i < info->rank; i++) {
        int at = !spec->nhwc || i == 0 ? i : i == 1 ? info->rank - 1 : i - 1;
        int64_t value = spec->dims.d[at];
        if (value < 0 || info->dims[i] >= 0 || info->symbols[i][0] == '\0') {
            continue;
        }
        const symbol_value *known = find_symbol(table, info->symbols[i]);
        if (known == NULL) {
            table->entries[table->count++] = (symbol_value){info->symbols[i], value};
        } else if (known->value != value) {
            return sld_fail(onnx->diag, SOLDER_ERROR_ARGUMENT,
                            "input '%s': dimension '%s' is given as %lld and as %lld", info->name,
                            info->symbols[i], (long long)known->value, (long long)value);
        }
    }
    return SOLDER_OK;
}

static solder_status declare_input(sld_onnx *onnx, const sld_onnx_scope *scope,
                                   const sld_onnx_info *info, const symbol_table *table)
{
    sld_value *value = NULL;
    solder_dtype dtype = sld_onnx_dtype(info->elem);
    if (!info->is_tensor || dtype == SOLDER_NONE) {
        sld_unsupported_add(&onnx->unsupported, info->name, "input: %s",
                            info->is_tensor ? sld_onnx_elem_name(info->elem) : "not a tensor");
        return sld_onnx_bind(onnx, scope, info->name, SLD_ONNX_POISONED, NULL);
    }
    solder_dims dims = {.rank = info->rank};
    const char *symbols[SOLDER_MAX_RANK] = {NULL};
    for (int i = 0; i < info->rank; i++) {
        dims.d[i] = info->dims[i];
        if (dims.d[i] < 0 && info->symbols[i][0] != '\0') {
            const symbol_value *known = find_symbol(table, info->symbols[i]);
            dims.d[i] = known != NULL ? known->value : -1;
            symbols[i] = info->symbols[i];
        }
    }
    SLD_TRY(sld_onnx_bind_check(onnx, scope, info->name));
    solder_status status =
        sld_import_input(onnx->import, info->name, dtype, &dims, symbols, &value);
    if (status != SOLDER_OK) {
        return sld_fail_within(onnx->diag, status, "onnx");
    }
    return sld_onnx_bind(onnx, scope, info->name, SLD_ONNX_VALUE, value);
}

static solder_status declare_inputs(sld_onnx *onnx, const sld_onnx_scope *scope)
{
    const sld_onnx_model *model = &onnx->model;
    symbol_table table = {.entries = sld_arena_array(&onnx->arena, model->input_count,
                                                     SOLDER_MAX_RANK * sizeof(symbol_value))};
    if (table.entries == NULL) {
        return sld_fail_memory(onnx->diag, model->input_count);
    }
    for (uint32_t i = 0; i < model->input_count; i++) {
        SLD_TRY(note_symbols(onnx, &model->inputs[i], &table));
    }
    for (uint32_t i = 0; i < model->input_count; i++) {
        /* Before IR version 4 every initialiser was listed as an input too. */
        if (sld_names_find(scope->values, model->inputs[i].name) == NULL) {
            SLD_TRY(declare_input(onnx, scope, &model->inputs[i], &table));
        }
    }
    return SOLDER_OK;
}

/* ---- initialisers ---- */

static solder_status declare_constant(sld_onnx *onnx, const sld_onnx_scope *scope, const char *name,
                                      sld_onnx_bytes bytes, bool sparse)
{
    sld_value *value = NULL;
    if (name[0] == '\0') {
        return sld_fail(onnx->diag, SOLDER_ERROR_DATA, "onnx: an initializer has no name");
    }
    SLD_TRY(sld_onnx_bind_check(onnx, scope, name));
    solder_status status = sparse ? sld_onnx_add_sparse(onnx, name, bytes, &value)
                                  : sld_onnx_add_tensor(onnx, name, bytes, &value);
    if (status == SOLDER_ERROR_UNSUPPORTED) {
        sld_unsupported_add(&onnx->unsupported, name, "%s", onnx->diag->message);
        return sld_onnx_bind(onnx, scope, name, SLD_ONNX_POISONED, NULL);
    }
    SLD_TRY(status);
    return sld_onnx_bind(onnx, scope, name, SLD_ONNX_VALUE, value);
}

solder_status sld_onnx_declare_constants(sld_onnx *onnx, const sld_onnx_scope *scope,
                                         const sld_onnx_model *model)
{
    for (uint32_t i = 0; i < model->initializer_count; i++) {
        sld_onnx_tensor tensor;
        SLD_TRY(sld_onnx_read_tensor(onnx->diag, &onnx->arena, model->initializers[i], &tensor));
        SLD_TRY(declare_constant(onnx, scope, tensor.name, model->initializers[i], false));
    }
    for (uint32_t i = 0; i < model->sparse_count; i++) {
        sld_onnx_sparse sparse;
        sld_onnx_tensor values;
        SLD_TRY(sld_onnx_read_sparse(onnx->diag, model->sparse[i], &sparse));
        SLD_TRY(sld_onnx_read_tensor(onnx->diag, &onnx->arena, sparse.values, &values));
        SLD_TRY(declare_constant(onnx, scope, values.name, model->sparse[i], true));
    }
    return SOLDER_OK;
}

/* ---- what the chosen outputs need ---- */

static solder_status want(sld_onnx *onnx, sld_names *wanted, const char *name)
{
    if (name[0] != '\0' && sld_names_find(wanted, name) == NULL &&
        !sld_names_add(wanted, name, onnx)) {
        return sld_fail_memory(onnx->diag, strlen(name));
    }
    return SOLDER_OK;
}

static solder_status want_inputs(sld_onnx *onnx, sld_names *wanted,
                                 const sld_onnx_node_proto *node);

static bool is_wanted(const sld_names *wanted, const sld_onnx_node_proto *node)
{
    for (uint32_t i = 0; i < node->out_count; i++) {
        if (sld_names_find(wanted, node->out[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* Everything a subgraph reads: from outside or not, a name too much does no harm. */
static solder_status want_subgraph(sld_onnx *onnx, sld_names *wanted, const sld_onnx_attr *attr)
{
    sld_onnx_model graph;
    SLD_TRY(sld_onnx_read_graph(onnx->diag, &onnx->arena, attr->bytes, &graph));
    for (uint32_t i = 0; i < graph.output_count; i++) {
        SLD_TRY(want(onnx, wanted, graph.outputs[i].name));
    }
    for (uint32_t i = 0; i < graph.node_count; i++) {
        SLD_TRY(want_inputs(onnx, wanted, &graph.nodes[i]));
    }
    return SOLDER_OK;
}

static solder_status want_inputs(sld_onnx *onnx, sld_names *wanted, const sld_onnx_node_proto *node)
{
    for (uint32_t i = 0; i < node->in_count; i++) {
        SLD_TRY(want(onnx, wanted, node->in[i]));
    }
    for (uint32_t i = 0; i < node->attr_count; i++) {
        if (node->attrs[i].type == SLD_ONNX_GRAPH) {
            SLD_TRY(want_subgraph(onnx, wanted, &node->attrs[i]));
        }
    }
    return SOLDER_OK;
}

/* For the message, should no node give it: what is not needed is left out before that is known. */
static void note_nearest(sld_onnx *onnx, const char *name)
{
    const sld_onnx_model *m = &onnx->model;
    sld_nearest nearest = sld_nearest_to(name);
    for (uint32_t i = 0; i < m->node_count; i++) {
        for (uint32_t j = 0; j < m->nodes[i].out_count; j++) {
            if (strcmp(m->nodes[i].out[j], name) == 0) {
                return;
            }
        }
    }
    for (uint32_t i = 0; i < m->node_count; i++) {
        for (uint32_t j = 0; j < m->nodes[i].out_count; j++) {
            sld_nearest_offer(&nearest, m->nodes[i].out[j]);
        }
    }
    onnx->nearest = nearest;
}

/* With outputs chosen by the options, nodes and inputs they do not depend on are left out. */
static solder_status keep_needed(sld_onnx *onnx)
{
    const solder_import_options *options = onnx->import->options;
    sld_onnx_model *m = &onnx->model;
    sld_names *wanted = sld_names_create(&onnx->arena);
    if (wanted == NULL) {
        return sld_fail_memory(onnx->diag, sizeof *m);
    }
    for (size_t i = 0; i < options->output_count; i++) {
        SLD_TRY(want(onnx, wanted, options->outputs[i]));
        if (onnx->nearest.wanted == NULL) {
            note_nearest(onnx, options->outputs[i]);
        }
    }
    uint32_t first = m->node_count;
    for (uint32_t i = m->node_count; i-- > 0;) {
        const sld_onnx_node_proto node = m->nodes[i];
        if (!is_wanted(wanted, &node)) {
            continue;
        }
        SLD_TRY(want_inputs(onnx, wanted, &node));
        m->nodes[--first] = node;
    }
    m->nodes += first;
    m->node_count -= first;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < m->input_count; i++) {
        if (sld_names_find(wanted, m->inputs[i].name) != NULL) {
            m->inputs[kept++] = m->inputs[i];
        }
    }
    m->input_count = kept;
    return SOLDER_OK;
}

/* ---- outputs ---- */

/* A value of that name that nothing else is the name of: outputs of a plan keep their names. */
static solder_status own_value(sld_onnx *onnx, const char *name, sld_value **value)
{
    if ((*value)->kind == SLD_VALUE_NODE && !(*value)->is_output &&
        strcmp((*value)->name, name) == 0) {
        return SOLDER_OK;
    }
    const sld_unary_params params = {.kind = SLD_UNARY_IDENTITY};
    SLD_TRY(sld_graph_add(onnx->graph, NULL, SLD_OP_UNARY, name, &params, value, 1, value));
    return sld_onnx_rename(onnx, *value, name);
}

static solder_status mark_output(sld_onnx *onnx, const sld_onnx_scope *scope, const char *name)
{
    const sld_onnx_binding *binding = sld_names_find(scope->values, name);
    if (binding == NULL) {
        return sld_fail(onnx->diag,
                        onnx->import->options->output_count != 0 ? SOLDER_ERROR_NOT_FOUND
                                                                 : SOLDER_ERROR_DATA,
                        "onnx: output '%s' is not computed by any node%s", name,
                        onnx->nearest.wanted == name ? sld_nearest_text(&onnx->nearest) : "");
    }
    if (binding->kind != SLD_ONNX_VALUE) {
        return SOLDER_OK; /* reported with what it depends on */
    }
    sld_value *value = binding->value;
    const sld_value *same = sld_graph_find_value(onnx->graph, name);
    if (same != NULL && same->is_output) {
        return sld_fail(onnx->diag, SOLDER_ERROR_DATA, "onnx: '%s' is an output twice", name);
    }
    if (value->kind == SLD_VALUE_INPUT && strcmp(value->name, name) == 0) {
        return sld_fail(onnx->diag, SOLDER_ERROR_UNSUPPORTED,
                        "onnx: '%s' is an input and an output", name);
    }
    SLD_TRY(own_value(onnx, name, &value));
    return sld_graph_mark_output(onnx->graph, value);
}

static solder_status check_output_type(sld_onnx *onnx, const sld_onnx_scope *scope,
                                       const sld_onnx_info *info)
{
    const sld_onnx_binding *binding = sld_names_find(scope->values, info->name);
    if (binding == NULL || binding->kind != SLD_ONNX_VALUE || info->elem == 0) {
        return SOLDER_OK;
    }
    if (binding->value->dtype != sld_onnx_dtype(info->elem)) {
        return sld_fail(onnx->diag, SOLDER_ERROR_DATA,
                        "onnx: output '%s' is declared %s, the graph gives %s", info->name,
                        sld_onnx_elem_name(info->elem), solder_dtype_name(binding->value->dtype));
    }
    return SOLDER_OK;
}

static solder_status mark_outputs(sld_onnx *onnx, const sld_onnx_scope *scope)
{
    const solder_import_options *options = onnx->import->options;
    for (size_t i = 0; i < options->output_count; i++) {
        SLD_TRY(mark_output(onnx, scope, options->outputs[i]));
    }
    if (options->output_count != 0) {
        return SOLDER_OK;
    }
    if (onnx->model.output_count == 0) {
        return sld_fail(onnx->diag, SOLDER_ERROR_DATA, "onnx: the graph has no outputs");
    }
    for (uint32_t i = 0; i < onnx->model.output_count; i++) {
        SLD_TRY(check_output_type(onnx, scope, &onnx->model.outputs[i]));
        SLD_TRY(mark_output(onnx, scope, onnx->model.outputs[i].name));
    }
    return SOLDER_OK;
}

/* ---- the whole ---- */

static solder_status check_versions(sld_onnx *onnx)
{
    for (uint32_t i = 0; i < onnx->model.opset_count; i++) {
        const sld_onnx_opset *opset = &onnx->model.opsets[i];
        if (!sld_onnx_standard_domain(opset->domain)) {
            continue;
        }
        if (opset->version > SLD_ONNX_NEWEST_OPSET) {
            return sld_fail(onnx->diag, SOLDER_ERROR_VERSION,
                            "onnx: operator set %lld is newer than %d, the newest known",
                            (long long)opset->version, SLD_ONNX_NEWEST_OPSET);
        }
    }
    return SOLDER_OK;
}

static solder_status convert(sld_onnx *onnx)
{
    const sld_file *file = &onnx->import->model;
    SLD_TRY(sld_onnx_check(onnx->diag, file->data, file->size));
    SLD_TRY(sld_onnx_read(onnx->diag, &onnx->arena, file->data, file->size, &onnx->model));
    SLD_TRY(check_versions(onnx));
    onnx->node_limit = SLD_ONNX_MAX_UNFOLDED + (size_t)16 * onnx->model.node_count;
    for (uint32_t i = 0; i < onnx->model.function_count; i++) {
        onnx->node_limit += (size_t)16 * onnx->model.functions[i].node_count;
    }
    sld_onnx_scope scope = {.opsets = onnx->model.opsets,
                            .opset_count = onnx->model.opset_count,
                            .values = sld_names_create(&onnx->arena),
                            .prefix = ""};
    if (scope.values == NULL) {
        return sld_fail_memory(onnx->diag, sizeof scope);
    }
    onnx->graph->name = sld_arena_strdup(&onnx->graph->arena, onnx->model.graph_name);
    if (onnx->graph->name == NULL) {
        return sld_fail_memory(onnx->diag, strlen(onnx->model.graph_name) + 1);
    }
    if (onnx->import->options->output_count != 0) {
        SLD_TRY(keep_needed(onnx));
    }
    SLD_TRY(sld_onnx_declare_constants(onnx, &scope, &onnx->model));
    SLD_TRY(declare_inputs(onnx, &scope));
    SLD_TRY(sld_onnx_convert_nodes(onnx, &scope, onnx->model.nodes, onnx->model.node_count));
    SLD_TRY(mark_outputs(onnx, &scope));
    SLD_TRY(sld_unsupported_report(&onnx->unsupported, onnx->import, "onnx"));
    sld_graph_sweep(onnx->graph);
    return sld_import_check_specs(onnx->import);
}

static solder_status import(sld_import *import)
{
    if (import->model.size == 0) {
        return sld_fail(import->diag, SOLDER_ERROR_DATA, "onnx: the file is empty");
    }
    if (import->weights_path != NULL) {
        return sld_fail(import->diag, SOLDER_ERROR_ARGUMENT,
                        "onnx: a model takes no second file with weights");
    }
    sld_onnx onnx = {.import = import, .graph = import->graph, .diag = import->diag};
    sld_arena_init(&onnx.arena, import->allocator, 0);
    solder_status status = convert(&onnx);
    sld_release(import->allocator, onnx.files, onnx.file_capacity * sizeof *onnx.files);
    sld_arena_free(&onnx.arena);
    return status;
}

const sld_importer sld_importer_onnx = {"onnx", recognise, {".onnx"}, import};
