/* SPDX-License-Identifier: Apache-2.0 */
/* solder_import: map the files, ask the importers, keep what the network borrows from. */
#include <inttypes.h>
#include <unistd.h>

#include "builder/builder.h"
#include "import/import.h"

static const sld_importer *const importers[] = {
#define SLD_IMPORTER(symbol) &symbol,
#include "import/importers.def"
#undef SLD_IMPORTER
};

solder_import_options solder_import_options_default(void)
{
    return (solder_import_options){.struct_size = sizeof(solder_import_options)};
}

static solder_status keep_file(sld_import *import, sld_file file)
{
    return sld_network_keep_file(import->keeper, file);
}

static bool has_suffix(const char *path, const char *const *suffixes)
{
    size_t length = strlen(path);
    for (; *suffixes != NULL; suffixes++) {
        size_t n = strlen(*suffixes);
        if (length >= n && strcmp(path + length - n, *suffixes) == 0) {
            return true;
        }
    }
    return false;
}

const sld_importer *sld_find_importer(const char *path, const sld_file *file)
{
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(importers); i++) {
        if (importers[i]->recognise(file->data, file->size)) {
            return importers[i];
        }
    }
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(importers); i++) {
        if (has_suffix(path, importers[i]->suffixes)) {
            return importers[i];
        }
    }
    return NULL;
}

/* "x=1x3x?x?:nhwc", "y:f32", "z:=1" as the command line would say it, one per line; kept in the
 * plan for `compare`. */
static solder_status describe_inputs(solder_network *network, const solder_import_options *options)
{
    sld_text text = {.allocator = &network->builder->counted};
    solder_status status = SOLDER_OK;
    for (size_t i = 0; status == SOLDER_OK && i < options->input_count; i++) {
        const solder_input_spec *spec = &options->inputs[i];
        status = sld_text_printf(&text, "%s%s%s%s", i == 0 ? "" : "\n",
                                 spec->name != NULL ? spec->name : "",
                                 spec->dtype != SOLDER_NONE ? ":" : "",
                                 spec->dtype != SOLDER_NONE ? solder_dtype_name(spec->dtype) : "");
        for (int j = 0; status == SOLDER_OK && j < spec->dims.rank; j++) {
            const char *before = j > 0 ? "x" : spec->name != NULL || spec->dtype ? "=" : "";
            status =
                spec->dims.d[j] >= 0
                    ? sld_text_printf(&text, "%s%" PRId64, before, spec->dims.d[j])
                    : sld_text_printf(&text, "%s%s", before, spec->dims.d[j] == -1 ? "?" : "*");
        }
        if (status == SOLDER_OK && spec->nhwc) {
            status = sld_text_printf(&text, ":nhwc");
        }
        if (status == SOLDER_OK && spec->value != NULL) {
            status = sld_text_printf(&text, ":=%.17g", *spec->value);
        }
    }
    if (status == SOLDER_OK && text.size > 0) {
        network->import_inputs = sld_arena_strdup(&network->graph->arena, text.data);
        status = network->import_inputs != NULL ? SOLDER_OK : SOLDER_ERROR_MEMORY;
    }
    sld_text_free(&text);
    return status;
}

static solder_status describe_import(solder_network *network, const solder_import_options *options)
{
    sld_arena *arena = &network->graph->arena;
    SLD_TRY(describe_inputs(network, options));
    const char *outputs = "";
    for (size_t i = 0; i < options->output_count && outputs != NULL; i++) {
        outputs =
            sld_arena_printf(arena, "%s%s%s", outputs, i == 0 ? "" : "\n", options->outputs[i]);
    }
    const char *weights = "";
    if (options->random_weights) {
        weights = sld_arena_printf(arena, "%" PRIu64, options->seed);
    }
    if (outputs == NULL || weights == NULL) {
        return sld_fail_memory(&network->builder->diag, 64);
    }
    network->import_outputs = outputs;
    network->import_weights = weights;
    return SOLDER_OK;
}

/* TensorFlow saves models as folders: the file in it says what they are. */
static solder_status enter_folder(solder_network *network, const char **model)
{
    solder_builder *builder = network->builder;
    if (!sld_file_is_folder(*model)) {
        return SOLDER_OK;
    }
    const char *inside = sld_arena_printf(&network->graph->arena, "%s/saved_model.pb", *model);
    if (inside == NULL) {
        return sld_fail_memory(&builder->diag, strlen(*model));
    }
    if (access(inside, F_OK) != 0) {
        return sld_fail(&builder->diag, SOLDER_ERROR_DATA,
                        "'%s' is a folder, and no SavedModel of TensorFlow", *model);
    }
    *model = inside;
    return SOLDER_OK;
}

static solder_status map_files(solder_builder *builder, solder_network *network, const char *model,
                               const char *weights, sld_import *import)
{
    SLD_TRY(sld_file_map(&builder->diag, model, &import->model));
    SLD_TRY(sld_network_keep_file(network, import->model));
    if (weights != NULL) {
        SLD_TRY(sld_file_map(&builder->diag, weights, &import->weights));
        SLD_TRY(sld_network_keep_file(network, import->weights));
    }
    if (import->model.size == 0) {
        return sld_fail(&builder->diag, SOLDER_ERROR_DATA, "'%s' is empty", model);
    }
    return SOLDER_OK;
}

static solder_status import_into(solder_builder *builder, solder_network *network,
                                 const char *model, const char *weights,
                                 const solder_import_options *options)
{
    sld_import import = {.model_path = model,
                         .weights_path = weights,
                         .options = options,
                         .diag = &builder->diag,
                         .allocator = &builder->counted,
                         .graph = network->graph,
                         .mapped = true,
                         .keep_file = keep_file,
                         .keeper = network};
    SLD_TRY(enter_folder(network, &model));
    import.model_path = model;
    SLD_TRY(map_files(builder, network, model, weights, &import));
    const char *foreign = sld_import_foreign(import.model.data, import.model.size);
    if (foreign != NULL) {
        return sld_fail(&builder->diag, SOLDER_ERROR_DATA, "'%s' %s", model, foreign);
    }
    const sld_importer *importer = sld_find_importer(model, &import.model);
    if (importer == NULL) {
        return sld_fail(
            &builder->diag, SOLDER_ERROR_DATA,
            "'%s' is no model this version knows: ONNX, TensorFlow, UFF or Caffe (prototxt)",
            model);
    }
    solder_status status = importer->import(&import);
    if (status != SOLDER_OK) {
        return sld_fail_within(&builder->diag, status, "'%s'", model);
    }
    return describe_import(network, options);
}

solder_status solder_import(solder_builder *builder, const char *model, const char *weights,
                            const solder_import_options *options, solder_network **out)
{
    if (builder == NULL || model == NULL || out == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    solder_import_options defaults = solder_import_options_default();
    if (options == NULL) {
        options = &defaults;
    } else if (options->struct_size != sizeof *options) {
        return sld_fail(&builder->diag, SOLDER_ERROR_VERSION,
                        "solder_import_options has an unknown size");
    }
    solder_network *network;
    SLD_TRY(sld_network_wrap(builder, NULL, &network));
    solder_status status = import_into(builder, network, model, weights, options);
    if (status != SOLDER_OK) {
        solder_network_destroy(network);
        return status;
    }
    *out = network;
    return SOLDER_OK;
}
