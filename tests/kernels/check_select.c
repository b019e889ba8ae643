/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of Select. */
#include "kernels/check.h"

extern const check_family check_select;

static void finish(check_case *c)
{
    char text[4][96];
    for (int i = 0; i < 4; i++) {
        check_dims_text(i < 3 ? &c->in[i] : &c->out[0], text[i], sizeof text[i]);
    }
    (void)snprintf(c->text, sizeof c->text, "select of type %d: %s, %s, %s to %s",
                   (int)c->out[0].dtype, text[0], text[1], text[2], text[3]);
    c->in_count = 3;
    c->out_count = 1;
    c->bound = CHECK_CLOSE;
    c->flops = (double)sld_tensor_count(&c->out[0]);
}

static void random_case(check_random *r, check_case *c)
{
    static const solder_dtype types[] = {SOLDER_F32, SOLDER_F32, SOLDER_I64, SOLDER_F16, SOLDER_U8};
    solder_dtype type = types[check_int(r, 0, SLD_ARRAY_LENGTH(types) - 1)];
    int64_t dims[4];
    int rank = (int)check_int(r, 0, 4);
    for (int i = 0; i < rank; i++) {
        dims[i] = check_int(r, 1, i == rank - 1 ? 80 : 6);
    }
    check_tensor(&c->out[0], type, rank, dims);
    for (int k = 0; k < 3; k++) {
        double repeat = check_chance(r, 0.5) ? 0.4 : 0.0;
        int cut = check_chance(r, 0.7) ? 0 : (int)check_int(r, 0, rank);
        int64_t own[4];
        for (int i = cut; i < rank; i++) {
            own[i - cut] = check_chance(r, repeat) ? 1 : dims[i];
        }
        check_tensor(&c->in[k], k == 0 ? SOLDER_BOOL : type, rank - cut, own);
    }
    finish(c);
}

/* "1x12x128x128": the condition repeats over axis 1, b is one value */
static bool shape(const char *line, bool small, check_case *c)
{
    long long d[4];
    const int64_t one = 1;
    memset(c, 0, sizeof *c);
    int read = sscanf(line, "%lldx%lldx%lldx%lld", &d[0], &d[1], &d[2], &d[3]);
    int64_t dims[4] = {d[0], small ? 2 : d[1], d[2], d[3]};
    check_tensor(&c->out[0], SOLDER_F32, 4, dims);
    check_tensor(&c->in[1], SOLDER_F32, 4, dims);
    check_tensor(&c->in[2], SOLDER_F32, 1, &one);
    dims[1] = 1;
    check_tensor(&c->in[0], SOLDER_BOOL, 4, dims);
    finish(c);
    return read == 4;
}

const check_family check_select = {"select", random_case, shape};
