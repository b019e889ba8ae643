/* SPDX-License-Identifier: Apache-2.0 */
/* What a plugin must be before anything calls it, and what its attributes may hold. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "plugin/plugin.h"

/* The members of ABI 1: a struct that ends before cannot be one. */
#define SMALLEST_STRUCT (offsetof(solder_plugin, run) + sizeof(void *))

typedef struct validation {
    sld_diag *diag;
    const solder_plugin *plugin;
    const char *where;
} validation;

static solder_status bad(const validation *v, solder_status code, const char *format, ...)
    SLD_PRINTF(3, 4);

static solder_status bad(const validation *v, solder_status code, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const char *name = v->plugin->name;
    return sld_fail(v->diag, code, "plugin '%.*s'%s: %s", SLD_PLUGIN_MAX_NAME,
                    name != NULL ? name : "(without a name)", v->where, text);
}

static bool name_ok(const char *name)
{
    size_t length = strnlen(name, SLD_PLUGIN_MAX_NAME + 1);
    for (size_t i = 0; i < length && i < SLD_PLUGIN_MAX_NAME; i++) {
        char c = name[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-' || c == '.')) {
            return false;
        }
    }
    return length > 0 && length <= SLD_PLUGIN_MAX_NAME;
}

static solder_status check_head(const validation *v)
{
    const solder_plugin *p = v->plugin;
    if (p->abi_version != SOLDER_PLUGIN_ABI) {
        return bad(v, SOLDER_ERROR_VERSION,
                   "has ABI version %u, this library (solder %s) takes version %u: compile it "
                   "against this solder/plugin.h",
                   (unsigned)p->abi_version, solder_version(), SOLDER_PLUGIN_ABI);
    }
    if (p->struct_size < SMALLEST_STRUCT || p->struct_size > 65536) {
        return bad(v, SOLDER_ERROR_VERSION,
                   "its struct_size is %u, but sizeof(solder_plugin) is %zu here",
                   (unsigned)p->struct_size, sizeof *p);
    }
    for (size_t i = sizeof *p; i < p->struct_size; i++) {
        if (((const unsigned char *)p)[i] != 0) {
            return bad(v, SOLDER_ERROR_VERSION,
                       "uses members that this library (solder %s) does not know",
                       solder_version());
        }
    }
    if (p->name == NULL || !name_ok(p->name)) {
        return bad(v, SOLDER_ERROR_ARGUMENT, "a name is 1 to %d letters, digits, '_', '-' and '.'",
                   SLD_PLUGIN_MAX_NAME);
    }
    if (p->name_space != NULL && p->name_space[0] != '\0' && !name_ok(p->name_space)) {
        return bad(v, SOLDER_ERROR_ARGUMENT,
                   "a namespace is 1 to %d letters, digits, '_', '-' and '.'", SLD_PLUGIN_MAX_NAME);
    }
    return p->flags == 0
               ? SOLDER_OK
               : bad(v, SOLDER_ERROR_ARGUMENT, "flags are 0x%x, must be 0", (unsigned)p->flags);
}

static solder_status check_callbacks(const validation *v)
{
    const solder_plugin *p = v->plugin;
    bool has_cuda = p->struct_size >= offsetof(solder_plugin, run_cuda) + sizeof p->run_cuda &&
                    p->run_cuda != NULL;
    if (p->infer == NULL) {
        return bad(v, SOLDER_ERROR_ARGUMENT, "infer is NULL");
    }
    if (p->run == NULL && !has_cuda) {
        return bad(v, SOLDER_ERROR_ARGUMENT, "run is NULL");
    }
    if ((p->packed_size == NULL) != (p->pack == NULL)) {
        return bad(v, SOLDER_ERROR_ARGUMENT, "packed_size and pack go together: one is NULL");
    }
    if ((p->saved_size == NULL) != (p->save == NULL)) {
        return bad(v, SOLDER_ERROR_ARGUMENT, "saved_size and save go together: one is NULL");
    }
    if (p->open == NULL && p->close != NULL) {
        return bad(v, SOLDER_ERROR_ARGUMENT, "has close without open");
    }
    return SOLDER_OK;
}

/* ---- operands ---- */

static solder_status check_operands(const validation *v, const solder_plugin_operand *table,
                                    uint32_t count, const char *what, uint32_t allowed)
{
    uint32_t known = 0;
    for (uint32_t type = SOLDER_F32; sld_dtype_valid(type); type++) {
        known |= SOLDER_TYPE(type);
    }
    if ((table == NULL) != (count == 0) || count > SLD_MAX_INPUTS) {
        return bad(v, SOLDER_ERROR_ARGUMENT, "%u %ss are described, %s", (unsigned)count, what,
                   table == NULL ? "but the table is NULL" : "1 to 64 can be");
    }
    bool optional = false;
    for (uint32_t i = 0; i < count; i++) {
        const solder_plugin_operand *o = &table[i];
        if (o->name == NULL || (o->types & ~known) != 0 || (o->flags & ~allowed) != 0) {
            return bad(v, SOLDER_ERROR_ARGUMENT,
                       "%s %u has no name, or types or flags that do not exist", what, (unsigned)i);
        }
        if ((o->flags & SOLDER_OPERAND_REPEATED) != 0 && i + 1 != count) {
            return bad(v, SOLDER_ERROR_ARGUMENT, "%s '%s' is repeated but not the last", what,
                       o->name);
        }
        bool last_outputs = optional && (o->flags & SOLDER_OPERAND_OPTIONAL) == 0 &&
                            (allowed & SOLDER_OPERAND_CONSTANT) == 0;
        if (last_outputs) {
            return bad(v, SOLDER_ERROR_ARGUMENT, "%s '%s' follows an optional one", what, o->name);
        }
        optional = optional || (o->flags & SOLDER_OPERAND_OPTIONAL) != 0;
    }
    return SOLDER_OK;
}

/* ---- the attribute table ---- */

static size_t entry_size(uint32_t kind)
{
    switch (kind) {
    case SOLDER_ATTRIBUTE_I64:
    case SOLDER_ATTRIBUTE_F64:
        return 8;
    case SOLDER_ATTRIBUTE_TEXT:
        return 1;
    case SOLDER_ATTRIBUTE_IGNORED:
        return 0;
    default:
        return 4;
    }
}

static uint32_t name_count(const solder_plugin_attribute *a)
{
    uint32_t count = 0;
    while (a->names != NULL && a->names[count] != NULL) {
        count++;
    }
    return count;
}

static bool initial_ok(const solder_plugin_attribute *a)
{
    double d = a->initial;
    bool whole = isfinite(d) && d == floor(d);
    switch (a->kind) {
    case SOLDER_ATTRIBUTE_F32:
    case SOLDER_ATTRIBUTE_F64:
        return true;
    case SOLDER_ATTRIBUTE_BOOL:
        return d == 0 || d == 1;
    case SOLDER_ATTRIBUTE_ENUM:
        return whole && d >= 0 && d < name_count(a);
    case SOLDER_ATTRIBUTE_DTYPE:
        return whole && (d == 0 || (d > 0 && d < 256 && sld_dtype_valid((uint32_t)d)));
    case SOLDER_ATTRIBUTE_I32:
        return whole && fabs(d) <= (double)INT32_MAX;
    case SOLDER_ATTRIBUTE_I64:
        return whole && fabs(d) <= 0x1p53;
    default:
        return d == 0;
    }
}

static bool field_ok(const solder_plugin *p, uint32_t offset, uint32_t count, size_t size)
{
    return offset % size == 0 && offset <= p->attributes_size &&
           count <= (p->attributes_size - offset) / size;
}

static bool attribute_ok(const solder_plugin *p, const solder_plugin_attribute *a)
{
    if (a->kind > SOLDER_ATTRIBUTE_IGNORED || a->name == NULL || a->name[0] == '\0') {
        return false;
    }
    size_t size = entry_size(a->kind);
    if (size == 0) {
        return true;
    }
    bool length_ok = a->length_offset == SOLDER_NO_LENGTH ||
                     (a->kind != SOLDER_ATTRIBUTE_TEXT && field_ok(p, a->length_offset, 1, 4));
    return a->count > 0 && field_ok(p, a->offset, a->count, size) && length_ok && initial_ok(a);
}

static solder_status check_attribute_table(const validation *v)
{
    const solder_plugin *p = v->plugin;
    if ((p->attributes == NULL) != (p->attribute_count == 0) ||
        p->attribute_count > SLD_PLUGIN_MAX_ATTRIBUTES || p->attributes_size > UINT16_MAX) {
        return bad(v, SOLDER_ERROR_ARGUMENT, "%u attributes of %u bytes: at most %d of 65535",
                   (unsigned)p->attribute_count, (unsigned)p->attributes_size,
                   SLD_PLUGIN_MAX_ATTRIBUTES);
    }
    for (uint32_t i = 0; i < p->attribute_count; i++) {
        const solder_plugin_attribute *a = &p->attributes[i];
        if (!attribute_ok(p, a)) {
            return bad(v, SOLDER_ERROR_ARGUMENT,
                       "attribute %u ('%s') is described wrongly: name, kind, place in a struct of "
                       "%u bytes, or initial value",
                       (unsigned)i, a->name != NULL ? a->name : "", (unsigned)p->attributes_size);
        }
        for (uint32_t j = 0; j < i; j++) {
            if (strcmp(p->attributes[j].name, a->name) == 0) {
                return bad(v, SOLDER_ERROR_ARGUMENT, "attribute '%s' is described twice", a->name);
            }
        }
    }
    return SOLDER_OK;
}

solder_status sld_plugin_validate(sld_diag *diag, const solder_plugin *plugin, const char *where)
{
    if (plugin == NULL) {
        return sld_fail(diag, SOLDER_ERROR_ARGUMENT, "a plugin%s is NULL", where);
    }
    const uint32_t either =
        SOLDER_OPERAND_OPTIONAL | SOLDER_OPERAND_REPEATED | SOLDER_OPERAND_STRIDED;
    validation v = {diag, plugin, where};
    SLD_TRY(check_head(&v));
    SLD_TRY(check_callbacks(&v));
    SLD_TRY(check_operands(&v, plugin->inputs, plugin->input_count, "input",
                           either | SOLDER_OPERAND_CONSTANT | SOLDER_OPERAND_DIMS));
    SLD_TRY(check_operands(&v, plugin->outputs, plugin->output_count, "output", either));
    return check_attribute_table(&v);
}

/* ---- attributes of a node ---- */

static int32_t load_i32(const void *attributes, uint32_t offset)
{
    int32_t value;
    memcpy(&value, (const char *)attributes + offset, sizeof value);
    return value;
}

static bool entries_ok(const solder_plugin_attribute *a, const void *attributes)
{
    const char *bytes = (const char *)attributes + a->offset;
    if (a->kind == SOLDER_ATTRIBUTE_TEXT) {
        return memchr(bytes, 0, a->count) != NULL;
    }
    uint32_t names = name_count(a);
    for (uint32_t i = 0; i < a->count; i++) {
        int32_t value = entry_size(a->kind) == 4 ? load_i32(bytes, i * 4) : 0;
        if ((a->kind == SOLDER_ATTRIBUTE_BOOL && value != 0 && value != 1) ||
            (a->kind == SOLDER_ATTRIBUTE_ENUM && (value < 0 || (uint32_t)value >= names)) ||
            (a->kind == SOLDER_ATTRIBUTE_DTYPE && value != 0 &&
             (value < 0 || !sld_dtype_valid((uint32_t)value)))) {
            return false;
        }
    }
    return true;
}

/* Is this byte part of some described field? */
static bool is_described(const solder_plugin *p, uint32_t byte)
{
    for (uint32_t i = 0; i < p->attribute_count; i++) {
        const solder_plugin_attribute *a = &p->attributes[i];
        uint32_t size = (uint32_t)entry_size(a->kind) * a->count;
        if ((byte >= a->offset && byte - a->offset < size) ||
            (a->length_offset != SOLDER_NO_LENGTH && byte >= a->length_offset &&
             byte - a->length_offset < 4)) {
            return true;
        }
    }
    return false;
}

solder_status sld_plugin_check_attributes(sld_diag *diag, const solder_plugin *plugin,
                                          const void *attributes)
{
    char name[SLD_PLUGIN_MAX_TEXT];
    sld_plugin_print(plugin, false, name);
    for (uint32_t i = 0; i < plugin->attribute_count; i++) {
        const solder_plugin_attribute *a = &plugin->attributes[i];
        if (entry_size(a->kind) == 0) {
            continue;
        }
        int32_t length =
            a->length_offset != SOLDER_NO_LENGTH ? load_i32(attributes, a->length_offset) : 0;
        if (!entries_ok(a, attributes) || length < 0 ||
            (a->length_offset != SOLDER_NO_LENGTH && (uint32_t)length > a->count)) {
            return sld_fail(diag, SOLDER_ERROR_DATA,
                            "plugin '%s': attribute '%s' has a value that cannot be", name,
                            a->name);
        }
    }
    for (uint32_t i = 0; i < plugin->attributes_size; i++) {
        if (((const unsigned char *)attributes)[i] != 0 && !is_described(plugin, i)) {
            return sld_fail(diag, SOLDER_ERROR_DATA,
                            "plugin '%s': byte %u of its attributes belongs to none, but is not 0",
                            name, (unsigned)i);
        }
    }
    return SOLDER_OK;
}

/* ---- which description an operand has ---- */

static const solder_plugin_operand plain = {"input", 0,
                                            SOLDER_OPERAND_REPEATED | SOLDER_OPERAND_OPTIONAL};
static const solder_plugin_operand result = {"output", 0, 0};

static const solder_plugin_operand *operand(const solder_plugin_operand *table, uint32_t count,
                                            uint32_t index)
{
    if (index < count) {
        return &table[index];
    }
    return (table[count - 1].flags & SOLDER_OPERAND_REPEATED) != 0 ? &table[count - 1] : NULL;
}

const solder_plugin_operand *sld_plugin_input(const solder_plugin *plugin, uint32_t index)
{
    return plugin->input_count > 0 ? operand(plugin->inputs, plugin->input_count, index)
                                   : operand(&plain, 1, index);
}

const solder_plugin_operand *sld_plugin_output(const solder_plugin *plugin, uint32_t index)
{
    return plugin->output_count > 0 ? operand(plugin->outputs, plugin->output_count, index)
                                    : operand(&result, 1, index);
}

bool sld_plugin_takes(const solder_plugin_operand *o, solder_dtype dtype)
{
    uint32_t types = o->types != 0 ? o->types : SOLDER_TYPE(SOLDER_F32);
    return sld_dtype_valid((uint32_t)dtype) && (types & SOLDER_TYPE(dtype)) != 0;
}

static uint32_t fewest(const solder_plugin_operand *table, uint32_t count)
{
    while (count > 0 && (table[count - 1].flags & SOLDER_OPERAND_OPTIONAL) != 0) {
        count--;
    }
    return count;
}

uint32_t sld_plugin_min_inputs(const solder_plugin *plugin)
{
    return fewest(plugin->inputs, plugin->input_count);
}

uint32_t sld_plugin_min_outputs(const solder_plugin *plugin)
{
    uint32_t count = fewest(plugin->outputs, plugin->output_count);
    return count > 0 ? count : 1;
}
