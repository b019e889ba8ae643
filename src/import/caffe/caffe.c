/* SPDX-License-Identifier: Apache-2.0 */
/* The Caffe importer: a prototxt and its caffemodel become a network. */
#include "import/caffe/caffe.h"

#include <stdio.h>

#include "import/wire/wire.h"

static bool has_suffix(const char *path, const char *suffix)
{
    size_t length = strlen(path), tail = strlen(suffix);
    return length >= tail && strcmp(path + length - tail, suffix) == 0;
}

/* A word at the start of a line followed by ':' or '{', as every prototxt has near its start. */
static bool starts_field(const char *p, const char *end, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(end - p) <= length || memcmp(p, word, length) != 0) {
        return false;
    }
    for (p += length; p < end && (*p == ' ' || *p == '\t'); p++) {
    }
    return p < end && (*p == ':' || *p == '{');
}

static bool looks_like_prototxt(const uint8_t *data, size_t size)
{
    static const char *const words[] = {"layer", "layers", "input", "input_shape", "input_dim"};
    const char *p = (const char *)data, *end = p + (size < 65536 ? size : 65536);
    bool line_start = true;
    for (; p < end && *p != '\0'; p++) {
        for (size_t i = 0; line_start && i < SLD_ARRAY_LENGTH(words); i++) {
            if (starts_field(p, end, words[i])) {
                return true;
            }
        }
        line_start = *p == '\n' || (line_start && (*p == ' ' || *p == '\t'));
    }
    return false;
}

/* NetParameter: a name, then layers of one version or the other. */
static bool looks_like_caffemodel(const uint8_t *data, size_t size)
{
    sld_wire wire = sld_wire_open(data, size);
    sld_wire_field field;
    sld_wire_step step;
    bool layers = false;
    while ((step = sld_wire_next(&wire, &field)) == SLD_WIRE_FIELD) {
        bool is_layers = field.number == 2 || field.number == 100;
        if ((field.number > 8 && !is_layers) || (is_layers && field.type != SLD_WIRE_BYTES)) {
            return false;
        }
        layers = layers || is_layers;
    }
    return step == SLD_WIRE_END && layers;
}

static bool recognise(const uint8_t *data, size_t size)
{
    return size > 0 && (looks_like_prototxt(data, size) || looks_like_caffemodel(data, size));
}

static solder_status check_files(const sld_import *import)
{
    if (has_suffix(import->model_path, ".caffemodel") ||
        (!looks_like_prototxt(import->model.data, import->model.size) &&
         looks_like_caffemodel(import->model.data, import->model.size))) {
        return sld_fail(import->diag, SOLDER_ERROR_ARGUMENT,
                        "caffe: a caffemodel holds weights: give the prototxt first, then it");
    }
    if (import->model.size == 0) {
        return sld_fail(import->diag, SOLDER_ERROR_DATA, "caffe: the prototxt is empty");
    }
    return SOLDER_OK;
}

/* ---- lowering ---- */

static solder_status check_arity(const sld_caffe *c, const sld_caffe_layer *l)
{
    const sld_caffe_row *row = l->row;
    size_t bottoms = l->p->n_bottom, tops = l->p->n_top;
    if (bottoms < (size_t)row->min_bottom ||
        (row->max_bottom >= 0 && bottoms > (size_t)row->max_bottom)) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "has %zu bottoms", bottoms);
    }
    if (tops < (size_t)row->min_top || (row->max_top >= 0 && tops > (size_t)row->max_top)) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "has %zu tops", tops);
    }
    if (l->p->n_blobs > 0) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_UNSUPPORTED,
                              "has weights in the prototxt: only those of a caffemodel are read");
    }
    return SOLDER_OK;
}

static solder_status lower_layer(sld_caffe *c, sld_caffe_layer *l)
{
    SLD_TRY(check_arity(c, l));
    SLD_TRY(l->row->lower(c, l));
    for (size_t i = 0; i < l->p->n_top; i++) {
        if (l->top[i]->value == NULL && l->top[i]->needed) {
            return sld_caffe_fail(c, l, SOLDER_ERROR_UNSUPPORTED, "its top '%s' is not supported",
                                  l->top[i]->name);
        }
    }
    return sld_caffe_check_blob_count(c, l);
}

/* ---- outputs and names ---- */

/* Frees a name that a value inside the network took because its layer is called so. */
static solder_status free_name(sld_caffe *c, const char *name, bool *freed)
{
    sld_value *holder = sld_graph_find_value(c->graph, name);
    *freed = true;
    for (unsigned i = 0; holder != NULL; i++) {
        if (holder->kind == SLD_VALUE_INPUT || holder->is_output) {
            *freed = false;
            return SOLDER_OK;
        }
        char *other = sld_arena_printf(&c->arena, "%s:inner%u", name, i);
        if (other == NULL) {
            return sld_fail_memory(c->diag, 0);
        }
        if (sld_graph_find_value(c->graph, other) == NULL) {
            return sld_graph_rename(c->graph, holder, other);
        }
    }
    return SOLDER_OK;
}

static solder_status add_output(sld_caffe *c, const sld_caffe_tensor *tensor)
{
    sld_value *value = tensor->value;
    bool freed = true;
    if (value->kind != SLD_VALUE_NODE || value->is_output) {
        /* an input, a constant, or a result under a second name: it needs a node of its own */
        sld_unary_params params;
        sld_op_defaults(SLD_OP_UNARY, &params);
        params.kind = SLD_UNARY_IDENTITY;
        SLD_TRY(
            sld_graph_add(c->graph, NULL, SLD_OP_UNARY, tensor->name, &params, &value, 1, &value));
    }
    if (strcmp(value->name, tensor->name) != 0) {
        SLD_TRY(free_name(c, tensor->name, &freed));
        if (freed) {
            SLD_TRY(sld_graph_rename(c->graph, value, tensor->name));
        }
    }
    return sld_graph_mark_output(c->graph, value);
}

static solder_status add_outputs(sld_caffe *c)
{
    const solder_import_options *options = c->import->options;
    for (size_t i = 0; i < options->output_count; i++) {
        bool again = false;
        for (size_t j = 0; j < i; j++) {
            again |= strcmp(options->outputs[i], options->outputs[j]) == 0;
        }
        if (!again) {
            SLD_TRY(add_output(c, sld_names_find(c->latest, options->outputs[i])));
        }
    }
    for (sld_caffe_tensor *t = c->tensors; options->output_count == 0 && t != NULL; t = t->next) {
        if (t->needed && !t->consumed) {
            SLD_TRY(add_output(c, t));
        }
    }
    return SOLDER_OK;
}

/* Every value goes by the name of the last blob that it is. */
static solder_status name_values(sld_caffe *c)
{
    for (sld_caffe_tensor *t = c->tensors; t != NULL; t = t->next) {
        sld_value *value = t->value;
        if (value == NULL || value->kind != SLD_VALUE_NODE || value->is_output ||
            sld_names_find(c->latest, t->name) != t || strcmp(value->name, t->name) == 0) {
            continue;
        }
        bool freed;
        SLD_TRY(free_name(c, t->name, &freed));
        if (freed) {
            SLD_TRY(sld_graph_rename(c->graph, value, t->name));
        }
    }
    return SOLDER_OK;
}

static solder_status build(sld_caffe *c)
{
    SLD_TRY(sld_caffe_read_net(c));
    SLD_TRY(sld_caffe_check_net(c));
    if (c->net->name != NULL) {
        c->graph->name = sld_arena_strdup(&c->graph->arena, c->net->name);
        if (c->graph->name == NULL) {
            return sld_fail_memory(c->diag, 0);
        }
    }
    if (c->import->weights_path != NULL) {
        SLD_TRY(sld_caffe_open_weights(c));
    }
    for (size_t i = 0; i < c->layer_count; i++) {
        if (c->layers[i].needed) {
            SLD_TRY(lower_layer(c, &c->layers[i]));
        }
    }
    SLD_TRY(add_outputs(c));
    SLD_TRY(name_values(c));
    return sld_import_check_specs(c->import);
}

static solder_status import_caffe(sld_import *import)
{
    SLD_TRY(check_files(import));
    sld_caffe *c = sld_calloc(import->allocator, sizeof *c);
    if (c == NULL) {
        return sld_fail_memory(import->diag, sizeof *c);
    }
    c->import = import;
    c->graph = import->graph;
    c->diag = import->diag;
    /* A layer of seven bytes of text takes over a kilobyte: no file may ask for much more. */
    size_t text =
        import->model.size < SLD_PROTOTXT_MAX_SIZE ? import->model.size : SLD_PROTOTXT_MAX_SIZE;
    size_t limit = ((size_t)64 << 20) + 64 * text;
    size_t weights = import->weights.size < SIZE_MAX / 128 ? 16 * import->weights.size : 0;
    sld_arena_init(&c->arena, import->allocator, limit + weights);
    solder_status status = build(c);
    sld_arena_free(&c->arena);
    sld_release(import->allocator, c, sizeof *c);
    return status;
}

const sld_importer sld_importer_caffe = {
    "caffe", recognise, {".prototxt", ".caffemodel"}, import_caffe};
