/* SPDX-License-Identifier: Apache-2.0 */
/* solder_convert: a model as another file format. */
#include "builder/builder.h"
#include "import/graphdef/graphdef.h"
#include "import/import.h"
#include "import/uff/uff_write.h"

/* Node by node, so that what core operators cannot say stays TensorFlow's. */
static solder_status convert_nodes(solder_builder *builder, sld_import *import, const char *path)
{
    if (import->weights_path != NULL || import->options->input_count != 0) {
        return sld_fail(&builder->diag, SOLDER_ERROR_ARGUMENT,
                        "a TensorFlow graph is converted with its own weights and inputs");
    }
    SLD_TRY(sld_graph_create(&builder->counted, &builder->diag, &import->graph));
    solder_status status = sld_uff_write(import, sld_graphdef_read, path);
    sld_graph_destroy(import->graph);
    return status;
}

/* What other formats mean is in the network. */
static solder_status convert_network(solder_builder *builder, const sld_import *given,
                                     const char *path)
{
    solder_network *network;
    SLD_TRY(
        solder_import(builder, given->model_path, given->weights_path, given->options, &network));
    sld_import import = {.model_path = given->model_path,
                         .options = given->options,
                         .diag = &builder->diag,
                         .allocator = &builder->counted,
                         .graph = network->graph};
    solder_status status = sld_uff_write_network(&import, path);
    solder_network_destroy(network);
    return status == SOLDER_OK ? status
                               : sld_fail_within(&builder->diag, status, "'%s'", given->model_path);
}

static solder_status convert(solder_builder *builder, sld_import *import, const char *path)
{
    if (sld_find_importer(import->model_path, &import->model) != &sld_importer_tensorflow) {
        return convert_network(builder, import, path);
    }
    solder_status status = convert_nodes(builder, import, path);
    return status == SOLDER_OK
               ? status
               : sld_fail_within(&builder->diag, status, "'%s'", import->model_path);
}

solder_status solder_convert(solder_builder *builder, const char *model, const char *weights,
                             const solder_import_options *options, const char *path)
{
    if (builder == NULL || model == NULL || path == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    solder_import_options defaults = solder_import_options_default();
    if (options == NULL) {
        options = &defaults;
    } else if (options->struct_size != sizeof *options) {
        return sld_fail(&builder->diag, SOLDER_ERROR_VERSION,
                        "solder_import_options has an unknown size");
    }
    sld_import import = {.model_path = model,
                         .weights_path = weights,
                         .options = options,
                         .diag = &builder->diag,
                         .allocator = &builder->counted,
                         .mapped = true};
    SLD_TRY(sld_file_map(&builder->diag, model, &import.model));
    solder_status status = convert(builder, &import, path);
    sld_file_unmap(&import.model);
    return status;
}
