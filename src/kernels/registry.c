/* SPDX-License-Identifier: Apache-2.0 */
/* The tables that kernels.def and families.def expand to, and look-ups in them. */
#include "kernels/params.h"

#if defined(__x86_64__)
#define SLD_KERNEL_X86(symbol) SLD_KERNEL(symbol)
#else
#define SLD_KERNEL_X86(symbol)
#endif
#if defined(__aarch64__)
#define SLD_KERNEL_ARM(symbol) SLD_KERNEL(symbol)
#else
#define SLD_KERNEL_ARM(symbol)
#endif

#define SLD_KERNEL(symbol)  extern const sld_kernel symbol;
#define SLD_PACKING(symbol) extern const sld_packing symbol;
#include "kernels/kernels.def"
#undef SLD_KERNEL
#undef SLD_PACKING

#define SLD_KERNEL(symbol) &symbol,
#define SLD_PACKING(symbol)
static const sld_kernel *const kernels[] = {
#include "kernels/kernels.def"
    NULL};
#undef SLD_KERNEL
#undef SLD_PACKING

#define SLD_KERNEL(symbol)
#define SLD_PACKING(symbol) &symbol,
static const sld_packing *const packings[] = {
#include "kernels/kernels.def"
    NULL};
#undef SLD_KERNEL
#undef SLD_PACKING

static const struct {
    const char *name;
    size_t params_size;
} families[] = {
#define SLD_FAMILY(name, params) {#name, sizeof(params)},
#include "kernels/families.def"
#undef SLD_FAMILY
};

const sld_kernel *const *sld_kernels(size_t *count)
{
    *count = SLD_ARRAY_LENGTH(kernels) - 1;
    return kernels;
}

const sld_kernel *sld_kernel_find(const char *name)
{
    for (size_t i = 0; kernels[i] != NULL; i++) {
        if (strcmp(kernels[i]->name, name) == 0) {
            return kernels[i];
        }
    }
    return NULL;
}

const sld_kernel *sld_kernel_reference(const char *family)
{
    const sld_kernel *last = NULL;
    for (size_t i = 0; kernels[i] != NULL; i++) {
        if (strcmp(kernels[i]->family, family) == 0) {
            last = kernels[i];
        }
    }
    return last;
}

const sld_kernel *sld_kernel_choose(const char *family, sld_isa_mask isas, const sld_run *run)
{
    for (size_t i = 0; kernels[i] != NULL; i++) {
        const sld_kernel *k = kernels[i];
        if (strcmp(k->family, family) == 0 && (isas & (1u << k->isa)) != 0 &&
            (k->supports == NULL || k->supports(run))) {
            return k;
        }
    }
    return sld_kernel_reference(family);
}

size_t sld_family_params_size(const char *family)
{
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(families); i++) {
        if (strcmp(families[i].name, family) == 0) {
            return families[i].params_size;
        }
    }
    return 0;
}

const sld_packing *sld_packing_find(const char *name)
{
    for (size_t i = 0; packings[i] != NULL; i++) {
        if (strcmp(packings[i]->name, name) == 0) {
            return packings[i];
        }
    }
    return NULL;
}
