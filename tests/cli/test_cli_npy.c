/* SPDX-License-Identifier: Apache-2.0 */
/* .npy files: what is written is read back; hostile headers end in an error that says why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "files.h"
#include "npy.h"

typedef struct bytes {
    uint8_t data[1024];
    size_t size;
} bytes;

/* A version 1 file around a header text. */
static bytes make(const char *header, const void *data, size_t size)
{
    bytes b = {{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0}, 0};
    size_t length = strlen(header);
    b.data[8] = (uint8_t)(length & 0xff);
    b.data[9] = (uint8_t)(length >> 8);
    memcpy(b.data + 10, header, length);
    if (size > 0) {
        memcpy(b.data + 10 + length, data, size);
    }
    b.size = 10 + length + size;
    return b;
}

static void expect_error(const bytes *b, const char *message)
{
    cli_tensor tensor;
    /* An exact copy, so that a sanitizer sees reads past the end. */
    uint8_t *copy = malloc(b->size);
    assert_non_null(copy);
    memcpy(copy, b->data, b->size);
    assert_int_equal(cli_npy_decode("x.npy", copy, b->size, &tensor), CLI_DATA);
    assert_string_equal(cli_error(), message);
    free(copy);
}

static void test_reads(void **state)
{
    (void)state;
    const float values[6] = {0, 1, 2, 3, 4, 5};
    bytes b = make("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   \n", values, 24);
    cli_tensor t;
    assert_int_equal(cli_npy_decode("x.npy", b.data, b.size, &t), CLI_DONE);
    assert_int_equal(t.dtype, SOLDER_F32);
    assert_int_equal(t.dims.rank, 2);
    assert_int_equal(t.dims.d[0], 2);
    assert_int_equal(t.dims.d[1], 3);
    assert_memory_equal(t.data, values, 24);
    cli_tensor_free(&t);
}

static void test_scalar_and_key_order(void **state)
{
    (void)state;
    const int64_t value = -7;
    bytes b = make("{\"shape\": (), 'fortran_order': False, 'descr': '<i8'}", &value, 8);
    cli_tensor t;
    assert_int_equal(cli_npy_decode("x.npy", b.data, b.size, &t), CLI_DONE);
    assert_int_equal(t.dims.rank, 0);
    assert_true(cli_element(t.dtype, t.data, 0) == -7);
    cli_tensor_free(&t);
}

static void test_fortran_order_and_big_endian(void **state)
{
    (void)state;
    /* Columns first: 0 3, 1 4, 2 5. */
    const uint8_t data[12] = {0, 0, 0, 3, 0, 1, 0, 4, 0, 2, 0, 5};
    bytes b = make("{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3)}", data, 12);
    cli_tensor t;
    assert_int_equal(cli_npy_decode("x.npy", b.data, b.size, &t), CLI_DONE);
    for (size_t i = 0; i < 6; i++) {
        assert_true(cli_element(t.dtype, t.data, i) == (double)i);
    }
    cli_tensor_free(&t);
}

static void test_hostile_headers(void **state)
{
    (void)state;
    static const struct {
        const char *header, *message;
    } cases[] = {
        {"", "x.npy: .npy header: it is not a dictionary"},
        {"{", "x.npy: .npy header: a key is missing"},
        {"{}", "x.npy: .npy header: descr, fortran_order or shape is missing"},
        {"{'descr': '<f4'", "x.npy: .npy header: it does not end"},
        {"{'descr': [('a', '<f4')], ", "x.npy: .npy header: the element type is not a plain one"},
        {"{'descr': '<c8', ", "x.npy: .npy header: element type '<c8' is not supported"},
        {"{'descr': '', ", "x.npy: .npy header: element type '' is not supported"},
        {"{'descr': '|O', ", "x.npy: .npy header: element type '|O' is not supported"},
        {"{'color': 1}", "x.npy: .npy header: an unknown key"},
        {"{'fortran_order': 0}", "x.npy: .npy header: fortran_order is neither True nor False"},
        {"{'shape': 3}", "x.npy: .npy header: the shape is not a tuple"},
        {"{'shape': (3", "x.npy: .npy header: the shape does not end"},
        {"{'shape': (-3,)}", "x.npy: .npy header: a dimension is not a whole number"},
        {"{'shape': (1,2,3,4,5,6,7,8,9)}", "x.npy: .npy header: more than 8 dimensions"},
        {"{'shape': (99999999999999999999,)}", "x.npy: .npy header: a dimension is too large"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (9000000000000000000,9)}",
         "x.npy: the shape 9000000000000000000x9 is too large"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000)}",
         "x.npy: 0 bytes of data where 1000000x1000000 of f32 is 4000000000000"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (0, 5)}", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bytes b = make(cases[i].header, NULL, 0);
        if (cases[i].message != NULL) {
            expect_error(&b, cases[i].message);
        } else {
            cli_tensor t; /* empty, and so harmless */
            assert_int_equal(cli_npy_decode("x.npy", b.data, b.size, &t), CLI_DONE);
            cli_tensor_free(&t);
        }
    }
}

static void test_truncation_at_every_length(void **state)
{
    (void)state;
    const float values[6] = {0};
    bytes b = make("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", values, 24);
    for (size_t size = 0; size < b.size; size++) {
        cli_tensor t;
        uint8_t *copy = malloc(size + 1);
        assert_non_null(copy);
        memcpy(copy, b.data, size);
        assert_int_equal(cli_npy_decode("x.npy", copy, size, &t), CLI_DATA);
        free(copy);
    }
    b.size--;
    expect_error(&b, "x.npy: 23 bytes of data where 2x3 of f32 is 24");
    b.data[6] = 9;
    expect_error(&b, "x.npy: .npy version 9.0 is not known");
}

static void test_write_and_read_back(void **state)
{
    (void)state;
    uint64_t seed = 3;
    const char *path = BINARY_DIR "/test_cli_npy.npy";
    for (int dtype = SOLDER_F32; dtype <= SOLDER_BOOL; dtype++) {
        cli_tensor t;
        cli_tensor back;
        uint8_t *data;
        size_t size;
        solder_dims dims = {3, {2, 3, 5}};
        assert_int_equal(cli_tensor_create("t", (solder_dtype)dtype, &dims, &t), CLI_DONE);
        cli_tensor_random(&seed, &t);
        assert_int_equal(cli_npy_write(path, &t), CLI_DONE);
        assert_int_equal(cli_file_read(path, &data, &size), CLI_DONE);
        assert_int_equal(cli_npy_decode(path, data, size, &back), CLI_DONE);
        assert_int_equal(back.dtype, dtype == SOLDER_BF16 ? SOLDER_F32 : dtype);
        assert_true(cli_dims_equal(&back.dims, &dims));
        for (size_t i = 0; i < 30; i++) {
            assert_true(cli_element(back.dtype, back.data, i) == cli_element(t.dtype, t.data, i));
        }
        cli_tensor_free(&t);
        cli_tensor_free(&back);
        free(data);
    }
    (void)remove(path);
}

static void test_conversion(void **state)
{
    (void)state;
    solder_dims dims = {1, {3}};
    cli_tensor t;
    assert_int_equal(cli_tensor_create("t", SOLDER_F64, &dims, &t), CLI_DONE);
    double *values = t.data;
    values[0] = 0;
    values[1] = 255;
    values[2] = 256;
    assert_int_equal(cli_tensor_convert("t", SOLDER_U8, &t), CLI_DATA);
    assert_string_equal(cli_error(), "t: element 2 is 256, which u8 cannot hold");
    values[2] = 0.5;
    assert_int_equal(cli_tensor_convert("t", SOLDER_I32, &t), CLI_DATA);
    assert_string_equal(cli_error(), "t: element 2 is 0.5, which i32 cannot hold");
    values[2] = 65504;
    assert_int_equal(cli_tensor_convert("t", SOLDER_F16, &t), CLI_DONE);
    assert_int_equal(((uint16_t *)t.data)[2], 0x7bff);
    assert_int_equal(cli_tensor_convert("t", SOLDER_U16, &t), CLI_DONE);
    assert_int_equal(((uint16_t *)t.data)[2], 65504);
    cli_tensor_free(&t);
}

static void test_wide_integers(void **state)
{
    (void)state;
    solder_dims dims = {1, {2}};
    cli_tensor t;
    assert_int_equal(cli_tensor_create("t", SOLDER_I64, &dims, &t), CLI_DONE);
    ((int64_t *)t.data)[0] = INT64_MAX; /* 2^63 as a double */
    ((int64_t *)t.data)[1] = -1;
    assert_int_equal(cli_tensor_convert("t", SOLDER_U64, &t), CLI_DATA);
    ((int64_t *)t.data)[1] = (1ll << 53) + 1;
    assert_int_equal(cli_tensor_convert("t", SOLDER_U64, &t), CLI_DONE);
    assert_true(((uint64_t *)t.data)[0] == INT64_MAX);
    assert_true(((uint64_t *)t.data)[1] == (1ull << 53) + 1);
    cli_tensor_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads),
        cmocka_unit_test(test_scalar_and_key_order),
        cmocka_unit_test(test_fortran_order_and_big_endian),
        cmocka_unit_test(test_hostile_headers),
        cmocka_unit_test(test_truncation_at_every_length),
        cmocka_unit_test(test_write_and_read_back),
        cmocka_unit_test(test_conversion),
        cmocka_unit_test(test_wide_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
