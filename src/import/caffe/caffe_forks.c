/* SPDX-License-Identifier: Apache-2.0 */
/* Layers of forks whose networks are well known: SENet, PSPNet and ICNet, Faster R-CNN. */
#include <stdlib.h>

#include "import/caffe/caffe.h"

/* Axpy of SENet: scale * x + y, where scale [N, C] or [N, C, 1, 1] is of whole channels. */
solder_status sld_caffe_axpy(sld_caffe *c, sld_caffe_layer *l)
{
    sld_value *scale = sld_caffe_in(l, 0), *x = sld_caffe_in(l, 1), *y = sld_caffe_in(l, 2);
    sld_shape shape = {.rank = x->shape.rank};
    int64_t scales = 0, channels = 0;
    bool fits = scale->shape.rank >= 2 && shape.rank >= 2 && y->shape.rank == shape.rank;
    for (int i = 2; fits && i < scale->shape.rank; i++) {
        int64_t dim;
        fits = sld_expr_is_const(&c->graph->exprs, scale->shape.d[i], &dim) && dim == 1;
    }
    if (!fits) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA,
                              "its bottoms must be [N, C] or [N, C, 1, 1], and two of one shape");
    }
    SLD_TRY(sld_caffe_dim(c, l, scale, 1, &scales));
    SLD_TRY(sld_caffe_dim(c, l, x, 1, &channels));
    if (scales != channels) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "%lld factors for %lld channels",
                              (long long)scales, (long long)channels);
    }
    for (int i = 0; i < shape.rank; i++) {
        shape.d[i] = i < 2 ? scale->shape.d[i] : sld_graph_dim(c->graph, 1);
    }
    SLD_TRY(sld_caffe_reshape(c, l, scale, &shape, &scale));
    SLD_TRY(sld_caffe_binary(c, l, SLD_BINARY_PROD, x, scale, &x));
    SLD_TRY(sld_caffe_binary(c, l, SLD_BINARY_SUM, x, y, &y));
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

/* ---- BN: scale, shift, mean and variance; with bn_mode INFERENCE the last two are in the first
 * ---- */

static solder_status channel_weight(sld_caffe *c, sld_caffe_layer *l, uint32_t index,
                                    const char *what, sld_caffe_fill fill, int64_t channels,
                                    sld_value **out)
{
    const sld_caffe_want want = {
        .index = index, .what = what, .fill = fill, .rank = 1, .dims = {channels}};
    return sld_caffe_weight(c, l, &want, out);
}

solder_status sld_caffe_bn(sld_caffe *c, sld_caffe_layer *l)
{
    const Caffe__BNParameter *p = l->param;
    sld_value *in[5] = {sld_caffe_in(l, 0)}, *y;
    int64_t channels;
    SLD_TRY(sld_caffe_dim(c, l, in[0], 1, &channels));
    SLD_TRY(channel_weight(c, l, 0, "scale", SLD_CAFFE_FILL_POSITIVE, channels, &in[1]));
    SLD_TRY(channel_weight(c, l, 1, "shift", SLD_CAFFE_FILL_BIAS, channels, &in[2]));
    if (p->bn_mode == CAFFE__BNPARAMETER__BNMODE__INFERENCE) {
        sld_scale_params params;
        sld_op_defaults(SLD_OP_SCALE, &params);
        SLD_TRY(sld_caffe_add(c, l, SLD_OP_SCALE, &params, in, 3, &y));
        sld_caffe_out(l, 0, y);
        return SOLDER_OK;
    }
    SLD_TRY(channel_weight(c, l, 2, "mean", SLD_CAFFE_FILL_BIAS, channels, &in[3]));
    SLD_TRY(channel_weight(c, l, 3, "variance", SLD_CAFFE_FILL_POSITIVE, channels, &in[4]));
    sld_batchnorm_params params;
    sld_op_defaults(SLD_OP_BATCHNORM, &params);
    params.epsilon = p->eps;
    SLD_TRY(sld_caffe_add(c, l, SLD_OP_BATCHNORM, &params, in, 5, &y));
    sld_caffe_out(l, 0, y);
    return SOLDER_OK;
}

/* ---- the proposal layer of py-faster-rcnn, which is written in Python: the plugin Proposal ----
 */

enum { MAX_SCALES = 16 };

typedef struct proposal {
    int64_t stride;
    int64_t scales[MAX_SCALES];
    size_t scale_count;
} proposal;

const char *sld_caffe_refuse_python(const sld_caffe_layer *l)
{
    const Caffe__PythonParameter *p = l->param;
    return p->layer != NULL && strcmp(p->layer, "ProposalLayer") == 0
               ? NULL
               : "of Python layers only ProposalLayer is known";
}

static const char *skip(const char *at, const char *what)
{
    return at + strspn(at, what);
}

/* A number, or numbers in brackets. Returns how many, 0: neither; at is behind them. */
static size_t read_numbers(const char **at, int64_t *values, size_t room)
{
    size_t count = 0;
    bool several = **at == '[' || **at == '(';
    *at += several;
    do {
        char *end;
        *at = skip(*at, " ,");
        long value = strtol(*at, &end, 10);
        if (end == *at || value < 1 || value > INT32_MAX) {
            break;
        }
        if (count == room) {
            return 0;
        }
        values[count++] = value;
        *at = skip(end, " ");
    } while (several);
    bool closed = !several || **at == ']' || **at == ')';
    *at += several && closed;
    return closed ? count : 0;
}

/* YAML as such layers have it: 'feat_stride': 16, one field a line or with commas. */
static bool read_settings(const char *at, proposal *out)
{
    static const char between[] = " \t\r\n,{}";
    for (at = skip(at, between); *at != '\0'; at = skip(at, between)) {
        at = skip(at, "'\"");
        size_t length = strcspn(at, "'\": ");
        bool stride = length == 11 && strncmp(at, "feat_stride", 11) == 0;
        bool scales = length == 6 && strncmp(at, "scales", 6) == 0;
        at = skip(at + length, "'\" ");
        if (*at != ':' || !(stride || scales)) {
            return false;
        }
        at = skip(at + 1, " ");
        size_t count =
            read_numbers(&at, stride ? &out->stride : out->scales, stride ? 1 : MAX_SCALES);
        if (count == 0) {
            return false;
        }
        out->scale_count = scales ? count : out->scale_count;
    }
    return true;
}

/* What that layer does not read from the model stands in its program's configuration. */
solder_status sld_caffe_python(sld_caffe *c, sld_caffe_layer *l)
{
    static const double ratios[] = {0.5, 1, 2};
    const Caffe__PythonParameter *p = l->param;
    proposal set = {.stride = 16, .scales = {8, 16, 32}, .scale_count = 3};
    sld_value *in[3], *out[2];
    if (!read_settings(p->param_str != NULL ? p->param_str : "", &set)) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_UNSUPPORTED, "its param_str '%.64s'",
                              p->param_str);
    }
    for (size_t i = 0; i < 3; i++) {
        in[i] = sld_caffe_in(l, i);
    }
    const solder_attribute attributes[] = {
        {.name = "feat_stride", .count = 1, .ints = &set.stride},
        {.name = "scale", .count = set.scale_count, .ints = set.scales},
        {.name = "ratio", .count = 3, .reals = ratios}};
    const sld_import_node node = {.graph = c->graph,
                                  .plugin = sld_import_find_plugin(c->import, NULL, "Proposal"),
                                  .name = l->name,
                                  .source = l->source,
                                  .in = in,
                                  .in_count = 3,
                                  .attributes = attributes,
                                  .attribute_count = 3,
                                  .out = out,
                                  .out_count = (uint32_t)l->p->n_top};
    solder_status status = sld_import_plugin(&node);
    if (status != SOLDER_OK) {
        return status == SOLDER_ERROR_MEMORY ? status : sld_fail_within(c->diag, status, "caffe");
    }
    for (size_t i = 0; i < l->p->n_top; i++) {
        sld_caffe_out(l, i, out[i]);
    }
    return SOLDER_OK;
}
