/* SPDX-License-Identifier: Apache-2.0 */
/* GraphDef's messages in text form. What no importer looks at is known by name and left out. */
#include "import/graphdef/graphdef.h"

#include "import/wire/prototxt_lexer.h"
#include "import/wire/text_wire.h"

enum {
    NOTHING,
    GRAPH,
    NODE,
    ATTR_ENTRY,
    ATTR,
    LIST,
    TENSOR,
    SHAPE,
    DIM,
    LIBRARY,
    FUNCTION,
    SIGNATURE,
    ARG,
    RET,
    CALL
};

static const sld_text_rule rules[] = {
    {GRAPH, 1, "node", SLD_TEXT_MESSAGE, NODE},
    {GRAPH, 2, "library", SLD_TEXT_MESSAGE, LIBRARY},
    {GRAPH, 0, "version", SLD_TEXT_SKIP, 0},
    {GRAPH, 0, "versions", SLD_TEXT_SKIP, 0},
    {GRAPH, 0, "debug_info", SLD_TEXT_SKIP, 0},
    {NODE, 1, "name", SLD_TEXT_STRING, 0},
    {NODE, 2, "op", SLD_TEXT_STRING, 0},
    {NODE, 3, "input", SLD_TEXT_STRING, 0},
    {NODE, 5, "attr", SLD_TEXT_MESSAGE, ATTR_ENTRY},
    {NODE, 0, "device", SLD_TEXT_SKIP, 0},
    {NODE, 0, "experimental_debug_info", SLD_TEXT_SKIP, 0},
    {NODE, 0, "experimental_type", SLD_TEXT_SKIP, 0},
    {ATTR_ENTRY, 1, "key", SLD_TEXT_STRING, 0},
    {ATTR_ENTRY, 2, "value", SLD_TEXT_MESSAGE, ATTR},
    {ATTR, 1, "list", SLD_TEXT_MESSAGE, LIST},
    {ATTR, 2, "s", SLD_TEXT_STRING, 0},
    {ATTR, 3, "i", SLD_TEXT_INTEGER, 0},
    {ATTR, 4, "f", SLD_TEXT_FLOAT, 0},
    {ATTR, 5, "b", SLD_TEXT_INTEGER, 0},
    {ATTR, 6, "type", SLD_TEXT_ENUM, 0},
    {ATTR, 7, "shape", SLD_TEXT_MESSAGE, SHAPE},
    {ATTR, 8, "tensor", SLD_TEXT_MESSAGE, TENSOR},
    {ATTR, 9, "placeholder", SLD_TEXT_STRING, 0},
    {ATTR, 10, "func", SLD_TEXT_MESSAGE, CALL},
    {LIST, 2, "s", SLD_TEXT_STRING, 0},
    {LIST, 3, "i", SLD_TEXT_INTEGER, 0},
    {LIST, 4, "f", SLD_TEXT_FLOAT, 0},
    {LIST, 5, "b", SLD_TEXT_INTEGER, 0},
    {LIST, 6, "type", SLD_TEXT_ENUM, 0},
    {LIST, 7, "shape", SLD_TEXT_MESSAGE, SHAPE},
    {LIST, 8, "tensor", SLD_TEXT_MESSAGE, TENSOR},
    {LIST, 9, "func", SLD_TEXT_MESSAGE, CALL},
    {TENSOR, 1, "dtype", SLD_TEXT_ENUM, 0},
    {TENSOR, 2, "tensor_shape", SLD_TEXT_MESSAGE, SHAPE},
    {TENSOR, 4, "tensor_content", SLD_TEXT_STRING, 0},
    {TENSOR, 5, "float_val", SLD_TEXT_FLOAT, 0},
    {TENSOR, 6, "double_val", SLD_TEXT_DOUBLE, 0},
    {TENSOR, 7, "int_val", SLD_TEXT_INTEGER, 0},
    {TENSOR, 8, "string_val", SLD_TEXT_STRING, 0},
    {TENSOR, 9, "scomplex_val", SLD_TEXT_FLOAT, 0},
    {TENSOR, 10, "int64_val", SLD_TEXT_INTEGER, 0},
    {TENSOR, 11, "bool_val", SLD_TEXT_INTEGER, 0},
    {TENSOR, 12, "dcomplex_val", SLD_TEXT_DOUBLE, 0},
    {TENSOR, 13, "half_val", SLD_TEXT_INTEGER, 0},
    {TENSOR, 16, "uint32_val", SLD_TEXT_INTEGER, 0},
    {TENSOR, 17, "uint64_val", SLD_TEXT_INTEGER, 0},
    {TENSOR, 18, "float8_val", SLD_TEXT_STRING, 0},
    {TENSOR, 0, "version_number", SLD_TEXT_SKIP, 0},
    {TENSOR, 0, "resource_handle_val", SLD_TEXT_SKIP, 0},
    {TENSOR, 0, "variant_val", SLD_TEXT_SKIP, 0},
    {SHAPE, 2, "dim", SLD_TEXT_MESSAGE, DIM},
    {SHAPE, 3, "unknown_rank", SLD_TEXT_INTEGER, 0},
    {DIM, 1, "size", SLD_TEXT_INTEGER, 0},
    {DIM, 0, "name", SLD_TEXT_SKIP, 0},
    {LIBRARY, 1, "function", SLD_TEXT_MESSAGE, FUNCTION},
    {LIBRARY, 0, "gradient", SLD_TEXT_SKIP, 0},
    {LIBRARY, 0, "registered_gradients", SLD_TEXT_SKIP, 0},
    {FUNCTION, 1, "signature", SLD_TEXT_MESSAGE, SIGNATURE},
    {FUNCTION, 3, "node_def", SLD_TEXT_MESSAGE, NODE},
    {FUNCTION, 4, "ret", SLD_TEXT_MESSAGE, RET},
    {FUNCTION, 0, "attr", SLD_TEXT_SKIP, 0},
    {FUNCTION, 0, "arg_attr", SLD_TEXT_SKIP, 0},
    {FUNCTION, 0, "control_ret", SLD_TEXT_SKIP, 0},
    {FUNCTION, 0, "resource_arg_unique_id", SLD_TEXT_SKIP, 0},
    {SIGNATURE, 1, "name", SLD_TEXT_STRING, 0},
    {SIGNATURE, 2, "input_arg", SLD_TEXT_MESSAGE, ARG},
    {SIGNATURE, 3, "output_arg", SLD_TEXT_MESSAGE, ARG},
    {SIGNATURE, 0, "control_output", SLD_TEXT_SKIP, 0},
    {SIGNATURE, 0, "attr", SLD_TEXT_SKIP, 0},
    {SIGNATURE, 0, "deprecation", SLD_TEXT_SKIP, 0},
    {SIGNATURE, 0, "summary", SLD_TEXT_SKIP, 0},
    {SIGNATURE, 0, "description", SLD_TEXT_SKIP, 0},
    {SIGNATURE, 0, "is_commutative", SLD_TEXT_SKIP, 0},
    {SIGNATURE, 0, "is_aggregate", SLD_TEXT_SKIP, 0},
    {SIGNATURE, 0, "is_stateful", SLD_TEXT_SKIP, 0},
    {SIGNATURE, 0, "allows_uninitialized_input", SLD_TEXT_SKIP, 0},
    {SIGNATURE, 0, "is_distributed_communication", SLD_TEXT_SKIP, 0},
    {ARG, 1, "name", SLD_TEXT_STRING, 0},
    {ARG, 0, "description", SLD_TEXT_SKIP, 0},
    {ARG, 0, "type", SLD_TEXT_SKIP, 0},
    {ARG, 0, "type_attr", SLD_TEXT_SKIP, 0},
    {ARG, 0, "number_attr", SLD_TEXT_SKIP, 0},
    {ARG, 0, "type_list_attr", SLD_TEXT_SKIP, 0},
    {ARG, 0, "handle_data", SLD_TEXT_SKIP, 0},
    {ARG, 0, "is_ref", SLD_TEXT_SKIP, 0},
    {ARG, 0, "experimental_full_type", SLD_TEXT_SKIP, 0},
    {RET, 1, "key", SLD_TEXT_STRING, 0},
    {RET, 2, "value", SLD_TEXT_STRING, 0},
    {CALL, 1, "name", SLD_TEXT_STRING, 0},
    {CALL, 0, "attr", SLD_TEXT_SKIP, 0},
};

static const sld_text_name types[] = {
    {"DT_INVALID", 0},      {"DT_FLOAT", 1},          {"DT_DOUBLE", 2},      {"DT_INT32", 3},
    {"DT_UINT8", 4},        {"DT_INT16", 5},          {"DT_INT8", 6},        {"DT_STRING", 7},
    {"DT_COMPLEX64", 8},    {"DT_INT64", 9},          {"DT_BOOL", 10},       {"DT_QINT8", 11},
    {"DT_QUINT8", 12},      {"DT_QINT32", 13},        {"DT_BFLOAT16", 14},   {"DT_QINT16", 15},
    {"DT_QUINT16", 16},     {"DT_UINT16", 17},        {"DT_COMPLEX128", 18}, {"DT_HALF", 19},
    {"DT_RESOURCE", 20},    {"DT_VARIANT", 21},       {"DT_UINT32", 22},     {"DT_UINT64", 23},
    {"DT_FLOAT8_E5M2", 24}, {"DT_FLOAT8_E4M3FN", 25}, {"DT_INT4", 29},       {"DT_UINT4", 30},
    {"DT_FLOAT_REF", 101},  {"DT_DOUBLE_REF", 102},   {"DT_INT32_REF", 103}, {"DT_INT64_REF", 109},
    {"DT_BOOL_REF", 110},   {"DT_HALF_REF", 119},
};

solder_status sld_graphdef_from_text(sld_diag *diag, sld_arena *arena, const char *text,
                                     size_t size, sld_tf_bytes *bytes)
{
    static const sld_text_schema schema = {"tensorflow", rules, SLD_ARRAY_LENGTH(rules), types,
                                           SLD_ARRAY_LENGTH(types)};
    return sld_text_to_wire(diag, arena, &schema, text, size, &bytes->data, &bytes->size);
}

/* ---- what a file is ---- */

static bool next_is_any(sld_lexer *lexer, const char *const *words)
{
    sld_lexer_next(lexer);
    for (; *words != NULL; words++) {
        if (lexer->token.kind == SLD_TOKEN_NAME && sld_token_equals(&lexer->token, *words)) {
            return true;
        }
    }
    return false;
}

bool sld_graphdef_looks_like_text(const uint8_t *data, size_t size)
{
    static const struct {
        const char *field, *inner[6];
    } begins[] = {{"node", {"name", "op", "input", "device", "attr", NULL}},
                  {"library", {"function", "gradient", NULL}},
                  {"versions", {"producer", "min_consumer", "bad_consumers", NULL}}};
    sld_lexer lexer;
    sld_lexer_open(&lexer, (const char *)data, size);
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(begins); i++) {
        if (lexer.token.kind == SLD_TOKEN_NAME && sld_token_equals(&lexer.token, begins[i].field)) {
            sld_lexer_next(&lexer);
            if (sld_token_is(&lexer.token, ':')) {
                sld_lexer_next(&lexer);
            }
            return (sld_token_is(&lexer.token, '{') || sld_token_is(&lexer.token, '<')) &&
                   next_is_any(&lexer, begins[i].inner);
        }
    }
    return false;
}

bool sld_graphdef_text_begins(const uint8_t *data, size_t size, const char *field)
{
    sld_lexer lexer;
    sld_lexer_open(&lexer, (const char *)data, size);
    return lexer.token.kind == SLD_TOKEN_NAME && sld_token_equals(&lexer.token, field);
}
