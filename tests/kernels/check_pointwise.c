/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of the families that treat elements, or short neighbourhoods, one by one. */
#include "kernels/check.h"

extern const check_family check_activation, check_prelu, check_elementwise, check_scale,
    check_batchnorm, check_softmax, check_lrn;

/* A tensor of rank low..4 with at most a few thousand elements. */
static void random_tensor(check_random *r, int low, sld_tensor *t)
{
    int64_t dims[4];
    int rank = (int)check_int(r, low, 4);
    for (int i = 0; i < rank; i++) {
        dims[i] = i == 1 ? check_int(r, 1, 40) : check_int(r, 1, i == 0 ? 3 : 12);
    }
    if (check_chance(r, 0.3)) {
        dims[rank - 1] = check_int(r, 1, 150);
    }
    check_tensor(t, SOLDER_F32, rank, dims);
}

static void one_to_one(check_case *c, double absolute, double relative)
{
    c->out[0] = c->in[0];
    c->in_count = c->in_count > 1 ? c->in_count : 1;
    c->out_count = 1;
    c->bound = CHECK_CLOSE;
    c->absolute = absolute;
    c->relative = relative;
    c->flops = (double)sld_tensor_count(&c->in[0]);
}

static void describe(check_case *c, const char *what, int kind)
{
    char dims[2][96] = {"", ""};
    for (uint32_t i = 0; i < 2 && i < c->in_count; i++) {
        check_dims_text(&c->in[i], dims[i], sizeof dims[i]);
    }
    (void)snprintf(c->text, sizeof c->text, "%s %d: %s %s", what, kind, dims[0], dims[1]);
}

static void activation_case(check_random *r, check_case *c)
{
    sld_activation_params *p = &c->params.activation;
    p->kind = (int32_t)check_int(r, 0, SLD_ACT_COUNT - 1);
    p->alpha = (float)check_real(r, 0.1, 0.9);
    p->beta = (float)check_real(r, 1.0, 2.0);
    random_tensor(r, 1, &c->in[0]);
    double reach = check_chance(r, 0.3) ? 0.01 : check_chance(r, 0.3) ? 120.0 : 8.0;
    c->fill[0] = (check_fill){-reach, reach};
    one_to_one(c, 3e-7, 1e-6);
    describe(c, "activation", p->kind);
}

/* "1x64x56x56 KIND" */
static bool read_dims(const char *line, sld_tensor *t, int *kind)
{
    int64_t dims[4];
    long long d[4];
    int used = 0;
    if (sscanf(line, "%lldx%lldx%lldx%lld%n", &d[0], &d[1], &d[2], &d[3], &used) != 4) {
        return false;
    }
    for (int i = 0; i < 4; i++) {
        dims[i] = d[i];
    }
    check_tensor(t, SOLDER_F32, 4, dims);
    (void)sscanf(line + used, "%d", kind);
    return true;
}

static bool activation_shape(const char *line, bool small, check_case *c)
{
    (void)small;
    int kind = SLD_ACT_RELU;
    memset(c, 0, sizeof *c);
    bool made = read_dims(line, &c->in[0], &kind);
    c->params.activation = (sld_activation_params){.kind = kind, .alpha = 0.2f, .beta = 1.0f};
    one_to_one(c, 3e-7, 1e-6);
    return made;
}

static void prelu_case(check_random *r, check_case *c)
{
    random_tensor(r, 2, &c->in[0]);
    int rank = c->in[0].rank;
    int64_t dims[4] = {c->in[0].dim[1], 1, 1};
    int slope_rank = rank - 1;
    if (check_chance(r, 0.3)) {
        dims[0] = 1;
        slope_rank = 1;
    } else if (check_chance(r, 0.2)) {
        slope_rank = rank;
        memcpy(dims, c->in[0].dim, sizeof dims);
    }
    check_tensor(&c->in[1], SOLDER_F32, slope_rank, dims);
    c->in[1].flags = SLD_TENSOR_CONSTANT;
    c->in_count = 2;
    one_to_one(c, 0.0, 1.2e-7);
    describe(c, "prelu", 0);
}

static bool prelu_shape(const char *line, bool small, check_case *c)
{
    (void)small;
    int kind = 0;
    memset(c, 0, sizeof *c);
    bool made = read_dims(line, &c->in[0], &kind);
    int64_t dims[3] = {c->in[0].dim[1], 1, 1};
    check_tensor(&c->in[1], SOLDER_F32, 3, dims);
    c->in_count = 2;
    one_to_one(c, 0.0, 1.2e-7);
    return made;
}

/* float32 arithmetic, or a comparison, whole numbers, truth values; the type of the inputs. */
static solder_dtype elementwise_kind(check_random *r, sld_elementwise_params *p)
{
    static const solder_dtype types[] = {SOLDER_F32, SOLDER_I32, SOLDER_I64, SOLDER_BOOL};
    static const int32_t whole[] = {SLD_BINARY_SUM, SLD_BINARY_SUB, SLD_BINARY_PROD, SLD_BINARY_MAX,
                                    SLD_BINARY_MIN};
    if (check_chance(r, 0.5)) {
        p->kind = (int32_t)check_int(r, SLD_BINARY_SUM, SLD_BINARY_MIN);
        p->epilogue.act = check_chance(r, 0.3) ? SLD_ACT_RELU : SLD_ACT_NONE;
        return SOLDER_F32;
    }
    solder_dtype type = types[check_int(r, 0, SLD_ARRAY_LENGTH(types) - 1)];
    if (type == SOLDER_BOOL) {
        p->kind = (int32_t)check_int(r, SLD_BINARY_AND, SLD_BINARY_XOR);
    } else if (type != SOLDER_F32 && check_chance(r, 0.5)) {
        p->kind = whole[check_int(r, 0, SLD_ARRAY_LENGTH(whole) - 1)];
    } else {
        p->kind = (int32_t)check_int(r, SLD_BINARY_EQUAL, SLD_BINARY_GREATER_EQUAL);
    }
    return type;
}

static void elementwise_case(check_random *r, check_case *c)
{
    sld_elementwise_params *p = &c->params.elementwise;
    solder_dtype type = elementwise_kind(r, p);
    random_tensor(r, 1, &c->out[0]);
    for (int side = 0; side < 2; side++) {
        int64_t dims[4];
        int cut = check_chance(r, 0.7) ? 0 : (int)check_int(r, 0, c->out[0].rank);
        int rank = side == 0 ? c->out[0].rank : c->out[0].rank - cut;
        double repeat = side == 1 && check_chance(r, 0.5) ? 0.5 : 0.0;
        for (int i = 0; i < rank; i++) {
            int64_t full = c->out[0].dim[c->out[0].rank - rank + i];
            dims[i] = check_chance(r, repeat) ? 1 : full;
        }
        check_tensor(&c->in[side], type, rank, dims);
    }
    if (check_chance(r, 0.3)) {
        sld_tensor swap = c->in[0];
        c->in[0] = c->in[1];
        c->in[1] = swap;
    }
    c->in_count = 2;
    sld_tensor out = c->out[0];
    one_to_one(c, 0.0, 1.2e-7);
    bool compares = p->kind >= SLD_BINARY_EQUAL && p->kind <= SLD_BINARY_GREATER_EQUAL;
    check_tensor(&c->out[0], compares ? SOLDER_BOOL : type, out.rank, out.dim);
    if (type == SOLDER_F32) {
        c->fill[1] = (check_fill){0.5, 2.0};
    } else {
        c->fill[0] = c->fill[1] = (check_fill){-4, 5};
    }
    describe(c, "elementwise", p->kind);
}

static void scale_case(check_random *r, check_case *c)
{
    sld_scale_params *p = &c->params.scale;
    random_tensor(r, 2, &c->in[0]);
    p->axis = check_chance(r, 0.7) ? 1 : (int32_t)check_int(r, 0, c->in[0].rank - 1);
    int covered = check_chance(r, 0.7) ? 1 : (int)check_int(r, 1, c->in[0].rank - p->axis);
    check_tensor(&c->in[1], SOLDER_F32, covered, c->in[0].dim + p->axis);
    c->in_count = 2;
    if (check_chance(r, 0.7)) {
        check_tensor(&c->in[2], SOLDER_F32, covered, c->in[0].dim + p->axis);
        c->in_count = 3;
        c->in[1].dtype = check_chance(r, 0.1) ? SOLDER_NONE : SOLDER_F32;
    }
    p->epilogue.act = check_chance(r, 0.5) ? SLD_ACT_RELU : SLD_ACT_NONE;
    one_to_one(c, 3e-7, 2e-7); /* sums of two terms below 1 */
    describe(c, "scale", p->axis);
}

/* "1x64x56x56 AXIS" */
static bool scale_shape(const char *line, bool small, check_case *c)
{
    (void)small;
    int axis = 1;
    memset(c, 0, sizeof *c);
    bool made = read_dims(line, &c->in[0], &axis);
    c->params.scale = (sld_scale_params){.axis = axis, .epilogue = {.act = SLD_ACT_RELU}};
    check_tensor(&c->in[1], SOLDER_F32, 1, c->in[0].dim + axis);
    c->in[2] = c->in[1];
    c->in_count = 3;
    one_to_one(c, 3e-7, 2e-7);
    return made;
}

static void batchnorm_case(check_random *r, check_case *c)
{
    c->params.batchnorm.epsilon = 1e-5f;
    random_tensor(r, 1, &c->in[0]);
    int64_t channels = c->in[0].dim[c->in[0].rank > 1 ? 1 : 0];
    for (int i = 1; i < 5; i++) {
        check_tensor(&c->in[i], SOLDER_F32, 1, &channels);
    }
    c->fill[4] = (check_fill){0.1, 2.0};
    c->in_count = 5;
    one_to_one(c, 4e-6, 1e-6);
    describe(c, "batchnorm", 0);
}

static void softmax_case(check_random *r, check_case *c)
{
    sld_softmax_params *p = &c->params.softmax;
    random_tensor(r, 1, &c->in[0]);
    p->axis = (int32_t)check_int(r, 0, c->in[0].rank - 1);
    p->log = check_chance(r, 0.3);
    double reach = check_chance(r, 0.2) ? 100.0 : 5.0;
    c->fill[0] = (check_fill){-reach, reach};
    one_to_one(c, p->log ? 2e-6 : 1e-30, p->log ? 1e-6 : 3e-5 * reach / 100.0 + 2e-6);
    describe(c, p->log ? "log softmax" : "softmax", p->axis);
}

static bool softmax_shape(const char *line, bool small, check_case *c)
{
    (void)small;
    int axis = 1;
    memset(c, 0, sizeof *c);
    bool made = read_dims(line, &c->in[0], &axis);
    c->params.softmax.axis = axis;
    one_to_one(c, 1e-30, 4e-6);
    return made;
}

static void lrn_case(check_random *r, check_case *c)
{
    sld_lrn_params *p = &c->params.lrn;
    int64_t dims[4] = {check_int(r, 1, 2), check_int(r, 1, 40), check_int(r, 1, 12),
                       check_int(r, 1, 20)};
    check_tensor(&c->in[0], SOLDER_F32, 4, dims);
    p->size = 1 + 2 * (int32_t)check_int(r, 0, 4);
    p->within = check_chance(r, 0.2);
    p->alpha = (float)check_real(r, 1e-4, 2.0);
    p->beta = check_chance(r, 0.6) ? 0.75f : (float)check_real(r, 0.2, 1.5);
    p->k = (float)check_real(r, 0.5, 2.0);
    c->fill[0] = (check_fill){-5.0, 5.0};
    one_to_one(c, 0.0, 2e-6);
    describe(c, "lrn", p->size);
}

static bool lrn_shape(const char *line, bool small, check_case *c)
{
    int size = 5;
    memset(c, 0, sizeof *c);
    bool made = read_dims(line, &c->in[0], &size);
    if (small) {
        int64_t dims[4] = {1, c->in[0].dim[1], 5, c->in[0].dim[3]};
        check_tensor(&c->in[0], SOLDER_F32, 4, dims);
    }
    c->params.lrn = (sld_lrn_params){.size = size, .alpha = 1e-4f, .beta = 0.75f, .k = 1.0f};
    one_to_one(c, 0.0, 2e-6);
    return made;
}

const check_family check_activation = {"activation", activation_case, activation_shape};
const check_family check_prelu = {"prelu", prelu_case, prelu_shape};
const check_family check_elementwise = {"elementwise", elementwise_case, NULL};
const check_family check_scale = {"scale", scale_case, scale_shape};
const check_family check_batchnorm = {"batchnorm", batchnorm_case, NULL};
const check_family check_softmax = {"softmax", softmax_case, softmax_shape};
const check_family check_lrn = {"lrn", lrn_case, lrn_shape};
