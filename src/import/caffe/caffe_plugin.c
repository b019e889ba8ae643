/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer whose type is no operator: the plugin of that name gets its bottoms, its blobs as
 * constant inputs behind them, and every field of its own messages, read from the layer's text
 * without a schema: "prior_box_param.min_size" and its values.
 */
#include "import/caffe/caffe.h"
#include "import/wire/prototxt_lexer.h"
#include "plugin/plugin.h"

enum { MAX_VALUES = 1 << 20, MAX_TEXT = 4096 };

/* What one path holds so far. Numbers are kept in both forms until it is known which is needed. */
typedef struct field {
    const char *path;
    int64_t *ints;
    double *reals;
    size_t count;
    bool whole; /* all numbers are */
    const char *text;
    struct field *next; /* in order of appearance */
} field;

typedef struct reader {
    sld_caffe *c;
    const sld_caffe_layer *l;
    sld_lexer lexer;
    sld_names *names; /* path -> field */
    field *fields, **last;
    size_t count;
    bool drop; /* inside a field that every layer has */
} reader;

static solder_status malformed(const reader *r)
{
    return sld_caffe_fail(r->c, r->l, SOLDER_ERROR_DATA, "its parameters are malformed");
}

static bool accept(reader *r, char symbol)
{
    if (!sld_token_is(&r->lexer.token, symbol)) {
        return false;
    }
    sld_lexer_next(&r->lexer);
    return true;
}

/* ---- values ---- */

static solder_status find_field(reader *r, const char *path, field **out)
{
    *out = sld_names_find(r->names, path);
    if (*out != NULL) {
        return SOLDER_OK;
    }
    field *f = sld_arena_alloc(&r->c->arena, sizeof *f);
    if (f == NULL || !sld_names_add(r->names, path, f)) {
        return sld_fail_memory(r->c->diag, sizeof *f);
    }
    *f = (field){.path = path, .whole = true};
    *r->last = f;
    r->last = &f->next;
    r->count++;
    *out = f;
    return SOLDER_OK;
}

static solder_status grow(reader *r, field *f)
{
    size_t room = f->count == 0 ? 1 : f->count * 2;
    int64_t *ints = sld_arena_array(&r->c->arena, room, sizeof *ints);
    double *reals = sld_arena_array(&r->c->arena, room, sizeof *reals);
    if (ints == NULL || reals == NULL) {
        return sld_fail_memory(r->c->diag, room * sizeof *reals);
    }
    if (f->count > 0) {
        memcpy(ints, f->ints, f->count * sizeof *ints);
        memcpy(reals, f->reals, f->count * sizeof *reals);
    }
    f->ints = ints;
    f->reals = reals;
    return SOLDER_OK;
}

static solder_status add_number(reader *r, field *f, bool whole, int64_t integer, double real)
{
    if (f->text != NULL || f->count == MAX_VALUES) {
        return malformed(r);
    }
    if ((f->count & (f->count - 1)) == 0) {
        SLD_TRY(grow(r, f));
    }
    f->ints[f->count] = integer;
    f->reals[f->count] = real;
    f->whole = f->whole && whole;
    f->count++;
    sld_lexer_next(&r->lexer);
    return SOLDER_OK;
}

/* Strings side by side are one. */
static solder_status read_string(reader *r, char *text, size_t *length)
{
    *length = 0;
    while (r->lexer.token.kind == SLD_TOKEN_STRING) {
        if (r->lexer.token.size > MAX_TEXT - *length ||
            !sld_token_string(&r->lexer.token, text, length)) {
            return malformed(r);
        }
        sld_lexer_next(&r->lexer);
    }
    return SOLDER_OK;
}

static solder_status add_text(reader *r, field *f)
{
    const sld_token *token = &r->lexer.token;
    char text[MAX_TEXT];
    size_t length = token->size;
    if (f->text != NULL || f->count > 0) {
        return sld_caffe_fail(r->c, r->l, SOLDER_ERROR_UNSUPPORTED, "gives '%s' twice", f->path);
    }
    if (token->kind == SLD_TOKEN_STRING) {
        SLD_TRY(read_string(r, text, &length));
    } else if (length <= MAX_TEXT) {
        memcpy(text, token->text, length);
        sld_lexer_next(&r->lexer);
    } else {
        return malformed(r);
    }
    f->text = sld_arena_strndup(&r->c->arena, text, length);
    return f->text != NULL ? SOLDER_OK : sld_fail_memory(r->c->diag, length);
}

static solder_status skip_value(reader *r)
{
    sld_token_kind kind = r->lexer.token.kind;
    if (kind != SLD_TOKEN_NAME && kind != SLD_TOKEN_NUMBER && kind != SLD_TOKEN_STRING) {
        return malformed(r);
    }
    do {
        sld_lexer_next(&r->lexer);
    } while (kind == SLD_TOKEN_STRING && r->lexer.token.kind == SLD_TOKEN_STRING);
    return SOLDER_OK;
}

/* A number, true or false, a quoted text, an enumerator. */
static solder_status add_value(reader *r, const char *path)
{
    field *f = NULL;
    bool minus = accept(r, '-');
    if (r->drop) {
        return skip_value(r);
    }
    const sld_token *token = &r->lexer.token;
    uint64_t magnitude;
    double real;
    SLD_TRY(find_field(r, path, &f));
    if (sld_token_integer(token, &magnitude) && magnitude <= INT64_MAX) {
        int64_t value = minus ? -(int64_t)magnitude : (int64_t)magnitude;
        return add_number(r, f, true, value, (double)value);
    }
    if (sld_token_real(token, &real)) {
        return add_number(r, f, false, 0, minus ? -real : real);
    }
    bool yes = sld_token_equals(token, "true");
    if (!minus && (yes || sld_token_equals(token, "false"))) {
        return add_number(r, f, true, yes, yes);
    }
    bool text = token->kind == SLD_TOKEN_STRING || token->kind == SLD_TOKEN_NAME;
    return text && !minus ? add_text(r, f) : malformed(r);
}

/* ---- messages ---- */

static solder_status read_fields(reader *r, const char *within, char closing, int depth);

/* The current token begins the value of path. */
static solder_status read_value(reader *r, const char *path, int depth)
{
    if (depth > SLD_PROTOTXT_MAX_DEPTH) {
        return malformed(r);
    }
    if (accept(r, '{')) {
        return read_fields(r, path, '}', depth + 1);
    }
    if (accept(r, '<')) {
        return read_fields(r, path, '>', depth + 1);
    }
    if (!accept(r, '[')) {
        return add_value(r, path);
    }
    if (accept(r, ']')) {
        return SOLDER_OK;
    }
    do {
        SLD_TRY(read_value(r, path, depth + 1));
    } while (accept(r, ','));
    return accept(r, ']') ? SOLDER_OK : malformed(r);
}

/* Fields every layer has, and how training uses it. */
static bool is_common(const char *name)
{
    const ProtobufCFieldDescriptor *known =
        protobuf_c_message_descriptor_get_field_by_name(&caffe__layer_parameter__descriptor, name);
    size_t length = strlen(name);
    return known != NULL && (length < 6 || strcmp(name + length - 6, "_param") != 0);
}

static solder_status read_fields(reader *r, const char *within, char closing, int depth)
{
    while (!accept(r, closing)) {
        const sld_token name = r->lexer.token;
        if (name.kind != SLD_TOKEN_NAME || name.size > 128) {
            return malformed(r);
        }
        char *path = sld_arena_printf(&r->c->arena, "%s%s%.*s", within,
                                      within[0] != '\0' ? "." : "", (int)name.size, name.text);
        if (path == NULL) {
            return sld_fail_memory(r->c->diag, name.size);
        }
        sld_lexer_next(&r->lexer);
        (void)accept(r, ':');
        r->drop = depth == 1 ? is_common(path) : r->drop;
        SLD_TRY(read_value(r, path, depth + 1));
        if (!accept(r, ';')) {
            (void)accept(r, ',');
        }
    }
    return SOLDER_OK;
}

/* Layers are lowered in the order of their texts: what lies before is not needed any more. */
static const sld_prototxt_span *take_span(sld_caffe *c, const sld_caffe_layer *l)
{
    const sld_prototxt_span *span = c->spans;
    while (span != NULL && span->message != l->origin) {
        span = span->next;
    }
    c->spans = span != NULL ? span->next : NULL;
    return span;
}

static solder_status read_attributes(sld_caffe *c, const sld_caffe_layer *l,
                                     solder_attribute **attributes, size_t *count)
{
    reader r = {.c = c, .l = l, .names = sld_names_create(&c->arena)};
    const sld_prototxt_span *span = take_span(c, l);
    if (r.names == NULL) {
        return sld_fail_memory(c->diag, 0);
    }
    r.last = &r.fields;
    if (span != NULL) {
        sld_lexer_open(&r.lexer, span->text, span->size);
        if (!accept(&r, '{') && !accept(&r, '<')) {
            return malformed(&r);
        }
        SLD_TRY(read_fields(&r, "", span->text[0] == '{' ? '}' : '>', 1));
    }
    *attributes = sld_arena_array(&c->arena, r.count, sizeof **attributes);
    if (*attributes == NULL) {
        return sld_fail_memory(c->diag, r.count * sizeof **attributes);
    }
    for (const field *f = r.fields; f != NULL; f = f->next) {
        (*attributes)[(*count)++] =
            (solder_attribute){.name = f->path,
                               .count = f->text != NULL ? 1 : f->count,
                               .ints = f->text == NULL && f->whole ? f->ints : NULL,
                               .reals = f->text == NULL && !f->whole ? f->reals : NULL,
                               .text = f->text};
    }
    return SOLDER_OK;
}

/* ---- the layer ---- */

static solder_status add_blobs(sld_caffe *c, sld_caffe_layer *l, sld_value **in, uint32_t *count)
{
    const sld_caffe_stored *stored = c->stored != NULL ? sld_names_find(c->stored, l->name) : NULL;
    for (size_t i = 0; stored != NULL && i < stored->count; i++) {
        const sld_caffe_blob *blob = &stored->blobs[i];
        sld_caffe_want want = {.index = (uint32_t)i,
                               .what = sld_arena_printf(&c->arena, "blob%zu", i),
                               .rank = blob->rank};
        memcpy(want.dims, blob->dims, sizeof want.dims);
        if (want.what == NULL) {
            return sld_fail_memory(c->diag, 0);
        }
        if (*count == SLD_MAX_INPUTS) {
            return sld_caffe_fail(c, l, SOLDER_ERROR_UNSUPPORTED, "has more than %d inputs",
                                  SLD_MAX_INPUTS);
        }
        SLD_TRY(sld_caffe_weight(c, l, &want, &in[(*count)++]));
    }
    return SOLDER_OK;
}

/* Weights the caffemodel lacks, where the plugin knows their dims: made up, or the usual error. */
static solder_status make_up_blobs(sld_caffe *c, sld_caffe_layer *l,
                                   const solder_attribute *attributes, size_t attribute_count,
                                   sld_value **in, uint32_t *count)
{
    const uint32_t bottoms = *count;
    bool knows = l->plugin->weight != NULL;
    for (; knows && *count < sld_plugin_min_inputs(l->plugin); ++*count) {
        solder_dims dims;
        sld_caffe_want want = {.index = *count - bottoms,
                               .what = sld_arena_printf(&c->arena, "blob%u", *count - bottoms),
                               .fill = SLD_CAFFE_FILL_POSITIVE};
        solder_status status =
            want.what == NULL ? sld_fail_memory(c->diag, 0)
                              : sld_graph_plugin_weight(c->graph, l->plugin, l->name, in, bottoms,
                                                        attributes, attribute_count, *count, &dims);
        if (status != SOLDER_OK) {
            return status == SOLDER_ERROR_MEMORY ? status
                                                 : sld_fail_within(c->diag, status, "caffe");
        }
        want.rank = dims.rank;
        memcpy(want.dims, dims.d, sizeof want.dims);
        SLD_TRY(sld_caffe_weight(c, l, &want, &in[*count]));
    }
    return SOLDER_OK;
}

static solder_status lower_plugin(sld_caffe *c, sld_caffe_layer *l)
{
    sld_value *in[SLD_MAX_INPUTS];
    sld_value *out[SLD_MAX_OUTPUTS];
    uint32_t count = 0;
    solder_attribute *attributes = NULL;
    size_t attribute_count = 0;
    if (l->p->n_bottom > SLD_MAX_INPUTS || l->p->n_top > SLD_MAX_OUTPUTS) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_UNSUPPORTED, "has more than %d bottoms or tops",
                              SLD_MAX_INPUTS);
    }
    for (; count < l->p->n_bottom; count++) {
        in[count] = sld_caffe_in(l, count);
    }
    SLD_TRY(add_blobs(c, l, in, &count));
    SLD_TRY(read_attributes(c, l, &attributes, &attribute_count));
    SLD_TRY(make_up_blobs(c, l, attributes, attribute_count, in, &count));
    const sld_import_node node = {.graph = c->graph,
                                  .plugin = l->plugin,
                                  .name = l->name,
                                  .source = l->source,
                                  .in = in,
                                  .in_count = count,
                                  .attributes = attributes,
                                  .attribute_count = attribute_count,
                                  .out = out,
                                  .out_count = (uint32_t)l->p->n_top};
    solder_status status = sld_import_plugin(&node);
    if (status != SOLDER_OK) {
        return status == SOLDER_ERROR_MEMORY ? status : sld_fail_within(c->diag, status, "caffe");
    }
    for (size_t i = 0; i < l->p->n_top; i++) {
        sld_caffe_out(l, i, out[i]);
    }
    return SOLDER_OK;
}

const sld_caffe_row sld_caffe_plugin_row = {"", NULL, SLD_CAFFE_COMPUTES, 0,   -1,
                                            1,  -1,   lower_plugin,       NULL};
