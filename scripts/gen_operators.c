/* SPDX-License-Identifier: Apache-2.0 */
/* Prints docs/operators.md from ops.def, the attribute tables and the kernel registry. */
#include <stdio.h>

#include "ops/op.h"

static void print_value(const sld_attr *attr)
{
    if (attr->kind == SLD_ATTR_ENUM && attr->def >= 0 && (int)attr->def < attr->name_count) {
        printf("%s", attr->names[(int)attr->def]);
    } else if (attr->kind == SLD_ATTR_DTYPE) {
        printf("%s", solder_dtype_name((solder_dtype)(int)attr->def));
    } else {
        printf("%g", attr->def);
    }
}

static void print_type(const sld_attr *attr)
{
    static const char *const kinds[] = {"i32", "i64", "f32", "f64", "bool", "name", "type", "axes"};
    printf("%s", kinds[attr->kind]);
    if (attr->length_offset >= 0) {
        printf(", list of up to %d", (int)attr->count);
    } else if (attr->count > 1) {
        printf(" x %d", (int)attr->count);
    }
    if (attr->kind == SLD_ATTR_ENUM) {
        printf(": ");
        for (int i = 0; i < attr->name_count; i++) {
            printf("%s%s", i == 0 ? "" : " ", attr->names[i]);
        }
    }
}

static void print_kernels(const char *family)
{
    size_t count;
    const sld_kernel *const *kernels = sld_kernels(&count);
    const char *separator = "";
    for (size_t i = 0; i < count; i++) {
        if (strcmp(kernels[i]->family, family) == 0) {
            printf("%s`%s`", separator, kernels[i]->name);
            separator = ", ";
        }
    }
    printf("\n");
}

static void print_op(sld_op op)
{
    sld_op_info info = sld_op_get(op);
    printf("\n## %s\nInputs %u to %u, outputs %u to %u. Kernels: ", info.name, info.min_in,
           info.max_in, info.min_out, info.max_out);
    print_kernels(info.family);
    if (info.attr_count == 0) {
        return;
    }
    printf("\n| attribute | type | default |\n|---|---|---|\n");
    for (uint32_t i = 0; i < info.attr_count; i++) {
        printf("| %s | ", info.attrs[i].name);
        print_type(&info.attrs[i]);
        printf(" | ");
        print_value(&info.attrs[i]);
        printf(" |\n");
    }
}

int main(void)
{
    printf("# Operators\n\nGenerated from `src/ops/ops.def` by `gen_operators`; meanings stand "
           "with the "
           "parameter structs in\n`src/kernels/*/*.h`, formulas in the reference kernels.\n");
    for (int op = 0; op < SLD_OP_COUNT; op++) {
        print_op((sld_op)op);
    }
    return 0;
}
