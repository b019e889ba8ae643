/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of Normalization and LpNorm. */
#include "kernels/check.h"

extern const check_family check_normalization, check_lpnorm;

static void finish(check_case *c, const char *what, unsigned detail)
{
    char dims[2][96] = {"", ""};
    c->out[0] = c->in[0];
    c->out_count = 1;
    c->in_count = c->in_count > 1 ? c->in_count : 1;
    c->bound = CHECK_CLOSE;
    c->flops = (double)sld_tensor_count(&c->in[0]);
    for (uint32_t i = 0; i < 2 && i < c->in_count; i++) {
        check_dims_text(&c->in[i], dims[i], sizeof dims[i]);
    }
    (void)snprintf(c->text, sizeof c->text, "%s %x: %s %s", what, detail, dims[0], dims[1]);
}

/* Where scale and bias lie: along axis 1, or right-aligned from axis first on. */
static void random_affine(check_random *r, check_case *c, int first, int end)
{
    const sld_tensor *x = &c->in[0];
    sld_normalization_params *p = &c->params.normalization;
    int64_t dims[4];
    int rank = x->rank - first;
    p->channel_affine = x->rank > 1 && check_chance(r, 0.5);
    for (int i = 0; i < rank; i++) {
        dims[i] = x->dim[first + i];
    }
    if (check_chance(r, 0.3) && rank > 0) { /* repeated over some axes */
        dims[check_int(r, 0, rank - 1)] = 1;
    }
    bool inside = check_chance(r, 0.5);
    for (int i = first; i < x->rank && end < x->rank && check_chance(r, 0.9); i++) {
        dims[i - first] = (i < end) == inside ? x->dim[i] : 1; /* along one part of the axes */
    }
    for (int i = 1; i < 3; i++) {
        if (p->channel_affine) {
            check_tensor(&c->in[i], SOLDER_F32, 1, &x->dim[1]);
        } else {
            check_tensor(&c->in[i], SOLDER_F32, rank, dims);
        }
        if (check_chance(r, 0.2)) {
            c->in[i] = (sld_tensor){0};
        }
    }
    c->in_count = 3;
}

static void normalization_case(check_random *r, check_case *c)
{
    sld_normalization_params *p = &c->params.normalization;
    int64_t dims[4];
    int rank = (int)check_int(r, 1, 4);
    for (int i = 0; i < rank; i++) {
        dims[i] = check_int(r, 1, i == rank - 1 ? 200 : 12);
    }
    int first = (int)check_int(r, 0, rank - 1);
    p->groups = 1;
    if (rank > 2 && check_chance(r, 0.3)) {
        first = 2;
        p->groups = (int32_t)check_int(r, 1, 4);
        dims[1] *= p->groups;
    }
    int end = p->groups == 1 && check_chance(r, 0.4) ? (int)check_int(r, first + 1, rank) : rank;
    check_tensor(&c->in[0], SOLDER_F32, rank, dims);
    p->axes = ((1u << end) - 1) & ~((1u << first) - 1);
    p->normalize_variance = check_chance(r, 0.9);
    p->subtract_mean = check_chance(r, 0.8);
    p->epsilon_outside = check_chance(r, 0.2);
    p->epsilon = 1e-3f;
    random_affine(r, c, first, end);
    double middle = check_chance(r, 0.3) ? 3.0 : 0.0;
    c->fill[0] = (check_fill){middle - 2.0, middle + 2.0};
    finish(c, "normalization", p->axes);
    c->absolute = 3e-5; /* single elements: differences near 0 over the root of 1e-3 */
    c->relative = 2e-6;
}

/* "1x64x56x56 FIRST [GROUPS [END]]": the statistics run over the axes from FIRST on */
static bool normalization_shape(const char *line, bool small, check_case *c)
{
    long long d[4];
    int first = 2;
    int groups = 1;
    int end = 4;
    memset(c, 0, sizeof *c);
    int read = sscanf(line, "%lldx%lldx%lldx%lld %d %d %d", &d[0], &d[1], &d[2], &d[3], &first,
                      &groups, &end);
    int64_t dims[4] = {d[0], d[1], small && first < 3 && d[2] > 8 ? 8 : d[2], d[3]};
    check_tensor(&c->in[0], SOLDER_F32, 4, dims);
    c->params.normalization =
        (sld_normalization_params){.axes = ((1u << end) - 1) & ~((1u << first) - 1),
                                   .groups = groups,
                                   .channel_affine = first == 2 || end == 2,
                                   .normalize_variance = 1,
                                   .subtract_mean = 1,
                                   .epsilon = 1e-5f};
    check_tensor(&c->in[1], SOLDER_F32, 1, first == 2 || end == 2 ? &dims[1] : &dims[3]);
    c->in[2] = c->in[1];
    c->in_count = 3;
    finish(c, "normalization", (unsigned)first);
    c->absolute = 2e-6;
    c->relative = 2e-6;
    return read >= 4;
}

static void lpnorm_case(check_random *r, check_case *c)
{
    sld_lpnorm_params *p = &c->params.lpnorm;
    int64_t dims[4];
    int rank = (int)check_int(r, 1, 4);
    for (int i = 0; i < rank; i++) {
        dims[i] = check_int(r, 1, 14);
    }
    p->axis = (int32_t)check_int(r, 0, rank - 1);
    p->p = (int32_t)check_int(r, 1, 2);
    p->epsilon = check_chance(r, 0.5) ? 1e-10f : 0.0f;
    if (check_chance(r, 0.5)) {
        dims[check_chance(r, 0.5) ? p->axis : rank - 1] = check_int(r, 1, 200);
    }
    check_tensor(&c->in[0], SOLDER_F32, rank, dims);
    double reach = check_chance(r, 0.1) ? 1e25 : check_chance(r, 0.1) ? 1e-25 : 2.0;
    c->fill[0] = (check_fill){-reach, reach};
    finish(c, "lpnorm", (unsigned)p->axis);
    c->relative = 1e-6;
}

/* "1x512x38x38 AXIS" */
static bool lpnorm_shape(const char *line, bool small, check_case *c)
{
    long long d[4];
    memset(c, 0, sizeof *c);
    sld_lpnorm_params *p = &c->params.lpnorm;
    *p = (sld_lpnorm_params){.p = 2, .epsilon = 1e-10f};
    int read = sscanf(line, "%lldx%lldx%lldx%lld %d", &d[0], &d[1], &d[2], &d[3], &p->axis);
    int64_t dims[4] = {d[0], d[1], small && d[2] > 8 ? 8 : d[2], d[3]};
    check_tensor(&c->in[0], SOLDER_F32, 4, dims);
    finish(c, "lpnorm", (unsigned)p->axis);
    c->relative = 1e-6;
    return read == 5;
}

const check_family check_normalization = {"normalization", normalization_case, normalization_shape};
const check_family check_lpnorm = {"lpnorm", lpnorm_case, lpnorm_shape};
