/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Element by element, windows and matrices, against Caffe's definition written out by hand or as
 * the plainest loop. Cases marked "TensorRT" are those its Caffe importer got wrong without a
 * word.
 */
#include "caffe_layer_check.h"

/* A function of each element. */
static void check_map(const char *type, const char *fields, double (*f)(double))
{
    layer_case k = {type, fields, .rank = 2, .z_rank = -1, .dims = {2, 11}};
    float expected[22];
    for (size_t i = 0; i < 22; i++) {
        expected[i] = (float)f((double)element(0, i));
    }
    check_layer(&k, 2, k.dims, expected);
}

/* ---- element by element ---- */

static double relu(double x)
{
    return x > 0 ? x : 0;
}
static double leaky(double x)
{
    return x > 0 ? x : 0.25 * x;
}
static double relu6(double x)
{
    return x < 0 ? 0 : x > 6 ? 6 : x;
}
static double elu(double x)
{
    return x > 0 ? x : 0.5 * (exp(x) - 1);
}
static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}
static double bnll(double x)
{
    return log(1 + exp(x));
}
static double clip(double x)
{
    return x < -1 ? -1 : x > 0.5 ? 0.5 : x;
}
static double power(double x)
{
    return pow(3 + 0.5 * x, 2.5);
}
static double power_zero(double x)
{
    return 0 * x + 1;
}
static double cube(double x)
{
    return x * x * x;
}
static double exp_default(double x)
{
    return exp(x);
}
static double exp_base(double x)
{
    return pow(2, 0.5 + 3 * x);
}
static double log_default(double x)
{
    return log(x + 3);
}
static double log_base(double x)
{
    return log(4 + 0.5 * x) / log(10);
}
static double threshold(double x)
{
    return x > 0.5 ? 1 : 0;
}
static double swish(double x)
{
    return x / (1 + exp(-2 * x));
}
static double dropped(double x)
{
    return x * 0.75;
}
static double same(double x)
{
    return x;
}

static void test_elementwise(void **state)
{
    (void)state;
    check_map("ReLU", "", relu);
    check_map("ReLU", "relu_param { negative_slope: 0.25 engine: CUDNN }", leaky);
    check_map("ReLU6", "", relu6);
    check_map("ELU", "elu_param { alpha: 0.5 }", elu);
    check_map("Sigmoid", "", sigmoid);
    check_map("TanH", "", tanh);
    check_map("BNLL", "", bnll);
    check_map("AbsVal", "", fabs);
    check_map("Clip", "clip_param { min: -1 max: 0.5 }", clip);
    check_map("Power", "power_param { shift: 3 scale: 0.5 power: 2.5 }", power);
    check_map("Power", "power_param { power: 0 }", power_zero);
    check_map("Power", "power_param { power: 3 }", cube); /* TensorRT: sign of the domain */
    check_map("Power", "", same);
    check_map("Exp", "", exp_default);
    check_map("Exp", "exp_param { base: 2 scale: 3 shift: 0.5 }", exp_base);
    check_map("Log", "log_param { shift: 3 }", log_default);
    check_map("Log", "log_param { base: 10 scale: 0.5 shift: 4 }", log_base);
    check_map("Threshold", "threshold_param { threshold: 0.5 }", threshold);
    check_map("Swish", "swish_param { beta: 2 }", swish);
    check_map("Dropout", "dropout_param { dropout_ratio: 0.25 }", same);
    check_map("Dropout", "dropout_param { dropout_ratio: 0.25 scale_train: false }", dropped);
    check_map("Split", "", same);
    layer_case k = {"Log", "log_param { base: -2 }", .rank = 1, .z_rank = -1, .dims = {3}};
    check_layer_error(&k, "caffe: layer 'l' (Log): base -2 is not positive");
    k.type = "Clip";
    k.fields = "";
    check_layer_error(&k, "caffe: layer 'l' (Clip): needs clip_param { min max }");
}

static void test_prelu(void **state)
{
    (void)state;
    layer_case k = {"PReLU",
                    "",
                    .rank = 4,
                    .z_rank = -1,
                    .dims = {2, 3, 2, 2},
                    .blobs = 1,
                    .blob_rank = {1},
                    .blob_dims = {{3}}};
    float y[24];
    for (size_t i = 0; i < 24; i++) {
        float x = element(0, i);
        y[i] = x > 0 ? x : x * element(2, i / 4 % 3);
    }
    check_layer(&k, 4, k.dims, y);
    k.fields = "prelu_param { channel_shared: true }";
    k.blob_dims[0][0] = 1;
    for (size_t i = 0; i < 24; i++) {
        float x = element(0, i);
        y[i] = x > 0 ? x : x * element(2, 0);
    }
    check_layer(&k, 4, k.dims, y);
    layer_case flat = {"PReLU",        "",         .rank = 2,        .z_rank = -1,
                       .dims = {2, 3}, .blobs = 1, .blob_rank = {1}, .blob_dims = {{3}}};
    for (size_t i = 0; i < 6; i++) {
        float x = element(0, i);
        y[i] = x > 0 ? x : x * element(2, i % 3);
    }
    check_layer(&flat, 2, flat.dims, y);
}

/* TensorRT: exactly two bottoms, coeff ignored. */
static void test_eltwise(void **state)
{
    (void)state;
    static const struct {
        const char *param;
        int kind; /* 0 product, 1 sum with coefficients, 2 largest */
        float coeff[3];
    } cases[] = {
        {"", 1, {1, 1, 1}},
        {"eltwise_param { operation: SUM coeff: 2 coeff: -1 coeff: 0.5 }", 1, {2, -1, 0.5F}},
        {"eltwise_param { operation: SUM coeff: -1 coeff: 1 coeff: -1 }", 1, {-1, 1, -1}},
        {"eltwise_param { operation: PROD stable_prod_grad: false }", 0, {0, 0, 0}},
        {"eltwise_param { operation: MAX }", 2, {0, 0, 0}}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        char fields[256];
        (void)snprintf(fields, sizeof fields, "bottom: 'x' %s", cases[i].param);
        layer_case k = {"Eltwise",   fields,         .rank = 2,
                        .z_rank = 2, .dims = {2, 4}, .z_dims = {2, 4}};
        float y[8];
        const float *c = cases[i].coeff;
        for (size_t e = 0; e < 8; e++) {
            float a = element(0, e), b = element(1, e);
            y[e] = cases[i].kind == 0   ? a * b * a
                   : cases[i].kind == 1 ? c[0] * a + c[1] * b + c[2] * a
                   : a > b              ? a
                                        : b;
        }
        check_layer(&k, 2, k.dims, y);
    }
    layer_case k = {"Eltwise",      "eltwise_param { coeff: 1 }",
                    .rank = 2,      .z_rank = 2,
                    .dims = {2, 4}, .z_dims = {2, 4}};
    check_layer_error(&k, "caffe: layer 'l' (Eltwise): 1 coeff for 2 bottoms");
    k.fields = "eltwise_param { operation: MAX coeff: 1 coeff: 1 }";
    check_layer_error(&k, "caffe: layer 'l' (Eltwise): coeff is for SUM only (2 coeff, 2 bottoms)");
    k.fields = "";
    k.z_dims[0] = 1; /* would broadcast */
    check_layer_error(&k, "caffe: layer 'l' (Eltwise): its bottoms 'x' and 'z' differ in shape");
}

/* ---- windows ---- */

/* Plain correlation or its transpose, any of 2 spatial axes. */
typedef struct window {
    int64_t kernel[2], stride[2], pad[2], dilation[2], groups;
} window;

static void convolve(const layer_case *k, const window *w, const int64_t out[4], float *y)
{
    int64_t cg = k->dims[1] / w->groups, og = out[1] / w->groups;
    for (int64_t i = 0; i < out[0] * out[1] * out[2] * out[3]; i++) {
        int64_t ow = i % out[3], oh = i / out[3] % out[2], o = i / (out[3] * out[2]) % out[1];
        int64_t n = i / (out[3] * out[2] * out[1]);
        double sum = k->blobs > 1 ? (double)element(3, (size_t)o) : 0;
        for (int64_t e = 0; e < cg * w->kernel[0] * w->kernel[1]; e++) {
            int64_t kw = e % w->kernel[1], kh = e / w->kernel[1] % w->kernel[0];
            int64_t c = e / (w->kernel[0] * w->kernel[1]);
            int64_t h = oh * w->stride[0] - w->pad[0] + kh * w->dilation[0];
            int64_t v = ow * w->stride[1] - w->pad[1] + kw * w->dilation[1];
            if (h < 0 || v < 0 || h >= k->dims[2] || v >= k->dims[3]) {
                continue;
            }
            int64_t x = ((n * k->dims[1] + o / og * cg + c) * k->dims[2] + h) * k->dims[3] + v;
            int64_t at = ((o * cg + c) * w->kernel[0] + kh) * w->kernel[1] + kw;
            sum += (double)element(0, (size_t)x) * (double)element(2, (size_t)at);
        }
        y[i] = (float)sum;
    }
}

static void test_convolution(void **state)
{
    (void)state;
    static float y[4096];
    layer_case k = {"Convolution",
                    "convolution_param { num_output: 4 kernel_h: 3 kernel_w: 2 stride_h: 2 "
                    "stride_w: 1 pad_h: 1 pad_w: 0 group: 2 }",
                    .rank = 4,
                    .z_rank = -1,
                    .dims = {2, 4, 6, 5},
                    .blobs = 2,
                    .blob_rank = {4, 1},
                    .blob_dims = {{4, 2, 3, 2}, {4}}};
    window w = {{3, 2}, {2, 1}, {1, 0}, {1, 1}, 2};
    convolve(&k, &w, DIMS(2, 4, 3, 4), y);
    check_layer(&k, 4, DIMS(2, 4, 3, 4), y);
    /* values per axis are in the order height, width */
    k.fields = "convolution_param { num_output: 4 kernel_size: [3, 2] stride: [2, 1] pad: [1, 0] "
               "group: 2 force_nd_im2col: true }";
    check_layer(&k, 4, DIMS(2, 4, 3, 4), y);
    k.fields = "convolution_param { num_output: 4 kernel_size: 2 dilation: 2 dilation: 1 pad: 1 "
               "bias_term: false }";
    k.blobs = 1;
    memcpy(k.blob_dims[0], DIMS(4, 4, 2, 2), 4 * sizeof(int64_t));
    w = (window){{2, 2}, {1, 1}, {1, 1}, {2, 1}, 1};
    convolve(&k, &w, DIMS(2, 4, 6, 6), y);
    check_layer(&k, 4, DIMS(2, 4, 6, 6), y);
    k.fields = "convolution_param { num_output: 4 kernel_size: 2 kernel_h: 2 }";
    check_layer_error(&k,
                      "caffe: layer 'l' (Convolution): kernel_h and kernel_w are for two spatial "
                      "axes and exclude kernel");
    k.fields = "convolution_param { num_output: 4 }";
    check_layer_error(&k, "caffe: layer 'l' (Convolution): has no kernel");
    k.fields = "convolution_param { num_output: 4 kernel_size: 0 }";
    check_layer_error(&k, "caffe: layer 'l' (Convolution): kernel is 0");
    k.fields = "convolution_param { num_output: 4 kernel_size: [1, 2, 3] }";
    check_layer_error(&k, "caffe: layer 'l' (Convolution): kernel is given 3 times for 2 spatial "
                          "axes");
    k.fields = "convolution_param { num_output: 4 kernel_size: 1 group: 3 }";
    check_layer_error(&k, "caffe: layer 'l' (Convolution): 3 groups divide neither 4 channels nor "
                          "4 outputs evenly");
    k.fields = "convolution_param { num_output: 4294967295 kernel_size: 1 }";
    check_layer_error(&k, "caffe: layer 'l' (Convolution): num_output is 4294967295");
}

static void test_depthwise(void **state)
{
    (void)state;
    static float y[256];
    layer_case k = {"DepthwiseConvolution",
                    "convolution_param { num_output: 4 kernel_size: 3 pad: 1 }",
                    .rank = 4,
                    .z_rank = -1,
                    .dims = {1, 4, 4, 4},
                    .blobs = 2,
                    .blob_rank = {4, 1},
                    .blob_dims = {{4, 1, 3, 3}, {4}}};
    window w = {{3, 3}, {1, 1}, {1, 1}, {1, 1}, 4};
    convolve(&k, &w, k.dims, y);
    check_layer(&k, 4, k.dims, y);
    k.fields = "convolution_param { num_output: 4 kernel_size: 3 pad: 1 group: 4 }";
    check_layer(&k, 4, k.dims, y);
}

/* One spatial axis; three; channels further back, with independent images before them. */
static void test_convolution_axes(void **state)
{
    (void)state;
    static float y[256];
    layer_case k = {
        "Convolution",       "convolution_param { num_output: 2 kernel_size: 3 axis: -2 }",
        .rank = 3,           .z_rank = -1,
        .dims = {2, 2, 6},   .blobs = 2,
        .blob_rank = {3, 1}, .blob_dims = {{2, 2, 3}, {2}}};
    layer_case flat = k;
    flat.dims[2] = 1;
    flat.dims[3] = 6;
    window w = {{1, 3}, {1, 1}, {0, 0}, {1, 1}, 1};
    convolve(&flat, &w, DIMS(2, 2, 1, 4), y);
    check_layer(&k, 3, DIMS(2, 2, 4), y);
    layer_case deep = {"Convolution",
                       "convolution_param { num_output: 2 kernel_size: 2 axis: 2 }",
                       .rank = 5,
                       .z_rank = -1,
                       .dims = {2, 1, 3, 4, 4},
                       .blobs = 2,
                       .blob_rank = {4, 1},
                       .blob_dims = {{2, 3, 2, 2}, {2}}};
    flat = deep;
    memcpy(flat.dims, DIMS(2, 3, 4, 4), 4 * sizeof(int64_t));
    w = (window){{2, 2}, {1, 1}, {0, 0}, {1, 1}, 1};
    convolve(&flat, &w, DIMS(2, 2, 3, 3), y);
    check_layer(&deep, 5, DIMS(2, 1, 2, 3, 3), y);
    /* a window of one depth over three axes is the two-axis case on every depth */
    layer_case three = {"Convolution",
                        "convolution_param { num_output: 2 kernel_size: [1, 2, 2] }",
                        .rank = 5,
                        .z_rank = -1,
                        .dims = {2, 3, 1, 4, 4},
                        .blobs = 2,
                        .blob_rank = {5, 1},
                        .blob_dims = {{2, 3, 1, 2, 2}, {2}}};
    check_layer(&three, 5, DIMS(2, 2, 1, 3, 3), y);
}

static void deconvolve(const layer_case *k, const window *w, const int64_t out[4], float *y)
{
    int64_t ig = k->dims[1] / w->groups, og = out[1] / w->groups;
    int64_t plane = out[2] * out[3];
    for (int64_t i = 0; i < out[0] * out[1] * plane; i++) {
        y[i] = k->blobs > 1 ? element(3, (size_t)(i / plane % out[1])) : 0;
    }
    for (int64_t i = 0; i < k->dims[0] * k->dims[1] * k->dims[2] * k->dims[3]; i++) {
        int64_t v = i % k->dims[3], h = i / k->dims[3] % k->dims[2];
        int64_t c = i / (k->dims[3] * k->dims[2]) % k->dims[1];
        int64_t n = i / (k->dims[3] * k->dims[2] * k->dims[1]);
        for (int64_t e = 0; e < og * w->kernel[0] * w->kernel[1]; e++) {
            int64_t kw = e % w->kernel[1], kh = e / w->kernel[1] % w->kernel[0];
            int64_t o = e / (w->kernel[0] * w->kernel[1]);
            int64_t oh = h * w->stride[0] - w->pad[0] + kh * w->dilation[0];
            int64_t ow = v * w->stride[1] - w->pad[1] + kw * w->dilation[1];
            if (oh < 0 || ow < 0 || oh >= out[2] || ow >= out[3]) {
                continue;
            }
            int64_t at = ((c * og + o) * w->kernel[0] + kh) * w->kernel[1] + kw;
            int64_t to = ((n * out[1] + c / ig * og + o) * out[2] + oh) * out[3] + ow;
            y[to] += element(0, (size_t)i) * element(2, (size_t)at);
        }
    }
}

/* TensorRT: kernel_size[0] taken for the width; dilation refused. */
static void test_deconvolution(void **state)
{
    (void)state;
    static float y[4096];
    layer_case k = {"Deconvolution",
                    "convolution_param { num_output: 4 kernel_size: 4 kernel_size: 2 stride: 2 "
                    "stride: 1 pad: 1 pad: 0 group: 2 }",
                    .rank = 4,
                    .z_rank = -1,
                    .dims = {2, 4, 3, 3},
                    .blobs = 2,
                    .blob_rank = {4, 1},
                    .blob_dims = {{4, 2, 4, 2}, {4}}};
    window w = {{4, 2}, {2, 1}, {1, 0}, {1, 1}, 2};
    deconvolve(&k, &w, DIMS(2, 4, 6, 4), y);
    check_layer(&k, 4, DIMS(2, 4, 6, 4), y);
    k.fields = "convolution_param { num_output: 2 kernel_size: 3 dilation: 2 bias_term: false }";
    k.blobs = 1;
    memcpy(k.blob_dims[0], DIMS(4, 2, 3, 3), 4 * sizeof(int64_t));
    w = (window){{3, 3}, {1, 1}, {0, 0}, {2, 2}, 1};
    deconvolve(&k, &w, DIMS(2, 2, 7, 7), y);
    check_layer(&k, 4, DIMS(2, 2, 7, 7), y);
}

/* Caffe's loop: windows are cut at the padded edge for the count, at the image for the sum. */
static void pool(const layer_case *k, const window *w, bool average, const int64_t out[4], float *y)
{
    for (int64_t i = 0; i < out[0] * out[1] * out[2] * out[3]; i++) {
        int64_t begin[2] = {i / out[3] % out[2], i % out[3]}, end[2];
        int64_t count = 1;
        for (int d = 0; d < 2; d++) {
            begin[d] = begin[d] * w->stride[d] - w->pad[d];
            end[d] = begin[d] + w->kernel[d];
            int64_t padded = k->dims[2 + d] + w->pad[d];
            end[d] = end[d] < padded ? end[d] : padded;
            count *= end[d] - begin[d];
            begin[d] = begin[d] > 0 ? begin[d] : 0;
            end[d] = end[d] < k->dims[2 + d] ? end[d] : k->dims[2 + d];
        }
        double sum = 0, largest = -1e30;
        for (int64_t h = begin[0]; h < end[0]; h++) {
            for (int64_t v = begin[1]; v < end[1]; v++) {
                int64_t at = (i / (out[2] * out[3]) * k->dims[2] + h) * k->dims[3] + v;
                double x = (double)element(0, (size_t)at);
                sum += x;
                largest = x > largest ? x : largest;
            }
        }
        y[i] = (float)(average ? sum / (double)count : largest);
    }
}

static void test_pooling(void **state)
{
    (void)state;
    static const struct {
        const char *param;
        window w;
        int64_t out[2];
    } cases[] = {
        {"kernel_size: 2 stride: 2", {{2, 2}, {2, 2}, {0, 0}, {1, 1}, 1}, {4, 3}},
        {"kernel_size: 3 stride: 2 pad: 1", {{3, 3}, {2, 2}, {1, 1}, {1, 1}, 1}, {4, 4}},
        {"kernel_h: 3 kernel_w: 2 stride_h: 1 stride_w: 3 pad_h: 2 pad_w: 1",
         {{3, 2}, {1, 3}, {2, 1}, {1, 1}, 1},
         {9, 3}},
        {"kernel_size: 3 stride: 3 pad: 1", {{3, 3}, {3, 3}, {1, 1}, {1, 1}, 1}, {3, 3}},
        {"kernel_size: 2 stride: 2 round_mode: FLOOR", {{2, 2}, {2, 2}, {0, 0}, {1, 1}, 1}, {3, 3}},
        {"kernel_size: 2 stride: 2 ceil_mode: false", {{2, 2}, {2, 2}, {0, 0}, {1, 1}, 1}, {3, 3}},
        {"global_pooling: true", {{7, 6}, {1, 1}, {0, 0}, {1, 1}, 1}, {1, 1}},
    };
    static float y[1024];
    for (size_t i = 0; i < 2 * SLD_ARRAY_LENGTH(cases); i++) {
        char fields[256];
        (void)snprintf(fields, sizeof fields, "pooling_param { pool: %s %s }",
                       i % 2 == 0 ? "MAX" : "AVE", cases[i / 2].param);
        layer_case k = {"Pooling", fields, .rank = 4, .z_rank = -1, .dims = {2, 2, 7, 6}};
        int64_t out[4] = {2, 2, cases[i / 2].out[0], cases[i / 2].out[1]};
        pool(&k, &cases[i / 2].w, i % 2 != 0, out, y);
        check_layer(&k, 4, out, y);
    }
    layer_case k = {"Pooling", "pooling_param { stride: 2 }", .rank = 4, .z_rank = -1,
                    .dims = {2, 2, 7, 6}};
    check_layer_error(&k, "caffe: layer 'l' (Pooling): has no kernel_size");
    k.fields = "pooling_param { kernel_size: 2 pad: 2 }";
    check_layer_error(&k, "caffe: layer 'l' (Pooling): pad 2 is not below the window 2");
    k.fields = "pooling_param { kernel_size: 2 stride: 0 }";
    check_layer_error(&k, "caffe: layer 'l' (Pooling): stride is 0");
    k.fields = "pooling_param { global_pooling: true pad: 1 }";
    check_layer_error(&k,
                      "caffe: layer 'l' (Pooling): global_pooling takes no padding and stride 1 "
                      "only");
    k.fields = "pooling_param { pool: STOCHASTIC kernel_size: 2 }";
    check_layer_error(&k, "caffe: 1 node is not supported: 'l' (Pooling: stochastic pooling)");
}

/* Bins of level 0, then of level 1, per channel. */
static void test_spp(void **state)
{
    (void)state;
    layer_case k = {"SPP", "spp_param { pyramid_height: 2 pool: AVE }", .rank = 4, .z_rank = -1,
                    .dims = {1, 2, 3, 4}};
    float whole[2], bins[8], y[10];
    window w = {{3, 4}, {3, 4}, {0, 0}, {1, 1}, 1};
    pool(&k, &w, true, DIMS(1, 2, 1, 1), whole);
    w = (window){{2, 2}, {2, 2}, {1, 0}, {1, 1}, 1};
    pool(&k, &w, true, DIMS(1, 2, 2, 2), bins);
    memcpy(y, whole, sizeof whole);
    memcpy(y + 2, bins, sizeof bins);
    check_layer(&k, 2, DIMS(1, 10), y);
    k.fields = "spp_param { pyramid_height: 1 pool: AVE }";
    check_layer(&k, 4, DIMS(1, 2, 1, 1), whole);
}

/* ---- matrices ---- */

/* TensorRT: axis and transpose ignored. */
static void test_inner_product(void **state)
{
    (void)state;
    static const struct {
        const char *param;
        int64_t rows, size;
        int rank;
        int64_t out[3];
        bool transpose;
    } cases[] = {{"", 2, 12, 2, {2, 5}, false},
                 {"axis: 2", 6, 4, 3, {2, 3, 5}, false},
                 {"axis: -1", 6, 4, 3, {2, 3, 5}, false},
                 {"axis: 0", 1, 24, 1, {5}, false},
                 {"transpose: true", 2, 12, 2, {2, 5}, true},
                 {"axis: 2 transpose: true", 6, 4, 3, {2, 3, 5}, true}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        char fields[256];
        (void)snprintf(fields, sizeof fields, "inner_product_param { num_output: 5 %s }",
                       cases[i].param);
        int64_t size = cases[i].size;
        bool t = cases[i].transpose;
        layer_case k = {"InnerProduct",      fields,
                        .rank = 3,           .z_rank = -1,
                        .dims = {2, 3, 4},   .blobs = 2,
                        .blob_rank = {2, 1}, .blob_dims = {{t ? size : 5, t ? 5 : size}, {5}}};
        float y[64];
        for (int64_t e = 0; e < cases[i].rows * 5; e++) {
            int64_t row = e / 5, o = e % 5;
            double sum = (double)element(3, (size_t)o);
            for (int64_t s = 0; s < size; s++) {
                int64_t at = t ? s * 5 + o : o * size + s;
                sum +=
                    (double)element(0, (size_t)(row * size + s)) * (double)element(2, (size_t)at);
            }
            y[e] = (float)sum;
        }
        check_layer(&k, cases[i].rank, cases[i].out, y);
    }
}

static void test_embed(void **state)
{
    (void)state;
    /* indices through Power and AbsVal: x is of both signs, element() of halves */
    const char *text = "input: 'x' input_shape { dim: 2 dim: 2 } layer { name: 'l' type: 'Embed' "
                       "bottom: 'x' top: 'y' embed_param { num_output: 3 input_dim: 4 } }";
    static caffemodel m;
    float weight[12], bias[] = {100, 200, 300};
    (void)fill(0, 1, DIMS(12), weight);
    m.net.size = 0;
    model_layer(&m, "l");
    model_blob(&m, 2, DIMS(4, 3), weight);
    model_blob(&m, 1, DIMS(3), bias);
    model_end(&m);
    bench b;
    bench_open(&b);
    (void)bench_import(&b, text, strlen(text), m.net.data, m.net.size);
    bench_expect_ok(&b);
    float x[] = {3, 0, 1, 3}, y[12];
    sld_tensor input = sld_tensor_make(x, SOLDER_F32, 2, DIMS(2, 2));
    bench_run(&b, &input);
    for (size_t i = 0; i < 12; i++) {
        y[i] = weight[(size_t)x[i / 3] * 3 + i % 3] + bias[i % 3];
    }
    expect_values(&b, 3, DIMS(2, 2, 3), y);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elementwise),   cmocka_unit_test(test_prelu),
        cmocka_unit_test(test_eltwise),       cmocka_unit_test(test_convolution),
        cmocka_unit_test(test_depthwise),     cmocka_unit_test(test_convolution_axes),
        cmocka_unit_test(test_deconvolution), cmocka_unit_test(test_pooling),
        cmocka_unit_test(test_spp),           cmocka_unit_test(test_inner_product),
        cmocka_unit_test(test_embed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
