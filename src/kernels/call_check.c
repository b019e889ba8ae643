/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/call_check.h"

static const struct {
    const char *family;
    sld_check check;
} checks[] = {
#define SLD_FAMILY(name, params) {#name, sld_check_##name},
#include "kernels/families.def"
#undef SLD_FAMILY
};

sld_check sld_family_check(const char *family)
{
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(checks); i++) {
        if (strcmp(checks[i].family, family) == 0) {
            return checks[i].check;
        }
    }
    return NULL;
}

static const struct {
    const char *family;
    sld_dims_hook dims;
} hooks[] = {
#define SLD_DIMS(name) {#name, sld_dims_##name},
#include "kernels/dims.def"
#undef SLD_DIMS
    {NULL, NULL}};

sld_dims_hook sld_family_dims(const char *family)
{
    for (size_t i = 0; hooks[i].family != NULL; i++) {
        if (strcmp(hooks[i].family, family) == 0) {
            return hooks[i].dims;
        }
    }
    return NULL;
}

const char *sld_check_arity(const sld_run *run, uint32_t min, uint32_t max, uint32_t max_out)
{
    SLD_CHECK(run->in_count <= max && run->out_count <= max_out, "too many operands");
    for (uint32_t i = 0; i < min; i++) {
        SLD_CHECK(sld_check_has(run, i), "an input is missing");
    }
    SLD_CHECK(run->out_count > 0 && sld_tensor_present(&run->out[0]), "the output is missing");
    return NULL;
}

bool sld_check_same_dims(const sld_tensor *a, const sld_tensor *b)
{
    return a->rank == b->rank && memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim) == 0;
}

bool sld_check_broadcasts(const sld_tensor *t, const sld_tensor *out)
{
    int shift = out->rank - t->rank;
    for (int i = 0; shift >= 0 && i < t->rank; i++) {
        if (t->dim[i] != 1 && t->dim[i] != out->dim[shift + i]) {
            return false;
        }
    }
    return shift >= 0;
}

const char *sld_check_one_dtype(const sld_run *run)
{
    for (uint32_t i = 0; i < run->in_count; i++) {
        SLD_CHECK(!sld_check_has(run, i) || run->in[i].dtype == run->in[0].dtype,
                  "inputs have different types");
    }
    SLD_CHECK(run->out[0].dtype == run->in[0].dtype, "input and output have different types");
    return NULL;
}

const char *sld_check_like_input(const sld_run *run)
{
    SLD_CHECK(sld_check_same_dims(&run->in[0], &run->out[0]), "input and output dims differ");
    SLD_CHECK(run->in[0].dtype == run->out[0].dtype, "input and output have different types");
    return NULL;
}

const char *sld_check_epilogue(const sld_run *run, const sld_epilogue *epilogue)
{
    SLD_CHECK(epilogue->act >= 0 && epilogue->act < SLD_ACT_COUNT, "unknown activation");
    if (epilogue->residual != 0) {
        SLD_CHECK(sld_check_has(run, 3), "the residual is missing");
        SLD_CHECK(sld_check_same_dims(&run->in[3], &run->out[0]),
                  "residual and output dims differ");
    }
    return NULL;
}

bool sld_check_list(const sld_run *run, uint32_t index, int64_t count)
{
    const sld_tensor *t = &run->in[index];
    return !sld_check_has(run, index) || (t->rank <= 1 && sld_tensor_count(t) == count);
}

bool sld_check_scalar(const sld_run *run, uint32_t index)
{
    return !sld_check_has(run, index) || sld_tensor_count(&run->in[index]) >= 1;
}

bool sld_check_values(const int32_t *values, int count, int64_t low, int64_t high)
{
    for (int i = 0; i < count; i++) {
        if (values[i] < low || values[i] > high) {
            return false;
        }
    }
    return true;
}

const char *sld_check_read_list(const sld_run *run, uint32_t index, int64_t count, int64_t *values)
{
    SLD_CHECK(sld_check_has(run, index) && sld_dtype_is_integer(run->in[index].dtype) &&
                  sld_check_list(run, index, count),
              "a list of sizes does not fit");
    const sld_tensor *list = &run->in[index];
    for (int64_t i = 0; i < count; i++) {
        values[i] = sld_at_i64(list, list->rank == 0 ? 0 : i * list->stride[0]);
    }
    return NULL;
}
