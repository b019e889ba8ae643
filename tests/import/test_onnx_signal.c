/* SPDX-License-Identifier: Apache-2.0 */
/* DFT, STFT, windows and mel filters, against values worked out by hand. */
#include "import/onnx_check.h"

static void number(onnx_bench *n, const char *name, int64_t value)
{
    onnx_initializer(&n->f, name, ONNX_INT64, 0, NULL, &value, sizeof value);
}

static void finish(onnx_bench *n)
{
    onnx_output(&n->f, "y", ONNX_FLOAT);
    bench_import(n);
}

/* 1 2 3 4 -> 10, -2 + 2 i, -2, -2 - 2 i */
static const float ramp[4] = {1, 2, 3, 4};

static void dft(void **state)
{
    (void)state;
    onnx_bench n;
    bench_open(&n, 17);
    onnx_input(&n.f, "x", ONNX_FLOAT, 3, D(1, 4, 1), NULL);
    onnx_node(&n.f, "DFT", "dft", "x", "y");
    finish(&n);
    bench_run(&n, (sld_tensor[]){floats(ramp, 3, D(1, 4, 1))});
    bench_check(&n, 0, 3, D(1, 4, 2), V(10, 0, -2, 2, -2, 0, -2, -2));
    bench_close(&n);
}

/* The axis stands first; three samples of two are wanted of an open number. */
static void dft_cut_and_padded(void **state)
{
    (void)state;
    onnx_bench n;
    for (int cut = 0; cut < 2; cut++) {
        bench_open(&n, 20);
        onnx_input(&n.f, "x", ONNX_FLOAT, 3, D(-1, 2, 1), "N");
        number(&n, "length", cut ? 2 : 4);
        number(&n, "axis", -3);
        onnx_int(&n.f, "onesided", 1);
        onnx_node(&n.f, "DFT", "dft", "x length axis", "y");
        finish(&n);
        /* columns 1 3 5 and 2 4 6 */
        bench_run(&n, (sld_tensor[]){floats(F(1, 2, 3, 4, 5, 6), 3, D(3, 2, 1))});
        if (cut) {
            bench_check(&n, 0, 3, D(2, 2, 2), V(4, 0, 6, 0, -2, 0, -2, 0));
        } else {
            bench_check(&n, 0, 3, D(3, 2, 2), V(9, 0, 12, 0, -4, -3, -4, -4, 3, 0, 4, 0));
        }
        bench_close(&n);
    }
}

/* No batch; i x has the spectrum i X. */
static void dft_complex(void **state)
{
    (void)state;
    onnx_bench n;
    bench_open(&n, 20);
    onnx_input(&n.f, "x", ONNX_FLOAT, 2, D(4, 2), NULL);
    onnx_node(&n.f, "DFT", "dft", "x", "y");
    finish(&n);
    bench_run(&n, (sld_tensor[]){floats(F(0, 1, 0, 2, 0, 3, 0, 4), 2, D(4, 2))});
    bench_check(&n, 0, 2, D(4, 2), V(0, 10, -2, -2, 0, -2, 2, -2));
    bench_close(&n);
}

static void dft_inverse(void **state)
{
    (void)state;
    static const float whole[8] = {10, 0, -2, 2, -2, 0, -2, -2};
    onnx_bench n;
    bench_open(&n, 17);
    onnx_input(&n.f, "x", ONNX_FLOAT, 3, D(1, 4, 2), NULL);
    onnx_int(&n.f, "inverse", 1);
    onnx_int(&n.f, "axis", -2);
    onnx_node(&n.f, "DFT", "dft", "x", "y");
    finish(&n);
    bench_run(&n, (sld_tensor[]){floats(whole, 3, D(1, 4, 2))});
    bench_check(&n, 0, 3, D(1, 4, 2), V(1, 0, 2, 0, 3, 0, 4, 0));
    bench_close(&n);
}

/* From half of the spectrum, of even and odd length; the latter's: 6, -1.5 + 0.8660254 i. */
static void dft_inverse_onesided(void **state)
{
    (void)state;
    onnx_bench n;
    bench_open(&n, 20);
    onnx_input(&n.f, "x", ONNX_FLOAT, 3, D(1, 3, 2), NULL);
    onnx_int(&n.f, "inverse", 1);
    onnx_int(&n.f, "onesided", 1);
    onnx_node(&n.f, "DFT", "dft", "x", "y");
    finish(&n);
    bench_run(&n, (sld_tensor[]){floats(F(10, 0, -2, 2, -2, 0), 3, D(1, 3, 2))});
    bench_check(&n, 0, 3, D(1, 4, 1), V(1, 2, 3, 4));
    bench_close(&n);

    bench_open(&n, 20);
    onnx_input(&n.f, "x", ONNX_FLOAT, 3, D(1, 2, 2), NULL);
    number(&n, "length", 3);
    onnx_int(&n.f, "inverse", 1);
    onnx_int(&n.f, "onesided", 1);
    onnx_node(&n.f, "DFT", "dft", "x length", "y");
    finish(&n);
    bench_run(&n, (sld_tensor[]){floats(F(6, 0, -1.5F, 0.8660254F), 3, D(1, 2, 2))});
    bench_check(&n, 0, 3, D(1, 3, 1), V(1, 2, 3));
    bench_close(&n);
}

/* Frames 1 2 3 4 and 3 4 5 6 of an open signal, without a window. */
static void stft(void **state)
{
    (void)state;
    onnx_bench n;
    bench_open(&n, 17);
    onnx_input(&n.f, "x", ONNX_FLOAT, 3, D(-1, -1, 1), NULL);
    number(&n, "step", 2);
    number(&n, "length", 4);
    onnx_node(&n.f, "STFT", "stft", "x step - length", "y");
    finish(&n);
    bench_run(&n, (sld_tensor[]){floats(F(1, 2, 3, 4, 5, 6, 7), 3, D(1, 7, 1))});
    bench_check(&n, 0, 4, D(1, 2, 3, 2), V(10, 0, -2, 2, -2, 0, 18, 0, -2, 2, -2, 0));
    bench_run(&n, (sld_tensor[]){floats(F(1, 2, 3, 4, 1, 2, 3, 4), 3, D(2, 4, 1))});
    bench_check(&n, 0, 4, D(2, 1, 3, 2), V(10, 0, -2, 2, -2, 0, 10, 0, -2, 2, -2, 0));
    bench_close(&n);
}

/* A window (1 2 0 1) that is constant, and one that is an input: 1 4 0 4 -> 9, 1, -7, 1. */
static void stft_window(void **state)
{
    (void)state;
    static const float window[4] = {1, 2, 0, 1};
    onnx_bench n;
    for (int open = 0; open < 2; open++) {
        bench_open(&n, 17);
        onnx_input(&n.f, "x", ONNX_FLOAT, 2, D(1, 4), NULL);
        if (open) {
            onnx_input(&n.f, "w", ONNX_FLOAT, 1, D(4), NULL);
        } else {
            onnx_initializer(&n.f, "w", ONNX_FLOAT, 1, D(4), window, sizeof window);
        }
        number(&n, "step", 1);
        onnx_int(&n.f, "onesided", 0);
        onnx_node(&n.f, "STFT", "stft", "x step w", "y");
        finish(&n);
        bench_run(&n, (sld_tensor[]){floats(ramp, 2, D(1, 4)), floats(window, 1, D(4))});
        bench_check(&n, 0, 4, D(1, 1, 4, 2), V(9, 0, 1, 0, -7, 0, 1, 0));
        bench_close(&n);
    }
}

static void stft_complex(void **state)
{
    (void)state;
    onnx_bench n;
    bench_open(&n, 17);
    onnx_input(&n.f, "x", ONNX_FLOAT, 3, D(1, 4, 2), NULL);
    number(&n, "step", 1);
    onnx_int(&n.f, "onesided", 0);
    onnx_node(&n.f, "STFT", "stft", "x step", "y"); /* the frame is the whole signal */
    finish(&n);
    bench_run(&n, (sld_tensor[]){floats(F(0, 1, 0, 2, 0, 3, 0, 4), 3, D(1, 4, 2))});
    bench_check(&n, 0, 4, D(1, 1, 4, 2), V(0, 10, -2, -2, 0, -2, 2, -2));
    bench_close(&n);
}

static void check_window(const char *op, int64_t size, bool periodic, const double *values)
{
    onnx_bench n;
    bench_open(&n, 17);
    number(&n, "size", size);
    onnx_int(&n.f, "periodic", periodic);
    onnx_node(&n.f, op, "window", "size", "y");
    finish(&n);
    bench_run(&n, NULL);
    bench_check(&n, 0, 1, &size, values);
    bench_close(&n);
}

static void windows(void **state)
{
    (void)state;
    check_window("HannWindow", 4, true, V(0, 0.5, 1, 0.5));
    check_window("HannWindow", 3, false, V(0, 1, 0));
    check_window("HannWindow", 1, false, V(1));
    check_window("HammingWindow", 4, true, V(4.0 / 46, 25.0 / 46, 1, 25.0 / 46));
    check_window("HammingWindow", 3, false, V(4.0 / 46, 1, 4.0 / 46));
    check_window("BlackmanWindow", 4, true, V(0, 0.34, 1, 0.34));
    check_window("BlackmanWindow", 3, false, V(0, 1, 0));
}

static void open_mel(onnx_bench *n, int64_t length)
{
    bench_open(n, 17);
    number(n, "bands", 2);
    number(n, "length", length);
    number(n, "rate", 16000);
    onnx_initializer(&n->f, "low", ONNX_FLOAT, 0, NULL, F(0), 4);
    onnx_initializer(&n->f, "high", ONNX_FLOAT, 0, NULL, F(6300), 4);
}

/*
 * 700 (10^(mel / 2595) - 1): with edges at 0, 1/4 .. 3/4 of 2595 mel (0 to 6300 Hz), which are 0,
 * 544.8, 1513.6 and 3236.4 Hz; of 17 / 16000 bins each they lie in bins 0, 0, 1 and 3.
 */
static void mel_weights(void **state)
{
    (void)state;
    onnx_bench n;
    open_mel(&n, 16);
    onnx_node(&n.f, "MelWeightMatrix", "mel", "bands length rate low high", "y");
    finish(&n);
    bench_run(&n, NULL);
    bench_check(&n, 0, 2, D(9, 2), V(1, 0, 0, 1, 0, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    bench_close(&n);
}

static void open_stft(onnx_bench *n, int64_t length, const char *in)
{
    bench_open(n, 17);
    onnx_input(&n->f, "x", ONNX_FLOAT, 3, D(1, -1, 1), "N");
    onnx_input(&n->f, "any", ONNX_INT64, 0, NULL, NULL);
    number(n, "step", 2);
    number(n, "zero", 0);
    number(n, "length", length);
    onnx_node(&n->f, "STFT", "stft", in, "y");
    onnx_output(&n->f, "y", ONNX_FLOAT);
}

static void refused(void **state)
{
    (void)state;
    onnx_bench n;
    open_stft(&n, 4, "x zero - length");
    bench_expect(&n, SOLDER_ERROR_DATA, "onnx: node 'stft' (STFT): frame_step is 0");
    open_stft(&n, 4, "x any - length");
    bench_expect(&n, SOLDER_ERROR_UNSUPPORTED,
                 "onnx: 1 node is not supported: 'stft' (STFT: a frame_step that is not constant)");
    open_stft(&n, 4, "x step - any");
    bench_expect(
        &n, SOLDER_ERROR_UNSUPPORTED,
        "onnx: 1 node is not supported: 'stft' (STFT: a frame_length that is not constant)");
    open_stft(&n, 4, "x step");
    bench_expect(&n, SOLDER_ERROR_UNSUPPORTED,
                 "onnx: 1 node is not supported: 'stft' (STFT: a signal of open length with "
                 "neither window nor frame_length)");
    open_stft(&n, -2, "x step - length");
    bench_expect(&n, SOLDER_ERROR_DATA, "onnx: node 'stft' (STFT): the length of a frame is -2");
    open_stft(&n, 1 << 20, "x step - length");
    bench_expect(&n, SOLDER_ERROR_UNSUPPORTED,
                 "onnx: 1 node is not supported: 'stft' (STFT: its constants would take more than "
                 "134217728 bytes)");
    open_stft(&n, INT64_MAX, "x step - length");
    bench_expect(&n, SOLDER_ERROR_UNSUPPORTED,
                 "onnx: 1 node is not supported: 'stft' (STFT: a transform of "
                 "9223372036854775807 samples)");
}

static void dft_refused(void **state)
{
    (void)state;
    onnx_bench n;
    bench_open(&n, 17);
    onnx_input(&n.f, "x", ONNX_FLOAT, 3, D(1, -1, 1), "N");
    onnx_node(&n.f, "DFT", "dft", "x", "y");
    onnx_output(&n.f, "y", ONNX_FLOAT);
    bench_expect(&n, SOLDER_ERROR_UNSUPPORTED,
                 "onnx: 1 node is not supported: 'dft' (DFT: an open dimension without "
                 "dft_length)");
    bench_open(&n, 17);
    onnx_input(&n.f, "x", ONNX_FLOAT, 3, D(1, 4, 2), NULL);
    onnx_int(&n.f, "axis", 2);
    onnx_node(&n.f, "DFT", "dft", "x", "y");
    onnx_output(&n.f, "y", ONNX_FLOAT);
    bench_expect(&n, SOLDER_ERROR_DATA,
                 "onnx: node 'dft' (DFT): axis 2 is that of the parts of numbers");
    bench_open(&n, 17);
    onnx_input(&n.f, "x", ONNX_FLOAT, 3, D(1, 4, 2), NULL);
    onnx_int(&n.f, "onesided", 1);
    onnx_node(&n.f, "DFT", "dft", "x", "y");
    onnx_output(&n.f, "y", ONNX_FLOAT);
    bench_expect(&n, SOLDER_ERROR_DATA, "onnx: node 'dft' (DFT): onesided needs a real input");
}

/* Each is as large as one node's may be, 2^24 doubles. */
static void all_constants(void **state)
{
    (void)state;
    onnx_bench n;
    open_mel(&n, (1 << 24) - 2);
    for (int i = 0; i < 3; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "w%d", i);
        onnx_int(&n.f, "output_datatype", ONNX_DOUBLE);
        onnx_node(&n.f, "MelWeightMatrix", name, "bands length rate low high", name);
    }
    onnx_output(&n.f, "w0", ONNX_DOUBLE);
    bench_expect(&n, SOLDER_ERROR_UNSUPPORTED,
                 "onnx: 1 node is not supported: 'w2' (MelWeightMatrix: with its constants the "
                 "model makes more than 268435456 bytes of them)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(dft),
                                       cmocka_unit_test(dft_cut_and_padded),
                                       cmocka_unit_test(dft_complex),
                                       cmocka_unit_test(dft_inverse),
                                       cmocka_unit_test(dft_inverse_onesided),
                                       cmocka_unit_test(stft),
                                       cmocka_unit_test(stft_window),
                                       cmocka_unit_test(stft_complex),
                                       cmocka_unit_test(windows),
                                       cmocka_unit_test(mel_weights),
                                       cmocka_unit_test(refused),
                                       cmocka_unit_test(dft_refused),
                                       cmocka_unit_test(all_constants)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
