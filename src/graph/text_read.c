/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the text form of a network: constants, nodes and the rest of the statements. */
#include <inttypes.h>

#include "graph/text_scan.h"
#include "plugin/plugin.h"

/* All constants of one text together: `fill` and `random` need no bytes of text to be large. */
#define MAX_DATA ((size_t)1 << 30)

typedef solder_status (*read_statement)(sld_scan *r);

/* ---- constants ---- */

static solder_status store_number(sld_scan *r, solder_dtype dtype, void *p, const char *token)
{
    double d;
    int64_t i;
    if (sld_dtype_is_float(dtype) && sld_scan_parse_f64(token, &d)) {
        sld_store_f64(dtype, p, d);
        return SOLDER_OK;
    }
    if (!sld_dtype_is_float(dtype) &&
        (dtype == SOLDER_U64 ? sld_scan_parse_u64(token, &i) : sld_scan_parse_i64(token, &i))) {
        sld_store_i64(dtype, p, i);
        if (sld_load_i64(dtype, p) == i) {
            return SOLDER_OK;
        }
    }
    return sld_scan_fail(r, SOLDER_ERROR_DATA, "'%s' is no %s", token, solder_dtype_name(dtype));
}

static solder_status read_number(sld_scan *r, solder_dtype dtype, void *p)
{
    char token[64];
    sld_scan_token(r, sld_scan_is_number, token, sizeof token);
    return token[0] == '\0' ? sld_scan_unexpected(r, "a number") : store_number(r, dtype, p, token);
}

static solder_status read_values(sld_scan *r, solder_dtype dtype, char *data, size_t count)
{
    size_t size = solder_dtype_size(dtype);
    SLD_TRY(sld_scan_expect(r, '['));
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && !sld_scan_accept(r, ',')) {
            return sld_scan_fail(r, SOLDER_ERROR_DATA, "%zu values where the shape has %zu", i,
                                 count);
        }
        SLD_TRY(read_number(r, dtype, data + i * size));
    }
    return sld_scan_accept(r, ']')
               ? SOLDER_OK
               : sld_scan_fail(r, SOLDER_ERROR_DATA, "more values than the shape's %zu", count);
}

static solder_status read_fill(sld_scan *r, solder_dtype dtype, char *data, size_t count)
{
    char element[8];
    size_t size = solder_dtype_size(dtype);
    SLD_TRY(read_number(r, dtype, element));
    for (size_t i = 0; i < count; i++) {
        memcpy(data + i * size, element, size);
    }
    return SOLDER_OK;
}

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Floats in [-1, 1), integers in [0, 8), bools 0 or 1. */
static solder_status read_random(sld_scan *r, solder_dtype dtype, char *data, size_t count)
{
    int64_t seed;
    SLD_TRY(sld_scan_integer(r, &seed));
    uint64_t state = (uint64_t)seed;
    size_t size = solder_dtype_size(dtype);
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = splitmix64(&state);
        if (sld_dtype_is_float(dtype)) {
            sld_store_f64(dtype, data + i * size, (double)(bits >> 40) * 0x1p-23 - 1.0);
        } else {
            sld_store_i64(dtype, data + i * size,
                          (int64_t)(bits >> (dtype == SOLDER_BOOL ? 63 : 61)));
        }
    }
    return SOLDER_OK;
}

static solder_status read_hex(sld_scan *r, solder_dtype dtype, char *data, size_t count)
{
    size_t size = count * solder_dtype_size(dtype);
    (void)sld_scan_peek(r); /* past spaces */
    for (size_t i = 0; i < size; i++) {
        int high = r->end - r->p >= 2 ? sld_scan_hex_digit(r->p[0]) : -1;
        int low = r->end - r->p >= 2 ? sld_scan_hex_digit(r->p[1]) : -1;
        if (high < 0 || low < 0) {
            return sld_scan_fail(r, SOLDER_ERROR_DATA, "%zu hex bytes where the shape has %zu", i,
                                 size);
        }
        data[i] = (char)(high * 16 + low);
        r->p += 2;
        if (dtype == SOLDER_BOOL && (data[i] & ~1) != 0) {
            return sld_scan_fail(r, SOLDER_ERROR_DATA, "a bool is 0 or 1");
        }
    }
    return r->p < r->end && sld_scan_hex_digit(*r->p) >= 0
               ? sld_scan_fail(r, SOLDER_ERROR_DATA, "more hex bytes than the shape's %zu", size)
               : SOLDER_OK;
}

static solder_status read_data(sld_scan *r, solder_dtype dtype, char *data, size_t count)
{
    if (sld_scan_accept_word(r, "values")) {
        return read_values(r, dtype, data, count);
    }
    if (sld_scan_accept_word(r, "fill")) {
        return read_fill(r, dtype, data, count);
    }
    if (sld_scan_accept_word(r, "random")) {
        return read_random(r, dtype, data, count);
    }
    if (sld_scan_accept_word(r, "hex")) {
        return read_hex(r, dtype, data, count);
    }
    if (sld_scan_accept_word(r, "digest")) {
        return sld_scan_fail(r, SOLDER_ERROR_DATA,
                             "a digest holds no values: print the network in full");
    }
    return sld_scan_unexpected(r, "values, fill, random or hex");
}

static solder_status read_constant(sld_scan *r)
{
    const char *name;
    solder_dtype dtype;
    sld_shape shape;
    int64_t dims[SOLDER_MAX_RANK];
    size_t bytes;
    SLD_TRY(sld_scan_new_name(r, &name));
    SLD_TRY(sld_scan_type(r, &dtype, &shape));
    for (int i = 0; i < shape.rank; i++) {
        if (!sld_expr_is_const(&r->graph->exprs, shape.d[i], &dims[i])) {
            return sld_scan_fail(r, SOLDER_ERROR_DATA, "the dims of constant %%%s are not numbers",
                                 name);
        }
    }
    if (!sld_dims_bytes(dims, shape.rank, dtype, &bytes)) {
        return sld_scan_fail(r, SOLDER_ERROR_DATA, "the dims of constant %%%s are impossible",
                             name);
    }
    if (bytes > MAX_DATA - r->data_size) {
        return sld_scan_fail(r, SOLDER_ERROR_MEMORY, "constants of more than %zu bytes", MAX_DATA);
    }
    r->data_size += bytes;
    char *data = sld_arena_alloc(&r->graph->arena, bytes);
    if (data == NULL) {
        return sld_fail_memory(r->diag, bytes);
    }
    SLD_TRY(read_data(r, dtype, data, bytes / solder_dtype_size(dtype)));
    sld_value *value;
    return sld_scan_within(
        r, sld_graph_add_constant(r->graph, name, dtype, shape.rank, dims, data, false, &value));
}

/* ---- the other statements ---- */

static solder_status read_network(sld_scan *r)
{
    const char *name;
    SLD_TRY(sld_scan_quoted(r, &name));
    r->graph->name = name;
    return SOLDER_OK;
}

static solder_status read_range(sld_scan *r, int64_t *low, int64_t *middle, int64_t *high)
{
    SLD_TRY(sld_scan_integer(r, low));
    SLD_TRY(sld_scan_expect(r, '.'));
    SLD_TRY(sld_scan_expect(r, '.'));
    SLD_TRY(sld_scan_integer(r, middle));
    SLD_TRY(sld_scan_expect(r, '.'));
    SLD_TRY(sld_scan_expect(r, '.'));
    *high = SLD_SYMBOL_OPEN;
    SLD_TRY(sld_scan_accept(r, '*') ? SOLDER_OK : sld_scan_integer(r, high));
    return *low >= 0 && *low <= *middle && *middle <= *high
               ? SOLDER_OK
               : sld_scan_fail(r, SOLDER_ERROR_DATA, "the profile is not 0 <= min <= opt <= max");
}

static solder_status read_symbol(sld_scan *r)
{
    sld_dim dim;
    int64_t low;
    int64_t middle;
    int64_t high;
    if (sld_scan_peek(r) != '"' && !sld_scan_is_word(sld_scan_peek(r))) {
        return sld_scan_unexpected(r, "a symbol");
    }
    SLD_TRY(sld_scan_primary(r, 0, &dim));
    if (r->graph->exprs.exprs[dim].op != SLD_EXPR_SYMBOL) {
        return sld_scan_fail(r, SOLDER_ERROR_DATA, "a number is no symbol");
    }
    SLD_TRY(read_range(r, &low, &middle, &high));
    sld_symbol *symbol = &r->graph->exprs.symbols[r->graph->exprs.exprs[dim].value];
    symbol->min = low;
    symbol->opt = middle;
    symbol->max = high;
    return SOLDER_OK;
}

static solder_status read_input(sld_scan *r)
{
    const char *name;
    solder_dtype dtype;
    sld_shape shape;
    sld_value *value;
    SLD_TRY(sld_scan_new_name(r, &name));
    SLD_TRY(sld_scan_type(r, &dtype, &shape));
    SLD_TRY(sld_scan_within(r, sld_graph_add_input(r->graph, name, dtype, &shape, &value)));
    value->is_nhwc = sld_scan_accept_word(r, "nhwc");
    return SOLDER_OK;
}

static solder_status read_output(sld_scan *r)
{
    sld_value *value;
    SLD_TRY(sld_scan_value(r, &value));
    for (size_t i = 0; i < r->graph->output_count; i++) {
        if (r->graph->outputs[i] == value) {
            return sld_scan_fail(r, SOLDER_ERROR_DATA, "%%%s is an output already", value->name);
        }
    }
    SLD_TRY(sld_scan_within(r, sld_graph_mark_output(r->graph, value)));
    if (sld_scan_accept_word(r, "nhwc")) {
        value->is_nhwc = true;
    }
    return SOLDER_OK;
}

/* ---- memory ---- */

static solder_status read_region(sld_scan *r, const sld_value *value, sld_view *view)
{
    sld_shape start;
    SLD_TRY(sld_scan_dims(r, &start));
    if (start.rank != value->shape.rank || start.rank != view->parent->shape.rank) {
        return sld_scan_fail(r, SOLDER_ERROR_DATA, "a region has another rank than its parent");
    }
    bool stepped = sld_scan_accept_word(r, "step");
    if (stepped) {
        SLD_TRY(sld_scan_expect(r, '['));
    }
    for (int i = 0; i < start.rank; i++) {
        int64_t step = 1;
        if (stepped) {
            SLD_TRY(i == 0 ? SOLDER_OK : sld_scan_expect(r, ','));
            SLD_TRY(sld_scan_integer(r, &step));
        }
        if (step < 1 || step > INT32_MAX) {
            return sld_scan_fail(r, SOLDER_ERROR_DATA, "a step is not positive");
        }
        view->start[i] = start.d[i];
        view->step[i] = (int32_t)step;
    }
    return stepped ? sld_scan_expect(r, ']') : SOLDER_OK;
}

static solder_status read_permutation(sld_scan *r, const sld_value *value, sld_view *view)
{
    unsigned seen = 0;
    view->kind = SLD_VIEW_TRANSPOSE;
    SLD_TRY(sld_scan_expect(r, '['));
    for (int i = 0; i < value->shape.rank; i++) {
        int64_t axis;
        SLD_TRY(i == 0 ? SOLDER_OK : sld_scan_expect(r, ','));
        SLD_TRY(sld_scan_integer(r, &axis));
        if (axis < 0 || axis >= value->shape.rank || (seen >> axis & 1u) != 0 ||
            view->parent->shape.rank != value->shape.rank) {
            return sld_scan_fail(r, SOLDER_ERROR_DATA, "%%%s: not a permutation of its axes",
                                 value->name);
        }
        seen |= 1u << axis;
        view->step[i] = (int32_t)axis;
    }
    return sld_scan_expect(r, ']');
}

/* A value that may have a place of its own. */
static solder_status read_placed(sld_scan *r, sld_value **value)
{
    SLD_TRY(sld_scan_value(r, value));
    return (*value)->kind != SLD_VALUE_CONSTANT
               ? SOLDER_OK
               : sld_scan_fail(r, SOLDER_ERROR_DATA, "%%%s is a constant", (*value)->name);
}

static solder_status read_view(sld_scan *r)
{
    sld_value *value;
    sld_view view = {.kind = SLD_VIEW_REGION};
    SLD_TRY(read_placed(r, &value));
    SLD_TRY(sld_scan_expect(r, '='));
    SLD_TRY(sld_scan_value(r, &view.parent));
    for (const sld_value *v = view.parent; v != NULL; v = v->view.parent) {
        if (v == value) {
            return sld_scan_fail(r, SOLDER_ERROR_DATA, "%%%s is a view of itself", value->name);
        }
    }
    if (sld_scan_accept_word(r, "reshape")) {
        view.kind = SLD_VIEW_RESHAPE;
    } else if (sld_scan_accept_word(r, "transpose")) {
        SLD_TRY(read_permutation(r, value, &view));
    } else {
        SLD_TRY(read_region(r, value, &view));
    }
    value->view = view;
    return SOLDER_OK;
}

static solder_status read_offset(sld_scan *r, int64_t *offset)
{
    SLD_TRY(sld_scan_integer(r, offset));
    return *offset >= 0 ? SOLDER_OK : sld_scan_fail(r, SOLDER_ERROR_DATA, "an offset is negative");
}

static solder_status read_place(sld_scan *r)
{
    sld_value *value;
    SLD_TRY(read_placed(r, &value));
    return read_offset(r, &value->arena_offset);
}

static solder_status read_arena(sld_scan *r)
{
    return read_offset(r, &r->graph->arena_bytes);
}

/* ---- nodes ---- */

static solder_status read_enum(sld_scan *r, const sld_attr *attr, void *params, int i)
{
    char word[64];
    sld_scan_token(r, sld_scan_is_number, word, sizeof word);
    int64_t value = -1;
    if (attr->kind == SLD_ATTR_DTYPE) {
        value = sld_dtype_from_name(word);
    } else if (attr->kind == SLD_ATTR_BOOL) {
        bool yes = strcmp(word, "true") == 0 || strcmp(word, "1") == 0;
        bool no = strcmp(word, "false") == 0 || strcmp(word, "0") == 0;
        value = yes ? 1 : no ? 0 : -1;
    } else {
        for (int n = 0; n < attr->name_count; n++) {
            value = strcmp(attr->names[n], word) == 0 ? n : value;
        }
    }
    return value >= 0 && sld_attr_set_i64(attr, params, i, value)
               ? SOLDER_OK
               : sld_scan_fail(r, SOLDER_ERROR_DATA, "'%s' is no value of %s", word, attr->name);
}

static solder_status read_entry(sld_scan *r, const sld_attr *attr, void *params, int i)
{
    if (attr->kind == SLD_ATTR_BOOL || attr->kind == SLD_ATTR_ENUM ||
        attr->kind == SLD_ATTR_DTYPE) {
        return read_enum(r, attr, params, i);
    }
    char token[64];
    sld_scan_token(r, sld_scan_is_number, token, sizeof token);
    int64_t whole;
    double number;
    bool is_float = attr->kind == SLD_ATTR_F32 || attr->kind == SLD_ATTR_F64;
    if (is_float ? sld_scan_parse_f64(token, &number) && sld_attr_set_f64(attr, params, i, number)
                 : sld_scan_parse_i64(token, &whole) && sld_attr_set_i64(attr, params, i, whole)) {
        return SOLDER_OK;
    }
    return sld_scan_fail(r, SOLDER_ERROR_DATA, "'%s' is no value of %s", token, attr->name);
}

static solder_status read_mask(sld_scan *r, const sld_attr *attr, void *params)
{
    uint32_t mask = 0;
    SLD_TRY(sld_scan_expect(r, '['));
    for (bool first = true; !sld_scan_accept(r, ']'); first = false) {
        int64_t axis;
        SLD_TRY(first ? SOLDER_OK : sld_scan_expect(r, ','));
        SLD_TRY(sld_scan_integer(r, &axis));
        if (axis < 0 || axis >= SOLDER_MAX_RANK) {
            return sld_scan_fail(r, SOLDER_ERROR_DATA, "%" PRId64 " is no axis", axis);
        }
        mask |= 1u << axis;
    }
    return sld_attr_set_i64(attr, params, 0, mask)
               ? SOLDER_OK
               : sld_scan_fail(r, SOLDER_ERROR_DATA, "%s does not fit", attr->name);
}

static solder_status read_list(sld_scan *r, const sld_attr *attr, void *params)
{
    int count = 0;
    SLD_TRY(sld_scan_expect(r, '['));
    for (; !sld_scan_accept(r, ']'); count++) {
        if (count == attr->count) {
            return sld_scan_fail(r, SOLDER_ERROR_DATA, "%s has more than %d entries", attr->name,
                                 (int)attr->count);
        }
        SLD_TRY(count == 0 ? SOLDER_OK : sld_scan_expect(r, ','));
        if (attr->length_offset >= 0 && sld_attr_length(attr, params) <= count) {
            (void)sld_attr_set_length(attr, params, count + 1);
        }
        SLD_TRY(read_entry(r, attr, params, count));
    }
    return attr->length_offset < 0 || sld_attr_set_length(attr, params, count)
               ? SOLDER_OK
               : sld_scan_fail(r, SOLDER_ERROR_DATA, "%s cannot have %d entries", attr->name,
                               count);
}

static solder_status read_text(sld_scan *r, const sld_attr *attr, void *params)
{
    const char *value;
    SLD_TRY(sld_scan_quoted(r, &value));
    return sld_attr_set_text(attr, params, value)
               ? SOLDER_OK
               : sld_scan_fail(r, SOLDER_ERROR_DATA, "%s is too long", attr->name);
}

static solder_status read_value(sld_scan *r, const sld_attr *attr, void *params)
{
    return attr->kind == SLD_ATTR_MASK   ? read_mask(r, attr, params)
           : attr->kind == SLD_ATTR_TEXT ? read_text(r, attr, params)
           : sld_attr_is_list(attr)      ? read_list(r, attr, params)
                                         : read_entry(r, attr, params, 0);
}

static solder_status read_attrs(sld_scan *r, sld_op op, const sld_node_attrs *known)
{
    while (!sld_scan_accept(r, '}')) {
        char name[64];
        sld_scan_token(r, sld_scan_is_word, name, sizeof name);
        const sld_attr *attr = sld_attrs_find(known->attrs, known->count, name);
        if (attr == NULL) {
            return sld_scan_fail(r, SOLDER_ERROR_DATA, "%s has no attribute '%s'", sld_op_name(op),
                                 name);
        }
        SLD_TRY(sld_scan_expect(r, '='));
        SLD_TRY(read_value(r, attr, known->values));
        if (sld_scan_peek(r) != '}') {
            SLD_TRY(sld_scan_expect(r, ','));
        }
    }
    return SOLDER_OK;
}

typedef struct node_text {
    const char *out[SLD_MAX_OUTPUTS];
    uint32_t out_count;
    sld_value *in[SLD_MAX_INPUTS];
    uint32_t in_count;
    sld_op op;
    void *params;
    const char *name, *source;
    bool elided;
} node_text;

static solder_status read_results(sld_scan *r, node_text *n)
{
    do {
        if (n->out_count == SLD_MAX_OUTPUTS) {
            return sld_scan_fail(r, SOLDER_ERROR_DATA, "more than %d results", SLD_MAX_OUTPUTS);
        }
        SLD_TRY(sld_scan_new_name(r, &n->out[n->out_count]));
        for (uint32_t i = 0; i < n->out_count; i++) {
            if (strcmp(n->out[i], n->out[n->out_count]) == 0) {
                return sld_scan_fail(r, SOLDER_ERROR_DATA, "%%%s is defined twice", n->out[i]);
            }
        }
        n->out_count++;
    } while (sld_scan_accept(r, ','));
    return sld_scan_expect(r, '=');
}

static solder_status read_operands(sld_scan *r, node_text *n)
{
    SLD_TRY(sld_scan_expect(r, '('));
    while (!sld_scan_accept(r, ')')) {
        if (n->in_count == SLD_MAX_INPUTS) {
            return sld_scan_fail(r, SOLDER_ERROR_DATA, "more than %d operands", SLD_MAX_INPUTS);
        }
        if (n->in_count > 0) {
            SLD_TRY(sld_scan_expect(r, ','));
        }
        if (!sld_scan_accept(r, '_')) {
            SLD_TRY(sld_scan_value(r, &n->in[n->in_count]));
        }
        n->in_count++;
    }
    return SOLDER_OK;
}

/* Plugin "ns::Name 2" */
static solder_status read_plugin(sld_scan *r, node_text *n)
{
    const char *name;
    (void)sld_scan_peek(r); /* past spaces */
    SLD_TRY(sld_scan_quoted(r, &name));
    const solder_plugin *plugin = sld_plugins_find_text(r->graph->plugins, name);
    if (plugin == NULL) {
        return sld_scan_within(r, sld_plugin_fail_missing(r->graph->plugins, r->diag, name));
    }
    n->params = sld_graph_plugin_params(r->graph, plugin);
    return n->params != NULL ? SOLDER_OK : sld_fail_memory(r->diag, plugin->attributes_size);
}

static solder_status default_params(sld_scan *r, node_text *n)
{
    size_t size = sld_op_get(n->op).params_size;
    n->params = sld_arena_alloc(&r->graph->arena, size);
    if (n->params == NULL) {
        return sld_fail_memory(r->diag, size);
    }
    sld_op_defaults(n->op, n->params);
    return SOLDER_OK;
}

static solder_status read_operator(sld_scan *r, node_text *n)
{
    char word[64];
    sld_scan_token(r, sld_scan_is_word, word, sizeof word);
    n->op = sld_op_find(word);
    if (n->op == SLD_OP_COUNT) {
        return sld_scan_fail(r, SOLDER_ERROR_DATA, "'%s' is no operator", word);
    }
    SLD_TRY(n->op == SLD_OP_PLUGIN ? read_plugin(r, n) : default_params(r, n));
    SLD_TRY(read_operands(r, n));
    sld_node_attrs attrs = sld_node_get_attrs(n->op, n->params);
    return sld_scan_accept(r, '{') ? read_attrs(r, n->op, &attrs) : SOLDER_OK;
}

static solder_status read_suffix(sld_scan *r, node_text *n)
{
    n->name = n->out[0];
    if (sld_scan_accept_word(r, "as")) {
        (void)sld_scan_peek(r); /* past spaces */
        SLD_TRY(sld_scan_name(r, &n->name));
    }
    if (sld_scan_accept_word(r, "from")) {
        SLD_TRY(sld_scan_quoted(r, &n->source));
    }
    n->elided = sld_scan_accept_word(r, "elided");
    return SOLDER_OK;
}

/* The names a fresh node makes up for its results may be in the way of the wanted ones. */
static solder_status name_result(sld_scan *r, sld_value *value, const char *name)
{
    sld_value *holder = sld_graph_find_value(r->graph, name);
    for (unsigned i = 0; holder != NULL && holder != value; i++) {
        const char *away = sld_arena_printf(&r->graph->arena, "%s.%u", name, i);
        if (away == NULL) {
            return sld_fail_memory(r->diag, strlen(name) + 12);
        }
        if (sld_graph_find_value(r->graph, away) == NULL) {
            SLD_TRY(sld_scan_within(r, sld_graph_rename(r->graph, holder, away)));
            holder = NULL;
        }
    }
    return sld_scan_within(r, sld_graph_rename(r->graph, value, name));
}

static solder_status read_all(sld_scan *r, bool body);

/* "body "name"" on a line of its own, then statements up to "end". */
static solder_status read_body(sld_scan *r, sld_graph **body)
{
    const char *name;
    sld_graph *owner = r->graph;
    while (sld_scan_peek(r) == '\n') {
        r->p++;
        r->line++;
    }
    if (!sld_scan_accept_word(r, "body")) {
        return sld_scan_unexpected(r, "a body");
    }
    SLD_TRY(sld_scan_quoted(r, &name));
    SLD_TRY(sld_scan_within(r, sld_graph_body_create(owner, name, body)));
    r->graph = *body;
    SLD_TRY(read_all(r, true));
    r->graph = owner;
    return SOLDER_OK;
}

static solder_status make_node(sld_scan *r, const node_text *n, sld_node **node)
{
    sld_graph *bodies[2];
    uint32_t body_count = sld_op_body_count(n->op);
    if (body_count == 0) {
        return sld_scan_within(r, sld_graph_add_node(r->graph, NULL, n->op, n->name, n->params,
                                                     n->in, n->in_count, n->out_count, node));
    }
    for (uint32_t i = 0; i < body_count; i++) {
        SLD_TRY(read_body(r, &bodies[i]));
    }
    size_t given = bodies[0]->output_count - (n->op == SLD_OP_LOOP ? 1 : 0);
    if (bodies[0]->output_count == 0 || given != n->out_count) {
        return sld_scan_fail(r, SOLDER_ERROR_DATA, "%s: %u results, its body gives %zu outputs",
                             n->name, (unsigned)n->out_count, bodies[0]->output_count);
    }
    return sld_scan_within(r, sld_graph_add_control(r->graph, NULL, n->op, n->name, n->params,
                                                    n->in, n->in_count, bodies, node));
}

static solder_status read_node(sld_scan *r)
{
    node_text n = {0};
    SLD_TRY(read_results(r, &n));
    SLD_TRY(read_operator(r, &n));
    SLD_TRY(read_suffix(r, &n));
    sld_node *node;
    SLD_TRY(make_node(r, &n, &node));
    for (uint32_t i = 0; i < n.out_count; i++) {
        SLD_TRY(name_result(r, node->out[i], n.out[i]));
    }
    node->elided = n.elided;
    node->source = n.source != NULL ? n.source : node->source;
    return SOLDER_OK;
}

static solder_status read_line(sld_scan *r)
{
    static const struct {
        const char *word;
        read_statement read;
    } statements[] = {{"network", read_network},   {"symbol", read_symbol}, {"input", read_input},
                      {"constant", read_constant}, {"output", read_output}, {"view", read_view},
                      {"place", read_place},       {"arena", read_arena}};
    if (sld_scan_peek(r) == '%') {
        return read_node(r);
    }
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(statements); i++) {
        if (sld_scan_accept_word(r, statements[i].word)) {
            return statements[i].read(r);
        }
    }
    return sld_scan_unexpected(r, "a statement");
}

static solder_status read_all(sld_scan *r, bool body)
{
    for (;;) {
        while (sld_scan_peek(r) == '\n') {
            r->p++;
            r->line++;
        }
        if (body && sld_scan_accept_word(r, "end")) {
            return SOLDER_OK;
        }
        if (r->p == r->end && body) {
            return sld_scan_unexpected(r, "'end'");
        }
        if (r->p == r->end) {
            return r->graph->exprs.failed ? sld_fail_memory(r->diag, sizeof(sld_expr)) : SOLDER_OK;
        }
        SLD_TRY(read_line(r));
        char c = sld_scan_peek(r);
        if (c != '\n' && r->p != r->end) {
            return sld_scan_unexpected(r, "the end of the line");
        }
    }
}

solder_status sld_graph_read(const solder_allocator *allocator, sld_diag *diag, const char *text,
                             size_t size, sld_graph **graph)
{
    return sld_graph_read_with(allocator, diag, NULL, text, size, graph);
}

solder_status sld_graph_read_with(const solder_allocator *allocator, sld_diag *diag,
                                  const sld_plugins *plugins, const char *text, size_t size,
                                  sld_graph **graph)
{
    sld_scan r = {.p = text, .end = text + size, .line = 1, .diag = diag};
    SLD_TRY(sld_graph_create(allocator, diag, &r.graph));
    r.graph->plugins = plugins;
    sld_graph *read = r.graph;
    solder_status status = read_all(&r, false);
    if (status != SOLDER_OK) {
        sld_graph_destroy(read);
        return status;
    }
    *graph = read;
    return SOLDER_OK;
}
