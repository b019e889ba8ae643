/* SPDX-License-Identifier: Apache-2.0 */
/* The operator table and access to attributes by their description. */
#include "ops/op.h"

#include <math.h>

#include "kernels/params.h"

typedef struct op_row {
    const char *name, *family;
    size_t params_size;
    const sld_op_part *part;
    uint32_t min_in, max_in, min_out, max_out;
} op_row;

static const op_row rows[SLD_OP_COUNT] = {
#define SLD_OP(ENUM, Name, family, params, min_in, max_in, min_out, max_out)                       \
    {#Name, #family, sizeof(params), &sld_op_##family, min_in, max_in, min_out, max_out},
#include "ops/ops.def"
#undef SLD_OP
};

const char *sld_op_name(sld_op op)
{
    return (unsigned)op < SLD_OP_COUNT ? rows[op].name : "?";
}

sld_op_info sld_op_get(sld_op op)
{
    const op_row *row = &rows[op];
    return (sld_op_info){.name = row->name,
                         .family = row->family,
                         .params_size = row->params_size,
                         .attrs = row->part->attrs,
                         .attr_count = row->part->attr_count,
                         .min_in = row->min_in,
                         .max_in = row->max_in,
                         .min_out = row->min_out,
                         .max_out = row->max_out,
                         .infer = row->part->infer};
}

sld_op sld_op_find(const char *name)
{
    for (int i = 0; i < SLD_OP_COUNT; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return (sld_op)i;
        }
    }
    return SLD_OP_COUNT;
}

const sld_attr *sld_op_attr(sld_op op, const char *name)
{
    return sld_attrs_find(rows[op].part->attrs, rows[op].part->attr_count, name);
}

const sld_attr *sld_attrs_find(const sld_attr *attrs, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(attrs[i].name, name) == 0) {
            return &attrs[i];
        }
    }
    return NULL;
}

static size_t attr_size(const sld_attr *attr)
{
    return attr->kind == SLD_ATTR_I64 || attr->kind == SLD_ATTR_F64 ? 8 : 4;
}

static char *attr_at(const sld_attr *attr, const void *params, int index)
{
    return (char *)(uintptr_t)params + attr->offset + (size_t)index * attr_size(attr);
}

void sld_op_defaults(sld_op op, void *params)
{
    memset(params, 0, rows[op].params_size);
    sld_attrs_defaults(rows[op].part->attrs, rows[op].part->attr_count, params);
}

void sld_attrs_defaults(const sld_attr *attrs, uint32_t count, void *params)
{
    for (uint32_t i = 0; i < count; i++) {
        for (int j = 0; attrs[i].kind != SLD_ATTR_TEXT && j < attrs[i].count; j++) {
            (void)sld_attr_set_f64(&attrs[i], params, j, attrs[i].def);
        }
    }
}

int sld_attr_length(const sld_attr *attr, const void *params)
{
    if (attr->length_offset < 0) {
        return attr->count;
    }
    int32_t length;
    memcpy(&length, (const char *)params + attr->length_offset, sizeof length);
    return length < 0 ? 0 : length > attr->count ? attr->count : length;
}

bool sld_attr_set_length(const sld_attr *attr, void *params, int length)
{
    if (attr->length_offset < 0) {
        return length == attr->count;
    }
    if (length < 0 || length > attr->count) {
        return false;
    }
    int32_t value = length;
    memcpy((char *)params + attr->length_offset, &value, sizeof value);
    return true;
}

int64_t sld_attr_get_i64(const sld_attr *attr, const void *params, int index)
{
    const char *p = attr_at(attr, params, index);
    switch (attr->kind) {
    case SLD_ATTR_TEXT:
        return 0;
    case SLD_ATTR_I64:
        return sld_load_i64(SOLDER_I64, p);
    case SLD_ATTR_F32:
        return sld_load_i64(SOLDER_F32, p);
    case SLD_ATTR_F64:
        return sld_load_i64(SOLDER_F64, p);
    case SLD_ATTR_MASK:
        return sld_load_i64(SOLDER_U32, p);
    default:
        return sld_load_i64(SOLDER_I32, p);
    }
}

double sld_attr_get_f64(const sld_attr *attr, const void *params, int index)
{
    const char *p = attr_at(attr, params, index);
    switch (attr->kind) {
    case SLD_ATTR_F32:
        return sld_load_f64(SOLDER_F32, p);
    case SLD_ATTR_F64:
        return sld_load_f64(SOLDER_F64, p);
    default:
        return (double)sld_attr_get_i64(attr, params, index);
    }
}

bool sld_attr_set_i64(const sld_attr *attr, void *params, int index, int64_t value)
{
    if (index < 0 || index >= attr->count || attr->kind == SLD_ATTR_TEXT) {
        return false;
    }
    char *p = attr_at(attr, params, index);
    switch (attr->kind) {
    case SLD_ATTR_I64:
        sld_store_i64(SOLDER_I64, p, value);
        return true;
    case SLD_ATTR_F32:
        sld_store_f64(SOLDER_F32, p, (double)value);
        return true;
    case SLD_ATTR_F64:
        sld_store_f64(SOLDER_F64, p, (double)value);
        return true;
    case SLD_ATTR_MASK:
        sld_store_i64(SOLDER_U32, p, value);
        return value >= 0 && value <= UINT32_MAX;
    case SLD_ATTR_BOOL:
        sld_store_i64(SOLDER_I32, p, value != 0);
        return value == 0 || value == 1;
    case SLD_ATTR_ENUM:
        sld_store_i64(SOLDER_I32, p, value);
        return value >= 0 && value < attr->name_count;
    case SLD_ATTR_DTYPE:
        sld_store_i64(SOLDER_I32, p, value);
        return value >= 0 && (value == 0 || sld_dtype_valid((uint32_t)value));
    default:
        sld_store_i64(SOLDER_I32, p, value);
        return value >= INT32_MIN && value <= INT32_MAX;
    }
}

bool sld_attr_set_f64(const sld_attr *attr, void *params, int index, double value)
{
    if (index < 0 || index >= attr->count) {
        return false;
    }
    if (attr->kind == SLD_ATTR_F32 || attr->kind == SLD_ATTR_F64) {
        sld_store_f64(attr->kind == SLD_ATTR_F32 ? SOLDER_F32 : SOLDER_F64,
                      attr_at(attr, params, index), value);
        return true;
    }
    return value == floor(value) && sld_attr_set_i64(attr, params, index, sld_f64_to_i64(value));
}

/* ---- texts ---- */

const char *sld_attr_get_text(const sld_attr *attr, const void *params)
{
    return attr->kind == SLD_ATTR_TEXT ? (const char *)params + attr->offset : "";
}

bool sld_attr_set_text(const sld_attr *attr, void *params, const char *text)
{
    size_t length = strlen(text);
    if (attr->kind != SLD_ATTR_TEXT || length >= attr->count) {
        return false;
    }
    memset((char *)params + attr->offset, 0, attr->count);
    memcpy((char *)params + attr->offset, text, length);
    return true;
}

static const char *assign_text(const sld_attr *attr, void *params, const char *text)
{
    if (attr->kind == SLD_ATTR_TEXT) {
        return sld_attr_set_text(attr, params, text) ? NULL : "is too long";
    }
    if (attr->kind == SLD_ATTR_DTYPE) {
        solder_dtype dtype = sld_dtype_from_name(text);
        return dtype != SOLDER_NONE && sld_attr_set_i64(attr, params, 0, dtype)
                   ? NULL
                   : "has no such name";
    }
    for (int i = 0; attr->kind == SLD_ATTR_ENUM && i < attr->name_count; i++) {
        if (strcmp(attr->names[i], text) == 0) {
            return sld_attr_set_i64(attr, params, 0, i) ? NULL : "has no such name";
        }
    }
    return attr->kind == SLD_ATTR_ENUM ? "has no such name" : "takes numbers, not a text";
}

const char *sld_attr_assign(const sld_attr *attr, void *params, const solder_attribute *a)
{
    if (attr == NULL) {
        return "does not exist";
    }
    if (a->text != NULL) {
        return assign_text(attr, params, a->text);
    }
    if ((a->ints == NULL) == (a->reals == NULL)) {
        return "needs exactly one of ints, reals and text";
    }
    if (attr->kind == SLD_ATTR_TEXT) {
        return "takes a text, not numbers";
    }
    if (a->count > attr->count ||
        (attr->length_offset >= 0 && !sld_attr_set_length(attr, params, (int)a->count))) {
        return "has too many values";
    }
    for (size_t i = 0; i < a->count; i++) {
        if (!(a->ints != NULL ? sld_attr_set_i64(attr, params, (int)i, a->ints[i])
                              : sld_attr_set_f64(attr, params, (int)i, a->reals[i]))) {
            return "has a value out of range";
        }
    }
    return NULL;
}
