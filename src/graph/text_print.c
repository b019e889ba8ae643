/* SPDX-License-Identifier: Apache-2.0 */
/* Prints a network as text that text_read.c reads back to the same network. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "graph/text.h"
#include "plugin/plugin.h"

#define MAX_EXPR_DEPTH 48
#define MAX_EXPR_NODES 4096

static solder_status reserve(sld_text *text, size_t extra)
{
    size_t needed;
    if (!sld_size_add(text->size, extra, &needed) || !sld_size_add(needed, 1, &needed)) {
        return SOLDER_ERROR_MEMORY;
    }
    void *data = text->data;
    SLD_TRY(sld_array_grow(text->allocator, NULL, &data, &text->capacity, needed, 1));
    text->data = data;
    return SOLDER_OK;
}

solder_status sld_text_printf(sld_text *text, const char *format, ...)
{
    char small[256];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    if (length < 0) {
        return SOLDER_ERROR_INTERNAL;
    }
    SLD_TRY(reserve(text, (size_t)length));
    if ((size_t)length < sizeof small) {
        memcpy(text->data + text->size, small, (size_t)length + 1);
    } else {
        va_start(args, format);
        (void)vsnprintf(text->data + text->size, (size_t)length + 1, format, args);
        va_end(args);
    }
    text->size += (size_t)length;
    return SOLDER_OK;
}

void sld_text_free(sld_text *text)
{
    sld_release(text->allocator, text->data, text->capacity);
    *text = (sld_text){.allocator = text->allocator};
}

static solder_status print_quoted(sld_text *text, const char *s)
{
    SLD_TRY(sld_text_printf(text, "\""));
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\') {
            SLD_TRY(sld_text_printf(text, "\\%c", c));
        } else if (c < 0x20 || c == 0x7f) {
            SLD_TRY(sld_text_printf(text, "\\x%02x", c));
        } else {
            SLD_TRY(sld_text_printf(text, "%c", c));
        }
    }
    return sld_text_printf(text, "\"");
}

static solder_status print_name(sld_text *text, const char *name)
{
    bool plain = name[0] != '\0';
    for (const char *c = name; *c != '\0'; c++) {
        plain = plain && sld_text_name_char(*c);
    }
    return plain ? sld_text_printf(text, "%s", name) : print_quoted(text, name);
}

static solder_status print_value(sld_text *text, const sld_value *value)
{
    if (value == NULL) {
        return sld_text_printf(text, "_");
    }
    SLD_TRY(sld_text_printf(text, "%%"));
    return print_name(text, value->name);
}

/* ---- dimensions ---- */

static solder_status print_symbol(sld_text *text, const char *name)
{
    bool plain = name[0] != '\0' && !(name[0] >= '0' && name[0] <= '9') &&
                 strcmp(name, "min") != 0 && strcmp(name, "max") != 0;
    for (const char *c = name; *c != '\0'; c++) {
        plain = plain && sld_text_word_char(*c) && *c != '.';
    }
    return plain ? sld_text_printf(text, "%s", name) : print_quoted(text, name);
}

typedef struct dim_printer {
    sld_text *text;
    const sld_expr_table *table;
    int budget; /* shared parts are printed again and again: an end to that */
    bool full;
} dim_printer;

/* Order of the operands of + * min max that does not depend on which was made first. */
static bool comes_after(const sld_expr_table *table, sld_dim a, sld_dim b)
{
    for (int depth = 0; a != b && depth < MAX_EXPR_DEPTH; depth++) {
        const sld_expr *x = &table->exprs[a];
        const sld_expr *y = &table->exprs[b];
        if (x->op != y->op) {
            return x->op == SLD_EXPR_CONST || (y->op != SLD_EXPR_CONST && x->op > y->op);
        }
        if (x->op <= SLD_EXPR_SYMBOL) {
            return x->value > y->value;
        }
        a = x->a != y->a ? x->a : x->b;
        b = x->a != y->a ? y->a : y->b;
    }
    return false;
}

static bool commutes(uint32_t op)
{
    return op == SLD_EXPR_ADD || op == SLD_EXPR_MUL || op == SLD_EXPR_MIN || op == SLD_EXPR_MAX;
}

static solder_status print_expr(dim_printer *p, sld_dim e, int depth)
{
    static const char *const signs[SLD_EXPR_OP_COUNT] = {"",  "",   "+", "-",     "*",
                                                         "/", "^/", "%", " min ", " max "};
    if (e < 0 || (size_t)e >= p->table->count) {
        return sld_text_printf(p->text, "?");
    }
    if (depth > MAX_EXPR_DEPTH || p->budget-- <= 0) {
        return p->full ? SOLDER_ERROR_UNSUPPORTED : sld_text_printf(p->text, "?");
    }
    const sld_expr *n = &p->table->exprs[e];
    if (n->op == SLD_EXPR_CONST) {
        return sld_text_printf(p->text, "%" PRId64, n->value);
    }
    if (n->op == SLD_EXPR_SYMBOL) {
        return print_symbol(p->text, p->table->symbols[n->value].name);
    }
    bool swap = commutes(n->op) && comes_after(p->table, n->a, n->b);
    SLD_TRY(sld_text_printf(p->text, "("));
    SLD_TRY(print_expr(p, swap ? n->b : n->a, depth + 1));
    SLD_TRY(sld_text_printf(p->text, "%s", signs[n->op]));
    SLD_TRY(print_expr(p, swap ? n->a : n->b, depth + 1));
    return sld_text_printf(p->text, ")");
}

static solder_status print_dim(sld_text *text, const sld_graph *graph, sld_dim e, bool full)
{
    dim_printer p = {.text = text, .table = &graph->exprs, .budget = MAX_EXPR_NODES, .full = full};
    solder_status status = print_expr(&p, e, 0);
    return status == SOLDER_ERROR_UNSUPPORTED
               ? sld_fail(graph->diag, status, "text: a dimension is too long to be written")
               : status;
}

static solder_status print_type(sld_text *text, const sld_graph *graph, const sld_value *value,
                                bool full)
{
    SLD_TRY(sld_text_printf(text, "%s[", solder_dtype_name(value->dtype)));
    for (int i = 0; i < value->shape.rank; i++) {
        SLD_TRY(sld_text_printf(text, "%s", i == 0 ? "" : ","));
        SLD_TRY(print_dim(text, graph, value->shape.d[i], full));
    }
    return sld_text_printf(text, "]");
}

static solder_status print_symbols(sld_text *text, const sld_graph *graph)
{
    for (size_t i = 0; i < graph->exprs.symbol_count; i++) {
        const sld_symbol *s = &graph->exprs.symbols[i];
        if (s->data_dependent == 0) {
            SLD_TRY(sld_text_printf(text, "symbol "));
            SLD_TRY(print_symbol(text, s->name));
            SLD_TRY(sld_text_printf(text, " %" PRId64 "..%" PRId64 "..", s->min, s->opt));
            SLD_TRY(s->max == SLD_SYMBOL_OPEN ? sld_text_printf(text, "*\n")
                                              : sld_text_printf(text, "%" PRId64 "\n", s->max));
        }
    }
    return SOLDER_OK;
}

/* ---- constants ---- */

static solder_status print_element(sld_text *text, solder_dtype dtype, const void *p)
{
    if (sld_dtype_is_float(dtype)) {
        return sld_text_printf(text, dtype == SOLDER_F64 ? "%.17g" : "%.9g",
                               sld_load_f64(dtype, p));
    }
    int64_t v = sld_load_i64(dtype, p);
    return dtype == SOLDER_U64 ? sld_text_printf(text, "%" PRIu64, (uint64_t)v)
                               : sld_text_printf(text, "%" PRId64, v);
}

/* NaNs carry bits that decimal digits lose. */
static bool has_nan(const sld_value *value, size_t count)
{
    size_t size = solder_dtype_size(value->dtype);
    for (size_t i = 0; sld_dtype_is_float(value->dtype) && i < count; i++) {
        if (isnan(sld_load_f64(value->dtype, (const char *)value->data + i * size))) {
            return true;
        }
    }
    return false;
}

static bool is_uniform(const sld_value *value)
{
    size_t size = solder_dtype_size(value->dtype);
    return value->data_size > size &&
           memcmp(value->data, (const char *)value->data + size, value->data_size - size) == 0;
}

static solder_status print_hex(sld_text *text, const void *data, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    size_t twice;
    if (!sld_size_mul(size, 2, &twice)) {
        return SOLDER_ERROR_MEMORY;
    }
    SLD_TRY(sld_text_printf(text, " hex "));
    SLD_TRY(reserve(text, twice));
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++) {
        text->data[text->size++] = digits[bytes[i] >> 4];
        text->data[text->size++] = digits[bytes[i] & 15];
    }
    text->data[text->size] = '\0';
    return SOLDER_OK;
}

static uint64_t digest(const void *data, size_t size)
{
    const unsigned char *bytes = data;
    uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (size_t i = 0; i < size; i++) {
        h = (h ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    return h;
}

static solder_status print_data(sld_text *text, const sld_value *value, bool full)
{
    size_t size = solder_dtype_size(value->dtype);
    size_t count = size == 0 ? 0 : value->data_size / size;
    bool nan = has_nan(value, count);
    if (!nan && is_uniform(value)) {
        SLD_TRY(sld_text_printf(text, " fill "));
        return print_element(text, value->dtype, value->data);
    }
    if (count > SLD_TEXT_SHORT && !full) {
        return sld_text_printf(text, " digest %016" PRIx64, digest(value->data, value->data_size));
    }
    if (nan || count > SLD_TEXT_SHORT) {
        return print_hex(text, value->data, value->data_size);
    }
    SLD_TRY(sld_text_printf(text, " values ["));
    for (size_t i = 0; i < count; i++) {
        SLD_TRY(sld_text_printf(text, "%s", i == 0 ? "" : ", "));
        SLD_TRY(print_element(text, value->dtype, (const char *)value->data + i * size));
    }
    return sld_text_printf(text, "]");
}

static solder_status print_sources(sld_text *text, const sld_graph *graph, bool full)
{
    for (size_t i = 0; i < graph->input_count; i++) {
        SLD_TRY(sld_text_printf(text, "input "));
        SLD_TRY(print_value(text, graph->inputs[i]));
        SLD_TRY(sld_text_printf(text, " "));
        SLD_TRY(print_type(text, graph, graph->inputs[i], full));
        SLD_TRY(sld_text_printf(text, "%s\n", graph->inputs[i]->is_nhwc ? " nhwc" : ""));
    }
    for (const sld_value *v = graph->values; v != NULL; v = v->next) {
        if (v->kind == SLD_VALUE_CONSTANT) {
            SLD_TRY(sld_text_printf(text, "constant "));
            SLD_TRY(print_value(text, v));
            SLD_TRY(sld_text_printf(text, " "));
            SLD_TRY(print_type(text, graph, v, full));
            SLD_TRY(print_data(text, v, full));
            SLD_TRY(sld_text_printf(text, "\n"));
        }
    }
    return SOLDER_OK;
}

/* ---- nodes ---- */

static bool same_entry(const sld_attr *attr, const void *a, const void *b, int i)
{
    if (attr->kind == SLD_ATTR_TEXT) {
        return strcmp(sld_attr_get_text(attr, a), sld_attr_get_text(attr, b)) == 0;
    }
    if (attr->kind == SLD_ATTR_F32 || attr->kind == SLD_ATTR_F64) {
        double x = sld_attr_get_f64(attr, a, i);
        double y = sld_attr_get_f64(attr, b, i);
        return x == y && signbit(x) == signbit(y);
    }
    return sld_attr_get_i64(attr, a, i) == sld_attr_get_i64(attr, b, i);
}

static int list_length(const sld_attr *attr, const void *params)
{
    if (attr->kind == SLD_ATTR_TEXT) {
        return 1;
    }
    return attr->length_offset >= 0 ? sld_attr_length(attr, params) : attr->count;
}

static bool has_default_entries(const sld_attr *attr, const void *params, const void *defaults)
{
    int length = list_length(attr, params);
    for (int i = 0; i < length; i++) {
        if (!same_entry(attr, params, defaults, i)) {
            return false;
        }
    }
    return true;
}

/*
 * Lists may share a length (stride, dilation, padding): the ones with entries of their own tell it
 * to the rest, and if none has any the first one does.
 */
static bool is_shown(const sld_node_attrs *info, uint32_t index, const void *params,
                     const void *defaults)
{
    const sld_attr *attr = &info->attrs[index];
    if (!has_default_entries(attr, params, defaults)) {
        return true;
    }
    if (list_length(attr, params) == list_length(attr, defaults)) {
        return false;
    }
    for (uint32_t i = 0; i < info->count; i++) {
        const sld_attr *other = &info->attrs[i];
        if (other->length_offset == attr->length_offset &&
            (i < index || !has_default_entries(other, params, defaults))) {
            return false;
        }
    }
    return true;
}

static solder_status print_entry(sld_text *text, const sld_attr *attr, const void *params, int i)
{
    int64_t v;
    switch (attr->kind) {
    case SLD_ATTR_F32:
        return sld_text_printf(text, "%.9g", sld_attr_get_f64(attr, params, i));
    case SLD_ATTR_F64:
        return sld_text_printf(text, "%.17g", sld_attr_get_f64(attr, params, i));
    case SLD_ATTR_BOOL:
        return sld_text_printf(text, sld_attr_get_i64(attr, params, i) != 0 ? "true" : "false");
    case SLD_ATTR_DTYPE:
        v = sld_attr_get_i64(attr, params, i);
        return sld_text_printf(text, "%s", solder_dtype_name((solder_dtype)v));
    case SLD_ATTR_ENUM:
        v = sld_attr_get_i64(attr, params, i);
        return v >= 0 && v < attr->name_count ? sld_text_printf(text, "%s", attr->names[v])
                                              : sld_text_printf(text, "%" PRId64, v);
    case SLD_ATTR_TEXT:
        return print_quoted(text, sld_attr_get_text(attr, params));
    case SLD_ATTR_MASK:
    case SLD_ATTR_I32:
    case SLD_ATTR_I64:
        break;
    }
    return sld_text_printf(text, "%" PRId64, sld_attr_get_i64(attr, params, i));
}

static solder_status print_mask(sld_text *text, uint32_t mask)
{
    const char *comma = "";
    SLD_TRY(sld_text_printf(text, "["));
    for (int i = 0; i < 32; i++) {
        if ((mask >> i & 1u) != 0) {
            SLD_TRY(sld_text_printf(text, "%s%d", comma, i));
            comma = ",";
        }
    }
    return sld_text_printf(text, "]");
}

/* Entries of a list worth printing: an array without a length ends in defaults nobody reads. */
static int shown_entries(const sld_attr *attr, const void *params, const void *defaults)
{
    int length = list_length(attr, params);
    while (attr->length_offset < 0 && length > 0 &&
           same_entry(attr, params, defaults, length - 1)) {
        length--;
    }
    return length;
}

static solder_status print_attr(sld_text *text, const sld_attr *attr, const void *params,
                                const void *defaults)
{
    SLD_TRY(sld_text_printf(text, "%s=", attr->name));
    if (attr->kind == SLD_ATTR_MASK) {
        return print_mask(text, (uint32_t)sld_attr_get_i64(attr, params, 0));
    }
    if (!sld_attr_is_list(attr)) {
        return print_entry(text, attr, params, 0);
    }
    int length = shown_entries(attr, params, defaults);
    SLD_TRY(sld_text_printf(text, "["));
    for (int i = 0; i < length; i++) {
        SLD_TRY(sld_text_printf(text, "%s", i == 0 ? "" : ","));
        SLD_TRY(print_entry(text, attr, params, i));
    }
    return sld_text_printf(text, "]");
}

static solder_status print_attrs(sld_text *text, const sld_graph *graph, const sld_node *node)
{
    const sld_node_attrs info = sld_node_get_attrs(node->op, node->params);
    void *defaults = sld_calloc(graph->allocator, info.size);
    if (defaults == NULL) {
        return SOLDER_ERROR_MEMORY;
    }
    sld_attrs_defaults(info.attrs, info.count, defaults);
    const char *before = " {";
    solder_status status = SOLDER_OK;
    for (uint32_t i = 0; status == SOLDER_OK && i < info.count; i++) {
        const sld_attr *attr = &info.attrs[i];
        if (is_shown(&info, i, info.values, defaults)) {
            status = sld_text_printf(text, "%s", before);
            before = ", ";
            if (status == SOLDER_OK) {
                status = print_attr(text, attr, info.values, defaults);
            }
        }
    }
    sld_release(graph->allocator, defaults, info.size);
    SLD_TRY(status);
    return before[0] == ',' ? sld_text_printf(text, "}") : SOLDER_OK;
}

/* Everything but the name. */
static solder_status print_statements(sld_text *text, const sld_graph *graph, bool full);

/* Plugin "ns::Name 2" */
static solder_status print_operator(sld_text *text, const sld_node *node)
{
    SLD_TRY(sld_text_printf(text, "%s", sld_op_name(node->op)));
    if (node->op != SLD_OP_PLUGIN) {
        return SOLDER_OK;
    }
    char name[SLD_PLUGIN_MAX_TEXT];
    sld_plugin_print(((const sld_plugin_params *)node->params)->plugin, true, name);
    SLD_TRY(sld_text_printf(text, " "));
    return print_quoted(text, name);
}

static solder_status print_node(sld_text *text, const sld_graph *graph, const sld_node *node,
                                bool full)
{
    for (uint32_t i = 0; i < node->out_count; i++) {
        SLD_TRY(sld_text_printf(text, "%s", i == 0 ? "" : ", "));
        SLD_TRY(print_value(text, node->out[i]));
    }
    SLD_TRY(sld_text_printf(text, " = "));
    SLD_TRY(print_operator(text, node));
    SLD_TRY(sld_text_printf(text, "("));
    for (uint32_t i = 0; i < node->in_count; i++) {
        SLD_TRY(sld_text_printf(text, "%s", i == 0 ? "" : ", "));
        SLD_TRY(print_value(text, node->in[i].value));
    }
    SLD_TRY(sld_text_printf(text, ")"));
    SLD_TRY(print_attrs(text, graph, node));
    if (node->out_count == 0 || strcmp(node->name, node->out[0]->name) != 0) {
        SLD_TRY(sld_text_printf(text, " as "));
        SLD_TRY(print_name(text, node->name));
    }
    if (node->source != NULL && strcmp(node->source, node->name) != 0) {
        SLD_TRY(sld_text_printf(text, " from "));
        SLD_TRY(print_quoted(text, node->source));
    }
    SLD_TRY(sld_text_printf(text, "%s", node->elided ? " elided" : ""));
    for (uint32_t i = 0; !full && i < node->out_count; i++) {
        SLD_TRY(sld_text_printf(text, i == 0 ? "  # " : ", "));
        SLD_TRY(print_type(text, graph, node->out[i], full));
    }
    SLD_TRY(sld_text_printf(text, "\n"));
    for (uint32_t i = 0; i < node->body_count; i++) {
        SLD_TRY(sld_text_printf(text, "body "));
        SLD_TRY(print_quoted(text, node->bodies[i]->name));
        SLD_TRY(sld_text_printf(text, "\n"));
        SLD_TRY(print_statements(text, node->bodies[i], full));
        SLD_TRY(sld_text_printf(text, "end\n"));
    }
    return SOLDER_OK;
}

/* ---- memory ---- */

static solder_status print_view(sld_text *text, const sld_graph *graph, const sld_value *value,
                                bool full)
{
    const sld_view *view = &value->view;
    int rank = value->shape.rank;
    SLD_TRY(sld_text_printf(text, "view "));
    SLD_TRY(print_value(text, value));
    SLD_TRY(sld_text_printf(text, " = "));
    SLD_TRY(print_value(text, view->parent));
    if (view->kind == SLD_VIEW_RESHAPE) {
        return sld_text_printf(text, " reshape\n");
    }
    if (view->kind == SLD_VIEW_TRANSPOSE) {
        for (int i = 0; i < rank; i++) {
            SLD_TRY(sld_text_printf(text, "%s%d", i == 0 ? " transpose [" : ",", view->step[i]));
        }
        return sld_text_printf(text, rank == 0 ? " transpose []\n" : "]\n");
    }
    bool stepped = false;
    for (int i = 0; i < rank; i++) {
        SLD_TRY(sld_text_printf(text, i == 0 ? " [" : ","));
        SLD_TRY(print_dim(text, graph, view->start[i], full));
        stepped = stepped || view->step[i] != 1;
    }
    SLD_TRY(sld_text_printf(text, rank == 0 ? " []" : "]"));
    for (int i = 0; stepped && i < rank; i++) {
        SLD_TRY(sld_text_printf(text, "%s%d", i == 0 ? " step [" : ",", (int)view->step[i]));
    }
    return sld_text_printf(text, stepped ? "]\n" : "\n");
}

static solder_status print_place(sld_text *text, const sld_graph *graph, const sld_value *value,
                                 bool full)
{
    if (value->view.kind != SLD_VIEW_NONE) {
        SLD_TRY(print_view(text, graph, value, full));
    }
    if (value->arena_offset >= 0) {
        SLD_TRY(sld_text_printf(text, "place "));
        SLD_TRY(print_value(text, value));
        SLD_TRY(sld_text_printf(text, " %" PRId64 "\n", value->arena_offset));
    }
    return SOLDER_OK;
}

/* In the order of the lines above, not of creation: that is what reading makes it. */
static solder_status print_memory(sld_text *text, const sld_graph *graph, bool full)
{
    for (size_t i = 0; i < graph->input_count; i++) {
        SLD_TRY(print_place(text, graph, graph->inputs[i], full));
    }
    for (const sld_node *node = graph->first; node != NULL; node = node->next) {
        for (uint32_t i = 0; i < node->out_count; i++) {
            SLD_TRY(print_place(text, graph, node->out[i], full));
        }
    }
    return graph->arena_bytes > 0 ? sld_text_printf(text, "arena %" PRId64 "\n", graph->arena_bytes)
                                  : SOLDER_OK;
}

static solder_status print_statements(sld_text *text, const sld_graph *graph, bool full)
{
    SLD_TRY(print_symbols(text, graph));
    SLD_TRY(print_sources(text, graph, full));
    for (const sld_node *node = graph->first; node != NULL; node = node->next) {
        SLD_TRY(print_node(text, graph, node, full));
    }
    for (size_t i = 0; i < graph->output_count; i++) {
        SLD_TRY(sld_text_printf(text, "output "));
        SLD_TRY(print_value(text, graph->outputs[i]));
        /* An input that is an output too has said so already. */
        bool nhwc = graph->outputs[i]->is_nhwc && graph->outputs[i]->kind != SLD_VALUE_INPUT;
        SLD_TRY(sld_text_printf(text, "%s\n", nhwc ? " nhwc" : ""));
    }
    return print_memory(text, graph, full);
}

solder_status sld_graph_print(const sld_graph *graph, bool full, sld_text *text)
{
    SLD_TRY(sld_text_printf(text, "network "));
    SLD_TRY(print_quoted(text, graph->name != NULL ? graph->name : ""));
    SLD_TRY(sld_text_printf(text, "\n"));
    return print_statements(text, graph, full);
}
