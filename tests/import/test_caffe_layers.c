/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every layer against Caffe's definition of it, written out by hand or as the plainest loop. The
 * cases marked "TensorRT" are those its Caffe importer got wrong without a word.
 */
#include "caffe_check.h"

/* One layer, its inputs x (and z), its weights. */
typedef struct layer_case {
    const char *type, *fields;
    int rank, z_rank;
    int64_t dims[5], z_dims[5];
    int blobs;
    int blob_rank[5];
    int64_t blob_dims[5][5];
} layer_case;

/* Element i of input or weight array n: small, of both signs, no two neighbours alike. */
static float element(int n, size_t i)
{
    return (float)((int)((i * 7 + (size_t)n * 3) % 11) - 5) * 0.5F;
}

static size_t fill(int n, int rank, const int64_t *dims, float *data)
{
    size_t count = 1;
    for (int i = 0; i < rank; i++) {
        count *= (size_t)dims[i];
    }
    for (size_t i = 0; i < count; i++) {
        data[i] = element(n, i);
    }
    return count;
}

static void print_shape(char *text, size_t size, int rank, const int64_t *dims)
{
    for (int i = 0; i < rank; i++) {
        size_t used = strlen(text);
        (void)snprintf(text + used, size - used, "dim: %lld ", (long long)dims[i]);
    }
}

static void write_net(const layer_case *k, char *text, size_t size)
{
    (void)snprintf(text, size, "input: 'x' input_shape { ");
    print_shape(text, size, k->rank, k->dims);
    if (k->z_rank >= 0) {
        strcat(text, "} input: 'z' input_shape { ");
        print_shape(text, size, k->z_rank, k->z_dims);
    }
    size_t used = strlen(text);
    (void)snprintf(text + used, size - used, "} layer { name: 'l' type: '%s' bottom: 'x' %s "
                   "top: 'y' %s }", k->type, k->z_rank >= 0 ? "bottom: 'z'" : "", k->fields);
}

/* Imports and evaluates; the results stay in b until bench_close. */
static void run_layer(bench *b, const layer_case *k)
{
    static char text[2048];
    static caffemodel m;
    static float values[4096];
    write_net(k, text, sizeof text);
    m.net.size = 0;
    model_layer(&m, "l");
    for (int i = 0; i < k->blobs; i++) {
        (void)fill(2 + i, k->blob_rank[i], k->blob_dims[i], values);
        model_blob(&m, k->blob_rank[i], k->blob_dims[i], values);
    }
    model_end(&m);
    bench_open(b);
    (void)bench_import(b, text, strlen(text), m.net.data, m.net.size);
    bench_expect_ok(b);
    static float x[4096], z[4096];
    (void)fill(0, k->rank, k->dims, x);
    (void)fill(1, k->z_rank < 0 ? 0 : k->z_rank, k->z_dims, z);
    sld_tensor inputs[2];
    for (size_t i = 0; i < b->graph->input_count; i++) {
        bool is_x = strcmp(b->graph->inputs[i]->name, "x") == 0;
        inputs[i] = is_x ? sld_tensor_make(x, SOLDER_F32, k->rank, k->dims)
                         : sld_tensor_make(z, SOLDER_F32, k->z_rank, k->z_dims);
    }
    bench_run(b, inputs);
}

static void expect_values(const bench *b, int rank, const int64_t *dims, const float *values)
{
    sld_tensor expected =
        sld_tensor_make((void *)(uintptr_t)values, SOLDER_F32, rank, dims);
    expect_close(&b->results[0], &expected);
}

static void check_layer(const layer_case *k, int rank, const int64_t *dims, const float *values)
{
    bench b;
    run_layer(&b, k);
    expect_values(&b, rank, dims, values);
    bench_close(&b);
}

static void check_layer_error(const layer_case *k, const char *message)
{
    char text[2048];
    write_net(k, text, sizeof text);
    bench b;
    bench_open(&b);
    b.options.random_weights = true;
    (void)bench_import(&b, text, strlen(text), NULL, 0);
    assert_string_equal(b.diag.message, message);
    assert_true(b.status == SOLDER_ERROR_DATA || b.status == SOLDER_ERROR_UNSUPPORTED);
    bench_close(&b);
}

#define DIMS(...) (int64_t[]){__VA_ARGS__}
#define VALUES(...) (float[]){__VA_ARGS__}

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

static double relu(double x) { return x > 0 ? x : 0; }
static double leaky(double x) { return x > 0 ? x : 0.25 * x; }
static double relu6(double x) { return x < 0 ? 0 : x > 6 ? 6 : x; }
static double elu(double x) { return x > 0 ? x : 0.5 * (exp(x) - 1); }
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double bnll(double x) { return log(1 + exp(x)); }
static double clip(double x) { return x < -1 ? -1 : x > 0.5 ? 0.5 : x; }
static double power(double x) { return pow(3 + 0.5 * x, 2.5); }
static double power_zero(double x) { return 0 * x + 1; }
static double cube(double x) { return x * x * x; }
static double exp_default(double x) { return exp(x); }
static double exp_base(double x) { return pow(2, 0.5 + 3 * x); }
static double log_default(double x) { return log(x + 3); }
static double log_base(double x) { return log(4 + 0.5 * x) / log(10); }
static double threshold(double x) { return x > 0.5 ? 1 : 0; }
static double swish(double x) { return x / (1 + exp(-2 * x)); }
static double dropped(double x) { return x * 0.75; }
static double same(double x) { return x; }

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
    layer_case k = {"PReLU", "", .rank = 4, .z_rank = -1, .dims = {2, 3, 2, 2}, .blobs = 1,
                    .blob_rank = {1}, .blob_dims = {{3}}};
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
    layer_case flat = {"PReLU", "", .rank = 2, .z_rank = -1, .dims = {2, 3}, .blobs = 1,
                       .blob_rank = {1}, .blob_dims = {{3}}};
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
    } cases[] = {{"", 1, {1, 1, 1}},
                 {"eltwise_param { operation: SUM coeff: 2 coeff: -1 coeff: 0.5 }", 1, {2, -1, 0.5F}},
                 {"eltwise_param { operation: SUM coeff: -1 coeff: 1 coeff: -1 }", 1, {-1, 1, -1}},
                 {"eltwise_param { operation: PROD stable_prod_grad: false }", 0, {0, 0, 0}},
                 {"eltwise_param { operation: MAX }", 2, {0, 0, 0}}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        char fields[256];
        (void)snprintf(fields, sizeof fields, "bottom: 'x' %s", cases[i].param);
        layer_case k = {"Eltwise", fields, .rank = 2, .z_rank = 2, .dims = {2, 4},
                        .z_dims = {2, 4}};
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
    layer_case k = {"Eltwise", "eltwise_param { coeff: 1 }", .rank = 2, .z_rank = 2,
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
                    .rank = 4, .z_rank = -1, .dims = {2, 4, 6, 5}, .blobs = 2,
                    .blob_rank = {4, 1}, .blob_dims = {{4, 2, 3, 2}, {4}}};
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
    check_layer_error(&k, "caffe: layer 'l' (Convolution): kernel_h and kernel_w are for two spatial "
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
                    .rank = 4, .z_rank = -1, .dims = {1, 4, 4, 4}, .blobs = 2,
                    .blob_rank = {4, 1}, .blob_dims = {{4, 1, 3, 3}, {4}}};
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
    layer_case k = {"Convolution", "convolution_param { num_output: 2 kernel_size: 3 axis: -2 }",
                    .rank = 3, .z_rank = -1, .dims = {2, 2, 6}, .blobs = 2, .blob_rank = {3, 1},
                    .blob_dims = {{2, 2, 3}, {2}}};
    layer_case flat = k;
    flat.dims[2] = 1;
    flat.dims[3] = 6;
    window w = {{1, 3}, {1, 1}, {0, 0}, {1, 1}, 1};
    convolve(&flat, &w, DIMS(2, 2, 1, 4), y);
    check_layer(&k, 3, DIMS(2, 2, 4), y);
    layer_case deep = {"Convolution",
                       "convolution_param { num_output: 2 kernel_size: 2 axis: 2 }",
                       .rank = 5, .z_rank = -1, .dims = {2, 1, 3, 4, 4}, .blobs = 2,
                       .blob_rank = {4, 1}, .blob_dims = {{2, 3, 2, 2}, {2}}};
    flat = deep;
    memcpy(flat.dims, DIMS(2, 3, 4, 4), 4 * sizeof(int64_t));
    w = (window){{2, 2}, {1, 1}, {0, 0}, {1, 1}, 1};
    convolve(&flat, &w, DIMS(2, 2, 3, 3), y);
    check_layer(&deep, 5, DIMS(2, 1, 2, 3, 3), y);
    /* a window of one depth over three axes is the two-axis case on every depth */
    layer_case three = {"Convolution",
                        "convolution_param { num_output: 2 kernel_size: [1, 2, 2] }",
                        .rank = 5, .z_rank = -1, .dims = {2, 3, 1, 4, 4}, .blobs = 2,
                        .blob_rank = {5, 1}, .blob_dims = {{2, 3, 1, 2, 2}, {2}}};
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
                    .rank = 4, .z_rank = -1, .dims = {2, 4, 3, 3}, .blobs = 2,
                    .blob_rank = {4, 1}, .blob_dims = {{4, 2, 4, 2}, {4}}};
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
         {{3, 2}, {1, 3}, {2, 1}, {1, 1}, 1}, {9, 3}},
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
    check_layer_error(&k, "caffe: layer 'l' (Pooling): global_pooling takes no padding and stride 1 "
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
        layer_case k = {"InnerProduct", fields, .rank = 3, .z_rank = -1, .dims = {2, 3, 4},
                        .blobs = 2, .blob_rank = {2, 1},
                        .blob_dims = {{t ? size : 5, t ? 5 : size}, {5}}};
        float y[64];
        for (int64_t e = 0; e < cases[i].rows * 5; e++) {
            int64_t row = e / 5, o = e % 5;
            double sum = (double)element(3, (size_t)o);
            for (int64_t s = 0; s < size; s++) {
                int64_t at = t ? s * 5 + o : o * size + s;
                sum += (double)element(0, (size_t)(row * size + s)) *
                       (double)element(2, (size_t)at);
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

/* ---- normalisation ---- */

/* TensorRT: beta 5 when absent, WITHIN_CHANNEL taken for across. */
static void test_lrn(void **state)
{
    (void)state;
    layer_case k = {"LRN", "lrn_param { local_size: 3 alpha: 2 k: 1.5 }", .rank = 4, .z_rank = -1,
                    .dims = {1, 4, 3, 3}};
    float y[36];
    for (int64_t i = 0; i < 36; i++) {
        double sum = 0;
        for (int64_t c = i / 9 - 1; c <= i / 9 + 1; c++) {
            double x = c < 0 || c > 3 ? 0 : (double)element(0, (size_t)(c * 9 + i % 9));
            sum += x * x;
        }
        y[i] = (float)((double)element(0, (size_t)i) / pow(1.5 + 2.0 / 3 * sum, 0.75));
    }
    check_layer(&k, 4, k.dims, y);
    k.fields = "lrn_param { local_size: 3 alpha: 2 beta: 0.5 norm_region: WITHIN_CHANNEL k: 9 }";
    for (int64_t i = 0; i < 36; i++) {
        double sum = 0;
        for (int64_t e = 0; e < 9; e++) {
            int64_t h = i / 3 % 3 + e / 3 - 1, w = i % 3 + e % 3 - 1;
            bool in = h >= 0 && w >= 0 && h < 3 && w < 3;
            double x = in ? (double)element(0, (size_t)(i / 9 * 9 + h * 3 + w)) : 0;
            sum += x * x;
        }
        y[i] = (float)((double)element(0, (size_t)i) / pow(1 + 2.0 / 9 * sum, 0.5));
    }
    check_layer(&k, 4, k.dims, y);
    k.fields = "lrn_param { local_size: 4 }";
    check_layer_error(&k, "caffe: layer 'l' (LRN): local_size 4 is even");
}

/* mean, variance, factor; and NVCaffe's two more. Values must be sane, so the blobs are given. */
static void check_batchnorm(const char *fields, size_t blobs, float factor, const float y[6])
{
    char text[512];
    (void)snprintf(text, sizeof text, "input: 'x' input_shape { dim: 2 dim: 3 } layer { name: 'l' "
                   "type: 'BatchNorm' bottom: 'x' top: 'y' %s }", fields);
    static caffemodel m;
    m.net.size = 0;
    model_layer(&m, "l");
    model_blob(&m, 1, DIMS(3), VALUES(2, -1, 0.5F));
    model_blob(&m, 1, DIMS(3), VALUES(4, 1, 9));
    model_blob(&m, 1, DIMS(1), &factor);
    for (size_t i = 3; i < blobs; i++) {
        model_blob(&m, 1, DIMS(3), VALUES(1 + (float)i, 2, 3));
    }
    model_end(&m);
    bench b;
    bench_open(&b);
    (void)bench_import(&b, text, strlen(text), m.net.data, m.net.size);
    bench_expect_ok(&b);
    float x[] = {1, 2, 3, 4, 5, 6};
    sld_tensor input = sld_tensor_make(x, SOLDER_F32, 2, DIMS(2, 3));
    bench_run(&b, &input);
    expect_values(&b, 2, DIMS(2, 3), y);
    bench_close(&b);
}

static void test_batchnorm(void **state)
{
    (void)state;
    const double mean[] = {2, -1, 0.5}, variance[] = {4, 1, 9};
    float y[6];
    for (size_t i = 0; i < 6; i++) {
        y[i] = (float)(((double)i + 1 - mean[i % 3] / 2) / sqrt(variance[i % 3] / 2 + 1e-5));
    }
    check_batchnorm("", 3, 2, y);
    for (size_t i = 0; i < 6; i++) {
        y[i] = (float)(((double)i + 1) / sqrt(0.25));
    }
    check_batchnorm("batch_norm_param { eps: 0.25 use_global_stats: true }", 3, 0, y);
    const double scale[] = {4, 2, 3}, bias[] = {5, 2, 3};
    for (size_t i = 0; i < 6; i++) {
        y[i] = (float)(((double)i + 1 - mean[i % 3]) / sqrt(variance[i % 3] + 1e-5) *
                           scale[i % 3] + bias[i % 3]);
    }
    check_batchnorm("", 5, 7, y);
    /* statistics of the batch, here of two values */
    layer_case k = {"BatchNorm", "batch_norm_param { use_global_stats: false }", .rank = 2,
                    .z_rank = -1, .dims = {2, 3}, .blobs = 3, .blob_rank = {1, 1, 1},
                    .blob_dims = {{3}, {3}, {1}}};
    bench b;
    run_layer(&b, &k);
    const float *r = b.results[0].data;
    for (size_t i = 0; i < 3; i++) {
        float a = element(0, i), c = element(0, i + 3), half = (a - c) / 2;
        float expected = half / sqrtf(half * half + 1e-5F);
        assert_float_equal(r[i], expected, 1e-5F);
        assert_float_equal(r[i + 3], -expected, 1e-5F);
    }
    bench_close(&b);
}

/* TensorRT: one bottom, axis 1, num_axes ignored. */
static void test_scale(void **state)
{
    (void)state;
    static const struct {
        const char *param;
        int rank;
        int64_t dims[3];
        size_t inner; /* elements per element of the scale */
    } cases[] = {{"", 1, {3}, 4},
                 {"axis: 0", 1, {2}, 12},
                 {"axis: 0 num_axes: 2", 2, {2, 3}, 4},
                 {"axis: -1", 1, {4}, 1},
                 {"num_axes: -1", 2, {3, 4}, 1},
                 {"axis: 0 num_axes: -1", 3, {2, 3, 4}, 1},
                 {"num_axes: 0", 0, {0}, 24}};
    for (size_t i = 0; i < 2 * SLD_ARRAY_LENGTH(cases); i++) {
        bool bias = i % 2 != 0;
        size_t n = i / 2, count = 1;
        char fields[256];
        (void)snprintf(fields, sizeof fields, "scale_param { %s bias_term: %s }", cases[n].param,
                       bias ? "true" : "false");
        layer_case k = {"Scale", fields, .rank = 3, .z_rank = -1, .dims = {2, 3, 4},
                        .blobs = bias ? 2 : 1, .blob_rank = {cases[n].rank, cases[n].rank}};
        for (int d = 0; d < cases[n].rank; d++) {
            k.blob_dims[0][d] = k.blob_dims[1][d] = cases[n].dims[d];
            count *= (size_t)cases[n].dims[d];
        }
        float y[24];
        for (size_t e = 0; e < 24; e++) {
            size_t at = e / cases[n].inner % count;
            y[e] = element(0, e) * element(2, at) + (bias ? element(3, at) : 0);
        }
        check_layer(&k, 3, k.dims, y);
    }
    layer_case k = {"Scale", "scale_param { axis: 2 num_axes: 2 }", .rank = 3, .z_rank = -1,
                    .dims = {2, 3, 4}};
    check_layer_error(&k,
                      "caffe: layer 'l' (Scale): num_axes 2 from axis 2 on exceeds 3 axes");
    k.fields = "scale_param { axis: 3 }";
    check_layer_error(&k, "caffe: layer 'l' (Scale): axis 3 is outside a blob of 3 axes");
}

/* The second bottom is the scale (or bias) itself. */
static void test_scale_two_bottoms(void **state)
{
    (void)state;
    layer_case k = {"Scale", "scale_param { axis: 0 bias_term: true }", .rank = 3, .z_rank = 2,
                    .dims = {2, 3, 4}, .z_dims = {2, 3}, .blobs = 1, .blob_rank = {2},
                    .blob_dims = {{2, 3}}};
    float y[24];
    for (size_t e = 0; e < 24; e++) {
        y[e] = element(0, e) * element(1, e / 4) + element(2, e / 4);
    }
    check_layer(&k, 3, k.dims, y);
    k.blobs = 0;
    k.type = "Bias";
    k.fields = "bias_param { axis: 0 }";
    for (size_t e = 0; e < 24; e++) {
        y[e] = element(0, e) + element(1, e / 4);
    }
    check_layer(&k, 3, k.dims, y);
    k.fields = "";
    check_layer_error(&k, "caffe: layer 'l' (Bias): its bottom 'z' does not fit 'x' from axis 1 on");
    layer_case one = {"Bias", "bias_param { axis: -2 num_axes: 2 }", .rank = 3, .z_rank = -1,
                      .dims = {2, 3, 4}, .blobs = 1, .blob_rank = {2}, .blob_dims = {{3, 4}}};
    for (size_t e = 0; e < 24; e++) {
        y[e] = element(0, e) + element(2, e % 12);
    }
    check_layer(&one, 3, one.dims, y);
}

static void test_mvn(void **state)
{
    (void)state;
    static const struct {
        const char *param;
        size_t size;
        bool variance;
    } cases[] = {{"", 4, true},
                 {"mvn_param { across_channels: true eps: 0.5 }", 12, true},
                 {"mvn_param { normalize_variance: false }", 4, false}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        layer_case k = {"MVN", cases[i].param, .rank = 4, .z_rank = -1, .dims = {2, 3, 2, 2}};
        double eps = i == 1 ? 0.5 : 1e-9;
        float y[24];
        for (size_t start = 0; start < 24; start += cases[i].size) {
            double mean = 0, square = 0, n = (double)cases[i].size;
            for (size_t e = start; e < start + cases[i].size; e++) {
                mean += (double)element(0, e) / n;
            }
            for (size_t e = start; e < start + cases[i].size; e++) {
                double d = (double)element(0, e) - mean;
                square += d * d / n;
            }
            for (size_t e = start; e < start + cases[i].size; e++) {
                double d = (double)element(0, e) - mean;
                y[e] = (float)(cases[i].variance ? d / (sqrt(square) + eps) : d);
            }
        }
        check_layer(&k, 4, k.dims, y);
    }
}

static void test_softmax(void **state)
{
    (void)state;
    static const char *const params[] = {"", "softmax_param { axis: -1 }",
                                         "softmax_param { axis: 0 engine: CAFFE }"};
    static const size_t size[] = {3, 4, 2}, inner[] = {4, 1, 12};
    for (size_t i = 0; i < 3; i++) {
        layer_case k = {"Softmax", params[i], .rank = 3, .z_rank = -1, .dims = {2, 3, 4}};
        float y[24];
        for (size_t e = 0; e < 24; e++) {
            size_t start = e / (size[i] * inner[i]) * size[i] * inner[i] + e % inner[i];
            double sum = 0;
            for (size_t s = 0; s < size[i]; s++) {
                sum += exp((double)element(0, start + s * inner[i]));
            }
            y[e] = (float)(exp((double)element(0, e)) / sum);
        }
        check_layer(&k, 3, k.dims, y);
    }
}

/* TensorRT: reduced axes kept as axes of size 1. */
static void test_reduction(void **state)
{
    (void)state;
    static const struct {
        const char *param;
        int kind, rank; /* axis = rank of the result */
        double coeff;
    } cases[] = {{"", 0, 0, 1},
                 {"axis: 1", 0, 1, 1},
                 {"axis: -1 operation: ASUM coeff: 2", 1, 2, 2},
                 {"axis: 1 operation: SUMSQ", 2, 1, 1},
                 {"axis: 2 operation: MEAN coeff: -0.5", 3, 2, -0.5}};
    static const int64_t dims[] = {2, 3, 4};
    static const size_t sizes[] = {24, 12, 4};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        char fields[256];
        (void)snprintf(fields, sizeof fields, "reduction_param { %s }", cases[i].param);
        layer_case k = {"Reduction", fields, .rank = 3, .z_rank = -1, .dims = {2, 3, 4}};
        size_t size = sizes[cases[i].rank];
        float y[24];
        for (size_t e = 0; e < 24 / size; e++) {
            double sum = 0;
            for (size_t s = e * size; s < (e + 1) * size; s++) {
                double x = (double)element(0, s);
                sum += cases[i].kind == 1 ? fabs(x) : cases[i].kind == 2 ? x * x : x;
            }
            y[e] = (float)(sum * cases[i].coeff / (cases[i].kind == 3 ? (double)size : 1));
        }
        check_layer(&k, cases[i].rank, dims, y);
    }
}

/* x = -2.5 1 -1 2.5 0.5 -1.5 2 0 and -2 1.5 -0.5 -2.5 1 -1 2.5 0.5 */
static void test_argmax(void **state)
{
    (void)state;
    layer_case k = {"ArgMax", "", .rank = 2, .z_rank = -1, .dims = {2, 8}};
    check_layer(&k, 3, DIMS(2, 1, 1), VALUES(3, 6));
    k.fields = "argmax_param { top_k: 2 }";
    check_layer(&k, 3, DIMS(2, 1, 2), VALUES(3, 6, 6, 1));
    k.fields = "argmax_param { top_k: 2 out_max_val: true }";
    check_layer(&k, 3, DIMS(2, 2, 2),
                VALUES(3, 6, 2.5F, 2, 6, 1, 2.5F, 1.5F));
    k.fields = "argmax_param { axis: 0 }";
    check_layer(&k, 2, DIMS(1, 8), VALUES(1, 1, 1, 0, 1, 1, 1, 1));
    k.fields = "argmax_param { axis: -1 top_k: 3 out_max_val: true }";
    check_layer(&k, 2, DIMS(2, 3), VALUES(2.5F, 2, 1, 2.5F, 1.5F, 1));
    /* of equal values Caffe prefers the last: all of this row are 0 after the ReLU */
    const char *text = "input: 'x' input_shape { dim: 1 dim: 4 } layer { name: 'r' type: 'ReLU' "
                       "bottom: 'x' top: 'r' } layer { name: 'l' type: 'ArgMax' bottom: 'r' top: "
                       "'y' argmax_param { top_k: 2 } }";
    bench b;
    bench_open(&b);
    (void)bench_import(&b, text, strlen(text), NULL, 0);
    bench_expect_ok(&b);
    sld_tensor input = sld_tensor_make(VALUES(-1, -2, -3, -4), SOLDER_F32, 2, DIMS(1, 4));
    bench_run(&b, &input);
    expect_values(&b, 3, DIMS(1, 1, 2), VALUES(3, 2));
    bench_close(&b);
    k.fields = "argmax_param { top_k: 9 }";
    check_layer_error(&k, "caffe: layer 'l' (ArgMax): top_k is 9 of 8 values");
}

/* ---- shapes ---- */

/* The values of x in their order, under another shape. */
static void check_same_values(const layer_case *k, int rank, const int64_t *dims)
{
    static float y[4096];
    (void)fill(0, k->rank, k->dims, y);
    check_layer(k, rank, dims, y);
}

/* TensorRT: Flatten ignored. */
static void test_flatten(void **state)
{
    (void)state;
    layer_case k = {"Flatten", "", .rank = 4, .z_rank = -1, .dims = {2, 3, 4, 5}};
    check_same_values(&k, 2, DIMS(2, 60));
    k.fields = "flatten_param { axis: 2 }";
    check_same_values(&k, 3, DIMS(2, 3, 20));
    k.fields = "flatten_param { axis: 1 end_axis: 2 }";
    check_same_values(&k, 3, DIMS(2, 12, 5));
    k.fields = "flatten_param { axis: 0 end_axis: -3 }";
    check_same_values(&k, 3, DIMS(6, 4, 5));
    k.fields = "flatten_param { axis: 3 }";
    check_same_values(&k, 4, k.dims);
    k.fields = "flatten_param { axis: 2 end_axis: 1 }";
    check_layer_error(&k, "caffe: layer 'l' (Flatten): end_axis 1 lies before axis 2");
}

static void test_reshape(void **state)
{
    (void)state;
    layer_case k = {"Reshape", "", .rank = 3, .z_rank = -1, .dims = {2, 3, 8}};
    static const struct {
        const char *param;
        int rank;
        int64_t dims[5];
    } cases[] = {{"shape { dim: 6 dim: 8 }", 2, {6, 8}},
                 {"shape { dim: 0 dim: -1 }", 2, {2, 24}},
                 {"shape { dim: 0 dim: 0 dim: 2 dim: -1 }", 4, {2, 3, 2, 4}},
                 {"shape { dim: 4 dim: -1 } axis: 1", 3, {2, 4, 6}},
                 {"shape { dim: 4 dim: 2 } axis: -2", 4, {2, 3, 4, 2}},
                 {"shape { dim: 1 } num_axes: 0", 4, {1, 2, 3, 8}},
                 {"shape { dim: 1 } axis: 1 num_axes: 0", 4, {2, 1, 3, 8}},
                 {"shape { dim: 1 } axis: -1 num_axes: 0", 4, {2, 3, 8, 1}},
                 {"shape { dim: 3 dim: 2 } num_axes: 2", 3, {3, 2, 8}},
                 {"shape { dim: -1 }", 1, {48}}};
    char fields[256];
    k.fields = fields;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        (void)snprintf(fields, sizeof fields, "reshape_param { %s }", cases[i].param);
        check_same_values(&k, cases[i].rank, cases[i].dims);
    }
    k.fields = "reshape_param { shape { dim: -1 dim: 7 } }";
    check_layer_error(&k, "caffe: layer 'l' (Reshape): 48 elements cannot be reshaped to multiples "
                          "of 7");
    k.fields = "reshape_param { shape { dim: -1 dim: -1 } }";
    check_layer_error(&k, "caffe: layer 'l' (Reshape): dim -1 at place 1 of its shape");
    k.fields = "";
    check_layer_error(&k, "caffe: layer 'l' (Reshape): has no shape");
}

static void test_permute(void **state)
{
    (void)state;
    layer_case k = {"Permute", "permute_param { order: [0, 2, 3, 1] }", .rank = 4, .z_rank = -1,
                    .dims = {2, 3, 2, 2}};
    float y[24];
    for (size_t i = 0; i < 24; i++) {
        y[i] = element(0, i / 12 * 12 + i % 3 * 4 + i / 3 % 4);
    }
    check_layer(&k, 4, DIMS(2, 2, 2, 3), y);
    k.fields = "permute_param { order: 1 }"; /* the others follow */
    for (size_t i = 0; i < 24; i++) {
        y[i] = element(0, i / 4 % 2 * 12 + i / 8 * 4 + i % 4);
    }
    check_layer(&k, 4, DIMS(3, 2, 2, 2), y);
    k.fields = "permute_param { order: [0, 0] }";
    check_layer_error(&k, "caffe: layer 'l' (Permute): order 0 is out of range or repeated");
}

static void test_concat(void **state)
{
    (void)state;
    layer_case k = {"Concat", "", .rank = 3, .z_rank = 3, .dims = {2, 3, 2}, .z_dims = {2, 1, 2}};
    float y[24];
    for (size_t i = 0; i < 16; i++) {
        y[i] = i % 8 < 6 ? element(0, i / 8 * 6 + i % 8) : element(1, i / 8 * 2 + i % 8 - 6);
    }
    check_layer(&k, 3, DIMS(2, 4, 2), y);
    k.fields = "concat_param { concat_dim: 1 }";
    check_layer(&k, 3, DIMS(2, 4, 2), y);
    k.fields = "concat_param { axis: -2 }";
    check_layer(&k, 3, DIMS(2, 4, 2), y);
    k.fields = "concat_param { axis: 1 concat_dim: 1 }";
    check_layer_error(&k, "caffe: layer 'l' (Concat): gives both axis and concat_dim");
}

/* More bottoms than a node has inputs. */
static void test_wide_concat(void **state)
{
    (void)state;
    static char text[8192];
    strcpy(text, "input: 'x' input_shape { dim: 1 dim: 2 } layer { name: 'l' type: 'Concat' top: "
                 "'y'");
    for (int i = 0; i < 150; i++) {
        strcat(text, " bottom: 'x'");
    }
    strcat(text, " }");
    bench b;
    bench_open(&b);
    (void)bench_import(&b, text, strlen(text), NULL, 0);
    bench_expect_ok(&b);
    sld_tensor input = sld_tensor_make(VALUES(1, 2), SOLDER_F32, 2, DIMS(1, 2));
    bench_run(&b, &input);
    static float y[300];
    for (int i = 0; i < 300; i++) {
        y[i] = (float)(1 + i % 2);
    }
    expect_values(&b, 2, DIMS(1, 300), y);
    bench_close(&b);
}

static void test_slice(void **state)
{
    (void)state;
    static const struct {
        const char *param;
        int64_t from, size;
    } cases[] = {{"", 2, 2},
                 {"slice_param { slice_point: [1, 4] }", 1, 3},
                 {"slice_param { slice_dim: 1 slice_point: 3 slice_point: 5 }", 3, 2},
                 {"slice_param { axis: -2 slice_point: 3 slice_point: 5 }", 3, 2}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        char fields[256]; /* y is the middle of three */
        (void)snprintf(fields, sizeof fields, "top: 'c' %s", cases[i].param);
        layer_case k = {"Slice", fields, .rank = 3, .z_rank = -1, .dims = {2, 6, 2}};
        char text[1024];
        write_net(&k, text, sizeof text);
        char *y_top = strstr(text, "top: 'y'"); /* "top: 'y' top: 'c'": put one before */
        char net[1024];
        (void)snprintf(net, sizeof net, "%.*s top: 'a' %s", (int)(y_top - text), text, y_top);
        bench b;
        bench_open(&b);
        bench_output(&b, "y");
        (void)bench_import(&b, net, strlen(net), NULL, 0);
        bench_expect_ok(&b);
        float x[24], y[24];
        (void)fill(0, 3, k.dims, x);
        sld_tensor input = sld_tensor_make(x, SOLDER_F32, 3, k.dims);
        bench_run(&b, &input);
        for (int64_t e = 0; e < 4 * cases[i].size; e++) {
            y[e] = x[e / (2 * cases[i].size) * 12 + cases[i].from * 2 + e % (2 * cases[i].size)];
        }
        expect_values(&b, 3, DIMS(2, cases[i].size, 2), y);
        bench_close(&b);
    }
    layer_case k = {"Slice", "top: 'b' top: 'c' top: 'd'", .rank = 3, .z_rank = -1,
                    .dims = {2, 6, 2}};
    check_layer_error(&k, "caffe: layer 'l' (Slice): 4 tops do not divide 6 evenly");
    k.fields = "top: 'b' slice_param { slice_point: 6 }";
    check_layer_error(&k, "caffe: layer 'l' (Slice): slice_point 6 of 6");
}

static void test_tile(void **state)
{
    (void)state;
    layer_case k = {"Tile", "tile_param { tiles: 2 }", .rank = 2, .z_rank = -1, .dims = {2, 3}};
    float y[12];
    for (size_t i = 0; i < 12; i++) {
        y[i] = element(0, i / 6 * 3 + i % 3);
    }
    check_layer(&k, 2, DIMS(2, 6), y);
    k.fields = "tile_param { tiles: 2 axis: 0 }";
    for (size_t i = 0; i < 12; i++) {
        y[i] = element(0, i % 6);
    }
    check_layer(&k, 2, DIMS(4, 3), y);
}

static void crop(const int64_t from[3], const int64_t out[4], float *y)
{
    for (int64_t i = 0; i < out[0] * out[1] * out[2] * out[3]; i++) {
        int64_t w = i % out[3] + from[2], h = i / out[3] % out[2] + from[1];
        int64_t c = i / (out[3] * out[2]) % out[1] + from[0];
        y[i] = element(0, (size_t)((i / (out[3] * out[2] * out[1]) * 3 + c) * 25 + h * 5 + w));
    }
}

static void test_crop(void **state)
{
    (void)state;
    static float y[150];
    layer_case k = {"Crop", "", .rank = 4, .z_rank = 4, .dims = {2, 3, 5, 5},
                    .z_dims = {1, 1, 3, 2}};
    crop(DIMS(0, 0, 0), DIMS(2, 3, 3, 2), y);
    check_layer(&k, 4, DIMS(2, 3, 3, 2), y);
    k.fields = "crop_param { offset: 2 }";
    crop(DIMS(0, 2, 2), DIMS(2, 3, 3, 2), y);
    check_layer(&k, 4, DIMS(2, 3, 3, 2), y);
    k.fields = "crop_param { axis: 1 offset: [2, 1, 3] }";
    crop(DIMS(2, 1, 3), DIMS(2, 1, 3, 2), y);
    check_layer(&k, 4, DIMS(2, 1, 3, 2), y);
    k.fields = "crop_param { offset: 4 }";
    check_layer_error(&k, "caffe: layer 'l' (Crop): axis 2: 3 from offset 4 on exceeds 5");
    k.fields = "crop_param { offset: [1, 2, 3] }";
    check_layer_error(&k, "caffe: layer 'l' (Crop): 3 offset for 2 cropped axes");
}

/* The reference's size is known only when the network runs. */
static void test_crop_open(void **state)
{
    (void)state;
    const char *text = "input: 'x' input_dim: [2, 3, 5, 5] input: 'z' input_dim: [1, 1, 3, 2] "
                       "layer { name: 'l' type: 'Crop' bottom: 'x' bottom: 'z' top: 'y' "
                       "crop_param { offset: [1, 2] } }";
    bench b;
    bench_open(&b);
    bench_input(&b, "z", 4, DIMS(1, 1, -1, -1));
    (void)bench_import(&b, text, strlen(text), NULL, 0);
    bench_expect_ok(&b);
    static float x[150], y[150];
    (void)fill(0, 4, DIMS(2, 3, 5, 5), x);
    sld_tensor inputs[] = {sld_tensor_make(x, SOLDER_F32, 4, DIMS(2, 3, 5, 5)),
                           sld_tensor_make(x, SOLDER_F32, 4, DIMS(1, 1, 3, 2))};
    bench_run(&b, inputs);
    crop(DIMS(0, 1, 2), DIMS(2, 3, 3, 2), y);
    expect_values(&b, 4, DIMS(2, 3, 3, 2), y);
    bench_close(&b);
}

/* out[i] lies at i (in - 1) / (out - 1), corners on corners. */
static void interp(const int64_t in[2], const int64_t out[2], float *y)
{
    for (int64_t i = 0; i < 2 * out[0] * out[1]; i++) {
        double at[2] = {0, 0};
        int64_t index[2] = {i / out[1] % out[0], i % out[1]}, low[2], high[2];
        for (int d = 0; d < 2; d++) {
            at[d] = out[d] > 1 ? (double)(index[d] * (in[d] - 1)) / (double)(out[d] - 1) : 0;
            low[d] = (int64_t)at[d];
            high[d] = low[d] + 1 < in[d] ? low[d] + 1 : low[d];
            at[d] -= (double)low[d];
        }
        int64_t plane = i / (out[0] * out[1]) * in[0] * in[1];
        double sum = 0;
        for (int e = 0; e < 4; e++) {
            int64_t h = e / 2 ? high[0] : low[0], w = e % 2 ? high[1] : low[1];
            sum += (double)element(0, (size_t)(plane + h * in[1] + w)) *
                   (e / 2 ? at[0] : 1 - at[0]) * (e % 2 ? at[1] : 1 - at[1]);
        }
        y[i] = (float)sum;
    }
}

static void test_interp(void **state)
{
    (void)state;
    static float y[512];
    layer_case k = {"Interp", "interp_param { height: 7 width: 4 }", .rank = 4, .z_rank = -1,
                    .dims = {1, 2, 3, 5}};
    interp(DIMS(3, 5), DIMS(7, 4), y);
    check_layer(&k, 4, DIMS(1, 2, 7, 4), y);
    k.fields = "interp_param { zoom_factor: 3 }";
    interp(DIMS(3, 5), DIMS(7, 13), y);
    check_layer(&k, 4, DIMS(1, 2, 7, 13), y);
    k.fields = "interp_param { shrink_factor: 2 }";
    interp(DIMS(3, 5), DIMS(2, 3), y);
    check_layer(&k, 4, DIMS(1, 2, 2, 3), y);
    k.fields = "interp_param { zoom_factor: 2 pad_beg: 0 pad_end: -3 }";
    check_layer_error(&k, "caffe: layer 'l' (Interp): pad_beg 0 and pad_end -3 must crop, and leave "
                          "something");
    k.fields = "";
    check_layer_error(&k, "caffe: layer 'l' (Interp): its top has a size of 0");
}

static void test_upsample(void **state)
{
    (void)state;
    layer_case k = {"Upsample", "upsample_param { scale: 2 }", .rank = 4, .z_rank = -1,
                    .dims = {1, 2, 2, 3}};
    float y[48];
    for (size_t i = 0; i < 48; i++) {
        y[i] = element(0, i / 24 * 6 + i / 12 % 2 * 3 + i % 6 / 2);
    }
    check_layer(&k, 4, DIMS(1, 2, 4, 6), y);
    k.fields = "bottom: 'x'";
    check_layer_error(&k, "caffe: 1 node is not supported: 'l' (Upsample: unpooling with a mask)");
}

static void test_shuffle_channel(void **state)
{
    (void)state;
    layer_case k = {"ShuffleChannel", "shuffle_channel_param { group: 2 }", .rank = 4,
                    .z_rank = -1, .dims = {1, 6, 1, 2}};
    static const size_t order[] = {0, 3, 1, 4, 2, 5};
    float y[12];
    for (size_t i = 0; i < 12; i++) {
        y[i] = element(0, order[i / 2] * 2 + i % 2);
    }
    check_layer(&k, 4, k.dims, y);
    k.fields = "shuffle_channel_param { group: 4 }";
    check_layer_error(&k, "caffe: layer 'l' (ShuffleChannel): group 4 does not divide 6 channels");
}

static void test_parameter(void **state)
{
    (void)state;
    const char *text = "input: 'x' input_shape { dim: 1 dim: 2 } layer { name: 'p' type: "
                       "'Parameter' top: 'p' parameter_param { shape { dim: 1 dim: 2 } } } layer { "
                       "name: 'l' type: 'Eltwise' bottom: 'x' bottom: 'p' top: 'y' }";
    static caffemodel m;
    m.net.size = 0;
    model_layer(&m, "p");
    model_blob(&m, 2, DIMS(1, 2), VALUES(10, 20));
    model_end(&m);
    bench b;
    bench_open(&b);
    (void)bench_import(&b, text, strlen(text), m.net.data, m.net.size);
    bench_expect_ok(&b);
    sld_tensor input = sld_tensor_make(VALUES(1, 2), SOLDER_F32, 2, DIMS(1, 2));
    bench_run(&b, &input);
    expect_values(&b, 2, DIMS(1, 2), VALUES(11, 22));
    bench_close(&b);
}

/* ---- mean image ---- */

static void test_mean(void **state)
{
    (void)state;
    wire_text blob = {.size = 0};
    float values[12];
    (void)fill(0, 1, DIMS(12), values);
    const uint32_t dims[] = {1, 3, 2, 2};
    for (uint32_t i = 0; i < 4; i++) {
        put_number(&blob, i + 1, dims[i]);
    }
    put_bytes(&blob, 5, values, sizeof values);
    const char *path = BINARY_DIR "/test_caffe_mean.binaryproto";
    for (int cut = 0; cut < 2; cut++) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(blob.data, 1, blob.size - (size_t)cut, file),
                         blob.size - (size_t)cut);
        (void)fclose(file);
        sld_arena arena;
        sld_diag diag;
        sld_diag_init(&diag, NULL);
        sld_arena_init(&arena, NULL, 0);
        sld_caffe_mean mean;
        solder_status status = sld_caffe_read_mean(&arena, &diag, path, &mean);
        assert_int_equal(status, cut == 0 ? SOLDER_OK : SOLDER_ERROR_DATA);
        if (cut == 0) {
            assert_memory_equal(mean.dims, DIMS(3, 2, 2), sizeof mean.dims);
            assert_memory_equal(mean.data, values, sizeof values);
        } else {
            assert_non_null(strstr(diag.message, "is truncated (offset 8)"));
        }
        sld_arena_free(&arena);
    }
    (void)remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elementwise),      cmocka_unit_test(test_prelu),
        cmocka_unit_test(test_eltwise),          cmocka_unit_test(test_convolution),
        cmocka_unit_test(test_depthwise),        cmocka_unit_test(test_convolution_axes),
        cmocka_unit_test(test_deconvolution),    cmocka_unit_test(test_pooling),
        cmocka_unit_test(test_spp),              cmocka_unit_test(test_inner_product),
        cmocka_unit_test(test_embed),            cmocka_unit_test(test_lrn),
        cmocka_unit_test(test_batchnorm),        cmocka_unit_test(test_scale),
        cmocka_unit_test(test_scale_two_bottoms), cmocka_unit_test(test_mvn),
        cmocka_unit_test(test_softmax),          cmocka_unit_test(test_reduction),
        cmocka_unit_test(test_argmax),           cmocka_unit_test(test_flatten),
        cmocka_unit_test(test_reshape),          cmocka_unit_test(test_permute),
        cmocka_unit_test(test_concat),           cmocka_unit_test(test_wide_concat),
        cmocka_unit_test(test_slice),            cmocka_unit_test(test_tile),
        cmocka_unit_test(test_crop),             cmocka_unit_test(test_crop_open),
        cmocka_unit_test(test_interp),           cmocka_unit_test(test_upsample),
        cmocka_unit_test(test_shuffle_channel),  cmocka_unit_test(test_parameter),
        cmocka_unit_test(test_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
