/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of Cast. */
#include "kernels/check.h"

extern const check_family check_cast;

static void random_case(check_random *r, check_case *c)
{
    static const solder_dtype types[] = {SOLDER_F32,  SOLDER_F32, SOLDER_F16,
                                         SOLDER_BF16, SOLDER_I32, SOLDER_I64,
                                         SOLDER_U8,   SOLDER_I8,  SOLDER_BOOL};
    const int last = (int)SLD_ARRAY_LENGTH(types) - 1;
    int64_t dims[2] = {check_int(r, 1, 6), check_int(r, 1, 90)};
    solder_dtype from = types[check_int(r, 0, last)];
    solder_dtype to = types[check_int(r, 0, last)];
    check_tensor(&c->in[0], from, 2, dims);
    check_tensor(&c->out[0], to, 2, dims);
    c->params.cast = (sld_cast_params){.to = (int32_t)to, .saturate = 1};
    c->dense = check_chance(r, 0.8);
    if (from != SOLDER_BOOL) {
        double reach = check_chance(r, 0.3) ? 1e-6 : check_chance(r, 0.5) ? 300.0 : 6e4;
        c->fill[0] = (check_fill){-reach, reach};
    }
    c->in_count = c->out_count = 1;
    c->bound = CHECK_CLOSE;
    c->absolute = to == SOLDER_F16 ? 0x1p-25 : 0.0;
    (void)snprintf(c->text, sizeof c->text, "cast %d to %d: %lldx%lld", (int)from, (int)to,
                   (long long)dims[0], (long long)dims[1]);
}

/* "200704 f32 f16" */
static bool shape(const char *line, bool small, check_case *c)
{
    (void)small;
    long long count;
    char names[2][8];
    memset(c, 0, sizeof *c);
    if (sscanf(line, "%lld %7s %7s", &count, names[0], names[1]) != 3) {
        return false;
    }
    int64_t dims[1] = {count};
    check_tensor(&c->in[0], sld_dtype_from_name(names[0]), 1, dims);
    check_tensor(&c->out[0], sld_dtype_from_name(names[1]), 1, dims);
    c->params.cast.to = (int32_t)c->out[0].dtype;
    c->in_count = c->out_count = 1;
    c->bound = CHECK_CLOSE;
    c->absolute = 0x1p-25;
    c->flops = (double)count;
    return true;
}

const check_family check_cast = {"cast", random_case, shape};
