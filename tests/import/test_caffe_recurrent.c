/* SPDX-License-Identifier: Apache-2.0 */
/* LSTM and RNN layers against their definition, written out step by step. */
#include "caffe_layer_check.h"

enum { T = 3, N = 2, I = 3, H = 2, S = 2 };

/* What a step of either is given: weights by blob, in Caffe's order. */
typedef struct recurrence {
    int gates;
    const float *x, *cont, *still; /* [T, N, I], [T, N], [N, S] or NULL */
    const float *w, *b, *ws, *r;   /* [G H, I], [G H], [G H, S], [G H, H] */
    double h[N][H], c[N][H];
} recurrence;

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* The sum that goes into gate row g of sequence n at step t. */
static double gate(const recurrence *k, int t, int n, int g)
{
    double cont = (double)k->cont[t * N + n], sum = (double)k->b[g];
    for (int i = 0; i < I; i++) {
        sum += (double)k->w[g * I + i] * (double)k->x[(t * N + n) * I + i];
    }
    for (int i = 0; k->still != NULL && i < S; i++) {
        sum += (double)k->ws[g * S + i] * (double)k->still[n * S + i];
    }
    for (int i = 0; i < H; i++) {
        sum += (double)k->r[g * H + i] * cont * k->h[n][i];
    }
    return sum;
}

static void step(recurrence *k, int t)
{
    double h[N][H];
    for (int n = 0; n < N; n++) {
        for (int j = 0; j < H; j++) {
            double in = gate(k, t, n, j);
            if (k->gates == 1) {
                h[n][j] = tanh(in);
                continue;
            }
            double f = (double)k->cont[t * N + n] * sigmoid(gate(k, t, n, H + j));
            double o = sigmoid(gate(k, t, n, 2 * H + j)), g = tanh(gate(k, t, n, 3 * H + j));
            k->c[n][j] = f * k->c[n][j] + sigmoid(in) * g;
            h[n][j] = o * tanh(k->c[n][j]);
        }
    }
    memcpy(k->h, h, sizeof h);
}

/* Inputs 0 (x) and 1 (cont), weights from 2 on, as run_layer fills them. */
static void values(recurrence *k, float (*data)[64])
{
    for (int i = 0; i < 8; i++) {
        (void)fill(i, 1, DIMS(64), data[i]);
    }
    *k = (recurrence){.x = data[0], .cont = data[1], .w = data[2], .b = data[3], .r = data[4]};
}

static void test_lstm(void **state)
{
    (void)state;
    const layer_case k = {"LSTM",
                          "recurrent_param { num_output: 2 weight_filler { type: 'xavier' } }",
                          .rank = 4,
                          .z_rank = 2,
                          .dims = {T, N, 1, I},
                          .z_dims = {T, N},
                          .blobs = 3,
                          .blob_rank = {2, 1, 2},
                          .blob_dims = {{4 * H, I}, {4 * H}, {4 * H, H}}};
    float data[8][64], expected[T * N * H];
    recurrence r;
    values(&r, data);
    r.gates = 4;
    for (int t = 0; t < T; t++) {
        step(&r, t);
        for (int i = 0; i < N * H; i++) {
            expected[t * N * H + i] = (float)r.h[i / H][i % H];
        }
    }
    check_layer(&k, 3, DIMS(T, N, H), expected);
}

/* o = tanh(h w + b) of every step is what RNN gives */
static void test_rnn(void **state)
{
    (void)state;
    const layer_case k = {"RNN",
                          "recurrent_param { num_output: 2 }",
                          .rank = 3,
                          .z_rank = 2,
                          .dims = {T, N, I},
                          .z_dims = {T, N},
                          .blobs = 5,
                          .blob_rank = {2, 1, 2, 2, 1},
                          .blob_dims = {{H, I}, {H}, {H, H}, {H, H}, {H}}};
    float data[8][64], expected[T * N * H];
    recurrence r;
    values(&r, data);
    r.gates = 1;
    for (int t = 0; t < T; t++) {
        step(&r, t);
        for (int n = 0; n < N; n++) {
            for (int j = 0; j < H; j++) {
                double sum = (double)data[6][j];
                for (int i = 0; i < H; i++) {
                    sum += (double)data[5][j * H + i] * r.h[n][i];
                }
                expected[(t * N + n) * H + j] = (float)tanh(sum);
            }
        }
    }
    check_layer(&k, 3, DIMS(T, N, H), expected);
}

static const char exposed[] =
    "input: 'x' input_shape { dim: 3 dim: 2 dim: 3 } input: 'cont' input_shape { dim: 3 dim: 2 } "
    "input: 's' input_shape { dim: 2 dim: 2 } input: 'h' input_shape { dim: 1 dim: 2 dim: 2 } "
    "input: 'c' input_shape { dim: 1 dim: 2 dim: 2 } "
    "layer { name: 'l' type: 'LSTM' bottom: 'x' bottom: 'cont' bottom: 's' bottom: 'h' "
    "bottom: 'c' top: 'y' top: 'h_end' top: 'c_end' "
    "recurrent_param { num_output: 2 expose_hidden: true } }";

/* A still input, and states that come in and go out. */
static void test_lstm_exposed(void **state)
{
    (void)state;
    static const int64_t dims[4][2] = {{4 * H, I}, {4 * H}, {4 * H, S}, {4 * H, H}};
    static const int ranks[4] = {2, 1, 2, 2};
    float data[8][64];
    static caffemodel m;
    recurrence r;
    values(&r, data);
    m.net.size = 0;
    model_layer(&m, "l");
    for (int i = 0; i < 4; i++) {
        model_blob(&m, ranks[i], dims[i], data[2 + i]);
    }
    model_end(&m);
    bench b;
    bench_open(&b);
    (void)bench_import(&b, exposed, sizeof exposed - 1, m.net.data, m.net.size);
    bench_expect_ok(&b);
    r.gates = 4;
    r.ws = data[4];
    r.r = data[5];
    r.still = data[6];
    const sld_tensor inputs[5] = {sld_tensor_make(data[0], SOLDER_F32, 3, DIMS(T, N, I)),
                                  sld_tensor_make(data[1], SOLDER_F32, 2, DIMS(T, N)),
                                  sld_tensor_make(data[6], SOLDER_F32, 2, DIMS(N, S)),
                                  sld_tensor_make(data[7], SOLDER_F32, 3, DIMS(1, N, H)),
                                  sld_tensor_make(data[3], SOLDER_F32, 3, DIMS(1, N, H))};
    bench_run(&b, inputs);
    for (int i = 0; i < N * H; i++) {
        r.h[i / H][i % H] = (double)data[7][i];
        r.c[i / H][i % H] = (double)data[3][i];
    }
    float expected[T * N * H], c[N * H];
    for (int t = 0; t < T; t++) {
        step(&r, t);
        for (int i = 0; i < N * H; i++) {
            expected[t * N * H + i] = (float)r.h[i / H][i % H];
            c[i] = (float)r.c[i / H][i % H];
        }
    }
    const sld_tensor wanted[3] = {
        sld_tensor_make(expected, SOLDER_F32, 3, DIMS(T, N, H)),
        sld_tensor_make(expected + (T - 1) * N * H, SOLDER_F32, 3, DIMS(1, N, H)),
        sld_tensor_make(c, SOLDER_F32, 3, DIMS(1, N, H))};
    assert_int_equal(b.graph->output_count, 3);
    for (int i = 0; i < 3; i++) {
        expect_close(&b.results[i], &wanted[i]);
    }
    bench_close(&b);
}

static void test_errors(void **state)
{
    (void)state;
    layer_case k = {"LSTM", "", .rank = 3, .z_rank = 2, .dims = {T, N, I}, .z_dims = {T, N}};
    check_layer_error(&k, "caffe: layer 'l' (LSTM): num_output is 0");
    k.fields = "recurrent_param { num_output: 2 expose_hidden: true }";
    check_layer_error(&k, "caffe: layer 'l' (LSTM): has 2 bottoms and 1 tops");
    k.fields = "recurrent_param { num_output: 2 }";
    k.z_rank = 1;
    check_layer_error(&k, "caffe: layer 'l' (LSTM): its bottom 'z' has 1 axes, not 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lstm),
        cmocka_unit_test(test_rnn),
        cmocka_unit_test(test_lstm_exposed),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
