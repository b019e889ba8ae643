/* SPDX-License-Identifier: Apache-2.0 */
/* From bytes to structures. Repeated fields are counted first, then filled. */
#include "import/tensorflow/tf_read.h"

#include "import/wire/wire_check.h"
#include "import/wire/wire_read.h"

#define FOR_FIELDS(bytes, field)                                                                   \
    for (sld_wire wire_ = sld_wire_open((bytes).data, (bytes).size);                               \
         sld_wire_next(&wire_, &(field)) == SLD_WIRE_FIELD;)

/* ---- the check ---- */

enum {
    ANY = 0, /* not looked into */
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

enum {
    V = SLD_WIRE_IS_VARINT,
    D = SLD_WIRE_IS_FIXED64,
    B = SLD_WIRE_IS_BYTES,
    F = SLD_WIRE_IS_FIXED32
};

static const sld_wire_rule rules[] = {
    {GRAPH, 1, B, NODE},
    {GRAPH, 2, B, LIBRARY},
    {NODE, 1, B, ANY},
    {NODE, 2, B, ANY},
    {NODE, 3, B, ANY},
    {NODE, 5, B, ATTR_ENTRY},
    {ATTR_ENTRY, 1, B, ANY},
    {ATTR_ENTRY, 2, B, ATTR},
    {ATTR, 1, B, LIST},
    {ATTR, 2, B, ANY},
    {ATTR, 3, V, ANY},
    {ATTR, 4, F, ANY},
    {ATTR, 5, V, ANY},
    {ATTR, 6, V, ANY},
    {ATTR, 7, B, SHAPE},
    {ATTR, 8, B, TENSOR},
    {ATTR, 9, B, ANY},
    {ATTR, 10, B, CALL},
    {LIST, 3, V | B, ANY},
    {TENSOR, 1, V, ANY},
    {TENSOR, 2, B, SHAPE},
    {TENSOR, 4, B, ANY},
    {TENSOR, 5, F | B, ANY},
    {TENSOR, 6, D | B, ANY},
    {TENSOR, 7, V | B, ANY},
    {TENSOR, 10, V | B, ANY},
    {TENSOR, 11, V | B, ANY},
    {TENSOR, 13, V | B, ANY},
    {TENSOR, 16, V | B, ANY},
    {TENSOR, 17, V | B, ANY},
    {SHAPE, 2, B, DIM},
    {SHAPE, 3, V, ANY},
    {DIM, 1, V, ANY},
    {LIBRARY, 1, B, FUNCTION},
    {FUNCTION, 1, B, SIGNATURE},
    {FUNCTION, 3, B, NODE},
    {FUNCTION, 4, B, RET},
    {SIGNATURE, 1, B, ANY},
    {SIGNATURE, 2, B, ARG},
    {SIGNATURE, 3, B, ARG},
    {ARG, 1, B, ANY},
    {RET, 1, B, ANY},
    {RET, 2, B, ANY},
    {CALL, 1, B, ANY},
};

solder_status sld_tf_check(sld_diag *diag, const uint8_t *data, size_t size)
{
    return sld_wire_check(diag, "tensorflow", rules, SLD_ARRAY_LENGTH(rules), data, size);
}

/* ---- reading ---- */

typedef sld_wire_reader reader;

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

static void read_attr_value(sld_tf_bytes bytes, sld_tf_attr *attr)
{
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        if (field.number < SLD_TF_LIST || field.number > SLD_TF_FUNCTION) {
            continue;
        }
        attr->kind = (sld_tf_attr_kind)field.number;
        if (field.type == SLD_WIRE_BYTES) {
            attr->bytes = bytes_of(&field);
        } else if (attr->kind == SLD_TF_FLOAT) {
            uint32_t bits = (uint32_t)field.value;
            memcpy(&attr->f, &bits, sizeof attr->f);
        } else {
            attr->i = (int64_t)field.value;
        }
    }
}

static sld_tf_attr read_attr(reader *r, sld_tf_bytes bytes)
{
    sld_tf_attr attr = {.name = ""};
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        if (field.number == 1) {
            attr.name = sld_wire_text(r, &field);
        } else if (field.number == 2) {
            read_attr_value(bytes_of(&field), &attr);
        }
    }
    return attr;
}

static sld_tf_node_proto read_node(reader *r, sld_tf_bytes bytes)
{
    sld_tf_node_proto node = {.name = "", .op = ""};
    node.in = sld_wire_take(r, count_field(bytes, 3), sizeof *node.in);
    node.attrs = sld_wire_take(r, count_field(bytes, 5), sizeof *node.attrs);
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        if (r->status != SOLDER_OK) {
            break;
        }
        switch (field.number) {
        case 1:
            node.name = sld_wire_text(r, &field);
            break;
        case 2:
            node.op = sld_wire_text(r, &field);
            break;
        case 3:
            node.in[node.in_count++] = sld_wire_text(r, &field);
            break;
        case 5:
            node.attrs[node.attr_count++] = read_attr(r, bytes_of(&field));
            break;
        default:
            break;
        }
    }
    return node;
}

/* ---- functions ---- */

static const char *read_arg(reader *r, sld_tf_bytes bytes)
{
    const char *name = "";
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        if (field.number == 1) {
            name = sld_wire_text(r, &field);
        }
    }
    return name;
}

static void read_signature(reader *r, sld_tf_bytes bytes, sld_tf_function *f)
{
    f->args = sld_wire_take(r, count_field(bytes, 2), sizeof *f->args);
    f->rets = sld_wire_take(r, count_field(bytes, 3), sizeof *f->rets);
    f->arg_count = f->ret_count = 0;
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        if (r->status != SOLDER_OK) {
            break;
        }
        if (field.number == 1) {
            f->name = sld_wire_text(r, &field);
        } else if (field.number == 2) {
            f->args[f->arg_count++] = read_arg(r, bytes_of(&field));
        } else if (field.number == 3) {
            f->rets[f->ret_count++] = read_arg(r, bytes_of(&field));
        }
    }
}

static void read_ret(reader *r, sld_tf_bytes bytes, sld_tf_function *f)
{
    uint32_t i = f->ret_value_count++;
    f->ret_names[i] = f->ret_values[i] = "";
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        if (field.number == 1) {
            f->ret_names[i] = sld_wire_text(r, &field);
        } else if (field.number == 2) {
            f->ret_values[i] = sld_wire_text(r, &field);
        }
    }
}

static sld_tf_function read_function(reader *r, sld_tf_bytes bytes)
{
    sld_tf_function f = {.name = ""};
    uint32_t rets = count_field(bytes, 4);
    f.nodes = sld_wire_take(r, count_field(bytes, 3), sizeof *f.nodes);
    f.ret_names = sld_wire_take(r, rets, sizeof *f.ret_names);
    f.ret_values = sld_wire_take(r, rets, sizeof *f.ret_values);
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        if (r->status != SOLDER_OK) {
            break;
        }
        if (field.number == 1) {
            read_signature(r, bytes_of(&field), &f);
        } else if (field.number == 3) {
            f.nodes[f.node_count++] = read_node(r, bytes_of(&field));
        } else if (field.number == 4) {
            read_ret(r, bytes_of(&field), &f);
        }
    }
    return f;
}

static void read_library(reader *r, sld_tf_bytes bytes, sld_tf_model *model)
{
    model->functions = sld_wire_take(r, count_field(bytes, 1), sizeof *model->functions);
    model->function_count = 0;
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        if (r->status != SOLDER_OK) {
            break;
        }
        if (field.number == 1) {
            model->functions[model->function_count++] = read_function(r, bytes_of(&field));
        }
    }
}

solder_status sld_tf_read(sld_diag *diag, sld_arena *arena, const uint8_t *data, size_t size,
                          sld_tf_model *model)
{
    reader reading = {diag, arena, "tensorflow", SOLDER_OK}, *r = &reading;
    const sld_tf_bytes bytes = {data, size};
    *model = (sld_tf_model){0};
    model->nodes = sld_wire_take(r, count_field(bytes, 1), sizeof *model->nodes);
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        if (r->status != SOLDER_OK) {
            break;
        }
        if (field.number == 1) {
            model->nodes[model->node_count++] = read_node(r, bytes_of(&field));
        } else if (field.number == 2) {
            read_library(r, bytes_of(&field), model);
        }
    }
    return r->status;
}

/* ---- values of attributes ---- */

static int64_t read_dim(sld_tf_bytes bytes)
{
    int64_t size = 0;
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        size = field.number == 1 ? (int64_t)field.value : size;
    }
    return size;
}

bool sld_tf_read_shape(sld_tf_bytes bytes, sld_tf_shape *shape)
{
    *shape = (sld_tf_shape){0};
    bool unknown = false;
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        if (field.number == 3) {
            unknown = field.value != 0;
        } else if (field.number == 2) {
            if (shape->rank == SOLDER_MAX_RANK) {
                return false;
            }
            int64_t dim = read_dim(bytes_of(&field));
            if (dim < -1) {
                return false;
            }
            shape->dims[shape->rank++] = dim;
        }
    }
    shape->rank = unknown ? -1 : shape->rank;
    return true;
}

bool sld_tf_read_tensor(sld_tf_bytes bytes, sld_tf_proto_tensor *tensor)
{
    *tensor = (sld_tf_proto_tensor){.body = bytes};
    sld_wire_field field;
    FOR_FIELDS(bytes, field)
    {
        if (field.number == 1) {
            tensor->type = field.value > INT32_MAX ? -1 : (int)field.value;
        } else if (field.number == 2) {
            if (!sld_tf_read_shape(bytes_of(&field), &tensor->shape)) {
                return false;
            }
        } else if (field.number == 4) {
            tensor->content = bytes_of(&field);
            tensor->has_content = field.size != 0;
        }
    }
    return true;
}

static void add_int(int64_t *values, size_t room, size_t *count, uint64_t value)
{
    if (*count < room) {
        values[*count] = (int64_t)value;
    }
    ++*count;
}

size_t sld_tf_read_ints(sld_tf_bytes list, int64_t *values, size_t room)
{
    size_t count = 0;
    sld_wire_field field;
    FOR_FIELDS(list, field)
    {
        if (field.number != 3) {
            continue;
        }
        if (field.type == SLD_WIRE_VARINT) {
            add_int(values, room, &count, field.value);
            continue;
        }
        sld_wire wire = sld_wire_open(field.data, field.size);
        uint64_t value;
        while (sld_wire_varint(&wire, &value) == SLD_WIRE_FIELD) {
            add_int(values, room, &count, value);
        }
    }
    return count;
}

size_t sld_tf_read_floats(sld_tf_bytes list, float *values, size_t room)
{
    size_t count = 0;
    sld_wire_field field;
    FOR_FIELDS(list, field)
    {
        bool one = field.number == 4 && field.type == SLD_WIRE_FIXED32;
        if (!one && (field.number != 4 || field.type != SLD_WIRE_BYTES)) {
            continue;
        }
        size_t here = one ? 1 : field.size / sizeof(float);
        for (size_t i = 0; i < here; i++, count++) {
            uint32_t bits = (uint32_t)field.value;
            if (!one) {
                memcpy(&bits, field.data + i * sizeof bits, sizeof bits);
            }
            if (count < room) {
                memcpy(&values[count], &bits, sizeof bits);
            }
        }
    }
    return count;
}

const char *sld_tf_read_function_name(sld_arena *arena, sld_tf_bytes bytes)
{
    sld_wire_field field;
    const char *name = "";
    FOR_FIELDS(bytes, field)
    {
        if (field.number == 1 && field.type == SLD_WIRE_BYTES) {
            name = sld_arena_strndup(arena, (const char *)field.data, field.size);
        }
    }
    return name;
}
