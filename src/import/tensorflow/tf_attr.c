/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of nodes. */
#include "import/tensorflow/tf.h"

/* DataType; a reference type (100 + type) stands for the type. */
static const struct {
    const char *name;
    uint8_t dtype; /* SOLDER_NONE: not supported */
} types[] = {{"invalid", 0},        {"float", SOLDER_F32},  {"double", SOLDER_F64},
             {"int32", SOLDER_I32}, {"uint8", SOLDER_U8},   {"int16", SOLDER_I16},
             {"int8", SOLDER_I8},   {"string", 0},          {"complex64", 0},
             {"int64", SOLDER_I64}, {"bool", SOLDER_BOOL},  {"qint8", 0},
             {"quint8", 0},         {"qint32", 0},          {"bfloat16", SOLDER_BF16},
             {"qint16", 0},         {"quint16", 0},         {"uint16", SOLDER_U16},
             {"complex128", 0},     {"half", SOLDER_F16},   {"resource", 0},
             {"variant", 0},        {"uint32", SOLDER_U32}, {"uint64", SOLDER_U64}};

solder_dtype sld_tf_dtype(int type)
{
    type = type > 100 ? type - 100 : type;
    return type > 0 && (size_t)type < SLD_ARRAY_LENGTH(types) ? (solder_dtype)types[type].dtype
                                                              : SOLDER_NONE;
}

const char *sld_tf_type_name(int type)
{
    type = type > 100 ? type - 100 : type;
    return type >= 0 && (size_t)type < SLD_ARRAY_LENGTH(types) ? types[type].name : "unknown";
}

const sld_tf_attr *sld_tf_attribute(sld_tf_node *node, const char *name, sld_tf_attr_kind kind)
{
    for (uint32_t i = 0; i < node->attr_count; i++) {
        sld_tf_attr *attr = &node->attrs[i];
        if (strcmp(attr->name, name) != 0) {
            continue;
        }
        attr->used = true;
        if (attr->kind == SLD_TF_NONE) {
            return NULL;
        }
        if (attr->kind != kind) {
            sld_tf_fail(node, SOLDER_ERROR_DATA, "attribute '%s' has the wrong kind", name);
            return NULL;
        }
        return attr;
    }
    return NULL;
}

int64_t sld_tf_int(sld_tf_node *node, const char *name, int64_t absent)
{
    const sld_tf_attr *attr = sld_tf_attribute(node, name, SLD_TF_INT);
    return attr != NULL ? attr->i : absent;
}

bool sld_tf_bool(sld_tf_node *node, const char *name, bool absent)
{
    const sld_tf_attr *attr = sld_tf_attribute(node, name, SLD_TF_BOOL);
    return attr != NULL ? attr->i != 0 : absent;
}

float sld_tf_float(sld_tf_node *node, const char *name, float absent)
{
    const sld_tf_attr *attr = sld_tf_attribute(node, name, SLD_TF_FLOAT);
    return attr != NULL ? attr->f : absent;
}

int sld_tf_choice(sld_tf_node *node, const char *name, const char *const *names, int count,
                  int absent)
{
    const sld_tf_attr *attr = sld_tf_attribute(node, name, SLD_TF_STRING);
    if (attr == NULL || attr->bytes.size == 0) {
        return absent;
    }
    for (int i = 0; i < count; i++) {
        if (strlen(names[i]) == attr->bytes.size &&
            memcmp(names[i], attr->bytes.data, attr->bytes.size) == 0) {
            return i;
        }
    }
    sld_tf_unsupported(node, "%s '%.*s'", name, (int)(attr->bytes.size % 64),
                       (const char *)attr->bytes.data);
    return absent;
}

size_t sld_tf_ints(sld_tf_node *node, const char *name, int64_t *values, size_t room)
{
    const sld_tf_attr *attr = sld_tf_attribute(node, name, SLD_TF_LIST);
    size_t count = attr != NULL ? sld_tf_read_ints(attr->bytes, values, room) : 0;
    if (count > room) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "%s has %zu values, at most %zu are possible", name,
                    count, room);
        return 0;
    }
    return count;
}

size_t sld_tf_floats(sld_tf_node *node, const char *name, float *values, size_t room)
{
    const sld_tf_attr *attr = sld_tf_attribute(node, name, SLD_TF_LIST);
    size_t count = attr != NULL ? sld_tf_read_floats(attr->bytes, values, room) : 0;
    if (count > room) {
        sld_tf_unsupported(node, "%s with %zu values, at most %zu", name, count, room);
        return 0;
    }
    return count;
}

solder_dtype sld_tf_type(sld_tf_node *node, const char *name, solder_dtype absent)
{
    const sld_tf_attr *attr = sld_tf_attribute(node, name, SLD_TF_TYPE);
    if (attr == NULL) {
        return absent;
    }
    int type = attr->i < 0 || attr->i > INT32_MAX ? -1 : (int)attr->i;
    solder_dtype dtype = sld_tf_dtype(type);
    if (dtype == SOLDER_NONE) {
        sld_tf_unsupported(node, "type %s (%d)", sld_tf_type_name(type), type);
    }
    return dtype;
}
