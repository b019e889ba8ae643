/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes stand in a file in any order: each is converted after what it reads. What depends on
 * something unsupported is skipped, so that everything unsupported is found.
 */
#include "import/tensorflow/tf_scope.h"

#include "import/wire/wire.h"

/* ---- names ---- */

static uint32_t named_in(const char *const *names, uint32_t count, const char *output)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(names[i], output) == 0) {
            return i;
        }
    }
    return 0;
}

/* Where the outputs of an operator that gives several begin. */
static uint32_t named_output(const char *op, const char *output)
{
    static const struct {
        const char *op, *output;
        uint32_t index;
    } table[] = {
        {"CTCBeamSearchDecoder", "decoded_values", 1}, /* of one path: sld_tf_ctc_beams */
        {"CTCBeamSearchDecoder", "decoded_shape", 2},
        {"CTCBeamSearchDecoder", "log_probability", 3},
        {"CTCGreedyDecoder", "decoded_values", 1},
        {"CTCGreedyDecoder", "decoded_shape", 2},
        {"CTCGreedyDecoder", "log_probability", 3},
        {"TopKV2", "indices", 1},
        {"TopK", "indices", 1},
        {"NonMaxSuppressionV4", "valid_outputs", 1},
        {"NonMaxSuppressionV5", "selected_scores", 1},
        {"NonMaxSuppressionV5", "valid_outputs", 2},
        {"Switch", "output_true", 1},
        {"Unique", "idx", 1},
        {"TensorArrayV3", "flow", 1},
        {"GRUBlockCell", "u", 1},
        {"GRUBlockCell", "c", 2},
        {"GRUBlockCell", "h", 3},
        {"TensorArrayConcatV3", "lengths", 1},
        {"TensorListConcatV2", "lengths", 1},
    };
    static const char *const lstm[] = {"i", "cs", "f", "o", "ci", "co", "h"};
    static const char *const cudnn[] = {"output", "output_h", "output_c"};
    if (strstr(op, "LSTM") != NULL) {
        return named_in(lstm, SLD_ARRAY_LENGTH(lstm), output);
    }
    if (strncmp(op, "CudnnRNN", 8) == 0) {
        return named_in(cudnn, SLD_ARRAY_LENGTH(cudnn), output);
    }
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(table); i++) {
        if (strcmp(table[i].op, op) == 0 && strcmp(table[i].output, output) == 0) {
            return table[i].index;
        }
    }
    if (strncmp(op, "FusedBatchNorm", 14) == 0 && strcmp(output, "y") != 0) {
        return 1; /* statistics: none of them is computed here */
    }
    return 0;
}

static bool read_index(const char *text, uint32_t *index)
{
    uint32_t value = 0;
    if (text[0] == '\0' || strlen(text) > 6) {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return false;
        }
        value = value * 10 + (uint32_t)(*text - '0');
    }
    *index = value;
    return true;
}

solder_status sld_tf_resolve(sld_tf *tf, const sld_tf_scope *scope, const char *name,
                             sld_tf_ref *ref)
{
    *ref = (sld_tf_ref){.entry = sld_names_find(scope->names, name)};
    const char *colon = strchr(name, ':');
    if (ref->entry != NULL || colon == NULL) {
        return SOLDER_OK;
    }
    char *node = sld_arena_strndup(&tf->arena, name, (size_t)(colon - name));
    if (node == NULL) {
        return sld_fail_memory(tf->diag, strlen(name));
    }
    const char *last = strrchr(name, ':');
    uint32_t index;
    sld_tf_entry *entry = sld_names_find(scope->names, node);
    if (entry == NULL || !read_index(last + 1, &index)) {
        return SOLDER_OK;
    }
    if (last != colon) {
        char *output = sld_arena_strndup(&tf->arena, colon + 1, (size_t)(last - colon - 1));
        if (output == NULL) {
            return sld_fail_memory(tf->diag, strlen(name));
        }
        index += named_output(entry->proto->op, output);
    }
    *ref = (sld_tf_ref){entry, index};
    return SOLDER_OK;
}

static solder_status count_reads(sld_tf *tf, const sld_tf_scope *scope)
{
    for (uint32_t i = 0; i < scope->count; i++) {
        const sld_tf_node_proto *proto = scope->entries[i].proto;
        for (uint32_t j = 0; j < proto->in_count; j++) {
            sld_tf_ref ref = {NULL, 0};
            if (strchr(proto->in[j], ':') != NULL) {
                SLD_TRY(sld_tf_resolve(tf, scope, proto->in[j], &ref));
            }
            if (ref.entry != NULL && ref.index >= ref.entry->reads) {
                ref.entry->reads = ref.index + 1;
            }
        }
    }
    return SOLDER_OK;
}

solder_status sld_tf_open_scope(sld_tf *tf, const sld_tf_node_proto *nodes, uint32_t count,
                                sld_tf_scope *scope)
{
    scope->names = sld_names_create(&tf->arena);
    scope->entries = sld_arena_array(&tf->arena, count, sizeof *scope->entries);
    scope->count = count;
    if (scope->names == NULL || scope->entries == NULL) {
        return sld_fail_memory(tf->diag, count);
    }
    for (uint32_t i = 0; i < count; i++) {
        const char *name = nodes[i].name;
        scope->entries[i].proto = &nodes[i];
        if (name[0] == '\0' || sld_names_find(scope->names, name) != NULL) {
            return sld_fail(tf->diag, SOLDER_ERROR_DATA, "%s: node %u ('%s') %s", tf->format->name,
                            (unsigned)i, name, name[0] == '\0' ? "has no name" : "is there twice");
        }
        if (!sld_names_add(scope->names, name, &scope->entries[i])) {
            return sld_fail_memory(tf->diag, strlen(name));
        }
    }
    return count_reads(tf, scope);
}

solder_status sld_tf_give(sld_tf *tf, sld_tf_entry *entry, uint32_t index, sld_tf_tensor *tensor)
{
    sld_tf_given *given = sld_arena_alloc(&tf->arena, sizeof *given);
    if (given == NULL) {
        return sld_fail_memory(tf->diag, sizeof *given);
    }
    *given = (sld_tf_given){index, tensor, entry->given};
    entry->given = given;
    return SOLDER_OK;
}

static sld_tf_tensor *find_given(const sld_tf_entry *entry, uint32_t index)
{
    for (const sld_tf_given *g = entry->given; g != NULL; g = g->next) {
        if (g->index == index) {
            return g->tensor;
        }
    }
    return NULL;
}

solder_status sld_tf_rename(sld_tf *tf, sld_value *value, const char *name)
{
    sld_value *holder = sld_graph_find_value(tf->graph, name);
    if (holder == value) {
        return SOLDER_OK;
    }
    for (unsigned i = tf->graph->next_id; holder != NULL; i++) {
        const char *aside = sld_arena_printf(&tf->arena, "%s.%u", name, i);
        if (aside == NULL) {
            return sld_fail_memory(tf->diag, strlen(name));
        }
        if (sld_graph_find_value(tf->graph, aside) == NULL) {
            SLD_TRY(sld_graph_rename(tf->graph, holder, aside));
            holder = NULL;
        }
    }
    return sld_graph_rename(tf->graph, value, name);
}

/* ---- one node ---- */

bool sld_tf_is_variable(const char *op)
{
    static const char *const ops[] = {"Variable",           "VariableV2",        "VarHandleOp",
                                      "AutoReloadVariable", "ReadVariableOp",    "RestoreV2",
                                      "ResourceGather",     "VarIsInitializedOp"};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(ops); i++) {
        if (strcmp(ops[i], op) == 0) {
            return true;
        }
    }
    return false;
}

static solder_status find_inputs(sld_tf *tf, const sld_tf_scope *scope, const sld_tf_entry *entry,
                                 sld_tf_node *node, bool *poisoned)
{
    const sld_tf_node_proto *proto = entry->proto;
    node->in = sld_arena_array(&tf->arena, proto->in_count, sizeof *node->in);
    if (node->in == NULL) {
        return sld_fail_memory(tf->diag, proto->in_count);
    }
    for (uint32_t i = 0; i < proto->in_count; i++) {
        sld_tf_ref ref;
        if (proto->in[i][0] == '^') {
            continue;
        }
        SLD_TRY(sld_tf_resolve(tf, scope, proto->in[i], &ref));
        sld_tf_tensor *t = find_given(ref.entry, ref.index);
        if (t == NULL && ref.entry->state == SLD_TF_DONE && !ref.entry->poisoned &&
            ref.index < ref.entry->out_count) {
            t = ref.entry->out[ref.index];
        }
        if (t == NULL && ref.entry->state == SLD_TF_DONE && !ref.entry->poisoned) {
            sld_tf_unsupported(node, "it reads output %u of '%s'", (unsigned)ref.index,
                               ref.entry->proto->name);
        }
        *poisoned = *poisoned || t == NULL || t->poisoned;
        node->in[node->in_count++] = t;
    }
    return SOLDER_OK;
}

bool sld_tf_says_nothing(const sld_tf_attr *attr)
{
    static const char *const names[] = {"use_cudnn_on_gpu",
                                        "exponential_avg_factor",
                                        "N",
                                        "validate_indices",
                                        "message",
                                        "summarize",
                                        "config",
                                        "config_proto",
                                        "executor_type",
                                        "container",
                                        "shared_name",
                                        "incompatible_shape_error",
                                        "grad_a",
                                        "grad_b",
                                        "grad_x",
                                        "grad_y",
                                        "debug_name",
                                        "is_stateless"};
    if (attr->name[0] == '_' || attr->kind == SLD_TF_TYPE || attr->kind == SLD_TF_NONE ||
        attr->kind == SLD_TF_PLACEHOLDER) {
        return true;
    }
    if (attr->kind == SLD_TF_LIST && attr->name[0] == 'T') { /* Tin, Tout, Targuments */
        return true;
    }
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(names); i++) {
        if (strcmp(attr->name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

void sld_tf_check_attributes(sld_tf_node *node)
{
    for (uint32_t i = 0; i < node->attr_count; i++) {
        if (!node->attrs[i].used && !sld_tf_says_nothing(&node->attrs[i])) {
            sld_tf_unsupported(node, "attribute '%s' is not known", node->attrs[i].name);
        }
    }
}

/* Nothing given may go unheeded. */
static void check_heeded(sld_tf_node *node)
{
    for (uint32_t i = 0; i < node->in_count && i < 64; i++) {
        if ((node->in_read >> i & 1) == 0) {
            sld_tf_unsupported(node, "input %u is not known", (unsigned)i);
        }
    }
    sld_tf_check_attributes(node);
}

static solder_status name_outputs(sld_tf *tf, const sld_tf_node *node, uint32_t first_id)
{
    const char *op = node->op[0] == '_' ? node->op + 1 : node->op;
    if (strncmp(op, "Placeholder", 11) == 0 || strcmp(op, tf->format->input) == 0) {
        return SOLDER_OK; /* inputs are named as the caller names them */
    }
    for (uint32_t i = 0; i < node->out_count; i++) {
        const sld_tf_tensor *t = node->out[i];
        sld_value *value = t == NULL ? NULL : t->plain != NULL ? t->plain : t->first;
        /* A value made before this node already carries a name of the model. */
        if (value == NULL || value->id < first_id) {
            continue;
        }
        const char *name =
            i == 0 ? node->name : sld_arena_printf(&tf->arena, "%s:%u", node->name, (unsigned)i);
        if (name == NULL) {
            return sld_fail_memory(tf->diag, strlen(node->name));
        }
        SLD_TRY(sld_tf_rename(tf, value, name));
    }
    return SOLDER_OK;
}

/* UFF puts "_" before operators that are not its own. */
static const solder_plugin *find_plugin(const sld_import *import, const char *op)
{
    const solder_plugin *plugin = sld_import_find_plugin(import, NULL, op);
    return plugin != NULL || op[0] != '_' ? plugin : sld_import_find_plugin(import, NULL, op + 1);
}

static bool reads_random(const sld_tf_node *node)
{
    for (uint32_t i = 0; i < node->in_count; i++) {
        if (node->in[i] != NULL && node->in[i]->random != NULL) {
            return true;
        }
    }
    return false;
}

/* It reads a node that is listed as a variable already. */
static bool reads_variable(sld_tf *tf, const sld_tf_scope *scope, const sld_tf_node_proto *proto)
{
    sld_tf_ref ref;
    for (uint32_t i = 0; i < proto->in_count; i++) {
        if (proto->in[i][0] != '^' && sld_tf_resolve(tf, scope, proto->in[i], &ref) == SOLDER_OK &&
            ref.entry != NULL && sld_tf_is_variable(ref.entry->proto->op)) {
            return true;
        }
    }
    return false;
}

static void list_unknown(sld_tf_node *node, const sld_tf_node_proto *proto)
{
    sld_tf *tf = node->tf;
    bool variable = sld_tf_is_variable(node->op);
    if (!variable || !reads_variable(tf, node->scope, proto)) {
        sld_unsupported_add(variable ? &tf->variables : &tf->unsupported, node->name, "%s",
                            node->op);
    }
    node->status = SOLDER_ERROR_UNSUPPORTED;
}

static void run(sld_tf_node *node, const sld_tf_node_proto *proto, const sld_tf_function *function,
                bool poisoned)
{
    const sld_tf_op *op = node->tf->format->find(node->op);
    const solder_plugin *plugin =
        function == NULL && op == NULL ? find_plugin(node->tf->import, node->op) : NULL;
    if (function == NULL && op == NULL && plugin == NULL) {
        list_unknown(node, proto);
    } else if (poisoned) {
        node->status = SOLDER_ERROR_UNSUPPORTED;
    } else if (function != NULL) {
        sld_tf_call(node, 0);
    } else if (plugin != NULL) {
        sld_tf_plugin(node, plugin);
    } else if (reads_random(node)) {
        sld_tf_use_random(node);
    } else {
        op->convert(node, op->kind);
        if (sld_tf_ok(node)) {
            check_heeded(node);
        }
    }
}

static const sld_tf_function *find_function(const sld_tf *tf, const char *name)
{
    for (uint32_t i = 0; i < tf->model.function_count; i++) {
        if (strcmp(tf->model.functions[i].name, name) == 0) {
            return &tf->model.functions[i];
        }
    }
    return NULL;
}

static solder_status convert_node(sld_tf *tf, const sld_tf_scope *scope, sld_tf_entry *entry)
{
    const sld_tf_node_proto *proto = entry->proto;
    sld_tf_node node = {.tf = tf, .scope = scope, .op = proto->op, .reads = entry->reads};
    bool poisoned = false;
    uint32_t first_id = tf->graph->next_id;
    if (++tf->nodes_converted > tf->node_limit) {
        return sld_fail(tf->diag, SOLDER_ERROR_DATA, "%s: functions unfold to more than %zu nodes",
                        tf->format->name, tf->node_limit);
    }
    node.name = sld_arena_printf(&tf->arena, "%s%s", scope->prefix, proto->name);
    node.attrs = sld_arena_array(&tf->arena, proto->attr_count, sizeof *node.attrs);
    if (node.name == NULL || node.attrs == NULL) {
        return sld_fail_memory(tf->diag, proto->attr_count);
    }
    for (uint32_t i = 0; i < proto->attr_count; i++) {
        node.attrs[i] = proto->attrs[i];
    }
    node.attr_count = proto->attr_count;
    SLD_TRY(find_inputs(tf, scope, entry, &node, &poisoned));
    sld_tf_outputs(&node, 8);
    if (node.status == SOLDER_OK || node.status == SOLDER_ERROR_UNSUPPORTED) {
        run(&node, proto, find_function(tf, proto->op), poisoned || !sld_tf_ok(&node));
    }
    entry->state = SLD_TF_DONE;
    entry->poisoned = !sld_tf_ok(&node);
    if (entry->poisoned) {
        return node.status == SOLDER_ERROR_UNSUPPORTED ? SOLDER_OK : node.status;
    }
    entry->out = node.out;
    entry->out_count = node.out_count;
    return name_outputs(tf, &node, first_id);
}

/* ---- order ---- */

/* Loops go through operators of control flow, which are unsupported and listed. */
static bool is_loop(const sld_tf *tf, const sld_tf_entry *top, const sld_tf_entry *end)
{
    for (const sld_tf_entry *e = top; e != NULL; e = e == end ? NULL : e->below) {
        if (tf->format->find(e->proto->op) == NULL) {
            return true;
        }
    }
    return false;
}

/* The next input of the top that is not converted yet, or NULL. */
static solder_status next_input(sld_tf *tf, const sld_tf_scope *scope, sld_tf_entry *top,
                                sld_tf_entry **next)
{
    const sld_tf_node_proto *proto = top->proto;
    *next = NULL;
    while (*next == NULL && top->next_input < proto->in_count) {
        const char *name = proto->in[top->next_input++];
        sld_tf_ref ref;
        if (name[0] == '^') {
            continue;
        }
        SLD_TRY(sld_tf_resolve(tf, scope, name, &ref));
        if (ref.entry == NULL) {
            return sld_fail(tf->diag, SOLDER_ERROR_DATA,
                            "%s: node '%s%s' (%s) reads '%s', which is defined nowhere",
                            tf->format->name, scope->prefix, proto->name, proto->op, name);
        }
        if (find_given(ref.entry, ref.index) != NULL || ref.entry->state == SLD_TF_DONE) {
            continue;
        }
        if (ref.entry->state == SLD_TF_NEW) {
            *next = ref.entry;
        } else if (!is_loop(tf, top, ref.entry)) {
            return sld_fail(tf->diag, SOLDER_ERROR_DATA,
                            "%s: node '%s%s' (%s) reads '%s': the graph has a cycle",
                            tf->format->name, scope->prefix, proto->name, proto->op, name);
        }
    }
    return SOLDER_OK;
}

solder_status sld_tf_need(sld_tf *tf, const sld_tf_scope *scope, sld_tf_ref ref,
                          sld_tf_tensor **tensor)
{
    *tensor = find_given(ref.entry, ref.index);
    if (*tensor != NULL) {
        return SOLDER_OK;
    }
    sld_tf_entry *top = ref.entry->state == SLD_TF_NEW ? ref.entry : NULL;
    while (top != NULL) {
        sld_tf_entry *next;
        top->state = SLD_TF_OPEN;
        SLD_TRY(next_input(tf, scope, top, &next));
        if (next != NULL) {
            next->below = top;
            top = next;
            continue;
        }
        SLD_TRY(convert_node(tf, scope, top));
        sld_tf_entry *below = top == ref.entry ? NULL : top->below;
        top = below;
    }
    if (ref.entry->poisoned) {
        *tensor = &tf->nothing;
    } else if (ref.index < ref.entry->out_count) {
        *tensor = ref.entry->out[ref.index];
    }
    return SOLDER_OK;
}

/* ---- functions ---- */

static solder_status check_call(const sld_tf_node *node, const sld_tf_function *f, uint32_t count)
{
    int depth = 1;
    sld_diag *diag = node->tf->diag;
    for (const sld_tf_scope *s = node->scope; s != NULL; s = s->caller) {
        if (s->function == f) {
            return sld_fail(diag, SOLDER_ERROR_DATA, "%s: function '%s' calls itself",
                            node->tf->format->name, f->name);
        }
        if (++depth > SLD_TF_MAX_CALLS) {
            return sld_fail(diag, SOLDER_ERROR_DATA,
                            "%s: functions call each other more than %d deep (at '%s')",
                            node->tf->format->name, SLD_TF_MAX_CALLS, f->name);
        }
    }
    if (count != f->arg_count) {
        return sld_fail(
            diag, SOLDER_ERROR_DATA, "%s: node '%s': function '%s' takes %u inputs, not %u",
            node->tf->format->name, node->name, f->name, (unsigned)f->arg_count, (unsigned)count);
    }
    return SOLDER_OK;
}

/* Arguments are entries of their own, behind those of the body. */
static solder_status bind_arguments(sld_tf *tf, const sld_tf_function *f,
                                    sld_tf_tensor *const *args, sld_tf_scope *scope)
{
    static const sld_tf_node_proto argument = {.name = "", .op = "_Arg"};
    sld_tf_entry *entries = sld_arena_array(&tf->arena, f->arg_count, sizeof *entries);
    if (entries == NULL) {
        return sld_fail_memory(tf->diag, f->arg_count);
    }
    for (uint32_t i = 0; i < f->arg_count; i++) {
        entries[i] = (sld_tf_entry){.proto = &argument, .state = SLD_TF_DONE};
        SLD_TRY(sld_tf_give(tf, &entries[i], 0, args[i]));
        if (sld_names_find(scope->names, f->args[i]) != NULL) {
            return sld_fail(tf->diag, SOLDER_ERROR_DATA, "%s: function '%s': '%s' is there twice",
                            tf->format->name, f->name, f->args[i]);
        }
        if (!sld_names_add(scope->names, f->args[i], &entries[i])) {
            return sld_fail_memory(tf->diag, strlen(f->args[i]));
        }
    }
    return SOLDER_OK;
}

const char *sld_tf_ret_value(const sld_tf_function *f, uint32_t ret)
{
    for (uint32_t i = 0; i < f->ret_value_count; i++) {
        if (strcmp(f->ret_names[i], f->rets[ret]) == 0) {
            return f->ret_values[i];
        }
    }
    return "";
}

solder_status sld_tf_apply(sld_tf_node *node, const sld_tf_function *f, const char *prefix,
                           sld_tf_tensor *const *args, uint32_t arg_count, sld_tf_tensor **rets)
{
    sld_tf *tf = node->tf;
    sld_tf_scope scope = {.caller = node->scope, .function = f};
    scope.prefix = f->in_place ? node->scope->prefix : prefix;
    SLD_TRY(check_call(node, f, arg_count));
    SLD_TRY(sld_tf_open_scope(tf, f->nodes, f->node_count, &scope));
    SLD_TRY(bind_arguments(tf, f, args, &scope));
    bool poisoned = false;
    for (uint32_t i = 0; i < f->ret_count; i++) {
        sld_tf_ref ref;
        rets[i] = NULL;
        SLD_TRY(sld_tf_resolve(tf, &scope, sld_tf_ret_value(f, i), &ref));
        if (ref.entry == NULL) {
            return sld_fail(tf->diag, SOLDER_ERROR_DATA,
                            "%s: function '%s' does not compute its output '%s'", tf->format->name,
                            f->name, f->rets[i]);
        }
        SLD_TRY(sld_tf_need(tf, &scope, ref, &rets[i]));
        poisoned = poisoned || (rets[i] != NULL && rets[i]->poisoned);
    }
    return poisoned ? SOLDER_ERROR_UNSUPPORTED : SOLDER_OK; /* what it is, is listed already */
}

static const sld_tf_function *function_named(sld_tf_node *node, sld_tf_bytes bytes)
{
    const char *name = sld_tf_read_function_name(&node->tf->arena, bytes);
    if (name == NULL) {
        node->status = sld_fail_memory(node->tf->diag, bytes.size);
        return NULL;
    }
    const sld_tf_function *function = find_function(node->tf, name);
    if (function == NULL) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "function '%s' is not in the file", name);
    }
    return function;
}

const sld_tf_function *sld_tf_function_attr(sld_tf_node *node, const char *name)
{
    const sld_tf_attr *attr = sld_tf_attribute(node, name, SLD_TF_FUNCTION);
    if (sld_tf_ok(node) && attr == NULL) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "%s is missing", name);
    }
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    return attr->function != NULL ? attr->function : function_named(node, attr->bytes);
}

uint32_t sld_tf_function_attrs(sld_tf_node *node, const char *name, const sld_tf_function **found,
                               uint32_t room)
{
    const sld_tf_attr *attr = sld_tf_attribute(node, name, SLD_TF_LIST);
    sld_wire wire =
        attr != NULL ? sld_wire_open(attr->bytes.data, attr->bytes.size) : sld_wire_open(NULL, 0);
    sld_wire_field field;
    uint32_t count = 0;
    for (; attr != NULL && count < attr->function_count && count < room; count++) {
        found[count] = attr->functions[count];
    }
    while (sld_tf_ok(node) && sld_wire_next(&wire, &field) == SLD_WIRE_FIELD) {
        if (field.number != 9 || field.type != SLD_WIRE_BYTES) {
            continue;
        }
        if (count == room) {
            sld_tf_unsupported(node, "more than %u %s", (unsigned)room, name);
            break;
        }
        found[count++] = function_named(node, (const sld_tf_bytes){field.data, field.size});
    }
    if (count == 0) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "%s is missing", name);
    }
    return count;
}

void sld_tf_call(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf *tf = node->tf;
    const sld_tf_function *function = find_function(tf, node->op);
    if (function == NULL) {
        function = sld_tf_function_attr(node, "f");
    }
    const char *prefix = sld_arena_printf(&tf->arena, "%s/", node->name);
    if (!sld_tf_ok(node)) {
        return;
    }
    if (prefix == NULL) {
        node->status = sld_fail_memory(tf->diag, strlen(node->name));
        return;
    }
    sld_tf_outputs(node, function->ret_count);
    for (uint32_t i = 0; i < node->in_count; i++) {
        (void)sld_tf_in(node, i);
    }
    if (sld_tf_ok(node)) {
        node->status = sld_tf_apply(node, function, prefix, node->in, node->in_count, node->out);
    }
}
