/* SPDX-License-Identifier: Apache-2.0 */
/* LSTM, GRU and RNN where ONNX's own tests do not look: activations, layout of every input. */
#include "import/onnx_check.h"

static const float ones[8] = {1, 1, 1, 1, 1, 1, 1, 1};
static const float zeros[8] = {0};

/* An RNN of one unit that forgets: y = f(x) in both directions. */
static void open_rnn(onnx_bench *b, size_t count, const char *const *names)
{
    bench_open(b, 14);
    onnx_input(&b->f, "x", ONNX_FLOAT, 3, D(1, 1, 1), NULL);
    onnx_initializer(&b->f, "w", ONNX_FLOAT, 3, D(2, 1, 1), ones, 8);
    onnx_initializer(&b->f, "r", ONNX_FLOAT, 3, D(2, 1, 1), zeros, 8);
    onnx_string(&b->f, "direction", "bidirectional");
    onnx_strings(&b->f, "activations", count, names);
}

static void close_rnn(onnx_bench *b)
{
    onnx_node(&b->f, "RNN", "n", "x w r", "y");
    onnx_output(&b->f, "y", ONNX_FLOAT);
}

/* Each function takes the next number, those that need none take none. */
static void numbers_in_turn(void **state)
{
    (void)state;
    static const struct {
        const char *names[2];
        double y[2]; /* of x = 1 with alphas 2, 3 and betas 0.5, 0.25 */
    } rows[] = {
        {{"Affine", "ScaledTanh"}, {2.5, 0.73475598611}}, /* 3 tanh .25 */
        {{"Tanh", "Affine"}, {0.76159415596, 2.5}},
        {{"leakyrelu", "HARDSIGMOID"}, {1, 1}},
        {{"ThresholdedRelu", "Affine"}, {0, 3.5}},
        {{"Softsign", "Relu"}, {0.5, 1}},
        {{"Softplus", "Sigmoid"}, {1.3132616875, 0.73105857863}},
        {{"Elu", "ThresholdedRelu"}, {1, 0}},
    };
    const float x = 1;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(rows); i++) {
        onnx_bench b;
        open_rnn(&b, 2, rows[i].names);
        onnx_floats(&b.f, "activation_alpha", 2, (const float[]){2, 3});
        onnx_floats(&b.f, "activation_beta", 2, (const float[]){0.5f, 0.25f});
        close_rnn(&b);
        bench_import(&b);
        bench_run(&b, (sld_tensor[]){floats(&x, 3, D(1, 1, 1))});
        bench_check(&b, 0, 4, D(1, 2, 1, 1), rows[i].y);
        bench_close(&b);
    }
}

static void numbers_by_default(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double y; /* of x = -0.5 */
    } rows[] = {{"LeakyRelu", -0.005},
                {"HardSigmoid", 0.4},
                {"Elu", -0.39346934029},
                {"Affine", -0.5},
                {"ThresholdedRelu", 0}};
    const float x = -0.5f;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(rows); i++) {
        onnx_bench b;
        open_rnn(&b, 2, (const char *const[]){rows[i].name, rows[i].name});
        close_rnn(&b);
        bench_import(&b);
        bench_run(&b, (sld_tensor[]){floats(&x, 3, D(1, 1, 1))});
        bench_check(&b, 0, 4, D(1, 2, 1, 1), (const double[]){rows[i].y, rows[i].y});
        bench_close(&b);
    }
}

static void wrong_activations(void **state)
{
    (void)state;
    onnx_bench b;
    open_rnn(&b, 1, (const char *const[]){"Tanh"});
    close_rnn(&b);
    bench_expect(&b, SOLDER_ERROR_DATA,
                 "onnx: node 'n' (RNN): activations has 1 names, expected 2");
    open_rnn(&b, 2, (const char *const[]){"Tanh", "Gelu"});
    close_rnn(&b);
    bench_expect(&b, SOLDER_ERROR_UNSUPPORTED,
                 "onnx: 1 node is not supported: 'n' (RNN: activation 'Gelu')");
}

/* h = x + h / 2, batch first: two sequences of two steps from h = 2 and h = 4. */
static void batch_first(void **state)
{
    (void)state;
    const float x[] = {1, 2, 3, 4}, half[] = {0.5f}, h[] = {2, 4};
    onnx_bench b;
    bench_open(&b, 14);
    onnx_input(&b.f, "x", ONNX_FLOAT, 3, D(-1, 2, 1), "N");
    onnx_initializer(&b.f, "w", ONNX_FLOAT, 3, D(1, 1, 1), ones, 4);
    onnx_initializer(&b.f, "r", ONNX_FLOAT, 3, D(1, 1, 1), half, 4);
    onnx_input(&b.f, "h", ONNX_FLOAT, 3, D(-1, 1, 1), "N");
    onnx_int(&b.f, "layout", 1);
    onnx_strings(&b.f, "activations", 1, (const char *const[]){"Affine"});
    onnx_node(&b.f, "RNN", "n", "x w r - - h", "y last");
    onnx_output(&b.f, "y", ONNX_FLOAT);
    onnx_output(&b.f, "last", ONNX_FLOAT);
    bench_import(&b);
    bench_run(&b, (sld_tensor[]){floats(x, 3, D(2, 2, 1)), floats(h, 3, D(2, 1, 1))});
    bench_check(&b, 0, 4, D(2, 2, 1, 1), V(2, 3, 5, 6.5));
    bench_check(&b, 1, 3, D(2, 1, 1), V(3, 6.5));
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_in_turn),
        cmocka_unit_test(numbers_by_default),
        cmocka_unit_test(wrong_activations),
        cmocka_unit_test(batch_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
