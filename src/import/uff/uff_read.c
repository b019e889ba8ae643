/* SPDX-License-Identifier: Apache-2.0 */
/* From bytes to nodes. Weights stay in the file. */
#include "graph/names.h"
#include "import/uff/uff.h"
#include "import/wire/wire_check.h"
#include "import/wire/wire_read.h"

#define FOR_FIELDS(bytes, field)                                                                   \
    for (sld_wire wire_ = sld_wire_open((bytes).data, (bytes).size);                               \
         sld_wire_next(&wire_, &(field)) == SLD_WIRE_FIELD;)

/* ---- the check ---- */

enum {
    META = 1,
    DESCRIPTOR,
    GRAPH,
    NODE,
    ENTRY,
    DATA,
    TEXTS,
    REALS,
    INTEGERS,
    ORDERS_LIST,
    ORDERS,
    ORDERS_ENTRY
};

/* Fields of MetaGraph. */
enum { META_VERSION = 1, META_CORE = 2, META_DESCRIPTOR = 3, META_GRAPH = 4, META_DATA = 5 };

/* Fields of Data, which is one of them. */
enum {
    DATA_S = 1,
    DATA_S_LIST,
    DATA_D,
    DATA_D_LIST,
    DATA_B,
    DATA_B_LIST,
    DATA_I,
    DATA_I_LIST,
    DATA_BLOB,
    DATA_REF = 100,
    DATA_DTYPE,
    DATA_DTYPE_LIST,
    DATA_ORDERS,
    DATA_ORDERS_LIST
};

enum { V = SLD_WIRE_IS_VARINT, D = SLD_WIRE_IS_FIXED64, B = SLD_WIRE_IS_BYTES };

static const sld_wire_rule rules[] = {
    {META, META_VERSION, V, 0},
    {META, META_CORE, V, 0},
    {META, META_DESCRIPTOR, B, DESCRIPTOR},
    {META, META_GRAPH, B, GRAPH},
    {META, META_DATA, B, ENTRY},
    {DESCRIPTOR, 1, B, 0},
    {DESCRIPTOR, 2, V, 0},
    {DESCRIPTOR, 3, V, 0},
    {GRAPH, 1, B, 0},
    {GRAPH, 2, B, NODE},
    {NODE, 1, B, 0},
    {NODE, 2, B, 0},
    {NODE, 3, B, 0},
    {NODE, 4, B, ENTRY},
    {NODE, 100, B, ENTRY},
    {ENTRY, 1, B, 0},
    {ENTRY, 2, B, DATA},
    {DATA, DATA_S, B, 0},
    {DATA, DATA_S_LIST, B, TEXTS},
    {DATA, DATA_D, D, 0},
    {DATA, DATA_D_LIST, B, REALS},
    {DATA, DATA_B, V, 0},
    {DATA, DATA_B_LIST, B, INTEGERS},
    {DATA, DATA_I, V, 0},
    {DATA, DATA_I_LIST, B, INTEGERS},
    {DATA, DATA_BLOB, B, 0},
    {DATA, DATA_REF, B, 0},
    {DATA, DATA_DTYPE, V, 0},
    {DATA, DATA_DTYPE_LIST, B, INTEGERS},
    {DATA, DATA_ORDERS, B, ORDERS},
    {DATA, DATA_ORDERS_LIST, B, ORDERS_LIST},
    {TEXTS, 1, B, 0},
    {REALS, 1, D | B, 0},
    {INTEGERS, 1, V | B, 0},
    {ORDERS_LIST, 1, B, ORDERS},
    {ORDERS, 1, B, ORDERS_ENTRY},
    {ORDERS_ENTRY, 1, V, 0},
    {ORDERS_ENTRY, 2, B, INTEGERS},
};

solder_status sld_uff_check(sld_diag *diag, const uint8_t *data, size_t size)
{
    return sld_wire_check(diag, "uff", rules, SLD_ARRAY_LENGTH(rules), data, size);
}

/* ---- graphs inside ---- */

bool sld_uff_names_graphs(const char *op, const char *attribute)
{
    static const struct {
        const char *op, *attribute;
    } all[] = {{"If", "then_branch"},
               {"If", "else_branch"},
               {"Case", "branches"},
               {"While", "cond"},
               {"While", "body"}};
    if (strncmp(op, "Stateless", 9) == 0) {
        op += 9;
    }
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(all); i++) {
        if (strcmp(op, all[i].op) == 0 && strcmp(attribute, all[i].attribute) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- types ---- */

static const struct {
    int32_t uff, tf;
} types[] = {{0x10008, 6}, {0x10010, 5}, {0x10020, 3}, {0x10040, 9}, {0x20010, 19}, {0x20020, 1}};

int sld_uff_type_to_tf(int64_t type)
{
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(types); i++) {
        if (types[i].uff == type) {
            return types[i].tf;
        }
    }
    return type > SLD_UFF_TYPE_OF_TF && type < SLD_UFF_TYPE_OF_TF + 256
               ? (int)(type - SLD_UFF_TYPE_OF_TF)
               : 0;
}

int64_t sld_uff_type_from_tf(int type)
{
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(types); i++) {
        if (types[i].tf == type) {
            return types[i].uff;
        }
    }
    return type > 0 && type < 256 ? SLD_UFF_TYPE_OF_TF + type : 0;
}

/* ---- reading ---- */

typedef struct reader {
    sld_wire_reader wire;
    sld_names *references;         /* key -> sld_tf_bytes of a Data */
    sld_names *graphs;             /* id -> sld_tf_function, of all but the first */
    size_t referred, referred_max; /* bytes of data that fields refer to */
} reader;

static sld_tf_bytes bytes_of(const sld_wire_field *field)
{
    return (sld_tf_bytes){field->data, field->size};
}

static uint32_t count_field(sld_tf_bytes bytes, uint32_t number)
{
    uint32_t count = 0;
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        count += field.number == number;
    }
    return count;
}

/* An entry of map<string, Data>. */
typedef struct entry {
    const char *key;
    sld_tf_bytes data;
} entry;

static entry read_entry(reader *r, sld_tf_bytes bytes)
{
    entry e = {.key = ""};
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        if (field.number == 1) {
            e.key = sld_wire_text(&r->wire, &field);
        } else if (field.number == 2) {
            e.data = bytes_of(&field);
        }
    }
    return e;
}

/* ---- lists, written again as TensorFlow's attributes have them ---- */

typedef struct output {
    uint8_t *data;
    size_t size;
} output;

static void put_varint(output *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) {
        out->data[out->size++] = (uint8_t)(value | 0x80);
    }
    out->data[out->size++] = (uint8_t)value;
}

static void put_real(output *out, uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    float narrow = (float)value;
    out->data[out->size++] = 4 << 3 | SLD_WIRE_FIXED32;
    memcpy(out->data + out->size, &narrow, sizeof narrow);
    out->size += sizeof narrow;
}

static void put_reals(output *out, const sld_wire_field *field)
{
    if (field->type == SLD_WIRE_FIXED64) {
        put_real(out, field->value);
    }
    for (size_t i = 0; field->type == SLD_WIRE_BYTES && i + 8 <= field->size; i += 8) {
        uint64_t bits;
        memcpy(&bits, field->data + i, 8);
        put_real(out, bits);
    }
}

static void put_integer(output *out, uint32_t number, uint64_t value)
{
    if (number == 6) { /* types */
        value = (uint64_t)sld_uff_type_to_tf((int64_t)value);
    }
    put_varint(out, number << 3);
    put_varint(out, value);
}

static void put_integers(output *out, uint32_t number, const sld_wire_field *field)
{
    if (field->type == SLD_WIRE_VARINT) {
        put_integer(out, number, field->value);
        return;
    }
    sld_wire wire = sld_wire_open(field->data, field->size);
    uint64_t value;
    while (sld_wire_varint(&wire, &value) == SLD_WIRE_FIELD) {
        put_integer(out, number, value);
    }
}

/* number: of the field in TensorFlow's ListValue. */
static sld_tf_bytes convert_list(reader *r, sld_tf_bytes list, uint32_t number)
{
    output out = {
        .data = sld_wire_take(&r->wire, list.size, 2)}; /* an element of one byte gets a tag */
    sld_wire_field field;
    if (out.data == NULL) {
        return (sld_tf_bytes){NULL, 0};
    }
    FOR_FIELDS(list, field)
    {
        if (field.number != 1) {
            continue;
        }
        if (number == 2) {
            put_varint(&out, 2 << 3 | SLD_WIRE_BYTES);
            put_varint(&out, field.size);
            memcpy(out.data + out.size, field.data, field.size);
            out.size += field.size;
        } else if (number == 4) {
            put_reals(&out, &field);
        } else {
            put_integers(&out, number, &field);
        }
    }
    return (sld_tf_bytes){out.data, out.size};
}

/* A list of integers (as a ListValue) as a TensorShapeProto. */
static sld_tf_bytes convert_shape(reader *r, sld_tf_bytes list)
{
    int64_t dims[SOLDER_MAX_RANK + 1];
    size_t rank = sld_tf_read_ints(list, dims, SOLDER_MAX_RANK + 1);
    output out = {.data = sld_wire_take(&r->wire, SOLDER_MAX_RANK + 1, 16)};
    for (size_t i = 0; out.data != NULL && i < rank && i <= SOLDER_MAX_RANK; i++) {
        uint8_t bytes[12];
        output dim = {bytes, 0};
        put_varint(&dim, 1 << 3);
        put_varint(&dim, (uint64_t)dims[i]);
        put_varint(&out, 2 << 3 | SLD_WIRE_BYTES);
        put_varint(&out, dim.size);
        memcpy(out.data + out.size, bytes, dim.size);
        out.size += dim.size;
    }
    return (sld_tf_bytes){out.data, out.size};
}

/* ---- fields ---- */

static void read_list(reader *r, const sld_wire_field *field, uint32_t number, sld_tf_attr *attr)
{
    attr->kind = SLD_TF_LIST;
    attr->bytes = convert_list(r, bytes_of(field), number);
}

static void read_data_field(reader *r, const sld_wire_field *field, sld_tf_attr *attr)
{
    attr->bytes = bytes_of(field);
    attr->i = (int64_t)field->value;
    switch (field->number) {
    case DATA_S:
    case DATA_BLOB:
        attr->kind = SLD_TF_STRING;
        break;
    case DATA_D: {
        double value;
        memcpy(&value, &field->value, sizeof value);
        attr->kind = SLD_TF_FLOAT;
        attr->f = (float)value;
        break;
    }
    case DATA_B:
        attr->kind = SLD_TF_BOOL;
        break;
    case DATA_I:
        attr->kind = SLD_TF_INT;
        break;
    case DATA_DTYPE:
        attr->kind = SLD_TF_TYPE;
        attr->i = sld_uff_type_to_tf(attr->i);
        break;
    case DATA_S_LIST:
        read_list(r, field, 2, attr);
        break;
    case DATA_D_LIST:
        read_list(r, field, 4, attr);
        break;
    case DATA_B_LIST:
        read_list(r, field, 5, attr);
        break;
    case DATA_I_LIST:
        read_list(r, field, 3, attr);
        break;
    case DATA_DTYPE_LIST:
        read_list(r, field, 6, attr);
        break;
    case DATA_ORDERS:
    case DATA_ORDERS_LIST:
        attr->kind = SLD_TF_FOREIGN;
        break;
    default:
        break;
    }
}

static sld_tf_bytes follow_reference(reader *r, const sld_wire_field *field, const char *name)
{
    const char *key = sld_wire_text(&r->wire, field);
    const sld_tf_bytes *data =
        r->wire.status == SOLDER_OK ? sld_names_find(r->references, key) : NULL;
    if (r->wire.status == SOLDER_OK && data == NULL) {
        r->wire.status =
            sld_fail(r->wire.diag, SOLDER_ERROR_DATA,
                     "uff: field '%s' refers to '%s', which the file does not have", name, key);
    }
    return data != NULL ? *data : (sld_tf_bytes){NULL, 0};
}

/*
 * What is referred to may be read, and copied, once per reference: lists are short, and all
 * together not many times the file. Converters refer to everything but orders once.
 */
#define REFERRED_LIST_MAX 1024

static void count_referred(reader *r, const sld_wire_field *field, const char *name)
{
    if (!sld_size_add(r->referred, field->size, &r->referred) || r->referred > r->referred_max) {
        r->wire.status =
            sld_fail(r->wire.diag, SOLDER_ERROR_DATA,
                     "uff: field '%s' refers to data that is referred to too often", name);
    }
}

static bool is_list(uint32_t number)
{
    return number == DATA_ORDERS || number == DATA_ORDERS_LIST || number == DATA_S_LIST ||
           number == DATA_D_LIST || number == DATA_B_LIST || number == DATA_I_LIST ||
           number == DATA_DTYPE_LIST;
}

static void read_data(reader *r, sld_tf_bytes data, bool referred, sld_tf_attr *attr)
{
    sld_wire_field field;
    FOR_FIELDS(data, field)
    {
        if (r->wire.status != SOLDER_OK) {
            return;
        }
        if (referred && is_list(field.number) && field.size > REFERRED_LIST_MAX) {
            r->wire.status =
                sld_fail(r->wire.diag, SOLDER_ERROR_DATA,
                         "uff: field '%s' refers to a list of %zu bytes", attr->name, field.size);
        } else if (field.number != DATA_REF) {
            read_data_field(r, &field, attr);
            if (referred) {
                count_referred(r, &field, attr->name);
            }
        } else if (!referred) {
            read_data(r, follow_reference(r, &field, attr->name), true, attr);
        } else {
            r->wire.status = sld_fail(r->wire.diag, SOLDER_ERROR_DATA,
                                      "uff: field '%s' refers to a reference", attr->name);
        }
    }
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), n = strlen(end);
    return length >= n && strcmp(text + length - n, end) == 0;
}

static const sld_tf_function *find_graph(reader *r, const sld_tf_attr *attr, sld_tf_bytes name)
{
    const char *id = sld_arena_strndup(r->wire.arena, (const char *)name.data, name.size);
    const sld_tf_function *graph = id != NULL ? sld_names_find(r->graphs, id) : NULL;
    if (id == NULL) {
        r->wire.status = sld_fail_memory(r->wire.diag, name.size);
    } else if (graph == NULL) {
        r->wire.status = sld_fail(r->wire.diag, SOLDER_ERROR_DATA,
                                  "uff: field '%s' names graph '%s', which the file does not have",
                                  attr->name, id);
    }
    return graph;
}

/* Functions of If, Case and While come back from the names of graphs. */
static void find_graphs(reader *r, sld_tf_attr *attr)
{
    sld_wire_field field;
    if (attr->kind == SLD_TF_STRING) {
        attr->kind = SLD_TF_FUNCTION;
        attr->function = find_graph(r, attr, attr->bytes);
    } else if (attr->kind == SLD_TF_LIST) {
        attr->functions =
            sld_wire_take(&r->wire, count_field(attr->bytes, 2), sizeof *attr->functions);
        FOR_FIELDS(attr->bytes, field)
        {
            if (field.number == 2 && r->wire.status == SOLDER_OK) {
                attr->functions[attr->function_count++] = find_graph(r, attr, bytes_of(&field));
            }
        }
    }
}

/* Attributes of TensorFlow operators come back as what they were: shapes were written as lists, and
 * by Python 3 strings as "b'...'". */
static void restore(reader *r, sld_tf_attr *attr)
{
    const char *s = (const char *)attr->bytes.data;
    size_t size = attr->bytes.size;
    if (attr->kind == SLD_TF_LIST && ends_with(attr->name, "shape")) {
        attr->kind = SLD_TF_SHAPE;
        attr->bytes = convert_shape(r, attr->bytes);
    } else if (attr->kind == SLD_TF_STRING && size >= 3 && s[0] == 'b' && s[1] == '\'' &&
               s[size - 1] == '\'') {
        attr->bytes = (sld_tf_bytes){attr->bytes.data + 2, size - 3};
    }
}

static void read_field(reader *r, sld_tf_bytes bytes, bool extra, sld_tf_node_proto *node)
{
    entry e = read_entry(r, bytes);
    if (r->wire.status != SOLDER_OK ||
        (extra && strncmp(e.key, SLD_UFF_EXTRA, strlen(SLD_UFF_EXTRA)) != 0)) {
        return;
    }
    sld_tf_attr *attr = &node->attrs[node->attr_count++];
    *attr = (sld_tf_attr){.name = e.key};
    read_data(r, e.data, false, attr);
    if (node->op[0] == '_' && !extra) {
        restore(r, attr);
    }
    if (r->wire.status == SOLDER_OK && node->op[0] == '_' &&
        sld_uff_names_graphs(node->op + 1, attr->name)) {
        find_graphs(r, attr);
    }
}

static sld_tf_node_proto read_node(reader *r, sld_tf_bytes bytes)
{
    sld_tf_node_proto node = {.name = "", .op = ""};
    sld_wire_field field;
    node.in = sld_wire_take(&r->wire, count_field(bytes, 2), sizeof *node.in);
    node.attrs = sld_wire_take(&r->wire, (size_t)count_field(bytes, 4) + count_field(bytes, 100),
                               sizeof *node.attrs);
    FOR_FIELDS(bytes, field)
    {
        if (field.number == 1) {
            node.name = sld_wire_text(&r->wire, &field);
        } else if (field.number == 3) {
            node.op = sld_wire_text(&r->wire, &field);
        } else if (field.number == 2 && r->wire.status == SOLDER_OK) {
            node.in[node.in_count++] = sld_wire_text(&r->wire, &field);
        }
    }
    FOR_FIELDS(bytes, field)
    {
        if ((field.number == 4 || field.number == 100) && r->wire.status == SOLDER_OK) {
            read_field(r, bytes_of(&field), field.number == 100, &node);
        }
    }
    if (r->wire.status == SOLDER_ERROR_DATA) {
        r->wire.status = sld_fail_within(r->wire.diag, r->wire.status, "node '%s'", node.name);
    }
    return node;
}

/* ---- the graph ---- */

static bool is_output(const sld_tf_node_proto *node)
{
    return strcmp(node->op, SLD_UFF_RESULT) == 0;
}

static void collect_outputs(reader *r, sld_uff *uff)
{
    const sld_tf_model *model = &uff->tf.model;
    size_t count = 0;
    for (uint32_t i = 0; i < model->node_count; i++) {
        count += is_output(&model->nodes[i]) ? model->nodes[i].in_count : 0;
    }
    uff->outputs = sld_wire_take(&r->wire, count, sizeof *uff->outputs);
    for (uint32_t i = 0; i < model->node_count && r->wire.status == SOLDER_OK; i++) {
        const sld_tf_node_proto *node = &model->nodes[i];
        for (uint32_t j = 0; is_output(node) && j < node->in_count; j++) {
            uff->outputs[uff->output_count++] = node->in[j];
        }
    }
}

static bool takes_images(const char *op)
{
    static const char *const ops[] = {"Conv", "ConvTranspose", "Pool", "BatchNorm"};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(ops); i++) {
        if (strcmp(op, ops[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void find_layout(sld_uff *uff, const sld_tf_node_proto *node)
{
    for (uint32_t i = 0; i < node->attr_count && takes_images(node->op); i++) {
        const sld_tf_attr *attr = &node->attrs[i];
        if (attr->kind == SLD_TF_FOREIGN && strcmp(attr->name, "inputs_orders") == 0) {
            int layout = sld_uff_image_layout(attr->bytes);
            uff->tf.channels_first = uff->tf.channels_first || layout == 1;
            uff->channels_last = uff->channels_last || layout == 0;
        }
    }
}

static void read_graph(reader *r, sld_tf_bytes bytes, sld_uff *uff)
{
    sld_tf_model *model = &uff->tf.model;
    sld_wire_field field;
    model->nodes = sld_wire_take(&r->wire, count_field(bytes, 2), sizeof *model->nodes);
    FOR_FIELDS(bytes, field)
    {
        if (field.number == 2 && r->wire.status == SOLDER_OK) {
            model->nodes[model->node_count] = read_node(r, bytes_of(&field));
            find_layout(uff, &model->nodes[model->node_count++]);
        }
    }
    collect_outputs(r, uff);
}

/* ---- graphs inside, read as functions ---- */

static void take_results(reader *r, sld_tf_function *f, const sld_tf_node_proto *mark)
{
    for (uint32_t i = 0; i < mark->in_count; i++) {
        const char *name = sld_arena_printf(r->wire.arena, "%u", (unsigned)f->ret_count);
        if (name == NULL) {
            r->wire.status = sld_fail_memory(r->wire.diag, sizeof i);
            return;
        }
        f->rets[f->ret_count] = f->ret_names[f->ret_count] = name;
        f->ret_values[f->ret_count++] = mark->in[i];
    }
    f->ret_value_count = f->ret_count;
}

/* Its Input nodes are the arguments and what its MarkOutput nodes read the results, in order. */
static void read_function(reader *r, sld_tf_bytes bytes, sld_tf_function *f)
{
    sld_wire_field field;
    size_t results = 0;
    uint32_t count = 0;
    sld_tf_node_proto *nodes = sld_wire_take(&r->wire, count_field(bytes, 2), sizeof *nodes);
    FOR_FIELDS(bytes, field)
    {
        if (field.number == 2 && r->wire.status == SOLDER_OK) {
            nodes[count] = read_node(r, bytes_of(&field));
            results += is_output(&nodes[count]) ? nodes[count].in_count : 0;
            count++;
        }
    }
    f->nodes = nodes;
    f->args = sld_wire_take(&r->wire, count, sizeof *f->args);
    f->rets = sld_wire_take(&r->wire, results, sizeof *f->rets);
    f->ret_names = sld_wire_take(&r->wire, results, sizeof *f->ret_names);
    f->ret_values = sld_wire_take(&r->wire, results, sizeof *f->ret_values);
    for (uint32_t i = 0; i < count && r->wire.status == SOLDER_OK; i++) {
        if (is_output(&nodes[i])) {
            take_results(r, f, &nodes[i]);
        } else if (strcmp(nodes[i].op, SLD_UFF_ARGUMENT) == 0) {
            f->args[f->arg_count++] = nodes[i].name;
        } else {
            f->nodes[f->node_count++] = nodes[i];
        }
    }
}

static const char *graph_id(reader *r, sld_tf_bytes bytes)
{
    const char *id = "";
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        id = field.number == 1 ? sld_wire_text(&r->wire, &field) : id;
    }
    return id;
}

/* Their names first: nodes of any graph may name any of them. The first graph is the model. */
static void read_graphs(reader *r, sld_tf_bytes file, sld_uff *uff)
{
    uint32_t count = count_field(file, META_GRAPH), i = 0;
    sld_tf_function *inner = sld_wire_take(&r->wire, count, sizeof *inner);
    sld_wire_field field;
    FOR_FIELDS(file, field)
    {
        if (field.number != META_GRAPH || r->wire.status != SOLDER_OK) {
            continue;
        }
        inner[i].name = graph_id(r, bytes_of(&field));
        if (i > 0 && sld_names_find(r->graphs, inner[i].name) != NULL) {
            r->wire.status = sld_fail(r->wire.diag, SOLDER_ERROR_DATA,
                                      "uff: graph '%s' is there twice", inner[i].name);
        } else if (i > 0 && !sld_names_add(r->graphs, inner[i].name, &inner[i])) {
            r->wire.status = sld_fail_memory(r->wire.diag, strlen(inner[i].name));
        }
        i++;
    }
    i = 0;
    FOR_FIELDS(file, field)
    {
        if (field.number != META_GRAPH || r->wire.status != SOLDER_OK) {
            continue;
        }
        if (i == 0) {
            read_graph(r, bytes_of(&field), uff);
        } else {
            read_function(r, bytes_of(&field), &inner[i]);
        }
        i++;
    }
}

/* ---- the file ---- */

static void check_descriptor(reader *r, sld_tf_bytes bytes)
{
    const char *id = "";
    int64_t version = 0;
    bool optional = false;
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        if (field.number == 1) {
            id = sld_wire_text(&r->wire, &field);
        } else if (field.number == 2) {
            version = (int64_t)field.value;
        } else if (field.number == 3) {
            optional = field.value != 0;
        }
    }
    bool known = strcmp(id, "tensorflow_extension") == 0 || strcmp(id, "custom") == 0;
    if (r->wire.status == SOLDER_OK && !optional && (!known || version > 1)) {
        r->wire.status = sld_fail(r->wire.diag, SOLDER_ERROR_UNSUPPORTED,
                                  "uff: the file needs version %lld of the extension '%s'",
                                  (long long)version, id);
    }
}

static void add_reference(reader *r, sld_tf_bytes bytes)
{
    entry e = read_entry(r, bytes);
    sld_tf_bytes *data = sld_wire_take(&r->wire, 1, sizeof *data);
    if (data == NULL) {
        return;
    }
    *data = e.data;
    if (sld_names_find(r->references, e.key) != NULL) {
        r->wire.status = sld_fail(r->wire.diag, SOLDER_ERROR_DATA,
                                  "uff: referenced data '%s' is there twice", e.key);
    } else if (!sld_names_add(r->references, e.key, data)) {
        r->wire.status = sld_fail_memory(r->wire.diag, strlen(e.key));
    }
}

/* Of MetaGraph and of the core operators: 1 in every file a converter ever wrote. */
static void check_versions(reader *r, sld_tf_bytes bytes)
{
    int64_t version = 0, core = 0;
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        version = field.number == META_VERSION ? (int64_t)field.value : version;
        core = field.number == META_CORE ? (int64_t)field.value : core;
    }
    if (version != 1 || core != 1) {
        r->wire.status =
            sld_fail(r->wire.diag, SOLDER_ERROR_VERSION,
                     "uff: the file has version %lld with core operators %lld; this reads "
                     "1 with 1, which all converters up to 0.6.9 write",
                     (long long)version, (long long)core);
    }
}

solder_status sld_uff_read(sld_uff *uff, const uint8_t *data, size_t size)
{
    reader reading = {.wire = {uff->tf.diag, &uff->tf.arena, "uff", SOLDER_OK},
                      .references = sld_names_create(&uff->tf.arena),
                      .graphs = sld_names_create(&uff->tf.arena)};
    reader *r = &reading;
    const sld_tf_bytes bytes = {data, size};
    sld_wire_field field;
    if (r->references == NULL || r->graphs == NULL) {
        return sld_fail_memory(r->wire.diag, size);
    }
    r->referred_max = size < SIZE_MAX / 32 ? ((size_t)1 << 20) + 16 * size : SIZE_MAX;
    check_versions(r, bytes);
    FOR_FIELDS(bytes, field)
    {
        if (r->wire.status != SOLDER_OK) {
            break;
        }
        if (field.number == META_DESCRIPTOR) {
            check_descriptor(r, bytes_of(&field));
        } else if (field.number == META_DATA) {
            add_reference(r, bytes_of(&field));
        }
    }
    if (r->wire.status == SOLDER_OK && count_field(bytes, META_GRAPH) == 0) {
        return sld_fail(r->wire.diag, SOLDER_ERROR_DATA, "uff: the file holds no graph");
    }
    if (r->wire.status == SOLDER_OK) {
        read_graphs(r, bytes, uff);
    }
    return r->wire.status;
}
