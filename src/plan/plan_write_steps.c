/* SPDX-License-Identifier: Apache-2.0 */
/* Steps, inputs and outputs. */
#include "kernels/params.h"
#include "plan/plan_write_build.h"
#include "plugin/plugin.h"

static solder_status add_operand(sld_plan_build *b, uint32_t tensor)
{
    return sld_plan_add(b, &b->tables[SLD_PLAN_OPERANDS], &tensor, NULL);
}

static solder_status add_input(sld_plan_build *b, const sld_node *node, uint32_t slot,
                               const sld_kernel *kernel, const sld_run *run)
{
    const sld_value *value = node->in[slot].value;
    uint32_t tensor = SLD_PLAN_NONE;
    if (value != NULL) {
        const sld_packing *packing = NULL;
        if (value->kind == SLD_VALUE_CONSTANT && kernel != NULL && kernel->packing != NULL) {
            packing = kernel->packing(run, slot);
        }
        SLD_TRY(packing != NULL ? sld_plan_place_packed(b, value, packing, node, &tensor)
                                : sld_plan_place(b, value, &tensor));
    }
    return add_operand(b, tensor);
}

/* Dims of this output that are data-dependent symbols nobody has defined before. */
static solder_status add_defines(sld_plan_build *b, const sld_node *node, uint32_t output,
                                 sld_plan_step *step)
{
    const sld_value *value = node->out[output];
    const sld_plan_tensor *t = sld_plan_tensor_at(b, b->tensor_of[value->id]);
    for (int axis = 0; axis < t->rank; axis++) {
        const sld_expr *e = (sld_expr *)b->tables[SLD_PLAN_EXPRS].data + t->dim[axis];
        const sld_symbol *symbols = b->tables[SLD_PLAN_SYMBOLS].data;
        if (e->op != SLD_EXPR_SYMBOL || !symbols[e->value].data_dependent || b->defined[e->value]) {
            continue;
        }
        if (t->parent != SLD_PLAN_NONE) {
            return sld_fail(b->diag, SOLDER_ERROR_INTERNAL,
                            "value '%s' has a data-dependent size and is a view", value->name);
        }
        sld_plan_define define = {
            .symbol = (uint32_t)e->value, .output = output, .axis = (uint32_t)axis};
        SLD_TRY(sld_plan_add(b, &b->tables[SLD_PLAN_DEFINES], &define, NULL));
        b->defined[e->value] = true;
        step->define_count++;
    }
    return SOLDER_OK;
}

static solder_status add_params(sld_plan_build *b, const void *params, size_t size,
                                sld_plan_step *step)
{
    sld_plan_table *table = &b->tables[SLD_PLAN_PARAMS];
    size_t start = (table->count + 7) & ~(size_t)7;
    SLD_TRY(sld_array_grow(b->allocator, b->diag, &table->data, &table->capacity, start + size, 1));
    char *bytes = table->data;
    memset(bytes + table->count, 0, start - table->count);
    memcpy(bytes + start, params, size);
    table->count = start + size;
    step->params = start;
    step->params_size = (uint32_t)size;
    return SOLDER_OK;
}

static solder_status name_step(sld_plan_build *b, const char *name, const char *op,
                               const char *family, const char *kernel, sld_plan_step *step)
{
    step->first_operand = (uint32_t)b->tables[SLD_PLAN_OPERANDS].count;
    step->first_define = (uint32_t)b->tables[SLD_PLAN_DEFINES].count;
    SLD_TRY(sld_plan_add_string(b, name, &step->name));
    SLD_TRY(sld_plan_add_string(b, op, &step->op));
    SLD_TRY(sld_plan_add_string(b, family, &step->family));
    return sld_plan_add_string(b, kernel, &step->kernel);
}

/* The plan of a body, behind those before it. */
static solder_status add_body(sld_plan_build *b, const sld_graph *body, const sld_tactic *tactics)
{
    sld_plan_table *bytes = &b->tables[SLD_PLAN_BODY_BYTES];
    sld_plan_buffer buffer = {.allocator = b->allocator, .diag = b->diag};
    sld_plan_sink sink = sld_plan_memory_sink(&buffer);
    solder_status status = sld_plan_write(body, tactics, NULL, b->diag, &sink);
    size_t start = (bytes->count + SLD_PLAN_ALIGN - 1) & ~(size_t)(SLD_PLAN_ALIGN - 1);
    if (status == SOLDER_OK) {
        status = sld_array_grow(b->allocator, b->diag, &bytes->data, &bytes->capacity,
                                start + buffer.size, 1);
    }
    if (status == SOLDER_OK) {
        memset((char *)bytes->data + bytes->count, 0, start - bytes->count);
        memcpy((char *)bytes->data + start, buffer.data, buffer.size);
        bytes->count = start + buffer.size;
        const sld_plan_body record = {.step = (uint32_t)b->tables[SLD_PLAN_STEPS].count,
                                      .offset = start,
                                      .size = buffer.size};
        status = sld_plan_add(b, &b->tables[SLD_PLAN_BODIES], &record, NULL);
    }
    sld_release(b->allocator, buffer.data, buffer.capacity);
    return status;
}

static solder_status add_bodies(sld_plan_build *b, const sld_node *node)
{
    const sld_tactic *tactic = b->tactics != NULL ? &b->tactics[node->id] : NULL;
    for (uint32_t i = 0; i < node->body_count; i++) {
        bool chosen = tactic != NULL && tactic->bodies != NULL;
        SLD_TRY(add_body(b, node->bodies[i], chosen ? tactic->bodies[i] : NULL));
    }
    return SOLDER_OK;
}

/* The chosen kernel; NULL, and no error, where bodies do the work. */
static solder_status kernel_of(const sld_plan_build *b, const sld_node *node,
                               const sld_kernel **out)
{
    const sld_op_info info = sld_op_get(node->op);
    const sld_kernel *kernel = b->tactics != NULL ? b->tactics[node->id].kernel : NULL;
    if (kernel == NULL) {
        kernel = sld_kernel_reference(info.family);
    }
    if (node->body_count == 0 && (kernel == NULL || strcmp(kernel->family, info.family) != 0)) {
        return sld_fail(b->diag, SOLDER_ERROR_INTERNAL, "node '%s' (%s) has no kernel", node->name,
                        info.name);
    }
    *out = kernel;
    return SOLDER_OK;
}

static solder_status add_step(sld_plan_build *b, const sld_node *node, sld_call *call)
{
    const sld_op_info info = sld_op_get(node->op);
    const sld_kernel *kernel = NULL;
    SLD_TRY(kernel_of(b, node, &kernel));
    sld_plan_step step = {.in_count = node->in_count, .out_count = node->out_count};
    char plugin[SLD_PLUGIN_MAX_TEXT];
    const char *type = info.name;
    if (node->op == SLD_OP_PLUGIN) {
        sld_plugin_print(((const sld_plugin_params *)node->params)->plugin, false, plugin);
        type = plugin;
    }
    SLD_TRY(name_step(b, node->source != NULL ? node->source : node->name, type, info.family,
                      kernel != NULL ? kernel->name : info.family, &step));
    sld_shapes_run(&b->shapes, node, 1, call);
    step.flops = sld_call_flops(info.family, &call->run);
    step.bytes = sld_call_bytes(&call->run);
    sld_shapes_run(&b->shapes, node, 2, call);
    for (uint32_t i = 0; i < node->in_count; i++) {
        SLD_TRY(add_input(b, node, i, kernel, &call->run));
    }
    for (uint32_t i = 0; i < node->out_count; i++) {
        uint32_t tensor;
        SLD_TRY(sld_plan_place(b, node->out[i], &tensor));
        SLD_TRY(add_operand(b, tensor));
    }
    for (uint32_t i = 0; i < node->out_count; i++) {
        SLD_TRY(add_defines(b, node, i, &step));
    }
    void *params = node->params;
    size_t params_size = info.params_size;
    if (node->op == SLD_OP_PLUGIN) {
        SLD_TRY(sld_plan_plugin_bytes(b, node, &params, &params_size));
    }
    SLD_TRY(add_params(b, params, params_size, &step));
    SLD_TRY(add_bodies(b, node));
    return sld_plan_add(b, &b->tables[SLD_PLAN_STEPS], &step, NULL);
}

/* Reshape is the family that copies any element type. */
static solder_status add_copy_step(sld_plan_build *b, const sld_value *value, uint32_t to)
{
    static const sld_reshape_params params = {.rank = 0};
    const sld_kernel *kernel = sld_kernel_reference("reshape");
    sld_plan_step step = {.in_count = 1, .out_count = 1};
    uint32_t from;
    if (kernel == NULL) {
        return sld_fail(b->diag, SOLDER_ERROR_INTERNAL, "no reference kernel for Reshape");
    }
    SLD_TRY(sld_plan_place(b, value, &from));
    SLD_TRY(name_step(b, value->name, "Reshape", "reshape", kernel->name, &step));
    SLD_TRY(add_operand(b, from));
    SLD_TRY(add_operand(b, to));
    SLD_TRY(add_params(b, &params, sizeof params, &step));
    const sld_tensor copied = sld_shapes_tensor(&b->shapes, value, 1);
    step.bytes = 2.0 * (double)sld_tensor_count(&copied) * (double)solder_dtype_size(copied.dtype);
    return sld_plan_add(b, &b->tables[SLD_PLAN_STEPS], &step, NULL);
}

static solder_status add_io(sld_plan_build *b, const sld_value *value, uint32_t tensor)
{
    sld_plan_io io = {.tensor = tensor, .flags = value->is_nhwc ? SLD_PLAN_IO_NHWC : 0};
    return sld_plan_add(b, &b->tables[SLD_PLAN_IO], &io, NULL);
}

static solder_status add_output(sld_plan_build *b, size_t index)
{
    const sld_value *value = b->graph->outputs[index];
    for (size_t i = 0; i < index; i++) {
        if (b->graph->outputs[i] == value) {
            return SOLDER_OK;
        }
    }
    uint32_t tensor;
    if (sld_plan_is_direct_output(b, value)) {
        SLD_TRY(sld_plan_place(b, value, &tensor));
    } else {
        SLD_TRY(sld_plan_add_copy_target(b, value, &tensor));
        SLD_TRY(add_copy_step(b, value, tensor));
    }
    return add_io(b, value, tensor);
}

solder_status sld_plan_add_steps(sld_plan_build *b)
{
    sld_call *call = sld_arena_alloc(&b->arena, sizeof *call);
    b->defined = sld_arena_array(&b->arena, b->tables[SLD_PLAN_SYMBOLS].count + 1, sizeof(bool));
    if (call == NULL || b->defined == NULL) {
        return sld_fail_memory(b->diag, sizeof *call);
    }
    for (size_t i = 0; i < b->graph->input_count; i++) {
        uint32_t tensor;
        SLD_TRY(sld_plan_place(b, b->graph->inputs[i], &tensor));
        SLD_TRY(add_io(b, b->graph->inputs[i], tensor));
    }
    for (const sld_node *node = b->graph->first; node != NULL; node = node->next) {
        if (!node->elided) {
            SLD_TRY(add_step(b, node, call));
        }
    }
    for (size_t i = 0; i < b->graph->output_count; i++) {
        SLD_TRY(add_output(b, i));
    }
    return SOLDER_OK;
}
