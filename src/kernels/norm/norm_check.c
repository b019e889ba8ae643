/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/call_check.h"

const char *sld_check_lrn(const sld_run *run)
{
    const sld_lrn_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 1, 1, 1));
    SLD_CHECK_TRY(sld_check_like_input(run));
    SLD_CHECK(p->within ? run->in[0].rank == 4 : run->in[0].rank >= 2, "rank does not fit");
    SLD_CHECK(p->size >= 1 && p->size <= (p->within ? 1024 : SLD_CHECK_LIMIT),
              "size is out of range");
    return NULL;
}

/* Lies on axes [axis, axis + its rank) of x. */
static bool lies_on(const sld_tensor *t, const sld_tensor *x, int32_t axis)
{
    for (int i = 0; i < t->rank; i++) {
        if (axis + i >= x->rank || t->dim[i] != x->dim[axis + i]) {
            return false;
        }
    }
    return true;
}

const char *sld_check_scale(const sld_run *run)
{
    const sld_scale_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 1, 3, 1));
    SLD_CHECK_TRY(sld_check_like_input(run));
    SLD_CHECK_TRY(sld_check_one_dtype(run));
    SLD_CHECK(p->axis >= 0 && p->axis <= run->in[0].rank, "axis is out of range");
    for (uint32_t i = 1; i < run->in_count; i++) {
        SLD_CHECK(!sld_check_has(run, i) || lies_on(&run->in[i], &run->in[0], p->axis),
                  "a factor does not lie on the input's axes");
    }
    SLD_CHECK(p->epilogue.residual == 0, "there is no residual here");
    return sld_check_epilogue(run, &p->epilogue);
}

const char *sld_check_batchnorm(const sld_run *run)
{
    SLD_CHECK_TRY(sld_check_arity(run, 5, 5, 1));
    SLD_CHECK_TRY(sld_check_like_input(run));
    SLD_CHECK_TRY(sld_check_one_dtype(run));
    const sld_tensor *x = &run->in[0];
    SLD_CHECK(x->rank >= 1, "rank does not fit");
    for (uint32_t i = 1; i < 5; i++) {
        SLD_CHECK(run->in[i].rank == 1 && run->in[i].dim[0] == x->dim[x->rank > 1 ? 1 : 0],
                  "an input does not have one value per channel");
    }
    return NULL;
}

static const char *check_affine(const sld_run *run, uint32_t index, bool per_channel)
{
    const sld_tensor *t = &run->in[index];
    const sld_tensor *x = &run->in[0];
    if (!sld_check_has(run, index)) {
        return NULL;
    }
    if (per_channel) {
        SLD_CHECK(t->rank == 1 && x->rank >= 2 && t->dim[0] == x->dim[1],
                  "scale or bias does not have one value per channel");
        return NULL;
    }
    SLD_CHECK(sld_check_broadcasts(t, x), "scale or bias does not broadcast");
    return NULL;
}

const char *sld_check_normalization(const sld_run *run)
{
    const sld_normalization_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 1, 3, 1));
    SLD_CHECK_TRY(sld_check_like_input(run));
    SLD_CHECK_TRY(sld_check_one_dtype(run));
    const sld_tensor *x = &run->in[0];
    SLD_CHECK((uint64_t)p->axes >> x->rank == 0, "axes are out of range");
    SLD_CHECK(p->groups <= 1 || (x->rank >= 2 && (p->axes & 2u) == 0 && x->dim[1] % p->groups == 0),
              "groups do not fit the channels");
    SLD_CHECK_TRY(check_affine(run, 1, p->channel_affine != 0));
    return check_affine(run, 2, p->channel_affine != 0);
}

const char *sld_check_lpnorm(const sld_run *run)
{
    const sld_lpnorm_params *p = run->params;
    SLD_CHECK_TRY(sld_check_arity(run, 1, 1, 1));
    SLD_CHECK_TRY(sld_check_like_input(run));
    SLD_CHECK(p->axis >= 0 && p->axis < run->in[0].rank, "axis is out of range");
    return NULL;
}
