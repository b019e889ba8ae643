/* SPDX-License-Identifier: Apache-2.0 */
/* What importers share: inputs as the options and the model say, the list of unsupported nodes. */
#include "import/import.h"

#include <stdarg.h>
#include <stdio.h>

#include "kernels/params.h"
#include "plugin/plugin.h"

const solder_input_spec *sld_import_spec(const sld_import *import, const char *name)
{
    const solder_input_spec *unnamed = NULL;
    for (size_t i = 0; i < import->options->input_count; i++) {
        const solder_input_spec *spec = &import->options->inputs[i];
        if (spec->name == NULL) {
            unnamed = spec;
        } else if (strcmp(spec->name, name) == 0) {
            return spec;
        }
    }
    return unnamed;
}

/* ---- inputs ---- */

#define CONSTANT_BYTES_MAX (64u << 20) /* of an input that becomes a constant */

/* An input being declared: what the model says, changed by what the options say. */
typedef struct declaration {
    sld_import *import;
    const char *name;
    solder_dtype model_dtype, dtype;
    solder_dims dims; /* in the caller's order */
    const char *symbols[SOLDER_MAX_RANK];
    bool nhwc;
    bool given; /* the caller gave dims or type: what is wrong is the caller's */
} declaration;

static solder_status fail_input(const declaration *d, const char *format, ...) SLD_PRINTF(2, 3);

static solder_status fail_input(const declaration *d, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    solder_status code = d->given ? SOLDER_ERROR_ARGUMENT : SOLDER_ERROR_DATA;
    return sld_fail(d->import->diag, code, "input '%s': %s", d->name, text);
}

static void to_nhwc(declaration *d)
{
    int last = d->dims.rank - 1;
    int64_t channels = d->dims.d[1];
    const char *symbol = d->symbols[1];
    for (int i = 1; i < last; i++) {
        d->dims.d[i] = d->dims.d[i + 1];
        d->symbols[i] = d->symbols[i + 1];
    }
    d->dims.d[last] = channels;
    d->symbols[last] = symbol;
}

static solder_status apply_spec(declaration *d, const solder_input_spec *spec)
{
    if (spec->dtype != SOLDER_NONE) {
        d->dtype = spec->dtype;
    }
    if (spec->dims.rank != 0) {
        if (spec->dims.rank < 0 || spec->dims.rank > SOLDER_MAX_RANK) {
            return fail_input(d, "%d dimensions given, at most %d are possible",
                              (int)spec->dims.rank, SOLDER_MAX_RANK);
        }
        if (d->dims.rank >= 0 && spec->dims.rank != d->dims.rank) {
            return fail_input(d, "%d dimensions given, the model has %d", (int)spec->dims.rank,
                              (int)d->dims.rank);
        }
    }
    if (d->dims.rank < 0) {
        if (spec->dims.rank == 0) {
            return fail_input(d, "the model does not give its rank: give its dimensions");
        }
        d->dims.rank = spec->dims.rank;
        for (int i = 0; i < d->dims.rank; i++) {
            d->dims.d[i] = -1;
        }
    }
    d->nhwc = spec->nhwc;
    if (d->nhwc && (d->dims.rank < 3 || d->dims.rank > 5)) {
        return fail_input(d, "NHWC needs 3 to 5 dimensions, it has %d", (int)d->dims.rank);
    }
    if (d->nhwc) {
        to_nhwc(d);
    }
    for (int i = 0; i < spec->dims.rank; i++) {
        if (spec->dims.d[i] != SOLDER_DIM_AS_MODEL) {
            d->dims.d[i] = spec->dims.d[i];
        }
    }
    return SOLDER_OK;
}

/* The number as an element of the type; false if the type does not hold it. */
static bool store_exactly(solder_dtype dtype, double number, void *element)
{
    if (dtype == SOLDER_BOOL && number != 0 && number != 1) {
        return false;
    }
    sld_store_f64(dtype, element, number);
    return sld_dtype_is_float(dtype) || sld_load_f64(dtype, element) == number;
}

static solder_status note_filled(sld_import *import, const solder_input_spec *spec)
{
    size_t count = import->options->input_count;
    if (import->filled == NULL) {
        import->filled = sld_arena_array(&import->graph->arena, count, sizeof *import->filled);
    }
    if (import->filled == NULL) {
        return sld_fail_memory(import->diag, count);
    }
    import->filled[spec - import->options->inputs] = true;
    return SOLDER_OK;
}

/* The input as a constant. */
static solder_status fill_input(const declaration *d, double number, sld_value **value)
{
    uint8_t element[8] = {0};
    size_t bytes, size = solder_dtype_size(d->dtype);
    if (d->nhwc) {
        return fail_input(d, "a constant has no NHWC order");
    }
    for (int i = 0; i < d->dims.rank; i++) {
        if (d->dims.d[i] < 0) {
            return fail_input(d, "dimension %d is open: a constant needs all its dimensions", i);
        }
    }
    if (!store_exactly(d->dtype, number, element)) {
        return fail_input(d, "%g is no %s", number, solder_dtype_name(d->dtype));
    }
    (void)sld_dims_bytes(d->dims.d, d->dims.rank, d->dtype, &bytes); /* make_shape has looked */
    if (bytes > CONSTANT_BYTES_MAX) {
        return fail_input(d, "a constant of %zu bytes is too large", bytes);
    }
    uint8_t *data = sld_arena_alloc(&d->import->graph->arena, bytes);
    if (data == NULL) {
        return sld_fail_memory(d->import->diag, bytes);
    }
    for (size_t i = 0; i < bytes; i += size) {
        memcpy(data + i, element, size);
    }
    return sld_graph_add_constant(d->import->graph, d->name, d->dtype, d->dims.rank, d->dims.d,
                                  data, false, value);
}

static solder_status make_shape(const declaration *d, sld_shape *shape)
{
    sld_expr_table *exprs = &d->import->graph->exprs;
    int64_t known[SOLDER_MAX_RANK];
    shape->rank = d->dims.rank;
    for (int i = 0; i < d->dims.rank; i++) {
        int64_t dim = d->dims.d[i];
        known[i] = dim < 0 ? 1 : dim;
        if (dim < -1) {
            return fail_input(d, "dimension %d is %lld", i, (long long)dim);
        }
        if (dim >= 0) {
            shape->d[i] = sld_expr_const(exprs, dim);
        } else {
            const char *name = d->symbols[i];
            if (name == NULL) {
                name = sld_arena_printf(&d->import->graph->arena, "%s.%d", d->name, i);
            }
            if (name == NULL) {
                return sld_fail_memory(d->import->diag, strlen(d->name));
            }
            shape->d[i] = sld_expr_symbol(exprs, name);
        }
    }
    if (exprs->failed) {
        return sld_fail_memory(d->import->diag, sizeof(sld_expr));
    }
    size_t bytes;
    if (!sld_dims_bytes(known, d->dims.rank, d->dtype, &bytes) || bytes > (size_t)INT64_MAX / 4) {
        return fail_input(d, "its dimensions are too large");
    }
    return SOLDER_OK;
}

/* From the caller's tensor to the model's: NHWC to NCHW, then the element type. */
static solder_status adapt(const declaration *d, sld_value **value)
{
    sld_graph *graph = d->import->graph;
    if (d->nhwc) {
        sld_transpose_params params = {{0}};
        int rank = d->dims.rank;
        params.perm[1] = rank - 1;
        for (int i = 2; i < rank; i++) {
            params.perm[i] = i - 1;
        }
        (*value)->is_nhwc = true;
        SLD_TRY(sld_graph_add(graph, NULL, SLD_OP_TRANSPOSE, d->name, &params,
                              (sld_value *[]){*value}, 1, value));
    }
    if (d->dtype != d->model_dtype) {
        sld_cast_params params = {.to = (int32_t)d->model_dtype, .saturate = 1};
        SLD_TRY(sld_graph_add(graph, NULL, SLD_OP_CAST, d->name, &params, (sld_value *[]){*value},
                              1, value));
    }
    return SOLDER_OK;
}

solder_status sld_import_input(sld_import *import, const char *name, solder_dtype dtype,
                               const solder_dims *dims, const char *const *model_symbols,
                               sld_value **value)
{
    declaration d = {.import = import, .name = name, .model_dtype = dtype, .dtype = dtype};
    d.dims = *dims;
    for (int i = 0; model_symbols != NULL && i < dims->rank; i++) {
        d.symbols[i] = model_symbols[i];
    }
    const solder_input_spec *spec = sld_import_spec(import, name);
    if (spec != NULL) {
        d.given = true;
        SLD_TRY(apply_spec(&d, spec));
    }
    if (d.dims.rank < 0) {
        d.given = true;
        return fail_input(&d, "the model does not give its rank: give its dimensions");
    }
    sld_shape shape = {0};
    SLD_TRY(make_shape(&d, &shape));
    if (spec != NULL && spec->value != NULL && spec->name != NULL) {
        SLD_TRY(note_filled(import, spec));
        SLD_TRY(fill_input(&d, *spec->value, value));
    } else {
        SLD_TRY(sld_graph_add_input(import->graph, name, d.dtype, &shape, value));
    }
    return adapt(&d, value);
}

/* "'a', 'b'" */
static void list_inputs(const sld_graph *graph, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < graph->input_count && used < size; i++) {
        int n = snprintf(text + used, size - used, "%s'%s'", i == 0 ? "" : ", ",
                         graph->inputs[i]->name);
        used += n > 0 ? (size_t)n : 0;
    }
}

solder_status sld_import_check_specs(sld_import *import)
{
    const sld_graph *graph = import->graph;
    char inputs[1024];
    list_inputs(graph, inputs, sizeof inputs);
    for (size_t i = 0; i < import->options->input_count; i++) {
        const char *name = import->options->inputs[i].name;
        if (name == NULL && import->options->inputs[i].value != NULL) {
            return sld_fail(import->diag, SOLDER_ERROR_ARGUMENT,
                            "an input with a value needs a name");
        }
        if (name == NULL && graph->input_count != 1) {
            return sld_fail(import->diag, SOLDER_ERROR_ARGUMENT,
                            "an input without a name is given, but the model has %zu: %s",
                            graph->input_count, inputs);
        }
        bool found = name == NULL;
        if (name != NULL && import->filled != NULL) {
            found = import->filled[i];
        }
        for (size_t j = 0; j < graph->input_count && !found; j++) {
            found = strcmp(graph->inputs[j]->name, name) == 0;
        }
        if (!found) {
            return sld_fail(import->diag, SOLDER_ERROR_NOT_FOUND,
                            "the model has no input '%s'; it has %s", name, inputs);
        }
    }
    return SOLDER_OK;
}

/* ---- plugins ---- */

const solder_plugin *sld_import_find_plugin(const sld_import *import, const char *domain,
                                            const char *type)
{
    const sld_plugins *plugins = import->graph->plugins;
    const solder_plugin *found = sld_plugins_find(plugins, domain, type, 0);
    return found != NULL || domain == NULL ? found : sld_plugins_find(plugins, "", type, 0);
}

solder_status sld_import_plugin(const sld_import_node *n)
{
    sld_node *made;
    uint32_t fewest = sld_plugin_min_outputs(n->plugin);
    uint32_t count = n->out_count > fewest ? n->out_count : fewest;
    SLD_TRY(sld_graph_add_plugin(n->graph, NULL, n->plugin, n->name, n->in, n->in_count,
                                 n->attributes, n->attribute_count, count, &made));
    if (n->source != NULL) {
        made->source = n->source;
    }
    for (uint32_t i = 0; i < n->out_count; i++) {
        n->out[i] = made->out[i];
    }
    return SOLDER_OK;
}

/* ---- unsupported nodes ---- */

void sld_unsupported_add(sld_unsupported *list, const char *node, const char *what, ...)
{
    size_t used = strlen(list->text);
    char reason[512];
    va_list args;
    va_start(args, what);
    (void)vsnprintf(reason, sizeof reason, what, args);
    va_end(args);
    list->count++;
    char entry[1024];
    int n = snprintf(entry, sizeof entry, "%s'%.300s' (%s)", used == 0 ? "" : ", ", node, reason);
    size_t length = n < 0 ? 0 : (size_t)n;
    bool wanted = list->most == 0 || list->listed < list->most;
    if (wanted && length < sizeof entry && used + length < sizeof list->text) {
        memcpy(list->text + used, entry, length + 1);
        list->listed++;
    }
}

solder_status sld_unsupported_report(const sld_unsupported *list, const sld_import *import,
                                     const char *format_name)
{
    if (list->count == 0) {
        return SOLDER_OK;
    }
    char more[64] = "";
    if (list->listed < list->count) {
        (void)snprintf(more, sizeof more, " and %d more", list->count - list->listed);
    }
    return sld_fail(import->diag, SOLDER_ERROR_UNSUPPORTED, "%s: %d node%s not supported: %s%s",
                    format_name, list->count, list->count == 1 ? " is" : "s are", list->text, more);
}
