/* SPDX-License-Identifier: Apache-2.0 */
/* The GraphDef importer: TensorFlow's own files, frozen. */
#include "import/graphdef/graphdef.h"

#include "import/wire/wire.h"

/* ---- what it is ---- */

static bool has_suffix(const char *path, const char *suffix)
{
    size_t length = path != NULL ? strlen(path) : 0, n = strlen(suffix);
    return length >= n && strcmp(path + length - n, suffix) == 0;
}

/* A NodeDef begins with its name and operator. */
static bool looks_like_node(const uint8_t *data, size_t size)
{
    sld_wire wire = sld_wire_open(data, size);
    sld_wire_field field;
    bool name = false, op = false;
    sld_wire_step step;
    while ((step = sld_wire_next(&wire, &field)) == SLD_WIRE_FIELD) {
        if (field.number > 7 || field.type != SLD_WIRE_BYTES) {
            return false;
        }
        name = name || field.number == 1;
        op = op || field.number == 2;
    }
    return step == SLD_WIRE_END && name && op;
}

static bool looks_like_graph(const uint8_t *data, size_t size)
{
    sld_wire wire = sld_wire_open(data, size);
    sld_wire_field field;
    sld_wire_step step;
    bool node = false;
    while ((step = sld_wire_next(&wire, &field)) == SLD_WIRE_FIELD) {
        if (field.number > 5 || (field.number == 3) != (field.type == SLD_WIRE_VARINT)) {
            return false;
        }
        if (field.number == 1 && !node) {
            if (!looks_like_node(field.data, field.size)) {
                return false;
            }
            node = true;
        }
    }
    return step == SLD_WIRE_END && node;
}

/* Schema version, then MetaGraphDefs, which begin with what they were made with. */
static bool looks_like_saved_model(const uint8_t *data, size_t size)
{
    sld_wire wire = sld_wire_open(data, size);
    sld_wire_field field;
    bool binary = sld_wire_next(&wire, &field) == SLD_WIRE_FIELD && field.number == 1 &&
                  field.type == SLD_WIRE_VARINT && sld_wire_next(&wire, &field) == SLD_WIRE_FIELD &&
                  field.number == 2 && field.type == SLD_WIRE_BYTES && field.size > 0 &&
                  field.data[0] == (1 << 3 | SLD_WIRE_BYTES);
    return binary || sld_graphdef_text_begins(data, size, "saved_model_schema_version");
}

/* What stands beside a checkpoint as ".meta": what it was made with, then a GraphDef. */
static bool looks_like_meta_graph(const uint8_t *data, size_t size)
{
    sld_wire wire = sld_wire_open(data, size);
    sld_wire_field field;
    bool binary = sld_wire_next(&wire, &field) == SLD_WIRE_FIELD && field.number == 1 &&
                  field.type == SLD_WIRE_BYTES && sld_wire_next(&wire, &field) == SLD_WIRE_FIELD &&
                  field.number == 2 && field.type == SLD_WIRE_BYTES &&
                  looks_like_graph(field.data, field.size);
    return binary || sld_graphdef_text_begins(data, size, "meta_info_def");
}

static bool recognise(const uint8_t *data, size_t size)
{
    return looks_like_graph(data, size) || sld_graphdef_looks_like_text(data, size) ||
           looks_like_meta_graph(data, size) || looks_like_saved_model(data, size);
}

/* ---- the whole ---- */

static solder_status refuse_others(sld_diag *diag, const sld_file *file)
{
    if (file->size == 0) {
        return sld_fail(diag, SOLDER_ERROR_DATA, "tensorflow: the file is empty");
    }
    if (looks_like_saved_model(file->data, file->size)) {
        return sld_fail(diag, SOLDER_ERROR_UNSUPPORTED,
                        "tensorflow: this is a SavedModel, which keeps its weights elsewhere: "
                        "load it, freeze the function with convert_variables_to_constants_v2 and "
                        "write its graph with tf.io.write_graph(..., as_text=False)");
    }
    if (looks_like_meta_graph(file->data, file->size)) {
        return sld_fail(diag, SOLDER_ERROR_UNSUPPORTED,
                        "tensorflow: this is a MetaGraph, which keeps its weights in a checkpoint: "
                        "restore it in a session and freeze its graph with "
                        "tf.compat.v1.graph_util.convert_variables_to_constants");
    }
    return SOLDER_OK;
}

solder_status sld_graphdef_read(sld_tf *tf)
{
    sld_import *import = tf->import;
    sld_tf_bytes bytes = {import->model.data, import->model.size};
    SLD_TRY(refuse_others(tf->diag, &import->model));
    if (sld_graphdef_looks_like_text(bytes.data, bytes.size) ||
        (has_suffix(import->model_path, ".pbtxt") && !looks_like_graph(bytes.data, bytes.size))) {
        import->mapped = false; /* what is read from now on lies in memory */
        SLD_TRY(sld_graphdef_from_text(tf->diag, &tf->graph->arena, (const char *)bytes.data,
                                       bytes.size, &bytes));
    }
    SLD_TRY(sld_tf_check(tf->diag, bytes.data, bytes.size));
    return sld_tf_read(tf->diag, &tf->arena, bytes.data, bytes.size, &tf->model);
}

static solder_status convert(sld_tf *tf)
{
    const solder_import_options *options = tf->import->options;
    SLD_TRY(sld_graphdef_read(tf));
    SLD_TRY(sld_tf_convert(tf, options->outputs, options->output_count));
    sld_graph_sweep(tf->graph);
    return sld_import_check_specs(tf->import);
}

static solder_status import(sld_import *import)
{
    static const sld_tf_format format = {"tensorflow", "Placeholder", sld_tf_find,
                                         sld_tf_mark_output};
    if (import->weights_path != NULL) {
        return sld_fail(import->diag, SOLDER_ERROR_ARGUMENT,
                        "tensorflow: a model takes no second file with weights");
    }
    sld_tf tf = {.format = &format, .import = import, .graph = import->graph, .diag = import->diag};
    sld_arena_init(&tf.arena, import->allocator, 0);
    solder_status status = convert(&tf);
    sld_arena_free(&tf.arena);
    return status;
}

const sld_importer sld_importer_tensorflow = {"tensorflow", recognise, {".pb", ".pbtxt"}, import};
