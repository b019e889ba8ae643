/* SPDX-License-Identifier: Apache-2.0 */
/* solder_convert: a model as another file format. */
#include "builder/builder.h"
#include "import/graphdef/graphdef.h"
#include "import/import.h"
#include "import/uff/uff_write.h"

static solder_status check_request(solder_builder *builder, const sld_file *file, const char *model,
                                   const char *weights, const solder_import_options *options)
{
    sld_diag *diag = &builder->diag;
    const sld_importer *importer = sld_find_importer(model, file);
    if (importer != &sld_importer_tensorflow) {
        return sld_fail(diag, SOLDER_ERROR_UNSUPPORTED,
                        "'%s' cannot be written as UFF: it is %s%s, and only frozen TensorFlow "
                        "graphs can",
                        model, importer != NULL ? "of format " : "no model this version knows",
                        importer != NULL ? importer->name : "");
    }
    if (weights != NULL) {
        return sld_fail(diag, SOLDER_ERROR_ARGUMENT,
                        "'%s': a TensorFlow graph takes no second file with weights", model);
    }
    if (options->input_count != 0) {
        return sld_fail(diag, SOLDER_ERROR_ARGUMENT,
                        "'%s': inputs are converted as the model has them", model);
    }
    return SOLDER_OK;
}

static solder_status convert(solder_builder *builder, sld_import *import, const char *path)
{
    SLD_TRY(check_request(builder, &import->model, import->model_path, import->weights_path,
                          import->options));
    SLD_TRY(sld_graph_create(&builder->counted, &builder->diag, &import->graph));
    solder_status status = sld_uff_write(import, sld_graphdef_read, path);
    sld_graph_destroy(import->graph);
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
