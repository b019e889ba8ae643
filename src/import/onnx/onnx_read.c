/* SPDX-License-Identifier: Apache-2.0 */
/* From checked bytes to structures. Repeated fields are counted first, then filled. */
#include "import/onnx/onnx_read.h"

#include "import/wire/wire_read.h"

typedef sld_wire_reader reader;

static sld_onnx_bytes bytes_of(const sld_wire_field *field)
{
    return (sld_onnx_bytes){field->data, field->size};
}

#define FOR_FIELDS(bytes, field)                                                                   \
    for (sld_wire wire_ = sld_wire_open((bytes).data, (bytes).size);                               \
         sld_wire_next(&wire_, &(field)) == SLD_WIRE_FIELD;)

/* How often each field number below 32 occurs. */
typedef struct counts {
    uint32_t of[32];
} counts;

static counts count_fields(sld_onnx_bytes bytes)
{
    counts c = {{0}};
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        if (field.number < SLD_ARRAY_LENGTH(c.of) && c.of[field.number] < UINT32_MAX) {
            c.of[field.number]++;
        }
    }
    return c;
}

/* ---- attributes and nodes ---- */

/* Files older than IR version 2 leave the type out. */
static int guess_type(const counts *c)
{
    static const struct {
        uint8_t field, type;
    } order[] = {{2, SLD_ONNX_FLOAT},   {3, SLD_ONNX_INT},     {4, SLD_ONNX_STRING},
                 {5, SLD_ONNX_TENSOR},  {6, SLD_ONNX_GRAPH},   {7, SLD_ONNX_FLOATS},
                 {8, SLD_ONNX_INTS},    {9, SLD_ONNX_STRINGS}, {10, SLD_ONNX_TENSORS},
                 {11, SLD_ONNX_GRAPHS}, {22, SLD_ONNX_SPARSE}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(order); i++) {
        if (c->of[order[i].field] != 0) {
            return order[i].type;
        }
    }
    return 0;
}

static sld_onnx_attr read_attr(reader *r, sld_onnx_bytes body)
{
    sld_onnx_attr attr = {.name = "", .reference = "", .body = body};
    sld_wire_field field;
    FOR_FIELDS(body, field)
    {
        switch (field.number) {
        case 1:
            attr.name = sld_wire_text(r, &field);
            break;
        case 2: {
            uint32_t bits = (uint32_t)field.value;
            memcpy(&attr.f, &bits, sizeof attr.f);
            break;
        }
        case 3:
            attr.i = (int64_t)field.value;
            break;
        case 4:
        case 5:
        case 6:
        case 22:
            attr.bytes = bytes_of(&field);
            break;
        case 20:
            attr.type = field.value > INT32_MAX ? -1 : (int)field.value;
            break;
        case 21:
            attr.reference = sld_wire_text(r, &field);
            break;
        default:
            break;
        }
    }
    if (attr.type == 0 && attr.reference[0] == '\0') {
        const counts c = count_fields(body);
        attr.type = guess_type(&c);
    }
    return attr;
}

static sld_onnx_node_proto read_node(reader *r, sld_onnx_bytes bytes)
{
    const counts c = count_fields(bytes);
    sld_onnx_node_proto node = {.name = "", .op = "", .domain = "", .overload = ""};
    node.in = sld_wire_take(r, c.of[1], sizeof *node.in);
    node.out = sld_wire_take(r, c.of[2], sizeof *node.out);
    node.attrs = sld_wire_take(r, c.of[5], sizeof *node.attrs);
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        if (r->status != SOLDER_OK) {
            break;
        }
        switch (field.number) {
        case 1:
            node.in[node.in_count++] = sld_wire_text(r, &field);
            break;
        case 2:
            node.out[node.out_count++] = sld_wire_text(r, &field);
            break;
        case 3:
            node.name = sld_wire_text(r, &field);
            break;
        case 4:
            node.op = sld_wire_text(r, &field);
            break;
        case 5:
            node.attrs[node.attr_count++] = read_attr(r, bytes_of(&field));
            break;
        case 7:
            node.domain = sld_wire_text(r, &field);
            break;
        case 8:
            node.overload = sld_wire_text(r, &field);
            break;
        default:
            break;
        }
    }
    return node;
}

/* ---- types ---- */

static void read_dim(reader *r, sld_onnx_bytes bytes, sld_onnx_info *info)
{
    int i = info->rank++;
    if (i >= SOLDER_MAX_RANK) {
        return;
    }
    info->dims[i] = -1;
    info->symbols[i] = "";
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        if (field.number == 1) {
            info->dims[i] = (int64_t)field.value;
            /* Some converters write -1 for an open dimension. */
            if (info->dims[i] < -1 && r->status == SOLDER_OK) {
                r->status = sld_fail(r->diag, SOLDER_ERROR_DATA, "onnx: '%s': dimension %d is %lld",
                                     info->name, i, (long long)info->dims[i]);
            }
        } else if (field.number == 2) {
            const char *symbol = sld_wire_text(r, &field);
            info->symbols[i] = strcmp(symbol, "?") == 0 ? "" : symbol; /* no name, however often */
        }
    }
}

static void read_shape(reader *r, sld_onnx_bytes bytes, sld_onnx_info *info)
{
    sld_wire_field field;
    info->rank = 0;
    FOR_FIELDS(bytes, field)
    {
        if (info->rank <= SOLDER_MAX_RANK) {
            read_dim(r, bytes_of(&field), info);
        }
    }
}

static void read_tensor_type(reader *r, sld_onnx_bytes bytes, sld_onnx_info *info)
{
    sld_wire_field field;
    info->is_tensor = true;
    FOR_FIELDS(bytes, field)
    {
        if (field.number == 1) {
            info->elem = field.value > INT32_MAX ? -1 : (int)field.value;
        } else if (field.number == 2) {
            read_shape(r, bytes_of(&field), info);
        }
    }
}

static sld_onnx_info read_info(reader *r, sld_onnx_bytes bytes)
{
    sld_onnx_info info = {.name = "", .rank = -1};
    sld_onnx_bytes type = {0};
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        if (field.number == 1) {
            info.name = sld_wire_text(r, &field);
        } else if (field.number == 2) {
            type = bytes_of(&field);
        }
    }
    FOR_FIELDS(type, field)
    {
        if (field.number == 1) {
            read_tensor_type(r, bytes_of(&field), &info);
        }
    }
    if (info.rank > SOLDER_MAX_RANK && r->status == SOLDER_OK) {
        r->status = sld_fail(r->diag, SOLDER_ERROR_UNSUPPORTED,
                             "onnx: '%s' has more than %d dimensions", info.name, SOLDER_MAX_RANK);
    }
    return info;
}

/* ---- graph, functions, model ---- */

static void read_graph(reader *r, sld_onnx_bytes bytes, sld_onnx_model *m)
{
    const counts c = count_fields(bytes);
    m->nodes = sld_wire_take(r, c.of[1], sizeof *m->nodes);
    m->initializers = sld_wire_take(r, c.of[5], sizeof *m->initializers);
    m->inputs = sld_wire_take(r, c.of[11], sizeof *m->inputs);
    m->outputs = sld_wire_take(r, c.of[12], sizeof *m->outputs);
    m->sparse = sld_wire_take(r, c.of[15], sizeof *m->sparse);
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        if (r->status != SOLDER_OK) {
            break;
        }
        const sld_onnx_bytes inner = bytes_of(&field);
        switch (field.number) {
        case 1:
            m->nodes[m->node_count++] = read_node(r, inner);
            break;
        case 2:
            m->graph_name = sld_wire_text(r, &field);
            break;
        case 5:
            m->initializers[m->initializer_count++] = inner;
            break;
        case 11:
            m->inputs[m->input_count++] = read_info(r, inner);
            break;
        case 12:
            m->outputs[m->output_count++] = read_info(r, inner);
            break;
        case 15:
            m->sparse[m->sparse_count++] = inner;
            break;
        default:
            break;
        }
    }
}

solder_status sld_onnx_read_graph(sld_diag *diag, sld_arena *arena, sld_onnx_bytes bytes,
                                  sld_onnx_model *graph)
{
    reader r = {diag, arena, "onnx", SOLDER_OK};
    *graph = (sld_onnx_model){.graph_name = ""};
    read_graph(&r, bytes, graph);
    return r.status;
}

static sld_onnx_opset read_opset(reader *r, sld_onnx_bytes bytes)
{
    sld_onnx_opset opset = {.domain = ""};
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        if (field.number == 1) {
            opset.domain = sld_wire_text(r, &field);
        } else {
            opset.version = (int64_t)field.value;
        }
    }
    return opset;
}

static void read_function_field(reader *r, const sld_wire_field *field, sld_onnx_function *f)
{
    switch (field->number) {
    case 1:
        f->name = sld_wire_text(r, field);
        break;
    case 4:
        f->in[f->in_count++] = sld_wire_text(r, field);
        break;
    case 5:
        f->out[f->out_count++] = sld_wire_text(r, field);
        break;
    case 6:
        f->attr_names[f->attr_name_count++] = sld_wire_text(r, field);
        break;
    case 7:
        f->nodes[f->node_count++] = read_node(r, bytes_of(field));
        break;
    case 9:
        f->opsets[f->opset_count++] = read_opset(r, bytes_of(field));
        break;
    case 10:
        f->domain = sld_wire_text(r, field);
        break;
    case 11:
        f->defaults[f->default_count++] = read_attr(r, bytes_of(field));
        break;
    case 13:
        f->overload = sld_wire_text(r, field);
        break;
    default:
        break;
    }
}

static sld_onnx_function read_function(reader *r, sld_onnx_bytes bytes)
{
    const counts c = count_fields(bytes);
    sld_onnx_function f = {.name = "", .domain = "", .overload = ""};
    f.in = sld_wire_take(r, c.of[4], sizeof *f.in);
    f.out = sld_wire_take(r, c.of[5], sizeof *f.out);
    f.attr_names = sld_wire_take(r, c.of[6], sizeof *f.attr_names);
    f.nodes = sld_wire_take(r, c.of[7], sizeof *f.nodes);
    f.opsets = sld_wire_take(r, c.of[9], sizeof *f.opsets);
    f.defaults = sld_wire_take(r, c.of[11], sizeof *f.defaults);
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        if (r->status != SOLDER_OK) {
            break;
        }
        read_function_field(r, &field, &f);
    }
    return f;
}

solder_status sld_onnx_read(sld_diag *diag, sld_arena *arena, const uint8_t *data, size_t size,
                            sld_onnx_model *model)
{
    reader reading = {diag, arena, "onnx", SOLDER_OK}, *r = &reading;
    const sld_onnx_bytes bytes = {data, size};
    const counts c = count_fields(bytes);
    sld_onnx_model m = {.graph_name = ""};
    m.opsets = sld_wire_take(r, c.of[8], sizeof *m.opsets);
    m.functions = sld_wire_take(r, c.of[25], sizeof *m.functions);
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        if (r->status != SOLDER_OK) {
            break;
        }
        switch (field.number) {
        case 1:
            m.ir_version = (int64_t)field.value;
            break;
        case 7:
            read_graph(r, bytes_of(&field), &m);
            break;
        case 8:
            m.opsets[m.opset_count++] = read_opset(r, bytes_of(&field));
            break;
        case 25:
            m.functions[m.function_count++] = read_function(r, bytes_of(&field));
            break;
        default:
            break;
        }
    }
    if (r->status == SOLDER_OK && c.of[7] == 0) {
        return sld_fail(diag, SOLDER_ERROR_DATA, "onnx: the file holds no graph");
    }
    *model = m;
    return r->status;
}

/* ---- tensors ---- */

static void add_dims(const sld_wire_field *field, int *rank, int64_t dims[SOLDER_MAX_RANK])
{
    if (field->type == SLD_WIRE_VARINT) {
        if (*rank < SOLDER_MAX_RANK) {
            dims[*rank] = (int64_t)field->value;
        }
        *rank += *rank <= SOLDER_MAX_RANK;
        return;
    }
    sld_wire wire = sld_wire_open(field->data, field->size);
    uint64_t value;
    while (*rank <= SOLDER_MAX_RANK && sld_wire_varint(&wire, &value) == SLD_WIRE_FIELD) {
        if (*rank < SOLDER_MAX_RANK) {
            dims[*rank] = (int64_t)value;
        }
        *rank += 1;
    }
}

static solder_status parse_number(sld_diag *diag, const char *tensor, const char *key,
                                  const char *digits, int64_t *value)
{
    int64_t result = 0;
    bool good = digits[0] != '\0';
    for (const char *p = digits; good && *p != '\0'; p++) {
        good = *p >= '0' && *p <= '9' && sld_i64_mul(result, 10, &result) &&
               sld_i64_add(result, *p - '0', &result);
    }
    if (!good) {
        return sld_fail(diag, SOLDER_ERROR_DATA, "onnx: '%s': %s of its external data is '%s'",
                        tensor, key, digits);
    }
    *value = result;
    return SOLDER_OK;
}

/* One key of external_data; "checksum" is informative only. */
static void read_external(reader *r, sld_onnx_bytes bytes, sld_onnx_tensor *tensor)
{
    const char *key = "", *value = "";
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        if (field.number == 1) {
            key = sld_wire_text(r, &field);
        } else {
            value = sld_wire_text(r, &field);
        }
    }
    if (r->status != SOLDER_OK) {
        return;
    }
    if (strcmp(key, "location") == 0) {
        tensor->location = value;
    } else if (strcmp(key, "offset") == 0) {
        r->status = parse_number(r->diag, tensor->name, key, value, &tensor->offset);
    } else if (strcmp(key, "length") == 0) {
        r->status = parse_number(r->diag, tensor->name, key, value, &tensor->length);
    } else if (strcmp(key, "checksum") != 0) {
        r->status =
            sld_fail(r->diag, SOLDER_ERROR_UNSUPPORTED,
                     "onnx: '%s': key '%s' of its external data is not known", tensor->name, key);
    }
}

solder_status sld_onnx_read_tensor(sld_diag *diag, sld_arena *arena, sld_onnx_bytes bytes,
                                   sld_onnx_tensor *tensor)
{
    reader reading = {diag, arena, "onnx", SOLDER_OK}, *r = &reading;
    sld_onnx_tensor t = {.name = "", .location = "", .length = -1, .body = bytes};
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        switch (field.number) {
        case 1:
            add_dims(&field, &t.rank, t.dims);
            break;
        case 2:
            t.elem = field.value > INT32_MAX ? -1 : (int)field.value;
            break;
        case 3:
            t.has_segment = true;
            break;
        case 8:
            t.name = sld_wire_text(r, &field);
            break;
        case 9:
            t.raw = bytes_of(&field);
            t.has_raw = true;
            break;
        case 14:
            t.external = field.value == 1;
            break;
        default:
            break;
        }
    }
    FOR_FIELDS(bytes, field)
    {
        if (field.number == 13) {
            read_external(r, bytes_of(&field), &t);
        }
    }
    if (r->status == SOLDER_OK && t.rank > SOLDER_MAX_RANK) {
        return sld_fail(diag, SOLDER_ERROR_UNSUPPORTED, "onnx: '%s' has more than %d dimensions",
                        t.name, SOLDER_MAX_RANK);
    }
    *tensor = t;
    return r->status;
}

solder_status sld_onnx_read_sparse(sld_diag *diag, sld_onnx_bytes bytes, sld_onnx_sparse *sparse)
{
    sld_onnx_sparse s = {.rank = 0};
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        if (field.number == 1) {
            s.values = bytes_of(&field);
        } else if (field.number == 2) {
            s.indices = bytes_of(&field);
        } else {
            add_dims(&field, &s.rank, s.dims);
        }
    }
    if (s.rank > SOLDER_MAX_RANK) {
        return sld_fail(diag, SOLDER_ERROR_UNSUPPORTED,
                        "onnx: a sparse tensor has more than %d dimensions", SOLDER_MAX_RANK);
    }
    *sparse = s;
    return SOLDER_OK;
}

/* ---- lists ---- */

static void add_ints(const sld_wire_field *field, int64_t *values, size_t *count)
{
    if (field->type == SLD_WIRE_VARINT) {
        if (values != NULL) {
            values[*count] = (int64_t)field->value;
        }
        ++*count;
        return;
    }
    sld_wire wire = sld_wire_open(field->data, field->size);
    uint64_t value;
    while (sld_wire_varint(&wire, &value) == SLD_WIRE_FIELD) {
        if (values != NULL) {
            values[*count] = (int64_t)value;
        }
        ++*count;
    }
}

solder_status sld_onnx_read_ints(sld_diag *diag, sld_arena *arena, const sld_onnx_attr *attr,
                                 const int64_t **values, size_t *count)
{
    int64_t *result = NULL;
    for (int pass = 0; pass < 2; pass++) {
        *count = 0;
        sld_wire_field field;
        FOR_FIELDS(attr->body, field)
        {
            if (field.number == 8) {
                add_ints(&field, result, count);
            }
        }
        if (pass == 0) {
            result = sld_arena_array(arena, *count, sizeof *result);
            if (result == NULL) {
                return sld_fail_memory(diag, sizeof *result);
            }
        }
    }
    *values = result;
    return SOLDER_OK;
}

static void add_floats(const sld_wire_field *field, float *values, size_t *count)
{
    size_t n = field->type == SLD_WIRE_BYTES ? field->size / 4 : 1;
    if (values != NULL && field->type == SLD_WIRE_BYTES && n != 0) {
        memcpy(values + *count, field->data, n * 4);
    } else if (values != NULL && n != 0) {
        uint32_t bits = (uint32_t)field->value;
        memcpy(values + *count, &bits, 4);
    }
    *count += n;
}

solder_status sld_onnx_read_floats(sld_diag *diag, sld_arena *arena, const sld_onnx_attr *attr,
                                   const float **values, size_t *count)
{
    float *result = NULL;
    for (int pass = 0; pass < 2; pass++) {
        *count = 0;
        sld_wire_field field;
        FOR_FIELDS(attr->body, field)
        {
            if (field.number == 7) {
                add_floats(&field, result, count);
            }
        }
        if (pass == 0) {
            result = sld_arena_array(arena, *count, sizeof *result);
            if (result == NULL) {
                return sld_fail_memory(diag, sizeof *result);
            }
        }
    }
    *values = result;
    return SOLDER_OK;
}

size_t sld_onnx_read_strings(const sld_onnx_attr *attr, sld_onnx_bytes *values, size_t room)
{
    size_t count = 0;
    sld_wire_field field;
    FOR_FIELDS(attr->body, field)
    {
        if (field.number == 9) {
            if (count < room) {
                values[count] = (sld_onnx_bytes){field.data, field.size};
            }
            count++;
        }
    }
    return count;
}
