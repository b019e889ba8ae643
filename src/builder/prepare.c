/* SPDX-License-Identifier: Apache-2.0 */
/* From the imported network to the one that is planned: profile applied, passes run. */
#include "builder/builder.h"

solder_config solder_config_default(void)
{
    return (solder_config){.struct_size = sizeof(solder_config), .effort = 1};
}

const char *solder_pass_name(size_t i, const char **description)
{
    size_t count;
    const sld_pass *passes = sld_passes(&count);
    if (i >= count) {
        return NULL;
    }
    if (description != NULL) {
        *description = passes[i].description;
    }
    return passes[i].name;
}

static const solder_profile *profile_of(const solder_config *config, const sld_graph *graph,
                                        const sld_value *input)
{
    for (size_t i = 0; i < config->profile_count; i++) {
        const char *name = config->profiles[i].input;
        if (name == NULL ? graph->input_count == 1 : strcmp(name, input->name) == 0) {
            return &config->profiles[i];
        }
    }
    return NULL;
}

static solder_status check_profile_names(const solder_config *config, const sld_graph *graph)
{
    for (size_t i = 0; i < config->profile_count; i++) {
        const char *name = config->profiles[i].input;
        bool found = name == NULL && graph->input_count == 1;
        for (size_t j = 0; j < graph->input_count; j++) {
            found = found || (name != NULL && strcmp(name, graph->inputs[j]->name) == 0);
        }
        if (!found) {
            return sld_fail(graph->diag, SOLDER_ERROR_NOT_FOUND,
                            "profile: there is no input '%s'; the first input is '%s'",
                            name != NULL ? name : "",
                            graph->input_count > 0 ? graph->inputs[0]->name : "");
        }
    }
    return SOLDER_OK;
}

/* One dimension of a profile: a constant must agree, a symbol gets its range. */
static solder_status profile_dim(sld_graph *graph, const sld_value *input, int axis,
                                 const solder_profile *p)
{
    int64_t min = p->min.d[axis];
    int64_t opt = p->opt.d[axis];
    int64_t max = p->max.d[axis];
    sld_dim d = input->shape.d[axis];
    int64_t fixed;
    if (min < 0 || min > opt || opt > max) {
        return sld_fail(graph->diag, SOLDER_ERROR_ARGUMENT,
                        "profile of '%s': dimension %d runs %lld..%lld..%lld", input->name, axis,
                        (long long)min, (long long)opt, (long long)max);
    }
    if (sld_expr_is_const(&graph->exprs, d, &fixed)) {
        return min == fixed && max == fixed
                   ? SOLDER_OK
                   : sld_fail(graph->diag, SOLDER_ERROR_ARGUMENT,
                              "profile of '%s': dimension %d is %lld in the model; open it with "
                              "an input shape first",
                              input->name, axis, (long long)fixed);
    }
    const sld_expr *x = &graph->exprs.exprs[d];
    if (x->op == SLD_EXPR_SYMBOL) {
        sld_symbol *symbol = &graph->exprs.symbols[x->value];
        symbol->min = min;
        symbol->opt = opt;
        symbol->max = max;
    }
    return SOLDER_OK;
}

/* An open dimension without a range: a batch (axis 0) is 1, anything else must be given. */
static solder_status default_dim(sld_graph *graph, const sld_value *input, int axis)
{
    const sld_expr *x = &graph->exprs.exprs[input->shape.d[axis]];
    if (x->op != SLD_EXPR_SYMBOL || graph->exprs.symbols[x->value].max != INT32_MAX) {
        return SOLDER_OK;
    }
    sld_symbol *symbol = &graph->exprs.symbols[x->value];
    if (axis != 0) {
        return sld_fail(graph->diag, SOLDER_ERROR_ARGUMENT,
                        "input '%s': dimension %d ('%s') is open: give its shape, or a range",
                        input->name, axis, symbol->name);
    }
    symbol->max = 1;
    sld_log(graph->diag, SOLDER_LOG_NOTICE,
            "input '%s': open batch dimension taken as 1; give a range for more", input->name);
    return SOLDER_OK;
}

static solder_status apply_profile(sld_graph *graph, const solder_config *config)
{
    SLD_TRY(check_profile_names(config, graph));
    for (size_t i = 0; i < graph->input_count; i++) {
        const sld_value *input = graph->inputs[i];
        const solder_profile *p = profile_of(config, graph, input);
        if (p != NULL && (p->min.rank != input->shape.rank || p->opt.rank != input->shape.rank ||
                          p->max.rank != input->shape.rank)) {
            return sld_fail(graph->diag, SOLDER_ERROR_ARGUMENT,
                            "profile of '%s' has %d dimensions, the input has %d", input->name,
                            (int)p->opt.rank, (int)input->shape.rank);
        }
        for (int axis = 0; p != NULL && axis < input->shape.rank; axis++) {
            SLD_TRY(profile_dim(graph, input, axis, p));
        }
    }
    for (size_t i = 0; i < graph->input_count; i++) {
        for (int axis = 0; axis < graph->inputs[i]->shape.rank; axis++) {
            SLD_TRY(default_dim(graph, graph->inputs[i], axis));
        }
    }
    return SOLDER_OK;
}

/* A copy in which every symbol with a range of one value is that value. */
static solder_status fix_symbols(solder_builder *builder, const sld_graph *from, sld_graph **to)
{
    size_t count = from->exprs.symbol_count;
    int64_t *fixed = sld_alloc(&builder->counted, (count + 1) * sizeof *fixed);
    if (fixed == NULL) {
        return sld_fail_memory(&builder->diag, count * sizeof *fixed);
    }
    for (size_t i = 0; i < count; i++) {
        const sld_symbol *s = &from->exprs.symbols[i];
        fixed[i] = !s->data_dependent && s->min == s->max ? s->min : SLD_EXPR_UNKNOWN;
    }
    solder_status status = sld_graph_specialize(from, &builder->diag, fixed, to);
    sld_release(&builder->counted, fixed, (count + 1) * sizeof *fixed);
    return status;
}

solder_status sld_builder_prepare(solder_builder *builder, const solder_network *network,
                                  const solder_config *config, sld_graph **out)
{
    if (network->graph->output_count == 0) {
        return sld_fail(&builder->diag, SOLDER_ERROR_STATE, "the network has no outputs");
    }
    sld_graph *open;
    SLD_TRY(sld_graph_clone(network->graph, &builder->diag, &open));
    sld_graph *graph = NULL;
    solder_status status = apply_profile(open, config);
    if (status == SOLDER_OK) {
        status = fix_symbols(builder, open, &graph);
    }
    sld_graph_destroy(open);
    if (status != SOLDER_OK) {
        return status;
    }
    sld_pass_options options = {.alignment = SLD_CACHE_LINE, .disabled = config->disabled_passes};
    status = sld_passes_run(graph, &options);
    if (status != SOLDER_OK) {
        sld_graph_destroy(graph);
        return status;
    }
    *out = graph;
    return SOLDER_OK;
}

solder_status sld_builder_check_config(solder_builder *builder, const solder_config *config)
{
    if (config->struct_size != sizeof *config) {
        return sld_fail(&builder->diag, SOLDER_ERROR_VERSION, "solder_config has an unknown size");
    }
    if (config->precision != SOLDER_FP32) {
        return sld_fail(&builder->diag, SOLDER_ERROR_UNSUPPORTED,
                        "this version builds float32 plans only");
    }
    if (config->device != NULL && strcmp(config->device, "cpu") != 0) {
        return sld_fail(&builder->diag, SOLDER_ERROR_UNSUPPORTED,
                        "device '%s': this version builds for the CPU only", config->device);
    }
    return SOLDER_OK;
}

solder_status solder_optimize(solder_builder *builder, solder_network *network,
                              const solder_config *config, solder_network **out)
{
    if (builder == NULL || network == NULL || out == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    solder_config defaults = solder_config_default();
    config = config != NULL ? config : &defaults;
    SLD_TRY(sld_builder_check_config(builder, config));
    sld_graph *graph;
    SLD_TRY(sld_builder_prepare(builder, network, config, &graph));
    solder_status status = sld_network_wrap(builder, graph, out);
    if (status != SOLDER_OK) {
        sld_graph_destroy(graph);
    }
    return status;
}
