/* SPDX-License-Identifier: Apache-2.0 */
#include "nn_check.h"

static const sld_matmul_params plain = {.alpha = 1, .beta = 1};

static void by_hand(void **state)
{
    (void)state;
    for (int dtype = SOLDER_F32; dtype < SOLDER_BOOL; dtype++) {
        sld_tensor a = tensor((solder_dtype)dtype, DIMS(2, 3), VALUES(1, 2, 3, 4, 5, 6));
        sld_tensor b = tensor((solder_dtype)dtype, DIMS(3, 2), VALUES(1, 0, 2, 1, 0, 3));
        sld_tensor in[3] = {scattered(&a), scattered(&b),
                            tensor((solder_dtype)dtype, DIMS(2), VALUES(1, 2))};
        sld_tensor y = blank((solder_dtype)dtype, DIMS(2, 2));
        assert_int_equal(run_kernel("matmul_ref", &plain, in, 2, &y, 1), SOLDER_OK);
        expect_values(&y, VALUES(5, 11, 14, 23), 0);
        sld_matmul_params p = {.alpha = 2, .beta = 3};
        assert_int_equal(run_kernel("matmul_ref", &p, in, 3, &y, 1), SOLDER_OK);
        expect_values(&y, VALUES(13, 28, 31, 52), 0);
    }
}

/* Transposed operands equal the plain product of transposed views. */
static void transposes(void **state)
{
    (void)state;
    sld_tensor a = noise(SOLDER_F64, DIMS(2, 5, 7), 1);
    sld_tensor b = noise(SOLDER_F64, DIMS(7, 70), 2);
    sld_tensor in[2] = {a, b};
    sld_tensor y = blank(SOLDER_F64, DIMS(2, 5, 70));
    assert_int_equal(run_kernel("matmul_ref", &plain, in, 2, &y, 1), SOLDER_OK);
    double first = 0;
    for (int k = 0; k < 7; k++) {
        first += sld_at_f64(&a, 35 + 14 + k) * sld_at_f64(&b, k * 70 + 66);
    }
    assert_true(fabs(sld_at_f64(&y, 350 + 2 * 70 + 66) - first) < 1e-12);
    in[0].dim[1] = 7;
    in[0].dim[2] = 5;
    in[0].stride[1] = 1;
    in[0].stride[2] = 7;
    in[1].dim[0] = 70;
    in[1].dim[1] = 7;
    in[1].stride[0] = 1;
    in[1].stride[1] = 70;
    sld_matmul_params p = {.trans_a = 1, .trans_b = 1, .alpha = 1, .beta = 1};
    sld_tensor z = blank(SOLDER_F64, DIMS(2, 5, 70));
    assert_int_equal(run_kernel("matmul_ref", &p, in, 2, &z, 1), SOLDER_OK);
    expect_same(&y, &z, 0);
}

/* Batches [2,1] and [3] give [2,3]; each equals its own product. */
static void batches(void **state)
{
    (void)state;
    sld_tensor in[2] = {noise(SOLDER_F32, DIMS(2, 1, 3, 4), 3),
                        noise(SOLDER_F32, DIMS(3, 4, 2), 4)};
    sld_tensor y = blank(SOLDER_F32, DIMS(2, 3, 3, 2));
    assert_int_equal(run_kernel("matmul_ref", &plain, in, 2, &y, 1), SOLDER_OK);
    for (int i = 0; i < 6; i++) {
        sld_tensor one[2] = {sld_tensor_make((float *)in[0].data + i / 3 * 12, SOLDER_F32, 2,
                                             (const int64_t[]){3, 4}),
                             sld_tensor_make((float *)in[1].data + i % 3 * 8, SOLDER_F32, 2,
                                             (const int64_t[]){4, 2})};
        sld_tensor part = blank(SOLDER_F32, DIMS(3, 2));
        assert_int_equal(run_kernel("matmul_ref", &plain, one, 2, &part, 1), SOLDER_OK);
        sld_tensor whole =
            sld_tensor_make((float *)y.data + i * 6, SOLDER_F32, 2, (const int64_t[]){3, 2});
        expect_same(&part, &whole, 0);
    }
}

static void epilogue(void **state)
{
    (void)state;
    sld_matmul_params p = plain;
    p.epilogue = (sld_epilogue){.act = SLD_ACT_RELU, .residual = 1};
    sld_tensor in[4] = {tensor(SOLDER_F32, DIMS(1, 2), VALUES(1, 2)),
                        tensor(SOLDER_F32, DIMS(2, 3), VALUES(1, 2, 3, -1, 1, 0)),
                        tensor(SOLDER_F32, DIMS(1, 1), VALUES(10)),
                        tensor(SOLDER_F32, DIMS(1, 3), VALUES(-20, 0.5, 1))};
    sld_tensor y = blank(SOLDER_F32, DIMS(1, 3));
    assert_int_equal(run_kernel("matmul_ref", &p, in, 4, &y, 1), SOLDER_OK);
    expect_values(&y, VALUES(0, 14.5, 14), 0);
    sld_tensor empty[2] = {blank(SOLDER_F32, DIMS(2, 0)), blank(SOLDER_F32, DIMS(0, 2))};
    y = blank(SOLDER_F32, DIMS(2, 2));
    assert_int_equal(run_kernel("matmul_ref", &plain, empty, 2, &y, 1), SOLDER_OK);
    expect_values(&y, VALUES(0, 0, 0, 0), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, heap_reset)
    const struct CMUnitTest tests[] = {
        TEST(by_hand),
        TEST(transposes),
        TEST(batches),
        TEST(epilogue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
