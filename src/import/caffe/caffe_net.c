/* SPDX-License-Identifier: Apache-2.0 */
/* From the prototxt to the list of layers that inference needs. */
#include <stdio.h>

#include "import/caffe/caffe.h"

static solder_status no_memory(const sld_caffe *c)
{
    return sld_fail_memory(c->diag, 0);
}

/* ---- the two older spellings ---- */

static const char *v1_type(Caffe__V1LayerParameter__LayerType type)
{
    static const char *const names[] = {"",
                                        "Accuracy",
                                        "BNLL",
                                        "Concat",
                                        "Convolution",
                                        "Data",
                                        "Dropout",
                                        "EuclideanLoss",
                                        "Flatten",
                                        "HDF5Data",
                                        "HDF5Output",
                                        "Im2col",
                                        "ImageData",
                                        "InfogainLoss",
                                        "InnerProduct",
                                        "LRN",
                                        "MultinomialLogisticLoss",
                                        "Pooling",
                                        "ReLU",
                                        "Sigmoid",
                                        "Softmax",
                                        "SoftmaxWithLoss",
                                        "Split",
                                        "TanH",
                                        "WindowData",
                                        "Eltwise",
                                        "Power",
                                        "SigmoidCrossEntropyLoss",
                                        "HingeLoss",
                                        "MemoryData",
                                        "ArgMax",
                                        "Threshold",
                                        "DummyData",
                                        "Slice",
                                        "MVN",
                                        "AbsVal",
                                        "Silence",
                                        "ContrastiveLoss",
                                        "Exp",
                                        "Deconvolution"};
    return (size_t)type < SLD_ARRAY_LENGTH(names) ? names[type] : "";
}

/* Fields of one name mean the same in both generations: the bytes of the member are taken over. */
static void take_over(const ProtobufCMessage *from, ProtobufCMessage *to)
{
    for (unsigned i = 0; i < to->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *t = &to->descriptor->fields[i];
        const ProtobufCFieldDescriptor *f =
            protobuf_c_message_descriptor_get_field_by_name(from->descriptor, t->name);
        bool pointer = t->label == PROTOBUF_C_LABEL_REPEATED ||
                       t->type == PROTOBUF_C_TYPE_MESSAGE || t->type == PROTOBUF_C_TYPE_STRING;
        if (f == NULL || !pointer || f->type != t->type || f->label != t->label ||
            f->descriptor != t->descriptor) {
            continue;
        }
        memcpy((char *)to + t->offset, (const char *)from + f->offset, sizeof(void *));
        if (t->label == PROTOBUF_C_LABEL_REPEATED) {
            memcpy((char *)to + t->quantifier_offset, (const char *)from + f->quantifier_offset,
                   sizeof(size_t));
        }
    }
}

static solder_status upgrade_layer(sld_caffe *c, const Caffe__V1LayerParameter *old,
                                   Caffe__LayerParameter **out)
{
    if (old->layer != NULL) {
        return sld_fail(
            c->diag, SOLDER_ERROR_VERSION,
            "caffe: the prototxt is of Caffe's first format (layers { layer { ... } }), which "
            "is not read: convert it with Caffe's upgrade_net_proto_text");
    }
    Caffe__LayerParameter *p = sld_arena_alloc(&c->arena, sizeof *p);
    if (p == NULL) {
        return no_memory(c);
    }
    caffe__layer_parameter__init(p);
    take_over(&old->base, &p->base);
    const char *type = v1_type(old->type);
    p->type = sld_arena_strdup(&c->arena, type);
    if (old->n_param > 0) { /* names of shared weights */
        p->param = sld_arena_array(&c->arena, old->n_param, sizeof *p->param);
        for (size_t i = 0; p->param != NULL && i < old->n_param; i++) {
            p->param[i] = sld_arena_alloc(&c->arena, sizeof **p->param);
            if (p->param[i] == NULL) {
                return no_memory(c);
            }
            caffe__param_spec__init(p->param[i]);
            p->param[i]->name = old->param[i];
        }
        p->n_param = p->param != NULL ? old->n_param : 0;
    }
    *out = p;
    return p->type != NULL ? SOLDER_OK : no_memory(c);
}

/* input: "data" with input_shape or four input_dim is an Input layer. */
static solder_status make_input_layer(sld_caffe *c, size_t index, Caffe__LayerParameter **out)
{
    const Caffe__NetParameter *net = c->net;
    Caffe__LayerParameter *p = sld_arena_alloc(&c->arena, sizeof *p);
    Caffe__InputParameter *param = sld_arena_alloc(&c->arena, sizeof *param);
    Caffe__BlobShape *shape = sld_arena_alloc(&c->arena, sizeof *shape);
    Caffe__BlobShape **shapes = sld_arena_array(&c->arena, 1, sizeof *shapes);
    char *type = sld_arena_strdup(&c->arena, "Input");
    if (p == NULL || param == NULL || shape == NULL || shapes == NULL || type == NULL) {
        return no_memory(c);
    }
    caffe__layer_parameter__init(p);
    caffe__input_parameter__init(param);
    caffe__blob_shape__init(shape);
    p->name = net->input[index];
    p->type = type;
    p->n_top = 1;
    p->top = &net->input[index];
    p->input_param = param;
    if (net->n_input_shape > 0) {
        shapes[0] = net->input_shape[index];
        param->n_shape = 1;
    } else if (net->n_input_dim > 0) {
        shape->n_dim = 4;
        shape->dim = &net->input_dim[4 * index];
        shapes[0] = shape;
        param->n_shape = 1;
    }
    param->shape = shapes;
    *out = p;
    return SOLDER_OK;
}

static solder_status check_inputs(sld_caffe *c)
{
    const Caffe__NetParameter *net = c->net;
    if (net->n_input_shape > 0 && net->n_input_dim > 0) {
        return sld_fail(c->diag, SOLDER_ERROR_DATA,
                        "caffe: the prototxt gives both input_shape and input_dim");
    }
    if (net->n_input_shape > 0 && net->n_input_shape != net->n_input) {
        return sld_fail(c->diag, SOLDER_ERROR_DATA,
                        "caffe: the prototxt has %zu input and %zu input_shape", net->n_input,
                        net->n_input_shape);
    }
    if (net->n_input_dim > 0 &&
        (net->n_input_dim % 4 != 0 || net->n_input_dim / 4 != net->n_input)) {
        return sld_fail(c->diag, SOLDER_ERROR_DATA,
                        "caffe: the prototxt has %zu input and %zu input_dim: four each are needed",
                        net->n_input, net->n_input_dim);
    }
    return SOLDER_OK;
}

/* ---- phase rules ---- */

static bool has_stage(const Caffe__NetState *state, const char *stage)
{
    for (size_t i = 0; state != NULL && i < state->n_stage; i++) {
        if (strcmp(state->stage[i], stage) == 0) {
            return true;
        }
    }
    return false;
}

static bool meets(const Caffe__NetState *state, const Caffe__NetStateRule *rule)
{
    int32_t level = state != NULL ? state->level : 0;
    if ((rule->has_phase && rule->phase != CAFFE__PHASE__TEST) ||
        (rule->has_min_level && level < rule->min_level) ||
        (rule->has_max_level && level > rule->max_level)) {
        return false;
    }
    for (size_t i = 0; i < rule->n_stage; i++) {
        if (!has_stage(state, rule->stage[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < rule->n_not_stage; i++) {
        if (has_stage(state, rule->not_stage[i])) {
            return false;
        }
    }
    return true;
}

static bool meets_any(const Caffe__NetState *state, Caffe__NetStateRule *const *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (meets(state, rules[i])) {
            return true;
        }
    }
    return false;
}

static solder_status add_layer(sld_caffe *c, Caffe__LayerParameter *p,
                               const ProtobufCMessage *origin)
{
    sld_caffe_layer *l = &c->layers[c->layer_count];
    l->p = p;
    l->origin = origin;
    l->name = p->name != NULL ? p->name : "";
    l->type = p->type != NULL ? p->type : "";
    if (p->n_include > 0 && p->n_exclude > 0) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "has both include and exclude rules");
    }
    const Caffe__NetState *state = c->net->state;
    bool kept = p->n_include > 0 ? meets_any(state, p->include, p->n_include)
                                 : !meets_any(state, p->exclude, p->n_exclude);
    if (!kept) {
        *l = (sld_caffe_layer){0};
        return SOLDER_OK;
    }
    l->row = sld_caffe_find_row(l->type);
    if (l->row == NULL) {
        l->plugin = sld_import_find_plugin(c->import, NULL, l->type);
        l->row = l->plugin != NULL ? &sld_caffe_plugin_row : NULL;
    }
    l->source = sld_arena_printf(&c->graph->arena, "%s '%s'", l->type, l->name);
    if (l->source == NULL) {
        return no_memory(c);
    }
    c->layer_count++;
    return SOLDER_OK;
}

static solder_status collect_layers(sld_caffe *c)
{
    const Caffe__NetParameter *net = c->net;
    if (net->n_layer > 0 && net->n_layers > 0) {
        return sld_fail(c->diag, SOLDER_ERROR_DATA,
                        "caffe: the prototxt mixes 'layer' and 'layers': it must use one of them");
    }
    if (net->n_layer + net->n_layers == 0) {
        return sld_fail(c->diag, SOLDER_ERROR_DATA, "caffe: the prototxt holds no layers");
    }
    SLD_TRY(check_inputs(c));
    c->layers =
        sld_arena_array(&c->arena, net->n_input + net->n_layer + net->n_layers, sizeof *c->layers);
    if (c->layers == NULL) {
        return no_memory(c);
    }
    Caffe__LayerParameter *p = NULL;
    for (size_t i = 0; i < net->n_input; i++) {
        SLD_TRY(make_input_layer(c, i, &p));
        SLD_TRY(add_layer(c, p, &p->base));
    }
    for (size_t i = 0; i < net->n_layer; i++) {
        SLD_TRY(add_layer(c, net->layer[i], &net->layer[i]->base));
    }
    for (size_t i = 0; i < net->n_layers; i++) {
        SLD_TRY(upgrade_layer(c, net->layers[i], &p));
        SLD_TRY(add_layer(c, p, &net->layers[i]->base));
    }
    return SOLDER_OK;
}

/* ---- who reads what ---- */

static void note_reading(sld_caffe_tensor *tensor, const sld_caffe_layer *l, size_t slot)
{
    sld_caffe_kind kind = l->row != NULL ? l->row->kind : SLD_CAFFE_COMPUTES;
    if (kind == SLD_CAFFE_TRAINS || (kind == SLD_CAFFE_LOSS && slot > 0)) {
        tensor->loss_only = true;
    } else {
        tensor->consumed = true;
    }
}

static solder_status write_top(sld_caffe *c, sld_caffe_layer *l, size_t i, const char *name)
{
    sld_caffe_tensor *tensor = sld_arena_alloc(&c->arena, sizeof *tensor);
    if (tensor == NULL) {
        return no_memory(c);
    }
    tensor->name = name;
    tensor->writer = l;
    l->top[i] = tensor;
    *c->last_tensor = tensor;
    c->last_tensor = &tensor->next;
    if (sld_names_find(c->latest, name) != NULL) {
        sld_names_remove(c->latest, name);
    }
    return sld_names_add(c->latest, name, tensor) ? SOLDER_OK : no_memory(c);
}

static solder_status bind_layer(sld_caffe *c, sld_caffe_layer *l)
{
    Caffe__LayerParameter *p = l->p;
    l->bottom = sld_arena_array(&c->arena, p->n_bottom, sizeof *l->bottom);
    if (l->bottom == NULL) {
        return no_memory(c);
    }
    for (size_t i = 0; i < p->n_bottom; i++) {
        l->bottom[i] = sld_names_find(c->latest, p->bottom[i]);
        if (l->bottom[i] != NULL) {
            note_reading(l->bottom[i], l, i);
        }
    }
    bool dropped =
        l->row != NULL && (l->row->kind == SLD_CAFFE_TRAINS || l->row->kind == SLD_CAFFE_SINK);
    if (dropped) {
        sld_log(c->diag, SOLDER_LOG_VERBOSE, "caffe: layer '%s' (%s) is left out of inference",
                l->name, l->type);
        p->n_top = 0;
    } else if (l->row != NULL && l->row->kind == SLD_CAFFE_LOSS && p->n_top == 0) {
        p->top = &p->name; /* Caffe makes such a top up too */
        p->n_top = p->name != NULL;
    }
    l->top = sld_arena_array(&c->arena, p->n_top, sizeof *l->top);
    if (l->top == NULL) {
        return no_memory(c);
    }
    for (size_t i = 0; i < p->n_top; i++) {
        SLD_TRY(write_top(c, l, i, p->top[i]));
    }
    return SOLDER_OK;
}

static bool is_source(const sld_caffe_layer *l)
{
    return l->row != NULL && l->row->kind == SLD_CAFFE_SOURCE;
}

/* What nobody reads, but inputs: those are no results. */
static bool is_default_output(const sld_caffe *c, const sld_caffe_tensor *tensor)
{
    return !tensor->consumed && !is_source(tensor->writer) &&
           sld_names_find(c->latest, tensor->name) == tensor;
}

static solder_status mark_outputs(sld_caffe *c)
{
    const solder_import_options *options = c->import->options;
    for (size_t i = 0; i < options->output_count; i++) {
        sld_caffe_tensor *tensor = sld_names_find(c->latest, options->outputs[i]);
        if (tensor == NULL) {
            sld_nearest nearest = sld_nearest_to(options->outputs[i]);
            for (const sld_caffe_tensor *t = c->tensors; t != NULL; t = t->next) {
                sld_nearest_offer(&nearest, t->name);
            }
            return sld_fail(c->diag, SOLDER_ERROR_NOT_FOUND,
                            "caffe: the prototxt has no blob '%s'%s", options->outputs[i],
                            sld_nearest_text(&nearest));
        }
        tensor->needed = true;
    }
    if (options->output_count > 0) {
        return SOLDER_OK;
    }
    bool any = false;
    for (sld_caffe_tensor *t = c->tensors; t != NULL; t = t->next) {
        t->needed = is_default_output(c, t);
        any |= t->needed;
    }
    return any ? SOLDER_OK
               : sld_fail(c->diag, SOLDER_ERROR_DATA,
                          "caffe: the prototxt has no output: every blob is read by another layer");
}

static const sld_caffe_layer *find_writer(const sld_caffe *c, const char *name)
{
    sld_caffe_tensor *tensor = sld_names_find(c->latest, name);
    return tensor != NULL ? tensor->writer : NULL;
}

/* Backwards from the outputs. Layers stand in order, so one sweep does it. */
static solder_status mark_needed(sld_caffe *c)
{
    for (size_t i = c->layer_count; i-- > 0;) {
        sld_caffe_layer *l = &c->layers[i];
        for (size_t t = 0; t < l->p->n_top; t++) {
            l->needed |= l->top[t]->needed;
        }
        size_t read = l->row != NULL && l->row->kind == SLD_CAFFE_LOSS && l->p->n_bottom > 1
                          ? 1
                          : l->p->n_bottom;
        for (size_t b = 0; l->needed && b < read; b++) {
            if (l->bottom[b] != NULL) {
                l->bottom[b]->needed = true;
                continue;
            }
            const sld_caffe_layer *writer = find_writer(c, l->p->bottom[b]);
            if (writer != NULL) {
                return sld_caffe_fail(c, l, SOLDER_ERROR_DATA,
                                      "its bottom '%s' is written only later, by layer '%s': the "
                                      "layers form a cycle or stand in the wrong order",
                                      l->p->bottom[b], writer->name);
            }
            return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "no layer writes its bottom '%s'",
                                  l->p->bottom[b]);
        }
    }
    return SOLDER_OK;
}

static solder_status parse(sld_caffe *c)
{
    sld_prototxt reader = {.arena = &c->arena,
                           .diag = c->diag,
                           .name = "caffe: prototxt",
                           .collect_unknown = true,
                           .collect_spans = true};
    ProtobufCMessage *message = NULL;
    SLD_TRY(sld_prototxt_read(&reader, &caffe__net_parameter__descriptor,
                              (const char *)c->import->model.data, c->import->model.size,
                              &message));
    c->net = (Caffe__NetParameter *)message;
    c->unknown = reader.unknown;
    c->spans = reader.spans;
    return SOLDER_OK;
}

solder_status sld_caffe_read_net(sld_caffe *c)
{
    SLD_TRY(parse(c));
    c->latest = sld_names_create(&c->arena);
    if (c->latest == NULL) {
        return no_memory(c);
    }
    c->last_tensor = &c->tensors;
    SLD_TRY(collect_layers(c));
    for (size_t i = 0; i < c->layer_count; i++) {
        SLD_TRY(bind_layer(c, &c->layers[i]));
    }
    SLD_TRY(mark_outputs(c));
    return mark_needed(c);
}

/* ---- everything that is in the way, at once ---- */

/* The layer's own parameter message, with Caffe's defaults if it has none. */
static solder_status find_param(sld_caffe *c, sld_caffe_layer *l)
{
    if (l->row->param == NULL) {
        return SOLDER_OK;
    }
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(
        &caffe__layer_parameter__descriptor, l->row->param);
    if (field == NULL) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_INTERNAL, "no field '%s'", l->row->param);
    }
    memcpy(&l->param, (const char *)l->p + field->offset, sizeof l->param);
    if (l->param == NULL) {
        const ProtobufCMessageDescriptor *descriptor = field->descriptor;
        l->param = sld_arena_alloc(&c->arena, descriptor->sizeof_message);
        if (l->param == NULL) {
            return no_memory(c);
        }
        descriptor->message_init(l->param);
    }
    return SOLDER_OK;
}

static bool owner_needed(const sld_caffe *c, const sld_prototxt_unknown *unknown,
                         const sld_caffe_layer **layer)
{
    *layer = NULL;
    if (unknown->owner == NULL) {
        return true;
    }
    for (size_t i = 0; i < c->layer_count; i++) {
        if (c->layers[i].origin == unknown->owner) {
            *layer = &c->layers[i];
            return c->layers[i].needed;
        }
    }
    return c->net->state != NULL && unknown->owner == &c->net->state->base;
}

static solder_status check_unknown(sld_caffe *c)
{
    char text[2048] = "";
    size_t used = 0;
    unsigned count = 0;
    for (const sld_prototxt_unknown *u = c->unknown; u != NULL; u = u->next) {
        const sld_caffe_layer *l;
        if (!owner_needed(c, u, &l) || (l != NULL && l->plugin != NULL)) {
            continue; /* a plugin looks at its fields itself */
        }
        count++;
        int n =
            used + 64 > sizeof text
                ? 0
                : snprintf(text + used, sizeof text - used, "%s'%.64s' in %s, line %u:%u%s%.64s%s",
                           count > 1 ? "; " : "", u->field, u->within, (unsigned)u->line,
                           (unsigned)u->column, l != NULL ? " (layer '" : "",
                           l != NULL ? l->name : "", l != NULL ? "')" : "");
        used = n > 0 && (size_t)n < sizeof text - used ? used + (size_t)n : used;
    }
    if (count == 0) {
        return SOLDER_OK;
    }
    return sld_fail(c->diag, SOLDER_ERROR_UNSUPPORTED,
                    "caffe: the prototxt has %u unknown field%s: %s", count, count == 1 ? "" : "s",
                    text);
}

solder_status sld_caffe_check_net(sld_caffe *c)
{
    sld_unsupported unsupported = {.count = 0};
    for (size_t i = 0; i < c->layer_count; i++) {
        sld_caffe_layer *l = &c->layers[i];
        if (!l->needed) {
            continue;
        }
        if (l->row == NULL) {
            sld_unsupported_add(&unsupported, l->name, "%s", l->type);
            continue;
        }
        SLD_TRY(find_param(c, l));
        const char *why = l->row->refuse != NULL ? l->row->refuse(l) : NULL;
        if (why != NULL) {
            sld_unsupported_add(&unsupported, l->name, "%s: %s", l->type, why);
        }
    }
    SLD_TRY(sld_unsupported_report(&unsupported, c->import, "caffe"));
    return check_unknown(c);
}
