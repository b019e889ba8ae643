/* SPDX-License-Identifier: Apache-2.0 */
/* The UFF importer: what a file is, inputs as registerInput took them, outputs as the file marks
 * them. */
#include "import/uff/uff.h"
#include "import/wire/wire.h"

/* MetaGraph begins with two versions. */
static bool looks_binary(const uint8_t *data, size_t size)
{
    sld_wire wire = sld_wire_open(data, size);
    sld_wire_field field;
    return sld_wire_next(&wire, &field) == SLD_WIRE_FIELD && field.number == 1 &&
           field.type == SLD_WIRE_VARINT && sld_wire_next(&wire, &field) == SLD_WIRE_FIELD &&
           field.number == 2 && field.type == SLD_WIRE_VARINT;
}

static bool looks_text(const uint8_t *data, size_t size)
{
    static const char start[] = "version:", second[] = "descriptor_core_version:";
    const char *text = (const char *)data;
    size_t at = sizeof start - 1;
    if (size < at || memcmp(text, start, at) != 0) {
        return false;
    }
    while (at < size && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' ||
                         (text[at] >= '0' && text[at] <= '9'))) {
        at++;
    }
    return size - at >= sizeof second - 1 && memcmp(text + at, second, sizeof second - 1) == 0;
}

static bool recognise(const uint8_t *data, size_t size)
{
    return looks_binary(data, size) || looks_text(data, size);
}

/* ---- inputs ---- */

static bool read_shape(sld_tf_node *node, sld_tf_shape *shape)
{
    *shape = (sld_tf_shape){.rank = -1};
    if (sld_tf_attribute(node, "shape", SLD_TF_LIST) == NULL) {
        return sld_tf_ok(node);
    }
    shape->rank = (int)sld_tf_ints(node, "shape", shape->dims, SOLDER_MAX_RANK);
    for (int i = 0; i < shape->rank && sld_tf_ok(node); i++) {
        if (shape->dims[i] < -1) {
            sld_tf_fail(node, SOLDER_ERROR_DATA, "dimension %d is %lld", i,
                        (long long)shape->dims[i]);
        }
    }
    return sld_tf_ok(node);
}

void sld_uff_input(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf *tf = node->tf;
    const sld_uff *uff = (const sld_uff *)tf;
    sld_tf_shape shape;
    solder_dtype dtype = sld_tf_type(node, "dtype", SOLDER_F32);
    sld_tf_tensor *t = sld_arena_alloc(&tf->arena, sizeof *t);
    if (t == NULL) {
        node->status = sld_fail_memory(tf->diag, sizeof *t);
        return;
    }
    if (!sld_uff_expect_inputs(node, 0) || !read_shape(node, &shape)) {
        return;
    }
    const solder_input_spec *spec = sld_import_spec(tf->import, node->name);
    tf->given_first = spec != NULL && uff->spec_first != NULL &&
                      uff->spec_first[spec - tf->import->options->inputs];
    node->status = sld_tf_declare(tf, node->name, dtype, &shape, t);
    tf->given_first = false;
    node->out[0] = t;
}

static const sld_tf_attr *find_field(const sld_tf_node_proto *node, const char *name)
{
    for (uint32_t i = 0; i < node->attr_count; i++) {
        if (strcmp(node->attrs[i].name, name) == 0 && node->attrs[i].kind == SLD_TF_LIST) {
            return &node->attrs[i];
        }
    }
    return NULL;
}

/* The Input a spec is for; NULL if there is none, or (without a name) several. */
static const sld_tf_node_proto *find_input(const sld_tf_model *model, const char *name)
{
    const sld_tf_node_proto *found = NULL;
    for (uint32_t i = 0; i < model->node_count; i++) {
        const sld_tf_node_proto *node = &model->nodes[i];
        if (strcmp(node->op, "Input") != 0 || (name != NULL && strcmp(node->name, name) != 0)) {
            continue;
        }
        if (found != NULL) {
            return NULL;
        }
        found = node;
    }
    return found;
}

/*
 * Dims without the batch are what registerInput was given: CHW, or with nhwc HWC; the batch stays
 * as the file says. All of them: in the file's order, as for any other format. True if the graph
 * has the channels elsewhere than the caller.
 */
static bool complete(const sld_uff *uff, solder_input_spec *spec)
{
    const sld_tf_node_proto *node = find_input(&uff->tf.model, spec->name);
    const sld_tf_attr *shape = node != NULL ? find_field(node, "shape") : NULL;
    int64_t dims[SOLDER_MAX_RANK];
    size_t rank = shape != NULL ? sld_tf_read_ints(shape->bytes, dims, SOLDER_MAX_RANK) : 0;
    if (rank < 2 || rank > SOLDER_MAX_RANK || spec->dims.rank != (int32_t)rank - 1) {
        return false;
    }
    memmove(spec->dims.d + 1, spec->dims.d, (rank - 1) * sizeof spec->dims.d[0]);
    spec->dims.d[0] = dims[0] < 0 ? -1 : dims[0];
    spec->dims.rank++;
    return rank > 3 && !spec->nhwc && !uff->tf.channels_first;
}

static solder_status complete_specs(sld_uff *uff, solder_import_options *options)
{
    size_t count = options->input_count;
    solder_input_spec *specs = sld_arena_array(&uff->tf.arena, count, sizeof *specs);
    bool *first = sld_arena_array(&uff->tf.arena, count, sizeof *first);
    if (specs == NULL || first == NULL) {
        return sld_fail_memory(uff->tf.diag, count);
    }
    for (size_t i = 0; i < count; i++) {
        specs[i] = options->inputs[i];
        first[i] = complete(uff, &specs[i]);
    }
    options->inputs = specs;
    uff->spec_first = first;
    return SOLDER_OK;
}

/* ---- the whole ---- */

static solder_status read(sld_uff *uff)
{
    sld_import *import = uff->tf.import;
    sld_tf_bytes bytes = {import->model.data, import->model.size};
    if (looks_text(bytes.data, bytes.size)) {
        import->mapped = false;                   /* what is read from now on lies in memory */
        sld_arena *arena = &uff->tf.graph->arena; /* constants borrow from it */
        SLD_TRY(
            sld_uff_from_text(uff->tf.diag, arena, (const char *)bytes.data, bytes.size, &bytes));
    }
    SLD_TRY(sld_uff_check(uff->tf.diag, bytes.data, bytes.size));
    return sld_uff_read(uff, bytes.data, bytes.size);
}

static solder_status convert(sld_uff *uff)
{
    sld_import *import = uff->tf.import;
    const solder_import_options *given = import->options;
    solder_import_options options = *given;
    const char *const *outputs = uff->outputs;
    size_t count = uff->output_count;
    SLD_TRY(complete_specs(uff, &options));
    if (given->output_count != 0) {
        outputs = given->outputs;
        count = given->output_count;
    }
    import->options = &options;
    solder_status status = sld_tf_convert(&uff->tf, outputs, count);
    if (status == SOLDER_OK) {
        sld_graph_sweep(uff->tf.graph);
        status = sld_import_check_specs(import);
    }
    import->options = given;
    return status;
}

static solder_status import(sld_import *import)
{
    static const sld_tf_format format = {"uff", "Input", sld_uff_find, sld_tf_mark_output};
    if (import->model.size == 0) {
        return sld_fail(import->diag, SOLDER_ERROR_DATA, "uff: the file is empty");
    }
    if (import->weights_path != NULL) {
        return sld_fail(import->diag, SOLDER_ERROR_ARGUMENT,
                        "uff: a model takes no second file with weights");
    }
    sld_uff uff = {
        .tf = {.format = &format, .import = import, .graph = import->graph, .diag = import->diag}};
    sld_arena_init(&uff.tf.arena, import->allocator, 0);
    solder_status status = read(&uff);
    if (status == SOLDER_OK) {
        status = convert(&uff);
    }
    sld_arena_free(&uff.tf.arena);
    return status;
}

const sld_importer sld_importer_uff = {"uff", recognise, {".uff"}, import};
