/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every call of a family must satisfy for any kernel of it to stay inside its tensors: the
 * numbers of operands, parameters in range, dims that belong together. Inference guarantees it for
 * what the builder makes; a plan's bytes and open dimensions are held to it when they are loaded
 * and whenever dims are set. Kernels rely on it.
 */
#ifndef SLD_KERNELS_CALL_CHECK_H
#define SLD_KERNELS_CALL_CHECK_H

#include "kernels/params.h"

/* NULL if the call is sound, else what is wrong with it. Looks at no data. */
typedef const char *(*sld_check)(const sld_run *run);

/* NULL for an unknown family. */
sld_check sld_family_check(const char *family);

/* One per family, in the folder of its kernels. */
#define SLD_FAMILY(name, params) const char *sld_check_##name(const sld_run *run);
#include "kernels/families.def"
#undef SLD_FAMILY

/*
 * Sets the dims of all outputs from the parameters and the values of the inputs, right before a
 * step runs whose outputs have no bound. NULL, or what is wrong with the values.
 */
typedef const char *(*sld_dims_hook)(const sld_run *run);

/* NULL for a family whose outputs always have a bound. */
sld_dims_hook sld_family_dims(const char *family);

/* One per family of dims.def, beside its check. */
#define SLD_DIMS(name) const char *sld_dims_##name(const sld_run *run);
#include "kernels/dims.def"
#undef SLD_DIMS

/* ---- for the checks (call_check.c) ---- */

#define SLD_CHECK(condition, text)                                                                 \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            return (text);                                                                         \
        }                                                                                          \
    } while (0)
#define SLD_CHECK_TRY(call)                                                                        \
    do {                                                                                           \
        const char *sld_check_text = (call);                                                       \
        if (sld_check_text != NULL) {                                                              \
            return sld_check_text;                                                                 \
        }                                                                                          \
    } while (0)

/* Larger paddings, steps and windows are nobody's; below, sums of products fit 64 bits. */
#define SLD_CHECK_LIMIT ((int64_t)1 << 30)

static inline bool sld_check_has(const sld_run *run, uint32_t index)
{
    return index < run->in_count && sld_tensor_present(&run->in[index]);
}

/* At most max inputs, the first min present; output 0 present, at most max_out. */
const char *sld_check_arity(const sld_run *run, uint32_t min, uint32_t max, uint32_t max_out);
bool sld_check_same_dims(const sld_tensor *a, const sld_tensor *b);
/* Dims of t, right-aligned, are those of out or 1. */
bool sld_check_broadcasts(const sld_tensor *t, const sld_tensor *out);
/* Every present input and output 0 have the type of input 0. */
const char *sld_check_one_dtype(const sld_run *run);
/* Input 0 and output 0 agree in dims and type. */
const char *sld_check_like_input(const sld_run *run);
/* A known activation; the residual, if asked for, in slot 3 with the dims of the output. */
const char *sld_check_epilogue(const sld_run *run, const sld_epilogue *epilogue);
/* An optional list of integers: absent, or rank 0 or 1 with count elements. */
bool sld_check_list(const sld_run *run, uint32_t index, int64_t count);
/* An optional scalar: absent or at least one element. */
bool sld_check_scalar(const sld_run *run, uint32_t index);
/* The values of a list of count integers into values; what is wrong with it. */
const char *sld_check_read_list(const sld_run *run, uint32_t index, int64_t count, int64_t *values);
/* Values lie in [low, high]. */
bool sld_check_values(const int32_t *values, int count, int64_t low, int64_t high);

#endif
